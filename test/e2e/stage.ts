import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { PodWiringOptions } from 'cdktf-workload-federation';
import { AKS_ISSUER, Clusters, EKS_ISSUER, GKE_ISSUER, JWKS } from '../clusters';
import { Mechanism, workloadOf } from '../mechanisms';
import { stackIn } from '../synth';
import { Aws, Buckets } from './clouds/aws';
import { Azure, AzureProps } from './clouds/azure';
import { ExistingGoogle, Google } from './clouds/google';
import { OTHER_TENANT, startPod, StartedPod, StartPodOptions, TestCluster, testClusters } from './cluster';
import { Applied, AppliedResource, ClientName, Internet, ofType, RunningPod } from './model';
import { noted, Refusals } from './refusals';
import { appStacks, shadowApply, Stack } from './shadow';
import { STORAGE_ACCOUNT, WORLD } from './world';

/** When a proof begins. */
export const START = 1_800_000_000;

const { azureTenant: tenantId } = WORLD;

/** The clusters that a proof has at a clock. */
function clustersAt(clock: () => number) {
  const { oidcWithKeys: vault, ...known } = testClusters(clock);
  return {
    /** Those of test/clusters.ts. */
    ...known,
    vault,
    gkePlain: new TestCluster({ kind: 'gke', name: 'apps', issuer: GKE_ISSUER, clock }),
    /** One more of each kind, which somebody else has. */
    otherEks: new TestCluster({ kind: 'eks', name: 'others', issuer: EKS_ISSUER.replace('7D1A', '0BAD'), arn: 'arn:aws:eks:eu-west-1:123456789012:cluster/others', clock }),
    otherGke: new TestCluster({ kind: 'gke', name: 'apps', issuer: GKE_ISSUER.replace('acme-apps', 'acme-other'), workloadPool: 'acme-other.svc.id.goog', clock }),
    otherAks: new TestCluster({ kind: 'aks', name: 'others', issuer: AKS_ISSUER.replace('3f6a', '0bad'), tenantId, clock }),
    otherOidc: new TestCluster({ kind: 'oidc', name: 'others', issuer: 'https://issuer.example.com/others', clock }),
    /** Another cluster of the project, whose pods Google's own pool takes for those of the first. */
    gkeNeighbour: new TestCluster({ kind: 'gke', name: 'neighbour', issuer: GKE_ISSUER.replace(/apps$/, 'neighbour'), workloadPool: 'acme-apps.svc.id.goog', clock }),
  };
}

export type ClusterName = keyof ReturnType<typeof clustersAt>;

/** Which of the clusters is that of a mechanism, and which is one of the same kind that it does not trust. */
export const CLUSTERS_OF: Readonly<Record<Mechanism['from'], readonly [own: ClusterName, other: ClusterName]>> = {
  'EKS': ['eks', 'otherEks'],
  'GKE': ['gke', 'otherGke'],
  'GKE as a plain issuer': ['gkePlain', 'otherGke'],
  'AKS': ['aks', 'otherAks'],
  'AKS without its webhook': ['aks', 'otherAks'],
  'any OIDC cluster': ['oidc', 'otherOidc'],
  'any OIDC cluster with uploaded keys': ['vault', 'otherOidc'],
};

/** The client that shows whether a pod is let into a cloud, and what it asks for. */
export const CLIENT_OF: Readonly<Record<Mechanism['to'], readonly [client: ClientName, action: { readonly bucket?: string }]>> = {
  'AWS': ['@aws-sdk/client-s3', {}],
  'Google Cloud': ['@google-cloud/storage', { bucket: 'acme-reports' }],
  'Azure': ['@azure/storage-blob', { bucket: 'reports' }],
};

/** What each account has in Amazon S3. */
const BUCKETS: Buckets = Object.fromEntries(Object.values(WORLD.awsAccounts).map((account): [string, Buckets[string]] => [account, {
  [`bucket-of-${account}`]: { 'hello.txt': `hello from ${account}` },
  [`data-of-${account}`]: { 'reports/today.txt': 'What was reported today.', 'billing/today.txt': 'What was billed today.' },
  [`payroll-of-${account}`]: { 'reports/today.txt': 'What was paid today.' },
}]));

/** Where one of Azure's clouds answers, other than the global one. */
export type AzureHosts = NonNullable<AzureProps['hosts']>;

/** What storage accounts of Azure hold. */
const CONTAINERS = { reports: ['report.txt'], billing: ['bill.txt'] };
const STORAGE = { acmedata: { id: STORAGE_ACCOUNT, containers: CONTAINERS }, acmepayroll: { id: STORAGE_ACCOUNT.replace(/acmedata$/, 'acmepayroll'), containers: CONTAINERS } };

/** The clusters, and the clouds that enforce what Terraform applied. */
export class Stage {
  public now = START;
  public readonly clusters = clustersAt(() => this.now);
  public aws!: Aws;
  public google!: Google;
  public azure!: Azure;
  private readonly refusals: Refusals = new WeakMap();

  public constructor(public readonly internet: Internet) {
    // Nobody reaches the issuer of `vault`; that of `gkePlain` is that of `gke`.
    Object.entries(this.clusters).filter(([name]) => !['vault', 'gkePlain'].includes(name)).forEach(([, cluster]) => cluster.publish(internet));
  }

  public readonly clock = () => this.now;

  /** Lets the clouds enforce what was applied, and nothing of what was before. */
  public enforce(applied: Applied, azure?: AzureHosts): void {
    const { clock } = this;
    const internet = noted(this.internet, this.refusals);
    const existing = [...Object.values(WORLD.awsAccounts), ...Object.values(this.clusters).flatMap(({ arn }) => arn ?? [])];
    this.aws = new Aws({ applied, internet, clock, buckets: BUCKETS, existing });
    this.google = new Google({ applied, internet, clock, world: WORLD, existing: this.existingGoogle });
    this.azure = new Azure({ applied, internet, clock, world: WORLD, storage: STORAGE, hosts: azure });
    this.azure.serve();
    // The tenants of one cloud are none of another.
    if (azure !== undefined) new Azure({ applied: { resources: [], outputs: {} }, internet, clock, world: { azureTenant: OTHER_TENANT } }).serve();
  }

  /** How the clouds refused a pod, each way once: which of their services, with which status and code. */
  public refusalsOf(pod: RunningPod): readonly string[] {
    return [...this.refusals.get(pod) ?? []];
  }

  /** What is stored in a cloud, by name, by bucket or container. */
  public stored(cloud: Mechanism['to']): Readonly<Record<string, Readonly<Record<string, string>>>> {
    const places: Readonly<Record<Mechanism['to'], readonly (readonly [place: string, objects: ReadonlyMap<string, string>])[]>> = {
      'AWS': Object.values(BUCKETS).flatMap(Object.keys).map(bucket => [bucket, this.aws.objectsIn(bucket)]),
      'Google Cloud': Object.keys(this.existingGoogle.buckets!).map(bucket => [bucket, this.google.buckets.find(bucket)!.objects]),
      'Azure': Object.keys(STORAGE).flatMap(account => Object.keys(CONTAINERS).map(container => [`${account}/${container}`, this.azure.blobsIn(account, container)!] as const)),
    };
    return Object.fromEntries(places[cloud].map(([place, objects]) => [place, Object.fromEntries(objects)]));
  }

  /** What others have in the projects: buckets, an account, and the pools of their clusters and of the article's. */
  private get existingGoogle(): ExistingGoogle {
    return {
      buckets: { 'acme-reports': { uniform: true }, 'acme-billing': { uniform: true } },
      serviceAccounts: ['owner@acme-apps.iam.gserviceaccount.com'],
      workloadPools: [...Object.values(this.clusters).flatMap(({ workloadPool }) => workloadPool ?? []), 'oidc-exp-project.svc.id.goog'],
    };
  }

  /** The stacks of a mechanism, with a pod: its spec says more where that is given, and it is wired by options. */
  public synthesize(mechanism: Mechanism, clusters: Clusters, spec: object = {}, options: PodWiringOptions = {}): Stack[] {
    return appStacks(app => {
      const stack = stackIn(app);
      const workload = workloadOf(mechanism, clusters, stack);
      new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }], ...spec } }, options));
    });
  }

  /** What Terraform makes of a mechanism, with the keys of the cluster that nobody reaches. */
  public apply(stacks: readonly Stack[]): Applied {
    const { jwks } = this.clusters.vault;
    const inside = (text: string) => JSON.stringify(text).slice(1, -1);
    const uploaded = JSON.parse(JSON.stringify(stacks).replaceAll(inside(JWKS), inside(jwks))) as Stack[];
    const others = Object.entries(this.clusters).filter(([name]) => /^other|Neighbour$/.test(name)).map(([, { issuer }]) => issuer);
    return withSurroundings(shadowApply(uploaded, { ...WORLD, variables: { ...WORLD.variables, jwks } }), others);
  }

  /** The pod of a mechanism. */
  public start(mechanism: Mechanism, applied: Applied, more: Partial<StartPodOptions> = {}): Promise<StartedPod> {
    const [own] = CLUSTERS_OF[mechanism.from];
    const webhooks = mechanism.webhooks ?? (mechanism.from === 'AKS without its webhook' ? [] : mechanism.by.includes('gtoken webhook') ? ['gtoken' as const] : undefined);
    return startPod(applied, { cluster: this.clusters[own], clock: this.clock, internet: this.internet, address: 'kubernetes_pod_v1.Pod', webhooks, ...more });
  }
}

/** What is there beside what was synthesized: clusters that the account knows, of which one is what `ClusterOidcProvider.fromArn` refers to. That they are known lets nobody in. */
function withSurroundings(applied: Applied, others: readonly string[]): Applied {
  const known = ofType(applied, 'aws_iam_openid_connect_provider').map(({ values }) => values.url);
  const registrations = [AKS_ISSUER, ...others].filter(issuer => !known.includes(issuer)).map((issuer): AppliedResource => ({
    stack: 'surroundings', address: `aws_iam_openid_connect_provider.${issuer}`, type: 'aws_iam_openid_connect_provider', data: false, account: '123456789012',
    values: { url: issuer, arn: `arn:aws:iam::123456789012:oidc-provider/${issuer.replace('https://', '')}`, client_id_list: ['sts.amazonaws.com'] },
  }));
  return { ...applied, resources: [...applied.resources, ...registrations] };
}

import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { AKS_ISSUER, Clusters, EKS_ISSUER, GKE_ISSUER, JWKS } from '../clusters';
import { Mechanism, workloadOf } from '../mechanisms';
import { stackIn } from '../synth';
import { Aws } from './clouds/aws';
import { Azure } from './clouds/azure';
import { Google } from './clouds/google';
import { startPod, StartedPod, TestCluster, testClusters } from './cluster';
import { Applied, AppliedResource, ClientName, Internet, ofType } from './model';
import { appStacks, shadowApply, Stack } from './shadow';
import { WORLD } from './world';

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
  'Azure': ['@azure/storage-blob', {}],
};

/** The clusters, and the clouds that enforce what Terraform applied. */
export class Stage {
  public now = START;
  public readonly clusters = clustersAt(() => this.now);
  public aws!: Aws;
  public google!: Google;
  public azure!: Azure;

  public constructor(public readonly internet: Internet) {
    // Nobody reaches the issuer of `vault`; that of `gkePlain` is that of `gke`.
    Object.entries(this.clusters).filter(([name]) => !['vault', 'gkePlain'].includes(name)).forEach(([, cluster]) => cluster.publish(internet));
  }

  public readonly clock = () => this.now;

  /** Lets the clouds enforce what was applied, and nothing of what was before. */
  public enforce(applied: Applied): void {
    const { internet, clock } = this;
    this.aws = new Aws({ applied, internet, clock });
    this.google = new Google({ applied, internet, clock, world: WORLD });
    const storage = { acmedata: { id: '/subscriptions/acme/acmedata', containers: { reports: ['report.txt'] } } };
    this.azure = new Azure({ applied, internet, clock, world: WORLD, storage });
    this.azure.serve();
  }

  /** The stacks of a mechanism, with a pod. */
  public synthesize(mechanism: Mechanism, clusters: Clusters): Stack[] {
    return appStacks(app => {
      const stack = stackIn(app);
      const workload = workloadOf(mechanism, clusters, stack);
      new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
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
  public start(mechanism: Mechanism, applied: Applied): Promise<StartedPod> {
    const [own] = CLUSTERS_OF[mechanism.from];
    const webhooks = mechanism.from === 'AKS without its webhook' ? [] : mechanism.by.includes('gtoken webhook') ? ['gtoken' as const] : undefined;
    return startPod(applied, { cluster: this.clusters[own], clock: this.clock, internet: this.internet, address: 'kubernetes_pod_v1.Pod', webhooks });
  }
}

const right = (type: string, id: string, account: string, values: object): AppliedResource =>
  ({ stack: 'rights', address: `${type}.${id}`, type, data: false, account, values });

/** What is there beside what was synthesized: what the owners of the data grant to identities, and a registration that exists. */
function withSurroundings(applied: Applied, others: readonly string[]): Applied {
  const roles = ofType(applied, 'aws_iam_role').map(({ address, account, values }) => right('aws_iam_role_policy', address, account, {
    name: 'read', role: values.name,
    policy: JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' } }),
  }));
  const accounts = ofType(applied, 'google_service_account').map(({ address, account, values }) => right('google_storage_bucket_iam_member', address, account, {
    bucket: 'acme-reports', role: 'roles/storage.objectViewer', member: values.member,
  }));
  const principals = [...ofType(applied, 'azurerm_user_assigned_identity').map(({ values }) => values.principal_id), ...ofType(applied, 'azuread_service_principal').map(({ values }) => values.object_id)];
  const assignments = principals.map(principal => right('azurerm_role_assignment', principal, WORLD.azureSubscription, {
    scope: '/subscriptions/acme/acmedata', role_definition_name: 'Storage Blob Data Reader', principal_id: principal,
  }));
  // Clusters that the account knows, of which one is what `ClusterOidcProvider.fromArn` refers to: that they are known lets nobody in.
  const known = ofType(applied, 'aws_iam_openid_connect_provider').map(({ values }) => values.url);
  const registrations = [AKS_ISSUER, ...others].filter(issuer => !known.includes(issuer)).map(issuer => right('aws_iam_openid_connect_provider', issuer, '123456789012', {
    url: issuer, arn: `arn:aws:iam::123456789012:oidc-provider/${issuer.replace('https://', '')}`, client_id_list: ['sts.amazonaws.com'],
  }));
  return { ...applied, resources: [...applied.resources, ...roles, ...accounts, ...assignments, ...registrations] };
}

import { IamPolicy } from '@cdktf/provider-aws/lib/iam-policy';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TlsProvider } from '@cdktf/provider-tls/lib/provider';
import { AwsFederatedRole, GcpFederatedServiceAccount, Workload } from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { CertManagerCertificate, GtokenWebhook } from 'cdktf-workload-federation/gtoken';
import { SelfSignedWebhookCertificate } from 'cdktf-workload-federation/tls';
import { AKS_ISSUER, EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { Mechanism, mechanismOf as mechanism, workloadOf } from '../mechanisms';
import { stackIn } from '../synth';
import { AROUND, AroundName } from './around';
import { OTHER_TENANT } from './cluster';
import { appStacks, Stack } from './shadow';
import { AzureHosts, Stage } from './stage';
import { MALLORY, payrollRole } from './strangers';
import { shallCome, TryName } from './tries';
import { STORAGE_ACCOUNT, WORLD } from './world';
import { granted, PERMITTED } from './writers';
import { Draft } from '../trust/mutants';

/** What is synthesized before something of it is changed. */
export interface Setup {
  readonly mechanism: Mechanism;
  /** Where it is more than the workload of the mechanism. */
  readonly stacks?: (stage: Stage) => Stack[];
  /** The containers whose clients work, and for which clouds; the first is that of the mechanism. @default `main`, for the cloud of the mechanism */
  readonly clients?: readonly (readonly [container: string, to: Mechanism['to']])[];
  /** Who is let in besides the service account while nothing is changed, and what else its pod may do. */
  readonly allowed?: readonly string[];
  /** What its pod tries besides. */
  readonly tries?: readonly TryName[];
  /** What others try at what is around the pod. */
  readonly around?: readonly AroundName[];
  /** Which of Azure's clouds it is in. @default - the global one */
  readonly azure?: AzureHosts;
  /** The tenant of its cluster. @default - that of the identity */
  readonly tenantOfCluster?: string;
}

const LITERAL = LITERAL_AND_TOKENS[0]![1];

const ACCOUNT = mechanism('any OIDC cluster', 'Google Cloud', 'a service account through a pool');
const CLOUDS = ['AWS', 'Google Cloud', 'Azure'] as const;

/** One service account that is an identity in each cloud, and a pod of two containers. */
function threeClouds(): Stack[] {
  return appStacks(app => {
    const stack = stackIn(app);
    const cluster = LITERAL.eks(stack);
    const subject = cluster.serviceAccount('reports', 'reader');
    const ways = [
      mechanism('EKS', 'AWS', 'a projected token'), mechanism('EKS', 'Google Cloud', 'a service account through a pool'), mechanism('EKS', 'Azure', 'a projected token'),
    ];
    const workload = new Workload(stack, 'Workload', { serviceAccount: subject, identities: ways.map(({ identity }) => identity(stack, subject, cluster)), wiring: 'explicit' });
    const container = ['main', 'sidecar'].map(name => ({ name, image: 'reader:1' }));
    new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container } }));
  });
}

const PROJECTED = mechanism('any OIDC cluster', 'AWS', 'a projected token');
/** A role that may do much, and no more than its boundary. */
const BOUNDED: Mechanism = {
  ...PROJECTED,
  by: 'a projected token, and a boundary',
  identity: (stack, subject) => {
    const statements = [
      { Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' },
      { Effect: 'Allow', Action: 's3:*', Resource: ['arn:aws:s3:::data-of-123456789012', 'arn:aws:s3:::data-of-123456789012/*'] },
    ];
    const boundary = new IamPolicy(stack, 'Boundary', { name: 'boundary', policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) });
    return new AwsFederatedRole(stack, 'Role', { trusts: [subject], policyArns: ['arn:aws:iam::aws:policy/AmazonS3FullAccess'], permissionsBoundary: boundary.arn });
  },
};

const BY_WEBHOOK: Mechanism = { ...mechanism('GKE', 'AWS', 'ID tokens of a Google service account, and the gtoken webhook'), webhooks: [] };

type Certificate = typeof SelfSignedWebhookCertificate | typeof CertManagerCertificate;
/** The pod, and the webhook that wires it. */
const withGtokenWebhook = (certificate: Certificate, labels?: Record<string, string>) => () => appStacks(app => {
  const stack = stackIn(app);
  const workload = workloadOf(BY_WEBHOOK, LITERAL, stack);
  new TlsProvider(stack, 'Tls');
  new GtokenWebhook(stack, 'Gtoken', { image: 'gtoken-webhook:1', gtokenImage: 'gtoken:1', certificate: certificate.with() });
  new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader', labels }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
});

/** A pod and a Deployment with the same file. */
const withDeployment = () => appStacks(app => {
  const stack = stackIn(app);
  const workload = workloadOf(ACCOUNT, LITERAL, stack);
  const template = workload.podTemplate({ metadata: { name: 'reader', labels: { app: 'reader' } }, spec: { container: [{ name: 'main', image: 'reader:1' }] } });
  new PodV1(stack, 'Pod', template);
  new DeploymentV1(stack, 'Deployment', { metadata: { name: 'reader', namespace: 'reports' }, spec: { selector: { matchLabels: { app: 'reader' } }, template } });
});

const AZURES_WEBHOOK = mechanism('AKS', 'Azure', 'AKS\'s webhook');
/** Tokens of a day, by which pods outlive that the API server is away. */
const withTokensOfADay = () => appStacks(app => {
  const stack = stackIn(app);
  const workload = workloadOf(AZURES_WEBHOOK, LITERAL, stack, { tokenExpirationSeconds: 86400 });
  new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
});

const TO_AZURE = mechanism('EKS', 'Azure', 'a projected token');
/** An identity in Azure's cloud for the government of the United States. */
const OF_GOVERNMENT: Mechanism = {
  ...TO_AZURE,
  by: 'a projected token, in another cloud of Azure',
  identity: (stack, subject) => {
    const identity = new AzureFederatedIdentity(stack, 'Identity', {
      trusts: [subject], identityName: 'reports-reader', resourceGroupName: 'reports', location: 'usgovvirginia', azureCloud: 'usgovernment',
    });
    identity.grantContainerRead(`${STORAGE_ACCOUNT}/blobServices/default/containers/reports`);
    return identity;
  },
};

const { grantBucketPut: PUTS } = PERMITTED.AWS;
const { grantBucketRead: READS, grantBucketCreate: CREATES } = PERMITTED['Google Cloud'];

/** An identity that is granted something, whose pod tries everything that its SDK can. */
function writing(identity: Parameters<typeof granted>[0], grants: Parameters<typeof granted>[1][], ...may: readonly TryName[]): Setup {
  const by = granted(identity, ...grants);
  return { mechanism: by, tries: Object.keys(shallCome(by.to, [])) as TryName[], allowed: may.map(name => `the pod ${name}`) };
}

export const SETUPS = {
  'IRSA': { mechanism: mechanism('EKS', 'AWS', 'EKS\'s webhook (IRSA)') },
  'IRSA for a namespace': { mechanism: mechanism('EKS', 'AWS', 'EKS\'s webhook for a whole namespace'), allowed: ['another account'] },
  'Pod Identity': { mechanism: mechanism('EKS', 'AWS', 'EKS Pod Identity') },
  'Pod Identity with a target': { mechanism: mechanism('EKS', 'AWS', 'EKS Pod Identity with a target role in another account') },
  'Pod Identity with an external id': { mechanism: mechanism('EKS', 'AWS', 'EKS Pod Identity without session tags, with a target role that compares the external id') },
  'a projected token for AWS': { mechanism: mechanism('any OIDC cluster', 'AWS', 'a projected token') },
  'a projected token of AKS for AWS': { mechanism: mechanism('AKS', 'AWS', 'a projected token') },
  'EKS\'s webhook elsewhere': { mechanism: mechanism('AKS', 'AWS', 'EKS\'s webhook, installed by its users') },
  'what a role may do': {
    mechanism: PROJECTED,
    tries: [
      'lists its reports', 'reads one of its reports', 'lists the rest of its bucket', 'reads the rest of its bucket', 'lists another bucket', 'goes on to another role',
      'stays for twelve hours', 'writes a report', 'deletes one of its reports',
    ],
    allowed: ['the pod lists its reports', 'the pod reads one of its reports'],
  },
  'what a role may put': writing('a role', ['grantBucketPut'], ...PUTS),
  'what a role of EKS Pod Identity may write': writing('a role of EKS Pod Identity', ['grantBucketWrite'], ...PERMITTED.AWS.grantBucketWrite),
  'what the last role of a chain may put': writing('the last role of a chain', ['grantBucketPut'], ...PUTS),
  'a role within a boundary': { mechanism: BOUNDED, tries: ['reads the rest of its bucket', 'lists another bucket'], allowed: ['the pod reads the rest of its bucket'] },
  'two kinds of containers': {
    mechanism: PROJECTED, stacks: stage => stage.synthesize(PROJECTED, LITERAL, { initContainer: [{ name: 'first', image: 'reader:1' }] }), clients: [['main', 'AWS'], ['first', 'AWS']],
  },
  'no access to the Kubernetes API': {
    mechanism: PROJECTED, stacks: stage => stage.synthesize(PROJECTED, LITERAL, {}, { kubernetesApiAccess: false }), tries: ['has a token for the Kubernetes API'],
  },
  'a chain of roles': { mechanism: mechanism('any OIDC cluster', 'AWS', 'a chain of two roles in a config file'), tries: ['goes from its first role to another one', 'goes on to another role'] },
  'a chain of three roles': { mechanism: mechanism('any OIDC cluster', 'AWS', 'a chain of three roles in a config file') },
  'a chain with an external id': { mechanism: mechanism('any OIDC cluster', 'AWS', 'a chain of two roles with an external id in a config file'), tries: ['says no external id'] },
  'Google\'s ID tokens by the webhook': { mechanism: mechanism('GKE', 'AWS', 'ID tokens of a Google service account, and the gtoken webhook'), allowed: ['another cluster of the project'] },
  'the gtoken webhook of the library': {
    mechanism: BY_WEBHOOK,
    stacks: withGtokenWebhook(SelfSignedWebhookCertificate),
    around: (Object.keys(AROUND) as AroundName[]).filter(name => !/^(?:whoever|pods) /.test(name)),
    allowed: ['another cluster of the project', 'a pod that nobody wires starts', 'a pod that nobody wires starts while the webhook is away'],
  },
  'the gtoken webhook beside Azure\'s': {
    mechanism: { ...BY_WEBHOOK, webhooks: ['azure'] }, stacks: withGtokenWebhook(SelfSignedWebhookCertificate, { 'azure.workload.identity/use': 'true' }),
    allowed: ['another cluster of the project'],
  },
  'the gtoken webhook with cert-manager': { mechanism: BY_WEBHOOK, stacks: withGtokenWebhook(CertManagerCertificate), allowed: ['another cluster of the project'] },
  'Google\'s ID tokens by gtoken': {
    mechanism: mechanism('GKE', 'AWS', 'ID tokens of a Google service account, and containers of gtoken'), tries: ['leaves its token on the disk of its node'],
    allowed: ['another cluster of the project'],
  },
  'Google\'s ID tokens by the metadata server': {
    mechanism: mechanism('GKE', 'AWS', 'ID tokens of a Google service account, and the metadata server'), allowed: ['another cluster of the project'],
  },
  'ID tokens for long, by gtoken': {
    mechanism: mechanism('GKE', 'AWS', 'ID tokens of a Google service account, and containers of gtoken'), tries: ['is let in two hours later'],
    allowed: ['another cluster of the project', 'the pod is let in two hours later'],
  },
  'ID tokens for long, by the metadata server': {
    mechanism: mechanism('GKE', 'AWS', 'ID tokens of a Google service account, and the metadata server'), tries: ['is let in two hours later'],
    allowed: ['another cluster of the project', 'the pod is let in two hours later'],
  },
  'a pool': { mechanism: ACCOUNT },
  'a pool that stays': { mechanism: ACCOUNT, around: ['whoever renames the provider', 'whoever leaves nothing but the pool, and renames it'] },
  'a pool and a Deployment': { mechanism: ACCOUNT, stacks: withDeployment, around: ['pods start again when their file changes'], allowed: ['pods start again when their file changes'] },
  'what an account may do': {
    mechanism: ACCOUNT,
    tries: ['lists another bucket', 'becomes another account of Google', 'signs in the name of its account', 'writes a report', 'deletes one of its reports'],
  },
  'what an account may create': writing('a service account', ['grantBucketRead', 'grantBucketCreate'], ...READS, ...CREATES),
  'what an account may write': writing('a service account', ['grantBucketWrite'], ...PERMITTED['Google Cloud'].grantBucketWrite),
  'what a principal may create': writing('a principal', ['grantBucketRead', 'grantBucketCreate'], ...READS, ...CREATES),
  /** One pool for two accounts, each of which lets in another service account of the cluster. */
  'a shared pool': {
    mechanism: {
      ...ACCOUNT,
      by: 'a service account through a pool that another one uses too',
      identity: (stack, subject, cluster) => {
        new GcpFederatedServiceAccount(stack, 'Other', { trusts: [cluster.serviceAccount('reports', 'writer')], accountId: 'reports-writer' });
        return ACCOUNT.identity(stack, subject, cluster);
      },
    },
  },
  'a pool for a namespace': { mechanism: mechanism('any OIDC cluster', 'Google Cloud', 'a service account through a pool, for a whole namespace'), allowed: ['another account'] },
  'a pool with uploaded keys': { mechanism: mechanism('any OIDC cluster with uploaded keys', 'Google Cloud', 'a service account through a pool') },
  'the webhook of pfnet': { mechanism: mechanism('AKS', 'Google Cloud', 'a service account through a pool, and the webhook of pfnet') },
  'the webhook of pfnet for direct access': { mechanism: mechanism('EKS', 'Google Cloud', 'direct access through a pool, and the webhook of pfnet') },
  'direct access': { mechanism: mechanism('EKS', 'Google Cloud', 'direct access through a pool'), tries: ['lists another bucket', 'writes a report', 'deletes one of its reports'] },
  'Google\'s own pool': {
    mechanism: mechanism('GKE', 'Google Cloud', 'a service account through Google\'s own pool'), allowed: ['another cluster of the project'],
    tries: ['lists another bucket', 'becomes another account of Google'],
  },
  'direct access through Google\'s own pool': { mechanism: mechanism('GKE', 'Google Cloud', 'direct access through Google\'s own pool'), allowed: ['another cluster of the project'] },
  'Google\'s own pool for a cluster': {
    mechanism: mechanism('GKE', 'Google Cloud', 'direct access through Google\'s own pool, for a whole cluster'), allowed: ['another namespace', 'another account'],
  },
  'Azure\'s webhook': { mechanism: AZURES_WEBHOOK },
  'Azure\'s webhook in another tenant': { mechanism: AZURES_WEBHOOK, tenantOfCluster: OTHER_TENANT },
  'Azure\'s webhook, and tokens of a day': {
    mechanism: AZURES_WEBHOOK, stacks: withTokensOfADay, tries: ['is let in after the API server was away for two hours'],
    allowed: ['the pod is let in after the API server was away for two hours'],
  },
  'Azure\'s webhook elsewhere': { mechanism: mechanism('EKS', 'Azure', 'Azure\'s webhook, installed by its users') },
  'a projected token for Azure': { mechanism: TO_AZURE },
  'another cloud of Azure': { mechanism: OF_GOVERNMENT, azure: { directory: 'login.microsoftonline.us', blobs: 'blob.core.usgovcloudapi.net' } },
  'what an identity may do': {
    mechanism: TO_AZURE,
    tries: ['lists another container', 'lists the containers of its account', 'lists a container of another account', 'writes a report', 'deletes one of its reports'],
  },
  'what an identity may write': writing('a managed identity', ['grantContainerWrite'], ...PERMITTED.Azure.grantContainerWrite),
  'what an application may write': writing('an application', ['grantContainerWrite'], ...PERMITTED.Azure.grantContainerWrite),
  'an application of Entra ID': { mechanism: mechanism('any OIDC cluster', 'Azure', 'a projected token and an application of Entra ID') },
  'three clouds': {
    mechanism: { ...mechanism('EKS', 'AWS', 'a projected token'), by: 'projected tokens for three clouds' },
    stacks: threeClouds,
    clients: ['main', 'sidecar'].flatMap(container => CLOUDS.map(to => [container, to] as const)),
  },
} satisfies Record<string, Setup>;

export type SetupName = keyof typeof SETUPS;

/** The stacks of a setup. */
export function stacksOf(setup: Setup, stage: Stage): Stack[] {
  return setup.stacks?.(stage) ?? stage.synthesize(setup.mechanism, LITERAL);
}

/**
 * Who notices: somebody who `gets in` and did not before, or whom the pod fails with which code, or with which code a cloud does not take what is applied; or
 * a command line tool, which says what where it is installed.
 * Where no client can notice, what of the tool does: a rule of `check`, or what `diff` says of an identity. Where neither does, what the pod no longer waits
 * for, so that Terraform may start it before it is let in. Where nobody gains or loses by it, why, as the tool says too; or what notices nothing, and why.
 */
export type Noticed = Readonly<Record<string, string>> | `${ToolName}: ${string}` | `no client: ${string}` | `the order: ${string}`
  | `nobody gains: ${string}` | `nothing: ${string}`;

/**
 * The tools that read what no library does, what they are asked for, and what they say while nothing is changed: `aws` looks for the host of a service, which is not
 * there, only where it knows a region.
 */
export const TOOLS = {
  'aws 1': { cli: 'aws', command: 'AWS_MAX_ATTEMPTS=1 aws kms list-keys', otherwise: 'Could not connect to the endpoint URL: "https://kms.eu-west-1.amazonaws.com/"' },
  'gcloud': { cli: 'gcloud', command: 'gcloud storage ls', otherwise: 'gs://acme-reports/' },
} as const;

export type ToolName = keyof typeof TOOLS;

/** A way to weaken or break what a construct emits. */
export type Mutant = readonly [name: string, setup: SetupName, mutate: (draft: Draft, clusters: Stage['clusters']) => void, noticed: Noticed];

// Places in what is synthesized.

const PFNET = 'cloud.google.com';
const READER = 'system:serviceaccount:reports:reader';
const WRITER = 'system:serviceaccount:reports:writer';
const BILLING = 'system:serviceaccount:billing:reader';
const registration = (d: Draft, id = 'eks-apps') => d.of(`aws_iam_openid_connect_provider.ClusterOidcProvider-${id}`);
const statements = (d: Draft, role = 'Role') => d.of(`data.aws_iam_policy_document.${role}_Trust`).statement as any[];
const without = (d: Draft, role: string, ...claims: readonly string[]) => {
  d.trust(role).condition = d.trust(role).condition.filter(({ variable }: any) => !claims.some(claim => variable.endsWith(claim)));
};
const arnOf = ({ issuer }: { readonly issuer: string }) => `arn:aws:iam::123456789012:oidc-provider/${issuer.replace('https://', '')}`;
const association = (d: Draft) => d.of('aws_eks_pod_identity_association.Role_Association_eks-apps_reports_reader');
const serviceAccount = (d: Draft) => d.of('kubernetes_service_account_v1.Workload');
const annotations = (d: Draft) => serviceAccount(d).metadata.annotations;
const pod = (d: Draft) => d.of('kubernetes_pod_v1.Pod');
const container = (d: Draft, index = 0) => pod(d).spec.container[index];
const env = (d: Draft, name: string, index = 0) => container(d, index).env.find((variable: any) => variable.name === name);
const withoutEnv = (d: Draft, ...names: readonly string[]) => {
  container(d).env = container(d).env.filter(({ name }: any) => !names.includes(name));
};
const sources = (d: Draft): any[] => pod(d).spec.volume[0].projected[0].sources;
const token = (d: Draft, path: string) => sources(d).map(source => source.service_account_token).find(found => found?.path === path);
const keyOfFile = (d: Draft): any => sources(d).map(source => source.config_map).find(found => found !== undefined);
const provider = (d: Draft, id = 'oidc-onprem') => d.of(`google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-${id}_Provider`);
const pool = (d: Draft, id = 'oidc-onprem') => d.ref(`google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-${id}`, 'name');
const member = (d: Draft, of = 'oidc-onprem_reports_reader', account = 'Account') => d.of(`google_service_account_iam_member.${account}_Federated_${of}`);
const wholePool = (d: Draft) => { member(d).member = `principalSet://iam.googleapis.com/${pool(d)}/*`; };
const native = (d: Draft) => d.of('google_service_account_iam_member.Account_Native_acme-apps_reports_reader');
const grant = (d: Draft, of: string) => d.of(`google_storage_bucket_iam_member.Principal_Bucket_acme-reports_storage_objectViewer_${of}`);
const credential = (d: Draft, of = 'eks-apps') => d.of(`azurerm_federated_identity_credential.Identity_Credential_${of}_reports_reader`);
const applicationCredential = (d: Draft) => d.of('azuread_application_federated_identity_credential.Application_Credential_oidc-onprem_reports_reader');
/** Changes the text of a file in the ConfigMap. */
const file = (d: Draft, from: string | RegExp, to: string) => {
  const { data } = d.of('kubernetes_config_map_v1.Workload_ConfigMap');
  const [[key, text]] = Object.entries<string>(data) as [[string, string]];
  data[key] = text.replace(from, to);
};
/** Removes resources of a type, and what waits for them. */
const remove = (d: Draft, type: string) => {
  delete d.json.resource[type];
  Object.values<any>(d.json.resource).flatMap(named => Object.values<any>(named)).filter(body => body.depends_on !== undefined).forEach(body => {
    body.depends_on = body.depends_on.filter((address: string) => !address.startsWith(`${type}.`));
  });
};
const FILE = 'gcp-credential-configuration.json';
const webhook = (d: Draft) => first(d, 'kubernetes_mutating_webhook_configuration_v1').webhook[0];
/** What serves the webhook of the library, and what it may do. */
const ofServer = (d: Draft) => first(d, 'kubernetes_deployment_v1').spec.template.spec;
const service = (d: Draft) => first(d, 'kubernetes_service_v1').spec;
const rule = (d: Draft) => first(d, 'kubernetes_cluster_role_v1').rule[0];
const binding = (d: Draft) => first(d, 'kubernetes_cluster_role_binding_v1');
const certificate = (d: Draft) => first(d, 'tls_locally_signed_cert');
const addAuthority = (d: Draft) => {
  const { private_key_pem: _key, ...authority } = first(d, 'tls_self_signed_cert');
  d.add('tls_private_key', 'Mutant', { algorithm: 'ECDSA', ecdsa_curve: 'P256' });
  d.add('tls_self_signed_cert', 'Mutant', { ...authority, private_key_pem: '${tls_private_key.Mutant.private_key_pem}' });
};
const specOf = (d: Draft, kind: string, name: string) => Object.values<any>(d.json.resource.kubernetes_manifest).map(body => body.manifest)
  .find(manifest => manifest.kind === kind && manifest.metadata.name === name).spec;
const listing = (d: Draft) => permissions(d).find(({ actions: [action] }) => action === 's3:ListBucket');
const reading = (d: Draft) => permissions(d).find(({ actions: [action] }) => action === 's3:GetObject');
const putting = (d: Draft, role = 'Role') => permissions(d, role).find(({ actions: [action] }) => action === 's3:PutObject');
const creating = (d: Draft) => Object.values<any>(d.json.resource.google_storage_bucket_iam_member).find(({ role }) => role === 'roles/storage.objectCreator');
/** Removes the grant for creating, and says whose it is. */
const withoutCreating = (d: Draft): string => {
  const grants = d.json.resource.google_storage_bucket_iam_member;
  const [id, { member: whom }] = Object.entries<any>(grants).find(([, { role }]) => role === 'roles/storage.objectCreator')!;
  delete grants[id];
  return whom;
};
const permissions = (d: Draft, role = 'Role') => d.of(`data.aws_iam_policy_document.${role}_Permissions`).statement as any[];
const first = (d: Draft, type: string) => Object.values<any>(d.json.resource[type])[0];
/** Nothing is waited for but what is referred to. */
const withoutOrder = (d: Draft, ...types: readonly string[]) => {
  serviceAccount(d).depends_on = serviceAccount(d).depends_on.filter((address: string) => !types.some(type => address.startsWith(type)));
};
const tags = ['/eks-cluster-arn', '/kubernetes-namespace', '/kubernetes-service-account'] as const;
const TAG_OF: Readonly<Record<string, string>> = { 'another cluster': tags[0], 'another namespace': tags[1], 'another account': tags[2] };

// Outcomes that many have.

const me = (code: string) => ({ 'the service account': code });
const IN = 'gets in';
/** Nothing of this is done any more, or all of it. */
const lose = (code: string, ...tries: readonly string[]) => Object.fromEntries(tries.map(name => [`the pod ${name}`, code]));
const gain = (...tries: readonly TryName[]) => lose(IN, ...tries);
const both = { 'another namespace': IN, 'another account': IN };

const AWS: readonly Mutant[] = [
  // The trust policy of a role.
  ['the condition on aud is dropped', 'IRSA', d => without(d, 'Role', ':aud'), 'no client: missing-aud'],
  ['the condition on aud is dropped, and the registration takes another audience', 'IRSA', d => {
    without(d, 'Role', ':aud');
    registration(d).client_id_list.push('api://AzureADTokenExchange');
  }, { 'a token for another cloud': IN }],
  ['aud is compared with two values, and the registration takes both', 'IRSA', d => {
    d.condition('Role', ':aud').values.push('https://somebody.example.com');
    registration(d).client_id_list.push('https://somebody.example.com');
  }, { 'another audience': IN }],
  ['the audience of the Kubernetes API is taken', 'IRSA', (d, { eks }) => {
    d.condition('Role', ':aud').values.push(eks.apiAudience);
    registration(d).client_id_list.push(eks.apiAudience);
  }, { 'a token for the Kubernetes API': IN }],
  ['the registration takes another audience', 'IRSA', d => registration(d).client_id_list.push('other'), 'no client: unused-client-id'],
  ['the registration takes only another audience', 'IRSA', d => { registration(d).client_id_list = ['other']; }, me('InvalidIdentityTokenException')],
  ['the condition on aud is for another audience', 'IRSA', d => { d.condition('Role', ':aud').values = ['sts.amazonaws.com.cn']; }, me('AccessDenied')],
  ['the condition on sub is dropped', 'IRSA', d => without(d, 'Role', ':sub'), both],
  ['all conditions are dropped', 'IRSA', d => delete d.trust('Role').condition, both],
  ['sub is compared by StringLike with a namespace', 'IRSA', d => Object.assign(d.condition('Role', ':sub'), { test: 'StringLike', values: ['system:serviceaccount:reports:*'] }), { 'another account': IN }],
  ['sub is compared by StringLike with a name in any namespace', 'IRSA', d => Object.assign(d.condition('Role', ':sub'), { test: 'StringLike', values: ['system:serviceaccount:*:reader'] }), { 'another namespace': IN }],
  ['sub is compared by StringLike with a star', 'IRSA', d => Object.assign(d.condition('Role', ':sub'), { test: 'StringLike', values: ['*'] }), both],
  ['sub is compared by StringEquals with a wildcard', 'IRSA', d => { d.condition('Role', ':sub').values = ['system:serviceaccount:reports:*']; }, me('AccessDenied')],
  ['the namespace loses its colon', 'IRSA for a namespace', d => { d.condition('Role', ':sub').values = ['system:serviceaccount:*']; }, { 'another namespace': IN }],
  ['the pattern is compared to the letter', 'IRSA for a namespace', d => { d.condition('Role', ':sub').test = 'StringEquals'; }, { ...me('AccessDenied'), 'another account': 'AccessDenied' }],
  ['sub is compared by StringNotEquals', 'IRSA', d => { d.condition('Role', ':sub').test = 'StringNotEquals'; }, { ...me('AccessDenied'), ...both }],
  ['sub is compared by ForAllValues', 'IRSA', d => { d.condition('Role', ':sub').test = 'ForAllValues:StringEquals'; }, 'no client: for-all-values'],
  ['sub is compared with IfExists', 'IRSA', d => { d.condition('Role', ':sub').test = 'StringEqualsIfExists'; }, 'no client: if-exists'],
  ['sub is compared by ForAllValues, on the claim of another issuer', 'IRSA', (d, { otherEks }) => Object.assign(d.condition('Role', ':sub'), {
    test: 'ForAllValues:StringEquals', variable: `${otherEks.issuer.replace('https://', '')}:sub`,
  }), both],
  ['sub is compared with IfExists, on the claim of another issuer', 'IRSA', (d, { otherEks }) => Object.assign(d.condition('Role', ':sub'), {
    test: 'StringEqualsIfExists', variable: `${otherEks.issuer.replace('https://', '')}:sub`,
  }), both],
  ['sub is compared on the claim of another issuer', 'IRSA', (d, { otherEks }) => { d.condition('Role', ':sub').variable = `${otherEks.issuer.replace('https://', '')}:sub`; }, me('AccessDenied')],
  ['the values of aud and sub are swapped', 'IRSA', d => {
    const [aud, sub] = [d.condition('Role', ':aud'), d.condition('Role', ':sub')];
    [aud.values, sub.values] = [sub.values, aud.values];
  }, me('AccessDenied')],
  ['sub is of another namespace', 'IRSA', d => { d.condition('Role', ':sub').values = [BILLING]; }, { ...me('AccessDenied'), 'another namespace': IN }],
  ['sub is of another account', 'IRSA', d => { d.condition('Role', ':sub').values = [WRITER]; }, { ...me('AccessDenied'), 'another account': IN }],
  ['sub has one more value', 'IRSA', d => d.condition('Role', ':sub').values.push(WRITER), { 'another account': IN }],
  ['the principal is the registration of another cluster', 'IRSA', (d, { otherEks }) => { d.trust('Role').principals[0].identifiers = [arnOf(otherEks)]; }, me('AccessDenied')],
  ['principal and conditions are those of another cluster', 'IRSA', (d, { otherEks }) => {
    statements(d)[0] = JSON.parse(JSON.stringify(d.trust('Role')).replaceAll(EKS_ISSUER.replace('https://', ''), otherEks.issuer.replace('https://', '')));
    d.trust('Role').principals[0].identifiers = [arnOf(otherEks)];
  }, { ...me('AccessDenied'), 'another cluster': IN }],
  ['the registration of another cluster is a principal too', 'IRSA', (d, { otherEks }) => d.trust('Role').principals[0].identifiers.push(arnOf(otherEks)), 'no client: missing-aud'],
  ['the registration of another cluster is a principal too, without conditions', 'IRSA', (d, { otherEks }) => {
    d.trust('Role').principals[0].identifiers.push(arnOf(otherEks));
    delete d.trust('Role').condition;
  }, { ...both, 'another cluster': IN }],
  ['everyone is the principal', 'IRSA', d => { d.trust('Role').principals = [{ type: '*', identifiers: ['*'] }]; }, 'no client: any-principal'],
  ['everyone is the principal, without conditions', 'IRSA', d => {
    delete d.trust('Role').condition;
    d.trust('Role').principals = [{ type: '*', identifiers: ['*'] }];
  }, { ...both, 'another cluster': IN }],
  ['a statement without conditions is added', 'IRSA', d => statements(d).push({ ...d.trust('Role'), condition: undefined }), both],
  ['a statement for the roles of the account is added', 'IRSA', d => statements(d).push({ effect: 'Allow', actions: ['sts:AssumeRole'], principals: [{ type: 'AWS', identifiers: ['123456789012'] }] }), { 'another role of the account': IN }],
  ['a statement for everybody\'s roles is added', 'IRSA', d => statements(d).push({ effect: 'Allow', actions: ['sts:AssumeRole'], principals: [{ type: 'AWS', identifiers: ['*'] }] }), {
    'another role of the account': IN, 'a role of another account': IN,
  }],
  ['all actions of STS are allowed', 'IRSA', d => { d.trust('Role').actions = ['sts:*']; }, 'no client: second-action'],
  ['tags are allowed too', 'IRSA', d => d.trust('Role').actions.push('sts:TagSession'), 'no client: second-action'],
  ['the action is that of roles', 'IRSA', d => { d.trust('Role').actions = ['sts:AssumeRole']; }, me('AccessDenied')],
  ['the statement denies', 'IRSA', d => { d.trust('Role').effect = 'Deny'; }, me('AccessDenied')],
  // The registration of an issuer.
  // Somebody else has registered the issuer as it is, so that the token is a token.
  ['the slash at the end of the issuer is lost', 'a projected token of AKS for AWS', d => { registration(d, 'aks-apps').url = AKS_ISSUER.replace(/\/$/, ''); }, me('AccessDenied')],
  ['the slash at the end of the issuer is lost in the conditions', 'a projected token of AKS for AWS', d => d.trust('Role').condition.forEach((condition: any) => {
    condition.variable = condition.variable.replace('/:', ':');
  }), me('AccessDenied')],
  ['the issuer gains a slash', 'a projected token for AWS', d => { registration(d, 'oidc-onprem').url += '/'; }, me('InvalidIdentityTokenException')],
  ['the issuer is that of another cluster', 'a projected token for AWS', d => { registration(d, 'oidc-onprem').url = 'https://issuer.example.com/elsewhere'; }, me('InvalidIdentityTokenException')],
  // What EKS's webhook is told.
  ['the annotation of the role is lost', 'IRSA', d => delete annotations(d)['eks.amazonaws.com/role-arn'], me('no region')],
  ['the annotation names another role', 'IRSA', d => { annotations(d)['eks.amazonaws.com/role-arn'] = 'arn:aws:iam::123456789012:role/other'; }, me('AccessDenied')],
  ['the annotation names a role of another account', 'IRSA', d => { annotations(d)['eks.amazonaws.com/role-arn'] = '${replace(aws_iam_role.Role.arn, "123456789012", "210987654321")}'; }, me('InvalidIdentityTokenException')],
  ['the annotation asks for another audience', 'IRSA', d => { annotations(d)['eks.amazonaws.com/audience'] = 'api://AzureADTokenExchange'; }, me('InvalidIdentityTokenException')],
  ['the pod skips its container', 'IRSA', d => { pod(d).metadata.annotations = { 'eks.amazonaws.com/skip-containers': 'main' }; }, me('no region')],
  ['the pod does not name its service account', 'IRSA', d => delete pod(d).spec.service_account_name, me('no region')],
  ['the pod names another service account', 'IRSA', d => { pod(d).spec.service_account_name = 'writer'; }, me('Forbidden')],
  ['the pod is in another namespace', 'IRSA', d => { pod(d).metadata.namespace = 'default'; }, me('Forbidden')],
  ['the annotation of the role is lost', 'EKS\'s webhook elsewhere', d => delete annotations(d)['eks.amazonaws.com/role-arn'], me('no credentials')],
  ['the annotation asks for another audience', 'EKS\'s webhook elsewhere', d => { annotations(d)['eks.amazonaws.com/audience'] = 'api://AzureADTokenExchange'; }, me('InvalidIdentityTokenException')],
  ['the region is lost', 'EKS\'s webhook elsewhere', d => withoutEnv(d, 'AWS_REGION', 'AWS_DEFAULT_REGION'), me('no region')],
  // Variables, volumes and tokens.
  ['the region is lost', 'a projected token for AWS', d => withoutEnv(d, 'AWS_REGION', 'AWS_DEFAULT_REGION'), me('no region')],
  ['the role is lost', 'a projected token for AWS', d => withoutEnv(d, 'AWS_ROLE_ARN'), me('no credentials')],
  ['the role is another one', 'a projected token for AWS', d => { env(d, 'AWS_ROLE_ARN').value = MALLORY.role; }, me('AccessDenied')],
  ['the variable of the token is lost', 'a projected token for AWS', d => withoutEnv(d, 'AWS_WEB_IDENTITY_TOKEN_FILE'), me('no credentials')],
  ['the variable of the token names another file', 'a projected token for AWS', d => { env(d, 'AWS_WEB_IDENTITY_TOKEN_FILE').value += 's'; }, me('no such file')],
  ['the token is in another file', 'a projected token for AWS', d => { token(d, 'aws/token').path = 'aws/tokens'; }, me('no such file')],
  ['the token is for Azure', 'a projected token for AWS', d => { token(d, 'aws/token').audience = 'api://AzureADTokenExchange'; }, me('InvalidIdentityTokenException')],
  ['the token is for the Kubernetes API', 'a projected token for AWS', d => delete token(d, 'aws/token').audience, me('InvalidIdentityTokenException')],
  ['the token is valid for less than Kubernetes gives', 'a projected token for AWS', d => { token(d, 'aws/token').expiration_seconds = 599; }, me('Invalid')],
  ['the container does not mount the volume', 'a projected token for AWS', d => delete container(d).volume_mount, me('no such file')],
  ['the container mounts the volume elsewhere', 'a projected token for AWS', d => { container(d).volume_mount[0].mount_path = '/var/run/secrets/other'; }, me('no such file')],
  ['the volume is lost', 'a projected token for AWS', d => delete pod(d).spec.volume, me('Invalid')],
  ['the volume has another name', 'a projected token for AWS', d => { pod(d).spec.volume[0].name = 'other'; }, me('Invalid')],
  // EKS Pod Identity.
  ['the association is of another namespace', 'Pod Identity', d => { association(d).namespace = 'default'; }, me('no region')],
  ['the association is of another service account', 'Pod Identity', d => { association(d).service_account = 'default'; }, me('no region')],
  ['the association is of another cluster', 'Pod Identity', d => { association(d).cluster_name = 'neighbour'; }, { 'the apply': 'ResourceNotFoundException' }],
  ['the association is in another region', 'Pod Identity', d => { association(d).region = 'us-east-1'; }, { 'the apply': 'ResourceNotFoundException' }],
  ['the association is lost', 'Pod Identity', d => remove(d, 'aws_eks_pod_identity_association'), me('no region')],
  ['the association has another role', 'Pod Identity', d => { association(d).role_arn = MALLORY.role; }, { 'the apply': 'InvalidParameterException' }],
  ['the conditions on session tags are dropped', 'Pod Identity', d => delete d.trust('Role').condition, { ...both, 'another cluster': IN, 'another cluster of the same name': IN }],
  ['the condition on the namespace is dropped', 'Pod Identity', d => without(d, 'Role', '/kubernetes-namespace'), { 'another namespace': IN }],
  ['the condition on the service account is dropped', 'Pod Identity', d => without(d, 'Role', '/kubernetes-service-account'), { 'another account': IN }],
  ['the condition on the cluster is dropped', 'Pod Identity', d => without(d, 'Role', '/eks-cluster-arn'), { 'another cluster': IN, 'another cluster of the same name': IN }],
  ['the condition on the namespace has a wildcard', 'Pod Identity', d => Object.assign(d.condition('Role', '/kubernetes-namespace'), { test: 'StringLike', values: ['*'] }), { 'another namespace': IN }],
  ['the condition is on another namespace', 'Pod Identity', d => { d.condition('Role', '/kubernetes-namespace').values = ['billing']; }, { ...me('nothing from the agent'), 'another namespace': IN }],
  ['session tags are not made', 'Pod Identity', d => { association(d).disable_session_tags = true; }, me('nothing from the agent')],
  ['session tags are not allowed', 'Pod Identity', d => { d.trust('Role').actions = ['sts:AssumeRole']; }, { 'the apply': 'InvalidParameterException' }],
  ['the role trusts another service', 'Pod Identity', d => { d.trust('Role').principals[0].identifiers = ['eks.amazonaws.com']; }, { 'the apply': 'InvalidParameterException' }],
  ['the role trusts the roles of the account too', 'Pod Identity', d => d.trust('Role').principals.push({ type: 'AWS', identifiers: ['123456789012'] }), { 'another role of the account': IN }],
  ['the target trusts everything of the account', 'Pod Identity with a target', d => { d.trust('Target').principals[0].identifiers = ['arn:aws:iam::123456789012:root']; }, { 'another role of the account': IN }],
  ['the target trusts everybody', 'Pod Identity with a target', d => { d.trust('Target').principals[0].identifiers = ['*']; }, {
    'another role of the account': IN, 'a role of another account': IN,
  }],
  ['the first role may not assume the target', 'Pod Identity with a target', d => { remove(d, 'aws_iam_role_policy'); }, me('nothing from the agent')],
  ['the first role may not pass tags on', 'Pod Identity with a target', d => { d.of('data.aws_iam_policy_document.Role_Permissions').statement[0].actions = ['sts:AssumeRole']; }, me('nothing from the agent')],
  ['the association has no target', 'Pod Identity with a target', d => delete association(d).target_role_arn, me('AccessDenied')],
  ['the external id is not compared', 'Pod Identity with an external id', d => delete d.trust('Target').condition, { ...both, 'another cluster': IN, 'another cluster of the same name': IN }],
  ['the external id is compared with a wildcard', 'Pod Identity with an external id', d => Object.assign(d.condition('Target', 'sts:ExternalId'), { test: 'StringLike', values: ['eu-west-1/123456789012/apps/*/reader'] }), { 'another namespace': IN }],
  ['the external id is that of another account', 'Pod Identity with an external id', d => {
    d.condition('Target', 'sts:ExternalId').values = ['eu-west-1/123456789012/apps/reports/writer'];
  }, { ...me('nothing from the agent'), 'another account': IN }],
  // A chain in a config file.
  ['the target trusts everything of the account', 'a chain of roles', d => { d.trust('Target').principals[0].identifiers = ['arn:aws:iam::123456789012:root']; }, { 'another role of the account': IN }],
  ['the target trusts another role', 'a chain of roles', d => { d.trust('Target').principals[0].identifiers = [MALLORY.role]; }, { ...me('AccessDenied'), 'another role of the account': IN }],
  ['the target trusts everybody', 'a chain of roles', d => { d.trust('Target').principals[0].identifiers = ['*']; }, { 'another role of the account': IN, 'a role of another account': IN }],
  ['the first role forgets the subject', 'a chain of roles', d => without(d, 'Role', ':sub'), both],
  ['the first role is lost in the file', 'a chain of roles', d => file(d, 'aws_iam_role.Role.arn', 'aws_iam_role.Target.arn'), me('AccessDenied')],
  ['the second role is lost in the file', 'a chain of roles', d => file(d, 'aws_iam_role.Target.arn', 'aws_iam_role.Role.arn'), me('AccessDenied')],
  ['the file names another file for the token', 'a chain of roles', d => file(d, '/aws/token', '/aws/tokens'), me('no such file')],
  ['the file names another profile', 'a chain of roles', d => file(d, 'source_profile = step-1', 'source_profile = step-2'), me('no credentials')],
  ['the profile is not the default one', 'a chain of roles', d => file(d, '[default]', '[profile apps]'), me('no credentials')],
  ['the variable of the file is lost', 'a chain of roles', d => withoutEnv(d, 'AWS_CONFIG_FILE'), me('no credentials')],
  ['the ConfigMap has the file under another key', 'a chain of roles', d => { keyOfFile(d)[0].items[0].key = 'config'; }, me('FailedMount')],
  // Through an account of Google.
  ['the condition on aud is dropped', 'Google\'s ID tokens by the metadata server', d => without(d, 'Via_Role', ':aud'), 'no client: missing-aud'],
  ['the condition on sub is dropped', 'Google\'s ID tokens by the metadata server', d => without(d, 'Via_Role', ':sub'), 'no client: missing-sub'],
  ['the condition on oaud is dropped', 'Google\'s ID tokens by the metadata server', d => without(d, 'Via_Role', ':oaud'), { 'another audience': IN, 'a token for another cloud': IN }],
  ['the conditions on aud and sub are dropped', 'Google\'s ID tokens by the metadata server', d => without(d, 'Via_Role', ':aud', ':sub'), { 'another account of Google': IN }],
  ['the unique id is that of another account', 'Google\'s ID tokens by the metadata server', d => [':aud', ':sub'].forEach(claim => {
    d.condition('Via_Role', claim).values = [MALLORY.uniqueId];
  }), { ...me('AccessDenied'), 'another cluster of the project': 'AccessDenied', 'another account of Google': IN }],
  ['the account is named by its email', 'Google\'s ID tokens by the metadata server', d => { d.condition('Via_Role', ':sub').values = ['${google_service_account.Account.email}']; }, {
    ...me('AccessDenied'), 'another cluster of the project': 'AccessDenied',
  }],
  ['the metadata server is asked for another audience', 'Google\'s ID tokens by the metadata server', d => {
    [pod(d).spec.init_container[0], container(d, 1)].forEach(({ env: [url] }) => { url.value = url.value.replace('gtoken%2F', ''); });
  }, me('AccessDenied')],
  ['the ID token is written to another file', 'Google\'s ID tokens by the metadata server', d => {
    [pod(d).spec.init_container[0], container(d, 1)].forEach(({ env: [, to] }) => { to.value += 's'; });
  }, me('no such file')],
  ['the variable of the token is lost', 'Google\'s ID tokens by the metadata server', d => withoutEnv(d, 'AWS_WEB_IDENTITY_TOKEN_FILE'), me('no credentials')],
  ['the annotation of the account is lost', 'Google\'s ID tokens by the metadata server', d => delete annotations(d)['iam.gke.io/gcp-service-account'], me('Init:Error')],
  ['the account does not trust the service account', 'Google\'s ID tokens by the metadata server', d => { native(d).role = 'roles/iam.serviceAccountUser'; }, {
    ...me('Init:Error'), 'another cluster of the project': 'no such file',
  }],
  ['the account lets in another namespace', 'Google\'s ID tokens by the metadata server', d => d.add('google_service_account_iam_member', 'Mutant', {
    ...native(d), member: native(d).member.replace('[reports/', '[billing/'),
  }), { 'another namespace': IN }],
  ['the account may not make its own tokens', 'Google\'s ID tokens by gtoken', d => { d.of('google_service_account_iam_member.Via_TokenCreator').role = 'roles/iam.serviceAccountUser'; }, me('Init:Error')],
  ['gtoken writes to another file', 'Google\'s ID tokens by gtoken', d => [pod(d).spec.init_container[0], container(d, 1)].forEach(({ args }) => { args[1] += 's'; }), me('no such file')],
  ['gtoken does not mount the volume', 'Google\'s ID tokens by gtoken', d => [pod(d).spec.init_container[0], container(d, 1)].forEach(helper => delete helper.volume_mount), me('no such file')],
  ['the annotation of the role is lost', 'Google\'s ID tokens by the webhook', d => delete annotations(d)['amazonaws.com/role-arn'], me('no credentials')],
  ['the annotation names another role', 'Google\'s ID tokens by the webhook', d => { annotations(d)['amazonaws.com/role-arn'] = MALLORY.role; }, me('AccessDenied')],
];

const GOOGLE: readonly Mutant[] = [
  // The provider of a pool.
  ['the condition is dropped', 'a pool', d => delete provider(d).attribute_condition, 'no client: no-attribute-condition'],
  ['the condition is always true', 'a pool', d => { provider(d).attribute_condition = 'true'; }, 'no client: condition-always-true'],
  ['the condition admits the whole cluster', 'a pool', d => { provider(d).attribute_condition = "assertion.sub.startsWith('system:serviceaccount:')"; }, 'no client: condition-wider-than-members'],
  ['the condition is never true', 'a pool', d => { provider(d).attribute_condition = 'false'; }, me('unauthorized_client')],
  ['the condition is dropped, and the member is the pool', 'a pool', d => { delete provider(d).attribute_condition; wholePool(d); }, both],
  ['the condition is or-ed, and the member is the pool', 'a pool', d => { provider(d).attribute_condition += " || assertion.sub.startsWith('system:serviceaccount:reports:')"; wholePool(d); }, { 'another account': IN }],
  ['the condition compares the end alone, and the member is the pool', 'a pool', d => { provider(d).attribute_condition = "assertion.sub.endsWith(':reader')"; wholePool(d); }, { 'another namespace': IN }],
  ['the condition is for another subject', 'a pool', d => { provider(d).attribute_condition = `assertion.sub in ['${WRITER}']`; }, me('unauthorized_client')],
  ['the condition is on a claim that no token has', 'a pool', d => { provider(d).attribute_condition = `assertion.email in ['${READER}']`; }, me('unauthorized_client')],
  ['the condition is dropped, and the subject is always the same', 'a pool', d => { delete provider(d).attribute_condition; provider(d).attribute_mapping['google.subject'] = `'${READER}'`; }, both],
  ['the condition is dropped, and the subject is made of the name', 'a pool', d => {
    delete provider(d).attribute_condition;
    provider(d).attribute_mapping['google.subject'] = "'system:serviceaccount:reports:' + assertion['kubernetes.io']['serviceaccount']['name']";
  }, { 'another namespace': IN }],
  ['the subject is the namespace', 'a pool', d => { provider(d).attribute_mapping['google.subject'] = "assertion['kubernetes.io']['namespace']"; }, me('PERMISSION_DENIED')],
  ['the subject is always the same', 'a shared pool', d => { provider(d).attribute_mapping['google.subject'] = `'${READER}'`; }, { 'another account': IN }],
  ['the member is the pool', 'a shared pool', d => wholePool(d), { 'another account': IN }],
  ['the member is the pool', 'a pool', d => wholePool(d), 'no client: whole-pool-member'],
  ['the members of two accounts are swapped', 'a shared pool', d => {
    const [reader, writer] = [member(d), member(d, 'oidc-onprem_reports_writer', 'Other')];
    [reader.member, writer.member] = [writer.member, reader.member];
  }, { ...me('PERMISSION_DENIED'), 'another account': IN }],
  ['both members are on one account', 'a shared pool', d => { member(d, 'oidc-onprem_reports_writer', 'Other').service_account_id = member(d).service_account_id; }, { 'another account': IN }],
  ['another audience is taken', 'a pool', d => {
    provider(d).oidc.allowed_audiences = [
      `https://iam.googleapis.com/${d.ref('google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-oidc-onprem', 'name')}/providers/oidc-onprem`, 'sts.amazonaws.com',
    ];
  }, { 'a token for another cloud': IN }],
  ['only another audience is taken', 'a pool', d => { provider(d).oidc.allowed_audiences = ['sts.amazonaws.com']; }, { ...me('invalid_grant'), 'a token for another cloud': IN }],
  ['only the audience of the Kubernetes API is taken', 'a pool', (d, { oidc }) => { provider(d).oidc.allowed_audiences = [oidc.apiAudience]; }, { ...me('invalid_grant'), 'a token for the Kubernetes API': IN }],
  ['the issuer is that of another cluster', 'a pool', (d, { otherOidc }) => { provider(d).oidc.issuer_uri = otherOidc.issuer; }, { ...me('invalid_grant'), 'another cluster': IN }],
  ['the issuer gains a slash', 'a pool', d => { provider(d).oidc.issuer_uri += '/'; }, me('invalid_grant')],
  ['a provider of another cluster is in the pool', 'a pool', (d, { otherOidc }) => d.add('google_iam_workload_identity_pool_provider', 'Mutant', {
    ...provider(d), workload_identity_pool_provider_id: 'others', oidc: {
      issuer_uri: otherOidc.issuer, allowed_audiences: [`https://iam.googleapis.com/${d.ref('google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-oidc-onprem', 'name')}/providers/oidc-onprem`],
    },
  }), { 'another cluster through another provider': IN }],
  ['the provider is disabled', 'a pool', d => { provider(d).disabled = true; }, me('invalid_target')],
  ['the pool is disabled', 'a pool', d => { d.of('google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-oidc-onprem').disabled = true; }, me('invalid_target')],
  ['the keys of another cluster are uploaded', 'a pool', (d, { otherOidc }) => { provider(d).oidc.jwks_json = otherOidc.jwks; }, { ...me('invalid_grant'), 'the keys of another cluster': IN }],
  ['the keys are those of another cluster', 'a pool with uploaded keys', (d, { otherOidc }) => { provider(d, 'oidc-vault').oidc.jwks_json = otherOidc.jwks; }, {
    ...me('invalid_grant'), 'the keys of another cluster': IN,
  }],
  ['the keys are lost', 'a pool with uploaded keys', d => delete provider(d, 'oidc-vault').oidc.jwks_json, me('invalid_grant')],
  // Members and roles.
  ['the member is another subject', 'a pool', d => { member(d).member = member(d).member.replace(READER, WRITER); }, me('PERMISSION_DENIED')],
  ['the member and the condition are for another subject', 'a pool', d => {
    member(d).member = member(d).member.replace(READER, WRITER);
    provider(d).attribute_condition = provider(d).attribute_condition.replace(READER, WRITER);
  }, { ...me('unauthorized_client'), 'another account': IN }],
  ['the member is of the pool of another cluster', 'a pool', d => { member(d).member = `principal://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/oidc-others/subject/${READER}`; }, { 'the apply': 'INVALID_ARGUMENT' }],
  ['the member loses the form of its subject', 'a pool', d => { member(d).member = member(d).member.replace('system:serviceaccount:', ''); }, me('PERMISSION_DENIED')],
  ['the member is on another account', 'a pool', d => { member(d).service_account_id = `projects/acme-apps/serviceAccounts/${MALLORY.email}`; }, me('PERMISSION_DENIED')],
  ['the member is lost', 'a pool', d => remove(d, 'google_service_account_iam_member'), me('PERMISSION_DENIED')],
  ['the role is owner', 'a pool', d => { member(d).role = 'roles/owner'; }, me('PERMISSION_DENIED')],
  ['the role is for ID tokens alone', 'a pool', d => { member(d).role = 'roles/iam.serviceAccountOpenIdTokenCreator'; }, me('PERMISSION_DENIED')],
  ['everyone is a member too', 'a pool', d => d.add('google_service_account_iam_member', 'Mutant', { ...member(d), member: 'allUsers' }), { 'another account of Google': IN }],
  ['everyone with an account of Google is a member too', 'a pool', d => d.add('google_service_account_iam_member', 'Mutant', { ...member(d), member: 'allAuthenticatedUsers' }), { 'another account of Google': IN }],
  ['another account may make its tokens', 'a pool', d => d.add('google_project_iam_member', 'Mutant', {
    project: 'acme-apps', role: 'roles/iam.serviceAccountTokenCreator', member: `serviceAccount:${MALLORY.email}`,
  }), { 'another account of Google': IN }],
  ['the member is another namespace', 'a pool for a namespace', d => { member(d, 'oidc-onprem_reports_').member = member(d, 'oidc-onprem_reports_').member.replace(/reports$/, 'billing'); }, {
    ...me('PERMISSION_DENIED'), 'another account': 'PERMISSION_DENIED',
  }],
  ['the attribute is lost', 'a pool for a namespace', d => delete provider(d).attribute_mapping['attribute.namespace'], { ...me('PERMISSION_DENIED'), 'another account': 'PERMISSION_DENIED' }],
  ['the attribute is the name of the service account', 'a pool for a namespace', d => {
    provider(d).attribute_mapping['attribute.namespace'] = "assertion['kubernetes.io']['serviceaccount']['name']";
  }, { ...me('PERMISSION_DENIED'), 'another account': 'PERMISSION_DENIED' }],
  ['the condition is dropped, and the attribute is always the same', 'a pool for a namespace', d => {
    delete provider(d).attribute_condition;
    provider(d).attribute_mapping['attribute.namespace'] = "'reports'";
  }, { 'another namespace': IN }],
  ['the condition is dropped', 'a pool for a namespace', d => delete provider(d).attribute_condition, 'no client: no-attribute-condition'],
  ['the grant on the bucket is lost', 'direct access', d => remove(d, 'google_storage_bucket_iam_member'), me('forbidden')],
  ['the grant is for another bucket', 'direct access', d => { grant(d, 'Federated_eks-apps_reports_reader').bucket = 'acme-billing'; }, { ...me('forbidden'), 'the pod lists another bucket': IN }],
  ['the grant is for writing', 'direct access', d => { grant(d, 'Federated_eks-apps_reports_reader').role = 'roles/storage.objectCreator'; }, { ...me('forbidden'), ...gain('writes a report') }],
  ['the grant is for another subject', 'direct access', d => { const found = grant(d, 'Federated_eks-apps_reports_reader'); found.member = found.member.replace(READER, WRITER); }, me('forbidden')],
  ['the grant is for everyone with an account of Google too', 'direct access', d => d.add('google_storage_bucket_iam_member', 'Mutant', {
    ...grant(d, 'Federated_eks-apps_reports_reader'), member: 'allAuthenticatedUsers',
  }), { 'another account of Google': IN }],
  // The credential file, and where it lies.
  ['the file has the audience of another provider', 'a pool', d => file(d, /google_iam_workload_identity_pool_provider\.[\w-]+\.name/, '"projects/123456789/locations/global/workloadIdentityPools/oidc-onprem/providers/other"'), me('invalid_target')],
  ['the file has another path for the token', 'a pool', d => file(d, '/gcp/token', '/gcp/tokens'), me('no such file')],
  ['the file impersonates another account', 'a pool', d => file(d, 'google_service_account.Account.email', `"${MALLORY.email}"`), me('PERMISSION_DENIED')],
  ['the file impersonates nobody', 'a pool', d => file(d, /, "service_account_impersonation_url" = join\([^)]*\)/, ''), me('forbidden')],
  ['the file is of another kind', 'a pool', d => file(d, '"external_account"', '"service_account"'), me('no key in the file')],
  ['the file has another type of token', 'a pool', d => file(d, 'token-type:jwt', 'token-type:access_token'), me('invalid_request')],
  ['the file asks another host', 'a pool', d => file(d, 'https://sts.googleapis.com/', 'https://sts.example.com/'), me('ENOTFOUND')],
  ['the variable of the file is lost', 'a pool', d => withoutEnv(d, 'GOOGLE_APPLICATION_CREDENTIALS'), me('no credentials')],
  ['the variable of the file names another file', 'a pool', d => { env(d, 'GOOGLE_APPLICATION_CREDENTIALS').value += 's'; }, me('no such file')],
  ['the token is for AWS', 'a pool', d => { token(d, 'gcp/token').audience = 'sts.amazonaws.com'; }, me('invalid_grant')],
  ['the token is in another file', 'a pool', d => { token(d, 'gcp/token').path = 'token'; }, me('no such file')],
  ['the ConfigMap has the file under another key', 'a pool', d => {
    const { data } = d.of('kubernetes_config_map_v1.Workload_ConfigMap');
    data.other = data[FILE];
    delete data[FILE];
  }, me('FailedMount')],
  ['the volume has another ConfigMap', 'a pool', d => { keyOfFile(d)[0].name = 'other'; }, me('FailedMount')],
  ['the container does not mount the volume', 'a pool', d => delete container(d).volume_mount, me('no such file')],
  // What the webhook of pfnet is told.
  ['the annotations are lost', 'the webhook of pfnet', d => delete serviceAccount(d).metadata.annotations, me('no credentials')],
  ['the annotation of the provider is lost', 'the webhook of pfnet', d => delete annotations(d)[`${PFNET}/workload-identity-provider`], me('Denied')],
  ['the annotation has the provider as a resource', 'the webhook of pfnet', d => {
    annotations(d)[`${PFNET}/workload-identity-provider`] = `//iam.googleapis.com/${annotations(d)[`${PFNET}/workload-identity-provider`]}`;
  }, me('Denied')],
  ['the annotation names another provider', 'the webhook of pfnet', d => {
    annotations(d)[`${PFNET}/workload-identity-provider`] = 'projects/123456789/locations/global/workloadIdentityPools/aks-apps/providers/other';
  }, me('invalid_target')],
  ['the annotation of the account is lost', 'the webhook of pfnet', d => delete annotations(d)[`${PFNET}/service-account-email`], me('Denied')],
  ['the annotation names another account', 'the webhook of pfnet', d => { annotations(d)[`${PFNET}/service-account-email`] = MALLORY.email; }, me('PERMISSION_DENIED')],
  ['the annotation of the audience is lost', 'the webhook of pfnet', d => delete annotations(d)[`${PFNET}/audience`], me('invalid_grant')],
  ['the annotation asks for another audience', 'the webhook of pfnet', d => { annotations(d)[`${PFNET}/audience`] = 'sts.amazonaws.com'; }, me('invalid_grant')],
  ['the webhook is told to impersonate nobody', 'the webhook of pfnet', d => { annotations(d)[`${PFNET}/token-exchange-mode`] = 'direct-access'; }, me('forbidden')],
  ['the webhook is told to impersonate', 'the webhook of pfnet for direct access', d => delete annotations(d)[`${PFNET}/token-exchange-mode`], me('Denied')],
  ['the pod skips its container', 'the webhook of pfnet', d => { pod(d).metadata.annotations = { [`${PFNET}/skip-containers`]: 'main' }; }, me('no credentials')],
  ['the pod does not name its service account', 'the webhook of pfnet', d => delete pod(d).spec.service_account_name, me('no credentials')],
  // Google's own pool.
  ['the account lets in another namespace', 'Google\'s own pool', d => { native(d).member = native(d).member.replace('[reports/', '[billing/'); }, {
    ...me('nothing from the metadata server'), 'another cluster of the project': 'nothing from the metadata server', 'another namespace': IN,
  }],
  ['the account lets in another service account too', 'Google\'s own pool', d => d.add('google_service_account_iam_member', 'Mutant', { ...native(d), member: native(d).member.replace('/reader]', '/writer]') }), {
    'another account': IN,
  }],
  ['the account lets in the pool of another project', 'Google\'s own pool', d => { native(d).member = native(d).member.replace('acme-apps.svc', 'acme-other.svc'); }, {
    ...me('nothing from the metadata server'), 'another cluster of the project': 'nothing from the metadata server', 'another cluster': IN,
  }],
  ['the account lets in a whole namespace', 'Google\'s own pool', d => {
    native(d).member = 'principalSet://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/acme-apps.svc.id.goog/namespace/reports';
  }, { 'another account': IN }],
  ['the role is owner', 'Google\'s own pool', d => { native(d).role = 'roles/owner'; }, { ...me('nothing from the metadata server'), 'another cluster of the project': 'nothing from the metadata server' }],
  ['the member is lost', 'Google\'s own pool', d => remove(d, 'google_service_account_iam_member'), { ...me('nothing from the metadata server'), 'another cluster of the project': 'nothing from the metadata server' }],
  ['the annotation is lost', 'Google\'s own pool', d => delete serviceAccount(d).metadata.annotations, me('forbidden')],
  ['the annotation names another account', 'Google\'s own pool', d => { annotations(d)['iam.gke.io/gcp-service-account'] = MALLORY.email; }, me('nothing from the metadata server')],
  ['the pod does not name its service account', 'Google\'s own pool', d => delete pod(d).spec.service_account_name, me('forbidden')],
  ['the grant is for a service account of another namespace', 'direct access through Google\'s own pool', d => {
    const found = grant(d, 'Native_acme-apps_reports_reader');
    found.member = found.member.replace('ns/reports/', 'ns/billing/');
  }, { ...me('forbidden'), 'another cluster of the project': 'forbidden', 'another namespace': IN }],
  ['the grant is for a pool of another project\'s number', 'direct access through Google\'s own pool', d => {
    const found = grant(d, 'Native_acme-apps_reports_reader');
    found.member = found.member.replace(/projects\/[^/]*\//, 'projects/678912345/');
  }, { 'the apply': 'INVALID_ARGUMENT' }],
  ['the grant is for all clusters of the project', 'Google\'s own pool for a cluster', d => { const found = grant(d, 'Native_gke-apps__'); found.member = found.member.replace(/kubernetes\.cluster.*$/, '*'); }, {
    'another cluster of the project': IN,
  }],
  ['the grant is for another cluster of the project', 'Google\'s own pool for a cluster', (d, { gkeNeighbour }) => {
    const found = grant(d, 'Native_gke-apps__');
    found.member = found.member.replace(/kubernetes\.cluster.*$/, `kubernetes.cluster/${gkeNeighbour.issuer}`);
  }, { ...me('forbidden'), 'another namespace': 'forbidden', 'another account': 'forbidden', 'another cluster of the project': IN }],
];

const AZURE: readonly Mutant[] = [
  ['the subject is of another namespace', 'Azure\'s webhook', d => { credential(d, 'aks-apps').subject = BILLING; }, { ...me('AADSTS700213'), 'another namespace': IN }],
  ['the subject is another account', 'Azure\'s webhook', d => { credential(d, 'aks-apps').subject = WRITER; }, { ...me('AADSTS700213'), 'another account': IN }],
  ['the subject is a pattern', 'Azure\'s webhook', d => { credential(d, 'aks-apps').subject = 'system:serviceaccount:reports:*'; }, me('AADSTS700213')],
  ['the subject has capitals', 'Azure\'s webhook', d => { credential(d, 'aks-apps').subject = READER.replace('reader', 'Reader'); }, me('AADSTS7002138')],
  ['a credential for another account is added', 'Azure\'s webhook', d => d.add('azurerm_federated_identity_credential', 'Mutant', { ...credential(d, 'aks-apps'), name: 'mutant', subject: WRITER }), { 'another account': IN }],
  ['the issuer is that of another cluster', 'Azure\'s webhook', (d, { otherAks }) => { credential(d, 'aks-apps').issuer = otherAks.issuer; }, { ...me('AADSTS700211'), 'another cluster': IN }],
  ['the slash at the end of the issuer is lost', 'Azure\'s webhook', d => { credential(d, 'aks-apps').issuer = AKS_ISSUER.replace(/\/$/, ''); }, me('AADSTS700211')],
  ['the audience is that of AWS', 'Azure\'s webhook', d => { credential(d, 'aks-apps').audience = ['sts.amazonaws.com']; }, { ...me('AADSTS700212'), 'a token for another cloud': IN }],
  ['the audience is that of the Kubernetes API', 'Azure\'s webhook', (d, { aks }) => { credential(d, 'aks-apps').audience = [aks.apiAudience]; }, {
    ...me('AADSTS700212'), 'a token for the Kubernetes API': IN,
  }],
  ['the credential is lost', 'Azure\'s webhook', d => remove(d, 'azurerm_federated_identity_credential'), me('AADSTS70021')],
  ['the annotation of the client is lost', 'Azure\'s webhook', d => delete annotations(d)['azure.workload.identity/client-id'], me('no credentials')],
  ['the annotation names another client', 'Azure\'s webhook', d => { annotations(d)['azure.workload.identity/client-id'] = '00000000-0000-0000-0000-000000000042'; }, me('AADSTS700016')],
  ['the annotation names another tenant', 'Azure\'s webhook', d => { annotations(d)['azure.workload.identity/tenant-id'] = '00000000-0000-0000-0000-000000000042'; }, me('AADSTS90002')],
  ['the annotation asks for tokens that Azure\'s webhook does not give', 'Azure\'s webhook', d => { annotations(d)['azure.workload.identity/service-account-token-expiration'] = '600'; }, me('Denied')],
  ['the label is lost', 'Azure\'s webhook', d => delete pod(d).metadata.labels, me('no credentials')],
  ['the label is on the service account alone', 'Azure\'s webhook', d => { serviceAccount(d).metadata.labels = pod(d).metadata.labels; delete pod(d).metadata.labels; }, me('no credentials')],
  ['the pod skips its container', 'Azure\'s webhook', d => { pod(d).metadata.annotations = { 'azure.workload.identity/skip-containers': 'main' }; }, me('no credentials')],
  ['the pod does not name its service account', 'Azure\'s webhook', d => delete pod(d).spec.service_account_name, me('no credentials')],
  ['the annotation of the tenant is lost', 'Azure\'s webhook elsewhere', d => delete annotations(d)['azure.workload.identity/tenant-id'], me('AADSTS90002')],
  ['the label is lost', 'Azure\'s webhook elsewhere', d => delete pod(d).metadata.labels, me('no credentials')],
  ['the client is lost', 'a projected token for Azure', d => withoutEnv(d, 'AZURE_CLIENT_ID'), me('no credentials')],
  ['the client is another one', 'a projected token for Azure', d => { env(d, 'AZURE_CLIENT_ID').value = '00000000-0000-0000-0000-000000000042'; }, me('AADSTS700016')],
  ['the tenant is lost', 'a projected token for Azure', d => withoutEnv(d, 'AZURE_TENANT_ID'), me('no credentials')],
  ['the tenant is another one', 'a projected token for Azure', d => { env(d, 'AZURE_TENANT_ID').value = '00000000-0000-0000-0000-000000000042'; }, me('AADSTS90002')],
  ['the variable of the token is lost', 'a projected token for Azure', d => withoutEnv(d, 'AZURE_FEDERATED_TOKEN_FILE'), me('no credentials')],
  ['the variable of the token names another file', 'a projected token for Azure', d => { env(d, 'AZURE_FEDERATED_TOKEN_FILE').value += 's'; }, me('no such file')],
  ['the authority is that of another cloud', 'a projected token for Azure', d => { env(d, 'AZURE_AUTHORITY_HOST').value = 'https://login.microsoftonline.us/'; }, me('no such host')],
  ['the token is for AWS', 'a projected token for Azure', d => { token(d, 'azure/token').audience = 'sts.amazonaws.com'; }, me('AADSTS700212')],
  ['the token is in another file', 'a projected token for Azure', d => { token(d, 'azure/token').path = 'token'; }, me('no such file')],
  ['the container does not mount the volume', 'a projected token for Azure', d => delete container(d).volume_mount, me('no such file')],
  ['the subject is of another namespace', 'an application of Entra ID', d => { applicationCredential(d).subject = BILLING; }, { ...me('AADSTS700213'), 'another namespace': IN }],
  ['the issuer gains a slash', 'an application of Entra ID', d => { applicationCredential(d).issuer += '/'; }, me('AADSTS700211')],
  ['the issuer is that of another cluster', 'an application of Entra ID', (d, { otherOidc }) => { applicationCredential(d).issuer = otherOidc.issuer; }, { ...me('AADSTS700211'), 'another cluster': IN }],
  ['the audience is another one', 'an application of Entra ID', d => { applicationCredential(d).audiences = ['https://somebody.example.com']; }, { ...me('AADSTS700212'), 'another audience': IN }],
  ['the credential is lost', 'an application of Entra ID', d => remove(d, 'azuread_application_federated_identity_credential'), me('AADSTS70021')],
];

const THREE_CLOUDS: readonly Mutant[] = [
  ['the tokens of two clouds are swapped', 'three clouds', d => {
    const [aws, azure] = [token(d, 'aws/token'), token(d, 'azure/token')];
    [aws.audience, azure.audience] = [azure.audience, aws.audience];
  }, {
    'main to AWS': 'InvalidIdentityTokenException', 'main to Azure': 'AADSTS700212', 'sidecar to AWS': 'InvalidIdentityTokenException', 'sidecar to Azure': 'AADSTS700212',
  }],
  ['two clouds share the file of a token', 'three clouds', d => { env(d, 'AWS_WEB_IDENTITY_TOKEN_FILE').value = env(d, 'AZURE_FEDERATED_TOKEN_FILE').value; }, { 'main to AWS': 'InvalidIdentityTokenException' }],
  ['the credential file reads the token of another cloud', 'three clouds', d => file(d, '/gcp/token', '/aws/token'), { 'main to Google Cloud': 'invalid_grant', 'sidecar to Google Cloud': 'invalid_grant' }],
  ['the token of one cloud is lost', 'three clouds', d => sources(d).splice(sources(d).findIndex(source => source.service_account_token?.path === 'gcp/token'), 1), {
    'main to Google Cloud': 'no such file', 'sidecar to Google Cloud': 'no such file',
  }],
  ['one token is for all clouds', 'three clouds', d => sources(d).forEach(({ service_account_token: found }) => found && (found.audience = 'sts.amazonaws.com')), {
    'main to Google Cloud': 'invalid_grant', 'main to Azure': 'AADSTS700212', 'sidecar to Google Cloud': 'invalid_grant', 'sidecar to Azure': 'AADSTS700212',
  }],
  ['the second container does not mount the volume', 'three clouds', d => delete container(d, 1).volume_mount, {
    'sidecar to AWS': 'no such file', 'sidecar to Google Cloud': 'no such file', 'sidecar to Azure': 'no such file',
  }],
  ['the second container has no variables', 'three clouds', d => delete container(d, 1).env, {
    'sidecar to AWS': 'no region', 'sidecar to Google Cloud': 'no credentials', 'sidecar to Azure': 'no credentials',
  }],
  ['the ConfigMap is lost', 'three clouds', d => { sources(d).splice(sources(d).findIndex(source => source.config_map !== undefined), 1); }, {
    'main to Google Cloud': 'no such file', 'sidecar to Google Cloud': 'no such file',
  }],
];

/** What a pod may do beyond its own, and what AWS's constructs say besides. */
const GTOKEN = 'the gtoken webhook of the library';
const CERT_MANAGER = 'the gtoken webhook with cert-manager';
const AWS_FURTHER: readonly Mutant[] = [
  ['everything of S3 is allowed', 'what a role may do', d => permissions(d).splice(0, 9, { effect: 'Allow', actions: ['s3:*'], resources: ['*'] }), {
    ...gain('lists the rest of its bucket', 'reads the rest of its bucket', 'lists another bucket', 'writes a report', 'deletes one of its reports'),
  }],
  ['administration is allowed', 'what a role may do', d => d.add('aws_iam_role_policy_attachment', 'Mutant', {
    role: d.ref('aws_iam_role.Role', 'name'), policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess',
  }), gain('lists the rest of its bucket', 'reads the rest of its bucket', 'lists another bucket', 'goes on to another role', 'writes a report', 'deletes one of its reports')],
  ['every role may be assumed', 'what a role may do', d => permissions(d).push({ effect: 'Allow', actions: ['sts:AssumeRole'], resources: ['*'] }), { 'the pod goes on to another role': IN }],
  ['the prefix is lost for listing', 'what a role may do', d => delete listing(d).condition, { 'the pod lists the rest of its bucket': IN }],
  ['the prefix is lost for reading', 'what a role may do', d => { reading(d).resources = ['arn:aws:s3:::data-of-123456789012/*']; }, { 'the pod reads the rest of its bucket': IN }],
  ['every bucket may be listed', 'what a role may do', d => { listing(d).resources = ['*']; }, { 'the pod lists another bucket': IN }],
  ['the prefix is another one for listing', 'what a role may do', d => { listing(d).condition[0].values = ['other/*']; }, { 'the pod lists its reports': 'AccessDenied' }],
  ['the prefix is another one for reading', 'what a role may do', d => { reading(d).resources = ['arn:aws:s3:::data-of-123456789012/other/*']; }, { 'the pod reads one of its reports': 'AccessDenied' }],
  ['the bucket is granted, and not its objects', 'what a role may do', d => { reading(d).resources = ['arn:aws:s3:::data-of-123456789012']; }, { 'the pod reads one of its reports': 'AccessDenied' }],
  ['the grant is for another bucket', 'what a role may do', d => { listing(d).resources = ['arn:aws:s3:::payroll-of-123456789012']; }, {
    'the pod lists its reports': 'AccessDenied', 'the pod lists another bucket': IN,
  }],
  ['the grants are lost', 'what a role may do', d => remove(d, 'aws_iam_role_policy'), {
    ...me('AccessDenied'), 'the pod lists its reports': 'AccessDenied', 'the pod reads one of its reports': 'AccessDenied',
  }],
  ['the grants are on a role that is not there', 'what a role may do', d => { first(d, 'aws_iam_role_policy').role = 'other'; }, { 'the apply': 'NoSuchEntity' }],
  ['the grants are on the role of somebody else', 'what a role may do', d => { first(d, 'aws_iam_role_policy').role = 'mallory'; }, {
    ...me('AccessDenied'), 'the pod lists its reports': 'AccessDenied', 'the pod reads one of its reports': 'AccessDenied',
  }],
  ['the grant for reading is for everything', 'what a role may do', d => { reading(d).actions = ['s3:*']; }, gain('writes a report', 'deletes one of its reports')],
  ['the grant for reading is for writing too', 'what a role may do', d => reading(d).actions.push('s3:PutObject'), gain('writes a report')],
  // Grants for writing.
  ['the grant for putting is for everything', 'what a role may put', d => { putting(d).actions = ['s3:*']; }, gain('reads one of its reports', 'deletes one of its reports')],
  ['the grant for putting is for deleting too', 'what a role may put', d => putting(d).actions.push('s3:DeleteObject'), gain('deletes one of its reports')],
  ['the grant for putting is for reading too', 'what a role may put', d => putting(d).actions.push('s3:GetObject'), gain('reads one of its reports')],
  ['the prefix is lost for putting', 'what a role may put', d => { putting(d).resources = ['arn:aws:s3:::data-of-123456789012/*']; }, gain('writes to the rest of its bucket')],
  ['every bucket may be put into', 'what a role may put', d => { putting(d).resources = ['*']; }, gain('writes to the rest of its bucket', 'writes to another bucket')],
  ['the prefix is another one for putting', 'what a role may put', d => { putting(d).resources = ['arn:aws:s3:::data-of-123456789012/other/*']; }, lose('AccessDenied', ...PUTS)],
  ['the bucket may be put into, and not its objects', 'what a role may put', d => { putting(d).resources = ['arn:aws:s3:::data-of-123456789012']; }, lose('AccessDenied', ...PUTS)],
  ['putting is denied', 'what a role may put', d => { putting(d).effect = 'Deny'; }, lose('AccessDenied', ...PUTS)],
  ['an upload may not be given up', 'what a role may put', d => { putting(d).actions = ['s3:PutObject']; }, lose('AccessDenied', 'gives up a report in parts')],
  ['an upload may be given up, and nothing be put', 'what a role may put', d => { putting(d).actions = ['s3:AbortMultipartUpload']; }, lose('AccessDenied', ...PUTS)],
  ['the grant for writing is for everything', 'what a role of EKS Pod Identity may write', d => { putting(d).actions = ['s3:*']; }, gain('reads one of its reports')],
  ['the prefix is lost for writing', 'what a role of EKS Pod Identity may write', d => { putting(d).resources = ['arn:aws:s3:::data-of-123456789012/*']; }, gain(
    'writes to the rest of its bucket', 'deletes from the rest of its bucket')],
  ['nothing may be deleted', 'what a role of EKS Pod Identity may write', d => putting(d).actions.splice(1, 1), lose('AccessDenied', 'deletes one of its reports')],
  ['the grant for putting is for everything of its account', 'what the last role of a chain may put', d => Object.assign(putting(d, 'Target'), { actions: ['s3:*'], resources: ['*'] }), gain(
    'lists its reports', 'reads one of its reports', 'lists its whole bucket', 'lists the rest of its bucket', 'reads the rest of its bucket', 'lists another bucket', 'writes to the rest of its bucket',
    'writes to another bucket', 'deletes one of its reports', 'deletes from the rest of its bucket', 'deletes from another bucket')],
  ['the first role may put, and the last one may not', 'what the last role of a chain may put', d => Object.assign(d.of('aws_iam_role_policy.Target_InlinePolicy'), { role: d.ref('aws_iam_role.Role', 'name'), name: 'put' }), {
    ...me('AccessDenied'), ...lose('AccessDenied', ...PUTS),
  }],
  ['sessions may last twelve hours', 'what a role may do', d => { d.of('aws_iam_role.Role').max_session_duration = 43200; }, { 'the pod stays for twelve hours': IN }],
  ['sessions may last longer than AWS lets them', 'what a role may do', d => { d.of('aws_iam_role.Role').max_session_duration = 43201; }, { 'the apply': 'ValidationError' }],
  ['the boundary is lost', 'a role within a boundary', d => delete d.of('aws_iam_role.Role').permissions_boundary, { 'the pod lists another bucket': IN }],
  ['the boundary is administration', 'a role within a boundary', d => { d.of('aws_iam_role.Role').permissions_boundary = 'arn:aws:iam::aws:policy/AdministratorAccess'; }, { 'the pod lists another bucket': IN }],
  ['the boundary lets nothing through', 'a role within a boundary', d => { d.of('aws_iam_role.Role').permissions_boundary = 'arn:aws:iam::aws:policy/SecurityAudit'; }, {
    ...me('AccessDenied'), 'the pod reads the rest of its bucket': 'AccessDenied',
  }],
  // Tokens and variables.
  ['the token is valid for a day', 'a projected token for AWS', d => { token(d, 'aws/token').expiration_seconds = 86400; }, 'no client: token-lifetime'],
  ['the annotation of the tokens\' lifetime is lost', 'IRSA', d => delete annotations(d)['eks.amazonaws.com/token-expiration'], 'no client: token-lifetime'],
  ['the annotation of the region\'s endpoint is lost', 'IRSA', d => delete annotations(d)['eks.amazonaws.com/sts-regional-endpoints'], 'nothing: no client here is old enough to ask STS in us-east-1 where it is told nothing'],
  ['the region of the JavaScript SDK is lost', 'a projected token for AWS', d => withoutEnv(d, 'AWS_REGION'), me('no region')],
  ['the region of Python\'s SDK is lost', 'a projected token for AWS', d => withoutEnv(d, 'AWS_DEFAULT_REGION'), 'aws 1: You must specify a region'],
  ['the pod skips EKS\'s webhook', 'IRSA', d => { pod(d).metadata.labels = { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' }; }, me('no region')],
  ['the service account is in another namespace', 'IRSA', d => { serviceAccount(d).metadata.namespace = 'billing'; }, me('AccessDenied')],
  ['the service account has another name', 'IRSA', d => { serviceAccount(d).metadata.name = 'writer'; }, me('AccessDenied')],
  ['the first container does not mount the volume', 'two kinds of containers', d => delete pod(d).spec.init_container[0].volume_mount, { 'first to AWS': 'no such file' }],
  ['the first container has no variables', 'two kinds of containers', d => delete pod(d).spec.init_container[0].env, { 'first to AWS': 'no region' }],
  ['the token of the Kubernetes API is mounted again', 'no access to the Kubernetes API', d => { pod(d).spec.automount_service_account_token = true; }, { 'the pod has a token for the Kubernetes API': IN }],
  ['the pod no longer says that it is not mounted', 'no access to the Kubernetes API', d => delete pod(d).spec.automount_service_account_token, { 'the pod has a token for the Kubernetes API': IN }],
  // EKS Pod Identity.
  ['the name of the cluster is compared, and not the ARN', 'Pod Identity', d => Object.assign(d.condition('Role', tags[0]), { variable: 'aws:RequestTag/eks-cluster-name', values: ['apps'] }), {
    'another cluster of the same name': IN,
  }],
  ...tags.flatMap((tag): Mutant[] => [
    [`the target does not compare ${tag.slice(1)}`, 'Pod Identity with a target', d => without(d, 'Target', tag), 'nobody gains: the first role compares it, and EKS hands its tags on'],
    [`neither role compares ${tag.slice(1)}`, 'Pod Identity with a target', d => ['Role', 'Target'].forEach(role => without(d, role, tag)), {
      [Object.keys(TAG_OF).find(who => TAG_OF[who] === tag)!]: IN, ...tag === tags[0] && { 'another cluster of the same name': IN },
    }],
    [`the first role does not compare ${tag.slice(1)}`, 'Pod Identity with a target', d => without(d, 'Role', tag), 'no client: diff: Role unknown'],
  ]),
  ['neither role has conditions', 'Pod Identity with a target', d => ['Role', 'Target'].forEach(role => delete d.trust(role).condition), {
    ...both, 'another cluster': IN, 'another cluster of the same name': IN,
  }],
  ['the first role may assume every role', 'Pod Identity with a target', d => { permissions(d)[0].resources = ['*']; }, 'no client: diff: Role same'],
  ['the target is in the account of the first role', 'Pod Identity with a target', d => {
    Object.assign(d.json, JSON.parse(JSON.stringify(d.json).replaceAll(',"provider":"aws.other"', '').replaceAll('"provider":"aws.other",', '')));
  }, me('is aws_iam_role.Target')],
  ['the pod does not wait for the association', 'Pod Identity', d => withoutOrder(d, 'aws_eks_pod_identity_association'), 'the order: aws_eks_pod_identity_association.Role_Association_eks-apps_reports_reader, aws_iam_role.Role'],
  ['the pod does not wait for the permission to go on', 'Pod Identity with a target', d => withoutOrder(d, 'aws_iam_role_policy'), 'the order: aws_iam_role_policy.Role_InlinePolicy'],
  ['the pod does not wait for the permission to go on', 'a chain of roles', d => withoutOrder(d, 'aws_iam_role_policy'), 'the order: aws_iam_role_policy.Role_InlinePolicy'],
  // A chain in a config file.
  ['the first role may assume every role', 'a chain of roles', d => { permissions(d)[0].resources = ['*']; }, { 'the pod goes from its first role to another one': `gets in as ${payrollRole('123456789012')}` }],
  ['the last role may assume every role', 'a chain of roles', d => d.add('aws_iam_role_policy', 'Mutant', {
    name: 'mutant', role: d.ref('aws_iam_role.Target', 'name'), policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }] }),
  }), { 'the pod goes on to another role': IN }],
  // Within an account it is enough that the next role names the one before; what the permissions are is a grant to the tool.
  ['the first role may not assume the second', 'a chain of roles', d => { permissions(d)[0].resources = ['arn:aws:iam::123456789012:role/other']; }, 'no client: diff: Role same'],
  ['the first role must not assume the second', 'a chain of roles', d => { permissions(d)[0].effect = 'Deny'; }, me('AccessDenied')],
  ['the second role may not assume the third', 'a chain of three roles', d => { permissions(d, 'Middle')[0].resources = ['arn:aws:iam::123456789012:role/other']; }, 'no client: diff: Middle same'],
  ['the third role trusts the first one', 'a chain of three roles', d => { d.trust('Target').principals[0].identifiers = [d.ref('aws_iam_role.Role', 'arn')]; }, me('AccessDenied')],
  ['the third role trusts everything of the account', 'a chain of three roles', d => { d.trust('Target').principals[0].identifiers = ['123456789012']; }, { 'another role of the account': IN }],
  ['the second role trusts everything of the account', 'a chain of three roles', d => { d.trust('Middle').principals[0].identifiers = ['123456789012']; }, { 'another role of the account': IN }],
  ['the second step is left out', 'a chain of three roles', d => file(d, 'source_profile = step-2', 'source_profile = step-1'), me('AccessDenied')],
  ['the external id is not compared', 'a chain with an external id', d => delete d.trust('Target').condition, { 'the pod says no external id': IN }],
  ['the external id is compared only where it is said', 'a chain with an external id', d => { d.condition('Target', 'sts:ExternalId').test = 'StringEqualsIfExists'; }, { 'the pod says no external id': IN }],
  ['the external id is another one', 'a chain with an external id', d => { d.condition('Target', 'sts:ExternalId').values = ['another']; }, me('AccessDenied')],
  ['the external id is not said', 'a chain with an external id', d => file(d, /, "external_id = [^"]*"/, ''), me('AccessDenied')],
  ['another external id is said', 'a chain with an external id', d => file(d, /(external_id = [^"]*)/, '$11'), me('AccessDenied')],
  // Through an account of Google.
  ...(['by gtoken', 'by the metadata server'] as const).map((by): Mutant => ['the container that keeps the token fresh is lost', `ID tokens for long, ${by}`, d => pod(d).spec.container.splice(1, 1), {
    'the pod is let in two hours later': 'ExpiredTokenException',
  }]),
  ['the webhook is called for updates', GTOKEN, d => { webhook(d).rule[0].operations = ['UPDATE']; }, me('no credentials')],
  ['the webhook is called at another path', GTOKEN, d => { webhook(d).client_config.service.path = '/'; }, me('no credentials')],
  ['the webhook wants a label of the namespace', GTOKEN, d => { webhook(d).namespace_selector.match_expressions[0].operator = 'Exists'; }, me('no credentials')],
  ['the webhook wants a label of the pod', GTOKEN, d => { webhook(d).object_selector = { match_labels: { gtoken: 'true' } }; }, me('no credentials')],
  ['the webhook is called for what has no namespace', GTOKEN, d => { webhook(d).rule[0].scope = 'Cluster'; }, me('no credentials')],
  ['the webhook is asked again', 'the gtoken webhook beside Azure\'s', d => { webhook(d).reinvocation_policy = 'IfNeeded'; }, me('Invalid')],
  // What its server may do in the cluster.
  ['the webhook may not read service accounts', GTOKEN, d => { rule(d).resources = ['pods']; }, me('no credentials')],
  ['the webhook may read the service accounts of another group of the API', GTOKEN, d => { rule(d).api_groups = ['apps']; }, me('no credentials')],
  ['the webhook may read one service account', GTOKEN, d => { rule(d).resource_names = ['writer']; }, me('no credentials')],
  ['the webhook may list service accounts and not read one', GTOKEN, d => { rule(d).verbs = ['list']; }, { ...me('no credentials'), 'the webhook lists service accounts': IN }],
  ['the webhook may read secrets', GTOKEN, d => rule(d).resources.push('secrets'), { 'the webhook reads a secret': IN }],
  ['the webhook may read everything', GTOKEN, d => { rule(d).resources = ['*']; }, { 'the webhook reads a secret': IN, 'the webhook reads a ConfigMap': IN }],
  ['the webhook may do everything with service accounts', GTOKEN, d => { rule(d).verbs = ['*']; }, {
    'the webhook lists service accounts': IN, 'the webhook changes a service account': IN, 'the webhook acts as a service account': IN,
  }],
  ['the webhook may make tokens', GTOKEN, d => first(d, 'kubernetes_cluster_role_v1').rule.push({ api_groups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] }), {
    'the webhook makes tokens of a service account': IN,
  }],
  ['the webhook administers the cluster', GTOKEN, d => { binding(d).role_ref.name = 'cluster-admin'; }, Object.fromEntries(Object.keys(AROUND).filter(name => name.startsWith('the webhook ')).map(name => [name, IN]))],
  ['the role is for every account of the webhook\'s namespace', GTOKEN, d => { binding(d).subject = [{ kind: 'Group', api_group: 'rbac.authorization.k8s.io', name: 'system:serviceaccounts:gtoken' }]; }, {
    'another account of its namespace reads a service account': IN,
  }],
  ['the role is for every account', GTOKEN, d => { binding(d).subject = [{ kind: 'Group', api_group: 'rbac.authorization.k8s.io', name: 'system:serviceaccounts' }]; }, {
    'another account of its namespace reads a service account': IN, 'another account reads a service account': IN,
  }],
  ['the role is for another account', GTOKEN, d => { binding(d).subject[0].name = 'default'; }, { ...me('no credentials'), 'another account of its namespace reads a service account': IN }],
  ['the role is for the account of the name in another namespace', GTOKEN, d => { binding(d).subject[0].namespace = 'default'; }, me('no credentials')],
  ['another role is bound', GTOKEN, d => { binding(d).role_ref.name = 'other'; }, me('no credentials')],
  ['the role is not bound', GTOKEN, d => remove(d, 'kubernetes_cluster_role_binding_v1'), me('no credentials')],
  ['the webhook runs as another account', GTOKEN, d => delete ofServer(d).service_account_name, me('no credentials')],
  ['the webhook gets no token for the Kubernetes API', GTOKEN, d => { ofServer(d).automount_service_account_token = false; }, me('no credentials')],
  // How the API server finds it, and by what it knows it.
  ['the API server does not know the certificate of the webhook', GTOKEN, d => delete webhook(d).client_config.ca_bundle, me('no credentials')],
  ['the API server knows the certificate of another authority', GTOKEN, d => {
    addAuthority(d);
    webhook(d).client_config.ca_bundle = '${tls_self_signed_cert.Mutant.cert_pem}';
  }, me('no credentials')],
  ['another authority signs the certificate', GTOKEN, d => {
    addAuthority(d);
    Object.assign(certificate(d), { ca_private_key_pem: '${tls_private_key.Mutant.private_key_pem}', ca_cert_pem: '${tls_self_signed_cert.Mutant.cert_pem}' });
  }, me('no credentials')],
  ['the authority may sign nothing', GTOKEN, d => { first(d, 'tls_self_signed_cert').is_ca_certificate = false; }, me('no credentials')],
  ['the certificate is for another name', GTOKEN, d => { first(d, 'tls_cert_request').dns_names = ['gtoken-webhook', 'gtoken-webhook.gtoken']; }, me('no credentials')],
  ['the certificate says its name where nobody reads it', GTOKEN, d => Object.assign(first(d, 'tls_cert_request'), { dns_names: [], subject: [{ common_name: 'gtoken-webhook.gtoken.svc' }] }), me('no credentials')],
  ['the certificate is of clients', GTOKEN, d => { certificate(d).allowed_uses = ['digital_signature', 'client_auth']; }, me('no credentials')],
  ['the certificate has ended', GTOKEN, d => { certificate(d).validity_period_hours = 0; }, me('no credentials')],
  ['the key is that of the authority', GTOKEN, d => { first(d, 'kubernetes_secret_v1').data['tls.key'] = certificate(d).ca_private_key_pem; }, me('no credentials')],
  ['the webhook has another Secret', GTOKEN, d => { ofServer(d).volume[0].secret.secret_name = 'other'; }, me('no credentials')],
  ['the webhook may not read its key', GTOKEN, d => delete ofServer(d).security_context.fs_group, me('no credentials')],
  ['the webhook speaks HTTP', GTOKEN, d => { ofServer(d).container[0].args = ofServer(d).container[0].args.filter((word: string) => !word.startsWith('--tls-')); }, me('no credentials')],
  ['the webhook is never ready', GTOKEN, d => { ofServer(d).container[0].readiness_probe.http_get.scheme = 'HTTP'; }, me('no credentials')],
  ['the webhook has no pods', GTOKEN, d => { first(d, 'kubernetes_deployment_v1').spec.replicas = '0'; }, me('no credentials')],
  ['the service has other pods', GTOKEN, d => { service(d).selector['app.kubernetes.io/name'] = 'other'; }, me('no credentials')],
  ['the service goes to another port', GTOKEN, d => { service(d).port[0].target_port = '443'; }, me('no credentials')],
  ['the API server asks another service', GTOKEN, d => { webhook(d).client_config.service.name = 'other'; }, me('no credentials')],
  ['the API server asks a service of another namespace', GTOKEN, d => { webhook(d).client_config.service.namespace = 'reports'; }, me('no credentials')],
  ['the API server asks another port', GTOKEN, d => { webhook(d).client_config.service.port = 8443; }, me('no credentials')],
  ['no pod starts without the webhook', GTOKEN, d => { webhook(d).failure_policy = 'Fail'; }, { 'a pod that nobody wires starts while the webhook is away': 'InternalError' }],
  ['no pod starts without the webhook, whose certificate nobody knows', GTOKEN, d => {
    webhook(d).failure_policy = 'Fail';
    delete webhook(d).client_config.ca_bundle;
  }, { ...me('InternalError'), 'a pod that nobody wires starts': 'InternalError', 'a pod that nobody wires starts while the webhook is away': 'InternalError' }],
  ['no pod starts without the webhook, which waits for itself', GTOKEN, d => {
    webhook(d).failure_policy = 'Fail';
    delete webhook(d).namespace_selector;
  }, { ...me('InternalError'), 'a pod that nobody wires starts': 'InternalError', 'a pod that nobody wires starts while the webhook is away': 'InternalError' }],
  // The same by cert-manager.
  ['the API server is not told the authority', CERT_MANAGER, d => delete first(d, 'kubernetes_mutating_webhook_configuration_v1').metadata.annotations, me('no credentials')],
  ['the API server is told that of another certificate', CERT_MANAGER, d => {
    first(d, 'kubernetes_mutating_webhook_configuration_v1').metadata.annotations['cert-manager.io/inject-ca-from'] = 'gtoken/other';
  }, me('no credentials')],
  ['the certificate is for another name', CERT_MANAGER, d => { specOf(d, 'Certificate', 'gtoken-webhook').dnsNames = ['gtoken-webhook']; }, me('no credentials')],
  ['the certificate is of clients', CERT_MANAGER, d => { specOf(d, 'Certificate', 'gtoken-webhook').usages = ['digital signature', 'client auth']; }, me('no credentials')],
  ['the certificate has ended', CERT_MANAGER, d => { specOf(d, 'Certificate', 'gtoken-webhook').duration = '0h0m0s'; }, me('no credentials')],
  ['the certificate is in another Secret', CERT_MANAGER, d => { specOf(d, 'Certificate', 'gtoken-webhook').secretName = 'other'; }, me('no credentials')],
  ['the issuer is another one', CERT_MANAGER, d => { specOf(d, 'Certificate', 'gtoken-webhook').issuerRef.name = 'other'; }, me('no credentials')],
  ['the issuer signs with another Secret', CERT_MANAGER, d => { specOf(d, 'Issuer', 'gtoken-webhook-authority').ca.secretName = 'other'; }, me('no credentials')],
  ['the authority waits for itself', CERT_MANAGER, d => { specOf(d, 'Certificate', 'gtoken-webhook-authority').issuerRef.name = 'gtoken-webhook-authority'; }, me('no credentials')],
  ['the authority may sign nothing', CERT_MANAGER, d => { specOf(d, 'Certificate', 'gtoken-webhook-authority').isCA = false; }, me('no credentials')],
  ['the volume of the token is no longer memory', 'Google\'s ID tokens by gtoken', d => delete pod(d).spec.volume[0].empty_dir.medium, { 'the pod leaves its token on the disk of its node': IN }],
];

const GOOGLE_FURTHER: readonly Mutant[] = [
  ['everyone of the pool may have tokens of every account of the project', 'what an account may do', d => {
    const { member: whom } = member(d);
    remove(d, 'google_service_account_iam_member');
    d.add('google_project_iam_member', 'Mutant', { project: 'acme-apps', role: 'roles/iam.workloadIdentityUser', member: whom });
  }, { 'the pod becomes another account of Google': `gets in as serviceAccount:${MALLORY.email}` }],
  ['the pod may make what its account signs', 'what an account may do', d => { member(d).role = 'roles/iam.serviceAccountTokenCreator'; }, { 'the pod signs in the name of its account': IN }],
  ['the bucket is granted with its project', 'what an account may do', d => {
    const { role, member: whom } = first(d, 'google_storage_bucket_iam_member');
    remove(d, 'google_storage_bucket_iam_member');
    d.add('google_project_iam_member', 'Mutant', { project: 'acme-apps', role, member: whom });
  }, { 'the pod lists another bucket': IN }],
  ['everything of Cloud Storage is granted', 'what an account may do', d => d.add('google_project_iam_member', 'Mutant', {
    project: 'acme-apps', role: 'roles/storage.admin', member: first(d, 'google_storage_bucket_iam_member').member,
  }), gain('lists another bucket', 'writes a report', 'deletes one of its reports')],
  ['the grant for reading is for writing', 'what an account may do', d => { first(d, 'google_storage_bucket_iam_member').role = 'roles/storage.objectUser'; }, gain('writes a report', 'deletes one of its reports')],
  ['the grant for reading is for creating too', 'what an account may do', d => d.add('google_storage_bucket_iam_member', 'Mutant', {
    ...first(d, 'google_storage_bucket_iam_member'), role: 'roles/storage.objectCreator',
  }), gain('writes a report')],
  ['the grant for reading is for writing', 'direct access', d => { first(d, 'google_storage_bucket_iam_member').role = 'roles/storage.objectUser'; }, gain('writes a report', 'deletes one of its reports')],
  // Grants for creating and writing.
  ...(['what an account may create', 'what a principal may create'] as const).flatMap((setup): Mutant[] => [
    ...(['objectUser', 'objectAdmin', 'admin', 'legacyBucketWriter'] as const).map((role): Mutant => [
      `the grant for creating is ${role}`, setup, d => { creating(d).role = `roles/storage.${role}`; }, gain('overwrites one of its reports', 'deletes one of its reports'),
    ]),
    ['the grant for creating is for reading', setup, d => { creating(d).role = 'roles/storage.objectViewer'; }, lose('forbidden', ...CREATES)],
    ['the grant for creating is lost', setup, d => withoutCreating(d), lose('forbidden', ...CREATES)],
    ['the grant for creating is for another bucket', setup, d => { creating(d).bucket = 'acme-billing'; }, { ...lose('forbidden', ...CREATES), ...gain('writes to another bucket') }],
  ]),
  ['creating is granted with the project', 'what an account may create', d => d.add('google_project_iam_member', 'Mutant', {
    project: 'acme-apps', role: 'roles/storage.objectCreator', member: withoutCreating(d),
  }), gain('writes to another bucket')],
  ['writing is granted with the project', 'what a principal may create', d => d.add('google_project_iam_member', 'Mutant', {
    project: 'acme-apps', role: 'roles/storage.objectUser', member: withoutCreating(d),
  }), gain('overwrites one of its reports', 'deletes one of its reports', 'lists another bucket', 'reads from another bucket', 'writes to another bucket', 'deletes from another bucket')],
  ['the grant for writing is for creating', 'what an account may write', d => { first(d, 'google_storage_bucket_iam_member').role = 'roles/storage.objectCreator'; }, {
    ...me('forbidden'), ...lose('forbidden', 'lists its reports', 'overwrites one of its reports', 'deletes one of its reports'), ...lose('403', 'reads one of its reports'),
  }],
  ['the account owns the project', 'what an account may do', d => d.add('google_project_iam_member', 'Mutant', {
    project: 'acme-apps', role: 'roles/owner', member: first(d, 'google_storage_bucket_iam_member').member,
  }), 'no client: google-basic-role'],
  ['the grant on the bucket is lost', 'what an account may do', d => remove(d, 'google_storage_bucket_iam_member'), me('forbidden')],
  ['the grant on the bucket is for the pod itself', 'what an account may do', d => { first(d, 'google_storage_bucket_iam_member').member = member(d).member; }, me('forbidden')],
  ['the bucket is granted with its project', 'direct access', d => {
    const { role, member: whom } = first(d, 'google_storage_bucket_iam_member');
    remove(d, 'google_storage_bucket_iam_member');
    d.add('google_project_iam_member', 'Mutant', { project: 'acme-apps', role, member: whom });
  }, { 'the pod lists another bucket': IN }],
  ['another account lets the pod in too', 'Google\'s own pool', d => d.add('google_service_account_iam_member', 'Mutant', {
    ...native(d), service_account_id: `projects/acme-apps/serviceAccounts/${MALLORY.email}`,
  }), { 'the pod becomes another account of Google': `gets in as serviceAccount:${MALLORY.email}` }],
  ['the member is a binding, which removes the others', 'a pool', d => {
    const { service_account_id: on, role, member: whom } = member(d);
    remove(d, 'google_service_account_iam_member');
    d.add('google_service_account_iam_binding', 'Mutant', { service_account_id: on, role, members: [whom] });
  }, 'no client: authoritative-binding'],
  ['the pool may be destroyed', 'a pool that stays', d => delete d.of('google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-oidc-onprem').lifecycle, {
    'whoever leaves nothing but the pool, and renames it': IN,
  }],
  ['the provider may be destroyed', 'a pool that stays', d => delete provider(d).lifecycle, { 'whoever renames the provider': IN }],
  ['the file asks for tokens of twelve hours', 'a pool', d => file(d, '"credential_source"', '"service_account_impersonation" = {"token_lifetime_seconds" = 43200}, "credential_source"'), me('INVALID_ARGUMENT')],
  ['the token is valid for a day', 'a pool', d => { token(d, 'gcp/token').expiration_seconds = 86400; }, 'no client: token-lifetime'],
  ['the variables of the project are lost', 'a pool', d => withoutEnv(d, 'GOOGLE_CLOUD_PROJECT', 'CLOUDSDK_CORE_PROJECT'), me('PERMISSION_DENIED')],
  ['the libraries\' variable of the project is lost', 'a pool', d => withoutEnv(d, 'GOOGLE_CLOUD_PROJECT'), me('PERMISSION_DENIED')],
  ['gcloud\'s variable of the project is lost', 'a pool', d => withoutEnv(d, 'CLOUDSDK_CORE_PROJECT'), 'gcloud: The required property [project] is not currently set'],
  ['gcloud\'s variable of the file is lost', 'a pool', d => withoutEnv(d, 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE'), 'gcloud: You do not currently have an active account selected'],
  ['the digest of the ConfigMap is lost', 'a pool and a Deployment', d => delete first(d, 'kubernetes_deployment_v1').spec.template.metadata.annotations, {
    'pods start again when their file changes': 'they go on',
  }],
  ['the pod does not wait for the member', 'a pool', d => withoutOrder(d, 'google_service_account_iam_member'), 'the order: google_service_account_iam_member.Account_Federated_oidc-onprem_reports_reader'],
  ['the pod does not wait for the member', 'Google\'s own pool', d => withoutOrder(d, 'google_service_account_iam_member'), 'the order: google_service_account_iam_member.Account_Native_acme-apps_reports_reader'],
  ['the annotation of the tokens\' lifetime is lost', 'the webhook of pfnet', d => delete annotations(d)[`${PFNET}/token-expiration`], 'no client: token-lifetime'],
];

const ROLE_ASSIGNMENT = 'azurerm_role_assignment';
const scopeOf = (d: Draft, part: RegExp, by = '') => first(d, ROLE_ASSIGNMENT).scope.replace(part, by) as string;
const AZURE_FURTHER: readonly Mutant[] = [
  ['the role is on the storage account', 'what an identity may do', d => { first(d, ROLE_ASSIGNMENT).scope = scopeOf(d, /\/blobServices.*/); }, {
    'the pod lists another container': IN, 'the pod lists the containers of its account': IN,
  }],
  ['the role is on the subscription', 'what an identity may do', d => { first(d, ROLE_ASSIGNMENT).scope = scopeOf(d, /\/resourceGroups.*/); }, {
    'the pod lists another container': IN, 'the pod lists the containers of its account': IN, 'the pod lists a container of another account': IN,
  }],
  ['the role is on another container', 'what an identity may do', d => { first(d, ROLE_ASSIGNMENT).scope = scopeOf(d, /reports$/, 'billing'); }, {
    ...me('AuthorizationPermissionMismatch'), 'the pod lists another container': IN,
  }],
  ['the identity owns everything too', 'what an identity may do', d => d.add(ROLE_ASSIGNMENT, 'Mutant', { ...first(d, ROLE_ASSIGNMENT), role_definition_name: 'Owner', scope: '/' }), 'no client: azure-broad-role'],
  ['the role manages and does not read', 'what an identity may do', d => { first(d, ROLE_ASSIGNMENT).role_definition_name = 'Owner'; }, me('AuthorizationPermissionMismatch')],
  ['the role is for writing', 'what an identity may do', d => { first(d, ROLE_ASSIGNMENT).role_definition_name = 'Storage Blob Data Contributor'; }, gain('writes a report', 'deletes one of its reports')],
  ['the role is that of an owner of data', 'what an identity may do', d => { first(d, ROLE_ASSIGNMENT).role_definition_name = 'Storage Blob Data Owner'; }, gain('writes a report', 'deletes one of its reports')],
  ...(['what an identity may write', 'what an application may write'] as const).flatMap((setup): Mutant[] => [
    ['the role is for reading', setup, d => { first(d, ROLE_ASSIGNMENT).role_definition_name = 'Storage Blob Data Reader'; }, lose('AuthorizationPermissionMismatch',
      'writes a report', 'overwrites one of its reports', 'deletes one of its reports')],
    ['the role is on the storage account', setup, d => { first(d, ROLE_ASSIGNMENT).scope = scopeOf(d, /\/blobServices.*/); }, gain(
      'lists another container', 'lists the containers of its account', 'writes to another container', 'deletes from another container')],
    ['the role is on the subscription', setup, d => { first(d, ROLE_ASSIGNMENT).scope = scopeOf(d, /\/resourceGroups.*/); }, gain(
      'lists another container', 'lists the containers of its account', 'lists a container of another account', 'writes to another container', 'writes to a container of another account',
      'deletes from another container')],
    ['the role is on another container', setup, d => { first(d, ROLE_ASSIGNMENT).scope = scopeOf(d, /reports$/, 'billing'); }, {
      ...me('AuthorizationPermissionMismatch'), ...lose('AuthorizationPermissionMismatch', ...PERMITTED.Azure.grantContainerWrite),
      ...gain('lists another container', 'writes to another container', 'deletes from another container'),
    }],
  ]),
  ['the role is for nobody', 'what an identity may do', d => { first(d, ROLE_ASSIGNMENT).principal_id = '00000000-0000-0000-0000-000000000042'; }, { 'the apply': 'PrincipalNotFound' }],
  ['the role is for another identity', 'what an identity may do', d => {
    d.add('azurerm_user_assigned_identity', 'Mutant', { ...d.of('azurerm_user_assigned_identity.Identity'), name: 'mallory' });
    first(d, ROLE_ASSIGNMENT).principal_id = '${azurerm_user_assigned_identity.Mutant.principal_id}';
  }, me('AuthorizationPermissionMismatch')],
  ['the role assignment is lost', 'what an identity may do', d => remove(d, ROLE_ASSIGNMENT), me('AuthorizationPermissionMismatch')],
  ['the credential is on another identity', 'a projected token for Azure', d => {
    d.add('azurerm_user_assigned_identity', 'Mutant', { ...d.of('azurerm_user_assigned_identity.Identity'), name: 'mallory' });
    credential(d).parent_id = '${azurerm_user_assigned_identity.Mutant.id}';
  }, me('AADSTS70021')],
  ['the client is another identity, which has the credential', 'a projected token for Azure', d => {
    d.add('azurerm_user_assigned_identity', 'Mutant', { ...d.of('azurerm_user_assigned_identity.Identity'), name: 'mallory' });
    credential(d).parent_id = '${azurerm_user_assigned_identity.Mutant.id}';
    env(d, 'AZURE_CLIENT_ID').value = '${azurerm_user_assigned_identity.Mutant.client_id}';
  }, me('AuthorizationPermissionMismatch')],
  ['the service principal is lost', 'an application of Entra ID', d => {
    env(d, 'AZURE_TENANT_ID').value = WORLD.azureTenant;
    remove(d, ROLE_ASSIGNMENT);
    remove(d, 'azuread_service_principal');
  }, me('AADSTS7000229')],
  ['the service principal is of another application', 'an application of Entra ID', d => {
    d.add('azuread_application', 'Mutant', { display_name: 'mallory' });
    first(d, 'azuread_service_principal').client_id = '${azuread_application.Mutant.client_id}';
  }, me('AADSTS7000229')],
  ['the authority is lost', 'another cloud of Azure', d => withoutEnv(d, 'AZURE_AUTHORITY_HOST'), me('AADSTS90002')],
  ['the annotation of the tenant is lost', 'Azure\'s webhook in another tenant', d => delete annotations(d)['azure.workload.identity/tenant-id'], me('AADSTS90002')],
  ['the annotation of the tokens\' lifetime is lost', 'Azure\'s webhook, and tokens of a day', d => delete annotations(d)['azure.workload.identity/service-account-token-expiration'], {
    'the pod is let in after the API server was away for two hours': 'AADSTS700024',
  }],
  ['the annotation asks for tokens of a day', 'Azure\'s webhook', d => { annotations(d)['azure.workload.identity/service-account-token-expiration'] = '86400'; }, 'no client: token-lifetime'],
  ['the token is valid for a day', 'a projected token for Azure', d => { token(d, 'azure/token').expiration_seconds = 86400; }, 'no client: token-lifetime'],
  ['the pod does not wait for the credential', 'Azure\'s webhook', d => withoutOrder(d, 'azurerm_federated_identity_credential'), 'the order: azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_reader'],
  ['the pod does not wait for the credential', 'an application of Entra ID', d => withoutOrder(d, 'azuread_application_federated_identity_credential'), 'the order: azuread_application_federated_identity_credential.Application_Credential_oidc-onprem_reports_reader'],
];

/** Every way to weaken or break what is emitted, and who notices. */
export const MUTANTS: readonly Mutant[] = [...AWS, ...AWS_FURTHER, ...GOOGLE, ...GOOGLE_FURTHER, ...AZURE, ...AZURE_FURTHER, ...THREE_CLOUDS];

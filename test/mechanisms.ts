import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { TerraformStack } from 'cdktf';
import {
  AwsChainedRole, AwsChainedRoleProps, AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, Cluster, ClusterOidcProvider, GcpFederatedPrincipal,
  GcpFederatedServiceAccount, GoogleIdTokenSource, ICloudIdentity, TrustedSubject, Wiring, Workload, WorkloadOptions,
} from 'cdktf-workload-federation';
import * as azure from 'cdktf-workload-federation/azure';
import * as entra from 'cdktf-workload-federation/entra';
import { Clusters } from './clusters';
import type { WebhookName } from './e2e/cluster';
import { STORAGE_ACCOUNT } from './e2e/world';

/** The cluster that a workload of a row runs on, as Terraform writes its issuer. */
export interface Source {
  readonly cluster: (stack: TerraformStack) => Cluster;
  readonly id: string;
  readonly issuer: string;
  /** The issuer without its scheme; that of AKS ends in a slash. */
  readonly host: string;
}

export const SOURCES = {
  'EKS': c => ({ cluster: c.eks, id: 'eks-apps', issuer: c.eksIssuer, host: c.eksIssuerWithoutScheme }),
  'GKE': c => ({ cluster: c.gke, id: 'gke-apps', issuer: c.gkeIssuer, host: c.gkeIssuerWithoutScheme }),
  'GKE as a plain issuer': c => ({ cluster: c.gkePlain, id: 'gke-apps', issuer: c.gkeIssuer, host: c.gkeIssuerWithoutScheme }),
  'AKS': c => ({ cluster: c.aks, id: 'aks-apps', issuer: c.aksIssuer, host: c.aksIssuerWithoutScheme }),
  'AKS without its webhook': c => ({
    cluster: stack => Cluster.aks({ name: 'apps', issuer: c.aks(stack).issuer, workloadIdentity: false }), id: 'aks-apps', issuer: c.aksIssuer, host: c.aksIssuerWithoutScheme,
  }),
  'any OIDC cluster': c => ({ cluster: c.oidc, id: 'oidc-onprem', issuer: c.oidcIssuer, host: c.oidcIssuerWithoutScheme }),
  'any OIDC cluster with uploaded keys': c => ({ cluster: c.oidcWithKeys, id: 'oidc-vault', issuer: c.privateIssuer, host: '' }),
} satisfies Record<string, (clusters: Clusters) => Source>;

type SourceName = keyof typeof SOURCES;
export type Blocks = Record<string, unknown>;

/** One mechanism by which a workload of a source becomes an identity of a cloud, and everything that it synthesizes. */
export interface Mechanism {
  readonly from: SourceName;
  readonly to: 'AWS' | 'Google Cloud' | 'Azure';
  readonly by: string;
  readonly trusts?: (cluster: Cluster) => TrustedSubject;
  readonly identity: (stack: TerraformStack, subject: any, cluster: Cluster) => ICloudIdentity;
  readonly wiring?: Wiring;
  /**
   * The webhooks of the cluster.
   * @default - the platform's own
   */
  readonly webhooks?: readonly WebhookName[];
  /** What the identity may read, where it is not the reports of its account alone. */
  readonly reads?: 'every bucket';
  /** The external id that the last role of a chain asks for. */
  readonly externalId?: string;
  /** What stands in the clouds, by address. */
  readonly trust: (source: Source, clusters: Clusters) => Blocks;
  /** What stands in the cluster, by address. */
  readonly pods: (source: Source, clusters: Clusters) => Blocks;
}

const SUBJECT = 'system:serviceaccount:reports:reader';
const AKS_PROVIDER_ARN = 'arn:aws:iam::123456789012:oidc-provider/'
  + 'westeurope.oic.prod-aks.azure.com/0b1f6471-1bf0-4dda-aec3-cb9272f09590/3f6a1c52-9d0e-4a7b-8c15-2e4d6b8f0a91/';
const MOUNT = '/var/run/secrets/workload-federation';

// What AWS trusts.

const oidcProvider = ({ id, issuer }: Source): Blocks => ({
  [`aws_iam_openid_connect_provider.ClusterOidcProvider-${id}`]: { url: issuer, client_id_list: ['sts.amazonaws.com'] },
});

const webIdentity = ({ id, host }: Source, sub = { test: 'StringEquals', value: SUBJECT }) => ({
  effect: 'Allow',
  actions: ['sts:AssumeRoleWithWebIdentity'],
  principals: [{ type: 'Federated', identifiers: [`\${aws_iam_openid_connect_provider.ClusterOidcProvider-${id}.arn}`] }],
  condition: [
    { test: 'StringEquals', variable: `${host}:aud`, values: ['sts.amazonaws.com'] },
    { test: sub.test, variable: `${host}:sub`, values: [sub.value] },
  ],
});

const role = (id: string, statement: object, provider?: string): Blocks => ({
  [`aws_iam_role.${id}`]: { assume_role_policy: `\${data.aws_iam_policy_document.${id}_Trust.json}`, ...(provider && { provider }) },
  [`data.aws_iam_policy_document.${id}_Trust`]: { statement: [statement], ...(provider && { provider }) },
});

// What roles may do.

const permissions = (id: string, statement: object[], provider?: string): Blocks => ({
  [`data.aws_iam_policy_document.${id}_Permissions`]: { statement, ...(provider && { provider }) },
  [`aws_iam_role_policy.${id}_InlinePolicy`]: {
    name: 'workload-federation', role: `\${aws_iam_role.${id}.name}`, policy: `\${data.aws_iam_policy_document.${id}_Permissions.json}`, ...(provider && { provider }),
  },
});

/** What lets one role of a chain assume the next. */
const mayAssume = (actions: string[], [from, to]: readonly [from: string, to: string] = ['Role', 'Target']): Blocks =>
  permissions(from, [{ effect: 'Allow', actions, resources: [`\${aws_iam_role.${to}.arn}`] }]);

/** Everybody is told which buckets there are. */
const LISTS_BUCKETS = { effect: 'Allow', actions: ['s3:ListAllMyBuckets'], resources: ['*'] };

/** What lets a role read the reports of its account. */
const mayRead = (id: string, account = '123456789012', provider?: string): Blocks => permissions(id, [
  LISTS_BUCKETS,
  {
    effect: 'Allow', actions: ['s3:ListBucket'], resources: [`arn:aws:s3:::data-of-${account}`],
    condition: [{ test: 'StringLike', variable: 's3:prefix', values: ['reports/*'] }],
  },
  { effect: 'Allow', actions: ['s3:GetObject'], resources: [`arn:aws:s3:::data-of-${account}/reports/*`] },
], provider);

const READ_ONLY = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess';

/** A policy of AWS lets a role read all that its account has. */
const readOnly: Blocks = {
  'aws_iam_role_policy_attachment.Role_Policy-aws-AmazonS3ReadOnlyAccess': { role: '${aws_iam_role.Role.name}', policy_arn: READ_ONLY },
};

const REGION: Blocks = { 'data.aws_region.AwsRegion': {} };

/** EKS's service compares the tags of the session that it makes. */
const podIdentityConditions = (arn: string) => [
  { test: 'StringEquals', variable: 'aws:RequestTag/eks-cluster-arn', values: [arn] },
  { test: 'StringEquals', variable: 'aws:RequestTag/kubernetes-namespace', values: ['reports'] },
  { test: 'StringEquals', variable: 'aws:RequestTag/kubernetes-service-account', values: ['reader'] },
];

const SERVICE = { type: 'Service', identifiers: ['pods.eks.amazonaws.com'] };
const FIRST_ROLE = { type: 'AWS', identifiers: ['${aws_iam_role.Role.arn}'] };

/** The statement of a role that EKS makes sessions of, or the first role does. */
const tagged = (principal: object, condition?: object[]) => ({
  effect: 'Allow', actions: ['sts:AssumeRole', 'sts:TagSession'], principals: [principal], ...(condition && { condition }),
});

const association = (clusters: Clusters, more: object = {}): Blocks => ({
  ...clusters.eksArnSource,
  'aws_eks_pod_identity_association.Role_Association_eks-apps_reports_reader': {
    cluster_name: clusters.eksName, namespace: 'reports', service_account: 'reader', role_arn: '${aws_iam_role.Role.arn}',
    region: clusters.eksRegion, ...more,
  },
});

/** Nothing reaches the pod from here; EKS's agent wires it when the association is there. */
const ASSOCIATION = 'aws_eks_pod_identity_association.Role_Association_eks-apps_reports_reader';
const AGENT = () => wired({ dependsOn: [ASSOCIATION] });
/** With a target, the role must be let go on to it too. */
const AGENT_WITH_TARGET = () => wired({ dependsOn: [ASSOCIATION, 'aws_iam_role_policy.Role_InlinePolicy'] });

// What Google Cloud trusts.

const POOL = (id: string) => `google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-${id}`;
const PROVIDER = (id: string) => `google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-${id}_Provider`;

/** The pool of a cluster, and what its provider admits. */
const pool = ({ id, issuer }: Source, options: { condition?: string; mapping?: object; oidc?: object } = {}): Blocks => ({
  [POOL(id)]: { workload_identity_pool_id: id, lifecycle: { prevent_destroy: true } },
  [PROVIDER(id)]: {
    workload_identity_pool_id: `\${${POOL(id)}.workload_identity_pool_id}`,
    workload_identity_pool_provider_id: id,
    attribute_mapping: { 'google.subject': 'assertion.sub', ...options.mapping },
    attribute_condition: options.condition ?? `assertion.sub in ['${SUBJECT}']`,
    oidc: { issuer_uri: issuer, ...options.oidc },
    lifecycle: { prevent_destroy: true },
  },
});

const BY_NAMESPACE = {
  condition: "assertion['kubernetes.io']['namespace'] in ['reports']",
  mapping: { 'attribute.namespace': "assertion['kubernetes.io']['namespace']" },
};

const BY_CLUSTER = { condition: "assertion.sub.startsWith('system:serviceaccount:')" };

const account = (id: string, member: string): Blocks => ({
  'google_service_account.Account': { account_id: 'reports-reader' },
  [`google_service_account_iam_member.Account_${id}`]: {
    service_account_id: '${google_service_account.Account.name}', role: 'roles/iam.workloadIdentityUser', member,
  },
  'google_storage_bucket_iam_member.Account_Bucket_acme-reports_storage_objectViewer': {
    bucket: 'acme-reports', role: 'roles/storage.objectViewer', member: '${google_service_account.Account.member}',
  },
  'google_project_iam_member.Account_Project_storage_bucketViewer': {
    project: '${google_service_account.Account.project}', role: 'roles/storage.bucketViewer', member: '${google_service_account.Account.member}',
  },
});

/** A grant to the service account itself. */
const direct = (id: string, member: string): Blocks => ({
  [`google_storage_bucket_iam_member.Principal_Bucket_acme-reports_storage_objectViewer_${id}`]: {
    bucket: 'acme-reports', role: 'roles/storage.objectViewer', member,
  },
});

const ofPool = (id: string) => `principal://iam.googleapis.com/\${${POOL(id)}.name}/subject/${SUBJECT}`;
const setOfPool = (id: string, set: string) => `principalSet://iam.googleapis.com/\${${POOL(id)}.name}/${set}`;
const nativePool = (c: Clusters) => `iam.googleapis.com/projects/${c.gkeProjectNumber}/locations/global/workloadIdentityPools/${c.workloadPool}`;

// What Azure trusts.

/** The container of the reports. */
const CONTAINER = `${STORAGE_ACCOUNT}/blobServices/default/containers/reports`;

const mayReadContainer = (id: 'Identity' | 'Application', principal: string): Blocks => ({
  [`azurerm_role_assignment.${id}_Assignment_reports_bbbe6098_Storage_Blob_Data_Reader`]: {
    scope: CONTAINER, role_definition_name: 'Storage Blob Data Reader', principal_id: `\${${principal}}`, principal_type: 'ServicePrincipal',
  },
});

const managedIdentity = ({ id, issuer }: Source): Blocks => ({
  ...mayReadContainer('Identity', 'azurerm_user_assigned_identity.Identity.principal_id'),
  'azurerm_user_assigned_identity.Identity': { name: 'reports-reader', resource_group_name: 'reports', location: 'westeurope' },
  [`azurerm_federated_identity_credential.Identity_Credential_${id}_reports_reader`]: {
    name: `${id}_reports_reader`,
    resource_group_name: 'reports',
    parent_id: '${azurerm_user_assigned_identity.Identity.id}',
    issuer,
    subject: SUBJECT,
    audience: ['api://AzureADTokenExchange'],
  },
});

const application = ({ id, issuer }: Source): Blocks => ({
  ...mayReadContainer('Application', 'azuread_service_principal.Application_ServicePrincipal.object_id'),
  'azuread_application.Application': { display_name: 'reports-reader' },
  'azuread_service_principal.Application_ServicePrincipal': { client_id: '${azuread_application.Application.client_id}' },
  [`azuread_application_federated_identity_credential.Application_Credential_${id}_reports_reader`]: {
    application_id: '${azuread_application.Application.id}',
    display_name: `${id}_reports_reader`,
    issuer,
    subject: SUBJECT,
    audiences: ['api://AzureADTokenExchange'],
  },
});

// How pods are wired.

interface PodParts {
  readonly annotations?: object;
  readonly labels?: object;
  readonly dependsOn?: string[];
  readonly env?: Record<string, string>;
  readonly sources?: object[];
  readonly configMap?: Record<string, string>;
}

const ID_TOKEN_ENV = [
  {
    name: 'ID_TOKEN_URL',
    value: 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=gtoken%2Fsts%2Fassume-role-with-web-identity&format=standard',
  },
  { name: 'ID_TOKEN_FILE', value: '/var/run/secrets/aws/token/gtoken' },
];

/** The pod with a container that brings the first ID token, and one that keeps it fresh. */
function withHelpers(helpers: readonly { readonly command: readonly string[] }[], blocks: Blocks): Blocks {
  if (helpers.length === 0) {
    return blocks;
  }
  const pod = blocks['kubernetes_pod_v1.Pod'] as any;
  const mount = { name: 'gtoken-volume', mount_path: '/var/run/secrets/aws/token' };
  const memory = helpers.some(helper => 'args' in helper) ? '32Mi' : '16Mi';
  const [first, second] = helpers.map((helper, index) => ({
    name: ['generate-gcp-id-token', 'update-gcp-id-token'][index], image: 'gtoken:1.0', ...helper,
    resources: { requests: { cpu: '10m', memory }, limits: { memory: '64Mi' } },
    security_context: {
      run_as_user: '65532', run_as_group: '65532', run_as_non_root: true, allow_privilege_escalation: false, read_only_root_filesystem: true,
      capabilities: { drop: ['ALL'] }, seccomp_profile: { type: 'RuntimeDefault' },
    },
    volume_mount: [mount],
  }));
  const container = [...pod.spec.container.map((own: object) => ({ ...own, volume_mount: [{ ...mount, read_only: true }] })), second];
  const volume = [{ name: 'gtoken-volume', empty_dir: { medium: 'Memory', size_limit: '1Mi' } }];
  return { ...blocks, 'kubernetes_pod_v1.Pod': { ...pod, spec: { ...pod.spec, init_container: [first], container, volume } } };
}

/** ServiceAccount, ConfigMap and pod; what is not said is not there. */
const wired = ({ annotations, labels, dependsOn, env, sources, configMap }: PodParts): Blocks => ({
  'kubernetes_service_account_v1.Workload': {
    metadata: { name: 'reader', namespace: 'reports', ...(annotations && { annotations }) }, ...(dependsOn && { depends_on: dependsOn }),
  },
  ...(configMap && { 'kubernetes_config_map_v1.Workload_ConfigMap': { metadata: { name: 'reader-workload-federation', namespace: 'reports' }, data: configMap } }),
  'kubernetes_pod_v1.Pod': {
    metadata: {
      name: 'reader',
      namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}',
      ...(configMap && { annotations: { 'checksum/workload-federation': '${sha256(jsonencode(kubernetes_config_map_v1.Workload_ConfigMap.data))}' } }),
      ...(labels && { labels }),
    },
    spec: {
      service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
      container: [{
        name: 'main',
        image: 'reader:1',
        ...(env && { env: Object.entries(env).map(([name, value]) => ({ name, value })) }),
        ...(sources && { volume_mount: [{ name: 'workload-federation', mount_path: MOUNT, read_only: true }] }),
      }],
      ...(sources && { volume: [{ name: 'workload-federation', projected: [{ sources }] }] }),
    },
  },
});

const token = (audience: string, path: string) => ({ service_account_token: { audience, expiration_seconds: 3600, path } });
const file = (key: string, path: string) => ({
  config_map: [{ name: '${kubernetes_config_map_v1.Workload_ConfigMap.metadata[0].name}', items: [{ key, path }] }],
});

const NOTHING = wired({});

const IRSA_ANNOTATIONS = {
  'eks.amazonaws.com/role-arn': '${aws_iam_role.Role.arn}',
  'eks.amazonaws.com/audience': 'sts.amazonaws.com',
  'eks.amazonaws.com/sts-regional-endpoints': 'true',
  'eks.amazonaws.com/token-expiration': '3600',
};
const IRSA = wired({ annotations: IRSA_ANNOTATIONS });

const AWS_TOKEN = token('sts.amazonaws.com', 'aws/token');
const AWS_REGIONAL = {
  AWS_REGION: '${data.aws_region.AwsRegion.region}',
  AWS_DEFAULT_REGION: '${data.aws_region.AwsRegion.region}',
  AWS_STS_REGIONAL_ENDPOINTS: 'regional',
};
/** Outside of EKS the webhook knows no region. */
const IRSA_ELSEWHERE = wired({ annotations: IRSA_ANNOTATIONS, env: AWS_REGIONAL });
const AWS_EXPLICIT = wired({
  env: { AWS_ROLE_ARN: '${aws_iam_role.Role.arn}', AWS_WEB_IDENTITY_TOKEN_FILE: `${MOUNT}/aws/token`, ...AWS_REGIONAL }, sources: [AWS_TOKEN],
});

/** The config file of a chain; what is said of its last step comes last. */
const configFile = (dependsOn: string[], steps: string) => wired({
  dependsOn,
  env: { AWS_CONFIG_FILE: `${MOUNT}/aws/config`, AWS_SDK_LOAD_CONFIG: '1', ...AWS_REGIONAL },
  sources: [AWS_TOKEN, file('aws-config', 'aws/config')],
  configMap: {
    'aws-config': '${join("\\n", ["[profile step-1]", join("", ["role_arn = ", aws_iam_role.Role.arn]), "web_identity_token_file = /var/run/secrets/workload-federation/aws/token", "", '
      + `${steps}, ""])}`,
  },
});
const EXTERNAL_ID = 'reports/2027';
const AWS_CHAIN = configFile(['aws_iam_role_policy.Role_InlinePolicy'], '"[default]", join("", ["role_arn = ", aws_iam_role.Target.arn]), "source_profile = step-1"');
const AWS_CHAIN_WITH_EXTERNAL_ID = configFile(['aws_iam_role_policy.Role_InlinePolicy'],
  `"[default]", join("", ["role_arn = ", aws_iam_role.Target.arn]), "source_profile = step-1", "external_id = ${EXTERNAL_ID}"`);
const AWS_CHAIN_OF_THREE = configFile(['aws_iam_role_policy.Role_InlinePolicy', 'aws_iam_role_policy.Middle_InlinePolicy'],
  '"[profile step-2]", join("", ["role_arn = ", aws_iam_role.Middle.arn]), "source_profile = step-1", "", '
  + '"[default]", join("", ["role_arn = ", aws_iam_role.Target.arn]), "source_profile = step-2"');

/** The external_account document, with or without a service account to impersonate. */
const googleFile = (id: string, project: string, impersonation: string, dependsOn?: string) => {
  const path = `${MOUNT}/gcp/credential-configuration.json`;
  return wired({
    dependsOn: dependsOn === undefined ? undefined : [dependsOn],
    env: {
      GOOGLE_APPLICATION_CREDENTIALS: path,
      CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: path,
      GOOGLE_CLOUD_PROJECT: project,
      CLOUDSDK_CORE_PROJECT: project,
    },
    sources: [
      token(`https://iam.googleapis.com/\${${PROVIDER(id)}.name}`, 'gcp/token'),
      file('gcp-credential-configuration.json', 'gcp/credential-configuration.json'),
    ],
    configMap: {
      'gcp-credential-configuration.json': `\${jsonencode({"type" = "external_account", "audience" = join("", ["//iam.googleapis.com/", ${PROVIDER(id)}.name]), `
        + '"subject_token_type" = "urn:ietf:params:oauth:token-type:jwt", "token_url" = "https://sts.googleapis.com/v1/token", '
        + `"credential_source" = {"file" = "/var/run/secrets/workload-federation/gcp/token", "format" = {"type" = "text"}}${impersonation}})}`,
    },
  });
};

const impersonating = (member: string) => ({ id }: Source) => googleFile(id, '${google_service_account.Account.project}',
  ', "service_account_impersonation_url" = join("", ["https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/", '
  + 'google_service_account.Account.email, ":generateAccessToken"])', `google_service_account_iam_member.Account_Federated_${id}_${member}`);
const asItself = ({ id }: Source) => googleFile(id, `\${${POOL(id)}.project}`, '');

/** The webhook writes the external_account document, by annotations. */
const pfnetWebhook = ({ id }: Source, project: string, annotations: object, dependsOn?: string[]) => wired({
  annotations: {
    'cloud.google.com/workload-identity-provider': `\${${PROVIDER(id)}.name}`,
    'cloud.google.com/audience': `https://iam.googleapis.com/\${${PROVIDER(id)}.name}`,
    'cloud.google.com/token-expiration': '3600',
    'cloud.google.com/injection-mode': 'direct',
    ...annotations,
  },
  env: { CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: '/var/run/secrets/gcloud/config/federation.json', GOOGLE_CLOUD_PROJECT: project, CLOUDSDK_CORE_PROJECT: project },
  dependsOn,
});

/** GKE's metadata server knows the account by an annotation. */
const metadataServer = (project: string, member: string) => wired({
  annotations: { 'iam.gke.io/gcp-service-account': '${google_service_account.Account.email}' },
  dependsOn: [`google_service_account_iam_member.Account_Native_${project}_${member}`],
});

/** The identity and its credential, as the wiring refers to them. */
const MANAGED = { client: 'azurerm_user_assigned_identity.Identity.client_id', tenant: 'azurerm_user_assigned_identity.Identity.tenant_id' };
const REGISTERED = { client: 'azuread_application.Application.client_id', tenant: 'azuread_service_principal.Application_ServicePrincipal.application_tenant_id' };
const credentialOf = (kind: typeof MANAGED, id: string) => kind === MANAGED
  ? `azurerm_federated_identity_credential.Identity_Credential_${id}_reports_reader`
  : `azuread_application_federated_identity_credential.Application_Credential_${id}_reports_reader`;

const azureWebhook = (kind: typeof MANAGED) => ({ id }: Source) => wired({
  annotations: {
    'azure.workload.identity/client-id': `\${${kind.client}}`,
    'azure.workload.identity/tenant-id': `\${${kind.tenant}}`,
    'azure.workload.identity/service-account-token-expiration': '3600',
  },
  labels: { 'azure.workload.identity/use': 'true' },
  dependsOn: [credentialOf(kind, id)],
});

const azureExplicit = (kind: typeof MANAGED) => ({ id }: Source) => wired({
  env: {
    AZURE_CLIENT_ID: `\${${kind.client}}`,
    AZURE_TENANT_ID: `\${${kind.tenant}}`,
    AZURE_FEDERATED_TOKEN_FILE: `${MOUNT}/azure/token`,
    AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/',
  },
  sources: [token('api://AzureADTokenExchange', 'azure/token')],
  dependsOn: [credentialOf(kind, id)],
});

// How identities are made.

/** Lets a role read the reports of its account. */
function readingReports<Role extends Pick<AwsFederatedRole, 'grantBucketRead'>>(made: Role, owner = '123456789012'): Role {
  made.grantBucketRead(`arn:aws:s3:::data-of-${owner}`, { prefix: 'reports/' });
  return made;
}

const POLICY_STATEMENTS = [LISTS_BUCKETS];
const federatedRole: Mechanism['identity'] = (stack, subject) => readingReports(new AwsFederatedRole(stack, 'Role', { trusts: [subject], policyStatements: POLICY_STATEMENTS }));
const roleByPolicyArns: Mechanism['identity'] = (stack, subject) => new AwsFederatedRole(stack, 'Role', { trusts: [subject], policyArns: [READ_ONLY] });
/** A role that is reached by way of another one. */
const target = (stack: TerraformStack, props: Omit<AwsChainedRoleProps, 'policyStatements'>, owner?: string) =>
  readingReports(new AwsChainedRole(stack, 'Target', { ...props, policyStatements: POLICY_STATEMENTS }), owner);
/** The first role of a chain may go on, and nothing else. */
const firstRole = (stack: TerraformStack, subject: any) => new AwsFederatedRole(stack, 'Role', { trusts: [subject] });
const serviceAccount: Mechanism['identity'] = (stack, subject) => {
  const made = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [subject], accountId: 'reports-reader', projectRoles: ['roles/storage.bucketViewer'] });
  made.grantBucketRead('acme-reports');
  return made;
};
const principal: Mechanism['identity'] = (stack, subject) => {
  const made = new GcpFederatedPrincipal(stack, 'Principal', { trusts: [subject] });
  made.grantBucketRead('acme-reports');
  return made;
};
const azureIdentity: Mechanism['identity'] = (stack, subject) => {
  const made = new azure.AzureFederatedIdentity(stack, 'Identity', { trusts: [subject], identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope' });
  made.grantContainerRead(CONTAINER);
  return made;
};
const entraApplication: Mechanism['identity'] = (stack, subject) => {
  const made = new entra.EntraFederatedApplication(stack, 'Application', { trusts: [subject], displayName: 'reports-reader' });
  made.grantContainerRead(CONTAINER);
  return made;
};

const wholeNamespace = (cluster: Cluster) => cluster.unsafeEveryServiceAccountOfNamespace('reports');
const wholeCluster = (cluster: Cluster) => cluster.unsafeEveryServiceAccountOfCluster();
const NAMESPACE = { test: 'StringLike', value: 'system:serviceaccount:reports:*' };

/** The webhooks that a platform brings. */
const PLATFORM: Readonly<Record<'EKS' | 'GKE' | 'GKE as a plain issuer' | 'AKS' | 'any OIDC cluster', readonly WebhookName[]>> = {
  'EKS': ['eks'], 'GKE': [], 'GKE as a plain issuer': [], 'AKS': ['azure'], 'any OIDC cluster': [],
};

/** Every mechanism of every kind of cluster to every cloud. */
export const MECHANISMS: readonly Mechanism[] = [
  {
    from: 'EKS', to: 'AWS', by: 'EKS\'s webhook (IRSA)', identity: federatedRole,
    trust: source => ({ ...oidcProvider(source), ...role('Role', webIdentity(source)), ...mayRead('Role') }),
    pods: () => IRSA,
  },
  {
    from: 'EKS', to: 'AWS', by: 'EKS\'s webhook for a whole namespace', identity: roleByPolicyArns, trusts: wholeNamespace, reads: 'every bucket',
    trust: source => ({ ...oidcProvider(source), ...role('Role', webIdentity(source, NAMESPACE)), ...readOnly }),
    pods: () => IRSA,
  },
  {
    from: 'EKS', to: 'AWS', by: 'EKS Pod Identity',
    identity: (stack, subject) => readingReports(new AwsPodIdentityRole(stack, 'Role', { trusts: [subject], policyStatements: POLICY_STATEMENTS })),
    trust: (_, c) => ({ ...association(c), ...role('Role', tagged(SERVICE, podIdentityConditions(c.eksArn))), ...mayRead('Role') }),
    pods: AGENT,
  },
  {
    from: 'EKS', to: 'AWS', by: 'EKS Pod Identity with a target role in another account',
    identity: (stack, subject) => target(stack, {
      source: new AwsPodIdentityRole(stack, 'Role', { trusts: [subject] }), awsProvider: new AwsProvider(stack, 'Other', { alias: 'other' }),
    }, '210987654321'),
    trust: (_, c) => ({
      ...association(c, { target_role_arn: '${aws_iam_role.Target.arn}' }),
      ...role('Role', tagged(SERVICE, podIdentityConditions(c.eksArn))),
      ...mayAssume(['sts:AssumeRole', 'sts:TagSession']),
      ...role('Target', tagged(FIRST_ROLE, podIdentityConditions(c.eksArn)), 'aws.other'),
      ...mayRead('Target', '210987654321', 'aws.other'),
    }),
    pods: AGENT_WITH_TARGET,
  },
  {
    from: 'EKS', to: 'AWS', by: 'EKS Pod Identity without session tags, with a target role that compares the external id',
    externalId: 'eu-west-1/123456789012/apps/reports/reader',
    identity: (stack, subject) => target(stack, { source: new AwsPodIdentityRole(stack, 'Role', { trusts: [subject], disableSessionTags: true }) }),
    trust: (_, c) => ({
      ...association(c, { disable_session_tags: true, target_role_arn: '${aws_iam_role.Target.arn}' }),
      ...role('Role', tagged(SERVICE)),
      ...mayAssume(['sts:AssumeRole', 'sts:TagSession']),
      ...role('Target', tagged(FIRST_ROLE, [{ test: 'StringEquals', variable: 'sts:ExternalId', values: [`${c.eksRegionAndAccount}/${c.eksName}/reports/reader`] }])),
      ...mayRead('Target'),
    }),
    pods: AGENT_WITH_TARGET,
  },
  ...(['EKS', 'GKE', 'GKE as a plain issuer', 'AKS', 'any OIDC cluster'] as const).flatMap((from): Mechanism[] => [
    {
      from, to: 'AWS', by: 'a projected token', identity: federatedRole, wiring: 'explicit',
      trust: source => ({ ...REGION, ...oidcProvider(source), ...role('Role', webIdentity(source)), ...mayRead('Role') }),
      pods: () => AWS_EXPLICIT,
    },
    {
      from, to: 'AWS', by: 'a projected token of a whole namespace', identity: roleByPolicyArns, wiring: 'explicit', trusts: wholeNamespace, reads: 'every bucket',
      trust: source => ({ ...REGION, ...oidcProvider(source), ...role('Role', webIdentity(source, NAMESPACE)), ...readOnly }),
      pods: () => AWS_EXPLICIT,
    },
    {
      from, to: 'AWS', by: 'a chain of two roles in a config file',
      identity: (stack, subject) => target(stack, { source: firstRole(stack, subject) }),
      trust: source => ({
        ...REGION,
        ...oidcProvider(source),
        ...role('Role', webIdentity(source)),
        ...mayAssume(['sts:AssumeRole']),
        ...role('Target', { effect: 'Allow', actions: ['sts:AssumeRole'], principals: [FIRST_ROLE] }),
        ...mayRead('Target'),
      }),
      pods: () => AWS_CHAIN,
    },
  ]),
  {
    from: 'any OIDC cluster', to: 'AWS', by: 'a chain of two roles with an external id in a config file', externalId: EXTERNAL_ID,
    identity: (stack, subject) => target(stack, { source: firstRole(stack, subject), externalId: EXTERNAL_ID }),
    trust: source => ({
      ...REGION,
      ...oidcProvider(source),
      ...role('Role', webIdentity(source)),
      ...mayAssume(['sts:AssumeRole']),
      ...role('Target', {
        effect: 'Allow', actions: ['sts:AssumeRole'], principals: [FIRST_ROLE], condition: [{ test: 'StringEquals', variable: 'sts:ExternalId', values: [EXTERNAL_ID] }],
      }),
      ...mayRead('Target'),
    }),
    pods: () => AWS_CHAIN_WITH_EXTERNAL_ID,
  },
  {
    from: 'any OIDC cluster', to: 'AWS', by: 'a chain of three roles in a config file',
    identity: (stack, subject) => target(stack, { source: new AwsChainedRole(stack, 'Middle', { source: firstRole(stack, subject) }) }),
    trust: source => ({
      ...REGION,
      ...oidcProvider(source),
      ...role('Role', webIdentity(source)),
      ...mayAssume(['sts:AssumeRole'], ['Role', 'Middle']),
      ...role('Middle', { effect: 'Allow', actions: ['sts:AssumeRole'], principals: [FIRST_ROLE] }),
      ...mayAssume(['sts:AssumeRole'], ['Middle', 'Target']),
      ...role('Target', { effect: 'Allow', actions: ['sts:AssumeRole'], principals: [{ type: 'AWS', identifiers: ['${aws_iam_role.Middle.arn}'] }] }),
      ...mayRead('Target'),
    }),
    pods: () => AWS_CHAIN_OF_THREE,
  },
  ...([
    ['the gtoken webhook', GoogleIdTokenSource.webhook(), []],
    ['containers of gtoken', GoogleIdTokenSource.gtoken({ image: 'gtoken:1.0' }), [
      { command: ['/gtoken'], args: ['--refresh=false', '--file=/var/run/secrets/aws/token/gtoken'] },
      { command: ['/gtoken'], args: ['--refresh=true', '--file=/var/run/secrets/aws/token/gtoken'] },
    ]],
    ['the metadata server', GoogleIdTokenSource.metadataServer({ image: 'gtoken:1.0', command: ['fetch'] }), [
      { command: ['fetch'], env: ID_TOKEN_ENV },
      { command: ['fetch'], env: [...ID_TOKEN_ENV, { name: 'ID_TOKEN_REFRESH_SECONDS', value: '240' }] },
    ]],
  ] as const).map(([by, idTokenSource, helpers]): Mechanism => ({
    from: 'GKE', to: 'AWS', by: `ID tokens of a Google service account, and ${by}`,
    identity: (stack, subject, cluster) => {
      const googleServiceAccount = serviceAccount(stack, subject, cluster) as GcpFederatedServiceAccount;
      const made = new AwsRoleViaGoogle(stack, 'Via', { googleServiceAccount, idTokenSource, policyStatements: POLICY_STATEMENTS });
      readingReports(made.role);
      return made;
    },
    trust: (_, c) => ({
      ...REGION,
      ...account(`Native_${c.gkeProjectLabel}_reports_reader`, `serviceAccount:${c.workloadPool}[reports/reader]`),
      ...(idTokenSource.createsTokens && {
        'google_service_account_iam_member.Via_TokenCreator': {
          service_account_id: '${google_service_account.Account.name}', role: 'roles/iam.serviceAccountOpenIdTokenCreator', member: '${google_service_account.Account.member}',
        },
      }),
      ...role('Via_Role', {
        effect: 'Allow',
        actions: ['sts:AssumeRoleWithWebIdentity'],
        principals: [{ type: 'Federated', identifiers: ['accounts.google.com'] }],
        condition: [
          { test: 'StringEquals', variable: 'accounts.google.com:aud', values: ['${google_service_account.Account.unique_id}'] },
          { test: 'StringEquals', variable: 'accounts.google.com:oaud', values: ['gtoken/sts/assume-role-with-web-identity'] },
          { test: 'StringEquals', variable: 'accounts.google.com:sub', values: ['${google_service_account.Account.unique_id}'] },
        ],
      }),
      ...mayRead('Via_Role'),
    }),
    pods: (_, c) => withHelpers(helpers, wired({
      annotations: {
        'iam.gke.io/gcp-service-account': '${google_service_account.Account.email}',
        ...(helpers.length === 0 && { 'amazonaws.com/role-arn': '${aws_iam_role.Via_Role.arn}' }),
      },
      dependsOn: [
        `google_service_account_iam_member.Account_Native_${c.gkeProjectLabel}_reports_reader`,
        ...idTokenSource.createsTokens ? ['google_service_account_iam_member.Via_TokenCreator'] : [],
      ],
      env: {
        ...(helpers.length > 0 && { AWS_ROLE_ARN: '${aws_iam_role.Via_Role.arn}', AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/aws/token/gtoken' }),
        ...AWS_REGIONAL,
      },
    })),
  })),
  ...(['GKE', 'AKS', 'any OIDC cluster'] as const).map((from): Mechanism => ({
    from, to: 'AWS', by: 'a projected token, as no webhook of EKS is there', identity: federatedRole,
    trust: source => ({ ...REGION, ...oidcProvider(source), ...role('Role', webIdentity(source)), ...mayRead('Role') }),
    pods: () => AWS_EXPLICIT,
  })),
  {
    from: 'AKS', to: 'AWS', by: 'a projected token, and a registration that exists',
    identity: (stack, subject, cluster) => readingReports(new AwsFederatedRole(stack, 'Role', {
      trusts: [subject], oidcProviders: [ClusterOidcProvider.fromArn(stack, 'Registration', { cluster, arn: AKS_PROVIDER_ARN })], policyStatements: POLICY_STATEMENTS,
    })),
    trust: source => ({
      ...REGION, ...role('Role', { ...webIdentity(source), principals: [{ type: 'Federated', identifiers: [AKS_PROVIDER_ARN] }] }), ...mayRead('Role'),
    }),
    pods: () => AWS_EXPLICIT,
  },
  ...(['GKE', 'AKS', 'any OIDC cluster'] as const).map((from): Mechanism => ({
    from, to: 'AWS', by: 'EKS\'s webhook, installed by its users', identity: federatedRole, wiring: 'webhook', webhooks: [...PLATFORM[from], 'eks'],
    trust: source => ({ ...REGION, ...oidcProvider(source), ...role('Role', webIdentity(source)), ...mayRead('Role') }),
    pods: () => IRSA_ELSEWHERE,
  })),
  ...(['EKS', 'GKE as a plain issuer', 'AKS', 'any OIDC cluster', 'any OIDC cluster with uploaded keys'] as const).flatMap((from): Mechanism[] => {
    const keys = (c: Clusters) => from === 'any OIDC cluster with uploaded keys' ? { oidc: { jwks_json: c.jwks } } : {};
    return [
      {
        from, to: 'Google Cloud', by: 'a service account through a pool', identity: serviceAccount,
        trust: (source, c) => ({ ...pool(source, keys(c)), ...account(`Federated_${source.id}_reports_reader`, ofPool(source.id)) }),
        pods: impersonating('reports_reader'),
      },
      {
        from, to: 'Google Cloud', by: 'a service account through a pool, for a whole namespace', identity: serviceAccount, trusts: wholeNamespace,
        trust: (source, c) => ({
          ...pool(source, { ...BY_NAMESPACE, ...keys(c) }),
          ...account(`Federated_${source.id}_reports_`, setOfPool(source.id, 'attribute.namespace/reports')),
        }),
        pods: impersonating('reports_'),
      },
      {
        from, to: 'Google Cloud', by: 'direct access through a pool', identity: principal,
        trust: (source, c) => ({ ...pool(source, keys(c)), ...direct(`Federated_${source.id}_reports_reader`, ofPool(source.id)) }),
        pods: asItself,
      },
      {
        from, to: 'Google Cloud', by: 'direct access through a pool, for a whole namespace', identity: principal, trusts: wholeNamespace,
        trust: (source, c) => ({
          ...pool(source, { ...BY_NAMESPACE, ...keys(c) }),
          ...direct(`Federated_${source.id}_reports_`, setOfPool(source.id, 'attribute.namespace/reports')),
        }),
        pods: asItself,
      },
      {
        from, to: 'Google Cloud', by: 'direct access through a pool, for a whole cluster', identity: principal, trusts: wholeCluster,
        trust: (source, c) => ({ ...pool(source, { ...BY_CLUSTER, ...keys(c) }), ...direct(`Federated_${source.id}__`, setOfPool(source.id, '*')) }),
        pods: asItself,
      },
    ];
  }),
  ...(['EKS', 'GKE as a plain issuer', 'AKS', 'any OIDC cluster'] as const).flatMap((from): Mechanism[] => [
    {
      from, to: 'Google Cloud', by: 'a service account through a pool, and the webhook of pfnet', identity: serviceAccount, wiring: 'webhook', webhooks: [...PLATFORM[from], 'pfnet'],
      trust: source => ({ ...pool(source), ...account(`Federated_${source.id}_reports_reader`, ofPool(source.id)) }),
      pods: source => pfnetWebhook(source, '${google_service_account.Account.project}', {
        'cloud.google.com/service-account-email': '${google_service_account.Account.email}',
      }, [`google_service_account_iam_member.Account_Federated_${source.id}_reports_reader`]),
    },
    {
      from, to: 'Google Cloud', by: 'direct access through a pool, and the webhook of pfnet', identity: principal, wiring: 'webhook', webhooks: [...PLATFORM[from], 'pfnet'],
      trust: source => ({ ...pool(source), ...direct(`Federated_${source.id}_reports_reader`, ofPool(source.id)) }),
      pods: source => pfnetWebhook(source, `\${${POOL(source.id)}.project}`, { 'cloud.google.com/token-exchange-mode': 'direct-access' }),
    },
  ]),
  {
    from: 'GKE', to: 'Google Cloud', by: 'a service account through Google\'s own pool', identity: serviceAccount,
    trust: (_, c) => account(`Native_${c.gkeProjectLabel}_reports_reader`, `serviceAccount:${c.workloadPool}[reports/reader]`),
    pods: (_, c) => metadataServer(c.gkeProjectLabel, 'reports_reader'),
  },
  {
    from: 'GKE', to: 'Google Cloud', by: 'a service account through Google\'s own pool, for a whole namespace', identity: serviceAccount, trusts: wholeNamespace,
    trust: (_, c) => ({ ...c.gkeProjectSource, ...account(`Native_${c.gkeProjectLabel}_reports_`, `principalSet://${nativePool(c)}/namespace/reports`) }),
    pods: (_, c) => metadataServer(c.gkeProjectLabel, 'reports_'),
  },
  {
    from: 'GKE', to: 'Google Cloud', by: 'direct access through Google\'s own pool', identity: principal,
    trust: (_, c) => ({ ...c.gkeProjectSource, ...direct(`Native_${c.gkeProjectLabel}_reports_reader`, `principal://${nativePool(c)}/subject/ns/reports/sa/reader`) }),
    pods: () => NOTHING,
  },
  {
    from: 'GKE', to: 'Google Cloud', by: 'direct access through Google\'s own pool, for a whole namespace', identity: principal, trusts: wholeNamespace,
    trust: (_, c) => ({ ...c.gkeProjectSource, ...direct(`Native_${c.gkeProjectLabel}_reports_`, `principalSet://${nativePool(c)}/namespace/reports`) }),
    pods: () => NOTHING,
  },
  {
    from: 'GKE', to: 'Google Cloud', by: 'direct access through Google\'s own pool, for a whole cluster', identity: principal, trusts: wholeCluster,
    trust: ({ issuer }, c) => ({ ...c.gkeProjectSource, ...direct('Native_gke-apps__', `principalSet://${nativePool(c)}/kubernetes.cluster/${issuer}`) }),
    pods: () => NOTHING,
  },
  {
    from: 'GKE', to: 'Google Cloud', by: 'direct access through Google\'s own pool, in another project',
    identity: (stack, subject) => {
      const made = new GcpFederatedPrincipal(stack, 'Principal', { trusts: [subject], project: 'acme-data', projectRoles: ['roles/storage.bucketViewer'] });
      made.grantBucketRead('acme-reports');
      return made;
    },
    trust: (_, c) => {
      const member = `principal://${nativePool(c)}/subject/ns/reports/sa/reader`;
      return {
        ...c.gkeProjectSource,
        ...direct(`Native_${c.gkeProjectLabel}_reports_reader`, member),
        [`google_project_iam_member.Principal_Project_storage_bucketViewer_Native_${c.gkeProjectLabel}_reports_reader`]: {
          project: 'acme-data', role: 'roles/storage.bucketViewer', member,
        },
      };
    },
    pods: () => wired({ env: { GOOGLE_CLOUD_PROJECT: 'acme-data', CLOUDSDK_CORE_PROJECT: 'acme-data' } }),
  },
  {
    from: 'AKS', to: 'Azure', by: 'AKS\'s webhook', identity: azureIdentity,
    trust: managedIdentity,
    pods: azureWebhook(MANAGED),
  },
  {
    from: 'AKS', to: 'Azure', by: 'AKS\'s webhook and an application of Entra ID', identity: entraApplication,
    trust: application,
    pods: azureWebhook(REGISTERED),
  },
  ...(['EKS', 'GKE', 'GKE as a plain issuer', 'AKS', 'any OIDC cluster'] as const).flatMap((from): Mechanism[] => [
    {
      from, to: 'Azure', by: 'a projected token', identity: azureIdentity, wiring: 'explicit',
      trust: managedIdentity,
      pods: azureExplicit(MANAGED),
    },
    {
      from, to: 'Azure', by: 'a projected token and an application of Entra ID', identity: entraApplication, wiring: 'explicit',
      trust: application,
      pods: azureExplicit(REGISTERED),
    },
  ]),
  ...(['EKS', 'GKE', 'AKS without its webhook', 'any OIDC cluster'] as const).flatMap((from): Mechanism[] => [
    {
      from, to: 'Azure', by: 'a projected token, as no webhook of AKS is there', identity: azureIdentity,
      trust: managedIdentity,
      pods: azureExplicit(MANAGED),
    },
    {
      from, to: 'Azure', by: 'a projected token and an application of Entra ID, as no webhook of AKS is there', identity: entraApplication,
      trust: application,
      pods: azureExplicit(REGISTERED),
    },
  ]),
  ...(['EKS', 'GKE', 'any OIDC cluster'] as const).map((from): Mechanism => ({
    from, to: 'Azure', by: 'Azure\'s webhook, installed by its users', identity: azureIdentity, wiring: 'webhook', webhooks: [...PLATFORM[from], 'azure'],
    trust: managedIdentity,
    pods: azureWebhook(MANAGED),
  })),
  {
    from: 'any OIDC cluster', to: 'Azure', by: 'Azure\'s webhook, installed by its users, and an application of Entra ID', identity: entraApplication, wiring: 'webhook', webhooks: ['azure'],
    trust: application,
    pods: azureWebhook(REGISTERED),
  },
];

/** The mechanism of a row. */
export function mechanismOf(from: Mechanism['from'], to: Mechanism['to'], by: string): Mechanism {
  const found = MECHANISMS.filter(row => row.from === from && row.to === to && row.by === by);
  if (found.length !== 1) {
    throw new Error(`${found.length} mechanisms from ${from} to ${to} by ${by}`);
  }
  return found[0]!;
}

/** The workload of a mechanism: service account `reader` of namespace `reports`. */
export function workloadOf(
  { from, trusts, identity, wiring }: Mechanism, clusters: Clusters, stack: TerraformStack, options: WorkloadOptions = {},
): Workload {
  const cluster = SOURCES[from](clusters).cluster(stack);
  const subject = cluster.serviceAccount('reports', 'reader');
  return new Workload(stack, 'Workload', { serviceAccount: subject, identities: [identity(stack, trusts?.(cluster) ?? subject, cluster)], wiring, ...options });
}

/** Which service accounts of the cluster a mechanism lets in. */
export function scopeOf({ trusts }: Mechanism): 'account' | 'namespace' | 'cluster' {
  return trusts === wholeCluster ? 'cluster' : trusts === wholeNamespace ? 'namespace' : 'account';
}

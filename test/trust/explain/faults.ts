import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { App } from 'cdktf';
import { EksToAwsFederation } from 'cdktf-workload-federation';
import { AksToAzureFederation } from 'cdktf-workload-federation/azure';
import { example, Stacks, synthesized } from './world';
import { GateName } from '../../../lib/trust/model';
import { LITERAL_AND_TOKENS } from '../../clusters';
import { stackIn } from '../../synth';

/** Something that is broken in what was synthesized, what is then printed or recorded, and what the first answer must say. */
export interface Fault {
  readonly name: string;
  readonly break: (stacks: Stacks) => void;
  /** What a cloud, an SDK or Kubernetes prints, or the record that the cloud keeps. */
  readonly refusal: string | Readonly<Record<string, unknown>>;
  readonly gate: GateName;
  /** The address of the gate, without the digest of cdktf. */
  readonly at: string;
  /** What the remedy must hold. */
  readonly remedy: readonly string[];
  /** Whether more than one cause is left by what the message says. */
  readonly open?: true;
  /** Who presents the token, and to whom. */
  readonly asks: Asks;
  /** The gate that a question about the token finds first, where it is another, or where the fault is not in what was read. */
  readonly token?: { readonly gate?: GateName | null; readonly issuer?: string; readonly expired?: true };
}

/** Who asks to become what. */
export interface Asks {
  readonly world: () => Stacks;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** The address of the identity, or the beginning of it. */
  readonly to: string;
  /** What a question must say that nothing which was read knows. */
  readonly issuer?: string;
  readonly open?: true;
}

type Json = any;

/** The only block of a type whose name begins so. */
function block(stack: Json, kind: 'resource' | 'data', type: string, prefix: string): { readonly name: string; readonly body: Json } {
  const found = Object.keys(stack[kind][type] ?? {}).filter(name => name.startsWith(prefix));
  if (found.length !== 1) {
    throw new Error(`${found.length} of ${type}.${prefix}`);
  }
  return { name: found[0]!, body: stack[kind][type][found[0]!] };
}

const resource = (stack: Json, type: string, prefix: string): Json => block(stack, 'resource', type, prefix).body;
const remove = (stack: Json, type: string, prefix: string): void => {
  delete stack.resource[type][block(stack, 'resource', type, prefix).name];
};
const documentOf = (stack: Json, prefix: string): Json => block(stack, 'data', 'aws_iam_policy_document', prefix).body;
const statementOf = (stack: Json, prefix: string): Json => documentOf(stack, prefix).statement[0];
const conditionOf = (stack: Json, prefix: string, key: string): Json =>
  statementOf(stack, prefix).condition.find(({ variable }: Json) => variable.endsWith(key));
const podOf = (stack: Json, type: string, prefix: string): Json => {
  const { spec } = resource(stack, type, prefix);
  return type === 'kubernetes_pod_v1' ? spec : spec.template.spec;
};
const tokenIn = (spec: Json): Json => spec.volume[0].projected[0].sources
  .find((source: Json) => source.service_account_token !== undefined).service_account_token;
const withoutVariables = (spec: Json, ...names: readonly string[]): void => {
  spec.container[0].env = spec.container[0].env.filter(({ name }: Json) => !names.includes(name));
};
const setVariable = (spec: Json, name: string, value: string): void => {
  spec.container[0].env.find((variable: Json) => variable.name === name).value = value;
};
const replaceIn = (stack: Json, from: string, to: string): void => {
  for (const kind of ['resource', 'data', 'locals', 'output']) {
    if (stack[kind] !== undefined) {
      stack[kind] = JSON.parse(JSON.stringify(stack[kind]).split(from).join(to));
    }
  }
};

const [EKS, NEW_EKS] = ['https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204', 'https://oidc.eks.eu-west-1.amazonaws.com/id/E2B7F90C11D24A35A6B8C7D0E9F1A233'];
const GKE = 'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps';
const AKS = 'https://westeurope.oic.prod-aks.azure.com/5b0f5c4e-8a6e-4b0e-9d0a-3f6f6f0a7a11/0c1d6a52-7e0f-4f57-8a3b-9f2f1c7f4d20/';
const NEW_AKS = 'https://westeurope.oic.prod-aks.azure.com/5b0f5c4e-8a6e-4b0e-9d0a-3f6f6f0a7a11/9a7e11d3-2c41-4c0d-b7c5-54a0a8f1e6b2/';

const directions = () => example('directions');
const allClouds = () => example('all-clouds');
const accounts = () => example('accounts');
const gtoken = () => example('gtoken');
/** Clusters whose issuers only Terraform knows. */
const tokens = () => synthesized((app: App) => {
  const [, clusters] = LITERAL_AND_TOKENS[1]!;
  const onEks = stackIn(app, 'tokens-eks');
  const common = { namespace: 'reports', createNamespace: true };
  const reader = new EksToAwsFederation(onEks, 'Reader', { ...common, cluster: clusters.eks(onEks), serviceAccountName: 'reader' });
  new PodV1(onEks, 'ReaderPod', reader.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'reader', image: 'reader:1' }] } }));
  const onAks = stackIn(app, 'tokens-aks');
  const writer = new AksToAzureFederation(onAks, 'Writer', {
    ...common, cluster: clusters.aks(onAks), serviceAccountName: 'writer', identityName: 'writer', resourceGroupName: 'reports', location: 'westeurope',
  });
  new PodV1(onAks, 'WriterPod', writer.podTemplate({ metadata: { name: 'writer' }, spec: { container: [{ name: 'writer', image: 'writer:1' }] } }));
});

/** What the workloads of the worlds ask for. */
export const ASKS = {
  archive: { world: directions, namespace: 'reports', serviceAccount: 'archive', to: 'aws_iam_role.Archive_Role' },
  uploads: { world: directions, namespace: 'reports', serviceAccount: 'uploads', to: 'google_service_account.Uploads' },
  ledger: { world: directions, namespace: 'reports', serviceAccount: 'ledger', to: 'azurerm_user_assigned_identity.Ledger' },
  replica: { world: directions, namespace: 'reports', serviceAccount: 'replica', to: 'aws_iam_role.Replica_Role' },
  dashboard: { world: directions, namespace: 'reports', serviceAccount: 'dashboard', to: 'google_service_account.Dashboard' },
  mirror: { world: directions, namespace: 'reports', serviceAccount: 'mirror', to: 'azurerm_user_assigned_identity.Mirror' },
  backup: { world: directions, namespace: 'reports', serviceAccount: 'backup', to: 'aws_iam_role.Backup_Role' },
  search: { world: directions, namespace: 'reports', serviceAccount: 'search', to: 'google_service_account.Search' },
  mailer: { world: directions, namespace: 'reports', serviceAccount: 'mailer', to: 'azurerm_user_assigned_identity.Mailer' },
  collectorAws: { world: allClouds, namespace: 'reports', serviceAccount: 'collector', to: 'aws_iam_role.Role' },
  collectorGcp: { world: allClouds, namespace: 'reports', serviceAccount: 'collector', to: 'google_storage_bucket_iam_member.Principal' },
  collectorAzure: { world: allClouds, namespace: 'reports', serviceAccount: 'collector', to: 'azurerm_user_assigned_identity.Identity' },
  reader: { world: accounts, namespace: 'reports', serviceAccount: 'reader', to: 'aws_iam_role.ReaderRole' },
  hub: { world: accounts, namespace: 'reports', serviceAccount: 'reader', to: 'aws_iam_role.Hub' },
  readerGcp: { world: accounts, namespace: 'reports', serviceAccount: 'reader', to: 'google_service_account.ReaderAccount' },
  auditor: { world: accounts, namespace: 'reports', serviceAccount: 'auditor', to: 'aws_iam_role.Spoke' },
  // The cluster of an association is known by its name, and none of the stacks has it.
  exporter: { world: accounts, namespace: 'reports', serviceAccount: 'exporter', to: 'aws_iam_role.PodRole', open: true },
  viaGoogle: { world: gtoken, namespace: 'reports', serviceAccount: 'uploads', to: 'aws_iam_role.Uploads_Identity_Role' },
  accountOfGtoken: { world: gtoken, namespace: 'reports', serviceAccount: 'uploads', to: 'google_service_account.Uploads' },
  invoices: { world: gtoken, namespace: 'billing', serviceAccount: 'invoices', to: 'aws_iam_role.Invoices_Identity_Role' },
  tokenReader: { world: tokens, namespace: 'reports', serviceAccount: 'reader', to: 'aws_iam_role.Reader_Role' },
  tokenWriter: { world: tokens, namespace: 'reports', serviceAccount: 'writer', to: 'azurerm_user_assigned_identity.Writer' },
} satisfies Record<string, Asks>;

/** What SDKs and tools write around the words of the clouds. */
const boto = (operation: string, code: string, message: string) => `Traceback (most recent call last):
  File "/app/main.py", line 12, in <module>
    s3.list_objects_v2(Bucket="acme-archive")
botocore.exceptions.ClientError: An error occurred (${code}) when calling the ${operation} operation: ${message}`;
const web = (code: string, message: string) => boto('AssumeRoleWithWebIdentity', code, message);
const go = (status: number, code: string, message: string) => 'operation error S3: ListObjectsV2, get identity: get credentials: failed to refresh cached credentials, '
  + 'failed to retrieve credentials, operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: '
  + `${status}, RequestID: 0b5c4e2e-2b5f-4d0b-9f1e-3a7d1c9f8e21, api error ${code}: ${message}`;
const javascript = (code: string, message: string) => `${code}: ${message}
    at throwDefaultError (/app/node_modules/@smithy/smithy-client/dist-cjs/index.js:867:20)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {
  '$fault': 'client', '$metadata': { httpStatusCode: 403, requestId: '5d1f2c3b-0a76-4f5e-8d0c-0f5c7f3f1a11', attempts: 1 }, Type: 'Sender', Code: '${code}' }`;
const NOT_AUTHORIZED = 'Not authorized to perform sts:AssumeRoleWithWebIdentity';
const googleSts = (code: string, description: string) => `google.auth.exceptions.OAuthError: ('Error code ${code}: ${description}', '{"error":"${code}","error_description":"${description}"}')`;
const GET_ACCESS_TOKEN = 'google.auth.exceptions.RefreshError: (\'Unable to acquire impersonated credentials\', \'{\\n  "error": {\\n    "code": 403,\\n    "message": "Permission \\\'iam.serviceAccounts.getAccessToken\\\' denied on resource (or it may not exist).",\\n    "status": "PERMISSION_DENIED",\\n    "details": [\\n      {\\n        "@type": "type.googleapis.com/google.rpc.ErrorInfo",\\n        "reason": "IAM_PERMISSION_DENIED",\\n        "domain": "iam.googleapis.com",\\n        "metadata": {\\n          "permission": "iam.serviceAccounts.getAccessToken"\\n        }\\n      }\\n    ]\\n  }\\n}\\n\')';
const METADATA = 'google.auth.exceptions.RefreshError: ("Failed to retrieve http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token from the Google Compute Engine metadata service. '
  + 'Status: 403 Response:\\nb\\"Unable to generate access token; IAM returned 403 Forbidden: Permission \'iam.serviceAccounts.getAccessToken\' denied on resource (or it may not exist).\\\\nThis error could be caused by a missing IAM policy binding on the target IAM service account.\\"")';
const entra = (code: string, message: string) => `WorkloadIdentityCredential authentication failed. FromAssertion(): http call(https://login.microsoftonline.com/4f6c0c52-8c0f-4e3a-9b1d-2f8e5f6a7b10/oauth2/v2.0/token)(POST) error: reply status code was 401:
{"error":"invalid_client","error_description":"${code}: ${message} Trace ID: 5b1c6c0e-6d8b-4b5e-a1a0-0d5f4f0d2b00 Correlation ID: 0a1b2c3d-1111-4222-8333-944455556666 Timestamp: 2026-01-31 02:00:07Z","error_codes":[${code.slice(6)}]}`;
const noRecord = (what: string, value: string) => `No matching federated identity record found for presented assertion ${what} '${value}'. Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation`;
const denied = (principal: string, role: string) => boto('AssumeRole', 'AccessDenied', `User: ${principal} is not authorized to perform: sts:AssumeRole on resource: ${role}`);
const record = (code: string, message: string, more: Readonly<Record<string, unknown>> = {}) => ({
  eventVersion: '1.08', eventTime: '2026-01-31T02:00:07Z', eventSource: 'sts.amazonaws.com', eventName: 'AssumeRoleWithWebIdentity', awsRegion: 'eu-west-1',
  errorCode: code, errorMessage: message, eventID: '2f0b1a7e-6a5c-4d3e-9b8f-7c6d5e4f3a2b', eventType: 'AwsApiCall', recipientAccountId: '111122223333', ...more,
});

const AT_GKE = 'directions-gke';
const AT_EKS = 'directions-eks';
const AT_AKS = 'directions-aks';
const ALL = 'all-clouds';

export const FAULTS: readonly Fault[] = [
  {
    name: 'the projected token is for the Kubernetes API', asks: ASKS.replica, break: stacks => {
      tokenIn(podOf(stacks[AT_GKE], 'kubernetes_pod_v1', 'ReplicaPod')).audience = 'https://kubernetes.default.svc';
    },
    refusal: web('InvalidIdentityToken', 'Incorrect token audience'),
    gate: 'aws-client-id', at: 'aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps', remedy: ['ask for a token for "sts.amazonaws.com"'],
  },
  {
    name: 'client_id_list lacks the audience', asks: ASKS.replica, break: stacks => {
      resource(stacks[AT_GKE], 'aws_iam_openid_connect_provider', '').client_id_list = ['sts.amazonaws.com.cn'];
    },
    refusal: go(400, 'InvalidIdentityToken', 'Incorrect token audience'),
    gate: 'aws-client-id', at: 'aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps', remedy: ['add "sts.amazonaws.com" to client_id_list of aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps'],
  },
  {
    name: 'the trust policy wants another audience', asks: ASKS.replica, break: stacks => {
      conditionOf(stacks[AT_GKE], 'Replica_Role_Trust', ':aud').values = ['sts.acme.example'];
    },
    refusal: go(403, 'AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-condition', at: 'aws_iam_role.Replica_Role', remedy: ['add "sts.amazonaws.com" to the values of StringEquals', ':aud of aws_iam_role.Replica_Role'],
  },
  {
    name: 'the trust policy has another namespace', asks: ASKS.backup, break: stacks => {
      conditionOf(stacks[AT_AKS], 'Backup_Role_Trust', ':sub').values = ['system:serviceaccount:report:backup'];
    },
    refusal: web('AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-condition', at: 'aws_iam_role.Backup_Role', remedy: ['add "system:serviceaccount:reports:backup" to the values'],
  },
  {
    name: 'the trust policy has another service account', asks: ASKS.archive, break: stacks => {
      conditionOf(stacks[AT_EKS], 'Archive_Role_Trust', ':sub').values = ['system:serviceaccount:reports:archiver'];
    },
    refusal: javascript('AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-condition', at: 'aws_iam_role.Archive_Role', remedy: ['add "system:serviceaccount:reports:archive" to the values'],
  },
  {
    name: 'StringEquals has a wildcard', asks: ASKS.replica, break: stacks => {
      conditionOf(stacks[AT_GKE], 'Replica_Role_Trust', ':sub').values = ['system:serviceaccount:reports:*'];
    },
    refusal: web('AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-condition', at: 'aws_iam_role.Replica_Role', remedy: ['add "system:serviceaccount:reports:replica" to the values of StringEquals'],
  },
  {
    name: 'the trust policy allows sts:AssumeRole alone', asks: ASKS.backup, break: stacks => {
      statementOf(stacks[AT_AKS], 'Backup_Role_Trust').actions = ['sts:AssumeRole'];
    },
    refusal: go(403, 'AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-action', at: 'aws_iam_role.Backup_Role', remedy: ['add "sts:AssumeRoleWithWebIdentity" to the actions'],
  },
  {
    name: 'a statement denies the service account', asks: ASKS.archive, break: stacks => {
      const { body } = block(stacks[AT_EKS], 'data', 'aws_iam_policy_document', 'Archive_Role_Trust');
      body.statement.push({ ...JSON.parse(JSON.stringify(body.statement[0])), sid: 'Freeze', effect: 'Deny' });
    },
    refusal: web('AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-deny', at: 'aws_iam_role.Archive_Role', remedy: ['change statement "Freeze" of aws_iam_role.Archive_Role'],
  },
  {
    name: 'the issuer is not registered', asks: { ...ASKS.replica, issuer: GKE }, break: stacks => {
      remove(stacks[AT_GKE], 'aws_iam_openid_connect_provider', '');
      statementOf(stacks[AT_GKE], 'Replica_Role_Trust').principals[0].identifiers = [`arn:aws:iam::111122223333:oidc-provider/${GKE.slice(8)}`];
    },
    refusal: web('InvalidIdentityToken', `No OpenIDConnect provider found in your account for ${GKE}`),
    gate: 'aws-provider', at: 'aws_iam_role.Replica_Role', remedy: [`register ${GKE} by an aws_iam_openid_connect_provider`], open: true,
  },
  {
    name: 'the EKS cluster was created again', asks: ASKS.archive, break: () => undefined, token: { issuer: NEW_EKS },
    refusal: web('InvalidIdentityToken', `No OpenIDConnect provider found in your account for ${NEW_EKS}`),
    gate: 'aws-provider', at: 'aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps', remedy: [`change url of aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps to "${NEW_EKS}"`],
  },
  {
    name: 'the EKS cluster was created again, and Google says so', asks: ASKS.uploads, break: () => undefined, token: { issuer: NEW_EKS },
    refusal: googleSts('invalid_grant', `The issuer in ID Token ${NEW_EKS} does not match the expected one in config: ${EKS}`),
    gate: 'gcp-provider', at: 'google_iam_workload_identity_pool_provider.Pool_Provider', remedy: ['set oidc.issuer_uri of google_iam_workload_identity_pool_provider.Pool_Provider'],
  },
  {
    name: 'the AKS cluster was created again, and Entra says so', asks: ASKS.mailer, break: () => undefined, token: { issuer: NEW_AKS },
    refusal: entra('AADSTS700211', noRecord('issuer', NEW_AKS)),
    gate: 'azure-issuer', at: 'azurerm_federated_identity_credential.Mailer_Identity_Credential', remedy: ['set issuer of azurerm_federated_identity_credential.Mailer_Identity_Credential'],
  },
  {
    name: 'the registration lost the slash of AKS', asks: { ...ASKS.backup, issuer: AKS }, break: stacks => {
      resource(stacks[AT_AKS], 'aws_iam_openid_connect_provider', '').url = AKS.slice(0, -1);
    },
    refusal: go(400, 'InvalidIdentityToken', `No OpenIDConnect provider found in your account for ${AKS}`),
    gate: 'aws-provider', at: 'aws_iam_openid_connect_provider.ClusterOidcProvider-aks-apps', remedy: [`change url of aws_iam_openid_connect_provider.ClusterOidcProvider-aks-apps to "${AKS}"`],
  },
  {
    name: 'the condition keys lost the slash of AKS', asks: ASKS.collectorAws, break: stacks => {
      for (const condition of statementOf(stacks[ALL], 'Role_Trust').condition) {
        condition.variable = condition.variable.replace('/:', ':');
      }
    },
    refusal: web('AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-condition', at: 'aws_iam_role.Role', remedy: ['of aws_iam_role.Role'],
  },
  {
    name: 'the credential lost the slash of AKS', asks: { ...ASKS.collectorAzure, issuer: AKS }, break: stacks => {
      resource(stacks[ALL], 'azurerm_federated_identity_credential', '').issuer = AKS.slice(0, -1);
    },
    refusal: entra('AADSTS700211', noRecord('issuer', AKS)),
    gate: 'azure-issuer', at: 'azurerm_federated_identity_credential.Identity_Credential', remedy: ['a slash at the end counts'],
  },
  {
    name: 'the pool\'s provider lost the slash of AKS', asks: { ...ASKS.collectorGcp, issuer: AKS }, break: stacks => {
      resource(stacks[ALL], 'google_iam_workload_identity_pool_provider', '').oidc.issuer_uri = AKS.slice(0, -1);
    },
    refusal: googleSts('invalid_grant', `The issuer in ID Token ${AKS} does not match the expected one in config: ${AKS.slice(0, -1)}`),
    gate: 'gcp-provider', at: 'google_iam_workload_identity_pool_provider.Pool_Provider', remedy: ['set oidc.issuer_uri of google_iam_workload_identity_pool_provider.Pool_Provider'],
  },
  {
    name: 'no region is set', asks: ASKS.replica, break: stacks => {
      withoutVariables(podOf(stacks[AT_GKE], 'kubernetes_pod_v1', 'ReplicaPod'), 'AWS_REGION', 'AWS_DEFAULT_REGION');
    },
    refusal: 'botocore.exceptions.NoRegionError: You must specify a region.',
    gate: 'pod-environment', at: 'kubernetes_pod_v1.ReplicaPod', remedy: ['set AWS_REGION and AWS_DEFAULT_REGION of container aws'],
  },
  {
    name: 'the variable names a path where no token is', asks: ASKS.replica, break: stacks => {
      setVariable(podOf(stacks[AT_GKE], 'kubernetes_pod_v1', 'ReplicaPod'), 'AWS_WEB_IDENTITY_TOKEN_FILE', '/var/run/secrets/eks.amazonaws.com/serviceaccount/token');
    },
    refusal: 'WebIdentityErr: failed fetching WebIdentity token: \ncaused by: WebIdentityErr: unable to read file at /var/run/secrets/eks.amazonaws.com/serviceaccount/token\n'
      + 'caused by: open /var/run/secrets/eks.amazonaws.com/serviceaccount/token: no such file or directory',
    gate: 'pod-token', at: 'kubernetes_pod_v1.ReplicaPod', remedy: ['set AWS_WEB_IDENTITY_TOKEN_FILE of container aws to /var/run/secrets/workload-federation/aws/token'],
  },
  {
    name: 'the volume with the token is not mounted', asks: ASKS.mirror, break: stacks => {
      delete podOf(stacks[AT_GKE], 'kubernetes_deployment_v1', 'MirrorDeployment').container[0].volume_mount;
    },
    refusal: 'FileNotFoundError: [Errno 2] No such file or directory: \'/var/run/secrets/workload-federation/azure/token\'',
    gate: 'pod-token', at: 'kubernetes_deployment_v1.MirrorDeployment', remedy: ['mount a volume with a projected serviceAccountToken in container mirror'],
  },
  {
    name: 'the pod runs as another service account', asks: ASKS.archive, break: stacks => {
      podOf(stacks[AT_EKS], 'kubernetes_deployment_v1', 'ArchiveDeployment').service_account_name = 'default';
    },
    refusal: 'Unable to locate credentials. You can configure credentials by running "aws configure".',
    gate: 'pod-service-account', at: 'kubernetes_deployment_v1.ArchiveDeployment', remedy: ['to archive'], open: true, token: { gate: null },
  },
  {
    name: 'the annotation names another role of the input', asks: ASKS.hub, break: stacks => {
      resource(stacks['accounts-reports'], 'kubernetes_service_account_v1', 'Reader').metadata.annotations['eks.amazonaws.com/role-arn'] = '${aws_iam_role.Hub.arn}';
    },
    refusal: web('AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-condition', at: 'aws_iam_role.Hub', remedy: ['set annotation eks.amazonaws.com/role-arn of kubernetes_service_account_v1.Reader to the name of aws_iam_role.ReaderRole'],
  },
  {
    name: 'the annotation names a role that is nowhere', asks: { ...ASKS.reader, to: 'role/reader-old' }, break: stacks => {
      resource(stacks['accounts-reports'], 'kubernetes_service_account_v1', 'Reader').metadata.annotations['eks.amazonaws.com/role-arn'] = 'arn:aws:iam::999900001111:role/reader-old';
    },
    refusal: go(403, 'AccessDenied', NOT_AUTHORIZED),
    gate: 'pod-service-account', at: 'kubernetes_service_account_v1.Reader', remedy: ['set annotation eks.amazonaws.com/role-arn of kubernetes_service_account_v1.Reader to the name of aws_iam_role.ReaderRole'],
    open: true,
  },
  {
    name: 'the member is of another project\'s pool', asks: ASKS.dashboard, break: stacks => {
      resource(stacks[AT_GKE], 'google_service_account_iam_member', 'Dashboard').member = 'serviceAccount:acme-tools.svc.id.goog[reports/dashboard]';
    },
    refusal: METADATA,
    gate: 'gcp-provider', at: 'google_service_account_iam_member.Dashboard_GoogleServiceAccount_Native_acme-apps_reports_dashboard',
    remedy: ['name the cluster\'s own project in google_service_account_iam_member.Dashboard'],
  },
  {
    name: 'the member of GKE has another namespace', asks: ASKS.dashboard, break: stacks => {
      resource(stacks[AT_GKE], 'google_service_account_iam_member', 'Dashboard').member = 'serviceAccount:acme-apps.svc.id.goog[report/dashboard]';
    },
    refusal: METADATA,
    gate: 'gcp-member', at: 'google_service_account_iam_member.Dashboard_GoogleServiceAccount_Native_acme-apps_reports_dashboard', remedy: ['add a member for the service account'],
  },
  {
    name: 'the member is of another pool', asks: ASKS.uploads, break: stacks => {
      const member = resource(stacks[AT_EKS], 'google_service_account_iam_member', 'Uploads');
      member.member = 'principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/eks-tools/subject/system:serviceaccount:reports:uploads';
    },
    refusal: GET_ACCESS_TOKEN,
    gate: 'gcp-member', at: 'google_service_account_iam_member.Uploads_GoogleServiceAccount_Federated', remedy: ['google_service_account_iam_member.Uploads_GoogleServiceAccount_Federated', 'pool of projects/', 'workloadIdentityPools/eks-apps'],
  },
  {
    name: 'the member has another service account', asks: ASKS.search, break: stacks => {
      const member = resource(stacks[AT_AKS], 'google_service_account_iam_member', 'Search');
      member.member = member.member.replace(':search', ':searcher');
    },
    refusal: GET_ACCESS_TOKEN,
    gate: 'gcp-member', at: 'google_service_account_iam_member.Search_GoogleServiceAccount_Federated', remedy: ['add a member for google.subject system:serviceaccount:reports:search'],
  },
  {
    name: 'the bucket\'s member has another service account', asks: ASKS.collectorGcp, break: stacks => {
      const member = resource(stacks[ALL], 'google_storage_bucket_iam_member', 'Principal');
      member.member = member.member.replace(':collector', ':collect');
    },
    refusal: 'google.api_core.exceptions.Forbidden: 403 GET https://storage.googleapis.com/storage/v1/b/acme-reports-gcs/o?projection=noAcl&prettyPrint=false: '
      + 'principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/aks-apps/subject/system:serviceaccount:reports:collector '
      + 'does not have storage.objects.list access to the Google Cloud Storage bucket. Permission \'storage.objects.list\' denied on resource (or it may not exist).',
    gate: 'gcp-member', at: 'google_storage_bucket_iam_member.Principal_Bucket_Gcs_storage_objectViewer_Federated', remedy: ['add a member for google.subject system:serviceaccount:reports:collector'],
  },
  {
    name: 'the pool\'s condition leaves the service account out', asks: ASKS.search, break: stacks => {
      resource(stacks[AT_AKS], 'google_iam_workload_identity_pool_provider', '').attribute_condition = 'assertion.sub in [\'system:serviceaccount:reports:indexer\']';
    },
    refusal: googleSts('unauthorized_client', 'The given credential is rejected by the attribute condition.'),
    gate: 'gcp-condition', at: 'google_iam_workload_identity_pool_provider.Pool_Provider', remedy: ['let attribute_condition of google_iam_workload_identity_pool_provider.Pool_Provider'],
  },
  {
    name: 'the mapping makes another subject', asks: ASKS.uploads, break: stacks => {
      resource(stacks[AT_EKS], 'google_iam_workload_identity_pool_provider', '').attribute_mapping = { 'google.subject': 'assertion[\'kubernetes.io\'][\'serviceaccount\'][\'name\']' };
    },
    refusal: GET_ACCESS_TOKEN,
    gate: 'gcp-member', at: 'google_service_account_iam_member.Uploads_GoogleServiceAccount_Federated', remedy: ['add a member for google.subject uploads'],
  },
  {
    name: 'the mapping makes no text', asks: ASKS.uploads, break: stacks => {
      resource(stacks[AT_EKS], 'google_iam_workload_identity_pool_provider', '').attribute_mapping = { 'google.subject': 'assertion.aud' };
    },
    refusal: googleSts('unauthorized_client', 'The mapped attribute \'google.subject\' must be of type STRING.'),
    gate: 'gcp-mapping', at: 'google_iam_workload_identity_pool_provider.Pool_Provider', remedy: ['change attribute_mapping of google_iam_workload_identity_pool_provider.Pool_Provider'],
  },
  {
    name: 'the subject is too long', asks: { ...ASKS.uploads, serviceAccount: `uploads-${'x'.repeat(110)}` }, break: stacks => {
      const long = `uploads-${'x'.repeat(110)}`;
      replaceIn(stacks[AT_EKS], 'system:serviceaccount:reports:uploads', `system:serviceaccount:reports:${long}`);
      resource(stacks[AT_EKS], 'kubernetes_service_account_v1', 'Uploads').metadata.name = long;
    },
    refusal: googleSts('invalid_request', 'The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.'),
    gate: 'gcp-subject-length', at: 'google_iam_workload_identity_pool_provider.Pool_Provider', remedy: ['shorten what google.subject is mapped from'],
  },
  {
    name: 'the token for Google has AWS\'s audience', asks: ASKS.uploads, break: stacks => {
      tokenIn(podOf(stacks[AT_EKS], 'kubernetes_job_v1', 'UploadsJob')).audience = 'sts.amazonaws.com';
    },
    refusal: googleSts('invalid_grant', 'The audience in ID Token [sts.amazonaws.com] does not match the expected audience.'),
    gate: 'gcp-audience', at: 'google_iam_workload_identity_pool_provider.Pool_Provider', remedy: ['ask for a token with the audience https://iam.googleapis.com/projects/'],
  },
  {
    name: 'the credential configuration names another provider', asks: ASKS.uploads, break: stacks => {
      const { data } = resource(stacks[AT_EKS], 'kubernetes_config_map_v1', 'Uploads');
      data['gcp-credential-configuration.json'] = data['gcp-credential-configuration.json']
        .replace(/google_iam_workload_identity_pool_provider\.\w+\.name/, '"projects/123456789012/locations/global/workloadIdentityPools/eks-old/providers/eks-old"');
    },
    refusal: googleSts('invalid_target', 'The target service indicated by the \\"audience\\" parameters is invalid. This might either be because the pool or provider is disabled or deleted or because it doesn\'t exist.'),
    gate: 'gcp-provider', at: 'kubernetes_job_v1.UploadsJob', remedy: ['let audience of the credential configuration name a provider that the identity trusts'], open: true, token: { gate: 'gcp-member' },
  },
  {
    name: 'GOOGLE_APPLICATION_CREDENTIALS is not set', asks: ASKS.uploads, break: stacks => {
      withoutVariables(podOf(stacks[AT_EKS], 'kubernetes_job_v1', 'UploadsJob'), 'GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE');
    },
    refusal: 'google.auth.exceptions.DefaultCredentialsError: Your default credentials were not found. To set up Application Default Credentials, see https://cloud.google.com/docs/authentication/external/set-up-adc for more information.',
    gate: 'pod-environment', at: 'kubernetes_job_v1.UploadsJob', remedy: ['set GOOGLE_APPLICATION_CREDENTIALS and CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE of container uploads to /var/run/secrets/workload-federation/gcp/credential-configuration.json'],
  },
  {
    name: 'the credential configuration names another account', asks: { ...ASKS.uploads, to: 'reports-download' }, break: stacks => {
      const { data } = resource(stacks[AT_EKS], 'kubernetes_config_map_v1', 'Uploads');
      data['gcp-credential-configuration.json'] = data['gcp-credential-configuration.json'].replace(/google_service_account\.\w+\.email/, '"reports-download@acme-apps.iam.gserviceaccount.com"');
    },
    refusal: GET_ACCESS_TOKEN,
    gate: 'pod-environment', at: 'kubernetes_job_v1.UploadsJob', remedy: ['set service_account_impersonation_url', 'to the name of google_service_account.Uploads_GoogleServiceAccount'], open: true,
  },
  {
    name: 'the service account moved to another namespace', asks: { ...ASKS.mailer, namespace: 'billing' }, break: stacks => {
      resource(stacks[AT_AKS], 'kubernetes_service_account_v1', 'Mailer').metadata.namespace = 'billing';
    },
    refusal: entra('AADSTS700213', noRecord('subject', 'system:serviceaccount:billing:mailer')),
    gate: 'azure-subject', at: 'azurerm_federated_identity_credential.Mailer_Identity_Credential', remedy: ['set subject of azurerm_federated_identity_credential.Mailer_Identity_Credential'],
  },
  {
    name: 'the credential has another subject', asks: ASKS.ledger, break: stacks => {
      resource(stacks[AT_EKS], 'azurerm_federated_identity_credential', '').subject = 'system:serviceaccount:reports:ledgers';
    },
    refusal: entra('AADSTS700213', noRecord('subject', 'system:serviceaccount:reports:ledger')),
    gate: 'azure-subject', at: 'azurerm_federated_identity_credential.Ledger_Identity_Credential', remedy: ['set subject of azurerm_federated_identity_credential.Ledger_Identity_Credential'],
  },
  {
    name: 'the credential has another audience', asks: ASKS.mailer, break: stacks => {
      resource(stacks[AT_AKS], 'azurerm_federated_identity_credential', '').audience = ['api://AzureADTokenExchangeChina'];
    },
    refusal: entra('AADSTS700212', noRecord('audience', 'api://AzureADTokenExchange')),
    gate: 'azure-audience', at: 'azurerm_federated_identity_credential.Mailer_Identity_Credential', remedy: ['set audience of azurerm_federated_identity_credential.Mailer_Identity_Credential'],
  },
  {
    name: 'the token for Azure has AWS\'s audience', asks: ASKS.mirror, break: stacks => {
      tokenIn(podOf(stacks[AT_GKE], 'kubernetes_deployment_v1', 'MirrorDeployment')).audience = 'sts.amazonaws.com';
    },
    refusal: entra('AADSTS700212', noRecord('audience', 'sts.amazonaws.com')),
    gate: 'azure-audience', at: 'azurerm_federated_identity_credential.Mirror_Identity_Credential', remedy: ['ask for a token with the audience api://AzureADTokenExchange'],
  },
  {
    name: 'the pods lack the label of AKS', asks: ASKS.mailer, break: stacks => {
      delete resource(stacks[AT_AKS], 'kubernetes_deployment_v1', 'MailerDeployment').spec.template.metadata.labels['azure.workload.identity/use'];
    },
    refusal: 'DefaultAzureCredential: failed to acquire a token.\nAttempted credentials:\n\tEnvironmentCredential: missing environment variable AZURE_TENANT_ID\n'
      + '\tWorkloadIdentityCredential: no client ID specified. Check pod configuration or set ClientID in the options\n\tManagedIdentityCredential: managed identity timed out.',
    gate: 'pod-environment', at: 'kubernetes_deployment_v1.MailerDeployment', remedy: ['add azure.workload.identity/use = "true"'],
  },
  {
    name: 'the annotation has the client id of another identity', asks: ASKS.mailer, break: stacks => {
      resource(stacks[AT_AKS], 'kubernetes_service_account_v1', 'Mailer').metadata.annotations['azure.workload.identity/client-id'] = '3f0c9a51-6f5e-4a0a-8a3c-0d8a5c1f7e42';
    },
    refusal: entra('AADSTS700016', 'Application with identifier \'3f0c9a51-6f5e-4a0a-8a3c-0d8a5c1f7e42\' was not found in the directory \'Acme\'. This can happen if the application has not been installed by the administrator of the tenant.'),
    gate: 'pod-service-account', at: 'kubernetes_service_account_v1.Mailer_Workload', open: true, token: { gate: null },
    remedy: ['set annotation azure.workload.identity/client-id of kubernetes_service_account_v1.Mailer_Workload', 'azurerm_user_assigned_identity.Mailer_Identity'],
  },
  {
    name: 'the second role does not trust the first', asks: ASKS.auditor, break: stacks => {
      statementOf(stacks['accounts-reports'], 'Spoke_Trust').principals[0].identifiers = ['arn:aws:iam::111122223333:role/audit-hub'];
    },
    refusal: denied('arn:aws:sts::111122223333:assumed-role/Hub-20260101/1769824807', 'arn:aws:iam::444455556666:role/Spoke-20260101'),
    gate: 'aws-principal', at: 'aws_iam_role.Spoke', remedy: ['aws_iam_role.Spoke trust the role before it'],
  },
  {
    name: 'the first role may not assume the second', asks: ASKS.auditor, break: stacks => {
      remove(stacks['accounts-reports'], 'aws_iam_role_policy', 'Hub');
    },
    refusal: denied('arn:aws:sts::111122223333:assumed-role/Hub-20260101/1769824807', 'arn:aws:iam::444455556666:role/Spoke-20260101'),
    gate: 'aws-role-chain', at: 'aws_iam_role.Hub', remedy: ['allow sts:AssumeRole on', 'in a policy of aws_iam_role.Hub'],
  },
  {
    name: 'the association is for another service account', asks: ASKS.exporter, break: stacks => {
      resource(stacks['accounts-reports'], 'aws_eks_pod_identity_association', '').service_account = 'export';
    },
    refusal: 'botocore.exceptions.MetadataRetrievalError: Error retrieving metadata: Received non 200 response 404 from container metadata: (AssociationNotFound): '
      + 'operation error EKS Auth: AssumeRoleForPodIdentity, https response error StatusCode: 404, RequestID: 6f0d, ResourceNotFoundException: No association found for service account',
    gate: 'aws-association', at: 'aws_eks_pod_identity_association.PodRole_Association', remedy: ['change namespace and service_account of aws_eks_pod_identity_association.PodRole_Association'],
  },
  {
    name: 'there is no association', asks: ASKS.exporter, break: stacks => {
      remove(stacks['accounts-reports'], 'aws_eks_pod_identity_association', '');
    },
    refusal: 'ResourceNotFoundException: No association found for clusterName: apps, namespace: reports',
    gate: 'aws-association', at: 'aws_iam_role.PodRole', remedy: ['add an aws_eks_pod_identity_association with aws_iam_role.PodRole'], open: true,
  },
  {
    name: 'the trust policy has another namespace in the session\'s tags', asks: ASKS.exporter, break: stacks => {
      conditionOf(stacks['accounts-reports'], 'PodRole_Trust', 'kubernetes-namespace').values = ['report'];
    },
    refusal: '[unable to fetch credentials from EKS Auth: ... (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the associated role.]',
    gate: 'aws-condition', at: 'aws_iam_role.PodRole', remedy: ['add "reports" to the values of StringEquals aws:RequestTag/kubernetes-namespace of aws_iam_role.PodRole'],
  },
  {
    name: 'the role wants another audience of Google\'s ID token', asks: ASKS.viaGoogle, break: stacks => {
      conditionOf(stacks['gtoken-reports'], 'Uploads_Identity_Role_Trust', ':oaud').values = ['sts.amazonaws.com'];
    },
    refusal: web('AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-condition', at: 'aws_iam_role.Uploads_Identity_Role', remedy: ['add "gtoken/sts/assume-role-with-web-identity" to the values of StringEquals accounts.google.com:oaud'],
  },
  {
    name: 'the role trusts another Google account', asks: ASKS.invoices, break: stacks => {
      const trust = statementOf(stacks['gtoken-billing'], 'Invoices_Identity_Role_Trust');
      trust.condition = trust.condition.map((condition: Json) => ({ ...condition, values: condition.values.map((value: string) => value.replace(/\$\{.*\}/, '${google_service_account.Other.unique_id}')) }));
      stacks['gtoken-billing'].resource.google_service_account.Other = { account_id: 'billing-other' };
    },
    refusal: web('AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-condition', at: 'aws_iam_role.Invoices_Identity_Role', remedy: ['accounts.google.com:aud of aws_iam_role.Invoices_Identity_Role'], open: true,
  },
  {
    name: 'gtoken may not make ID tokens', asks: ASKS.accountOfGtoken, break: stacks => {
      remove(stacks['gtoken-reports'], 'google_service_account_iam_member', 'Uploads_Identity_TokenCreator');
    },
    refusal: '2026/01/31 02:00:07 failed to get ID token: googleapi: Error 403: Permission \'iam.serviceAccounts.getOpenIdToken\' denied on resource (or it may not exist)., forbidden',
    gate: 'gcp-token-creator', at: 'google_service_account.Uploads_GoogleServiceAccount', remedy: ['grant roles/iam.serviceAccountOpenIdTokenCreator on google_service_account.Uploads_GoogleServiceAccount'],
  },
  {
    name: 'the token had expired, as CloudTrail has it', asks: ASKS.replica, break: () => undefined, token: { expired: true },
    refusal: record('ExpiredTokenException', 'Token expired: current date/time 1769824807 must be before the expiration date/time 1769821200', {
      userIdentity: {
        type: 'WebIdentityUser', principalId: `arn:aws:iam::111122223333:oidc-provider/${GKE.slice(8)}:sts.amazonaws.com:system:serviceaccount:reports:replica`,
        userName: 'system:serviceaccount:reports:replica', identityProvider: `arn:aws:iam::111122223333:oidc-provider/${GKE.slice(8)}`,
      },
    }),
    gate: 'token-time', at: 'aws_iam_role.Replica_Role', remedy: ['get a new token'],
  },
  {
    name: 'the trust policy has another service account, as CloudTrail has it', asks: ASKS.backup, break: stacks => {
      conditionOf(stacks[AT_AKS], 'Backup_Role_Trust', ':sub').values = ['system:serviceaccount:reports:backups'];
    },
    refusal: record('AccessDenied', 'User: anonymous is not authorized to perform: sts:AssumeRoleWithWebIdentity', {
      requestParameters: { roleArn: 'arn:aws:iam::111122223333:role/Backup-20260101', roleSessionName: 'botocore-session-1769824807' },
      userIdentity: {
        type: 'WebIdentityUser', userName: 'system:serviceaccount:reports:backup', identityProvider: `arn:aws:iam::111122223333:oidc-provider/${AKS.slice(8)}`,
      },
    }),
    gate: 'aws-condition', at: 'aws_iam_role.Backup_Role', remedy: ['add "system:serviceaccount:reports:backup" to the values'],
  },
  {
    name: 'the pool\'s condition leaves the service account out, as the audit log has it', asks: ASKS.collectorGcp, break: stacks => {
      resource(stacks[ALL], 'google_iam_workload_identity_pool_provider', '').attribute_condition = 'assertion.sub.startsWith(\'system:serviceaccount:billing:\')';
    },
    refusal: {
      timestamp: '2026-01-31T02:00:07Z', logName: 'projects/acme-apps/logs/cloudaudit.googleapis.com%2Fdata_access',
      protoPayload: {
        '@type': 'type.googleapis.com/google.cloud.audit.AuditLog', 'serviceName': 'sts.googleapis.com', 'methodName': 'google.identity.sts.v1.SecurityTokenService.ExchangeToken',
        'authenticationInfo': { principalSubject: 'system:serviceaccount:reports:collector' }, 'resourceName': 'projects/123456789012/locations/global/workloadIdentityPools/aks-apps/providers/aks-apps',
        'status': { code: 7, message: 'The given credential is rejected by the attribute condition.' },
      },
    },
    gate: 'gcp-condition', at: 'google_iam_workload_identity_pool_provider.Pool_Provider', remedy: ['let attribute_condition of google_iam_workload_identity_pool_provider.Pool_Provider'],
  },
  {
    name: 'the credential has another subject, as the sign-in log has it', asks: ASKS.collectorAzure, break: stacks => {
      resource(stacks[ALL], 'azurerm_federated_identity_credential', '').subject = 'system:serviceaccount:default:collector';
    },
    refusal: {
      id: '66ea54eb-6301-4ee5-be62-ff5a759b0100', createdDateTime: '2026-01-31T02:00:07Z', appId: '8b0e7c34-9c1f-4d2b-9c55-3a1d0c5a4e10', servicePrincipalId: 'f4b1c6c2-8c6e-4b5a-8df0-1c4f7c0f6d3a',
      status: { errorCode: 700213, failureReason: noRecord('subject', 'system:serviceaccount:reports:collector') },
    },
    gate: 'azure-subject', at: 'azurerm_federated_identity_credential.Identity_Credential', remedy: ['set subject of azurerm_federated_identity_credential.Identity_Credential'],
  },
  {
    name: 'the trust policy of a cluster that only Terraform knows has another namespace', asks: ASKS.tokenReader, break: stacks => {
      conditionOf(stacks['tokens-eks'], 'Reader_Role_Trust', ':sub').values = ['system:serviceaccount:report:reader'];
    },
    refusal: web('AccessDenied', NOT_AUTHORIZED),
    gate: 'aws-condition', at: 'aws_iam_role.Reader_Role', remedy: ['add "system:serviceaccount:reports:reader" to the values'],
  },
  {
    name: 'the credential of a cluster that only Terraform knows has another subject', asks: ASKS.tokenWriter, break: stacks => {
      resource(stacks['tokens-aks'], 'azurerm_federated_identity_credential', '').subject = 'system:serviceaccount:reports:reader';
    },
    refusal: entra('AADSTS70021', 'No matching federated identity record found for presented assertion. Assertion Issuer: \'https://westeurope.oic.prod-aks.azure.com/t/c/\'. Assertion Subject: \'system:serviceaccount:reports:writer\'. Assertion Audience: \'api://AzureADTokenExchange\'. https://docs.microsoft.com/azure/active-directory/develop/workload-identity-federation'),
    gate: 'azure-subject', at: 'azurerm_federated_identity_credential.Writer_Identity_Credential', remedy: ['set subject of azurerm_federated_identity_credential.Writer_Identity_Credential'],
  },
];

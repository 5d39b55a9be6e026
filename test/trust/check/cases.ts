import {
  ACCOUNT, aws, azure, AKS, arnOf, ci, conditions, EKS, EMAIL, gcp, GITHUB, GKE, hostOf, impersonation, Json, OWN, policyOf, pool, POOL, provider,
  READER, role, set, statement, subject, terraform,
} from './foreign';
import { CheckRuleId, parseLiveIssuers } from '../../../lib/trust';
import { JWKS } from '../../clusters';

/** Terraform in which a rule finds something, and what is nearly the same and is right. */
export interface Case {
  readonly rule: CheckRuleId;
  readonly title: string;
  readonly bad: Json | readonly Json[];
  readonly good: Json | readonly Json[];
  readonly live?: readonly string[];
}

export const live = (issuers: readonly string[]) => parseLiveIssuers(JSON.stringify(issuers), 'live.json');

const equals = (claims: Json, issuer = EKS) => conditions({ StringEquals: claims }, issuer);
const AUD = 'sts.amazonaws.com';
const GOOD = { aud: AUD, sub: READER };
const google = (claims: Json) => role({
  Effect: 'Allow', Principal: { Federated: 'accounts.google.com' }, Action: 'sts:AssumeRoleWithWebIdentity',
  Condition: { StringEquals: Object.fromEntries(Object.entries(claims).map(([claim, value]) => [`accounts.google.com:${claim}`, value])) },
});
const UNIQUE = '100000000000000000001';
const GOOGLE = { aud: UNIQUE, oaud: 'https://sts.acme.example', sub: UNIQUE };
const attach = (arn: string): Json => ({ 'aws_iam_role_policy_attachment.Policy': { role: 'reader', policy_arn: arn } });
const inline = (...statements: readonly Json[]): Json => ({ 'aws_iam_role_policy.Policy': { name: 'p', role: 'reader', policy: policyOf(...statements) } });
const projectRole = (granted: string, member = `serviceAccount:${EMAIL}`): Json => ({ 'google_project_iam_member.Role': { project: 'acme', role: granted, member } });
const assignment = (name: string): Json => ({
  'azurerm_role_assignment.Role': { scope: '/subscriptions/s', role_definition_name: name, principal_id: '${azurerm_user_assigned_identity.Reader.principal_id}' },
});
export const more = (base: Json, ...parts: readonly Json[]): Json => {
  const added = terraform(...parts);
  const merge = (a: Json, b: Json) => Object.fromEntries([...Object.keys(a), ...Object.keys(b)].map(type => [type, { ...a[type], ...b[type] }]));
  return { ...base, resource: merge(base.resource, added.resource), data: merge(base.data, added.data) };
};
export const pods = (statements: readonly Json[], association: Json = {}) => terraform(
  { 'aws_eks_cluster.Apps': { name: 'apps', role_arn: 'x', vpc_config: [{}] } }, role(...statements),
  { 'aws_eks_pod_identity_association.Reader': { cluster_name: 'apps', namespace: 'reports', service_account: 'reader', role_arn: '${aws_iam_role.Reader.arn}', ...association } },
);
const podStatement = (rest: Json = {}): Json => (
  { Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action: ['sts:AssumeRole', 'sts:TagSession'], ...rest });
const TAGS: Json = { 'eks-cluster-arn': 'arn:aws:eks:eu-west-1:111122223333:cluster/apps', 'kubernetes-namespace': 'reports', 'kubernetes-service-account': 'reader' };
const tagged = (tags: Json, operator = 'StringEquals'): Json => (
  podStatement({ Condition: { [operator]: Object.fromEntries(Object.entries(tags).map(([tag, value]) => [`aws:RequestTag/${tag}`, value])) } }));
export const TAGGED = tagged(TAGS);
/** Statements that deny all but the service account. */
const DENIED = Object.entries(TAGS).map(([tag, value]) => podStatement({ Effect: 'Deny', Condition: { StringNotEquals: { [`aws:RequestTag/${tag}`]: value } } }));

export const account = (namespace: string, name: string, annotations: Json = {}): Json => ({
  'kubernetes_service_account_v1.Reader': { metadata: [{ namespace, name, annotations }] },
});
const pod = (env: Json, audience = AUD, expiration = 3600, name = 'reader'): Json => ({
  'kubernetes_pod_v1.Reader': {
    metadata: [{ namespace: 'reports', name: 'reader' }],
    spec: [{
      service_account_name: name,
      container: [{
        name: 'main', image: 'reader:1', env: Object.entries(env).map(([key, value]) => ({ name: key, value })), volume_mount: [{ name: 'tokens', mount_path: '/tokens', read_only: true }],
      }],
      volume: [{ name: 'tokens', projected: [{ sources: [{ service_account_token: [{ audience, expiration_seconds: expiration, path: 'aws' }] }] }] }],
    }],
  },
});
const ENV = { AWS_ROLE_ARN: '${aws_iam_role.Reader.arn}', AWS_WEB_IDENTITY_TOKEN_FILE: '/tokens/aws', AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' };
const wired = (env: Json = ENV, audience = AUD, expiration = 3600) => more(aws(statement()), account('reports', 'reader'), pod(env, audience, expiration));
/** A provider that is told the endpoint of one cluster, and the name of one. */
const led = (name: string): Json => ({
  ...terraform(
    { 'aws_eks_cluster.Apps': { name: 'apps', identity: [{ oidc: [{ issuer: EKS }] }] }, 'aws_eks_cluster.Other': { name: 'other', identity: [{ oidc: [{ issuer: SECOND }] }] } },
    account('reports', 'reader'),
  ),
  provider: { kubernetes: [{ host: '${aws_eks_cluster.Apps.endpoint}', exec: [{ command: 'aws', args: ['eks', 'get-token', '--cluster-name', name] }] }] },
});
const byEks = account('reports', 'reader', { 'eks.amazonaws.com/role-arn': '${aws_iam_role.Reader.arn}', 'eks.amazonaws.com/token-expiration': '3600' });
/** A pod without anything for clients of clouds. */
export const bare = (annotations: Json = {}): Json => ({
  'kubernetes_pod_v1.Bare': { metadata: [{ namespace: 'reports', name: 'bare', annotations }], spec: [{ service_account_name: 'reader', container: [{ name: 'main', image: 'reader:1', env: [{ name: 'A', value: 'b' }] }] }] },
});
const accountManifest: Json = { 'kubernetes_manifest.Account': { manifest: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'reports', name: 'reader' } } } };
/** The same in a manifest. */
const bareManifest = (kind: 'Deployment' | 'CronJob', container: Json = {}, serviceAccountName = 'reader'): Json => {
  const template = { template: { metadata: {}, spec: { serviceAccountName, containers: [{ name: 'main', image: 'reader:1', ...container }] } } };
  return {
    'kubernetes_manifest.Bare': {
      manifest: { apiVersion: kind === 'CronJob' ? 'batch/v1' : 'apps/v1', kind, metadata: { namespace: 'reports', name: 'bare' }, spec: kind === 'CronJob' ? { jobTemplate: { spec: template } } : template },
    },
  };
};
/** Such pods with an empty folder and a command. */
const withFolder = (command: string): Json => {
  const json = structuredClone(bareManifest('Deployment', { command: [command], volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }] }));
  json['kubernetes_manifest.Bare'].manifest.spec.template.spec.volumes = [{ name: 'tmp', emptyDir: {} }];
  return json;
};
const skipping = (names: string, annotation = 'workload-federation/skip-containers'): Json => {
  const json = structuredClone(bareManifest('Deployment'));
  json['kubernetes_manifest.Bare'].manifest.spec.template.metadata.annotations = { [annotation]: names };
  return json;
};
const SKIP = 'workload-federation/skip';
/** Such pods, which say whether they are to be skipped. */
const skipped = ({ owner, template }: { readonly owner?: string; readonly template?: string }, kind: 'Deployment' | 'CronJob' = 'Deployment'): Json => {
  const json = structuredClone(bareManifest(kind));
  const { manifest } = json['kubernetes_manifest.Bare'];
  const { metadata } = (kind === 'CronJob' ? manifest.spec.jobTemplate.spec : manifest.spec).template;
  for (const [of, said] of [[manifest.metadata, owner], [metadata, template]]) {
    of.annotations = said === undefined ? {} : { [SKIP]: said };
  }
  return json;
};
/** Such pods, by the annotations of their Deployment. */
const skippedBy = (annotations: unknown): Json => {
  const json = structuredClone(bareManifest('Deployment'));
  json['kubernetes_manifest.Bare'].manifest.metadata.annotations = annotations;
  return json;
};
/** A pod with a wiring and annotations. */
const annotatedPod = (env: Json, annotations: Json): Json => {
  const json = structuredClone(pod(env));
  json['kubernetes_pod_v1.Reader'].metadata[0].annotations = annotations;
  return json;
};
/** A role that trusts the service account of one cluster, and a provider that leads to another one, or the same. */
const ofCluster = (issuer: string): Json => {
  const json = more(terraform(provider(issuer), role(statement(issuer))), { 'aws_eks_cluster.Apps': { name: 'apps', identity: [{ oidc: [{ issuer: EKS }] }] } }, account('reports', 'reader'));
  return { ...json, provider: { ...json.provider, kubernetes: [{ host: '${aws_eks_cluster.Apps.endpoint}' }] } };
};
const byGke = account('reports', 'reader', { 'iam.gke.io/gcp-service-account': EMAIL });
const byAks = {
  ...account('reports', 'reader', { 'azure.workload.identity/client-id': '${azurerm_user_assigned_identity.Reader.client_id}' }),
  'kubernetes_pod_v1.Reader': {
    metadata: [{ namespace: 'reports', name: 'reader', labels: { 'azure.workload.identity/use': 'true' } }],
    spec: [{ service_account_name: 'reader', container: [{ name: 'main', image: 'reader:1' }] }],
  },
};
const bucketRole = (sub: string): Json => ({ 'google_storage_bucket_iam_member.Role': { bucket: 'b', role: 'roles/storage.objectViewer', member: subject(sub) } });
/** A pod with a credential configuration, for an account or the principal itself. */
const byFile = (email?: string): Json => ({
  'kubernetes_config_map_v1.Gcp': {
    metadata: [{ namespace: 'reports', name: 'gcp' }],
    data: {
      'gcp.json': JSON.stringify({
        type: 'external_account', audience: `//iam.googleapis.com/${POOL}/providers/pool`, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: 'https://sts.googleapis.com/v1/token', credential_source: { file: '/gcp/token', format: { type: 'text' } },
        ...email !== undefined && { service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateAccessToken` },
      }),
    },
  },
  'kubernetes_pod_v1.Reader': {
    metadata: [{ namespace: 'reports', name: 'reader' }],
    spec: [{
      service_account_name: 'reader',
      container: [{
        name: 'main', image: 'reader:1', volume_mount: [{ name: 'gcp', mount_path: '/gcp', read_only: true }],
        env: ['GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE'].map(name => ({ name, value: '/gcp/gcp.json' })),
      }],
      volume: [{
        name: 'gcp', projected: [{
          sources: [
            { service_account_token: [{ audience: `https://iam.googleapis.com/${POOL}/providers/pool`, expiration_seconds: 3600, path: 'token' }] },
            { config_map: [{ name: 'gcp', items: [{ key: 'gcp.json', path: 'gcp.json' }] }] },
          ],
        }],
      }],
    }],
  },
});
const credentials = (count: number) => terraform(
  { 'azurerm_user_assigned_identity.Reader': { name: 'reader', resource_group_name: 'rg', location: 'westeurope' } },
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`azurerm_federated_identity_credential.C${index}`, {
    name: `c${index}`, resource_group_name: 'rg', parent_id: '${azurerm_user_assigned_identity.Reader.id}', issuer: AKS,
    subject: `system:serviceaccount:reports:reader-${index}`, audience: ['api://AzureADTokenExchange'],
  }])),
);
const flexible = (expression: string): Json => terraform({
  'azuread_application.App': { display_name: 'app' },
  'azuread_application_flexible_federated_identity_credential.Ci': {
    application_id: '${azuread_application.App.id}', display_name: 'ci', audience: 'api://AzureADTokenExchange', issuer: GITHUB, claims_matching_expression: expression,
  },
});
const subjects = (count: number) => Array.from({ length: count }, (_, index) => `system:serviceaccount:reports:reader-${String(index).padStart(3, '0')}`);
const condition = (count: number) => `assertion.sub in [${[READER, ...subjects(count)].map(one => `'${one}'`).join(', ')}]`;
const SECOND = 'https://oidc.eks.eu-west-1.amazonaws.com/id/0F3C9B5A6D7E4812A1B2C3D4E5F60718';
const two = (a: Json, b: Json) => terraform(pool(EKS, a), pool(SECOND, b, 'apps', 'Second'), impersonation(subject()));
const LONG = `system:serviceaccount:${'n'.repeat(60)}:${'a'.repeat(60)}`;

export const CASES: readonly Case[] = [
  { rule: 'missing-sub', title: 'of a cluster', bad: aws(equals({ aud: AUD })), good: aws(statement()) },
  { rule: 'missing-sub', title: 'but a negation', bad: aws(conditions({ StringEquals: { aud: AUD }, StringNotEquals: { sub: 'system:serviceaccount:default:x' } })), good: aws(statement()) },
  {
    rule: 'missing-sub', title: 'of GitHub, where another claim may stand for it', bad: terraform(provider(GITHUB), role(equals({ aud: AUD, actor: 'mallory' }, GITHUB))),
    good: terraform(provider(GITHUB), role(equals({ aud: AUD, repository: 'acme/shop' }, GITHUB))),
  },
  {
    rule: 'missing-sub', title: 'and a Deny statement that makes up for it', bad: aws(equals({ aud: AUD }), { ...conditions({ StringNotEquals: { aud: AUD } }), Effect: 'Deny' }),
    good: aws(equals({ aud: AUD }), { ...conditions({ StringNotEquals: { sub: READER } }), Effect: 'Deny' }),
  },
  { rule: 'missing-sub', title: 'in a flexible credential', bad: flexible('claims[\'ref\'] eq \'refs/heads/main\''), good: flexible('claims[\'sub\'] eq \'repo:acme/shop:ref:refs/heads/main\'') },
  { rule: 'missing-aud', title: 'where the provider takes one', bad: aws(equals({ sub: READER })), good: aws(statement()) },
  {
    rule: 'missing-aud', title: 'where the provider takes several', bad: terraform(provider(EKS, { client_id_list: [AUD, 'vault'] }), role(equals({ sub: READER }))),
    good: terraform(provider(EKS, { client_id_list: [AUD, 'vault'] }), role(statement(), equals({ aud: 'vault', sub: READER }))),
  },
  { rule: 'missing-aud', title: 'of a provider that the input does not have', bad: terraform(role(equals({ sub: READER }))), good: terraform(role(statement())) },
  { rule: 'missing-aud', title: 'of Google', bad: terraform(google({ sub: UNIQUE, oaud: 'x' })), good: terraform(google(GOOGLE)) },
  {
    rule: 'missing-aud', title: 'of Cognito, whose subjects are users',
    bad: terraform(role({ Effect: 'Allow', Principal: { Federated: 'cognito-identity.amazonaws.com' }, Action: 'sts:AssumeRoleWithWebIdentity' })),
    good: terraform(role({
      Effect: 'Allow', Principal: { Federated: 'cognito-identity.amazonaws.com' }, Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { 'StringEquals': { 'cognito-identity.amazonaws.com:aud': 'eu-west-1:1' }, 'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': 'authenticated' } },
    })),
  },
  ...([
    ['of names of a namespace', 'system:serviceaccount:reports:reader-*'], ['of namespaces', 'system:serviceaccount:team-*:reader'], ['of everything that begins so', 'system:serviceaccount:team*'],
    ['of both', 'system:serviceaccount:team-*:read*'], ['of any namespace', 'system:serviceaccount:*:reader'], ['that is short of a character', 'system:serviceaccount:reports:reade?'],
  ] as const).map(([title, sub]): Case => ({
    rule: 'wildcard-sub', title, bad: aws(conditions({ StringEquals: { aud: AUD }, StringLike: { sub } })), good: aws(conditions({ StringEquals: { aud: AUD }, StringLike: { sub: READER } })),
  })),
  {
    rule: 'wildcard-sub', title: 'unless another condition names the subject', bad: aws(conditions({ StringEquals: { aud: AUD }, StringLike: { sub: 'system:serviceaccount:reports:r*' } })),
    good: aws(conditions({ StringEquals: { aud: AUD, sub: READER }, StringLike: { sub: 'system:serviceaccount:reports:r*' } })),
  },
  { rule: 'wildcard-sub', title: 'of two patterns', bad: aws(conditions({ 'StringEquals': { aud: AUD }, 'StringLike': { sub: 'system:*' }, 'ForAnyValue:StringLike': { sub: '*:reader' } })), good: aws(statement()) },
  { rule: 'wildcard-sub', title: 'of a repository', bad: ci('repo:acme/shop:*'), good: ci('repo:acme/shop:ref:refs/heads/main', 'StringEquals') },
  { rule: 'wildcard-sub', title: 'of branches', bad: ci('repo:acme/shop:ref:refs/heads/release-*'), good: ci('repo:acme/shop:environment:production', 'StringEquals') },
  { rule: 'wildcard-sub', title: 'of an organization', bad: ci('repo:acme/*'), good: ci('repo:acme/shop:pull_request') },
  { rule: 'wildcard-sub', title: 'in a flexible credential', bad: flexible('claims[\'sub\'] matches \'repo:acme/shop:*\''), good: flexible('claims[\'sub\'] eq \'repo:acme/shop:ref:refs/heads/main\'') },
  { rule: 'ci-anyone', title: 'of GitHub', bad: ci('repo:*'), good: ci('repo:acme/*') },
  { rule: 'ci-anyone', title: 'of owners that begin so', bad: ci('repo:acme*'), good: ci('repo:acme/s*') },
  { rule: 'ci-anyone', title: 'of everything', bad: ci('*'), good: ci('repo:acme/shop:*') },
  {
    rule: 'ci-anyone', title: 'in the condition of a pool', bad: gcp({ attribute_condition: 'assertion.sub.startsWith(\'repo:\')' }, subject('repo:acme/shop:ref:refs/heads/main'), GITHUB),
    good: gcp({ attribute_condition: 'assertion.sub.startsWith(\'repo:acme/\')' }, subject('repo:acme/shop:ref:refs/heads/main'), GITHUB),
  },
  { rule: 'wildcard-aud', title: 'of AWS', bad: aws(conditions({ StringEquals: { sub: READER }, StringLike: { aud: 'sts.*' } })), good: aws(conditions({ StringEquals: { sub: READER }, StringLike: { aud: AUD } })) },
  { rule: 'kubernetes-api-audience', title: 'in a trust policy', bad: aws(equals({ aud: 'https://kubernetes.default.svc.cluster.local', sub: READER })), good: aws(equals({ aud: 'https://kubernetes.acme.example', sub: READER })) },
  { rule: 'kubernetes-api-audience', title: 'of a provider', bad: more(aws(statement()), provider(EKS, { client_id_list: ['kubernetes'] })), good: aws(statement()) },
  { rule: 'kubernetes-api-audience', title: 'that is the issuer, in a pool', bad: gcp({ oidc: { allowed_audiences: [GKE] } }, subject(), GKE), good: gcp({ oidc: { allowed_audiences: ['vault'] } }, subject(), GKE) },
  { rule: 'kubernetes-api-audience', title: 'in Azure', bad: azure({ audience: ['https://kubernetes.default.svc'] }), good: azure() },
  { rule: 'for-all-values', title: 'of sub', bad: aws(conditions({ 'StringEquals': { aud: AUD }, 'ForAllValues:StringEquals': { sub: READER } })), good: aws(conditions({ 'StringEquals': { aud: AUD }, 'ForAnyValue:StringEquals': { sub: READER } })) },
  {
    rule: 'for-all-values', title: 'of another claim', bad: terraform(provider(GITHUB), role(conditions({ 'StringEquals': { aud: AUD, sub: 'repo:acme/shop:ref:refs/heads/main' }, 'ForAllValues:StringEquals': { repository: 'acme/shop' } }, GITHUB))),
    good: terraform(provider(GITHUB), role(conditions({ 'StringEquals': { aud: AUD, sub: 'repo:acme/shop:ref:refs/heads/main', repository: 'acme/shop' }, 'ForAllValues:StringEquals': { 'aws:TagKeys': 'a' } }, GITHUB))),
  },
  { rule: 'if-exists', title: 'of aud', bad: aws(conditions({ StringEquals: { sub: READER }, StringEqualsIfExists: { aud: AUD } })), good: aws(conditions({ StringEquals: GOOD, StringEqualsIfExists: { aud: AUD } })) },
  { rule: 'string-like-without-wildcard', title: 'of sub', bad: aws(conditions({ StringEquals: { aud: AUD }, StringLike: { sub: READER } })), good: aws(conditions({ StringEquals: { aud: AUD }, StringLike: { sub: [READER, 'system:serviceaccount:reports:*'] } })) },
  { rule: 'literal-wildcard', title: 'in AWS', bad: aws(equals({ aud: AUD, sub: 'system:serviceaccount:reports:*' })), good: aws(conditions({ StringEquals: { aud: AUD }, StringLike: { sub: 'system:serviceaccount:reports:*' } })) },
  { rule: 'literal-wildcard', title: 'in Google Cloud', bad: gcp({}, subject('system:serviceaccount:reports:*')), good: gcp() },
  { rule: 'literal-wildcard', title: 'in Azure', bad: azure({ subject: 'system:serviceaccount:reports:*' }), good: azure() },
  { rule: 'any-principal', title: 'for tokens', bad: aws({ ...statement(), Principal: '*' }), good: aws(statement()) },
  {
    rule: 'any-principal', title: 'for roles on a condition', bad: terraform(role({ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } })),
    good: terraform(role({ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: 'sts:AssumeRole' })),
  },
  { rule: 'not-principal', title: 'beside Allow', bad: aws({ ...statement(), Principal: undefined, NotPrincipal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } }), good: aws(statement(), { Effect: 'Deny', NotPrincipal: { Federated: arnOf(EKS) }, Action: 'sts:AssumeRole' }) },
  { rule: 'public-member', title: 'of a service account', bad: gcp({}, 'allUsers'), good: gcp() },
  { rule: 'google-id-token-without-oaud', title: 'as the article has it', bad: terraform(google({ sub: UNIQUE, aud: UNIQUE })), good: terraform(google(GOOGLE)) },
  { rule: 'second-action', title: 'that tags', bad: aws(statement(EKS, { Action: ['sts:AssumeRoleWithWebIdentity', 'sts:TagSession'] })), good: aws(statement(EKS, { Action: ['sts:assumerolewithwebidentity'] })) },
  { rule: 'second-action', title: 'by a wildcard', bad: aws(statement(EKS, { Action: 'sts:*' })), good: aws(statement()) },
  { rule: 'condition-of-another-issuer', title: 'that never holds', bad: aws(conditions({ StringEquals: { ...GOOD, [`${hostOf(SECOND)}:sub`]: READER } })), good: aws(statement()) },
  { rule: 'condition-of-another-issuer', title: 'that always holds', bad: aws(conditions({ StringEquals: GOOD, StringNotEquals: { [`${hostOf(AKS)}:sub`]: 'x' } })), good: aws(conditions({ StringEquals: GOOD, StringNotEquals: { 'aws:SourceVpc': 'x' } })) },
  { rule: 'pinned-thumbprint', title: 'of a provider', bad: more(aws(statement()), provider(EKS, { thumbprint_list: ['a'.repeat(40)] })), good: more(aws(statement()), provider(EKS, { thumbprint_list: [] })) },
  { rule: 'unused-client-id', title: 'that nothing compares with', bad: more(aws(statement()), provider(EKS, { client_id_list: [AUD, 'vault'] })), good: terraform(provider(EKS, { client_id_list: [AUD, 'vault'] }), role(statement(), equals({ aud: 'vault', sub: READER }))) },
  { rule: 'unused-provider', title: 'of AWS', bad: terraform(provider()), good: aws(statement()) },
  { rule: 'unused-provider', title: 'of a pool', bad: terraform(pool()), good: gcp() },
  {
    rule: 'cluster-without-identity', title: 'of Azure', bad: terraform({ 'azurerm_kubernetes_cluster.Apps': { name: 'apps', oidc_issuer_enabled: true } }),
    good: more(azure({ issuer: '${azurerm_kubernetes_cluster.Apps.oidc_issuer_url}' }), { 'azurerm_kubernetes_cluster.Apps': { name: 'apps', oidc_issuer_enabled: true } }),
  },
  {
    rule: 'cluster-without-identity', title: 'of Google', bad: terraform({ 'google_container_cluster.Apps': { name: 'apps', location: 'europe-west1', workload_identity_config: [{ workload_pool: 'acme.svc.id.goog' }] } }),
    good: more(terraform({ 'google_container_cluster.Apps': { name: 'apps', location: 'europe-west1', workload_identity_config: [{ workload_pool: 'acme.svc.id.goog' }] } }), impersonation('serviceAccount:acme.svc.id.goog[reports/reader]')),
  },
  { rule: 'whole-pool-member', title: 'with a condition', bad: gcp({}, set('*')), good: gcp() },
  { rule: 'whole-pool-member', title: 'without one', bad: gcp({ attribute_condition: null }, set('*')), good: gcp({ attribute_condition: null }) },
  { rule: 'whole-pool-member', title: 'of Google\'s own pool', bad: terraform(impersonation('principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme.svc.id.goog/*')), good: terraform(impersonation('serviceAccount:acme.svc.id.goog[reports/reader]')) },
  {
    rule: 'attribute-member', title: 'of a claim that many have', bad: gcp({ attribute_mapping: { 'google.subject': 'assertion.sub', 'attribute.aud': 'assertion.aud' } }, set('attribute.aud/x')),
    good: gcp({ attribute_mapping: { 'google.subject': 'assertion.sub', 'attribute.sub': 'assertion.sub' } }, set(`attribute.sub/${READER}`)),
  },
  { rule: 'group-member', title: 'of a pool', bad: gcp({ attribute_mapping: { 'google.subject': 'assertion.sub', 'google.groups': 'assertion.groups' } }, set('group/readers')), good: gcp() },
  { rule: 'colliding-subjects', title: 'by the same mapping', bad: two({}, {}), good: two({ attribute_mapping: { 'google.subject': '\'eks::\' + assertion.sub' } }, { attribute_mapping: { 'google.subject': '\'second::\' + assertion.sub' } }) },
  { rule: 'colliding-subjects', title: 'unless the conditions keep them apart', bad: two({ attribute_condition: null }, {}), good: two({}, { attribute_condition: 'assertion.sub == \'system:serviceaccount:other:reader\'' }) },
  {
    rule: 'colliding-subjects', title: 'where no member is known', bad: terraform(pool(), pool(SECOND, {}, 'apps', 'Second')),
    good: terraform(
      pool(EKS, { attribute_mapping: { 'google.subject': '\'eks::\' + assertion.sub' } }),
      pool(SECOND, { attribute_mapping: { 'google.subject': '\'second::\' + assertion.sub' } }, 'apps', 'Second'),
    ),
  },
  { rule: 'no-attribute-condition', title: 'of a cluster', bad: gcp({ attribute_condition: null }), good: gcp() },
  { rule: 'no-attribute-condition', title: 'of GitHub', bad: gcp({ attribute_condition: null }, subject('repo:acme/shop:ref:refs/heads/main'), GITHUB), good: gcp({ attribute_condition: 'assertion.repository_owner_id == \'1\'' }, subject('repo:acme/shop:ref:refs/heads/main'), GITHUB) },
  { rule: 'condition-always-true', title: 'as it says so', bad: gcp({ attribute_condition: 'true' }), good: gcp({ attribute_condition: 'assertion.sub != \'x\'' }) },
  { rule: 'condition-always-true', title: 'as it compares the issuer', bad: gcp({ attribute_condition: `assertion.iss == '${EKS}'` }), good: gcp({ attribute_condition: `assertion.iss == '${EKS}' && assertion.sub == '${READER}'` }) },
  { rule: 'condition-wider-than-members', title: 'for a whole cluster', bad: gcp({ attribute_condition: 'assertion.sub.startsWith(\'system:serviceaccount:\')' }), good: gcp() },
  {
    rule: 'condition-wider-than-members', title: 'for another namespace', bad: gcp({ attribute_condition: `assertion.sub in ['${READER}', 'system:serviceaccount:shop:cart']` }),
    good: gcp({ attribute_condition: `assertion.sub in ['${READER}', 'system:serviceaccount:reports:writer']` }),
  },
  {
    rule: 'condition-wider-than-members', title: 'by a namespace', bad: gcp({ attribute_condition: 'assertion[\'kubernetes.io\'][\'namespace\'] in [\'reports\', \'shop\']' }),
    good: gcp({ attribute_condition: 'assertion[\'kubernetes.io\'][\'namespace\'] == \'reports\'' }),
  },
  { rule: 'condition-wider-than-members', title: 'for accounts of one name', bad: gcp({ attribute_condition: 'assertion.sub.endsWith(\':reader\')' }), good: gcp({ attribute_condition: `assertion.sub == '${READER}'` }) },
  { rule: 'condition-wider-than-members', title: 'of an issuer of one\'s own', bad: gcp({ attribute_condition: 'assertion.sub.startsWith(\'system:\')' }, subject(), OWN), good: gcp({ attribute_condition: 'assertion.sub.startsWith(\'robots:\')' }, subject('robots:reader'), OWN) },
  {
    rule: 'condition-wider-than-members', title: 'of namespaces that begin alike', bad: gcp({ attribute_condition: 'assertion.sub.startsWith(\'system:serviceaccount:reports\')' }),
    good: [
      gcp({ attribute_condition: 'assertion.sub.startsWith(\'system:serviceaccount:reports:\')' }),
      gcp({ attribute_condition: 'assertion[\'kubernetes.io\'][\'namespace\'] == \'reports\'', attribute_mapping: { 'google.subject': 'assertion[\'kubernetes.io\'][\'serviceaccount\'][\'uid\']' } }, subject('5e1f3a52')),
      gcp({ attribute_condition: 'assertion.sub.startsWith(\'system:serviceaccount:reports:\')', attribute_mapping: { 'google.subject': 'assertion.sub.extract(\'system:serviceaccount:{rest}\')' } }, subject('reports:reader')),
      gcp({ attribute_condition: 'assertion.sub.startsWith(\'system:serviceaccount:reports:\')', attribute_mapping: { 'google.subject': 'assertion.sub', 'attribute.sub': 'assertion.sub' } }, set(`attribute.sub/${READER}`)),
    ],
  },
  { rule: 'condition-never-true', title: 'as it compares another issuer', bad: gcp({ attribute_condition: `assertion.iss == '${SECOND}'` }), good: gcp() },
  { rule: 'default-audience-absent', title: 'of a pool', bad: gcp({ oidc: { allowed_audiences: ['acme'] } }), good: gcp({ oidc: { allowed_audiences: [`https://iam.googleapis.com/${POOL}/providers/pool`] } }) },
  { rule: 'extra-audience', title: 'of another cloud', bad: gcp({ oidc: { allowed_audiences: [AUD] } }), good: gcp({ oidc: { allowed_audiences: ['acme'] } }) },
  { rule: 'extra-audience', title: 'beside its own', bad: gcp({ oidc: { allowed_audiences: [`//iam.googleapis.com/${POOL}/providers/pool`, 'acme'] } }), good: gcp({ oidc: { allowed_audiences: [`//iam.googleapis.com/${POOL}/providers/pool`, `https://iam.googleapis.com/${POOL}/providers/pool`] } }) },
  { rule: 'uploaded-keys', title: 'of a cluster that publishes its own', bad: gcp({ oidc: { jwks_json: JWKS } }), good: gcp({ oidc: { jwks_json: null } }) },
  { rule: 'uploaded-keys', title: 'of GitHub', bad: gcp({ oidc: { jwks_json: JWKS } }, subject(), GITHUB), good: gcp({ oidc: { jwks_json: '' } }, subject(), GITHUB) },
  { rule: 'uploaded-keys', title: 'of an issuer of one\'s own', bad: gcp({ oidc: { jwks_json: JWKS } }, subject(), OWN), good: gcp({}, subject(), OWN) },
  {
    rule: 'uploaded-keys', title: 'of a cluster of the input, where only Terraform knows the keys',
    bad: more(gcp({ oidc: { jwks_json: '${var.keys}' } }, subject(), '${azurerm_kubernetes_cluster.Apps.oidc_issuer_url}'), { 'azurerm_kubernetes_cluster.Apps': { name: 'apps' } }),
    good: more(gcp({}, subject(), '${azurerm_kubernetes_cluster.Apps.oidc_issuer_url}'), { 'azurerm_kubernetes_cluster.Apps': { name: 'apps' } }),
  },
  { rule: 'authoritative-binding', title: 'of a service account', bad: terraform(pool(), { 'google_service_account_iam_binding.Trust': { service_account_id: `projects/acme/serviceAccounts/${EMAIL}`, role: 'roles/iam.workloadIdentityUser', members: [subject()] } }), good: gcp() },
  {
    rule: 'authoritative-binding', title: 'that undoes another, as in the article', bad: more(gcp(), { 'google_service_account_iam_binding.Other': { service_account_id: `projects/acme/serviceAccounts/${EMAIL}`, role: 'roles/iam.workloadIdentityUser', members: ['serviceAccount:acme.svc.id.goog[reports/reader]'] } }),
    good: terraform({ 'google_storage_bucket_iam_binding.People': { bucket: 'b', role: 'roles/storage.objectViewer', members: ['group:people@acme.example'] } }),
  },
  { rule: 'authoritative-binding', title: 'of a whole project', bad: more(gcp(), { 'google_project_iam_policy.All': { project: 'acme', policy_data: JSON.stringify({ bindings: [{ role: 'roles/viewer', members: ['user:a@acme.example'] }] }) } }), good: more(gcp(), projectRole('roles/logging.logWriter')) },
  { rule: 'stored-key', title: 'of a federated service account', bad: more(gcp(), { 'google_service_account_key.Key': { service_account_id: '${google_service_account.Reader.name}' } }), good: gcp() },
  { rule: 'stored-key', title: 'of a user of AWS', bad: terraform({ 'aws_iam_access_key.Key': { user: 'ci' } }), good: terraform({ 'aws_iam_user.Ci': { name: 'ci' } }) },
  { rule: 'stored-key', title: 'of a federated application', bad: more(flexible('claims[\'sub\'] eq \'repo:acme/shop:ref:refs/heads/main\''), { 'azuread_application_password.Key': { application_id: '${azuread_application.App.id}' } }), good: flexible('claims[\'sub\'] eq \'repo:acme/shop:ref:refs/heads/main\'') },
  { rule: 'token-creator-on-project', title: 'for a subject', bad: more(gcp(), projectRole('roles/iam.serviceAccountTokenCreator', subject())), good: more(gcp(), projectRole('roles/iam.serviceAccountTokenCreator', 'user:admin@acme.example')) },
  { rule: 'token-creator-on-project', title: 'for a service account', bad: more(gcp(), projectRole('roles/iam.workloadIdentityUser')), good: more(gcp(), projectRole('roles/iam.serviceAccountUser')) },
  { rule: 'google-basic-role', title: 'behind a token', bad: more(gcp(), projectRole('roles/editor')), good: terraform({ 'google_service_account.Reader': { account_id: 'reader' } }, projectRole('roles/editor')) },
  { rule: 'google-iam-admin-role', title: 'behind a token', bad: more(gcp(), projectRole('roles/resourcemanager.projectIamAdmin')), good: more(gcp(), projectRole('roles/browser')) },
  { rule: 'azure-broad-role', title: 'behind a token', bad: more(azure(), assignment('Contributor')), good: more(azure(), assignment('Storage Blob Data Contributor')) },
  { rule: 'aws-admin', title: 'by a policy of AWS', bad: more(aws(statement()), attach('arn:aws:iam::aws:policy/AdministratorAccess')), good: more(aws(statement()), attach('arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess')) },
  { rule: 'aws-admin', title: 'by a statement', bad: more(aws(statement()), inline({ Effect: 'Allow', Action: ['*'], Resource: '*' })), good: more(aws(statement()), inline({ Effect: 'Allow', Action: 's3:*', Resource: '*' }, { Effect: 'Deny', Action: '*', Resource: '*' })) },
  { rule: 'gke-issuer-outlives-cluster', title: 'in Azure', bad: azure({}, GKE), good: azure() },
  { rule: 'gke-shared-workload-pool', title: 'of a project', bad: terraform(impersonation('serviceAccount:acme.svc.id.goog[reports/reader]')), good: gcp({}, subject(), GKE) },
  { rule: 'google-as-identity-provider', title: 'of a role', bad: terraform(google(GOOGLE)), good: aws(statement()) },
  { rule: 'default-namespace', title: 'in AWS', bad: aws(equals({ aud: AUD, sub: 'system:serviceaccount:default:reader' })), good: aws(equals({ aud: AUD, sub: 'system:serviceaccount:defaults:reader' })) },
  { rule: 'default-service-account', title: 'in Azure', bad: azure({ subject: 'system:serviceaccount:reports:default' }), good: azure({ subject: 'system:serviceaccount:reports:default-reader' }) },
  { rule: 'unsafe-namespace', title: 'in AWS', bad: aws(conditions({ StringEquals: { aud: AUD }, StringLike: { sub: 'system:serviceaccount:reports:*' } })), good: aws(statement()) },
  { rule: 'unsafe-namespace', title: 'by an attribute', bad: gcp({ attribute_mapping: { 'google.subject': 'assertion.sub', 'attribute.namespace': 'assertion[\'kubernetes.io\'][\'namespace\']' } }, set('attribute.namespace/reports')), good: gcp() },
  { rule: 'unsafe-namespace', title: 'of Google\'s own pool', bad: terraform(impersonation('principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme.svc.id.goog/namespace/reports')), good: terraform(impersonation('serviceAccount:acme.svc.id.goog[reports/reader]')) },
  { rule: 'unsafe-cluster', title: 'in AWS', bad: aws(conditions({ StringEquals: { aud: AUD }, StringLike: { sub: 'system:serviceaccount:*' } })), good: aws(statement()) },
  { rule: 'unsafe-cluster', title: 'by a pattern of everything', bad: aws(conditions({ StringEquals: { aud: AUD }, StringLike: { sub: '*' } })), good: aws(statement()) },
  { rule: 'unsafe-cluster', title: 'of Google\'s own pool', bad: terraform(impersonation(`principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme.svc.id.goog/kubernetes.cluster/${GKE}`)), good: terraform(impersonation('serviceAccount:acme.svc.id.goog[reports/reader]')) },
  { rule: 'oidc-provider-of-another-alias', title: 'of another account', bad: terraform(provider(), { 'aws_iam_role.Reader': { name: 'reader', arn: 'arn:aws:iam::444455556666:role/reader', assume_role_policy: policyOf(statement()) } }), good: aws(statement()) },
  { rule: 'pod-identity-without-session-tags', title: 'of an association', bad: pods([podStatement()], { disable_session_tags: true }), good: pods([TAGGED]) },
  { rule: 'pod-identity-any-association', title: 'of a role', bad: pods([podStatement()]), good: pods([TAGGED]) },
  ...Object.keys(TAGS).map(tag => ({ rule: 'pod-identity-any-association' as const, title: `whatever its ${tag}`, bad: pods([tagged(Object.fromEntries(Object.entries(TAGS).filter(([name]) => name !== tag)))]), good: pods([TAGGED]) })),
  { rule: 'pod-identity-any-association', title: 'whatever its cluster and namespace', bad: pods([tagged({ 'kubernetes-service-account': 'reader' })]), good: pods([TAGGED]) },
  { rule: 'pod-identity-any-association', title: 'with any value of a tag', bad: pods([tagged({ ...TAGS, 'kubernetes-namespace': '*' }, 'StringLike')]), good: pods([tagged({ ...TAGS, 'kubernetes-namespace': 'reports' }, 'StringLike')]) },
  { rule: 'pod-identity-any-association', title: 'with a pattern of everything', bad: pods([tagged({ ...TAGS, 'kubernetes-namespace': '?*' }, 'StringLike')]), good: pods([podStatement(), ...DENIED]) },
  { rule: 'pod-identity-any-association', title: 'with the tag itself', bad: pods([tagged({ ...TAGS, 'kubernetes-namespace': '$${aws:RequestTag/kubernetes-namespace}' })]), good: pods([TAGGED, podStatement({ Effect: 'Deny', Condition: { Bool: { 'aws:PrincipalIsAWSService': 'false' } } })]) },
  { rule: 'pod-identity-any-association', title: 'where not all tags are denied', bad: pods([podStatement(), DENIED[0]!, DENIED[1]!]), good: pods([podStatement(), ...DENIED.map(deny => ({ ...deny, Principal: '*' }))]) },
  { rule: 'pod-identity-any-association', title: 'where tags are denied, and sessions without tags are not', bad: pods([podStatement(), ...DENIED.map(deny => ({ ...deny, Action: 'sts:TagSession' }))]), good: pods([podStatement(), ...DENIED]) },
  { rule: 'pod-identity-any-association', title: 'where tags are compared if they are there', bad: pods([tagged(TAGS, 'StringEqualsIfExists')]), good: pods([TAGGED]) },
  { rule: 'registered-in-two-stacks', title: 'in one account', bad: [aws(statement()), terraform(provider())], good: [aws(statement()), terraform(provider(SECOND))] },
  { rule: 'registered-in-two-stacks', title: 'as a pool', bad: [1, 2].map(() => terraform({ 'google_iam_workload_identity_pool.Pool': { workload_identity_pool_id: 'apps' } })), good: ['a', 'b'].map(id => terraform({ 'google_iam_workload_identity_pool.Pool': { workload_identity_pool_id: `apps-${id}` } })) },
  { rule: 'aks-issuer-without-slash', title: 'in Azure', bad: azure({}, AKS.slice(0, -1)), good: azure() },
  { rule: 'azure-audience', title: 'of a credential', bad: azure({ audience: [AUD] }), good: azure({ audience: ['api://AzureADTokenExchangeUSGov'] }) },
  { rule: 'not-a-kubernetes-subject', title: 'in Azure', bad: azure({ subject: 'reports/reader' }), good: azure({ subject: 'reports/reader' }, OWN) },
  { rule: 'not-a-kubernetes-subject', title: 'in AWS', bad: aws(equals({ aud: AUD, sub: 'system:serviceaccounts:reports:reader' })), good: aws(statement()) },
  { rule: 'not-a-kubernetes-subject', title: 'in Google Cloud', bad: gcp({}, subject('reports:reader')), good: gcp({}, subject('reports:reader'), OWN) },
  { rule: 'too-many-credentials', title: 'of an identity', bad: credentials(21), good: credentials(20) },
  { rule: 'issuer-near-miss', title: 'in a slash', bad: [aws(statement()), azure({}, `${EKS}/`)], good: [aws(statement()), azure({}, EKS)] },
  {
    rule: 'issuer-near-miss', title: 'in case, where the cluster itself is known', bad: terraform({ 'aws_eks_cluster.Apps': { name: 'apps', identity: [{ oidc: [{ issuer: EKS }] }] } }, provider(EKS.toLowerCase()), role(statement(EKS.toLowerCase()))),
    good: more(aws(statement()), { 'aws_eks_cluster.Apps': { name: 'apps', identity: [{ oidc: [{ issuer: EKS }] }] } }),
  },
  { rule: 'issuer-near-miss', title: 'in a port', bad: [gcp({}, subject(), OWN), azure({}, `${OWN}:443`)], good: [gcp({}, subject(), `${OWN}:8443`), azure({}, `${OWN}:9443`)] },
  { rule: 'issuer-near-miss', title: 'in the scheme', bad: [gcp({}, subject(), OWN), azure({}, OWN.replace('https', 'http'))], good: [gcp({}, subject(), OWN), azure({}, OWN)] },
  { rule: 'http-issuer', title: 'of one\'s own', bad: azure({}, 'http://issuer.acme.example'), good: azure({}, OWN) },
  { rule: 'dead-issuer', title: 'after a cluster was made again', bad: aws(statement()), good: terraform(provider(SECOND), role(statement(SECOND))), live: [SECOND] },
  { rule: 'unknown-service-account', title: 'beside the ones that there are', bad: more(aws(statement()), account('reports', 'writer')), good: more(aws(statement()), account('reports', 'reader')) },
  { rule: 'token-lifetime', title: 'of a day', bad: wired(ENV, AUD, 86400), good: wired() },
  { rule: 'token-lifetime', title: 'of more than a day', bad: wired(ENV, AUD, 90000), good: wired() },
  { rule: 'pod-wiring', title: 'of a file that is not there', bad: wired({ ...ENV, AWS_WEB_IDENTITY_TOKEN_FILE: '/tokens/other' }), good: wired() },
  { rule: 'unwired-workload', title: 'of AWS', bad: more(aws(statement()), account('reports', 'reader'), bare()), good: wired() },
  { rule: 'unwired-workload', title: 'of Google Cloud, in a manifest', bad: more(gcp(), accountManifest, bareManifest('Deployment')), good: more(gcp(), accountManifest, bareManifest('Deployment', { env: [{ name: 'GOOGLE_APPLICATION_CREDENTIALS', value: '/x.json' }] })) },
  { rule: 'unwired-workload', title: 'of Azure, without the label that its webhook wants', bad: more(azure(), account('reports', 'reader'), bare()), good: more(azure(), byAks) },
  { rule: 'unwired-workload', title: 'of a CronJob, where another pod is wired', bad: more(wired(), bareManifest('CronJob')), good: more(wired(), bareManifest('CronJob', {}, 'writer')) },
  { rule: 'unwired-workload', title: 'of one container, where another shall have nothing', bad: more(aws(statement()), accountManifest, skipping('other')), good: [more(aws(statement()), accountManifest, skipping('main')), more(aws(statement()), accountManifest, skipping('${var.names}'))] },
  { rule: 'unwired-workload', title: 'of a container that another cloud leaves out', bad: more(aws(statement()), accountManifest, skipping('main', 'cloud.google.com/skip-containers')), good: more(aws(statement()), accountManifest, skipping('main', 'eks.amazonaws.com/skip-containers')) },
  { rule: 'unwired-workload', title: 'of names with a separator of another cloud', bad: more(azure(), accountManifest, skipping('main,other', 'azure.workload.identity/skip-containers')), good: more(azure(), accountManifest, skipping('other; main', 'azure.workload.identity/skip-containers')) },
  { rule: 'unwired-workload', title: 'of a Deployment that is skipped by another word', bad: more(aws(statement()), accountManifest, skipped({ owner: 'yes', template: 'true' })), good: more(aws(statement()), accountManifest, skipped({ owner: 'true' })) },
  {
    rule: 'unwired-workload', title: 'of a CronJob that is not skipped', bad: more(aws(statement()), accountManifest, skipped({ owner: 'false', template: 'false' }, 'CronJob')), good: [
      more(aws(statement()), accountManifest, skipped({ owner: 'false', template: 'true' }, 'CronJob')), more(aws(statement()), accountManifest, skipped({ template: '${var.skip}' }, 'CronJob')),
    ],
  },
  {
    rule: 'unwired-workload', title: 'of a Deployment whose annotations are not known', bad: more(aws(statement()), accountManifest, skippedBy('${var.annotations}')),
    good: more(aws(statement()), accountManifest, skippedBy({ [SKIP]: '${var.skip}' })),
  },
  {
    rule: 'unwired-workload', title: 'of a Deployment with some annotations that are known', bad: more(aws(statement()), accountManifest, skippedBy('${merge(var.annotations, { team = "reports" })}')),
    good: more(aws(statement()), accountManifest, skippedBy({ team: '${var.team}', [SKIP]: 'true' })),
  },
  {
    rule: 'unwired-workload', title: 'of a Deployment that is skipped by no text', bad: more(aws(statement()), accountManifest, skippedBy({ [SKIP]: false })),
    good: more(aws(statement()), accountManifest, skippedBy({ [SKIP]: true })),
  },
  { rule: 'unwired-workload', title: 'of a pod that says it of something else', bad: more(aws(statement()), account('reports', 'reader', { [SKIP]: 'true' }), bare()), good: more(aws(statement()), account('reports', 'reader'), bare({ [SKIP]: 'true' })) },
  { rule: 'pod-wiring', title: 'of pods that shall not be wired', bad: more(aws(statement()), account('reports', 'reader'), annotatedPod({ ...ENV, AWS_WEB_IDENTITY_TOKEN_FILE: '/tokens/other' }, { [SKIP]: 'true' })), good: wired() },
  { rule: 'unwired-workload', title: 'of a container with an empty folder of its own', bad: more(aws(statement()), accountManifest, withFolder('sh')), good: more(aws(statement()), accountManifest, withFolder('AWS_PROFILE=x app')) },
  { rule: 'unwired-workload', title: 'of a cluster that is known', bad: more(ofCluster(EKS), bare()), good: more(ofCluster(SECOND), bare()) },
  { rule: 'wiring-not-trusted', title: 'for another audience', bad: wired(ENV, 'vault'), good: wired() },
  { rule: 'wiring-not-trusted', title: 'as another service account', bad: more(aws(equals({ aud: AUD, sub: 'system:serviceaccount:reports:writer' })), account('reports', 'reader'), pod(ENV)), good: wired() },
  { rule: 'wiring-not-trusted', title: 'by annotation, of EKS', bad: more(aws(equals({ aud: AUD, sub: 'system:serviceaccount:reports:writer' })), byEks), good: more(aws(statement()), byEks) },
  { rule: 'wiring-not-trusted', title: 'by annotation, of GKE', bad: more(terraform(impersonation('serviceAccount:acme.svc.id.goog[reports/writer]')), byGke), good: more(terraform(impersonation('serviceAccount:acme.svc.id.goog[reports/reader]')), byGke) },
  { rule: 'wiring-not-trusted', title: 'by annotation, of AKS', bad: more(azure({ subject: 'system:serviceaccount:reports:writer' }), byAks), good: more(azure(), byAks) },
  { rule: 'wiring-not-trusted', title: 'in Google Cloud, of an account', bad: more(gcp({}, subject('system:serviceaccount:reports:writer')), account('reports', 'reader'), byFile(EMAIL)), good: more(gcp(), account('reports', 'reader'), byFile(EMAIL)) },
  { rule: 'wiring-not-trusted', title: 'in Google Cloud, of a principal', bad: more(terraform(pool(), bucketRole('system:serviceaccount:reports:writer')), account('reports', 'reader'), byFile()), good: more(terraform(pool(), bucketRole(READER)), account('reports', 'reader'), byFile()) },
  { rule: 'wiring-not-trusted', title: 'in Google Cloud, of a principal that the condition keeps out', bad: more(terraform(pool(EKS, { attribute_condition: 'assertion.sub == \'x\'' }), bucketRole(READER)), account('reports', 'reader'), byFile()), good: more(terraform(pool(), bucketRole(READER)), account('reports', 'reader'), byFile()) },
  { rule: 'wiring-not-trusted', title: 'of an identity without any trust', bad: more(terraform({ 'google_service_account.Reader': { account_id: 'reader' } }), byGke), good: terraform(byGke) },
  { rule: 'cluster-of-two-issuers', title: 'by what a provider is told', bad: led('other'), good: led('apps') },
  { rule: 'unused-provider', title: 'of a pool that has none', bad: terraform({ 'google_iam_workload_identity_pool.Pool': { workload_identity_pool_id: 'apps' } }), good: more(gcp(), { 'google_iam_workload_identity_pool.Pool': { workload_identity_pool_id: 'apps', name: POOL } }) },
  { rule: 'trust-policy-size', title: 'near the quota', bad: aws(equals({ aud: AUD, sub: subjects(30) })), good: aws(equals({ aud: AUD, sub: subjects(20) })) },
  { rule: 'trust-policy-size', title: 'over it', bad: aws(equals({ aud: AUD, sub: subjects(40) })), good: aws(equals({ aud: AUD, sub: subjects(20) })) },
  { rule: 'trust-policy-size', title: 'over any', bad: aws(equals({ aud: AUD, sub: subjects(200) })), good: aws(equals({ aud: AUD, sub: subjects(20) })) },
  { rule: 'pool-condition-size', title: 'near the limit', bad: gcp({ attribute_condition: condition(80) }), good: gcp({ attribute_condition: condition(60) }) },
  { rule: 'pool-condition-size', title: 'over it', bad: gcp({ attribute_condition: condition(110) }), good: gcp({ attribute_condition: condition(60) }) },
  { rule: 'subject-too-long', title: 'of a member', bad: gcp({ attribute_condition: `assertion.sub == '${LONG}'` }, subject(LONG)), good: gcp() },
];

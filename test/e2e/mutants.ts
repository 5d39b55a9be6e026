import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { GcpFederatedServiceAccount, Workload } from 'cdktf-workload-federation';
import { AKS_ISSUER, EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { Mechanism, MECHANISMS } from '../mechanisms';
import { stackIn } from '../synth';
import { appStacks, Stack } from './shadow';
import { Stage } from './stage';
import { Draft } from '../trust/mutants';

/** What is synthesized before something of it is changed. */
export interface Setup {
  readonly mechanism: Mechanism;
  /** Where it is more than the workload of the mechanism. */
  readonly stacks?: () => Stack[];
  /** The containers whose clients work, and for which clouds; the first is that of the mechanism. @default `main`, for the cloud of the mechanism */
  readonly clients?: readonly (readonly [container: string, to: Mechanism['to']])[];
  /** Who is let in besides the service account while nothing is changed. */
  readonly allowed?: readonly string[];
}

const LITERAL = LITERAL_AND_TOKENS[0]![1];

function mechanism(from: Mechanism['from'], to: Mechanism['to'], by: string): Mechanism {
  const found = MECHANISMS.filter(row => row.from === from && row.to === to && row.by === by);
  if (found.length !== 1) {
    throw new Error(`${found.length} mechanisms from ${from} to ${to} by ${by}`);
  }
  return found[0]!;
}

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

export const SETUPS = {
  'IRSA': { mechanism: mechanism('EKS', 'AWS', 'EKS\'s webhook (IRSA)') },
  'IRSA for a namespace': { mechanism: mechanism('EKS', 'AWS', 'EKS\'s webhook for a whole namespace'), allowed: ['another account'] },
  'Pod Identity': { mechanism: mechanism('EKS', 'AWS', 'EKS Pod Identity') },
  'Pod Identity with a target': { mechanism: mechanism('EKS', 'AWS', 'EKS Pod Identity with a target role in another account') },
  'Pod Identity with an external id': { mechanism: mechanism('EKS', 'AWS', 'EKS Pod Identity without session tags, with a target role that compares the external id') },
  'a projected token for AWS': { mechanism: mechanism('any OIDC cluster', 'AWS', 'a projected token') },
  'a projected token of AKS for AWS': { mechanism: mechanism('AKS', 'AWS', 'a projected token') },
  'a chain of roles': { mechanism: mechanism('any OIDC cluster', 'AWS', 'a chain of two roles in a config file') },
  'Google\'s ID tokens by the webhook': { mechanism: mechanism('GKE', 'AWS', 'ID tokens of a Google service account, and the gtoken webhook'), allowed: ['another cluster of the project'] },
  'Google\'s ID tokens by gtoken': { mechanism: mechanism('GKE', 'AWS', 'ID tokens of a Google service account, and containers of gtoken'), allowed: ['another cluster of the project'] },
  'Google\'s ID tokens by the metadata server': {
    mechanism: mechanism('GKE', 'AWS', 'ID tokens of a Google service account, and the metadata server'), allowed: ['another cluster of the project'],
  },
  'a pool': { mechanism: ACCOUNT },
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
  'direct access': { mechanism: mechanism('EKS', 'Google Cloud', 'direct access through a pool') },
  'Google\'s own pool': { mechanism: mechanism('GKE', 'Google Cloud', 'a service account through Google\'s own pool'), allowed: ['another cluster of the project'] },
  'direct access through Google\'s own pool': { mechanism: mechanism('GKE', 'Google Cloud', 'direct access through Google\'s own pool'), allowed: ['another cluster of the project'] },
  'Google\'s own pool for a cluster': {
    mechanism: mechanism('GKE', 'Google Cloud', 'direct access through Google\'s own pool, for a whole cluster'), allowed: ['another namespace', 'another account'],
  },
  'Azure\'s webhook': { mechanism: mechanism('AKS', 'Azure', 'AKS\'s webhook') },
  'a projected token for Azure': { mechanism: mechanism('EKS', 'Azure', 'a projected token') },
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
  return setup.stacks?.() ?? stage.synthesize(setup.mechanism, LITERAL);
}

/** A role and an account of Google that somebody else has in the same account and project. */
export const MALLORY = { role: 'arn:aws:iam::123456789012:role/mallory', email: 'mallory@acme-apps.iam.gserviceaccount.com', uniqueId: '104857600000000000042' };

/**
 * Who notices: somebody who `gets in` and did not before, or whom the pod fails with which code. Where no client can notice, what of the tool does: a rule of
 * `check`, or what `diff` says of an identity.
 */
export type Noticed = Readonly<Record<string, string>> | `no client: ${string}`;

/** A way to weaken or break what a construct emits. */
export type Mutant = readonly [name: string, setup: SetupName, mutate: (draft: Draft, clusters: Stage['clusters']) => void, noticed: Noticed];

// Places in what is synthesized.

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

// Outcomes that many have.

const me = (code: string) => ({ 'the service account': code });
const IN = 'gets in';
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
  ['the association is of another cluster', 'Pod Identity', d => { association(d).cluster_name = 'neighbour'; }, me('no region')],
  ['the association is in another region', 'Pod Identity', d => { association(d).region = 'us-east-1'; }, me('no region')],
  ['the association is lost', 'Pod Identity', d => remove(d, 'aws_eks_pod_identity_association'), me('no region')],
  ['the association has another role', 'Pod Identity', d => { association(d).role_arn = MALLORY.role; }, me('nothing from the agent')],
  ['the conditions on session tags are dropped', 'Pod Identity', d => delete d.trust('Role').condition, { ...both, 'another cluster': IN }],
  ['the condition on the namespace is dropped', 'Pod Identity', d => without(d, 'Role', '/kubernetes-namespace'), { 'another namespace': IN }],
  ['the condition on the service account is dropped', 'Pod Identity', d => without(d, 'Role', '/kubernetes-service-account'), { 'another account': IN }],
  ['the condition on the cluster is dropped', 'Pod Identity', d => without(d, 'Role', '/eks-cluster-arn'), { 'another cluster': IN }],
  ['the condition on the namespace has a wildcard', 'Pod Identity', d => Object.assign(d.condition('Role', '/kubernetes-namespace'), { test: 'StringLike', values: ['*'] }), { 'another namespace': IN }],
  ['the condition is on another namespace', 'Pod Identity', d => { d.condition('Role', '/kubernetes-namespace').values = ['billing']; }, { ...me('nothing from the agent'), 'another namespace': IN }],
  ['session tags are not made', 'Pod Identity', d => { association(d).disable_session_tags = true; }, me('nothing from the agent')],
  ['session tags are not allowed', 'Pod Identity', d => { d.trust('Role').actions = ['sts:AssumeRole']; }, me('nothing from the agent')],
  ['the role trusts another service', 'Pod Identity', d => { d.trust('Role').principals[0].identifiers = ['eks.amazonaws.com']; }, me('nothing from the agent')],
  ['the role trusts the roles of the account too', 'Pod Identity', d => d.trust('Role').principals.push({ type: 'AWS', identifiers: ['123456789012'] }), { 'another role of the account': IN }],
  ['the target trusts everything of the account', 'Pod Identity with a target', d => { d.trust('Target').principals[0].identifiers = ['arn:aws:iam::123456789012:root']; }, { 'another role of the account': IN }],
  ['the target trusts everybody', 'Pod Identity with a target', d => { d.trust('Target').principals[0].identifiers = ['*']; }, {
    'another role of the account': IN, 'a role of another account': IN,
  }],
  ['the first role may not assume the target', 'Pod Identity with a target', d => { remove(d, 'aws_iam_role_policy'); }, me('nothing from the agent')],
  ['the first role may not pass tags on', 'Pod Identity with a target', d => { d.of('data.aws_iam_policy_document.Role_Permissions').statement[0].actions = ['sts:AssumeRole']; }, me('nothing from the agent')],
  ['the association has no target', 'Pod Identity with a target', d => delete association(d).target_role_arn, me('is aws_iam_role.Role')],
  ['the external id is not compared', 'Pod Identity with an external id', d => delete d.trust('Target').condition, { ...both, 'another cluster': IN }],
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
  ['the condition on sub is dropped', 'Google\'s ID tokens by the metadata server', d => without(d, 'Via_Role', ':sub'), 'no client: diff: Via widened'],
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
  ['the member is of the pool of another cluster', 'a pool', d => { member(d).member = `principal://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/oidc-others/subject/${READER}`; }, me('PERMISSION_DENIED')],
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
  ['the grant is for another bucket', 'direct access', d => { grant(d, 'Federated_eks-apps_reports_reader').bucket = 'acme-billing'; }, me('forbidden')],
  ['the grant is for writing', 'direct access', d => { grant(d, 'Federated_eks-apps_reports_reader').role = 'roles/storage.objectCreator'; }, me('forbidden')],
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
  }, { ...me('forbidden'), 'another cluster of the project': 'forbidden' }],
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

/** Every way to weaken or break what is emitted, and who notices. */
export const MUTANTS: readonly Mutant[] = [...AWS, ...GOOGLE, ...AZURE, ...THREE_CLOUDS];

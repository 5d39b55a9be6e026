import { Draft, everything } from './mutants';
import { wrongIn, wrongOf } from './report/documents';
import { changesToJson, check, CheckRuleId, makeChanges } from '../../lib/trust';
import { diffTrust, isChanged } from '../../lib/trust/diff';
import { Identity } from '../../lib/trust/model';
import { Model, readModel } from '../../lib/trust/read';
import { EKS_ISSUER, JWKS, LITERAL_AND_TOKENS } from '../clusters';
import { StackJson, synthStack } from '../synth';

/**
 * What is done to the JSON, and what `diff` says of each identity that changes, where issuers are known and where only Terraform knows them. Where
 * that is nothing, or not that more is let in, it is a rule of `check` that finds it.
 */
type Mutant = readonly [name: string, change: (draft: Draft) => void, diff: string | readonly [literal: string, tokens: string], rule?: CheckRuleId];

const EKS_POOL = 'ClusterWorkloadIdentityPool-eks-apps';
const OIDC_POOL = 'ClusterWorkloadIdentityPool-oidc-onprem';
const provider = (draft: Draft, pool = EKS_POOL) => draft.of(`google_iam_workload_identity_pool_provider.${pool}_Provider`);
const poolName = (draft: Draft, pool = EKS_POOL) => draft.ref(`google_iam_workload_identity_pool.${pool}`, 'name');
const readerMember = (draft: Draft) => draft.of('google_service_account_iam_member.Account_Federated_eks-apps_reports_reader');
const bucketMember = (draft: Draft) => draft.of('google_storage_bucket_iam_member.Principal_Bucket_acme-reports_storage_objectViewer_Federated_oidc-onprem_shop_cart');
const credential = (draft: Draft) => draft.of('azurerm_federated_identity_credential.Identity_Credential_eks-apps_reports_reader');
const appCredential = (draft: Draft) => draft.of('azuread_application_federated_identity_credential.Application_Credential_aks-apps_billing_writer');
const association = (draft: Draft) => draft.of('aws_eks_pod_identity_association.Pods_Association_eks-apps_jobs_runner');
const eksProvider = (draft: Draft) => draft.of('aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps');
const pod = (draft: Draft) => draft.of('kubernetes_pod_v1.Pod').spec;
const without = (draft: Draft, role: string, claim: string) => {
  draft.trust(role).condition = draft.trust(role).condition.filter(({ variable }: any) => !variable.endsWith(claim));
};
const sourcesOf = (draft: Draft): any[] => pod(draft).volume[0].projected[0].sources;
const tokenOf = (draft: Draft, path: string) => sourcesOf(draft).map(source => source.service_account_token).find(token => token?.path === path);
const envOf = (draft: Draft, name: string) => pod(draft).container[0].env.find((variable: any) => variable.name === name);

/** Ways to let in more, to grant more, or to wire what does not fit. */
const WEAKER: readonly Mutant[] = [
  // AWS
  ['the condition on aud is dropped', d => without(d, 'Role', ':aud'), '', 'missing-aud'],
  ['the condition on sub is dropped', d => without(d, 'Role', ':sub'), 'Role widened'],
  ['all conditions are dropped', d => delete d.trust('Role').condition, 'Role widened'],
  ['sub is compared by StringLike with a wildcard at the end', d => Object.assign(d.condition('Role', ':sub'), { test: 'StringLike', values: ['system:serviceaccount:reports:*'] }), 'Role changed'],
  ['sub is compared by StringLike with a wildcard for the namespace', d => Object.assign(d.condition('Role', ':sub'), { test: 'StringLike', values: ['system:serviceaccount:*:reader'] }), 'Role changed'],
  ['sub is compared by StringLike with a question mark', d => Object.assign(d.condition('Role', ':sub'), { test: 'StringLike', values: ['system:serviceaccount:reports:reade?', 'system:serviceaccount:billing:writer'] }), 'Role widened'],
  ['sub is compared by StringLike with a star', d => Object.assign(d.condition('Role', ':sub'), { test: 'StringLike', values: ['*'] }), 'Role widened'],
  ['a star is added to the values of sub', d => { Object.assign(d.condition('Shop', ':sub'), { values: ['system:serviceaccount:shop:*', '*'] }); }, 'Shop widened'],
  ['the colon before the star is lost', d => { d.condition('Shop', ':sub').values = ['system:serviceaccount:shop*']; }, 'Shop widened'],
  ['sub is compared by ForAllValues', d => { d.condition('Role', ':sub').test = 'ForAllValues:StringEquals'; }, 'Role unknown'],
  ['aud is compared by ForAllValues', d => { d.condition('Role', ':aud').test = 'ForAllValues:StringEquals'; }, '', 'for-all-values'],
  ['sub is compared with IfExists', d => { d.condition('Role', ':sub').test = 'StringEqualsIfExists'; }, 'Role unknown'],
  ['sub is compared without regard to case', d => { d.condition('Role', ':sub').test = 'StringEqualsIgnoreCase'; }, 'Role widened'],
  ['aud is compared without regard to case', d => { d.condition('Role', ':aud').test = 'StringEqualsIgnoreCase'; eksProvider(d).client_id_list.push('STS.amazonaws.com'); }, 'Role widened'],
  ['sub is compared by StringNotEquals', d => { d.condition('Role', ':sub').test = 'StringNotEquals'; }, 'Role changed'],
  ['sub is compared as a number', d => Object.assign(d.condition('Role', ':sub'), { test: 'NumericGreaterThan', values: ['0'] }), 'Role unknown'],
  ['another subject is added', d => d.condition('Role', ':sub').values.push('system:serviceaccount:shop:cart'), 'Role widened'],
  ['another audience is added to condition and provider', d => { d.condition('Role', ':aud').values.push('other'); eksProvider(d).client_id_list.push('other'); }, 'Role widened'],
  ['aud is compared by StringLike with a star, and the provider takes more', d => { Object.assign(d.condition('Role', ':aud'), { test: 'StringLike', values: ['*'] }); eksProvider(d).client_id_list.push('other'); }, 'Role widened'],
  ['the provider takes another client id', d => eksProvider(d).client_id_list.push('other'), '', 'unused-client-id'],
  ['a second principal is added', d => d.trust('Role').principals[0].identifiers.push(d.ref('aws_iam_openid_connect_provider.ClusterOidcProvider-oidc-onprem', 'arn')), ['', 'Role unknown'], 'missing-aud'],
  ['a second principal is added, and conditions that it meets', d => {
    d.trust('Role').principals[0].identifiers.push(d.ref('aws_iam_openid_connect_provider.ClusterOidcProvider-oidc-onprem', 'arn'));
    delete d.trust('Role').condition;
  }, 'Role widened'],
  ['everyone is the principal', d => { d.trust('Role').principals = [{ type: '*', identifiers: ['*'] }]; }, ['', 'Role unknown'], 'any-principal'],
  ['everyone in AWS is a principal too, with all actions', d => { Object.assign(d.trust('Role'), { principals: [{ type: 'AWS', identifiers: ['*'] }], actions: ['sts:*'] }); }, 'Role widened'],
  ['the principal is turned into not_principals', d => { const statement = d.trust('Role'); statement.not_principals = statement.principals; delete statement.principals; }, ['Role narrowed', 'Role unknown'], 'not-principal'],
  ['a statement for another cluster is added', d => {
    const statement = JSON.parse(JSON.stringify(d.trust('Shop')));
    d.of('data.aws_iam_policy_document.Role_Trust').statement.push(statement);
  }, 'Role widened'],
  ['a statement without conditions is added', d => {
    const { condition: _, ...statement } = d.trust('Role');
    d.of('data.aws_iam_policy_document.Role_Trust').statement.push(statement);
  }, 'Role widened'],
  ['a statement for the account is added', d => d.of('data.aws_iam_policy_document.Source_Trust').statement.push({ effect: 'Allow', actions: ['sts:AssumeRole'], principals: [{ type: 'AWS', identifiers: ['*'] }] }), ['', 'Source unknown, Target unknown'], 'any-principal'],
  ['a statement that denies is turned into one that allows', d => d.of('data.aws_iam_policy_document.Role_Trust').statement.push({
    ...d.trust('Role'), effect: 'Allow', condition: [d.condition('Role', ':aud'), { ...d.condition('Role', ':sub'), values: ['system:serviceaccount:kube-system:default'] }],
  }), 'Role widened'],
  ['the condition is on the claim of another issuer, and not', d => {
    const [aud, sub] = d.trust('Role').condition;
    d.trust('Role').condition = [aud, { ...sub, variable: 'issuer.example.com/onprem:sub', test: 'StringNotEquals' }];
  }, 'Role widened'],
  ['the role trusts pods of EKS without tags', d => { delete d.trust('Pods').condition; }, 'Pods unknown', 'pod-identity-any-association'],
  ...['eks-cluster-arn', 'kubernetes-namespace', 'kubernetes-service-account'].flatMap((tag): Mutant[] => [
    [`the role trusts pods of EKS whatever their ${tag}`, d => without(d, 'Pods', tag), 'Pods unknown', 'pod-identity-any-association'],
    [`the role trusts pods of EKS by a pattern of ${tag}`, d => { Object.assign(d.condition('Pods', `/${tag}`), { test: 'StringLike', values: ['*'] }); }, 'Pods unknown', 'pod-identity-any-association'],
  ]),
  ['the association is for another service account, and the role trusts it', d => {
    association(d).service_account = 'default';
    d.condition('Pods', 'kubernetes-service-account').values = ['default'];
  }, 'Pods changed'],
  ['a second association is made, and the role trusts it', d => {
    d.add('aws_eks_pod_identity_association', 'Mutant', { ...association(d), namespace: 'kube-system' });
    delete d.trust('Pods').condition;
  }, 'Pods widened'],
  ['the role trusts pods of EKS with other tags or with none', d => d.trust('Pods').condition.forEach((condition: any) => { condition.test += 'IfExists'; }), 'Pods unknown', 'pod-identity-any-association'],
  ['session tags are disabled, and the role asks for none', d => { association(d).disable_session_tags = true; delete d.trust('Pods').condition; }, 'Pods unknown', 'pod-identity-without-session-tags'],
  ['the target role trusts another role too', d => {
    d.trust('Target').principals[0].identifiers.push(d.ref('aws_iam_role.Role', 'arn'));
    d.of('data.aws_iam_policy_document.Role_Permissions').statement.push({ effect: 'Allow', actions: ['sts:AssumeRole'], resources: [d.ref('aws_iam_role.Target', 'arn')] });
  }, 'Role same grants, Target widened'],
  ['the first role of a chain is widened', d => Object.assign(d.condition('Source', ':sub'), { test: 'StringLike', values: ['system:serviceaccount:*'] }), 'Source widened, Target widened'],
  ['a role gets another policy', d => d.add('aws_iam_role_policy_attachment', 'Mutant', { role: d.ref('aws_iam_role.Role', 'name'), policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess' }), 'Role same grants'],
  ['a role may do more on the bucket', d => d.of('data.aws_iam_policy_document.Role_Permissions').statement[1].actions.push('s3:*'), 'Role same grants'],
  ['a role may read another bucket', d => d.of('data.aws_iam_policy_document.Role_Permissions').statement[1].resources.push('arn:aws:s3:::acme-billing/*'), 'Role same grants'],
  ['a new role trusts the whole cluster', d => {
    d.json.data.aws_iam_policy_document.Mutant = { statement: [{ ...d.trust('Role'), condition: [d.condition('Role', ':aud')] }] };
    d.add('aws_iam_role', 'Mutant', { assume_role_policy: '${data.aws_iam_policy_document.Mutant.json}' });
  }, 'Mutant new'],
  ['the role forgets the audience of Google\'s ID tokens', d => without(d, 'Via_Role', ':oaud'), 'Via widened'],
  ['the role forgets the subject of Google\'s ID tokens', d => without(d, 'Via_Role', ':sub'), 'Via unknown'],
  ['the role takes Google\'s ID tokens of anyone', d => { d.trust('Via_Role').condition = [d.condition('Via_Role', ':oaud')]; }, 'Via widened'],
  // Google Cloud
  ['the condition of the pool is dropped, and a member is the whole pool', d => { delete provider(d).attribute_condition; readerMember(d).member = `principalSet://iam.googleapis.com/${poolName(d)}/*`; }, 'Account widened'],
  ['the condition of the pool is dropped', d => { delete provider(d).attribute_condition; }, '', 'no-attribute-condition'],
  ['the condition of the pool admits the whole cluster', d => { provider(d).attribute_condition = 'assertion.sub.startsWith(\'system:serviceaccount:\')'; }, '', 'condition-wider-than-members'],
  ['the condition of the pool admits another subject', d => { provider(d).attribute_condition += ' || assertion.sub == \'system:serviceaccount:shop:cart\''; }, '', 'condition-wider-than-members'],
  ['a member is the whole pool', d => { bucketMember(d).member = `principalSet://iam.googleapis.com/${poolName(d, OIDC_POOL)}/*`; }, '', 'whole-pool-member'],
  ['the member of an account is the whole pool', d => { readerMember(d).member = `principalSet://iam.googleapis.com/${poolName(d)}/*`; provider(d).attribute_condition = "assertion.sub.startsWith('system:')"; }, 'Account widened'],
  ['the member of an account is an attribute', d => {
    readerMember(d).member = `principalSet://iam.googleapis.com/${poolName(d)}/attribute.namespace/reports`;
    provider(d).attribute_mapping['attribute.namespace'] = "assertion['kubernetes.io']['namespace']";
    provider(d).attribute_condition += " || assertion['kubernetes.io']['namespace'] == 'reports'";
  }, 'Account changed'],
  ['the condition has another subject, and a member is added for it', d => {
    provider(d).attribute_condition += " || assertion.sub == 'system:serviceaccount:shop:cart'";
    d.add('google_service_account_iam_member', 'Mutant', { ...readerMember(d), member: readerMember(d).member.replace('reports:reader', 'shop:cart') });
  }, 'Account widened'],
  ['a member is added for what the condition admits', d => d.add('google_service_account_iam_member', 'Mutant', {
    ...readerMember(d), service_account_id: d.ref('google_service_account.Native', 'name'),
  }), 'Via widened, Native widened'],
  ['the subject is cut, so that others become it', d => {
    provider(d).attribute_mapping['google.subject'] = "assertion.sub.extract('system:serviceaccount:{all}x')";
    delete provider(d).attribute_condition;
  }, 'Account changed'],
  ['the subject is mapped from the name alone', d => {
    provider(d).attribute_mapping['google.subject'] = "'system:serviceaccount:reports:' + assertion['kubernetes.io']['serviceaccount']['name']";
    provider(d).attribute_condition = "assertion['kubernetes.io']['serviceaccount']['name'] in ['reader', 'writer']";
  }, 'Account changed'],
  ['the subject is mapped in small letters', d => { provider(d).attribute_mapping['google.subject'] = 'assertion.sub.lowerAscii()'; delete provider(d).attribute_condition; }, 'Account unknown'],
  ['the condition is true for all, and the subject mapped to one', d => { provider(d).attribute_condition = 'true'; provider(d).attribute_mapping['google.subject'] = "'system:serviceaccount:reports:reader'"; }, 'Account widened'],
  ['the condition compares the beginning alone, and the subject is the namespace', d => {
    provider(d).attribute_condition = "assertion.sub.startsWith('system:serviceaccount:reports')";
    provider(d).attribute_mapping['google.subject'] = "assertion['kubernetes.io']['namespace']";
    readerMember(d).member = readerMember(d).member.replace('system:serviceaccount:reports:reader', 'reports');
  }, 'Account changed'],
  ['a provider of another cluster is in the pool', d => d.add('google_iam_workload_identity_pool_provider', 'Mutant', {
    ...provider(d, OIDC_POOL), workload_identity_pool_id: provider(d).workload_identity_pool_id, workload_identity_pool_provider_id: 'mutant', attribute_condition: provider(d).attribute_condition,
  }), 'Account widened'],
  ['the pool takes another issuer', d => { provider(d).oidc.issuer_uri = 'https://evil.example'; }, ['Account changed', 'Account unknown']],
  ['the pool takes another audience', d => { provider(d).oidc.allowed_audiences = ['sts.amazonaws.com', `https://iam.googleapis.com/${d.ref(`google_iam_workload_identity_pool_provider.${EKS_POOL}_Provider`, 'name')}`]; }, 'Account changed'],
  ['the pool takes the audience of the Kubernetes API alone', d => { provider(d).oidc.allowed_audiences = ['https://kubernetes.default.svc']; }, 'Account changed'],
  ['the member is of the other pool', d => { readerMember(d).member = `principal://iam.googleapis.com/${poolName(d, OIDC_POOL)}/subject/system:serviceaccount:shop:cart`; }, 'Account changed'],
  ['anyone is a member of an account', d => d.add('google_service_account_iam_member', 'Mutant', { ...readerMember(d), member: 'allUsers' }), 'Account widened'],
  ['anyone with an account of Google is a member', d => d.add('google_service_account_iam_member', 'Mutant', { ...readerMember(d), member: 'allAuthenticatedUsers' }), 'Account unknown'],
  ['all clusters of another project are members', d => d.add('google_service_account_iam_member', 'Mutant', { ...readerMember(d), member: 'serviceAccount:acme-data.svc.id.goog[reports/reader]' }), 'Account widened'],
  ['a whole namespace of Google\'s own pool is a member', d => d.add('google_service_account_iam_member', 'Mutant', {
    ...readerMember(d), member: 'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/acme-apps.svc.id.goog/namespace/reports',
  }), 'Account widened'],
  ['a role that makes tokens is granted on the project', d => d.add('google_project_iam_member', 'Mutant', {
    project: 'acme-apps', role: 'roles/iam.serviceAccountTokenCreator', member: bucketMember(d).member,
  }), 'Via widened, Account widened, Native widened, Principal same grants'],
  ['an account may become another one', d => d.add('google_service_account_iam_member', 'Mutant', {
    service_account_id: d.ref('google_service_account.Account', 'name'), role: 'roles/iam.serviceAccountTokenCreator', member: d.ref('google_service_account.Native', 'member'),
  }), 'Account widened'],
  ['an account gets a role on the project', d => d.add('google_project_iam_member', 'Mutant', { project: 'acme-apps', role: 'roles/editor', member: d.ref('google_service_account.Account', 'member') }), 'Account same grants'],
  ['a binding lets in others as well', d => d.add('google_service_account_iam_binding', 'Mutant', {
    service_account_id: d.ref('google_service_account.Account', 'name'), role: 'roles/iam.workloadIdentityUser', members: [readerMember(d).member, 'serviceAccount:acme-apps.svc.id.goog[default/default]'],
  }), 'Account widened'],
  ['a principal gets more on the bucket', d => { bucketMember(d).role = 'roles/storage.admin'; }, 'Principal same grants'],
  ['the pool takes keys that are uploaded', d => { provider(d).oidc.jwks_json = JWKS; }, 'Account unknown'],
  // Azure
  ['a credential has another issuer', d => { credential(d).issuer = 'https://evil.example'; }, ['Identity changed', 'Identity unknown']],
  ['a credential has another subject', d => { credential(d).subject = 'system:serviceaccount:default:default'; }, 'Identity changed'],
  ['a credential has another audience', d => { credential(d).audience = ['sts.amazonaws.com']; }, 'Identity changed'],
  ['a credential has one more audience', d => credential(d).audience.push('sts.amazonaws.com'), 'Identity widened'],
  ['another credential is added', d => d.add('azurerm_federated_identity_credential', 'Mutant', { ...credential(d), subject: 'system:serviceaccount:shop:cart' }), 'Identity widened'],
  ['a credential of a repository is added', d => d.add('azurerm_federated_identity_credential', 'Mutant', {
    ...credential(d), issuer: 'https://token.actions.githubusercontent.com', subject: 'repo:acme/apps:ref:refs/heads/main',
  }), 'Identity widened'],
  ['an application gets another credential', d => d.add('azuread_application_federated_identity_credential', 'Mutant', { ...appCredential(d), subject: 'system:serviceaccount:shop:cart' }), 'Application widened'],
  ['an application takes all subjects by an expression', d => d.add('azuread_application_flexible_federated_identity_credential', 'Mutant', {
    application_id: appCredential(d).application_id, display_name: 'mutant', issuer: appCredential(d).issuer, audience: 'api://AzureADTokenExchange',
    claims_matching_expression: "claims['sub'] matches 'system:serviceaccount:*'",
  }), 'Application widened'],
  ['an identity gets a broader role', d => { d.of('azurerm_role_assignment.Identity_Assignment_reports_bb205fd0_Storage_Blob_Data_Reader').role_definition_name = 'Owner'; }, 'Identity same grants'],
  ['an identity gets its role on all', d => { d.of('azurerm_role_assignment.Identity_Assignment_reports_bb205fd0_Storage_Blob_Data_Reader').scope = '/subscriptions/00000000-0000-0000-0000-000000000000'; }, 'Identity same grants'],
  ['a credential moves to the other identity', d => { credential(d).parent_id = d.ref('azurerm_user_assigned_identity.Webhook', 'id'); }, ['Identity narrowed, Webhook widened', 'Identity narrowed, Webhook unknown']],
  // Wiring
  ['the token for AWS is asked for with the audience of the Kubernetes API', d => { tokenOf(d, 'aws/token').audience = 'https://kubernetes.default.svc'; }, '', 'wiring-not-trusted'],
  ['the tokens of two clouds are swapped', d => {
    const [one, other] = [tokenOf(d, 'aws/token'), tokenOf(d, 'azure/token')];
    [one.audience, other.audience] = [other.audience, one.audience];
  }, '', 'wiring-not-trusted'],
  ['two clouds share a token', d => { envOf(d, 'AZURE_FEDERATED_TOKEN_FILE').value = envOf(d, 'AWS_WEB_IDENTITY_TOKEN_FILE').value; }, '', 'wiring-not-trusted'],
  ['the token of a cloud is not mounted', d => { pod(d).volume[0].projected[0].sources = sourcesOf(d).filter(source => source.service_account_token?.path !== 'azure/token'); }, '', 'pod-wiring'],
  ['the label for the webhook is dropped', d => { delete d.of('kubernetes_pod_v1.SecondPod').metadata.labels; }, '', 'pod-wiring'],
  ['the annotation names another identity', d => {
    d.of('kubernetes_service_account_v1.Second').metadata.annotations['azure.workload.identity/client-id'] = d.ref('azuread_application.Application', 'client_id');
  }, '', 'wiring-not-trusted'],
  ['the pod runs as another service account', d => { pod(d).service_account_name = 'default'; }, '', 'wiring-not-trusted'],
  ['the pod asks for another role', d => { envOf(d, 'AWS_ROLE_ARN').value = d.ref('aws_iam_role.Shop', 'arn'); }, '', 'wiring-not-trusted'],
  ['the token lives for a day', d => { tokenOf(d, 'aws/token').expiration_seconds = 86_400; }, '', 'token-lifetime'],
  ['the role variable is dropped', d => { pod(d).container[0].env = pod(d).container[0].env.filter((variable: any) => variable.name !== 'AWS_ROLE_ARN'); }, '', 'pod-wiring'],
  ['the service account is of another namespace', d => { d.of('kubernetes_service_account_v1.Workload').metadata.namespace = 'default'; }, '', 'wiring-not-trusted'],
];

/** Ways to let in fewer, or nobody. */
const NARROWER: readonly Mutant[] = [
  ['a subject is misspelled', d => { d.condition('Source', ':sub').values = ['system:serviceacount:reports:reader']; }, 'Source changed, Target changed'],
  ['a subject is removed', d => d.condition('Role', ':sub').values.shift(), 'Role narrowed'],
  ['a namespace is misspelled', d => { d.condition('Role', ':sub').values[1] = 'system:serviceaccount:report:reader'; }, 'Role changed'],
  ['a whole namespace becomes one service account', d => { d.condition('Shop', ':sub').values = ['system:serviceaccount:shop:cart']; }, 'Shop narrowed'],
  ['a star is compared to the letter', d => { d.condition('Shop', ':sub').test = 'StringEquals'; }, 'Shop narrowed'],
  ['an audience is misspelled', d => { d.condition('Role', ':aud').values = ['sts.amazonaws.co']; }, 'Role narrowed'],
  ['the provider does not take the audience', d => { eksProvider(d).client_id_list = ['other']; }, 'Role narrowed'],
  ['the slash is lost in the keys of conditions', d => d.trust('Source').condition.forEach((condition: any) => { condition.variable = `issuer.example.com:${condition.variable.split(':').pop()}`; }), ['Source narrowed, Target narrowed', 'Source unknown, Target unknown']],
  ['a statement denies the subject', d => d.of('data.aws_iam_policy_document.Role_Trust').statement.push({ ...d.trust('Role'), effect: 'Deny', condition: [{ ...d.condition('Role', ':sub'), values: ['system:serviceaccount:reports:reader'] }] }), 'Role narrowed'],
  ['the action is another one', d => { d.trust('Role').actions = ['sts:AssumeRole']; }, 'Role narrowed'],
  ['the association is removed', d => { d.json.resource.aws_eks_pod_identity_association = {}; }, 'Pods unknown'],
  ['the session must be tagged otherwise', d => { d.condition('Pods', 'kubernetes-namespace').values = ['other']; }, 'Pods unknown'],
  ['the source may not ask for the target, and the target wants another one', d => { d.trust('Target').principals[0].identifiers = [d.ref('aws_iam_role.Shop', 'arn')]; }, 'Target changed'],
  ['a member is removed', d => { const members = d.json.resource.google_service_account_iam_member; delete members[Object.keys(members).find(id => id.includes('billing_writer'))!]; }, 'Account narrowed'],
  ['the condition of the pool forgets a subject', d => { provider(d).attribute_condition = "assertion.sub in ['system:serviceaccount:billing:writer']"; }, 'Account narrowed'],
  ['the condition of the pool is false', d => { provider(d).attribute_condition = 'false'; }, 'Account narrowed'],
  ['the pool is disabled', d => { d.of(`google_iam_workload_identity_pool.${EKS_POOL}`).disabled = true; }, 'Account narrowed'],
  ['the prefix of a member is dropped', d => { readerMember(d).member = readerMember(d).member.replace('system:serviceaccount:', ''); }, 'Account narrowed'],
  ['a credential is removed', d => { const all = d.json.resource.azurerm_federated_identity_credential; delete all[Object.keys(all).find(id => id.startsWith('Identity'))!]; }, 'Identity narrowed'],
  ['an identity is removed with its credential', d => {
    const all = d.json.resource.azurerm_federated_identity_credential;
    delete all[Object.keys(all).find(id => id.startsWith('Webhook'))!];
    delete d.json.resource.azurerm_user_assigned_identity.Webhook;
  }, 'Webhook removed'],
];

const TRUST = 'data.aws_iam_policy_document.Role_Trust';
/** The trust policy of a role as IAM's own JSON. */
const policyOf = (statement: any, subjects = statement.condition[1].values) => ({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: statement.principals[0].identifiers[0] },
    Condition: { StringEquals: { [statement.condition[0].variable]: 'sts.amazonaws.com', [statement.condition[1].variable]: subjects } },
  },
});
/** A text in which templates stand as they are. */
const quoted = (value: unknown) => JSON.stringify(value).replace(/\$\{[^}]*\}/g, template => template.replaceAll('\\"', '"'));
/** A value as Terraform's own language writes it. */
const hcl = (value: any): string => Array.isArray(value) ? `[${value.map(hcl).join(', ')}]`
  : typeof value === 'object' ? `{${Object.entries(value).map(([key, inner]) => `${quoted(key)} = ${hcl(inner)}`).join(', ')}}` : quoted(value);

/** The same in other words. */
const REWRITTEN: readonly (readonly [name: string, change: (draft: Draft) => void])[] = [
  ['conditions in another order', d => d.trust('Role').condition.reverse()],
  ['subjects in another order', d => d.condition('Role', ':sub').values.reverse()],
  ['a subject twice', d => d.condition('Role', ':sub').values.push(d.condition('Role', ':sub').values[0])],
  ['an operator in small letters', d => { d.condition('Role', ':sub').test = 'stringequals'; }],
  ['StringLike without a wildcard', d => { d.condition('Role', ':sub').test = 'StringLike'; }],
  ['ForAnyValue for a claim of one value', d => { d.condition('Role', ':sub').test = 'ForAnyValue:StringEquals'; }],
  ['the claim of a condition key in capitals', d => { d.condition('Role', ':sub').variable = d.condition('Role', ':sub').variable.replace(/:sub$/, ':SUB'); }],
  ['the action in capitals', d => { d.trust('Role').actions = ['STS:assumeRoleWithWebIdentity']; }],
  ['one block in place of a list', d => { const document = d.of(TRUST); document.statement = { ...document.statement[0], principals: document.statement[0].principals[0] }; }],
  ['a statement with an id and a version', d => { d.of(TRUST).version = '2012-10-17'; d.trust('Role').sid = 'Reader'; }],
  ['a statement for each subject', d => {
    const [aud, sub] = d.trust('Role').condition;
    d.of(TRUST).statement = sub.values.map((value: string) => ({ ...d.trust('Role'), condition: [aud, { ...sub, values: [value] }] }));
  }],
  ['a statement twice', d => d.of(TRUST).statement.push(d.trust('Role'))],
  ['a wildcard twice', d => { d.condition('Shop', ':sub').values = ['system:serviceaccount:shop:**']; }],
  ['a subject that the pattern has anyway', d => d.condition('Shop', ':sub').values.push('system:serviceaccount:shop:cart')],
  ['a statement that denies what nobody has', d => d.of(TRUST).statement.push({
    ...d.trust('Role'), effect: 'Deny', condition: [{ ...d.condition('Role', ':sub'), test: 'StringNotLike', values: ['system:serviceaccount:*'] }],
  })],
  ['a policy written as JSON', d => { d.of('aws_iam_role.Role').assume_role_policy = quoted(policyOf(d.trust('Role'))); delete d.json.data.aws_iam_policy_document[Object.keys(d.json.data.aws_iam_policy_document).find(id => id.startsWith('Role_Trust'))!]; }],
  ['a policy written by jsonencode', d => { d.of('aws_iam_role.Role').assume_role_policy = `\${jsonencode(${hcl(policyOf(d.trust('Role')))})}`; }],
  ['a policy merged of two documents', d => {
    const [aud, sub] = d.trust('Role').condition;
    d.json.data.aws_iam_policy_document.Other = { statement: [{ ...d.trust('Role'), sid: 'Other', condition: [aud, { ...sub, values: [sub.values[0]] }] }] };
    Object.assign(d.of(TRUST), { source_policy_documents: ['${data.aws_iam_policy_document.Other.json}'], statement: [{ ...d.trust('Role'), sid: 'Own', condition: [aud, { ...sub, values: [sub.values[1]] }] }] });
  }],
  ['a renamed role', d => {
    const text = JSON.stringify(d.json.resource).replaceAll('aws_iam_role.Role.', 'aws_iam_role.Renamed.');
    d.json.resource = JSON.parse(text);
    d.json.resource.aws_iam_role.Renamed = d.json.resource.aws_iam_role.Role;
    delete d.json.resource.aws_iam_role.Role;
  }],
  ['a renamed document', d => {
    d.json.data.aws_iam_policy_document.Renamed = d.of(TRUST);
    d.of('aws_iam_role.Role').assume_role_policy = '${data.aws_iam_policy_document.Renamed.json}';
  }],
  ['resources in another order', d => { for (const type of Object.keys(d.json.resource)) { d.json.resource[type] = Object.fromEntries(Object.entries(d.json.resource[type]).reverse()); } }],
  ['a condition of the pool by equality', d => { provider(d).attribute_condition = 'assertion.sub == "system:serviceaccount:reports:reader" || "system:serviceaccount:billing:writer" == assertion.sub'; }],
  ['a condition of the pool on what is mapped', d => { provider(d).attribute_condition = "google.subject in ['system:serviceaccount:reports:reader', 'system:serviceaccount:billing:writer']"; }],
  ['the audiences that a provider has anyway', d => {
    const name = d.ref(`google_iam_workload_identity_pool_provider.${EKS_POOL}_Provider`, 'name');
    provider(d).oidc.allowed_audiences = [`//iam.googleapis.com/${name}`, `https://iam.googleapis.com/${name}`];
  }],
  ['a block of a provider in a list', d => { provider(d).oidc = [provider(d).oidc]; }],
  ['the members of an account in a binding', d => {
    const members = d.json.resource.google_service_account_iam_member;
    const ids = Object.keys(members).filter(id => id.startsWith('Account_'));
    d.add('google_service_account_iam_binding', 'Account', { ...members[ids[0]!], member: undefined, members: ids.map(id => members[id].member) });
    ids.forEach(id => delete members[id]);
  }],
  ['an account by its literal name', d => { readerMember(d).service_account_id = 'projects/acme-apps/serviceAccounts/reports-reader@acme-apps.iam.gserviceaccount.com'; }],
  ['an audience of Azure without a list', d => { credential(d).audience = 'api://AzureADTokenExchange'; }],
  ['a credential by the newer name of its argument', d => { credential(d).user_assigned_identity_id = credential(d).parent_id; delete credential(d).parent_id; }],
  ['a renamed credential', d => {
    const all = d.json.resource.azurerm_federated_identity_credential;
    const id = Object.keys(all).find(name => name.startsWith('Identity'))!;
    all.Renamed = all[id];
    delete all[id];
  }],
];

function modelOf(json: unknown): Model {
  return readModel([{ file: 'cdk.tf.json', stack: 'stack', json }]);
}

/** What an identity is called here: what its address begins with. */
function labelOf({ where: { address } }: Identity): string {
  return address.split('.').at(-1)!.split('_')[0]!;
}

/** What `diff` says. */
function changesOf(before: Model, after: Model): string {
  const all = diffTrust(before.identities, after.identities);
  expect([...wrongIn('diff', changesToJson(makeChanges(all))), ...wrongOf(after)]).toEqual([]);
  return all.identities.filter(isChanged).map(diff => {
    const { added, removed, changed: other } = diff.grants;
    const grants = added.length + removed.length + other.length === 0 ? '' : ' grants';
    return `${labelOf((diff.after ?? diff.before)!)} ${diff.change}${grants}`;
  }).join(', ');
}

/** The rules by which `check` finds what it did not find before. */
function rulesOf(before: Model, after: Model): readonly string[] {
  const found = (model: Model) => check(model).findings.map(({ rule, where }) => `${rule} ${where.address}`);
  const known = new Set(found(before));
  return found(after).filter(finding => !known.has(finding)).map(finding => finding.split(' ')[0]!);
}

describe.each(LITERAL_AND_TOKENS.map(([name, clusters], index) => [name, clusters, index] as const))('with %s', (_, clusters, index) => {
  const stacks = new Map<boolean, { readonly stack: StackJson; readonly before: Model }>();
  beforeAll(() => [true, false].forEach(withChains => {
    const stack = synthStack(scope => everything(scope, clusters, withChains));
    stacks.set(withChains, { stack, before: modelOf(JSON.parse(JSON.stringify(stack))) });
  }));

  const rows = (mutants: readonly Mutant[]) => mutants.map(mutant => [mutant[0], mutant] as const);

  /** What is read of the stack before and after a change; every change must be one. */
  const changed = (change: (draft: Draft) => void, diff: Mutant[2] = '') => {
    const { stack, before } = stacks.get(/Via|Target|Source|Native/.test(`${String(change)} ${String(diff)}`))!;
    const draft = new Draft(stack);
    change(draft);
    expect(JSON.stringify(draft.json)).not.toBe(JSON.stringify(stack));
    return [before, modelOf(draft.json)] as const;
  };

  test('the same once more is the same', () => {
    for (const { stack, before } of stacks.values()) {
      const again = modelOf(JSON.parse(JSON.stringify(stack)));
      expect([changesOf(before, again), rulesOf(before, again)]).toEqual(['', []]);
    }
  });

  test.each(REWRITTEN)('%s is the same', (__, change) => {
    const [before, after] = changed(change);
    const { identities } = diffTrust(before.identities, after.identities);
    expect(identities.filter(isChanged).map(diff => [labelOf((diff.after ?? diff.before)!), diff.change, diff.doubt])).toEqual([]);
  });

  const at = (diff: Mutant[2]) => typeof diff === 'string' ? diff : diff[index]!;

  test.each(rows(WEAKER))('it is seen that %s', (__, [, change, diff, rule]) => {
    const [before, after] = changed(change, diff);
    expect(changesOf(before, after)).toBe(at(diff));
    if ((rule !== undefined && typeof diff === 'string') || !/widened|changed|new|unknown|grants/.test(at(diff))) {
      expect(rulesOf(before, after)).toContain(rule);
    }
  });

  test.each(rows(NARROWER))('it is seen that %s', (__, [, change, diff]) => expect(changesOf(...changed(change, diff))).toBe(at(diff)));
});

test('the plan of a configuration is the same', () => {
  const policy = quoted(policyOf({
    principals: [{ identifiers: [`arn:aws:iam::123456789012:oidc-provider/${EKS_ISSUER.slice('https://'.length)}`] }],
    condition: [{ variable: `${EKS_ISSUER.slice('https://'.length)}:aud` }, { variable: `${EKS_ISSUER.slice('https://'.length)}:sub`, values: ['system:serviceaccount:reports:reader'] }],
  }));
  const resources = {
    aws_iam_role: { Role: { name: 'reader', assume_role_policy: policy } },
    google_service_account: { Account: { account_id: 'reader', project: 'acme-apps' } },
    google_service_account_iam_member: {
      Member: {
        service_account_id: 'projects/acme-apps/serviceAccounts/reader@acme-apps.iam.gserviceaccount.com', role: 'roles/iam.workloadIdentityUser',
        member: 'serviceAccount:acme-apps.svc.id.goog[reports/reader]',
      },
    },
    azuread_application_federated_identity_credential: {
      Credential: {
        application_id: '/applications/00000000-0000-0000-0000-000000000001', display_name: 'reader', issuer: EKS_ISSUER, subject: 'system:serviceaccount:reports:reader',
        audiences: ['api://AzureADTokenExchange'],
      },
    },
  };
  const rows = Object.entries(resources).flatMap(([type, named]) => Object.entries(named).map(([name, values]) => ({ type, name, address: `${type}.${name}`, values })));
  const plan = {
    format_version: '1.2',
    terraform_version: '1.9.0',
    planned_values: { root_module: { resources: rows.map(row => ({ ...row, mode: 'managed', schema_version: 0 })) } },
    resource_changes: rows.map(({ values, ...row }) => ({ ...row, mode: 'managed', change: { actions: ['create'], before: null, after: values, after_unknown: { id: true } } })),
    configuration: {
      root_module: {
        resources: rows.map(({ values, ...row }) => ({
          ...row, mode: 'managed', provider_config_key: row.type.split('_')[0], expressions: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { constant_value: value }])),
        })),
      },
    },
  };
  const [written, planned] = [modelOf({ resource: resources }), modelOf(plan)];
  expect(written.identities.map(({ cloud, doors }) => [cloud, doors.length])).toEqual([['aws', 1], ['gcp', 1], ['azure', 1]]);
  expect(diffTrust(written.identities, planned.identities).identities.map(({ change, doubt }) => [change, doubt])).toEqual(written.identities.map(() => ['same', undefined]));
});

describe('keys that are uploaded', () => {
  const [one, other] = [JSON.parse(JWKS).keys[0], { ...JSON.parse(JWKS).keys[0], kid: 'other', n: 'x1' }];
  const POOL = 'principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/vault/subject/system:serviceaccount';
  /** An account for a service account of a cluster whose keys are uploaded, and a second one for the first. */
  const withKeys = (keys: string | null, ...members: readonly string[]) => modelOf({
    resource: {
      google_iam_workload_identity_pool_provider: {
        Vault: {
          workload_identity_pool_id: 'vault', name: 'projects/123456789012/locations/global/workloadIdentityPools/vault/providers/vault',
          attribute_mapping: { 'google.subject': 'assertion.sub' }, attribute_condition: 'assertion.sub != \'x\'', oidc: [{ issuer_uri: 'https://vault.example', jwks_json: keys }],
        },
      },
      google_service_account: { First: { account_id: 'first', project: 'acme' }, Second: { account_id: 'second', project: 'acme' } },
      google_service_account_iam_member: Object.fromEntries([
        ...members.map(name => [`M${name}`, { service_account_id: 'projects/acme/serviceAccounts/first@acme.iam.gserviceaccount.com', role: 'roles/iam.workloadIdentityUser', member: `${POOL}:vault:${name}` }]),
        ['Second', {
          service_account_id: 'projects/acme/serviceAccounts/second@acme.iam.gserviceaccount.com', role: 'roles/iam.serviceAccountTokenCreator',
          member: 'serviceAccount:first@acme.iam.gserviceaccount.com',
        }],
      ]),
    },
  });
  const diffs = (before: Model, after: Model) => diffTrust(before.identities, after.identities).identities
    .map(diff => [labelOf(diff.after!), diff.change, diff.doubt]);
  const DOUBT = 'the keys with which tokens of https://vault.example are checked changed, and who signs with the new ones is not known';
  const both = (change: string, doubt?: string) => [['First', change, doubt], ['Second', change, doubt]];

  test.each([
    ['another key', JSON.stringify({ keys: [other] })], ['a second key', JSON.stringify({ keys: [one, other] })], ['none, so that the issuer\'s own count', null],
    ['what is no JSON', '{'], ['what only Terraform knows', '${var.keys}'],
  ])('a change of them to %s is seen, also behind another identity', (_, keys) => {
    expect(diffs(withKeys(JWKS, 'a'), withKeys(keys, 'a'))).toEqual(both('unknown', DOUBT));
  });

  test('check finds them', () => {
    expect([rulesOf(withKeys(null, 'a'), withKeys(JWKS, 'a')), rulesOf(withKeys(JWKS, 'a'), withKeys(null, 'a'))]).toEqual([['uploaded-keys'], []]);
  });

  test('another order and white space are no change', () => {
    const before = JSON.stringify({ keys: [one, other] });
    const after = JSON.stringify({ keys: [other, Object.fromEntries(Object.entries(one).reverse())] }, null, 2);
    expect(diffs(withKeys(before, 'a'), withKeys(after, 'a'))).toEqual(both('same'));
  });

  test('keys that stay say nothing', () => {
    expect(diffs(withKeys(JWKS, 'a'), withKeys(JWKS, 'a', 'b'))).toEqual(both('widened'));
    expect(diffs(withKeys(JWKS, 'a', 'b'), withKeys(JWKS, 'a'))).toEqual(both('narrowed'));
  });

  test('a change of them hides no other change, and what is lost beside it is not called narrower', () => {
    const changedTo = JSON.stringify({ keys: [other] });
    expect(diffs(withKeys(JWKS, 'a'), withKeys(changedTo, 'a', 'b'))).toEqual(both('widened', DOUBT));
    expect(diffs(withKeys(JWKS, 'a', 'b'), withKeys(changedTo, 'a'))).toEqual(both('unknown', DOUBT));
  });
});

test('there are enough of them', () => {
  expect(WEAKER.length).toBeGreaterThanOrEqual(60);
  expect(REWRITTEN.length).toBeGreaterThanOrEqual(15);
});

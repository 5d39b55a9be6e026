import { hostOf } from '../issuer';
import { isText, partsOf, text, TextValue, Unknown, Value, ValueMap } from '../value';
import { policyDocument } from './policy-document';
import { callSymbol } from './symbols';

/** A resource as its computed attributes see it. */
export interface Attributes {
  /** What stands for the resource in symbols, as in `apps/aws_iam_role.Role`. */
  readonly symbol: Unknown;
  /** The provider that makes it. */
  readonly provider: ProviderConfig;
  /** An argument as it is given; undefined where it is not. */
  argument(name: string): Value | undefined;
  /** Any attribute, computed or not. */
  attribute(name: string): Value;
  /** All arguments that are given. */
  arguments(): ValueMap;
  /** What a postcondition says that an attribute is, where one does. */
  assured?(path: readonly string[]): TextValue | undefined;
}

/** A provider as far as attributes of its resources follow from it. */
export interface ProviderConfig {
  /** What stands for the provider in symbols, as in `apps/aws.archive`. */
  readonly name: string;
  /** The AWS account that it was found to lead to. */
  account?(): string | undefined;
  /** An argument of the provider; undefined where it is not given. */
  argument(name: string): Value | undefined;
}

type Computed = (of: Attributes) => Value | undefined;

/** The value of an attribute that the provider computes, where it follows from what is known; undefined where it does not. */
export function computedAttribute(mode: 'managed' | 'data', type: string, name: string, of: Attributes): Value | undefined {
  return table(mode, type)?.get(name)?.(of);
}

/** The attributes of a type that can follow from others. */
export function computedNames(mode: 'managed' | 'data', type: string): Iterable<string> {
  return table(mode, type)?.keys() ?? [];
}

function table(mode: 'managed' | 'data', type: string): ReadonlyMap<string, Computed> | undefined {
  return (mode === 'data' ? DATA : MANAGED).get(type);
}

/** A provider's attribute that nothing says: the same for all that it makes. */
function ofProvider({ name }: ProviderConfig, what: string): Unknown {
  return new Unknown(`${name}.${what}`);
}

function given(value: Value | undefined): TextValue | undefined {
  return isText(value) && value !== '' ? value : undefined;
}

function argument(of: Attributes, name: string): TextValue | undefined {
  return given(of.argument(name));
}

function attribute(of: Attributes, name: string): TextValue {
  return given(of.attribute(name)) ?? new Unknown(`${of.symbol.symbol}.${name}`);
}

/**
 * What leads to an account: the role that the provider assumes, or the one account that it is allowed to work in.
 * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs#allowed_account_ids
 */
const ROLE_ARN = /^arn:(aws[a-z-]*):iam::([0-9]{12}):role\//;

function assumedRole(provider: ProviderConfig): RegExpExecArray | undefined {
  const assumed = provider.argument('assume_role');
  const last = Array.isArray(assumed) ? (assumed as readonly Value[]).at(-1) : assumed;
  const arn = last instanceof Map ? (last as ValueMap).get('role_arn') : undefined;
  return typeof arn === 'string' ? ROLE_ARN.exec(arn) ?? undefined : undefined;
}

/** The AWS account of a provider. */
export function awsAccount(provider: ProviderConfig): TextValue {
  const allowed = provider.argument('allowed_account_ids');
  const only: unknown = Array.isArray(allowed) && allowed.length === 1 ? allowed[0] : undefined;
  const unchecked = provider.argument('skip_requesting_account_id');
  return provider.account?.() ?? assumedRole(provider)?.[2]
    ?? ((typeof only === 'string' || typeof only === 'number') && (unchecked === undefined || unchecked === false) ? String(only) : ofProvider(provider, 'account_id'));
}

/** Regions by partition; see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html. */
const PARTITIONS: readonly (readonly [RegExp, string])[] = [
  [/^cn-[a-z]+-[0-9]$/, 'aws-cn'], [/^us-gov-[a-z]+-[0-9]$/, 'aws-us-gov'], [/^eusc-[a-z]+-[a-z]+-[0-9]$/, 'aws-eusc'],
  [/^us-iso-[a-z]+-[0-9]$/, 'aws-iso'], [/^us-isob-[a-z]+-[0-9]$/, 'aws-iso-b'], [/^eu-isoe-[a-z]+-[0-9]$/, 'aws-iso-e'],
  [/^us-isof-[a-z]+-[0-9]$/, 'aws-iso-f'], [/^(?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-[0-9]$/, 'aws'],
];

/** The AWS partition of a provider, which follows from its region. */
export function awsPartition(provider: ProviderConfig): TextValue {
  const region = provider.argument('region');
  return (typeof region === 'string' ? PARTITIONS.find(([pattern]) => pattern.test(region))?.[1] : undefined)
    ?? assumedRole(provider)?.[1] ?? ofProvider(provider, 'partition');
}

function awsRegion(of: Attributes): TextValue {
  return argument(of, 'region') ?? given(of.provider.argument('region')) ?? ofProvider(of.provider, 'region');
}

function iamArn(of: Attributes, ...resource: readonly TextValue[]): TextValue {
  return text('arn:', awsPartition(of.provider), ':iam::', awsAccount(of.provider), ':', ...resource);
}

/** The project of a Google resource: its own, or its provider's. */
function project(of: Attributes): TextValue {
  return argument(of, 'project') ?? given(of.provider.argument('project')) ?? ofProvider(of.provider, 'project');
}

function location(of: Attributes): TextValue {
  return argument(of, 'location') ?? argument(of, 'zone') ?? argument(of, 'region') ?? given(of.provider.argument('zone'))
    ?? given(of.provider.argument('region')) ?? ofProvider(of.provider, 'region');
}

/** The number of a Google project: one symbol for each project. */
export function projectNumber(id: TextValue): TextValue {
  return typeof id === 'string' && /^[0-9]+$/.test(id) ? id : callSymbol('project_number', [id]);
}

function googleEmail(of: Attributes): TextValue {
  return text(attribute(of, 'account_id'), '@', domainOf(project(of)), '.iam.gserviceaccount.com');
}

/** Projects of an organization of old are `domain.com:name`, and their accounts `name.domain.com`. */
function domainOf(id: TextValue): TextValue {
  return typeof id === 'string' && id.includes(':') ? id.split(':').reverse().join('.') : id;
}

function poolName(of: Attributes): TextValue {
  return text('projects/', projectNumber(project(of)), '/locations/global/workloadIdentityPools/', attribute(of, 'workload_identity_pool_id'));
}

function subscription(of: Attributes): TextValue {
  return given(of.provider.argument('subscription_id')) ?? ofProvider(of.provider, 'subscription_id');
}

function azureId(kind: string): Computed {
  return of => text('/subscriptions/', subscription(of), '/resourceGroups/', attribute(of, 'resource_group_name'), '/providers/', kind, '/', attribute(of, 'name'));
}

function bucketArn(of: Attributes): TextValue {
  return text('arn:', awsPartition(of.provider), ':s3:::', attribute(of, 'bucket'));
}

function attributes(entries: Record<string, Computed>): ReadonlyMap<string, Computed> {
  return new Map(Object.entries(entries));
}

const IAM_ROLE = attributes({
  arn: of => iamArn(of, 'role', argument(of, 'path') ?? '/', attribute(of, 'name')),
  id: of => of.attribute('name'),
});
const SERVICE_ACCOUNT_NAME: Computed = of => text('projects/', project(of), '/serviceAccounts/', attribute(of, 'email'));
const SERVICE_ACCOUNT_MEMBER: Computed = of => text('serviceAccount:', attribute(of, 'email'));
const CLUSTER_ID: Computed = of => text('projects/', project(of), '/locations/', location(of), '/clusters/', attribute(of, 'name'));
const OIDC_ARN: Computed = of => iamArn(of, 'oidc-provider/', hostOf(attribute(of, 'url')));

/** The URL of a provider that is looked up by its ARN: without a scheme, as IAM gives it. */
function oidcUrl(of: Attributes): Value | undefined {
  const parts = partsOf(argument(of, 'arn') ?? '');
  const index = parts.findIndex(part => typeof part === 'string' && part.includes(OIDC_PATH));
  const found = parts[index];
  return typeof found !== 'string' ? undefined : text(found.slice(found.indexOf(OIDC_PATH) + OIDC_PATH.length), ...parts.slice(index + 1));
}

const OIDC_PATH = ':oidc-provider/';

/** What ID tokens of the account have as `sub`: nothing says it before the account exists, and much refers to it. */
const UNIQUE_ID: Computed = of => new Unknown(`${of.symbol.symbol}.unique_id`);

/** The identity of a cluster that is looked up: where a postcondition compares its issuer, Terraform fails for any other one. */
const IDENTITY: Computed = of => {
  const issuer = of.assured?.(['identity', '0', 'oidc', '0', 'issuer']);
  return issuer === undefined ? undefined : [new Map([['oidc', [new Map([['issuer', issuer]])]]])];
};

const MANAGED: ReadonlyMap<string, ReadonlyMap<string, Computed>> = new Map([
  ['aws_iam_openid_connect_provider', attributes({ arn: OIDC_ARN, id: of => of.attribute('arn') })],
  ['aws_iam_role', IAM_ROLE],
  ['aws_iam_policy', attributes({ arn: of => iamArn(of, 'policy', argument(of, 'path') ?? '/', attribute(of, 'name')), id: of => of.attribute('arn') })],
  ['awscc_iam_oidc_provider', attributes({ arn: OIDC_ARN, id: of => of.attribute('arn') })],
  ['awscc_iam_role', attributes({
    arn: of => iamArn(of, 'role', argument(of, 'path') ?? '/', attribute(of, 'role_name')), id: of => of.attribute('role_name'),
  })],
  ['aws_s3_bucket', attributes({ arn: bucketArn, id: of => of.attribute('bucket') })],
  ['aws_eks_cluster', attributes({
    arn: of => text('arn:', awsPartition(of.provider), ':eks:', awsRegion(of), ':', awsAccount(of.provider), ':cluster/', attribute(of, 'name')),
    id: of => of.attribute('name'),
  })],
  ['google_service_account', attributes({
    project, email: googleEmail, name: SERVICE_ACCOUNT_NAME, id: SERVICE_ACCOUNT_NAME, member: SERVICE_ACCOUNT_MEMBER, unique_id: UNIQUE_ID,
  })],
  ['google_iam_workload_identity_pool', attributes({
    project,
    name: poolName,
    id: of => text('projects/', project(of), '/locations/global/workloadIdentityPools/', attribute(of, 'workload_identity_pool_id')),
  })],
  ['google_iam_workload_identity_pool_provider', attributes({
    project,
    name: of => text(poolName(of), '/providers/', attribute(of, 'workload_identity_pool_provider_id')),
    id: of => text('projects/', project(of), '/locations/global/workloadIdentityPools/', attribute(of, 'workload_identity_pool_id'),
      '/providers/', attribute(of, 'workload_identity_pool_provider_id')),
  })],
  ['google_container_cluster', attributes({ project, location, id: CLUSTER_ID })],
  ['google_storage_bucket', attributes({ project, id: of => of.attribute('name') })],
  ['google_project', attributes({
    number: of => projectNumber(attribute(of, 'project_id')), id: of => text('projects/', attribute(of, 'project_id')),
  })],
  ['azurerm_resource_group', attributes({ id: of => text('/subscriptions/', subscription(of), '/resourceGroups/', attribute(of, 'name')) })],
  ['azurerm_user_assigned_identity', attributes({ id: azureId('Microsoft.ManagedIdentity/userAssignedIdentities') })],
  ['azurerm_kubernetes_cluster', attributes({ id: azureId('Microsoft.ContainerService/managedClusters') })],
  ['azurerm_storage_account', attributes({ id: azureId('Microsoft.Storage/storageAccounts') })],
  ['azurerm_key_vault', attributes({ id: azureId('Microsoft.KeyVault/vaults') })],
]);

const DATA: ReadonlyMap<string, ReadonlyMap<string, Computed>> = new Map([
  ['aws_caller_identity', attributes({ account_id: of => awsAccount(of.provider), id: of => awsAccount(of.provider) })],
  ['aws_partition', attributes({ partition: of => awsPartition(of.provider), id: of => awsPartition(of.provider) })],
  ['aws_region', attributes({ region: of => argument(of, 'name') ?? awsRegion(of), name: awsRegion, id: awsRegion })],
  ['aws_iam_policy_document', attributes({
    json: of => policyDocument(of.arguments(), of.symbol), minified_json: of => policyDocument(of.arguments(), of.symbol),
  })],
  // A role or policy that is looked up is in the provider's account, but its path is not known.
  ['aws_iam_openid_connect_provider', attributes({ arn: of => argument(of, 'url') === undefined ? undefined : OIDC_ARN(of), url: oidcUrl })],
  ['aws_s3_bucket', attributes({ arn: bucketArn, id: of => of.attribute('bucket') })],
  ['aws_eks_cluster', new Map([...MANAGED.get('aws_eks_cluster')!, ['identity', IDENTITY]])],
  ['google_project', attributes({
    project_id: project, number: of => projectNumber(argument(of, 'project_id') ?? project(of)), id: of => text('projects/', attribute(of, 'project_id')),
  })],
  ['google_client_config', attributes({ project })],
  ['google_service_account', attributes({
    project,
    email: of => {
      const account = argument(of, 'account_id');
      return typeof account !== 'string' ? undefined : account.includes('@') ? account.split('/').at(-1) : googleEmail(of);
    },
    name: SERVICE_ACCOUNT_NAME,
    id: SERVICE_ACCOUNT_NAME,
    member: SERVICE_ACCOUNT_MEMBER,
    unique_id: UNIQUE_ID,
  })],
  ['google_container_cluster', attributes({ project, location, id: CLUSTER_ID })],
  ['azurerm_user_assigned_identity', attributes({ id: azureId('Microsoft.ManagedIdentity/userAssignedIdentities') })],
  ['azurerm_kubernetes_cluster', attributes({ id: azureId('Microsoft.ContainerService/managedClusters') })],
  ['azurerm_client_config', attributes({ subscription_id: subscription })],
  ['azurerm_subscription', attributes({ subscription_id: subscription, id: of => text('/subscriptions/', subscription(of)) })],
]);

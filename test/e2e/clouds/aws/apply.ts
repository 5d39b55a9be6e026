import type { Applied, AppliedResource } from '../../model';
import { ofType } from '../../model';
import { ApplyError, told } from '../apply';
import { arnOfPolicy, arnOfRole, issuerOf, list, MANAGED, optional, partitionOf } from './iam';
import { checkConditions, PolicyError, principalsOf, readPolicy } from './policy';
import type { Policy } from './policy';

/** What IAM and EKS are asked for, and what they have besides. */
export interface Applying {
  readonly applied: Applied;
  /** What they took already. */
  readonly before?: Applied;
  /** What accounts have that Terraform did not make: numbers of accounts, and ARNs of roles, users, providers, policies and EKS clusters. */
  readonly existing?: readonly string[];
  /** Characters of a trust policy, white space aside. @default 2048 */
  readonly trustPolicyQuota?: number;
  /** Managed policies of a role. @default 10 */
  readonly managedPolicyQuota?: number;
}

/**
 * What AWS refuses when Terraform tells it: the constraints of IAM's and EKS's API references, and the quotas of
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html. Throws ApplyError with the code and message of AWS, as far as these are published.
 */
export function checkApplied(applying: Applying): void {
  const accounts = new Accounts(applying);
  for (const resource of told(applying.applied, applying.before)) {
    const check = CHECKS.get(resource.type);
    if (check === undefined && UNKNOWN.test(resource.type)) throw new Error(`${resource.address}: the stand-in of AWS knows nothing of ${resource.type}.`);
    check?.(resource, accounts, applying);
  }
}

type Check = (resource: AppliedResource, accounts: Accounts, applying: Applying) => void;

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['aws_iam_openid_connect_provider', checkProvider],
  ['aws_iam_role', checkRole],
  ['aws_iam_role_policy', checkInlinePolicy],
  ['aws_iam_policy', checkManagedPolicy],
  ['aws_iam_role_policy_attachment', (resource, accounts, applying) => checkAttachment(resource, [resource.values.role], accounts, applying)],
  ['aws_iam_policy_attachment', (resource, accounts, applying) => checkAttachment(resource, list(resource.values.roles), accounts, applying)],
  ['aws_eks_pod_identity_association', checkAssociation],
]);

/** What would take away or add what roles may do, or stand before them: not modelled, so that it cannot be overlooked. */
const UNKNOWN = /^aws_(?:iam_(?!user(?:$|_)|group(?:$|_)|instance_profile$|service_linked_role$)|organizations_)/;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services: those that are spoken of here, of hundreds. */
const SERVICES: ReadonlySet<string> = new Set(['ec2.amazonaws.com', 'ecs-tasks.amazonaws.com', 'eks.amazonaws.com', 'lambda.amazonaws.com', 'pods.eks.amazonaws.com']);

const ACCOUNT = /^\d{12}$/;

/** What is there. */
class Accounts {
  readonly numbers: ReadonlySet<string>;
  private readonly arns: ReadonlySet<string>;
  private readonly clusters: ReadonlySet<string>;

  constructor({ applied, existing = [] }: Applying) {
    const { resources } = applied;
    this.numbers = new Set([...existing, ...resources.map(({ account }) => account)].filter(number => ACCOUNT.test(number)));
    const own = resources.flatMap(resource => {
      // A data source has found what it says.
      if (resource.data) return optional(resource.values.arn) ?? [];
      switch (resource.type) {
        case 'aws_iam_role': return arnOfRole(resource);
        case 'aws_iam_policy': return arnOfPolicy(resource);
        case 'aws_iam_openid_connect_provider': return `arn:${partitionOf(resource.values.arn)}:iam::${resource.account}:oidc-provider/${issuerOf(resource)}`;
        default: return optional(resource.values.arn) ?? [];
      }
    });
    this.arns = new Set([...existing, ...own]);
    this.clusters = new Set([...this.arns].map(arn => /^arn:[a-z0-9-]+:eks:([a-z0-9-]+):(\d{12}):cluster\/(.+)$/.exec(arn)).flatMap(found => {
      const [, region, account, name] = found ?? [];
      // An association may leave its region to the provider.
      return [`${account} ${region} ${name}`, `${account} ${name}`];
    }));
  }

  has(arn: string): boolean {
    return this.arns.has(arn);
  }

  hasCluster(account: string, region: string | undefined, name: string): boolean {
    return this.clusters.has(region === undefined ? `${account} ${name}` : `${account} ${region} ${name}`);
  }

  /** A role by its name, which is one of a kind in an account. */
  hasRole(account: string, name: string): boolean {
    return [...this.arns].some(arn => new RegExp(`^arn:[a-z0-9-]+:iam::${account}:role/`).test(arn) && arn.split('/').at(-1) === name);
  }
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html

function checkProvider(resource: AppliedResource, _: Accounts, { applied }: Applying): void {
  const { address, values } = resource;
  const url = String(values.url);
  // "must begin with https://", "query parameters are not" allowed, "should not contain a port number".
  if (!/^https:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?:\/[!-~]*)?$/i.test(url) || /[?#]/.test(url) || url.length > 255) {
    throw new ApplyError(address, 'ValidationError', `Invalid Open ID Connect Provider URL: ${url}`);
  }
  if (others(applied, resource).some(each => String(each.values.url) === url)) {
    throw new ApplyError(address, 'EntityAlreadyExists', `Provider with url ${url} already exists.`);
  }
  const clients = list(values.client_id_list).map(String);
  if (clients.length > 100) throw new ApplyError(address, 'LimitExceeded', 'Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100');
  lengths(address, 'clientIDList', clients, 1, 255);
  const thumbprints = list(values.thumbprint_list).map(String);
  if (thumbprints.length > 5) throw new ApplyError(address, 'InvalidInput', 'Thumbprint list must contain fewer than 5 entries.');
  lengths(address, 'thumbprintList', thumbprints, 40, 40);
  const wrong = thumbprints.find(thumbprint => !/^[0-9a-f]{40}$/i.test(thumbprint));
  // "the hex-encoded SHA-1 hash"; what is said of another text of that length is not published.
  if (wrong !== undefined) throw new ApplyError(address, 'InvalidInput', `Invalid thumbprint: ${wrong}`);
  checkTags(address, values);
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html

function checkRole(resource: AppliedResource, accounts: Accounts, { applied, trustPolicyQuota = 2048, managedPolicyQuota = 10 }: Applying): void {
  const { address, account, values } = resource;
  checkName(resource, 'roleName', 64);
  const arn = arnOfRole(resource);
  if (optional(values.arn) !== undefined && values.arn !== arn) throw new Error(`${address}: the ARN is ${arn}, not ${String(values.arn)}.`);
  // "They aren't distinguished by case."
  if (others(applied, resource).some(each => String(each.values.name).toLowerCase() === String(values.name).toLowerCase())) {
    throw new ApplyError(address, 'EntityAlreadyExists', `Role with name ${String(values.name)} already exists.`);
  }
  if (optional(values.description) !== undefined) lengths(address, 'description', [String(values.description)], 0, 1000);
  const duration: unknown = values.max_session_duration ?? 3600;
  const [least, greatest] = [3600, 43200];
  if (!Number.isInteger(duration) || (duration as number) < least) {
    throw constraint(address, 'maxSessionDuration', String(duration), `Member must have value greater than or equal to ${least}`);
  }
  if ((duration as number) > greatest) throw constraint(address, 'maxSessionDuration', String(duration), `Member must have value less than or equal to ${greatest}`);
  checkTags(address, values);

  const trust = checkPolicy(address, 'trust', values.assume_role_policy);
  if (sizeOf(values.assume_role_policy) > trustPolicyQuota) throw new ApplyError(address, 'LimitExceeded', `Cannot exceed quota for ACLSizePerRole: ${trustPolicyQuota}`);
  checkPrincipals(resource, trust, accounts);

  const boundary = optional(values.permissions_boundary);
  if (boundary !== undefined && !isPolicy(boundary, accounts)) throw noSuchPolicy(address, boundary);
  const inline = list(values.inline_policy).filter(each => optional(each.policy) !== undefined);
  inline.forEach(each => checkPolicy(address, 'identity', each.policy));
  checkInlineSize(address, account, String(values.name), applied);
  const managed = list(values.managed_policy_arns).map(String);
  const missing = managed.find(each => !isPolicy(each, accounts));
  if (missing !== undefined) throw noSuchPolicy(address, missing);
  checkManagedCount(address, account, String(values.name), applied, managedPolicyQuota);
}

/**
 * Who is named has to be there: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html.
 * Of providers the documents do not say what comes of one that is not, or that another account has: a role that names it lets nobody in, and is refused here.
 */
function checkPrincipals({ address, account, values }: AppliedResource, trust: Policy, accounts: Accounts): void {
  const partition = partitionOf(values.arn);
  for (const { type, value } of principalsOf(trust)) {
    if (type === 'everyone') continue;
    if (!isThere(type, value)) throw new ApplyError(address, 'MalformedPolicyDocument', `Invalid principal in policy: "${type.toUpperCase()}":"${value}"`);
  }

  function isThere(type: string, value: string): boolean {
    if (type === 'Service') return SERVICES.has(value);
    if (type === 'Federated') return !value.startsWith('arn:') || (value.startsWith(`arn:${partition}:iam::${account}:`) && accounts.has(value));
    if (ACCOUNT.test(value)) return accounts.numbers.has(value);
    const [, ofPartition, service, number = '', name = ''] = /^arn:([a-z0-9-]+):(iam|sts)::(\d{12}):(.+)$/.exec(value) ?? [];
    if (ofPartition !== partition) return false;
    if (name === 'root') return accounts.numbers.has(number);
    return service === 'sts' ? accounts.hasRole(number, name.split('/')[1]!) : accounts.has(value);
  }
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html

function checkInlinePolicy(resource: AppliedResource, accounts: Accounts, { applied }: Applying): void {
  const { address, account, values } = resource;
  const role = String(values.role);
  if (!accounts.hasRole(account, role)) throw noSuchRole(address, role);
  if (!/^[\w+=,.@-]{1,128}$/.test(String(values.name))) throw new ApplyError(address, 'ValidationError', `The specified value for policyName is invalid. ${NAMES}`);
  const same = others(applied, resource).some(each => each.values.role === values.role && each.values.name === values.name);
  // PutRolePolicy writes over the other: which of the two stays nobody knows.
  if (same) throw new Error(`${address}: two resources write the policy ${String(values.name)} of the role ${role}.`);
  checkPolicy(address, 'identity', values.policy);
  checkInlineSize(address, account, role, applied);
}

/** "The total aggregate policy size […] per entity": white space does not count. */
function checkInlineSize(address: string, account: string, role: string, applied: Applied): void {
  const policies = [
    ...ofType(applied, 'aws_iam_role_policy').filter(each => each.account === account && each.values.role === role).map(({ values }) => values.policy),
    ...ofType(applied, 'aws_iam_role').filter(each => each.account === account && each.values.name === role).flatMap(({ values }) => list(values.inline_policy).map(each => each.policy ?? '')),
  ];
  if (policies.reduce((sum, policy) => sum + sizeOf(policy), 0) > 10240) throw new ApplyError(address, 'LimitExceeded', `Maximum policy size of 10240 bytes exceeded for role ${role}`);
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html

function checkManagedPolicy(resource: AppliedResource, _: Accounts, { applied }: Applying): void {
  const { address, values } = resource;
  checkName(resource, 'policyName', 128);
  if (others(applied, resource).some(each => String(each.values.name).toLowerCase() === String(values.name).toLowerCase())) {
    throw new ApplyError(address, 'EntityAlreadyExists', `A policy called ${String(values.name)} already exists. Duplicate names are not allowed.`);
  }
  checkPolicy(address, 'identity', values.policy);
  if (sizeOf(values.policy) > 6144) throw new ApplyError(address, 'LimitExceeded', 'Cannot exceed quota for PolicySize: 6144');
}

// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html

function checkAttachment(resource: AppliedResource, roles: readonly unknown[], accounts: Accounts, applying: Applying): void {
  const { address, account, values } = resource;
  const { applied, managedPolicyQuota = 10 } = applying;
  const arn = String(values.policy_arn);
  if (!isPolicy(arn, accounts)) throw noSuchPolicy(address, arn);
  for (const role of roles.map(String)) {
    if (!accounts.hasRole(account, role)) throw noSuchRole(address, role);
    checkManagedCount(address, account, role, applied, managedPolicyQuota);
  }
}

/** Ten, and up to twenty where AWS raised it. */
function checkManagedCount(address: string, account: string, role: string, applied: Applied, quota: number): void {
  const inAccount = (type: string) => ofType(applied, type).filter(each => each.account === account).map(({ values }) => values);
  const attached = new Set([
    ...inAccount('aws_iam_role_policy_attachment').filter(values => values.role === role).map(values => values.policy_arn),
    ...inAccount('aws_iam_policy_attachment').filter(values => list(values.roles).includes(role)).map(values => values.policy_arn),
    ...inAccount('aws_iam_role').filter(values => values.name === role).flatMap(values => list(values.managed_policy_arns)),
  ]);
  if (attached.size > quota) throw new ApplyError(address, 'LimitExceeded', `Cannot exceed quota for PoliciesPerRole: ${quota}`);
}

// https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html

function checkAssociation(resource: AppliedResource, accounts: Accounts, { applied }: Applying): void {
  const { address, account, values } = resource;
  const { cluster_name: cluster, namespace, service_account: serviceAccount } = values;
  const region = optional(values.region);
  // A policy of the association's own would take away what the role gives: not modelled.
  if (optional(values.policy) !== undefined) throw new Error(`${address}: the stand-in of EKS knows nothing of an association's policy.`);
  if (!accounts.hasCluster(account, region, String(cluster))) throw new ApplyError(address, 'ResourceNotFoundException', `No cluster found for name: ${String(cluster)}.`);
  // Names as Kubernetes has them: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
  if (!new RegExp(`^${label}$`).test(String(namespace))) throw new ApplyError(address, 'InvalidParameterException', `The namespace ${String(namespace)} is not valid.`);
  if (!new RegExp(`^${label}(?:\\.${label})*$`).test(String(serviceAccount)) || String(serviceAccount).length > 253) {
    throw new ApplyError(address, 'InvalidParameterException', `The service account ${String(serviceAccount)} is not valid.`);
  }
  const taken = others(applied, resource).some(each => each.values.cluster_name === cluster && each.values.namespace === namespace
    && each.values.service_account === serviceAccount && (optional(each.values.region) ?? region) === (region ?? optional(each.values.region)));
  if (taken) throw new ApplyError(address, 'ResourceInUseException', 'Association already exists');

  const arn = String(values.role_arn);
  const [, ofAccount] = /^arn:[a-z0-9-]+:iam::(\d{12}):role\//.exec(arn) ?? [];
  // "The role must be in the same AWS account as the cluster": https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html
  if (ofAccount !== undefined && ofAccount !== account) throw new ApplyError(address, 'InvalidParameterException', 'Cross-account pass role is not allowed.');
  // The texts: https://github.com/hashicorp/terraform-provider-aws/issues/34711 and https://github.com/hashicorp/terraform-provider-aws/issues/41483
  if (!accounts.has(arn)) throw new ApplyError(address, 'InvalidParameterException', 'Role provided in the request does not exist.');
  const role = ofType(applied, 'aws_iam_role').find(each => arnOfRole(each) === arn);
  // A role that Terraform did not make is what its owner says it is.
  if (role !== undefined && !trustsPods(readPolicy('trust', String(role.values.assume_role_policy)), values.disable_session_tags === true)) {
    throw new ApplyError(address, 'InvalidParameterException', 'Trust policy of the role provided is invalid');
  }
  const target = optional(values.target_role_arn);
  if (target !== undefined && !/^arn:[a-z0-9-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(target)) {
    throw new ApplyError(address, 'InvalidParameterException', `The target role ARN ${target} is not valid.`);
  }
}

/** Whether a statement names EKS's service with what it needs: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html; no tags, no `sts:TagSession`. */
function trustsPods({ statements }: Policy, untagged: boolean): boolean {
  const needs = untagged ? ['sts:assumerole'] : ['sts:assumerole', 'sts:tagsession'];
  return needs.every(action => statements.some(({ effect, principals, actions }) => effect === 'Allow'
    && principals.some(({ type, value }) => type === 'Service' && value === 'pods.eks.amazonaws.com') && actions.values.some(value => ['sts:*', action].includes(value.toLowerCase()))));
}

// What several have.

const NAMES = 'It must contain only alphanumeric characters and/or the following: +=,.@_-';

function checkName({ address, values }: AppliedResource, parameter: string, longest: number): void {
  const name = String(values.name);
  lengths(address, parameter, [name], 1, longest);
  if (!/^[\w+=,.@-]+$/.test(name)) throw new ApplyError(address, 'ValidationError', `The specified value for ${parameter} is invalid. ${NAMES}`);
  const path = optional(values.path) ?? '/';
  if (!/^\/(?:[!-~]+\/)?$/.test(path) || path.length > 512) {
    throw new ApplyError(address, 'ValidationError', 'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.');
  }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules */
function checkTags(address: string, { tags_all: all, tags }: AppliedResource['values']): void {
  const entries = Object.entries((all ?? tags ?? {}) as Record<string, unknown>);
  if (entries.length > 50) throw new ApplyError(address, 'InvalidInput', 'The number of tags has reached the maximum limit.');
  const fine = entries.every(([key, value]) =>
    [key, String(value)].every(text => TAG.test(text)) && /^(?!aws:)[^]{1,128}$/i.test(key) && String(value).length <= 256);
  if (!fine || new Set(entries.map(([key]) => key.toLowerCase())).size !== entries.length) throw new ApplyError(address, 'InvalidInput', 'The tags are not valid.');
}
const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

function checkPolicy(address: string, kind: Policy['kind'], document: unknown): Policy {
  const text = String(document);
  // "Policy documents can contain only the following Unicode characters: […] U+0009, U+000A, U+000D, and characters in the range U+0020 to U+00FF."
  if (!/^[\t\n\r\u0020-\u00FF]+$/.test(text)) {
    throw new ApplyError(address, 'ValidationError', 'The specified value for policyDocument is invalid. It must contain only printable ASCII characters.');
  }
  try {
    const policy = readPolicy(kind, text);
    checkConditions(policy);
    return policy;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new ApplyError(address, 'MalformedPolicyDocument', error.message.replace('MalformedPolicyDocument: ', ''));
  }
}

/** "IAM does not count white space." */
function sizeOf(document: unknown): number {
  return String(document).replace(/\s/g, '').length;
}

function isPolicy(arn: string, accounts: Accounts): boolean {
  return accounts.has(arn) || MANAGED.has(/^arn:[a-z0-9-]+:iam::aws:policy\/([\w+=,.@-]+)$/.exec(arn)?.[1] ?? '');
}

function noSuchPolicy(address: string, arn: string): ApplyError {
  return new ApplyError(address, 'NoSuchEntity', `Policy ${arn} does not exist or is not attachable.`);
}

function noSuchRole(address: string, name: string): ApplyError {
  return new ApplyError(address, 'NoSuchEntity', `The role with name ${name} cannot be found.`);
}

/** The other resources of its type in the account of a resource. */
function others(applied: Applied, resource: AppliedResource): readonly AppliedResource[] {
  return ofType(applied, resource.type).filter(each => each !== resource && each.account === resource.account);
}

function lengths(address: string, parameter: string, values: readonly string[], least: number, greatest: number): void {
  for (const value of values) {
    if (value.length > greatest) throw constraint(address, parameter, value, `Member must have length less than or equal to ${greatest}`);
    if (value.length < least) throw constraint(address, parameter, value, `Member must have length greater than or equal to ${least}`);
  }
}

function constraint(address: string, parameter: string, value: string, what: string): ApplyError {
  return new ApplyError(address, 'ValidationError', `1 validation error detected: Value '${value}' at '${parameter}' failed to satisfy constraint: ${what}`);
}

import { bucketName, grantsOf, KINDS } from './allow-policies';
import type { ExistingGoogle } from './existing';
import type { Projects } from './projects';
import { isGrantable } from './roles';
import type { ServiceAccounts } from './service-accounts';
import { Applied, AppliedResource, ofType } from '../../model';
import { ApplyError, told } from '../apply';

/** What Google is asked for, and what it has. */
export interface Applying {
  readonly applied: Applied;
  readonly existing: ExistingGoogle;
  readonly projects: Projects;
  readonly accounts: ServiceAccounts;
}

/** A refusal, with the code of https://docs.cloud.google.com/apis/design/errors#error_model. */
export function refuse({ address }: AppliedResource, code: 'ALREADY_EXISTS' | 'INVALID_ARGUMENT' | 'NOT_FOUND' | 'PERMISSION_DENIED', message: string): never {
  throw new ApplyError(address, code, message);
}

/**
 * What Google refuses when Terraform tells it, but for providers of pools, which are checked where they are read. Throws ApplyError with Google's message, as
 * far as it is published.
 */
export function checkApplied(applying: Applying): void {
  for (const resource of told(applying.applied, undefined)) {
    if (KINDS.some(({ prefix }) => ['_member', '_binding', '_policy'].some(end => resource.type === `${prefix}${end}`))) checkGrants(resource, applying);
    else CHECKS.get(resource.type)?.(resource, applying);
  }
}

const CHECKS: ReadonlyMap<string, (resource: AppliedResource, applying: Applying) => void> = new Map([
  ['google_service_account', checkAccount],
  ['google_iam_workload_identity_pool', checkPool],
  ['google_storage_bucket', checkBucket],
  ['google_project_iam_custom_role', checkRole],
]);

/** https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts */
function checkAccount(resource: AppliedResource, { applied, existing, projects }: Applying): void {
  const { values, account } = resource;
  const project = checkProject(resource, values.project ?? account, projects);
  const id = String(values.account_id ?? String(values.email).split('@')[0]);
  if (id.length < 6 || id.length > 30) refuse(resource, 'INVALID_ARGUMENT', `The account ID "${id}" does not have a length between 6 and 30.`);
  // The regular expression of https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create; the message is that of Google's provider.
  if (!/^[a-z][-a-z0-9]*[a-z0-9]$/.test(id)) refuse(resource, 'INVALID_ARGUMENT', `"account_id" ("${id}") doesn't match regexp "^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$"`);
  const email = `${id}@${project}.iam.gserviceaccount.com`;
  if (values.email !== email) throw new Error(`${resource.address}: the email is ${email}, not ${String(values.email)}.`);
  if (existing.serviceAccounts?.includes(email) === true || others(applied, resource).some(each => each.values.email === email)) {
    refuse(resource, 'ALREADY_EXISTS', `Service account ${id} already exists within project projects/${project}.`);
  }
  checkTexts(resource, { display_name: 100, description: 256 }, 'UTF-8 bytes', Buffer.byteLength);
}

/** https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools */
function checkPool(resource: AppliedResource, { applied, projects }: Applying): void {
  const { values } = resource;
  const [, number, id] = POOL.exec(String(values.name)) ?? [];
  if (number === undefined) refuse(resource, 'INVALID_ARGUMENT', `Invalid resource name: ${String(values.name)}`);
  checkProject(resource, number, projects);
  checkId(resource, id!);
  checkTexts(resource, { display_name: 32, description: 256 });
  if (others(applied, resource).some(each => each.values.name === values.name)) refuse(resource, 'ALREADY_EXISTS', 'Requested entity already exists');
}

const POOL = /^projects\/([0-9]+)\/locations\/global\/workloadIdentityPools\/([^/]+)$/;

/** The id of a pool or a provider: "4-32 characters, and may contain the characters [a-z0-9-]. The prefix `gcp-` is reserved for use by Google". */
export function checkId(resource: AppliedResource, id: string): void {
  if (!/^[a-z0-9-]{4,32}$/.test(id) || id.startsWith('gcp-')) {
    refuse(resource, 'INVALID_ARGUMENT', `The ID ${id} must be 4-32 characters, may contain the characters [a-z0-9-], and must not have the prefix gcp-.`);
  }
}

/** Texts that people read, which "cannot exceed" so many characters. */
export function checkTexts(resource: AppliedResource, longest: Readonly<Record<string, number>>, what = 'characters', length = (text: string) => text.length): void {
  for (const [name, most] of Object.entries(longest)) {
    const text: unknown = resource.values[name];
    if (typeof text === 'string' && length(text) > most) refuse(resource, 'INVALID_ARGUMENT', `${name.replace('_', ' ')} must be less than or equal to ${most} ${what}`);
  }
}

/** https://docs.cloud.google.com/storage/docs/buckets#naming */
function checkBucket(resource: AppliedResource, { applied, existing, projects }: Applying): void {
  const { values, account } = resource;
  checkProject(resource, values.project ?? account, projects);
  const name = String(values.name);
  const fine = /^[a-z0-9][a-z0-9._-]+[a-z0-9]$/.test(name) && name.length <= 222 && name.split('.').every(part => part.length <= 63) && !/^goog|google|g00gle|\.\.|^[\d.]+$/.test(name);
  // A name with dots is a domain, whose owner has to be known.
  if (!fine || name.includes('.')) refuse(resource, 'INVALID_ARGUMENT', `Invalid bucket name: '${name}'`);
  if (existing.buckets?.[name] !== undefined || others(applied, resource).some(each => each.values.name === name)) {
    refuse(resource, 'ALREADY_EXISTS', 'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.');
  }
}

/** https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.roles/create */
function checkRole(resource: AppliedResource, { projects }: Applying): void {
  const { values } = resource;
  const [, project, id] = /^projects\/([^/]+)\/roles\/([^/]+)$/.exec(String(values.name)) ?? [];
  if (project === undefined || !/^[a-zA-Z0-9_.]{3,64}$/.test(id!)) refuse(resource, 'INVALID_ARGUMENT', `The role name must be in the form ${ROLE_FORMS}.`);
  checkProject(resource, project, projects);
}

/** Where an allow policy stands, what it gives, and whom. */
function checkGrants(resource: AppliedResource, applying: Applying): void {
  const { type, values, account } = resource;
  const place = type.startsWith('google_project_') ? 'project' : type.startsWith('google_storage_') ? 'bucket' : 'service account';
  let uniform = true;
  if (place === 'project') {
    checkProject(resource, values.project ?? account, applying.projects);
  } else if (place === 'bucket') {
    const name = bucketName(String(values.bucket));
    const made = ofType(applying.applied, 'google_storage_bucket').find(each => each.values.name === name);
    const there = applying.existing.buckets?.[name];
    if (made === undefined && there === undefined) refuse(resource, 'NOT_FOUND', 'The specified bucket does not exist.');
    uniform = made === undefined ? there!.uniform === true : made.values.uniform_bucket_level_access === true;
  } else {
    const [, project, name] = /^projects\/([^/]+)\/serviceAccounts\/([^/]+)$/.exec(String(values.service_account_id)) ?? [];
    const found = name === undefined ? undefined : applying.accounts.find(name);
    if (found === undefined || (project !== '-' && applying.projects.idOf(project!) !== found.project)) refuse(resource, 'NOT_FOUND', 'Unknown service account');
  }
  for (const { role, members } of grantsOf(resource, true)) {
    checkRoleOf(resource, role, place, applying.applied);
    for (const member of members) {
      checkMember(resource, member, place, applying);
      // "Cloud Storage: […] uniform bucket-level access": https://docs.cloud.google.com/iam/docs/federated-identity-supported-services#list. No text is published.
      if (!uniform && isFederated(member)) refuse(resource, 'INVALID_ARGUMENT', `Uniform bucket-level access must be enabled for the member ${member}.`);
    }
  }
}

const ROLE_FORMS = '"roles/{role}", "organizations/{organization_id}/roles/{role}", or "projects/{project_id}/roles/{role}"';

/** https://docs.cloud.google.com/iam/docs/roles-overview#role-components, and https://github.com/hashicorp/terraform/issues/25623 for the text of the second. */
function checkRoleOf(resource: AppliedResource, role: string, place: 'project' | 'bucket' | 'service account', applied: Applied): void {
  if (!/^(?:(?:projects|organizations)\/[^/]+\/)?roles\/[A-Za-z0-9_.]+$/.test(role)) refuse(resource, 'INVALID_ARGUMENT', `Role name must be in the form ${ROLE_FORMS}.`);
  const own = ofType(applied, 'google_project_iam_custom_role').some(each => each.values.name === role);
  if (!own && !isGrantable(role, place)) refuse(resource, 'INVALID_ARGUMENT', `Role ${role} is not supported for this resource.`);
}

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const NATIVE = new RegExp(`^((?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*)\\.svc\\.id\\.goog\\[(${LABEL})/(${LABEL}(?:\\.${LABEL})*)\\]$`);
const EMAIL = /^[^@\s:]+@([a-z0-9-]+(?:\.[a-z0-9-]+)+)$/i;
const OF_PROJECT = /^[^@]+@([a-z][a-z0-9-]*)\.iam\.gserviceaccount\.com$/;

/** Whether a member is a principal of a pool, Google's own among them. */
function isFederated(member: string): boolean {
  return /^principal(?:Set)?:\/\/iam\.googleapis\.com\//.test(member) || /^serviceAccount:[^@]*\.svc\.id\.goog\[/.test(member);
}

/** The forms of https://docs.cloud.google.com/iam/docs/principal-identifiers#allow; who is named has to be there. */
function checkMember(resource: AppliedResource, member: string, place: 'project' | 'bucket' | 'service account', { applied, existing, projects, accounts }: Applying): void {
  if (member === 'allUsers' || member === 'allAuthenticatedUsers') {
    // "Project does not support allUsers and allAuthenticatedUsers": https://docs.cloud.google.com/resource-manager/reference/rest/v1/projects/setIamPolicy
    if (place === 'project') refuse(resource, 'INVALID_ARGUMENT', 'Members of type allUsers and allAuthenticatedUsers cannot be in policy bindings.');
    return;
  }
  const [, prefix, name] = /^([A-Za-z]+):(.+)$/s.exec(member) ?? [];
  switch (prefix) {
    case 'user':
    case 'group':
    case 'domain':
      if (existing.people?.includes(member) !== true) refuse(resource, 'INVALID_ARGUMENT', `${prefix[0]!.toUpperCase()}${prefix.slice(1)} ${name!} does not exist.`);
      return;
    case 'serviceAccount': {
      const native = NATIVE.exec(name!)?.[1];
      if (native !== undefined) return checkNativePool(resource, `${native}.svc.id.goog`, applied, existing);
      if (!EMAIL.test(name!)) refuse(resource, 'INVALID_ARGUMENT', `Invalid service account (${name!}).`);
      // Accounts of projects that are not known here are somebody's.
      const project = OF_PROJECT.exec(name!)?.[1];
      if (project !== undefined && projects.numberOf(project) !== undefined && accounts.find(name!)?.email !== name) refuse(resource, 'INVALID_ARGUMENT', `Service account ${name!} does not exist.`);
      return;
    }
    case 'projectOwner':
    case 'projectEditor':
    case 'projectViewer':
      // https://docs.cloud.google.com/storage/docs/access-control/iam#convenience-values
      if (place !== 'bucket' || projects.numberOf(name!) === undefined) break;
      return;
    case 'principal':
    case 'principalSet':
      return checkPrincipal(resource, member, { applied, existing, projects });
  }
  refuse(resource, 'INVALID_ARGUMENT', `The member ${member} is of an unknown type. Please set a valid type prefix for the member.`);
}

/** The text: https://github.com/terraform-google-modules/terraform-google-kubernetes-engine/issues/916 */
function noPool(resource: AppliedResource, pool: string): never {
  return refuse(resource, 'INVALID_ARGUMENT', `Identity Pool does not exist (${pool}). Please check that you specified a valid resource name as returned in the \`name\` attribute in the configuration API.`);
}

/** Google's own pool is there when a GKE cluster of the project has it: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/workload-identity#identity_pools. */
function checkNativePool(resource: AppliedResource, pool: string, applied: Applied, { workloadPools = [] }: ExistingGoogle): void {
  const made = applied.resources.filter(({ type }) => type === 'google_container_cluster')
    .some(({ values }) => (values.workload_identity_config ?? []).some((config: { workload_pool?: unknown }) => config.workload_pool === pool));
  if (!made && !workloadPools.includes(pool)) noPool(resource, pool);
}

const OF_POOL = /^(principal|principalSet):\/\/iam\.googleapis\.com\/(projects\/([0-9]+)\/locations\/global\/workloadIdentityPools\/([^/]+))\/(.+)$/s;

function checkPrincipal(resource: AppliedResource, member: string, { applied, existing, projects }: Pick<Applying, 'applied' | 'existing' | 'projects'>): void {
  const [, ofProject] = /^principalSet:\/\/cloudresourcemanager\.googleapis\.com\/projects\/([0-9]+)\/type\/ServiceAccount$/.exec(member) ?? [];
  if (ofProject !== undefined && projects.numberOf(ofProject) !== undefined) return;
  const [, prefix, pool, number, id, rest] = OF_POOL.exec(member) ?? [];
  const native = id?.endsWith('.svc.id.goog') === true;
  const forms = prefix === 'principal' ? native ? [new RegExp(`^subject/ns/${LABEL}/sa/${LABEL}(?:\\.${LABEL})*$`), /^kubernetes\.serviceaccount\.uid\/[0-9a-z-]+$/] : [/^subject\/.+$/s]
    : native ? [/^\*$/, new RegExp(`^namespace/${LABEL}$`), /^kubernetes\.cluster\/https:\/\/container\.googleapis\.com\/v1\/projects\/[^/]+\/locations\/[^/]+\/clusters\/[^/]+$/]
      : [/^\*$/, /^group\/.+$/s, /^attribute\.[a-z0-9_]{1,100}\/.+$/s];
  // Of a principal in another form the pages say nothing.
  if (rest === undefined || !forms.some(form => form.test(rest))) refuse(resource, 'INVALID_ARGUMENT', `Invalid principal ${member}.`);
  if (native && projects.numberOf(id!.slice(0, -'.svc.id.goog'.length)) === number) return checkNativePool(resource, id!, applied, existing);
  if (!applied.resources.some(({ type, values }) => type === 'google_iam_workload_identity_pool' && values.name === pool)) noPool(resource, native ? id! : pool!);
}

/** The id of a project that there is; others are not told apart from those that one may not see. */
function checkProject(resource: AppliedResource, project: unknown, projects: Projects): string {
  if (projects.numberOf(String(project)) === undefined) refuse(resource, 'PERMISSION_DENIED', 'The caller does not have permission');
  return projects.idOf(String(project));
}

/** The other resources of a type. */
export function others(applied: Applied, resource: AppliedResource): readonly AppliedResource[] {
  return ofType(applied, resource.type).filter(each => each !== resource);
}

import { Say } from './finding';
import { IssuerPlace, isCluster } from './issuers';
import { serviceAccountOf } from './subjects';
import { Grant, Identity, Terraform, TerraformResource, Where, Who, WorkloadUse } from '../model';
import { blocksOf, equal, isList, isMap, isText, keyOf, show, text, TextValue, Unknown, Value } from '../value';

const BASIC = new Set(['roles/owner', 'roles/editor', 'roles/viewer']);
const IAM_ADMIN = new Set([
  'roles/iam.serviceAccountAdmin', 'roles/iam.securityAdmin', 'roles/iam.workloadIdentityPoolAdmin', 'roles/resourcemanager.projectIamAdmin',
  'roles/resourcemanager.folderIamAdmin', 'roles/resourcemanager.organizationAdmin', 'roles/iam.roleAdmin', 'roles/iam.organizationRoleAdmin',
]);
/** By name, and by what follows the last slash of an id. */
const BROAD_AZURE = new Set([
  'owner', 'contributor', 'user access administrator', 'role based access control administrator', '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  'b24988ac-6180-42a0-ab88-20f7382dd24c', '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', 'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
]);
const ADMIN_POLICIES = new Set(['AdministratorAccess', 'IAMFullAccess', 'PowerUserAccess']);
const MANAGED_POLICY = /^arn:[a-z-]{3,20}:iam::aws:policy\/(.{1,128})$/;
/** Resources that are keys, with what names whose they are. */
const KEYS: readonly (readonly [type: string, owner: string, what: string])[] = [
  ['google_service_account_key', 'service_account_id', 'a key of the service account'],
  ['aws_iam_access_key', 'user', 'an access key of the user'],
  ['azuread_application_password', 'application_id', 'a secret of the application'],
  ['azuread_service_principal_password', 'service_principal_id', 'a secret of the service principal'],
];
/** How the issuers of all GKE clusters of a project end, where any will do. */
const ANY_CLUSTER = 'locations/*/clusters/*';
/** Most workloads with names that are not known, beyond which nothing is said of missing ones. */
const MAX_UNKNOWN = 50;

/** What is looked at. */
interface Read {
  readonly terraform: Terraform;
  readonly identities: readonly Identity[];
  readonly workloads: readonly WorkloadUse[];
}

/** Looks at what identities may do, and at who they are for. */
export function checkIdentities({ terraform, identities, workloads }: Read, say: Say): void {
  const names = new WorkloadNames(workloads);
  for (const identity of identities) {
    if (identity.doors.length > 0) {
      identity.grants.forEach(grant => checkGrant(identity, grant, say));
    }
    checkWho(identity, names, say);
  }
  checkKeys(terraform, identities, say);
}

function checkGrant({ cloud, name }: Identity, grant: Grant, say: Say): void {
  const { permission, on, where } = grant;
  const role = show(permission);
  const key = `${keyOf(name)} ${keyOf(permission)}`;
  const place = on === undefined ? '' : ` on ${show(on)}`;
  if (cloud === 'gcp' && BASIC.has(role)) {
    say('google-basic-role', { where, key, message: `whoever becomes ${show(name)} by a token has ${role}${place}` });
  } else if (cloud === 'gcp' && IAM_ADMIN.has(role)) {
    say('google-iam-admin-role', { where, key, message: `whoever becomes ${show(name)} by a token has ${role}${place}, and can give itself any other role there` });
  } else if (cloud === 'azure' && BROAD_AZURE.has(role.slice(role.lastIndexOf('/') + 1).toLowerCase())) {
    say('azure-broad-role', { where, key, message: `whoever becomes ${show(name)} by a token has ${role}${place}` });
  } else if (cloud === 'aws') {
    const policy = typeof permission === 'string' ? MANAGED_POLICY.exec(permission)?.[1] : undefined;
    const admin = policy !== undefined && ADMIN_POLICIES.has(policy.slice(policy.lastIndexOf('/') + 1));
    const statement = grant.statements.find(isAdmin);
    if (admin || statement !== undefined) {
      say('aws-admin', { where, key, message: `whoever becomes ${show(name)} by a token has ${role}${admin ? '' : `, which allows ${show(actionsOf(statement))} on everything`}` });
    }
  }
}

function isAdmin(statement: Value): boolean {
  if (!isMap(statement) || statement.get('Effect') !== 'Allow' || statement.has('Condition')) {
    return false;
  }
  const listed = (value: Value | undefined) => (isList(value) ? value : [value]).map(one => typeof one === 'string' ? one.toLowerCase() : '');
  return listed(statement.get('Action')).some(action => action === '*' || action === '*:*' || action === 'iam:*') && listed(statement.get('Resource')).includes('*');
}

function actionsOf(statement: Value | undefined): Value | undefined {
  return isMap(statement) ? statement.get('Action') : undefined;
}

/** The service accounts that the input has. */
class WorkloadNames {
  private readonly subjects = new Set<string>();
  private readonly unknown: TextValue[] = [];
  /** Whether it can be said that one is missing. */
  private readonly complete: boolean;

  constructor(workloads: readonly WorkloadUse[]) {
    for (const { namespace, serviceAccount } of workloads) {
      const subject = text('system:serviceaccount:', namespace, ':', serviceAccount);
      this.subjects.add(keyOf(subject));
      if (typeof subject !== 'string') {
        this.unknown.push(subject);
      }
    }
    this.complete = workloads.length > 0 && this.unknown.length <= MAX_UNKNOWN;
  }

  /** Whether a subject is none of the input's. */
  public lack(subject: TextValue): boolean {
    return this.complete && !this.subjects.has(keyOf(subject)) && this.unknown.every(other => equal(other, subject) === 'no');
  }
}

function checkWho(identity: Identity, names: WorkloadNames, say: Say): void {
  const { name } = identity;
  for (const door of identity.doors) {
    if (door.through !== undefined) {
      continue;
    }
    if (door.mechanism === 'aws-google') {
      say('google-as-identity-provider', { where: identity.where, message: `${show(name)} is become by ID tokens of Google: whoever may have them made for the Google service account` });
      continue;
    }
    for (const row of door.who) {
      checkRow(row, name, names, say);
    }
  }
}

function checkRow({ subject, wildcards, where }: Who, name: TextValue, names: WorkloadNames, say: Say): void {
  const account = subject === undefined ? undefined : serviceAccountOf(subject);
  if (subject === undefined || account === undefined) {
    return;
  }
  const key = keyOf(name);
  if (account.namespace === 'default') {
    say('default-namespace', { where, key, message: `${show(name)} trusts the namespace default, in which everything lands that is deployed without one` });
  }
  if (account.name === 'default') {
    say('default-service-account', { where, key, message: `${show(name)} trusts the service account default of the namespace ${account.namespace}, as which every pod runs that names none` });
  }
  if (typeof subject === 'string' && !(wildcards && /[*?]/.test(subject)) && names.lack(subject)) {
    say('unknown-service-account', {
      where, key: `${key} ${subject}`, message: `${show(name)} trusts the service account ${account.namespace}/${account.name}, which no workload of the input is: unless it is made elsewhere, as by manifestsOnly, Helm or Argo CD, whoever may create it becomes the identity`,
    });
  }
}

/** Keys beside federation: whoever has one needs no token. */
function checkKeys(terraform: Terraform, identities: readonly Identity[], say: Say): void {
  const reached = new Set<string>();
  for (const { doors, name, where } of identities) {
    if (doors.length > 0) {
      reached.add(keyOf(name));
      reached.add(`${where.stack ?? ''}/${where.address}`);
    }
  }
  for (const [type, owner, what] of KEYS) {
    for (const resource of terraform.ofType(type, 'managed')) {
      const of = ownerOf(resource, owner);
      const federated = ownersOf(of).some(one => reached.has(one));
      say('stored-key', {
        where: resource.where, level: federated ? 'error' : 'warning',
        message: `${what} ${show(of)} is kept in the state: whoever reads it is ${show(of)} without a token${federated ? ', although it is federated' : ''}`,
      });
    }
  }
}

function ownerOf({ values, where }: TerraformResource, owner: string): TextValue {
  const value = [owner, 'application_object_id'].map(name => values.get(name)).find(isText);
  return value ?? new Unknown(`${where.stack ?? ''}/${where.address}.${owner}`);
}

/** What may name the owner of a key: its email at the end of an id, and the resource that is referred to. */
function ownersOf(of: TextValue): readonly string[] {
  const email = typeof of === 'string' ? of.slice(of.lastIndexOf('/') + 1) : of;
  const symbol = of instanceof Unknown ? of.symbol.slice(0, of.symbol.lastIndexOf('.')) : '';
  return [keyOf(of), keyOf(email), symbol];
}

/** Clusters that issue tokens for federation, and that nothing trusts. */
export function checkClusters(terraform: Terraform, identities: readonly Identity[], clusters: readonly IssuerPlace[], say: Say): void {
  const trusted = new Set<string>();
  const owners = new Set<string>();
  let any = false;
  for (const row of identities.flatMap(({ doors }) => doors).flatMap(({ who }) => who)) {
    any ||= row.issuer === undefined && !row.conditions.some(condition => condition.startsWith('through '));
    if (row.issuer !== undefined) {
      const shown = show(row.issuer);
      trusted.add(keyOf(row.issuer));
      if (shown.endsWith(ANY_CLUSTER)) {
        owners.add(shown.slice(0, -ANY_CLUSTER.length));
      }
    }
  }
  const issuers = new Map(clusters.map(({ issuer, where }) => [placeKey(where), issuer]));
  for (const { values, where, type } of ['google_container_cluster', 'azurerm_kubernetes_cluster'].flatMap(name => terraform.ofType(name, 'managed'))) {
    const on = type === 'azurerm_kubernetes_cluster' ? values.get('oidc_issuer_enabled') === true : blocksOf(values.get('workload_identity_config')).length > 0;
    const issuer = issuers.get(placeKey(where)) ?? symbolOf(where, type);
    const shown = show(issuer);
    const project = shown.slice(0, Math.max(0, shown.indexOf('/locations/') + 1));
    if (on && !any && !trusted.has(keyOf(issuer)) && !owners.has(project)) {
      say('cluster-without-identity', { where, message: `the cluster issues tokens for federation${isCluster(issuer) ? ` as ${shown}` : ''}, and no identity of the input takes them` });
    }
  }
}

function placeKey({ address, stack, file }: Where): string {
  return JSON.stringify([address, stack ?? file]);
}

function symbolOf({ stack, address }: Where, type: string): TextValue {
  return new Unknown(`${stack ?? ''}/${address}.${type === 'azurerm_kubernetes_cluster' ? 'oidc_issuer_url' : 'id'}`);
}

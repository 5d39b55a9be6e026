import { Identity, membersOf } from './identities';
import type { Projects } from './projects';
import { Roles, rolesOf } from './roles';
import { Applied, AppliedResource } from '../../model';

/** What a policy stands on; a policy of a project holds for everything in it. */
export type PolicyResource = `projects/${string}` | `buckets/${string}` | `serviceAccounts/${string}`;

interface Grant {
  readonly role: string;
  readonly members: readonly string[];
}

/** How the resources of one kind say what they stand on. */
export const KINDS: readonly { readonly prefix: string; readonly place: (resource: AppliedResource, projects: Projects) => PolicyResource }[] = [
  { prefix: 'google_project_iam', place: ({ values, account }, projects) => `projects/${projects.idOf(values.project ?? account)}` },
  { prefix: 'google_storage_bucket_iam', place: ({ values }) => `buckets/${bucketName(values.bucket)}` },
  { prefix: 'google_service_account_iam', place: ({ values }) => `serviceAccounts/${accountName(values.service_account_id)}` },
];

/** What would take away what an allow policy gives: not modelled, so that it cannot be overlooked. */
const UNKNOWN = /^google_iam_(?:deny_policy|principal_access_boundary_policy|.*_policy_binding)$/;

/** The name of a bucket, which Terraform also writes as `b/<name>`. */
export function bucketName(bucket: string): string {
  return bucket.startsWith('b/') ? bucket.slice('b/'.length) : bucket;
}

/** The email or unique id at the end of `projects/<project>/serviceAccounts/<name>`. */
export function accountName(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1);
}

/**
 * The allow policies that are applied: https://docs.cloud.google.com/iam/docs/allow-policies.
 *
 * Resources of Terraform that are each alone authoritative contradict each other where they stand together, and the last to be applied wins;
 * which one that is nobody knows, so that only what all of them say counts. A grant with a condition counts for nothing.
 */
export class AllowPolicies {
  private readonly grants = new Map<PolicyResource, readonly Grant[]>();
  private readonly roles: Roles;

  public constructor(applied: Applied, projects: Projects) {
    const unknown = applied.resources.find(({ type, data }) => !data && UNKNOWN.test(type));
    if (unknown !== undefined) throw new Error(`${unknown.address}: the stand-in of Google knows nothing of ${unknown.type}.`);
    this.roles = rolesOf(applied);
    const places = new Map<PolicyResource, AppliedResource[]>();
    for (const resource of applied.resources) {
      const kind = resource.data ? undefined : KINDS.find(({ prefix }) => ['_member', '_binding', '_policy'].some(end => resource.type === `${prefix}${end}`));
      if (kind === undefined) continue;
      const place = kind.place(resource, projects);
      places.set(place, [...places.get(place) ?? [], resource]);
    }
    places.forEach((resources, place) => this.grants.set(place, effective(resources)));
  }

  /** Whether a policy on one of the resources gives the permission. */
  public permits(identity: Identity | undefined, permission: string, resources: readonly PolicyResource[]): boolean {
    const members = membersOf(identity);
    return resources.some(resource => (this.grants.get(resource) ?? []).some(grant =>
      this.roles(grant.role).has(permission) && grant.members.some(member => members.has(member))));
  }
}

function effective(resources: readonly AppliedResource[]): Grant[] {
  const of = (end: string) => resources.filter(({ type }) => type.endsWith(end)).map(resource => grantsOf(resource));
  const policies = of('_policy');
  const bindings = of('_binding').flat();
  const added = of('_member').flat();
  const all = [...policies.flat(), ...bindings, ...added];
  const roles = new Set(all.map(({ role }) => role));
  return [...roles].map(role => {
    const members = (grants: readonly Grant[]) => new Set(grants.filter(grant => grant.role === role).flatMap(grant => grant.members));
    const authorities = [...policies.map(members), ...bindings.filter(binding => binding.role === role).map(binding => members([binding]))];
    return { role, members: [...members(all)].filter(member => authorities.every(authority => authority.has(member))) };
  });
}

/** What a resource gives: without a condition, or whatever its condition. */
export function grantsOf({ type, values }: AppliedResource, conditional = false): Grant[] {
  const counts = (condition: unknown) => conditional || isUnconditional(condition);
  if (type.endsWith('_policy')) {
    // https://docs.cloud.google.com/iam/docs/reference/rest/v1/Policy
    const { bindings = [] } = JSON.parse(values.policy_data) as { bindings?: { role: string; members?: string[]; condition?: unknown }[] };
    return bindings.filter(({ condition }) => counts(condition)).map(({ role, members = [] }) => ({ role, members }));
  }
  if (!counts(values.condition)) return [];
  return [{ role: values.role, members: type.endsWith('_member') ? [values.member] : values.members }];
}

function isUnconditional(condition: unknown): boolean {
  return condition === undefined || condition === null || (Array.isArray(condition) && condition.length === 0);
}

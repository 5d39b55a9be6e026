/** Whom Google takes a caller for. */
export type Identity = FederatedIdentity | ServiceAccountIdentity;

/** A principal of a workload identity pool: what the Security Token Service makes of a token from outside. */
export interface FederatedIdentity {
  readonly kind: 'federated';
  /** `projects/<number>/locations/global/workloadIdentityPools/<pool>`. */
  readonly pool: string;
  readonly subject: string;
  readonly groups: readonly string[];
  /** Custom attributes, by name without `attribute.`. */
  readonly attributes: ReadonlyMap<string, string>;
  /** What Google knows besides about a pod of GKE in Google's own pool. */
  readonly kubernetes?: KubernetesIdentity;
}

export interface KubernetesIdentity {
  /** `<project>.svc.id.goog`. */
  readonly workloadPool: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** The cluster's URL, which is its issuer too. */
  readonly cluster: string;
}

export interface ServiceAccountIdentity {
  readonly kind: 'service account';
  readonly email: string;
  /** The number of the account's project, where it is known. */
  readonly projectNumber?: string;
}

/** The identity as Google names it in its own words: one principal. */
export function principalOf(identity: Identity): string {
  return identity.kind === 'federated' ? `principal://iam.googleapis.com/${identity.pool}/subject/${identity.subject}` : `serviceAccount:${identity.email}`;
}

const NAMES = new WeakMap<Identity, ReadonlySet<string>>();

/**
 * Every member of an allow policy that the identity is. Members are compared as whole texts: a pool's name has no slash after it that is not
 * the policy's own, so that no subject or value can be read as another form.
 * @see https://docs.cloud.google.com/iam/docs/principal-identifiers#allow
 */
export function membersOf(identity: Identity | undefined): ReadonlySet<string> {
  if (identity === undefined) return NOBODY;
  let names = NAMES.get(identity);
  if (names === undefined) {
    names = new Set(identity.kind === 'federated' ? federatedMembers(identity) : serviceAccountMembers(identity));
    NAMES.set(identity, names);
  }
  return names;
}

const NOBODY: ReadonlySet<string> = new Set(['allUsers']);

/** `allAuthenticatedUsers` "doesn't include identities that come from external identity providers" (the same page). */
function federatedMembers(identity: FederatedIdentity): string[] {
  const { pool, groups, attributes, kubernetes } = identity;
  const set = `principalSet://iam.googleapis.com/${pool}`;
  return [
    'allUsers', principalOf(identity), `${set}/*`,
    ...groups.map(group => `${set}/group/${group}`),
    ...[...attributes].map(([name, value]) => `${set}/attribute.${name}/${value}`),
    // https://docs.cloud.google.com/kubernetes-engine/docs/concepts/workload-identity#principal-id-examples
    ...(kubernetes === undefined ? [] : [
      `serviceAccount:${kubernetes.workloadPool}[${kubernetes.namespace}/${kubernetes.serviceAccount}]`,
      `${set}/namespace/${kubernetes.namespace}`,
      `${set}/kubernetes.cluster/${kubernetes.cluster}`,
    ]),
  ];
}

function serviceAccountMembers({ email, projectNumber }: ServiceAccountIdentity): string[] {
  return [
    'allUsers', 'allAuthenticatedUsers', `serviceAccount:${email}`,
    ...(projectNumber === undefined ? [] : [`principalSet://cloudresourcemanager.googleapis.com/projects/${projectNumber}/type/ServiceAccount`]),
  ];
}

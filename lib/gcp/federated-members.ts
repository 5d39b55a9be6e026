import { ITerraformDependable, TerraformProvider, TerraformResource, TerraformStack } from 'cdktf';
import { IConstruct } from 'constructs';
import { ClusterWorkloadIdentityPool } from './cluster-workload-identity-pool';
import { googleProject } from './google-project';
import { nativeMember, poolMember } from './principals';
import { informOnce } from '../annotations';
import { checkLimit } from '../checks';
import { Cluster, TrustedSubject } from '../cluster';
import { givenRegistrations } from '../registry';
import { idPart, knownPart, plainId } from '../tokens';

/** `google.subject` takes 127 bytes. */
const MAX_SUBJECT = 127;

/** Refuses a subject that Google's mapping would not take. */
export function checkGoogleSubject(where: string, subject: TrustedSubject): void {
  if (subject.cluster.workloadPool === undefined) {
    const bytes = Buffer.byteLength(knownPart(subject.subject));
    checkLimit({ where, prop: 'trusts' }, bytes, MAX_SUBJECT, `hold subjects of at most ${MAX_SUBJECT} bytes for Google (namespace and name together 104)`,
      `${bytes} bytes for ${subject.subject}`, 'shorten the namespace or the name of the service account');
  }
}

/** Service accounts, or sets of them, that one member of IAM policies stands for. */
export interface FederatedMember {
  /** What tells the member from others in construct ids. */
  readonly id: string;
  /** The first of the service accounts; the others are the same to Google. */
  readonly subject: TrustedSubject;
}

/**
 * The members of an identity, each once: in Google's own pool, the same namespace and name in two clusters of a project is one member, and
 * with one of two equal resources the member would go for both.
 */
export function federatedMembers(scope: IConstruct, trusts: readonly TrustedSubject[]): FederatedMember[] {
  const members = new Map<string, TrustedSubject>();
  for (const subject of trusts) {
    const id = memberId(scope, subject);
    members.set(id, members.get(id) ?? subject);
  }
  return [...members].map(([id, subject]) => ({ id, subject }));
}

/** A service account or set in a construct id: the way it is trusted, then project or cluster, namespace and name. */
export function memberId(scope: IConstruct, { cluster, namespace, name }: TrustedSubject): string {
  const native = cluster.workloadPool !== undefined;
  const place = native && namespace !== undefined ? plainId(idPart(scope, cluster.projectKey!)) : cluster.id;
  // No name of Kubernetes is empty, so that a set has an id of its own.
  return [native ? 'Native' : 'Federated', place, ...[namespace, name].map(part => part === undefined ? '' : idPart(scope, part))].join('_');
}

/** The member of a pool of ours, which is found or made, and told of whom it shall admit. */
function federatedMember(
  scope: IConstruct, subject: TrustedSubject, pools: Map<string, ClusterWorkloadIdentityPool>, googleProvider: TerraformProvider | undefined,
): string {
  const { cluster } = subject;
  let pool = pools.get(cluster.id);
  if (pool === undefined) {
    pools.set(cluster.id, pool = ClusterWorkloadIdentityPool.of(scope, cluster, { googleProvider }));
  }
  pool.admit(scope, subject);
  return poolMember(pool.poolName, subject);
}

/** The member of IAM policies that a service account or set is: one of Google's own pool, or one of the cluster's. */
export function memberOf(
  scope: IConstruct, subject: TrustedSubject, pools: Map<string, ClusterWorkloadIdentityPool>, googleProvider: TerraformProvider | undefined,
): string {
  const { cluster } = subject;
  return cluster.workloadPool === undefined
    ? federatedMember(scope, subject, pools, googleProvider)
    : nativeMember(projectNumberOf(scope, cluster, googleProvider), cluster, subject);
}

/**
 * What a member of Google's own pool waits for: the cluster, where the stack makes it and says its project, so that nothing of the member refers
 * to it. The pool comes with the first cluster of the project, and IAM refuses members of a pool that is not there yet.
 * @see https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity
 */
export function poolComesWith(scope: IConstruct, { cluster: { workloadPool, resource } }: TrustedSubject): ITerraformDependable[] | undefined {
  return workloadPool !== undefined && resource?.projectInput !== undefined && TerraformResource.isTerraformResource(resource)
    && TerraformStack.of(resource) === TerraformStack.of(scope) ? [resource] : undefined;
}

/** The pools that were passed for the clusters that need one, by cluster id. */
export function givenPools(
  scope: IConstruct, given: readonly ClusterWorkloadIdentityPool[] | undefined, trusts: readonly TrustedSubject[],
): Map<string, ClusterWorkloadIdentityPool> {
  return givenRegistrations(scope, 'pools', given, trusts.map(({ cluster }) => cluster).filter(cluster => cluster.workloadPool === undefined));
}

/** The number of the project of a GKE cluster. */
function projectNumberOf(scope: IConstruct, cluster: Cluster, googleProvider: TerraformProvider | undefined): string {
  return cluster.projectNumber ?? googleProject(scope, googleProvider, cluster.project).number;
}

/** Says that Google's own pool is one per project, for members that do not name a cluster. */
export function informOfSharedPool(identity: IConstruct, trusts: readonly TrustedSubject[]): void {
  for (const { cluster, namespace } of trusts) {
    if (cluster.workloadPool !== undefined && namespace !== undefined) {
      informOnce(identity, 'gke-shared-workload-pool', cluster.id);
    }
  }
}

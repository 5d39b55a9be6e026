import { Cluster, TrustedSubject } from '../cluster';

/** The attribute by which a pool of ours tells namespaces apart, where a whole namespace is trusted. */
export const NAMESPACE_ATTRIBUTE = 'attribute.namespace';

/** The claim that the attribute is made of. */
export const NAMESPACE_CLAIM = "assertion['kubernetes.io']['namespace']";

/**
 * A service account, or a set of them, of a pool that a cluster is registered with, as a member of IAM policies.
 * @see https://cloud.google.com/iam/docs/principal-identifiers
 */
export function poolMember(poolName: string, { namespace, name, subject }: TrustedSubject): string {
  if (name !== undefined) {
    return `principal://iam.googleapis.com/${poolName}/subject/${subject}`;
  }
  return namespace === undefined
    ? `principalSet://iam.googleapis.com/${poolName}/*`
    : `principalSet://iam.googleapis.com/${poolName}/${NAMESPACE_ATTRIBUTE}/${namespace}`;
}

/**
 * A service account, or a set of them, of Google's own pool as a member of IAM policies. By name and by namespace it is the same for every
 * cluster of the project.
 * @see https://cloud.google.com/iam/docs/principal-identifiers
 */
export function nativeMember(projectNumber: string, cluster: Cluster, { namespace, name }: TrustedSubject): string {
  const pool = `iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/${cluster.workloadPool}`;
  if (name !== undefined) {
    return `principal://${pool}/subject/ns/${namespace}/sa/${name}`;
  }
  return namespace === undefined ? `principalSet://${pool}/kubernetes.cluster/${cluster.issuer}` : `principalSet://${pool}/namespace/${namespace}`;
}

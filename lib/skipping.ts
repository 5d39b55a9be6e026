/** An annotation of pods that names containers which get nothing. */
export interface Skipping {
  readonly annotation: string;
  /** What stands between the names. */
  readonly separator: string;
  /** The cloud of which they get nothing; of any where there is none. */
  readonly cloud?: 'aws' | 'azure' | 'gcp';
}

/**
 * What keeps a webhook, or the wiring of a workload, from containers.
 *
 * @see https://github.com/aws/amazon-eks-pod-identity-webhook
 * @see https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html
 * @see https://github.com/pfnet-research/gcp-workload-identity-federation-webhook
 */
export const SKIPPING: readonly Skipping[] = [
  { annotation: 'eks.amazonaws.com/skip-containers', separator: ',', cloud: 'aws' },
  { annotation: 'azure.workload.identity/skip-containers', separator: ';', cloud: 'azure' },
  { annotation: 'cloud.google.com/skip-containers', separator: ',', cloud: 'gcp' },
  { annotation: 'workload-federation/skip-containers', separator: ',' },
];

/** The annotation of a resource, or of its pod template, that keeps its pods from being wired, where it says "true". */
export const SKIP = 'workload-federation/skip';

/** What a resource says of it, or else its pod template; undefined where neither says anything but "false". */
export function saidToSkip<T>(said: readonly (T | undefined)[]): T | undefined {
  return said.find(one => one !== undefined && one !== 'false');
}

/** The label that keeps EKS's webhook from pods, whatever its value. */
export const SKIPPED_BY_LABEL = 'eks.amazonaws.com/skip-pod-identity-webhook';

import { Construct } from 'constructs';
import { ToGcpFederation, ToGcpFederationProps } from './to-gcp';

/** Props of a workload on GKE that becomes a Google service account. */
export interface GkeToGcpFederationProps extends ToGcpFederationProps {}

/**
 * Lets a workload on GKE become a Google service account: through Google's own pool and the metadata server, or through a pool of its own where the cluster is defined with `workloadIdentity: false`.
 *
 * @see https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity
 */
export class GkeToGcpFederation extends ToGcpFederation {
  /**
   * @throws FederationError for a cluster of another kind, and as its parts do
   */
  constructor(scope: Construct, id: string, props: GkeToGcpFederationProps) {
    super(scope, id, props, 'gke', 'use EksToGcpFederation or AksToGcpFederation, or GcpFederatedServiceAccount and Workload for any other cluster');
  }
}

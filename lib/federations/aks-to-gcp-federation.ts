import { Construct } from 'constructs';
import { ToGcpFederation, ToGcpFederationProps } from './to-gcp';

/** Props of a workload on AKS that becomes a Google service account. */
export interface AksToGcpFederationProps extends ToGcpFederationProps {}

/**
 * Lets a workload on AKS become a Google service account, with the cluster itself as the identity provider.
 *
 * @see https://cloud.google.com/iam/docs/workload-identity-federation-with-kubernetes
 */
export class AksToGcpFederation extends ToGcpFederation {
  /**
   * @throws FederationError for a cluster of another kind, and as its parts do
   */
  constructor(scope: Construct, id: string, props: AksToGcpFederationProps) {
    super(scope, id, props, 'aks', 'use EksToGcpFederation or GkeToGcpFederation, or GcpFederatedServiceAccount and Workload for any other cluster');
  }
}

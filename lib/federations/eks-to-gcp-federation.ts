import { Construct } from 'constructs';
import { ToGcpFederation, ToGcpFederationProps } from './to-gcp';

/** Props of a workload on EKS that becomes a Google service account. */
export interface EksToGcpFederationProps extends ToGcpFederationProps {}

/**
 * Lets a workload on EKS become a Google service account, with the cluster itself as the identity provider.
 *
 * @see https://cloud.google.com/iam/docs/workload-identity-federation-with-kubernetes
 */
export class EksToGcpFederation extends ToGcpFederation {
  /**
   * @throws FederationError for a cluster of another kind, and as its parts do
   */
  constructor(scope: Construct, id: string, props: EksToGcpFederationProps) {
    super(scope, id, props, 'eks', 'use GkeToGcpFederation or AksToGcpFederation, or GcpFederatedServiceAccount and Workload for any other cluster');
  }
}

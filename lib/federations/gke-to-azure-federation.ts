import { Construct } from 'constructs';
import { ToAzureFederation, ToAzureFederationProps } from './to-azure';

/** Props of a workload on GKE that becomes a managed identity of Azure. */
export interface GkeToAzureFederationProps extends ToAzureFederationProps {}

/**
 * Lets a workload on GKE become a managed identity of Azure, with the cluster itself as the identity provider.
 *
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation
 */
export class GkeToAzureFederation extends ToAzureFederation {
  /**
   * @throws FederationError for a cluster of another kind, and as its parts do
   */
  constructor(scope: Construct, id: string, props: GkeToAzureFederationProps) {
    super(scope, id, props, 'gke', 'use AksToAzureFederation or EksToAzureFederation, or AzureFederatedIdentity and Workload for any other cluster');
  }
}

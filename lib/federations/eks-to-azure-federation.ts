import { Construct } from 'constructs';
import { ToAzureFederation, ToAzureFederationProps } from './to-azure';

/** Props of a workload on EKS that becomes a managed identity of Azure. */
export interface EksToAzureFederationProps extends ToAzureFederationProps {}

/**
 * Lets a workload on EKS become a managed identity of Azure, with the cluster itself as the identity provider.
 *
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation
 */
export class EksToAzureFederation extends ToAzureFederation {
  /**
   * @throws FederationError for a cluster of another kind, and as its parts do
   */
  constructor(scope: Construct, id: string, props: EksToAzureFederationProps) {
    super(scope, id, props, 'eks', 'use AksToAzureFederation or GkeToAzureFederation, or AzureFederatedIdentity and Workload for any other cluster');
  }
}

import { Construct } from 'constructs';
import { ToAzureFederation, ToAzureFederationProps } from './to-azure';

/** Props of a workload on AKS that becomes a managed identity of Azure. */
export interface AksToAzureFederationProps extends ToAzureFederationProps {}

/**
 * Lets a workload on AKS become a managed identity of Azure: wired by AKS's webhook unless `wiring` is "explicit".
 *
 * @see https://learn.microsoft.com/azure/aks/workload-identity-overview
 */
export class AksToAzureFederation extends ToAzureFederation {
  /**
   * @throws FederationError for a cluster of another kind, and as its parts do
   */
  constructor(scope: Construct, id: string, props: AksToAzureFederationProps) {
    super(scope, id, props, 'aks', 'use EksToAzureFederation or GkeToAzureFederation, or AzureFederatedIdentity and Workload for any other cluster');
  }
}

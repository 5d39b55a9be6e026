import { Construct } from 'constructs';
import { ToAwsFederation, ToAwsFederationProps } from './to-aws';

/** Props of a workload on AKS that becomes an IAM role. */
export interface AksToAwsFederationProps extends ToAwsFederationProps {}

/**
 * Lets a workload on AKS become an IAM role, with the cluster itself as the identity provider.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
 */
export class AksToAwsFederation extends ToAwsFederation {
  /**
   * @throws FederationError for a cluster of another kind, and as its parts do
   */
  constructor(scope: Construct, id: string, props: AksToAwsFederationProps) {
    super(scope, id, props, 'aks', 'use EksToAwsFederation or GkeToAwsFederation, or AwsFederatedRole and Workload for any other cluster');
  }
}

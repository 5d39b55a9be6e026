import { Construct } from 'constructs';
import { ToAwsFederation, ToAwsFederationProps } from './to-aws';

/** Props of a workload on GKE that becomes an IAM role. */
export interface GkeToAwsFederationProps extends ToAwsFederationProps {}

/**
 * Lets a workload on GKE become an IAM role, with the cluster itself as the identity provider.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
 */
export class GkeToAwsFederation extends ToAwsFederation {
  /**
   * @throws FederationError for a cluster of another kind, and as its parts do
   */
  constructor(scope: Construct, id: string, props: GkeToAwsFederationProps) {
    super(scope, id, props, 'gke', 'use EksToAwsFederation or AksToAwsFederation, or AwsFederatedRole and Workload for any other cluster');
  }
}

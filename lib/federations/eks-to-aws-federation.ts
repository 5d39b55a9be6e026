import { Construct } from 'constructs';
import { ToAwsFederation, ToAwsFederationProps } from './to-aws';

/** Props of a workload on EKS that becomes an IAM role. */
export interface EksToAwsFederationProps extends ToAwsFederationProps {}

/**
 * Lets a workload on EKS become an IAM role (IAM roles for service accounts): wired by EKS's webhook unless `wiring` is "explicit".
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
 */
export class EksToAwsFederation extends ToAwsFederation {
  /**
   * @throws FederationError for a cluster of another kind, and as its parts do
   */
  constructor(scope: Construct, id: string, props: EksToAwsFederationProps) {
    super(scope, id, props, 'eks', 'use GkeToAwsFederation or AksToAwsFederation, or AwsFederatedRole and Workload for any other cluster');
  }
}

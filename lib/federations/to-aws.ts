import { Construct } from 'constructs';
import { FederationProps, refuseIgnored, sourceOf } from './federation';
import { AwsFederatedRole, AwsRoleWiringProps } from '../aws/aws-federated-role';
import { AWS_ROLE_OPTIONS, AwsRoleOptions } from '../aws/aws-role';
import { ClusterOidcProvider } from '../aws/cluster-oidc-provider';
import { pathOf } from '../checks';
import { ClusterKind } from '../cluster';
import { PodTemplate, WiredPodTemplate } from '../kubernetes/pod-template';
import { Workload } from '../kubernetes/workload';

/** Props of a direction to AWS. */
export interface ToAwsFederationProps extends FederationProps, AwsRoleOptions, Omit<AwsRoleWiringProps, 'trusts'> {
  /**
   * An existing role in place of one of its own; it must trust the service account.
   * @default - a role is created
   */
  readonly role?: AwsFederatedRole;
  /**
   * The registration of the cluster that another stack or scope made.
   * @default - that of this stack, created where there is none
   */
  readonly oidcProvider?: ClusterOidcProvider;
}

/** Props that make or find a role; they would mean nothing where one is given. */
const OWN_ROLE_PROPS: readonly (keyof ToAwsFederationProps)[] = [
  ...AWS_ROLE_OPTIONS, 'region', 'tokenPath', 'oidcProvider', 'awsProvider',
];

/** A workload that becomes an IAM role. */
export abstract class ToAwsFederation extends Construct {
  /** The role that the workload becomes. */
  public readonly role: AwsFederatedRole;
  /** The registration of the cluster; none where a role was brought in by its ARN. */
  public readonly oidcProvider?: ClusterOidcProvider;
  /** The workload. */
  public readonly workload: Workload;

  constructor(scope: Construct, id: string, props: ToAwsFederationProps, kind: ClusterKind, remedy: string) {
    const where = pathOf(scope, id);
    const subject = sourceOf(where, kind, props, remedy);
    if (props.role !== undefined) {
      refuseIgnored(where, props, OWN_ROLE_PROPS, 'role');
    }
    super(scope, id);
    this.role = props.role ?? new AwsFederatedRole(this, 'Role', {
      ...props, trusts: [subject], oidcProviders: props.oidcProvider === undefined ? undefined : [props.oidcProvider],
    });
    this.oidcProvider = this.role.oidcProviders.find(({ cluster }) => cluster.id === props.cluster.id);
    this.workload = new Workload(this, 'Workload', { ...props, serviceAccount: subject, identities: [this.role] });
  }

  /** A pod template that runs as the workload; see `Workload.podTemplate`. */
  public podTemplate(template: PodTemplate): WiredPodTemplate {
    return this.workload.podTemplate(template);
  }
}

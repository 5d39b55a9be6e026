import { Construct } from 'constructs';
import { FederationProps, refuseIgnored, sourceOf } from './federation';
import { AzureFederatedIdentity, AzureFederatedIdentityProps } from '../azure/azure-federated-identity';
import { pathOf } from '../checks';
import { ClusterKind } from '../cluster';
import { FederationError } from '../errors';
import { PodTemplate, WiredPodTemplate } from '../kubernetes/pod-template';
import { Workload } from '../kubernetes/workload';

/** Props of a direction to Azure. */
export interface ToAzureFederationProps extends FederationProps, Partial<Omit<AzureFederatedIdentityProps, 'trusts'>> {
  /**
   * An existing identity in place of one of its own; it must trust the service account.
   * @default - a managed identity is created of `identityName`, `resourceGroupName` and `location`
   */
  readonly identity?: AzureFederatedIdentity;
}

/** Props that make an identity; they would mean nothing where one is given. */
const OWN_IDENTITY_PROPS: readonly (keyof ToAzureFederationProps)[] = [
  'identityName', 'resourceGroupName', 'location', 'tags', 'roleAssignments', 'azureCloud', 'audience', 'tokenPath', 'azurermProvider',
];

/** A workload that becomes a managed identity. */
export abstract class ToAzureFederation extends Construct {
  /** The managed identity that the workload becomes. */
  public readonly identity: AzureFederatedIdentity;
  /** The workload. */
  public readonly workload: Workload;

  constructor(scope: Construct, id: string, props: ToAzureFederationProps, kind: ClusterKind, remedy: string) {
    const where = pathOf(scope, id);
    const subject = sourceOf(where, kind, props, remedy);
    if (props.identity !== undefined) {
      refuseIgnored(where, props, OWN_IDENTITY_PROPS, 'identity');
    }
    const own = props.identity === undefined ? ownIdentity(where, props) : undefined;
    super(scope, id);
    this.identity = props.identity ?? new AzureFederatedIdentity(this, 'Identity', { ...props, ...own!, trusts: [subject] });
    this.workload = new Workload(this, 'Workload', { ...props, serviceAccount: subject, identities: [this.identity] });
  }

  /** A pod template that runs as the workload; see `Workload.podTemplate`. */
  public podTemplate(template: PodTemplate): WiredPodTemplate {
    return this.workload.podTemplate(template);
  }
}

function ownIdentity(where: string, props: ToAzureFederationProps): Pick<AzureFederatedIdentityProps, 'identityName' | 'resourceGroupName' | 'location'> {
  const { identityName, resourceGroupName, location } = props;
  for (const [prop, value] of Object.entries({ identityName, resourceGroupName, location })) {
    if (value === undefined) {
      throw new FederationError({
        code: 'InvalidName', where, prop, rule: 'be given where no `identity` is', got: value, remedy: 'pass it, or an AzureFederatedIdentity as `identity`',
      });
    }
  }
  return { identityName: identityName!, resourceGroupName: resourceGroupName!, location: location! };
}

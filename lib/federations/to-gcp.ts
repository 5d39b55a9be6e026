import { Construct } from 'constructs';
import { FederationProps, refuseIgnored, sourceOf } from './federation';
import { pathOf } from '../checks';
import { ClusterKind } from '../cluster';
import { ClusterWorkloadIdentityPool } from '../gcp/cluster-workload-identity-pool';
import { GcpFederatedServiceAccount, GcpServiceAccountOptions } from '../gcp/gcp-federated-service-account';
import { PodTemplate, WiredPodTemplate } from '../kubernetes/pod-template';
import { Workload } from '../kubernetes/workload';

/** Props of a direction to Google Cloud. */
export interface ToGcpFederationProps extends FederationProps, GcpServiceAccountOptions {
  /**
   * An existing identity in place of one of its own; it must trust the service account.
   * @default - a Google service account is created, or brought in by `email`
   */
  readonly googleServiceAccount?: GcpFederatedServiceAccount;
  /**
   * The pool of the cluster that another stack or scope made.
   * @default - that of this stack, created where there is none; Google's own on GKE
   */
  readonly pool?: ClusterWorkloadIdentityPool;
}

/** Props that make or find an account; they would mean nothing where one is given. */
const OWN_ACCOUNT_PROPS: readonly (keyof ToGcpFederationProps)[] = [
  'accountId', 'email', 'displayName', 'description', 'project', 'projectRoles', 'tokenLifetimeSeconds', 'tokenPath', 'pool', 'googleProvider',
];

/** A workload that becomes a Google service account. */
export abstract class ToGcpFederation extends Construct {
  /** The Google service account that the workload becomes. */
  public readonly googleServiceAccount: GcpFederatedServiceAccount;
  /** The pool of the cluster; none where Google's own pool is used. */
  public readonly pool?: ClusterWorkloadIdentityPool;
  /** The workload. */
  public readonly workload: Workload;

  constructor(scope: Construct, id: string, props: ToGcpFederationProps, kind: ClusterKind, remedy: string) {
    const where = pathOf(scope, id);
    const subject = sourceOf(where, kind, props, remedy);
    if (props.googleServiceAccount !== undefined) {
      refuseIgnored(where, props, OWN_ACCOUNT_PROPS, 'googleServiceAccount');
    }
    super(scope, id);
    this.googleServiceAccount = props.googleServiceAccount ?? new GcpFederatedServiceAccount(this, 'GoogleServiceAccount', {
      ...props, trusts: [subject], pools: props.pool === undefined ? undefined : [props.pool],
    });
    this.pool = this.googleServiceAccount.pools.find(({ cluster }) => cluster.id === props.cluster.id);
    this.workload = new Workload(this, 'Workload', { ...props, serviceAccount: subject, identities: [this.googleServiceAccount] });
  }

  /** A pod template that runs as the workload; see `Workload.podTemplate`. */
  public podTemplate(template: PodTemplate): WiredPodTemplate {
    return this.workload.podTemplate(template);
  }
}

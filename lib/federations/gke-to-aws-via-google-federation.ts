import { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { FederationProps, refuseIgnored, sourceOf } from './federation';
import { AwsFederatedRole } from '../aws/aws-federated-role';
import { AwsRoleOptions } from '../aws/aws-role';
import { pathOf } from '../checks';
import { GcpFederatedServiceAccount, GcpServiceAccountOptions } from '../gcp/gcp-federated-service-account';
import { AwsRoleViaGoogle } from '../google-issuer/aws-role-via-google';
import { PodTemplate, WiredPodTemplate } from '../kubernetes/pod-template';
import { Workload } from '../kubernetes/workload';

/** Props of a workload on GKE that becomes an IAM role with Google as the identity provider. */
export interface GkeToAwsViaGoogleFederationProps
  extends FederationProps, Omit<AwsRoleOptions, 'description'>, Omit<GcpServiceAccountOptions, 'tokenLifetimeSeconds' | 'tokenPath'> {
  /**
   * An existing identity in place of one of its own; it must trust the service account.
   * @default - a Google service account is created, or brought in by `email`
   */
  readonly googleServiceAccount?: GcpFederatedServiceAccount;
  /**
   * An existing role in place of one of its own; it must accept the Google service account by `googleServiceAccounts`.
   * @default - a role is created
   */
  readonly role?: AwsFederatedRole;
  /**
   * The AWS provider that leads to the role's account.
   * @default - the stack's provider without an alias
   */
  readonly awsProvider?: TerraformProvider;
}

/** Props that make or find an account; they would mean nothing where one is given. */
const OWN_ACCOUNT_PROPS: readonly (keyof GkeToAwsViaGoogleFederationProps)[] = [
  'accountId', 'email', 'displayName', 'description', 'project', 'projectRoles', 'googleProvider',
];

/**
 * Lets a workload on GKE become an IAM role with Google as the identity provider, by the `gtoken` webhook: for clusters that may not be registered in AWS.
 *
 * @see https://github.com/doitintl/gtoken
 */
export class GkeToAwsViaGoogleFederation extends Construct {
  /** The Google service account that the workload becomes first. */
  public readonly googleServiceAccount: GcpFederatedServiceAccount;
  /** The way from the account to the role. */
  public readonly identity: AwsRoleViaGoogle;
  /** The role that the workload becomes. */
  public readonly role: AwsFederatedRole;
  /** The workload. */
  public readonly workload: Workload;

  /**
   * @throws FederationError for a cluster of another kind or without Google's own pool, and as its parts do
   */
  constructor(scope: Construct, id: string, props: GkeToAwsViaGoogleFederationProps) {
    const where = pathOf(scope, id);
    const subject = sourceOf(where, 'gke', props, 'use AwsFederatedRole and Workload, which take every cluster\'s own issuer');
    if (props.googleServiceAccount !== undefined) {
      refuseIgnored(where, props, OWN_ACCOUNT_PROPS, 'googleServiceAccount');
    }
    super(scope, id);
    const { description, ...options } = props;
    this.googleServiceAccount = props.googleServiceAccount ?? new GcpFederatedServiceAccount(this, 'GoogleServiceAccount', { ...options, description, trusts: [subject] });
    this.identity = new AwsRoleViaGoogle(this, 'Identity', { ...options, googleServiceAccount: this.googleServiceAccount });
    this.role = this.identity.role;
    this.workload = new Workload(this, 'Workload', { ...props, serviceAccount: subject, identities: [this.identity] });
  }

  /** A pod template that runs as the workload; see `Workload.podTemplate`. */
  public podTemplate(template: PodTemplate): WiredPodTemplate {
    return this.workload.podTemplate(template);
  }
}

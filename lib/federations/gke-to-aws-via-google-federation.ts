import { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { FederationProps, refuseIgnored, sourceOf } from './federation';
import { AwsFederatedRole } from '../aws/aws-federated-role';
import { AWS_ROLE_OPTIONS, AwsRoleOptions } from '../aws/aws-role';
import { pathOf } from '../checks';
import { FederationError } from '../errors';
import { GcpFederatedServiceAccount, GcpServiceAccountOptions } from '../gcp/gcp-federated-service-account';
import { AwsRoleViaGoogle, checkFixedAudience } from '../google-issuer/aws-role-via-google';
import { GoogleIdTokenSource, GTOKEN_AUDIENCE } from '../google-issuer/google-id-token-source';
import { PodTemplate, PodTemplateOptions, WiredPodTemplate } from '../kubernetes/pod-template';
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
   * How Google's ID tokens come into the pods.
   * @default GoogleIdTokenSource.webhook()
   */
  readonly idTokenSource?: GoogleIdTokenSource;
  /**
   * The audience that the ID tokens are asked for; gtoken, by the webhook or not, always asks for the default.
   * @default "gtoken/sts/assume-role-with-web-identity"
   */
  readonly audience?: string;
  /**
   * The region that the workload uses, and asks STS in.
   * @default - the region of the AWS provider
   */
  readonly region?: string;
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

/** Props that make a role; they would mean nothing where one is given. */
const OWN_ROLE_PROPS: readonly (keyof GkeToAwsViaGoogleFederationProps)[] = [
  // The description is the account's.
  ...AWS_ROLE_OPTIONS.filter(name => name !== 'description'), 'region', 'awsProvider',
];

/** An existing role names the account, which so exists before the direction does. */
function checkAccepts(where: string, role: AwsFederatedRole, account: GcpFederatedServiceAccount | undefined, audience = GTOKEN_AUDIENCE): void {
  if (account === undefined || !role.accepts({ uniqueId: account.uniqueId, audience })) {
    throw new FederationError({
      code: 'NotTrusted', where, prop: 'role', rule: 'accept the Google service account that is given as `googleServiceAccount`',
      got: account === undefined ? 'none given' : role.node.path,
      remedy: `define the account first, add its \`uniqueId\` and the audience "${audience}" to \`googleServiceAccounts\` of the role, and pass both`,
    });
  }
}

/**
 * Lets a workload on GKE become an IAM role with Google as the identity provider, for clusters that may not be registered in AWS:
 * by the `gtoken` webhook, by containers of gtoken, or by a command on GKE's metadata server.
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
    if (props.cluster.workloadPool === undefined) {
      throw new FederationError({
        code: 'WrongCluster', where, prop: 'cluster', rule: 'have Google\'s own pool, whose metadata server brings the Google service account',
        got: `${props.cluster.id} with workloadIdentity: false`, remedy: 'use GkeToAwsFederation, which takes the cluster\'s own issuer',
      });
    }
    if (props.googleServiceAccount !== undefined) {
      refuseIgnored(where, props, OWN_ACCOUNT_PROPS, 'googleServiceAccount');
    }
    if (props.role !== undefined) {
      refuseIgnored(where, props, OWN_ROLE_PROPS, 'role');
      checkAccepts(where, props.role, props.googleServiceAccount, props.audience);
    }
    checkFixedAudience(where, props.audience, props.idTokenSource);
    super(scope, id);
    const { description, ...options } = props;
    this.googleServiceAccount = props.googleServiceAccount ?? new GcpFederatedServiceAccount(this, 'GoogleServiceAccount', { ...options, description, trusts: [subject] });
    this.identity = new AwsRoleViaGoogle(this, 'Identity', { ...options, googleServiceAccount: this.googleServiceAccount });
    this.role = this.identity.role;
    this.workload = new Workload(this, 'Workload', { ...props, serviceAccount: subject, identities: [this.identity] });
  }

  /** A pod template that runs as the workload; see `Workload.podTemplate`. */
  public podTemplate(template: PodTemplate, options?: PodTemplateOptions): WiredPodTemplate {
    return this.workload.podTemplate(template, options);
  }
}

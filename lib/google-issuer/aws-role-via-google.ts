import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { inform } from '../annotations';
import { AwsFederatedRole } from '../aws/aws-federated-role';
import { AWS_ROLE_OPTIONS, AwsRoleOptions } from '../aws/aws-role';
import { AWS_RESERVED_ENV } from '../aws/aws-role-binding';
import { checkAudience, pathOf } from '../checks';
import { checkTrusted, ICloudIdentity, NO_WIRING, PodBinding, PodBindingOptions } from '../cloud-identity';
import { ServiceAccountSubject, TrustedSubject } from '../cluster';
import { FederationError } from '../errors';
import { GcpFederatedServiceAccount } from '../gcp/gcp-federated-service-account';

/** Props of a role that is reached by the ID tokens of a Google service account. */
export interface AwsRoleViaGoogleProps extends AwsRoleOptions {
  /** The Google service account whose ID tokens the role accepts; its service accounts are of GKE clusters with Google's own pool. */
  readonly googleServiceAccount: GcpFederatedServiceAccount;
  /**
   * An existing role in place of one of its own; it must accept the account by `googleServiceAccounts`.
   * @default - a role is created
   */
  readonly role?: AwsFederatedRole;
  /**
   * The audience that the ID tokens are asked for; gtoken always asks for the default.
   * @default "gtoken/sts/assume-role-with-web-identity"
   */
  readonly audience?: string;
  /**
   * The AWS provider that leads to the role's account.
   * @default - the stack's provider without an alias
   */
  readonly awsProvider?: TerraformProvider;
}

/** What gtoken asks Google for. */
export const GTOKEN_AUDIENCE = 'gtoken/sts/assume-role-with-web-identity';

/** Props that make a role; they would mean nothing where one is given. */
const OWN_ROLE_PROPS = [...AWS_ROLE_OPTIONS, 'awsProvider'] as const;

/**
 * Lets service accounts of GKE become an IAM role with Google as the identity provider: by ID tokens of the Google service account that they become.
 *
 * The role accepts tokens of this account that were asked for this audience, and the account may ask for ID tokens of itself, and of nobody else.
 * The `gtoken` webhook brings the tokens into the pods; see `GtokenWebhook`. The cluster's own issuer needs neither webhook nor Google service
 * account: prefer `AwsFederatedRole` for new work.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
 */
export class AwsRoleViaGoogle extends Construct implements ICloudIdentity {
  public readonly cloud = 'aws';
  /** The pod is the Google service account in Google Cloud. */
  public readonly otherClouds = ['gcp'];
  /** The service accounts that may become the role: those that may become the Google service account. */
  public readonly trusts: readonly TrustedSubject[];
  /** The Google service account in between. */
  public readonly googleServiceAccount: GcpFederatedServiceAccount;
  /** The role. */
  public readonly role: AwsFederatedRole;

  private readonly tokenCreator: ServiceAccountIamMember;

  /**
   * @throws FederationError for a Google service account of other clusters, or a role that does not accept it
   */
  constructor(scope: Construct, id: string, props: AwsRoleViaGoogleProps) {
    const where = pathOf(scope, id);
    const { googleServiceAccount: account, role, audience = GTOKEN_AUDIENCE } = props;
    checkAudience({ where, prop: 'audience' }, audience);
    checkNative(where, account.trusts);
    const subject = { uniqueId: account.uniqueId, audience };
    if (role !== undefined) {
      checkRole(where, props, role.accepts(subject));
    }
    super(scope, id);

    this.trusts = account.trusts;
    this.googleServiceAccount = account;
    this.role = role ?? new AwsFederatedRole(this, 'Role', { ...props, trusts: [], googleServiceAccounts: [subject] });
    this.tokenCreator = new ServiceAccountIamMember(this, 'TokenCreator', {
      serviceAccountId: account.serviceAccountName,
      role: 'roles/iam.serviceAccountOpenIdTokenCreator',
      member: account.member,
      provider: account.googleProvider,
    });
    inform(this, 'google-as-identity-provider');
  }

  /** Says how a pod that runs as `subject` becomes the role: by annotations of its ServiceAccount, for GKE's metadata server and the webhook. */
  public bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding {
    checkTrusted(this, subject);
    const account = this.googleServiceAccount.bind(subject, options);
    return {
      ...NO_WIRING,
      serviceAccountAnnotations: { ...account.serviceAccountAnnotations, 'amazonaws.com/role-arn': this.role.roleArn },
      reservedEnv: [...account.reservedEnv, ...AWS_RESERVED_ENV],
      dependsOn: [...account.dependsOn, this.tokenCreator],
    };
  }
}

function checkNative(where: string, trusts: readonly TrustedSubject[]): void {
  const other = trusts.find(({ cluster }) => cluster.workloadPool === undefined);
  if (other !== undefined) {
    throw new FederationError({
      code: 'WrongCluster', where, prop: 'googleServiceAccount', rule: 'be trusted by GKE clusters with Google\'s own pool alone, whose metadata server brings the account',
      got: `${other.subject} of cluster ${other.cluster.id}`, remedy: 'use AwsFederatedRole, which takes every cluster\'s own issuer',
    });
  }
}

function checkRole(where: string, props: AwsRoleViaGoogleProps, accepted: boolean): void {
  const ignored = OWN_ROLE_PROPS.find(name => props[name] !== undefined);
  if (ignored !== undefined) {
    throw new FederationError({
      code: 'ClashingWiring', where, prop: ignored, rule: 'be left out where `role` is given', got: ignored, remedy: 'say it where the role is defined',
    });
  }
  if (!accepted) {
    throw new FederationError({
      code: 'NotTrusted', where, prop: 'role', rule: 'accept the Google service account with this audience', got: props.role!.node.path,
      remedy: 'add its `uniqueId` and the audience to `googleServiceAccounts` where the role is defined',
    });
  }
}

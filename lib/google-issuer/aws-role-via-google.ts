import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { GoogleIdTokenSource, GTOKEN_AUDIENCE, identityTokenUrl } from './google-id-token-source';
import { inform } from '../annotations';
import { AwsFederatedRole } from '../aws/aws-federated-role';
import { awsProbe } from '../aws/aws-probe';
import { AWS_ROLE_OPTIONS, AwsRoleOptions } from '../aws/aws-role';
import { AWS_RESERVED_ENV, regionEnv, webIdentityEnv } from '../aws/aws-role-binding';
import { checkAudience, pathOf } from '../checks';
import { checkTrusted, CONTROL_AUDIENCE, ICloudIdentity, IdentityProbe, NO_WIRING, PodBinding, PodBindingOptions, refuseWebhook } from '../cloud-identity';
import { ServiceAccountSubject, TrustedSubject } from '../cluster';
import { FederationError } from '../errors';
import { GcpFederatedServiceAccount } from '../gcp/gcp-federated-service-account';
import { isToken } from '../tokens';

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
   * The audience that the ID tokens are asked for; gtoken, by the webhook or not, always asks for the default.
   * @default "gtoken/sts/assume-role-with-web-identity"
   */
  readonly audience?: string;
  /**
   * How the ID tokens come into the pods.
   * @default GoogleIdTokenSource.webhook()
   */
  readonly idTokenSource?: GoogleIdTokenSource;
  /**
   * The region that the workloads use, and ask STS in.
   * @default - the region of the AWS provider
   */
  readonly region?: string;
  /**
   * The AWS provider that leads to the role's account.
   * @default - the stack's provider without an alias
   */
  readonly awsProvider?: TerraformProvider;
}

/** Props that make a role; they would mean nothing where one is given. */
const OWN_ROLE_PROPS = [...AWS_ROLE_OPTIONS, 'region', 'awsProvider'] as const;

/**
 * Lets service accounts of GKE become an IAM role with Google as the identity provider: by ID tokens of the Google service account that they become.
 *
 * The role accepts tokens of this account that were asked for this audience. Where gtoken makes them, the account may make ID tokens of itself, and of
 * nobody else. `GoogleIdTokenSource` says how they come into the pods. The cluster's own issuer needs neither Google service account nor helpers:
 * prefer `AwsFederatedRole` for new work.
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

  /** How the ID tokens come into the pods. */
  public readonly idTokenSource: GoogleIdTokenSource;

  private readonly audience: string;
  private readonly tokenCreator?: ServiceAccountIamMember;

  /**
   * @throws FederationError for a Google service account of other clusters, a role that does not accept it, or an audience that gtoken does not ask for
   */
  constructor(scope: Construct, id: string, props: AwsRoleViaGoogleProps) {
    const where = pathOf(scope, id);
    const { googleServiceAccount: account, role, audience = GTOKEN_AUDIENCE, idTokenSource = GoogleIdTokenSource.webhook() } = props;
    checkAudience({ where, prop: 'audience' }, audience);
    checkFixedAudience(where, audience, idTokenSource);
    checkNative(where, account.trusts);
    const subject = { uniqueId: account.uniqueId, audience };
    if (role !== undefined) {
      checkRole(where, props, role.accepts(subject));
    }
    super(scope, id);

    this.trusts = account.trusts;
    this.googleServiceAccount = account;
    this.role = role ?? new AwsFederatedRole(this, 'Role', { ...props, trusts: [], googleServiceAccounts: [subject] });
    this.audience = audience;
    this.idTokenSource = idTokenSource;
    if (idTokenSource.createsTokens) {
      this.tokenCreator = new ServiceAccountIamMember(this, 'TokenCreator', {
        serviceAccountId: account.serviceAccountName,
        role: 'roles/iam.serviceAccountOpenIdTokenCreator',
        member: account.member,
        provider: account.googleProvider,
      });
    }
    inform(this, 'google-as-identity-provider');
  }

  /** Says how a pod that runs as `subject` becomes the role: as the Google service account by GKE's metadata server, and by its ID token. */
  public bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding {
    checkTrusted(this, subject);
    const account = this.googleServiceAccount.bind(subject, options);
    const { roleArn } = this.role;
    const { tokenFile, serviceAccountAnnotations, helpers, keepsRunning } = this.idTokenSource.wiringOf({ roleArn, audience: this.audience });
    if (options.wiring === 'webhook' && tokenFile !== undefined) {
      refuseWebhook(this, 'ID tokens that containers of the pod ask for', 'leave it out, or give the identity `idTokenSource: GoogleIdTokenSource.webhook()`');
    }
    return {
      ...NO_WIRING,
      serviceAccountAnnotations: { ...account.serviceAccountAnnotations, ...serviceAccountAnnotations },
      // The webhook sets the first two itself, and no region.
      env: [...tokenFile === undefined ? [] : webIdentityEnv(roleArn, tokenFile), ...regionEnv(this.role.workloadRegion())],
      helpers,
      keepsRunning,
      reservedEnv: [...account.reservedEnv, ...AWS_RESERVED_ENV],
      dependsOn: [...account.dependsOn, ...this.tokenCreator === undefined ? [] : [this.tokenCreator]],
    };
  }

  /** Says how a pod asks AWS who it is; the metadata server makes the token that is for another audience. */
  public probe(): IdentityProbe {
    const { roleArn } = this.role;
    return awsProbe(roleArn, { kind: 'google', roleArn, url: identityTokenUrl(CONTROL_AUDIENCE) });
  }
}

/** Refuses an audience that gtoken would not ask for. */
export function checkFixedAudience(where: string, audience = GTOKEN_AUDIENCE, source = GoogleIdTokenSource.webhook()): void {
  if (source.fixedAudience && !isToken(audience) && audience !== GTOKEN_AUDIENCE) {
    throw new FederationError({
      code: 'ClashingWiring', where, prop: 'audience', rule: `be left out where gtoken brings the tokens: it asks for "${GTOKEN_AUDIENCE}"`, got: audience,
      remedy: 'give `idTokenSource: GoogleIdTokenSource.metadataServer(…)`, which asks for any',
    });
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

import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { TerraformProvider, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { awsProbe } from './aws-probe';
import { regionOf } from './aws-region';
import { AwsRoleOptions, checkRegion, checkRoleArn, checkRoleOptions, checkTrustPolicySize, createRole, roleNameOf } from './aws-role';
import { bindAwsRole } from './aws-role-binding';
import { ClusterOidcProvider } from './cluster-oidc-provider';
import { canonicalGoogleSubjects, GoogleIdTokenSubject, googleStatement, googleStatementForSize } from './google-id-token';
import { AwsRole, RolePermissions } from './role-permissions';
import { TrustStatement, webIdentityStatement } from './trust-policy';
import { warn, warnOfTrusts, watchProviders } from '../annotations';
import { checkAudience, checkNotKubernetesAudience, checkTokenPath, pathOf } from '../checks';
import { ICloudIdentity, IdentityProbe, PodBinding, PodBindingOptions } from '../cloud-identity';
import { canonicalSubjects, ServiceAccountSubject, TrustedSubject } from '../cluster';
import { FederationError } from '../errors';
import { givenRegistrations } from '../registry';
import { sameText, withoutScheme } from '../tokens';

/** What a workload needs to know of a role, whoever made it. */
export interface AwsRoleWiringProps {
  /**
   * The service accounts that may become the role; order and duplicates have no meaning.
   */
  readonly trusts: readonly TrustedSubject[];
  /**
   * The region that workloads outside of AWS use, and ask STS in.
   * @default - the region of the AWS provider
   */
  readonly region?: string;
  /**
   * Where the token appears, relative to the workload's mount path.
   * @default "aws/token"
   */
  readonly tokenPath?: string;
  /**
   * The AWS provider that leads to the role's account.
   * @default - the stack's provider without an alias
   */
  readonly awsProvider?: TerraformProvider;
}

/** Props of a role that is created. */
export interface AwsFederatedRoleProps extends AwsRoleWiringProps, AwsRoleOptions {
  /**
   * Registrations of the trusted clusters that other stacks or scopes made.
   * @default - those of this stack, created where there are none
   */
  readonly oidcProviders?: readonly ClusterOidcProvider[];
  /**
   * Google service accounts that may become the role by their ID tokens, with Google and not a cluster as the identity provider; `trusts` may
   * then be empty. A cluster's own issuer needs one hop less: prefer `trusts`.
   * @default - none
   */
  readonly googleServiceAccounts?: readonly GoogleIdTokenSubject[];
}

/** Props of a role whose trust policy is written elsewhere. */
export interface AwsFederatedRoleFromArnProps extends AwsRoleWiringProps, Pick<AwsRoleOptions, 'policyArns' | 'policyStatements'> {
  /** The role's ARN. */
  readonly roleArn: string;
  /**
   * The audience that the role's trust policy asks for.
   * @default "sts.amazonaws.com"
   */
  readonly audience?: string;
  /**
   * Google service accounts that the role's trust policy accepts by their ID tokens; `trusts` may then be empty.
   * @default - none
   */
  readonly googleServiceAccounts?: readonly GoogleIdTokenSubject[];
}

const DEFAULT_AUDIENCE = 'sts.amazonaws.com';
const DEFAULT_TOKEN_PATH = 'aws/token';

/**
 * Defines an IAM role that Kubernetes service accounts of any number of clusters may become, and nobody else.
 *
 * Its trust policy has one statement per cluster, which compares `aud` and `sub` exactly. The policy is a
 * `data.aws_iam_policy_document`, so that a review reads statements rather than a string.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
 */
export class AwsFederatedRole extends AwsRole implements ICloudIdentity {
  /**
   * Brings in a role whose trust policy is written elsewhere; `trusts` says whom it trusts, and only grants are created.
   *
   * To have the role and its trust policy managed here, define it and adopt it with `role.resource.importFrom(name)`.
   * @throws FederationError for an ARN that is no role's, or an empty trust
   */
  public static fromRoleArn(scope: Construct, id: string, props: AwsFederatedRoleFromArnProps): AwsFederatedRole {
    return new AwsFederatedRole(scope, id, props, props);
  }

  public readonly cloud = 'aws';
  /** The service accounts that may become the role. */
  public readonly trusts: readonly TrustedSubject[];
  /** The role's ARN. */
  public readonly roleArn: string;
  /** The role's name. */
  public readonly roleName: string;
  /** The registrations of the trusted clusters; none where the role is brought in. */
  public readonly oidcProviders: readonly ClusterOidcProvider[];
  /** The role's resource; none where the role is brought in. */
  public readonly resource?: IamRole;

  private readonly props: AwsFederatedRoleProps;
  private readonly audience: string = DEFAULT_AUDIENCE;
  protected readonly permissions: RolePermissions;

  /**
   * Creates the role.
   * @throws FederationError for names IAM refuses, an empty trust, or a trust policy over the quota
   */
  constructor(scope: Construct, id: string, props: AwsFederatedRoleProps);
  /** @internal */
  constructor(scope: Construct, id: string, props: AwsFederatedRoleProps, existing: AwsFederatedRoleFromArnProps);
  constructor(scope: Construct, id: string, props: AwsFederatedRoleProps, existing?: AwsFederatedRoleFromArnProps) {
    const where = pathOf(scope, id);
    checkRole(where, props, existing);
    const google = canonicalGoogleSubjects(scope, where, props.googleServiceAccounts);
    const trusts = google.length > 0 && (props.trusts ?? []).length === 0 ? [] : canonicalSubjects(scope, { where, prop: 'trusts' }, props.trusts);
    checkNoWholeCluster(where, trusts);
    if (existing?.audience !== undefined) {
      checkAudience({ where, prop: 'audience' }, existing.audience);
      trusts.forEach(({ cluster }) => checkNotKubernetesAudience(scope, { where, prop: 'audience' }, existing.audience!, cluster.issuer));
    }
    super(scope, id);

    this.trusts = trusts;
    this.props = props;
    if (existing !== undefined) {
      this.audience = existing.audience ?? DEFAULT_AUDIENCE;
      this.oidcProviders = [];
      this.roleArn = existing.roleArn;
      this.roleName = roleNameOf(existing.roleArn);
    } else {
      this.oidcProviders = this.findProviders();
      this.warnOfOtherAlias();
      const statements = this.oidcProviders.flatMap(provider => trustStatements(provider, trusts));
      const forSize = [...statements, ...google.map(googleStatementForSize)];
      checkTrustPolicySize(where, props.trustPolicyQuota, forSize, holding(trusts, this.oidcProviders, google));
      this.resource = createRole(this, props, [...statements, ...google.map(googleStatement)], props.awsProvider);
      this.roleArn = this.resource.arn;
      this.roleName = this.resource.name;
    }
    this.permissions = new RolePermissions(this, this.roleName, existing === undefined, props.awsProvider, props);
    warnOfTrusts(this, trusts);
    watchProviders(this);
  }

  /** Says how a pod that runs as `subject` becomes the role. */
  public bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding {
    const provider = this.oidcProviders.find(candidate => candidate.cluster.id === subject.cluster.id);
    return bindAwsRole(this, subject, options, {
      roleArn: this.roleArn,
      audience: provider?.audience ?? this.audience,
      tokenPath: this.props.tokenPath ?? DEFAULT_TOKEN_PATH,
      region: () => this.workloadRegion(),
    });
  }

  /** Says how a pod asks AWS who it is. */
  public probe(): IdentityProbe {
    return awsProbe(this.roleArn, { kind: 'web-identity', roleArn: this.roleArn });
  }

  /**
   * The region for workloads outside of AWS; asking for it may define a data source.
   * @internal
   */
  public workloadRegion(): string {
    return this.props.region ?? regionOf(this, this.props.awsProvider);
  }

  /**
   * Whether the role accepts ID tokens of a Google service account.
   * @internal
   */
  public accepts({ uniqueId, audience }: GoogleIdTokenSubject): boolean {
    const accepted = this.props.googleServiceAccounts ?? [];
    return accepted.some(other => sameText(this, other.uniqueId, uniqueId) && sameText(this, other.audience, audience));
  }

  /** Aliases of two stacks say nothing about each other. */
  private warnOfOtherAlias(): void {
    const stack = TerraformStack.of(this);
    const here = this.oidcProviders.filter(provider => TerraformStack.of(provider) === stack);
    if (here.some(({ awsProvider }) => awsProvider?.alias !== this.props.awsProvider?.alias)) {
      warn(this, 'oidc-provider-of-another-alias');
    }
  }

  private findProviders(): ClusterOidcProvider[] {
    const { oidcProviders, awsProvider } = this.props;
    const clusters = new Map(this.trusts.map(({ cluster }) => [cluster.id, cluster]));
    const given = givenRegistrations(this, 'oidcProviders', oidcProviders, [...clusters.values()]);
    return [...clusters.values()].map(cluster => given.get(cluster.id) ?? ClusterOidcProvider.of(this, cluster, { awsProvider }));
  }
}

/** One statement for the named service accounts of a cluster, and another for its namespaces: conditions of one statement must all hold. */
function trustStatements(provider: ClusterOidcProvider, trusts: readonly TrustedSubject[]): TrustStatement[] {
  const issuer = withoutScheme(provider.cluster.issuer);
  const own = trusts.filter(({ cluster }) => cluster.id === provider.cluster.id);
  return ([['StringEquals', own.filter(({ name }) => name !== undefined)], ['StringLike', own.filter(({ name }) => name === undefined)]] as const)
    .filter(([, subjects]) => subjects.length > 0)
    .map(([test, subjects]) => webIdentityStatement(provider.arn, [
      { key: `${issuer}:aud`, values: [provider.audience] },
      { test, key: `${issuer}:sub`, values: [...new Set(subjects.map(({ subject }) => subject))] },
    ]));
}

function holding(
  trusts: readonly TrustedSubject[], { length: clusters }: readonly ClusterOidcProvider[], { length: google }: readonly GoogleIdTokenSubject[],
): string {
  return `${trusts.length} service accounts of ${clusters} cluster${clusters === 1 ? '' : 's'}${google === 0 ? '' : ` and ${google} of Google`}`;
}

function checkRole(where: string, props: AwsFederatedRoleProps, existing: AwsFederatedRoleFromArnProps | undefined): void {
  if (existing !== undefined) {
    checkRoleArn(where, existing.roleArn);
  }
  if (props.tokenPath !== undefined) {
    checkTokenPath(where, props.tokenPath);
  }
  if (props.region !== undefined) {
    checkRegion(where, props.region);
  }
  checkRoleOptions(where, props);
}

function checkNoWholeCluster(where: string, trusts: readonly TrustedSubject[]): void {
  const whole = trusts.find(({ namespace }) => namespace === undefined);
  if (whole !== undefined) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'trusts', rule: 'name service accounts, or at least their namespace', got: `every service account of cluster ${whole.cluster.id}`,
      remedy: 'list the service accounts, or the namespaces by cluster.unsafeEveryServiceAccountOfNamespace(namespace)',
    });
  }
}

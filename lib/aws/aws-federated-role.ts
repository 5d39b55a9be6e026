import {
  DataAwsIamPolicyDocument, DataAwsIamPolicyDocumentStatement,
} from '@cdktf/provider-aws/lib/data-aws-iam-policy-document';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import { Fn, TerraformProvider } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { regionOf } from './aws-region';
import { bindAwsRole } from './aws-role-binding';
import { ClusterOidcProvider } from './cluster-oidc-provider';
import { toPolicyDocumentStatements, trustPolicySize, trustPolicySizeBound, TrustStatement } from './trust-policy';
import { warnOfDefaults } from '../annotations';
import { checkLimit, checkPattern, checkRange, checkTokenPath, pathOf } from '../checks';
import { ICloudIdentity, PodBinding, PodBindingOptions } from '../cloud-identity';
import { canonicalSubjects, noteCluster, ServiceAccountSubject } from '../cluster';
import { FederationError } from '../errors';
import { givenRegistrations } from '../registry';
import { idPart, isToken, knownPart, shortHash, withoutScheme } from '../tokens';

/** What a workload needs to know of a role, whoever made it. */
export interface AwsRoleWiringProps {
  /**
   * The service accounts that may become the role; order and duplicates have no meaning.
   */
  readonly trusts: readonly ServiceAccountSubject[];
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

/** What an AwsFederatedRole is and may do, apart from whom it trusts. */
export interface AwsRoleOptions {
  /**
   * The role's name, at most 64 characters.
   * @default - made by Terraform
   */
  readonly roleName?: string;
  /**
   * The beginning of a name that Terraform completes, at most 38 characters.
   * @default - none
   */
  readonly roleNamePrefix?: string;
  /**
   * The role's path, which starts and ends with a slash.
   * @default "/"
   */
  readonly path?: string;
  /**
   * A description, at most 1000 characters.
   * @default - none
   */
  readonly description?: string;
  /**
   * The ARN of the policy that bounds what the role may ever do.
   * @default - none
   */
  readonly permissionsBoundary?: string;
  /**
   * The longest session of the role in seconds, 3600 to 43200.
   * @default 3600
   */
  readonly maxSessionDuration?: number;
  /**
   * Tags of the role.
   * @default - none
   */
  readonly tags?: Record<string, string>;
  /**
   * ARNs of managed policies to attach.
   * @default - none
   */
  readonly policyArns?: readonly string[];
  /**
   * Statements of the role's inline policy.
   * @default - those of the grants
   */
  readonly policyStatements?: readonly DataAwsIamPolicyDocumentStatement[];
  /**
   * The most characters that the account allows in a trust policy: 2048, up to 8192 on request.
   * @default 2048
   */
  readonly trustPolicyQuota?: number;
}

/** Props of a role that is created. */
export interface AwsFederatedRoleProps extends AwsRoleWiringProps, AwsRoleOptions {
  /**
   * Registrations of the trusted clusters that other stacks or scopes made.
   * @default - those of this stack, created where there are none
   */
  readonly oidcProviders?: readonly ClusterOidcProvider[];
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
}

/** An S3 bucket as a resource, or by its ARN. */
export type S3Bucket = { readonly arn: string } | string;

/** Which objects of a bucket a grant is for. */
export interface S3GrantOptions {
  /**
   * The beginning of the keys, such as "reports/".
   * @default - every key
   */
  readonly prefix?: string;
}

const DEFAULT_AUDIENCE = 'sts.amazonaws.com';
const DEFAULT_TOKEN_PATH = 'aws/token';
const MAX_MANAGED_POLICIES = 25;
const MAX_INLINE_POLICY = 10240;

/**
 * Defines an IAM role that Kubernetes service accounts of any number of clusters may become, and nobody else.
 *
 * Its trust policy has one statement per cluster, which compares `aud` and `sub` exactly. The policy is a
 * `data.aws_iam_policy_document`, so that a review reads statements rather than a string.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html
 */
export class AwsFederatedRole extends Construct implements ICloudIdentity {
  /**
   * Brings in a role whose trust policy is written elsewhere; `trusts` says whom it trusts, and only grants are created.
   *
   * To have the role and its trust policy managed here, define it and adopt it with `role.resource.importFrom(name)`.
   * @throws FederationError for an ARN that is no role's, or an empty trust
   */
  public static fromRoleArn(scope: Construct, id: string, props: AwsFederatedRoleFromArnProps): AwsFederatedRole {
    return new AwsFederatedRole(scope, id, props, props);
  }

  /** The service accounts that may become the role. */
  public readonly trusts: readonly ServiceAccountSubject[];
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
  private readonly statements: DataAwsIamPolicyDocumentStatement[] = [];
  private inlinePolicy?: DataAwsIamPolicyDocument;

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
    const trusts = canonicalSubjects(scope, { where, prop: 'trusts' }, props.trusts);
    for (const subject of trusts) {
      noteCluster(scope, where, subject.cluster);
    }
    super(scope, id);

    this.trusts = trusts;
    this.props = props;
    if (existing !== undefined) {
      this.audience = existing.audience ?? DEFAULT_AUDIENCE;
      this.oidcProviders = [];
      this.roleArn = existing.roleArn;
      this.roleName = isToken(existing.roleArn)
        ? Fn.element(Fn.reverse(Fn.split('/', existing.roleArn)), 0)
        : existing.roleArn.replace(/^.*\//, '');
    } else {
      this.oidcProviders = this.findProviders();
      const statements = this.oidcProviders.map(provider => trustStatement(provider, trusts));
      checkTrustPolicySize(where, props.trustPolicyQuota, trusts, statements);
      this.resource = this.createRole(statements);
      this.roleArn = this.resource.arn;
      this.roleName = this.resource.name;
    }
    const policies = new Map((props.policyArns ?? []).map(policyArn => [policyId(this, policyArn), policyArn]));
    for (const [policy, policyArn] of policies) {
      new IamRolePolicyAttachment(this, `Policy-${policy}`, { role: this.roleName, policyArn, provider: props.awsProvider });
    }
    if (props.policyStatements !== undefined && props.policyStatements.length > 0) {
      this.addStatements('policyStatements', props.policyStatements);
    }
    warnOfDefaults(this, trusts);
  }

  /** Says how a pod that runs as `subject` becomes the role. */
  public bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding {
    const provider = this.oidcProviders.find(candidate => candidate.cluster.id === subject.cluster.id);
    return bindAwsRole(this, subject, options, {
      roleArn: this.roleArn,
      audience: provider?.audience ?? this.audience,
      tokenPath: this.props.tokenPath ?? DEFAULT_TOKEN_PATH,
      region: () => this.props.region ?? regionOf(this, this.props.awsProvider),
    });
  }

  /**
   * Grants listing the bucket and reading its objects: `s3:ListBucket`, `s3:GetObject`.
   * @throws FederationError for a bucket that is no ARN, or an inline policy over 10,240 characters
   */
  public grantBucketRead(bucket: S3Bucket, options: S3GrantOptions = {}): void {
    const { bucketArn, prefix } = bucketGrant(this.node.path, bucket, options);
    this.addStatements('bucket', [
      {
        effect: 'Allow',
        actions: ['s3:ListBucket'],
        resources: [bucketArn],
        condition: prefix === '' ? undefined : [{ test: 'StringLike', variable: 's3:prefix', values: [`${prefix}*`] }],
      },
      { effect: 'Allow', actions: ['s3:GetObject'], resources: [`${bucketArn}/${prefix}*`] },
    ]);
  }

  /**
   * Grants creating, overwriting and deleting the bucket's objects: `s3:PutObject`, `s3:DeleteObject`, `s3:AbortMultipartUpload`.
   *
   * Reading is granted apart, by `grantBucketRead`.
   * @throws FederationError for a bucket that is no ARN, or an inline policy over 10,240 characters
   */
  public grantBucketWrite(bucket: S3Bucket, options: S3GrantOptions = {}): void {
    const { bucketArn, prefix } = bucketGrant(this.node.path, bucket, options);
    this.addStatements('bucket', [{
      effect: 'Allow',
      actions: ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      resources: [`${bucketArn}/${prefix}*`],
    }]);
  }

  private findProviders(): ClusterOidcProvider[] {
    const { oidcProviders, awsProvider } = this.props;
    const clusters = new Map(this.trusts.map(({ cluster }) => [cluster.id, cluster]));
    const given = givenRegistrations(this.node.path, 'oidcProviders', oidcProviders, [...clusters.values()]);
    return [...clusters.values()].map(cluster => given.get(cluster.id) ?? ClusterOidcProvider.of(this, cluster, { awsProvider }));
  }

  private createRole(statements: readonly TrustStatement[]): IamRole {
    const props = this.props;
    const trust = new DataAwsIamPolicyDocument(this, 'Trust', {
      statement: toPolicyDocumentStatements(statements), provider: props.awsProvider,
    });
    return new IamRole(this, 'Default', {
      name: props.roleName,
      namePrefix: props.roleNamePrefix,
      path: props.path,
      description: props.description,
      permissionsBoundary: props.permissionsBoundary,
      maxSessionDuration: props.maxSessionDuration,
      tags: props.tags,
      assumeRolePolicy: trust.json,
      provider: props.awsProvider,
    });
  }

  private addStatements(prop: string, statements: readonly DataAwsIamPolicyDocumentStatement[]): void {
    const all = [...this.statements, ...statements];
    const size = all.reduce((sum, statement) => sum + statementSize(statement), 0);
    checkLimit({ where: this.node.path, prop }, size, MAX_INLINE_POLICY, `fit the ${MAX_INLINE_POLICY} characters of a role's inline policies`,
      `${size} characters`, 'move the statements to a managed policy and attach it by `policyArns`');
    this.statements.push(...statements);
    if (this.inlinePolicy === undefined) {
      const provider = this.props.awsProvider;
      this.inlinePolicy = new DataAwsIamPolicyDocument(this, 'Permissions', { statement: [], provider });
      new IamRolePolicy(this, 'InlinePolicy', {
        // A policy of the same name would be overwritten without a word, so a role that is not ours gets one that nobody else has.
        name: this.resource === undefined ? `workload-federation-${shortHash(this.node.path)}` : 'workload-federation',
        role: this.roleName,
        policy: this.inlinePolicy.json,
        provider,
      });
    }
    this.inlinePolicy.putStatement(all);
  }
}

function trustStatement(provider: ClusterOidcProvider, trusts: readonly ServiceAccountSubject[]): TrustStatement {
  const issuer = withoutScheme(provider.cluster.issuer);
  const subjects = trusts.filter(({ cluster }) => cluster.id === provider.cluster.id).map(({ subject }) => subject);
  return {
    federatedPrincipal: provider.arn,
    conditions: [
      { key: `${issuer}:aud`, values: [provider.audience] },
      { key: `${issuer}:sub`, values: [...new Set(subjects)] },
    ],
  };
}

function checkRole(where: string, props: AwsFederatedRoleProps, existing: AwsFederatedRoleFromArnProps | undefined): void {
  if (existing !== undefined) {
    checkPattern({ where, prop: 'roleArn' }, existing.roleArn, /^arn:aws[a-z-]*:iam::\d{12}:role\/(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/,
      'be a role\'s ARN like arn:aws:iam::123456789012:role/reports', 'copy it from the IAM console, or create the role');
  }
  if (props.tokenPath !== undefined) {
    checkTokenPath(where, props.tokenPath);
  }
  if (props.region !== undefined) {
    checkPattern({ where, prop: 'region' }, props.region, /^[a-z]{2,}(?:-[a-z]+)+-\d+$/, 'be a region\'s code like eu-west-1', 'leave it out for the provider\'s',
      'InvalidName');
  }
  if (props.roleName !== undefined) {
    checkPattern({ where, prop: 'roleName' }, props.roleName, /^[\w+=,.@-]{1,64}$/, 'be 1 to 64 letters, digits and "_+=,.@-"',
      'shorten it, or leave it out', 'InvalidName');
    if (props.roleNamePrefix !== undefined) {
      throw new FederationError({
        code: 'InvalidName', where, prop: 'roleNamePrefix', rule: 'be left out where roleName is given', got: props.roleNamePrefix, remedy: 'choose one of the two',
      });
    }
  }
  if (props.roleNamePrefix !== undefined) {
    checkPattern({ where, prop: 'roleNamePrefix' }, props.roleNamePrefix, /^[\w+=,.@-]{1,38}$/, 'be 1 to 38 letters, digits and "_+=,.@-"',
      'shorten it: Terraform adds 26 characters', 'InvalidName');
  }
  if (props.path !== undefined) {
    checkPattern({ where, prop: 'path' }, props.path, /^(?=.{1,512}$)\/(?:[!-.0-~]+\/)*$/, 'start and end with "/" and be at most 512 characters',
      'write it like "/workloads/"', 'InvalidName');
  }
  if (props.description !== undefined) {
    checkPattern({ where, prop: 'description' }, props.description, /^[\t\n\r\u0020-\u007e\u00a1-\u00ff]{0,1000}$/,
      'be at most 1000 characters of Latin-1', 'shorten it', 'InvalidName');
  }
  if (props.permissionsBoundary !== undefined) {
    checkPolicyArn(where, 'permissionsBoundary', props.permissionsBoundary);
  }
  if (props.maxSessionDuration !== undefined) {
    checkRange({ where, prop: 'maxSessionDuration' }, props.maxSessionDuration, 3600, 43200, 'give it in seconds; 3600 is one hour');
  }
  if (props.trustPolicyQuota !== undefined) {
    checkRange({ where, prop: 'trustPolicyQuota' }, props.trustPolicyQuota, 2048, 8192, 'give the quota that the account really has');
  }
  for (const policyArn of props.policyArns ?? []) {
    checkPolicyArn(where, 'policyArns', policyArn);
  }
  checkLimit({ where, prop: 'policyArns' }, props.policyArns?.length ?? 0, MAX_MANAGED_POLICIES,
    `hold at most ${MAX_MANAGED_POLICIES} policies (10 to 20 without a request to AWS)`, `${props.policyArns?.length}`, 'merge them, or use policyStatements');
}

/** The account and name of a policy, as customers may name theirs like those of AWS. */
function policyId(scope: IConstruct, arn: string): string {
  return idPart(scope, arn).replace(/^arn:[^:]*:iam::([^:]*):policy\//, '$1-');
}

function checkPolicyArn(where: string, prop: string, arn: string): void {
  checkPattern({ where, prop }, arn, /^arn:aws[a-z-]*:iam::(?:aws|\d{12}):policy\/(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,128}$/,
    'be a policy\'s ARN like arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess', 'copy it from the IAM console');
}

/** Stands for the account in computed sizes, where the provider's ARN is not known yet. */
const ACCOUNT = '123456789012';

function checkTrustPolicySize(
  where: string, quota = 2048, trusts: readonly ServiceAccountSubject[], statements: readonly TrustStatement[],
): void {
  // Most roles are far below any quota; a bound that is quickly had spares them the exact figure.
  if (trustPolicySizeBound(statements) <= quota) {
    return;
  }
  const size = trustPolicySize(statements.map(statement => isToken(statement.federatedPrincipal)
    ? { ...statement, federatedPrincipal: `arn:aws:iam::${ACCOUNT}:oidc-provider/${knownPart(statement.conditions[0]!.key).replace(/:aud$/, '')}` }
    : statement));
  checkLimit({ where, prop: 'trusts' }, size, quota, `fit a trust policy of ${quota} characters`,
    `${size} characters for ${trusts.length} service accounts of ${statements.length} cluster${statements.length === 1 ? '' : 's'}`,
    'split them over several roles, or have AWS raise "Role trust policy length" (up to 8192) and say so by `trustPolicyQuota`');
}

function bucketGrant(where: string, bucket: S3Bucket, options: S3GrantOptions): { bucketArn: string; prefix: string } {
  const bucketArn = typeof bucket === 'string' ? bucket : bucket.arn;
  checkPattern({ where, prop: 'bucket' }, bucketArn, /^arn:aws[a-z-]*:s3:::(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
    'be a bucket resource or an ARN like arn:aws:s3:::reports', 'pass the bucket itself, without "/*" or another wildcard');
  const prefix = options.prefix ?? '';
  checkPattern({ where, prop: 'prefix' }, prefix, /^(?!\/)(?!.*&\{)[^*?]*$/, 'be the beginning of keys, without a leading "/", wildcards or policy variables',
    'write it like "reports/"');
  return { bucketArn, prefix };
}

function statementSize(statement: DataAwsIamPolicyDocumentStatement): number {
  return JSON.stringify(statement, (_, value) => typeof value === 'string' ? knownPart(value) : value).length;
}

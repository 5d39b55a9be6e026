import { DataAwsIamPolicyDocument, DataAwsIamPolicyDocumentStatement } from '@cdktf/provider-aws/lib/data-aws-iam-policy-document';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment';
import { ITerraformDependable, TerraformProvider } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { AwsRoleOptions } from './aws-role';
import { checkLimit, checkPattern } from '../checks';
import { idPart, knownPart } from '../tokens';

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

const MAX_INLINE_POLICY = 10240;

/** What a role may do: attached policies, and one inline policy that grows with the grants. */
export class RolePermissions {
  private readonly statements: DataAwsIamPolicyDocumentStatement[] = [];
  private inlinePolicy?: DataAwsIamPolicyDocument;
  private resource?: IamRolePolicy;

  /**
   * @param scope the role's construct, under which the policies stand
   * @param ours whether the role is created here, and so has no policies of others
   */
  constructor(
    private readonly scope: Construct,
    private readonly roleName: string,
    private readonly ours: boolean,
    private readonly provider: TerraformProvider | undefined,
    { policyArns, policyStatements }: Pick<AwsRoleOptions, 'policyArns' | 'policyStatements'>,
  ) {
    const policies = new Map((policyArns ?? []).map(policyArn => [policyId(scope, policyArn), policyArn]));
    for (const [policy, policyArn] of policies) {
      new IamRolePolicyAttachment(scope, `Policy-${policy}`, { role: roleName, policyArn, provider });
    }
    if (policyStatements !== undefined && policyStatements.length > 0) {
      this.add('policyStatements', policyStatements);
    }
  }

  /** The inline policy, for what must wait for it. */
  public get policies(): readonly ITerraformDependable[] {
    return this.resource === undefined ? [] : [this.resource];
  }

  /** Lets the role list the bucket and read its objects. */
  public grantBucketRead(bucket: S3Bucket, options: S3GrantOptions): void {
    const { bucketArn, prefix } = bucketGrant(this.scope.node.path, bucket, options);
    this.add('bucket', [
      {
        effect: 'Allow',
        actions: ['s3:ListBucket'],
        resources: [bucketArn],
        condition: prefix === '' ? undefined : [{ test: 'StringLike', variable: 's3:prefix', values: [`${prefix}*`] }],
      },
      { effect: 'Allow', actions: ['s3:GetObject'], resources: [`${bucketArn}/${prefix}*`] },
    ]);
  }

  /** Lets the role do something with the bucket's objects, and not with the bucket. */
  public grantObjectActions(bucket: S3Bucket, options: S3GrantOptions, actions: string[]): void {
    const { bucketArn, prefix } = bucketGrant(this.scope.node.path, bucket, options);
    this.add('bucket', [{ effect: 'Allow', actions, resources: [`${bucketArn}/${prefix}*`] }]);
  }

  /**
   * Adds statements to the inline policy.
   * @throws FederationError where it would be over 10,240 characters
   */
  public add(prop: string, statements: readonly DataAwsIamPolicyDocumentStatement[]): void {
    const { scope, provider } = this;
    const all = [...this.statements, ...statements];
    const size = all.reduce((sum, statement) => sum + statementSize(statement), 0);
    checkLimit({ where: scope.node.path, prop }, size, MAX_INLINE_POLICY, `fit the ${MAX_INLINE_POLICY} characters of a role's inline policies`,
      `${size} characters`, 'move the statements to a managed policy and attach it by `policyArns`');
    this.statements.push(...statements);
    if (this.inlinePolicy === undefined) {
      this.inlinePolicy = new DataAwsIamPolicyDocument(scope, 'Permissions', { statement: [], provider });
      this.resource = new IamRolePolicy(scope, 'InlinePolicy', {
        // A policy of the same name would be overwritten without a word, so a role that is not ours gets one that nobody else has.
        ...(this.ours ? { name: 'workload-federation' } : { namePrefix: 'workload-federation-' }),
        role: this.roleName,
        policy: this.inlinePolicy.json,
        provider,
      });
    }
    this.inlinePolicy.putStatement(all);
  }
}

/** An IAM role, whoever may become it and how: what it is granted. */
export abstract class AwsRole extends Construct {
  /** The role's ARN. */
  public abstract readonly roleArn: string;
  /** The role's name. */
  public abstract readonly roleName: string;

  protected abstract readonly permissions: RolePermissions;

  /**
   * Grants listing the bucket and reading its objects: `s3:ListBucket`, `s3:GetObject`.
   * @throws FederationError for a bucket that is no ARN, or an inline policy over 10,240 characters
   */
  public grantBucketRead(bucket: S3Bucket, options: S3GrantOptions = {}): void {
    this.permissions.grantBucketRead(bucket, options);
  }

  /**
   * Grants putting objects into the bucket, in one piece or in parts, and neither reading nor deleting them: `s3:PutObject`, `s3:AbortMultipartUpload`.
   *
   * A put overwrites the object of its key. What was there is kept by the bucket alone: by versioning, and where even versions may not be deleted by Object Lock.
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
   * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
   * @throws FederationError for a bucket that is no ARN, or an inline policy over 10,240 characters
   */
  public grantBucketPut(bucket: S3Bucket, options: S3GrantOptions = {}): void {
    this.permissions.grantObjectActions(bucket, options, ['s3:PutObject', 's3:AbortMultipartUpload']);
  }

  /**
   * Grants creating, overwriting and deleting the bucket's objects: `s3:PutObject`, `s3:DeleteObject`, `s3:AbortMultipartUpload`.
   *
   * Reading is granted apart, by `grantBucketRead`; a job that only adds takes `grantBucketPut`.
   * @throws FederationError for a bucket that is no ARN, or an inline policy over 10,240 characters
   */
  public grantBucketWrite(bucket: S3Bucket, options: S3GrantOptions = {}): void {
    this.permissions.grantObjectActions(bucket, options, ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload']);
  }

  /**
   * What the role's permissions are made of, for what must wait for them.
   * @internal
   */
  public get policies(): readonly ITerraformDependable[] {
    return this.permissions.policies;
  }

  /**
   * Adds statements to the role's inline policy.
   * @internal
   */
  public addStatements(prop: string, statements: readonly DataAwsIamPolicyDocumentStatement[]): void {
    this.permissions.add(prop, statements);
  }
}

/** The account and name of a policy, as customers may name theirs like those of AWS. */
function policyId(scope: IConstruct, arn: string): string {
  return idPart(scope, arn).replace(/^arn:[^:]*:iam::([^:]*):policy\//, '$1-');
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

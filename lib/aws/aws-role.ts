import { DataAwsIamPolicyDocument, DataAwsIamPolicyDocumentStatement } from '@cdktf/provider-aws/lib/data-aws-iam-policy-document';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { Fn, TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { toPolicyDocumentStatements, trustPolicySize, trustPolicySizeBound, TrustStatement } from './trust-policy';
import { checkLimit, checkPattern, checkRange } from '../checks';
import { FederationError } from '../errors';
import { isToken, knownPart } from '../tokens';

/** What a role is and may do, apart from whom it trusts. */
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


/** The names of the options, for what takes an existing role in place of one of its own and would ignore them. */
export const AWS_ROLE_OPTIONS = [
  'roleName', 'roleNamePrefix', 'path', 'description', 'permissionsBoundary', 'maxSessionDuration', 'tags', 'policyArns', 'policyStatements',
  'trustPolicyQuota',
] as const satisfies readonly (keyof AwsRoleOptions)[];

/** Creates the role in its scope: the trust policy as a document that a review can read, and the role at the scope's own address. */
export function createRole(
  scope: Construct, props: AwsRoleOptions, statements: readonly TrustStatement[], provider: TerraformProvider | undefined,
): IamRole {
  const trust = new DataAwsIamPolicyDocument(scope, 'Trust', { statement: toPolicyDocumentStatements(statements), provider });
  return new IamRole(scope, 'Default', {
    name: props.roleName,
    namePrefix: props.roleNamePrefix,
    path: props.path,
    description: props.description,
    permissionsBoundary: props.permissionsBoundary,
    maxSessionDuration: props.maxSessionDuration,
    tags: props.tags,
    assumeRolePolicy: trust.json,
    provider,
  });
}

/** The name of the role that an ARN is of. */
export function roleNameOf(roleArn: string): string {
  return isToken(roleArn) ? Fn.element(Fn.reverse(Fn.split('/', roleArn)), 0) as string : roleArn.replace(/^.*\//, '');
}

/** Refuses what is no role's ARN. */
export function checkRoleArn(where: string, roleArn: string): void {
  checkPattern({ where, prop: 'roleArn' }, roleArn, /^arn:aws[a-z-]*:iam::\d{12}:role\/(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/,
    'be a role\'s ARN like arn:aws:iam::123456789012:role/reports', 'copy it from the IAM console, or create the role');
}

/** Refuses what is no code of a region. */
export function checkRegion(where: string, region: string): void {
  checkPattern({ where, prop: 'region' }, region, /^[a-z]{2,}(?:-[a-z]+)+-\d+$/, 'be a region\'s code like eu-west-1', 'leave it out for the provider\'s', 'InvalidName');
}

const MAX_MANAGED_POLICIES = 25;

/** Refuses what IAM refuses of a role. */
export function checkRoleOptions(where: string, props: AwsRoleOptions): void {
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


function checkPolicyArn(where: string, prop: string, arn: string): void {
  checkPattern({ where, prop }, arn, /^arn:aws[a-z-]*:iam::(?:aws|\d{12}):policy\/(?:[\w+=,.@-]+\/)*[\w+=,.@-]{1,128}$/,
    'be a policy\'s ARN like arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess', 'copy it from the IAM console');
}


/** Stands for the account in computed sizes, where the provider's ARN is not known yet. */
const ACCOUNT = '123456789012';

/** Refuses a trust policy over the account's quota. */
export function checkTrustPolicySize(where: string, quota = 2048, statements: readonly TrustStatement[], holding: string): void {
  // Most roles are far below any quota; a bound that is quickly had spares them the exact figure.
  if (trustPolicySizeBound(statements) <= quota) {
    return;
  }
  const size = trustPolicySize(statements.map(statement => isToken(statement.principal.identifier)
    ? { ...statement, principal: { ...statement.principal, identifier: unknownArn(statement) } }
    : statement));
  checkLimit({ where, prop: 'trusts' }, size, quota, `fit a trust policy of ${quota} characters`,
    `${size} characters for ${holding}`,
    'split them over several roles, or have AWS raise "Role trust policy length" (up to 8192) and say so by `trustPolicyQuota`');
}


function unknownArn({ principal, conditions }: TrustStatement): string {
  return principal.type === 'Federated'
    ? `arn:aws:iam::${ACCOUNT}:oidc-provider/${knownPart(conditions[0]!.key).replace(/:aud$/, '')}`
    : `arn:aws:iam::${ACCOUNT}:role/${'r'.repeat(64)}`;
}

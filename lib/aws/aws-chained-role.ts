import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { Fn, ITerraformDependable, TerraformProvider, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { AwsFederatedRole } from './aws-federated-role';
import { AwsPodIdentityRole } from './aws-pod-identity-role';
import { awsProbe } from './aws-probe';
import { AwsRoleOptions, checkRegion, checkRoleArn, checkRoleOptions, checkTrustPolicySize, createRole, roleNameOf } from './aws-role';
import { AWS_RESERVED_ENV } from './aws-role-binding';
import { eksClusterArnForSize } from './eks-cluster-arn';
import { AwsRole, RolePermissions } from './role-permissions';
import { TrustCondition, TrustStatement } from './trust-policy';
import { watchProviders } from '../annotations';
import { checkPattern, pathOf } from '../checks';
import { checkTrusted, ICloudIdentity, IdentityProbe, NO_WIRING, PodBinding, PodBindingOptions, refuseWebhook } from '../cloud-identity';
import { Cluster, ServiceAccountSubject, TrustedSubject } from '../cluster';
import { FederationError } from '../errors';
import { isToken } from '../tokens';

/** What every way to an AwsChainedRole needs. */
export interface AwsChainedRoleOptions {
  /** The role that the workload becomes first, in the same stack; it is given the permission to assume this one. */
  readonly source: AwsFederatedRole | AwsPodIdentityRole | AwsChainedRole;
  /**
   * The external id that the trust policy asks for, 2 to 1224 characters; EKS Pod Identity sets its own.
   * @default - none
   */
  readonly externalId?: string;
  /**
   * The region that the workload's SDKs use.
   * @default - that of the source role
   */
  readonly region?: string;
  /**
   * The AWS provider that leads to the role's account.
   * @default - the stack's provider without an alias
   */
  readonly awsProvider?: TerraformProvider;
}

/** Props of a chained role that is created. */
export interface AwsChainedRoleProps extends AwsChainedRoleOptions, AwsRoleOptions {}

/** Props of a chained role whose trust policy is written elsewhere. */
export interface AwsChainedRoleFromArnProps extends AwsChainedRoleOptions, Pick<AwsRoleOptions, 'policyArns' | 'policyStatements'> {
  /** The role's ARN. */
  readonly roleArn: string;
}

/** One step of a chain as the AWS shared config file has it. */
interface Profile {
  readonly settings: readonly string[];
}

const CONFIG_FILE = 'aws/config';

/**
 * Defines an IAM role, in the same or another account, that a workload assumes by way of a role that trusts its service account.
 *
 * The workload gets an AWS shared config file that names both roles, and its SDKs and CLI walk the chain. With EKS Pod Identity
 * the association names this role as its target, and EKS walks it. Sessions of chained roles last at most an hour.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
 */
export class AwsChainedRole extends AwsRole implements ICloudIdentity {
  /**
   * Brings in a role whose trust policy is written elsewhere and lets the source role in; only grants are created.
   * @throws FederationError for an ARN that is no role's, or a source in another stack
   */
  public static fromRoleArn(scope: Construct, id: string, props: AwsChainedRoleFromArnProps): AwsChainedRole {
    return new AwsChainedRole(scope, id, props, props);
  }

  public readonly cloud = 'aws';
  /** The service accounts that may become the role: those of the source role. */
  public readonly trusts: readonly TrustedSubject[];
  /** The role from which this one is assumed. */
  public readonly source: AwsChainedRoleOptions['source'];
  /** The role's ARN. */
  public readonly roleArn: string;
  /** The role's name. */
  public readonly roleName: string;
  /** The role's resource; none where the role is brought in. */
  public readonly resource?: IamRole;

  private readonly props: AwsChainedRoleProps;
  protected readonly permissions: RolePermissions;

  /**
   * Creates the role.
   * @throws FederationError for names IAM refuses, or a source in another stack
   */
  constructor(scope: Construct, id: string, props: AwsChainedRoleProps);
  /** @internal */
  constructor(scope: Construct, id: string, props: AwsChainedRoleProps, existing: AwsChainedRoleFromArnProps);
  constructor(scope: Construct, id: string, props: AwsChainedRoleProps, existing?: AwsChainedRoleFromArnProps) {
    const where = pathOf(scope, id);
    const { source, awsProvider: provider } = props;
    checkChain(scope, where, props);
    if (existing !== undefined) {
      checkRoleArn(where, existing.roleArn);
    }
    checkRoleOptions(where, props);
    if (existing === undefined) {
      checkTrustPolicySize(where, props.trustPolicyQuota, trustStatements(props, eksClusterArnForSize), source.node.path);
    }
    super(scope, id);

    this.props = props;
    this.source = source;
    this.trusts = source.trusts;
    if (existing !== undefined) {
      this.roleArn = existing.roleArn;
      this.roleName = roleNameOf(existing.roleArn);
    } else {
      this.resource = createRole(this, props, trustStatements(props), provider);
      this.roleArn = this.resource.arn;
      this.roleName = this.resource.name;
    }
    this.permissions = new RolePermissions(this, this.roleName, existing === undefined, provider, props);
    if (source instanceof AwsPodIdentityRole) {
      source.goOnTo(this, this.roleArn);
    }
    const actions = source instanceof AwsPodIdentityRole ? ['sts:AssumeRole', 'sts:TagSession'] : ['sts:AssumeRole'];
    watchProviders(this);
    source.addStatements('source', [{ effect: 'Allow', actions, resources: [this.roleArn] }]);
  }

  /** Says how a pod that runs as `subject` becomes the role. */
  public bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding {
    checkTrusted(this, subject);
    if (this.source instanceof AwsPodIdentityRole) {
      const binding = this.source.bindAssociation(subject, options);
      return { ...binding, dependsOn: [...binding.dependsOn, ...this.source.policies] };
    }
    if (options.wiring === 'webhook') {
      refuseWebhook(this, 'a chain of roles, whose config file', 'give the workload `wiring: "explicit"`, or the first role of the chain');
    }
    const first = this.first().bind(subject, { ...options, wiring: 'explicit' });
    const region = this.region();
    return {
      ...NO_WIRING,
      env: [
        { name: 'AWS_CONFIG_FILE', value: `${options.mountPath}/${CONFIG_FILE}` },
        // Earlier SDKs (Go 1, JavaScript 2) read the file only when they are told to.
        { name: 'AWS_SDK_LOAD_CONFIG', value: '1' },
        ...first.env.filter(({ name }) => !CHAIN_HIDES.has(name))
          .map(variable => region !== undefined && REGION_ENV.has(variable.name) ? { name: variable.name, value: region } : variable),
      ],
      tokens: first.tokens,
      files: [{ path: CONFIG_FILE, content: sharedConfig(this.profiles(first)) }],
      reservedEnv: AWS_RESERVED_ENV,
      // The permission to go on is what lets the workload in.
      dependsOn: [...first.dependsOn, ...this.policiesBefore()],
    };
  }

  /** Says how a pod asks AWS who it is; the first role is the one that takes its token. */
  public probe(): IdentityProbe {
    return awsProbe(this.roleArn, this.source instanceof AwsPodIdentityRole ? { kind: 'agent' } : { kind: 'web-identity', roleArn: this.first().roleArn });
  }

  private policiesBefore(): readonly ITerraformDependable[] {
    return [...this.source instanceof AwsChainedRole ? this.source.policiesBefore() : [], ...this.source.policies];
  }

  /** The region that was said last on the way to this role. */
  private region(): string | undefined {
    return this.props.region ?? (this.source instanceof AwsChainedRole ? this.source.region() : undefined);
  }

  /** The role at the beginning of the chain. */
  private first(): AwsFederatedRole {
    return this.source instanceof AwsChainedRole ? this.source.first() : this.source as AwsFederatedRole;
  }

  /** The chain from its beginning to this role. */
  private profiles(first: PodBinding): Profile[] {
    const before = this.source instanceof AwsChainedRole ? this.source.profiles(first) : [{
      settings: [
        setting('role_arn', this.source.roleArn),
        setting('web_identity_token_file', first.env.find(({ name }) => name === 'AWS_WEB_IDENTITY_TOKEN_FILE')!.value),
      ],
    }];
    const { externalId } = this.props;
    return [...before, {
      settings: [
        setting('role_arn', this.roleArn),
        setting('source_profile', profileName(before.length - 1)),
        ...externalId === undefined ? [] : [setting('external_id', externalId)],
      ],
    }];
  }
}

function trustStatements({ source, externalId }: AwsChainedRoleProps, arnOf?: (cluster: Cluster) => string): TrustStatement[] {
  const principal = { type: 'AWS', identifier: source.roleArn } as const;
  if (source instanceof AwsPodIdentityRole) {
    return source.targetConditions(arnOf).map(conditions => ({ principal, actions: ['sts:AssumeRole', 'sts:TagSession'], conditions }));
  }
  const conditions: TrustCondition[] = externalId === undefined ? [] : [{ key: 'sts:ExternalId', values: [externalId] }];
  return [{ principal, actions: ['sts:AssumeRole'], conditions }];
}

/** The variables of the first role: SDKs would take them before the config file, and stop there. */
const CHAIN_HIDES = new Set(['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE']);
const REGION_ENV = new Set(['AWS_REGION', 'AWS_DEFAULT_REGION']);

function profileName(index: number): string {
  return `step-${index + 1}`;
}

/** Joined by Terraform where only it knows the value: text around a token is not escaped alike in JSON and HCL. */
function setting(key: string, value: string): string {
  return isToken(value) ? Fn.join('', [`${key} = `, value]) : `${key} = ${value}`;
}

/** The AWS shared config file of a chain, whose last step is the default profile. */
function sharedConfig(profiles: readonly Profile[]): string {
  const lines = profiles.flatMap(({ settings }, index) => [index === profiles.length - 1 ? '[default]' : `[profile ${profileName(index)}]`, ...settings, '']);
  return Fn.join('\n', lines);
}

function checkChain(scope: Construct, where: string, { source, externalId, region }: AwsChainedRoleProps): void {
  const isRole = source instanceof AwsFederatedRole || source instanceof AwsPodIdentityRole || source instanceof AwsChainedRole;
  if (!isRole) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'source', rule: 'be an AwsFederatedRole, AwsPodIdentityRole or AwsChainedRole', got: source,
      remedy: 'pass the role that trusts the service account; bring in one that exists by fromRoleArn',
    });
  }
  if (TerraformStack.of(source) !== TerraformStack.of(scope)) {
    throw new FederationError({
      code: 'UnresolvedValue', where, prop: 'source', rule: 'be in the same stack, as each of the two roles names the other', got: source.node.path,
      remedy: 'define both in one stack, each with its `awsProvider`, or bring one of them in by fromRoleArn',
    });
  }
  if (source instanceof AwsChainedRole && source.source instanceof AwsPodIdentityRole) {
    throw new FederationError({
      code: 'WrongCluster', where, prop: 'source', rule: 'be at most one step away from a role for EKS Pod Identity', got: source.node.path,
      remedy: 'begin the chain with an AwsFederatedRole',
    });
  }
  if (externalId !== undefined) {
    if (source instanceof AwsPodIdentityRole) {
      throw new FederationError({
        code: 'InvalidIdentifier', where, prop: 'externalId', rule: 'be left out for EKS Pod Identity, which sets its own', got: externalId, remedy: 'leave it out',
      });
    }
    checkPattern({ where, prop: 'externalId' }, externalId, /^[\w+=,.@:/-]{2,1224}$/, 'be 2 to 1224 letters, digits and "_+=,.@:/-"', 'shorten it');
  }
  if (region !== undefined) {
    checkRegion(where, region);
    if (source instanceof AwsPodIdentityRole) {
      throw new FederationError({
        code: 'InvalidIdentifier', where, prop: 'region', rule: 'be left out for EKS Pod Identity, where EKS says it', got: region, remedy: 'set AWS_REGION on the container',
      });
    }
  }
  if (source instanceof AwsPodIdentityRole) {
    source.checkTarget(where);
  }
}

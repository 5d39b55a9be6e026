import { EksPodIdentityAssociation } from '@cdktf/provider-aws/lib/eks-pod-identity-association';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { Fn, TerraformProvider } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { awsProbe } from './aws-probe';
import { AwsRoleOptions, checkRoleArn, checkRoleOptions, checkTrustPolicySize, createRole, roleNameOf } from './aws-role';
import { AWS_CONTAINER_ENV, AWS_RESERVED_ENV } from './aws-role-binding';
import { eksClusterArn, eksClusterArnForSize } from './eks-cluster-arn';
import { AwsRole, RolePermissions } from './role-permissions';
import { TrustCondition, TrustStatement } from './trust-policy';
import { warn, warnOfTrusts, watchProviders } from '../annotations';
import { pathOf } from '../checks';
import { checkTrusted, ICloudIdentity, IdentityProbe, NO_WIRING, PodBinding, PodBindingOptions, refuseWebhook } from '../cloud-identity';
import { canonicalSubjects, Cluster, covers, ServiceAccountSubject } from '../cluster';
import { FederationError } from '../errors';
import { idPart, isToken, textOf } from '../tokens';

/** What every way to an AwsPodIdentityRole needs. */
export interface AwsPodIdentityOptions {
  /**
   * The service accounts of EKS clusters that get the role, each by an association of its own; order and duplicates have no meaning.
   */
  readonly trusts: readonly ServiceAccountSubject[];
  /**
   * Whether EKS leaves out the session tags that name cluster, namespace and service account. The trust policy can't compare them then.
   * @default false
   */
  readonly disableSessionTags?: boolean;
  /**
   * The AWS provider that leads to the account of the clusters, which must be the role's.
   * @default - the stack's provider without an alias
   */
  readonly awsProvider?: TerraformProvider;
}

/** Props of a role for EKS Pod Identity that is created. */
export interface AwsPodIdentityRoleProps extends AwsPodIdentityOptions, AwsRoleOptions {
  /**
   * Whether the trust policy also compares `aws:SourceAccount` and `aws:SourceArn` with the clusters. Published policies differ in these keys:
   * try it on one cluster first, as a key that EKS does not send refuses everybody.
   * @default false
   */
  readonly sourceConditions?: boolean;
}

/** Props of a role for EKS Pod Identity whose trust policy is written elsewhere. */
export interface AwsPodIdentityRoleFromArnProps extends AwsPodIdentityOptions, Pick<AwsRoleOptions, 'policyArns' | 'policyStatements'> {
  /** The role's ARN. */
  readonly roleArn: string;
}

/** The associations of each app: EKS takes one per service account, whichever stack says it. */
const ASSOCIATED = new WeakMap<IConstruct, Map<string, string>>();

/**
 * Defines an IAM role that service accounts of EKS clusters get through EKS Pod Identity, without annotation, token or OIDC provider.
 *
 * The clusters need the `eks-pod-identity-agent` add-on, which EKS Auto Mode has; it does not run on Fargate or Windows nodes.
 * Pods that were there before their association must be restarted: the agent wires them when they are created.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html
 */
export class AwsPodIdentityRole extends AwsRole implements ICloudIdentity {
  /**
   * Brings in a role whose trust policy is written elsewhere; associations and grants are created.
   * @throws FederationError for an ARN that is no role's, an empty trust, or a cluster that is not EKS
   */
  public static fromRoleArn(scope: Construct, id: string, props: AwsPodIdentityRoleFromArnProps): AwsPodIdentityRole {
    return new AwsPodIdentityRole(scope, id, props, props);
  }

  public readonly cloud = 'aws';
  /** The service accounts that get the role. */
  public readonly trusts: readonly ServiceAccountSubject[];
  /** The role's ARN. */
  public readonly roleArn: string;
  /** The role's name. */
  public readonly roleName: string;
  /** The role's resource; none where the role is brought in. */
  public readonly resource?: IamRole;
  /** The associations, in the order of `trusts`. */
  public readonly associations: readonly EksPodIdentityAssociation[];

  private readonly props: AwsPodIdentityRoleProps;
  protected readonly permissions: RolePermissions;
  private target?: IConstruct;
  private bound = false;

  /**
   * Creates the role and its associations.
   * @throws FederationError for names IAM refuses, an empty trust, a cluster that is not EKS, or a service account that has an association already
   */
  constructor(scope: Construct, id: string, props: AwsPodIdentityRoleProps);
  /** @internal */
  constructor(scope: Construct, id: string, props: AwsPodIdentityRoleProps, existing: AwsPodIdentityRoleFromArnProps);
  constructor(scope: Construct, id: string, props: AwsPodIdentityRoleProps, existing?: AwsPodIdentityRoleFromArnProps) {
    const where = pathOf(scope, id);
    if (existing !== undefined) {
      checkRoleArn(where, existing.roleArn);
    }
    checkRoleOptions(where, props);
    const trusts = exactSubjects(where, canonicalSubjects(scope, { where, prop: 'trusts' }, props.trusts));
    trusts.forEach(({ cluster }) => checkEks(where, cluster));
    checkOneAccount(where, trusts, existing?.roleArn);
    const associated = associationsOf(scope, where, trusts);
    if (existing === undefined) {
      const statements = trustStatements(scope, trusts, props, eksClusterArnForSize);
      checkTrustPolicySize(where, props.trustPolicyQuota, statements, `${trusts.length} service accounts`);
    }
    super(scope, id);

    this.trusts = trusts;
    this.props = props;
    const { awsProvider: provider, disableSessionTags } = props;
    if (existing !== undefined) {
      this.roleArn = existing.roleArn;
      this.roleName = roleNameOf(existing.roleArn);
    } else {
      const statements = trustStatements(this, trusts, props, cluster => eksClusterArn(this, cluster, provider));
      this.resource = createRole(this, props, statements, provider);
      this.roleArn = this.resource.arn;
      this.roleName = this.resource.name;
      if (disableSessionTags === true) {
        warn(this, 'pod-identity-without-session-tags');
      }
    }
    this.permissions = new RolePermissions(this, this.roleName, existing === undefined, provider, props);
    this.associations = trusts.map(({ cluster, namespace, name }) => (
      new EksPodIdentityAssociation(this, `Association_${cluster.id}_${idPart(this, namespace)}_${idPart(this, name)}`, {
        clusterName: cluster.name!,
        namespace,
        serviceAccount: name,
        roleArn: this.roleArn,
        disableSessionTags: disableSessionTags === true ? true : undefined,
        region: cluster.region,
        provider,
      })));
    warnOfTrusts(this, trusts);
    watchProviders(this);
    associated.forEach(key => ASSOCIATED.get(this.node.root)!.set(key, where));
  }

  /** Says how a pod that runs as `subject` gets the role: by nothing that it holds itself, as EKS's agent wires it. */
  public bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding {
    if (this.target !== undefined) {
      throw new FederationError({
        code: 'ClashingWiring', where: this.node.path, prop: 'identities', rule: `hold the target role in place of this one, as EKS goes on to it (${this.target.node.path})`,
        got: this.node.path, remedy: 'pass the AwsChainedRole to the workload',
      });
    }
    const binding = this.bindAssociation(subject, options);
    this.bound = true;
    return binding;
  }

  /** Says how a pod asks AWS who it is. */
  public probe(): IdentityProbe {
    return awsProbe(this.roleArn, { kind: 'agent' });
  }

  /**
   * Says how a pod gets the role, or its target.
   * @internal
   */
  public bindAssociation(subject: ServiceAccountSubject, { wiring }: PodBindingOptions): PodBinding {
    checkTrusted(this, subject);
    if (wiring === 'webhook') {
      refuseWebhook(this, 'EKS Pod Identity', 'leave it out where the workload is defined: the association and EKS\'s agent bring the role');
    }
    const dependsOn = this.associations.filter((_, index) => covers(this, this.trusts[index]!, subject));
    return { ...NO_WIRING, reservedEnv: [...AWS_RESERVED_ENV, ...AWS_CONTAINER_ENV], dependsOn };
  }

  /**
   * Refuses a second target, and one for a workload that has this role already.
   * @internal
   */
  public checkTarget(where: string): void {
    if (this.target !== undefined) {
      throw new FederationError({
        code: 'DuplicateRegistration', where, prop: 'source', rule: `have one target role, as an association has (${this.target.node.path} is it)`,
        got: this.node.path, remedy: 'define a role for EKS Pod Identity for each target',
      });
    }
    if (this.bound) {
      throw new FederationError({
        code: 'ClashingWiring', where, prop: 'source', rule: 'not be the identity of a workload itself, which would become the target', got: this.node.path,
        remedy: 'define the target first, and pass it to the workload',
      });
    }
  }

  /**
   * Has EKS go on from this role to another one.
   * @internal
   */
  public goOnTo(target: IConstruct, targetRoleArn: string): void {
    this.target = target;
    for (const association of this.associations) {
      association.targetRoleArn = targetRoleArn;
    }
  }

  /**
   * The conditions that tell the sessions of the trusted service accounts from others, in the trust policy of a target role.
   * @param arnOf the ARN of a cluster, looked up unless another is given
   * @internal
   */
  public targetConditions(arnOf: ArnOf = cluster => eksClusterArn(this, cluster, this.props.awsProvider)): TrustCondition[][] {
    return this.props.disableSessionTags === true
      ? [[{ key: 'sts:ExternalId', values: this.trusts.map(subject => externalId(subject, arnOf)) }]]
      : byNamespace(this, this.trusts).map(subjects => tagConditions(subjects, arnOf));
  }
}

type ArnOf = (cluster: Cluster) => string;

function trustStatements(
  scope: IConstruct, trusts: readonly ServiceAccountSubject[], { disableSessionTags, sourceConditions }: AwsPodIdentityRoleProps, arnOf: ArnOf,
): TrustStatement[] {
  const ofSource = (subjects: readonly ServiceAccountSubject[]) => sourceConditions === true ? sourceOf(subjects, arnOf) : [];
  const conditions = disableSessionTags === true
    ? grouped(trusts, ({ cluster }) => cluster.id).map(ofSource)
    : byNamespace(scope, trusts).map(subjects => [...tagConditions(subjects, arnOf), ...ofSource(subjects)]);
  // Without conditions there is nothing that tells one cluster's statement from another's.
  return (conditions.every(list => list.length === 0) ? [[]] : conditions).map(list => ({
    principal: { type: 'Service', identifier: 'pods.eks.amazonaws.com' }, actions: ['sts:AssumeRole', 'sts:TagSession'], conditions: list,
  }));
}

/** The tags of one namespace of one cluster: in one statement, each key's values would go with any of the other's. */
function tagConditions(subjects: readonly ServiceAccountSubject[], arnOf: ArnOf): TrustCondition[] {
  const { cluster, namespace } = subjects[0]!;
  return [
    { key: 'aws:RequestTag/eks-cluster-arn', values: [arnOf(cluster)] },
    { key: 'aws:RequestTag/kubernetes-namespace', values: [namespace] },
    { key: 'aws:RequestTag/kubernetes-service-account', values: subjects.map(({ name }) => name) },
  ];
}

function sourceOf(subjects: readonly ServiceAccountSubject[], arnOf: ArnOf): TrustCondition[] {
  const arn = arnOf(subjects[0]!.cluster);
  return [
    { key: 'aws:SourceAccount', values: [arnPart(arn, 4)] },
    { test: 'ArnEquals', key: 'aws:SourceArn', values: [arn] },
  ];
}

/** @see https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html */
function externalId({ cluster, namespace, name }: ServiceAccountSubject, arnOf: ArnOf): string {
  const arn = arnOf(cluster);
  return [arnPart(arn, 3), arnPart(arn, 4), cluster.name!, namespace, name].join('/');
}

function byNamespace(scope: IConstruct, subjects: readonly ServiceAccountSubject[]): ServiceAccountSubject[][] {
  return grouped(subjects, ({ cluster, namespace }) => `${cluster.id} ${textOf(scope, namespace)}`);
}

function arnPart(arn: string, index: number): string {
  return isToken(arn) ? Fn.element(Fn.split(':', arn), index) as string : arn.split(':')[index]!;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    groups.set(key, [...groups.get(key) ?? [], item]);
  }
  return [...groups.values()];
}

function exactSubjects(where: string, subjects: ReturnType<typeof canonicalSubjects>): ServiceAccountSubject[] {
  return subjects.map(subject => {
    if (subject.name === undefined) {
      throw new FederationError({
        code: 'InvalidIdentifier', where, prop: 'trusts', rule: 'name service accounts, as an association does', got: subject.subject,
        remedy: 'list them, or use AwsFederatedRole',
      });
    }
    return subject;
  });
}

function checkEks(where: string, cluster: Cluster): void {
  if (cluster.kind !== 'eks') {
    throw new FederationError({
      code: 'WrongCluster', where, prop: 'trusts', rule: 'be of EKS clusters, as nobody else has EKS Pod Identity', got: `${cluster.id} of kind "${cluster.kind}"`,
      remedy: 'use AwsFederatedRole, which takes every cluster',
    });
  }
}

/** Refuses clusters of several accounts, or of another than the role's, as far as they are known: EKS takes roles of its own account. */
function checkOneAccount(where: string, trusts: readonly ServiceAccountSubject[], roleArn: string | undefined): void {
  const arns = [...trusts.map(({ cluster }) => cluster.arn), roleArn].filter((arn): arn is string => arn !== undefined && !isToken(arn));
  const accounts = [...new Set(arns.map(arn => arnPart(arn, 4)))];
  if (accounts.length > 1) {
    throw new FederationError({
      code: 'WrongCluster', where, prop: 'trusts', rule: 'be of clusters in the account of the role', got: accounts.join(', '),
      remedy: 'define a role in each account, with its `awsProvider`, and an AwsChainedRole for what they share',
    });
  }
}

/** The associations that EKS would have, by what it tells them apart by; refused where there is one already. */
function associationsOf(scope: IConstruct, where: string, trusts: readonly ServiceAccountSubject[]): string[] {
  const { root } = scope.node;
  const associated = ASSOCIATED.get(root) ?? new Map<string, string>();
  ASSOCIATED.set(root, associated);
  const keys = new Map<string, string>();
  for (const subject of trusts) {
    const { cluster } = subject;
    const known = cluster.region !== undefined && cluster.name !== undefined;
    // EKS knows a cluster by account, region and name, whatever it is called here; one that was created again has them too.
    const place = known ? [cluster.arn === undefined ? '' : arnPart(textOf(scope, cluster.arn), 4), cluster.region, cluster.name].map(part => textOf(scope, part!)) : [cluster.id];
    const key = [...place, textOf(scope, subject.subject)].join(' ');
    const other = associated.get(key) ?? (keys.has(key) ? where : undefined);
    if (other !== undefined) {
      throw new FederationError({
        code: 'DuplicateRegistration', where, prop: 'trusts', rule: `hold service accounts without another association (${other} has one)`,
        got: `${subject.subject} of cluster ${cluster.id}`,
        remedy: 'EKS takes one association per service account and cluster name: use one role, or two service accounts',
      });
    }
    keys.set(key, where);
  }
  return [...keys.keys()];
}

import { DataGoogleServiceAccount } from '@cdktf/provider-google/lib/data-google-service-account';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { Fn, TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { ClusterWorkloadIdentityPool } from './cluster-workload-identity-pool';
import { bindCredentialFile, GOOGLE_RESERVED_ENV } from './credential-file-binding';
import { checkGoogleSubject, federatedMembers, givenPools, informOfSharedPool, memberId, memberOf, poolComesWith } from './federated-members';
import { gcpProbe } from './gcp-probe';
import { checkProjectRole, GcsBucket, MemberGrants } from './member-grants';
import { warnOfTrusts, watchProviders } from '../annotations';
import { checkPattern, checkProject, checkRange, checkTokenPath, pathOf } from '../checks';
import { checkTrusted, ICloudIdentity, IdentityProbe, NO_WIRING, PodBinding, PodBindingOptions } from '../cloud-identity';
import { canonicalSubjects, covers, ServiceAccountSubject, TrustedSubject } from '../cluster';
import { FederationError } from '../errors';

/** What a GcpFederatedServiceAccount is and may do, apart from whom it trusts. */
export interface GcpServiceAccountOptions {
  /**
   * The id of the account to create: 6 to 30 lower-case letters, digits and "-".
   * @default - none; `email` then names an existing account
   */
  readonly accountId?: string;
  /**
   * The email of an existing account, which is looked up and left as it is but for the members added to it.
   * @default - none; `accountId` then names the account to create
   */
  readonly email?: string;
  /**
   * The display name of the created account, at most 100 characters.
   * @default - none
   */
  readonly displayName?: string;
  /**
   * The description of the created account, at most 256 characters.
   * @default - none
   */
  readonly description?: string;
  /**
   * The id of the account's project.
   * @default - the project of the Google provider
   */
  readonly project?: string;
  /**
   * Roles that the account has on its project.
   * @default - none
   */
  readonly projectRoles?: readonly string[];
  /**
   * The lifetime of the access tokens in seconds, 600 to 43200; over 3600 needs an organisation policy.
   * @default 3600
   */
  readonly tokenLifetimeSeconds?: number;
  /**
   * Where the token appears, relative to the workload's mount path.
   * @default "gcp/token"
   */
  readonly tokenPath?: string;
  /**
   * The Google provider that leads to the account's project.
   * @default - the stack's provider without an alias
   */
  readonly googleProvider?: TerraformProvider;
}

/** Props of a Google service account that Kubernetes service accounts may become. */
export interface GcpFederatedServiceAccountProps extends GcpServiceAccountOptions {
  /**
   * The service accounts that may become the Google service account; order and duplicates have no meaning.
   */
  readonly trusts: readonly TrustedSubject[];
  /**
   * Pools of the trusted clusters that other stacks or scopes made.
   * @default - those of this stack, created where there are none
   */
  readonly pools?: readonly ClusterWorkloadIdentityPool[];
}

/**
 * Defines a Google service account that Kubernetes service accounts of any number of clusters may become, and nobody else by this construct.
 *
 * On a GKE cluster with Workload Identity Federation for GKE the service account is trusted through Google's own pool; on every
 * other cluster through a `ClusterWorkloadIdentityPool`. Every grant is one member, so that members of others stay.
 *
 * @see https://cloud.google.com/iam/docs/workload-identity-federation-with-kubernetes
 */
export class GcpFederatedServiceAccount extends Construct implements ICloudIdentity {
  public readonly cloud = 'gcp';
  /** The service accounts that may become the Google service account. */
  public readonly trusts: readonly TrustedSubject[];
  /** The account's email. */
  public readonly email: string;
  /** The account's resource name, `projects/<project>/serviceAccounts/<email>`. */
  public readonly serviceAccountName: string;
  /** The account as a member of IAM policies, `serviceAccount:<email>`. */
  public readonly member: string;
  /** The pools of the trusted clusters; none for Google's own pool. */
  public readonly pools: readonly ClusterWorkloadIdentityPool[];
  /** The account's resource; none where an existing account is brought in. */
  public readonly resource?: ServiceAccount;

  private _uniqueId?: string;
  private readonly account: ServiceAccount | DataGoogleServiceAccount;
  private readonly props: GcpFederatedServiceAccountProps;
  private readonly project: string;
  private readonly members: ReadonlyMap<string, ServiceAccountIamMember>;
  private readonly grants: MemberGrants;

  /**
   * @throws FederationError for ids Google refuses, an empty trust, or a subject over 127 bytes
   */
  constructor(scope: Construct, id: string, props: GcpFederatedServiceAccountProps) {
    const where = pathOf(scope, id);
    checkAccount(where, props);
    const trusts = canonicalSubjects(scope, { where, prop: 'trusts' }, props.trusts);
    trusts.forEach(subject => checkGoogleSubject(where, subject));
    super(scope, id);

    this.trusts = trusts;
    this.props = props;
    const provider = props.googleProvider;
    const account = props.accountId === undefined
      ? new DataGoogleServiceAccount(this, 'Default', { accountId: props.email!, project: props.project, provider })
      : this.resource = new ServiceAccount(this, 'Default', {
        accountId: props.accountId, displayName: props.displayName, description: props.description, project: props.project, provider,
      });
    this.email = account.email;
    this.member = account.member;
    this.account = account;
    const serviceAccountId = this.serviceAccountName = account.name;
    // The name is projects/<id>/serviceAccounts/<email>; a looked-up account need not say its project elsewhere.
    this.project = props.project ?? (this.resource === undefined ? Fn.element(Fn.split('/', serviceAccountId), 1) : account.project);

    const pools = givenPools(this, props.pools, trusts);
    this.members = new Map(federatedMembers(this, trusts).map(({ id: name, subject }) => [name, new ServiceAccountIamMember(this, name, {
      serviceAccountId, role: 'roles/iam.workloadIdentityUser', member: impersonating(subject) ?? memberOf(this, subject, pools, provider),
      dependsOn: poolComesWith(this, subject), provider,
    })]));
    this.pools = [...pools.values()];
    this.grants = new MemberGrants(this, [{ member: this.member, suffix: '' }], provider);
    props.projectRoles?.forEach(role => this.grantProjectRole(role));
    informOfSharedPool(this, trusts);
    warnOfTrusts(this, trusts);
    watchProviders(this);
  }

  /**
   * The Google provider that leads to the account's project.
   * @internal
   */
  public get googleProvider(): TerraformProvider | undefined {
    return this.props.googleProvider;
  }

  /** The account's unique id, by which its ID tokens name it. */
  public get uniqueId(): string {
    return this._uniqueId ??= this.account.uniqueId;
  }

  /** Says how a pod that runs as `subject` becomes the account. */
  public bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding {
    const native = subject.cluster.workloadPool !== undefined;
    checkTrusted(this, subject, trusted => (trusted.cluster.workloadPool !== undefined) === native);
    const dependsOn = this.trusts.filter(trusted => covers(this, trusted, subject)).map(trusted => this.members.get(memberId(this, trusted))!);
    if (native) {
      return { ...NO_WIRING, serviceAccountAnnotations: { 'iam.gke.io/gcp-service-account': this.email }, reservedEnv: GOOGLE_RESERVED_ENV, dependsOn };
    }
    return bindCredentialFile(this.node.path, options, {
      pool: this.pools.find(candidate => candidate.cluster.id === subject.cluster.id)!,
      project: this.project,
      tokenPath: this.props.tokenPath,
      serviceAccountEmail: this.email,
      tokenLifetimeSeconds: this.props.tokenLifetimeSeconds,
      dependsOn,
    });
  }

  /** Says how a pod that runs as `subject` asks Google Cloud who it is. */
  public probe({ cluster }: ServiceAccountSubject): IdentityProbe {
    const pool = this.pools.find(candidate => candidate.cluster.id === cluster.id);
    return gcpProbe({
      account: { email: this.email, uniqueId: this.uniqueId }, audience: pool?.resourceAudience, pool: cluster.workloadPool ?? pool!.poolName,
    });
  }

  /** Grants listing the bucket and reading its objects: `roles/storage.objectViewer`. */
  public grantBucketRead(bucket: GcsBucket): StorageBucketIamMember {
    return this.grantBucketRole(bucket, 'roles/storage.objectViewer');
  }

  /**
   * Grants creating objects in the bucket, and neither reading, overwriting nor deleting them: `roles/storage.objectCreator`.
   * @see https://docs.cloud.google.com/storage/docs/access-control/iam-roles
   */
  public grantBucketCreate(bucket: GcsBucket): StorageBucketIamMember {
    return this.grantBucketRole(bucket, 'roles/storage.objectCreator');
  }

  /** Grants reading, creating, overwriting and deleting the bucket's objects: `roles/storage.objectUser`. */
  public grantBucketWrite(bucket: GcsBucket): StorageBucketIamMember {
    return this.grantBucketRole(bucket, 'roles/storage.objectUser');
  }

  /**
   * Grants a role on a bucket.
   * @throws FederationError for a role or bucket name that Google refuses
   */
  public grantBucketRole(bucket: GcsBucket, role: string): StorageBucketIamMember {
    return this.grants.grantBucketRole(bucket, role)[0]!;
  }

  /**
   * Grants a role on the account's project.
   * @throws FederationError for a role that Google refuses, or one that mints credentials of every account of the project
   */
  public grantProjectRole(role: string): ProjectIamMember {
    return this.grants.grantProjectRole(this.project, role)[0]!;
  }
}

/** An account by name in Google's own pool has a form of its own for impersonation. */
function impersonating({ cluster: { workloadPool }, namespace, name }: TrustedSubject): string | undefined {
  return workloadPool !== undefined && name !== undefined ? `serviceAccount:${workloadPool}[${namespace}/${name}]` : undefined;
}

function checkAccount(where: string, props: GcpFederatedServiceAccountProps): void {
  if ((props.accountId === undefined) === (props.email === undefined)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'accountId', rule: 'be given to create an account, or `email` to use an existing one, and not both',
      got: props.accountId === undefined ? 'neither' : 'both', remedy: 'choose one of the two',
    });
  }
  if (props.accountId !== undefined) {
    checkPattern({ where, prop: 'accountId' }, props.accountId, /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/,
      'be 6 to 30 lower-case letters, digits and "-", starting with a letter', 'choose an id that Google takes', 'InvalidName');
  } else {
    checkPattern({ where, prop: 'email' }, props.email!, /^[a-z0-9-]+@(?:[a-z0-9-]+\.)+gserviceaccount\.com$/,
      'be a service account\'s email', 'copy it from `gcloud iam service-accounts list`');
    if (props.displayName !== undefined || props.description !== undefined) {
      throw new FederationError({
        code: 'InvalidIdentifier', where, prop: props.displayName !== undefined ? 'displayName' : 'description',
        rule: 'be left out for an existing account', got: props.displayName ?? props.description, remedy: 'an account given by `email` is not changed',
      });
    }
  }
  if (props.displayName !== undefined) {
    checkPattern({ where, prop: 'displayName' }, props.displayName, /^.{0,100}$/su, 'be at most 100 characters', 'shorten it', 'InvalidName');
  }
  if (props.description !== undefined) {
    checkPattern({ where, prop: 'description' }, props.description, /^.{0,256}$/su, 'be at most 256 characters', 'shorten it', 'InvalidName');
  }
  if (props.tokenLifetimeSeconds !== undefined) {
    checkRange({ where, prop: 'tokenLifetimeSeconds' }, props.tokenLifetimeSeconds, 600, 43200, 'leave it out for 3600, one hour');
  }
  if (props.project !== undefined) {
    checkProject({ where, prop: 'project' }, props.project);
  }
  if (props.tokenPath !== undefined) {
    checkTokenPath(where, props.tokenPath);
  }
  for (const role of props.projectRoles ?? []) {
    checkProjectRole(where, role);
  }
}

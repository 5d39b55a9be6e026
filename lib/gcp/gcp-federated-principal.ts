import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { TerraformProvider, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { ClusterWorkloadIdentityPool } from './cluster-workload-identity-pool';
import { bindCredentialFile, GOOGLE_RESERVED_ENV, projectEnv } from './credential-file-binding';
import { checkGoogleSubject, federatedMembers, givenPools, informOfSharedPool, memberOf, poolComesWith } from './federated-members';
import { gcpProbe } from './gcp-probe';
import { googleProject } from './google-project';
import { checkProjectRole, GcsBucket, MemberGrants } from './member-grants';
import { warnOfTrusts, watchProviders } from '../annotations';
import { checkProject, checkTokenPath, pathOf } from '../checks';
import { checkTrusted, ICloudIdentity, IdentityProbe, NO_WIRING, PodBinding, PodBindingOptions } from '../cloud-identity';
import { canonicalSubjects, ServiceAccountSubject, TrustedSubject } from '../cluster';

/** Props of service accounts that are given roles themselves. */
export interface GcpFederatedPrincipalProps {
  /**
   * The service accounts that are given the roles; order and duplicates have no meaning.
   */
  readonly trusts: readonly TrustedSubject[];
  /**
   * Pools of the trusted clusters that other stacks or scopes made.
   * @default - those of this stack, created where there are none; Google's own on GKE
   */
  readonly pools?: readonly ClusterWorkloadIdentityPool[];
  /**
   * The id of the project that `projectRoles` are granted on, and that the clients work in.
   * @default - the project of the Google provider
   */
  readonly project?: string;
  /**
   * Roles that the service accounts have on the project.
   * @default - none
   */
  readonly projectRoles?: readonly string[];
  /**
   * Where the token appears, relative to the workload's mount path.
   * @default "gcp/token"
   */
  readonly tokenPath?: string;
  /**
   * The Google provider that leads to the project.
   * @default - the stack's provider without an alias
   */
  readonly googleProvider?: TerraformProvider;
}

/**
 * Gives roles of Google Cloud to Kubernetes service accounts themselves, without a Google service account in between.
 *
 * On a GKE cluster with Workload Identity Federation for GKE the principal is one of Google's own pool, and pods need no wiring; on every
 * other cluster one of a `ClusterWorkloadIdentityPool`. Some services of Google Cloud take no federated principal: see the list there.
 *
 * @see https://cloud.google.com/iam/docs/federated-identity-supported-services
 */
export class GcpFederatedPrincipal extends Construct implements ICloudIdentity {
  public readonly cloud = 'gcp';
  /** The service accounts that are given the roles. */
  public readonly trusts: readonly TrustedSubject[];
  /** The service accounts as members of IAM policies; those that are the same to Google once. */
  public readonly members: readonly string[];
  /** The pools of the trusted clusters; none for Google's own pool. */
  public readonly pools: readonly ClusterWorkloadIdentityPool[];

  private readonly props: GcpFederatedPrincipalProps;
  private readonly grants: MemberGrants;

  /**
   * @throws FederationError for an empty trust, a subject over 127 bytes, or a role that mints credentials of others
   */
  constructor(scope: Construct, id: string, props: GcpFederatedPrincipalProps) {
    const where = pathOf(scope, id);
    checkPrincipal(where, props);
    const trusts = canonicalSubjects(scope, { where, prop: 'trusts' }, props.trusts);
    trusts.forEach(subject => checkGoogleSubject(where, subject));
    super(scope, id);

    this.trusts = trusts;
    this.props = props;
    const provider = props.googleProvider;
    const pools = givenPools(this, props.pools, trusts);
    const grantees = federatedMembers(this, trusts).map(({ id: suffix, subject }) => ({
      suffix: `_${suffix}`, member: memberOf(this, subject, pools, provider), dependsOn: poolComesWith(this, subject),
    }));
    this.members = grantees.map(({ member }) => member);
    this.pools = [...pools.values()];
    this.grants = new MemberGrants(this, grantees, provider);
    props.projectRoles?.forEach(role => this.grantProjectRole(role));
    informOfSharedPool(this, trusts);
    warnOfTrusts(this, trusts);
    watchProviders(this);
  }

  /** Says how a pod that runs as `subject` finds its credentials. */
  public bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding {
    const native = subject.cluster.workloadPool !== undefined;
    checkTrusted(this, subject, trusted => (trusted.cluster.workloadPool !== undefined) === native);
    if (native) {
      // The metadata server says the cluster's project.
      return { ...NO_WIRING, env: projectEnv(this.props.project), reservedEnv: GOOGLE_RESERVED_ENV };
    }
    const pool = this.pools.find(candidate => candidate.cluster.id === subject.cluster.id)!;
    return bindCredentialFile(this.node.path, options, { pool, project: this.projectFor(pool), tokenPath: this.props.tokenPath, dependsOn: [] });
  }

  /** Says how a pod that runs as `subject` asks Google Cloud who it is. */
  public probe({ cluster }: ServiceAccountSubject): IdentityProbe {
    const pool = this.pools.find(candidate => candidate.cluster.id === cluster.id);
    return gcpProbe({ audience: pool?.resourceAudience, pool: cluster.workloadPool ?? pool!.poolName });
  }

  /** Grants listing the bucket and reading its objects to each of the service accounts: `roles/storage.objectViewer`. */
  public grantBucketRead(bucket: GcsBucket): readonly StorageBucketIamMember[] {
    return this.grantBucketRole(bucket, 'roles/storage.objectViewer');
  }

  /**
   * Grants creating objects in the bucket to each of the service accounts, and neither reading, overwriting nor deleting them: `roles/storage.objectCreator`.
   * @see https://docs.cloud.google.com/storage/docs/access-control/iam-roles
   */
  public grantBucketCreate(bucket: GcsBucket): readonly StorageBucketIamMember[] {
    return this.grantBucketRole(bucket, 'roles/storage.objectCreator');
  }

  /** Grants reading, creating, overwriting and deleting the bucket's objects to each of the service accounts: `roles/storage.objectUser`. */
  public grantBucketWrite(bucket: GcsBucket): readonly StorageBucketIamMember[] {
    return this.grantBucketRole(bucket, 'roles/storage.objectUser');
  }

  /**
   * Grants a role on a bucket to each of the service accounts; the bucket must have uniform bucket-level access.
   * @throws FederationError for a role or bucket name that Google refuses
   */
  public grantBucketRole(bucket: GcsBucket, role: string): readonly StorageBucketIamMember[] {
    return this.grants.grantBucketRole(bucket, role);
  }

  /**
   * Grants a role on the project to each of the service accounts.
   * @throws FederationError for a role that Google refuses, or one that mints credentials of every account of the project
   */
  public grantProjectRole(role: string): readonly ProjectIamMember[] {
    const { project, googleProvider } = this.props;
    return this.grants.grantProjectRole(project ?? googleProject(this, googleProvider).id, role);
  }

  /** The provider's project; a pool of this stack that has no other knows it too, without asking. */
  private projectFor({ resource }: ClusterWorkloadIdentityPool): string {
    const { project, googleProvider } = this.props;
    if (project !== undefined) {
      return project;
    }
    const alike = resource !== undefined && resource.projectInput === undefined && resource.provider?.alias === googleProvider?.alias
      && TerraformStack.of(resource) === TerraformStack.of(this);
    return alike ? resource.project : googleProject(this, googleProvider).id;
  }
}

function checkPrincipal(where: string, props: GcpFederatedPrincipalProps): void {
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

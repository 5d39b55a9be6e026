import { DataGoogleServiceAccount } from '@cdktf/provider-google/lib/data-google-service-account';
import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { ServiceAccountIamMember } from '@cdktf/provider-google/lib/service-account-iam-member';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { Fn, TerraformProvider } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { ClusterWorkloadIdentityPool } from './cluster-workload-identity-pool';
import { credentialConfig } from './credential-config';
import { informOnce, warn, warnOfDefaults } from '../annotations';
import { checkLimit, checkPattern, checkProject, checkRange, checkTokenPath, pathOf } from '../checks';
import { checkTrusted, ICloudIdentity, PodBinding, PodBindingOptions } from '../cloud-identity';
import { canonicalSubjects, noteCluster, ServiceAccountSubject } from '../cluster';
import { FederationError } from '../errors';
import { givenRegistrations } from '../registry';
import { idPart, isToken, knownPart, shortHash } from '../tokens';

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
  readonly trusts: readonly ServiceAccountSubject[];
  /**
   * Pools of the trusted clusters that other stacks or scopes made.
   * @default - those of this stack, created where there are none
   */
  readonly pools?: readonly ClusterWorkloadIdentityPool[];
}

/** A Cloud Storage bucket as a resource, or by its literal name. */
export type GcsBucket = { readonly name: string; readonly friendlyUniqueId: string } | string;

/** `google.subject` takes 127 bytes. */
const MAX_SUBJECT = 127;

/** Roles that let their holder mint credentials of every service account of a project. */
const CREDENTIAL_ROLES = new Set([
  'roles/iam.serviceAccountTokenCreator',
  'roles/iam.serviceAccountOpenIdTokenCreator',
  'roles/iam.serviceAccountKeyAdmin',
  'roles/iam.workloadIdentityUser',
]);

const BASIC_ROLES = new Set(['roles/owner', 'roles/editor', 'roles/viewer']);

/** Stored keys and files that Google's libraries and gcloud would take before the federated credential. */
const RESERVED_ENV = ['GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', 'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE'];

/**
 * Defines a Google service account that Kubernetes service accounts of any number of clusters may become, and nobody else by this construct.
 *
 * On a GKE cluster with Workload Identity Federation for GKE the service account is trusted through Google's own pool; on every
 * other cluster through a `ClusterWorkloadIdentityPool`. Every grant is one member, so that members of others stay.
 *
 * @see https://cloud.google.com/iam/docs/workload-identity-federation-with-kubernetes
 */
export class GcpFederatedServiceAccount extends Construct implements ICloudIdentity {
  /** The service accounts that may become the Google service account. */
  public readonly trusts: readonly ServiceAccountSubject[];
  /** The account's email. */
  public readonly email: string;
  /** The account as a member of IAM policies, `serviceAccount:<email>`. */
  public readonly member: string;
  /** The pools of the trusted clusters; none for Google's own pool. */
  public readonly pools: readonly ClusterWorkloadIdentityPool[];
  /** The account's resource; none where an existing account is brought in. */
  public readonly resource?: ServiceAccount;

  private readonly props: GcpFederatedServiceAccountProps;
  private readonly project: string;

  /**
   * @throws FederationError for ids Google refuses, an empty trust, or a subject over 127 bytes
   */
  constructor(scope: Construct, id: string, props: GcpFederatedServiceAccountProps) {
    const where = pathOf(scope, id);
    checkAccount(where, props);
    const trusts = canonicalSubjects(scope, { where, prop: 'trusts' }, props.trusts);
    for (const subject of trusts) {
      noteCluster(scope, where, subject.cluster);
      checkSubject(where, subject);
    }
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
    const serviceAccountId = account.name;
    // The name is projects/<id>/serviceAccounts/<email>; a looked-up account need not say its project elsewhere.
    this.project = props.project ?? (this.resource === undefined ? Fn.element(Fn.split('/', serviceAccountId), 1) : account.project);

    const federated = trusts.map(({ cluster }) => cluster).filter(cluster => cluster.workloadPool === undefined);
    const pools = givenRegistrations(where, 'pools', props.pools, federated);
    for (const subject of trusts) {
      const { cluster } = subject;
      const native = cluster.workloadPool !== undefined;
      if (!native && !pools.has(cluster.id)) {
        pools.set(cluster.id, ClusterWorkloadIdentityPool.of(this, cluster, { googleProvider: provider }));
      }
      const name = `${idPart(this, subject.namespace)}_${idPart(this, subject.name)}`;
      new ServiceAccountIamMember(this, `${native ? 'Native' : 'Federated'}_${cluster.id}_${name}`, {
        serviceAccountId,
        role: 'roles/iam.workloadIdentityUser',
        member: native
          ? `serviceAccount:${cluster.workloadPool}[${subject.namespace}/${subject.name}]`
          : this.federatedMember(pools.get(cluster.id)!, subject),
        provider,
      });
    }
    this.pools = [...pools.values()];
    props.projectRoles?.forEach(role => this.grantProjectRole(role));
    for (const { cluster } of trusts) {
      if (cluster.workloadPool !== undefined) {
        informOnce(this, 'gke-shared-workload-pool', cluster.id);
      }
    }
    warnOfDefaults(this, trusts);
  }

  /** Says how a pod that runs as `subject` becomes the account. */
  public bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding {
    const native = subject.cluster.workloadPool !== undefined;
    checkTrusted(this, subject, trusted => (trusted.cluster.workloadPool !== undefined) === native);
    if (native) {
      return {
        serviceAccountAnnotations: { 'iam.gke.io/gcp-service-account': this.email },
        env: [],
        tokens: [],
        files: [],
        reservedEnv: RESERVED_ENV,
      };
    }
    const pool = this.pools.find(candidate => candidate.cluster.id === subject.cluster.id)!;
    const tokenPath = this.props.tokenPath ?? 'gcp/token';
    const file = {
      path: 'gcp/credential-configuration.json',
      content: Fn.jsonencode(credentialConfig({
        audience: pool.resourceAudience,
        tokenFile: `${options.mountPath}/${tokenPath}`,
        serviceAccountEmail: this.email,
        tokenLifetimeSeconds: this.props.tokenLifetimeSeconds,
      })),
    };
    const filePath = `${options.mountPath}/${file.path}`;
    return {
      serviceAccountAnnotations: {},
      env: [
        { name: 'GOOGLE_APPLICATION_CREDENTIALS', value: filePath },
        // gcloud does not read the libraries' variables, nor they its.
        { name: 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', value: filePath },
        { name: 'GOOGLE_CLOUD_PROJECT', value: this.project },
        { name: 'CLOUDSDK_CORE_PROJECT', value: this.project },
      ],
      tokens: [{ path: tokenPath, audience: pool.audience }],
      files: [file],
      reservedEnv: RESERVED_ENV,
    };
  }

  /** Grants listing the bucket and reading its objects: `roles/storage.objectViewer`. */
  public grantBucketRead(bucket: GcsBucket): StorageBucketIamMember {
    return this.grantBucketRole(bucket, 'roles/storage.objectViewer');
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
    const where = this.node.path;
    checkRoleName(where, role);
    const literal = typeof bucket === 'string';
    if (literal && isToken(bucket)) {
      throw new FederationError({
        code: 'UnresolvedValue', where, prop: 'bucket', rule: 'be a literal name or the bucket itself', got: 'a value that only Terraform knows',
        remedy: 'pass the StorageBucket; the grant\'s address is made of its id',
      });
    }
    if (literal) {
      checkPattern({ where, prop: 'bucket' }, bucket, /^(?=.{3,222}$)[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?)*$/,
        'be a bucket\'s name (lower-case letters, digits, "-", "_" and ".")', 'leave out "gs://"');
    }
    const id = `Bucket_${literal ? bucket : bucket.friendlyUniqueId}_${roleId(this, role)}`;
    return this.once(id, () => new StorageBucketIamMember(this, id, {
      bucket: literal ? bucket : bucket.name, role, member: this.member, provider: this.props.googleProvider,
    }));
  }

  /**
   * Grants a role on the account's project.
   * @throws FederationError for a role that Google refuses, or one that mints credentials of every account of the project
   */
  public grantProjectRole(role: string): ProjectIamMember {
    checkProjectRole(this.node.path, role);
    if (BASIC_ROLES.has(role)) {
      warn(this, 'google-basic-role');
    }
    const id = `Project_${roleId(this, role)}`;
    return this.once(id, () => new ProjectIamMember(this, id, {
      project: this.project, role, member: this.member, provider: this.props.googleProvider,
    }));
  }

  /** A grant that was given before is given. */
  private once<T extends Construct>(id: string, create: () => T): T {
    return (this.node.tryFindChild(id) as T | undefined) ?? create();
  }

  private federatedMember(pool: ClusterWorkloadIdentityPool, subject: ServiceAccountSubject): string {
    pool.admit(this, subject);
    return `principal://iam.googleapis.com/${pool.poolName}/subject/${subject.subject}`;
  }
}

/** A role in a construct id; a digest tells apart those that would read alike. */
function roleId(scope: IConstruct, role: string): string {
  const text = idPart(scope, role);
  const plain = /^roles\/([A-Za-z0-9.]+)$/.exec(text)?.[1];
  return plain === undefined ? `${text.replace(/[^A-Za-z0-9]/g, '_')}_${shortHash(text)}` : plain.replaceAll('.', '_');
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

function checkSubject(where: string, subject: ServiceAccountSubject): void {
  if (subject.cluster.workloadPool === undefined) {
    const bytes = Buffer.byteLength(knownPart(subject.subject));
    checkLimit({ where, prop: 'trusts' }, bytes, MAX_SUBJECT, `hold subjects of at most ${MAX_SUBJECT} bytes for Google (namespace and name together 104)`,
      `${bytes} bytes for ${subject.subject}`, 'shorten the namespace or the name of the service account');
  }
}

function checkRoleName(where: string, role: string): void {
  checkPattern({ where, prop: 'role' }, role, /^(?:roles|(?:projects\/[a-z0-9.:-]+|organizations\/\d+)\/roles)\/[A-Za-z0-9_.]+$/,
    'be a role like roles/storage.objectViewer', 'copy it from `gcloud iam roles list`');
}

function checkProjectRole(where: string, role: string): void {
  checkRoleName(where, role);
  if (CREDENTIAL_ROLES.has(role)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'projectRoles', rule: 'not mint credentials of every service account of the project', got: role,
      remedy: 'grant the role on the one account that needs it, with ServiceAccountIamMember',
    });
  }
}

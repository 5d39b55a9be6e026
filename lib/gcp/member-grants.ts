import { ProjectIamMember } from '@cdktf/provider-google/lib/project-iam-member';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { ITerraformDependable, TerraformProvider } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { warn } from '../annotations';
import { checkPattern } from '../checks';
import { FederationError } from '../errors';
import { idPart, isToken, resourceId, shortHash } from '../tokens';

/** A Cloud Storage bucket as a resource, or by its literal name. */
export type GcsBucket = { readonly name: string; readonly friendlyUniqueId: string } | string;

/** Roles that let their holder mint credentials of every service account of a project. */
const CREDENTIAL_ROLES = new Set([
  'roles/iam.serviceAccountTokenCreator',
  'roles/iam.serviceAccountOpenIdTokenCreator',
  'roles/iam.serviceAccountKeyAdmin',
  'roles/iam.workloadIdentityUser',
]);

const BASIC_ROLES = new Set(['roles/owner', 'roles/editor', 'roles/viewer']);

/** Roles that let their holder give itself any other. */
const ADMIN_ROLES = new Set([
  'roles/iam.serviceAccountAdmin', 'roles/iam.securityAdmin', 'roles/iam.workloadIdentityPoolAdmin', 'roles/resourcemanager.projectIamAdmin',
]);

/** Who a grant is for, and what tells its address from those of others. */
export interface Grantee {
  readonly member: string;
  /** What ends the grant's id; empty where there is one grantee. */
  readonly suffix: string;
  /** What must be there before it can be granted anything; nothing where it is left out. */
  readonly dependsOn?: ITerraformDependable[];
}

/** The grants of an identity: one member each, so that members of others stay. */
export class MemberGrants {
  /** The bucket of each grant's id. */
  private readonly buckets = new Map<string, GcsBucket>();

  /** @param scope the identity's construct, under which the grants stand */
  constructor(
    private readonly scope: Construct, private readonly grantees: readonly Grantee[], private readonly provider: TerraformProvider | undefined,
  ) {}

  /**
   * Grants a role on a bucket.
   * @throws FederationError for a role or bucket name that Google refuses
   */
  public grantBucketRole(bucket: GcsBucket, role: string): StorageBucketIamMember[] {
    const where = this.scope.node.path;
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
    const name = `Bucket_${literal ? bucket : resourceId(this.scope, bucket)}_${roleId(this.scope, role)}`;
    const known = this.buckets.get(name);
    if (known !== undefined && known !== bucket) {
      throw new FederationError({
        code: 'DuplicateRegistration', where, prop: 'bucket', rule: 'be told from the other buckets by name or construct id', got: literal ? bucket : bucket.friendlyUniqueId,
        remedy: 'pass the same bucket object each time, or rename the construct',
      });
    }
    this.buckets.set(name, bucket);
    const bucketName = literal ? bucket : bucket.name;
    return this.each(name, (id, { member, dependsOn }) => new StorageBucketIamMember(this.scope, id, {
      bucket: bucketName, role, member, dependsOn, provider: this.provider,
    }));
  }

  /**
   * Grants a role on a project.
   * @throws FederationError for a role that Google refuses, or one that mints credentials of every account of the project
   */
  public grantProjectRole(project: string, role: string, id = `Project_${roleId(this.scope, role)}`): ProjectIamMember[] {
    checkProjectRole(this.scope.node.path, role);
    if (BASIC_ROLES.has(role)) {
      warn(this.scope, 'google-basic-role');
    }
    if (ADMIN_ROLES.has(role)) {
      warn(this.scope, 'google-iam-admin-role');
    }
    return this.each(id, (memberId, { member, dependsOn }) => new ProjectIamMember(this.scope, memberId, {
      project, role, member, dependsOn, provider: this.provider,
    }));
  }

  /** A grant that was given before is given. */
  private each<T extends Construct>(name: string, create: (id: string, grantee: Grantee) => T): T[] {
    return this.grantees.map(grantee => {
      const id = `${name}${grantee.suffix}`;
      return (this.scope.node.tryFindChild(id) as T | undefined) ?? create(id, grantee);
    });
  }
}

/** A role in a construct id; a digest tells apart those that would read alike. */
function roleId(scope: IConstruct, role: string): string {
  const text = idPart(scope, role);
  const plain = /^roles\/([A-Za-z0-9.]+)$/.exec(text)?.[1];
  return plain === undefined ? `${text.replace(/[^A-Za-z0-9]/g, '_')}_${shortHash(text)}` : plain.replaceAll('.', '_');
}

function checkRoleName(where: string, role: string): void {
  checkPattern({ where, prop: 'role' }, role, /^(?:roles|(?:projects\/[a-z0-9.:-]+|organizations\/\d+)\/roles)\/[A-Za-z0-9_.]+$/,
    'be a role like roles/storage.objectViewer', 'copy it from `gcloud iam roles list`');
}

/** Refuses a role that mints credentials of every service account of a project. */
export function checkProjectRole(where: string, role: string): void {
  checkRoleName(where, role);
  if (CREDENTIAL_ROLES.has(role)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'projectRoles', rule: 'not mint credentials of every service account of the project', got: role,
      remedy: 'grant the role on the one account that needs it, with ServiceAccountIamMember',
    });
  }
}

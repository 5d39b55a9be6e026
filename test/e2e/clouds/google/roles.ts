import { Applied, ofType } from '../../model';

/**
 * The permissions of predefined roles, of those that the stand-ins check; a role that is not here permits nothing.
 * @see https://docs.cloud.google.com/iam/docs/roles-permissions/iam
 * @see https://docs.cloud.google.com/storage/docs/access-control/iam-roles
 */
const PREDEFINED: Readonly<Record<string, readonly string[]>> = {
  'roles/iam.workloadIdentityUser': ['iam.serviceAccounts.getAccessToken', 'iam.serviceAccounts.getOpenIdToken'],
  'roles/iam.serviceAccountTokenCreator': ['iam.serviceAccounts.getAccessToken', 'iam.serviceAccounts.getOpenIdToken'],
  'roles/iam.serviceAccountOpenIdTokenCreator': ['iam.serviceAccounts.getOpenIdToken'],
  'roles/storage.objectViewer': ['resourcemanager.projects.get', 'storage.objects.get', 'storage.objects.list'],
  'roles/storage.objectUser': ['resourcemanager.projects.get', 'storage.objects.get', 'storage.objects.list'],
  'roles/storage.objectAdmin': ['resourcemanager.projects.get', 'storage.objects.get', 'storage.objects.list'],
  'roles/storage.admin': [
    'resourcemanager.projects.get', 'storage.buckets.get', 'storage.buckets.list', 'storage.objects.get', 'storage.objects.list',
  ],
  'roles/storage.bucketViewer': ['storage.buckets.get', 'storage.buckets.list'],
  'roles/storage.legacyBucketReader': ['storage.buckets.get', 'storage.objects.list'],
  'roles/storage.legacyBucketWriter': ['storage.buckets.get', 'storage.objects.list'],
  'roles/storage.legacyBucketOwner': ['storage.buckets.get', 'storage.objects.list'],
  'roles/storage.legacyObjectReader': ['storage.objects.get'],
  'roles/storage.legacyObjectOwner': ['storage.objects.get'],
  'roles/browser': ['resourcemanager.projects.get'],
  // Basic roles list buckets; what they let their members do inside a bucket comes from the bucket's own policy. None mints credentials.
  'roles/viewer': ['resourcemanager.projects.get', 'storage.buckets.list'],
  'roles/editor': ['resourcemanager.projects.get', 'storage.buckets.list'],
  'roles/owner': ['resourcemanager.projects.get', 'storage.buckets.list'],
};

/** The permissions of a role by its name. */
export type Roles = (role: string) => ReadonlySet<string>;

const NONE: ReadonlySet<string> = new Set();

/** The predefined roles and those that projects define themselves. */
export function rolesOf(applied: Applied): Roles {
  const roles = new Map(Object.entries(PREDEFINED).map(([role, permissions]) => [role, new Set(permissions)]));
  for (const { values } of ofType(applied, 'google_project_iam_custom_role')) {
    if (typeof values.name === 'string' && Array.isArray(values.permissions)) roles.set(values.name, new Set(values.permissions as string[]));
  }
  return role => roles.get(role) ?? NONE;
}

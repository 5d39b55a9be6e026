import { Applied, ofType } from '../../model';

const OBJECTS = ['storage.objects.create', 'storage.objects.delete', 'storage.objects.get', 'storage.objects.list'] as const;

/**
 * The permissions of predefined roles, of those that the stand-ins check; a role that is not here permits nothing.
 * @see https://docs.cloud.google.com/iam/docs/roles-permissions/iam
 * @see https://docs.cloud.google.com/storage/docs/access-control/iam-roles
 */
const PREDEFINED: Readonly<Record<string, readonly string[]>> = {
  'roles/iam.workloadIdentityUser': ['iam.serviceAccounts.getAccessToken', 'iam.serviceAccounts.getOpenIdToken'],
  'roles/iam.serviceAccountTokenCreator': [
    'iam.serviceAccounts.getAccessToken', 'iam.serviceAccounts.getOpenIdToken', 'iam.serviceAccounts.implicitDelegation', 'iam.serviceAccounts.signBlob', 'iam.serviceAccounts.signJwt',
  ],
  'roles/iam.serviceAccountOpenIdTokenCreator': ['iam.serviceAccounts.getOpenIdToken'],
  'roles/storage.objectViewer': ['resourcemanager.projects.get', 'storage.objects.get', 'storage.objects.list'],
  'roles/storage.objectCreator': ['resourcemanager.projects.get', 'storage.objects.create'],
  'roles/storage.objectUser': ['resourcemanager.projects.get', ...OBJECTS],
  'roles/storage.objectAdmin': ['resourcemanager.projects.get', ...OBJECTS],
  'roles/storage.admin': ['resourcemanager.projects.get', 'storage.buckets.get', 'storage.buckets.list', ...OBJECTS],
  'roles/storage.bucketViewer': ['storage.buckets.get', 'storage.buckets.list'],
  'roles/storage.legacyBucketReader': ['storage.buckets.get', 'storage.objects.list'],
  'roles/storage.legacyBucketWriter': ['storage.buckets.get', 'storage.objects.create', 'storage.objects.delete', 'storage.objects.list'],
  'roles/storage.legacyBucketOwner': ['storage.buckets.get', 'storage.objects.create', 'storage.objects.delete', 'storage.objects.list'],
  'roles/storage.legacyObjectReader': ['storage.objects.get'],
  'roles/storage.legacyObjectOwner': ['storage.objects.get'],
  'roles/browser': ['resourcemanager.projects.get'],
  // Basic roles list buckets; what they let their members do inside a bucket comes from the bucket's own policy. None mints credentials.
  'roles/viewer': ['resourcemanager.projects.get', 'storage.buckets.list'],
  'roles/editor': ['resourcemanager.projects.get', 'storage.buckets.list'],
  'roles/owner': ['resourcemanager.projects.get', 'storage.buckets.list'],
};

/** Predefined roles that are spoken of here and permit nothing that the stand-ins check; of others it is not known that they are there. */
const OTHERS: ReadonlySet<string> = new Set([
  'roles/bigquery.dataViewer', 'roles/bigquery.jobUser', 'roles/iam.serviceAccountAdmin', 'roles/iam.serviceAccountUser', 'roles/logging.logWriter', 'roles/monitoring.metricWriter',
  'roles/pubsub.publisher', 'roles/pubsub.subscriber', 'roles/secretmanager.secretAccessor',
]);

/**
 * Whether a predefined role can be given on something: those of a service account act on it, those of Cloud Storage on buckets, and what has `legacy` in its
 * name on buckets alone; all others on projects. Basic roles are no roles of a bucket.
 * @see https://docs.cloud.google.com/storage/docs/access-control/iam-roles
 */
export function isGrantable(role: string, place: 'project' | 'bucket' | 'service account'): boolean {
  if (!Object.hasOwn(PREDEFINED, role) && !OTHERS.has(role)) return false;
  const basic = /^roles\/(?:viewer|editor|owner)$/.test(role);
  switch (place) {
    case 'project': return !role.startsWith('roles/storage.legacy');
    case 'bucket': return role.startsWith('roles/storage.');
    case 'service account': return basic || role.startsWith('roles/iam.');
  }
}

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

import { AccessTokens, CLOUD_PLATFORM, hasScope } from './access-tokens';
import { AllowPolicies } from './allow-policies';
import { Bucket, Buckets } from './buckets';
import { bearerOf, decodedPart, json, pathOf } from './http';
import { Identity, principalOf } from './identities';
import type { Projects } from './projects';
import { CALLER_HEADER, HttpRequest, HttpResponse, Service } from '../../model';

/** What the service needs of Google. */
export interface Storing {
  readonly tokens: AccessTokens;
  readonly buckets: Buckets;
  readonly policies: AllowPolicies;
  readonly projects: Projects;
}

/** https://docs.cloud.google.com/storage/docs/oauth-scopes */
const SCOPES = [
  CLOUD_PLATFORM, 'https://www.googleapis.com/auth/cloud-platform.read-only', 'https://www.googleapis.com/auth/devstorage.read_only',
  'https://www.googleapis.com/auth/devstorage.read_write', 'https://www.googleapis.com/auth/devstorage.full_control',
];
const BUCKET = /^\/storage\/v1\/b\/([^/]+)(?:\/(o|storageLayout))?$/;
const OBJECT = /^(?:\/download)?\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/;
/** When everything was made that is there. */
const CREATED = '2025-01-01T00:00:00.000Z';

interface Call {
  readonly google: Storing;
  /** Nobody, where no token was sent. */
  readonly identity: Identity | undefined;
  readonly query: URLSearchParams;
}

/** What the JSON API of Cloud Storage answers to readers: https://docs.cloud.google.com/storage/docs/json_api/v1. */
export function cloudStorage(google: Storing): Service {
  return request => {
    const bearer = bearerOf(request);
    const token = google.tokens.find(bearer);
    if (bearer !== undefined && token === undefined) return storageError(401, 'Invalid Credentials', 'authError', AUTHORIZATION);
    if (token !== undefined && !hasScope(token, ...SCOPES)) return storageError(403, 'Provided scope(s) are not authorized', 'forbidden');
    const { path, query } = pathOf(request);
    const answer = route(request, path, { google, identity: token?.identity, query });
    return token === undefined ? answer : { ...answer, headers: { ...answer.headers, [CALLER_HEADER]: principalOf(token.identity) } };
  };
}

function route({ method }: HttpRequest, path: string, call: Call): HttpResponse {
  if (method !== 'GET' && method !== 'HEAD') return storageError(404, 'Not Found', 'notFound');
  if (path === '/storage/v1/b') return listBuckets(call);
  const [, bucketPart, kind] = BUCKET.exec(path) ?? [];
  const [, objectBucketPart, objectPart] = OBJECT.exec(path) ?? [];
  const part = bucketPart ?? objectBucketPart;
  if (part === undefined) return storageError(404, 'Not Found', 'notFound');
  const bucket = call.google.buckets.find(decodedPart(part) ?? '');
  if (bucket === undefined) return storageError(404, 'The specified bucket does not exist.', 'notFound');
  if (objectPart !== undefined) return readObject(call, bucket, decodedPart(objectPart) ?? '', path.startsWith('/download/'));
  return kind === 'o' ? listObjects(call, bucket) : kind === 'storageLayout' ? readLayout(call, bucket) : readBucket(call, bucket);
}

/** https://docs.cloud.google.com/storage/docs/json_api/v1/buckets/list */
function listBuckets({ google: { buckets, policies, projects }, identity, query }: Call): HttpResponse {
  const asked = query.get('project') ?? '';
  if (asked === '') return storageError(400, 'Required parameter: project', 'required', { locationType: 'parameter', location: 'project' });
  const project = projects.idOf(asked);
  if (!policies.permits(identity, 'storage.buckets.list', [`projects/${project}`])) return denied(identity, 'storage.buckets.list', 'Google Cloud project');
  const prefix = query.get('prefix') ?? '';
  return json(200, { kind: 'storage#buckets', items: buckets.of(project).filter(({ name }) => name.startsWith(prefix)).map(bucket => bucketOf(bucket, projects)) });
}

/** https://docs.cloud.google.com/storage/docs/json_api/v1/buckets/get */
function readBucket({ google: { buckets, projects }, identity }: Call, bucket: Bucket): HttpResponse {
  return buckets.permits(identity, 'storage.buckets.get', bucket)
    ? json(200, bucketOf(bucket, projects))
    : denied(identity, 'storage.buckets.get', 'Google Cloud Storage bucket');
}

/** What gcloud asks before it lists: https://docs.cloud.google.com/storage/docs/json_api/v1/buckets/getStorageLayout. */
function readLayout({ google: { buckets }, identity }: Call, bucket: Bucket): HttpResponse {
  return buckets.permits(identity, 'storage.objects.list', bucket)
    ? json(200, { kind: 'storage#storageLayout', bucket: bucket.name, location: bucket.location, locationType: 'region', hierarchicalNamespace: { enabled: false } })
    : denied(identity, 'storage.objects.list', 'Google Cloud Storage bucket');
}

/** https://docs.cloud.google.com/storage/docs/json_api/v1/objects/list */
function listObjects({ google: { buckets }, identity, query }: Call, bucket: Bucket): HttpResponse {
  if (!buckets.permits(identity, 'storage.objects.list', bucket)) return denied(identity, 'storage.objects.list', 'Google Cloud Storage bucket');
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const names = [...bucket.objects.keys()].filter(name => name.startsWith(prefix)).sort();
  const folders = new Map(names.map(name => {
    const end = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
    return [name, end < 0 ? undefined : name.slice(0, end + delimiter.length)];
  }));
  const prefixes = [...new Set(folders.values())].filter(folder => folder !== undefined);
  const items = names.filter(name => folders.get(name) === undefined).map(name => objectOf(bucket, name));
  return json(200, { kind: 'storage#objects', ...(prefixes.length === 0 ? {} : { prefixes }), ...(items.length === 0 ? {} : { items }) });
}

/** https://docs.cloud.google.com/storage/docs/json_api/v1/objects/get */
function readObject({ google: { buckets }, identity, query }: Call, bucket: Bucket, name: string, download: boolean): HttpResponse {
  if (!buckets.permits(identity, 'storage.objects.get', bucket)) return denied(identity, 'storage.objects.get', 'Google Cloud Storage object');
  const content = bucket.objects.get(name);
  if (content === undefined) return storageError(404, `No such object: ${bucket.name}/${name}`, 'notFound');
  return download || query.get('alt') === 'media'
    ? { status: 200, headers: { 'content-type': 'text/plain', 'x-goog-generation': '1' }, body: content }
    : json(200, objectOf(bucket, name));
}

function bucketOf({ name, project, location, uniform }: Bucket, projects: Projects): Record<string, unknown> {
  return {
    kind: 'storage#bucket', id: name, name, selfLink: `https://www.googleapis.com/storage/v1/b/${name}`, projectNumber: projects.numberOf(project) ?? '0', location,
    locationType: 'region', storageClass: 'STANDARD', timeCreated: CREATED, updated: CREATED, metageneration: '1', etag: 'CAE=',
    iamConfiguration: { uniformBucketLevelAccess: { enabled: uniform } },
  };
}

function objectOf(bucket: Bucket, name: string): Record<string, unknown> {
  return {
    kind: 'storage#object', id: `${bucket.name}/${name}/1`, name, bucket: bucket.name, generation: '1', metageneration: '1', contentType: 'text/plain',
    selfLink: `https://www.googleapis.com/storage/v1/b/${bucket.name}/o/${encodeURIComponent(name)}`, storageClass: 'STANDARD',
    size: String(Buffer.byteLength(bucket.objects.get(name)!)), timeCreated: CREATED, updated: CREATED, etag: 'CAE=',
  };
}

const AUTHORIZATION = { locationType: 'header', location: 'Authorization' };

/** [?] A federated caller is named by its principal; a service account by its email. Nobody is told to come back with credentials. */
function denied(identity: Identity | undefined, permission: string, what: string): HttpResponse {
  const caller = identity === undefined ? 'Anonymous caller' : identity.kind === 'federated' ? principalOf(identity) : identity.email;
  const message = `${caller} does not have ${permission} access to the ${what}. Permission '${permission}' denied on resource (or it may not exist).`;
  return identity === undefined ? storageError(401, message, 'required', AUTHORIZATION) : storageError(403, message, 'forbidden');
}

/** https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes */
function storageError(code: number, message: string, reason: string, location: Readonly<Record<string, string>> = {}): HttpResponse {
  return json(code, { error: { code, message, errors: [{ message, domain: 'global', reason, ...location }] } });
}

import { AccessTokens, CLOUD_PLATFORM, hasScope } from './access-tokens';
import { AllowPolicies } from './allow-policies';
import { Bucket, Buckets } from './buckets';
import { bearerOf, decodedPart, json, pathOf } from './http';
import { Identity, principalOf } from './identities';
import type { Projects } from './projects';
import { hashesOf, multipart, ResumableUploads, Upload, UploadError } from './uploads';
import { CALLER_HEADER, HttpRequest, HttpResponse, Service } from '../../model';

/** What the service needs of Google. */
export interface Storing {
  readonly tokens: AccessTokens;
  readonly buckets: Buckets;
  readonly policies: AllowPolicies;
  readonly projects: Projects;
}

/** https://docs.cloud.google.com/storage/docs/oauth-scopes */
const WRITE_SCOPES = [CLOUD_PLATFORM, 'https://www.googleapis.com/auth/devstorage.read_write', 'https://www.googleapis.com/auth/devstorage.full_control'];
const SCOPES = [...WRITE_SCOPES, 'https://www.googleapis.com/auth/cloud-platform.read-only', 'https://www.googleapis.com/auth/devstorage.read_only'];
const BUCKET = /^\/storage\/v1\/b\/([^/]+)(?:\/(o|storageLayout))?$/;
const OBJECT = /^(?:\/download)?\/storage\/v1\/b\/([^/]+)\/o\/([^/]+)$/;
const UPLOAD = /^\/upload\/storage\/v1\/b\/([^/]+)\/o$/;
/** What a write may say besides. Preconditions, ACLs, keys and who pays are other functions, or want other permissions. */
const WRITE_QUERIES: ReadonlySet<string> = new Set(['name', 'uploadType', 'upload_id', 'alt', 'prettyPrint']);
const WRITE_HEADERS: ReadonlySet<string> = new Set(['x-goog-api-client', 'x-goog-gcs-idempotency-token']);
/** When everything was made that is there. */
const CREATED = '2025-01-01T00:00:00.000Z';

interface Call {
  readonly google: Storing;
  readonly uploads: ResumableUploads;
  /** Nobody, where no token was sent. */
  readonly identity: Identity | undefined;
  readonly query: URLSearchParams;
}

/** What the JSON API of Cloud Storage answers to whoever lists, reads, stores or deletes objects: https://docs.cloud.google.com/storage/docs/json_api/v1. */
export function cloudStorage(google: Storing): Service {
  const uploads = new ResumableUploads();
  return request => {
    const bearer = bearerOf(request);
    const token = google.tokens.find(bearer);
    if (bearer !== undefined && token === undefined) return storageError(401, 'Invalid Credentials', 'authError', AUTHORIZATION);
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (token !== undefined && !hasScope(token, ...reads ? SCOPES : WRITE_SCOPES)) return storageError(403, 'Provided scope(s) are not authorized', 'forbidden');
    const { path, query } = pathOf(request);
    const answer = route(request, path, { google, uploads, identity: token?.identity, query });
    return token === undefined ? answer : { ...answer, headers: { ...answer.headers, [CALLER_HEADER]: principalOf(token.identity) } };
  };
}

function route(request: HttpRequest, path: string, call: Call): HttpResponse {
  const { method } = request;
  const reads = method === 'GET' || method === 'HEAD';
  if (path === '/storage/v1/b' && reads) return listBuckets(call);
  const [, bucketPart, kind] = BUCKET.exec(path) ?? [];
  const [, objectBucketPart, objectPart] = OBJECT.exec(path) ?? [];
  const [, uploadBucketPart] = UPLOAD.exec(path) ?? [];
  const part = reads ? bucketPart ?? objectBucketPart : method === 'DELETE' && !path.startsWith('/download/') ? objectBucketPart : uploadBucketPart;
  if (part === undefined) return storageError(404, 'Not Found', 'notFound');
  const bucket = call.google.buckets.find(decodedPart(part) ?? '');
  if (bucket === undefined) return storageError(404, 'The specified bucket does not exist.', 'notFound');
  if (!reads) return write(request, call, bucket, objectPart === undefined ? undefined : decodedPart(objectPart) ?? '');
  if (objectPart !== undefined) return readObject(call, bucket, decodedPart(objectPart) ?? '', path.startsWith('/download/'));
  return kind === 'o' ? listObjects(call, bucket) : kind === 'storageLayout' ? readLayout(call, bucket) : readBucket(call, bucket);
}

function write(request: HttpRequest, call: Call, bucket: Bucket, object: string | undefined): HttpResponse {
  const { method, headers, body } = request;
  const { query, identity, uploads } = call;
  const foreign = [
    ...[...query.keys()].filter(name => !WRITE_QUERIES.has(name)),
    ...Object.keys(headers).filter(name => /^(?:x-goog-|if-)/.test(name) && !WRITE_HEADERS.has(name)),
  ];
  if (foreign.length > 0) return storageError(400, 'Invalid argument.', 'invalid');
  if (object !== undefined) return deleteObject(call, bucket, object);
  const caller = identity === undefined ? '' : principalOf(identity);
  const [id, name] = [query.get('upload_id'), query.get('name')];
  try {
    switch (`${method} ${query.get('uploadType')}${id === null ? '' : ' goes on'}`) {
      case 'POST multipart':
        return insertObject(call, bucket, multipart(name, headers['content-type'] ?? '', body));
      case 'POST resumable': {
        // Whoever may not store it cannot begin.
        const begun = uploads.begin(bucket.name, caller, name, body);
        return mayNotInsert(call, bucket, begun.name)
          ?? { status: 200, headers: { location: `https://storage.googleapis.com/upload/storage/v1/b/${bucket.name}/o?uploadType=resumable&upload_id=${begun.id}` }, body: '' };
      }
      case 'PUT resumable goes on':
        return insertObject(call, bucket, uploads.complete(id!, bucket.name, caller, headers['content-range'], body));
      default:
        return storageError(404, 'Not Found', 'notFound');
    }
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    return storageError(error.code, error.message, error.reason);
  }
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

/** Objects are never changed: what replaces one deletes it. See https://docs.cloud.google.com/storage/docs/json_api/v1/objects/insert. */
function mayNotInsert({ google: { buckets }, identity }: Call, bucket: Bucket, name: string): HttpResponse | undefined {
  const needed = ['storage.objects.create', ...bucket.objects.has(name) ? ['storage.objects.delete'] : []];
  const missing = needed.find(permission => !buckets.permits(identity, permission, bucket));
  return missing === undefined ? undefined : denied(identity, missing, 'Google Cloud Storage object');
}

function insertObject(call: Call, bucket: Bucket, { name, content }: Upload): HttpResponse {
  const refusal = mayNotInsert(call, bucket, name);
  if (refusal !== undefined) return refusal;
  bucket.objects.set(name, content);
  return json(200, objectOf(bucket, name));
}

/** https://docs.cloud.google.com/storage/docs/json_api/v1/objects/delete */
function deleteObject({ google: { buckets }, identity }: Call, bucket: Bucket, name: string): HttpResponse {
  if (!buckets.permits(identity, 'storage.objects.delete', bucket)) return denied(identity, 'storage.objects.delete', 'Google Cloud Storage object');
  return bucket.objects.delete(name) ? { status: 204, body: '' } : storageError(404, `No such object: ${bucket.name}/${name}`, 'notFound');
}

function bucketOf({ name, project, location, uniform }: Bucket, projects: Projects): Record<string, unknown> {
  return {
    kind: 'storage#bucket', id: name, name, selfLink: `https://www.googleapis.com/storage/v1/b/${name}`, projectNumber: projects.numberOf(project) ?? '0', location,
    locationType: 'region', storageClass: 'STANDARD', timeCreated: CREATED, updated: CREATED, metageneration: '1', etag: 'CAE=',
    iamConfiguration: { uniformBucketLevelAccess: { enabled: uniform } },
  };
}

function objectOf(bucket: Bucket, name: string): Record<string, unknown> {
  const content = bucket.objects.get(name)!;
  return {
    kind: 'storage#object', id: `${bucket.name}/${name}/1`, name, bucket: bucket.name, generation: '1', metageneration: '1', contentType: 'text/plain',
    selfLink: `https://www.googleapis.com/storage/v1/b/${bucket.name}/o/${encodeURIComponent(name)}`, storageClass: 'STANDARD',
    size: String(Buffer.byteLength(content)), ...hashesOf(content), timeCreated: CREATED, updated: CREATED, etag: 'CAE=',
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

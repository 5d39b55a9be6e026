import { randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { AwsError, iso, xml } from './errors';
import type { Context } from './policy';
import { etagOf, S3Objects } from './s3-objects';
import type { AuthenticationFailure, Session, Sts } from './sts';
import type { HttpRequest, HttpResponse } from '../../model';
import { CALLER_HEADER } from '../../model';

/** Objects by key, by bucket, by account. */
export type Buckets = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>;

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList */
const FAILURES: Record<AuthenticationFailure, [number, string, string]> = {
  missing: [403, 'AccessDenied', 'Access Denied'],
  unreadable: [400, 'AuthorizationHeaderMalformed', 'The authorization header that you provided is not valid.'],
  unknown: [403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.'],
  token: [400, 'InvalidToken', 'The provided token is malformed or otherwise not valid.'],
  expired: [400, 'ExpiredToken', 'The provided token has expired.'],
  signature: [403, 'SignatureDoesNotMatch', 'The request signature we calculated does not match the signature you provided. Check your key and signing method.'],
  skewed: [403, 'RequestTimeTooSkewed', 'The difference between the request time and the current time is too large.'],
  scope: [400, 'AuthorizationHeaderMalformed', 'The authorization header is malformed; the region or the service is wrong.'],
};

/** Every host of Amazon S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html */
export const S3_HOSTS = /(?:([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.)?s3(?:\.dualstack)?(?:[.-]([a-z]{2}(?:-[a-z]+)+-\d))?\.amazonaws\.com(?:\.cn)?/;
const S3_HOST = new RegExp(`^${S3_HOSTS.source}$`);

/** What Amazon S3 stands on. */
export interface S3World {
  readonly sts: Sts;
  /** The names of an account's buckets. */
  readonly buckets: (account: string) => readonly string[];
  /** What a bucket holds. */
  readonly objects: (bucket: string) => S3Objects;
  /** The account of a bucket. */
  readonly owner: (bucket: string) => string | undefined;
}

/**
 * Amazon S3, as far as objects go: ListBuckets, ListObjectsV2, GetObject, PutObject and DeleteObject, and uploads in parts.
 * Objects are encrypted with keys of S3, which nobody needs a permission for, and buckets have no versions.
 */
export function s3Service(world: S3World, request: HttpRequest): HttpResponse {
  const id = randomUUID();
  const headers = { 'x-amz-request-id': id, 'x-amz-id-2': id };
  try {
    const { caller, status = 200, body = '', headers: more } = answer(world, request);
    return { status, headers: { ...headers, ...more, [CALLER_HEADER]: caller.roleArn }, body: request.method === 'HEAD' ? '' : body };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code}</Code><Message>${xml(error.message)}</Message><RequestId>${id}</RequestId><HostId>${id}</HostId></Error>`;
    return { status: error.status, headers: { ...headers, 'content-type': 'application/xml' }, body: request.method === 'HEAD' ? '' : body };
  }
}

interface Answer {
  readonly caller: Session;
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Who asks for something, and where. */
interface Asked {
  readonly world: S3World;
  readonly request: HttpRequest;
  readonly query: URLSearchParams;
  readonly caller: Session;
  readonly region: string;
  readonly bucket: string;
  readonly key: string;
}

const NOT_ALLOWED = 'The specified method is not allowed against this resource.';
const NOT_IMPLEMENTED = 'A header or query you provided requested a function that is not implemented.';

/** Other sub-resources (policy, acl, …) are other operations with other permissions. */
const QUERIES: ReadonlySet<string> = new Set([
  'x-id', 'list-type', 'prefix', 'delimiter', 'max-keys', 'max-buckets', 'encoding-type', 'fetch-owner', 'uploads', 'uploadId', 'partNumber',
]);
/** What a write may say. All else that S3 reads in headers (ACLs, tags, locks, keys of KMS, copies, conditions) wants other permissions or is another function. */
const PLAIN_HEADERS: ReadonlySet<string> = new Set([
  'x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token', 'x-amz-user-agent', 'x-amz-sdk-checksum-algorithm', 'x-amz-checksum-crc32',
]);

function answer(world: S3World, request: HttpRequest): Answer {
  const { sts } = world;
  const [, virtual, region = 'us-east-1'] = S3_HOST.exec(request.host) ?? [];
  const caller = sts.authenticate(request, 's3', region);
  if (typeof caller === 'string') throw new AwsError(...FAILURES[caller]);
  const [path = '', search = ''] = request.path.split(/\?(.*)/s, 2);
  const query = new URLSearchParams(search);
  const [bucket = '', key = ''] = (virtual === undefined ? decoded(path.slice(1)) : `${virtual}/${decoded(path.slice(1))}`).split(/\/(.*)/s, 2);
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if ([...query.keys()].some(name => !QUERIES.has(name))) throw new AwsError(501, 'NotImplemented', NOT_IMPLEMENTED);
  if (key === '' && !reads) throw new AwsError(405, 'MethodNotAllowed', NOT_ALLOWED);
  const asked = { world, request, query, caller, region, bucket, key };
  if (!reads) return write(asked);
  const lists = bucket === '' || key !== '' || request.method === 'HEAD' || query.get('list-type') === '2';
  if (!lists || ['uploads', 'uploadId', 'partNumber'].some(name => query.has(name))) throw new AwsError(501, 'NotImplemented', NOT_IMPLEMENTED);
  return bucket === '' ? listBuckets(asked) : key === '' ? listObjects(asked) : readObject(asked);
}

function listBuckets({ world: { sts, buckets }, caller, region }: Asked): Answer {
  // The action has no resource type; IAM's own examples give it `*` or `arn:aws:s3:::*`.
  permit(sts, caller, 's3:ListAllMyBuckets', partitioned(caller, '*'), undefined, region);
  const account = caller.roleArn.split(':')[4]!;
  const listed = [...buckets(account)].sort().map(name => `<Bucket><Name>${xml(name)}</Name><CreationDate>${iso(0)}</CreationDate></Bucket>`);
  return { caller, ...document('ListAllMyBucketsResult', `<Owner><ID>${xml(caller.roleArn)}</ID><DisplayName>${account}</DisplayName></Owner><Buckets>${listed.join('')}</Buckets>`) };
}

function listObjects(asked: Asked): Answer {
  const { query, caller, bucket } = asked;
  const keys = new Map(['prefix', 'delimiter'].flatMap(name => query.has(name) ? [[`s3:${name}`, query.get(name)!] as const] : []));
  const { all } = permitted(asked, 's3:ListBucket', bucket, new Map([...keys, ['s3:max-keys', query.get('max-keys') ?? '1000']]));
  const prefix = query.get('prefix') ?? '';
  const objects = [...all].filter(([name]) => name.startsWith(prefix)).sort(([a], [b]) => a < b ? -1 : 1);
  const contents = objects.map(([name, content]) => `<Contents><Key>${xml(name)}</Key><Size>${Buffer.byteLength(content)}</Size><LastModified>${iso(0)}</LastModified></Contents>`);
  return { caller, ...document('ListBucketResult', `<Name>${xml(bucket)}</Name><Prefix>${xml(prefix)}</Prefix><KeyCount>${objects.length}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>${contents.join('')}`) };
}

function readObject(asked: Asked): Answer {
  const content = permitted(asked, 's3:GetObject').all.get(asked.key);
  if (content === undefined) throw new AwsError(404, 'NoSuchKey', 'The specified key does not exist.');
  return { caller: asked.caller, headers: { 'content-type': 'application/octet-stream' }, body: content };
}

/** Which permission each write needs: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions */
function write(asked: Asked): Answer {
  const { request: { method, body, headers }, query, caller, bucket, key } = asked;
  const { roleArn } = caller;
  const id = query.get('uploadId') ?? undefined;
  const part = query.get('partNumber') ?? undefined;
  const foreign = Object.keys(headers).some(name => /^(?:x-amz-|if-|content-md5$|content-encoding$)/.test(name) && !PLAIN_HEADERS.has(name));
  const operation = foreign ? '' : `${method}${query.has('uploads') ? ' uploads' : ''}${id === undefined ? '' : ' uploadId'}${part === undefined ? '' : ' partNumber'}`;
  switch (operation) {
    case 'PUT': {
      const objects = permitted(asked, 's3:PutObject');
      objects.put(key, checked(asked.request));
      return { caller, headers: { etag: etagOf(body) } };
    }
    case 'POST uploads': {
      const begun = permitted(asked, 's3:PutObject').begin(key, roleArn);
      return { caller, ...document('InitiateMultipartUploadResult', `<Bucket>${xml(bucket)}</Bucket><Key>${xml(key)}</Key><UploadId>${begun}</UploadId>`) };
    }
    case 'PUT uploadId partNumber':
      permitted(asked, 's3:PutObject').part(id!, key, roleArn, Number(part), checked(asked.request));
      return { caller, headers: { etag: etagOf(body) } };
    case 'POST uploadId': {
      const named = [...body.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, text]) => ({
        number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(text!)?.[1]), etag: (/<ETag>([^<]*)<\/ETag>/.exec(text!)?.[1] ?? '').replaceAll('&quot;', '"'),
      }));
      const etag = permitted(asked, 's3:PutObject').complete(id!, key, roleArn, named);
      return { caller, ...document('CompleteMultipartUploadResult', `<Bucket>${xml(bucket)}</Bucket><Key>${xml(key)}</Key><ETag>${xml(etag)}</ETag>`) };
    }
    case 'DELETE uploadId':
      permitted(asked, 's3:AbortMultipartUpload').abort(id!, key, roleArn);
      return { caller, status: 204 };
    case 'DELETE':
      // An object that is not there is deleted all the same: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
      permitted(asked, 's3:DeleteObject').delete(key);
      return { caller, status: 204 };
    default:
      throw new AwsError(501, 'NotImplemented', NOT_IMPLEMENTED);
  }
}

/** The body, if it is that of which the checksum was sent: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html */
function checked({ headers: { 'x-amz-checksum-crc32': claimed }, body }: HttpRequest): string {
  const own = Buffer.alloc(4);
  own.writeUInt32BE(crc32(body));
  if (claimed !== undefined && claimed !== own.toString('base64')) throw new AwsError(400, 'BadDigest', 'The CRC32 you specified did not match the calculated checksum.');
  return body;
}

/** What a bucket holds, where the caller may do this with it, or with its object. */
function permitted({ world: { sts, objects, owner }, caller, region, bucket, key }: Asked, action: string, resource = `${bucket}/${key}`, keys?: Context): S3Objects {
  const holder = owner(bucket);
  permit(sts, caller, action, partitioned(caller, resource), holder, region, keys);
  if (holder === undefined) throw new AwsError(404, 'NoSuchBucket', 'The specified bucket does not exist');
  return objects(bucket);
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html has the endings of the message. */
function permit(sts: Sts, caller: Session, action: string, resource: string, holder: string | undefined, region: string, keys?: Context): void {
  const verdict = sts.permits(caller, action, resource, region, keys);
  const on = action === 's3:ListAllMyBuckets' ? '' : ` on resource: "${resource}"`;
  const user = `User: ${caller.arn} is not authorized to perform: ${action}${on}`;
  if (verdict === 'denied') throw new AwsError(403, 'AccessDenied', `${user} with an explicit deny in an identity-based policy`);
  if (verdict === 'silent') throw new AwsError(403, 'AccessDenied', `${user} because no identity-based policy allows the ${action} action`);
  // A bucket of another account has to allow it too, and no bucket here has a policy.
  if (holder !== undefined && holder !== caller.roleArn.split(':')[4]) throw new AwsError(403, 'AccessDenied', `${user} because no resource-based policy allows the ${action} action`);
}

function partitioned(caller: Session, name: string): string {
  return `arn:${caller.roleArn.split(':')[1]!}:s3:::${name}`;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new AwsError(400, 'InvalidURI', 'Couldn\'t parse the specified URI.');
  }
}

function document(name: string, content: string): Pick<Answer, 'headers' | 'body'> {
  return { headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${content}</${name}>` };
}

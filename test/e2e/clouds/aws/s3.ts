import { randomUUID } from 'node:crypto';
import { AwsError, iso, xml } from './errors';
import type { Context } from './policy';
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
  /** What an account has. */
  readonly buckets: (account: string) => NonNullable<Buckets[string]>;
  /** The account of a bucket. */
  readonly owner: (bucket: string) => string | undefined;
}

/** Amazon S3, as far as reading goes: ListBuckets, ListObjectsV2, GetObject. */
export function s3Service(world: S3World, request: HttpRequest): HttpResponse {
  const id = randomUUID();
  const headers = { 'x-amz-request-id': id, 'x-amz-id-2': id };
  try {
    const { body, type, caller } = answer(world, request);
    return {
      status: 200,
      headers: { ...headers, 'content-type': type, [CALLER_HEADER]: caller.roleArn },
      body: request.method === 'HEAD' ? '' : body,
    };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${error.code}</Code><Message>${xml(error.message)}</Message><RequestId>${id}</RequestId><HostId>${id}</HostId></Error>`;
    return { status: error.status, headers: { ...headers, 'content-type': 'application/xml' }, body: request.method === 'HEAD' ? '' : body };
  }
}

interface Answer {
  readonly body: string;
  readonly type: string;
  readonly caller: Session;
}

function answer({ sts, buckets, owner }: S3World, request: HttpRequest): Answer {
  const [, virtual, region = 'us-east-1'] = S3_HOST.exec(request.host) ?? [];
  const caller = sts.authenticate(request, 's3', region);
  if (typeof caller === 'string') throw new AwsError(...FAILURES[caller]);
  if (request.method !== 'GET' && request.method !== 'HEAD') throw new AwsError(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.');
  const account = caller.roleArn.split(':')[4]!;
  const [path = '', search = ''] = request.path.split(/\?(.*)/s, 2);
  const query = new URLSearchParams(search);
  const [bucket = '', key = ''] = (virtual === undefined ? decoded(path.slice(1)) : `${virtual}/${decoded(path.slice(1))}`).split(/\/(.*)/s, 2);
  // Other sub-resources (policy, acl, …) are other operations with other permissions.
  const foreign = [...query.keys()].find(name => !['x-id', 'list-type', 'prefix', 'delimiter', 'max-keys', 'max-buckets', 'encoding-type', 'fetch-owner'].includes(name));
  if (foreign !== undefined || (bucket !== '' && key === '' && request.method === 'GET' && query.get('list-type') !== '2')) {
    throw new AwsError(501, 'NotImplemented', 'A header or query you provided requested a function that is not implemented.');
  }

  if (bucket === '') {
    // The action has no resource type; IAM's own examples give it `*` or `arn:aws:s3:::*`.
    permit(sts, caller, 's3:ListAllMyBuckets', partitioned(caller, '*'), undefined, region);
    const listed = Object.keys(buckets(account)).sort().map(name => `<Bucket><Name>${xml(name)}</Name><CreationDate>${iso(0)}</CreationDate></Bucket>`);
    return { caller, type: 'application/xml', body: document('ListAllMyBucketsResult', `<Owner><ID>${xml(caller.roleArn)}</ID><DisplayName>${account}</DisplayName></Owner><Buckets>${listed.join('')}</Buckets>`) };
  }
  const holder = owner(bucket);
  if (key === '') {
    const keys = new Map(['prefix', 'delimiter'].flatMap(name => query.has(name) ? [[`s3:${name}`, query.get(name)!] as const] : []));
    permit(sts, caller, 's3:ListBucket', partitioned(caller, bucket), holder, region, new Map([...keys, ['s3:max-keys', query.get('max-keys') ?? '1000']]));
    if (holder === undefined) throw new AwsError(404, 'NoSuchBucket', 'The specified bucket does not exist');
    const prefix = query.get('prefix') ?? '';
    const objects = Object.entries(buckets(holder)[bucket]!).filter(([name]) => name.startsWith(prefix)).sort(([a], [b]) => a < b ? -1 : 1);
    const contents = objects.map(([name, content]) => `<Contents><Key>${xml(name)}</Key><Size>${Buffer.byteLength(content)}</Size><LastModified>${iso(0)}</LastModified></Contents>`);
    return { caller, type: 'application/xml', body: document('ListBucketResult', `<Name>${xml(bucket)}</Name><Prefix>${xml(prefix)}</Prefix><KeyCount>${objects.length}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>${contents.join('')}`) };
  }
  permit(sts, caller, 's3:GetObject', partitioned(caller, `${bucket}/${key}`), holder, region);
  if (holder === undefined) throw new AwsError(404, 'NoSuchBucket', 'The specified bucket does not exist');
  const content = new Map(Object.entries(buckets(holder)[bucket]!)).get(key);
  if (content === undefined) throw new AwsError(404, 'NoSuchKey', 'The specified key does not exist.');
  return { caller, type: 'application/octet-stream', body: content };
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

function document(name: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${content}</${name}>`;
}

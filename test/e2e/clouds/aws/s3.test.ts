import { createHash, createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, DeleteObjectCommand,
  DeleteObjectsCommand, GetObjectCommand, ListBucketsCommand, ListObjectsV2Command, ListPartsCommand, PutObjectCommand, PutObjectTaggingCommand,
  S3Client, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { ACCOUNT, EKS, OTHER_ACCOUNT, READ_S3, ROLE, SUB, aws, policy, provider, resource, role, token, trusts } from './fixture';
import type { MemoryInternet } from './fixture';
import { Aws, AwsError } from './index';
import type { Credentials } from './index';
import { CALLER_HEADER } from '../../model';
import type { AppliedResource, HttpRequest, HttpResponse } from '../../model';

const now = () => Math.floor(Date.now() / 1000);
const BUCKETS = { [ACCOUNT]: { reports: { 'a/1.txt': 'one', 'b & c.txt': 'two' }, logs: {} }, [OTHER_ACCOUNT]: { foreign: { x: 'three' } } };
const attach = (arn: string = READ_S3.policy_arn) => resource('aws_iam_role_policy_attachment', { role: 'reader', policy_arn: arn });
const inline = (...statements: object[]) => resource('aws_iam_role_policy', { name: 'inline', role: 'reader', policy: policy(statements) });
const webToken = () => token(EKS, { iat: now() - 1, nbf: now() - 1, exp: now() + 600 });

/** The vendor's handler of requests, without sockets; it remembers what was sent. */
class Handler {
  readonly sent: HttpRequest[] = [];
  readonly answers: HttpResponse[] = [];

  constructor(private readonly internet: MemoryInternet, private readonly changed: (request: HttpRequest) => HttpRequest = request => request) {}

  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async handle({ method, hostname, path, query, headers, body }: any): Promise<any> {
    const encode = (text: string) => encodeURIComponent(text).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
    const search = Object.entries(query ?? {}).map(([name, value]) => `${encode(name)}=${encode(String(value))}`).join('&');
    const request = this.changed({
      method,
      host: hostname,
      path: search === '' ? path : `${path}?${search}`,
      headers: Object.fromEntries(Object.entries(headers as Record<string, string>).map(([name, value]) => [name.toLowerCase(), value])),
      body: body ?? '',
    });
    this.sent.push(request);
    const answer = await this.internet.send(request);
    this.answers.push(answer);
    return { response: { statusCode: answer.status, headers: answer.headers, body: Readable.from([Buffer.from(answer.body)]) } };
  }
}

/** Runs with these variables and nothing of this machine's configuration, in a directory of its own. */
async function withEnvironment(variables: Readonly<Record<string, string>>, run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'aws-'));
  const before = { ...process.env };
  try {
    for (const name of Object.keys(process.env).filter(each => each.startsWith('AWS_'))) delete process.env[name];
    Object.assign(process.env, { AWS_REGION: 'eu-west-1', AWS_CONFIG_FILE: join(directory, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(directory, 'none'), ...variables });
    await run(directory);
  } finally {
    for (const name of Object.keys(process.env).filter(each => !(each in before))) delete process.env[name];
    Object.assign(process.env, before);
    rmSync(directory, { recursive: true });
  }
}

interface Setting {
  readonly cloud: Aws;
  readonly internet: MemoryInternet;
  readonly handler: Handler;
  readonly client: S3Client;
}

/** The real client with credentials of the reader. */
async function setting(resources: readonly AppliedResource[], changed?: (request: HttpRequest) => HttpRequest, region = 'eu-west-1'): Promise<Setting> {
  const { aws: cloud, internet } = aws([provider(EKS), role('reader', trusts(EKS)), ...resources], { clock: now, buckets: BUCKETS });
  const session = await cloud.sts.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: webToken() });
  const handler = new Handler(internet, changed);
  return { cloud, internet, handler, client: clientOf(handler, session.credentials, region) };
}

function clientOf(requestHandler: Handler, { accessKeyId, secretAccessKey, sessionToken }: Credentials, region = 'eu-west-1'): S3Client {
  return new S3Client({ region, credentials: { accessKeyId, secretAccessKey, sessionToken }, requestHandler, maxAttempts: 1 });
}

interface ToSign {
  readonly host: string;
  readonly body: string;
  readonly region: string;
  readonly credentials: Credentials;
  /** What is not as it should be, and signed all the same. */
  readonly wrong?: { readonly day?: string; readonly service?: string; readonly unsigned?: string };
}

/** The headers of a request to STS, signed by https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signed(request: ToSign): Record<string, string> {
  const { host, body, region, credentials, wrong = {} } = request;
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const mac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const { day = date.slice(0, 8), service = 'sts', unsigned } = wrong;
  const scope = `${day}/${region}/${service}/aws4_request`;
  const headers = Object.entries({ 'host': host, 'x-amz-date': date, 'x-amz-security-token': credentials.sessionToken }).filter(([name]) => name !== unsigned);
  const names = headers.map(([name]) => name).join(';');
  const canonical = `POST\n/\n\n${headers.map(([name, value]) => `${name}:${value}\n`).join('')}\n${names}\n${hash(body)}`;
  const key = mac(mac(mac(mac(`AWS4${credentials.secretAccessKey}`, day), region), service), 'aws4_request');
  const signature = mac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${hash(canonical)}`).toString('hex');
  return {
    host,
    'x-amz-date': date,
    'x-amz-security-token': credentials.sessionToken,
    'authorization': `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

async function refusal(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'allowed';
  } catch (error) {
    const { name, message, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
    return `${$metadata?.httpStatusCode ?? 'none'} ${name}: ${message}`;
  }
}

const USER = `User: arn:aws:sts::${ACCOUNT}:assumed-role/reader/pod is not authorized to perform: `;

describe('the real client of Amazon S3', () => {
  test('lists buckets and objects and reads them, as the role', async () => {
    const { client, handler } = await setting([attach()]);
    const buckets = await client.send(new ListBucketsCommand({}));
    expect(buckets.Buckets?.map(({ Name }) => Name)).toEqual(['logs', 'reports']);
    expect(buckets.Owner).toEqual({ ID: ROLE, DisplayName: ACCOUNT });
    const objects = await client.send(new ListObjectsV2Command({ Bucket: 'reports', Prefix: 'b ' }));
    expect(objects.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([['b & c.txt', 3]]);
    const object = await client.send(new GetObjectCommand({ Bucket: 'reports', Key: 'b & c.txt' }));
    await expect(object.Body!.transformToString()).resolves.toBe('two');
    expect(handler.sent.map(({ host }) => host)).toEqual(['s3.eu-west-1.amazonaws.com', 'reports.s3.eu-west-1.amazonaws.com', 'reports.s3.eu-west-1.amazonaws.com']);
    expect(handler.answers.map(({ headers }) => headers?.[CALLER_HEADER])).toEqual([ROLE, ROLE, ROLE]);
  });

  test('finds buckets by path as well', async () => {
    const { handler, cloud } = await setting([attach()]);
    const { credentials } = await cloud.sts.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: webToken() });
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const client = new S3Client({ region: 'us-east-1', credentials: { accessKeyId, secretAccessKey, sessionToken }, requestHandler: handler, forcePathStyle: true });
    const object = await client.send(new GetObjectCommand({ Bucket: 'reports', Key: 'a/1.txt' }));
    await expect(object.Body!.transformToString()).resolves.toBe('one');
    expect(handler.sent.map(({ host, path }) => `${host}${path}`)).toEqual(['s3.us-east-1.amazonaws.com/reports/a/1.txt?x-id=GetObject']);
  });

  test('finds its credentials with the default chain, from what the webhook of EKS lays out', async () => {
    await withEnvironment({ AWS_ROLE_ARN: ROLE, AWS_ROLE_SESSION_NAME: 'by-env', AWS_STS_REGIONAL_ENDPOINTS: 'regional' }, async directory => {
      process.env.AWS_WEB_IDENTITY_TOKEN_FILE = join(directory, 'token');
      writeFileSync(join(directory, 'token'), webToken());
      const { handler, internet } = await setting([attach()]);
      const client = new S3Client({ requestHandler: handler });
      await expect(client.send(new ListBucketsCommand({}))).resolves.toMatchObject({ Owner: { ID: ROLE } });
      expect(handler.sent.map(({ method, host, path }) => `${method} ${host}${path}`)).toEqual(['POST sts.eu-west-1.amazonaws.com/', 'GET s3.eu-west-1.amazonaws.com/?x-id=ListBuckets']);

      writeFileSync(join(directory, 'token'), token(EKS, { iat: now() - 60, nbf: now() - 60, exp: now() - 301 }));
      expect(await refusal(new S3Client({ requestHandler: new Handler(internet), maxAttempts: 1 }).send(new ListBucketsCommand({}))))
        .toMatch(/^400 ExpiredTokenException: Token expired: current date\/time \d+ must be before the expiration date\/time \d+$/);
      writeFileSync(join(directory, 'token'), token(EKS, { iat: now() - 1, nbf: now() - 1, exp: now() + 60, sub: `${SUB}2` }));
      expect(await refusal(new S3Client({ requestHandler: new Handler(internet), maxAttempts: 1 }).send(new ListBucketsCommand({}))))
        .toBe('403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity');
      writeFileSync(join(directory, 'token'), token(EKS, { iat: now() - 1, nbf: now() - 1, exp: now() + 60, aud: 'other' }));
      expect(await refusal(new S3Client({ requestHandler: new Handler(internet), maxAttempts: 1 }).send(new ListBucketsCommand({}))))
        .toBe('400 InvalidIdentityTokenException: Incorrect token audience');
    });
  });

  test('goes on to the next role by a profile', async () => {
    const TARGET = `arn:aws:iam::${OTHER_ACCOUNT}:role/target`;
    const target = (ExternalId: string) => [
      role('target', { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: ROLE }, Condition: { StringEquals: { 'sts:ExternalId': ExternalId } } }, {}, OTHER_ACCOUNT),
      resource('aws_iam_role_policy_attachment', { role: 'target', ...READ_S3 }, OTHER_ACCOUNT),
      inline({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: TARGET }),
    ];
    await withEnvironment({ AWS_PROFILE: 'target' }, async directory => {
      writeFileSync(join(directory, 'token'), webToken());
      writeFileSync(join(directory, 'config'), [
        '[profile source]', `role_arn = ${ROLE}`, `web_identity_token_file = ${join(directory, 'token')}`, 'role_session_name = pod',
        '[profile target]', `role_arn = ${TARGET}`, 'source_profile = source', 'external_id = ours', 'role_session_name = next',
      ].join('\n'));
      const { internet } = await setting(target('ours'));
      const through = new S3Client({ requestHandler: new Handler(internet) });
      await expect(through.send(new ListBucketsCommand({}))).resolves.toMatchObject({ Owner: { ID: TARGET } });
      const { internet: other } = await setting(target('theirs'));
      expect(await refusal(new S3Client({ requestHandler: new Handler(other) }).send(new ListBucketsCommand({}))))
        .toBe(`403 AccessDenied: ${USER}sts:AssumeRole on resource: ${TARGET}`);
      const forged = new Handler(internet, request => ({ ...request, body: request.body.replace('Action=AssumeRole&', 'Action=GetCallerIdentity&') }));
      expect(await refusal(new S3Client({ requestHandler: forged, maxAttempts: 1 }).send(new ListBucketsCommand({}))))
        .toMatch(/^403 SignatureDoesNotMatch: /);
    });
  });
});

describe('the policies of the role', () => {
  const list = async (resources: readonly AppliedResource[]) => refusal((await setting(resources)).client.send(new ListBucketsCommand({})));
  const open = async (resources: readonly AppliedResource[], bucket = 'reports') => refusal((await setting(resources)).client.send(new ListObjectsV2Command({ Bucket: bucket })));
  const read = async (resources: readonly AppliedResource[], bucket: string, key: string) =>
    refusal((await setting(resources)).client.send(new GetObjectCommand({ Bucket: bucket, Key: key })));
  const NO_LIST = `403 AccessDenied: ${USER}s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action`;

  test('nothing is allowed without one', async () => {
    expect(await list([])).toBe(NO_LIST);
    expect(await list([attach('arn:aws:iam::aws:policy/IAMReadOnlyAccess')])).toBe(NO_LIST);
    const unlike = (name: string, account = ACCOUNT) => role(name, { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: account } }, {}, account);
    expect(await list([unlike('other'), resource('aws_iam_role_policy_attachment', { role: 'other', ...READ_S3 })])).toBe(NO_LIST);
    expect(await list([unlike('reader', OTHER_ACCOUNT), resource('aws_iam_role_policy_attachment', { role: 'reader', ...READ_S3 }, OTHER_ACCOUNT)])).toBe(NO_LIST);
    expect(await open([])).toBe(`403 AccessDenied: ${USER}s3:ListBucket on resource: "arn:aws:s3:::reports" because no identity-based policy allows the s3:ListBucket action`);
  });

  test('an inline policy, one of the customer\'s own, one within the role, and one by a list of roles', async () => {
    const statement = { Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' };
    const own = resource('aws_iam_policy', { name: 'own', path: '/team/', arn: `arn:aws:iam::${ACCOUNT}:policy/team/own`, policy: policy(statement) });
    expect(await list([inline(statement)])).toBe('allowed');
    expect(await list([inline({ ...statement, Resource: 'arn:aws:s3:::*' })])).toBe('allowed');
    expect(await list([inline({ ...statement, Resource: 'arn:aws:s3:::reports' })])).toBe(NO_LIST);
    expect(await list([own])).toBe(NO_LIST);
    expect(await list([own, attach(`arn:aws:iam::${ACCOUNT}:policy/team/own`)])).toBe('allowed');
    expect(await list([own, resource('aws_iam_policy_attachment', { roles: ['reader'], policy_arn: `arn:aws:iam::${ACCOUNT}:policy/team/own` })])).toBe('allowed');
  });

  test('a denial wins, and a boundary bounds', async () => {
    expect(await list([attach(), inline({ Effect: 'Deny', Action: 's3:List*', Resource: '*' })]))
      .toBe(`403 AccessDenied: ${USER}s3:ListAllMyBuckets with an explicit deny in an identity-based policy`);
    const own = resource('aws_iam_policy', {
      name: 'own', path: '/', arn: `arn:aws:iam::${ACCOUNT}:policy/own`, policy: policy({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }),
    });
    // Of a policy that Terraform did not make nothing is known but that it is there.
    const EXISTING_POLICY = `arn:aws:iam::${ACCOUNT}:policy/there-before`;
    const bounded = (boundary: string) =>
      aws([provider(EKS), own, role('reader', trusts(EKS), { permissions_boundary: boundary }), attach()], { clock: now, existing: [ACCOUNT, EXISTING_POLICY] });
    const verdicts = [
      ['arn:aws:iam::aws:policy/AdministratorAccess', 'allowed'], [EXISTING_POLICY, 'denied'], ['arn:aws:iam::aws:policy/IAMReadOnlyAccess', 'silent'], [`arn:aws:iam::${ACCOUNT}:policy/own`, 'silent'],
    ] as const;
    for (const [boundary, verdict] of verdicts) {
      const { aws: cloud } = bounded(boundary);
      const session = await cloud.sts.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: webToken() });
      expect(cloud.sts.permits(session, 's3:ListAllMyBuckets', 'arn:aws:s3:::*', 'eu-west-1')).toBe(verdict);
    }
  });

  test('one bucket, one prefix', async () => {
    const some = inline({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::reports/a/*' });
    expect(await read([some], 'reports', 'a/1.txt')).toBe('allowed');
    expect(await read([some], 'reports', 'b & c.txt'))
      .toBe(`403 AccessDenied: ${USER}s3:GetObject on resource: "arn:aws:s3:::reports/b & c.txt" because no identity-based policy allows the s3:GetObject action`);
  });

  test('a bucket of another account does not open by the role\'s policy alone', async () => {
    expect(await open([attach()], 'foreign')).toBe(`403 AccessDenied: ${USER}s3:ListBucket on resource: "arn:aws:s3:::foreign" because no resource-based policy allows the s3:ListBucket action`);
  });

  test('what is not there', async () => {
    expect(await open([attach()], 'missing')).toBe('404 NoSuchBucket: The specified bucket does not exist');
    expect(await read([attach()], 'reports', 'missing')).toBe('404 NoSuchKey: The specified key does not exist.');
  });
});

describe('refuses credentials', () => {
  const altered = (headers: Readonly<Record<string, string | undefined>>) => (request: HttpRequest): HttpRequest => {
    const changed = Object.entries({ ...request.headers, ...headers }).filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { ...request, headers: Object.fromEntries(changed) };
  };
  const SIGNATURE = '403 SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided. Check your key and signing method.';
  const TOKEN = '400 InvalidToken: The provided token is malformed or otherwise not valid.';
  test.each<[string, (request: HttpRequest) => HttpRequest, string]>([
    ['that are missing', altered({ authorization: undefined }), '403 AccessDenied: Access Denied'],
    ['that are a bearer token', altered({ authorization: 'Bearer a' }), '400 AuthorizationHeaderMalformed: The authorization header that you provided is not valid.'],
    ['without their session token', altered({ 'x-amz-security-token': undefined }), TOKEN],
    ['with another session token', altered({ 'x-amz-security-token': 'IQoJother' }), TOKEN],
    ['of another key', request => altered({ authorization: request.headers.authorization!.replace(/ASIA[0-9A-F]+/, 'ASIA0000000000000000') })(request), '403 InvalidAccessKeyId: The AWS Access Key Id you provided does not exist in our records.'],
    ['with another signature', request => altered({ authorization: request.headers.authorization!.replace(/[0-9a-f]{64}$/, '0'.repeat(64)) })(request), SIGNATURE],
    ['for another bucket', request => ({ ...request, host: 'logs.s3.eu-west-1.amazonaws.com', headers: { ...request.headers, host: 'logs.s3.eu-west-1.amazonaws.com' } }), SIGNATURE],
    ['for another host than the header says', request => ({ ...request, host: 'logs.s3.eu-west-1.amazonaws.com' }), SIGNATURE],
    ['for another path', request => ({ ...request, path: request.path.replace('/?', '/a?') }), SIGNATURE],
    ['for another query', request => ({ ...request, path: `${request.path}&prefix=a` }), SIGNATURE],
    ['for another method', request => ({ ...request, method: 'DELETE' }), SIGNATURE],
    ['for another body', request => ({ ...request, body: 'a' }), SIGNATURE],
    ['for another time', altered({ 'x-amz-date': '20260101T000000Z' }), SIGNATURE],
    ['that do not sign the host', request => altered({ authorization: request.headers.authorization!.replace('host;', '') })(request), SIGNATURE],
    ['of another region', request => ({ ...request, host: 'reports.s3.us-east-1.amazonaws.com' }), '400 AuthorizationHeaderMalformed: The authorization header is malformed; the region or the service is wrong.'],
  ])('%s', async (_, changed, message) => {
    const { client } = await setting([attach()], changed);
    expect(await refusal(client.send(new ListObjectsV2Command({ Bucket: 'reports' })))).toBe(message);
  });

  test('that are expired, of a clock that is wrong, and of a role that is gone', async () => {
    let skew = 0;
    const { aws: cloud, internet } = aws([provider(EKS), role('reader', trusts(EKS)), attach()], { clock: () => now() + skew });
    const { credentials } = await cloud.sts.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: webToken(), durationSeconds: 900 });
    const client = clientOf(new Handler(internet), credentials);
    const ask = async () => refusal(client.send(new ListBucketsCommand({})));
    expect(await ask()).toBe('allowed');
    skew = 890;
    expect(await ask()).toBe('allowed');
    skew = 900;
    expect(await ask()).toBe('400 ExpiredToken: The provided token has expired.');
    skew = 1000;
    expect(await ask()).toBe('403 RequestTimeTooSkewed: The difference between the request time and the current time is too large.');
    skew = 0;
    cloud.apply({ resources: [provider(EKS)], outputs: {} });
    expect(await ask()).toBe('400 ExpiredToken: The provided token has expired.');
  });

  test('for operations that are not on objects', async () => {
    const { internet, cloud } = await setting([attach('arn:aws:iam::aws:policy/AdministratorAccess')]);
    const { credentials } = await cloud.sts.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: webToken() });
    const { DeleteBucketCommand, GetBucketPolicyCommand, GetObjectAclCommand } = await import('@aws-sdk/client-s3');
    const client = clientOf(new Handler(internet), credentials);
    expect(await refusal(client.send(new DeleteBucketCommand({ Bucket: 'reports' })))).toBe('405 MethodNotAllowed: The specified method is not allowed against this resource.');
    const NOT_IMPLEMENTED = '501 NotImplemented: A header or query you provided requested a function that is not implemented.';
    expect(await refusal(client.send(new GetBucketPolicyCommand({ Bucket: 'reports' })))).toBe(NOT_IMPLEMENTED);
    expect(await refusal(client.send(new GetObjectAclCommand({ Bucket: 'reports', Key: 'a/1.txt' })))).toBe(NOT_IMPLEMENTED);
  });
});

describe('writing', () => {
  const on = (Action: string | readonly string[], Resource = 'arn:aws:s3:::reports/a/*') => inline({ Effect: 'Allow', Action, Resource });
  const PUT = ['s3:PutObject', 's3:AbortMultipartUpload'];
  const put = (Key: string, Bucket = 'reports') => new PutObjectCommand({ Bucket, Key, Body: 'written' });
  const denied = (action: string, key: string) =>
    `403 AccessDenied: ${USER}${action} on resource: "arn:aws:s3:::${key}" because no identity-based policy allows the ${action} action`;
  const PART = { Bucket: 'reports', Key: 'a/parts.txt' };
  const NO_UPLOAD = '404 NoSuchUpload: The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';

  test('puts, overwrites and deletes what the role may, and keeps it', async () => {
    const { client, cloud, handler } = await setting([on(['s3:PutObject', 's3:DeleteObject'])]);
    await expect(client.send(put('a/2 & 3.txt'))).resolves.toMatchObject({ ETag: '"9cc26fa09ce37bc95afe01bc718836d1"' });
    await client.send(put('a/1.txt'));
    expect([...cloud.objectsIn('reports')]).toEqual([['a/1.txt', 'written'], ['b & c.txt', 'two'], ['a/2 & 3.txt', 'written']]);
    for (const Key of ['a/1.txt', 'a/missing.txt']) await client.send(new DeleteObjectCommand({ Bucket: 'reports', Key }));
    expect([...cloud.objectsIn('reports')]).toEqual([['b & c.txt', 'two'], ['a/2 & 3.txt', 'written']]);
    expect(handler.answers.map(({ status }) => status)).toEqual([200, 200, 204, 204]);
    expect(handler.answers.map(({ headers }) => headers?.[CALLER_HEADER])).toEqual([ROLE, ROLE, ROLE, ROLE]);
    cloud.apply({ resources: [provider(EKS), role('reader', trusts(EKS))], outputs: {} });
    expect(cloud.objectsIn('reports').get('a/2 & 3.txt')).toBe('written');
  });

  test('uploads in parts, with the permission to put alone', async () => {
    const { client, cloud } = await setting([on('s3:PutObject')]);
    const first = 'a'.repeat(5 * 1024 * 1024);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(PART));
    const Parts = await Promise.all([first, 'b'].map(async (Body, index) => {
      const { ETag } = await client.send(new UploadPartCommand({ ...PART, UploadId, PartNumber: index + 1, Body }));
      return { ETag, PartNumber: index + 1 };
    }));
    expect(cloud.objectsIn('reports').has('a/parts.txt')).toBe(false);
    await expect(client.send(new CompleteMultipartUploadCommand({ ...PART, UploadId, MultipartUpload: { Parts } })))
      .resolves.toMatchObject({ Bucket: 'reports', Key: 'a/parts.txt', ETag: expect.stringMatching(/^"[0-9a-f]{32}-2"$/) });
    expect(cloud.objectsIn('reports').get('a/parts.txt')).toBe(`${first}b`);
    expect(await refusal(client.send(new CompleteMultipartUploadCommand({ ...PART, UploadId, MultipartUpload: { Parts } })))).toBe(NO_UPLOAD);
    const again = await client.send(new CreateMultipartUploadCommand(PART));
    expect(await refusal(client.send(new AbortMultipartUploadCommand({ ...PART, UploadId: again.UploadId })))).toBe(denied('s3:AbortMultipartUpload', 'reports/a/parts.txt'));
  });

  test('gives an upload up', async () => {
    const { client } = await setting([on(PUT)]);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(PART));
    expect(await refusal(client.send(new AbortMultipartUploadCommand({ ...PART, UploadId })))).toBe('allowed');
    expect(await refusal(client.send(new UploadPartCommand({ ...PART, UploadId, PartNumber: 1, Body: 'a' })))).toBe(NO_UPLOAD);
  });

  test.each<[string, readonly { readonly Body: string; readonly PartNumber: number; readonly ETag?: string }[], string]>([
    ['no part', [], '400 MalformedXML: The XML you provided was not well-formed or did not validate against our published schema'],
    ['a small part before the last', [{ Body: 'a', PartNumber: 1 }, { Body: 'b', PartNumber: 2 }], '400 EntityTooSmall: Your proposed upload is smaller than the minimum allowed size'],
    ['parts in another order', [{ Body: 'a', PartNumber: 2 }, { Body: 'b', PartNumber: 1 }], '400 InvalidPartOrder: The list of parts was not in ascending order. Parts must be ordered by part number.'],
    ['a part that is another', [{ Body: 'a', PartNumber: 1, ETag: '"0cc175b9c0f1b6a831c399e269772662"' }],
      '400 InvalidPart: One or more of the specified parts could not be found. The part may not have been uploaded, or the specified entity tag may not match the part\'s entity tag.'],
  ])('refuses to complete an upload with %s', async (_, parts, message) => {
    const { client, cloud } = await setting([on(PUT)]);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(PART));
    const Parts = await Promise.all(parts.map(async ({ Body, PartNumber, ETag }) => {
      const uploaded = await client.send(new UploadPartCommand({ ...PART, UploadId, PartNumber, Body }));
      return { PartNumber, ETag: ETag ?? uploaded.ETag };
    }));
    expect(await refusal(client.send(new CompleteMultipartUploadCommand({ ...PART, UploadId, MultipartUpload: { Parts } })))).toBe(message);
    expect(cloud.objectsIn('reports').has('a/parts.txt')).toBe(false);
  });

  test('refuses whoever may only read, and each write without its own permission', async () => {
    const reader = await setting([attach()]);
    const upload = new CreateMultipartUploadCommand(PART);
    expect(await refusal(reader.client.send(put('a/1.txt')))).toBe(denied('s3:PutObject', 'reports/a/1.txt'));
    expect(await refusal(reader.client.send(upload))).toBe(denied('s3:PutObject', 'reports/a/parts.txt'));
    expect(await refusal(reader.client.send(new DeleteObjectCommand({ Bucket: 'reports', Key: 'a/1.txt' })))).toBe(denied('s3:DeleteObject', 'reports/a/1.txt'));
    expect([...reader.cloud.objectsIn('reports')]).toEqual([['a/1.txt', 'one'], ['b & c.txt', 'two']]);
    const putter = await setting([on(PUT)]);
    expect(await refusal(putter.client.send(new DeleteObjectCommand({ Bucket: 'reports', Key: 'a/1.txt' })))).toBe(denied('s3:DeleteObject', 'reports/a/1.txt'));
    expect(await refusal(putter.client.send(new GetObjectCommand({ Bucket: 'reports', Key: 'a/1.txt' })))).toBe(denied('s3:GetObject', 'reports/a/1.txt'));
    const deleter = await setting([on('s3:DeleteObject')]);
    expect(await refusal(deleter.client.send(put('a/1.txt')))).toBe(denied('s3:PutObject', 'reports/a/1.txt'));
  });

  test('refuses what is outside the prefix, in another bucket, in another account, or in no bucket', async () => {
    const { client } = await setting([on('s3:PutObject')]);
    expect(await refusal(client.send(put('b/1.txt')))).toBe(denied('s3:PutObject', 'reports/b/1.txt'));
    expect(await refusal(client.send(put('a/1.txt', 'logs')))).toBe(denied('s3:PutObject', 'logs/a/1.txt'));
    const { client: everywhere } = await setting([on('s3:*', '*')]);
    expect(await refusal(everywhere.send(put('x', 'foreign')))).toBe(`403 AccessDenied: ${USER}s3:PutObject on resource: "arn:aws:s3:::foreign/x" because no resource-based policy allows the s3:PutObject action`);
    expect(await refusal(everywhere.send(put('x', 'missing')))).toBe('404 NoSuchBucket: The specified bucket does not exist');
  });

  test('refuses an upload that another role began, and one of another key', async () => {
    const writer = role('writer', trusts(EKS));
    const { client, cloud, handler } = await setting([on(PUT), writer, resource('aws_iam_role_policy', { name: 'w', role: 'writer', policy: policy({ Effect: 'Allow', Action: 's3:*', Resource: '*' }) })]);
    const { credentials } = await cloud.sts.assumeRoleWithWebIdentity({ roleArn: ROLE.replace('reader', 'writer'), roleSessionName: 'pod', token: webToken() });
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(PART));
    expect(await refusal(clientOf(handler, credentials).send(new UploadPartCommand({ ...PART, UploadId, PartNumber: 1, Body: 'a' })))).toBe('403 AccessDenied: Access Denied');
    expect(await refusal(client.send(new UploadPartCommand({ ...PART, Key: 'a/other.txt', UploadId, PartNumber: 1, Body: 'a' })))).toBe(NO_UPLOAD);
    expect(await refusal(client.send(new UploadPartCommand({ ...PART, UploadId, PartNumber: 10_001, Body: 'a' }))))
      .toBe('400 InvalidArgument: Part number must be an integer between 1 and 10000, inclusive');
  });

  test('refuses a body that is not the one of its checksum', async () => {
    const { client, cloud } = await setting([on('s3:PutObject')]);
    expect(await refusal(client.send(new PutObjectCommand({ Bucket: 'reports', Key: 'a/1.txt', Body: 'written', ChecksumCRC32: 'AAAAAA==' }))))
      .toBe('400 BadDigest: The CRC32 you specified did not match the calculated checksum.');
    expect(cloud.objectsIn('reports').get('a/1.txt')).toBe('one');
  });

  const PUT_ONE = { Bucket: 'reports', Key: 'a/1.txt', Body: 'written' };
  test.each<[string, (client: S3Client) => Promise<unknown>]>([
    ['an ACL', client => client.send(new PutObjectCommand({ ...PUT_ONE, ACL: 'public-read' }))],
    ['tags', client => client.send(new PutObjectCommand({ ...PUT_ONE, Tagging: 'a=b' }))],
    ['a key of KMS', client => client.send(new PutObjectCommand({ ...PUT_ONE, ServerSideEncryption: 'aws:kms' }))],
    ['a lock', client => client.send(new PutObjectCommand({ ...PUT_ONE, ObjectLockLegalHoldStatus: 'ON' }))],
    ['a condition', client => client.send(new PutObjectCommand({ ...PUT_ONE, IfNoneMatch: '*' }))],
    ['a copy', client => client.send(new CopyObjectCommand({ Bucket: 'reports', Key: 'a/1.txt', CopySource: 'reports/b' }))],
    ['a version', client => client.send(new DeleteObjectCommand({ Bucket: 'reports', Key: 'a/1.txt', VersionId: '1' }))],
    ['tags afterwards', client => client.send(new PutObjectTaggingCommand({ Bucket: 'reports', Key: 'a/1.txt', Tagging: { TagSet: [] } }))],
    ['a list of parts', client => client.send(new ListPartsCommand({ ...PART, UploadId: 'any' }))],
  ])('refuses %s, of which nothing is known here', async (_, send) => {
    const { client, cloud } = await setting([on('s3:*', '*')]);
    expect(await refusal(send(client))).toBe('501 NotImplemented: A header or query you provided requested a function that is not implemented.');
    expect(cloud.objectsIn('reports').get('a/1.txt')).toBe('one');
  });

  test('refuses to delete many at once', async () => {
    const { client } = await setting([on('s3:*', '*')]);
    expect(await refusal(client.send(new DeleteObjectsCommand({ Bucket: 'reports', Delete: { Objects: [{ Key: 'a/1.txt' }] } })))).toMatch(/^501 NotImplemented: /);
  });
});

describe('STS over HTTP', () => {
  const { aws: cloud, internet } = aws([provider(EKS), role('reader', trusts(EKS)), role('other', trusts(EKS, ACCOUNT, { sub: 'system:serviceaccount:a:b' }))], { clock: now });
  const form = (parameters: Readonly<Record<string, string>>) => new URLSearchParams({ Version: '2011-06-15', ...parameters }).toString();
  const post = async (body: string, host = 'sts.amazonaws.com') => internet.fetch({ url: `https://${host}/`, method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
  const assume = () => ({ Action: 'AssumeRoleWithWebIdentity', RoleArn: ROLE, RoleSessionName: 'pod', WebIdentityToken: webToken() });

  test.each(['sts.amazonaws.com', 'sts.eu-west-1.amazonaws.com', 'sts.us-gov-west-1.amazonaws.com'])('answers as the document shows, at %s', async host => {
    const { status, headers, body } = await post(form(assume()), host);
    expect(status).toBe(200);
    expect(headers).toEqual({ 'content-type': 'text/xml', 'x-amzn-requestid': expect.any(String) });
    expect(body.replace(/(<(AccessKeyId|SecretAccessKey|SessionToken|Expiration|RequestId)>)[^<]+/g, '$1')).toBe([
      '<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">', '  <AssumeRoleWithWebIdentityResult>',
      '    <Audience>sts.amazonaws.com</Audience>', '    <AssumedRoleUser>', `      <AssumedRoleId>${body.match(/AROA[0-9A-F]{17}/)![0]}:pod</AssumedRoleId>`,
      `      <Arn>arn:aws:sts::${ACCOUNT}:assumed-role/reader/pod</Arn>`, '    </AssumedRoleUser>', '    <Credentials>', '      <AccessKeyId></AccessKeyId>',
      '      <SecretAccessKey></SecretAccessKey>', '      <SessionToken></SessionToken>', '      <Expiration></Expiration>', '    </Credentials>',
      `    <Provider>arn:aws:iam::${ACCOUNT}:oidc-provider/${EKS.replace('https://', '')}</Provider>`, `    <SubjectFromWebIdentityToken>${SUB}</SubjectFromWebIdentityToken>`,
      '  </AssumeRoleWithWebIdentityResult>', '  <ResponseMetadata>', '    <RequestId></RequestId>', '  </ResponseMetadata>', '</AssumeRoleWithWebIdentityResponse>', '',
    ].join('\n'));
  });

  test.each<[string, () => string, number, string, string]>([
    ['a role that does not trust', () => form({ ...assume(), RoleArn: ROLE.replace('reader', 'other') }), 403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity'],
    ['text with marks of XML', () => form({ ...assume(), RoleSessionName: '<a>&' }), 400, 'ValidationError', '1 validation error detected: Value &#39;&#60;a&#62;&#38;&#39; at &#39;roleSessionName&#39; failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*'],
    ['no token', () => form({ Action: 'AssumeRoleWithWebIdentity', RoleArn: ROLE, RoleSessionName: 'pod' }), 400, 'ValidationError', '1 validation error detected: Value null at &#39;webIdentityToken&#39; failed to satisfy constraint: Member must not be null'],
    ['a provider of access tokens', () => form({ ...assume(), ProviderId: 'graph.facebook.com' }), 403, 'IDPRejectedClaim', 'The identity provider (IdP) reported that authentication failed. This might be because the claim is invalid.'],
    ['a session policy', () => form({ ...assume(), Policy: '{}' }), 400, 'ValidationError', 'Policy is not supported here.'],
    ['a parameter twice', () => `${form(assume())}&RoleArn=${encodeURIComponent(ROLE)}`, 400, 'MalformedInput', 'A parameter is there twice.'],
    ['a duration that is no number', () => form({ ...assume(), DurationSeconds: '1e3' }), 400, 'MalformedInput', 'DurationSeconds is not a number'],
    ['another version', () => form({ ...assume(), Version: '2011-06-16' }), 400, 'InvalidAction', 'Could not find operation AssumeRoleWithWebIdentity for version 2011-06-16'],
    ['another action', () => form({ Action: 'GetSessionToken' }), 400, 'InvalidAction', 'Could not find operation GetSessionToken for version 2011-06-15'],
    ['a caller without credentials', () => form({ Action: 'GetCallerIdentity' }), 403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'],
    ['a chain without credentials', () => form({ Action: 'AssumeRole', RoleArn: ROLE, RoleSessionName: 'pod' }), 403, 'MissingAuthenticationToken', 'Request is missing Authentication Token'],
  ])('refuses %s', async (_, body, status, code, message) => {
    const answer = await post(body());
    expect(answer.status).toBe(status);
    expect(answer.body.replace(/<RequestId>[^<]+/, '<RequestId>'))
      .toBe(`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n  <Error>\n    <Type>Sender</Type>\n    <Code>${code}</Code>\n    <Message>${message}</Message>\n  </Error>\n  <RequestId></RequestId>\n</ErrorResponse>\n`);
  });

  test('says who calls, by a signature of its own making', async () => {
    const { credentials } = await cloud.sts.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: webToken() });
    const body = form({ Action: 'GetCallerIdentity' });
    const ask = async (region: string, host: string, wrong: ToSign['wrong'] = {}) => {
      const headers = signed({ host, body, region, credentials, wrong });
      return internet.send({ method: 'POST', host, path: '/', headers, body });
    };
    const answer = await ask('eu-west-1', 'sts.eu-west-1.amazonaws.com');
    expect(answer.status).toBe(200);
    expect(answer.body).toContain(`    <Arn>arn:aws:sts::${ACCOUNT}:assumed-role/reader/pod</Arn>\n    <UserId>AROA`);
    expect(answer.body).toContain(`    <Account>${ACCOUNT}</Account>\n`);
    expect((await ask('us-east-1', 'sts.amazonaws.com')).status).toBe(200);
    expect((await ask('us-east-1', 'sts.eu-west-1.amazonaws.com')).body).toContain('<Code>SignatureDoesNotMatch</Code>');
    for (const wrong of [{ unsigned: 'host' }, { unsigned: 'x-amz-date' }, { unsigned: 'x-amz-security-token' }, { day: '20260101' }, { service: 's3' }, { service: 'iam' }]) {
      expect((await ask('us-east-1', 'sts.amazonaws.com', wrong)).body).toContain('<Code>SignatureDoesNotMatch</Code>');
    }
  });

  test('stands at no other host', async () => {
    await expect(post(form(assume()), 'sts.eu-west-1.amazonaws.com.attacker.example')).rejects.toThrow('ENOTFOUND');
    await expect(post(form(assume()), 'sts.eu-west.amazonaws.com')).rejects.toThrow('ENOTFOUND');
  });

  test('is an error of its own in the process', async () => {
    const answer = await cloud.assumeRoleWithWebIdentity({ roleArn: ROLE, roleSessionName: 'pod', token: 'none' });
    expect(answer).toBeInstanceOf(AwsError);
  });
});

import { accountMember, bucketMember, EMAIL, pool, POOL, PRINCIPAL, projectMember, resource, serviceAccount, TestGoogle, tokenOf } from './fixture';
import { CALLER_HEADER } from '../../model';

const BUCKET = resource('google_storage_bucket', { name: 'acme-reports', project: 'acme-apps', location: 'europe-west1', uniform_bucket_level_access: true });
const OBJECTS = ['2025/a.csv', '2025/b.csv', 'index.csv'].map(name => resource('google_storage_bucket_object', { bucket: 'acme-reports', name, content: `content of ${name}` }));

const error = (code: number, message: string, reason: string, location = {}) =>
  ({ status: code, body: { error: { code, message, errors: [{ message, domain: 'global', reason, ...location }] } } });
const denied = (caller: string, permission: string, what = 'Google Cloud Storage bucket') =>
  error(403, `${caller} does not have ${permission} access to the ${what}. Permission '${permission}' denied on resource (or it may not exist).`, 'forbidden');

async function answer(google: TestGoogle, path: string, token?: string) {
  const { status, body } = await google.storage(path, token ?? await google.federated());
  return { status, body };
}

const names = (body: { items?: { name: string }[] }) => body.items?.map(({ name }) => name);

describe('a federated principal', () => {
  const google = new TestGoogle(...pool(), BUCKET, ...OBJECTS, bucketMember(PRINCIPAL));

  test('lists and reads what its role lets it, and is named in every answer', async () => {
    const token = await google.federated();
    const listed = await google.storage('/storage/v1/b/acme-reports/o', token);
    expect({ status: listed.status, names: names(listed.body), caller: listed.headers[CALLER_HEADER] })
      .toEqual({ status: 200, names: ['2025/a.csv', '2025/b.csv', 'index.csv'], caller: PRINCIPAL });
    expect((await answer(google, '/storage/v1/b/acme-reports/o/2025%2Fa.csv?alt=media')).body).toBe('content of 2025/a.csv');
    expect((await answer(google, '/download/storage/v1/b/acme-reports/o/index.csv')).body).toBe('content of index.csv');
    expect((await answer(google, '/storage/v1/b/acme-reports/o/index.csv')).body).toMatchObject({ kind: 'storage#object', name: 'index.csv', size: '20' });
    const folders = await answer(google, '/storage/v1/b/acme-reports/o?delimiter=/');
    expect({ prefixes: folders.body.prefixes, names: names(folders.body) }).toEqual({ prefixes: ['2025/'], names: ['index.csv'] });
    expect(names((await answer(google, '/storage/v1/b/acme-reports/o?prefix=2025/&delimiter=/')).body)).toEqual(['2025/a.csv', '2025/b.csv']);
    expect((await answer(google, '/storage/v1/b/acme-reports/storageLayout')).body).toMatchObject({ kind: 'storage#storageLayout', bucket: 'acme-reports' });
    const refused = await google.storage('/storage/v1/b/acme-reports', token);
    expect(refused.headers[CALLER_HEADER]).toBe(PRINCIPAL);
  });

  test.each<[string, string, unknown]>([
    ['the bucket itself', '/storage/v1/b/acme-reports', denied(PRINCIPAL, 'storage.buckets.get')],
    ['the buckets of the project', '/storage/v1/b?project=acme-apps', denied(PRINCIPAL, 'storage.buckets.list', 'Google Cloud project')],
    ['the buckets of no project', '/storage/v1/b', error(400, 'Required parameter: project', 'required', { locationType: 'parameter', location: 'project' })],
    ['a bucket that does not exist', '/storage/v1/b/acme-other/o', error(404, 'The specified bucket does not exist.', 'notFound')],
    ['an object that does not exist', '/storage/v1/b/acme-reports/o/none.csv', error(404, 'No such object: acme-reports/none.csv', 'notFound')],
    ['a path of which nothing is known', '/storage/v1/b/acme-reports/acl', error(404, 'Not Found', 'notFound')],
    ['a name that cannot be read', '/storage/v1/b/%ff/o', error(404, 'The specified bucket does not exist.', 'notFound')],
  ])('refuses %s', async (_, path, expected) => {
    expect(await answer(google, path)).toEqual(expected);
  });

  const OTHER_POOL = resource('google_iam_workload_identity_pool', { name: POOL.replace('oidc-onprem', 'oidc-other') });

  test.each<[string, Parameters<typeof bucketMember>]>([
    ['another subject', [`${PRINCIPAL}-2`]], ['the subject of another pool', [PRINCIPAL.replace('oidc-onprem', 'oidc-other')]], ['an account', [`serviceAccount:${EMAIL}`]],
    ['who has a Google account', ['allAuthenticatedUsers']], ['a namespace of the pool', [`principalSet://iam.googleapis.com/${POOL}/attribute.namespace/reports`]],
    ['the subject for writing', [PRINCIPAL, 'roles/storage.objectCreator']], ['the subject for the bucket alone', [PRINCIPAL, 'roles/storage.bucketViewer']],
  ])('refuses the subject where the bucket is for %s', async (_, grant) => {
    expect(await answer(new TestGoogle(...pool(), OTHER_POOL, serviceAccount(), BUCKET, bucketMember(...grant)), '/storage/v1/b/acme-reports/o')).toEqual(denied(PRINCIPAL, 'storage.objects.list'));
  });

  test.each([
    ['everyone of the pool', [bucketMember(`principalSet://iam.googleapis.com/${POOL}/*`)]], ['everybody', [bucketMember('allUsers')]],
    ['the subject as an administrator', [bucketMember(PRINCIPAL, 'roles/storage.admin')]], ['the subject in the whole project', [projectMember(PRINCIPAL, 'roles/storage.objectViewer')]],
    ['the subject in a binding', [resource('google_storage_bucket_iam_binding', { bucket: 'acme-reports', role: 'roles/storage.objectViewer', members: [PRINCIPAL] })]],
    ['the subject in a policy', [resource('google_storage_bucket_iam_policy', {
      bucket: 'acme-reports', policy_data: JSON.stringify({ bindings: [{ role: 'roles/storage.legacyBucketReader', members: [PRINCIPAL] }] }),
    })]],
  ])('lists a bucket that is for %s', async (_, grants) => {
    expect(await answer(new TestGoogle(...pool(), BUCKET, ...grants), '/storage/v1/b/acme-reports/o')).toMatchObject({ status: 200 });
  });

  test('refuses to read an object to who may only list, and to list to who may only read', async () => {
    const lister = new TestGoogle(...pool(), BUCKET, bucketMember(PRINCIPAL, 'roles/storage.legacyBucketReader'));
    expect(await answer(lister, '/storage/v1/b/acme-reports/o')).toMatchObject({ status: 200 });
    expect(await answer(lister, '/storage/v1/b/acme-reports/o/report.txt')).toEqual(denied(PRINCIPAL, 'storage.objects.get', 'Google Cloud Storage object'));
    const reader = new TestGoogle(...pool(), BUCKET, bucketMember(PRINCIPAL, 'roles/storage.legacyObjectReader'));
    expect(await answer(reader, '/storage/v1/b/acme-reports/o/report.txt')).toMatchObject({ status: 200 });
    expect(await answer(reader, '/storage/v1/b/acme-reports/storageLayout')).toEqual(denied(PRINCIPAL, 'storage.objects.list'));
  });

  test('refuses a bucket without uniform access, which federated identities do not reach', async () => {
    const plain = resource('google_storage_bucket', { ...BUCKET.values, uniform_bucket_level_access: null });
    const granted = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL), plain, projectMember(PRINCIPAL, 'roles/storage.objectViewer'), bucketMember(`serviceAccount:${EMAIL}`));
    expect(await answer(granted, '/storage/v1/b/acme-reports/o')).toEqual(denied(PRINCIPAL, 'storage.objects.list'));
    const { body: { accessToken } } = await granted.impersonate(await granted.federated());
    expect(await answer(granted, '/storage/v1/b/acme-reports/o', accessToken)).toMatchObject({ status: 200 });
  });

  test('refuses a bucket that existed before and is not known to have uniform access', async () => {
    const grant = resource('google_project_iam_member', { project: 'acme-data', role: 'roles/storage.objectViewer', member: PRINCIPAL });
    expect(await answer(new TestGoogle(...pool(), grant), '/storage/v1/b/acme-plain/o')).toEqual(denied(PRINCIPAL, 'storage.objects.list'));
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH'])('refuses to be told something by %s', async method => {
    const { status, body } = await google.ask('https://storage.googleapis.com/storage/v1/b/acme-reports/o', { method, headers: { authorization: `Bearer ${await google.federated()}` } });
    expect({ status, body }).toEqual(error(404, 'Not Found', 'notFound'));
  });

  test('finds a bucket that existed before', async () => {
    const { status, body } = await answer(new TestGoogle(...pool(), bucketMember(PRINCIPAL)), '/storage/v1/b/acme-reports/o');
    expect({ status, names: names(body) }).toEqual({ status: 200, names: ['report.txt'] });
  });
});

describe('a service account', () => {
  const google = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL), BUCKET, resource('google_storage_bucket', { ...BUCKET.values, name: 'acme-data', project: 'acme-data' }),
    projectMember(`serviceAccount:${EMAIL}`, 'roles/storage.admin'));
  const accessToken = async (body?: unknown) => (await google.impersonate(await google.federated(), body)).body.accessToken;

  test('lists the buckets of its project, named by id or number, and is named as itself', async () => {
    for (const project of ['acme-apps', '123456789']) {
      const { status, body, headers } = await google.storage(`/storage/v1/b?project=${project}`, await accessToken());
      expect({ status, names: names(body), caller: headers[CALLER_HEADER] }).toEqual({ status: 200, names: ['acme-reports'], caller: `serviceAccount:${EMAIL}` });
    }
    expect((await answer(google, '/storage/v1/b/acme-reports', await accessToken())).body).toMatchObject({ name: 'acme-reports', projectNumber: '123456789', location: 'EUROPE-WEST1' });
  });

  test('refuses the buckets of another project, and one in it', async () => {
    expect(await answer(google, '/storage/v1/b?project=acme-data', await accessToken())).toEqual(denied(EMAIL, 'storage.buckets.list', 'Google Cloud project'));
    expect(await answer(google, '/storage/v1/b/acme-data/o/report.txt', await accessToken())).toEqual(denied(EMAIL, 'storage.objects.get', 'Google Cloud Storage object'));
  });

  test('refuses the principal that may only become the account', async () => {
    expect(await answer(google, '/storage/v1/b/acme-reports/o')).toEqual(denied(PRINCIPAL, 'storage.objects.list'));
  });

  test('refuses a token for other scopes', async () => {
    expect(await answer(google, '/storage/v1/b/acme-reports/o', await accessToken({ scope: ['https://www.googleapis.com/auth/pubsub'] })))
      .toEqual(error(403, 'Provided scope(s) are not authorized', 'forbidden'));
  });
});

describe('writing', () => {
  const UPLOAD = '/upload/storage/v1/b/acme-reports/o';
  const MULTIPART = { 'content-type': 'multipart/related; boundary=xyz' };
  const multipart = (metadata: object, content: string) => `--xyz\r\nContent-Type: application/json\r\n\r\n${JSON.stringify(metadata)}\r\n--xyz\r\nContent-Type: text/plain\r\n\r\n${content}\r\n--xyz--`;
  const invalid = (message: string) => error(400, message, 'invalid');
  const forbidden = (permission: string) => denied(PRINCIPAL, permission, 'Google Cloud Storage object');

  /** A subject with a role on the bucket, and what it tells the service. */
  async function writer(role: string, scope?: string) {
    const google = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL), BUCKET, ...OBJECTS, bucketMember(PRINCIPAL, role), bucketMember(`serviceAccount:${EMAIL}`, role));
    const federated = await google.federated();
    const token = scope === undefined ? federated : (await google.impersonate(federated, { scope: [scope] })).body.accessToken;
    const tell = async (method: string, path: string, body = '', headers = {}, bearer = token) => {
      const { status, body: said, headers: answered } = await google.ask(`https://storage.googleapis.com${path}`, { method, body, headers: { authorization: `Bearer ${bearer}`, ...headers } });
      return { status, body: said, location: answered.location?.replace('https://storage.googleapis.com', '') };
    };
    const upload = (metadata: object, content = 'written', query = '') => tell('POST', `${UPLOAD}?uploadType=multipart${query}`, multipart(metadata, content), MULTIPART);
    const remove = (name: string) => tell('DELETE', `/storage/v1/b/acme-reports/o/${encodeURIComponent(name)}`);
    return { google, tell, upload, remove, objects: () => Object.fromEntries(google.google.buckets.find('acme-reports')!.objects) };
  }
  const before = Object.fromEntries(OBJECTS.map(({ values: { name, content } }) => [name, content]));

  test('a creator stores what is not there, and what is there is neither replaced, deleted nor read', async () => {
    const { google, tell, upload, remove, objects } = await writer('roles/storage.objectCreator');
    expect(await upload({ name: '2026/ä.csv' })).toMatchObject({ status: 200, body: { name: '2026/ä.csv', size: '7', crc32c: 'CgFbzQ==', md5Hash: 'nMJvoJzje8la/gG8cYg20Q==' } });
    expect(await upload({ name: 'index.csv' })).toMatchObject(forbidden('storage.objects.delete'));
    expect(await tell('POST', `${UPLOAD}?uploadType=resumable&name=index.csv`)).toMatchObject(forbidden('storage.objects.delete'));
    expect(await remove('index.csv')).toMatchObject(forbidden('storage.objects.delete'));
    expect(await answer(google, '/storage/v1/b/acme-reports/o/index.csv?alt=media')).toEqual(forbidden('storage.objects.get'));
    expect(objects()).toEqual({ ...before, '2026/ä.csv': 'written' });
  });

  test.each(['roles/storage.objectUser', 'roles/storage.objectAdmin', 'roles/storage.admin', 'roles/storage.legacyBucketWriter'])('%s stores, replaces and deletes', async role => {
    const { upload, remove, objects } = await writer(role);
    expect([(await upload({}, 'new', '&name=new.csv')).status, (await upload({ name: 'index.csv' })).status, (await remove('2025/a.csv')).status]).toEqual([200, 200, 204]);
    expect(objects()).toEqual({ '2025/b.csv': before['2025/b.csv'], 'index.csv': 'written', 'new.csv': 'new' });
    expect(await remove('2025/a.csv')).toMatchObject(error(404, 'No such object: acme-reports/2025/a.csv', 'notFound'));
  });

  test.each(['roles/storage.objectViewer', 'roles/storage.legacyObjectOwner', 'roles/storage.bucketViewer', 'roles/storage.legacyBucketReader'])('refuses %s', async role => {
    const { tell, upload, remove, objects } = await writer(role);
    expect(await upload({ name: 'new.csv' })).toMatchObject(forbidden('storage.objects.create'));
    expect(await tell('POST', `${UPLOAD}?uploadType=resumable&name=new.csv`)).toMatchObject(forbidden('storage.objects.create'));
    expect(await remove('index.csv')).toMatchObject(forbidden('storage.objects.delete'));
    expect(objects()).toEqual(before);
  });

  test('an upload that is begun is completed by who began it, once, and with what may be stored then', async () => {
    const { google, tell, upload, objects } = await writer('roles/storage.objectCreator');
    const begin = async (name: string) => (await tell('POST', `${UPLOAD}?uploadType=resumable&name=${name}`, JSON.stringify({ contentType: 'text/plain' }))).location!;
    const [first, second] = [await begin('new.csv'), await begin('late.csv')];
    const other = (await google.impersonate(await google.federated())).body.accessToken;
    const NOT_FOUND = error(404, 'Not Found', 'notFound');
    expect(await tell('PUT', first, 'stolen', {}, other)).toMatchObject(NOT_FOUND);
    expect(await tell('PUT', first.replace('acme-reports', 'acme-plain'), 'written')).toMatchObject(NOT_FOUND);
    expect(await tell('PUT', first, 'wri', { 'content-range': 'bytes 0-2/7' })).toMatchObject(invalid('Failed to parse Content-Range header.'));
    expect((await tell('PUT', first, 'written', { 'content-range': 'bytes 0-6/7' })).status).toBe(200);
    expect(await tell('PUT', first, 'written', { 'content-range': 'bytes 0-*/*' })).toMatchObject(NOT_FOUND);
    await upload({ name: 'late.csv' }, 'first');
    expect(await tell('PUT', second, 'written')).toMatchObject(forbidden('storage.objects.delete'));
    expect(objects()).toEqual({ ...before, 'new.csv': 'written', 'late.csv': 'first' });
  });

  test.each<[string, object, string, string, unknown]>([
    ['a sum of something else', { name: 'new.csv', crc32c: 'AAAAAA==' }, '', '', invalid('Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "CgFbzQ==".')],
    ['a hash of something else', { name: 'new.csv', md5Hash: 'AA==' }, '', '', invalid('Provided MD5 hash "AA==" doesn\'t match calculated MD5 hash "nMJvoJzje8la/gG8cYg20Q==".')],
    ['no name', {}, '', '', error(400, 'Required', 'required')],
    ['two names', { name: 'new.csv' }, '&name=other.csv', '', error(400, 'Required', 'required')],
    ['a hold', { name: 'new.csv', temporaryHold: true }, '', '', invalid('Invalid argument.')],
    ['an ACL', { name: 'new.csv' }, '&predefinedAcl=publicRead', '', invalid('Invalid argument.')],
    ['a condition', { name: 'new.csv' }, '&ifGenerationMatch=0', '', invalid('Invalid argument.')],
    ['a key', { name: 'new.csv' }, '', 'x-goog-encryption-key', invalid('Invalid argument.')],
  ])('refuses %s', async (_, metadata, query, header, expected) => {
    const { tell, objects } = await writer('roles/storage.admin');
    const headers = { ...MULTIPART, ...header !== '' && { [header]: 'a' } };
    expect(await tell('POST', `${UPLOAD}?uploadType=multipart${query}`, multipart(metadata, 'written'), headers)).toMatchObject(expected as object);
    expect(objects()).toEqual(before);
  });

  test('refuses what is not well formed, and other ways to upload', async () => {
    const { tell, objects } = await writer('roles/storage.admin');
    expect(await tell('POST', `${UPLOAD}?uploadType=multipart&name=new.csv`, 'written', { 'content-type': 'text/plain' })).toMatchObject(invalid('Malformed multipart body.'));
    expect(await tell('POST', `${UPLOAD}?uploadType=resumable&name=new.csv`, '{')).toMatchObject(error(400, 'Parse Error', 'parseError'));
    for (const [method, path] of [['POST', `${UPLOAD}?uploadType=media&name=new.csv`], ['PUT', `${UPLOAD}?name=new.csv`], ['PATCH', '/storage/v1/b/acme-reports/o/index.csv'], ['DELETE', '/storage/v1/b/acme-reports']] as const) {
      expect(await tell(method, path, 'written')).toMatchObject(error(404, 'Not Found', 'notFound'));
    }
    expect(await tell('POST', `${UPLOAD.replace('acme-reports', 'acme-missing')}?uploadType=media&name=a`)).toMatchObject(error(404, 'The specified bucket does not exist.', 'notFound'));
    expect(objects()).toEqual(before);
  });

  test('refuses a token for reading', async () => {
    const { upload, remove } = await writer('roles/storage.admin', 'https://www.googleapis.com/auth/cloud-platform.read-only');
    for (const refused of [await upload({ name: 'new.csv' }), await remove('index.csv')]) expect(refused).toMatchObject(error(403, 'Provided scope(s) are not authorized', 'forbidden'));
    const { upload: allowed } = await writer('roles/storage.admin', 'https://www.googleapis.com/auth/devstorage.read_write');
    expect((await allowed({ name: 'new.csv' })).status).toBe(200);
  });
});

describe('nobody', () => {
  const authorization = { locationType: 'header', location: 'Authorization' };

  test('refuses a false token even for what is open to all', async () => {
    const google = new TestGoogle(BUCKET, bucketMember('allUsers'));
    expect(await answer(google, '/storage/v1/b/acme-reports/o', 'ya29.made-up')).toEqual(error(401, 'Invalid Credentials', 'authError', authorization));
    expect(await answer(google, '/storage/v1/b/acme-reports/o', tokenOf())).toEqual(error(401, 'Invalid Credentials', 'authError', authorization));
  });

  test('reads what is open to all, and is told to bring credentials for the rest', async () => {
    const { status, body, headers } = await new TestGoogle(BUCKET, bucketMember('allUsers')).storage('/storage/v1/b/acme-reports/o');
    expect({ status, names: names(body), caller: headers[CALLER_HEADER] }).toEqual({ status: 200, names: ['report.txt'], caller: undefined });
    const refused = await new TestGoogle(BUCKET).storage('/storage/v1/b/acme-reports/o');
    expect({ status: refused.status, body: refused.body }).toEqual(error(401, 'Anonymous caller does not have storage.objects.list access to the Google Cloud Storage bucket. '
      + "Permission 'storage.objects.list' denied on resource (or it may not exist).", 'required', authorization));
  });
});

test('a project says its id to whom it lets see it, and refuses others', async () => {
  const PROJECT = 'https://cloudresourcemanager.googleapis.com/v1/projects/123456789';
  const ask = async (...grants: ReturnType<typeof projectMember>[]) => {
    const google = new TestGoogle(...pool(), ...grants);
    const { status, body } = await google.ask(PROJECT, { headers: { authorization: `Bearer ${await google.federated()}` } });
    return { status, body };
  };
  expect(await ask(projectMember(PRINCIPAL, 'roles/browser')))
    .toEqual({ status: 200, body: { projectNumber: '123456789', projectId: 'acme-apps', lifecycleState: 'ACTIVE', name: 'acme-apps' } });
  expect(await ask()).toEqual({ status: 403, body: { error: { code: 403, message: 'The caller does not have permission', status: 'PERMISSION_DENIED' } } });

  const google = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL), projectMember(`serviceAccount:${EMAIL}`, 'roles/browser'));
  const told = async (bearer?: string, method = 'GET') => {
    const { status, body } = await google.ask(PROJECT, { method, headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` } });
    return [status, body.error?.status, body.error?.message.split('. ')[0]];
  };
  const tokenFor = async (scope: string) => (await google.impersonate(await google.federated(), { scope: [scope] })).body.accessToken;
  expect(await told(await tokenFor('https://www.googleapis.com/auth/cloud-platform.read-only'))).toEqual([200, undefined, undefined]);
  expect(await told(await tokenFor('https://www.googleapis.com/auth/devstorage.read_only'))).toEqual([403, 'PERMISSION_DENIED', 'Request had insufficient authentication scopes.']);
  expect(await told()).toEqual([401, 'UNAUTHENTICATED', 'Request is missing required authentication credential']);
  expect(await told('ya29.made-up')).toEqual([401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials']);
  expect(await told(await tokenFor('https://www.googleapis.com/auth/cloud-platform'), 'POST')).toEqual([404, 'NOT_FOUND', 'Requested entity was not found.']);
});

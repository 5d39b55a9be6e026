import type { RunningPod } from '../../model';
import { CALLER_HEADER } from '../../model';
import { discoverKeys } from '../discovery';
import { verifyJws } from '../jws';
import { accountMember, bucketMember, EMAIL, NOW, podOf, serviceAccount, TestGoogle, UNIQUE_ID } from './fixture';

const NATIVE = 'iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/acme-apps.svc.id.goog';
const CLUSTER = 'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps';
const MEMBERS = [
  'serviceAccount:acme-apps.svc.id.goog[reports/reader]', `principal://${NATIVE}/subject/ns/reports/sa/reader`, `principalSet://${NATIVE}/namespace/reports`,
  `principalSet://${NATIVE}/kubernetes.cluster/${CLUSTER}`, `principalSet://${NATIVE}/*`,
];
const OTHERS = [
  'serviceAccount:acme-apps.svc.id.goog[reports/writer]', 'serviceAccount:acme-apps.svc.id.goog[billing/reader]', 'serviceAccount:acme-data.svc.id.goog[reports/reader]',
  `principal://${NATIVE}/subject/ns/reports/sa/reader2`, `principalSet://${NATIVE}/namespace/report`,
  `principalSet://${NATIVE}/kubernetes.cluster/${CLUSTER}2`, `principal://${NATIVE}/kubernetes.serviceaccount.uid/b2`, 'allAuthenticatedUsers',
];
const FLAVOR = { 'metadata-flavor': 'Google' };
const DOCUMENTATION = 'https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity';

async function get(google: TestGoogle, pod: RunningPod | undefined, path: string, headers: Readonly<Record<string, string>> = FLAVOR, host = 'metadata.google.internal') {
  const { status, body } = await google.ask(`http://${host}${path}`, { headers, ...(pod === undefined ? {} : { pod }) });
  return { status, body };
}
const account = (google: TestGoogle, pod: RunningPod, what: string) => get(google, pod, `/computeMetadata/v1/instance/service-accounts/${what}`);
const denied = (what: string, permission: string) => ({
  status: 403,
  body: `Unable to generate ${what}; IAM returned 403 Forbidden: Permission '${permission}' denied on resource (or it may not exist).\n`
    + 'This error could be caused by a missing IAM policy binding on the target IAM service account.\n'
    + `For more information, refer to the Workload Identity documentation:\n\t${DOCUMENTATION}#authenticating_to\n\n`,
});

/** Whom Cloud Storage takes the bearer of the pod's token for. */
async function callerOf(google: TestGoogle, pod: RunningPod) {
  const { body } = await account(google, pod, 'default/token');
  const { status, headers } = await google.storage('/storage/v1/b/acme-reports/o', body.access_token);
  return { status, caller: headers[CALLER_HEADER] };
}

describe('a pod without an account of Google\'s', () => {
  test.each(MEMBERS)('is itself, and reads the bucket of %s', async member => {
    const google = new TestGoogle(bucketMember(member));
    expect(await callerOf(google, podOf())).toEqual({ status: 200, caller: `principal://${NATIVE}/subject/ns/reports/sa/reader` });
  });

  test.each(OTHERS)('refuses it the bucket of %s', async member => {
    const google = new TestGoogle(bucketMember(member));
    expect(await callerOf(google, podOf())).toEqual({ status: 403, caller: `principal://${NATIVE}/subject/ns/reports/sa/reader` });
  });

  test('is the same in another cluster of the project, but for members that name the cluster', async () => {
    const other = podOf({ cluster: { name: 'other', issuer: CLUSTER.replace('/apps', '/other') } });
    const results = await Promise.all(MEMBERS.map(async member => (await callerOf(new TestGoogle(bucketMember(member)), other)).status));
    expect(results).toEqual([200, 200, 200, 403, 200]);
  });

  test('shows the pool as its email', async () => {
    const google = new TestGoogle();
    expect(await account(google, podOf(), 'default/email')).toEqual({ status: 200, body: 'acme-apps.svc.id.goog' });
    expect(await account(google, podOf(), '')).toEqual({ status: 200, body: 'default/\nacme-apps.svc.id.goog/\n' });
    expect(await account(google, podOf(), 'acme-apps.svc.id.goog/token')).toMatchObject({ status: 200, body: { expires_in: 3599, token_type: 'Bearer' } });
  });

  test('refuses it an ID token', async () => {
    expect(await account(new TestGoogle(serviceAccount()), podOf(), 'default/identity?audience=x')).toEqual({
      status: 404,
      body: 'Your Kubernetes service account (reports/reader) is not annotated with a target Google service account, '
        + 'which is a requirement for retrieving Identity Tokens using Workload Identity.\n'
        + 'Please add the iam.gke.io/gcp-service-account=[GSA_NAME]@[PROJECT_ID] annotation to your Kubernetes service account.\n'
        + `Refer to ${DOCUMENTATION}\n`,
    });
  });
});

describe('a pod with an account of Google\'s', () => {
  const pod = podOf({ annotation: EMAIL });

  test.each(MEMBERS)('is the account that trusts %s', async member => {
    const google = new TestGoogle(serviceAccount(), accountMember(member), bucketMember(`serviceAccount:${EMAIL}`));
    expect(await callerOf(google, pod)).toEqual({ status: 200, caller: `serviceAccount:${EMAIL}` });
  });

  test.each(OTHERS)('refuses where the account trusts %s', async member => {
    const google = new TestGoogle(serviceAccount(), accountMember(member));
    expect(await account(google, pod, 'default/token')).toEqual(denied('access token', 'iam.serviceAccounts.getAccessToken'));
    expect(await account(google, pod, 'default/identity?audience=x')).toEqual(denied('identity token', 'iam.serviceAccounts.getOpenIdToken'));
  });

  test('refuses an account that is not there', async () => {
    expect(await account(new TestGoogle(), pod, 'default/token'))
      .toEqual({ status: 404, body: `Unable to generate access token; IAM returned 404 Not Found: Not found; Gaia id not found for email ${EMAIL}\n` });
  });

  test('gets ID tokens of the account that Google signs, for the audience that was asked', async () => {
    const google = new TestGoogle(serviceAccount(), accountMember(MEMBERS[0]!));
    const { status, body } = await account(google, pod, 'default/identity?audience=gtoken%2Fsts%2Fassume-role-with-web-identity&format=full');
    expect(status).toBe(200);
    const { header, claims } = await verifyJws(body, issuer => discoverKeys(google.internet, issuer));
    expect(header).toEqual({ alg: 'RS256', kid: expect.stringMatching(/^[0-9a-f]{40}$/), typ: 'JWT' });
    expect(claims).toEqual({
      aud: 'gtoken/sts/assume-role-with-web-identity', azp: UNIQUE_ID, email: EMAIL, email_verified: true, exp: NOW + 3600, iat: NOW, iss: 'https://accounts.google.com', sub: UNIQUE_ID,
    });
    expect(await account(google, pod, 'default/identity')).toEqual({ status: 400, body: 'non-empty audience parameter required\n' });
  });

  test('is asked everything that libraries ask', async () => {
    const google = new TestGoogle(serviceAccount(), accountMember(MEMBERS[0]!));
    const scopes = ['https://www.googleapis.com/auth/cloud-platform', 'https://www.googleapis.com/auth/userinfo.email'];
    const all = { aliases: ['default'], email: EMAIL, scopes };
    const ok = (body: unknown) => ({ status: 200, body });
    expect(await account(google, pod, 'default/email')).toEqual(ok(EMAIL));
    expect(await account(google, pod, `${EMAIL}/email`)).toEqual(ok(EMAIL));
    expect(await account(google, pod, 'default/scopes')).toEqual(ok(`${scopes.join('\n')}\n`));
    expect(await account(google, pod, 'default/aliases')).toEqual(ok('default\n'));
    expect(await account(google, pod, 'default/')).toEqual(ok('aliases\nemail\nscopes\n'));
    expect(await account(google, pod, '')).toEqual(ok(`default/\n${EMAIL}/\n`));
    expect(await account(google, pod, 'default/?recursive=true')).toEqual(ok(all));
    expect(await account(google, pod, '?recursive=true')).toEqual(ok({ default: all, [EMAIL]: all }));
    expect(await get(google, pod, '/computeMetadata/v1/project/project-id')).toEqual(ok('acme-apps'));
    expect(await get(google, pod, '/computeMetadata/v1/project/numeric-project-id')).toEqual(ok('123456789'));
    expect(await get(google, pod, '/computeMetadata/v1/universe/universe-domain')).toEqual(ok('googleapis.com'));
    expect(await get(google, pod, '/computeMetadata/v1/instance/attributes/cluster-location')).toEqual(ok('europe-west1'));
    expect(await get(google, pod, '/computeMetadata/v1/instance')).toEqual(ok('attributes/\nservice-accounts/\n'));
    expect(await get(google, pod, '/computeMetadata/v1')).toEqual(ok('instance/\nproject/\nuniverse/\n'));
    expect(await get(google, pod, '/computeMetadata/v1/project/?recursive=true')).toEqual(ok({ projectId: 'acme-apps', numericProjectId: 123456789 }));
    expect(await get(google, pod, '/computeMetadata/v1/instance/?recursive=true'))
      .toEqual(ok({ attributes: { clusterName: 'apps', clusterLocation: 'europe-west1' }, serviceAccounts: { default: all, [EMAIL]: all } }));
    expect((await google.ask('http://169.254.169.254/', { headers: FLAVOR, pod })).headers).toMatchObject({ 'metadata-flavor': 'Google' });
    expect((await get(google, pod, '/computeMetadata/v1/project/project-id', FLAVOR, '169.254.169.254')).body).toBe('acme-apps');
  });

  test.each([
    ['another account', 'instance/service-accounts/writer@acme-apps.iam.gserviceaccount.com/token'], ['a key that is not there', 'instance/service-accounts/default/key'],
    ['the kubelet\'s secrets', 'instance/attributes/kube-env'], ['what every object has', 'instance/constructor'], ['a name that cannot be read', 'instance/%ff'],
    ['an account that cannot be read', 'instance/service-accounts/%ff/token'],
  ])('refuses %s', async (_, key) => {
    expect(await get(new TestGoogle(serviceAccount(), accountMember(MEMBERS[0]!)), pod, `/computeMetadata/v1/${key}`)).toEqual({ status: 404, body: 'Not Found\n' });
  });
});

describe('a pod that the server does not answer', () => {
  const NODE = '123456789-compute@developer.gserviceaccount.com';
  const pod = { ...podOf({ annotation: EMAIL }), onNodeNetwork: true };

  test('is its node, whatever trusts the pod', async () => {
    const google = new TestGoogle(serviceAccount(), accountMember(MEMBERS[0]!), bucketMember(`serviceAccount:${EMAIL}`));
    expect(await callerOf(google, pod)).toEqual({ status: 403, caller: `serviceAccount:${NODE}` });
    expect(await account(google, pod, 'default/email')).toEqual({ status: 200, body: NODE });
    expect(google.google.podIdentity(pod)).toBeUndefined();
  });

  test('gets ID tokens of the node, without any right', async () => {
    const google = new TestGoogle();
    const { status, body } = await account(google, pod, 'default/identity?audience=aud');
    const { claims } = await verifyJws(body, issuer => discoverKeys(google.internet, issuer));
    expect([status, claims.email, claims.aud, claims.sub]).toEqual([200, NODE, 'aud', '100000000000123456789']);
  });

  test('refuses it where the cluster is another cloud\'s, or has no pool', async () => {
    for (const cluster of [{ kind: 'eks' }, { workloadPool: undefined }]) {
      expect(await account(new TestGoogle(), { ...podOf({ cluster }), onNodeNetwork: true }, 'default/token')).toEqual({ status: 404, body: 'Not Found\n' });
    }
  });
});

test('refuses who does not say the flavor, and who was sent by another', async () => {
  const google = new TestGoogle();
  const path = '/computeMetadata/v1/instance/service-accounts/default/token';
  expect(await get(google, podOf(), path, {})).toEqual({ status: 403, body: 'Missing required header "Metadata-Flavor": "Google"\n' });
  expect(await get(google, podOf(), path, { 'metadata-flavor': 'google' })).toEqual({ status: 403, body: 'Missing required header "Metadata-Flavor": "Google"\n' });
  expect(await get(google, podOf(), path, { ...FLAVOR, 'x-forwarded-for': '10.0.0.1' })).toEqual({ status: 403, body: 'This metadata endpoint is concealed.\n' });
});

test.each<[string, RunningPod | undefined]>([
  ['a cluster of Google\'s without the pool', podOf({ cluster: { workloadPool: undefined } })], ['a cluster of another cloud', podOf({ cluster: { kind: 'eks' } })],
  ['a pool of a project that is not there', podOf({ cluster: { workloadPool: 'acme-none.svc.id.goog' } })], ['a pool that is none', podOf({ cluster: { workloadPool: 'acme-apps' } })],
  ['nowhere', undefined],
])('refuses a pod of %s', async (_, pod) => {
  const google = new TestGoogle(serviceAccount(), accountMember(MEMBERS[0]!));
  for (const path of ['/', '/computeMetadata/v1/instance', '/computeMetadata/v1/instance/service-accounts/default/token']) {
    const { status, headers, body } = await google.ask(`http://169.254.169.254${path}`, { headers: FLAVOR, ...(pod === undefined ? {} : { pod }) });
    expect({ status, headers, body }).toEqual({ status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found\n' });
  }
});

test('the identity of a pod is the same in process', () => {
  const { google } = new TestGoogle(serviceAccount(), bucketMember(MEMBERS[1]!));
  const identity = google.podIdentity(podOf())!;
  expect(identity).toMatchObject({ subject: 'ns/reports/sa/reader', pool: NATIVE.slice('iam.googleapis.com/'.length) });
  expect(google.permitsInBucket(identity, 'storage.objects.list', 'acme-reports')).toBe(true);
  expect(google.permitsInBucket(identity, 'storage.buckets.get', 'acme-reports')).toBe(false);
  expect(google.permitsInBucket(identity, 'storage.objects.list', 'acme-other')).toBe(false);
});

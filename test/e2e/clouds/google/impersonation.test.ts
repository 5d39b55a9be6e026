import type { AppliedResource } from '../../model';
import { fetchKeys } from '../discovery';
import { verifyJws } from '../jws';
import {
  accountMember, EMAIL, NOW, pool, POOL, PRINCIPAL, projectMember, resource, serviceAccount, SUBJECT, TestGoogle, tokenOf, UNIQUE_ID,
} from './fixture';

const CLOUD = 'https://www.googleapis.com/auth/cloud-platform';
const EXPECTED = 'Expected OAuth 2 access token, login cookie or other valid authentication credential. '
  + 'See https://developers.google.com/identity/sign-in/web/devconsole-project.';
const denied = (permission: string) => ({
  status: 403,
  body: {
    error: {
      code: 403, message: `Permission '${permission}' denied on resource (or it may not exist).`, status: 'PERMISSION_DENIED',
      details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', 'reason': 'IAM_PERMISSION_DENIED', 'domain': 'iam.googleapis.com', 'metadata': { permission } }],
    },
  },
});
const DENIED = denied('iam.serviceAccounts.getAccessToken');
const invalid = (message: string) => ({ status: 400, body: { error: { code: 400, message, status: 'INVALID_ARGUMENT' } } });
const GRANTED = { status: 200, body: { accessToken: expect.stringMatching(/^ya29\.c\.[\w-]{64}$/), expireTime: '2027-01-15T09:00:00Z' } };

async function answer(google: TestGoogle, body?: unknown, method?: string, name?: string, token?: string) {
  const { status, body: said } = await google.impersonate(token ?? await google.federated(), body, method, name);
  return { status, body: said };
}

const poolOf = (name: string) => resource('google_iam_workload_identity_pool', { name });

/** What is said to the subject, where this is applied beside the pool and the account. */
const said = (...resources: readonly AppliedResource[]) => answer(new TestGoogle(...pool(), serviceAccount(), ...resources));

describe('an access token of a service account', () => {
  test.each([
    ['the subject', accountMember(PRINCIPAL)],
    ['everyone of the pool', accountMember(`principalSet://iam.googleapis.com/${POOL}/*`)],
    ['the subject, by the role that creates tokens', accountMember(PRINCIPAL, 'roles/iam.serviceAccountTokenCreator')],
    ['the subject, on the whole project', projectMember(PRINCIPAL, 'roles/iam.workloadIdentityUser')],
    ['everybody', accountMember('allUsers')],
    ['the subject, in a binding', resource('google_service_account_iam_binding', {
      service_account_id: `projects/acme-apps/serviceAccounts/${EMAIL}`, role: 'roles/iam.workloadIdentityUser', members: [PRINCIPAL], condition: null,
    })],
    ['the subject, in a policy', resource('google_service_account_iam_policy', {
      service_account_id: `projects/acme-apps/serviceAccounts/${EMAIL}`,
      policy_data: JSON.stringify({ bindings: [{ role: 'roles/iam.workloadIdentityUser', members: [PRINCIPAL] }] }),
    })],
    ['the subject, by the account\'s unique id', resource('google_service_account_iam_member', {
      service_account_id: `projects/acme-apps/serviceAccounts/${UNIQUE_ID}`, role: 'roles/iam.workloadIdentityUser', member: PRINCIPAL,
    })],
  ])('is given where the account trusts %s', async (_, grant) => {
    expect(await said(grant)).toEqual(GRANTED);
  });

  test('is given by an attribute and by a group', async () => {
    const mapping = { 'google.subject': 'assertion.sub', 'google.groups': "['readers']", 'attribute.namespace': "assertion['kubernetes.io']['namespace']" };
    const google = (member: string) => new TestGoogle(...pool({ attribute_mapping: mapping }), serviceAccount(), accountMember(`principalSet://iam.googleapis.com/${POOL}/${member}`));
    expect(await answer(google('attribute.namespace/reports'))).toEqual(GRANTED);
    expect(await answer(google('group/readers'))).toEqual(GRANTED);
    expect(await answer(google('attribute.namespace/billing'))).toEqual(DENIED);
    expect(await answer(google('attribute.namespace/reports/'))).toEqual(DENIED);
    expect(await answer(google('attribute.group/readers'))).toEqual(DENIED);
    expect(await answer(google('group/reports'))).toEqual(DENIED);
  });

  test.each<[string, readonly AppliedResource[]]>([
    ['nobody', []],
    ['another subject', [accountMember(PRINCIPAL.replace(':reader', ':writer'))]],
    ['a subject that begins alike', [accountMember(`${PRINCIPAL}-2`)]],
    ['the subject in another pool', [poolOf(POOL.replace('oidc-onprem', 'oidc-other')), accountMember(PRINCIPAL.replace('oidc-onprem', 'oidc-other'))]],
    ['the subject in the same pool of another project', [poolOf(POOL.replace('123456789', '987654321')), accountMember(PRINCIPAL.replace('123456789', '987654321'))]],
    ['everybody with a Google account', [accountMember('allAuthenticatedUsers')]],
    ['the subject, by a role that mints nothing', [accountMember(PRINCIPAL, 'roles/iam.serviceAccountUser')]],
    ['the subject, by a role for ID tokens', [accountMember(PRINCIPAL, 'roles/iam.serviceAccountOpenIdTokenCreator')]],
    ['the subject, as an owner of the project', [projectMember(PRINCIPAL, 'roles/owner')]],
    ['the subject, on another project', [resource('google_project_iam_member', { project: 'acme-data', role: 'roles/iam.workloadIdentityUser', member: PRINCIPAL })]],
    ['the subject, under a condition', [resource('google_service_account_iam_member', {
      service_account_id: `projects/acme-apps/serviceAccounts/${EMAIL}`, role: 'roles/iam.workloadIdentityUser', member: PRINCIPAL,
      condition: [{ title: 'soon', expression: 'request.time < timestamp("2020-01-01T00:00:00Z")' }],
    })]],
    ['the subject, under a condition in a policy', [resource('google_service_account_iam_policy', {
      service_account_id: `projects/acme-apps/serviceAccounts/${EMAIL}`,
      policy_data: JSON.stringify({ bindings: [{ role: 'roles/iam.workloadIdentityUser', members: [PRINCIPAL], condition: { title: 'soon', expression: 'false' } }] }),
    })]],
    ['the subject, on another account', [serviceAccount({ account_id: 'writer', email: 'writer@acme-apps.iam.gserviceaccount.com', unique_id: '117000000000000000001' }), resource('google_service_account_iam_member', {
      service_account_id: 'projects/acme-apps/serviceAccounts/writer@acme-apps.iam.gserviceaccount.com', role: 'roles/iam.workloadIdentityUser', member: PRINCIPAL,
    })]],
    ['the subject, whom a binding of the role leaves out', [accountMember(PRINCIPAL), resource('google_service_account_iam_binding', {
      service_account_id: `projects/acme-apps/serviceAccounts/${EMAIL}`, role: 'roles/iam.workloadIdentityUser', members: ['user:alex@example.com'],
    })]],
    ['the subject, whom a policy leaves out', [accountMember(PRINCIPAL), resource('google_service_account_iam_policy', {
      service_account_id: `projects/acme-apps/serviceAccounts/${EMAIL}`, policy_data: '{}',
    })]],
    ['the subject, in one of two bindings', [[PRINCIPAL], ['user:alex@example.com']].map(members => resource('google_service_account_iam_binding', {
      service_account_id: `projects/acme-apps/serviceAccounts/${EMAIL}`, role: 'roles/iam.workloadIdentityUser', members,
    }))],
  ])('refuses where the account trusts %s', async (_, grants) => {
    expect(await said(...grants)).toEqual(DENIED);
  });

  test('two providers of a pool make the same principal of the same subject: members name no provider', async () => {
    const [, first] = pool();
    const other = { ...first!, values: { ...first!.values, name: `${POOL}/providers/other` } };
    const google = new TestGoogle(...pool(), other, serviceAccount(), accountMember(PRINCIPAL));
    const audience = `//iam.googleapis.com/${POOL}/providers/other`;
    const { body: { access_token: token } } = await google.exchange(tokenOf({ aud: audience }), { audience });
    expect(await answer(google, undefined, undefined, undefined, token)).toEqual(GRANTED);
  });

  test.each<[string, unknown, unknown]>([
    ['no scope', {}, invalid('Scope required.')],
    ['an empty list of scopes', { scope: [] }, invalid('Scope required.')],
    ['a life of nothing', { scope: [CLOUD], lifetime: '0s' }, invalid('Lifetime of access token must be larger then zero.')],
    ['a life of more than an hour', { scope: [CLOUD], lifetime: '3601s' }, invalid('Service account access tokens can not have lifetimes of more than 1 hour. '
      + 'Use the Org Policy Constraint constraints/iam.allowServiceAccountCredentialLifetimeExtension to allow up to 12 hours.')],
    ['a life that is none', { scope: [CLOUD], lifetime: 3600 }, invalid("Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), 3600")],
    ['a chain of accounts', { scope: [CLOUD], delegates: ['projects/-/serviceAccounts/other@acme-apps.iam.gserviceaccount.com'] }, denied('iam.serviceAccounts.implicitDelegation')],
    ['no object', [], invalid('Invalid JSON payload received.')],
  ])('refuses a request with %s', async (_, body, expected) => {
    expect(await answer(new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL)), body)).toEqual(expected);
  });

  test('lives as long as was asked', async () => {
    const google = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL));
    expect(await answer(google, { scope: [CLOUD], lifetime: '600s', delegates: [] })).toEqual({ status: 200, body: { ...GRANTED.body, expireTime: '2027-01-15T08:10:00Z' } });
  });

  test('refuses an account that does not exist, or is disabled', async () => {
    const name = 'nobody@acme-apps.iam.gserviceaccount.com';
    expect(await answer(new TestGoogle(...pool()), undefined, undefined, name))
      .toEqual({ status: 404, body: { error: { code: 404, message: `Not found; Gaia id not found for email ${name}`, status: 'NOT_FOUND' } } });
    expect(await answer(new TestGoogle(...pool(), serviceAccount({ disabled: true }), accountMember(PRINCIPAL))))
      .toEqual({ status: 400, body: { error: { code: 400, message: 'Precondition check failed.', status: 'FAILED_PRECONDITION' } } });
  });

  test('is given for an account that existed before, by its policy', async () => {
    const existing = 'existing@acme-apps.iam.gserviceaccount.com';
    const grant = resource('google_service_account_iam_member', { service_account_id: `projects/acme-apps/serviceAccounts/${existing}`, role: 'roles/iam.workloadIdentityUser', member: PRINCIPAL });
    expect(await answer(new TestGoogle(...pool(), grant), undefined, undefined, existing)).toEqual(GRANTED);
  });

  test('refuses who bears no token, a false one, one that expired, and one for another service', async () => {
    const google = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL));
    const unauthenticated = (message: string) => ({ status: 401, body: { error: { code: 401, message: `${message} ${EXPECTED}`, status: 'UNAUTHENTICATED' } } });
    const { status, body } = await google.impersonate(undefined);
    expect({ status, body }).toEqual(unauthenticated('Request is missing required authentication credential.'));
    expect(await answer(google, undefined, undefined, undefined, 'ya29.made-up')).toEqual(unauthenticated('Request had invalid authentication credentials.'));
    const token = await google.federated();
    google.now = NOW + 3600;
    expect(await answer(google, undefined, undefined, undefined, token)).toEqual(unauthenticated('Request had invalid authentication credentials.'));
    google.now = NOW;
    const narrow = await google.exchange(tokenOf(), { scope: 'https://www.googleapis.com/auth/devstorage.read_only' });
    expect(await answer(google, undefined, undefined, undefined, narrow.body.access_token)).toEqual({
      status: 403,
      body: {
        error: {
          code: 403, message: 'Request had insufficient authentication scopes.', status: 'PERMISSION_DENIED',
          details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', 'reason': 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'domain': 'googleapis.com', 'metadata': {} }],
        },
      },
    });
  });

  test.each(['/v1/projects/acme-apps/serviceAccounts/', '/v1/projects/-/serviceaccounts/', '/v1/serviceAccounts/'])('refuses the path %s', async path => {
    const google = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL));
    const answered = await google.ask(`https://iamcredentials.googleapis.com${path}${EMAIL}:generateAccessToken`, {
      method: 'POST', headers: { authorization: `Bearer ${await google.federated()}` }, body: JSON.stringify({ scope: [CLOUD] }),
    });
    expect({ status: answered.status, body: answered.body }).toEqual({ status: 404, body: { error: { code: 404, message: 'Requested entity was not found.', status: 'NOT_FOUND' } } });
  });

  test('an account becomes another one that trusts it, and no third', async () => {
    const second = 'existing@acme-apps.iam.gserviceaccount.com';
    const google = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL), resource('google_service_account_iam_member', {
      service_account_id: `projects/acme-apps/serviceAccounts/${second}`, role: 'roles/iam.serviceAccountTokenCreator', member: `serviceAccount:${EMAIL}`,
    }));
    expect(await answer(google, undefined, undefined, second)).toEqual(DENIED);
    const { body: { accessToken } } = await google.impersonate(await google.federated());
    expect(await answer(google, undefined, undefined, second, accessToken)).toEqual(GRANTED);
    expect(await answer(google, undefined, undefined, EMAIL, accessToken)).toEqual(DENIED);
  });
});

describe('an ID token of a service account', () => {
  const google = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL, 'roles/iam.serviceAccountOpenIdTokenCreator'));
  const claimsOf = async (token: string) => (await verifyJws(token, async issuer => {
    const { body } = await google.ask(`${issuer}/.well-known/openid-configuration`);
    return fetchKeys(google.internet, body.jwks_uri);
  })).claims;

  test('is signed by Google for the account\'s unique id', async () => {
    const { status, body } = await answer(google, { audience: 'sts.amazonaws.com', includeEmail: true }, 'generateIdToken');
    expect({ status, keys: Object.keys(body) }).toEqual({ status: 200, keys: ['token'] });
    expect(await claimsOf(body.token)).toEqual({
      aud: 'sts.amazonaws.com', azp: UNIQUE_ID, email: EMAIL, email_verified: true, exp: NOW + 3600, iat: NOW, iss: 'https://accounts.google.com', sub: UNIQUE_ID,
    });
  });

  test('says no email that was not asked for', async () => {
    const { body } = await answer(google, { audience: 'x' }, 'generateIdToken');
    expect(await claimsOf(body.token)).toEqual({ aud: 'x', azp: UNIQUE_ID, exp: NOW + 3600, iat: NOW, iss: 'https://accounts.google.com', sub: UNIQUE_ID });
  });

  test('refuses without an audience, and without the permission', async () => {
    expect(await answer(google, {}, 'generateIdToken')).toEqual(invalid('Audience required.'));
    expect(await answer(new TestGoogle(...pool(), serviceAccount()), { audience: 'x' }, 'generateIdToken')).toEqual(denied('iam.serviceAccounts.getOpenIdToken'));
  });

  test('refuses a role of the project\'s own that has not the permission, and takes one that has', async () => {
    const role = (permissions: string[]) => resource('google_project_iam_custom_role', { name: 'projects/acme-apps/roles/minter', permissions });
    const custom = (permissions: string[]) => new TestGoogle(...pool(), serviceAccount(), role(permissions), accountMember(PRINCIPAL, 'projects/acme-apps/roles/minter'));
    expect(await answer(custom(['iam.serviceAccounts.get']))).toEqual(DENIED);
    expect(await answer(custom(['iam.serviceAccounts.getAccessToken']))).toEqual(GRANTED);
  });
});

test('refuses to judge what would take away what a policy gives', () => {
  expect(() => new TestGoogle(resource('google_iam_deny_policy', { id: 'Deny' })))
    .toThrow(new Error('google_iam_deny_policy.Deny: the stand-in of Google knows nothing of google_iam_deny_policy.'));
});

test('the same is said in process', async () => {
  const { google } = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL));
  const exchanged = await google.exchange({ audience: `//iam.googleapis.com/${POOL}/providers/oidc-onprem`, token: tokenOf() });
  const identity = exchanged.ok ? exchanged.identity : undefined;
  expect(identity?.subject).toBe(SUBJECT);
  expect(google.impersonate({ identity: identity!, serviceAccount: EMAIL })).toEqual({
    ok: true, account: { email: EMAIL, uniqueId: UNIQUE_ID, project: 'acme-apps', disabled: false },
    identity: { kind: 'service account', email: EMAIL, projectNumber: '123456789' },
  });
  expect(google.impersonate({ identity: { ...identity!, subject: 'x' }, serviceAccount: EMAIL, credential: 'ID token' })).toEqual({
    ok: false, code: 403, status: 'PERMISSION_DENIED', permission: 'iam.serviceAccounts.getOpenIdToken',
    message: "Permission 'iam.serviceAccounts.getOpenIdToken' denied on resource (or it may not exist).",
  });
});

import { ecKey, forge, rsaKey, SIGNINGS } from '../forgery';
import { AUDIENCE, claimsOf, ISSUER, KEY, NOW, pool, POOL, PRINCIPAL, resource, SUBJECT, TestGoogle, tokenOf } from './fixture';
import { principalOf } from './index';

const CONNECTING = "Error connecting to the given credential's issuer.";
const CONDITION = 'The given credential is rejected by the attribute condition.';
const NO_SUBJECT = 'Could not obtain a value for google.subject from the given credential.';
const TARGET = 'The target service indicated by the "audience" parameters is invalid. '
  + "This might either be because the pool or provider is disabled or deleted or because it doesn't exist.";
const AUDIENCE_FORMAT = 'Invalid value for "audience". This value should be the full resource name of the Identity Provider. '
  + 'See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.';

const refused = (error: string, description: string) => ({ status: 400, body: { error, error_description: description } });
const issuerRefused = (issuer: string) => refused('invalid_grant', `The issuer in ID Token ${issuer} does not match the expected one in config: ${ISSUER}.`);
const audienceRefused = (audience: string) => refused('invalid_grant', `The audience in ID Token [${audience}] does not match the expected audience.`);
const stale = (iat: unknown = NOW) => refused('invalid_grant', `ID Token issued at ${iat} is stale to sign-in.`);

/** Without the headers, which are of no interest here. */
async function answer(google: TestGoogle, token: string, change?: Readonly<Record<string, string>>) {
  const { status, body } = await google.exchange(token, change);
  return { status, body };
}

const GRANTED = {
  status: 200,
  body: {
    access_token: expect.stringMatching(/^ya29\.d\.[\w-]{64}$/), issued_token_type: 'urn:ietf:params:oauth:token-type:access_token', token_type: 'Bearer', expires_in: 3600,
  },
};

describe('a token that the provider admits', () => {
  const google = new TestGoogle(...pool());

  test('becomes an access token, by a form', async () => {
    expect(await answer(google, tokenOf())).toEqual(GRANTED);
  });

  test.each([
    ['subject_token', 'grant_type', 'requested_token_type', 'subject_token_type'], ['subjectToken', 'grantType', 'requestedTokenType', 'subjectTokenType'],
  ])('becomes an access token, by JSON with %s', async (subjectToken, grantType, requestedTokenType, subjectTokenType) => {
    const body = JSON.stringify({
      audience: AUDIENCE, scope: 'https://www.googleapis.com/auth/cloud-platform', [grantType!]: 'urn:ietf:params:oauth:grant-type:token-exchange',
      [requestedTokenType!]: 'urn:ietf:params:oauth:token-type:access_token', [subjectToken!]: tokenOf(), [subjectTokenType!]: 'urn:ietf:params:oauth:token-type:id_token',
    });
    const { status, body: said } = await google.ask('https://sts.googleapis.com/v1/token', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect({ status, body: said }).toEqual(GRANTED);
  });

  test('is the principal of its pool', async () => {
    const exchanged = await google.google.exchange({ audience: AUDIENCE, token: tokenOf() });
    expect(exchanged).toEqual({ ok: true, expiresIn: 3600, identity: { kind: 'federated', pool: POOL, subject: SUBJECT, groups: [], attributes: new Map() } });
    expect(exchanged.ok && principalOf(exchanged.identity)).toBe(PRINCIPAL);
  });

  test.each([
    ['with the scheme before the default audience', { aud: `https:${AUDIENCE}` }, 3600],
    ['for several audiences, one of which is the provider', { aud: ['sts.amazonaws.com', AUDIENCE] }, 3600],
    ['that lives shorter than an hour', { exp: NOW + 600 }, 600],
    ['that lives longer than an hour', { exp: NOW + 86400 }, 3600],
    ['that was issued a day ago', { iat: NOW - 86400, nbf: NOW - 86400, exp: NOW + 1 }, 1],
    ['without nbf', { nbf: undefined }, 3600],
  ])('may be one %s', async (_, claims, expiresIn) => {
    expect(await answer(google, tokenOf(claims))).toEqual({ status: 200, body: { ...GRANTED.body, expires_in: expiresIn } });
  });

  test('may be signed by an elliptic curve, with keys that were uploaded', async () => {
    const key = ecKey('curve');
    const uploaded = new TestGoogle(...pool({}, { issuer_uri: 'https://kubernetes.default.svc.cluster.local', jwks_json: JSON.stringify({ keys: [key.jwk] }) }));
    const token = forge(key, claimsOf({ iss: 'https://kubernetes.default.svc.cluster.local' }), { alg: 'ES256', kid: 'curve' }, SIGNINGS.ES256);
    expect(await answer(uploaded, token)).toEqual(GRANTED);
  });

  test('keeps the audiences that are allowed, and no default', async () => {
    const allowed = new TestGoogle(...pool({}, { allowed_audiences: ['gcp', 'google'] }));
    expect(await answer(allowed, tokenOf({ aud: ['google'] }))).toEqual(GRANTED);
    expect(await answer(allowed, tokenOf())).toEqual(audienceRefused(AUDIENCE));
  });
});

describe('refuses a token', () => {
  const google = new TestGoogle(...pool());
  const stranger = rsaKey('key-1');
  const header = { alg: 'RS256', kid: 'key-1' };

  test.each<[string, string, ReturnType<typeof refused>]>([
    ['of another namespace', tokenOf({ sub: 'system:serviceaccount:billing:reader' }), refused('unauthorized_client', CONDITION)],
    ['of another account', tokenOf({ sub: 'system:serviceaccount:reports:writer' }), refused('unauthorized_client', CONDITION)],
    ['whose subject only begins alike', tokenOf({ sub: `${SUBJECT}-2` }), refused('unauthorized_client', CONDITION)],
    ['whose subject differs in case', tokenOf({ sub: SUBJECT.toUpperCase() }), refused('unauthorized_client', CONDITION)],
    ['whose subject is a list', tokenOf({ sub: [SUBJECT] }), refused('unauthorized_client', CONDITION)],
    ['without a subject', tokenOf({ sub: undefined }), refused('unauthorized_client', CONDITION)],
    ['of another issuer', tokenOf({ iss: 'https://evil.example.com' }), issuerRefused('https://evil.example.com')],
    ['whose issuer has a slash more', tokenOf({ iss: `${ISSUER}/` }), issuerRefused(`${ISSUER}/`)],
    ['whose issuer differs in case', tokenOf({ iss: 'https://Issuer.example.com/onprem' }), issuerRefused('https://Issuer.example.com/onprem')],
    ['without an issuer', tokenOf({ iss: undefined }), issuerRefused('null')],
    ['for another audience', tokenOf({ aud: ['sts.amazonaws.com'] }), audienceRefused('sts.amazonaws.com')],
    ['for another provider of the pool', tokenOf({ aud: [`//iam.googleapis.com/${POOL}/providers/other`] }), audienceRefused(`//iam.googleapis.com/${POOL}/providers/other`)],
    ['for the audience with a slash more', tokenOf({ aud: `${AUDIENCE}/` }), audienceRefused(`${AUDIENCE}/`)],
    ['for audiences that are not all texts', tokenOf({ aud: [AUDIENCE, 1] }), audienceRefused(`${AUDIENCE}, 1`)],
    ['for no audience', tokenOf({ aud: undefined }), audienceRefused('')],
    ['that expires now', tokenOf({ exp: NOW }), stale()],
    ['that does not expire', tokenOf({ exp: undefined }), stale()],
    ['whose end is a text', tokenOf({ exp: String(NOW + 3600) }), stale()],
    ['from the future', tokenOf({ iat: NOW + 1 }), stale(NOW + 1)],
    ['without the time of its issue', tokenOf({ iat: undefined }), stale(null)],
    ['that was issued more than a day ago', tokenOf({ iat: NOW - 86401 }), stale(NOW - 86401)],
    ['that lives two days', tokenOf({ exp: NOW + 2 * 86400 }), stale()],
    ['that is not good yet', tokenOf({ nbf: NOW + 1 }), stale()],
    ['signed by another key', tokenOf({}, stranger), refused('invalid_grant', 'Unable to verify the ID Token signature.')],
    ['signed by a key that the issuer does not have', tokenOf({}, rsaKey('key-2')), refused('invalid_grant', CONNECTING)],
    ['that names no key', forge(KEY, claimsOf(), { alg: 'RS256' }), refused('invalid_grant', CONNECTING)],
    ['without a signature', `${forge(KEY, claimsOf(), { alg: 'none' }).split('.').slice(0, 2).join('.')}.`, refused('invalid_grant', 'Unable to parse the ID Token.')],
    ['of the algorithm none', forge(KEY, claimsOf(), { ...header, alg: 'none' }), refused('invalid_grant', 'Unable to verify the ID Token signature.')],
    ['signed with the public key as a secret', forge(KEY, claimsOf(), { ...header, alg: 'HS256' }, SIGNINGS.HMAC_OF_PEM),
      refused('invalid_grant', 'Unable to verify the ID Token signature.')],
    ['of RS512', forge(KEY, claimsOf(), { ...header, alg: 'RS512' }, SIGNINGS.RS512), refused('invalid_grant', 'Unable to verify the ID Token signature.')],
    ['that is no token', 'ya29.abc', refused('invalid_grant', 'Unable to parse the ID Token.')],
    ['that says its subject twice', forge(KEY, `{"iss":"${ISSUER}","sub":"x","sub":"${SUBJECT}"}`), refused('invalid_grant', 'Unable to parse the ID Token.')],
    ['with claims deeper than anybody reads', forge(KEY, JSON.stringify(claimsOf()).replace('{', `{"deep":${'['.repeat(1000)}${']'.repeat(1000)},`)),
      refused('invalid_grant', 'Unable to parse the ID Token.')],
  ])('%s', async (_, token, expected) => {
    expect(await answer(google, token)).toEqual(expected);
  });

  test('whose issuer cannot be reached', async () => {
    const hidden = new TestGoogle(...pool({}, { issuer_uri: 'https://kubernetes.default.svc.cluster.local' }));
    expect(await answer(hidden, tokenOf({ iss: 'https://kubernetes.default.svc.cluster.local' }))).toEqual(refused('invalid_grant', CONNECTING));
  });

  test('whose issuer answers for another one', async () => {
    const lying = new TestGoogle(...pool({}, { issuer_uri: 'https://lying.example.com' }));
    lying.internet.serve('lying.example.com', () => ({ status: 200, body: JSON.stringify({ issuer: ISSUER, jwks_uri: `${ISSUER}/openid/v1/jwks` }) }));
    expect(await answer(lying, tokenOf({ iss: 'https://lying.example.com' }))).toEqual(refused('invalid_grant', CONNECTING));
  });

  test('of a key that its issuer publishes, where keys were uploaded', async () => {
    const uploaded = new TestGoogle(...pool({}, { jwks_json: JSON.stringify({ keys: [rsaKey('key-2').jwk] }) }));
    expect(await answer(uploaded, tokenOf())).toEqual(refused('invalid_grant', CONNECTING));
  });
});

describe('refuses a request', () => {
  const google = new TestGoogle(...pool());

  test.each<[string, Readonly<Record<string, string>>, ReturnType<typeof refused>]>([
    ['to a pool', { audience: `//iam.googleapis.com/${POOL}` }, refused('invalid_request', AUDIENCE_FORMAT)],
    ['to a provider with a scheme', { audience: `https:${AUDIENCE}` }, refused('invalid_request', AUDIENCE_FORMAT)],
    ['to nobody', { audience: '' }, refused('invalid_request', AUDIENCE_FORMAT)],
    ['to a provider that is not there', { audience: `//iam.googleapis.com/${POOL}/providers/other` }, refused('invalid_target', TARGET)],
    ['to the project by its id', { audience: AUDIENCE.replace('123456789', 'acme-apps') }, refused('invalid_target', TARGET)],
    ['of another grant', { grant_type: 'client_credentials' },
      refused('unsupported_grant_type', 'Invalid value for "grant_type". This value should be urn:ietf:params:oauth:grant-type:token-exchange.')],
    ['for another kind of token', { requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' },
      refused('invalid_request', 'Invalid value for "requested_token_type". This value should be urn:ietf:params:oauth:token-type:access_token.')],
    ['with another kind of token', { subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request' }, refused('invalid_request', 'Invalid value for "subject_token_type".')],
    ['for no scope', { scope: '' }, refused('invalid_scope', 'Invalid value for "scope".')],
    ['that says a parameter in both spellings', { subjectToken: tokenOf() }, refused('invalid_request', 'Invalid request body.')],
  ])('%s', async (_, change, expected) => {
    expect(await answer(google, tokenOf(), change)).toEqual(expected);
  });

  test.each([
    ['a provider that is disabled', pool({ disabled: true })],
    ['a pool that is disabled', [resource('google_iam_workload_identity_pool', { name: POOL, disabled: true }), ...pool().slice(1)]],
    ['a pool without its provider', pool().slice(0, 1)],
  ])('to %s', async (_, resources) => {
    expect(await answer(new TestGoogle(...resources), tokenOf())).toEqual(refused('invalid_target', TARGET));
  });

  test('that is no POST, or of another path', async () => {
    expect(await google.ask('https://sts.googleapis.com/v1/token')).toMatchObject({ status: 404 });
    expect(await google.ask('https://sts.googleapis.com/v2/token', { method: 'POST' })).toMatchObject({ status: 404 });
  });
});

describe('the attributes', () => {
  const mapped = (mapping: Readonly<Record<string, string>>) => new TestGoogle(...pool({ attribute_mapping: mapping, attribute_condition: null }));

  test('are what the mapping makes of the claims', async () => {
    const { google } = mapped({
      'google.subject': "'onprem::' + assertion.sub.extract('system:serviceaccount:{name}')", 'google.groups': 'assertion.teams',
      'attribute.namespace': "assertion['kubernetes.io']['namespace']", 'attribute.first': "assertion.sub.split(':')[2].upperAscii()",
    });
    expect(await google.exchange({ audience: AUDIENCE, token: tokenOf({ teams: ['a', 'b'] }) })).toEqual({
      ok: true, expiresIn: 3600,
      identity: {
        kind: 'federated', pool: POOL, subject: 'onprem::reports:reader', groups: ['a', 'b'], attributes: new Map([['namespace', 'reports'], ['first', 'REPORTS']]),
      },
    });
  });

  test('are 127 bytes of subject and no more', async () => {
    const google = mapped({ 'google.subject': 'assertion.sub' });
    expect(await answer(google, tokenOf({ sub: 'é'.repeat(63) + 'e' }))).toEqual(GRANTED);
    expect(await answer(google, tokenOf({ sub: 'é'.repeat(64) }))).toEqual(refused('invalid_request', 'The size of mapped attribute google.subject exceeds the 127 bytes limit. '
      + 'Either modify your attribute mapping or the incoming assertion to produce a mapped attribute that is less than 127 bytes.'));
  });

  test('are 8 KB in all and no more', async () => {
    const google = mapped({ 'google.subject': 'assertion.sub', 'attribute.long': 'assertion.long' });
    expect(await answer(google, tokenOf({ long: 'x'.repeat(8192 - SUBJECT.length) }))).toEqual(GRANTED);
    expect(await answer(google, tokenOf({ long: 'x'.repeat(8193 - SUBJECT.length) })))
      .toEqual(refused('invalid_request', 'The size of the entire mapped attributes exceeds the 8 KB limit.'));
  });

  test.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, unknown>>, ReturnType<typeof refused>]>([
    ['a subject that is not there', { 'google.subject': 'assertion.email' }, {}, refused('unauthorized_client', NO_SUBJECT)],
    ['an empty subject', { 'google.subject': "assertion.sub.extract('nothing/{name}')" }, {}, refused('unauthorized_client', NO_SUBJECT)],
    ['a token without sub, whatever is mapped', { 'google.subject': "'x'" }, { sub: undefined }, refused('unauthorized_client', NO_SUBJECT)],
    ['a token whose sub is a list, whatever is mapped', { 'google.subject': 'assertion.sub[0]' }, { sub: [SUBJECT] }, refused('unauthorized_client', NO_SUBJECT)],
    ['an attribute whose claim is not there', { 'google.subject': 'assertion.sub', 'attribute.node': "assertion['kubernetes.io']['node']['name']" }, {},
      refused('unauthorized_client', 'Could not obtain a value for attribute.node from the given credential.')],
    ['an attribute whose claim is null', { 'google.subject': 'assertion.sub', 'attribute.team': 'assertion.team' }, { team: null },
      refused('unauthorized_client', 'Could not obtain a value for attribute.team from the given credential.')],
    ['groups that are not there', { 'google.subject': 'assertion.sub', 'google.groups': 'assertion.teams' }, {},
      refused('unauthorized_client', 'Could not obtain a value for google.groups from the given credential.')],
    ['a subject that is a number', { 'google.subject': 'assertion.number' }, { number: 7 },
      refused('invalid_request', "The mapped attribute 'google.subject' must be of type STRING")],
    ['an attribute that is a list', { 'google.subject': 'assertion.sub', 'attribute.aud': 'assertion.aud' }, {},
      refused('invalid_request', "The mapped attribute 'attribute.aud' must be of type STRING")],
    ['an attribute that is a number', { 'google.subject': 'assertion.sub', 'attribute.number': 'assertion.number' }, { number: 7 },
      refused('invalid_request', "The mapped attribute 'attribute.number' must be of type STRING")],
    ['groups that are no list', { 'google.subject': 'assertion.sub', 'google.groups': 'assertion.sub' }, {},
      refused('invalid_request', "The mapped attribute 'google.groups' must be of type LIST<STRING>")],
    ['groups that are no texts', { 'google.subject': 'assertion.sub', 'google.groups': 'assertion.teams' }, { teams: ['a', 1] },
      refused('invalid_request', "The mapped attribute 'google.groups' must be of type LIST<STRING>")],
  ])('refuse %s', async (_, mapping, claims, expected) => {
    expect(await answer(mapped(mapping), tokenOf(claims))).toEqual(expected);
  });
});

describe('a condition', () => {
  const SOME = { teams: ['a', 'b'], level: 5, verified: true, nothing: null };
  const conditioned = (condition: string) => new TestGoogle(...pool({
    attribute_condition: condition,
    attribute_mapping: { 'google.subject': 'assertion.sub', 'google.groups': "has(assertion.teams) ? assertion.teams : ['none']", 'attribute.namespace': "assertion['kubernetes.io']['namespace']" },
  }));

  test.each([
    ["'a' in assertion.teams"], ["assertion.teams.exists(team, team == 'b')"], ["'b' in google.groups"], ["attribute.namespace == 'reports'"],
    [`google.subject == '${SUBJECT}'`], ['assertion.level == 5'], ['assertion.verified'], ['assertion.nothing == null'], ["assertion.sub.startsWith('system:serviceaccount:')"],
    ["assertion.sub.matches('^system:serviceaccount:[^:]+:reader$')"], ['!has(assertion.email)'], ["assertion.email == 'x' || true"], ["assertion.sub.extract(':{a}:') == 'serviceaccount'"],
    ["assertion['kubernetes.io']['namespace'] in ['billing', 'reports']"], ['size(assertion.teams) == 2'], ["assertion.aud[0].endsWith('onprem')"],
  ])('admits: %s', async condition => {
    expect(await answer(conditioned(condition), tokenOf(SOME))).toEqual(GRANTED);
  });

  test.each([
    // Lists where a text is meant, and texts where a list is meant.
    ["assertion.teams == 'a'"], ["assertion.aud.startsWith('//iam')"], ["'r' in assertion.sub"], [`assertion.aud == '${AUDIENCE}'`],
    // Claims that are not there.
    ["assertion.email == 'x'"], ["assertion.email != 'x'"], ["!(assertion.email == 'x')"], ["assertion.email in ['x']"], ["'x' in assertion.emails"], ['assertion.a.b.c'],
    ["attribute.team == 'a'"], ['attribute.nothing == null'], ["google.email == 'x'"], ["assertion['kubernetes.io']['node']['name'] == 'x'"],
    // Values of another type, and conditions that come to no truth.
    ["assertion.level == '5'"], ["assertion.level.startsWith('5')"], ["assertion.verified == 'true'"], ['assertion.sub'], ['assertion.level'], ['1'], ["'true'"], ['null'],
    ['assertion.teams'], ['assertion.nothing'], ['assertion.level / 0.0 > 1.0 && false'], ['assertion.sub in []'], ['false'],
    ["assertion.sub.extract('{a}{b}') == ''"], ["assertion.sub.matches('(')"],
  ])('refuses: %s', async condition => {
    expect(await answer(conditioned(condition), tokenOf(SOME))).toEqual(refused('unauthorized_client', CONDITION));
  });

  test('refuses where the claim that it reads has another type in this token', async () => {
    const google = conditioned("assertion.level > 3.0 && assertion.teams.all(team, team.startsWith('a'))");
    expect(await answer(google, tokenOf({ level: 4, teams: ['a', 'ab'] }))).toEqual(GRANTED);
    for (const claims of [{ level: '4', teams: ['a'] }, { level: 4, teams: 'a' }, { level: 4, teams: [1] }, { level: null, teams: ['a'] }, { teams: ['a'] }, { level: 4 }]) {
      expect(await answer(google, tokenOf(claims))).toEqual(refused('unauthorized_client', CONDITION));
    }
  });
});

test('an access token says who it is to gcloud, until it expires', async () => {
  const google = new TestGoogle(...pool());
  const token = await google.federated();
  const introspect = async () => (await google.ask('https://sts.googleapis.com/v1/introspect', {
    method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ token }).toString(),
  })).body;
  expect(await introspect()).toEqual({
    active: true, exp: NOW + 3600, iat: NOW, iss: 'https://sts.googleapis.com/', scope: 'https://www.googleapis.com/auth/cloud-platform', username: PRINCIPAL, sub: PRINCIPAL,
  });
  google.now = NOW + 3600;
  expect(await introspect()).toEqual({ active: false });
});

import * as fc from 'fast-check';
import { accountMember, AUDIENCE, bucketMember, claimsOf, EMAIL, KEY, NOW, podOf, pool, PRINCIPAL, serviceAccount, TestGoogle } from './fixture';
import { forge } from '../forgery';

const google = new TestGoogle(...pool(), serviceAccount(), accountMember(PRINCIPAL), bucketMember(PRINCIPAL));
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '%', '%ff', '/', '..', '{', '[]', 'null', '{"scope":1}', 'a=b&a=c', '__proto__', 'constructor'));
const header = fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'text/plain');

/** Hosts and the beginnings of the paths that they know. */
const PLACES: readonly (readonly [string, readonly string[]])[] = [
  ['https://sts.googleapis.com', ['/v1/token', '/v1/introspect', '/']],
  ['https://iamcredentials.googleapis.com', [`/v1/projects/-/serviceAccounts/${EMAIL}:generateAccessToken`, `/v1/projects/-/serviceAccounts/${EMAIL}:generateIdToken`, '/v1/']],
  ['https://storage.googleapis.com', ['/storage/v1/b/', '/storage/v1/b/acme-reports/o/', '/download/storage/v1/b/acme-reports/o/', '/']],
  ['https://cloudresourcemanager.googleapis.com', ['/v1/projects/', '/']],
  ['http://metadata.google.internal', ['/computeMetadata/v1/', '/computeMetadata/v1/instance/service-accounts/', '/computeMetadata/v1/instance/service-accounts/default/identity?audience=', '/']],
  ['https://accounts.google.com', ['/']],
];

test.each(PLACES)('%s answers whatever it is asked', async (host, paths) => {
  const token = await google.federated();
  const ask = fc.record({ method: fc.constantFrom('GET', 'POST', 'PUT', 'HEAD'), start: fc.constantFrom(...paths), rest: text, body: text, type: header, bearer: fc.oneof(text, fc.constant(token)) });
  await fc.assert(fc.asyncProperty(ask, async ({ method, start, rest, body, type, bearer }) => {
    const headers = { 'content-type': type, 'authorization': `Bearer ${bearer}`, 'metadata-flavor': 'Google' };
    const { status, body: said } = await google.internet.fetch({ url: `${host}${start}${encodeURI(rest)}`, method, headers, body, pod: podOf({ annotation: EMAIL }) });
    expect([200, 400, 401, 403, 404, 405]).toContain(status);
    expect(typeof said).toBe('string');
  }), { numRuns: 200 });
});

test('refuses every token that is not wholly the issuer\'s', async () => {
  const whole = forge(KEY, claimsOf());
  expect(await google.google.exchange({ audience: AUDIENCE, token: whole })).toMatchObject({ ok: true });
  await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), fc.constantFrom(...'AZaz09-_.= %'), async (at, letter) => {
    fc.pre(whole[at] !== letter);
    const exchanged = await google.google.exchange({ audience: AUDIENCE, token: `${whole.slice(0, at)}${letter}${whole.slice(at + 1)}` });
    expect(exchanged).toEqual({ ok: false, status: 400, error: 'invalid_grant', description: expect.any(String) });
  }), { numRuns: 500 });
});

test('refuses every token whose claims are of whatever type, but for the right ones', async () => {
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom('', PRINCIPAL, NOW, -1, 1e308, true));
  await fc.assert(fc.asyncProperty(fc.constantFrom('iss', 'sub', 'aud', 'exp', 'iat'), value, async (claim, wrong) => {
    // An issue some hours ago, or an end some hours ahead, would be a right one.
    fc.pre(!(typeof wrong === 'number' && Math.abs(wrong - NOW) < 200_000));
    const exchanged = await google.google.exchange({ audience: AUDIENCE, token: forge(KEY, claimsOf({ [claim]: wrong })) });
    expect(exchanged).toMatchObject({ ok: false, status: 400 });
  }), { numRuns: 300 });
});

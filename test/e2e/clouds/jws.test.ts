import type { JsonWebKey } from 'node:crypto';
import type { HttpResponse } from '../model';
import { discoverKeys, fetchKeys } from './discovery';
import { ecKey, forge, part, rsaKey, SIGNINGS } from './forgery';
import { JwsError, parseJson, verifyJws } from './jws';
import type { JwsOptions } from './jws';

const ISSUER = 'https://issuer.example.com/onprem';
const key = rsaKey('one');
const other = rsaKey('two');
const stranger = rsaKey('one');
const curve = ecKey('curve');
const CLAIMS = { iss: ISSUER, sub: 'system:serviceaccount:reports:reader', aud: ['sts.amazonaws.com'], exp: 1800003600 };
const KEYS: readonly JsonWebKey[] = [key.jwk, other.jwk, curve.jwk];
const ES256: JwsOptions = { algorithms: ['RS256', 'ES256'] };

/** What came of a token: 'valid', or the kind of its refusal. */
async function verdict(token: string, keys: readonly JsonWebKey[] = KEYS, options?: JwsOptions): Promise<string> {
  try {
    await verifyJws(token, async () => keys, options);
    return 'valid';
  } catch (error) {
    if (!(error instanceof JwsError)) throw error;
    return error.kind;
  }
}

describe('a token of the issuer', () => {
  test('is valid, and its claims come back as they are', async () => {
    const asked: string[] = [];
    const claims = { ...CLAIMS, nested: { list: [1, null, { deep: true }] }, text: 'a\\"b {["é"]}: ' };
    await expect(verifyJws(forge(key, claims), async issuer => {
      asked.push(issuer);
      return KEYS;
    })).resolves.toEqual({ header: { alg: 'RS256', kid: 'one' }, claims });
    expect(asked).toEqual([ISSUER]);
  });

  test.each([
    ['of any key of the set', forge(other, CLAIMS), undefined],
    ['of an elliptic curve, where the caller allows it', forge(curve, CLAIMS, { alg: 'ES256', kid: 'curve' }, SIGNINGS.ES256), ES256],
    ['with PSS, where the caller allows it', forge(key, CLAIMS, { alg: 'PS256', kid: 'one' }, SIGNINGS.PS256), { algorithms: ['PS256'] } as JwsOptions],
    ['with a type and what else headers have', forge(key, CLAIMS, { alg: 'RS256', kid: 'one', typ: 'JWT', x5t: 'AAAA' }), undefined],
  ])('is valid %s', async (_, token, options) => {
    // The published keys may leave out what they are for.
    const keys = KEYS.map(({ alg: _alg, use: _use, ...jwk }) => jwk);
    expect(await verdict(token, keys, options)).toBe('valid');
  });

  test('is not asked for keys before it is known to be well-formed', async () => {
    const keysFor = jest.fn(async () => KEYS);
    await expect(verifyJws(forge(key, CLAIMS, { alg: 'none' }), keysFor)).rejects.toThrow(JwsError);
    expect(keysFor).not.toHaveBeenCalled();
  });

  test('passes on what the caller says about its issuer', async () => {
    await expect(verifyJws(forge(key, CLAIMS), async () => { throw new RangeError('unknown'); })).rejects.toThrow(RangeError);
  });
});

describe('refuses by algorithm', () => {
  test.each(['none', 'None', 'NONE', 'nOnE', '', 'HS256', 'HS512', 'rs256', 'RS256 ', 'RS1', 'RS384', 'EdDSA', 'ES256', '__proto__', 'toString', null, 1, ['RS256'],
    { RS256: true }, undefined])('%j', async alg => {
    const header = { alg, kid: 'one' };
    for (const signing of Object.values(SIGNINGS).filter(each => each !== SIGNINGS.ES256 && each !== SIGNINGS.ES256_DER)) {
      expect(await verdict(forge(key, CLAIMS, header, signing))).toBe('algorithm');
    }
    // Without any signature a token is not one.
    expect(await verdict(`${part(header)}.${part(CLAIMS)}.`)).toBe('malformed');
  });

  test.each(['none', 'HS256', 'toString'])('%s also where a caller allows it', async alg => {
    const options = { algorithms: [alg] } as unknown as JwsOptions;
    for (const signing of [SIGNINGS.HMAC_OF_PEM, SIGNINGS.HMAC_OF_DER, SIGNINGS.HMAC_OF_MODULUS, SIGNINGS.HMAC_OF_NOTHING]) {
      expect(await verdict(forge(key, CLAIMS, { alg, kid: 'one' }, signing), KEYS, options)).toBe('algorithm');
    }
  });

  test.each([{ crit: ['exp'] }, { crit: [] }, { crit: ['b64'], b64: false }, { b64: false }])('an extension %j', async extension => {
    expect(await verdict(forge(key, CLAIMS, { alg: 'RS256', kid: 'one', ...extension }))).toBe('algorithm');
  });
});

describe('refuses by key', () => {
  test.each(['', 'One', 'one ', ' one', 'one\u0000', 'оne', 'three', '../one', '../../../../dev/null', '/dev/null', 'https://attacker.example/jwks.json', "one' OR '1'='1",
    '__proto__', 'constructor', 'length', '0', 0, true, null, ['one'], { one: 1 }, undefined])('the name %j', async kid => {
    expect(await verdict(forge(key, CLAIMS, { alg: 'RS256', kid }))).toBe('key');
    expect(await verdict(forge(key, CLAIMS, { alg: 'RS256', kid }), [key.jwk])).toBe('key');
    // A key without a name is not the key of a token without one.
    expect(await verdict(forge(key, CLAIMS, { alg: 'RS256', kid }), [{ ...key.jwk, kid: '' }])).toBe('key');
    expect(await verdict(forge(key, CLAIMS, { alg: 'RS256', kid }), [{ ...key.jwk, kid: undefined }])).toBe('key');
  });

  test('that the header brings itself', async () => {
    const brought = { jwk: stranger.jwk, jku: 'https://attacker.example/jwks.json', x5u: 'https://attacker.example/cert.pem', x5c: ['AAAA'] };
    expect(await verdict(forge(stranger, CLAIMS, { alg: 'RS256', kid: 'one', ...brought }))).toBe('signature');
    expect(await verdict(forge(stranger, CLAIMS, { alg: 'RS256', kid: 'theirs', ...brought }))).toBe('key');
    expect(await verdict(forge(stranger, CLAIMS, { alg: 'RS256', ...brought }))).toBe('key');
  });

  const weak = rsaKey('one', 1024);
  test.each<[string, readonly JsonWebKey[]]>([
    ['in an empty set', []],
    ['that stands twice in the set', [key.jwk, key.jwk]],
    ['for encryption', [{ ...key.jwk, use: 'enc' }]],
    ['with operations other than to verify', [{ ...key.jwk, key_ops: ['encrypt'] }]],
    ['with operations that are no list', [{ ...key.jwk, key_ops: 'verify' }]],
    ['for another algorithm', [{ ...key.jwk, alg: 'RS512' }]],
    ['of another type', [{ ...curve.jwk, kid: 'one', alg: undefined }]],
    ['that is symmetric', [{ kty: 'oct', k: key.jwk.n, kid: 'one' }]],
    ['without numbers', [{ kty: 'RSA', kid: 'one' }]],
    ['of 1024 bits', [weak.jwk]],
    ['with the exponent 1', [{ ...key.jwk, e: 'AQ' }]],
  ])('%s', async (_, keys) => {
    expect(await verdict(forge(key, CLAIMS), keys)).toBe('key');
    expect(await verdict(forge(weak, CLAIMS), keys)).toBe('key');
  });

  test('of a curve for a token of RSA, and the other way round', async () => {
    const keys = KEYS.map(jwk => ({ ...jwk, alg: undefined }));
    expect(await verdict(forge(curve, CLAIMS, { alg: 'RS256', kid: 'curve' }, SIGNINGS.ES256), keys, ES256)).toBe('key');
    expect(await verdict(forge(key, CLAIMS, { alg: 'ES256', kid: 'one' }), keys, ES256)).toBe('key');
    expect(await verdict(forge(curve, CLAIMS, { alg: 'ES256', kid: 'curve' }, SIGNINGS.ES256), [{ ...curve.jwk, crv: 'P-384', alg: undefined }], ES256)).toBe('key');
  });
});

describe('refuses by signature', () => {
  const [header, claims, signature] = forge(key, CLAIMS).split('.') as [string, string, string];
  const bytes = Buffer.from(signature, 'base64url');
  const flipped = Buffer.from(bytes);
  flipped[0] = 255 - flipped[0]!;
  test.each([
    ['another key of the same name', forge(stranger, CLAIMS)],
    ['another key of the set', forge(other, CLAIMS, { alg: 'RS256', kid: 'one' })],
    ['another hash', forge(key, CLAIMS, undefined, SIGNINGS.RS512)],
    ['another padding', forge(key, CLAIMS, undefined, SIGNINGS.PS256)],
    ['an HMAC', forge(key, CLAIMS, undefined, SIGNINGS.HMAC_OF_PEM)],
    ['claims changed afterwards', `${header}.${part({ ...CLAIMS, sub: 'system:serviceaccount:reports:admin' })}.${signature}`],
    ['a header changed afterwards', `${part({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${claims}.${signature}`],
    ['the same header, spelled otherwise', `${part('{ "alg": "RS256", "kid": "one" }')}.${claims}.${signature}`],
    ['one bit', `${header}.${claims}.${flipped.toString('base64url')}`],
    ['a shorter one', `${header}.${claims}.${bytes.subarray(1).toString('base64url')}`],
    ['a longer one', `${header}.${claims}.${Buffer.concat([Buffer.alloc(1), bytes]).toString('base64url')}`],
    ['zeros', `${header}.${claims}.${Buffer.alloc(256).toString('base64url')}`],
    ['one byte', `${header}.${claims}.AA`],
  ])('%s', async (_, token) => {
    expect(await verdict(token)).toBe('signature');
  });

  test.each([['in DER', SIGNINGS.ES256_DER], ['of zeros', () => Buffer.alloc(64)], ['of nothing much', () => Buffer.alloc(1)]])('a curve\'s signature %s', async (_, signing) => {
    expect(await verdict(forge(curve, CLAIMS, { alg: 'ES256', kid: 'curve' }, signing), KEYS, ES256)).toBe('signature');
  });
});

describe('refuses what is malformed', () => {
  const [header, claims, signature] = forge(key, CLAIMS).split('.') as [string, string, string];
  test.each([
    ['nothing', ''], ['one part', header], ['two parts', `${header}.${claims}`], ['four parts', `${header}.${claims}.${signature}.${signature}`],
    ['five parts', `${header}.${claims}.${signature}..`], ['an empty header', `.${claims}.${signature}`], ['no claims', `${header}..${signature}`],
    ['padding', `${header}.${claims}.${signature}=`], ['a line end', `${header}.${claims}.${signature}\n`], ['a space', ` ${header}.${claims}.${signature}`],
    ['the other alphabet', `${header}.${claims}.++//`], ['an impossible length', `${header}.${claims}.AAAAA`], ['bits too many', `${header}.${claims}.AB`],
    ['a zero byte', `${header}.${claims}.${signature}\u0000`],
  ])('%s', async (_, token) => {
    expect(await verdict(token)).toBe('malformed');
  });

  test.each([
    ['a list', '[]'], ['a text', '"a"'], ['null', 'null'], ['a number', '1'], ['no JSON', '{'], ['two values', '{}{}'], ['a comment', '{}//'], ['a comma at the end', '{"iss":"a",}'],
    ['a byte order mark', '\uFEFF{}'], ['half of a pair', '{"sub":"\\ud800"}'], ['half of a pair as a name', '{"\\udc00":1}'],
  ])('%s as header and as claims', async (_, text) => {
    expect(await verdict(forge(key, text))).toBe('malformed');
    expect(await verdict(forge(key, CLAIMS, text))).toBe('malformed');
  });

  test('bytes that are no UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('{"iss":"'), Buffer.from([0xc0, 0xaf]), Buffer.from('"}')]).toString('base64url');
    expect(await verdict(`${header}.${bytes}.${signature}`)).toBe('malformed');
  });

  test.each(['iss', 'sub', 'aud', 'exp', 'anything', '__proto__'])('two claims %s', async name => {
    for (const twin of [`"${name}"`, `"\\u${name.charCodeAt(0).toString(16).padStart(4, '0')}${name.slice(1)}" `]) {
      expect(await verdict(forge(key, `{"${name}":"a",${JSON.stringify(CLAIMS).slice(1, -1).replace(`"${name}":`, '"x":')},${twin}:"b"}`))).toBe('malformed');
      expect(await verdict(forge(key, `{"iss":"${ISSUER}","deep":[{"a":"\\"}{","b":[]},{"${name}":1,${twin}:2}]}`))).toBe('malformed');
    }
  });

  test.each(['alg', 'kid'])('two of %s in the header', async name => {
    expect(await verdict(forge(key, CLAIMS, `{"alg":"RS256","kid":"one","${name}":"${name === 'alg' ? 'RS256' : 'one'}"}`))).toBe('malformed');
  });

  test('the same name in two objects is no duplicate', () => {
    expect(parseJson('{"a":{"b":1},"b":[{"b":"a"},{"b":"\\"b\\":"}]}')).toEqual({ a: { b: 1 }, b: [{ b: 'a' }, { b: '"b":' }] });
  });

  test.each([null, 1, '', ['https://issuer.example.com/onprem'], { iss: ISSUER }, undefined])('the issuer %j', async iss => {
    expect(await verdict(forge(key, { ...CLAIMS, iss }))).toBe('issuer');
  });

  test('what is too long, and deep nesting within the length', async () => {
    expect(await verdict(forge(key, { ...CLAIMS, fill: 'a'.repeat(20000) }))).toBe('size');
    expect(await verdict(forge(key, { ...CLAIMS, fill: 'a'.repeat(10000) }), KEYS, { maxLength: 10000 })).toBe('size');
    expect(await verdict(forge(key, `{"iss":"${ISSUER}","a":${'['.repeat(5000)}${']'.repeat(5000)}}`))).toBe('valid');
    expect(await verdict(forge(key, `{"iss":"${ISSUER}","a":${'['.repeat(5000)}}`))).toBe('malformed');
  });
});

describe('discovery', () => {
  const SLASH = 'https://westeurope.oic.prod-aks.azure.com/tenant/guid/';
  const document = (issuer: string, jwksUri: unknown = 'https://keys.example.com/jwks') => JSON.stringify({ issuer, jwks_uri: jwksUri });
  const JWKS = JSON.stringify({ keys: [key.jwk] });

  /** Pages by URL; everything else is a host that does not exist. */
  function internet(pages: Readonly<Record<string, string | HttpResponse>>) {
    const asked: string[] = [];
    return {
      asked,
      fetch: async ({ url }: { readonly url: string }): Promise<HttpResponse> => {
        asked.push(url);
        const page = new Map(Object.entries(pages)).get(url);
        if (page === undefined) throw new Error(`getaddrinfo ENOTFOUND ${new URL(url).hostname}`);
        return typeof page === 'string' ? { status: 200, body: page } : page;
      },
    };
  }

  test.each([
    [ISSUER, `${ISSUER}/.well-known/openid-configuration`],
    ['https://issuer.example.com', 'https://issuer.example.com/.well-known/openid-configuration'],
    [SLASH, 'https://westeurope.oic.prod-aks.azure.com/tenant/guid/.well-known/openid-configuration'],
  ])('finds the keys of %s', async (issuer, url) => {
    const net = internet({ [url]: document(issuer), 'https://keys.example.com/jwks': JWKS });
    await expect(discoverKeys(net, issuer)).resolves.toEqual([key.jwk]);
    expect(net.asked).toEqual([url, 'https://keys.example.com/jwks']);
  });

  test('reads a set whose URL is known beforehand', async () => {
    await expect(fetchKeys(internet({ 'https://keys.example.com/jwks': JWKS }), 'https://keys.example.com/jwks')).resolves.toEqual([key.jwk]);
  });

  const WELL_KNOWN = `${ISSUER}/.well-known/openid-configuration`;
  test.each<[string, string, Readonly<Record<string, string | HttpResponse>>, string, string]>([
    ['http', 'http://issuer.example.com', {}, 'issuer', '"http://issuer.example.com" is not the https URL of an issuer.'],
    ['a query', `${ISSUER}?a`, {}, 'issuer', `"${ISSUER}?a" is not the https URL of an issuer.`],
    ['a fragment', `${ISSUER}#a`, {}, 'issuer', `"${ISSUER}#a" is not the https URL of an issuer.`],
    ['a user', 'https://issuer.example.com@attacker.example', {}, 'issuer', '"https://issuer.example.com@attacker.example" is not the https URL of an issuer.'],
    ['a look-alike', 'https://іssuer.example.com', {}, 'issuer', '"https://іssuer.example.com" is not the https URL of an issuer.'],
    ['no URL', 'issuer.example.com', {}, 'issuer', '"issuer.example.com" is not the https URL of an issuer.'],
    ['an unknown host', ISSUER, {}, 'unreachable', `${WELL_KNOWN} cannot be reached: getaddrinfo ENOTFOUND issuer.example.com`],
    ['a redirect', ISSUER, { [WELL_KNOWN]: { status: 302, headers: { location: `${SLASH}` }, body: '' } }, 'unreachable', `${WELL_KNOWN} answered 302.`],
    ['a document of another issuer', ISSUER, { [WELL_KNOWN]: document(SLASH) }, 'document', `${WELL_KNOWN} is that of the issuer "${SLASH}", not of ${ISSUER}.`],
    ['a slash too many in the document', ISSUER, { [WELL_KNOWN]: document(`${ISSUER}/`) }, 'document', `${WELL_KNOWN} is that of the issuer "${ISSUER}/", not of ${ISSUER}.`],
    ['a slash too many in the token', `${ISSUER}/`, { [WELL_KNOWN]: document(ISSUER) }, 'document', `${WELL_KNOWN} is that of the issuer "${ISSUER}", not of ${ISSUER}/.`],
    ['two issuers', ISSUER, { [WELL_KNOWN]: `{"issuer":"${SLASH}","issuer":"${ISSUER}"}` }, 'document', `${WELL_KNOWN} is not JSON: The name "issuer" is there twice.`],
    ['a list', ISSUER, { [WELL_KNOWN]: '[]' }, 'document', `${WELL_KNOWN} is not a JSON object.`],
    ['keys over http', ISSUER, { [WELL_KNOWN]: document(ISSUER, 'http://keys.example.com/jwks') }, 'document', `${WELL_KNOWN} has no https URL of keys.`],
    ['no keys', ISSUER, { [WELL_KNOWN]: document(ISSUER, null) }, 'document', `${WELL_KNOWN} has no https URL of keys.`],
    ['a long document', ISSUER, { [WELL_KNOWN]: ' '.repeat(70000) }, 'document', `${WELL_KNOWN} is longer than 65536 characters.`],
    ['keys that are gone', ISSUER, { [WELL_KNOWN]: document(ISSUER), 'https://keys.example.com/jwks': { status: 404, body: '' } }, 'unreachable', 'https://keys.example.com/jwks answered 404.'],
    ['keys of no type', ISSUER, { [WELL_KNOWN]: document(ISSUER), 'https://keys.example.com/jwks': '{"keys":[{}]}' }, 'keys', 'https://keys.example.com/jwks is not a set of at most 100 keys.'],
    ['keys that are no list', ISSUER, { [WELL_KNOWN]: document(ISSUER), 'https://keys.example.com/jwks': '{"keys":{}}' }, 'keys', 'https://keys.example.com/jwks is not a set of at most 100 keys.'],
  ])('refuses %s', async (_, issuer, pages, kind, message) => {
    await expect(discoverKeys(internet(pages), issuer)).rejects.toMatchObject({ name: 'DiscoveryError', kind, message });
  });
});

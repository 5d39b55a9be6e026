import { createHash, createVerify, generateKeyPairSync, KeyObject, sign } from 'node:crypto';
import { TerraformVariable } from 'cdktf';
import { issuerDocuments, IssuerDocumentsProps, jsonWebKeySet } from 'cdktf-workload-federation';
import { refusal } from '../refusal';
import { scratchStack } from '../synth';

const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength });
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve });
const publicPem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const privatePem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

const SIGNERS = { rsa2048: rsa(2048), rsa3072: rsa(3072), rsa4096: rsa(4096), p256: ec('P-256'), p384: ec('P-384'), p521: ec('P-521') };
type Name = keyof typeof SIGNERS;
const PEM = Object.fromEntries(Object.entries(SIGNERS).map(([name, { publicKey }]) => [name, publicPem(publicKey)])) as Record<Name, string>;
const ISSUER = 'https://oidc.acme.example/apps';

// A second way to read a key, which shares nothing with the first: the bytes of its SubjectPublicKeyInfo.

const derOf = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
const base64url = (bytes: Buffer) => bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** The values that stand one after another in DER. */
function elements(der: Buffer): { tag: number; content: Buffer }[] {
  const found = [];
  for (let at = 0; at < der.length;) {
    const tag = der[at]!;
    let length = der[at + 1]!;
    at += 2;
    if (length >= 0x80) {
      const size = length - 0x80;
      length = der.readUIntBE(at, size);
      at += size;
    }
    found.push({ tag, content: der.subarray(at, at + length) });
    at += length;
  }
  return found;
}

const inside = (der: Buffer) => elements(elements(der)[0]!.content);
const CURVES: Record<string, [string, string]> = {
  '2a8648ce3d030107': ['P-256', 'ES256'], '2b81040022': ['P-384', 'ES384'], '2b81040023': ['P-521', 'ES512'],
};

function jwkOf(pem: string): Record<string, string> {
  const der = derOf(pem);
  const [algorithm, bits] = inside(der);
  expect(bits!.content[0]).toBe(0);
  const [oid, parameters] = elements(algorithm!.content);
  const kid = base64url(createHash('sha256').update(der).digest());
  const key = bits!.content.subarray(1);
  if (oid!.content.toString('hex') === '2a864886f70d010101') {
    const [n, e] = inside(key).map(({ content }) => base64url(content[0] === 0 ? content.subarray(1) : content));
    return { use: 'sig', kty: 'RSA', kid, alg: 'RS256', n: n!, e: e! };
  }
  expect([oid!.content.toString('hex'), key[0]]).toEqual(['2a8648ce3d0201', 4]);
  const [crv, alg] = CURVES[parameters!.content.toString('hex')]!;
  const half = (key.length - 1) / 2;
  return { use: 'sig', kty: 'EC', kid, alg, crv, x: base64url(key.subarray(1, 1 + half)), y: base64url(key.subarray(1 + half)) };
}

const keysOf = (jwks: string): Record<string, string>[] => JSON.parse(jwks).keys;

describe('a key set', () => {
  test.each(Object.keys(SIGNERS) as Name[])('holds what the bytes of the key say, for %s', name => {
    expect(JSON.parse(jsonWebKeySet([PEM[name]]))).toEqual({ keys: [jwkOf(PEM[name])] });
  });

  test('holds the same of a key in the older form of RSA', () => {
    const pem = SIGNERS.rsa2048.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(pem).toMatch(/^-----BEGIN RSA PUBLIC KEY-----/);
    expect(keysOf(jsonWebKeySet([pem]))).toEqual([jwkOf(PEM.rsa2048)]);
  });

  test('keeps the order, takes several keys of a text, and each key once', () => {
    const sets = [
      [PEM.rsa2048, PEM.p256, PEM.rsa3072],
      [PEM.rsa2048 + PEM.p256 + PEM.rsa3072],
      [`a comment\n${PEM.rsa2048}\n\n# another\n${PEM.p256}`, PEM.rsa3072],
      [PEM.rsa2048, PEM.p256 + PEM.rsa2048, PEM.rsa3072, PEM.p256],
      [(PEM.rsa2048 + PEM.p256 + PEM.rsa3072).replaceAll('\n', '\r\n')],
      [PEM.rsa2048.trim(), PEM.p256.trim(), `  ${PEM.rsa3072}  `],
    ].map(keys => jsonWebKeySet(keys));
    expect(keysOf(sets[0]!)).toEqual([jwkOf(PEM.rsa2048), jwkOf(PEM.p256), jwkOf(PEM.rsa3072)]);
    expect([...new Set(sets)]).toHaveLength(1);
    expect(keysOf(jsonWebKeySet([PEM.rsa3072, PEM.rsa2048])).map(({ kid }) => kid)).toEqual([jwkOf(PEM.rsa3072).kid, jwkOf(PEM.rsa2048).kid]);
  });

  test('changes by the key that goes, and by nothing else', () => {
    const both = keysOf(jsonWebKeySet([PEM.rsa2048, PEM.rsa3072]));
    expect(keysOf(jsonWebKeySet([PEM.rsa3072]))).toEqual(both.slice(1));
    expect(keysOf(jsonWebKeySet([PEM.rsa2048]))).toEqual(both.slice(0, 1));
  });

  test('has no field of a private key', () => {
    expect(keysOf(jsonWebKeySet(Object.values(PEM))).map(key => Object.keys(key))).toEqual([
      ...Array(3).fill(['use', 'kty', 'kid', 'alg', 'n', 'e']), ...Array(3).fill(['use', 'kty', 'kid', 'alg', 'crv', 'x', 'y']),
    ]);
  });
});

describe('the documents', () => {
  test.each([
    ['without a slash at its end', ISSUER], ['with one', `${ISSUER}/`],
  ])('of an issuer %s name it as it is, and the keys below it', (_, issuer) => {
    const documents = issuerDocuments({ issuer, publicKeys: [PEM.p384, PEM.rsa2048, PEM.rsa3072] });
    expect(JSON.parse(documents.discoveryDocument)).toEqual({
      issuer,
      jwks_uri: 'https://oidc.acme.example/apps/openid/v1/jwks',
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES384', 'RS256'],
    });
    expect(documents.jwksUri).toBe('https://oidc.acme.example/apps/openid/v1/jwks');
    expect(JSON.parse(documents.jwks)).toEqual({ keys: [jwkOf(PEM.p384), jwkOf(PEM.rsa2048), jwkOf(PEM.rsa3072)] });
  });

  test('take the key set as kubectl prints it, literal or known to Terraform only', () => {
    const jwks = jsonWebKeySet([PEM.rsa2048, PEM.p256]);
    expect(issuerDocuments({ issuer: ISSUER, jwks })).toEqual(issuerDocuments({ issuer: ISSUER, publicKeys: [PEM.rsa2048, PEM.p256] }));
    const token = new TerraformVariable(scratchStack(), 'jwks', { type: 'string' }).stringValue;
    const documents = issuerDocuments({ issuer: ISSUER, jwks: token });
    expect(documents.jwks).toBe(token);
    expect(JSON.parse(documents.discoveryDocument)).toMatchObject({ issuer: ISSUER, id_token_signing_alg_values_supported: ['RS256'] });
  });
});

describe('a token of the cluster', () => {
  const part = (value: object) => base64url(Buffer.from(JSON.stringify(value)));

  /** A token as kube-apiserver signs it. */
  function tokenBy({ privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject }, issuer: string): string {
    const header = { alg: 'RS256', kid: base64url(createHash('sha256').update(derOf(publicPem(publicKey))).digest()) };
    const now = Math.floor(Date.now() / 1000);
    const payload = {
      'aud': ['sts.amazonaws.com'],
      'exp': now + 3600,
      'iat': now,
      'iss': issuer,
      'kubernetes.io': {
        namespace: 'reports', pod: { name: 'reader-0', uid: '1f8f6a8e-0000-4000-8000-000000000001' }, serviceaccount: { name: 'reader', uid: '1f8f6a8e-0000-4000-8000-000000000002' },
      },
      'nbf': now,
      'sub': 'system:serviceaccount:reports:reader',
    };
    const signed = `${part(header)}.${part(payload)}`;
    return `${signed}.${base64url(sign('sha256', Buffer.from(signed), privateKey))}`;
  }

  /** What a cloud does: reads the issuer, fetches its two documents, finds the key by its id, and verifies the signature with n and e alone. */
  function verified(token: string, web: Record<string, string>): boolean {
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const said = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString());
    const { iss } = said(payload);
    const discovery = JSON.parse(web[`${iss.replace(/\/$/, '')}/.well-known/openid-configuration`]!);
    expect(discovery.issuer).toBe(iss);
    expect(discovery.id_token_signing_alg_values_supported).toContain(said(header).alg);
    const key = JSON.parse(web[discovery.jwks_uri]!).keys.find(({ kid }: any) => kid === said(header).kid);
    return key !== undefined && createVerify('RSA-SHA256').update(`${header}.${payload}`).verify({ key: { kty: key.kty, n: key.n, e: key.e }, format: 'jwk' }, signature, 'base64url');
  }

  const webOf = (issuer: string, names: Name[]) => {
    const { discoveryDocument, jwks, jwksUri } = issuerDocuments({ issuer, publicKeys: names.map(name => PEM[name]) });
    return { [`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`]: discoveryDocument, [jwksUri]: jwks };
  };

  test.each([ISSUER, `${ISSUER}/`])('is verified by what %s publishes', issuer => {
    for (const name of ['rsa2048', 'rsa3072', 'rsa4096'] as const) {
      expect(verified(tokenBy(SIGNERS[name], issuer), webOf(issuer, ['p256', 'rsa2048', 'rsa3072', 'rsa4096']))).toBe(true);
    }
  });

  test('is not, where its key went or it was changed', () => {
    const token = tokenBy(SIGNERS.rsa2048, ISSUER);
    expect(verified(token, webOf(ISSUER, ['rsa3072']))).toBe(false);
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const other = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'system:serviceaccount:kube-system:admin' };
    expect(verified([header, part(other), signature].join('.'), webOf(ISSUER, ['rsa2048']))).toBe(false);
    expect(verified(token, webOf(ISSUER, ['rsa2048']))).toBe(true);
  });

  test('of the old and of the new key is verified while keys are rotated', () => {
    const web = webOf(ISSUER, ['rsa2048', 'rsa3072']);
    expect([SIGNERS.rsa2048, SIGNERS.rsa3072].map(signer => verified(tokenBy(signer, ISSUER), web))).toEqual([true, true]);
  });
});

describe('refuses', () => {
  const REMEDY = 'pass the public half, as `openssl pkey -in sa.key -pubout` prints it';
  const token = new TerraformVariable(scratchStack(), 'pem', { type: 'string' }).stringValue;
  const broken = PEM.rsa2048.replace(/\n[A-Za-z0-9+/]{20}/, '\nAAAAAAAAAAAAAAAAAAAA');
  const certificate = '-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKC\n-----END CERTIFICATE-----\n';
  const pemOf = (type: any, options: object = {}) => publicPem(generateKeyPairSync(type, options as any).publicKey as unknown as KeyObject);

  test.each([
    ['no key', [], 'hold at least one key, got "none"'],
    ['a private key', [privatePem(SIGNERS.rsa2048.privateKey)], 'be public keys alone, got "a private key"'],
    ['a private key of EC', [SIGNERS.p256.privateKey.export({ type: 'sec1', format: 'pem' }).toString()], 'be public keys alone, got "a private key"'],
    ['a private key of RSA in the older form', [SIGNERS.rsa2048.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()], 'be public keys alone, got "a private key"'],
    ['a private key below a public one', [PEM.rsa3072 + privatePem(SIGNERS.rsa2048.privateKey)], 'be public keys alone, got "a private key"'],
    ['text that is no PEM', ['ssh-rsa AAAAB3NzaC1yc2E'], 'be public keys in PEM, got "text that is no PEM, or cut off"'],
    ['an empty text', ['', PEM.rsa2048], 'be public keys in PEM, got "text that is no PEM, or cut off"'],
    ['a path in place of the text', ['/etc/kubernetes/pki/sa.pub'], 'be public keys in PEM, got "text that is no PEM, or cut off"'],
    ['a key that is cut off behind a whole one', [PEM.rsa2048 + PEM.rsa3072.slice(0, -40)], 'be public keys in PEM, got "text that is no PEM, or cut off"'],
    ['what is no text', [Buffer.from(PEM.rsa2048) as any], 'be public keys in PEM, got "object"'],
    ['a block whose content is no key', [broken], 'be public keys in PEM, got "a block that is no key"'],
    ['a certificate that is none', [certificate], 'be public keys in PEM, got "a block that is no key"'],
    ['an RSA key of 1024 bits', [publicPem(rsa(1024).publicKey)], 'have at least 2048 bits, got "1024 bits"'],
    ['an RSA key of 2040 bits among others', [PEM.p256, publicPem(rsa(2040).publicKey)], 'have at least 2048 bits, got "2040 bits"'],
    ...([
      ['ed25519'], ['x25519'], ['ec', { namedCurve: 'secp256k1' }], ['ec', { namedCurve: 'brainpoolP256r1' }], ['rsa-pss', { modulusLength: 2048 }],
      ['dsa', { modulusLength: 2048, divisorLength: 256 }],
    ] as [string, object?][]).map(([type, options]) => [
      `a key of ${(options as any)?.namedCurve ?? type}`, [pemOf(type, options)], `be RSA keys, or EC keys of P-256, P-384 or P-521, got "a key of type ${type}"`,
    ]),
  ] as [string, string[], string][])('%s, and no message holds it', (_, publicKeys, message) => {
    for (const [where, run] of [
      ['jsonWebKeySet', () => jsonWebKeySet(publicKeys)], ['issuerDocuments', () => issuerDocuments({ issuer: ISSUER, publicKeys })],
    ] as const) {
      const { code, message: said } = refusal(run);
      expect({ code, said }).toEqual({ code: 'InvalidIdentifier', said: `${where}: publicKeys must ${message}; ${REMEDY}` });
      for (const line of publicKeys.flatMap(text => String(text).split('\n')).filter(text => text.length > 8)) {
        expect(said).not.toContain(line);
      }
    }
  });

  test('a PEM that only Terraform knows, as it cannot take a key apart', () => {
    expect(refusal(() => jsonWebKeySet([PEM.rsa2048, token]))).toEqual({
      code: 'UnresolvedValue',
      message: 'jsonWebKeySet: publicKeys must be known when the stack is synthesized, got "a value that only Terraform knows"; '
        + 'read the PEM file, or pass the key set as `jwks`: Terraform has no function that takes a key apart',
    });
  });

  const jwks = jsonWebKeySet([PEM.rsa2048]);
  const privateJwk = SIGNERS.rsa2048.privateKey.export({ format: 'jwk' });
  const PRINTED = 'pass what `kubectl get --raw /openid/v1/jwks` prints, or `jsonWebKeySet(…)` of the public keys';
  test.each([
    ['neither keys nor a key set', {}, 'InvalidIdentifier', 'publicKeys must be given, or `jwks`, and not both, got "neither"; choose one of the two'],
    ['both', { publicKeys: [PEM.rsa2048], jwks }, 'InvalidIdentifier', 'publicKeys must be given, or `jwks`, and not both, got "both"; choose one of the two'],
    ['a key set with a private key', { jwks: JSON.stringify({ keys: [{ ...privateJwk, kid: 'a' }] }) }, 'InvalidIdentifier',
      `jwks must hold public keys alone (kty, alg, use, kid, n, e, x, y, crv), got "a key with other fields"; ${PRINTED}`],
    ['a key set that is no JSON', { jwks: privatePem(SIGNERS.rsa2048.privateKey) }, 'InvalidIdentifier', `jwks must be a JSON Web Key Set, got "text that is none"; ${PRINTED}`],
    ['an empty key set', { jwks: '{"keys":[]}' }, 'InvalidIdentifier', `jwks must hold at least one key, got "none"; ${PRINTED}`],
    ['a symmetric key', { jwks: '{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"a"}]}' }, 'InvalidIdentifier',
      `jwks must hold public keys alone (kty, alg, use, kid, n, e, x, y, crv), got "a key with other fields"; ${PRINTED}`],
    ['a key without an id', { jwks: '{"keys":[{"kty":"RSA"}]}' }, 'InvalidIdentifier', `jwks must hold keys whose fields are text, of type RSA with kid, n, e, got "a key without"; ${PRINTED}`],
    ['an issuer without TLS', { issuer: 'http://oidc.acme.example', jwks }, 'InvalidIssuer',
      'issuer must start with "https://", got "http://oidc.acme.example"; write it as in the `iss` claim of the cluster\'s tokens; no cloud takes an issuer without TLS'],
    ['an issuer with a query', { issuer: 'https://oidc.acme.example/?a', jwks }, 'InvalidIssuer',
      'issuer must be a URL of lower-case host and path, with no query, fragment, user name, wildcard or white space, got "https://oidc.acme.example/?a"; '
      + 'write it as in the `iss` claim of the cluster\'s tokens'],
    ['an issuer that only Terraform knows', { issuer: token, jwks }, 'UnresolvedValue',
      'issuer must be literal, got "a value that only Terraform knows"; write it out: kube-apiserver has it in its flags before Terraform runs'],
  ] as [string, Partial<IssuerDocumentsProps>, string, string][])('%s', (_, props, code, message) => {
    const said = refusal(() => issuerDocuments({ issuer: ISSUER, ...props }));
    expect(said).toEqual({ code, message: `issuerDocuments: ${message}` });
    expect(said.message).not.toContain(privateJwk.d);
  });
});

import { constants, createHmac, createSign, generateKeyPairSync, sign } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

/** A key that signs in tests, and how an issuer publishes it. */
export interface TestKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: JsonWebKey;
}

/** An RSA key that is published with this `kid`. */
export function rsaKey(kid: string, modulusLength = 2048): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
  return { privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' } };
}

/** A P-256 key that is published with this `kid`. */
export function ecKey(kid: string): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'ES256' } };
}

/** Base64url of a text as it is, or of a value's JSON. */
export function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** How a token is signed; also in ways that no verifier may take. */
export type Signing = (input: string, key: TestKey) => Buffer;

export const SIGNINGS = {
  RS256: (input, { privateKey }) => createSign('sha256').update(input).sign(privateKey),
  RS512: (input, { privateKey }) => createSign('sha512').update(input).sign(privateKey),
  PS256: (input, { privateKey: key }) => sign('sha256', Buffer.from(input), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  ES256: (input, { privateKey: key }) => sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }),
  ES256_DER: (input, { privateKey: key }) => sign('sha256', Buffer.from(input), { key, dsaEncoding: 'der' }),
  /** The attack of the confused verifier: the public key, which everybody has, as the secret of an HMAC. */
  HMAC_OF_PEM: (input, { publicKey }) => createHmac('sha256', publicKey.export({ format: 'pem', type: 'spki' })).update(input).digest(),
  HMAC_OF_DER: (input, { publicKey }) => createHmac('sha256', publicKey.export({ format: 'der', type: 'spki' })).update(input).digest(),
  HMAC_OF_MODULUS: (input, { jwk }) => createHmac('sha256', Buffer.from(jwk.n ?? '', 'base64url')).update(input).digest(),
  HMAC_OF_NOTHING: input => createHmac('sha256', '').update(input).digest(),
} satisfies Record<string, Signing>;

/** No signature at all. */
export const UNSIGNED: Signing = () => Buffer.alloc(0);

/** A token with whatever header and claims; a text stands in it as it is. */
export function forge(key: TestKey, claims: unknown, header: unknown = { alg: 'RS256', kid: key.jwk.kid }, signing: Signing = SIGNINGS.RS256): string {
  const input = `${part(header)}.${part(claims)}`;
  return `${input}.${signing(input, key).toString('base64url')}`;
}

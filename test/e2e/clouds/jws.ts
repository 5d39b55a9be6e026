import { constants, createPublicKey, verify } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

/** What a token was refused for. */
export type JwsErrorKind =
  /** It is not three parts of base64url, each a JSON object with every name once. */
  | 'malformed'
  /** It is longer than the verifier reads. */
  | 'size'
  /** It says an algorithm that is not allowed, or asks for an extension. */
  | 'algorithm'
  /** It says no issuer. */
  | 'issuer'
  /** It names no key of the issuer that fits. */
  | 'key'
  /** The named key did not sign it. */
  | 'signature';

/** A token that no verifier may believe. */
export class JwsError extends Error {
  constructor(readonly kind: JwsErrorKind, message: string) {
    super(message);
    this.name = 'JwsError';
  }
}

/** The asymmetric algorithms of RFC 7518 section 3.1, https://www.rfc-editor.org/rfc/rfc7518#section-3.1; no other can be allowed. */
export type JwsAlgorithm = 'RS256' | 'RS384' | 'RS512' | 'PS256' | 'PS384' | 'PS512' | 'ES256' | 'ES384' | 'ES512';

export interface JwsOptions {
  /** @default ['RS256'] */
  readonly algorithms?: readonly JwsAlgorithm[];
  /** The longest token in characters. @default 20000 */
  readonly maxLength?: number;
}

/** A token whose signature is that of its issuer; nothing else about it is checked. */
export interface Jws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>> & { readonly iss: string };
}

const HASHES: Record<JwsAlgorithm, string> = {
  RS256: 'sha256', RS384: 'sha384', RS512: 'sha512', PS256: 'sha256', PS384: 'sha384', PS512: 'sha512', ES256: 'sha256', ES384: 'sha384', ES512: 'sha512',
};
/** RFC 7518 section 3.4: each of these goes with one curve. */
const CURVES = new Map<string, string>([['ES256', 'P-256'], ['ES384', 'P-384'], ['ES512', 'P-521']]);

/**
 * Verifies a compact JWS (RFC 7515, https://www.rfc-editor.org/rfc/rfc7515#section-5.2) with the keys of the issuer that its claims name.
 * The key is that of `kid` in the issuer's set and no other: `jku`, `x5u`, `jwk` and `x5c` of the header are never followed.
 * What `keysFor` throws passes through: it decides whether an issuer is known at all before any key is fetched.
 */
export async function verifyJws(token: string, keysFor: (issuer: string) => Promise<readonly JsonWebKey[]>, options: JwsOptions = {}): Promise<Jws> {
  const { algorithms = ['RS256'], maxLength = 20000 } = options;
  if (typeof token !== 'string') throw new JwsError('malformed', 'The token is not text.');
  if (token.length > maxLength) throw new JwsError('size', `The token has ${token.length} characters; ${maxLength} are read.`);
  const parts = token.split('.', 6);
  if (parts.length !== 3) throw new JwsError('malformed', 'The token is not three parts between dots.');
  const [headerPart, claimsPart, signaturePart] = parts as [string, string, string];
  const header = jsonObject('header', decode('header', headerPart));
  const claims = jsonObject('claims', decode('claims', claimsPart));
  const signature = decode('signature', signaturePart);

  const alg = header.alg;
  // The list is compared as text: what is not one of the asymmetric algorithms cannot be in it.
  if (typeof alg !== 'string' || !(algorithms as readonly string[]).includes(alg) || !Object.hasOwn(HASHES, alg)) {
    throw new JwsError('algorithm', `The algorithm is ${shown(alg)}; allowed: ${algorithms.join(', ')}.`);
  }
  // RFC 7515 section 4.1.11: who does not understand an extension refuses; none is understood here. `b64` (RFC 7797) is nothing without `crit`.
  if (header.crit !== undefined || header.b64 !== undefined) throw new JwsError('algorithm', 'The header asks for an extension.');

  if (typeof claims.iss !== 'string' || claims.iss === '') throw new JwsError('issuer', `The issuer is ${shown(claims.iss)}.`);
  const key = keyOf(header.kid, alg as JwsAlgorithm, await keysFor(claims.iss));
  if (!signed(alg as JwsAlgorithm, Buffer.from(`${headerPart}.${claimsPart}`, 'ascii'), key, signature)) {
    throw new JwsError('signature', `The key ${shown(header.kid)} did not sign the token.`);
  }
  return { header, claims: claims as Jws['claims'] };
}

/** Parses JSON in which no object says a name twice, at any depth: readers differ in which of the two they believe. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // Half of a pair is no character; some readers make U+FFFD of it. It is there by itself, or by an escape.
  const halves = /\p{Surrogate}|\\u[Dd]/u.test(text);
  // JSON.parse took the text, so that the walk only needs strings and brackets. A list has no set of names.
  const names: (Set<string> | undefined)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found, colon] = match;
    if (found === '{') {names.push(new Set());} else if (found === '[') {names.push(undefined);} else if (found === '}' || found === ']') {names.pop();} else if (colon !== undefined || halves) {
      const quoted = colon === undefined ? found : found.slice(0, -colon.length);
      const string = quoted.includes('\\') ? JSON.parse(quoted) as string : quoted.slice(1, -1);
      if (halves && /\p{Surrogate}/u.test(string)) throw new SyntaxError('A text has half of a surrogate pair.');
      if (colon === undefined) continue;
      const seen = names.at(-1)!;
      if (seen.has(string)) throw new SyntaxError(`The name ${shown(string)} is there twice.`);
      seen.add(string);
    }
  }
  return value;
}

/** RFC 7515 section 2: base64url without padding; and without stray bits, so that a token has one spelling. */
function decode(name: string, part: string): Buffer {
  const bytes = /^[A-Za-z0-9_-]+$/.test(part) ? Buffer.from(part, 'base64url') : undefined;
  if (bytes === undefined || bytes.toString('base64url') !== part) throw new JwsError('malformed', `The ${name} is not base64url without padding.`);
  return bytes;
}

function jsonObject(name: string, bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    throw new JwsError('malformed', `The ${name} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new JwsError('malformed', `The ${name} is not a JSON object.`);
  return value as Record<string, unknown>;
}

/** The one key of the set that `kid` names, if it may verify with the algorithm (RFC 7517 section 4, https://www.rfc-editor.org/rfc/rfc7517#section-4). */
function keyOf(kid: unknown, alg: JwsAlgorithm, keys: readonly JsonWebKey[]): KeyObject {
  if (typeof kid !== 'string' || kid === '') throw new JwsError('key', `The header names no key: kid is ${shown(kid)}.`);
  const named = keys.filter(key => key.kid === kid);
  const [jwk] = named;
  if (jwk === undefined) throw new JwsError('key', `The issuer has no key ${shown(kid)}.`);
  if (named.length > 1) throw new JwsError('key', `The issuer has several keys ${shown(kid)}.`);
  if (jwk.use !== undefined && jwk.use !== 'sig') throw new JwsError('key', `The key ${shown(kid)} is not for signatures.`);
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify'))) {
    throw new JwsError('key', `The key ${shown(kid)} is not for signatures.`);
  }
  if (jwk.alg !== undefined && jwk.alg !== alg) throw new JwsError('key', `The key ${shown(kid)} is for ${shown(jwk.alg)}, not for ${alg}.`);
  const curve = CURVES.get(alg);
  if (curve === undefined ? jwk.kty !== 'RSA' : jwk.kty !== 'EC' || jwk.crv !== curve) throw new JwsError('key', `The key ${shown(kid)} is of another type than ${alg}.`);
  let key: KeyObject;
  try {
    // Nothing but the public numbers: whatever else a key says about itself is no part of it.
    key = createPublicKey({ format: 'jwk', key: curve === undefined ? { kty: 'RSA', n: jwk.n, e: jwk.e } : { kty: 'EC', crv: curve, x: jwk.x, y: jwk.y } });
  } catch {
    throw new JwsError('key', `The key ${shown(kid)} cannot be read.`);
  }
  // RFC 7518 section 3.3: 2048 bits or more; an exponent of 1 signs everything.
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (curve === undefined && (modulusLength < 2048 || publicExponent < 3n)) throw new JwsError('key', `The key ${shown(kid)} is too weak.`);
  return key;
}

function signed(alg: JwsAlgorithm, input: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    if (alg.startsWith('ES')) return verify(HASHES[alg], input, { key, dsaEncoding: 'ieee-p1363' }, signature);
    if (alg.startsWith('PS')) {
      return verify(HASHES[alg], input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature);
    }
    return verify(HASHES[alg], input, { key, padding: constants.RSA_PKCS1_PADDING }, signature);
  } catch {
    // A key with numbers that the mathematics refuses signs nothing.
    return false;
  }
}

/** A value as a message shows it, cut to a length. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'missing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

import type { JsonWebKey } from 'node:crypto';
import type { HttpResponse, Internet } from '../model';
import { parseJson } from './jws';

/** An issuer whose keys cannot be had. */
export class DiscoveryError extends Error {
  constructor(readonly kind: 'issuer' | 'unreachable' | 'document' | 'keys', message: string) {
    super(message);
    this.name = 'DiscoveryError';
  }
}

/** Far above what any issuer publishes. */
const MAX_LENGTH = 64 * 1024;
const MAX_KEYS = 100;

/**
 * The keys that an issuer publishes, by its discovery document:
 * https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig. They are asked for each time, so that a rotation shows at once.
 */
export async function discoverKeys(internet: Pick<Internet, 'fetch'>, issuer: string): Promise<readonly JsonWebKey[]> {
  if (!isHttps(issuer) || issuer.includes('?')) throw new DiscoveryError('issuer', `${JSON.stringify(issuer)} is not the https URL of an issuer.`);
  // Section 4: one slash at the end of the issuer is left out before the path is added, and comes back in the comparison.
  const url = `${issuer.endsWith('/') ? issuer.slice(0, -1) : issuer}/.well-known/openid-configuration`;
  const document = await jsonAt(internet, url, 'document');
  // Section 4.3: exactly the issuer that was asked for, which is also that of the token.
  if (document.issuer !== issuer) throw new DiscoveryError('document', `${url} is that of the issuer ${JSON.stringify(document.issuer)}, not of ${issuer}.`);
  const jwksUri = document.jwks_uri;
  if (typeof jwksUri !== 'string' || !isHttps(jwksUri)) throw new DiscoveryError('document', `${url} has no https URL of keys.`);
  return readKeys(await jsonAt(internet, jwksUri, 'keys'), jwksUri);
}

/** The keys of a set that stands at a URL known beforehand. */
export async function fetchKeys(internet: Pick<Internet, 'fetch'>, jwksUri: string): Promise<readonly JsonWebKey[]> {
  return readKeys(await jsonAt(internet, jwksUri, 'keys'), jwksUri);
}

/** The keys of a parsed key set (RFC 7517 section 5); `from` names it in errors. */
export function readKeys(set: Readonly<Record<string, unknown>>, from: string): readonly JsonWebKey[] {
  const { keys } = set;
  if (!Array.isArray(keys) || keys.length > MAX_KEYS || !keys.every(key => isObject(key) && typeof key.kty === 'string')) {
    throw new DiscoveryError('keys', `${from} is not a set of at most ${MAX_KEYS} keys.`);
  }
  return keys as JsonWebKey[];
}

async function jsonAt(internet: Pick<Internet, 'fetch'>, url: string, kind: 'document' | 'keys'): Promise<Record<string, unknown>> {
  let response: HttpResponse;
  try {
    response = await internet.fetch({ url, method: 'GET', headers: { accept: 'application/json' } });
  } catch (error) {
    throw new DiscoveryError('unreachable', `${url} cannot be reached: ${(error as Error).message}`);
  }
  // A redirect is not followed: the document has to stand where its issuer says.
  if (response.status !== 200) throw new DiscoveryError('unreachable', `${url} answered ${response.status}.`);
  if (response.body.length > MAX_LENGTH) throw new DiscoveryError(kind, `${url} is longer than ${MAX_LENGTH} characters.`);
  let value: unknown;
  try {
    value = parseJson(response.body);
  } catch (error) {
    throw new DiscoveryError(kind, `${url} is not JSON: ${(error as Error).message}`);
  }
  if (!isObject(value)) throw new DiscoveryError(kind, `${url} is not a JSON object.`);
  return value;
}

/** An https URL of plain characters without user, password and fragment. */
function isHttps(text: string): boolean {
  return text.length <= 2048 && /^https:\/\/[!-~]+$/.test(text) && !/[#@\\<>"^`{|}]/.test(text) && URL.canParse(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

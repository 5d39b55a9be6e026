import { createHash, generateKeyPairSync, KeyObject, sign } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { json, NOT_FOUND } from './http';
import type { ServiceAccount } from './service-accounts';
import type { Clock, HttpRequest, HttpResponse, Internet } from '../../model';

/** The issuer of Google's own ID tokens. */
export const GOOGLE_ISSUER = 'https://accounts.google.com';
const CERTS = 'https://www.googleapis.com/oauth2/v3/certs';
const LIFETIME = 3600;

/** One key for every Google of a process, made where the first token is signed: it costs more than thousands of signatures. */
let signingKey: { readonly privateKey: KeyObject; readonly jwk: JsonWebKey & { readonly kid: string } } | undefined;

function googleKey() {
  if (signingKey === undefined) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const kid = createHash('sha256').update(publicKey.export({ format: 'der', type: 'spki' })).digest('hex').slice(0, 40);
    signingKey = { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' } };
  }
  return signingKey;
}

/**
 * An ID token of a service account: `sub` and `azp` are its unique id.
 * @see https://docs.cloud.google.com/docs/authentication/token-types#id
 */
export function idToken({ email, uniqueId }: ServiceAccount, audience: string, includeEmail: boolean, clock: Clock): string {
  const { privateKey, jwk } = googleKey();
  const iat = Math.floor(clock());
  const claims = {
    aud: audience, azp: uniqueId, ...(includeEmail ? { email, email_verified: true } : {}),
    exp: iat + LIFETIME, iat, iss: GOOGLE_ISSUER, sub: uniqueId,
  };
  const input = [{ alg: 'RS256', kid: jwk.kid, typ: 'JWT' }, claims].map(part => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
}

/** Publishes the issuer's documents, by which AWS, Azure and anybody verify its tokens. */
export function servePublicKeys(internet: Internet): void {
  const document = (path: string, content: () => unknown) => (request: HttpRequest): HttpResponse =>
    request.path === path && (request.method === 'GET' || request.method === 'HEAD') ? json(200, content()) : NOT_FOUND;
  // https://developers.google.com/identity/openid-connect/openid-connect#discovery
  internet.serve('accounts.google.com', document('/.well-known/openid-configuration', () => ({
    issuer: GOOGLE_ISSUER, jwks_uri: CERTS, response_types_supported: ['id_token'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'],
  })));
  internet.serve('www.googleapis.com', document('/oauth2/v3/certs', () => ({ keys: [googleKey().jwk] })));
}

import { AccessTokens } from './access-tokens';
import { json, jsonObjectOf, NOT_FOUND, pathOf } from './http';
import { principalOf } from './identities';
import type { Exchange } from './token-exchange';
import type { HttpRequest, HttpResponse, Service } from '../../model';

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const SUBJECT_TOKEN_TYPES = ['urn:ietf:params:oauth:token-type:jwt', 'urn:ietf:params:oauth:token-type:id_token'];
/** Scopes of Google's own services, and those of OpenID Connect. */
const SCOPE = /^(?:https:\/\/www\.googleapis\.com\/auth\/[a-z0-9._-]+|openid|email|profile)$/;

type Exchanger = (request: { readonly audience: string; readonly token: string }) => Promise<Exchange>;

/** The Security Token Service: https://docs.cloud.google.com/iam/docs/reference/sts/rest. */
export function securityTokenService(exchange: Exchanger, tokens: AccessTokens): Service {
  return request => {
    const { path } = pathOf(request);
    if (request.method !== 'POST') return NOT_FOUND;
    if (path === '/v1/token') return token(request, exchange, tokens);
    return path === '/v1/introspect' ? introspect(request, tokens) : NOT_FOUND;
  };
}

async function token(request: HttpRequest, exchange: Exchanger, tokens: AccessTokens): Promise<HttpResponse> {
  const read = parametersOf(request);
  if (read === undefined) return refuse('invalid_request', 'Invalid request body.');
  const { grantType, audience = '', scope = '', requestedTokenType, subjectToken = '', subjectTokenType = '' } = read;
  // [?] The words of the refusals that only a broken client sees are not published.
  if (grantType !== GRANT_TYPE) return refuse('unsupported_grant_type', `Invalid value for "grant_type". This value should be ${GRANT_TYPE}.`);
  if (requestedTokenType !== ACCESS_TOKEN) return refuse('invalid_request', `Invalid value for "requested_token_type". This value should be ${ACCESS_TOKEN}.`);
  if (!SUBJECT_TOKEN_TYPES.includes(subjectTokenType)) return refuse('invalid_request', 'Invalid value for "subject_token_type".');
  const scopes = scope.split(' ');
  if (!scopes.every(item => SCOPE.test(item))) return refuse('invalid_scope', 'Invalid value for "scope".');

  const exchanged = await exchange({ audience, token: subjectToken });
  if (!exchanged.ok) return refuse(exchanged.error, exchanged.description, exchanged.status);
  const { text } = tokens.issue(exchanged.identity, scopes, exchanged.expiresIn);
  return json(200, { access_token: text, issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: exchanged.expiresIn });
}

/** What gcloud asks to name its account: https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/introspect. */
function introspect(request: HttpRequest, tokens: AccessTokens): HttpResponse {
  const found = tokens.find(parametersOf(request)?.token);
  if (found === undefined) return json(200, { active: false });
  const { identity, issuedAt, expiresAt, scopes } = found;
  return json(200, {
    active: true, exp: Math.floor(expiresAt), iat: Math.floor(issuedAt), iss: 'https://sts.googleapis.com/', scope: scopes.join(' '), username: principalOf(identity), sub: principalOf(identity),
  });
}

function refuse(error: string, description: string, status = 400): HttpResponse {
  return json(status, { error, error_description: description });
}

/** The parameters of a body in JSON or a form, each at most once and under either spelling of its name; undefined for anything else. */
function parametersOf(request: HttpRequest): Readonly<Record<string, string>> | undefined {
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
  const read = isJson ? jsonObjectOf(request) : new URLSearchParams(request.body);
  const entries: [string, unknown][] | undefined = read instanceof URLSearchParams ? [...read] : read && Object.entries(read);
  const named = entries?.map(([name, value]) => [name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), value] as const);
  if (named === undefined || !named.every(([, value]) => typeof value === 'string') || new Set(named.map(([name]) => name)).size < named.length) return undefined;
  return Object.fromEntries(named) as Record<string, string>;
}

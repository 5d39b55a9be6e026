import { AccessTokens, CLOUD_PLATFORM, hasScope } from './access-tokens';
import { apiError, bearerOf, decodedPart, errorInfo, insufficientScopes, json, jsonObjectOf, NOT_FOUND, pathOf, unauthenticated } from './http';
import type { Identity } from './identities';
import type { Credential, Impersonation } from './impersonation';
import type { ServiceAccount } from './service-accounts';
import type { HttpResponse, Service } from '../../model';

/** What the service needs of Google. */
export interface Impersonating {
  readonly tokens: AccessTokens;
  impersonate(request: { readonly identity: Identity; readonly serviceAccount: string; readonly credential: Credential }): Impersonation;
  idToken(account: ServiceAccount, audience: string, includeEmail: boolean): string;
}

/** "The `-` wildcard character is required; replacing it with a project ID is invalid." */
const METHOD = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):(generateAccessToken|generateIdToken)$/;
const LONGEST = 3600;

/** The Service Account Credentials API: https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts. */
export function iamCredentials(google: Impersonating): Service {
  return request => {
    const [, encoded, method] = METHOD.exec(pathOf(request).path) ?? [];
    if (encoded === undefined || request.method !== 'POST') return NOT_FOUND;
    const bearer = bearerOf(request);
    const caller = google.tokens.find(bearer);
    if (caller === undefined) return unauthenticated(bearer);
    // https://docs.cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken#authorization-scopes
    if (!hasScope(caller, CLOUD_PLATFORM, 'https://www.googleapis.com/auth/iam')) return insufficientScopes();
    const body = jsonObjectOf(request);
    const serviceAccount = decodedPart(encoded);
    if (body === undefined || serviceAccount === undefined) return invalid('Invalid JSON payload received.');
    // Chains are not modelled: nobody here may delegate.
    if (!Array.isArray(body.delegates ?? []) || (body.delegates as unknown[] | undefined ?? []).length > 0) return denied('iam.serviceAccounts.implicitDelegation');
    const ask = { google, identity: caller.identity, serviceAccount, body };
    return method === 'generateAccessToken' ? generateAccessToken(ask) : generateIdToken(ask);
  };
}

interface Ask {
  readonly google: Impersonating;
  readonly identity: Identity;
  readonly serviceAccount: string;
  readonly body: Readonly<Record<string, unknown>>;
}

function generateAccessToken({ google, identity, serviceAccount, body: { scope, lifetime = '3600s' } }: Ask): HttpResponse {
  if (!Array.isArray(scope) || scope.length === 0 || !scope.every(item => typeof item === 'string' && item !== '')) return invalid('Scope required.');
  const seconds = typeof lifetime === 'string' ? Number(/^([0-9]{1,9})s$/.exec(lifetime)?.[1] ?? NaN) : NaN;
  if (Number.isNaN(seconds)) return invalid(`Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), ${JSON.stringify(lifetime)}`);
  if (seconds === 0) return invalid('Lifetime of access token must be larger then zero.');
  // Longer ones need a policy of the organization, and no resource of Terraform that is read here makes one.
  if (seconds > LONGEST) {
    return invalid('Service account access tokens can not have lifetimes of more than 1 hour. '
      + 'Use the Org Policy Constraint constraints/iam.allowServiceAccountCredentialLifetimeExtension to allow up to 12 hours.');
  }
  const impersonated = google.impersonate({ identity, serviceAccount, credential: 'access token' });
  if (!impersonated.ok) return refusalOf(impersonated);
  const { text, expiresAt } = google.tokens.issue(impersonated.identity, scope as string[], seconds);
  return json(200, { accessToken: text, expireTime: new Date(Math.floor(expiresAt) * 1000).toISOString().replace('.000Z', 'Z') });
}

function generateIdToken({ google, identity, serviceAccount, body: { audience, includeEmail } }: Ask): HttpResponse {
  if (typeof audience !== 'string' || audience === '') return invalid('Audience required.');
  const impersonated = google.impersonate({ identity, serviceAccount, credential: 'ID token' });
  return impersonated.ok ? json(200, { token: google.idToken(impersonated.account, audience, includeEmail === true) }) : refusalOf(impersonated);
}

function refusalOf({ code, status, message, permission }: Extract<Impersonation, { ok: false }>): HttpResponse {
  return permission === undefined ? apiError(code, status, message) : denied(permission);
}

function denied(permission: string): HttpResponse {
  return apiError(403, 'PERMISSION_DENIED', `Permission '${permission}' denied on resource (or it may not exist).`,
    [errorInfo('IAM_PERMISSION_DENIED', 'iam.googleapis.com', { permission })]);
}

function invalid(message: string): HttpResponse {
  return apiError(400, 'INVALID_ARGUMENT', message);
}

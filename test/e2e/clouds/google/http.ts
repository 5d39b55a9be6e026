import type { HttpRequest, HttpResponse } from '../../model';
import { parseJson } from '../jws';

/** The path of a request without its query, and the query. */
export function pathOf({ path }: HttpRequest): { readonly path: string; readonly query: URLSearchParams } {
  const mark = path.indexOf('?');
  return mark < 0 ? { path, query: new URLSearchParams() } : { path: path.slice(0, mark), query: new URLSearchParams(path.slice(mark + 1)) };
}

/** The text of a part of a path; undefined where it is no encoding of one. */
export function decodedPart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** The object of a body in JSON; undefined for anything else. */
export function jsonObjectOf({ body }: HttpRequest): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: { 'content-type': 'application/json; charset=UTF-8', ...headers }, body: JSON.stringify(value) };
}

/** An error as most of Google's services send it: https://docs.cloud.google.com/apis/design/errors#http_mapping. */
export function apiError(code: number, status: string, message: string, details?: readonly unknown[]): HttpResponse {
  return json(code, { error: { code, message, status, ...(details === undefined ? {} : { details }) } });
}

/** The `ErrorInfo` of an error: https://docs.cloud.google.com/apis/design/errors#error_info. */
export function errorInfo(reason: string, domain: string, metadata: Readonly<Record<string, string>>): Record<string, unknown> {
  return { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain, metadata };
}

/** The token that a request bears; undefined where it bears none. */
export function bearerOf({ headers }: HttpRequest): string | undefined {
  const { authorization } = headers;
  return authorization === undefined ? undefined : /^Bearer ([^\s]+)$/i.exec(authorization)?.[1] ?? '';
}

const EXPECTED = 'Expected OAuth 2 access token, login cookie or other valid authentication credential. '
  + 'See https://developers.google.com/identity/sign-in/web/devconsole-project.';

/** Nobody is asking, or somebody with a token that is none, or no longer. */
export function unauthenticated(token: string | undefined): HttpResponse {
  return apiError(401, 'UNAUTHENTICATED',
    token === undefined ? `Request is missing required authentication credential. ${EXPECTED}` : `Request had invalid authentication credentials. ${EXPECTED}`);
}

/** A token that was asked for other services. */
export function insufficientScopes(): HttpResponse {
  return apiError(403, 'PERMISSION_DENIED', 'Request had insufficient authentication scopes.', [errorInfo('ACCESS_TOKEN_SCOPE_INSUFFICIENT', 'googleapis.com', {})]);
}

export const NOT_FOUND = apiError(404, 'NOT_FOUND', 'Requested entity was not found.');

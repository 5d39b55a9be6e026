import type { Entra } from './entra';
import { MANAGEMENT } from './entra';
import type { HttpRequest, HttpResponse } from '../../model';

/**
 * Azure Resource Manager, as far as whoever logs in asks which subscriptions are there for them:
 * https://learn.microsoft.com/en-us/rest/api/resources/subscriptions/list. Nobody has one here: which rights beside a role on data would show it is not documented.
 */
export class ResourceManager {
  public static readonly HOST = 'management.azure.com';

  public constructor(private readonly entra: Entra, private readonly tenant: string) {}

  /** Answers at the host of Resource Manager. */
  public readonly answer = async ({ method, path, headers: { authorization } }: HttpRequest): Promise<HttpResponse> => {
    const challenge = { 'www-authenticate': `Bearer authorization_uri="https://${this.entra.host}/${this.tenant}", error="invalid_token", error_description="The access token is invalid."` };
    if (authorization === undefined) return refusal(401, 'AuthenticationFailed', 'Authentication failed. The \'Authorization\' header is missing.', challenge);
    const token = /^Bearer ([A-Za-z0-9._-]+)$/.exec(authorization)?.[1];
    if (token === undefined || await this.entra.callerOf(token, MANAGEMENT) === undefined) {
      return refusal(401, 'InvalidAuthenticationToken', 'The access token is invalid.', challenge);
    }
    const { pathname, searchParams } = new URL(path, `https://${ResourceManager.HOST}`);
    if (!searchParams.has('api-version')) {
      return refusal(400, 'MissingApiVersionParameter', 'The api-version query parameter (?api-version=) is required for all requests.');
    }
    return method === 'GET' && pathname === '/subscriptions' ? json(200, { value: [], count: { type: 'Total', value: 0 } })
      : refusal(404, 'InvalidResourceType', 'The resource type could not be found.');
  };
}

function refusal(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return json(status, { error: { code, message } }, headers);
}

function json(status: number, value: object, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body: JSON.stringify(value) };
}

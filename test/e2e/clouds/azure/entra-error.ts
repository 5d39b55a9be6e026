/** What Entra ID answers where it gives no token: https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes. */
export class EntraError extends Error {
  public constructor(
    /** The number after AADSTS. */
    public readonly code: number,
    public readonly error: 'invalid_request' | 'invalid_client' | 'invalid_scope' | 'invalid_resource' | 'unauthorized_client' | 'unsupported_grant_type',
    /** What follows the code, without the ids of the request. */
    public readonly text: string,
  ) {
    super(`AADSTS${code}: ${text}`);
    this.name = 'EntraError';
  }

  public get status(): number {
    return this.error === 'invalid_client' ? 401 : 400;
  }
}

const FEDERATION = 'Check your federated identity credential Subject, Audience and Issuer against the presented assertion. '
  + 'https://learn.microsoft.com/entra/workload-id/workload-identity-federation';

const malformed = () => new EntraError(50027, 'invalid_request', 'JWT token is invalid or malformed.');

/** The refusals by what is wrong. */
export const refuse = {
  noTenant: (tenant: string) => new EntraError(90002, 'invalid_request',
    `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. `
    + 'Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.'),
  missing: (parameter: string) => new EntraError(900144, 'invalid_request', `The request body must contain the following parameter: '${parameter}'.`),
  parameter: (parameter: string) => new EntraError(90100, 'invalid_request', `${parameter} parameter is empty or not valid.`),
  grantType: (grantType: string) => new EntraError(70003, 'unsupported_grant_type', `The app requested an unsupported grant type '${grantType}'.`),
  noApplication: (clientId: string, tenant: string) => new EntraError(700016, 'unauthorized_client',
    `Application with identifier '${clientId}' was not found in the directory '${tenant}'. This can happen if the application has not been installed by the administrator `
    + 'of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.'),
  noServicePrincipal: (clientId: string, tenant: string) => new EntraError(7000229, 'invalid_client',
    `The client application ${clientId} is missing service principal in the tenant ${tenant}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119`),
  scope: (scope: string) => new EntraError(1002012, 'invalid_scope',
    `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).`),
  resource: (resource: string, tenant: string) => new EntraError(500011, 'invalid_resource',
    `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator `
    + 'of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.'),
  secret: (clientId: string) => new EntraError(7000215, 'invalid_client',
    `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`),
  noAssertion: () => new EntraError(7000218, 'invalid_client', "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
  malformed,
  /** Seen in public for another algorithm of a client's own assertion. */
  algorithm: (algorithm: string) => new EntraError(5002738, 'invalid_request',
    `Invalid JWT token. '${algorithm}' is not a supported signature algorithm. Supported signing algorithms are: 'RS256, HS256'`),
  audiences: (count: number) => new EntraError(5002741, 'invalid_client',
    `Number of audience values in the provided client credential exceed maximum allowed. ${count} audience values provided, maximum allowed is 1.`),
  /** The service's list of reasons has "External ID token from issuer failed signature verification" for this code. */
  signature: malformed,
  key: (identifier: string, issuer: string) => new EntraError(7000272, 'invalid_client',
    `The certificate with identifier ${identifier} used to sign the federated credential could not be found in the metadata of identity provider ${issuer}. `
    + 'Please validate that your Identity Provider\'s metadata exposes the key used to sign the incoming token.'),
  discovery: () => new EntraError(501661, 'invalid_request', 'Request to External OIDC endpoint failed.'),
  issuer: (issuer: string) => new EntraError(700211, 'invalid_client', `No matching federated identity record found for presented assertion issuer '${issuer}'. ${FEDERATION}`),
  audience: (audience: string) => new EntraError(700212, 'invalid_client', `No matching federated identity record found for presented assertion audience '${audience}'. ${FEDERATION}`),
  subject: (subject: string) => new EntraError(700213, 'invalid_client', `No matching federated identity record found for presented assertion subject '${subject}'. ${FEDERATION}`),
  /** https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#federated-identity-credentials-now-use-case-sensitive-matching */
  subjectCase: (subject: string) => new EntraError(7002138, 'invalid_client',
    `No matching federated identity record found for presented assertion subject '${subject}'. The subject matches with case-insensitive comparison, but not with `
    + 'case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. See documentation at: '
    + 'https://learn.microsoft.com/entra/workload-id/workload-identity-federation. See breaking change notification and remediation at: '
    + 'https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024. '),
  /** An application without any credential. */
  noRecord: (issuer: string, subject: string, audience: string) => new EntraError(70021, 'invalid_client',
    `No matching federated identity record found for presented assertion. Assertion Issuer: '${issuer}'. Assertion Subject: '${subject}'. Assertion Audience: '${audience}'. `
    + 'https://learn.microsoft.com/entra/workload-id/workload-identity-federation'),
  /** https://github.com/MicrosoftDocs/azure-docs/issues/86915: a token without `iat` counts as issued in 1970. */
  lifetime: (issued: number, expires: number) => new EntraError(70023, 'invalid_request',
    `External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at ${Math.floor(issued)}. Token expires on ${Math.floor(expires)}.`),
  time: (now: number, notBefore: number, expires: number) => new EntraError(700024, 'invalid_client',
    `Client assertion is not within its valid time range. Current time: ${ticks(now)}, assertion valid from ${ticks(notBefore)}, expiry time of assertion ${ticks(expires)}. `
    + 'Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .'),
};

/** A time with the seven digits of .NET. */
function ticks(seconds: number): string {
  const date = new Date(Math.max(-62135596800, Math.min(253402300799, seconds)) * 1000);
  return `${date.toISOString().slice(0, 19)}.0000000Z`;
}

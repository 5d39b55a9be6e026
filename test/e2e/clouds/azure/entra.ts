import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import type { Applied, Clock, HttpRequest, HttpResponse, Internet } from '../../model';
import { discoverKeys, DiscoveryError } from '../discovery';
import { JwsError, parseJson, verifyJws } from '../jws';
import { FederatedCredential, Principal, principalsOf } from './directory';
import { EntraError, refuse } from './entra-error';

/** A request for a token, as the body of POST /<tenant>/oauth2/v2.0/token has it. */
export interface TokenExchange {
  readonly clientId: string;
  /** The token of the cluster. */
  readonly assertion: string;
  /** @default - the directory's own */
  readonly tenant?: string;
  /** @default https://storage.azure.com/.default */
  readonly scope?: string;
}

/** A token of Entra ID, and whose it is. */
export interface AccessToken {
  readonly token: string;
  readonly expiresIn: number;
  readonly principal: Principal;
}

/** What a token of Entra ID says, once it is verified. */
export interface Caller {
  readonly clientId: string;
  readonly principalId: string;
}

/** A day less a second, as workload identities get it; the clients of one test never live so long. */
const LIFETIME = 86399;
/** A day and an hour is what the service itself says: see `refuse.lifetime`. */
const LONGEST_ASSERTION = 90000;
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** The services that the directory gives tokens for, by the audience of these. */
export const STORAGE = 'https://storage.azure.com';
export const MANAGEMENT = 'https://management.core.windows.net/';
/**
 * What each is called: a storage account's own URL stands for all of Storage. The slash at the end of the other is part of its name:
 * https://learn.microsoft.com/en-us/entra/identity-platform/scopes-oidc#trailing-slash-and-default.
 */
const RESOURCES: readonly (readonly [name: RegExp, audience: string])[] = [
  [/^https:\/\/(?:storage\.azure\.com|[a-z0-9]{3,24}\.blob\.core\.windows\.net)\/?$/, STORAGE],
  [/^https:\/\/management\.(?:core\.windows\.net|azure\.com)\/$/, MANAGEMENT],
];

/** The key of the directory in this process; nobody else signs its tokens. */
let directoryKey: { readonly privateKey: string; readonly jwk: JsonWebKey } | undefined;

function keyOfDirectory(): NonNullable<typeof directoryKey> {
  if (directoryKey === undefined) {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { kty, n, e } = publicKey.export({ format: 'jwk' });
    const kid = createHash('sha1').update(publicKey.export({ type: 'spki', format: 'der' })).digest('base64url');
    directoryKey = { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, jwk: { kty, use: 'sig', kid, alg: 'RS256', n, e } };
  }
  return directoryKey;
}

/**
 * Microsoft's token endpoint, with the federated credentials that Terraform applied:
 * https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-client-creds-grant-flow#third-case-access-token-request-with-a-federated-credential.
 */
export class Entra {
  public readonly principals: ReadonlyMap<string, Principal>;
  private requests = 0;

  public constructor(
    applied: Applied, private readonly tenant: string, private readonly internet: Pick<Internet, 'fetch'>, private readonly clock: Clock,
    /** Where the directory answers: each cloud has one of its own. */
    public readonly host: string,
  ) {
    this.principals = principalsOf(applied, tenant);
  }

  /**
   * Gives a token of the directory for one of a cluster.
   * @throws EntraError where the directory refuses
   */
  public async exchange({ clientId, assertion, tenant = this.tenant, scope = `${STORAGE}/.default` }: TokenExchange): Promise<AccessToken> {
    if (tenant.toLowerCase() !== this.tenant.toLowerCase()) throw refuse.noTenant(tenant);
    const principal = this.principals.get(clientId.toLowerCase());
    if (principal === undefined || principal.tenantId.toLowerCase() !== this.tenant.toLowerCase()) throw refuse.noApplication(clientId, this.tenant);
    if (principal.principalId === undefined) throw refuse.noServicePrincipal(clientId, this.tenant);
    const resource = scope.endsWith('/.default') ? scope.slice(0, -'/.default'.length) : undefined;
    if (resource === undefined || scope.includes(' ')) throw refuse.scope(scope);
    const audience = RESOURCES.find(([name]) => name.test(resource))?.[1];
    if (audience === undefined) throw refuse.resource(resource, this.tenant);
    await this.federate(principal, assertion);
    return { token: this.tokenOf(principal, audience), expiresIn: LIFETIME, principal };
  }

  /** Says who a token of the directory for a service is; undefined for any other token. */
  public async callerOf(token: string, audience: string): Promise<Caller | undefined> {
    try {
      const { claims } = await verifyJws(token, issuer => Promise.resolve(issuer === `https://sts.windows.net/${this.tenant}/` ? [keyOfDirectory().jwk] : []));
      const { aud, exp, nbf, tid, appid, oid } = claims;
      const now = this.clock();
      const valid = aud === audience && tid === this.tenant && typeof exp === 'number' && now < exp && typeof nbf === 'number' && nbf <= now;
      return valid && typeof appid === 'string' && typeof oid === 'string' ? { clientId: appid, principalId: oid } : undefined;
    } catch (error) {
      if (error instanceof JwsError) return undefined;
      throw error;
    }
  }

  /** Answers at the host of the directory. */
  public readonly answer = async (request: HttpRequest): Promise<HttpResponse> => {
    const correlation = request.headers['client-request-id'];
    try {
      return await this.route(request);
    } catch (error) {
      if (!(error instanceof EntraError)) throw error;
      return this.refusal(error, correlation);
    }
  };

  private async route({ method, path, body }: HttpRequest): Promise<HttpResponse> {
    const { pathname } = new URL(path, `https://${this.host}`);
    const [tenant = '', ...rest] = pathname.slice(1).split('/');
    const at = `${method} ${rest.join('/')}`;
    // https://learn.microsoft.com/en-us/entra/msal/python/advanced/instance-discovery: `common` is nobody's tenant.
    if (tenant === 'common' && at === 'GET discovery/instance') return json(200, this.instances());
    if (at === 'GET v2.0/.well-known/openid-configuration') return json(200, this.configuration(this.knownTenant(tenant)));
    if (at === 'GET discovery/v2.0/keys') return json(200, { keys: [keyOfDirectory().jwk] });
    if (at !== 'POST oauth2/v2.0/token') return { status: 404, headers: { 'content-type': 'text/html' }, body: '' };
    this.knownTenant(tenant);
    const form = formOf(body);
    const wanted = (name: string): string => {
      const value = form.get(name);
      if (value === undefined || value === '') throw refuse.missing(name);
      return value;
    };
    const grantType = wanted('grant_type');
    if (grantType !== 'client_credentials') throw refuse.grantType(grantType);
    const clientId = wanted('client_id');
    const scope = wanted('scope');
    if (form.has('client_secret')) throw refuse.secret(clientId);
    if (!form.has('client_assertion') || form.get('client_assertion_type') !== ASSERTION_TYPE) throw refuse.noAssertion();
    const { token, expiresIn } = await this.exchange({ tenant, clientId, scope, assertion: wanted('client_assertion') });
    return json(200, { token_type: 'Bearer', expires_in: expiresIn, ext_expires_in: expiresIn, access_token: token });
  }

  /** Compares a token with the credentials: issuer, subject and audience of one of them, exactly, and the signature of that issuer. */
  private async federate({ credentials }: Principal, assertion: string): Promise<void> {
    const { claims } = await this.verified(assertion, credentials);
    const { iss, sub, aud, exp, nbf, iat } = claims;
    if (typeof sub !== 'string' || sub === '') throw refuse.malformed();
    const audiences: unknown[] = Array.isArray(aud) ? aud : [aud];
    if (audiences.length > 1) throw refuse.audiences(audiences.length);
    const audience = audiences[0];
    if (typeof audience !== 'string') throw refuse.malformed();
    const ofIssuer = credentials.filter(({ issuer }) => issuer === iss);
    const ofSubject = ofIssuer.filter(({ subject }) => subject === sub);
    if (ofSubject.length === 0) {
      throw ofIssuer.some(({ subject }) => subject.toLowerCase() === sub.toLowerCase()) ? refuse.subjectCase(sub) : refuse.subject(sub);
    }
    if (!ofSubject.some(credential => credential.audience === audience)) throw refuse.audience(audience);
    // What the documents say of times is that a token has `exp`, and that it is looked at; no leeway is written anywhere:
    // https://learn.microsoft.com/en-us/entra/identity-platform/certificate-credentials#claims-payload.
    const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
    if (!isTime(exp) || [nbf, iat].some(value => value !== undefined && !isTime(value))) throw refuse.malformed();
    const now = this.clock();
    const notBefore = Math.max(typeof nbf === 'number' ? nbf : 0, typeof iat === 'number' && iat > now ? iat : 0);
    if (now >= exp || now < notBefore) throw refuse.time(now, notBefore, exp);
    const issued = typeof iat === 'number' ? iat : 0;
    if (exp - issued > LONGEST_ASSERTION) throw refuse.lifetime(issued, exp);
  }

  private async verified(assertion: string, credentials: readonly FederatedCredential[]): ReturnType<typeof verifyJws> {
    try {
      // "Only issuers that provide tokens signed using the RS256 algorithm are supported":
      // https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation-considerations.
      return await verifyJws(assertion, async issuer => {
        if (credentials.length === 0) throw refuse.noRecord(issuer, ...this.claimsShown(assertion));
        // An issuer that no credential names is asked for nothing.
        if (!credentials.some(credential => credential.issuer === issuer)) throw refuse.issuer(issuer);
        return discoverKeys(this.internet, issuer);
      }, { algorithms: ['RS256'] });
    } catch (error) {
      if (error instanceof DiscoveryError) throw refuse.discovery();
      if (!(error instanceof JwsError)) throw error;
      const { header, issuer } = shown(assertion);
      switch (error.kind) {
        case 'algorithm': throw refuse.algorithm(String(header.alg));
        case 'key': throw refuse.key(identifierOf(header.kid), issuer);
        case 'signature': throw refuse.signature();
        default: throw refuse.malformed();
      }
    }
  }

  /** Subject and audience as a message shows them. */
  private claimsShown(assertion: string): [subject: string, audience: string] {
    const { claims } = shown(assertion);
    return [String(claims.sub), [claims.aud].flat().map(String).join(', ')];
  }

  private knownTenant(tenant: string): string {
    if (tenant.toLowerCase() !== this.tenant.toLowerCase()) throw refuse.noTenant(tenant);
    return this.tenant;
  }

  private tokenOf({ clientId, principalId }: Principal, audience: string): string {
    const { privateKey, jwk } = keyOfDirectory();
    const now = this.clock();
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const input = `${part({ typ: 'JWT', alg: 'RS256', kid: jwk.kid })}.${part({
      aud: audience, iss: `https://sts.windows.net/${this.tenant}/`, iat: now, nbf: now, exp: now + LIFETIME, appid: clientId, idtyp: 'app', oid: principalId, sub: principalId,
      tid: this.tenant, ver: '1.0',
    })}`;
    return `${input}.${sign('sha256', Buffer.from(input), createPrivateKey(privateKey)).toString('base64url')}`;
  }

  private instances(): object {
    return {
      'tenant_discovery_endpoint': `https://${this.host}/${this.tenant}/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      'metadata': [{ preferred_network: this.host, preferred_cache: 'login.windows.net', aliases: [this.host, 'login.windows.net', 'login.microsoft.com', 'sts.windows.net'] }],
    };
  }

  private configuration(tenant: string): object {
    const base = `https://${this.host}/${tenant}`;
    return {
      token_endpoint: `${base}/oauth2/v2.0/token`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
      jwks_uri: `${base}/discovery/v2.0/keys`,
      response_modes_supported: ['query', 'fragment', 'form_post'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
      scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
      tenant_region_scope: 'EU',
      cloud_instance_name: 'microsoftonline.com',
      cloud_graph_host_name: 'graph.windows.net',
      msgraph_host: 'graph.microsoft.com',
    };
  }

  private refusal({ code, error, message, status }: EntraError, correlation: string | undefined): HttpResponse {
    this.requests += 1;
    const timestamp = `${new Date(this.clock() * 1000).toISOString().slice(0, 19).replace('T', ' ')}Z`;
    const traceId = `00000000-0000-4000-8000-${String(this.requests).padStart(12, '0')}`;
    const correlationId = correlation !== undefined && /^[0-9a-f-]{36}$/i.test(correlation) ? correlation : traceId;
    return json(status, {
      error,
      error_description: `${message} Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`,
      error_codes: [code],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: `https://${this.host}/error?code=${code}`,
    });
  }
}

function json(status: number, value: object): HttpResponse {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store, no-cache' }, body: JSON.stringify(value) };
}

/** The fields of a form, each once. */
function formOf(body: string): ReadonlyMap<string, string> {
  const form = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(body)) {
    if (form.has(name)) throw refuse.parameter(name);
    form.set(name, value);
  }
  return form;
}

interface ShownToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly issuer: string;
}

/** The parts of a token for a message; whoever calls has refused it. */
function shown(assertion: string): ShownToken {
  const parts = assertion.split('.').slice(0, 2).map((part): Record<string, unknown> => {
    try {
      const value = parseJson(Buffer.from(part, 'base64url').toString('utf8'));
      return typeof value === 'object' && value !== null ? value as Record<string, unknown> : {};
    } catch {
      return {};
    }
  });
  const [header = {}, claims = {}] = parts;
  return { header, claims, issuer: String(claims.iss) };
}

/** The id of a key as the directory prints it: the bytes in hexadecimal digits. */
function identifierOf(kid: unknown): string {
  return typeof kid === 'string' && /^[A-Za-z0-9_-]+$/.test(kid) ? Buffer.from(kid, 'base64url').toString('hex').toUpperCase() : '';
}

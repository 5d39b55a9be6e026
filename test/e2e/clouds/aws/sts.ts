import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import type { Clock, HttpRequest, Internet } from '../../model';
import { DiscoveryError, discoverKeys, fetchKeys } from '../discovery';
import { JwsError, verifyJws } from '../jws';
import type { Jws } from '../jws';
import { AwsError, iso } from './errors';
import type { Iam, OidcProvider, Role } from './iam';
import { evaluate } from './policy';
import type { Caller, Context, Decision, Policy } from './policy';
import { isSigned, signatureOf, timeOf } from './signature';

/** Temporary credentials of a role. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** In seconds since 1970. */
  readonly expiration: number;
}

/** A session of a role. */
export interface Session {
  readonly credentials: Credentials;
  readonly roleArn: string;
  /** `arn:aws:sts::…:assumed-role/<role>/<session>`. */
  readonly arn: string;
  readonly assumedRoleId: string;
  /** Condition keys that every request of the session has. */
  readonly context: Context;
  readonly tags: ReadonlyMap<string, string>;
  /** The tags that go on to the next role: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining */
  readonly transitiveTags: ReadonlyMap<string, string>;
}

export interface WebIdentityRequest {
  readonly roleArn: string;
  readonly token: string;
  readonly roleSessionName: string;
  /** @default 3600 */
  readonly durationSeconds?: number;
  /** Of the endpoint. @default 'us-east-1' */
  readonly region?: string;
}

/** A session by web identity, and what STS says of the token. */
export interface WebIdentitySession extends Session {
  /** The ARN of the provider, or `accounts.google.com`. */
  readonly provider: string;
  readonly audience: string;
  readonly subject: string;
}

export interface AssumeRoleRequest {
  readonly roleArn: string;
  readonly roleSessionName: string;
  readonly durationSeconds?: number;
  readonly externalId?: string;
  readonly sourceIdentity?: string;
  readonly tags?: ReadonlyMap<string, string>;
  readonly transitiveTagKeys?: readonly string[];
  readonly region?: string;
  /** Condition keys that only a service brings. */
  readonly serviceContext?: Context;
}

/** Why a request has no caller. */
export type AuthenticationFailure = 'missing' | 'unreadable' | 'unknown' | 'token' | 'expired' | 'signature' | 'skewed' | 'scope';

/** What a session has besides its role. */
interface Grant {
  readonly keys: Context;
  readonly tags?: ReadonlyMap<string, string>;
  readonly transitiveTags?: ReadonlyMap<string, string>;
}

interface Trust {
  readonly role: Role;
  readonly caller: Caller;
  readonly context: Context;
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html: the default, and the bounds of every role. */
const DEFAULT_DURATION = 3600;
const DURATIONS = [900, 43200] as const;
/** The issuer that is built into AWS, as Google writes it: https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload */
const GOOGLE_ISSUERS = new Set(['https://accounts.google.com', 'accounts.google.com']);
const GOOGLE_PROVIDER = 'accounts.google.com';
const GOOGLE_KEYS = 'https://www.googleapis.com/oauth2/v3/certs';
/** STS answers "Token too old" after a day, however long the token is valid: https://github.com/mozilla-iam/mozilla-aws-cli/issues/146 */
const GREATEST_AGE = 86400;
/** For clocks that differ: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html */
const GRACE = 300;
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp: needs a permission that is not looked at here. */
const TAG_CLAIMS = /^https:\/\/aws\.amazon\.com\/(?:tags(?:\/|$)|source_identity$)/;
/** What makes `sts:RoleAuthorizedByIdp` true, and is enforced before the trust policy: https://awsteele.com/blog/2026/07/13/oidc-tokens-can-restrict-which-aws-roles-they-assume.html */
const ROLES_CLAIM = 'https://aws.amazon.com/roles';

const NOT_A_JWT = 'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)';
const NO_KEY = 'Couldn\'t retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements';
/** The texts of the API reference, where nobody has published another. */
const INVALID = 'The web identity token that was passed could not be validated by AWS. Get a new identity token from the identity provider and then retry the request.';
const UNREACHABLE = 'The request could not be fulfilled because the identity provider (IDP) that was asked to verify the incoming identity token could not be reached.';
const REJECTED = 'The identity provider (IdP) reported that authentication failed. This might be because the claim is invalid.';

/** AWS STS, without HTTP. Every refusal is an AwsError with the status, code and message that STS sends. */
export class Sts {
  private readonly sessions = new Map<string, Session>();

  constructor(private readonly world: { readonly iam: () => Iam; readonly clock: Clock; readonly internet: Pick<Internet, 'fetch'>; readonly sourceIp: string }) {}

  async assumeRoleWithWebIdentity({ roleArn, token, roleSessionName, durationSeconds = DEFAULT_DURATION, region = 'us-east-1' }: WebIdentityRequest): Promise<WebIdentitySession> {
    const iam = this.world.iam();
    checkParameters(roleArn, roleSessionName, durationSeconds);
    if (token.length < 4 || token.length > 20000) {
      throw validation(token.length > 20 ? `${token.slice(0, 20)}...` : token, 'webIdentityToken', `Member must have length ${token.length < 4 ? 'greater than or equal to 4' : 'less than or equal to 20000'}`);
    }
    const { claims } = await this.verified(iam, roleArn.split(':')[4]!, token);
    const google = GOOGLE_ISSUERS.has(claims.iss);
    const provider = google ? undefined : iam.provider(roleArn.split(':')[4]!, claims.iss);
    this.checkTimes(claims);
    const subject = subjectOf(claims);
    const audience = audienceOf(claims, provider);
    if (ROLES_CLAIM in claims && ![claims[ROLES_CLAIM]].flat().includes(roleArn)) {
      throw invalid('The target role ARN is not present in the roles claim of the identity token');
    }
    if (Object.keys(claims).some(name => TAG_CLAIMS.test(name))) throw new AwsError(403, 'AccessDenied', 'Not authorized to perform sts:TagSession');

    const role = iam.role(roleArn);
    const name = provider?.name ?? GOOGLE_PROVIDER;
    const keys = new Map<string, string | readonly string[]>([[`${name}:aud`.toLowerCase(), audience], [`${name}:sub`.toLowerCase(), subject]]);
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
    if (google) keys.set(`${name}:oaud`, String([claims.aud].flat()[0]));
    const methods = [claims.amr].flat();
    if (claims.amr !== undefined && methods.every(method => typeof method === 'string')) keys.set(`${name}:amr`.toLowerCase(), methods);
    // Whether the key is there for other tokens is not documented.
    if (ROLES_CLAIM in claims) keys.set('sts:roleauthorizedbyidp', 'true');
    const caller: Caller = { kind: 'Federated', provider: provider?.arn ?? GOOGLE_PROVIDER };
    const context = new Map([...this.requestContext(region), ...keys, ['sts:rolesessionname', roleSessionName]]);
    if (role === undefined || this.trusts({ role, caller, context }, 'sts:AssumeRoleWithWebIdentity').effect !== 'allowed') {
      throw new AwsError(403, 'AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity');
    }
    checkDuration(role, durationSeconds);
    const session = this.start(role, roleSessionName, durationSeconds, { keys: new Map([...keys, ['aws:federatedprovider', caller.provider]]) });
    return { ...session, provider: caller.provider, audience, subject };
  }

  /** A session assumes the next role: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
  assumeRole(caller: Session, request: AssumeRoleRequest): Session {
    const { roleArn, roleSessionName, durationSeconds = DEFAULT_DURATION } = request;
    checkParameters(roleArn, roleSessionName, durationSeconds);
    const tags = checkTags(request);
    if ([...tags.keys()].some(key => caller.transitiveTags.has(key))) {
      throw new AwsError(400, 'InvalidParameterValue', 'One of the specified transitive tag keys can\'t be set because it conflicts with a transitive tag key from the calling session.');
    }
    const iam = this.world.iam();
    const own = iam.role(caller.roleArn);
    const role = iam.role(roleArn);
    const context = new Map([...this.sessionContext(caller, request.region), ...assumeContext(request, tags)]);
    const needs = ['sts:AssumeRole', ...tags.size + caller.transitiveTags.size > 0 ? ['sts:TagSession'] : [], ...request.sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']];
    for (const action of needs) {
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html: across accounts both sides have to allow it;
      // within one account the trust policy suffices where it names the role itself, and a denial always wins.
      const principal: Caller | undefined = own && { kind: 'AWS', account: own.account, roleArn: own.arn, sessionArn: caller.arn };
      const trust = role && principal && this.trusts({ role, caller: principal, context }, action);
      const permission = own && permits(own, action, roleArn, context);
      const enough = trust?.effect === 'allowed' && (permission === 'allowed' || (permission === 'silent' && trust.direct && own!.account === role!.account && own!.boundary === undefined));
      if (!enough) throw new AwsError(403, 'AccessDenied', `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${roleArn}`);
    }
    if (durationSeconds > 3600) throw new AwsError(400, 'ValidationError', 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.');
    const transitive = new Map([...caller.transitiveTags, ...[...tags].filter(([key]) => request.transitiveTagKeys?.includes(key))]);
    const grant = { keys: sourceIdentity(request), tags: new Map([...tags, ...transitive]), transitiveTags: transitive };
    return this.start(role!, roleSessionName, durationSeconds, grant);
  }

  /** A service of AWS assumes a role for somebody. Throws `AccessDenied` where the role does not trust the service with this. */
  assumeRoleForService(service: string, request: AssumeRoleRequest): Session {
    const { roleArn, roleSessionName, durationSeconds = DEFAULT_DURATION } = request;
    checkParameters(roleArn, roleSessionName, durationSeconds);
    const tags = checkTags(request);
    const role = this.world.iam().role(roleArn);
    const context = new Map([...this.requestContext(request.region), ...assumeContext(request, tags), ...request.serviceContext ?? []]);
    for (const action of ['sts:AssumeRole', ...tags.size > 0 ? ['sts:TagSession'] : []]) {
      if (role === undefined || this.trusts({ role, caller: { kind: 'Service', service }, context }, action).effect !== 'allowed') {
        throw new AwsError(403, 'AccessDenied', `User: ${service} is not authorized to perform: ${action} on resource: ${roleArn}`);
      }
    }
    const transitive = new Map([...tags].filter(([key]) => request.transitiveTagKeys?.includes(key)));
    return this.start(role!, roleSessionName, durationSeconds, { keys: sourceIdentity(request), tags, transitiveTags: transitive });
  }

  /** Whose credentials signed a request to a service, by their signature and session token. */
  authenticate(request: HttpRequest, service: string, region: string): Session | AuthenticationFailure {
    if (request.headers.authorization === undefined) return 'missing';
    const signature = signatureOf(request);
    const time = timeOf(request);
    if (signature === undefined || time === undefined) return 'unreadable';
    const session = this.sessions.get(signature.accessKeyId);
    if (session === undefined) return 'unknown';
    const { sessionToken, secretAccessKey, expiration } = session.credentials;
    const [given, own] = [Buffer.from(request.headers['x-amz-security-token'] ?? ''), Buffer.from(sessionToken)];
    if (given.length !== own.length || !timingSafeEqual(given, own)) return 'token';
    if (signature.service !== service || signature.region !== region) return 'scope';
    if (!isSigned(request, signature, secretAccessKey)) return 'signature';
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html: five minutes by the text, fifteen in Amazon S3's RequestTimeTooSkewed.
    if (Math.abs(this.world.clock() - time) > (service === 's3' ? 900 : 300)) return 'skewed';
    // A session whose role is gone has nothing left.
    return this.world.clock() >= expiration || this.world.iam().role(session.roleArn) === undefined ? 'expired' : session;
  }

  /** Whether the policies of a session's role let it do something; without what a resource says itself. */
  permits(session: Session, action: string, resource: string, region: string, keys: Context = new Map()): 'allowed' | 'silent' | 'denied' {
    const role = this.world.iam().role(session.roleArn);
    return role === undefined ? 'denied' : permits(role, action, resource, new Map([...this.sessionContext(session, region), ...keys]));
  }

  private async verified(iam: Iam, account: string, token: string): Promise<Jws> {
    const keysFor = async (issuer: string): Promise<readonly JsonWebKey[]> => {
      if (GOOGLE_ISSUERS.has(issuer)) return fetchKeys(this.world.internet, GOOGLE_KEYS);
      if (iam.provider(account, issuer) === undefined) throw invalid(`No OpenIDConnect provider found in your account for ${issuer}`);
      return discoverKeys(this.world.internet, issuer);
    };
    try {
      // Other algorithms are not documented, and known to be refused as no JWT.
      return await verifyJws(token, keysFor, { algorithms: ['RS256'] });
    } catch (error) {
      if (error instanceof JwsError) throw invalid(error.kind === 'key' || error.kind === 'signature' ? NO_KEY : NOT_A_JWT);
      if (error instanceof DiscoveryError) throw error.kind === 'unreachable' ? new AwsError(400, 'IDPCommunicationError', UNREACHABLE) : invalid(NO_KEY);
      throw error;
    }
  }

  /** Leeway is documented for the end of a token, and for nothing else. */
  private checkTimes({ exp, iat, nbf }: Jws['claims']): void {
    const now = this.world.clock();
    for (const [name, value] of Object.entries({ exp, iat })) {
      if (value === undefined) throw invalid(`Missing a required claim: ${name}`);
    }
    if (![exp, iat, ...nbf === undefined ? [] : [nbf]].every(time => typeof time === 'number' && Number.isFinite(time) && time >= 0)) throw invalid(INVALID);
    if (now >= (exp as number) + GRACE) {
      throw new AwsError(400, 'ExpiredTokenException', `Token expired: current date/time ${Math.floor(now)} must be before the expiration date/time ${exp as number}`);
    }
    if ((iat as number) > now || (nbf !== undefined && (nbf as number) > now)) throw invalid(INVALID);
    if (now - (iat as number) > GREATEST_AGE) throw new AwsError(400, 'ExpiredTokenException', `Token too old: ${Math.floor(now - (iat as number))}`);
  }

  private trusts({ role, caller, context }: Trust, action: string): Decision {
    return evaluate(role.trust, { action, caller, context });
  }

  private start(role: Role, name: string, duration: number, { keys, tags = new Map(), transitiveTags = new Map() }: Grant): Session {
    const now = this.world.clock();
    const credentials: Credentials = {
      accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      sessionToken: `IQoJ${randomBytes(96).toString('base64')}`,
      expiration: Math.floor(now) + duration,
    };
    const session: Session = {
      credentials,
      roleArn: role.arn,
      // Without the path of the role: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
      arn: `arn:${role.partition}:sts::${role.account}:assumed-role/${role.name}/${name}`,
      assumedRoleId: `${role.id}:${name}`,
      context: new Map<string, string | readonly string[]>([
        ...keys,
        ['aws:principalarn', role.arn],
        ['aws:principalaccount', role.account],
        ['aws:principaltype', 'AssumedRole'],
        ['aws:userid', `${role.id}:${name}`],
        ['aws:tokenissuetime', iso(Math.floor(now))],
        ...[...role.tags, ...tags].map(([key, value]): [string, string] => [`aws:principaltag/${key}`.toLowerCase(), value]),
      ]),
      tags,
      transitiveTags,
    };
    this.sessions.set(credentials.accessKeyId, session);
    return session;
  }

  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html */
  private requestContext(region = 'us-east-1'): Map<string, string | readonly string[]> {
    const now = Math.floor(this.world.clock());
    return new Map([
      ['aws:currenttime', iso(now)], ['aws:epochtime', String(now)], ['aws:securetransport', 'true'], ['aws:sourceip', this.world.sourceIp], ['aws:requestedregion', region],
    ]);
  }

  private sessionContext(session: Session, region: string | undefined): Map<string, string | readonly string[]> {
    return new Map([...this.requestContext(region), ...session.context]);
  }
}

/** A role's own policies within its boundary: a denial anywhere wins. */
function permits(role: Role, action: string, resource: string, context: Context): 'allowed' | 'silent' | 'denied' {
  const effectOf = (policy: Policy) => evaluate(policy, { action, resource, context }).effect;
  const effects = role.policies.map(effectOf);
  const bounds = role.boundary === undefined ? 'allowed' : effectOf(role.boundary);
  if (effects.includes('denied') || bounds === 'denied') return 'denied';
  return bounds === 'allowed' && effects.includes('allowed') ? 'allowed' : 'silent';
}

function subjectOf({ sub }: Jws['claims']): string {
  if (sub === undefined) throw invalid('Missing a required claim: sub');
  // SubjectFromWebIdentityToken has 6 to 255 characters.
  if (typeof sub !== 'string' || sub.length < 6 || sub.length > 255) throw invalid(INVALID);
  return sub;
}

/**
 * The audience of a token: `azp` where it has one (Google's by the document of the condition keys, others by https://github.com/aws/aws-sdk-net/issues/3071).
 * Of several audiences without `azp` nothing says which one counts, so that none does.
 */
function audienceOf({ aud, azp }: Jws['claims'], provider: OidcProvider | undefined): string {
  if (aud === undefined) throw invalid('Missing a required claim: aud');
  const audiences = [aud].flat();
  const single = audiences.length === 1 ? audiences[0] as unknown : undefined;
  const audience = azp === undefined ? single : azp;
  const known = (value: unknown) => provider === undefined || provider.clientIds.includes(value as string);
  const texts = audiences.every(value => typeof value === 'string' && value !== '');
  // Google's tokens have one audience each.
  if (!texts || typeof audience !== 'string' || audience === '' || (provider === undefined && single === undefined)) throw invalid('Incorrect token audience');
  if (!known(audience) || !audiences.some(known)) throw invalid('Incorrect token audience');
  return audience;
}

function checkParameters(roleArn: string, name: string, duration: number): void {
  if (roleArn.length < 20 || roleArn.length > 2048) {
    throw validation(roleArn, 'roleArn', `Member must have length ${roleArn.length < 20 ? 'greater than or equal to 20' : 'less than or equal to 2048'}`);
  }
  if (!/^arn:[a-z0-9-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/.test(roleArn)) throw new AwsError(400, 'ValidationError', 'Request ARN is invalid');
  if (name.length < 2 || name.length > 64) {
    throw validation(name, 'roleSessionName', `Member must have length ${name.length < 2 ? 'greater than or equal to 2' : 'less than or equal to 64'}`);
  }
  if (!/^[\w+=,.@-]+$/.test(name)) throw validation(name, 'roleSessionName', 'Member must satisfy regular expression pattern: [\\w+=,.@-]*');
  const [least, greatest] = DURATIONS;
  if (!Number.isInteger(duration) || duration < least) throw validation(String(duration), 'durationSeconds', `Member must have value greater than or equal to ${least}`);
  if (duration > greatest) throw validation(String(duration), 'durationSeconds', `Member must have value less than or equal to ${greatest}`);
}

function checkDuration(role: Role, duration: number): void {
  if (duration > role.maxSession) throw new AwsError(400, 'ValidationError', 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.');
}

const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_know */
function checkTags({ tags = new Map<string, string>(), transitiveTagKeys = [] }: AssumeRoleRequest): ReadonlyMap<string, string> {
  const keys = [...tags.keys()].map(key => key.toLowerCase());
  const spelled = ([key, value]: [string, string]) => TAG_TEXT.test(key) && key.length > 0 && key.length <= 128 && !/^aws:/i.test(key)
    && TAG_TEXT.test(value) && value.length <= 256;
  const valid = tags.size <= 50 && new Set(keys).size === keys.length && transitiveTagKeys.every(key => tags.has(key)) && [...tags].every(spelled);
  if (!valid) throw new AwsError(400, 'ValidationError', 'The session tags are not valid.');
  return tags;
}

function assumeContext(request: AssumeRoleRequest, tags: ReadonlyMap<string, string>): Map<string, string | readonly string[]> {
  return new Map<string, string | readonly string[]>([
    ['sts:rolesessionname', request.roleSessionName],
    ...[...tags].map(([key, value]): [string, string] => [`aws:requesttag/${key}`.toLowerCase(), value]),
    ...tags.size === 0 ? [] : [['aws:tagkeys', [...tags.keys()]] as [string, readonly string[]]],
    ...request.transitiveTagKeys === undefined ? [] : [['sts:transitivetagkeys', request.transitiveTagKeys] as [string, readonly string[]]],
    ...request.externalId === undefined ? [] : [['sts:externalid', request.externalId] as [string, string]],
    ...request.sourceIdentity === undefined ? [] : [['sts:sourceidentity', request.sourceIdentity] as [string, string]],
  ]);
}

function sourceIdentity({ sourceIdentity: value }: AssumeRoleRequest): Context {
  return new Map(value === undefined ? [] : [['aws:sourceidentity', value]]);
}

function invalid(message: string): AwsError {
  return new AwsError(400, 'InvalidIdentityToken', message);
}

/** What STS says of a provider that is not OpenID Connect: its access tokens are asked for at the provider, which knows none of ours. */
export function rejectedClaim(): AwsError {
  return new AwsError(403, 'IDPRejectedClaim', REJECTED);
}

function validation(value: string, name: string, constraint: string): AwsError {
  return new AwsError(400, 'ValidationError', `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: ${constraint}`);
}

import { Clock, Internet } from '../../model';
import { discoverKeys, DiscoveryError } from '../discovery';
import { JwsError, JwsErrorKind, verifyJws } from '../jws';
import { celOfJson, CelOutcome, stringsOf } from './cel';
import type { FederatedIdentity } from './identities';
import type { Provider } from './providers';

/** How the Security Token Service refuses: https://datatracker.ietf.org/doc/html/rfc6749#section-5.2. */
export interface ExchangeRefusal {
  readonly ok: false;
  readonly status: 400;
  readonly error: 'invalid_grant' | 'invalid_request' | 'invalid_target' | 'unauthorized_client';
  readonly description: string;
}

export interface ExchangedToken {
  readonly ok: true;
  readonly identity: FederatedIdentity;
  /** How long its access token is good for. */
  readonly expiresIn: number;
}

export type Exchange = ExchangedToken | ExchangeRefusal;

/** What is refused where; the texts are Google's, of the pages cited and as its service sends them. */
class Refused extends Error {
  public constructor(public readonly error: ExchangeRefusal['error'], description: string) {
    super(description);
  }
}

const AUDIENCE = /^\/\/iam\.googleapis\.com\/(projects\/[^/]+\/locations\/global\/workloadIdentityPools\/[^/]+\/providers\/[^/]+)$/;
const DAY = 86400;
const LONGEST_TOKEN = 3600;

const CONNECTING = "Error connecting to the given credential's issuer.";
const CONDITION = 'The given credential is rejected by the attribute condition.';
const NO_SUBJECT = 'Could not obtain a value for google.subject from the given credential.';
const SIGNATURE = 'Unable to verify the ID Token signature.';
const PARSING = 'Unable to parse the ID Token.';

const BY_KIND: Record<Exclude<JwsErrorKind, 'issuer'>, string> = {
  malformed: PARSING, size: PARSING, algorithm: SIGNATURE, signature: SIGNATURE, key: CONNECTING,
};

/**
 * Exchanges a token from outside for a principal of a pool.
 * @see https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
 * @see https://docs.cloud.google.com/iam/docs/troubleshooting-workload-identity-federation
 */
export async function exchangeToken(
  { audience, token }: { readonly audience: string; readonly token: string },
  { providers, internet, clock }: { readonly providers: ReadonlyMap<string, Provider>; readonly internet: Pick<Internet, 'fetch'>; readonly clock: Clock },
): Promise<Exchange> {
  try {
    const provider = providerOf(audience, providers);
    const claims = await verify(token, provider, internet);
    checkAudience(claims, provider);
    const expiresIn = checkTimes(claims, clock());
    return { ok: true, identity: identityOf(claims, provider), expiresIn };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { ok: false, status: 400, error: error.error, description: error.message };
  }
}

type Claims = Readonly<Record<string, unknown>>;

function providerOf(audience: string, providers: ReadonlyMap<string, Provider>): Provider {
  const name = AUDIENCE.exec(audience)?.[1];
  if (name === undefined) {
    throw new Refused('invalid_request', 'Invalid value for "audience". This value should be the full resource name of the Identity Provider. '
      + 'See https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token for the list of possible formats.');
  }
  const provider = providers.get(name);
  if (provider === undefined || provider.disabled) {
    throw new Refused('invalid_target', 'The target service indicated by the "audience" parameters is invalid. '
      + "This might either be because the pool or provider is disabled or deleted or because it doesn't exist.");
  }
  return provider;
}

/** "`alg`: […] Must be `RS256` or `ES256`", and the header must name its key. The keys are the provider's: a token cannot choose them. */
async function verify(token: string, provider: Provider, internet: Pick<Internet, 'fetch'>): Promise<Claims> {
  const wrongIssuer = (issuer: unknown) => new Refused('invalid_grant',
    `The issuer in ID Token ${shown(issuer)} does not match the expected one in config: ${provider.issuer}.`);
  try {
    const { claims } = await verifyJws(token, async issuer => {
      if (issuer !== provider.issuer) throw wrongIssuer(issuer);
      return provider.keys ?? discoverKeys(internet, issuer);
    }, { algorithms: ['RS256', 'ES256'] });
    return claims;
  } catch (error) {
    if (error instanceof DiscoveryError) throw new Refused('invalid_grant', CONNECTING);
    if (!(error instanceof JwsError)) throw error;
    throw error.kind === 'issuer' ? wrongIssuer(null) : new Refused('invalid_grant', BY_KIND[error.kind]);
  }
}

/** One of the token's audiences has to be one of the provider's, letter by letter. */
function checkAudience({ aud }: Claims, { audiences }: Provider): void {
  const said: readonly unknown[] = aud === undefined ? [] : Array.isArray(aud) ? aud : [aud];
  if (!said.every(item => typeof item === 'string') || !said.some(item => audiences.includes(item as string))) {
    throw new Refused('invalid_grant', `The audience in ID Token [${said.map(shown).join(', ')}] does not match the expected audience.`);
  }
}

/**
 * "`iat` […] must be in the past and no more than 24 hours in the past, or the token will be rejected"; of `exp` the page said for years
 * "Must be less than 48 hours after `iat`". Google has been seen to be up to a minute, and in lifetimes much, more generous than its page.
 */
function checkTimes({ iat, exp, nbf }: Claims, now: number): number {
  const fine = isTime(iat) && isTime(exp) && (nbf === undefined || isTime(nbf))
    && iat <= now && now - iat <= DAY && exp > now && exp - iat < 2 * DAY && (nbf === undefined || nbf <= now);
  if (!fine) throw new Refused('invalid_grant', `ID Token issued at ${shown(iat ?? null)} is stale to sign-in.`);
  return Math.min(Math.floor(exp - now), LONGEST_TOKEN);
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/**
 * The attributes that the provider maps, if its condition admits them: https://docs.cloud.google.com/iam/docs/workload-identity-federation#mapping.
 * A condition that comes to anything but true, or to nothing, refuses.
 */
function identityOf(claims: Claims, { pool, mapping, condition }: Provider): FederatedIdentity {
  const assertion = read(claims);
  const outcomes = new Map([...mapping].map(([name, expression]) => [name, expression.evaluate({ assertion })]));
  if (condition !== undefined) {
    const group = (prefix: string) => new Map([...outcomes].flatMap(([name, outcome]) => {
      const there = name.startsWith(prefix) && outcome.ok && outcome.value !== null;
      return there ? [[name.slice(prefix.length), outcome.value] as const] : [];
    }));
    const admitted = condition.evaluate({ assertion, google: group('google.'), attribute: group('attribute.') });
    if (!admitted.ok || admitted.value !== true) throw new Refused('unauthorized_client', CONDITION);
  }
  // The page lists `sub` among the claims that are required, and RFC 7519 has it be a text, whatever the mapping makes of it.
  if (typeof claims.sub !== 'string' || claims.sub === '') throw new Refused('unauthorized_client', NO_SUBJECT);

  const subject = text('google.subject', outcomes.get('google.subject')!);
  if (subject === '') throw new Refused('unauthorized_client', NO_SUBJECT);
  const attributes = new Map([...outcomes].filter(([name]) => name.startsWith('attribute.')).map(([name, outcome]) => [name.slice('attribute.'.length), text(name, outcome)]));
  const groups = groupsOf(outcomes.get('google.groups'));
  if (Buffer.byteLength(subject) > 127) {
    throw new Refused('invalid_request', 'The size of mapped attribute google.subject exceeds the 127 bytes limit. Either modify your attribute mapping or the incoming '
      + 'assertion to produce a mapped attribute that is less than 127 bytes.');
  }
  const size = [subject, ...attributes.values(), ...groups].reduce((sum, value) => sum + Buffer.byteLength(value), 0);
  if (size > 8 * 1024) throw new Refused('invalid_request', 'The size of the entire mapped attributes exceeds the 8 KB limit.');
  return { kind: 'federated', pool, subject, groups, attributes };
}

function read(claims: Claims): ReturnType<typeof celOfJson> {
  try {
    return celOfJson(claims);
  } catch {
    throw new Refused('invalid_grant', PARSING);
  }
}

/**
 * The value of a mapped attribute. Google's pages name an error for a subject that is not there, and say nothing of other attributes whose claims a token has
 * not, though much is published that counts on such tokens being let in without: they are refused here.
 */
function valueOf(name: string, outcome: CelOutcome): unknown {
  if (!outcome.ok || outcome.value === null) throw new Refused('unauthorized_client', `Could not obtain a value for ${name} from the given credential.`);
  return outcome.value;
}

function text(name: string, outcome: CelOutcome): string {
  const value = valueOf(name, outcome);
  // https://docs.cloud.google.com/iam/docs/troubleshooting-workforce-identity-federation#mapped-attribute-must-be-type-string
  if (typeof value !== 'string') throw new Refused('invalid_request', `The mapped attribute '${name}' must be of type STRING`);
  return value;
}

function groupsOf(outcome: CelOutcome | undefined): readonly string[] {
  if (outcome === undefined) return [];
  const groups = stringsOf(valueOf('google.groups', outcome));
  if (groups === undefined) throw new Refused('invalid_request', "The mapped attribute 'google.groups' must be of type LIST<STRING>");
  return groups;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value) ?? 'null';
}

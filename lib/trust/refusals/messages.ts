import { entryOf } from './catalogue';
import { fill } from './template';
import { Gate, GateName, Mechanism, Token } from '../model';
import { isList, isText, show, TextValue, Value } from '../value';

/** What a message is made from. */
type Refusing = Pick<Gate, 'gate' | 'have' | 'fault' | 'issuer'>;

/** What is known of a refusal that a cloud has not printed yet. */
export interface MessageContext {
  readonly mechanism?: Mechanism;
  readonly claims?: Token;
  readonly identity?: TextValue;
  /** Who asks, where one identity becomes another. */
  readonly principal?: TextValue;
  readonly at?: number;
}

/** What the cloud itself prints where a gate refuses; undefined where its words are not known. Values that are not known stand as `<name>`. */
export function messageFor(gate: Refusing, context: MessageContext = {}): string | undefined {
  const id = messageOf(gate, context);
  return id === undefined ? undefined : fill(entryOf(id)!.says, valuesOf(gate, context, id), NAMES);
}

/** The messages that have times as dates, and not as seconds since 1970. */
const DATED: ReadonlySet<string> = new Set(['azure-time', 'aws-pod-identity-expired']);

/** How values are called that are not known. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ['iss', 'issuer'], ['sub', 'subject'], ['aud', 'audience'], ['expectedIss', 'issuer of the provider'], ['iat', 'time'], ['nbf', 'time'], ['exp', 'time'], ['at', 'time'],
  ['role', 'role'], ['email', 'email'], ['principal', 'principal'], ['namespace', 'namespace'], ['serviceAccount', 'name'], ['path', 'path'], ['*', '\u2026'],
]);

function messageOf({ gate, have, fault, issuer }: Refusing, { mechanism, claims, identity, at }: MessageContext): string | undefined {
  const [cloud] = (mechanism ?? '').split('-');
  switch (gate) {
    case 'pod-service-account':
      return 'kubernetes-no-service-account';
    case 'pod-token':
      return 'pod-token-file';
    case 'pod-environment':
      return mechanism === 'gcp-native' ? 'gke-metadata-undefined' : chosen(cloud, 'aws-no-credentials', 'gcp-no-credentials', 'azure-not-configured');
    case 'token-time':
      return mechanism === 'aws-pod-identity' ? 'aws-pod-identity-expired' : chosen(cloud, awsTime(claims, at), 'gcp-stale', azureTime(claims));
    case 'aws-provider':
      // What AWS says of a token that has no issuer or a subject without room in its answer is not known.
      return fault === 'size' ? 'aws-token-size' : fault === 'form' ? undefined : 'aws-no-provider';
    case 'aws-principal':
    case 'aws-action':
    case 'aws-condition':
    case 'aws-deny':
      return fault === 'roles' ? 'aws-roles-claim' : mechanism === 'aws-pod-identity' ? 'aws-pod-identity-denied' : mechanism === 'aws-role-chain' ? 'aws-assume-role-denied' : 'aws-not-authorized';
    case 'gcp-provider':
      // Where the issuer is the one that is wanted, something else about the provider refuses.
      return mechanism === 'gcp-native' ? undefined : issuer !== undefined && show(issuer) === issuerIn(have, claims) ? 'gcp-target' : 'gcp-issuer';
    case 'gcp-audience':
      return mechanism === 'gcp-native' ? undefined : 'gcp-audience';
    case 'gcp-member':
      // A principal that is granted nothing is refused by each service in words of its own.
      return identity !== undefined && show(identity).startsWith('principal') ? undefined : mechanism === 'gcp-native' ? 'gke-access-token' : 'gcp-get-access-token';
    default:
      return MESSAGES.get(gate);
  }
}

const HOUR = 3600;

const MESSAGES: ReadonlyMap<GateName, string> = new Map<GateName, string>([
  ['aws-client-id', 'aws-wrong-audience'], ['aws-association', 'aws-pod-identity-no-association'],
  ['aws-role-chain', 'aws-assume-role-denied'], ['gcp-mapping', 'gcp-mapping-type'], ['gcp-condition', 'gcp-condition'],
  ['gcp-subject-length', 'gcp-subject-length'], ['gcp-token-creator', 'gcp-get-access-token'],
  ['azure-issuer', 'azure-issuer'], ['azure-subject', 'azure-subject'], ['azure-audience', 'azure-audience'],
]);

/** What STS says of a token's times; undefined of one that is not valid yet, as its words are not known. */
function awsTime(claims: Token | undefined, at: number | undefined): string | undefined {
  const [exp, nbf, iat] = ['exp', 'nbf', 'iat'].map(claim => claims?.get(claim));
  if (claims !== undefined && exp === undefined) {
    return 'aws-missing-claim';
  }
  if (typeof exp !== 'number' || at === undefined || isOlder(at, exp, 0)) {
    return 'aws-token-expired';
  }
  if (isOlder(nbf, at, 0) || isOlder(iat, at, 0)) {
    return undefined;
  }
  return iat === undefined ? 'aws-missing-claim' : isOlder(at, iat, 24 * HOUR) ? 'aws-token-too-old' : 'aws-token-expired';
}

/** What Entra ID says of them, for which a token without `iat` was issued in 1970. */
function azureTime(claims: Token | undefined): string {
  return isOlder(claims?.get('exp'), claims?.get('iat') ?? 0, 25 * HOUR) ? 'azure-lifetime' : 'azure-time';
}

/** Whether a time lies more than so many seconds before another, where both are said. */
function isOlder(later: Value | undefined, earlier: Value | undefined, seconds: number): boolean {
  return typeof later === 'number' && typeof earlier === 'number' && later - earlier > seconds;
}

function chosen(cloud: string | undefined, aws: string | undefined, gcp: string, azure: string): string | undefined {
  return cloud === 'aws' ? aws : cloud === 'gcp' ? gcp : cloud === 'azure' ? azure : undefined;
}

function issuerIn(have: string, claims: Token | undefined): string {
  const iss = claims?.get('iss');
  return iss === undefined ? have.replace(/^iss /, '') : show(iss);
}

function valuesOf(
  { gate, have, issuer }: Refusing, { mechanism, claims, identity, principal, at }: MessageContext, id: string,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const set = (name: string, value: string | undefined) => {
    if (value !== undefined) {
      values.set(name, value);
    }
  };
  const claim = (name: string): string | undefined => {
    const value = claims?.get(name);
    return isText(value) ? show(value) : isList(value) ? value.map(show).join(', ') : undefined;
  };
  set('iss', claim('iss') ?? (gate === 'aws-provider' || gate === 'gcp-provider' || gate === 'azure-issuer' ? have.replace(/^iss /, '') : undefined));
  set('sub', claim('sub') ?? (gate === 'azure-subject' ? have.replace(/^sub /, '') : undefined));
  set('aud', claim('aud') ?? (gate === 'gcp-audience' || gate === 'azure-audience' ? have.replace(/^aud /, '').replace(/^\[|\]$/g, '') : undefined));
  set('expectedIss', issuer === undefined ? undefined : show(issuer));
  set(mechanism?.startsWith('aws') ? 'role' : 'email', identity === undefined ? undefined : show(identity));
  set('principal', principal === undefined ? undefined : show(principal));
  const [, namespace, name] = /^system:serviceaccount:([^:]{1,253}):([^:]{1,253})$/.exec(values.get('sub') ?? '') ?? [];
  set('namespace', namespace);
  set('serviceAccount', name);
  for (const [place, time] of [['exp', claims?.get('exp')], ['nbf', claims?.get('nbf') ?? 0], ['iat', claims?.get('iat') ?? (id === 'azure-lifetime' ? 0 : undefined)], ['at', at]] as const) {
    set(place, typeof time === 'number' ? shownTime(time, DATED.has(id)) : undefined);
  }
  return values;
}

/** A time as a cloud prints it. */
function shownTime(time: number, dated: boolean): string {
  const date = new Date(time * 1000);
  return !dated ? String(Math.floor(time)) : Number.isNaN(date.getTime()) ? '<time>' : date.toISOString();
}

import { issuerOf } from '../issuer';
import { Token } from '../model';
import { text, TextValue, Unknown, Value } from '../value';
import { entryOf, readRefusal, Refusal, resourceName, roleOf } from './catalogue';
import { plain } from './plain';
import { secondsOf } from './template';

/** What a cloud's own record says of a refusal. What it lacks is unknown, by a symbol such as `event.sub`. */
export interface CloudEvent extends Refusal {
  /** `iss`, `sub` and `aud` always, and what else the record has of the token. */
  readonly claims: Token;
  readonly identity: TextValue;
  readonly code: string;
  /** The message of the record, without what looks like a token. */
  readonly message?: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Deepest wrapping in which records are looked for. */
const MAX_DEPTH = 8;
/** Longest message that is kept. */
const MAX_MESSAGE = 2000;
const PODS = 'pods.eks.amazonaws.com';
const SERVICE_ACCOUNT = 'system:serviceaccount:';
const NATIVE_PRINCIPAL = new RegExp('^principal://iam\\.googleapis\\.com/projects/\\d{1,20}/locations/global/workloadIdentityPools/[^/]{1,100}\\.svc\\.id\\.goog'
  + '/subject/ns/([^/]{1,253})/sa/([^/]{1,253})$');
const NATIVE_MEMBER = /^serviceAccount:[^[\]]{1,100}\.svc\.id\.goog\[([^/]{1,253})\/([^\]]{1,253})\]$/;
const TOKEN_EXCHANGE = /SecurityTokenService\.ExchangeToken$/;

/**
 * Reads the records that clouds keep of refusals: CloudTrail's, Google's audit log, Entra's sign-in log, one or several, as the
 * clouds' tools, exports and queries wrap them. A text is read as JSON, or as JSON lines. Records of success and of other kinds are left out.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
 * @see https://cloud.google.com/iam/docs/audit-logging/examples-workload-identity
 * @see https://learn.microsoft.com/en-us/graph/api/resources/signin
 * @see https://learn.microsoft.com/en-us/azure/azure-monitor/reference/tables/aadserviceprincipalsigninlogs
 */
export function readEvent(json: unknown): readonly CloudEvent[] {
  const found: CloudEvent[] = [];
  collect(typeof json === 'string' ? parse(json) : json, found, 0);
  return found;
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch (error) {
    const lines = source.split(/\r?\n/);
    if (lines.filter(line => line.trim() !== '').length < 2) {
      throw notJson(error, 1);
    }
    return lines.flatMap((line, index) => {
      try {
        return line.trim() === '' ? [] : [JSON.parse(line) as unknown];
      } catch (problem) {
        throw notJson(problem, index + 1);
      }
    });
  }
}

function notJson(error: unknown, line: number): SyntaxError {
  return new SyntaxError(`line ${line} is neither JSON nor one of JSON lines; pass the record as the cloud's tool prints it in JSON`, { cause: error });
}

function collect(value: unknown, found: CloudEvent[], depth: number): void {
  if (depth > MAX_DEPTH) {
    return;
  }
  if (Array.isArray(value)) {
    value.forEach(member => collect(member, found, depth + 1));
    return;
  }
  if (!isObject(value)) {
    return;
  }
  const parts = fromCloudTrail(value) ?? fromAuditLog(value) ?? fromSignIn(value);
  if (parts !== undefined) {
    if (parts.code !== undefined) {
      found.push(eventOf(parts, parts.code));
    }
    return;
  }
  const inner = get(value, 'CloudTrailEvent');
  if (typeof inner === 'string') {
    collect(quietly(inner), found, depth + 1);
    return;
  }
  if (Array.isArray(get(value, 'columns')) && Array.isArray(get(value, 'rows'))) {
    rowsOf(value).forEach(row => collect(row, found, depth + 1));
    return;
  }
  for (const wrapper of ['Records', 'records', 'Events', 'detail', 'entries', 'value', 'tables', '_source', 'jsonPayload', 'data']) {
    collect(get(value, wrapper), found, depth + 1);
  }
}

function quietly(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return undefined;
  }
}

/** The rows of a query of Log Analytics as objects. */
function rowsOf(table: Json): readonly Json[] {
  const names = (get(table, 'columns') as readonly unknown[]).map(column => wordOf(isObject(column) ? get(column, 'name') : column) ?? '');
  return (get(table, 'rows') as readonly unknown[]).filter(Array.isArray)
    .map((row: readonly unknown[]) => Object.fromEntries(names.map((name, index) => [`${name}`, row[index]])));
}

function fromCloudTrail(record: Json): Parts | undefined {
  const [source, name] = [wordAt(record, 'eventSource'), wordAt(record, 'eventName')];
  if (source === undefined || name === undefined) {
    return undefined;
  }
  const code = wordAt(record, 'errorCode');
  const error = wordAt(record, 'errorMessage');
  const [refusal] = code === undefined ? [] : readRefusal(`${code}: ${error ?? ''}`);
  const podIdentity = name === 'AssumeRoleForPodIdentity';
  const token = podIdentity ? podIdentityClaims(record) : name === 'AssumeRole' ? taggedClaims(record) : webIdentityClaims(record);
  const role = wordAt(record, 'requestParameters', 'roleArn') ?? resourceOf(record, 'AWS::IAM::Role');
  const session = wordAt(record, 'responseElements', 'assumedRoleUser', 'arn');
  const principal = wordAt(record, 'userIdentity', 'arn') ?? wordAt(record, 'userIdentity', 'invokedBy');
  const assumes = name.startsWith('AssumeRole');
  const issuer = wordAt(record, 'userIdentity', 'sessionContext', 'sessionIssuer', 'arn');
  return {
    cloud: 'aws', code, error, refusal,
    fallback: code === undefined ? undefined : fallbackOf(name, code),
    claims: token,
    identity: (assumes ? role : issuer) ?? roleOfSession(assumes ? session : principal),
    registration: providerOf(record),
    principal: name === 'AssumeRoleWithWebIdentity' ? undefined : principal,
    at: timeOf(wordAt(record, 'eventTime')),
    action: assumes ? undefined : `${source.replace(/\.amazonaws\.com(?:\.cn)?$/, '')}:${name}`,
    resource: podIdentity ? wordAt(record, 'requestParameters', 'clusterName') : assumes ? undefined : resourceOf(record),
  };
}

function roleOfSession(session: string | undefined): TextValue | undefined {
  return session === undefined ? undefined : roleOf(session);
}

/** What STS means by a code whose text CloudTrail does not keep, as in "An unknown error occurred". */
function fallbackOf(name: string, code: string): string | undefined {
  if (code.startsWith('ExpiredToken')) {
    return name === 'AssumeRoleForPodIdentity' ? 'aws-pod-identity-expired' : 'aws-token-expired';
  }
  if (code.startsWith('AccessDenied')) {
    return name === 'AssumeRoleWithWebIdentity' ? 'aws-not-authorized' : name === 'AssumeRole' ? 'aws-assume-role-denied'
      : name === 'AssumeRoleForPodIdentity' ? 'aws-pod-identity-denied' : 'aws-service-denied';
  }
  if (name === 'AssumeRoleForPodIdentity') {
    return code.startsWith('ResourceNotFound') ? 'aws-pod-identity-no-association' : code.startsWith('InvalidToken') ? 'aws-pod-identity-invalid-token' : undefined;
  }
  return undefined;
}

/** The claims in `<provider ARN>:<aud>:<sub>`, where all three can be told apart. */
function webIdentityClaims(record: Json): Claims {
  const attributes = get(get(get(record, 'userIdentity', 'sessionContext'), 'webIdFederationData'), 'attributes');
  const provider = providerOf(record);
  const host = provider?.startsWith('arn:') ? /^arn:[a-z-]{1,20}:iam::\d{12}:oidc-provider\/(.+)$/.exec(provider)?.[1] : provider;
  const iss = host === undefined ? undefined : issuerOf(host);
  if (isObject(attributes) && host !== undefined) {
    return { iss, ...audienceOf(host, wordAt(attributes, `${host}:aud`)), sub: wordAt(attributes, `${host}:sub`) };
  }
  const whole = wordAt(record, 'userIdentity', 'principalId');
  const rest = provider !== undefined && whole?.startsWith(`${provider}:`) ? whole.slice(provider.length + 1) : undefined;
  const user = wordAt(record, 'userIdentity', 'userName') ?? wordAt(record, 'responseElements', 'subjectFromWebIdentityToken') ?? accountIn(rest);
  const both = rest !== undefined && user !== undefined && rest.endsWith(`:${user}`);
  const aud = both ? rest.slice(0, -user.length - 1) : wordAt(record, 'responseElements', 'audience');
  return { iss, sub: user, ...audienceOf(host, aud) };
}

function providerOf(record: Json): string | undefined {
  return wordAt(record, 'userIdentity', 'identityProvider') ?? wordAt(record, 'userIdentity', 'sessionContext', 'webIdFederationData', 'federatedProvider');
}

/** Google's tokens are recorded with their `azp`, which says nothing of `aud`. */
function audienceOf(host: string | undefined, aud: string | undefined): Claims {
  return aud === undefined || aud === '' ? {} : host === 'accounts.google.com' ? { azp: aud } : { aud: [aud] };
}

function accountIn(rest: string | undefined): string | undefined {
  const start = rest?.indexOf(`:${SERVICE_ACCOUNT}`) ?? -1;
  return start < 0 ? undefined : rest!.slice(start + 1);
}

/** EKS hides the token; a record of success has the service account. */
function podIdentityClaims(record: Json): Claims {
  const [namespace, name] = [wordAt(record, 'responseElements', 'subject', 'namespace'), wordAt(record, 'responseElements', 'subject', 'serviceAccount')];
  const aud = wordAt(record, 'responseElements', 'audience');
  return { sub: accountOf(namespace, name), ...aud !== undefined && { aud: [aud] } };
}

/** What the tags say that EKS Pod Identity gives to a session. */
function taggedClaims(record: Json): Claims {
  if (wordAt(record, 'userIdentity', 'invokedBy') !== PODS) {
    return {};
  }
  const tags = get(record, 'requestParameters', 'tags');
  const tag = (wanted: string) => wordOf(listOf(tags).filter(isObject).find(member => get(member, 'key') === wanted)?.value);
  return { sub: accountOf(tag('kubernetes-namespace'), tag('kubernetes-service-account')), aud: [PODS] };
}

function accountOf(namespace: string | undefined, name: string | undefined): TextValue | undefined {
  return namespace === undefined && name === undefined ? undefined
    : text(SERVICE_ACCOUNT, namespace ?? new Unknown('event.namespace'), ':', name ?? new Unknown('event.service_account'));
}

function resourceOf(record: Json, type?: string): string | undefined {
  const resource = listOf(get(record, 'resources')).filter(isObject).find(member => type === undefined || get(member, 'type') === type);
  return resource === undefined ? undefined : wordOf(get(resource, 'ARN'));
}

function fromAuditLog(record: Json): Parts | undefined {
  const payload = get(record, 'protoPayload');
  const service = isObject(payload) ? wordAt(payload, 'serviceName') : undefined;
  const method = isObject(payload) ? wordAt(payload, 'methodName') : undefined;
  if (!isObject(payload) || service === undefined || method === undefined) {
    return undefined;
  }
  const status = numberAt(payload, 'status', 'code') ?? 0;
  const error = wordAt(payload, 'status', 'message');
  const [refusal] = status === 0 || error === undefined ? [] : readRefusal(error);
  const subject = wordAt(payload, 'authenticationInfo', 'principalSubject');
  const email = wordAt(payload, 'authenticationInfo', 'principalEmail');
  const code = status === 0 ? undefined : GRPC.get(status) ?? String(status);
  const common = { cloud: 'gcp' as const, code, error, refusal, at: timeOf(wordAt(record, 'timestamp')) };
  if (TOKEN_EXCHANGE.test(method)) {
    const mapped = wordAt(payload, 'metadata', 'mappedPrincipal') ?? wordAt(payload, 'metadata', 'mapped_principal');
    const provider = wordAt(payload, 'resourceName') ?? wordAt(payload, 'request', 'audience');
    return {
      ...common, claims: { sub: subject }, identity: undefined, principal: mapped, fallback: undefined,
      registration: provider === undefined ? undefined : resourceName(provider),
    };
  }
  const account = /^projects\/[^/]{1,200}\/serviceAccounts\/([^/@]{1,200}@[^/]{1,200})$/;
  const wanted = account.exec(wordAt(payload, 'request', 'name') ?? '')?.[1] ?? account.exec(wordAt(payload, 'resourceName') ?? '')?.[1]
    ?? wordAt(record, 'resource', 'labels', 'email_id');
  const generates = /Generate(?:Access|Id)Token$/.test(method);
  return {
    ...common,
    claims: { sub: subject === undefined ? undefined : nativeSubject(subject) },
    identity: generates ? wanted : email ?? subject,
    principal: subject ?? email,
    fallback: status !== 7 ? undefined : generates ? (method.endsWith('GenerateIdToken') ? 'gcp-get-id-token' : 'gcp-get-access-token') : 'gcp-service-denied',
    action: generates ? undefined : wordOf(get(listOf(get(payload, 'authorizationInfo')).find(isObject), 'permission')),
    resource: generates ? undefined : wordAt(payload, 'resourceName'),
  };
}

/** The `sub` of a principal of Google's own pool, which Google maps by a fixed rule; any other pool may map it from anything. */
function nativeSubject(principal: string): string | undefined {
  const match = NATIVE_PRINCIPAL.exec(principal) ?? NATIVE_MEMBER.exec(principal);
  return match === null ? undefined : `${SERVICE_ACCOUNT}${match[1]}:${match[2]}`;
}

const GRPC: ReadonlyMap<number, string> = new Map([
  [3, 'INVALID_ARGUMENT'], [5, 'NOT_FOUND'], [7, 'PERMISSION_DENIED'], [9, 'FAILED_PRECONDITION'], [16, 'UNAUTHENTICATED'],
]);

/** A sign-in as Graph, a diagnostic setting, or Log Analytics has it; their names differ in upper and lower case. */
function fromSignIn(record: Json): Parts | undefined {
  const properties = get(record, 'properties');
  const places = [record, ...isObject(properties) ? [properties] : []]
    .map(place => new Map(Object.entries(place).map(([name, value]) => [name.toLowerCase(), value])));
  const field = (name: string): unknown => places.map(place => place.get(name.toLowerCase())).find(value => value !== undefined && value !== null && value !== '');
  const status = asObject(field('status'));
  const code = wordOf(get(status, 'errorCode')) ?? wordOf(field('resultType'));
  const client = wordOf(field('appId'));
  const isSignIn = wordOf(field('servicePrincipalId')) !== undefined || /SignInLogs$/i.test(wordOf(field('category')) ?? wordOf(field('type')) ?? '');
  if (!isSignIn || (code === undefined && client === undefined)) {
    return undefined;
  }
  const details = listOf(asJson(field('authenticationProcessingDetails'))).filter(isObject)
    .map(detail => `${wordOf(get(detail, 'key')) ?? ''}: ${wordOf(get(detail, 'value')) ?? ''}`);
  const error = [get(status, 'failureReason'), field('resultDescription'), get(status, 'additionalDetails'), ...details]
    .map(wordOf).filter(word => word !== undefined && word !== '' && word !== 'Other.').join(' ') || undefined;
  const refused = code !== undefined && code !== '0';
  const messages = refused ? readRefusal(/AADSTS\d/.test(error ?? '') ? error! : `AADSTS${code}: ${error ?? ''}`) : [];
  const own = messages.find(({ entry }) => entry.code === `AADSTS${code}`) ?? messages[0];
  return {
    cloud: 'azure', code: refused ? `AADSTS${code}` : undefined, error, refusal: own, fallback: undefined,
    claims: {}, identity: client,
    principal: wordOf(field('servicePrincipalId')),
    registration: wordOf(field('federatedCredentialId')),
    at: timeOf(wordOf(field('createdDateTime')) ?? wordOf(field('time')) ?? wordOf(field('TimeGenerated'))),
    resource: wordOf(field('resourceIdentity')) ?? wordOf(field('resourceId')),
  };
}

interface Claims {
  readonly iss?: Value;
  readonly sub?: Value;
  readonly aud?: Value;
  readonly azp?: Value;
}

interface Parts {
  readonly cloud: 'aws' | 'gcp' | 'azure';
  /** Undefined where the record is of success. */
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly refusal: Refusal | undefined;
  /** The entry that follows from the code alone. */
  readonly fallback: string | undefined;
  readonly claims: Claims;
  readonly identity: TextValue | undefined;
  readonly registration?: string | undefined;
  readonly principal?: TextValue | undefined;
  readonly at?: number | undefined;
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
}

function eventOf(parts: Parts, code: string): CloudEvent {
  const { refusal } = parts;
  // What an SDK's words say in general is less than what follows from the method.
  const special = refusal !== undefined && (refusal.entry.general !== true || parts.fallback === undefined) ? refusal.entry : undefined;
  const claims = new Map<string, Value>(['iss', 'sub', 'aud'].map(name => [name, new Unknown(`event.${name}`)]));
  const known = [...refusal?.claims ?? [], ...Object.entries(parts.claims)] as readonly [string, Value | undefined][];
  known.forEach(([name, value]) => value !== undefined && claims.set(name, value));
  const optional = {
    registration: parts.registration ?? refusal?.registration, principal: parts.principal ?? refusal?.principal, at: parts.at ?? refusal?.at,
    action: parts.action ?? refusal?.action, resource: parts.resource ?? refusal?.resource,
    message: parts.error === undefined ? undefined : plain(parts.error.slice(0, MAX_MESSAGE)),
  };
  return {
    entry: special ?? entryOf(parts.fallback ?? `${parts.cloud}-other`)!, claims, expected: refusal?.expected ?? new Map(),
    identity: parts.identity ?? refusal?.identity ?? new Unknown('event.identity'), code,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What stands at a path of own keys. */
function get(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((current, step) => isObject(current) && Object.hasOwn(current, step) ? current[step] : undefined, value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text, or a number as one. What the cloud hides is not there. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : typeof value === 'string' && value !== '' && !/^HIDDEN_DUE_TO|^\*+$/.test(value) ? value : undefined;
}

function wordAt(value: Json, ...path: readonly string[]): string | undefined {
  return wordOf(get(value, ...path));
}

function numberAt(value: Json, ...path: readonly string[]): number | undefined {
  const found = get(value, ...path);
  return typeof found === 'number' ? found : undefined;
}

/** Log Analytics keeps objects and lists as texts. */
function asJson(value: unknown): unknown {
  return typeof value === 'string' ? quietly(value) : value;
}

function asObject(value: unknown): Json | undefined {
  const found = asJson(value);
  return isObject(found) ? found : undefined;
}

function timeOf(value: string | undefined): number | undefined {
  return value === undefined || /^\d+$/.test(value) ? undefined : secondsOf(value);
}

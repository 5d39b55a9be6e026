import { Token } from '../model';
import { text, TextValue, Unknown, Value } from '../value';
import { AWS } from './aws';
import { AZURE } from './azure';
import { RefusalEntry } from './entry';
import { GOOGLE } from './google';
import { KUBERNETES } from './kubernetes';
import { decoded, plain } from './plain';
import { Captures, Match, matchesOf, Template, template } from './template';

export type { RefusalEntry } from './entry';

/** What a message says: only that, so that a claim that is not here may be anything. */
export interface Refusal {
  readonly entry: RefusalEntry;
  /** What it says of the token: `null` and the empty list stand for claims that the cloud did not find in it. */
  readonly claims: Token;
  /** What it says of the claims that the cloud wants. */
  readonly expected: Token;
  /** What was to be become, or was: an ARN, an email, a principal, a client id. */
  readonly identity?: TextValue;
  /** The registration of the issuer, by its name. */
  readonly registration?: TextValue;
  /** Who was refused, as the cloud names it. */
  readonly principal?: TextValue;
  /** When, in seconds since 1970. */
  readonly at?: number;
  readonly action?: string;
  readonly resource?: string;
}

/** All messages. Where two stand in the same place, the earlier is meant. */
export const CATALOGUE: readonly RefusalEntry[] = [...AWS, ...GOOGLE, ...AZURE, ...KUBERNETES];

/** How far before and after a message what belongs to it is looked for. */
const AROUND = 600;
const SERVICE_ACCOUNT = 'system:serviceaccount:';

interface Prepared {
  readonly entry: RefusalEntry;
  readonly marks: readonly Template[];
  readonly before: readonly Template[];
  readonly after: readonly Template[];
}

interface Found extends Match {
  readonly entry: RefusalEntry;
}

const PREPARED: readonly Prepared[] = CATALOGUE.map(entry => ({
  entry, marks: entry.marks.map(template), before: (entry.before ?? []).map(template), after: (entry.after ?? []).map(template),
}));
const BY_ID = new Map(CATALOGUE.map(entry => [entry.id, entry]));

/**
 * Finds the messages of clouds in a text such as a log, in its order.
 *
 * What SDKs write around the words of a cloud counts only where there are no such words.
 */
export function readRefusal(raw: string): readonly Refusal[] {
  const read = plain(raw);
  const inUrl = decoded(read);
  const found = [read, ...inUrl === undefined ? [] : [inUrl]].map(search).reduce((best, other) => valuesIn(other) > valuesIn(best) ? other : best);
  return found.map(match => refusalOf(match.entry, match.captures));
}

/** The entry of an id; undefined where there is none. */
export function entryOf(id: string): RefusalEntry | undefined {
  return BY_ID.get(id);
}

/** How much was found: messages, and what was read out of them. */
function valuesIn(found: readonly Found[]): number {
  return found.reduce((sum, { captures }) => sum + 1 + captures.size, 0);
}

function search(read: string): readonly Found[] {
  const taken = new Uint8Array(read.length);
  const found: (Match & { readonly prepared: Prepared })[] = [];
  for (const prepared of PREPARED) {
    for (const mark of prepared.marks) {
      for (const match of matchesOf(mark, read)) {
        const place = taken.subarray(match.start, match.end);
        if (!place.includes(1)) {
          place.fill(1);
          found.push({ ...match, prepared });
        }
      }
    }
  }
  found.sort((a, b) => a.start - b.start);
  const special = found.filter(({ prepared }) => prepared.entry.general !== true);
  const counted = special.length > 0 ? special : found;
  return distinct(counted.map((match, index) => {
    const { prepared, start, end, captures } = match;
    const left = read.slice(Math.max(counted[index - 1]?.end ?? 0, start - AROUND), start);
    const right = read.slice(end, Math.min(counted[index + 1]?.start ?? read.length, end + AROUND));
    const beside = [...prepared.before.map(wanted => matchesOf(wanted, left).at(-1)), ...prepared.after.map(wanted => matchesOf(wanted, right)[0])];
    return { start, end, entry: prepared.entry, captures: new Map([...beside.flatMap(other => [...other?.captures ?? []]), ...captures]) };
  }));
}

/** Leaves out what says the same as another or less, in the order of the text. */
function distinct(found: readonly Found[]): Found[] {
  const kept = new Map<RefusalEntry, Found[]>();
  for (const match of found) {
    const same = kept.get(match.entry) ?? [];
    if (!same.some(other => says(other, match))) {
      kept.set(match.entry, [...same.filter(other => !says(match, other)), match]);
    }
  }
  return [...kept.values()].flat().sort((a, b) => a.start - b.start);
}

/** Whether one says all that another does. */
function says(more: Match, less: Match): boolean {
  return [...less.captures].every(([name, value]) => more.captures.get(name) === value);
}

function refusalOf(entry: RefusalEntry, captures: Captures): Refusal {
  const word = (name: Parameters<Captures['get']>[0]): string | undefined => {
    const value = captures.get(name);
    return value === undefined ? undefined : String(value);
  };
  const [principal, action, resource, at] = [word('principal'), word('action'), word('resource'), captures.get('at')];
  const identity = word('role') ?? word('email') ?? word('client') ?? (entry.gates.length === 0 && principal !== undefined ? roleOf(principal) : undefined);
  const provider = word('provider');
  return {
    entry,
    claims: claimsOf(captures, subjectOf(word('namespace'), word('serviceAccount'))),
    expected: new Map<string, Value>([...known('iss', word('expectedIss')), ...known('aud', listOf(word('expectedAud')))]),
    ...identity !== undefined && { identity },
    ...provider !== undefined && { registration: resourceName(provider) },
    ...principal !== undefined && { principal },
    ...typeof at === 'number' && { at },
    ...action !== undefined && { action },
    ...resource !== undefined && { resource },
  };
}

function claimsOf(captures: Captures, subject: TextValue | undefined): Token {
  const claims = new Map<string, Value>();
  const [iss, sub, aud, nbf] = [captures.get('iss'), captures.get('sub') ?? subject, captures.get('aud'), captures.get('nbf')];
  if (iss !== undefined) {
    claims.set('iss', iss === 'null' ? null : iss);
  }
  if (sub !== undefined) {
    claims.set('sub', sub);
  }
  if (aud !== undefined) {
    claims.set('aud', listOf(String(aud))!);
  }
  for (const [name, value] of [['exp', captures.get('exp')], ['iat', captures.get('iat')], ['nbf', nbf === 0 ? undefined : nbf]] as const) {
    if (value !== undefined) {
      claims.set(name, value);
    }
  }
  return claims;
}

function known(name: string, value: Value | undefined): readonly [string, Value][] {
  return value === undefined ? [] : [[name, value]];
}

function listOf(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : value === '' ? [] : value.split(/, ?/);
}

function subjectOf(namespace: string | undefined, name: string | undefined): TextValue | undefined {
  return name === undefined ? undefined : text(SERVICE_ACCOUNT, namespace ?? new Unknown('refusal.namespace'), ':', name);
}

/** The role that a session is of, whose path the session's ARN leaves out; any other principal as it is. */
export function roleOf(principal: string): TextValue {
  const [arn, partition, service, , account, resource, ...more] = principal.split(':');
  const [kind, role] = (resource ?? '').split('/');
  return arn === 'arn' && service === 'sts' && kind === 'assumed-role' && role !== undefined && role !== '' && more.length === 0
    ? text(`arn:${partition}:iam::${account}:role/`, new Unknown('refusal.path'), role) : principal;
}

/** The name of a Google resource without the service before it. */
export function resourceName(full: string): string {
  return full.replace(/^(?:https?:)?\/\/iam\.googleapis\.com\//, '');
}

import { Candidate, cloudOf, triesOf, withoutAssociation } from './candidates';
import { Catalog } from './catalog';
import { hinted, mechanismsOf, Step, tried, Tried } from './tries';
import { Attempt, Gate, GateName, Identity, Token, WorkloadUse } from '../model';
import { Refusal } from '../refusals/catalogue';
import { equal, isKnown, isList, isText, keyOf, show, TextValue, Unknown, Value, Verdict } from '../value';

/** What may be behind a refusal: a try, and the gate that refuses it or may do so. */
export interface Found {
  readonly tried: Tried;
  readonly step: Step;
  readonly at: number | undefined;
}

/** What limits a search. */
export interface SearchOptions {
  /** The time in seconds since 1970. */
  readonly at?: number;
  readonly isWanted: (identity: Identity) => boolean;
}

interface Scored extends Found {
  /** What counts for it, the most important figure first. */
  readonly score: readonly number[];
}

const POD: readonly GateName[] = ['pod-environment', 'pod-service-account', 'pod-token'];
/** What the message is about for certain, where the wiring shows it; where it may be; where all passes; where something else refuses. */
const [FAILS, OPEN, PASSES, CONTRADICTS] = [3, 2, 1, 0] as const;

/** What may be behind refusals, the most telling first. */
export function searched(catalog: Catalog, refusals: readonly Refusal[], options: SearchOptions): readonly Found[] {
  const all = refusals.flatMap(refusal => behind(catalog, refusal, options));
  all.sort((a, b) => compare(b.score, a.score));
  // Where something is found that the message says, what passes is not listed beside it, nor what speaks of something else.
  const [weight, kind] = all[0]?.score ?? [];
  const telling = all.filter(({ score }) => score[0]! >= weight! / 2 && score[1]! >= Math.min(kind!, OPEN) && score[1]! > CONTRADICTS);
  return [...new Map(telling.map(each => [contentKey(each), each] as const).reverse()).values()].reverse();
}

function contentKey({ tried: { candidate: { identity, attempt, workload } }, step: { gate } }: Found): string {
  const place = attempt?.where ?? workload?.where;
  return JSON.stringify([
    identity.where.file, identity.where.address, keyOf(identity.name), gate.gate, gate.want, gate.where.address, place?.file, place?.address,
  ]);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((figure, place) => figure !== b[place]);
  return index < 0 ? 0 : a[index]! - b[index]!;
}

function behind(catalog: Catalog, refusal: Refusal, options: SearchOptions): readonly Scored[] {
  const gates = gatesOf(catalog, refusal);
  if (gates.length === 0) {
    return [];
  }
  const question = new Question(catalog, refusal, gates, options.isWanted);
  const at = gates.includes('token-time') || refusal.claims.has('exp') ? refusal.at ?? options.at ?? timeIn(refusal.claims) : undefined;
  const all = question.candidates().map(candidate => {
    const merged = { ...candidate, token: merge(candidate.token, refusal.claims) };
    return scored(question, tried(catalog, merged, at), at, similarity(candidate, refusal));
  });
  return nearest(all);
}

/** Of the issuers that a token may be of, the one counts with which it gets farthest: that of the cluster that the workload is in. */
function nearest(all: readonly Scored[]): readonly Scored[] {
  const best = new Map<unknown, Map<Identity, Scored>>();
  for (const each of all) {
    const { attempt, workload, identity } = each.tried.candidate;
    const key = attempt ?? workload ?? identity;
    const ofTry = best.get(key) ?? new Map<Identity, Scored>();
    best.set(key, ofTry);
    const other = ofTry.get(identity);
    if (other === undefined || compare(reach(each), reach(other)) > 0) {
      ofTry.set(identity, each);
    }
  }
  return [...best.values()].flatMap(ofTry => [...ofTry.values()]);
}

function reach({ tried: { verdict, steps } }: Scored): readonly number[] {
  return [['no', 'unknown', 'yes'].indexOf(verdict), -steps.filter(({ gate }) => gate.verdict === 'no').length, steps.filter(({ gate }) => gate.verdict === 'yes').length];
}

/** A time at which a token that is said to have expired had done so. */
function timeIn(claims: Token): number | undefined {
  const exp = claims.get('exp');
  return typeof exp === 'number' ? exp : undefined;
}

/** What the refusal knows of the token is so, whatever the wiring says. */
function merge(token: Token, claims: Token): Token {
  return new Map<string, Value>([...token, ...[...claims].filter(([, value]) => isKnown(value))]);
}

/**
 * The gates that a refusal can be about. Where an identity was reached that nothing of the input is, the pod did not use its own, or the principal that
 * it became is not the one that is granted something.
 */
function gatesOf(catalog: Catalog, { entry, identity, principal }: Refusal): readonly GateName[] {
  if (entry.gates.length > 0) {
    return entry.gates;
  }
  const reached = identity ?? principal;
  if (reached === undefined || reached instanceof Unknown || catalog.model.identities.some(({ cloud, name }) => cloud === entry.cloud && equal(name, reached) !== 'no')) {
    return [];
  }
  return show(reached).startsWith('principal:') ? ['gcp-member'] : POD;
}

/** A refusal with what can be behind it. */
class Question {
  private readonly verdicts = new Map<string, Verdict>();
  private readonly reached: boolean;
  private readonly subject: Value | undefined;

  constructor(
    private readonly catalog: Catalog, public readonly refusal: Refusal, public readonly gates: readonly GateName[], private readonly isWanted: SearchOptions['isWanted'],
  ) {
    this.reached = refusal.entry.gates.length === 0;
    this.subject = refusal.claims.get('sub') ?? (this.reached ? /\/subject\/(.+)$/.exec(show(refusal.principal ?? ''))?.[1] : undefined);
  }

  /** What workloads present, that can be what was refused; or else what may be presented to the identities. */
  public candidates(): readonly Candidate[] {
    const mechanisms = mechanismsOf(this.refusal.entry.id);
    const wired = this.workloads().flatMap(workload => workload.attempts
      .filter(attempt => this.canBe(attempt)).flatMap(attempt => triesOf(this.catalog, workload, attempt)));
    const byPods = this.refusal.entry.gates.includes('aws-association') || mechanisms?.has('aws-pod-identity') === true ? withoutAssociation(this.catalog) : [];
    const all = [...wired, ...byPods].filter(candidate => this.isWanted(candidate.identity) && this.fits(candidate));
    const meant = mechanisms === undefined ? all : all.filter(({ attempt }) => attempt === undefined || mechanisms.has(attempt.mechanism));
    const found = meant.length > 0 ? meant : all;
    const sure = found.filter(({ identity, attempt }) => this.verdictOf(identity.name) === 'yes' || (attempt?.identity !== undefined && this.verdictOf(attempt.identity) === 'yes'));
    if (sure.length > 0) {
      return sure;
    }
    return found.length > 0 ? [...found, ...this.withoutWorkload(identity => this.verdictOf(identity.name) === 'yes')] : this.withoutWorkload(() => true);
  }

  private workloads(): readonly WorkloadUse[] {
    const { subject } = this;
    return typeof subject === 'string' && subject.startsWith('system:serviceaccount:') ? this.catalog.of(subject) : this.catalog.model.workloads;
  }

  private canBe(attempt: Attempt): boolean {
    const { entry: { cloud }, registration } = this.refusal;
    return (cloud === 'kubernetes' || cloud === cloudOf(attempt))
      && (this.reached || attempt.identity === undefined || this.verdictOf(attempt.identity) !== 'no')
      && (registration === undefined || attempt.registration === undefined || cloud !== 'gcp' || equal(registration, attempt.registration) !== 'no');
  }

  private fits({ token, identity }: Candidate): boolean {
    const { entry: { cloud } } = this.refusal;
    const [said, own] = [this.subject, token.get('sub')];
    return (cloud === 'kubernetes' || cloud === identity.cloud) && (this.reached || this.verdictOf(identity.name) !== 'no')
      && (!isText(said) || !isText(own) || equal(said, own) !== 'no');
  }

  /** Whether a name is the one that the refusal has; without one it may be any. */
  private verdictOf(name: TextValue): Verdict {
    const { identity } = this.refusal;
    if (identity === undefined || this.reached) {
      return 'unknown';
    }
    const key = keyOf(name);
    const verdict = this.verdicts.get(key) ?? equal(identity, name);
    this.verdicts.set(key, verdict);
    return verdict;
  }

  /** The identities that the refusal can be about, with a token of which only is known what the refusal says. */
  private withoutWorkload(isMeant: (identity: Identity) => boolean): readonly Candidate[] {
    const { entry: { cloud }, claims } = this.refusal;
    const token: Token = new Map<string, Value>([
      ...['iss', 'sub', 'aud'].map(name => [name, new Unknown(`token.${name}`)] as const), ...claims, ...this.subject === undefined ? [] : [['sub', this.subject] as const],
    ]);
    return this.catalog.model.identities
      .filter(identity => identity.cloud === cloud && this.isWanted(identity) && isMeant(identity) && (this.reached ? identity.kind === 'principal' : this.verdictOf(identity.name) !== 'no'))
      .map(identity => ({ token, identity }));
  }
}

function scored(question: Question, each: Tried, at: number | undefined, likeness: number): Scored {
  const gates = each.mechanism === 'gcp-native' ? [...question.gates, 'gcp-provider' as const, 'gcp-audience' as const] : question.gates;
  const inList = ({ gate }: Step) => gates.includes(gate.gate) || gate === each.candidate.naming;
  const place = ({ gate }: Step) => gates.indexOf(gate.gate);
  const listed = each.steps.filter(inList);
  const failing = each.steps.filter(({ gate }) => gate.verdict === 'no');
  const rest = (kind: number, step: Step): readonly number[] => [
    // What fails only because the message speaks of something else altogether is less than what may fail by what it says.
    kind * likeness ** 6, kind, -failing.filter(other => !inList(other)).length, each.candidate.workload === undefined ? 0 : 1,
    -failing.length, -place(step), each.candidate.workload?.users.length === 0 ? 0 : 1,
  ];
  const no = listed.find(({ gate }) => gate.verdict === 'no');
  if (no !== undefined) {
    return { tried: each, step: no, at, score: rest(FAILS, no) };
  }
  const inOrder = [...listed].sort((a, b) => place(a) - place(b));
  const open = listed.find(({ gate }) => gate === each.candidate.naming) ?? inOrder.find(({ gate }) => gate.verdict === 'unknown');
  if (open !== undefined) {
    return { tried: each, step: open, at, score: rest(OPEN, open) };
  }
  const passing = inOrder[0];
  if (passing !== undefined) {
    return { tried: each, step: passing, at, score: rest(PASSES, passing) };
  }
  const step = unmet(each, question.gates[0]!);
  return { tried: each, step, at, score: rest(question.gates[0] === 'token-time' ? OPEN : CONTRADICTS, step) };
}

/** The gate that is answered: of one that passes here, the cloud says that it refused. */
export function gateTold(catalog: Catalog, { tried: { candidate }, step: { gate } }: Found): Gate {
  return gate.verdict !== 'yes' ? hinted(catalog, candidate, gate) : {
    ...gate, verdict: 'unknown',
    remedy: 'this passes for the token that the wiring presents: compare with the real token by --token, and see whether what was read has been applied',
  };
}

/** A gate that the refusal speaks of, and that is not on the way of the candidate. */
function unmet({ candidate: { identity, attempt }, mechanism }: Tried, name: GateName): Step {
  const time = name === 'token-time';
  return {
    identity, mechanism,
    gate: {
      gate: name, verdict: 'unknown', want: time ? 'a token that is valid when it is presented' : 'what the message speaks of', have: time ? 'times that are not said' : 'nothing of it in the input',
      where: attempt?.where ?? identity.where,
      remedy: time ? 'let the client read the token file anew each time, and compare the clocks' : 'compare with the real token by --token',
    },
  };
}

/** How well what the refusal says goes with what the identity trusts and the wiring presents: what was meant is mostly nearly what was said. */
function similarity({ identity, token, attempt }: Candidate, { claims, expected, principal, identity: named }: Refusal): number {
  const rows = identity.doors.flatMap(({ who }) => who);
  const figures: number[] = [];
  const add = (said: Value | undefined, values: readonly (TextValue | undefined)[]) => {
    if (isText(said)) {
      figures.push(Math.max(0, ...values.slice(0, 100).flatMap(value => value === undefined ? [] : [alike(show(said), show(value))])));
    }
  };
  const issuers = [...identity.doors.map(({ registration }) => registration?.issuer), ...rows.map(({ issuer }) => issuer)];
  add(claims.get('iss'), issuers);
  add(expected.get('iss'), issuers);
  const [aud, wired] = [claims.get('aud'), token.get('aud')].map(value => isList(value) && value.length === 1 ? value[0] : value);
  if (attempt !== undefined && isText(aud) && isText(wired)) {
    figures.push({ yes: 1, unknown: 0.8, no: 0.3 }[equal(aud, wired)]);
  }
  if (attempt === undefined) {
    add(token.get('sub'), rows.map(({ subject }) => subject));
  }
  if (named === undefined && principal !== undefined && identity.kind === 'principal') {
    add(principal, [identity.name]);
  }
  // Small differences of long names decide nothing.
  return figures.length === 0 ? 1 : Math.round(20 * figures.reduce((sum, figure) => sum + figure, 0) / figures.length) / 20;
}

/** The share of two texts that is the same at both ends. */
function alike(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) {
    start++;
  }
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) {
    end++;
  }
  return a.length + b.length === 0 ? 1 : (start + end) / Math.max(a.length, b.length);
}

import { Candidate, candidatesOf, isStray, tokensFor } from './candidates';
import { Catalog, catalogOf } from './catalog';
import { Found, gateTold, searched } from './search';
import { hinted, Step, tried, Tried } from './tries';
import { issuerOfWorkload } from '../kubernetes/clusters';
import { Gate, GateName, Identity, Mechanism, Note, Token, Where } from '../model';
import { Model } from '../read';
import { Refusal } from '../refusals/catalogue';
import { messageFor } from '../refusals/messages';
import { Json, plainOf, ReportIdentity } from '../report/report';
import { equal, isText, show, Unknown, Verdict } from '../value';

/** What becomes of what was asked about. */
export type Outcome = 'accepted' | 'refused' | 'unknown';

/** One gate of an answer, as plain data. */
export interface AnswerGate {
  readonly gate: GateName;
  readonly verdict: Gate['verdict'];
  readonly want: string;
  readonly have: string;
  readonly where: Where;
  readonly remedy: string;
}

/** What becomes of a token at one identity. */
export interface Answer {
  readonly outcome: Outcome;
  readonly identity: Omit<ReportIdentity, 'grants'>;
  readonly mechanism: Mechanism | null;
  /** The claims of the token that is spoken of, without times and without what is unknown. */
  readonly claims: Json;
  /** The pod or ServiceAccount whose wiring presents the token; null where the question was a token. */
  readonly presentedBy: Where | null;
  /** All gates in the order in which they are met, those of the pod and of identities before this one first. */
  readonly gates: readonly AnswerGate[];
  /** The first gate that refuses, or else the first that is unknown; null where all are passed. */
  readonly first: AnswerGate | null;
  /** What the cloud prints when this gate refuses; null where there is no such message. */
  readonly says: string | null;
  /** What else is to be known of the resources that are spoken of, such as that they may exist otherwise than written; left out where there is nothing. */
  readonly notes?: readonly Note[];
}

/** Why a token is or would be refused, as plain data: what `explain --format json` prints. */
export interface Explanation {
  readonly version: 1;
  readonly outcome: Outcome;
  /** What the refusal that was given means; empty where none was given. */
  readonly refusals: readonly { readonly id: string; readonly means: string; readonly remedy: string }[];
  /** The most telling first. */
  readonly answers: readonly Answer[];
  /** How many answers are left out. */
  readonly more: number;
}

/** What limits an explanation. */
export interface ExplainOptions {
  /** Only identities whose name, address or construct path is or holds this text. */
  readonly to?: string;
  /** The time in seconds since 1970. */
  readonly at?: number;
  /**
   * How many answers there are at most.
   * @default 3
   */
  readonly answers?: number;
}

const ANSWERS = 3;
const OUTCOMES: Readonly<Record<Verdict, Outcome>> = { yes: 'accepted', no: 'refused', unknown: 'unknown' };

/**
 * Says what becomes of a token: where it is accepted, or how far it gets at the identities that its workload or the question names.
 *
 * What is not said of the token is what the workload's wiring presents, and an issuer that is not said is each that the identity knows. A token that
 * says when it was issued was issued: what the pod lacks then no longer stands in its way.
 */
export function explainToken(model: Model, token: Token, options: ExplainOptions = {}): Explanation {
  const catalog = catalogOf(model);
  const issued = token.has('exp') || token.has('iat');
  const own = wiredFor(catalog, token);
  const known = new Set(model.identities);
  const strays = issued ? [] : [...own.keys()].filter(identity => !known.has(identity));
  const answers = [...model.identities, ...strays].filter(identity => isNamed(identity, options.to)).map(identity => {
    const wired = own.get(identity);
    const tries = (wired ?? [undefined]).flatMap(candidate => asked(identity, token, issued, candidate))
      .map(candidate => judged(tried(catalog, candidate, options.at)));
    return { named: wired !== undefined, judged: tries.reduce((best, other) => isCloser(other, best) ? other : best) };
  });
  const accepted = answers.filter(({ judged: { outcome } }) => outcome === 'accepted');
  // Where the workload says what it wants to become, whether that is unknown counts, and nothing else.
  const meant = options.to !== undefined || !answers.some(({ named }) => named) ? answers : answers.filter(({ named }) => named);
  const refused = meant.length > 0 && meant.every(({ judged: { outcome } }) => outcome === 'refused');
  const outcome = accepted.length > 0 ? 'accepted' : refused ? 'refused' : 'unknown';
  const ordered = accepted.length > 0 ? accepted : [...meant].sort((a, b) => closeness(b.judged) - closeness(a.judged));
  return explanation(model, outcome, [], ordered.map(each => () => answerOf(catalog, each.judged, options.at)), options);
}

/** Says why a cloud may have said what it said, from what it said and from what the workloads present by their wiring. */
export function explainRefusals(model: Model, refusals: readonly Refusal[], options: ExplainOptions = {}): Explanation {
  const catalog = catalogOf(model);
  const found = searched(catalog, refusals, { at: options.at, isWanted: identity => isNamed(identity, options.to) });
  const outcome = found[0]?.step.gate.verdict === 'no' ? 'refused' : 'unknown';
  return explanation(model, outcome, refusals, found.map(each => () => foundAnswer(catalog, each)), options);
}

function explanation(
  { sensitive, notes }: Model, outcome: Outcome, refusals: readonly Refusal[], answers: readonly (() => Answer)[], options: ExplainOptions,
): Explanation {
  const shown = answers.slice(0, options.answers ?? ANSWERS).map(make => make());
  const made: Explanation = {
    version: 1, outcome,
    refusals: refusals.map(({ entry: { id, means, remedy } }) => ({ id, means, remedy })),
    answers: shown.map(each => withNotes(each, notes)),
    more: answers.length - shown.length,
  };
  return sensitive?.in(made) ?? made;
}

/** An answer with what the model says of the resources that it speaks of. */
function withNotes(told: Answer, all: readonly Note[]): Answer {
  const keyAt = ({ address, stack = '', file }: Where) => JSON.stringify([address, stack, file]);
  const presented = told.presentedBy === null ? [] : [told.presentedBy];
  const places = new Set([told.identity.where, ...presented, ...told.gates.map(({ where }) => where)].map(keyAt));
  const notes = all.filter(({ where }) => where !== undefined && places.has(keyAt(where)));
  return notes.length === 0 ? told : { ...told, notes };
}

/** What the workloads of a token's subject present, by the identity that they mean. */
function wiredFor(catalog: Catalog, token: Token): ReadonlyMap<Identity, readonly Candidate[]> {
  const [sub, iss] = [token.get('sub'), token.get('iss')];
  const own = new Map<Identity, Candidate[]>();
  // A service account of the same name in another cluster is another one.
  const all = isText(sub) ? catalog.of(sub) : [];
  const workloads = all.filter(workload => equal(issuerOfWorkload(workload) ?? UNSAID_ISSUER, isText(iss) ? iss : UNSAID_ISSUER) !== 'no');
  for (const candidate of candidatesOf(catalog.model, workloads)) {
    own.set(candidate.identity, [...own.get(candidate.identity) ?? [], candidate]);
  }
  return own;
}

/** The tokens that are asked about, with what the wiring says where it is still to be met. */
function asked(identity: Identity, token: Token, issued: boolean, wired: Candidate | undefined): readonly Candidate[] {
  const { workload, attempt, naming } = wired ?? {};
  if (issued || wired === undefined) {
    return tokensFor(identity, token, wired).map(each => ({ token: each, identity, workload }));
  }
  if (attempt?.mechanism === 'aws-google' && !token.has('aud')) {
    return [wired];
  }
  return tokensFor(identity, token, wired).map(each => ({ token: each, identity, workload, attempt, ...isStray(wired) && { naming } }));
}

/** What a try comes to, and the gate that says so. */
interface Judged extends Tried {
  readonly outcome: Outcome;
  readonly first: Step | undefined;
}

/** Of the pod's own gates only what surely fails counts: what is unknown of a pod is no doubt about its token. */
function judged(each: Tried): Judged {
  const no = each.steps.find(({ gate }) => gate.verdict === 'no');
  if (no !== undefined) {
    return { ...each, outcome: 'refused', first: no };
  }
  const unknown = each.verdict === 'unknown'
    ? each.steps.find(({ gate }) => gate.verdict === 'unknown' && !isOfPod(gate)) ?? each.steps.find(({ gate }) => gate.verdict === 'unknown') : undefined;
  return { ...each, outcome: OUTCOMES[each.verdict], first: unknown };
}

function isOfPod({ gate }: Gate): boolean {
  return gate.startsWith('pod-');
}

function isNamed({ name, where }: Identity, to: string | undefined): boolean {
  return to === undefined || [show(name), where.address, where.constructPath ?? ''].some(text => text === to || text.includes(to));
}

function isCloser(one: Judged, other: Judged): boolean {
  const order: readonly Outcome[] = ['refused', 'unknown', 'accepted'];
  const [a, b] = [order.indexOf(one.outcome), order.indexOf(other.outcome)];
  return a === b ? closeness(one) > closeness(other) : a > b;
}

/** How far a token gets, for order: gates passed before the first that refuses. */
function closeness({ steps, first }: Judged): number {
  return first === undefined ? steps.length : steps.indexOf(first) + (first.gate.verdict === 'unknown' ? 0.5 : 0);
}

function answerOf(catalog: Catalog, { outcome, first, ...rest }: Judged, at: number | undefined): Answer {
  return answer(rest, outcome, first, first === undefined ? undefined : hinted(catalog, rest.candidate, first.gate), at);
}

function foundAnswer(catalog: Catalog, found: Found): Answer {
  const { tried: each, step, at } = found;
  return answer(each, step.gate.verdict === 'no' ? 'refused' : 'unknown', step, gateTold(catalog, found), at);
}

function answer(
  { candidate, mechanism, steps }: Tried, outcome: Outcome, step: Step | undefined, first: Gate | undefined, at: number | undefined,
): Answer {
  const { token, identity: { cloud, kind, name, where }, workload, attempt } = candidate;
  return {
    outcome,
    identity: { cloud, kind, name: show(name), where },
    mechanism: mechanism ?? null,
    claims: claimsOf(token),
    presentedBy: attempt?.where ?? workload?.users[0] ?? workload?.where ?? null,
    gates: steps.map(({ gate }) => answerGate(gate)),
    first: first === undefined ? null : answerGate(first),
    says: step === undefined || first === undefined ? null : messageFor(first, {
      mechanism: step.mechanism ?? mechanism, claims: token, identity: step.identity.name, principal: step.principal, at,
    }) ?? null,
  };
}

/** A gate without what is of use for messages alone. */
function answerGate({ gate, verdict, want, have, where, remedy }: Gate): AnswerGate {
  return { gate, verdict, want, have, where, remedy };
}

/** The claims for people; times and what names the one token say nothing about who it is of. */
function claimsOf(token: Token): Json {
  return Object.fromEntries([...token].filter(([claim]) => !UNSAID.has(claim)).map(([claim, value]) => [claim, plainOf(value)]));
}

const UNSAID_ISSUER = new Unknown('token.iss');
const UNSAID = new Set(['exp', 'iat', 'nbf', 'jti']);

import { KeyState, meets, parseOperator, RequestContext } from './conditions';
import { actionVerdict, Condition, Policy, Principal, Statement, statementKey } from './policy';
import { Gate, Where } from '../model';
import { every, not, show, some, TextValue, Verdict } from '../value';

/** A request as a policy sees it. */
export interface Request {
  /** Who asks, for people. */
  readonly who: string;
  /** All of them must be allowed. */
  readonly actions: readonly string[];
  readonly context: RequestContext;
  /** Whether a principal of a policy is who asks. */
  principal(principal: Principal): Verdict;
  /** The same of a statement that denies, where that is read otherwise. */
  deniedPrincipal?(principal: Principal): Verdict;
}

/** A policy with where it is said. */
export interface PolicyOf {
  readonly policy: Policy;
  readonly where: Where;
}

interface Judged {
  readonly statement: Statement;
  readonly principal: Verdict;
  readonly action: Verdict;
  readonly conditions: readonly Verdict[];
  readonly verdict: Verdict;
}

/** The principals that a statement names, those of `NotPrincipal` left out. */
export function principalVerdict({ principals }: Statement, request: Pick<Request, 'principal'>): Verdict {
  const listed = some(principals.list.map(principal => request.principal(principal)));
  return principals.negated ? not(listed) : listed;
}

/**
 * The gates that a trust policy is: those of the statement that lets the request get farthest, and that no statement denies it.
 * @param mayAllow which of the statements the door is about
 */
export function trustGates(of: PolicyOf, request: Request, mayAllow: (statement: Statement) => boolean = () => true): readonly Gate[] {
  const gates = allowGates(of, request, mayAllow);
  // Each action may be allowed by a statement of its own.
  const apart = request.actions.length > 1 && overall(gates) !== 'yes'
    ? request.actions.flatMap(action => allowGates(of, { ...request, actions: [action] }, mayAllow)) : gates;
  return [...overall(apart) === overall(gates) ? gates : apart, ...denyGates(of, request)];
}

/** Gates whose verdicts stand where others come to the same, and are not known where they do not. */
export function agreedGates(gates: readonly Gate[], others: readonly Gate[]): readonly Gate[] {
  const beside = JSON.stringify(others.map(({ gate, verdict, want, beside: more }) => [gate, verdict, want, more]));
  return overall(gates) === overall(others) ? gates : gates.map(gate => ({ ...gate, verdict: 'unknown' as const, beside: `${gate.beside ?? ''}${beside}` }));
}

/** Of statements that are unknown, the same one is shown in whatever order they stand. */
function byKey(a: Judged, b: Judged): number {
  const [left, right] = [statementKey(a.statement), statementKey(b.statement)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** A gate that is unknown, with what of its policy does not show in it: other statements that may count, and what could not be read. */
function withBeside(gate: Gate, { unread }: Policy, all: readonly Judged[], shown: Judged | undefined): Gate {
  const others = new Set(all.filter(({ verdict }) => verdict === 'unknown').map(({ statement }) => statementKey(statement)));
  others.delete(shown === undefined ? '' : statementKey(shown.statement));
  return others.size === 0 && unread === undefined ? gate : { ...gate, beside: JSON.stringify([[...others].sort(), unread]) };
}

function overall(gates: readonly Gate[]): Verdict {
  return every(gates.map(({ verdict }) => verdict));
}

/** The gates of the statement that lets the request get farthest. */
function allowGates(of: PolicyOf, request: Request, mayAllow: (statement: Statement) => boolean): readonly Gate[] {
  const { policy, where } = of;
  const allows = policy.statements
    .filter(statement => statement.effect !== 'Deny' && mayAllow(statement))
    .map(statement => judge(policy, statement, request, every));
  const [best] = allows.sort((a, b) => score(b) - score(a) || (a.verdict === 'unknown' ? byKey(a, b) : 0));
  const gates: Gate[] = [];
  if (best === undefined) {
    const unread = policy.problems.length > 0;
    gates.push({
      gate: 'aws-principal',
      verdict: unread ? 'unknown' : 'no',
      want: unread ? `a trust policy that can be read: ${policy.problems.join('; ')}` : 'a statement that allows somebody',
      have: request.who,
      where,
      remedy: `add a statement to ${where.address} that allows ${request.actions[0]!} to ${request.who}`,
    });
  } else {
    gates.push(...statementGates(best, of, request));
  }
  return overall(gates) === 'unknown' ? gates.map((gate, index) => index === 0 ? withBeside(gate, policy, allows, best) : gate) : gates;
}

/** How far a statement is about a request: one that allows it is about all of its actions, and one that denies it about any. */
function judge(policy: Policy, statement: Statement, request: Request, together: typeof every): Judged {
  const principal = principalVerdict(statement, request);
  const action = together(request.actions.map(name => actionVerdict(statement, name)));
  const conditions = statement.conditions.map(condition => meets(condition, request.context, policy.variables));
  const verdict = every([principal, action, ...conditions]);
  return { statement, principal, action, conditions, verdict: statement.problems.length > 0 || policy.problems.length > 0 ? 'unknown' : verdict };
}

/** How far a statement lets a request get: first its answer, then the gates that it passes in order. */
function score({ verdict, principal, action, conditions }: Judged): number {
  const rank = { yes: 2, unknown: 1, no: 0 };
  const passed = conditions.reduce((sum, condition) => sum + rank[condition], 1) / (2 * conditions.length + 2);
  return rank[verdict] * 1000 + rank[principal] * 100 + (principal === 'no' ? 0 : rank[action] * 10 + (action === 'no' ? 0 : passed));
}

function statementGates(judged: Judged, { policy, where }: PolicyOf, request: Request): readonly Gate[] {
  const { statement, principal, action, conditions } = judged;
  const problems = [...policy.problems, ...statement.problems];
  // What could not be read may change any part of the statement.
  const verdictOf = (verdict: Verdict): Verdict => problems.length > 0 ? 'unknown' : verdict;
  const suffix = problems.length > 0 ? ` (${problems.join('; ')})` : '';
  const gates: Gate[] = [
    {
      gate: 'aws-principal', verdict: verdictOf(principal), want: showPrincipals(statement) + suffix, have: request.who, where,
      remedy: principal === 'yes' ? '' : `let ${request.who} be a Principal of a statement of ${where.address}`,
    },
    {
      gate: 'aws-action', verdict: verdictOf(action), want: showList(statement.actions) || 'no action', have: request.actions.join(' and '), where,
      remedy: action === 'yes' ? '' : `add ${missingActions(statement, request)} to the actions of ${named(statement)} of ${where.address}`,
    },
  ];
  statement.conditions.forEach((condition, index) => gates.push(conditionGate(condition, verdictOf(conditions[index]!), where, request)));
  return gates;
}

function missingActions(statement: Statement, { actions }: Request): string {
  return actions.filter(name => actionVerdict(statement, name) !== 'yes').map(name => `"${name}"`).join(' and ');
}

function conditionGate(condition: Condition, verdict: Verdict, where: Where, { context }: Request): Gate {
  const states = context(condition.key);
  return {
    gate: 'aws-condition', verdict, want: showCondition(condition), have: `${show(condition.key)}: ${showState(states)}`, where,
    remedy: verdict === 'yes' ? '' : conditionRemedy(condition, states, where),
  };
}

function conditionRemedy(condition: Condition, states: KeyState, where: Where): string {
  const { base, isNull } = parseOperator(condition.operator);
  const name = `${condition.operator} ${show(condition.key)} of ${where.address}`;
  const [values] = states;
  if (base === undefined && !isNull) {
    return `write ${name} with an operator that IAM has`;
  }
  if (states.length !== 1) {
    return states.length === 0 ? `make sure of ${show(condition.key)}, which is not known here` : `compare ${name} with the token`;
  }
  if (isNull || base!.negated) {
    return values === undefined ? `take ${name} away` : `take ${quotedList(values)} out of the values of ${name}`;
  }
  return values === undefined
    ? `the request has no ${show(condition.key)}: take ${name} away, or compare a key that there is`
    : `add ${quotedList(values)} to the values of ${name}`;
}

/** That no statement denies the request; without a Deny statement there is no gate. */
function denyGates({ policy, where }: PolicyOf, request: Request): readonly Gate[] {
  const denied = { ...request, principal: request.deniedPrincipal ?? request.principal };
  const denies = policy.statements.filter(({ effect }) => effect !== 'Allow').map(statement => judge(policy, statement, denied, some));
  const worst = denies.find(({ verdict }) => verdict === 'yes') ?? denies.filter(({ verdict }) => verdict === 'unknown').sort(byKey)[0] ?? denies[0];
  if (worst === undefined) {
    return [];
  }
  const verdict = not(worst.verdict);
  const gate: Gate = {
    gate: 'aws-deny', verdict, want: `not what ${named(worst.statement)} denies: ${showStatement(worst.statement)}`, have: request.who, where,
    remedy: verdict === 'yes' ? '' : `change ${named(worst.statement)} of ${where.address}, which denies it`,
  };
  return [verdict === 'unknown' ? withBeside(gate, policy, denies, worst) : gate];
}

/** A condition in IAM's words. */
export function showCondition({ operator, key, values }: Condition): string {
  return `${operator} ${show(key)} ${values.map(show).join(' or ')}`.trimEnd();
}

function showStatement(statement: Statement): string {
  return [showPrincipals(statement), showList(statement.actions), ...statement.conditions.map(showCondition)].filter(part => part !== '').join(', ');
}

function showPrincipals({ principals: { negated, list } }: Statement): string {
  const nameOf = ({ type, identifier }: Principal) => type === 'unknown' || identifier === '*' ? show(identifier) : `${type} ${show(identifier)}`;
  const names = list.map(nameOf).join(' or ');
  return negated ? `anyone but ${names}` : names || 'nobody';
}

function showList({ negated, list }: Statement['actions']): string {
  return `${negated ? 'all but ' : ''}${list.map(show).join(', ')}`;
}

function showState(states: KeyState): string {
  return states.length === 0 ? 'not known' : states.map(values => values === undefined ? 'no such key' : values.map(show).join(', ')).join(' or ');
}

function quotedList(values: readonly TextValue[]): string {
  return values.map(value => `"${show(value)}"`).join(' and ');
}

/** A statement by its id. */
export function named({ sid, effect }: Statement): string {
  return sid === undefined ? `the ${effect === 'unknown' ? '' : `${effect} `}statement` : `statement "${sid}"`;
}

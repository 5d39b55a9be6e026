import { NULL, Operator, OPERATORS } from './operators';
import { Condition, mapParts } from './policy';
import { every, known, like, not, partsOf, some, text, TextValue, Unknown, Verdict } from '../value';

/**
 * What a request has for a key: one of the possibilities, of which each is the key's values, or undefined for a key that is not there.
 * Without any possibility nothing is known of it.
 */
export type KeyState = readonly (readonly TextValue[] | undefined)[];

/** The keys of a request, by their names in any case. */
export type RequestContext = (key: TextValue) => KeyState;

/** A key that the request does not have. */
export const MISSING: KeyState = [undefined];
/** A key of which nothing is known. */
export const ANYTHING: KeyState = [];

/** A key with one value. */
export function single(value: TextValue): KeyState {
  return [[value]];
}

/** A key that may have a value, or not be there. */
export function perhaps(value: TextValue): KeyState {
  return [[value], undefined];
}

type SetOperator = 'forallvalues' | 'foranyvalue' | undefined;

interface ParsedOperator {
  readonly set: SetOperator;
  readonly ifExists: boolean;
  readonly isNull: boolean;
  /** Undefined for one that IAM does not have. */
  readonly base?: Operator;
}

const SET_OPERATOR = /^(forallvalues|foranyvalue):/;
const IF_EXISTS = 'ifexists';

/** Stand for literal `*` and `?` in patterns, and for those characters in the texts that are compared with such a pattern. */
const [STAR, QUESTION_MARK] = ['\uFDD3', '\uFDD4'];

/** An operator with its set operator and `IfExists`, in any case. */
export function parseOperator(name: string): ParsedOperator {
  const lower = name.toLowerCase();
  const set = SET_OPERATOR.exec(lower)?.[1] as SetOperator;
  const rest = set === undefined ? lower : lower.slice(set.length + 1);
  const ifExists = rest.endsWith(IF_EXISTS);
  const base = ifExists ? rest.slice(0, -IF_EXISTS.length) : rest;
  // `Null` asks for existence itself, so that nothing goes with it.
  return { set, ifExists, isNull: base === NULL && !ifExists && set === undefined, base: OPERATORS.get(base) };
}

/**
 * Whether a request meets a condition.
 * @param variables whether `${…}` in the policy's values are variables
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
export function meets(condition: Condition, context: RequestContext, variables: boolean): Verdict {
  const operator = parseOperator(condition.operator);
  if (condition.unreadable || (operator.base === undefined && !operator.isNull)) {
    return 'unknown';
  }
  const states = context(condition.key);
  if (states.length === 0) {
    return 'unknown';
  }
  return agreed(states.map(values => holds(operator, condition, values, context, variables)));
}

/** What all possibilities have in common. */
function agreed(verdicts: readonly Verdict[]): Verdict {
  return verdicts.every(verdict => verdict === verdicts[0]) ? verdicts[0]! : 'unknown';
}

function holds(
  operator: ParsedOperator, { values: wanted }: Condition, values: readonly TextValue[] | undefined, context: RequestContext, variables: boolean,
): Verdict {
  if (operator.isNull) {
    const missing = known(values === undefined || values.length === 0);
    return some(wanted.map(want => {
      const word = typeof want === 'string' ? want.toLowerCase() : undefined;
      return word === 'true' ? missing : word === 'false' ? not(missing) : 'unknown';
    }));
  }
  const base = operator.base!;
  const matches = (have: TextValue) => {
    const any = some(wanted.map(want => compared(base, have, want, context, variables)));
    return base.negated ? not(any) : any;
  };
  // An empty text counts as no value where a set is asked for.
  const present = operator.set === undefined ? values : values?.filter(value => value !== '');
  if (present === undefined || present.length === 0) {
    return whereMissing(operator, base);
  }
  if (operator.set === 'foranyvalue') {
    return some(present.map(matches));
  }
  // Several values without a set operator are not documented, unless each of them gives the same answer.
  return operator.set === 'forallvalues' ? every(present.map(matches)) : agreed(present.map(matches));
}

function whereMissing({ set, ifExists }: ParsedOperator, base: Operator): Verdict {
  if (set === 'forallvalues') {
    return 'yes';
  }
  if (set === 'foranyvalue') {
    // AWS says both that the condition is false without values, and that IfExists is true without the key.
    return ifExists ? 'unknown' : 'no';
  }
  return known(ifExists || base.negated);
}

function compared(base: Operator, have: TextValue, want: TextValue, context: RequestContext, variables: boolean): Verdict {
  // Older policies have no variables, and the text is as it stands.
  if (!variables || !hasVariable(want)) {
    return base.matches(have, want);
  }
  if (!base.variables) {
    return 'unknown';
  }
  const pattern = substituted(want, context, base.wildcards);
  if (pattern === undefined) {
    return 'unknown';
  }
  if (!base.wildcards) {
    return base.matches(have, pattern);
  }
  if (like(have, `*${STAR}*`) !== 'no' || like(have, `*${QUESTION_MARK}*`) !== 'no') {
    // A text that has these characters itself, or of which parts are unknown that could have a wildcard, cannot be compared so.
    return typeof have === 'string' ? 'unknown' : weaker(base.matches(have, plain(pattern)));
  }
  return base.matches(mapParts(have, part => part.replaceAll('*', STAR).replaceAll('?', QUESTION_MARK)), pattern);
}

/** What is left where wildcards stand for literal characters: they match more. */
function weaker(verdict: Verdict): Verdict {
  return verdict === 'no' ? 'no' : 'unknown';
}

function plain(pattern: TextValue): TextValue {
  return mapParts(pattern, part => part.replaceAll(STAR, '*').replaceAll(QUESTION_MARK, '?'));
}

function hasVariable(want: TextValue): boolean {
  return partsOf(want).some(part => typeof part === 'string' && part.includes('${'));
}

/**
 * A value with its variables replaced, and literal wildcards set apart; undefined where one of them is not known, or not written as IAM has it.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
function substituted(want: TextValue, context: RequestContext, wildcards: boolean): TextValue | undefined {
  const pieces: TextValue[] = [];
  for (const part of partsOf(want)) {
    if (part instanceof Unknown) {
      pieces.push(part);
      continue;
    }
    let start = 0;
    for (let open = part.indexOf('${'); open >= 0; open = part.indexOf('${', start)) {
      const close = part.indexOf('}', open);
      const value = close < 0 ? undefined : variable(part.slice(open + 2, close), context, wildcards);
      if (value === undefined) {
        return undefined;
      }
      pieces.push(part.slice(start, open), value);
      start = close + 1;
    }
    pieces.push(part.slice(start));
  }
  return text(...pieces);
}

function variable(expression: string, context: RequestContext, wildcards: boolean): TextValue | undefined {
  switch (expression) {
    case '*': return wildcards ? STAR : '*';
    case '?': return wildcards ? QUESTION_MARK : '?';
    case '$': return '$';
  }
  const comma = expression.indexOf(',');
  const name = (comma < 0 ? expression : expression.slice(0, comma)).trim();
  const states = context(name);
  const [state] = states;
  if (states.length !== 1 || (state !== undefined && state.length !== 1)) {
    return undefined;
  }
  const value = state?.[0] ?? (comma < 0 ? undefined : quoted(expression.slice(comma + 1).trim()));
  // Whether a wildcard that comes from the request is one is not documented.
  return value !== undefined && wildcards && (typeof value !== 'string' || /[*?]/.test(value)) ? undefined : value;
}

/** A default, which stands between single quotes. */
function quoted(value: string): string | undefined {
  return value.length >= 2 && value.startsWith('\'') && value.endsWith('\'') ? value.slice(1, -1) : undefined;
}

import { BlockList, isIP } from 'node:net';
import { arnParts } from './arn';
import { lower } from './policy';
import { equal, every, known, like, partsOf, TextValue, Verdict } from '../value';

/** How a value of the request is compared with one of the policy. */
export interface Operator {
  /** Whether the condition holds where no value matches. */
  readonly negated: boolean;
  /** Whether `${…}` in the policy's value is a variable. */
  readonly variables: boolean;
  /** Whether `*` and `?` of the policy's value are wildcards. */
  readonly wildcards: boolean;
  matches(have: TextValue, want: TextValue): Verdict;
}

/** The condition `Null`, which asks whether there is a key at all. */
export const NULL = 'null';

/** What most operators have in common. */
const PLAIN = { negated: false, variables: false, wildcards: false };
/** Longest text and pattern, multiplied, that are compared with wildcards; IAM's own limits are far below. */
const MAX_WORK = 4_000_000;
const NUMBER = /^[+-]?\d{1,300}(?:\.\d{1,300})?$/;
const SECONDS = /^\d{1,12}(?:\.\d{1,9})?$/;
/** The dates of W3C's profile of ISO 8601. */
const DATE = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?)?)?$/;

/**
 * The operators by their names in lower case, without set operator and `IfExists`.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...pair('stringequals', 'stringnotequals', { variables: true, matches: equal }),
  ...pair('stringequalsignorecase', 'stringnotequalsignorecase', { variables: true, matches: (have, want) => equal(lower(have), lower(want)) }),
  ...pair('stringlike', 'stringnotlike', { variables: true, wildcards: true, matches: likeWithin }),
  // Both ways of writing it do the same: each of the six parts may have wildcards.
  ...pair('arnequals', 'arnnotequals', { variables: true, wildcards: true, matches: arnLike }),
  ...pair('arnlike', 'arnnotlike', { variables: true, wildcards: true, matches: arnLike }),
  ...pair('numericequals', 'numericnotequals', { matches: compare(numberOf, (have, want) => have === want) }),
  ['numericlessthan', { ...PLAIN, matches: compare(numberOf, (have, want) => have < want) }],
  ['numericlessthanequals', { ...PLAIN, matches: compare(numberOf, (have, want) => have <= want) }],
  ['numericgreaterthan', { ...PLAIN, matches: compare(numberOf, (have, want) => have > want) }],
  ['numericgreaterthanequals', { ...PLAIN, matches: compare(numberOf, (have, want) => have >= want) }],
  ...pair('dateequals', 'datenotequals', { matches: compare(timeOf, (have, want) => have === want) }),
  ['datelessthan', { ...PLAIN, matches: compare(timeOf, (have, want) => have < want) }],
  ['datelessthanequals', { ...PLAIN, matches: compare(timeOf, (have, want) => have <= want) }],
  ['dategreaterthan', { ...PLAIN, matches: compare(timeOf, (have, want) => have > want) }],
  ['dategreaterthanequals', { ...PLAIN, matches: compare(timeOf, (have, want) => have >= want) }],
  ['bool', { ...PLAIN, matches: compare(booleanOf, (have, want) => have === want) }],
  ['binaryequals', { ...PLAIN, matches: equal }],
  ...pair('ipaddress', 'notipaddress', { matches: within }),
]);

function pair(name: string, opposite: string, operator: Partial<Operator> & Pick<Operator, 'matches'>): [string, Operator][] {
  return [[name, { ...PLAIN, ...operator }], [opposite, { ...PLAIN, ...operator, negated: true }]];
}

/** Whether a text matches a pattern; unknown where that would take too long to find out. */
function likeWithin(have: TextValue, want: TextValue): Verdict {
  return lengthOf(have) * lengthOf(want) > MAX_WORK ? 'unknown' : like(have, want);
}

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN */
function arnLike(have: TextValue, want: TextValue): Verdict {
  const [left, right] = [arnParts(have), arnParts(want)];
  if (left === undefined || right === undefined) {
    // What does not match as a whole does not match in parts; a pattern that is no ARN is not documented.
    const whole = likeWithin(have, want);
    return whole === 'yes' && equal(have, want) !== 'yes' ? 'unknown' : whole;
  }
  return every(left.map((part, index) => likeWithin(part, right[index]!)));
}

function compare<T>(read: (value: string) => T | undefined, holds: (have: T, want: T) => boolean): (have: TextValue, want: TextValue) => Verdict {
  return (have, want) => {
    const [left, right] = [have, want].map(value => typeof value === 'string' ? read(value) : undefined);
    // What is no number or no date is not documented.
    return left === undefined || right === undefined ? 'unknown' : known(holds(left, right));
  };
}

function numberOf(value: string): number | undefined {
  return NUMBER.test(value) ? Number(value) : undefined;
}

/** A date, or seconds since 1970, in milliseconds. */
function timeOf(value: string): number | undefined {
  const time = SECONDS.test(value) && value.length > 4 ? Number(value) * 1000 : DATE.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

function booleanOf(value: string): boolean | undefined {
  const word = value.toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

function within(have: TextValue, want: TextValue): Verdict {
  if (typeof have !== 'string' || typeof want !== 'string') {
    return equal(have, want) === 'yes' ? 'yes' : 'unknown';
  }
  const [address, length, ...more] = want.split('/');
  const family = isIP(address!);
  const bits = family === 6 ? 128 : 32;
  const prefix = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : NaN;
  if (family === 0 || isIP(have) === 0 || more.length > 0 || !(prefix <= bits)) {
    return 'unknown';
  }
  const range = new BlockList();
  range.addSubnet(address!, prefix, family === 6 ? 'ipv6' : 'ipv4');
  return known(isIP(have) === family && range.check(have, family === 6 ? 'ipv6' : 'ipv4'));
}

function lengthOf(value: TextValue): number {
  return typeof value === 'string' ? value.length : partsOf(value).reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 1), 0);
}

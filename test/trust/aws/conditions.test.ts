import '../counting';
import { KeyState, meets, parseOperator } from '../../../lib/trust/aws/conditions';
import { text, TextValue, Unknown } from '../../../lib/trust/value';
import { workOf } from '../work';

const UNKNOWN = new Unknown('apps/x');

/** The verdict of a condition on one key that has a state. */
function verdict(
  operator: string, values: readonly TextValue[], state: KeyState, variables = true, others: ReadonlyMap<string, KeyState> = new Map(),
) {
  const context = (key: TextValue) => key === 'k' ? state : others.get(String(key)) ?? [];
  return meets({ operator, key: 'k', values, unreadable: false }, context, variables);
}

const one = (value: TextValue): KeyState => [[value]];
const many = (...values: TextValue[]): KeyState => [values];
const missing: KeyState = [undefined];

describe('operators', () => {
  test.each<[string, TextValue[], TextValue, string]>([
    ['StringEquals', ['a', 'b'], 'b', 'yes'],
    ['stringequals', ['a'], 'a', 'yes'],
    ['StringEquals', ['a'], 'A', 'no'],
    ['StringEquals', ['a*'], 'ab', 'no'],
    ['StringEquals', ['a*'], 'a*', 'yes'],
    ['StringEquals', [], 'a', 'no'],
    ['StringNotEquals', ['a', 'b'], 'b', 'no'],
    ['StringNotEquals', ['a', 'b'], 'c', 'yes'],
    ['StringNotEquals', [], 'c', 'yes'],
    ['StringEqualsIgnoreCase', ['ABC'], 'abc', 'yes'],
    ['StringNotEqualsIgnoreCase', ['ABC'], 'abc', 'no'],
    ['StringLike', ['system:serviceaccount:reports:*'], 'system:serviceaccount:reports:reader', 'yes'],
    ['StringLike', ['system:serviceaccount:reports:*'], 'system:serviceaccount:report:reader', 'no'],
    ['StringLike', ['a?c'], 'abc', 'yes'],
    ['StringLike', ['a?c'], 'ac', 'no'],
    ['StringLike', ['A*'], 'abc', 'no'],
    ['StringNotLike', ['a*'], 'abc', 'no'],
    ['StringNotLike', ['a*'], 'bcd', 'yes'],
    ['NumericEquals', ['10'], '10.0', 'yes'],
    ['NumericNotEquals', ['10'], '10', 'no'],
    ['NumericLessThan', ['10'], '9', 'yes'],
    ['NumericLessThan', ['10'], '10', 'no'],
    ['NumericLessThanEquals', ['10'], '10', 'yes'],
    ['NumericGreaterThan', ['10'], '9', 'no'],
    ['NumericGreaterThanEquals', ['10'], '10', 'yes'],
    ['NumericEquals', ['ten'], '10', 'unknown'],
    ['DateEquals', ['2025-01-01T00:00:00Z'], '1735689600', 'yes'],
    ['DateNotEquals', ['2025-01-01T00:00:00Z'], '1735689600', 'no'],
    ['DateLessThan', ['2025-01-01T00:00:00Z'], '2024-12-31T23:59:59Z', 'yes'],
    ['DateLessThanEquals', ['2025-01-01T00:00:00Z'], '2025-01-01T00:00:01Z', 'no'],
    ['DateGreaterThan', ['2025-01-01'], '2025-01-02', 'yes'],
    ['DateGreaterThanEquals', ['2025-01-01'], '2025-01-01', 'yes'],
    ['DateEquals', ['tomorrow'], '2025-01-01', 'unknown'],
    ['Bool', ['true'], 'true', 'yes'],
    ['Bool', ['true'], 'false', 'no'],
    ['Bool', ['maybe'], 'false', 'unknown'],
    ['BinaryEquals', ['QUJD'], 'QUJD', 'yes'],
    ['BinaryEquals', ['QUJD'], 'QUJE', 'no'],
    ['IpAddress', ['203.0.113.0/24'], '203.0.113.9', 'yes'],
    ['IpAddress', ['203.0.113.0/24'], '203.0.114.9', 'no'],
    ['IpAddress', ['203.0.113.9'], '203.0.113.9', 'yes'],
    ['IpAddress', ['2001:db8::/32'], '2001:db8:1::1', 'yes'],
    ['IpAddress', ['2001:db8::/32'], '203.0.113.9', 'no'],
    ['IpAddress', ['203.0.113.0/99'], '203.0.113.9', 'unknown'],
    ['NotIpAddress', ['203.0.113.0/24'], '203.0.113.9', 'no'],
    ['ArnEquals', ['arn:aws:iam::111122223333:role/*'], 'arn:aws:iam::111122223333:role/reader', 'yes'],
    ['ArnLike', ['arn:aws:iam::*:role/reader'], 'arn:aws:iam::111122223333:role/reader', 'yes'],
    // A wildcard stays within its part of the ARN.
    ['ArnLike', ['arn:aws:iam::*'], 'arn:aws:iam::111122223333:role/reader', 'unknown'],
    ['ArnLike', ['arn:aws:*:1:a:b'], 'arn:aws:sns:eu-west-1:1:a:b', 'no'],
    ['ArnLike', ['arn:aws:*:role/reader'], 'arn:aws:iam::1:user/reader', 'no'],
    ['ArnLike', ['arn:aws:iam:*:*:role/reader'], 'arn:aws:s3:::role/reader', 'no'],
    ['ArnNotEquals', ['arn:aws:iam::1:role/a'], 'arn:aws:iam::1:role/b', 'yes'],
    ['ArnNotLike', ['arn:aws:iam::1:role/*'], 'arn:aws:iam::1:role/b', 'no'],
    ['StringMatches', ['a'], 'a', 'unknown'],
    ['ForSomeValues:StringEquals', ['a'], 'a', 'unknown'],
    ['StringEqualsIfExistsIfExists', ['a'], 'a', 'unknown'],
  ])('%s %j on %j is %s', (operator, wanted, have, expected) => {
    expect(verdict(operator, wanted, one(have))).toBe(expected);
  });

  test('a key that is not there meets negated operators, those with IfExists and ForAllValues alone', () => {
    const answers = Object.fromEntries([
      'StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike', 'NumericEquals', 'NumericNotEquals', 'DateLessThan', 'DateNotEquals', 'Bool',
      'BinaryEquals', 'IpAddress', 'NotIpAddress', 'ArnLike', 'ArnNotLike', 'StringEqualsIfExists', 'StringNotEqualsIfExists', 'BoolIfExists',
      'ForAllValues:StringEquals', 'ForAllValues:StringNotEquals', 'ForAnyValue:StringEquals', 'ForAnyValue:StringNotEquals',
      'ForAnyValue:StringEqualsIfExists', 'ForAllValues:StringLikeIfExists',
    ].map(operator => [operator, verdict(operator, ['a'], missing)]));
    expect(answers).toEqual({
      'StringEquals': 'no', 'StringNotEquals': 'yes', 'StringLike': 'no', 'StringNotLike': 'yes', 'NumericEquals': 'no', 'NumericNotEquals': 'yes',
      'DateLessThan': 'no', 'DateNotEquals': 'yes', 'Bool': 'no', 'BinaryEquals': 'no', 'IpAddress': 'no', 'NotIpAddress': 'yes', 'ArnLike': 'no',
      'ArnNotLike': 'yes', 'StringEqualsIfExists': 'yes', 'StringNotEqualsIfExists': 'yes', 'BoolIfExists': 'yes',
      'ForAllValues:StringEquals': 'yes', 'ForAllValues:StringNotEquals': 'yes', 'ForAnyValue:StringEquals': 'no', 'ForAnyValue:StringNotEquals': 'no',
      'ForAnyValue:StringEqualsIfExists': 'unknown', 'ForAllValues:StringLikeIfExists': 'yes',
    });
  });

  test.each<[string, TextValue[], string]>([
    ['ForAllValues:StringEquals', ['a', 'b'], 'yes'],
    ['ForAllValues:StringEquals', ['a', 'c'], 'no'],
    ['forallvalues:stringnotequals', ['c'], 'yes'],
    ['ForAllValues:StringNotEquals', ['a'], 'no'],
    ['ForAnyValue:StringEquals', ['a', 'c'], 'yes'],
    ['ForAnyValue:StringEquals', ['c'], 'no'],
    ['ForAnyValue:StringNotEquals', ['a'], 'yes'],
    ['ForAnyValue:StringNotEquals', ['a', 'b'], 'no'],
    // Several values without a set operator are not documented.
    ['StringEquals', ['a'], 'unknown'],
    ['StringEquals', ['c'], 'no'],
    ['StringLike', ['*'], 'yes'],
  ])('%s %j on the values a and b is %s', (operator, wanted, expected) => {
    expect(verdict(operator, wanted, many('a', 'b'))).toBe(expected);
  });

  test('Null asks whether there is a key', () => {
    expect([['true'], ['false'], ['TRUE'], ['true', 'false'], ['perhaps']].map(wanted => [
      verdict('Null', wanted, missing), verdict('Null', wanted, one('a')), verdict('null', wanted, [[]]), verdict('Null', wanted, []),
    ])).toEqual([
      ['yes', 'no', 'yes', 'unknown'],
      ['no', 'yes', 'no', 'unknown'],
      ['yes', 'no', 'yes', 'unknown'],
      ['yes', 'yes', 'yes', 'unknown'],
      ['unknown', 'unknown', 'unknown', 'unknown'],
    ]);
    expect(verdict('NullIfExists', ['true'], missing)).toBe('unknown');
    expect(verdict('ForAllValues:Null', ['true'], missing)).toBe('unknown');
  });

  test('an empty text is no value for a set operator', () => {
    expect([verdict('ForAllValues:StringEquals', ['a'], one('')), verdict('ForAnyValue:StringEquals', [''], one(''))]).toEqual(['yes', 'no']);
  });

  test('what all possibilities of a key agree on is known', () => {
    const perhaps: KeyState = [['a'], undefined];
    expect([
      verdict('StringEquals', ['a'], perhaps), verdict('StringEquals', ['b'], perhaps),
      verdict('StringNotEquals', ['b'], perhaps), verdict('StringNotEquals', ['a'], perhaps),
    ]).toEqual(['unknown', 'no', 'yes', 'unknown']);
  });

  test('unknown parts are the same as themselves, and do not hide what is known around them', () => {
    const arn = text('arn:', UNKNOWN, ':iam::1:role/a');
    expect([
      verdict('StringEquals', [UNKNOWN], one(UNKNOWN)),
      verdict('StringEquals', ['a'], one(UNKNOWN)),
      verdict('StringEquals', ['arn:aws:iam::1:role/b'], one(arn)),
      verdict('StringEquals', ['arn:aws:iam::1:role/a'], one(arn)),
      verdict('ArnEquals', ['arn:*:iam::1:role/a'], one(arn)),
      verdict('ArnEquals', ['arn:*:iam::2:role/a'], one(arn)),
      verdict('StringEqualsIgnoreCase', [text('A-', UNKNOWN)], one(text('a-', UNKNOWN))),
      verdict('NumericEquals', ['1'], one(UNKNOWN)),
      verdict('IpAddress', ['203.0.113.0/24'], one(UNKNOWN)),
    ]).toEqual(['yes', 'unknown', 'no', 'unknown', 'yes', 'no', 'yes', 'unknown', 'unknown']);
  });
});

describe('policy variables', () => {
  const tags = new Map<string, KeyState>([['aws:PrincipalTag/team', one('red')], ['aws:PrincipalTag/none', missing], ['aws:PrincipalTag/star', one('r*')]]);

  test.each<[string, string, string, string]>([
    ['StringEquals', '${aws:PrincipalTag/team}-reader', 'red-reader', 'yes'],
    ['StringEquals', '${aws:PrincipalTag/team}-reader', 'blue-reader', 'no'],
    ['StringLike', '${aws:PrincipalTag/team}-*', 'red-reader', 'yes'],
    ['StringLike', '${aws:PrincipalTag/star}', 'red', 'unknown'],
    ['StringEquals', '${aws:PrincipalTag/star}', 'r*', 'yes'],
    ['StringEquals', '${aws:PrincipalTag/none}', 'red', 'unknown'],
    ['StringEquals', '${aws:PrincipalTag/none, \'blue\'}', 'blue', 'yes'],
    ['StringEquals', '${aws:PrincipalTag/none, blue}', 'blue', 'unknown'],
    ['StringEquals', '${aws:PrincipalTag/team, \'blue\'}', 'red', 'yes'],
    ['StringEquals', '${aws:SourceIp}', 'red', 'unknown'],
    ['StringEquals', '${aws:PrincipalTag/team', '${aws:PrincipalTag/team', 'unknown'],
    ['StringEquals', 'a${*}b${?}c${$}', 'a*b?c$', 'yes'],
    ['StringLike', 'a${*}*', 'a*b', 'yes'],
    ['StringLike', 'a${*}*', 'ab', 'no'],
    ['StringLike', 'a${?}', 'a?', 'yes'],
    ['StringLike', 'a${?}', 'ab', 'no'],
    ['StringLike', 'a${*}', 'a\uFDD3', 'unknown'],
    ['NumericEquals', '${aws:PrincipalTag/team}', '1', 'unknown'],
  ])('%s %s on %s is %s', (operator, want, have, expected) => {
    expect(verdict(operator, [want], one(have), true, tags)).toBe(expected);
  });

  test('are text in policies of the older version', () => {
    expect([
      verdict('StringEquals', ['${aws:PrincipalTag/team}'], one('red'), false, tags),
      verdict('StringEquals', ['${aws:PrincipalTag/team}'], one('${aws:PrincipalTag/team}'), false, tags),
    ]).toEqual(['no', 'yes']);
  });

  test('an unknown text never matches for certain where a wildcard is meant literally', () => {
    expect([verdict('StringLike', ['a${*}'], one(text('a', UNKNOWN))), verdict('StringLike', ['b${*}'], one(text('a', UNKNOWN)))]).toEqual(['unknown', 'no']);
  });
});

test('hostile patterns take no more work than others', () => {
  const work = workOf(() => {
    expect(verdict('StringLike', ['*a'.repeat(5000)], one('a'.repeat(9000)))).toBe('unknown');
    expect(verdict('StringLike', ['${'.repeat(50000)], one('a'))).toBe('unknown');
    expect(verdict('NumericEquals', ['1'.repeat(100000)], one('1'))).toBe('unknown');
  });
  expect(work).toBeLessThan(1000);
});

test('operators are read in any case', () => {
  const { set, ifExists, isNull } = parseOperator('FORANYVALUE:StringLIKEifexists');
  expect({ set, ifExists, isNull }).toEqual({ set: 'foranyvalue', ifExists: true, isNull: false });
});

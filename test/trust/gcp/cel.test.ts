import '../counting';
import * as fc from 'fast-check';
import { growthInTime, STEEP, workOf } from '../work';
import { Plain, valueOf } from './resources';
import { Expression } from '../../../lib/trust/gcp/cel';
import { mapOutcome, Outcome, outcomeOf } from '../../../lib/trust/gcp/cel-outcome';
import { Text, text, TextValue, Unknown, Value, Verdict } from '../../../lib/trust/value';

const NS = new Unknown('apps/kubernetes_namespace.ns');
const OTHER = new Unknown('apps/other');

function holds(source: TextValue, claims: { readonly [key: string]: Plain }, limit = 4096): Verdict {
  return new Expression(source, limit, ['assertion', 'google', 'attribute']).holds(variables(valueOf(claims)));
}

function variables(claims: Value): ReadonlyMap<string, Outcome> {
  return new Map([['assertion', outcomeOf(claims)], ['google', mapOutcome(new Map())], ['attribute', mapOutcome(new Map())]]);
}

const POD = {
  'sub': 'system:serviceaccount:reports:reader', 'aud': ['a', 'b'], 'n': 5,
  'kubernetes.io': { namespace: 'reports', serviceaccount: { name: 'reader' } },
};

test.each([
  ["assertion.sub == 'system:serviceaccount:reports:reader'", 'yes'],
  ["assertion.sub in ['system:serviceaccount:reports:writer', 'system:serviceaccount:reports:reader']", 'yes'],
  ['assertion.sub in []', 'no'],
  ["assertion.sub.startsWith('system:serviceaccount:')", 'yes'],
  ["assertion.sub.startsWith('system:serviceaccount:billing:')", 'no'],
  ["assertion.SUB == 'system:serviceaccount:reports:reader'", 'no'],
  ["assertion['kubernetes.io']['namespace'] in ['billing', 'reports']", 'yes'],
  ["assertion['kubernetes.io'].namespace == 'reports' && assertion['kubernetes.io'].serviceaccount.name == 'reader'", 'yes'],
  ["'a' in assertion.aud", 'yes'],
  ["assertion.aud.exists(a, a == 'b')", 'yes'],
  ["assertion.aud.all(a, a == 'b')", 'no'],
  ["has(assertion.repository) && assertion.repository == 'acme/app'", 'no'],
  ["assertion.repository == 'acme/app'", 'no'],
  ["assertion.repository == 'acme/app' || assertion.n == 5", 'yes'],
  ["assertion.sub.matches('^system:serviceaccount:[^:]+:reader$')", 'yes'],
  ["assertion.sub.extract('system:serviceaccount:{namespace}:') == 'reports'", 'yes'],
  ["assertion.sub.extract('nothing/{x}/') == ''", 'yes'],
  ["assertion.sub.split(':')[3] == 'reader'", 'yes'],
  ['assertion.sub == 5', 'no'],
  ['assertion.sub', 'no'],
  ["assertion.aud == ['a', 'b']", 'yes'],
  ["assertion.sub.lowerAscii() == 'x'", 'unknown'],
  ["true || assertion.sub.lowerAscii() == 'x'", 'unknown'],
  ["false && assertion.sub.lowerAscii() == 'x'", 'no'],
  ["environment == 'x'", 'unknown'],
  ['assertion.sub ==', 'unknown'],
] as const)('%s is %s', (source, verdict) => {
  expect(holds(source, POD)).toBe(verdict);
});

test.each([
  ['the same unknown on both sides is equal', text("assertion.sub == 'system:serviceaccount:", NS, ":reader'"), 'yes'],
  ['another unknown may be equal', text("assertion.sub == 'system:serviceaccount:", OTHER, ":reader'"), 'unknown'],
  ['what differs in its known parts does not', text("assertion.sub == 'system:serviceaccount:", OTHER, ":writer'"), 'no'],
  ['one of a list is enough', text("assertion.sub in ['x', \"system:serviceaccount:", NS, ':reader"]'), 'yes'],
  ['what jsonencode will write is the text', text('assertion.free in ["x", ', new Unknown(`jsonencode(${OTHER.symbol})`), ']'), 'yes'],
  ['a known beginning decides', 'assertion.sub.startsWith(\'system:serviceaccount:\')', 'yes'],
  ['a beginning that is too long does not', 'assertion.sub.startsWith(\'system:serviceaccount:reports\')', 'unknown'],
  ['a beginning that differs decides', 'assertion.sub.startsWith(\'repo:\')', 'no'],
  ['what is too long for a known text decides', text("'ab'.startsWith('ab", OTHER, "c')"), 'no'],
  ['an end decides', 'assertion.sub.endsWith(\':reader\')', 'yes'],
  ['false wins over unknown', 'false && assertion.sub == \'x:y\' || assertion.sub.contains(\'reports:\') && false', 'no'],
  ['true wins over unknown', 'true || assertion.sub.contains(\'reports:\')', 'yes'],
  ['unknown stays unknown behind not', '!assertion.sub.contains(\'reports:\')', 'unknown'],
  ['both branches of a choice may be the same', 'assertion.sub.contains(\'reports:\') ? true : true', 'yes'],
  ['an unknown claim may be missing where it is tested', 'has(assertion.free)', 'unknown'],
  ['parts are joined', text("'x:' + assertion.ns == 'x:n-", NS, "'"), 'yes'],
  ['a piece that is known is cut out', "assertion.sub.extract('system:{what}:') == 'serviceaccount'", 'yes'],
  ['lists are gone over', text("['x', 'n-", NS, "'].exists(x, x == assertion.ns)"), 'yes'],
  ['code that is unknown may be anything', text('assertion.sub == ', OTHER), 'unknown'],
  ['what is in a comment counts for nothing', text('// ', OTHER, '\ntrue'), 'yes'],
  ['a pattern that is unknown may match', text("assertion.sub.matches('", OTHER, "')"), 'unknown'],
] as const)('%s', (_, source, verdict) => {
  expect(holds(source, { sub: text('system:serviceaccount:', NS, ':reader'), ns: text('n-', NS), free: OTHER })).toBe(verdict);
});

test.each([
  ['deep nesting', `${'('.repeat(2000)}true${')'.repeat(2000)}`],
  ['a chain of sums', `${'1+'.repeat(1500)}1 == 1501`],
  ['loops in loops', `${'[1,2,3,4,5,6,7,8,9,10].all(x, '.repeat(9)}true${')'.repeat(9)}`],
  ['a list that grows', `${'[1,2,3,4,5,6,7,8,9].map(x, '.repeat(9)}[1]${')'.repeat(9)} == []`],
  ['more than Google takes', `${'true && '.repeat(600)}true`],
  ['placeholders of our own', "assertion.sub == '\uE0000\uE001'"],
])('does not hang on %s, and says that it is unknown', (_, source) => {
  const work = workOf(() => expect(holds(source, POD)).toBe('unknown'));
  expect(work).toBeLessThan(5_000_000);
});

test('does not hang on regular expressions that backtrack elsewhere', () => {
  const matched = (length: number) => expect(holds("assertion.sub.matches('^(([a-z])+.)+[A-Z]([a-z])+$')", { sub: 'a'.repeat(length) })).toBe('no');
  expect(growthInTime(matched, [5_000, 40_000])).toBeLessThan(STEEP);
});

test('prototype keys are claims like others', () => {
  const claims = new Map<string, Value>([['__proto__', 'x'], ['sub', 'y']]);
  const outcome = (source: string) => new Expression(source, 4096, ['assertion']).holds(new Map([['assertion', outcomeOf(claims)]]));
  expect(outcome("assertion['__proto__'] == 'x'")).toBe('yes');
  expect(outcome("has(assertion.constructor) || assertion['toString'] == ''")).toBe('no');
});

test('comparisons say what a condition looks at', () => {
  const source = text("assertion.sub in ['a', '", NS, "'] && google.subject.startsWith('b') || 'c' == assertion['kubernetes.io'].namespace");
  expect(new Expression(source, 4096, ['assertion', 'google']).comparisons).toEqual([
    { path: ['assertion', 'kubernetes.io', 'namespace'], relation: 'equals', text: 'c' },
    { path: ['assertion', 'sub'], relation: 'equals', text: 'a' },
    { path: ['assertion', 'sub'], relation: 'equals', text: NS },
    { path: ['google', 'subject'], relation: 'starts', text: 'b' },
  ]);
});

test('projections say what an attribute is made of', () => {
  const projection = (source: string) => new Expression(source, 2048, ['assertion']).projection;
  expect(projection("'eks::' + assertion.sub + '!'")).toEqual({ path: ['assertion', 'sub'], before: 'eks::', after: '!', whole: true });
  expect(projection("assertion.sub.extract('ns:{x}:')")).toEqual({ path: ['assertion', 'sub'], before: 'ns:', after: ':', whole: false });
  expect(projection('assertion.a + assertion.b')).toBeUndefined();
});

describe('three-valued verdicts', () => {
  const SYMBOLS = [new Unknown('a'), new Unknown('b')];
  const WORDS = ['', 'a', 'b', 'ab', ':', 'a:b'];
  const texts = fc.array(fc.oneof(fc.constantFrom(...WORDS), fc.constantFrom(...SYMBOLS)), { maxLength: 3 }).map(parts => text(...parts));
  const quoted = texts.map(value => text("'", value, "'"));
  const path = fc.constantFrom('assertion.x', 'assertion.y', "assertion['z']", 'assertion.none', 'assertion.map.x');
  const term = fc.oneof(quoted, path.map(value => value as TextValue), fc.tuple(quoted, path).map(([a, b]) => text('(', a, ' + ', b, ')')),
    path.map(value => text(value, ".extract('a{x}b')")));
  const list = fc.oneof(fc.array(term, { maxLength: 3 }).map(items => text('[', ...items.flatMap((item, index) => index === 0 ? [item] : [', ', item]), ']')),
    fc.constant<TextValue>('assertion.list'));
  const atom = fc.oneof(
    fc.tuple(term, fc.constantFrom(' == ', ' != ', ' < '), term).map(([a, operator, b]) => text(a, operator, b)),
    fc.tuple(term, list).map(([a, b]) => text(a, ' in ', b)),
    fc.tuple(term, fc.constantFrom('startsWith', 'endsWith', 'contains'), term).map(([a, name, b]) => text(a, `.${name}(`, b, ')')),
    fc.tuple(list, fc.constantFrom('all', 'exists', 'exists_one'), term).map(([a, name, b]) => text(a, `.${name}(v, v == `, b, ')')),
    fc.tuple(list, list).map(([a, b]) => text(a, ' == ', b)),
    fc.tuple(list, fc.constantFrom('0', '1')).map(([a, index]) => text(a, `[${index}] == 'a'`)),
    fc.constantFrom<TextValue>('has(assertion.x)', 'has(assertion.none)', 'true', 'false', "'x' in assertion", 'size(assertion.list) == 2',
      "{'k': assertion.x}['k'] == 'a'"),
  );
  const { condition } = fc.letrec<{ condition: TextValue }>(tie => ({
    condition: fc.oneof({ depthSize: 'small' }, atom,
      fc.tuple(tie('condition'), fc.constantFrom(' && ', ' || '), tie('condition')).map(([a, operator, b]) => text('(', a, operator, b, ')')),
      tie('condition').map(inner => text('!(', inner, ')')),
      fc.tuple(tie('condition'), tie('condition'), tie('condition')).map(([a, b, c]) => text('(', a, ' ? ', b, ' : ', c, ')'))),
  }));
  const claims = fc.record({ x: texts, y: texts, z: texts, list: fc.array(texts, { maxLength: 3 }), map: fc.record({ x: texts }) });

  /** The text with values for its unknown parts. */
  const filled = (value: Value, values: ReadonlyMap<string, string>): Value => {
    if (value instanceof Unknown) {
      return values.get(value.symbol)!;
    }
    if (value instanceof Text) {
      return value.parts.map(part => typeof part === 'string' ? part : values.get(part.symbol)!).join('');
    }
    return Array.isArray(value) ? value.map(inner => filled(inner as Value, values))
      : value instanceof Map ? new Map([...value as ReadonlyMap<string, Value>].map(([key, inner]) => [key, filled(inner, values)])) : value;
  };

  test('agree with evaluation under every substitution of the unknowns', () => {
    const seen = new Map<string, number>();
    const pairs = fc.array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom(...WORDS)), { minLength: 6, maxLength: 6 });
    fc.assert(fc.property(condition, claims, pairs, (source, given, substitutions) => {
      // A claim that is wholly unknown may be of any type; those that are put in here are texts.
      const token = valueOf(given as unknown as Plain);
      const verdict = new Expression(source, 4096, ['assertion']).holds(new Map([['assertion', outcomeOf(token)]]));
      seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
      for (const [a, b] of substitutions) {
        const values = new Map([['a', a], ['b', b]]);
        const concrete = new Expression(filled(source, values) as string, 10_000, ['assertion']).holds(new Map([['assertion', outcomeOf(filled(token, values))]]));
        expect(['yes', 'no']).toContain(concrete);
        if (verdict !== 'unknown') {
          expect([source, token, a, b, concrete]).toEqual([source, token, a, b, verdict]);
        }
      }
    }), { numRuns: 1000 });
    expect(Math.min(seen.get('yes')!, seen.get('no')!, seen.get('unknown')!)).toBeGreaterThan(40);
  });
});

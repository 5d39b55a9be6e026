import './counting';
import fc from 'fast-check';
import { growth, workOf } from './work';
import {
  at, blocksOf, equal, every, fromJson, isKnown, isText, keyOf, known, like, not, partsOf, show, some, text, textOfKey, TextValue, toKey, Unknown,
  Value, Verdict, Wildcards,
} from '../../lib/trust/value';

const u = new Unknown('a/u');
const v = new Unknown('a/v');

/** What a pattern means, the simplest way. */
function matches(value: string, pattern: string, wildcards: Wildcards): boolean {
  if (pattern === '') {
    return value === '';
  }
  const [first, rest] = [pattern[0]!, pattern.slice(1)];
  if (first === '*' && wildcards !== '') {
    return matches(value, rest, wildcards) || (value !== '' && matches(value.slice(1), pattern, wildcards));
  }
  return value !== '' && ((first === '?' && wildcards === '*?') || first === value[0]) && matches(value.slice(1), rest, wildcards);
}

/** The texts that unknown ones are tried as: those in which patterns could differ. */
const TRIED = ['', 'a', 'b', 'ab', 'ba', 'aa', 'c', 'abab'];

/** What holds for every choice of the unknown texts. An unknown text of a pattern is a text, in which nothing is a wildcard. */
function tried(value: TextValue, pattern: TextValue, wildcards: Wildcards): ReadonlySet<boolean> {
  const results = new Set<boolean>();
  for (const first of TRIED) {
    for (const second of TRIED) {
      const fill = (texts: TextValue) => partsOf(texts).map(part => typeof part === 'string' ? part : part.symbol === u.symbol ? first : second).join('');
      results.add(matches(fill(value), fill(pattern), wildcards));
    }
  }
  return results;
}

const texts = (characters: string) =>
  fc.array(fc.oneof(fc.string({ unit: fc.constantFrom(...characters), maxLength: 3 }), fc.constantFrom(u, v)), { maxLength: 4 })
    .map(parts => text(...parts));

describe('like', () => {
  test.each<Wildcards>(['*?', '*', ''])('with the wildcards "%s", never says what does not hold for each unknown text', wildcards => {
    fc.assert(fc.property(texts('ab'), texts('ab*?'), (value, pattern) => {
      const verdict = like(value, pattern, wildcards);
      const found = tried(value, pattern, wildcards);
      const wrong = (verdict === 'yes' && found.has(false)) || (verdict === 'no' && found.has(true));
      const shown = { value: show(value), pattern: show(pattern), verdict };
      expect({ ...shown, wrong }).toEqual({ ...shown, wrong: false });
    }), { numRuns: 3000 });
  });

  test('knows all where all is known', () => {
    const of = (...characters: string[]) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 6 });
    fc.assert(fc.property(of('a', 'b'), of('a', 'b', '*', '?'), (value, pattern) => {
      expect(like(value, pattern)).toBe(known(matches(value, pattern, '*?')));
    }), { numRuns: 2000 });
  });

  test.each<[TextValue, TextValue, Verdict]>([
    ['ab', 'a*', 'yes'], [text('a', u), 'a*', 'yes'], [text('b', u), 'a*', 'no'], [text(u, 'x'), 'a*', 'unknown'], [text('a', u, 'c'), text('a', u, '*'), 'yes'],
    [text(u, ':x'), text(u, ':x'), 'yes'], [text(u, ':x'), text(u, ':y'), 'no'], [text(u, ':x'), text(v, ':x'), 'unknown'], [u, '*', 'yes'], [u, 'a', 'unknown'], ['*', 'a', 'no'],
    // A character is one, however many units it is written with.
    ['\u{1F600}', '?', 'yes'], ['\u{1F600}', '??', 'no'], ['a\u{1F600}b', 'a*b', 'yes'], ['a\u{1F600}b', 'a?b', 'yes'], ['\u{1F600}', '\uD83D*', 'no'], ['\u{1F600}', '\u{1F600}*', 'yes'],
  ])('%p like %p', (value, pattern, verdict) => {
    expect(like(value, pattern)).toBe(verdict);
  });

  test('takes no more than quadratic work', () => {
    const plain = (count: number) => expect(like('a'.repeat(3 * count), `${'*a'.repeat(count)}b`)).toBe('no');
    const partly = (count: number) => expect(like(text('a'.repeat(4 * count), u), `${'a*'.repeat(count)}b`)).toBe('unknown');
    expect([growth(plain, [500, 1000]) < 4.2, growth(partly, [250, 500]) < 4.2]).toEqual([true, true]);
  });
});

describe('equal', () => {
  test('is the same both ways, and never says what does not hold', () => {
    fc.assert(fc.property(texts('ab*?'), texts('ab*?'), (a, b) => {
      const verdict = equal(a, b);
      const found = tried(a, b, '');
      expect([equal(b, a), verdict === 'yes' && found.has(false), verdict === 'no' && found.has(true)]).toEqual([verdict, false, false]);
    }), { numRuns: 2000 });
  });

  test('is yes for the same text', () => {
    fc.assert(fc.property(texts('ab*?'), a => expect(equal(a, a)).toBe('yes')));
  });
});

test('verdicts are put together as three-valued logic has it', () => {
  const all: Verdict[] = ['yes', 'no', 'unknown'];
  expect(all.map(a => all.map(b => every([a, b])))).toEqual([['yes', 'no', 'unknown'], ['no', 'no', 'no'], ['unknown', 'no', 'unknown']]);
  expect(all.map(a => all.map(b => some([a, b])))).toEqual([['yes', 'yes', 'yes'], ['yes', 'no', 'unknown'], ['yes', 'unknown', 'unknown']]);
  expect([all.map(not), every([]), some([])]).toEqual([['no', 'yes', 'unknown'], 'yes', 'no']);
});

test('texts are joined to the shortest form', () => {
  expect([text(), text('a', '', 'b'), text('', u), text('a', text('b', u), 'c', v)]).toEqual(['', 'ab', u, { parts: ['ab', u, 'c', v] }]);
});

test('a path leads to what is there', () => {
  const value = fromJson({ a: [{ b: 1 }], __proto__x: 2 });
  expect([at(value, 'a', 0, 'b'), at(value, 'a', 1), at(value, 'a', 'b'), at(value, 'constructor'), at(u, 0, 'b'), at([u], 0, 'b'), at(undefined, 'a')])
    .toEqual([1, undefined, undefined, undefined, new Unknown('a/u.0.b'), new Unknown('a/u.b'), undefined]);
  expect([blocksOf(new Map([['a', 1]])), blocksOf([new Map(), 'x', u]), blocksOf(undefined)]).toEqual([[new Map([['a', 1]])], [new Map()], []]);
});

test('keys tell values apart, and do not depend on order', () => {
  const values: Value[] = ['a', u, text('a', u), 1, '1', null, true, [], ['a'], new Map(), new Map([['a', 1]]), new Map([[toKey(u), 1]]), 'null', '${a/u}', [u], '[${a/u}]'];
  expect(new Set(values.map(keyOf)).size).toBe(values.length);
  expect(keyOf(fromJson({ a: 1, b: 2 }))).toBe(keyOf(fromJson({ b: 2, a: 1 })));
});

test('values are shown as they stand in Terraform', () => {
  expect([show(text('a', u, 'b')), show([1, null, u]), show(new Map<string, Value>([[toKey(text(u, ':sub')), [true]]])), show(undefined)]).toEqual(['a${u}b', '[1, null, ${u}]', '{${u}:sub: [true]}', 'nothing']);
  expect(['host(apps/aws_x.y.z)', 'f(a/b.c, "https://x/y", b/c.d)', '/x.y', 'jsondecode("a/b")'].map(symbol => show(new Unknown(symbol))))
    .toEqual(['${host(aws_x.y.z)}', '${f(b.c, "https://x/y", c.d)}', '${x.y}', '${jsondecode("a/b")}']);
});

test('what is known is told from what is not', () => {
  expect([isKnown([new Map([['a', 1]])]), isKnown([new Map([['a', u]])]), isKnown(text('a', u)), isText(u), isText(1), isText(undefined)]).toEqual([true, false, false, true, false, false]);
  expect(textOfKey(toKey(text('a', u)))).toEqual(text('a', u));
});

test('texts that are too long to be compared with each other are not known to match, with little work', () => {
  const [a, b] = [new Unknown('a'), new Unknown('b')];
  const work = workOf(() => {
    expect(like('x'.repeat(100_000), text(a, 'x'.repeat(100_000), b))).toBe('unknown');
    expect(like('a'.repeat(30_000), '*a'.repeat(30_000))).toBe('unknown');
    expect(like('x'.repeat(1_000), `${'x'.repeat(999)}*`)).toBe('yes');
    expect(equal('x'.repeat(1_000_000), 'x'.repeat(1_000_000))).toBe('yes');
  });
  expect(work).toBeLessThan(5_000_000);
});

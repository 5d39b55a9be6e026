import fc from 'fast-check';
import { encodeJson, JsonError, numberText, parseJson } from '../../../lib/trust/terraform/json';
import { keyOf, text, textOfKey, toKey, Unknown, Value } from '../../../lib/trust/value';

const issuer = new Unknown('apps/aws_eks_cluster.x.identity.0.oidc.0.issuer');
const other = new Unknown('apps/var.other');
const map = (...entries: [string, Value][]): Value => new Map(entries);

/** Any value that JSON can hold, with unknown texts. */
const { value: values } = fc.letrec<{ value: Value; text: Value }>(tie => ({
  text: fc.array(fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom(issuer, other)), { maxLength: 4 }).map(parts => text(...parts)),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('text'), fc.constant(null), fc.boolean(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }).map(x => x + 0),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(tie('text').map(key => toKey(key as string)), tie('value')), { maxLength: 4 }).map(entries => new Map(entries)),
  ),
}));

describe('parseJson', () => {
  test.each<[string, Parameters<typeof parseJson>[0], Value]>([
    ['a known document', ' {"a": [1, -2.5e1, true, null, "\\u00e9\\n\\/"]} ', map(['a', [1, -25, true, null, 'é\n/']])],
    ['an unknown document', issuer, new Unknown(`jsondecode(${issuer.symbol})`)],
    ['what was encoded', new Unknown('jsonencode(apps/var.x)'), new Unknown('apps/var.x')],
    ['what looks as if it was encoded', new Unknown('jsonencode(a)+(b)'), new Unknown('jsondecode(jsonencode(a)+(b))')],
    ['an unknown part of a string', text('{"a":"x', issuer, 'y"}'), map(['a', text('x', issuer, 'y')])],
    ['a string that is unknown as a whole', text('["', issuer, '"]'), [issuer]],
    ['an unknown value', text('{"a": ', issuer, ' , "b": 1}'), map(['a', new Unknown(`jsondecode(${issuer.symbol})`)], ['b', 1])],
    ['an unknown part of a key', text('{"', issuer, ':sub": "x"}'), map([toKey(text(issuer, ':sub')), 'x'])],
    ['an unknown part of structure', text('{"a": 1', issuer, '}'), new Unknown(`jsondecode("{\\"a\\": 1" + ${issuer.symbol} + "}")`)],
    ['two unknown parts for a value', text('[', issuer, other, ']'), new Unknown(`jsondecode("[" + ${issuer.symbol} + ${other.symbol} + "]")`)],
    ['an unknown part of an escape', text('["\\u00', issuer, '"]'), new Unknown(`jsondecode("[\\"\\\\u00" + ${issuer.symbol} + "\\"]")`)],
    ['an unknown part after the end', text('{}', issuer), new Unknown(`jsondecode("{}" + ${issuer.symbol})`)],
    ['keys that objects have of their own', '{"__proto__": {"constructor": 1}, "a": 1, "a": 2}', map(['__proto__', map(['constructor', 1])], ['a', 2])],
    ['a number that JavaScript rounds', '[104857600123456789012, 1e999]', ['104857600123456789012', '1e999']],
  ])('reads %s', (_, document, value) => {
    expect(parseJson(document)).toEqual(value);
  });

  test.each([
    ['', 'not JSON at character 0: it ends too early'],
    ['{"a":1,}', 'not JSON at character 7: unexpected "}"'],
    ['[1 2]', 'not JSON at character 3: unexpected "2]"'],
    ['"a', 'not JSON at character 2: a string does not end'],
    ['"a\\', 'not JSON at character 2: a string does not end'],
    ['"\n"', 'not JSON at character 1: a control character in a string'],
    ['"\\x"', 'not JSON at character 1: an escape that JSON does not have'],
    ['01', 'not JSON at character 0: unexpected "01"'],
    ['{} {}', 'not JSON at character 3: unexpected "{}"'],
    ['\u001b[31m', 'not JSON at character 0: unexpected "\\u001b[31m"'],
    [`${'['.repeat(100_000)}`, 'not JSON at character 201: nested deeper than 200'],
  ])('refuses what is not JSON, case %#', (document, message) => {
    expect(() => parseJson(document)).toThrow(new JsonError(message.slice(message.indexOf(': ') + 2), Number(/\d+/.exec(message)![0])));
    expect(() => parseJson(document)).toThrow(message);
  });

  test('says the same as JSON.parse', () => {
    fc.assert(fc.property(fc.json({ stringUnit: 'binary' }).filter(document => !/\d{16}|e\+/.test(document)), document => {
      expect(keyOf(parseJson(document))).toBe(keyOf(fromPlain(JSON.parse(document))));
    }));
  });
});

describe('encodeJson', () => {
  test.each<[string, Value, ReturnType<typeof encodeJson>]>([
    ['keys in the order of Go', map(['\u{1F600}', 1], ['\uFF5E', 2], ['b', 3], ['B', 4]), '{"B":4,"b":3,"\uFF5E":2,"\u{1F600}":1}'],
    ['what Go escapes', ['<a>&\u2028"\n'], '["\\u003ca\\u003e\\u0026\\u2028\\"\\n"]'],
    ['numbers without an exponent', [1e21, 1.5e-7, -2e30, 0.1], '[1000000000000000000000,0.00000015,-2000000000000000000000000000000,0.1]'],
    ['unknown parts', map([toKey(text(issuer, ':sub')), text('<', issuer)]), text('{"', issuer, ':sub":"\\u003c', issuer, '"}')],
    ['unknown values', [issuer], text('[', new Unknown(`jsonencode(${issuer.symbol})`), ']')],
    ['what was decoded', new Unknown('jsondecode(apps/var.x)'), new Unknown('apps/var.x')],
    ['what is empty', [map(), []], '[{},[]]'],
  ])('writes %s', (_, value, document) => {
    expect(encodeJson(value)).toEqual(document);
  });

  test('refuses what is too deep', () => {
    let deep: Value = null;
    for (let depth = 0; depth < 300; depth++) {
      deep = [deep];
    }
    expect(() => encodeJson(deep)).toThrow('nested deeper than 200');
  });

  test('is read as what was written', () => {
    fc.assert(fc.property(values, value => {
      expect(keyOf(parseJson(encodeJson(value)))).toBe(keyOf(value));
    }), { numRuns: 500 });
  });
});

test('a key is read as the text that was written', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.string({ unit: fc.constantFrom('a', '\uFDD0', '\uFDD1', '\uFDD2', '0', '2') }), fc.constantFrom(issuer, new Unknown('\uFDD1\uFDD2'))))
    .map(parts => text(...parts)), value => {
    expect(textOfKey(toKey(value))).toEqual(value);
  }));
});

test('numbers are written as JavaScript reads them', () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
    expect(Number(numberText(value))).toBe(value + 0);
    expect(numberText(value)).toMatch(/^-?[0-9]+(?:\.[0-9]+)?$/);
  }));
});

function fromPlain(json: unknown): Value {
  return Array.isArray(json) ? json.map(fromPlain)
    : typeof json === 'object' && json !== null ? new Map(Object.entries(json).map(([key, inner]) => [key, fromPlain(inner)])) : json as Value;
}

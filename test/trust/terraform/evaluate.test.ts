import '../counting';
import { Budget, evaluateTemplate, Scope } from '../../../lib/trust/terraform/evaluate';
import { fromJson, text, TextValue, toKey, Unknown, Value } from '../../../lib/trust/value';
import { workOf } from '../work';

const u = new Unknown('s/u');
const v = new Unknown('s/v');
const VALUES: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['u', u], ['v', v], ['issuer', text('https://oidc.eks.', u, '.amazonaws.com/id/1')], ['list', ['b', 'a', 'b']], ['nested', [['a'], [['b']], u]],
  ['map', fromJson({ b: 2, a: 1, __proto__x: 3 })], ['objects', fromJson([{ id: 1, tags: ['x'] }, { id: 2, tags: [] }])],
  ['block', fromJson({ name: 'one' })], ['blocks', fromJson([{ name: 'one' }])], ['arn', text('arn:aws:iam::', u, ':role/reader')],
  ['keyed', new Map([[toKey(text(u, ':sub')), 'x']])],
]);
const scope: Scope = { name: 's', resolve: name => VALUES.has(name) ? { value: VALUES.get(name)!, used: 0 } : undefined };
const evaluate = (source: string) => evaluateTemplate(source, scope, new Budget());
const host = new Unknown('host(s/u)');

test.each<[string, Value]>([
  // Templates
  ['plain', 'plain'], ['$${u}', '${u}'], ['%%{u}', '%{u}'], ['$$', '$$'], ['a-${1}-${true}', 'a-1-true'], ['${u}', u], ['x${u}y', text('x', u, 'y')],
  ['${"a${"b${"c"}"}"}', 'abc'], ['${"\\"\\u00e9\\n"}', '"é\n'], ['%{ if true }a%{ else }b%{ endif }', 'a'], ['%{ if false }a%{ endif }-', '-'],
  ['%{ for x in ["a", "b"] }${x};%{ endfor }', 'a;b;'], ['%{ for i, x in ["a", "b"] ~} ${i}${x}%{ endfor }', '0a1b'], ['a ${~ "b" ~} c', 'abc'],
  ['%{ if u == "x" }a%{ else }b%{ endif }', new Unknown('?(==(s/u, "x"), "a", "b")')],
  // Literals and operators
  ['${1 + 2 * 3 - 4 / 2}', 5], ['${(1 + 2) * 3}', 9], ['${-2 + 1 % 2}', -1], ['${1 < 2 && !(2 >= 3) || false}', true], ['${"a" == "a"}', true],
  ['${1.5e2}', 150], ['${null}', null], ['${104857600123456789012}', '104857600123456789012'], ['${[1, "a", u]}', [1, 'a', u]],
  ['${{ a = 1, "b-c" = u, (u) = 2 }}', new Map<string, Value>([['a', 1], ['b-c', u], [toKey(u), 2]])], ['${{ a: 1 }}', new Map([['a', 1]])],
  ['${"${u}:sub"}', text(u, ':sub')], ['${{ "${u}:sub" = "x" }}', new Map([[toKey(text(u, ':sub')), 'x']])], ['${1 /* one */ + # two\n 1}', 2],
  ['${u == u}', true], ['${u == v}', new Unknown('==(s/u, s/v)')], ['${u == v && false}', false], ['${u == v || true}', true], ['${"x${u}" == "y"}', false],
  ['${true ? "a" : "b"}', 'a'], ['${u ? "a" : "a"}', 'a'], ['${u ? "a" : "b"}', new Unknown('?(s/u, "a", "b")')],
  // References
  ['${u[0].b}', new Unknown('s/u.0.b')], ['${u.0.b}', new Unknown('s/u.0.b')], ['${u["0"]["b"]}', new Unknown('s/u.0.b')], ['${u["a.b"]}', new Unknown('s/u."a.b"')],
  ['${map.a}', 1], ['${map["b"]}', 2], ['${list[0]}', 'b'], ['${list[1 + 1]}', 'b'], ['${objects[*].id}', [1, 2]], ['${objects.*.id}', [1, 2]],
  ['${objects[*].tags[0]}', new Unknown('invalid(s, "${objects[*].tags[0]}")')], ['${null[*].id}', []], ['${map[*].a}', [1]], ['${u[*].id}', new Unknown('splat(s/u.id)')],
  ['${block.name}', 'one'], ['${block[0].name}', 'one'], ['${blocks[0].name}', 'one'], ['${blocks.name}', 'one'], ['${blocks.0.name}', 'one'],
  ['${list[u]}', new Unknown('index(["b", "a", "b"], s/u)')], ['${keyed.y}', new Unknown('index({"${s/u}:sub" = "x"}, "y")')],
  // For expressions
  ['${[for x in list : upper(x) if x != "a"]}', ['B', 'B']], ['${[for k, x in map : "${k}${x}"]}', ['__proto__x3', 'a1', 'b2']],
  ['${{ for x in ["a", "b"] : x => length(x) }}', new Map([['a', 1], ['b', 1]])], ['${{ for o in objects : "k" => o.id... }}', new Map([['k', [1, 2]]])],
  ['${[for x in u : x.id]}', new Unknown('for(null, each(s/u).id, null)')], ['${[for y in u : y.id]}', new Unknown('for(null, each(s/u).id, null)')],
  // Functions
  ['${jsonencode({ "b" = "<", a = [1, null, u] })}', text('{"a":[1,null,', new Unknown('jsonencode(s/u)'), '],"b":"\\u003c"}')],
  ['${jsondecode(jsonencode({ a = u })).a}', u], ['${jsondecode("{\\"a\\": 1}").a}', 1], ['${jsondecode(u)}', new Unknown('jsondecode(s/u)')],
  ['${format("%s-%d-%%-%v-%03d", "a", 1, true, 7)}', 'a-1-%-true-007'], ['${format("%s/%s", u, "b")}', text(u, '/b')], ['${format("%[2]s%[1]s", "a", "b")}', 'ba'],
  ['${formatlist("%s/*", ["a", u])}', ['a/*', text(u, '/*')]], ['${join("", ["a", u, "b"])}', text('a', u, 'b')], ['${join(",", u)}', new Unknown('join(",", s/u)')],
  ['${split("/", "a/b")}', ['a', 'b']], ['${split("/", u)}', new Unknown('split("/", s/u)')],
  ['${replace("a-b-c", "-", "")}', 'abc'], ['${replace("axxb", "/x+/", "-")}', 'a-b'], ['${replace("ab", "/(a)(b)/", "$2$1")}', 'ba'],
  ['${replace("ab", "/(a|b)+/", "")}', new Unknown('replace("ab", "/(a|b)+/", "")')], ['${replace("aaaa", "/(a?a?a?a?a?)$/", "")}', new Unknown('replace("aaaa", "/(a?a?a?a?a?)$/", "")')],
  ['${replace(arn, "1:role/", ":user/")}', new Unknown('replace("arn:aws:iam::${s/u}:role/reader", "1:role/", ":user/")')],
  ['${replace(arn, "reader", "writer")}', text('arn:aws:iam::', new Unknown('replace(s/u, "reader", "writer")'), ':role/writer')],
  ['${replace(arn, "role", "user")}', text('arn:aws:iam::', new Unknown('replace(s/u, "role", "user")'), ':user/reader')],
  // Every way to take the scheme off is the same
  ['${replace(u, "https://", "")}', host], ['${trimprefix(u, "https://")}', host], ['${replace(u, "/^https?:\\\\/\\\\//", "")}', host], ['${replace(u, "/^https:///", "")}', host],
  ['${split("//", u)[1]}', host], ['${element(split("https://", u), 1)}', host], ['${trimprefix(issuer, "https://")}', text('oidc.eks.', u, '.amazonaws.com/id/1')],
  ['${replace("x https://y", "https://", "")}', 'x y'],
  // Texts of which parts are known
  ['${trimprefix("ab", "a")}', 'b'], ['${trimsuffix("ab/", "/")}', 'ab'], ['${trimsuffix("${u}/", "/")}', u], ['${trimsuffix("x/${u}", "/")}', new Unknown('trimsuffix("x/${s/u}", "/")')],
  ['${trimsuffix("x${u}", "/")}', text('x', new Unknown('trimsuffix(s/u, "/")'))], ['${trimprefix("x${u}", "y")}', text('x', u)], ['${trimprefix("x${u}", "xy")}', new Unknown('trimprefix("x${s/u}", "xy")')],
  ['${trimspace(" a ")}', 'a'], ['${trimspace(" a${u}b ")}', text('a', u, 'b')], ['${trim("--a-", "-")}', 'a'], ['${lower("AB${u}")}', text('ab', new Unknown('lower(s/u)'))],
  ['${upper("ab")}', 'AB'], ['${substr("abcdef", 1, 2)}', 'bc'], ['${substr("abc${u}", 0, 2)}', 'ab'], ['${substr("abc${u}", 0, 5)}', new Unknown('substr("abc${s/u}", 0, 5)')],
  ['${substr("abc${u}", 1, -1)}', text('bc', u)], ['${startswith("ab${u}", "a")}', true], ['${startswith("ab${u}", "b")}', false], ['${endswith(u, "b")}', new Unknown('endswith(s/u, "b")')],
  // Collections
  ['${concat(["a"], [u])}', ['a', u]], ['${concat(["a"], u)}', new Unknown('concat(["a"], s/u)')], ['${merge({ a = 1 }, { a = 2, b = 3 }).a}', 2], ['${toset(list)}', ['a', 'b']],
  ['${tolist(toset(list))[0]}', 'a'], ['${tostring(1)}', '1'], ['${tonumber("12")}', 12], ['${flatten(nested)}', ['a', 'b', u]], ['${distinct(list)}', ['b', 'a']],
  ['${compact(["", "a", null])}', ['a']], ['${element(list, 4)}', 'a'], ['${lookup(map, "z", "d")}', 'd'], ['${lookup(keyed, "z", "d")}', new Unknown('lookup({"${s/u}:sub" = "x"}, "z", "d")')],
  ['${keys(map)}', ['__proto__x', 'a', 'b']], ['${values(map)}', [3, 1, 2]], ['${zipmap(["a"], [u])}', new Map([['a', u]])], ['${contains(list, "a")}', true],
  ['${contains([u], "a")}', new Unknown('contains([s/u], "a")')], ['${contains([u, "a"], "a")}', true], ['${length(list)}', 3], ['${length(u)}', new Unknown('length(s/u)')],
  ['${coalesce(null, "", "a")}', 'a'], ['${coalesce(u, "a")}', new Unknown('coalesce(s/u, "a")')], ['${one([])}', null], ['${one(["a"])}', 'a'], ['${sort(list)}', ['a', 'b', 'b']],
  ['${sort([u, "a"])}', new Unknown('sort([s/u, "a"])')], ['${reverse(["a", u])}', [u, 'a']], ['${setproduct(["a"], ["b", "c"])}', [['a', 'b'], ['a', 'c']]],
  ['${range(3)}', [0, 1, 2]], ['${concat([["a"], ["b"]]...)}', ['a', 'b']], ['${sha256("a")}', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'],
  ['${md5(u)}', new Unknown('md5(s/u)')], ['${base64encode("a")}', 'YQ=='], ['${sensitive(nonsensitive("a"))}', 'a'], ['${file("x")}', new Unknown('file("x")')],
  ['${cidrsubnet(u, 8, 1)}', new Unknown('cidrsubnet(s/u, 8, 1)')], ['${provider::aws::arn_parse("x")}', new Unknown('provider::aws::arn_parse("x")')],
  ['${regex("^(a)(b)$", "ab")}', ['a', 'b']], ['${uuid() == uuid()}', new Unknown('==(uuid#1(), uuid#2())')],
  // Errors
  ['${try(nothing.here, "a")}', 'a'], ['${try(map.z, list[9], "a")}', 'a'], ['${try(u, "a")}', u], ['${try(u.z, "a")}', new Unknown('try(s/u.z, "a")')], ['${can(map.z)}', false],
  ['${can(map.a)}', true], ['${nothing}', new Unknown('invalid(s, "${nothing}")')], ['${', new Unknown('invalid(s, "${")')], ['${"a}', new Unknown('invalid(s, "${\\"a}")')],
  ['%{ endif }', new Unknown('invalid(s, "%{ endif }")')], ['a${list}', new Unknown('invalid(s, "a${list}")')], ['${constructor}', new Unknown('invalid(s, "${constructor}")')],
  ['${map.__proto__}', new Unknown('invalid(s, "${map.__proto__}")')], ['${<<EOT\nx\nEOT\n}', new Unknown('invalid(s, "${<<EOT\\nx\\nEOT\\n}")')],
])('evaluates %j', (source, value) => {
  expect(evaluate(source)).toEqual(value);
});

describe('a hostile expression ends', () => {
  const bomb = (times: number, step: (inner: string) => string, inner: string) => Array.from({ length: times }).reduce<string>(step, inner);
  test.each<[string, string]>([
    ['brackets', `\${${'('.repeat(100_000)}`], ['minus', `\${${'-'.repeat(100_000)}1}`], ['a template in a template', `\${${'"${'.repeat(100_000)}`],
    ['steps', `\${u${'.a'.repeat(100_000)}}`], ['operators', `\${1${'+1'.repeat(100_000)}}`], ['lists', `\${${'['.repeat(100_000)}`], ['directives', '%{ if true }'.repeat(100_000)],
    ['conditionals', `\${${'true ? 1 : '.repeat(100_000)}`], ['comments', `\${${'/*'.repeat(100_000)}`], ['splats', `\${u${'[*]'.repeat(100_000)}}`],
    ['products', bomb(5, inner => `setproduct(${inner}, ${inner})`, 'range(1000)')].map((part, index) => index === 1 ? `\${${part}}` : part) as [string, string],
    ['lists of lists', `\${${bomb(40, inner => `[for x in [1, 2, 3, 4] : ${inner}]`, '1')}}`],
    ['texts', `\${${bomb(9, inner => `join("", [for x in range(1000) : ${inner}])`, '"aaaa"')}}`],
  ])('%s', (_, source) => {
    const work = workOf(() => expect(evaluateTemplate(source, scope, new Budget(1_000_000))).toBeInstanceOf(Unknown));
    expect(work).toBeLessThan(50_000_000);
  });
});

test('templates nested a hundred deep are read', () => {
  const source = Array.from({ length: 100 }).reduce<string>(inner => `"a\${${inner}}"`, '"x"');
  expect(evaluate(`\${${source}}`)).toBe(`${'a'.repeat(100)}x`);
});

test('a symbol stays short', () => {
  const long = 'x'.repeat(100_000);
  const a = evaluate(`\${md5("${long}\${u}")}`) as Unknown;
  expect([a.symbol.length < 400, a, evaluate(`\${md5("${long}y\${u}")}`)]).toEqual([true, evaluate(`\${md5("${long}\${u}")}`), expect.not.objectContaining(a)]);
});

test('what is known of a text is the same as Terraform makes of all of it', () => {
  // Known answers with the unknown parts filled in, for every function that keeps what is known.
  const fill = (value: TextValue, by: string) => (value instanceof Unknown ? [value] : typeof value === 'string' ? [value] : value.parts)
    .map(part => typeof part === 'string' ? part : part.symbol === 's/u' ? by : part.symbol).join('');
  for (const [name, source] of [['join', 'join("-", ["a", u])'], ['format', 'format("%s.%s", u, "b")'], ['suffix', 'trimsuffix("${u}/x", "/x")'], ['space', 'trimspace(" a${u}b ")']] as const) {
    for (const by of ['', 'q', '/x', ' ']) {
      const whole = evaluateTemplate(`\${${source}}`, { name: 's', resolve: () => ({ value: by, used: 0 }) }, new Budget());
      expect([name, fill(evaluate(`\${${source}}`) as TextValue, by)]).toEqual([name, whole]);
    }
  }
});

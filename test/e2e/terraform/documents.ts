import fc from 'fast-check';

/** Arguments of `aws_iam_policy_document`, as Terraform's JSON syntax has them. */
export type Arguments = Readonly<Record<string, unknown>>;

const one = (statement: object): Arguments => ({ statement: [statement] });
const principals = (...blocks: readonly (readonly [type: string, identifiers: unknown])[]) =>
  blocks.map(([type, identifiers]) => ({ type, identifiers }));
const condition = (...blocks: readonly (readonly [test: string, variable: string, values: unknown])[]) =>
  blocks.map(([test, variable, values]) => ({ test, variable, values }));
const source = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements }).replaceAll('${', '$$$${');

/** What documents of any kind hold: by what is special about them, their arguments. */
export const DOCUMENTS: ReadonlyMap<string, Arguments> = new Map(Object.entries<Arguments>({
  'nothing': {},
  'no statements': { statement: [] },
  'an id and a version': { policy_id: 'Id <&> 1', version: '2008-10-17', statement: [{ actions: ['a'] }] },
  'an empty id': { policy_id: '', statement: [{ actions: ['a'] }] },
  'a statement of nothing': one({}),
  'sids, also empty': { statement: [{ sid: 'One', actions: ['a'] }, { sid: '', actions: ['b'] }, { sid: '', actions: ['c'] }, { actions: ['d'] }, { sid: '2', effect: 'Deny', actions: ['e'] }] },
  'empty lists': one({ actions: [], not_actions: [], resources: [], not_resources: [], principals: [], not_principals: [], condition: [] }),
  'what is not meant': one({ effect: 'Deny', not_actions: ['a', 'b'], not_resources: ['c'], not_principals: principals(['AWS', ['d', 'e']]) }),
  'sets in another order, with doubles': one({ actions: ['b', 'a', 'c', 'a', 'B', '', '10', '9'], resources: ['x', 'x'], not_resources: ['y', 'z', 'y'] }),
  'empty texts': one({ actions: [''], resources: ['', 'a'], principals: principals(['AWS', ['']]), condition: condition(['StringEquals', 'k', ['']]) }),
  'text beyond ASCII': one({ actions: ['é', 'z', '\u{1F600}', '\uFB01', '\u2028', '\u0000', '\u007F', 'e\u0301', '"\\/\n\t'] }),
  'marks of HTML': one({
    actions: ['<a>&'], resources: ['<', '>', '&'], principals: principals(['A&W', ['<']]), condition: condition(['String<', 'k&', ['>']]),
  }),
  'variables of IAM': one({
    actions: ['&{aws:username}'],
    not_actions: ['&{a}', 'b'],
    resources: ['&{aws:username}/&{x}', '$${aws:y}', 'a', '&&{z}', '&$${z}'],
    not_resources: ['&{aws:username}', '$${aws:username}'],
    principals: principals(['AWS', ['&{p}', '$${a}', '%', '&{p}']]),
    not_principals: principals(['&{type}', ['&{aws:username}', '$${aws:username}']]),
    condition: condition(['StringLike', '&{k}', ['&{v}', '$${w}', '&{v}']], ['&{Test}', 'k', ['&{v}']]),
  }),
  'templates that are escaped': one({ actions: ['$${a}', '%%{b}', '$$${c}', '$d', '$$'], condition: condition(['StringEquals', 'k', ['%%{v}', '$$']]) }),
  'anyone': one({ actions: ['a'], principals: principals(['*', ['*']]) }),
  'anyone, said twice': one({ actions: ['a'], principals: principals(['*', ['*', '*']]) }),
  'anyone but anyone': one({ actions: ['a'], not_principals: principals(['*', ['*']]) }),
  'anyone of AWS': one({ actions: ['a'], principals: principals(['AWS', ['*']]) }),
  'anyone, and somebody': one({ actions: ['a'], principals: principals(['*', ['*']], ['AWS', ['a']]) }),
  'anyone among others': one({ actions: ['a'], principals: principals(['*', ['*', 'a']]) }),
  'nobody': one({ actions: ['a'], principals: principals(['AWS', []]), not_principals: principals(['AWS', []], ['Service', ['s']]) }),
  'principals of several types': one({
    actions: ['sts:AssumeRole'],
    principals: principals(['Service', ['ec2.amazonaws.com', 'eks.amazonaws.com']], ['Federated', ['accounts.google.com']], ['AWS', ['111122223333', '444455556666', '111122223333']], ['CanonicalUser', ['x']]),
  }),
  'the same principals twice': one({ actions: ['a'], principals: principals(['AWS', ['a', 'b']], ['AWS', ['b', 'a']]) }),
  'principals of one type in two blocks': one({ actions: ['a'], principals: principals(['AWS', ['x', 'y']], ['AWS', ['z']], ['Service', ['s']], ['AWS', ['a']]) }),
  'conditions by operator and key': one({
    actions: ['a'],
    condition: condition(['StringLike', 'b', ['2', '1', '3']], ['StringEquals', 'z', ['x']], ['StringEquals', 'a', ['y']], ['StringEquals', 'B', ['y']], ['Bool', 'b', ['true']], ['StringLike', 'a', ['1', '1']]),
  }),
  'no values': one({ actions: ['a'], condition: condition(['StringEquals', 'k', []]) }),
  'the same condition twice': one({ actions: ['a'], condition: condition(['StringEquals', 'k', ['a', 'b']], ['StringEquals', 'k', ['a', 'b']]) }),
  'conditions on one key': one({ actions: ['a'], condition: condition(['StringEquals', 'k', ['b', 'a']], ['StringEquals', 'k', ['c']], ['StringEquals', 'k', ['a']], ['StringEquals', 'j', ['d']]) }),
  'numbers and truths': one({ actions: [1, true, 2.5], condition: condition(['Bool', 'k', [true]], ['NumericEquals', 'n', [1, 10, 0.5]]) }),
  'lists that Terraform knows only': {
    statement: [
      { actions: '${split(",", "b,a,b")}', resources: '${split(",", "x")}', principals: principals(['AWS', '${split(",", "a,&{p},b")}']) },
      { actions: '${split(",", "a")}', not_resources: '${split(",", "&{x},$${x},a")}', not_principals: principals(['AWS', '${split(",", "a")}']) },
      { actions: '${slice(["a"], 0, 0)}', resources: '${toset(["q", "r"])}', principals: principals(['AWS', '${slice(["a"], 0, 0)}']) },
      { actions: ['${join("", ["x", "\\"y"])}', 'w'], resources: ['${"&{"}a}', '${"$${"}a}', 'b${"c"}'], principals: principals(['*', ['${"*"}']]) },
      { condition: condition(['StringEquals', '${"k"}:sub', ['${"v"}', 'u${"&{"}w}']]) },
    ],
  },
  'what a source says, and what overrides it': {
    source_policy_documents: [source({ Sid: 'A', Effect: 'Allow', Action: ['x', 'y'] }, { Effect: 'Deny', Resource: '*' }), source({ Sid: 'B', Effect: 'Deny', Principal: '*' })],
    override_policy_documents: [source({ Sid: 'C', Effect: 'Deny', Action: 'o' }, { Sid: 'D', Effect: 'Allow', NotAction: 'p' }), source({ Sid: 'D', Effect: 'Deny' })],
    statement: [{ sid: 'B', actions: ['s'] }, { sid: 'C', actions: ['t'] }, { actions: ['u'] }],
  },
  'sources with ids and versions': {
    source_policy_documents: [JSON.stringify({ Version: '2012-10-17', Id: 'source', Statement: { Effect: 'Allow' } }).replace('{"Effect":"Allow"}', '[{"Effect":"Allow"}]')],
    policy_id: 'own',
    version: '2008-10-17',
    override_policy_documents: [JSON.stringify({ Id: 'override', Statement: [] })],
  },
  'an older version of what overrides': {
    statement: [{ sid: 'A', actions: ['a'] }], override_policy_documents: [JSON.stringify({ Version: '2008-10-17', Id: '', Statement: [{ Sid: 'A', Effect: 'Deny' }] })],
  },
  'sources with lists of all kinds': {
    source_policy_documents: [source({
      Effect: 'Allow', Action: ['b', 'a', 'a', 'c'], Resource: ['${aws:username}', '&{aws:username}', 'r'], Principal: { AWS: ['b', 'c', 'a'], Service: 's' },
      Condition: { StringEquals: { k: ['b', 'a'], j: 'x' }, Bool: { t: true }, Null: { n: ['true'] } },
    })],
  },
  'a source with a number, and with a principal that is no object': {
    source_policy_documents: [source(
      { Effect: 'Allow', Principal: 'arn:aws:iam::123456789012:root', Condition: { NumericLessThan: { k: 5 }, Bool: { b: true } } },
      { Effect: 'Allow', NotPrincipal: 'a', Condition: { NumericLessThan: { k: 5 } } },
    )],
  },
  'a source in lower case': {
    source_policy_documents: ['{"version":"2012-10-17","id":"i","statement":[{"sid":"A","effect":"Deny","ACTION":"a","principal":{"AWS":"p"},"condition":{"stringequals":{"K":"v"}}}]}'],
  },
  'an empty source': { source_policy_documents: [''], override_policy_documents: [], statement: [{ actions: ['a'] }] },
}));

/** What the provider refuses, and so must whoever renders documents in its place; by what is special about them. */
export const REFUSED: ReadonlyMap<string, Arguments> = new Map(Object.entries<Arguments>({
  'two statements of one sid': { statement: [{ sid: 'A', actions: ['a'] }, { sid: 'A', actions: ['b'] }] },
  'a variable of IAM in the old version': { version: '2008-10-17', statement: [{ resources: ['&{x}'] }] },
  'a variable of IAM in the old version\'s conditions': { version: '2008-10-17', statement: [{ condition: condition(['StringEquals', 'k', ['&{x}']]) }] },
  'a variable of IAM in the old version\'s principals': { version: '2008-10-17', statement: [{ principals: principals(['AWS', ['&{x}', 'y']]) }] },
  'another version': { version: '2020-01-01' },
  'another effect': one({ effect: 'allow' }),
}));

const TEXT = fc.oneof(
  fc.constantFrom('a', 'b', 'B', 'é', '\u{1F600}', '\uFB01', '', '*', 's3:*', '<&>', '"\\/', '&{aws:username}', '$${aws:username}', '&{a}/&{b}', '$${a}/&{b}', '%%{c}', '&', '$'),
  fc.string({ maxLength: 4 }).map(text => text.replace(/[$%](?=\{)/g, '$&$&')),
);
const LIST = fc.array(TEXT, { maxLength: 4 });
const PRINCIPALS = fc.uniqueArray(fc.record({ type: fc.constantFrom('AWS', 'Service', 'Federated', '*', '&{x}'), identifiers: fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 30, arbitrary: fc.array(TEXT, { minLength: 1, maxLength: 4 }) }) }), { maxLength: 3, selector: ({ type }) => type });
const CONDITIONS = fc.uniqueArray(
  fc.record({ test: fc.constantFrom('StringEquals', 'StringLike', 'Null', 'String<'), variable: TEXT, values: LIST }),
  { maxLength: 4, selector: ({ test, variable }) => JSON.stringify([test, variable.normalize('NFC')]) },
);
const STATEMENT = fc.record({
  effect: fc.constantFrom('Allow', 'Deny'), actions: LIST, not_actions: LIST, resources: LIST, not_resources: LIST, principals: PRINCIPALS, not_principals: PRINCIPALS, condition: CONDITIONS,
}, { requiredKeys: [] });
const DOCUMENT = fc.record({ policy_id: fc.constantFrom('', 'id', '<'), statement: fc.array(STATEMENT, { maxLength: 3 }) }, { requiredKeys: ['statement'] });

/** Documents made at random, always the same for a seed. */
export function randomDocuments(count: number, seed: number): ReadonlyMap<string, Arguments> {
  return new Map(fc.sample(DOCUMENT, { numRuns: count, seed }).map((args, index) => [`random document ${index} of seed ${seed}`, args]));
}

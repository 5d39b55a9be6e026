import { parseJson } from '../../../lib/trust/terraform/json';
import { policyDocument } from '../../../lib/trust/terraform/policy-document';
import { fromJson, isText, text, toKey, Unknown, Value, ValueMap } from '../../../lib/trust/value';

const u = new Unknown('s/u');
const self = new Unknown('s/data.aws_iam_policy_document.x');
const render = (values: Value) => policyDocument(values as ValueMap, self);
const read = (values: Value) => {
  const rendered = render(values);
  return isText(rendered) ? parseJson(rendered) : undefined;
};
const statements = (values: Value) => (read(values) as ValueMap).get('Statement');

test('is what the provider itself writes', () => {
  // What version 5.100 of the AWS provider printed for these arguments.
  expect(render(fromJson({
    statement: [{
      actions: ['s3:GetObject', 's3:ListBucket'], resources: ['*'], principals: [{ type: '*', identifiers: ['*'] }],
      condition: [{ test: 'StringLike', variable: 'aws:PrincipalTag/&{aws:username}', values: ['b', 'a'] }],
    }],
  }))).toBe('{"Statement":[{"Action":["s3:ListBucket","s3:GetObject"],"Condition":{"StringLike":{"aws:PrincipalTag/\\u0026{aws:username}":["b","a"]}},'
    + '"Effect":"Allow","Principal":"*","Resource":"*"}],"Version":"2012-10-17"}');
});

test.each<[string, unknown, unknown]>([
  ['one principal', [{ principals: [{ type: 'AWS', identifiers: ['*'] }] }], [{ Effect: 'Allow', Principal: { AWS: '*' } }]],
  ['principals of several types', [{ principals: [{ type: 'AWS', identifiers: ['b'] }, { type: 'Service', identifiers: ['x'] }, { type: 'AWS', identifiers: ['a'] }] }],
    [{ Effect: 'Allow', Principal: { AWS: ['b', 'a'], Service: 'x' } }]],
  ['what is not meant', [{ effect: 'Deny', not_actions: ['a'], not_resources: ['b'], not_principals: [{ type: 'AWS', identifiers: ['c'] }] }],
    [{ Effect: 'Deny', NotAction: 'a', NotResource: 'b', NotPrincipal: { AWS: 'c' } }]],
  ['one block without a list', { sid: 'a', actions: ['x'], condition: { test: 'Null', variable: 'k', values: ['true'] } },
    [{ Sid: 'a', Effect: 'Allow', Action: 'x', Condition: { Null: { k: 'true' } } }]],
  ['conditions of one key', [{ condition: [{ test: 'StringEquals', variable: 'k', values: ['a'] }, { test: 'StringEquals', variable: 'k', values: ['b'] }, { test: 'StringLike', variable: 'k', values: ['c'] }] }],
    [{ Effect: 'Allow', Condition: { StringEquals: { k: ['a', 'b'] }, StringLike: { k: 'c' } } }]],
  ['variables of IAM', [{ resources: ['a/&{aws:username}/*'], condition: [{ test: 'StringLike', variable: 's3:prefix', values: ['&{aws:username}/*'] }] }],
    [{ Effect: 'Allow', Resource: 'a/${aws:username}/*', Condition: { StringLike: { 's3:prefix': '${aws:username}/*' } } }]],
  ['null and empty arguments of a plan', [{ sid: '', effect: null, actions: ['a'], not_actions: [], resources: null, principals: [], condition: [] }], [{ Effect: 'Allow', Action: 'a' }]],
])('writes %s', (_, statement, written) => {
  expect(statements(fromJson({ statement }))).toEqual(fromJson(written));
});

test('a statement takes the place of one with the same sid', () => {
  const source = (...sids: string[]) => JSON.stringify({ Version: '2008-10-17', Statement: sids.map(sid => ({ Sid: sid, Effect: 'Deny' })) });
  expect(read(fromJson({
    policy_id: 'id', version: '2012-10-17', source_policy_documents: [source('a', 'b'), '', source('c')], source_json: source('z'),
    statement: [{ sid: 'b' }, { actions: ['x'] }], override_policy_documents: [JSON.stringify({ Statement: { Sid: 'c', Effect: 'Allow' } })], override_json: source('d'),
  }))).toEqual(fromJson({
    Id: 'id', Version: '2012-10-17', Statement: [
      { Sid: 'z', Effect: 'Deny' }, { Sid: 'a', Effect: 'Deny' }, { Sid: 'b', Effect: 'Allow' }, { Sid: 'c', Effect: 'Allow' }, { Effect: 'Allow', Action: 'x' }, { Sid: 'd', Effect: 'Deny' },
    ],
  }));
});

test('a source is read as the provider takes it, which loses what is not written as it expects', () => {
  const source = (...statement: object[]) => fromJson({ source_policy_documents: [JSON.stringify({ statement })] });
  expect(statements(source(
    { effect: 'Allow', principal: 'arn:aws:iam::123456789012:root', condition: { NumericLessThan: { k: 5, l: null, m: '5' }, Bool: { b: true }, StringEquals: null, StringLike: { o: { p: 'q' } } } },
    { Effect: 'Allow', NotPrincipal: { AWS: 'a' }, Condition: { NumericLessThan: { k: 5 } } },
    { Effect: 'Allow', Condition: null }, { Effect: 'Allow', Condition: { StringEquals: null } },
  ))).toEqual(fromJson([
    { Effect: 'Allow', Principal: '*', Condition: { NumericLessThan: { m: '5' }, Bool: { b: true } } }, { Effect: 'Allow', NotPrincipal: { AWS: 'a' } }, { Effect: 'Allow' }, { Effect: 'Allow' },
  ]));
});

test('the newer version counts, wherever it stands', () => {
  const versionOf = (version: string | undefined, override: string) => (read(fromJson({
    ...version !== undefined && { version }, override_policy_documents: [JSON.stringify({ Version: override })],
  })) as ValueMap).get('Version');
  expect([versionOf(undefined, '2008-10-17'), versionOf('2008-10-17', '2012-10-17'), versionOf('2008-10-17', '2008-10-17')]).toEqual(['2012-10-17', '2012-10-17', '2008-10-17']);
});

describe('what is unknown', () => {
  test('leaves what is known', () => {
    expect(read(new Map<string, Value>([['statement', [new Map<string, Value>([
      ['actions', ['a', u]], ['principals', [new Map<string, Value>([['type', 'Federated'], ['identifiers', [u]]])]],
      ['condition', [new Map<string, Value>([['test', 'StringEquals'], ['variable', text(u, ':sub')], ['values', ['x', text('y', u)]]])]],
    ])]]]))).toEqual(new Map<string, Value>([['Version', '2012-10-17'], ['Statement', [new Map<string, Value>([
      ['Effect', 'Allow'], ['Action', ['a', u]], ['Principal', new Map([['Federated', u]])],
      ['Condition', new Map([['StringEquals', new Map([[toKey(text(u, ':sub')), ['x', text('y', u)]]])]])],
    ])]]]));
  });

  test('may be statements, and may override those with a sid', () => {
    expect(statements(new Map<string, Value>([['statement', [fromJson({ sid: 'a' }), fromJson({ actions: ['x'] }), u]], ['override_policy_documents', [u]]]))).toEqual([
      new Unknown('override({"Effect":"Allow","Sid":"a"}, ${s/u})'), fromJson({ Effect: 'Allow', Action: 'x' }), u, new Unknown('jsondecode(s/u).Statement'),
    ]);
    expect(statements(new Map<string, Value>([['statement', u]]))).toEqual([u]);
    expect(statements(new Map<string, Value>([['statement', [new Map<string, Value>([['principals', u], ['condition', [u]]])]]]))).toEqual([
      new Map<string, Value>([['Effect', 'Allow'], ['Principal', u], ['Condition', new Map([[toKey(u), new Map([[toKey(u), new Unknown(`${self.symbol}.statement.0.condition.0.values`)]])]])]]),
    ]);
  });

  test('is a source that is no policy', () => {
    const unknown = new Unknown(`${self.symbol}.source`);
    expect(['{', '1', '[]'].map(source => statements(fromJson({ source_json: source })))).toEqual([[unknown], [unknown], [unknown]]);
  });
});

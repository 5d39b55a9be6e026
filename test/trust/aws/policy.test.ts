import '../counting';
import { growth } from '../work';
import { admits, EKS, EKS_HOST, eksStatement, iamArn, identity, Plain, policy, provider, read, role, text, token, Unknown } from './terraform';
import { parsePolicy, policyKey } from '../../../lib/trust/aws/policy';
import { toKey, Value } from '../../../lib/trust/value';

const answer = (trust: Plain) => admits(identity(read(provider('Eks', EKS), role('Reader', trust)), 'Reader'), token());

test('reads a policy in each spelling that IAM takes', () => {
  expect(parsePolicy(JSON.stringify({
    Version: '2012-10-17', Id: 'x', Statement: {
      Sid: 'One', Effect: 'Allow', Principal: { AWS: ['1', '2'], Federated: 'f' }, NotAction: 'a', Resource: ['r'],
      Condition: { Bool: { k: true }, NumericEquals: { n: [1, '2'] } },
    },
  }))).toEqual({
    variables: true,
    statements: [{
      sid: 'One', effect: 'Allow',
      principals: { negated: false, list: [{ type: 'AWS', identifier: '1' }, { type: 'AWS', identifier: '2' }, { type: 'Federated', identifier: 'f' }] },
      actions: { negated: true, list: ['a'] }, resources: { negated: false, list: ['r'] },
      conditions: [
        { operator: 'Bool', key: 'k', values: ['true'], unreadable: false }, { operator: 'NumericEquals', key: 'n', values: ['1', '2'], unreadable: false },
      ],
      problems: [],
    }],
    problems: [],
  });
});

test.each<[string, Plain, string]>([
  ['no policy', undefined, 'it is not a JSON text'],
  ['no JSON', '{', 'not JSON at character 1: it ends too early'],
  ['a list', '[]', 'it is not an object'],
  ['a policy that is known after apply', new Unknown('apps/data.x.json'), 'it is known after apply'],
  ['no statement', '{}', 'it has no Statement'],
  ['a statement that is a text', '{"Statement":["x"]}', 'a Statement of it cannot be read'],
  ['another version', '{"Version":"2020-01-01","Statement":[]}', 'its Version is none that IAM knows; a Statement of it cannot be read'],
  ['an element that IAM does not know', '{"statement":[]}', 'it has an element that IAM does not know: "statement"; it has no Statement'],
  ['a prototype key', '{"__proto__":{"Statement":[]}}', 'it has an element that IAM does not know: "__proto__"; it has no Statement'],
  ['another effect', policy({ ...eksStatement(), Effect: 'allow' }), 'its Effect is neither "Allow" nor "Deny"'],
  ['a principal that is a text', policy({ ...eksStatement(), Principal: 'x' }), 'its Principal is a text other than "*"'],
  ['a principal that is a list', policy({ ...eksStatement(), Principal: ['x'] }), 'its Principal cannot be read'],
  ['a principal of another kind', policy({ ...eksStatement(), Principal: { constructor: 'x' } }), 'it has a kind of Principal that IAM does not know: "constructor"'],
  ['both kinds of principals', policy({ ...eksStatement(), NotPrincipal: { AWS: '1' } }), 'it has both Principal and NotPrincipal'],
  ['an action that is no text', policy({ ...eksStatement(), Action: { a: 1 } }), 'a value of its Action cannot be read'],
  ['a nested policy', '['.repeat(100000), 'not JSON at character 201: nested deeper than 200'],
  ['a long policy', `"${'x'.repeat(200000)}"`, 'it is longer than 131072 characters, which IAM does not take'],
])('says what it cannot read of %s, and never accepts anything by it', (_, trust, problem) => {
  const part = read(provider('Eks', EKS), role('Reader', trust));
  expect(part.notes.map(({ message }) => message)).toEqual(problem.split('; ').map(one => `the trust policy cannot be read in full: ${one}`));
  expect(admits(identity(part, 'Reader'), token())).toBe('unknown');
});

test('a statement that cannot be read beside a good one leaves the answer unknown, as it may deny', () => {
  expect(answer(policy(eksStatement(), { ...eksStatement(), Effect: 'Refuse' }))).toBe('unknown');
});

test('a statement without a principal lets nobody in', () => {
  expect(answer(policy({ ...eksStatement(), Principal: undefined }))).toBe('no');
});

test('prototype keys in conditions are keys like any other', () => {
  const trust = (condition: string) => text(
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"', iamArn(`oidc-provider/${EKS_HOST}`),
    `"},"Action":"sts:*","Condition":${condition}}}`,
  );
  expect([
    answer(trust('{"__proto__":{"k":"x"}}')), answer(trust('{"StringEquals":{"__proto__":"x"}}')),
    answer(trust(`{"StringEquals":{"${EKS_HOST}:__proto__":"x"}}`)), answer(trust(`{"StringEquals":{"${EKS_HOST}:constructor":"x"}}`)),
  ]).toEqual(['unknown', 'unknown', 'no', 'no']);
});

test('10,000 roles are read and asked, by work that grows with them', () => {
  const asked = (count: number) => {
    const names = Array.from({ length: count }, (_, index) => `Role${index}`);
    const part = read(provider('Eks', EKS), ...names.map(name => role(name, policy(eksStatement(`system:serviceaccount:reports:${name}`)))));
    const claims = token({ sub: 'system:serviceaccount:reports:Role200' });
    return part.identities.filter(candidate => admits(candidate, claims) === 'yes').map(({ where }) => where.address);
  };
  expect(asked(10_000)).toEqual(['aws_iam_role.Role200']);
  expect(growth(asked, [500, 1000])).toBeLessThan(2.2);
}, 60_000);

test('an unknown kind of principal is shown as it stands in Terraform', () => {
  expect(parsePolicy(new Map([['Statement', new Map<string, Value>([
    ['Effect', 'Allow'], ['Principal', new Map([[toKey(new Unknown('apps/var.kind')), 'x']])], ['Action', 'sts:AssumeRole'],
  ])]])).statements[0]!.problems).toEqual(['it has a kind of Principal that IAM does not know: "${var.kind}"']);
});

test('what cannot be read is told apart by its text', () => {
  const long = (sub: string) => policyKey(parsePolicy(`{"Statement":{"Sid":"${sub}${' '.repeat(140_000)}"}}`));
  const later = (source: string) => policyKey(parsePolicy(new Unknown(source)));
  const strange = (element: string) => policyKey(parsePolicy(new Map([['Statement', new Map<string, Value>([['Effect', 'Allow'], ['Strange', element]])]])));
  for (const key of [long, later, strange]) {
    expect([key('a') === key('a'), key('a') === key('b')]).toEqual([true, false]);
  }
});

import { evaluate, PolicyError, readPolicy } from './policy';
import type { Caller, Context } from './policy';

const ISSUER = 'issuer.example.com/onprem';
const PROVIDER = `arn:aws:iam::123456789012:oidc-provider/${ISSUER}`;
const SUB = 'system:serviceaccount:reports:reader';
const WEB: Caller = { kind: 'Federated', provider: PROVIDER };
const SESSION: Caller = {
  kind: 'AWS', account: '123456789012', roleArn: 'arn:aws:iam::123456789012:role/path/source', sessionArn: 'arn:aws:sts::123456789012:assumed-role/source/pod',
};
const POD: Caller = { kind: 'Service', service: 'pods.eks.amazonaws.com' };
const CONTEXT: Context = new Map<string, string | readonly string[]>([
  [`${ISSUER}:sub`, SUB],
  [`${ISSUER}:aud`, 'sts.amazonaws.com'],
  ['list', ['a', 'b']],
  ['none', []],
  ['empty', ''],
  ['number', '10'],
  ['time', '2026-01-02T03:04:05Z'],
  ['flag', 'true'],
  ['ip', '203.0.113.10'],
  ['arn', 'arn:aws:eks:eu-west-1:123456789012:cluster/apps'],
  ['name', 'Reader'],
  ['star', 'a*'],
]);

/** What a trust policy of these statements says; what is left out lets the web identity in. */
function trust(statements: object | readonly object[], caller: Caller = WEB, action = 'sts:AssumeRoleWithWebIdentity', version: object = { Version: '2012-10-17' }): string {
  const Statement = [statements].flat().map(statement => ({ Effect: 'Allow', Principal: { Federated: PROVIDER }, Action: 'sts:AssumeRoleWithWebIdentity', ...statement }));
  return evaluate(readPolicy('trust', JSON.stringify({ ...version, Statement })), { action, caller, context: CONTEXT }).effect;
}

function condition(operator: string, key: string, value: unknown): string {
  return trust({ Condition: { [operator]: { [key]: value } } });
}

describe('conditions', () => {
  test.each<[string, string, unknown, string]>([
    // Text.
    ['StringEquals', `${ISSUER}:sub`, SUB, 'allowed'],
    ['StringEquals', `${ISSUER.toUpperCase()}:SUB`, SUB, 'allowed'],
    ['StringEquals', `${ISSUER}:sub`, ['system:serviceaccount:other:reader', SUB], 'allowed'],
    ['StringEquals', `${ISSUER}:sub`, 'system:serviceaccount:reports:*', 'silent'],
    ['StringEquals', `${ISSUER}:sub`, 'system:serviceaccount:reports:reade?', 'silent'],
    ['StringEquals', `${ISSUER}:sub`, SUB.toUpperCase(), 'silent'],
    ['StringEquals', `${ISSUER}:sub`, `${SUB} `, 'silent'],
    ['StringEquals', `${ISSUER}:sub`, '', 'silent'],
    ['StringEquals', `${ISSUER}:sub`, [], 'silent'],
    ['StringEquals', `${ISSUER}/:sub`, SUB, 'silent'],
    ['StringEquals', 'missing', 'a', 'silent'],
    ['StringEquals', 'missing', '', 'silent'],
    ['StringEquals', 'star', 'a*', 'allowed'],
    ['StringEquals', 'star', 'a${*}', 'allowed'],
    ['StringNotEquals', `${ISSUER}:sub`, SUB, 'silent'],
    ['StringNotEquals', `${ISSUER}:sub`, ['a', SUB], 'silent'],
    ['StringNotEquals', `${ISSUER}:sub`, ['a', 'b'], 'allowed'],
    ['StringNotEquals', 'missing', 'a', 'allowed'],
    ['StringEqualsIgnoreCase', 'name', 'READER', 'allowed'],
    ['StringEqualsIgnoreCase', 'name', 'READ*', 'silent'],
    ['StringNotEqualsIgnoreCase', 'name', 'READER', 'silent'],
    ['StringLike', `${ISSUER}:sub`, 'system:serviceaccount:reports:*', 'allowed'],
    ['StringLike', `${ISSUER}:sub`, 'system:serviceaccount:*:reade?', 'allowed'],
    ['StringLike', `${ISSUER}:sub`, '*', 'allowed'],
    ['StringLike', `${ISSUER}:sub`, 'system:serviceaccount:reports:reader?', 'silent'],
    ['StringLike', `${ISSUER}:sub`, 'serviceaccount:*', 'silent'],
    ['StringLike', `${ISSUER}:sub`, 'SYSTEM:*', 'silent'],
    ['StringLike', 'star', 'a${*}', 'allowed'],
    ['StringLike', 'name', 'R${*}', 'silent'],
    ['StringLike', 'missing', '*', 'silent'],
    ['StringLike', 'empty', '*', 'allowed'],
    ['StringNotLike', 'name', 'Wr*', 'allowed'],
    ['StringNotLike', 'name', 'Re*', 'silent'],
    // Existence.
    ['Null', 'missing', 'true', 'allowed'],
    ['Null', 'missing', true, 'allowed'],
    ['Null', 'missing', 'false', 'silent'],
    ['Null', 'name', 'false', 'allowed'],
    ['Null', 'name', 'true', 'silent'],
    ['StringEqualsIfExists', 'missing', 'a', 'allowed'],
    ['StringEqualsIfExists', 'name', 'a', 'silent'],
    ['StringNotEqualsIfExists', 'name', 'Reader', 'silent'],
    // Sets.
    ['ForAllValues:StringEquals', 'list', ['a', 'b', 'c'], 'allowed'],
    ['ForAllValues:StringEquals', 'list', ['a'], 'silent'],
    ['ForAllValues:StringEquals', 'missing', ['a'], 'allowed'],
    ['ForAllValues:StringEquals', 'none', ['a'], 'allowed'],
    ['ForAllValues:StringEquals', 'empty', ['a'], 'allowed'],
    ['ForAllValues:StringEquals', `${ISSUER}:sub`, SUB, 'allowed'],
    ['ForAllValues:StringNotEquals', 'list', ['c'], 'allowed'],
    ['ForAllValues:StringNotEquals', 'list', ['a', 'c'], 'silent'],
    ['ForAnyValue:StringEquals', 'list', ['b', 'c'], 'allowed'],
    ['ForAnyValue:StringEquals', 'list', ['c'], 'silent'],
    ['ForAnyValue:StringEquals', 'missing', ['c'], 'silent'],
    ['ForAnyValue:StringEquals', 'none', ['c'], 'silent'],
    ['ForAnyValue:StringEqualsIfExists', 'missing', ['c'], 'allowed'],
    ['ForAnyValue:StringNotEquals', 'list', ['a'], 'allowed'],
    ['ForAnyValue:StringLike', 'list', ['*'], 'allowed'],
    // Several values without a set: nothing says what comes of it.
    ['StringEquals', 'list', ['a', 'b'], 'silent'],
    ['StringNotEquals', 'list', ['c'], 'silent'],
    ['StringEquals', 'none', ['a'], 'silent'],
    // Numbers, times, addresses, ARNs.
    ['NumericEquals', 'number', 10, 'allowed'],
    ['NumericEquals', 'number', '10.0', 'allowed'],
    ['NumericNotEquals', 'number', '10', 'silent'],
    ['NumericLessThan', 'number', '10', 'silent'],
    ['NumericLessThanEquals', 'number', '10', 'allowed'],
    ['NumericGreaterThan', 'number', '9', 'allowed'],
    ['NumericGreaterThanEquals', 'number', '11', 'silent'],
    ['NumericEquals', 'number', 'ten', 'silent'],
    ['NumericEquals', 'number', '0xa', 'silent'],
    ['NumericLessThan', 'name', '10', 'silent'],
    ['DateEquals', 'time', '2026-01-02T04:04:05+01:00', 'allowed'],
    ['DateNotEquals', 'time', '2026-01-02T03:04:05Z', 'silent'],
    ['DateLessThan', 'time', '2026-01-02T03:04:06Z', 'allowed'],
    ['DateLessThan', 'time', '2026-01-02T03:04:05Z', 'silent'],
    ['DateLessThanEquals', 'time', '2026-01-02T03:04:05Z', 'allowed'],
    ['DateGreaterThan', 'time', '1767323044', 'allowed'],
    ['DateGreaterThan', 'time', '2026', 'allowed'],
    ['DateGreaterThanEquals', 'time', '2026-02', 'silent'],
    ['DateGreaterThan', 'time', 'yesterday', 'silent'],
    ['Bool', 'flag', 'true', 'allowed'],
    ['Bool', 'flag', true, 'allowed'],
    ['Bool', 'flag', 'false', 'silent'],
    ['Bool', 'missing', 'false', 'silent'],
    ['BoolIfExists', 'missing', 'true', 'allowed'],
    ['IpAddress', 'ip', '203.0.113.0/24', 'allowed'],
    ['IpAddress', 'ip', '203.0.113.10', 'allowed'],
    ['IpAddress', 'ip', '203.0.113.11', 'silent'],
    ['IpAddress', 'ip', ['2001:db8::/32', '203.0.112.0/23'], 'allowed'],
    ['IpAddress', 'ip', '::/0', 'silent'],
    ['IpAddress', 'ip', '::ffff:0:0/96', 'silent'],
    ['IpAddress', 'name', '0.0.0.0/0', 'silent'],
    ['IpAddress', 'ip', '203.0.113.0/33', 'silent'],
    ['NotIpAddress', 'ip', '203.0.113.0/24', 'silent'],
    ['NotIpAddress', 'ip', '10.0.0.0/8', 'allowed'],
    ['ArnEquals', 'arn', 'arn:aws:eks:*:123456789012:cluster/*', 'allowed'],
    ['ArnLike', 'arn', 'arn:aws:eks:eu-west-1:123456789012:cluster/apps', 'allowed'],
    ['ArnLike', 'arn', 'arn:aws:eks:*:cluster/apps', 'silent'],
    ['ArnLike', 'arn', 'arn:aws:*', 'silent'],
    ['ArnLike', 'name', '*', 'silent'],
    ['ArnNotLike', 'arn', 'arn:aws:eks:*:123456789012:cluster/*', 'silent'],
    ['ArnNotEquals', 'missing', 'arn:aws:eks:*:*:*', 'allowed'],
    // Variables.
    ['StringEquals', `${ISSUER}:sub`, 'system:serviceaccount:reports:${lower}', 'silent'],
    ['StringEquals', 'name', '${name}', 'allowed'],
    ['StringEquals', 'name', '${NAME}', 'allowed'],
    ['StringNotEquals', 'name', '${missing}', 'silent'],
    ['StringEquals', 'name', '${missing, \'Reader\'}', 'allowed'],
    ['StringEquals', 'name', '${list}', 'silent'],
    ['StringLike', 'name', '${star}', 'silent'],
    ['StringLike', 'star', '${star}', 'allowed'],
    ['StringEquals', 'name', '${name', 'silent'],
  ])('%s of %s with %j is %s', (operator, key, value, effect) => {
    expect(condition(operator, key, value)).toBe(effect);
  });

  test('all operators and all keys have to hold', () => {
    const right = { [`${ISSUER}:sub`]: SUB, [`${ISSUER}:aud`]: 'sts.amazonaws.com' };
    expect(trust({ Condition: { StringEquals: right, StringLike: { name: 'R*' } } })).toBe('allowed');
    expect(trust({ Condition: { StringEquals: { ...right, [`${ISSUER}:aud`]: 'other' } } })).toBe('silent');
    expect(trust({ Condition: { StringEquals: right, StringLike: { name: 'W*' } } })).toBe('silent');
  });

  test('a variable is text in a document of the older version', () => {
    const statement = { Condition: { StringEquals: { name: '${name}' } } };
    expect(trust(statement, WEB, undefined, { Version: '2008-10-17' })).toBe('silent');
    expect(trust(statement, WEB, undefined, {})).toBe('silent');
  });

  test('a pattern with many wildcards takes no time', () => {
    expect(condition('StringLike', `${ISSUER}:sub`, `${'*a'.repeat(2000)}`)).toBe('silent');
  });
});

describe('a denial', () => {
  const allow = {};
  test('is stronger than a permission, wherever it stands', () => {
    const deny = { Effect: 'Deny', Condition: { StringEquals: { [`${ISSUER}:sub`]: SUB } } };
    expect(trust([allow, deny])).toBe('denied');
    expect(trust([deny, allow])).toBe('denied');
    expect(trust([allow, { ...deny, Condition: { StringEquals: { name: 'other' } } }])).toBe('allowed');
    expect(trust([allow, { ...deny, Principal: { Federated: 'accounts.google.com' } }])).toBe('allowed');
    expect(trust([allow, { ...deny, Principal: '*' }])).toBe('denied');
    expect(trust([allow, { ...deny, Action: 'sts:TagSession' }])).toBe('allowed');
    expect(trust([allow, { ...deny, Action: 'sts:*' }])).toBe('denied');
  });

  test('holds where nothing says whether it does', () => {
    expect(trust([allow, { Effect: 'Deny', Condition: { StringEquals: { list: 'a' } } }])).toBe('denied');
    expect(trust([allow, { Effect: 'Deny', Condition: { StringEquals: { name: '${missing}' } } }])).toBe('denied');
    expect(trust([allow, { Effect: 'Deny', Condition: { StringEquals: { name: '${missing}', [`${ISSUER}:aud`]: 'other' } } }])).toBe('allowed');
  });
});

describe('principals', () => {
  test.each<[string, unknown, Caller, string, boolean?]>([
    ['its provider', { Federated: PROVIDER }, WEB, 'allowed'],
    ['a list with its provider', { Federated: ['accounts.google.com', PROVIDER] }, WEB, 'allowed'],
    ['the provider of another account', { Federated: PROVIDER.replace('123456789012', '210987654321') }, WEB, 'silent'],
    ['the provider with a slash', { Federated: `${PROVIDER}/` }, WEB, 'silent'],
    ['the provider in another case', { Federated: PROVIDER.replace('onprem', 'Onprem') }, WEB, 'silent'],
    ['a part of the path', { Federated: PROVIDER.replace('/onprem', '') }, WEB, 'silent'],
    ['everybody', '*', WEB, 'allowed'],
    ['everybody of AWS', { AWS: '*' }, WEB, 'allowed'],
    ['the account', { AWS: '123456789012' }, WEB, 'silent'],
    ['a service', { Service: 'pods.eks.amazonaws.com' }, WEB, 'silent'],
    ['the service', { Service: ['eks.amazonaws.com', 'pods.eks.amazonaws.com'] }, POD, 'allowed'],
    ['another service', { Service: 'eks.amazonaws.com' }, POD, 'silent'],
    ['a service of the name of a provider', { Service: 'accounts.google.com' }, { kind: 'Federated', provider: 'accounts.google.com' }, 'silent'],
    ['the role', { AWS: 'arn:aws:iam::123456789012:role/path/source' }, SESSION, 'allowed', true],
    ['the role without its path', { AWS: 'arn:aws:iam::123456789012:role/source' }, SESSION, 'silent'],
    ['the session', { AWS: 'arn:aws:sts::123456789012:assumed-role/source/pod' }, SESSION, 'allowed', true],
    ['another session', { AWS: 'arn:aws:sts::123456789012:assumed-role/source/other' }, SESSION, 'silent'],
    ['the account by number', { AWS: '123456789012' }, SESSION, 'allowed', false],
    ['the account by root', { AWS: ['arn:aws:iam::210987654321:root', 'arn:aws:iam::123456789012:root'] }, SESSION, 'allowed', false],
    ['another account', { AWS: '210987654321' }, SESSION, 'silent'],
    ['everybody', '*', SESSION, 'allowed', false],
  ])('%s', (_, Principal, caller, effect, direct = false) => {
    const document = { Version: '2012-10-17', Statement: { Effect: 'Allow', Principal, Action: 'sts:AssumeRole' } };
    expect(evaluate(readPolicy('trust', JSON.stringify(document)), { action: 'sts:AssumeRole', caller, context: CONTEXT }))
      .toEqual(effect === 'allowed' ? { effect, direct } : { effect });
  });
});

test.each([
  ['sts:AssumeRoleWithWebIdentity', 'allowed'], ['STS:assumerolewithwebidentity', 'allowed'], ['sts:AssumeRole*', 'allowed'], ['sts:*', 'allowed'],
  ['sts:AssumeRoleWith???Identity', 'allowed'], ['sts:AssumeRole', 'silent'], ['sts:AssumeRoleWithSAML', 'silent'], ['sts:AssumeRoleWithWebIdentityX', 'silent'],
])('the action %s is %s', (Action, effect) => {
  expect(trust({ Action })).toBe(effect);
  expect(trust({ Action: ['sts:TagSession', Action] })).toBe(effect);
});

describe('policies of roles', () => {
  const says = (statement: object, action: string, resource: string) =>
    evaluate(readPolicy('identity', JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] })), { action, resource, context: CONTEXT }).effect;
  test.each<[object, string, string, string]>([
    [{ Action: '*', Resource: '*' }, 's3:GetObject', 'arn:aws:s3:::a/b', 'allowed'],
    [{ Action: 's3:Get*', Resource: 'arn:aws:s3:::a/*' }, 's3:GetObject', 'arn:aws:s3:::a/b/c', 'allowed'],
    [{ Action: 's3:Get*', Resource: 'arn:aws:s3:::a/*' }, 's3:ListBucket', 'arn:aws:s3:::a', 'silent'],
    [{ Action: 's3:Get*', Resource: 'arn:aws:s3:::a/*' }, 's3:GetObject', 'arn:aws:s3:::b/a/', 'silent'],
    [{ Action: 's3:Get*', Resource: 'arn:aws:s3:::A/*' }, 's3:GetObject', 'arn:aws:s3:::a/b', 'silent'],
    [{ NotAction: 's3:Put*', Resource: '*' }, 's3:GetObject', 'arn:aws:s3:::a/b', 'allowed'],
    [{ NotAction: ['s3:Get*', 'iam:*'], Resource: '*' }, 's3:GetObject', 'arn:aws:s3:::a/b', 'silent'],
    [{ Action: 's3:*', NotResource: 'arn:aws:s3:::a/*' }, 's3:GetObject', 'arn:aws:s3:::a/b', 'silent'],
    [{ Action: 's3:*', NotResource: 'arn:aws:s3:::b/*' }, 's3:GetObject', 'arn:aws:s3:::a/b', 'allowed'],
    [{ Action: 's3:*', NotResource: 'arn:aws:s3:::${missing}/*' }, 's3:GetObject', 'arn:aws:s3:::a/b', 'silent'],
    [{ Action: 's3:*', Resource: 'arn:aws:s3:::${name}/*' }, 's3:GetObject', 'arn:aws:s3:::Reader/b', 'allowed'],
    [{ Action: 's3:*', Resource: 'arn:aws:s3:::${star}/*' }, 's3:GetObject', 'arn:aws:s3:::ab/b', 'silent'],
    [{ Action: 's3:*', Resource: 'arn:aws:s3:::a/*', Condition: { StringEquals: { name: 'Reader' } } }, 's3:GetObject', 'arn:aws:s3:::a/b', 'allowed'],
    [{ Effect: 'Deny', Action: 's3:*', Resource: '*' }, 's3:GetObject', 'arn:aws:s3:::a/b', 'denied'],
  ])('%j says to %s of %s: %s', (statement, action, resource, effect) => {
    expect(says(statement, action, resource)).toBe(effect);
  });
});

describe('refuses a document', () => {
  const statement = { Effect: 'Allow', Principal: { Federated: PROVIDER }, Action: 'sts:AssumeRoleWithWebIdentity' };
  const { Principal: _principal, ...principalless } = statement;
  test.each<[string, 'trust' | 'identity', unknown, string]>([
    ['with a name twice', 'trust', '{"Statement":[],"Statement":[]}', 'This policy contains invalid Json (The name "Statement" is there twice.)'],
    ['that is a list', 'trust', [], 'Syntax errors in policy.'],
    ['without statements', 'trust', { Version: '2012-10-17' }, 'Syntax errors in policy.'],
    ['with no statement', 'trust', { Statement: [] }, 'Syntax errors in policy.'],
    ['of another version', 'trust', { Version: '2012-10-18', Statement: statement }, 'The policy must contain a valid version string'],
    ['with an unknown element', 'trust', { Statement: { ...statement, Conditions: {} } }, 'Syntax errors in policy: "Conditions".'],
    ['with an effect in another case', 'trust', { Statement: { ...statement, Effect: 'allow' } }, 'Invalid effect: "allow"'],
    ['with two statements of one id', 'trust', { Statement: [{ ...statement, Sid: 'a' }, { ...statement, Sid: 'a' }] }, 'Statement IDs (SID) in a single policy must be unique.'],
    ['with a strange id', 'trust', { Statement: { ...statement, Sid: 'a-b' } }, 'Statement IDs (SID) must be alpha-numeric: "a-b"'],
    ['without a principal', 'trust', { Statement: principalless }, 'Missing required field Principal cannot be empty!'],
    ['with an empty principal', 'trust', { Statement: { ...statement, Principal: {} } }, 'Missing required field Principal cannot be empty!'],
    ['with everybody but somebody', 'trust', { Statement: { ...principalless, NotPrincipal: { AWS: '*' } } }, 'Has prohibited field NotPrincipal'],
    ['with a wildcard in a provider', 'trust', { Statement: { ...statement, Principal: { Federated: PROVIDER.replace('onprem', '*') } } }, `Invalid principal in policy: "FEDERATED":"${PROVIDER.replace('onprem', '*')}"`],
    ['with any provider', 'trust', { Statement: { ...statement, Principal: { Federated: '*' } } }, 'Invalid principal in policy: "FEDERATED":"*"'],
    ['with a provider by URL', 'trust', { Statement: { ...statement, Principal: { Federated: ISSUER } } }, `Invalid principal in policy: "FEDERATED":"${ISSUER}"`],
    ['with a wildcard in a role', 'trust', { Statement: { ...statement, Principal: { AWS: 'arn:aws:iam::123456789012:role/*' } } }, 'Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:role/*"'],
    ['with a resource in a trust policy', 'trust', { Statement: { ...statement, Resource: '*' } }, 'Has prohibited field Resource'],
    ['with all actions in a trust policy', 'trust', { Statement: { ...statement, Action: '*' } }, 'AssumeRole policy may only specify STS AssumeRole actions.'],
    ['with all but some actions in a trust policy', 'trust', { Statement: { Effect: 'Allow', Principal: '*', NotAction: 'sts:TagSession' } }, 'AssumeRole policy may only specify STS AssumeRole actions.'],
    ['without actions', 'trust', { Statement: { ...statement, Action: [] } }, 'Policy statement must contain actions.'],
    ['with an unknown operator', 'trust', { Statement: { ...statement, Condition: { StringMatches: {} } } }, 'Invalid Condition type : StringMatches.'],
    ['with an operator in another case', 'trust', { Statement: { ...statement, Condition: { stringEquals: {} } } }, 'Invalid Condition type : stringEquals.'],
    ['with an unknown set', 'trust', { Statement: { ...statement, Condition: { 'ForSome:StringEquals': {} } } }, 'Invalid Condition type : ForSome:StringEquals.'],
    ['with a binary condition', 'trust', { Statement: { ...statement, Condition: { BinaryEquals: {} } } }, 'Invalid Condition type : BinaryEquals.'],
    ['with a condition that is a list', 'trust', { Statement: { ...statement, Condition: [] } }, 'Syntax errors in policy.'],
    ['with a value that is an object', 'trust', { Statement: { ...statement, Condition: { StringEquals: { a: {} } } } }, 'Syntax errors in policy.'],
    ['with a principal of its own', 'identity', { Statement: { ...statement, Resource: '*' } }, 'Policy document should not specify a principal.'],
    ['without a resource', 'identity', { Statement: principalless }, 'Policy statement must contain resources.'],
    ['with a resource that is no ARN', 'identity', { Statement: { ...principalless, Resource: 'bucket' } }, 'Resource must be in ARN format or "*".'],
    ['with an action of no service', 'identity', { Statement: { ...principalless, Action: 'GetObject', Resource: '*' } }, 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'],
  ])('%s', (_, kind, document, message) => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    expect(() => readPolicy(kind, text)).toThrow(new PolicyError(message));
  });
});

import { aws, azure, conditions, Json, modelOf, policyOf, statement, terraform } from './foreign';
import { InputError, check, parseSuppressions } from '../../../lib/trust';

const NAMESPACE = conditions({ StringEquals: { aud: 'sts.amazonaws.com' }, StringLike: { sub: 'system:serviceaccount:reports:*' } });
const WIDE = aws(NAMESPACE);
const ENTRY = { rule: 'unsafe-namespace', where: 'aws_iam_role.Reader', reason: 'one team', expires: '2030-12-31' };
const NOW = new Date('2030-12-31T23:59:59Z');

function suppressed(entries: unknown, stacks: readonly Json[] = [WIDE], now = NOW) {
  const { findings, counts } = check(modelOf(...stacks), { suppressions: parseSuppressions(JSON.stringify(entries), 'accepted.json'), now });
  return [counts, findings.map(({ rule, level, where: { address, file }, message, suppressed: by }) => (
    by === undefined ? [level, rule, address, file, message] : [rule, address, by]))];
}

test('what is accepted stays, with reason and date, until the end of its day', () => {
  expect(suppressed({ suppressions: [ENTRY] })).toEqual([
    { error: 0, warning: 0, note: 0, suppressed: 1 }, [['unsafe-namespace', 'aws_iam_role.Reader', { reason: 'one team', expires: '2030-12-31' }]],
  ]);
});

test('refuses to apply what has expired', () => {
  const [counts, findings] = suppressed([ENTRY], [WIDE], new Date('2031-01-01T00:00:00Z'));
  expect(counts).toEqual({ error: 0, warning: 2, note: 0, suppressed: 0 });
  expect((findings as unknown[])[1]).toEqual(['warning', 'suppression-expired', 'suppressions[0]', 'accepted.json', 'the suppression of unsafe-namespace at aws_iam_role.Reader was accepted until 2030-12-31: one team']);
});

test.each<[string, Json, string]>([
  ['a reason', { ...ENTRY, reason: ' ' }, 'the suppression of unsafe-namespace at aws_iam_role.Reader has no reason, and is not applied'],
  ['a date', { ...ENTRY, expires: undefined }, 'the suppression of unsafe-namespace at aws_iam_role.Reader has no date of expiry such as 2030-12-31, and is not applied'],
  ['a real date', { ...ENTRY, expires: '2030-02-30' }, 'the suppression of unsafe-namespace at aws_iam_role.Reader has no date of expiry such as 2030-12-31, and is not applied'],
  ['a place', { ...ENTRY, where: '' }, 'the suppression of unsafe-namespace at no place names no place, and is not applied'],
  ['a rule', { ...ENTRY, rule: 7 }, 'the suppression of no rule at aws_iam_role.Reader names no rule, and is not applied'],
  ['a rule that there is', { ...ENTRY, rule: '__proto__' }, 'the suppression of __proto__ at aws_iam_role.Reader names a rule that there is not, or that cannot be suppressed, and is not applied'],
  ['a rule that can be suppressed', { ...ENTRY, rule: 'suppression-unused' }, 'the suppression of suppression-unused at aws_iam_role.Reader names a rule that there is not, or that cannot be suppressed, and is not applied'],
])('refuses to apply one without %s', (_, entry, message) => {
  const [counts, findings] = suppressed([entry]);
  expect(counts).toEqual({ error: 0, warning: 2, note: 0, suppressed: 0 });
  expect((findings as unknown[])[1]).toEqual(['warning', 'suppression-invalid', 'suppressions[0]', 'accepted.json', message]);
});

test.each([
  ['nothing is there', { ...ENTRY, where: 'aws_iam_role.Other' }], ['another rule', { ...ENTRY, rule: 'unsafe-cluster' }], ['the end is missing', { ...ENTRY, where: 'aws_iam_role.Reade' }],
])('one that matches nothing is said: %s', (_, entry) => {
  const [counts, findings] = suppressed([entry]);
  expect(counts).toEqual({ error: 0, warning: 1, note: 1, suppressed: 0 });
  expect((findings as unknown[])[1]).toEqual(['note', 'suppression-unused', 'suppressions[0]', 'accepted.json', `nothing at ${entry.where} is found by ${entry.rule}`]);
});

test.each([['aws_iam_role.*'], ['*'], ['apps/aws_iam_role.Reade?'], ['app/Team/Role'], ['app/*']])('places are addresses, with a stack or not, and construct paths: %s', where => {
  const model = terraform({ 'aws_iam_role.Reader': { '//': { metadata: { path: 'app/Team/Role' } }, 'name': 'r', 'assume_role_policy': policyOf(NAMESPACE) } });
  expect(suppressed([{ ...ENTRY, where }], [model])[0]).toEqual({ error: 0, warning: 0, note: 0, suppressed: 1 });
});

test('an entry is for its rule alone, and several findings may be its own', () => {
  const [counts] = suppressed([{ ...ENTRY, where: '*' }], [aws(NAMESPACE, { ...NAMESPACE, Sid: 'Two' }, { ...statement(), NotAction: 'x', Action: undefined }), azure({ audience: ['x'] })]);
  expect(counts).toEqual({ error: 0, warning: 2, note: 0, suppressed: 2 });
});

test.each<[string, string, string]>([
  ['is no JSON', '{', 'accepted.json: it is not JSON;'], ['is no list', '{"suppressions": {}}', 'accepted.json: it is no list of suppressions;'], ['lists texts', '["x"]', 'accepted.json: it is no list of suppressions;'],
  ['says more', '[{"rule": "x", "until": "y"}]', 'accepted.json: "until" is no part of a suppression;'],
  ['is too long', JSON.stringify(Array.from({ length: 10_001 }, () => ({}))), 'accepted.json: it has more than 10000 entries;'],
])('refuses a file that %s', (_, contents, message) => {
  expect(() => parseSuppressions(contents, 'accepted.json')).toThrow(InputError);
  expect(() => parseSuppressions(contents, 'accepted.json')).toThrow(message);
});

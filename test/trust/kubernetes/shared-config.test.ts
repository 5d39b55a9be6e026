import { chainOf, readSharedConfig } from '../../../lib/trust/kubernetes/shared-config';
import { text, Unknown } from '../../../lib/trust/value';

const arn = new Unknown('apps/aws_iam_role.Hub.arn');
const CHAIN = text('[profile step-1]\nrole_arn = ', arn, '\nweb_identity_token_file = /tokens/aws\n\n[default]\nrole_arn=spoke  \nsource_profile = step-1\n');

test('profiles are read, with values that are not known', () => {
  expect(readSharedConfig(CHAIN)).toEqual(new Map([
    ['step-1', new Map<string, unknown>([['role_arn', arn], ['web_identity_token_file', '/tokens/aws']])],
    ['default', new Map([['role_arn', 'spoke'], ['source_profile', 'step-1']])],
  ]));
});

test('comments, other sections, nested settings and names in quotes are read as SDKs do', () => {
  expect(readSharedConfig('stray = 1\r\n# role_arn = a\r\n[sso-session x]\nrole_arn = no\n[ profile "two words" ] # x\nROLE_ARN = b\ns3 =\n  role_arn = c\n[plain]\nrole_arn = d'))
    .toEqual(new Map([['two words', new Map([['role_arn', 'b'], ['s3', '']])]]));
});

test.each([
  ['a document that is not known', arn],
  ['a line that is not known', text('[default]\n', arn, ' = x')],
  ['a section that is not known', text('[profile ', arn, ']\nrole_arn = x')],
])('nothing is said of %s', (_, content) => expect(readSharedConfig(content)).toBeUndefined());

test('a chain begins at the token', () => {
  expect(chainOf(readSharedConfig(CHAIN)!, 'default')).toEqual({
    steps: [{ profile: 'step-1', roleArn: arn }, { profile: 'default', roleArn: 'spoke' }], tokenFile: '/tokens/aws',
  });
});

test.each([
  ['[default]\nrole_arn = a\nsource_profile = b\n[profile b]\nrole_arn = b\nsource_profile = default', 'profile default leads back to itself'],
  ['[default]\nrole_arn = a\nsource_profile = b', 'there is no profile b'],
  ['[default]\nrole_arn = a', 'profile default has no source_profile and no web_identity_token_file'],
  ['[default]\nregion = eu-west-1', 'profile default has no role_arn'],
  ['[profile __proto__]\nrole_arn = a', 'there is no profile default'],
])('refuses %j: %s', (content, problem) => expect(chainOf(readSharedConfig(content)!, 'default').problem).toBe(problem));

test('a chain of a hundred thousand profiles ends', () => {
  const content = Array.from({ length: 100_000 }, (_, index) => `[profile p${index}]\nrole_arn = r${index}\nsource_profile = p${index + 1}`).join('\n');
  expect(chainOf(readSharedConfig(content)!, 'p0').problem).toBe('there is no profile p100000');
}, 20_000);

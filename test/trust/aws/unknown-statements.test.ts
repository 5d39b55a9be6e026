import { diffTrust, TerraformResource } from 'cdktf-workload-federation/trust';
import { EKS, eksStatement, iamArn, Plain, policy, provider, read, READER, resource, role, Unknown } from './terraform';

const ACCOUNT = '111122223333';
const eks = provider('Eks', EKS, ['sts.amazonaws.com'], ACCOUNT);
const FEDERATED = { Federated: iamArn(`oidc-provider/${EKS.slice('https://'.length)}`, ACCOUNT) };
const from = (address: string) => ({ IpAddress: { 'aws:SourceIp': address } });
/** A statement that lets a service account in, and asks for something else that no token says. */
const web = (condition: { readonly [key: string]: Plain } = {}, more: { readonly [key: string]: Plain } = {}): Plain => {
  const { Condition, ...rest } = eksStatement(READER, { Principal: FEDERATED });
  return { ...rest, Condition: { ...Condition as object, ...condition }, ...more } as Plain;
};
const hub = role('Hub', policy(web()), {}, ACCOUNT);
const assume = (condition?: Plain): Plain => ({ Effect: 'Allow', Principal: { AWS: iamArn('role/Hub', ACCOUNT) }, Action: 'sts:AssumeRole', Condition: condition });
const may = (condition: Plain) => resource('aws_iam_role_policy.Hub', {
  name: 'chain', role: 'Hub', policy: policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*', Condition: condition }),
});
const vpc = (id: string) => ({ StringEquals: { 'aws:SourceVpc': id } });

const changeOf = (before: readonly TerraformResource[], after: readonly TerraformResource[]) =>
  diffTrust(read(...before).identities, read(...after).identities).identities.map(({ change }) => change);
/** What a change does to a role with statements, and to one that is become through another. */
const ofStatements = (...statements: readonly (readonly Plain[])[]) => {
  const [before, after] = statements.map(of => [eks, role('Reader', policy(...of), {}, ACCOUNT)] as const);
  return changeOf(before!, after!);
};

test.each<[string, readonly Plain[], readonly Plain[]]>([
  ['another statement lets it in from everywhere', [web(from('10.0.0.0/8'))], [web(from('10.0.0.0/8')), web(from('0.0.0.0/0'))]],
  ['the second of two Denys goes', [web(), web(from('10.0.0.0/8'), { Effect: 'Deny' }), web(from('192.0.2.0/24'), { Effect: 'Deny' })], [web(), web(from('10.0.0.0/8'), { Effect: 'Deny' })]],
  ['another variable is for a statement', [web(), '${var.a}'].map((statement, index) => index === 0 ? web(from('10.0.0.0/8')) : statement), [web(from('10.0.0.0/8')), '${var.b}']],
  ['another statement compares with another variable', [web({ StringEquals: { 'aws:SourceVpc': new Unknown('apps/var.a') } })],
    [web({ StringEquals: { 'aws:SourceVpc': new Unknown('apps/var.a') } }), web({ StringEquals: { 'aws:SourceVpc': new Unknown('apps/var.b') } })]],
])('it is unknown whom a role lets in where %s', (_, before, after) => {
  expect(ofStatements(before, after)).toEqual(['unknown']);
});

test.each<[string, readonly Plain[], readonly Plain[]]>([
  ['the order is another', [web(from('10.0.0.0/8')), web(from('192.0.2.0/24'))], [web(from('192.0.2.0/24')), web(from('10.0.0.0/8'))]],
  ['one is there twice', [web(from('10.0.0.0/8'))], [web(from('10.0.0.0/8')), web(from('10.0.0.0/8'), { Sid: 'Again' })]],
])('it is the same where %s', (_, before, after) => {
  expect(ofStatements(before, after)).toEqual(['same']);
});

test.each<[string, readonly TerraformResource[], readonly TerraformResource[]]>([
  ['another statement of its trust', [eks, hub, role('Spoke', policy(assume(vpc('vpc-1'))), {}, ACCOUNT)],
    [eks, hub, role('Spoke', policy(assume(vpc('vpc-1')), assume(vpc('vpc-2'))), {}, ACCOUNT)]],
  ['another condition of who asks', [eks, hub, may(vpc('vpc-1')), role('Spoke', policy({ ...assume() as object, Principal: { AWS: ACCOUNT } }), {}, ACCOUNT)],
    [eks, hub, may(vpc('vpc-2')), role('Spoke', policy({ ...assume() as object, Principal: { AWS: ACCOUNT } }), {}, ACCOUNT)]],
])('it is unknown whom a role lets in through another one with %s', (_, before, after) => {
  expect(changeOf(before, after)).toEqual(['same', 'unknown']);
  expect(changeOf(before, before)).toEqual(['same', 'same']);
});

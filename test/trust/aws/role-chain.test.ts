import '../counting';
import { TerraformResource } from 'cdktf-workload-federation/trust';
import { workOf } from '../work';
import { admits, EKS, eksStatement, iamArn, identity, outline, Plain, policy, provider, read, READER, resource, role, text, token, Unknown } from './terraform';

const [HERE, THERE] = ['111122223333', '444455556666'];
const eks = provider('Eks', EKS, ['sts.amazonaws.com'], HERE);
const FEDERATED = eksStatement(READER, { Principal: { Federated: iamArn(`oidc-provider/${EKS.slice('https://'.length)}`, HERE) } });
const trusting = (principal: Plain, more: { readonly [key: string]: Plain } = {}) =>
  policy({ Effect: 'Allow', Principal: { AWS: principal }, Action: 'sts:AssumeRole', ...more });
const hub = (more: { readonly [key: string]: Plain } = {}) => role('Hub', policy(FEDERATED), more, HERE);
const may = (resources: Plain, effect = 'Allow', condition?: Plain) => resource('aws_iam_role_policy.Hub', {
  name: 'chain', role: 'Hub', policy: policy({ Effect: effect, Action: 'sts:AssumeRole', Resource: resources, Condition: condition }),
});
const HUB = iamArn('role/Hub', HERE);

test('a role in the same account needs no more than to be named', () => {
  const part = read(eks, hub(), role('Spoke', trusting(HUB), {}, HERE));
  const [door] = identity(part, 'Spoke').doors;
  expect(door!.mechanism).toBe('aws-role-chain');
  expect(door!.through).toBe(identity(part, 'Hub'));
  expect(door!.who).toEqual([{
    issuer: EKS, subject: READER, wildcards: false, audiences: ['sts.amazonaws.com'], conditions: ['through aws_iam_role.Hub'],
    where: { address: 'aws_iam_role.Spoke', file: 'apps/cdk.tf.json', stack: 'apps', attribute: 'assume_role_policy' },
  }]);
  expect(outline(door!.judge(token(), 1000))).toEqual(['aws-role-chain yes', 'aws-principal yes', 'aws-action yes']);
  expect(outline(door!.judge(token({ sub: 'another' })))).toEqual(['aws-condition no', 'aws-role-chain yes', 'aws-principal yes', 'aws-action yes']);
});

test('a role in another account also needs a policy of its own', () => {
  const spoke = role('Spoke', trusting(HUB), {}, THERE);
  const target = iamArn('role/Spoke', THERE);
  const answer = (...more: readonly TerraformResource[]) => admits(identity(read(eks, hub(), spoke, ...more), 'Spoke'), token());
  expect([
    answer(), answer(may(target)), answer(may('*')), answer(may(iamArn('role/Other', THERE))), answer(may(target, 'Deny')),
    answer(may(target, 'Allow', { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } })),
    answer(resource('aws_iam_role_policy_attachment.Hub', { role: 'Hub', policy_arn: 'arn:aws:iam::aws:policy/AdministratorAccess' })),
  ]).toEqual(['no', 'yes', 'yes', 'no', 'no', 'unknown', 'unknown']);
});

test('a Deny of its own policies stops a role that is named in the same account', () => {
  expect(admits(identity(read(eks, hub(), may('*', 'Deny'), role('Spoke', trusting(HUB), {}, HERE)), 'Spoke'), token())).toBe('no');
});

test('a permissions boundary may leave out what the policies allow', () => {
  const part = read(eks, hub({ permissions_boundary: 'arn:aws:iam::1:policy/edge' }), may('*'), role('Spoke', trusting(HUB), {}, THERE));
  expect(admits(identity(part, 'Spoke'), token())).toBe('unknown');
  expect(part.notes).toEqual([{
    message: 'what this role may do is limited by the permissions boundary arn:aws:iam::1:policy/edge',
    where: { address: 'aws_iam_role.Hub', file: 'apps/cdk.tf.json', stack: 'apps', attribute: 'permissions_boundary' },
  }]);
});

test('an account as a whole leaves it to the policies of its roles', () => {
  const answer = (principal: Plain, ...more: readonly TerraformResource[]) =>
    admits(identity(read(eks, hub(), role('Spoke', trusting(principal), {}, HERE), ...more), 'Spoke'), token());
  const target = iamArn('role/Spoke', HERE);
  expect([
    answer(iamArn('root', HERE)), answer(HERE), answer(HERE, may(target)), answer(iamArn('root', HERE), may(target)), answer(THERE, may(target)),
    answer('*', may(target)), answer(HERE, resource('aws_iam_role_policy_attachment.Hub', { role: 'Hub', policy_arn: 'arn:aws:iam::aws:policy/A' })),
  ]).toEqual(['no', 'no', 'yes', 'yes', 'no', 'yes', 'unknown']);
});

test('a principal that is known after apply may be any role that the token becomes', () => {
  const spoke = identity(read(eks, hub(), role('Spoke', trusting(new Unknown('apps/var.role')), {}, HERE)), 'Spoke');
  expect([admits(spoke, token()), admits(spoke, token({ sub: 'other' }))]).toEqual(['unknown', 'no']);
});

test('compares what the session of a role brings along', () => {
  const answer = (condition: Plain, more: { readonly [key: string]: Plain } = {}) =>
    admits(identity(read(eks, hub(more), role('Spoke', trusting(HUB, { Condition: condition }), {}, HERE)), 'Spoke'), token());
  expect([
    answer({ ArnEquals: { 'aws:PrincipalArn': HUB } }), answer({ ArnEquals: { 'aws:PrincipalArn': iamArn('role/Other', HERE) } }),
    answer({ StringEquals: { 'aws:PrincipalAccount': HERE } }), answer({ StringEquals: { 'aws:PrincipalAccount': THERE } }),
    answer({ StringEquals: { 'aws:PrincipalTag/Team': 'red' } }, { tags_all: { team: 'red' } }),
    answer({ StringEquals: { 'aws:PrincipalTag/Team': 'red' } }, { tags_all: { team: 'blue' } }),
    answer({ StringEquals: { 'aws:PrincipalTag/Team': 'red' } }, { tags_all: {} }), answer({ StringEquals: { 'aws:PrincipalTag/Team': 'red' } }),
    answer({ StringEquals: { 'sts:ExternalId': 'x' } }), answer({ Bool: { 'aws:MultiFactorAuthPresent': 'true' } }),
  ]).toEqual(['yes', 'no', 'yes', 'no', 'yes', 'no', 'no', 'unknown', 'unknown', 'unknown']);
});

test('follows longer chains, and ends where they come back', () => {
  const to = (name: string) => iamArn(`role/${name}`, HERE);
  const part = read(eks, hub(), role('A', trusting([HUB, to('C')]), {}, HERE), role('B', trusting([to('A'), to('B')]), {}, HERE), role('C', trusting(to('B')), {}, HERE));
  expect(['A', 'B', 'C'].map(name => admits(identity(part, name), token()))).toEqual(['yes', 'yes', 'yes']);
  expect(['A', 'B', 'C'].map(name => admits(identity(part, name), token({ sub: 'other' })))).toEqual(['no', 'no', 'no']);
  expect(identity(part, 'C').doors[0]!.who.map(({ conditions }) => conditions)).toEqual([['through aws_iam_role.Hub', 'through aws_iam_role.A', 'through aws_iam_role.B']]);
});

describe('EKS Pod Identity with a target role', () => {
  const ARN = `arn:aws:eks:eu-west-1:${HERE}:cluster/apps`;
  const pods = (more: { readonly [key: string]: Plain } = {}) => policy({
    Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action: ['sts:AssumeRole', 'sts:TagSession'], ...more,
  });
  const target = iamArn('role/Target', THERE);
  const base = [
    resource('aws_eks_cluster.Apps', { name: 'apps', arn: ARN, identity: [{ oidc: [{ issuer: EKS }] }] }),
    role('Pod', pods(), {}, HERE),
    resource('aws_iam_role_policy.Pod', { name: 'chain', role: 'Pod', policy: policy({ Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: target }) }),
  ];
  const association = (more: { readonly [key: string]: Plain } = {}) => resource('aws_eks_pod_identity_association.Exporter', {
    cluster_name: 'apps', namespace: 'reports', service_account: 'reader', role_arn: iamArn('role/Pod', HERE), target_role_arn: target, ...more,
  });
  const pod = token({
    'aud': ['pods.eks.amazonaws.com'], 'kubernetes.io': { namespace: 'reports', serviceaccount: { name: 'reader' }, pod: { name: 'reader-1', uid: '5e1f3a52' } },
  });
  const answer = (trust: { readonly [key: string]: Plain }, more: { readonly [key: string]: Plain } = {}, claims = pod) => admits(identity(read(
    ...base, association(more), role('Target', trusting(iamArn('role/Pod', HERE), { Action: ['sts:AssumeRole', 'sts:TagSession'], ...trust }), {}, THERE),
  ), 'Target'), claims);
  const tags = (namespace: string) => ({
    Condition: { StringEquals: { 'aws:RequestTag/kubernetes-namespace': namespace, 'aws:RequestTag/eks-cluster-arn': ARN } },
  });

  test('compares the tags that EKS gives', () => {
    expect([
      answer({}), answer(tags('reports')), answer(tags('billing')), answer({ Action: 'sts:AssumeRole' }),
      answer({}, {}, token({ sub: 'other', aud: ['pods.eks.amazonaws.com'] })), answer({}, {}, token()),
    ]).toEqual(['yes', 'yes', 'no', 'no', 'no', 'no']);
  });

  test('compares the external id that EKS gives', () => {
    const id = (externalId: string) => ({ Condition: { StringEquals: { 'sts:ExternalId': externalId } } });
    expect([
      answer(id(`eu-west-1/${HERE}/apps/reports/reader`), { disable_session_tags: true }), answer(id(`eu-west-1/${HERE}/apps/reports/other`), { disable_session_tags: true }),
    ]).toEqual(['yes', 'no']);
  });

  test('refuses a target that does not trust the role', () => {
    const part = read(...base, association(), role('Target', trusting(iamArn('role/Other', HERE)), {}, THERE));
    expect(outline(identity(part, 'Target').doors[0]!.judge(pod))).toEqual(['aws-role-chain yes', 'aws-principal no', 'aws-action no']);
  });
});

test('all principals but some may be any role that may ask', () => {
  const answer = (except: Plain, ...more: readonly TerraformResource[]) => admits(identity(read(
    eks, hub(), role('Spoke', policy({ Effect: 'Allow', NotPrincipal: { AWS: except }, Action: 'sts:AssumeRole' }), {}, HERE), ...more,
  ), 'Spoke'), token());
  expect([answer(iamArn('user/x', HERE), may('*')), answer(HUB, may('*')), answer(new Unknown('apps/var.p'), may('*')), answer(iamArn('user/x', HERE))])
    .toEqual(['yes', 'no', 'unknown', 'no']);
});

test('principals of which not even the kind is known, or of a role only a part of the name, may be any role that they match', () => {
  const answer = (principal: Plain) => admits(identity(read(
    eks, hub(), may('*'), role('Spoke', policy({ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }), {}, HERE),
  ), 'Spoke'), token());
  const named = (prefix: string) => ({ AWS: iamArn(text(`role/${prefix}`, new Unknown('apps/var.p')), HERE) });
  expect([answer(new Unknown('apps/var.p')), answer(named('')), answer(named('H')), answer(named('X'))]).toEqual(['unknown', 'unknown', 'unknown', 'no']);
});

test('a policy of which it is not known whose it is may be of any role that has such a name', () => {
  const document = policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' });
  const answer = (type: string, values: { readonly [key: string]: Plain }) => {
    const part = read(eks, hub(), role('Spoke', trusting(iamArn('root', HERE)), {}, HERE), resource(`${type}.Some`, values));
    return [admits(identity(part, 'Spoke'), token()), admits(identity(part, 'Spoke'), token({ sub: 'other' })), ...part.notes.map(({ message }) => message)];
  };
  const name = new Unknown('apps/var.r');
  const arn = 'arn:aws:iam::aws:policy/A';
  const any = ['unknown', 'no', 'which role has this policy is not known: ${var.r}'];
  expect([
    answer('aws_iam_role_policy', { role: name, policy: document }), answer('aws_iam_role_policy_attachment', { role: name, policy_arn: arn }),
    answer('aws_iam_policy_attachment', { roles: [name], policy_arn: arn }), answer('aws_iam_policy_attachment', { roles: name, policy_arn: arn }),
    answer('aws_iam_role_policy', { role: text('Hu', name), policy: document }), answer('aws_iam_role_policy', { role: text('X', name), policy: document }),
  ]).toEqual([
    any, any, any, any, ['unknown', 'no', 'which role has this policy is not known: Hu${var.r}'], ['no', 'no', 'which role has this policy is not known: X${var.r}'],
  ]);
});

test.each([8, 20, 50])('%i roles that may all become one another take work as the cube of their number, as each names all others', count => {
  const names = Array.from({ length: count }, (_, index) => `R${index}`);
  const part = read(eks, hub(), ...names.flatMap(name => [
    role(name, trusting([iamArn('root', HERE), ...name === 'R0' ? [HUB] : []]), {}, HERE),
    resource(`aws_iam_role_policy.${name}`, {
      name: 'chain', role: name, policy: policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: count > 20 ? names.map(to => iamArn(`role/${to}`, HERE)) : '*' }),
    }),
  ]));
  const work = workOf(() => {
    const [mine, other] = [token(), token({ sub: 'other' })];
    expect(names.map(name => [admits(identity(part, name), mine), admits(identity(part, name), other)])).toEqual(names.map(() => ['yes', 'no']));
    expect(part.identities.flatMap(({ doors }) => doors.map(door => [door.who.length, door.atoms.length])).length).toBe(count * count + 2);
  });
  expect(work / count ** 3).toBeLessThan(2000);
});

test('a session of a role that may be reached is followed further', () => {
  const by = (name: string) => iamArn(`role/${name}`, HERE);
  const unknown = resource('aws_iam_role_policy_attachment.A', { role: 'A', policy_arn: 'arn:aws:iam::aws:policy/A' });
  const part = read(
    eks, hub(), role('A', trusting(HUB), {}, HERE), unknown, role('B', trusting(iamArn('root', HERE)), {}, HERE), role('C', trusting(by('B')), {}, HERE),
  );
  const answers = (sub: string) => ['A', 'B', 'C'].map(name => admits(identity(part, name), token({ sub })));
  expect([answers(READER), answers('other')]).toEqual([['yes', 'unknown', 'unknown'], ['no', 'no', 'no']]);
});

test('a role whose name is known after apply, and that is named by it, is no other role', () => {
  const name = new Unknown('apps/aws_iam_role.Other.name');
  const arn = iamArn(text('role/', name), HERE);
  const other = resource('aws_iam_role.Other', { name, arn, assume_role_policy: trusting(iamArn('user/x', HERE)) });
  expect(admits(identity(read(eks, hub(), other, role('Spoke', trusting(arn), {}, HERE)), 'Spoke'), token())).toBe('no');
});

import { show } from 'cdktf-workload-federation/trust';
import { admits, EKS, identity, outline, Plain, policy, read, resource, role, token, iamArn, Unknown } from './terraform';

const ACCOUNT = '111122223333';
const ARN = `arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/apps`;
const EXPORTER = 'system:serviceaccount:reports:exporter';
const TRUST: { readonly [key: string]: Plain } = {
  Effect: 'Allow', Principal: { Service: 'pods.eks.amazonaws.com' }, Action: ['sts:AssumeRole', 'sts:TagSession'],
  Condition: {
    StringEquals: {
      'aws:RequestTag/eks-cluster-arn': ARN, 'aws:RequestTag/kubernetes-namespace': 'reports', 'aws:RequestTag/kubernetes-service-account': 'exporter',
    },
  },
};
const CLAIM = { namespace: 'reports', serviceaccount: { name: 'exporter' }, pod: { name: 'exporter-1', uid: '5e1f3a52' } };
const POD = token({ 'sub': EXPORTER, 'aud': ['pods.eks.amazonaws.com'], 'kubernetes.io': CLAIM });

function association(more: { readonly [key: string]: Plain } = {}) {
  return resource('aws_eks_pod_identity_association.Exporter', {
    cluster_name: 'apps', namespace: 'reports', service_account: 'exporter', region: 'eu-west-1', role_arn: iamArn('role/Pod', ACCOUNT), ...more,
  });
}

const cluster = resource('aws_eks_cluster.Apps', { name: 'apps', arn: ARN, identity: [{ oidc: [{ issuer: EKS }] }] });
const pod = (trust: Plain = TRUST, more: { readonly [key: string]: Plain } = {}) => role('Pod', policy(trust), more, ACCOUNT);
const answer = (trust: Plain, more: { readonly [key: string]: Plain } = {}, claims = POD) =>
  admits(identity(read(pod(trust), association(more), cluster), 'Pod'), claims);

test('a service account of the cluster becomes the role of its association', () => {
  const part = read(pod(), association(), cluster);
  const [door] = identity(part, 'Pod').doors;
  expect(part.notes).toEqual([]);
  expect(door!.who).toEqual([{
    issuer: EKS, subject: EXPORTER, wildcards: false, audiences: ['pods.eks.amazonaws.com'],
    conditions: [
      `StringEquals aws:RequestTag/eks-cluster-arn ${ARN}`, 'StringEquals aws:RequestTag/kubernetes-namespace reports',
      'StringEquals aws:RequestTag/kubernetes-service-account exporter',
    ],
    where: { address: 'aws_eks_pod_identity_association.Exporter', file: 'apps/cdk.tf.json', stack: 'apps' },
  }]);
  expect(outline(door!.judge(POD, 1000))).toEqual([
    'token-time yes', 'aws-association yes', 'aws-association yes', 'aws-association yes', 'aws-principal yes', 'aws-action yes',
    'aws-condition yes', 'aws-condition yes', 'aws-condition yes',
  ]);
});

test.each<[string, { readonly [claim: string]: Plain }]>([
  ['another service account', { sub: 'system:serviceaccount:reports:reader' }],
  ['another cluster', { iss: `${EKS}0` }],
  ['another audience', { aud: ['sts.amazonaws.com'] }],
])('refuses a token of %s', (_, claims) => {
  expect(answer(TRUST, {}, token({ sub: EXPORTER, aud: ['pods.eks.amazonaws.com'], ...claims }))).toBe('no');
});

test.each<[string, Plain]>([
  ['that is not there', undefined],
  ['of another namespace', { ...CLAIM, namespace: 'billing' }],
  ['of another service account', { ...CLAIM, serviceaccount: { name: 'reader' } }],
  ['without a service account', { ...CLAIM, serviceaccount: undefined }],
  ['without a pod', { ...CLAIM, pod: undefined }],
  ['with a pod that has no uid', { ...CLAIM, pod: { name: 'exporter-1' } }],
  ['that is a text', JSON.stringify(CLAIM)],
  ['that is known when Terraform runs', new Unknown('claim')],
])('does not know what EKS makes of a token with a claim of Kubernetes %s, and says why', (_, claim) => {
  const claims = token({ 'sub': EXPORTER, 'aud': ['pods.eks.amazonaws.com'], 'kubernetes.io': claim });
  const gates = identity(read(pod(), association(), cluster), 'Pod').doors[0]!.judge(claims);
  expect(outline(gates).filter(gate => !gate.endsWith('yes')).slice(0, 1)).toEqual(['aws-association unknown']);
  expect(gates.find(({ verdict }) => verdict === 'unknown')).toEqual({
    gate: 'aws-association', verdict: 'unknown',
    want: `a token of a pod, whose claim kubernetes.io says the same as sub ${EXPORTER}`,
    have: `kubernetes.io ${show(claims.get('kubernetes.io'))}`, remedy: 'use a token that the kubelet asked for: AWS does not say which of the two EKS reads',
    where: { address: 'aws_eks_pod_identity_association.Exporter', file: 'apps/cdk.tf.json', stack: 'apps' },
  });
});

test('refuses a token whose subject is another, whatever its claim of Kubernetes says', () => {
  expect(answer(TRUST, {}, token({ 'sub': 'system:serviceaccount:reports:reader', 'aud': ['pods.eks.amazonaws.com'], 'kubernetes.io': CLAIM }))).toBe('no');
});

test('each action may be allowed by a statement of its own, and any that is denied is enough', () => {
  const trust = (...statements: readonly Plain[]) => admits(identity(read(role('Pod', policy(...statements), {}, ACCOUNT), association(), cluster), 'Pod'), POD);
  const [assume, tag] = ['sts:AssumeRole', 'sts:TagSession'].map(action => ({ ...TRUST, Action: action }));
  expect([trust(assume, tag), trust(assume), trust(tag), trust(TRUST, { ...tag, Effect: 'Deny' }), trust(TRUST, { ...TRUST, Effect: 'Deny', Action: 'sts:AssumeRoleWithSAML' })])
    .toEqual(['yes', 'no', 'no', 'no', 'yes']);
});

test('without the cluster in the input, the issuer is unknown and the service account is not', () => {
  const reader = identity(read(pod(), association()), 'Pod');
  expect([admits(reader, POD), admits(reader, token({ sub: 'other', aud: 'pods.eks.amazonaws.com' }))]).toEqual(['unknown', 'no']);
});

test('refuses a trust policy of another namespace, cluster, service or action', () => {
  const tagged = (tag: string, value: string) => ({ ...TRUST, Condition: { StringEquals: { [`aws:RequestTag/${tag}`]: value } } });
  expect([
    answer(tagged('kubernetes-namespace', 'billing')), answer(tagged('eks-cluster-arn', `${ARN}2`)), answer(tagged('eks-cluster-name', 'apps')),
    answer({ ...TRUST, Principal: { Service: 'ec2.amazonaws.com' } }), answer({ ...TRUST, Principal: '*' }), answer({ ...TRUST, Action: 'sts:AssumeRole' }),
    answer({ ...TRUST, Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } } }), answer({ ...TRUST, Condition: { StringEquals: { 'aws:SourceAccount': '1' } } }),
  ]).toEqual(['no', 'no', 'yes', 'no', 'no', 'no', 'unknown', 'no']);
});

test('without session tags no tag is compared, and none is needed', () => {
  const plain = { ...TRUST, Action: 'sts:AssumeRole', Condition: undefined };
  const disabled = { disable_session_tags: true };
  expect([
    answer(plain, disabled), answer(plain), answer(TRUST, disabled), answer(plain, { disable_session_tags: new Unknown('apps/var.tags') }),
  ]).toEqual(['yes', 'no', 'no', 'unknown']);
});

test('a role without an association in the input may have one elsewhere', () => {
  const reader = identity(read(pod(), cluster), 'Pod');
  expect([admits(reader, POD), admits(reader, token({ sub: 'system:serviceaccount:billing:exporter', aud: 'pods.eks.amazonaws.com' }))]).toEqual(['unknown', 'no']);
  expect(reader.doors[0]!.atoms).toEqual([
    { claim: ['aud'], pattern: 'pods.eks.amazonaws.com', wildcards: false }, { claim: ['sub'], pattern: EXPORTER, wildcards: true },
  ]);
});

test('says which association cannot be read, and which has a role that is not there', () => {
  const where = { address: 'aws_eks_pod_identity_association.Exporter', file: 'apps/cdk.tf.json', stack: 'apps' };
  expect(read(association({ namespace: undefined })).notes).toEqual([
    { message: 'the association has no cluster_name, namespace, service_account or role_arn that can be read', where },
  ]);
  expect(read(association({ role_arn: 'arn:aws:iam::1:role/x' })).notes).toEqual([
    { message: 'the role arn:aws:iam::1:role/x is not in the input', where: { ...where, attribute: 'role_arn' } },
  ]);
});

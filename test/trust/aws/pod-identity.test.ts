import { diffTrust, show } from 'cdktf-workload-federation/trust';
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
    { claim: ['aud'], pattern: 'pods.eks.amazonaws.com', wildcards: false },
    ...['reports:exporter', 'reports:*', '*:exporter', '*:*'].map(pattern => ({ claim: ['sub'], pattern: `system:serviceaccount:${pattern}`, wildcards: true })),
  ]);
});

describe('what a change does to whom others may let in by an association of their own', () => {
  const tagged = (tags: { readonly [tag: string]: Plain }, operator = 'StringEquals') => (
    { ...TRUST, Condition: { [operator]: Object.fromEntries(Object.entries(tags).map(([tag, value]) => [`aws:RequestTag/${tag}`, value])) } });
  const TAGS = { 'eks-cluster-arn': ARN, 'kubernetes-namespace': 'reports', 'kubernetes-service-account': 'exporter' };
  const diff = (before: readonly Plain[], after: readonly Plain[], parts = [association(), cluster]) => {
    const [old, now] = [before, after].map(statements => read(role('Pod', policy(...statements), {}, ACCOUNT), ...parts).identities);
    const { identities: [found] } = diffTrust(old!, now!);
    return [found!.change, ...found!.notes];
  };
  const who = 'whoever may create an association of EKS Pod Identity, and pass the role, may let in ';
  const variable = 'aws-condition: StringEquals aws:RequestTag/kubernetes-namespace ${var.namespace}';
  const plain = { ...TRUST, Condition: undefined };
  const deny = (statement: { readonly [key: string]: Plain }) => ({ ...statement, Action: 'sts:AssumeRole', Effect: 'Deny' });
  const [assume, handOn] = ['sts:AssumeRole', 'sts:TagSession'].map(action => (statement: { readonly [key: string]: Plain }) => ({ ...statement, Action: action })) as [typeof deny, typeof deny];
  const { 'eks-cluster-arn': _, ...noCluster } = TAGS;

  test.each<[string, readonly Plain[], readonly Plain[], readonly string[]]>([
    ['nothing', [TRUST], [tagged(TAGS, 'ForAnyValue:StringEquals')], ['same']],
    ['nothing, by other operators', [tagged(TAGS, 'ArnEquals')], [tagged(TAGS, 'StringLike')], ['same']],
    ['the service account is not compared', [TRUST], [tagged({ ...TAGS, 'kubernetes-service-account': undefined })],
      ['unknown', `now, and not before, ${who}reports/any of cluster ${ARN}`]],
    ['the namespace is not compared', [TRUST], [tagged({ ...TAGS, 'kubernetes-namespace': undefined })],
      ['unknown', `now, and not before, ${who}any/exporter of cluster ${ARN}`]],
    ['the cluster is not compared', [TRUST], [tagged(noCluster)], ['unknown', `now, and not before, ${who}reports/exporter of any cluster`]],
    ['the name of the cluster is compared, and not the ARN', [TRUST], [tagged({ ...noCluster, 'eks-cluster-name': 'apps' })],
      ['unknown', `now, and not before, ${who}reports/exporter of any cluster of the name apps`]],
    ['the name of the cluster is compared besides', [TRUST], [tagged({ ...TAGS, 'eks-cluster-name': 'apps' })], ['same']],
    ['the service account is compared now', [tagged({ ...TAGS, 'kubernetes-service-account': undefined })], [TRUST],
      ['narrowed', `before, and not now, ${who}reports/any of cluster ${ARN}`]],
    ['a second service account', [TRUST], [tagged({ ...TAGS, 'kubernetes-service-account': ['exporter', 'reader'] })],
      ['unknown', `now, and not before, ${who}reports/reader of cluster ${ARN}`]],
    ['a pattern', [TRUST], [tagged({ ...TAGS, 'kubernetes-service-account': 'export*' }, 'StringLike')],
      ['unknown', `now, and not before, ${who}reports/exportany of cluster ${ARN}`]],
    ['upper and lower case', [TRUST], [tagged(TAGS, 'StringEqualsIgnoreCase')], ['unknown', `now, and not before, ${who}reports/exporter of cluster ${ARN.slice(0, -1)}S`]],
    ['tags are compared if they are there', [TRUST], [tagged(TAGS, 'StringEqualsIfExists')], ['unknown', `now, and not before, ${who}reports/any of cluster ${ARN}`]],
    ['a second statement without tags', [TRUST], [TRUST, { ...TRUST, Action: 'sts:AssumeRole', Condition: undefined }],
      ['unknown', `now, and not before, ${who}reports/any of cluster ${ARN}`]],
    ['a statement that denies one goes', [tagged(noCluster), { ...tagged({ 'kubernetes-service-account': 'exporter', 'eks-cluster-arn': `${ARN}2` }), Effect: 'Deny' }], [tagged(noCluster)],
      ['unknown', `now, and not before, ${who}reports/exporter of cluster ${ARN}2`]],
    ['a name is not denied any more, beside a namespace', [tagged({ 'kubernetes-namespace': 'reports' }), deny(tagged({ 'kubernetes-service-account': 'admin' }))],
      [tagged({ 'kubernetes-namespace': 'reports' })], ['unknown', `now, and not before, ${who}reports/admin of any cluster`]],
    ['all names but one are not denied any more, and fewer namespaces are let in', [tagged({ 'kubernetes-namespace': ['reports', 'x'] }), deny(tagged({ 'kubernetes-service-account': 'admin' }))],
      [tagged({ 'kubernetes-namespace': 'reports' })], ['unknown', `now, and not before, ${who}reports/admin of any cluster`, `before, and not now, ${who}x/any of any cluster`]],
    ['each action has a statement of its own', [assume(tagged({ 'kubernetes-namespace': 'reports' })), handOn(tagged({ 'kubernetes-service-account': 'exporter' }))],
      [assume(tagged({ 'kubernetes-namespace': 'reports' })), handOn(tagged({ 'kubernetes-service-account': ['exporter', 'reader'] }))],
      ['unknown', `now, and not before, ${who}reports/reader of any cluster`]],
    ['everybody is not denied any more', [plain, { ...deny(tagged({ 'kubernetes-namespace': 'reports' }, 'StringNotEquals')), Principal: '*' }], [plain],
      ['unknown', `whether now, and not before, ${who}any/any of any cluster, depends on aws-deny: not what the Deny statement denies: *, sts:AssumeRole, StringNotEquals aws:RequestTag/kubernetes-namespace reports`]],
    ['who is not of AWS is denied', [plain], [plain, { ...deny({ ...TRUST, Condition: { Bool: { 'aws:PrincipalIsAWSService': 'false' } } }), Principal: '*' }], ['same']],
    ['a pod of one name', [tagged({ ...TAGS, 'kubernetes-pod-name': 'exporter-0' })], [TRUST], ['widened', `now, and not before, ${who}reports/exporter in the pod any of cluster ${ARN}`]],
    ['a namespace that only Terraform knows', [TRUST], [tagged({ ...TAGS, 'kubernetes-namespace': new Unknown('apps/var.namespace') })],
      [
        'unknown', `whether now, and not before, ${who}\${var.namespace}/exporter of cluster ${ARN}, depends on aws-condition: StringEquals aws:RequestTag/kubernetes-namespace reports`,
        `whether before, and not now, ${who}reports/exporter of cluster ${ARN}, depends on ${variable}`,
      ]],
    ['a variable', [TRUST], [tagged({ ...TAGS, 'kubernetes-namespace': '${aws:RequestTag/kubernetes-service-account}' })],
      ['unknown', `before, and not now, ${who}reports/exporter of cluster ${ARN}`, `not all could be tried whom ${who.trimEnd()}`]],
  ])('%s', (__, before, after, expected) => {
    expect(diff(before, after)).toEqual(expected);
    // It is the same where no association is in the input.
    expect(diff(before, after, [cluster])[0]).toBe(expected[0] === 'widened' ? 'unknown' : expected[0]);
  });

  test.each([1, 120])('one of %d service accounts goes', count => {
    const names = [...Array.from({ length: count }, (__, index) => `exporter-${index}`), 'exporter'];
    const [all, less] = [names, names.slice(1)].map(list => [tagged({ ...TAGS, 'kubernetes-service-account': list })]);
    expect(diff(all!, less!)).toEqual(['narrowed', `before, and not now, ${who}reports/exporter-0 of cluster ${ARN}`]);
  });

  test('a statement for each of several service accounts is the same as one for all', () => {
    const names = Array.from({ length: 12 }, (__, index) => `exporter-${index}`);
    const each = names.map(name => tagged({ ...TAGS, 'kubernetes-service-account': name }));
    expect(diff(each, [tagged({ ...TAGS, 'kubernetes-service-account': names })])).toEqual(['same']);
  });

  test.each<[string, readonly Plain[], readonly Plain[]]>([
    ['another variable for a policy', ['${var.a}'], ['${var.b}']],
    ['another variable for a statement', [TRUST, '${var.a}'], [TRUST, '${var.b}']],
    ['a variable for the service', [{ ...TRUST, Principal: { Service: 'ec2.amazonaws.com' } }], [{ ...TRUST, Principal: { Service: new Unknown('apps/var.service') } }]],
    ['a condition that is none', [{ ...TRUST, Condition: { StringEquals: { 'aws:RequestTag/kubernetes-namespace': { x: 'a' } } } }],
      [{ ...TRUST, Condition: { StringEquals: { 'aws:RequestTag/kubernetes-namespace': { x: 'b' } } } }]],
  ])('it is unknown what becomes of %s', (__, before, after) => {
    expect([diff(before, after)[0], diff(before, after, [cluster])[0]]).toEqual(['unknown', 'unknown']);
  });

  test('a cluster that is compared besides is a narrower trust, also where the cluster\'s issuer is not known', () => {
    const unknown = resource('aws_eks_cluster.Apps', { name: 'apps', arn: ARN });
    expect([[association(), unknown], []].map(parts => diff([tagged(noCluster)], [TRUST], parts)))
      .toEqual([0, 1].map(() => ['narrowed', `before, and not now, ${who}reports/exporter of any cluster`]));
  });

  describe('with a target role', () => {
    const TARGET = iamArn('role/Target', '444455556666');
    const targeted = association({ target_role_arn: TARGET });
    const may = resource('aws_iam_role_policy.Pod', {
      role: 'Pod', policy: policy({ Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: TARGET }),
    });
    const target = (condition: Plain) => role('Target', policy({
      Effect: 'Allow', Principal: { AWS: iamArn('role/Pod', ACCOUNT) }, Action: ['sts:AssumeRole', 'sts:TagSession'], Condition: condition,
    }), {}, '444455556666');
    const EXTERNAL_ID = { 'sts:ExternalId': `eu-west-1/${ACCOUNT}/apps/reports/exporter` };
    const byTags = (tags: { readonly [tag: string]: Plain }) => Object.fromEntries(Object.entries(tags).map(([tag, value]) => [`aws:RequestTag/${tag}`, value]));
    const changes = (before: readonly [pod: Plain, target: Plain], after: readonly [pod: Plain, target: Plain]) => {
      const [old, now] = [before, after].map(([ofPod, ofTarget]) => read(pod(ofPod), may, target(ofTarget), targeted, cluster).identities);
      return diffTrust(old!, now!).identities.map(({ change, notes }) => [change, ...notes]);
    };

    test.each<[string, Parameters<typeof changes>, readonly (readonly string[])[]]>([
      ['its external id is not compared', [[plain, { StringEquals: EXTERNAL_ID }], [plain, undefined]],
        [['same'], ['unknown', `now, and not before, ${who}any/any of any cluster`]]],
      ['it compares another external id too', [[plain, { StringEquals: EXTERNAL_ID }], [plain, { StringEquals: { 'sts:ExternalId': [EXTERNAL_ID['sts:ExternalId'], 'x'] } }]],
        [['same'], ['unknown', `now, and not before, ${who}any/any of any cluster with the external id x`]]],
      ['its namespace is not compared', [[plain, { StringEquals: byTags(TAGS) }], [plain, { StringEquals: byTags({ ...TAGS, 'kubernetes-namespace': undefined }) }]],
        [['same'], ['unknown', `now, and not before, ${who}any/exporter of cluster ${ARN}`]]],
      ['the first role compares what the target does not any more', [[TRUST, { StringEquals: byTags(TAGS) }], [TRUST, undefined]], [['same'], ['same']]],
      ['the first role lets in more', [[TRUST, undefined], [tagged(noCluster), undefined]],
        [['unknown', `now, and not before, ${who}reports/exporter of any cluster`], ['unknown', `now, and not before, ${who}reports/exporter of any cluster`]]],
      ['the first role lets in less', [[tagged(noCluster), undefined], [TRUST, undefined]],
        [['narrowed', `before, and not now, ${who}reports/exporter of any cluster`], ['narrowed', `before, and not now, ${who}reports/exporter of any cluster`]]],
    ])('%s', (__, [before, after], expected) => expect(changes(before, after)).toEqual(expected));
  });

  test('an association that comes or goes lets in whom it names, and is no matter of others', () => {
    const untagged = assume(plain);
    const disabled = { disable_session_tags: true };
    const second = resource('aws_eks_pod_identity_association.Reader', {
      cluster_name: 'apps', namespace: 'reports', service_account: 'reader', region: 'eu-west-1', role_arn: iamArn('role/Pod', ACCOUNT), ...disabled,
    });
    const of2 = (...more: ReturnType<typeof association>[]) => read(pod(untagged), association(disabled), cluster, ...more).identities;
    const [added] = diffTrust(of2(), of2(second)).identities;
    expect([added!.change, added!.gained?.get('sub'), added!.notes]).toEqual(['widened', 'system:serviceaccount:reports:reader', []]);
    const [removed] = diffTrust(of2(second), of2()).identities;
    expect([removed!.change, removed!.lost?.get('sub'), removed!.notes]).toEqual(['narrowed', 'system:serviceaccount:reports:reader', []]);
  });
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

import type { AppliedResource, RunningPod } from '../../model';
import { forge, rsaKey } from '../forgery';
import { ACCOUNT, AKS, EKS, NOW, OTHER_ACCOUNT, aws, eksPod, keyOf, policy, resource, role, token } from './fixture';
import type { AwsOptions } from './index';

const ROLE = `arn:aws:iam::${ACCOUNT}:role/pods`;
const TARGET = `arn:aws:iam::${OTHER_ACCOUNT}:role/target`;
const CLUSTER_ARN = `arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/apps`;
const TAGS = { 'aws:RequestTag/eks-cluster-arn': CLUSTER_ARN, 'aws:RequestTag/kubernetes-namespace': 'reports', 'aws:RequestTag/kubernetes-service-account': 'reader' };

const trusting = (condition: object = { StringEquals: TAGS }, actions = ['sts:AssumeRole', 'sts:TagSession'], account = ACCOUNT) =>
  role('pods', { Effect: 'Allow', Action: actions, Principal: { Service: 'pods.eks.amazonaws.com' }, Condition: condition }, {}, account);
const association = (values: object = {}, account = ACCOUNT) => resource('aws_eks_pod_identity_association', {
  cluster_name: 'apps', namespace: 'reports', service_account: 'reader', role_arn: ROLE, target_role_arn: null, disable_session_tags: null, ...values,
}, account);

/** A token as the kubelet projects it for EKS. */
const podToken = (claims: Readonly<Record<string, unknown>> = {}, names: Readonly<Record<string, unknown>> = {}, key = keyOf(EKS)) => token(EKS, {
  'aud': ['pods.eks.amazonaws.com'],
  'kubernetes.io': { namespace: 'reports', serviceaccount: { name: 'reader', uid: 'a' }, pod: { name: 'reader-1', uid: 'b' }, ...names },
  ...claims,
}, undefined, key);

const NOT_ASSUMED = '400 [id]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the associated role., fault: client\n';
const INVALID = '400 [id]: (InvalidTokenException): The specified Kubernetes service account token is invalid., fault: client\n';
const NOT_FOUND = '404 [id]: (ResourceNotFoundException): The specified resource could not be found., fault: client\n';

/** The role of the credentials that the agent gives, or its whole refusal. */
async function ask(
  resources: readonly AppliedResource[], authorization = podToken(), pod: RunningPod = eksPod(), options: Partial<AwsOptions> = {},
): Promise<string> {
  const { internet, aws: cloud } = aws([trusting(), trusting({}, undefined, OTHER_ACCOUNT), ...resources.filter(({ type }) => type !== 'aws_iam_role' && !type.startsWith('aws_iam_role_policy'))], options);
  // EKS looks at a role when the association is made; what becomes of the role later is not its concern.
  cloud.apply({ resources, outputs: {} });
  const { status, body } = await internet.send({ method: 'GET', host: '169.254.170.23', path: '/v1/credentials', headers: { authorization }, body: '', pod });
  if (status !== 200) return `${status} ${body.replace(/^\[[0-9a-f-]{36}\]/, '[id]')}`;
  const given = JSON.parse(body) as Record<string, string>;
  const text = expect.any(String) as string;
  expect(given).toEqual({ AccessKeyId: expect.stringMatching(/^ASIA/), SecretAccessKey: text, Token: text, AccountId: text, Expiration: text });
  const seconds = Date.parse(given.Expiration!) / 1000 - NOW;
  return `${given.AccountId} for ${seconds}`;
}

describe('the agent of EKS Pod Identity', () => {
  test('gives the role of the association', async () => {
    expect(await ask([trusting(), association()])).toBe(`${ACCOUNT} for 21600`);
    expect(await ask([trusting({}), association()])).toBe(`${ACCOUNT} for 21600`);
    expect(await ask([trusting(), association({ region: 'eu-west-1' })])).toBe(`${ACCOUNT} for 21600`);
  });

  test.each<[string, readonly AppliedResource[]]>([
    ['another namespace', [trusting({ StringEquals: { ...TAGS, 'aws:RequestTag/kubernetes-namespace': 'other' } }), association()]],
    ['another account', [trusting({ StringEquals: { ...TAGS, 'aws:RequestTag/kubernetes-service-account': 'other' } }), association()]],
    ['another cluster', [trusting({ StringEquals: { ...TAGS, 'aws:RequestTag/eks-cluster-arn': `${CLUSTER_ARN}2` } }), association()]],
    ['tags, where the association has none', [trusting(), association({ disable_session_tags: true })]],
    ['no tagging', [trusting({}, ['sts:AssumeRole']), association()]],
    ['tagging only', [trusting({}, ['sts:TagSession']), association()]],
    ['the account that EKS is not known to say', [trusting({ StringEquals: { 'aws:SourceAccount': ACCOUNT } }), association()]],
    ['another service', [role('pods', { Effect: 'Allow', Action: 'sts:*', Principal: { Service: 'eks.amazonaws.com' } }), association()]],
    ['nobody', [association()]],
  ])('refuses a role that trusts %s', async (_, resources) => {
    expect(await ask(resources)).toBe(NOT_ASSUMED);
  });

  test('passes no tags where the association has none', async () => {
    expect(await ask([trusting({ Null: { 'aws:RequestTag/kubernetes-namespace': true } }, ['sts:AssumeRole']), association({ disable_session_tags: true })])).toBe(`${ACCOUNT} for 21600`);
  });

  test('says the cluster and its account, where the test wants it to', async () => {
    const condition = { StringEquals: { 'aws:SourceAccount': ACCOUNT }, ArnEquals: { 'aws:SourceArn': CLUSTER_ARN } };
    expect(await ask([trusting(condition), association()], podToken(), eksPod(), { podIdentity: { sourceKeys: true } })).toBe(`${ACCOUNT} for 21600`);
  });

  test.each<[string, object, string]>([
    ['one of another namespace', { namespace: 'other' }, ACCOUNT],
    ['one of another service account', { service_account: 'reader2' }, ACCOUNT],
    ['one of another cluster', { cluster_name: 'apps2' }, ACCOUNT],
    ['one in another region', { region: 'us-east-1' }, ACCOUNT],
    ['one in another account', { role_arn: ROLE.replace(ACCOUNT, OTHER_ACCOUNT) }, OTHER_ACCOUNT],
  ])('refuses with no association but %s', async (_, values, account) => {
    expect(await ask([trusting(), trusting({}, undefined, OTHER_ACCOUNT), association(values, account)])).toBe(NOT_FOUND);
  });

  test.each<[string, string, string]>([
    ['no token', '', '400 Service account token cannot be empty\n'],
    ['what is no token', 'a', '400 Service account token cannot be parsed: The token is not three parts between dots.\n'],
    ['a bearer\'s', `Bearer ${podToken()}`, '400 Service account token cannot be parsed: The header is not base64url without padding.\n'],
    ['a token for STS', podToken({ aud: ['sts.amazonaws.com'] }), INVALID],
    ['a token for several', podToken({ aud: ['pods.eks.amazonaws.com', 'sts.amazonaws.com'] }), INVALID],
    ['an expired token', podToken({ exp: NOW }), '400 [id]: (ExpiredTokenException): The specified Kubernetes service account token is expired., fault: client\n'],
    ['a token without an end', podToken({ exp: undefined }), INVALID],
    ['a token of the future', podToken({ iat: NOW + 1 }), INVALID],
    ['a token of another key', podToken({}, {}, rsaKey(`kid-of-${EKS}`)), INVALID],
    ['a token without algorithm', forge(keyOf(EKS), { iss: EKS }, { alg: 'none', kid: `kid-of-${EKS}` }), INVALID],
    ['a token of another cluster', podToken({ iss: AKS }, {}, keyOf(AKS)), INVALID],
    ['a token of its key in the name of another cluster', podToken({ iss: AKS }), INVALID],
    ['a token of no pod', podToken({}, { pod: undefined }), INVALID],
    ['a token of no account', podToken({ 'kubernetes.io': undefined }), INVALID],
    ['a token of two minds', podToken({}, { namespace: 'other' }), INVALID],
    ['a token with a list of subjects', podToken({ sub: ['system:serviceaccount:reports:reader'] }), INVALID],
  ])('refuses %s', async (_, authorization, message) => {
    expect(await ask([trusting(), association()], authorization)).toBe(message);
  });

  test('refuses the token of a cluster in a pod of another', async () => {
    expect(await ask([trusting({}), association({ cluster_name: 'apps2' })], podToken(), eksPod('apps2', AKS))).toBe(INVALID);
    // A token says its cluster by its issuer, so that of a cluster of the same account and name is not found under another name.
    expect(await ask([trusting({}), association()], podToken(), eksPod('apps2'))).toBe(NOT_FOUND);
  });

  test('is at no other path, and on no other kind of node', async () => {
    const { internet } = aws([trusting(), association()]);
    const request = { method: 'GET', host: '169.254.170.23', path: '/v1/other', headers: { authorization: podToken() }, body: '' };
    expect(await internet.send({ ...request, pod: eksPod() })).toMatchObject({ status: 404 });
    const pod = eksPod();
    expect(await internet.send({ ...request, path: '/v1/credentials', pod: { ...pod, cluster: { ...pod.cluster, kind: 'aks' } } })).toMatchObject({ status: 404 });
    await expect(internet.send({ ...request, path: '/v1/credentials' })).rejects.toThrow('The agent of a node answers pods only.');
  });

  test('tags the session, also for the policies of the role', async () => {
    const { aws: cloud, internet } = aws([trusting(), association(), resource('aws_iam_role_policy', {
      name: 'read', role: 'pods', policy: policy({
        Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-namespace}/${aws:PrincipalTag/kubernetes-pod-uid}/*',
      }),
    })]);
    const { body } = await internet.send({ method: 'GET', host: '169.254.170.23', path: '/v1/credentials', headers: { authorization: podToken() }, body: '', pod: eksPod() });
    expect(JSON.parse(body)).toMatchObject({ AccountId: ACCOUNT });
    const session = cloud.sts.assumeRoleForService('pods.eks.amazonaws.com', {
      roleArn: ROLE, roleSessionName: 'pod', tags: new Map([['eks-cluster-arn', CLUSTER_ARN], ['kubernetes-namespace', 'reports'], ['kubernetes-service-account', 'reader'], ['kubernetes-pod-uid', 'b']]),
    });
    expect(cloud.sts.permits(session, 's3:GetObject', 'arn:aws:s3:::data/reports/b/x', 'eu-west-1')).toBe('allowed');
    expect(cloud.sts.permits(session, 's3:GetObject', 'arn:aws:s3:::data/other/b/x', 'eu-west-1')).toBe('silent');
  });
});

describe('a target role', () => {
  const assume = (Resource: string, actions = ['sts:AssumeRole', 'sts:TagSession']) => resource('aws_iam_role_policy', { name: 'assume', role: 'pods', policy: policy({ Effect: 'Allow', Action: actions, Resource }) });
  const target = (Condition: object, actions = ['sts:AssumeRole', 'sts:TagSession']) =>
    role('target', { Effect: 'Allow', Action: actions, Principal: { AWS: ACCOUNT }, Condition }, {}, OTHER_ACCOUNT);
  const byTags = { StringEquals: TAGS, ArnEquals: { 'aws:PrincipalArn': ROLE } };
  const EXTERNAL_ID = `eu-west-1/${ACCOUNT}/apps/reports/reader`;
  const chained = association({ target_role_arn: TARGET });
  const untagged = association({ target_role_arn: TARGET, disable_session_tags: true });

  test('is assumed by tags or by the external id', async () => {
    expect(await ask([trusting(), assume(TARGET), target(byTags), chained])).toBe(`${OTHER_ACCOUNT} for 3600`);
    const byId = target({ StringEquals: { 'sts:ExternalId': EXTERNAL_ID } }, ['sts:AssumeRole']);
    expect(await ask([trusting({}, ['sts:AssumeRole']), assume(TARGET, ['sts:AssumeRole']), byId, untagged])).toBe(`${OTHER_ACCOUNT} for 3600`);
  });

  test.each<[string, readonly AppliedResource[]]>([
    ['for another namespace', [trusting(), assume(TARGET), target({ StringEquals: { ...TAGS, 'aws:RequestTag/kubernetes-namespace': 'other' } }), chained]],
    ['for another role', [trusting(), assume(TARGET), target({ ArnEquals: { 'aws:PrincipalArn': `${ROLE}2` } }), chained]],
    ['for another external id', [trusting(), assume(TARGET), target({ StringEquals: { 'sts:ExternalId': EXTERNAL_ID.replace('apps', 'apps2') } }), chained]],
    ['by tags that are not there', [trusting({}), assume(TARGET), target(byTags), untagged]],
    ['without the permission of its role', [trusting(), target(byTags), chained]],
    ['without the permission to tag', [trusting(), assume(TARGET, ['sts:AssumeRole']), target(byTags), chained]],
    ['without the trust to tag', [trusting(), assume(TARGET), target(byTags, ['sts:AssumeRole']), chained]],
    ['without the trust in EKS', [target(byTags), chained]],
    ['that trusts EKS and not the role', [trusting(), assume(TARGET), role('target', { Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Principal: { Service: 'pods.eks.amazonaws.com' } }, {}, OTHER_ACCOUNT), chained]],
    ['that is not there', [trusting(), assume(TARGET), chained]],
  ])('refuses %s', async (_, resources) => {
    expect(await ask(resources)).toBe(NOT_ASSUMED);
  });
});

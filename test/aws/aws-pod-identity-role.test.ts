import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { EksCluster } from '@cdktf/provider-aws/lib/eks-cluster';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack, TerraformVariable } from 'cdktf';
import { AwsFederatedRole, AwsPodIdentityRole, AwsPodIdentityRoleProps, Cluster, Workload } from 'cdktf-workload-federation';
import * as fc from 'fast-check';
import { EKS_ISSUER, GKE_ISSUER } from '../clusters';
import { refusal } from '../refusal';
import { scratchStack, stackIn, StackJson, synthApp, synthStack } from '../synth';

const ARN = 'arn:aws:eks:eu-west-1:123456789012:cluster/apps';
const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER, arn: ARN });
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const other = Cluster.eks({ name: 'other', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/1', arn: ARN.replace(/apps$/, 'other') });
const reader = eks.serviceAccount('reports', 'reader');

const trustOf = (stack: StackJson) => stack.data.aws_iam_policy_document!.Role_Trust_229B7AE4;
const associationsOf = (stack: StackJson) => Object.values(stack.resource.aws_eks_pod_identity_association!);
const roleWith = (props: Partial<AwsPodIdentityRoleProps>) => new AwsPodIdentityRole(scratchStack(), 'Role', { trusts: [reader], ...props });
const rulesOf = (role: AwsPodIdentityRole) => role.node.metadata.map(({ type, data }) => [type, data.split(':')[0]]);

/** The three ways by which the ARN of a cluster comes to be known, and how it is then written. */
const WAYS: [string, (stack: TerraformStack) => Cluster, string, string, string][] = [
  ['a literal ARN', () => eks, 'apps', ARN, 'eu-west-1'],
  [
    'the ARN of a resource', stack => Cluster.fromEksCluster(new EksCluster(stack, 'Cluster', { name: 'apps', roleArn: 'r', vpcConfig: { subnetIds: [] } })),
    '${aws_eks_cluster.Cluster.name}', '${aws_eks_cluster.Cluster.arn}', '${element(split(":", aws_eks_cluster.Cluster.arn), 3)}',
  ],
  [
    'the ARN of a data source', stack => Cluster.fromEksCluster(new DataAwsEksCluster(stack, 'Cluster', { name: 'apps' })),
    '${data.aws_eks_cluster.Cluster.name}', '${data.aws_eks_cluster.Cluster.arn}', '${element(split(":", data.aws_eks_cluster.Cluster.arn), 3)}',
  ],
  ['an ARN that is looked up', () => Cluster.eks({ name: 'apps', issuer: EKS_ISSUER }), 'apps', '${data.aws_eks_cluster.EksCluster-eks-apps.arn}', 'eu-west-1'],
];

describe.each(WAYS)('with %s', (_, clusterIn, name, arn, region) => {
  test('service accounts of a namespace share one statement, and each namespace has its own', () => {
    const stack = synthStack(scope => {
      const cluster = clusterIn(scope);
      new AwsPodIdentityRole(scope, 'Role', {
        trusts: [cluster.serviceAccount('reports', 'writer'), cluster.serviceAccount('billing', 'reader'), cluster.serviceAccount('reports', 'reader')],
        roleName: 'reports-reader',
      });
    });
    const statement = (namespace: string, names: string[]) => ({
      effect: 'Allow',
      actions: ['sts:AssumeRole', 'sts:TagSession'],
      principals: [{ type: 'Service', identifiers: ['pods.eks.amazonaws.com'] }],
      condition: [
        { test: 'StringEquals', variable: 'aws:RequestTag/eks-cluster-arn', values: [arn] },
        { test: 'StringEquals', variable: 'aws:RequestTag/kubernetes-namespace', values: [namespace] },
        { test: 'StringEquals', variable: 'aws:RequestTag/kubernetes-service-account', values: names },
      ],
    });
    expect(trustOf(stack)).toEqual({ statement: [statement('billing', ['reader']), statement('reports', ['reader', 'writer'])] });
    expect(stack.resource.aws_iam_role).toEqual({
      Role: { name: 'reports-reader', assume_role_policy: '${data.aws_iam_policy_document.Role_Trust_229B7AE4.json}' },
    });
    expect(associationsOf(stack)).toEqual([['billing', 'reader'], ['reports', 'reader'], ['reports', 'writer']].map(([namespace, account]) => ({
      cluster_name: name, region, namespace, service_account: account, role_arn: '${aws_iam_role.Role.arn}',
    })));
    expect(stack.resource.aws_iam_openid_connect_provider).toBeUndefined();
  });
});

test('the addresses of associations are made of cluster, namespace and name', () => {
  const stack = synthStack(scope => new AwsPodIdentityRole(scope, 'Role', { trusts: [reader] }));
  expect(Object.keys(stack.resource.aws_eks_pod_identity_association!)).toEqual([
    expect.stringMatching(/^Role_Association_eks-apps_reports_reader_[0-9A-F]{8}$/),
  ]);
});

test('the ARN of a cluster is looked up once in a stack, whichever role needs it', () => {
  const cluster = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
  const stack = synthStack(scope => {
    new AwsPodIdentityRole(scope, 'A', { trusts: [cluster.serviceAccount('reports', 'a')], sourceConditions: true });
    new AwsPodIdentityRole(scope, 'B', { trusts: [cluster.serviceAccount('reports', 'b')] });
  });
  expect(stack.data.aws_eks_cluster).toEqual({
    'EksCluster-eks-apps': {
      name: 'apps',
      region: 'eu-west-1',
      lifecycle: {
        // A name says less than an issuer: a cluster that was created again has the name of the old one.
        postcondition: [{
          condition: `\${(self.identity.0.oidc.0.issuer == "${EKS_ISSUER}")}`,
          error_message: 'The EKS cluster of this name has another issuer than cluster eks-apps: it is another cluster, or was created again.',
        }],
      },
    },
  });
});

describe('who passes', () => {
  const CLUSTERS = ['eu-west-1:123456789012:cluster/apps', 'eu-west-1:123456789012:cluster/data', 'eu-west-1:210987654321:cluster/apps', 'us-east-1:123456789012:cluster/apps']
    .map(end => `arn:aws:eks:${end}`);
  const NAMESPACES = ['reports', 'billing', 'report'];
  const ACCOUNTS = ['reader', 'writer', 'reports'];
  const LATTICE = CLUSTERS.flatMap(arn => NAMESPACES.flatMap(namespace => ACCOUNTS.map(account => [arn, namespace, account] as const)));
  const known = CLUSTERS.map((arn, index) => Cluster.eks({ name: arn.split('/')[1]!, id: `c${index}`, issuer: `https://oidc.eks.${arn.split(':')[3]}.amazonaws.com/id/${index}`, arn }));
  /** EKS takes roles of its own account: the other one only asks. */
  const OWN = LATTICE.filter(([arn]) => arn.includes(':123456789012:'));

  /** IAM in small: statements are alternatives, conditions of one must all hold, and values of a condition are alternatives. */
  const passes = (statements: any[], tags: Record<string, string>) => statements.some(({ condition = [] }) => condition.every(
    ({ test: operator, variable, values }: any) => operator === 'StringEquals' && values.includes(tags[variable])));
  const passing = (statements: any[]) => LATTICE.filter(([arn, namespace, account]) => passes(statements, {
    'aws:RequestTag/eks-cluster-arn': arn, 'aws:RequestTag/kubernetes-namespace': namespace, 'aws:RequestTag/kubernetes-service-account': account,
  }));

  test('exactly the trusted service accounts do, whichever they are', () => {
    fc.assert(fc.property(fc.subarray(OWN, { minLength: 1, maxLength: 9 }), trusted => {
      const stack = synthStack(scope => new AwsPodIdentityRole(scope, 'Role', {
        trusts: trusted.map(([arn, namespace, account]) => known[CLUSTERS.indexOf(arn)]!.serviceAccount(namespace, account)), trustPolicyQuota: 8192,
      }));
      expect(passing(trustOf(stack).statement)).toEqual(trusted);
    }), { numRuns: 40, seed: 20260101 });
  });

  test('in one statement, namespaces and names would go with each other', () => {
    // What the construct must not write, so that the matcher is seen to tell the difference.
    const crossed = [['cluster-arn', CLUSTERS[0]], ['namespace', 'reports', 'billing'], ['service-account', 'reader', 'writer']];
    const condition = crossed.map(([key, ...values]) => ({
      test: 'StringEquals', variable: `aws:RequestTag/${key === 'cluster-arn' ? 'eks-' : 'kubernetes-'}${key}`, values,
    }));
    expect(passing([{ condition }])).toHaveLength(4);
  });
});

describe('without session tags', () => {
  test('the trust policy compares nothing, and that is warned of', () => {
    const stack = synthStack(scope => {
      const role = new AwsPodIdentityRole(scope, 'Role', {
        trusts: [reader, eks.serviceAccount('billing', 'reader'), other.serviceAccount('a', 'b')],
        disableSessionTags: true,
      });
      expect(rulesOf(role)).toEqual([['@cdktf/warn', 'pod-identity-without-session-tags']]);
    });
    expect(trustOf(stack)).toEqual({
      statement: [{ effect: 'Allow', actions: ['sts:AssumeRole', 'sts:TagSession'], principals: [{ type: 'Service', identifiers: ['pods.eks.amazonaws.com'] }] }],
    });
    expect(associationsOf(stack).map(association => association.disable_session_tags)).toEqual([true, true, true]);
  });

  test('it compares the cluster on request, one statement for each', () => {
    const stack = synthStack(scope => new AwsPodIdentityRole(scope, 'Role', {
      trusts: [
        reader, eks.serviceAccount('billing', 'reader'),
        Cluster.eks({ name: 'other', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/1' }).serviceAccount('a', 'b'),
      ],
      disableSessionTags: true,
      sourceConditions: true,
    }));
    const statement = (account: string, arn: string) => ({
      effect: 'Allow',
      actions: ['sts:AssumeRole', 'sts:TagSession'],
      principals: [{ type: 'Service', identifiers: ['pods.eks.amazonaws.com'] }],
      condition: [
        { test: 'StringEquals', variable: 'aws:SourceAccount', values: [account] },
        { test: 'ArnEquals', variable: 'aws:SourceArn', values: [arn] },
      ],
    });
    expect(trustOf(stack)).toEqual({
      statement: [
        statement('123456789012', ARN),
        statement('${element(split(":", data.aws_eks_cluster.EksCluster-eks-other.arn), 4)}', '${data.aws_eks_cluster.EksCluster-eks-other.arn}'),
      ],
    });
  });
});

test('with session tags, the cluster is compared by its source too, on request', () => {
  const stack = synthStack(scope => {
    const role = new AwsPodIdentityRole(scope, 'Role', { trusts: [reader], sourceConditions: true });
    expect(rulesOf(role)).toEqual([]);
  });
  expect(trustOf(stack)).toEqual({
    statement: [{
      effect: 'Allow',
      actions: ['sts:AssumeRole', 'sts:TagSession'],
      principals: [{ type: 'Service', identifiers: ['pods.eks.amazonaws.com'] }],
      condition: [
        { test: 'StringEquals', variable: 'aws:RequestTag/eks-cluster-arn', values: [ARN] },
        { test: 'StringEquals', variable: 'aws:RequestTag/kubernetes-namespace', values: ['reports'] },
        { test: 'StringEquals', variable: 'aws:RequestTag/kubernetes-service-account', values: ['reader'] },
        { test: 'StringEquals', variable: 'aws:SourceAccount', values: ['123456789012'] },
        { test: 'ArnEquals', variable: 'aws:SourceArn', values: [ARN] },
      ],
    }],
  });
  expect(associationsOf(stack)).toEqual([{
    cluster_name: 'apps', region: 'eu-west-1', namespace: 'reports', service_account: 'reader', role_arn: '${aws_iam_role.Role.arn}',
  }]);
});

test('a role by ARN is associated and granted, and neither made nor trusted', () => {
  const stack = synthStack(scope => {
    const role = AwsPodIdentityRole.fromRoleArn(scope, 'Role', {
      roleArn: 'arn:aws:iam::123456789012:role/workloads/reader', trusts: [reader], disableSessionTags: true, policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
    });
    role.grantBucketRead('arn:aws:s3:::acme-reports');
    role.grantBucketWrite('arn:aws:s3:::acme-reports', { prefix: 'out/' });
    role.grantBucketPut('arn:aws:s3:::acme-reports', { prefix: 'log/' });
    expect(role.resource).toBeUndefined();
    // The trust policy is somebody else's, and so is what it compares.
    expect(rulesOf(role)).toEqual([]);
  });
  expect(Object.keys(stack.resource)).toEqual(['aws_eks_pod_identity_association', 'aws_iam_role_policy', 'aws_iam_role_policy_attachment']);
  expect(associationsOf(stack)).toEqual([{
    cluster_name: 'apps',
    region: 'eu-west-1',
    namespace: 'reports',
    service_account: 'reader',
    role_arn: 'arn:aws:iam::123456789012:role/workloads/reader',
    disable_session_tags: true,
  }]);
  expect(Object.values(stack.resource.aws_iam_role_policy_attachment!)).toEqual([{ role: 'reader', policy_arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }]);
  expect(Object.values(stack.resource.aws_iam_role_policy!).map(({ role }) => role)).toEqual(['reader']);
  expect(Object.values(stack.data.aws_iam_policy_document!)).toEqual([{
    statement: [
      { effect: 'Allow', actions: ['s3:ListBucket'], resources: ['arn:aws:s3:::acme-reports'] },
      { effect: 'Allow', actions: ['s3:GetObject'], resources: ['arn:aws:s3:::acme-reports/*'] },
      { effect: 'Allow', actions: ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'], resources: ['arn:aws:s3:::acme-reports/out/*'] },
      { effect: 'Allow', actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: ['arn:aws:s3:::acme-reports/log/*'] },
    ],
  }]);
});

test.each(['platform', 'explicit'] as const)('a workload with %s wiring carries nothing, and waits for the association', wiring => {
  const stack = synthStack(scope => {
    const role = new AwsPodIdentityRole(scope, 'Role', { trusts: [reader, eks.serviceAccount('reports', 'writer')] });
    const workload = new Workload(scope, 'Workload', { serviceAccount: reader, identities: [role], wiring });
    new PodV1(scope, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'aws', image: 'amazon/aws-cli' }] } }));
  });
  expect(Object.values(stack.resource.kubernetes_service_account_v1!)).toEqual([{
    metadata: { name: 'reader', namespace: 'reports' },
    depends_on: [expect.stringMatching(/^aws_eks_pod_identity_association\.Role_Association_eks-apps_reports_reader_[0-9A-F]{8}$/)],
  }]);
  expect(stack.resource.kubernetes_config_map_v1).toBeUndefined();
  expect(Object.values(stack.resource.kubernetes_pod_v1!)).toEqual([{
    metadata: { name: 'reader', namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}' },
    spec: { container: [{ name: 'aws', image: 'amazon/aws-cli' }], service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}' },
  }]);
});

test('the default namespace and service account are warned of', () => {
  expect(rulesOf(roleWith({ trusts: [eks.serviceAccount('default', 'default')] }))).toEqual([
    ['@cdktf/warn', 'default-namespace'], ['@cdktf/warn', 'default-service-account'],
  ]);
});

test('a token is accepted in every prop that is checked', () => {
  const stack = scratchStack();
  const text = new TerraformVariable(stack, 'text', { type: 'string' }).stringValue;
  const cluster = Cluster.eks({ name: 'tokens', issuer: text, arn: text });
  const role = new AwsPodIdentityRole(stack, 'Role', { trusts: [cluster.serviceAccount(text, text)], roleName: text, permissionsBoundary: text, sourceConditions: true });
  expect(role.associations).toHaveLength(1);
  expect(AwsPodIdentityRole.fromRoleArn(stack, 'Existing', { trusts: [cluster.serviceAccount(text, 'b')], roleArn: text }).associations).toHaveLength(1);
});

describe('refuses', () => {
  test.each([
    ['an empty trust', { trusts: [] }, 'EmptyTrust', 'trusts must name at least one service account, got "[]"; '
      + 'pass cluster.serviceAccount(namespace, name); an identity that nobody can become is not created'],
    ['a cluster that is not EKS', { trusts: [reader, gke.serviceAccount('reports', 'reader')] }, 'WrongCluster',
      'trusts must be of EKS clusters, as nobody else has EKS Pod Identity, got "gke-apps of kind \\"gke\\""; use AwsFederatedRole, which takes every cluster'],
    ['the same issuer under another kind', { trusts: [Cluster.oidc({ name: 'x', issuer: GKE_ISSUER }).serviceAccount('a', 'b')] }, 'WrongCluster',
      'trusts must be of EKS clusters, as nobody else has EKS Pod Identity, got "oidc-x of kind \\"oidc\\""; use AwsFederatedRole, which takes every cluster'],
    ['a whole namespace', { trusts: [reader, eks.unsafeEveryServiceAccountOfNamespace('reports') as any] }, 'InvalidIdentifier',
      'trusts must name service accounts, as an association does, got "system:serviceaccount:reports:*"; list them, or use AwsFederatedRole'],
    ['a whole cluster', { trusts: [eks.unsafeEveryServiceAccountOfCluster() as any] }, 'InvalidIdentifier',
      'trusts must name service accounts, as an association does, got "system:serviceaccount:*"; list them, or use AwsFederatedRole'],
    ['a name that IAM refuses', { roleName: 'reports/reader' }, 'InvalidName',
      'roleName must be 1 to 64 letters, digits and "_+=,.@-", got "reports/reader"; shorten it, or leave it out'],
  ] as [string, Partial<AwsPodIdentityRoleProps>, string, string][])('%s', (_, props, code, message) => {
    expect(refusal(() => roleWith(props))).toEqual({ code, message: `stack/Role: ${message}` });
  });

  test('more namespaces than a trust policy holds, with the computed figure', () => {
    const trusts = Array.from({ length: 8 }, (_, index) => eks.serviceAccount(`reports-${index}`, 'reader'));
    // As IAM counts it: without white space, one value not as a list.
    const size = JSON.stringify({
      Version: '2012-10-17',
      Statement: trusts.map(({ namespace }) => ({
        Effect: 'Allow',
        Principal: { Service: 'pods.eks.amazonaws.com' },
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Condition: {
          StringEquals: {
            'aws:RequestTag/eks-cluster-arn': ARN,
            'aws:RequestTag/kubernetes-namespace': namespace,
            'aws:RequestTag/kubernetes-service-account': 'reader',
          },
        },
      })),
    }).length;
    expect(refusal(() => roleWith({ trusts }))).toEqual({
      code: 'LimitExceeded',
      message: `stack/Role: trusts must fit a trust policy of 2048 characters, got "${size} characters for 8 service accounts"; `
        + 'split them over several roles, or have AWS raise "Role trust policy length" (up to 8192) and say so by `trustPolicyQuota`',
    });
    expect(roleWith({ trusts, trustPolicyQuota: size }).trusts).toHaveLength(8);
    expect(refusal(() => roleWith({ trusts, trustPolicyQuota: size - 1 })).code).toBe('LimitExceeded');
    expect(roleWith({ trusts, disableSessionTags: true }).trusts).toHaveLength(8);
  });

  test('an ARN that is no role\'s', () => {
    expect(refusal(() => AwsPodIdentityRole.fromRoleArn(scratchStack(), 'Role', { roleArn: 'reader', trusts: [reader] }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Role: roleArn must be a role\'s ARN like arn:aws:iam::123456789012:role/reports, got "reader"; copy it from the IAM console, or create the role',
    });
  });

  test('an ARN that is no cluster\'s', () => {
    expect(refusal(() => Cluster.eks({ name: 'apps', issuer: EKS_ISSUER, arn: 'apps' }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'Cluster.eks: arn must be an ARN like arn:aws:eks:eu-west-1:123456789012:cluster/apps, got "apps"; leave it out to have it looked up',
    });
    for (const wrong of ['arn:aws:eks:eu-west-1:123456789012:cluster/other', 'arn:aws:eks:us-east-1:123456789012:cluster/apps']) {
      expect(refusal(() => Cluster.eks({ name: 'apps', issuer: EKS_ISSUER, arn: wrong }))).toEqual({
        code: 'InvalidIdentifier',
        message: `Cluster.eks: arn must be that of the cluster (…:eu-west-1:<account>:cluster/apps), got "${wrong}"; `
          + 'copy it from `aws eks describe-cluster`, or leave it out to have it looked up',
      });
    }
    const china = { name: 'apps', issuer: 'https://oidc.eks.cn-north-1.amazonaws.com.cn/id/1', arn: 'arn:aws-cn:eks:cn-north-1:123456789012:cluster/apps' };
    expect(Cluster.eks(china).arn).toBe(china.arn);
  });

  test('clusters of several accounts, or of another than the role\'s', () => {
    const remedy = 'define a role in each account, with its `awsProvider`, and an AwsChainedRole for what they share';
    const foreign = Cluster.eks({ name: 'foreign', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/2', arn: 'arn:aws:eks:eu-west-1:210987654321:cluster/foreign' });
    expect(refusal(() => roleWith({ trusts: [reader, foreign.serviceAccount('reports', 'reader')] }))).toEqual({
      code: 'WrongCluster', message: `stack/Role: trusts must be of clusters in the account of the role, got "123456789012, 210987654321"; ${remedy}`,
    });
    expect(refusal(() => AwsPodIdentityRole.fromRoleArn(scratchStack(), 'Role', { trusts: [reader], roleArn: 'arn:aws:iam::210987654321:role/reader' })).code).toBe('WrongCluster');
    expect(roleWith({ trusts: [reader, other.serviceAccount('reports', 'reader')] }).associations).toHaveLength(2);
  });

  test('the same cluster under two ids, as EKS knows it by its name', () => {
    const again = Cluster.eks({ name: 'apps', id: 'again', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/3', arn: ARN });
    expect(refusal(() => roleWith({ trusts: [reader, again.serviceAccount('reports', 'reader')] })).code).toBe('DuplicateRegistration');
  });

  test('a second association of a service account, in the stack or in another of the app', () => {
    synthApp(app => {
      const [one, two] = [stackIn(app, 'one'), stackIn(app, 'two')];
      new AwsPodIdentityRole(one, 'Role', { trusts: [reader] });
      for (const stack of [one, two]) {
        const again = { trusts: [eks.serviceAccount('reports', 'writer'), eks.serviceAccount('reports', 'reader')] };
        expect(refusal(() => new AwsPodIdentityRole(stack, 'Again', again))).toEqual({
          code: 'DuplicateRegistration',
          message: `${stack.node.id}/Again: trusts must hold service accounts without another association (one/Role has one), `
            + 'got "system:serviceaccount:reports:reader of cluster eks-apps"; EKS takes one association per service account and cluster name: use one role, or two service accounts',
        });
        expect(refusal(() => AwsPodIdentityRole.fromRoleArn(stack, 'Existing', { ...again, roleArn: 'arn:aws:iam::123456789012:role/reader' })).code).toBe('DuplicateRegistration');
      }
      // Nothing was noted of what was refused, and the same names on another cluster are another service account.
      new AwsPodIdentityRole(two, 'Writer', { trusts: [eks.serviceAccount('reports', 'writer')] });
      new AwsPodIdentityRole(two, 'Other', { trusts: [other.serviceAccount('reports', 'reader')] });
    });
    const another = new App();
    expect(new AwsPodIdentityRole(stackIn(another), 'Role', { trusts: [reader] }).associations).toHaveLength(1);
  });

  test('a role for Pod Identity and one for EKS\'s webhook on one workload: the SDKs would take the second', () => {
    const stack = scratchStack();
    const identities = [new AwsPodIdentityRole(stack, 'Role', { trusts: [reader] }), new AwsFederatedRole(stack, 'Irsa', { trusts: [reader] })];
    for (const wiring of ['platform', 'explicit'] as const) {
      expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount: reader, identities, wiring }))).toEqual({
        code: 'ClashingWiring',
        message: 'stack/Workload: identities must not ask for the same cloud twice (stack/Role and stack/Irsa), got "aws"; '
          + 'a workload has at most one identity of each cloud; use one identity, or two service accounts',
      });
    }
    expect(new Workload(stack, 'Workload', { serviceAccount: reader, identities: identities.slice(0, 1) }).resource).toBeDefined();
  });

  test('a container that brings another identity of AWS', () => {
    const stack = scratchStack();
    const role = new AwsPodIdentityRole(stack, 'Role', { trusts: [reader] });
    const workload = new Workload(stack, 'Workload', { serviceAccount: reader, identities: [role] });
    const template = (name: string) => ({ metadata: {}, spec: { container: [{ name: 'aws', env: [{ name, value: 'x' }] }] } });
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE']) {
      expect(refusal(() => workload.podTemplate(template(name))).code).toBe('ClashingWiring');
    }
    expect(workload.podTemplate(template('AWS_REGION')).spec.container).toEqual([{ name: 'aws', env: [{ name: 'AWS_REGION', value: 'x' }] }]);
  });

  test('to wire a service account that the role does not trust', () => {
    const stack = scratchStack();
    new KubernetesProvider(stack, 'Other', { alias: 'other' });
    const role = new AwsPodIdentityRole(stack, 'Role', { trusts: [reader] });
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount: eks.serviceAccount('reports', 'writer'), identities: [role] }))).toEqual({
      code: 'NotTrusted',
      message: 'stack/Role: trusts must hold the service account that uses the identity, system:serviceaccount:reports:writer of cluster eks-apps, '
        + 'got "system:serviceaccount:reports:reader of cluster eks-apps"; add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  });
});

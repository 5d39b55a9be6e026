import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { TerraformStack, TerraformVariable } from 'cdktf';
import { AwsFederatedRole, AwsFederatedRoleProps, Cluster, ClusterOidcProvider, FederationError } from 'cdktf-workload-federation';
import { EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { refusal } from '../refusal';
import { addresses, scratchStack, StackJson, synthStack } from '../synth';

const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const reader = eks.serviceAccount('reports', 'reader');

const trustOf = (stack: StackJson) => stack.data.aws_iam_policy_document!.Role_Trust_229B7AE4;
const permissionsOf = (stack: StackJson) => stack.data.aws_iam_policy_document!.Role_Permissions_A25BF51A;
const roleWith = (props: Partial<AwsFederatedRoleProps>) => new AwsFederatedRole(scratchStack(), 'Role', { trusts: [reader], ...props });

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test('service accounts of a cluster share one statement, and each cluster has its own', () => {
    const stack = synthStack(scope => {
      const [one, two] = [clusters.eks(scope), clusters.gke(scope)];
      new AwsFederatedRole(scope, 'Role', {
        trusts: [two.serviceAccount('reports', 'reader'), one.serviceAccount('reports', 'writer'), one.serviceAccount('reports', 'reader')],
      });
    });
    expect(trustOf(stack)).toEqual({
      statement: [
        {
          effect: 'Allow',
          actions: ['sts:AssumeRoleWithWebIdentity'],
          principals: [{ type: 'Federated', identifiers: ['${aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps.arn}'] }],
          condition: [
            { test: 'StringEquals', variable: `${clusters.eksIssuerWithoutScheme}:aud`, values: ['sts.amazonaws.com'] },
            {
              test: 'StringEquals',
              variable: `${clusters.eksIssuerWithoutScheme}:sub`,
              values: ['system:serviceaccount:reports:reader', 'system:serviceaccount:reports:writer'],
            },
          ],
        },
        {
          effect: 'Allow',
          actions: ['sts:AssumeRoleWithWebIdentity'],
          principals: [{ type: 'Federated', identifiers: ['${aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps.arn}'] }],
          condition: [
            { test: 'StringEquals', variable: `${clusters.gkeIssuerWithoutScheme}:aud`, values: ['sts.amazonaws.com'] },
            { test: 'StringEquals', variable: `${clusters.gkeIssuerWithoutScheme}:sub`, values: ['system:serviceaccount:reports:reader'] },
          ],
        },
      ],
    });
  });

  test('whole namespaces have a statement of their own, and the only wildcards stand in it', () => {
    const stack = synthStack(scope => {
      const cluster = clusters.eks(scope);
      new AwsFederatedRole(scope, 'Role', {
        trusts: [
          cluster.unsafeEveryServiceAccountOfNamespace('reports'), cluster.serviceAccount('billing', 'reader'), cluster.unsafeEveryServiceAccountOfNamespace('batch'),
          clusters.gke(scope).unsafeEveryServiceAccountOfNamespace('reports'),
        ],
      });
    });
    const statement = (provider: string, issuer: string, test: string, values: string[]) => ({
      effect: 'Allow',
      actions: ['sts:AssumeRoleWithWebIdentity'],
      principals: [{ type: 'Federated', identifiers: [`\${aws_iam_openid_connect_provider.ClusterOidcProvider-${provider}.arn}`] }],
      condition: [
        { test: 'StringEquals', variable: `${issuer}:aud`, values: ['sts.amazonaws.com'] },
        { test, variable: `${issuer}:sub`, values },
      ],
    });
    expect(trustOf(stack)).toEqual({
      statement: [
        statement('eks-apps', clusters.eksIssuerWithoutScheme, 'StringEquals', ['system:serviceaccount:billing:reader']),
        statement('eks-apps', clusters.eksIssuerWithoutScheme, 'StringLike', ['system:serviceaccount:batch:*', 'system:serviceaccount:reports:*']),
        statement('gke-apps', clusters.gkeIssuerWithoutScheme, 'StringLike', ['system:serviceaccount:reports:*']),
      ],
    });
  });

  test('order, duplicates and the mode of a GKE cluster do not change the trust', () => {
    const [one, two] = [[0, 1, 2, 3], [3, 1, 2, 0, 1, 1]].map(order => synthStack(scope => {
      const subjects = [
        clusters.gke(scope).serviceAccount('reports', 'reader'), clusters.gkePlain(scope).serviceAccount('reports', 'reader'),
        clusters.eks(scope).serviceAccount('a', 'z'), clusters.eks(scope).serviceAccount('a', 'b'),
      ];
      new AwsFederatedRole(scope, 'Role', { trusts: order.map(index => subjects[index]!) });
    }));
    expect(two).toEqual(one);
    expect(trustOf(one!).statement.map((statement: any) => statement.condition[1].values)).toEqual([
      ['system:serviceaccount:a:b', 'system:serviceaccount:a:z'], ['system:serviceaccount:reports:reader'],
    ]);
  });

  test('refuses the issuer of a trusted cluster for the audience of a role by ARN', () => {
    const stack = scratchStack();
    const { code, message } = refusal(() => AwsFederatedRole.fromRoleArn(stack, 'Role', {
      roleArn: 'arn:aws:iam::123456789012:role/reader',
      trusts: [clusters.oidc(stack).serviceAccount('reports', 'reader')],
      // Read again, which gives another token of the same text.
      audience: clusters.oidc(stack).issuer,
    }));
    expect(code).toBe('InvalidIdentifier');
    expect(message).toContain('stack/Role: audience must not be an audience of the Kubernetes API, which tokens have that pods get without asking, got "');
  });

  test('an issuer that ends in a slash keeps it in the condition keys', () => {
    const stack = synthStack(scope => {
      const cluster = Cluster.oidc({ name: 'k3s', issuer: 'https://oidc.acme.example/k3s/' });
      new AwsFederatedRole(scope, 'Role', { trusts: [cluster.serviceAccount('reports', 'reader')] });
    });
    expect(trustOf(stack).statement[0].condition.map(({ variable }: any) => variable)).toEqual([
      'oidc.acme.example/k3s/:aud', 'oidc.acme.example/k3s/:sub',
    ]);
    expect(Object.values(stack.resource.aws_iam_openid_connect_provider!)[0].url).toBe('https://oidc.acme.example/k3s/');
  });
});

test('everything that a role can be is passed on', () => {
  const stack = synthStack(scope => new AwsFederatedRole(scope, 'Role', {
    trusts: [reader],
    roleName: 'reports-reader',
    path: '/workloads/',
    description: 'Reads reports',
    permissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary',
    maxSessionDuration: 7200,
    tags: { team: 'reports' },
    policyArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess', 'arn:aws:iam::123456789012:policy/team/AmazonS3ReadOnlyAccess'],
    policyStatements: [{ effect: 'Allow', actions: ['sqs:ReceiveMessage'], resources: ['arn:aws:sqs:eu-west-1:123456789012:reports'] }],
  }));
  expect(stack.resource.aws_iam_role).toEqual({
    Role: {
      name: 'reports-reader',
      path: '/workloads/',
      description: 'Reads reports',
      permissions_boundary: 'arn:aws:iam::123456789012:policy/boundary',
      max_session_duration: 7200,
      tags: { team: 'reports' },
      assume_role_policy: '${data.aws_iam_policy_document.Role_Trust_229B7AE4.json}',
    },
  });
  expect(Object.values(stack.resource.aws_iam_role_policy_attachment!)).toEqual([
    { role: '${aws_iam_role.Role.name}', policy_arn: 'arn:aws:iam::123456789012:policy/team/AmazonS3ReadOnlyAccess' },
    { role: '${aws_iam_role.Role.name}', policy_arn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' },
  ]);
  expect(permissionsOf(stack)).toEqual({
    statement: [{ effect: 'Allow', actions: ['sqs:ReceiveMessage'], resources: ['arn:aws:sqs:eu-west-1:123456789012:reports'] }],
  });
  expect(Object.values(stack.resource.aws_iam_role_policy!)).toEqual([{
    name: 'workload-federation', role: '${aws_iam_role.Role.name}', policy: '${data.aws_iam_policy_document.Role_Permissions_A25BF51A.json}',
  }]);
});

test('grants on buckets are the least that reading, putting and writing need', () => {
  const stack = synthStack(scope => {
    const role = new AwsFederatedRole(scope, 'Role', { trusts: [reader] });
    role.grantBucketRead(new S3Bucket(scope, 'Bucket', { bucket: 'acme-reports' }));
    role.grantBucketRead('arn:aws-cn:s3:::acme-archive', { prefix: '2026/' });
    role.grantBucketWrite('arn:aws:s3:::acme-uploads', { prefix: 'reports/' });
    role.grantBucketPut('arn:aws:s3:::acme-backups', { prefix: 'nightly/' });
    role.grantBucketPut(new S3Bucket(scope, 'Logs', { bucket: 'acme-logs' }));
  });
  expect(permissionsOf(stack)).toEqual({
    statement: [
      { effect: 'Allow', actions: ['s3:ListBucket'], resources: ['${aws_s3_bucket.Bucket.arn}'] },
      { effect: 'Allow', actions: ['s3:GetObject'], resources: ['${aws_s3_bucket.Bucket.arn}/*'] },
      {
        effect: 'Allow',
        actions: ['s3:ListBucket'],
        resources: ['arn:aws-cn:s3:::acme-archive'],
        condition: [{ test: 'StringLike', variable: 's3:prefix', values: ['2026/*'] }],
      },
      { effect: 'Allow', actions: ['s3:GetObject'], resources: ['arn:aws-cn:s3:::acme-archive/2026/*'] },
      {
        effect: 'Allow',
        actions: ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
        resources: ['arn:aws:s3:::acme-uploads/reports/*'],
      },
      { effect: 'Allow', actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: ['arn:aws:s3:::acme-backups/nightly/*'] },
      { effect: 'Allow', actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: ['${aws_s3_bucket.Logs.arn}/*'] },
    ],
  });
});

test('a role by ARN is granted a policy that nobody else has, and nothing else of it is touched', () => {
  const stack = synthStack(scope => {
    const arn = new TerraformVariable(scope, 'arn', { type: 'string' }).stringValue;
    for (const [id, roleArn] of [['Literal', 'arn:aws:iam::123456789012:role/workloads/reader'], ['Token', arn]] as const) {
      AwsFederatedRole.fromRoleArn(scope, id, { roleArn, trusts: [reader] }).grantBucketRead('arn:aws:s3:::acme-reports');
    }
  });
  expect(Object.keys(stack.resource)).toEqual(['aws_iam_role_policy']);
  expect(Object.values(stack.resource.aws_iam_role_policy!).map(({ policy: _, ...rest }) => rest)).toEqual([
    { name_prefix: 'workload-federation-', role: 'reader' },
    { name_prefix: 'workload-federation-', role: '${element(reverse(split("/", var.arn)), 0)}' },
  ]);
});

test.each([
  ['that is said', () => 'api://acme'],
  ['that only Terraform knows', (stack: TerraformStack) => new TerraformVariable(stack, 'audience', { type: 'string' }).stringValue],
])('a role by ARN has tokens of an audience %s', (_, audienceIn) => {
  const stack = scratchStack();
  const audience = audienceIn(stack);
  const bind = (id: string, props: object) => AwsFederatedRole.fromRoleArn(stack, id, {
    roleArn: 'arn:aws:iam::123456789012:role/reader', trusts: [reader], region: 'eu-west-1', ...props,
  }).bind(reader, { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'explicit' }).tokens;
  expect(bind('Role', { audience })).toEqual([{ path: 'aws/token', audience }]);
  expect(bind('Default', {})).toEqual([{ path: 'aws/token', audience: 'sts.amazonaws.com' }]);
});

test.each(['platform', 'explicit'] as const)('no container may say by %s wiring where else an SDK finds credentials', wiring => {
  const { reservedEnv } = roleWith({ region: 'eu-west-1' }).bind(reader, { mountPath: '/m', tokenExpirationSeconds: 3600, wiring });
  expect([...reservedEnv].sort()).toEqual([
    'AWS_ACCESS_KEY_ID', 'AWS_CONFIG_FILE', 'AWS_DEFAULT_PROFILE', 'AWS_PROFILE', 'AWS_ROLE_ARN', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN',
    'AWS_SHARED_CREDENTIALS_FILE', 'AWS_WEB_IDENTITY_TOKEN_FILE',
  ]);
});

test('an existing role is adopted by an import block', () => {
  const stack = synthStack(scope => new AwsFederatedRole(scope, 'Role', { trusts: [reader], roleName: 'reader' }).resource!.importFrom('reader'));
  expect(stack.import).toEqual([{ id: 'reader', to: 'aws_iam_role.Role' }]);
});

test('a policy that is named twice is attached once', () => {
  const stack = synthStack(scope => {
    const policy = new TerraformVariable(scope, 'policy', { type: 'string' });
    new AwsFederatedRole(scope, 'Role', { trusts: [reader], policyArns: [policy.stringValue, policy.stringValue] });
  });
  expect(Object.values(stack.resource.aws_iam_role_policy_attachment!)).toEqual([{ role: '${aws_iam_role.Role.name}', policy_arn: '${var.policy}' }]);
});

test('a role that only the stack\'s own code makes stays beside ours', () => {
  const stack = synthStack(scope => {
    new IamRole(scope, 'Other', { assumeRolePolicy: '{}' });
    new AwsFederatedRole(scope, 'Role', { trusts: [reader] });
  });
  expect(Object.keys(addresses(stack))).toEqual([
    'aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps', 'aws_iam_role.Other', 'aws_iam_role.Role',
    'data.aws_iam_policy_document.Role_Trust_229B7AE4',
  ]);
});

test('the default namespace and service account are warned of', () => {
  const role = roleWith({ trusts: [eks.serviceAccount('default', 'default')] });
  expect(role.node.metadata.map(({ type, data }) => [type, data.split(':')[0]])).toEqual([
    ['@cdktf/warn', 'default-namespace'], ['@cdktf/warn', 'default-service-account'],
  ]);
  expect(roleWith({}).node.metadata).toEqual([]);
});

test('a registration by another alias of the stack is warned of, as IAM takes the account\'s own alone', () => {
  const warnings = (alias: string | undefined, providerAlias: string | undefined) => {
    const stack = scratchStack();
    const providers = { one: new AwsProvider(stack, 'One', { alias: 'one' }), two: new AwsProvider(stack, 'Two', { alias: 'two' }) };
    const provider = (name: string | undefined) => name === undefined ? undefined : providers[name as keyof typeof providers];
    const registration = new ClusterOidcProvider(stack, 'Apps', { cluster: eks, awsProvider: provider(providerAlias) });
    return new AwsFederatedRole(stack, 'Role', { trusts: [reader], oidcProviders: [registration], awsProvider: provider(alias) }).node.metadata;
  };
  for (const [alias, other] of [['one', 'two'], ['one', undefined], [undefined, 'two']]) {
    expect(warnings(alias, other).map(({ type, data }) => [type, data])).toEqual([[
      '@cdktf/warn',
      'oidc-provider-of-another-alias: IAM takes tokens by an OIDC provider of the role\'s own account alone: both provider aliases must lead to that account.',
    ]]);
  }
  expect(warnings('one', 'one')).toEqual([]);
  expect(warnings(undefined, undefined)).toEqual([]);
});

test('a whole namespace is warned of', () => {
  expect(roleWith({ trusts: [reader, eks.unsafeEveryServiceAccountOfNamespace('reports')] }).node.metadata.map(({ type, data }) => [type, data])).toEqual([[
    '@cdktf/warn',
    'unsafe-namespace: Every service account of the namespace is trusted, also one that is created tomorrow: '
      + 'whoever may create a pod in the namespace can become the identity.',
  ]]);
});

test('a token is accepted in every prop that is checked', () => {
  const stack = scratchStack();
  const text = new TerraformVariable(stack, 'text', { type: 'string' });
  const number = new TerraformVariable(stack, 'number', { type: 'number' }).numberValue;
  const role = new AwsFederatedRole(stack, 'Role', {
    trusts: [eks.serviceAccount(text.stringValue, text.stringValue)],
    roleName: text.stringValue,
    path: text.stringValue,
    description: text.stringValue,
    permissionsBoundary: text.stringValue,
    maxSessionDuration: number,
    policyArns: [text.stringValue],
  });
  role.grantBucketRead(text.stringValue, { prefix: text.stringValue });
  expect(role.resource).toBeDefined();
});

describe('refuses', () => {
  test('an empty trust', () => {
    expect(() => roleWith({ trusts: [] })).toThrow(new FederationError({
      code: 'EmptyTrust', where: 'stack/Role', prop: 'trusts', rule: 'name at least one service account', got: '[]',
      remedy: 'pass cluster.serviceAccount(namespace, name); an identity that nobody can become is not created',
    }));
  });

  test.each([
    [{ roleName: '' }, 'roleName must be 1 to 64 letters, digits and "_+=,.@-", got ""; shorten it, or leave it out'],
    [{ roleName: 'r'.repeat(65) }, 'roleName must be 1 to 64 letters'],
    [{ roleName: 'reports/reader' }, 'roleName must be 1 to 64 letters'],
    [{ roleNamePrefix: 'r'.repeat(39) }, 'roleNamePrefix must be 1 to 38 letters'],
    [{ roleName: 'reader', roleNamePrefix: 'reader-' }, 'roleNamePrefix must be left out where roleName is given, got "reader-"; choose one of the two'],
    [{ path: 'workloads' }, 'path must start and end with "/" and be at most 512 characters, got "workloads"; write it like "/workloads/"'],
    [{ path: `/${'p'.repeat(511)}/` }, 'path must start and end with "/" and be at most 512 characters'],
    [{ region: 'EU (Ireland)' }, 'region must be a region\'s code like eu-west-1, got "EU (Ireland)"; leave it out for the provider\'s'],
    [{ description: '%{ if true }' }, 'description must hold no "${" or "%{", which Terraform evaluates'],
    [{ description: 'd'.repeat(1001) }, 'description must be at most 1000 characters of Latin-1'],
    [{ permissionsBoundary: 'boundary' }, 'permissionsBoundary must be a policy\'s ARN like arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess, got "boundary"'],
    [{ maxSessionDuration: 3599 }, 'maxSessionDuration must be a whole number from 3600 to 43200, got 3599; give it in seconds; 3600 is one hour'],
    [{ maxSessionDuration: 43201 }, 'maxSessionDuration must be a whole number from 3600 to 43200, got 43201'],
    [{ trustPolicyQuota: 8193 }, 'trustPolicyQuota must be a whole number from 2048 to 8192, got 8193'],
    [{ policyArns: ['AmazonS3ReadOnlyAccess'] }, 'policyArns must be a policy\'s ARN like'],
    [{ policyArns: Array.from({ length: 26 }, (_, index) => `arn:aws:iam::aws:policy/P${index}`) },
      'policyArns must hold at most 25 policies (10 to 20 without a request to AWS), got "26"; merge them, or use policyStatements'],
    [{ policyStatements: Array.from({ length: 60 }, () => ({ actions: ['s3:GetObject'], resources: [`arn:aws:s3:::${'b'.repeat(150)}/*`] })) },
      'policyStatements must fit the 10240 characters of a role\'s inline policies, got "'],
  ] as [Partial<AwsFederatedRoleProps>, string][])('%p', (props, message) => {
    expect(() => roleWith(props)).toThrow(`stack/Role: ${message}`);
  });

  test('a whole cluster, and leaves nothing in the tree', () => {
    const stack = scratchStack();
    const before = stack.node.children.length;
    expect(refusal(() => new AwsFederatedRole(stack, 'Role', { trusts: [reader, gke.unsafeEveryServiceAccountOfCluster()] }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Role: trusts must name service accounts, or at least their namespace, got "every service account of cluster gke-apps"; '
        + 'list the service accounts, or the namespaces by cluster.unsafeEveryServiceAccountOfNamespace(namespace)',
    });
    expect(stack.node.children).toHaveLength(before);
  });

  test('a set that no cluster made', () => {
    expect(refusal(() => roleWith({ trusts: [{ ...eks.unsafeEveryServiceAccountOfNamespace('reports'), subject: '*' }] }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Role: trusts must be made by cluster.serviceAccount(namespace, name), got "*"; '
        + 'ask the cluster for it; a plain object, a changed copy or one of another copy of this package is not accepted',
    });
  });

  test('more service accounts than a trust policy holds, with the computed figure', () => {
    const trusts = Array.from({ length: 40 }, (_, index) => eks.serviceAccount('reports', `reader-${index}`));
    expect(() => roleWith({ trusts })).toThrow(
      'stack/Role: trusts must fit a trust policy of 2048 characters, got "2108 characters for 40 service accounts of 1 cluster"; '
      + 'split them over several roles, or have AWS raise "Role trust policy length" (up to 8192) and say so by `trustPolicyQuota`');
    expect(roleWith({ trusts, trustPolicyQuota: 4096 }).trusts).toHaveLength(40);
  });

  test('more service accounts than a trust policy holds, as far as an issuer is known', () => {
    const stack = scratchStack();
    const issuer = new TerraformVariable(stack, 'issuer', { type: 'string' }).stringValue;
    const cluster = Cluster.eks({ name: 'other', issuer });
    const trusts = Array.from({ length: 50 }, (_, index) => cluster.serviceAccount('reports', `reader-${index}`));
    expect(() => new AwsFederatedRole(stack, 'Role', { trusts })).toThrow('characters for 50 service accounts of 1 cluster"');
    expect(new AwsFederatedRole(stack, 'Few', { trusts: trusts.slice(0, 20) }).trusts).toHaveLength(20);
  });

  test.each([
    ['acme-reports', 'bucket must be a bucket resource or an ARN like arn:aws:s3:::reports'],
    ['arn:aws:s3:::acme-reports/*', 'bucket must be a bucket resource'],
    ['arn:aws:s3:::*', 'bucket must be a bucket resource'],
  ])('a grant on %p', (bucket, message) => {
    for (const grant of ['grantBucketRead', 'grantBucketPut', 'grantBucketWrite'] as const) {
      expect(() => roleWith({})[grant](bucket)).toThrow(`stack/Role: ${message}`);
    }
  });

  test.each(['/reports', '*', 'a?', '&{aws:username}/'])('a grant on the prefix %p', prefix => {
    for (const grant of ['grantBucketRead', 'grantBucketPut', 'grantBucketWrite'] as const) {
      expect(() => roleWith({})[grant]('arn:aws:s3:::acme-reports', { prefix })).toThrow(
        'stack/Role: prefix must be the beginning of keys, without a leading "/", wildcards or policy variables');
    }
  });

  test('an ARN that is no role\'s', () => {
    expect(() => AwsFederatedRole.fromRoleArn(scratchStack(), 'Role', { roleArn: 'reader', trusts: [reader] })).toThrow(
      'stack/Role: roleArn must be a role\'s ARN like arn:aws:iam::123456789012:role/reports, got "reader"');
  });

  test.each([EKS_ISSUER, 'kubernetes', 'https://kubernetes.default.svc', 'kubernetes.default.svc.acme.example'])('the audience %p of the Kubernetes API for a role by ARN', audience => {
    const roleArn = 'arn:aws:iam::123456789012:role/reader';
    expect(refusal(() => AwsFederatedRole.fromRoleArn(scratchStack(), 'Role', { roleArn, trusts: [gke.serviceAccount('a', 'a'), reader], audience }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Role: audience must not be an audience of the Kubernetes API, which tokens have that pods get without asking, '
        + `got "${audience}"; leave it out for the cloud's own audience`,
    });
  });

  test.each(['', 'a b', '*', 'sts.amazonaws.co?', '&{aws:username}', 'a'.repeat(256)])('the audience %p for a role by ARN', audience => {
    const roleArn = 'arn:aws:iam::123456789012:role/reader';
    const got = audience.length > 200 ? `"${audience.slice(1, 200)}… (258 characters)` : `"${audience}"`;
    expect(refusal(() => AwsFederatedRole.fromRoleArn(scratchStack(), 'Role', { roleArn, trusts: [reader], audience }))).toEqual({
      code: 'InvalidIdentifier',
      message: `stack/Role: audience must be 1 to 255 characters without white space, wildcards or "&{", got ${got}; leave it out for the cloud's own audience`,
    });
  });

  test('a registration of another app, though the cluster has the same id', () => {
    const other = new ClusterOidcProvider(scratchStack(), 'Apps', { cluster: eks });
    expect(refusal(() => roleWith({ oidcProviders: [other] }))).toEqual({
      code: 'WrongCluster',
      message: 'stack/Role: oidcProviders must hold registrations of this app, got "stack/Apps of another"; '
        + 'bring it in by its ARN or name: an id says which cluster it is within one app',
    });
  });

  test('registrations that it would not use, and two for one cluster', () => {
    const stack = scratchStack();
    const [gkeProvider, eksProvider] = [gke, eks].map(cluster => new ClusterOidcProvider(stack, cluster.id, { cluster }));
    expect(() => new AwsFederatedRole(stack, 'Role', { trusts: [reader], oidcProviders: [gkeProvider!] })).toThrow(
      'stack/Role: oidcProviders must hold one registration for each cluster that it is used for (eks-apps), got "stack/gke-apps of cluster gke-apps"; '
      + 'leave it out, or add a service account of the cluster to `trusts`');
    expect(() => new AwsFederatedRole(stack, 'Other', { trusts: [reader], oidcProviders: [eksProvider!, eksProvider!] })).toThrow('choose one of the two');
  });

  test('to wire a service account that the role does not trust', () => {
    const options = { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' } as const;
    expect(() => roleWith({}).bind(gke.serviceAccount('reports', 'reader'), options)).toThrow(
      'stack/Role: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster gke-apps, '
      + 'got "system:serviceaccount:reports:reader of cluster eks-apps"');
  });
});

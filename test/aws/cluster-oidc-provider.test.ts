import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3Object } from '@cdktf/provider-aws/lib/s3-object';
import { App, TerraformVariable } from 'cdktf';
import { AwsFederatedRole, Cluster, ClusterOidcProvider } from 'cdktf-workload-federation';
import { EKS_ISSUER, JWKS, LITERAL_AND_TOKENS, PRIVATE_ISSUER } from '../clusters';
import { refusal } from '../refusal';
import { addresses, inFolder, scratchStack, stackIn, synthApp, synthStack } from '../synth';

const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const reader = eks.serviceAccount('reports', 'reader');
const ARN = 'arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test('a provider is created with no thumbprint', () => {
    const stack = synthStack(scope => new ClusterOidcProvider(scope, 'Apps', { cluster: clusters.eks(scope), tags: { team: 'platform' } }));
    expect(stack.resource.aws_iam_openid_connect_provider).toEqual({
      Apps: { url: clusters.eksIssuer, client_id_list: ['sts.amazonaws.com'], tags: { team: 'platform' } },
    });
  });

  test('a provider is looked up by the issuer', () => {
    const stack = synthStack(scope => {
      ClusterOidcProvider.fromLookup(scope, 'Apps', { cluster: clusters.eks(scope) });
      new AwsFederatedRole(scope, 'Role', { trusts: [clusters.eks(scope).serviceAccount('reports', 'reader')] });
    });
    expect(stack.resource.aws_iam_openid_connect_provider).toBeUndefined();
    expect(stack.data.aws_iam_openid_connect_provider).toEqual({ Apps: { url: clusters.eksIssuer } });
    expect(stack.data.aws_iam_policy_document!.Role_Trust_229B7AE4.statement[0].principals[0].identifiers).toEqual([
      '${data.aws_iam_openid_connect_provider.Apps.arn}',
    ]);
  });

  test('a provider is brought in by its ARN, and nothing is created', () => {
    const stack = synthStack(scope => {
      const provider = ClusterOidcProvider.fromArn(scope, 'Apps', { cluster: clusters.eks(scope), arn: ARN });
      new AwsFederatedRole(scope, 'Role', { trusts: [clusters.eks(scope).serviceAccount('reports', 'reader')], oidcProviders: [provider] });
    });
    expect(stack.resource.aws_iam_openid_connect_provider).toBeUndefined();
    expect(stack.data.aws_iam_policy_document!.Role_Trust_229B7AE4.statement[0].principals[0].identifiers).toEqual([ARN]);
  });

  test('ten roles share one provider', () => {
    const stack = synthStack(scope => {
      for (let index = 0; index < 10; index++) {
        new AwsFederatedRole(scope, `Role${index}`, { trusts: [clusters.eks(scope).serviceAccount('reports', `reader-${index}`)] });
      }
    });
    expect(Object.keys(stack.resource.aws_iam_openid_connect_provider!)).toEqual(['ClusterOidcProvider-eks-apps']);
  });

  test('roles find the provider that the stack defined before them', () => {
    const stack = synthStack(scope => {
      new ClusterOidcProvider(scope, 'Apps', { cluster: clusters.eks(scope) });
      new AwsFederatedRole(scope, 'Role', { trusts: [clusters.eks(scope).serviceAccount('reports', 'reader')] });
    });
    expect(Object.keys(stack.resource.aws_iam_openid_connect_provider!)).toEqual(['Apps']);
  });
});

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  const API = 'not be an audience of the Kubernetes API, which tokens have that pods get without asking';

  test.each(['eks', 'oidc'] as const)('refuses the issuer of %s for an audience, in whichever way a provider comes', kind => {
    const stack = scratchStack();
    const cluster = clusters[kind](stack);
    // Read again, which gives another token of the same text.
    const audience = clusters[kind](stack).issuer;
    for (const create of [
      () => new ClusterOidcProvider(stack, 'Apps', { cluster, audience }),
      () => ClusterOidcProvider.fromArn(stack, 'Apps', { cluster, audience, arn: ARN }),
      () => ClusterOidcProvider.fromLookup(stack, 'Apps', { cluster, audience }),
    ]) {
      const { code, message } = refusal(create);
      expect(code).toBe('InvalidIdentifier');
      expect(message.startsWith(`stack/Apps: audience must ${API}, got "`)).toBe(true);
    }
    expect(refusal(() => new ClusterOidcProvider(stack, 'Apps', { cluster, clientIdList: ['sts.amazonaws.com', audience] })).message)
      .toContain(`stack/Apps: clientIdList must ${API}, got "`);
    expect(stack.node.tryFindChild('Apps')).toBeUndefined();
  });
});

test('an audience that only Terraform knows is accepted', () => {
  const stack = synthStack(scope => {
    const audience = new TerraformVariable(scope, 'audience', { type: 'string' }).stringValue;
    new ClusterOidcProvider(scope, 'Apps', { cluster: eks, audience });
  });
  expect(stack.resource.aws_iam_openid_connect_provider!.Apps.client_id_list).toEqual(['${var.audience}']);
});

test('an audience of one\'s own reaches provider, trust policy and token', () => {
  const stack = synthStack(scope => {
    new ClusterOidcProvider(scope, 'Apps', { cluster: eks, audience: 'acme', clientIdList: ['acme', 'sts.amazonaws.com'] });
    const role = new AwsFederatedRole(scope, 'Role', { trusts: [reader] });
    const options = { mountPath: '/m', tokenExpirationSeconds: 3600 };
    expect(role.bind(reader, { ...options, wiring: 'explicit' }).tokens).toEqual([{ path: 'aws/token', audience: 'acme' }]);
    expect(role.bind(reader, { ...options, wiring: 'platform' }).serviceAccountAnnotations).toMatchObject({ 'eks.amazonaws.com/audience': 'acme' });
  });
  expect(stack.resource.aws_iam_openid_connect_provider!.Apps.client_id_list).toEqual(['acme', 'sts.amazonaws.com']);
  expect(stack.data.aws_iam_policy_document!.Role_Trust_229B7AE4.statement[0].condition[0].values).toEqual(['acme']);
});

test('a provider of another stack is passed, and its ARN crosses the stacks', () => {
  const stacks = synthApp(app => {
    const provider = new ClusterOidcProvider(stackIn(app, 'platform'), 'Apps', { cluster: eks });
    new AwsFederatedRole(stackIn(app, 'reports'), 'Role', { trusts: [reader], oidcProviders: [provider] });
  });
  expect(stacks.reports!.resource.aws_iam_openid_connect_provider).toBeUndefined();
  expect(stacks.reports!.data.aws_iam_policy_document!.Role_Trust_229B7AE4.statement[0].principals[0].identifiers).toEqual([
    '${data.terraform_remote_state.cross-stack-reference-input-platform.outputs.cross-stack-output-aws_iam_openid_connect_providerAppsarn}',
  ]);
});

test('an existing provider is adopted by an import block, and the configuration that creates it', () => {
  const stack = synthStack(scope => {
    new ClusterOidcProvider(scope, 'Apps', { cluster: eks }).resource!.importFrom(ARN);
  });
  expect(stack.import).toEqual([{ id: ARN, to: 'aws_iam_openid_connect_provider.Apps' }]);
  expect(Object.keys(addresses(stack))).toEqual(['aws_iam_openid_connect_provider.Apps']);
});

test('a cluster that two stacks register by themselves is warned of', () => {
  inFolder(folder => {
    const app = new App({ outdir: folder });
    new AwsFederatedRole(stackIn(app, 'one'), 'Role', { trusts: [reader] });
    const two = stackIn(app, 'two');
    const role = new AwsFederatedRole(two, 'Role', { trusts: [reader] });
    expect(role.oidcProviders[0]!.node.metadata.map(({ data }) => data)).toEqual([expect.stringMatching(/^registered-in-two-stacks: /)]);
  });
});

test('two accounts have a provider each', () => {
  const stack = synthStack(scope => {
    const other = new AwsProvider(scope, 'Other', { alias: 'other', region: 'eu-west-1' });
    new AwsFederatedRole(scope, 'Role', { trusts: [reader] });
    new ClusterOidcProvider(scope, 'OtherApps', { cluster: eks, awsProvider: other });
    new AwsFederatedRole(scope, 'OtherRole', { trusts: [reader], awsProvider: other });
  });
  expect(stack.resource.aws_iam_openid_connect_provider).toMatchObject({ 'ClusterOidcProvider-eks-apps': {}, 'OtherApps': { provider: 'aws.other' } });
  const trusts = Object.values(stack.data.aws_iam_policy_document!);
  expect(trusts.map(({ provider, statement }) => [provider, statement[0].principals[0].identifiers])).toEqual([
    ['aws.other', ['${aws_iam_openid_connect_provider.OtherApps.arn}']],
    [undefined, ['${aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps.arn}']],
  ]);
});

test('a provider waits for what must be published before IAM is told of the issuer', () => {
  const issuer = 'https://acme-issuer.s3.eu-west-1.amazonaws.com';
  const stack = synthStack(scope => {
    const document = new S3Object(scope, 'Document', { bucket: 'acme-issuer', key: '.well-known/openid-configuration' });
    const cluster = Cluster.oidc({ name: 'k3s', issuer });
    const dependsOn = Object.freeze([document]);
    new ClusterOidcProvider(scope, 'K3s', { cluster, dependsOn });
    new ClusterOidcProvider(scope, 'Apps', { cluster: eks });
  });
  expect(stack.resource.aws_iam_openid_connect_provider).toEqual({
    K3s: { url: issuer, client_id_list: ['sts.amazonaws.com'], depends_on: ['aws_s3_object.Document'] },
    Apps: { url: EKS_ISSUER, client_id_list: ['sts.amazonaws.com'] },
  });
});

test.each([
  'kubernetes.acme.example', 'https://kubernetes.acme.example', 'https://kubernetes.acme.example/default.svc', 'kubernetes.defaults', 'kubernetes-default',
  'kubernetes.default.service', 'acme.kubernetes', 'https://acme.example/kubernetes.default.svc',
])('the audience %p only reads like one of the Kubernetes API', audience => {
  expect(new ClusterOidcProvider(scratchStack(), 'Apps', { cluster: eks, audience }).audience).toBe(audience);
});

describe('refuses', () => {
  test('an issuer with a port', () => {
    const cluster = Cluster.oidc({ name: 'k3s', issuer: 'https://oidc.acme.example:8443/k3s' });
    expect(() => new ClusterOidcProvider(scratchStack(), 'K3s', { cluster })).toThrow(
      'stack/K3s: cluster.issuer must have no port for IAM, got "https://oidc.acme.example:8443/k3s"; '
      + 'publish the issuer on port 443; Terraform would replace the provider on every apply');
    expect(() => new AwsFederatedRole(scratchStack(), 'Role', { trusts: [cluster.serviceAccount('reports', 'reader')] })).toThrow('must have no port for IAM');
  });

  test('an issuer over 255 characters', () => {
    const cluster = Cluster.oidc({ name: 'k3s', issuer: `https://oidc.acme.example/${'k'.repeat(230)}` });
    expect(() => new ClusterOidcProvider(scratchStack(), 'K3s', { cluster })).toThrow(
      'stack/K3s: cluster.issuer must be at most 255 characters long for IAM, got "256 characters"; give the cluster a shorter issuer');
  });

  test('a second provider of a cluster in a stack', () => {
    const stack = scratchStack();
    new ClusterOidcProvider(stack, 'Apps', { cluster: eks });
    expect(() => new ClusterOidcProvider(stack, 'Again', { cluster: eks })).toThrow(
      'stack/Again: cluster must be registered once per stack and account (stack/Apps registers it), got "eks-apps"; '
      + 'use that ClusterOidcProvider; roles and accounts of the stack find it');
  });

  test('a provider beside the one that a role made', () => {
    const stack = scratchStack();
    new AwsFederatedRole(stack, 'Role', { trusts: [reader] });
    expect(() => new ClusterOidcProvider(stack, 'Apps', { cluster: eks })).toThrow(
      'stack/Apps: cluster must be registered once per stack and account (stack/ClusterOidcProvider-eks-apps registers it), got "eks-apps"; '
      + 'define the ClusterOidcProvider before the first construct that needs it, or leave it to them');
  });

  test('to guess which account a second alias leads to', () => {
    const stack = scratchStack();
    const other = new AwsProvider(stack, 'Other', { alias: 'other' });
    new AwsFederatedRole(stack, 'Role', { trusts: [reader] });
    expect(() => new AwsFederatedRole(stack, 'OtherRole', { trusts: [reader], awsProvider: other })).toThrow(
      'stack/OtherRole: oidcProviders must be given where the stack registers cluster eks-apps with another provider alias '
      + '(stack/ClusterOidcProvider-eks-apps), got "other"; define a ClusterOidcProvider for this alias, '
      + 'unless both aliases lead to one account; then pass the one that exists');
  });

  test.each([
    ['arn:aws:iam::123456789012:role/reader', 'be an ARN like arn:aws:iam::123456789012:oidc-provider/<issuer without https://>'],
    ['arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/8D1A0C4A3F0B4E0E8C52E3A6F9B1D204',
      'be that of the cluster\'s issuer (…:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204)'],
  ])('the ARN %p', (arn, rule) => {
    expect(() => ClusterOidcProvider.fromArn(scratchStack(), 'Apps', { cluster: eks, arn })).toThrow(`stack/Apps: arn must ${rule}, got "${arn}"`);
  });

  test.each([
    [['other'], 'hold the audience "sts.amazonaws.com"'],
    [Array.from({ length: 101 }, (_, index) => index === 0 ? 'sts.amazonaws.com' : `a${index}`), 'hold at most 100 client ids'],
    [['sts.amazonaws.com', '*'], 'be 1 to 255 characters without white space, wildcards or "&{"'],
    [['sts.amazonaws.com', ''], 'be 1 to 255 characters without white space, wildcards or "&{"'],
    [['sts.amazonaws.com', '&{aws:username}'], 'be 1 to 255 characters without white space, wildcards or "&{"'],
    [['sts.amazonaws.com', 'kubernetes'], 'not be an audience of the Kubernetes API, which tokens have that pods get without asking'],
  ])('the client ids %p', (clientIdList, rule) => {
    expect(() => new ClusterOidcProvider(scratchStack(), 'Apps', { cluster: eks, clientIdList })).toThrow(`stack/Apps: clientIdList must ${rule}, got `);
  });

  test('an empty audience, and says what to do', () => {
    expect(refusal(() => new ClusterOidcProvider(scratchStack(), 'Apps', { cluster: eks, audience: '' }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Apps: clientIdList must be 1 to 255 characters without white space, wildcards or "&{", got ""; leave it out for the cloud\'s own audience',
    });
  });

  test.each([
    EKS_ISSUER, 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'https://kubernetes',
    'https://kubernetes.default.svc', 'https://kubernetes.default.svc.cluster.local', 'https://kubernetes.default.svc:443', 'https://kubernetes.default.svc/',
    'kubernetes.default.svc.acme.example', 'https://kubernetes.default.svc.acme.example', 'https://kubernetes.default.svc.acme.example:6443/x',
    'https://kubernetes.default/', 'kubernetes:443', 'https://kubernetes/x',
  ])('the audience %p of the Kubernetes API', audience => {
    const rest = `must not be an audience of the Kubernetes API, which tokens have that pods get without asking, got "${audience}"; `
      + 'leave it out for the cloud\'s own audience';
    expect(refusal(() => new ClusterOidcProvider(scratchStack(), 'Apps', { cluster: eks, audience }))).toEqual({
      code: 'InvalidIdentifier', message: `stack/Apps: audience ${rest}`,
    });
    expect(refusal(() => new ClusterOidcProvider(scratchStack(), 'Apps', { cluster: eks, clientIdList: ['sts.amazonaws.com', audience] }))).toEqual({
      code: 'InvalidIdentifier', message: `stack/Apps: clientIdList ${rest}`,
    });
  });

  test('a cluster whose keys are uploaded, as IAM fetches them, in whichever way a provider comes', () => {
    const cluster = Cluster.oidc({ name: 'vault', issuer: PRIVATE_ISSUER, jwks: JWKS });
    const arn = 'arn:aws:iam::123456789012:oidc-provider/kubernetes.default.svc.cluster.local';
    for (const [where, create] of [
      ['Apps', () => new ClusterOidcProvider(scratchStack(), 'Apps', { cluster })],
      ['Apps', () => ClusterOidcProvider.fromArn(scratchStack(), 'Apps', { cluster, arn })],
      ['Apps', () => ClusterOidcProvider.fromLookup(scratchStack(), 'Apps', { cluster })],
      ['ClusterOidcProvider-oidc-vault', () => new AwsFederatedRole(scratchStack(), 'Role', { trusts: [cluster.serviceAccount('reports', 'reader')] })],
    ] as const) {
      expect(refusal(create)).toEqual({
        code: 'WrongCluster',
        message: `stack/${where}: cluster must have an issuer that IAM can reach, as it fetches the keys from there, got "oidc-vault with \`jwks\`"; `
          + 'publish the issuer\'s documents (S3HostedIssuer and its like do), or use Google Cloud, which takes uploaded keys',
      });
    }
  });

  test('nothing that only Terraform knows', () => {
    const stack = scratchStack();
    const arn = new TerraformVariable(stack, 'arn', { type: 'string' }).stringValue;
    expect(ClusterOidcProvider.fromArn(stack, 'Apps', { cluster: eks, arn }).arn).toBe(arn);
  });
});

test('refuses to wait for what is in another stack', () => {
  const [stack, other] = [scratchStack(), scratchStack()];
  const bucket = new S3Bucket(other, 'Bucket', { bucket: 'acme-oidc' });
  expect(refusal(() => new ClusterOidcProvider(stack, 'K3s', {
    cluster: Cluster.oidc({ name: 'k3s', issuer: 'https://oidc.acme.example' }), dependsOn: [bucket],
  }))).toEqual({
    code: 'UnresolvedValue', message: 'stack/K3s: dependsOn must hold what is in the same stack, got "stack/Bucket"; leave it out, and say `stack.addDependency()` where the stacks are defined',
  });
});

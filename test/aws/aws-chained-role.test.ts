import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TerraformStack, TerraformVariable } from 'cdktf';
import { AwsChainedRole, AwsChainedRoleProps, AwsFederatedRole, AwsPodIdentityRole, Cluster, Workload } from 'cdktf-workload-federation';
import { EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { refusal } from '../refusal';
import { readableAddresses, scratchStack, stackIn, StackJson, synthApp, synthStack } from '../synth';
import { evaluated, onTerraform } from '../terraform';

const ARN = 'arn:aws:eks:eu-west-1:123456789012:cluster/apps';
const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER, arn: ARN });
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const reader = gke.serviceAccount('reports', 'reader');
const onEks = eks.serviceAccount('reports', 'reader');
const TOKEN = '/var/run/secrets/workload-federation/aws/token';

/** What Terraform makes of a template, given the values of its references. */
const withValues = (template: string, values: Record<string, string>): string => evaluated(
  Object.entries(values).reduce((text, [reference, value]) => text.replaceAll(reference, () => JSON.stringify(value)), template.replace(/^\$\{([^]*)\}$/, '$1')));

/** The AWS shared config file as SDKs read it: sections of settings, whose names are said once. */
function parsed(file: string): Record<string, Record<string, string>> {
  const sections: Record<string, Record<string, string>> = {};
  let section: Record<string, string> | undefined;
  for (const line of file.split('\n').filter(text => text !== '')) {
    const [, name] = /^\[(?:profile )?([^\]\s]+)\]$/.exec(line) ?? [];
    if (name !== undefined) {
      expect(sections).not.toHaveProperty([name]);
      sections[name] = section = {};
    } else {
      const [, key, value] = /^(\w+) = (\S+)$/.exec(line) ?? [];
      expect({ line, section, known: Object.keys(section ?? {}).includes(key!) }).toEqual({ line, section: expect.anything(), known: false });
      section![key!] = value!;
    }
  }
  return sections;
}

/** The roles that an SDK becomes one after another, from the token to the default profile. */
function walked(file: string): string[] {
  const profiles = parsed(file);
  const roles: string[] = [];
  for (let name = 'default', steps = 0; ; name = profiles[name]!.source_profile!) {
    expect(steps++).toBeLessThan(10);
    roles.unshift(profiles[name]!.role_arn!);
    if (profiles[name]!.web_identity_token_file !== undefined) {
      expect(profiles[name]).toEqual({ role_arn: roles[0], web_identity_token_file: TOKEN });
      return roles;
    }
  }
}

const configOf = (stack: StackJson): string => {
  const [map] = Object.values(stack.resource.kubernetes_config_map_v1!);
  expect(Object.keys(map.data)).toEqual(['aws-config']);
  return map.data['aws-config'];
};
const chained = (props: Partial<AwsChainedRoleProps>) => {
  const stack = scratchStack();
  return new AwsChainedRole(stack, 'Target', { source: new AwsFederatedRole(stack, 'Source', { trusts: [reader] }), ...props });
};

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test('a chain is two roles, each of which names the other, and a config file', () => {
    const stack = synthStack(scope => {
      const subject = clusters.gke(scope).serviceAccount('reports', 'reader');
      const source = new AwsFederatedRole(scope, 'Source', { trusts: [subject] });
      const target = new AwsChainedRole(scope, 'Target', { source, externalId: 'acme/reports', roleName: 'reader', maxSessionDuration: 3600, policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] });
      target.grantBucketRead('arn:aws:s3:::acme-reports');
      expect(target.trusts).toEqual([subject]);
      const workload = new Workload(scope, 'Workload', { serviceAccount: subject, identities: [target] });
      new PodV1(scope, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'aws', image: 'amazon/aws-cli' }] } }));
    });
    const document = (id: string) => Object.entries(stack.data.aws_iam_policy_document!).find(([name]) => name.startsWith(`${id}_`))![1];
    expect(document('Target_Trust')).toEqual({
      statement: [{
        effect: 'Allow',
        actions: ['sts:AssumeRole'],
        principals: [{ type: 'AWS', identifiers: ['${aws_iam_role.Source.arn}'] }],
        condition: [{ test: 'StringEquals', variable: 'sts:ExternalId', values: ['acme/reports'] }],
      }],
    });
    expect(document('Source_Permissions')).toEqual({ statement: [{ effect: 'Allow', actions: ['sts:AssumeRole'], resources: ['${aws_iam_role.Target.arn}'] }] });
    expect(document('Target_Permissions')).toEqual({
      statement: [
        { effect: 'Allow', actions: ['s3:ListBucket'], resources: ['arn:aws:s3:::acme-reports'] },
        { effect: 'Allow', actions: ['s3:GetObject'], resources: ['arn:aws:s3:::acme-reports/*'] },
      ],
    });
    expect(stack.resource.aws_iam_role!.Target).toEqual({
      name: 'reader', max_session_duration: 3600, assume_role_policy: expect.stringMatching(/^\$\{data\.aws_iam_policy_document\.Target_Trust_[0-9A-F]{8}\.json\}$/),
    });
    expect(Object.values(stack.resource.aws_iam_role_policy_attachment!)).toEqual([{ role: '${aws_iam_role.Target.name}', policy_arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }]);
    // What lets the source go on is there before the workload; what the target may do is not waited for.
    expect(readableAddresses(stack)['kubernetes_service_account_v1.Workload']).toEqual({
      metadata: { name: 'reader', namespace: 'reports' }, depends_on: ['aws_iam_role_policy.Source_InlinePolicy'],
    });
    expect(configOf(stack)).toBe('${join("\\n", ["[profile step-1]", join("", ["role_arn = ", aws_iam_role.Source.arn]), '
      + `"web_identity_token_file = ${TOKEN}", "", `
      + '"[default]", join("", ["role_arn = ", aws_iam_role.Target.arn]), "source_profile = step-1", "external_id = acme/reports", ""])}');

    const mount = '/var/run/secrets/workload-federation';
    const region = '${data.aws_region.AwsRegion.region}';
    const [pod] = Object.values(stack.resource.kubernetes_pod_v1!);
    expect(pod.spec.container[0].env).toEqual([
      { name: 'AWS_CONFIG_FILE', value: `${mount}/aws/config` },
      { name: 'AWS_SDK_LOAD_CONFIG', value: '1' },
      { name: 'AWS_REGION', value: region },
      { name: 'AWS_DEFAULT_REGION', value: region },
      { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
    ]);
    const [configMap] = Object.keys(stack.resource.kubernetes_config_map_v1!);
    expect(pod.spec.volume).toEqual([{
      name: 'workload-federation',
      projected: [{
        sources: [
          { service_account_token: { audience: 'sts.amazonaws.com', expiration_seconds: 3600, path: 'aws/token' } },
          { config_map: [{ items: [{ key: 'aws-config', path: 'aws/config' }], name: `\${kubernetes_config_map_v1.${configMap}.metadata[0].name}` }] },
        ],
      }],
    }]);
  });
});

describe('the config file', () => {
  const threeHops = () => configOf(synthStack(scope => {
    const source = new AwsFederatedRole(scope, 'Source', { trusts: [reader] });
    const first = new AwsChainedRole(scope, 'First', { source });
    const second = new AwsChainedRole(scope, 'Second', { source: first, externalId: 'of-second' });
    const third = AwsChainedRole.fromRoleArn(scope, 'Third', { source: second, roleArn: 'arn:aws:iam::333333333333:role/third', externalId: 'of-third' });
    new Workload(scope, 'Workload', { serviceAccount: reader, identities: [third] });
  }));

  onTerraform('is what SDKs read once Terraform has joined it, for a chain of one step', () => {
    const config = configOf(synthStack(scope => {
      const target = new AwsChainedRole(scope, 'Target', { source: new AwsFederatedRole(scope, 'Source', { trusts: [reader] }) });
      new Workload(scope, 'Workload', { serviceAccount: reader, identities: [target] });
    }));
    const text = withValues(config, {
      'aws_iam_role.Source.arn': 'arn:aws:iam::111111111111:role/source', 'aws_iam_role.Target.arn': 'arn:aws:iam::222222222222:role/target',
    });
    expect(text).toBe([
      '[profile step-1]', 'role_arn = arn:aws:iam::111111111111:role/source', `web_identity_token_file = ${TOKEN}`, '',
      '[default]', 'role_arn = arn:aws:iam::222222222222:role/target', 'source_profile = step-1', '',
    ].join('\n'));
    expect(walked(text)).toEqual(['arn:aws:iam::111111111111:role/source', 'arn:aws:iam::222222222222:role/target']);
  });

  onTerraform('leads through three steps, each with its own external id', () => {
    const [source, first, second] = ['source', 'first', 'second'].map(name => `arn:aws:iam::111111111111:role/workloads/${name}`);
    const text = withValues(threeHops(), { 'aws_iam_role.Source.arn': source!, 'aws_iam_role.First.arn': first!, 'aws_iam_role.Second.arn': second! });
    expect(walked(text)).toEqual([source, first, second, 'arn:aws:iam::333333333333:role/third']);
    expect(parsed(text)).toEqual({
      'step-1': { role_arn: source, web_identity_token_file: TOKEN },
      'step-2': { role_arn: first, source_profile: 'step-1' },
      'step-3': { role_arn: second, source_profile: 'step-2', external_id: 'of-second' },
      'default': { role_arn: 'arn:aws:iam::333333333333:role/third', source_profile: 'step-3', external_id: 'of-third' },
    });
  });

  onTerraform('is the same for roles that are all brought in', () => {
    const config = configOf(synthStack(scope => {
      const source = AwsFederatedRole.fromRoleArn(scope, 'Source', { trusts: [reader], roleArn: 'arn:aws:iam::111111111111:role/source', tokenPath: 'tokens/aws' });
      const target = AwsChainedRole.fromRoleArn(scope, 'Target', { source, roleArn: 'arn:aws:iam::222222222222:role/target' });
      new Workload(scope, 'Workload', { serviceAccount: reader, identities: [target], mountPath: '/m' });
    }));
    expect(withValues(config, {})).toBe([
      '[profile step-1]', 'role_arn = arn:aws:iam::111111111111:role/source', 'web_identity_token_file = /m/tokens/aws', '',
      '[default]', 'role_arn = arn:aws:iam::222222222222:role/target', 'source_profile = step-1', '',
    ].join('\n'));
  });

  test('of three steps is joined from literals and references alone', () => {
    expect(threeHops()).toBe('${join("\\n", ["[profile step-1]", join("", ["role_arn = ", aws_iam_role.Source.arn]), '
      + `"web_identity_token_file = ${TOKEN}", "", `
      + '"[profile step-2]", join("", ["role_arn = ", aws_iam_role.First.arn]), "source_profile = step-1", "", '
      + '"[profile step-3]", join("", ["role_arn = ", aws_iam_role.Second.arn]), "source_profile = step-2", "external_id = of-second", "", '
      + '"[default]", "role_arn = arn:aws:iam::333333333333:role/third", "source_profile = step-3", "external_id = of-third", ""])}');
  });
});

test('each role of a chain is trusted by the one before it alone, and may become the next alone', () => {
  const stack = synthStack(scope => {
    const source = new AwsFederatedRole(scope, 'Source', { trusts: [reader] });
    const first = new AwsChainedRole(scope, 'First', { source });
    new AwsChainedRole(scope, 'Second', { source: first });
    new AwsChainedRole(scope, 'Beside', { source });
  });
  const documents = Object.fromEntries(Object.entries(stack.data.aws_iam_policy_document!).map(([name, { statement }]) => [name.replace(/_[0-9A-F]{8}$/, ''), statement]));
  const trust = (role: string) => [{ effect: 'Allow', actions: ['sts:AssumeRole'], principals: [{ type: 'AWS', identifiers: [`\${aws_iam_role.${role}.arn}`] }] }];
  const may = (role: string) => ({ effect: 'Allow', actions: ['sts:AssumeRole'], resources: [`\${aws_iam_role.${role}.arn}`] });
  expect(documents).toEqual({
    Source_Trust: [expect.objectContaining({ actions: ['sts:AssumeRoleWithWebIdentity'] })],
    Source_Permissions: [may('First'), may('Beside')],
    First_Trust: trust('Source'),
    First_Permissions: [may('Second')],
    Second_Trust: trust('First'),
    Beside_Trust: trust('Source'),
  });
});

test('a region of its own is what the SDKs use, and the source\'s otherwise', () => {
  const regions = (region?: string, sourceRegion?: string) => {
    const stack = scratchStack();
    const source = new AwsFederatedRole(stack, 'Source', { trusts: [reader], region: sourceRegion });
    const { env } = new AwsChainedRole(stack, 'Target', { source, region }).bind(reader, { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' });
    return env.filter(({ name }) => name.endsWith('REGION')).map(({ name, value }) => [name, value]);
  };
  expect(regions('us-east-1', 'eu-west-1')).toEqual([['AWS_REGION', 'us-east-1'], ['AWS_DEFAULT_REGION', 'us-east-1']]);
  expect(regions(undefined, 'eu-west-1')).toEqual([['AWS_REGION', 'eu-west-1'], ['AWS_DEFAULT_REGION', 'eu-west-1']]);
});

test('a region that a role on the way has goes on to the last', () => {
  const stack = scratchStack();
  const source = new AwsFederatedRole(stack, 'Source', { trusts: [reader], region: 'eu-west-1' });
  const between = new AwsChainedRole(stack, 'Between', { source, region: 'us-east-1' });
  const { env } = new AwsChainedRole(stack, 'Target', { source: between }).bind(reader, { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' });
  expect(env.find(({ name }) => name === 'AWS_REGION')!.value).toBe('us-east-1');
});

test.each(['platform', 'explicit'] as const)('on EKS with %s wiring the pod has a token of its own, as the webhook knows one role only', wiring => {
  const stack = synthStack(scope => {
    const target = new AwsChainedRole(scope, 'Target', { source: new AwsFederatedRole(scope, 'Source', { trusts: [onEks], region: 'eu-west-1' }) });
    const workload = new Workload(scope, 'Workload', { serviceAccount: onEks, identities: [target], wiring });
    new PodV1(scope, 'Pod', workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'aws' }] } }));
  });
  expect(readableAddresses(stack)['kubernetes_service_account_v1.Workload']).toEqual({
    metadata: { name: 'reader', namespace: 'reports' }, depends_on: ['aws_iam_role_policy.Source_InlinePolicy'],
  });
  const [pod] = Object.values(stack.resource.kubernetes_pod_v1!);
  expect(pod.spec.container[0].env.map(({ name }: any) => name)).toEqual([
    'AWS_CONFIG_FILE', 'AWS_SDK_LOAD_CONFIG', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_STS_REGIONAL_ENDPOINTS',
  ]);
  expect(pod.spec.volume[0].projected[0].sources[0]).toEqual({ service_account_token: { audience: 'sts.amazonaws.com', expiration_seconds: 3600, path: 'aws/token' } });
});

describe('the workload waits for what lets each role of the way go on', () => {
  const waitsFor = (build: (stack: TerraformStack) => AwsChainedRole, subject = reader) => readableAddresses(synthStack(scope => {
    new Workload(scope, 'Workload', { serviceAccount: subject, identities: [build(scope)] });
  }))['kubernetes_service_account_v1.Workload'].depends_on;

  test('through three steps, whose last one it does not wait for', () => {
    expect(waitsFor(scope => {
      const source = new AwsFederatedRole(scope, 'Source', { trusts: [reader] });
      const second = new AwsChainedRole(scope, 'Second', { source: new AwsChainedRole(scope, 'First', { source }) });
      const third = new AwsChainedRole(scope, 'Third', { source: second });
      third.grantBucketRead('arn:aws:s3:::acme-reports');
      return third;
    })).toEqual(['aws_iam_role_policy.Source_InlinePolicy', 'aws_iam_role_policy.First_InlinePolicy', 'aws_iam_role_policy.Second_InlinePolicy']);
  });

  test('where roles are brought in, as the permission is made for them too', () => {
    expect(waitsFor(scope => {
      const source = AwsFederatedRole.fromRoleArn(scope, 'Source', { trusts: [reader], roleArn: 'arn:aws:iam::111111111111:role/source' });
      return AwsChainedRole.fromRoleArn(scope, 'Target', { source, roleArn: 'arn:aws:iam::222222222222:role/target' });
    })).toEqual(['aws_iam_role_policy.Source_InlinePolicy']);
  });

  test('and not for that of a role beside it', () => {
    expect(waitsFor(scope => {
      const source = new AwsFederatedRole(scope, 'Source', { trusts: [reader] });
      const beside = new AwsChainedRole(scope, 'Beside', { source });
      new AwsChainedRole(scope, 'BehindBeside', { source: beside });
      return new AwsChainedRole(scope, 'Target', { source });
    })).toEqual(['aws_iam_role_policy.Source_InlinePolicy']);
  });

  test('in the stack of the roles alone, as another stack is deployed after it', () => {
    const { cluster } = synthApp(app => {
      const cloud = stackIn(app, 'cloud');
      const target = new AwsChainedRole(cloud, 'Target', { source: new AwsFederatedRole(cloud, 'Source', { trusts: [reader] }) });
      new Workload(stackIn(app, 'cluster'), 'Workload', { serviceAccount: reader, identities: [target] });
    });
    expect(readableAddresses(cluster!)['kubernetes_service_account_v1.Workload']).toEqual({ metadata: { name: 'reader', namespace: 'reports' } });
  });

  test('and for nothing of a role that is its identity without a chain', () => {
    const stack = synthStack(scope => {
      const source = new AwsFederatedRole(scope, 'Source', { trusts: [reader] });
      source.grantBucketRead('arn:aws:s3:::acme-reports');
      new Workload(scope, 'Workload', { serviceAccount: reader, identities: [source] });
    });
    expect(readableAddresses(stack)['kubernetes_service_account_v1.Workload']).toEqual({ metadata: { name: 'reader', namespace: 'reports' } });
  });
});

test('a target that is brought in is let in by the source, and nothing of it is made', () => {
  const stack = synthStack(scope => {
    const source = new AwsFederatedRole(scope, 'Source', { trusts: [reader] });
    const target = AwsChainedRole.fromRoleArn(scope, 'Target', { source, roleArn: 'arn:aws:iam::222222222222:role/team/target' });
    expect([target.resource, target.roleName]).toEqual([undefined, 'target']);
  });
  expect(Object.keys(stack.resource.aws_iam_role!)).toEqual(['Source']);
  expect(Object.values(stack.resource.aws_iam_role_policy!)).toHaveLength(1);
  expect(Object.values(stack.data.aws_iam_policy_document!)[0]).toEqual({
    statement: [{ effect: 'Allow', actions: ['sts:AssumeRole'], resources: ['arn:aws:iam::222222222222:role/team/target'] }],
  });
});

test('a source that is brought in is given the permission, and is whom the target trusts', () => {
  const stack = synthStack(scope => {
    const source = AwsFederatedRole.fromRoleArn(scope, 'Source', { trusts: [reader], roleArn: 'arn:aws:iam::111111111111:role/team/source' });
    new AwsChainedRole(scope, 'Target', { source });
  });
  expect(Object.keys(stack.resource.aws_iam_role!)).toEqual(['Target']);
  expect(Object.values(stack.resource.aws_iam_role_policy!)).toEqual([{
    name_prefix: 'workload-federation-', role: 'source', policy: expect.stringMatching(/^\$\{data\.aws_iam_policy_document\.Source_Permissions_/),
  }]);
  expect(Object.values(stack.data.aws_iam_policy_document!)).toEqual([
    { statement: [{ effect: 'Allow', actions: ['sts:AssumeRole'], resources: ['${aws_iam_role.Target.arn}'] }] },
    { statement: [{ effect: 'Allow', actions: ['sts:AssumeRole'], principals: [{ type: 'AWS', identifiers: ['arn:aws:iam::111111111111:role/team/source'] }] }] },
  ]);
});

test('roles of two accounts are made with the provider of each', () => {
  const stack = synthStack(scope => {
    const other = new AwsProvider(scope, 'Other', { alias: 'other', region: 'eu-west-1' });
    const source = new AwsFederatedRole(scope, 'Source', { trusts: [reader] });
    new AwsChainedRole(scope, 'Target', { source, awsProvider: other }).grantBucketRead('arn:aws:s3:::acme-reports');
  });
  expect(stack.resource.aws_iam_role!.Target.provider).toBe('aws.other');
  expect(stack.resource.aws_iam_role!.Source.provider).toBeUndefined();
  expect(Object.entries(stack.resource.aws_iam_role_policy!).map(([name, { provider }]) => [name.split('_')[0], provider])).toEqual([['Source', undefined], ['Target', 'aws.other']]);
});

describe('with EKS Pod Identity', () => {
  const target = (props: { disableSessionTags?: boolean }) => synthStack(scope => {
    const trusts = [onEks, eks.serviceAccount('billing', 'reader'), eks.serviceAccount('reports', 'writer')];
    const source = new AwsPodIdentityRole(scope, 'Source', { trusts, ...props });
    const role = new AwsChainedRole(scope, 'Target', { source });
    const workload = new Workload(scope, 'Workload', { serviceAccount: onEks, identities: [role] });
    new PodV1(scope, 'Pod', workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'aws' }] } }));
  });
  const trustOf = (stack: StackJson) => Object.entries(stack.data.aws_iam_policy_document!).find(([name]) => name.startsWith('Target_Trust_'))![1];
  const principals = [{ type: 'AWS', identifiers: ['${aws_iam_role.Source.arn}'] }];

  test('the target compares the tags of each namespace, and EKS walks the chain', () => {
    const stack = target({});
    const statement = (namespace: string, names: string[]) => ({
      effect: 'Allow',
      actions: ['sts:AssumeRole', 'sts:TagSession'],
      principals,
      condition: [
        { test: 'StringEquals', variable: 'aws:RequestTag/eks-cluster-arn', values: [ARN] },
        { test: 'StringEquals', variable: 'aws:RequestTag/kubernetes-namespace', values: [namespace] },
        { test: 'StringEquals', variable: 'aws:RequestTag/kubernetes-service-account', values: names },
      ],
    });
    expect(trustOf(stack)).toEqual({ statement: [statement('billing', ['reader']), statement('reports', ['reader', 'writer'])] });
    expect(Object.entries(stack.data.aws_iam_policy_document!).find(([name]) => name.startsWith('Source_Permissions_'))![1]).toEqual({
      statement: [{ effect: 'Allow', actions: ['sts:AssumeRole', 'sts:TagSession'], resources: ['${aws_iam_role.Target.arn}'] }],
    });
    expect(Object.values(stack.resource.aws_eks_pod_identity_association!)).toEqual([['billing', 'reader'], ['reports', 'reader'], ['reports', 'writer']].map(([namespace, name]) => ({
      cluster_name: 'apps', region: 'eu-west-1', namespace, service_account: name, role_arn: '${aws_iam_role.Source.arn}', target_role_arn: '${aws_iam_role.Target.arn}',
    })));
  });

  test('without tags the target compares the external id that EKS makes of each service account', () => {
    const stack = target({ disableSessionTags: true });
    expect(trustOf(stack)).toEqual({
      statement: [{
        effect: 'Allow',
        actions: ['sts:AssumeRole', 'sts:TagSession'],
        principals,
        condition: [{
          test: 'StringEquals',
          variable: 'sts:ExternalId',
          values: ['eu-west-1/123456789012/apps/billing/reader', 'eu-west-1/123456789012/apps/reports/reader', 'eu-west-1/123456789012/apps/reports/writer'],
        }],
      }],
    });
    const associations = Object.values(stack.resource.aws_eks_pod_identity_association!);
    expect(associations.map(association => association.disable_session_tags)).toEqual([true, true, true]);
  });

  test('the external id is taken apart by Terraform where the cluster\'s ARN is known to it only', () => {
    const cluster = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
    const stack = synthStack(scope => {
      const source = new AwsPodIdentityRole(scope, 'Source', { trusts: [cluster.serviceAccount('reports', 'reader')], disableSessionTags: true });
      new AwsChainedRole(scope, 'Target', { source });
    });
    const part = (index: number) => `\${element(split(":", data.aws_eks_cluster.EksCluster-eks-apps.arn), ${index})}`;
    expect(trustOf(stack).statement[0].condition[0].values).toEqual([`${part(3)}/${part(4)}/apps/reports/reader`]);
  });

  test('the pod carries nothing, and waits for the association and for what lets the source go on', () => {
    const stack = target({});
    expect(readableAddresses(stack)['kubernetes_service_account_v1.Workload']).toEqual({
      metadata: { name: 'reader', namespace: 'reports' },
      depends_on: ['aws_eks_pod_identity_association.Source_Association_eks-apps_reports_reader', 'aws_iam_role_policy.Source_InlinePolicy'],
    });
    expect(Object.values(stack.resource.kubernetes_pod_v1!)[0].spec).toEqual({
      container: [{ name: 'aws' }], service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
    });
  });
});

test('a token is accepted in every prop that is checked', () => {
  const stack = scratchStack();
  const text = new TerraformVariable(stack, 'text', { type: 'string' }).stringValue;
  const source = new AwsFederatedRole(stack, 'Source', { trusts: [reader] });
  expect(new AwsChainedRole(stack, 'Target', { source, externalId: text, region: text, roleName: text }).resource).toBeDefined();
  expect(AwsChainedRole.fromRoleArn(stack, 'Existing', { source, roleArn: text, externalId: text, region: text }).roleArn).toBe(text);
});

describe('refuses', () => {
  test.each([
    [{ source: undefined }, 'InvalidIdentifier', 'source must be an AwsFederatedRole, AwsPodIdentityRole or AwsChainedRole, got undefined; '
      + 'pass the role that trusts the service account; bring in one that exists by fromRoleArn'],
    [{ externalId: 'x' }, 'InvalidIdentifier', 'externalId must be 2 to 1224 letters, digits and "_+=,.@:/-", got "x"; shorten it'],
    [{ externalId: 'a b' }, 'InvalidIdentifier', 'externalId must be 2 to 1224 letters, digits and "_+=,.@:/-", got "a b"; shorten it'],
    [{ externalId: 'x\nrole_arn = y' }, 'InvalidIdentifier', 'externalId must be 2 to 1224 letters, digits and "_+=,.@:/-", got "x\\nrole_arn = y"; shorten it'],
    [{ externalId: '${var.x}' }, 'InvalidIdentifier', 'externalId must be 2 to 1224 letters, digits and "_+=,.@:/-", got "${var.x}"; shorten it'],
    [{ region: 'EU' }, 'InvalidName', 'region must be a region\'s code like eu-west-1, got "EU"; leave it out for the provider\'s'],
    [{ roleName: 'a/b' }, 'InvalidName', 'roleName must be 1 to 64 letters, digits and "_+=,.@-", got "a/b"; shorten it, or leave it out'],
  ] as [any, string, string][])('%p', (props, code, message) => {
    expect(refusal(() => chained(props))).toEqual({ code, message: `stack/Target: ${message}` });
  });

  test('an external id of more than 1224 characters', () => {
    expect(refusal(() => chained({ externalId: 'x'.repeat(1225) })).message).toContain('stack/Target: externalId must be 2 to 1224 letters');
    expect(chained({ externalId: 'x'.repeat(1224) }).resource).toBeDefined();
  });

  test('an ARN that is no role\'s', () => {
    const stack = scratchStack();
    const source = new AwsFederatedRole(stack, 'Source', { trusts: [reader] });
    expect(refusal(() => AwsChainedRole.fromRoleArn(stack, 'Target', { source, roleArn: 'target' }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Target: roleArn must be a role\'s ARN like arn:aws:iam::123456789012:role/reports, got "target"; copy it from the IAM console, or create the role',
    });
  });

  test('a second target of a role for EKS Pod Identity, as an association has one', () => {
    const stack = scratchStack();
    const source = new AwsPodIdentityRole(stack, 'Source', { trusts: [onEks] });
    new AwsChainedRole(stack, 'Target', { source });
    expect(refusal(() => new AwsChainedRole(stack, 'Other', { source }))).toEqual({
      code: 'DuplicateRegistration',
      message: 'stack/Other: source must have one target role, as an association has (stack/Target is it), got "stack/Source"; '
        + 'define a role for EKS Pod Identity for each target',
    });
  });

  test('a chain that goes on from the target of EKS Pod Identity, and an external id in place of EKS\'s own', () => {
    const stack = scratchStack();
    const source = new AwsPodIdentityRole(stack, 'Source', { trusts: [onEks] });
    expect(refusal(() => new AwsChainedRole(stack, 'Target', { source, externalId: 'acme' }))).toEqual({
      code: 'InvalidIdentifier', message: 'stack/Target: externalId must be left out for EKS Pod Identity, which sets its own, got "acme"; leave it out',
    });
    const target = new AwsChainedRole(stack, 'Target', { source });
    expect(refusal(() => new AwsChainedRole(stack, 'Next', { source: target }))).toEqual({
      code: 'WrongCluster',
      message: 'stack/Next: source must be at most one step away from a role for EKS Pod Identity, got "stack/Target"; begin the chain with an AwsFederatedRole',
    });
  });

  test('a region in front of EKS Pod Identity, and a target of a role that a workload has itself', () => {
    const stack = scratchStack();
    const source = new AwsPodIdentityRole(stack, 'Source', { trusts: [onEks] });
    expect(refusal(() => new AwsChainedRole(stack, 'Target', { source, region: 'us-east-1' }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Target: region must be left out for EKS Pod Identity, where EKS says it, got "us-east-1"; set AWS_REGION on the container',
    });
    new Workload(stack, 'Workload', { serviceAccount: onEks, identities: [source] });
    expect(refusal(() => new AwsChainedRole(stack, 'Target', { source }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Target: source must not be the identity of a workload itself, which would become the target, got "stack/Source"; '
        + 'define the target first, and pass it to the workload',
    });
  });

  test('a source of another stack, which would need this stack first', () => {
    synthApp(app => {
      const [one, two] = [stackIn(app, 'one'), stackIn(app, 'two')];
      const source = new AwsFederatedRole(one, 'Source', { trusts: [reader] });
      const message = 'two/Target: source must be in the same stack, as each of the two roles names the other, got "one/Source"; '
        + 'define both in one stack, each with its `awsProvider`, or bring one of them in by fromRoleArn';
      expect(refusal(() => new AwsChainedRole(two, 'Target', { source }))).toEqual({ code: 'UnresolvedValue', message });
      expect(refusal(() => AwsChainedRole.fromRoleArn(two, 'Target', { source, roleArn: 'arn:aws:iam::222222222222:role/target' }))).toEqual({ code: 'UnresolvedValue', message });
      // The way that the message shows.
      new AwsChainedRole(two, 'Target', { source: AwsFederatedRole.fromRoleArn(two, 'Source', { roleArn: source.roleArn, trusts: [reader] }) });
    });
  });

  test.each([
    'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_ROLE_ARN',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
  ])('a container that sets %s, and does not repeat its value', name => {
    const target = chained({});
    const workload = new Workload(target.node.scope as any, 'Workload', { serviceAccount: reader, identities: [target] });
    const template = (env: { name: string; value: string }) => ({ metadata: {}, spec: { container: [{ name: 'aws', env: [env] }] } });
    expect(refusal(() => workload.podTemplate(template({ name, value: 'of-its-own' })))).toEqual({
      code: 'ClashingWiring',
      message: `stack/Workload: spec.container[0].env must not set ${name}, got "a value of its own"; remove it: it would win over the federated identity`,
    });
    expect(workload.podTemplate(template({ name: 'AWS_MAX_ATTEMPTS', value: '3' })).spec.container).toHaveLength(1);
  });

  test('a container that has a config file of its own', () => {
    const target = chained({});
    const workload = new Workload(target.node.scope as any, 'Workload', { serviceAccount: reader, identities: [target] });
    const env = [{ name: 'AWS_CONFIG_FILE', value: '/root/.aws/config' }];
    expect(refusal(() => workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'aws', env }] } }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: spec.container[0].env must leave AWS_CONFIG_FILE to the workload, got "a value of its own"; '
        + 'remove it, or say it where the identity is defined',
    });
  });

  test('to wire a service account that the source does not trust', () => {
    expect(refusal(() => chained({}).bind(onEks, { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' }))).toEqual({
      code: 'NotTrusted',
      message: 'stack/Target: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster eks-apps, '
        + 'got "system:serviceaccount:reports:reader of cluster gke-apps"; add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  });
});

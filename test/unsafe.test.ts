import { run } from '@bufbuild/cel';
import { TerraformStack, TerraformVariable } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, Cluster, ClusterWorkloadIdentityPool, ClusterWorkloadIdentityPoolProps, FederationError,
  GcpFederatedPrincipal, GcpFederatedServiceAccount, TrustedSubject, Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import * as fc from 'fast-check';
import { EKS_ISSUER, LITERAL_AND_TOKENS } from './clusters';
import { refusal } from './refusal';
import { addresses, readableAddresses, scratchStack, stackIn, synthApp, synthStack } from './synth';
import { evaluated, onTerraform } from './terraform';

const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps', projectNumber: '123456789012' });
const NAMESPACE_CLAIM = "assertion['kubernetes.io']['namespace']";
const OPTIONS = { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'explicit' } as const;
const rulesOf = (construct: { node: { metadata: { type: string; data: string }[] } }) => construct.node.metadata.map(({ type, data }) => [type, data.split(':')[0]]);

/** What Terraform makes of a template, given the value of its one variable. */
function withValue(template: string, variable: string, value: string): string {
  const literal = JSON.stringify(value).replace(/([$%])\{/g, '$1$1{');
  return evaluated(`"${template}"`.replaceAll(variable, () => literal));
}

/** StringLike of IAM: "*" is any text and "?" any character. */
const like = (pattern: string, text: string) => new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^]*').replaceAll('?', '[^]')}$`).test(text);

const NAMESPACES = ['reports', 'report', 'reports-eu', 'xreports', 'billing', 'kube-system'];
const NAMES = ['reader', 'writer', 'default'];
const LATTICE = NAMESPACES.flatMap(namespace => NAMES.map(name => [namespace, name] as const));

describe.each(LITERAL_AND_TOKENS)('a whole namespace on AWS, with %s', (_, clusters) => {
  const trust = (trusts: (cluster: Cluster) => TrustedSubject[]) => readableAddresses(synthStack(scope => new AwsFederatedRole(scope, 'Role', { trusts: trusts(clusters.eks(scope)) })))[
    'data.aws_iam_policy_document.Role_Trust'];

  test('is a statement of its own, in which the namespace is fixed and literal', () => {
    const statement = (operator: string, values: string[]) => ({
      effect: 'Allow',
      actions: ['sts:AssumeRoleWithWebIdentity'],
      principals: [{ type: 'Federated', identifiers: ['${aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps.arn}'] }],
      condition: [
        { test: 'StringEquals', variable: `${clusters.eksIssuerWithoutScheme}:aud`, values: ['sts.amazonaws.com'] },
        { test: operator, variable: `${clusters.eksIssuerWithoutScheme}:sub`, values },
      ],
    });
    expect(trust(cluster => [cluster.unsafeEveryServiceAccountOfNamespace('reports')])).toEqual({ statement: [statement('StringLike', ['system:serviceaccount:reports:*'])] });
    const mixed = trust(cluster => [cluster.unsafeEveryServiceAccountOfNamespace('shop'), cluster.serviceAccount('billing', 'reader'), cluster.unsafeEveryServiceAccountOfNamespace('reports')]);
    expect(mixed).toEqual({
      statement: [
        statement('StringEquals', ['system:serviceaccount:billing:reader']),
        statement('StringLike', ['system:serviceaccount:reports:*', 'system:serviceaccount:shop:*']),
      ],
    });
  });

  test('is of its own cluster alone', () => {
    const all = readableAddresses(synthStack(scope => {
      const trusts = [clusters.eks(scope).unsafeEveryServiceAccountOfNamespace('reports'), clusters.gke(scope).unsafeEveryServiceAccountOfNamespace('billing')];
      new AwsFederatedRole(scope, 'Role', { trusts });
    }));
    expect(all['data.aws_iam_policy_document.Role_Trust'].statement.map(({ condition }: any) => condition[1])).toEqual([
      { test: 'StringLike', variable: `${clusters.eksIssuerWithoutScheme}:sub`, values: ['system:serviceaccount:reports:*'] },
      { test: 'StringLike', variable: `${clusters.gkeIssuerWithoutScheme}:sub`, values: ['system:serviceaccount:billing:*'] },
    ]);
  });

  test('lets in every service account of it, and nobody of another', () => {
    const { statement } = trust(cluster => [cluster.serviceAccount('billing', 'reader'), cluster.unsafeEveryServiceAccountOfNamespace('reports')]);
    const holds = ({ test: operator, variable, values }: any, sub: string) => {
      const claim = variable.endsWith(':aud') ? 'sts.amazonaws.com' : sub;
      return values.some((value: string) => operator === 'StringLike' ? like(value, claim) : value === claim);
    };
    const passes = ([namespace, name]: readonly [string, string]) => (
      statement.some(({ condition }: any) => condition.every((one: any) => holds(one, `system:serviceaccount:${namespace}:${name}`))));
    expect(LATTICE.filter(passes)).toEqual([...NAMES.map(name => ['reports', name]), ['billing', 'reader']]);
  });
});

describe('a namespace on AWS that only Terraform knows', () => {
  const subject = () => {
    const stack = synthStack(scope => {
      const namespace = new TerraformVariable(scope, 'namespace', { type: 'string' }).stringValue;
      new AwsFederatedRole(scope, 'Role', { trusts: [eks.unsafeEveryServiceAccountOfNamespace(namespace)] });
    });
    const [condition] = readableAddresses(stack)['data.aws_iam_policy_document.Role_Trust'].statement[0].condition.slice(1);
    expect(condition).toMatchObject({ test: 'StringLike', variable: 'oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub' });
    return condition.values[0] as string;
  };

  test('has taken out of it what Kubernetes has in no namespace', () => {
    expect(subject()).toBe('system:serviceaccount:${replace(var.namespace, "/[^a-z0-9-]/", "")}:*');
  });

  onTerraform('lets in nobody of another namespace, whatever it turns out to be', () => {
    const template = subject();
    for (const [value, pattern] of [
      ['reports', 'reports'], ['reports-2', 'reports-2'], ['*', ''], ['a*', 'a'], ['*a', 'a'], ['?', ''], ['repor??', 'repor'], ['${x}', 'x'], ['$${x}', 'x'], ['%{ if true }*', 'iftrue'],
      ['reports:*', 'reports'], ['*:*', ''], ['kube-*', 'kube-'], ['&{aws:username}', 'awsusername'], ['', ''], ['a\n*', 'a'], ['A*Z', ''], ['\u212a*', ''],
    ] as const) {
      const text = withValue(template, 'var.namespace', value);
      expect([value, text]).toEqual([value, `system:serviceaccount:${pattern}:*`]);
      expect(LATTICE.filter(([namespace, name]) => like(text, `system:serviceaccount:${namespace}:${name}`))).toEqual(NAMES.filter(() => pattern === 'reports').map(name => ['reports', name]));
    }
  });
});

describe.each(LITERAL_AND_TOKENS)('on Google Cloud, with %s', (_, clusters) => {
  const POOL = 'iam.googleapis.com/${google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-apps.name}';
  const synth = (trusts: (cluster: Cluster) => TrustedSubject[]) => {
    const all = readableAddresses(synthStack(scope => {
      const of = trusts(clusters.eks(scope));
      new GcpFederatedServiceAccount(scope, 'Account', { trusts: of, accountId: 'reports-reader' });
      new GcpFederatedPrincipal(scope, 'Principal', { trusts: of, project: 'acme-data', projectRoles: ['roles/bigquery.jobUser'] });
    }));
    const membersOf = (type: string) => Object.entries(all).filter(([address]) => address.startsWith(`${type}.`)).map(([, { member }]) => member).sort();
    const provider = all['google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-eks-apps_Provider'];
    expect(membersOf('google_project_iam_member')).toEqual(membersOf('google_service_account_iam_member'));
    return { members: membersOf('google_service_account_iam_member'), mapping: provider.attribute_mapping, condition: provider.attribute_condition };
  };
  const admitted = (condition: string) => LATTICE.filter(([namespace, name]) => run(condition, {
    assertion: { 'sub': `system:serviceaccount:${namespace}:${name}`, 'kubernetes.io': { namespace, serviceaccount: { name } } },
  } as never) === true);

  test('a whole namespace is a mapped attribute, a condition and a principal set', () => {
    const { condition, ...rest } = synth(cluster => [cluster.unsafeEveryServiceAccountOfNamespace('reports')]);
    expect(rest).toEqual({
      members: [`principalSet://${POOL}/attribute.namespace/reports`],
      mapping: { 'attribute.namespace': NAMESPACE_CLAIM, 'google.subject': 'assertion.sub' },
    });
    expect(condition).toBe(`${NAMESPACE_CLAIM} in ['reports']`);
    expect(admitted(condition)).toEqual(NAMES.map(name => ['reports', name]));
  });

  test('beside service accounts it is said apart, and neither widens the other', () => {
    const { members, mapping, condition } = synth(cluster => [cluster.serviceAccount('billing', 'reader'), cluster.unsafeEveryServiceAccountOfNamespace('reports')]);
    expect(members).toEqual([`principal://${POOL}/subject/system:serviceaccount:billing:reader`, `principalSet://${POOL}/attribute.namespace/reports`]);
    expect(mapping).toEqual({ 'attribute.namespace': NAMESPACE_CLAIM, 'google.subject': 'assertion.sub' });
    expect(condition).toBe(`assertion.sub in ['system:serviceaccount:billing:reader'] || ${NAMESPACE_CLAIM} in ['reports']`);
    expect(admitted(condition)).toEqual([...NAMES.map(name => ['reports', name]), ['billing', 'reader']]);
  });

  test('a whole cluster is a condition on its service accounts, and the set of the pool', () => {
    const { members, mapping, condition } = synth(cluster => [cluster.unsafeEveryServiceAccountOfCluster()]);
    expect(members).toEqual([`principalSet://${POOL}/*`]);
    expect(mapping).toEqual({ 'google.subject': 'assertion.sub' });
    expect(condition).toBe("assertion.sub.startsWith('system:serviceaccount:')");
    expect(admitted(condition)).toEqual(LATTICE);
    expect(run(condition, { assertion: { sub: 'system:node:n1' } } as never)).toBe(false);
  });

  test('without either, nothing is mapped but the subject', () => {
    const { members, mapping, condition } = synth(cluster => [cluster.serviceAccount('reports', 'reader')]);
    expect(members).toEqual([`principal://${POOL}/subject/system:serviceaccount:reports:reader`]);
    expect(mapping).toEqual({ 'google.subject': 'assertion.sub' });
    expect(admitted(condition)).toEqual([['reports', 'reader']]);
  });

  test('Google\'s own pool needs neither mapping nor condition', () => {
    const all = readableAddresses(synthStack(scope => {
      const cluster = clusters.gke(scope);
      new GcpFederatedServiceAccount(scope, 'Account', { trusts: [cluster.unsafeEveryServiceAccountOfNamespace('reports'), cluster.unsafeEveryServiceAccountOfCluster()], accountId: 'reports-reader' });
    }));
    const pool = `iam.googleapis.com/projects/${clusters.gkeProjectNumber}/locations/global/workloadIdentityPools/${clusters.workloadPool}`;
    const members = Object.entries(all).filter(([address]) => address.startsWith('google_service_account_iam_member.')).map(([, { member }]) => member);
    expect(members.sort()).toEqual([`principalSet://${pool}/kubernetes.cluster/${clusters.gkeIssuer}`, `principalSet://${pool}/namespace/reports`].sort());
    expect(Object.keys(all).filter(address => address.includes('google_iam_workload_identity_pool'))).toEqual([]);
  });
});

describe('a pool whose condition or mapping is its owner\'s', () => {
  type Members = { members: string[]; mapping?: Record<string, string>; condition?: string };
  const REPORTS = () => eks.unsafeEveryServiceAccountOfNamespace('reports');

  /** What becomes of a pool that a principal uses. */
  const used = (props: Partial<ClusterWorkloadIdentityPoolProps>, trusts: TrustedSubject[] = [REPORTS()]): Members => {
    let members: readonly string[] = [];
    const all = readableAddresses(synthStack(scope => {
      new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: eks, ...props });
      members = new GcpFederatedPrincipal(scope, 'Principal', { trusts }).members;
    }));
    const provider = all['google_iam_workload_identity_pool_provider.Pool_Provider'];
    return { members: members.map(member => member.replace(/\$\{[^}]*\}/, '<pool>')), mapping: provider.attribute_mapping, condition: provider.attribute_condition };
  };
  const set = [expect.stringMatching(/^principalSet:\/\/iam\.googleapis\.com\/.*\/attribute\.namespace\/reports$/)];
  const mapping = { 'attribute.namespace': NAMESPACE_CLAIM, 'google.subject': 'assertion.sub' };

  test('has the attribute mapped, and the condition as it was', () => {
    expect(used({ admits: 'namespaces', namespaces: ['reports', 'billing'] })).toEqual({ members: set, mapping, condition: `${NAMESPACE_CLAIM} in ['billing', 'reports']` });
    expect(used({ admits: 'cluster' })).toEqual({ members: set, mapping, condition: "assertion.sub.startsWith('system:serviceaccount:')" });
    expect(used({ attributeCondition: 'assertion.sub != ""' })).toEqual({ members: set, mapping, condition: 'assertion.sub != ""' });
    expect(used({ admits: 'namespaces' })).toEqual({ members: set, mapping, condition: `${NAMESPACE_CLAIM} in ['reports']` });
  });

  test('keeps what else it maps', () => {
    expect(used({ attributeMapping: { 'attribute.pod': "assertion['kubernetes.io']['pod']['name']" } }).mapping)
      .toEqual({ ...mapping, 'attribute.pod': "assertion['kubernetes.io']['pod']['name']" });
    expect(used({ attributeMapping: { 'attribute.namespace': NAMESPACE_CLAIM } }).mapping).toEqual(mapping);
  });

  test('refuses a namespace that it does not admit, and the whole cluster where it admits namespaces', () => {
    const refused = (trusts: TrustedSubject[]) => refusal(() => {
      const stack = scratchStack();
      new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: eks, admits: 'namespaces', namespaces: ['reports'] });
      new GcpFederatedPrincipal(stack, 'Principal', { trusts });
    });
    const message = (got: string) => `stack/Principal: trusts must be in a namespace that the pool stack/Pool admits (reports), got "${got}"; `
      + 'have the owner of the pool add the namespace to `namespaces`';
    expect(refused([eks.unsafeEveryServiceAccountOfNamespace('billing')])).toEqual({ code: 'NotTrusted', message: message('billing') });
    expect(refused([eks.unsafeEveryServiceAccountOfCluster()])).toEqual({ code: 'NotTrusted', message: message('every service account of cluster eks-apps') });
  });

  test('refuses a namespace where the attribute is mapped to something else', () => {
    const stack = scratchStack();
    new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: eks, attributeMapping: { 'attribute.namespace': "'reports'" } });
    for (const build of [
      () => new GcpFederatedPrincipal(stack, 'Identity', { trusts: [REPORTS()] }),
      () => new GcpFederatedServiceAccount(stack, 'Identity', { trusts: [REPORTS()], accountId: 'reports-reader' }),
    ]) {
      expect(refusal(build)).toEqual({
        code: 'InvalidIdentifier',
        message: 'stack/Identity: trusts must name service accounts where the pool stack/Pool maps attribute.namespace to something of its own, got "\'reports\'"; '
          + `have the pool map attribute.namespace to ${NAMESPACE_CLAIM}, or leave it out there`,
      });
      stack.node.tryRemoveChild('Identity');
    }
    expect(new GcpFederatedPrincipal(stack, 'Exact', { trusts: [eks.serviceAccount('reports', 'reader')] }).members).toHaveLength(1);
  });

  test('is left as it is where it was brought in: its owner maps the attribute', () => {
    const providerName = 'projects/123456789012/locations/global/workloadIdentityPools/apps-pool/providers/apps-provider';
    const stack = synthStack(scope => {
      ClusterWorkloadIdentityPool.fromProviderName(scope, 'Pool', { cluster: eks, providerName });
      const { members } = new GcpFederatedPrincipal(scope, 'Principal', { trusts: [REPORTS(), eks.unsafeEveryServiceAccountOfCluster()] });
      expect(members).toEqual([
        'principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps-pool/*',
        'principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps-pool/attribute.namespace/reports',
      ]);
    });
    expect(addresses(stack)).toEqual({});
  });

  test('refuses to have its mapping changed by another stack, unless its owner maps the attribute', () => {
    synthApp(app => {
      const props = { cluster: eks, admits: 'namespaces', namespaces: ['reports'] } as const;
      const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', props);
      expect(refusal(() => new GcpFederatedPrincipal(stackIn(app, 'one'), 'Principal', { trusts: [REPORTS()], pools: [pool] }))).toEqual({
        code: 'NotTrusted',
        message: 'one/Principal: trusts must name service accounts where the pool platform/Pool does not map attribute.namespace, got "a whole namespace"; '
          + `have the owner of the pool map attribute.namespace to ${NAMESPACE_CLAIM} by \`attributeMapping\``,
      });
      const mapped = new ClusterWorkloadIdentityPool(stackIn(app, 'mapped'), 'Pool', { ...props, poolId: 'mapped', attributeMapping: { 'attribute.namespace': NAMESPACE_CLAIM } });
      expect(new GcpFederatedPrincipal(stackIn(app, 'two'), 'Principal', { trusts: [REPORTS()], pools: [mapped] }).members).toHaveLength(1);
    });
  });

  test('refuses a namespace that only another stack\'s Terraform knows', () => {
    synthApp(app => {
      const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', { cluster: eks });
      const one = stackIn(app, 'one');
      const namespace = new TerraformVariable(one, 'namespace', { type: 'string' }).stringValue;
      expect(refusal(() => new GcpFederatedPrincipal(one, 'Principal', { trusts: [eks.unsafeEveryServiceAccountOfNamespace(namespace)], pools: [pool] })).message).toMatch(
        /^one\/Principal: trusts must hold literal names where the pool is in another stack \(platform\/Pool\), got /);
    });
  });
});

describe('what trusts more than it names', () => {
  const stack = scratchStack();
  let count = 0;
  const id = () => `Identity${count++}`;
  const namespace = [eks.unsafeEveryServiceAccountOfNamespace('reports')];
  const cluster = [eks.unsafeEveryServiceAccountOfCluster()];

  test('is warned of, once for each way', () => {
    expect(rulesOf(new AwsFederatedRole(stack, id(), { trusts: namespace }))).toEqual([['@cdktf/warn', 'unsafe-namespace']]);
    expect(rulesOf(AwsFederatedRole.fromRoleArn(stack, id(), { trusts: namespace, roleArn: 'arn:aws:iam::123456789012:role/reader' }))).toEqual([['@cdktf/warn', 'unsafe-namespace']]);
    expect(rulesOf(new AwsFederatedRole(stack, id(), { trusts: [...namespace, eks.unsafeEveryServiceAccountOfNamespace('default')] }))).toEqual([
      ['@cdktf/warn', 'unsafe-namespace'], ['@cdktf/warn', 'default-namespace'],
    ]);
    for (const [trusts, rules] of [[namespace, ['unsafe-namespace']], [cluster, ['unsafe-cluster']], [[...cluster, ...namespace], ['unsafe-namespace', 'unsafe-cluster']]] as const) {
      const expected = rules.map(rule => ['@cdktf/warn', rule]);
      expect(rulesOf(new GcpFederatedPrincipal(stack, id(), { trusts: [...trusts] }))).toEqual(expected);
      expect(rulesOf(new GcpFederatedServiceAccount(stack, id(), { trusts: [...trusts], accountId: 'reports-reader' }))).toEqual(expected);
    }
    expect(rulesOf(new AwsFederatedRole(stack, id(), { trusts: [eks.serviceAccount('reports', 'reader')] }))).toEqual([]);
  });

  test('can be used by each service account of the set, and by nobody else', () => {
    const reader = eks.serviceAccount('reports', 'reader');
    const other = eks.serviceAccount('billing', 'reader');
    const role = new AwsFederatedRole(stack, id(), { trusts: namespace, region: 'eu-west-1' });
    const chained = new AwsChainedRole(stack, id(), { source: role });
    const account = new GcpFederatedServiceAccount(stack, id(), { trusts: namespace, accountId: 'reports-reader' });
    const principal = new GcpFederatedPrincipal(stack, id(), { trusts: namespace });
    for (const identity of [role, chained, account, principal]) {
      expect(identity.bind(reader, OPTIONS).tokens).toHaveLength(1);
      expect(refusal(() => identity.bind(other, OPTIONS))).toEqual({
        code: 'NotTrusted',
        message: `${identity.node.path}: trusts must hold the service account that uses the identity, system:serviceaccount:billing:reader of cluster eks-apps, `
          + 'got "system:serviceaccount:reports:* of cluster eks-apps"; add it to `trusts` where the identity is defined, or give the workload another identity',
      });
      expect(refusal(() => identity.bind(Cluster.oidc({ name: 'x', issuer: 'https://x.example' }).serviceAccount('reports', 'reader'), OPTIONS)).code).toBe('NotTrusted');
    }
    const whole = new GcpFederatedPrincipal(stack, id(), { trusts: cluster });
    expect([reader, other].map(subject => whole.bind(subject, OPTIONS).tokens.length)).toEqual([1, 1]);
  });
});

describe('refuses', () => {
  const stack = scratchStack();
  const namespace = eks.unsafeEveryServiceAccountOfNamespace('reports') as any;
  const cluster = eks.unsafeEveryServiceAccountOfCluster() as any;
  const EXACT = 'trusts must name service accounts: Entra ID compares subjects exactly and has no wildcards';
  const SPLIT = 'list the service accounts, over several identities where they are more than 20';
  const azure = (trusts: any) => new AzureFederatedIdentity(stack, 'Identity', { trusts, identityName: 'reader', resourceGroupName: 'acme', location: 'westeurope' });

  test.each([
    ['a whole namespace of a managed identity', () => azure([namespace]), `${EXACT}, got "system:serviceaccount:reports:*"; ${SPLIT}`],
    ['a whole cluster of a managed identity', () => azure([eks.serviceAccount('a', 'b'), cluster]), `${EXACT}, got "system:serviceaccount:*"; ${SPLIT}`],
    ['a whole namespace of an application', () => new EntraFederatedApplication(stack, 'Identity', { trusts: [namespace], displayName: 'Reader' }),
      `${EXACT}, got "system:serviceaccount:reports:*"; ${SPLIT}`],
    ['a whole cluster of an application', () => EntraFederatedApplication.fromClientId(stack, 'Identity', { trusts: [cluster], clientId: '22222222-2222-2222-2222-222222222222' }),
      `${EXACT}, got "system:serviceaccount:*"; ${SPLIT}`],
    ['a whole namespace of EKS Pod Identity', () => new AwsPodIdentityRole(stack, 'Identity', { trusts: [namespace] }),
      'trusts must name service accounts, as an association does, got "system:serviceaccount:reports:*"; list them, or use AwsFederatedRole'],
    ['a whole cluster of EKS Pod Identity', () => new AwsPodIdentityRole(stack, 'Identity', { trusts: [cluster] }),
      'trusts must name service accounts, as an association does, got "system:serviceaccount:*"; list them, or use AwsFederatedRole'],
    ['a whole cluster of a role', () => new AwsFederatedRole(stack, 'Identity', { trusts: [eks.serviceAccount('a', 'b'), cluster] }),
      'trusts must name service accounts, or at least their namespace, got "every service account of cluster eks-apps"; '
      + 'list the service accounts, or the namespaces by cluster.unsafeEveryServiceAccountOfNamespace(namespace)'],
    ['a whole cluster of a role by ARN', () => AwsFederatedRole.fromRoleArn(stack, 'Identity', { trusts: [cluster], roleArn: 'arn:aws:iam::123456789012:role/reader' }),
      'trusts must name service accounts, or at least their namespace, got "every service account of cluster eks-apps"; '
      + 'list the service accounts, or the namespaces by cluster.unsafeEveryServiceAccountOfNamespace(namespace)'],
    ['a workload of a set', () => new Workload(stack, 'Identity', { serviceAccount: namespace, identities: [new AwsFederatedRole(stack, 'Role', { trusts: [namespace] })] }),
      'serviceAccount must be one service account, and not a set, got "system:serviceaccount:reports:*"; pass cluster.serviceAccount(namespace, name)'],
  ])('%s', (_, build, message) => {
    expect(refusal(build)).toEqual({ code: 'InvalidIdentifier', message: `stack/Identity: ${message}` });
    expect(stack.node.tryFindChild('Identity')).toBeUndefined();
  });

  test.each(['*', 'a*', 're?orts', '', 'reports:reader', 'Reports', '${x}', '%{x}', '&{aws:username}', 'a'.repeat(64), '-a'])('the namespace %p, also of a set', value => {
    const code = 'InvalidName';
    const message = 'Cluster eks-apps: namespace must be a DNS label (lower-case letters, digits and "-", 1 to 63 characters), '
      + `got ${JSON.stringify(value)}; write the namespace as Kubernetes knows it; wildcards are not accepted, list the service accounts instead`;
    expect(refusal(() => eks.unsafeEveryServiceAccountOfNamespace(value))).toEqual({ code, message });
    expect(refusal(() => eks.serviceAccount(value, 'reader'))).toEqual({ code, message });
  });

  test('a set that no cluster made', () => {
    for (const forged of [{ ...namespace }, { cluster: eks, subject: 'system:serviceaccount:*' }, Object.create(namespace, { namespace: { value: undefined } })]) {
      expect(refusal(() => new AwsFederatedRole(stack, 'Identity', { trusts: [forged] })).message).toBe(
        `stack/Identity: trusts must be made by cluster.serviceAccount(namespace, name), got ${JSON.stringify(forged.subject)}; `
        + 'ask the cluster for it; a plain object, a changed copy or one of another copy of this package is not accepted');
    }
    expect(() => { namespace.namespace = undefined; }).toThrow(TypeError);
  });
});

test('no wildcard reaches the output without a call that says unsafe, whatever the names', () => {
  const WIDE = /[*?]|StringLike|principalSet|ForAnyValue|ForAllValues|startsWith/;
  const odd = fc.string({ unit: fc.constantFrom(...'ab-*?${}&:/.\'"A1'), minLength: 1, maxLength: 6 });
  const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,8}[a-z0-9])?$/);
  const value = fc.oneof(label, odd, fc.constantFrom('*', '?', 'a*', 'default', 'kube-system'));
  let written = 0;
  const build = (scope: TerraformStack, namespace: string, name: string, cluster: string) => {
    const eksCluster = Cluster.eks({ name: cluster, issuer: `https://oidc.eks.eu-west-1.amazonaws.com/id/${cluster}`, arn: `arn:aws:eks:eu-west-1:123456789012:cluster/${cluster}` });
    const native = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: `g${cluster}`.toLowerCase().replace(/_/g, '-'), projectNumber: '1' });
    const [on, onGke] = [eksCluster.serviceAccount(namespace, name), native.serviceAccount(namespace, name)];
    const source = new AwsFederatedRole(scope, 'Role', { trusts: [on, onGke] });
    const identities = [
      new AwsChainedRole(scope, 'Chained', { source }),
      new GcpFederatedServiceAccount(scope, 'Account', { trusts: [on, onGke], accountId: 'reports-reader' }),
      new AzureFederatedIdentity(scope, 'Identity', { trusts: [on, onGke], identityName: 'reader', resourceGroupName: 'acme', location: 'westeurope' }),
    ];
    new AwsPodIdentityRole(scope, 'PodIdentity', { trusts: [on] });
    new GcpFederatedPrincipal(scope, 'Principal', { trusts: [on, onGke], project: 'acme-data', projectRoles: ['roles/bigquery.jobUser'] });
    new EntraFederatedApplication(scope, 'App', { trusts: [on, onGke], displayName: 'Reader' });
    new Workload(scope, 'Workload', { serviceAccount: on, identities });
  };
  fc.assert(fc.property(value, value, fc.oneof(label, odd), (namespace, name, cluster) => {
    let output;
    try {
      output = addresses(synthStack(scope => build(scope, namespace, name, cluster)));
    } catch (error) {
      expect(error).toBeInstanceOf(FederationError);
      return;
    }
    written++;
    expect(JSON.stringify(output)).not.toMatch(WIDE);
  }), { numRuns: 300, seed: 20260102 });
  // Not everything was refused; and the pattern sees what an unsafe call writes.
  expect(written).toBeGreaterThan(20);
  const unsafe = (trusts: TrustedSubject[]) => JSON.stringify(addresses(synthStack(scope => new GcpFederatedPrincipal(scope, 'Principal', { trusts, projectRoles: ['roles/viewer'] }))));
  expect(unsafe([eks.unsafeEveryServiceAccountOfNamespace('a')])).toMatch(WIDE);
  expect(unsafe([gke.unsafeEveryServiceAccountOfCluster()])).toMatch(WIDE);
  expect(JSON.stringify(addresses(synthStack(scope => new AwsFederatedRole(scope, 'Role', { trusts: [eks.unsafeEveryServiceAccountOfNamespace('a')] }))))).toMatch(WIDE);
});

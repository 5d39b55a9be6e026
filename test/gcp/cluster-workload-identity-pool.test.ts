import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { App, TerraformStack, TerraformVariable } from 'cdktf';
import {
  Cluster, ClusterWorkloadIdentityPool, ClusterWorkloadIdentityPoolProps, FederationError, GcpFederatedServiceAccount, TrustedSubject,
} from 'cdktf-workload-federation';
import { EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { refusal } from '../refusal';
import { inFolder, scratchStack, StackJson, stackIn, synthApp, synthStack } from '../synth';

const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const reader = eks.serviceAccount('reports', 'reader');

const PROVIDER_NAME = 'projects/123/locations/global/workloadIdentityPools/platform/providers/apps';

const providerOf = (stack: StackJson) => Object.values(stack.resource.google_iam_workload_identity_pool_provider!)[0];
const conditionOf = (stack: StackJson) => providerOf(stack).attribute_condition;
const poolWith = (props: Partial<ClusterWorkloadIdentityPoolProps>) => new ClusterWorkloadIdentityPool(scratchStack(), 'Pool', { cluster: eks, ...props });

/** The condition of a pool whose service accounts are trusted in this order. */
function conditionFor(props: Partial<ClusterWorkloadIdentityPoolProps>, ...subjects: [string, string][]): string {
  return conditionOf(synthStack(scope => {
    new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: eks, ...props });
    subjects.forEach(([namespace, name], index) => {
      new GcpFederatedServiceAccount(scope, `Account${index}`, { trusts: [eks.serviceAccount(namespace, name)], accountId: `account-${index}` });
    });
  }));
}

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test('pool and provider are created for one cluster, and refuse to be destroyed', () => {
    const stack = synthStack(scope => new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: clusters.eks(scope) }));
    expect(stack.resource).toMatchObject({
      google_iam_workload_identity_pool: { Pool: { workload_identity_pool_id: 'eks-apps', lifecycle: { prevent_destroy: true } } },
      google_iam_workload_identity_pool_provider: {
        Pool_Provider_7E972134: {
          workload_identity_pool_id: '${google_iam_workload_identity_pool.Pool.workload_identity_pool_id}',
          workload_identity_pool_provider_id: 'eks-apps',
          attribute_mapping: { 'google.subject': 'assertion.sub' },
          attribute_condition: 'assertion.sub in []',
          oidc: { issuer_uri: clusters.eksIssuer },
          lifecycle: { prevent_destroy: true },
        },
      },
    });
  });

  test('the keys of a cluster that no cloud can reach are uploaded, in a pool that an account makes as well', () => {
    const stack = synthStack(scope => new GcpFederatedServiceAccount(scope, 'Account', {
      trusts: [clusters.oidcWithKeys(scope).serviceAccount('reports', 'reader')], accountId: 'reports-reader',
    }));
    expect(providerOf(stack)).toEqual({
      workload_identity_pool_id: '${google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-oidc-vault.workload_identity_pool_id}',
      workload_identity_pool_provider_id: 'oidc-vault',
      attribute_mapping: { 'google.subject': 'assertion.sub' },
      attribute_condition: "assertion.sub in ['system:serviceaccount:reports:reader']",
      oidc: { issuer_uri: clusters.privateIssuer, jwks_json: clusters.jwks },
      lifecycle: { prevent_destroy: true },
    });
  });

  test('refuses the issuer for an audience, in whichever way a pool comes', () => {
    const stack = scratchStack();
    const cluster = clusters.oidc(stack);
    // Read again, which gives another token of the same text.
    const audience = clusters.oidc(stack).issuer;
    for (const create of [
      () => new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster, allowedAudiences: ['acme', audience] }),
      () => ClusterWorkloadIdentityPool.fromProviderName(stack, 'Pool', { cluster, audience, providerName: PROVIDER_NAME }),
      () => ClusterWorkloadIdentityPool.fromLookup(stack, 'Pool', { cluster, audience, poolId: 'platform', providerId: 'apps' }),
    ]) {
      const { code, message } = refusal(create);
      expect(code).toBe('InvalidIdentifier');
      expect(message).toMatch(
        /^stack\/Pool: allowedAudiences must not be an audience of the Kubernetes API, which tokens have that pods get without asking, got "/);
    }
    expect(stack.node.tryFindChild('Pool')).toBeUndefined();
  });

  test('ten accounts share one pool, whose condition admits their service accounts and no other', () => {
    const stack = synthStack(scope => {
      for (const index of [3, 1, 2, 0, 1]) {
        const id = `Account${index}`;
        if (scope.node.tryFindChild(id) === undefined) {
          new GcpFederatedServiceAccount(scope, id, { trusts: [clusters.eks(scope).serviceAccount('reports', `reader-${index}`)], accountId: `account-${index}` });
        }
      }
    });
    expect(Object.keys(stack.resource.google_iam_workload_identity_pool!)).toEqual(['ClusterWorkloadIdentityPool-eks-apps']);
    expect(conditionOf(stack)).toBe("assertion.sub in ['system:serviceaccount:reports:reader-0', 'system:serviceaccount:reports:reader-1', "
      + "'system:serviceaccount:reports:reader-2', 'system:serviceaccount:reports:reader-3']");
  });

  test('a pool is brought in by the name of its provider, and nothing is created', () => {
    const stack = synthStack(scope => {
      ClusterWorkloadIdentityPool.fromProviderName(scope, 'Pool', {
        cluster: clusters.eks(scope), providerName: 'projects/123/locations/global/workloadIdentityPools/platform/providers/apps',
      });
      const account = new GcpFederatedServiceAccount(scope, 'Account', {
        trusts: [clusters.eks(scope).serviceAccount('reports', 'reader')], accountId: 'reports-reader',
      });
      expect(account.pools[0]!.audience).toBe('https://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/platform/providers/apps');
    });
    expect(stack.resource.google_iam_workload_identity_pool).toBeUndefined();
    expect(Object.values(stack.resource.google_service_account_iam_member!)[0].member).toBe(
      'principal://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/platform/subject/system:serviceaccount:reports:reader');
  });

  test('a pool is looked up by its ids, and nothing is created', () => {
    const stack = synthStack(scope => {
      ClusterWorkloadIdentityPool.fromLookup(scope, 'Pool', { cluster: clusters.eks(scope), poolId: 'platform', providerId: 'apps', project: 'acme-platform' });
      new GcpFederatedServiceAccount(scope, 'Account', { trusts: [clusters.eks(scope).serviceAccount('reports', 'reader')], accountId: 'reports-reader' });
    });
    expect(stack.resource.google_iam_workload_identity_pool).toBeUndefined();
    expect(stack.data.google_iam_workload_identity_pool_provider).toEqual({
      Pool: { workload_identity_pool_id: 'platform', workload_identity_pool_provider_id: 'apps', project: 'acme-platform' },
    });
    expect(Object.values(stack.resource.google_service_account_iam_member!)[0].member).toBe(
      'principal://iam.googleapis.com/${element(split("/providers/", data.google_iam_workload_identity_pool_provider.Pool.name), 0)}'
      + '/subject/system:serviceaccount:reports:reader');
  });
});

test('the condition admits subjects, namespaces or the cluster', () => {
  const subjects: [string, string][] = [['reports', 'reader'], ['billing', 'writer'], ['reports', 'writer']];
  expect(conditionFor({}, ...subjects)).toBe(
    "assertion.sub in ['system:serviceaccount:billing:writer', 'system:serviceaccount:reports:reader', 'system:serviceaccount:reports:writer']");
  expect(conditionFor({ admits: 'namespaces' }, ...subjects)).toBe("assertion['kubernetes.io']['namespace'] in ['billing', 'reports']");
  expect(conditionFor({ admits: 'namespaces', namespaces: ['reports', 'billing', 'other'] }, ...subjects)).toBe(
    "assertion['kubernetes.io']['namespace'] in ['billing', 'other', 'reports']");
  expect(conditionFor({ admits: 'cluster' }, ...subjects)).toBe("assertion.sub.startsWith('system:serviceaccount:')");
  expect(conditionFor({ attributeCondition: "assertion.sub != 'x'" }, ...subjects)).toBe("assertion.sub != 'x'");
});

test('a condition of one\'s own that only Terraform knows stands in parentheses, so that an empty one admits nobody', () => {
  const stack = synthStack(scope => {
    const attributeCondition = new TerraformVariable(scope, 'condition', { type: 'string' }).stringValue;
    new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: eks, attributeCondition });
  });
  expect(conditionOf(stack)).toBe('${join("", ["(", var.condition, ")"])}');
});

test('an audience that only Terraform knows is accepted', () => {
  const stack = synthStack(scope => {
    const audience = new TerraformVariable(scope, 'audience', { type: 'string' }).stringValue;
    new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: eks, allowedAudiences: [audience] });
  });
  expect(providerOf(stack).oidc.allowed_audiences).toEqual(['${var.audience}']);
});

test('a cluster may be known to several stacks by the same pool', () => {
  const stacks = synthApp(app => ['one', 'two'].forEach(id => {
    const pool = ClusterWorkloadIdentityPool.fromProviderName(stackIn(app, id), 'Pool', { cluster: eks, providerName: PROVIDER_NAME });
    new GcpFederatedServiceAccount(pool, 'Account', { trusts: [reader], accountId: 'reports-reader' });
  }));
  for (const stack of [stacks.one!, stacks.two!]) {
    expect(Object.values(stack.resource.google_service_account_iam_member!).map(({ member }) => member)).toEqual([
      'principal://iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/platform/subject/system:serviceaccount:reports:reader',
    ]);
  }
});

test('a whole namespace is admitted by its claim and trusted by an attribute, and a whole cluster as it is', () => {
  const trusting = (...trusts: TrustedSubject[]) => {
    const stack = synthStack(scope => new GcpFederatedServiceAccount(scope, 'Account', { trusts, accountId: 'reports-reader' }));
    const { attribute_mapping: mapping, attribute_condition: condition } = providerOf(stack);
    return { mapping, condition, members: Object.values(stack.resource.google_service_account_iam_member!).map(({ member }) => member) };
  };
  const pool = 'iam.googleapis.com/${google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-apps.name}';
  expect(trusting(reader, eks.unsafeEveryServiceAccountOfNamespace('billing'))).toEqual({
    mapping: { 'attribute.namespace': "assertion['kubernetes.io']['namespace']", 'google.subject': 'assertion.sub' },
    condition: "assertion.sub in ['system:serviceaccount:reports:reader'] || assertion['kubernetes.io']['namespace'] in ['billing']",
    members: [`principalSet://${pool}/attribute.namespace/billing`, `principal://${pool}/subject/system:serviceaccount:reports:reader`],
  });
  expect(trusting(reader, eks.unsafeEveryServiceAccountOfCluster())).toEqual({
    mapping: { 'google.subject': 'assertion.sub' },
    condition: "assertion.sub.startsWith('system:serviceaccount:')",
    members: [`principalSet://${pool}/*`, `principal://${pool}/subject/system:serviceaccount:reports:reader`],
  });
});

test('names that only Terraform knows are quoted by Terraform', () => {
  const stack = synthStack(scope => {
    const namespace = new TerraformVariable(scope, 'namespace', { type: 'string' }).stringValue;
    new GcpFederatedServiceAccount(scope, 'Account', {
      trusts: [eks.serviceAccount(namespace, 'reader'), eks.serviceAccount('billing', 'reader')], accountId: 'reports-reader',
    });
  });
  expect(conditionOf(stack)).toBe(
    'assertion.sub in [\'system:serviceaccount:billing:reader\', ${jsonencode("system:serviceaccount:${var.namespace}:reader")}]');
});

test('everything that a pool can be is passed on', () => {
  const stack = synthStack(scope => {
    const pool = new ClusterWorkloadIdentityPool(scope, 'Pool', {
      cluster: eks,
      poolId: 'acme-apps',
      providerId: 'acme-eks',
      project: 'acme-identity',
      displayName: 'Apps on EKS',
      description: 'Workloads of the cluster apps',
      allowedAudiences: ['acme', 'other'],
      attributeMapping: { 'attribute.namespace': "assertion['kubernetes.io']['namespace']" },
      preventDestroy: false,
    });
    expect(pool.audience).toBe('acme');
  });
  expect(stack.resource.google_iam_workload_identity_pool).toEqual({
    Pool: {
      workload_identity_pool_id: 'acme-apps', project: 'acme-identity', display_name: 'Apps on EKS', description: 'Workloads of the cluster apps',
    },
  });
  expect(providerOf(stack)).toEqual({
    workload_identity_pool_id: '${google_iam_workload_identity_pool.Pool.workload_identity_pool_id}',
    workload_identity_pool_provider_id: 'acme-eks',
    project: 'acme-identity',
    display_name: 'Apps on EKS',
    description: 'Workloads of the cluster apps',
    attribute_mapping: { 'attribute.namespace': "assertion['kubernetes.io']['namespace']", 'google.subject': 'assertion.sub' },
    attribute_condition: 'assertion.sub in []',
    oidc: { issuer_uri: EKS_ISSUER, allowed_audiences: ['acme', 'other'] },
  });
});

test.each([
  ['eks-apps', /^eks-apps$/],
  ['eks-Apps', /^eks-apps-[0-9a-f]{8}$/],
  ['eks_apps', /^eks-apps-[0-9a-f]{8}$/],
  ['gcp-apps', /^k8s-gcp-apps-[0-9a-f]{8}$/],
  ['eks', /^k8s-eks-[0-9a-f]{8}$/],
  ['e'.repeat(32), /^e{32}$/],
  ['e'.repeat(33), /^e{23}-[0-9a-f]{8}$/],
])('the default pool id of the cluster %s is one that Google takes, and differs from those of other clusters', (id, expected) => {
  const stack = synthStack(scope => new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: Cluster.eks({ name: 'apps', issuer: EKS_ISSUER, id }) }));
  expect(stack.resource.google_iam_workload_identity_pool!.Pool.workload_identity_pool_id).toMatch(expected);
});

test('service accounts of other stacks are admitted by their literal names', () => {
  const stacks = synthApp(app => {
    const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', { cluster: eks });
    new GcpFederatedServiceAccount(stackIn(app, 'reports'), 'Account', { trusts: [reader], accountId: 'reports-reader', pools: [pool] });
  });
  expect(conditionOf(stacks.platform!)).toBe("assertion.sub in ['system:serviceaccount:reports:reader']");
  expect(stacks.reports!.resource.google_iam_workload_identity_pool).toBeUndefined();
});

test('an application\'s change does not edit a pool that admits namespaces', () => {
  const platformWith = (...names: string[]) => synthApp(app => {
    const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', { cluster: eks, admits: 'namespaces', namespaces: ['reports'] });
    names.forEach(name => new GcpFederatedServiceAccount(stackIn(app, name), 'Account', {
      trusts: [eks.serviceAccount('reports', name)], accountId: `${name}-account`, pools: [pool],
    }));
  }).platform!.resource;
  expect(platformWith('reader', 'writer')).toEqual(platformWith('reader'));
});

test('an existing pool and provider are adopted by import blocks', () => {
  const stack = synthStack(scope => {
    const pool = new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: eks, poolId: 'platform', providerId: 'apps' });
    pool.resource!.importFrom('projects/acme-apps/locations/global/workloadIdentityPools/platform');
    pool.providerResource!.importFrom('projects/acme-apps/locations/global/workloadIdentityPools/platform/providers/apps');
  });
  expect(stack.import).toEqual([
    { id: 'projects/acme-apps/locations/global/workloadIdentityPools/platform', to: 'google_iam_workload_identity_pool.Pool' },
    {
      id: 'projects/acme-apps/locations/global/workloadIdentityPools/platform/providers/apps',
      to: 'google_iam_workload_identity_pool_provider.Pool_Provider_7E972134',
    },
  ]);
});

test('a cluster that two stacks register by themselves is warned of', () => {
  inFolder(folder => {
    const app = new App({ outdir: folder });
    const [one, two] = ['one', 'two'].map(id => new GcpFederatedServiceAccount(stackIn(app, id), 'Account', { trusts: [reader], accountId: `account-${id}` }));
    expect(one!.pools[0]!.node.metadata).toEqual([]);
    expect(two!.pools[0]!.node.metadata.map(({ data }) => data)).toEqual([expect.stringMatching(/^registered-in-two-stacks: /)]);
  });
});

describe('a whole namespace of a pool whose condition does not grow', () => {
  const OWN = "assertion.sub.startsWith('system:serviceaccount:reports:')";
  const MAPPED = { 'attribute.namespace': "assertion['kubernetes.io']['namespace']", 'google.subject': 'assertion.sub' };
  const FIXED: [string, Partial<ClusterWorkloadIdentityPoolProps>, string][] = [
    ['lists namespaces', { admits: 'namespaces', namespaces: ['reports'] }, "assertion['kubernetes.io']['namespace'] in ['reports']"],
    ['admits the cluster', { admits: 'cluster' }, "assertion.sub.startsWith('system:serviceaccount:')"],
    ['has a condition of its own', { attributeCondition: OWN }, OWN],
  ];
  const trusts = [eks.unsafeEveryServiceAccountOfNamespace('reports')];
  const member = (pool: string) => `principalSet://iam.googleapis.com/${pool}/attribute.namespace/reports`;
  type Use = (stack: TerraformStack, pool: ClusterWorkloadIdentityPool) => void;
  const inTwoStacks = (props: Partial<ClusterWorkloadIdentityPoolProps>, use: Use) => synthApp(app => {
    const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', { cluster: eks, ...props });
    use(stackIn(app, 'reports'), pool);
  });

  test.each(FIXED)('is mapped where the pool %s and is of the same stack', (_, props, condition) => {
    const stack = synthStack(scope => {
      new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: eks, attributeMapping: { 'attribute.team': 'assertion.team' }, ...props });
      new GcpFederatedServiceAccount(scope, 'Account', { trusts, accountId: 'reports-reader' });
    });
    expect(providerOf(stack)).toMatchObject({ attribute_condition: condition });
    expect(providerOf(stack).attribute_mapping).toEqual({ 'attribute.team': 'assertion.team', ...MAPPED });
    expect(Object.values(stack.resource.google_service_account_iam_member!).map(body => body.member)).toEqual([member('${google_iam_workload_identity_pool.Pool.name}')]);
  });

  test.each(FIXED)('is trusted where the pool %s, is of another stack and maps it, and leaves that stack as it was', (_, props) => {
    const mapping = { attributeMapping: { 'attribute.namespace': "assertion['kubernetes.io']['namespace']" } };
    // A name of the pool crosses the stacks either way.
    const using = (who: TrustedSubject) => inTwoStacks({ ...props, ...mapping }, (stack, pool) => {
      new GcpFederatedServiceAccount(stack, 'Account', { trusts: [who], accountId: 'reports-reader', pools: [pool] });
    });
    const { platform, reports } = using(trusts[0]!);
    expect(platform).toEqual(using(reader).platform);
    expect(providerOf(platform!).attribute_mapping).toEqual(MAPPED);
    expect(Object.values(reports!.resource.google_service_account_iam_member!).map(body => body.member)).toEqual([
      member('${data.terraform_remote_state.cross-stack-reference-input-platform.outputs.cross-stack-output-google_iam_workload_identity_poolPoolname}'),
    ]);
  });

  test.each(FIXED)('refuses it where the pool %s, is of another stack and does not map it, and leaves that stack as it was', (_, props) => {
    const refusing = inTwoStacks(props, (stack, pool) => {
      expect(refusal(() => new GcpFederatedServiceAccount(stack, 'Account', { trusts, accountId: 'reports-reader', pools: [pool] }))).toEqual({
        code: 'NotTrusted',
        message: 'reports/Account: trusts must name service accounts where the pool platform/Pool does not map attribute.namespace, got "a whole namespace"; '
          + 'have the owner of the pool map attribute.namespace to assertion[\'kubernetes.io\'][\'namespace\'] by `attributeMapping`',
      });
    });
    expect(refusing.platform).toEqual(inTwoStacks(props, () => undefined).platform);
    expect(providerOf(refusing.platform!).attribute_mapping).toEqual({ 'google.subject': 'assertion.sub' });
  });

  test('refuses it where it is not listed, before anything is mapped', () => {
    const stack = synthStack(scope => {
      new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: eks, admits: 'namespaces', namespaces: ['billing'] });
      expect(refusal(() => new GcpFederatedServiceAccount(scope, 'Account', { trusts, accountId: 'reports-reader' }))).toEqual({
        code: 'NotTrusted',
        message: 'stack/Account: trusts must be in a namespace that the pool stack/Pool admits (billing), got "reports"; '
          + 'have the owner of the pool add the namespace to `namespaces`',
      });
    });
    expect(providerOf(stack).attribute_mapping).toEqual({ 'google.subject': 'assertion.sub' });
    expect(conditionOf(stack)).toBe("assertion['kubernetes.io']['namespace'] in ['billing']");
  });

  test('leaves the mapping of a pool alone that is brought in', () => {
    const stack = synthStack(scope => {
      ClusterWorkloadIdentityPool.fromProviderName(scope, 'Pool', { cluster: eks, providerName: PROVIDER_NAME });
      new GcpFederatedServiceAccount(scope, 'Account', { trusts, accountId: 'reports-reader' });
    });
    expect(Object.keys(stack.resource)).toEqual(['google_service_account', 'google_service_account_iam_member']);
    expect(Object.values(stack.resource.google_service_account_iam_member!).map(body => body.member)).toEqual([
      member('projects/123/locations/global/workloadIdentityPools/platform'),
    ]);
  });
});

test('a pool that grows maps namespaces for other stacks too, as it admits them', () => {
  const stacks = synthApp(app => {
    const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', { cluster: eks });
    new GcpFederatedServiceAccount(stackIn(app, 'reports'), 'Account', {
      trusts: [eks.unsafeEveryServiceAccountOfNamespace('reports')], accountId: 'reports-reader', pools: [pool],
    });
  });
  expect(providerOf(stacks.platform!).attribute_mapping).toEqual({
    'attribute.namespace': "assertion['kubernetes.io']['namespace']", 'google.subject': 'assertion.sub',
  });
  expect(conditionOf(stacks.platform!)).toBe("assertion['kubernetes.io']['namespace'] in ['reports']");
});

const attributes = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`attribute.a${index}`, 'assertion.sub']));

test('fifty attributes are passed on, and forty-nine leave room for the namespace', () => {
  const mappingOf = (count: number, ...trusts: TrustedSubject[]) => Object.keys(providerOf(synthStack(scope => {
    new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: eks, attributeMapping: attributes(count) });
    new GcpFederatedServiceAccount(scope, 'Account', { trusts, accountId: 'reports-reader' });
  })).attribute_mapping);
  expect(mappingOf(50, reader).sort()).toEqual([...Object.keys(attributes(50)), 'google.subject'].sort());
  expect(mappingOf(49, eks.unsafeEveryServiceAccountOfNamespace('reports')).sort()).toEqual([...Object.keys(attributes(49)), 'attribute.namespace', 'google.subject'].sort());
});

describe('refuses', () => {
  test('more attributes than Google takes, and a namespace that would be one of them', () => {
    expect(refusal(() => poolWith({ attributeMapping: attributes(51) }))).toEqual({
      code: 'LimitExceeded', message: 'stack/Pool: attributeMapping must hold at most 50 attributes, got "51"; remove those that no member names',
    });
    const stack = scratchStack();
    new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: eks, attributeMapping: attributes(50) });
    expect(refusal(() => new GcpFederatedServiceAccount(stack, 'Account', {
      trusts: [eks.unsafeEveryServiceAccountOfNamespace('reports')], accountId: 'reports-reader',
    }))).toEqual({
      code: 'LimitExceeded', message: 'stack/Account: trusts must leave the pool stack/Pool at 50 attributes, got "51"; remove those that no member names',
    });
  });

  test.each(['', ' ', '\t\n'])('the expression %p of an attribute', expression => {
    expect(refusal(() => poolWith({ attributeMapping: { 'attribute.a': expression } }))).toEqual({
      code: 'InvalidIdentifier',
      message: `stack/Pool: attributeMapping must hold CEL expressions, got ${JSON.stringify(expression)}; leave the attribute out`,
    });
  });

  test.each(['${var.claim}', "assertion['${var.claim}']", '%{ if true }assertion.sub%{ endif }'])('the expression %p of an attribute, which Terraform evaluates', expression => {
    for (const attribute of ['attribute.a', 'google.groups']) {
      expect(refusal(() => poolWith({ attributeMapping: { [attribute]: expression } }))).toEqual({
        code: 'InvalidIdentifier',
        message: `stack/Pool: attributeMapping must hold no "\${" or "%{", which Terraform evaluates, got ${JSON.stringify(expression)}; `
          + 'pass the attribute of the resource or variable itself',
      });
    }
  });

  const ID = 'must be 4 to 32 lower-case letters, digits and "-", not starting with "gcp-"';

  test.each([
    [{ poolId: 'abc' }, `poolId ${ID}, got "abc"; choose an id that will never change: a deleted one stays blocked for 30 days`],
    [{ poolId: 'p'.repeat(33) }, `poolId ${ID}`],
    [{ poolId: 'gcp-apps' }, `poolId ${ID}`],
    [{ poolId: 'Apps' }, `poolId ${ID}`],
    [{ providerId: 'apps/x' }, `providerId ${ID}`],
    [{ displayName: 'd'.repeat(33) }, 'displayName must be at most 32 characters'],
    [{ description: 'd'.repeat(257) }, 'description must be at most 256 characters'],
    [{ allowedAudiences: [] }, 'allowedAudiences must hold 1 to 10 audiences, got 0; leave it out for the provider\'s own audience'],
    [{ allowedAudiences: Array.from({ length: 11 }, (_, index) => `a${index}`) }, 'allowedAudiences must hold 1 to 10 audiences, got 11'],
    [{ allowedAudiences: ['acme', EKS_ISSUER] }, 'allowedAudiences must not be an audience of the Kubernetes API, which tokens have that pods get without asking'],
    [{ allowedAudiences: ['https://kubernetes.default.svc'] }, 'allowedAudiences must not be an audience of the Kubernetes API'],
    [{ allowedAudiences: ['kubernetes'] }, 'allowedAudiences must not be an audience of the Kubernetes API, which tokens have that pods get without asking, '
      + 'got "kubernetes"; leave it out for the cloud\'s own audience'],
    [{ allowedAudiences: ['kubernetes.default.svc'] }, 'allowedAudiences must not be an audience of the Kubernetes API'],
    [{ allowedAudiences: [''] }, 'allowedAudiences must hold audiences of 1 to 256 characters without white space, got ""; leave it out for the provider\'s own audience'],
    [{ allowedAudiences: ['a'.repeat(257)] }, 'allowedAudiences must hold audiences of 1 to 256 characters without white space'],
    [{ attributeMapping: { 'google.subject': 'assertion.email' } }, 'attributeMapping must leave google.subject at assertion.sub, which the members name'],
    [{ attributeMapping: { Namespace: 'assertion.sub' } }, 'attributeMapping must map to google.groups or attribute.<lower-case name>, got "Namespace"'],
    [{ attributeMapping: { 'attribute.a': 'a'.repeat(2049) } }, 'attributeMapping must hold expressions of at most 2048 characters, got "2049 characters for attribute.a"'],
    [{ project: '' }, 'project must be a project id'],
    [{ attributeCondition: "assertion.sub in ['${var.subject}']" }, 'attributeCondition must hold no "${" or "%{", which Terraform evaluates'],
    [{ attributeCondition: ' ' }, 'attributeCondition must not be empty'],
    [{ attributeCondition: 'a'.repeat(4097) }, 'attributeCondition must be at most 4096 characters, got "4097 characters"; shorten it'],
    [{ namespaces: ['reports'] }, 'namespaces must be given together with `admits: "namespaces"`'],
    [{ admits: 'namespaces', namespaces: ['*'] }, 'namespaces must be a DNS label'],
  ] as [Partial<ClusterWorkloadIdentityPoolProps>, string][])('%p', (props, message) => {
    expect(() => poolWith(props)).toThrow(`stack/Pool: ${message}`);
  });

  test('a second pool of a cluster in a stack', () => {
    const stack = scratchStack();
    new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: eks });
    expect(() => new ClusterWorkloadIdentityPool(stack, 'Again', { cluster: eks, poolId: 'again' })).toThrow(new FederationError({
      code: 'DuplicateRegistration', where: 'stack/Again', prop: 'cluster', rule: 'be registered once per stack and account (stack/Pool registers it)',
      got: 'eks-apps', remedy: 'use that ClusterWorkloadIdentityPool; roles and accounts of the stack find it',
    }));
  });

  describe('a pool that another cluster has', () => {
    const other = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps', workloadIdentity: false });
    const name = (provider: string) => `projects/123/locations/global/workloadIdentityPools/platform/providers/${provider}`;
    const byIds = { poolId: 'platform', project: 'acme-platform' };
    const rest = ' has this one for cluster eks-apps), got "gke-apps"; '
      + 'give each cluster a pool, and say `project` of both where they are in two: a member names the pool and not the provider, so that service accounts of the same name could become each other';

    test.each([
      ['created after a created one', (stack: TerraformStack) => new ClusterWorkloadIdentityPool(stack, 'One', { cluster: eks, ...byIds }),
        (stack: TerraformStack) => new ClusterWorkloadIdentityPool(stack, 'Two', { cluster: other, ...byIds })],
      ['looked up after a created one', (stack: TerraformStack) => new ClusterWorkloadIdentityPool(stack, 'One', { cluster: eks, ...byIds }),
        (stack: TerraformStack) => ClusterWorkloadIdentityPool.fromLookup(stack, 'Two', { cluster: other, ...byIds, providerId: 'other' })],
      ['looked up after a looked-up one', (stack: TerraformStack) => ClusterWorkloadIdentityPool.fromLookup(stack, 'One', { cluster: eks, ...byIds, providerId: 'apps' }),
        (stack: TerraformStack) => ClusterWorkloadIdentityPool.fromLookup(stack, 'Two', { cluster: other, ...byIds, providerId: 'other' })],
      ['by the name of another provider of it', (stack: TerraformStack) => ClusterWorkloadIdentityPool.fromProviderName(stack, 'One', { cluster: eks, providerName: name('apps') }),
        (stack: TerraformStack) => ClusterWorkloadIdentityPool.fromProviderName(stack, 'Two', { cluster: other, providerName: name('other') })],
      ['by a name that only Terraform knows', (stack: TerraformStack) => ClusterWorkloadIdentityPool.fromProviderName(stack, 'One', {
        cluster: eks, providerName: new TerraformVariable(stack, 'provider', { type: 'string' }).stringValue,
      }), (stack: TerraformStack) => ClusterWorkloadIdentityPool.fromProviderName(stack, 'Two', {
        cluster: other, providerName: (stack.node.findChild('provider') as TerraformVariable).stringValue,
      })],
    ])('%s', (_, one, two) => {
      const stack = scratchStack();
      one(stack);
      expect(refusal(() => two(stack))).toEqual({
        code: 'DuplicateRegistration', message: `stack/Two: cluster must have a pool of its own (stack/One${rest}`,
      });
      expect(stack.node.tryFindChild('Two')).toBeUndefined();
    });

    test('by its name in another stack of the app', () => {
      inFolder(folder => {
        const app = new App({ outdir: folder });
        ClusterWorkloadIdentityPool.fromProviderName(stackIn(app, 'one'), 'Pool', { cluster: eks, providerName: name('apps') });
        const two = stackIn(app, 'two');
        expect(refusal(() => ClusterWorkloadIdentityPool.fromProviderName(two, 'Pool', { cluster: other, providerName: name('other') }))).toEqual({
          code: 'DuplicateRegistration', message: `two/Pool: cluster must have a pool of its own (one/Pool${rest}`,
        });
      });
    });

    test('that an account made by itself', () => {
      const stack = scratchStack();
      new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' });
      expect(refusal(() => new ClusterWorkloadIdentityPool(stack, 'Two', { cluster: other, poolId: 'eks-apps' }))).toEqual({
        code: 'DuplicateRegistration', message: `stack/Two: cluster must have a pool of its own (stack/ClusterWorkloadIdentityPool-eks-apps${rest}`,
      });
    });

    test('by its ids and its project, whatever stack or provider it comes by', () => {
      inFolder(folder => {
        const app = new App({ outdir: folder });
        const [one, two] = ['one', 'two'].map(id => stackIn(app, id));
        ClusterWorkloadIdentityPool.fromLookup(one!, 'Pool', { cluster: eks, ...byIds, providerId: 'apps' });
        const googleProvider = new GoogleProvider(two!, 'Other', { alias: 'other' });
        for (const create of [
          () => ClusterWorkloadIdentityPool.fromLookup(two!, 'Pool', { cluster: other, ...byIds, providerId: 'other' }),
          () => ClusterWorkloadIdentityPool.fromLookup(two!, 'Pool', { cluster: other, ...byIds, providerId: 'other', googleProvider }),
          () => new ClusterWorkloadIdentityPool(two!, 'Pool', { cluster: other, ...byIds }),
          () => new ClusterWorkloadIdentityPool(two!, 'Pool', { cluster: other, ...byIds, googleProvider }),
        ]) {
          expect(refusal(create)).toEqual({
            code: 'DuplicateRegistration', message: `two/Pool: cluster must have a pool of its own (one/Pool${rest}`,
          });
        }
        expect(two!.node.tryFindChild('Pool')).toBeUndefined();
        // Its own cluster has it in both.
        expect(() => ClusterWorkloadIdentityPool.fromLookup(two!, 'Pool', { cluster: eks, ...byIds, providerId: 'apps' })).not.toThrow();
      });
    });

    test('also where one of the two says its project, as the provider\'s may be the same', () => {
      const stack = scratchStack();
      new ClusterWorkloadIdentityPool(stack, 'One', { cluster: eks, ...byIds });
      expect(refusal(() => new ClusterWorkloadIdentityPool(stack, 'Two', { cluster: other, poolId: byIds.poolId })).code).toBe('DuplicateRegistration');
    });

    test('also by a name that is made of the other\'s', () => {
      const stack = scratchStack();
      const pool = new ClusterWorkloadIdentityPool(stack, 'One', { cluster: eks });
      for (const providerName of [pool.providerName, `${pool.poolName}/providers/second`]) {
        expect(refusal(() => ClusterWorkloadIdentityPool.fromProviderName(stack, 'Two', { cluster: other, providerName })).code).toBe('DuplicateRegistration');
      }
      const lookup = { cluster: other, poolId: pool.resource!.workloadIdentityPoolId, providerId: 'second' };
      expect(refusal(() => ClusterWorkloadIdentityPool.fromLookup(stack, 'Two', lookup))).toEqual({
        code: 'DuplicateRegistration',
        message: 'stack/Two: cluster must have a pool of its own (stack/One has this one for cluster eks-apps), got "gke-apps"; '
          + 'give each cluster a pool, and say `project` of both where they are in two: a member names the pool and not the provider, '
          + 'so that service accounts of the same name could become each other',
      });
    });

    test('but not a pool of the same id in another project, by another provider or in another stack', () => {
      inFolder(folder => {
        const app = new App({ outdir: folder });
        const [stack, second] = ['stack', 'second'].map(id => stackIn(app, id));
        const googleProvider = new GoogleProvider(stack!, 'Other', { alias: 'other' });
        const [fourth, fifth] = ['four', 'five'].map(id => Cluster.oidc({ name: id, issuer: `https://issuer.example.com/${id}` }));
        new ClusterWorkloadIdentityPool(stack!, 'One', { cluster: eks, ...byIds });
        for (const create of [
          () => new ClusterWorkloadIdentityPool(stack!, 'Two', { cluster: other, ...byIds, project: 'acme-other' }),
          () => new ClusterWorkloadIdentityPool(stack!, 'Four', { cluster: fourth!, poolId: 'platform', googleProvider }),
          () => new ClusterWorkloadIdentityPool(second!, 'Five', { cluster: fifth!, poolId: 'platform' }),
        ]) {
          expect(create).not.toThrow();
        }
      });
    });
  });

  test('to guess which project a second alias leads to', () => {
    const stack = scratchStack();
    const googleProvider = new GoogleProvider(stack, 'Other', { alias: 'other' });
    new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' });
    expect(() => new GcpFederatedServiceAccount(stack, 'Other2', { trusts: [reader], accountId: 'reports-reader', googleProvider })).toThrow(
      'stack/Other2: pools must be given where the stack registers cluster eks-apps with another provider alias '
      + '(stack/ClusterWorkloadIdentityPool-eks-apps), got "other"; define a ClusterWorkloadIdentityPool for this alias');
  });

  test('more service accounts than a condition holds, with the count and the remedy', () => {
    const stack = scratchStack();
    const declare = (index: number) => new GcpFederatedServiceAccount(stack, `Account${index}`, {
      trusts: [eks.serviceAccount('reports', `reader-${String(index).padStart(3, '0')}`)], accountId: `account-${index}`,
    });
    // 19 characters around the list, and 40 for each name with its quotes and ", ".
    for (let index = 0; index < 92; index++) {
      declare(index);
    }
    expect(() => declare(92)).toThrow(
      'stack/Account92: trusts must fit the 4096 characters of the attribute condition of stack/ClusterWorkloadIdentityPool-eks-apps, '
      + 'got "4109 characters for 93 subjects"; '
      + 'give the pool `admits: "namespaces"` or `admits: "cluster"`, or an `attributeCondition` of your own; the members stay exact');
  });

  test('a namespace that a shared pool does not admit', () => {
    const stack = scratchStack();
    new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: eks, admits: 'namespaces', namespaces: ['billing'] });
    expect(() => new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' })).toThrow(
      'stack/Account: trusts must be in a namespace that the pool stack/Pool admits (billing), got "reports"; '
      + 'have the owner of the pool add the namespace to `namespaces`');
  });

  test('a whole namespace or cluster that a shared pool does not admit', () => {
    const stack = scratchStack();
    new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: eks, admits: 'namespaces', namespaces: ['billing'] });
    for (const [id, set, got] of [
      ['Namespace', eks.unsafeEveryServiceAccountOfNamespace('reports'), 'reports'], ['Cluster', eks.unsafeEveryServiceAccountOfCluster(), 'every service account of cluster eks-apps'],
    ] as const) {
      expect(refusal(() => new GcpFederatedServiceAccount(stack, id, { trusts: [set], accountId: 'reports-reader' }))).toEqual({
        code: 'NotTrusted',
        message: `stack/${id}: trusts must be in a namespace that the pool stack/Pool admits (billing), got "${got}"; `
          + 'have the owner of the pool add the namespace to `namespaces`',
      });
    }
  });

  test('a whole namespace where the pool maps the attribute to something of its own', () => {
    const stack = scratchStack();
    new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: eks, attributeMapping: { 'attribute.namespace': 'assertion.aud' } });
    expect(refusal(() => new GcpFederatedServiceAccount(stack, 'Account', { trusts: [eks.unsafeEveryServiceAccountOfNamespace('reports')], accountId: 'reports-reader' })))
      .toEqual({
        code: 'InvalidIdentifier',
        message: 'stack/Account: trusts must name service accounts where the pool stack/Pool maps attribute.namespace to something of its own, '
          + 'got "assertion.aud"; have the pool map attribute.namespace to assertion[\'kubernetes.io\'][\'namespace\'], or leave it out there',
      });
  });

  test('a name that only Terraform knows where the pool is in another stack', () => {
    inFolder(folder => {
      const app = new App({ outdir: folder });
      const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', { cluster: eks });
      const stack = stackIn(app, 'reports');
      const namespace = new TerraformVariable(stack, 'namespace', { type: 'string' }).stringValue;
      expect(() => new GcpFederatedServiceAccount(stack, 'Account', {
        trusts: [eks.serviceAccount(namespace, 'reader')], accountId: 'reports-reader', pools: [pool],
      })).toThrow('reports/Account: trusts must hold literal names where the pool is in another stack (platform/Pool)');
    });
  });

  test.each([
    'projects/acme-apps/locations/global/workloadIdentityPools/platform/providers/apps',
    '//iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/platform/providers/apps',
    'projects/123/locations/global/workloadIdentityPools/platform',
  ])('the provider name %p', providerName => {
    expect(() => ClusterWorkloadIdentityPool.fromProviderName(scratchStack(), 'Pool', { cluster: eks, providerName })).toThrow(
      `stack/Pool: providerName must be projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>, got "${providerName}"; `
      + 'copy it from `gcloud iam workload-identity-pools providers describe`; members want the project\'s number, not its id');
  });
});

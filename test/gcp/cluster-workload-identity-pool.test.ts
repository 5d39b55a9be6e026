import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { App, TerraformVariable } from 'cdktf';
import {
  Cluster, ClusterWorkloadIdentityPool, ClusterWorkloadIdentityPoolProps, FederationError, GcpFederatedServiceAccount,
} from 'cdktf-workload-federation';
import { EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { inFolder, scratchStack, StackJson, stackIn, synthApp, synthStack } from '../synth';

const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const reader = eks.serviceAccount('reports', 'reader');

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

describe('refuses', () => {
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

import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';
import {
  AwsFederatedRole, Cluster, EksToAwsFederation, EksToGcpFederation, GcpFederatedServiceAccount, GkeToAwsFederation, GkeToGcpFederation,
} from 'cdktf-workload-federation';
import { LITERAL_AND_TOKENS } from './clusters';
import { addresses, changes, stackIn, StackJson, synthApp, synthExample, synthStack } from './synth';

/** The addresses that a change adds, removes and alters. */
const change = (before: StackJson, after: StackJson) => changes(addresses(before), addresses(after));

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  /** A cluster, with the provider that leads to it and the names of a workload on it. */
  const on = (cluster: 'eks' | 'gke', stack: TerraformStack, name: string) => ({
    cluster: clusters[cluster](stack),
    kubernetesProvider: stack.node.findChild(`Kubernetes-${cluster}`) as KubernetesProvider,
    namespace: name,
    serviceAccountName: name,
  });
  const federations = {
    A: (stack: TerraformStack) => new EksToAwsFederation(stack, 'A', on('eks', stack, 'a')),
    B: (stack: TerraformStack) => new EksToAwsFederation(stack, 'B', { ...on('eks', stack, 'b'), wiring: 'explicit' }),
    C: (stack: TerraformStack) => new GkeToAwsFederation(stack, 'C', on('gke', stack, 'c')),
    D: (stack: TerraformStack) => new EksToGcpFederation(stack, 'D', { ...on('eks', stack, 'd'), accountId: 'account-d' }),
    E: (stack: TerraformStack) => new EksToGcpFederation(stack, 'E', { ...on('eks', stack, 'e'), accountId: 'account-e' }),
    F: (stack: TerraformStack) => new GkeToGcpFederation(stack, 'F', { ...on('gke', stack, 'f'), accountId: 'account-f' }),
  };
  type Name = keyof typeof federations;
  const synth = (names: readonly Name[]) => synthStack(stack => {
    // The clusters' own resources, and the providers that lead to them, stay when a federation goes.
    for (const cluster of ['eks', 'gke'] as const) {
      clusters[cluster](stack);
      new KubernetesProvider(stack, `Kubernetes-${cluster}`, { alias: cluster, configPath: '~/.kube/config', configContext: cluster });
    }
    names.forEach(name => federations[name](stack));
  });
  const NAMES = Object.keys(federations) as Name[];
  const POOL_PROVIDER = 'google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-eks-apps_Provider_C7864907';

  test.each(NAMES)('removing %s leaves every other address and body untouched', name => {
    const { added, removed, changed } = change(synth(NAMES), synth(NAMES.filter(other => other !== name)));
    expect(added).toEqual([]);
    expect(removed.every(address => address.split('.').pop()!.startsWith(`${name}_`)
      || (name === 'C' && address === 'aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps'))).toBe(true);
    expect(removed.length).toBeGreaterThan(2);
    // The one thing that a removed service account has in others: its name in the pool's condition.
    expect(changed).toEqual(['D', 'E'].includes(name) ? [POOL_PROVIDER] : []);
  });

  test('the order in which federations are declared has no meaning', () => {
    expect(synth([...NAMES].reverse())).toEqual(synth(NAMES));
  });

  const roleFor = (...subjects: [string, string, string][]) => synthStack(stack => {
    clusters.eks(stack);
    clusters.gke(stack);
    const trusts = subjects.map(([cluster, namespace, name]) => (cluster === 'eks' ? clusters.eks(stack) : clusters.gke(stack)).serviceAccount(namespace, name));
    new AwsFederatedRole(stack, 'Role', { trusts });
    new GcpFederatedServiceAccount(stack, 'Account', { trusts, accountId: 'reports-reader' });
  });

  test('adding a service account changes the lines that are about it', () => {
    const before = roleFor(['eks', 'm', 'm']);
    for (const namespace of ['a', 'z']) {
      const after = roleFor(['eks', namespace, namespace], ['eks', 'm', 'm']);
      const { added, removed, changed } = change(before, after);
      expect(added).toEqual([expect.stringMatching(`^google_service_account_iam_member.Account_Federated_eks-apps_${namespace}_${namespace}_`)]);
      expect(removed).toEqual([]);
      expect(changed).toEqual(['data.aws_iam_policy_document.Role_Trust_229B7AE4', POOL_PROVIDER]);
      const subjects = (stack: StackJson) => stack.data.aws_iam_policy_document!.Role_Trust_229B7AE4.statement[0].condition[1].values;
      expect(subjects(after).filter((subject: string) => !subjects(before).includes(subject))).toEqual([`system:serviceaccount:${namespace}:${namespace}`]);
    }
  });

  test('adding a cluster adds a statement and leaves the others untouched', () => {
    const [before, after] = [roleFor(['eks', 'm', 'm']), roleFor(['eks', 'm', 'm'], ['gke', 'm', 'm'])];
    const { added, removed, changed } = change(before, after);
    expect(added).toEqual([
      'aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps',
      expect.stringMatching(`^google_service_account_iam_member.Account_Native_${clusters.gkeProjectLabel}_m_m_`),
    ]);
    expect(removed).toEqual([]);
    expect(changed).toEqual(['data.aws_iam_policy_document.Role_Trust_229B7AE4']);
    const statements = (stack: StackJson) => stack.data.aws_iam_policy_document!.Role_Trust_229B7AE4.statement;
    expect(statements(after)[0]).toEqual(statements(before)[0]);
  });

  test('dropping the old of two clusters leaves the new one\'s resources untouched', () => {
    const { added, removed, changed } = change(roleFor(['eks', 'm', 'm'], ['gke', 'm', 'm']), roleFor(['gke', 'm', 'm']));
    expect(added).toEqual([]);
    expect(removed).toEqual([
      'aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps',
      'google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-apps',
      POOL_PROVIDER,
      expect.stringMatching('^google_service_account_iam_member.Account_Federated_eks-apps_m_m_'),
    ]);
    expect(changed).toEqual(['data.aws_iam_policy_document.Role_Trust_229B7AE4']);
  });
});

test.each(['blue', 'green'])('dropping %s of two GKE clusters of one project leaves the member that both have, though IAM roles change', gone => {
  const synth = (...names: string[]) => synthStack(stack => {
    const trusts = names.map(name => Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name }).serviceAccount('m', 'm'));
    new AwsFederatedRole(stack, 'Role', { trusts });
    new GcpFederatedServiceAccount(stack, 'Account', { trusts, accountId: 'reports-reader' });
  });
  const kept = gone === 'blue' ? 'green' : 'blue';
  expect(change(synth('blue', 'green'), synth(kept))).toEqual({
    added: [],
    removed: [`aws_iam_openid_connect_provider.ClusterOidcProvider-gke-${gone}`],
    changed: ['data.aws_iam_policy_document.Role_Trust_229B7AE4'],
  });
  expect(change(synth(kept), synth(kept, gone))).toEqual({
    added: [`aws_iam_openid_connect_provider.ClusterOidcProvider-gke-${gone}`],
    removed: [],
    changed: ['data.aws_iam_policy_document.Role_Trust_229B7AE4'],
  });
});

test('the same service account of one cluster in two stacks is told apart by the stacks alone', () => {
  const eks = Cluster.eks({ name: 'apps', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204' });
  const stacks = synthApp((app: App) => ['one', 'two'].forEach(id => new AwsFederatedRole(stackIn(app, id), 'Role', { trusts: [eks.serviceAccount('a', 'a')] })));
  expect(addresses(stacks.two!)).toEqual(addresses(stacks.one!));
});

test('addresses and physical names of the article example do not move', () => {
  const { article, 'article-appendix': appendix } = synthExample('article');
  expect(Object.keys(addresses(article!)).sort()).toEqual([
    'aws_iam_openid_connect_provider.ClusterOidcProvider-eks-oidc-exp-cluster',
    'aws_iam_openid_connect_provider.ClusterOidcProvider-gke-oidc-exp-cluster',
    'aws_iam_role.Role',
    'aws_iam_role_policy.Role_InlinePolicy_E50B08AC',
    'aws_s3_bucket.S3',
    'aws_s3_object.S3Object',
    'data.aws_iam_policy_document.Role_Permissions_A25BF51A',
    'data.aws_iam_policy_document.Role_Trust_229B7AE4',
    'data.aws_region.AwsRegion',
    'google_iam_workload_identity_pool.Pool',
    'google_iam_workload_identity_pool_provider.Pool_Provider_7E972134',
    'google_service_account.Account',
    'google_service_account_iam_member.Account_Federated_eks-oidc-exp-cluster_oidc-exp_oidc-exp-service-account_D95D4BD6',
    'google_service_account_iam_member.Account_Native_oidc-exp-project_oidc-exp_oidc-exp-service-account_FA791CE2',
    'google_storage_bucket.Gcs',
    'google_storage_bucket_iam_member.Account_Bucket_Gcs_storage_objectViewer_BB6CC79A',
    'google_storage_bucket_object.GcsObject',
    'kubernetes_config_map_v1.EksWorkload_ConfigMap_054218AB',
    'kubernetes_namespace_v1.EksNamespace',
    'kubernetes_namespace_v1.GkeNamespace',
    'kubernetes_pod_v1.Eks-aws-cli',
    'kubernetes_pod_v1.Eks-gcloud-cli',
    'kubernetes_pod_v1.Gke-aws-cli',
    'kubernetes_pod_v1.Gke-gcloud-cli',
    'kubernetes_service_account_v1.EksWorkload',
    'kubernetes_service_account_v1.GkeWorkload',
  ]);
  expect(Object.keys(addresses(appendix!)).sort()).toEqual([
    'google_iam_workload_identity_pool.Pool',
    'google_iam_workload_identity_pool_provider.Pool_Provider_7E972134',
    'google_service_account.Account',
    'google_service_account_iam_member.Account_Federated_gke-oidc-exp-cluster_oidc-exp-appendix_oidc-exp-service-account_EBD27681',
    'google_storage_bucket_iam_member.Account_Bucket_oidc-exp-gcs-bucket_storage_objectViewer_C2C2F759',
    'kubernetes_config_map_v1.GkeWorkload_ConfigMap_F2B84CF4',
    'kubernetes_namespace_v1.GkeNamespace',
    'kubernetes_pod_v1.Gke-gcloud-cli',
    'kubernetes_service_account_v1.GkeWorkload',
  ]);
  expect(physicalNames(article!)).toEqual([
    'aws-cli',
    'aws-cli',
    'eks-oidc-exp-cluster',
    'eks-oidc-exp-cluster',
    'gcloud-cli',
    'gcloud-cli',
    'https://container.googleapis.com/v1/projects/oidc-exp-project/locations/europe-west2-a/clusters/oidc-exp-cluster',
    'https://oidc.eks.eu-west-2.amazonaws.com/id/4E604436464FFCC52F8B96807F5BD5BC',
    'oidc-exp',
    'oidc-exp',
    'oidc-exp-gcs-bucket',
    'oidc-exp-service-account',
    'oidc-exp-service-account',
    'oidc-exp-service-account',
    'oidc-exp-service-account-workload-federation',
    'oidc_exp_federated_role',
    'test.txt',
    'workload-federation',
  ]);
  expect(physicalNames(appendix!)).toEqual([
    'gcloud-cli',
    'gke-oidc-exp-cluster',
    'gke-oidc-exp-cluster',
    'oidc-exp-appendix',
    'oidc-exp-appendix',
    'oidc-exp-service-account',
    'oidc-exp-service-account-workload-federation',
  ]);
});

/** What the clouds and clusters know each resource by. */
function physicalNames(stack: StackJson): string[] {
  return Object.values(stack.resource).flatMap(resources => Object.values(resources)).flatMap(body =>
    [body.name, body.url, body.account_id, body.workload_identity_pool_provider_id ?? body.workload_identity_pool_id, body.metadata?.name])
    .filter(name => name !== undefined).sort();
}

import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import * as main from 'cdktf-workload-federation';
import * as azure from 'cdktf-workload-federation/azure';
import * as entra from 'cdktf-workload-federation/entra';
import { Clusters, LITERAL_AND_TOKENS } from './clusters';
import { Blocks, Mechanism, MECHANISMS, SOURCES, workloadOf } from './mechanisms';
import { readableAddresses, scratchStack, synthStack } from './synth';

/** What each row adds to the stack: every resource and data source but the cluster's own, without the digests that cdktf ends ids with. */
function synthRow(row: Mechanism, clusters: Clusters, options: main.WorkloadOptions = {}): { trust: Blocks; pods: Blocks } {
  const all = readableAddresses(synthStack(stack => {
    const workload = workloadOf(row, clusters, stack, options);
    new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
  }));
  const [pods, trust] = [true, false].map(wanted => Object.fromEntries(
    Object.entries(all).filter(([address]) => address.startsWith('kubernetes_') === wanted && !CLUSTER_RESOURCES.includes(address)),
  ));
  return { pods: pods!, trust: trust! };
}

const CLUSTER_RESOURCES = ['data.aws_eks_cluster.EksCluster', 'google_container_cluster.GkeCluster', 'data.azurerm_kubernetes_cluster.AksCluster'];

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test.each(MECHANISMS)('$from to $to: $by', row => {
    const source = SOURCES[row.from](clusters);
    expect(synthRow(row, clusters)).toEqual({ trust: row.trust(source, clusters), pods: row.pods(source, clusters) });
  });

  test.each(MECHANISMS)('$from to $to: $by, where the ServiceAccount exists already: pods wait for what ours would wait for', row => {
    const { pods } = synthRow(row, clusters, { existingServiceAccount: true }) as { pods: Record<string, any> };
    const { 'kubernetes_service_account_v1.Workload': ours } = row.pods(SOURCES[row.from](clusters), clusters) as Record<string, any>;
    const annotations = pods['kubernetes_annotations.Workload'];
    expect((annotations ?? pods['kubernetes_pod_v1.Pod']).depends_on).toEqual(ours.depends_on);
    expect(pods['kubernetes_pod_v1.Pod'].spec.service_account_name).toBe(annotations === undefined ? 'reader' : '${kubernetes_annotations.Workload.metadata[0].name}');
  });
});

test('the slash at the end of AKS\'s issuer reaches every cloud', () => {
  const [[, literal]] = LITERAL_AND_TOKENS as [[string, Clusters]];
  const trusts = MECHANISMS.filter(({ from }) => from === 'AKS').map(row => JSON.stringify(synthRow(row, literal).trust));
  const issuers = trusts.flatMap(text => text.match(/"[^"]*prod-aks[^"]*"/g) ?? []);
  expect([...new Set(issuers)].sort()).toEqual([
    '"arn:aws:iam::123456789012:oidc-provider/westeurope.oic.prod-aks.azure.com/0b1f6471-1bf0-4dda-aec3-cb9272f09590/3f6a1c52-9d0e-4a7b-8c15-2e4d6b8f0a91/"',
    '"https://westeurope.oic.prod-aks.azure.com/0b1f6471-1bf0-4dda-aec3-cb9272f09590/3f6a1c52-9d0e-4a7b-8c15-2e4d6b8f0a91/"',
    '"westeurope.oic.prod-aks.azure.com/0b1f6471-1bf0-4dda-aec3-cb9272f09590/3f6a1c52-9d0e-4a7b-8c15-2e4d6b8f0a91/:aud"',
    '"westeurope.oic.prod-aks.azure.com/0b1f6471-1bf0-4dda-aec3-cb9272f09590/3f6a1c52-9d0e-4a7b-8c15-2e4d6b8f0a91/:sub"',
  ]);
  const places = trusts.flatMap(text => text.match(/"(?:url|issuer_uri|issuer)":"https:[^"]*prod-aks[^"]*\/"/g) ?? []).map(text => text.split('"')[1]);
  expect([...new Set(places)].sort()).toEqual(['issuer', 'issuer_uri', 'url']);
});

test('the table holds every kind of cluster, every cloud and every class of identity', () => {
  const workloads = MECHANISMS.flatMap(row => LITERAL_AND_TOKENS.map(([, clusters]) => workloadOf(row, clusters, scratchStack())));
  const cells = workloads.flatMap(({ serviceAccount: { cluster }, identities }) => identities.map(({ cloud }) => `${cluster.kind} to ${cloud}`));
  expect([...new Set(cells)].sort()).toEqual([
    'aks to aws', 'aks to azure', 'aks to gcp',
    'eks to aws', 'eks to azure', 'eks to gcp',
    'gke to aws', 'gke to azure', 'gke to gcp',
    'oidc to aws', 'oidc to azure', 'oidc to gcp',
  ]);
  const classes = workloads.flatMap(({ identities }) => identities.map(identity => identity.constructor.name));
  const all = Object.entries({ ...main, ...azure, ...entra }).filter(([, value]) => 'bind' in ((value as { prototype?: object }).prototype ?? {})).map(([name]) => name);
  expect(all).toHaveLength(8);
  expect([...new Set(classes)].sort()).toEqual(all.sort());
});

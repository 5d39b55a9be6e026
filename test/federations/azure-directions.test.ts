import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TerraformStack } from 'cdktf';
import { Cluster } from 'cdktf-workload-federation';
import {
  AksToAzureFederation, AzureFederatedIdentity, EksToAzureFederation, GkeToAzureFederation, ToAzureFederationProps,
} from 'cdktf-workload-federation/azure';
import { AKS_ISSUER, EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { refusal } from '../refusal';
import { readableAddresses, scratchStack, synthStack } from '../synth';

const WHO = { namespace: 'reports', serviceAccountName: 'reader' };
const IDENTITY = { identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope' };
const CLUSTER_RESOURCES = ['data.aws_eks_cluster.EksCluster', 'google_container_cluster.GkeCluster', 'data.azurerm_kubernetes_cluster.AksCluster'];

/** Everything that a direction adds to a stack with a pod that runs as it. */
function synthDirection(create: (stack: TerraformStack) => AksToAzureFederation): Record<string, any> {
  const stack = readableAddresses(synthStack(scope => {
    const federation = create(scope);
    new PodV1(scope, 'Pod', federation.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
  }));
  return Object.fromEntries(Object.entries(stack).filter(([address]) => !CLUSTER_RESOURCES.includes(address)));
}

const identity = (cluster: string, issuer: string, audience = 'api://AzureADTokenExchange') => ({
  'azurerm_user_assigned_identity.F_Identity': { name: 'reports-reader', resource_group_name: 'reports', location: 'westeurope' },
  [`azurerm_federated_identity_credential.F_Identity_Credential_${cluster}_reports_reader`]: {
    name: `${cluster}_reports_reader`,
    resource_group_name: 'reports',
    parent_id: '${azurerm_user_assigned_identity.F_Identity.id}',
    issuer,
    subject: 'system:serviceaccount:reports:reader',
    audience: [audience],
  },
});

const serviceAccount = (cluster: string, annotations?: object) => ({
  'kubernetes_service_account_v1.F_Workload': {
    metadata: { name: 'reader', namespace: 'reports', ...(annotations && { annotations }) },
    depends_on: [`azurerm_federated_identity_credential.F_Identity_Credential_${cluster}_reports_reader`],
  },
});

const pod = (labels: object | undefined, container: object, volumes: object = {}) => ({
  'kubernetes_pod_v1.Pod': {
    metadata: { name: 'reader', namespace: '${kubernetes_service_account_v1.F_Workload.metadata[0].namespace}', ...(labels && { labels }) },
    spec: {
      service_account_name: '${kubernetes_service_account_v1.F_Workload.metadata[0].name}',
      container: [{ name: 'main', image: 'reader:1', ...container }],
      ...volumes,
    },
  },
});

const WEBHOOK = {
  ...serviceAccount('aks-apps', {
    'azure.workload.identity/client-id': '${azurerm_user_assigned_identity.F_Identity.client_id}',
    'azure.workload.identity/tenant-id': '${azurerm_user_assigned_identity.F_Identity.tenant_id}',
    'azure.workload.identity/service-account-token-expiration': '3600',
  }),
  ...pod({ 'azure.workload.identity/use': 'true' }, {}),
};

const explicit = (cluster: string, audience = 'api://AzureADTokenExchange', authorityHost = 'https://login.microsoftonline.com/') => ({
  ...serviceAccount(cluster),
  ...pod(undefined, {
    env: [
      { name: 'AZURE_CLIENT_ID', value: '${azurerm_user_assigned_identity.F_Identity.client_id}' },
      { name: 'AZURE_TENANT_ID', value: '${azurerm_user_assigned_identity.F_Identity.tenant_id}' },
      { name: 'AZURE_FEDERATED_TOKEN_FILE', value: '/var/run/secrets/workload-federation/azure/token' },
      { name: 'AZURE_AUTHORITY_HOST', value: authorityHost },
    ],
    volume_mount: [{ name: 'workload-federation', mount_path: '/var/run/secrets/workload-federation', read_only: true }],
  }, {
    volume: [{
      name: 'workload-federation',
      projected: [{ sources: [{ service_account_token: { audience, expiration_seconds: 3600, path: 'azure/token' } }] }],
    }],
  }),
});

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test('AKS to Azure: the identity trusts one service account, and AKS\'s webhook wires the pod', () => {
    expect(synthDirection(stack => new AksToAzureFederation(stack, 'F', { cluster: clusters.aks(stack), ...WHO, ...IDENTITY }))).toEqual({
      ...identity('aks-apps', clusters.aksIssuer), ...WEBHOOK,
    });
  });

  test('AKS to Azure on request: the same identity, and the pod projects its own token', () => {
    expect(synthDirection(stack => new AksToAzureFederation(stack, 'F', { cluster: clusters.aks(stack), ...WHO, ...IDENTITY, wiring: 'explicit' }))).toEqual({
      ...identity('aks-apps', clusters.aksIssuer), ...explicit('aks-apps'),
    });
  });

  test('AKS to another cloud of Azure: the pod projects its own token, which the webhook would not ask for', () => {
    expect(synthDirection(stack => new AksToAzureFederation(stack, 'F', { cluster: clusters.aks(stack), ...WHO, ...IDENTITY, azureCloud: 'usgovernment' }))).toEqual({
      ...identity('aks-apps', clusters.aksIssuer, 'api://AzureADTokenExchangeUSGov'),
      ...explicit('aks-apps', 'api://AzureADTokenExchangeUSGov', 'https://login.microsoftonline.us/'),
    });
  });

  test('EKS to Azure: the identity trusts one service account, and the pod projects its token', () => {
    expect(synthDirection(stack => new EksToAzureFederation(stack, 'F', { cluster: clusters.eks(stack), ...WHO, ...IDENTITY }))).toEqual({
      ...identity('eks-apps', clusters.eksIssuer), ...explicit('eks-apps'),
    });
  });

  test('GKE to Azure: the identity trusts one service account, and the pod projects its token', () => {
    expect(synthDirection(stack => new GkeToAzureFederation(stack, 'F', { cluster: clusters.gke(stack), ...WHO, ...IDENTITY }))).toEqual({
      ...identity('gke-apps', clusters.gkeIssuer), ...explicit('gke-apps'),
    });
  });

  test('GKE as a plain issuer to Azure is the same', () => {
    expect(synthDirection(stack => new GkeToAzureFederation(stack, 'F', { cluster: clusters.gkePlain(stack), ...WHO, ...IDENTITY }))).toEqual({
      ...identity('gke-apps', clusters.gkeIssuer), ...explicit('gke-apps'),
    });
  });

  test('a direction takes an existing identity in place of its own', () => {
    const stack = synthStack(scope => {
      const cluster = clusters.eks(scope);
      const existing = AzureFederatedIdentity.fromName(scope, 'Existing', {
        trusts: [cluster.serviceAccount('reports', 'reader')], identityName: 'existing', resourceGroupName: 'reports',
      });
      const federation = new EksToAzureFederation(scope, 'F', { cluster, ...WHO, identity: existing });
      expect(federation.identity).toBe(existing);
      expect(federation.workload.identities).toEqual([existing]);
    });
    expect(stack.resource.azurerm_user_assigned_identity).toBeUndefined();
    expect(Object.keys(stack.data.azurerm_user_assigned_identity!)).toEqual(['Existing']);
    expect(Object.keys(stack.resource.azurerm_federated_identity_credential!)).toHaveLength(1);
  });
});

describe('refuses', () => {
  const aks = Cluster.aks({ name: 'apps', issuer: AKS_ISSUER });
  const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
  const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
  const onprem = Cluster.oidc({ name: 'onprem', issuer: 'https://issuer.example.com/onprem' });

  test.each([
    ['AksToAzureFederation', AksToAzureFederation, 'aks', [eks, gke, onprem], 'EksToAzureFederation or GkeToAzureFederation'],
    ['EksToAzureFederation', EksToAzureFederation, 'eks', [aks, gke, onprem], 'AksToAzureFederation or GkeToAzureFederation'],
    ['GkeToAzureFederation', GkeToAzureFederation, 'gke', [aks, eks, onprem], 'AksToAzureFederation or EksToAzureFederation'],
  ] as const)('a cluster of another kind in %s', (_, Federation, kind, others, remedy) => {
    for (const cluster of others) {
      expect(refusal(() => new Federation(scratchStack(), 'F', { cluster, ...WHO, ...IDENTITY }))).toEqual({
        code: 'WrongCluster',
        message: `stack/F: cluster must be a cluster of kind "${kind}", got "${cluster.id} of kind \\"${cluster.kind}\\""; `
          + `use ${remedy}, or AzureFederatedIdentity and Workload for any other cluster`,
      });
    }
  });

  test.each(['identityName', 'resourceGroupName', 'location'])('to make an identity without %s', prop => {
    expect(refusal(() => new AksToAzureFederation(scratchStack(), 'F', { cluster: aks, ...WHO, ...IDENTITY, [prop]: undefined }))).toEqual({
      code: 'InvalidName', message: `stack/F: ${prop} must be given where no \`identity\` is, got undefined; pass it, or an AzureFederatedIdentity as \`identity\``,
    });
  });

  test.each<[keyof ToAzureFederationProps, unknown, string]>([
    ['identityName', 'reports-reader', '"reports-reader"'],
    ['resourceGroupName', 'reports', '"reports"'],
    ['location', 'westeurope', '"westeurope"'],
    ['tags', { team: 'reports' }, '{"team":"reports"}'],
    ['roleAssignments', [], '[]'],
    ['azureCloud', 'public', '"public"'],
    ['audience', 'acme', '"acme"'],
    ['tokenPath', 'azure/jwt', '"azure/jwt"'],
    ['azurermProvider', new AzurermProvider(scratchStack(), 'Other', { alias: 'other', features: [{}] }), '"stack/Other"'],
  ])('%s beside an existing identity, where it would be ignored', (prop, value, got) => {
    const stack = scratchStack();
    const existing = new AzureFederatedIdentity(stack, 'Identity', { ...IDENTITY, trusts: [aks.serviceAccount('reports', 'reader')] });
    expect(refusal(() => new AksToAzureFederation(stack, 'F', { cluster: aks, ...WHO, identity: existing, [prop]: value }))).toEqual({
      code: 'ClashingWiring', message: `stack/F: ${prop} must be left out where \`identity\` is given, got ${got}; say it where the identity is defined`,
    });
  });

  test('an existing identity that does not trust the workload\'s service account', () => {
    const stack = scratchStack();
    const existing = new AzureFederatedIdentity(stack, 'Identity', { ...IDENTITY, trusts: [aks.serviceAccount('reports', 'writer')] });
    expect(refusal(() => new AksToAzureFederation(stack, 'F', { cluster: aks, ...WHO, identity: existing }))).toEqual({
      code: 'NotTrusted',
      message: 'stack/Identity: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster aks-apps, '
        + 'got "system:serviceaccount:reports:writer of cluster aks-apps"; '
        + 'add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  });

  test('tokens of AKS\'s webhook shorter than an hour, and takes them where they are projected', () => {
    const short = { cluster: aks, ...WHO, ...IDENTITY, tokenExpirationSeconds: 600 };
    expect(new AksToAzureFederation(scratchStack(), 'F', { ...short, wiring: 'explicit' }).workload.bindings[0]!.tokens).toHaveLength(1);
    expect(refusal(() => new AksToAzureFederation(scratchStack(), 'F', short))).toEqual({
      code: 'OutOfRange',
      message: 'stack/F/Identity: tokenExpirationSeconds must be a whole number from 3600 to 86400, got 600; '
        + 'Azure\'s webhook takes no other; give the workload `wiring: "explicit"` for shorter tokens',
    });
  });
});

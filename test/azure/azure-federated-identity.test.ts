import { DataAzurermStorageContainer } from '@cdktf/provider-azurerm/lib/data-azurerm-storage-container';
import { KeyVault } from '@cdktf/provider-azurerm/lib/key-vault';
import { KubernetesCluster, KubernetesClusterConfig } from '@cdktf/provider-azurerm/lib/kubernetes-cluster';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TerraformStack, TerraformVariable } from 'cdktf';
import { Cluster, PodBindingOptions, ServiceAccountSubject, Workload } from 'cdktf-workload-federation';
import { AzureFederatedIdentity, AzureFederatedIdentityProps } from 'cdktf-workload-federation/azure';
import * as fc from 'fast-check';
import { AKS_ISSUER, EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { refusal } from '../refusal';
import { readableAddresses, scratchStack, stackIn, synthApp, synthStack } from '../synth';

const aks = Cluster.aks({ name: 'apps', issuer: AKS_ISSUER });
const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const reader = aks.serviceAccount('reports', 'reader');

const NAMES = { identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope' };
const ACCOUNT = '/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/acmedata';
const CONTAINER = `${ACCOUNT}/blobServices/default/containers/reports`;
const WEBHOOK: PodBindingOptions = { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' };
const EXPLICIT: PodBindingOptions = { ...WEBHOOK, wiring: 'explicit' };

const identityIn = (stack: TerraformStack, props: Partial<AzureFederatedIdentityProps> = {}, id = 'Identity') =>
  new AzureFederatedIdentity(stack, id, { trusts: [reader], ...NAMES, ...props });
const identityWith = (props: Partial<AzureFederatedIdentityProps>) => identityIn(scratchStack(), props);
const variable = (stack: TerraformStack, id = 'text') => new TerraformVariable(stack, id, { type: 'string' }).stringValue;
const accounts = (count: number) => Array.from({ length: count }, (_, index) => aks.serviceAccount('reports', `reader-${index}`));

/** The names of the credentials of an identity, in the order of its service accounts. */
const credentialNames = (trusts: ServiceAccountSubject[]) => identityWith({ trusts }).credentials.map(({ name, nameInput }) => nameInput ?? name);

/** What a review is told about an identity. */
const rulesOf = ({ node }: AzureFederatedIdentity) => node.metadata.map(({ type, data }) => [type, data.split(':')[0]]);

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test('an identity has one credential for each service account of each cluster, with the issuer as it is', () => {
    const stack = readableAddresses(synthStack(scope => identityIn(scope, {
      trusts: [
        clusters.aks(scope).serviceAccount('reports', 'reader'), clusters.eks(scope).serviceAccount('reports', 'reader'),
        clusters.gke(scope).serviceAccount('reports', 'reader'), clusters.oidc(scope).serviceAccount('reports', 'reader'),
        clusters.aks(scope).serviceAccount('reports', 'writer'),
      ],
      tags: { team: 'reports' },
    })));
    const credential = (cluster: string, name: string, issuer: string) => ({
      name: `${cluster}_reports_${name}`,
      resource_group_name: 'reports',
      parent_id: '${azurerm_user_assigned_identity.Identity.id}',
      issuer,
      subject: `system:serviceaccount:reports:${name}`,
      audience: ['api://AzureADTokenExchange'],
    });
    expect(Object.fromEntries(Object.entries(stack).filter(([address]) => /identity/.test(address)))).toEqual({
      'azurerm_user_assigned_identity.Identity': {
        name: 'reports-reader', resource_group_name: 'reports', location: 'westeurope', tags: { team: 'reports' },
      },
      'azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_reader': credential('aks-apps', 'reader', clusters.aksIssuer),
      'azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_writer': credential('aks-apps', 'writer', clusters.aksIssuer),
      'azurerm_federated_identity_credential.Identity_Credential_eks-apps_reports_reader': credential('eks-apps', 'reader', clusters.eksIssuer),
      'azurerm_federated_identity_credential.Identity_Credential_gke-apps_reports_reader': credential('gke-apps', 'reader', clusters.gkeIssuer),
      'azurerm_federated_identity_credential.Identity_Credential_oidc-onprem_reports_reader': credential('oidc-onprem', 'reader', clusters.oidcIssuer),
    });
  });

  test('one service account on GKE has one credential, however Google Cloud knows the cluster', () => {
    const stack = synthStack(scope => {
      const native = clusters.gke(scope).serviceAccount('reports', 'reader');
      const identity = identityIn(scope, { trusts: [native, clusters.gkePlain(scope).serviceAccount('reports', 'reader')] });
      expect(identity.trusts).toHaveLength(1);
      expect(identity.bind(native, WEBHOOK).dependsOn).toEqual(identity.credentials);
    });
    expect(Object.values(stack.resource.azurerm_federated_identity_credential!).map(({ issuer }) => issuer)).toEqual([clusters.gkeIssuer]);
  });

  test('an existing identity is looked up and given credentials and roles, and nothing of it is changed', () => {
    expect(readableAddresses(synthStack(scope => {
      const identity = AzureFederatedIdentity.fromName(scope, 'Identity', {
        trusts: [clusters.oidc(scope).serviceAccount('reports', 'reader')], identityName: 'reports-reader', resourceGroupName: 'reports',
      });
      expect(identity.resource).toBeUndefined();
      identity.grantContainerRead(CONTAINER);
    }))).toEqual({
      'data.azurerm_user_assigned_identity.Identity': { name: 'reports-reader', resource_group_name: 'reports' },
      'azurerm_federated_identity_credential.Identity_Credential_oidc-onprem_reports_reader': {
        name: 'oidc-onprem_reports_reader',
        resource_group_name: 'reports',
        parent_id: '${data.azurerm_user_assigned_identity.Identity.id}',
        issuer: clusters.oidcIssuer,
        subject: 'system:serviceaccount:reports:reader',
        audience: ['api://AzureADTokenExchange'],
      },
      'azurerm_role_assignment.Identity_Assignment_reports_ddfa4e84_Storage_Blob_Data_Reader': {
        scope: CONTAINER,
        role_definition_name: 'Storage Blob Data Reader',
        principal_id: '${data.azurerm_user_assigned_identity.Identity.principal_id}',
        principal_type: 'ServicePrincipal',
      },
    });
  });
});

test('the client id, tenant and principal of an identity are those of its resource', () => {
  const { data, resource } = synthStack(scope => {
    const identity = identityIn(scope);
    new DataAzurermStorageContainer(scope, 'Seen', { name: identity.clientId, storageAccountId: identity.tenantId, timeouts: { read: identity.principalId } });
  });
  expect(Object.keys(resource.azurerm_user_assigned_identity!)).toEqual(['Identity']);
  expect(data.azurerm_storage_container!.Seen).toEqual({
    name: '${azurerm_user_assigned_identity.Identity.client_id}',
    storage_account_id: '${azurerm_user_assigned_identity.Identity.tenant_id}',
    timeouts: { read: '${azurerm_user_assigned_identity.Identity.principal_id}' },
  });
});

test('the cluster may be a resource that enables its issuer', () => {
  const stack = synthStack(scope => {
    const cluster = Cluster.fromAksCluster(clusterResource(scope, { oidcIssuerEnabled: true }));
    identityIn(scope, { trusts: [cluster.serviceAccount('reports', 'reader')] });
  });
  expect(Object.values(stack.resource.azurerm_federated_identity_credential!).map(({ name, issuer }) => [name, issuer])).toEqual([
    ['aks-apps_reports_reader', '${azurerm_kubernetes_cluster.AksCluster.oidc_issuer_url}'],
  ]);
});

test('no credential waits for another: azurerm writes them one after another by itself', () => {
  const stack = synthStack(scope => identityIn(scope, { trusts: accounts(20) }));
  const credentials = Object.values(stack.resource.azurerm_federated_identity_credential!);
  expect(credentials).toHaveLength(20);
  expect(credentials.filter(credential => 'depends_on' in credential)).toEqual([]);
});

test('order and duplicates have no meaning, and a further service account changes nothing of the others', () => {
  const made = (trusts: ServiceAccountSubject[]) => readableAddresses(synthStack(scope => identityIn(scope, { trusts })));
  const [first, second, third] = accounts(3) as [ServiceAccountSubject, ServiceAccountSubject, ServiceAccountSubject];
  const all = made([first, second, third]);
  expect(made([third, first, second, aks.serviceAccount('reports', 'reader-1'), first])).toEqual(all);
  const { 'azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_reader-0': gone, ...rest } = all;
  expect(gone.subject).toBe('system:serviceaccount:reports:reader-0');
  expect(made([second, third])).toEqual(rest);
});

test('names that only Terraform knows reach subject and credential, under ids and names that differ', () => {
  const stack = synthStack(scope => {
    const [namespace, name] = [variable(scope, 'namespace'), variable(scope, 'name')];
    identityIn(scope, { trusts: [aks.serviceAccount(namespace, name), aks.serviceAccount(name, namespace), aks.serviceAccount('reports', name)] });
  });
  const credentials = Object.values(stack.resource.azurerm_federated_identity_credential!);
  expect(new Set(credentials.map(({ subject }) => subject))).toEqual(new Set([
    'system:serviceaccount:${var.name}:${var.namespace}', 'system:serviceaccount:${var.namespace}:${var.name}', 'system:serviceaccount:reports:${var.name}',
  ]));
  const names = credentials.map(({ name }) => name);
  expect(new Set(names).size).toBe(3);
  expect(names.filter(name => !/^aks-apps_[0-9a-z]+_[0-9a-z]+-[0-9a-f]{8}$/.test(name))).toEqual([]);
});

test('several providers: everything of an identity goes to its own', () => {
  const stack = readableAddresses(synthStack(scope => {
    const other = new AzurermProvider(scope, 'Other', { alias: 'other', features: [{}] });
    identityIn(scope);
    identityIn(scope, { azurermProvider: other }, 'Elsewhere').grantRole(ACCOUNT, 'Reader');
    AzureFederatedIdentity.fromName(scope, 'Existing', { trusts: [reader], identityName: 'existing', resourceGroupName: 'reports', azurermProvider: other });
  }));
  expect(Object.fromEntries(Object.entries(stack).map(([address, { provider }]) => [address, provider]))).toEqual({
    'azurerm_user_assigned_identity.Identity': undefined,
    'azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_reader': undefined,
    'azurerm_user_assigned_identity.Elsewhere': 'azurerm.other',
    'azurerm_federated_identity_credential.Elsewhere_Credential_aks-apps_reports_reader': 'azurerm.other',
    'azurerm_role_assignment.Elsewhere_Assignment_acmedata_c8296105_Reader': 'azurerm.other',
    'data.azurerm_user_assigned_identity.Existing': 'azurerm.other',
    'azurerm_federated_identity_credential.Existing_Credential_aks-apps_reports_reader': 'azurerm.other',
  });
});

test('the cloud half and the Kubernetes half stand in two stacks, where nothing waits for a credential of the other', () => {
  const { cluster } = synthApp(app => {
    const identity = identityIn(stackIn(app, 'cloud'));
    new Workload(stackIn(app, 'cluster'), 'Workload', { serviceAccount: reader, identities: [identity] });
  });
  const output = (name: string) =>
    `\${data.terraform_remote_state.cross-stack-reference-input-cloud.outputs.cross-stack-output-azurerm_user_assigned_identityIdentity${name}}`;
  expect(cluster!.resource).toEqual({
    kubernetes_service_account_v1: {
      Workload: {
        metadata: {
          name: 'reader',
          namespace: 'reports',
          annotations: {
            'azure.workload.identity/client-id': output('client_id'),
            'azure.workload.identity/tenant-id': output('tenant_id'),
            'azure.workload.identity/service-account-token-expiration': '3600',
          },
        },
      },
    },
  });
});

describe('the name of a credential', () => {
  test('is made of cluster, namespace and name where Azure takes them', () => {
    expect(credentialNames([reader, eks.serviceAccount('reports', 'reader')])).toEqual(['aks-apps_reports_reader', 'eks-apps_reports_reader']);
  });

  test('tells apart service accounts that read alike', () => {
    expect(credentialNames([aks.serviceAccount('a-b', 'c'), aks.serviceAccount('a', 'b-c')]).sort()).toEqual(['aks-apps_a-b_c', 'aks-apps_a_b-c']);
  });

  test('has a digest where a dot had to go', () => {
    expect(credentialNames([aks.serviceAccount('a', 'b.c'), aks.serviceAccount('a', 'b-c')]).sort()).toEqual(['aks-apps_a_b-c', 'aks-apps_a_b-c-133553b8']);
  });

  test('is cut to 120 characters with a digest, which differs where the ends do', () => {
    const [one, two] = credentialNames(['1', '2'].map(end => aks.serviceAccount('reports', `${'r'.repeat(150)}${end}`)));
    expect(one).toHaveLength(120);
    expect(one).toMatch(/^aks-apps_reports_r{94}-[0-9a-f]{8}$/);
    expect(two).toMatch(/^aks-apps_reports_r{94}-[0-9a-f]{8}$/);
    expect(one).not.toBe(two);
    expect(credentialNames([aks.serviceAccount('reports', 'r'.repeat(103))])).toEqual([`aks-apps_reports_${'r'.repeat(103)}`]);
  });

  test('is one that Azure takes, and differs between service accounts, whatever they are called', () => {
    const label = fc.stringMatching(/^[ab](?:[ab-]{0,3}[ab])?$/);
    const name = fc.oneof(
      fc.array(label, { minLength: 1, maxLength: 3 }).map(labels => labels.join('.')),
      fc.tuple(fc.constantFrom('a', 'b', 'a.b'), fc.integer({ min: 90, max: 120 })).map(([end, length]) => `${'a'.repeat(length)}${end}`),
    );
    const id = fc.stringMatching(/^[abA][abA_-]{0,4}$/);
    fc.assert(fc.property(fc.uniqueArray(fc.tuple(id, label, name), { minLength: 2, maxLength: 20, selector: triple => triple.join(' ') }), triples => {
      const names = credentialNames(triples.map(([cluster, namespace, account]) => (
        Cluster.oidc({ name: 'any', id: cluster, issuer: `https://issuer.example.com/${cluster}` }).serviceAccount(namespace, account))));
      expect(names.filter(text => !/^[a-zA-Z0-9][a-zA-Z0-9_-]{2,119}$/.test(text))).toEqual([]);
      // Azure takes names in any case.
      expect(new Set(names.map(text => text.toLowerCase())).size).toBe(triples.length);
    }), { seed: 20240229, numRuns: 60 });
  });

  test('is not one that another was given a digest to have', () => {
    const [dotted] = credentialNames([aks.serviceAccount('a', 'b.c')]);
    expect(dotted).toMatch(/^aks-apps_a_b-c-[0-9a-f]{8}$/);
    const [forged] = credentialNames([aks.serviceAccount('a', dotted!.replace('aks-apps_a_', ''))]);
    expect(forged).not.toBe(dotted);
  });
});

describe('the wiring', () => {
  const bound = (props: Partial<AzureFederatedIdentityProps>, options: PodBindingOptions, subject = reader) =>
    identityWith({ trusts: [subject], ...props }).bind(subject, options);

  test.each([
    ['public', 'api://AzureADTokenExchange', 'https://login.microsoftonline.com/'],
    ['usgovernment', 'api://AzureADTokenExchangeUSGov', 'https://login.microsoftonline.us/'],
    ['china', 'api://AzureADTokenExchangeChina', 'https://login.chinacloudapi.cn/'],
  ] as const)('in the cloud %s has its audience and authority host', (azureCloud, audience, authorityHost) => {
    const identity = identityWith({ trusts: [eks.serviceAccount('reports', 'reader')], azureCloud });
    const { env, tokens } = identity.bind(eks.serviceAccount('reports', 'reader'), WEBHOOK);
    expect(tokens).toEqual([{ path: 'azure/token', audience }]);
    expect(env.slice(2)).toEqual([
      { name: 'AZURE_FEDERATED_TOKEN_FILE', value: '/m/azure/token' }, { name: 'AZURE_AUTHORITY_HOST', value: authorityHost },
    ]);
    expect(identity.credentials.map(credential => credential.audienceInput)).toEqual([[audience]]);
  });

  test('takes an audience and a path of one\'s own', () => {
    const identity = identityWith({ audience: 'acme', tokenPath: 'entra/jwt', azureCloud: 'china' });
    const { env, tokens } = identity.bind(reader, EXPLICIT);
    expect(tokens).toEqual([{ path: 'entra/jwt', audience: 'acme' }]);
    expect(env).toContainEqual({ name: 'AZURE_FEDERATED_TOKEN_FILE', value: '/m/entra/jwt' });
    expect(env).toContainEqual({ name: 'AZURE_AUTHORITY_HOST', value: 'https://login.chinacloudapi.cn/' });
    expect(identity.credentials.map(credential => credential.audienceInput)).toEqual([['acme']]);
  });

  test.each([
    ['of another cloud', { azureCloud: 'usgovernment' }, 'api://AzureADTokenExchangeUSGov'],
    ['of one\'s own', { audience: 'acme' }, 'acme'],
  ] as const)('on AKS is explicit for an audience %s, which the webhook does not ask for', (_, props, audience) => {
    const binding = bound(props, WEBHOOK);
    expect(binding.tokens).toEqual([{ path: 'azure/token', audience }]);
    expect(binding.podLabels).toEqual({});
    expect(binding.serviceAccountAnnotations).toEqual({});
  });

  test.each([
    ['is said to have none', () => Cluster.aks({ name: 'apps', issuer: AKS_ISSUER, workloadIdentity: false })],
    ['is a resource that does not enable it', (stack: TerraformStack) => Cluster.fromAksCluster(clusterResource(stack, { oidcIssuerEnabled: true }))],
    ['is a resource that disables it', (stack: TerraformStack) => (
      Cluster.fromAksCluster(clusterResource(stack, { oidcIssuerEnabled: true, workloadIdentityEnabled: false })))],
  ])('on AKS is explicit where the cluster %s, as no webhook would answer', (_, clusterIn) => {
    const pods = (wiring: 'platform' | 'explicit') => readableAddresses(synthStack(scope => {
      const subject = clusterIn(scope).serviceAccount('reports', 'reader');
      const workload = new Workload(scope, 'Workload', { serviceAccount: subject, identities: [identityIn(scope, { trusts: [subject] })], wiring });
      new PodV1(scope, 'Pod', workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'az' }] } }));
    }));
    const stack = pods('platform');
    expect(stack['kubernetes_service_account_v1.Workload']).toEqual({
      metadata: { name: 'reader', namespace: 'reports' }, depends_on: ['azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_reader'],
    });
    const mount = '/var/run/secrets/workload-federation';
    expect(stack['kubernetes_pod_v1.Pod']).toEqual({
      metadata: { namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}', labels: {} },
      spec: {
        service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
        container: [{
          name: 'az',
          env: [
            { name: 'AZURE_CLIENT_ID', value: '${azurerm_user_assigned_identity.Identity.client_id}' },
            { name: 'AZURE_TENANT_ID', value: '${azurerm_user_assigned_identity.Identity.tenant_id}' },
            { name: 'AZURE_FEDERATED_TOKEN_FILE', value: `${mount}/azure/token` },
            { name: 'AZURE_AUTHORITY_HOST', value: 'https://login.microsoftonline.com/' },
          ],
          volume_mount: [{ name: 'workload-federation', mount_path: mount, read_only: true }],
        }],
        volume: [{
          name: 'workload-federation',
          projected: [{ sources: [{ service_account_token: { audience: 'api://AzureADTokenExchange', expiration_seconds: 3600, path: 'azure/token' } }] }],
        }],
      },
    });
    expect(stack).toEqual(pods('explicit'));
  });

  test('on AKS is left to the webhook of a resource that enables it, or may', () => {
    const stack = scratchStack();
    const { booleanValue } = new TerraformVariable(stack, 'enabled', { type: 'bool' });
    for (const [scope, workloadIdentityEnabled] of [[scratchStack(), true], [stack, booleanValue]] as const) {
      const subject = Cluster.fromAksCluster(clusterResource(scope, { oidcIssuerEnabled: true, workloadIdentityEnabled })).serviceAccount('reports', 'reader');
      const binding = identityIn(scope, { trusts: [subject] }).bind(subject, WEBHOOK);
      expect(binding.podLabels).toEqual({ 'azure.workload.identity/use': 'true' });
      expect([binding.env, binding.tokens, binding.files]).toEqual([[], [], []]);
    }
  });

  test('on AKS without the webhook takes tokens shorter than its, whatever wiring is asked for', () => {
    const subject = Cluster.aks({ name: 'apps', issuer: AKS_ISSUER, workloadIdentity: false }).serviceAccount('reports', 'reader');
    expect(bound({}, { ...WEBHOOK, tokenExpirationSeconds: 600 }, subject).tokens).toEqual([{ path: 'azure/token', audience: 'api://AzureADTokenExchange' }]);
  });

  test('on AKS is left to the webhook where the audience is said and is the default', () => {
    const binding = bound({ audience: 'api://AzureADTokenExchange' }, { ...WEBHOOK, tokenExpirationSeconds: 86400 });
    expect(binding.podLabels).toEqual({ 'azure.workload.identity/use': 'true' });
    expect(binding.serviceAccountAnnotations['azure.workload.identity/service-account-token-expiration']).toBe('86400');
    expect([binding.env, binding.tokens, binding.files]).toEqual([[], [], []]);
  });

  test('keeps stored secrets away from both kinds of pods', () => {
    for (const options of [WEBHOOK, EXPLICIT]) {
      expect(bound({}, options).reservedEnv).toEqual([
        'AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_FEDERATED_TOKEN_FILE', 'AZURE_AUTHORITY_HOST',
        'AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_USERNAME', 'AZURE_PASSWORD',
      ]);
    }
  });

  test('waits for the credential of its own service account', () => {
    const [first, second] = accounts(2) as [ServiceAccountSubject, ServiceAccountSubject];
    const identity = identityWith({ trusts: [second, first] });
    expect(identity.bind(second, EXPLICIT).dependsOn).toEqual([identity.credentials[1]]);
    expect(identity.bind(second, WEBHOOK).dependsOn).toEqual([identity.credentials[1]]);
  });

  test('takes tokens shorter than an hour where they are projected, and refuses them of AKS\'s webhook', () => {
    expect(bound({}, { ...EXPLICIT, tokenExpirationSeconds: 600 }).tokens).toHaveLength(1);
    expect(bound({}, { ...WEBHOOK, tokenExpirationSeconds: 600 }, eks.serviceAccount('reports', 'reader')).tokens).toHaveLength(1);
    expect(bound({}, { ...WEBHOOK, tokenExpirationSeconds: 3600 }).podLabels).not.toEqual({});
    expect(refusal(() => bound({}, { ...WEBHOOK, tokenExpirationSeconds: 3599 }))).toEqual({
      code: 'OutOfRange',
      message: 'stack/Identity: tokenExpirationSeconds must be a whole number from 3600 to 86400, got 3599; '
        + 'Azure\'s webhook takes no other; give the workload `wiring: "explicit"` for shorter tokens',
    });
  });
});

describe('grants', () => {
  const assignment = (scope: string, role: string) => ({
    scope, role_definition_name: role, principal_id: '${azurerm_user_assigned_identity.Identity.principal_id}', principal_type: 'ServicePrincipal',
  });
  const assignmentsOf = (build: (stack: TerraformStack, identity: AzureFederatedIdentity) => void) => {
    const stack = readableAddresses(synthStack(scope => build(scope, identityIn(scope))));
    return Object.fromEntries(Object.entries(stack).filter(([address]) => address.startsWith('azurerm_role_assignment.'))
      .map(([address, body]) => [address.slice('azurerm_role_assignment.Identity_'.length), body]));
  };

  test('on a container are on its resource manager id, whichever way it names its account', () => {
    expect(assignmentsOf((stack, identity) => {
      const byId = new StorageContainer(stack, 'ById', { name: 'reports', storageAccountId: ACCOUNT });
      const byName = new StorageContainer(stack, 'ByName', { name: 'reports', storageAccountName: 'acmedata' });
      const data = new DataAzurermStorageContainer(stack, 'Data', { name: 'reports', storageAccountId: ACCOUNT });
      identity.grantContainerRead(byId);
      identity.grantContainerWrite(byName);
      identity.grantContainerRead(data);
    })).toEqual({
      Assignment_ById_Storage_Blob_Data_Reader: assignment('${azurerm_storage_container.ById.id}', 'Storage Blob Data Reader'),
      Assignment_ByName_Storage_Blob_Data_Contributor: assignment('${azurerm_storage_container.ByName.resource_manager_id}', 'Storage Blob Data Contributor'),
      Assignment_Data_Storage_Blob_Data_Reader: assignment('${data.azurerm_storage_container.Data.id}', 'Storage Blob Data Reader'),
    });
  });

  test('on ids are on these, with a digest that tells equal names apart', () => {
    const elsewhere = CONTAINER.replace('acmedata', 'acmeothers');
    expect(assignmentsOf((_, identity) => {
      identity.grantContainerRead(CONTAINER);
      identity.grantContainerWrite(elsewhere);
      identity.grantContainerRead(elsewhere);
    })).toEqual({
      Assignment_reports_ddfa4e84_Storage_Blob_Data_Reader: assignment(CONTAINER, 'Storage Blob Data Reader'),
      Assignment_reports_6223c66e_Storage_Blob_Data_Contributor: assignment(elsewhere, 'Storage Blob Data Contributor'),
      Assignment_reports_6223c66e_Storage_Blob_Data_Reader: assignment(elsewhere, 'Storage Blob Data Reader'),
    });
  });

  test('of any role are on a resource, on an id, and on one that only Terraform knows', () => {
    const vaultOf = (stack: TerraformStack) => new KeyVault(stack, 'Vault', {
      name: 'acme-reports', location: 'westeurope', resourceGroupName: 'reports', skuName: 'standard', tenantId: '0b1f6471-1bf0-4dda-aec3-cb9272f09590',
    });
    expect(assignmentsOf((stack, identity) => {
      identity.grantRole(vaultOf(stack), 'Key Vault Secrets User');
      identity.grantRole('/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590', 'Reader');
      identity.grantRole(variable(stack), 'Reader');
      identity.grantRole(ACCOUNT, 'Acme: Read (all)');
      identity.grantRole(ACCOUNT, variable(stack, 'role'));
    })).toEqual({
      'Assignment_Vault_Key_Vault_Secrets_User': assignment('${azurerm_key_vault.Vault.id}', 'Key Vault Secrets User'),
      'Assignment_0b1f6471-1bf0-4dda-aec3-cb9272f09590_67d17af1_Reader': assignment('/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590', 'Reader'),
      'Assignment_f2a49cfe_Reader': assignment('${var.text}', 'Reader'),
      'Assignment_acmedata_c8296105_Acme__Read__all__5fdbfd5c': assignment(ACCOUNT, 'Acme: Read (all)'),
      'Assignment_acmedata_c8296105_14546fe7': assignment(ACCOUNT, '${var.role}'),
    });
  });

  test('that are given twice are given once', () => {
    expect(Object.keys(assignmentsOf((stack, identity) => {
      const container = new StorageContainer(stack, 'Container', { name: 'reports', storageAccountId: ACCOUNT });
      expect(identity.grantContainerRead(container)).toBe(identity.grantContainerRead(container));
      expect(identity.grantContainerWrite(CONTAINER)).toBe(identity.grantContainerWrite(CONTAINER));
      expect(identity.grantRole(ACCOUNT, 'Reader')).toBe(identity.grantRole(ACCOUNT, 'Reader'));
      // Azure takes ids in any case, and a grant for containers is a role assignment like any other.
      expect(identity.grantRole(ACCOUNT.toUpperCase().replace('MICROSOFT.STORAGE', 'microsoft.storage'), 'Reader')).toBe(identity.grantRole(ACCOUNT, 'Reader'));
      expect(identity.grantRole(container, 'Storage Blob Data Reader')).toBe(identity.grantContainerRead(container));
      expect(identity.grantRole(CONTAINER, 'Storage Blob Data Contributor')).toBe(identity.grantContainerWrite(CONTAINER));
    }))).toHaveLength(3);
  });

  test('of roles whose names look alike are all given, and a container by the name of its account is no URL', () => {
    expect(assignmentsOf((stack, identity) => {
      const byName = new StorageContainer(stack, 'ByName', { name: 'reports', storageAccountName: 'acmedata' });
      ['Blob Reader', 'BlobReader', 'Blob_Reader', 'Blob-Reader'].forEach(role => identity.grantRole(byName, role));
    })).toEqual({
      Assignment_ByName_Blob_Reader: assignment('${azurerm_storage_container.ByName.resource_manager_id}', 'Blob Reader'),
      Assignment_ByName_BlobReader: assignment('${azurerm_storage_container.ByName.resource_manager_id}', 'BlobReader'),
      Assignment_ByName_Blob_Reader_309f3145: assignment('${azurerm_storage_container.ByName.resource_manager_id}', 'Blob_Reader'),
      Assignment_ByName_Blob_Reader_4941d7e5: assignment('${azurerm_storage_container.ByName.resource_manager_id}', 'Blob-Reader'),
    });
  });

  test('may be said with the identity', () => {
    const stack = readableAddresses(synthStack(scope => identityIn(scope, { roleAssignments: [{ roleDefinitionName: 'Reader', scope: ACCOUNT }] })));
    expect(stack['azurerm_role_assignment.Identity_Assignment_acmedata_c8296105_Reader']).toEqual(assignment(ACCOUNT, 'Reader'));
  });

  test.each(['Owner', 'Contributor', 'User Access Administrator', 'Role Based Access Control Administrator'])('of the broad role %s are annotated', role => {
    const identity = identityWith({});
    identity.grantRole(ACCOUNT, role);
    expect(rulesOf(identity)).toEqual([['@cdktf/warn', 'azure-broad-role']]);
  });

  test('of data roles are not annotated', () => {
    const identity = identityWith({});
    identity.grantContainerWrite(CONTAINER);
    identity.grantRole(ACCOUNT, 'Storage Account Contributor');
    expect(rulesOf(identity)).toEqual([]);
  });
});

test('a trust of what everybody gets who asks for nothing is annotated', () => {
  expect(rulesOf(identityWith({ trusts: [aks.serviceAccount('default', 'default')] }))).toEqual([
    ['@cdktf/warn', 'default-namespace'], ['@cdktf/warn', 'default-service-account'],
  ]);
});

describe('refuses', () => {
  const keys = '{"keys":[{"kty":"RSA","kid":"1","n":"n","e":"AQAB"}]}';

  test('an empty trust', () => {
    expect(refusal(() => identityWith({ trusts: [] }))).toEqual({
      code: 'EmptyTrust',
      message: 'stack/Identity: trusts must name at least one service account, got "[]"; '
        + 'pass cluster.serviceAccount(namespace, name); an identity that nobody can become is not created',
    });
  });

  test('more than 20 service accounts, with the count', () => {
    expect(identityWith({ trusts: accounts(20) }).credentials).toHaveLength(20);
    expect(refusal(() => identityWith({ trusts: accounts(21) }))).toEqual({
      code: 'LimitExceeded',
      message: 'stack/Identity: trusts must hold at most 20 service accounts, as an identity has that many federated credentials, '
        + 'got "21 service accounts"; split them over several identities',
    });
    expect(identityWith({ trusts: [...accounts(20), ...accounts(20)] }).credentials).toHaveLength(20);
  });

  test.each([
    ['a namespace', aks.unsafeEveryServiceAccountOfNamespace('reports'), 'system:serviceaccount:reports:*'],
    ['a cluster', aks.unsafeEveryServiceAccountOfCluster(), 'system:serviceaccount:*'],
  ])('every service account of %s, and says why', (_, set, got) => {
    expect(refusal(() => identityWith({ trusts: [set as unknown as ServiceAccountSubject] }))).toEqual({
      code: 'InvalidIdentifier',
      message: `stack/Identity: trusts must name service accounts: Entra ID compares subjects exactly and has no wildcards, got "${got}"; `
        + 'list the service accounts, over several identities where they are more than 20',
    });
  });

  test('a cluster with uploaded keys, which Entra ID would fetch', () => {
    const cluster = Cluster.oidc({ name: 'vault', issuer: 'https://kubernetes.default.svc', jwks: keys });
    expect(refusal(() => identityWith({ trusts: [cluster.serviceAccount('reports', 'reader')] }))).toEqual({
      code: 'WrongCluster',
      message: 'stack/Identity: cluster must have an issuer that Entra ID can reach, as it fetches the keys from there, got "oidc-vault with `jwks`"; '
        + 'publish the issuer\'s documents (S3HostedIssuer and its like do), or use Google Cloud, which takes uploaded keys',
    });
  });

  const issuerOf = (length: number) => `https://issuer.example.com/${'i'.repeat(length - 27)}`;

  test('an issuer over 600 characters, with the figure', () => {
    const trustsOf = (issuer: string) => [Cluster.oidc({ name: 'long', issuer }).serviceAccount('reports', 'reader')];
    expect(identityWith({ trusts: trustsOf(issuerOf(600)) }).credentials).toHaveLength(1);
    expect(refusal(() => identityWith({ trusts: trustsOf(issuerOf(601)) }))).toEqual({
      code: 'LimitExceeded', message: 'stack/Identity: trusts must have an issuer of at most 600 characters, got "601 characters"; shorten it',
    });
  });

  test('an AKS cluster whose resource has no issuer', () => {
    expect(refusal(() => Cluster.fromAksCluster(clusterResource(scratchStack(), {})))).toEqual({
      code: 'WrongCluster',
      message: 'Cluster.fromAksCluster(stack/AksCluster): oidcIssuerEnabled must be true, got "nothing"; '
        + 'set it on the cluster: without it there is no issuer that a cloud could trust',
    });
    expect(refusal(() => Cluster.fromAksCluster(clusterResource(scratchStack(), { oidcIssuerEnabled: false }))).message).toContain('must be true, got false; ');
    const stack = scratchStack();
    expect(Cluster.fromAksCluster(clusterResource(stack, { oidcIssuerEnabled: new TerraformVariable(stack, 'enabled', { type: 'bool' }).booleanValue })).kind)
      .toBe('aks');
  });

  const NAME = 'be 3 to 128 letters, digits, "-" and "_", starting with a letter or digit';
  const GROUP = 'be 1 to 90 letters, digits and "_-.()", not ending in "."';
  const AUDIENCE = 'be 1 to 600 characters without white space, wildcards or "&{"';
  const OWN = 'leave it out for the cloud\'s own audience';

  /** Beside each value that is refused, one that is taken. */
  test.each([
    ['identityName', 're', 'rea', 'InvalidName', NAME, 'choose a name that Azure takes'],
    ['identityName', 'r'.repeat(129), 'r'.repeat(128), 'InvalidName', NAME, 'choose a name that Azure takes'],
    ['identityName', '-reader', '0_reader-', 'InvalidName', NAME, 'choose a name that Azure takes'],
    ['identityName', 'reports.reader', 'reports-reader', 'InvalidName', NAME, 'choose a name that Azure takes'],
    ['resourceGroupName', '', 'r', 'InvalidName', GROUP, 'pass the name of the resource group, and not its id'],
    ['resourceGroupName', 'reports.', 'reports.(eu)', 'InvalidName', GROUP, 'pass the name of the resource group, and not its id'],
    ['resourceGroupName', '/subscriptions/1', 'b\u00fccher', 'InvalidName', GROUP, 'pass the name of the resource group, and not its id'],
    ['resourceGroupName', 'r'.repeat(91), 'r'.repeat(90), 'InvalidName', GROUP, 'pass the name of the resource group, and not its id'],
    ['location', 'west-europe', 'West Europe', 'InvalidName', 'be a region, such as westeurope', 'copy it from `az account list-locations`'],
    ['audience', '', 'a', 'InvalidIdentifier', AUDIENCE, OWN],
    ['audience', 'a*', 'api://acme', 'InvalidIdentifier', AUDIENCE, OWN],
    ['audience', 'a b', 'urn:acme', 'InvalidIdentifier', AUDIENCE, OWN],
    ['audience', AKS_ISSUER, EKS_ISSUER, 'InvalidIdentifier',
      'not be an audience of the Kubernetes API, which tokens have that pods get without asking', OWN],
    ['tokenPath', '../token', 'a/b', 'InvalidIdentifier', 'be a relative path of letters, digits and "._-", without ".."', 'write it like "aws/token"'],
    ['azureCloud', 'german', 'china', 'InvalidIdentifier', 'be one of public, usgovernment, china', 'leave it out for "public"'],
  ])('%s %p, and takes %p and one that only Terraform knows', (prop, wrong, right, code, rule, remedy) => {
    const got = wrong.length > 120 ? JSON.stringify(wrong).slice(0, 200) : JSON.stringify(wrong);
    expect(refusal(() => identityWith({ [prop]: wrong }))).toEqual({ code, message: `stack/Identity: ${prop} must ${rule}, got ${got}; ${remedy}` });
    expect(identityWith({ [prop]: right }).credentials).toHaveLength(1);
    if (prop !== 'azureCloud') {
      const stack = scratchStack();
      expect(identityIn(stack, { [prop]: variable(stack) }).credentials).toHaveLength(1);
    }
  });

  test('an audience over 600 characters', () => {
    expect(identityWith({ audience: 'a'.repeat(600) }).credentials).toHaveLength(1);
    expect(refusal(() => identityWith({ audience: 'a'.repeat(601) })).message).toBe(
      `stack/Identity: audience must ${AUDIENCE}, got "${'a'.repeat(199)}… (603 characters); ${OWN}`);
  });

  test('names of an existing identity that Azure would refuse', () => {
    expect(refusal(() => AzureFederatedIdentity.fromName(scratchStack(), 'Identity', { trusts: [reader], identityName: 'r', resourceGroupName: 'reports' }))).toEqual({
      code: 'InvalidName', message: `stack/Identity: identityName must ${NAME}, got "r"; choose a name that Azure takes`,
    });
  });

  test.each([
    ['https://acmedata.blob.core.windows.net/reports'], ['reports'], [ACCOUNT], [`${CONTAINER}/*`], [CONTAINER.replace('reports', 're')],
  ])('a grant on the container %p, and takes one that only Terraform knows', container => {
    for (const grant of ['grantContainerRead', 'grantContainerWrite'] as const) {
      expect(refusal(() => identityWith({})[grant](container))).toEqual({
        code: 'InvalidIdentifier',
        message: 'stack/Identity: container must be a storage container or its resource manager id, …/blobServices/default/containers/<name>, '
          + `got ${JSON.stringify(container)}; pass the StorageContainer, and not its URL`,
      });
      const stack = scratchStack();
      expect(identityIn(stack)[grant](variable(stack)).scopeInput).toBeDefined();
    }
  });

  test.each(['acmedata', '/', '/subscriptions/1', `${ACCOUNT}/`, 'https://acmedata.blob.core.windows.net'])('a role on %p', scope => {
    expect(refusal(() => identityWith({}).grantRole(scope, 'Reader'))).toEqual({
      code: 'InvalidIdentifier',
      message: `stack/Identity: scope must be a resource or its id, /subscriptions/<id>/…, got "${scope}"; copy it from \`az resource show --query id\``,
    });
  });

  test.each(['', ' Reader', 'Reader ', '/subscriptions/1/providers/Microsoft.Authorization/roleDefinitions/2'])('the role %p', role => {
    const message = `stack/Identity: roleDefinitionName must be the name of a role, such as "Storage Blob Data Reader", got "${role}"; pass the name, and not the id`;
    expect(refusal(() => identityWith({}).grantRole(ACCOUNT, role))).toEqual({ code: 'InvalidIdentifier', message });
    expect(refusal(() => identityWith({ roleAssignments: [{ roleDefinitionName: role, scope: ACCOUNT }] }))).toEqual({ code: 'InvalidIdentifier', message });
  });

  test('two scopes that would have one address', () => {
    const stack = scratchStack();
    const identity = identityIn(stack);
    identity.grantRole({ id: ACCOUNT, friendlyUniqueId: 'Scope' }, 'Reader');
    expect(refusal(() => identity.grantRole({ id: CONTAINER, friendlyUniqueId: 'Scope' }, 'Reader'))).toEqual({
      code: 'DuplicateRegistration',
      message: 'stack/Identity: scope must be told from the other scopes by construct id, got "Assignment_Scope_Reader"; rename one of the constructs',
    });
  });

  test('to wire a service account that the identity does not trust', () => {
    expect(refusal(() => identityWith({}).bind(eks.serviceAccount('reports', 'reader'), WEBHOOK))).toEqual({
      code: 'NotTrusted',
      message: 'stack/Identity: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster eks-apps, '
        + 'got "system:serviceaccount:reports:reader of cluster aks-apps"; '
        + 'add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  });
});

function clusterResource(stack: TerraformStack, props: Partial<KubernetesClusterConfig>): KubernetesCluster {
  return new KubernetesCluster(stack, 'AksCluster', {
    name: 'apps', location: 'westeurope', resourceGroupName: 'acme-apps', dnsPrefix: 'apps',
    defaultNodePool: { name: 'default', vmSize: 'Standard_D2s_v5' }, ...props,
  });
}

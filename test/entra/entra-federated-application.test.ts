import { AzureadProvider } from '@cdktf/provider-azuread/lib/provider';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { TerraformStack, TerraformVariable } from 'cdktf';
import { Cluster, PodBindingOptions, ServiceAccountSubject } from 'cdktf-workload-federation';
import { EntraFederatedApplication, EntraFederatedApplicationFromClientIdProps, EntraFederatedApplicationProps } from 'cdktf-workload-federation/entra';
import { AKS_ISSUER, EKS_ISSUER, JWKS, LITERAL_AND_TOKENS, PRIVATE_ISSUER } from '../clusters';
import { refusal } from '../refusal';
import { readableAddresses, scratchStack, synthStack } from '../synth';

const aks = Cluster.aks({ name: 'apps', issuer: AKS_ISSUER });
const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const reader = aks.serviceAccount('reports', 'reader');

const CLIENT_ID = '3f6a1c52-9d0e-4a7b-8c15-2e4d6b8f0a91';
const OWNER = '7c1f2f0e-55a4-4a0b-9f0e-1f5f3a5f0c11';
const ACCOUNT = '/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/acmedata';
const CONTAINER = `${ACCOUNT}/blobServices/default/containers/reports`;
const WEBHOOK: PodBindingOptions = { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' };
const EXPLICIT: PodBindingOptions = { ...WEBHOOK, wiring: 'explicit' };

const applicationIn = (stack: TerraformStack, props: Partial<EntraFederatedApplicationProps> = {}, id = 'Application') =>
  new EntraFederatedApplication(stack, id, { trusts: [reader], displayName: 'reports-reader', ...props });
const applicationWith = (props: Partial<EntraFederatedApplicationProps>) => applicationIn(scratchStack(), props);
const existingIn = (stack: TerraformStack, props: Partial<EntraFederatedApplicationFromClientIdProps> = {}, id = 'Application') =>
  EntraFederatedApplication.fromClientId(stack, id, { trusts: [reader], clientId: CLIENT_ID, ...props });
const variable = (stack: TerraformStack, id = 'text') => new TerraformVariable(stack, id, { type: 'string' }).stringValue;
const accounts = (count: number) => Array.from({ length: count }, (_, index) => aks.serviceAccount('reports', `reader-${index}`));

/** What a review is told about an application. */
const rulesOf = ({ node }: EntraFederatedApplication) => node.metadata.map(({ type, data }) => [type, data.split(':')[0]]);

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  const credential = (application: string, cluster: string, issuer: string) => ({
    application_id: `\${${application}.id}`,
    display_name: `${cluster}_reports_reader`,
    issuer,
    subject: 'system:serviceaccount:reports:reader',
    audiences: ['api://AzureADTokenExchange'],
  });

  test('an application has a service principal, one credential for each service account, and neither password nor certificate', () => {
    const stack = readableAddresses(synthStack(scope => {
      const application = applicationIn(scope, {
        trusts: [
          clusters.aks(scope).serviceAccount('reports', 'reader'), clusters.oidc(scope).serviceAccount('reports', 'reader'),
          clusters.gke(scope).serviceAccount('reports', 'reader'), clusters.gkePlain(scope).serviceAccount('reports', 'reader'),
        ],
        owners: [OWNER],
      });
      expect(application.resource).toBeDefined();
      expect(application.trusts).toHaveLength(3);
      application.grantContainerRead(CONTAINER);
    }));
    expect(Object.fromEntries(Object.entries(stack).filter(([address]) => !/Cluster$/.test(address)))).toEqual({
      'azuread_application.Application': { display_name: 'reports-reader', owners: [OWNER] },
      'azuread_service_principal.Application_ServicePrincipal': { client_id: '${azuread_application.Application.client_id}', owners: [OWNER] },
      'azuread_application_federated_identity_credential.Application_Credential_aks-apps_reports_reader':
        credential('azuread_application.Application', 'aks-apps', clusters.aksIssuer),
      'azuread_application_federated_identity_credential.Application_Credential_gke-apps_reports_reader':
        credential('azuread_application.Application', 'gke-apps', clusters.gkeIssuer),
      'azuread_application_federated_identity_credential.Application_Credential_oidc-onprem_reports_reader':
        credential('azuread_application.Application', 'oidc-onprem', clusters.oidcIssuer),
      'azurerm_role_assignment.Application_Assignment_reports_ddfa4e84_Storage_Blob_Data_Reader': {
        scope: CONTAINER,
        role_definition_name: 'Storage Blob Data Reader',
        principal_id: '${azuread_service_principal.Application_ServicePrincipal.object_id}',
        principal_type: 'ServicePrincipal',
      },
    });
  });

  test('an existing application is looked up and given credentials and roles, and nothing of it is changed', () => {
    expect(readableAddresses(synthStack(scope => {
      const application = existingIn(scope, { trusts: [clusters.oidc(scope).serviceAccount('reports', 'reader')] });
      expect([application.resource, application.servicePrincipal]).toEqual([undefined, undefined]);
      application.grantRole(ACCOUNT, 'Reader');
    }))).toEqual({
      'data.azuread_application.Application': { client_id: CLIENT_ID },
      'data.azuread_service_principal.Application_ServicePrincipal': { client_id: CLIENT_ID },
      'azuread_application_federated_identity_credential.Application_Credential_oidc-onprem_reports_reader':
        credential('data.azuread_application.Application', 'oidc-onprem', clusters.oidcIssuer),
      'azurerm_role_assignment.Application_Assignment_acmedata_c8296105_Reader': {
        scope: ACCOUNT,
        role_definition_name: 'Reader',
        principal_id: '${data.azuread_service_principal.Application_ServicePrincipal.object_id}',
        principal_type: 'ServicePrincipal',
      },
    });
  });
});

test('a workload of an existing application asks for it by its client id, in its tenant', () => {
  const stack = readableAddresses(synthStack(scope => {
    const { serviceAccountAnnotations, podLabels } = existingIn(scope).bind(reader, WEBHOOK);
    expect(podLabels).toEqual({ 'azure.workload.identity/use': 'true' });
    new StorageContainer(scope, 'Seen', { name: 'seen', metadata: serviceAccountAnnotations });
  }));
  expect(stack['azurerm_storage_container.Seen'].metadata).toEqual({
    'azure.workload.identity/client-id': '${data.azuread_application.Application.client_id}',
    'azure.workload.identity/tenant-id': '${data.azuread_service_principal.Application_ServicePrincipal.application_tenant_id}',
    'azure.workload.identity/service-account-token-expiration': '3600',
  });
});

test('no credential waits for another', () => {
  const stack = synthStack(scope => applicationIn(scope, { trusts: accounts(20) }));
  const credentials = Object.values(stack.resource.azuread_application_federated_identity_credential!);
  expect(credentials).toHaveLength(20);
  expect(credentials.filter(made => 'depends_on' in made)).toEqual([]);
});

test('several providers: what is in the directory goes to the one, and roles to the other', () => {
  const stack = readableAddresses(synthStack(scope => {
    const azurermProvider = new AzurermProvider(scope, 'OtherAzurerm', { alias: 'subscription', features: [{}] });
    const azureadProvider = new AzureadProvider(scope, 'OtherAzuread', { alias: 'tenant' });
    applicationIn(scope, { azurermProvider, azureadProvider }).grantRole(ACCOUNT, 'Reader');
    existingIn(scope, { azurermProvider, azureadProvider, roleAssignments: [{ scope: ACCOUNT, roleDefinitionName: 'Reader' }] }, 'Existing');
  }));
  expect(Object.fromEntries(Object.entries(stack).map(([address, { provider }]) => [address, provider]))).toEqual({
    'azuread_application.Application': 'azuread.tenant',
    'azuread_service_principal.Application_ServicePrincipal': 'azuread.tenant',
    'azuread_application_federated_identity_credential.Application_Credential_aks-apps_reports_reader': 'azuread.tenant',
    'azurerm_role_assignment.Application_Assignment_acmedata_c8296105_Reader': 'azurerm.subscription',
    'data.azuread_application.Existing': 'azuread.tenant',
    'data.azuread_service_principal.Existing_ServicePrincipal': 'azuread.tenant',
    'azuread_application_federated_identity_credential.Existing_Credential_aks-apps_reports_reader': 'azuread.tenant',
    'azurerm_role_assignment.Existing_Assignment_acmedata_c8296105_Reader': 'azurerm.subscription',
  });
});

test.each([
  ['usgovernment', 'api://AzureADTokenExchangeUSGov', 'https://login.microsoftonline.us/'],
  ['china', 'api://AzureADTokenExchangeChina', 'https://login.chinacloudapi.cn/'],
] as const)('in the cloud %s even AKS projects tokens, for its audience and authority host', (azureCloud, audience, authorityHost) => {
  const application = applicationWith({ azureCloud });
  const { env, tokens, podLabels } = application.bind(reader, WEBHOOK);
  expect(tokens).toEqual([{ path: 'azure/token', audience }]);
  expect(env).toContainEqual({ name: 'AZURE_AUTHORITY_HOST', value: authorityHost });
  expect(podLabels).toEqual({});
  expect(application.credentials.map(({ audiencesInput }) => audiencesInput)).toEqual([[audience]]);
});

test('an audience and a path of one\'s own reach credential, token and variable', () => {
  const application = applicationWith({ audience: 'acme', tokenPath: 'entra/jwt' });
  const { env, tokens } = application.bind(reader, WEBHOOK);
  expect(tokens).toEqual([{ path: 'entra/jwt', audience: 'acme' }]);
  expect(env).toContainEqual({ name: 'AZURE_FEDERATED_TOKEN_FILE', value: '/m/entra/jwt' });
  expect(application.credentials.map(({ audiencesInput }) => audiencesInput)).toEqual([['acme']]);
});

test('a pod waits for the credential of its own service account', () => {
  const [first, second] = accounts(2) as [ServiceAccountSubject, ServiceAccountSubject];
  const application = applicationWith({ trusts: [second, first] });
  expect(application.bind(first, EXPLICIT).dependsOn).toEqual([application.credentials[0]]);
  expect(application.bind(second, WEBHOOK).dependsOn).toEqual([application.credentials[1]]);
});

test('grants that are given twice are given once, and broad ones are annotated', () => {
  const stack = scratchStack();
  const application = applicationIn(stack);
  const container = new StorageContainer(stack, 'Container', { name: 'reports', storageAccountId: ACCOUNT });
  expect(application.grantContainerRead(container)).toBe(application.grantContainerRead(container));
  expect(application.grantContainerWrite(container)).toBe(application.grantContainerWrite(container));
  expect(rulesOf(application)).toEqual([]);
  expect(application.grantRole(ACCOUNT, 'Owner')).toBe(application.grantRole(ACCOUNT, 'Owner'));
  expect(new Set(rulesOf(application).map(([type, rule]) => `${type} ${rule}`))).toEqual(new Set(['@cdktf/warn azure-broad-role']));
});

test('a trust of what everybody gets who asks for nothing is annotated', () => {
  expect(rulesOf(applicationWith({ trusts: [aks.serviceAccount('default', 'default')] }))).toEqual([
    ['@cdktf/warn', 'default-namespace'], ['@cdktf/warn', 'default-service-account'],
  ]);
});

describe('refuses', () => {
  test('more than 20 service accounts, with the count', () => {
    expect(refusal(() => applicationWith({ trusts: accounts(21) }))).toEqual({
      code: 'LimitExceeded',
      message: 'stack/Application: trusts must hold at most 20 service accounts, as an identity has that many federated credentials, '
        + 'got "21 service accounts"; split them over several identities',
    });
    expect(existingIn(scratchStack(), { trusts: accounts(20) }).credentials).toHaveLength(20);
  });

  test('an empty trust', () => {
    expect(refusal(() => existingIn(scratchStack(), { trusts: [] }))).toEqual({
      code: 'EmptyTrust',
      message: 'stack/Application: trusts must name at least one service account, got "[]"; '
        + 'pass cluster.serviceAccount(namespace, name); an identity that nobody can become is not created',
    });
  });

  test('every service account of a namespace, and says why', () => {
    expect(refusal(() => applicationWith({ trusts: [aks.unsafeEveryServiceAccountOfNamespace('reports') as unknown as ServiceAccountSubject] }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Application: trusts must name service accounts: Entra ID compares subjects exactly and has no wildcards, '
        + 'got "system:serviceaccount:reports:*"; list the service accounts, over several identities where they are more than 20',
    });
  });

  test('a cluster with uploaded keys, which Entra ID would fetch', () => {
    const cluster = Cluster.oidc({ name: 'vault', issuer: PRIVATE_ISSUER, jwks: JWKS });
    expect(refusal(() => applicationWith({ trusts: [cluster.serviceAccount('reports', 'reader')] }))).toEqual({
      code: 'WrongCluster',
      message: 'stack/Application: cluster must have an issuer that Entra ID can reach, as it fetches the keys from there, got "oidc-vault with `jwks`"; '
        + 'publish the issuer\'s documents (S3HostedIssuer and its like do), or use Google Cloud, which takes uploaded keys',
    });
  });

  test('tokens shorter than an hour of AKS\'s webhook, and takes them where they are projected', () => {
    expect(applicationWith({}).bind(reader, { ...EXPLICIT, tokenExpirationSeconds: 600 }).tokens).toHaveLength(1);
    expect(refusal(() => applicationWith({}).bind(reader, { ...WEBHOOK, tokenExpirationSeconds: 600 }))).toEqual({
      code: 'OutOfRange',
      message: 'stack/Application: tokenExpirationSeconds must be a whole number from 3600 to 86400, got 600; '
        + 'Azure\'s webhook takes no other; give the workload `wiring: "explicit"` for shorter tokens',
    });
  });

  /** Beside each value that is refused, those that are taken. */
  test.each([
    ['', 'r'], [' reader', 'the reader'], ['reader ', '读者'], ['${reader}', '$reader'],
  ])('the display name %p, and takes %p and one that only Terraform knows', (wrong, right) => {
    const rule = wrong.includes('{') ? 'hold no "${" or "%{", which Terraform evaluates' : 'be 1 to 120 characters';
    const remedy = wrong.includes('{') ? 'pass the attribute of the resource or variable itself' : 'shorten it';
    expect(refusal(() => applicationWith({ displayName: wrong }))).toEqual({
      code: 'InvalidName', message: `stack/Application: displayName must ${rule}, got "${wrong}"; ${remedy}`,
    });
    expect(applicationWith({ displayName: right }).credentials).toHaveLength(1);
    const stack = scratchStack();
    expect(applicationIn(stack, { displayName: variable(stack) }).credentials).toHaveLength(1);
  });

  test.each([
    'owner@acme.example', '', `${OWNER}0`, OWNER.replaceAll('-', ''), `{${OWNER}}`, `/users/${OWNER}`,
  ])('the owner %p, wherever it stands among others', owner => {
    for (const owners of [[owner], [OWNER, owner], [owner, OWNER]]) {
      expect(refusal(() => applicationWith({ owners }))).toEqual({
        code: 'InvalidIdentifier',
        message: `stack/Application: owners must hold object ids, such as 00000000-0000-0000-0000-000000000000, got "${owner}"; `
          + 'pass the object id of a user or service principal',
      });
    }
  });

  test('an owner that is refused before anything is made, and takes ids in any case and those that only Terraform knows', () => {
    const stack = scratchStack();
    expect(refusal(() => applicationIn(stack, { owners: ['owner@acme.example'] })).code).toBe('InvalidIdentifier');
    expect(stack.node.tryFindChild('Application')).toBeUndefined();
    const owners = [OWNER, OWNER.toUpperCase(), variable(stack)];
    expect(applicationIn(stack, { owners }).resource!.ownersInput).toEqual(owners);
    expect(applicationWith({ owners: [] }).resource!.ownersInput).toEqual([]);
  });

  test('a display name over 120 characters', () => {
    expect(applicationWith({ displayName: 'r'.repeat(120) }).credentials).toHaveLength(1);
    expect(refusal(() => applicationWith({ displayName: 'r'.repeat(121) }))).toEqual({
      code: 'InvalidName', message: `stack/Application: displayName must be 1 to 120 characters, got "${'r'.repeat(121)}"; shorten it`,
    });
  });

  test.each(['reports-reader', '', `${CLIENT_ID}0`, `api://${CLIENT_ID}`])('the client id %p, and takes one that only Terraform knows', clientId => {
    expect(refusal(() => existingIn(scratchStack(), { clientId }))).toEqual({
      code: 'InvalidIdentifier',
      message: `stack/Application: clientId must be a client id, such as 00000000-0000-0000-0000-000000000000, got "${clientId}"; `
        + 'copy the application (client) id of the registration',
    });
    const stack = scratchStack();
    expect(existingIn(stack, { clientId: variable(stack) }).credentials).toHaveLength(1);
    expect(existingIn(stack, { clientId: CLIENT_ID.toUpperCase() }, 'Upper').credentials).toHaveLength(1);
  });

  test.each([
    [{ tokenPath: '/token' }, 'tokenPath must be a relative path of letters, digits and "._-", without "..", got "/token"; write it like "aws/token"'],
    [{ audience: 'a b' }, 'audience must be 1 to 600 characters without white space, wildcards or "&{", got "a b"; leave it out for the cloud\'s own audience'],
    [{ audience: AKS_ISSUER }, 'audience must not be an audience of the Kubernetes API, which tokens have that pods get without asking, '
      + `got "${AKS_ISSUER}"; leave it out for the cloud's own audience`],
    [{ azureCloud: 'german' }, 'azureCloud must be one of public, usgovernment, china, got "german"; leave it out for "public"'],
    [{ roleAssignments: [{ scope: 'acmedata', roleDefinitionName: 'Reader' }] },
      'scope must be a resource or its id, /subscriptions/<id>/…, got "acmedata"; copy it from `az resource show --query id`'],
  ])('%p', (props, message) => {
    const wrong = props as Partial<EntraFederatedApplicationProps>;
    expect(refusal(() => applicationWith(wrong))).toEqual({ code: 'InvalidIdentifier', message: `stack/Application: ${message}` });
    expect(refusal(() => existingIn(scratchStack(), wrong))).toEqual({ code: 'InvalidIdentifier', message: `stack/Application: ${message}` });
  });

  test('to wire a service account that the application does not trust', () => {
    expect(refusal(() => applicationWith({}).bind(eks.serviceAccount('reports', 'reader'), WEBHOOK))).toEqual({
      code: 'NotTrusted',
      message: 'stack/Application: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster eks-apps, '
        + 'got "system:serviceaccount:reports:reader of cluster aks-apps"; '
        + 'add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  });
});

import '../counting';
import { readAzure } from '../../../lib/trust/azure/read';
import { accepts, decide } from '../../../lib/trust/judge';
import { Identity, Terraform, TerraformResource } from '../../../lib/trust/model';
import { fromJson, text, TextValue, Unknown, Value, Verdict } from '../../../lib/trust/value';
import { lattice } from '../../../lib/trust/witness';
import { growth } from '../work';

const AKS = 'https://westeurope.oic.prod-aks.azure.com/5b0f5c4e-8a6e-4b0e-9d0a-3f6f6f0a7a11/0c1d6a52-7e0f-4f57-8a3b-9f2f1c7f4d20/';
const SUB = 'system:serviceaccount:reports:collector';
const AUDIENCE = 'api://AzureADTokenExchange';
const ID = '/subscriptions/s/resourceGroups/reports/providers/Microsoft.ManagedIdentity/userAssignedIdentities/collector';

type Values = { readonly [key: string]: Value };

function resource(address: string, values: Values): TerraformResource {
  const data = address.startsWith('data.');
  return {
    where: { address, stack: 'apps', file: 'cdk.tf.json' }, mode: data ? 'data' : 'managed', type: address.split('.')[data ? 1 : 0]!, values: new Map(Object.entries(values)),
  };
}

function terraformOf(...resources: readonly TerraformResource[]): Terraform {
  return { resources, notes: [], ofType: (type, mode) => resources.filter(one => one.type === type && (mode === undefined || one.mode === mode)) };
}

const unknown = (address: string) => new Unknown(`apps/${address}`);
const IDENTITY = resource('azurerm_user_assigned_identity.collector', { name: 'collector', id: ID });
const CREDENTIAL = { parent_id: ID, issuer: AKS, subject: SUB, audience: [AUDIENCE] };

function credential(more: Values = {}): TerraformResource {
  return resource('azurerm_federated_identity_credential.collector', { ...CREDENTIAL, ...more });
}

function read(...resources: readonly TerraformResource[]): Identity {
  return readAzure(terraformOf(...resources)).identities[0]!;
}

function token(claims: { readonly [key: string]: Value | undefined } = {}): ReadonlyMap<string, Value> {
  const all: { readonly [key: string]: Value | undefined } = { iss: AKS, sub: SUB, aud: [AUDIENCE], ...claims };
  return new Map(Object.entries(all).flatMap(([claim, value]) => value === undefined ? [] : [[claim, value] as const]));
}

function gates(identity: Identity, claims: ReadonlyMap<string, Value>, at?: number): Record<string, Verdict> {
  return Object.fromEntries(decide(identity, claims, at).gates.map(({ gate, verdict }) => [gate, verdict]));
}

const PASSED = { 'azure-issuer': 'yes', 'azure-subject': 'yes', 'azure-audience': 'yes' };

test('a managed identity with what the constructs make of it', () => {
  const part = readAzure(terraformOf(IDENTITY, credential(), resource('azurerm_role_assignment.blobs', {
    scope: unknown('azurerm_storage_container.Blobs.id'), role_definition_name: 'Storage Blob Data Reader',
    principal_id: unknown('azurerm_user_assigned_identity.collector.principal_id'),
  })));
  const where = { address: 'azurerm_federated_identity_credential.collector', stack: 'apps', file: 'cdk.tf.json' };
  expect(part).toMatchObject({ registrations: [], notes: [] });
  expect(part.identities).toMatchObject([{
    cloud: 'azure', kind: 'managed-identity', name: unknown('azurerm_user_assigned_identity.collector.client_id'), where: IDENTITY.where,
    doors: [{
      mechanism: 'azure-federation', where, who: [{ issuer: AKS, subject: SUB, wildcards: false, audiences: [AUDIENCE], conditions: [], where }],
      atoms: [
        { claim: ['iss'], pattern: AKS, wildcards: false }, { claim: ['sub'], pattern: SUB, wildcards: false }, { claim: ['aud'], pattern: AUDIENCE, wildcards: false },
      ],
    }],
    grants: [{
      permission: 'Storage Blob Data Reader', on: unknown('azurerm_storage_container.Blobs.id'), statements: [],
      where: { address: 'azurerm_role_assignment.blobs', stack: 'apps', file: 'cdk.tf.json' },
    }],
  }]);
  expect(gates(part.identities[0]!, token())).toEqual(PASSED);
});

test.each<[string, { readonly [key: string]: Value | undefined }, Record<string, Verdict>]>([
  ['an issuer without the slash at its end', { iss: AKS.slice(0, -1) }, { 'azure-issuer': 'no' }],
  ['an issuer in another case', { iss: AKS.toUpperCase() }, { 'azure-issuer': 'no' }],
  ['no issuer', { iss: undefined }, { 'azure-issuer': 'no' }],
  ['another account', { sub: `${SUB}s` }, { 'azure-subject': 'no' }],
  ['an account in another case', { sub: SUB.replace('reports', 'Reports') }, { 'azure-subject': 'no' }],
  ['no account', { sub: undefined }, { 'azure-subject': 'no' }],
  ['a list of accounts', { sub: [SUB] }, { 'azure-subject': 'no' }],
  ['another audience', { aud: 'api://azureadtokenexchange' }, { 'azure-audience': 'no' }],
  ['no audience', { aud: undefined }, { 'azure-audience': 'no' }],
  ['an empty list of audiences', { aud: [] }, { 'azure-audience': 'no' }],
])('refuses %s', (_, claims, failing) => {
  expect(gates(read(IDENTITY, credential()), token(claims))).toEqual({ ...PASSED, ...failing });
});

test('accepts its audience, and does not know what is unknown, nor one of several', () => {
  const identity = read(IDENTITY, credential());
  expect([accepts(identity, token({ aud: AUDIENCE })), accepts(identity, token({ aud: ['x', AUDIENCE] })), accepts(identity, token({ iss: unknown('iss') }))])
    .toEqual(['yes', 'unknown', 'unknown']);
  const issuer = unknown('azurerm_kubernetes_cluster.apps.oidc_issuer_url');
  const own = read(IDENTITY, credential({ issuer }));
  expect([accepts(own, token({ iss: issuer })), accepts(own, token()), accepts(own, token({ iss: issuer, sub: 'x' }))]).toEqual(['yes', 'unknown', 'no']);
});

test('the failing gate names the credential and the remedy', () => {
  expect(decide(read(IDENTITY, credential()), token({ iss: AKS.slice(0, -1) })).failing).toEqual({
    gate: 'azure-issuer', verdict: 'no', want: `a token of ${AKS}`, have: `iss ${AKS.slice(0, -1)}`,
    where: { address: 'azurerm_federated_identity_credential.collector', stack: 'apps', file: 'cdk.tf.json', attribute: 'issuer' },
    remedy: 'set issuer of azurerm_federated_identity_credential.collector to the token\'s iss, to the letter; a slash at the end counts',
  });
});

test('tokens have a time, and without one it is not known', () => {
  const identity = read(IDENTITY, credential());
  const time = (claims: { readonly [key: string]: Value }) => gates(identity, token(claims), 1000)['token-time'];
  expect([time({ iat: 0, exp: 3600 }), time({ iat: 0, exp: 999 }), time({ iat: 0, nbf: 1001, exp: 3600 }), time({ iat: 0 })]).toEqual(['yes', 'no', 'no', 'unknown']);
  expect([time({ exp: 3600 }), time({ iat: 0, exp: 90_000 }), time({ iat: 0, exp: 90_001 })]).toEqual(['unknown', 'yes', 'unknown']);
});

test('credentials find their identity in any case of its id, and one that the input does not have', () => {
  const part = readAzure(terraformOf(
    resource('data.azurerm_user_assigned_identity.collector', { id: ID, client_id: '11111111-2222-3333-4444-555555555555' }),
    credential({ parent_id: ID.toUpperCase() }), resource('azurerm_federated_identity_credential.other', { ...CREDENTIAL, parent_id: unknown('var.identity') }),
  ));
  expect(part.identities.map(({ name, doors }) => [name, doors.length])).toEqual([['11111111-2222-3333-4444-555555555555', 1], [unknown('var.identity'), 1]]);
});

test('applications, with the roles of their service principals', () => {
  const application = resource('azuread_application.app', { display_name: 'app' });
  const identity = read(
    application,
    resource('azuread_service_principal.app', { client_id: unknown('azuread_application.app.client_id') }),
    resource('azuread_application_federated_identity_credential.app', {
      application_id: unknown('azuread_application.app.id'), issuer: AKS, subject: SUB, audiences: [AUDIENCE],
    }),
    resource('azurerm_role_assignment.app', {
      principal_id: unknown('azuread_service_principal.app.object_id'), role_definition_id: 'role', scope: '/subscriptions/s', condition: 'c',
    }),
    resource('azuread_app_role_assignment.graph', { principal_object_id: unknown('azuread_service_principal.app.object_id'), app_role_id: 'User.Read.All', resource_object_id: 'graph' }),
    resource('azuread_directory_role_assignment.admin', { principal_object_id: 'someone else', role_id: 'admin' }),
  );
  expect([identity.kind, identity.name, accepts(identity, token())]).toEqual(['application', unknown('azuread_application.app.client_id'), 'yes']);
  expect(identity.grants.map(({ permission, on, statements }) => [permission, on, statements])).toEqual([
    ['role', '/subscriptions/s', [new Map([['condition', 'c']])]], ['User.Read.All', 'graph', []],
  ]);
});

describe('credentials that match claims', () => {
  const GITHUB = 'https://token.actions.githubusercontent.com';
  const flexible = (expression: TextValue) => readAzure(terraformOf(resource('azuread_application_flexible_federated_identity_credential.gh', {
    application_id: '/applications/1', claims_matching_expression: expression, audience: AUDIENCE, issuer: GITHUB,
  })));
  const claims = token({ iss: GITHUB, sub: 'repo:acme/app:ref:refs/heads/main', job_workflow_ref: 'acme/ci/.github/workflows/x.yml@refs/heads/main' });

  test.each<[TextValue, Verdict]>([
    ["claims['sub'] matches 'repo:acme/app:ref:refs/heads/*'", 'yes'],
    ["claims['sub'] eq 'repo:acme/app:ref:refs/heads/*'", 'no'],
    ["claims['sub'] eq 'repo:acme/app:ref:refs/heads/main'", 'yes'],
    ["claims['sub'] matches 'repo:acme/app:ref:refs/tags/*'", 'no'],
    ["claims['sub'] matches 'repo:acme/*' and claims['job_workflow_ref'] matches 'acme/ci/*@refs/heads/main'", 'yes'],
    ["claims['sub'] matches 'repo:acme/*' and claims['missing'] matches '*'", 'no'],
    ["claims['sub'] matches 'repo:acme/*' or true", 'unknown'],
    ['nonsense', 'unknown'],
    [text("claims['sub'] matches 'repo:", new Unknown('org'), "/*'"), 'unknown'],
    [unknown('var.expression'), 'unknown'],
  ])('%s is %s', (expression, verdict) => {
    expect(accepts(flexible(expression).identities[0]!, claims)).toBe(verdict);
  });

  test('rows show the pattern of the subject, and the rest as it is written', () => {
    const rows = (expression: string) => flexible(expression).identities[0]!.doors[0]!.who
      .map(({ subject, wildcards, conditions }) => [subject, wildcards, conditions]);
    const both = "claims['sub'] matches 'repo:acme/*' and claims['environment'] eq 'prod'";
    expect([...rows("claims['sub'] matches 'repo:acme/*'"), ...rows(both), ...rows('nonsense')]).toEqual([
      ['repo:acme/*', true, []], ['repo:acme/*', true, [both]], [undefined, false, ['nonsense']],
    ]);
    expect(flexible('nonsense').notes.map(({ message }) => message)).toEqual(['the expression for claims is not understood']);
  });
});

test('credentials that are written for Azure\'s own API', () => {
  const properties = { issuer: AKS, subject: SUB, audiences: [AUDIENCE] };
  const azapi = (body: Value) => read(IDENTITY, resource('azapi_resource.collector', {
    type: 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31', parent_id: ID, body,
  }));
  const bodies = [fromJson({ properties }), JSON.stringify({ properties }), fromJson({ properties: { ...properties, subject: 'x' } }), unknown('body')];
  expect(bodies.map(body => azapi(body)).map(identity => accepts(identity, token()))).toEqual(['yes', 'yes', 'no', 'unknown']);
});

test('a type of Azure\'s own API is known by its text, whatever its version', () => {
  const TYPE = 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials';
  const body = fromJson({ properties: { issuer: AKS, subject: SUB, audiences: [AUDIENCE] } });
  const azapi = (type: Value) => read(IDENTITY, resource('azapi_resource.collector', { type, parent_id: ID, body }));
  expect([text(`${TYPE}@`, unknown('var.v')), TYPE, unknown('var.type'), text(`${TYPE}s@`, unknown('var.v')), 'Microsoft.Resources/tags@2024-01-01']
    .map(type => accepts(azapi(type), token()))).toEqual(['yes', 'yes', 'unknown', 'no', 'no']);
});

test('what may make credentials and is not read is noted', () => {
  const TYPE = 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31';
  const { notes } = readAzure(terraformOf(
    resource('azapi_update_resource.a', { type: TYPE }), resource('azapi_resource_action.b', { type: unknown('var.type') }),
    resource('azapi_update_resource.c', { type: 'Microsoft.Resources/tags@2024-01-01' }), resource('azurerm_resource_group_template_deployment.d', {}),
  ));
  expect(notes.map(({ message, where }) => [message, where!.address])).toEqual(['azapi_update_resource.a', 'azapi_resource_action.b', 'azurerm_resource_group_template_deployment.d']
    .map(address => ['it is not read, and may make or change federated credentials', address]));
});

test('what cannot be read is noted, and nothing throws', () => {
  const odd: readonly Value[] = [null, 7, true, 'x', [], [null], new Map(), new Map([['__proto__', 'x']]), new Unknown('u')];
  for (const value of odd) {
    for (const name of ['parent_id', 'issuer', 'subject', 'audience', 'claims_matching_expression']) {
      readAzure(terraformOf(IDENTITY, credential({ [name]: value }))).identities.forEach(identity => decide(identity, token(), 5));
    }
    decide(read(IDENTITY, credential()), token({ iss: value, sub: value, aud: value, exp: value }), 5);
    readAzure(terraformOf(resource('azapi_resource.x', { type: 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials', body: value })));
    readAzure(terraformOf(resource('azurerm_user_assigned_identity.x', { id: value }), resource('azuread_service_principal.x', { client_id: value })));
  }
  expect(readAzure(terraformOf(IDENTITY, credential({ issuer: 7 }))).notes.map(({ message }) => message)).toEqual(['the federated credential cannot be read']);
});

test('accepts exactly what is granted, over all tokens that the doors tell apart', () => {
  const identity = read(IDENTITY, credential(), resource('azurerm_federated_identity_credential.eks', { ...CREDENTIAL, issuer: 'https://eks', subject: 'system:serviceaccount:a:b' }));
  const { tokens, exact } = lattice(identity.doors, { nearMisses: true });
  const pairs = new Set([`${AKS} ${SUB}`, 'https://eks system:serviceaccount:a:b']);
  let [seen, accepted] = [0, 0];
  for (const claims of tokens) {
    seen++;
    const aud = claims.get('aud');
    const [iss, sub] = [claims.get('iss'), claims.get('sub')];
    const granted = typeof iss === 'string' && typeof sub === 'string' && pairs.has(`${iss} ${sub}`) && (Array.isArray(aud) ? aud : [aud]).includes(AUDIENCE);
    accepted += granted ? 1 : 0;
    // Entra ID does not say what it makes of several audiences, or of such as are no texts.
    const odd = Array.isArray(aud) && aud.length > 1;
    expect([claims, accepts(identity, claims)]).toEqual([claims, granted ? (odd ? 'unknown' : 'yes') : 'no']);
  }
  expect([exact, seen > 1000, accepted > 0]).toEqual([true, true, true]);
});

test('reads ten thousand identities, by work that grows with them', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => [
    resource(`azurerm_user_assigned_identity.i${index}`, { id: `${ID}${index}` }),
    resource(`azurerm_federated_identity_credential.i${index}`, { ...CREDENTIAL, parent_id: `${ID}${index}`, subject: `system:serviceaccount:n:${index}` }),
  ]).flat();
  expect(growth(count => readAzure(terraformOf(...many(count))), [500, 1000])).toBeLessThan(2.2);
  const part = readAzure(terraformOf(...many(10_000)));
  expect(part.identities.filter(identity => accepts(identity, token({ sub: 'system:serviceaccount:n:77' })) === 'yes').map(({ where }) => where.address))
    .toEqual(['azurerm_user_assigned_identity.i77']);
});

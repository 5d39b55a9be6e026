import { Azure } from './index';
import type { AppliedResource } from '../../model';
import { ApplyError } from '../apply';

const TENANT = '11111111-2222-3333-4444-555555555555';
const SUBSCRIPTION = '/subscriptions/7d2f3f0e-0b6b-4a53-9a55-1f1d2c3b4a59';
const ISSUER = 'https://issuer.example.com/onprem/';
const SUBJECT = 'system:serviceaccount:reports:reader';
const AUDIENCE = 'api://AzureADTokenExchange';
const CLIENT = 'aaaaaaaa-0000-4000-8000-000000000001';
const PRINCIPAL = 'bbbbbbbb-0000-4000-8000-000000000001';
const SERVICE_PRINCIPAL = 'bbbbbbbb-0000-4000-8000-000000000002';
const EXISTING = 'bbbbbbbb-0000-4000-8000-000000000003';
const NOBODY = 'bbbbbbbb-0000-4000-8000-000000000009';

const resource = (type: string, values: Readonly<Record<string, unknown>>, id = 'It'): AppliedResource => ({ stack: 'stack', address: `${type}.${id}`, type, data: false, account: '', values });
const identityId = (name: string) => `${SUBSCRIPTION}/resourceGroups/reports/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const identity = (name = 'reader', values: object = {}) => resource('azurerm_user_assigned_identity', { id: identityId(name), name, client_id: CLIENT, principal_id: PRINCIPAL, tenant_id: TENANT, ...values });
const managed = (values: object = {}) => resource('azurerm_federated_identity_credential', { name: 'apps', parent_id: identityId('reader'), issuer: ISSUER, subject: SUBJECT, audience: [AUDIENCE], ...values });
const APPLICATION = [
  resource('azuread_application', { id: '/applications/app', object_id: 'app', client_id: CLIENT.replace('1', '2') }),
  resource('azuread_service_principal', { client_id: CLIENT.replace('1', '2'), object_id: SERVICE_PRINCIPAL }),
];
const registered = (values: object = {}) => resource('azuread_application_federated_identity_credential', {
  application_id: '/applications/app', display_name: 'apps', issuer: ISSUER, subject: SUBJECT, audiences: [AUDIENCE], ...values,
});

const refused = (resources: readonly AppliedResource[]): string => {
  try {
    const internet = { serve: () => {}, fetch: () => Promise.reject(new Error()) };
    new Azure({ applied: { resources, outputs: {} }, world: { azureTenant: TENANT }, internet, clock: () => 0, existing: [EXISTING] });
    return 'applied';
  } catch (error) {
    if (!(error instanceof ApplyError)) throw error;
    expect(error.message).toBe(`${error.address} cannot be applied: ${error.code}: ${error.reason}`);
    return `${error.code}: ${error.reason}`;
  }
};

const exists = (id: string) => `Conflict: A resource with the ID "${id}" already exists - to be managed via Terraform this resource needs to be imported into the State.`;

describe('a managed identity', () => {
  test.each([['rea'], ['a'.repeat(128)], ['Reports_reader-1']])('is applied: %s', name => expect(refused([identity(name)])).toBe('applied'));

  test.each([['re'], ['a'.repeat(129)], ['-reader'], ['a.reader'], ['a reader']])('is refused: %s', name => expect(refused([identity(name)])).toBe(`InvalidResourceName: The resource name '${name}' is invalid.`));

  test('is refused where it is there already', () => {
    expect(refused([identity(), identity('reader', { id: identityId('READER') })])).toBe(exists(identityId('reader')));
  });
});

describe('an application', () => {
  test('is refused a service principal of nobody', () => {
    expect(refused(APPLICATION)).toBe('applied');
    expect(refused(APPLICATION.slice(1))).toBe(`Request_BadRequest: The appId '${CLIENT.replace('1', '2')}' of the service principal does not reference a valid application object.`);
  });
});

describe.each([
  ['a managed identity', [identity()], managed, 'BadRequest', 'name', 'audience', 'user-assigned managed identity'],
  ['an application', APPLICATION, registered, 'InvalidFederatedIdentityCredentialValue', 'display_name', 'audiences', 'application'],
] as const)('a federated credential of %s', (_, owner, of, code, name, audiences, kind) => {
  const many = (count: number) => Array.from({ length: count }, (__, index) => of({ [name]: `credential-${index}`, subject: `subject-${index}` }));
  const UNEXPECTED = `${code}: The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'.`;
  const long = (what: string) => `${code}: The ${what} of the federated identity credential has a limit of 600 characters.`;

  test.each<[string, readonly AppliedResource[]]>([
    ['as the library has it', [of()]], ['with a name of three characters', [of({ [name]: 'a_1' })]], ['with a name of 120 characters', [of({ [name]: `1${'-'.repeat(119)}` })]],
    ['with values of 600 characters', [of({ issuer: `https://${'a'.repeat(592)}`, subject: 'a'.repeat(600), [audiences]: ['a'.repeat(600)] })]],
    ['that is one of twenty', many(20)], ['whose subject is that of another issuer', [of(), of({ [name]: 'others', issuer: 'https://others.example.com' })]],
    ['whose subject differs in case', [of(), of({ [name]: 'others', subject: SUBJECT.toUpperCase() })]],
    // "The configuration is created successfully": wildcards are text.
    ['with a wildcard', [of({ subject: 'system:serviceaccount:reports:*' })]],
  ])('is applied %s', (__, resources) => expect(refused([...owner, ...resources])).toBe('applied'));

  test.each<[string, readonly AppliedResource[], string]>([
    ...['ab', 'a.b/c d', '-apps', '_apps', 'a'.repeat(121), 'äpps'].map((wrong): [string, AppliedResource[], string] => [`named ${wrong}`, [of({ [name]: wrong })], `${code}: The name '${wrong}' of the federated identity credential is invalid.`]),
    ['without an issuer', [of({ issuer: null })], UNEXPECTED], ['without a subject', [of({ subject: '' })], UNEXPECTED], ['without an audience', [of({ [audiences]: [] })], UNEXPECTED],
    ['with an empty audience', [of({ [audiences]: [''] })], UNEXPECTED], ['with two audiences', [of({ [audiences]: [AUDIENCE, 'other'] })], `${code}: The federated identity credential accepts a single audience.`],
    ['with an issuer of 601 characters', [of({ issuer: `https://${'a'.repeat(593)}` })], long('issuer')], ['with a subject of 601 characters', [of({ subject: 'a'.repeat(601) })], long('subject')],
    ['with an audience of 601 characters', [of({ [audiences]: ['a'.repeat(601)] })], long('audience')],
    ...['issuer.example.com', 'http://issuer.example.com', 'https://', 'https://issuer.example.com/a b'].map((issuer): [string, AppliedResource[], string] =>
      [`of the issuer ${issuer}`, [of({ issuer })], `${code}: The issuer '${issuer}' of the federated identity credential is no https URL.`]),
    ['of a name that is there', [of(), of({ [name]: 'Apps', subject: 'other' })], exists('apps')],
    ['that is the twenty-first', many(21), `${code}: A maximum of 20 federated identity credentials can be added per ${kind}.`],
    ['of an issuer and a subject that are there', [of(), of({ [name]: 'others', [audiences]: ['other'] })], kind === 'application'
      ? `${code}: The combination of issuer and subject must be unique for the application. Issuer ${ISSUER} and Subject: ${SUBJECT} already exist.`
      : `${code}: Issuer and subject combination already exists for this Managed Identity.`],
  ])('is refused %s', (__, resources, message) => expect(refused([...owner, ...resources])).toBe(message));
});

test('a federated credential of nobody is refused', () => {
  expect(refused([managed()])).toBe(`ParentResourceNotFound: Failed to perform 'write' on the resource, because the parent resource '${identityId('reader')}' could not be found.`);
  expect(refused([...APPLICATION, managed({ parent_id: '/applications/app' })])).toBe('ParentResourceNotFound: Failed to perform \'write\' on the resource, because the parent resource \'/applications/app\' could not be found.');
  expect(refused([identity(), registered()])).toBe('Request_ResourceNotFound: Resource \'/applications/app\' does not exist or one of its queried reference-property objects are not present.');
});

describe('a role assignment', () => {
  const ACCOUNT = `${SUBSCRIPTION}/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/acmedata`;
  const assigned = (values: object = {}) => resource('azurerm_role_assignment', { scope: ACCOUNT, role_definition_name: 'Storage Blob Data Reader', principal_id: PRINCIPAL, ...values });
  const byId = (id: string) => assigned({ role_definition_name: null, role_definition_id: id });
  const READER = '/providers/Microsoft.Authorization/roleDefinitions/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1';
  const there = [identity(), ...APPLICATION];
  const nobody = (id: string) => `PrincipalNotFound: Principal ${id.replaceAll('-', '')} does not exist in the directory ${TENANT}. Check that you have the correct principal ID. If you are creating this principal `
    + 'and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, '
    + 'or Group. See https://aka.ms/docs-principaltype';

  test.each<[string, AppliedResource]>([
    ...['/', '/providers/Microsoft.Management/managementGroups/acme', SUBSCRIPTION, `${SUBSCRIPTION}/resourcegroups/DATA`, ACCOUNT, `${ACCOUNT}/blobServices/default/containers/reports`]
      .map((scope): [string, AppliedResource] => [`on ${scope}`, assigned({ scope })]),
    ['to a service principal', assigned({ principal_id: SERVICE_PRINCIPAL })], ['to somebody who was there', assigned({ principal_id: EXISTING.toUpperCase() })], ['of a role in capitals', assigned({ role_definition_name: 'OWNER' })],
    ['of a role by its id', byId(READER)], ['of a role by its id in a subscription', byId(`${SUBSCRIPTION}${READER}`)],
  ])('is applied %s', (_, resource_) => expect(refused([...there, resource_])).toBe('applied'));

  test('of a role that Terraform makes is applied', () => {
    const id = 'cccccccc-0000-4000-8000-000000000001';
    const own = resource('azurerm_role_definition', { name: 'Reads reports', role_definition_id: id });
    expect(refused([...there, own, assigned({ role_definition_name: 'Reads reports' }), assigned({ role_definition_name: null, role_definition_id: READER.replace(/[^/]*$/, id), scope: SUBSCRIPTION })])).toBe('applied');
  });

  test.each<[string, readonly AppliedResource[], string]>([
    ...['/subscriptions/acme/acmedata', 'acmedata', '', `${SUBSCRIPTION}/data`, `${ACCOUNT}/`, `${SUBSCRIPTION}/resourceGroups/data/providers/Microsoft.Storage/storageAccounts`, `${SUBSCRIPTION}/resourceGroups/a b`].map((scope): [string, AppliedResource[], string] =>
      [`on ${scope}`, [assigned({ scope })], `InvalidScope: The scope '${scope}' is invalid.`]),
    ['to nobody', [assigned({ principal_id: NOBODY })], nobody(NOBODY)], ['to a client id', [assigned({ principal_id: CLIENT })], nobody(CLIENT)],
    ['of a role that is not there', [assigned({ role_definition_name: 'Storage Blob Reader' })], 'RoleDefinitionNotFound: could not find role \'Storage Blob Reader\''],
    ['of an id that no role has', [byId(READER.replace('2a2b', '0000'))], 'RoleDefinitionDoesNotExist: The specified role definition with ID \'000099086ea14ae28e65a410df84e7d1\' does not exist.'],
    ['of an id that is none', [byId('2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')], 'InvalidRoleDefinitionId: The role definition ID \'2a2b9908-6ea1-4ae2-8e65-a410df84e7d1\' is not valid.'],
    ['of no role', [byId('')], 'InvalidRoleDefinitionId: The role definition ID \'\' is not valid.'],
    ['that is there', [assigned(), byId(READER)], 'RoleAssignmentExists: The role assignment already exists.'],
  ])('is refused %s', (_, resources, message) => expect(refused([...there, ...resources])).toBe(message));
});

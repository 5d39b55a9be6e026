import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkloadIdentityCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';
import { Azure, EntraError } from './index';
import { TestCluster } from '../../cluster';
import type { AppliedResource, HttpResponse } from '../../model';
import { LoopbackInternet } from '../../network/internet';
import { forge, rsaKey, SIGNINGS, UNSIGNED } from '../forgery';

const START = 1_800_000_000;
let now = START;
const clock = () => now;
const TENANT = '11111111-2222-3333-4444-555555555555';
const SUBSCRIPTION = '/subscriptions/7d2f3f0e-0b6b-4a53-9a55-1f1d2c3b4a59';
const ISSUER = 'https://issuer.example.com/onprem/';
const SUBJECT = 'system:serviceaccount:reports:reader';
const AUDIENCE = 'api://AzureADTokenExchange';
const MANAGED = 'aaaaaaaa-0000-4000-8000-000000000001';
const APPLICATION = 'aaaaaaaa-0000-4000-8000-000000000002';
const EMPTY = 'aaaaaaaa-0000-4000-8000-000000000003';
const WITHOUT_SERVICE_PRINCIPAL = 'aaaaaaaa-0000-4000-8000-000000000004';
const PRINCIPALS: Readonly<Record<string, string>> = { [MANAGED]: 'bbbbbbbb-0000-4000-8000-000000000001', [APPLICATION]: 'bbbbbbbb-0000-4000-8000-000000000002' };

const resource = (address: string, values: Readonly<Record<string, unknown>>): AppliedResource => ({
  stack: 'stack', address, type: address.split('.').at(-2)!, data: address.startsWith('data.'), account: '', values,
});
const identityId = (name: string) => `${SUBSCRIPTION}/resourceGroups/reports/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const managed = (name: string, clientId: string, principalId: string) => resource(`azurerm_user_assigned_identity.${name}`, {
  id: identityId(name), name, client_id: clientId, principal_id: principalId, tenant_id: TENANT,
});
const credential = (values: object = {}, name = 'Credential') => resource(`azurerm_federated_identity_credential.${name}`, {
  name, parent_id: identityId('reader').toUpperCase(), issuer: ISSUER, subject: SUBJECT, audience: [AUDIENCE], ...values,
});
const application = (name: string, clientId: string) => resource(`azuread_application.${name}`, { id: `/applications/${name}`, object_id: name, client_id: clientId });
const applicationCredential = (name: string, values: object = {}) => resource(`azuread_application_federated_identity_credential.${name}`, {
  application_id: `/applications/${name}`, display_name: 'reports-reader', issuer: ISSUER, subject: SUBJECT, audiences: [AUDIENCE], ...values,
});
const IDENTITIES = [
  managed('reader', MANAGED, PRINCIPALS[MANAGED]!), credential(), credential({ subject: 'system:serviceaccount:reports:other', audience: ['api://other'] }, 'Other'),
  application('App', APPLICATION), resource('azuread_service_principal.App', { client_id: APPLICATION, object_id: PRINCIPALS[APPLICATION], application_tenant_id: TENANT }), applicationCredential('App'),
  managed('empty', EMPTY, 'bbbbbbbb-0000-4000-8000-000000000003'),
  application('Lone', WITHOUT_SERVICE_PRINCIPAL), applicationCredential('Lone'),
];
const ACCOUNT = `${SUBSCRIPTION}/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/acmedata`;
const assigned = (values: object = {}) => resource('azurerm_role_assignment.Reader', {
  scope: ACCOUNT, role_definition_name: 'Storage Blob Data Reader', principal_id: PRINCIPALS[MANAGED], ...values,
});
const storage = { acmedata: { id: ACCOUNT, containers: { reports: ['b&w.csv', 'a.csv'], archive: [] } } };

const cluster = new TestCluster({ kind: 'oidc', name: 'onprem', issuer: ISSUER, clock });
const others = new TestCluster({ kind: 'oidc', name: 'other', issuer: 'https://issuer.example.com/other', clock });

function world(resources: readonly AppliedResource[] = [...IDENTITIES, assigned()], published: readonly TestCluster[] = [cluster, others]) {
  const internet = new LoopbackInternet();
  published.forEach(each => each.publish(internet));
  const azure = new Azure({ applied: { resources, outputs: {} }, world: { azureTenant: TENANT }, internet, clock, storage });
  azure.serve();
  return { internet, azure };
}

const { internet, azure } = world();
const request = { namespace: 'reports', serviceAccount: 'reader', audience: AUDIENCE };
const token = (more: object = {}) => cluster.issue({ ...request, ...more });
/** A token with other claims than the cluster's; `undefined` takes one out. */
const withClaims = (claims: object) => forge(cluster.key, { ...cluster.claims(request), ...claims }, cluster.header());
const trace = / Trace ID: .*$/;

beforeEach(() => {
  now = START;
});

describe('an exchange', () => {
  test.each([['a managed identity', MANAGED], ['an application', APPLICATION], ['a client id in capitals', MANAGED.toUpperCase()]])('gives a token of %s', async (_, clientId) => {
    const { token: got, expiresIn, principal } = await azure.exchange({ clientId, assertion: token() });
    expect([expiresIn, principal.principalId]).toEqual([86399, PRINCIPALS[clientId.toLowerCase()]]);
    expect(JSON.parse(Buffer.from(got.split('.')[1]!, 'base64url').toString())).toEqual({
      aud: 'https://storage.azure.com', iss: `https://sts.windows.net/${TENANT}/`, iat: now, nbf: now, exp: now + 86399, appid: clientId.toLowerCase(), idtyp: 'app',
      oid: PRINCIPALS[clientId.toLowerCase()], sub: PRINCIPALS[clientId.toLowerCase()], tid: TENANT, ver: '1.0',
    });
  });

  test('takes an audience as text, and a token until its last second', async () => {
    await azure.exchange({ clientId: MANAGED, assertion: withClaims({ aud: AUDIENCE, nbf: undefined }) });
    const assertion = token();
    now = START + 3599;
    await azure.exchange({ clientId: MANAGED, assertion });
  });

  test('finds identities that a data source has found', async () => {
    const { azure: other } = world([{ ...managed('reader', MANAGED, PRINCIPALS[MANAGED]!), address: 'data.azurerm_user_assigned_identity.reader', data: true }, credential()]);
    expect((await other.exchange({ clientId: MANAGED, assertion: token() })).principal.principalId).toBe(PRINCIPALS[MANAGED]);
  });

  test('takes a token by a key that came later, and none by one that was retired', async () => {
    const rotating = new TestCluster({ kind: 'oidc', name: 'rotating', issuer: 'https://rotating.example.com', clock });
    const { azure: other } = world([managed('reader', MANAGED, PRINCIPALS[MANAGED]!), credential({ issuer: rotating.issuer })], [rotating]);
    const old = rotating.issue(request);
    rotating.rotate();
    await other.exchange({ clientId: MANAGED, assertion: old });
    await other.exchange({ clientId: MANAGED, assertion: rotating.issue(request) });
    rotating.retireOldKeys();
    await expect(other.exchange({ clientId: MANAGED, assertion: old })).rejects.toThrow('AADSTS7000272: ');
  });
});

const CHECK = 'Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation';
const noIssuer = (issuer: string) => `AADSTS700211: No matching federated identity record found for presented assertion issuer '${issuer}'. ${CHECK}`;
const noAudience = (audience: string) => `AADSTS700212: No matching federated identity record found for presented assertion audience '${audience}'. ${CHECK}`;
const noSubject = (subject: string) => `AADSTS700213: No matching federated identity record found for presented assertion subject '${subject}'. ${CHECK}`;
const otherCase = (subject: string) => `AADSTS7002138: No matching federated identity record found for presented assertion subject '${subject}'. The subject matches with case-insensitive `
  + 'comparison, but not with case-sensitive comparison. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. See documentation at: '
  + 'https://learn.microsoft.com/entra/workload-id/workload-identity-federation. See breaking change notification and remediation at: '
  + 'https://learn.microsoft.com/en-us/entra/identity-platform/reference-breaking-changes#august-2024. ';
const time = (current: string, from: string, to: string) => `AADSTS700024: Client assertion is not within its valid time range. Current time: ${current}.0000000Z, assertion valid from `
  + `${from}.0000000Z, expiry time of assertion ${to}.0000000Z. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .`;
const lifetime = (issued: number, expires: number) => `AADSTS70023: External OIDC Provider token must have a lifetime of less than or equal to 1.01:00:00. Token issued at ${issued}. Token expires on ${expires}.`;
const MALFORMED = 'AADSTS50027: JWT token is invalid or malformed.';
const strangersKey = rsaKey('stranger');

describe('refuses a token', () => {
  const algorithm = (name: string) => `AADSTS5002738: Invalid JWT token. '${name}' is not a supported signature algorithm. Supported signing algorithms are: 'RS256, HS256'`;
  const noKey = (kid: string, issuer = ISSUER) => `AADSTS7000272: The certificate with identifier ${Buffer.from(kid, 'base64url').toString('hex').toUpperCase()} used to sign the federated `
    + `credential could not be found in the metadata of identity provider ${issuer}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.`;
  const [header, claims] = [cluster.header(), cluster.claims(request)];
  const lookAlike = SUBJECT.replace('reader', 'r\u0435ader');

  test.each<[string, () => string, string, EntraError['error']]>([
    ['of another cluster', () => others.issue(request), noIssuer(others.issuer), 'invalid_client'],
    ['whose issuer has no slash', () => withClaims({ iss: ISSUER.slice(0, -1) }), noIssuer(ISSUER.slice(0, -1)), 'invalid_client'],
    ['whose issuer is in capitals', () => withClaims({ iss: ISSUER.toUpperCase() }), noIssuer(ISSUER.toUpperCase()), 'invalid_client'],
    ['whose issuer has a port', () => withClaims({ iss: ISSUER.replace('.com', '.com:443') }), noIssuer(ISSUER.replace('.com', '.com:443')), 'invalid_client'],
    ['of another service account', () => token({ serviceAccount: 'writer' }), noSubject('system:serviceaccount:reports:writer'), 'invalid_client'],
    ['of another namespace', () => token({ namespace: 'billing' }), noSubject('system:serviceaccount:billing:reader'), 'invalid_client'],
    ['of a longer name', () => token({ serviceAccount: 'reader2' }), noSubject(`${SUBJECT}2`), 'invalid_client'],
    ['of a shorter name', () => token({ serviceAccount: 'reade' }), noSubject(SUBJECT.slice(0, -1)), 'invalid_client'],
    ['of a name with a space', () => withClaims({ sub: `${SUBJECT} ` }), noSubject(`${SUBJECT} `), 'invalid_client'],
    ['of a name that looks alike', () => withClaims({ sub: lookAlike }), noSubject(lookAlike), 'invalid_client'],
    ['of a name in another case', () => withClaims({ sub: SUBJECT.toUpperCase() }), otherCase(SUBJECT.toUpperCase()), 'invalid_client'],
    ['for another audience', () => token({ audience: 'sts.amazonaws.com' }), noAudience('sts.amazonaws.com'), 'invalid_client'],
    ['for an audience in another case', () => token({ audience: AUDIENCE.toLowerCase() }), noAudience(AUDIENCE.toLowerCase()), 'invalid_client'],
    ['with the audience of another credential', () => token({ audience: 'api://other' }), noAudience('api://other'), 'invalid_client'],
    ['for two audiences', () => token({ audience: [AUDIENCE, 'other'] }),
      'AADSTS5002741: Number of audience values in the provided client credential exceed maximum allowed. 2 audience values provided, maximum allowed is 1.', 'invalid_client'],
    ['for no audience', () => withClaims({ aud: [] }), MALFORMED, 'invalid_request'],
    ['that is expired', () => token({ issuedAt: START - 3600 }), time('2027-01-15T08:00:00', '2027-01-15T07:00:00', '2027-01-15T08:00:00'), 'invalid_client'],
    ['of the future', () => token({ issuedAt: START + 1 }), time('2027-01-15T08:00:00', '2027-01-15T08:00:01', '2027-01-15T09:00:01'), 'invalid_client'],
    ['without the time at which it was issued', () => withClaims({ iat: undefined }), lifetime(0, START + 3600), 'invalid_request'],
    ['that lives for more than 25 hours', () => withClaims({ exp: START + 90001 }), lifetime(START, START + 90001), 'invalid_request'],
    ['that was issued in the future', () => withClaims({ nbf: undefined, iat: START + 1 }), time('2027-01-15T08:00:00', '2027-01-15T08:00:01', '2027-01-15T09:00:00'), 'invalid_client'],
    ['without an end', () => withClaims({ exp: undefined }), MALFORMED, 'invalid_request'],
    ['whose end is text', () => withClaims({ exp: String(START + 3600) }), MALFORMED, 'invalid_request'],
    ['whose subject is a list', () => withClaims({ sub: [SUBJECT] }), MALFORMED, 'invalid_request'],
    ['without a subject', () => withClaims({ sub: undefined }), MALFORMED, 'invalid_request'],
    ['without an issuer', () => withClaims({ iss: undefined }), MALFORMED, 'invalid_request'],
    ['that says its subject twice', () => forge(cluster.key, JSON.stringify(claims).replace('{', `{"sub":${JSON.stringify(SUBJECT)},`), header), MALFORMED, 'invalid_request'],
    ['that is no token', () => 'x.y', MALFORMED, 'invalid_request'],
    ['that is huge', () => withClaims({ more: 'x'.repeat(100_000) }), MALFORMED, 'invalid_request'],
    ['without a signature', () => forge(cluster.key, claims, { ...header, alg: 'none' }, UNSIGNED), MALFORMED, 'invalid_request'],
    ['of no algorithm, with a signature', () => `${forge(cluster.key, claims, { ...header, alg: 'none' }, UNSIGNED)}AAAA`, algorithm('none'), 'invalid_request'],
    ['signed with the public key for a secret', () => forge(cluster.key, claims, { ...header, alg: 'HS256' }, SIGNINGS.HMAC_OF_PEM), algorithm('HS256'), 'invalid_request'],
    ['of an algorithm that was never tested', () => forge(cluster.key, claims, { ...header, alg: 'RS512' }, SIGNINGS.RS512), algorithm('RS512'), 'invalid_request'],
    ['signed by another key', () => forge(strangersKey, claims, header), MALFORMED, 'invalid_request'],
    ['whose signature is cut off', () => token().replace(/\.[^.]+$/, '.'), MALFORMED, 'invalid_request'],
    ['with another key\'s id', () => forge(cluster.key, claims, { alg: 'RS256', kid: others.kid }), noKey(others.kid), 'invalid_client'],
    ['without a key\'s id', () => forge(cluster.key, claims, { alg: 'RS256' }), noKey(''), 'invalid_client'],
    ['with an extension', () => forge(cluster.key, claims, { ...header, crit: ['x'], x: 1 }), algorithm('RS256'), 'invalid_request'],
  ])('%s', async (_, assertion, message, error) => {
    const refused = await azure.exchange({ clientId: MANAGED, assertion: assertion() }).catch((thrown: unknown) => thrown as EntraError);
    expect(refused).toBeInstanceOf(EntraError);
    expect([(refused as EntraError).message, (refused as EntraError).error]).toEqual([message, error]);
  });

  test('of one issuer with the subject of another, where an identity trusts both', async () => {
    const other = 'system:serviceaccount:reports:elsewhere';
    const { azure: both } = world([managed('reader', MANAGED, PRINCIPALS[MANAGED]!), credential(), credential({ issuer: others.issuer, subject: other }, 'Second')]);
    await both.exchange({ clientId: MANAGED, assertion: token() });
    await both.exchange({ clientId: MANAGED, assertion: others.issue({ ...request, serviceAccount: 'elsewhere' }) });
    const refused = (assertion: string) => both.exchange({ clientId: MANAGED, assertion }).then(() => 'accepted', (error: EntraError) => error.message);
    expect([await refused(token({ serviceAccount: 'elsewhere' })), await refused(others.issue(request))]).toEqual([noSubject(other), noSubject(SUBJECT)]);
  });

  test('whose issuer cannot be reached', async () => {
    const { azure: other } = world(IDENTITIES, []);
    await expect(other.exchange({ clientId: MANAGED, assertion: token() })).rejects.toThrow(new EntraError(501661, 'invalid_request', 'Request to External OIDC endpoint failed.'));
  });

  test('of an issuer that no credential names, and asks that issuer for nothing', async () => {
    const asked: string[] = [];
    const { azure: other, internet: network } = world(IDENTITIES, []);
    network.serve('issuer.example.com', ({ path }) => {
      asked.push(path);
      return { status: 404, body: '' };
    });
    await expect(other.exchange({ clientId: MANAGED, assertion: others.issue(request) })).rejects.toThrow(new EntraError(700211, 'invalid_client', noIssuer(others.issuer).slice('AADSTS700211: '.length)));
    expect(asked).toEqual([]);
  });

  test('for an identity that trusts nobody, and for one that is not there', async () => {
    const of = (clientId: string, more: object = {}) => azure.exchange({ clientId, assertion: token(), ...more }).then(() => 'accepted', (error: EntraError) => `${error.error} ${error.message}`);
    expect([await of(EMPTY), await of(SUBSCRIPTION), await of(WITHOUT_SERVICE_PRINCIPAL), await of(MANAGED, { tenant: 'common' }), await of(MANAGED, { scope: 'https://vault.azure.net/.default' }),
      await of(MANAGED, { scope: 'https://storage.azure.com/' })]).toEqual([
      `invalid_client AADSTS70021: No matching federated identity record found for presented assertion. Assertion Issuer: '${ISSUER}'. Assertion Subject: '${SUBJECT}'. `
      + `Assertion Audience: '${AUDIENCE}'. https://learn.microsoft.com/entra/workload-id/workload-identity-federation`,
      `unauthorized_client AADSTS700016: Application with identifier '${SUBSCRIPTION}' was not found in the directory '${TENANT}'. This can happen if the application has not been installed by the `
      + 'administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.',
      `invalid_client AADSTS7000229: The client application ${WITHOUT_SERVICE_PRINCIPAL} is missing service principal in the tenant ${TENANT}. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119`,
      'invalid_request AADSTS90002: Tenant \'common\' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. '
      + 'Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.',
      `invalid_resource AADSTS500011: The resource principal named https://vault.azure.net was not found in the tenant named ${TENANT}. This can happen if the application has not been installed by the `
      + 'administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.',
      'invalid_scope AADSTS1002012: The provided value for scope https://storage.azure.com/ is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier '
      + '(application ID URI).',
    ]);
  });
});

const post = async (body: Record<string, string> | string, tenant = TENANT, headers: Record<string, string> = {}) => {
  const { status, body: text } = await internet.fetch({
    url: `https://login.microsoftonline.com/${tenant}/oauth2/v2.0/token`, method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof body === 'string' ? body : new URLSearchParams(body).toString(),
  });
  return { status, body: JSON.parse(text) as Record<string, any> };
};
const FORM = {
  grant_type: 'client_credentials', client_id: MANAGED, scope: 'https://storage.azure.com/.default', client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
};

describe('the token endpoint', () => {
  test('answers as OAuth says', async () => {
    expect(await post({ ...FORM, client_assertion: token() })).toEqual({
      status: 200, body: { token_type: 'Bearer', expires_in: 86399, ext_expires_in: 86399, access_token: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/) },
    });
  });

  test('refuses with the whole answer of Entra ID', async () => {
    const correlation = 'cccccccc-0000-4000-8000-000000000001';
    const { status, body } = await post({ ...FORM, client_assertion: others.issue(request) }, TENANT, { 'client-request-id': correlation });
    const { trace_id: id } = body;
    expect(id).toMatch(/^00000000-0000-4000-8000-\d{12}$/);
    expect({ status, body }).toEqual({
      status: 401,
      body: {
        error: 'invalid_client',
        error_description: `${noIssuer(others.issuer)} Trace ID: ${id} Correlation ID: ${correlation} Timestamp: 2027-01-15 08:00:00Z`,
        error_codes: [700211],
        timestamp: '2027-01-15 08:00:00Z',
        trace_id: id,
        correlation_id: correlation,
        error_uri: 'https://login.microsoftonline.com/error?code=700211',
      },
    });
  });

  const form = () => ({ ...FORM, client_assertion: token() });
  const without = (name: string) => Object.fromEntries(Object.entries(form()).filter(([key]) => key !== name));
  test.each<[string, () => Record<string, string> | string, string, number, string]>([
    ['a request without a grant type', () => without('grant_type'), TENANT, 400, 'invalid_request AADSTS900144: The request body must contain the following parameter: \'grant_type\'.'],
    ['another grant type', () => ({ ...form(), grant_type: 'password' }), TENANT, 400, 'unsupported_grant_type AADSTS70003: The app requested an unsupported grant type \'password\'.'],
    ['a request without a client', () => without('client_id'), TENANT, 400, 'invalid_request AADSTS900144: The request body must contain the following parameter: \'client_id\'.'],
    ['a request without a scope', () => without('scope'), TENANT, 400, 'invalid_request AADSTS900144: The request body must contain the following parameter: \'scope\'.'],
    ['a secret', () => ({ ...without('client_assertion'), client_secret: 'secret' }), TENANT, 401,
      `invalid_client AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${MANAGED}'.`],
    ['a request without a token', () => without('client_assertion'), TENANT, 401, 'invalid_client AADSTS7000218: The request body must contain the following parameter: \'client_assertion\' or \'client_secret\'.'],
    ['a token of no type', () => without('client_assertion_type'), TENANT, 401,
      'invalid_client AADSTS7000218: The request body must contain the following parameter: \'client_assertion\' or \'client_secret\'.'],
    ['a parameter twice', () => `${new URLSearchParams(form()).toString()}&client_id=${APPLICATION}`, TENANT, 400, 'invalid_request AADSTS90100: client_id parameter is empty or not valid.'],
    ['another tenant', form, 'common', 400, 'invalid_request AADSTS90002: Tenant \'common\' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. '
      + 'Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.'],
  ])('refuses %s', async (_, body, tenant, status, message) => {
    const answer = await post(body(), tenant);
    expect([answer.status, `${answer.body.error} ${answer.body.error_description.replace(trace, '')}`]).toEqual([status, message]);
  });

  test('says where it is', async () => {
    const get = async (path: string) => JSON.parse((await internet.fetch({ url: `https://login.microsoftonline.com/${path}` })).body) as Record<string, any>;
    const instances = await get(`common/discovery/instance?api-version=1.1&authorization_endpoint=https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/authorize`);
    expect([instances.tenant_discovery_endpoint, instances.metadata[0].aliases[0]]).toEqual([`https://login.microsoftonline.com/${TENANT}/v2.0/.well-known/openid-configuration`, 'login.microsoftonline.com']);
    const configuration = await get(`${TENANT}/v2.0/.well-known/openid-configuration`);
    expect([configuration.token_endpoint, configuration.issuer]).toEqual([`https://login.microsoftonline.com/${TENANT}/oauth2/v2.0/token`, `https://login.microsoftonline.com/${TENANT}/v2.0`]);
    expect((await get(`${TENANT}/discovery/v2.0/keys`)).keys).toEqual([{ kty: 'RSA', use: 'sig', kid: expect.any(String), alg: 'RS256', n: expect.any(String), e: 'AQAB' }]);
    expect((await internet.fetch({ url: `https://login.microsoftonline.com/${TENANT}/oauth2/token`, method: 'POST' })).status).toBe(404);
    const { status, body } = await internet.fetch({ url: 'https://login.microsoftonline.com/contoso/v2.0/.well-known/openid-configuration' });
    expect([status, JSON.parse(body).error_description]).toEqual([400, expect.stringContaining('AADSTS90002: Tenant \'contoso\' not found.')]);
  });
});

describe('Blob Storage', () => {
  const bearer = async (clientId = MANAGED, from = azure) => `Bearer ${(await from.exchange({ clientId, assertion: token() })).token}`;
  const list = (path: string, authorization?: string, network = internet): Promise<HttpResponse> => network.fetch({
    url: `https://acmedata.blob.core.windows.net/${path}`, headers: authorization === undefined ? {} : { authorization },
  });
  /** What is in a list, or the code of an error. */
  const outcome = ({ status, headers, body }: HttpResponse) => ({
    status, as: headers?.['x-caller'], names: headers?.['x-ms-error-code'] ?? [...body.matchAll(/<Name>([^<]*)<\/Name>/g)].map(([, name]) => name).join(),
  });

  test('lists containers and blobs, and says for whom', async () => {
    expect(outcome(await list('?comp=list', await bearer()))).toEqual({ status: 200, as: MANAGED, names: 'archive,reports' });
    expect(outcome(await list('reports?restype=container&comp=list', await bearer()))).toEqual({ status: 200, as: MANAGED, names: 'a.csv,b&amp;w.csv' });
  });

  test.each<[string, object, string, string]>([
    ['an assignment on the container', { scope: `${ACCOUNT}/blobServices/default/containers/reports` }, 'AuthorizationPermissionMismatch', 'a.csv,b&amp;w.csv'],
    ['an assignment on the resource group, in another case', { scope: `${SUBSCRIPTION}/resourcegroups/DATA` }, 'archive,reports', 'a.csv,b&amp;w.csv'],
    ['an assignment on the subscription, by the id of the role', {
      scope: SUBSCRIPTION, role_definition_name: null, role_definition_id: `${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/BA92F5B4-2d11-453d-a403-e96b0029c9fe`,
    }, 'archive,reports', 'a.csv,b&amp;w.csv'],
    ['another container', { scope: `${ACCOUNT}/blobServices/default/containers/report` }, 'AuthorizationPermissionMismatch', 'AuthorizationPermissionMismatch'],
    ['another account', { scope: `${ACCOUNT}2` }, 'AuthorizationPermissionMismatch', 'AuthorizationPermissionMismatch'],
    ['an account of a shorter name', { scope: ACCOUNT.slice(0, -1) }, 'AuthorizationPermissionMismatch', 'AuthorizationPermissionMismatch'],
    ['a role that manages accounts', { role_definition_name: 'Contributor' }, 'AuthorizationPermissionMismatch', 'AuthorizationPermissionMismatch'],
    ['a role for queues', { role_definition_name: 'Storage Queue Data Reader' }, 'AuthorizationPermissionMismatch', 'AuthorizationPermissionMismatch'],
    ['another principal', { principal_id: PRINCIPALS[APPLICATION] }, 'AuthorizationPermissionMismatch', 'AuthorizationPermissionMismatch'],
    ['a condition that nobody reads here', { condition: '@Resource[x] StringEquals \'y\'' }, 'AuthorizationPermissionMismatch', 'AuthorizationPermissionMismatch'],
  ])('is decided by %s', async (_, values, containers, blobs) => {
    const { azure: other, internet: network } = world([...IDENTITIES, assigned(values)]);
    const authorization = await bearer(MANAGED, other);
    expect([outcome(await list('?comp=list', authorization, network)).names, outcome(await list('reports?restype=container&comp=list', authorization, network)).names]).toEqual([containers, blobs]);
  });

  test('knows an account that Terraform made by its id', async () => {
    const made = resource('azurerm_storage_account.Data', { name: 'acmemade', id: ACCOUNT.replace('acmedata', 'acmemade') });
    const container = resource('azurerm_storage_container.Reports', { name: 'reports', storage_account_id: made.values.id });
    const { azure: other, internet: network } = world([...IDENTITIES, made, container, assigned({ scope: made.values.id })]);
    const { status, body } = await network.fetch({ url: 'https://acmemade.blob.core.windows.net/?comp=list', headers: { authorization: await bearer(MANAGED, other) } });
    expect([status, body]).toEqual([200, '<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://acmemade.blob.core.windows.net/"><Containers><Container>'
      + '<Name>reports</Name><Properties><Last-Modified>Fri, 15 Jan 2027 08:00:00 GMT</Last-Modified><Etag>"0x8D"</Etag></Properties></Container></Containers><NextMarker /></EnumerationResults>']);
  });

  test('refuses with the whole answer of Azure', async () => {
    const { status, headers, body } = await list('?comp=list', await bearer(APPLICATION));
    expect({ status, headers, body }).toEqual({
      status: 403,
      headers: {
        'content-type': 'application/xml', 'server': 'Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0', 'x-ms-error-code': 'AuthorizationPermissionMismatch',
        'x-ms-request-id': expect.any(String), 'x-ms-version': '2025-11-05',
      },
      body: '<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>This request is not authorized to perform this operation using this permission.\n'
        + `RequestId:${headers!['x-ms-request-id']}\nTime:2027-01-15T08:00:00.0000000Z</Message></Error>`,
    });
  });

  test('refuses whoever brings no token of the directory', async () => {
    const [good] = [await bearer()];
    const tampered = good.replace(/\.([^.]+)\./, (_, claims: string) => `.${Buffer.from(Buffer.from(claims, 'base64url').toString().replaceAll(PRINCIPALS[MANAGED]!, PRINCIPALS[APPLICATION]!)).toString('base64url')}.`);
    const codes = await Promise.all([undefined, 'Bearer x', `Bearer ${token()}`, tampered, `Basic ${good.slice(7)}`, 'SharedKey acmedata:x'].map(async authorization => {
      const { status, headers } = await list('?comp=list', authorization);
      return [status, headers?.['x-ms-error-code'], headers?.['www-authenticate']];
    }));
    const challenge = `Bearer authorization_uri=https://login.microsoftonline.com/${TENANT}/oauth2/authorize resource_id=https://storage.azure.com`;
    expect(codes).toEqual([[401, 'NoAuthenticationInformation', challenge], ...Array<unknown>(5).fill([401, 'InvalidAuthenticationInfo', challenge])]);
    const { token: forManagement } = await azure.exchange({ clientId: MANAGED, assertion: token(), scope: 'https://management.azure.com//.default' });
    expect(outcome(await list('?comp=list', `Bearer ${forManagement}`))).toEqual({ status: 401, as: undefined, names: 'InvalidAuthenticationInfo' });
    now = START + 86399;
    expect(outcome(await list('?comp=list', good))).toEqual({ status: 401, as: undefined, names: 'InvalidAuthenticationInfo' });
  });

  test('refuses a container that is not there, and what it does not know', async () => {
    const authorization = await bearer();
    expect(outcome(await list('none?restype=container&comp=list', authorization)).names).toBe('ContainerNotFound');
    expect([await list('reports/a.csv', authorization), await list('reports?comp=list', authorization), await list('?comp=properties', authorization)].map(answer => outcome(answer).names)).toEqual(
      Array(3).fill('UnsupportedHttpVerb'));
  });
});

describe('writing to Blob Storage', () => {
  const CONTAINER = `${ACCOUNT}/blobServices/default/containers/reports`;
  /** Somebody with one role on the container `reports`, and what it tells the service. */
  const writer = async (role: string, values: object = {}) => {
    const { azure: own, internet: network } = world([...IDENTITIES, assigned({ scope: CONTAINER, role_definition_name: role, ...values })]);
    const { token: bearer } = await own.exchange({ clientId: MANAGED, assertion: token() });
    const tell = async (method: string, path: string, body = '', more = {}) => {
      const { status, headers = {}, body: said } = await network.fetch({ url: `https://acmedata.blob.core.windows.net/${path}`, method, body, headers: { authorization: `Bearer ${bearer}`, ...more } });
      return headers['x-ms-error-code'] ?? `${status} ${headers['x-caller']} ${said}`;
    };
    const put = (path: string, body = 'written', more = {}) => tell('PUT', path, body, { 'x-ms-blob-type': 'BlockBlob', ...more });
    return { tell, put, blobs: (container = 'reports') => Object.fromEntries(own.blobsIn('acmedata', container)!) };
  };
  const before = { 'a.csv': '', 'b&w.csv': '' };
  const MISMATCH = 'AuthorizationPermissionMismatch';

  test.each(['Storage Blob Data Contributor', 'Storage Blob Data Owner'])('%s writes, replaces and deletes', async role => {
    const { tell, put, blobs } = await writer(role);
    expect([await put('reports/2026/%C3%A4.csv'), await put('reports/a.csv'), await tell('DELETE', 'reports/b%26w.csv')]).toEqual([`201 ${MANAGED} `, `201 ${MANAGED} `, `202 ${MANAGED} `]);
    expect(blobs()).toEqual({ 'a.csv': 'written', '2026/ä.csv': 'written' });
    expect(await tell('GET', 'reports?restype=container&comp=list')).toContain('<Name>2026/ä.csv</Name>');
    expect(await tell('DELETE', 'reports/b%26w.csv')).toBe('BlobNotFound');
  });

  test.each([
    ['who may read', 'Storage Blob Data Reader', {}], ['who manages the account', 'Owner', {}], ['who has a condition', 'Storage Blob Data Contributor', { condition: '@Resource[x] StringEquals \'y\'' }],
    ['who may write to another container', 'Storage Blob Data Contributor', { scope: `${CONTAINER}2` }],
  ])('refuses %s', async (_, role, values) => {
    const { tell, put, blobs } = await writer(role, values);
    expect([await put('reports/new.csv'), await put('reports/a.csv'), await tell('DELETE', 'reports/a.csv')]).toEqual([MISMATCH, MISMATCH, MISMATCH]);
    expect(blobs()).toEqual(before);
  });

  test('refuses another container, one that is not there, and what it does not know', async () => {
    const { put, blobs } = await writer('Storage Blob Data Contributor');
    expect([await put('archive/new.csv'), await put('none/new.csv')]).toEqual([MISMATCH, MISMATCH]);
    const { tell, put: putAnywhere } = await writer('Storage Blob Data Contributor', { scope: ACCOUNT });
    expect(await putAnywhere('none/new.csv')).toBe('ContainerNotFound');
    for (const [method, path] of [['PUT', 'reports/a.csv?comp=block'], ['PUT', 'reports?restype=container'], ['PUT', 'reports/'], ['POST', 'reports/a.csv'], ['DELETE', 'reports'], ['DELETE', 'reports/a.csv?snapshot=x']] as const) {
      expect(await tell(method, path, 'written', { 'x-ms-blob-type': 'BlockBlob' })).toBe('UnsupportedHttpVerb');
    }
    expect(await tell('PUT', 'reports/a.csv', 'written', { 'x-ms-blob-type': 'PageBlob' })).toBe('UnsupportedHttpVerb');
    for (const header of ['x-ms-tags', 'x-ms-lease-id', 'x-ms-copy-source', 'if-none-match', 'content-md5']) {
      expect(await putAnywhere('reports/a.csv', 'written', { [header]: 'a' })).toBe('UnsupportedHeader');
    }
    expect(await putAnywhere('reports/%ff')).toBe('InvalidUri');
    expect(blobs()).toEqual(before);
  });
});

describe('Resource Manager', () => {
  const management = async () => (await azure.exchange({ clientId: MANAGED, assertion: token(), scope: 'https://management.core.windows.net//.default' })).token;
  const ask = async (path: string, authorization?: string) => {
    const { status, headers = {}, body } = await internet.fetch({ url: `https://management.azure.com/${path}`, headers: authorization === undefined ? {} : { authorization } });
    const { value, error } = JSON.parse(body);
    return { status, found: value ?? error.code, challenge: headers['www-authenticate'] };
  };

  test('shows no subscriptions to whoever has a token for it', async () => {
    expect(await ask('subscriptions?api-version=2019-11-01', `Bearer ${await management()}`)).toEqual({ status: 200, found: [], challenge: undefined });
  });

  test('refuses whoever has none', async () => {
    const [own, { token: forStorage }] = [await management(), await azure.exchange({ clientId: MANAGED, assertion: token() })];
    const challenge = `Bearer authorization_uri="https://login.microsoftonline.com/${TENANT}", error="invalid_token", error_description="The access token is invalid."`;
    const refused = (authorization?: string) => ask('subscriptions?api-version=2019-11-01', authorization);
    expect(await refused()).toEqual({ status: 401, found: 'AuthenticationFailed', challenge });
    for (const authorization of [`Bearer ${token()}`, `Bearer ${forStorage}`, `Bearer ${own.slice(0, -4)}`, `Basic ${own}`, 'Bearer x']) {
      expect(await refused(authorization)).toEqual({ status: 401, found: 'InvalidAuthenticationToken', challenge });
    }
    now = START + 86399;
    expect(await refused(`Bearer ${own}`)).toEqual({ status: 401, found: 'InvalidAuthenticationToken', challenge });
  });

  test('refuses what it does not know', async () => {
    const authorization = `Bearer ${await management()}`;
    expect([(await ask('subscriptions', authorization)).found, (await ask('tenants?api-version=2019-11-01', authorization)).found]).toEqual(['MissingApiVersionParameter', 'InvalidResourceType']);
  });

  test('refuses a name without the slash at its end', async () => {
    await expect(azure.exchange({ clientId: MANAGED, assertion: token(), scope: 'https://management.azure.com/.default' })).rejects.toThrow(
      'AADSTS500011: The resource principal named https://management.azure.com was not found');
  });
});

describe('Microsoft\'s own clients, without a socket', () => {
  /** Sends what the pipelines of the clients would, to the stand-ins; those of Storage still have headers of an older form. */
  const httpClient = {
    sendRequest: async (sent: any) => {
      const asked = sent.headers.toJSON?.() ?? sent.headers.rawHeaders();
      const { status, headers = {}, body } = await internet.fetch({ url: sent.url, method: sent.method, headers: asked, body: typeof sent.body === 'string' ? sent.body : undefined });
      const [get, has] = [(name: string) => headers[name.toLowerCase()], (name: string) => name.toLowerCase() in headers];
      const got = { get, has, toJSON: () => headers, toJson: () => headers };
      return { request: sent, status, headers: { ...got, [Symbol.iterator]: () => Object.entries(headers)[Symbol.iterator]() }, bodyAsText: body };
    },
  };
  const namesOf = async (assertion: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'azure-'));
    try {
      writeFileSync(join(folder, 'token'), assertion);
      const options: any = { tenantId: TENANT, clientId: MANAGED, tokenFilePath: join(folder, 'token'), httpClient, retryOptions: { maxRetries: 0, maxTries: 1 } };
      const service = new BlobServiceClient('https://acmedata.blob.core.windows.net', new WorkloadIdentityCredential(options), options);
      const names: string[] = [];
      for await (const { name } of service.listContainers()) names.push(name);
      for await (const { name } of service.getContainerClient('reports').listBlobsFlat()) names.push(name);
      return names;
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  test('list containers and blobs', async () => {
    now = Math.floor(Date.now() / 1000);
    expect(await namesOf(token())).toEqual(['archive', 'reports', 'a.csv', 'b&w.csv']);
  });

  test('show why they were refused', async () => {
    now = Math.floor(Date.now() / 1000);
    await expect(namesOf(token({ serviceAccount: 'writer' }))).rejects.toThrow(noSubject('system:serviceaccount:reports:writer'));
  });
});

import '../counting';
import { growth } from '../work';
import { NUMBER, Plain, pool, poolName, resource, terraformOf, token } from './resources';
import { readGcp } from '../../../lib/trust/gcp/read';
import { accepts, decide } from '../../../lib/trust/judge';
import { CloudPart, Identity, Terraform } from '../../../lib/trust/model';
import { show, text, TextValue, Unknown, Verdict } from '../../../lib/trust/value';
import { lattice } from '../../../lib/trust/witness';

const EKS = 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';
const GKE = 'https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/apps';
const READER = 'system:serviceaccount:reports:reader';
const EMAIL = 'reports@acme.iam.gserviceaccount.com';
const NAME = `projects/acme/serviceAccounts/${EMAIL}`;

const ACCOUNT = resource('google_service_account.reports', { account_id: 'reports', project: 'acme', email: EMAIL, name: NAME });

function principal(pool_: TextValue, sub = READER): TextValue {
  return text('principal://iam.googleapis.com/', pool_, `/subject/${sub}`);
}

function member(name: TextValue, more: { readonly [key: string]: Plain } = {}) {
  return resource('google_service_account_iam_member.reader', { service_account_id: NAME, role: 'roles/iam.workloadIdentityUser', member: name, ...more });
}

function audience(id: string, number: TextValue = NUMBER): TextValue {
  return text('https://iam.googleapis.com/', poolName(id, number), `/providers/${id}`);
}

function pod(claims: { readonly [key: string]: Plain | undefined } = {}) {
  return token({ iss: EKS, sub: READER, aud: [audience('eks')], ...claims });
}

/** The account of a service account, or the only identity. */
function identityOf(part: CloudPart, name = EMAIL): Identity {
  return part.identities.find(identity => identity.name === name) ?? part.identities[0]!;
}

/** The gates of the door that comes farthest, shortly. */
function gates(identity: Identity, claims: ReturnType<typeof token>, at?: number): Record<string, Verdict> {
  return Object.fromEntries(decide(identity, claims, at).gates.map(({ gate, verdict }) => [gate, verdict]));
}

const PASSED = {
  'gcp-provider': 'yes', 'gcp-audience': 'yes', 'gcp-mapping': 'yes', 'gcp-subject-length': 'yes', 'gcp-condition': 'yes', 'gcp-member': 'yes',
  'gcp-token-creator': 'yes',
};

const CONDITION = `assertion.sub in ['${READER}', 'system:serviceaccount:reports:writer']`;
const EKS_APP = [...pool('eks', EKS, { attribute_condition: CONDITION }), ACCOUNT, member(principal(poolName('eks')))];

test('a service account with what the constructs make of it', () => {
  const part = readGcp(terraformOf(...EKS_APP, resource('google_storage_bucket_iam_member.bucket', {
    bucket: 'acme-reports', role: 'roles/storage.objectViewer', member: `serviceAccount:${EMAIL}`, etag: new Unknown('x'),
  })));
  const provider = EKS_APP[1]!.where;
  expect(part.notes).toEqual([]);
  expect(part.registrations).toEqual([{
    cloud: 'gcp', name: text(poolName('eks'), '/providers/eks'), issuer: EKS,
    audiences: [audience('eks'), text('//iam.googleapis.com/', poolName('eks'), '/providers/eks')], where: provider,
  }]);
  const where = { address: 'google_service_account_iam_member.reader', stack: 'apps', file: 'cdk.tf.json', attribute: 'member' };
  const [identity, ...others] = part.identities;
  expect(others).toEqual([]);
  expect(identity).toMatchObject({ cloud: 'gcp', kind: 'service-account', name: EMAIL, where: ACCOUNT.where });
  expect(identity!.grants).toEqual([{
    permission: 'roles/storage.objectViewer', on: 'acme-reports', statements: [],
    where: { address: 'google_storage_bucket_iam_member.bucket', stack: 'apps', file: 'cdk.tf.json', attribute: 'member' },
  }]);
  expect(identity!.doors).toMatchObject([{
    mechanism: 'gcp-federation', where, registration: part.registrations[0],
    who: [{ issuer: EKS, subject: READER, wildcards: false, audiences: part.registrations[0]!.audiences, conditions: [], where }],
  }]);
  expect(identity!.doors[0]!.opaque).toBeUndefined();
  expect(gates(identity!, pod())).toEqual(PASSED);
});

test.each<[string, { readonly [key: string]: Plain | undefined }, Record<string, Verdict>]>([
  ['another issuer', { iss: `${EKS}0` }, { 'gcp-provider': 'no' }],
  ['a slash at the end of the issuer', { iss: `${EKS}/` }, { 'gcp-provider': 'no' }],
  ['the issuer in another case', { iss: EKS.toLowerCase() }, { 'gcp-provider': 'no' }],
  ['no issuer', { iss: undefined }, { 'gcp-provider': 'no' }],
  ['another audience', { aud: 'sts.amazonaws.com' }, { 'gcp-audience': 'no' }],
  ['no audience', { aud: undefined }, { 'gcp-audience': 'no' }],
  ['the audience of the pool alone', { aud: text('https://iam.googleapis.com/', poolName('eks')) }, { 'gcp-audience': 'no' }],
  ['an account that the condition does not list', { sub: 'system:serviceaccount:reports:other' }, { 'gcp-condition': 'no', 'gcp-member': 'no' }],
  ['an account that the condition lists and the member is not', { sub: 'system:serviceaccount:reports:writer' }, { 'gcp-member': 'no' }],
  ['the account with more behind it', { sub: `${READER}s` }, { 'gcp-condition': 'no', 'gcp-member': 'no' }],
  ['the account in another case', { sub: READER.toUpperCase() }, { 'gcp-condition': 'no', 'gcp-member': 'no' }],
  ['no subject', { sub: undefined }, { 'gcp-mapping': 'no', 'gcp-subject-length': 'unknown', 'gcp-condition': 'no', 'gcp-member': 'unknown' }],
  ['a subject that is a number', { sub: 7 }, { 'gcp-mapping': 'no', 'gcp-subject-length': 'unknown', 'gcp-condition': 'no', 'gcp-member': 'no' }],
])('refuses %s', (_, claims, failing) => {
  const identity = identityOf(readGcp(terraformOf(...EKS_APP)));
  expect(gates(identity, pod(claims))).toEqual({ ...PASSED, ...failing });
  expect(accepts(identity, pod(claims))).toBe('no');
});

test.each<[string, { readonly [key: string]: Plain | undefined }, Record<string, Verdict>]>([
  ['the other form of the audience', { aud: text('//iam.googleapis.com/', poolName('eks'), '/providers/eks') }, {}],
  ['one of several audiences', { aud: ['x', audience('eks')] }, {}],
  ['an audience with the number of the project', { aud: audience('eks', '123') }, { 'gcp-audience': 'unknown' }],
  ['an unknown issuer', { iss: new Unknown('apps/issuer') }, { 'gcp-provider': 'unknown' }],
  ['a subject that is known in part', { sub: text('system:serviceaccount:', new Unknown('ns'), ':reader') },
    { 'gcp-subject-length': 'unknown', 'gcp-condition': 'unknown', 'gcp-member': 'unknown' }],
])('accepts, or does not know, %s', (_, claims, other) => {
  expect(gates(identityOf(readGcp(terraformOf(...EKS_APP))), pod(claims))).toEqual({ ...PASSED, ...other });
});

test.each<[string, TextValue]>([
  ['known', EKS], ['known in part', text('https://', new Unknown('apps/host'))],
])('the gate of the provider has the issuer that it takes, which is %s', (_, issuer) => {
  const identity = identityOf(readGcp(terraformOf(...pool('eks', issuer), ACCOUNT, member(principal(poolName('eks'))))));
  expect(decide(identity, pod({ iss: 'https://issuer.example.com' })).gates.filter(gate => 'issuer' in gate).map(gate => [gate.gate, gate.issuer])).toEqual([['gcp-provider', issuer]]);
});

test('the first failing gate names the resource, the claims and the remedy', () => {
  const part = readGcp(terraformOf(...pool('eks', EKS, { attribute_condition: "assertion['kubernetes.io']['namespace'] in ['billing']" }), ACCOUNT, member(principal(poolName('eks')))));
  expect(decide(identityOf(part), pod({ 'kubernetes.io': { namespace: 'reports' } })).failing).toEqual({
    gate: 'gcp-condition', verdict: 'no',
    want: "assertion['kubernetes.io']['namespace'] in ['billing']", have: `sub ${READER}, kubernetes.io.namespace reports`,
    where: { address: 'google_iam_workload_identity_pool_provider.eks', stack: 'apps', file: 'cdk.tf.json', attribute: 'attribute_condition' },
    remedy: 'let attribute_condition of google_iam_workload_identity_pool_provider.eks admit the token',
  });
});

test('tokens have a time, and are of today', () => {
  const identity = identityOf(readGcp(terraformOf(...EKS_APP)));
  const time = (claims: { readonly [key: string]: Plain }) => gates(identity, pod(claims), 1000)['token-time'];
  expect([
    time({ iat: 0, exp: 3600 }), time({ iat: 0, exp: 1000 }), time({ iat: 1001, exp: 3600 }), time({ iat: -85_401, exp: 1001 }), time({ iat: 0 }),
    time({ exp: 3600 }),
    time({ iat: 0, nbf: 2000, exp: 3600 }), time({ iat: 0, exp: new Unknown('exp') }),
    time({ iat: -85_400, exp: 1001 }), time({ iat: 0, exp: 172_799 }), time({ iat: 0, exp: 172_800 }),
  ]).toEqual(['yes', 'no', 'no', 'no', 'no', 'no', 'no', 'unknown', 'yes', 'yes', 'unknown']);
});

test('a subject of 127 bytes is taken, and none of 128', () => {
  const length = (bytes: number) => {
    const sub = `${'é'.repeat(20)}${'a'.repeat(bytes - 40)}`;
    return gates(identityOf(readGcp(terraformOf(...pool('eks', EKS), ACCOUNT, member(principal(poolName('eks'), sub))))), pod({ sub }));
  };
  expect([length(127), length(128)]).toEqual([PASSED, { ...PASSED, 'gcp-subject-length': 'no' }]);
});

test('two providers in one pool with the same mapping are two doors, for both clusters', () => {
  const other = pool('eks', GKE, { provider: 'gke' })[1]!;
  const identity = identityOf(readGcp(terraformOf(...pool('eks', EKS), other, ACCOUNT, member(principal(poolName('eks'))))));
  expect(identity.doors.flatMap(door => door.who.map(who => [who.issuer, who.subject]))).toEqual([[EKS, READER], [GKE, READER]]);
  const viaGke = pod({ iss: GKE, aud: text('https://iam.googleapis.com/', poolName('eks'), '/providers/gke') });
  expect([accepts(identity, pod()), accepts(identity, viaGke), accepts(identity, pod({ iss: GKE }))]).toEqual(['yes', 'yes', 'no']);
});

test('a pool of the same id in another project is another pool', () => {
  const part = readGcp(terraformOf(...pool('eks', EKS, {}, '111'), ACCOUNT, member(principal(poolName('eks', '222')))));
  const [door] = identityOf(part).doors;
  expect(door!.registration).toBeUndefined();
  expect(gates(identityOf(part), pod({ aud: audience('eks', '111') }))).toEqual({
    ...PASSED, 'gcp-provider': 'unknown', 'gcp-audience': 'unknown', 'gcp-mapping': 'unknown', 'gcp-subject-length': 'unknown', 'gcp-condition': 'unknown', 'gcp-member': 'unknown',
  });
});

test('a pool whose project is not known may be the one that a member names', () => {
  const part = readGcp(terraformOf(...pool('eks', EKS), ACCOUNT, member(principal(poolName('eks', '222')))));
  expect(identityOf(part).doors[0]!.registration).toBe(part.registrations[0]);
  expect(gates(identityOf(part), pod())).toEqual({ ...PASSED, 'gcp-member': 'unknown' });
});

test.each<[string, { readonly [key: string]: Plain }, Verdict]>([
  ['a provider that is disabled', { disabled: true }, 'no'],
  ['one of which that is unknown', { disabled: new Unknown('apps/var.off') }, 'unknown'],
])('%s', (_, values, verdict) => {
  expect(gates(identityOf(readGcp(terraformOf(...pool('eks', EKS, values), ACCOUNT, member(principal(poolName('eks')))))), pod())['gcp-provider']).toBe(verdict);
});

test('a service account that is disabled is become by nobody', () => {
  const disabled = resource('google_service_account.reports', { account_id: 'reports', project: 'acme', email: EMAIL, name: NAME, disabled: true });
  const identity = identityOf(readGcp(terraformOf(...pool('eks', EKS), disabled, member(principal(poolName('eks'))))));
  expect(gates(identity, pod())).toEqual({ ...PASSED, 'gcp-token-creator': 'no' });
});

test('audiences of the list take the place of the default', () => {
  const identity = identityOf(readGcp(terraformOf(...pool('eks', EKS, { oidc: { allowed_audiences: ['acme'] } }), ACCOUNT, member(principal(poolName('eks'))))));
  expect([accepts(identity, pod({ aud: 'acme' })), accepts(identity, pod())]).toEqual(['yes', 'no']);
});

describe('members of attributes', () => {
  const GITHUB = 'https://token.actions.githubusercontent.com';
  const MAPPING = {
    'attribute.repository': 'assertion.repository', 'google.subject': 'assertion.sub', 'google.groups': 'assertion.groups',
    'attribute.owner': "assertion.repository.extract('{owner}/')", 'attribute.env': "'env-' + assertion.env",
  };
  const claims = { iss: GITHUB, sub: 'repo:acme/app:ref:refs/heads/main', aud: audience('gh'), repository: 'acme/app', groups: ['admins'], env: 'prod' };
  const set = (selector: string, name = poolName('gh')) => text('principalSet://iam.googleapis.com/', name, `/${selector}`);
  const read = (name: TextValue) => identityOf(readGcp(terraformOf(...pool('gh', GITHUB, { attribute_mapping: MAPPING }), ACCOUNT, member(name))));

  test.each<[string, Verdict]>([
    ['attribute.repository/acme/app', 'yes'], ['attribute.repository/acme/ap', 'no'], ['attribute.repository/acme/*', 'no'], ['attribute.Repository/acme/app', 'no'],
    ['attribute.owner/acme', 'yes'], ['attribute.env/env-prod', 'yes'], ['attribute.env/prod', 'no'], ['attribute.missing/x', 'no'],
    ['group/admins', 'yes'], ['group/users', 'no'], ['*', 'yes'], ['attribute.repository', 'unknown'],
  ])('%s is %s', (selector, verdict) => {
    expect(gates(read(set(selector)), token(claims))).toEqual({ ...PASSED, 'gcp-member': verdict });
  });

  test('a claim that any mapping misses refuses', () => {
    const { env, ...rest } = claims;
    const decision = decide(read(set('attribute.repository/acme/app')), token(rest));
    expect([env, decision.verdict, decision.failing!.gate, decision.failing!.have]).toEqual(
      ['prod', 'no', 'gcp-mapping', "attribute.env = 'env-' + assertion.env: field not found: env"]);
  });

  test('rows and atoms name the claims behind them', () => {
    const [door] = read(set('attribute.env/env-prod')).doors;
    expect(door!.who[0]!.conditions).toEqual(["attribute.env ('env-' + assertion.env) is env-prod"]);
    expect(door!.atoms.filter(atom => !atom.wildcards).map(({ claim, pattern }) => [claim.join('.'), show(pattern)])[0]).toEqual(['env', 'prod']);
  });
});

test('everyone in a pool is shown as whom its condition admits', () => {
  const everyone = text('principalSet://iam.googleapis.com/', poolName('eks'), '/*');
  const rows = (attribute_condition: string | null) => identityOf(readGcp(terraformOf(...pool('eks', EKS, { attribute_condition }), ACCOUNT, member(everyone)))).doors[0]!.who
    .map(({ subject, wildcards, conditions }) => [subject, wildcards, conditions]);
  expect(rows(CONDITION)).toEqual([[READER, false, []], ['system:serviceaccount:reports:writer', false, []]]);
  expect(rows("assertion.sub.startsWith('system:serviceaccount:reports:')")).toEqual([['system:serviceaccount:reports:*', true, []]]);
  expect(rows("assertion.aud == 'x'")).toEqual([[undefined, false, [`everyone in the pool ${show(poolName('eks'))}`, "assertion.aud == 'x'"]]]);
  expect(rows(null)).toEqual([[undefined, false, [`everyone in the pool ${show(poolName('eks'))}`]]]);
});

test('a prefix in the mapping is taken off the subject', () => {
  const values = { attribute_mapping: { 'google.subject': "'eks::' + assertion.sub" } };
  const identity = identityOf(readGcp(terraformOf(...pool('eks', EKS, values), ACCOUNT, member(principal(poolName('eks'), `eks::${READER}`)))));
  expect([identity.doors[0]!.who[0]!.subject, accepts(identity, pod())]).toEqual([READER, 'yes']);
});

describe('Google\'s own pool', () => {
  const native = { iss: GKE, sub: READER, aud: ['acme.svc.id.goog'] };
  const own = (selector: string) => `iam.googleapis.com/projects/123/locations/global/workloadIdentityPools/acme.svc.id.goog/${selector}`;

  test.each<[string, string]>([
    ['the older form', 'serviceAccount:acme.svc.id.goog[reports/reader]'], ['a subject', `principal://${own('subject/ns/reports/sa/reader')}`],
    ['a namespace', `principalSet://${own('namespace/reports')}`], ['a cluster', `principalSet://${own(`kubernetes.cluster/${GKE}`)}`],
    ['the whole pool', `principalSet://${own('*')}`],
  ])('takes %s', (_, name) => {
    const identity = identityOf(readGcp(terraformOf(ACCOUNT, member(name))));
    expect(identity.doors[0]!.mechanism).toBe('gcp-native');
    expect(gates(identity, token(native))).toEqual({ 'gcp-provider': 'yes', 'gcp-audience': 'yes', 'gcp-member': 'yes', 'gcp-token-creator': 'yes' });
  });

  test.each<[string, string, { readonly [key: string]: Plain }]>([
    ['another namespace', 'serviceAccount:acme.svc.id.goog[billing/reader]', {}],
    ['another namespace of a set', `principalSet://${own('namespace/report')}`, {}],
    ['another cluster', `principalSet://${own(`kubernetes.cluster/${GKE}2`)}`, {}],
    ['a cluster of another project', 'serviceAccount:acme.svc.id.goog[reports/reader]', { iss: GKE.replace('acme', 'acme2') }],
    ['a longer issuer', 'serviceAccount:acme.svc.id.goog[reports/reader]', { iss: `${GKE}/x` }],
    ['the issuer of another cloud', 'serviceAccount:acme.svc.id.goog[reports/reader]', { iss: EKS }],
    ['another audience', 'serviceAccount:acme.svc.id.goog[reports/reader]', { aud: 'acme2.svc.id.goog' }],
  ])('refuses %s', (_, name, claims) => {
    expect(accepts(identityOf(readGcp(terraformOf(ACCOUNT, member(name)))), token({ ...native, ...claims }))).toBe('no');
  });

  test('an issuer that a fleet knows may be in the pool', () => {
    const fleet = resource('google_gke_hub_membership.eks', { authority: { issuer: EKS } });
    const identity = identityOf(readGcp(terraformOf(ACCOUNT, fleet, member('serviceAccount:acme.svc.id.goog[reports/reader]'))));
    expect([accepts(identity, token({ ...native, iss: EKS })), accepts(identity, token({ ...native, iss: `${EKS}/` }))]).toEqual(['unknown', 'no']);
  });
});

describe('roles', () => {
  const read = (...more: readonly ReturnType<typeof resource>[]) => readGcp(terraformOf(...pool('eks', EKS), ACCOUNT, ...more));

  test.each<[string, Verdict]>([
    ['roles/iam.serviceAccountTokenCreator', 'yes'], ['roles/iam.serviceAccountOpenIdTokenCreator', 'unknown'], ['projects/acme/roles/minter', 'yes'],
    ['projects/acme/roles/reader', 'no'], ['projects/acme/roles/elsewhere', 'unknown'], ['roles/iam.serviceAccountUser', 'no'], ['roles/owner', 'no'],
  ])('%s lets its member become the account: %s', (role, verdict) => {
    const custom = (role_id: string, permission: string) => resource(`google_project_iam_custom_role.${role_id}`, { role_id, project: 'acme', permissions: [permission] });
    const part = read(custom('minter', 'iam.serviceAccounts.getAccessToken'), custom('reader', 'iam.roles.get'), member(principal(poolName('eks')), { role }));
    expect(accepts(identityOf(part), pod())).toBe(verdict);
  });

  test('bindings and policies are read like members', () => {
    const binding = resource('google_service_account_iam_binding.all', {
      service_account_id: NAME, role: 'roles/iam.workloadIdentityUser', members: ['user:jane@acme.com', principal(poolName('eks'))],
    });
    const document = { bindings: [{ role: 'roles/iam.workloadIdentityUser', members: [`principal://iam.googleapis.com/${show('projects/1')}/locations/global/workloadIdentityPools/eks/subject/${READER}`] }] };
    const policy = resource('google_service_account_iam_policy.all', { service_account_id: NAME, policy_data: JSON.stringify(document) });
    const looked = resource('data.google_iam_policy.all', { binding: [{ role: 'roles/iam.workloadIdentityUser', members: [principal(poolName('eks'))] }] });
    const viaData = resource('google_service_account_iam_policy.data', { service_account_id: NAME, policy_data: new Unknown('apps/data.google_iam_policy.all.policy_data') });
    expect([read(binding), read(policy), read(looked, viaData)].map(part => [accepts(identityOf(part), pod()), part.notes])).toEqual([['yes', []], ['unknown', []], ['yes', []]]);
  });

  test('a condition on the role is not known to hold', () => {
    const condition = (expression: string) => read(member(principal(poolName('eks')), { condition: [{ title: 't', expression }] }));
    expect([condition('true'), condition("request.time < timestamp('2030-01-01T00:00:00Z')"), condition('false')].map(part => accepts(identityOf(part), pod()))).toEqual(['yes', 'unknown', 'no']);
  });

  test('a role on the project reaches every account of it', () => {
    const onProject = (project: Plain) => resource('google_project_iam_member.p', { project, role: 'roles/iam.serviceAccountTokenCreator', member: principal(poolName('eks')) });
    expect([onProject('acme'), onProject('other'), onProject(new Unknown('apps/project'))].map(one => accepts(identityOf(read(one)), pod()))).toEqual(['yes', 'no', 'unknown']);
  });

  test('an account that may become another leads to it, also in a circle', () => {
    const other = 'ci@acme.iam.gserviceaccount.com';
    const chain = (from: string, to: string, address: string) => resource(`google_service_account_iam_member.${address}`, {
      service_account_id: `projects/acme/serviceAccounts/${to}`, role: 'roles/iam.serviceAccountTokenCreator', member: `serviceAccount:${from}`,
    });
    const part = read(member(principal(poolName('eks'))), chain(EMAIL, other, 'a'), chain(other, EMAIL, 'b'), chain(EMAIL, EMAIL, 'self'));
    expect(part.identities.map(({ name, doors }) => [name, doors.map(({ through }) => through?.name)]))
      .toEqual([[EMAIL, [undefined, other]], [other, [EMAIL]]]);
    expect([accepts(identityOf(part, other), pod()), accepts(identityOf(part, other), pod({ sub: 'x' }))]).toEqual(['yes', 'no']);
  });

  test('anyone is noted, and a member that is not known lets in nobody for certain', () => {
    const [all, authenticated, unknown] = ['allUsers', 'allAuthenticatedUsers', new Unknown('apps/var.member')].map(name => read(member(name)));
    expect([all!, authenticated!, unknown!].map(part => [accepts(identityOf(part), token({ sub: 'x' })), part.notes.map(note => note.message)])).toEqual([
      ['yes', ['allUsers may become the service account']], ['unknown', ['allAuthenticatedUsers may become the service account']], ['unknown', ['a member is not known']],
    ]);
  });

  test('members with roles of their own are identities', () => {
    const name = principal(poolName('eks'));
    const part = read(
      resource('google_storage_bucket_iam_member.a', { bucket: 'b1', role: 'roles/storage.objectViewer', member: name }),
      resource('google_bigquery_table_iam_binding.b', { dataset_id: 'd', table_id: 't', project: 'acme', role: 'roles/bigquery.dataViewer', members: [name] }),
      resource('google_project_iam_member.c', { project: 'acme', role: 'roles/viewer', member: name, condition: { expression: 'false' } }),
      resource('google_folder_iam_member.d', { folder: 'folders/1', role: 'roles/viewer', member: 'group:all@acme.com' }),
    );
    const identity = part.identities.find(({ kind }) => kind === 'principal')!;
    expect(identity.grants.map(({ permission, on, where, statements }) => [permission, on, where.address, statements])).toEqual([
      ['roles/storage.objectViewer', 'b1', 'google_storage_bucket_iam_member.a', []], ['roles/bigquery.dataViewer', 'd/t', 'google_bigquery_table_iam_binding.b', []],
      ['roles/viewer', 'acme', 'google_project_iam_member.c', [new Map([['condition', 'false']])]],
    ]);
    const { 'gcp-token-creator': _, ...direct } = PASSED;
    expect(gates(identity, pod())).toEqual(direct);
  });
});

describe('what only Google or Terraform knows', () => {
  const CREATOR = 'roles/iam.serviceAccountTokenCreator';
  const read = (...more: readonly ReturnType<typeof resource>[]) => readGcp(terraformOf(...pool('eks', EKS), ACCOUNT, ...more));
  const policy = (policy_data: Plain) => resource('google_service_account_iam_policy.all', { service_account_id: NAME, policy_data });
  const bindings = (name: TextValue) => ({ binding: [{ role: 'roles/iam.workloadIdentityUser', members: [name] }] });
  const verdictOf = (part: CloudPart) => accepts(identityOf(part), pod());
  const onProject = (project: Plain, more: { readonly [key: string]: Plain } = {}) => resource('google_project_iam_member.p', {
    project, role: CREATOR, member: principal(poolName('eks')), ...more,
  });

  test.each<[string, Plain, string]>([
    ['as a whole', new Unknown('apps/var.p'), 'the policy is not known; it replaces all other members'],
    ['in its bindings', text('{"bindings":', new Unknown('jsonencode(apps/var.b)'), '}'), 'some of the policy is not known'],
    ['in one binding', text('{"bindings":[', new Unknown('jsonencode(apps/var.b)'), ']}'), 'some of the policy is not known'],
    ['in no way that is JSON', text('{', new Unknown('apps/var.b')), 'the policy'],
  ])('a policy that is unknown %s may name anyone', (_, data, message) => {
    const part = read(policy(data));
    expect([verdictOf(part), part.notes.map(note => note.message)]).toEqual(['unknown', [expect.stringContaining(message), 'a member is not known']]);
    expect(identityOf(part).doors).toHaveLength(1);
  });

  test('a document with bindings that are not known is not known, beside those that are', () => {
    const document = (binding: Plain) => resource('data.google_iam_policy.d', { binding });
    const unknown = new Unknown('apps/dynamic(data.google_iam_policy.d.binding, apps/var.b)');
    const reference = policy(new Unknown('apps/data.google_iam_policy.d.policy_data'));
    expect([
      verdictOf(read(document([unknown]), reference)), verdictOf(read(document(unknown), reference)),
      verdictOf(read(document([unknown, ...bindings(principal(poolName('eks'))).binding]), reference)), verdictOf(read(document([]), reference)),
    ]).toEqual(['unknown', 'unknown', 'yes', 'no']);
  });

  test.each([['[0]', '.0'], ['["a"]', '.a'], ['["a b"]', '."a b"'], ['["a\\"]"]', '."a\\"]"']])('the document of the instance %s is found', (index, step) => {
    const document = resource(`data.google_iam_policy.d${index}`, bindings(principal(poolName('eks'))));
    const part = read(document, policy(new Unknown(`apps/data.google_iam_policy.d${step}.policy_data`)));
    expect([verdictOf(part), part.notes]).toEqual(['yes', []]);
  });

  test.each<[Plain, Verdict]>([
    ['acme', 'yes'], ['projects/acme', 'yes'], ['123', 'unknown'], ['projects/123', 'unknown'], ['projects/other', 'no'], [123, 'unknown'],
  ])('a role on the project %s reaches the account: %s', (project, verdict) => {
    expect(verdictOf(read(onProject(project)))).toBe(verdict);
  });

  test('a project of a domain is the one that the emails of its accounts name', () => {
    const name = 'projects/acme.com:app/serviceAccounts/ci@app.acme.com.iam.gserviceaccount.com';
    const granted = member(principal(poolName('eks')), { service_account_id: name, role: 'roles/viewer' });
    const part = readGcp(terraformOf(...pool('eks', EKS), granted, onProject('acme.com:app')));
    expect(accepts(identityOf(part, 'ci@app.acme.com.iam.gserviceaccount.com'), pod())).toBe('yes');
  });

  test.each([
    'principalSet://cloudresourcemanager.googleapis.com/projects/123/type/ServiceAccount', 'principalSet://cloudresourcemanager.googleapis.com/folders/1/type/ServiceAccount',
    'principalSet://cloudresourcemanager.googleapis.com/organizations/1/type/ServiceAccount', 'group:all@acme.com',
  ])('who is behind %s is not known', name => {
    const part = read(member(name, { role: CREATOR }));
    expect([verdictOf(part), part.notes.map(note => note.message)]).toEqual(['unknown', [`who is behind ${name} is not known`]]);
  });

  test.each<[string, string[], Verdict]>([
    ['projects/acme/roles/c', ['iam.serviceAccounts.signJwt'], 'unknown'], ['projects/acme/roles/c', ['iam.serviceAccounts.signBlob'], 'unknown'],
    ['projects/acme/roles/c', ['iam.serviceAccounts.implicitDelegation'], 'unknown'], ['projects/acme/roles/c', ['iam.serviceAccounts.getOpenIdToken'], 'unknown'],
    ['projects/acme/roles/c', ['iam.serviceAccounts.get'], 'no'], ['roles/container.serviceAgent', [], 'unknown'], ['roles/cloudbuild.serviceAgent', [], 'unknown'],
  ])('%s with %p lets its member become the account: %s', (role, permissions, verdict) => {
    const custom = resource('google_project_iam_custom_role.c', { role_id: 'c', project: 'acme', permissions });
    expect(verdictOf(read(custom, member(principal(poolName('eks')), { role })))).toBe(verdict);
  });

  test.each<[string, Plain, Verdict]>([
    ['the permission', [{ deny_rule: [{ denied_permissions: ['iam.googleapis.com/serviceAccounts.getAccessToken'] }] }], 'unknown'],
    ['that to have ID tokens', [{ deny_rule: [{ denied_permissions: ['iam.googleapis.com/serviceAccounts.getOpenIdToken'] }] }], 'unknown'],
    ['a group of permissions', [{ deny_rule: { denied_permissions: ['iam.googleapis.com/serviceAccounts.*'] } }], 'unknown'],
    ['what is not known', [{ deny_rule: [{ denied_permissions: new Unknown('apps/var.d') }] }], 'unknown'],
    ['rules that are not known', new Unknown('apps/var.d'), 'unknown'],
    ['another permission', [{ deny_rule: [{ denied_permissions: ['compute.googleapis.com/instances.delete'] }] }], 'yes'],
  ])('a deny policy for %s', (_, rules, verdict) => {
    const part = read(member(principal(poolName('eks'))), resource('google_iam_deny_policy.d', { rules }));
    expect([verdictOf(part), part.notes.map(note => note.message)])
      .toEqual([verdict, verdict === 'yes' ? [] : ['whom the deny policy denies is not known in full: who may still become service accounts is not known either']]);
    expect(decide(identityOf(part), pod()).gates.at(-1)!.want)
      .toBe(`a role on ${EMAIL} with iam.serviceAccounts.getAccessToken${verdict === 'yes' ? '' : ', and no deny policy against it'}`);
  });

  test('emails are the same in any case', () => {
    const upper = NAME.toUpperCase().replace('PROJECTS/ACME/SERVICEACCOUNTS', 'projects/acme/serviceAccounts');
    const part = read(member(principal(poolName('eks')), { service_account_id: upper }));
    expect([part.identities.length, verdictOf(part)]).toEqual([1, 'yes']);
  });
});

describe('much of everything', () => {
  const creators = (count: number, project: (index: number) => string) => Array.from({ length: count }, (_, index) => resource(`google_project_iam_member.m${index}`, {
    project: project(index), role: 'roles/iam.serviceAccountTokenCreator', member: principal(poolName('eks'), `system:serviceaccount:n:${index}`),
  }));
  const accounts = (count: number) => Array.from({ length: count }, (_, index) => {
    const email = `a${index}@acme.iam.gserviceaccount.com`;
    return resource(`google_service_account.a${index}`, { email, project: 'acme' });
  });

  test('thousands of members of a project with thousands of accounts are not told apart, and noted', () => {
    const all = (count: number) => readGcp(terraformOf(...pool('eks', EKS), ...accounts(count), ...creators(count, () => 'acme')));
    expect(growth(all, [1000, 2000])).toBeLessThan(2.2);
    const part = all(3000);
    expect(part.notes.map(({ message }) => message)).toContain('3000 members may become all service accounts of their projects; not all of them are told apart');
    expect([part.identities[0]!.doors.length, accepts(part.identities[0]!, pod())]).toEqual([1, 'unknown']);
  });

  test('members of many projects whose names may be this one are not told apart', () => {
    const verdict = (project: (index: number) => string) => accepts(readGcp(terraformOf(...pool('eks', EKS), ...accounts(2), ...creators(60, project))).identities[0]!, pod());
    expect([verdict(index => `${index + 1}`), verdict(index => `other${index}`)]).toEqual(['unknown', 'no']);
  });

  test('a pool may have more providers than a call takes arguments', () => {
    const [first, provider] = pool('eks', EKS);
    const many = Array.from({ length: 150_000 }, (_, index) => resource(`google_iam_workload_identity_pool_provider.p${index}`, {
      ...Object.fromEntries(provider!.values) as { [key: string]: Plain }, name: text(poolName('eks'), `/providers/p${index}`),
    }));
    const everyone = text('principalSet://iam.googleapis.com/', poolName('eks'), '/*');
    const bucket = resource('google_storage_bucket_iam_member.b', { bucket: 'b', role: 'roles/storage.objectViewer', member: everyone });
    const resources = [first!, ACCOUNT, member(everyone), bucket].concat(many);
    const terraform: Terraform = {
      resources, notes: [], ofType: (type, mode) => resources.filter(one => one.type === type && (mode === undefined || one.mode === mode)),
    };
    expect(readGcp(terraform).identities.map(({ doors }) => doors.length)).toEqual([150_000, 150_000]);
  }, 30_000);
});

test('what cannot be read is noted, and nothing throws', () => {
  const odd: readonly Plain[] = [null, 7, true, 'x', [], [null], {}, { __proto__: 'x' }, new Unknown('u'), text('a', new Unknown('u'))];
  for (const value of odd) {
    for (const name of ['name', 'oidc', 'attribute_mapping', 'attribute_condition', 'disabled']) {
      const [first, provider] = pool('eks', EKS);
      const part = readGcp(terraformOf(first!, resource(provider!.where.address, { ...Object.fromEntries(provider!.values) as { [key: string]: Plain }, [name]: value }), ACCOUNT, member(principal(poolName('eks')))));
      part.identities.forEach(identity => decide(identity, pod(), 5));
    }
    for (const name of ['member', 'role', 'service_account_id', 'condition']) {
      readGcp(terraformOf(ACCOUNT, member('x', { [name]: value }))).identities.forEach(identity => decide(identity, pod(), 5));
    }
    readGcp(terraformOf(resource('google_project_iam_policy.p', { project: value, policy_data: value }), resource('google_service_account.a', { email: value, account_id: value })));
    decide(identityOf(readGcp(terraformOf(...EKS_APP))), token({ iss: value, sub: value, aud: value, exp: value, iat: value }), 5);
  }
  const notes = readGcp(terraformOf(
    ...pool('aws', EKS, { oidc: [] }).map(one => resource(one.where.address, { ...Object.fromEntries(one.values) as { [key: string]: Plain }, oidc: [], aws: [{ account_id: '1' }] })),
    ...pool('odd', EKS, { attribute_condition: 'assertion.sub.lowerAscii() == "x"' }), resource('google_project_iam_policy.p', { project: 'acme', policy_data: 'nonsense' }),
  )).notes.map(({ message, where }) => [message, where?.address]);
  expect(notes).toEqual([
    ['the provider takes aws credentials, and no tokens of OpenID Connect', 'google_iam_workload_identity_pool_provider.aws'],
    ['the attribute condition is not evaluated: Google does not document the function lowerAscii', 'google_iam_workload_identity_pool_provider.odd'],
    [expect.stringMatching(/^the policy is not JSON/), 'google_project_iam_policy.p'],
  ]);
});

test('accepts exactly what is granted, over all tokens that the doors tell apart', () => {
  const identity = identityOf(readGcp(terraformOf(...EKS_APP)));
  const { tokens, exact } = lattice(identity.doors, { nearMisses: true });
  let [seen, accepted] = [0, 0];
  for (const claims of tokens) {
    seen++;
    const aud = claims.get('aud');
    const audiences = (Array.isArray(aud) ? aud : [aud]).map(value => typeof value === 'object' ? show(value as TextValue) : value);
    const granted = claims.get('iss') === EKS && claims.get('sub') === READER && audiences.some(value => [show(audience('eks')), show(audience('eks')).slice(6)].includes(value as string));
    const verdict = accepts(identity, claims);
    accepted += granted ? 1 : 0;
    // A list with members that are no texts is no list of audiences.
    const odd = Array.isArray(aud) && aud.some(value => typeof value === 'number');
    expect([claims, verdict]).toEqual([claims, granted && !odd ? 'yes' : verdict === 'unknown' ? 'unknown' : 'no']);
    expect(verdict === 'unknown' && audiences.every(value => typeof value !== 'string' || !value.includes('project_number'))).toBe(false);
  }
  expect([exact, seen > 1000, accepted > 0]).toEqual([true, true, true]);
});

test('reads ten thousand identities, by work that grows with them', () => {
  const many = (count: number) => Array.from({ length: count }, (_, index) => {
    const email = `a${index}@acme.iam.gserviceaccount.com`;
    return [
      resource(`google_service_account.a${index}`, { email, name: `projects/acme/serviceAccounts/${email}`, project: 'acme' }),
      resource(`google_service_account_iam_member.a${index}`, {
        service_account_id: `projects/acme/serviceAccounts/${email}`, role: 'roles/iam.workloadIdentityUser', member: principal(poolName('eks'), `system:serviceaccount:n:${index}`),
      }),
    ];
  }).flat();
  const all = (count: number) => readGcp(terraformOf(...pool('eks', EKS), ...many(count)));
  expect(growth(all, [500, 1000])).toBeLessThan(2.2);
  const part = all(10_000);
  const claims = pod({ sub: 'system:serviceaccount:n:77' });
  expect(part.identities.filter(identity => accepts(identity, claims) === 'yes').map(({ name }) => name)).toEqual(['a77@acme.iam.gserviceaccount.com']);
});

import type { AppliedResource } from '../../model';
import { ApplyError } from '../apply';
import { rsaKey } from '../forgery';
import { accountMember, bucketMember, EMAIL, ISSUER, pool, POOL, PRINCIPAL, projectMember, PROVIDER, resource, serviceAccount, TestGoogle } from './fixture';

const refused = (resources: readonly AppliedResource[]): string => {
  try {
    new TestGoogle(...resources);
    return 'applied';
  } catch (error) {
    if (!(error instanceof ApplyError)) throw error;
    expect(error.message).toBe(`${error.address} cannot be applied: ${error.code}: ${error.reason}`);
    return `${error.code}: ${error.reason}`;
  }
};

const FORBIDDEN = 'PERMISSION_DENIED: The caller does not have permission';
const EXISTS = 'ALREADY_EXISTS: Requested entity already exists';
const id = (name: string) => `INVALID_ARGUMENT: The ID ${name} must be 4-32 characters, may contain the characters [a-z0-9-], and must not have the prefix gcp-.`;

describe('a service account', () => {
  const of = (accountId: string, values: object = {}) => serviceAccount({ account_id: accountId, email: `${accountId}@acme-apps.iam.gserviceaccount.com`, ...values });
  const length = (name: string) => `INVALID_ARGUMENT: The account ID "${name}" does not have a length between 6 and 30.`;
  const form = (name: string) => `INVALID_ARGUMENT: "account_id" ("${name}") doesn't match regexp "^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$"`;

  test.each<[string, readonly AppliedResource[]]>([
    ['of six characters', [of('reader')]], ['of thirty', [of(`a${'-9'.repeat(14)}b`)]], ['with texts of 100 and 256 bytes', [of('reader', { display_name: 'é'.repeat(50), description: 'é'.repeat(128) })]],
    ['of the same id in two projects', [of('reader'), of('reader', { project: 'acme-data', email: 'reader@acme-data.iam.gserviceaccount.com' })]],
  ])('is applied %s', (_, resources) => expect(refused(resources)).toBe('applied'));

  test.each<[string, readonly AppliedResource[], string]>([
    ['of five characters', [of('short')], length('short')], ['of thirty-one', [of('a'.repeat(31))], length('a'.repeat(31))], ['A_b', [of('A_b')], length('A_b')],
    ['in capitals', [of('Reader')], form('Reader')], ['with a line below', [of('my_reader')], form('my_reader')], ['that begins with a digit', [of('1reader')], form('1reader')],
    ['that ends with a dash', [of('reader-')], form('reader-')],
    ['that is there', [of('reader'), of('reader')], 'ALREADY_EXISTS: Service account reader already exists within project projects/acme-apps.'],
    ['that was there before', [of('existing')], 'ALREADY_EXISTS: Service account existing already exists within project projects/acme-apps.'],
    ['in a project that is not there', [of('reader', { project: 'acme-none' })], FORBIDDEN],
    ['with a name of 101 bytes', [of('reader', { display_name: `${'é'.repeat(50)}a` })], 'INVALID_ARGUMENT: display name must be less than or equal to 100 UTF-8 bytes'],
    ['with a description of 257 bytes', [of('reader', { description: `${'é'.repeat(128)}a` })], 'INVALID_ARGUMENT: description must be less than or equal to 256 UTF-8 bytes'],
  ])('is refused %s', (_, resources, message) => expect(refused(resources)).toBe(message));

  test('has the email of its id and project, or Terraform was wrong', () => {
    expect(() => new TestGoogle(of('reader', { email: 'other@acme-apps.iam.gserviceaccount.com' }))).toThrow(new Error(`google_service_account.Main: the email is ${EMAIL}, not other@acme-apps.iam.gserviceaccount.com.`));
  });
});

describe('a pool and its provider', () => {
  const poolOf = (poolId: string, values: object = {}) => resource('google_iam_workload_identity_pool', { name: `projects/123456789/locations/global/workloadIdentityPools/${poolId}`, ...values });
  const mapped = (mapping: object) => pool({ attribute_mapping: { 'google.subject': 'assertion.sub', ...mapping } });
  const keys = (...jwks: object[]) => pool({}, { jwks_json: JSON.stringify({ keys: jwks }) });
  const JWK = rsaKey('key-2').jwk;
  const name = (key: string) => `INVALID_ARGUMENT: Invalid mapped attribute key: ${key}. Custom mapped attributes must be in format 'attribute.{custom_attribute}'`;
  const custom = (key: string) => `INVALID_ARGUMENT: Invalid mapped attribute key: ${key}. The maximum length of a custom attribute is 100 characters of [a-z0-9_].`;
  const attributes = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`attribute.a${index}`, "'x'"]));

  test.each<[string, readonly AppliedResource[]]>([
    ['as the library has them', pool()], ['of the longest id', [poolOf('a'.repeat(32))]], ['of the shortest id', [poolOf('a-1b')]],
    ['with texts of 32 and 256 characters', [poolOf('readers', { display_name: 'a'.repeat(32), description: 'a'.repeat(256) })]],
    ['with fifty attributes, groups among them', mapped({ ...attributes(50), 'google.groups': 'assertion.groups' })],
    ['with an attribute of a long name', mapped({ [`attribute.${'a'.repeat(100)}`]: "'x'" })],
    ['with a mapping of 2,048 characters', mapped({ 'google.subject': 'assertion.sub'.padEnd(2048) })],
    ['with a condition of 4,096 characters', pool({ attribute_condition: 'true'.padEnd(4096) })],
    ['with ten audiences of 256 characters', pool({}, { allowed_audiences: Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(256, 'a')) })],
    ['with uploaded keys', keys(JWK, rsaKey('key-3').jwk)],
    ['for an issuer with a port and a slash', pool({}, { issuer_uri: 'https://issuer.example.com:8443/onprem/' })],
  ])('are applied %s', (_, resources) => expect(refused(resources)).toBe('applied'));

  test.each<[string, readonly AppliedResource[], string]>([
    ...['abc', 'a'.repeat(33), 'Readers', 'a_b_c', 'gcp-readers', 'read.ers'].map((poolId): [string, AppliedResource[], string] => [`the pool ${poolId}`, [poolOf(poolId)], id(poolId)]),
    ['a pool by the id of its project', [poolOf('x', { name: POOL.replace('123456789', 'acme-apps') })], `INVALID_ARGUMENT: Invalid resource name: ${POOL.replace('123456789', 'acme-apps')}`],
    ['a pool of a project that is not there', [poolOf('x', { name: POOL.replace('123456789', '5') })], FORBIDDEN],
    ['a pool with a name of 33 characters', [poolOf('readers', { display_name: 'a'.repeat(33) })], 'INVALID_ARGUMENT: display name must be less than or equal to 32 characters'],
    ['a pool with a description of 257 characters', [poolOf('readers', { description: 'a'.repeat(257) })], 'INVALID_ARGUMENT: description must be less than or equal to 256 characters'],
    ['two pools of one name', [poolOf('readers'), poolOf('readers')], EXISTS],
    ['a provider of no pool', pool().slice(1), 'NOT_FOUND: Requested entity was not found.'],
    ['two providers of one name', [...pool(), ...pool().slice(1)], EXISTS],
    ['a provider that Google keeps for itself', pool({ name: `${POOL}/providers/gcp-onprem` }), id('gcp-onprem')],
    ['a provider by the id of its project', pool({ name: PROVIDER.replace('123456789', 'acme-apps') }), `INVALID_ARGUMENT: Invalid resource name: ${PROVIDER.replace('123456789', 'acme-apps')}`],
    ['a provider with a name of 99 characters', pool({ display_name: 'a'.repeat(99) }), 'INVALID_ARGUMENT: display name must be less than or equal to 32 characters'],
    ['an issuer without https', pool({}, { issuer_uri: 'http://issuer.example.com/onprem' }), 'INVALID_ARGUMENT: Invalid OIDC issuer URI. The scheme must be https.'],
    ['an issuer without a scheme', pool({}, { issuer_uri: 'issuer.example.com' }), 'INVALID_ARGUMENT: Invalid OIDC issuer URI. The scheme must be https.'],
    ['no issuer', pool({}, { issuer_uri: null }), 'INVALID_ARGUMENT: Invalid OIDC issuer URI. The scheme must be https.'],
    ...[`${ISSUER}?a`, `${ISSUER}#a`, 'https://', 'https://issuer.example.com/a b'].map((issuer): [string, AppliedResource[], string] => [`the issuer ${issuer}`, pool({}, { issuer_uri: issuer }), 'INVALID_ARGUMENT: Invalid OIDC issuer URI.']),
    ['eleven audiences', pool({}, { allowed_audiences: Array.from({ length: 11 }, (_, index) => `a${index}`) }), 'INVALID_ARGUMENT: A maximum of 10 audiences may be configured.'],
    ['an audience of 257 characters', pool({}, { allowed_audiences: ['a'.repeat(257)] }), 'INVALID_ARGUMENT: Each audience may be at most 256 characters.'],
    ['no subject', pool({ attribute_mapping: { 'attribute.x': 'assertion.sub' } }), 'INVALID_ARGUMENT: The attribute mapping must map google.subject.'],
    ['an attribute of the token\'s', mapped({ 'assertion.aud': 'assertion.aud' }), name('assertion.aud')],
    ['an attribute of Google\'s that is not there', mapped({ 'google.email': 'assertion.email' }), name('google.email')],
    ['an attribute within another', mapped({ 'attribute.a.b': "'x'" }), name('attribute.a.b')],
    ['an attribute without a name', mapped({ 'attribute.': "'x'" }), name('attribute.')],
    ['an attribute in capitals', mapped({ 'attribute.X': "'x'" }), custom('attribute.X')],
    ['an attribute of 101 characters', mapped({ [`attribute.${'a'.repeat(101)}`]: "'x'" }), custom(`attribute.${'a'.repeat(101)}`)],
    ['fifty-one attributes', mapped(attributes(51)), 'INVALID_ARGUMENT: A maximum of 50 custom attributes can be defined.'],
    ['a mapping of 2,049 characters', mapped({ 'google.subject': 'assertion.sub'.padEnd(2049) }), 'INVALID_ARGUMENT: The maximum length of an attribute mapping expression is 2048 characters: google.subject.'],
    ['a mapping by an attribute', mapped({ 'google.subject': 'attribute.x' }), 'INVALID_ARGUMENT: The mapping of google.subject is no expression of CEL: There is no "attribute".'],
    ['a condition of 4,097 characters', pool({ attribute_condition: 'true'.padEnd(4097) }), 'INVALID_ARGUMENT: The maximum length of the attribute condition expression is 4096 characters.'],
    ['a condition that cannot be read', pool({ attribute_condition: 'assertion.sub ==' }), 'INVALID_ARGUMENT: The attribute condition is no expression of CEL: <input>:1:15: found = but expecting end of input'],
    ['a condition of a function that is not there', pool({ attribute_condition: 'true || assertion.sub.isFine()' }), 'INVALID_ARGUMENT: The attribute condition is no expression of CEL: There is no function "isFine".'],
    ['a condition of a variable that is not there', pool({ attribute_condition: "true || claims.sub == 'x'" }), 'INVALID_ARGUMENT: The attribute condition is no expression of CEL: There is no "claims".'],
    ['keys that are no list', pool({}, { jwks_json: '{"keys":"none"}' }), 'INVALID_ARGUMENT: The JWKs of the provider are not valid: jwks_json is not a set of at most 100 keys.'],
    ['no keys', keys(), 'INVALID_ARGUMENT: The JWKs of the provider are not valid: There is no key.'],
    ['a key with a certificate', keys({ ...JWK, x5c: [] }), 'INVALID_ARGUMENT: The JWKs of the provider are not valid: x5c is no field of a key.'],
    ['a key that everybody has', keys({ kty: 'oct', kid: 'a', use: 'sig', alg: 'HS256' }), 'INVALID_ARGUMENT: The JWKs of the provider are not valid: oct is no type of key that is supported.'],
    ['a key without a name', keys({ ...JWK, kid: '' }), 'INVALID_ARGUMENT: The JWKs of the provider are not valid: A key has kid, alg and the use sig.'],
    ['a key to encrypt with', keys({ ...JWK, use: 'enc' }), 'INVALID_ARGUMENT: The JWKs of the provider are not valid: A key has kid, alg and the use sig.'],
    ['a key without its numbers', keys({ ...JWK, n: undefined }), 'INVALID_ARGUMENT: The JWKs of the provider are not valid: The key key-2 cannot be read.'],
  ])('are refused with %s', (_, resources, message) => expect(refused(resources)).toBe(message));

  test('of another kind than OpenID Connect are nothing that is known', () => {
    expect(() => new TestGoogle(...pool({ oidc: [], aws: [{ account_id: '123456789012' }] }))).toThrow('knows no provider but those of OpenID Connect');
  });
});

describe('a member', () => {
  const NATIVE = 'iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/acme-apps.svc.id.goog';
  const CLUSTER = 'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps';
  const set = (rest: string) => `principalSet://iam.googleapis.com/${POOL}/${rest}`;
  const unknown = (member: string) => `INVALID_ARGUMENT: The member ${member} is of an unknown type. Please set a valid type prefix for the member.`;
  const invalid = (member: string) => `INVALID_ARGUMENT: Invalid principal ${member}.`;
  const noPool = (name: string) =>
    `INVALID_ARGUMENT: Identity Pool does not exist (${name}). Please check that you specified a valid resource name as returned in the \`name\` attribute in the configuration API.`;
  const there = [...pool(), serviceAccount()];

  test.each([
    'allUsers', 'allAuthenticatedUsers', 'user:alex@example.com', `serviceAccount:${EMAIL}`, 'serviceAccount:existing@acme-apps.iam.gserviceaccount.com',
    'serviceAccount:somebody@elsewhere.iam.gserviceaccount.com', 'serviceAccount:123456789-compute@developer.gserviceaccount.com', 'serviceAccount:acme-apps.svc.id.goog[reports/reader]',
    PRINCIPAL, set('*'), set('group/readers'), set('attribute.namespace/reports'), `principal://${NATIVE}/subject/ns/reports/sa/reader`, `principalSet://${NATIVE}/namespace/reports`,
    `principalSet://${NATIVE}/kubernetes.cluster/${CLUSTER}`, `principalSet://${NATIVE}/*`, 'principalSet://cloudresourcemanager.googleapis.com/projects/123456789/type/ServiceAccount',
  ])('is taken: %s', member => {
    expect(refused([...there, accountMember(member)])).toBe('applied');
    expect(refused([...there, bucketMember(member)])).toBe('applied');
    expect(refused([...there, projectMember(member, 'roles/browser')])).toBe(member.startsWith('all') ? 'INVALID_ARGUMENT: Members of type allUsers and allAuthenticatedUsers cannot be in policy bindings.' : 'applied');
  });

  test('of a cluster that Terraform makes is taken', () => {
    const cluster = resource('google_container_cluster', { name: 'new', workload_identity_config: [{ workload_pool: 'acme-new.svc.id.goog' }] });
    expect(refused([...there, cluster, accountMember('serviceAccount:acme-new.svc.id.goog[reports/reader]')])).toBe('applied');
  });

  test.each<[string, string]>([
    ...['nonsense', EMAIL, 'everybody', 'users:alex@example.com', 'deleted:serviceAccount:a@b.c?uid=1', 'domains', 'projectOwner:acme-apps', ''].map((member): [string, string] => [member, unknown(member)]),
    ['user:nobody@example.com', 'INVALID_ARGUMENT: User nobody@example.com does not exist.'], ['group:nobody@example.com', 'INVALID_ARGUMENT: Group nobody@example.com does not exist.'],
    ['domain:example.org', 'INVALID_ARGUMENT: Domain example.org does not exist.'],
    ['serviceAccount:nonsense', 'INVALID_ARGUMENT: Invalid service account (nonsense).'], ['serviceAccount:a b@example.com', 'INVALID_ARGUMENT: Invalid service account (a b@example.com).'],
    ['serviceAccount:nobody@acme-apps.iam.gserviceaccount.com', 'INVALID_ARGUMENT: Service account nobody@acme-apps.iam.gserviceaccount.com does not exist.'],
    ['serviceAccount:nobody.svc.id.goog[a/b]', noPool('nobody.svc.id.goog')], ['serviceAccount:acme-apps.svc.id.goog[A/b]', 'INVALID_ARGUMENT: Invalid service account (acme-apps.svc.id.goog[A/b]).'],
    ['serviceAccount:acme-apps.svc.id.goog[reports]', 'INVALID_ARGUMENT: Invalid service account (acme-apps.svc.id.goog[reports]).'],
    [PRINCIPAL.replace('oidc-onprem', 'oidc-other'), noPool(POOL.replace('oidc-onprem', 'oidc-other'))], [PRINCIPAL.replace('123456789', '987654321'), noPool(POOL.replace('123456789', '987654321'))],
    [set('*').replace('oidc-onprem', 'oidc-other'), noPool(POOL.replace('oidc-onprem', 'oidc-other'))],
    [`principal://${NATIVE.replace('123456789', '987654321')}/subject/ns/reports/sa/reader`, noPool('acme-apps.svc.id.goog')],
    [`principal://${NATIVE.replace('acme-apps', 'acme-none')}/subject/ns/reports/sa/reader`, noPool('acme-none.svc.id.goog')],
    ...[
      PRINCIPAL.replace('123456789', 'acme-apps'), PRINCIPAL.replace('principal:', 'principalSet:'), set('providers/oidc-onprem'), set('**'), set('attribute.Namespace/reports'), set('attribute.namespace'),
      set('*').replace('principalSet:', 'principal:'), PRINCIPAL.replace(/subject.*/, 'subject/'), PRINCIPAL.replace('iam.googleapis.com', 'sts.googleapis.com'), `principal://${NATIVE}/subject/system:serviceaccount:reports:reader`,
      `principalSet://${NATIVE}/namespace/A`, `principalSet://${NATIVE}/attribute.namespace/reports`, `principalSet://${NATIVE}/kubernetes.cluster/apps`, 'principalSet://cloudresourcemanager.googleapis.com/projects/5/type/ServiceAccount',
      'principalSet://iam.googleapis.com/locations/global/workforcePools/staff/*',
    ].map((member): [string, string] => [member, invalid(member)]),
  ])('is refused: %s', (member, message) => {
    expect(refused([...there, accountMember(member)])).toBe(message);
    if (!member.startsWith('projectOwner:')) expect(refused([...there, bucketMember(member)])).toBe(message);
    expect(refused([...there, projectMember(member, 'roles/browser')])).toBe(message);
    expect(refused([...there, resource('google_storage_bucket_iam_binding', { bucket: 'acme-reports', role: 'roles/storage.objectViewer', members: [PRINCIPAL, member] })])).toBe(member.startsWith('projectOwner:') ? 'applied' : message);
  });

  test('of a policy or under a condition is looked at too', () => {
    const policy = (members: string[]) => resource('google_project_iam_policy', { project: 'acme-apps', policy_data: JSON.stringify({ bindings: [{ role: 'roles/browser', members, condition: { expression: 'false' } }] }) });
    expect(refused([...there, policy([PRINCIPAL])])).toBe('applied');
    expect(refused([...there, policy([PRINCIPAL, 'nonsense'])])).toBe(unknown('nonsense'));
    expect(refused([...there, { ...accountMember('nonsense'), values: { ...accountMember('nonsense').values, condition: [{ expression: 'false' }] } }])).toBe(unknown('nonsense'));
  });
});

describe('a grant', () => {
  const onBucket = (bucket: string, member = PRINCIPAL) => resource('google_storage_bucket_iam_member', { bucket, role: 'roles/storage.objectViewer', member });
  const onAccount = (account: string) => resource('google_service_account_iam_member', { service_account_id: account, role: 'roles/iam.workloadIdentityUser', member: PRINCIPAL });
  const bucket = (name: string, uniform: boolean | null = true, values: object = {}) => resource('google_storage_bucket', { name, project: 'acme-apps', uniform_bucket_level_access: uniform, ...values });
  const there = [...pool(), serviceAccount()];
  const unsupported = (role: string) => `INVALID_ARGUMENT: Role ${role} is not supported for this resource.`;
  const form = 'INVALID_ARGUMENT: Role name must be in the form "roles/{role}", "organizations/{organization_id}/roles/{role}", or "projects/{project_id}/roles/{role}".';
  const native = 'serviceAccount:acme-apps.svc.id.goog[reports/reader]';

  test.each<[string, readonly AppliedResource[]]>([
    ['on a bucket that is there', [onBucket('acme-reports'), onBucket('b/acme-reports')]], ['on one that is made', [bucket('acme-new'), onBucket('acme-new')]],
    ['on one without uniform access, to an account', [bucket('acme-new', false), onBucket('acme-new', `serviceAccount:${EMAIL}`), onBucket('acme-new', 'projectViewer:acme-apps')]],
    ['on an account by its email, by its id and in any project', [`projects/acme-apps/serviceAccounts/${EMAIL}`, 'projects/123456789/serviceAccounts/113475438248934895348', `projects/-/serviceAccounts/${EMAIL}`].map(onAccount)],
    ['on an account that was there', [onAccount('projects/acme-apps/serviceAccounts/existing@acme-apps.iam.gserviceaccount.com')]],
    ['of a role of the project\'s own', [resource('google_project_iam_custom_role', { name: 'projects/acme-apps/roles/minter', permissions: [] }), accountMember(PRINCIPAL, 'projects/acme-apps/roles/minter')]],
    ['of basic roles', [projectMember(PRINCIPAL, 'roles/viewer'), accountMember(PRINCIPAL, 'roles/owner')]],
  ])('is applied %s', (_, resources) => expect(refused([...there, ...resources])).toBe('applied'));

  test.each<[string, readonly AppliedResource[], string]>([
    ['on a bucket that is not there', [onBucket('acme-none')], 'NOT_FOUND: The specified bucket does not exist.'],
    ['on an account that is not there', [onAccount('projects/acme-apps/serviceAccounts/nobody@acme-apps.iam.gserviceaccount.com')], 'NOT_FOUND: Unknown service account'],
    ['on an account of another project', [onAccount(`projects/acme-data/serviceAccounts/${EMAIL}`)], 'NOT_FOUND: Unknown service account'],
    ['on an account by its email alone', [onAccount(EMAIL)], 'NOT_FOUND: Unknown service account'],
    ['on a project that is not there', [resource('google_project_iam_member', { project: 'acme-none', role: 'roles/browser', member: PRINCIPAL })], FORBIDDEN],
    ['on a bucket without uniform access, to a principal', [bucket('acme-new', null), onBucket('acme-new')], `INVALID_ARGUMENT: Uniform bucket-level access must be enabled for the member ${PRINCIPAL}.`],
    ['on a bucket that is not known to have uniform access, to a principal', [onBucket('acme-plain')], `INVALID_ARGUMENT: Uniform bucket-level access must be enabled for the member ${PRINCIPAL}.`],
    ['on a bucket without uniform access, to a pod of GKE', [bucket('acme-new', false), onBucket('acme-new', native)], `INVALID_ARGUMENT: Uniform bucket-level access must be enabled for the member ${native}.`],
    ['of a role that is not there', [bucketMember(PRINCIPAL, 'roles/storage.everything')], unsupported('roles/storage.everything')],
    ['of a role of the project\'s own that is not there', [accountMember(PRINCIPAL, 'projects/acme-apps/roles/none')], unsupported('projects/acme-apps/roles/none')],
    ['of a role of an organization', [accountMember(PRINCIPAL, 'organizations/5/roles/none')], unsupported('organizations/5/roles/none')],
    ['of a role for buckets on an account', [accountMember(PRINCIPAL, 'roles/storage.admin')], unsupported('roles/storage.admin')],
    ['of a role for accounts on a bucket', [bucketMember(PRINCIPAL, 'roles/iam.workloadIdentityUser')], unsupported('roles/iam.workloadIdentityUser')],
    ['of a basic role on a bucket', [bucketMember(PRINCIPAL, 'roles/owner')], unsupported('roles/owner')],
    ['of a legacy role on a project', [projectMember(PRINCIPAL, 'roles/storage.legacyBucketReader')], unsupported('roles/storage.legacyBucketReader')],
    ['of what is no role', [accountMember(PRINCIPAL, 'iam.workloadIdentityUser')], form], ['of an empty role', [accountMember(PRINCIPAL, 'roles/')], form],
  ])('is refused %s', (_, resources, message) => expect(refused([...there, ...resources])).toBe(message));

  const taken = 'ALREADY_EXISTS: The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.';
  test.each<[string, readonly AppliedResource[], string]>([
    ...['ab', 'Acme', '-acme', 'acme-', 'a'.repeat(64), 'google-data', 'goog-data', '192.168.5.4', 'acme.example.com', 'acme data'].map((name): [string, AppliedResource[], string] => [name, [bucket(name)], `INVALID_ARGUMENT: Invalid bucket name: '${name}'`]),
    ['of a project that is not there', [bucket('acme-new', true, { project: 'acme-none' })], FORBIDDEN],
    ['that is there', [bucket('acme-new'), bucket('acme-new', true, { project: 'acme-data' })], taken],
  ])('a bucket is refused: %s', (_, resources, message) => expect(refused(resources)).toBe(message));

  test.each([['projects/acme-apps/roles/a', 'INVALID_ARGUMENT: '], ['projects/acme-apps/roles/a-b', 'INVALID_ARGUMENT: '], ['roles/minter', 'INVALID_ARGUMENT: '], ['projects/acme-none/roles/minter', FORBIDDEN]])(
    'a role of a project\'s own is refused: %s', (name, message) => expect(refused([resource('google_project_iam_custom_role', { name, permissions: [] })])).toContain(message));
});

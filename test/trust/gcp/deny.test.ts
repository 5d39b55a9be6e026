import { Plain, pool, poolName, resource, terraformOf, token } from './resources';
import { diffTrust } from '../../../lib/trust/diff';
import { readGcp } from '../../../lib/trust/gcp/read';
import { accepts, decide } from '../../../lib/trust/judge';
import { TerraformResource } from '../../../lib/trust/model';
import { text, TextValue, Unknown, Verdict } from '../../../lib/trust/value';

const ISSUER = 'https://oidc.example';
const NUMBER = '123456789012';
const EMAIL = 'reports@acme.iam.gserviceaccount.com';
const NAME = `projects/acme/serviceAccounts/${EMAIL}`;
const READER = 'system:serviceaccount:reports:reader';
const WRITER = 'system:serviceaccount:reports:writer';
const PLACE = 'cloudresourcemanager.googleapis.com%2Fprojects%2Facme';
const ALL = 'principalSet://goog/public:all';
const TOKENS = ['iam.googleapis.com/serviceAccounts.getAccessToken', 'iam.googleapis.com/serviceAccounts.getOpenIdToken'];

const ACCOUNT = resource('google_service_account.reports', { account_id: 'reports', project: 'acme', email: EMAIL, name: NAME });
const OTHER = 'other@acme.iam.gserviceaccount.com';
const NATIVE = 'projects/123456789012/locations/global/workloadIdentityPools/acme.svc.id.goog';

const inPool = (rest: string, id = 'eks', number: TextValue = NUMBER) => text(rest.startsWith('subject/') ? 'principal' : 'principalSet', '://iam.googleapis.com/', poolName(id, number), `/${rest}`);
const member = (name: TextValue, more: { readonly [key: string]: Plain } = {}) =>
  resource('google_service_account_iam_member.m', { service_account_id: NAME, role: 'roles/iam.workloadIdentityUser', member: name, ...more });
const policy = (rule: { readonly [key: string]: Plain }, parent: TextValue = PLACE) => resource('google_iam_deny_policy.d', {
  parent, rules: [{ deny_rule: [{ denied_principals: [ALL], denied_permissions: TOKENS, ...rule }] }],
});
const pods = (sub: Plain = READER, id = 'eks') => token({
  iss: ISSUER, sub, aud: [text('https://iam.googleapis.com/', poolName(id, NUMBER), `/providers/${id}`)],
});
const GKE = token({ iss: 'https://container.googleapis.com/v1/projects/acme/locations/l/clusters/c', sub: READER, aud: ['acme.svc.id.goog'] });

/** What becomes of a token at the account, and whether it is noted that a policy is not known. */
function become(claims: ReturnType<typeof token>, ...resources: readonly TerraformResource[]): [Verdict, ...string[]] {
  const part = readGcp(terraformOf(...pool('eks', ISSUER, {}, NUMBER), ...pool('gke', ISSUER, {}, NUMBER), ACCOUNT, ...resources));
  const identity = part.identities.find(({ name }) => name === EMAIL)!;
  return [accepts(identity, claims), ...part.notes.filter(({ message }) => message.includes('deny policy')).map(({ where }) => where!.address)];
}

const UNSURE: [Verdict, string] = ['unknown', 'google_iam_deny_policy.d'];

describe('a deny policy that names', () => {
  const everyone = member(inPool('*'));
  const one = member(inPool(`subject/${READER}`));
  test.each<[string, TerraformResource, Plain, readonly string[]]>([
    ['everyone', one, [ALL], ['no']],
    ['the subject', one, [inPool(`subject/${READER}`)], ['no']],
    ['the subject of a set', everyone, [inPool(`subject/${READER}`)], ['no']],
    ['another subject of a set', everyone, [inPool(`subject/${WRITER}`)], ['yes']],
    ['another subject', one, [inPool(`subject/${WRITER}`)], ['yes']],
    ['the whole pool', one, [inPool('*')], ['no']],
    ['another pool', one, [inPool('*', 'gke')], ['yes']],
    ['the subject in another pool of the same issuer', everyone, [inPool(`subject/${READER}`, 'gke')], ['yes']],
    ['a pool of the same id in a project that is not known', one, [inPool('*', 'eks', new Unknown('x'))], ['unknown']],
    ['a pool of another project', one, [inPool('*', 'eks', '999')], ['yes']],
    ['a service account', one, [`principal://iam.googleapis.com/projects/-/serviceAccounts/${OTHER}`], ['yes']],
    ['all service accounts of a project', one, [`principalSet://cloudresourcemanager.googleapis.com/projects/${NUMBER}/type/ServiceAccount`], ['yes']],
    ['all principals of a project', one, [`principalSet://cloudresourcemanager.googleapis.com/projects/${NUMBER}`], UNSURE],
    ['people', one, ['principal://goog/subject/a@acme.example', 'principalSet://iam.googleapis.com/locations/global/workforcePools/p/*'], ['yes']],
    ['a group', one, ['principalSet://goog/group/admins@acme.example'], UNSURE],
    ['all of a customer', one, ['principalSet://goog/cloudIdentityCustomerId/C1'], UNSURE],
    ['what was deleted', one, [`deleted:principal://iam.googleapis.com/projects/-/serviceAccounts/${OTHER}?uid=1`], UNSURE],
    ['GKE\'s own pool', one, [`principalSet://iam.googleapis.com/${NATIVE}/*`], ['yes']],
    ['something unknown', one, [new Unknown('var.p')], UNSURE],
    ['what is no text', one, [{ a: 1 }], UNSURE],
    ['nobody that is known', one, new Unknown('var.p'), UNSURE],
    ['others and everyone', one, ['principal://goog/subject/a@acme.example', ALL], ['no']],
  ])('%s', (_, given, denied_principals, verdict) => {
    expect(become(pods(), given, policy({ denied_principals }))).toEqual(verdict);
  });

  test.each<[string, TerraformResource, Plain, readonly string[]]>([
    ['everyone', member('serviceAccount:acme.svc.id.goog[reports/reader]'), [ALL], ['no']],
    ['the account by its principal, where the member has the older form', member('serviceAccount:acme.svc.id.goog[reports/reader]'), [`principal://iam.googleapis.com/${NATIVE}/subject/ns/reports/sa/reader`], ['unknown']],
    ['the account', member(`principal://iam.googleapis.com/${NATIVE}/subject/ns/reports/sa/reader`), [`principal://iam.googleapis.com/${NATIVE}/subject/ns/reports/sa/reader`], ['no']],
    ['its namespace', member(`principal://iam.googleapis.com/${NATIVE}/subject/ns/reports/sa/reader`), [`principalSet://iam.googleapis.com/${NATIVE}/namespace/reports`], ['no']],
    ['another namespace', member(`principal://iam.googleapis.com/${NATIVE}/subject/ns/reports/sa/reader`), [`principalSet://iam.googleapis.com/${NATIVE}/namespace/other`], ['yes']],
    ['a cluster', member(`principal://iam.googleapis.com/${NATIVE}/subject/ns/reports/sa/reader`), [`principalSet://iam.googleapis.com/${NATIVE}/kubernetes.cluster/https://container.googleapis.com/v1/projects/acme/locations/l/clusters/d`], ['yes']],
    ['one of a set', member(`principalSet://iam.googleapis.com/${NATIVE}/namespace/reports`), [`principal://iam.googleapis.com/${NATIVE}/subject/ns/reports/sa/reader`], ['no']],
    ['a pool that is not Google\'s', member(`principal://iam.googleapis.com/${NATIVE}/subject/ns/reports/sa/reader`), [inPool('*')], ['yes']],
    ['the pool of another project', member(`principal://iam.googleapis.com/${NATIVE}/subject/ns/reports/sa/reader`), [`principalSet://iam.googleapis.com/${NATIVE.replace('acme', 'other')}/*`], ['yes']],
  ])('%s of GKE', (_, given, denied_principals, verdict) => {
    expect(become(GKE, given, policy({ denied_principals }))).toEqual(verdict);
  });

  test.each<[string, Plain, Verdict]>([
    ['the account before', [`principal://iam.googleapis.com/projects/-/serviceAccounts/${OTHER.toUpperCase()}`], 'no'],
    ['another account', [`principal://iam.googleapis.com/projects/-/serviceAccounts/${EMAIL}`], 'yes'],
    ['an account by its number', ['principal://iam.googleapis.com/projects/-/serviceAccounts/12345'], 'unknown'],
    ['all accounts of a project', [`principalSet://cloudresourcemanager.googleapis.com/projects/${NUMBER}/type/ServiceAccount`], 'unknown'],
    ['who becomes the account before', [inPool('*')], 'yes'],
  ])('%s, where an account becomes another', (_, denied_principals, verdict) => {
    const other = resource('google_service_account.other', { account_id: 'other', project: 'beta', email: OTHER });
    const chain = [
      other, resource('google_service_account_iam_member.o', { service_account_id: OTHER, role: 'roles/iam.workloadIdentityUser', member: inPool('*') }),
      member(`serviceAccount:${OTHER}`),
    ];
    expect(become(pods(), ...chain, policy({ denied_principals }))[0]).toBe(verdict);
  });

  test.each<[string, TerraformResource, Verdict]>([
    ['everyone', policy({}), 'no'], ['one', policy({ denied_principals: [inPool('*')] }), 'unknown'], ['people', policy({ denied_principals: ['principal://goog/subject/a@acme.example'] }), 'unknown'],
  ])('%s, where the member is not known', (_, denying, verdict) => {
    expect(become(pods(), member(new Unknown('var.m')), denying)[0]).toBe(verdict);
  });
});

describe('exceptions of a deny policy', () => {
  test.each<[string, { readonly [key: string]: Plain }, readonly string[]]>([
    ['for the subject', { exception_principals: [inPool(`subject/${READER}`)] }, ['yes']],
    ['for another subject', { exception_principals: [inPool(`subject/${WRITER}`)] }, ['no']],
    ['for the pool', { exception_principals: [inPool('*')] }, ['yes']],
    ['for a group', { exception_principals: ['principalSet://goog/group/g@acme.example'] }, UNSURE],
    ['that are not known', { exception_principals: new Unknown('var.e') }, UNSURE],
    ['for none', { exception_principals: [] }, ['no']],
    ['for the permissions', { denied_permissions: ['iam.googleapis.com/serviceAccounts.*'], exception_permissions: TOKENS }, ['yes']],
    ['for permissions that are not known', { exception_permissions: new Unknown('var.e') }, UNSURE],
  ])('%s', (_, rule, verdict) => {
    expect(become(pods(), member(inPool('*')), policy(rule))).toEqual(verdict);
  });

  test('are told apart by the token', () => {
    const denying = policy({ exception_principals: [inPool(`subject/${READER}`)] });
    expect([pods(), pods(WRITER), pods(new Unknown('x'))].map(claims => become(claims, member(inPool('*')), denying))).toEqual([['yes'], ['no'], ['unknown']]);
  });
});

describe('permissions of a deny policy', () => {
  test.each<[string, Plain, readonly string[]]>([
    ['all of them', ['iam.googleapis.com/serviceAccounts.*'], ['no']], ['both', TOKENS, ['no']], ['access tokens alone', [TOKENS[0]!], ['unknown']],
    ['ID tokens alone', [TOKENS[1]!], ['unknown']], ['every get', ['iam.googleapis.com/*.get*'], ['no']],
    ['what no door needs', ['iam.googleapis.com/serviceAccounts.actAs', 'iam.googleapis.com/serviceAccountKeys.create', 'storage.googleapis.com/objects.get', 'iam.googleapis.com/workloadIdentityPools.create'], ['yes']],
    ['what is not known', [new Unknown('var.p')], UNSURE], ['none', [], ['yes']],
  ])('%s', (_, denied_permissions, verdict) => {
    expect(become(pods(), member(inPool('*')), policy({ denied_permissions }))).toEqual(verdict);
  });

  test('leave a role that has more in doubt', () => {
    const creator = member(inPool('*'), { role: 'roles/iam.serviceAccountTokenCreator' });
    expect(become(pods(), creator, policy({}))).toEqual(['unknown']);
    expect(become(pods(), creator, policy({ denied_permissions: ['iam.googleapis.com/serviceAccounts.*'] }))).toEqual(['no']);
  });

  test('count as far as a role of one\'s own has them', () => {
    const own = resource('google_project_iam_custom_role.c', { role_id: 'c', project: 'acme', permissions: ['iam.serviceAccounts.getAccessToken'] });
    const by = member(inPool('*'), { role: 'projects/acme/roles/c' });
    expect(become(pods(), own, by, policy({ denied_permissions: [TOKENS[0]!] }))).toEqual(['no']);
    expect(become(pods(), own, by, policy({ denied_permissions: [TOKENS[1]!] }))).toEqual(['yes']);
  });
});

describe('what a deny policy is on', () => {
  const PROJECT = resource('google_project.p', { project_id: 'acme', folder_id: 'folders/11' });
  const FOLDERS = [
    resource('google_folder.a', { name: 'folders/11', folder_id: '11', parent: 'folders/22' }),
    resource('google_folder.b', { name: 'folders/22', folder_id: '22', parent: 'organizations/33' }),
  ];
  test.each<[string, TextValue, readonly TerraformResource[], readonly string[]]>([
    ['the project', PLACE, [], ['no']], ['the project with slashes', 'cloudresourcemanager.googleapis.com/projects/acme', [], ['no']],
    ['another project', PLACE.replace('acme', 'other'), [], ['yes']], ['a project by its number', PLACE.replace('acme', NUMBER), [], UNSURE],
    ['a project that is not known', text('cloudresourcemanager.googleapis.com%2Fprojects%2F', new Unknown('x')), [], UNSURE],
    ['an organization', 'cloudresourcemanager.googleapis.com%2Forganizations%2F33', [], UNSURE],
    ['the organization of the folder of its folder', 'cloudresourcemanager.googleapis.com%2Forganizations%2F33', [PROJECT, ...FOLDERS], ['no']],
    ['its folder', 'cloudresourcemanager.googleapis.com%2Ffolders%2F11', [PROJECT], ['no']],
    ['the folder of its folder', 'cloudresourcemanager.googleapis.com%2Ffolders%2F22', [PROJECT, ...FOLDERS], ['no']],
    ['a folder that may be above it', 'cloudresourcemanager.googleapis.com%2Ffolders%2F44', [PROJECT, ...FOLDERS], UNSURE],
    ['its organization', 'cloudresourcemanager.googleapis.com%2Forganizations%2F33', [resource('google_project.p', { project_id: 'acme', org_id: '33' })], ['no']],
    ['something else', 'x', [], UNSURE],
  ])('%s', (_, parent, others, verdict) => {
    expect(become(pods(), member(inPool('*')), ...others, policy({}, parent))).toEqual(verdict);
  });

  test('ends where folders are in a circle', () => {
    const circle = resource('google_folder.a', { name: 'folders/11', folder_id: '11', parent: 'folders/11' });
    expect(become(pods(), member(inPool('*')), PROJECT, circle, policy({}, 'cloudresourcemanager.googleapis.com%2Ffolders%2F44'))).toEqual(UNSURE);
  });
});

test.each<[string, { readonly [key: string]: Plain }, readonly string[]]>([
  ['a condition, which is about tags', { denial_condition: [{ expression: 'resource.matchTag("1/env", "prod")' }] }, UNSURE],
  ['a condition for others', { denied_principals: ['principal://goog/subject/a@acme.example'], denial_condition: [{ expression: 'x' }] }, ['yes']],
  ['a condition that is not known', { denial_condition: new Unknown('var.c') }, UNSURE], ['no condition', { denial_condition: [] }, ['no']],
  ['an empty one', { denial_condition: [{ expression: '' }] }, ['no']],
])('a deny policy with %s', (_, rule, verdict) => {
  expect(become(pods(), member(inPool('*')), policy(rule))).toEqual(verdict);
});

test('says what denies, and what would mend it', () => {
  const part = readGcp(terraformOf(...pool('eks', ISSUER, {}, NUMBER), ACCOUNT, member(inPool('*')), policy({})));
  expect(decide(part.identities[0]!, pods()).failing).toEqual({
    gate: 'gcp-token-creator', verdict: 'no', where: { address: 'google_service_account_iam_member.m', attribute: 'member', stack: 'apps', file: 'cdk.tf.json' },
    want: `a role on ${EMAIL} with iam.serviceAccounts.getAccessToken, and no deny policy against it`,
    have: 'roles/iam.workloadIdentityUser, and google_iam_deny_policy.d, which denies it',
    remedy: 'name the principal in exception_principals of google_iam_deny_policy.d',
  });
});

test('a diff finds what an exception lets in', () => {
  const identities = (...exceptions: readonly Plain[]) => readGcp(terraformOf(
    ...pool('eks', ISSUER, {}, NUMBER), ACCOUNT, member(inPool('*')), policy({ exception_principals: exceptions }))).identities;
  const [found] = diffTrust(identities(inPool(`subject/${WRITER}`)), identities(inPool(`subject/${WRITER}`), inPool(`subject/${READER}`))).identities;
  expect([found!.change, found!.gained?.get('sub')]).toEqual(['widened', READER]);
  expect(diffTrust(identities(inPool(`subject/${READER}`)), identities(inPool(`subject/${READER}`))).identities[0]!.change).toBe('same');
});

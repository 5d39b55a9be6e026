import '../counting';
import { growth } from '../work';
import { account, bare, CASES, live, more, pods, TAGGED } from './cases';
import { EXPECTED } from './expected';
import { aws, azure, ci, EKS, EMAIL, found, gcp, impersonation, Json, modelOf, provider, role, statement, terraform } from './foreign';
import { RULES } from '../../../lib/rules';
import { readInputs, check, CHECK_RULES, hasAtLeast } from '../../../lib/trust';
import { readModel } from '../../../lib/trust/read';
import { inFolder, runExample } from '../../synth';

describe('rules', () => {
  test.each(CASES.map(one => [`${one.rule} ${one.title}`, one] as const))('%s', (name, { rule, bad, good, live: issuers }) => {
    const options = issuers === undefined ? {} : { liveIssuers: live(issuers) };
    const ours = (stacks: typeof bad) => found(stacks, options).filter(([, id]) => id === rule)
      .map(([level, , where, message]) => [level, where, message]);
    expect(ours(bad)).toEqual(EXPECTED.get(name));
    expect(ours(bad)).not.toEqual([]);
    expect(ours(good)).toEqual([]);
  });

  test('each rule has a case, apart from those about suppressions', () => {
    const rules = [...CHECK_RULES.keys()].filter(id => !id.startsWith('suppression-'));
    expect([...new Set(CASES.map(({ rule }) => rule))].sort()).toEqual(rules.sort());
    expect([...EXPECTED.keys()]).toEqual(CASES.map(({ rule, title }) => `${rule} ${title}`));
  });

  test('what constructs annotate means the same here', () => {
    // Nothing in Terraform gives a reason for these.
    const seenBySynth = ['contested-annotations', 'missing-fs-group', 'missing-provider', 'stacks-without-order', 'unread-annotations', 'unread-pods', 'variables-from-elsewhere', 'workload-of-another-stack'];
    expect(Object.entries(RULES).map(([id]) => [id, CHECK_RULES.get(id)?.means])).toEqual(
      Object.entries(RULES).map(([id, text]) => [id, seenBySynth.includes(id) ? undefined : text]));
  });

  test('every text of a rule says something', () => {
    for (const { title, means, who, remedy } of CHECK_RULES.values()) {
      expect([title, means, who, remedy].filter(text => text.length < 5)).toEqual([]);
      expect([means, who, remedy].filter(text => !text.endsWith('.'))).toEqual([]);
    }
  });
});

describe('what is as it should be', () => {
  test.each([
    ['a role', aws(statement())], ['a pool', gcp()], ['a credential', azure()], ['a role for GitHub', ci('repo:acme/shop:ref:refs/heads/main', 'StringEquals')], ['nothing', terraform()],
  ])('nothing is found in %s', (_, json) => {
    expect(found(json)).toEqual([]);
  });

  const own = account('reports', 'reader');
  const changed = (change: (spec: Record<string, any>) => void) => {
    const pod = structuredClone(bare());
    change(pod['kubernetes_pod_v1.Bare'].spec[0]);
    return more(aws(statement()), own, pod);
  };

  const labelled = (name: string) => {
    const pod = structuredClone(bare());
    pod['kubernetes_pod_v1.Bare'].metadata[0].labels = { [name]: '' };
    return pod;
  };
  test.each<[string, Json]>([
    ['run as another service account', changed(spec => { spec.service_account_name = 'writer'; })],
    ['run as one that the input does not have', more(aws(statement()), bare())],
    ['run as one that is looked up', { ...more(aws(statement()), bare()), data: { kubernetes_service_account_v1: { Reader: { metadata: [{ namespace: 'reports', name: 'reader' }] } } } }],
    ['run as one whose annotations only Terraform knows', { ...more(aws(statement()), account('reports', 'reader', '${var.x}' as unknown as Json), bare()), variable: { x: {} } }],
    ['run as one that EKS\'s webhook wires', more(aws(statement()), account('reports', 'reader', { 'eks.amazonaws.com/role-arn': '${aws_iam_role.Reader.arn}' }), bare())],
    ['run as one that EKS Pod Identity serves', more(pods([TAGGED]), own, bare())],
    ['run as one that GKE\'s metadata server serves', more(terraform(impersonation('serviceAccount:acme.svc.id.goog[reports/reader]')), account('reports', 'reader', { 'iam.gke.io/gcp-service-account': EMAIL }), bare())],
    ['have a token of their own', changed(spec => {
      spec.container[0].volume_mount = [{ name: 'tokens', mount_path: '/tokens' }];
      spec.volume = [{ name: 'tokens', projected: [{ sources: [{ service_account_token: [{ audience: 'sts.amazonaws.com', path: 'aws' }] }] }] }];
    })],
    ['have a configuration of clients', changed(spec => {
      spec.container[0].volume_mount = [{ name: 'config', mount_path: '/root/.aws' }];
      spec.volume = [{ name: 'config', config_map: [{ name: 'aws-config' }] }];
    })],
    ['have a volume of a driver', changed(spec => {
      spec.container[0].volume_mount = [{ name: 'spiffe', mount_path: '/spiffe' }];
      spec.volume = [{ name: 'spiffe', csi: [{ driver: 'csi.spiffe.io', read_only: true }] }];
    })],
    ['have a folder that another container fills', changed(spec => {
      spec.container[0].volume_mount = [{ name: 'work', mount_path: '/work' }];
      spec.init_container = [{ name: 'fetch', image: 'vault', volume_mount: [{ name: 'work', mount_path: '/work' }] }];
      spec.volume = [{ name: 'work', empty_dir: [{}] }];
    })],
    ['set variables by a command', changed(spec => { spec.container[0].command = ['sh', '-c', 'AWS_ROLE_ARN=x exec app']; })],
    ['have flags for it', changed(spec => { spec.container[0].args = ['--aws-role-arn=x']; })],
    ['have a command that only Terraform knows', { ...changed(spec => { spec.container[0].command = '${var.x}'; }), variable: { x: {} } }],
    ['EKS\'s webhook shall leave alone', more(aws(statement()), own, labelled('eks.amazonaws.com/skip-pod-identity-webhook'))],
    ['have keys', changed(spec => spec.container[0].env.push({ name: 'AWS_ACCESS_KEY_ID', value: 'x' }))],
    ['have variables that only Terraform knows', { ...changed(spec => { spec.container[0].env = '${var.x}'; }), variable: { x: {} } }],
    ['have variables of a Secret that the input does not have', changed(spec => { spec.container[0].env_from = [{ secret_ref: [{ name: 'x' }] }]; })],
    ['have containers that only Terraform knows', { ...changed(spec => { spec.container = '${var.x}'; }), variable: { x: {} } }],
    ['are in one of two clusters with such a name', {
      ...more(aws(statement()), own, bare(), { 'kubernetes_service_account_v1.Other': { metadata: [{ namespace: 'reports', name: 'reader' }], provider: 'kubernetes.other' } }), provider: { kubernetes: [{}, { alias: 'other' }] },
    }],
    ['are trusted by a pattern', more(aws(statement(EKS, { Condition: { StringLike: { [`${EKS.slice(8)}:sub`]: 'system:serviceaccount:reports:*', [`${EKS.slice(8)}:aud`]: 'sts.amazonaws.com' } } })), own, bare())],
  ])('nothing is said of the wiring of pods that %s', (_, json) => {
    expect(found(json).filter(([, rule]) => rule === 'unwired-workload')).toEqual([]);
  });

  test('nothing is said of what is not known', () => {
    const [unknown, other, third] = ['${var.x}', '${var.y}', '${var.z}'] as const;
    expect(found([
      aws(statement(EKS, { Principal: { Federated: unknown }, Condition: unknown })),
      gcp({ attribute_condition: unknown, oidc: { allowed_audiences: unknown } }), azure({ issuer: unknown, subject: other, audience: third }),
      aws(statement(EKS, { Condition: { StringEquals: { [unknown]: 'x' } } })), aws(statement(EKS, { Condition: { [unknown]: { [`${EKS.slice(8)}:sub`]: 'y', [`${EKS.slice(8)}:aud`]: 'y' } } })), azure({ subject: `system:serviceaccount:${unknown}:reader` }),
      terraform(provider(unknown), role(statement(EKS, { Principal: unknown }))),
    ].map(json => ({ ...json, variable: { x: {}, y: {}, z: {} } }))).filter(([, rule]) => rule !== 'registered-in-two-stacks')).toEqual([]);
  });
});

test.each([
  ['accounts', ['note condition-wider-than-members accounts-platform/google_iam_workload_identity_pool_provider.Pool_Provider_7E972134']],
  ['all-clouds', []],
  ['article', [
    'note gke-shared-workload-pool article/google_service_account_iam_member.Account_Native_oidc-exp-project_oidc-exp_oidc-exp-service-account_FA791CE2',
    'note gke-issuer-outlives-cluster article/aws_iam_openid_connect_provider.ClusterOidcProvider-gke-oidc-exp-cluster',
    'note gke-issuer-outlives-cluster article-appendix/google_iam_workload_identity_pool_provider.Pool_Provider_7E972134',
  ]],
  ['directions', [
    'note gke-shared-workload-pool directions-gke/google_service_account_iam_member.Dashboard_GoogleServiceAccount_Native_acme-apps_reports_dashboard_D166B2E7',
    'note gke-issuer-outlives-cluster directions-gke/aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps',
  ]],
  ['fleet', [
    'note gke-shared-workload-pool fleet-gke-search-eu/google_storage_bucket_iam_member.catalog-indexer_Principal_Bucket_acme-catalog-index_storage_objectUser_Native_acme-search_catalog_indexer_C7A2DE45',
    'note gke-issuer-outlives-cluster fleet-gke-search-eu/aws_iam_openid_connect_provider.ClusterOidcProvider-gke-search-eu',
  ]],
  ['gtoken', [
    'note gke-shared-workload-pool gtoken-billing/google_service_account_iam_member.Invoices_GoogleServiceAccount_Native_acme-apps_billing_invoices_6F765194',
    'note gke-shared-workload-pool gtoken-reports/google_service_account_iam_member.Uploads_GoogleServiceAccount_Native_acme-apps_reports_uploads_825C1140',
    'note google-as-identity-provider gtoken-billing/aws_iam_role.Invoices_Identity_Role_042766CE',
    'note google-as-identity-provider gtoken-reports/aws_iam_role.Uploads_Identity_Role_480CD585',
  ]],
  ['migration', [
    'note gke-shared-workload-pool migration/google_service_account_iam_member.Account_Native_acme-apps_reports_archive_E56B8638',
    'note gke-issuer-outlives-cluster migration/aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps',
    'note google-as-identity-provider migration/aws_iam_role.Role',
  ]],
  ['self-hosted', ['note uploaded-keys self-hosted-isolated/google_iam_workload_identity_pool_provider.Pool_Provider_7E972134']],
])('example %s has what its own annotations say, uploaded keys, namespaces of apps to come, and nothing else', (name, expected) => {
  inFolder(folder => {
    runExample(name, folder);
    const { findings } = check(readModel(readInputs([folder])));
    expect(findings.map(({ level, rule, where: { stack, address } }) => `${level} ${rule} ${stack}/${address}`)).toEqual(expected);
  });
});

test('the gravest come first, what is found twice counts once, and fingerprints do not depend on order', () => {
  const broken = aws(statement(EKS, { Condition: { StringLike: { [`${EKS.slice(8)}:sub`]: 'system:serviceaccount:reports:*' } } }));
  const findings = check(modelOf(broken, azure({ issuer: 'http://issuer.acme.example' })));
  expect(findings.findings.map(({ level, rule }) => `${level} ${rule}`)).toEqual(['error http-issuer', 'warning unsafe-namespace', 'warning missing-aud']);
  expect(findings.counts).toEqual({ error: 1, warning: 2, note: 0, suppressed: 0 });
  expect([hasAtLeast(findings, 'error'), hasAtLeast(check(modelOf(broken)), 'error'), hasAtLeast(check(modelOf(broken)), 'note')]).toEqual([true, false, true]);
  const prints = (json: Json) => check(modelOf(json)).findings.map(({ fingerprint }) => fingerprint);
  const later = { ...broken, resource: { aws_s3_bucket: { First: { bucket: 'x' } }, ...broken.resource } };
  const other = { ...broken, resource: { ...broken.resource, aws_iam_role: { Other: broken.resource.aws_iam_role.Reader } } };
  expect(prints(later)).toEqual(prints(broken));
  expect(new Set([...prints(broken), ...prints(other)]).size).toBe(4);
});

/** Roles, pools' members and workloads, of which each hundredth is too wide. */
function fleet(size: number) {
  const [roles, members, credentials, accounts]: Record<string, unknown>[] = [{}, {}, {}, {}];
  for (let index = 0; index < size; index++) {
    const sub = `system:serviceaccount:team-${index}:${index % 100 === 7 ? '*' : 'worker'}`;
    roles![`R${index}`] = { name: `r${index}`, assume_role_policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement(EKS, { Condition: { [index % 100 === 7 ? 'StringLike' : 'StringEquals']: { [`${EKS.slice(8)}:sub`]: sub }, StringEqualsIgnoreCase: { [`${EKS.slice(8)}:aud`]: 'sts.amazonaws.com' } } })] }) };
    members![`M${index}`] = { bucket: `b${index}`, role: 'roles/storage.objectViewer', member: `principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps/subject/system:serviceaccount:team-${index}:worker` };
    credentials![`C${index}`] = { name: `c${index}`, parent_id: `/identities/i${index}`, issuer: EKS, subject: `system:serviceaccount:team-${index}:worker`, audience: ['api://AzureADTokenExchange'] };
    accounts![`A${index}`] = { metadata: [{ namespace: `team-${index}`, name: 'worker', annotations: { 'eks.amazonaws.com/role-arn': `\${aws_iam_role.R${index}.arn}`, 'eks.amazonaws.com/token-expiration': '3600' } }] };
  }
  const base = gcp({ attribute_condition: 'assertion.sub.startsWith(\'system:serviceaccount:team-\')' });
  return {
    ...base, resource: {
      ...base.resource, ...terraform(provider()).resource, aws_iam_role: roles, google_storage_bucket_iam_member: members,
      azurerm_federated_identity_credential: credentials,
      kubernetes_service_account_v1: accounts,
    },
  };
}

test('30,000 identities are checked, by work that grows as their number does', () => {
  expect(check(modelOf(fleet(10_000))).counts).toMatchObject({ error: 0, warning: 100 });
  expect(growth(check, [modelOf(fleet(500)), modelOf(fleet(1000))])).toBeLessThan(2.2);
});

import { ContainerCluster } from '@cdktf/provider-google/lib/container-cluster';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TerraformStack, TerraformVariable } from 'cdktf';
import {
  Cluster, ClusterWorkloadIdentityPool, GcpFederatedPrincipal, GcpFederatedPrincipalProps, GcpFederatedServiceAccount, ServiceAccountSubject,
  Workload,
} from 'cdktf-workload-federation';
import { EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { refusal } from '../refusal';
import { scratchStack, StackJson, synthStack } from '../synth';

const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps', projectNumber: '123456789012' });
const reader = eks.serviceAccount('reports', 'reader');
const native = gke.serviceAccount('reports', 'reader');
const OPTIONS = { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' } as const;

const principalWith = (props: Partial<GcpFederatedPrincipalProps>) => new GcpFederatedPrincipal(scratchStack(), 'Principal', { trusts: [reader], ...props });
const rulesOf = (principal: GcpFederatedPrincipal) => principal.node.metadata.map(({ type, data }) => [type, data.split(':')[0]]);
const bodies = (stack: StackJson, type: string): any[] => Object.values(stack.resource[type] ?? {});

const OWN = 'iam.googleapis.com/${google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-apps.name}';

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test('service accounts of a pool of ours and of Google\'s own are principals of each', () => {
    const stack = synthStack(scope => new GcpFederatedPrincipal(scope, 'Principal', {
      trusts: [
        clusters.gke(scope).serviceAccount('reports', 'reader'),
        clusters.gkePlain(scope).serviceAccount('reports', 'reader'),
        clusters.eks(scope).serviceAccount('reports', 'reader'),
      ],
      project: 'acme-data',
      projectRoles: ['roles/bigquery.jobUser'],
    }));
    const [number] = Object.keys(stack.data.google_project!);
    const grant = (member: string) => ({ project: 'acme-data', role: 'roles/bigquery.jobUser', member });
    expect(bodies(stack, 'google_project_iam_member')).toEqual([
      grant(`principal://${OWN}/subject/system:serviceaccount:reports:reader`),
      grant('principal://iam.googleapis.com/${google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-gke-apps.name}/subject/system:serviceaccount:reports:reader'),
      grant(`principal://iam.googleapis.com/projects/\${data.google_project.${number}.number}/locations/global/workloadIdentityPools/${clusters.workloadPool}`
        + '/subject/ns/reports/sa/reader'),
    ]);
    expect(Object.values(stack.data.google_project!)).toEqual([{ project_id: clusters.workloadPool.replace('.svc.id.goog', '') }]);
    expect(stack.resource.google_service_account).toBeUndefined();
    expect(Object.keys(stack.resource).filter(type => /_binding$|_policy$/.test(type))).toEqual([]);
  });

  test('whole namespaces and clusters are principal sets of each', () => {
    const stack = synthStack(scope => {
      const { members } = new GcpFederatedPrincipal(scope, 'Principal', {
        trusts: [
          clusters.eks(scope).unsafeEveryServiceAccountOfNamespace('reports'), clusters.eks(scope).unsafeEveryServiceAccountOfCluster(),
          clusters.gke(scope).unsafeEveryServiceAccountOfNamespace('reports'), clusters.gke(scope).unsafeEveryServiceAccountOfCluster(),
        ],
        project: 'acme-data',
        projectRoles: ['roles/bigquery.jobUser'],
      });
      expect(members).toHaveLength(4);
    });
    const [number] = Object.keys(stack.data.google_project!);
    const googles = `principalSet://iam.googleapis.com/projects/\${data.google_project.${number}.number}/locations/global/workloadIdentityPools/${clusters.workloadPool}`;
    expect(bodies(stack, 'google_project_iam_member').map(({ member }) => member).sort()).toEqual([
      `principalSet://${OWN}/*`, `principalSet://${OWN}/attribute.namespace/reports`, `${googles}/kubernetes.cluster/${clusters.gkeIssuer}`, `${googles}/namespace/reports`,
    ].sort());
  });

  test('the pool of ours admits whom the principal trusts, and nobody else', () => {
    const stack = synthStack(scope => new GcpFederatedPrincipal(scope, 'Principal', {
      trusts: [clusters.eks(scope).serviceAccount('reports', 'reader'), clusters.eks(scope).serviceAccount('billing', 'reader')],
    }));
    expect(bodies(stack, 'google_iam_workload_identity_pool_provider')).toEqual([expect.objectContaining({
      attribute_mapping: { 'google.subject': 'assertion.sub' },
      attribute_condition: "assertion.sub in ['system:serviceaccount:billing:reader', 'system:serviceaccount:reports:reader']",
      oidc: { issuer_uri: clusters.eksIssuer },
    })]);
  });
});

describe('the number of a GKE cluster\'s project', () => {
  const other = Cluster.gke({ project: 'acme-other', location: 'europe-west1', name: 'other' });

  test('is taken where it is known', () => {
    const stack = synthStack(scope => {
      expect(new GcpFederatedPrincipal(scope, 'Principal', { trusts: [native] }).members).toEqual([
        'principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/acme-apps.svc.id.goog/subject/ns/reports/sa/reader',
      ]);
    });
    expect(stack.data).toEqual({});
  });

  test('is looked up once for each project, whichever identity needs it', () => {
    const unknown = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
    const stack = synthStack(scope => {
      new GcpFederatedPrincipal(scope, 'A', { trusts: [unknown.serviceAccount('reports', 'a')] });
      new GcpFederatedPrincipal(scope, 'B', { trusts: [unknown.serviceAccount('reports', 'b'), unknown.serviceAccount('reports', 'c')] });
      new GcpFederatedPrincipal(scope, 'C', { trusts: [other.serviceAccount('reports', 'c')] });
      const alias = new GoogleProvider(scope, 'Alias', { alias: 'alias' });
      new GcpFederatedPrincipal(scope, 'D', { trusts: [other.serviceAccount('reports', 'd')], googleProvider: alias });
    });
    expect(stack.data.google_project).toEqual({
      'GoogleProject-acme-apps': { project_id: 'acme-apps' },
      'GoogleProject-acme-other': { project_id: 'acme-other' },
      'GoogleProject-alias_acme-other': { project_id: 'acme-other', provider: 'google.alias' },
    });
  });
});

describe('grants', () => {
  test('are given to each service account, on buckets and on the project', () => {
    const stack = synthStack(scope => {
      const principal = new GcpFederatedPrincipal(scope, 'Principal', { trusts: [reader, native] });
      const bucket = new StorageBucket(scope, 'Bucket', { name: 'acme-reports', location: 'EU' });
      expect(principal.grantBucketRead(bucket)).toEqual(principal.grantBucketRead(bucket));
      principal.grantBucketWrite('acme-uploads');
      principal.grantBucketCreate('acme-backups');
      principal.grantBucketRole('acme-uploads', 'roles/storage.legacyBucketReader');
      expect(principal.grantProjectRole('roles/bigquery.jobUser')).toHaveLength(2);
    });
    const members = [
      `principal://${OWN}/subject/system:serviceaccount:reports:reader`,
      'principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/acme-apps.svc.id.goog/subject/ns/reports/sa/reader',
    ];
    const sorted = (grants: any[]) => grants.map(grant => JSON.stringify(grant)).sort();
    const each = (bucket: string, role: string) => members.map(member => ({ bucket, member, role }));
    expect(sorted(bodies(stack, 'google_storage_bucket_iam_member'))).toEqual(sorted([
      ...each('${google_storage_bucket.Bucket.name}', 'roles/storage.objectViewer'),
      ...each('acme-uploads', 'roles/storage.objectUser'),
      ...each('acme-backups', 'roles/storage.objectCreator'),
      ...each('acme-uploads', 'roles/storage.legacyBucketReader'),
    ]));
    expect(sorted(bodies(stack, 'google_project_iam_member'))).toEqual(sorted(
      members.map(member => ({ member, project: '${data.google_project.GoogleProject.project_id}', role: 'roles/bigquery.jobUser' }))));
    expect(stack.data.google_project).toEqual({ GoogleProject: {} });
  });

  test('wait for the cluster of the stack with which Google\'s own pool comes, those of pools of ours do not', () => {
    const stack = synthStack(scope => {
      const cluster = Cluster.fromGkeCluster(new ContainerCluster(scope, 'Apps', { name: 'apps', project: 'acme-apps' }));
      const principal = new GcpFederatedPrincipal(scope, 'Principal', {
        trusts: [reader, cluster.serviceAccount('reports', 'reader')], project: 'acme-data', projectRoles: ['roles/bigquery.jobUser'],
      });
      principal.grantBucketRead('acme-reports');
    });
    for (const type of ['google_storage_bucket_iam_member', 'google_project_iam_member']) {
      expect(bodies(stack, type).map(({ member, depends_on }) => [member.split('/').at(-1), depends_on])).toEqual([
        ['system:serviceaccount:reports:reader', undefined], ['reader', ['google_container_cluster.Apps']],
      ]);
    }
  });

  test('have addresses made of the subject, so that nobody else\'s moves', () => {
    const keys = (...trusts: [string, string][]) => Object.keys(synthStack(scope => new GcpFederatedPrincipal(scope, 'Principal', {
      trusts: trusts.map(([namespace, name]) => eks.serviceAccount(namespace, name)), project: 'acme-data', projectRoles: ['roles/viewer'],
    })).resource.google_project_iam_member!);
    const all = keys(['reports', 'reader'], ['a', 'b'], ['reports', 'a']);
    expect(all).toEqual(['a_b', 'reports_a', 'reports_reader'].map(end => expect.stringMatching(new RegExp(`^Principal_Project_viewer_Federated_eks-apps_${end}_[0-9A-F]{8}$`))));
    expect(keys(['reports', 'a'], ['reports', 'reader'])).toEqual(all.slice(1));
  });

  test('are made with the provider that is given', () => {
    const stack = synthStack(scope => {
      const googleProvider = new GoogleProvider(scope, 'Data', { alias: 'data', project: 'acme-data' });
      new GcpFederatedPrincipal(scope, 'Principal', { trusts: [native], projectRoles: ['roles/bigquery.jobUser'], googleProvider }).grantBucketRead('acme-reports');
    });
    expect(bodies(stack, 'google_project_iam_member').map(({ provider, project }) => [provider, project])).toEqual([
      ['google.data', '${data.google_project.GoogleProject-data_.project_id}'],
    ]);
    expect(bodies(stack, 'google_storage_bucket_iam_member').map(({ provider }) => provider)).toEqual(['google.data']);
    expect(stack.data.google_project).toEqual({ 'GoogleProject-data_': { provider: 'google.data' } });
  });
});

describe('a pod', () => {
  const wired = (build: (stack: TerraformStack) => GcpFederatedPrincipal, subject = reader) => synthStack(scope => {
    const workload = new Workload(scope, 'Workload', { serviceAccount: subject, identities: [build(scope)] });
    new PodV1(scope, 'Pod', workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'gcloud' }] } }));
  });
  const envOf = (stack: StackJson) => Object.fromEntries(bodies(stack, 'kubernetes_pod_v1')[0].spec.container[0].env.map(({ name, value }: any) => [name, value]));

  test('off Google has a token, and a credential document without a service account to impersonate', () => {
    const stack = wired(scope => new GcpFederatedPrincipal(scope, 'Principal', { trusts: [reader], project: 'acme-data' }));
    const mount = '/var/run/secrets/workload-federation';
    const provider = '${google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-eks-apps_Provider_C7864907.name}';
    expect(bodies(stack, 'kubernetes_config_map_v1')[0].data).toEqual({
      'gcp-credential-configuration.json': '${jsonencode({"type" = "external_account", '
        + `"audience" = join("", ["//iam.googleapis.com/", ${provider.slice(2, -1)}]), `
        + '"subject_token_type" = "urn:ietf:params:oauth:token-type:jwt", "token_url" = "https://sts.googleapis.com/v1/token", '
        + `"credential_source" = {"file" = "${mount}/gcp/token", "format" = {"type" = "text"}}})}`,
    });
    expect(envOf(stack)).toEqual({
      GOOGLE_APPLICATION_CREDENTIALS: `${mount}/gcp/credential-configuration.json`,
      CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: `${mount}/gcp/credential-configuration.json`,
      GOOGLE_CLOUD_PROJECT: 'acme-data',
      CLOUDSDK_CORE_PROJECT: 'acme-data',
    });
    expect(bodies(stack, 'kubernetes_pod_v1')[0].spec.volume[0].projected[0].sources[0]).toEqual({
      service_account_token: { path: 'gcp/token', audience: `https://iam.googleapis.com/${provider}`, expiration_seconds: 3600 },
    });
    expect(bodies(stack, 'kubernetes_service_account_v1')).toEqual([{ metadata: { name: 'reader', namespace: 'reports' } }]);
  });

  test.each([
    ['that is given', () => ({ project: 'acme-data' }), 'acme-data'],
    ['of the provider, which is that of the pool that is created,', () => ({}), '${google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-apps.project}'],
    ['of the provider, where the pool is in another by its name,', (scope: TerraformStack) => ({
      pools: [ClusterWorkloadIdentityPool.fromProviderName(scope, 'Pool', {
        cluster: eks, providerName: 'projects/987654321098/locations/global/workloadIdentityPools/apps/providers/apps',
      })],
    }), '${data.google_project.GoogleProject.project_id}'],
    ['of the provider, where the pool is looked up,', (scope: TerraformStack) => ({
      pools: [ClusterWorkloadIdentityPool.fromLookup(scope, 'Pool', { cluster: eks, poolId: 'apps', providerId: 'apps' })],
    }), '${data.google_project.GoogleProject.project_id}'],
    ['of the provider, where the pool is created in another,', (scope: TerraformStack) => ({
      pools: [new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster: eks, project: 'acme-identity' })],
    }), '${data.google_project.GoogleProject.project_id}'],
  ])('works in the project %s', (_, props, project) => {
    const env = envOf(wired(scope => new GcpFederatedPrincipal(scope, 'Principal', { trusts: [reader], ...props(scope) })));
    expect([env.GOOGLE_CLOUD_PROJECT, env.CLOUDSDK_CORE_PROJECT]).toEqual([project, project]);
  });

  test.each(['platform', 'explicit'] as const)('on GKE carries nothing, with %s wiring', wiring => {
    const stack = synthStack(scope => {
      const principal = new GcpFederatedPrincipal(scope, 'Principal', { trusts: [native] });
      const workload = new Workload(scope, 'Workload', { serviceAccount: native, identities: [principal], wiring });
      new PodV1(scope, 'Pod', workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'gcloud' }] } }));
    });
    expect(bodies(stack, 'kubernetes_service_account_v1')).toEqual([{ metadata: { name: 'reader', namespace: 'reports' } }]);
    expect(stack.resource.kubernetes_config_map_v1).toBeUndefined();
    expect(bodies(stack, 'kubernetes_pod_v1')[0].spec).toEqual({
      container: [{ name: 'gcloud' }], service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
    });
  });

  test.each(['platform', 'explicit'] as const)('on GKE carries the project that is given and nothing else, with %s wiring', wiring => {
    const stack = synthStack(scope => {
      const principal = new GcpFederatedPrincipal(scope, 'Principal', { trusts: [native], project: 'acme-data' });
      const workload = new Workload(scope, 'Workload', { serviceAccount: native, identities: [principal], wiring });
      new PodV1(scope, 'Pod', workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'gcloud' }] } }));
    });
    expect(bodies(stack, 'kubernetes_service_account_v1')).toEqual([{ metadata: { name: 'reader', namespace: 'reports' } }]);
    expect(stack.resource.kubernetes_config_map_v1).toBeUndefined();
    expect(bodies(stack, 'kubernetes_pod_v1')[0].spec).toEqual({
      container: [{ name: 'gcloud', env: [{ name: 'GOOGLE_CLOUD_PROJECT', value: 'acme-data' }, { name: 'CLOUDSDK_CORE_PROJECT', value: 'acme-data' }] }],
      service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
    });
  });

  test('on GKE may have a project that only Terraform knows', () => {
    const stack = wired(scope => new GcpFederatedPrincipal(scope, 'Principal', {
      trusts: [native], project: new TerraformVariable(scope, 'project', { type: 'string' }).stringValue,
    }), native);
    expect(envOf(stack)).toEqual({ GOOGLE_CLOUD_PROJECT: '${var.project}', CLOUDSDK_CORE_PROJECT: '${var.project}' });
  });

  test('has its token where it is told to be', () => {
    const { tokens, files } = principalWith({ tokenPath: 'tokens/google' }).bind(reader, OPTIONS);
    expect(tokens.map(({ path }) => path)).toEqual(['tokens/google']);
    expect(files.map(({ path }) => path)).toEqual(['gcp/credential-configuration.json']);
  });
});

describe('what is risky and allowed is annotated', () => {
  test('that Google\'s own pool is one per project, once for a cluster in a stack', () => {
    const stack = scratchStack();
    const other = Cluster.gke({ project: 'acme-other', location: 'europe-west1', name: 'other', projectNumber: '210987654321' });
    const rules = (id: string, props: GcpFederatedPrincipalProps) => rulesOf(new GcpFederatedPrincipal(stack, id, props));
    expect(rules('First', { trusts: [native, gke.serviceAccount('reports', 'writer')] })).toEqual([['@cdktf/info', 'gke-shared-workload-pool']]);
    expect(rules('Second', { trusts: [gke.serviceAccount('billing', 'reader')] })).toEqual([]);
    expect(rules('Other', { trusts: [other.serviceAccount('reports', 'reader')] })).toEqual([['@cdktf/info', 'gke-shared-workload-pool']]);
    expect(rules('Own', { trusts: [reader] })).toEqual([]);
    const fresh = principalWith({ trusts: [native] });
    expect(rulesOf(fresh)).toEqual([['@cdktf/info', 'gke-shared-workload-pool']]);
  });

  test('but not of a whole cluster, as such a set names it', () => {
    expect(rulesOf(principalWith({ trusts: [gke.unsafeEveryServiceAccountOfCluster()] }))).toEqual([['@cdktf/warn', 'unsafe-cluster']]);
    expect(rulesOf(principalWith({ trusts: [gke.unsafeEveryServiceAccountOfNamespace('reports')] }))).toEqual([
      ['@cdktf/info', 'gke-shared-workload-pool'], ['@cdktf/warn', 'unsafe-namespace'],
    ]);
  });

  test('roles that reach far, and names that everybody has', () => {
    expect(rulesOf(principalWith({ projectRoles: ['roles/editor', 'roles/resourcemanager.projectIamAdmin', 'roles/bigquery.jobUser'] }))).toEqual([
      ['@cdktf/warn', 'google-basic-role'], ['@cdktf/warn', 'google-iam-admin-role'],
    ]);
    expect(rulesOf(principalWith({ trusts: [eks.serviceAccount('default', 'default')] }))).toEqual([
      ['@cdktf/warn', 'default-namespace'], ['@cdktf/warn', 'default-service-account'],
    ]);
  });
});

test('a token is accepted in every prop that is checked', () => {
  const stack = scratchStack();
  const text = new TerraformVariable(stack, 'text', { type: 'string' }).stringValue;
  const cluster = Cluster.gke({ project: text, location: text, name: text, projectNumber: text, id: 'tokens' });
  const principal = new GcpFederatedPrincipal(stack, 'Principal', {
    trusts: [eks.serviceAccount(text, text), cluster.serviceAccount(text, text)], project: text, projectRoles: [text], tokenPath: 'gcp/token',
  });
  expect(principal.members).toHaveLength(2);
});

describe('refuses', () => {
  const CREDENTIALS = 'grant the role on the one account that needs it, with ServiceAccountIamMember';
  test.each([
    [{ trusts: [] }, 'EmptyTrust', 'trusts must name at least one service account, got "[]"; '
      + 'pass cluster.serviceAccount(namespace, name); an identity that nobody can become is not created'],
    [{ project: 'Acme Apps' }, 'InvalidName', 'project must be a project id (6 to 30 lower-case letters, digits and "-", starting with a letter), got "Acme Apps"; '
      + 'pass the project\'s id, not its number or name'],
    [{ tokenPath: '/gcp/token' }, 'InvalidIdentifier', 'tokenPath must be a relative path of letters, digits and "._-", without "..", got "/gcp/token"; write it like "aws/token"'],
    [{ projectRoles: ['viewer'] }, 'InvalidIdentifier', 'role must be a role like roles/storage.objectViewer, got "viewer"; copy it from `gcloud iam roles list`'],
    ...['TokenCreator', 'OpenIdTokenCreator', 'KeyAdmin'].map(role => `roles/iam.serviceAccount${role}`).concat('roles/iam.workloadIdentityUser').map(role => [
      { projectRoles: [role] }, 'InvalidIdentifier', `projectRoles must not mint credentials of every service account of the project, got "${role}"; ${CREDENTIALS}`,
    ]),
  ] as [Partial<GcpFederatedPrincipalProps>, string, string][])('%p', (props, code, message) => {
    expect(refusal(() => principalWith(props))).toEqual({ code, message: `stack/Principal: ${message}` });
  });

  test('a role that mints credentials, given later', () => {
    expect(refusal(() => principalWith({}).grantProjectRole('roles/iam.serviceAccountTokenCreator'))).toEqual({
      code: 'InvalidIdentifier',
      message: `stack/Principal: projectRoles must not mint credentials of every service account of the project, got "roles/iam.serviceAccountTokenCreator"; ${CREDENTIALS}`,
    });
    expect(principalWith({}).grantProjectRole('roles/bigquery.jobUser')).toHaveLength(1);
  });

  test('a subject over 127 bytes, but for Google\'s own pool', () => {
    const long = ['n'.repeat(50), 'r'.repeat(55)] as const;
    expect(refusal(() => principalWith({ trusts: [eks.serviceAccount(...long)] }))).toEqual({
      code: 'LimitExceeded',
      message: 'stack/Principal: trusts must hold subjects of at most 127 bytes for Google (namespace and name together 104), '
        + `got "128 bytes for system:serviceaccount:${long.join(':')}"; shorten the namespace or the name of the service account`,
    });
    expect(principalWith({ trusts: [eks.serviceAccount(long[0], 'r'.repeat(54))] }).trusts).toHaveLength(1);
    expect(principalWith({ trusts: [gke.serviceAccount(...long)] }).trusts).toHaveLength(1);
  });

  test('a pool that it would not use, as Google\'s own is', () => {
    const stack = scratchStack();
    const pool = new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: gke });
    expect(refusal(() => new GcpFederatedPrincipal(stack, 'Principal', { trusts: [reader, native], pools: [pool] }))).toEqual({
      code: 'WrongCluster',
      message: 'stack/Principal: pools must hold one registration for each cluster that it is used for (eks-apps), got "stack/Pool of cluster gke-apps"; '
        + 'leave it out, or add a service account of the cluster to `trusts` (GKE uses Google\'s own pool unless it is defined with `workloadIdentity: false`)',
    });
  });

  test('a bucket that it cannot make an address of', () => {
    const stack = scratchStack();
    const bucket = new TerraformVariable(stack, 'bucket', { type: 'string' }).stringValue;
    expect(refusal(() => new GcpFederatedPrincipal(stack, 'Principal', { trusts: [reader] }).grantBucketRead(bucket))).toEqual({
      code: 'UnresolvedValue',
      message: 'stack/Principal: bucket must be a literal name or the bucket itself, got "a value that only Terraform knows"; '
        + 'pass the StorageBucket; the grant\'s address is made of its id',
    });
  });

  test('two identities of Google on one workload', () => {
    for (const subject of [reader, native]) {
      const stack = scratchStack();
      const identities = [
        new GcpFederatedPrincipal(stack, 'Principal', { trusts: [subject] }),
        new GcpFederatedServiceAccount(stack, 'Account', { trusts: [subject], accountId: 'reports-reader' }),
      ];
      expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount: subject, identities }))).toEqual({
        code: 'ClashingWiring',
        message: 'stack/Workload: identities must not ask for the same cloud twice (stack/Principal and stack/Account), got "gcp"; '
          + 'a workload has at most one identity of each cloud; use one identity, or two service accounts',
      });
      expect(new Workload(stack, 'Workload', { serviceAccount: subject, identities: identities.slice(0, 1) }).resource).toBeDefined();
    }
  });

  test('a container that brings a key, also where the platform wires it', () => {
    const stack = scratchStack();
    const workload = new Workload(stack, 'Workload', { serviceAccount: native, identities: [new GcpFederatedPrincipal(stack, 'Principal', { trusts: [native] })] });
    const env = [{ name: 'GOOGLE_APPLICATION_CREDENTIALS', value: '/keys/key.json' }];
    expect(refusal(() => workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'gcloud', env }] } }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: spec.container[0].env must not set GOOGLE_APPLICATION_CREDENTIALS, got "a value of its own"; '
        + 'remove it: it would win over the federated identity',
    });
  });

  test.each(['GOOGLE_CLOUD_PROJECT', 'CLOUDSDK_CORE_PROJECT'])('a container on GKE with another %s than is given, and takes one where none is', name => {
    const stack = scratchStack();
    const workload = (id: string, subject: ServiceAccountSubject, project?: string) => new Workload(stack, id, {
      serviceAccount: subject, identities: [new GcpFederatedPrincipal(stack, `Principal-${id}`, { trusts: [subject], project })],
    });
    const template = { metadata: {}, spec: { container: [{ name: 'gcloud', env: [{ name, value: 'acme-other' }] }] } };
    expect(refusal(() => workload('Workload', native, 'acme-data').podTemplate(template))).toEqual({
      code: 'ClashingWiring',
      message: `stack/Workload: spec.container[0].env must leave ${name} to the workload, got "a value of its own"; remove it, or say it where the identity is defined`,
    });
    expect(workload('Other', gke.serviceAccount('reports', 'writer')).podTemplate(template).spec.container).toEqual(template.spec.container);
  });

  test('to wire a service account that it does not trust, and one of the same cluster trusted in another way', () => {
    const message = (subject: string, trusted: string) => `stack/Principal: trusts must hold the service account that uses the identity, ${subject}, got "${trusted}"; `
      + 'add it to `trusts` where the identity is defined, or give the workload another identity';
    const own = 'system:serviceaccount:reports:reader of cluster eks-apps';
    expect(refusal(() => principalWith({}).bind(eks.serviceAccount('reports', 'writer'), OPTIONS))).toEqual({
      code: 'NotTrusted', message: message('system:serviceaccount:reports:writer of cluster eks-apps', own),
    });
    const plain = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps', workloadIdentity: false });
    const other = 'system:serviceaccount:reports:reader of cluster gke-apps';
    expect(refusal(() => principalWith({ trusts: [native] }).bind(plain.serviceAccount('reports', 'reader'), OPTIONS))).toEqual({
      code: 'NotTrusted', message: message(other, other),
    });
  });
});

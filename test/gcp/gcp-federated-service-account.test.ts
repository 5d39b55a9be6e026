import { ContainerCluster } from '@cdktf/provider-google/lib/container-cluster';
import { DataGoogleContainerCluster } from '@cdktf/provider-google/lib/data-google-container-cluster';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { App, TerraformStack, TerraformVariable } from 'cdktf';
import {
  Cluster, ClusterWorkloadIdentityPool, FederationError, GcpFederatedServiceAccount, GcpFederatedServiceAccountProps, TrustedSubject,
} from 'cdktf-workload-federation';
import { textOf } from '../../lib/tokens';
import { EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { refusal } from '../refusal';
import { inFolder, scratchStack, stackIn, synthApp, synthStack } from '../synth';

const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const reader = eks.serviceAccount('reports', 'reader');
const accountWith = (props: Partial<GcpFederatedServiceAccountProps>) =>
  new GcpFederatedServiceAccount(scratchStack(), 'Account', { trusts: [reader], accountId: 'reports-reader', ...props });

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test('an account is trusted by Google\'s own pool and by ours at once, member by member', () => {
    const stack = synthStack(scope => new GcpFederatedServiceAccount(scope, 'Account', {
      trusts: [
        clusters.gke(scope).serviceAccount('reports', 'reader'),
        clusters.gkePlain(scope).serviceAccount('reports', 'reader'),
        clusters.eks(scope).serviceAccount('reports', 'reader'),
      ],
      accountId: 'reports-reader',
    }));
    const member = (value: string) => ({
      service_account_id: '${google_service_account.Account.name}', role: 'roles/iam.workloadIdentityUser', member: value,
    });
    expect(Object.values(stack.resource.google_service_account_iam_member!)).toEqual([
      member('principal://iam.googleapis.com/${google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-apps.name}'
        + '/subject/system:serviceaccount:reports:reader'),
      member('principal://iam.googleapis.com/${google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-gke-apps.name}'
        + '/subject/system:serviceaccount:reports:reader'),
      member(`serviceAccount:${clusters.workloadPool}[reports/reader]`),
    ]);
    expect(Object.keys(stack.resource).filter(type => /_binding$|_policy$/.test(type))).toEqual([]);
  });

  test('an existing account is looked up and given members, and nothing of it is changed', () => {
    const stack = synthStack(scope => {
      const account = new GcpFederatedServiceAccount(scope, 'Account', {
        trusts: [clusters.eks(scope).serviceAccount('reports', 'reader')], email: 'reader@acme-apps.iam.gserviceaccount.com', projectRoles: ['roles/viewer'],
      });
      account.grantBucketRead('acme-reports');
    });
    expect(stack.resource.google_service_account).toBeUndefined();
    expect(stack.data.google_service_account).toEqual({ Account: { account_id: 'reader@acme-apps.iam.gserviceaccount.com' } });
    expect(Object.values(stack.resource.google_service_account_iam_member!)[0].service_account_id).toBe('${data.google_service_account.Account.name}');
    expect(Object.values(stack.resource.google_project_iam_member!)).toEqual([{
      project: '${element(split("/", data.google_service_account.Account.name), 1)}',
      role: 'roles/viewer',
      member: '${data.google_service_account.Account.member}',
    }]);
    expect(Object.values(stack.resource.google_storage_bucket_iam_member!)).toEqual([{
      bucket: 'acme-reports', role: 'roles/storage.objectViewer', member: '${data.google_service_account.Account.member}',
    }]);
  });
});

describe('the members of Google\'s own pool, which are the same for every cluster of a project', () => {
  const gke = (name: string, project = 'acme-apps') => Cluster.gke({ project, location: 'europe-west1', name });
  const membersOf = (trustsIn: (stack: TerraformStack) => TrustedSubject[]) => {
    const stack = synthStack(scope => new GcpFederatedServiceAccount(scope, 'Account', { trusts: trustsIn(scope), accountId: 'reports-reader' }));
    return stack.resource.google_service_account_iam_member;
  };
  const bodyOf = (member: string) => ({ service_account_id: '${google_service_account.Account.name}', role: 'roles/iam.workloadIdentityUser', member });
  const READER = { 'Account_Native_acme-apps_reports_reader_61CE0CEE': bodyOf('serviceAccount:acme-apps.svc.id.goog[reports/reader]') };

  test.each([
    ['both clusters', ['blue', 'green']], ['both clusters, the other way round', ['green', 'blue']], ['the blue one', ['blue']], ['the green one', ['green']],
  ])('are one member for %s of one project, at the same address', (_, names) => {
    expect(membersOf(() => names.map(name => gke(name).serviceAccount('reports', 'reader')))).toEqual(READER);
  });

  test('let a workload of either cluster in, by the one member', () => {
    const stack = scratchStack();
    const trusts = ['blue', 'green'].map(name => gke(name).serviceAccount('reports', 'reader'));
    const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts, accountId: 'reports-reader' });
    const [blue, green] = trusts.map(subject => account.bind(subject, { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' }).dependsOn);
    expect(blue).toEqual([account.node.findChild('Native_acme-apps_reports_reader')]);
    expect(green).toEqual(blue);
    expect(account.trusts).toHaveLength(2);
  });

  test('are two members for clusters of two projects', () => {
    expect(membersOf(() => [gke('blue'), gke('green', 'acme-other')].map(cluster => cluster.serviceAccount('reports', 'reader')))).toEqual({
      ...READER, 'Account_Native_acme-other_reports_reader_824757E6': bodyOf('serviceAccount:acme-other.svc.id.goog[reports/reader]'),
    });
  });

  test('are members of their own for projects that read alike in an address', () => {
    const projects = ['example.com:acme-apps', 'example-com:acme-apps', 'example:com-acme-apps'];
    const members = membersOf(() => projects.map((project, index) => gke(`cluster-${index}`, project).serviceAccount('reports', 'reader')));
    expect(Object.values<any>(members as object).map(({ member }) => member).sort()).toEqual(
      projects.map(project => `serviceAccount:${project}.svc.id.goog[reports/reader]`).sort());
  });

  test('are one member for each namespace and name of a project', () => {
    expect(membersOf(() => [['blue', 'reports', 'reader'], ['green', 'billing', 'reader'], ['green', 'reports', 'writer']]
      .map(([name, namespace, account]) => gke(name!).serviceAccount(namespace!, account!)))).toEqual({
      ...READER,
      'Account_Native_acme-apps_billing_reader_87834C64': bodyOf('serviceAccount:acme-apps.svc.id.goog[billing/reader]'),
      'Account_Native_acme-apps_reports_writer_DEBCAB51': bodyOf('serviceAccount:acme-apps.svc.id.goog[reports/writer]'),
    });
  });

  test.each(['blue', 'green'])('stay when the cluster %s goes, though a whole namespace is trusted, while those of the cluster go with it', gone => {
    const sets = (...names: string[]) => membersOf(() => names.flatMap(name => {
      const cluster = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name, projectNumber: '123456789012' });
      return [cluster.unsafeEveryServiceAccountOfNamespace('reports'), cluster.unsafeEveryServiceAccountOfCluster()];
    }));
    const pool = 'principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/acme-apps.svc.id.goog';
    const namespace = { 'Account_Native_acme-apps_reports__E69B5F98': bodyOf(`${pool}/namespace/reports`) };
    const ofCluster = (name: string) =>
      bodyOf(`${pool}/kubernetes.cluster/https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/${name}`);
    const everybody: Record<string, object> = {
      blue: { 'Account_Native_gke-blue___DC31BE05': ofCluster('blue') }, green: { 'Account_Native_gke-green___9943BB24': ofCluster('green') },
    };
    expect(sets('blue', 'green')).toEqual({ ...namespace, ...everybody.blue, ...everybody.green });
    expect(sets(gone === 'blue' ? 'green' : 'blue')).toEqual({ ...namespace, ...everybody[gone === 'blue' ? 'green' : 'blue'] });
  });

  test('are those of the literal project where the cluster\'s resource says it, and wait for a cluster of the stack, with which the pool comes', () => {
    const resource = (stack: TerraformStack, name: string) => Cluster.fromGkeCluster(new ContainerCluster(stack, name, { name, project: 'acme-apps' }));
    const elsewhere = (stack: TerraformStack, name: string) => resource(stackIn(stack.node.root as App, 'elsewhere'), name);
    const data = (stack: TerraformStack, name: string) => Cluster.fromGkeCluster(new DataGoogleContainerCluster(stack, name, { name, project: 'acme-apps' }));
    for (const [trustsIn, first] of [
      [stack => [resource(stack, 'blue')], 'blue'],
      [stack => [data(stack, 'blue')], undefined],
      [stack => [elsewhere(stack, 'blue')], undefined],
      [stack => [resource(stack, 'red'), data(stack, 'green'), resource(stack, 'blue'), gke('yellow')], 'blue'],
      [stack => [gke('blue'), resource(stack, 'green')], undefined],
    ] as [(stack: TerraformStack) => Cluster[], string | undefined][]) {
      const [[id, body]] = Object.entries(READER) as [[string, object]];
      expect(membersOf(stack => trustsIn(stack).map(cluster => cluster.serviceAccount('reports', 'reader')))).toEqual({
        [id]: { ...body, ...(first !== undefined && { depends_on: [`google_container_cluster.${first}`] }) },
      });
    }
  });

  test('are named after stack and provider where the cluster\'s resource leaves its project to them', () => {
    const resource = (stack: TerraformStack, name: string, provider?: GoogleProvider) =>
      Cluster.fromGkeCluster(new ContainerCluster(stack, name, { name, provider }));
    const projectOf = (name: string) => `\${element(split("/", google_container_cluster.${name}.id), 1)}`;
    expect(membersOf(stack => {
      const other = new GoogleProvider(stack, 'Other', { alias: 'other', project: 'acme-other' });
      return [resource(stack, 'blue'), resource(stack, 'green'), resource(stack, 'red', other)].map(cluster => cluster.serviceAccount('reports', 'reader'));
    })).toEqual({
      'Account_Native_of-stack-ffcf1b47_reports_reader_E543842C': bodyOf(`serviceAccount:${projectOf('blue')}.svc.id.goog[reports/reader]`),
      'Account_Native_of-stack-other-55c87a98_reports_reader_91EA446C': bodyOf(`serviceAccount:${projectOf('red')}.svc.id.goog[reports/reader]`),
    });
  });
});

test('everything that an account can be is passed on', () => {
  const stack = synthStack(scope => {
    const account = new GcpFederatedServiceAccount(scope, 'Account', {
      trusts: [reader],
      accountId: 'reports-reader',
      displayName: 'Reports',
      description: 'Reads reports',
      project: 'acme-data',
      projectRoles: ['roles/bigquery.jobUser', 'projects/acme-data/roles/reader', 'roles/bigquery.jobUser'],
    });
    account.grantBucketRead(new StorageBucket(scope, 'Bucket', { name: 'acme-reports', location: 'EU' }));
    account.grantBucketWrite('acme-uploads');
    account.grantBucketCreate('acme-backups');
  });
  expect(stack.resource.google_service_account).toEqual({
    Account: { account_id: 'reports-reader', display_name: 'Reports', description: 'Reads reports', project: 'acme-data' },
  });
  const member = '${google_service_account.Account.member}';
  expect(Object.values(stack.resource.google_project_iam_member!)).toEqual([
    { project: 'acme-data', role: 'roles/bigquery.jobUser', member },
    { project: 'acme-data', role: 'projects/acme-data/roles/reader', member },
  ]);
  expect(Object.values(stack.resource.google_storage_bucket_iam_member!)).toEqual([
    { bucket: '${google_storage_bucket.Bucket.name}', role: 'roles/storage.objectViewer', member },
    { bucket: 'acme-backups', role: 'roles/storage.objectCreator', member },
    { bucket: 'acme-uploads', role: 'roles/storage.objectUser', member },
  ]);
});

test('a grant that is said twice is given once, and its address does not hang on other tokens', () => {
  const stack = synthStack(scope => {
    const account = new GcpFederatedServiceAccount(scope, 'Account', {
      trusts: [reader], accountId: 'reports-reader', projectRoles: ['roles/viewer', 'projects/acme-apps/roles/a.b', 'projects/acme-apps/roles/a_b'],
    });
    const role = new TerraformVariable(scope, 'role', { type: 'string' });
    expect(account.grantProjectRole('roles/viewer')).toBe(account.grantProjectRole('roles/viewer'));
    expect(account.grantProjectRole(role.stringValue)).toBe(account.grantProjectRole(role.stringValue));
    expect(account.grantBucketRead('acme-reports')).toBe(account.grantBucketRead('acme-reports'));
    expect(account.grantBucketCreate('acme-reports')).toBe(account.grantBucketCreate('acme-reports'));
  });
  expect(Object.keys(stack.resource.google_project_iam_member!)).toEqual([
    expect.stringMatching(/^Account_Project_[0-9a-f]{8}_[0-9a-f]{8}_[0-9A-F]{8}$/),
    expect.stringMatching(/^Account_Project_projects_acme_apps_roles_a_b_[0-9a-f]{8}_[0-9A-F]{8}$/),
    expect.stringMatching(/^Account_Project_projects_acme_apps_roles_a_b_[0-9a-f]{8}_[0-9A-F]{8}$/),
    expect.stringMatching(/^Account_Project_viewer_[0-9A-F]{8}$/),
  ]);
});

test('the address of a grant on a bucket of another stack holds that stack', () => {
  const stacks = synthApp(app => {
    const bucket = new StorageBucket(stackIn(app, 'data'), 'Bucket', { name: 'acme-reports', location: 'EU' });
    const stack = stackIn(app, 'apps');
    const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' });
    account.grantBucketRead(new StorageBucket(stack, 'Bucket', { name: 'acme-uploads', location: 'EU' }));
    account.grantBucketRead(bucket);
    expect(account.grantBucketRead(bucket)).toBe(account.grantBucketRead(bucket));
  });
  const member = '${google_service_account.Account.member}';
  expect(stacks.apps!.resource.google_storage_bucket_iam_member).toEqual({
    Account_Bucket_Bucket_storage_objectViewer_DB25D485: { bucket: '${google_storage_bucket.Bucket.name}', role: 'roles/storage.objectViewer', member },
    Account_Bucket_data_Bucket_storage_objectViewer_187703FA: {
      bucket: '${data.terraform_remote_state.cross-stack-reference-input-data.outputs.cross-stack-output-google_storage_bucketBucketname}',
      role: 'roles/storage.objectViewer',
      member,
    },
  });
});

test('the lifetime of access tokens reaches the credential document', () => {
  const stack = scratchStack();
  const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader', tokenLifetimeSeconds: 600 });
  const { files } = account.bind(reader, { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' });
  expect(textOf(stack, files[0]!.content)).toContain(', "service_account_impersonation" = {"token_lifetime_seconds" = 600}})}');
});

test('the project that clients use is the account\'s', () => {
  const env = (props: Partial<GcpFederatedServiceAccountProps>) =>
    accountWith(props).bind(reader, { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' }).env;
  expect(env({ project: 'acme-data' })).toEqual([
    { name: 'GOOGLE_APPLICATION_CREDENTIALS', value: '/m/gcp/credential-configuration.json' },
    { name: 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', value: '/m/gcp/credential-configuration.json' },
    { name: 'GOOGLE_CLOUD_PROJECT', value: 'acme-data' },
    { name: 'CLOUDSDK_CORE_PROJECT', value: 'acme-data' },
  ]);
});

test('an existing account is adopted by an import block', () => {
  const stack = synthStack(scope => new GcpFederatedServiceAccount(scope, 'Account', { trusts: [reader], accountId: 'reports-reader' })
    .resource!.importFrom('projects/acme-apps/serviceAccounts/reports-reader@acme-apps.iam.gserviceaccount.com'));
  expect(stack.import).toEqual([{
    id: 'projects/acme-apps/serviceAccounts/reports-reader@acme-apps.iam.gserviceaccount.com', to: 'google_service_account.Account',
  }]);
});

test('what is risky and allowed is annotated', () => {
  const rules = (props: Partial<GcpFederatedServiceAccountProps>) => accountWith(props).node.metadata.map(({ type, data }) => [type, data.split(':')[0]]);
  const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
  expect(rules({})).toEqual([]);
  expect(rules({ trusts: [gke.serviceAccount('reports', 'reader')] })).toEqual([['@cdktf/info', 'gke-shared-workload-pool']]);
  expect(rules({ trusts: [eks.serviceAccount('default', 'default')] })).toEqual([
    ['@cdktf/warn', 'default-namespace'], ['@cdktf/warn', 'default-service-account'],
  ]);
  expect(rules({ projectRoles: ['roles/editor'] })).toEqual([['@cdktf/warn', 'google-basic-role']]);
  for (const role of [
    'roles/iam.serviceAccountAdmin', 'roles/iam.securityAdmin', 'roles/iam.workloadIdentityPoolAdmin', 'roles/resourcemanager.projectIamAdmin',
  ]) {
    expect(rules({ projectRoles: [role] })).toEqual([['@cdktf/warn', 'google-iam-admin-role']]);
  }
  expect(rules({ projectRoles: ['roles/storage.objectViewer'] })).toEqual([]);
  expect(rules({ trusts: [eks.unsafeEveryServiceAccountOfNamespace('reports')] })).toEqual([['@cdktf/warn', 'unsafe-namespace']]);
  expect(rules({ trusts: [eks.unsafeEveryServiceAccountOfCluster()] })).toEqual([['@cdktf/warn', 'unsafe-cluster']]);
});

test('a token is accepted in every prop that is checked', () => {
  const stack = scratchStack();
  const text = new TerraformVariable(stack, 'text', { type: 'string' }).stringValue;
  const tokenLifetimeSeconds = new TerraformVariable(stack, 'number', { type: 'number' }).numberValue;
  const props = { trusts: [eks.serviceAccount(text, text)], project: text, projectRoles: [text], tokenLifetimeSeconds };
  expect(new GcpFederatedServiceAccount(stack, 'Created', { ...props, accountId: text, displayName: text, description: text }).resource).toBeDefined();
  expect(new GcpFederatedServiceAccount(stack, 'Existing', { ...props, email: text }).resource).toBeUndefined();
});

describe('refuses', () => {
  test.each([
    [{ trusts: [] }, 'trusts must name at least one service account'],
    [{ accountId: undefined }, 'accountId must be given to create an account, or `email` to use an existing one, and not both, got "neither"; choose one of the two'],
    [{ email: 'reader@acme-apps.iam.gserviceaccount.com' }, 'accountId must be given to create an account, or `email` to use an existing one, and not both, got "both"'],
    [{ accountId: 'short' }, 'accountId must be 6 to 30 lower-case letters, digits and "-", starting with a letter, got "short"; choose an id that Google takes'],
    [{ accountId: 'a'.repeat(31) }, 'accountId must be 6 to 30'],
    [{ accountId: 'reports_reader' }, 'accountId must be 6 to 30'],
    [{ accountId: undefined, email: 'reader@acme.example' }, 'email must be a service account\'s email, got "reader@acme.example"'],
    [{ accountId: undefined, email: 'reader@acme-apps.iam.gserviceaccount.com', displayName: 'x' },
      'displayName must be left out for an existing account, got "x"; an account given by `email` is not changed'],
    [{ displayName: 'd'.repeat(101) }, 'displayName must be at most 100 characters'],
    [{ description: 'd'.repeat(257) }, 'description must be at most 256 characters'],
    [{ tokenLifetimeSeconds: 599 }, 'tokenLifetimeSeconds must be a whole number from 600 to 43200, got 599; leave it out for 3600, one hour'],
    [{ tokenLifetimeSeconds: 43201 }, 'tokenLifetimeSeconds must be a whole number from 600 to 43200, got 43201'],
    [{ project: 'Acme Apps' }, 'project must be a project id (6 to 30 lower-case letters, digits and "-", starting with a letter), got "Acme Apps"'],
    [{ description: '${var.text}' }, 'description must hold no "${" or "%{", which Terraform evaluates, got "${var.text}"; '
      + 'pass the attribute of the resource or variable itself'],
    [{ projectRoles: ['viewer'] }, 'role must be a role like roles/storage.objectViewer, got "viewer"'],
    [{ projectRoles: ['roles/iam.serviceAccountTokenCreator'] },
      'projectRoles must not mint credentials of every service account of the project, got "roles/iam.serviceAccountTokenCreator"; '
      + 'grant the role on the one account that needs it, with ServiceAccountIamMember'],
    [{ projectRoles: ['roles/iam.workloadIdentityUser'] }, 'projectRoles must not mint credentials of every service account of the project'],
  ] as [Partial<GcpFederatedServiceAccountProps>, string][])('%p', (props, message) => {
    expect(() => accountWith(props)).toThrow(`stack/Account: ${message}`);
  });

  test('a subject over 127 bytes, but for Google\'s own pool', () => {
    const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
    const long = ['n'.repeat(50), 'r'.repeat(55)] as const;
    expect(() => accountWith({ trusts: [eks.serviceAccount(...long)] })).toThrow(new FederationError({
      code: 'LimitExceeded', where: 'stack/Account', prop: 'trusts', rule: 'hold subjects of at most 127 bytes for Google (namespace and name together 104)',
      got: `128 bytes for system:serviceaccount:${long.join(':')}`, remedy: 'shorten the namespace or the name of the service account',
    }));
    expect(accountWith({ trusts: [eks.serviceAccount(long[0], 'r'.repeat(54))] }).trusts).toHaveLength(1);
    expect(accountWith({ trusts: [gke.serviceAccount(...long)] }).trusts).toHaveLength(1);
  });

  test('a pool that it would not use, as Google\'s own is', () => {
    const stack = scratchStack();
    const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
    const pool = new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: gke });
    expect(() => new GcpFederatedServiceAccount(stack, 'Account', {
      trusts: [reader, gke.serviceAccount('reports', 'reader')], accountId: 'reports-reader', pools: [pool],
    })).toThrow('stack/Account: pools must hold one registration for each cluster that it is used for (eks-apps), got "stack/Pool of cluster gke-apps"');
  });

  test('a pool of another app, though the cluster has the same id', () => {
    const other = new ClusterWorkloadIdentityPool(scratchStack(), 'Pool', { cluster: eks });
    expect(refusal(() => accountWith({ pools: [other] }))).toEqual({
      code: 'WrongCluster',
      message: 'stack/Account: pools must hold registrations of this app, got "stack/Pool of another"; '
        + 'bring it in by its ARN or name: an id says which cluster it is within one app',
    });
  });

  test('two buckets of which the addresses would be one', () => {
    inFolder(folder => {
      const app = new App({ outdir: folder });
      const stack = stackIn(app);
      const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' });
      account.grantBucketRead(new StorageBucket(stackIn(app, 'data'), 'Bucket', { name: 'acme-reports', location: 'EU' }));
      const same = new StorageBucket(stack, 'data_Bucket', { name: 'acme-uploads', location: 'EU' });
      expect(refusal(() => account.grantBucketRead(same))).toEqual({
        code: 'DuplicateRegistration',
        message: 'stack/Account: bucket must be told from the other buckets by name or construct id, got "data_Bucket"; '
          + 'pass the same bucket object each time, or rename the construct',
      });
      account.grantBucketRead('acme-archive');
      expect(refusal(() => account.grantBucketRead(new StorageBucket(stack, 'acme-archive', { name: 'acme-other', location: 'EU' }))).message)
        .toContain('got "acme-archive"; ');
      expect(() => account.grantBucketWrite(same)).not.toThrow();
    });
  });

  test('a bucket that it cannot make an address of', () => {
    const stack = scratchStack();
    const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' });
    expect(() => account.grantBucketCreate(new TerraformVariable(stack, 'bucket', { type: 'string' }).stringValue)).toThrow(
      'stack/Account: bucket must be a literal name or the bucket itself, got "a value that only Terraform knows"; '
      + 'pass the StorageBucket; the grant\'s address is made of its id');
    expect(() => account.grantBucketRead('gs://acme-reports')).toThrow('stack/Account: bucket must be a bucket\'s name');
    expect(() => account.grantBucketRole('acme-reports', 'objectViewer')).toThrow('stack/Account: role must be a role like roles/storage.objectViewer');
  });
});

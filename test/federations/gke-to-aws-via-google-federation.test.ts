import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TerraformStack } from 'cdktf';
import {
  AwsFederatedRole, Cluster, GcpFederatedServiceAccount, GkeToAwsFederation, GkeToAwsViaGoogleFederation, GkeToAwsViaGoogleFederationProps,
  GoogleIdTokenSource,
} from 'cdktf-workload-federation';
import { AKS_ISSUER, EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { AUDIENCE, googleStatement } from '../google-statement';
import { refusal } from '../refusal';
import { readableAddresses, scratchStack, synthStack } from '../synth';

const WHO = { namespace: 'reports', serviceAccountName: 'reader' };
const EMAIL = 'reader@acme-apps.iam.gserviceaccount.com';
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const reader = gke.serviceAccount('reports', 'reader');
const CONTAINERS = { container: [{ name: 'main', image: 'reader:1' }] };

/** Everything that the federation adds to a stack with a pod that runs as it. */
function synthFederation(create: (stack: TerraformStack) => GkeToAwsViaGoogleFederation): Record<string, any> {
  const { 'google_container_cluster.GkeCluster': _cluster, ...all } = readableAddresses(synthStack(stack => {
    const federation = create(stack);
    new PodV1(stack, 'Pod', federation.podTemplate({ metadata: { name: 'reader' }, spec: CONTAINERS }));
  }));
  return all;
}

const trust = (uniqueId: string, audience = AUDIENCE) => ({ statement: [googleStatement(uniqueId, audience)] });

/** What lets the service account become the account, and the account make ID tokens of itself. */
const members = (account: string, native: string, workloadPool: string, tokenCreator = 'F_Identity_TokenCreator') => ({
  [`google_service_account_iam_member.${native}`]: {
    service_account_id: `\${${account}.name}`, role: 'roles/iam.workloadIdentityUser', member: `serviceAccount:${workloadPool}[reports/reader]`,
  },
  [`google_service_account_iam_member.${tokenCreator}`]: {
    service_account_id: `\${${account}.name}`, role: 'roles/iam.serviceAccountOpenIdTokenCreator', member: `\${${account}.member}`,
  },
});

/** What the SDKs are told: the region of the provider, where none is given. */
const REGION = [
  { name: 'AWS_REGION', value: '${data.aws_region.AwsRegion.region}' },
  { name: 'AWS_DEFAULT_REGION', value: '${data.aws_region.AwsRegion.region}' },
  { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
];

/** The annotated ServiceAccount, and a pod that names it and knows its region: the webhook brings the rest. */
const kubernetes = (role: string, account: string, native: string) => ({
  'kubernetes_service_account_v1.F_Workload': {
    metadata: {
      name: 'reader',
      namespace: 'reports',
      annotations: { 'amazonaws.com/role-arn': `\${${role}.arn}`, 'iam.gke.io/gcp-service-account': `\${${account}.email}` },
    },
    depends_on: [`google_service_account_iam_member.${native}`, 'google_service_account_iam_member.F_Identity_TokenCreator'],
  },
  'kubernetes_pod_v1.Pod': {
    metadata: { name: 'reader', namespace: '${kubernetes_service_account_v1.F_Workload.metadata[0].namespace}' },
    spec: {
      service_account_name: '${kubernetes_service_account_v1.F_Workload.metadata[0].name}',
      container: [{ name: 'main', image: 'reader:1', env: REGION }],
    },
  },
  'data.aws_region.AwsRegion': {},
});

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  const native = `F_GoogleServiceAccount_Native_${clusters.gkeProjectLabel}_reports_reader`;

  test('an account is created that the service account becomes, and a role that takes its ID tokens', () => {
    const account = 'google_service_account.F_GoogleServiceAccount';
    expect(synthFederation(stack => {
      const federation = new GkeToAwsViaGoogleFederation(stack, 'F', {
        cluster: clusters.gke(stack), ...WHO, accountId: 'reports-reader', displayName: 'Reader', description: 'Reads reports', roleName: 'reports-reader',
        policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'], tags: { team: 'reports' }, labels: { team: 'reports' },
      });
      expect(federation.identity.role).toBe(federation.role);
      expect(federation.identity.googleServiceAccount).toBe(federation.googleServiceAccount);
      expect(federation.workload.identities).toEqual([federation.identity]);
      return federation;
    })).toEqual({
      [account]: { account_id: 'reports-reader', display_name: 'Reader', description: 'Reads reports' },
      ...members(account, native, clusters.workloadPool),
      'aws_iam_role.F_Identity_Role': {
        name: 'reports-reader', tags: { team: 'reports' }, assume_role_policy: '${data.aws_iam_policy_document.F_Identity_Role_Trust.json}',
      },
      'aws_iam_role_policy_attachment.F_Identity_Role_Policy-aws-ReadOnlyAccess': {
        role: '${aws_iam_role.F_Identity_Role.name}', policy_arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess',
      },
      'data.aws_iam_policy_document.F_Identity_Role_Trust': trust(`\${${account}.unique_id}`),
      ...kubernetes('aws_iam_role.F_Identity_Role', account, native),
      'kubernetes_service_account_v1.F_Workload': {
        ...kubernetes('aws_iam_role.F_Identity_Role', account, native)['kubernetes_service_account_v1.F_Workload'],
        metadata: { ...kubernetes('aws_iam_role.F_Identity_Role', account, native)['kubernetes_service_account_v1.F_Workload'].metadata, labels: { team: 'reports' } },
      },
    });
  });

  test('an account that exists is looked up by its email, and not changed', () => {
    const account = 'data.google_service_account.F_GoogleServiceAccount';
    expect(synthFederation(stack => new GkeToAwsViaGoogleFederation(stack, 'F', { cluster: clusters.gke(stack), ...WHO, email: EMAIL }))).toEqual({
      [account]: { account_id: EMAIL },
      ...members(account, native, clusters.workloadPool),
      'aws_iam_role.F_Identity_Role': { assume_role_policy: '${data.aws_iam_policy_document.F_Identity_Role_Trust.json}' },
      'data.aws_iam_policy_document.F_Identity_Role_Trust': trust(`\${${account}.unique_id}`),
      ...kubernetes('aws_iam_role.F_Identity_Role', account, native),
    });
  });

  test('an account and a role that are defined elsewhere are used, and only the right to make tokens is added', () => {
    const account = 'google_service_account.Account';
    const nativeOfAccount = `Account_Native_${clusters.gkeProjectLabel}_reports_reader`;
    expect(synthFederation(stack => {
      const cluster = clusters.gke(stack);
      const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [cluster.serviceAccount('reports', 'reader')], accountId: 'reports-reader' });
      const role = new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts: [{ uniqueId: googleServiceAccount.uniqueId, audience: AUDIENCE }] });
      const federation = new GkeToAwsViaGoogleFederation(stack, 'F', { cluster, ...WHO, googleServiceAccount, role });
      expect(federation.role).toBe(role);
      expect(federation.googleServiceAccount).toBe(googleServiceAccount);
      return federation;
    })).toEqual({
      [account]: { account_id: 'reports-reader' },
      ...members(account, nativeOfAccount, clusters.workloadPool),
      'aws_iam_role.Role': { assume_role_policy: '${data.aws_iam_policy_document.Role_Trust.json}' },
      'data.aws_iam_policy_document.Role_Trust': trust(`\${${account}.unique_id}`),
      ...kubernetes('aws_iam_role.Role', account, nativeOfAccount),
    });
  });

  test('a role that is brought in by its ARN is used, and nothing of it is made', () => {
    const account = 'google_service_account.Account';
    const nativeOfAccount = `Account_Native_${clusters.gkeProjectLabel}_reports_reader`;
    const { 'data.aws_region.AwsRegion': region, 'kubernetes_service_account_v1.F_Workload': serviceAccount, ...rest } = kubernetes('aws_iam_role.Role', account, nativeOfAccount);
    expect(synthFederation(stack => {
      const cluster = clusters.gke(stack);
      const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [cluster.serviceAccount('reports', 'reader')], accountId: 'reports-reader' });
      const role = AwsFederatedRole.fromRoleArn(stack, 'Role', {
        roleArn: 'arn:aws:iam::111111111111:role/reports', trusts: [], googleServiceAccounts: [{ uniqueId: googleServiceAccount.uniqueId, audience: AUDIENCE }],
      });
      const federation = new GkeToAwsViaGoogleFederation(stack, 'F', { cluster, ...WHO, googleServiceAccount, role });
      expect([federation.role, federation.identity.role]).toEqual([role, role]);
      return federation;
    })).toEqual({
      [account]: { account_id: 'reports-reader' },
      ...members(account, nativeOfAccount, clusters.workloadPool),
      ...rest,
      'data.aws_region.AwsRegion': region,
      'kubernetes_service_account_v1.F_Workload': {
        ...serviceAccount,
        metadata: {
          ...serviceAccount.metadata,
          annotations: { 'amazonaws.com/role-arn': 'arn:aws:iam::111111111111:role/reports', 'iam.gke.io/gcp-service-account': `\${${account}.email}` },
        },
      },
    });
  });

  test('is refused of GKE without Google\'s own pool, which has no metadata server', () => {
    const stack = scratchStack();
    const cluster = clusters.gkePlain(stack);
    expect(refusal(() => new GkeToAwsViaGoogleFederation(stack, 'F', { cluster, ...WHO, accountId: 'reports-reader' }))).toEqual({
      code: 'WrongCluster',
      message: 'stack/F: cluster must have Google\'s own pool, whose metadata server brings the Google service account, '
        + `got "${cluster.id} with workloadIdentity: false"; use GkeToAwsFederation, which takes the cluster's own issuer`,
    });
    expect(stack.node.tryFindChild('F')).toBeUndefined();
    const own = scratchStack();
    expect(new GkeToAwsViaGoogleFederation(own, 'F', { cluster: clusters.gke(own), ...WHO, accountId: 'reports-reader' }).role).toBeDefined();
  });
});

test('a ServiceAccount that exists is given the two annotations, and no other', () => {
  const all = synthFederation(stack => new GkeToAwsViaGoogleFederation(stack, 'F', { cluster: gke, ...WHO, accountId: 'reports-reader', existingServiceAccount: true }));
  expect(all['kubernetes_annotations.F_Workload']).toEqual({
    api_version: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'reader', namespace: 'reports' },
    annotations: { 'amazonaws.com/role-arn': '${aws_iam_role.F_Identity_Role.arn}', 'iam.gke.io/gcp-service-account': '${google_service_account.F_GoogleServiceAccount.email}' },
    depends_on: ['google_service_account_iam_member.F_GoogleServiceAccount_Native_acme-apps_reports_reader', 'google_service_account_iam_member.F_Identity_TokenCreator'],
  });
  expect(all).not.toHaveProperty(['kubernetes_service_account_v1.F_Workload']);
});

test('each resource is made by the provider of its own cloud, with whatever alias', () => {
  const all = readableAddresses(synthStack(stack => {
    const provider = {
      googleProvider: new GoogleProvider(stack, 'OtherGoogle', { alias: 'accounts' }),
      awsProvider: new AwsProvider(stack, 'OtherAws', { alias: 'target' }),
      kubernetesProvider: new KubernetesProvider(stack, 'OtherKubernetes', { alias: 'apps' }),
    };
    new GkeToAwsViaGoogleFederation(stack, 'F', { cluster: gke, ...WHO, accountId: 'reports-reader', projectRoles: ['roles/bigquery.jobUser'], project: 'acme-identities', ...provider });
  }));
  expect(Object.fromEntries(Object.entries(all).map(([address, { provider, project }]) => [address, [provider, project]]))).toEqual({
    'google_service_account.F_GoogleServiceAccount': ['google.accounts', 'acme-identities'],
    'google_service_account_iam_member.F_GoogleServiceAccount_Native_acme-apps_reports_reader': ['google.accounts', undefined],
    'google_project_iam_member.F_GoogleServiceAccount_Project_bigquery_jobUser': ['google.accounts', 'acme-identities'],
    'google_service_account_iam_member.F_Identity_TokenCreator': ['google.accounts', undefined],
    'aws_iam_role.F_Identity_Role': ['aws.target', undefined],
    'data.aws_iam_policy_document.F_Identity_Role_Trust': ['aws.target', undefined],
    'data.aws_region.AwsRegion-target': ['aws.target', undefined],
    'kubernetes_service_account_v1.F_Workload': ['kubernetes.apps', undefined],
  });
  expect(all['google_project_iam_member.F_GoogleServiceAccount_Project_bigquery_jobUser'].role).toBe('roles/bigquery.jobUser');
});

test('grants of the role and of the account stay apart', () => {
  const all = synthFederation(stack => {
    const federation = new GkeToAwsViaGoogleFederation(stack, 'F', { cluster: gke, ...WHO, accountId: 'reports-reader' });
    federation.role.grantBucketRead('arn:aws:s3:::acme-reports');
    return federation;
  });
  expect(all['data.aws_iam_policy_document.F_Identity_Role_Permissions']).toEqual({
    statement: [
      { effect: 'Allow', actions: ['s3:ListBucket'], resources: ['arn:aws:s3:::acme-reports'] },
      { effect: 'Allow', actions: ['s3:GetObject'], resources: ['arn:aws:s3:::acme-reports/*'] },
    ],
  });
  expect(all['data.aws_iam_policy_document.F_Identity_Role_Trust']).toEqual(trust('${google_service_account.F_GoogleServiceAccount.unique_id}'));
});

test('the pod is left as it is but for the name of its service account and its region', () => {
  const stack = scratchStack();
  const federation = new GkeToAwsViaGoogleFederation(stack, 'F', { cluster: gke, ...WHO, accountId: 'reports-reader', region: 'eu-west-1' });
  const template = {
    metadata: { name: 'reader', labels: { app: 'reader' }, annotations: { note: 'mine' } },
    spec: {
      restartPolicy: 'Never',
      initContainer: [{ name: 'init', image: 'init:1', env: [{ name: 'MODE', value: 'fast' }] }],
      container: [{ name: 'main', image: 'reader:1', env: [{ name: 'AWS_REGION', value: 'eu-west-1' }], volumeMount: [{ name: 'data', mountPath: '/data' }] }],
      volume: [{ name: 'data', emptyDir: {} }],
    },
  };
  const before = JSON.stringify(template);
  expect(federation.podTemplate(template)).toEqual({
    metadata: { ...template.metadata, namespace: federation.workload.namespace },
    spec: {
      ...template.spec,
      initContainer: [{
        name: 'init', image: 'init:1',
        env: [
          { name: 'MODE', value: 'fast' }, { name: 'AWS_REGION', value: 'eu-west-1' }, { name: 'AWS_DEFAULT_REGION', value: 'eu-west-1' },
          { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
        ],
      }],
      container: [{
        ...template.spec.container[0],
        env: [{ name: 'AWS_REGION', value: 'eu-west-1' }, { name: 'AWS_DEFAULT_REGION', value: 'eu-west-1' }, { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' }],
      }],
      serviceAccountName: federation.workload.serviceAccountName,
    },
  });
  expect(JSON.stringify(template)).toBe(before);
});

test('a reviewer is told that the cluster\'s own issuer needs less, and nothing of the sort where it is used', () => {
  const stack = scratchStack();
  const rules = (federation: { node: { findAll(): { node: { metadata: { type: string; data: string }[] } }[] } }) =>
    federation.node.findAll().flatMap(({ node }) => node.metadata).map(({ type, data }) => [type, String(data).split(':')[0]]);
  expect(rules(new GkeToAwsViaGoogleFederation(stack, 'F', { cluster: gke, ...WHO, accountId: 'reports-reader' }))).toEqual(
    expect.arrayContaining([['@cdktf/info', 'google-as-identity-provider']]));
  expect(rules(new GkeToAwsFederation(stack, 'Direct', { cluster: gke, namespace: 'reports', serviceAccountName: 'writer' })).map(([, rule]) => rule))
    .not.toContain('google-as-identity-provider');
});

test('workloads move from Google\'s issuer to the cluster\'s one by one, on one role', () => {
  const step = (moved: readonly string[]) => {
    const all = readableAddresses(synthStack(stack => {
      const names = ['reader', 'writer'];
      const subjects = names.map(name => gke.serviceAccount('reports', name));
      const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: subjects, accountId: 'reports' });
      const role = new AwsFederatedRole(stack, 'Role', {
        region: 'eu-west-1',
        trusts: subjects.filter(({ name }) => moved.includes(name)),
        googleServiceAccounts: moved.length === names.length ? [] : [{ uniqueId: googleServiceAccount.uniqueId, audience: AUDIENCE }],
      });
      for (const serviceAccountName of names) {
        const who = { cluster: gke, namespace: 'reports', serviceAccountName, role };
        moved.includes(serviceAccountName) ? new GkeToAwsFederation(stack, serviceAccountName, who)
          : new GkeToAwsViaGoogleFederation(stack, serviceAccountName, { ...who, googleServiceAccount });
      }
    }));
    return {
      principals: all['data.aws_iam_policy_document.Role_Trust'].statement.map(({ principals, condition }: any) => [principals[0].identifiers[0], condition.at(-1).values]),
      annotations: ['reader', 'writer'].map(name => Object.keys(all[`kubernetes_service_account_v1.${name}_Workload`].metadata.annotations ?? {})),
      tokenCreators: Object.keys(all).filter(address => address.endsWith('TokenCreator')),
    };
  };
  const google = ['accounts.google.com', ['${google_service_account.Account.unique_id}']];
  const own = (...names: string[]) => ['${aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps.arn}', names.map(name => `system:serviceaccount:reports:${name}`)];
  const annotated = ['amazonaws.com/role-arn', 'iam.gke.io/gcp-service-account'];
  expect(step([])).toEqual({
    principals: [google], annotations: [annotated, annotated],
    tokenCreators: ['google_service_account_iam_member.reader_Identity_TokenCreator', 'google_service_account_iam_member.writer_Identity_TokenCreator'],
  });
  expect(step(['writer'])).toEqual({
    principals: [own('writer'), google], annotations: [annotated, []], tokenCreators: ['google_service_account_iam_member.reader_Identity_TokenCreator'],
  });
  expect(step(['reader', 'writer'])).toEqual({ principals: [own('reader', 'writer')], annotations: [[], []], tokenCreators: [] });
});

describe('refuses', () => {
  const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
  const aks = Cluster.aks({ name: 'apps', issuer: AKS_ISSUER });
  const k3s = Cluster.oidc({ name: 'k3s', issuer: 'https://issuer.example.com/k3s' });
  const federation = (props: Partial<GkeToAwsViaGoogleFederationProps>, stack = scratchStack()) =>
    new GkeToAwsViaGoogleFederation(stack, 'F', { cluster: gke, ...WHO, ...props });
  const existing = (stack: TerraformStack, audience = AUDIENCE) => {
    const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' });
    const role = new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts: [{ uniqueId: googleServiceAccount.uniqueId, audience }] });
    return { googleServiceAccount, role };
  };

  test.each([eks, aks, k3s])('a cluster of another kind, $kind, and leaves nothing in the tree', cluster => {
    const stack = scratchStack();
    expect(refusal(() => federation({ cluster, accountId: 'reports-reader' }, stack))).toEqual({
      code: 'WrongCluster',
      message: `stack/F: cluster must be a cluster of kind "gke", got "${cluster.id} of kind \\"${cluster.kind}\\""; use AwsFederatedRole and Workload, which take every cluster's own issuer`,
    });
    expect(stack.node.tryFindChild('F')).toBeUndefined();
    expect(federation({ accountId: 'reports-reader' }, stack).workload.serviceAccount).toEqual(reader);
  });

  test('neither or both of an account to create and one to look up', () => {
    const message = (got: string) => `stack/F/GoogleServiceAccount: accountId must be given to create an account, or \`email\` to use an existing one, and not both, got "${got}"; choose one of the two`;
    expect(refusal(() => federation({}))).toEqual({ code: 'InvalidIdentifier', message: message('neither') });
    expect(refusal(() => federation({ accountId: 'reports-reader', email: EMAIL }))).toEqual({ code: 'InvalidIdentifier', message: message('both') });
    expect(federation({ email: EMAIL }).role).toBeDefined();
  });

  test.each<[keyof GkeToAwsViaGoogleFederationProps, unknown]>([
    ['accountId', 'reports-reader'], ['email', EMAIL], ['displayName', 'Reader'], ['description', 'Reads reports'], ['project', 'acme-apps'], ['projectRoles', ['roles/bigquery.jobUser']],
  ])('%s beside an existing account, where it would be ignored', (prop, value) => {
    const stack = scratchStack();
    const { googleServiceAccount } = existing(stack);
    expect(refusal(() => federation({ googleServiceAccount, [prop]: value }, stack))).toEqual({
      code: 'ClashingWiring',
      message: `stack/F: ${prop} must be left out where \`googleServiceAccount\` is given, got ${JSON.stringify(value)}; say it where the googleServiceAccount is defined`,
    });
    expect(stack.node.tryFindChild('F')).toBeUndefined();
    expect(federation({ googleServiceAccount }, stack).googleServiceAccount).toBe(googleServiceAccount);
  });

  test('a Google provider beside an existing account, which has its own', () => {
    const stack = scratchStack();
    const { googleServiceAccount } = existing(stack);
    const googleProvider = new GoogleProvider(stack, 'OtherGoogle', { alias: 'other' });
    expect(refusal(() => federation({ googleServiceAccount, googleProvider }, stack))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/F: googleProvider must be left out where `googleServiceAccount` is given, got "stack/OtherGoogle"; say it where the googleServiceAccount is defined',
    });
    expect(federation({ googleServiceAccount }, stack).googleServiceAccount).toBe(googleServiceAccount);
  });

  test.each<[string, Partial<GkeToAwsViaGoogleFederationProps>]>([
    ['roleName', { roleName: 'reader' }], ['policyArns', { policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] }], ['maxSessionDuration', { maxSessionDuration: 3600 }], ['tags', { tags: { team: 'reports' } }],
    ['region', { region: 'eu-west-1' }],
  ])('%s beside an existing role, where it would be ignored', (prop, props) => {
    const stack = scratchStack();
    const { googleServiceAccount, role } = existing(stack);
    expect(refusal(() => federation({ googleServiceAccount, role, ...props }, stack))).toEqual({
      code: 'ClashingWiring',
      message: `stack/F: ${prop} must be left out where \`role\` is given, got ${JSON.stringify(Object.values(props)[0])}; say it where the role is defined`,
    });
    expect(stack.node.tryFindChild('F')).toBeUndefined();
    expect(new GkeToAwsViaGoogleFederation(stack, 'Good', { cluster: gke, ...WHO, googleServiceAccount, role }).role).toBe(role);
  });

  test('an existing role that does not accept the account, or only for another audience', () => {
    const stack = scratchStack();
    const { googleServiceAccount, role } = existing(stack, 'reports');
    const refused = (got: string) => ({
      code: 'NotTrusted',
      message: `stack/F: role must accept the Google service account that is given as \`googleServiceAccount\`, got "${got}"; `
        + 'define the account first, add its `uniqueId` and the audience "gtoken/sts/assume-role-with-web-identity" to `googleServiceAccounts` of the role, and pass both',
    });
    expect(refusal(() => federation({ googleServiceAccount, role }, stack))).toEqual(refused('stack/Role'));
    expect(stack.node.tryFindChild('F')).toBeUndefined();
    const other = scratchStack();
    expect(refusal(() => federation({ accountId: 'other-account', role: existing(other).role }, other))).toEqual(refused('none given'));
    const good = scratchStack();
    expect(federation(existing(good), good).role.node.path).toBe('stack/Role');
  });

  test('a role that is brought in by its ARN and accepts no account, or another audience', () => {
    const stack = scratchStack();
    const { googleServiceAccount } = existing(stack);
    const roleArn = 'arn:aws:iam::111111111111:role/reports';
    const roles = [
      AwsFederatedRole.fromRoleArn(stack, 'OfCluster', { roleArn, trusts: [reader] }),
      AwsFederatedRole.fromRoleArn(stack, 'OfAudience', { roleArn, trusts: [], googleServiceAccounts: [{ uniqueId: googleServiceAccount.uniqueId, audience: 'reports' }] }),
    ];
    for (const role of roles) {
      expect(refusal(() => federation({ googleServiceAccount, role }, stack))).toEqual({
        code: 'NotTrusted',
        message: `stack/F: role must accept the Google service account that is given as \`googleServiceAccount\`, got "${role.node.path}"; `
          + 'define the account first, add its `uniqueId` and the audience "gtoken/sts/assume-role-with-web-identity" to `googleServiceAccounts` of the role, and pass both',
      });
      expect(stack.node.tryFindChild('F')).toBeUndefined();
    }
    const idTokenSource = GoogleIdTokenSource.metadataServer({ image: 'curlimages/curl:8.10.1' });
    expect(federation({ googleServiceAccount, role: roles[1], audience: 'reports', idTokenSource }, stack).role).toBe(roles[1]);
  });

  test('an audience that gtoken does not ask for', () => {
    const stack = scratchStack();
    expect(refusal(() => federation({ accountId: 'reports-reader', audience: 'reports' }, stack))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/F: audience must be left out where gtoken brings the tokens: it asks for "gtoken/sts/assume-role-with-web-identity", got "reports"; '
        + 'give `idTokenSource: GoogleIdTokenSource.metadataServer(…)`, which asks for any',
    });
  });

  test('an existing account that another service account becomes', () => {
    const stack = scratchStack();
    const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [gke.serviceAccount('reports', 'writer')], accountId: 'reports-writer' });
    expect(refusal(() => federation({ googleServiceAccount }, stack))).toEqual({
      code: 'NotTrusted',
      message: 'stack/F/Identity: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster gke-apps, '
        + 'got "system:serviceaccount:reports:writer of cluster gke-apps"; add it to `trusts` where the identity is defined, or give the workload another identity',
    });
    const good = scratchStack();
    expect(federation({ googleServiceAccount: existing(good).googleServiceAccount }, good).workload.serviceAccount).toEqual(reader);
  });

  test.each([
    'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE',
    'GOOGLE_APPLICATION_CREDENTIALS',
  ])('%s in the template, which would win over what the webhook brings, and does not say its value', name => {
    const own = federation({ accountId: 'reports-reader', region: 'eu-west-1' });
    const withEnv = (env: { name: string; value: string }[], list: 'container' | 'initContainer') => () => own.podTemplate({
      spec: { container: [{ name: 'main', ...(list === 'container' && { env }) }], ...(list === 'initContainer' && { initContainer: [{ name: 'init', env }] }) },
    });
    for (const list of ['container', 'initContainer'] as const) {
      expect(refusal(withEnv([{ name, value: 'AKIAEXAMPLE' }], list))).toEqual({
        code: 'ClashingWiring',
        message: `stack/F/Workload: spec.${list}[0].env must not set ${name}, got "a value of its own"; remove it: it would win over the federated identity`,
      });
      expect(withEnv([{ name: 'AWS_REGION', value: 'eu-west-1' }], list)().spec.container).toHaveLength(1);
    }
  });
});

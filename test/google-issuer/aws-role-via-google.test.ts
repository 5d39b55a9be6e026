import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { TerraformVariable } from 'cdktf';
import {
  AwsFederatedRole, AwsRoleViaGoogle, AwsRoleViaGoogleProps, Cluster, GcpFederatedPrincipal, GcpFederatedServiceAccount, GoogleIdTokenSource,
  Workload,
} from 'cdktf-workload-federation';
import { AKS_ISSUER, EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { AUDIENCE, googleStatement } from '../google-statement';
import { refusal } from '../refusal';
import { readableAddresses, scratchStack, stackIn, synthApp, synthStack } from '../synth';

const UNIQUE_ID = '104217493062858710001';
const ROLE_ARN = 'arn:aws:iam::111111111111:role/reports';
/** Asks for any audience. */
const METADATA_SERVER = GoogleIdTokenSource.metadataServer({ image: 'curlimages/curl:8.10.1' });
const OPTIONS = { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' } as const;
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const reader = gke.serviceAccount('reports', 'reader');
const writer = gke.serviceAccount('reports', 'writer');

const trust = (uniqueId: string, audience = AUDIENCE) => ({ statement: [googleStatement(uniqueId, audience)] });

/** A stack with the account of the reader, and what a test makes of it. */
function scratch() {
  const stack = scratchStack();
  const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' });
  return { stack, googleServiceAccount };
}
const viaGoogle = (props: Partial<AwsRoleViaGoogleProps> = {}) => {
  const { stack, googleServiceAccount } = scratch();
  return new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, ...props });
};

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test.each([
    ['created', { accountId: 'reports-reader' }, 'google_service_account.Account', { account_id: 'reports-reader' }],
    ['existing', { email: 'reader@acme-apps.iam.gserviceaccount.com' }, 'data.google_service_account.Account', { account_id: 'reader@acme-apps.iam.gserviceaccount.com' }],
  ] as const)('an account that is %s may make tokens of itself, and a role takes them', (__, how, address, body) => {
    const { 'google_container_cluster.GkeCluster': _cluster, ...all } = readableAddresses(synthStack(stack => {
      const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [clusters.gke(stack).serviceAccount('reports', 'reader')], ...how });
      const identity = new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, roleName: 'reports-reader', maxSessionDuration: 7200 });
      expect(identity.trusts).toEqual(googleServiceAccount.trusts);
      expect(identity.googleServiceAccount).toBe(googleServiceAccount);
      expect(identity.cloud).toBe('aws');
    }));
    expect(all).toEqual({
      [address]: body,
      [`google_service_account_iam_member.Account_Native_${clusters.gkeProjectLabel}_reports_reader`]: {
        service_account_id: `\${${address}.name}`,
        role: 'roles/iam.workloadIdentityUser',
        member: `serviceAccount:${clusters.workloadPool}[reports/reader]`,
      },
      'google_service_account_iam_member.ViaGoogle_TokenCreator': {
        service_account_id: `\${${address}.name}`,
        role: 'roles/iam.serviceAccountOpenIdTokenCreator',
        member: `\${${address}.member}`,
      },
      'aws_iam_role.ViaGoogle_Role': {
        name: 'reports-reader', max_session_duration: 7200, assume_role_policy: '${data.aws_iam_policy_document.ViaGoogle_Role_Trust.json}',
      },
      'data.aws_iam_policy_document.ViaGoogle_Role_Trust': trust(`\${${address}.unique_id}`),
    });
  });

  test('a pod is let in by two annotations of its ServiceAccount, and told its region', () => {
    const stack = scratchStack();
    const subject = clusters.gke(stack).serviceAccount('reports', 'reader');
    const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [subject], accountId: 'reports-reader' });
    const identity = new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount });
    const { dependsOn, reservedEnv, ...binding } = identity.bind(subject, OPTIONS);
    expect(binding).toEqual({
      serviceAccountAnnotations: { 'amazonaws.com/role-arn': identity.role.roleArn, 'iam.gke.io/gcp-service-account': googleServiceAccount.email },
      podLabels: {},
      env: [
        { name: 'AWS_REGION', value: identity.role.workloadRegion() }, { name: 'AWS_DEFAULT_REGION', value: identity.role.workloadRegion() },
        { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
      ],
      tokens: [],
      files: [],
      helpers: [],
      keepsRunning: {
        what: 'the webhook adds a container that never ends',
        remedy: 'give the identity `idTokenSource: GoogleIdTokenSource.metadataServer(…)`, or `.webhook({ refresh: false })` where an hour is enough',
      },
    });
    expect(dependsOn.map(dependable => (dependable as unknown as { node: { path: string } }).node.path)).toEqual([
      `stack/Account/Native_${clusters.gkeProjectLabel}_reports_reader`, 'stack/ViaGoogle/TokenCreator',
    ]);
    expect(reservedEnv).toEqual(expect.arrayContaining(['GOOGLE_APPLICATION_CREDENTIALS', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE']));
  });
});

test('the right to make tokens is never one on the project', () => {
  const stack = synthStack(scope => new AwsRoleViaGoogle(scope, 'ViaGoogle', {
    googleServiceAccount: new GcpFederatedServiceAccount(scope, 'Account', { trusts: [reader], accountId: 'reports-reader' }),
  }));
  expect(Object.keys(stack.resource).sort()).toEqual(['aws_iam_role', 'google_service_account', 'google_service_account_iam_member']);
});

test('the unique id is the same string at each read, and the account\'s', () => {
  const { googleServiceAccount } = scratch();
  expect(googleServiceAccount.uniqueId).toBe(googleServiceAccount.uniqueId);
  expect(googleServiceAccount.uniqueId).not.toBe(googleServiceAccount.email);
});

test('every service account of the Google service account may become the role, and no other', () => {
  const { stack } = scratch();
  const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Both', { trusts: [writer, reader], accountId: 'reports-both' });
  const identity = new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount });
  expect(identity.trusts).toEqual([reader, writer]);
  for (const subject of [reader, writer]) {
    const paths = identity.bind(subject, OPTIONS).dependsOn.map(dependable => (dependable as unknown as { node: { path: string } }).node.path);
    expect(paths).toEqual([`stack/Both/Native_acme-apps_reports_${subject.name}`, 'stack/ViaGoogle/TokenCreator']);
  }
  expect(refusal(() => viaGoogle().bind(writer, OPTIONS))).toEqual({
    code: 'NotTrusted',
    message: 'stack/ViaGoogle: trusts must hold the service account that uses the identity, system:serviceaccount:reports:writer of cluster gke-apps, '
      + 'got "system:serviceaccount:reports:reader of cluster gke-apps"; add it to `trusts` where the identity is defined, or give the workload another identity',
  });
});

describe('the audience', () => {
  const trustOf = (audience: (stack: Parameters<Parameters<typeof synthStack>[0]>[0]) => string | undefined) => synthStack(stack => new AwsRoleViaGoogle(stack, 'ViaGoogle', {
    googleServiceAccount: new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' }), audience: audience(stack), idTokenSource: METADATA_SERVER,
  })).data.aws_iam_policy_document;
  const uniqueId = '${google_service_account.Account.unique_id}';

  test('is the one that gtoken asks for, or that of the prop', () => {
    expect(Object.values(trustOf(() => undefined)!)).toEqual([trust(uniqueId, 'gtoken/sts/assume-role-with-web-identity')]);
    expect(Object.values(trustOf(() => 'https://sts.example.com/reports')!)).toEqual([trust(uniqueId, 'https://sts.example.com/reports')]);
  });

  test('may be known to Terraform only', () => {
    expect(Object.values(trustOf(stack => new TerraformVariable(stack, 'audience', { type: 'string' }).stringValue)!)).toEqual([trust(uniqueId, '${var.audience}')]);
  });
});

describe('an existing role', () => {
  test('that accepts the account is used, and nothing of it is made', () => {
    const all = readableAddresses(synthStack(stack => {
      const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' });
      const role = new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts: [{ uniqueId: googleServiceAccount.uniqueId, audience: AUDIENCE }] });
      const identity = new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, role });
      expect(identity.role).toBe(role);
      expect(identity.bind(reader, OPTIONS).serviceAccountAnnotations['amazonaws.com/role-arn']).toBe(role.roleArn);
    }));
    expect(Object.keys(all).sort()).toEqual([
      'aws_iam_role.Role', 'data.aws_iam_policy_document.Role_Trust', 'data.aws_region.AwsRegion', 'google_service_account.Account',
      'google_service_account_iam_member.Account_Native_acme-apps_reports_reader', 'google_service_account_iam_member.ViaGoogle_TokenCreator',
    ]);
  });

  test('accepts the account by the id of its resource too, which is another token of the same text', () => {
    const { stack, googleServiceAccount } = scratch();
    const uniqueId = googleServiceAccount.resource!.uniqueId;
    expect(uniqueId).not.toBe(googleServiceAccount.uniqueId);
    const role = new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts: [{ uniqueId, audience: AUDIENCE }] });
    expect(new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, role }).role).toBe(role);
  });

  test('takes several accounts, each on its way', () => {
    const { stack, googleServiceAccount } = scratch();
    const other = new GcpFederatedServiceAccount(stack, 'Other', { trusts: [writer], email: 'writer@acme-apps.iam.gserviceaccount.com' });
    const role = new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts: [googleServiceAccount, other].map(({ uniqueId }) => ({ uniqueId, audience: AUDIENCE })) });
    expect(new AwsRoleViaGoogle(stack, 'One', { googleServiceAccount, role }).trusts).toEqual([reader]);
    expect(new AwsRoleViaGoogle(stack, 'Two', { googleServiceAccount: other, role }).trusts).toEqual([writer]);
  });

  const refused = (role: string) => ({
    code: 'NotTrusted',
    message: `stack/ViaGoogle: role must accept the Google service account with this audience, got "${role}"; `
      + 'add its `uniqueId` and the audience to `googleServiceAccounts` where the role is defined',
  });

  test('is refused that accepts no account, another one, the literal id of one, or another audience', () => {
    const { stack, googleServiceAccount } = scratch();
    const other = new GcpFederatedServiceAccount(stack, 'Other', { trusts: [reader], accountId: 'other-account' });
    const { uniqueId } = googleServiceAccount;
    const roles = [
      new AwsFederatedRole(stack, 'None', { trusts: [reader] }),
      new AwsFederatedRole(stack, 'OfOther', { trusts: [], googleServiceAccounts: [{ uniqueId: other.uniqueId, audience: AUDIENCE }] }),
      new AwsFederatedRole(stack, 'OfLiteral', { trusts: [], googleServiceAccounts: [{ uniqueId: UNIQUE_ID, audience: AUDIENCE }] }),
      new AwsFederatedRole(stack, 'OfAudience', { trusts: [], googleServiceAccounts: [{ uniqueId, audience: 'reports' }] }),
      new AwsFederatedRole(stack, 'OfMixture', { trusts: [], googleServiceAccounts: [{ uniqueId, audience: 'reports' }, { uniqueId: other.uniqueId, audience: AUDIENCE }] }),
      AwsFederatedRole.fromRoleArn(stack, 'OfArn', { trusts: [reader], roleArn: ROLE_ARN }),
      AwsFederatedRole.fromRoleArn(stack, 'OfArnOfOther', { trusts: [], roleArn: ROLE_ARN, googleServiceAccounts: [{ uniqueId: other.uniqueId, audience: AUDIENCE }] }),
      AwsFederatedRole.fromRoleArn(stack, 'OfArnOfAudience', { trusts: [], roleArn: ROLE_ARN, googleServiceAccounts: [{ uniqueId, audience: 'reports' }] }),
    ];
    for (const role of roles) {
      expect(refusal(() => new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, role }))).toEqual(refused(role.node.path));
      expect(stack.node.tryFindChild('ViaGoogle')).toBeUndefined();
    }
    for (const role of [roles[3]!, roles.at(-1)!]) {
      expect(new AwsRoleViaGoogle(stack, `Of${role.node.id}`, { googleServiceAccount, role, audience: 'reports', idTokenSource: METADATA_SERVER }).role).toBe(role);
    }
  });

  test('that is brought in by its ARN and accepts the account is used, and nothing of the role is made', () => {
    const all = readableAddresses(synthStack(stack => {
      const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader' });
      const role = AwsFederatedRole.fromRoleArn(stack, 'Role', {
        roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [], googleServiceAccounts: [{ uniqueId: googleServiceAccount.uniqueId, audience: AUDIENCE }],
      });
      expect([role.resource, role.trusts, role.oidcProviders]).toEqual([undefined, [], []]);
      const identity = new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, role });
      expect(identity.role).toBe(role);
      const { serviceAccountAnnotations, env } = identity.bind(reader, OPTIONS);
      expect(serviceAccountAnnotations['amazonaws.com/role-arn']).toBe(ROLE_ARN);
      expect(env).toEqual([
        { name: 'AWS_REGION', value: 'eu-west-1' }, { name: 'AWS_DEFAULT_REGION', value: 'eu-west-1' }, { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
      ]);
    }));
    expect(Object.keys(all).sort()).toEqual([
      'google_service_account.Account', 'google_service_account_iam_member.Account_Native_acme-apps_reports_reader', 'google_service_account_iam_member.ViaGoogle_TokenCreator',
    ]);
  });

  test('that is brought in by its ARN may trust clusters too, and only what it trusts by them binds to it', () => {
    const { stack, googleServiceAccount } = scratch();
    const role = AwsFederatedRole.fromRoleArn(stack, 'Role', {
      roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [writer], googleServiceAccounts: [{ uniqueId: googleServiceAccount.uniqueId, audience: AUDIENCE }],
    });
    expect(new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, role }).bind(reader, OPTIONS).tokens).toEqual([]);
    expect(role.bind(writer, OPTIONS).tokens).toEqual([{ path: 'aws/token', audience: 'sts.amazonaws.com' }]);
    expect(refusal(() => role.bind(reader, OPTIONS))).toEqual({
      code: 'NotTrusted',
      message: 'stack/Role: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster gke-apps, '
        + 'got "system:serviceaccount:reports:writer of cluster gke-apps"; add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  });

  test('that is brought in by its ARN is refused where it trusts nobody, or an id that is none', () => {
    const { stack } = scratch();
    expect(refusal(() => AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE_ARN, trusts: [], googleServiceAccounts: [] })).code).toBe('EmptyTrust');
    expect(refusal(() => AwsFederatedRole.fromRoleArn(stack, 'Role', {
      roleArn: ROLE_ARN, trusts: [], googleServiceAccounts: [{ uniqueId: 'reader@acme-apps.iam.gserviceaccount.com', audience: AUDIENCE }],
    }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Role: googleServiceAccounts must hold unique ids of Google service accounts, which are numbers, got "reader@acme-apps.iam.gserviceaccount.com"; '
        + 'pass the `uniqueId` of the ServiceAccount, and not its email',
    });
    expect(AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE_ARN, trusts: [], googleServiceAccounts: [{ uniqueId: UNIQUE_ID, audience: AUDIENCE }] }).roleArn).toBe(ROLE_ARN);
  });

  test('is refused that accepts an account of another stack, though it has the same address', () => {
    synthApp(app => {
      const [stack, elsewhere] = ['stack', 'elsewhere'].map(id => stackIn(app, id));
      const [account, other] = [stack!, elsewhere!].map(scope => new GcpFederatedServiceAccount(scope, 'Account', { trusts: [reader], accountId: 'reports-reader' }));
      const role = new AwsFederatedRole(stack!, 'Role', { trusts: [], googleServiceAccounts: [{ uniqueId: other!.uniqueId, audience: AUDIENCE }] });
      expect(refusal(() => new AwsRoleViaGoogle(stack!, 'ViaGoogle', { googleServiceAccount: account!, role }))).toEqual(refused('stack/Role'));
      expect(new AwsRoleViaGoogle(stack!, 'ViaGoogle', { googleServiceAccount: other!, role }).role).toBe(role);
    });
  });

  test.each<[string, Partial<AwsRoleViaGoogleProps>]>([
    ['roleName', { roleName: 'reader' }],
    ['roleNamePrefix', { roleNamePrefix: 'reader-' }],
    ['path', { path: '/workloads/' }],
    ['description', { description: 'Reads reports' }],
    ['permissionsBoundary', { permissionsBoundary: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }],
    ['maxSessionDuration', { maxSessionDuration: 3600 }],
    ['tags', { tags: {} }],
    ['policyArns', { policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] }],
    ['policyStatements', { policyStatements: [] }],
    ['trustPolicyQuota', { trustPolicyQuota: 4096 }],
    ['region', { region: 'eu-west-1' }],
  ])('is refused beside %s, which would be ignored', (prop, props) => {
    const { stack, googleServiceAccount } = scratch();
    const role = new AwsFederatedRole(stack, 'Role', { trusts: [], googleServiceAccounts: [{ uniqueId: googleServiceAccount.uniqueId, audience: AUDIENCE }] });
    expect(refusal(() => new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, role, ...props }))).toEqual({
      code: 'ClashingWiring', message: `stack/ViaGoogle: ${prop} must be left out where \`role\` is given, got "${prop}"; say it where the role is defined`,
    });
    expect(stack.node.tryFindChild('ViaGoogle')).toBeUndefined();
    expect(new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, role }).role).toBe(role);
    expect(new AwsRoleViaGoogle(stack, 'OwnRole', { googleServiceAccount, ...props }).role).not.toBe(role);
  });

  test('is refused beside a provider, which it has itself', () => {
    const { stack, googleServiceAccount } = scratch();
    const awsProvider = new AwsProvider(stack, 'OtherAws', { alias: 'other' });
    const role = new AwsFederatedRole(stack, 'Role', { trusts: [], awsProvider, googleServiceAccounts: [{ uniqueId: googleServiceAccount.uniqueId, audience: AUDIENCE }] });
    expect(refusal(() => new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, role, awsProvider }))).toEqual({
      code: 'ClashingWiring', message: 'stack/ViaGoogle: awsProvider must be left out where `role` is given, got "awsProvider"; say it where the role is defined',
    });
    expect(new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, role }).role).toBe(role);
  });
});

test('each resource is made by the provider of its own cloud, with whatever alias', () => {
  const all = readableAddresses(synthStack(stack => {
    const googleProvider = new GoogleProvider(stack, 'OtherGoogle', { alias: 'accounts' });
    const awsProvider = new AwsProvider(stack, 'OtherAws', { alias: 'target' });
    const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader], accountId: 'reports-reader', googleProvider });
    new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount, awsProvider, policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] });
    new AwsRoleViaGoogle(stack, 'Beside', { googleServiceAccount: new GcpFederatedServiceAccount(stack, 'Plain', { trusts: [reader], accountId: 'plain-reader' }) });
  }));
  expect(Object.fromEntries(Object.entries(all).map(([address, { provider }]) => [address, provider]))).toEqual({
    'google_service_account.Account': 'google.accounts',
    'google_service_account_iam_member.Account_Native_acme-apps_reports_reader': 'google.accounts',
    'google_service_account_iam_member.ViaGoogle_TokenCreator': 'google.accounts',
    'aws_iam_role.ViaGoogle_Role': 'aws.target',
    'data.aws_iam_policy_document.ViaGoogle_Role_Trust': 'aws.target',
    'aws_iam_role_policy_attachment.ViaGoogle_Role_Policy-aws-ReadOnlyAccess': 'aws.target',
    'google_service_account.Plain': undefined,
    'google_service_account_iam_member.Plain_Native_acme-apps_reports_reader': undefined,
    'google_service_account_iam_member.Beside_TokenCreator': undefined,
    'aws_iam_role.Beside_Role': undefined,
    'data.aws_iam_policy_document.Beside_Role_Trust': undefined,
  });
});

test('a reviewer is told that the cluster\'s own issuer needs less', () => {
  expect(viaGoogle().node.metadata.map(({ type, data }) => [type, data])).toEqual([[
    '@cdktf/info',
    'google-as-identity-provider: A role that trusts the cluster\'s own issuer needs no Google service account, no webhook and no token that Google makes; choose it for new work.',
  ]]);
  const stack = scratchStack();
  expect(new AwsFederatedRole(stack, 'Role', { trusts: [reader] }).node.metadata).toEqual([]);
});

describe('a workload', () => {
  const workloadWith = (others: (of: ReturnType<typeof scratch> & { identity: AwsRoleViaGoogle }) => Workload['identities']) => {
    const { stack, googleServiceAccount } = scratch();
    const identity = new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount });
    return new Workload(stack, 'Workload', { serviceAccount: reader, identities: others({ stack, googleServiceAccount, identity }) });
  };
  const twice = (what: string, name: string, one: string, two: string) => ({
    code: 'ClashingWiring',
    message: `stack/Workload: identities must not ask for the same ${what} twice (stack/${one} and stack/${two}), got "${name}"; `
      + 'a workload has at most one identity of each cloud; use one identity, or two service accounts',
  });

  test('takes the way via Google alone', () => {
    expect(workloadWith(({ identity }) => [identity]).identities).toHaveLength(1);
  });

  test('refuses a second identity of AWS, whichever comes first', () => {
    expect(refusal(() => workloadWith(({ stack, identity }) => [identity, new AwsFederatedRole(stack, 'Role', { trusts: [reader] })])))
      .toEqual(twice('cloud', 'aws', 'ViaGoogle', 'Role'));
    expect(refusal(() => workloadWith(({ stack, identity }) => [new AwsFederatedRole(stack, 'Role', { trusts: [reader] }), identity])))
      .toEqual(twice('cloud', 'aws', 'Role', 'ViaGoogle'));
    expect(refusal(() => workloadWith(({ stack, googleServiceAccount, identity }) => [identity, new AwsRoleViaGoogle(stack, 'Second', { googleServiceAccount })])))
      .toEqual(twice('cloud', 'aws', 'ViaGoogle', 'Second'));
  });

  test('refuses a principal of Google beside it, whose grants the pod would never have', () => {
    expect(refusal(() => workloadWith(({ stack, identity }) => [identity, new GcpFederatedPrincipal(stack, 'Other', { trusts: [reader] })])))
      .toEqual(twice('cloud', 'gcp', 'ViaGoogle', 'Other'));
  });

  test('refuses a Google service account beside it: the metadata server brings one', () => {
    expect(refusal(() => workloadWith(({ stack, identity }) => [identity, new GcpFederatedServiceAccount(stack, 'Other', { trusts: [reader], accountId: 'other-account' })])))
      .toEqual(twice('cloud', 'gcp', 'ViaGoogle', 'Other'));
    expect(refusal(() => workloadWith(({ stack, identity }) => [new GcpFederatedServiceAccount(stack, 'Other', { trusts: [reader], accountId: 'other-account' }), identity])))
      .toEqual(twice('cloud', 'gcp', 'Other', 'ViaGoogle'));
  });
});

describe('refuses', () => {
  const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
  const aks = Cluster.aks({ name: 'apps', issuer: AKS_ISSUER });
  const plain = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'plain', workloadIdentity: false });
  const k3s = Cluster.oidc({ name: 'k3s', issuer: 'https://issuer.example.com/k3s' });

  test.each([eks, aks, plain, k3s])('a Google service account of a cluster without Google\'s own pool, $id, alone or beside one with it', cluster => {
    const stack = scratchStack();
    const other = cluster.serviceAccount('reports', 'reader');
    for (const [id, trusts] of [['Alone', [other]], ['Beside', [reader, other]]] as const) {
      const googleServiceAccount = new GcpFederatedServiceAccount(stack, id, { trusts, accountId: 'reports-reader' });
      expect(refusal(() => new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount }))).toEqual({
        code: 'WrongCluster',
        message: 'stack/ViaGoogle: googleServiceAccount must be trusted by GKE clusters with Google\'s own pool alone, whose metadata server brings the account, '
          + `got "system:serviceaccount:reports:reader of cluster ${cluster.id}"; use AwsFederatedRole, which takes every cluster's own issuer`,
      });
      expect(stack.node.tryFindChild('ViaGoogle')).toBeUndefined();
    }
    const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Native', { trusts: [reader, writer], accountId: 'reports-reader' });
    expect(new AwsRoleViaGoogle(stack, 'ViaGoogle', { googleServiceAccount }).trusts).toEqual([reader, writer]);
  });

  test.each(['', '*', 'gtoken/*', 'of two words', '&{aws:username}', 'a'.repeat(256)])('what is no audience, %p', audience => {
    const got = audience.length > 198 ? `"${audience.slice(0, 199)}… (258 characters)` : JSON.stringify(audience);
    expect(refusal(() => viaGoogle({ audience }))).toEqual({
      code: 'InvalidIdentifier',
      message: `stack/ViaGoogle: audience must be 1 to 255 characters without white space, wildcards or "&{", got ${got}; leave it out for the cloud's own audience`,
    });
    expect(viaGoogle({ audience: 'a'.repeat(255), idTokenSource: METADATA_SERVER }).trusts).toEqual([reader]);
  });

  test('a role name that IAM refuses, as the role does', () => {
    expect(refusal(() => viaGoogle({ roleName: 'of two words' }))).toEqual({
      code: 'InvalidName', message: 'stack/ViaGoogle/Role: roleName must be 1 to 64 letters, digits and "_+=,.@-", got "of two words"; shorten it, or leave it out',
    });
    expect(viaGoogle({ roleName: 'of_two_words' }).trusts).toEqual([reader]);
  });
});

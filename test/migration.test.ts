import { Construct } from 'constructs';
import { googleStatement } from './google-statement';
import { addresses, changes, inFolder, readableAddresses, StackJson, synthApp } from './synth';

let defineMigration: (scope: Construct, done: 0 | 1 | 2 | 3) => void;

beforeAll(() => inFolder(folder => {
  process.env.CDKTF_OUTDIR = folder;
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  ({ defineMigration } = require('../examples/migration/main'));
  delete process.env.CDKTF_OUTDIR;
}));

const after = (done: 0 | 1 | 2 | 3): StackJson => synthApp(app => defineMigration(app, done)).migration!;

/** The addresses that a step adds, removes and changes. */
const step = (number: 1 | 2 | 3) => changes(readableAddresses(after((number - 1) as 0)), readableAddresses(after(number)));

const TRUST = 'data.aws_iam_policy_document.Role_Trust';
const trustOf = (stack: StackJson) => (readableAddresses(stack) as Record<string, any>)[TRUST].statement;

const GOOGLE = googleStatement('${google_service_account.Account.unique_id}');
const ISSUER = 'container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps';
const CLUSTER = {
  effect: 'Allow',
  actions: ['sts:AssumeRoleWithWebIdentity'],
  principals: [{ type: 'Federated', identifiers: ['${aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps.arn}'] }],
  condition: [
    { test: 'StringEquals', variable: `${ISSUER}:aud`, values: ['sts.amazonaws.com'] },
    { test: 'StringEquals', variable: `${ISSUER}:sub`, values: ['system:serviceaccount:reports:archive', 'system:serviceaccount:reports:uploads'] },
  ],
};

test('the trust is Google\'s, then both, then the cluster\'s own', () => {
  expect(([0, 1, 2, 3] as const).map(done => trustOf(after(done)))).toEqual([[GOOGLE], [CLUSTER, GOOGLE], [CLUSTER, GOOGLE], [CLUSTER]]);
});

test('the first step adds the cluster to the trust and moves one workload; the other, and all that Google has, stays as it is', () => {
  expect(step(1)).toEqual({
    added: ['aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps'],
    removed: [],
    changed: [TRUST, 'kubernetes_deployment_v1.uploads-deployment', 'kubernetes_service_account_v1.Uploads'],
  });
});

test('the second step moves the other workload, and touches nothing else', () => {
  expect(step(2)).toEqual({ added: [], removed: [], changed: ['kubernetes_deployment_v1.archive-deployment', 'kubernetes_service_account_v1.Archive'] });
});

test('the third step drops Google from the trust, with its account, members and token creator, and no workload notices', () => {
  expect(step(3)).toEqual({
    added: [],
    removed: [
      'google_service_account.Account', 'google_service_account_iam_member.Account_Native_acme-apps_reports_archive',
      'google_service_account_iam_member.Account_Native_acme-apps_reports_uploads', 'google_service_account_iam_member.ViaGoogle_TokenCreator',
    ],
    changed: [TRUST],
  });
});

test('the role, its permissions and the namespace are the same from the beginning to the end', () => {
  const [first, last] = [addresses(after(0)), addresses(after(3))];
  const lasting = Object.keys(first).filter(address => /^(?:data\.)?(?:aws_iam_role|kubernetes_namespace)|Role_Permissions/.test(address));
  expect(lasting.length).toBeGreaterThan(3);
  lasting.forEach(address => expect(last[address]).toEqual(first[address]));
});

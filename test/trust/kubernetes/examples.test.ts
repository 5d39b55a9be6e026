import { told } from './resources';
import { readKubernetes } from '../../../lib/trust/kubernetes/read';
import { readTerraform } from '../../../lib/trust/terraform/read';
import { show } from '../../../lib/trust/value';
import { synthExample } from '../../synth';

/** What an example's workloads try to become, and what stops them. */
function tries(example: string): readonly unknown[] {
  const documents = Object.entries(synthExample(example)).map(([stack, json]) => ({ file: `${stack}/cdk.tf.json`, stack, json }));
  return readKubernetes(readTerraform(documents)).workloads.flatMap(({ namespace, serviceAccount, attempts }) => attempts.map(attempt => {
    const { mechanism, identity, registration, audience, stopped } = told(attempt);
    return [`${show(namespace)}/${show(serviceAccount)}`, mechanism, identity ?? registration, audience, stopped];
  }));
}

const providerOf = (project: string, id: string) => `projects/\${project_number("${project}")}/locations/global/workloadIdentityPools/${id}/providers/${id}`;

test('one workload of all clouds', () => {
  const provider = providerOf('acme-apps', 'aks-apps');
  expect(tries('all-clouds')).toEqual([
    ['reports/collector', 'azure-federation', '${azurerm_user_assigned_identity.Identity.client_id}', 'api://AzureADTokenExchange', []],
    ['reports/collector', 'aws-oidc', 'arn:aws:iam::${aws.account_id}:role/${aws_iam_role.Role.name}', 'sts.amazonaws.com', []],
    ['reports/collector', 'gcp-federation', provider, `https://iam.googleapis.com/${provider}`, []],
  ]);
});

test('roles in a chain, and a pool in another stack', () => {
  expect(tries('accounts')).toEqual([
    ['reports/auditor', 'aws-oidc', 'arn:aws:iam::111122223333:role/${aws_iam_role.Hub.name}', 'sts.amazonaws.com', []],
    ['reports/auditor', 'aws-role-chain', 'arn:aws:iam::444455556666:role/${aws_iam_role.Spoke.name}', 'sts.amazonaws.com', []],
    ['reports/exporter', 'aws-pod-identity', 'arn:aws:iam::111122223333:role/${aws_iam_role.PodRole.name}', 'pods.eks.amazonaws.com', []],
    ['reports/exporter', 'aws-role-chain', 'arn:aws:iam::444455556666:role/${aws_iam_role.Target.name}', 'pods.eks.amazonaws.com', []],
    ['reports/reader', 'aws-oidc', 'arn:aws:iam::444455556666:role/${aws_iam_role.ReaderRole.name}', 'sts.amazonaws.com', []],
    ['reports/reader', 'gcp-federation', 'reports-reader@acme-reports.iam.gserviceaccount.com', `https://iam.googleapis.com/${providerOf('acme-identity', 'eks-apps')}`, []],
  ]);
});

test('Google\'s ID tokens by the webhook, and by the metadata server', () => {
  const audience = 'gtoken/sts/assume-role-with-web-identity';
  const role = (id: string) => expect.stringMatching(new RegExp(`^arn:aws:iam::\\$\\{aws\\.account_id\\}:role/\\$\\{aws_iam_role\\.${id}_Identity_Role_[0-9A-F]{8}\\.name\\}$`));
  expect(tries('gtoken')).toEqual([
    ['billing/invoices', 'gcp-native', 'billing-invoices@acme-apps.iam.gserviceaccount.com', undefined, []],
    ['billing/invoices', 'aws-google', role('Invoices'), audience, []],
    ['reports/uploads', 'aws-google', role('Uploads'), audience, []],
    ['reports/uploads', 'gcp-native', 'reports-uploads@acme-apps.iam.gserviceaccount.com', undefined, []],
  ]);
});

test.each(['directions', 'self-hosted', 'migration'])('nothing stops the workloads of %s', example => {
  const all = tries(example) as [string, string, string, string, unknown[]][];
  expect(all.length).toBeGreaterThan(1);
  expect(all.filter(([, , , , stopped]) => stopped.length > 0)).toEqual([]);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { Testing, TerraformStack } from 'cdktf';
import { AwsFederatedRole, Cluster } from 'cdktf-workload-federation';
import { trustMatchers, trustOf, trustSerializer } from 'cdktf-workload-federation/testing';

expect.extend(trustMatchers);
expect.addSnapshotSerializer(trustSerializer);

const cluster = Cluster.eks({ name: 'apps', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204' });
const stack = new TerraformStack(Testing.app(), 'reports');
new AwsProvider(stack, 'Aws', { region: 'eu-west-1' });
const role = new AwsFederatedRole(stack, 'Reader', {
  trusts: [cluster.serviceAccount('reports', 'reader')], policyArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'],
});
const synthesized = Testing.synth(stack);

test('the reader becomes the role', () => {
  expect(synthesized).toAdmit({ cluster, namespace: 'reports', serviceAccount: 'reader' }, { as: role });
  expect(synthesized).not.toAdmit({ cluster, namespace: 'default', serviceAccount: 'reader' }, { as: role });
});

test('nobody else becomes anything', () => {
  expect(synthesized).toAdmitExactly([
    { cluster, namespace: 'reports', serviceAccount: 'reader', as: role },
  ]);
});

test('who becomes whom is what was reviewed', () => {
  expect(trustOf(synthesized)).toMatchInlineSnapshot(`
reports/reader of https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204
  becomes  AWS role arn:aws:iam::\${aws.account_id}:role/\${aws_iam_role.Reader.name}
  by       OIDC provider
  for      sts.amazonaws.com
  may      AmazonS3ReadOnlyAccess
`);
});

const PAGE = readFileSync(join(__dirname, '..', '..', 'docs', 'testing.md'), 'utf8');
const blocks = (language: string) => [...PAGE.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, block]) => block!);

test('the code of docs/testing.md is cut from this file', () => {
  const code = readFileSync(__filename, 'utf8');
  expect(blocks('ts')).toHaveLength(4);
  expect(blocks('ts').filter(block => !code.includes(block))).toEqual([]);
});

test('the message in docs/testing.md is what a failure says', () => {
  expect(() => expect(synthesized).toAdmit(cluster.serviceAccount('reports', 'writer'), { as: role })).toThrow(new Error(blocks('text')[0]!.trimEnd()));
});

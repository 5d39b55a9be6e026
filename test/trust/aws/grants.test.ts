import { TerraformResource } from 'cdktf-workload-federation/trust';
import { eksStatement, iamArn, identity, Plain, policy, read, resource, role, Unknown, value } from './terraform';

const GET = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::acme/*' };
const where = (address: string, attribute?: string) => ({ address, file: 'apps/cdk.tf.json', stack: 'apps', ...attribute !== undefined && { attribute } });
const reader = (more: { readonly [key: string]: Plain } = {}) => role('Reader', policy(eksStatement()), more);
const grants = (...resources: readonly TerraformResource[]) => identity(read(...resources), 'Reader').grants;

test('reads policies of every kind, once each', () => {
  const arn = iamArn('policy/Own');
  expect(grants(
    reader({ inline_policy: [{ name: 'inside', policy: policy(GET) }, {}], managed_policy_arns: ['arn:aws:iam::aws:policy/A'] }),
    resource('aws_iam_policy.Own', { name: 'Own', arn, policy: policy(GET, GET) }),
    resource('aws_iam_role_policy.Beside', { name: 'beside', role: 'Reader', policy: policy(GET) }),
    resource('aws_iam_role_policy_attachment.A', { role: 'Reader', policy_arn: 'arn:aws:iam::aws:policy/A' }),
    resource('aws_iam_role_policy_attachment.Own', { role: 'Reader', policy_arn: arn }),
    resource('aws_iam_policy_attachment.B', { name: 'b', roles: ['Reader', 'Other'], policy_arn: 'arn:aws:iam::aws:policy/B' }),
    resource('aws_iam_role_policy_attachments_exclusive.C', { role_name: 'Reader', policy_arns: ['arn:aws:iam::aws:policy/B', 'arn:aws:iam::aws:policy/C'] }),
    resource('aws_iam_role_policies_exclusive.D', { role_name: 'Reader', policy_names: ['beside', 'elsewhere'] }),
  )).toEqual([
    { permission: 'inside', statements: [value(GET)], where: where('aws_iam_role.Reader', 'inline_policy') },
    { permission: 'arn:aws:iam::aws:policy/A', statements: [], where: where('aws_iam_role.Reader', 'managed_policy_arns') },
    { permission: 'beside', statements: [value(GET)], where: where('aws_iam_role_policy.Beside') },
    { permission: arn, statements: [value(GET), value(GET)], where: where('aws_iam_role_policy_attachment.Own') },
    { permission: 'arn:aws:iam::aws:policy/B', statements: [], where: where('aws_iam_policy_attachment.B') },
    { permission: 'arn:aws:iam::aws:policy/C', statements: [], where: where('aws_iam_role_policy_attachments_exclusive.C') },
    { permission: 'elsewhere', statements: [], where: where('aws_iam_role_policies_exclusive.D') },
  ]);
});

test('finds a role by a name that is known after apply', () => {
  const name = new Unknown('apps/aws_iam_role.Reader.name');
  const policyOf = resource('aws_iam_role_policy.Beside', { name: 'beside', role: name, policy: policy(GET) });
  expect(grants(reader({ name }), policyOf).map(({ permission }) => permission)).toEqual(['beside']);
});

test('says what it cannot read, and goes on', () => {
  const part = read(
    reader(), resource('aws_iam_role_policy.Bad', { name: 'bad', role: 'Reader', policy: '{' }),
    resource('aws_iam_role_policy_attachment.Bad', { role: 'Reader', policy_arn: 7 }), resource('aws_iam_role_policy.None', { role: null, policy: 7 }),
  );
  expect(part.notes).toEqual([
    { message: 'a policy cannot be read in full: not JSON at character 1: it ends too early', where: where('aws_iam_role_policy.Bad') },
    { message: 'a policy cannot be read in full: it is not a JSON text', where: where('aws_iam_role_policy.None') },
    { message: 'the ARN of a policy cannot be read', where: where('aws_iam_role_policy_attachment.Bad') },
  ]);
  expect(identity(part, 'Reader').grants).toEqual([{ permission: 'bad', statements: [], where: where('aws_iam_role_policy.Bad') }]);
});

test('a role that is made and looked up counts once', () => {
  const part = read(reader(), resource('data.aws_iam_role.Reader', { name: 'Reader', arn: iamArn('role/Reader'), assume_role_policy: new Unknown('x') }));
  expect(part.identities.map(candidate => candidate.where.address)).toEqual(['aws_iam_role.Reader']);
});

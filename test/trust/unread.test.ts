import { explainToken } from '../../lib/trust/explain/explain';
import { explanationToMarkdown, explanationToText } from '../../lib/trust/explain/render';
import { accepts } from '../../lib/trust/judge';
import { readModel } from '../../lib/trust/read';
import { makeReport } from '../../lib/trust/report/report';
import { fromJson, show, ValueMap, Verdict } from '../../lib/trust/value';

const config = (json: object) => readModel([{ file: 's.tf.json', stack: 's', json }]);
const token = (claims: object) => fromJson(claims) as ValueMap;

describe('resources of Cloud Control', () => {
  const POLICY = {
    Version: '2012-10-17',
    Statement: [{
      Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: '${awscc_iam_oidc_provider.o.arn}' },
      Condition: { StringEquals: { 'oidc.example:aud': 'sts.amazonaws.com', 'oidc.example:sub': 'system:serviceaccount:a:b' } },
    }],
  };
  const written = (policy: unknown) => ({
    provider: { awscc: { region: 'eu-west-1' } },
    resource: {
      awscc_iam_oidc_provider: { o: { url: 'https://oidc.example', client_id_list: ['sts.amazonaws.com'] } },
      awscc_iam_role: {
        r: {
          role_name: 'reader', assume_role_policy_document: policy, managed_policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
          policies: [{ policy_name: 'own', policy_document: '{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}}' }],
        },
      },
    },
  });

  test.each([['as a text', '${jsonencode(' + JSON.stringify(POLICY).replaceAll('"${', '').replaceAll('}"', '') + ')}'], ['as an object', POLICY]])('are read with a policy %s', (_, policy) => {
    const { identities: [role], notes } = config(written(policy));
    expect(notes).toEqual([]);
    const verdict = (sub: string) => accepts(role!, token({ iss: 'https://oidc.example', sub, aud: 'sts.amazonaws.com' }));
    expect(['system:serviceaccount:a:b', 'system:serviceaccount:a:c'].map(verdict)).toEqual<Verdict[]>(['yes', 'no']);
    expect([show(role!.name), role!.doors[0]!.where]).toEqual([
      'arn:aws:iam::${awscc.account_id}:role/reader', { address: 'awscc_iam_role.r', attribute: 'assume_role_policy_document', stack: 's', file: 's.tf.json' },
    ]);
    expect(role!.grants.map(({ permission }) => show(permission))).toEqual(['own', 'arn:aws:iam::aws:policy/ReadOnlyAccess']);
  });

  test('are associations of EKS Pod Identity too', () => {
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Principal: { Service: 'pods.eks.amazonaws.com' } }] };
    const { identities: [role] } = config({
      resource: {
        awscc_iam_role: { r: { role_name: 'r', assume_role_policy_document: policy } },
        awscc_eks_pod_identity_association: { a: { cluster_name: 'c', namespace: 'n', service_account: 's', role_arn: '${awscc_iam_role.r.arn}' } },
      },
    });
    expect(role!.doors.map(({ mechanism, where: { address } }) => [mechanism, address])).toEqual([['aws-pod-identity', 'awscc_eks_pod_identity_association.a']]);
  });
});

describe('what is not read and may make trust is noted', () => {
  const notes = (type: string, values: object) => config({ resource: { [type]: { x: values } } }).notes.map(({ message }) => message);
  const NESTED = 'what it makes is not read: it may make or change roles, identities and whom they trust';
  const CHART = 'the Kubernetes objects that it makes are not read: service accounts and pods among them may be wired to become identities';
  const KIND = 'it is a kind of IAM that is not read, and may change who may become whom';
  const CREDENTIALS = 'it is not read, and may make or change federated credentials';

  test.each<[string, object, string]>([
    ['aws_cloudcontrolapi_resource', { type_name: 'AWS::IAM::Role' }, NESTED], ['aws_cloudcontrolapi_resource', { type_name: 'aws::iam::oidcprovider' }, NESTED],
    ['aws_cloudcontrolapi_resource', { type_name: '${var.t}' }, NESTED], ['aws_cloudcontrolapi_resource', {}, NESTED],
    ['aws_cloudformation_stack', {}, NESTED], ['aws_cloudformation_stack_set', {}, NESTED], ['awscc_cloudformation_stack', {}, NESTED],
    ['awscc_iam_role_policy', {}, 'it is not read, and may let roles do more than is said of them'],
    ['msgraph_resource', { url: 'applications/x/federatedIdentityCredentials' }, CREDENTIALS], ['msgraph_resource', { url: '${var.u}' }, CREDENTIALS],
    ['azapi_resource', { type: 'Microsoft.Resources/deployments@2024-03-01' }, CREDENTIALS], ['azurerm_resource_group_template_deployment', {}, CREDENTIALS],
    ['google_iam_workload_identity_pool_managed_identity', {}, KIND], ['google_new_thing_iam_grant', {}, KIND], ['google_iam_principal_access_boundary_policy', {}, KIND],
    ['google_privileged_access_manager_entitlement', {}, 'the roles that it gives on request are not read'], ['google_deployment_manager_deployment', {}, NESTED],
    ['kubectl_manifest', { yaml_body: 'a: b' }, CHART], ['helm_release', { name: 'x' }, CHART],
  ])('%s with %j', (type, values, message) => {
    expect(notes(type, values)).toEqual([message]);
  });

  test.each<[string, object]>([
    ['aws_cloudcontrolapi_resource', { type_name: 'AWS::Logs::LogGroup' }], ['msgraph_resource', { url: 'groups' }], ['azapi_resource', { type: 'Microsoft.Web/sites@2024-01-01' }],
    ['google_project_iam_custom_role', {}], ['google_project_iam_audit_config', {}], ['google_iam_workload_identity_pool', {}], ['google_iam_workforce_pool', {}],
    ['google_storage_bucket', {}], ['aws_s3_bucket', {}], ['azurerm_resource_group', {}],
  ])('but not %s with %j', (type, values) => {
    expect(notes(type, values)).toEqual([]);
  });

  test('nor what is only looked up', () => {
    expect(config({ data: { aws_cloudformation_stack: { x: { name: 'x' } } } }).notes).toEqual([]);
  });
});

test.each([['a', 1], ['Resource', { a: 1 }], ['__proto__', {}], ['x'.repeat(300), null]])('a root key that Terraform does not have is noted: %.20s', (key, value) => {
  const { notes } = config({ ...JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`) as object, resource: { aws_s3_bucket: { b: { bucket: 'b' } } } });
  expect(notes).toEqual([{
    message: `Terraform has no "${key.slice(0, 100)}" at the root of a file, and refuses it: it is not read`, where: { address: key.slice(0, 100), stack: 's', file: 's.tf.json' },
  }]);
});

test('a root has all that Terraform has without a note', () => {
  expect(config(Object.fromEntries([
    '//', 'action', 'check', 'data', 'ephemeral', 'import', 'locals', 'moved', 'output', 'provider', 'removed', 'resource', 'terraform', 'variable',
  ].map(key => [key, {}]))).notes).toEqual([]);
});

describe('an attribute that Terraform leaves as it is', () => {
  const POLICY = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{
      Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: 'arn:aws:iam::111122223333:oidc-provider/oidc.example' },
      Condition: { StringEquals: { 'oidc.example:aud': 'sts.amazonaws.com', 'oidc.example:sub': 'repo:acme/app:ref:refs/heads/main' } },
    }],
  });
  const model = config({
    provider: { aws: { region: 'eu-west-1', allowed_account_ids: ['111122223333'] } },
    resource: {
      aws_iam_openid_connect_provider: { o: { url: 'https://oidc.example', client_id_list: ['sts.amazonaws.com'] } },
      aws_iam_role: { r: { name: 'r', assume_role_policy: POLICY, lifecycle: { ignore_changes: ['assume_role_policy'] } } },
    },
  });
  const note = {
    message: 'ignore_changes has assume_role_policy: what exists may differ from what is written', where: { address: 'aws_iam_role.r', attribute: 'lifecycle', stack: 's', file: 's.tf.json' },
  };

  test('is judged as it is written, and the answer says so', () => {
    const explanation = explainToken(model, token({ iss: 'https://oidc.example', aud: 'sts.amazonaws.com', sub: 'repo:acme/app:ref:refs/heads/main' }));
    expect([explanation.outcome, explanation.answers[0]!.notes]).toEqual(['accepted', [note]]);
    expect(explanationToText(explanation)).toContain('\n  note: ignore_changes has assume_role_policy: what exists may differ from what is written, at aws_iam_role.r (lifecycle)\n');
    expect(explanationToMarkdown(explanation)).toContain('note&#58; ignore&#95;changes has assume&#95;role&#95;policy');
  });

  test('is noted in the report', () => {
    expect(makeReport(model).notes).toEqual([note]);
  });

  test('is told of other identities not at all', () => {
    expect(explainToken(model, token({ iss: 'https://oidc.example', aud: 'sts.amazonaws.com', sub: 'x' }), { to: 'aws_iam_role.other' }).answers).toEqual([]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { DataAwsIamPolicyDocument, DataAwsIamPolicyDocumentConfig } from '@cdktf/provider-aws/lib/data-aws-iam-policy-document';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { IamUser } from '@cdktf/provider-aws/lib/iam-user';
import { DataGoogleServiceAccount } from '@cdktf/provider-google/lib/data-google-service-account';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { TlsProvider } from '@cdktf/provider-tls/lib/provider';
import { Fn, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import { GcsHostedIssuer } from 'cdktf-workload-federation';
import { AzureBlobHostedIssuer } from 'cdktf-workload-federation/azure';
import { GtokenWebhook } from 'cdktf-workload-federation/gtoken';
import { SelfSignedWebhookCertificate } from 'cdktf-workload-federation/tls';
import { EXAMPLES, stackIn } from '../../synth';
import { describeOnTerraform } from '../../terraform';
import type { Applied } from '../model';
import { WORLD } from '../world';
import { appStacks, exampleStacks, shadowApply } from './index';
import { shadowOf } from './rewrite';
import { DATA_SOURCES, RESOURCES } from './types';

const names = readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name);

/** The resolved values of an address. */
function valuesOf(applied: Applied, address: string, stack?: string): Record<string, any> {
  const found = applied.resources.filter(resource => resource.address === address && (stack === undefined || resource.stack === stack));
  expect({ address, found: found.length }).toEqual({ address, found: 1 });
  return found[0]!.values;
}

/** What a stack with a provider of each cloud becomes. */
const applyStack = (build: (stack: TerraformStack) => void, world = WORLD) => shadowApply(appStacks(app => build(stackIn(app))), world);

/** Every value in values, however deep. */
function leaves(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}

function exampleAtStep(name: string, step: string) {
  process.env.MIGRATION_STEP = step;
  try {
    return exampleStacks(name);
  } finally {
    delete process.env.MIGRATION_STEP;
  }
}

describeOnTerraform('every example is applied, and every value in it is known', () => {
  test.each([...names.map(name => [name, '']), ...['0', '2', '3'].map(step => ['migration', step])])('%s %s', (name, step) => {
    const stacks = step === '' ? exampleStacks(name!) : exampleAtStep(name!, step!);
    const applied = shadowApply(stacks);
    const declared = stacks.flatMap(({ json }) => [json.resource, json.data].flatMap(types => Object.entries<object>(types ?? {})))
      .filter(([type]) => type !== 'terraform_remote_state').flatMap(([, resources]) => Object.keys(resources));
    expect(applied.resources).toHaveLength(declared.length);
    const all = applied.resources.flatMap(({ values }) => leaves(values));
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter(value => value === null || value === undefined || String(value).includes('${'))).toEqual([]);
  });
});

const EKS = 'oidc.eks.eu-west-2.amazonaws.com/id/4E604436464FFCC52F8B96807F5BD5BC';
const GKE = 'container.googleapis.com/v1/projects/oidc-exp-project/locations/europe-west2-a/clusters/oidc-exp-cluster';
const SUBJECT = 'system:serviceaccount:oidc-exp:oidc-exp-service-account';
const EMAIL = 'oidc-exp-service-account@oidc-exp-project.iam.gserviceaccount.com';
const ACCOUNT = `projects/oidc-exp-project/serviceAccounts/${EMAIL}`;
const POOL = 'projects/789123456/locations/global/workloadIdentityPools/eks-oidc-exp-cluster';
const FOLDER = '/var/run/secrets/workload-federation';

describeOnTerraform('the article', () => {
  let applied: Applied;
  beforeAll(() => {
    applied = shadowApply(exampleStacks('article'));
  });

  test('its role trusts a service account of each cluster, by this issuer, audience and subject', () => {
    const statement = (issuer: string) => ({
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer}:aud`]: 'sts.amazonaws.com', [`${issuer}:sub`]: SUBJECT } },
      Effect: 'Allow',
      Principal: { Federated: `arn:aws:iam::123456789012:oidc-provider/${issuer}` },
    });
    const { assume_role_policy: policy, unique_id: uniqueId, ...role } = valuesOf(applied, 'aws_iam_role.Role');
    expect(role).toEqual({
      id: 'oidc_exp_federated_role', name: 'oidc_exp_federated_role', arn: 'arn:aws:iam::123456789012:role/oidc_exp_federated_role',
      path: '/', max_session_duration: 3600, force_detach_policies: false,
    });
    expect(uniqueId).toMatch(/^AROA[0-9A-F]{17}$/);
    expect(JSON.parse(policy)).toEqual({ Version: '2012-10-17', Statement: [statement(EKS), statement(GKE)] });
    expect(valuesOf(applied, 'aws_iam_openid_connect_provider.ClusterOidcProvider-eks-oidc-exp-cluster')).toEqual({
      url: `https://${EKS}`, client_id_list: ['sts.amazonaws.com'],
      arn: `arn:aws:iam::123456789012:oidc-provider/${EKS}`, id: `arn:aws:iam::123456789012:oidc-provider/${EKS}`,
    });
  });

  test('its role may list one bucket and read from it', () => {
    const [policy] = applied.resources.filter(({ type }) => type === 'aws_iam_role_policy');
    expect({ ...policy!.values, policy: JSON.parse(policy!.values.policy) }).toEqual({
      id: 'oidc_exp_federated_role:workload-federation', name: 'workload-federation', role: 'oidc_exp_federated_role',
      policy: {
        Version: '2012-10-17',
        Statement: [
          { Action: 's3:ListBucket', Effect: 'Allow', Resource: 'arn:aws:s3:::oidc-exp-s3-bucket' },
          { Action: 's3:GetObject', Effect: 'Allow', Resource: 'arn:aws:s3:::oidc-exp-s3-bucket/*' },
        ],
      },
    });
  });

  test('its pool and provider are named by the project\'s number, and admit one service account', () => {
    expect(valuesOf(applied, 'google_iam_workload_identity_pool.Pool', 'article').name).toBe(POOL);
    expect(applied.resources.find(({ type, stack }) => type === 'google_iam_workload_identity_pool_provider' && stack === 'article')).toMatchObject({
      account: 'oidc-exp-project',
      provider: 'google',
      values: {
        name: `${POOL}/providers/eks-oidc-exp-cluster`,
        workload_identity_pool_id: 'eks-oidc-exp-cluster',
        workload_identity_pool_provider_id: 'eks-oidc-exp-cluster',
        attribute_mapping: { 'google.subject': 'assertion.sub' },
        attribute_condition: `assertion.sub in ['${SUBJECT}']`,
        oidc: [{ issuer_uri: `https://${EKS}` }],
      },
    });
  });

  test('its Google service account has one member for each cluster', () => {
    const members = applied.resources.filter(({ type, stack }) => type === 'google_service_account_iam_member' && stack === 'article');
    expect(members.map(({ values: { service_account_id: on, role, member } }) => [on, role, member])).toEqual([
      [ACCOUNT, 'roles/iam.workloadIdentityUser', `principal://iam.googleapis.com/${POOL}/subject/${SUBJECT}`],
      [ACCOUNT, 'roles/iam.workloadIdentityUser', 'serviceAccount:oidc-exp-project.svc.id.goog[oidc-exp/oidc-exp-service-account]'],
    ]);
  });

  test('its pods on EKS have a token for each cloud and an external account for Google', () => {
    const [configMap] = applied.resources.filter(({ type, provider }) => type === 'kubernetes_config_map_v1' && provider === 'kubernetes.eks');
    expect(JSON.parse(configMap!.values.data['gcp-credential-configuration.json'])).toEqual({
      type: 'external_account',
      audience: `//iam.googleapis.com/${POOL}/providers/eks-oidc-exp-cluster`,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: `${FOLDER}/gcp/token`, format: { type: 'text' } },
      service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${EMAIL}:generateAccessToken`,
    });
    const { metadata: [metadata], spec: [spec] } = valuesOf(applied, 'kubernetes_pod_v1.Eks-aws-cli');
    expect(metadata).toEqual({ name: 'aws-cli', namespace: 'oidc-exp', annotations: { 'checksum/workload-federation': expect.stringMatching(/^[0-9a-f]{64}$/) } });
    expect(spec).toEqual({
      service_account_name: 'oidc-exp-service-account',
      automount_service_account_token: false,
      container: [{
        name: 'aws-cli',
        image: 'amazon/aws-cli:2.31.0',
        command: ['/bin/bash', '-c', 'sleep 1800'],
        env: Object.entries({
          AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/oidc_exp_federated_role',
          AWS_WEB_IDENTITY_TOKEN_FILE: `${FOLDER}/aws/token`,
          AWS_REGION: 'eu-west-2',
          AWS_DEFAULT_REGION: 'eu-west-2',
          AWS_STS_REGIONAL_ENDPOINTS: 'regional',
          GOOGLE_APPLICATION_CREDENTIALS: `${FOLDER}/gcp/credential-configuration.json`,
          CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: `${FOLDER}/gcp/credential-configuration.json`,
          GOOGLE_CLOUD_PROJECT: 'oidc-exp-project',
          CLOUDSDK_CORE_PROJECT: 'oidc-exp-project',
        }).map(([name, value]) => ({ name, value })),
        volume_mount: [{ name: 'workload-federation', mount_path: FOLDER, read_only: true }],
      }],
      volume: [{
        name: 'workload-federation',
        projected: [{
          sources: [
            { service_account_token: [{ audience: 'sts.amazonaws.com', expiration_seconds: 3600, path: 'aws/token' }] },
            { service_account_token: [{ audience: `https://iam.googleapis.com/${POOL}/providers/eks-oidc-exp-cluster`, expiration_seconds: 3600, path: 'gcp/token' }] },
            { config_map: [{ name: 'oidc-exp-service-account-workload-federation', items: [{ key: 'gcp-credential-configuration.json', path: 'gcp/credential-configuration.json' }] }] },
          ],
        }],
      }],
    });
  });

  test('its service account on GKE is annotated with the Google account', () => {
    expect(valuesOf(applied, 'kubernetes_service_account_v1.GkeWorkload', 'article')).toEqual({
      id: 'oidc-exp/oidc-exp-service-account',
      automount_service_account_token: false,
      metadata: [{ name: 'oidc-exp-service-account', namespace: 'oidc-exp', annotations: { 'iam.gke.io/gcp-service-account': EMAIL } }],
    });
  });
});

describeOnTerraform('a resource', () => {
  test('of another account is made in it, by its provider', () => {
    const { resources } = shadowApply(exampleStacks('accounts'));
    const roles = resources.filter(({ type, data }) => type === 'aws_iam_role' && !data);
    expect(roles.map(({ provider, account, values }) => [provider, account, values.arn.split(':')[4]])).toEqual([
      ['aws', '111122223333', '111122223333'], ['aws', '111122223333', '111122223333'], ['aws.archive', '444455556666', '444455556666'],
      ['aws.archive', '444455556666', '444455556666'], ['aws.archive', '444455556666', '444455556666'],
    ]);
  });

  test('of another stack is read from its state', () => {
    const { resources, outputs } = shadowApply(exampleStacks('accounts'));
    const [member] = resources.filter(({ type }) => type === 'google_service_account_iam_member');
    const name = 'projects/234567891/locations/global/workloadIdentityPools/eks-apps';
    expect(member).toMatchObject({ stack: 'accounts-reports', values: { member: `principal://iam.googleapis.com/${name}/subject/system:serviceaccount:reports:reader` } });
    expect(Object.values(outputs['accounts-platform']!)).toEqual([name, `${name}/providers/eks-apps`]);
  });

  test('that was looked up is what the world has, and an expectation that fails stops the apply', () => {
    const build = (issuer: string) => (stack: TerraformStack) => {
      const cluster = new DataAwsEksCluster(stack, 'Cluster', { name: 'apps' });
      cluster.lifecycle = { postcondition: [{ condition: `\${self.identity[0].oidc[0].issuer == "${issuer}"}`, errorMessage: 'It is another cluster.' }] };
      new TerraformOutput(stack, 'issuer', { value: cluster.identity.get(0).oidc.get(0).issuer, staticId: true });
    };
    const world = { ...WORLD, computed: { 'data.aws_eks_cluster': () => ({ identity: [{ oidc: [{ issuer: 'https://issuer.example.com' }] }] }) } };
    expect(applyStack(build('https://issuer.example.com'), world).outputs.stack).toEqual({ issuer: 'https://issuer.example.com' });
    expect(() => applyStack(build('https://other.example.com'), world)).toThrow('It is another cluster.');
  });

  test('that Terraform makes a certificate for, or publishes, is applied too', () => {
    const publicKeys = [readFileSync(join(EXAMPLES, 'self-hosted', 'keys', 'current.pub'), 'utf8')];
    const { resources } = applyStack(stack => {
      new TlsProvider(stack, 'Tls');
      new GtokenWebhook(stack, 'Gtoken', { image: 'gtoken-webhook:1', gtokenImage: 'gtoken:1', certificate: SelfSignedWebhookCertificate.with() });
      new GcsHostedIssuer(stack, 'Gcs', { bucketName: 'acme-oidc', location: 'EU', publicKeys });
      new AzureBlobHostedIssuer(stack, 'Blob', { storageAccountName: 'acmeoidc', resourceGroupName: 'acme', location: 'westeurope', publicKeys });
    });
    expect(resources.filter(({ type }) => /^(tls_|kubernetes_secret|azurerm_storage|google_storage)/.test(type))).toHaveLength(14);
    const [secret] = resources.filter(({ type }) => type === 'kubernetes_secret_v1');
    expect(secret!.values.data['tls.key']).toMatch(/^-----BEGIN EC PRIVATE KEY-----\n/);
  });

  test.each([
    ['its email', '${var.account}@acme-${var.project}.iam.gserviceaccount.com', 'reader@acme-data.iam.gserviceaccount.com', 'acme-data'],
    ['all of its email', '${var.email}', 'writer@acme-search.iam.gserviceaccount.com', 'acme-search'],
    ['its email of another domain', '${var.account}@developer.gserviceaccount.com', 'reader@developer.gserviceaccount.com', 'acme-apps'],
    ['its name', 'projects/acme-${var.project}/serviceAccounts/${var.account}@acme-data.iam.gserviceaccount.com', 'reader@acme-data.iam.gserviceaccount.com', 'acme-data'],
    ['its name in any project', 'projects/${"-"}/serviceAccounts/${var.account}@acme-data.iam.gserviceaccount.com', 'reader@acme-data.iam.gserviceaccount.com', 'acme-data'],
    ['its id', '${var.account}', 'reader@acme-apps.iam.gserviceaccount.com', 'acme-apps'],
    ['its id, known before', 'reader', 'reader@acme-apps.iam.gserviceaccount.com', 'acme-apps'],
  ])('of Google that was looked up by %s, which only Terraform knows, has its own name', (_, accountId, email, home) => {
    const applied = applyStack(stack => {
      ['account', 'project', 'email'].forEach(name => new TerraformVariable(stack, name, { type: 'string' }));
      new DataGoogleServiceAccount(stack, 'Account', { accountId });
    }, { ...WORLD, variables: { account: 'reader', project: 'data', email: 'writer@acme-search.iam.gserviceaccount.com' } });
    const name = `projects/${home}/serviceAccounts/${email}`;
    expect(valuesOf(applied, 'data.google_service_account.Account')).toEqual({
      account_id: expect.any(String), id: name, name, email, member: `serviceAccount:${email}`, unique_id: expect.stringMatching(/^1\d{20}$/),
    });
  });

  test('takes the values of variables', () => {
    const applied = applyStack(stack => {
      new StorageBucket(stack, 'Bucket', { name: new TerraformVariable(stack, 'name', { type: 'string' }).stringValue, location: 'EU' });
    }, { ...WORLD, variables: { name: 'acme-"reports"-${x}' } });
    expect(valuesOf(applied, 'google_storage_bucket.Bucket')).toMatchObject({ name: 'acme-"reports"-${x}', project: 'acme-apps' });
  });
});

/** What becomes of a policy document; as JSON that the provider renders, without its white space. */
function document(config: DataAwsIamPolicyDocumentConfig): unknown {
  return JSON.parse(valuesOf(applyStack(stack => {
    new DataAwsIamPolicyDocument(stack, 'Document', config);
  }), 'data.aws_iam_policy_document.Document').json);
}

test('every resource and data source that the library or an example makes is described', () => {
  const types = [join(EXAMPLES, '..', 'lib'), EXAMPLES].flatMap(folder => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(file => join(folder, file)))
    .filter(file => file.endsWith('.ts')).flatMap(file => [...readFileSync(file, 'utf8').matchAll(/@cdktf\/provider-([a-z]+)\/lib\/([a-z0-9-]+)'/g)])
    .map(([, provider, name]) => name!.startsWith('data-') ? `data.${name!.slice(5)}`.replaceAll('-', '_') : `${provider}_${name!.replaceAll('-', '_')}`)
    .filter(type => !type.endsWith('_provider') || type.includes('connect') || type.includes('pool'));
  const described = [...RESOURCES.keys(), ...[...DATA_SOURCES.keys(), 'aws_iam_policy_document'].map(type => `data.${type}`)];
  expect(new Set(types).size).toBeGreaterThan(40);
  expect(types.filter(type => !described.includes(type))).toEqual([]);
});

describe('what is left to the real providers', () => {
  const meta = { '//': { metadata: { path: 'stack/X' } } };
  const json = {
    terraform: { required_providers: { aws: { source: 'aws', version: '6.25.0' }, google: { source: 'google', version: '6.50.0' } }, backend: { local: { path: 'x' } } },
    provider: { aws: [{ region: 'eu-west-1', profile: '${var.region}' }, { alias: 'other', profile: '${google_storage_bucket.B.location}' }], google: [{ project: 'acme-apps' }] },
    variable: { region: {} },
    data: {
      aws_region: { R: { provider: 'aws.other' } },
      aws_eks_cluster: { E: { name: 'apps', lifecycle: { postcondition: [{ condition: '${self.name == google_storage_bucket.B.name}', error_message: 'm' }] } } },
    },
    resource: {
      aws_iam_role: {
        R: {
          ...meta, assume_role_policy: '{}', name: '${google_storage_bucket.B.name}', depends_on: ['google_storage_bucket.B', 'data.aws_region.R'],
          lifecycle: { ignore_changes: ['name'], replace_triggered_by: ['google_storage_bucket.B', 'aws_iam_policy.P'] },
        },
      },
      aws_iam_policy: { P: { name: 'p', policy: '{}' } },
      google_storage_bucket: { B: { name: '${aws_iam_role.R.name}', location: '${aws_iam_policy.P.id}-${data.aws_eks_cluster.E.arn}', depends_on: ['aws_iam_role.R', 'aws_iam_policy.P'] } },
    },
    moved: [{ from: 'aws_iam_role.Old', to: 'aws_iam_role.R' }, { from: 'google_storage_bucket.Old', to: 'google_storage_bucket.B' }],
    removed: [{ from: 'aws_iam_role.Gone', lifecycle: { destroy: false } }],
    import: [{ to: 'aws_iam_role.R', id: 'r' }],
    output: { role: { value: '${aws_iam_role.R.arn}', depends_on: ['aws_iam_role.R'] } },
  };
  const { config, originals } = shadowOf({ name: 'stack', json }, {
    stacks: [], world: WORLD, lasting: false, stateOf: () => '',
    real: { providers: new Set(['aws']), keeps: ({ data, type }) => data ? type === 'aws_eks_cluster' : type !== 'aws_iam_policy' },
  });
  const { resource: { terraform_data: shadows, ...resources }, ...others } = config;

  test('stays as it is written, but for what it says of what is shadowed', () => {
    expect({ resources, ...others }).toEqual({
      terraform: { required_providers: { aws: { source: 'aws', version: '6.25.0' } } },
      provider: { aws: [{ region: 'eu-west-1', profile: '${var.region}' }, { alias: 'other', profile: '${terraform_data.google_storage_bucket__B.input.location}' }] },
      variable: { region: {} },
      data: { aws_eks_cluster: { E: { name: 'apps', lifecycle: { postcondition: [{ condition: '${self.name == terraform_data.google_storage_bucket__B.input.name}', error_message: 'm' }] } } } },
      resources: {
        aws_iam_role: {
          R: {
            ...meta, assume_role_policy: '{}', name: '${terraform_data.google_storage_bucket__B.input.name}',
            depends_on: ['terraform_data.google_storage_bucket__B', 'terraform_data.data__aws_region__R'],
            lifecycle: { ignore_changes: ['name'], replace_triggered_by: ['terraform_data.google_storage_bucket__B', 'terraform_data.aws_iam_policy__P'] },
          },
        },
      },
      moved: [
        { from: 'aws_iam_role.Old', to: 'aws_iam_role.R' },
        ...['', '__new'].map(end => ({ from: `terraform_data.google_storage_bucket__Old${end}`, to: `terraform_data.google_storage_bucket__B${end}` })),
      ],
      removed: [{ from: 'aws_iam_role.Gone', lifecycle: { destroy: false } }],
      import: [{ to: 'aws_iam_role.R', id: 'r' }],
      output: { role: { value: '${aws_iam_role.R.arn}', depends_on: ['aws_iam_role.R'] } },
    });
  });

  test('is what others refer to', () => {
    expect(Object.keys(shadows)).toEqual(['__new', 'aws_iam_policy__P', 'google_storage_bucket__B', 'data__aws_region__R']);
    expect([...originals.values()].map(({ address }) => address)).toEqual(['aws_iam_policy.P', 'google_storage_bucket.B', 'data.aws_region.R']);
    const { input, depends_on: on } = shadows.google_storage_bucket__B;
    expect([input.name, input.location, on]).toEqual([
      '${aws_iam_role.R.name}', '${terraform_data.aws_iam_policy__P.input.id}-${data.aws_eks_cluster.E.arn}', ['aws_iam_role.R', 'terraform_data.aws_iam_policy__P'],
    ]);
  });
});

describeOnTerraform('a policy document is rendered as the AWS provider renders it', () => {
  test('one value stands alone, sets are sorted backwards and without doubles, and lists of values keep their order', () => {
    expect(document({
      policyId: 'Id',
      statement: [{
        sid: 'One',
        actions: ['s3:GetObject'],
        resources: ['b', 'c', 'a', 'b'],
        principals: [{ type: 'AWS', identifiers: ['x', 'y'] }, { type: 'Service', identifiers: ['s.amazonaws.com'] }],
        condition: [
          { test: 'StringEquals', variable: 'a', values: ['2', '1', '3'] },
          { test: 'StringEquals', variable: 'b', values: ['1'] },
          { test: 'StringLike', variable: 'a', values: ['&{aws:username}/*'] },
        ],
      }, { effect: 'Deny', notActions: ['a', 'b'], notResources: ['&{aws:username}'], notPrincipals: [{ type: '*', identifiers: ['*'] }] }],
    })).toEqual({
      Version: '2012-10-17',
      Id: 'Id',
      Statement: [{
        Sid: 'One',
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: ['c', 'b', 'a'],
        Principal: { AWS: ['y', 'x'], Service: 's.amazonaws.com' },
        Condition: { StringEquals: { a: ['2', '1', '3'], b: '1' }, StringLike: { a: '${aws:username}/*' } },
      }, { Effect: 'Deny', NotAction: ['b', 'a'], NotResource: '${aws:username}', NotPrincipal: '*' }],
    });
  });

  test('lists that only Terraform knows, of one and of more', () => {
    expect(document({
      version: '2008-10-17', statement: [{ actions: Fn.split(',', 'b,a,b') }, { actions: Fn.split(',', 'a'), resources: ['${join("", ["x", "\\"y"])}'] }],
    })).toEqual({ Version: '2008-10-17', Statement: [{ Effect: 'Allow', Action: ['b', 'a'] }, { Effect: 'Allow', Action: 'a', Resource: 'x"y' }] });
  });
});

describeOnTerraform('refuses', () => {
  test('a type that nobody has described', () => {
    expect(() => applyStack(stack => new IamUser(stack, 'User', { name: 'x' })))
      .toThrow('stack: there is no entry for resource aws_iam_user in test/e2e/shadow/types.ts (aws_iam_user.User).');
  });

  test('an attribute that nobody has described', () => {
    expect(() => applyStack(stack => {
      const role = new IamRole(stack, 'Role', { name: 'r', assumeRolePolicy: '{}' });
      new TerraformOutput(stack, 'created', { value: role.createDate });
    })).toThrow('This object does not have an attribute named "create_date"');
  });

  test('a reference to what is not there', () => {
    expect(() => applyStack(stack => new IamRole(stack, 'Role', { name: 'r', assumeRolePolicy: '${data.aws_iam_policy_document.Gone.json}' })))
      .toThrow('Stack stack refers to data.aws_iam_policy_document.Gone, which is not in it.');
  });

  test('resources that Terraform counts, and documents that it merges', () => {
    expect(() => applyStack(stack => new IamRole(stack, 'Role', { name: 'r', assumeRolePolicy: '{}', count: 2 }))).toThrow('aws_iam_role.Role has count');
    expect(() => document({ sourcePolicyDocuments: ['{}'] })).toThrow('aws_iam_policy_document with source_policy_documents is not known here.');
  });

  test('a project whose number the world does not have', () => {
    expect(() => shadowApply(exampleStacks('article'), { ...WORLD, projectNumbers: {} })).toThrow('The given key does not identify an element');
  });

  test('a provider whose account neither it nor the world says', () => {
    expect(() => shadowApply(exampleStacks('article'), { ...WORLD, awsAccounts: {} })).toThrow('whose aws_iam_openid_connect_provider of provider aws is');
  });
});

import { generateKeyPairSync } from 'node:crypto';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { ITerraformDependable, TerraformStack, TerraformVariable } from 'cdktf';
import {
  AwsFederatedRole, Cluster, ClusterOidcProvider, GcpFederatedServiceAccount, GcsHostedIssuer, GcsHostedIssuerProps, HostedIssuerProps,
  IssuerDocuments, jsonWebKeySet, S3HostedIssuer, S3HostedIssuerProps,
} from 'cdktf-workload-federation';
import { AzureBlobHostedIssuer, AzureBlobHostedIssuerProps, AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { refusal } from '../refusal';
import { addresses, readableAddresses, scratchStack, StackJson, synthStack } from '../synth';

const [OLD, NEW] = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString()) as [string, string];
const KEYS = { publicKeys: [OLD] };
const JWKS = jsonWebKeySet([OLD]);
const discoveryOf = (issuer: string) => JSON.stringify({
  issuer,
  jwks_uri: `${issuer}/openid/v1/jwks`,
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
});

const s3 = (scope: TerraformStack, props: Partial<S3HostedIssuerProps> = KEYS) => new S3HostedIssuer(scope, 'Issuer', {
  bucketName: 'acme-apps-oidc', region: 'eu-west-1', ...props,
});
const gcs = (scope: TerraformStack, props: Partial<GcsHostedIssuerProps> = KEYS) => new GcsHostedIssuer(scope, 'Issuer', {
  bucketName: 'acme_apps-oidc', location: 'EU', ...props,
});
const blob = (scope: TerraformStack, props: Partial<AzureBlobHostedIssuerProps> = KEYS) => new AzureBlobHostedIssuer(scope, 'Issuer', {
  storageAccountName: 'acmeappsoidc', resourceGroupName: 'acme-apps', location: 'westeurope', ...props,
});

test('an issuer on S3 is two objects that anybody may read and nobody may list, in a bucket without ACLs', () => {
  const stack = synthStack(scope => s3(scope, { ...KEYS, tags: { team: 'platform' } }));
  const issuer = 'https://acme-apps-oidc.s3.eu-west-1.amazonaws.com';
  const bucket = '${aws_s3_bucket.Issuer.bucket}';
  const region = 'eu-west-1';
  const published = { bucket, region, content_type: 'application/json', cache_control: 'public, max-age=300' };
  expect(readableAddresses(stack)).toEqual({
    'aws_s3_bucket.Issuer': { bucket: 'acme-apps-oidc', region, tags: { team: 'platform' }, lifecycle: { prevent_destroy: true } },
    'aws_s3_bucket_public_access_block.Issuer_PublicAccess': {
      bucket, region, block_public_acls: true, ignore_public_acls: true, block_public_policy: false, restrict_public_buckets: false,
    },
    'data.aws_iam_policy_document.Issuer_Readers': {
      statement: [{
        effect: 'Allow',
        principals: [{ type: '*', identifiers: ['*'] }],
        actions: ['s3:GetObject'],
        resources: ['${aws_s3_bucket.Issuer.arn}/.well-known/openid-configuration', '${aws_s3_bucket.Issuer.arn}/openid/v1/jwks'],
      }],
    },
    'aws_s3_bucket_policy.Issuer_Policy': {
      bucket,
      region,
      policy: '${data.aws_iam_policy_document.Issuer_Readers.json}',
      depends_on: ['aws_s3_bucket_public_access_block.Issuer_PublicAccess'],
    },
    'aws_s3_object.Issuer_Discovery': { ...published, key: '.well-known/openid-configuration', content: discoveryOf(issuer) },
    'aws_s3_object.Issuer_Jwks': { ...published, key: 'openid/v1/jwks', content: JWKS },
  });
});

test('an issuer on Cloud Storage is two objects that anybody may read and nobody may list, in a bucket without ACLs', () => {
  const stack = synthStack(scope => gcs(scope, { ...KEYS, project: 'acme-platform' }));
  const bucket = '${google_storage_bucket.Issuer.name}';
  const published = { bucket, content_type: 'application/json', cache_control: 'public, max-age=300' };
  expect(readableAddresses(stack)).toEqual({
    'google_storage_bucket.Issuer': {
      name: 'acme_apps-oidc',
      location: 'EU',
      project: 'acme-platform',
      uniform_bucket_level_access: true,
      public_access_prevention: 'inherited',
      lifecycle: { prevent_destroy: true },
    },
    'google_storage_bucket_iam_member.Issuer_Readers': { bucket, role: 'roles/storage.legacyObjectReader', member: 'allUsers' },
    'google_storage_bucket_object.Issuer_Discovery': {
      ...published, name: '.well-known/openid-configuration', content: discoveryOf('https://storage.googleapis.com/acme_apps-oidc'),
    },
    'google_storage_bucket_object.Issuer_Jwks': { ...published, name: 'openid/v1/jwks', content: JWKS },
  });
});

test('an issuer on Blob Storage is two blobs that anybody may read and nobody may list', () => {
  const stack = synthStack(scope => blob(scope, { ...KEYS, replicationType: 'GRS', tags: { team: 'platform' } }));
  const target = {
    storage_account_name: '${azurerm_storage_account.Issuer.name}', storage_container_name: '${azurerm_storage_container.Issuer_Container.name}', type: 'Block',
    content_type: 'application/json', cache_control: 'public, max-age=300',
  };
  expect(readableAddresses(stack)).toEqual({
    'azurerm_storage_account.Issuer': {
      name: 'acmeappsoidc',
      resource_group_name: 'acme-apps',
      location: 'westeurope',
      account_tier: 'Standard',
      account_replication_type: 'GRS',
      min_tls_version: 'TLS1_2',
      allow_nested_items_to_be_public: true,
      // Whoever holds a key of the account could publish keys of his own.
      shared_access_key_enabled: false,
      tags: { team: 'platform' },
      lifecycle: { prevent_destroy: true },
    },
    'azurerm_storage_container.Issuer_Container': {
      // "container" would let everybody list it.
      name: 'oidc', storage_account_id: '${azurerm_storage_account.Issuer.id}', container_access_type: 'blob', lifecycle: { prevent_destroy: true },
    },
    'azurerm_storage_blob.Issuer_Discovery': {
      ...target, name: '.well-known/openid-configuration', source_content: discoveryOf('https://acmeappsoidc.blob.core.windows.net/oidc'),
    },
    'azurerm_storage_blob.Issuer_Jwks': { ...target, name: 'openid/v1/jwks', source_content: JWKS },
  });
});

test.each([[undefined, false], [false, false], [true, true]])('a storage account whose sharedAccessKeyEnabled is %p has keys: %p', (sharedAccessKeyEnabled, enabled) => {
  const stack = readableAddresses(synthStack(scope => blob(scope, { ...KEYS, sharedAccessKeyEnabled })));
  expect(stack['azurerm_storage_account.Issuer']).toEqual({
    name: 'acmeappsoidc',
    resource_group_name: 'acme-apps',
    location: 'westeurope',
    account_tier: 'Standard',
    account_replication_type: 'ZRS',
    min_tls_version: 'TLS1_2',
    allow_nested_items_to_be_public: true,
    shared_access_key_enabled: enabled,
    lifecycle: { prevent_destroy: true },
  });
});

test.each<[string, (scope: TerraformStack) => { issuer: string; documents: IssuerDocuments }, string]>([
  ['S3 in China', scope => s3(scope, { ...KEYS, region: 'cn-north-1' }), 'https://acme-apps-oidc.s3.cn-north-1.amazonaws.com.cn'],
  ['S3 in the European sovereign cloud', scope => s3(scope, { ...KEYS, region: 'eusc-de-east-1' }), 'https://acme-apps-oidc.s3.eusc-de-east-1.amazonaws.eu'],
  ['S3 in GovCloud', scope => s3(scope, { ...KEYS, region: 'us-gov-west-1' }), 'https://acme-apps-oidc.s3.us-gov-west-1.amazonaws.com'],
  ['Blob Storage of a government', scope => blob(scope, { ...KEYS, azureCloud: 'usgovernment' }), 'https://acmeappsoidc.blob.core.usgovcloudapi.net/oidc'],
  ['Blob Storage in China', scope => blob(scope, { ...KEYS, azureCloud: 'china', containerName: 'apps-oidc' }), 'https://acmeappsoidc.blob.core.chinacloudapi.cn/apps-oidc'],
])('the issuer on %s has the host of that cloud', (_, build, issuer) => {
  const hosted = build(scratchStack());
  expect(hosted.issuer).toBe(issuer);
  expect(hosted.documents).toEqual({ discoveryDocument: discoveryOf(issuer), jwks: JWKS, jwksUri: `${issuer}/openid/v1/jwks` });
});

type Hosted = { readonly issuer: string; readonly published: readonly ITerraformDependable[] };
const HOSTS: [string, (scope: TerraformStack, props?: any) => Hosted, string][] = [
  ['S3', s3, 'bucketName'], ['Cloud Storage', gcs, 'bucketName'], ['Blob Storage', blob, 'storageAccountName'],
];

describe.each(HOSTS)('on %s', (_, build) => {
  const synth = (props: Partial<HostedIssuerProps>) => synthStack(scope => build(scope, props));
  /** What is published by the object of an id. */
  const contentsOf = (stack: StackJson, id: string) => Object.entries(addresses(stack)).filter(([address]) => address.includes(`_${id}_`))
    .map(([, body]: [string, any]) => body.content ?? body.source_content);

  test('the objects can be destroyed where that is said', () => {
    const bodies = (props: Partial<HostedIssuerProps>) => Object.values(addresses(synth(props))) as any[];
    const prevented = (props: Partial<HostedIssuerProps>) => bodies(props).filter(({ lifecycle }) => lifecycle !== undefined);
    expect(prevented({ ...KEYS, preventDestroy: false })).toEqual([]);
    expect(prevented({ ...KEYS, preventDestroy: true })).toEqual(prevented(KEYS));
    expect(prevented(KEYS).length).toBeGreaterThan(0);
  });

  test('an OIDC provider that waits for what is published names all that lets IAM fetch it', () => {
    const stack = synthStack(scope => {
      const hosted = build(scope);
      new ClusterOidcProvider(scope, 'Registration', { cluster: Cluster.oidc({ name: 'apps', issuer: hosted.issuer }), dependsOn: hosted.published });
    });
    const dependsOn = readableAddresses(stack)['aws_iam_openid_connect_provider.Registration'].depends_on.map((address: string) => address.split('_').pop());
    expect(dependsOn).toEqual(expect.arrayContaining(['Discovery', 'Jwks']));
    const all = readableAddresses(stack);
    const readers = Object.keys(all).filter(address => /^(aws_s3_bucket_policy|google_storage_bucket_iam_member)\./.test(address));
    expect(all['aws_iam_openid_connect_provider.Registration'].depends_on).toEqual(expect.arrayContaining(readers));
  });

  test('a key that is added and one that goes change the key set alone', () => {
    const [before, during, after] = [[OLD], [OLD, NEW], [NEW]].map(publicKeys => addresses(synth({ publicKeys })));
    const changed = (one: Record<string, unknown>, two: Record<string, unknown>) => {
      expect(Object.keys(two)).toEqual(Object.keys(one));
      return Object.keys(one).filter(address => JSON.stringify(one[address]) !== JSON.stringify(two[address])).map(address => address.replace(/_[0-9A-F]{8}$/, '').split('_').pop());
    };
    expect(changed(before!, during!)).toEqual(['Jwks']);
    expect(changed(during!, after!)).toEqual(['Jwks']);
  });

  test('a key set is published as it is, literal or known to Terraform only', () => {
    expect(contentsOf(synth({ jwks: JWKS }), 'Jwks')).toEqual([JWKS]);
    expect(synth({ jwks: JWKS })).toEqual(synth(KEYS));
    const token = synthStack(scope => build(scope, { jwks: new TerraformVariable(scope, 'jwks', { type: 'string' }).stringValue }));
    expect(contentsOf(token, 'Jwks')).toEqual(['${var.jwks}']);
  });

  test('everything is made with the provider that is given', () => {
    const stack = synthStack(scope => build(scope, {
      ...KEYS,
      awsProvider: new AwsProvider(scope, 'Other0', { alias: 'other' }),
      googleProvider: new GoogleProvider(scope, 'Other1', { alias: 'other' }),
      azurermProvider: new AzurermProvider(scope, 'Other2', { alias: 'other', features: [{}] }),
    }));
    for (const [address, { provider }] of Object.entries(addresses(stack)) as [string, any][]) {
      expect([address, provider]).toEqual([address, `${address.replace(/^data\./, '').split('_')[0]}.other`]);
    }
  });

  test('the issuer is one that every cloud takes', () => {
    const stack = synthStack(scope => {
      const { issuer } = build(scope);
      const cluster = Cluster.oidc({ name: 'apps', issuer });
      const trusts = [cluster.serviceAccount('reports', 'reader')];
      new AwsFederatedRole(scope, 'Role', { trusts });
      new GcpFederatedServiceAccount(scope, 'Account', { trusts, accountId: 'reports-reader' });
      new AzureFederatedIdentity(scope, 'Identity', { trusts, identityName: 'reports-reader', resourceGroupName: 'acme-apps', location: 'westeurope' });
    });
    const { issuer } = JSON.parse(contentsOf(stack, 'Discovery')[0]);
    expect(Object.values(stack.resource.aws_iam_openid_connect_provider!)).toEqual([{ url: issuer, client_id_list: ['sts.amazonaws.com'] }]);
    expect(Object.values(stack.resource.google_iam_workload_identity_pool_provider!)[0].oidc).toEqual({ issuer_uri: issuer });
    expect(Object.values(stack.resource.azurerm_federated_identity_credential!)[0]).toMatchObject({ issuer, subject: 'system:serviceaccount:reports:reader' });
    const trust = Object.entries(stack.data.aws_iam_policy_document!).find(([name]) => name.startsWith('Role_Trust'))![1];
    expect(trust.statement[0].condition.map(({ variable }: any) => variable)).toEqual([`${issuer.slice(8)}:aud`, `${issuer.slice(8)}:sub`]);
  });
});

describe('refuses', () => {
  const LITERAL = 'write it out: it is part of the issuer, which kube-apiserver has in its flags';

  test.each(HOSTS)('on %s, a name that only Terraform knows', (_, build, prop) => {
    const stack = scratchStack();
    const token = new TerraformVariable(stack, 'name', { type: 'string' }).stringValue;
    for (const name of [token, `acme${token}`]) {
      expect(refusal(() => build(stack, { ...KEYS, [prop]: name }))).toEqual({
        code: 'UnresolvedValue', message: `stack/Issuer: ${prop} must be literal, got "a value that only Terraform knows"; ${LITERAL}`,
      });
    }
    expect(stack.node.tryFindChild('Issuer')).toBeUndefined();
  });

  test('a region and a container that only Terraform knows', () => {
    const stack = scratchStack();
    const token = new TerraformVariable(stack, 'name', { type: 'string' }).stringValue;
    expect(refusal(() => s3(stack, { ...KEYS, region: token })).message).toBe(`stack/Issuer: region must be literal, got "a value that only Terraform knows"; ${LITERAL}`);
    expect(refusal(() => blob(stack, { ...KEYS, containerName: token })).message)
      .toBe(`stack/Issuer: containerName must be literal, got "a value that only Terraform knows"; ${LITERAL}`);
  });

  const S3_NAME = 'bucketName must be 3 to 63 lower-case letters, digits and "-", got';
  test.each([
    ...['acme.apps.oidc', 'ab', 'a'.repeat(64), 'Acme-apps', '-acme', 'acme-', 'acme_apps', 'xn--acme', 'acme--apps', '${var.name}'].map(name => [
      { bucketName: name }, `${S3_NAME} ${JSON.stringify(name)}; choose a name without dots, which S3's certificate does not cover`,
    ]),
    [{ region: 'EU' }, 'region must be a region\'s code like eu-west-1, got "EU"; write its code'],
    [{ region: 'eu-west-1.evil.example/' }, 'region must be a region\'s code like eu-west-1, got "eu-west-1.evil.example/"; write its code'],
  ] as [Partial<S3HostedIssuerProps>, string][])('on S3, %p', (props, message) => {
    expect(refusal(() => s3(scratchStack(), { ...KEYS, ...props }))).toEqual({ code: 'InvalidName', message: `stack/Issuer: ${message}` });
  });

  test.each(['us-iso-east-1', 'us-isob-east-1', 'eu-isoe-west-1'])('on S3, the region %s, which no other cloud can reach', region => {
    expect(refusal(() => s3(scratchStack(), { ...KEYS, region }))).toEqual({
      code: 'InvalidIssuer',
      message: `stack/Issuer: region must be one that the clouds can reach, got "${region}"; publish the documents elsewhere, or upload the keys to Google Cloud`,
    });
  });

  const GCS_NAME = 'bucketName must be 3 to 63 lower-case letters, digits, "-" and "_", without "google", got';
  test.each([
    ...['acme.apps', 'ab', 'a'.repeat(64), 'Acme', 'goog-acme', 'my-google-oidc', 'acme/', '_acme'].map(name => [
      { bucketName: name }, `${GCS_NAME} ${JSON.stringify(name)}; choose a name that Cloud Storage takes`,
    ]),
    [{ location: 'EU!' }, 'location must be a location of Cloud Storage, such as europe-west1, got "EU!"; write it as in `gcloud storage buckets create`'],
    [{ project: 'Acme' }, 'project must be a project id (6 to 30 lower-case letters, digits and "-", starting with a letter), got "Acme"; pass the project\'s id, not its number or name'],
  ] as [Partial<GcsHostedIssuerProps>, string][])('on Cloud Storage, %p', (props, message) => {
    expect(refusal(() => gcs(scratchStack(), { ...KEYS, ...props }))).toEqual({ code: 'InvalidName', message: `stack/Issuer: ${message}` });
  });

  test.each([
    ...['acme-apps', 'ab', 'a'.repeat(25), 'Acme', 'acme.apps'].map(name => [
      { storageAccountName: name }, 'InvalidName', `storageAccountName must be 3 to 24 lower-case letters and digits, got ${JSON.stringify(name)}; choose a name that Azure takes`,
    ]),
    ...['ab', 'a'.repeat(64), 'Acme', 'a--b', '-ab', '$web', 'a/b'].map(name => [
      { containerName: name }, 'InvalidName', `containerName must be 3 to 63 lower-case letters, digits and single "-", got ${JSON.stringify(name)}; leave it out for "oidc"`,
    ]),
    [{ location: 'west/europe' }, 'InvalidName', 'location must be a region, such as westeurope, got "west/europe"; copy it from `az account list-locations`'],
    [{ azureCloud: 'germany' }, 'InvalidIdentifier', 'azureCloud must be one of public, usgovernment, china, got "germany"; leave it out for "public"'],
  ] as [any, string, string][])('on Blob Storage, %p', (props, code, message) => {
    expect(refusal(() => blob(scratchStack(), { ...KEYS, ...props }))).toEqual({ code, message: `stack/Issuer: ${message}` });
  });

  test.each(HOSTS)('on %s, neither keys nor a key set, both, and what is no public key', (_, build) => {
    const message = (props: Partial<HostedIssuerProps>) => refusal(() => build(scratchStack(), props)).message;
    expect(message({})).toBe('stack/Issuer: publicKeys must be given, or `jwks`, and not both, got "neither"; choose one of the two');
    expect(message({ ...KEYS, jwks: JWKS })).toBe('stack/Issuer: publicKeys must be given, or `jwks`, and not both, got "both"; choose one of the two');
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(message({ publicKeys: [OLD, key] }))
      .toBe('stack/Issuer: publicKeys must be public keys alone, got "a private key"; pass the public half, as `openssl pkey -in sa.key -pubout` prints it');
  });

  test('a token in the props that are no part of the issuer passes', () => {
    const stack = scratchStack();
    const token = new TerraformVariable(stack, 'text', { type: 'string' }).stringValue;
    expect(gcs(stack, { ...KEYS, location: token, project: token }).issuer).toBe('https://storage.googleapis.com/acme_apps-oidc');
    expect(new AzureBlobHostedIssuer(stack, 'Blob', { ...KEYS, storageAccountName: 'acme', resourceGroupName: token, location: token }).issuer)
      .toBe('https://acme.blob.core.windows.net/oidc');
  });
});

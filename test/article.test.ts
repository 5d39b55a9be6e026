import { synthExample } from './synth';

// What the article's own Terraform and YAML get wrong, numbered as in docs/article.md, must not come back.

const stacks = Object.values({ ...synthExample('article'), ...synthExample('directions') });

const all = (block: 'resource' | 'data', type: string | RegExp): any[] => stacks.flatMap(stack => Object.entries(stack[block])
  .filter(([name]) => typeof type === 'string' ? name === type : type.test(name)).flatMap(([, resources]) => Object.values(resources)));

const types = [...new Set(stacks.flatMap(stack => Object.keys(stack.resource)))];
const pods = [...all('resource', 'kubernetes_pod_v1'), ...all('resource', /^kubernetes_(?:deployment|job)_v1$/).map(owner => owner.spec.template)];
const containers = pods.flatMap(pod => pod.spec.container);
const names = (container: any): string[] => (container.env ?? []).map((variable: any) => variable.name);
const statements = all('data', 'aws_iam_policy_document').flatMap(document => document.statement);
const trustStatements = statements.filter(statement => statement.actions.includes('sts:AssumeRoleWithWebIdentity'));
const sources = pods.flatMap(pod => pod.spec.volume ?? []).flatMap(volume => volume.projected).flatMap(projected => projected.sources);

test('there is something of everything to look at', () => {
  const providers = all('resource', 'google_iam_workload_identity_pool_provider');
  expect([trustStatements, containers, sources, providers].map(found => found.length)).toEqual([5, 14, 18, 4]);
});

test('1 and 9: every trust statement compares aud and sub exactly, neither in the place of the other', () => {
  for (const { condition, principals, actions } of trustStatements) {
    const provider = principals[0].identifiers[0];
    expect(actions).toEqual(['sts:AssumeRoleWithWebIdentity']);
    expect(provider).toMatch(/^\$\{aws_iam_openid_connect_provider\..*\.arn\}$/);
    expect(condition).toEqual([
      { test: 'StringEquals', variable: expect.stringMatching(/^[^*]+:aud$/), values: ['sts.amazonaws.com'] },
      { test: 'StringEquals', variable: expect.stringMatching(/^[^*]+:sub$/), values: [expect.stringMatching(/^system:serviceaccount:[a-z-]+:[a-z-]+$/)] },
    ]);
  }
});

test('2: no thumbprint is pinned', () => {
  expect(all('resource', 'aws_iam_openid_connect_provider').map(provider => Object.keys(provider))).toEqual([
    ['client_id_list', 'url'], ['client_id_list', 'url'], ['client_id_list', 'url'], ['client_id_list', 'url'], ['client_id_list', 'url'],
  ]);
});

test('3: IAM grows by members, and nothing authoritative removes those of others', () => {
  expect(types.filter(type => /_iam_(?:member|binding|policy)$/.test(type)).sort()).toEqual([
    'google_project_iam_member', 'google_service_account_iam_member', 'google_storage_bucket_iam_member',
  ]);
});

test('4: a pool holds the provider of one cluster', () => {
  for (const stack of stacks) {
    const pools = Object.keys(stack.resource.google_iam_workload_identity_pool ?? {});
    const providers = Object.values(stack.resource.google_iam_workload_identity_pool_provider ?? {});
    expect(providers.map(provider => provider.workload_identity_pool_id)).toEqual(pools.map(pool => `\${google_iam_workload_identity_pool.${pool}.workload_identity_pool_id}`));
  }
});

test('5 and 6: every provider has a condition of exact subjects, and an issuer with https', () => {
  for (const provider of all('resource', 'google_iam_workload_identity_pool_provider')) {
    expect(provider.attribute_condition).toMatch(/^assertion\.sub in \['system:serviceaccount:[a-z-]+:[a-z-]+'\]$/);
    expect(provider.oidc.issuer_uri).toMatch(/^https:\/\//);
  }
});

test('7: libraries and command lines find their credentials, off AWS with both variables of the region', () => {
  const aws = containers.filter(container => names(container).includes('AWS_ROLE_ARN'));
  const google = containers.filter(container => names(container).includes('GOOGLE_APPLICATION_CREDENTIALS'));
  expect([aws.length, google.length]).toEqual([6, 5]);
  for (const container of aws) {
    expect(names(container).filter(name => name.startsWith('AWS_'))).toEqual(['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_REGION', 'AWS_DEFAULT_REGION',
      'AWS_STS_REGIONAL_ENDPOINTS']);
  }
  for (const container of google) {
    expect(names(container).filter(name => !name.startsWith('AWS_'))).toEqual([
      'GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', 'GOOGLE_CLOUD_PROJECT', 'CLOUDSDK_CORE_PROJECT',
    ]);
  }
});

test('8: tokens live an hour, whoever projects them', () => {
  const tokens = sources.flatMap(source => source.service_account_token ?? []);
  expect(new Set(tokens.map(token => token.expiration_seconds))).toEqual(new Set([3600]));
  const annotated = all('resource', 'kubernetes_service_account_v1').filter(account => account.metadata.annotations?.['eks.amazonaws.com/role-arn']);
  expect(annotated.map(account => account.metadata.annotations['eks.amazonaws.com/token-expiration'])).toEqual(['3600']);
});

test('10: nothing runs in the default namespace or as the default service account', () => {
  for (const { metadata } of all('resource', 'kubernetes_service_account_v1')) {
    expect([metadata.name, metadata.namespace]).not.toContain('default');
  }
  const owners = all('resource', /^kubernetes_(?:pod|deployment|job)_v1$/);
  for (const name of [...owners.map(owner => owner.metadata.namespace), ...pods.map(pod => pod.spec.service_account_name)]) {
    expect(name).toMatch(/^\$\{kubernetes_service_account_v1\..*\.metadata\[0\]\.name(?:space)?\}$/);
  }
});

test('11: objects are read from below the bucket, and the bucket itself is listed', () => {
  const resources = (action: string) => statements.filter(statement => statement.actions.includes(action)).flatMap(statement => statement.resources);
  expect(resources('s3:GetObject')).toEqual(['${aws_s3_bucket.S3.arn}/*', 'arn:aws:s3:::acme-archive/*', 'arn:aws:s3:::acme-archive/reports/*']);
  expect(resources('s3:ListBucket')).toEqual(['${aws_s3_bucket.S3.arn}', 'arn:aws:s3:::acme-archive', 'arn:aws:s3:::acme-archive']);
});

test('12: no webhook is installed, and nothing may mint tokens of a whole project', () => {
  expect(types.filter(type => /webhook|cluster_role|kubernetes_role/.test(type))).toEqual([]);
  expect(all('resource', 'google_project_iam_member').map(member => member.role)).toEqual(['roles/bigquery.jobUser']);
});

test('13: no label of a platform stands on a ServiceAccount', () => {
  expect(all('resource', 'kubernetes_service_account_v1').filter(account => account.metadata.labels !== undefined)).toEqual([]);
});

import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { EksCluster } from '@cdktf/provider-aws/lib/eks-cluster';
import { ContainerCluster } from '@cdktf/provider-google/lib/container-cluster';
import { DataGoogleContainerCluster } from '@cdktf/provider-google/lib/data-google-container-cluster';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { TerraformVariable } from 'cdktf';
import { AwsFederatedRole, Cluster, FederationError } from 'cdktf-workload-federation';
import { EKS_ISSUER, GKE_ISSUER } from './clusters';
import { scratchStack, synthStack } from './synth';

const eksProps = { name: 'apps', issuer: EKS_ISSUER };
const gkeProps = { project: 'acme-apps', location: 'europe-west1', name: 'apps' };

test('an EKS cluster is its name and issuer', () => {
  expect(Cluster.eks(eksProps)).toMatchObject({ kind: 'eks', id: 'eks-apps', issuer: EKS_ISSUER, workloadPool: undefined });
});

test('a GKE cluster\'s issuer is made of project, location and name', () => {
  expect(Cluster.gke(gkeProps)).toMatchObject({ kind: 'gke', id: 'gke-apps', issuer: GKE_ISSUER, workloadPool: 'acme-apps.svc.id.goog' });
  expect(Cluster.gke({ ...gkeProps, location: 'europe-west1-b' }).issuer).toBe(
    'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1-b/clusters/apps');
  expect(Cluster.gke({ ...gkeProps, location: 'us-central1-ai1a' }).issuer).toContain('/locations/us-central1-ai1a/');
  expect(Cluster.gke({ ...gkeProps, project: 'acme.example:apps-prod' }).workloadPool).toBe('acme.example:apps-prod.svc.id.goog');
});

test('a GKE cluster without Google\'s own pool has none', () => {
  expect(Cluster.gke({ ...gkeProps, workloadIdentity: false })).toMatchObject({ issuer: GKE_ISSUER, workloadPool: undefined });
});

test('the issuer of any other cluster is kept to the last slash', () => {
  expect(Cluster.oidc({ name: 'k3s', issuer: 'https://oidc.acme.example/k3s/' })).toMatchObject({
    kind: 'oidc', id: 'oidc-k3s', issuer: 'https://oidc.acme.example/k3s/',
  });
  expect(Cluster.oidc({ name: 'k3s', issuer: 'https://oidc.acme.example:6443' }).issuer).toBe('https://oidc.acme.example:6443');
});

test('a service account names the subject of its tokens', () => {
  const cluster = Cluster.eks(eksProps);
  expect(cluster.serviceAccount('reports', 'reader.v2')).toEqual({
    cluster, namespace: 'reports', name: 'reader.v2', subject: 'system:serviceaccount:reports:reader.v2',
  });
});

test.each([
  ['aws_eks_cluster', EksCluster, 'aws_eks_cluster.C'],
  ['data.aws_eks_cluster', DataAwsEksCluster, 'data.aws_eks_cluster.C'],
] as const)('an EKS cluster comes from %s', (_, Resource, address) => {
  const stack = synthStack(scope => {
    const resource = new Resource(scope, 'C', { name: 'apps', roleArn: 'arn:aws:iam::123456789012:role/eks', vpcConfig: { subnetIds: ['subnet-1'] } });
    const cluster = Cluster.fromEksCluster(resource);
    expect(cluster.id).toBe('eks-apps');
    expect(Cluster.fromEksCluster(resource)).toBe(cluster);
    new AwsFederatedRole(scope, 'Role', { trusts: [cluster.serviceAccount('reports', 'reader')] });
  });
  expect(stack.resource.aws_iam_openid_connect_provider!['ClusterOidcProvider-eks-apps'].url).toBe(`\${${address}.identity[0].oidc[0].issuer}`);
});

test.each([
  ['google_container_cluster', ContainerCluster, 'google_container_cluster.C'],
  ['data.google_container_cluster', DataGoogleContainerCluster, 'data.google_container_cluster.C'],
] as const)('a GKE cluster comes from %s', (_, Resource, address) => {
  const stack = synthStack(scope => {
    const resource = new Resource(scope, 'C', { name: 'apps', location: 'europe-west1' });
    const cluster = Cluster.fromGkeCluster(resource);
    expect(Cluster.fromGkeCluster(resource)).toBe(cluster);
    expect(Cluster.fromGkeCluster(resource, { workloadIdentity: false })).toMatchObject({ id: 'gke-apps', workloadPool: undefined });
    new AwsFederatedRole(scope, 'Role', { trusts: [cluster.serviceAccount('reports', 'reader')] });
  });
  expect(stack.resource.aws_iam_openid_connect_provider!['ClusterOidcProvider-gke-apps'].url).toBe(
    `https://container.googleapis.com/v1/\${${address}.id}`);
});

test('a namespace that is read twice is one service account', () => {
  const stack = synthStack(scope => {
    const namespace = new NamespaceV1(scope, 'Namespace', { metadata: { name: 'reports' } });
    const cluster = Cluster.eks(eksProps);
    new AwsFederatedRole(scope, 'Role', {
      trusts: [cluster.serviceAccount(namespace.metadata.name, 'reader'), cluster.serviceAccount(namespace.metadata.name, 'reader')],
    });
  });
  expect(Object.values(stack.data.aws_iam_policy_document!)[0].statement[0].condition[1].values).toEqual([
    'system:serviceaccount:${kubernetes_namespace_v1.Namespace.metadata[0].name}:reader',
  ]);
});

describe('refuses', () => {
  const ISSUER_SHAPE = 'be a URL of lower-case host and path, with no query, fragment, user name, wildcard or white space';
  const ISSUER_REMEDY = 'write it as in the `iss` claim of the cluster\'s tokens';

  test.each([
    ['http://oidc.acme.example', 'start with "https://"', `${ISSUER_REMEDY}; no cloud takes an issuer without TLS`],
    ['oidc.acme.example', 'start with "https://"', `${ISSUER_REMEDY}; no cloud takes an issuer without TLS`],
    ['', 'start with "https://"', `${ISSUER_REMEDY}; no cloud takes an issuer without TLS`],
    ['https://oidc.acme.example?x=1', ISSUER_SHAPE, ISSUER_REMEDY],
    ['https://oidc.acme.example#x', ISSUER_SHAPE, ISSUER_REMEDY],
    ['https://oidc.acme.example/ x', ISSUER_SHAPE, ISSUER_REMEDY],
    ['https://oidc.acme.example/x\n', ISSUER_SHAPE, ISSUER_REMEDY],
    ['https://user@oidc.acme.example', ISSUER_SHAPE, ISSUER_REMEDY],
    ['https://OIDC.acme.example', ISSUER_SHAPE, ISSUER_REMEDY],
    ['https://oidc.acme.example/*', ISSUER_SHAPE, ISSUER_REMEDY],
    ['https://oidc.acme.example/a/../b', ISSUER_SHAPE, ISSUER_REMEDY],
    ['https://оidc.acme.example', ISSUER_SHAPE, ISSUER_REMEDY],
    ['https://', ISSUER_SHAPE, ISSUER_REMEDY],
  ])('the issuer %p', (issuer, rule, remedy) => {
    expect(() => Cluster.oidc({ name: 'k3s', issuer })).toThrow(
      new FederationError({ code: 'InvalidIssuer', where: 'Cluster.oidc', prop: 'issuer', rule, got: issuer, remedy }));
    expect(() => Cluster.eks({ name: 'apps', issuer })).toThrow(`Cluster.eks: issuer must ${rule}, got ${JSON.stringify(issuer)}; ${remedy}`);
  });

  test('an EKS issuer that ends in a slash', () => {
    expect(() => Cluster.eks({ name: 'apps', issuer: `${EKS_ISSUER}/` })).toThrow(
      `Cluster.eks: issuer must not end in a slash, got "${EKS_ISSUER}/"; EKS writes its issuer without one, and the clouds compare it exactly`);
  });

  test.each([
    ['', 'reader', 'namespace', ''],
    ['Reports', 'reader', 'namespace', 'Reports'],
    ['reports*', 'reader', 'namespace', 'reports*'],
    ['reports.eu', 'reader', 'namespace', 'reports.eu'],
    ['-reports', 'reader', 'namespace', '-reports'],
    ['n'.repeat(64), 'reader', 'namespace', 'n'.repeat(64)],
    ['reports', '', 'serviceAccount', ''],
    ['reports', '*', 'serviceAccount', '*'],
    ['reports', 'reader?', 'serviceAccount', 'reader?'],
    ['reports', 'reader:admin', 'serviceAccount', 'reader:admin'],
    ['reports', 'Reader', 'serviceAccount', 'Reader'],
    ['reports', 'reader.', 'serviceAccount', 'reader.'],
    ['reports', `${'n'.repeat(63)}.`.repeat(3) + 'n'.repeat(62), 'serviceAccount', undefined],
  ])('the service account %p / %p', (namespace, name, prop, got) => {
    const message = prop === 'namespace'
      ? 'Cluster eks-apps: namespace must be a DNS label (lower-case letters, digits and "-", 1 to 63 characters), '
      : 'Cluster eks-apps: serviceAccount must be a DNS subdomain (labels of lower-case letters, digits and "-" joined by ".", 1 to 253 characters), ';
    expect(() => Cluster.eks(eksProps).serviceAccount(namespace, name)).toThrow(got === undefined ? message : `${message}got ${JSON.stringify(got)}; `);
  });

  test.each([
    [{ project: '123456789012' }, 'project'],
    [{ project: 'acme' }, 'project'],
    [{ project: 'Acme-Apps' }, 'project'],
    [{ location: 'europe' }, 'location'],
    [{ location: 'europe-west1/clusters/x' }, 'location'],
    [{ name: 'Apps' }, 'name'],
    [{ name: 'a'.repeat(41) }, 'name'],
    [{ id: 'apps/prod' }, 'id'],
    [{ id: '' }, 'id'],
  ])('a GKE cluster with %p', (props, prop) => {
    expect(() => Cluster.gke({ ...gkeProps, ...props })).toThrow(`Cluster.gke: ${prop} must be `);
  });

  test('a cluster whose name only Terraform knows, and no id', () => {
    const name = new TerraformVariable(scratchStack(), 'name', { type: 'string' }).stringValue;
    expect(() => Cluster.fromEksCluster(new DataAwsEksCluster(scratchStack(), 'C', { name }))).toThrow(
      'Cluster.fromEksCluster(stack/C): id must be given where the name is known to Terraform only, got undefined; '
      + 'pass a literal `id`: shared registrations are named after it');
    expect(() => Cluster.eks({ ...eksProps, id: name })).toThrow('Cluster.eks: id must be literal, got "a value that only Terraform knows"');
    expect(Cluster.fromEksCluster(new DataAwsEksCluster(scratchStack(), 'C', { name }), { id: 'apps' }).id).toBe('apps');
  });

  test('two clusters of one id', () => {
    const stack = scratchStack();
    new AwsFederatedRole(stack, 'One', { trusts: [Cluster.eks(eksProps).serviceAccount('reports', 'reader')] });
    const other = Cluster.eks({ ...eksProps, issuer: EKS_ISSUER.replace('7D', '8D') });
    expect(() => new AwsFederatedRole(stack, 'Two', { trusts: [other.serviceAccount('reports', 'reader')] })).toThrow(
      `stack/Two: cluster must have an id of its own (another cluster of the app is "eks-apps", with the issuer "${EKS_ISSUER}"), `
      + `got "${EKS_ISSUER.replace('7D', '8D')}"; pass \`id\` where the cluster is defined`);
  });

  test('two ids of one cluster', () => {
    const stack = scratchStack();
    new AwsFederatedRole(stack, 'One', { trusts: [Cluster.eks(eksProps).serviceAccount('reports', 'reader')] });
    const other = Cluster.eks({ ...eksProps, id: 'other' });
    expect(() => new AwsFederatedRole(stack, 'Two', { trusts: [other.serviceAccount('reports', 'reader')] })).toThrow(
      `stack/Two: cluster must have one id (the app knows the issuer "${EKS_ISSUER}" as "eks-apps"), got "other"; `
      + 'define the cluster once, or with the same id: an issuer can be registered once per account');
    expect(new AwsFederatedRole(stack, 'Three', { trusts: [Cluster.eks(eksProps).serviceAccount('reports', 'writer')] }).oidcProviders).toHaveLength(1);
  });
});

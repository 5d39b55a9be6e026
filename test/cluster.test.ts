import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { EksCluster } from '@cdktf/provider-aws/lib/eks-cluster';
import { DataAzurermKubernetesCluster } from '@cdktf/provider-azurerm/lib/data-azurerm-kubernetes-cluster';
import { KubernetesCluster } from '@cdktf/provider-azurerm/lib/kubernetes-cluster';
import { ContainerCluster } from '@cdktf/provider-google/lib/container-cluster';
import { DataGoogleContainerCluster } from '@cdktf/provider-google/lib/data-google-container-cluster';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { Lazy, TerraformStack, TerraformVariable } from 'cdktf';
import { AwsFederatedRole, Cluster, FederationError, GcpFederatedServiceAccount } from 'cdktf-workload-federation';
import { AKS_ISSUER, EKS_ISSUER, GKE_ISSUER, JWKS, OIDC_ISSUER, PRIVATE_ISSUER } from './clusters';
import { refusal } from './refusal';
import { scratchStack, synthStack } from './synth';

const eksProps = { name: 'apps', issuer: EKS_ISSUER };
const gkeProps = { project: 'acme-apps', location: 'europe-west1', name: 'apps' };
const EKS_ARN = 'arn:aws:eks:eu-west-1:123456789012:cluster/apps';

const textIn = (stack: TerraformStack, id = 'text') => new TerraformVariable(stack, id, { type: 'string' }).stringValue;

test('an EKS cluster is its name and issuer, and its ARN where it is said', () => {
  expect({ ...Cluster.eks(eksProps) }).toEqual({ kind: 'eks', id: 'eks-apps', issuer: EKS_ISSUER, name: 'apps', region: 'eu-west-1', azureWebhook: false });
  expect({ ...Cluster.eks({ ...eksProps, arn: EKS_ARN }) }).toEqual({
    kind: 'eks', id: 'eks-apps', issuer: EKS_ISSUER, name: 'apps', arn: EKS_ARN, region: 'eu-west-1', azureWebhook: false,
  });
});

test('the region of an EKS cluster is its issuer\'s, where that says one', () => {
  const region = (issuer: string) => Cluster.eks({ name: 'apps', issuer }).region;
  expect(region('https://oidc.eks.us-gov-east-1.amazonaws.com/id/0A')).toBe('us-gov-east-1');
  expect(region('https://oidc.eks.cn-north-1.amazonaws.com.cn/id/0A')).toBe('cn-north-1');
  expect(region('https://issuer.example.com/oidc.eks.eu-west-1.')).toBeUndefined();
  expect(region(textIn(scratchStack()))).toBeUndefined();
  expect(Cluster.eks({ name: 'apps', issuer: 'https://issuer.example.com', arn: EKS_ARN }).region).toBeUndefined();
});

test('an ARN of an EKS cluster is compared with what is known of the cluster alone', () => {
  const text = textIn(scratchStack());
  for (const props of [{ name: text, id: 'apps' }, { issuer: text }, { issuer: 'https://issuer.example.com' }, { name: text, issuer: text, id: 'apps' }]) {
    expect(Cluster.eks({ ...eksProps, ...props, arn: EKS_ARN }).arn).toBe(EKS_ARN);
  }
  expect(Cluster.eks({ ...eksProps, arn: text }).arn).toBe(text);
});

test('an AKS cluster is its name and issuer, with the slash at its end', () => {
  expect({ ...Cluster.aks({ name: 'apps', issuer: AKS_ISSUER }) }).toEqual({ kind: 'aks', id: 'aks-apps', issuer: AKS_ISSUER, azureWebhook: true });
  expect(Cluster.aks({ name: 'a'.repeat(63), issuer: AKS_ISSUER, id: 'apps' }).id).toBe('apps');
});

test.each([[undefined, true], [true, true], [false, false]])('an AKS cluster whose workloadIdentity is %p has Azure\'s webhook: %p', (workloadIdentity, azureWebhook) => {
  expect({ ...Cluster.aks({ name: 'apps', issuer: AKS_ISSUER, workloadIdentity }) }).toEqual({ kind: 'aks', id: 'aks-apps', issuer: AKS_ISSUER, azureWebhook });
});

test('an AKS cluster of a resource has Azure\'s webhook where the resource enables it, or may', () => {
  const stack = scratchStack();
  const enabled = new TerraformVariable(stack, 'enabled', { type: 'bool' }).booleanValue;
  const webhooks = [undefined, false, true, enabled].map((workloadIdentityEnabled, index) => Cluster.fromAksCluster(new KubernetesCluster(stack, `C${index}`, {
    name: 'apps', location: 'westeurope', resourceGroupName: 'apps', oidcIssuerEnabled: true, workloadIdentityEnabled, defaultNodePool: { name: 'default' },
  })).azureWebhook);
  expect(webhooks).toEqual([false, false, true, true]);
  // A data source does not say.
  expect(Cluster.fromAksCluster(new DataAzurermKubernetesCluster(stack, 'Data', { name: 'apps', resourceGroupName: 'apps' })).azureWebhook).toBe(true);
});

test('clusters of all other kinds have no webhook of Azure', () => {
  const stack = scratchStack();
  expect([
    Cluster.eks(eksProps), Cluster.gke(gkeProps), Cluster.gke({ ...gkeProps, workloadIdentity: false }), Cluster.oidc({ name: 'k3s', issuer: OIDC_ISSUER }),
    Cluster.fromEksCluster(new DataAwsEksCluster(stack, 'Eks', { name: 'apps' })),
    Cluster.fromGkeCluster(new DataGoogleContainerCluster(stack, 'Gke', { name: 'apps', location: 'europe-west1' })),
  ].map(({ azureWebhook }) => azureWebhook)).toEqual([false, false, false, false, false, false]);
});

test('a GKE cluster\'s issuer is made of project, location and name', () => {
  expect(Cluster.gke(gkeProps)).toMatchObject({ kind: 'gke', id: 'gke-apps', issuer: GKE_ISSUER, workloadPool: 'acme-apps.svc.id.goog' });
  expect(Cluster.gke({ ...gkeProps, location: 'europe-west1-b' }).issuer).toBe(
    'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1-b/clusters/apps');
  expect(Cluster.gke({ ...gkeProps, location: 'us-central1-ai1a' }).issuer).toContain('/locations/us-central1-ai1a/');
  expect(Cluster.gke({ ...gkeProps, project: 'acme.example:apps-prod' }).workloadPool).toBe('acme.example:apps-prod.svc.id.goog');
});

test('a GKE cluster has the number of its project where it is said', () => {
  expect(Cluster.gke(gkeProps).projectNumber).toBeUndefined();
  expect({ ...Cluster.gke({ ...gkeProps, projectNumber: '123456789012' }) }).toEqual({
    kind: 'gke', id: 'gke-apps', issuer: GKE_ISSUER, project: 'acme-apps', projectKey: 'acme-apps', projectNumber: '123456789012', workloadPool: 'acme-apps.svc.id.goog',
    azureWebhook: false,
  });
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

test('any other cluster has its public keys where no cloud can reach the issuer', () => {
  expect({ ...Cluster.oidc({ name: 'vault', issuer: PRIVATE_ISSUER, jwks: JWKS }) }).toEqual({
    kind: 'oidc', id: 'oidc-vault', issuer: PRIVATE_ISSUER, jwks: JWKS, azureWebhook: false,
  });
  const elliptic = JSON.stringify({ keys: [{ kty: 'EC', kid: 'k', use: 'sig', alg: 'ES256', crv: 'P-256', x: 'f83OJ3D2', y: 'x_FEzRu9' }] });
  expect(Cluster.oidc({ name: 'vault', issuer: PRIVATE_ISSUER, jwks: elliptic }).jwks).toBe(elliptic);
});

test.each([
  'https://11.0.0.1', 'https://9.255.255.255', 'https://126.0.0.1', 'https://128.0.0.1', 'https://172.15.0.1', 'https://172.32.0.1', 'https://192.167.0.1', 'https://192.169.0.1',
  'https://169.253.0.1', 'https://10.example.com', 'https://127.0.0.1.example.com', 'https://192.168.example.com', 'https://172.16.example.com', 'https://localhost.example.com',
  'https://kubernetes.default.svc.cluster.local.example.com', 'https://svc.example.com', 'https://local.example', 'https://internal.example.com', 'https://acme.notlocal',
  'https://acme.xsvc', 'https://acme.internals', 'https://notlocalhost.example', 'https://issuer.example.com/kubernetes.default.svc', 'https://issuer.example.com/.local',
])('the issuer %p needs no keys, as the clouds may reach it', issuer => {
  expect(Cluster.oidc({ name: 'k3s', issuer })).toMatchObject({ issuer, jwks: undefined });
});

test('an issuer inside of a cluster that only Terraform knows is taken as it is', () => {
  const text = textIn(scratchStack());
  for (const issuer of [text, `https://${text}.svc.cluster.local`, `https://localhost/${text}`]) {
    expect(Cluster.oidc({ name: 'k3s', issuer })).toMatchObject({ issuer, jwks: undefined });
  }
});

test('public keys are written anew, so that nothing which the set held besides them is kept', () => {
  const key = { kty: 'RSA', kid: 'k', n: 'u1SU1LfV', e: 'AQAB' };
  const secret = 'cGxlYXNlLWRvLW5vdC1sb2ctbWU';
  const whole = JSON.stringify({ keys: [key] });
  for (const jwks of [
    // A parser takes the last of two fields of a name; Terraform's could take the first.
    `{"keys":[${JSON.stringify({ ...key, d: secret })}],"keys":[${JSON.stringify(key)}]}`,
    whole.replace('"kid":', `"kid":"${secret}","kid":`),
    JSON.stringify({ keys: [key], d: secret }),
    JSON.stringify({ d: secret, keys: [key], issuer: { keys: [{ d: secret }] } }, undefined, 2),
    ` ${whole}\n`,
  ]) {
    expect(Cluster.oidc({ name: 'vault', issuer: PRIVATE_ISSUER, jwks }).jwks).toBe(whole);
  }
});

test('an issuer may be an https URL around what only Terraform knows', () => {
  const text = textIn(scratchStack());
  for (const issuer of [`https://${text}/x`, `https://${text}`, `https://issuer.example.com/${text}`, `https://issuer.example.com:8443/${text}/~a%20b/`, `${text}/x`]) {
    expect(Cluster.oidc({ name: 'k3s', issuer }).issuer).toBe(issuer);
    expect(Cluster.eks({ name: 'apps', issuer }).issuer).toBe(issuer);
    expect(Cluster.aks({ name: 'apps', issuer }).issuer).toBe(issuer);
  }
});

test('what only Terraform knows is accepted wherever a cluster is described', () => {
  const text = textIn(scratchStack());
  expect(Cluster.eks({ name: text, issuer: text, arn: text, id: 'apps' })).toMatchObject({ name: text, issuer: text, arn: text });
  expect(Cluster.gke({ project: text, location: text, name: text, projectNumber: text, id: 'apps' })).toMatchObject({ project: text, projectNumber: text });
  expect(Cluster.aks({ name: text, issuer: text, id: 'apps' }).issuer).toBe(text);
  expect(Cluster.oidc({ name: text, issuer: text, jwks: text, id: 'apps' })).toMatchObject({ issuer: text, jwks: text });
});

test('clusters and service accounts stay as they were made', () => {
  const cluster = Cluster.eks(eksProps);
  for (const value of [cluster, cluster.serviceAccount('reports', 'reader'), cluster.unsafeEveryServiceAccountOfNamespace('reports'), cluster.unsafeEveryServiceAccountOfCluster()]) {
    expect(Object.isFrozen(value)).toBe(true);
  }
  expect(() => Object.assign(cluster.serviceAccount('reports', 'reader'), { subject: 'system:serviceaccount:reports:admin' })).toThrow(TypeError);
  expect(() => Object.assign(cluster, { issuer: 'https://issuer.example.com' })).toThrow(TypeError);
});

test('a set names every service account of a namespace, or of the cluster', () => {
  const cluster = Cluster.eks(eksProps);
  expect(cluster.unsafeEveryServiceAccountOfNamespace('reports')).toEqual({ cluster, namespace: 'reports', subject: 'system:serviceaccount:reports:*' });
  expect(cluster.unsafeEveryServiceAccountOfCluster()).toEqual({ cluster, subject: 'system:serviceaccount:*' });
});

test('a wildcard that a namespace turns out to hold does not widen a set', () => {
  const stack = synthStack(scope => {
    new AwsFederatedRole(scope, 'Role', { trusts: [Cluster.eks(eksProps).unsafeEveryServiceAccountOfNamespace(textIn(scope))] });
  });
  expect(Object.values(stack.data.aws_iam_policy_document!)[0].statement[0].condition[1]).toEqual({
    test: 'StringLike',
    variable: `${EKS_ISSUER.slice('https://'.length)}:sub`,
    values: ['system:serviceaccount:${replace(var.text, "/[^a-z0-9-]/", "")}:*'],
  });
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

test.each([
  ['azurerm_kubernetes_cluster', (stack: TerraformStack, oidcIssuerEnabled: any) => new KubernetesCluster(stack, 'C', {
    name: 'apps', location: 'westeurope', resourceGroupName: 'apps', oidcIssuerEnabled, defaultNodePool: { name: 'default' },
  }), 'azurerm_kubernetes_cluster.C'],
  ['data.azurerm_kubernetes_cluster', (stack: TerraformStack) => new DataAzurermKubernetesCluster(stack, 'C', { name: 'apps', resourceGroupName: 'apps' }),
    'data.azurerm_kubernetes_cluster.C'],
] as const)('an AKS cluster comes from %s', (_, create, address) => {
  const stack = synthStack(scope => {
    const resource = create(scope, true);
    const cluster = Cluster.fromAksCluster(resource);
    expect(cluster).toMatchObject({ kind: 'aks', id: 'aks-apps' });
    expect(Cluster.fromAksCluster(resource)).toBe(cluster);
    expect(Cluster.fromAksCluster(resource, { id: 'other' }).id).toBe('other');
    new AwsFederatedRole(scope, 'Role', { trusts: [cluster.serviceAccount('reports', 'reader')] });
  });
  expect(stack.resource.aws_iam_openid_connect_provider!['ClusterOidcProvider-aks-apps'].url).toBe(`\${${address}.oidc_issuer_url}`);
});

test('an AKS cluster may have its issuer enabled by what only Terraform knows', () => {
  const stack = scratchStack();
  const oidcIssuerEnabled = new TerraformVariable(stack, 'enabled', { type: 'bool' }).booleanValue;
  expect(Cluster.fromAksCluster(new KubernetesCluster(stack, 'C', {
    name: 'apps', location: 'westeurope', resourceGroupName: 'apps', oidcIssuerEnabled, defaultNodePool: { name: 'default' },
  })).id).toBe('aks-apps');
});

test.each([
  ['that nobody can reach', PRIVATE_ISSUER, JWKS.replace('vV9', 'three')], ['that may be reached, one of which has no keys,', OIDC_ISSUER, undefined],
])('clusters %s may share an issuer, where their keys differ', (_, issuer, third) => {
  const stack = scratchStack();
  const clusters = ['one', 'two', 'three'].map(name => Cluster.oidc({ name, issuer, jwks: name === 'three' ? third : JWKS.replace('vV9', name) }));
  const account = new GcpFederatedServiceAccount(stack, 'Account', {
    accountId: 'reports-reader', trusts: clusters.map(cluster => cluster.serviceAccount('reports', 'reader')),
  });
  expect(account.pools.map(({ cluster }) => cluster.id)).toEqual(['oidc-one', 'oidc-three', 'oidc-two']);
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

  test.each([
    ['without TLS', (text: string) => `http://${text}`],
    ['with another scheme', (text: string) => `ftp://${text}`],
    ['with text in place of a scheme', (text: string) => `issuer.example.com/${text}`],
    ['with a user name', (text: string) => `https://${text}@evil.example`],
    ['with dots', (text: string) => `https://${text}/../x`],
    ['with an upper-case host', (text: string) => `https://A${text}`],
    ['with a scheme in upper case', (text: string) => `HTTPS://${text}`],
    ['with white space before', (text: string) => ` https://${text}`],
    ['with white space after', (text: string) => `${text} `],
    ['with white space between', (text: string) => `https://${text} /x`],
    ['with an asterisk', (text: string) => `${text}/*`],
    ['with a question mark', (text: string) => `https://${text}/?`],
    ['with a query', (text: string) => `${text}?x=1`],
    ['with a fragment', (text: string) => `${text}#x`],
    ['with a look-alike', (text: string) => `https://\u043eidc.${text}`],
  ])('the issuer %s beside what only Terraform knows', (_, issuerOf) => {
    const issuer = issuerOf(textIn(scratchStack()));
    for (const [where, create] of [
      ['Cluster.oidc', () => Cluster.oidc({ name: 'k3s', issuer })], ['Cluster.eks', () => Cluster.eks({ name: 'apps', issuer })],
      ['Cluster.aks', () => Cluster.aks({ name: 'apps', issuer })],
    ] as const) {
      expect(refusal(create)).toEqual({
        code: 'InvalidIssuer',
        message: `${where}: issuer must be an https URL also where it is joined to what only Terraform knows, got ${JSON.stringify(issuer)}; `
          + 'pass the attribute of the cluster itself',
      });
    }
  });

  test.each([
    ['a quote', '"'], ['a backslash', '\\'], ['a line break', '\n'], ['an interpolation', '${x}'], ['a directive', '%{x}'],
  ])('an issuer with %s beside what only Terraform knows', (_, literal) => {
    const text = textIn(scratchStack());
    for (const [issuer, known] of [[`https://${text}/${literal}`, `https:///${literal}`], [`${text}${literal}`, literal]] as const) {
      expect(refusal(() => Cluster.oidc({ name: 'k3s', issuer }))).toEqual({
        code: 'InvalidIssuer',
        message: 'Cluster.oidc: issuer must hold no quote, backslash, line break, "${" or "%{" beside what only Terraform knows, '
          + `got ${JSON.stringify(known)}; pass the attribute of the resource or variable itself`,
      });
    }
  });

  test('an issuer that is produced when the stack is synthesized, as it can\'t be looked at', () => {
    const lazy = Lazy.stringValue({ produce: () => 'http://issuer.example.com' });
    for (const issuer of [lazy, `https://${lazy}`]) {
      for (const [where, create] of [
        ['Cluster.oidc', () => Cluster.oidc({ name: 'k3s', issuer })], ['Cluster.eks', () => Cluster.eks({ name: 'apps', issuer })],
        ['Cluster.aks', () => Cluster.aks({ name: 'apps', issuer })],
      ] as const) {
        expect(refusal(create)).toEqual({
          code: 'UnresolvedValue', message: `${where}: issuer must be a literal or a value of Terraform, got "a Lazy"; pass what it would produce: it is checked here`,
        });
      }
    }
  });

  test.each([
    PRIVATE_ISSUER, `${PRIVATE_ISSUER}/`, `${PRIVATE_ISSUER}:6443`, 'https://kubernetes.default.svc', 'https://kubernetes',
    'https://localhost', 'https://localhost:8443/x', 'https://acme.localhost', 'https://oidc.acme.svc', 'https://k3s.local', 'https://k3s.acme.local/issuer',
    'https://oidc.acme.internal', 'https://10.0.0.1', 'https://10.255.255.255:6443', 'https://127.0.0.1', 'https://192.168.1.10', 'https://172.16.0.1', 'https://172.20.0.1',
    'https://172.31.255.255/x', 'https://169.254.169.254', 'https://router.home.arpa',
  ])('the issuer %p, which means something inside alone, and takes it with its keys', issuer => {
    expect(refusal(() => Cluster.oidc({ name: 'k3s', issuer }))).toEqual({
      code: 'InvalidIssuer',
      message: `Cluster.oidc: issuer must be one that the clouds can reach, or come with \`jwks\`, got "${issuer}"; `
        + 'publish it (S3HostedIssuer and its like do), or pass the keys for Google Cloud: `kubectl get --raw /openid/v1/jwks` prints them',
    });
    expect(Cluster.oidc({ name: 'k3s', issuer, jwks: JWKS })).toMatchObject({ issuer, jwks: JWKS });
    expect(Cluster.oidc({ name: 'k3s', issuer, jwks: textIn(scratchStack()) }).issuer).toBe(issuer);
  });

  test('an EKS issuer that ends in a slash', () => {
    expect(() => Cluster.eks({ name: 'apps', issuer: `${EKS_ISSUER}/` })).toThrow(
      `Cluster.eks: issuer must not end in a slash, got "${EKS_ISSUER}/"; EKS writes its issuer without one, and the clouds compare it exactly`);
  });

  test.each([[`${EKS_ISSUER}`], [AKS_ISSUER.slice(0, -1)]])('an AKS issuer without the slash at its end, %p', issuer => {
    expect(refusal(() => Cluster.aks({ name: 'apps', issuer }))).toEqual({
      code: 'InvalidIssuer',
      message: `Cluster.aks: issuer must end in a slash, got "${issuer}"; `
        + 'copy it from `az aks show --query oidcIssuerProfile.issuerUrl`: the slash is part of the issuer, and the clouds compare it exactly',
    });
  });

  test.each([['apps.prod'], ['-apps'], ['apps_'], ['a'.repeat(64)], ['']])('the name %p of an AKS cluster', name => {
    expect(refusal(() => Cluster.aks({ name, issuer: AKS_ISSUER }))).toEqual({
      code: 'InvalidName',
      message: `Cluster.aks: name must be letters, digits, "-" and "_", at most 63 characters, got "${name}"; write the name as AKS knows it`,
    });
  });

  test.each([[undefined, '"nothing"'], [false, 'false']])('an AKS cluster whose oidcIssuerEnabled is %p', (oidcIssuerEnabled, got) => {
    const resource = new KubernetesCluster(scratchStack(), 'C', {
      name: 'apps', location: 'westeurope', resourceGroupName: 'apps', oidcIssuerEnabled, defaultNodePool: { name: 'default' },
    });
    expect(refusal(() => Cluster.fromAksCluster(resource))).toEqual({
      code: 'WrongCluster',
      message: `Cluster.fromAksCluster(stack/C): oidcIssuerEnabled must be true, got ${got}; `
        + 'set it on the cluster: without it there is no issuer that a cloud could trust',
    });
  });

  test.each([
    'apps', 'arn:aws:eks:eu-west-1:123456789012:cluster/', 'arn:aws:eks::123456789012:cluster/apps', 'arn:aws:eks:eu-west-1:12345678901:cluster/apps',
    'arn:aws:iam::123456789012:role/apps', `${EKS_ARN}/x`, `${EKS_ARN}*`,
  ])('the ARN %p of an EKS cluster', arn => {
    expect(refusal(() => Cluster.eks({ ...eksProps, arn }))).toEqual({
      code: 'InvalidIdentifier',
      message: `Cluster.eks: arn must be an ARN like arn:aws:eks:eu-west-1:123456789012:cluster/apps, got "${arn}"; leave it out to have it looked up`,
    });
  });

  test.each([
    ['of another name', EKS_ARN.replace('cluster/apps', 'cluster/other')], ['whose name only begins alike', `${EKS_ARN}-blue`],
    ['whose name only ends alike', EKS_ARN.replace('cluster/apps', 'cluster/my-apps')], ['of another region', EKS_ARN.replace('eu-west-1', 'eu-west-2')],
    ['of a region that only begins alike', EKS_ARN.replace('eu-west-1', 'eu-west-11')],
  ])('the ARN of an EKS cluster %s', (_, arn) => {
    expect(refusal(() => Cluster.eks({ ...eksProps, arn }))).toEqual({
      code: 'InvalidIdentifier',
      message: `Cluster.eks: arn must be that of the cluster (…:eu-west-1:<account>:cluster/apps), got "${arn}"; `
        + 'copy it from `aws eks describe-cluster`, or leave it out to have it looked up',
    });
  });

  test('the ARN of an EKS cluster of another name, where the issuer says no region', () => {
    expect(refusal(() => Cluster.eks({ name: 'other', issuer: 'https://issuer.example.com', arn: EKS_ARN }))).toEqual({
      code: 'InvalidIdentifier',
      message: `Cluster.eks: arn must be that of the cluster (…:<region>:<account>:cluster/other), got "${EKS_ARN}"; `
        + 'copy it from `aws eks describe-cluster`, or leave it out to have it looked up',
    });
  });

  test.each(['acme-apps', '', '1'.repeat(20), '-1', '1.5'])('the project number %p', projectNumber => {
    expect(refusal(() => Cluster.gke({ ...gkeProps, projectNumber }))).toEqual({
      code: 'InvalidIdentifier', message: `Cluster.gke: projectNumber must be the number of the project, got "${projectNumber}"; leave it out to have it looked up`,
    });
  });

  const SECRET = 'cGxlYXNlLWRvLW5vdC1sb2ctbWU';
  const PUBLIC = { kty: 'RSA', kid: 'k', n: 'u1SU1LfV', e: 'AQAB' };
  const POINT = { kty: 'EC', kid: 'k', crv: 'P-256', x: 'f83OJ3D2', y: 'x_FEzRu9' };
  const OTHER_FIELDS = 'hold public keys alone (kty, alg, use, kid, n, e, x, y, crv), got "a key with other fields"';
  const RSA = 'hold keys whose fields are text, of type RSA with kid, n, e, got "a key without"';
  const EC = 'hold keys whose fields are text, of type EC with kid, crv, x, y, got "a key without"';
  const setOf = (...keys: unknown[]) => JSON.stringify({ keys });
  test.each([
    ['text that is no JSON', `-----BEGIN RSA PRIVATE KEY-----\n${SECRET}`, 'be a JSON Web Key Set, got "text that is none"'],
    ['nothing', '', 'be a JSON Web Key Set, got "text that is none"'],
    ['null', 'null', 'be a JSON Web Key Set, got "text that is none"'],
    ['one key without a set', JSON.stringify({ ...PUBLIC, d: SECRET }), 'be a JSON Web Key Set, got "text that is none"'],
    ['keys that are no list', JSON.stringify({ keys: { d: SECRET } }), 'be a JSON Web Key Set, got "text that is none"'],
    ['a set that is no text', { keys: [{ ...PUBLIC, d: SECRET }] } as unknown as string, 'be a JSON Web Key Set, got "object"'],
    ['an empty set', '{"keys":[]}', 'hold at least one key, got "none"'],
    ['an empty set after keys', `{"keys":[${JSON.stringify({ ...PUBLIC, d: SECRET })}],"keys":[]}`, 'hold at least one key, got "none"'],
    ['what is no key', setOf(PUBLIC, SECRET), 'hold JSON Web Keys, got "string"'],
    ['null in place of a key', setOf(PUBLIC, null), 'hold JSON Web Keys, got "object"'],
    ['a list in place of a key', setOf([SECRET]), OTHER_FIELDS],
    ['a private RSA key', setOf({ ...PUBLIC, d: SECRET }), OTHER_FIELDS],
    ['a private RSA key, after a set of public ones', `{"keys":[${JSON.stringify(PUBLIC)}],"keys":[${JSON.stringify({ ...PUBLIC, d: SECRET })}]}`, OTHER_FIELDS],
    ['a prime of an RSA key, behind a public one', setOf(PUBLIC, { ...PUBLIC, p: SECRET }), OTHER_FIELDS],
    ['a private EC key', setOf({ ...POINT, d: SECRET }), OTHER_FIELDS],
    ['a symmetric key', setOf({ kty: 'oct', kid: 'k', k: SECRET }), OTHER_FIELDS],
    ['a field whose name holds a key', setOf({ ...PUBLIC, [SECRET]: 'x' }), OTHER_FIELDS],
    ['a key without a type', setOf({ kid: 'k', n: SECRET, e: 'AQAB' }), 'hold RSA or EC keys, got "a key of another type"'],
    ['a key of another type', setOf({ kty: 'OKP', kid: 'k', crv: 'Ed25519', x: SECRET }), 'hold RSA or EC keys, got "a key of another type"'],
    ['a key of a type that every object knows', setOf({ ...PUBLIC, kty: 'toString' }), 'hold RSA or EC keys, got "a key of another type"'],
    ['a key of a type that says a key', setOf({ ...PUBLIC, kty: SECRET }), 'hold RSA or EC keys, got "a key of another type"'],
    ['an RSA key without a kid', setOf({ kty: 'RSA', n: SECRET, e: 'AQAB' }), RSA],
    ['an RSA key without a modulus', setOf(PUBLIC, { kty: 'RSA', kid: 'k', e: SECRET }), RSA],
    ['an RSA key without an exponent', setOf({ kty: 'RSA', kid: 'k', n: SECRET }), RSA],
    ['an RSA key with an empty kid', setOf({ ...PUBLIC, n: SECRET, kid: '' }), RSA],
    ['an RSA key whose modulus is no text', setOf({ ...PUBLIC, n: [SECRET] }), RSA],
    ['an RSA key whose use is no text', setOf({ ...PUBLIC, use: { d: SECRET } }), RSA],
    ['an RSA key with the fields of an EC key', setOf({ ...POINT, kty: 'RSA', x: SECRET }), RSA],
    ['an EC key without a kid', setOf({ ...POINT, x: SECRET, kid: undefined }), EC],
    ['an EC key without a curve', setOf({ ...POINT, x: SECRET, crv: undefined }), EC],
    ['an EC key without its first coordinate', setOf({ ...POINT, y: SECRET, x: undefined }), EC],
    ['an EC key without its second coordinate', setOf({ ...POINT, x: SECRET, y: undefined }), EC],
    ['an EC key with the fields of an RSA key', setOf({ ...PUBLIC, kty: 'EC', n: SECRET }), EC],
    ['an interpolation', setOf({ ...PUBLIC, n: SECRET, kid: '${var.kid}' }), 'hold no "${" or "%{", which Terraform evaluates, got "a key with one"'],
    ['a directive', setOf({ ...PUBLIC, n: SECRET, kid: '%{ if true }' }), 'hold no "${" or "%{", which Terraform evaluates, got "a key with one"'],
    ['an interpolation that is escaped in the JSON', setOf({ ...PUBLIC, kid: 'K' }).replace('"K"', '"\\u0024{var.kid}"'),
      'hold no "${" or "%{", which Terraform evaluates, got "a key with one"'],
  ])('%s in place of public keys, and says nothing of what it holds', (_, jwks, rule) => {
    const { code, message } = refusal(() => Cluster.oidc({ name: 'vault', issuer: PRIVATE_ISSUER, jwks }));
    expect(code).toBe('InvalidIdentifier');
    expect(message).toBe(`Cluster.oidc: jwks must ${rule}; pass what \`kubectl get --raw /openid/v1/jwks\` prints, or \`jsonWebKeySet(…)\` of the public keys`);
    expect(message).not.toContain(SECRET);
  });

  test('keys that are partly known, or produced when the stack is synthesized', () => {
    const text = textIn(scratchStack());
    const lazy = Lazy.stringValue({ produce: () => SECRET });
    for (const jwks of [`${setOf(PUBLIC).slice(0, -2)},${text}]}`, ` ${text}`, `${text}\n`, lazy, `${text}${lazy}`]) {
      expect(refusal(() => Cluster.oidc({ name: 'vault', issuer: PRIVATE_ISSUER, jwks }))).toEqual({
        code: 'InvalidIdentifier',
        message: 'Cluster.oidc: jwks must be known altogether, or to Terraform altogether, got "a mixture"; '
          + 'pass what `kubectl get --raw /openid/v1/jwks` prints, or `jsonWebKeySet(…)` of the public keys',
      });
    }
  });

  test.each(['*', 'Reports', '', 'reports/x'])('every service account of the namespace %p', namespace => {
    expect(refusal(() => Cluster.eks(eksProps).unsafeEveryServiceAccountOfNamespace(namespace))).toEqual({
      code: 'InvalidName',
      message: 'Cluster eks-apps: namespace must be a DNS label (lower-case letters, digits and "-", 1 to 63 characters), '
        + `got "${namespace}"; write the namespace as Kubernetes knows it; wildcards are not accepted, list the service accounts instead`,
    });
  });

  test.each([
    ['a quote', 'a"b'], ['a backslash', 'a\\b'], ['a line break', 'a\nb'], ['a null', 'a\0b'], ['an interpolation', '${b}'], ['a directive', '%{b}'],
  ])('%s beside what only Terraform knows', (_, literal) => {
    const text = textIn(scratchStack());
    for (const name of [`${literal}${text}`, `${text}${literal}`, `${text}${literal}${text}`]) {
      expect(refusal(() => Cluster.eks(eksProps).serviceAccount('reports', name))).toEqual({
        code: 'InvalidName',
        message: 'Cluster eks-apps: serviceAccount must hold no quote, backslash, line break, "${" or "%{" beside what only Terraform knows, '
          + `got ${JSON.stringify(literal)}; pass the attribute of the resource or variable itself`,
      });
    }
    expect(Cluster.eks(eksProps).serviceAccount('reports', `reader-${text}.v2`).name).toBe(`reader-${text}.v2`);
  });

  test('a text that is produced when the stack is synthesized, as it can\'t be looked at', () => {
    const lazy = Lazy.stringValue({ produce: () => '*' });
    for (const name of [lazy, `reader-${lazy}`]) {
      expect(refusal(() => Cluster.eks(eksProps).serviceAccount('reports', name))).toEqual({
        code: 'UnresolvedValue',
        message: 'Cluster eks-apps: serviceAccount must be a literal or a value of Terraform, got "a Lazy"; pass what it would produce: it is checked here',
      });
    }
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
    expect(() => Cluster.fromAksCluster(new DataAzurermKubernetesCluster(scratchStack(), 'C', { name, resourceGroupName: 'apps' }))).toThrow(
      'Cluster.fromAksCluster(stack/C): id must be given where the name is known to Terraform only, got undefined; ');
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

  test('two clusters of one id in one identity, though namespace and name are the same', () => {
    const other = Cluster.eks({ ...eksProps, issuer: EKS_ISSUER.replace('7D', '8D') });
    const trusts = [Cluster.eks(eksProps), other].map(cluster => cluster.serviceAccount('reports', 'reader'));
    for (const create of [
      () => new AwsFederatedRole(scratchStack(), 'Identity', { trusts }),
      () => new GcpFederatedServiceAccount(scratchStack(), 'Identity', { trusts, accountId: 'reports-reader' }),
    ]) {
      expect(refusal(create)).toEqual({
        code: 'DuplicateRegistration',
        message: `stack/Identity: cluster must have an id of its own (another cluster of the app is "eks-apps", with the issuer "${EKS_ISSUER}"), `
          + `got "${EKS_ISSUER.replace('7D', '8D')}"; pass \`id\` where the cluster is defined`,
      });
    }
  });

  test('two clusters of one id that differ in their keys', () => {
    const [one, two] = [JWKS, JWKS.replace('vV9', 'xX9')].map(jwks => Cluster.oidc({ name: 'vault', issuer: PRIVATE_ISSUER, jwks }));
    const trusts = [one!, two!].map(cluster => cluster.serviceAccount('reports', 'reader'));
    expect(refusal(() => new GcpFederatedServiceAccount(scratchStack(), 'Account', { trusts, accountId: 'reports-reader' }))).toEqual({
      code: 'DuplicateRegistration',
      message: 'stack/Account: cluster must have an id of its own (another cluster of the app is "oidc-vault", with other keys), '
        + `got "${PRIVATE_ISSUER}"; pass \`id\` where the cluster is defined`,
    });
  });

  test('two ids of one cluster that nobody can reach', () => {
    const trusts = ['vault', 'other'].map(name => Cluster.oidc({ name, issuer: PRIVATE_ISSUER, jwks: JWKS }).serviceAccount('reports', 'reader'));
    expect(refusal(() => new GcpFederatedServiceAccount(scratchStack(), 'Account', { trusts, accountId: 'reports-reader' }))).toEqual({
      code: 'DuplicateRegistration',
      message: `stack/Account: cluster must have one id (the app knows the issuer "${PRIVATE_ISSUER}" as "oidc-vault"), got "oidc-other"; `
        + 'define the cluster once, or with the same id: an issuer can be registered once per account',
    });
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

import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack, TerraformVariable } from 'cdktf';
import {
  AwsFederatedRole, AwsPodIdentityRole, AwsRoleWiringProps, Cluster, ClusterWorkloadIdentityPool, FederationError, GcpFederatedServiceAccount,
  GcpServiceAccountOptions, ICloudIdentity, PodBinding, ServiceAccountSubject, TrustedSubject, Workload, WorkloadOptions,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { Construct } from 'constructs';
import { refusal } from '../refusal';
import { addresses, inFolder, scratchStack, stackIn, synthApp, synthStack } from '../synth';

const ROLE_ARN = 'arn:aws:iam::123456789012:role/reports';
const PROVIDER = 'projects/123456789012/locations/global/workloadIdentityPools/apps/providers/apps';
const MOUNT = '/var/run/secrets/workload-federation';

const EKS = Cluster.eks({ name: 'apps', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204' });
const GKE = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const GKE_PLAIN = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps', workloadIdentity: false });
const OTHER = Cluster.oidc({ name: 'onprem', issuer: 'https://issuer.example.com/onprem' });

/** The service account of most tests. */
const readerOf = (cluster: Cluster) => cluster.serviceAccount('reports', 'reader');

/** A role and an account that exist, so that bodies are literal. */
function roleFor(stack: TerraformStack, subject: ServiceAccountSubject, props: Partial<AwsRoleWiringProps> = {}, id = 'Role') {
  return AwsFederatedRole.fromRoleArn(stack, id, { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [subject], ...props });
}

function googleFor(stack: TerraformStack, subject: ServiceAccountSubject, props: GcpServiceAccountOptions = {}, id = 'Account') {
  const pools = subject.cluster.workloadPool === undefined && stack.node.tryFindChild('Pool') === undefined
    ? [ClusterWorkloadIdentityPool.fromProviderName(stack, 'Pool', { cluster: subject.cluster, providerName: PROVIDER })]
    : undefined;
  return new GcpFederatedServiceAccount(stack, id, { email: 'reports@acme-apps.iam.gserviceaccount.com', project: 'acme-apps', trusts: [subject], pools, ...props });
}

/** Stacks of one app that are never synthesized. */
function scratchStacks(...ids: string[]): TerraformStack[] {
  return inFolder(folder => {
    const app = new App({ outdir: folder });
    return ids.map(id => stackIn(app, id));
  });
}

/** A pod with one container in place of what a user runs. */
function podOf(stack: TerraformStack, workload: Workload) {
  return new PodV1(stack, 'Pod', workload.podTemplate({ spec: { container: [{ name: 'app', image: 'app:1' }] } }));
}

/** The Kubernetes half of a stack, by address. */
function kubernetesOf(build: (stack: TerraformStack) => void): Record<string, unknown> {
  return Object.fromEntries(Object.entries(addresses(synthStack(build))).filter(([address]) => address.startsWith('kubernetes_')));
}

const AWS_ENV = [
  { name: 'AWS_ROLE_ARN', value: ROLE_ARN },
  { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/var/run/secrets/workload-federation/aws/token' },
  { name: 'AWS_REGION', value: 'eu-west-1' },
  { name: 'AWS_DEFAULT_REGION', value: 'eu-west-1' },
  { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
];

const GOOGLE_ENV = [
  { name: 'GOOGLE_APPLICATION_CREDENTIALS', value: '/var/run/secrets/workload-federation/gcp/credential-configuration.json' },
  { name: 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', value: '/var/run/secrets/workload-federation/gcp/credential-configuration.json' },
  { name: 'GOOGLE_CLOUD_PROJECT', value: 'acme-apps' },
  { name: 'CLOUDSDK_CORE_PROJECT', value: 'acme-apps' },
];

const MOUNTED = [{ mount_path: MOUNT, name: 'workload-federation', read_only: true }];

const DOCUMENT = '${jsonencode({"type" = "external_account", '
  + '"audience" = join("", ["//iam.googleapis.com/", "projects/123456789012/locations/global/workloadIdentityPools/apps/providers/apps"]), '
  + '"subject_token_type" = "urn:ietf:params:oauth:token-type:jwt", "token_url" = "https://sts.googleapis.com/v1/token", '
  + '"credential_source" = {"file" = "/var/run/secrets/workload-federation/gcp/token", "format" = {"type" = "text"}}, '
  + '"service_account_impersonation_url" = join("", ["https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/", '
  + 'data.google_service_account.Account.email, ":generateAccessToken"])})}';

describe('the wiring of each kind of cluster', () => {
  test('an EKS workload that becomes a role leaves everything to the webhook of EKS', () => {
    expect(kubernetesOf(stack => {
      const serviceAccount = readerOf(EKS);
      podOf(stack, new Workload(stack, 'Workload', { serviceAccount, identities: [roleFor(stack, serviceAccount)] }));
    })).toEqual({
      'kubernetes_service_account_v1.Workload': {
        metadata: {
          name: 'reader',
          namespace: 'reports',
          annotations: {
            'eks.amazonaws.com/role-arn': ROLE_ARN,
            'eks.amazonaws.com/audience': 'sts.amazonaws.com',
            'eks.amazonaws.com/sts-regional-endpoints': 'true',
            'eks.amazonaws.com/token-expiration': '3600',
          },
        },
      },
      'kubernetes_pod_v1.Pod': {
        metadata: { namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}', labels: {} },
        spec: {
          container: [{ name: 'app', image: 'app:1' }],
          service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
        },
      },
    });
  });

  test.each([
    ['EKS with explicit wiring', EKS, 'explicit'],
    ['GKE', GKE, undefined],
    ['GKE as a plain issuer', GKE_PLAIN, undefined],
    ['any other cluster', OTHER, undefined],
    ['any other cluster with explicit wiring', OTHER, 'explicit'],
  ] as const)('a workload on %s that becomes a role projects the token itself', (_, cluster, wiring) => {
    expect(kubernetesOf(stack => {
      const serviceAccount = readerOf(cluster);
      podOf(stack, new Workload(stack, 'Workload', { serviceAccount, identities: [roleFor(stack, serviceAccount)], wiring }));
    })).toEqual({
      'kubernetes_service_account_v1.Workload': { metadata: { name: 'reader', namespace: 'reports' } },
      'kubernetes_pod_v1.Pod': {
        metadata: { namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}', labels: {} },
        spec: {
          container: [{ name: 'app', image: 'app:1', env: AWS_ENV, volume_mount: MOUNTED }],
          service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
          volume: [{
            name: 'workload-federation',
            projected: [{ sources: [{ service_account_token: { path: 'aws/token', audience: 'sts.amazonaws.com', expiration_seconds: 3600 } }] }],
          }],
        },
      },
    });
  });

  test.each([['platform'], ['explicit']] as const)('a GKE workload that becomes a Google account uses the metadata server with %s wiring', wiring => {
    expect(kubernetesOf(stack => {
      const serviceAccount = readerOf(GKE);
      podOf(stack, new Workload(stack, 'Workload', { serviceAccount, identities: [googleFor(stack, serviceAccount)], wiring }));
    })).toEqual({
      'kubernetes_service_account_v1.Workload': {
        metadata: {
          name: 'reader', namespace: 'reports', annotations: { 'iam.gke.io/gcp-service-account': '${data.google_service_account.Account.email}' },
        },
        depends_on: ['google_service_account_iam_member.Account_Native_acme-apps_reports_reader_61CE0CEE'],
      },
      'kubernetes_pod_v1.Pod': {
        metadata: { namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}', labels: {} },
        spec: {
          container: [{ name: 'app', image: 'app:1' }],
          service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
        },
      },
    });
  });

  test.each([
    ['EKS', EKS, 'eks-apps_reports_reader_C76C111C'],
    ['GKE as a plain issuer', GKE_PLAIN, 'gke-apps_reports_reader_B107C391'],
    ['any other cluster', OTHER, 'oidc-onprem_reports_reader_EC25ADD0'],
  ])('a workload on %s that becomes a Google account gets a token and the document that says where it is', (_, cluster, member) => {
    expect(kubernetesOf(stack => {
      const serviceAccount = readerOf(cluster);
      podOf(stack, new Workload(stack, 'Workload', { serviceAccount, identities: [googleFor(stack, serviceAccount)] }));
    })).toEqual({
      'kubernetes_service_account_v1.Workload': {
        metadata: { name: 'reader', namespace: 'reports' }, depends_on: [`google_service_account_iam_member.Account_Federated_${member}`],
      },
      'kubernetes_config_map_v1.Workload_ConfigMap_CC976B48': {
        metadata: { name: 'reader-workload-federation', namespace: 'reports' },
        data: { 'gcp-credential-configuration.json': DOCUMENT },
      },
      'kubernetes_pod_v1.Pod': {
        metadata: {
          namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}',
          annotations: { 'checksum/workload-federation': '${sha256(jsonencode(kubernetes_config_map_v1.Workload_ConfigMap_CC976B48.data))}' },
        },
        spec: {
          container: [{ name: 'app', image: 'app:1', env: GOOGLE_ENV, volume_mount: MOUNTED }],
          service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
          volume: [{
            name: 'workload-federation',
            projected: [{
              sources: [
                { service_account_token: { path: 'gcp/token', audience: `https://iam.googleapis.com/${PROVIDER}`, expiration_seconds: 3600 } },
                {
                  config_map: [{
                    name: '${kubernetes_config_map_v1.Workload_ConfigMap_CC976B48.metadata[0].name}',
                    items: [{ key: 'gcp-credential-configuration.json', path: 'gcp/credential-configuration.json' }],
                  }],
                },
              ],
            }],
          }],
        },
      },
    });
  });

  test('AWS and Google share one projected volume, each token with the audience of its cloud', () => {
    const kubernetes = kubernetesOf(stack => {
      const serviceAccount = readerOf(OTHER);
      podOf(stack, new Workload(stack, 'Workload', { serviceAccount, identities: [roleFor(stack, serviceAccount), googleFor(stack, serviceAccount)] }));
    });
    expect(kubernetes['kubernetes_pod_v1.Pod']).toEqual({
      metadata: {
        namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}',
        annotations: { 'checksum/workload-federation': '${sha256(jsonencode(kubernetes_config_map_v1.Workload_ConfigMap_CC976B48.data))}' },
      },
      spec: {
        container: [{ name: 'app', image: 'app:1', env: [...AWS_ENV, ...GOOGLE_ENV], volume_mount: MOUNTED }],
        service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
        volume: [{
          name: 'workload-federation',
          projected: [{
            sources: [
              { service_account_token: { path: 'aws/token', audience: 'sts.amazonaws.com', expiration_seconds: 3600 } },
              { service_account_token: { path: 'gcp/token', audience: `https://iam.googleapis.com/${PROVIDER}`, expiration_seconds: 3600 } },
              {
                config_map: [{
                  name: '${kubernetes_config_map_v1.Workload_ConfigMap_CC976B48.metadata[0].name}',
                  items: [{ key: 'gcp-credential-configuration.json', path: 'gcp/credential-configuration.json' }],
                }],
              },
            ],
          }],
        }],
      },
    });
  });

  test('on EKS the webhook brings the role and the projected volume the Google account alone', () => {
    const kubernetes = kubernetesOf(stack => {
      const serviceAccount = readerOf(EKS);
      podOf(stack, new Workload(stack, 'Workload', { serviceAccount, identities: [roleFor(stack, serviceAccount), googleFor(stack, serviceAccount)] }));
    }) as Record<string, any>;
    expect(Object.keys(kubernetes['kubernetes_service_account_v1.Workload'].metadata.annotations)).toEqual([
      'eks.amazonaws.com/audience', 'eks.amazonaws.com/role-arn', 'eks.amazonaws.com/sts-regional-endpoints', 'eks.amazonaws.com/token-expiration',
    ]);
    expect(kubernetes['kubernetes_pod_v1.Pod'].spec.container[0].env).toEqual(GOOGLE_ENV);
    expect(kubernetes['kubernetes_pod_v1.Pod'].spec.volume[0].projected[0].sources).toHaveLength(2);
  });

  test('on GKE the metadata server brings the Google account and the projected volume the role alone', () => {
    const kubernetes = kubernetesOf(stack => {
      const serviceAccount = readerOf(GKE);
      podOf(stack, new Workload(stack, 'Workload', { serviceAccount, identities: [googleFor(stack, serviceAccount), roleFor(stack, serviceAccount)] }));
    }) as Record<string, any>;
    expect(kubernetes['kubernetes_service_account_v1.Workload'].metadata.annotations).toEqual({
      'iam.gke.io/gcp-service-account': '${data.google_service_account.Account.email}',
    });
    expect(kubernetes['kubernetes_pod_v1.Pod'].spec.container[0].env).toEqual(AWS_ENV);
    expect(kubernetes['kubernetes_pod_v1.Pod'].spec.volume).toEqual([{
      name: 'workload-federation',
      projected: [{ sources: [{ service_account_token: { path: 'aws/token', audience: 'sts.amazonaws.com', expiration_seconds: 3600 } }] }],
    }]);
  });

  test('a role without a region gets that of the provider, asked for once', () => {
    const stack = synthStack(scope => {
      for (const name of ['reader', 'writer']) {
        const serviceAccount = OTHER.serviceAccount('reports', name);
        const role = roleFor(scope, serviceAccount, { region: undefined }, `Role-${name}`);
        const template = new Workload(scope, name, { serviceAccount, identities: [role] }).podTemplate({ spec: { container: [{ name: 'app' }] } });
        new PodV1(scope, `Pod-${name}`, template);
      }
    });
    expect(stack.data.aws_region).toEqual({ AwsRegion: {} });
    for (const name of ['reader', 'writer']) {
      expect(stack.resource.kubernetes_pod_v1![`Pod-${name}`].spec.container[0].env).toEqual([
        AWS_ENV[0], AWS_ENV[1],
        { name: 'AWS_REGION', value: '${data.aws_region.AwsRegion.region}' },
        { name: 'AWS_DEFAULT_REGION', value: '${data.aws_region.AwsRegion.region}' },
        AWS_ENV[4],
      ]);
    }
  });

  test('EKS\'s webhook needs no region, so none is asked for', () => {
    const stack = synthStack(scope => {
      const serviceAccount = readerOf(EKS);
      new Workload(scope, 'Workload', { serviceAccount, identities: [roleFor(scope, serviceAccount, { region: undefined })] });
    });
    expect(stack.data.aws_region).toBeUndefined();
  });

  test('the cloud half and the Kubernetes half stand in two stacks', () => {
    const stacks = synthApp(app => {
      const cloud = stackIn(app, 'cloud');
      const cluster = stackIn(app, 'cluster');
      const serviceAccount = readerOf(EKS);
      const role = new AwsFederatedRole(cloud, 'Role', { trusts: [serviceAccount], roleName: 'reports' });
      new Workload(cluster, 'Workload', { serviceAccount, identities: [role] });
    });
    expect(stacks.cloud!.resource.kubernetes_service_account_v1).toBeUndefined();
    expect(stacks.cluster!.resource.aws_iam_role).toBeUndefined();
    expect(stacks.cluster!.resource.kubernetes_service_account_v1!.Workload.metadata.annotations['eks.amazonaws.com/role-arn'])
      .toBe('${data.terraform_remote_state.cross-stack-reference-input-cloud.outputs.cross-stack-output-aws_iam_roleRolearn}');
  });
});

describe('a service account that exists already', () => {
  const existing = (cluster: Cluster, options: WorkloadOptions = {}) => (stack: TerraformStack) => {
    const serviceAccount = readerOf(cluster);
    const workload = new Workload(stack, 'Workload', {
      serviceAccount, identities: [roleFor(stack, serviceAccount)], existingServiceAccount: true, ...options,
    });
    podOf(stack, workload);
  };

  test('is annotated and not created', () => {
    expect(kubernetesOf(existing(EKS))).toEqual({
      'kubernetes_annotations.Workload': {
        api_version: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'reader', namespace: 'reports' },
        annotations: {
          'eks.amazonaws.com/role-arn': ROLE_ARN,
          'eks.amazonaws.com/audience': 'sts.amazonaws.com',
          'eks.amazonaws.com/sts-regional-endpoints': 'true',
          'eks.amazonaws.com/token-expiration': '3600',
        },
      },
      'kubernetes_pod_v1.Pod': {
        metadata: { namespace: '${kubernetes_annotations.Workload.metadata[0].namespace}', labels: {} },
        spec: {
          container: [{ name: 'app', image: 'app:1' }],
          service_account_name: '${kubernetes_annotations.Workload.metadata[0].name}',
        },
      },
    });
  });

  test('is left as it is where the wiring needs no annotation', () => {
    const kubernetes = kubernetesOf(existing(OTHER)) as Record<string, any>;
    expect(Object.keys(kubernetes)).toEqual(['kubernetes_pod_v1.Pod']);
    expect(kubernetes['kubernetes_pod_v1.Pod'].metadata).toEqual({ namespace: 'reports', labels: {} });
    expect(kubernetes['kubernetes_pod_v1.Pod'].spec.service_account_name).toBe('reader');
  });

  test('is annotated by the provider and after the resources that were given', () => {
    const kubernetes = kubernetesOf(stack => existing(EKS, {
      dependsOn: [new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } })],
      kubernetesProvider: new KubernetesProvider(stack, 'Other', { alias: 'other' }),
    })(stack));
    expect(kubernetes['kubernetes_annotations.Workload']).toMatchObject({
      depends_on: ['kubernetes_namespace_v1.Namespace'], provider: 'kubernetes.other',
    });
  });

  test('keeps its own automount, and the pods alone go without the token of the Kubernetes API', () => {
    const kubernetes = kubernetesOf(existing(EKS, { kubernetesApiAccess: false })) as Record<string, any>;
    expect(kubernetes['kubernetes_annotations.Workload']).not.toHaveProperty('automount_service_account_token');
    expect(kubernetes['kubernetes_pod_v1.Pod'].spec.automount_service_account_token).toBe(false);
  });

  test('is what the workload says of itself', () => {
    const stack = scratchStack();
    const serviceAccount = readerOf(EKS);
    const role = roleFor(stack, serviceAccount);
    const workload = new Workload(stack, 'Workload', { serviceAccount, identities: [role], existingServiceAccount: true });
    expect(workload.resource).toBeUndefined();
    expect(workload.annotations).toBeDefined();
    expect(workload.configMap).toBeUndefined();
    expect(workload.serviceAccount).toBe(serviceAccount);
    expect(workload.identities).toEqual([role]);
    expect(workload.bindings).toHaveLength(1);
  });
});

describe('the ConfigMap', () => {
  const google = (options: WorkloadOptions = {}, account: GcpServiceAccountOptions = {}) => (stack: TerraformStack) => {
    const serviceAccount = readerOf(OTHER);
    podOf(stack, new Workload(stack, 'Workload', { serviceAccount, identities: [googleFor(stack, serviceAccount, account)], ...options }));
  };

  test('is immutable and named after its content on request, and the old one outlives the new', () => {
    const kubernetes = kubernetesOf(google({ immutableConfigMap: true })) as Record<string, any>;
    const expression = DOCUMENT.slice('${'.length, -'}'.length);
    expect(kubernetes['kubernetes_config_map_v1.Workload_ConfigMap_CC976B48']).toEqual({
      metadata: {
        name: `\${join("-", ["reader-workload-federation", substr(sha256(join("\\n", [${expression}])), 0, 10)])}`,
        namespace: 'reports',
      },
      data: { 'gcp-credential-configuration.json': DOCUMENT },
      immutable: true,
      lifecycle: { create_before_destroy: true },
    });
    expect(kubernetes['kubernetes_pod_v1.Pod'].metadata).toEqual({
      namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}', labels: {},
    });
    expect(kubernetes['kubernetes_pod_v1.Pod'].spec.volume[0].projected[0].sources[1].config_map[0].name)
      .toBe('${kubernetes_config_map_v1.Workload_ConfigMap_CC976B48.metadata[0].name}');
  });

  test('is named as it was asked', () => {
    const kubernetes = kubernetesOf(google({ configMapName: 'credentials' })) as Record<string, any>;
    expect(kubernetes['kubernetes_config_map_v1.Workload_ConfigMap_CC976B48'].metadata.name).toBe('credentials');
  });

  test('is named by Terraform where only Terraform knows the name', () => {
    const kubernetes = kubernetesOf(stack => google({ configMapName: new TerraformVariable(stack, 'V', { type: 'string' }).stringValue })(stack)) as Record<string, any>;
    expect(kubernetes['kubernetes_config_map_v1.Workload_ConfigMap_CC976B48'].metadata.name).toBe('${var.V}');
  });

  test('holds the lifetime of access tokens where one was asked for', () => {
    const kubernetes = kubernetesOf(google({}, { tokenLifetimeSeconds: 7200 })) as Record<string, any>;
    expect(kubernetes['kubernetes_config_map_v1.Workload_ConfigMap_CC976B48'].data['gcp-credential-configuration.json'])
      .toBe(`${DOCUMENT.slice(0, -')}'.length - 1)}, "service_account_impersonation" = {"token_lifetime_seconds" = 7200}})}`);
  });

  test('is not created where no cloud needs a file', () => {
    const kubernetes = kubernetesOf(stack => {
      const serviceAccount = readerOf(OTHER);
      new Workload(stack, 'Workload', { serviceAccount, identities: [roleFor(stack, serviceAccount)], immutableConfigMap: true });
    });
    expect(Object.keys(kubernetes)).toEqual(['kubernetes_service_account_v1.Workload']);
  });

  test('refuses two files whose paths differ in a slash alone, as keys of a ConfigMap hold none', () => {
    const stack = scratchStack();
    const serviceAccount = readerOf(OTHER);
    const files = [{ path: 'a/b', content: 'one' }, { path: 'a-b', content: 'two' }];
    const identities = [new PlainIdentity(stack, 'Plain', [serviceAccount], { files })];
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: identities must not ask for the same ConfigMap key twice (stack/Plain and stack/Plain), got "a-b"; '
        + 'give one of the files another path',
    });
  });

  test.each([
    ['', '""'], ['Credentials', '"Credentials"'], ['cred_entials', '"cred_entials"'], ['-credentials', '"-credentials"'], ['cred*', '"cred*"'],
  ])('refuses the name %p', (configMapName, got) => {
    expect(refusal(() => google({ configMapName })(scratchStack()))).toEqual({
      code: 'InvalidName',
      message: 'stack/Workload: configMapName must be a DNS subdomain (labels of lower-case letters, digits and "-" joined by ".", 1 to 253 characters), '
        + `got ${got}; write the name as Kubernetes knows it; wildcards are not accepted, list the names instead`,
    });
  });

  test('refuses a name that is too long once the digest of the content is added', () => {
    const fits = 'a'.repeat(242);
    expect(() => google({ configMapName: fits, immutableConfigMap: true })(scratchStack())).not.toThrow();
    expect(() => google({ configMapName: `${fits}a` })(scratchStack())).not.toThrow();
    expect(refusal(() => google({ configMapName: `${fits}a`, immutableConfigMap: true })(scratchStack()))).toEqual({
      code: 'LimitExceeded',
      message: 'stack/Workload: configMapName must be at most 253 characters with the digest of the content, got "254 characters"; '
        + 'pass a shorter `configMapName`',
    });
  });

  test('refuses the default name where that of the service account leaves it no room', () => {
    const named = (length: number, files: PodBinding['files']) => {
      const stack = scratchStack();
      const serviceAccount = OTHER.serviceAccount('reports', 'a'.repeat(length));
      return new Workload(stack, 'Workload', { serviceAccount, identities: [new PlainIdentity(stack, 'Plain', [serviceAccount], { files })] });
    };
    expect(() => named(233, [{ path: 'a', content: 'one' }])).not.toThrow();
    expect(() => named(253, [])).not.toThrow();
    const { code, message } = refusal(() => named(234, [{ path: 'a', content: 'one' }]));
    expect(code).toBe('InvalidName');
    expect(message).toMatch(/^stack\/Workload: configMapName must be a DNS subdomain /);
  });
});

/** The member that lets the reader of most tests in, where the cluster has no platform. */
const MEMBER = 'google_service_account_iam_member.Account_Federated_oidc-onprem_reports_reader_EC25ADD0';

describe('options of the ServiceAccount and the ConfigMap', () => {
  const both = (options: (stack: TerraformStack) => WorkloadOptions) => kubernetesOf(stack => {
    const serviceAccount = readerOf(OTHER);
    podOf(stack, new Workload(stack, 'Workload', { serviceAccount, identities: [googleFor(stack, serviceAccount)], ...options(stack) }));
  }) as Record<string, any>;

  test('labels are those of the ServiceAccount and the ConfigMap', () => {
    const kubernetes = both(() => ({ labels: { team: 'reports' } }));
    expect(kubernetes['kubernetes_service_account_v1.Workload'].metadata.labels).toEqual({ team: 'reports' });
    expect(kubernetes['kubernetes_config_map_v1.Workload_ConfigMap_CC976B48'].metadata.labels).toEqual({ team: 'reports' });
    expect(kubernetes['kubernetes_pod_v1.Pod'].metadata).not.toHaveProperty('labels');
  });

  test('both come after what must exist before them', () => {
    const kubernetes = both(stack => ({ dependsOn: [new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } })] }));
    expect(kubernetes['kubernetes_service_account_v1.Workload'].depends_on).toEqual(['kubernetes_namespace_v1.Namespace', MEMBER]);
    expect(kubernetes['kubernetes_config_map_v1.Workload_ConfigMap_CC976B48'].depends_on).toEqual(['kubernetes_namespace_v1.Namespace']);
  });

  test('both are made by the provider that leads to the cluster', () => {
    const kubernetes = both(stack => ({ kubernetesProvider: new KubernetesProvider(stack, 'Other', { alias: 'other' }) }));
    expect(kubernetes['kubernetes_service_account_v1.Workload'].provider).toBe('kubernetes.other');
    expect(kubernetes['kubernetes_config_map_v1.Workload_ConfigMap_CC976B48'].provider).toBe('kubernetes.other');
  });

  test('without access to the Kubernetes API neither ServiceAccount nor pods mount its token', () => {
    const kubernetes = both(() => ({ kubernetesApiAccess: false }));
    expect(kubernetes['kubernetes_service_account_v1.Workload']).toEqual({
      metadata: { name: 'reader', namespace: 'reports' }, automount_service_account_token: false, depends_on: [MEMBER],
    });
    expect(kubernetes['kubernetes_pod_v1.Pod'].spec.automount_service_account_token).toBe(false);
  });

  test.each([[undefined], [true]])('with kubernetesApiAccess %p Kubernetes decides', kubernetesApiAccess => {
    const kubernetes = both(() => ({ kubernetesApiAccess }));
    expect(kubernetes['kubernetes_service_account_v1.Workload']).toEqual({ metadata: { name: 'reader', namespace: 'reports' }, depends_on: [MEMBER] });
    expect(kubernetes['kubernetes_pod_v1.Pod'].spec).not.toHaveProperty('automount_service_account_token');
  });

  test('the mount path is where everything points', () => {
    const kubernetes = both(() => ({ mountPath: '/run/credentials.d/k8s_1' }));
    const [container] = kubernetes['kubernetes_pod_v1.Pod'].spec.container;
    expect(container.volume_mount).toEqual([{ mount_path: '/run/credentials.d/k8s_1', name: 'workload-federation', read_only: true }]);
    expect(container.env[0]).toEqual({ name: 'GOOGLE_APPLICATION_CREDENTIALS', value: '/run/credentials.d/k8s_1/gcp/credential-configuration.json' });
    expect(kubernetes['kubernetes_config_map_v1.Workload_ConfigMap_CC976B48'].data['gcp-credential-configuration.json'])
      .toContain('"credential_source" = {"file" = "/run/credentials.d/k8s_1/gcp/token"');
  });

  test('a mount path that only Terraform knows is where everything points', () => {
    const kubernetes = both(stack => ({ mountPath: new TerraformVariable(stack, 'V', { type: 'string' }).stringValue }));
    const [container] = kubernetes['kubernetes_pod_v1.Pod'].spec.container;
    expect(container.volume_mount).toEqual([{ mount_path: '${var.V}', name: 'workload-federation', read_only: true }]);
    expect(container.env[0]).toEqual({ name: 'GOOGLE_APPLICATION_CREDENTIALS', value: '${var.V}/gcp/credential-configuration.json' });
    expect(kubernetes['kubernetes_config_map_v1.Workload_ConfigMap_CC976B48'].data['gcp-credential-configuration.json'])
      .toContain('"credential_source" = {"file" = "${var.V}/gcp/token"');
  });
});

describe('the lifetime of tokens', () => {
  const lifetime = (cluster: Cluster, tokenExpirationSeconds: (stack: TerraformStack) => number) => kubernetesOf(stack => {
    const serviceAccount = readerOf(cluster);
    podOf(stack, new Workload(stack, 'Workload', {
      serviceAccount,
      identities: [roleFor(stack, serviceAccount), googleFor(stack, serviceAccount)],
      tokenExpirationSeconds: tokenExpirationSeconds(stack),
    }));
  }) as Record<string, any>;
  const sources = (kubernetes: Record<string, any>) => kubernetes['kubernetes_pod_v1.Pod'].spec.volume[0].projected[0].sources;

  test.each([[600], [86400]])('is %d seconds for every token where it was asked for', seconds => {
    const eks = lifetime(EKS, () => seconds);
    expect(eks['kubernetes_service_account_v1.Workload'].metadata.annotations['eks.amazonaws.com/token-expiration']).toBe(String(seconds));
    expect(sources(eks)[0].service_account_token.expiration_seconds).toBe(seconds);
    const other = sources(lifetime(OTHER, () => seconds));
    expect([other[0], other[1]].map(({ service_account_token }) => service_account_token.expiration_seconds)).toEqual([seconds, seconds]);
  });

  test('may be known to Terraform only', () => {
    const eks = lifetime(EKS, stack => new TerraformVariable(stack, 'V', { type: 'number' }).numberValue);
    expect(eks['kubernetes_service_account_v1.Workload'].metadata.annotations['eks.amazonaws.com/token-expiration']).toBe('${var.V}');
    expect(sources(eks)[0].service_account_token.expiration_seconds).toBe('${var.V}');
  });

  test.each([
    [599, '599'], [86401, '86401'], [3600.5, '3600.5'], [NaN, 'NaN'], [Infinity, 'Infinity'], [-3600, '-3600'], ['3600' as unknown as number, '"3600"'],
  ])('refuses %p seconds', (tokenExpirationSeconds, got) => {
    const stack = scratchStack();
    const serviceAccount = readerOf(OTHER);
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities: [roleFor(stack, serviceAccount)], tokenExpirationSeconds }))).toEqual({
      code: 'OutOfRange',
      message: `stack/Workload: tokenExpirationSeconds must be a whole number from 600 to 86400, got ${got}; give it in seconds; 3600 is one hour`,
    });
  });
});

describe('who a workload may be', () => {
  test('refuses a service account that the role does not trust', () => {
    const stack = scratchStack();
    const role = roleFor(stack, readerOf(EKS));
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount: EKS.serviceAccount('reports', 'writer'), identities: [role] }))).toEqual({
      code: 'NotTrusted',
      message: 'stack/Role: trusts must hold the service account that uses the identity, system:serviceaccount:reports:writer of cluster eks-apps, '
        + 'got "system:serviceaccount:reports:reader of cluster eks-apps"; '
        + 'add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  });

  test('refuses a service account of the same names on another cluster', () => {
    const stack = scratchStack();
    const role = AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE_ARN, trusts: [readerOf(EKS), readerOf(OTHER)] });
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount: readerOf(GKE), identities: [role] }))).toEqual({
      code: 'NotTrusted',
      message: 'stack/Role: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster gke-apps, '
        + 'got "system:serviceaccount:reports:reader of cluster eks-apps, system:serviceaccount:reports:reader of cluster oidc-onprem"; '
        + 'add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  });

  test('refuses a service account that the second identity does not trust', () => {
    const stack = scratchStack();
    const serviceAccount = readerOf(GKE);
    const google = googleFor(stack, GKE.serviceAccount('reports', 'writer'));
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities: [roleFor(stack, serviceAccount), google] }))).toEqual({
      code: 'NotTrusted',
      message: 'stack/Account: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster gke-apps, '
        + 'got "system:serviceaccount:reports:writer of cluster gke-apps"; '
        + 'add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  });

  test('refuses a Google account that trusts the service account through Google\'s own pool where the workload has none', () => {
    const stack = scratchStack();
    const google = googleFor(stack, readerOf(GKE));
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount: readerOf(GKE_PLAIN), identities: [google] }))).toEqual({
      code: 'NotTrusted',
      message: 'stack/Account: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster gke-apps, '
        + 'got "system:serviceaccount:reports:reader of cluster gke-apps"; '
        + 'add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  });

  test('refuses a service account whose namespace only Terraform knows and nobody trusts', () => {
    const stack = scratchStack();
    const namespace = new TerraformVariable(stack, 'V', { type: 'string' });
    const role = roleFor(stack, readerOf(EKS));
    const { code, message } = refusal(() => new Workload(stack, 'Workload', {
      serviceAccount: EKS.serviceAccount(namespace.stringValue, 'reader'), identities: [role],
    }));
    expect(code).toBe('NotTrusted');
    expect(message).toContain('got "system:serviceaccount:reports:reader of cluster eks-apps"; add it to `trusts`');
  });

  test('a name read twice from Terraform is the same service account', () => {
    const { resource } = synthStack(stack => {
      const namespace = new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } });
      const cluster = Cluster.fromEksCluster(new DataAwsEksCluster(stack, 'Cluster', { name: 'apps' }));
      const role = roleFor(stack, cluster.serviceAccount(namespace.metadata.name, 'reader'));
      new Workload(stack, 'Workload', { serviceAccount: cluster.serviceAccount(namespace.metadata.name, 'reader'), identities: [role] });
    });
    expect(resource.kubernetes_service_account_v1!.Workload.metadata).toMatchObject({
      name: 'reader', namespace: '${kubernetes_namespace_v1.Namespace.metadata[0].name}',
    });
  });

  test('refuses a service account that no cluster made, though its subject is trusted', () => {
    const stack = scratchStack();
    const trusted = readerOf(EKS);
    const role = roleFor(stack, trusted);
    for (const [serviceAccount, got] of [[{ ...trusted }, '"system:serviceaccount:reports:reader"'], [{}, '{}'], [null, 'null']] as [ServiceAccountSubject, string][]) {
      expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities: [role] }))).toEqual({
        code: 'InvalidIdentifier',
        message: `stack/Workload: serviceAccount must be made by cluster.serviceAccount(namespace, name), got ${got}; `
          + 'ask the cluster for it; a plain object, a changed copy or one of another copy of this package is not accepted',
      });
    }
  });

  test('refuses a set of service accounts, though it is trusted', () => {
    const stack = scratchStack();
    for (const [set, got] of [
      [EKS.unsafeEveryServiceAccountOfNamespace('reports'), 'system:serviceaccount:reports:*'], [EKS.unsafeEveryServiceAccountOfCluster(), 'system:serviceaccount:*'],
    ] as const) {
      const serviceAccount = set as TrustedSubject as ServiceAccountSubject;
      const identities = [new GcpFederatedServiceAccount(stack, `Account${got.length}`, { accountId: 'reports-reader', trusts: [set] })];
      expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities }))).toEqual({
        code: 'InvalidIdentifier',
        message: `stack/Workload: serviceAccount must be one service account, and not a set, got "${got}"; pass cluster.serviceAccount(namespace, name)`,
      });
    }
  });

  test('refuses a workload without an identity', () => {
    for (const identities of [[], undefined as unknown as ICloudIdentity[]]) {
      const stack = scratchStack();
      expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount: readerOf(EKS), identities }))).toEqual({
        code: 'EmptyTrust',
        message: 'stack/Workload: identities must hold at least one identity, got "[]"; pass the role or account that the workload becomes',
      });
    }
  });
});

describe('one workload for a service account', () => {
  const workload = (stack: Construct, id: string, serviceAccount: ServiceAccountSubject, options: WorkloadOptions = {}) => new Workload(stack, id, {
    serviceAccount, identities: [roleFor(stack as TerraformStack, serviceAccount, {}, `Role-${id}`)], ...options,
  });

  test('refuses a second one in the stack', () => {
    const stack = scratchStack();
    workload(stack, 'First', readerOf(EKS));
    expect(refusal(() => workload(stack, 'Second', readerOf(EKS)))).toEqual({
      code: 'DuplicateRegistration',
      message: 'stack/Second: serviceAccount must have one workload in an app (stack/First is it), got "system:serviceaccount:reports:reader"; '
        + 'pass all identities to that workload, and use its podTemplate() for every pod',
    });
  });

  test.each([[false], [true]])('refuses a second one in another stack, with existingServiceAccount %p', existingServiceAccount => {
    const [first, second] = scratchStacks('first', 'second');
    workload(first!, 'Workload', readerOf(EKS));
    expect(refusal(() => workload(second!, 'Workload', readerOf(EKS), { existingServiceAccount }))).toEqual({
      code: 'DuplicateRegistration',
      message: 'second/Workload: serviceAccount must have one workload in an app (first/Workload is it), got "system:serviceaccount:reports:reader"; '
        + 'pass all identities to that workload, and use its podTemplate() for every pod',
    });
  });

  test('refuses a second one further down the stack', () => {
    const stack = scratchStack();
    workload(new Construct(stack, 'Inner'), 'First', readerOf(EKS));
    expect(refusal(() => workload(stack, 'Second', readerOf(EKS))).message).toContain('(stack/Inner/First is it)');
  });

  test('refuses a second one whose name Terraform alone knows to be the same', () => {
    const stack = scratchStack();
    const namespace = new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } });
    workload(stack, 'First', EKS.serviceAccount(namespace.metadata.name, 'reader'));
    const { code, message } = refusal(() => workload(stack, 'Second', EKS.serviceAccount(namespace.metadata.name, 'reader')));
    expect(code).toBe('DuplicateRegistration');
    expect(message).toContain('stack/Second: serviceAccount must have one workload in an app (stack/First is it), got "system:serviceaccount:');
  });

  test('takes other names, other clusters and other stacks', () => {
    const stacks = synthApp(app => {
      const stack = stackIn(app);
      workload(stack, 'First', readerOf(EKS));
      workload(stack, 'OtherName', EKS.serviceAccount('reports', 'writer'));
      workload(stack, 'OtherNamespace', EKS.serviceAccount('billing', 'reader'));
      workload(stack, 'OtherCluster', readerOf(OTHER), { kubernetesProvider: new KubernetesProvider(stack, 'Other', { alias: 'other' }) });
      workload(stackIn(app, 'second'), 'First', EKS.serviceAccount('reports', 'third'));
    });
    expect(Object.keys(stacks.stack!.resource.kubernetes_service_account_v1!)).toHaveLength(4);
    expect(Object.keys(stacks.second!.resource.kubernetes_service_account_v1!)).toHaveLength(1);
  });

  test('takes the same service account in another app', () => {
    expect(() => [scratchStack(), scratchStack()].forEach(stack => workload(stack, 'Workload', readerOf(EKS)))).not.toThrow();
  });

  test('takes the service account of a workload that was refused', () => {
    const stack = scratchStack();
    const children = () => stack.node.children.map(({ node }) => node.id);
    const serviceAccount = readerOf(EKS);
    const role = roleFor(stack, EKS.serviceAccount('reports', 'writer'), {}, 'Stranger');
    const before = children();
    expect(() => new Workload(stack, 'Workload', { serviceAccount, identities: [role] })).toThrow(FederationError);
    expect(children()).toEqual(before);
    expect(workload(stack, 'Workload', serviceAccount).resource).toBeDefined();
  });
});

describe('what lets the service account in', () => {
  const bothReaders = (stack: TerraformStack, props: object = {}) => new GcpFederatedServiceAccount(stack, 'Account', {
    accountId: 'reports-reader', trusts: [readerOf(OTHER), OTHER.serviceAccount('reports', 'writer')], ...props,
  });
  const letIn = (build: (stack: TerraformStack) => void) => (kubernetesOf(build) as Record<string, any>)['kubernetes_service_account_v1.Workload'].depends_on;

  test('comes before the ServiceAccount, and what lets others in does not matter', () => {
    expect(letIn(stack => new Workload(stack, 'Workload', { serviceAccount: readerOf(OTHER), identities: [bothReaders(stack)] }))).toEqual([MEMBER]);
  });

  test('is the member of the namespace, where the whole of it is trusted', () => {
    expect(letIn(stack => {
      const trusts = [OTHER.unsafeEveryServiceAccountOfNamespace('reports'), OTHER.unsafeEveryServiceAccountOfNamespace('billing')];
      new Workload(stack, 'Workload', { serviceAccount: readerOf(OTHER), identities: [bothReaders(stack, { trusts })] });
    })).toEqual(['google_service_account_iam_member.Account_Federated_oidc-onprem_reports__5AA167BC']);
  });

  test('comes before the annotations of a ServiceAccount that exists already', () => {
    const kubernetes = kubernetesOf(stack => {
      const serviceAccount = readerOf(GKE);
      new Workload(stack, 'Workload', { serviceAccount, identities: [googleFor(stack, serviceAccount)], existingServiceAccount: true });
    }) as Record<string, any>;
    expect(kubernetes['kubernetes_annotations.Workload'].depends_on).toEqual([
      'google_service_account_iam_member.Account_Native_acme-apps_reports_reader_61CE0CEE',
    ]);
  });

  test('is the federated credential of Azure, and the association of EKS Pod Identity', () => {
    expect(letIn(stack => {
      const serviceAccount = readerOf(EKS);
      const trusts = [serviceAccount, EKS.serviceAccount('reports', 'writer')];
      new Workload(stack, 'Workload', {
        serviceAccount,
        identities: [
          new AwsPodIdentityRole(stack, 'Role', { trusts }),
          new AzureFederatedIdentity(stack, 'Identity', { trusts, identityName: 'reports', resourceGroupName: 'reports', location: 'westeurope' }),
        ],
      });
    })).toEqual([
      'aws_eks_pod_identity_association.Role_Association_eks-apps_reports_reader_4B29A55D',
      'azurerm_federated_identity_credential.Identity_Credential_eks-apps_reports_reader_B0E7231F',
    ]);
  });

  test('is left to the order of the stacks, where it is in another one', () => {
    const stacks = synthApp(app => {
      const identities = [bothReaders(stackIn(app, 'cloud'))];
      new Workload(stackIn(app, 'cluster'), 'Workload', { serviceAccount: readerOf(OTHER), identities });
    });
    expect(Object.keys(stacks.cloud!.resource.google_service_account_iam_member!)).toHaveLength(2);
    expect(stacks.cluster!.resource.kubernetes_service_account_v1!.Workload).toEqual({ metadata: { name: 'reader', namespace: 'reports' } });
  });
});

describe('what a workload waits for', () => {
  test('refuses a resource of another stack, which depends_on can\'t name, before anything is made', () => {
    const [stack, other] = scratchStacks('stack', 'other');
    const serviceAccount = readerOf(OTHER);
    const identities = [googleFor(stack!, serviceAccount)];
    const [here, there] = [stack!, other!].map(scope => new NamespaceV1(scope, 'Reports', { metadata: { name: 'reports' } }));
    const before = stack!.node.children.map(({ node }) => node.id);
    for (const dependsOn of [[there!], [here!, there!]]) {
      expect(refusal(() => new Workload(stack!, 'Workload', { serviceAccount, identities, dependsOn }))).toEqual({
        code: 'UnresolvedValue',
        message: 'stack/Workload: dependsOn must hold what is in the same stack, got "other/Reports"; leave it out, and say `stack.addDependency()` where the stacks are defined',
      });
    }
    expect(stack!.node.children.map(({ node }) => node.id)).toEqual(before);
    // That of the same stack, and the member that lets the service account in.
    expect(new Workload(stack!, 'Workload', { serviceAccount, identities, dependsOn: [here!] }).resource!.dependsOn).toHaveLength(2);
  });
});

describe('the provider that leads to the cluster', () => {
  const workload = (stack: TerraformStack, id: string, serviceAccount: ServiceAccountSubject, kubernetesProvider?: KubernetesProvider) =>
    new Workload(stack, id, { serviceAccount, identities: [roleFor(stack, serviceAccount, {}, `Role-${id}`)], kubernetesProvider });

  test('refuses the stack\'s provider for a second cluster', () => {
    const stack = scratchStack();
    workload(stack, 'First', readerOf(EKS));
    expect(refusal(() => workload(stack, 'Second', readerOf(OTHER)))).toEqual({
      code: 'WrongCluster',
      message: 'stack/Second: kubernetesProvider must lead to cluster oidc-onprem, where the stack uses it for cluster eks-apps, '
        + 'got "the provider without an alias"; give each cluster a KubernetesProvider with an alias of its own, and pass it as `kubernetesProvider`',
    });
  });

  test('refuses one alias for two clusters', () => {
    const stack = scratchStack();
    const other = new KubernetesProvider(stack, 'Other', { alias: 'other' });
    workload(stack, 'First', readerOf(EKS));
    workload(stack, 'Second', readerOf(OTHER), other);
    expect(refusal(() => workload(stack, 'Third', readerOf(GKE), other))).toEqual({
      code: 'WrongCluster',
      message: 'stack/Third: kubernetesProvider must lead to cluster gke-apps, where the stack uses it for cluster oidc-onprem, '
        + 'got "other"; give each cluster a KubernetesProvider with an alias of its own, and pass it as `kubernetesProvider`',
    });
  });

  test('is not claimed by a workload that was refused', () => {
    const stack = scratchStack();
    const other = new KubernetesProvider(stack, 'Other', { alias: 'other' });
    const stranger = roleFor(stack, EKS.serviceAccount('reports', 'writer'), {}, 'Stranger');
    for (const kubernetesProvider of [undefined, other]) {
      expect(refusal(() => new Workload(stack, 'Refused', { serviceAccount: readerOf(EKS), identities: [stranger], kubernetesProvider })).code).toBe('NotTrusted');
    }
    expect(stack.node.tryFindChild('Refused')).toBeUndefined();
    // Both are free for the cluster that they really lead to.
    expect(() => workload(stack, 'First', readerOf(OTHER))).not.toThrow();
    expect(() => workload(stack, 'Second', readerOf(GKE), other)).not.toThrow();
    // And are taken then.
    expect(refusal(() => workload(stack, 'Third', readerOf(EKS))).code).toBe('WrongCluster');
    expect(refusal(() => workload(stack, 'Fourth', EKS.serviceAccount('reports', 'writer'), other)).code).toBe('WrongCluster');
  });

  test('is one for both ways of a GKE cluster, and another in every stack', () => {
    const [first, second] = scratchStacks('first', 'second');
    workload(first!, 'Native', readerOf(GKE));
    expect(() => workload(first!, 'Plain', GKE_PLAIN.serviceAccount('reports', 'writer'))).not.toThrow();
    expect(() => workload(second!, 'Other', readerOf(OTHER))).not.toThrow();
  });
});

describe('a namespace that is created', () => {
  const reader = (stack: TerraformStack, id: string, serviceAccount: ServiceAccountSubject, options: WorkloadOptions = {}) =>
    new Workload(stack, id, { serviceAccount, identities: [googleFor(stack, serviceAccount, {}, `Account${id}`)], createNamespace: true, ...options });

  test('stands once in the stack, and what is in it refers to it', () => {
    const kubernetes = kubernetesOf(stack => {
      const kubernetesProvider = new KubernetesProvider(stack, 'Onprem', { alias: 'onprem' });
      podOf(stack, reader(stack, 'Reader', readerOf(OTHER), { kubernetesProvider }));
      reader(stack, 'Writer', OTHER.serviceAccount('reports', 'writer'), { kubernetesProvider });
      reader(stack, 'Biller', OTHER.serviceAccount('billing', 'writer'), { kubernetesProvider, createNamespace: false });
    }) as Record<string, any>;
    expect(Object.keys(kubernetes).filter(address => address.startsWith('kubernetes_namespace_v1.'))).toEqual([
      'kubernetes_namespace_v1.Namespace-oidc-onprem_reports',
    ]);
    expect(kubernetes['kubernetes_namespace_v1.Namespace-oidc-onprem_reports']).toEqual({ metadata: { name: 'reports' }, provider: 'kubernetes.onprem' });
    const namespace = '${kubernetes_namespace_v1.Namespace-oidc-onprem_reports.metadata[0].name}';
    expect(kubernetes['kubernetes_service_account_v1.Reader'].metadata).toEqual({ name: 'reader', namespace });
    expect(kubernetes['kubernetes_config_map_v1.Reader_ConfigMap_DB221E56'].metadata).toEqual({ name: 'reader-workload-federation', namespace });
    expect(kubernetes['kubernetes_service_account_v1.Writer'].metadata).toEqual({ name: 'writer', namespace });
    expect(kubernetes['kubernetes_service_account_v1.Biller'].metadata).toEqual({ name: 'writer', namespace: 'billing' });
    expect(kubernetes['kubernetes_pod_v1.Pod'].metadata.namespace).toBe('${kubernetes_service_account_v1.Reader.metadata[0].namespace}');
  });

  test('stays where it is when the workload that came first goes', () => {
    const [both, one] = [['reader', 'writer'], ['writer']].map(names => kubernetesOf(stack => {
      names.forEach(name => reader(stack, name, OTHER.serviceAccount('reports', name)));
    }));
    expect(Object.entries(both!).filter(([address]) => !/\.reader(?:_|$)/.test(address))).toEqual(Object.entries(one!));
  });

  test('may have a name that only Terraform knows', () => {
    const kubernetes = kubernetesOf(stack => {
      const namespace = new TerraformVariable(stack, 'V', { type: 'string' });
      podOf(stack, reader(stack, 'Reader', OTHER.serviceAccount(namespace.stringValue, 'reader')));
      reader(stack, 'Writer', OTHER.serviceAccount(namespace.stringValue, 'writer'));
    }) as Record<string, any>;
    const created = Object.entries(kubernetes).filter(([address]) => address.startsWith('kubernetes_namespace_v1.'));
    expect(created).toEqual([[expect.stringMatching(/^kubernetes_namespace_v1\.Namespace-oidc-onprem_[0-9a-f]{8}$/), { metadata: { name: '${var.V}' } }]]);
    expect(kubernetes['kubernetes_service_account_v1.Reader'].metadata.namespace).toBe(`\${${created[0]![0]}.metadata[0].name}`);
  });

  test('leaves the namespace of a pod template to be said', () => {
    const stack = scratchStack();
    const workload = reader(stack, 'Reader', readerOf(OTHER));
    expect(workload.podTemplate({ metadata: { namespace: 'reports' }, spec: { container: [{ name: 'app' }] } }).metadata.namespace).toBe(workload.namespace);
  });

  test('refuses a second stack', () => {
    const [first, second] = scratchStacks('first', 'second');
    reader(first!, 'Reader', readerOf(OTHER));
    expect(refusal(() => reader(second!, 'Writer', OTHER.serviceAccount('reports', 'writer')))).toEqual({
      code: 'DuplicateRegistration',
      message: 'second/Writer: createNamespace must be said in one stack (first/Namespace-oidc-onprem_reports is the namespace), got "reports"; '
        + 'leave it out here, and deploy that stack first',
    });
  });

  test('refuses a second stack before anything is made, so that it may be left out and tried again', () => {
    const [first, second] = scratchStacks('first', 'second');
    reader(first!, 'Reader', readerOf(OTHER));
    const serviceAccount = OTHER.serviceAccount('reports', 'writer');
    const identities = [googleFor(second!, serviceAccount)];
    const before = second!.node.children.map(({ node }) => node.id);
    expect(refusal(() => new Workload(second!, 'Writer', { serviceAccount, identities, createNamespace: true })).code).toBe('DuplicateRegistration');
    expect(second!.node.children.map(({ node }) => node.id)).toEqual(before);
    const { resource } = new Workload(second!, 'Writer', { serviceAccount, identities });
    expect(resource!.metadata.namespaceInput).toBe('reports');
  });

  test.each(['default', 'kube-system', 'kube-public', 'kube-node-lease'])('refuses %s, which every cluster has, before anything is made', namespace => {
    const stack = scratchStack();
    const serviceAccount = OTHER.serviceAccount(namespace, 'reader');
    const identities = [googleFor(stack, serviceAccount)];
    const before = stack.node.children.map(({ node }) => node.id);
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities, createNamespace: true }))).toEqual({
      code: 'InvalidName',
      message: `stack/Workload: createNamespace must be left out for a namespace that every cluster begins with, got "${namespace}"; leave it out`,
    });
    expect(stack.node.children.map(({ node }) => node.id)).toEqual(before);
    for (const createNamespace of [undefined, false]) {
      const id = `Workload-${createNamespace}`;
      const other = scratchStack();
      const { resource } = new Workload(other, id, { serviceAccount, identities: [googleFor(other, serviceAccount)], createNamespace });
      expect(resource!.metadata.namespaceInput).toBe(namespace);
      expect(other.node.children.filter(child => child instanceof NamespaceV1)).toEqual([]);
    }
  });

  test('refuses to be created where the ServiceAccount exists already, before anything is made', () => {
    const stack = scratchStack();
    const serviceAccount = OTHER.serviceAccount('reports', 'reader');
    const identities = [googleFor(stack, serviceAccount)];
    const before = stack.node.children.map(({ node }) => node.id);
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities, createNamespace: true, existingServiceAccount: true }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: createNamespace must be left out where the ServiceAccount exists already, and so its namespace, got true; leave one of the two out',
    });
    expect(stack.node.children.map(({ node }) => node.id)).toEqual(before);
  });

  test.each([
    [{ existingServiceAccount: true, createNamespace: undefined }], [{ existingServiceAccount: true, createNamespace: false }],
    [{ existingServiceAccount: false, createNamespace: true }],
  ])('takes %p', options => {
    const stack = scratchStack();
    const serviceAccount = OTHER.serviceAccount('reports', 'reader');
    new Workload(stack, 'Workload', { serviceAccount, identities: [googleFor(stack, serviceAccount)], ...options });
    expect(stack.node.children.filter(child => child instanceof NamespaceV1)).toHaveLength(options.createNamespace ? 1 : 0);
  });

  test.each(['kube', 'kube-system-2', 'my-default', 'kube-node-leases'])('may be %s, which no cluster begins with', namespace => {
    const stack = scratchStack();
    reader(stack, 'Reader', OTHER.serviceAccount(namespace, 'reader'));
    expect(stack.node.findChild(`Namespace-oidc-onprem_${namespace}`)).toBeInstanceOf(NamespaceV1);
  });

  test('has an address that no other cluster and namespace has', () => {
    const stack = scratchStack();
    const create = (id: string, namespace: string) => {
      const cluster = Cluster.oidc({ name: id, issuer: `https://issuer.example.com/${id}`, id });
      const serviceAccount = cluster.serviceAccount(namespace, 'reader');
      const kubernetesProvider = new KubernetesProvider(stack, `Kubernetes-${id}`, { alias: id });
      new Workload(stack, `Workload-${id}`, { serviceAccount, identities: [roleFor(stack, serviceAccount, {}, `Role-${id}`)], createNamespace: true, kubernetesProvider });
    };
    create('apps', 'eu-reports');
    create('apps-eu', 'reports');
    expect(stack.node.children.filter(child => child instanceof NamespaceV1).map(({ node }) => node.id)).toEqual([
      'Namespace-apps_eu-reports', 'Namespace-apps-eu_reports',
    ]);
  });

  test('is another one on another cluster', () => {
    const [first, second] = scratchStacks('first', 'second');
    reader(first!, 'Reader', readerOf(OTHER));
    reader(second!, 'Reader', readerOf(GKE));
    expect(second!.node.findChild('Namespace-gke-apps_reports')).toBeDefined();
  });
});

test.each([
  'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_DEFAULT_PROFILE',
])('refuses a container that says %s, by which an SDK would find other credentials', name => {
  for (const [cluster, wiring] of [[EKS, 'platform'], [EKS, 'explicit'], [OTHER, 'platform']] as const) {
    const stack = scratchStack();
    const serviceAccount = readerOf(cluster);
    const workload = new Workload(stack, 'Workload', { serviceAccount, identities: [roleFor(stack, serviceAccount)], wiring });
    expect(refusal(() => workload.podTemplate({ spec: { container: [{ name: 'app', env: [{ name, value: '/home/app/.aws' }] }] } }))).toEqual({
      code: 'ClashingWiring',
      message: `stack/Workload: spec.container[0].env must not set ${name}, got "a value of its own"; remove it: it would win over the federated identity`,
    });
  }
});

describe('paths', () => {
  const BAD_MOUNT_PATHS = [
    '', '/', 'var/run/secrets', '/var/run/', '/var//run', '/var/../run', '/..', '/var/.', '/var/run secrets', '/var/run:x', '/var/*', '/var/run\n',
  ];
  test.each(BAD_MOUNT_PATHS)('refuses the mount path %p', mountPath => {
    const stack = scratchStack();
    const serviceAccount = readerOf(EKS);
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities: [roleFor(stack, serviceAccount)], mountPath }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Workload: mountPath must be an absolute path of letters, digits and "._-", without ".." or a slash at its end, '
        + `got ${JSON.stringify(mountPath)}; write it like "/var/run/secrets/workload-federation"`,
    });
  });

  const BAD_TOKEN_PATHS = ['', '/', '/aws/token', '..', '../token', 'aws/../token', 'aws/..', './token', 'aws/.', 'aws//token', 'aws/', 'aws token', 'aws\\token'];
  test.each(BAD_TOKEN_PATHS)('refuses the token path %p of a role', tokenPath => {
    const stack = scratchStack();
    const serviceAccount = readerOf(OTHER);
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities: [roleFor(stack, serviceAccount, { tokenPath })] }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Role: tokenPath must be a relative path of letters, digits and "._-", without "..", '
        + `got ${JSON.stringify(tokenPath)}; write it like "aws/token"`,
    });
  });

  test.each(BAD_TOKEN_PATHS)('refuses the token path %p of a Google account', tokenPath => {
    const stack = scratchStack();
    const serviceAccount = readerOf(OTHER);
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities: [googleFor(stack, serviceAccount, { tokenPath })] }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Account: tokenPath must be a relative path of letters, digits and "._-", without "..", '
        + `got ${JSON.stringify(tokenPath)}; write it like "aws/token"`,
    });
  });

  test('refuses a token path that leaves the mount, though EKS\'s webhook would not use it', () => {
    const stack = scratchStack();
    const serviceAccount = readerOf(EKS);
    expect(refusal(() => roleFor(stack, serviceAccount, { tokenPath: '../token' }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Role: tokenPath must be a relative path of letters, digits and "._-", without "..", got "../token"; write it like "aws/token"',
    });
  });

  test.each([
    ['token', { tokens: [{ path: '../token', audience: 'vault' }] }], ['file', { files: [{ path: '../token', content: '{}' }] }],
  ])('refuses a %s of a user\'s own identity that leaves the mount', (_, asks) => {
    const stack = scratchStack();
    const serviceAccount = readerOf(OTHER);
    const identities = [new PlainIdentity(stack, 'Plain', [serviceAccount], asks)];
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities }))).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Plain: tokenPath must be a relative path of letters, digits and "._-", without "..", got "../token"; write it like "aws/token"',
    });
  });

  test('take "." and ".." as part of a name', () => {
    const stack = scratchStack();
    const serviceAccount = readerOf(OTHER);
    const role = roleFor(stack, serviceAccount, { tokenPath: '..data/.token..x/...' });
    expect(() => new Workload(stack, 'Workload', { serviceAccount, identities: [role], mountPath: '/.run/..data' })).not.toThrow();
  });

  test('may be known to Terraform only', () => {
    const stack = synthStack(scope => {
      const serviceAccount = readerOf(OTHER);
      const tokenPath = new TerraformVariable(scope, 'V', { type: 'string' }).stringValue;
      podOf(scope, new Workload(scope, 'Workload', { serviceAccount, identities: [roleFor(scope, serviceAccount, { tokenPath })] }));
    });
    const { spec } = stack.resource.kubernetes_pod_v1!.Pod;
    expect(spec.volume[0].projected[0].sources).toEqual([
      { service_account_token: { path: '${var.V}', audience: 'sts.amazonaws.com', expiration_seconds: 3600 } },
    ]);
    expect(spec.container[0].env[1]).toEqual({ name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${MOUNT}/\${var.V}` });
  });
});

describe('two identities that want the same', () => {
  /** A workload on a cluster without platform wiring, with a role and a Google account. */
  function clouds(aws: string | undefined, google: string | undefined, order: 'aws first' | 'google first' = 'aws first') {
    const stack = scratchStack();
    const serviceAccount = readerOf(OTHER);
    const identities = [roleFor(stack, serviceAccount, { tokenPath: aws }), googleFor(stack, serviceAccount, { tokenPath: google })];
    return new Workload(stack, 'Workload', { serviceAccount, identities: order === 'aws first' ? identities : identities.reverse() });
  }

  test('refuses one token path for two clouds', () => {
    expect(refusal(() => clouds('x/token', 'x/token'))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: identities must not ask for the same path twice (stack/Role and stack/Account), got "x/token"; '
        + 'give one of them another `tokenPath`',
    });
  });

  test('refuses a token path that is the credential file of the other', () => {
    expect(refusal(() => clouds('gcp/credential-configuration.json', undefined))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: identities must not ask for the same path twice (stack/Role and stack/Account), got "gcp/credential-configuration.json"; '
        + 'give one of them another `tokenPath`',
    });
  });

  test.each([
    ['a file where the other needs a folder', 'gcp', 'gcp/token', 'aws first', 'gcp', 'gcp/token'],
    ['a folder where the other has a file', 'gcp', 'gcp/token', 'google first', 'gcp/token', 'gcp'],
    ['a file far above', 'a', 'a/b/c/token', 'aws first', 'a', 'a/b/c/token'],
    ['a file where the credential file needs a folder', 'aws/token', 'gcp', 'aws first', 'gcp', 'gcp/credential-configuration.json'],
  ] as const)('refuses %s', (_, aws, google, order, first, second) => {
    expect(refusal(() => clouds(aws, google, order))).toEqual({
      code: 'ClashingWiring',
      message: `stack/Workload: identities must not put a file where another needs a folder (${first}), got "${second}"; give one of them another \`tokenPath\``,
    });
  });

  test('take paths that only begin alike', () => {
    expect(() => clouds('gcp-token', 'gcp/token')).not.toThrow();
    expect(() => clouds('gcp/tok', 'gcp/token')).not.toThrow();
  });

  test('refuses two roles, which EKS\'s webhook could not tell apart', () => {
    const stack = scratchStack();
    const serviceAccount = readerOf(EKS);
    const identities = [roleFor(stack, serviceAccount, {}, 'Reader'), roleFor(stack, serviceAccount, {}, 'Writer')];
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: identities must not ask for the same cloud twice (stack/Reader and stack/Writer), got "aws"; '
        + 'a workload has at most one identity of each cloud; use one identity, or two service accounts',
    });
  });

  test('refuses two roles, even with token paths of their own', () => {
    const stack = scratchStack();
    const serviceAccount = readerOf(OTHER);
    const identities = [roleFor(stack, serviceAccount, {}, 'Reader'), roleFor(stack, serviceAccount, { tokenPath: 'writer/token' }, 'Writer')];
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: identities must not ask for the same cloud twice (stack/Reader and stack/Writer), got "aws"; '
        + 'a workload has at most one identity of each cloud; use one identity, or two service accounts',
    });
  });

  test.each([['GKE', GKE], ['any other cluster', OTHER]])('refuses two Google accounts on %s', (_, cluster) => {
    const stack = scratchStack();
    const serviceAccount = readerOf(cluster);
    const identities = [googleFor(stack, serviceAccount, {}, 'Reader'), googleFor(stack, serviceAccount, { tokenPath: 'x' }, 'Writer')];
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: identities must not ask for the same cloud twice (stack/Reader and stack/Writer), got "gcp"; '
        + 'a workload has at most one identity of each cloud; use one identity, or two service accounts',
    });
  });

  test.each([
    ['annotation', 'vault.example.com/role', { serviceAccountAnnotations: { 'vault.example.com/role': 'reports' } }],
    ['label', 'vault.example.com/use', { podLabels: { 'vault.example.com/use': 'true' } }],
    ['variable', 'VAULT_ROLE', { env: [{ name: 'VAULT_ROLE', value: 'reports' }] }],
  ])('refuses one %s for two clouds', (what, name, asks) => {
    const stack = scratchStack();
    const serviceAccount = readerOf(OTHER);
    const identities = ['Reader', 'Writer'].map(id => new PlainIdentity(stack, id, [serviceAccount], asks));
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities }))).toEqual({
      code: 'ClashingWiring',
      message: `stack/Workload: identities must not ask for the same ${what} twice (stack/Reader and stack/Writer), got "${name}"; `
        + 'a workload has at most one identity of each cloud; use one identity, or two service accounts',
    });
  });

  test('refuses one role named twice', () => {
    const stack = scratchStack();
    const serviceAccount = readerOf(EKS);
    const role = roleFor(stack, serviceAccount);
    expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities: [role, role] }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: identities must not ask for the same cloud twice (stack/Role and stack/Role), got "aws"; '
        + 'a workload has at most one identity of each cloud; use one identity, or two service accounts',
    });
  });
});

/** An identity of some other cloud, which asks for what a test says. */
class PlainIdentity extends Construct implements ICloudIdentity {
  public readonly cloud: string;

  constructor(scope: Construct, id: string, public readonly trusts: ServiceAccountSubject[], private readonly asks: Partial<PodBinding>) {
    super(scope, id);
    this.cloud = id;
  }

  public bind(): PodBinding {
    return {
      serviceAccountAnnotations: {}, podLabels: {}, env: [], tokens: [], files: [], helpers: [], reservedEnv: [], dependsOn: [], ...this.asks,
    };
  }
}

const HELPERS: PodBinding['helpers'] = [{ volume: { name: 'vault', mountPath: '/var/run/secrets/vault' }, initContainers: [], sidecars: [], completingSidecars: [] }];

test.each(['/var/run/secrets', '/var/run/secrets/vault', '/var/run/secrets/vault/tokens'])('refuses tokens at %s, where a volume of another kind is or would be in it', mountPath => {
  const stack = scratchStack();
  const serviceAccount = readerOf(EKS);
  const identities = [new PlainIdentity(stack, 'Vault', [serviceAccount], { helpers: HELPERS, tokens: [{ path: 'token', audience: 'vault' }] })];
  expect(refusal(() => new Workload(stack, 'Workload', { serviceAccount, identities, mountPath }))).toEqual({
    code: 'ClashingWiring',
    message: `stack/Workload: mountPath must be apart from /var/run/secrets/vault, where other tokens appear, got "${mountPath}"; `
      + 'leave it out for "/var/run/secrets/workload-federation"',
  });
});

test('an identity of a user\'s own is wired like those of the library', () => {
  const kubernetes = kubernetesOf(stack => {
    const serviceAccount = readerOf(EKS);
    const vault = new PlainIdentity(stack, 'Vault', [serviceAccount], {
      serviceAccountAnnotations: { 'vault.example.com/role': 'reports' },
      podLabels: { 'vault.example.com/use': 'true' },
      env: [{ name: 'VAULT_TOKEN_FILE', value: `${MOUNT}/vault/token` }],
      tokens: [{ path: 'vault/token', audience: 'vault' }],
    });
    podOf(stack, new Workload(stack, 'Workload', { serviceAccount, identities: [vault], tokenExpirationSeconds: 900 }));
  });
  expect(kubernetes).toEqual({
    'kubernetes_service_account_v1.Workload': {
      metadata: { name: 'reader', namespace: 'reports', annotations: { 'vault.example.com/role': 'reports' } },
    },
    'kubernetes_pod_v1.Pod': {
      metadata: {
        labels: { 'vault.example.com/use': 'true' }, namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}',
      },
      spec: {
        container: [{ name: 'app', image: 'app:1', env: [{ name: 'VAULT_TOKEN_FILE', value: `${MOUNT}/vault/token` }], volume_mount: MOUNTED }],
        service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
        volume: [{
          name: 'workload-federation',
          projected: [{ sources: [{ service_account_token: { path: 'vault/token', audience: 'vault', expiration_seconds: 900 } }] }],
        }],
      },
    },
  });
});

test('the props of a caller are never changed', () => {
  const stack = scratchStack();
  const serviceAccount = readerOf(OTHER);
  const identities: ICloudIdentity[] = [roleFor(stack, serviceAccount), googleFor(stack, serviceAccount)];
  const props = Object.freeze({ serviceAccount, identities, labels: { team: 'reports' } });
  Object.freeze(identities);
  Object.freeze(props.labels);
  expect(() => podOf(stack, new Workload(stack, 'Workload', props))).not.toThrow();
});

describe('what a workload is made of', () => {
  test('refuses a wiring that it does not know, and what is no identity', () => {
    const stack = scratchStack();
    const serviceAccount = readerOf(OTHER);
    const identities = [roleFor(stack, serviceAccount)];
    expect(refusal(() => new Workload(stack, 'W', { serviceAccount, identities, wiring: 'magic' as never }))).toEqual({
      code: 'InvalidIdentifier', message: 'stack/W: wiring must be one of "platform", "explicit", "webhook", got "magic"; leave it out for "platform"',
    });
    expect(refusal(() => new Workload(stack, 'W', { serviceAccount, identities: [undefined as never] }))).toEqual({
      code: 'InvalidIdentifier', message: 'stack/W: identities must hold cloud identities, got undefined; pass the role or account that the workload becomes',
    });
  });

  test('refuses one token path for two clouds, though it was read twice', () => {
    const stack = scratchStack();
    const path = new TerraformVariable(stack, 'path', { type: 'string' });
    const serviceAccount = readerOf(OTHER);
    const identities = [
      roleFor(stack, serviceAccount, { tokenPath: path.stringValue }), googleFor(stack, serviceAccount, { tokenPath: path.stringValue }),
    ];
    expect(refusal(() => new Workload(stack, 'W', { serviceAccount, identities })).message).toContain(
      'identities must not ask for the same path twice (stack/Role and stack/Account)');
  });

  test('its identities are those it was made with', () => {
    const stack = scratchStack();
    const identities = [roleFor(stack, readerOf(OTHER))];
    const workload = new Workload(stack, 'W', { serviceAccount: readerOf(OTHER), identities });
    identities.pop();
    expect(workload.identities).toHaveLength(1);
  });
});

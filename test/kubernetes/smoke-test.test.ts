import { spawnSync } from 'node:child_process';
import { DefaultTokenResolver, StringConcat, TerraformStack, TerraformVariable, Tokenization } from 'cdktf';
import {
  AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, Cluster, GcpFederatedPrincipal, GcpFederatedServiceAccount, GoogleIdTokenSource,
  ICloudIdentity, ServiceAccountSubject, SmokeTestProps, Workload, WorkloadOptions,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { parse } from 'yaml';
import { OTHER, ROLE_ARN, warningsOf, wire } from './known';
import { Clusters, LITERAL_AND_TOKENS } from '../clusters';
import { kubernetesErrors } from '../e2e/kubernetes/schema';
import { refusal } from '../refusal';
import { addresses, readableAddresses, scratchStack, stackIn, synthApp, synthStack } from '../synth';
import { evaluated, onTerraform } from '../terraform';

const reader = OTHER.serviceAccount('reports', 'reader');

const roleFor = (stack: TerraformStack, subject: ServiceAccountSubject) =>
  AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [subject] });
const workloadOf = (stack: TerraformStack, options: WorkloadOptions = {}, identities = [roleFor(stack, reader)] as ICloudIdentity[]) =>
  new Workload(stack, 'Workload', { serviceAccount: reader, identities, kubernetesApiAccess: false, ...options });

test('the Job of a role, with all that it may not do', () => {
  const all = readableAddresses(synthStack(stack => workloadOf(stack).smokeTest({ labels: { team: 'reports' }, nodeSelector: { pool: 'apps' } })));
  const job = all['kubernetes_job_v1.Workload_SmokeTest'];
  const [{ command, ...container }] = job.spec.template.spec.container;
  expect(command).toEqual(['sh', '-c', expect.stringMatching(/^umask 077\n[^]*esac$/)]);
  expect({ ...job, spec: { ...job.spec, template: { ...job.spec.template, spec: { ...job.spec.template.spec, container: [container] } } } }).toEqual({
    metadata: { name: 'reader-smoke-test', namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}', labels: { team: 'reports' } },
    wait_for_completion: false,
    spec: {
      backoff_limit: 0,
      active_deadline_seconds: 1320,
      ttl_seconds_after_finished: '3600',
      template: {
        metadata: { labels: { 'app.kubernetes.io/component': 'smoke-test', 'team': 'reports' } },
        spec: {
          service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
          automount_service_account_token: false,
          enable_service_links: false,
          restart_policy: 'Never',
          node_selector: { 'pool': 'apps', 'kubernetes.io/os': 'linux' },
          security_context: {
            run_as_non_root: true, run_as_user: '65532', run_as_group: '65532', fs_group: '65532', seccomp_profile: { type: 'RuntimeDefault' },
          },
          container: [{
            name: 'aws',
            image: 'public.ecr.aws/aws-cli/aws-cli:2.36.43',
            env: [
              { name: 'HOME', value: '/home/smoke-test' },
              { name: 'TMPDIR', value: '/home/smoke-test' },
              { name: 'PROBE_CLOUD', value: 'aws' },
              { name: 'PROBE_TRIES', value: '18' },
              { name: 'PROBE_PAUSE', value: '10' },
              { name: 'PROBE_TOKEN_FILE', value: '/var/run/secrets/workload-federation-smoke-test/token' },
              { name: 'PROBE_CONTROL_AUDIENCE', value: 'https://smoke-test.workload-federation.invalid' },
              { name: 'AWS_EC2_METADATA_DISABLED', value: 'true' },
              { name: 'AWS_PAGER', value: '' },
              { name: 'PROBE_ROLE_ARN', value: ROLE_ARN },
              { name: 'PROBE_CONTROL', value: 'web-identity' },
              { name: 'PROBE_FIRST_ROLE_ARN', value: ROLE_ARN },
              { name: 'AWS_ROLE_ARN', value: ROLE_ARN },
              { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/var/run/secrets/workload-federation/aws/token' },
              { name: 'AWS_REGION', value: 'eu-west-1' },
              { name: 'AWS_DEFAULT_REGION', value: 'eu-west-1' },
              { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
            ],
            resources: { requests: { cpu: '50m', memory: '256Mi' }, limits: { memory: '512Mi' } },
            security_context: {
              run_as_non_root: true, allow_privilege_escalation: false, read_only_root_filesystem: true, capabilities: { drop: ['ALL'] },
            },
            volume_mount: [
              { name: 'smoke-test-home-aws', mount_path: '/home/smoke-test' },
              { name: 'smoke-test-control', mount_path: '/var/run/secrets/workload-federation-smoke-test', read_only: true },
              { name: 'workload-federation', mount_path: '/var/run/secrets/workload-federation', read_only: true },
            ],
          }],
          volume: [
            {
              name: 'smoke-test-control',
              projected: [{ sources: [{ service_account_token: { path: 'token', audience: 'https://smoke-test.workload-federation.invalid', expiration_seconds: 600 } }] }],
            },
            { name: 'smoke-test-home-aws', empty_dir: { medium: 'Memory', size_limit: '64Mi' } },
            {
              name: 'workload-federation',
              projected: [{ sources: [{ service_account_token: { path: 'aws/token', audience: 'sts.amazonaws.com', expiration_seconds: 3600 } }] }],
            },
          ],
        },
      },
    },
  });
});

/** The identities of a row, and what the containers say of them besides what every smoke test does. */
type Identities = (stack: TerraformStack, subject: ServiceAccountSubject) => ICloudIdentity[];
const azureFor = (stack: TerraformStack, subject: ServiceAccountSubject) =>
  new AzureFederatedIdentity(stack, 'Identity', { identityName: 'reports', resourceGroupName: 'reports', location: 'westeurope', trusts: [subject] });
const ALL: Identities = (stack, subject) => [
  new AwsFederatedRole(stack, 'Role', { trusts: [subject] }),
  new GcpFederatedServiceAccount(stack, 'Account', { accountId: 'reports-reader', trusts: [subject] }),
  azureFor(stack, subject),
];
const ALL_ENV = {
  PROBE_ROLE_ARN: '${aws_iam_role.Role.arn}', PROBE_CONTROL: 'web-identity', PROBE_FIRST_ROLE_ARN: '${aws_iam_role.Role.arn}',
  PROBE_ACCOUNT: '${google_service_account.Account.email}', PROBE_UNIQUE_ID: '${google_service_account.Account.unique_id}',
  PROBE_CLIENT_ID: '${azurerm_user_assigned_identity.Identity.client_id}', PROBE_TENANT_ID: '${azurerm_user_assigned_identity.Identity.tenant_id}', PROBE_AZURE_CLOUD: 'AzureCloud',
};
const POOL = (id: string) => ({
  PROBE_AUDIENCE: `\${join("", ["//iam.googleapis.com/", google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-${id}_Provider.name])}`,
  PROBE_POOL: `\${google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-${id}.name}`,
});
const GKE_ENV = (clusters: Clusters) => ({ PROBE_AUDIENCE: '', PROBE_POOL: clusters.workloadPool });
const VIA: Identities = (stack, subject) => [new AwsRoleViaGoogle(stack, 'Via', {
  googleServiceAccount: new GcpFederatedServiceAccount(stack, 'Account', { accountId: 'reports-reader', trusts: [subject] }),
  idTokenSource: GoogleIdTokenSource.metadataServer({ image: 'curlimages/curl:8.10.1' }),
})];

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  test.each<[string, 'eks' | 'gke' | 'gkePlain' | 'aks' | 'oidc', WorkloadOptions, Identities, Record<string, string>]>([
    ['EKS', 'eks', {}, ALL, { ...ALL_ENV, ...POOL('eks-apps') }],
    ['EKS, explicitly', 'eks', { wiring: 'explicit' }, ALL, { ...ALL_ENV, ...POOL('eks-apps') }],
    ['EKS Pod Identity', 'eks', {}, (stack, subject) => [new AwsPodIdentityRole(stack, 'Role', { trusts: [subject] })], {
      PROBE_ROLE_ARN: '${aws_iam_role.Role.arn}', PROBE_CONTROL: 'agent',
    }],
    ['GKE', 'gke', {}, ALL, { ...ALL_ENV, ...GKE_ENV(clusters) }],
    ['GKE for a principal', 'gke', {}, (stack, subject) => [new GcpFederatedPrincipal(stack, 'Principal', { trusts: [subject] })], {
      ...GKE_ENV(clusters), PROBE_ACCOUNT: '', PROBE_UNIQUE_ID: '',
    }],
    ['GKE by Google\'s ID tokens', 'gke', {}, VIA, {
      PROBE_ROLE_ARN: '${aws_iam_role.Via_Role.arn}', PROBE_CONTROL: 'google', PROBE_FIRST_ROLE_ARN: '${aws_iam_role.Via_Role.arn}',
      PROBE_TOKEN_URL: 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity'
        + '?audience=https%3A%2F%2Fsmoke-test.workload-federation.invalid&format=standard',
    }],
    ['GKE as a plain issuer', 'gkePlain', { wiring: 'webhook' }, ALL, { ...ALL_ENV, ...POOL('gke-apps') }],
    ['AKS', 'aks', {}, ALL, { ...ALL_ENV, ...POOL('aks-apps') }],
    ['AKS with webhooks', 'aks', { wiring: 'webhook' }, ALL, { ...ALL_ENV, ...POOL('aks-apps') }],
    ['any other cluster', 'oidc', {}, ALL, { ...ALL_ENV, ...POOL('oidc-onprem') }],
    ['any other cluster with webhooks', 'oidc', { wiring: 'webhook' }, ALL, { ...ALL_ENV, ...POOL('oidc-onprem') }],
  ])('on %s the containers know whom the pod must be, and the manifest says the same as the resource', (__, source, options, identitiesOf, expected) => {
    let manifest: any;
    const all = readableAddresses(synthStack(stack => {
      const serviceAccount = clusters[source](stack).serviceAccount('reports', 'reader');
      const workload = new Workload(stack, 'Workload', { serviceAccount, identities: identitiesOf(stack, serviceAccount), ...options });
      workload.smokeTest();
      manifest = Tokenization.resolve(workload.smokeTestManifest(), { scope: stack, resolver: new DefaultTokenResolver(new StringConcat()) });
    }));
    const { spec, metadata } = all['kubernetes_job_v1.Workload_SmokeTest'].spec.template;
    const said: Record<string, string> = {};
    for (const { env } of spec.container) {
      for (const { name, value } of env) {
        if (name.startsWith('PROBE_') && !['PROBE_CLOUD', 'PROBE_TRIES', 'PROBE_PAUSE', 'PROBE_TOKEN_FILE', 'PROBE_CONTROL_AUDIENCE'].includes(name)) {
          said[name] = value;
        }
      }
    }
    expect(said).toEqual(expected);
    const plain = JSON.parse(JSON.stringify(manifest).replace(/_[0-9A-F]{8}(?![0-9A-Za-z])/g, ''));
    expect({ apiVersion: plain.apiVersion, kind: plain.kind, name: plain.metadata.name, namespace: plain.metadata.namespace })
      .toEqual({ apiVersion: 'batch/v1', kind: 'Job', name: 'reader-smoke-test', namespace: 'reports' });
    const containers = (list: any[]) => list.map(({ name, image, command, env }) => ({ name, image, command, env }));
    expect(containers(plain.spec.template.spec.containers)).toEqual(containers(spec.container));
    expect(plain.spec.template.metadata?.labels).toEqual(metadata.labels);
    expect(plain.spec.template.spec.serviceAccountName).toBe('reader');
    expect(plain.spec.template.spec.volumes.map(({ name }: any) => name)).toEqual(spec.volume.map(({ name }: any) => name));
  });
});

/** What each container of the Job has: its variables but those of every smoke test, and what it mounts from which volume. */
function givenTo(build: (stack: TerraformStack) => Workload, finish: (stack: TerraformStack) => void = () => undefined) {
  const { spec, metadata } = readableAddresses(synthStack(stack => {
    build(stack).smokeTest();
    finish(stack);
  }))['kubernetes_job_v1.Workload_SmokeTest'].spec.template;
  const EVERY = /^(?:PROBE_|HOME$|TMPDIR$)|DISABLE|_PAGER$|^AZURE_CORE_/;
  const containers: Record<string, any> = Object.fromEntries(spec.container.map(({ name, env, volume_mount }: any) => [name, {
    env: env.map((variable: any) => variable.name).filter((variable: string) => !EVERY.test(variable)),
    mounts: volume_mount.map((mount: any) => mount.name).filter((mount: string) => !mount.startsWith('smoke-test-')),
  }]));
  const pathsIn = ([{ sources }]: any) =>
    sources.map(({ service_account_token: token, config_map: files }: any) => token?.path ?? files[0].items.map(({ path }: any) => path));
  const volumes = Object.fromEntries(spec.volume.filter(({ name }: any) => !name.startsWith('smoke-test-'))
    .map(({ name, projected }: any) => [name, projected === undefined ? 'memory' : pathsIn(projected)]));
  return { containers, volumes, annotations: metadata.annotations };
}

const AWS_ENV = ['AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_STS_REGIONAL_ENDPOINTS'];
const GCP_ENV = ['GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', 'GOOGLE_CLOUD_PROJECT', 'CLOUDSDK_CORE_PROJECT'];
const AZURE_ENV = ['AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_FEDERATED_TOKEN_FILE', 'AZURE_AUTHORITY_HOST'];
const CHECKSUM = expect.stringMatching(/^\$\{sha256\(/) as string;
const WITHOUT_OTHERS = {
  'eks.amazonaws.com/skip-containers': 'gcp,azure', 'cloud.google.com/skip-containers': 'aws,azure', 'azure.workload.identity/skip-containers': 'aws;gcp',
};

describe.each(LITERAL_AND_TOKENS)('a container of the Job has what is for its own cloud alone, with %s', (_, clusters) => {
  type Kind = 'eks' | 'gke' | 'aks' | 'oidc';
  const on = (source: Kind, identitiesOf: Identities, options: WorkloadOptions = {}) => (stack: TerraformStack) => {
    const serviceAccount = clusters[source](stack).serviceAccount('reports', 'reader');
    return new Workload(stack, 'Workload', { serviceAccount, identities: identitiesOf(stack, serviceAccount), ...options });
  };

  const EXPLICIT = {
    containers: {
      aws: { env: AWS_ENV, mounts: ['workload-federation-aws'] },
      gcp: { env: GCP_ENV, mounts: ['workload-federation-gcp'] },
      azure: { env: AZURE_ENV, mounts: ['workload-federation-azure'] },
    },
    volumes: {
      'workload-federation-aws': ['aws/token'],
      'workload-federation-gcp': ['gcp/token', ['gcp/credential-configuration.json']],
      'workload-federation-azure': ['azure/token'],
    },
    annotations: { ...WITHOUT_OTHERS, 'checksum/workload-federation': CHECKSUM },
  };

  test.each<Kind>(['eks', 'aks', 'oidc'])('explicitly, on %s', source => {
    expect(givenTo(on(source, ALL, { wiring: 'explicit' }))).toEqual(EXPLICIT);
  });

  test('by webhooks, which are kept from the containers of the others', () => {
    const [, ...gcp] = GCP_ENV;
    expect(givenTo(on('oidc', ALL, { wiring: 'webhook' }))).toEqual({
      containers: { aws: { env: AWS_ENV.slice(2), mounts: [] }, gcp: { env: gcp, mounts: [] }, azure: { env: [], mounts: [] } },
      volumes: {}, annotations: WITHOUT_OTHERS,
    });
  });

  test('where the platform brings some of it', () => {
    expect(givenTo(on('gke', ALL))).toEqual({
      containers: { ...EXPLICIT.containers, gcp: { env: [], mounts: [] } },
      volumes: { 'workload-federation-aws': ['aws/token'], 'workload-federation-azure': ['azure/token'] },
      annotations: WITHOUT_OTHERS,
    });
  });

  test('where containers bring some of it', () => {
    const { containers, volumes, annotations } = givenTo(on('gke', (stack, subject) => [...VIA(stack, subject), azureFor(stack, subject)]));
    expect(containers.aws.mounts).toHaveLength(1);
    expect(containers.azure).toEqual(EXPLICIT.containers.azure);
    expect(volumes).toEqual({ 'workload-federation-azure': ['azure/token'], [containers.aws.mounts[0]]: 'memory' });
    expect(annotations).toEqual({ 'eks.amazonaws.com/skip-containers': 'azure', 'azure.workload.identity/skip-containers': 'aws' });
  });

  test('and an Aspect leaves it so, and waits and warns of nothing', () => {
    const build = on('oidc', ALL, { existingServiceAccount: true });
    expect(givenTo(build, stack => wire(stack, { os: 'linux' }))).toEqual(EXPLICIT);
    expect(warningsOf(stack => {
      build(stack).smokeTest();
      wire(stack);
    })).toEqual([]);
  });
});

test('a cloud that no webhook knows has its own tokens too', () => {
  const own = (stack: TerraformStack): Workload => {
    const role = roleFor(stack, reader);
    const identity = Object.create(role, {
      cloud: { value: 'acme' },
      bind: { value: () => ({ ...role.bind(reader, { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'explicit' }), env: [], tokens: [{ path: 'acme/token', audience: 'acme' }], files: [{ path: 'acme/file', content: 'acme' }] }) },
    }) as ICloudIdentity;
    return workloadOf(stack, {}, [role, identity]);
  };
  expect(givenTo(own)).toEqual({
    containers: { aws: { env: AWS_ENV, mounts: ['workload-federation-aws'] }, acme: { env: [], mounts: ['workload-federation-acme'] } },
    volumes: { 'workload-federation-aws': ['aws/token'], 'workload-federation-acme': ['acme/token', ['acme/file']] },
    annotations: { 'eks.amazonaws.com/skip-containers': 'acme', 'checksum/workload-federation': CHECKSUM },
  });
});

test('the manifest is a Job that Kubernetes takes', () => {
  const stack = scratchStack();
  const manifest = workloadOf(stack, { manifestsOnly: true }).smokeTestManifest({ labels: { team: 'reports' }, nodeSelector: { pool: 'apps' } });
  expect(kubernetesErrors([JSON.parse(JSON.stringify(manifest))])).toEqual([]);
  expect((manifest.spec as any).template.spec.securityContext).toEqual({
    runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, fsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' },
  });
});

onTerraform('the YAML by Terraform is the manifest', () => {
  const stack = scratchStack();
  const workload = workloadOf(stack, { manifestsOnly: true });
  const options = { labels: { team: 'a "quoted" \\ ${team} %{x} $' }, images: { aws: 'registry.example.com/aws-cli:2.36.43' } };
  const resolver = new DefaultTokenResolver(new StringConcat());
  const yaml = Tokenization.resolve(workload.smokeTestYaml(options), { scope: stack, resolver }) as string;
  expect(parse(evaluated(yaml.slice('${'.length, -'}'.length)))).toEqual(JSON.parse(JSON.stringify(workload.smokeTestManifest(options))));
});

test('a cloud that is called as what every object has gets the image of its probe', () => {
  const stack = scratchStack();
  const identity = Object.create(roleFor(stack, reader), { cloud: { value: 'constructor' } });
  const job = workloadOf(stack, { manifestsOnly: true }, [identity]).smokeTestManifest() as any;
  expect(job.spec.template.spec.containers.map(({ name, image }: any) => ({ name, image }))).toEqual([{ name: 'constructor', image: 'public.ecr.aws/aws-cli/aws-cli:2.36.43' }]);
});

test('an apply may wait for the Job, and everything may be overridden', () => {
  const props: SmokeTestProps = {
    name: 'check', images: { aws: 'registry.example.com/aws-cli:2.36.43' }, resources: { limits: { memory: '1Gi' } }, tries: 1, ttlSecondsAfterFinished: 60, fsGroup: 1000, waitForCompletion: true,
  };
  const { spec, ...job } = readableAddresses(synthStack(stack => workloadOf(stack).smokeTest(Object.freeze(props))))['kubernetes_job_v1.Workload_SmokeTest'];
  expect({ name: job.metadata.name, wait: job.wait_for_completion, timeouts: job.timeouts }).toEqual({ name: 'check', wait: true, timeouts: { create: '700s', update: '700s' } });
  expect([spec.active_deadline_seconds, spec.ttl_seconds_after_finished, spec.template.spec.security_context.fs_group]).toEqual([640, '60', '1000']);
  const [{ image, resources, env }] = spec.template.spec.container;
  expect({ image, resources, tries: env[3] }).toEqual({
    image: 'registry.example.com/aws-cli:2.36.43', resources: { limits: { memory: '1Gi' } }, tries: { name: 'PROBE_TRIES', value: '1' },
  });
});

test('the Job waits for what lets the service account in, and goes to the cluster of the workload', () => {
  const all = addresses(synthStack(stack => {
    const account = new GcpFederatedServiceAccount(stack, 'Account', { accountId: 'reports-reader', trusts: [reader] });
    workloadOf(stack, { existingServiceAccount: true }, [account]).smokeTest();
  })) as Record<string, any>;
  const [, job] = Object.entries(all).find(([address]) => address.startsWith('kubernetes_job_v1'))!;
  expect(job.depends_on).toEqual([expect.stringMatching(/^google_service_account_iam_member\.Account_Federated_oidc-onprem_reports_reader/)]);
});

test('identities of another stack are known by references', () => {
  const { cloud, cluster } = synthApp(app => {
    const role = new AwsFederatedRole(stackIn(app, 'cloud'), 'Role', { trusts: [reader], region: 'eu-west-1' });
    workloadOf(stackIn(app, 'cluster'), {}, [role]).smokeTest();
  });
  const job = Object.values<any>(cluster!.resource.kubernetes_job_v1!)[0];
  const arn = job.spec.template.spec.container[0].env.find(({ name }: any) => name === 'PROBE_ROLE_ARN').value;
  const output = /^\$\{data\.terraform_remote_state\.cross-stack-reference-input-cloud\.outputs\.([\w-]+)\}$/.exec(arn)![1]!;
  expect(cloud!.output[output].value).toBe('${aws_iam_role.Role.arn}');
  expect(job.depends_on).toBeUndefined();
});

test('a name that only Terraform knows is joined by Terraform', () => {
  const all = readableAddresses(synthStack(stack => {
    const subject = OTHER.serviceAccount('reports', new TerraformVariable(stack, 'name', { type: 'string' }).stringValue);
    new Workload(stack, 'Workload', { serviceAccount: subject, identities: [roleFor(stack, subject)] }).smokeTest();
  }));
  expect(all['kubernetes_job_v1.Workload_SmokeTest'].metadata.name).toBe('${join("-", [var.name, "smoke-test"])}');
});

test('the class of the Job is loaded where there is a smoke test, and nowhere else', () => {
  const script = 'require("cdktf-workload-federation"); console.log(Object.keys(require.cache).some(file => /job-v1/.test(file)))';
  const { stdout } = spawnSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], { encoding: 'utf8', env: { ...process.env, TSX_TSCONFIG_PATH: 'tsconfig.dev.json' } });
  expect(stdout.trim()).toBe('false');
});

describe('refuses', () => {
  const refused = (props: SmokeTestProps, options: WorkloadOptions = {}) => refusal(() => workloadOf(scratchStack(), options).smokeTest(props));

  test('a second one, and one that Terraform could not make', () => {
    const workload = workloadOf(scratchStack());
    workload.smokeTest();
    expect(refusal(() => workload.smokeTest())).toEqual({
      code: 'DuplicateRegistration', message: 'stack/Workload: smokeTest must be asked for once, got "stack/Workload/SmokeTest"; use the one that is there',
    });
    expect(refused({}, { manifestsOnly: true })).toEqual({
      code: 'ClashingWiring', message: 'stack/Workload: smokeTest must be left out where no resource of Kubernetes is defined, got true; apply what smokeTestManifest() says',
    });
  });

  test('what Kubernetes would not take, and images that are not pinned', () => {
    expect(refused({ name: 'Check' }).code).toBe('InvalidName');
    expect(refused({ name: 'x'.repeat(64) })).toEqual({
      code: 'LimitExceeded', message: 'stack/Workload: name must be at most 63 characters, as the pod has it as a label, got "64 characters"; pass a shorter `name`',
    });
    expect(refused({ tries: 0 }).code).toBe('OutOfRange');
    expect(refused({ ttlSecondsAfterFinished: 59 }).code).toBe('OutOfRange');
    expect(refused({ images: { aws: 'amazon/aws-cli:latest' } }).code).toBe('InvalidIdentifier');
    expect(refused({ images: { gcp: 'google/cloud-sdk:525.0.0' } })).toEqual({
      code: 'InvalidIdentifier', message: 'stack/Workload: images must name clouds of the workload (aws), got "gcp"; leave it out',
    });
  });

  test('identities that do not know how to ask', () => {
    const stack = scratchStack();
    const role = roleFor(stack, reader);
    const other = Object.assign(Object.create(role), { probe: undefined });
    expect(refusal(() => workloadOf(stack, {}, [other]).smokeTest())).toEqual({
      code: 'InvalidIdentifier',
      message: 'stack/Workload: identities must know how to ask their clouds who the pod is, got "stack/Role"; give the identity the method `probe`, or test it with a Job of your own',
    });
    const strange = Object.assign(Object.create(role), { cloud: 'My Cloud' });
    expect(refusal(() => new Workload(stack, 'Strange', { serviceAccount: OTHER.serviceAccount('reports', 'reader'), identities: [strange] }).smokeTest()).code).toBe('DuplicateRegistration');
  });

  test('a Job whose pod would never end', () => {
    const stack = scratchStack();
    const subject = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' }).serviceAccount('reports', 'reader');
    const account = new GcpFederatedServiceAccount(stack, 'Account', { accountId: 'reports-reader', trusts: [subject] });
    const workload = new Workload(stack, 'W', { serviceAccount: subject, identities: [new AwsRoleViaGoogle(stack, 'Via', { googleServiceAccount: account })] });
    expect(refusal(() => workload.smokeTest()).code).toBe('ClashingWiring');
    expect(stack.node.tryFindChild('W')!.node.tryFindChild('SmokeTest')).toBeUndefined();
  });
});

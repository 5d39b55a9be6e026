import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { AddressInfo } from 'node:net';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import { AwsFederatedRole, PodOwnerKind, PodTemplate, Workload, WorkloadOptions } from 'cdktf-workload-federation';
import { parse, parseAllDocuments, stringify } from 'yaml';
import * as workloads from './known';
import { EKS, ENV, MOUNT, MOUNTED, OTHER, PROVIDER, ROLE_ARN, wire } from './known';
import { sentTemplate } from './pod-owners';
import { describeOnKubectl, kustomized, patched } from '../kubectl';
import { refusal } from '../refusal';
import { scratchStack, stackIn, synthStack } from '../synth';
import { synthHcl } from '../synth-hcl';
import { describeOnTerraform, evaluated } from '../terraform';

/** Workloads whose objects are applied by somebody else. */
const both = (stack: TerraformStack, options: WorkloadOptions = {}, roleArn = ROLE_ARN) =>
  workloads.both(stack, { manifestsOnly: true, ...options }, OTHER, roleArn);
const annotated = (stack: TerraformStack, options: WorkloadOptions = {}) => workloads.annotated(stack, { manifestsOnly: true, ...options });
const brought = (stack: TerraformStack) => workloads.brought(stack, { manifestsOnly: true });

const VOLUME = {
  name: 'workload-federation',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'aws/token', audience: 'sts.amazonaws.com', expirationSeconds: 3600 } },
      { serviceAccountToken: { path: 'gcp/token', audience: `https://iam.googleapis.com/${PROVIDER}`, expirationSeconds: 3600 } },
      { configMap: { name: 'reader-workload-federation', items: [{ key: 'gcp-credential-configuration.json', path: 'gcp/credential-configuration.json' }] } },
    ],
  },
};
/** What a patch takes away: keys of old, which would win over the tokens. */
const TAKEN = [
  'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE',
  'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE',
].map(name => ({ name, $patch: 'delete' }));
const KINDS: PodOwnerKind[] = ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicationController'];

describe('manifests', () => {
  test('are the ServiceAccount, the ConfigMap and a patch of the named containers', () => {
    const { serviceAccount, configMap, patch } = both(scratchStack(), { labels: { team: 'reports' }, kubernetesApiAccess: false })
      .manifests({ containers: ['app'], initContainers: ['migrate'], fsGroup: 65532, defaultMode: '0440' });
    expect(serviceAccount).toEqual({
      apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'reader', namespace: 'reports', labels: { team: 'reports' } }, automountServiceAccountToken: false,
    });
    expect(configMap).toEqual({
      apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'reader-workload-federation', namespace: 'reports', labels: { team: 'reports' } },
      data: { 'gcp-credential-configuration.json': expect.any(String) },
    });
    expect(patch).toEqual({
      metadata: { annotations: { 'checksum/workload-federation': expect.any(String) } },
      spec: {
        serviceAccountName: 'reader',
        automountServiceAccountToken: false,
        securityContext: { fsGroup: 65532 },
        containers: [{ name: 'app', env: [...ENV, ...TAKEN], volumeMounts: [MOUNTED] }],
        initContainers: [{ name: 'migrate', env: [...ENV, ...TAKEN], volumeMounts: [MOUNTED] }],
        volumes: [{ ...VOLUME, projected: { defaultMode: 288, ...VOLUME.projected } }],
      },
    });
  });

  test('are annotations and a name where a webhook does the rest', () => {
    expect(annotated(scratchStack()).manifests()).toEqual({
      serviceAccount: {
        apiVersion: 'v1', kind: 'ServiceAccount',
        metadata: {
          name: 'reader', namespace: 'reports',
          annotations: {
            'eks.amazonaws.com/role-arn': ROLE_ARN, 'eks.amazonaws.com/audience': 'sts.amazonaws.com', 'eks.amazonaws.com/sts-regional-endpoints': 'true',
            'eks.amazonaws.com/token-expiration': '3600',
          },
        },
      },
      patch: { spec: { serviceAccountName: 'reader' } },
    });
  });

  test('take the keys of old from containers that are named, where a webhook does the rest', () => {
    const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE',
      'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'];
    expect(annotated(scratchStack()).manifests({ containers: ['app'] }).patch).toEqual({
      spec: { serviceAccountName: 'reader', containers: [{ name: 'app', env: names.map(name => ({ name, $patch: 'delete' })) }] },
    });
  });

  test.each(KINDS)('have a patch for the kind %s', kind => {
    const workload = both(scratchStack(), { immutableConfigMap: true });
    const { patch } = workload.manifests({ kind, containers: ['app'] });
    const { patch: { spec } } = workload.manifests({ containers: ['app'] });
    const inner = kind === 'Pod' ? spec : kind === 'CronJob' ? { jobTemplate: { spec: { template: { spec } } } } : { template: { spec } };
    const apiVersion = { Pod: 'v1', ReplicationController: 'v1', Job: 'batch/v1', CronJob: 'batch/v1' }[kind as string] ?? 'apps/v1';
    expect(JSON.stringify(patch).replace(/TOKEN\.\d+/g, '')).toBe(JSON.stringify({ apiVersion, kind, metadata: { name: 'patched' }, spec: inner }).replace(/TOKEN\.\d+/g, ''));
  });

  test('a workload that is manifests only defines nothing of Kubernetes', () => {
    const stack = synthStack(scope => {
      both(scope);
    });
    expect(Object.keys(stack.resource).filter(type => type.startsWith('kubernetes_'))).toEqual([]);
  });

  test('one stack has them for several clusters, and wires no pods by them', () => {
    const pod = { metadata: { name: 'reports', namespace: 'reports' }, spec: { serviceAccountName: 'reader', container: [{ name: 'app', image: 'app:1' }] } };
    const stack = synthStack(scope => {
      both(scope);
      const serviceAccount = EKS.serviceAccount('reports', 'reader');
      const role = AwsFederatedRole.fromRoleArn(scope, 'Other', { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [serviceAccount] });
      new Workload(scope, 'OtherWorkload', { serviceAccount, identities: [role], wiring: 'explicit', manifestsOnly: true });
      new PodV1(scope, 'Pod', pod);
      wire(scope);
    });
    expect(Object.fromEntries(Object.entries(stack.resource).filter(([type]) => type.startsWith('kubernetes_')))).toEqual({
      kubernetes_pod_v1: { Pod: { metadata: pod.metadata, spec: { service_account_name: 'reader', container: pod.spec.container } } },
    });
  });

  test('a workload that Terraform applies says the same', () => {
    const [only, applied] = [{}, { manifestsOnly: false }].map(options => both(scratchStack(), options));
    const { patch, ...objects } = applied!.manifests({ containers: ['app'] });
    const { patch: other, ...others } = only!.manifests({ containers: ['app'] });
    const plain = (value: unknown) => JSON.stringify(value).replace(/TOKEN\.\d+/g, 'TOKEN');
    expect([plain(patch), plain(objects)]).toEqual([plain(other), plain(others)]);
  });
});

describe('values for Helm', () => {
  test('are the ServiceAccount, and what containers and pods get', () => {
    expect(both(scratchStack(), { immutableConfigMap: true, configMapName: 'reader' }).helmValues({ fsGroup: 65532, kubernetesApiAccess: false })).toEqual({
      serviceAccount: { create: true, name: 'reader', annotations: {}, automount: false },
      extraVolumes: [{
        ...VOLUME,
        projected: {
          sources: [...VOLUME.projected.sources.slice(0, 2), { configMap: { ...VOLUME.projected.sources[2]!.configMap, name: expect.any(String) } }],
        },
      }],
      extraVolumeMounts: [MOUNTED],
      extraEnv: ENV,
      podLabels: {},
      podAnnotations: {},
      podSecurityContext: { fsGroup: 65532 },
    });
  });

  test.each<[boolean, WorkloadOptions, { createServiceAccount?: boolean }]>([
    [true, {}, {}], [false, { existingServiceAccount: true }, {}], [false, { manifestsOnly: false }, {}],
    [false, {}, { createServiceAccount: false }],
  ])('let the chart create the ServiceAccount: %p for %j and %j', (create, workload, options) => {
    expect(annotated(scratchStack(), workload).helmValues(options).serviceAccount).toEqual({
      create, name: 'reader', annotations: expect.objectContaining({ 'eks.amazonaws.com/role-arn': ROLE_ARN }),
    });
  });
});

describe('refuses', () => {
  test.each<[string, (workload: Workload) => unknown, string]>([
    ['a patch that names no container', workload => workload.manifests(), 'containers must name the containers that get the credentials, got "[]"; pass the names of the containers, by which the patch finds them'],
    ['a kind that runs no pods', workload => workload.manifests({ kind: 'Service' as never }), `kind must be one of ${KINDS.join(', ')}, got "Service"; leave it out for a patch of a bare pod template`],
    ['no target', workload => workload.kustomizeFiles({ targets: [] }), 'targets must hold at least one resource, got "[]"; name the Deployment or the like whose pods run as the workload'],
    ['a target without a name', workload => workload.kustomizeFiles({ targets: [{ kind: 'Deployment', name: '../x', containers: ['app'] }] }),
      `targets must hold kinds of ${KINDS.join(', ')} with names that are known when the stack is synthesized, got "Deployment ../x"; write the name as the manifest has it`],
    ['a target that is named twice', workload => workload.kustomizeFiles({ targets: [1, 2].map(() => ({ kind: 'Deployment', name: 'reports', containers: ['app'] })) }),
      'targets must name a resource once, got "Deployment reports"; name all its containers in one target'],
  ])('%s', (_, ask, message) => {
    expect(refusal(() => ask(both(scratchStack()))).message).toBe(`stack/Workload: ${message}`);
  });

  test('values for a chart where the pods need more containers', () => {
    expect(refusal(() => brought(scratchStack()).helmValues()).message).toBe(
      'stack/Workload: identities must need no containers beside those of the chart, as charts have no common name for them, got ["generate-gcp-id-token","update-gcp-id-token"]; '
      + 'give the workload an identity that trusts the cluster\'s own tokens, or have kustomize render the chart, with the component of kustomizeFiles()');
  });

  test('a namespace that nobody creates', () => {
    expect(refusal(() => both(scratchStack(), { createNamespace: true })).message).toBe(
      'stack/Workload: createNamespace must be left out where no resource of Kubernetes is defined, got true; create the namespace where the manifests are applied');
  });

  test('what is about resources of Kubernetes where there are none', () => {
    const stack = scratchStack();
    expect(refusal(() => both(stack, { kubernetesProvider: stack.node.findChild('Kubernetes') as KubernetesProvider })).message).toBe(
      'stack/Workload: kubernetesProvider must be left out where no resource of Kubernetes is defined, got "a construct"; leave it out');
  });

  test('keys that no function of Terraform could take', () => {
    expect(refusal(() => both(scratchStack(), { labels: { 'a"b': 'c' } }).manifestsYaml()).code).toBe('InvalidName');
  });
});

/** Outputs of a stack, as Terraform prints them; `known` stands for what only Terraform knows. */
function printed(texts: (stack: TerraformStack) => Record<string, string>, known: Record<string, string> = {}): Record<string, string> {
  const { output } = synthStack(stack => {
    Object.entries(texts(stack)).forEach(([name, value], index) => new TerraformOutput(stack, `Output${index}`, { value, description: name }));
  });
  const outputs = Object.values(output as Record<string, { value: string; description: string }>);
  return Object.fromEntries(outputs.map(({ value, description }) => [description, evaluate(value, known)]));
}

/** What Terraform knows of the accounts and roles. */
const KNOWN = {
  'data.google_service_account.Account.email': 'reports@acme-apps.iam.gserviceaccount.com',
  'google_service_account.Account.email': 'reports@acme-apps.iam.gserviceaccount.com',
  'aws_iam_role.Role_7FEADFAB.arn': ROLE_ARN,
};

function evaluate(value: string, known: Record<string, string>): string {
  const [, expression] = /^\$\{([^]*)\}$/.exec(value)!;
  return evaluated(Object.entries({ ...KNOWN, ...known }).reduce((text, [name, literal]) => text.replaceAll(name, JSON.stringify(literal)), expression!).replaceAll('\n', ' '));
}

/** A value whose expressions are evaluated. */
const resolved = (value: any): any => JSON.parse(JSON.stringify(value), (_, entry) => typeof entry === 'string' && entry.startsWith('${') ? evaluate(entry, {}) : entry);

const USERS_POD = { containers: [{ name: 'app', image: 'app:1', env: [{ name: 'LEVEL', value: 'debug' }], volumeMounts: [{ name: 'cache', mountPath: '/cache' }] }, { name: 'proxy', image: 'proxy:1' }], volumes: [{ name: 'cache', emptyDir: {} }] };
const TYPED_POD: PodTemplate = {
  metadata: { labels: { app: 'reports' } },
  spec: { container: [{ name: 'app', image: 'app:1', env: [{ name: 'LEVEL', value: 'debug' }], volumeMount: [{ name: 'cache', mountPath: '/cache' }] }, { name: 'proxy', image: 'proxy:1' }], volume: [{ name: 'cache', emptyDir: {} }] },
};

/** Lists in the order of names: a strategic merge puts what it adds first. */
function sorted(value: any): any {
  if (Array.isArray(value)) {
    const list = value.map(sorted);
    return list.every(entry => typeof entry?.name === 'string') ? list.sort((a, b) => a.name < b.name ? -1 : 1) : list;
  }
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, sorted(entry)])) : value;
}

describeOnTerraform('YAML by Terraform', () => {
  test('is the objects, one document each, for literals and for what only Terraform knows', () => {
    const [literal, token] = [ROLE_ARN, undefined].map(arn => printed(stack => {
      const workload = both(stack, { labels: { team: 'a "quoted" \\ ${team} %{x} $' } }, arn ?? new TerraformVariable(stack, 'arn', { type: 'string' }).stringValue);
      return { manifests: workload.manifestsYaml(), values: workload.helmValuesYaml() };
    }, { 'var.arn': ROLE_ARN }));
    expect(token).toEqual(literal);
    const [serviceAccount, configMap, ...others] = parseAllDocuments(literal!.manifests!).map(document => document.toJS());
    expect(others).toEqual([]);
    const metadata = { namespace: 'reports', labels: { team: 'a "quoted" \\ ${team} %{x} $' } };
    expect(serviceAccount).toEqual({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'reader', ...metadata } });
    const { data, ...rest } = configMap;
    expect(rest).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'reader-workload-federation', ...metadata } });
    expect(JSON.parse(data['gcp-credential-configuration.json'])).toEqual({
      type: 'external_account',
      audience: `//iam.googleapis.com/${PROVIDER}`,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: `${MOUNT}/gcp/token`, format: { type: 'text' } },
      service_account_impersonation_url: 'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/reports@acme-apps.iam.gserviceaccount.com:generateAccessToken',
    });
    expect(parse(literal!.values!)).toEqual({
      serviceAccount: { create: true, name: 'reader', annotations: {} }, extraVolumes: [VOLUME], extraVolumeMounts: [MOUNTED], extraEnv: ENV, podLabels: {},
      podAnnotations: { 'checksum/workload-federation': expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  test('is written alike in HCL', async () => {
    const build = (stack: TerraformStack) => {
      const workload = brought(stack);
      new TerraformOutput(stack, 'Manifests', { value: workload.manifestsYaml() });
      new TerraformOutput(stack, 'Patch', { value: workload.kustomizeFiles({ targets: [{ kind: 'Job', name: 'reports', containers: ['app'] }] })['patch-job-reports.yaml'] });
    };
    const hcl = await synthHcl(folder => {
      const app = new App({ outdir: folder });
      build(stackIn(app));
      app.synth();
    });
    for (const [name, { value }] of Object.entries(synthStack(build).output as Record<string, { value: string }>)) {
      expect(evaluate(hcl.stack.output[name][0].value, {})).toBe(evaluate(value, {}));
    }
  });

  test('has the scripts of containers that bring tokens, as the typed form has them', () => {
    const files = printed(stack => brought(stack).kustomizeFiles({ targets: [{ kind: 'Deployment', name: 'reports', containers: ['app'] }] }));
    const { spec } = brought(scratchStack()).podTemplate({ spec: { container: [{ name: 'app' }] } });
    const pods = parse(files['patch-deployment-reports.yaml']!).spec.template.spec;
    const scripts = (containers: any[]) => containers.flatMap(({ command }) => command === undefined ? [] : [command]);
    expect(scripts(pods.containers)).toEqual(scripts(spec.container as any[]));
    expect(scripts(pods.initContainers)).toEqual(scripts(spec.initContainer as any[]));
    expect(scripts(pods.initContainers)).toHaveLength(1);
  });
});

describeOnKubectl('kubectl and kustomize', () => {
  test.each(KINDS)('a kustomization with a %s and the component is what the typed form is', kind => {
    const files = printed(stack => both(stack).kustomizeFiles({ targets: [{ kind, name: 'reports', containers: ['app', 'proxy'] }] }));
    expect(Object.keys(files).sort()).toEqual(['config-map.yaml', 'kustomization.yaml', `patch-${kind.toLowerCase()}-reports.yaml`, 'service-account.yaml'].sort());
    const template = { metadata: { labels: { app: 'reports' } }, spec: USERS_POD };
    const { patch } = both(scratchStack()).manifests({ kind, containers: ['app'] });
    const { apiVersion } = patch as { apiVersion: string };
    const spec = kind === 'Pod' ? USERS_POD : kind === 'CronJob' ? { schedule: '0 3 * * *', jobTemplate: { spec: { template } } } : { selector: {}, template };
    const users = { apiVersion, kind, metadata: { name: 'reports', namespace: 'reports', ...(kind === 'Pod' ? template.metadata : {}) }, spec };
    const objects = kustomized(files, [users]);
    expect(objects.map(object => object.kind).sort()).toEqual(['ConfigMap', 'ServiceAccount', kind].sort());
    const wired = objects.find(object => object.kind === kind);
    const typed = synthStack(stack => new PodV1(stack, 'Pod', both(stack).podTemplate(TYPED_POD)));
    const { metadata: { namespace: _, ...metadata }, spec: pod } = resolved(sentTemplate(typed, 'kubernetes_pod_v1', 'Pod', 'Pod'));
    const inner = kind === 'Pod' ? wired : kind === 'CronJob' ? wired.spec.jobTemplate.spec.template : wired.spec.template;
    const { labels, annotations } = inner.metadata;
    expect(sorted({ labels, annotations, spec: inner.spec })).toEqual(sorted({ ...metadata, spec: pod }));
  });

  test.each(KINDS)('the keys of old are gone from the named containers of a %s, and nothing comes where there were none', kind => {
    const key = { name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' };
    const secret = { name: 'AWS_SECRET_ACCESS_KEY', valueFrom: { secretKeyRef: { name: 'keys', key: 'secret' } } };
    const level = { name: 'LEVEL', value: 'debug' };
    const pod = { containers: [{ name: 'app', env: [key, level, secret] }, { name: 'other' }, { name: 'proxy', env: [key] }], initContainers: [{ name: 'migrate', env: [key] }] };
    const template = { metadata: { labels: { app: 'reports' } }, spec: pod };
    const { apiVersion } = both(scratchStack()).manifests({ kind, containers: ['app'] }).patch as { apiVersion: string };
    const spec = kind === 'Pod' ? pod : kind === 'CronJob' ? { schedule: '0 3 * * *', jobTemplate: { spec: { template } } } : { selector: {}, template };
    const named = { containers: ['app', 'other'], initContainers: ['migrate'] };
    const envs = (workload: (stack: TerraformStack) => Workload) => {
      const files = printed(stack => workload(stack).kustomizeFiles({ targets: [{ kind, name: 'reports', ...named }] }));
      const wired = kustomized(files, [{ apiVersion, kind, metadata: { name: 'reports', namespace: 'reports' }, spec }]).find(object => object.kind === kind);
      const { containers, initContainers } = kind === 'Pod' ? wired.spec : kind === 'CronJob' ? wired.spec.jobTemplate.spec.template.spec : wired.spec.template.spec;
      return Object.fromEntries([...containers, ...initContainers].map(({ name, env }) => [name, env]));
    };
    const sortedEnvs = { app: sorted([...ENV, level]), other: sorted([...ENV]), proxy: [key], migrate: sorted([...ENV]) };
    expect(sorted(envs(stack => both(stack)))).toEqual(sortedEnvs);
    expect(envs(stack => annotated(stack))).toEqual({ app: [level], other: [], proxy: [key], migrate: [] });
  });

  test('kubectl patch takes the keys of old away', () => {
    const { patch } = JSON.parse(JSON.stringify({ patch: annotated(scratchStack()).manifests({ containers: ['app', 'other'] }).patch }));
    const env = [{ name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' }, { name: 'LEVEL', value: 'debug' }];
    const template = { metadata: { labels: { app: 'reports' } }, spec: { containers: [{ name: 'app', image: 'app:1', env }, { name: 'other', image: 'app:1' }] } };
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'reports' }, spec: { selector: { matchLabels: { app: 'reports' } }, template } };
    expect(patched(deployment, { spec: { template: patch } }).spec.template.spec.containers).toEqual([
      { name: 'app', image: 'app:1', env: [env[1]] }, { name: 'other', image: 'app:1', env: [] },
    ]);
  });

  test('kustomize patches the ServiceAccount of the name alone, where only Terraform knows name and namespace', () => {
    const names = { 'var.namespace': 'reports', 'var.name': 're.der' };
    const files = printed(stack => {
      const [namespace, name] = ['namespace', 'name'].map(id => new TerraformVariable(stack, id, { type: 'string' }).stringValue) as [string, string];
      const serviceAccount = EKS.serviceAccount(namespace, name);
      const role = AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE_ARN, trusts: [serviceAccount] });
      const workload = new Workload(stack, 'Workload', { serviceAccount, identities: [role], manifestsOnly: true, existingServiceAccount: true });
      return workload.kustomizeFiles({ targets: [{ kind: 'Deployment', name: 'reports', containers: ['app'] }] });
    }, names);
    expect(parse(files['kustomization.yaml']!).patches[0].target).toEqual({ kind: 'ServiceAccount', name: 're[.]der', namespace: 'reports' });
    const named = [['re.der', 'reports'], ['reader', 'reports'], ['re.der', 'other'], ['re.der.x', 'reports']];
    const accounts = named.map(([name, namespace]) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } }));
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'reports', namespace: 'reports' }, spec: { template: { spec: { containers: [{ name: 'app' }] } } } };
    const objects = kustomized(files, [...accounts, deployment]);
    expect(objects.filter(({ kind, metadata }) => kind === 'ServiceAccount' && metadata.annotations !== undefined).map(({ metadata }) => `${metadata.name} ${metadata.namespace}`)).toEqual(['re.der reports']);
    expect(objects.find(({ kind }) => kind === 'Deployment').spec.template.spec.serviceAccountName).toBe('re.der');
  });

  test.each<[string, object, string[]]>([
    ['of the name in the namespace of the workload alone', {}, ['a.b reports']],
    ['of the name wherever it is, where an overlay says the namespace', { namespace: false }, ['a.b ', 'a.b other', 'a.b reports']],
  ])('kustomize patches the resource %s', (_, options, expected) => {
    const files = printed(stack => both(stack).kustomizeFiles({ targets: [{ kind: 'Deployment', name: 'a.b', containers: ['app'] }], ...options }));
    const named = [['a.b', 'reports'], ['axb', 'reports'], ['a.b', 'other'], ['a.b', undefined]];
    const users = named.map(([name, namespace]) => ({
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec: { template: { spec: { containers: [{ name: 'app' }] } } },
    }));
    const wired = kustomized(files, users).filter(({ kind, spec }) => kind === 'Deployment' && spec.template.spec.serviceAccountName === 'reader');
    expect(wired.map(({ metadata: { name, namespace = '' } }) => `${name} ${namespace}`).sort()).toEqual(expected);
  });

  test('kustomize patches a ServiceAccount that is there already, and leaves out what Terraform applies', () => {
    const targets = [{ kind: 'Deployment' as const, name: 'reports' }];
    const existing = printed(stack => annotated(stack, { existingServiceAccount: true }).kustomizeFiles({ targets }));
    expect(parse(existing['kustomization.yaml']!)).toEqual({
      apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component',
      patches: [
        { path: 'service-account.yaml', target: { kind: 'ServiceAccount', name: 'reader', namespace: 'reports' } },
        { path: 'patch-deployment-reports.yaml', target: { kind: 'Deployment', name: 'reports', namespace: 'reports' } },
      ],
    });
    const applied = printed(stack => annotated(stack, { manifestsOnly: false }).kustomizeFiles({ targets }));
    expect(Object.keys(applied).sort()).toEqual(['kustomization.yaml', 'patch-deployment-reports.yaml']);
  });

  test('kubectl takes the objects, and each of their fields', async () => {
    const { manifests } = printed(stack => ({ manifests: both(stack, { labels: { team: 'reports' }, kubernetesApiAccess: false, immutableConfigMap: true }).manifestsYaml() }));
    const created = await dryRun(manifests!);
    expect(parseAllDocuments(created).map(document => document.toJS())).toEqual(parseAllDocuments(manifests!).map(document => document.toJS()));
  });

  test('kubectl takes every field of a patched Deployment', async () => {
    const { patch } = patchedDeployment();
    const created = parse(await dryRun(stringify(patch)));
    expect(created).toEqual({ ...patch, metadata: { name: 'reports', namespace: 'default' } });
  });
});

/** A Deployment as the patch alone has it, which is enough for kubectl to read. */
function patchedDeployment() {
  const text = printed(stack => both(stack).kustomizeFiles({ targets: [{ kind: 'Deployment', name: 'reports', containers: ['app'], initContainers: ['migrate'], fsGroup: 65532, defaultMode: '0440' }] }));
  return { patch: parse(text['patch-deployment-reports.yaml']!) };
}

/** What `kubectl create --dry-run=client` makes of a file: it asks a server for nothing but which kinds there are. */
async function dryRun(text: string): Promise<string> {
  const kinds: Record<string, [name: string, kind: string][]> = { '/api/v1': [['serviceaccounts', 'ServiceAccount'], ['configmaps', 'ConfigMap']], '/apis/apps/v1': [['deployments', 'Deployment']] };
  const server = createServer(({ url }, response) => {
    const path = url!.split('?')[0]!;
    const resources = kinds[path]?.map(([name, kind]) => ({ name, singularName: '', namespaced: true, kind, verbs: ['create'] }));
    const apps = { groupVersion: 'apps/v1', version: 'v1' };
    const body = resources !== undefined ? { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: path.replace(/^\/apis?\//, ''), resources }
      : path === '/api' ? { kind: 'APIVersions', versions: ['v1'] }
        : path === '/apis' ? { kind: 'APIGroupList', apiVersion: 'v1', groups: [{ name: 'apps', versions: [apps], preferredVersion: apps }] } : undefined;
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    return await new Promise((resolve, reject) => {
      const args = ['create', '--dry-run=client', '--validate=false', '-o', 'yaml', '-f', '-', '--server', `http://127.0.0.1:${port}`, '--cache-dir', '/dev/null', '--kubeconfig', '/dev/null'];
      execFile('kubectl', args, (error, stdout) => error === null ? resolve(stdout) : reject(error)).stdin!.end(text);
    });
  } finally {
    server.close();
  }
}

import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { AnnotationMetadataEntryType, App, Aspects, Lazy, TerraformStack, TerraformVariable } from 'cdktf';
import { AwsFederatedRole, GcpFederatedServiceAccount, PodTemplate, Workload, WorkloadWiring } from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { annotated, aws, both, brought, ENV, MOUNT, MOUNTED, onAks, OTHER, PROVIDER, ROLE_ARN, warningsOf, wire } from './known';
import { OWNERS, sentTemplate } from './pod-owners';
import { readKubernetes } from '../../lib/trust/kubernetes/read';
import { readTerraform } from '../../lib/trust/terraform/read';
import { LITERAL_AND_TOKENS } from '../clusters';
import { refusal } from '../refusal';
import { inFolder, scratchStack, stackIn, synthApp, synthStack } from '../synth';
import { blocks, synthHcl } from '../synth-hcl';
import { told } from '../trust/kubernetes/resources';

/** What stands in nobody's pods yet, in both forms. */
const TYPED = (serviceAccountName: string) => ({
  metadata: { labels: { app: 'reports' } },
  spec: {
    serviceAccountName,
    initContainer: [{ name: 'migrate', image: 'migrate:1' }],
    container: [{ name: 'app', image: 'app:1', env: [{ name: 'LEVEL', value: 'debug' }], volumeMount: [{ name: 'cache', mountPath: '/cache' }] }, { name: 'proxy', image: 'proxy:1' }],
    volume: [{ name: 'cache', emptyDir: { medium: 'Memory' } }],
  },
});
const MANIFEST = (serviceAccountName: string) => ({
  metadata: { labels: { app: 'reports' } },
  spec: {
    serviceAccountName,
    initContainers: [{ name: 'migrate', image: 'migrate:1' }],
    containers: [{ name: 'app', image: 'app:1', env: [{ name: 'LEVEL', value: 'debug' }], volumeMounts: [{ name: 'cache', mountPath: '/cache' }] }, { name: 'proxy', image: 'proxy:1' }],
    volumes: [{ name: 'cache', emptyDir: { medium: 'Memory' } }],
  },
});

const CONFIG_MAP = 'kubernetes_config_map_v1.Workload_ConfigMap_CC976B48';

/** The wired template as the Kubernetes API gets it. */
const WIRED = {
  metadata: {
    labels: { app: 'reports' },
    annotations: { 'checksum/workload-federation': `\${sha256(jsonencode(${CONFIG_MAP}.data))}` },
  },
  spec: {
    serviceAccountName: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
    initContainers: [{ name: 'migrate', image: 'migrate:1', env: ENV, volumeMounts: [MOUNTED] }],
    containers: [
      {
        name: 'app', image: 'app:1', env: [{ name: 'LEVEL', value: 'debug' }, ...ENV], volumeMounts: [{ name: 'cache', mountPath: '/cache' }, MOUNTED],
      },
      { name: 'proxy', image: 'proxy:1', env: ENV, volumeMounts: [MOUNTED] },
    ],
    volumes: [
      { name: 'cache', emptyDir: { medium: 'Memory' } },
      {
        name: 'workload-federation',
        projected: {
          sources: [
            { serviceAccountToken: { path: 'aws/token', audience: 'sts.amazonaws.com', expirationSeconds: 3600 } },
            { serviceAccountToken: { path: 'gcp/token', audience: `https://iam.googleapis.com/${PROVIDER}`, expirationSeconds: 3600 } },
            {
              configMap: {
                name: `\${${CONFIG_MAP}.metadata[0].name}`,
                items: [{ key: 'gcp-credential-configuration.json', path: 'gcp/credential-configuration.json' }],
              },
            },
          ],
        },
      },
    ],
  },
};

describe.each(OWNERS)('%s (%s, %s)', (type, kind, form, create) => {
  const template = form === 'typed' ? TYPED : MANIFEST;

  test.each([
    ['by its name', () => 'reader', () => 'reports'],
    ['by references', ({ serviceAccountName }: Workload) => serviceAccountName, ({ namespace }: Workload) => namespace],
    ['by a reference to a namespace', () => 'reader', ({ node }: Workload) => (TerraformStack.of(node.scope!).node.findChild('Namespace') as NamespaceV1).metadata.name],
  ])('is wired where it names the service account %s', (_, name, namespace) => {
    const stack = synthStack(scope => {
      new NamespaceV1(scope, 'Namespace', { metadata: { name: 'reports' } });
      const workload = both(scope);
      create(scope, 'Owner', template(name(workload)), { name: 'reports', namespace: namespace(workload) });
      wire(scope);
    });
    const sent = sentTemplate(stack, type, kind, 'Owner');
    if (kind === 'Pod') {
      const { metadata: { name: ofPod, namespace: inPod, ...metadata }, spec } = sent;
      expect({ metadata, spec }).toEqual(WIRED);
      expect([ofPod, typeof inPod]).toEqual(['reports', 'string']);
    } else {
      expect(sent).toEqual(WIRED);
    }
  });

  test.each<[string, string, string | undefined]>([
    ['another service account', 'writer', 'reports'],
    ['another namespace', 'reader', 'other'],
    ['no namespace', 'reader', undefined],
  ])('stays as it is where it runs as that of %s', (_, name, namespace) => {
    const build = (aspect: boolean) => synthStack(scope => {
      both(scope);
      create(scope, 'Owner', template(name), { name: 'reports', namespace });
      if (aspect) {
        wire(scope);
      }
    });
    expect(build(true)).toEqual(build(false));
  });

  test('stays as it is in another cluster, by another provider', () => {
    const build = (aspect: boolean) => synthStack(scope => {
      both(scope);
      create(scope, 'Owner', template('reader'), { name: 'reports', namespace: 'reports' }, { provider: new KubernetesProvider(scope, 'Other', { alias: 'other' }) });
      if (aspect) {
        wire(scope);
      }
    });
    expect(build(true)).toEqual(build(false));
  });

  test.each([['linux', {}], ['windows', { nodeSelector: { 'kubernetes.io/os': 'windows' } }]])('works on %s by what lib/trust reads of it', (_, more) => {
    const json = synthStack(scope => {
      both(scope);
      const { metadata, spec } = template('reader');
      create(scope, 'Owner', { metadata, spec: { ...spec, ...more } }, { name: 'reports', namespace: 'reports' });
      wire(scope);
    });
    const [workload, ...others] = readKubernetes(readTerraform([{ file: 'cdk.tf.json', stack: 'stack', json }])).workloads;
    expect(others).toEqual([]);
    expect(workload!.attempts.map(attempt => [attempt.mechanism, told(attempt).stopped])).toEqual([['aws-oidc', []], ['gcp-federation', []]]);
  });

  test('is refused by its own path for a clash', () => {
    const { message } = refusal(() => synthStack(scope => {
      both(scope);
      const { metadata, spec } = template('reader');
      const list = form === 'typed' ? 'container' : 'containers';
      create(scope, 'Owner', { metadata, spec: { ...spec, [list]: [{ name: 'app', env: [{ name: 'AWS_PROFILE', value: 'mine' }] }] } }, { name: 'reports', namespace: 'reports' });
      wire(scope);
    }));
    expect(message).toBe(
      `stack/Owner: spec.${form === 'typed' ? 'container' : 'containers'}[0].env must not set AWS_PROFILE, got "a value of its own"; remove it: it would win over the federated identity`);
  });
});

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  /** Every kind beside the same kind by podTemplate(). */
  function everything(scope: TerraformStack, owners = OWNERS): void {
    const serviceAccount = clusters.oidc(scope).serviceAccount('reports', 'reader');
    const trusts = [serviceAccount];
    const workload = new Workload(scope, 'Workload', {
      serviceAccount,
      identities: [
        new AwsFederatedRole(scope, 'Role', { trusts }), new GcpFederatedServiceAccount(scope, 'Account', { accountId: 'reports-reader', trusts }),
        new AzureFederatedIdentity(scope, 'Identity', { identityName: 'reports', resourceGroupName: 'reports', location: 'westeurope', trusts }),
      ],
    });
    owners.forEach(([, , form, create], index) => {
      create(scope, `Owner${index}`, (form === 'typed' ? TYPED : MANIFEST)('reader'), { name: 'reports', namespace: 'reports' });
      const { metadata: { namespace: __, ...metadata }, spec } = workload.podTemplate(TYPED('reader') as PodTemplate);
      if (form === 'typed') {
        create(scope, `Template${index}`, { metadata, spec }, { name: 'reports', namespace: 'reports' });
      }
    });
    wire(scope);
  }

  test('every kind is wired as podTemplate() does it, in both forms', () => {
    const stack = synthStack(scope => everything(scope));
    const [first] = OWNERS;
    const { metadata: { name: __, namespace: ___, ...metadata }, spec } = sentTemplate(stack, first![0], first![1], 'Template0');
    expect(spec.containers[0].env).toHaveLength(14);
    OWNERS.forEach(([type, kind, form], index) => {
      const sent = sentTemplate(stack, type, kind, `Owner${index}`);
      expect({ metadata: { annotations: sent.metadata.annotations, labels: sent.metadata.labels }, spec: sent.spec }).toEqual({ metadata, spec });
      if (form === 'typed') {
        expect(stack.resource[type]![`Owner${index}`]).toEqual(stack.resource[type]![`Template${index}`]);
      }
    });
  });

  // cdktf 0.21 writes lists of objects in a kubernetes_manifest as maps, wired or not.
  test('every typed kind is wired alike in HCL and in JSON', async () => {
    const build = (scope: TerraformStack) => everything(scope, OWNERS.filter(([, , form]) => form === 'typed'));
    const hcl = await synthHcl(folder => {
      const app = new App({ outdir: folder });
      build(stackIn(app));
      app.synth();
    });
    expect(blocks(hcl.stack)).toEqual(blocks(synthStack(build)));
  });
});

describe('two stacks', () => {
  /** A stack with the cloud's half, and one with that of Kubernetes. */
  const build = (aspect: (app: App, stack: TerraformStack) => void, template = TYPED('reader')) => synthApp(app => {
    const serviceAccount = OTHER.serviceAccount('reports', 'reader');
    const role = new AwsFederatedRole(stackIn(app, 'cloud'), 'Role', { trusts: [serviceAccount] });
    const stack = stackIn(app, 'kubernetes');
    new Workload(stack, 'Workload', { serviceAccount, identities: [role] });
    new DeploymentV1(stack, 'Deployment', {
      metadata: { name: 'reports', namespace: 'reports' }, spec: { selector: { matchLabels: { app: 'reports' } }, template },
    });
    aspect(app, stack);
  });

  test.each<[string, (app: App, stack: TerraformStack) => void]>([
    ['the stack', (_, stack) => wire(stack)], ['the resource', (_, stack) => wire(stack.node.findChild('Deployment'))],
  ])('what the other stack knows is wired by an output of it, with the Aspect at %s', (_, aspect) => {
    const { cloud, kubernetes } = build(aspect);
    const [container] = kubernetes!.resource.kubernetes_deployment_v1!.Deployment.spec.template.spec.container;
    const values = container.env.map(({ value }: { value: string }) => value);
    const [, name, output] = /^\$\{data\.terraform_remote_state\.([\w-]+)\.outputs\.([\w-]+)\}$/.exec(values[1])!;
    expect(Object.keys(kubernetes!.data.terraform_remote_state!)).toEqual([name]);
    expect(cloud!.output[output!].value).toBe('${aws_iam_role.Role.arn}');
    expect(JSON.stringify(kubernetes)).not.toMatch(/\$\{(?:data\.)?aws_/);
  });

  test('a stack within another is wired by the Aspect of the outer one, as what it is', () => {
    const stacks = synthApp(app => {
      const serviceAccount = OTHER.serviceAccount('reports', 'reader');
      const outer = stackIn(app, 'outer');
      const role = new AwsFederatedRole(outer, 'Role', { trusts: [serviceAccount] });
      const inner = new TerraformStack(outer, 'inner');
      new KubernetesProvider(inner, 'Kubernetes', {});
      new Workload(inner, 'Workload', { serviceAccount, identities: [role] });
      new PodV1(inner, 'Pod', { metadata: { name: 'reports', namespace: 'reports' }, spec: TYPED('reader').spec });
      wire(outer);
    });
    const [, inner] = Object.entries(stacks).find(([name]) => name.includes('inner'))!;
    expect(inner.resource.kubernetes_pod_v1!.Pod.spec.container[0].env[1].value).toMatch(/^\$\{data\.terraform_remote_state\./);
  });

  test('nothing crosses the stacks where no Aspect needs it', () => {
    const { cloud, kubernetes } = build(() => undefined);
    expect([cloud!.output, kubernetes!.data.terraform_remote_state]).toEqual([undefined, undefined]);
    expect(build((_, stack) => wire(stack.node.findChild('Workload')))).toEqual({ cloud, kubernetes });
    expect(build((_, stack) => wire(stack), TYPED('writer'))).toEqual(build(() => undefined, TYPED('writer')));
  });
});

describe('what is wired already', () => {
  test('is left as it is, however often the Aspect is added', () => {
    const build = (aspects: number) => synthStack(scope => {
      const workload = both(scope);
      const template = workload.podTemplate(TYPED('reader') as PodTemplate, { fsGroup: 65532, defaultMode: '0440' });
      new DeploymentV1(scope, 'Deployment', { metadata: { name: 'reports', namespace: 'reports' }, spec: { selector: {}, template } });
      Array.from({ length: aspects }).forEach(() => wire(scope));
    });
    expect(build(2)).toEqual(build(0));
  });

  test('is known again after another Aspect has changed it', () => {
    const pods = synthStack(scope => {
      both(scope);
      const pod = new PodV1(scope, 'Pod', { metadata: { name: 'reports', namespace: 'reports' }, spec: TYPED('reader').spec });
      wire(scope);
      Aspects.of(scope).add({
        visit: node => {
          if (node === pod) {
            const { container, ...spec } = pod.specInput!;
            pod.putSpec({ ...spec, container: (container as object[]).map(entry => ({ ...entry, imagePullPolicy: 'Always' })) as never });
          }
        },
      });
      wire(scope);
    }).resource.kubernetes_pod_v1!;
    expect(pods.Pod.spec.container.map(({ env, volume_mount: mounts }: any) => [env.length, mounts.length])).toEqual([[10, 2], [9, 1]]);
  });
});

test.each(OWNERS.filter(([, , form]) => form === 'typed'))('the blocks that the provider asks for stay in a %s, though there is nothing in them', async (type, kind, _, create) => {
  const build = (scope: TerraformStack) => {
    aws(scope);
    create(scope, 'Owner', { metadata: {}, spec: { serviceAccountName: 'reader', container: [{ name: 'app' }] } }, { name: 'reports', namespace: 'reports' });
    wire(scope);
  };
  const hcl = await synthHcl(folder => {
    const app = new App({ outdir: folder });
    build(stackIn(app));
    app.synth();
  });
  const json = synthStack(build);
  expect(blocks(hcl.stack)).toEqual(blocks(json));
  const { metadata, spec } = json.resource[type]!.Owner;
  const { job_template: job, template = job?.spec.template } = spec;
  expect([metadata.name, job?.metadata, template?.metadata]).toEqual(['reports', kind === 'CronJob' ? {} : undefined, kind === 'Pod' ? undefined : {}]);
});

test('the options of the Aspect nearest to the pods count, whichever was added first', () => {
  const { Near, Far } = synthStack(scope => {
    aws(scope);
    const pod = (id: string) => new PodV1(scope, id, { metadata: { name: 'reports', namespace: 'reports' }, spec: TYPED('reader').spec });
    wire(scope, { fsGroup: 1000 });
    wire(pod('Near'), { fsGroup: 2000 });
    pod('Far');
  }).resource.kubernetes_pod_v1!;
  expect([Near, Far].map(({ spec }) => spec.security_context)).toEqual([{ fs_group: '2000' }, { fs_group: '1000' }]);
});

describe('opting out', () => {
  const containers = (annotations: Record<string, string>, labels: Record<string, string> = {}) => synthStack(scope => {
    both(scope);
    new PodV1(scope, 'Pod', { metadata: { name: 'reports', namespace: 'reports', annotations, labels }, spec: TYPED('reader').spec });
    wire(scope);
  }).resource.kubernetes_pod_v1!.Pod.spec;
  const shape = ({ container, init_container: init }: any) => [...init, ...container].map(({ name, env, volume_mount: mounts }: any) => [
    name, (env ?? []).filter(({ name: variable }: any) => variable.startsWith('AWS')).length, (env ?? []).filter(({ name: variable }: any) => /^(?:GOOGLE|CLOUDSDK)/.test(variable)).length,
    (mounts ?? []).some((mount: any) => mount.name === 'workload-federation'),
  ]);

  test.each<[string, Record<string, string>, Record<string, string>, unknown]>([
    ['AWS\'s annotation', { 'eks.amazonaws.com/skip-containers': 'proxy, migrate' }, {}, [['migrate', 0, 4, true], ['app', 5, 4, true], ['proxy', 0, 4, true]]],
    ['our annotation', { 'workload-federation/skip-containers': 'proxy,migrate' }, {}, [['migrate', 0, 0, false], ['app', 5, 4, true], ['proxy', 0, 0, false]]],
    ['Azure\'s annotation, where there is no Azure', { 'azure.workload.identity/skip-containers': 'proxy;migrate' }, {}, [['migrate', 5, 4, true], ['app', 5, 4, true], ['proxy', 5, 4, true]]],
    ['AWS\'s label', {}, { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' }, [['migrate', 0, 4, true], ['app', 0, 4, true], ['proxy', 0, 4, true]]],
  ])('containers are left out by %s', (_, annotations, labels, expected) => {
    expect(shape(containers(annotations, labels))).toEqual(expected);
  });

  test('a pod whose containers are all left out gets no volume, and may set what it wants', () => {
    const spec = containers({ 'workload-federation/skip-containers': 'app,proxy,migrate' });
    expect(spec.volume).toEqual([{ name: 'cache', empty_dir: { medium: 'Memory' } }]);
  });

  test('containers are left out by Azure\'s annotation, with semicolons', () => {
    const { container } = synthStack(scope => {
      onAks(scope, { wiring: 'explicit' });
      new PodV1(scope, 'Pod', { metadata: { name: 'reports', namespace: 'reports', annotations: { 'azure.workload.identity/skip-containers': 'x;proxy' } }, spec: TYPED('reader').spec });
      wire(scope);
    }).resource.kubernetes_pod_v1!.Pod.spec;
    expect(container.map(({ name, env, volume_mount: mounts }: any) => [name, env?.length, mounts?.length])).toEqual([['app', 5, 2], ['proxy', undefined, undefined]]);
  });

  test('refuses names that only Terraform knows', () => {
    expect(refusal(() => synthStack(scope => {
      both(scope);
      const annotations = { 'eks.amazonaws.com/skip-containers': new TerraformVariable(scope, 'V', { type: 'string' }).stringValue };
      new PodV1(scope, 'Pod', { metadata: { name: 'reports', namespace: 'reports', annotations }, spec: TYPED('reader').spec });
      wire(scope);
    })).message).toBe('stack/Pod: metadata.annotations["eks.amazonaws.com/skip-containers"] must be known when the stack is synthesized, '
      + 'got "a value that only Terraform knows"; write the names of the containers out, so that the others can be wired');
  });
});

describe('Jobs', () => {
  test.each(OWNERS)('%s (%s, %s) gets the containers that its end needs, by its kind', (type, kind, form, create) => {
    const stack = synthStack(scope => {
      brought(scope);
      wire(scope);
      create(scope, 'Owner', (form === 'typed' ? TYPED : MANIFEST)('reader'), { name: 'reports', namespace: 'reports' });
    });
    const { spec } = sentTemplate(stack, type, kind, 'Owner');
    const ends = kind === 'Job' || kind === 'CronJob';
    expect([spec.restartPolicy, spec.shareProcessNamespace]).toEqual(ends ? ['Never', true] : [undefined, undefined]);
    expect(spec.containers.at(-1).securityContext.runAsUser).toBe(65532);
    expect(spec.initContainers.length).toBe(2);
  });
});

describe('pods that say they run on Windows', () => {
  test('get nothing of the options that only Linux knows, which the others get', () => {
    const { Linux, Windows } = synthStack(scope => {
      aws(scope);
      const metadata = { name: 'reports', namespace: 'reports' };
      new PodV1(scope, 'Linux', { metadata, spec: { serviceAccountName: 'reader', container: [{ name: 'app' }] } });
      new PodV1(scope, 'Windows', { metadata, spec: { nodeSelector: { 'kubernetes.io/os': 'windows' }, serviceAccountName: 'reader', container: [{ name: 'app' }] } });
      wire(scope, { os: undefined, fsGroup: 65532, defaultMode: '0440' });
    }).resource.kubernetes_pod_v1!;
    const shape = ({ spec }: any) => [spec.security_context, spec.volume[0].projected[0].default_mode, spec.container[0].volume_mount[0].mount_path];
    expect([Linux, Windows].map(shape)).toEqual([
      [{ fs_group: '65532' }, '0440', MOUNT], [undefined, undefined, `C:${MOUNT}`],
    ]);
  });

  test.each([['by what they are scheduled by', { nodeSelector: { 'kubernetes.io/os': 'windows' } }], ['by what they are', { os: { name: 'windows' } }]])('get the paths of Windows, %s', (_, said) => {
    const { container } = synthStack(scope => {
      aws(scope);
      new PodV1(scope, 'Pod', { metadata: { name: 'reports', namespace: 'reports' }, spec: { ...said, serviceAccountName: 'reader', container: [{ name: 'app' }] } });
      wire(scope);
    }).resource.kubernetes_pod_v1!.Pod.spec;
    expect([container[0].env[1].value, container[0].volume_mount]).toEqual([`C:${MOUNT}/aws/token`, [{ name: 'workload-federation', mount_path: `C:${MOUNT}`, read_only: true }]]);
  });
});

describe('refuses', () => {
  test('pods that name the service account by a reference, in another cluster', () => {
    const error = refusal(() => synthStack(scope => {
      const provider = new KubernetesProvider(scope, 'Other', { alias: 'other' });
      const spec = TYPED(both(scope).serviceAccountName).spec;
      new PodV1(scope, 'Pod', { metadata: { name: 'reports', namespace: 'reports' }, spec, provider });
      wire(scope);
    }));
    expect([error.code, error.message]).toEqual(['WrongCluster', 'stack/Pod: provider must be that of the workload whose service account the pods name, got "other"; '
      + 'name the service account of a workload in the cluster of the pods, or pass the provider of the workload']);
  });

  test('metadata of a template that only Terraform knows', () => {
    const error = refusal(() => synthStack(scope => {
      both(scope);
      const template = { ...MANIFEST('reader'), metadata: new TerraformVariable(scope, 'V', {}).value };
      const metadata = { name: 'reports', namespace: 'reports' };
      new Manifest(scope, 'Deployment', { manifest: { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { template } } });
      wire(scope);
    }));
    expect([error.code, error.message]).toEqual(['UnresolvedValue', 'stack/Deployment: metadata must be known when the stack is synthesized, '
      + 'got "a value that only Terraform knows"; write it out, so that others can be added to what is in it']);
  });

  test('pods that name the service account by a reference, in another namespace', () => {
    expect(refusal(() => synthStack(scope => {
      const workload = both(scope);
      new PodV1(scope, 'Pod', { metadata: { name: 'reports', namespace: 'other' }, spec: TYPED(workload.serviceAccountName).spec });
      wire(scope);
    })).message).toBe('stack/Pod: metadata.namespace must be that of the workload, got "other"; write "reports": a pod runs in the namespace of its service account');
  });
});

describe('a name that is an object which only Terraform knows', () => {
  type Variable = TerraformVariable;
  const manifest = (ofWorkload: (v: Variable) => [string, string], ofPods: (v: Variable) => [unknown, unknown]) => synthStack(scope => {
    const variable = new TerraformVariable(scope, 'V', { type: 'string' });
    const serviceAccount = OTHER.serviceAccount(...ofWorkload(variable));
    const role = AwsFederatedRole.fromRoleArn(scope, 'Role', { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [serviceAccount] });
    new Workload(scope, 'Workload', { serviceAccount, identities: [role] });
    const [namespace, serviceAccountName] = ofPods(variable);
    const spec = { serviceAccountName, containers: [{ name: 'app' }] };
    new Manifest(scope, 'Pod', { manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'reports', namespace }, spec } });
    wire(scope);
  }).resource.kubernetes_manifest!.Pod.manifest.spec.volumes?.length ?? 0;

  test('is no namespace `default`', () => {
    expect(manifest(() => ['default', 'reader'], ({ value }) => [value, 'reader'])).toBe(0);
    expect(manifest(() => ['default', 'reader'], () => [['default'], 'reader'])).toBe(0);
    expect(manifest(() => ['default', 'reader'], () => [undefined, 'reader'])).toBe(1);
    expect(manifest(() => ['default', 'reader'], () => [null, 'reader'])).toBe(1);
  });

  test('is compared as text, with the namespace and the service account of the workload', () => {
    expect(manifest(({ stringValue }) => [stringValue, 'reader'], ({ value }) => [value, 'reader'])).toBe(1);
    expect(manifest(({ stringValue }) => ['reports', stringValue], ({ value }) => ['reports', value])).toBe(1);
    expect(manifest(() => ['reports', 'reader'], () => [Lazy.anyValue({ produce: () => 'reports' }), 'reader'])).toBe(1);
    expect(manifest(() => ['reports', 'reader'], () => [Lazy.anyValue({ produce: () => 'other' }), 'reader'])).toBe(0);
  });

  test('pods that name no service account run as `default`', () => {
    expect(manifest(() => ['reports', 'default'], () => ['reports', undefined])).toBe(1);
    expect(manifest(() => ['reports', 'reader'], () => ['reports', undefined])).toBe(0);
  });
});

describe('a warning', () => {
  test('is not said of what cannot be read, which refuses nothing without an Aspect', () => {
    expect(warningsOf(scope => {
      aws(scope);
      const variable = new TerraformVariable(scope, 'V', { type: 'string' });
      const annotations = { 'eks.amazonaws.com/skip-containers': variable.stringValue };
      pod(scope, 'Annotated', 'reader', { annotations });
      const metadata = { name: 'reports', namespace: 'reports' };
      new Manifest(scope, 'Null', { manifest: { apiVersion: 'v1', kind: 'Pod', metadata, spec: { serviceAccountName: 'reader', containers: [null] } } });
    })).toEqual([]);
  });

  const pod = (scope: TerraformStack, id: string, name: string, metadata: object = {}, more: object = {}) =>
    new PodV1(scope, id, { metadata: { name: 'reports', namespace: 'reports', ...metadata }, spec: { ...TYPED(name).spec, ...more } });

  test('says which pods run as a workload and are not wired', () => {
    expect(warningsOf(scope => {
      aws(scope);
      aws(scope, {}, 'writer', 'Other');
      pod(scope, 'Unwired', 'reader');
      pod(scope, 'Nobody', 'nobody');
      new Manifest(scope, 'Manifest', { manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'reports', namespace: 'reports' }, spec: MANIFEST('writer').spec } });
      new PodV1(scope, 'Wired', (scope.node.findChild('Workload') as Workload).podTemplate(TYPED('reader') as PodTemplate));
    })).toEqual([['stack/Unwired', 'unwired-workload'], ['stack/Manifest', 'unwired-workload']]);
  });

  test('is said for a pod without the label that Azure\'s webhook looks for', () => {
    expect(warningsOf(scope => {
      onAks(scope);
      pod(scope, 'Unwired', 'reader');
      pod(scope, 'Wired', 'reader', { labels: { 'azure.workload.identity/use': 'true' } });
    })).toEqual([['stack/Unwired', 'unwired-workload']]);
  });

  test.each<[string, (scope: TerraformStack) => void]>([
    ['the Aspect wires', scope => {
      both(scope);
      pod(scope, 'Pod', 'reader');
      wire(scope);
    }],
    ['the platform wires', scope => {
      annotated(scope);
      pod(scope, 'Pod', 'reader');
    }],
    ['their owners have opted out', scope => {
      both(scope);
      pod(scope, 'Pod', 'reader', { annotations: { 'workload-federation/skip-containers': 'app,proxy,migrate' } });
    }],
    ['are changed after they were wired', scope => {
      const { metadata, spec } = aws(scope).podTemplate(TYPED('reader') as PodTemplate);
      new PodV1(scope, 'Pod', { metadata, spec: { ...spec, container: [...spec.container as [], { name: 'late', env: [], image: 'late:1', ...(spec.container as object[])[0] }] } });
    }],
  ])('is not said for pods that %s', (_, build) => {
    expect(warningsOf(build)).toEqual([]);
  });

  test('is said once, also where the app is synthesized twice', () => {
    expect(inFolder(folder => {
      const app = new App({ outdir: folder });
      const stack = stackIn(app);
      aws(stack);
      const unwired = pod(stack, 'Pod', 'reader');
      app.synth();
      app.synth();
      return unwired.node.metadata.filter(({ type }) => type === AnnotationMetadataEntryType.WARN).length;
    })).toBe(1);
  });
});

test('an Aspect in a stack without workloads does nothing', () => {
  const stack = scratchStack();
  new WorkloadWiring().visit(new PodV1(stack, 'Pod', { metadata: {}, spec: TYPED('reader').spec }));
  new WorkloadWiring().visit(stack);
  expect((stack.node.findChild('Pod') as PodV1).specInput).toEqual(TYPED('reader').spec);
});

import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, Aspects, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { AwsFederatedRole, Workload } from 'cdktf-workload-federation';
import { aws, both, GKE, OTHER, ROLE_ARN, warningsAt, wire } from './known';
import { refusal } from '../refusal';
import { addresses, inFolder, stackIn, StackJson, synthApp } from '../synth';

const METADATA = { name: 'reports', namespace: 'reports' };
const pod = (scope: TerraformStack, serviceAccountName: string, namespace = 'reports', id = 'Pod') =>
  new PodV1(scope, id, { metadata: { name: 'reports', namespace }, spec: { serviceAccountName, container: [{ name: 'app', image: 'app:1' }] } });

/** A workload of a role that Terraform makes, as that is what crosses stacks. */
function made(stack: TerraformStack, roleIn = stack, name = 'reader'): Workload {
  const serviceAccount = OTHER.serviceAccount('reports', name);
  const role = new AwsFederatedRole(roleIn, `Role-${name}`, { trusts: [serviceAccount] });
  return new Workload(stack, `Workload-${name}`, { serviceAccount, identities: [role] });
}

/** Every reference of a stack that leads nowhere in it. */
function dangling({ provider: _, ...stack }: StackJson): string[] {
  const known = Object.keys(addresses(stack as StackJson));
  const references = JSON.stringify(stack).matchAll(/\$\{[^}]*?((?:data\.)?(?:aws|google|kubernetes|terraform)_\w+\.[\w-]+)/g);
  return [...references].map(([, address]) => address!).filter(address => !known.includes(address));
}

/** Stacks in an order, by the first letter: what makes another wait must not depend on it. */
const ORDERS: [string, readonly [string, string]][] = [['after', ['workloads', 'pods']], ['before', ['pods', 'workloads']]];

describe.each(ORDERS)('pods in a stack that comes %s that of the workload', (_, order) => {
  /** What an app writes, and what it warns of. */
  function build(define: (workloads: TerraformStack, pods: TerraformStack) => void) {
    let app!: App;
    const stacks = synthApp(created => {
      app = created;
      const [first, second] = order.map(id => stackIn(created, id)) as [TerraformStack, TerraformStack];
      define(...order[0] === 'workloads' ? [first, second] as const : [second, first] as const);
    });
    return { stacks, warnings: app.node.findAll().flatMap(node => warningsAt(node).map((rule): [string, string] => [node.node.path, rule])) };
  }

  test.each([['the Aspect at their stack', (pods: TerraformStack) => wire(pods)], ['the Aspect at the pod', (pods: TerraformStack) => wire(pods.node.findChild('Pod'))]])(
    'are wired where they refer to its service account, with %s', (__, aspect) => {
      const { stacks, warnings } = build((workloads, pods) => {
        const workload = made(workloads);
        pod(pods, workload.serviceAccountName, workload.namespace);
        aspect(pods);
      });
      const { env, volume_mount: mounts } = stacks.pods!.resource.kubernetes_pod_v1!.Pod.spec.container[0];
      expect([env.length, mounts.length, warnings]).toEqual([5, 1, []]);
      expect(env[0].value).toMatch(/^\$\{data\.terraform_remote_state\./);
      expect(Object.values(stacks).flatMap(dangling)).toEqual([]);
    });

  test('are wired beside those of a workload of their own', () => {
    const { stacks, warnings } = build((workloads, pods) => {
      const workload = made(workloads);
      made(pods, pods, 'writer');
      pod(pods, workload.serviceAccountName);
      pod(pods, 'writer', 'reports', 'Own');
      wire(pods);
    });
    const { Pod, Own } = stacks.pods!.resource.kubernetes_pod_v1!;
    expect([Pod, Own].map(({ spec }) => spec.container[0].env[0].value.replace(/\.[\w-]+\.outputs.*/, ''))).toEqual(['${data.terraform_remote_state', '${aws_iam_role.Role-writer.arn}']);
    expect([warnings.map(([, rule]) => rule), Object.values(stacks).flatMap(dangling)]).toEqual([['registered-in-two-stacks'], []]);
  });

  test('are warned of where they refer to it, and nobody wires them', () => {
    const { stacks, warnings } = build((workloads, pods) => pod(pods, made(workloads).serviceAccountName));
    expect(warnings).toEqual([['pods/Pod', 'unwired-workload']]);
    expect(Object.values(stacks.pods!.data.terraform_remote_state!)).toHaveLength(1);
  });

  test('are not warned of where they are wired by podTemplate()', () => {
    const { stacks, warnings } = build((workloads, pods) => {
      new PodV1(pods, 'Pod', made(workloads).podTemplate({ spec: { container: [{ name: 'app' }] } }));
      wire(pods);
    });
    expect([warnings, Object.values(stacks).flatMap(dangling)]).toEqual([[], []]);
  });

  test.each([[true], [false]])('are warned of where they have its names, as nobody knows whether its cluster is theirs; with the Aspect: %p', aspect => {
    const { stacks, warnings } = build((workloads, pods) => {
      aws(workloads);
      pod(pods, 'reader');
      pod(pods, 'writer', 'reports', 'Other');
      if (aspect) {
        wire(pods);
      }
    });
    expect(stacks.pods!.resource.kubernetes_pod_v1!.Pod.spec.container).toEqual([{ name: 'app', image: 'app:1' }]);
    expect(warnings).toEqual([['pods/Pod', 'workload-of-another-stack']]);
  });

  test('are not warned of where they have its names, and all that it gives', () => {
    const { warnings } = build((workloads, pods) => {
      const { spec } = aws(workloads).podTemplate({ spec: { container: [{ name: 'app', image: 'app:1' }] } });
      new PodV1(pods, 'Pod', { metadata: METADATA, spec: { ...spec, serviceAccountName: 'reader' } });
      wire(pods);
    });
    expect(warnings).toEqual([]);
  });

  test.each(['Workload0', 'Workload1'])('are not warned of where two clusters have workloads of their names, and they have all that %s gives', wiring => {
    const define = (template: (workload: Workload) => object | undefined) => build((workloads, pods) => {
      const clusters = [OTHER, GKE].map((cluster, index) => {
        const kubernetesProvider = new KubernetesProvider(workloads, `Provider${index}`, { alias: `p${index}` });
        const serviceAccount = cluster.serviceAccount('reports', 'reader');
        const role = AwsFederatedRole.fromRoleArn(workloads, `Role${index}`, { roleArn: `${ROLE_ARN}${index}`, region: 'eu-west-1', trusts: [serviceAccount] });
        return new Workload(workloads, `Workload${index}`, { serviceAccount, identities: [role], kubernetesProvider });
      });
      const spec = template(clusters.find(({ node }) => node.id === wiring)!);
      new PodV1(pods, 'Pod', { metadata: METADATA, spec: { container: [{ name: 'app', image: 'app:1' }], ...spec, serviceAccountName: 'reader' } });
    });
    expect(define(workload => workload.podTemplate({ spec: { container: [{ name: 'app', image: 'app:1' }] } }).spec).warnings).toEqual([]);
    expect(define(() => undefined).warnings).toEqual([['pods/Pod', 'workload-of-another-stack']]);
  });

  test('are warned of where they have the wiring of another cluster\'s workload of the same names', () => {
    const { warnings } = build((workloads, pods) => {
      const { spec } = aws(workloads).podTemplate({ spec: { container: [{ name: 'app', image: 'app:1' }] } });
      const serviceAccount = GKE.serviceAccount('reports', 'reader');
      const role = AwsFederatedRole.fromRoleArn(pods, 'Role', { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [serviceAccount] });
      new Workload(pods, 'Workload', { serviceAccount, identities: [role] });
      new PodV1(pods, 'Pod', { metadata: METADATA, spec: { ...spec, serviceAccountName: 'reader' } });
    });
    expect(warnings).toEqual([['pods/Pod', 'unwired-workload']]);
  });

  test('know a namespace of a third stack', () => {
    const { stacks, warnings } = build((workloads, pods) => {
      const names = stackIn(workloads.node.root as App, 'names');
      const namespace = new NamespaceV1(names, 'Namespace', { metadata: { name: 'reports' } });
      const subjects = ['reader', 'writer'].map(name => OTHER.serviceAccount(namespace.metadata.name, name));
      for (const [index, serviceAccount] of subjects.entries()) {
        const role = new AwsFederatedRole(workloads, `Role${index}`, { trusts: [serviceAccount] });
        new Workload(workloads, `Workload${index}`, { serviceAccount, identities: [role] });
      }
      ['reader', 'writer'].forEach(name => pod(workloads, name, namespace.metadata.name, `Pod-${name}`));
      pod(pods, 'other', namespace.metadata.name);
      wire(workloads);
    });
    expect(Object.values(stacks.workloads!.resource.kubernetes_pod_v1!).map(({ spec }) => spec.container[0].env.length)).toEqual([5, 5]);
    expect([warnings, Object.values(stacks).flatMap(dangling)]).toEqual([[], []]);
  });
});

describe('options of the Aspect with values of another stack', () => {
  const build = (define: (pods: TerraformStack, props: { fsGroup: number }) => void) => synthApp(app => {
    const group = new TerraformVariable(stackIn(app, 'cloud'), 'Group', { type: 'number' }).numberValue;
    const pods = stackIn(app, 'pods');
    aws(pods);
    define(pods, { fsGroup: group });
  });
  const groupOf = ({ pods }: Record<string, StackJson>, id = 'Pod') => pods!.resource.kubernetes_pod_v1![id].spec.security_context?.fs_group;

  test.each([['stack', false], ['pod', true]])('cross to that of the pods, by the Aspect at the %s', (_, nearer) => {
    const stacks = build((pods, props) => {
      pod(pods, 'reader');
      wire(nearer ? pods.node.findChild('Pod') : pods, props);
    });
    expect(groupOf(stacks)).toMatch(/^\$\{data\.terraform_remote_state\.[\w-]+\.outputs\./);
    expect(Object.values(stacks).flatMap(dangling)).toEqual([]);
  });

  test.each<[string, (pods: TerraformStack, props: { fsGroup: number }) => void]>([
    ['another Aspect is nearer', (pods, props) => {
      wire(pods, props);
      wire(pod(pods, 'reader'));
    }],
    ['podTemplate() has wired the pods', (pods, props) => {
      new PodV1(pods, 'Pod', (pods.node.findChild('Workload') as Workload).podTemplate({ spec: { container: [{ name: 'app' }] } }));
      wire(pods, props);
    }],
    ['there are no pods', (pods, props) => {
      pod(pods, 'nobody');
      wire(pods, props);
    }],
  ])('stay where they are where %s', (_, define) => {
    const stacks = build(define);
    expect([groupOf(stacks), stacks.pods!.data.terraform_remote_state]).toEqual([undefined, undefined]);
  });

  test('refuses them for pods that come too late for them to cross', () => {
    expect(refusal(() => build((pods, props) => {
      Aspects.of(pods).add({
        visit: node => {
          if (node === pods && pods.node.tryFindChild('Late') === undefined) {
            pod(pods, 'reader', 'reports', 'Late');
          }
        },
      });
      wire(pods, props);
    }))).toEqual({
      code: 'UnresolvedValue',
      message: 'pods/Late: WorkloadWiring must have options without values of another stack, as Aspects are run when nothing can cross stacks any more, got "cloud"; '
        + 'define the pods in a constructor, before the app is synthesized',
    });
  });
});

describe('pods that come late', () => {
  /** An Aspect that adds a pod to a stack when it is visited. */
  const adding = (name: () => string) => ({
    visit: (node: unknown) => {
      if (TerraformStack.isStack(node) && node.node.tryFindChild('Late') === undefined) {
        pod(node, name(), 'reports', 'Late');
      }
    },
  });

  test.each([['before', true], ['after', false]])('are wired where the Aspect comes %s, and nothing is of another stack', (_, first) => {
    const { stack } = synthApp(app => {
      const scope = stackIn(app);
      const workload = made(scope);
      if (first) {
        wire(scope);
      }
      Aspects.of(scope).add(adding(() => workload.serviceAccountName));
      if (!first) {
        wire(scope);
      }
    });
    expect(stack!.resource.kubernetes_pod_v1!.Late.spec.container[0].env).toHaveLength(5);
    expect(dangling(stack!)).toEqual([]);
  });

  test.each([['a workload of another stack', 'other'], ['a role of another stack', 'own']])('are refused where the values are those of %s, as nothing can cross the stacks any more', (_, where) => {
    const error = refusal(() => synthApp(app => {
      const cloud = stackIn(app, 'cloud');
      const pods = stackIn(app, 'pods');
      const workload = where === 'other' ? made(cloud) : made(pods, cloud);
      Aspects.of(pods).add(adding(() => workload.serviceAccountName));
      wire(pods);
    }));
    expect(error).toEqual({
      code: 'UnresolvedValue',
      message: 'pods/Late: serviceAccountName must be that of a workload without values of another stack, as Aspects are run when nothing can cross stacks any more, got "cloud"; '
        + 'define the pods in a constructor, before the app is synthesized',
    });
  });

  test('are refused where podTemplate() is called too late for its values to cross', () => {
    expect(refusal(() => synthApp(app => {
      const pods = stackIn(app, 'pods');
      const workload = made(pods, stackIn(app, 'cloud'));
      Aspects.of(pods).add({
        visit: node => {
          if (node === pods && pods.node.tryFindChild('Late') === undefined) {
            new PodV1(pods, 'Late', workload.podTemplate({ spec: { container: [{ name: 'app' }] } }));
          }
        },
      });
      wire(pods);
    })).code).toBe('UnresolvedValue');
  });

  test('are wired where others of the stack have made the values cross', () => {
    const { pods } = synthApp(app => {
      const stack = stackIn(app, 'pods');
      const workload = made(stack, stackIn(app, 'cloud'));
      pod(stack, workload.serviceAccountName);
      Aspects.of(stack).add(adding(() => workload.serviceAccountName));
      wire(stack);
    });
    const { Pod, Late } = pods!.resource.kubernetes_pod_v1!;
    expect(Late.spec).toEqual(Pod.spec);
    expect(dangling(pods!)).toEqual([]);
  });

  test('are warned of where they come after the Aspect has been there', () => {
    expect(inFolder(folder => {
      const app = new App({ outdir: folder });
      const stack = stackIn(app);
      made(stack);
      new NamespaceV1(stack, 'Last', { metadata: { name: 'last' } });
      wire(stack);
      Aspects.of(stack.node.findChild('Last')).add({
        visit: () => {
          if (stack.node.tryFindChild('Late') === undefined) {
            pod(stack, 'reader', 'reports', 'Late');
          }
        },
      });
      app.synth();
      return warningsAt(stack.node.findChild('Late'));
    })).toEqual(['unwired-workload']);
  });

  test('one stack alone, which nobody prepares, is wired as it is', () => {
    const json = inFolder(folder => {
      const app = new App({ outdir: folder });
      const stack = stackIn(app, 'pods');
      const workload = made(stack, stackIn(app, 'cloud'));
      pod(stack, workload.serviceAccountName);
      wire(stack);
      return JSON.parse(Testing.synth(stack)) as StackJson;
    });
    expect(json.resource.kubernetes_pod_v1!.Pod.spec.container[0].env[0].value).toBe('${aws_iam_role.Role-reader.arn}');
  });
});

test('a stack that is synthesized twice says the same', () => {
  const written = [1, 2].map(times => synthApp(app => {
    const pods = stackIn(app, 'pods');
    pod(pods, made(stackIn(app, 'workloads')).serviceAccountName);
    wire(pods);
    Array.from({ length: times - 1 }, () => app.synth());
  }));
  expect(written[1]).toEqual(written[0]);
});

test('a manifest in another stack is wired as a typed pod is', () => {
  const { pods } = synthApp(app => {
    const stack = stackIn(app, 'pods');
    const workload = both(stackIn(app, 'workloads'));
    new Manifest(stack, 'Pod', {
      manifest: { apiVersion: 'v1', kind: 'Pod', metadata: METADATA, spec: { serviceAccountName: workload.serviceAccountName, containers: [{ name: 'app' }] } },
    });
    wire(stack);
  });
  const { metadata, spec } = pods!.resource.kubernetes_manifest!.Pod.manifest;
  expect([Object.keys(metadata.annotations), spec.containers[0].env.length, spec.volumes.length]).toEqual([['checksum/workload-federation'], 9, 1]);
  expect(dangling(pods!)).toEqual([]);
});

import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { App, Aspects, Fn, TerraformResource, TerraformStack, TerraformVariable, Token } from 'cdktf';
import { AwsFederatedRole, FederationError, Workload, WorkloadWiring } from 'cdktf-workload-federation';
import * as fc from 'fast-check';
import { annotated, aws, both, brought, deepFreeze, native, onAks, OTHER, ROLE_ARN, warningsAt, warningsOf, wire } from './known';
import { OWNERS } from './pod-owners';
import { refusal } from '../refusal';
import { scratchStack, stackIn, synthApp, synthStack } from '../synth';

const METADATA = { name: 'reports', namespace: 'reports' };
const variable = (scope: TerraformStack, id = 'V') => new TerraformVariable(scope, id, { type: 'string' });
const opaque = (scope: TerraformStack): any => variable(scope, 'Opaque').value;
const file = () => Fn.yamldecode(Fn.file('pods.yaml'));

/** The objects of a manifest that cannot be read, or not all of them. */
const HIDDEN: [string, (scope: TerraformStack) => any][] = [
  ['of a file', file],
  ['whose metadata are one token', scope => ({ apiVersion: 'v1', kind: 'Pod', metadata: opaque(scope), spec: { serviceAccountName: 'reader', containers: [{ name: 'app' }] } })],
  ['whose specification is one token', scope => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: METADATA, spec: opaque(scope) })],
  ['whose template is one token', scope => ({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: METADATA, spec: { schedule: '@daily', jobTemplate: opaque(scope) } })],
  ['whose kind only Terraform knows', scope => ({ apiVersion: 'apps/v1', kind: variable(scope).stringValue, metadata: METADATA, spec: { template: {} } })],
  ['whose version only Terraform knows', scope => ({ apiVersion: variable(scope).stringValue, kind: 'Deployment', metadata: METADATA, spec: { template: {} } })],
  ['whose service account only Terraform knows', scope => ({ apiVersion: 'v1', kind: 'Pod', metadata: METADATA, spec: { serviceAccountName: variable(scope).stringValue, containers: [{ name: 'app' }] } })],
  ['whose service account is an expression', () => ({ apiVersion: 'v1', kind: 'Pod', metadata: METADATA, spec: { serviceAccountName: '${local.reader}', containers: [{ name: 'app' }] } })],
  ['whose namespace only Terraform knows', scope => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'reports', namespace: variable(scope).stringValue }, spec: { serviceAccountName: 'reader', containers: [{ name: 'app' }] } })],
  ['whose template is no object', () => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: METADATA, spec: { template: ['x'] } })],
  ['whose service account is no text', () => ({ apiVersion: 'v1', kind: 'Pod', metadata: METADATA, spec: { serviceAccountName: ['reader'], containers: [{ name: 'app' }] } })],
];

/** Manifests that are no pods of a workload, though not all of them can be read. */
const OTHERS: [string, (scope: TerraformStack) => any][] = [
  ['of another kind', scope => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: opaque(scope), data: {} })],
  ['of another version', scope => ({ apiVersion: 'batch.example.com/v1', kind: 'Job', metadata: METADATA, spec: opaque(scope) })],
  ['of a kind that no version of theirs has', scope => ({ apiVersion: 'example.com/v1', kind: variable(scope).stringValue, metadata: METADATA })],
  ['of another namespace', scope => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x', namespace: 'other' }, spec: opaque(scope) })],
  ['of another service account', scope => ({ apiVersion: 'v1', kind: 'Pod', metadata: opaque(scope), spec: { serviceAccountName: 'other', containers: [{ name: 'app' }] } })],
  ['of another namespace, by a reference', scope => ({
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x', namespace: new NamespaceV1(scope, 'Other', { metadata: { name: 'other' } }).metadata.name }, spec: opaque(scope),
  })],
  ['of another service account, by a reference', scope => ({
    apiVersion: 'v1', kind: 'Pod', metadata: METADATA,
    spec: { serviceAccountName: new ServiceAccountV1(scope, 'Other', { metadata: { name: 'other', namespace: 'reports' } }).metadata.name, containers: [{ name: 'app' }] },
  })],
  ['of a service account by a name that Kubernetes would not take', () => ({ apiVersion: 'v1', kind: 'Pod', metadata: METADATA, spec: { serviceAccountName: 'Reader', containers: [{ name: 'app' }] } })],
  ['of one with a blank', () => ({ apiVersion: 'v1', kind: 'Pod', metadata: METADATA, spec: { serviceAccountName: 'reader ', containers: [{ name: 'app' }] } })],
  ['of one that is a star', () => ({ apiVersion: 'v1', kind: 'Pod', metadata: METADATA, spec: { serviceAccountName: '*', containers: [{ name: 'app' }] } })],
  ['of a namespace by a name that Kubernetes would not take', scope => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x', namespace: 'Reports' }, spec: opaque(scope) })],
  ['without pods', () => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: METADATA })],
];

describe('a manifest', () => {
  test.each(HIDDEN)('%s is warned of, once, where an Aspect stands', (_, manifest) => {
    const warnings = (aspects: number) => warningsOf(scope => {
      aws(scope);
      new Manifest(scope, 'Manifest', { manifest: manifest(scope) });
      Array.from({ length: aspects }, () => wire(scope));
    });
    expect([0, 1, 2].map(warnings)).toEqual([[], [['stack/Manifest', 'unread-pods']], [['stack/Manifest', 'unread-pods']]]);
  });

  test.each(HIDDEN)('%s stays as it is', (_, manifest) => {
    const build = (aspect: boolean) => synthStack(scope => {
      aws(scope);
      new Manifest(scope, 'Manifest', { manifest: manifest(scope) });
      if (aspect) {
        wire(scope);
      }
    });
    expect(build(true)).toEqual(build(false));
  });

  test.each(OTHERS)('%s is nobody\'s business', (_, manifest) => {
    expect(warningsOf(scope => {
      aws(scope);
      new Manifest(scope, 'Manifest', { manifest: manifest(scope) });
      wire(scope);
    })).toEqual([]);
  });

  test.each<[string, unknown[], (scope: TerraformStack, app: App) => void]>([
    ['the workload is in another stack', [['stack/Manifest', 'unread-pods']], (_, app) => void aws(stackIn(app, 'workloads'))],
    ['there is no workload', [], () => undefined],
    ['pods need nothing of the workloads', [], scope => void annotated(scope)],
    ['the workloads are of another cluster', [], scope => aws(scope, { kubernetesProvider: new KubernetesProvider(scope, 'Other', { alias: 'other' }) })],
  ])('that cannot be read is warned of where it may be of a workload: %s', (_, expected, define) => {
    expect(warningsOf((scope, app) => {
      define(scope, app);
      new Manifest(scope, 'Manifest', { manifest: file() });
      wire(scope);
    })).toEqual(expected);
  });

  test.each<[string, (template: object) => object]>([
    ['a ReplicaSet', template => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', spec: { template } })],
    ['an older version', template => ({ apiVersion: 'extensions/v1beta1', kind: 'Deployment', spec: { template } })],
    ['a kind of an operator\'s', template => ({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout', spec: { template } })],
    ['another that makes Jobs', template => ({ apiVersion: 'example.com/v1', kind: 'AdvancedCronJob', spec: { jobTemplate: { spec: { template } } } })],
  ])('of pods by %s is not wired, and warned of where the pods run as a workload', (_, object) => {
    const spec = (serviceAccountName: string) => ({ serviceAccountName, containers: [{ name: 'app' }] });
    const manifest = (name: string) => ({ metadata: METADATA, ...object({ spec: spec(name) }) });
    const build = (scope: TerraformStack) => {
      const pods = aws(scope).podManifest({ spec: { containers: [{ name: 'app' }] } });
      new Manifest(scope, 'Unwired', { manifest: manifest('reader') });
      new Manifest(scope, 'Other', { manifest: manifest('other') });
      new Manifest(scope, 'Patched', { manifest: { metadata: METADATA, ...object(pods) } });
      wire(scope);
    };
    expect(warningsOf(build)).toEqual([['stack/Unwired', 'unwired-workload']]);
    expect(synthStack(build).resource.kubernetes_manifest!.Unwired.manifest).toEqual(manifest('reader'));
  });

  test('is looked at where the namespace of a workload is one that the stack names', () => {
    const { Named, Referring } = synthStack(scope => {
      const namespace = new NamespaceV1(scope, 'Namespace', { metadata: { name: 'reports' } }).metadata.name;
      const serviceAccount = OTHER.serviceAccount(namespace, 'reader');
      new Workload(scope, 'Workload', { serviceAccount, identities: [AwsFederatedRole.fromRoleArn(scope, 'Role', { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [serviceAccount] })] });
      for (const [id, of] of Object.entries({ Named: 'reports', Referring: namespace })) {
        new PodV1(scope, id, { metadata: { name: id.toLowerCase(), namespace: of }, spec: { serviceAccountName: 'reader', container: [{ name: 'app' }] } });
      }
      wire(scope);
    }).resource.kubernetes_pod_v1!;
    expect([Named, Referring].map(({ spec }) => spec.container[0].env.length)).toEqual([5, 5]);
  });

  test('is warned of where only Terraform knows the namespace of the workload', () => {
    expect(warningsOf(scope => {
      const serviceAccount = OTHER.serviceAccount(variable(scope).stringValue, 'reader');
      new Workload(scope, 'Workload', { serviceAccount, identities: [AwsFederatedRole.fromRoleArn(scope, 'Role', { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [serviceAccount] })] });
      const pod = (id: string, serviceAccountName: string) => new PodV1(scope, id, { metadata: METADATA, spec: { serviceAccountName, container: [{ name: 'app' }] } });
      pod('Maybe', 'reader');
      pod('Other', 'other');
      const { spec } = (scope.node.findChild('Workload') as Workload).podTemplate({ spec: { container: [{ name: 'app' }] } });
      new PodV1(scope, 'Wired', { metadata: METADATA, spec: { ...spec, serviceAccountName: 'reader' } });
      wire(scope);
    })).toEqual([['stack/Maybe', 'unread-pods']]);
  });

  test('that is empty text is as one that is left out', () => {
    const { Pod } = synthStack(scope => {
      const serviceAccount = OTHER.serviceAccount('default', 'reader');
      new Workload(scope, 'Workload', { serviceAccount, identities: [AwsFederatedRole.fromRoleArn(scope, 'Role', { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [serviceAccount] })] });
      new Manifest(scope, 'Pod', { manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', namespace: '' }, spec: { serviceAccountName: '', serviceAccount: 'reader', containers: [{ name: 'app' }] } } });
      wire(scope);
    }).resource.kubernetes_manifest!;
    expect(Pod.manifest.spec.containers[0].env).toHaveLength(5);
  });
});

test.each(OWNERS)('%s (%s, %s) with an override that only Terraform knows is warned of', (_, __, form, create) => {
  expect(warningsOf(scope => {
    aws(scope);
    create(scope, 'Owner', { metadata: {}, spec: { serviceAccountName: 'reader', [form === 'typed' ? 'container' : 'containers']: [{ name: 'app' }] } }, METADATA);
    (scope.node.findChild('Owner') as TerraformResource).addOverride(form === 'typed' ? 'spec' : 'manifest', file());
    wire(scope);
  })).toEqual([['stack/Owner', 'unread-pods']]);
});

describe('what is no pod', () => {
  const CONTAINER = { name: 'app', image: 'app:1' };
  const build = (form: 'typed' | 'manifest', template: any) => () => synthStack(scope => {
    both(scope);
    const [, , , create] = OWNERS.find(owner => owner[1] === 'Deployment' && owner[2] === form)!;
    create(scope, 'Owner', { metadata: template.metadata, spec: { serviceAccountName: 'reader', ...template.spec } }, METADATA);
    wire(scope);
  });

  test.each<[string, any, string]>([
    ['a container that is null', { spec: { containers: [null] } }, 'spec.containers[0] must be an object, got "nothing"; remove it'],
    ['a container that is text', { spec: { containers: [CONTAINER, 'x'] } }, 'spec.containers[1] must be an object, got "x"; remove it'],
    ['a container that is a list', { spec: { containers: [[CONTAINER]] } }, 'spec.containers[0] must be an object, got [{"name":"app","image":"app:1"}]; remove it'],
    ['containers that are an object', { spec: { containers: { app: CONTAINER } } }, 'spec.containers must be a list, got {"app":{"name":"app","image":"app:1"}}; write it as Kubernetes has it'],
    ['init containers that are text', { spec: { containers: [CONTAINER], initContainers: 'x' } }, 'spec.initContainers must be a list, got "x"; write it as Kubernetes has it'],
    ['variables that are an object', { spec: { containers: [{ ...CONTAINER, env: { A: 'b' } }] } }, 'spec.containers[0].env must be a list, got {"A":"b"}; write it as Kubernetes has it'],
    ['a mount that is nothing', { spec: { containers: [{ ...CONTAINER, volumeMounts: [null] }] } }, 'spec.containers[0].volumeMounts[0] must be an object, got "nothing"; remove it'],
    ['volumes that are a number', { spec: { containers: [CONTAINER], volumes: 1 } }, 'spec.volumes must be a list, got 1; write it as Kubernetes has it'],
    ['annotations that are text', { metadata: { annotations: 'x' }, spec: { containers: [CONTAINER] } }, 'metadata.annotations must be an object, got "x"; write it as Kubernetes has it'],
    ['annotations that are a list', { metadata: { annotations: ['x'] }, spec: { containers: [CONTAINER] } }, 'metadata.annotations must be an object, got ["x"]; write it as Kubernetes has it'],
    ['metadata that are text', { metadata: 'x', spec: { containers: [CONTAINER] } }, 'metadata must be an object, got "x"; write it as Kubernetes has it'],
  ])('%s is refused', (_, template, message) => {
    expect(refusal(build('manifest', template)).message).toBe(`stack/Owner: ${message}`);
  });

  const junk = fc.oneof(fc.constantFrom(null, undefined, 0, '', 'x', true, [], {}, [null], [[]], ['x'], { name: null }, [{ name: 1 }], [{}], [{ name: 'app', env: 1 }]), fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<any>);
  const spec = fc.record({
    serviceAccountName: fc.constant('reader'), containers: junk, initContainers: junk, volumes: junk, securityContext: junk, nodeSelector: junk, restartPolicy: junk, shareProcessNamespace: junk,
    automountServiceAccountToken: junk,
  }, { requiredKeys: ['serviceAccountName'] });
  const container = fc.record({ name: fc.oneof(fc.constant('app'), junk), env: junk, volumeMounts: junk, image: junk }, { requiredKeys: [] });
  const pod = fc.record({
    metadata: fc.oneof(fc.constant(undefined), junk.map(annotations => ({ annotations })), junk.map(labels => ({ labels })), junk.filter(value => typeof value !== 'object')),
    spec: fc.oneof(spec, fc.array(container, { minLength: 1, maxLength: 2 }).map(containers => ({ serviceAccountName: 'reader', containers }))),
  });

  test.each([['tokens and files', both], ['containers', brought], ['nothing but a name', native]])('is refused or wired as a whole, and never changed, where a workload adds %s', (_, define) => {
    const stack = scratchStack();
    define(stack);
    let count = 0;
    const aspect = (props?: object) => new WorkloadWiring(props);
    fc.assert(fc.property(pod, fc.constantFrom(undefined, { fsGroup: 1 }), (input, props) => {
      const manifest = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: METADATA, spec: { template: deepFreeze(structuredClone(input)) } };
      const resource = new Manifest(stack, `Manifest${count++}`, { manifest });
      try {
        aspect(props).visit(resource);
      } catch (error) {
        expect(error).toBeInstanceOf(FederationError);
        expect(resource.manifestInput).toBe(manifest);
        return;
      }
      const once = resource.manifestInput as any;
      expect(once).not.toBe(manifest);
      const again = new Manifest(stack, `Manifest${count++}`, { manifest: deepFreeze(structuredClone(once)) });
      aspect(props).visit(again);
      expect(again.manifestInput).toEqual(once);
      expect(warningsAt(resource)).toEqual([]);
    }), { seed: Number(process.env.FUZZ_SEED ?? 20240229), numRuns: 400 });
  });
});

describe('annotations and labels that may keep containers from being wired', () => {
  const maps: [string, (scope: TerraformStack) => any, any][] = [
    ['annotations that are one token', scope => ({ annotations: Token.asStringMap(opaque(scope)) }), ['unread-annotations']],
    ['annotations with a key that only Terraform knows', scope => ({ annotations: { [variable(scope).stringValue]: 'x' } }), ['unread-annotations']],
    ['labels that are one token', scope => ({ labels: Token.asStringMap(opaque(scope)) }), ['unread-annotations']],
    ['values that only Terraform knows', scope => ({ annotations: { team: variable(scope).stringValue }, labels: { app: variable(scope, 'W').stringValue } }), []],
  ];
  const template = (metadata: any) => ({ metadata, spec: { container: [{ name: 'app', image: 'app:1' }] } });

  test.each(maps)('%s are warned of where they are wired', (_, metadata, expected) => {
    expect(warningsOf(scope => {
      aws(scope);
      new PodV1(scope, 'Pod', { metadata: { ...METADATA, ...metadata(scope) }, spec: { serviceAccountName: 'reader', container: [{ name: 'app' }] } });
      wire(scope);
    })).toEqual(expected.map((rule: string) => ['stack/Pod', rule]));
    expect(warningsOf(scope => {
      const workload = aws(scope);
      const given = template(metadata(scope));
      ['A', 'B'].forEach(id => new PodV1(scope, id, workload.podTemplate(given)));
    })).toEqual(expected.map((rule: string) => ['stack/Workload', rule]));
  });

  test.each(maps)('%s are nobody\'s business where nothing is wired, or they could keep nothing away', (_, metadata) => {
    expect(warningsOf(scope => {
      annotated(scope).podTemplate(template(metadata(scope)));
    })).toEqual([]);
    expect(warningsOf(scope => {
      const { labels } = metadata(scope);
      onAks(scope, { wiring: 'explicit' }).podTemplate(template({ labels }));
    })).toEqual([]);
  });

  test('are merged once, however often pods are wired', () => {
    const build = (aspect: boolean) => synthStack(scope => {
      const template_ = both(scope).podTemplate(template({ annotations: Token.asStringMap(opaque(scope)) }));
      new DeploymentV1(scope, 'Deployment', { metadata: METADATA, spec: { selector: {}, template: template_ } });
      if (aspect) {
        wire(scope);
        wire(scope);
      }
    });
    expect(build(true)).toEqual(build(false));
  });
});

describe('two Aspects', () => {
  const build = (first: object, second: object, nearer = false) => () => synthStack(scope => {
    aws(scope);
    const pod = new PodV1(scope, 'Pod', { metadata: METADATA, spec: { serviceAccountName: 'reader', container: [{ name: 'app' }] } });
    wire(scope, first);
    wire(nearer ? pod : scope, second);
  });

  test('refuses other options at one scope', () => {
    expect(refusal(build({ fsGroup: 1000 }, { fsGroup: 2000, kubernetesApiAccess: false }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack: WorkloadWiring must be added with one set of options to a scope, got "{\\"fsGroup\\":1000} and {\\"fsGroup\\":2000,\\"kubernetesApiAccess\\":false}"; '
        + 'leave one of them out, or add it nearer to the pods that it is for',
    });
  });

  test('may say the same at one scope, and something else nearer to the pods', () => {
    const spec = (...given: Parameters<typeof build>) => build(...given)().resource.kubernetes_pod_v1!.Pod.spec;
    expect(spec({ fsGroup: 1000, os: undefined }, { fsGroup: 1000 }).security_context).toEqual({ fs_group: '1000' });
    expect(spec({ fsGroup: 1000 }, { fsGroup: 2000 }, true).security_context).toEqual({ fs_group: '2000' });
    expect(synthApp(app => Aspects.of(stackIn(app)).add(new WorkloadWiring())).stack).toBeDefined();
  });

  test('may have one group that only Terraform knows', () => {
    const spec = synthStack(scope => {
      aws(scope);
      const group = new TerraformVariable(scope, 'Group', { type: 'number' });
      new PodV1(scope, 'Pod', { metadata: METADATA, spec: { serviceAccountName: 'reader', container: [{ name: 'app' }] } });
      wire(scope, { fsGroup: group.numberValue });
      wire(scope, { fsGroup: group.numberValue });
    }).resource.kubernetes_pod_v1!.Pod.spec;
    expect(spec.security_context).toEqual({ fs_group: '${var.Group}' });
  });
});

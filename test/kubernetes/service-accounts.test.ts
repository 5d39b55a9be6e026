import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { ServiceAccount } from '@cdktf/provider-kubernetes/lib/service-account';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { App, TerraformElement, TerraformStack, TerraformVariable } from 'cdktf';
import { annotated, aws, warningsOf, wire } from './known';
import { refusal } from '../refusal';
import { stackIn, synthApp, synthStack } from '../synth';

const PLACE = { name: 'reader', namespace: 'reports' };
type Create = (scope: TerraformStack, id: string, metadata: object, more?: object) => TerraformElement;
const manifestOf: Create = (scope, id, metadata, more) => new Manifest(scope, id, { manifest: { apiVersion: 'v1', kind: 'ServiceAccount', metadata }, ...more });
const ACCOUNTS: readonly (readonly [string, Create])[] = [
  ['kubernetes_service_account', (scope, id, metadata, more) => new ServiceAccount(scope, id, { metadata, ...more })],
  ['kubernetes_service_account_v1', (scope, id, metadata, more) => new ServiceAccountV1(scope, id, { metadata, ...more })],
  ['kubernetes_manifest', manifestOf],
];

describe.each(ACCOUNTS)('a %s of the user\'s own', (type, create) => {
  const refused = (build: (stack: TerraformStack) => void) => refusal(() => synthStack(build)).message;
  const ONE = 'stack/Own: metadata.name must be that of one ServiceAccount in the namespace (stack/Workload/Default is it), got "reader"; '
    + 'say `existingServiceAccount: true` where the workload is defined, or remove this one';

  test.each<[string, (stack: TerraformStack) => void]>([
    ['before it', stack => {
      create(stack, 'Own', PLACE);
      aws(stack);
    }],
    ['after it', stack => {
      aws(stack);
      create(stack, 'Own', PLACE);
    }],
    ['by a reference to the namespace', stack => {
      aws(stack);
      create(stack, 'Own', { name: 'reader', namespace: new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } }).metadata.name });
    }],
  ])('refuses it beside the one that a workload creates, %s', (_, build) => {
    expect(refused(build)).toBe(ONE);
  });

  test.each<[string, object, object | undefined]>([
    ['name', { name: 'writer', namespace: 'reports' }, undefined], ['namespace', { name: 'reader', namespace: 'other' }, undefined], ['namespace, which is none', { name: 'reader' }, undefined],
  ])('is nobody\'s business with another %s', (_, metadata, more) => {
    const build = (stack: TerraformStack) => {
      aws(stack);
      create(stack, 'Own', metadata, more);
    };
    expect(synthStack(build).resource[type]).toHaveProperty('Own');
    expect(warningsOf(build)).toEqual([]);
  });

  test('is nobody\'s business in another cluster, by another provider or in another stack', () => {
    expect(synthStack(stack => {
      aws(stack);
      create(stack, 'Own', PLACE, { provider: new KubernetesProvider(stack, 'Other', { alias: 'other' }) });
    }).resource[type]).toHaveProperty('Own');
    expect(synthApp(app => {
      aws(stackIn(app));
      create(stackIn(app, 'other'), 'Own', PLACE);
    }).other!.resource[type]).toHaveProperty('Own');
  });

  test.each([['before it', false], ['after it', true]])('is annotated once it is there, defined %s', (_, last) => {
    const { kubernetes_annotations: annotations } = synthStack(stack => {
      const own = () => create(stack, 'Own', PLACE, { dependsOn: [] });
      if (!last) {
        own();
      }
      annotated(stack, { existingServiceAccount: true });
      if (last) {
        own();
      }
    }).resource;
    expect(annotations!.Workload.depends_on).toEqual([`${type}.Own`]);
  });

  test('is annotated after what else it waits for', () => {
    const { kubernetes_annotations: annotations } = synthStack(stack => {
      const namespace = new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } });
      create(stack, 'Own', PLACE);
      annotated(stack, { existingServiceAccount: true, dependsOn: [namespace] });
    }).resource;
    expect(annotations!.Workload.depends_on).toEqual(['kubernetes_namespace_v1.Namespace', `${type}.Own`]);
  });
});

describe('a ServiceAccount with annotations of a workload', () => {
  const warned = (create: Create, more?: object, finish: (own: TerraformElement) => void = () => undefined) => warningsOf(stack => {
    annotated(stack, { existingServiceAccount: true });
    finish(create(stack, 'Own', PLACE, more));
  });

  test.each(ACCOUNTS.filter(([type]) => type !== 'kubernetes_manifest'))('is warned of as a %s, which would take them away', (_, create) => {
    expect(warned(create)).toEqual([['stack/Own', 'contested-annotations']]);
    expect(warningsOf(stack => {
      aws(stack, { existingServiceAccount: true });
      create(stack, 'Own', PLACE);
    })).toEqual([]);
  });

  test.each<[string, object]>([
    ['all of it', { lifecycle: { ignoreChanges: 'all' } }], ['its annotations', { lifecycle: { ignoreChanges: ['metadata[0].annotations'] } }],
    ['one of its annotations', { lifecycle: { ignoreChanges: ['metadata[0].annotations["eks.amazonaws.com/role-arn"]'] } }],
  ])('is none where Terraform ignores %s', (_, more) => {
    expect(warned(ACCOUNTS[1]![1], more)).toEqual([]);
  });

  test('is none where an override ignores them, or a manifest has them, which leaves the annotations of others', () => {
    expect(warned(ACCOUNTS[1]![1], {}, own => own.addOverride('lifecycle.ignore_changes', ['metadata[0].annotations']))).toEqual([]);
    expect(warned(manifestOf)).toEqual([]);
  });

  test('is none where the provider is told to leave annotations alone', () => {
    expect(warned(ACCOUNTS[1]![1], {}, own => {
      (TerraformStack.of(own).node.findChild('Kubernetes') as KubernetesProvider).ignoreAnnotations = ['^eks\\.amazonaws\\.com/'];
    })).toEqual([]);
  });
});

describe('pods that refer to a ServiceAccount of the user\'s own', () => {
  type NameOf = (own: ServiceAccountV1, stack: TerraformStack) => string;
  const podOf = (existing: (stack: TerraformStack) => void, name: NameOf, aspects = 1) => synthStack(stack => {
    const own = new ServiceAccountV1(stack, 'Own', { metadata: PLACE, lifecycle: { ignoreChanges: ['metadata[0].annotations'] } });
    existing(stack);
    new PodV1(stack, 'Pod', { metadata: { name: 'reports', namespace: 'reports' }, spec: { serviceAccountName: name(own, stack), container: [{ name: 'app', image: 'app:1' }] } });
    Array.from({ length: aspects }).forEach(() => wire(stack));
  }).resource.kubernetes_pod_v1!.Pod.spec;
  const reference = ({ metadata }: ServiceAccountV1) => metadata.name;

  test.each([[1], [2]])('go on waiting for it, however often the Aspect is added: %p', aspects => {
    const spec = podOf(stack => {
      aws(stack, { existingServiceAccount: true });
    }, reference, aspects);
    expect([spec.service_account_name, spec.container[0].env.length]).toEqual(['${kubernetes_service_account_v1.Own.metadata[0].name}', 5]);
  });

  test('wait for its annotations, which wait for it', () => {
    expect(podOf(stack => {
      annotated(stack, { existingServiceAccount: true });
    }, reference).service_account_name).toBe('${kubernetes_annotations.Workload.metadata[0].name}');
  });

  test('get the name of the workload where they say it', () => {
    expect(podOf(stack => {
      aws(stack, { existingServiceAccount: true });
    }, () => 'reader').service_account_name).toBe('reader');
  });

  test('are not warned of', () => {
    expect(warningsOf((stack: TerraformStack, _: App) => {
      const own = new ServiceAccountV1(stack, 'Own', { metadata: PLACE });
      aws(stack, { existingServiceAccount: true });
      new PodV1(stack, 'Pod', { metadata: { name: 'reports', namespace: 'reports' }, spec: { serviceAccountName: own.metadata.name, container: [{ name: 'app', image: 'app:1' }] } });
      wire(stack);
    })).toEqual([]);
  });

  test('a variable is no reference to it', () => {
    expect(podOf(stack => {
      aws(stack, { existingServiceAccount: true });
    }, (_, stack) => new TerraformVariable(stack, 'V', { type: 'string' }).stringValue).container[0].env).toBeUndefined();
  });
});

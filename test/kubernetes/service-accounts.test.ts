import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider, KubernetesProviderConfig } from '@cdktf/provider-kubernetes/lib/provider';
import { ServiceAccount } from '@cdktf/provider-kubernetes/lib/service-account';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { App, Aspects, TerraformElement, TerraformStack, TerraformVariable } from 'cdktf';
import { AwsFederatedRole, Workload, WorkloadOptions } from 'cdktf-workload-federation';
import { Construct } from 'constructs';
import { annotated, aws, EKS, OTHER, ROLE_ARN, warningsOf, wire } from './known';
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

describe.each([[['first', 'second']], [['second', 'first']]])('a ServiceAccount in another stack than the workload, in the order %p', order => {
  type Define = (second: TerraformStack, provider: KubernetesProvider) => void;
  const own: Define = (second, provider) => void new ServiceAccountV1(second, 'Own', { metadata: PLACE, provider });
  /** A workload in the second stack, which says to which cluster its provider leads. */
  const saying = (second: TerraformStack, kubernetesProvider?: KubernetesProvider, cluster = EKS) => {
    const serviceAccount = cluster.serviceAccount('reports', 'writer');
    const role = AwsFederatedRole.fromRoleArn(second, 'Role', { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [serviceAccount] });
    new Workload(second, 'Other', { serviceAccount, identities: [role], kubernetesProvider });
  };
  /** What an app is warned of, with a workload in the first stack and a ServiceAccount in the second, or why it is refused. */
  function outcome(define: Define, options: WorkloadOptions = {}, config: Partial<KubernetesProviderConfig> = {}, app?: (app: App) => void) {
    try {
      return warningsOf((_, root) => {
        app?.(root);
        const { first, second } = Object.fromEntries(order.map(id => [id, stackIn(root, id)])) as Record<'first' | 'second', TerraformStack>;
        const context = { alias: 'apps', configPath: '~/.kube/config', configContext: 'apps' };
        annotated(first, { ...options, kubernetesProvider: new KubernetesProvider(first, 'Provider', context) });
        define(second, new KubernetesProvider(second, 'Provider', { ...context, ...config }));
      });
    } catch (error) {
      return (error as Error).message;
    }
  }

  test('refuses to be beside the one that the workload creates, where a workload of its stack says that its provider leads to the same cluster', () => {
    const one = 'second/Own: metadata.name must be that of one ServiceAccount in the namespace (first/Workload/Default is it), got "reader"; '
      + 'say `existingServiceAccount: true` where the workload is defined, or remove this one';
    for (const ways of [[own, saying], [saying, own]]) {
      expect(outcome((second, provider) => ways.forEach(way => way(second, provider)))).toBe(one);
    }
  });

  test.each<[string, Define]>([
    ['no workload says so, though the providers read alike: files and addresses are many clusters\'', own],
    ['a workload says so of another provider', (second, provider) => {
      own(second, provider);
      saying(second);
    }],
    ['a workload says that its provider leads to another cluster', (second, provider) => {
      own(second, provider);
      saying(second, provider, OTHER);
    }],
    ['it has another name', (second, provider) => {
      saying(second, provider);
      new ServiceAccountV1(second, 'Own', { metadata: { ...PLACE, name: 'archive' }, provider });
    }],
    ['it is in another namespace', (second, provider) => {
      saying(second, provider);
      new ServiceAccountV1(second, 'Own', { metadata: { ...PLACE, namespace: 'other' }, provider });
    }],
  ])('is nobody\'s business where %s', (_, define) => {
    expect(outcome(define)).toEqual([]);
  });

  test('is that of a workload which says that it exists already, whose annotations it would take away and cannot depend on', () => {
    const both: Define = (second, provider) => {
      own(second, provider);
      saying(second, provider);
    };
    expect(outcome(both, { existingServiceAccount: true })).toEqual([['second/Own', 'contested-annotations']]);
    expect(outcome(both, { existingServiceAccount: true }, { ignoreAnnotations: ['^eks\\.amazonaws\\.com/'] })).toEqual([]);
    expect(outcome(own, { existingServiceAccount: true })).toEqual([]);
    let root: App;
    outcome(both, { existingServiceAccount: true }, {}, app => {
      root = app;
    });
    expect((root!.node.findChild('first').node.findChild('Workload') as Workload).annotations!.dependsOn).toBeUndefined();
  });
});

describe('the ServiceAccount that a workload creates', () => {
  type Change = (account: ServiceAccountV1, stack: TerraformStack) => void;
  const build = (change: Change, options: WorkloadOptions = {}) => () => synthStack(stack => {
    change(aws(stack, options).resource!, stack);
  });
  const variable = (stack: TerraformStack) => new TerraformVariable(stack, 'V', { type: 'string' }).stringValue;

  test.each<[string, string, string, Change]>([
    ['another name', 'metadata.name', 'other', account => account.addOverride('metadata.name', 'other')],
    ['another name, by its stack', 'metadata.name', 'other', (account, stack) => stack.addOverride(`resource.kubernetes_service_account_v1.${account.friendlyUniqueId}.metadata.name`, 'other')],
    ['another name, by putMetadata()', 'metadata.name', 'other', account => account.putMetadata({ name: 'other', namespace: 'reports' })],
    ['a name that only Terraform knows', 'metadata.name', 'a name that only Terraform knows', (account, stack) => account.addOverride('metadata.name', variable(stack))],
    ['an expression as its name', 'metadata.name', '${var.name}', account => account.addOverride('metadata.name', '${var.name}')],
    ['no name', 'metadata', 'what cannot be read', account => account.addOverride('metadata.name', undefined)],
    ['another namespace', 'metadata.namespace', 'other', account => account.addOverride('metadata.namespace', 'other')],
    ['no namespace', 'metadata.namespace', 'default', account => account.putMetadata({ name: 'reader' })],
    ['a namespace that only Terraform knows', 'metadata.namespace', 'a name that only Terraform knows', (account, stack) => account.addOverride('metadata.namespace', variable(stack))],
    ['another provider', 'provider', 'other', account => account.addOverride('provider', 'kubernetes.other')],
    ['a provider that cannot be read', 'metadata', 'what cannot be read', account => account.addOverride('provider', '${var.provider}')],
  ])('refuses to have %s, as nobody trusts that one', (_, prop, got, change) => {
    expect(refusal(build(change))).toEqual({
      code: 'ClashingWiring',
      message: `stack/Workload/Default: ${prop} must be that of the workload which creates the ServiceAccount, got "${got}"; `
        + 'take away what changes it, such as addOverride() or putMetadata(), and say it where the workload is defined',
    });
  });

  test.each<[string, Change, WorkloadOptions?]>([
    ['of labels', account => account.addOverride('metadata.labels', { team: 'reports' })],
    ['that say the same', account => {
      account.addOverride('metadata.name', 'reader');
      account.addOverride('provider', 'kubernetes');
    }],
    ['that say the same by a reference', (account, stack) => {
      account.addOverride('metadata.namespace', new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } }).metadata.name);
    }],
    ['of labels, in a namespace that it creates', account => account.addOverride('metadata.labels', { team: 'reports' }), { createNamespace: true }],
  ])('may have overrides %s', (_, change, options = {}) => {
    expect(build(change, options)().resource.kubernetes_service_account_v1).toHaveProperty('Workload');
  });

  test('may be defined by an Aspect, with a namespace that comes too late to be known by name', () => {
    const { kubernetes_service_account_v1: accounts } = synthStack(stack => {
      const own = new ServiceAccountV1(stack, 'Own', { metadata: { name: 'archive', namespace: 'reports' } });
      aws(stack, {}, 'writer', 'Other');
      new PodV1(stack, 'Pod', { metadata: { namespace: 'reports' }, spec: { serviceAccountName: own.metadata.name, container: [{ name: 'app' }] } });
      const late = new Construct(stack, 'Late');
      Aspects.of(late).add({
        visit: node => {
          if (node === late) {
            aws(late as TerraformStack, { createNamespace: true });
          }
        },
      });
    }).resource;
    expect(Object.values(accounts!).map(({ metadata }) => metadata.namespace)).toEqual([expect.stringMatching(/kubernetes_namespace_v1/), 'reports', 'reports']);
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

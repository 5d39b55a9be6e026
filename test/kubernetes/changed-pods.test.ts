import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { Fn, TerraformResource, TerraformStack, TerraformVariable, Token } from 'cdktf';
import { PodTemplate, PodTemplateOptions, Workload } from 'cdktf-workload-federation';
import { aws, both, brought, MOUNT, MOUNTED, warningsOf, wire } from './known';
import { OWNERS, sentTemplate } from './pod-owners';
import { refusal } from '../refusal';
import { synthStack } from '../synth';

const METADATA = { name: 'reports', namespace: 'reports' };
const TEMPLATE: PodTemplate = {
  metadata: { labels: { app: 'reports' } },
  spec: { initContainer: [{ name: 'first', image: 'app:1' }], container: [{ name: 'app', image: 'app:1' }, { name: 'proxy', image: 'proxy:1' }] },
};
const OPTIONS: PodTemplateOptions = { fsGroup: 65532, defaultMode: '0440', kubernetesApiAccess: false };

type Spec = Record<string, any>;
type Change = (template: { metadata: any; spec: Spec }, scope: TerraformStack) => { metadata: any; spec: Spec };

const inSpec = (change: (spec: Spec, scope: TerraformStack) => Spec): Change =>
  ({ metadata, spec }, scope) => ({ metadata, spec: { ...spec, ...change(spec, scope) } });

/** A Deployment with a template that is changed once it is wired. */
function deployment(scope: TerraformStack, change: Change, define: (stack: TerraformStack) => Workload = stack => both(stack)): DeploymentV1 {
  const { metadata: { namespace: _, ...metadata }, spec } = define(scope).podTemplate(TEMPLATE, define === brought ? {} : OPTIONS);
  const resource = new DeploymentV1(scope, 'Deployment', { metadata: METADATA, spec: { selector: {}, template: { metadata, spec } } });
  const changed = change({ metadata, spec: spec as Spec }, scope);
  resource.putSpec({ selector: {}, template: changed as never });
  return resource;
}
const specOf = (build: (scope: TerraformStack) => void) => synthStack(build).resource.kubernetes_deployment_v1!.Deployment.spec.template;

/** What takes something of the wiring away that the Aspect can give again. */
const COMPLETED: [string, Change][] = [
  ['another list of volumes', inSpec(() => ({ volume: [] }))],
  ['no volumes', inSpec(() => ({ volume: undefined }))],
  ['a container without mounts', inSpec(({ container: [app, proxy] }) => ({ container: [{ ...app, volumeMount: [] }, proxy] }))],
  ['a container without variables', inSpec(({ container: [app, proxy] }) => ({ container: [app, { ...proxy, env: undefined }] }))],
  ['a container without one variable', inSpec(({ container: [app, proxy] }) => ({ container: [app, { ...proxy, env: proxy.env.filter(({ name }: any) => name !== 'CLOUDSDK_CORE_PROJECT') }] }))],
  ['an init container without variables', inSpec(({ initContainer: [first] }) => ({ initContainer: [{ ...first, env: [] }] }))],
  ['a mount that is not read-only', inSpec(({ container: [app, proxy] }) => ({ container: [app, { ...proxy, volumeMount: [{ ...MOUNTED, readOnly: undefined }] }] }))],
  ['no annotations', ({ metadata, spec }) => ({ metadata: { ...metadata, annotations: undefined }, spec })],
  ['no group', inSpec(() => ({ securityContext: undefined }))],
  ['the token of the Kubernetes API left open', inSpec(() => ({ automountServiceAccountToken: undefined }))],
];

/** What is put in the place of something of the wiring. */
const REFUSED: [string, Change, RegExp][] = [
  ['another volume of the name', inSpec(() => ({ volume: [{ name: 'workload-federation', emptyDir: {} }] })), /spec\.volume must leave the name workload-federation to the workload/],
  ['volumes that only Terraform knows', inSpec((_, scope) => ({ volume: Token.asAny(new TerraformVariable(scope, 'V', {}).value) })), /spec\.volume must be a list that is known/],
  ['another value of a variable', inSpec(({ container: [app, proxy] }) => ({ container: [app, { ...proxy, env: [{ name: 'AWS_ROLE_ARN', value: 'x' }] }] })), /container\[1\]\.env must leave AWS_ROLE_ARN/],
  ['another group', inSpec(() => ({ securityContext: { fsGroup: '1' } })), /spec\.securityContext\.fsGroup must be 65532 or left out/],
  ['the token of the Kubernetes API', inSpec(() => ({ automountServiceAccountToken: true })), /automountServiceAccountToken must be false or left out/],
];

describe('a template that podTemplate() has wired, and that is changed to have', () => {
  test('nothing else is left as it is', () => {
    const build = (aspect: boolean) => specOf(scope => {
      deployment(scope, template => template);
      if (aspect) {
        wire(scope);
      }
    });
    expect(build(true)).toEqual(build(false));
    expect(warningsOf(scope => deployment(scope, template => template))).toEqual([]);
  });

  test.each(COMPLETED)('%s is wired again by the Aspect, as it was', (_, change) => {
    const complete = specOf(scope => deployment(scope, template => template));
    expect(specOf(scope => {
      deployment(scope, change);
      // The options of podTemplate() count, not these.
      wire(scope, { fsGroup: 1 });
    })).toEqual(complete);
  });

  test.each(COMPLETED)('%s is warned of without the Aspect where clients lack it, and not with the Aspect', (name, change) => {
    expect(warningsOf(scope => deployment(scope, change))).toEqual(name === 'no annotations' ? [] : [['stack/Deployment', 'unwired-workload']]);
    expect(warningsOf(scope => {
      deployment(scope, change);
      wire(scope);
    })).toEqual([]);
  });

  test.each(REFUSED)('%s is refused by the Aspect, and warned of without it', (_, change, message) => {
    expect(refusal(() => synthStack(scope => {
      deployment(scope, change);
      wire(scope);
    })).message).toMatch(new RegExp(`^stack/Deployment: .*${message.source}`));
    expect(warningsOf(scope => deployment(scope, change))).toEqual([['stack/Deployment', 'unwired-workload']]);
  });

  test('other things of its own is as wired as before', () => {
    const change = inSpec(({ container: [app, proxy], volume }) => ({
      container: [{ ...app, image: 'app:2', env: [{ name: 'LEVEL', value: 'debug' }, ...app.env] }, proxy], volume: [{ name: 'cache', emptyDir: {} }, ...volume], hostNetwork: true,
      serviceAccountName: 'reader',
    }));
    expect(warningsOf(scope => deployment(scope, change))).toEqual([]);
    const build = (aspect: boolean) => specOf(scope => {
      deployment(scope, change);
      if (aspect) {
        wire(scope);
      }
    });
    expect(build(true)).toEqual(build(false));
  });

  test('a container that has nothing by its annotation is as wired as before', () => {
    const skipped = { metadata: { annotations: { 'workload-federation/skip-containers': 'proxy,first' } }, spec: TEMPLATE.spec };
    expect(warningsOf(scope => {
      new PodV1(scope, 'Pod', both(scope).podTemplate(skipped));
      wire(scope);
    })).toEqual([]);
  });

  test('no helpers is wired again', () => {
    const without = inSpec(({ container, initContainer }) => ({ container: container.slice(0, 2), initContainer: initContainer.slice(1) }));
    const build = (change: Change) => specOf(scope => {
      deployment(scope, change, brought);
      wire(scope);
    });
    expect(build(without)).toEqual(build(template => template));
    expect(warningsOf(scope => deployment(scope, without, brought))).toEqual([['stack/Deployment', 'unwired-workload']]);
  });

  test('the service account of another workload is refused by the Aspect, and warned of without it', () => {
    const another = (scope: TerraformStack) => deployment(scope, inSpec(() => ({ serviceAccountName: 'writer' })), stack => {
      aws(stack, {}, 'writer', 'Other');
      return both(stack);
    });
    expect(refusal(() => synthStack(scope => {
      another(scope);
      wire(scope);
    }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Deployment: spec.serviceAccountName must be that of the workload that wired the pods, reader, got "writer"; '
        + 'leave it out, and use the podTemplate() of the other workload for pods that run as it',
    });
    expect(warningsOf(another)).toEqual([['stack/Deployment', 'unwired-workload']]);
  });

  test.each<[string, (workload: Workload) => any]>([
    ['the Job of a smoke test, which says the names as they are,', workload => workload.smokeTestManifest()],
    ['a Pod by podManifest()', workload => {
      const { spec, metadata } = workload.podManifest({ metadata: METADATA, spec: { containers: [{ name: 'app' }] } });
      return { apiVersion: 'v1', kind: 'Pod', metadata, spec };
    }],
  ])('%s is left as it is', (_, manifest) => {
    const build = (aspect: boolean) => synthStack(scope => {
      const workload = both(scope);
      new Manifest(scope, 'Manifest', { manifest: manifest(workload) });
      if (aspect) {
        wire(scope);
      }
    }).resource.kubernetes_manifest;
    expect(build(true)).toEqual(build(false));
    expect(warningsOf(scope => new Manifest(scope, 'Manifest', { manifest: manifest(both(scope)) }))).toEqual([]);
  });
});

describe.each(OWNERS)('overrides of %s (%s, %s)', (type, kind, form, create) => {
  const typed = form === 'typed';
  const root = typed ? [] : ['manifest'];
  const inside = { Pod: [], CronJob: ['spec', typed ? 'job_template' : 'jobTemplate', 'spec', 'template'] }[kind as string] ?? ['spec', 'template'];
  const override = (scope: TerraformStack, path: string, value: unknown, byStack = false) => {
    const resource = scope.node.findChild('Owner') as TerraformResource;
    const names = [...root, ...inside, 'spec', ...path.split('.')];
    if (byStack) {
      scope.addOverride(['resource', type, resource.friendlyUniqueId, ...names].join('.'), value);
    } else {
      resource.addOverride(names.join('.'), value);
    }
  };
  const names = typed ? { volumes: 'volume', containers: 'container', account: 'service_account_name', mounts: 'volume_mount', path: 'mount_path' }
    : { volumes: 'volumes', containers: 'containers', account: 'serviceAccountName', mounts: 'volumeMounts', path: 'mountPath' };
  const build = (change: (scope: TerraformStack) => void, aspect: boolean, serviceAccountName: string | undefined = 'reader') => (scope: TerraformStack) => {
    both(scope);
    aws(scope, {}, 'writer', 'Other');
    const spec = { ...serviceAccountName === '' ? {} : { serviceAccountName }, [typed ? 'container' : 'containers']: [{ name: 'app', image: 'app:1' }] };
    create(scope, 'Owner', { metadata: { labels: { app: 'reports' } }, spec }, METADATA);
    change(scope);
    if (aspect) {
      wire(scope);
    }
  };
  // cdktf writes some overrides of a manifest into the objects that it was given, where they are what clashes.
  const refused = typed ? /^stack\/Owner: addOverride must leave the pods as they are wired, got "overrides of the pods"/ : /^stack\/Owner: /;

  test.each<[string, (scope: TerraformStack) => void]>([
    ['another container', scope => override(scope, names.containers, [{ name: 'late', image: 'late:1' }])],
    ['a container\'s variables', scope => override(scope, `${names.containers}.0.env`, Fn.jsondecode('[]'))],
    ['a place within our mount', scope => override(scope, `${names.containers}.0.${names.mounts}`, [{ name: 'x', [names.path]: `${MOUNT}/aws` }])],
    ['volumes that only Terraform knows', scope => override(scope, names.volumes, new TerraformVariable(scope, 'V', {}).value)],
    ['the same by those of the stack', scope => override(scope, names.containers, [{ name: 'late', image: 'late:1' }], true)],
  ])('that give it %s are refused with the Aspect, and warned of', (_, change) => {
    expect(refusal(() => synthStack(build(change, true))).message).toMatch(refused);
    expect(warningsOf(build(change, false))).toEqual([['stack/Owner', 'unwired-workload']]);
  });

  test('that give it more volumes, or something else, are nobody\'s business', () => {
    const more = (scope: TerraformStack) => {
      override(scope, names.volumes, [{ name: 'cache' }]);
      override(scope, typed ? 'host_network' : 'hostNetwork', true);
      override(scope, `${names.containers}.0.image`, 'app:2');
    };
    const { spec } = sentTemplate(synthStack(build(more, true)), type, kind, 'Owner');
    expect(spec).toMatchObject({ hostNetwork: true, containers: [{ image: 'app:2', volumeMounts: [MOUNTED] }], volumes: [{ name: 'workload-federation' }, { name: 'cache' }] });
    expect(warningsOf(build(more, true))).toEqual([]);
  });

  test('that name containers which get nothing are heeded', () => {
    const annotated = (scope: TerraformStack) => (scope.node.findChild('Owner') as TerraformResource).addOverride(
      [...root, ...inside, 'metadata', 'annotations'].join('.'), { 'workload-federation/skip-containers': 'app' });
    const { spec } = sentTemplate(synthStack(build(annotated, true)), type, kind, 'Owner');
    expect([spec.containers, spec.volumes]).toEqual([[{ name: 'app', image: 'app:1' }], undefined]);
    expect(warningsOf(build(annotated, true))).toEqual([]);
  });

  test('that say the service account are looked at', () => {
    const { spec } = sentTemplate(synthStack(build(scope => override(scope, names.account, 'writer'), true, '')), type, kind, 'Owner');
    expect([spec.serviceAccountName, spec.containers[0].env.length]).toEqual(['writer', 5]);
    const other = sentTemplate(synthStack(build(scope => override(scope, names.account, 'nobody'), true)), type, kind, 'Owner');
    expect([other.spec.serviceAccountName, other.spec.volumes]).toEqual(['nobody', undefined]);
  });
});

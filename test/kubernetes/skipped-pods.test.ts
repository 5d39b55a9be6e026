import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { AnnotationMetadataEntryType, App, Fn, TerraformStack, TerraformVariable } from 'cdktf';
import { PodTemplate, Workload, WorkloadWiring } from 'cdktf-workload-federation';
import { IConstruct } from 'constructs';
import { annotated, both, onAks, OTHER, warningsOf, wire } from './known';
import { OWNERS } from './pod-owners';
import { refusal } from '../refusal';
import { inFolder, scratchStack, stackIn, synthStack } from '../synth';

const SKIP = { 'workload-federation/skip': 'true' };
const PLACE = { name: 'reports', namespace: 'reports' };

describe.each(OWNERS)('pods of a %s (%s, %s)', (_, kind, form, create) => {
  const list = form === 'typed' ? 'container' : 'containers';
  const template = (annotations?: object) => ({ metadata: { labels: { app: 'reports' }, ...annotations && { annotations } }, spec: { serviceAccountName: 'reader', [list]: [{ name: 'app', image: 'app:1' }] } }) as any;

  test.each<[string, object | undefined, object | undefined, boolean]>([
    ['where the resource says so', SKIP, undefined, true], ['where the pods say so', undefined, SKIP, true],
    ['but not by another value', { 'workload-federation/skip': 'false' }, undefined, false],
  ])('stay as they are, without a warning, %s', (__, annotations, inTemplate, stay) => {
    const build = (aspect: boolean) => (stack: TerraformStack) => {
      both(stack);
      create(stack, 'Owner', template(inTemplate), { ...PLACE, ...(kind === 'Pod' && inTemplate ? { annotations: inTemplate } : annotations && { annotations }) });
      if (aspect) {
        wire(stack);
      }
    };
    const [as, wired] = [false, true].map(aspect => JSON.stringify(synthStack(build(aspect))));
    expect(wired === as).toBe(stay);
    expect([false, true].map(aspect => warningsOf(build(aspect)))).toEqual(stay ? [[], []] : [[['stack/Owner', 'unwired-workload']], []]);
  });
});

describe('a Deployment', () => {
  const deploymentOf = (annotations: (stack: TerraformStack) => object) => synthStack(stack => {
    both(stack);
    new DeploymentV1(stack, 'Deployment', {
      metadata: { ...PLACE, annotations: annotations(stack) as Record<string, string> },
      spec: { selector: {}, template: { metadata: {}, spec: { serviceAccountName: 'reader', container: [{ name: 'app' }] } } },
    });
    wire(stack);
  });

  test.each<[string, (stack: TerraformStack) => object, string]>([
    ['is no such word', () => ({ 'workload-federation/skip': 'yes' }), 'got "yes"'],
    ['is no text', () => ({ 'workload-federation/skip': true }), 'got true'],
    ['only Terraform knows', stack => ({ 'workload-federation/skip': new TerraformVariable(stack, 'V', { type: 'string' }).stringValue }), 'got "a value that only Terraform knows"'],
  ])('refuses a value that %s', (_, annotations, got) => {
    expect(refusal(() => deploymentOf(annotations)).message).toBe(
      `stack/Deployment: metadata.annotations["workload-federation/skip"] must be "true" or "false", ${got}; write "true", in quotes, to keep WorkloadWiring from the pods, or leave it out`);
  });

  test('is wired where only Terraform knows its annotations', () => {
    const { spec } = deploymentOf(stack => new TerraformVariable(stack, 'V', { type: 'map(string)' }).value).resource.kubernetes_deployment_v1!.Deployment;
    expect(spec.template.spec.container[0].env).toHaveLength(9);
  });
});

test('pods that cannot be read are not warned of where their resource keeps the Aspect from them', () => {
  const build = (annotations?: object) => warningsOf(stack => {
    both(stack);
    const serviceAccountName = new TerraformVariable(stack, 'V', { type: 'string' }).stringValue;
    new Manifest(stack, 'Manifest', { manifest: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { ...PLACE, annotations }, spec: { template: { spec: { serviceAccountName, containers: [{ name: 'app' }] } } } } });
    wire(stack);
  });
  expect([build(), build(SKIP)]).toEqual([[['stack/Manifest', 'unread-pods']], []]);
});

describe('a nearer Aspect', () => {
  const CONTAINERS = { serviceAccountName: 'reader', container: [{ name: 'app' }] };
  const NEARER: [string, (stack: TerraformStack) => IConstruct, string, number][] = [
    ['a manifest from a file', stack => new Manifest(stack, 'Pods', { manifest: Fn.yamldecode(Fn.file('crd.yaml')) }), 'unread-pods', 1],
    ['pods of a workload', stack => new PodV1(stack, 'Pods', { metadata: PLACE, spec: CONTAINERS }), 'unwired-workload', 0],
  ];

  test.each(NEARER)('keeps the other from %s, and its warnings', (_, create, rule, aspects) => {
    const build = (skip?: boolean) => (stack: TerraformStack) => {
      both(stack);
      const pods = create(stack);
      Array.from({ length: skip === undefined ? aspects : 1 }, () => wire(stack, { fsGroup: 1 }));
      if (skip === true) {
        wire(pods, { skip });
      }
    };
    expect([warningsOf(build()), warningsOf(build(true))]).toEqual([[['stack/Pods', rule]], []]);
    const as = synthStack(stack => {
      both(stack);
      create(stack);
    });
    expect(synthStack(build(true)).resource).toEqual(as.resource);
  });

  test('keeps pods that cannot be read from a warning in a stack without workloads', () => {
    const build = (skip: boolean) => warningsOf((stack, app) => {
      both(stack);
      const pods = stackIn(app, 'pods');
      const manifest = new Manifest(pods, 'Pods', { manifest: Fn.yamldecode(Fn.file('crd.yaml')) });
      wire(pods);
      if (skip) {
        wire(manifest, { skip });
      }
    });
    expect([build(false), build(true)]).toEqual([[['pods/Pods', 'unread-pods']], []]);
  });

  test('wires what one above it skips', () => {
    const { Pods } = synthStack(stack => {
      both(stack);
      wire(stack, { skip: true });
      wire(new PodV1(stack, 'Pods', { metadata: PLACE, spec: CONTAINERS }));
    }).resource.kubernetes_pod_v1!;
    expect(Pods.spec.container[0].env).toHaveLength(9);
  });

  test('refuses to skip and to wire at one scope', () => {
    expect(refusal(() => synthStack(stack => {
      both(stack);
      wire(stack);
      wire(stack, { skip: true });
    })).message).toBe('stack: WorkloadWiring must be added with one set of options to a scope, got "{} and {\\"skip\\":true}"; leave one of them out, or add it nearer to the pods that it is for');
  });
});

describe('pods of Azure\'s webhook without its label', () => {
  const warned = (annotation: string, names: string, more: object = {}) => warningsOf(stack => {
    onAks(stack);
    new PodV1(stack, 'Pod', {
      metadata: { ...PLACE, annotations: { [annotation]: names } }, spec: { serviceAccountName: 'reader', container: [{ name: 'app' }, { name: 'proxy' }], ...more },
    });
  });

  test.each([['workload-federation/skip-containers', ','], ['azure.workload.identity/skip-containers', ';']])('are nobody\'s business where all containers get nothing by %s', (annotation, separator) => {
    const unwired = [['stack/Pod', 'unwired-workload']];
    expect([warned(annotation, `app${separator}proxy`), warned(annotation, 'app'), warned(annotation, `app${separator}proxy`, { initContainer: [{ name: 'first' }] })]).toEqual([[], unwired, unwired]);
  });
});

/** The notes of an app, by construct. */
function notesOf(build: (stack: TerraformStack) => void): [string, string][] {
  return inFolder(folder => {
    const app = new App({ outdir: folder });
    build(stackIn(app));
    app.synth();
    const notes = ({ node }: IConstruct) => node.metadata.filter(({ type }) => type === AnnotationMetadataEntryType.INFO)
      .map(({ data }): [string, string] => [node.path, String(data)]);
    return app.node.findAll().flatMap(notes);
  });
}

describe('containers that take variables from elsewhere', () => {
  const NOTE = 'variables-from-elsewhere: Containers that get a federated identity take variables from Secrets or ConfigMaps by envFrom, where nobody can see here what is in them; '
    + 'keys of old are often there, and win over the token. There must be none of ';
  const AWS = 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, AWS_DEFAULT_PROFILE, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE';
  type Annotated = Record<string, string> | undefined;
  const noted = (workload: (stack: TerraformStack) => Workload, container: object, annotations?: Annotated, list = 'container') => notesOf(stack => {
    workload(stack);
    const containers = { container: [{ name: 'main' }], [list]: [{ name: 'app', ...container }, ...list === 'container' ? [{ name: 'proxy', env: [{ name: 'AWS_REGION', value: 'eu-west-1' }] }] : []] };
    new PodV1(stack, 'Pod', { metadata: { ...PLACE, annotations }, spec: { serviceAccountName: 'reader', ...containers } });
    wire(stack);
    wire(stack);
  });
  const secret = { envFrom: [{ secretRef: { name: 'keys' } }] };

  test.each(['container', 'initContainer'] as const)('are noted once, with what must not be there, by the Aspect in a list of %s', list => {
    expect(noted(both, secret, undefined, list)).toEqual([['stack/Pod', `${NOTE}${AWS}, CLOUDSDK_AUTH_ACCESS_TOKEN_FILE.`]]);
  });

  test('are noted where a webhook sets what they need', () => {
    expect(noted(annotated, secret)).toEqual([['stack/Pod',
      `${NOTE}AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, AWS_DEFAULT_PROFILE, AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE.`]]);
  });

  test.each<[string, object, Record<string, string> | undefined]>([
    ['take none', {}, undefined], ['have an empty list of them', { envFrom: [] }, undefined], ['get nothing', secret, { 'workload-federation/skip-containers': 'app' }],
    ['are of pods that get nothing', secret, { 'workload-federation/skip': 'true' }],
  ])('are not noted where they %s', (_, container, annotations) => {
    expect(noted(both, container, annotations)).toEqual([]);
  });

  test.each<[string, (workload: Workload) => unknown]>([
    ['podTemplate()', workload => workload.podTemplate({ spec: { container: [{ name: 'app', ...secret }] } } as PodTemplate)],
    ['podManifest()', workload => workload.podManifest({ spec: { containers: [{ name: 'app', ...secret }] } })],
  ])('are noted once at the workload by %s', (_, template) => {
    expect(notesOf(stack => {
      const workload = both(stack);
      template(workload);
      template(workload);
    })).toEqual([['stack/Workload', `${NOTE}${AWS}, CLOUDSDK_AUTH_ACCESS_TOKEN_FILE.`]]);
  });
});

test('refuses an Aspect that keeps pods as they are, with options of a wiring', () => {
  expect(refusal(() => new WorkloadWiring({ skip: true, fsGroup: 65532 })).message).toBe(
    'WorkloadWiring: skip must be alone, got "fsGroup"; leave the others out: pods that stay as they are have no use for them');
});

describe('podManifest()', () => {
  test('is podTemplate() in the form of the Kubernetes API', () => {
    const workload = both(scratchStack(), { immutableConfigMap: true, kubernetesApiAccess: false });
    const { spec: { container, volume, ...typed } } = workload.podTemplate({ spec: { container: [{ name: 'app' }] } }) as any;
    const { metadata, spec: { containers, volumes, ...spec } } = workload.podManifest({ spec: { containers: [{ name: 'app' }] } }) as any;
    expect([metadata, spec, containers[0].env, containers[0].volumeMounts]).toEqual([{}, typed, container[0].env, container[0].volumeMount]);
    expect(volumes[0].projected.sources.slice(0, 2)).toEqual(volume[0].projected[0].sources.slice(0, 2));
  });

  test('refuses what podTemplate() refuses', () => {
    const workload = both(scratchStack(), {}, OTHER);
    expect(refusal(() => workload.podManifest({ spec: { containers: [{ name: 'app', env: [{ name: 'AWS_PROFILE', value: 'mine' }] }] } })).message).toBe(
      'stack/Workload: spec.containers[0].env must not set AWS_PROFILE, got "a value of its own"; remove it: it would win over the federated identity');
  });
});

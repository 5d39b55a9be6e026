import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TerraformStack } from 'cdktf';
import { PodTemplateOptions, Workload, WorkloadWiring, WorkloadWiringProps } from 'cdktf-workload-federation';
import * as fc from 'fast-check';
import { both, brought, deepFreeze, MOUNT, native } from './known';
import { refusal } from '../refusal';
import { scratchStack, synthStack } from '../synth';

const numbers = (security: any, number: (value: any) => any) => security && Object.fromEntries(Object.entries(security)
  .map(([key, value]) => [key, ['fsGroup', 'runAsUser', 'runAsGroup'].includes(key) ? number(value) : value]));

/** What the provider's typed form of a pod is in the API: said here once more, independently of the code. */
function toApi({ metadata, spec: { container, initContainer, volume, securityContext, ...spec } }: any): any {
  const containers = (list: any[]) => list.map(({ volumeMount, securityContext: security, ...one }) => ({
    ...one, ...(volumeMount && { volumeMounts: volumeMount }), ...(security && { securityContext: numbers(security, Number) }),
  }));
  return {
    metadata,
    spec: {
      ...spec,
      containers: containers(container),
      ...(initContainer && { initContainers: containers(initContainer) }),
      ...(securityContext && { securityContext: numbers(securityContext, Number) }),
      ...(volume && {
        volumes: volume.map(({ projected, ...one }: any) => projected === undefined ? one : {
          ...one,
          projected: {
            ...(projected[0].defaultMode && { defaultMode: Number.parseInt(projected[0].defaultMode, 8) }),
            sources: projected[0].sources.map((source: any) => source.configMap ? { configMap: source.configMap[0] } : source),
          },
        }),
      }),
    },
  };
}

function toTyped({ metadata, spec: { containers: all, initContainers, volumes, securityContext, ...spec } }: any): any {
  const containers = (list: any[]) => list.map(({ volumeMounts, ...one }) => ({ ...one, ...(volumeMounts && { volumeMount: volumeMounts }) }));
  return {
    metadata,
    spec: {
      ...spec, container: containers(all), ...(initContainers && { initContainer: containers(initContainers) }), ...(volumes && { volume: volumes }),
      ...(securityContext && { securityContext: numbers(securityContext, String) }),
    },
  };
}

const SEED = Number(process.env.FUZZ_SEED ?? 20240229);
const word = fc.stringMatching(/^[a-z]{1,8}$/);
const record = fc.dictionary(word, word, { maxKeys: 3 });
const container = fc.record({
  name: word,
  image: word,
  args: fc.array(word, { maxLength: 2 }),
  env: fc.uniqueArray(fc.oneof(
    fc.record({ name: word.map(name => `APP_${name.toUpperCase()}`), value: fc.string() }),
    fc.record({ name: word.map(name => `APP_${name.toUpperCase()}`), valueFrom: fc.record({ fieldRef: fc.record({ fieldPath: word }) }) }),
  ), { selector: ({ name }) => name, maxLength: 4 }),
  volumeMounts: fc.array(fc.record({ name: word, mountPath: word.map(name => `/data/${name}`), subPath: word }, { requiredKeys: ['name', 'mountPath'] }), { maxLength: 3 }),
}, { requiredKeys: ['name'] });
const names = (separator: string) => fc.array(word, { maxLength: 3 }).map(list => list.join(separator));
const template = fc.record({
  metadata: fc.record({
    labels: record,
    annotations: fc.oneof(record, fc.record({ 'eks.amazonaws.com/skip-containers': names(','), 'workload-federation/skip-containers': names(', ') }, { requiredKeys: [] })),
  }, { requiredKeys: [] }),
  spec: fc.record({
    serviceAccountName: fc.constant('reader'),
    containers: fc.uniqueArray(container, { selector: ({ name }) => name, minLength: 1, maxLength: 3 }),
    initContainers: fc.array(container, { maxLength: 2 }),
    volumes: fc.uniqueArray(fc.record({ name: word.map(name => `v-${name}`), emptyDir: fc.record({ medium: word }, { requiredKeys: [] }) }), { selector: ({ name }) => name, maxLength: 3 }),
    securityContext: fc.record({ runAsUser: fc.integer({ min: 1, max: 9 }), fsGroup: fc.constant(65532) }, { requiredKeys: [] }),
    nodeSelector: record,
    hostNetwork: fc.boolean(),
    automountServiceAccountToken: fc.constant(false),
  }, { requiredKeys: ['serviceAccountName', 'containers'] }),
}, { requiredKeys: ['spec'] }).map(({ metadata, spec }) => {
  // Our own annotation names containers that there are.
  const ours = 'workload-federation/skip-containers';
  const { [ours]: skipped, ...annotations } = (metadata?.annotations ?? {}) as Record<string, string>;
  const there = new Set([...spec.containers, ...spec.initContainers ?? []].map(({ name }) => name));
  return skipped === undefined ? { metadata, spec } : {
    metadata: { ...metadata, annotations: { ...annotations, [ours]: [...skipped.split(', ').filter(name => there.has(name)), spec.containers[0]!.name].join(', ') } }, spec,
  };
});
const options: fc.Arbitrary<WorkloadWiringProps> = fc.oneof(
  fc.record({ fsGroup: fc.constant(65532), kubernetesApiAccess: fc.constant(false as const) }, { requiredKeys: [] }),
  fc.record({ fsGroup: fc.constant(65532), defaultMode: fc.constantFrom('0440', '0400') }),
);

/** Wires pods in both forms by the Aspect. */
class Pods {
  private count = 0;
  constructor(private readonly stack: TerraformStack) {}

  public typed({ metadata, spec }: any, props: WorkloadWiringProps): any {
    const pod = new PodV1(this.stack, `Pod${this.count++}`, { metadata: { ...metadata, name: 'reports', namespace: 'reports' }, spec });
    new WorkloadWiring(props).visit(pod);
    const { name: _, namespace: __, ...others } = pod.metadataInput!;
    return { metadata: others, spec: pod.specInput! };
  }

  public manifest({ metadata, spec }: any, props: WorkloadWiringProps): any {
    const pod = new Manifest(this.stack, `Pod${this.count++}`, {
      manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: 'reports', namespace: 'reports' }, spec },
    });
    new WorkloadWiring(props).visit(pod);
    const { metadata: { name: _, namespace: __, ...others }, spec: wired } = pod.manifestInput as any;
    return { metadata: others, spec: wired };
  }
}

describe.each([['tokens and files', both], ['containers', brought], ['nothing but a name', native]])('where a workload adds %s', (_, define) => {
  const stack = scratchStack();
  const pods = new Pods(stack);
  define(stack);
  const fitting = options.map(props => define === both ? props : { ...props, defaultMode: undefined });
  const property = (check: (input: any, props: WorkloadWiringProps) => void) =>
    fc.assert(fc.property(template.map(deepFreeze), fitting, check), { seed: SEED, numRuns: 120 });

  test('both forms agree', () => {
    property((input, props) => expect(toApi(pods.typed(toTyped(input), props))).toEqual(pods.manifest(input, props)));
  });

  test.each(['typed', 'manifest'] as const)('wiring twice is wiring once in the form %s', form => {
    property((input, props) => {
      const once = pods[form](form === 'typed' ? toTyped(input) : input, props);
      // A copy is not known to be wired.
      expect(pods[form](deepFreeze(structuredClone(once)), props)).toEqual(once);
    });
  });

  test.each(['typed', 'manifest'] as const)('nothing is lost, the order is kept, and the input stays as it was in the form %s', form => {
    property((input, props) => {
      const given = deepFreeze(form === 'typed' ? toTyped(input) : input);
      const before = JSON.stringify(given);
      const { metadata, spec } = form === 'typed' ? toApi(pods.typed(given, props)) : pods.manifest(given, props);
      expect(JSON.stringify(given)).toBe(before);
      expect(metadata).toMatchObject(input.metadata ?? {});
      const own = (list: any[] | undefined, of: any[] | undefined) => (list ?? []).filter(({ name }) => (of ?? []).some(one => one.name === name));
      for (const list of ['containers', 'initContainers']) {
        const kept = own(spec[list], input.spec[list]);
        const others = ({ env, volumeMounts, ...rest }: any) => rest;
        expect(kept.map(others)).toEqual((input.spec[list] ?? []).map(others));
        (input.spec[list] ?? []).forEach(({ env = [], volumeMounts = [] }: any, index: number) => {
          expect((kept[index].env ?? []).slice(0, env.length)).toEqual(env);
          expect((kept[index].volumeMounts ?? []).slice(0, volumeMounts.length)).toEqual(volumeMounts);
        });
      }
      expect((spec.volumes ?? []).slice(0, input.spec.volumes?.length ?? 0)).toEqual(input.spec.volumes ?? []);
      const { containers: c, initContainers: i, volumes: v, serviceAccountName: s, ...rest } = spec;
      const { containers: ci, initContainers: ii, volumes: vi, serviceAccountName: si, ...restBefore } = input.spec;
      expect(rest).toEqual({
        ...restBefore, ...(props.kubernetesApiAccess === false ? { automountServiceAccountToken: false } : {}),
        ...(props.fsGroup === undefined ? {} : { securityContext: { ...restBefore.securityContext, fsGroup: 65532 } }),
      });
    });
  });
});

const APP = { spec: { container: [{ name: 'app' }] } };

describe('options', () => {
  test('the volume belongs to a group, with a mode', () => {
    const { spec } = synthStack(scope => {
      new PodV1(scope, 'Pod', both(scope).podTemplate(
        { spec: { ...APP.spec, securityContext: { runAsUser: '1000' } } }, { fsGroup: 65532, defaultMode: '0440', kubernetesApiAccess: false }));
    }).resource.kubernetes_pod_v1!.Pod;
    const [{ projected: [projected] }] = spec.volume;
    expect([spec.security_context, projected.default_mode, spec.automount_service_account_token, spec.container[0].volume_mount]).toEqual([
      { fs_group: '65532', run_as_user: '1000' }, '0440', false, [{ name: 'workload-federation', mount_path: MOUNT, read_only: true }],
    ]);
  });

  test('the mode needs no group of the option where the template has one', () => {
    const { spec } = both(scratchStack()).podTemplate({ spec: { ...APP.spec, securityContext: { fsGroup: '1000' } } }, { defaultMode: '0400' });
    expect((spec.volume as any)[0].projected[0].defaultMode).toBe('0400');
  });

  test('pods run on nodes with GKE\'s metadata server', () => {
    const { spec } = native(scratchStack()).podTemplate({ spec: { ...APP.spec, nodeSelector: { pool: 'batch' } } }, { gkeMetadataServerNodeSelector: true });
    expect(spec.nodeSelector).toEqual({ 'pool': 'batch', 'iam.gke.io/gke-metadata-server-enabled': 'true' });
  });

  test('on Windows, paths are on its drive, and mounts are known in each of its forms', () => {
    const workload = both(scratchStack());
    const once = workload.podTemplate(APP, { os: 'windows' });
    const [app] = once.spec.container as any[];
    expect(app.env.filter(({ value }: any) => value.includes(MOUNT)).map(({ value }: any) => value)).toEqual([
      `C:${MOUNT}/aws/token`, `C:${MOUNT}/gcp/credential-configuration.json`, `C:${MOUNT}/gcp/credential-configuration.json`,
    ]);
    expect(app.volumeMount).toEqual([{ name: 'workload-federation', mountPath: `C:${MOUNT}`, readOnly: true }]);
    expect(workload.podTemplate(once, { os: 'windows' })).toEqual(once);
    for (const mountPath of [MOUNT, `c:${MOUNT.replaceAll('/', '\\')}\\`, `C:${MOUNT.toUpperCase()}`]) {
      const [mounted] = workload.podTemplate({ spec: { container: [{ name: 'app', volumeMount: [{ name: 'workload-federation', mountPath }] }] } }, { os: 'windows' }).spec.container as any[];
      expect(mounted.volumeMount).toEqual([{ name: 'workload-federation', mountPath, readOnly: true }]);
      expect(refusal(() => workload.podTemplate({ spec: { container: [{ name: 'app', volumeMount: [{ name: 'other', mountPath: `${mountPath}/aws` }] }] } }, { os: 'windows' })).code).toBe('ClashingWiring');
    }
  });
});

describe('refuses', () => {
  test.each<[string, (stack: TerraformStack) => Workload, any, PodTemplateOptions, string]>([
    ['another system', both, APP, { os: 'plan9' as never }, 'os must be "linux" or "windows", got "plan9"; leave it out for "linux"'],
    ['a group on Windows', both, APP, { os: 'windows', fsGroup: 1 }, 'fsGroup must be left out on Windows, which knows nothing of the kind, got 1; leave it out'],
    ['a mode on Windows', both, APP, { os: 'windows', defaultMode: '0440' }, 'defaultMode must be left out on Windows, which knows nothing of the kind, got "0440"; leave it out'],
    ['the metadata server on Windows', native, APP, { os: 'windows', gkeMetadataServerNodeSelector: true }, 'gkeMetadataServerNodeSelector must be left out on Windows, which knows nothing of the kind, got true; leave it out'],
    ['containers of Linux on Windows', brought, APP, { os: 'windows' }, 'os must be "linux" where containers bring the tokens, as they are of Linux, got "windows"; give the workload an identity that trusts the cluster\'s own tokens'],
    ['a group that is none', both, APP, { fsGroup: -1 }, 'fsGroup must be a whole number from 0 to 2147483647, got -1; pass the group of the containers, such as 65532'],
    ['another group', both, { spec: { ...APP.spec, securityContext: { fsGroup: '1000' } } }, { fsGroup: 65532 }, 'spec.securityContext.fsGroup must be 65532 or left out, got "1000"; remove it, or leave the option `fsGroup` out'],
    ['a mode without a group', both, APP, { defaultMode: '0440' }, 'defaultMode must come with `fsGroup`: nobody but root could read the tokens otherwise, got "0440"; say `fsGroup`, or leave the mode to Kubernetes'],
    ['a mode that is none', both, APP, { fsGroup: 1, defaultMode: '440' }, 'defaultMode must be four octal digits that begin with 0, got "440"; write it like "0440"'],
    ['the metadata server where nothing is from it', both, APP, { gkeMetadataServerNodeSelector: true }, 'gkeMetadataServerNodeSelector must be left out where the workload gets nothing from GKE\'s metadata server, got true; leave it out'],
    ['another node selector', native, { spec: { ...APP.spec, nodeSelector: { 'iam.gke.io/gke-metadata-server-enabled': 'false' } } }, { gkeMetadataServerNodeSelector: true }, 'spec.nodeSelector["iam.gke.io/gke-metadata-server-enabled"] must be left to the workload, got "false"; remove it'],
    ['the token of the Kubernetes API', both, { spec: { ...APP.spec, automountServiceAccountToken: true } }, { kubernetesApiAccess: false }, 'spec.automountServiceAccountToken must be false or left out, got "true"; remove it, or leave `kubernetesApiAccess` out where the workload is defined'],
  ])('%s', (_, define, input, wanted, message) => {
    expect(refusal(() => define(scratchStack()).podTemplate(input, wanted)).message).toBe(`stack/Workload: ${message}`);
  });
});

import { readdirSync } from 'node:fs';
import { TerraformStack } from 'cdktf';
import { PodOwnerKind, PodTemplateOptions, SmokeTestProps, Workload } from 'cdktf-workload-federation';
import { parse } from 'yaml';
import { Clusters, LITERAL_AND_TOKENS } from '../../clusters';
import { onKubectl } from '../../kubectl';
import { annotated, both, brought, GKE, onAks } from '../../kubernetes/known';
import { Mechanism, MECHANISMS } from '../../mechanisms';
import { EXAMPLES, stackIn } from '../../synth';
import { describeOnTerraform } from '../../terraform';
import { count, figure } from '../figures';
import { ofType } from '../model';
import { appStacks, exampleStacks, shadowApply } from '../shadow';
import { ApiObject, apiObjects } from './api-objects';
import { BAD_CHANGES, BAD_OBJECTS, EDGES, GOOD } from './bad-objects';
import { applyTogether } from './joined';
import { kubernetesChangeErrors, kubernetesErrors } from './schema';
import { addOwners, charted, isEndless, kustomized, mechanismStacks, Said, wiringOf } from './workloads';

describe('what Kubernetes would refuse is seen', () => {
  test.each(Object.entries(GOOD))('a %s that is as it should be', (_, object) => expect(kubernetesErrors([object])).toEqual([]));
  test.each(EDGES)('%s', (_, object) => expect(kubernetesErrors([object])).toEqual([]));
  test.each(BAD_OBJECTS.map(([what, object, ...errors]) => ({ what, object, errors })))('refuses $what', ({ object, errors }) => expect(kubernetesErrors([object])).toEqual(errors));
  test.each(BAD_CHANGES.map(([what, old, now, ...errors]) => ({ what, old, now, errors })))('refuses $what', ({ old, now, errors }) => {
    expect(kubernetesErrors([old, now])).toEqual([]);
    expect(kubernetesChangeErrors([old], [now])).toEqual(errors);
    expect(kubernetesChangeErrors([old], [old])).toEqual([]);
  });
});

const KINDS: readonly PodOwnerKind[] = ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicationController'];

const ofKind = (objects: readonly ApiObject[], kind: string) => objects.filter(object => object.kind === kind);
const nameOf = ({ kind, metadata }: ApiObject) => `${kind} ${metadata.name}`;
const distinct = (objects: readonly ApiObject[]) => [...new Map(objects.map(object => [JSON.stringify(object), object])).values()];

/** What a mechanism makes of Kubernetes: by Terraform, and as it is said for others. */
interface Made {
  readonly mechanism: Mechanism;
  readonly objects: readonly ApiObject[];
  readonly said: Said;
}

const [[, LITERAL], [, TOKENS]] = LITERAL_AND_TOKENS as [typeof LITERAL_AND_TOKENS[number], typeof LITERAL_AND_TOKENS[number]];

/** One mechanism of each wiring; to the owners of pods it makes no difference which of them it is. */
const WIRINGS = [...new Map([...MECHANISMS].reverse().map(mechanism => [wiringOf(mechanism, TOKENS), mechanism])).values()].reverse();

function madeOf(mechanisms: readonly Mechanism[], clusters: Clusters, kindsOf: (mechanism: Mechanism) => readonly PodOwnerKind[]): Made[] {
  return applyTogether(mechanisms.map(mechanism => mechanismStacks(mechanism, clusters, kindsOf(mechanism))))
    .map(({ resources, outputs }, index) => ({ mechanism: mechanisms[index]!, objects: apiObjects(resources), said: outputs.stack!.said as Said }));
}

/** Ways to change what a workload makes. */
const OPTIONS: readonly {
  readonly what: string;
  readonly build: (stack: TerraformStack) => Workload;
  readonly pods?: PodTemplateOptions;
  readonly smokeTest?: SmokeTestProps;
}[] = [
  { what: 'labels, and no access to the Kubernetes API', build: stack => both(stack, { labels: { 'acme.example/team': 'reports' }, kubernetesApiAccess: false }) },
  { what: 'a ConfigMap that is immutable', build: stack => both(stack, { immutableConfigMap: true, configMapName: 'a'.repeat(240) }) },
  { what: 'a namespace, another path and the shortest tokens', build: stack => both(stack, { createNamespace: true, mountPath: '/a/b.c_d', tokenExpirationSeconds: 600 }) },
  { what: 'a ServiceAccount that exists', build: stack => annotated(stack, { existingServiceAccount: true }) },
  { what: 'the label of Azure\'s webhook', build: stack => onAks(stack) },
  { what: 'containers that bring tokens', build: stack => brought(stack), pods: { fsGroup: 65532 } },
  {
    what: 'a group and a mode, and a smoke test of one\'s own', build: stack => both(stack), pods: { fsGroup: 2000, defaultMode: '0440' },
    smokeTest: {
      name: 'a'.repeat(63), images: { aws: 'registry.acme.example/aws:1' }, resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
      labels: { team: 'reports' }, nodeSelector: { 'acme.example/pool': 'apps' }, fsGroup: 0, tries: 60, ttlSecondsAfterFinished: 604800,
    },
  },
  { what: 'nodes with the metadata server', build: stack => both(stack, {}, GKE), pods: { gkeMetadataServerNodeSelector: true } },
  { what: 'Windows', build: stack => both(stack), pods: { os: 'windows' } },
];

describeOnTerraform('every object that is synthesized is one that Kubernetes takes', () => {
  const checked: ApiObject[] = [];
  const expectTaken = (objects: readonly ApiObject[]) => {
    expect(kubernetesErrors(distinct(objects))).toEqual([]);
    checked.push(...objects);
  };
  let made: Made[];

  beforeAll(() => {
    const others = MECHANISMS.filter(mechanism => !WIRINGS.includes(mechanism));
    made = madeOf([...WIRINGS, ...others], TOKENS, mechanism => WIRINGS.includes(mechanism) ? KINDS : ['Deployment']);
  }, 120_000);

  test.each(readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(({ name }) => name))('those of the example %s', name => {
    const applied = shadowApply(exampleStacks(name));
    const objects = apiObjects(applied.resources);
    expect(ofKind(objects, 'ServiceAccount')).toHaveLength(ofType(applied, 'kubernetes_service_account_v1').length);
    // No example needs a key that is stored.
    expect(ofKind(objects, 'Secret')).toEqual([]);
    expectTaken(objects);
  }, 60_000);

  test('those of every mechanism, and its smoke test; of every wiring in every kind that runs pods, typed and as a manifest', () => {
    const kinds = made.map(({ objects }) => objects.map(({ kind }) => kind));
    expectTaken(made.flatMap(({ objects }) => objects));
    expect(kinds.map(all => all.filter(kind => kind === 'ServiceAccount').length)).toEqual(MECHANISMS.map(() => 1));
    const owners = made.map(({ mechanism }) => KINDS.filter(kind => WIRINGS.includes(mechanism) ? !isEndless(mechanism) || !kind.endsWith('Job') : kind === 'Deployment').flatMap(kind => [kind, kind]));
    const smokeTests = made.map(({ mechanism }) => isEndless(mechanism) ? [] : ['Job']);
    const running = kinds.map(all => all.filter(kind => KINDS.includes(kind as PodOwnerKind)).sort());
    expect(running).toEqual(owners.map((all, index) => [...all, ...smokeTests[index]!].sort()));
    expect(made.filter(({ mechanism }) => isEndless(mechanism))).toHaveLength(1);
  });

  test('those of every wiring are the same where the clusters are known when the stack is synthesized', () => {
    const known = madeOf(WIRINGS, LITERAL, () => []);
    known.forEach(({ objects, said }, index) => {
      const byName = new Map(made[index]!.objects.map(object => [nameOf(object), object]));
      expect({ said, objects }).toEqual({ said: made[index]!.said, objects: objects.map(object => byName.get(nameOf(object))) });
    });
  }, 60_000);

  test('those that others apply are those of Terraform, and charts make others of their values', () => {
    for (const { objects, said: { serviceAccount, configMap, smokeTest, helm, patch, files } } of made) {
      const [job] = objects.filter(({ metadata }) => metadata.name === 'reader-smoke-test');
      // Terraform's provider says what Kubernetes does where nothing is said.
      expect([{ automountServiceAccountToken: true, ...serviceAccount }, configMap]).toEqual([ofKind(objects, 'ServiceAccount')[0], ofKind(objects, 'ConfigMap')[0]]);
      expect(smokeTest).toEqual(withoutNamespaces(job));
      expect({ ...patch, metadata: { name: 'reader' } }).toEqual(parse(files['patch-deployment-reader.yaml']!));
      expectTaken([serviceAccount, ...[configMap ?? []].flat(), ...[smokeTest ?? []].flat(), ...helm === undefined ? [] : charted(helm)]);
    }
  });

  onKubectl('those that kustomize patches, whose pods are those that podTemplate() makes', () => {
    const distinctly = [...new Map(made.map(one => [JSON.stringify(one.said.files), one])).values()];
    const objects = kustomized(distinctly.map(({ said: { files } }) => files), [GOOD.Deployment]);
    expect(kubernetesErrors(objects)).toEqual([]);
    const patched = new Map(objects.map(({ metadata, spec }) => [metadata.name, podsOf(spec.template)]));
    expect(patched.size).toBe(objects.length);
    distinctly.forEach(({ objects: own }, index) => {
      expect(patched.get(`reader-${index}`)).toEqual(podsOf(own.find(object => nameOf(object) === 'Deployment typed')!.spec.template));
    });
  }, 60_000);

  test.each(OPTIONS)('those of a workload with $what', ({ build, pods, smokeTest }) => {
    const applied = shadowApply(appStacks(app => {
      const stack = stackIn(app);
      const workload = build(stack);
      addOwners(workload, KINDS, pods);
      if (pods?.os !== 'windows') {
        workload.smokeTest(smokeTest);
      }
    }));
    const objects = apiObjects(applied.resources);
    expect(ofKind(objects, 'Pod')).toHaveLength(2);
    expectTaken(objects);
  }, 60_000);

  test('an immutable ConfigMap is never changed, as another content is another ConfigMap', () => {
    const [old, now] = ['a', 'b'].map(path => apiObjects(shadowApply(appStacks(app => {
      both(stackIn(app), { immutableConfigMap: true, mountPath: `/${path}` });
    })).resources)) as [ApiObject[], ApiObject[]];
    const [[before], [after]] = [ofKind(old, 'ConfigMap'), ofKind(now, 'ConfigMap')];
    expect([before!.immutable, before!.metadata.name === after!.metadata.name]).toEqual([true, false]);
    expect(kubernetesChangeErrors(old, now)).toEqual([]);
    expect(kubernetesChangeErrors(old, [{ ...after!, metadata: before!.metadata }])).toEqual([`ConfigMap reports/${before!.metadata.name}: data is immutable`]);
  });

  test('figures', () => {
    figure('kubernetes', `${count(checked.length)} objects of ${new Set(checked.map(({ kind }) => kind)).size} kinds`);
  });
});

/** What runs in pods, and what they are labelled and annotated with but for what selects them; kustomize leaves empty lists. */
const podsOf = ({ metadata: { labels: { app: _, ...labels }, annotations }, spec }: any) =>
  JSON.parse(JSON.stringify({ labels, annotations, spec }, (__, value) => Array.isArray(value) && value.length === 0 ? undefined : value));

/** Without the namespace of a pod template, which the provider knows, and Kubernetes does not ask for. */
function withoutNamespaces(job: ApiObject | undefined): ApiObject | undefined {
  if (job === undefined) {
    return undefined;
  }
  const { namespace: _, ...metadata } = job.spec.template.metadata;
  return { ...job, spec: { ...job.spec, template: { ...job.spec.template, metadata } } };
}

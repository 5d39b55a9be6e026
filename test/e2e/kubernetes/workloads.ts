import { join } from 'node:path';
import { Aspects, TerraformOutput, TerraformStack } from 'cdktf';
import { HelmValues, PodOwnerKind, PodTemplateOptions, Workload, WorkloadWiring } from 'cdktf-workload-federation';
import { stringify } from 'yaml';
import { Clusters } from '../../clusters';
import { kustomizedFolder, objectsAsYaml } from '../../kubectl';
import { OWNERS } from '../../kubernetes/pod-owners';
import { Mechanism, SOURCES, workloadOf } from '../../mechanisms';
import { stackIn } from '../../synth';
import { appStacks, Stack } from '../shadow';
import { ApiObject } from './api-objects';
import { GOOD } from './bad-objects';

/** What a workload says of itself, for those who apply it by something else than Terraform. */
export interface Said {
  readonly serviceAccount: ApiObject;
  readonly configMap?: ApiObject;
  readonly patch: any;
  readonly smokeTest?: ApiObject;
  readonly helm?: HelmValues;
  readonly files: Readonly<Record<string, string>>;
}

const endsAlone = (kind: PodOwnerKind) => kind === 'Job' || kind === 'CronJob';

/** Whether the pods of a mechanism never end: the one webhook adds a container that runs on. */
export const isEndless = ({ by }: Mechanism) => by.endsWith('and the gtoken webhook');

/** A pod template of one container, in the form that a resource has it. */
const template = (kind: PodOwnerKind, containers: string, more: object = {}): any => ({
  metadata: { labels: { app: 'reports' } },
  spec: { ...endsAlone(kind) && { restartPolicy: 'Never' }, [containers]: [{ name: 'main', image: 'reader:1' }], ...more },
});

/** Adds what runs pods, of each kind, as a typed resource and as a manifest: the ones by podTemplate(), and the others by the Aspect. */
export function addOwners(workload: Workload, kinds: readonly PodOwnerKind[], options: PodTemplateOptions = {}): void {
  const stack = TerraformStack.of(workload);
  for (const [type, kind, form, create] of OWNERS) {
    if (kinds.includes(kind) && (form === 'manifest' || type.endsWith('_v1'))) {
      create(stack, `${form}${kind}`, form === 'typed' ? workload.podTemplate(template(kind, 'container'), { ...options, runToCompletion: endsAlone(kind) })
        : template(kind, 'containers', { serviceAccountName: 'reader' }), { name: form, namespace: 'reports' });
    }
  }
  Aspects.of(stack).add(new WorkloadWiring(options));
}

/** Everything that can be asked of the workload of a mechanism. */
export function mechanismStacks(mechanism: Mechanism, clusters: Clusters, kinds: readonly PodOwnerKind[]): Stack[] {
  return appStacks(app => {
    const stack = stackIn(app);
    const workload = workloadOf(mechanism, clusters, stack);
    const endless = isEndless(mechanism);
    addOwners(workload, endless ? kinds.filter(kind => !endsAlone(kind)) : kinds);
    if (!endless) {
      workload.smokeTest();
    }
    new TerraformOutput(stack, 'said', {
      value: {
        ...workload.manifests({ kind: 'Deployment', containers: ['main'] }),
        files: workload.kustomizeFiles({ targets: [{ kind: 'Deployment', name: 'reader', containers: ['main'] }] }),
        ...!endless && { smokeTest: workload.smokeTestManifest() },
        ...!workload.bindings.some(({ helpers }) => helpers.length > 0) && { helm: workload.helmValues() },
      },
    });
  });
}

/** What of the table is in the cluster: mechanisms of which it is the same are wired alike. */
export const wiringOf = (mechanism: Mechanism, clusters: Clusters) => JSON.stringify(mechanism.pods(SOURCES[mechanism.from](clusters), clusters));

/** A Deployment as charts make it of their values, with the ServiceAccount where the chart creates it. */
export function charted(values: HelmValues): ApiObject[] {
  const { serviceAccount, extraEnv, extraVolumeMounts, extraVolumes, podAnnotations, podLabels, podSecurityContext, nodeSelector } = values;
  const { metadata } = GOOD.Deployment;
  const labels = { app: 'reader' };
  const pod = {
    metadata: { labels: { ...labels, ...podLabels }, annotations: podAnnotations },
    spec: {
      serviceAccountName: serviceAccount.name, automountServiceAccountToken: serviceAccount.automount,
      securityContext: podSecurityContext, nodeSelector, volumes: extraVolumes,
      containers: [{ name: 'main', image: 'reader:1', env: extraEnv, volumeMounts: extraVolumeMounts }],
    },
  };
  const objects: ApiObject[] = [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector: { matchLabels: labels }, template: pod } },
    ...serviceAccount.create ? [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: serviceAccount.name, namespace: metadata.namespace, annotations: serviceAccount.annotations } }] : [],
  ];
  // What is undefined is not written.
  return JSON.parse(JSON.stringify(objects));
}

/** What kustomize makes of components, each with objects of a user's; names end in the number of the component, as all are written at once. */
export function kustomized(components: readonly Readonly<Record<string, string>>[], users: readonly ApiObject[]): ApiObject[] {
  const apps = components.flatMap((files, index) => Object.entries({
    ...Object.fromEntries(Object.entries(files).map(([name, text]) => [join('federation', name), text])),
    'users.yaml': objectsAsYaml(users),
    'kustomization.yaml': stringify({ resources: ['users.yaml'], components: ['federation'], nameSuffix: `-${index}` }),
  }).map(([name, text]) => [join(`app-${index}`, name), text]));
  return kustomizedFolder({ ...Object.fromEntries(apps), 'kustomization.yaml': stringify({ resources: components.map((_, index) => `app-${index}`) }) });
}

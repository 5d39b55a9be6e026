import { posix } from 'node:path';
import {
  PodV1Metadata, PodV1Spec, PodV1SpecContainer, PodV1SpecContainerEnv, PodV1SpecContainerVolumeMount, PodV1SpecInitContainer, PodV1SpecVolume,
} from '@cdktf/provider-kubernetes/lib/pod-v1';
import { Fn } from 'cdktf';
import { IConstruct } from 'constructs';
import { EnvironmentVariable, HelperContainer, PodHelpers } from '../cloud-identity';
import { FederationError } from '../errors';
import { isToken, sameText } from '../tokens';

/** A pod, or the pod template of a Deployment, StatefulSet, DaemonSet, Job, CronJob or ReplicationController, in typed form. */
export interface PodTemplate {
  /**
   * Metadata of the pods.
   * @default - what the wiring adds
   */
  readonly metadata?: PodV1Metadata;
  /** Specification of the pods, with at least one container. */
  readonly spec?: PodV1Spec;
}

/** How a pod template is wired. */
export interface PodTemplateOptions {
  /**
   * Whether the pods end by themselves, as those of a Job or CronJob do: what the wiring adds must then not keep them from it.
   * @default false
   */
  readonly runToCompletion?: boolean;
}

/** A pod template with the wiring of a workload. */
export interface WiredPodTemplate {
  readonly metadata: PodV1Metadata;
  readonly spec: PodV1Spec;
}

/** A name as a pod refers to it, so that it waits for what bears it, and as it was said. */
export interface Name {
  readonly reference: string;
  readonly said: string;
}

/** What a workload adds to its pods. */
export interface PodWiring {
  readonly namespace: Name;
  readonly serviceAccountName: Name;
  readonly automountServiceAccountToken?: boolean;
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly podLabels: Readonly<Record<string, string>>;
  readonly env: readonly EnvironmentVariable[];
  readonly reservedEnv: readonly string[];
  /** The one volume that holds all tokens and files, and where it is mounted; none where the platform brings them. */
  readonly volume?: WiredVolume;
  readonly helpers: readonly PodHelpers[];
  readonly keepsRunning: readonly { readonly what: string; readonly remedy: string }[];
}

/** A volume that every container mounts read-only. */
export interface WiredVolume {
  readonly name: string;
  readonly mountPath: string;
  readonly source: PodV1SpecVolume;
  /** What to do about a mount of the template at the same place. */
  readonly remedy: string;
}

type Container = PodV1SpecContainer | PodV1SpecInitContainer;

/** Helpers run as nobody, with no right and no place to write but the volume. */
const HELPER_SECURITY: PodV1SpecContainer['securityContext'] = {
  runAsUser: '65532',
  runAsGroup: '65532',
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** Adds the wiring to a pod template; merges with what is there, refuses a clash, and leaves its input as it is. */
export function wirePodTemplate(
  scope: IConstruct, template: PodTemplate, wiring: PodWiring, { runToCompletion = false }: PodTemplateOptions = {},
): WiredPodTemplate {
  const merge = new Merge(scope);
  const metadata = template.metadata ?? {};
  const spec = template.spec;
  const helpers = helpersOf(scope, wiring, runToCompletion);
  const containers = merge.own<PodV1SpecContainer>('spec.container', spec?.container, helpers.sidecars, helpers.names);
  if (spec === undefined || containers.length === 0) {
    throw new FederationError({
      code: 'ClashingWiring', where: scope.node.path, prop: 'spec.container', rule: 'hold at least one container', got: '[]', remedy: 'pass the containers of the pod',
    });
  }
  const initContainers = merge.own<PodV1SpecInitContainer>('spec.initContainer', spec.initContainer, helpers.initContainers, helpers.names);
  const volumes = merge.list<PodV1SpecVolume>('spec.volume', spec.volume);
  const annotations = merge.record('metadata.annotations', metadata.annotations, wiring.podAnnotations);
  const labels = merge.record('metadata.labels', metadata.labels, wiring.podLabels);
  const wantedVolumes = [...wiring.volume === undefined ? [] : [wiring.volume], ...helpers.volumes];
  const wire = <T extends Container>(list: string) => (container: T, index: number) => merge.container(`${list}[${index}]`, container, wiring, wantedVolumes);
  return {
    metadata: {
      ...metadata,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
      namespace: merge.name('metadata.namespace', metadata.namespace, wiring.namespace,
        'leave it out: a pod runs in the namespace of its service account'),
    },
    spec: {
      ...spec,
      serviceAccountName: merge.name('spec.serviceAccountName', spec.serviceAccountName, wiring.serviceAccountName,
        'leave it out: the workload sets it'),
      automountServiceAccountToken: merge.automount(spec.automountServiceAccountToken, wiring.automountServiceAccountToken),
      ...(helpers.watch ? merge.watchable(spec) : {}),
      // The helpers that run beside the others come last: those that wait for the others to end find them started.
      container: [...containers.map(wire('spec.container')), ...helpers.sidecars],
      ...(initContainers.length + helpers.initContainers.length === 0 ? {} : {
        initContainer: [...helpers.initContainers, ...initContainers.map(wire('spec.initContainer'))],
      }),
      ...(volumes.length + wantedVolumes.length === 0 ? {} : {
        volume: [...wantedVolumes.reduce<readonly PodV1SpecVolume[]>((all, wanted) => merge.volumes(all, wanted), volumes)],
      }),
    },
  };
}

/** What the helpers of a workload add to a pod. */
function helpersOf(scope: IConstruct, { helpers, keepsRunning }: PodWiring, runToCompletion: boolean): {
  initContainers: PodV1SpecInitContainer[]; sidecars: PodV1SpecContainer[]; volumes: WiredVolume[]; watch: boolean; names: ReadonlySet<string>;
} {
  const endless = keepsRunning[0];
  if (runToCompletion && endless !== undefined) {
    throw new FederationError({
      code: 'ClashingWiring', where: scope.node.path, prop: 'runToCompletion', rule: 'be left out where something keeps the pods from completing', got: endless.what,
      remedy: endless.remedy,
    });
  }
  const besides = (helper: PodHelpers) => runToCompletion ? helper.completingSidecars : helper.sidecars;
  return {
    initContainers: helpers.flatMap(helper => helper.initContainers.map(container => helperContainer(container, helper))),
    sidecars: helpers.flatMap(helper => besides(helper).map(container => helperContainer(container, helper))),
    volumes: helpers.map(({ volume: { name, mountPath } }) => ({ name, mountPath, source: { name, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }, remedy: 'mount it elsewhere' })),
    watch: runToCompletion && helpers.some(helper => helper.completingSidecars.length > 0),
    // Of all kinds: a pod has each name once, and what another wiring added must not stay.
    names: new Set(helpers.flatMap(helper => [...helper.initContainers, ...helper.sidecars, ...helper.completingSidecars].map(({ name }) => name))),
  };
}

function helperContainer({ name, image, command, args, env, resources }: HelperContainer, { volume }: PodHelpers): PodV1SpecContainer {
  return {
    name,
    image,
    ...(command === undefined ? {} : { command: [...command] }),
    ...(args === undefined ? {} : { args: [...args] }),
    ...(env.length === 0 ? {} : { env: [...env] }),
    resources: { requests: resources.requests && { ...resources.requests }, limits: resources.limits && { ...resources.limits } },
    securityContext: HELPER_SECURITY,
    volumeMount: [{ name: volume.name, mountPath: volume.mountPath }],
  };
}

class Merge {
  constructor(private readonly scope: IConstruct) {}

  public list<T>(prop: string, value: unknown): readonly T[] {
    if (value === undefined) {
      return [];
    }
    if (!Array.isArray(value) || isToken(value) || value.some(isToken)) {
      throw new FederationError({
        code: 'UnresolvedValue', where: this.scope.node.path, prop, rule: 'be a list that is known when the stack is synthesized',
        got: 'a value that only Terraform knows', remedy: 'write the list out, so that every entry can be wired',
      });
    }
    return value;
  }

  /** The containers of the template's own, without the helpers that an earlier wiring added. */
  public own<T extends Container>(prop: string, value: unknown, helpers: readonly Container[], names: ReadonlySet<string>): readonly T[] {
    const byName = new Map(helpers.map(helper => [helper.name, helper]));
    return this.list<T>(prop, value).filter(container => {
      const ours = names.has(container.name);
      if (ours && !this.sameObject(container, byName.get(container.name))) {
        this.clash(prop, `leave the name ${container.name} to the workload`, container.name, 'rename the container');
      }
      return !ours;
    });
  }

  /** What lets a helper see when the other containers have ended, and be right about it: one that is started again has not ended. */
  public watchable({ shareProcessNamespace, restartPolicy }: PodV1Spec): Pick<PodV1Spec, 'shareProcessNamespace' | 'restartPolicy'> {
    if (shareProcessNamespace !== undefined && shareProcessNamespace !== true) {
      this.clash('spec.shareProcessNamespace', 'be true or left out where the pod runs to completion', isToken(shareProcessNamespace) ? 'a value that only Terraform knows' : 'false',
        'remove it: the container that keeps the token fresh sees by it that the others have ended');
    }
    if (restartPolicy !== undefined && restartPolicy !== 'Never') {
      this.clash('spec.restartPolicy', 'be "Never" or left out where the pod runs to completion', isToken(restartPolicy) ? 'a value that only Terraform knows' : restartPolicy,
        'remove it: the Job tries again with new pods (`backoffLimit`), whose tokens are kept fresh from the start');
    }
    return { shareProcessNamespace: true, restartPolicy: 'Never' };
  }

  public name(prop: string, present: string | undefined, wanted: Name, remedy: string): string {
    if (present !== undefined && !this.same(present, wanted.reference) && !this.same(present, wanted.said)) {
      this.clash(prop, 'be that of the workload or left out', isToken(present) ? 'another value that only Terraform knows' : present, remedy);
    }
    return wanted.reference;
  }

  public automount(present: PodV1Spec['automountServiceAccountToken'], wanted: boolean | undefined): PodV1Spec['automountServiceAccountToken'] {
    if (wanted !== undefined && present !== undefined && present !== wanted) {
      this.clash('spec.automountServiceAccountToken', `be ${wanted} or left out`, isToken(present) ? 'a value that only Terraform knows' : String(present),
        'remove it, or leave `kubernetesApiAccess` out where the workload is defined');
    }
    return present ?? wanted;
  }

  public record(
    prop: string, present: Record<string, string> | undefined, wanted: Readonly<Record<string, string>>,
  ): Record<string, string> {
    if (isToken(present)) {
      return Object.keys(wanted).length === 0 ? present! : Fn.merge([present, wanted]) as Record<string, string>;
    }
    for (const [key, value] of Object.entries(wanted)) {
      const other = present?.[key];
      if (other !== undefined && !this.same(other, value)) {
        this.clash(`${prop}[${JSON.stringify(key)}]`, 'be left to the workload', other, 'remove it');
      }
    }
    return { ...present, ...wanted };
  }

  public container<T extends Container>(prop: string, container: T, wiring: PodWiring, volumes: readonly WiredVolume[]): T {
    const env = this.list<PodV1SpecContainerEnv>(`${prop}.env`, container.env);
    const mounts = this.list<PodV1SpecContainerVolumeMount>(`${prop}.volumeMount`, container.volumeMount);
    const hidden = env.find(({ name }) => isToken(name));
    if (hidden !== undefined) {
      throw new FederationError({
        code: 'UnresolvedValue', where: this.scope.node.path, prop: `${prop}.env`, rule: 'hold variables whose names are known when the stack is synthesized',
        got: 'a name that only Terraform knows', remedy: 'write the name out: some would win over the federated identity',
      });
    }
    const byName = new Map(env.map(variable => [variable.name, variable]));
    const wanted = new Map(wiring.env.map(variable => [variable.name, variable.value]));
    for (const name of wiring.reservedEnv) {
      if (byName.has(name) && !wanted.has(name)) {
        // The value may be a key, and messages end up in logs.
        this.clash(`${prop}.env`, `not set ${name}`, byName.get(name)!.value === undefined ? 'a value from elsewhere' : 'a value of its own',
          'remove it: it would win over the federated identity');
      }
    }
    for (const [name, value] of wanted) {
      const present = byName.get(name);
      if (present !== undefined && !this.same(present.value, value)) {
        this.clash(`${prop}.env`, `leave ${name} to the workload`, present.value ?? 'a value from elsewhere', 'remove it, or say it where the identity is defined');
      }
    }
    const wired = { ...container };
    const addedEnv = wiring.env.filter(({ name }) => !byName.has(name));
    if (addedEnv.length > 0) {
      Object.assign(wired, { env: [...env, ...addedEnv] });
    }
    const unmounted = volumes.filter(volume => !this.mounted(prop, mounts, volume));
    if (unmounted.length > 0) {
      Object.assign(wired, { volumeMount: [...mounts, ...unmounted.map(({ name, mountPath }) => ({ name, mountPath, readOnly: true }))] });
    }
    return wired;
  }

  public volumes(volumes: readonly PodV1SpecVolume[], wanted: WiredVolume): readonly PodV1SpecVolume[] {
    const present = volumes.find(volume => volume.name === wanted.name);
    if (present === undefined) {
      return [...volumes, wanted.source];
    }
    if (!this.sameObject(present, wanted.source)) {
      this.clash('spec.volume', `leave the name ${wanted.name} to the workload`, wanted.name, 'rename the volume');
    }
    return volumes;
  }

  private mounted(prop: string, mounts: readonly PodV1SpecContainerVolumeMount[], volume: WiredVolume): boolean {
    let mounted = false;
    for (const mount of mounts) {
      const path = isToken(mount.mountPath) ? mount.mountPath : posix.normalize(mount.mountPath).replace(/\/$/, '');
      const same = this.same(path, volume.mountPath);
      if (mount.name === volume.name && same && mount.subPath === undefined) {
        mounted = true;
      } else if (same || path.startsWith(`${volume.mountPath}/`)) {
        this.clash(`${prop}.volumeMount`, `leave ${volume.mountPath} to the workload`, mount.mountPath, volume.remedy);
      }
    }
    return mounted;
  }

  private same(a: string | undefined, b: string): boolean {
    return a !== undefined && sameText(this.scope, a, b);
  }

  private sameObject(a: unknown, b: unknown): boolean {
    if (typeof a === 'string' && typeof b === 'string') {
      return this.same(a, b);
    }
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
      return a === b;
    }
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every(key => this.sameObject((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
  }

  private clash(prop: string, rule: string, got: string, remedy: string): never {
    throw new FederationError({ code: 'ClashingWiring', where: this.scope.node.path, prop, rule, got, remedy });
  }
}

import { posix } from 'node:path';
import {
  PodV1Metadata, PodV1Spec, PodV1SpecContainer, PodV1SpecContainerEnv, PodV1SpecContainerVolumeMount, PodV1SpecInitContainer, PodV1SpecVolume,
} from '@cdktf/provider-kubernetes/lib/pod-v1';
import { Fn } from 'cdktf';
import { IConstruct } from 'constructs';
import { EnvironmentVariable } from '../cloud-identity';
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
  readonly volume?: { readonly name: string; readonly mountPath: string; readonly source: PodV1SpecVolume };
}

type Container = PodV1SpecContainer | PodV1SpecInitContainer;

/** Adds the wiring to a pod template; merges with what is there, refuses a clash, and leaves its input as it is. */
export function wirePodTemplate(scope: IConstruct, template: PodTemplate, wiring: PodWiring): WiredPodTemplate {
  const merge = new Merge(scope);
  const metadata = template.metadata ?? {};
  const spec = template.spec;
  const containers = merge.list<PodV1SpecContainer>('spec.container', spec?.container);
  if (spec === undefined || containers.length === 0) {
    throw new FederationError({
      code: 'ClashingWiring', where: scope.node.path, prop: 'spec.container', rule: 'hold at least one container', got: '[]', remedy: 'pass the containers of the pod',
    });
  }
  const initContainers = merge.list<PodV1SpecInitContainer>('spec.initContainer', spec.initContainer);
  const volumes = merge.list<PodV1SpecVolume>('spec.volume', spec.volume);
  const annotations = merge.record('metadata.annotations', metadata.annotations, wiring.podAnnotations);
  const labels = merge.record('metadata.labels', metadata.labels, wiring.podLabels);
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
      container: containers.map((container, index) => merge.container(`spec.container[${index}]`, container, wiring)),
      ...(initContainers.length === 0 ? {} : {
        initContainer: initContainers.map((container, index) => merge.container(`spec.initContainer[${index}]`, container, wiring)),
      }),
      ...(volumes.length === 0 && wiring.volume === undefined ? {} : { volume: merge.volumes(volumes, wiring.volume) }),
    },
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

  public container<T extends Container>(prop: string, container: T, wiring: PodWiring): T {
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
    const volume = wiring.volume;
    const wired = { ...container };
    const addedEnv = wiring.env.filter(({ name }) => !byName.has(name));
    if (addedEnv.length > 0) {
      Object.assign(wired, { env: [...env, ...addedEnv] });
    }
    if (volume !== undefined && !this.mounted(prop, mounts, volume)) {
      Object.assign(wired, { volumeMount: [...mounts, { name: volume.name, mountPath: volume.mountPath, readOnly: true }] });
    }
    return wired;
  }

  public volumes(volumes: readonly PodV1SpecVolume[], wanted: PodWiring['volume']): PodV1SpecVolume[] {
    if (wanted === undefined) {
      return [...volumes];
    }
    const present = volumes.find(volume => volume.name === wanted.name);
    if (present === undefined) {
      return [...volumes, wanted.source];
    }
    if (!this.sameObject(present, wanted.source)) {
      this.clash('spec.volume', `leave the name ${wanted.name} to the workload`, wanted.name, 'rename the volume');
    }
    return [...volumes];
  }

  private mounted(
    prop: string, mounts: readonly PodV1SpecContainerVolumeMount[], volume: NonNullable<PodWiring['volume']>,
  ): boolean {
    let mounted = false;
    for (const mount of mounts) {
      const path = isToken(mount.mountPath) ? mount.mountPath : posix.normalize(mount.mountPath).replace(/\/$/, '');
      const same = this.same(path, volume.mountPath);
      if (mount.name === volume.name && same && mount.subPath === undefined) {
        mounted = true;
      } else if (same || path.startsWith(`${volume.mountPath}/`)) {
        this.clash(`${prop}.volumeMount`, `leave ${volume.mountPath} to the workload`, mount.mountPath, 'mount it elsewhere, or give the workload another `mountPath`');
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

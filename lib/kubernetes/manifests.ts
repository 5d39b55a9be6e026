import { Fn } from 'cdktf';
import { IConstruct } from 'constructs';
import { Fields, MANIFEST } from './pod-form';
import { POD_OWNERS, PodOwnerKind } from './pod-owner';
import { givesSomething, PodTemplateOptions, PodWiring, wirePods } from './pod-template';
import { toYaml, yamlDocuments } from './yaml';
import { FederationError } from '../errors';
import { isToken } from '../tokens';

/** An object of the Kubernetes API. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Which containers of pods that are written elsewhere a patch wires, and how. */
export interface PatchOptions extends PodTemplateOptions {
  /**
   * The names of the containers that get the credentials: a patch finds containers by their names.
   * @default - none; refused where containers need something
   */
  readonly containers?: readonly string[];
  /**
   * The names of the init containers that get the credentials.
   * @default - none
   */
  readonly initContainers?: readonly string[];
}

/** For what `Workload.manifests()` writes its patch. */
export interface ManifestsOptions extends PatchOptions {
  /**
   * The kind that the patch is for; Jobs and CronJobs run to completion.
   * @default - a bare pod template
   */
  readonly kind?: PodOwnerKind;
}

/** A workload as objects of the Kubernetes API. */
export interface WorkloadManifests {
  /** The ServiceAccount, with the annotations that webhooks read. */
  readonly serviceAccount: KubernetesObject;
  /** The ConfigMap with the credential configuration, where a cloud needs one. */
  readonly configMap?: KubernetesObject;
  /**
   * A strategic merge patch that wires a pod template, or an object of the kind that was asked for. Of the named containers it takes the variables that
   * would win over the federated identity, by entries with `$patch: delete`, which nothing but such a patch knows.
   */
  readonly patch: Fields;
}

/** A resource of a kustomization whose pods run as a workload. */
export interface KustomizeTarget extends PatchOptions {
  readonly kind: PodOwnerKind;
  readonly name: string;
}

/** Which resources of a kustomization the files for kustomize patch. */
export interface KustomizeOptions {
  readonly targets: readonly KustomizeTarget[];
  /**
   * Whether the patches are for resources in the namespace of the workload alone. `false` finds them in whichever, by kind and name: for resources that leave
   * their namespace to a kustomization above, as kustomize takes those for resources of `default` and patches none of them.
   * @default true
   */
  readonly namespace?: boolean;
}

/** How the values for a Helm chart are written. */
export interface HelmValuesOptions extends PodTemplateOptions {
  /**
   * Whether the chart creates the ServiceAccount.
   * @default - where the workload is `manifestsOnly` and its ServiceAccount does not exist already
   */
  readonly createServiceAccount?: boolean;
}

/** Values for a Helm chart, by the names that most charts have. */
export interface HelmValues {
  readonly serviceAccount: {
    readonly create: boolean;
    readonly name: string;
    readonly annotations: Readonly<Record<string, string>>;
    readonly automount?: boolean;
  };
  readonly extraVolumes: readonly Fields[];
  readonly extraVolumeMounts: readonly Fields[];
  readonly extraEnv: readonly Fields[];
  readonly podLabels: Readonly<Record<string, string>>;
  readonly podAnnotations: Readonly<Record<string, string>>;
  /** The group of the volume, where it is asked for. */
  readonly podSecurityContext?: Fields;
  /** The nodes with GKE's metadata server, where they are asked for. */
  readonly nodeSelector?: Fields;
}

/** The ConfigMap of a workload. */
export interface ConfigMapObject {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
  readonly immutable: boolean;
}

/** What a workload is made of, apart from its pods. */
export interface WorkloadObjects {
  readonly serviceAccount: {
    readonly name: string;
    readonly namespace: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly automountServiceAccountToken?: boolean;
  };
  readonly configMap?: ConfigMapObject;
  /** The annotation of pods that follows the ConfigMap's content, where one does. */
  readonly podAnnotations: () => Readonly<Record<string, string>>;
  /** Whether the ServiceAccount does not exist yet. */
  readonly createsServiceAccount: boolean;
  /** Whether Terraform has the objects. */
  readonly hasResources: boolean;
}

/** The characters of the content's digest in the name of an immutable ConfigMap. */
export const DIGEST = 10;

/** The ConfigMap of a workload; one that is immutable is named after its content. */
export function configMapObject({ base, ...config }: Omit<ConfigMapObject, 'name'> & { readonly base: string }): ConfigMapObject {
  return { ...config, name: config.immutable ? Fn.join('-', [base, Fn.substr(Fn.sha256(Fn.join('\n', Object.values(config.data))), 0, DIGEST)]) : base };
}

/** The objects of a workload, and a patch of its pods. */
export function workloadManifests(
  scope: IConstruct, wiring: PodWiring, objects: WorkloadObjects, { kind, ...options }: ManifestsOptions = {},
): WorkloadManifests {
  if (kind !== undefined && !Object.hasOwn(POD_OWNERS, kind)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where: scope.node.path, prop: 'kind', rule: `be one of ${Object.keys(POD_OWNERS).join(', ')}`, got: kind,
      remedy: 'leave it out for a patch of a bare pod template',
    });
  }
  const { configMap } = objects;
  return {
    serviceAccount: serviceAccountOf(objects),
    ...(configMap === undefined ? {} : { configMap: configMapOf(configMap) }),
    patch: kind === undefined ? patchOf(scope, wiring, objects, options) : ownerPatch(scope, wiring, objects, { kind, name: 'patched', ...options }),
  };
}

/** The objects of a workload in one YAML text. */
export function manifestsYaml(scope: IConstruct, objects: WorkloadObjects): string {
  return yamlDocuments(scope.node.path, [serviceAccountOf(objects), ...objects.configMap === undefined ? [] : [configMapOf(objects.configMap)]]);
}

/** The files of a kustomize component, which adds what Terraform does not have, and patches what the user has. */
export function kustomizeFiles(
  scope: IConstruct, wiring: PodWiring, objects: WorkloadObjects, { targets, namespace = true }: KustomizeOptions,
): Record<string, string> {
  const where = scope.node.path;
  if (!Array.isArray(targets) || targets.length === 0) {
    throw new FederationError({ code: 'EmptyTrust', where, prop: 'targets', rule: 'hold at least one resource', got: '[]', remedy: 'name the Deployment or the like whose pods run as the workload' });
  }
  const files = new Map<string, unknown>();
  const resources: string[] = [];
  const patches: Fields[] = [];
  const { serviceAccount, configMap, hasResources, createsServiceAccount } = objects;
  const place = namespace ? { namespace: patternOf(wiring.namespace.said) } : {};
  const targetOf = (kind: string, name: string): Fields => ({ kind, name: patternOf(name), ...place });
  if (!hasResources && (createsServiceAccount || serviceAccount.annotations !== undefined)) {
    files.set('service-account.yaml', serviceAccountOf(objects));
    if (createsServiceAccount) {
      resources.push('service-account.yaml');
    } else {
      patches.push({ path: 'service-account.yaml', target: targetOf('ServiceAccount', serviceAccount.name) });
    }
  }
  if (!hasResources && configMap !== undefined) {
    files.set('config-map.yaml', configMapOf(configMap));
    resources.push('config-map.yaml');
  }
  for (const target of targets) {
    checkTarget(where, target);
    const path = `patch-${target.kind.toLowerCase()}-${target.name}.yaml`;
    if (files.has(path)) {
      throw new FederationError({
        code: 'DuplicateRegistration', where, prop: 'targets', rule: 'name a resource once', got: `${target.kind} ${target.name}`, remedy: 'name all its containers in one target',
      });
    }
    files.set(path, ownerPatch(scope, wiring, objects, target));
    patches.push({ path, target: targetOf(target.kind, target.name) });
  }
  files.set('kustomization.yaml', {
    apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', ...(resources.length === 0 ? {} : { resources }), patches,
  });
  return Object.fromEntries([...files].map(([name, content]) => [name, toYaml(where, content)]));
}

/**
 * The pattern of a name alone: kustomize takes what a target says for patterns, of which names have the dot.
 *
 * @see https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/
 */
function patternOf(name: string): string {
  return isToken(name) ? Fn.join('[.]', Fn.split('.', name)) : name.replaceAll('.', '[.]');
}

/** The values of a chart. */
export function helmValues(
  scope: IConstruct, wiring: PodWiring, objects: WorkloadObjects, { createServiceAccount, ...options }: HelmValuesOptions = {},
): HelmValues {
  const helpers = wiring.parts.flatMap(part => part.helpers);
  const containers = helpers.flatMap(helper => [...helper.initContainers, ...helper.sidecars].map(({ name }) => name));
  if (containers.length > 0) {
    throw new FederationError({
      code: 'ClashingWiring', where: scope.node.path, prop: 'identities', rule: 'need no containers beside those of the chart, as charts have no common name for them', got: containers,
      remedy: 'give the workload an identity that trusts the cluster\'s own tokens, or have kustomize render the chart, with the component of kustomizeFiles()',
    });
  }
  const { metadata = {}, spec } = addedTo(scope, wiringAsSaid(wiring, objects), { ...options, containers: [ANY] });
  const [container] = (spec.containers ?? [{}]) as readonly Fields[];
  const { serviceAccount, hasResources, createsServiceAccount } = objects;
  const automount = spec.automountServiceAccountToken as boolean | undefined;
  return {
    serviceAccount: {
      create: createServiceAccount ?? (!hasResources && createsServiceAccount),
      name: serviceAccount.name,
      annotations: serviceAccount.annotations ?? {},
      ...(automount === undefined ? {} : { automount }),
    },
    extraVolumes: (spec.volumes ?? []) as readonly Fields[],
    extraVolumeMounts: (container?.volumeMounts ?? []) as readonly Fields[],
    extraEnv: (container?.env ?? []) as readonly Fields[],
    podLabels: (metadata.labels ?? {}) as Readonly<Record<string, string>>,
    podAnnotations: (metadata.annotations ?? {}) as Readonly<Record<string, string>>,
    ...(spec.securityContext === undefined ? {} : { podSecurityContext: spec.securityContext as Fields }),
    ...(spec.nodeSelector === undefined ? {} : { nodeSelector: spec.nodeSelector as Fields }),
  };
}

/** Stands for whatever containers there are; no container of anybody's has this name, as it begins with a hyphen. */
const ANY = '-any';

function serviceAccountOf({ serviceAccount }: WorkloadObjects): KubernetesObject {
  const { name, namespace, labels, annotations, automountServiceAccountToken } = serviceAccount;
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) },
    ...(automountServiceAccountToken === undefined ? {} : { automountServiceAccountToken }),
  };
}

function configMapOf({ name, namespace, labels, data, immutable }: ConfigMapObject): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
    data,
    ...(immutable ? { immutable } : {}),
  };
}

/** A pod template with nothing but what is added to it. */
type PatchedPods = { readonly metadata?: Fields; readonly spec: Fields };

/** A wiring that refers to nothing of Terraform's. */
export function wiringAsSaid(wiring: PodWiring, { configMap, podAnnotations }: WorkloadObjects): PodWiring {
  const { volume } = wiring;
  return {
    ...wiring,
    podAnnotations: podAnnotations(),
    namespace: { reference: wiring.namespace.said, said: wiring.namespace.said },
    serviceAccountName: { reference: wiring.serviceAccountName.said, said: wiring.serviceAccountName.said },
    volume: volume === undefined || volume.content === 'memory' || volume.content.configMap === undefined || configMap === undefined ? volume : {
      ...volume, content: { ...volume.content, configMap: { ...volume.content.configMap, name: configMap.name } },
    },
  };
}

/** A patch of a pod template with the named containers: by the names as they were said, as the objects may not be Terraform's. */
function patchOf(scope: IConstruct, wiring: PodWiring, objects: WorkloadObjects, options: PatchOptions): PatchedPods {
  const { containers = [], initContainers = [] } = options;
  if (containers.length === 0 && wiring.parts.some(givesSomething)) {
    throw new FederationError({
      code: 'ClashingWiring', where: scope.node.path, prop: 'containers', rule: 'name the containers that get the credentials', got: '[]',
      remedy: 'pass the names of the containers, by which the patch finds them',
    });
  }
  const users = new Set([...containers, ...initContainers]);
  const reserved = new Set(wiring.parts.flatMap(({ reservedEnv }) => reservedEnv));
  return addedTo(scope, wiringAsSaid(wiring, objects), options,
    container => users.has(String(container.name)) ? withoutEnv(container, reserved) : container);
}

/**
 * A container whose patch takes variables away that it does not set: nobody can see here what stands in the one that is patched.
 *
 * @see https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
 */
function withoutEnv(container: Fields, names: ReadonlySet<string>): Fields {
  const set = (container.env ?? []) as readonly Fields[];
  const taken = [...names].filter(name => !set.some(variable => variable.name === name)).map(name => ({ name, $patch: 'delete' }));
  return set.length + taken.length === 0 ? container : { ...container, env: [...set, ...taken] };
}

/** What a wiring adds to a pod template with the named containers. */
function addedTo(
  scope: IConstruct, wiring: PodWiring, options: PatchOptions, finish = (container: Fields): Fields => container,
): PatchedPods {
  const { containers = [], initContainers = [], ...others } = options;
  const named = (names: readonly string[]): readonly Fields[] => names.map(name => ({ name }));
  const template = { spec: { containers: named(containers.length === 0 ? [ANY] : containers), initContainers: named(initContainers) } };
  const { metadata, spec } = wirePods(scope, MANIFEST, template, wiring, others);
  const added = (list: unknown): readonly Fields[] =>
    ((list ?? []) as readonly Fields[]).map(finish).filter(container => Object.keys(container).length > 1);
  const { containers: all, initContainers: allInit, ...rest } = spec;
  return {
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    spec: {
      ...rest,
      ...(added(all).length === 0 ? {} : { containers: added(all) }),
      ...(added(allInit).length === 0 ? {} : { initContainers: added(allInit) }),
    },
  };
}

/** The patch of an object that runs pods. */
function ownerPatch(scope: IConstruct, wiring: PodWiring, objects: WorkloadObjects, { kind, name, ...options }: KustomizeTarget): Fields {
  const { apiVersion, path, runsToCompletion } = POD_OWNERS[kind];
  const { metadata, spec } = patchOf(scope, wiring, objects, { runToCompletion: runsToCompletion, ...options });
  const template = { ...(metadata === undefined ? {} : { metadata }), spec };
  return path.length === 0 ? { apiVersion, kind, metadata: { ...metadata, name }, spec }
    : { apiVersion, kind, metadata: { name }, spec: path.reduceRight<Fields>((inner, key) => ({ [key]: inner }), template) };
}

function checkTarget(where: string, { kind, name }: KustomizeTarget): void {
  if (!Object.hasOwn(POD_OWNERS, kind) || typeof name !== 'string' || isToken(name) || !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'targets', rule: `hold kinds of ${Object.keys(POD_OWNERS).join(', ')} with names that are known when the stack is synthesized`,
      got: isToken(name) ? 'a name that only Terraform knows' : `${kind} ${name}`, remedy: 'write the name as the manifest has it',
    });
  }
}

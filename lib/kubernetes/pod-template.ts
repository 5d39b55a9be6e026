import { posix } from 'node:path';
import { PodV1Metadata, PodV1Spec } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { Fn } from 'cdktf';
import { IConstruct } from 'constructs';
import { Fields, Form, WiredVolume } from './pod-form';
import { EnvironmentVariable, PodHelpers } from '../cloud-identity';
import { FederationError } from '../errors';
import { SKIPPED_BY_LABEL, SKIPPING } from '../skipping';
import { isToken, sameText, sameTokens, textOf } from '../tokens';

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

/** A pod or a pod template as the Kubernetes API has it, such as in the manifest of a kubernetes_manifest. */
export interface PodManifest {
  /**
   * Metadata of the pods.
   * @default - what the wiring adds
   */
  readonly metadata?: Fields;
  /** Specification of the pods, with at least one container. */
  readonly spec?: Fields;
}

/** How pods are wired, whatever runs them. */
export interface PodWiringOptions {
  /**
   * The system of the containers. On `windows` tokens and files appear under `C:` and the mount path, with slashes, and options that only Linux knows are refused.
   * @default "linux"
   */
  readonly os?: 'linux' | 'windows';
  /**
   * The group that owns the volume with tokens and files, for containers that do not run as root and not all as one user. It is that of the whole pod:
   * Kubernetes gives it the pod's other volumes too, where they can be given, and the kubelet gives tokens mode 0640 with it.
   * @default - as the template says
   */
  readonly fsGroup?: number;
  /**
   * The mode of files in octal digits, such as "0440": needs `fsGroup` here or in the template, as nobody but root could read them otherwise. Tokens have
   * 0640 with a group, whatever this says.
   * @default - as Kubernetes does
   */
  readonly defaultMode?: string;
  /**
   * Whether the pods run only on nodes with GKE's metadata server: for GKE Standard, where node pools without it hand out the identity of the node. GKE
   * Autopilot refuses the selector.
   * @default false
   */
  readonly gkeMetadataServerNodeSelector?: boolean;
  /**
   * Whether the pods get the token of the Kubernetes API too; `false` switches it off for these pods.
   * @default - as the workload says
   */
  readonly kubernetesApiAccess?: false;
}

/** How a pod template is wired. */
export interface PodTemplateOptions extends PodWiringOptions {
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

/** What one identity of a workload adds to containers. */
export interface WiringPart {
  readonly cloud: string;
  readonly env: readonly EnvironmentVariable[];
  readonly reservedEnv: readonly string[];
  readonly helpers: readonly PodHelpers[];
  /** The names of the labels that it asks of pods. */
  readonly podLabels: readonly string[];
  /** The paths of its tokens and files in the workload's volume. */
  readonly paths: readonly string[];
  /** Whether a webhook mounts files for it that root and the pod's group alone can read. */
  readonly needsGroup: boolean;
}

/** What a workload adds to its pods. */
export interface PodWiring {
  readonly namespace: Name;
  readonly serviceAccountName: Name;
  readonly automountServiceAccountToken?: boolean;
  readonly podAnnotations: Readonly<Record<string, string>>;
  readonly podLabels: Readonly<Record<string, string>>;
  readonly parts: readonly WiringPart[];
  /** The one volume that holds all tokens and files, and where it is mounted; none where the platform brings them. */
  readonly volume?: WiredVolume;
  readonly keepsRunning: readonly { readonly what: string; readonly remedy: string }[];
  /** Whether pods get an identity from GKE's metadata server. */
  readonly metadataServer: boolean;
}

/** How pods are wired, with what only the library says. */
interface WiredOptions extends PodTemplateOptions {
  /** Whether each container gets what is for the cloud that it is named after, and nothing that is for another. */
  readonly byCloud?: boolean;
}

/** How a template is merged with, apart from what the user says. */
export interface MergeOptions extends WiredOptions {
  /** Whether the template says the namespace: not where its owner does. */
  readonly namesNamespace?: boolean;
  /** The metadata that say which containers get nothing, where those of the template are not all that is printed. */
  readonly printedMetadata?: Fields;
}

/** How pods were wired. */
interface Wired {
  readonly wiring: PodWiring;
  readonly options: WiredOptions;
}

/** How the containers and volumes were wired that a wired template has. */
const WIRED = new WeakMap<object, Wired>();

/** How pods were wired, by any container or volume that they have of then. */
export function wiredBy(form: Form, { spec = {} }: PodManifest): Wired | undefined {
  return [form.containers, form.initContainers, form.volumes].flatMap(list => Array.isArray(spec[list]) ? spec[list] as unknown[] : [])
    .map(entry => isObject(entry) ? WIRED.get(entry) : undefined).find(wired => wired !== undefined);
}

/** Whether pods need nothing of a wiring but the names. */
export function givesNothing({ parts, podLabels, automountServiceAccountToken }: PodWiring): boolean {
  return !parts.some(givesSomething) && Object.keys(podLabels).length === 0 && automountServiceAccountToken === undefined;
}

/** Whether an identity adds something to containers. */
export const givesSomething = ({ env, paths, helpers }: WiringPart): boolean => env.length > 0 || paths.length > 0 || helpers.length > 0;

/** Whether two wirings are those of one workload, also where one of them says names in place of references. */
export function isSameWorkload(a: PodWiring, b: PodWiring): boolean {
  return a.parts === b.parts;
}

/** Whether pods have all that a wiring gives, so that it would change nothing. */
export function isWired(scope: IConstruct, form: Form, template: PodManifest, { wiring, options }: Wired): boolean {
  try {
    const { metadata, spec } = wirePods(scope, form, template, wiring, options);
    // By whichever name: another would have been refused.
    return new Merge(scope, form).sameObject({ metadata, spec: { ...spec, serviceAccountName: '' } },
      { metadata: template.metadata ?? {}, spec: { ...template.spec, serviceAccountName: '' } });
  } catch (error) {
    if (error instanceof FederationError) {
      return false;
    }
    throw error;
  }
}

/** Adds the wiring to pods of either form; merges with what is there, refuses a clash, and leaves its input as it is. */
export function wirePods(scope: IConstruct, form: Form, template: PodManifest, wiring: PodWiring, options: MergeOptions): Required<PodManifest> {
  const merge = new Merge(scope, form);
  const metadata = merge.fields('metadata', template.metadata) ?? {};
  const spec = merge.fields('spec', template.spec);
  checkOptions(scope, merge, spec, wiring, options);
  const helperNames = new Set(wiring.parts.flatMap(({ helpers }) => namesOf(helpers)));
  const { namesNamespace, printedMetadata = metadata, ...noted } = options;
  const skips = skipsOf(scope, printedMetadata, wiring.parts);
  const partsOf = partsFor(printedMetadata, wiring.parts, skips);
  const hasParts = (container: Fields): readonly WiringPart[] =>
    options.byCloud === true ? partsOf(container).filter(({ cloud }) => cloud === container.name) : partsOf(container);
  const own = merge.list(`spec.${form.containers}`, spec?.[form.containers]).filter(({ name }) => !helperNames.has(String(name)));
  if (spec === undefined || own.length === 0) {
    throw new FederationError({
      code: 'ClashingWiring', where: scope.node.path, prop: `spec.${form.containers}`, rule: 'hold at least one container', got: '[]', remedy: 'pass the containers of the pod',
    });
  }
  const ownInit = merge.list(`spec.${form.initContainers}`, spec[form.initContainers]).filter(({ name }) => !helperNames.has(String(name)));
  checkSkips(scope, new Map([[form.containers, own], [form.initContainers, ownInit]]), spec, skips);
  const wired = new Set([...own, ...ownInit].flatMap(container => hasParts(container)));
  const helpers = helpersOf(scope, form, [...wired].flatMap(part => part.helpers), wiring, options);
  merge.checkHelpers(`spec.${form.containers}`, spec[form.containers], helpers.sidecars, helperNames);
  merge.checkHelpers(`spec.${form.initContainers}`, spec[form.initContainers], helpers.initContainers, helperNames);
  const volumes = merge.list(`spec.${form.volumes}`, spec[form.volumes]);
  const annotations = merge.record('metadata.annotations', metadata.annotations, wiring.podAnnotations);
  const labels = merge.record('metadata.labels', metadata.labels, wiring.podLabels);
  const projected = volumesFor(wiring, [...wired].filter(({ paths }) => paths.length > 0), options);
  const wantedVolumes = [...projected.keys(), ...helpers.volumes];
  const wire = (list: string) => (container: Fields): Fields => {
    const parts = hasParts(container);
    const index = (spec[list] as readonly unknown[]).indexOf(container);
    const mounts = (part: WiringPart, wanted: WiredVolume) =>
      projected.get(wanted)?.includes(part) ?? part.helpers.some(helper => helper.volume.name === wanted.name);
    return merge.container(`spec.${list}[${index}]`, container, parts.map(part => onSystem(part, wiring, options)),
      wantedVolumes.filter(wanted => parts.some(part => mounts(part, wanted))));
  };
  const containers = own.map(wire(form.containers));
  const initContainers = ownInit.map(wire(form.initContainers));
  const wiredVolumes = wantedVolumes.map(wanted => form.volume(wanted, options.defaultMode));
  [...containers, ...initContainers, ...wiredVolumes].forEach(entry => WIRED.set(entry, { wiring, options: noted }));
  return {
    metadata: {
      ...metadata,
      ...(annotations === undefined ? {} : { annotations }),
      ...(labels === undefined ? {} : { labels }),
      ...(namesNamespace !== true ? {} : {
        // Templates of Jobs have no place for a namespace; of metadata with nothing else the binding leaves out the block, which the provider asks for.
        ...([annotations, labels, metadata.name, metadata.generateName].every(value => value === undefined) ? { labels: {} } : {}),
        namespace: merge.name('metadata.namespace', metadata.namespace, wiring.namespace, 'leave it out: a pod runs in the namespace of its service account'),
      }),
    },
    spec: {
      ...spec,
      serviceAccountName: merge.name('spec.serviceAccountName', spec.serviceAccountName, wiring.serviceAccountName,
        'leave it out: the workload sets it'),
      ...merge.automount(spec.automountServiceAccountToken, options.kubernetesApiAccess ?? wiring.automountServiceAccountToken),
      ...(helpers.watch ? merge.watchable(spec) : {}),
      ...(options.fsGroup === undefined ? {} : { securityContext: merge.fsGroup(spec.securityContext, options.fsGroup) }),
      ...(options.gkeMetadataServerNodeSelector === true ? { nodeSelector: merge.record('spec.nodeSelector', spec.nodeSelector, METADATA_SERVER_NODES) } : {}),
      // The helpers that run beside the others come last: those that wait for the others to end find them started.
      [form.containers]: [...containers, ...helpers.sidecars],
      ...(ownInit.length + helpers.initContainers.length === 0 ? {} : {
        [form.initContainers]: [...helpers.initContainers, ...initContainers],
      }),
      ...(volumes.length + wantedVolumes.length === 0 ? {} : {
        [form.volumes]: wiredVolumes.reduce<readonly Fields[]>((all, wanted) => merge.volumes(all, wanted), volumes),
      }),
    },
  };
}

/** Whether a template that runs as a workload has nothing of what its containers need. */
export function lacksWiring(scope: IConstruct, form: Form, { metadata: given, spec = {} }: PodManifest, wiring: PodWiring): boolean {
  const metadata = knownRecord(given);
  const [labels, containers] = [metadata.labels, spec[form.containers]];
  if (isToken(given) || !isKnownList(containers)) {
    return false;
  }
  const hasParts = partsFor(metadata, wiring.parts, skipsOf(scope, metadata, wiring.parts));
  const named = (list: unknown, name: string) => !isKnownList(list ?? []) || ((list ?? []) as readonly Fields[]).some(entry => entry.name === name);
  const lacking = containers.some(container => hasParts(container).some(part => part.env.some(({ name }) => !named(container.env, name))
    || (part.paths.length > 0 && !(named(container[form.mounts], wiring.volume!.name) && named(spec[form.volumes], wiring.volume!.name)))));
  const initContainers = spec[form.initContainers];
  const all = isKnownList(initContainers) ? [...containers, ...initContainers] : containers;
  const wanted = new Set(all.flatMap(container => hasParts(container).flatMap(({ podLabels }) => podLabels)));
  return lacking || (!isToken(labels) && [...wanted].some(label => (labels as Fields | undefined)?.[label] === undefined));
}

/** The variables that would win over the federated identity, and may be in what wired containers take all variables from: nobody can see it here. */
export function hiddenVariables(scope: IConstruct, form: Form, { metadata: given, spec }: PodManifest, { parts }: PodWiring): readonly string[] {
  const lists = isObject(spec) ? [spec[form.containers], spec[form.initContainers]].filter(isKnownList) : [];
  const containers = lists.flat().filter(({ envFrom }) => !isLeftOut(envFrom) && (isToken(envFrom) || !Array.isArray(envFrom) || envFrom.length > 0));
  if (containers.length === 0) {
    return [];
  }
  const metadata = knownRecord(given);
  const hasParts = partsFor(metadata, parts, skipsOf(scope, metadata, parts));
  return [...new Set(containers.flatMap(container => {
    const wired = hasParts(container);
    // What a container says itself wins over what comes from elsewhere.
    const set = new Set([...wired.flatMap(({ env }) => env), ...isKnownList(container.env) ? container.env : []].map(({ name }) => name));
    return wired.flatMap(({ reservedEnv }) => reservedEnv).filter(name => !set.has(name));
  }))];
}

/**
 * Whether containers say that they run as another user than root, and their pods name no group by which they could read what a webhook mounts.
 *
 * A user who is in root's group can read it too; one whose group is not said here is in whichever the image says, and is taken to be in another.
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
 */
export function lacksGroup(
  scope: IConstruct, form: Form, { metadata: given, spec }: PodManifest, { parts }: PodWiring, { os }: PodWiringOptions,
): boolean {
  if (!isObject(spec) || isToken(spec.securityContext) || !parts.some(part => part.needsGroup)) {
    return false;
  }
  const ofPod = knownRecord(spec.securityContext);
  const [groups, metadata] = [ofPod.supplementalGroups, knownRecord(given)];
  if (!isLeftOut(ofPod.fsGroup) || os === 'windows' || isForWindows(spec) || isToken(groups) || (Array.isArray(groups) && groups.some(isRoot))) {
    return false;
  }
  const hasParts = partsFor(metadata, parts, skipsOf(scope, metadata, parts));
  return [spec[form.containers], spec[form.initContainers]].filter(isKnownList).flat()
    .filter(container => !isToken(container.securityContext) && hasParts(container).some(part => part.needsGroup))
    .map(({ securityContext }) => ({ ...ofPod, ...said(knownRecord(securityContext)) }))
    .some(({ runAsUser, runAsGroup, runAsNonRoot }) => (isLeftOut(runAsUser) || isToken(runAsUser) ? runAsNonRoot === true : !isRoot(runAsUser))
      && !isToken(runAsGroup) && !isRoot(runAsGroup));
}

/** The id of root and of its group, which the provider takes as text. */
const isRoot = (id: unknown): boolean => String(id) === '0';

/** What is said: what a container leaves out is that of its pod. */
const said = (fields: Fields): Fields => Object.fromEntries(Object.entries(fields).filter(([, value]) => !isLeftOut(value)));

/** Whether pods say that they run on Windows: what they are scheduled by, and what they are. */
export function isForWindows({ os, nodeSelector }: Fields): boolean {
  return (os as Fields | undefined)?.name === 'windows' || (nodeSelector as Fields | undefined)?.['kubernetes.io/os'] === 'windows';
}

/** The node selector of GKE Standard's node pools with the metadata server. */
const METADATA_SERVER_NODES = { 'iam.gke.io/gke-metadata-server-enabled': 'true' };

/** The containers that an annotation keeps something from. */
interface Skip {
  readonly annotation: string;
  /** The cloud whose part they do not get; all parts where there is none. */
  readonly cloud?: string;
  readonly names: ReadonlySet<string>;
}

/**
 * What the annotations of pods keep from containers, of the parts that there are.
 *
 * A map that only Terraform knows is taken to hold nothing of the kind, unless its expression names one: most pods with such maps have no containers to leave out.
 */
function skipsOf(scope: IConstruct, { annotations, labels }: Fields, parts: readonly WiringPart[]): readonly Skip[] {
  const unresolved = (prop: string): never => {
    throw new FederationError({
      code: 'UnresolvedValue', where: scope.node.path, prop, rule: 'be known when the stack is synthesized',
      got: 'a value that only Terraform knows', remedy: 'write the names of the containers out, so that the others can be wired',
    });
  };
  const names = (record: unknown, key: string): boolean => isToken(record) && textOf(scope, Fn.jsonencode(record)).includes(key);
  if (names(labels, SKIPPED_BY_LABEL)) {
    throw new FederationError({
      code: 'UnresolvedValue', where: scope.node.path, prop: 'metadata.labels', rule: `be known when the stack is synthesized, as ${SKIPPED_BY_LABEL} is among them`,
      got: 'a value that only Terraform knows', remedy: 'write the labels out as a map',
    });
  }
  return SKIPPING.flatMap(({ annotation, separator, cloud }) => {
    const prop = `metadata.annotations[${JSON.stringify(annotation)}]`;
    const value = names(annotations, annotation) ? annotations : knownRecord(annotations)[annotation] ?? '';
    if (isToken(value)) {
      unresolved(prop);
    }
    if (typeof value !== 'string') {
      throw new FederationError({
        code: 'ClashingWiring', where: scope.node.path, prop, rule: 'be text with the names of containers', got: value, remedy: `write the names with ${JSON.stringify(separator)} between them`,
      });
    }
    const skipped = new Set(value.split(separator).map(name => name.trim()).filter(name => name !== ''));
    return skipped.size > 0 && (cloud === undefined || parts.some(part => part.cloud === cloud)) ? [{ annotation, cloud, names: skipped }] : [];
  });
}

/**
 * Whether annotations or labels that only Terraform knows may hold what keeps containers from being wired, where something is wired.
 *
 * They are taken to hold nothing of the kind, as most do not, and nobody could use such a map otherwise.
 */
export function hidesSkips({ metadata }: PodManifest, { parts }: PodWiring): boolean {
  const isHidden = (record: unknown): boolean => isToken(record) || Object.keys(knownRecord(record)).some(isToken);
  const { annotations, labels } = knownRecord(metadata);
  const given = parts.filter(givesSomething);
  return given.length > 0 && (isHidden(annotations) || (isHidden(labels) && given.some(({ cloud }) => cloud === 'aws')));
}

const knownRecord = (record: unknown): Fields => isObject(record) && !isToken(record) ? record : {};

/** Which parts of a wiring each container gets. */
function partsFor({ labels }: Fields, parts: readonly WiringPart[], skips: readonly Skip[]): (container: Fields) => readonly WiringPart[] {
  const skipsAws = knownRecord(labels)[SKIPPED_BY_LABEL] !== undefined;
  return ({ name }) => parts.filter(part => !(skipsAws && part.cloud === 'aws')
    && !skips.some(({ cloud, names }) => (cloud === undefined || cloud === part.cloud) && names.has(String(name))));
}

/** Refuses names to skip that may be meant for a container and do not reach it. */
function checkSkips(scope: IConstruct, lists: ReadonlyMap<string, readonly Fields[]>, spec: Fields, skips: readonly Skip[]): void {
  if (skips.length === 0) {
    return;
  }
  for (const [list, containers] of lists) {
    const hidden = containers.find(({ name }) => isToken(name));
    if (hidden !== undefined) {
      throw new FederationError({
        code: 'UnresolvedValue', where: scope.node.path, prop: `spec.${list}[${(spec[list] as readonly unknown[]).indexOf(hidden)}].name`,
        rule: `be known when the stack is synthesized, as ${skips[0]!.annotation} names containers`, got: 'a name that only Terraform knows', remedy: 'write the name out',
      });
    }
  }
  const present = new Set([...lists.values()].flat().map(({ name }) => String(name)));
  for (const { annotation, cloud, names } of skips) {
    const unknown = [...names].find(name => !present.has(name));
    // What a webhook reads may name what another webhook adds; ours is read here alone.
    if (cloud === undefined && unknown !== undefined) {
      throw new FederationError({
        code: 'ClashingWiring', where: scope.node.path, prop: `metadata.annotations[${JSON.stringify(annotation)}]`, rule: 'name containers of the pod', got: unknown,
        remedy: `there are ${[...present].join(', ')}; write them with commas between them`,
      });
    }
  }
}

function checkOptions(scope: IConstruct, merge: Merge, spec: Fields | undefined, wiring: PodWiring, options: MergeOptions): void {
  const refuse = (prop: string, rule: string, got: unknown, remedy: string, code: 'ClashingWiring' | 'InvalidIdentifier' | 'OutOfRange' = 'ClashingWiring'): never => {
    throw new FederationError({ code, where: scope.node.path, prop, rule, got, remedy });
  };
  const { os, fsGroup, defaultMode, gkeMetadataServerNodeSelector } = options;
  if (os !== undefined && os !== 'linux' && os !== 'windows') {
    refuse('os', 'be "linux" or "windows"', os, 'leave it out for "linux"', 'InvalidIdentifier');
  }
  if (fsGroup !== undefined && !isToken(fsGroup) && !(Number.isInteger(fsGroup) && fsGroup >= 0 && fsGroup <= 2147483647)) {
    refuse('fsGroup', 'be a whole number from 0 to 2147483647', fsGroup, 'pass the group of the containers, such as 65532', 'OutOfRange');
  }
  if (defaultMode !== undefined && !/^0[0-7]{3}$/.test(defaultMode)) {
    refuse('defaultMode', 'be four octal digits that begin with 0', defaultMode, 'write it like "0440"', 'OutOfRange');
  }
  if (os === 'windows') {
    for (const [prop, value] of Object.entries({ fsGroup, defaultMode, gkeMetadataServerNodeSelector })) {
      if (value !== undefined && value !== false) {
        refuse(prop, 'be left out on Windows, which knows nothing of the kind', value, 'leave it out');
      }
    }
    if (wiring.parts.some(({ helpers }) => helpers.length > 0)) {
      refuse('os', 'be "linux" where containers bring the tokens, as they are of Linux', os, 'give the workload an identity that trusts the cluster\'s own tokens');
    }
  }
  const security = spec?.securityContext;
  const group = fsGroup ?? (isToken(security) ? security : merge.fields('spec.securityContext', security)?.fsGroup);
  if (defaultMode !== undefined && isLeftOut(group)) {
    refuse('defaultMode', 'come with `fsGroup`: nobody but root could read the tokens otherwise', defaultMode, 'say `fsGroup`, or leave the mode to Kubernetes');
  }
  if (gkeMetadataServerNodeSelector === true && !wiring.metadataServer) {
    refuse('gkeMetadataServerNodeSelector', 'be left out where the workload gets nothing from GKE\'s metadata server', true, 'leave it out');
  }
}

/** A path in a container as its system has it: Kubernetes takes slashes on Windows too, which need no escaping anywhere. */
function onDrive(path: string, { os }: PodWiringOptions): string {
  return os !== 'windows' ? path : isToken(path) ? Fn.join('', ['C:', path]) : `C:${path}`;
}

/** @see https://github.com/kubernetes/website/blob/main/content/en/examples/windows/emptydir-pod.yaml */
function placed(volume: WiredVolume, options: PodWiringOptions): WiredVolume {
  return { ...volume, mountPath: onDrive(volume.mountPath, options) };
}

/** The volumes with the tokens and files of parts, and whose are in which: one for all that containers share, or one for each. */
function volumesFor({ volume }: PodWiring, parts: readonly WiringPart[], options: WiredOptions): ReadonlyMap<WiredVolume, readonly WiringPart[]> {
  if (volume === undefined || parts.length === 0) {
    return new Map();
  }
  return options.byCloud === true ? new Map(parts.map(part => [placed(shareOf(volume, part), options), [part]]))
    : new Map([[placed(volume, options), parts]]);
}

/** What is of one part in a volume, in a volume of its own. */
function shareOf(volume: WiredVolume, { cloud, paths }: WiringPart): WiredVolume {
  if (volume.content === 'memory') {
    return volume;
  }
  const { tokens, configMap } = volume.content;
  const ofPart = <T extends { readonly path: string }>(entries: readonly T[]): readonly T[] => entries.filter(({ path }) => paths.includes(path));
  const items = ofPart(configMap?.items ?? []);
  return {
    ...volume,
    name: `${volume.name}-${cloud}`,
    content: { tokens: ofPart(tokens), ...(configMap === undefined || items.length === 0 ? {} : { configMap: { ...configMap, items } }) },
  };
}

/** The variables of a part, those that hold paths as the system has them. */
function onSystem(part: WiringPart, { volume }: PodWiring, options: PodWiringOptions): WiringPart {
  return options.os !== 'windows' || volume === undefined ? part : {
    ...part, env: part.env.map(({ name, value }) => ({ name, value: value.startsWith(`${volume.mountPath}/`) ? onDrive(value, options) : value })),
  };
}

/** Of all kinds: a pod has each name once, and what another wiring added must not stay. */
const namesOf = (helpers: readonly PodHelpers[]): readonly string[] =>
  helpers.flatMap(helper => [...helper.initContainers, ...helper.sidecars, ...helper.completingSidecars].map(({ name }) => name));

/** What the helpers of a workload add to a pod. */
function helpersOf(
  scope: IConstruct, form: Form, helpers: readonly PodHelpers[], { keepsRunning }: PodWiring, { runToCompletion = false }: PodTemplateOptions,
): { initContainers: Fields[]; sidecars: Fields[]; volumes: WiredVolume[]; watch: boolean } {
  const endless = keepsRunning[0];
  if (runToCompletion && endless !== undefined) {
    throw new FederationError({
      code: 'ClashingWiring', where: scope.node.path, prop: 'runToCompletion', rule: 'be left out where something keeps the pods from completing', got: endless.what,
      remedy: endless.remedy,
    });
  }
  const besides = (helper: PodHelpers) => runToCompletion ? helper.completingSidecars : helper.sidecars;
  return {
    initContainers: helpers.flatMap(helper => helper.initContainers.map(container => form.helper(container, helper))),
    sidecars: helpers.flatMap(helper => besides(helper).map(container => form.helper(container, helper))),
    volumes: helpers.map(({ volume: { name, mountPath } }) => ({ name, mountPath, content: 'memory', remedy: 'mount it elsewhere' })),
    watch: runToCompletion && helpers.some(helper => helper.completingSidecars.length > 0),
  };
}

const isKnownArray = (value: unknown): value is readonly unknown[] => Array.isArray(value) && !isToken(value) && !value.some(isToken);

/** Terraform takes null for what is not there. */
const isLeftOut = (value: unknown): boolean => value === undefined || value === null;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

const isKnownList = (value: unknown): value is readonly Fields[] => isKnownArray(value) && value.every(isObject);

class Merge {
  constructor(private readonly scope: IConstruct, private readonly form: Form) {}

  /** An object; undefined where it is left out. */
  public fields(prop: string, value: unknown): Fields | undefined {
    if (isLeftOut(value)) {
      return undefined;
    }
    if (isToken(value)) {
      throw new FederationError({
        code: 'UnresolvedValue', where: this.scope.node.path, prop, rule: 'be known when the stack is synthesized', got: 'a value that only Terraform knows',
        remedy: 'write it out, so that others can be added to what is in it',
      });
    }
    return isObject(value) ? value : this.clash(prop, 'be an object', value, 'write it as Kubernetes has it');
  }

  public list(prop: string, value: unknown): readonly Fields[] {
    if (isLeftOut(value)) {
      return [];
    }
    if (!isToken(value) && !Array.isArray(value)) {
      return this.clash(prop, 'be a list', value, 'write it as Kubernetes has it');
    }
    if (!isKnownArray(value)) {
      throw new FederationError({
        code: 'UnresolvedValue', where: this.scope.node.path, prop, rule: 'be a list that is known when the stack is synthesized',
        got: 'a value that only Terraform knows', remedy: 'write the list out, so that every entry can be wired',
      });
    }
    const empty = value.findIndex(entry => !isObject(entry));
    if (empty !== -1) {
      this.clash(`${prop}[${empty}]`, 'be an object', value[empty] ?? 'nothing', 'remove it');
    }
    return value as readonly Fields[];
  }

  /** Refuses a container of the template's own by the name of a helper. */
  public checkHelpers(prop: string, containers: unknown, helpers: readonly Fields[], names: ReadonlySet<string>): void {
    const byName = new Map(helpers.map(helper => [helper.name, helper]));
    for (const container of this.list(prop, containers)) {
      if (names.has(String(container.name)) && !this.sameObject(container, byName.get(container.name))) {
        this.clash(prop, `leave the name ${String(container.name)} to the workload`, container.name, 'rename the container');
      }
    }
  }

  /** What lets a helper see when the other containers have ended, and be right about it: one that is started again has not ended. */
  public watchable({ shareProcessNamespace, restartPolicy }: Fields): Fields {
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

  public name(prop: string, present: unknown, wanted: Name, remedy: string): string {
    if (!isLeftOut(present) && !this.same(present, wanted.reference) && !this.same(present, wanted.said)) {
      this.clash(prop, 'be that of the workload or left out', isToken(present) ? 'another value that only Terraform knows' : present, remedy);
    }
    return wanted.reference;
  }

  public automount(present: unknown, wanted: boolean | undefined): Fields {
    if (wanted !== undefined && !isLeftOut(present) && present !== wanted) {
      this.clash('spec.automountServiceAccountToken', `be ${wanted} or left out`, isToken(present) ? 'a value that only Terraform knows' : String(present),
        'remove it, or leave `kubernetesApiAccess` out where the workload is defined');
    }
    const automountServiceAccountToken = present ?? wanted;
    return automountServiceAccountToken === undefined ? {} : { automountServiceAccountToken };
  }

  public fsGroup(present: unknown, wanted: number): Fields {
    const { fsGroup, ...others } = isToken(present) ? { fsGroup: present } : this.fields('spec.securityContext', present) ?? {};
    if (fsGroup !== undefined && (isToken(fsGroup) || String(fsGroup) !== String(wanted))) {
      this.clash('spec.securityContext.fsGroup', `be ${wanted} or left out`, isToken(fsGroup) ? 'a value that only Terraform knows' : fsGroup,
        'remove it, or leave the option `fsGroup` out');
    }
    return { ...others, fsGroup: this.form.number(wanted) };
  }

  /** A map with what is wanted of it; undefined where there is nothing in it. */
  public record(prop: string, present: unknown, wanted: Readonly<Record<string, string>>): unknown {
    if (isToken(present)) {
      const [before, after] = [present, wanted].map(map => textOf(this.scope, Fn.jsonencode(map)).slice('${jsonencode('.length, -')}'.length));
      // The last wins in a merge of Terraform's.
      return Object.keys(wanted).length === 0 || (before!.startsWith('merge(') && before!.endsWith(`, ${after})`)) ? present : Fn.merge([present, wanted]);
    }
    const known = this.fields(prop, present);
    for (const [key, value] of Object.entries(wanted)) {
      const other = known?.[key];
      if (other !== undefined && !this.same(other, value)) {
        this.clash(`${prop}[${JSON.stringify(key)}]`, 'be left to the workload', isToken(other) ? 'a value that only Terraform knows' : other, 'remove it');
      }
    }
    const merged = { ...known, ...wanted };
    return Object.keys(merged).length === 0 ? undefined : merged;
  }

  public container(prop: string, container: Fields, parts: readonly WiringPart[], volumes: readonly WiredVolume[]): Fields {
    const mountsOf = `${prop}.${this.form.mounts}`;
    const env = this.list(`${prop}.env`, container.env);
    const mounts = this.list(mountsOf, container[this.form.mounts]);
    const hidden = env.find(({ name }) => isToken(name));
    if (hidden !== undefined) {
      throw new FederationError({
        code: 'UnresolvedValue', where: this.scope.node.path, prop: `${prop}.env`, rule: 'hold variables whose names are known when the stack is synthesized',
        got: 'a name that only Terraform knows', remedy: 'write the name out: some would win over the federated identity',
      });
    }
    const byName = new Map(env.map(variable => [variable.name, variable]));
    const wanted = new Map(parts.flatMap(part => part.env.map(variable => [variable.name, variable.value] as const)));
    for (const name of new Set(parts.flatMap(({ reservedEnv }) => reservedEnv))) {
      if (byName.has(name) && !wanted.has(name)) {
        // The value may be a key, and messages end up in logs.
        this.clash(`${prop}.env`, `not set ${name}`, byName.get(name)!.value === undefined ? 'a value from elsewhere' : 'a value of its own',
          'remove it: it would win over the federated identity');
      }
    }
    for (const [name, value] of wanted) {
      const present = byName.get(name);
      if (present !== undefined && !this.same(present.value, value)) {
        const got = isLeftOut(present.value) ? 'a value from elsewhere' : isToken(present.value) ? 'a value that only Terraform knows' : 'a value of its own';
        this.clash(`${prop}.env`, `leave ${name} to the workload`, got, 'remove it, or say it where the identity is defined');
      }
    }
    const wired: Record<string, unknown> = { ...container };
    const addedEnv = [...wanted].filter(([name]) => !byName.has(name)).map(([name, value]) => ({ name, value }));
    if (addedEnv.length > 0) {
      wired.env = [...env, ...addedEnv];
    }
    const ours = volumes.map(volume => ({ volume, mounted: this.mounted(mountsOf, mounts, volume) }));
    const already = new Set(ours.flatMap(({ mounted }) => mounted));
    if (ours.length > 0) {
      wired[this.form.mounts] = [
        ...mounts.map(mount => already.has(mount) ? { ...mount, readOnly: true } : mount),
        ...ours.filter(({ mounted }) => mounted.length === 0).map(({ volume: { name, mountPath } }) => ({ name, mountPath, readOnly: true })),
      ];
    }
    return wired;
  }

  public volumes(volumes: readonly Fields[], wanted: Fields): readonly Fields[] {
    const [present, ...others] = volumes.filter(volume => volume.name === wanted.name);
    if (present === undefined) {
      return [...volumes, wanted];
    }
    if (others.length > 0 || !this.sameObject(present, wanted)) {
      this.clash(`spec.${this.form.volumes}`, `leave the name ${String(wanted.name)} to the workload`, wanted.name, 'rename the volume');
    }
    return volumes;
  }

  /** The mounts of a volume at its place. */
  private mounted(prop: string, mounts: readonly Fields[], volume: WiredVolume): readonly Fields[] {
    return mounts.filter(mount => {
      const path = placeOf(String(mount.mountPath), volume.mountPath);
      const same = this.same(path, volume.mountPath);
      if (mount.name === volume.name && same && isLeftOut(mount.subPath) && isLeftOut(mount.subPathExpr)) {
        if (!isLeftOut(mount.readOnly) && mount.readOnly !== true) {
          this.clash(prop, `mount ${volume.mountPath} read-only`, isToken(mount.readOnly) ? 'a value that only Terraform knows' : `readOnly: ${String(mount.readOnly)}`, 'leave `readOnly` out');
        }
        return true;
      }
      if (same || path.startsWith(`${volume.mountPath}/`)) {
        this.clash(prop, `leave ${volume.mountPath} to the workload`, isToken(mount.mountPath) ? 'a value that only Terraform knows' : mount.mountPath, volume.remedy);
      }
      return false;
    });
  }

  private same(a: unknown, b: string): boolean {
    return typeof a === 'string' && sameText(this.scope, a, b);
  }

  public sameObject(a: unknown, b: unknown): boolean {
    if (typeof a === 'string' && typeof b === 'string') {
      return this.same(a, b);
    }
    if (a === b || isToken(a) || isToken(b)) {
      return a === b || sameTokens(this.scope, a, b);
    }
    if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
      return a === b;
    }
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every(key => this.sameObject((a as Fields)[key], (b as Fields)[key]));
  }

  private clash(prop: string, rule: string, got: unknown, remedy: string): never {
    throw new FederationError({ code: 'ClashingWiring', where: this.scope.node.path, prop, rule, got, remedy });
  }
}

/** A mount path in the one form that it is compared in; Windows takes both slashes, no drive for `C:`, and either case. */
function placeOf(path: string, wanted: string): string {
  if (isToken(path)) {
    return path;
  }
  if (!wanted.startsWith('C:')) {
    return posix.normalize(path).replace(/\/$/, '');
  }
  const slashes = posix.normalize(path.replaceAll('\\', '/')).replace(/\/$/, '');
  const place = slashes.startsWith('/') ? `C:${slashes}` : slashes;
  const [lower, wantedLower] = [place.toLowerCase(), wanted.toLowerCase()];
  return lower === wantedLower || lower.startsWith(`${wantedLower}/`) ? wanted + place.slice(wanted.length) : place;
}

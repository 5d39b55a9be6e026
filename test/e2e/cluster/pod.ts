import { posix } from 'node:path';
import { KubernetesError } from './refusal';
import { digest } from './test-cluster';
import { ApiObject } from '../kubernetes/api-objects';

/** The parts of a pod that decide what its containers find: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/. */
export interface Pod {
  readonly name: string;
  /** Whether a controller made the name. */
  readonly generated: boolean;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  serviceAccountName: string;
  readonly automount?: boolean;
  readonly hostNetwork: boolean;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly security: PodSecurity;
  readonly hostname?: string;
  initContainers: Container[];
  containers: Container[];
  volumes: Volume[];
}

export interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  env: readonly EnvVar[];
  readonly envFrom: readonly EnvFrom[];
  volumeMounts: readonly VolumeMount[];
  readonly security: ContainerSecurity;
}

/** Whom the containers of a pod run as: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#security-context. */
export interface PodSecurity {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly fsGroup?: number;
  readonly supplementalGroups?: readonly number[];
}

export interface ContainerSecurity {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly privileged?: boolean;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

export interface KeyRef { readonly name: string; readonly key: string; readonly optional?: boolean }
export interface ObjectRef { readonly name: string; readonly optional?: boolean }
export interface Item { readonly key: string; readonly path: string; readonly mode?: number }
export interface FieldItem {
  readonly path: string;
  readonly mode?: number;
  readonly fieldRef?: { readonly fieldPath: string };
  readonly resourceFieldRef?: unknown;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly configMapKeyRef?: KeyRef;
    readonly secretKeyRef?: KeyRef;
    readonly fieldRef?: { readonly fieldPath: string };
    readonly resourceFieldRef?: unknown;
  };
}

export interface EnvFrom { readonly prefix?: string; readonly configMapRef?: ObjectRef; readonly secretRef?: ObjectRef }

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath?: string;
  readonly subPathExpr?: string;
  readonly readOnly?: boolean;
}

export interface Source {
  readonly serviceAccountToken?: { readonly audience?: string; readonly expirationSeconds?: number; readonly path: string };
  readonly configMap?: ObjectRef & { readonly items?: readonly Item[] };
  readonly secret?: ObjectRef & { readonly items?: readonly Item[] };
  readonly downwardAPI?: { readonly items?: readonly FieldItem[] };
}

export interface Volume {
  readonly name: string;
  readonly projected?: { readonly sources: readonly Source[]; readonly defaultMode?: number };
  readonly configMap?: ObjectRef & { readonly items?: readonly Item[]; readonly defaultMode?: number };
  readonly secret?: { readonly secretName: string; readonly optional?: boolean; readonly items?: readonly Item[]; readonly defaultMode?: number };
  readonly downwardAPI?: { readonly items?: readonly FieldItem[]; readonly defaultMode?: number };
  readonly emptyDir?: { readonly medium?: string };
  /** A source of another kind, whose files nothing here knows. */
  readonly other?: string;
}

/** What is told of a pod beside its object. */
export interface PodOrigin {
  /** A resource of Terraform's typed kinds, whose provider says more than is written. */
  readonly typed: boolean;
  readonly where: string;
}

/** What the controllers of Kubernetes hang at the name of a pod: `template` is where the pod stands in the object. */
function suffixOf({ kind, metadata }: ApiObject): string {
  const letters = (length: number, ...parts: string[]) => BigInt(`0x${digest(kind, metadata.namespace ?? 'default', metadata.name, ...parts)}`).toString(36).slice(-length);
  switch (kind) {
    case 'Deployment': return `-${letters(10, 'set')}-${letters(5)}`;
    case 'StatefulSet': return '-0';
    case 'CronJob': return `-29000000-${letters(5)}`;
    default: return `-${letters(5)}`;
  }
}

const WITH_TEMPLATE = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job']);

/** The pod that Kubernetes makes of an object: of a Pod itself, of every other its template. */
export function podOf(object: ApiObject, { typed, where }: PodOrigin): Pod {
  const template = object.kind === 'Pod' ? object
    : object.kind === 'CronJob' ? object.spec?.jobTemplate?.spec?.template : WITH_TEMPLATE.has(object.kind) ? object.spec?.template : undefined;
  const spec = template?.spec;
  if (spec === undefined || spec === null) throw new KubernetesError('Invalid', `${where}: ${object.kind} has no pod`);
  const metadata = template.metadata ?? {};
  return {
    name: object.kind === 'Pod' ? object.metadata.name : `${object.metadata.name}${suffixOf(object)}`,
    generated: object.kind !== 'Pod' && object.kind !== 'StatefulSet',
    // A template's own namespace counts for nothing: its pods stand beside the object that makes them.
    namespace: object.metadata.namespace ?? 'default',
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    serviceAccountName: spec.serviceAccountName || spec.serviceAccount || '',
    // The provider writes true into every pod that says nothing, which wins over the ServiceAccount:
    // https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs/resources/pod_v1#automount_service_account_token-1
    automount: spec.automountServiceAccountToken ?? (typed ? true : undefined),
    hostNetwork: spec.hostNetwork === true,
    nodeSelector: spec.nodeSelector ?? {},
    security: spec.securityContext ?? {},
    hostname: spec.hostname || undefined,
    initContainers: list(spec.initContainers).map(containerOf),
    containers: list(spec.containers).map(containerOf),
    volumes: list(spec.volumes).map(volumeOf),
  };
}

const list = (value: unknown): any[] => Array.isArray(value) ? value : [];

function containerOf(container: any): Container {
  return {
    name: container.name,
    command: list(container.command),
    args: list(container.args),
    env: list(container.env),
    envFrom: list(container.envFrom),
    volumeMounts: list(container.volumeMounts),
    security: container.securityContext ?? {},
  };
}

const VOLUMES = new Set(['name', 'projected', 'configMap', 'secret', 'downwardAPI', 'downwardApi', 'emptyDir']);

function volumeOf(volume: any): Volume {
  const other = Object.keys(volume).filter(key => !VOLUMES.has(key));
  // Terraform's blocks are turned into fields by rule, and this one has capitals of its own.
  const sources = list(volume.projected?.sources).map(({ downwardApi, ...source }) =>
    ({ ...source, ...(downwardApi === undefined ? {} : { downwardAPI: downwardApi }) }));
  return {
    name: volume.name,
    ...(volume.projected === undefined ? {} : { projected: { ...volume.projected, sources } }),
    ...(volume.configMap === undefined ? {} : { configMap: volume.configMap }),
    ...(volume.secret === undefined ? {} : { secret: volume.secret }),
    ...(volume.downwardAPI ?? volume.downwardApi) === undefined ? {} : { downwardAPI: volume.downwardAPI ?? volume.downwardApi },
    ...(volume.emptyDir === undefined ? {} : { emptyDir: volume.emptyDir }),
    ...(other.length === 0 ? {} : { other: other.join(', ') }),
  };
}

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN_PART = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const isSubdomain = (name: unknown) => typeof name === 'string' && name.length <= 253 && name.split('.').every(part => SUBDOMAIN_PART.test(part));
const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
/** The 2^32 seconds beyond which the API server takes no expiration. */
const MOST_SECONDS = 2 ** 32;

/**
 * Refuses a pod as the API server does, after admission; the rules are those of
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go. Where the server is told by server-side apply, as
 * `kubernetes_manifest` does, it also takes no list of which two entries have the same key.
 */
export function validatePod(pod: Pod, { serverSideApply }: { readonly serverSideApply: boolean }): void {
  const fail = (field: string, message: string): never => {
    throw new KubernetesError('Invalid', `Pod "${pod.name}" is invalid: ${field}: ${message}`);
  };
  if (!isSubdomain(pod.name)) fail('metadata.name', `Invalid value: "${pod.name}": a lowercase RFC 1123 subdomain is expected`);
  if (!LABEL.test(pod.namespace)) fail('metadata.namespace', `Invalid value: "${pod.namespace}": a lowercase RFC 1123 label is expected`);
  if (!isSubdomain(pod.serviceAccountName)) fail('spec.serviceAccountName', `Invalid value: "${pod.serviceAccountName}": a lowercase RFC 1123 subdomain is expected`);
  for (const [name, value] of [...Object.entries(pod.labels), ...Object.entries(pod.annotations)]) {
    if (typeof value !== 'string') fail('metadata', `the value of ${name} must be a string`);
  }
  const volumes = new Set<string>();
  pod.volumes.forEach((volume, index) => {
    const field = `spec.volumes[${index}]`;
    if (!LABEL.test(volume.name ?? '')) fail(`${field}.name`, `Invalid value: "${volume.name}": a lowercase RFC 1123 label is expected`);
    if (volumes.has(volume.name)) fail(`${field}.name`, `Duplicate value: "${volume.name}"`);
    volumes.add(volume.name);
    const { projected, configMap, secret, downwardAPI, emptyDir, other } = volume;
    const kinds = [projected, configMap, secret, downwardAPI, emptyDir, other].filter(kind => kind !== undefined);
    if (kinds.length === 0) fail(field, 'Required value: must specify a volume type');
    if (kinds.length > 1) fail(field, 'Forbidden: may not specify more than 1 volume type');
    validateModes(volume, field, fail);
    validateSources(volume, field, fail);
  });
  if (pod.containers.length === 0) fail('spec.containers', 'Required value');
  const names = new Set<string>();
  const each = (containers: readonly Container[], list_: string) => containers.forEach((container, index) => {
    const field = `spec.${list_}[${index}]`;
    if (!LABEL.test(container.name ?? '')) fail(`${field}.name`, `Invalid value: "${container.name}": a lowercase RFC 1123 label is expected`);
    if (names.has(container.name)) fail(`${field}.name`, `Duplicate value: "${container.name}"`);
    names.add(container.name);
    validateEnv(container, field, fail, serverSideApply);
    validateMounts(container, field, fail, volumes);
  });
  each(pod.containers, 'containers');
  each(pod.initContainers, 'initContainers');
}

type Fail = (field: string, message: string) => never;

function validateEnv({ env, envFrom }: Container, field: string, fail: Fail, serverSideApply: boolean): void {
  const names = new Set<string>();
  env.forEach(({ name, value, valueFrom }, index) => {
    const at = `${field}.env[${index}]`;
    if (typeof name !== 'string' || !ENV_NAME.test(name)) fail(`${at}.name`, `Invalid value: "${name}": a valid environment variable name is expected`);
    if (value !== undefined && typeof value !== 'string') fail(`${at}.value`, 'must be a string');
    if (names.has(name) && serverSideApply) fail(`${field}.env`, `duplicate entries for key [name="${name}"]`);
    names.add(name);
    if (valueFrom !== undefined) {
      if (value !== undefined && value !== '') fail(`${at}.valueFrom`, 'Invalid value: "": may not be specified when `value` is not empty');
      const sources = Object.values(valueFrom).filter(source => source !== undefined);
      if (sources.length !== 1) fail(`${at}.valueFrom`, 'Invalid value: "": must specify exactly one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`');
    }
  });
  envFrom.forEach(({ configMapRef, secretRef }, index) => {
    if ((configMapRef === undefined) === (secretRef === undefined)) fail(`${field}.envFrom[${index}]`, 'Invalid value: "": must specify one of: `configMapRef` or `secretRef`');
  });
}

function validateMounts({ volumeMounts }: Container, field: string, fail: Fail, volumes: ReadonlySet<string>): void {
  const paths = new Set<string>();
  volumeMounts.forEach(({ name, mountPath, subPath, subPathExpr }, index) => {
    const at = `${field}.volumeMounts[${index}]`;
    if (!name) fail(`${at}.name`, 'Required value');
    if (!mountPath) fail(`${at}.mountPath`, 'Required value');
    if (mountPath.includes(':')) fail(`${at}.mountPath`, `Invalid value: "${mountPath}": must not contain ':'`);
    if (!volumes.has(name)) fail(`${at}.name`, `Not found: "${name}"`);
    // Compared as text: /a and /a/ are two to the API server, and it is the runtime that fails.
    if (paths.has(mountPath)) fail(`${at}.mountPath`, `Invalid value: "${mountPath}": must be unique`);
    paths.add(mountPath);
    if (subPath && subPathExpr) fail(`${at}.subPathExpr`, 'Invalid value: subPathExpr and subPath are mutually exclusive');
    for (const path of [subPath, subPathExpr]) {
      if (path) checkPath(`${at}.subPath`, path, fail);
    }
  });
  const normal = volumeMounts.map(({ mountPath }) => mountPointOf(mountPath));
  if (new Set(normal).size !== normal.length) fail(`${field}.volumeMounts`, 'two mounts are one directory');
}

/** A mount path as the runtime takes it. */
export function mountPointOf(path: string): string {
  return posix.normalize(`/${path}`).replace(/(?<=.)\/$/, '');
}

function validateModes({ projected, configMap, secret, downwardAPI }: Volume, field: string, fail: Fail): void {
  const check = (at: string, mode: number | undefined) => {
    if (mode !== undefined && !(Number.isInteger(mode) && mode >= 0 && mode <= 0o777)) {
      fail(at, `Invalid value: ${mode}: must be a number between 0 and 0777 (octal), both inclusive`);
    }
  };
  for (const [name, source] of Object.entries({ projected, configMap, secret, downwardAPI })) {
    check(`${field}.${name}.defaultMode`, source?.defaultMode);
  }
  const projections = projected?.sources.flatMap(source => [source.configMap, source.secret, source.downwardAPI]) ?? [];
  for (const source of [configMap, secret, downwardAPI, ...projections]) {
    source?.items?.forEach(({ path, mode }) => check(`${field}: the mode of ${path}`, mode));
  }
}

function validateSources(volume: Volume, field: string, fail: Fail): void {
  const paths = new Set<string>();
  const path = (at: string, value: string | undefined) => {
    if (!value) fail(`${at}.path`, 'Required value');
    checkPath(`${at}.path`, value!, fail);
    // What stands below `..` is the kubelet's own.
    if (value!.startsWith('..')) fail(`${at}.path`, `Invalid value: "${value}": must not start with '..'`);
    if (paths.has(value!)) fail(`${at}.path`, `Invalid value: "${value}": conflicting duplicate paths`);
    paths.add(value!);
  };
  const items = (at: string, wanted: readonly Item[] | undefined) => wanted?.forEach((item, index) => {
    if (!item.key) fail(`${at}.items[${index}].key`, 'Required value');
    path(`${at}.items[${index}]`, item.path);
  });
  if (volume.configMap !== undefined) {
    if (!volume.configMap.name) fail(`${field}.configMap.name`, 'Required value');
    items(`${field}.configMap`, volume.configMap.items);
  }
  if (volume.secret !== undefined) {
    if (!volume.secret.secretName) fail(`${field}.secret.secretName`, 'Required value');
    items(`${field}.secret`, volume.secret.items);
  }
  volume.downwardAPI?.items?.forEach((item, index) => path(`${field}.downwardAPI.items[${index}]`, item.path));
  volume.projected?.sources.forEach((source, index) => {
    const at = `${field}.projected.sources[${index}]`;
    const kinds = Object.keys(source);
    if (kinds.length === 0) fail(at, 'Required value: must specify a source');
    if (kinds.length > 1) fail(at, 'Forbidden: may not specify more than 1 volume type per source');
    const { serviceAccountToken: token, configMap, secret, downwardAPI } = source;
    if (token !== undefined) {
      const { expirationSeconds } = token;
      if (expirationSeconds !== undefined && expirationSeconds < 600) {
        fail(`${at}.serviceAccountToken.expirationSeconds`, `Invalid value: ${expirationSeconds}: may not specify a duration less than 10 minutes`);
      }
      if (expirationSeconds !== undefined && expirationSeconds > MOST_SECONDS) {
        fail(`${at}.serviceAccountToken.expirationSeconds`, `Invalid value: ${expirationSeconds}: may not specify a duration larger than 2^32 seconds`);
      }
      path(`${at}.serviceAccountToken`, token.path);
    } else if (configMap !== undefined) {
      if (!configMap.name) fail(`${at}.configMap.name`, 'Required value');
      items(`${at}.configMap`, configMap.items);
    } else if (secret !== undefined) {
      if (!secret.name) fail(`${at}.secret.name`, 'Required value');
      items(`${at}.secret`, secret.items);
    } else if (downwardAPI !== undefined) {
      downwardAPI.items?.forEach((item, nth) => path(`${at}.downwardAPI.items[${nth}]`, item.path));
    } else {
      fail(at, `${kinds[0]} is no source that this cluster has`);
    }
  });
}

/** https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go, validateLocalDescendingPath. */
function checkPath(field: string, path: string, fail: Fail): void {
  if (path.startsWith('/')) fail(field, `Invalid value: "${path}": must be a relative path`);
  if (path.split('/').includes('..')) fail(field, `Invalid value: "${path}": must not contain '..'`);
}

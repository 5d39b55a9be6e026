import { ApiObject } from '../kubernetes/api-objects';
import type { Applied, AppliedResource, Clock, Internet, RunningContainer, RunningPod } from '../model';
import { admit, WebhookName } from './admission';
import { Admission } from './admission-request';
import { withCertificates } from './certificates';
import { ClusterObjects, ExistingObject, objectOf } from './objects';
import { DEFAULT_MODE, fileOf, mayRead, tokenFileOf, userOf, VolumeFile } from './permissions';
import { Container, EnvVar, FieldItem, Item, mountPointOf, Pod, podOf, validatePod, Volume } from './pod';
import { fetchIdToken } from './programs';
import { KubernetesError } from './refusal';
import { TestCluster } from './test-cluster';

/** Which pod is started, and where. */
export interface StartPodOptions {
  readonly cluster: TestCluster;
  readonly clock: Clock;
  /** What the pod's own containers ask: needed where some fetch ID tokens of Google. */
  readonly internet?: Internet;
  /** The resource of the pod, or of the object that makes it: `kubernetes_pod_v1.Pod`. */
  readonly address?: string;
  /** The stack of the resource, where several have one of this address. */
  readonly stack?: string;
  /** A pod as the Kubernetes API has it, that no resource of Terraform makes. */
  readonly template?: { readonly metadata?: Readonly<Record<string, unknown>>; readonly spec: Readonly<Record<string, unknown>> };
  /** Where `template` goes. @default - that of its metadata, or `default` */
  readonly namespace?: string;
  /** The resources of this cluster, where Terraform applied those of several. @default - those of the provider configuration of the resource, or all */
  readonly belongs?: (resource: AppliedResource) => boolean;
  /** What stands in the cluster already. */
  readonly existing?: readonly ExistingObject[];
  /** The webhooks that are installed beside those that Terraform applied. @default - the platform's own */
  readonly webhooks?: readonly WebhookName[];
  /** The labels of the cluster's nodes; the pod runs on the first that it selects. @default one node that has what its platform can have */
  readonly nodes?: readonly Readonly<Record<string, string>>[];
  /** The user whom the images say, and its group. @default 0, which is root, as where an image says nothing */
  readonly imageUser?: number;
}

/** A pod that runs. Its tokens are those that the kubelet has put there at the clock's time. */
export interface StartedPod extends RunningPod {
  /** What stands in the files that its node keeps on its disk. */
  readonly disk: ReadonlySet<string>;
  /** Lets the containers that keep a token of Google fresh fetch it anew. */
  refresh(): Promise<void>;
}

/** Every container has these, whatever its services are: https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables. */
export const SERVICE_ENV: Readonly<Record<string, string>> = {
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
  KUBERNETES_SERVICE_PORT: '443',
  KUBERNETES_SERVICE_PORT_HTTPS: '443',
  KUBERNETES_PORT: 'tcp://10.96.0.1:443',
  KUBERNETES_PORT_443_TCP: 'tcp://10.96.0.1:443',
  KUBERNETES_PORT_443_TCP_PROTO: 'tcp',
  KUBERNETES_PORT_443_TCP_PORT: '443',
  KUBERNETES_PORT_443_TCP_ADDR: '10.96.0.1',
};

/**
 * The label of the nodes with GKE's metadata server, which answers pods that have a network of their own:
 * https://docs.cloud.google.com/kubernetes-engine/docs/how-to/workload-identity.
 */
const METADATA_SERVER = 'iam.gke.io/gke-metadata-server-enabled';
/** https://kubernetes.io/docs/reference/labels-annotations-taints/ */
const EVERY_NODE = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };

function defaultNode({ workloadPool }: TestCluster): Readonly<Record<string, string>> {
  return workloadPool === undefined ? {} : { [METADATA_SERVER]: 'true' };
}

/** The kubelet asks for a new token when this much of its lifetime is over, or after a day: https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken. */
const REFRESHED_AT = 0.8;
const DAY = 86400;

/**
 * Starts a pod as Kubernetes does: admission, validation, volumes, variables, init containers.
 * @throws KubernetesError where the API server refuses it, or the kubelet cannot start it
 */
export async function startPod(applied: Applied, options: StartPodOptions): Promise<StartedPod> {
  return start(await withCertificates(applied), options, []);
}

/** @param served the resources whose pods serve a webhook, and are being started for it */
async function start(applied: Applied, options: StartPodOptions, served: readonly AppliedResource[]): Promise<StartedPod> {
  const { cluster, clock, internet, existing = [], webhooks, imageUser = 0, nodes = [defaultNode(cluster)] } = options;
  const { object, typed, where, serverSideApply, provider } = objectToStart(applied, options);
  const objects = new ClusterObjects(applied, existing, options.belongs ?? (resource => provider === undefined || resource.provider === provider));
  const pod = podOf(object, { typed, where });
  const account = objects.serviceAccount(pod.namespace, pod.serviceAccountName || 'default');
  const serving = (resource: AppliedResource) => {
    const { address, stack } = resource;
    const isStarting = served.includes(resource) || options.address === address;
    return isStarting ? undefined : start(applied, { ...options, address, stack, template: undefined, namespace: undefined }, [...served, resource]);
  };
  const admission: Admission = { pod, cluster, objects, applied, serving, annotations: account?.annotations ?? {} };
  await admit(admission, webhooks);
  validatePod(pod, { serverSideApply });
  const node = nodes.map((labels): Readonly<Record<string, string>> => ({ ...EVERY_NODE, ...labels }))
    .find(labels => Object.entries(pod.nodeSelector).every(([name, value]) => labels[name] === value));
  if (node === undefined) {
    throw new KubernetesError('FailedScheduling', `0/${nodes.length} nodes are available: ${nodes.length} node(s) didn't match Pod's node affinity/selector.`);
  }
  const kubelet = new Kubelet(pod, cluster, clock, objects, imageUser);
  const running: StartedPod = {
    cluster,
    name: pod.name,
    namespace: pod.namespace,
    serviceAccount: pod.serviceAccountName,
    serviceAccountAnnotations: { ...admission.annotations },
    ...(pod.hostNetwork || (cluster.workloadPool !== undefined && node[METADATA_SERVER] !== 'true') ? { onNodeNetwork: true } : {}),
    containers: kubelet.containers,
    refresh: () => run(pod.containers, 'Error'),
    get disk() { return kubelet.disk; },
  };
  const run = async (containers: readonly Container[], reason: 'Init:Error' | 'Error'): Promise<void> => {
    for (const container of containers) {
      const { env } = kubelet.containers.get(container.name)!;
      const words = (list: readonly string[]) => list.map(word => expand(word, env));
      const program = { ...container, command: words(container.command), args: words(container.args) };
      const fetched = await fetchIdToken(running, program, env, internet, reason);
      if (fetched !== undefined) kubelet.write(container, fetched.file, fetched.content, reason);
    }
  };
  await run(pod.initContainers, 'Init:Error');
  await run(pod.containers, 'Error');
  return running;
}

function objectToStart(applied: Applied, { address, stack, template, namespace, belongs = () => true }: StartPodOptions): {
  readonly object: ApiObject; readonly typed: boolean; readonly where: string; readonly serverSideApply: boolean; readonly provider?: string;
} {
  if ((address === undefined) === (template === undefined)) throw new Error('Say the address of a resource, or a template.');
  if (template !== undefined) {
    const metadata = { name: 'pod', ...template.metadata, ...(namespace === undefined ? {} : { namespace }) };
    return { object: { apiVersion: 'v1', kind: 'Pod', metadata, spec: template.spec }, typed: false, where: 'the template', serverSideApply: false };
  }
  const found = applied.resources.filter(resource =>
    resource.address === address && (stack === undefined || resource.stack === stack) && belongs(resource));
  const [resource] = found;
  if (resource === undefined || found.length > 1) {
    throw new Error(`${found.length === 0 ? 'No resource' : 'More than one resource'} ${address}${stack === undefined ? '' : ` in stack ${stack}`} was applied.`);
  }
  const manifest = resource.type === 'kubernetes_manifest';
  return { object: objectOf(resource), typed: !manifest, where: resource.address, serverSideApply: manifest, provider: resource.provider };
}

type Files = ReadonlyMap<string, VolumeFile>;
/** The files of a volume that holds no token are the same at any time. */
type Content = (at: number) => Files;

class Kubelet {
  public readonly containers = new Map<string, RunningContainer>();
  private readonly startedAt: number;
  private readonly volumes = new Map<string, Content>();
  /** The files of the volumes that containers can write. */
  private readonly scratch = new Map<string, Map<string, VolumeFile>>();
  /** What is no memory of the node: https://kubernetes.io/docs/concepts/storage/volumes/#emptydir; Secrets and what is projected are. */
  private readonly onDisk: Files[] = [];
  /** Tokens by what was asked for and when: the same file is read many times. */
  private readonly tokens = new Map<string, string>();

  public constructor(
    private readonly pod: Pod, private readonly cluster: TestCluster, private readonly clock: Clock, private readonly objects: ClusterObjects,
    private readonly imageUser: number,
  ) {
    this.startedAt = clock();
    const mounted = new Set([...pod.initContainers, ...pod.containers].flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name)));
    for (const volume of pod.volumes) this.volumes.set(volume.name, this.contentOf(volume, mounted.has(volume.name)));
    for (const container of [...pod.initContainers, ...pod.containers]) this.start(container);
  }

  public get disk(): ReadonlySet<string> {
    return new Set(this.onDisk.flatMap(files => [...files.values()].map(({ content }) => content)));
  }

  /** Writes a file as a container does: where it has mounted a volume that can be written, all that mount it see it. */
  public write({ name, volumeMounts }: Container, file: string, content: string, reason: 'Init:Error' | 'Error'): void {
    const mounts = volumeMounts.map(mount => ({ ...mount, at: mountPointOf(mount.mountPath) })).filter(({ at }) => file.startsWith(`${at}/`));
    const mount = mounts.sort((a, b) => b.at.length - a.at.length)[0];
    // What stands in the container's own file system nobody else sees.
    if (mount === undefined) return;
    const files = this.scratch.get(mount.name);
    if (files === undefined || mount.readOnly === true) throw new KubernetesError(reason, `container ${name}: open ${file}: read-only file system`);
    files.set([...mount.subPath ? [mount.subPath] : [], file.slice(mount.at.length + 1)].join('/'), fileOf(this.pod, content, DEFAULT_MODE));
  }

  private start(container: Container): void {
    const user = userOf(this.pod, container, this.imageUser);
    const env = this.envOf(container);
    const subPaths = new Map(container.volumeMounts.map(mount =>
      [mount, mount.subPathExpr ? this.subPathOf(container, mount.subPathExpr, env) : mount.subPath]));
    const files = () => this.filesOf(container, subPaths);
    // A first look, so that what cannot be laid out fails when the pod starts.
    files();
    const readable = () => new Map([...files()].filter(([, file]) => mayRead(user, file)).map(([path, { content }]) => [path, content]));
    const unreadable = () => new Set([...files()].filter(([, file]) => !mayRead(user, file)).map(([path]) => path));
    this.containers.set(container.name, { env, get files() { return readable(); }, get unreadable() { return unreadable(); } });
  }

  private subPathOf({ name }: Container, expression: string, env: Readonly<Record<string, string>>): string {
    const path = expand(expression, env);
    if (path.includes('$(')) throw new KubernetesError('CreateContainerConfigError', `container ${name}: missing value for ${expression}`);
    if (path.startsWith('/') || path.split('/').includes('..')) throw new KubernetesError('CreateContainerConfigError', `container ${name}: ${path} must be a relative path without '..'`);
    return path;
  }

  private filesOf({ volumeMounts }: Container, subPaths: ReadonlyMap<object, string | undefined>): Files {
    const now = this.clock();
    const files = new Map<string, VolumeFile>();
    const mounts = volumeMounts.map(mount => ({ mount, at: mountPointOf(mount.mountPath) })).sort((a, b) => a.at.length - b.at.length);
    for (const { mount, at } of mounts) {
      // A mount hides what stood there.
      for (const path of [...files.keys()]) {
        if (path === at || path.startsWith(`${at}/`)) files.delete(path);
      }
      const subPath = subPaths.get(mount)?.replace(/\/+$/, '');
      // A file mounted by subPath is never updated: https://kubernetes.io/docs/concepts/storage/volumes/#using-subpath.
      for (const [path, file] of this.volumes.get(mount.name)!(subPath ? this.startedAt : now)) {
        if (!subPath) files.set(`${at}/${path}`, file);
        else if (path === subPath) files.set(at, file);
        else if (path.startsWith(`${subPath}/`)) files.set(`${at}${path.slice(subPath.length)}`, file);
      }
    }
    return files;
  }

  private contentOf(volume: Volume, mounted: boolean): Content {
    if (volume.emptyDir !== undefined) {
      const files = new Map<string, VolumeFile>();
      this.scratch.set(volume.name, files);
      if (volume.emptyDir.medium !== 'Memory') this.onDisk.push(files);
      return () => files;
    }
    if (volume.other !== undefined) {
      if (mounted) throw new KubernetesError('FailedMount', `Unable to attach or mount volumes: ${volume.name} is a ${volume.other}, which this cluster does not have`);
      return () => new Map();
    }
    const { configMap, secret, downwardAPI } = volume;
    const sources = volume.projected?.sources ?? [{
      ...(configMap === undefined ? {} : { configMap }),
      ...(secret === undefined ? {} : { secret: { name: secret.secretName, optional: secret.optional, items: secret.items } }),
      ...(downwardAPI === undefined ? {} : { downwardAPI }),
    }];
    const defaultMode = (volume.projected ?? configMap ?? secret ?? downwardAPI)?.defaultMode ?? DEFAULT_MODE;
    const parts = sources.map((source): Content => {
      if (source.serviceAccountToken !== undefined) {
        const { path, audience = '', expirationSeconds = 3600 } = source.serviceAccountToken;
        return at => new Map([[path, tokenFileOf(this.pod, this.tokenAt(at, audience, expirationSeconds), defaultMode)]]);
      }
      const fixed = source.configMap !== undefined
        ? this.selected('configmap', source.configMap.name, this.objects.configMap(this.pod.namespace, source.configMap.name), source.configMap, defaultMode)
        : source.secret !== undefined ? this.selected('secret', source.secret.name, this.objects.secret(this.pod.namespace, source.secret.name), source.secret, defaultMode)
          : new Map((source.downwardAPI?.items ?? []).map(item => [item.path, fileOf(this.pod, this.field(item), item.mode ?? defaultMode)]));
      return () => fixed;
    });
    const content: Content = at => new Map(parts.flatMap(part => [...part(at)]));
    this.checkTree(volume.name, content(this.startedAt));
    if (configMap !== undefined) this.onDisk.push(content(this.startedAt));
    return content;
  }

  /** No path is a file and a directory at once. */
  private checkTree(volume: string, files: Files): void {
    for (const path of files.keys()) {
      const parts = path.split('/');
      if (parts.some((_, index) => index > 0 && files.has(parts.slice(0, index).join('/')))) {
        throw new KubernetesError('FailedMount', `MountVolume.SetUp failed for volume "${volume}": ${path}: not a directory`);
      }
    }
  }

  private selected(
    kind: 'configmap' | 'secret', name: string, data: ReadonlyMap<string, string> | undefined,
    { items, optional }: { readonly items?: readonly Item[]; readonly optional?: boolean }, defaultMode: number,
  ): Files {
    if (data === undefined) {
      if (optional === true) return new Map();
      throw new KubernetesError('FailedMount', `${kind} "${name}" not found`);
    }
    if (items === undefined || items.length === 0) return new Map([...data].map(([key, content]) => [key, fileOf(this.pod, content, defaultMode)]));
    const files = new Map<string, VolumeFile>();
    for (const { key, path, mode = defaultMode } of items) {
      const content = data.get(key);
      if (content !== undefined) files.set(path, fileOf(this.pod, content, mode));
      else if (optional !== true) throw new KubernetesError('FailedMount', `${kind} references non-existent config key: ${key}`);
    }
    return files;
  }

  /** The token in a file at a time: the first one, or that of the last refresh. */
  private tokenAt(at: number, audience: string, expirationSeconds: number): string {
    const every = Math.min(Math.floor(expirationSeconds * REFRESHED_AT), DAY);
    const asked = Math.min(at, this.cluster.downSince ?? at);
    const issuedAt = this.startedAt + Math.max(0, Math.floor((asked - this.startedAt) / every)) * every;
    const id = JSON.stringify([audience, expirationSeconds, issuedAt]);
    const known = this.tokens.get(id);
    if (known !== undefined) return known;
    const { namespace, serviceAccountName, name } = this.pod;
    const token = this.cluster.issue({ namespace, serviceAccount: serviceAccountName, audience, expirationSeconds, issuedAt, podName: name });
    this.tokens.set(id, token);
    return token;
  }

  /** https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#available-fields */
  private field({ fieldRef }: Pick<FieldItem, 'fieldRef'>, inVolume = true): string {
    const path = fieldRef?.fieldPath ?? '';
    const { pod } = this;
    const keyed = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path);
    if (keyed !== null) return (keyed[1] === 'labels' ? pod.labels : pod.annotations)[keyed[2]!] ?? '';
    const all = inVolume ? /^metadata\.(labels|annotations)$/.exec(path) : null;
    if (all !== null) return Object.entries(all[1] === 'labels' ? pod.labels : pod.annotations).sort().map(([key, value]) => `${key}=${JSON.stringify(value)}`).join('\n');
    const plain = new Map([
      ['metadata.name', pod.name], ['metadata.namespace', pod.namespace], ['metadata.uid', this.cluster.uidOf('pod', pod.namespace, pod.name)],
    ]);
    const ofEnv = new Map([['spec.serviceAccountName', pod.serviceAccountName], ['spec.nodeName', 'node'], ['status.podIP', '10.244.0.7'], ['status.hostIP', '10.0.0.4']]);
    const value = plain.get(path) ?? (inVolume ? undefined : ofEnv.get(path));
    if (value === undefined) throw new KubernetesError('Invalid', `Pod "${pod.name}" is invalid: fieldPath: "${path}" is no field that this cluster has here`);
    return value;
  }

  /**
   * The variables of a container: those of whole ConfigMaps, then each of its own, of which a later one may name an earlier:
   * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/.
   */
  private envOf(container: Container): Readonly<Record<string, string>> {
    const fail = (message: string): never => { throw new KubernetesError('CreateContainerConfigError', `container ${container.name}: ${message}`); };
    const env = new Map<string, string>();
    for (const { prefix = '', configMapRef, secretRef } of container.envFrom) {
      const { name, optional } = (configMapRef ?? secretRef)!;
      const data = configMapRef === undefined ? this.objects.secret(this.pod.namespace, name) : this.objects.configMap(this.pod.namespace, name);
      if (data === undefined && optional !== true) fail(`${configMapRef === undefined ? 'secret' : 'configmap'} "${name}" not found`);
      for (const [key, value] of data ?? []) env.set(`${prefix}${key}`, value);
    }
    for (const variable of container.env) {
      const value = this.valueOf(variable, { ...SERVICE_ENV, ...Object.fromEntries(env) }, fail);
      if (value !== undefined) env.set(variable.name, value);
    }
    return { HOSTNAME: this.pod.hostname ?? this.pod.name, ...SERVICE_ENV, ...Object.fromEntries(env) };
  }

  private valueOf({ name, value, valueFrom }: EnvVar, known: Readonly<Record<string, string>>, fail: (message: string) => never): string | undefined {
    if (value || valueFrom === undefined) return expand(value ?? '', known);
    const { configMapKeyRef, secretKeyRef, fieldRef } = valueFrom;
    if (fieldRef !== undefined) return this.field({ fieldRef }, false);
    const ref = configMapKeyRef ?? secretKeyRef;
    if (ref === undefined) return fail(`the value of ${name} is of a kind that this cluster does not have`);
    const kind = configMapKeyRef === undefined ? 'secret' : 'configmap';
    const data = kind === 'secret' ? this.objects.secret(this.pod.namespace, ref.name) : this.objects.configMap(this.pod.namespace, ref.name);
    const found = data?.get(ref.key);
    if (found !== undefined || ref.optional === true) return found;
    return fail(data === undefined ? `${kind} "${ref.name}" not found`
      : `couldn't find key ${ref.key} in ${kind === 'secret' ? 'Secret' : 'ConfigMap'} ${this.pod.namespace}/${ref.name}`);
  }
}

/** `$(NAME)` becomes the value, where it is known, and `$$` a dollar sign: https://github.com/kubernetes/kubernetes/blob/master/third_party/forked/golang/expansion/expand.go. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (found, name: string | undefined) => name === undefined ? '$' : Object.hasOwn(env, name) ? env[name]! : found);
}

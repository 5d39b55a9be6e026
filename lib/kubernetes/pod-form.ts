import { HelperContainer, PodHelpers, ProjectedToken } from '../cloud-identity';

/** An object whose fields are not known by type. */
export type Fields = Readonly<Record<string, unknown>>;

/** A volume that every container mounts read-only. */
export interface WiredVolume {
  readonly name: string;
  readonly mountPath: string;
  /** Tokens and files, or an empty folder in memory that helpers write into. */
  readonly content: ProjectedContent | 'memory';
  /** What to do about a mount of the template at the same place. */
  readonly remedy: string;
}

/** Tokens and files that appear in one volume. */
export interface ProjectedContent {
  readonly tokens: readonly (ProjectedToken & { readonly expirationSeconds: number })[];
  /** The ConfigMap that has the files. */
  readonly configMap?: { readonly name: string; readonly items: readonly { readonly key: string; readonly path: string }[] };
}

/** How a pod is written: the typed resources of the Kubernetes provider name lists in the singular, and write objects as lists. */
export interface Form {
  readonly containers: string;
  readonly initContainers: string;
  readonly volumes: string;
  readonly mounts: string;
  /** A number where the provider takes text. */
  readonly number: (value: number) => number | string;
  readonly volume: (volume: WiredVolume, defaultMode?: string) => Fields;
  readonly helper: (container: HelperContainer, helpers: PodHelpers) => Fields;
}

/** The form of the Kubernetes provider's typed resources. */
export const TYPED: Form = {
  containers: 'container',
  initContainers: 'initContainer',
  volumes: 'volume',
  mounts: 'volumeMount',
  number: value => String(value),
  volume: (volume, defaultMode) => volumeOf(volume, ({ tokens, configMap }) => [{
    ...(defaultMode === undefined ? {} : { defaultMode }),
    sources: [...tokens.map(sourceOf), ...(configMap === undefined ? [] : [{ configMap: [copyOf(configMap)] }])],
  }]),
  helper: (container, helpers) => helperOf(TYPED, container, helpers),
};

/** The form of the Kubernetes API, of kubernetes_manifest and of everything that is written as YAML. */
export const MANIFEST: Form = {
  containers: 'containers',
  initContainers: 'initContainers',
  volumes: 'volumes',
  mounts: 'volumeMounts',
  number: value => value,
  volume: (volume, defaultMode) => volumeOf(volume, ({ tokens, configMap }) => ({
    ...(defaultMode === undefined ? {} : { defaultMode: Number.parseInt(defaultMode, 8) }),
    sources: [...tokens.map(sourceOf), ...(configMap === undefined ? [] : [{ configMap: copyOf(configMap) }])],
  })),
  helper: (container, helpers) => helperOf(MANIFEST, container, helpers),
};

const sourceOf = (token: ProjectedContent['tokens'][number]): Fields => ({ serviceAccountToken: { ...token } });

/** A copy, as what is handed out is the user's to change, and must not change the workload. */
function copyOf({ name, items }: NonNullable<ProjectedContent['configMap']>): ProjectedContent['configMap'] {
  return { name, items: items.map(item => ({ ...item })) };
}

function volumeOf({ name, content }: WiredVolume, projected: (content: ProjectedContent) => unknown): Fields {
  return content === 'memory' ? { name, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } } : { name, projected: projected(content) };
}

/** Helpers run as nobody, with no right and no place to write but the volume. */
function helperOf(form: Form, { name, image, command, args, env, resources }: HelperContainer, { volume }: PodHelpers): Fields {
  return {
    name,
    image,
    ...(command === undefined ? {} : { command: [...command] }),
    ...(args === undefined ? {} : { args: [...args] }),
    ...(env.length === 0 ? {} : { env: env.map(variable => ({ ...variable })) }),
    resources: {
      ...(resources.requests === undefined ? {} : { requests: { ...resources.requests } }),
      ...(resources.limits === undefined ? {} : { limits: { ...resources.limits } }),
    },
    securityContext: {
      runAsUser: form.number(65532),
      runAsGroup: form.number(65532),
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    [form.mounts]: [{ name: volume.name, mountPath: volume.mountPath }],
  };
}

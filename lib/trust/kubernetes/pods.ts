import { push } from '../lists';
import { blocksAt, field, isTrue, spelled, textAt, textIn } from './blocks';
import { Account, clusterKey, DataObject, Objects, PodObject } from './objects';
import { below, normal, within } from './paths';
import { Variable, Variables } from './variables';
import { Where } from '../model';
import { equal, isList, isMap, keyOf, partsOf, show, text, textOfKey, TextValue, Unknown, Value, ValueMap, Verdict } from '../value';
import { attributeAt } from '../where';

/** What a file in a container is. */
export type Source =
  | { readonly kind: 'token'; readonly audience: TextValue; readonly expirationSeconds?: number; readonly where: Where }
  | { readonly kind: 'content'; readonly content: TextValue; readonly where: Where };

/** A file, by its path in a volume or a container. */
export interface File {
  readonly path: TextValue;
  readonly source: Source;
}

/** What a path in a container leads to. */
export type Found =
  | Source
  /** A file of a volume that the pod's own containers fill. */
  | { readonly kind: 'written'; readonly volume: TextValue }
  | { readonly kind: 'missing'; readonly have: string }
  | { readonly kind: 'unknown'; readonly have: string };

/** What a volume holds. */
interface Volume {
  readonly kind: 'files' | 'empty' | 'other';
  readonly files: readonly File[];
  /** Whether it may hold others. */
  readonly open: boolean;
}

interface Mount {
  readonly name: TextValue;
  readonly path: TextValue;
  /** What of the volume is mounted; undefined for all of it. */
  readonly subPath: TextValue | undefined;
  readonly readOnly: Verdict;
}

/** A container of a pod. */
export interface Container {
  readonly name: TextValue;
  readonly where: Where;
  readonly variables: Variables;
  readonly mounts: readonly Mount[];
  /** The command and its arguments. */
  readonly command: readonly TextValue[];
  readonly workingDir: TextValue | undefined;
  /** Whether all of its mounts are known. */
  readonly complete: boolean;
}

/** Objects by name. */
export class Names<T extends { readonly cluster: string; readonly namespace: TextValue; readonly name: TextValue }> {
  private readonly everywhere = new Map<string, T[]>();
  private readonly byCluster = new Map<string, T[]>();

  constructor(objects: Iterable<T>) {
    for (const object of objects) {
      const { cluster, namespace, name } = object;
      push(this.everywhere, keyOf([namespace, name]), object);
      push(this.byCluster, clusterKey(cluster, namespace, name), object);
    }
  }

  /** All of a name. */
  public all(namespace: TextValue, name: TextValue): readonly T[] {
    return this.everywhere.get(keyOf([namespace, name])) ?? [];
  }

  /** Those of a cluster. */
  public of(cluster: string, namespace: TextValue, name: TextValue): readonly T[] {
    return this.byCluster.get(clusterKey(cluster, namespace, name)) ?? [];
  }

  /** The one that is meant; undefined where it is not known to be in the input. */
  public one(cluster: string, namespace: TextValue, name: TextValue): T | undefined {
    const found = this.of(cluster, namespace, name);
    return found.length === 1 ? found[0] : undefined;
  }
}

/** What pods refer to. */
export class Surroundings {
  public readonly configMaps: Names<DataObject>;
  public readonly secrets: Names<DataObject>;

  constructor(objects: Objects) {
    this.configMaps = new Names(objects.configMaps);
    this.secrets = new Names(objects.secrets);
  }
}

const API_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';
/** Most that is listed for people. */
const SHOWN_FILES = 5;

/** A pod with its containers. */
export class Pod {
  public readonly where: Where;
  public readonly containers: readonly Container[];
  private readonly volumes = new Map<string, ValueMap>();
  private readonly contents = new Map<string, Volume>();
  private readonly claims: ReadonlySet<string>;
  private readonly complete: boolean;

  /**
   * @param account The ServiceAccount, where it is known
   * @param platformFiles What the platform puts into every container
   */
  constructor(
    public readonly object: PodObject, public readonly account: Account | undefined, private readonly around: Surroundings,
    private readonly platformFiles: readonly File[] = [],
  ) {
    const { spec, spelling } = object;
    this.where = object.where;
    const volumes = blocksAt(spec, spelling, 'volumes');
    this.complete = volumes.complete;
    for (const volume of volumes.blocks) {
      const name = textAt(volume, spelling, 'name');
      if (name !== undefined) {
        this.volumes.set(keyOf(name), volume);
      }
    }
    this.claims = new Set(object.claims.flatMap(claim => {
      const name = textAt(claim, spelling, 'metadata', 'name');
      return name === undefined ? [] : [keyOf(name)];
    }));
    this.containers = ['initContainers', 'containers']
      .flatMap(name => blocksAt(spec, spelling, name).blocks.map((block, index) => this.container(block, `${spelled(name, spelling)}[${index}]`)));
  }

  /** Where a field of the pod's specification is. */
  public at(...path: readonly string[]): Where {
    return attributeAt(this.where, [this.object.path, ...path.map(name => spelled(name, this.object.spelling))].join('.'));
  }

  /** How the pod's document spells a field. */
  public spelled(name: string): string {
    return spelled(name, this.object.spelling);
  }

  /** A field of the pod's specification. */
  public spec(...path: readonly string[]): Value | undefined {
    return field(this.object.spec, this.object.spelling, ...path);
  }

  /** A label or annotation of the pod. */
  public metadata(kind: 'labels' | 'annotations', name: string): TextValue | undefined {
    const all = this.object[kind];
    return all instanceof Unknown ? new Unknown(`${all.symbol}.${name}`) : isMap(all) ? textIn(all.get(name)) : undefined;
  }

  /** What a path leads to in a container. */
  public find(container: Container, path: TextValue): Found {
    const wanted = normal(path);
    if (typeof wanted === 'string' && !wanted.startsWith('/')) {
      const { workingDir } = container;
      return typeof workingDir === 'string' && workingDir.startsWith('/') ? this.find(container, below(workingDir, path))
        : { kind: 'unknown', have: `${show(path)}, which begins without a slash and depends on the working directory` };
    }
    const found = this.findMounted(container, wanted);
    if (found.kind !== 'missing' || typeof wanted !== 'string') {
      return found;
    }
    // In most images /var/run is a link to /run.
    const other = wanted.startsWith('/run/') ? `/var${wanted}` : wanted.startsWith('/var/run/') ? wanted.slice('/var'.length) : undefined;
    return other !== undefined && this.findMounted(container, other).kind !== 'missing'
      ? { kind: 'unknown', have: `${other} is mounted, which is the same in images that link /var/run to /run` } : found;
  }

  /** Whether a container mounts nothing but empty folders of its own: what others hold, or what other containers write there, may be anything. */
  public mountsOnlyEmpty(container: Container): boolean {
    const others = this.containers.filter(other => other !== container).flatMap(({ mounts }) => mounts);
    const isShared = (name: TextValue) => others.some(mount => keyOf(mount.name) === keyOf(name));
    return container.complete && container.mounts.every(({ name }) => this.volume(name).kind === 'empty' && !isShared(name));
  }

  /** All files that are known to be in a container. */
  public filesOf(container: Container): readonly File[] {
    return [...this.platformFiles, ...container.mounts.flatMap(({ name, path, subPath }) => this.volume(name).files.flatMap(file => {
      const inside = subPath === undefined ? { rest: file.path } : within(file.path, subPath);
      return typeof inside === 'string' ? [] : [{ path: below(path, inside.rest), source: file.source }];
    }))];
  }

  private findMounted(container: Container, path: TextValue): Found {
    const platform = this.platformFiles.find(file => equal(file.path, path) === 'yes');
    if (platform !== undefined) {
      return platform.source;
    }
    let best: { readonly mount: Mount; readonly rest: TextValue } | undefined;
    let possible = false;
    for (const mount of container.mounts) {
      const inside = within(path, mount.path);
      if (typeof inside !== 'string' && (best === undefined || lengthOf(mount.path) > lengthOf(best.mount.path))) {
        best = { mount, rest: inside.rest };
      }
      possible ||= inside === 'unknown';
    }
    if (possible) {
      return { kind: 'unknown', have: 'a mount that may hold it, at a path that only Terraform knows' };
    }
    if (best !== undefined) {
      return this.inVolume(best.mount, best.rest);
    }
    if (equal(path, API_TOKEN) === 'yes') {
      return this.apiToken();
    }
    return container.complete ? { kind: 'missing', have: `container ${shown(container)} ${this.listed(container)}` }
      : { kind: 'unknown', have: `mounts of container ${shown(container)} that only Terraform knows` };
  }

  private inVolume({ name, subPath }: Mount, rest: TextValue): Found {
    const volume = this.volume(name);
    const path = subPath === undefined ? rest : below(subPath, rest);
    if (volume.kind === 'empty') {
      return { kind: 'written', volume: name };
    }
    const verdicts = volume.files.map(file => [file, equal(normal(file.path), path)] as const);
    const found = verdicts.find(([, verdict]) => verdict === 'yes');
    if (found !== undefined) {
      return found[0].source;
    }
    if (volume.open || verdicts.some(([, verdict]) => verdict === 'unknown')) {
      return { kind: 'unknown', have: `volume ${show(name)}, whose content is not in the input` };
    }
    return { kind: 'missing', have: this.isVolume(name) ? `volume ${show(name)} holds ${list(volume.files.map(file => show(file.path)))}` : `the pod has no volume ${show(name)}` };
  }

  private isVolume(name: TextValue): boolean {
    return this.volumes.has(keyOf(name)) || this.claims.has(keyOf(name));
  }

  private listed(container: Container): string {
    const paths = container.mounts.map(mount => show(mount.path));
    return paths.length === 0 ? 'mounts nothing' : `mounts ${list(paths)}`;
  }

  private apiToken(): Found {
    const own = this.spec('automountServiceAccountToken');
    const mounted = own !== undefined ? isTrue(own) : this.account === undefined ? 'unknown' : this.account.automount === undefined ? 'yes' : isTrue(this.account.automount);
    if (mounted !== 'yes') {
      return mounted === 'no' ? { kind: 'missing', have: `${this.spelled('automountServiceAccountToken')} is false` }
        : { kind: 'unknown', have: 'the token for the Kubernetes API, which may not be mounted' };
    }
    return { kind: 'token', audience: this.apiAudience(), where: this.at('automountServiceAccountToken') };
  }

  private apiAudience(): TextValue {
    return new Unknown(`${this.object.cluster}/audience of the Kubernetes API`);
  }

  private volume(name: TextValue): Volume {
    const key = keyOf(name);
    let content = this.contents.get(key);
    if (content === undefined) {
      content = this.contentOf(key);
      this.contents.set(key, content);
    }
    return content;
  }

  private contentOf(key: string): Volume {
    const { spelling } = this.object;
    const volume = this.volumes.get(key);
    if (volume === undefined) {
      const open = this.claims.has(key) || !this.complete;
      return { kind: 'other', files: [], open };
    }
    const empty = field(volume, spelling, 'emptyDir');
    if (!isEmpty(empty)) {
      return { kind: empty instanceof Unknown ? 'other' : 'empty', files: [], open: true };
    }
    const files: File[] = [];
    let open = false;
    const projected = blocksAt(volume, spelling, 'projected');
    open ||= !projected.complete;
    for (const block of projected.blocks) {
      const inner = blocksAt(block, spelling, 'sources');
      open ||= !inner.complete;
      for (const source of inner.blocks) {
        for (const token of blocksAt(source, spelling, 'serviceAccountToken').blocks) {
          files.push(this.tokenOf(token));
        }
        open = this.addData(source, 'configMap', 'name', files) || open;
        open = this.addData(source, 'secret', 'name', files) || open;
        open ||= [...source.keys()].some(kind => !PROJECTED.has(kind) && source.get(kind) !== null && !isEmpty(source.get(kind)));
      }
    }
    open = this.addData(volume, 'configMap', 'name', files) || open;
    open = this.addData(volume, 'secret', 'secretName', files) || open;
    const kinds = ['projected', 'configMap', 'secret'].filter(kind => !isEmpty(field(volume, spelling, kind)));
    return { kind: kinds.length > 0 ? 'files' : 'other', files, open: open || kinds.length === 0 };
  }

  private tokenOf(token: ValueMap): File {
    const { spelling } = this.object;
    const path = textAt(token, spelling, 'path') ?? '';
    const where = this.at('volumes');
    const seconds = field(token, spelling, 'expirationSeconds');
    const expirationSeconds = seconds === undefined ? 3600 : seconds instanceof Unknown ? undefined : Number(seconds);
    return {
      path: normal(path),
      source: {
        kind: 'token', where, ...expirationSeconds === undefined || Number.isNaN(expirationSeconds) ? {} : { expirationSeconds },
        audience: textAt(token, spelling, 'audience') ?? this.apiAudience(),
      },
    };
  }

  /** Adds the files of a ConfigMap or Secret; tells whether there may be others. */
  private addData(holder: ValueMap, kind: 'configMap' | 'secret', nameField: string, files: File[]): boolean {
    const { cluster, spelling, namespace } = this.object;
    const found = blocksAt(holder, spelling, kind);
    let open = !found.complete;
    for (const block of found.blocks) {
      const name = textAt(block, spelling, nameField) ?? textAt(block, spelling, 'name');
      const index = kind === 'configMap' ? this.around.configMaps : this.around.secrets;
      const object = name === undefined ? undefined : index.one(cluster, namespace, name);
      const items = blocksAt(block, spelling, 'items');
      const unknown = (key: TextValue) => new Unknown(`${cluster}/${keyOf([kind, namespace, name ?? '', key])}`);
      const add = (key: TextValue, path: TextValue) => {
        const entry = object?.entries.get(typeof key === 'string' ? key : '');
        const absent = object !== undefined && !object.open && typeof key === 'string' && !object.entries.has(key);
        // The kubelet does not start a pod whose ConfigMap lacks a key that it names.
        if (!absent) {
          files.push({ path: normal(path), source: { kind: 'content', content: entry ?? unknown(key), where: object?.dataWhere ?? this.at('volumes') } });
        }
      };
      for (const item of items.blocks) {
        const [key, path] = [textAt(item, spelling, 'key'), textAt(item, spelling, 'path')];
        if (key !== undefined) {
          add(key, path ?? key);
        }
      }
      if (items.blocks.length === 0) {
        for (const key of object?.entries.keys() ?? []) {
          add(textOfKey(key), textOfKey(key));
        }
        open ||= object === undefined || object.open;
      }
      open ||= !items.complete;
    }
    return open;
  }

  private container(block: ValueMap, path: string): Container {
    const { spelling } = this.object;
    const where = attributeAt(this.where, `${this.object.path}.${path}`);
    const mounts = blocksAt(block, spelling, 'volumeMounts');
    const command = ['command', 'args'].flatMap(name => {
      const words = field(block, spelling, name);
      return isList(words) ? words.flatMap(word => textIn(word) ?? []) : words instanceof Unknown ? [words] : [];
    });
    return {
      name: textAt(block, spelling, 'name') ?? '',
      where,
      variables: this.variables(block, where),
      mounts: mounts.blocks.map(mount => ({
        name: textAt(mount, spelling, 'name') ?? '',
        path: normal(textAt(mount, spelling, 'mountPath') ?? ''),
        subPath: subPathOf(textAt(mount, spelling, 'subPath') ?? textAt(mount, spelling, 'subPathExpr')),
        readOnly: isTrue(field(mount, spelling, 'readOnly')),
      })),
      command,
      workingDir: textAt(block, spelling, 'workingDir'),
      complete: mounts.complete,
    };
  }

  private variables(block: ValueMap, where: Where): Variables {
    const { cluster, spelling, namespace } = this.object;
    const [env, envFrom] = [blocksAt(block, spelling, 'env'), blocksAt(block, spelling, 'envFrom')];
    const variables: Variable[] = [];
    let open = !env.complete || !envFrom.complete;
    for (const from of envFrom.blocks) {
      const prefix = textAt(from, spelling, 'prefix') ?? '';
      for (const [kind, index] of [['configMapRef', this.around.configMaps], ['secretRef', this.around.secrets]] as const) {
        for (const ref of blocksAt(from, spelling, kind).blocks) {
          const name = textAt(ref, spelling, 'name');
          const object = name === undefined ? undefined : index.one(cluster, namespace, name);
          open ||= object === undefined || object.open;
          for (const [key, value] of object?.entries ?? []) {
            variables.push({ name: text(prefix, textOfKey(key)), value: value ?? new Unknown(`${ownerOf(object!.dataWhere)}.${key}`) });
          }
        }
      }
    }
    for (const entry of env.blocks) {
      const name = textAt(entry, spelling, 'name');
      if (name !== undefined) {
        variables.push({ name, value: this.valueOf(entry, name, where) });
      }
    }
    return new Variables(variables, open, ownerOf(where));
  }

  private valueOf(entry: ValueMap, name: TextValue, where: Where): TextValue {
    const { cluster, spelling, namespace, serviceAccount } = this.object;
    const from = field(entry, spelling, 'valueFrom');
    if (isEmpty(from)) {
      return textAt(entry, spelling, 'value') ?? '';
    }
    const ref = blocksAt(from, spelling, 'configMapKeyRef').blocks[0];
    const [object, key] = [textAt(ref, spelling, 'name'), textAt(ref, spelling, 'key')];
    const configMap = object === undefined ? undefined : this.around.configMaps.one(cluster, namespace, object);
    const known = typeof key === 'string' ? configMap?.entries.get(key) : undefined;
    const path = textAt(from, spelling, 'fieldRef', 'fieldPath');
    return known ?? (path === 'metadata.namespace' ? namespace : path === 'spec.serviceAccountName' ? serviceAccount
      : new Unknown(`${ownerOf(where)}.env.${keyOf(name)}`));
  }
}

/** Kinds of projected sources whose files are known. */
const PROJECTED = new Set(['serviceAccountToken', 'service_account_token', 'configMap', 'config_map', 'secret', 'downwardAPI', 'downward_api']);

function isEmpty(value: Value | undefined): boolean {
  return value === undefined || value === null || (isList(value) && value.length === 0);
}

/** What tells a place from all others. */
function ownerOf({ stack, address, attribute }: Where): string {
  return `${stack ?? ''}/${address}.${attribute ?? ''}`;
}

function subPathOf(path: TextValue | undefined): TextValue | undefined {
  return path === undefined ? undefined : normal(path);
}

function lengthOf(path: TextValue): number {
  return partsOf(path).reduce((sum, part) => sum + (typeof part === 'string' ? part.length : part.symbol.length), 0);
}

/** The first of some words, and how many others there are. */
export function list(words: readonly string[]): string {
  const more = words.length - SHOWN_FILES;
  return words.length === 0 ? 'nothing' : [...words.slice(0, SHOWN_FILES), ...more > 0 ? [`${more} more`] : []].join(', ');
}

/** A container's name for people. */
export function shown({ name }: Pick<Container, 'name'>): string {
  return show(name);
}

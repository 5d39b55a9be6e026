import { TerraformResource, TerraformStack } from 'cdktf';
import { IConstruct } from 'constructs';
import { AccountResource, HiddenPods, PodOwner } from './pod-owner';
import { givesNothing, Name, PodWiring } from './pod-template';
import { isToken, textOf } from '../tokens';

/** A workload as its app knows it. */
export interface NotedWorkload {
  readonly wiring: PodWiring;
  readonly provider: string;
  readonly stack: TerraformStack;
  /** The ServiceAccount that the workload creates. */
  readonly created?: IConstruct;
  /** What annotates the ServiceAccount that exists already. */
  readonly annotations?: TerraformResource;
}

/** The workload that pods run as, or why nobody can say. */
export interface FoundWorkload {
  readonly workload?: NotedWorkload;
  /** Workloads of other stacks that have the names of the pods, and may be in other clusters. */
  readonly elsewhere?: readonly NotedWorkload[];
  /** Whether it cannot be read if the pods run as one. */
  readonly isUnread?: boolean;
}

/** Where no workload is found, and none could be. */
export const NO_WORKLOAD: FoundWorkload = {};

const UNREAD: FoundWorkload = { isUnread: true };

/** The names of Kubernetes' objects; what is none is an expression. */
const NAME = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;

/** Stand for any name, and for one that nobody knows; neither could be one. */
const [ANY, UNKNOWN] = ['*', '?'];

/** The names of the workloads of an app, by which pods are known to run as one of them. */
export class WorkloadNames {
  private readonly workloads: NotedWorkload[] = [];
  /** By stack, cluster, namespace and name, and by the last two for those who look from another stack. */
  private readonly byName = new Map<string, Map<TerraformStack, NotedWorkload>>();
  private readonly byReference = new Map<string, NotedWorkload>();
  /** The stacks of workloads that may have the names of pods, as far as they are known. */
  private readonly possible = new Map<string, Set<TerraformStack>>();
  private indexed = 0;
  private resources?: Map<string, string>;

  constructor(private readonly root: IConstruct) {}

  public add(workload: NotedWorkload): void {
    this.workloads.push(workload);
  }

  /** The workload that pods run as. */
  public find({ resource, provider, ...pods }: PodOwner | HiddenPods): FoundWorkload {
    this.index();
    const stack = TerraformStack.of(resource);
    const text = (value: string | undefined): string => value === undefined ? UNKNOWN : textOf(resource, value);
    const said = text(pods.serviceAccountName);
    const [namespace, name] = [this.nameOf(text(pods.namespace)), this.nameOf(said)];
    const workload = this.byReference.get(said) ?? this.byName.get(keyOf(stack.node.path, provider, namespace, name))?.get(stack);
    if (workload !== undefined) {
      return pods.template === undefined ? UNREAD : { workload };
    }
    const possible = (...place: string[]): boolean => positionsOf(namespace, [UNKNOWN], [ANY]).some(first => positionsOf(name, [UNKNOWN], [ANY])
      .some(second => [...this.possible.get(keyOf(...place, first, second)) ?? []].some(other => place.length > 0 || other !== stack)));
    if (possible(stack.node.path, provider)) {
      return UNREAD;
    }
    const elsewhere = [...this.byName.get(keyOf(namespace, name))?.values() ?? []].filter(other => other.stack !== stack);
    return elsewhere.length > 0 && pods.template !== undefined ? { elsewhere } : possible() ? UNREAD : NO_WORKLOAD;
  }

  /** The workload of a ServiceAccount in the stack that defines it: in others it may be in another cluster. */
  public ofAccount({ resource, provider, namespace, serviceAccountName }: AccountResource): NotedWorkload | undefined {
    this.index();
    const stack = TerraformStack.of(resource);
    const [place, name] = [namespace, serviceAccountName].map(value => this.nameOf(textOf(resource, value)));
    return this.byName.get(keyOf(stack.node.path, provider, place!, name!))?.get(stack);
  }

  /** Whether a name is a reference to a ServiceAccount of the app. */
  public isReference(resource: IConstruct, name: unknown): boolean {
    const text = typeof name === 'string' && isToken(name) ? textOf(resource, name) : undefined;
    return text !== undefined && this.nameOf(text) !== text;
  }

  private index(): void {
    const all = this.workloads.slice(this.indexed);
    this.indexed = this.workloads.length;
    for (const workload of all) {
      const { stack, provider, wiring: { namespace, serviceAccountName } } = workload;
      const knownOf = ({ said }: Name): string => this.nameOf(textOf(stack, said));
      const textsOf = (name: Name): ReadonlySet<string> => new Set([textOf(stack, name.said), textOf(stack, name.reference), knownOf(name)]);
      const [namespaces, names] = [textsOf(namespace), textsOf(serviceAccountName)];
      const [inPlaces, byPlaces] = [namespace, serviceAccountName].map(name => positionsOf(knownOf(name), [ANY], [UNKNOWN, ANY]));
      for (const place of [[stack.node.path, provider], []]) {
        for (const first of namespaces) {
          names.forEach(name => entryOf(this.byName, keyOf(...place, first, name), () => new Map()).set(stack, workload));
        }
        for (const first of givesNothing(workload.wiring) ? [] : inPlaces!) {
          byPlaces!.forEach(name => entryOf(this.possible, keyOf(...place, first, name), () => new Set()).add(stack));
        }
      }
      if (isToken(serviceAccountName.reference) && serviceAccountName.reference !== serviceAccountName.said) {
        this.byReference.set(textOf(stack, serviceAccountName.reference), workload);
      }
    }
  }

  /** What a name is, as far as it is known: references to what has a name in the app are that name. */
  private nameOf(text: string): string {
    return text === UNKNOWN || NAME.test(text) ? text : (this.resources ??= this.namesOfResources()).get(text) ?? text;
  }

  /** The names that the namespaces and service accounts of the app have, by the references to them. */
  private namesOfResources(): Map<string, string> {
    const names = new Map<string, string>();
    for (const node of this.root.node.findAll()) {
      const { terraformResourceType: type, metadata, metadataInput } = node as NamedResource;
      if (type !== undefined && NAMED.test(type) && metadata !== undefined && typeof metadataInput?.name === 'string') {
        names.set(textOf(node, metadata.name), textOf(node, metadataInput.name));
      }
    }
    return names;
  }
}

/** A resource that has a name in Kubernetes. */
interface NamedResource {
  readonly terraformResourceType?: string;
  readonly metadata?: { readonly name: string };
  readonly metadataInput?: { readonly name?: string };
}

/** The resources whose names pods refer to. */
const NAMED = /^kubernetes_(?:namespace|service_account)(?:_v1)?$/;

/** What a name is looked up by: the name, where it is one, and what stands for it. */
const positionsOf = (name: string, known: readonly string[], unknown: readonly string[]): readonly string[] =>
  NAME.test(name) ? [name, ...known] : unknown;

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);

/** The entry of a map, which is created where there is none. */
export function entryOf<K, T>(map: Map<K, T>, key: K, create: () => T): T {
  const entry = map.get(key) ?? create();
  map.set(key, entry);
  return entry;
}

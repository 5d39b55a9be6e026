import { TerraformResource, TerraformStack } from 'cdktf';
import { IConstruct } from 'constructs';
import { AccountResource, HiddenPods, namedOf, PodOwner } from './pod-owner';
import { givesNothing, Name, PodWiring } from './pod-template';
import { isToken, sameText, textOf } from '../tokens';

/** A workload as its app knows it. */
export interface NotedWorkload {
  readonly wiring: PodWiring;
  /** The id of the cluster. */
  readonly cluster: string;
  readonly provider: string;
  readonly stack: TerraformStack;
  /** The ServiceAccount that the workload creates. */
  readonly created?: IConstruct;
  /** The namespace as that one says it. */
  readonly inNamespace?: string;
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

/** Whether a text is what it will be, also one that Kubernetes would not take for a name, and no expression. */
const isName = (text: string): boolean => !/[$%]\{/.test(text);

/** Stand for any name, and for one that nobody knows; neither could be one. */
const [ANY, UNKNOWN] = ['${*}', '${?}'];

/** The names of the workloads of an app, by which pods are known to run as one of them. */
export class WorkloadNames {
  private readonly workloads: NotedWorkload[] = [];
  /** By stack, cluster, namespace and name, and by the last two for those who look from another stack. */
  private readonly byName = new Map<string, Map<TerraformStack, NotedWorkload[]>>();
  private readonly byReference = new Map<string, NotedWorkload>();
  private readonly byParts = new Map<PodWiring['parts'], NotedWorkload>();
  private readonly byAccount = new Map<IConstruct, NotedWorkload>();
  /** The stacks of workloads that may have the names of pods, as far as they are known. */
  private readonly possible = new Map<string, Set<TerraformStack>>();
  /** The clusters that the providers of stacks lead to, as workloads say, by stack and alias. */
  private readonly clusters = new Map<string, string>();
  private indexed = 0;
  private resources?: Map<string, string>;

  constructor(private readonly root: IConstruct) {}

  public add(workload: NotedWorkload): void {
    this.workloads.push(workload);
    this.byParts.set(workload.wiring.parts, workload);
    if (workload.created !== undefined) {
      this.byAccount.set(workload.created, workload);
    }
  }

  /** The workload that creates a ServiceAccount. */
  public creatorOf(account: IConstruct): NotedWorkload | undefined {
    return this.byAccount.get(account);
  }

  /** The workload that pods run as. */
  public find({ resource, provider, ...pods }: PodOwner | HiddenPods): FoundWorkload {
    this.index();
    const stack = TerraformStack.of(resource);
    const text = (value: string | undefined): string => value === undefined ? UNKNOWN : textOf(resource, value);
    const said = text(pods.serviceAccountName);
    const [namespace, name] = [this.nameOf(text(pods.namespace)), this.nameOf(said)];
    const here = provider === undefined ? undefined : [stack.node.path, provider];
    const workload = this.byReference.get(said) ?? (here && this.byName.get(keyOf(...here, namespace, name))?.get(stack)?.at(-1));
    if (workload !== undefined) {
      return pods.template === undefined ? UNREAD : { workload };
    }
    const stacksOf = (place: readonly string[]): readonly TerraformStack[] => positionsOf(namespace, [UNKNOWN], [ANY])
      .flatMap(first => positionsOf(name, [UNKNOWN], [ANY]).flatMap(second => [...this.possible.get(keyOf(...place, first, second)) ?? []]));
    // Pods whose provider cannot be read may be in any cluster of their stack.
    if (here === undefined ? stacksOf([]).includes(stack) : stacksOf(here).length > 0) {
      return UNREAD;
    }
    const elsewhere = [...this.byName.get(keyOf(namespace, name))?.values() ?? []].flat().filter(other => other.stack !== stack);
    return elsewhere.length > 0 && pods.template !== undefined ? { elsewhere } : stacksOf([]).some(other => other !== stack) ? UNREAD : NO_WORKLOAD;
  }

  /** What of a ServiceAccount that a workload creates is not known to be as the workload says. */
  public strangeIn(
    { resource, provider, namespace, serviceAccountName }: AccountResource, workload: NotedWorkload,
  ): 'metadata.name' | 'metadata.namespace' | 'provider' | undefined {
    const isSaid = (value: string, ...all: readonly string[]): boolean =>
      all.some(said => sameText(resource, value, said) || this.nameOf(textOf(resource, value)) === this.nameOf(textOf(resource, said)));
    const { wiring, inNamespace = wiring.namespace.said } = workload;
    return !isSaid(serviceAccountName, wiring.serviceAccountName.said) ? 'metadata.name'
      : !isSaid(namespace, wiring.namespace.said, inNamespace) ? 'metadata.namespace' : provider !== workload.provider ? 'provider' : undefined;
  }

  /** Whether pods with the wiring of a workload are known not to run as it: by another name, in another namespace, or in another cluster. */
  public isMisplaced({ resource, provider, namespace, serviceAccountName }: PodOwner, wiring: PodWiring): boolean {
    const differs = (value: string, { reference, said }: Name): boolean => {
      if (sameText(resource, value, reference)) {
        return false;
      }
      const [given, wanted] = [value, said].map(text => this.nameOf(textOf(resource, text)));
      return isName(given!) && isName(wanted!) && given !== wanted;
    };
    const noted = this.byParts.get(wiring.parts);
    return differs(serviceAccountName, wiring.serviceAccountName) || differs(namespace, wiring.namespace)
      // What another stack calls its provider says nothing.
      || (noted !== undefined && noted.stack === TerraformStack.of(resource) && noted.provider !== provider);
  }

  /** The workload of a ServiceAccount: one of its stack, or of another where a workload of its own says that its provider leads to the same cluster. */
  public ofAccount({ resource, provider, namespace, serviceAccountName }: AccountResource): NotedWorkload | undefined {
    this.index();
    const stack = TerraformStack.of(resource);
    const [place, name] = [namespace, serviceAccountName].map(value => this.nameOf(textOf(resource, value)));
    const byStack = this.byName.get(keyOf(place!, name!));
    const cluster = this.clusters.get(keyOf(stack.node.path, provider));
    return this.byName.get(keyOf(stack.node.path, provider, place!, name!))?.get(stack)?.at(-1)
      ?? [...byStack?.values() ?? []].flat().find(other => other.stack !== stack && other.cluster === cluster);
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
      this.clusters.set(keyOf(stack.node.path, provider), workload.cluster);
      const knownOf = ({ said }: Name): string => this.nameOf(textOf(stack, said));
      const textsOf = (name: Name): ReadonlySet<string> => new Set([textOf(stack, name.said), textOf(stack, name.reference), knownOf(name)]);
      const [namespaces, names] = [textsOf(namespace), textsOf(serviceAccountName)];
      const [inPlaces, byPlaces] = [namespace, serviceAccountName].map(name => positionsOf(knownOf(name), [ANY], [UNKNOWN, ANY]));
      for (const place of [[stack.node.path, provider], []]) {
        for (const first of namespaces) {
          for (const name of names) {
            const byStack = entryOf(this.byName, keyOf(...place, first, name), () => new Map<TerraformStack, NotedWorkload[]>());
            entryOf(byStack, stack, () => []).push(workload);
          }
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
    return text === UNKNOWN || isName(text) ? text : (this.resources ??= this.namesOfResources()).get(text) ?? text;
  }

  /** The names that the namespaces and service accounts of the app have, by the references to them. */
  private namesOfResources(): Map<string, string> {
    const names = new Map<string, string>();
    for (const node of this.root.node.findAll()) {
      const named = namedOf(node);
      for (const key of ['name', 'namespace'] as const) {
        const [reference, value] = [named?.references[key], named?.[key]];
        if (reference !== undefined && value !== undefined) {
          names.set(textOf(node, reference), textOf(node, value));
        }
      }
    }
    return names;
  }
}

/** What a name is looked up by: the name, where it is one, and what stands for it. */
const positionsOf = (name: string, known: readonly string[], unknown: readonly string[]): readonly string[] =>
  isName(name) ? [name, ...known] : unknown;

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);

/** The entry of a map, which is created where there is none. */
export function entryOf<K, T>(map: Map<K, T>, key: K, create: () => T): T {
  const entry = map.get(key) ?? create();
  map.set(key, entry);
  return entry;
}

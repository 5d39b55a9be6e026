import { Aspects, IAspect, Lazy, TerraformElement, TerraformProvider, TerraformStack } from 'cdktf';
import { IConstruct } from 'constructs';
import { Fields } from './pod-form';
import { PodOwner, podOwner } from './pod-owner';
import { isWired, lacksWiring, Name, PodWiring, PodWiringOptions, wirePods } from './pod-template';
import { warn } from '../annotations';
import { FederationError } from '../errors';
import { isToken, textOf } from '../tokens';

/** Props of the wiring of all pods in a scope. */
export interface WorkloadWiringProps extends PodWiringOptions {}

/**
 * Wires every pod in a scope that runs as the service account of a `Workload` of its stack, as `Workload.podTemplate()` does: what a mutating webhook
 * does in the cluster, when the stack is synthesized.
 *
 * It finds Pods, Deployments, StatefulSets, DaemonSets, Jobs, CronJobs and ReplicationControllers, typed and in a kubernetes_manifest, by their service
 * account's name, their namespace and the alias of their Kubernetes provider. Pods that are wired already are left as they are. Containers named in the pod's
 * annotation `workload-federation/skip-containers` get nothing, and those of `eks.amazonaws.com/skip-containers`,
 * `azure.workload.identity/skip-containers` and `cloud.google.com/skip-containers` nothing of that cloud.
 *
 * Add it to a stack or to what is in one: cdktf runs no Aspects of an app. A pod that cannot be wired is refused by a FederationError with the path of its resource, when its stack is synthesized.
 */
export class WorkloadWiring implements IAspect {
  private readonly options: PodWiringOptions;

  constructor(props: WorkloadWiringProps = {}) {
    this.options = { ...props };
  }

  /** Wires a resource that runs pods. */
  public visit(node: IConstruct): void {
    const owner = podOwner(node);
    const workload = owner === undefined ? undefined : STACKS.get(TerraformStack.of(node))?.workloadOf(owner);
    if (owner === undefined || workload === undefined || isWired(owner.template.spec?.[owner.form.containers]) || this.isOverruled(node)) {
      return;
    }
    checkProvider(owner, workload);
    checkNamespace(owner, workload);
    checkMetadata(owner);
    const { serviceAccountName: _, ...spec } = owner.template.spec ?? {};
    const options = { ...this.optionsFor(spec), runToCompletion: owner.runsToCompletion };
    owner.replace(wirePods(node, owner.form, { ...owner.template, spec }, workload.wiring, options));
  }

  /** Whether an Aspect nearer to the pods has other options for them. */
  private isOverruled(node: IConstruct): boolean {
    const scopes = node.node.scopes.map(wiringsAt).filter(wirings => wirings.length > 0);
    return scopes.slice(0, -1).some(wirings => wirings.includes(this)) && !scopes.at(-1)!.includes(this);
  }

  /** The options are for all pods of a scope: what only Linux knows is not for those that say they run on Windows. */
  private optionsFor(spec: Fields): PodWiringOptions {
    if (this.options.os !== undefined || !isForWindows(spec)) {
      return this.options;
    }
    const { fsGroup: _, defaultMode: __, ...others } = this.options;
    return { ...others, os: 'windows' };
  }
}

/** Whether pods say that they run on Windows: what they are scheduled by, and what they are. */
function isForWindows({ os, nodeSelector }: Fields): boolean {
  return (os as Fields | undefined)?.name === 'windows' || (nodeSelector as Fields | undefined)?.['kubernetes.io/os'] === 'windows';
}

/** Refuses pods that name the workload's service account by a reference, in another cluster. */
function checkProvider({ resource, provider }: PodOwner, workload: NotedWorkload): void {
  if (provider !== workload.provider) {
    throw new FederationError({
      code: 'WrongCluster', where: resource.node.path, prop: 'provider', rule: 'be that of the workload whose service account the pods name',
      got: provider === '' ? 'the provider without an alias' : provider,
      remedy: 'name the service account of a workload in the cluster of the pods, or pass the provider of the workload',
    });
  }
}

/** Refuses a template whose metadata the wiring could not keep. */
function checkMetadata({ resource, hidesMetadata }: PodOwner): void {
  if (hidesMetadata) {
    throw new FederationError({
      code: 'UnresolvedValue', where: resource.node.path, prop: 'template.metadata', rule: 'be known when the stack is synthesized',
      got: 'a value that only Terraform knows', remedy: 'write the labels and annotations out, so that others can be added',
    });
  }
}

/** Refuses pods that name the workload's service account by a reference, in another namespace. */
function checkNamespace({ resource, namespace }: PodOwner, { wiring }: NotedWorkload): void {
  const { said } = wiring.namespace;
  if (!isToken(namespace) && !isToken(said) && namespace !== said) {
    throw new FederationError({
      code: 'ClashingWiring', where: resource.node.path, prop: 'metadata.namespace', rule: 'be that of the workload', got: namespace,
      remedy: `write ${JSON.stringify(said)}: a pod runs in the namespace of its service account`,
    });
  }
}

/** A workload as its stack knows it. */
interface NotedWorkload {
  readonly wiring: PodWiring;
  readonly provider: string;
}

/** Makes a workload known to the Aspects of its stack. */
export function noteWorkload(scope: IConstruct, wiring: PodWiring, provider: TerraformProvider | undefined): void {
  const stack = TerraformStack.of(scope);
  let workloads = STACKS.get(stack);
  if (workloads === undefined) {
    STACKS.set(stack, workloads = new StackWorkloads(stack, 'WorkloadFederationWirings'));
  }
  workloads.add({ wiring, provider: provider?.alias ?? '' });
}

/** The workloads of a stack, and what must be done once for all of them when it is synthesized. It defines nothing in Terraform. */
class StackWorkloads extends TerraformElement {
  private readonly workloads: NotedWorkload[] = [];
  private readonly byName = new Map<string, NotedWorkload>();
  private readonly byReference = new Map<string, NotedWorkload>();
  private indexed = 0;
  private aliases?: Map<string, string>;
  private readonly warned = new WeakSet<IConstruct>();

  constructor(stack: TerraformStack, id: string) {
    super(stack, id);
    this.node.addValidation({
      validate: () => {
        this.warnOfUnwired();
        return [];
      },
    });
  }

  public add(workload: NotedWorkload): void {
    this.workloads.push(workload);
  }

  /** The workload that pods run as. */
  public workloadOf(owner: PodOwner): NotedWorkload | undefined {
    this.index();
    const [namespace, name] = [owner.namespace, owner.serviceAccountName].map(value => textOf(this, value)) as [string, string];
    const byReference = isToken(owner.serviceAccountName) ? this.byReference.get(name) : undefined;
    const found = byReference ?? this.byName.get(keyOf(owner.provider, namespace, name));
    if (found !== undefined || !(isToken(owner.namespace) || isToken(owner.serviceAccountName))) {
      return found;
    }
    const aliases = this.aliases ??= this.namesOfResources();
    return this.byName.get(keyOf(owner.provider, aliases.get(namespace) ?? namespace, aliases.get(name) ?? name));
  }

  /**
   * What the Aspects will write, while references between stacks are prepared: what is first read when Aspects run comes too late for it. Nothing is
   * printed, and nothing prepared where no Aspect needs it.
   */
  public toTerraform(): any {
    return { '//': Lazy.anyValue({ produce: context => (context as { preparing?: boolean }).preparing === true ? this.wiringsToCome() : undefined }) };
  }

  private index(): void {
    for (const workload of this.workloads.slice(this.indexed)) {
      const { namespace, serviceAccountName } = workload.wiring;
      const texts = ({ said, reference }: Name): string[] => [said, reference].map(value => textOf(this, value));
      for (const text of texts(namespace)) {
        texts(serviceAccountName).forEach(name => this.byName.set(keyOf(workload.provider, text, name), workload));
      }
      if (isToken(serviceAccountName.reference) && serviceAccountName.reference !== serviceAccountName.said) {
        this.byReference.set(textOf(this, serviceAccountName.reference), workload);
      }
    }
    this.indexed = this.workloads.length;
  }

  /** The names that the namespaces and service accounts of the stack have, by the references to them. */
  private namesOfResources(): Map<string, string> {
    const names = new Map<string, string>();
    for (const node of this.cdktfStack.node.findAll()) {
      const { terraformResourceType: type, metadata, metadataInput } = node as NamedResource;
      if (type !== undefined && NAMED.test(type) && metadata !== undefined && typeof metadataInput?.name === 'string') {
        names.set(textOf(this, metadata.name), textOf(this, metadataInput.name));
      }
    }
    return names;
  }

  /** The pods of a construct that is in this very stack, as stacks may stand in others. */
  private ownerHere(node: IConstruct): PodOwner | undefined {
    const owner = podOwner(node);
    return owner !== undefined && TerraformStack.of(node) === this.cdktfStack ? owner : undefined;
  }

  private wiringsToCome(): readonly PodWiring[] {
    const wirings = new Set<PodWiring>();
    const visit = (node: IConstruct, inherited: boolean): void => {
      const covered = inherited || isCovered(node);
      const owner = covered ? this.ownerHere(node) : undefined;
      const workload = owner === undefined ? undefined : this.workloadOf(owner);
      if (workload !== undefined) {
        wirings.add(workload.wiring);
      }
      node.node.children.forEach(child => visit(child, covered));
    };
    // cdktf runs the Aspects of a stack for the stacks in it too, and none of what is above all stacks.
    const { scopes } = this.cdktfStack.node;
    visit(this.cdktfStack, scopes.slice(scopes.findIndex(scope => TerraformStack.isStack(scope)), -1).some(isCovered));
    return [...wirings];
  }

  /** One walk for all workloads of the stack. */
  private warnOfUnwired(): void {
    for (const node of this.cdktfStack.node.findAll()) {
      const owner = this.ownerHere(node);
      const workload = owner === undefined || isWired(owner.template.spec?.[owner.form.containers]) ? undefined : this.workloadOf(owner);
      if (owner !== undefined && workload !== undefined && !this.warned.has(node) && lacksKnown(owner, workload)) {
        this.warned.add(node);
        warn(node, 'unwired-workload');
      }
    }
  }
}

/** Whether pods are known to lack their wiring: what cannot be read is refused where it is wired, and nobody's business where it is not. */
function lacksKnown({ resource, form, template, hidesMetadata }: PodOwner, { wiring }: NotedWorkload): boolean {
  try {
    return !hidesMetadata && lacksWiring(resource, form, template, wiring);
  } catch {
    return false;
  }
}

/** The workloads of each stack. */
const STACKS = new WeakMap<TerraformStack, StackWorkloads>();

/** A resource that has a name in Kubernetes. */
interface NamedResource {
  readonly terraformResourceType?: string;
  readonly metadata?: { readonly name: string };
  readonly metadataInput?: { readonly name?: string };
}

/** The resources whose names pods refer to. */
const NAMED = /^kubernetes_(?:namespace|service_account)(?:_v1)?$/;

const wiringsAt = (node: IConstruct): readonly IAspect[] => Aspects.of(node).all.filter(aspect => aspect instanceof WorkloadWiring);

const isCovered = (node: IConstruct): boolean => wiringsAt(node).length > 0;

function keyOf(provider: string, namespace: string, name: string): string {
  return JSON.stringify([provider, namespace, name]);
}

import { Aspects, DefaultTokenResolver, dependable, IAspect, Lazy, StringConcat, TerraformElement, TerraformProvider, TerraformStack, Tokenization } from 'cdktf';
import { IConstruct } from 'constructs';
import { Fields } from './pod-form';
import { orderPods, PodOrder, warnOfStacks } from './pod-order';
import { AccountResource, accountOf, checkSkip, HiddenPods, isSkipped, PodOwner, podsOf } from './pod-owner';
import {
  hiddenVariables, hidesSkips, isForWindows, isSameWorkload, isWired, lacksGroup, lacksWiring, PodWiring, PodWiringOptions, wiredBy, wirePods,
} from './pod-template';
import { entryOf, FoundWorkload, NO_WORKLOAD, NotedWorkload, WorkloadNames } from './workload-names';
import { informOnce, warnOnce } from '../annotations';
import { FederationError } from '../errors';
import { isToken, strayStacks } from '../tokens';

/** Props of the wiring of all pods in a scope. */
export interface WorkloadWiringProps extends PodWiringOptions {
  /**
   * Whether the pods of the scope stay as they are, without a warning: for what is nearer to them than another Aspect, such as a manifest from a file,
   * of which nothing can be read.
   * @default false
   */
  readonly skip?: boolean;
}

/**
 * Wires every pod in a scope that runs as the service account of a `Workload`, as `Workload.podTemplate()` does: what a mutating webhook does in the
 * cluster, when the stack is synthesized.
 *
 * It finds Pods, Deployments, StatefulSets, DaemonSets, Jobs, CronJobs and ReplicationControllers, typed and in a kubernetes_manifest, by their service
 * account's name, their namespace and the alias of their Kubernetes provider, and in other stacks than that of the workload by a reference to its
 * service account. Pods that are wired already are left as they are, and what cannot be read is warned of. Pods whose resource has the annotation
 * `workload-federation/skip: "true"` stay as they are. Containers named in the pod's annotation `workload-federation/skip-containers` get nothing, and
 * those of `eks.amazonaws.com/skip-containers`, `azure.workload.identity/skip-containers` and `cloud.google.com/skip-containers` nothing of that cloud.
 *
 * Add it to a stack or to what is in one: cdktf runs no Aspects of an app. A pod that cannot be wired is refused by a FederationError with the path of
 * its resource, when its stack is synthesized.
 */
export class WorkloadWiring implements IAspect {
  /**
   * Whether the nearest Aspects keep the pods of a construct as they are.
   * @internal
   */
  public static skips(construct: IConstruct): boolean {
    const nearest = construct.node.scopes.map(wiringsAt).filter(wirings => wirings.length > 0).at(-1) ?? [];
    return nearest.some(({ skip }) => skip);
  }

  private readonly options: PodWiringOptions;
  private readonly skip: boolean;

  /**
   * @throws FederationError for `skip` beside options of a wiring
   */
  constructor({ skip = false, ...options }: WorkloadWiringProps = {}) {
    const said = Object.entries(options).filter(([, value]) => value !== undefined).map(([name]) => name);
    if (skip && said.length > 0) {
      throw new FederationError({
        code: 'ClashingWiring', where: 'WorkloadWiring', prop: 'skip', rule: 'be alone', got: said.join(', '), remedy: 'leave the others out: pods that stay as they are have no use for them',
      });
    }
    this.skip = skip;
    this.options = options;
  }

  /** Wires a resource that runs pods. */
  public visit(node: IConstruct): void {
    this.checkAlone(node);
    const pods = podsOf(node);
    const workloads = APPS.get(node.node.root);
    if (pods === undefined || isSkipped(pods) || this.skip || this.isOverruled(node)) {
      return;
    }
    checkSkip(pods);
    const { workload, isUnread } = workloads === undefined ? NO_WORKLOAD : workloads.find(pods);
    const known = pods.template === undefined ? undefined : wiredBy(pods.form, pods.template);
    if (isUnread === true && known === undefined) {
      warnOnce(node, 'unread-pods');
    }
    if (pods.template === undefined || pods.replace === undefined || workload === undefined) {
      return;
    }
    checkWorkload(pods, workload, known?.wiring);
    const { namespace: _, ...written } = workload.wiring;
    workloads!.checkPrepared(node, workload.wiring, written, 'serviceAccountName');
    if (known === undefined) {
      workloads!.checkPrepared(node, this, this.options, 'WorkloadWiring');
    }
    if (known === undefined || !isWired(node, pods.form, pods.template, known)) {
      const options = { ...this.optionsFor(pods.template.spec!), runToCompletion: pods.runsToCompletion };
      const { serviceAccountName: present, ...spec } = pods.own.spec ?? {};
      const wired = known ?? { wiring: workloads!.keepsReference(node, workload, present), options };
      const printedMetadata = pods.template.metadata ?? undefined;
      pods.replace(wirePods(node, pods.form, { ...pods.own, spec }, wired.wiring, { ...wired.options, printedMetadata }));
      if (pods.isOverridden) {
        checkOverrides(node, wired);
      }
      workloads!.order(node);
    }
    if (hidesSkips(pods.template, workload.wiring)) {
      warnOnce(node, 'unread-annotations');
    }
    informOfVariables(node, hiddenVariables(node, pods.form, pods.template, workload.wiring));
  }

  /** Whether an Aspect nearer to the pods has other options for them. */
  private isOverruled(node: IConstruct): boolean {
    const scopes = node.node.scopes.map(wiringsAt).filter(wirings => wirings.length > 0);
    return scopes.slice(0, -1).some(wirings => wirings.includes(this)) && !scopes.at(-1)!.includes(this);
  }

  /** Refuses an Aspect beside another with other options: nobody could say which counts. */
  private checkAlone(node: IConstruct): void {
    const wirings = wiringsAt(node);
    const said = ({ options, skip }: WorkloadWiring): string => optionsText(node, skip ? { ...options, skip } : options);
    const texts = wirings.length > 1 && wirings.includes(this) ? new Set(wirings.map(said)) : undefined;
    if (texts !== undefined && texts.size > 1) {
      throw new FederationError({
        code: 'ClashingWiring', where: node.node.path, prop: 'WorkloadWiring', rule: 'be added with one set of options to a scope', got: [...texts].join(' and '),
        remedy: 'leave one of them out, or add it nearer to the pods that it is for',
      });
    }
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

/** Says which variables must not be in what containers take their variables from: nobody can see it here, and they would win over the federated identity. */
export function informOfVariables(construct: IConstruct, names: readonly string[]): void {
  if (names.length > 0) {
    informOnce(construct, 'variables-from-elsewhere', construct.node.path, `There must be none of ${names.join(', ')}.`);
  }
}

const RESOLVER = new DefaultTokenResolver(new StringConcat());

/** Options as a text, to compare them by. */
function optionsText(scope: IConstruct, options: WorkloadWiringProps): string {
  const known = Object.entries(options).filter(([, value]) => value !== undefined).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify(Tokenization.resolve(Object.fromEntries(known), { scope, resolver: RESOLVER }));
}

/** Refuses pods that cannot run as the workload whose service account they name. */
function checkWorkload({ resource, provider, namespace }: PodOwner, workload: NotedWorkload, known: PodWiring | undefined): void {
  const where = resource.node.path;
  // What another stack calls its provider says nothing.
  if (workload.stack === TerraformStack.of(resource) && provider !== workload.provider) {
    throw new FederationError({
      code: 'WrongCluster', where, prop: 'provider', rule: 'be that of the workload whose service account the pods name',
      got: providerText(provider),
      remedy: 'name the service account of a workload in the cluster of the pods, or pass the provider of the workload',
    });
  }
  const { said } = workload.wiring.namespace;
  if (!isToken(namespace) && !isToken(said) && namespace !== said) {
    throw new FederationError({
      code: 'ClashingWiring', where, prop: 'metadata.namespace', rule: 'be that of the workload', got: namespace,
      remedy: `write ${JSON.stringify(said)}: a pod runs in the namespace of its service account`,
    });
  }
  if (known !== undefined && !isSameWorkload(known, workload.wiring)) {
    throw new FederationError({
      code: 'ClashingWiring', where, prop: 'spec.serviceAccountName', rule: `be that of the workload that wired the pods, ${quoted(known.serviceAccountName.said)}`,
      got: quoted(workload.wiring.serviceAccountName.said), remedy: 'leave it out, and use the podTemplate() of the other workload for pods that run as it',
    });
  }
}

const providerText = (alias: string): string => alias === '' ? 'the provider without an alias' : alias;

const quoted = (name: string): string => isToken(name) ? 'a name that only Terraform knows' : name;

/** Refuses overrides that take something of the wiring away, or add what is not wired. */
function checkOverrides(node: IConstruct, wired: Parameters<typeof isWired>[3]): void {
  const pods = podsOf(node);
  if (pods?.template === undefined || !isWired(node, pods.form, pods.template, wired)) {
    throw new FederationError({
      code: 'ClashingWiring', where: node.node.path, prop: 'addOverride', rule: 'leave the pods as they are wired', got: 'overrides of the pods', remedy: 'say it by the props of the resource',
    });
  }
}

/** What a workload has in Kubernetes. */
export interface NotedObjects extends Pick<NotedWorkload, 'cluster' | 'created' | 'inNamespace' | 'annotations'> {
  readonly provider?: TerraformProvider;
}

/** Makes a workload known to its app, and to the Aspects where it has something in Kubernetes. */
export function noteWorkload(wiring: PodWiring, order: PodOrder, objects?: NotedObjects): void {
  const { root } = order.workload.node;
  let workloads = APPS.get(root);
  if (workloads === undefined) {
    APPS.set(root, workloads = new AppWorkloads(root));
  }
  workloads.add(wiring, order);
  if (objects !== undefined) {
    const { provider, ...others } = objects;
    workloads.name({ wiring, provider: provider?.alias ?? '', stack: TerraformStack.of(order.workload), ...others });
  }
}

/** The workloads of an app, and what must be done once for all of them when it is synthesized. */
class AppWorkloads {
  private readonly names: WorkloadNames;
  /** What pods wait for that each wiring is for. */
  private readonly orders = new Map<PodWiring['parts'], PodOrder>();
  private readonly watched = new Set<TerraformStack>();
  /** The stacks of pods that were looked at in the order of stacks. */
  private readonly podStacks = new Map<PodOrder, Set<TerraformStack>>();
  /** The ServiceAccounts that annotations wait for. */
  private readonly waitedFor = new Set<IConstruct>();
  private readonly leaving = new Map<TerraformStack, boolean>();
  /** The wirings, and the Aspects with options, whose values each stack has. */
  private readonly crossed = new Map<TerraformStack, Set<PodWiring | WorkloadWiring>>();
  /** The stacks that were prepared since the app was walked. */
  private readonly prepared = new Set<TerraformStack>();

  constructor(private readonly root: IConstruct) {
    this.names = new WorkloadNames(root);
  }

  public add({ parts }: PodWiring, order: PodOrder): void {
    const { workload, before } = order;
    this.orders.set(parts, order);
    const stack = TerraformStack.of(workload);
    if (!this.watched.has(stack)) {
      this.watch(stack);
      new Preparation(stack, 'WorkloadFederationWirings', () => this.prepare(stack));
    }
    if ([...before.keys()].some(other => other !== stack)) {
      validateBy(workload, () => warnOfStacks(workload, order));
    }
  }

  /** Makes the names of a workload known, by which pods and ServiceAccounts are its. */
  public name(workload: NotedWorkload): void {
    this.names.add(workload);
  }

  /** The workload that pods run as. */
  public find(pods: PodOwner | HiddenPods): FoundWorkload {
    return this.names.find(pods);
  }

  /** The wiring for pods that refer to a ServiceAccount of the user's: they go on waiting for it where the workload has nothing to wait for. */
  public keepsReference(node: IConstruct, { wiring }: NotedWorkload, present: unknown): PodWiring {
    const { reference, said } = wiring.serviceAccountName;
    return reference !== said || !this.names.isReference(node, present) ? wiring
      : { ...wiring, serviceAccountName: { reference: present as string, said } };
  }

  /**
   * Lets a resource wait for what must be there before its pods start: pods that are wired, or that have all that the workload of their names would give, as
   * copies of a template have.
   */
  public order(node: IConstruct): void {
    const pods = podsOf(node);
    const order = pods === undefined ? undefined : this.orderOf(pods);
    if (pods?.template === undefined || order === undefined) {
      return;
    }
    if (wiredBy(pods.form, pods.template) === undefined) {
      const { workload } = this.find(pods);
      // What an Aspect will wire is for the Aspect to order.
      const isForAspect = pods.replace !== undefined && node.node.scopes.some(scope => wiringsAt(scope).length > 0);
      if (isForAspect || isSkipped(pods) || WorkloadWiring.skips(node) || workload === undefined || lacksKnown(pods, workload)) {
        return;
      }
    }
    orderPods(pods, order, other => {
      const others = podsOf(other);
      return others !== undefined && this.orderOf(others) === order;
    });
  }

  /** What pods wait for: those of the workload that has wired them, or else that they name. */
  private orderOf(pods: PodOwner | HiddenPods): PodOrder | undefined {
    const wiring = pods.template === undefined ? undefined : wiredBy(pods.form, pods.template)?.wiring ?? this.find(pods).workload?.wiring;
    return wiring && this.orders.get(wiring.parts);
  }

  /** Refuses a second ServiceAccount beside that of a workload, and lets annotations wait for the one that they are for. */
  private visitAccount(node: IConstruct): void {
    const account = accountOf(node);
    const creator = this.names.creatorOf(node);
    if (creator !== undefined) {
      this.checkOwn(node, account, creator);
      return;
    }
    const workload = account === undefined ? undefined : this.names.ofAccount(account);
    if (account === undefined || workload === undefined) {
      return;
    }
    const { created, annotations } = workload;
    if (created !== undefined) {
      throw new FederationError({
        code: 'DuplicateRegistration', where: node.node.path, prop: 'metadata.name', rule: `be that of one ServiceAccount in the namespace (${created.node.path} is it)`,
        got: quoted(account.serviceAccountName), remedy: 'say `existingServiceAccount: true` where the workload is defined, or remove this one',
      });
    }
    const stack = TerraformStack.of(node);
    if (annotations !== undefined && stack === workload.stack && !this.waitedFor.has(node)) {
      this.waitedFor.add(node);
      annotations.dependsOn = [...annotations.dependsOn ?? [], dependable(account.resource)];
    }
    if (annotations !== undefined && account.ownsAnnotations && !this.leavesAnnotations(stack)) {
      warnOnce(node, 'contested-annotations');
    }
  }

  /** Refuses changes by which the ServiceAccount of a workload may be another one than the clouds trust, and the pods run as. */
  private checkOwn(node: IConstruct, account: AccountResource | undefined, creator: NotedWorkload): void {
    const strange = account === undefined ? 'metadata' : this.names.strangeIn(account, creator);
    if (strange !== undefined) {
      const got = account === undefined ? 'what cannot be read' : strange === 'provider' ? providerText(account.provider)
        : quoted(strange === 'metadata.name' ? account.serviceAccountName : account.namespace);
      throw new FederationError({
        code: 'ClashingWiring', where: node.node.path, prop: strange, rule: 'be that of the workload which creates the ServiceAccount', got,
        remedy: 'take away what changes it, such as addOverride() or putMetadata(), and say it where the workload is defined',
      });
    }
  }

  /** Whether a provider of the stack is told to leave annotations alone, by patterns of its own. */
  private leavesAnnotations(stack: TerraformStack): boolean {
    return entryOf(this.leaving, stack, () => stack.node.findAll().some(
      node => TerraformProvider.isTerraformProvider(node) && (node as { readonly ignoreAnnotations?: unknown }).ignoreAnnotations !== undefined));
  }

  /** Refuses to write values of another stack that nothing has made cross while it could be done. */
  public checkPrepared(node: IConstruct, source: PodWiring | WorkloadWiring, written: unknown, prop: 'serviceAccountName' | 'WorkloadWiring'): void {
    const crossed = entryOf(this.crossed, TerraformStack.of(node), () => new Set());
    // Where nothing was prepared, as where one stack is synthesized by itself, no reference of anybody's crosses.
    if (this.prepared.size === 0 || crossed.has(source)) {
      return;
    }
    const stray = [...strayStacks(node, written)];
    if (stray.length === 0) {
      crossed.add(source);
    } else {
      throw new FederationError({
        code: 'UnresolvedValue', where: node.node.path, prop,
        rule: `${prop === 'WorkloadWiring' ? 'have options' : 'be that of a workload'} without values of another stack, as Aspects are run when nothing can cross stacks any more`, got: stray.map(stack => stack.node.path).join(', '),
        remedy: 'define the pods in a constructor, before the app is synthesized',
      });
    }
  }

  /** Makes what Aspects will write cross the stacks: what is first read when they are run comes too late for it. */
  private prepare(stack: TerraformStack): void {
    if (this.prepared.size > 0 && !this.prepared.has(stack)) {
      this.prepared.add(stack);
      return;
    }
    this.prepared.clear();
    this.prepared.add(stack);
    const crossing = new Map<TerraformStack, Set<PodWiring | WorkloadWiring>>();
    // cdktf runs the Aspects of a stack for the stacks in it too, and none of what is above all stacks.
    const visit = (node: IConstruct, outer: TerraformStack | undefined, inherited: readonly WorkloadWiring[]): void => {
      const within = TerraformStack.isStack(node) ? node : outer;
      const wirings = within === undefined ? [] : wiringsAt(node);
      // The nearest to the pods count.
      const covering = wirings.length > 0 ? wirings : inherited;
      if (within !== undefined) {
        this.watch(within);
      }
      const pods = covering.length > 0 ? podsOf(node) : undefined;
      const workload = pods === undefined || isSkipped(pods) || WorkloadWiring.skips(node) ? undefined : this.find(pods).workload;
      if (workload !== undefined) {
        const sources = entryOf(crossing, within!, () => new Set());
        // Pods that are wired already keep the options of then.
        const isKnown = pods?.template !== undefined && wiredBy(pods.form, pods.template) !== undefined;
        [workload.wiring, ...isKnown ? [] : covering].forEach(source => sources.add(source));
      }
      node.node.children.forEach(child => visit(child, within, covering));
    };
    visit(this.root, undefined, []);
    for (const [scope, sources] of crossing) {
      Tokenization.resolve([...sources], { scope, preparing: true, resolver: RESOLVER });
    }
  }

  /** Looks at the ServiceAccounts and pods of a stack when it is synthesized. */
  private watch(stack: TerraformStack): void {
    if (!this.watched.has(stack)) {
      this.watched.add(stack);
      Aspects.of(stack).add({
        visit: node => {
          this.visitAccount(node);
          this.order(node);
        },
      });
      validateBy(stack, () => this.warnOfPods(stack));
    }
  }

  /** One walk for all workloads of the app, once the pods are as they will be printed. */
  private warnOfPods(stack: TerraformStack): void {
    for (const node of stack.node.findAll()) {
      const pods = podsOf(node);
      if (pods?.template === undefined || isSkipped(pods) || TerraformStack.of(node) !== stack || WorkloadWiring.skips(node)) {
        continue;
      }
      const { workload, elsewhere = [] } = this.find(pods);
      const known = wiredBy(pods.form, pods.template);
      if (known !== undefined && this.names.isMisplaced(pods, known.wiring)) {
        warnOnce(node, 'unwired-workload');
      } else if (workload !== undefined ? lacksKnown(pods, workload) : elsewhere.length > 0 && elsewhere.every(other => lacksKnown(pods, other))) {
        warnOnce(node, workload === undefined ? 'workload-of-another-stack' : 'unwired-workload');
      } else {
        this.warnOfWired(pods, known?.wiring ?? workload?.wiring, known?.options);
      }
    }
  }

  /** Warns of pods that have a wiring, and may not be able to use it. */
  private warnOfWired(pods: PodOwner, wiring: PodWiring | undefined, options: PodWiringOptions = {}): void {
    const { resource, form, template } = pods;
    if (wiring !== undefined && isCertain(() => lacksGroup(resource, form, template, wiring, options))) {
      warnOnce(resource, 'missing-fs-group');
    }
    const order = this.orderOf(pods);
    const stack = TerraformStack.of(resource);
    const isSeen = order === undefined || stack === TerraformStack.of(order.workload) || entryOf(this.podStacks, order, () => new Set()).has(stack);
    if (!isSeen) {
      this.podStacks.get(order)!.add(stack);
      warnOfStacks(resource, order);
    }
  }
}

/** Does something when the stack of a construct is synthesized, and all in it is as it will be printed. */
function validateBy({ node }: IConstruct, look: () => void): void {
  node.addValidation({
    validate: () => {
      look();
      return [];
    },
  });
}

/** Is there while references between stacks are prepared. It defines nothing in Terraform. */
class Preparation extends TerraformElement {
  constructor(stack: TerraformStack, id: string, private readonly prepare: () => void) {
    super(stack, id);
  }

  public toTerraform(): any {
    return {
      '//': Lazy.anyValue({
        produce: context => {
          if ((context as { preparing?: boolean }).preparing === true) {
            this.prepare();
          }
        },
      }),
    };
  }
}

/** Whether pods are known to lack their wiring: what cannot be read is refused where it is wired, and nobody's business where it is not. */
function lacksKnown({ resource, form, template }: PodOwner, { wiring }: NotedWorkload): boolean {
  const known = wiredBy(form, template);
  if (known !== undefined) {
    // Without the digest in the annotation pods run as well, and are not restarted by another content of the files.
    return !isSameWorkload(known.wiring, wiring) || !isWired(resource, form, template, { ...known, wiring: { ...known.wiring, podAnnotations: {} } });
  }
  return isCertain(() => lacksWiring(resource, form, template, wiring));
}

/** Whether something is so, as far as pods can be read. */
function isCertain(look: () => boolean): boolean {
  try {
    return look();
  } catch (error) {
    if (error instanceof FederationError) {
      return false;
    }
    throw error;
  }
}

/** The workloads of each app. */
const APPS = new WeakMap<IConstruct, AppWorkloads>();

const wiringsAt = (node: IConstruct): readonly WorkloadWiring[] =>
  Aspects.of(node).all.filter((aspect): aspect is WorkloadWiring => aspect instanceof WorkloadWiring);

import { TerraformProvider, TerraformStack } from 'cdktf';
import { IConstruct } from 'constructs';
import { Cluster } from './cluster';
import { FederationError } from './errors';

/** A cluster made known to one cloud account. */
export interface Registration extends IConstruct {
  readonly cluster: Cluster;
}

interface Entry<T> {
  readonly registration: T;
  readonly provider: string;
  readonly implicit: boolean;
}

/** The name under which a stack knows one registration. */
interface Key {
  readonly cluster: Cluster;
  readonly provider?: TerraformProvider;
}

/**
 * The registrations of each stack, one per cluster and provider alias.
 *
 * Keyed by stack rather than found in the tree, which would take a walk for every role.
 */
export class RegistrationRegistry<T extends Registration> {
  private readonly byStack = new WeakMap<TerraformStack, Map<string, Entry<T>[]>>();
  private readonly implicitStacks = new WeakMap<IConstruct, Map<string, Set<TerraformStack>>>();

  /**
   * @param noun the class, for messages
   * @param propName the prop by which a registration is passed
   */
  constructor(private readonly noun: string, private readonly propName: string) {}

  /** Refuses a second registration of a cluster with one provider alias in a stack. */
  public checkFree(where: string, stack: TerraformStack, key: Key): void {
    const alias = providerAlias(key.provider);
    const known = this.entries(stack, key.cluster).find(entry => entry.provider === alias);
    if (known !== undefined) {
      throw new FederationError({
        code: 'DuplicateRegistration', where, prop: 'cluster', rule: `be registered once per stack and account (${known.registration.node.path} registers it)`,
        got: key.cluster.id,
        remedy: known.implicit
          ? `define the ${this.noun} before the first construct that needs it, or leave it to them`
          : `use that ${this.noun}; roles and accounts of the stack find it`,
      });
    }
  }

  /** Notes a registration. */
  public add(stack: TerraformStack, key: Key, registration: T, implicit: boolean): void {
    this.entries(stack, key.cluster).push({ registration, provider: providerAlias(key.provider), implicit });
  }

  /**
   * The registration of a cluster in the scope's stack, or a new one by `create`.
   *
   * A second alias is refused rather than guessed: two aliases may lead to one account, where an issuer can be registered once.
   */
  public findOrCreate(scope: IConstruct, key: Key, create: (stack: TerraformStack) => T, onSecondStack: (registration: T) => void): T {
    const stack = TerraformStack.of(scope);
    const entries = this.entries(stack, key.cluster);
    const alias = providerAlias(key.provider);
    const known = entries.find(entry => entry.provider === alias);
    if (known !== undefined) {
      return known.registration;
    }
    if (entries.length > 0) {
      throw new FederationError({
        code: 'DuplicateRegistration', where: scope.node.path, prop: this.propName,
        rule: `be given where the stack registers cluster ${key.cluster.id} with another provider alias (${entries[0]!.registration.node.path})`,
        got: alias,
        remedy: `define a ${this.noun} for this alias, unless both aliases lead to one account; then pass the one that exists`,
      });
    }
    const registration = create(stack);
    this.noteImplicit(stack, key.cluster, registration, onSecondStack);
    return registration;
  }

  private entries(stack: TerraformStack, cluster: Cluster): Entry<T>[] {
    let clusters = this.byStack.get(stack);
    if (clusters === undefined) {
      this.byStack.set(stack, clusters = new Map());
    }
    let entries = clusters.get(cluster.id);
    if (entries === undefined) {
      clusters.set(cluster.id, entries = []);
    }
    return entries;
  }

  private noteImplicit(stack: TerraformStack, cluster: Cluster, registration: T, onSecondStack: (registration: T) => void): void {
    let clusters = this.implicitStacks.get(stack.node.root);
    if (clusters === undefined) {
      this.implicitStacks.set(stack.node.root, clusters = new Map());
    }
    const stacks = clusters.get(cluster.id) ?? new Set();
    clusters.set(cluster.id, stacks.add(stack));
    if (stacks.size > 1) {
      onSecondStack(registration);
    }
  }
}

/**
 * The registrations that were passed for these clusters, by cluster id.
 * @throws FederationError for one of another cluster, which would be ignored, or two of the same
 */
export function givenRegistrations<T extends Registration>(
  user: IConstruct, prop: string, given: readonly T[] | undefined, clusters: readonly Cluster[],
): Map<string, T> {
  const byCluster = new Map<string, T>();
  for (const registration of given ?? []) {
    const { id } = registration.cluster;
    if (registration.node.root !== user.node.root) {
      throw new FederationError({
        code: 'WrongCluster', where: user.node.path, prop, rule: 'hold registrations of this app', got: `${registration.node.path} of another`,
        remedy: 'bring it in by its ARN or name: an id says which cluster it is within one app',
      });
    }
    if (byCluster.has(id) || !clusters.some(cluster => cluster.id === id)) {
      throw new FederationError({
        code: 'WrongCluster', where: user.node.path, prop, rule: `hold one registration for each cluster that it is used for (${[...new Set(clusters.map(cluster => cluster.id))].join(', ')})`,
        got: `${registration.node.path} of cluster ${id}`,
        remedy: byCluster.has(id) ? 'choose one of the two' : 'leave it out, or add a service account of the cluster to `trusts` (GKE uses Google\'s own pool unless it is defined with `workloadIdentity: false`)',
      });
    }
    byCluster.set(id, registration);
  }
  return byCluster;
}

function providerAlias(provider: TerraformProvider | undefined): string {
  return provider?.alias ?? 'the default provider';
}

import { push } from '../lists';
import { awsByAnnotations, awsByVariables, eksFile } from './aws';
import { azureByVariables, azureByWebhook, azureFile } from './azure';
import { Clusters } from './clusters';
import { gate, outcome } from './gates';
import { gcpByAnnotations, gcpByVariables, gcpFile } from './gcp';
import { Account, clusterKey, Objects, PodObject, readObjects } from './objects';
import { Associations } from './pod-identity';
import { Names, Pod, Surroundings } from './pods';
import { unwiredFor } from './unwired';
import { accountWhere, Use } from './use';
import { readAssociations } from '../aws/pod-identity';
import { Attempt, Gate, Note, Registration, SaidIssuer, Terraform, Where, WorkloadUse } from '../model';
import { equal, keyOf, show, TextValue, Verdict } from '../value';
import { attributeAt } from '../where';

/** Most addresses that a message names. */
const SHOWN = 3;
/** Most issuers of one cluster that contradict each other. */
const MAX_SAID = 5;
/** Most ServiceAccounts of one name that a pod is taken to run as perhaps. */
const MAX_CANDIDATES = 5;

/**
 * Reads what runs as which ServiceAccount of Kubernetes, and what it tries to become in the clouds.
 *
 * The gates are about what the objects say. What an image or the code in it sets besides is not looked at.
 * @param registrations What makes issuers known to the clouds: a wiring that names one says of which issuer the tokens of its cluster are
 */
export function readKubernetes(
  terraform: Terraform, registrations: readonly Registration[] = [],
): { readonly workloads: readonly WorkloadUse[]; readonly notes: readonly Note[] } {
  const objects = readObjects(terraform);
  const workloads = new Workloads(objects, new Clusters(terraform), new Associations(readAssociations(terraform).associations));
  return { workloads: workloads.all(registrations), notes: [...objects.notes, ...objects.accounts.flatMap(hiddenAnnotations)] };
}

function hiddenAnnotations({ open, annotations, annotationsWhere }: Account): readonly Note[] {
  return open && annotations.size === 0 ? [{ message: 'annotations of the ServiceAccount are not known, nor what they let its pods become', where: annotationsWhere }] : [];
}

/** A ServiceAccount with what runs as it. */
interface Workload {
  /** What tells its cluster from others: the provider, or else the stack. */
  readonly cluster: string;
  readonly namespace: TextValue;
  readonly name: TextValue;
  /** Undefined where the input does not have it. */
  readonly account: Account | undefined;
  readonly where: Where;
  readonly uses: Use[];
}

/** The ServiceAccounts that pods may mean. */
interface Candidates {
  readonly accounts: readonly Account[];
  readonly verdict: Verdict;
  readonly have: string;
  readonly remedy: string;
}

class Workloads {
  private readonly workloads = new Map<Account | string, Workload>();
  private readonly accounts: Names<Account>;
  private readonly byName = new Map<string, Account[]>();
  private readonly around: Surroundings;
  /** Pods whose ServiceAccounts wire them to nothing, by namespace. */
  private readonly idle = new Map<string, Pod[]>();

  constructor(objects: Objects, private readonly clusters: Clusters, private readonly associations: Associations) {
    this.accounts = new Names(objects.accounts);
    this.around = new Surroundings(objects);
    for (const account of objects.accounts) {
      const { cluster, namespace, name, where } = account;
      push(this.byName, clusterKey(cluster, name), account);
      this.workloads.set(account, { cluster, namespace, name, account, where, uses: [] });
    }
    objects.pods.forEach(pod => this.add(pod));
  }

  public all(registrations: readonly Registration[]): readonly WorkloadUse[] {
    const all = [...this.workloads.values()].map(workload => [workload.cluster, this.useOf(workload)] as const);
    const said = this.issuers(all, new Map(registrations.map(registration => [keyOf(registration.name), registration])));
    return all.map(([cluster, use]) => {
      const issuers = said.get(cluster);
      return issuers === undefined ? use : { ...use, issuers };
    });
  }

  /**
   * The issuers of clusters. What a provider leads to says it for all workloads that it makes, or else what their wiring names: the provider of a
   * pool takes tokens of one issuer alone.
   */
  private issuers(
    workloads: readonly (readonly [cluster: string, use: WorkloadUse])[], registrations: ReadonlyMap<string, Registration>,
  ): ReadonlyMap<string, readonly SaidIssuer[]> {
    const said = new Map<string, readonly SaidIssuer[]>();
    for (const [cluster, { attempts }] of workloads) {
      const known = this.clusters.of(cluster);
      if (known.length > 0) {
        said.set(cluster, said.get(cluster) ?? known);
        continue;
      }
      const wired = this.clusters.has(cluster) ? attempts.filter(attempt => outcome(attempt) !== 'no') : [];
      for (const { registration, where } of wired) {
        const found = registration === undefined ? undefined : registrations.get(keyOf(registration));
        const others = said.get(cluster) ?? [];
        const contradicts = ({ issuer }: SaidIssuer) => equal(issuer, found!.issuer) === 'no' || this.clusters.areTwo(issuer, found!.issuer);
        if (found !== undefined && others.length < MAX_SAID && others.every(contradicts)) {
          said.set(cluster, [...others, { issuer: found.issuer, where, isOther: other => this.clusters.areTwo(found.issuer, other) }]);
        }
      }
    }
    return said;
  }

  private useOf(workload: Workload): WorkloadUse {
    const { cluster, namespace, name, account, where, uses } = workload;
    const runs = ({ gates }: Use) => gates.every(({ verdict }) => verdict !== 'no');
    const own = uses.filter(runs);
    // What a pod of another namespace means by the name is what the annotations of this one say.
    const strayed = uses.filter(use => !runs(use) && use.account !== undefined);
    const associated = this.associations.attempts(workload, own, this.clusters.of(cluster));
    const attempts = [
      ...account === undefined ? azureByWebhook(undefined, own.filter(use => use.account === undefined)) : byPlatform(account, own),
      ...strayed.flatMap(use => byPlatform(use.account!, [use])),
      ...associated,
      ...uses.flatMap(byVariables),
    ];
    const unwired = own.map(use => {
      const tries = [...associated, ...account === undefined ? [] : byPlatform(account, [use]), ...byVariables(use)];
      return { where: accountWhere(use.pod), clouds: unwiredFor(use, tries) };
    }).filter(({ clouds }) => clouds.length > 0);
    const lonely = account !== undefined && uses.length === 0 ? this.lonely(account) : [];
    return {
      namespace, serviceAccount: name, where, users: uses.map(({ pod }) => pod.where),
      attempts: distinct(lonely.length === 0 ? attempts : attempts.map(attempt => ({ ...attempt, gates: [...lonely, ...attempt.gates] }))),
      ...unwired.length > 0 && { unwired },
    };
  }

  /** That nothing runs as an account, where something of its namespace perhaps should. */
  private lonely({ cluster, namespace, name }: Account): readonly Gate[] {
    const others = this.idle.get(clusterKey(cluster, namespace)) ?? [];
    const [first] = others;
    return first === undefined ? [] : [gate({
      gate: 'pod-service-account', verdict: 'unknown', want: `a pod that runs as ${show(namespace)}/${show(name)}`,
      have: `none in the input; ${others.slice(0, SHOWN).map(pod => `${pod.where.address} runs as ${show(pod.object.serviceAccount)}`).join(', ')}`,
      where: accountWhere(first), remedy: `set ${accountWhere(first).attribute} of ${first.where.address} to ${show(name)}, where that is what should become it`,
    })];
  }

  private add(object: PodObject): void {
    const { accounts, verdict, have, remedy } = this.candidates(object);
    const strayed = verdict === 'no';
    const gateOf = (pod: Pod) => gate({
      gate: 'pod-service-account', verdict, want: `ServiceAccount ${show(object.serviceAccount)} in namespace ${show(object.namespace)}`, have, where: accountWhere(pod), remedy,
    });
    const owners = accounts.length === 0 || strayed ? [this.unlisted(object)] : accounts.map(account => this.workloads.get(account)!);
    for (const owner of owners) {
      const account = strayed ? accounts[0] : owner.account;
      const pod = new Pod(object, account, this.around, [...eksFile(account), ...gcpFile(account), ...azureFile(object, account)]);
      owner.uses.push({ pod, account, gates: [gateOf(pod)] });
      if (account === undefined || account.annotations.size === 0) {
        push(this.idle, clusterKey(object.cluster, object.namespace), pod);
      }
    }
  }

  /** The workload of pods whose ServiceAccount the input does not have. */
  private unlisted({ cluster, namespace, serviceAccount, where, path }: PodObject): Workload {
    const key = clusterKey(cluster, namespace, serviceAccount);
    const found = this.workloads.get(key)
      ?? { cluster, namespace, name: serviceAccount, account: undefined, where: attributeAt(where, path), uses: [] };
    this.workloads.set(key, found);
    return found;
  }

  /** The ServiceAccounts that a pod may mean: of its own cluster, or else of what may be another. */
  private candidates({ cluster, namespace, serviceAccount, where }: PodObject): Candidates {
    const near = this.accounts.of(cluster, namespace, serviceAccount);
    const [only] = near;
    if (near.length === 1) {
      return { accounts: near, verdict: 'yes', have: only!.where.address, remedy: '' };
    }
    const all = near.length > 0 ? near : this.accounts.all(namespace, serviceAccount);
    if (all.length > 0) {
      return {
        accounts: all.length > MAX_CANDIDATES ? [] : all, verdict: 'unknown', have: `${addresses(all)}, which may be of another cluster`,
        remedy: `let ${where.address} name the ServiceAccount of its own cluster, in one stack and with one provider`,
      };
    }
    if (serviceAccount === 'default') {
      return { accounts: [], verdict: 'yes', have: 'the one that every namespace has', remedy: '' };
    }
    const elsewhere = this.byName.get(clusterKey(cluster, serviceAccount)) ?? [];
    const [other] = elsewhere;
    if (elsewhere.length === 1 && typeof namespace === 'string' && typeof other!.namespace === 'string') {
      return {
        accounts: [other!], verdict: 'no', have: `${other!.where.address} in namespace ${show(other!.namespace)}`,
        remedy: `put ${where.address} and ${other!.where.address} into one namespace`,
      };
    }
    return { accounts: [], verdict: 'unknown', have: 'none in the input', remedy: `read the Terraform that has it together with this, or define the ServiceAccount ${show(namespace)}/${show(serviceAccount)}` };
  }
}

/** What pods become by what the platform makes of the annotations of their ServiceAccount. */
function byPlatform(account: Account, uses: readonly Use[]): readonly Attempt[] {
  return [...awsByAnnotations(account, uses), ...gcpByAnnotations(account, uses), ...azureByWebhook(account, uses)];
}

/** What pods become by the variables of their containers. */
function byVariables(use: Use): readonly Attempt[] {
  return [...awsByVariables(use), ...gcpByVariables(use), ...azureByVariables(use)];
}

function addresses(accounts: readonly Account[]): string {
  const more = accounts.length - SHOWN;
  return accounts.slice(0, SHOWN).map(({ where }) => where.address).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Tries that differ in nothing but where they are made, and that nothing stands in the way of, are one. */
function distinct(attempts: readonly Attempt[]): readonly Attempt[] {
  const seen = new Set<string>();
  return attempts.filter(attempt => {
    const { mechanism, identity, registration, audience, expirationSeconds, gates } = attempt;
    const key = JSON.stringify([
      mechanism, ...[identity, registration, audience].map(value => value === undefined ? '' : keyOf(value)), expirationSeconds ?? null,
      outcome(attempt) === 'yes' ? 'yes' : gates.map(({ verdict, want, have, where }) => [verdict, want, have, where]),
    ]);
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}

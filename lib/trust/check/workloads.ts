import { Say } from './finding';
import { subjectOf } from '../aws/token';
import { accepts, decide } from '../judge';
import { issuerOfWorkload, issuersAmong, otherClusterGate } from '../kubernetes/clusters';
import { isThrough } from '../kubernetes/pod-identity';
import { push } from '../lists';
import { Attempt, Door, Identity, Token, WorkloadUse } from '../model';
import { distinct, keyOf, partsOf, show, text, TextValue, Unknown, Value } from '../value';
import { hasWildcard } from '../witness';

const [HOUR, DAY] = [3600, 86400];
const ISSUED_AT = 1_700_000_000;
/** Most issuers that a token is tried with. */
const MAX_ISSUERS = 50;
/** Mechanisms by which the platform presents a token of its own. */
const PLATFORM: ReadonlySet<string> = new Set(['gcp-native', 'aws-google']);

/** Looks at what the wiring of workloads tries. */
export function checkWorkloads(workloads: readonly WorkloadUse[], identities: readonly Identity[], say: Say): void {
  const known = new Targets(identities);
  const trusted = new Trusted(identities, workloads);
  for (const workload of workloads) {
    checkCluster(workload, say);
    checkUnwired(workload, trusted, say);
    for (const attempt of workload.attempts) {
      checkLifetime(workload, attempt, say);
      const failing = attempt.gates.find(({ verdict }) => verdict === 'no');
      // Where it is not certain as what the pods run, it is not certain that they try.
      if (failing !== undefined && !attempt.gates.some(({ gate, verdict }) => gate === 'pod-service-account' && verdict === 'unknown')) {
        say('pod-wiring', {
          where: failing.where, key: `${failing.gate} ${failing.want} ${nameOf(workload)}`,
          message: `the pods of ${nameOf(workload)} cannot become ${target(attempt)}: they need ${failing.want}, and have ${failing.have}`, remedy: failing.remedy,
        });
      }
      checkTarget(workload, attempt, known, say);
    }
  }
}

/** That what is said of a cluster's issuer does not contradict itself; workloads of one cluster have the same said of it. */
function checkCluster({ issuers = [] }: WorkloadUse, say: Say): void {
  const [first, second] = issuers;
  if (first !== undefined && second !== undefined) {
    say('cluster-of-two-issuers', {
      where: second.where, key: issuers.map(({ issuer }) => keyOf(issuer)).sort().join(' '),
      message: `workloads of one cluster are wired for tokens of ${show(first.issuer)}, as ${first.where.address} says, and of ${show(second.issuer)}, as ${second.where.address} says: no cluster issues both`,
    });
  }
}

function nameOf({ namespace, serviceAccount }: WorkloadUse): string {
  return `${show(namespace)}/${show(serviceAccount)}`;
}

function target({ identity, registration }: Attempt): string {
  return identity !== undefined ? show(identity) : registration === undefined ? 'what they should' : `a principal of ${show(registration)}`;
}

function checkLifetime(workload: WorkloadUse, { expirationSeconds: seconds, where, mechanism }: Attempt, say: Say): void {
  if (seconds !== undefined && seconds > HOUR) {
    say('token-lifetime', {
      where, key: `${mechanism} ${nameOf(workload)}`, level: seconds > DAY ? 'warning' : 'note',
      message: `tokens of ${nameOf(workload)} are valid for ${seconds} seconds: whoever gets to see one can use it ${seconds > DAY ? 'for more than a day' : `for ${Math.round(seconds / HOUR * 10) / 10} hours`}`,
    });
  }
}

/** The mechanisms by which pods come to an identity only where something wires them: GKE's metadata server and EKS Pod Identity's agent answer whoever asks. */
const WIRED: ReadonlySet<string> = new Set<Door['mechanism']>(['aws-oidc', 'gcp-federation', 'azure-federation']);
/** Most identities that a message names. */
const SHOWN = 3;

/** What trusts service accounts by name. */
class Trusted {
  private readonly bySubject = new Map<string, Target[]>();
  /** How many workloads have a name: where nothing says of which clusters they are, it is not known which of them is meant. */
  private readonly counts = new Map<string, number>();

  constructor(identities: readonly Identity[], workloads: readonly WorkloadUse[]) {
    for (const identity of identities) {
      for (const door of identity.doors.filter(({ mechanism, through }) => WIRED.has(mechanism) && through === undefined)) {
        for (const { subject, wildcards, issuer } of door.who) {
          if (subject !== undefined && !(wildcards && hasWildcard(subject))) {
            push(this.bySubject, keyOf(subject), { identity, door, issuer });
          }
        }
      }
    }
    for (const key of workloads.map(workload => keyOf(subjectOf(workload.namespace, workload.serviceAccount)))) {
      this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    }
  }

  /** The identities that trust the service account of a workload, of its own cluster as far as that is known. */
  public of(workload: WorkloadUse): readonly Identity[] {
    const key = keyOf(subjectOf(workload.namespace, workload.serviceAccount));
    const own = issuerOfWorkload(workload);
    const isAmong = (issuer: TextValue) => issuersAmong(workload, [issuer]).some(one => keyOf(one) === keyOf(issuer));
    const isOwn = ({ identity, door, issuer }: Target) => own === undefined ? this.counts.get(key) === 1
      : otherClusterGate(workload, identity, [door]) === undefined && (issuer === undefined || isAmong(issuer));
    return [...new Set((this.bySubject.get(key) ?? []).filter(isOwn).map(({ identity }) => identity))];
  }
}

/** An identity with the door by which it trusts somebody. */
interface Target {
  readonly identity: Identity;
  readonly door: Door;
  readonly issuer: TextValue | undefined;
}

function checkUnwired(workload: WorkloadUse, trusted: Trusted, say: Say): void {
  const { unwired = [] } = workload;
  const identities = unwired.length === 0 ? [] : trusted.of(workload);
  for (const { where, clouds } of unwired) {
    const names = identities.filter(({ cloud }) => clouds.includes(cloud)).map(({ name }) => show(name));
    if (names.length > 0) {
      const more = names.length - SHOWN;
      say('unwired-workload', {
        where, key: nameOf(workload),
        message: `these pods run as ${nameOf(workload)}, which may become ${names.slice(0, SHOWN).join(' and ')}${more > 0 ? ` and ${more} more` : ''}, and have nothing by which their clients would: no variable, token or annotation`,
      });
    }
  }
}

/** Identities by how wirings name them. */
class Targets {
  private readonly byName = new Map<string, Identity>();
  /** Principals of pools by the provider through which they are become. */
  private readonly principals = new Map<string, { readonly bySubject: Map<string, Identity[]>; readonly others: Identity[] }>();

  constructor(identities: readonly Identity[]) {
    for (const identity of identities) {
      if (identity.kind !== 'principal') {
        this.byName.set(keyOf(identity.name), identity);
        continue;
      }
      for (const { registration, who } of identity.doors) {
        if (registration !== undefined) {
          const key = keyOf(registration.name);
          const found = this.principals.get(key) ?? { bySubject: new Map<string, Identity[]>(), others: [] };
          this.principals.set(key, found);
          const [row] = who;
          if (who.length !== 1 || row?.subject === undefined || row.wildcards) {
            found.others.push(identity);
          } else {
            found.bySubject.set(keyOf(row.subject), [...found.bySubject.get(keyOf(row.subject)) ?? [], identity]);
          }
        }
      }
    }
  }

  /** Identities that an attempt may be about; undefined where the input does not have them. */
  public of(attempt: Attempt, subject: TextValue): readonly Identity[] | undefined {
    const { identity, registration } = attempt;
    if (identity !== undefined) {
      const found = this.byName.get(keyOf(identity));
      return found === undefined ? undefined : [found];
    }
    const found = registration === undefined ? undefined : this.principals.get(keyOf(registration));
    if (found === undefined) {
      return undefined;
    }
    const exact = found.bySubject.get(keyOf(subject)) ?? [];
    // Where nobody of the name is granted anything, one of the others shows why.
    return exact.length > 0 ? exact : [...found.others, ...[...found.bySubject.values()].slice(0, 1).flat()];
  }
}

function checkTarget(workload: WorkloadUse, attempt: Attempt, targets: Targets, say: Say): void {
  const subject = subjectOf(workload.namespace, workload.serviceAccount);
  const found = targets.of(attempt, subject);
  if (found === undefined || (attempt.audience === undefined && !PLATFORM.has(attempt.mechanism))) {
    return;
  }
  const judged = found.map(identity => {
    const of = { ...identity, doors: doorsFor(identity, attempt) };
    const other = attempt.mechanism === 'aws-google' ? undefined : otherClusterGate(workload, identity, of.doors);
    return { of, tokens: tokensOf(workload, subject, attempt, of.doors), other };
  });
  if (judged.some(({ of, tokens, other }) => other === undefined && tokens.some(token => accepts(of, token) !== 'no'))) {
    return;
  }
  const [first] = judged;
  const token = first?.tokens[0];
  const decision = first === undefined || token === undefined ? undefined : decide(first.of, token);
  const failing = first?.other ?? (decision?.through?.failing?.verdict === 'no' ? decision.through.failing : decision?.failing);
  // What is granted to a principal may stand in other Terraform, and so may all that a Google or Azure identity trusts.
  const elsewhere = attempt.identity === undefined && failing?.gate === 'gcp-member';
  say('wiring-not-trusted', {
    where: attempt.where, level: elsewhere ? 'note' : failing === undefined && first?.of.cloud !== 'aws' ? 'warning' : 'error', key: `${attempt.mechanism} ${nameOf(workload)} ${target(attempt)}`,
    message: `the pods of ${nameOf(workload)} present a token${attempt.audience === undefined ? '' : ` for ${show(attempt.audience)}`} to ${
      elsewhere ? `${show(attempt.registration)}, and the input grants nothing to what they become` : failing === undefined
        ? `${target(attempt)}, which trusts nobody in the input` : `${target(attempt)}, which never takes it: it wants ${failing.want}, and gets ${failing.have}`}`,
    ...failing !== undefined && failing.remedy !== '' && { remedy: failing.remedy },
  });
}

/** The doors that a wiring goes to. */
function doorsFor({ doors }: Identity, attempt: Attempt): readonly Door[] {
  const { registration, mechanism, audience, association } = attempt;
  if (association !== undefined) {
    return doors.filter(door => isThrough(door, attempt));
  }
  if (registration !== undefined) {
    const key = keyOf(registration);
    return doors.filter(door => door.registration === undefined || door.through !== undefined || keyOf(door.registration.name) === key);
  }
  if (mechanism === 'aws-google' && audience !== undefined) {
    // The audience is that of Google's token, which the doors behind the Google service account do not see.
    return doors.filter(door => door.mechanism !== 'aws-google' || door.who.some(({ audiences }) => door.through !== undefined || audiences === undefined
      || audiences.some(taken => keyOf(taken) === keyOf(audience))));
  }
  return doors;
}

/** Tokens of the workload: of its own issuer, or one for each that it may be of where the input does not say of which cluster it is. */
function tokensOf(workload: WorkloadUse, subject: TextValue, { mechanism, audience }: Attempt, doors: readonly Door[]): readonly Token[] {
  const tokens = new Map<string, Token>();
  const rows = doors.flatMap(({ who }) => who);
  // The ID tokens of a Google service account are of no cluster.
  const own = mechanism === 'aws-google' ? undefined : issuerOfWorkload(workload);
  const possible = own === undefined ? undefined : new Set(issuersAmong(workload, distinct(rows.flatMap(({ issuer }) => issuer ?? []))).map(keyOf));
  for (const { issuer, audiences } of rows) {
    const iss = own !== undefined && possible?.has(keyOf(own)) === true ? own : issuer === undefined ? new Unknown('issuer') : concrete(issuer);
    if (issuer !== undefined && iss !== own && possible?.has(keyOf(issuer)) === false) {
      continue;
    }
    const wanted = PLATFORM.has(mechanism) ? audiences ?? [new Unknown('audience')] : [audience!];
    for (const aud of wanted) {
      tokens.set(`${keyOf(iss)} ${keyOf(aud)}`, new Map<string, Value>([
        ['iss', iss], ['sub', subject], ['aud', [aud]], ['iat', ISSUED_AT], ['nbf', ISSUED_AT], ['exp', ISSUED_AT + HOUR],
        ['kubernetes.io', new Map<string, Value>([
          ['namespace', workload.namespace],
          ['serviceaccount', new Map<string, Value>([['name', workload.serviceAccount], ['uid', new Unknown('serviceaccount.uid')]])],
          ['pod', new Map<string, Value>([['name', new Unknown('pod.name')], ['uid', new Unknown('pod.uid')]])],
        ])],
      ]));
    }
    if (tokens.size >= MAX_ISSUERS) {
      break;
    }
  }
  return [...tokens.values()];
}

/** An issuer that a pattern of issuers stands for. */
function concrete(issuer: TextValue): TextValue {
  return text(...partsOf(issuer).map(part => typeof part === 'string' ? part.replaceAll('*', 'any') : part));
}

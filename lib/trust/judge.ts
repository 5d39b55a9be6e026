import { Door, Gate, Identity, Token } from './model';
import { every, some, Verdict } from './value';

/** What becomes of a token at an identity, and the gates that say so. */
export interface Decision {
  readonly verdict: Verdict;
  /** The door that lets it in, or else the one in which it gets farthest; undefined where the identity has none. */
  readonly door?: Door;
  /** The gates of that door, in the cloud's order. */
  readonly gates: readonly Gate[];
  /** The first gate that refuses it, or else the first that is unknown. */
  readonly failing?: Gate;
  /** What becomes of it at the identity that is become first, where the door is behind one. */
  readonly through?: Decision;
}

/** How many identities one behind the other are shown; a chain that comes back to itself ends here too. */
const MAX_CHAIN = 16;

/** Whether a token becomes an identity: it passes all gates of some door. */
export function accepts(identity: Identity, token: Token, at?: number): Verdict {
  return admits(identity.doors, token, at);
}

/** Whether a token is let in by some of these doors. */
export function admits(doors: readonly Door[], token: Token, at?: number): Verdict {
  const reached = new Reached(token, at);
  let result: Verdict = 'no';
  for (const door of doors) {
    const verdict = reached.by(door);
    if (verdict === 'yes') {
      return 'yes';
    }
    result = verdict === 'unknown' ? 'unknown' : result;
  }
  return result;
}

/** What becomes of a token at an identity, shown at the door that lets it in, or else at the one in which it gets farthest. */
export function decide(identity: Identity, token: Token, at?: number): Decision {
  return decideWithin(identity, new Reached(token, at), 0);
}

function decideWithin(identity: Identity, reached: Reached, depth: number): Decision {
  let best: Decision & { readonly door: Door } | undefined;
  for (const door of identity.doors) {
    const gates = reached.gatesOf(door);
    const failing = failingOf(gates);
    const candidate = { verdict: reached.by(door), door, gates, ...failing && { failing } };
    if (best === undefined || isBetter(candidate, best, reached)) {
      best = candidate;
    }
  }
  if (best === undefined) {
    return { verdict: 'no', gates: [] };
  }
  const through = best.door.through;
  return through === undefined || depth === MAX_CHAIN ? best : { ...best, through: decideWithin(through, reached, depth + 1) };
}

function isBetter(a: Decision, b: Decision, reached: Reached): boolean {
  const [left, right] = [rank(a, reached), rank(b, reached)];
  const index = left.findIndex((figure, place) => figure !== right[place]);
  return index >= 0 && left[index]! > right[index]!;
}

/** The verdict counts first, then how far the token gets, then how many gates it would pass. */
function rank(decision: Decision, reached: Reached): readonly number[] {
  return [VERDICTS.indexOf(decision.verdict), decision.door === undefined ? 0 : reached.far(decision.door), decision.gates.filter(gate => gate.verdict === 'yes').length];
}

const VERDICTS: readonly Verdict[] = ['no', 'unknown', 'yes'];

/** The gate that decides: the first that refuses, or else the first that is unknown. */
function failingOf(gates: readonly Gate[]): Gate | undefined {
  return gates.find(gate => gate.verdict === 'no') ?? gates.find(gate => gate.verdict === 'unknown');
}

/** What one token reaches; doors behind other identities are open where those are reached. */
export class Reached {
  private readonly identities = new Map<Identity, Verdict>();
  private readonly gates = new Map<Door, readonly Gate[]>();

  private readonly distances = new Map<Identity, number>();

  constructor(private readonly token: Token, private readonly at?: number) {}

  /** How many gates of a door the token passes; what is behind an identity that it does not become, it does not come to. */
  public far(door: Door, depth = 0): number {
    const gates = this.gatesOf(door);
    const failing = failingOf(gates);
    return failing !== undefined ? gates.indexOf(failing)
      : door.through === undefined || this.by(door) === 'yes' ? gates.length : this.farthest(door.through, depth + 1);
  }

  /** How many gates of an identity's doors the token passes, at the door at which it passes most. */
  private farthest(identity: Identity, depth: number): number {
    let distance = this.distances.get(identity);
    if (distance === undefined) {
      distance = 0;
      // Where identities trust each other in a circle, nobody comes farther by going round.
      this.distances.set(identity, distance);
      for (const door of depth < MAX_CHAIN ? identity.doors : []) {
        distance = Math.max(distance, this.far(door, depth));
      }
      this.distances.set(identity, distance);
    }
    return distance;
  }

  /** The gates of a door, without those of the identity before it. */
  public gatesOf(door: Door): readonly Gate[] {
    let gates = this.gates.get(door);
    if (gates === undefined) {
      gates = door.judge(this.token, this.at);
      this.gates.set(door, gates);
    }
    return gates;
  }

  /** Whether the token gets through a door and all that is before it. */
  public by(door: Door): Verdict {
    const verdict = every(this.gatesOf(door).map(gate => gate.verdict));
    if (verdict === 'no' || door.through === undefined) {
      return verdict;
    }
    if (!this.identities.has(door.through)) {
      this.settle(door.through);
    }
    return every([verdict, this.identities.get(door.through)!]);
  }

  /**
   * Finds for an identity and for all before it whether they are reached. They begin unreached and are looked at until nothing changes,
   * so that identities that trust each other in a circle are reached only from outside.
   */
  private settle(identity: Identity): void {
    const chain = [...before(identity)].reverse();
    chain.forEach(member => this.identities.set(member, 'no'));
    for (let changed = true; changed;) {
      changed = false;
      for (const member of chain) {
        const verdict = some(member.doors.map(door => this.by(door)));
        changed ||= verdict !== this.identities.get(member);
        this.identities.set(member, verdict);
      }
    }
  }
}

/** An identity and all that can be become on the way to it. */
export function before(identity: Identity): ReadonlySet<Identity> {
  const found = new Set([identity]);
  for (const member of found) {
    for (const door of member.doors) {
      if (door.through !== undefined) {
        found.add(door.through);
      }
    }
  }
  return found;
}

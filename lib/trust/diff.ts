import { createHash } from 'node:crypto';
import { diffGrants, grantKey, GrantsDiff } from './grants';
import { admits, decide } from './judge';
import { addressOf, Match, matchIdentities } from './match';
import { Door, Identity, Token, Who } from './model';
import { Separation, separate } from './search';
import { isKnown, keyOf, show, TextValue } from './value';
import { hasWildcard } from './witness';

/**
 * What a change does to who may become an identity: `widened` where some token is accepted that was not before, `narrowed` where one is
 * not any more, `changed` where both, `unknown` where it cannot be decided.
 */
export type TrustChange = 'new' | 'removed' | 'widened' | 'narrowed' | 'changed' | 'same' | 'unknown';

/** What a change does to one identity. */
export interface IdentityDiff {
  readonly change: TrustChange;
  /** The identity before; undefined where it is new. */
  readonly before?: Identity;
  /** The identity after; undefined where it is removed. */
  readonly after?: Identity;
  /** An example of the tokens that are accepted after and were not before. */
  readonly gained?: Token;
  /** An example of the tokens that were accepted before and are not after. */
  readonly lost?: Token;
  /** The rows that are there after and were not before; they may say the same in other words. */
  readonly addedRows: readonly Who[];
  readonly removedRows: readonly Who[];
  readonly grants: GrantsDiff;
  /** What else is to be known: where it was before, and through which other identity the examples come. */
  readonly notes: readonly string[];
  /** What could not be decided and why, where something could not. */
  readonly doubt?: string;
}

/** What a change does to trust. */
export interface TrustDiff {
  /** All identities in the order in which they stand after, then those that are removed. */
  readonly identities: readonly IdentityDiff[];
}

/** What a change does to trust, decided by which tokens the conditions accept, and not by how they are written. */
export function diffTrust(before: readonly Identity[], after: readonly Identity[]): TrustDiff {
  const keys = new Keys();
  const matches = matchIdentities(before, after, {
    key: identity => `${keys.likeness(identity)} ${keys.grants(identity)}`,
    same: (old, now) => keys.isSame(old, now) || (isNothing(compare(old, now, keys)) && compareSupposed(old, now, keys) === undefined),
  });
  return { identities: matches.map(match => diffIdentity(match, keys)) };
}

/** Whether anything is different: who may become it, or what it may do. */
export function isChanged({ change, grants }: IdentityDiff): boolean {
  return change !== 'same' || grants.added.length > 0 || grants.removed.length > 0 || grants.changed.length > 0;
}

function diffIdentity({ before, after }: Match, keys: Keys): IdentityDiff {
  const same = before !== undefined && after !== undefined && keys.isSame(before, after);
  const found = same ? { exact: true } : compare(before, after, keys);
  const rekeyed = same || before === undefined || after === undefined ? [] : keys.rekeyed(before, after);
  const supposed = same ? undefined : compareSupposed(before, after, keys);
  const change = before === undefined ? 'new' : after === undefined ? 'removed' : together(changeOf(found, rekeyed.length > 0), supposed);
  const doubt = change === 'new' || change === 'removed' ? undefined : doubtOf(found, rekeyed, before!, after!);
  return {
    change,
    ...before && { before },
    ...after && { after },
    ...found.gained && { gained: found.gained },
    ...found.lost && { lost: found.lost },
    addedRows: rowsWithout(after, before),
    removedRows: rowsWithout(before, after),
    grants: keys.haveSameGrants(before, after) ? { added: [], removed: [], changed: [] } : diffGrants(before?.grants ?? [], after?.grants ?? []),
    notes: [...notesOf(found, before, after), ...supposed === undefined ? [] : supposedNotes(supposed, before!, after!)],
    ...doubt !== undefined && { doubt },
  };
}

function compare(before: Identity | undefined, after: Identity | undefined, keys: Keys): Separation {
  const [ofBefore, ofAfter] = [before?.doors ?? [], after?.doors ?? []];
  const unseen = ofBefore.some(door => door.unseen) && ofAfter.some(door => door.unseen);
  const [olds, news] = unseen ? [withoutUnseen(ofBefore), withoutUnseen(ofAfter)] : [ofBefore, ofAfter];
  const [old, now] = [new Set(olds.map(door => keys.door(door))), new Set(news.map(door => keys.door(door)))];
  const stays = (door: Door) => {
    const key = keys.door(door);
    return key !== undefined && old.has(key) && now.has(key);
  };
  return separate({
    before: olds.filter(door => !stays(door)),
    after: news.filter(door => !stays(door)),
    shared: news.filter(stays),
  });
}

function withoutUnseen(doors: readonly Door[]): readonly Door[] {
  return doors.filter(door => !door.unseen);
}

/** What becomes of the tokens that others may let in; undefined where nothing does. Those that are let in anyway are no matter of others. */
function compareSupposed(before: Identity | undefined, after: Identity | undefined, keys: Keys): Separation | undefined {
  const [old, now] = [before?.supposed?.doors ?? [], after?.supposed?.doors ?? []];
  if (before === undefined || after === undefined || (old.length === 0 && now.length === 0) || keys.areSame(old, now)) {
    return undefined;
  }
  const { real } = (after.supposed ?? before.supposed)!;
  const others = withoutUnseen([...before.doors, ...after.doors]);
  const anyway: Door = {
    mechanism: others[0]?.mechanism ?? now[0]!.mechanism, where: after.where, who: [],
    atoms: others.flatMap(({ atoms }) => atoms).filter(({ claim: [name] }) => name === 'iss'),
    judge: token => [{ gate: 'aws-association', verdict: admits(others, real(token)) === 'yes' ? 'yes' : 'no', want: '', have: '', where: after.where, remedy: '' }],
  };
  const found = separate({ before: old, after: now, shared: [anyway] });
  return isNothing(found) ? undefined : found;
}

/** What a change does, where it also changes whom others may let in. */
function together(change: TrustChange, supposed: Separation | undefined): TrustChange {
  if (supposed === undefined || (change !== 'same' && change !== 'narrowed')) {
    return change;
  }
  // Whether anybody lets in whom he may is not known.
  return changeOf(supposed) === 'narrowed' ? 'narrowed' : 'unknown';
}

function supposedNotes({ gained, maybeGained, lost, maybeLost, exact }: Separation, before: Identity, after: Identity): readonly string[] {
  const supposed = (after.supposed ?? before.supposed)!;
  const doorsOf = (identity: Identity): Identity => ({ ...identity, doors: identity.supposed?.doors ?? [] });
  const mayLetIn = (token: Token) => `${supposed.by}, may let in ${supposed.show(token)}`;
  const dependsOn = (token: Token) => `depends on ${unknownOf(token, doorsOf(before), doorsOf(after))}`;
  return [
    ...gained ? [`now, and not before, ${mayLetIn(gained)}`] : [],
    ...maybeGained ? [`whether now, and not before, ${mayLetIn(maybeGained)}, ${dependsOn(maybeGained)}`] : [],
    ...lost ? [`before, and not now, ${mayLetIn(lost)}`] : [],
    ...maybeLost ? [`whether before, and not now, ${mayLetIn(maybeLost)}, ${dependsOn(maybeLost)}`] : [],
    ...exact ? [] : [`not all could be tried whom ${supposed.by}, may let in`],
  ];
}

function changeOf(found: Separation, isRekeyed = false): TrustChange {
  if (found.gained !== undefined) {
    return found.lost === undefined ? 'widened' : 'changed';
  }
  // That it is narrowed says that it is not widened, too, so that must be known.
  if (found.maybeGained !== undefined || !found.exact || isRekeyed) {
    return 'unknown';
  }
  return found.lost !== undefined ? 'narrowed' : found.maybeLost !== undefined ? 'unknown' : 'same';
}

function isNothing(found: Separation): boolean {
  return changeOf(found) === 'same';
}

function doubtOf(
  { maybeGained, maybeLost, gained, lost, exact }: Separation, rekeyed: readonly TextValue[], before: Identity, after: Identity,
): string | undefined {
  const doubts = [
    ...rekeyed.map(issuer => `the keys with which tokens of ${show(issuer)} are checked changed, and who signs with the new ones is not known`),
    ...maybeGained ? [`whether ${show(maybeGained)} is accepted now and was not before depends on ${unknownOf(maybeGained, before, after)}`] : [],
    ...maybeLost ? [`whether ${show(maybeLost)} was accepted and is not any more depends on ${unknownOf(maybeLost, before, after)}`] : [],
    ...!exact && (gained === undefined || lost === undefined)
      ? ['not all tokens could be tried: there are too many combinations of claims, or a condition looks at claims in a way that cannot be followed']
      : [],
  ];
  return doubts.length === 0 ? undefined : doubts.join('; ');
}

/** The gates that are unknown for a token, as far as they are seen. */
function unknownOf(token: Token, ...identities: readonly Identity[]): string {
  const gates = identities.map(identity => decide(identity, token)).filter(decision => decision.verdict === 'unknown')
    .map(decision => decision.failing ?? decision.through?.failing);
  const wants = gates.flatMap(gate => gate === undefined ? [] : [`${gate.gate}: ${gate.want}`]);
  return wants.length === 0 ? 'what is unknown here' : [...new Set(wants)].join(' and ');
}

function rowsWithout(identity: Identity | undefined, other: Identity | undefined): readonly Who[] {
  const known = new Set((other?.doors ?? []).flatMap(door => door.who).map(rowKey));
  return (identity?.doors ?? []).flatMap(door => door.who).filter(row => !known.has(rowKey(row)));
}

function rowKey({ issuer, subject, wildcards, audiences, conditions }: Who): string {
  const optional = (value: TextValue | undefined) => value === undefined ? null : keyOf(value);
  return JSON.stringify([
    optional(issuer),
    optional(subject),
    wildcards && subject !== undefined && hasWildcard(subject),
    audiences === undefined ? null : [...new Set(audiences.map(keyOf))].sort(),
    [...conditions].sort(),
  ]);
}

function notesOf(found: Separation, before: Identity | undefined, after: Identity | undefined): readonly string[] {
  const notes: string[] = [];
  if (before !== undefined && after !== undefined) {
    if (addressOf(before) !== addressOf(after) && after.kind !== 'principal') {
      notes.push(`moved from ${addressOf(before)} to ${addressOf(after)}`);
    }
    if (isKnown(before.name) && isKnown(after.name) && keyOf(before.name) !== keyOf(after.name)) {
      notes.push(`named ${show(before.name)} before`);
    }
  }
  const gainedThrough = found.gained && after ? decide(after, found.gained).door?.through : undefined;
  if (gainedThrough !== undefined) {
    notes.push(`reached through ${show(gainedThrough.name)}`);
  }
  const lostThrough = found.lost && before ? decide(before, found.lost).door?.through : undefined;
  if (lostThrough !== undefined) {
    notes.push(`was reached through ${show(lostThrough.name)}`);
  }
  return notes;
}

/** How many identities one behind the other are followed for a key. */
const MAX_CHAIN = 64;

/** The keys with which tokens of an issuer are checked. */
interface IssuerKeys {
  readonly name: TextValue;
  readonly keys: Set<string>;
}

/** Keys of what identities trust and may do. They are digests of texts, so that neither many identities nor a chain of them take much. */
class Keys {
  private readonly trusts = new Map<Identity, string | undefined>();
  private readonly doors = new Map<Door, string | undefined>();

  /** Whether two identities trust the same, by what their doors say of themselves; false also where they do not say it. */
  public isSame(a: Identity, b: Identity): boolean {
    const trust = this.trust(a);
    return trust !== undefined && trust === this.trust(b);
  }

  /** Whether two sets of doors accept the same, by what the doors say of themselves; false also where they do not say it. */
  public areSame(a: readonly Door[], b: readonly Door[]): boolean {
    const key = this.doorsKey(a);
    return key !== undefined && key === this.doorsKey(b);
  }

  /** A key of a door that stands for the tokens that it accepts; undefined where that is not known. */
  public door(door: Door, depth = 0): string | undefined {
    if (!this.doors.has(door)) {
      const through = door.through === undefined ? null : this.trust(door.through, depth + 1);
      const { fingerprint } = door;
      this.doors.set(door, fingerprint === undefined || through === undefined ? undefined : digest([door.mechanism, fingerprint, through]));
    }
    return this.doors.get(door);
  }

  /** A key that identities of the same trust have; what has the same key need not have the same trust. */
  public likeness(identity: Identity): string {
    return this.trust(identity) ?? digest(identity.doors.map(door => [
      door.mechanism,
      door.who.map(rowKey).sort(),
      door.atoms.map(atom => JSON.stringify([keyOf(atom.claim), keyOf(atom.pattern)])).sort(),
    ]));
  }

  public grants(identity: Identity): string {
    return digest([...new Set(identity.grants.map(grantKey))].sort());
  }

  public haveSameGrants(a: Identity | undefined, b: Identity | undefined): boolean {
    return a !== undefined && b !== undefined && this.grants(a) === this.grants(b);
  }

  /** The issuers whose tokens are checked with other keys after than before. No token shows that, as none is signed here. */
  public rekeyed(before: Identity, after: Identity): readonly TextValue[] {
    const [old, now] = [this.uploaded(before), this.uploaded(after)];
    return [...now].flatMap(([issuer, { name, keys }]) => {
      const known = old.get(issuer)?.keys;
      return known !== undefined && [...keys].some(key => !known.has(key)) ? [name] : [];
    });
  }

  /** The keys that are uploaded for the issuers of an identity and of those before it; an empty text for those that the issuer publishes. */
  private uploaded(identity: Identity): ReadonlyMap<string, IssuerKeys> {
    const issuers = new Map<string, IssuerKeys>();
    const seen = new Set([identity]);
    for (const { doors } of seen) {
      for (const { registration, through } of doors) {
        if (registration !== undefined) {
          const key = JSON.stringify([registration.cloud, keyOf(registration.issuer)]);
          const issuer = issuers.get(key) ?? { name: registration.issuer, keys: new Set<string>() };
          issuers.set(key, issuer);
          issuer.keys.add(registration.keys ?? '');
        }
        if (through !== undefined && seen.size < MAX_CHAIN) {
          seen.add(through);
        }
      }
    }
    return issuers;
  }

  private trust(identity: Identity, depth = 0): string | undefined {
    if (!this.trusts.has(identity)) {
      // Identities that trust each other in a circle have none, and are compared by the tokens that they accept.
      this.trusts.set(identity, undefined);
      const doors = depth === MAX_CHAIN ? undefined : this.doorsKey(identity.doors, depth);
      const supposed = this.doorsKey(identity.supposed?.doors ?? [], depth);
      if (doors !== undefined && supposed !== undefined) {
        this.trusts.set(identity, digest([doors, supposed]));
      }
    }
    return this.trusts.get(identity);
  }

  private doorsKey(doors: readonly Door[], depth = 0): string | undefined {
    const keys = doors.map(door => this.door(door, depth));
    return keys.includes(undefined) ? undefined : digest([...new Set(keys)].sort());
  }
}

/** What stands for a document, the same for equal ones only. */
function digest(json: unknown): string {
  return createHash('sha256').update(JSON.stringify(json)).digest('base64');
}

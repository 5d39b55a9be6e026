import { before } from './judge';
import { Atom, Door, Identity, Token } from './model';
import { representatives } from './patterns';
import { ANY_POD, isForPods } from './pods';
import { isMap, keyOf, partsOf, TextValue, Value } from './value';

/** A claim with the values that doors tell apart. */
export interface Axis {
  /** The path of the claim. */
  readonly claim: readonly string[];
  /** One text for each set of texts that no door tells apart; those that doors name exactly come first. */
  readonly texts: readonly TextValue[];
  /** The keys of the texts that doors name exactly. */
  readonly named: ReadonlySet<string>;
  /** Numbers that read as a text that doors name. */
  readonly numbers: readonly number[];
  /** Whether no set of texts is missing. */
  readonly exact: boolean;
}

/** Tokens that stand for all tokens. */
export interface Lattice {
  /** How many there are. */
  readonly size: number;
  /** Whether they are all: false where there were more than were asked for, or where a door looks at claims in ways that its atoms do not show. */
  readonly exact: boolean;
  readonly tokens: Iterable<Token>;
}

/** How a lattice is made. */
export interface LatticeOptions {
  /**
   * How many tokens at most.
   * @default 100000
   */
  readonly limit?: number;
  /**
   * Whether texts that are nearly what doors name are added: with a character more or less, or in another case.
   * @default false
   */
  readonly nearMisses?: boolean;
}

/** When the tokens here are issued, and for how long. */
const ISSUED_AT = 1_700_000_000;
const LIFETIME = 3600;

/** Claims that every token has, and the order in which claims are looked at: the first ones decide most. */
const FIRST = ['iss', 'sub', 'aud'];

/** Of how many texts all pairs are looked at; of more, each with one that no door names. */
export const MAX_PAIRED = 12;

const SUBJECT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** The claims that doors look at, with those that every token has; the doors of identities before them count too. */
export function axesOf(doors: readonly Door[]): readonly Axis[] {
  const atoms = new Map<string, { readonly claim: readonly string[]; readonly atoms: Atom[]; readonly seen: Set<string> }>();
  const axis = (claim: readonly string[]) => {
    const key = keyOf(claim);
    const found = atoms.get(key) ?? { claim, atoms: [], seen: new Set<string>() };
    atoms.set(key, found);
    return found;
  };
  FIRST.forEach(claim => axis([claim]));
  for (const door of withThoseBefore(doors)) {
    for (const atom of door.atoms) {
      const { atoms: same, seen } = axis(atom.claim);
      const key = `${atom.wildcards} ${atom.ignoreCase === true} ${keyOf(atom.pattern)}`;
      if (!seen.has(key)) {
        seen.add(key);
        same.push(atom);
      }
    }
  }
  const rank = ({ claim }: Axis) => claim.length === 1 && FIRST.includes(claim[0]!) ? FIRST.indexOf(claim[0]!) : FIRST.length;
  return [...atoms.values()].map(entry => axisOf(entry.claim, entry.atoms))
    .sort((a, b) => rank(a) - rank(b) || a.texts.length - b.texts.length);
}

/** Doors with all doors of the identities before them. */
export function withThoseBefore(doors: readonly Door[]): readonly Door[] {
  const identities = new Set<Identity>();
  for (const door of doors) {
    if (door.through !== undefined && !identities.has(door.through)) {
      before(door.through).forEach(identity => identities.add(identity));
    }
  }
  return identities.size === 0 ? doors : [...new Set([...doors, ...[...identities].flatMap(identity => identity.doors)])];
}

function axisOf(claim: readonly string[], atoms: readonly Atom[]): Axis {
  const named = new Set(atoms.filter(atom => !atom.wildcards || !hasWildcard(atom.pattern)).map(atom => keyOf(atom.pattern)));
  const numbers = atoms.map(atom => atom.pattern).filter((pattern): pattern is string => typeof pattern === 'string' && /^\d{1,15}$/.test(pattern))
    .filter(pattern => String(Number(pattern)) === pattern).map(Number);
  const { values, exact } = representatives(atoms);
  // No real claim is empty, and code may take an empty one for a missing one: another text of the same cell stands for it where there is one.
  const filled = named.has(keyOf('')) || !values.includes('') ? values
    : representatives([...atoms, { pattern: '', wildcards: false }]).values.filter((value, _, all) => value !== '' || all.length === values.length);
  const order = (value: TextValue) => named.has(keyOf(value)) ? 0 : 1;
  return { claim, texts: [...filled].sort((a, b) => order(a) - order(b)), named, numbers, exact };
}

/** Whether a pattern has a wildcard among its known parts. */
export function hasWildcard(pattern: TextValue): boolean {
  return partsOf(pattern).some(part => typeof part === 'string' && /[*?]/.test(part));
}

/** A token with these claims; what is undefined is missing. It names namespace and account where its subject does, unless claims say otherwise. */
export function tokenOf(claims: readonly (readonly [claim: readonly string[], value: Value | undefined])[]): Token {
  const token = new Map<string, Value>();
  const said = new Set<string>();
  for (const [claim, value] of claims) {
    said.add(claim.join('\n'));
    put(token, claim, value);
  }
  const offer = (claim: readonly string[], value: Value) => {
    if (!said.has(claim.join('\n'))) {
      put(token, claim, value);
    }
  };
  offer(['iat'], ISSUED_AT);
  offer(['nbf'], ISSUED_AT);
  offer(['exp'], ISSUED_AT + LIFETIME);
  const subject = token.get('sub');
  const names = typeof subject === 'string' ? SUBJECT.exec(subject) : null;
  if (names !== null && !said.has('kubernetes.io')) {
    offer(['kubernetes.io', 'namespace'], names[1]!);
    offer(['kubernetes.io', 'serviceaccount', 'name'], names[2]!);
    if (isForPods(token.get('aud'))) {
      ANY_POD.forEach((value, field) => offer(['kubernetes.io', 'pod', field], value));
    }
  }
  return token;
}

function put(token: Map<string, Value>, claim: readonly string[], value: Value | undefined): void {
  if (value === undefined) {
    return;
  }
  let map = token;
  for (const key of claim.slice(0, -1)) {
    const inner = map.get(key) ?? new Map<string, Value>();
    if (!isMap(inner)) {
      return;
    }
    map.set(key, inner);
    map = inner as Map<string, Value>;
  }
  map.set(claim.at(-1)!, value);
}

/**
 * Tokens for doors: every combination of values that the doors' atoms tell apart, of missing claims, and of claims of another type.
 *
 * Those whose claims are shaped as usual come first. Lists have one or two members: doors that want three different ones are beyond it.
 */
export function lattice(doors: readonly Door[], options: LatticeOptions = {}): Lattice {
  const limit = options.limit ?? 100_000;
  const axes = axesOf(doors);
  const usual = axes.map(axis => {
    const texts = options.nearMisses ? withNearMisses(axis) : axis.texts;
    return isAudience(axis) ? texts.map(text => [text]) : texts;
  });
  const all = axes.map((axis, index) => [...usual[index]!, ...unusual(axis)]);
  const size = all.reduce((count, values) => count * values.length, 1);
  const complete = axes.every(axis => axis.exact) && !withThoseBefore(doors).some(door => door.opaque);
  return {
    size: Math.min(size, limit),
    exact: complete && size <= limit,
    tokens: { [Symbol.iterator]: () => first(limit, combinations(axes, usual, all)) },
  };
}

/** A text that no door names. */
export function otherOf({ texts, named }: Axis): TextValue {
  return texts.find(text => text !== '' && !named.has(keyOf(text))) ?? '';
}

/** Whether a claim is a list as a rule: Kubernetes issues audiences as one. */
export function isAudience({ claim }: Axis): boolean {
  return claim.length === 1 && claim[0] === 'aud';
}

function unusual(axis: Axis): readonly (Value | undefined)[] {
  const { texts, numbers } = axis;
  const pairs = texts.length <= MAX_PAIRED
    ? texts.flatMap((text, index) => texts.slice(index + 1).map(second => [text, second]))
    : texts.map(text => [text, otherOf(axis)]);
  const singles: readonly Value[] = isAudience(axis) ? texts : texts.map(text => [text]);
  return [undefined, ...texts.includes('') ? [] : [''], ...singles, ...pairs, [], 7, ...numbers, true, false, [7, texts[0]!]];
}

function withNearMisses(axis: Axis): readonly TextValue[] {
  const near = axis.texts.filter((text): text is string => typeof text === 'string' && text !== '' && axis.named.has(keyOf(text)))
    .flatMap(text => [`${text}x`, `${text}/`, `x${text}`, [...text].slice(0, -1).join(''), text.toUpperCase(), ` ${text}`]);
  return [...new Set<TextValue>([...axis.texts, ...near])];
}

function* combinations(
  axes: readonly Axis[], usual: readonly (readonly Value[])[], all: readonly (readonly (Value | undefined)[])[],
): Generator<Token, void, undefined> {
  for (const places of product(usual.map(values => values.length))) {
    yield tokenOf(axes.map(({ claim }, axis) => [claim, usual[axis]![places[axis]!]]));
  }
  for (const places of product(all.map(values => values.length))) {
    if (places.some((place, axis) => place >= usual[axis]!.length)) {
      yield tokenOf(axes.map(({ claim }, axis) => [claim, all[axis]![places[axis]!]]));
    }
  }
}

/** All ways to choose one of each; the last changes fastest. */
export function* product(sizes: readonly number[]): Generator<readonly number[], void, undefined> {
  const places = sizes.map(() => 0);
  if (sizes.includes(0)) {
    return;
  }
  for (;;) {
    yield places;
    let index = sizes.length - 1;
    while (index >= 0 && ++places[index]! === sizes[index]) {
      places[index--] = 0;
    }
    if (index < 0) {
      return;
    }
  }
}

function* first<T>(count: number, items: Iterable<T>): Generator<T, void, undefined> {
  let left = count;
  for (const item of items) {
    if (left-- <= 0) {
      return;
    }
    yield item;
  }
}

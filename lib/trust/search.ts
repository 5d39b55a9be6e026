import { admits, Reached } from './judge';
import { Door, Token } from './model';
import { at, isKnown, isList, isText, keyOf, show, text, TextValue, Unknown, Value, Verdict } from './value';
import { Axis, axesOf, isAudience, MAX_PAIRED, otherOf, product, tokenOf, withThoseBefore } from './witness';

/** Doors of an identity before and after a change. */
export interface Change {
  readonly before: readonly Door[];
  readonly after: readonly Door[];
  /** Doors that accept the same tokens before and after. */
  readonly shared?: readonly Door[];
}

/** What a change does to the tokens that are accepted. */
export interface Separation {
  /** A token that is accepted after and was not before. */
  readonly gained?: Token;
  /** A token that was accepted before and is not after. */
  readonly lost?: Token;
  /** A token of which it is unknown whether it is gained, where none is gained for certain. */
  readonly maybeGained?: Token;
  /** A token of which it is unknown whether it is lost, where none is lost for certain. */
  readonly maybeLost?: Token;
  /** Whether all tokens were looked at, so that what was not found is not there. */
  readonly exact: boolean;
}

/** How many tokens, whole ones and such with claims left open, are judged before the search gives up. */
const MAX_JUDGED = 20_000;

/** Up to how many combinations of texts all combinations of usual shapes are looked at. */
const MAX_COMBINED = 400;

/** How far doubts are followed through identities before an identity. */
const MAX_CHAIN = 8;

/** The shape of a claim: what it makes of as many texts as it has slots. */
interface Shape {
  readonly slots: number;
  readonly make: (texts: readonly TextValue[]) => Value | undefined;
}

const TEXT: Shape = { slots: 1, make: ([first]) => first };
const LIST: Shape = { slots: 1, make: texts => [...texts] };
const PAIR: Shape = { slots: 2, make: texts => [...texts] };
const MISSING: Shape = constant(undefined);

function constant(value: Value | undefined): Shape {
  return { slots: 0, make: () => value };
}

/**
 * Finds tokens that are accepted on one side of a change only.
 *
 * Claims are filled in one by one. As long as one is open it holds a text that nobody knows, and where neither side can tell a difference
 * whatever it may be, none of its values is tried. That is what keeps the search small: a role for sixty subjects needs some thousand looks
 * instead of all combinations. Besides texts, lists of one or two members, missing claims, and one claim of another type at a time are tried;
 * `exact` is meant within these.
 */
export function separate({ before, after, shared = [] }: Change, limit = MAX_JUDGED): Separation {
  const changed = [...before, ...after];
  const axes = axesOf(changed.concat(shared));
  return new Search(before, after, shared, axes, limit).run(withThoseBefore(changed).some(door => door.opaque));
}

class Search {
  private readonly found: { -readonly [key in keyof Separation]: Separation[key] } = { exact: true };
  private judged = 0;
  /** Whether the tokens that are being looked at have the shape of real ones. */
  private isPlain = true;

  constructor(
    private readonly before: readonly Door[],
    private readonly after: readonly Door[],
    private readonly shared: readonly Door[],
    private readonly axes: readonly Axis[],
    private readonly limit: number,
  ) {
    this.found.exact = axes.every(axis => axis.exact);
  }

  public run(opaque: boolean): Separation {
    for (const shapes of shapesOf(this.axes, candidate => this.isOpen(candidate))) {
      if (this.done() || !this.found.exact && this.judged > this.limit) {
        break;
      }
      this.isPlain = shapes.every((shape, index) => {
        const axis = this.axes[index]!;
        return shape === (isAudience(axis) ? LIST : TEXT) || (isOptional(axis) && shape === MISSING);
      });
      this.fill(shapes, shapes.map(() => []));
    }
    const { gained, lost, maybeGained, maybeLost } = this.found;
    return {
      ...gained !== undefined ? { gained: this.readable(gained) } : maybeGained && { maybeGained: this.readable(maybeGained) },
      ...lost !== undefined ? { lost: this.readable(lost) } : maybeLost && { maybeLost: this.readable(maybeLost) },
      exact: this.found.exact && !opaque,
    };
  }

  /** Whether nothing is left to find. */
  private done(): boolean {
    return (this.found.gained !== undefined || this.after.length === 0) && (this.found.lost !== undefined || this.before.length === 0);
  }

  /** Judges the token in which the texts so far are filled in, and goes on with the next one where that can make a difference. */
  private fill(shapes: readonly Shape[], places: readonly (readonly number[])[]): void {
    if (this.done()) {
      return;
    }
    if (this.judged++ >= this.limit) {
      this.found.exact = false;
      return;
    }
    const token = this.tokenOf(shapes, places);
    const was = admits(this.before, token);
    const mayGain = this.found.gained === undefined && was !== 'yes';
    const mayLose = this.found.lost === undefined && was !== 'no';
    if (!mayGain && !mayLose) {
      return;
    }
    const is = admits(this.after, token);
    if (!(mayGain && is !== 'no') && !(mayLose && is !== 'yes')) {
      return;
    }
    const anyway = admits(this.shared, token);
    if (anyway === 'yes') {
      return;
    }
    const open = shapes.findIndex((shape, index) => places[index]!.length < shape.slots);
    if (open < 0) {
      this.note(token, was, is, anyway);
      return;
    }
    // Of a pair each set of two is tried once.
    const from = places[open]!.length === 0 ? 0 : places[open]!.at(-1)! + 1;
    for (let place = from; place < this.axes[open]!.texts.length; place++) {
      this.fill(shapes, places.map((filled, index) => index === open ? [...filled, place] : filled));
    }
  }

  private tokenOf(shapes: readonly Shape[], places: readonly (readonly number[])[]): Token {
    return tokenOf(this.axes.map((axis, index) => [axis.claim, valueOf(axis, shapes[index]!, places[index]!)]));
  }

  /** Whether some token of these shapes may get in. */
  private isOpen(shapes: readonly Shape[]): boolean {
    const token = this.tokenOf(shapes, shapes.map(() => []));
    return admits([...this.before, ...this.after], token) !== 'no';
  }

  private note(token: Token, was: Verdict, is: Verdict, anyway: Verdict): void {
    if (was !== 'unknown' && is !== 'unknown' && anyway === 'no') {
      this.found[is === 'yes' ? 'gained' : 'lost'] = token;
      return;
    }
    if (was === 'unknown' && is === 'unknown' && !this.isPlain) {
      // No vendor says what becomes of such a token: that is not of the change's making.
      return;
    }
    // Where one side is unknown for all the reasons that the other has, it takes no more than that one, whatever is the case.
    const [then, now] = [doubts(this.before, token), doubts(this.after, token)];
    if (was !== 'yes' && is !== 'no' && !(is === 'unknown' && implies(now, then))) {
      this.found.maybeGained ??= token;
    }
    if (is !== 'yes' && was !== 'no' && !(was === 'unknown' && implies(then, now))) {
      this.found.maybeLost ??= token;
    }
  }

  /** Puts texts in the place of the shortest ones that read like real ones, where the token stays what it is. */
  private readable(token: Token): Token {
    const sides = [this.before, this.after, this.shared];
    const verdicts = sides.map(doors => admits(doors, token));
    const holds = (candidate: Token) => sides.every((doors, index) => admits(doors, candidate) === verdicts[index]);
    const claims = this.axes.map(({ claim }): [readonly string[], Value | undefined] => [claim, at(token, ...claim)]);
    let result = token;
    for (const [index, axis] of this.axes.entries()) {
      const old = claims[index]![1];
      for (const candidate of plausible(axis, old, result)) {
        claims[index]![1] = candidate;
        const better = tokenOf(claims);
        if (holds(better)) {
          result = better;
          break;
        }
        claims[index]![1] = old;
      }
    }
    return result;
  }
}

function valueOf(axis: Axis, shape: Shape, places: readonly number[]): Value | undefined {
  const texts = places.map(place => axis.texts[place]!);
  for (let slot = texts.length; slot < shape.slots; slot++) {
    texts.push(new Unknown(`any ${axis.claim.join('.')} ${slot}`));
  }
  return shape.make(texts);
}

/**
 * The shapes of all claims: first all as in most tokens, then with other usual ones, then with one claim of another type.
 *
 * Where few texts are to be tried, usual shapes are combined in all ways, and a claim of another type with claims that are missing.
 * Claims that most tokens lack are there otherwise only where no token without them gets in anywhere.
 */
function* shapesOf(
  axes: readonly Axis[], isOpen: (shapes: readonly Shape[]) => boolean,
): Generator<readonly Shape[], void, undefined> {
  const usual = axes.map(axis => isAudience(axis) ? [LIST, PAIR, TEXT, MISSING] : isOptional(axis) ? [MISSING, TEXT] : [TEXT, MISSING]);
  const full = axes.map(axis => isAudience(axis) ? LIST : TEXT);
  const lean = usual.map(shapes => shapes[0]!);
  const base = isOpen(lean) ? lean : full;
  const few = axes.reduce((count, axis) => count * axis.texts.length, 1) <= MAX_COMBINED;
  if (few) {
    for (const places of product(usual.map(shapes => shapes.length))) {
      yield places.map((place, index) => usual[index]![place]!);
    }
  } else {
    yield lean;
    yield full;
    for (const [index, shapes] of usual.entries()) {
      yield* shapes.filter(shape => shape !== base[index]).map(shape => withShape(base, index, shape));
    }
    yield axes.map(() => MISSING);
  }
  for (const [index, axis] of axes.entries()) {
    for (const shape of unusual(axis)) {
      const vector = withShape(base, index, shape);
      yield vector;
      for (const other of few ? axes.keys() : []) {
        if (other !== index) {
          yield withShape(vector, other, MISSING);
        }
      }
    }
  }
}

/** Whether most tokens do not have a claim. */
function isOptional({ claim }: Axis): boolean {
  return claim.length === 1 && !['iss', 'sub', 'aud'].includes(claim[0]!);
}

function withShape(shapes: readonly Shape[], place: number, shape: Shape): readonly Shape[] {
  return shapes.map((old, index) => index === place ? shape : old);
}

function unusual(axis: Axis): readonly Shape[] {
  const others = [...axis.texts.includes('') ? [] : [''], [], 7, ...axis.numbers, true, false].map(constant);
  if (isAudience(axis)) {
    return [...others, { slots: 1, make: texts => [7, ...texts] }];
  }
  const pair: Shape = axis.texts.length <= MAX_PAIRED ? PAIR : { slots: 1, make: texts => [...texts, otherOf(axis)] };
  return [LIST, pair, ...others];
}

/** Whether every door that may let a token in wants all that some door of the others wants. */
function implies(doors: readonly Doubt[], others: readonly Doubt[]): boolean {
  return doors.every(door => others.some(({ of, wants }) => of === door.of && [...wants].every(want => door.wants.has(want))));
}

/** Why it is unknown whether a door lets a token in. */
interface Doubt {
  /** What must be the same for two to be compared. */
  readonly of: string;
  /** What its unknown gates compare the token with; the others let it pass. */
  readonly wants: ReadonlySet<string>;
}

/** Why it is unknown whether doors let a token in, for each that may. */
function doubts(doors: readonly Door[], token: Token, depth = 0): readonly Doubt[] {
  const reached = new Reached(token);
  const result: Doubt[] = [];
  for (const door of doors) {
    if (reached.by(door) !== 'unknown') {
      continue;
    }
    const gates = reached.gatesOf(door).filter(gate => gate.verdict === 'unknown');
    // Texts for people leave out the stack of an unknown value, so the values themselves are named as well.
    const values = door.atoms.filter(atom => !isKnown(atom.pattern) && gates.some(gate => gate.want.includes(show(atom.pattern))));
    const through = door.through === undefined ? []
      : depth === MAX_CHAIN ? [`${result.length} at the end of ${keyOf(door.through.name)}`]
        : doubts(door.through.doors, token, depth + 1).map(({ of, wants }) => JSON.stringify([of, [...wants].sort()])).sort();
    result.push({
      of: JSON.stringify([door.mechanism, through, reached.gatesOf(door).flatMap(({ beside }) => beside ?? [])]),
      wants: new Set([
        ...gates.map(gate => JSON.stringify([gate.gate, gate.want, gate.have])), ...values.map(atom => keyOf(atom.pattern)),
      ]),
    });
  }
  return result;
}

/** What a claim may better be called in an example. Texts that doors name are left as they are. */
function plausible(axis: Axis, old: Value | undefined, token: Token): readonly Value[] {
  const list = isList(old);
  const value: Value | undefined = list && old.length === 1 ? old[0] : old;
  if (!isText(value) || axis.named.has(keyOf(value))) {
    return [];
  }
  const texts = candidates(axis.claim, value, token);
  return list ? texts.map(candidate => [candidate]) : texts;
}

function candidates(claim: readonly string[], value: TextValue, token: Token): readonly TextValue[] {
  const longer = [text(value, 'any'), text(value, ':any')];
  switch (claim.join('.')) {
    case 'iss':
      return ['https://any.example', ...longer];
    case 'sub':
      return ['system:serviceaccount:any:any', ...longer, text(value, ':any:any')];
    case 'kubernetes.io.namespace':
    case 'kubernetes.io.serviceaccount.name': {
      const consistent = at(tokenOf([[['sub'], token.get('sub')]]), ...claim);
      return [...typeof consistent === 'string' ? [consistent] : [], 'any', ...longer];
    }
    default:
      return ['any', ...longer];
  }
}

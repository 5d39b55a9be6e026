import { keyOf, partsOf, text, TextValue, Unknown } from './value';

/** A value or pattern that texts are compared with. */
export interface Pattern {
  readonly pattern: TextValue;
  /** Whether `*` and `?` are wildcards. */
  readonly wildcards: boolean;
  /** Whether upper and lower case are the same to it. */
  readonly ignoreCase?: boolean;
}

/** Texts that stand for all texts. */
export interface Representatives {
  /** One of the shortest texts for every combination of patterns that some text matches. */
  readonly values: readonly TextValue[];
  /** Whether no combination is missing: false where there were too many to look at. */
  readonly exact: boolean;
}

/** How many states of the patterns' automaton are looked at, and how many combinations of those with wildcards are returned. */
const MAX_STATES = 20_000;
const MAX_CELLS = 5_000;

/** What stands in a pattern beside single characters, which these texts are too long to be. An unknown part is its symbol with a prefix. */
const ANY = 'any text';
const ONE = 'any one';
const END = 'end';
const SYMBOL = 'unknown ';

/** Characters for what no pattern names, in order of preference. */
const READABLE = 'xyzabcdefghijklmnopqrstuvw0123456789';

/**
 * The cells into which patterns cut all texts: sets of texts that no pattern tells apart, each represented by one of its shortest.
 *
 * An unknown part of a pattern is a character of its own, equal to itself alone.
 */
export function representatives(patterns: readonly Pattern[]): Representatives {
  const exacts = new Map<string, { readonly value: TextValue; readonly pieces: readonly string[] }>();
  const open = new Map<string, Compiled>();
  const symbols = new Map<string, Unknown>();
  for (const pattern of patterns) {
    const pieces = piecesOf(pattern, symbols);
    if (pattern.ignoreCase || pieces.some(piece => piece === ANY || piece === ONE)) {
      open.set(JSON.stringify([pattern.ignoreCase === true, ...pieces]), { pieces, ignoreCase: pattern.ignoreCase === true });
    } else {
      exacts.set(keyOf(pattern.pattern), { value: pattern.pattern, pieces });
    }
  }
  const fresh = unused(patterns);
  const budget = { states: MAX_STATES };
  const automaton = new Automaton([...open.values()], fresh);
  const values: TextValue[] = [...exacts.values()].map(exact => exact.value);
  const known = new Set(values.map(keyOf));
  const textOf = (word: readonly string[]) => text(...word.map(piece => symbols.get(piece) ?? piece));

  const cells = new Map<string, readonly string[]>();
  let exact = automaton.walk(budget, (combination, word) => {
    if (!cells.has(combination)) {
      cells.set(combination, word());
    }
    return cells.size >= MAX_CELLS;
  });
  let sameCell: Map<string, Compiled[]> | undefined;
  for (const [combination, word] of cells) {
    const value = textOf(word);
    if (!known.has(keyOf(value))) {
      values.push(value);
      continue;
    }
    // The shortest text is a cell of its own: look for the next one that no exact value is.
    sameCell ??= byCombination(automaton, [...exacts.values()].map(({ pieces }) => ({ pieces, ignoreCase: false })));
    const others = new Automaton([...open.values(), ...sameCell.get(combination) ?? []], fresh);
    let next: readonly string[] | undefined;
    const ended = others.walk(budget, (reached, other) => {
      next = reached === combination ? other() : undefined;
      return next !== undefined;
    });
    if (next !== undefined) {
      values.push(textOf(next));
    } else {
      exact &&= ended;
    }
  }
  return { values, exact };
}

interface Compiled {
  readonly pieces: readonly string[];
  readonly ignoreCase: boolean;
}

function byCombination(automaton: Automaton, exacts: readonly Compiled[]): Map<string, Compiled[]> {
  const result = new Map<string, Compiled[]>();
  for (const exact of exacts) {
    const combination = automaton.combinationOf(exact.pieces);
    const others = result.get(combination);
    if (others === undefined) {
      result.set(combination, [exact]);
    } else {
      others.push(exact);
    }
  }
  return result;
}

function piecesOf({ pattern, wildcards }: Pattern, symbols: Map<string, Unknown>): readonly string[] {
  const pieces: string[] = [];
  for (const part of partsOf(pattern)) {
    if (part instanceof Unknown) {
      symbols.set(SYMBOL + part.symbol, part);
      pieces.push(SYMBOL + part.symbol);
      continue;
    }
    for (const character of part) {
      const piece = wildcards && character === '*' ? ANY : wildcards && character === '?' ? ONE : character;
      if (piece !== ANY || pieces.at(-1) !== ANY) {
        pieces.push(piece);
      }
    }
  }
  return pieces;
}

/** A character that is in no pattern. */
function unused(patterns: readonly Pattern[]): string {
  const used = new Set<string>();
  for (const { pattern } of patterns) {
    for (const part of partsOf(pattern)) {
      for (const character of part instanceof Unknown ? '' : part) {
        used.add(character).add(character.toLowerCase()).add(character.toUpperCase());
      }
    }
  }
  const readable = [...READABLE].find(character => !used.has(character));
  if (readable !== undefined) {
    return readable;
  }
  let code = 0x4e00;
  while (used.has(String.fromCodePoint(code))) {
    code++;
  }
  return String.fromCodePoint(code);
}

/** The spellings of a character that differ in case only. */
function spellings(piece: string): readonly string[] {
  const lower = piece.toLowerCase();
  return [...new Set([piece, lower, piece.toUpperCase()])].filter(other => [...other].length === 1 && other.toLowerCase() === lower);
}

/** All patterns side by side: a state is the set of places at which they can be, and patterns that cannot match any more are not in it. */
class Automaton {
  private readonly pieces: string[] = [];
  /** What the place takes: the piece, in every spelling where case does not count. */
  private readonly takes: (readonly string[])[] = [];
  private readonly start: readonly number[];

  constructor(patterns: readonly Compiled[], private readonly fresh: string) {
    const start = new Set<number>();
    for (const { pieces, ignoreCase } of patterns) {
      const first = this.pieces.length;
      for (const piece of [...pieces, END]) {
        this.pieces.push(piece);
        const character = piece !== ANY && piece !== ONE && piece !== END;
        this.takes.push(!character ? [] : ignoreCase && !piece.startsWith(SYMBOL) ? spellings(piece) : [piece]);
      }
      this.enter(first, start);
    }
    this.start = [...start].sort(ascending);
  }

  /** Visits a shortest word for every state until told to stop; whether all were visited. A word is only put together when asked for. */
  public walk(budget: { states: number }, visit: (combination: string, word: () => readonly string[]) => boolean): boolean {
    const nodes: { readonly state: readonly number[]; readonly parent: number; readonly piece: string }[] = [
      { state: this.start, parent: -1, piece: '' },
    ];
    const seen = new Set([this.start.join(',')]);
    for (let index = 0; index < nodes.length; index++) {
      const { state } = nodes[index]!;
      const word = () => {
        const pieces: string[] = [];
        for (let node = index; node > 0; node = nodes[node]!.parent) {
          pieces.push(nodes[node]!.piece);
        }
        return pieces.reverse();
      };
      if (visit(this.ends(state), word) || budget.states-- <= 0) {
        return false;
      }
      for (const piece of this.expected(state)) {
        const next = this.step(state, piece);
        const key = next.join(',');
        if (!seen.has(key)) {
          seen.add(key);
          nodes.push({ state: next, parent: index, piece });
        }
      }
    }
    return true;
  }

  /** Which patterns a word matches. */
  public combinationOf(word: readonly string[]): string {
    return this.ends(word.reduce((state, piece) => this.step(state, piece), this.start));
  }

  /** The characters that make a difference in a state, and one that stands for all others. */
  private expected(state: readonly number[]): Iterable<string> {
    const characters = new Set<string>();
    const symbols = new Set<string>();
    for (const place of state) {
      for (const piece of this.takes[place]!) {
        (piece.startsWith(SYMBOL) ? symbols : characters).add(piece);
      }
    }
    // Known texts come first, so that unknown ones are chosen only where nothing else will do.
    return [this.fresh, ...characters, ...symbols];
  }

  private step(state: readonly number[], piece: string): readonly number[] {
    const next = new Set<number>();
    for (const place of state) {
      const want = this.pieces[place]!;
      if (want === ANY) {
        this.enter(place, next);
      } else if (want === ONE ? !piece.startsWith(SYMBOL) : this.takes[place]!.includes(piece)) {
        this.enter(place + 1, next);
      }
    }
    return [...next].sort(ascending);
  }

  private enter(place: number, places: Set<number>): void {
    places.add(place);
    if (this.pieces[place] === ANY) {
      places.add(place + 1);
    }
  }

  private ends(state: readonly number[]): string {
    return state.filter(place => this.pieces[place] === END).join(',');
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}

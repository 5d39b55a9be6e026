import { isList, isMap, partsOf, Text, textOfKey, TextValue, toKey, Unknown, Value, ValueMap } from '../value';
import { joined } from './limits';

/** Deepest nesting that is read; what people write has ten or so. */
const MAX_DEPTH = 200;
/** Longest piece of the text that a message quotes. */
const QUOTED_LENGTH = 40;
const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const INTEGER = /^-?[0-9]+$/;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'], ['\\', '\\'], ['/', '/'], ['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'], ['t', '\t'],
]);

/** A text that is not JSON; `position` counts characters from 0, each unknown part as one. */
export class JsonError extends Error {
  constructor(reason: string, public readonly position: number) {
    super(`not JSON at character ${position}: ${reason}`);
    this.name = 'JsonError';
  }
}

/**
 * The value of a JSON document of which parts may be unknown.
 *
 * An unknown part inside a string makes a text of it, one that stands for a value an unknown value. One in any other place may change the
 * structure, so that nothing of the document is known then. Object keys with unknown parts are read by `textOfKey`.
 */
export function parseJson(document: TextValue): Value {
  try {
    return new Reader(document).document();
  } catch (error) {
    if (error === UNKNOWN_STRUCTURE) {
      return decoded(partsOf(document));
    }
    throw error;
  }
}

/**
 * The JSON document of a value, as Terraform's `jsonencode` writes it: keys in order, `<`, `>` and `&` escaped.
 * @see https://developer.hashicorp.com/terraform/language/functions/jsonencode
 */
export function encodeJson(value: Value): TextValue {
  const pieces: (string | Unknown)[] = [];
  write(value, pieces, 0);
  return joined(pieces);
}

/** A number as Terraform writes it: without an exponent. */
export function numberText(value: number): string {
  const [digits, exponent] = String(value).split('e');
  if (exponent === undefined) {
    return digits!;
  }
  const sign = digits!.startsWith('-') ? '-' : '';
  const [whole, fraction = ''] = digits!.replace('-', '').split('.');
  const point = whole!.length + Number(exponent);
  const all = whole! + fraction;
  return sign + (point <= 0 ? `0.${'0'.repeat(-point)}${all}` : all.padEnd(point, '0'));
}

/** The order of Go, by code points. */
export function byCodePoint(a: string, b: string): number {
  // UTF-16 puts characters beyond the basic plane before those at its end.
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Thrown where an unknown part stands in a place of structure. */
const UNKNOWN_STRUCTURE = Symbol('an unknown part may change the structure');

/** Reads one document. */
class Reader {
  private readonly parts: readonly (string | Unknown)[];
  private part = 0;
  private offset = 0;
  /** Characters in the parts before this one. */
  private before = 0;

  constructor(document: TextValue) {
    this.parts = partsOf(document).filter(part => part !== '');
  }

  public document(): Value {
    const value = this.value(0);
    if (this.peek() instanceof Unknown) {
      throw UNKNOWN_STRUCTURE;
    }
    return this.peek() === undefined ? value : this.fail();
  }

  /** The next character that is not white space, or an unknown part. */
  private peek(): string | Unknown | undefined {
    for (;;) {
      const part = this.parts[this.part];
      if (part === undefined || part instanceof Unknown) {
        return part;
      }
      while (this.offset < part.length && ' \t\n\r'.includes(part[this.offset]!)) {
        this.offset++;
      }
      if (this.offset < part.length) {
        return part[this.offset];
      }
      this.nextPart();
    }
  }

  private nextPart(): void {
    const part = this.parts[this.part];
    this.before += typeof part === 'string' ? part.length : 1;
    this.part++;
    this.offset = 0;
  }

  private fail(reason?: string): never {
    const part = this.parts[this.part];
    const rest = typeof part === 'string' ? part.slice(this.offset, this.offset + QUOTED_LENGTH) : '';
    throw new JsonError(reason ?? (rest === '' ? 'it ends too early' : `unexpected ${JSON.stringify(rest.slice(0, 10))}`), this.before + this.offset);
  }

  private take(character: string): boolean {
    const next = this.peek();
    if (next instanceof Unknown) {
      throw UNKNOWN_STRUCTURE;
    }
    if (next !== character) {
      return false;
    }
    this.offset++;
    return true;
  }

  private value(depth: number): Value {
    if (depth > MAX_DEPTH) {
      this.fail(`nested deeper than ${MAX_DEPTH}`);
    }
    const next = this.peek();
    if (next instanceof Unknown) {
      return this.unknown(next);
    }
    switch (next) {
      case '{': return this.object(depth);
      case '[': return this.list(depth);
      case '"': return this.string();
      case undefined: return this.fail();
      default: return this.word();
    }
  }

  /** An unknown part for a value: alone between what separates values. */
  private unknown(part: Unknown): Value {
    this.nextPart();
    const next = this.peek();
    if (next !== undefined && (next instanceof Unknown || !',]}'.includes(next))) {
      throw UNKNOWN_STRUCTURE;
    }
    return decoded([part]);
  }

  private object(depth: number): ValueMap {
    this.offset++;
    const entries = new Map<string, Value>();
    if (this.take('}')) {
      return entries;
    }
    do {
      const next = this.peek();
      if (next instanceof Unknown) {
        throw UNKNOWN_STRUCTURE;
      }
      const key = next === '"' ? this.string() : this.fail();
      if (!this.take(':')) {
        this.fail();
      }
      entries.set(toKey(key), this.value(depth + 1));
    } while (this.take(','));
    return this.take('}') ? entries : this.fail();
  }

  private list(depth: number): readonly Value[] {
    this.offset++;
    const members: Value[] = [];
    if (this.peek() === ']') {
      this.offset++;
      return members;
    }
    do {
      members.push(this.value(depth + 1));
    } while (this.take(','));
    // A list that grew has room for more, and a copy has not.
    return this.take(']') ? [...members] : this.fail();
  }

  private string(): TextValue {
    this.offset++;
    const pieces: (string | Unknown)[] = [];
    for (;;) {
      const part = this.parts[this.part];
      if (part === undefined) {
        return this.fail('a string does not end');
      }
      if (part instanceof Unknown) {
        pieces.push(part);
        this.nextPart();
        continue;
      }
      let end = this.offset;
      while (end < part.length && part[end] !== '"' && part[end] !== '\\' && part[end]! >= ' ') {
        end++;
      }
      pieces.push(part.slice(this.offset, end));
      this.offset = end;
      if (end === part.length) {
        this.nextPart();
      } else if (part[end] === '"') {
        this.offset++;
        return joined(pieces);
      } else {
        pieces.push(this.escape(part));
      }
    }
  }

  private escape(part: string): string {
    if (part[this.offset] !== '\\') {
      return this.fail('a control character in a string');
    }
    const kind = part[this.offset + 1];
    const length = kind === 'u' ? 6 : 2;
    if (this.offset + length > part.length) {
      if (this.part + 1 < this.parts.length) {
        throw UNKNOWN_STRUCTURE;
      }
      return this.fail('a string does not end');
    }
    const digits = part.slice(this.offset + 2, this.offset + 6);
    const character = kind === 'u' && /^[0-9a-fA-F]{4}$/.test(digits) ? String.fromCharCode(parseInt(digits, 16)) : ESCAPES.get(kind!);
    if (character === undefined) {
      return this.fail('an escape that JSON does not have');
    }
    this.offset += length;
    return character;
  }

  private word(): Value {
    const part = this.parts[this.part] as string;
    let end = this.offset;
    while (end < part.length && !' \t\n\r,]}'.includes(part[end]!)) {
      end++;
    }
    if (end === part.length && this.part + 1 < this.parts.length) {
      throw UNKNOWN_STRUCTURE;
    }
    const word = part.slice(this.offset, end);
    const value = word === 'true' ? true : word === 'false' ? false : word === 'null' ? null : number(word);
    if (value === undefined) {
      return this.fail();
    }
    this.offset = end;
    return value;
  }
}

/** A number; its text where JavaScript would round it, as the numeric ids of Google's accounts. */
function number(word: string): number | string | undefined {
  if (!JSON_NUMBER.test(word)) {
    return undefined;
  }
  const value = Number(word);
  return !Number.isFinite(value) || (INTEGER.test(word) && !Number.isSafeInteger(value)) ? word : value;
}

/** What an unknown document says: what it was encoded from, where that is known. */
function decoded(parts: readonly (string | Unknown)[]): Unknown {
  const [only] = parts;
  if (parts.length === 1 && only instanceof Unknown) {
    return new Unknown(encodedFrom(only.symbol) ?? `jsondecode(${only.symbol})`);
  }
  return new Unknown(`jsondecode(${parts.map(part => typeof part === 'string' ? JSON.stringify(part) : part.symbol).join(' + ')})`);
}

/** The argument of `jsonencode(…)`, where a symbol is that as a whole. */
function encodedFrom(symbol: string): string | undefined {
  const opening = 'jsonencode(';
  if (!symbol.startsWith(opening) || !symbol.endsWith(')')) {
    return undefined;
  }
  const inner = symbol.slice(opening.length, -1);
  let depth = 0;
  for (const character of inner) {
    depth += character === '(' ? 1 : character === ')' ? -1 : 0;
    if (depth < 0) {
      return undefined;
    }
  }
  return depth === 0 ? inner : undefined;
}

function write(value: Value, pieces: (string | Unknown)[], depth: number): void {
  if (depth > MAX_DEPTH) {
    throw new JsonError(`nested deeper than ${MAX_DEPTH}`, 0);
  }
  if (value instanceof Unknown) {
    const symbol = value.symbol;
    pieces.push(new Unknown(symbol.startsWith('jsondecode(') && encodedFrom(`jsonencode(${symbol.slice(11)}`) !== undefined
      ? symbol.slice(11, -1) : `jsonencode(${symbol})`));
  } else if (typeof value === 'string' || value instanceof Text) {
    pieces.push('"', ...partsOf(value).map(part => typeof part === 'string' ? quoted(part) : part), '"');
  } else if (isList(value)) {
    value.forEach((member, index) => {
      pieces.push(index === 0 ? '[' : ',');
      write(member, pieces, depth + 1);
    });
    pieces.push(value.length === 0 ? '[]' : ']');
  } else if (isMap(value)) {
    [...value].sort(([a], [b]) => byCodePoint(a, b)).forEach(([key, member], index) => {
      pieces.push(index === 0 ? '{' : ',', '"', ...partsOf(textOfKey(key)).map(part => typeof part === 'string' ? quoted(part) : part), '":');
      write(member, pieces, depth + 1);
    });
    pieces.push(value.size === 0 ? '{}' : '}');
  } else {
    pieces.push(typeof value === 'number' ? numberText(value) : String(value));
  }
}

function quoted(part: string): string {
  return JSON.stringify(part).slice(1, -1).replace(/[<>&\u2028\u2029]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

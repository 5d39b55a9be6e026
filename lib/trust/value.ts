/** A value that Terraform knows only when it runs; two with the same symbol are the same value. */
export class Unknown {
  /**
   * @param symbol The expression in its canonical form with the stack before it, as in `apps/aws_iam_role.Role.arn`
   */
  constructor(public readonly symbol: string) {}
}

/** A text of which parts are unknown: at least one, and never two known ones side by side. Made by `text()`. */
export class Text {
  constructor(public readonly parts: readonly (string | Unknown)[]) {}
}

/** A text, known, known in part or unknown. */
export type TextValue = string | Text | Unknown;

/** A value of Terraform or of a token's claim, of which parts may be unknown. Objects are maps, so that no key has a meaning of its own. */
export type Value = null | boolean | number | TextValue | readonly Value[] | ValueMap;

/** An object. Keys of which parts are unknown are written by `toKey` and read by `textOfKey`. */
export type ValueMap = ReadonlyMap<string, Value>;

/** Whether something holds: `unknown` where it depends on what only Terraform, or nobody here, knows. */
export type Verdict = 'yes' | 'no' | 'unknown';

/** Whether all hold. */
export function every(verdicts: Iterable<Verdict>): Verdict {
  let result: Verdict = 'yes';
  for (const verdict of verdicts) {
    if (verdict === 'no') {
      return 'no';
    }
    result = verdict === 'unknown' ? 'unknown' : result;
  }
  return result;
}

/** Whether any holds. */
export function some(verdicts: Iterable<Verdict>): Verdict {
  let result: Verdict = 'no';
  for (const verdict of verdicts) {
    if (verdict === 'yes') {
      return 'yes';
    }
    result = verdict === 'unknown' ? 'unknown' : result;
  }
  return result;
}

/** The opposite; of unknown, unknown. */
export function not(verdict: Verdict): Verdict {
  return verdict === 'unknown' ? 'unknown' : verdict === 'yes' ? 'no' : 'yes';
}

/** What is known for certain, as a verdict. */
export function known(holds: boolean): Verdict {
  return holds ? 'yes' : 'no';
}

/** Joins texts; what is known stands as known. */
export function text(...pieces: readonly TextValue[]): TextValue {
  if (pieces.length === 1) {
    return pieces[0]!;
  }
  const parts: (string | Unknown)[] = [];
  for (const piece of pieces) {
    for (const part of partsOf(piece)) {
      const last = parts.at(-1);
      if (typeof part === 'string' && typeof last === 'string') {
        parts[parts.length - 1] = last + part;
      } else if (part !== '') {
        parts.push(part);
      }
    }
  }
  // A list that grew has room for more, and a copy has not.
  return parts.length === 0 ? '' : parts.length === 1 ? parts[0]! : new Text([...parts]);
}

/** The parts of a text, in order. */
export function partsOf(value: TextValue): readonly (string | Unknown)[] {
  return value instanceof Text ? value.parts : [value];
}

/** Whether a value is a text, be it unknown. An unknown value may turn out to be anything. */
export function isText(value: Value | undefined): value is TextValue {
  return typeof value === 'string' || value instanceof Text || value instanceof Unknown;
}

/** Whether a value is a list whose members can be told apart. */
export function isList(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether a value is an object whose keys are known. */
export function isMap(value: Value | undefined): value is ValueMap {
  return value instanceof Map;
}

/** Whether nothing of a value is unknown. */
export function isKnown(value: Value): boolean {
  if (value instanceof Unknown || value instanceof Text) {
    return false;
  }
  return isList(value) ? value.every(isKnown) : isMap(value) ? [...value.values()].every(isKnown) : true;
}

/** What stands at a path of keys and indices; undefined where there is nothing, unknown where it is below something unknown. */
export function at(value: Value | undefined, ...path: readonly (string | number)[]): Value | undefined {
  let current = value;
  for (const [depth, step] of path.entries()) {
    if (current instanceof Unknown) {
      return new Unknown([current.symbol, ...path.slice(depth)].join('.'));
    }
    current = typeof step === 'number' ? (isList(current) ? current[step] : undefined) : (isMap(current) ? current.get(step) : undefined);
  }
  return current;
}

/** The blocks of a name: a list of them, or the one that cdktf writes without a list. */
export function blocksOf(value: Value | undefined): readonly ValueMap[] {
  return isMap(value) ? [value] : isList(value) ? value.filter(isMap) : [];
}

/** Whether two texts are equal. */
export function equal(a: TextValue, b: TextValue): Verdict {
  return like(b, a, '');
}

/** What the wildcards of a pattern are: IAM's `*` and `?`, or none. */
export type Wildcards = '*?' | '*' | '';

/** A piece of a pattern: a character, any one character, any text, or a text that is unknown and always the same. */
type Piece = string | typeof ONE | typeof ANY | Unknown;
const ONE = Symbol('any one character');
const ANY = Symbol('any text');

/** How many places of a text are compared with places of a pattern; beyond it the answer is unknown, as no name is that long. */
const MAX_WORK = 16_000_000;

/** Whether a text matches a pattern as a whole. */
export function like(value: TextValue, pattern: TextValue, wildcards: Wildcards = '*?'): Verdict {
  if (typeof value === 'string' && typeof pattern === 'string' && ![...wildcards].some(wildcard => pattern.includes(wildcard))) {
    return known(value === pattern);
  }
  if (wildcards === '' && value === pattern) {
    return 'yes';
  }
  if (typeof value === 'string' && typeof pattern === 'string' && value.length * pattern.length <= MAX_WORK && isPlain(value, pattern, wildcards)) {
    return known(matches(value, pattern, wildcards === '*?'));
  }
  const want = piecesOf(pattern, wildcards);
  const have = piecesOf(value, '');
  strip(want, have);
  want.reverse();
  have.reverse();
  strip(want, have);
  if (want.length === 0 && have.length === 0) {
    return 'yes';
  }
  if (want.length * have.length > MAX_WORK) {
    return 'unknown';
  }
  if (differ(want.at(-1), have.at(-1))) {
    return 'no';
  }
  const certain = !want.some(isUnknown) && !have.some(isUnknown);
  if (!overlap(want, have)) {
    return 'no';
  }
  return certain || covered(want, have) ? 'yes' : 'unknown';
}

/** The canonical form of a value, the same for equal values: for keys of maps and for comparing documents. */
export function keyOf(value: Value): string {
  if (value instanceof Unknown) {
    return `\${${value.symbol}}`;
  }
  if (value instanceof Text) {
    return JSON.stringify(value.parts.map(part => typeof part === 'string' ? part : { unknown: part.symbol }));
  }
  if (isList(value)) {
    return `[${value.map(keyOf).join(',')}]`;
  }
  if (isMap(value)) {
    return `{${[...value].map(([key, inner]) => `${JSON.stringify(key)}:${keyOf(inner)}`).sort().join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The values without those that are there twice. */
export function distinct<V extends Value>(values: readonly V[]): readonly V[] {
  return [...new Map(values.map(value => [keyOf(value), value])).values()];
}

/** A value for people: unknown parts as `${…}`, as they stand in Terraform. */
export function show(value: Value | undefined): string {
  if (value === undefined) {
    return 'nothing';
  }
  if (isText(value)) {
    return partsOf(value).map(part => typeof part === 'string' ? part : `\${${withoutStack(part.symbol)}}`).join('');
  }
  if (isList(value)) {
    return `[${value.map(show).join(', ')}]`;
  }
  return isMap(value) ? `{${[...value].map(([key, inner]) => `${show(textOfKey(key))}: ${show(inner)}`).join(', ')}}` : String(value);
}

/** A symbol as it stands in Terraform, where the stack is not named; also within the calls that it is made of. */
function withoutStack(symbol: string): string {
  return symbol.replace(/(^|[ (])[^\s()"',/]*\//g, '$1');
}

/** Encloses the symbol of an unknown part of a key, and escapes what looks like that: no character of any text. */
const [OPEN, CLOSE, ESCAPE] = ['\uFDD0', '\uFDD1', '\uFDD2'];

/** The key of a map for a text; a known text is its own key, and unknown parts are told apart by `textOfKey`. */
export function toKey(value: TextValue): string {
  const escaped = (part: string) => part.replace(/[\uFDD0-\uFDD2]/g, character => ESCAPE + (character.charCodeAt(0) - 0xFDD0));
  return partsOf(value).map(part => typeof part === 'string' ? escaped(part) : OPEN + escaped(part.symbol) + CLOSE).join('');
}

/** The text that a key of a map stands for, as in a condition on `${aws_eks_cluster.x.identity.0.oidc.0.issuer}:sub`. */
export function textOfKey(key: string): TextValue {
  if (!/[\uFDD0-\uFDD2]/.test(key)) {
    return key;
  }
  const plain = (part: string) => part.replace(/\uFDD2([012])/g, (_, digit: string) => String.fromCharCode(0xFDD0 + Number(digit)));
  return text(...key.split(OPEN).flatMap((piece, index) => {
    const end = index === 0 ? -1 : piece.indexOf(CLOSE);
    return end < 0 ? [plain(piece)] : [new Unknown(plain(piece.slice(0, end))), plain(piece.slice(end + 1))];
  }));
}

/** A JSON document as a value; all of it is known. */
export function fromJson(json: unknown): Value {
  if (Array.isArray(json)) {
    return json.map(fromJson);
  }
  if (typeof json === 'object' && json !== null) {
    return new Map(Object.entries(json).map(([key, value]) => [key, fromJson(value)]));
  }
  return json as Value;
}

/** Whether characters of both are single code units as far as it makes a difference to the pattern. */
function isPlain(value: string, pattern: string, wildcards: Wildcards): boolean {
  return !SURROGATE.test(pattern) && (wildcards === '*' || !pattern.includes('?') || !SURROGATE.test(value));
}

const SURROGATE = /[\uD800-\uDFFF]/;

/** Whether a known text matches a known pattern: what follows the last `*` so far is tried at each later place. */
function matches(value: string, pattern: string, hasOne: boolean): boolean {
  let [place, wanted] = [0, 0];
  let [star, after] = [-1, 0];
  while (place < value.length) {
    const character = pattern[wanted];
    if (character === '*') {
      star = wanted++;
      after = place;
    } else if (wanted < pattern.length && (character === value[place] || hasOne && character === '?')) {
      place++;
      wanted++;
    } else if (star >= 0) {
      place = ++after;
      wanted = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[wanted] === '*') {
    wanted++;
  }
  return wanted === pattern.length;
}

function piecesOf(value: TextValue, wildcards: Wildcards): Piece[] {
  const pieces: Piece[] = [];
  for (const part of partsOf(value)) {
    if (part instanceof Unknown) {
      pieces.push(part);
      continue;
    }
    for (const character of part) {
      pieces.push(wildcards !== '' && character === '*' ? ANY : wildcards === '*?' && character === '?' ? ONE : character);
    }
  }
  return pieces;
}

/** Takes off what both begin with. */
function strip(a: Piece[], b: Piece[]): void {
  let same = 0;
  while (same < a.length && same < b.length && samePiece(a[same]!, b[same]!)) {
    same++;
  }
  a.splice(0, same);
  b.splice(0, same);
}

function samePiece(a: Piece, b: Piece): boolean {
  return a instanceof Unknown && b instanceof Unknown ? a.symbol === b.symbol : a === b && a !== ANY && a !== ONE;
}

/** Whether both are characters, and not the same. */
function differ(a: Piece | undefined, b: Piece | undefined): boolean {
  return typeof a === 'string' && typeof b === 'string' && a !== b;
}

function isUnknown(piece: Piece): boolean {
  return piece instanceof Unknown;
}

/** Whether some text is matched by both, an unknown part being any text. */
function overlap(a: readonly Piece[], b: readonly Piece[]): boolean {
  if (isAnything(a) || isAnything(b)) {
    return true;
  }
  // The places of `b` at which the rest of it can still be what the rest of `a` is.
  let places = closure(new Set([0]), b);
  for (const piece of a) {
    if (piece === ANY || piece instanceof Unknown) {
      let first = b.length;
      places.forEach(place => {
        first = Math.min(first, place);
      });
      places = new Set(Array.from({ length: b.length - first + 1 }, (_, index) => first + index));
      continue;
    }
    const next = new Set<number>();
    for (const place of places) {
      const other = b[place];
      if (other === ANY || other instanceof Unknown) {
        next.add(place);
      } else if (other !== undefined && (piece === ONE || other === ONE || other === piece)) {
        next.add(place + 1);
      }
    }
    places = closure(next, b);
    if (places.size === 0) {
      return false;
    }
  }
  return places.has(b.length);
}

/** Whether pieces are one that may be any text. */
function isAnything(pieces: readonly Piece[]): boolean {
  return pieces.length === 1 && (pieces[0] === ANY || pieces[0] instanceof Unknown);
}

/** Adds the places that are reached by taking wildcards for nothing. */
function closure(places: Set<number>, pieces: readonly Piece[]): Set<number> {
  for (const place of places) {
    const piece = pieces[place];
    if (piece === ANY || piece instanceof Unknown) {
      places.add(place + 1);
    }
  }
  return places;
}

/** Whether every text that `have` may turn out to be is matched by `want`. */
function covered(want: readonly Piece[], have: readonly Piece[]): boolean {
  let places = starred(new Set([0]), want);
  for (const piece of have) {
    const next = new Set<number>();
    for (const place of places) {
      const pattern = want[place];
      if (pattern === ANY) {
        next.add(place);
      } else if (pattern !== undefined && (samePiece(pattern, piece) || (pattern === ONE && typeof piece === 'string'))) {
        next.add(place + 1);
      }
    }
    if (next.size === 0) {
      return false;
    }
    places = starred(next, want);
  }
  return places.has(want.length);
}

function starred(places: Set<number>, want: readonly Piece[]): Set<number> {
  for (const place of places) {
    if (want[place] === ANY) {
      places.add(place + 1);
    }
  }
  return places;
}

import { createHash } from 'node:crypto';
import { hostOf } from '../issuer';
import {
  distinct, every, isKnown, isList, isMap, isText, keyOf, like, partsOf, some, text, Text, textOfKey, TextValue, toKey, Unknown, Value, ValueMap,
} from '../value';
import { byCodePoint, encodeJson, numberText, parseJson, JsonError } from './json';
import { joined } from './limits';
import { fail, same, toText, verdictValue } from './operations';
import { safePattern } from './pattern';
import { callSymbol } from './symbols';

/** Most members that a function makes of few. */
const MAX_MEMBERS = 100_000;

/** A function of Terraform; undefined where its value depends on what is unknown. */
type TerraformFunction = (...args: Value[]) => Value | undefined;

/**
 * The value of a function of Terraform; undefined where it is not known, or the function is none of those that are read.
 * @see https://developer.hashicorp.com/terraform/language/functions
 */
export function callFunction(name: string, args: readonly Value[]): Value | undefined {
  const found = FUNCTIONS.get(name.startsWith('core::') ? name.slice('core::'.length) : name);
  return found?.(...args);
}

const FUNCTIONS: ReadonlyMap<string, TerraformFunction> = new Map<string, TerraformFunction>([
  ['jsonencode', value => encodeJson(wanted(value))],
  ['jsondecode', value => decode(textArgument(value))],
  ['format', (spec, ...args) => format(spec, args)],
  ['formatlist', (spec, ...args) => formatList(spec, args)],
  ['join', (separator, ...lists) => join(separator, lists)],
  ['split', (separator, value) => split(separator, value)],
  ['replace', (value, from, to) => replace(textArgument(value), from, to)],
  ['trimprefix', (value, prefix) => typeof prefix === 'string' ? trimPrefix(textArgument(value), prefix) : undefined],
  ['trimsuffix', (value, suffix) => typeof suffix === 'string' ? trimSuffix(textArgument(value), suffix) : undefined],
  ['trimspace', value => trimEnds(textArgument(value), 'trimspace', part => part.trim())],
  ['chomp', value => trimEnds(textArgument(value), 'chomp', part => part.replace(/[\r\n]+$/, ''))],
  ['trim', (value, set) => typeof set === 'string' ? trimEnds(textArgument(value), 'trim', part => trimSet(part, set), set) : undefined],
  ['lower', value => eachPart(textArgument(value), 'lower', part => part.toLowerCase())],
  ['upper', value => eachPart(textArgument(value), 'upper', part => part.toUpperCase())],
  ['title', value => ofKnown(value, known => known.replace(/(^|[^\p{L}\p{N}_'])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase()))],
  ['strrev', value => ofKnown(value, known => [...known].reverse().join(''))],
  ['substr', (value, offset, length) => substring(textArgument(value), offset, length)],
  ['startswith', (value, prefix) => matches('startswith', value, prefix, p => text(p, new Unknown('…')))],
  ['endswith', (value, suffix) => matches('endswith', value, suffix, s => text(new Unknown('…'), s))],
  ['strcontains', (value, part) => typeof value === 'string' && typeof part === 'string' ? value.includes(part) : undefined],
  ['concat', (...lists) => lists.every(isList) ? lists.flat() : lists.some(list => list instanceof Unknown) ? undefined : fail('concat takes lists')],
  ['merge', (...maps) => merge(maps)],
  ['tolist', value => isMap(value) ? fail('an object is no list') : value],
  ['toset', value => isList(value) ? setOf(value) : value],
  ['tomap', value => value],
  ['tostring', value => value === null || isText(value) ? value : toText(wanted(value))],
  ['tonumber', value => typeof value === 'string' ? asNumber(value) : value instanceof Text ? undefined : value],
  ['tobool', value => value === 'true' ? true : value === 'false' ? false : value instanceof Text ? undefined : value],
  ['nonsensitive', value => value],
  ['sensitive', value => value],
  ['issensitive', () => undefined],
  ['flatten', value => isList(value) ? flatten(value, 0) : undefined],
  ['distinct', value => isList(value) ? distinct(value) : undefined],
  ['compact', value => isList(value) ? value.filter(member => member !== null && member !== '') : undefined],
  ['element', (list, index) => isList(list) && typeof index === 'number' ? elementOf(list, index) : undefined],
  ['lookup', (map, key, fallback) => lookup(map, key, fallback)],
  ['keys', map => isMap(map) ? sortedEntries(map).map(([key]) => textOfKey(key)) : undefined],
  ['values', map => isMap(map) ? sortedEntries(map).map(([, value]) => value) : undefined],
  ['zipmap', (keys, values) => zip(keys, values)],
  ['contains', (list, value) => contains(list, wanted(value))],
  ['length', value => lengthOf(value)],
  ['coalesce', (...values) => coalesce(values)],
  ['coalescelist', (...lists) => lists.every(isList) ? lists.find(list => list.length > 0) : undefined],
  ['one', value => value === null ? null : isList(value) ? (value.length > 1 ? fail('one takes one member') : value[0] ?? null) : undefined],
  ['sort', value => isList(value) && value.every(isString) ? [...value].sort(byCodePoint) : undefined],
  ['reverse', value => isList(value) ? [...value].reverse() : undefined],
  ['slice', (list, from, to) => isList(list) && typeof from === 'number' && typeof to === 'number' ? list.slice(from, to) : undefined],
  ['index', (list, value) => isList(list) && isKnown(list) && isKnown(wanted(value)) ? indexOf(list, wanted(value)) : undefined],
  ['range', (...bounds) => range(bounds)],
  ['setproduct', (...sets) => setProduct(sets)],
  ['setunion', (...sets) => sets.every(isList) ? distinct(sets.flat()) : undefined],
  ['setintersection', (first, ...sets) => setOperation(first, sets, (member, keys) => keys.every(set => set.has(member)))],
  ['setsubtract', (first, ...sets) => setOperation(first, sets, (member, keys) => !keys.some(set => set.has(member)))],
  ['alltrue', list => isList(list) ? verdictValue(every(list.map(member => same(member, true))), 'alltrue', list) : undefined],
  ['anytrue', list => isList(list) ? verdictValue(some(list.map(member => same(member, true))), 'anytrue', list) : undefined],
  ['max', (...values) => values.every(isNumber) ? Math.max(...values) : undefined],
  ['min', (...values) => values.every(isNumber) ? Math.min(...values) : undefined],
  ['abs', value => isNumber(value) ? Math.abs(value) : undefined],
  ['ceil', value => isNumber(value) ? Math.ceil(value) : undefined],
  ['floor', value => isNumber(value) ? Math.floor(value) : undefined],
  ['regex', (pattern, value) => regex(pattern, value)],
  ['urlencode', value => ofKnown(value, known => goQueryEscape(known))],
  ['base64encode', value => ofKnown(value, known => Buffer.from(known).toString('base64'))],
  ['base64decode', value => ofKnown(value, known => Buffer.from(known, 'base64').toString())],
  ...['md5', 'sha1', 'sha256', 'sha512'].map((name): [string, TerraformFunction] => [name, value => ofKnown(value, known => digest(name, known, 'hex'))]),
  ...['sha256', 'sha512'].map((name): [string, TerraformFunction] => [`base64${name}`, value => ofKnown(value, known => digest(name, known, 'base64'))]),
]);

function wanted(value: Value | undefined): Value {
  return value === undefined ? fail('an argument is missing') : value;
}

function textArgument(value: Value | undefined): TextValue {
  return toText(wanted(value));
}

function isString(value: Value | undefined): value is string {
  return typeof value === 'string';
}

function isNumber(value: Value | undefined): value is number {
  return typeof value === 'number';
}

function ofKnown(value: Value | undefined, make: (known: string) => string): string | undefined {
  const argument = textArgument(value);
  return typeof argument === 'string' ? make(argument) : undefined;
}

function digest(name: string, value: string, encoding: 'hex' | 'base64'): string {
  return createHash(name).update(value).digest(encoding);
}

function goQueryEscape(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+');
}

function decode(document: TextValue): Value {
  try {
    return parseJson(document);
  } catch (error) {
    if (error instanceof JsonError) {
      return fail(error.message);
    }
    throw error;
  }
}

/** Changes the parts of a text one by one, where the function does not look beyond a character. */
function eachPart(value: TextValue, name: string, change: (part: string) => string): TextValue {
  return joined(partsOf(value).map(part => typeof part === 'string' ? change(part) : callSymbol(name, [part])));
}

/** Takes off characters at the ends, where the ends are known, or what is next to them stays. */
function trimEnds(value: TextValue, name: string, trim: (part: string) => string, ...args: readonly Value[]): TextValue | undefined {
  const parts = partsOf(value);
  if (parts.length === 1) {
    return typeof parts[0] === 'string' ? trim(parts[0]) : undefined;
  }
  const [mark] = ['\uFFFF'];
  const at = (index: number) => parts.at(index)!;
  // An end that is known must not be taken off as a whole, one that is unknown must have something beside it that stays.
  const stays = (part: string | Unknown, beside: (part: string) => string) => part instanceof Unknown || trim(beside(part)) === beside(part);
  const ends = [[at(0), at(1), (part: string) => part + mark], [at(-1), at(-2), (part: string) => mark + part]] as const;
  for (const [end, next, fromInside] of ends) {
    const lost = end instanceof Unknown ? next instanceof Unknown || !stays(next, fromInside) : trim(fromInside(end)).length === 1;
    if (lost) {
      return undefined;
    }
  }
  return text(...parts.map((part, index) => {
    const first = index === 0;
    if (!first && index !== parts.length - 1) {
      return part;
    }
    if (part instanceof Unknown) {
      return callSymbol(first ? `${name}-start` : `${name}-end`, [part, ...args]);
    }
    return first ? trim(part + mark).slice(0, -1) : trim(mark + part).slice(1);
  }));
}

function trimSet(value: string, set: string): string {
  const characters = [...value];
  const strip = new Set(set);
  let [start, end] = [0, characters.length];
  while (start < end && strip.has(characters[start]!)) {
    start++;
  }
  while (end > start && strip.has(characters[end - 1]!)) {
    end--;
  }
  return characters.slice(start, end).join('');
}

function trimPrefix(value: TextValue, prefix: string): TextValue | undefined {
  if (prefix === 'https://') {
    return hostOf(value);
  }
  const [first, ...rest] = partsOf(value);
  if (typeof first === 'string') {
    return first.startsWith(prefix) ? text(first.slice(prefix.length), ...rest)
      : rest.length > 0 && prefix.startsWith(first) ? undefined : value;
  }
  return undefined;
}

function trimSuffix(value: TextValue, suffix: string): TextValue | undefined {
  const parts = partsOf(value);
  const last = parts.at(-1)!;
  if (typeof last === 'string') {
    return last.endsWith(suffix) ? text(...parts.slice(0, -1), last.slice(0, last.length - suffix.length))
      : parts.length > 1 && suffix.endsWith(last) ? undefined : value;
  }
  const before = parts.at(-2);
  // What is unknown may be the end of the suffix only, and then more is taken off.
  return typeof before !== 'string' || overlaps(before, suffix) ? undefined : text(...parts.slice(0, -1), callSymbol('trimsuffix', [last, suffix]));
}

/** Whether a text ends in a beginning of another, that one as a whole included. */
function overlaps(value: string, other: string): boolean {
  for (let length = 1; length <= other.length; length++) {
    if (value.endsWith(other.slice(0, length))) {
      return true;
    }
  }
  return false;
}

/** Ways to write the pattern of a scheme. */
const SCHEME_PATTERNS: ReadonlySet<string> = new Set(['^https://', '^(https://)', '^https?://', '^(https?://)', 'https?://', 'https://', '(https://)', '^(http|https)://']);

function replace(value: TextValue, from: Value | undefined, to: Value | undefined): Value | undefined {
  if (typeof from !== 'string' || !isText(to)) {
    return undefined;
  }
  if (from.length > 1 && from.startsWith('/') && from.endsWith('/')) {
    const pattern = from.slice(1, -1);
    if (to === '' && SCHEME_PATTERNS.has(pattern.replaceAll('\\/', '/'))) {
      return hostOf(value);
    }
    const regexp = typeof to === 'string' && typeof value === 'string' ? safePattern(pattern, 'g') : undefined;
    return regexp === undefined || /\$(?:[A-Za-z_{]|[0-9]+[A-Za-z_])/.test(to as string) ? undefined
      : (value as string).replace(regexp, (to as string).replace(/\$(?![0-9])/g, '$$$$'));
  }
  if (from === 'https://' && to === '' && !partsOf(value).some((part, index) => typeof part === 'string' && part.includes(from, index === 0 ? 1 : 0))) {
    return hostOf(value);
  }
  return from === '' ? undefined : replaceLiteral(value, from, to);
}

function replaceLiteral(value: TextValue, from: string, to: TextValue): Value | undefined {
  const parts = partsOf(value);
  const reversed = [...from].reverse().join('');
  for (const [index, part] of parts.entries()) {
    // What is to be replaced may begin in a known part and end in an unknown one.
    if (typeof part === 'string' && from.length > 1
      && ((index < parts.length - 1 && overlaps(part, from.slice(0, -1))) || (index > 0 && overlaps([...part].reverse().join(''), reversed.slice(0, -1))))) {
      return undefined;
    }
  }
  return joined(parts.flatMap(part => {
    if (part instanceof Unknown) {
      return [callSymbol('replace', [part, from, to])];
    }
    return part.split(from).flatMap((piece, index) => index === 0 ? [piece] : [to, piece]);
  }));
}

function substring(value: TextValue, offset: Value | undefined, length: Value | undefined): Value | undefined {
  const [first, ...rest] = partsOf(value);
  if (typeof first !== 'string' || !isNumber(offset) || !isNumber(length) || !Number.isInteger(offset) || !Number.isInteger(length)) {
    return undefined;
  }
  const characters = [...first];
  if (rest.length === 0) {
    const start = Math.max(offset < 0 ? characters.length + offset : offset, 0);
    return characters.slice(start, length < 0 ? undefined : start + length).join('');
  }
  if (offset < 0 || offset > characters.length) {
    return undefined;
  }
  return length < 0 ? text(characters.slice(offset).join(''), ...rest)
    : offset + length <= characters.length ? characters.slice(offset, offset + length).join('') : undefined;
}

function matches(name: string, value: Value | undefined, part: Value | undefined, pattern: (part: string) => TextValue): Value | undefined {
  const argument = textArgument(value);
  if (typeof part !== 'string') {
    return undefined;
  }
  // A symbol that stands nowhere else may be any text: it fits, or it does not.
  const verdict = like(argument, pattern(part), '');
  if (verdict === 'no') {
    return false;
  }
  const [first, last] = [partsOf(argument)[0]!, partsOf(argument).at(-1)!];
  const certain = name === 'startswith' ? typeof first === 'string' && first.startsWith(part) : typeof last === 'string' && last.endsWith(part);
  return certain ? true : undefined;
}

function join(separator: Value | undefined, lists: readonly Value[]): Value | undefined {
  if (!isText(separator)) {
    return undefined;
  }
  if (!lists.every(isList)) {
    return lists.some(list => list instanceof Unknown) ? undefined : fail('join takes lists');
  }
  return joined(lists.flat().flatMap((member, index) => index === 0 ? [toText(member)] : [separator, toText(member)]));
}

function split(separator: Value | undefined, value: Value | undefined): Value | undefined {
  const argument = textArgument(value);
  if (typeof separator !== 'string') {
    return undefined;
  }
  if (typeof argument === 'string') {
    return argument.split(separator);
  }
  // The usual way to an issuer's host without trimprefix.
  const [first] = partsOf(argument);
  if ((separator === 'https://' || separator === '//') && (first instanceof Unknown || first!.startsWith('https://'))) {
    return [separator === '//' ? 'https:' : '', hostOf(argument)];
  }
  // No account, partition or region of AWS has such a character, so that the members can be told apart.
  if ((separator === ':' || separator === '/') && partsOf(argument).every(part => typeof part === 'string' || OF_AWS.test(part.symbol))) {
    const members: TextValue[][] = [[]];
    for (const part of partsOf(argument)) {
      const [begin = part, ...rest] = typeof part === 'string' ? part.split(separator) : [];
      members.at(-1)!.push(begin);
      rest.forEach(piece => members.push([piece]));
    }
    return members.map(pieces => text(...pieces));
  }
  return undefined;
}

/** What an AWS provider says of itself. */
const OF_AWS = /^[^/]*\/aws(?:\.[^./]+)?\.(?:account_id|partition|region)$/;

function format(spec: Value | undefined, args: readonly Value[]): Value | undefined {
  if (typeof spec !== 'string') {
    return undefined;
  }
  const pieces: TextValue[] = [];
  let next = 0;
  let position = 0;
  for (const found of spec.matchAll(/%(?:\[([0-9]{1,4})\])?([a-zA-Z%]|[-+ #0-9.]+[a-zA-Z])/g)) {
    pieces.push(spec.slice(position, found.index));
    position = found.index + found[0].length;
    if (found[2] === '%') {
      pieces.push('%');
      continue;
    }
    next = found[1] === undefined ? next : Number(found[1]) - 1;
    const value = args[next++];
    const piece = formatOne(found[2]!, wanted(value));
    if (piece === undefined) {
      return undefined;
    }
    pieces.push(piece);
  }
  return joined([...pieces, spec.slice(position)]);
}

function formatOne(verb: string, value: Value): TextValue | undefined {
  switch (verb) {
    case 's': return toText(value);
    case 'v': return value !== null && (isText(value) || typeof value !== 'object') ? toText(value) : encodeJson(value);
    case 'q': return typeof value === 'string' ? JSON.stringify(value) : undefined;
    case 'd': return isNumber(value) ? numberText(Math.trunc(value)) : value instanceof Unknown ? value : undefined;
    case 't': return typeof value === 'boolean' ? String(value) : undefined;
    default: {
      const digits = /^0([0-9]{1,3})d$/.exec(verb)?.[1];
      return digits !== undefined && isNumber(value) && value >= 0 ? numberText(Math.trunc(value)).padStart(Number(digits), '0') : undefined;
    }
  }
}

function formatList(spec: Value | undefined, args: readonly Value[]): Value | undefined {
  const lengths = args.filter(isList).map(list => list.length);
  if (lengths.length === 0 || args.some(argument => argument instanceof Unknown)) {
    return undefined;
  }
  if (lengths.some(length => length !== lengths[0])) {
    return fail('the lists are not of one length');
  }
  const made = Array.from({ length: lengths[0]! }, (_, index) => format(spec, args.map(argument => isList(argument) ? argument[index]! : argument)));
  return made.every((value): value is Value => value !== undefined) ? made : undefined;
}

function merge(maps: readonly Value[]): Value | undefined {
  const present = maps.filter(map => map !== null);
  if (!present.every(isMap)) {
    return present.some(map => map instanceof Unknown) ? undefined : fail('merge takes objects');
  }
  return new Map(present.flatMap(map => [...map]));
}

function setOf(values: readonly Value[]): readonly Value[] {
  const members = distinct(values);
  return members.every(isString) ? [...members].sort(byCodePoint) : members;
}

function asNumber(value: string): Value {
  const result = Number(value);
  return value.trim() === '' || !Number.isFinite(result) ? fail('it is not a number') : Number.isInteger(result) && !Number.isSafeInteger(result) ? value : result;
}

function flatten(values: readonly Value[], depth: number): Value[] | undefined {
  const members: Value[] = [];
  for (const value of values) {
    if (value instanceof Unknown) {
      // It may be a list of any length; as a member it is compared with the same verdicts.
      members.push(value);
    } else if (isList(value)) {
      for (const inner of flatten(value, depth + 1) ?? []) {
        members.push(inner);
      }
    } else {
      members.push(value);
    }
  }
  return members;
}

function elementOf(list: readonly Value[], index: number): Value {
  return list.length === 0 ? fail('the list is empty') : list[((Math.trunc(index) % list.length) + list.length) % list.length]!;
}

function lookup(map: Value | undefined, key: Value | undefined, fallback: Value | undefined): Value | undefined {
  if (!isMap(map) || typeof key !== 'string') {
    return undefined;
  }
  const found = map.get(toKey(key));
  if (found !== undefined) {
    return found;
  }
  return [...map.keys()].some(candidate => typeof textOfKey(candidate) !== 'string') ? undefined : fallback ?? fail('there is no such key');
}

function sortedEntries(map: ValueMap): [string, Value][] {
  return [...map].sort(([a], [b]) => byCodePoint(a, b));
}

function zip(keys: Value | undefined, values: Value | undefined): Value | undefined {
  if (!isList(keys) || !isList(values)) {
    return undefined;
  }
  return keys.length === values.length ? new Map(keys.map((key, index) => [toKey(toText(key)), values[index]!])) : fail('the lists are not of one length');
}

function contains(list: Value | undefined, value: Value): Value | undefined {
  return isList(list) ? verdictValue(some(list.map(member => same(member, value))), 'contains', list, value) : undefined;
}

function lengthOf(value: Value | undefined): Value | undefined {
  return isList(value) ? value.length : isMap(value) ? value.size : typeof value === 'string' ? [...value].length : undefined;
}

function coalesce(values: readonly Value[]): Value | undefined {
  for (const value of values) {
    if (value instanceof Unknown) {
      return undefined;
    }
    if (value !== null && value !== '') {
      return value;
    }
  }
  return fail('there is nothing but null');
}

function indexOf(list: readonly Value[], value: Value): number {
  const found = list.findIndex(member => keyOf(member) === keyOf(value));
  return found < 0 ? fail('it is not in the list') : found;
}

function range(bounds: readonly Value[]): Value | undefined {
  if (!bounds.every(isNumber) || bounds.length === 0) {
    return undefined;
  }
  const [start, limit] = bounds.length === 1 ? [0, bounds[0]!] : [bounds[0]!, bounds[1]!];
  const stride = bounds[2] ?? (limit < start ? -1 : 1);
  const count = Math.max(Math.ceil((limit - start) / stride), 0);
  // Terraform itself refuses more than 1024.
  return stride === 0 || !(count <= 1024) ? fail('there is no such range') : Array.from({ length: count }, (_, index) => start + index * stride);
}

function setProduct(sets: readonly Value[]): Value | undefined {
  if (!sets.every(isList)) {
    return undefined;
  }
  if (sets.reduce<number>((product, set) => product * set.length, 1) * sets.length > MAX_MEMBERS) {
    return undefined;
  }
  return sets.reduce<readonly (readonly Value[])[]>((product, set) => product.flatMap(row => set.map(member => [...row, member])), [[]]);
}

function setOperation(
  first: Value | undefined, sets: readonly Value[], keep: (member: string, keys: readonly ReadonlySet<string>[]) => boolean,
): Value | undefined {
  if (!isList(first) || !isKnown(first) || !sets.every(isList) || !sets.every(isKnown)) {
    return undefined;
  }
  const keys = sets.map(set => new Set(set.map(keyOf)));
  return distinct(first.filter(member => keep(keyOf(member), keys)));
}

function regex(pattern: Value | undefined, value: Value | undefined): Value | undefined {
  if (typeof pattern !== 'string' || typeof value !== 'string') {
    return undefined;
  }
  const found = safePattern(pattern, '')?.exec(value);
  if (found === undefined) {
    return undefined;
  }
  return found === null ? fail('it does not match') : found.length === 1 ? found[0] : found.slice(1);
}

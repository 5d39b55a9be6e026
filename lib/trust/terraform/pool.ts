import { isMap, Value, ValueMap } from '../value';

/** Most members of a list or object that is kept, longest text in one, and how many texts and values are known at a time. */
const MAX_MEMBERS = 16;
const MAX_LENGTH = 256;
const MAX_KNOWN = 50_000;

/** Keeps one of each small list and object, as what programs write repeats itself; those with unknown parts are left as they are. */
export class Pool {
  /** Numbers of texts and other plain values by what they are, and of lists and objects that are kept. */
  private readonly numbers = new Map<Value, number>();
  private readonly kept = new Map<string, readonly Value[] | ValueMap>();
  private last = 0;

  /** The value, or the equal one that is kept. Its members must have come from here before. */
  public one<V extends readonly Value[] | ValueMap>(value: V): V {
    const key = this.keyOf(value);
    if (key === undefined) {
      return value;
    }
    const before = this.kept.get(key);
    if (before !== undefined) {
      return before as V;
    }
    if (this.numbers.size > MAX_KNOWN) {
      this.numbers.clear();
      this.kept.clear();
    }
    this.kept.set(key, value);
    this.numbers.set(value, ++this.last);
    return value;
  }

  /** What only equal lists and objects have in common; undefined of those that are not kept. */
  private keyOf(value: readonly Value[] | ValueMap): string | undefined {
    const isObject = isMap(value);
    if ((isObject ? value.size : value.length) > MAX_MEMBERS) {
      return undefined;
    }
    let key = isObject ? '{' : '[';
    for (const member of isObject ? [...value].flat() : value) {
      const number = this.numberOf(member);
      if (number === undefined) {
        return undefined;
      }
      key += `${number},`;
    }
    return key;
  }

  private numberOf(value: Value): number | undefined {
    let number = this.numbers.get(value);
    if (number === undefined && (typeof value === 'string' ? value.length <= MAX_LENGTH : typeof value !== 'object' || value === null)) {
      number = ++this.last;
      this.numbers.set(value, number);
    }
    return number;
  }
}

import { equal, every, isList, isMap, isText, keyOf, known, textOfKey, TextValue, Unknown, Value, Verdict } from '../value';
import { numberText } from './json';
import { callSymbol } from './symbols';

/** Why an expression has no value: what Terraform would refuse, and what `try` and `can` look for. */
export class EvaluationError extends Error {}

/** A value as a text, as templates show it. */
export function toText(value: Value): TextValue {
  if (isText(value)) {
    return value;
  }
  if (typeof value === 'number') {
    return numberText(value);
  }
  return typeof value === 'boolean' ? String(value) : fail('it is not a text');
}

/** Whether two values are equal, as far as that is known. */
export function same(a: Value, b: Value): Verdict {
  if (a instanceof Unknown || b instanceof Unknown) {
    return a instanceof Unknown && b instanceof Unknown && a.symbol === b.symbol ? 'yes' : 'unknown';
  }
  if (isText(a) && isText(b)) {
    return equal(a, b);
  }
  if (isList(a) && isList(b)) {
    return a.length === b.length ? every(a.map((member, index) => same(member, b[index]!))) : 'no';
  }
  if (isMap(a) && isMap(b)) {
    if ([...a.keys(), ...b.keys()].some(key => typeof textOfKey(key) !== 'string')) {
      return keyOf(a) === keyOf(b) ? 'yes' : 'unknown';
    }
    return a.size === b.size ? every([...a].map(([key, inner]) => b.has(key) ? same(inner, b.get(key)!) : 'no')) : 'no';
  }
  return known(a === b);
}

/** A verdict as a value; what is unknown by the name of the question. */
export function verdictValue(verdict: Verdict, name: string, ...args: readonly Value[]): Value {
  return verdict === 'unknown' ? callSymbol(name, args) : verdict === 'yes';
}

/** Refuses what Terraform refuses. */
export function fail(reason: string): never {
  throw new EvaluationError(reason);
}

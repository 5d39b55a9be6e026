import { createHash } from 'node:crypto';
import { isList, isMap, Text, textOfKey, Unknown, Value } from '../value';
import { numberText } from './json';
import { sizeOf } from './limits';

/** Longest symbol that is written out; of longer ones the digest is kept, which tells them apart as well. */
const MAX_LENGTH = 4096;
const PLAIN_STEP = /^[\p{ID_Start}_0-9][\p{ID_Continue}-]*$/u;

/** A symbol, short enough to be kept. */
export function symbolOf(name: string): Unknown {
  return new Unknown(name.length <= MAX_LENGTH ? name : `${name.slice(0, 200)}…#${createHash('sha256').update(name).digest('hex')}`);
}

/** What is not known of a call: the same for the same function of the same values. */
export function callSymbol(name: string, args: readonly Value[]): Unknown {
  return symbolOf(`${name}(${args.map(written).join(', ')})`);
}

/** A member of something unknown; `a[0].b` and `a.0.b` are the same. */
export function stepSymbol(of: Unknown, ...steps: readonly (string | number)[]): Unknown {
  return symbolOf([of.symbol, ...steps.map(step => PLAIN_STEP.test(String(step)) ? step : JSON.stringify(step))].join('.'));
}

/** A value as it stands in a symbol. */
export function written(value: Value): string {
  if (sizeOf(value) > MAX_LENGTH * 16) {
    return `…#${createHash('sha256').update(parts(value)).digest('hex')}`;
  }
  return parts(value);
}

function parts(value: Value): string {
  if (value instanceof Unknown) {
    return value.symbol;
  }
  if (value instanceof Text) {
    return `"${value.parts.map(part => typeof part === 'string' ? JSON.stringify(part).slice(1, -1).replaceAll('${', '$${') : `\${${part.symbol}}`).join('')}"`;
  }
  if (typeof value === 'string') {
    return JSON.stringify(value).replaceAll('${', '$${');
  }
  if (isList(value)) {
    return `[${value.map(parts).join(', ')}]`;
  }
  if (isMap(value)) {
    return `{${[...value].map(([key, inner]) => `${parts(textOfKey(key))} = ${parts(inner)}`).sort().join(', ')}}`;
  }
  return typeof value === 'number' ? numberText(value) : String(value);
}

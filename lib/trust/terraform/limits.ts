import { isList, isMap, partsOf, Text, TextValue, Unknown, Value } from '../value';

/** Largest value that is held, in characters and members; more is a mistake or an attack. */
const MAX_SIZE = 4_000_000;
/** Deepest value that is held. */
const MAX_DEPTH = 100;

/** What a value would take written out, and how deep it is. */
interface Measure {
  readonly size: number;
  readonly depth: number;
}

/** Of large values made of values; members are shared, so that a small file can say a huge value. */
const MEASURES = new WeakMap<object, Measure>();
/** Up to this size a value is measured again, as to remember it would take as much as the value. */
const MEASURED_AGAIN = 256;
const LEAF: Measure = { size: 1, depth: 0 };

/** Whether a value is small enough to be held. Its members must have been found so before. */
export function isSmall(value: Value): boolean {
  const { size, depth } = measure(value);
  return size <= MAX_SIZE && depth <= MAX_DEPTH;
}

/** Joins any number of texts, as `text()` joins a few. */
export function joined(pieces: Iterable<TextValue>): TextValue {
  const parts: (string | Unknown)[] = [];
  let run: string[] = [];
  // A run is joined at once, as a text that is put together piece by piece keeps a node for each.
  const flush = () => {
    const known = run.length === 1 ? run[0]! : run.join('');
    if (known !== '') {
      parts.push(known);
    }
    run = [];
  };
  for (const piece of pieces) {
    for (const part of partsOf(piece)) {
      if (typeof part === 'string') {
        run.push(part);
      } else {
        flush();
        parts.push(part);
      }
    }
  }
  flush();
  // A list that grew has room for more, and a copy has not.
  return parts.length > 1 ? new Text([...parts]) : parts[0] ?? '';
}

/** What a value would take written out, in characters and members. */
export function sizeOf(value: Value): number {
  return measure(value).size;
}

function measure(value: Value): Measure {
  if (typeof value === 'string') {
    return { size: value.length + 1, depth: 0 };
  }
  if (value === null || typeof value !== 'object') {
    return LEAF;
  }
  const known = MEASURES.get(value);
  if (known !== undefined) {
    return known;
  }
  let size = 1;
  let depth = 0;
  if (value instanceof Unknown) {
    size += value.symbol.length;
  } else if (value instanceof Text) {
    for (const part of value.parts) {
      size += typeof part === 'string' ? part.length : part.symbol.length;
    }
  } else {
    for (const member of isMap(value) ? value.values() : isList(value) ? value : []) {
      const inner = measure(member);
      size += inner.size;
      depth = Math.max(depth, inner.depth + 1);
    }
    if (isMap(value)) {
      for (const key of value.keys()) {
        size += key.length;
      }
    }
  }
  const result = { size, depth };
  if (size > MEASURED_AGAIN) {
    MEASURES.set(value, result);
  }
  return result;
}

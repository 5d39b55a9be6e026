import { celMap, CelInput, isCelList, isCelMap } from '@bufbuild/cel';
import { isList, isMap, keyOf, Text, TextValue, Unknown, Value } from '../value';

/** What an expression may turn out to be. */
export type Outcome =
  /** This value. */
  | { readonly kind: 'known'; readonly value: CelInput }
  /** An error, which refuses. */
  | { readonly kind: 'error'; readonly reason: string }
  /** A text of which parts are unknown. */
  | { readonly kind: 'text'; readonly text: Text | Unknown }
  /** Some value, the same for the same symbol. */
  | { readonly kind: 'value'; readonly symbol: string }
  | { readonly kind: 'list'; readonly items: readonly Outcome[] }
  /** A map; one that is open may have other entries. */
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Outcome>; readonly open: boolean }
  /** True, false or an error, where those can be. */
  | { readonly kind: 'truth'; readonly yes: boolean; readonly no: boolean; readonly error: boolean }
  /** Anything, or an error. */
  | { readonly kind: 'anything' };

/** Which truths an outcome may be; what is no boolean is an error to the operators of logic. */
export interface Truth {
  readonly yes: boolean;
  readonly no: boolean;
  readonly error: boolean;
}

export const ANYTHING: Outcome = { kind: 'anything' };
export const EITHER: Outcome = { kind: 'truth', yes: true, no: true, error: false };

/** A value that is known. */
export function knownOutcome(value: CelInput): Outcome {
  return { kind: 'known', value };
}

/** An error. */
export function failure(reason: string): Outcome {
  return { kind: 'error', reason };
}

/** A text, known or not. */
export function textOutcome(value: TextValue): Outcome {
  return typeof value === 'string' ? knownOutcome(value) : { kind: 'text', text: value };
}

/** A claim, or any other value of JSON. */
export function outcomeOf(value: Value): Outcome {
  if (value instanceof Unknown) {
    return { kind: 'value', symbol: value.symbol };
  }
  if (value instanceof Text) {
    return textOutcome(value);
  }
  if (isList(value)) {
    return listOutcome(value.map(outcomeOf));
  }
  if (isMap(value)) {
    return mapOutcome(new Map([...value].map(([key, inner]) => [key, outcomeOf(inner)])));
  }
  return knownOutcome(value);
}

/** A list of outcomes; known where all of them are. */
export function listOutcome(items: readonly Outcome[]): Outcome {
  const failed = items.find(item => item.kind === 'error');
  if (failed !== undefined) {
    return failed;
  }
  if (items.some(mayFail)) {
    return ANYTHING;
  }
  const values = items.flatMap(item => item.kind === 'known' ? [item.value] : []);
  return values.length === items.length ? knownOutcome(values) : { kind: 'list', items };
}

/** A map of outcomes, each of which is there; known where all of them are. */
export function mapOutcome(entries: ReadonlyMap<string, Outcome>): Outcome {
  const values = new Map<string, CelInput>();
  for (const [key, entry] of entries) {
    if (entry.kind !== 'known') {
      return { kind: 'map', entries, open: false };
    }
    values.set(key, entry.value);
  }
  return knownOutcome(celMap(values));
}

/** Whether an outcome may be an error. */
export function mayFail(outcome: Outcome): boolean {
  return outcome.kind === 'error' || outcome.kind === 'anything' || (outcome.kind === 'truth' && outcome.error);
}

/** The truths that an outcome may be. */
export function truthOf(outcome: Outcome): Truth {
  switch (outcome.kind) {
    case 'known':
      return { yes: outcome.value === true, no: outcome.value === false, error: typeof outcome.value !== 'boolean' };
    case 'truth':
      return outcome;
    case 'value':
    case 'anything':
      return { yes: true, no: true, error: true };
    default:
      return { yes: false, no: false, error: true };
  }
}

/** The outcome of these truths. */
export function fromTruth({ yes, no, error }: Truth): Outcome {
  if (error && !yes && !no) {
    return failure('no boolean');
  }
  return error || yes === no ? { kind: 'truth', yes, no, error } : knownOutcome(yes);
}

/** A text, be it known in part; undefined for everything else. */
export function textIn(outcome: Outcome): TextValue | undefined {
  return outcome.kind === 'text' ? outcome.text : outcome.kind === 'known' && typeof outcome.value === 'string' ? outcome.value : undefined;
}

/** The members of a list; undefined for what is none, or not known to be one. */
export function itemsOf(outcome: Outcome): readonly Outcome[] | undefined {
  if (outcome.kind === 'list') {
    return outcome.items;
  }
  if (outcome.kind !== 'known') {
    return undefined;
  }
  const { value } = outcome;
  return Array.isArray(value) ? value.map(knownOutcome) : isCelList(value) ? [...value].map(knownOutcome) : undefined;
}

/** The entries of a map with texts for keys; undefined for what is none, or not known to be one. */
export function entriesOf(outcome: Outcome): { readonly entries: ReadonlyMap<unknown, Outcome>; readonly open: boolean } | undefined {
  if (outcome.kind === 'map') {
    return outcome;
  }
  if (outcome.kind !== 'known') {
    return undefined;
  }
  const { value } = outcome;
  return isCelMap(value) ? { entries: new Map([...value].map(([key, inner]) => [key, knownOutcome(inner)])), open: false } : undefined;
}

/** The same for outcomes that are the same value. */
export function keyOfOutcome(outcome: Outcome): string {
  const items = itemsOf(outcome);
  const map = entriesOf(outcome);
  if (items !== undefined) {
    return `[${items.map(keyOfOutcome).join(',')}]`;
  }
  if (map !== undefined) {
    return `{${map.open},${[...map.entries].map(([key, inner]) => `${typeof key}:${JSON.stringify(String(key))}:${keyOfOutcome(inner)}`).sort().join(',')}}`;
  }
  switch (outcome.kind) {
    case 'known':
      return `${typeof outcome.value}:${String(outcome.value)}`;
    case 'text':
      return `text:${keyOf(outcome.text)}`;
    case 'value':
      return `value:${outcome.symbol}`;
    case 'truth':
      return `truth:${outcome.yes}:${outcome.no}:${outcome.error}`;
    default:
      return outcome.kind;
  }
}

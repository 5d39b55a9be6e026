import { Finding } from './finding';
import { endOfString, isKey } from '../input';
import { push } from '../lists';

/** Gives the text of a file that was read; undefined where it cannot be had any more. */
export type TextOf = (file: string) => string | undefined;

/** What a list or object of a file is: where it is one that resources stand in, and how near it is to what was read of them. */
type Place =
  | { readonly kind: 'root' | 'prior' }
  | { readonly kind: 'values' | 'module' | 'resources'; readonly rank: number }
  | { readonly kind: 'types' | 'names'; readonly prefix: string };

/** Findings with the lines of the resources that they are about. Files are read one after the other, and none of them is kept. */
export function withLines(findings: readonly Finding[], textOf: TextOf): readonly Finding[] {
  const addresses = new Map<string, Set<string>>();
  for (const { where: { file, address } } of findings) {
    addresses.set(file, (addresses.get(file) ?? new Set()).add(address));
  }
  const lines = new Map([...addresses].map(([file, wanted]) => {
    const text = textOf(file);
    return [file, text === undefined ? undefined : linesOf(text, wanted)] as const;
  }));
  return findings.map(finding => {
    const line = lines.get(finding.where.file)?.get(finding.where.address);
    return line === undefined ? finding : { ...finding, line };
  });
}

/**
 * The lines, from 1, in which resources of a file of configuration, a plan or a state begin, by address: of configuration that of the name, of what
 * `terraform show -json` prints that of the address. Instances of one resource begin where it does.
 */
export function linesOf(text: string, addresses: Iterable<string>): ReadonlyMap<string, number> {
  const wanted = new Map<string, string[]>();
  for (const address of addresses) {
    push(wanted, address, address);
    const bracket = address.indexOf('[');
    if (bracket > 0) {
      push(wanted, address.slice(0, bracket), address);
    }
  }
  const found = new Map<string, { readonly line: number; readonly rank: number }>();
  const counter = new LineCounter(text);
  const meet = (address: string, index: number, rank: number) => {
    for (const one of wanted.get(address) ?? []) {
      if (rank < (found.get(one)?.rank ?? Infinity)) {
        found.set(one, { line: counter.lineOf(index), rank });
      }
    }
  };
  const open: (Place | undefined)[] = [];
  let next: Place | undefined = { kind: 'root' };
  for (let index = 0; index < text.length; index++) {
    switch (text[index]) {
      case '{':
        open.push(next);
        next = undefined;
        break;
      case '[':
        // Members are what the list is.
        open.push(next);
        break;
      case '}': case ']':
        open.pop();
        next = undefined;
        break;
      case ',':
        next = open.at(-1);
        break;
      case '"': {
        const end = endOfString(text, index);
        if (end <= index) {
          return linesIn(found);
        }
        const place = open.at(-1);
        if (isKey(text, end)) {
          const key = place === undefined ? undefined : stringAt(text, index, end);
          next = place === undefined || key === undefined ? undefined : inside(place, key);
          if (place?.kind === 'names' && key !== undefined) {
            meet(place.prefix + key, index, 0);
          } else if (place?.kind === 'resources' && key === 'address') {
            const start = text.indexOf('"', end + 1);
            meet(stringAt(text, start, endOfString(text, start)) ?? '', index, place.rank);
          }
        }
        index = end;
      }
    }
  }
  return linesIn(found);
}

function linesIn(found: ReadonlyMap<string, { readonly line: number }>): ReadonlyMap<string, number> {
  return new Map([...found].map(([address, { line }]) => [address, line]));
}

/** What stands at a key of a place. What is planned counts before what was there, and that before the list of changes. */
function inside(place: Place, key: string): Place | undefined {
  switch (place.kind) {
    case 'root': return ROOT.get(key);
    case 'prior': return key === 'values' ? { kind: 'values', rank: 1 } : undefined;
    case 'values': return key === 'root_module' ? { kind: 'module', rank: place.rank } : undefined;
    case 'module': return key === 'resources' ? { kind: 'resources', rank: place.rank } : key === 'child_modules' ? place : undefined;
    case 'types': return { kind: 'names', prefix: `${place.prefix}${key}.` };
    default: return undefined;
  }
}

const ROOT: ReadonlyMap<string, Place> = new Map<string, Place>([
  ['resource', { kind: 'types', prefix: '' }], ['data', { kind: 'types', prefix: 'data.' }], ['module', { kind: 'names', prefix: 'module.' }],
  ['planned_values', { kind: 'values', rank: 0 }], ['values', { kind: 'values', rank: 0 }], ['prior_state', { kind: 'prior' }],
  ['resource_changes', { kind: 'resources', rank: 2 }],
]);

/** A string of JSON; undefined where it is none, as the file may be another one by now. */
function stringAt(text: string, start: number, end: number): string | undefined {
  try {
    const value: unknown = JSON.parse(text.slice(start, end + 1));
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Tells the lines of places that are asked for in order. */
class LineCounter {
  private line = 1;
  private next: number;

  constructor(private readonly text: string) {
    this.next = text.indexOf('\n');
  }

  /** The line of a place that is not before the last that was asked for. */
  public lineOf(index: number): number {
    while (this.next >= 0 && this.next < index) {
      this.line++;
      this.next = this.text.indexOf('\n', this.next + 1);
    }
    return this.line;
  }
}

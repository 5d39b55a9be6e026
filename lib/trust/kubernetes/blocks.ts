import { at, isList, isMap, isText, TextValue, Unknown, Value, ValueMap, Verdict } from '../value';

/** How a document spells fields: as the typed resources of Terraform's provider do, or as Kubernetes itself. */
export type Spelling = 'typed' | 'manifest';

/** Lists of Kubernetes that are repeated blocks of Terraform. */
const REPEATED: ReadonlyMap<string, string> = new Map([
  ['containers', 'container'], ['initContainers', 'init_container'], ['volumes', 'volume'], ['volumeMounts', 'volume_mount'],
  ['volumeClaimTemplates', 'volume_claim_template'],
]);

/** The members of a list of blocks. */
export interface Blocks {
  readonly blocks: readonly ValueMap[];
  /** Whether these are all. */
  readonly complete: boolean;
}

/** What stands at a path of Kubernetes' field names; blocks are gone into whether or not they stand in a list. */
export function field(value: Value | undefined, spelling: Spelling, ...path: readonly string[]): Value | undefined {
  let current = value;
  for (const name of path) {
    const inside = isList(current) ? current.find(isMap) ?? current[0] : current;
    current = at(inside, spelled(name, spelling)) ?? undefined;
  }
  return current;
}

/** A text at a path; undefined where there is none or an empty one, which is how plans write what is not set. */
export function textAt(value: Value | undefined, spelling: Spelling, ...path: readonly string[]): TextValue | undefined {
  return textIn(field(value, spelling, ...path));
}

/** A value as text, where it is one that is not empty. */
export function textIn(value: Value | undefined): TextValue | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  return isText(value) && value !== '' ? value : undefined;
}

/** The blocks at a path. */
export function blocksAt(value: Value | undefined, spelling: Spelling, ...path: readonly string[]): Blocks {
  const found = field(value, spelling, ...path);
  if (isMap(found)) {
    return { blocks: [found], complete: true };
  }
  return isList(found) ? { blocks: found.filter(isMap), complete: found.every(isMap) } : { blocks: [], complete: !(found instanceof Unknown) };
}

/** Whether a value is true. */
export function isTrue(value: Value | undefined): Verdict {
  return value === true || value === 'true' ? 'yes' : value instanceof Unknown ? 'unknown' : 'no';
}

/** Spellings that were made before: the names are few, and looked up often. */
const TYPED = new Map<string, string>(REPEATED);

/** How a document spells a field of Kubernetes, for people and for reading. */
export function spelled(name: string, spelling: Spelling): string {
  if (spelling === 'manifest') {
    return name;
  }
  let typed = TYPED.get(name);
  if (typed === undefined) {
    typed = name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
    TYPED.set(name, typed);
  }
  return typed;
}

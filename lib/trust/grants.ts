import { Grant } from './model';
import { isList, isMap, keyOf, Value } from './value';

/** What a change does to what an identity may do. */
export interface GrantsDiff {
  readonly added: readonly Grant[];
  readonly removed: readonly Grant[];
  /** Those of the same permission and resource that say something else now. */
  readonly changed: readonly GrantChange[];
}

/** A grant that says something else after a change. */
export interface GrantChange {
  readonly before: Grant;
  readonly after: Grant;
  readonly addedStatements: readonly Value[];
  readonly removedStatements: readonly Value[];
}

/** How deep statements are compared by meaning; below that they are compared as they stand. */
const MAX_DEPTH = 32;

/** Names that say nothing about what is granted, and lists of actions, in which case does not count; both in lower case. */
const LABELS = new Set(['sid']);
const ACTIONS = new Set(['action', 'actions', 'notaction', 'not_actions']);

/** Compares grants by what they grant: order, repetition, labels of statements, and one value instead of a list of one make no difference. */
export function diffGrants(before: readonly Grant[], after: readonly Grant[]): GrantsDiff {
  let [removed, added] = without(before, after, grantKey);
  // A policy of another name that says the same grants the same.
  [removed, added] = without(removed, added, grant => grant.statements.length === 0 ? undefined : effectKey(grant));
  const changed: GrantChange[] = [];
  [removed, added] = without(removed, added, placeKey, (old, grant) => changed.push(change(old, grant)));
  return { added, removed, changed };
}

/** The canonical form of a grant. */
export function grantKey(grant: Grant): string {
  return `${placeKey(grant)} ${effectKey(grant)}`;
}

function placeKey({ permission, on }: Grant): string {
  return `${keyOf(permission)} ${on === undefined ? '' : keyOf(on)}`;
}

function effectKey({ on, statements }: Grant): string {
  return `${on === undefined ? '' : keyOf(on)} ${canonical(statements)}`;
}

function change(before: Grant, after: Grant): GrantChange {
  const old = new Set(before.statements.map(statement => canonical(statement)));
  const now = new Set(after.statements.map(statement => canonical(statement)));
  return {
    before,
    after,
    addedStatements: after.statements.filter(statement => !old.has(canonical(statement))),
    removedStatements: before.statements.filter(statement => !now.has(canonical(statement))),
  };
}

/** Takes off one of each side as long as both have one of the same key. */
function without(
  before: readonly Grant[], after: readonly Grant[], key: (grant: Grant) => string | undefined, found?: (old: Grant, grant: Grant) => void,
): [Grant[], Grant[]] {
  const olds = new Map<string, Grant[]>();
  const removed = new Set(before);
  for (const old of before) {
    const name = key(old);
    const same = name === undefined ? undefined : olds.get(name);
    if (same !== undefined) {
      same.push(old);
    } else if (name !== undefined) {
      olds.set(name, [old]);
    }
  }
  const added = after.filter(grant => {
    const name = key(grant);
    const old = name === undefined ? undefined : olds.get(name)?.shift();
    if (old !== undefined) {
      removed.delete(old);
      found?.(old, grant);
    }
    return old === undefined;
  });
  return [[...removed], added];
}

function canonical(value: Value, name = '', depth = 0): string {
  if (depth === MAX_DEPTH) {
    return keyOf(value);
  }
  if (isList(value)) {
    return `[${[...new Set(value.map(member => canonical(member, name, depth + 1)))].sort().join(',')}]`;
  }
  if (isMap(value)) {
    const entries = [...value].filter(([key]) => !LABELS.has(key.toLowerCase()))
      .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(isList(inner) || isMap(inner) ? inner : [inner], key, depth + 1)}`);
    return `{${entries.sort().join(',')}}`;
  }
  return ACTIONS.has(name.toLowerCase()) && typeof value === 'string' ? keyOf(value.toLowerCase()) : keyOf(value);
}

import { Note, Terraform, TerraformResource } from '../model';
import { Sensitive } from '../sensitive';
import { Value } from '../value';
import { asTwin } from './cloud-control';
import { ConfigStack } from './config';
import { Document, FindStack, objectOf, own, Stack } from './documents';
import { Budget } from './evaluate';
import { PlanStack } from './plan';

export type { Document } from './documents';

/** Most notes that are kept; what is wrong everywhere is not said more often. */
const MAX_NOTES = 1000;
/** How cdktf names the data source of another stack's outputs. */
const CROSS_STACK = 'cross-stack-reference-input-';

/** Reads documents of Terraform together: JSON configuration as cdktf synthesizes it, and plans and states as `terraform show -json` prints them. */
export function readTerraform(documents: readonly Document[]): Terraform {
  const budget = new Budget();
  const byName = new Map<string, Document[]>();
  for (const document of documents) {
    const key = isShown(document.json) ? `shown ${document.stack} ${document.file}` : `written ${document.stack}`;
    byName.set(key, [...(byName.get(key) ?? []), document]);
  }
  const stacks: Stack[] = [];
  const findStack = finder(stacks);
  for (const [first, ...rest] of byName.values()) {
    stacks.push(isShown(first!.json) ? new PlanStack(first!, budget.sensitive) : new ConfigStack(first!.stack, [first!, ...rest], findStack, budget));
  }
  const resources = stacks.flatMap(stack => stack.resources()).map(asTwin);
  const notes = uniqueNotes(stacks.flatMap(stack => stack.notes));
  if (budget.exhausted) {
    notes.unshift({ message: 'the input is too much to evaluate: what came last is not known' });
  }
  return { ...terraform(resources, notes, budget.sensitive), clusters: new Map(stacks.flatMap(stack => [...stack.clusters()])) };
}

/** Whether a document is what `terraform show -json` prints. */
export function isShown(json: unknown): boolean {
  const document = objectOf(json);
  return document !== undefined && typeof own(document, 'format_version') === 'string'
    && ['values', 'planned_values', 'resource_changes', 'terraform_version'].some(name => own(document, name) !== undefined);
}

function terraform(resources: readonly TerraformResource[], notes: readonly Note[], sensitive: Sensitive): Terraform {
  const byType = new Map<string, TerraformResource[]>();
  for (const resource of resources) {
    for (const key of [resource.type, `${resource.mode} ${resource.type}`]) {
      const before = byType.get(key);
      if (before === undefined) {
        byType.set(key, [resource]);
      } else {
        before.push(resource);
      }
    }
  }
  return { resources, notes, ...!sensitive.isEmpty && { sensitive }, ofType: (type, mode) => byType.get(mode === undefined ? type : `${mode} ${type}`) ?? [] };
}

function uniqueNotes(notes: readonly Note[]): Note[] {
  const unique = new Map<string, Note>();
  for (const note of notes) {
    unique.set(JSON.stringify([note.message, note.where]), note);
  }
  return [...unique.values()].slice(0, MAX_NOTES);
}

/** Finds stacks by the name that cdktf gives a remote state, and else by an equal backend. */
function finder(stacks: readonly Stack[]): FindStack {
  let byName: Map<string, Stack> | undefined;
  let byBackend: Map<string, Stack | undefined> | undefined;
  return ({ name, backend, config }) => {
    if (byName === undefined || byBackend === undefined) {
      byName = new Map();
      byBackend = new Map();
      for (const stack of stacks) {
        byName.set(stack.name, stack);
        const key = stack.backend === undefined ? undefined : backendKey(stack.backend.type, stack.backend.config);
        if (key !== undefined) {
          // Two stacks of one backend cannot be told apart.
          byBackend.set(key, byBackend.has(key) ? undefined : stack);
        }
      }
    }
    const named = name.startsWith(CROSS_STACK) ? byName.get(name.slice(CROSS_STACK.length)) : undefined;
    const key = typeof backend === 'string' ? backendKey(backend, config) : undefined;
    return named ?? (key === undefined ? undefined : byBackend.get(key));
  };
}

/** What a backend's configuration says of the place of the state; undefined where it says nothing, or nothing that is known. */
function backendKey(type: string, config: unknown): string | undefined {
  const entries = config instanceof Map ? [...config as ReadonlyMap<string, Value>] : Object.entries(objectOf(config) ?? {});
  const place = entries.filter(([key, value]) => key !== '//' && value !== null && PLACE.has(key)).sort(([a], [b]) => a < b ? -1 : 1);
  const certain = place.every(([, value]) => typeof value === 'string' && !value.includes('${'));
  return place.length > 0 && certain ? JSON.stringify([type, ...place]) : undefined;
}

/** Arguments of backends that say where a state is, and not how to come to it. */
const PLACE: ReadonlySet<string> = new Set([
  'bucket', 'key', 'prefix', 'path', 'workspace_dir', 'storage_account_name', 'container_name', 'resource_group_name', 'address', 'organization',
  'hostname', 'secret_suffix', 'namespace', 'schema_name', 'conn_str', 'endpoint',
]);

import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Applied, AppliedResource } from '../model';
import { World, WORLD } from '../world';
import { addressOf, companion, isEmpty, shadowName, Stack, valueAt } from './rewrite';
import { appliedResource, ARGUMENTS, fastFolder, readState, stateOf, terraform, together, write, Written } from './run';
import type { Reference } from './template';
import { RESOURCES } from './types';

/** What a plan says of an address, in Terraform's words; what stays as it is, it leaves out. */
export interface Change {
  readonly stack: string;
  readonly address: string;
  readonly action: 'create' | 'update' | 'delete' | 'replace' | 'read';
  /** Of what is replaced, whether the new one is there before the old one goes. */
  readonly createFirst?: boolean;
}

/** One thing that Terraform did in an apply, and all that is there after it. */
export interface Step {
  readonly stack: string;
  readonly address: string;
  readonly action: 'create' | 'update' | 'delete';
  readonly applied: Applied;
}

interface Planned extends Written {
  readonly planFile: string;
  readonly changes: readonly Change[];
}

/** A workspace that keeps the states of stacks, so that a later version of them is planned and applied on what an earlier one left. */
export class ShadowState {
  private readonly folder = fastFolder();
  private readonly written = new Map<string, Written>();
  private readonly adopted = new Map<string, Readonly<Record<string, unknown>>>();

  constructor(private readonly world: World = WORLD) {}

  /** What is there. */
  public get applied(): Applied {
    return together([...this.written.values()]);
  }

  /** What an apply would do. */
  public plan(stacks: readonly Stack[]): readonly Change[] {
    return stacks.flatMap(stack => this.planOne(stack, stacks).changes);
  }

  /** Makes the stacks what is there, where nobody asks in which order: faster than `apply`. */
  public begin(stacks: readonly Stack[]): void {
    for (const stack of stacks) {
      const written = this.writeOne(stack, stacks);
      terraform(written.folder, 'apply', ...ARGUMENTS, '-auto-approve');
      this.written.set(stack.name, written);
    }
  }

  /** Applies the stacks, one thing after another, and says what was planned, and what was done in which order. */
  public apply(stacks: readonly Stack[]): { readonly changes: readonly Change[]; readonly steps: readonly Step[] } {
    const each = stacks.map(stack => {
      const planned = this.planOne(stack, stacks);
      const there = new There(this.applied);
      const out = terraform(planned.folder, 'apply', '-json', '-lock=false', '-parallelism=1', planned.planFile);
      this.written.set(stack.name, planned);
      return { changes: planned.changes, steps: stepsOf(planned, out, there) };
    });
    return { changes: each.flatMap(({ changes }) => changes), steps: each.flatMap(({ steps }) => steps) };
  }

  /**
   * Puts what exists into the state of a stack, as an import does: with what its provider would read of it.
   *
   * @param address a resource that the stack declares, with an import block or to be imported on the command line
   */
  public adopt(stack: string, address: string, values: Readonly<Record<string, unknown>>): void {
    const path = stateOf(this.folder, stack);
    const state = readState(path);
    const reference = referenceOf(address);
    const own = shadowName(reference);
    const fixed = RESOURCES.get(reference.type)?.replacedBy;
    if (fixed === undefined || state.resources.some(resource => resource.name === own)) {
      throw new Error(`${address} is not known here, or is in the state already.`);
    }
    this.adopted.set(`${stack}/${address}`, values);
    const triggers = { value: jsonencode(Object.fromEntries(fixed.map(key => [key, valueAt(values, key, address)]))), type: 'string' };
    const input = { value: values, type: typeOf(values) };
    const resource = (shadow: string, attributes: object) => ({
      mode: 'managed', type: 'terraform_data', name: shadow, provider: 'provider["terraform.io/builtin/terraform"]',
      instances: [{ schema_version: 0, attributes: { id: randomUUID(), triggers_replace: triggers, input: null, output: null, ...attributes } }],
    });
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, JSON.stringify({
      terraform_version: '1.5.0', lineage: randomUUID(), ...state, version: 4, serial: state.serial + 1,
      resources: [...state.resources, resource(own, { input, output: input }), resource(companion(own), {})],
    }));
  }

  /** Removes the states. */
  public close(): void {
    rmSync(this.folder, { recursive: true });
  }

  private writeOne(stack: Stack, stacks: readonly Stack[]): Written {
    const written = write(stack, { stacks, world: this.world, lasting: true, adopted: this.adopted }, this.folder);
    const held = new Set(readState(written.state).resources.map(({ name }) => name));
    const missing = written.imports.find(to => !held.has(shadowName(referenceOf(to))));
    if (missing !== undefined) {
      throw new Error(`${stack.name}: ${missing} is to be imported, and does not exist.`);
    }
    return written;
  }

  private planOne(stack: Stack, stacks: readonly Stack[]): Planned {
    const written = this.writeOne(stack, stacks);
    const planFile = join(written.folder, 'plan');
    // What it shows of values is indented.
    if (/^No changes\./m.test(terraform(written.folder, 'plan', ...ARGUMENTS, `-out=${planFile}`))) {
      return { ...written, planFile, changes: [] };
    }
    const shown: { readonly resource_changes?: readonly ResourceChange[] } = JSON.parse(terraform(written.folder, 'show', '-json', planFile));
    return { ...written, planFile, changes: (shown.resource_changes ?? []).flatMap(change => changeOf(written, change)) };
  }
}

/** What is there while an apply goes on; of what is replaced, both for a while. */
class There {
  private resources: AppliedResource[];
  private readonly outputs: Applied['outputs'];

  constructor(applied: Applied) {
    this.resources = [...applied.resources];
    this.outputs = applied.outputs;
  }

  public get applied(): Applied {
    return { resources: this.resources, outputs: this.outputs };
  }

  public take(action: Step['action'], resource: AppliedResource): void {
    const old = this.resources.findIndex(({ stack, address }) => stack === resource.stack && address === resource.address);
    this.resources = action === 'create' ? [...this.resources, resource]
      : this.resources.flatMap((one, index) => index !== old ? [one] : action === 'update' ? [resource] : []);
  }
}

interface ResourceChange {
  readonly name: string;
  readonly type: string;
  readonly change: { readonly actions: readonly string[]; readonly before: any; readonly after: any; readonly after_unknown: any };
}

const PLANNED: Readonly<Record<string, Change['action']>> = {
  'create': 'create', 'update': 'update', 'delete': 'delete', 'delete,create': 'replace', 'create,delete': 'replace',
};

function changeOf(written: Written, { name, type, change }: ResourceChange): Change[] {
  const reference = type === 'terraform_data' ? originalOf(name) : undefined;
  const action = PLANNED[change.actions.join()];
  if (reference === undefined || action === undefined) {
    return [];
  }
  const [stack, address] = [written.name, addressOf(reference)];
  if (reference.data) {
    // Terraform reads it while it plans, and says nothing, where it knows what to ask for.
    return action !== 'delete' && hasUnknown(change.after_unknown.input) ? [{ stack, address, action: 'read' }] : [];
  }
  const providers = { computed: new Set(written.computed.get(address)), kept: new Set(RESOURCES.get(reference.type)?.kept) };
  if (action === 'update' && isRead(change.before.input, change.after.input, change.after_unknown.input, providers)) {
    return [];
  }
  return [{ stack, address, action, ...action === 'replace' && { createFirst: change.actions[0] === 'create' } }];
}

/** What a resource of the shadow stands for, also one that is no longer declared; nothing for a companion. */
function originalOf(name: string): Reference | undefined {
  const [, data, type, own] = /^(data__)?([a-z0-9_]+?)__(.+)$/s.exec(name) ?? [];
  return type === undefined || companion('') === name.slice(-companion('').length) ? undefined : { data: data !== undefined, type, name: own! };
}

function referenceOf(address: string): Reference {
  const [type, name] = address.split(/\.(.*)/s) as [string, string];
  return { data: false, type, name };
}

function hasUnknown(unknown: unknown): boolean {
  return unknown === true || typeof unknown === 'object' && unknown !== null && Object.values(unknown).some(hasUnknown);
}

/** What is the provider's to say: what it computes, and what it keeps where nobody says it. */
interface Providers {
  readonly computed: ReadonlySet<string>;
  readonly kept: ReadonlySet<string>;
}

/**
 * Whether what is configured is what was read: types do not matter, nor does what the provider computes or keeps where it is not configured, nor
 * what is as empty as what is left out.
 */
function isRead(before: any, after: any, unknown: any, providers: Providers, path = ''): boolean {
  if (unknown === true) {
    return false;
  }
  if (typeof before !== 'object' || typeof after !== 'object' || before === null || after === null) {
    // An object all of whose values are not known yet is written as an empty one.
    return !hasUnknown(unknown) && (before === after || isEmpty(before) && isEmpty(after));
  }
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].every(key => {
    // Of a list, every item is the same to the table.
    const own = Array.isArray(after) ? path : path === '' ? key : `${path}.${key}`;
    return providers.computed.has(own) || providers.kept.has(own) && !(key in after)
      || isRead(before[key], after[key], unknown?.[key], providers, own);
  });
}

/** What Terraform says that it did, one after another; what the plan does not mention is the shadow's own. */
function stepsOf({ name: stack, state, originals, changes }: Planned, out: string, there: There): Step[] {
  const values = new Map(readState(state).resources.map(({ name, instances }) => [name, instances[0]?.attributes.input?.value]));
  const planned = new Set(changes.map(({ address }) => address));
  return out.trim().split('\n').map(line => JSON.parse(line)).filter(({ type }) => type === 'apply_complete').flatMap(({ hook }): Step[] => {
    const name: string = hook.resource.resource_name;
    const reference = originalOf(name);
    if (reference === undefined) {
      return [];
    }
    const address = addressOf(reference);
    const original = originals.get(name) ?? { address, type: reference.type, data: reference.data, provider: '', account: '' };
    there.take(hook.action, appliedResource(stack, original, values.get(name) ?? {}));
    return planned.has(address) && !reference.data ? [{ stack, address, action: hook.action, applied: there.applied }] : [];
  });
}

/** As Terraform's function of this name writes it. */
function jsonencode(value: unknown): string {
  const sorted = (of: any): any => Array.isArray(of) ? of.map(sorted)
    : typeof of === 'object' && of !== null ? Object.fromEntries(Object.keys(of).sort().map(key => [key, sorted(of[key])])) : of;
  return JSON.stringify(sorted(value)).replace(/[<>&\u2028\u2029]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The type that Terraform has for a value as it is written. */
function typeOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return ['tuple', value.map(typeOf)];
  }
  if (typeof value === 'object' && value !== null) {
    return ['object', Object.fromEntries(Object.entries(value).map(([key, item]) => [key, typeOf(item)]))];
  }
  return value === null ? 'dynamic' : typeof value === 'boolean' ? 'bool' : typeof value;
}

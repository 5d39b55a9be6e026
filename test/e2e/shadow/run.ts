import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Applied, AppliedResource } from '../model';
import { Original, Shadow, shadowOf, ShadowOptions, Stack } from './rewrite';

/** A folder in memory, where there is one: Terraform writes its state after every resource, and waits until the disk has it. */
export function fastFolder(): string {
  return mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'workload-federation-'));
}

/** Runs Terraform without a provider, a registry or a configuration of the machine's user; what it says where it fails is the error. */
export function terraform(cwd: string, ...args: string[]): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TF_')));
  const { status, stdout, stderr, error } = spawnSync('terraform', args, {
    cwd, env: { ...env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', GOGC: '400' }, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) {
    throw new Error(`terraform ${args[0]} in the shadow of ${cwd.split('/').at(-1)}: ${error?.message ?? `${stderr}${stderr.trim() === '' ? stdout : ''}`}`);
  }
  return stdout;
}

/** The shadow of a stack, written to its folder in a folder of all stacks. */
export interface Written extends Shadow {
  readonly name: string;
  readonly folder: string;
  readonly state: string;
}

/** Where the state of a stack is, in a folder of all stacks. */
export const stateOf = (folder: string, stack: string) => join(folder, stack, 'terraform.tfstate');

/** Arguments of every run: no question, no lock, and what the world says of variables. */
export const ARGUMENTS = ['-input=false', '-no-color', '-lock=false', '-refresh=false'];

/** Writes the shadow of a stack so that Terraform can run there; the states of others are in the same folder of all stacks, or in another. */
export function write(stack: Stack, options: Omit<ShadowOptions, 'stateOf'>, folder: string, states = folder): Written {
  const shadow = shadowOf(stack, { ...options, stateOf: name => stateOf(states, name) });
  const own = join(folder, stack.name);
  mkdirSync(own, { recursive: true });
  const variables = Object.keys(stack.json.variable ?? {}).filter(name => name in options.world.variables);
  writeFileSync(join(own, 'main.tf.json'), JSON.stringify(shadow.config, undefined, 1));
  writeFileSync(join(own, 'terraform.tfvars.json'), JSON.stringify(Object.fromEntries(variables.map(name => [name, options.world.variables[name]]))));
  return { ...shadow, name: stack.name, folder: own, state: stateOf(folder, stack.name) };
}

/** A `terraform_data` in a state file. */
export interface StateResource {
  readonly type: string;
  readonly name: string;
  readonly mode: 'managed' | 'data';
  readonly instances: { readonly attributes: any }[];
}

interface State {
  readonly resources: StateResource[];
  readonly outputs: Record<string, { readonly value: unknown }>;
  readonly serial: number;
}

/** What a state file holds, if there is one. */
export function readState(path: string): State {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { serial: 0, resources: [], outputs: {} };
}

/** What a shadow's state says was applied. */
export function appliedOf(stack: Written): { readonly resources: AppliedResource[]; readonly outputs: Record<string, unknown> } {
  const { resources, outputs } = readState(stack.state);
  const values = new Map(resources.filter(({ mode }) => mode === 'managed').map(({ name, instances }) => [name, instances[0]?.attributes.input?.value]));
  return {
    resources: [...stack.originals].filter(([name]) => values.has(name))
      .map(([name, original]) => appliedResource(stack.name, original, values.get(name))),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value])),
  };
}

/** A resource as others see it. */
export function appliedResource(stack: string, { address, type, data, provider, account }: Original, values: any): AppliedResource {
  return { stack, address, type, data, provider, account: type.startsWith('google_') ? values.project ?? account : account, values };
}

/** All stacks together. */
export function together(stacks: readonly Written[]): Applied {
  const each = stacks.map(stack => [stack.name, appliedOf(stack)] as const);
  return {
    resources: each.flatMap(([, { resources }]) => resources),
    outputs: Object.fromEntries(each.map(([name, { outputs }]) => [name, outputs])),
  };
}

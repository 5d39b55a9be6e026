import { rmSync } from 'node:fs';
import type { Applied } from '../model';
import { World, WORLD } from '../world';
import type { Stack } from './rewrite';
import { ARGUMENTS, fastFolder, terraform, together, write } from './run';

export type { Stack } from './rewrite';
export { ShadowState } from './state';
export type { Change, Step } from './state';
export { appStacks, exampleStacks, readRawStacks } from './stacks';

/**
 * Has Terraform apply what was synthesized, without a cloud: every resource and data source is written as Terraform's built-in `terraform_data`, whose
 * input is its arguments and what its provider would compute. Expressions, functions, orders and conditions are Terraform's own.
 *
 * @param stacks in the order of their dependencies, as `appStacks` and `exampleStacks` give them
 * @throws Error that says what Terraform says, or what is not known here; nothing is left out in silence
 */
export function shadowApply(stacks: readonly Stack[], world: World = WORLD): Applied {
  const folder = fastFolder();
  try {
    return shadowApplyIn(folder, stacks, world);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** As `shadowApply`, in a folder where the states stay. */
export function shadowApplyIn(folder: string, stacks: readonly Stack[], world: World = WORLD): Applied {
  return together(stacks.map(stack => {
    const written = write(stack, { stacks, world, lasting: false }, folder);
    terraform(written.folder, 'apply', ...ARGUMENTS, '-auto-approve');
    return written;
  }));
}

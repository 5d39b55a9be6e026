import { spawnSync } from 'node:child_process';
import { inFolder } from './synth';
import { describeWhere, testWhere } from './where';

const MISSING = spawnSync('terraform', ['version']).status === 0 ? undefined : 'terraform is not on the PATH';

/** A test that asks Terraform itself; skipped, by a name that says why, where it is not installed. */
export const onTerraform = (name: string, check: jest.ProvidesCallback, timeout?: number) => testWhere(MISSING, name, check, timeout);

/** A suite that asks Terraform itself, whose hooks do not run where it is skipped. */
export const describeOnTerraform = (name: string, suite: () => void) => describeWhere(MISSING, name, suite);

/** What Terraform makes of an expression. */
export function evaluated(expression: string): string {
  const { status, stdout, stderr } = inFolder(cwd => spawnSync('terraform', ['console'], { cwd, input: `base64encode(${expression})\n`, encoding: 'utf8' }));
  expect({ expression, status, stderr: status === 0 ? '' : stderr }).toEqual({ expression, status: 0, stderr: '' });
  return Buffer.from(stdout.trim().slice(1, -1), 'base64').toString();
}

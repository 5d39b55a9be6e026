import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { init, line, run, Stopped, Terraform, validate } from './run';

const FOLDER = join(__dirname, '..', '..', '..', 'examples');

export const EXAMPLES: readonly string[] = readdirSync(FOLDER).filter(name => existsSync(join(FOLDER, name, 'main.ts'))).sort();

/** Examples that are synthesized more than once, and with which variables. */
const STEPS: Readonly<Record<string, readonly NodeJS.ProcessEnv[]>> = { migration: ['0', '1', '2', '3'].map(MIGRATION_STEP => ({ MIGRATION_STEP })) };

/** What an example was synthesized to. */
export interface Synthesized { readonly title: string; readonly outdir: string }

/** Synthesizes an example as a user does, once for each of its steps. */
export async function synthesize(name: string, folder: string, signal: AbortSignal): Promise<Synthesized[]> {
  const all: Synthesized[] = [];
  for (const variables of STEPS[name] ?? [{}]) {
    const said = Object.entries(variables).map(([variable, value]) => `${variable}=${value}`).join(' ');
    const outdir = join(folder, `${name} ${said}`.trim());
    mkdirSync(outdir);
    const { status, stderr } = await run(process.execPath, [...process.execArgv, join(FOLDER, name, 'main.ts')], join(FOLDER, '..'), signal, { ...variables, CDKTF_OUTDIR: outdir });
    if (status !== 0) {
      throw new Stopped(`The example ${name} does not synthesize:\n${stderr.trim()}`);
    }
    all.push({ title: said === '' ? name : `${name} with ${said}`, outdir });
  }
  return all;
}

/** Has Terraform validate every stack that was synthesized, and prints what it says; how many it refuses. */
export async function validateStacks(terraform: Terraform, { title, outdir }: Synthesized): Promise<number> {
  let refused = 0;
  for (const stack of readdirSync(join(outdir, 'stacks')).sort()) {
    const folder = join(outdir, 'stacks', stack);
    await init(terraform, folder, `${title}: ${stack}`);
    const errors = (await validate(terraform, folder)).filter(({ severity }) => severity === 'error');
    console.log(`${title}: ${stack}: ${errors.length === 0 ? 'valid' : errors.map(line).join('\n')}`);
    refused += errors.length === 0 ? 0 : 1;
  }
  return refused;
}

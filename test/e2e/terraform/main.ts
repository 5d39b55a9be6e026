// Asks Terraform and the real providers: whether every example, mechanism and option is valid, and what they make of policy documents.
// npm run test:terraform -- [available] [name …]
// Needs terraform, and a registry or a mirror with the providers (TF_CLI_CONFIG_FILE names its configuration), or with `available` with one of them at
// least: what the others would look at is shadowed. The rest of the tests need neither.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRawStacks } from '../shadow';
import { EXAMPLES, synthesize, validateStacks } from './examples';
import { comparePolicyDocuments } from './policy-documents';
import { RealProviders, StacksOfApp } from './real';
import { run, Stopped, Terraform } from './run';
import { mechanisms, options } from './stacks';

const DOCUMENTS = 'policy-documents';
const AVAILABLE = 'available';
/** Stacks that are made here. */
const MADE: Readonly<Record<string, () => StacksOfApp[]>> = { mechanisms, options };
const NAMES = [...EXAMPLES, ...Object.keys(MADE), DOCUMENTS];

async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const asAvailable = args[0] === AVAILABLE;
  const said = args.slice(asAvailable ? 1 : 0);
  const unknown = said.filter(name => !NAMES.includes(name));
  if (unknown.length > 0) {
    throw new Stopped(`There is no ${unknown.join(', ')}. There are: ${NAMES.join(', ')}; before them, ${AVAILABLE} asks the providers that can be had.`);
  }
  const wanted = said.length > 0 ? said : NAMES;
  const folder = mkdtempSync(join(tmpdir(), 'workload-federation-'));
  const own = (name: string) => {
    const path = join(folder, name);
    mkdirSync(path);
    return path;
  };
  try {
    const cache = own('plugins');
    const terraform: Terraform = (cwd, ...rest) => run('terraform', rest, cwd, signal, { TF_PLUGIN_CACHE_DIR: process.env.TF_PLUGIN_CACHE_DIR ?? cache });
    let refused = 0;
    const apps: StacksOfApp[] = [];
    for (const name of wanted) {
      if (EXAMPLES.includes(name)) {
        for (const synthesized of await synthesize(name, own(name), signal)) {
          if (asAvailable) {
            apps.push({ title: synthesized.title, stacks: readRawStacks(synthesized.outdir) });
          } else {
            refused += await validateStacks(terraform, synthesized);
          }
        }
      }
    }
    apps.push(...wanted.flatMap(name => MADE[name]?.() ?? []));
    if (apps.length > 0) {
      refused += await lookAt(await RealProviders.of(terraform, own('real'), apps, !asAvailable), apps, signal);
    }
    const different = wanted.includes(DOCUMENTS) ? await comparePolicyDocuments(terraform, own(DOCUMENTS), signal) : 0;
    if (refused > 0) {
      console.error(`Terraform refuses ${refused} ${refused === 1 ? 'stack' : 'stacks'}.`);
    }
    return refused + different > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Has the providers look at stacks, and prints what they say; how many they refuse. */
async function lookAt(providers: RealProviders, apps: readonly StacksOfApp[], signal: AbortSignal): Promise<number> {
  console.log(providers.said);
  const { stacks, refused, validated, planned } = await providers.lookAt(apps, signal);
  for (const [what, where] of providers.newer) {
    console.log(`Not looked at, as the version that can be had does not have it: ${what}, in ${where.size} of the stacks.`);
  }
  const others = apps.reduce((sum, app) => sum + app.stacks.length, 0) - stacks;
  console.log(`${stacks} stacks: ${validated} resources and data sources are valid, and ${planned} resources planned twice; ${refused} stacks are refused. ${others} have nothing of these providers.`);
  return refused;
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupted.abort(new Stopped(`Ended by ${signal}.`)));
}
process.stdout.on('error', () => interrupted.abort(new Stopped('Ended, as nobody reads what it says.')));
main(process.argv.slice(2), interrupted.signal).then(status => {
  process.exitCode = status;
}, error => {
  console.error(error instanceof Stopped ? error.message : error);
  process.exitCode = 2;
});

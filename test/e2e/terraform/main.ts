// Asks Terraform and the real providers: whether every example is valid, and what they make of policy documents. npm run test:terraform -- [name …]
// Needs terraform, and a registry or a mirror with the providers (TF_CLI_CONFIG_FILE names its configuration); the rest of the tests need neither.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLES, synthesize, validateStacks } from './examples';
import { comparePolicyDocuments } from './policy-documents';
import { run, Stopped, Terraform } from './run';

const DOCUMENTS = 'policy-documents';
const NAMES = [...EXAMPLES, DOCUMENTS];

async function main(wanted: readonly string[], signal: AbortSignal): Promise<number> {
  const unknown = wanted.filter(name => !NAMES.includes(name));
  if (unknown.length > 0) {
    throw new Stopped(`There is no ${unknown.join(', ')}. There are: ${NAMES.join(', ')}.`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'workload-federation-'));
  try {
    const cache = join(folder, 'plugins');
    mkdirSync(cache);
    const terraform: Terraform = (cwd, ...args) => run('terraform', args, cwd, signal, { TF_PLUGIN_CACHE_DIR: process.env.TF_PLUGIN_CACHE_DIR ?? cache });
    let [refused, different] = [0, 0];
    for (const name of wanted.length > 0 ? wanted : NAMES) {
      const own = join(folder, name);
      mkdirSync(own);
      if (name === DOCUMENTS) {
        different += await comparePolicyDocuments(terraform, own, signal);
        continue;
      }
      for (const synthesized of await synthesize(name, own, signal)) {
        refused += await validateStacks(terraform, synthesized);
      }
    }
    if (refused > 0) {
      console.error(`Terraform refuses ${refused} ${refused === 1 ? 'stack' : 'stacks'}.`);
    }
    return refused + different > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => interrupted.abort(new Stopped(`Ended by ${signal}.`)));
}
main(process.argv.slice(2), interrupted.signal).then(status => {
  process.exitCode = status;
}, error => {
  console.error(error instanceof Stopped ? error.message : error);
  process.exitCode = 2;
});

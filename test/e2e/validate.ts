// Lets Terraform validate every example against the schemas of the real providers: npm run test:terraform -- [name …]
// Needs terraform, and a registry or a mirror with the providers (TF_CLI_CONFIG_FILE names its configuration); the rest of the tests need neither.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const EXAMPLES = join(__dirname, '..', '..', 'examples');
const names = readdirSync(EXAMPLES).filter(name => existsSync(join(EXAMPLES, name, 'main.ts'))).sort();
const wanted = process.argv.slice(2);
const unknown = wanted.filter(name => !names.includes(name));
if (unknown.length > 0) {
  console.error(`There is no example ${unknown.join(', ')}. There are: ${names.join(', ')}.`);
  process.exit(2);
}

interface Run { readonly status: number | null; readonly stdout: string; readonly stderr: string }

function run(command: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Run {
  const { error, ...result } = spawnSync(command, args, { cwd, env: { ...process.env, CHECKPOINT_DISABLE: '1', ...env }, encoding: 'utf8' });
  if (error) {
    console.error(`${command} does not run: ${error.message}`);
    process.exit(2);
  }
  return result;
}

/** What Terraform says against a stack; nothing where it is valid. */
function validate(folder: string, env: NodeJS.ProcessEnv): string[] {
  const init = run('terraform', ['init', '-backend=false', '-input=false', '-no-color'], folder, env);
  if (init.status !== 0) {
    return [`terraform init: ${init.stderr.trim()}`];
  }
  const { stdout, stderr } = run('terraform', ['validate', '-json', '-no-color'], folder, env);
  const { valid, diagnostics } = JSON.parse(stdout || JSON.stringify({ valid: false, diagnostics: [{ severity: 'error', summary: stderr }] }));
  const said = diagnostics.map(({ severity, summary, detail, address }: any) => `${severity}: ${address ? `${address}: ` : ''}${summary}${detail ? `: ${detail}` : ''}`);
  return valid ? said.filter((line: string) => line.startsWith('error')) : said;
}

const folder = mkdtempSync(join(tmpdir(), 'workload-federation-'));
let failed = 0;
try {
  const cache = join(folder, 'plugins');
  mkdirSync(cache);
  for (const name of wanted.length > 0 ? wanted : names) {
    const outdir = join(folder, name);
    mkdirSync(outdir);
    const synth = run(process.execPath, [...process.execArgv, join(EXAMPLES, name, 'main.ts')], join(EXAMPLES, '..'), { CDKTF_OUTDIR: outdir });
    if (synth.status !== 0) {
      throw new Error(`The example ${name} does not synthesize:\n${synth.stderr}`);
    }
    for (const stack of readdirSync(join(outdir, 'stacks')).sort()) {
      const copy = join(folder, `${name}-${stack}`);
      cpSync(join(outdir, 'stacks', stack), copy, { recursive: true });
      const errors = validate(copy, { TF_PLUGIN_CACHE_DIR: cache });
      console.log(`${name}: ${stack}: ${errors.length === 0 ? 'valid' : errors.join('\n')}`);
      failed += errors.length === 0 ? 0 : 1;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (failed > 0) {
  console.error(`Terraform refuses ${failed} ${failed === 1 ? 'stack' : 'stacks'}.`);
  process.exit(1);
}

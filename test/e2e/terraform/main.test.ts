import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeOnTerraform } from '../../terraform';

jest.setTimeout(60_000);

const ROOT = join(__dirname, '..', '..', '..');
const TSX = require.resolve('tsx/cli');

interface Ended { readonly status: number | null; readonly stdout: string; readonly stderr: string; readonly left: readonly string[] }

/** Runs the program with a mirror that has no provider, and says what it leaves behind; ends it by a signal when it has begun. */
async function asked(names: readonly string[], end?: NodeJS.Signals): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'asked-'));
  const [temporary, mirror, rc] = ['tmp', 'mirror', 'terraform.rc'].map(name => join(folder, name)) as [string, string, string];
  [temporary, mirror].forEach(path => mkdirSync(path));
  writeFileSync(rc, `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`);
  const ours = () => readdirSync(temporary).filter(name => name.startsWith('workload-federation-'));
  const child = spawn(process.execPath, [TSX, '--tsconfig', 'tsconfig.dev.json', join(__dirname, 'main.ts'), ...names], {
    cwd: ROOT, env: { ...process.env, TMPDIR: temporary, TF_CLI_CONFIG_FILE: rc }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  const begun = watch(temporary, () => {
    if (end !== undefined && ours().length > 0) {
      child.kill(end);
    }
  });
  try {
    return await new Promise<Ended>((resolve, reject) => {
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', text => { stdout += text; });
      child.stderr.setEncoding('utf8').on('data', text => { stderr += text; });
      child.on('error', reject);
      child.on('close', status => resolve({ status, stdout, stderr, left: ours() }));
    });
  } finally {
    begun.close();
    rmSync(folder, { recursive: true });
  }
}

describeOnTerraform('what asks the real providers refuses', () => {
  test('a name that it does not have, and says which there are', async () => {
    const { status, stdout, stderr, left } = await asked(['artikel']);
    expect({ status, stdout, left, stderr }).toEqual({ status: 2, stdout: '', left: [], stderr: expect.any(String) });
    expect(stderr).toMatch(/^There is no artikel\. There are: accounts, .*, mechanisms, options, policy-documents; before them, available asks/m);
  });

  test('to say anything where providers are out of reach, and leaves nothing behind', async () => {
    const { status, stdout, stderr, left } = await asked(['article']);
    expect({ status, stdout, left, stderr }).toEqual({ status: 2, stdout: '', left: [], stderr: expect.any(String) });
    expect(stderr).toContain('terraform init of article: article fails. Providers come from a registry, or from a mirror that the file named by TF_CLI_CONFIG_FILE configures.');
  });

  test('to say anything of the providers that can be had where there is none, and names each', async () => {
    const { status, stdout, stderr, left } = await asked(['available', 'gtoken']);
    expect({ status, stdout, left, stderr }).toEqual({ status: 2, stdout: '', left: [], stderr: expect.any(String) });
    expect(stderr).toContain('No provider can be had. They come from a registry, or from a mirror that the file named by TF_CLI_CONFIG_FILE configures.');
    expect([...stderr.matchAll(/^(\w+): Error/gm)].map(([, name]) => name)).toEqual(['aws', 'google', 'kubernetes']);
  });

  test('to do without a provider where it is not told to', async () => {
    const { status, stdout, stderr, left } = await asked(['options']);
    expect({ status, stdout, left, stderr }).toEqual({ status: 2, stdout: '', left: [], stderr: expect.any(String) });
    expect(stderr).toContain('No provider can be had.');
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('to go on after %s, and leaves nothing behind', async signal => {
    const { status, stdout, stderr, left } = await asked([], signal);
    expect({ status, stdout, left, stderr }).toEqual({ status: 2, stdout: '', left: [], stderr: expect.any(String) });
    expect(stderr).toContain(`Ended by ${signal}.`);
  });
});

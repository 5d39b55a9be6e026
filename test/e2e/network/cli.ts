import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { accessSync, constants, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { LoopbackInternet } from './internet';
import { namespaces } from './namespaces';
import type { RunningPod } from '../model';

/** How a command ended. */
export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const PATIENCE = 120_000;
/** What a node answers at, beside its names. */
const LINK_LOCAL = ['169.254.169.254', '169.254.170.23'];
/** Where each tool reads whom to trust; the system's own lists are not asked then. */
const TRUST_VARIABLES = ['AWS_CA_BUNDLE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE', 'CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE'];
/** No questions, no reports, no pager: none of it says who the caller is. */
const QUIET: Readonly<Record<string, string>> = {
  AWS_PAGER: '',
  CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
  CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
  CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
  AZURE_CORE_COLLECT_TELEMETRY: 'no',
  LANG: 'C.UTF-8',
};

/** Of these tools more than one version is in use, and each has clients of its own. */
const SEVERAL_VERSIONS: ReadonlySet<string> = new Set(['aws']);

/** A command line tool as it is installed. */
export interface Tool {
  readonly directory: string;
  /** Where several versions of the tool are in use: `2.9.19`. */
  readonly version?: string;
}

const tools = new Map<string, readonly Tool[]>();

/** The installations of a command line tool (`aws`, `gcloud`, `az`) on the PATH: the first one, or that of each version. */
export function installed(cli: string, path = process.env.PATH ?? ''): readonly Tool[] {
  const id = JSON.stringify([cli, path]);
  const known = tools.get(id);
  if (known !== undefined) {
    return known;
  }
  const directories = path.split(delimiter).filter(directory => directory !== '' && isProgram(join(directory, cli)));
  const programs = firstOfEach(directories, directory => realpathSync(join(directory, cli)));
  const versioned = (directory: string) => versionOf(join(directory, cli)).map((version): Tool => ({ directory, version }));
  const all = SEVERAL_VERSIONS.has(cli)
    ? firstOfEach(programs.flatMap(versioned), ({ version }) => version) : programs.slice(0, 1).map((directory): Tool => ({ directory }));
  tools.set(id, all);
  return all;
}

function firstOfEach<T>(items: readonly T[], keyOf: (item: T) => unknown): readonly T[] {
  const keys = items.map(keyOf);
  return items.filter((_, index) => keys.indexOf(keys[index]) === index);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** What a program says of itself; nothing where it cannot run. */
function versionOf(program: string): readonly string[] {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /^[a-z-]+\/(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.slice(1) ?? [];
}

/** Why a command line tool cannot run here as in a container; undefined where it can. */
export function cliMissing(cli: string): string | undefined {
  if (installed(cli).length === 0) {
    return `${cli} is not installed`;
  }
  return namespaces() === undefined ? 'no mounts and network of its own for a program here (unshare)' : undefined;
}

/**
 * Runs a command as a container of a pod: its environment and files, an empty home, and a network in which every name leads to the stand-ins.
 * No proxy stands between: the tools ask link-local services without one. Fails where a stand-in broke. Programs are looked for in the tool's directory first.
 */
export async function runCli(
  tool: Tool, internet: LoopbackInternet, pod: RunningPod, container: string, argv: readonly [string, ...string[]],
): Promise<CommandResult> {
  const running = pod.containers.get(container);
  const options = namespaces();
  if (running === undefined || options === undefined) {
    throw new Error(running === undefined ? `the pod ${pod.name} has no container ${container}` : 'no namespaces on this machine');
  }
  const { socketPath } = await internet.listen();
  const directory = mkdtempSync(join(tmpdir(), 'cli-'));
  const pass = randomUUID();
  const failures: unknown[] = [];
  const release = internet.admitPass(pass, pod, error => failures.push(error));
  try {
    const bundle = join(directory, 'ca.pem');
    writeFileSync(bundle, internet.authority.pem);
    const trust = Object.fromEntries(TRUST_VARIABLES.map(name => [name, bundle]));
    const result = await execute(options, JSON.stringify({
      gateway: socketPath,
      pass,
      files: [...running.files],
      unreadable: [...running.unreadable ?? []],
      env: { PATH: [tool.directory, process.env.PATH].join(delimiter), ...QUIET, ...trust, ...running.env },
      argv,
      linkLocal: LINK_LOCAL.filter(address => internet.exists(address)),
    }));
    if (failures.length > 0) {
      throw failures[0];
    }
    return result;
  } finally {
    release();
    rmSync(directory, { recursive: true, force: true });
  }
}

function execute(options: readonly string[], configuration: string): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('unshare', [...options, process.execPath, join(__dirname, 'pod.cjs')], { stdio: 'pipe' });
    const output = { stdout: '', stderr: '' };
    const patience = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`no end in ${PATIENCE / 1000} s: ${output.stderr}`));
    }, PATIENCE);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.once('error', reject);
    child.once('close', status => {
      clearTimeout(patience);
      resolve({ status: status ?? 128, ...output });
    });
    child.stdin.end(configuration);
  });
}

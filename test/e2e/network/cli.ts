import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { LoopbackInternet } from './internet';
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

let found: readonly string[] | undefined;

/** The options by which this machine gives a program mounts and a network of its own; undefined where it does not. */
export function namespaces(): readonly string[] | undefined {
  const probe = 'ip link set lo up && mount --make-rprivate / && mount -t tmpfs tmpfs "$(realpath /var/run)"';
  found ??= [['--mount', '--net'], ['--user', '--map-root-user', '--mount', '--net']]
    .find(options => spawnSync('unshare', [...options, 'sh', '-c', probe], { stdio: 'ignore' }).status === 0) ?? [];
  return found.length === 0 ? undefined : found;
}

/** Why a command line tool (`aws`, `gcloud`, `az`) cannot run here as in a container; undefined where it can. */
export function cliMissing(cli: string): string | undefined {
  if (spawnSync('sh', ['-c', `command -v ${cli}`], { stdio: 'ignore' }).status !== 0) {
    return `${cli} is not installed`;
  }
  return namespaces() === undefined ? 'no mounts and network of its own for a program here (unshare)' : undefined;
}

/**
 * Runs a command as a container of a pod: its environment and files, an empty home, and a network in which every name leads to the stand-ins.
 * No proxy stands between: the tools ask link-local services without one. Fails where a stand-in broke.
 */
export async function runCli(
  internet: LoopbackInternet, pod: RunningPod, container: string, argv: readonly [string, ...string[]],
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
      env: { PATH: process.env.PATH ?? ['/usr/local/bin', '/usr/bin', '/bin'].join(delimiter), ...QUIET, ...trust, ...running.env },
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

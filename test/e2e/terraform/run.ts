import { spawn } from 'node:child_process';

/** What a program printed, and its status. */
export interface Run { readonly status: number | null; readonly stdout: string; readonly stderr: string }

/** Why nothing can be said: a program that is missing, providers out of reach, a signal; its message is for people. */
export class Stopped extends Error {
  /** What Terraform says of it, if it is Terraform that stops. */
  public constructor(message: string, public readonly terraform?: string) {
    super(message);
  }
}

/**
 * Runs a program to its end.
 *
 * A signal ends it once, and with time to end what it began: Terraform that is interrupted twice leaves its providers behind. So it is in a group of its own.
 */
export async function run(command: string, args: readonly string[], cwd: string, signal: AbortSignal, env: NodeJS.ProcessEnv = {}): Promise<Run> {
  signal.throwIfAborted();
  const child = spawn(command, args, { cwd, env: { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const end = () => child.kill('SIGTERM');
  signal.addEventListener('abort', end);
  try {
    return await new Promise<Run>((resolve, reject) => {
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', text => { stdout += text; });
      child.stderr.setEncoding('utf8').on('data', text => { stderr += text; });
      child.on('error', error => reject(new Stopped(`${command} does not run: ${error.message}`)));
      child.on('close', status => signal.aborted ? reject(signal.reason as Error) : resolve({ status, stdout, stderr }));
    });
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** What Terraform says to a command in a folder; its providers are installed once for all folders that have the same cache. */
export type Terraform = (folder: string, ...args: string[]) => Promise<Run>;

/** Has Terraform install the providers of a folder. */
export async function init(terraform: Terraform, folder: string, what: string): Promise<void> {
  const { status, stderr } = await terraform(folder, 'init', '-backend=false', '-input=false', '-no-color');
  if (status !== 0) {
    throw new Stopped(`terraform init of ${what} fails. Providers come from a registry, or from a mirror that the file named by TF_CLI_CONFIG_FILE configures.\n${stderr.trim()}`, stderr.trim());
  }
}

/** A diagnostic as Terraform prints it in JSON. */
export interface Diagnostic {
  readonly severity: string;
  readonly summary: string;
  readonly detail?: string;
  readonly address?: string;
  /** Where it is about what is written, and not about a resource: the block. */
  readonly snippet?: { readonly context?: string | null };
}

/** What Terraform has against the configuration of a folder. */
export async function validate(terraform: Terraform, folder: string): Promise<readonly Diagnostic[]> {
  const { stdout, stderr } = await terraform(folder, 'validate', '-json', '-no-color');
  // What is no JSON is of Terraform itself, and no diagnostic.
  return stdout.startsWith('{') ? JSON.parse(stdout).diagnostics : [{ severity: 'error', summary: stderr.trim() }];
}

/** A diagnostic for people. */
export function line({ severity, address, snippet, summary, detail }: Diagnostic): string {
  return [severity, address ?? snippet?.context, summary, detail].filter(Boolean).join(': ');
}

import { cliMissing, type CommandResult, installed, runCli, type Tool } from './cli';
import type { LoopbackInternet } from './internet';
import { testWhere } from '../../where';
import type { RunningPod } from '../model';

/** Runs a command as a container of a pod, with the installation of the tool that the test is for. */
export type RunCommand = (
  internet: LoopbackInternet, pod: RunningPod, container: string, argv: readonly [string, ...string[]],
) => Promise<CommandResult>;

/** Since which versions of a tool, one for each major version, something is known to it. */
export interface Since {
  readonly what: string;
  readonly versions: readonly string[];
}

/** https://docs.aws.amazon.com/eks/latest/userguide/pod-id-minimum-sdk.html */
export const EKS_POD_IDENTITY: Since = { what: 'EKS Pod Identity', versions: ['1.30.0', '2.15.0'] };

/** A test by a command line tool, once for each of its versions that is installed, or its name and why it is skipped. */
export function byCli(cli: string, name: string, body: (run: RunCommand) => Promise<void>, since?: Since): void {
  const missing = cliMissing(cli);
  if (missing !== undefined) {
    testWhere(missing, name, async () => undefined);
    return;
  }
  for (const tool of installed(cli)) {
    const lacks = since !== undefined && isOlder(tool, since) ? `${cli} ${tool.version} does not know ${since.what} yet` : undefined;
    const named = lacks !== undefined || tool.version === undefined ? name : `${name} (${cli} ${tool.version.split('.')[0]})`;
    testWhere(lacks, named, () => body((...command) => runCli(tool, ...command)));
  }
}

/** Whether a tool is before the version of its own major number; a major number that nobody names is newer than all. */
export function isOlder({ version }: Tool, { versions }: Since): boolean {
  const [major, ...rest] = partsOf(version);
  const [, ...first] = versions.map(partsOf).find(parts => parts[0] === major) ?? [];
  const differs = first.findIndex((part, index) => part !== rest[index]);
  return differs >= 0 && rest[differs]! < first[differs]!;
}

const partsOf = (version = '') => version.split('.').map(Number);

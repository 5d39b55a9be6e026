import { extname } from 'node:path';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { check } from '../trust/check/check';
import { Findings, hasAtLeast } from '../trust/check/finding';
import { findingsToJson } from '../trust/check/json';
import { parseLiveIssuers } from '../trust/check/live-issuers';
import { findingsToMarkdown } from '../trust/check/markdown';
import { Level } from '../trust/check/rules';
import { findingsToSarif } from '../trust/check/sarif';
import { parseSuppressions } from '../trust/check/suppressions';
import { findingsToText } from '../trust/check/text';
import { diffTrust, isChanged } from '../trust/diff';
import { kubernetesToken } from '../trust/explain/candidates';
import { explainRefusals, explainToken, Explanation, Outcome } from '../trust/explain/explain';
import { explanationToJson, explanationToMarkdown, explanationToText } from '../trust/explain/render';
import { readToken } from '../trust/explain/token';
import { InputError, readInputs } from '../trust/input';
import { Token } from '../trust/model';
import { Model, readModel } from '../trust/read';
import { readRefusal } from '../trust/refusals/catalogue';
import { readEvent } from '../trust/refusals/events';
import { changesToJson, changesToMarkdown, changesToText, Changes, makeChanges } from '../trust/report/changes';
import { reportToHtml } from '../trust/report/html';
import { reportToJson } from '../trust/report/json';
import { reportToMarkdown } from '../trust/report/markdown';
import { reportToMermaid } from '../trust/report/mermaid';
import { makeReport, Report, ReportFilter } from '../trust/report/report';
import { reportToSvg } from '../trust/report/svg';
import { reportToText } from '../trust/report/text';

/** What the command needs of the world. */
export interface Surroundings {
  /** The version of the package. */
  readonly version: string;
  readonly showsProgress: boolean;
  readonly color: boolean;
  /** The width of the terminal; undefined where there is none. */
  readonly width?: number;
  readStandardInput(): string;
  readFile(path: string): string;
  writeFile(path: string, text: string): void;
  /** Writes to standard output. */
  print(text: string): void;
  /** Writes to standard error. */
  warn(text: string): void;
  /** The time in milliseconds since 1970. */
  now(): number;
}

/** The exit code for input that cannot be read, and for a command line that makes no sense. */
const FAILED = 3;

/** After this many milliseconds, a terminal is told what is being done. */
const PATIENCE = 1_000;

interface Format<T> {
  readonly name: string;
  /** How the names of files end that have it. */
  readonly endings: readonly string[];
  render(value: T, surroundings: Surroundings): string;
}

const REPORT_FORMATS: readonly Format<Report>[] = [
  { name: 'text', endings: ['.txt'], render: (report, { width, color }) => reportToText(report, { width, color }) },
  { name: 'markdown', endings: ['.md'], render: reportToMarkdown },
  { name: 'json', endings: ['.json'], render: reportToJson },
  { name: 'mermaid', endings: ['.mmd', '.mermaid'], render: reportToMermaid },
  { name: 'svg', endings: ['.svg'], render: reportToSvg },
  { name: 'html', endings: ['.html', '.htm'], render: reportToHtml },
];

const CHANGES_FORMATS: readonly Format<Changes>[] = [
  { name: 'text', endings: ['.txt'], render: (changes, { width, color }) => changesToText(changes, { width, color }) },
  { name: 'markdown', endings: ['.md'], render: changesToMarkdown },
  { name: 'json', endings: ['.json'], render: changesToJson },
];

const EXPLANATION_FORMATS: readonly Format<Explanation>[] = [
  { name: 'text', endings: ['.txt'], render: (explanation, { width, color }) => explanationToText(explanation, { width, color }) },
  { name: 'markdown', endings: ['.md'], render: explanationToMarkdown },
  { name: 'json', endings: ['.json'], render: explanationToJson },
];

const FINDINGS_FORMATS: readonly Format<Findings>[] = [
  { name: 'text', endings: ['.txt'], render: (findings, { color }) => findingsToText(findings, { color }) },
  { name: 'markdown', endings: ['.md'], render: findingsToMarkdown },
  { name: 'json', endings: ['.json'], render: findingsToJson },
  { name: 'sarif', endings: ['.sarif'], render: (findings, { version }) => findingsToSarif(findings, { version }) },
];

const LEVELS: readonly Level[] = ['error', 'warning', 'note'];

const OUTCOMES: Readonly<Record<Outcome, number>> = { accepted: 0, refused: 1, unknown: 2 };

const INPUTS = `PATH is a cdktf.out folder, a folder with *.tf.json, one such file, or what "terraform show -json" prints of a plan or a state;
several are read together, "-" is standard input.`;

const KINDS_OF_CHANGE = ['new', 'widened', 'changed', 'narrowed', 'removed', 'grants', 'unknown'] as const;

/**
 * Runs the command `workload-federation`.
 * @returns the exit code: 0, or 1 where what was asked to fail on was found or a token is refused, or 2 where it is not known whether it is, or 3 where
 * input or command line are at fault
 */
export async function run(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const started = surroundings.now();
  let code = 0;
  const progress = (what: string) => {
    if (surroundings.showsProgress && surroundings.now() - started > PATIENCE) {
      surroundings.warn(`${what} …\n`);
    }
  };
  const read = (paths: readonly string[], input = () => surroundings.readStandardInput()): Model => {
    const documents = readInputs(paths, input);
    progress(`Reading ${documents.length} ${documents.length === 1 ? 'document' : 'documents'}`);
    const model = readModel(documents);
    progress(`Found ${model.identities.length} identities`);
    return model;
  };
  const write = <T>(formats: readonly Format<T>[], value: T, options: { format?: string; output?: string }) => {
    const format = formatOf(formats, options);
    progress(`Writing ${format.name}`);
    const toFile = options.output !== undefined;
    const text = format.render(value, toFile ? { ...surroundings, color: false, width: undefined } : surroundings);
    const ended = text.endsWith('\n') ? text : `${text}\n`;
    if (toFile) {
      writeText(options.output!, ended, surroundings);
    } else {
      surroundings.print(ended);
    }
  };

  const program = new Command('workload-federation')
    .description('Says from Terraform who may become whom in AWS, Google Cloud and Azure.')
    .version(surroundings.version)
    .exitOverride()
    .configureOutput({ writeOut: text => surroundings.print(text), writeErr: text => surroundings.warn(text) })
    .showHelpAfterError('(add --help for what there is)');
  const command = (name: string, formats: readonly Format<never>[]) => program.command(name)
    .addOption(new Option('-f, --format <format>', 'how to print it; by the ending of --output, or text').choices(formats.map(format => format.name)))
    .option('-o, --output <file>', 'write to a file instead of standard output')
    .exitOverride()
    .configureOutput({ writeOut: text => surroundings.print(text), writeErr: text => surroundings.warn(text) });

  command('report', REPORT_FORMATS)
    .description(`Prints who may become whom, and what they may do.\n\n${INPUTS}`)
    .argument('<path...>', 'what to read')
    .option('--subject <text>', 'only subjects that are, match (* and ?) or hold the text')
    .option('--identity <text>', 'only identities whose name, address or construct path is, matches or holds the text')
    .option('--issuer <text>', 'only issuers that are, match or hold the text')
    .addHelpText('after', `
Examples:
  $ workload-federation report cdktf.out
  $ workload-federation report cdktf.out --output report.html
  $ terraform show -json plan.out | workload-federation report - --format markdown
  $ workload-federation report cdktf.out --subject 'system:serviceaccount:reports:*' --identity Reader`)
    .action((paths: string[], options: ReportFilter & { format?: string; output?: string }) => {
      const { subject, identity, issuer } = options;
      write(REPORT_FORMATS, makeReport(read(paths), { subject, identity, issuer }), options);
    });

  command('diff', CHANGES_FORMATS)
    .description(`Prints what a change does to who may become whom: decided by which tokens are accepted, and not by the text.\n\n${INPUTS}`)
    .argument('<before>', 'what to read as the state before')
    .argument('<after>', 'what to read as the state after')
    .option('--fail-on <changes>', `exit with 1 where there is one of these, separated by commas: ${KINDS_OF_CHANGE.join(', ')}`, listOfChanges)
    .addHelpText('after', `
Examples:
  $ workload-federation diff before/cdktf.out cdktf.out
  $ workload-federation diff before/cdktf.out cdktf.out --format markdown --output comment.md --fail-on new,widened,changed,unknown`)
    .action((before: string, after: string, options: { format?: string; output?: string; failOn?: readonly string[] }) => {
      const [old, now] = [before, after].map(path => read([path]).identities);
      const diff = diffTrust(old!, now!);
      write(CHANGES_FORMATS, makeChanges(diff), options);
      const found = new Set(diff.identities.flatMap(each => [each.change as string, ...isChanged({ ...each, change: 'same' }) ? ['grants'] : []]));
      code = options.failOn?.some(kind => found.has(kind)) === true ? 1 : 0;
    });

  command('explain', EXPLANATION_FORMATS)
    .description(`Prints why a token is, or would be, refused or accepted: each gate with what it wants and what it has, and what to change.
Exits with 0 where it is accepted, 1 where it is refused, 2 where that is not known.\n\n${INPUTS}`)
    .argument('<path...>', 'what to read')
    .option('--token <file>', 'a token, or its claims as JSON; "-" is standard input; the signature is neither checked nor printed')
    .option('--issuer <url>', 'the issuer of the token; each that is registered where it is left out')
    .option('--namespace <name>', 'the namespace of the service account')
    .option('--service-account <name>', 'the name of the service account')
    .option('--audience <audience>', 'the audience of the token')
    .option('--error <message>', 'what the cloud, an SDK or Kubernetes said; "-" is standard input')
    .option('--event <file>', 'what the cloud recorded: of CloudTrail, Google\'s audit log or Entra\'s sign-in log; "-" is standard input')
    .option('--at <time>', 'the time of the refusal, as in 2026-01-31T02:00:00Z or in seconds since 1970; now, where a token is given', timeOf)
    .option('--to <identity>', 'only identities whose name, address or construct path is or holds this')
    .addHelpText('after', `
Examples:
  $ workload-federation explain cdktf.out --error 'Not authorized to perform sts:AssumeRoleWithWebIdentity'
  $ workload-federation explain cdktf.out --namespace reports --service-account reader --audience sts.amazonaws.com --to Reader
  $ kubectl create token reader -n reports --audience sts.amazonaws.com | workload-federation explain cdktf.out --token -
  $ workload-federation explain cdktf.out --event cloudtrail.json --format markdown`)
    .action((paths: string[], options: ExplainCommandOptions) => {
      const question = questionOf(options, surroundings);
      const model = read(paths);
      const explanation = question.token === undefined
        ? explainRefusals(model, question.refusals, question) : explainToken(model, question.token, question);
      write(EXPLANATION_FORMATS, explanation, options);
      code = OUTCOMES[explanation.outcome];
    });

  command('check', FINDINGS_FORMATS)
    .description(`Prints what is risky or cannot work in who may become whom, by rules with stable ids.\n\n${INPUTS}`)
    .argument('<path...>', 'what to read')
    .option('--suppressions <file>', 'findings that are accepted: a JSON list of {rule, where, reason, expires}')
    .option('--live-issuers <file>', 'the issuers that exist today, one in a line or as a JSON list: trust of others is found')
    .addOption(new Option('--fail-on <level>', 'exit with 1 where there is a finding of this level or a graver one').choices([...LEVELS, 'never']).default('warning'))
    .addHelpText('after', `
Examples:
  $ workload-federation check cdktf.out
  $ workload-federation check cdktf.out --output trust.sarif --suppressions trust-suppressions.json
  $ aws eks describe-cluster --name apps --query cluster.identity.oidc.issuer --output text > issuers.txt
  $ workload-federation check cdktf.out --live-issuers issuers.txt --fail-on error`)
    .action((paths: string[], options: CheckCommandOptions) => {
      const optional = <T>(file: string | undefined, parse: (text: string, name: string) => T) =>
        file === undefined ? undefined : parse(fileText(file, surroundings), file);
      const suppressions = optional(options.suppressions, parseSuppressions);
      const liveIssuers = optional(options.liveIssuers, parseLiveIssuers);
      const texts = new Texts(surroundings);
      const model = read(paths, () => texts.standardInput());
      const findings = check(model, { suppressions, liveIssuers, now: new Date(surroundings.now()), textOf: file => texts.of(file) });
      write(FINDINGS_FORMATS, findings, options);
      code = options.failOn !== 'never' && hasAtLeast(findings, options.failOn) ? 1 : 0;
    });

  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? 0 : FAILED;
    }
    if (error instanceof InputError) {
      surroundings.warn(`${error.message}\n`);
      return FAILED;
    }
    throw error;
  }
}

function formatOf<T>(formats: readonly Format<T>[], { format, output }: { format?: string; output?: string }): Format<T> {
  const ending = output === undefined ? undefined : extname(output).toLowerCase();
  return formats.find(({ name }) => name === format)
    ?? formats.find(({ endings }) => ending !== undefined && endings.includes(ending))
    ?? formats[0]!;
}

function listOfChanges(value: string): readonly string[] {
  const kinds = value.split(',').map(kind => kind.trim()).filter(kind => kind !== '');
  const other = kinds.find(kind => !KINDS_OF_CHANGE.some(known => known === kind));
  if (other !== undefined || kinds.length === 0) {
    throw new InvalidArgumentError(`Choose from ${KINDS_OF_CHANGE.join(', ')}.`);
  }
  return kinds;
}

function writeText(file: string, text: string, surroundings: Surroundings): void {
  try {
    surroundings.writeFile(file, text);
  } catch (error) {
    throw new InputError(file, `it cannot be written (${(error as NodeJS.ErrnoException).code})`, 'pass the path of a file in a folder that exists');
  }
}

interface CheckCommandOptions {
  readonly format?: string;
  readonly output?: string;
  readonly suppressions?: string;
  readonly liveIssuers?: string;
  readonly failOn: Level | 'never';
}

/** The text of a file that an option names. */
function fileText(file: string, surroundings: Surroundings): string {
  if (file === '-') {
    return surroundings.readStandardInput();
  }
  try {
    return surroundings.readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(file, code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})`, 'pass the path of a file, or "-" for standard input');
  }
}

/** The texts of what is read, for who asks for them once more. */
class Texts {
  /** Standard input cannot be read twice. */
  private kept: string | undefined;

  constructor(private readonly surroundings: Surroundings) {}

  public standardInput(): string {
    return this.kept = this.surroundings.readStandardInput();
  }

  /** The text of a file; undefined where it is gone. */
  public of(file: string): string | undefined {
    try {
      return file === '-' ? this.kept : this.surroundings.readFile(file);
    } catch {
      return undefined;
    }
  }
}

interface ExplainCommandOptions {
  readonly format?: string;
  readonly output?: string;
  readonly token?: string;
  readonly issuer?: string;
  readonly namespace?: string;
  readonly serviceAccount?: string;
  readonly audience?: string;
  readonly error?: string;
  readonly event?: string;
  readonly at?: number;
  readonly to?: string;
}

/** What is asked: about a token, or about what was said or recorded. */
function questionOf(options: ExplainCommandOptions, surroundings: Surroundings): {
  readonly token?: Token; readonly refusals: ReturnType<typeof readRefusal>; readonly at?: number; readonly to?: string;
} {
  const { token, namespace, serviceAccount, issuer, audience, error, event, at, to } = options;
  const text = (file: string) => fileText(file, surroundings);
  const claims = namespace !== undefined || serviceAccount !== undefined;
  const ways = [token !== undefined, claims, error !== undefined, event !== undefined].filter(Boolean).length;
  if (ways !== 1 || (claims && (namespace === undefined || serviceAccount === undefined)) || (!claims && (issuer ?? audience) !== undefined)) {
    throw new InputError('explain', 'it is not clear what is asked', 'pass one of --token, --error, --event, or --namespace with --service-account (and --issuer, --audience)');
  }
  if (token !== undefined) {
    return { token: readToken(token, text(token)), refusals: [], at: at ?? Math.floor(surroundings.now() / 1000), to };
  }
  if (claims) {
    return { token: kubernetesToken({ issuer, namespace: namespace!, serviceAccount: serviceAccount!, audience }), refusals: [], at: undefined, to };
  }
  const refusals = error !== undefined ? readRefusal(error === '-' ? text(error) : error) : readEvent(text(event!));
  if (refusals.length === 0) {
    throw error === undefined
      ? new InputError(event!, 'it holds no record of a refusal', 'pass what CloudTrail, Google\'s audit log or Entra\'s sign-in log has of it')
      : new InputError('explain', 'the message is not known', 'pass more of it, or the claims of the token by --namespace and --service-account');
  }
  return { refusals, at, to };
}

function timeOf(value: string): number {
  const seconds = /^\d{1,12}$/.test(value) ? Number(value) : Date.parse(value) / 1000;
  if (!Number.isFinite(seconds)) {
    throw new InvalidArgumentError('Write it like 2026-01-31T02:00:00Z, or in seconds since 1970.');
  }
  return Math.floor(seconds);
}

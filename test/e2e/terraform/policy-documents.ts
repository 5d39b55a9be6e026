import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { LITERAL_AND_TOKENS } from '../../clusters';
import { MECHANISMS, workloadOf } from '../../mechanisms';
import { stackIn } from '../../synth';
import { Applied } from '../model';
import { appStacks, readRawStacks, shadowApply } from '../shadow';
import { Arguments, DOCUMENTS, randomDocuments, REFUSED } from './documents';
import { EXAMPLES, synthesize } from './examples';
import { byName, isKnownToShadow, meaning, ordered, READ_OTHERWISE, renderedByReader, renderedByShadow, stackOf } from './renderings';
import { Diagnostic, init, Stopped, Terraform, validate } from './run';
import { escaped } from '../shadow/rewrite';

/** What the provider rendered of the table of documents, by which `npm test` judges without it. */
const RENDERED = join(__dirname, 'rendered.json');
const SEED = 20_261_121;

export interface Rendered { readonly version: string; readonly documents: Readonly<Record<string, string>> }

export const rendered = (): Rendered => JSON.parse(readFileSync(RENDERED, 'utf8'));

/** Documents that were applied, by where they are, with what the shadow apply rendered of them. */
type Found = ReadonlyMap<string, { readonly args: Arguments; readonly json: string }>;

/** Compares what the AWS provider makes of policy documents with what the shadow apply and lib/trust make of them, and prints it; how many differ. */
export async function comparePolicyDocuments(terraform: Terraform, folder: string, signal: AbortSignal): Promise<number> {
  const examples = new Map<string, { args: Arguments; json: string }>();
  for (const name of EXAMPLES) {
    for (const { title, outdir } of await synthesize(name, folder, signal)) {
      found(title, shadowApply(readRawStacks(outdir))).forEach((document, where) => examples.set(where, document));
    }
  }
  const mechanisms = ofMechanisms(signal);
  const random = randomDocuments(300, SEED);
  const resolved: Found = new Map([...examples, ...mechanisms]);
  const all = new Map([...[...resolved].map(([where, { args }]) => [where, args] as const), ...DOCUMENTS, ...random]);

  const { version, texts } = await renderedByProvider(terraform, join(folder, 'documents'), all);
  const applied = [...resolved].map(([where, { json }]) => [where, json] as const);
  const shadow = new Map([...renderedByShadow(new Map([...DOCUMENTS, ...random])), ...applied]);
  const reader = renderedByReader(all);
  const differences = [...all.keys()].flatMap(name => [
    ...difference(name, 'the shadow apply', texts.get(name)!, shadow.get(name), ordered),
    ...READ_OTHERWISE.has(name) ? [] : difference(name, 'lib/trust', texts.get(name)!, reader.get(name), meaning),
  ]);
  const accepted = await acceptedByProvider(terraform, join(folder, 'refused'));
  differences.push(
    ...accepted.map(name => `${name}: the provider does not refuse it`),
    ...[...REFUSED].filter(([, args]) => isKnownToShadow(args)).map(([name]) => `${name}: the shadow apply does not refuse it`),
    ...keep({ version, documents: Object.fromEntries([...DOCUMENTS.keys()].map(name => [name, texts.get(name)!])) }),
  );
  const unknown = (of: ReadonlyMap<string, unknown>) => [...all.keys()].filter(name => of.get(name) === undefined).length;
  differences.forEach(line => console.log(line));
  console.log(
    `policy-documents: ${all.size} documents (${examples.size} of examples, ${mechanisms.size} of mechanisms, ${DOCUMENTS.size} of a table, ${random.size} at random) as version ${version} of the AWS `
    + `provider renders them: the shadow apply renders ${all.size - unknown(shadow)} of them and refuses ${unknown(shadow)}, lib/trust reads ${all.size - unknown(reader)} and says of `
    + `${unknown(reader)} that they are not known, and ${READ_OTHERWISE.size} otherwise; ${REFUSED.size} that the provider refuses; ${differences.length} differences`,
  );
  return differences.length;
}

/** The documents of what was applied. */
function found(title: string, { resources }: Applied): Found {
  return new Map(resources.filter(({ type, data }) => data && type === 'aws_iam_policy_document').map(({ stack, address, values }) => {
    const { json, minified_json: _, ...args } = values;
    return [`${title}: ${stack}: ${address}`, { args: escaped(args) as Arguments, json }];
  }));
}

function ofMechanisms(signal: AbortSignal): Found {
  const rows = MECHANISMS.filter(({ to }) => to === 'AWS').flatMap(row => LITERAL_AND_TOKENS.map(([known, clusters]) => {
    signal.throwIfAborted();
    const applied = shadowApply(appStacks(app => {
      const stack = stackIn(app);
      const workload = workloadOf(row, clusters, stack);
      new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
    }));
    return found(`${row.from} to ${row.to}: ${row.by} with ${known}`, applied);
  }));
  return new Map(rows.flatMap(row => [...row]));
}

async function renderedByProvider(terraform: Terraform, folder: string, documents: ReadonlyMap<string, Arguments>) {
  mkdirSync(folder);
  write(folder, documents);
  await init(terraform, folder, 'policy documents');
  const { status, stderr } = await terraform(folder, 'apply', '-auto-approve', '-input=false', '-no-color');
  if (status !== 0) {
    throw new Stopped(`The AWS provider does not render the documents:\n${stderr.trim()}`);
  }
  const { resources } = JSON.parse(readFileSync(join(folder, 'terraform.tfstate'), 'utf8')) as { resources: { type: string; name: string; instances: { attributes: any }[] }[] };
  const texts = new Map(resources.map(({ type, name, instances: [instance] }) => {
    const { json, minified_json: minified } = instance!.attributes;
    if (ordered(json) !== ordered(minified)) {
      throw new Stopped(`The AWS provider renders two documents of one: ${json}, ${minified}`);
    }
    return [`data.${type}.${name}`, minified as string];
  }));
  const { provider_selections: selections } = JSON.parse((await terraform(folder, 'version', '-json')).stdout) as { provider_selections: Record<string, string> };
  return { version: Object.values(selections).join(), texts: byName(documents, texts) };
}

/** Which of what it must refuse the provider takes: neither the form of its arguments is refused, nor what they say when they are read. */
async function acceptedByProvider(terraform: Terraform, folder: string): Promise<string[]> {
  mkdirSync(folder);
  write(folder, REFUSED);
  await init(terraform, folder, 'policy documents');
  const formed = without(REFUSED, await validate(terraform, folder));
  write(folder, formed);
  const { stdout } = await terraform(folder, 'plan', '-json', '-input=false');
  const lines = stdout.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line) as { diagnostic?: Diagnostic });
  return [...without(formed, lines.flatMap(({ diagnostic }) => diagnostic ?? [])).keys()];
}

function write(folder: string, documents: ReadonlyMap<string, Arguments>): void {
  writeFileSync(join(folder, 'main.tf.json'), JSON.stringify(stackOf(documents), undefined, 1));
}

/** The documents that no diagnostic is about. */
function without(documents: ReadonlyMap<string, Arguments>, diagnostics: readonly Diagnostic[]): ReadonlyMap<string, Arguments> {
  const about = byName(documents, new Map(diagnostics.map(({ address = '', summary }) => [address, summary])));
  return new Map([...documents].filter(([name]) => about.get(name) === undefined));
}

function difference(name: string, by: string, provider: string, other: string | undefined, view: (text: string) => string): string[] {
  return other === undefined || view(provider) === view(other) ? []
    : [`${name}: by the AWS provider and by ${by}:\n  ${ordered(provider)}\n  ${ordered(other)}`];
}

/** Writes what the provider rendered, or compares it with what was written. */
function keep(now: Rendered): string[] {
  if (process.env.PROOF_WRITE !== undefined) {
    writeFileSync(RENDERED, `${JSON.stringify(now, undefined, 2)}\n`);
    return [];
  }
  const before = rendered();
  return Object.entries(now.documents).filter(([name, text]) => before.documents[name] !== text)
    .map(([name, text]) => `${name}: ${text} now, and by version ${before.version} ${before.documents[name]}; PROOF_WRITE=1 writes what it is now`);
}

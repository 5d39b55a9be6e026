import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AzureadProvider } from '@cdktf/provider-azuread/lib/provider';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';

/** Terraform JSON of a stack, by block, type and name. */
export interface StackJson {
  readonly resource: Record<string, Record<string, any>>;
  readonly data: Record<string, Record<string, any>>;
  readonly [block: string]: any;
}

/** Drops what differs from run to run or says nothing to a reader: construct paths, versions, the place of the state. */
function essence(stack: any): StackJson {
  const { '//': _, terraform, ...rest } = stack;
  const blocks = JSON.parse(JSON.stringify(rest, (key, value) => key === '//' ? undefined : value));
  return { ...blocks, resource: blocks.resource ?? {}, data: blocks.data ?? {} };
}

/** Runs something with a folder of its own, in which the app synthesizes. */
export function inFolder<T>(run: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'workload-federation-'));
  try {
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What an app wrote, by stack. */
export function readStacks(folder: string): Record<string, StackJson> {
  const stacks = join(folder, 'stacks');
  return Object.fromEntries(readdirSync(stacks).map(name => [name, essence(JSON.parse(readFileSync(join(stacks, name, 'cdk.tf.json'), 'utf8')))]));
}

/** Synthesizes an app, as `cdktf synth` does, and reads what was written. */
export function synthApp(build: (app: App) => void): Record<string, StackJson> {
  return inFolder(folder => {
    const app = new App({ outdir: folder });
    build(app);
    app.synth();
    return readStacks(folder);
  });
}

/** A stack with a provider of each cloud. */
export function stackIn(app: App, id = 'stack'): TerraformStack {
  const stack = new TerraformStack(app, id);
  new AwsProvider(stack, 'Aws', { region: 'eu-west-1' });
  new GoogleProvider(stack, 'Google', { project: 'acme-apps' });
  new AzurermProvider(stack, 'Azurerm', { features: [{}] });
  new AzureadProvider(stack, 'Azuread');
  new KubernetesProvider(stack, 'Kubernetes', { configPath: '~/.kube/config' });
  return stack;
}

/** Synthesizes one stack with a provider of each cloud. */
export function synthStack(build: (stack: TerraformStack) => void): StackJson {
  return synthApp(app => build(stackIn(app))).stack!;
}

/** A stack that is never synthesized, for what constructors refuse. */
export function scratchStack(): TerraformStack {
  return inFolder(folder => stackIn(new App({ outdir: folder })));
}

/** Every address of a stack with its body. */
export function addresses(stack: StackJson): Record<string, unknown> {
  const all: Record<string, unknown> = {};
  for (const [prefix, block] of [['', stack.resource], ['data.', stack.data]] as const) {
    for (const [type, resources] of Object.entries(block)) {
      for (const [name, body] of Object.entries(resources)) {
        all[`${prefix}${type}.${name}`] = body;
      }
    }
  }
  return all;
}

/** Every address of a stack with its body, without the digests that cdktf ends ids with; test/no-surprise.test.ts holds the addresses as they are. */
export function readableAddresses(stack: StackJson): Record<string, any> {
  const all = addresses(stack);
  const readable = JSON.parse(JSON.stringify(all).replace(/_[0-9A-F]{8}(?![0-9A-Za-z])/g, '')) as Record<string, any>;
  expect(Object.keys(readable)).toHaveLength(Object.keys(all).length);
  return readable;
}

/** The folder of the examples. */
export const EXAMPLES = join(__dirname, '..', 'examples');

/** Runs an example as a user would, but for the folder it writes to. */
export function runExample(name: string, folder: string): void {
  process.env.CDKTF_OUTDIR = folder;
  try {
    jest.isolateModules(() => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports
      require(join(EXAMPLES, name, 'main'));
    });
  } finally {
    delete process.env.CDKTF_OUTDIR;
  }
}

/** What an example synthesizes, by stack. */
export function synthExample(name: string): Record<string, StackJson> {
  return inFolder(folder => {
    runExample(name, folder);
    return readStacks(folder);
  });
}

/** The addresses that a change adds, removes and alters. */
export function changes(old: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>) {
  return {
    added: Object.keys(now).filter(address => !(address in old)).sort(),
    removed: Object.keys(old).filter(address => !(address in now)).sort(),
    changed: Object.keys(now).filter(address => address in old && JSON.stringify(now[address]) !== JSON.stringify(old[address])).sort(),
  };
}

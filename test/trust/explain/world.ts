import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'cdktf';
import { Model, readModel } from '../../../lib/trust/read';
import { inFolder, runExample } from '../../synth';

/** What was synthesized, by stack, with all that a user's file has. */
export type Stacks = Record<string, any>;

const EXAMPLES = new Map<string, string>();

function read(folder: string): string {
  const stacks = join(folder, 'stacks');
  return JSON.stringify(Object.fromEntries(readdirSync(stacks).map(name => [name, JSON.parse(readFileSync(join(stacks, name, 'cdk.tf.json'), 'utf8'))])));
}

/** A copy of what an example synthesizes. */
export function example(name: string): Stacks {
  const text = EXAMPLES.get(name) ?? inFolder(folder => {
    runExample(name, folder);
    return read(folder);
  });
  EXAMPLES.set(name, text);
  return JSON.parse(text) as Stacks;
}

/** What an app of one's own synthesizes. */
export function synthesized(build: (app: App) => void): Stacks {
  return inFolder(folder => {
    const app = new App({ outdir: folder });
    build(app);
    app.synth();
    return JSON.parse(read(folder)) as Stacks;
  });
}

/** The model of stacks that are read together. */
export function modelOf(stacks: Stacks): Model {
  return readModel(Object.entries(stacks).map(([stack, json]) => ({ file: `cdktf.out/stacks/${stack}/cdk.tf.json`, stack, json: json as unknown })));
}

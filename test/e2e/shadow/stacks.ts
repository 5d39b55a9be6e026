import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'cdktf';
import type { Stack } from './rewrite';
import { inFolder, runExample } from '../../synth';

/** The stacks that an app wrote to a folder, in the order of their dependencies. */
export function readRawStacks(folder: string): Stack[] {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    readonly stacks: Record<string, { readonly dependencies: string[]; readonly synthesizedStackPath: string }>;
  };
  const ordered = new Map<string, Stack>();
  const visit = (name: string): void => {
    const { dependencies, synthesizedStackPath } = manifest.stacks[name]!;
    dependencies.forEach(dependency => ordered.has(dependency) || visit(dependency));
    if (!ordered.has(name)) {
      ordered.set(name, { name, json: JSON.parse(readFileSync(join(folder, synthesizedStackPath), 'utf8')) });
    }
  };
  Object.keys(manifest.stacks).sort().forEach(visit);
  return [...ordered.values()];
}

/** What an app synthesizes, as it is written. */
export function appStacks(build: (app: App) => void): Stack[] {
  return inFolder(folder => {
    const app = new App({ outdir: folder });
    build(app);
    app.synth();
    return readRawStacks(folder);
  });
}

/** What an example synthesizes, as it is written. */
export function exampleStacks(name: string): Stack[] {
  return inFolder(folder => {
    runExample(name, folder);
    return readRawStacks(folder);
  });
}

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { inFolder } from './synth';
import { describeOnTerraform } from './terraform';

const KUBECTL = spawnSync('kubectl', ['version', '--client']).status === 0;

/** A suite that asks Terraform and kubectl themselves; skipped, by a name that says why, where one is not installed. */
export const describeOnKubectl = (name: string, suite: () => void) =>
  KUBECTL ? describeOnTerraform(name, suite) : describe.skip(`${name} (kubectl is not on the PATH)`, suite);

/** What kubectl answers, which needs no cluster, in a folder with some files. */
function answered(files: Readonly<Record<string, string>>, ...args: string[]): string {
  return inFolder(folder => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const { status, stdout, stderr } = spawnSync('kubectl', args, { cwd: folder, encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    return stdout;
  });
}

/** What kustomize makes of a user's objects, by what a kustomization says beside them, and by files in the folder `federation`. */
export function kustomized(files: Readonly<Record<string, string>>, users: readonly object[], kustomization: object = { components: ['federation'] }): any[] {
  const own = Object.fromEntries(Object.entries(files).map(([name, text]) => [join('federation', name), text]));
  const text = answered({
    ...own, 'users.yaml': users.map(user => stringify(user)).join('---\n'), 'kustomization.yaml': stringify({ resources: ['users.yaml'], ...kustomization }),
  }, 'kustomize', '.');
  return parseAllDocuments(text).map(document => document.toJS());
}

/** What `kubectl patch` makes of an object by a strategic merge patch. */
export function patched(object: object, patch: object): any {
  const files = { 'object.json': JSON.stringify(object), 'patch.json': JSON.stringify(patch) };
  return JSON.parse(answered(files, 'patch', '--local', '--type', 'strategic', '--filename', 'object.json', '--patch-file', 'patch.json', '--output', 'json'));
}

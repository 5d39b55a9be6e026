import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { inFolder } from './synth';
import { describeOnTerraform } from './terraform';
import { describeWhere, testWhere } from './where';

const MISSING = spawnSync('kubectl', ['version', '--client']).status === 0 ? undefined : 'kubectl is not on the PATH';

/** A test that asks kubectl itself; skipped, by a name that says why, where it is not installed. */
export const onKubectl = (name: string, check: jest.ProvidesCallback, timeout?: number) => testWhere(MISSING, name, check, timeout);

/** A suite that asks Terraform and kubectl themselves; skipped, by a name that says why, where one is not installed. */
export const describeOnKubectl = (name: string, suite: () => void) =>
  MISSING === undefined ? describeOnTerraform(name, suite) : describeWhere(MISSING, name, suite);

/** What kubectl answers, which needs no cluster, in a folder with some files. */
function answered(files: Readonly<Record<string, string>>, ...args: string[]): string {
  return inFolder(folder => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const { status, stdout, stderr } = spawnSync('kubectl', args, { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, timeout: 60_000 });
    expect([status, stderr]).toEqual([0, '']);
    return stdout;
  });
}

/** The objects that kustomize makes of the files of a folder. */
export const kustomizedFolder = (files: Readonly<Record<string, string>>): any[] =>
  parseAllDocuments(answered(files, 'kustomize', '.')).map(document => document.toJS());

/** Objects as a file. */
export const objectsAsYaml = (objects: readonly object[]): string => objects.map(object => stringify(object)).join('---\n');

/** What kustomize makes of a user's objects, by what a kustomization says beside them, and by files in the folder `federation`. */
export function kustomized(files: Readonly<Record<string, string>>, users: readonly object[], kustomization: object = { components: ['federation'] }): any[] {
  const own = Object.fromEntries(Object.entries(files).map(([name, text]) => [join('federation', name), text]));
  return kustomizedFolder({ ...own, 'users.yaml': objectsAsYaml(users), 'kustomization.yaml': stringify({ resources: ['users.yaml'], ...kustomization }) });
}

/** What `kubectl patch` makes of an object by a strategic merge patch. */
export function patched(object: object, patch: object): any {
  const files = { 'object.json': JSON.stringify(object), 'patch.json': JSON.stringify(patch) };
  return JSON.parse(answered(files, 'patch', '--local', '--type', 'strategic', '--filename', 'object.json', '--patch-file', 'patch.json', '--output', 'json'));
}

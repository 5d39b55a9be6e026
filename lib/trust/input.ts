import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, join, resolve, sep } from 'node:path';
import { Document } from './terraform/read';

/** Input that cannot be read: the message names the file, what is wrong with it, and what to do. */
export class InputError extends Error {
  constructor(public readonly file: string, problem: string, remedy: string) {
    super(`${shown(file)}: ${problem}; ${remedy}`);
    this.name = 'InputError';
  }
}

/** Largest file that is read, in bytes: what a text of JavaScript can hold. */
const MAX_BYTES = 512 * 1024 * 1024;
/** Deepest nesting that is read. */
const MAX_DEPTH = 200;
const SHOW = 'run `terraform show -json` on the plan or state, and pass what it prints';
const WANTED = 'pass a cdktf.out folder, a folder with *.tf.json, one such file, or what `terraform show -json` prints';

/** The documents of one stack, and the name that it has where another has the same. */
interface Found {
  readonly stack: string | undefined;
  readonly path: string;
  readonly documents: readonly Omit<Document, 'stack'>[];
}

/**
 * Reads folders and files of Terraform JSON, and standard input by the name `-`.
 *
 * Stacks have the names that cdktf gives them; a sole file that stands for itself has none, several are called as their files.
 */
export function readInputs(paths: readonly string[], stdin: () => string = () => readFileSync(0, 'utf8')): Document[] {
  const found = [...new Set(paths)].flatMap(path => path === '-' ? [fromText(path, stdin())] : isFolder(path) ? folder(path) : [oneFile(path)]);
  const names = new Map<string, number>();
  const nameOf = ({ stack, path }: Found) => stack ?? (found.length === 1 ? '' : basename(resolve(path)).replace(/(?:\.tf)?\.json$/, ''));
  found.forEach(one => names.set(nameOf(one), (names.get(nameOf(one)) ?? 0) + 1));
  return found.flatMap(one => {
    const name = nameOf(one);
    const stack = names.get(name) === 1 ? name : one.path;
    return one.documents.map(document => ({ ...document, stack }));
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    throw new InputError(path, 'there is no such file or folder', WANTED);
  }
}

function folder(path: string): Found[] {
  const names = list(path);
  if (names.includes('manifest.json')) {
    return manifest(path);
  }
  if (names.includes('stacks')) {
    const stacks = list(join(path, 'stacks')).filter(name => list(join(path, 'stacks', name)).includes('cdk.tf.json'));
    if (stacks.length > 0) {
      return stacks.map(name => inFolder(path, join('stacks', name, 'cdk.tf.json'), name));
    }
  }
  const files = names.filter(name => name.endsWith('.tf.json'));
  if (files.length > 0) {
    const stack = /[\\/]stacks[\\/]([^\\/]+)$/.exec(resolve(path))?.[1];
    return [{ stack, path, documents: files.flatMap(name => inFolder(path, name, undefined).documents) }];
  }
  if (names.length === 0) {
    throw new InputError(path, 'the folder is empty', WANTED);
  }
  throw names.some(name => name.endsWith('.tf'))
    ? new InputError(path, 'the folder has configuration in HCL, which is not read', SHOW)
    : new InputError(path, 'the folder has neither manifest.json, nor stacks, nor *.tf.json', WANTED);
}

/** What is in a folder, in order; nothing where it is none. */
function list(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch {
    return [];
  }
}

/** The stacks of a cdktf.out folder, as its manifest names them. */
function manifest(path: string): Found[] {
  const name = join(path, 'manifest.json');
  const { stacks } = Object(fromText(name, contents(name)).documents[0]!.json) as { stacks?: unknown };
  const found = Object.entries(Object(stacks) as Record<string, unknown>).map(([stack, entry]) => {
    const { synthesizedStackPath } = Object(entry) as { synthesizedStackPath?: unknown };
    if (typeof synthesizedStackPath !== 'string') {
      throw new InputError(name, `the stack ${JSON.stringify(stack.slice(0, 80))} has no synthesizedStackPath`, 'synthesize again');
    }
    return inFolder(path, synthesizedStackPath, stack);
  });
  if (found.length === 0) {
    throw new InputError(name, 'it names no stacks', WANTED);
  }
  return found;
}

/** A file of a folder; one outside of it is not followed. */
function inFolder(path: string, name: string, stack: string | undefined): Found {
  const target = resolve(path, name);
  let real: string;
  try {
    real = realpathSync(target);
  } catch {
    throw new InputError(join(path, name), 'there is no such file', 'synthesize again');
  }
  const [folderPath, given] = [realpathSync(path) + sep, resolve(path) + sep];
  if (!real.startsWith(folderPath) || !target.startsWith(given)) {
    throw new InputError(join(path, name), 'it is outside of the folder', 'pass the file itself');
  }
  return { ...fromText(join(path, name), contents(join(path, name))), stack };
}

function oneFile(path: string): Found {
  if (path.endsWith('.tf')) {
    throw new InputError(path, 'it is configuration in HCL, which is not read', SHOW);
  }
  const stack = /[\\/]stacks[\\/]([^\\/]+)[\\/]cdk\.tf\.json$/.exec(resolve(path))?.[1];
  return { ...fromText(path, contents(path)), stack };
}

function contents(path: string): string {
  let size: number;
  try {
    size = statSync(path).size;
  } catch {
    throw new InputError(path, 'there is no such file', WANTED);
  }
  if (size > MAX_BYTES) {
    throw new InputError(path, `it has ${size} bytes, more than ${MAX_BYTES}`, 'pass the stacks one by one');
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(path, `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`, 'check that it is a file that you may read');
  }
}

function fromText(path: string, text: string): Found {
  if (text.startsWith('PK\u0003\u0004')) {
    throw new InputError(path, 'it is a plan in Terraform\'s own binary format', `run \`terraform show -json ${path === '-' ? 'PLAN' : shown(path)}\`, and pass what it prints`);
  }
  const json = parse(path, text.startsWith('\uFEFF') ? text.slice(1) : text);
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new InputError(path, 'it is not an object of JSON', WANTED);
  }
  if ('version' in json && 'lineage' in json && 'serial' in json) {
    throw new InputError(path, 'it is Terraform\'s raw state', 'run `terraform show -json` where it is the state, and pass what it prints');
  }
  if (isTooDeep(json)) {
    throw new InputError(path, `it is nested deeper than ${MAX_DEPTH}`, 'pass what Terraform or cdktf wrote, as it is');
  }
  return { stack: undefined, path, documents: [{ file: path, json }] };
}

function parse(path: string, text: string): unknown {
  if (text.trim() === '') {
    throw new InputError(path, 'it is empty', WANTED);
  }
  try {
    return JSON.parse(text);
  } catch {
    if (text.startsWith('{"@level"')) {
      throw new InputError(path, 'it is the log that `terraform plan -json` prints', `write the plan with -out; ${SHOW}`);
    }
    throw new InputError(path, 'it is not JSON', WANTED);
  }
}

function isTooDeep(json: unknown): boolean {
  let level: unknown[] = [json];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) {
      return true;
    }
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'object' && value !== null) {
        for (const inner of Object.values(value)) {
          if (typeof inner === 'object' && inner !== null) {
            next.push(inner);
          }
        }
      }
    }
    level = next;
  }
  return false;
}

/** A path for people: what would move the cursor or change colours is written out. */
function shown(path: string): string {
  return path === '-' ? 'standard input' : path.replace(/\p{C}/gu, character => JSON.stringify(character).slice(1, -1).replace(/^[^\\]/, '?'));
}

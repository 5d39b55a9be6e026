import { readdirSync, readFileSync, realpathSync, Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { bodiesOf, objectOf, own } from './terraform/documents';
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

/** Deepest place where a key that is written twice is looked for: the arguments of a resource, with lists around all that is around them. */
const KEYS_DEPTH = 8;
/** What a file of configuration has at its top; see https://developer.hashicorp.com/terraform/language/syntax/json. */
const BLOCKS = [
  'resource', 'data', 'module', 'provider', 'terraform', 'locals', 'variable', 'output', 'check', 'ephemeral', 'import', 'moved', 'removed',
];

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
  const found = [...new Set(paths)].flatMap(path => path === '-' ? [configured(fromText(path, stdin()))] : isFolder(path) ? folder(path) : [oneFile(path)]);
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
  } catch (error) {
    throw unread(path, error, 'there is no such file or folder');
  }
}

/** Why something of the file system was not read. */
function unread(path: string, error: unknown, missing: string, remedy = WANTED): InputError {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' ? new InputError(path, missing, remedy)
    : new InputError(path, `it cannot be read (${code})`, 'check that you may read it');
}

function folder(path: string): Found[] {
  const names = list(path);
  const itself = names.some(name => isConfiguration(name) || isHcl(name));
  if (names.includes('manifest.json')) {
    const stacks = manifest(path);
    return itself && !stacks.some(stack => stack.documents.some(({ file }) => resolve(dirname(file)) === resolve(path)))
      ? [...stacks, configuration(path, '', undefined)] : stacks;
  }
  if (names.includes('stacks')) {
    const stacks = list(join(path, 'stacks')).filter(name => list(join(path, 'stacks', name)).some(file => file === 'cdk.tf.json' || file === 'cdk.tf'));
    if (stacks.length > 0) {
      const found = stacks.map(name => configuration(path, join('stacks', name), name));
      return itself ? [...found, configuration(path, '', undefined)] : found;
    }
  }
  if (itself) {
    return [configuration(path, '', /[\\/]stacks[\\/]([^\\/]+)$/.exec(resolve(path))?.[1])];
  }
  throw names.length === 0 ? new InputError(path, 'the folder is empty', WANTED)
    : new InputError(path, 'the folder has neither manifest.json, nor stacks, nor *.tf.json', WANTED);
}

/** All configuration of a folder in a folder, which Terraform reads as one. */
function configuration(path: string, inner: string, stack: string | undefined): Found {
  const [where, names] = [join(path, inner), list(join(path, inner))];
  const files = names.filter(isConfiguration);
  if (names.some(isHcl)) {
    throw new InputError(where, `the folder has configuration in HCL, which is not read${files.length > 0 ? ', beside JSON' : ''}`, SHOW);
  }
  const twice = files.find(name => name.endsWith('.tofu.json') && files.includes(name.replace(/\.tofu\.json$/, '.tf.json')));
  if (twice !== undefined) {
    throw new InputError(join(where, twice), 'OpenTofu reads it in place of the .tf.json of that name, and Terraform does not', SHOW);
  }
  return { stack, path: where, documents: files.flatMap(name => inFolder(path, join(inner, name)).documents) };
}

/** Whether Terraform or OpenTofu reads a file of a folder as configuration in JSON; neither reads hidden ones. */
function isConfiguration(name: string): boolean {
  return /\.(?:tf|tofu)\.json$/.test(name) && !name.startsWith('.');
}

function isHcl(name: string): boolean {
  return /\.(?:tf|tofu)$/.test(name) && !name.startsWith('.');
}

/** What is in a folder, in order; nothing where it is none. */
function list(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') {
      return [];
    }
    throw unread(path, error, 'there is no such file or folder');
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
    const file = located(path, synthesizedStackPath);
    // What else is in its folder is of the same stack.
    const { documents } = isConfiguration(basename(synthesizedStackPath))
      ? configuration(path, dirname(synthesizedStackPath), stack) : inFolder(path, synthesizedStackPath);
    return { stack, path: file, documents };
  });
  if (found.length === 0) {
    throw new InputError(name, 'it names no stacks', WANTED);
  }
  return found;
}

function inFolder(path: string, name: string): Found {
  const file = located(path, name);
  return configured(fromText(file, contents(file)));
}

/** Where a file of a folder is; one outside of it is not followed. */
function located(path: string, name: string): string {
  const target = resolve(path, name);
  let real: string;
  try {
    real = realpathSync(target);
  } catch (error) {
    throw unread(join(path, name), error, 'there is no such file', 'synthesize again');
  }
  const [folderPath, given] = [realpathSync(path) + sep, resolve(path) + sep];
  if (!real.startsWith(folderPath) || !target.startsWith(given)) {
    throw new InputError(join(path, name), 'it is outside of the folder', 'pass the file itself');
  }
  if (isHcl(name)) {
    throw new InputError(join(path, name), 'it is configuration in HCL, which is not read', SHOW);
  }
  return join(path, name);
}

function oneFile(path: string): Found {
  if (isHcl(path)) {
    throw new InputError(path, 'it is configuration in HCL, which is not read', SHOW);
  }
  const stack = /[\\/]stacks[\\/]([^\\/]+)[\\/]cdk\.tf\.json$/.exec(resolve(path))?.[1];
  return { ...configured(fromText(path, contents(path))), stack };
}

function contents(path: string): string {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    throw unread(path, error, 'there is no such file');
  }
  // A pipe or a device may never end.
  if (!stats.isFile()) {
    throw new InputError(path, 'it is not a file', 'pass a file or a folder, or `-` for standard input');
  }
  const { size } = stats;
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
  const { depth, keys } = measure(text);
  if (depth > MAX_DEPTH + 1) {
    throw new InputError(path, `it is nested deeper than ${MAX_DEPTH}`, 'pass what Terraform or cdktf wrote, as it is');
  }
  // Told by number, as nearly no file has one.
  const twice = keys === keysOf(json) ? undefined : repeatedKey(text);
  if (twice !== undefined) {
    throw new InputError(path, `the key ${JSON.stringify(twice.slice(0, 80))} is written twice in one object`, 'write it once');
  }
  return { stack: undefined, path, documents: [{ file: path, json }] };
}

/** What holds Terraform; anything else would be read as nothing, and nothing has no findings. */
function configured(found: Found): Found {
  for (const { json } of found.documents) {
    const shownValues = [own(json, 'values'), own(json, 'planned_values')].some(values => objectOf(values) !== undefined);
    if (typeof own(json, 'format_version') === 'string') {
      if (!shownValues) {
        throw new InputError(found.path, 'it holds no state or plan values', `the state may be empty, or elsewhere: ${SHOW}`);
      }
    } else if (!BLOCKS.some(name => bodiesOf(own(json, name)).length > 0)) {
      throw new InputError(found.path, 'it holds no Terraform', WANTED);
    }
  }
  return found;
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

/** How deep a text of JSON is nested, and how many keys are written in it where those that are there twice are looked for. */
function measure(text: string): { readonly depth: number; readonly keys: number } {
  let [open, depth, keys] = [0, 0, 0];
  walk(text, {
    opens: () => {
      depth = Math.max(depth, ++open);
    },
    closes: () => {
      open--;
    },
    key: () => {
      keys += open <= KEYS_DEPTH ? 1 : 0;
    },
  });
  return { depth, keys };
}

/** How many keys were parsed where those that are written twice are looked for: less than are written where one is, as only the last counts. */
function keysOf(json: object, depth = 1): number {
  let keys = 0;
  for (const value of Object.values(json) as unknown[]) {
    keys += (Array.isArray(json) ? 0 : 1) + (typeof value === 'object' && value !== null && depth < KEYS_DEPTH ? keysOf(value, depth + 1) : 0);
  }
  return keys;
}

/** A key that an object of JSON has twice. */
function repeatedKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let twice: string | undefined;
  walk(text, {
    opens: isObject => {
      open.push(isObject && open.length < KEYS_DEPTH ? new Set() : undefined);
    },
    closes: () => {
      open.pop();
    },
    key: (start, end) => {
      const keys = open.at(-1);
      if (keys !== undefined && twice === undefined) {
        const key = JSON.parse(text.slice(start, end + 1)) as string;
        twice = keys.has(key) ? key : undefined;
        keys.add(key);
      }
    },
  });
  return twice;
}

/** What stands in a text of JSON. */
interface Visitor {
  opens(isObject: boolean): void;
  closes(): void;
  /** A key, by the places of its quotes. */
  key(start: number, end: number): void;
}

function walk(text: string, visitor: Visitor): void {
  for (let index = 0; index < text.length; index++) {
    switch (text[index]) {
      case '{': case '[':
        visitor.opens(text[index] === '{');
        break;
      case '}': case ']':
        visitor.closes();
        break;
      case '"': {
        const end = endOfString(text, index);
        if (isKey(text, end)) {
          visitor.key(index, end);
        }
        index = end;
      }
    }
  }
}

/** Where the string that begins at an index has its closing quote. */
export function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    let slash = end - 1;
    while (text[slash] === '\\') {
      slash--;
    }
    // An even number of backslashes are escaped ones.
    if ((end - slash) % 2 === 1) {
      return end;
    }
  }
}

/** Whether the string that ends at an index is the key of an object. */
export function isKey(text: string, end: number): boolean {
  let index = end + 1;
  while (' \t\r\n'.includes(text[index]!)) {
    index++;
  }
  return text[index] === ':';
}

/** A path for people: what would move the cursor or change colours is written out. */
function shown(path: string): string {
  return path === '-' ? 'standard input' : path.replace(/\p{C}/gu, character => JSON.stringify(character).slice(1, -1).replace(/^[^\\]/, '?'));
}

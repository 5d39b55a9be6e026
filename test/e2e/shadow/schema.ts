import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Which arguments of a block are blocks themselves, and those of these. */
export type Blocks = ReadonlyMap<string, Block>;

interface Block {
  /** Whether Terraform's value of it is a list or set, as it is of all but the `timeouts`. */
  readonly list: boolean;
  readonly blocks: () => Blocks;
}

const PACKAGES: Readonly<Record<string, string>> = {
  aws: '@cdktf/provider-aws',
  azuread: '@cdktf/provider-azuread',
  azurerm: '@cdktf/provider-azurerm',
  google: '@cdktf/provider-google',
  kubernetes: '@cdktf/provider-kubernetes',
  tls: '@cdktf/provider-tls',
};

/** The blocks of a resource or data source, as the provider's binding has them from the provider's own schema. */
export function blocksOf(type: string, data: boolean): Blocks {
  const key = `${data ? 'data.' : ''}${type}`;
  let blocks = known.get(key);
  if (blocks === undefined) {
    blocks = readBlocks(type, data);
    known.set(key, blocks);
  }
  return blocks;
}

const known = new Map<string, Blocks>();

function folderOf(type: string, data: boolean): string {
  const [provider, ...rest] = type.split('_');
  const name = PACKAGES[provider!];
  if (name === undefined) {
    throw new Error(`There is no binding of a provider for ${type}.`);
  }
  // The binding of azurerm, for one, says `data-azurerm-…`; that of a resource leaves the provider out.
  const folder = join(dirname(require.resolve(`${name}/package.json`)), 'lib', data ? `data-${provider}-${rest.join('-')}` : rest.join('-'));
  if (!existsSync(folder)) {
    throw new Error(`The binding ${name} does not know ${data ? 'the data source' : 'the resource'} ${type}.`);
  }
  return folder;
}

const FUNCTION = /^function (\w+)ToHclTerraform\(/;
const ATTRIBUTES_OF_RESOURCE = /^ {4}synthesizeHclAttributes\(\)/;
const KEY = /^\s+"?(\w+)"?: \{$/;
const CHILD = /\b(\w+)ToHclTerraform\b/;

function readBlocks(type: string, data: boolean): Blocks {
  const folder = folderOf(type, data);
  const structs = join(folder, 'index-structs');
  const files = [join(folder, 'index.js'), ...existsSync(structs) ? readdirSync(structs).filter(file => file.endsWith('.js')).map(file => join(structs, file)) : []];
  /** The blocks in each function of the binding, with the functions of what is in them; that of the resource has no name. */
  const functions = new Map<string, Map<string, { readonly child: string; readonly list: boolean }>>();
  for (const file of files) {
    const lines = readFileSync(file, 'utf8').split('\n');
    let current = new Map<string, { readonly child: string; readonly list: boolean }>();
    lines.forEach((line, index) => {
      const name = FUNCTION.exec(line)?.[1] ?? (ATTRIBUTES_OF_RESOURCE.test(line) ? '' : undefined);
      if (name !== undefined) {
        current = new Map();
        functions.set(name, current);
      } else if (line.trim() === 'isBlock: true,') {
        const [key, child, kind] = [KEY.exec(lines[index - 2]!)?.[1], CHILD.exec(lines[index - 1]!)?.[1], lines[index + 1]!.trim()];
        if (key === undefined || child === undefined) {
          throw new Error(`${file}:${index + 1} is not written as expected.`);
        }
        current.set(key, { child, list: kind !== 'type: "struct",' });
      }
    });
  }
  const of = (name: string): Blocks => {
    const blocks = [...functions.get(name) ?? []];
    return new Map(blocks.map(([key, { child, list }]) => [key, { list, blocks: () => of(child) }]));
  };
  return of('');
}

/** The arguments of a resource as Terraform's values have them: every block is a list. */
export function withBlocksAsLists(type: string, data: boolean, body: Readonly<Record<string, unknown>>): Record<string, any> {
  const convert = (of: Readonly<Record<string, unknown>>, blocks: Blocks): Record<string, any> => {
    if (of.dynamic !== undefined) {
      throw new Error(`${type} has dynamic blocks, which are not known here.`);
    }
    return Object.fromEntries(Object.entries(of).map(([key, value]) => {
      const block = blocks.get(key);
      if (block === undefined || typeof value !== 'object' || value === null) {
        return [key, value];
      }
      const items = (Array.isArray(value) ? value : [value]).map(item => convert(item as Record<string, unknown>, block.blocks()));
      return [key, block.list ? items : items[0]];
    }));
  };
  return convert(body, blocksOf(type, data));
}

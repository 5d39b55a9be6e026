import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Stack } from '../shadow';

/** What an argument takes. */
type Form =
  | { readonly kind: 'text' | 'number' | 'truth' | 'anything' }
  | { readonly kind: 'list' | 'map'; readonly of: Form }
  /** A block, or an object with a schema; `many` where there may be more than one. */
  | { readonly kind: 'block'; readonly name: string; readonly many: boolean };

interface Argument {
  readonly required: boolean;
  readonly form: Form;
}

/** The arguments of a block by Terraform's name; what the provider only computes is none. */
type Arguments = ReadonlyMap<string, Argument>;

/** The schema of a resource, data source or provider: its blocks by the name of their interface in the binding, its own by none. */
type Schema = ReadonlyMap<string, Arguments>;

const META_OF_RESOURCE = new Set(['//', 'provider', 'depends_on', 'lifecycle', 'count', 'for_each', 'provisioner', 'connection']);
const META_OF_PROVIDER = new Set(['//', 'alias']);

/** The binding of a provider, which is generated from the schema that the provider publishes. */
const bindingOf = (provider: string) => `@cdktf/provider-${provider}`;

/** The version of a provider that its binding is generated from. */
export function versionOf(provider: string): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(`${bindingOf(provider)}/package.json`).cdktf.provider.version;
}

const known = new Map<string, Schema>();

function schemaOf(provider: string, folder: string): Schema {
  const key = `${provider} ${folder}`;
  const schema = known.get(key) ?? readSchema(join(dirname(require.resolve(`${bindingOf(provider)}/package.json`)), 'lib', folder), folder === 'provider');
  known.set(key, schema);
  return schema;
}

const INTERFACE = /^export interface (\w+)( extends cdktf\.TerraformMetaArguments)? \{$/;
/** The name as Terraform has it is the anchor of the provider's page. */
const ANCHOR = /\{@link https:\/\/registry\.terraform\.io\/\S+#(\w+) /;
const PROPERTY = /^ {4}readonly \w+(\?)?: (.*)$/;
const CONTINUED = /^ {8}(\[key: string\]: .*;)$/;

function readSchema(folder: string, ofProvider: boolean): Schema {
  if (!existsSync(folder)) {
    throw new Error(`There is no ${folder}`);
  }
  const structs = join(folder, 'index-structs');
  const files = [join(folder, 'index.d.ts'), ...existsSync(structs) ? readdirSync(structs).filter(file => file.endsWith('.d.ts')).map(file => join(structs, file)) : []];
  const schema = new Map<string, Map<string, Argument>>();
  for (const file of files) {
    const lines = readFileSync(file, 'utf8').split('\n');
    let [block, anchor]: [Map<string, Argument> | undefined, string | undefined] = [undefined, undefined];
    lines.forEach((line, index) => {
      const [, name, isOwn] = INTERFACE.exec(line) ?? [];
      const [, optional, type] = PROPERTY.exec(line) ?? [];
      if (name !== undefined) {
        block = new Map();
        schema.set(isOwn !== undefined || ofProvider && name.endsWith('ProviderConfig') ? '' : name, block);
      } else if (line === '}') {
        block = undefined;
      } else if (block !== undefined && type !== undefined) {
        const whole = type === '{' ? `{ ${CONTINUED.exec(lines[index + 1]!)?.[1]} ${lines[index + 2]!.trim()}` : type;
        if (anchor === undefined) {
          throw new Error(`${file}:${index + 1} says nowhere how Terraform calls it.`);
        }
        block.set(anchor, { required: optional === undefined, form: formOf(whole.replace(/;$/, '').replace(/ \| cdktf\.IResolvable$/, ''), `${file}:${index + 1}`) });
        anchor = undefined;
      } else {
        anchor = ANCHOR.exec(line)?.[1] ?? anchor;
      }
    });
  }
  return schema;
}

const PLAIN: ReadonlyMap<string, Form> = new Map([
  ['string', { kind: 'text' }], ['number', { kind: 'number' }], ['boolean', { kind: 'truth' }], ['any', { kind: 'anything' }], ['boolean | cdktf.IResolvable', { kind: 'truth' }],
]);

function formOf(type: string, where: string): Form {
  const plain = PLAIN.get(type);
  if (plain !== undefined) {
    return plain;
  }
  const map = /^\{ \[key: string\]: (.+); \}$/.exec(type)?.[1];
  if (map !== undefined) {
    return { kind: 'map', of: formOf(map.replace(/^\((.*)\)$/, '$1'), where) };
  }
  const list = /^(.+)\[\]$/.exec(type)?.[1];
  if (list !== undefined) {
    const of = formOf(list.replace(/^(?:Array<(.*)>|\((.*)\))$/, '$1$2'), where);
    return of.kind === 'block' ? { ...of, many: true } : { kind: 'list', of };
  }
  if (/^[A-Z]\w*$/.test(type)) {
    return { kind: 'block', name: type, many: false };
  }
  throw new Error(`${where} is not written as expected: ${type}`);
}

const isTemplate = (value: unknown) => typeof value === 'string' && /[$%]\{/.test(value);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether Terraform takes a value for a form, or converts it: see https://developer.hashicorp.com/terraform/language/expressions/types#type-conversion. */
function plainError(kind: 'text' | 'number' | 'truth', value: unknown): string | undefined {
  const takes = {
    text: ['string', 'number', 'boolean'].includes(typeof value),
    number: typeof value === 'number' || typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)),
    truth: typeof value === 'boolean' || value === 'true' || value === 'false',
  };
  return takes[kind] ? undefined : `is no ${kind}`;
}

function formErrors(schema: Schema, form: Form, value: unknown, path: string): string[] {
  if (value === null || value === undefined || isTemplate(value) && form.kind !== 'block') {
    return [];
  }
  switch (form.kind) {
    case 'anything':
      return [];
    case 'list':
      return Array.isArray(value) ? value.flatMap((item, index) => formErrors(schema, form.of, item, `${path}[${index}]`)) : [`${path} is no list`];
    case 'map':
      return isObject(value) ? Object.entries(value).flatMap(([key, item]) => formErrors(schema, form.of, item, `${path}.${key}`)) : [`${path} is no map`];
    case 'block': {
      const all = Array.isArray(value) ? value : [value];
      return [
        ...all.length > 1 && !form.many ? [`${path} is there ${all.length} times, and may be once`] : [],
        ...all.flatMap((item, index) => blockErrors(schema, schema.get(form.name)!, item, form.many ? `${path}[${index}]` : path)),
      ];
    }
    default: {
      const error = plainError(form.kind, value);
      return error === undefined ? [] : [`${path} ${error}`];
    }
  }
}

function blockErrors(schema: Schema, block: Arguments, value: unknown, path: string, meta: ReadonlySet<string> = new Set()): string[] {
  if (!isObject(value)) {
    return [`${path} is no block`];
  }
  const missing = [...block].filter(([name, { required }]) => required && (value[name] === undefined || value[name] === null)).map(([name]) => `${path}.${name} is missing`);
  return [...missing, ...Object.entries(value).filter(([name]) => !meta.has(name)).flatMap(([name, item]) => {
    const argument = block.get(name);
    return argument === undefined ? [`${path}.${name} is no argument`] : formErrors(schema, argument.form, item, `${path}.${name}`);
  })];
}

/** What a stack is made of, as the schemas of the providers have it. */
export interface Part {
  /** As in `google resource`. */
  readonly kind: string;
  readonly address: string;
  readonly type: string;
  readonly errors: readonly string[];
}

/** Every provider, resource and data source of a stack, and what the published schema of its provider has against it. */
export function partsOf({ name: stack, json }: Stack): Part[] {
  const blocks = (value: any): any[] => value === undefined ? [] : Array.isArray(value) ? value : [value];
  const part = (kind: string, type: string, address: string, folder: string, body: unknown, meta: ReadonlySet<string>): Part => {
    const provider = type.split('_')[0]!;
    const schema = schemaOf(provider, folder);
    return { kind, type, address: `${stack}: ${address}`, errors: blockErrors(schema, schema.get('')!, body, `${stack}: ${address}`, meta) };
  };
  const all = (kind: 'resource' | 'data') => Object.entries<object>(json[kind] ?? {}).filter(([type]) => type !== 'terraform_remote_state').flatMap(([type, resources]) => {
    const [provider, ...rest] = type.split('_');
    const folder = kind === 'data' ? `data-${provider}-${rest.join('-')}` : rest.join('-');
    return Object.entries(resources).map(([id, body]) => part(kind, type, `${kind === 'data' ? 'data.' : ''}${type}.${id}`, folder, body, META_OF_RESOURCE));
  });
  return [
    ...Object.entries(json.provider ?? {}).flatMap(([type, bodies]) => blocks(bodies).map(body => part('provider', type, `provider.${type}`, 'provider', body, META_OF_PROVIDER))),
    ...all('resource'), ...all('data'),
  ];
}

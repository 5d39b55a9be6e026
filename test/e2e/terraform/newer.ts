import { partsOf } from '../providers/schema';
import type { Stack } from '../shadow';
import type { Had, ProviderSchema, SchemaBlock } from './providers';
import { providerNamed } from '../shadow/rewrite';
import { AS_IS } from '../shadow/template';

/** A stack as a provider of an older version can look at it. */
export interface Reduced {
  /** Without the arguments that the older version does not have. */
  readonly stack: Stack;
  /** What the older version does not have, by name: arguments, attributes, types. */
  readonly newer: readonly string[];
  /** Addresses of what the older version cannot stand for: it has no such type, or no attribute that others read. */
  readonly beyond: ReadonlySet<string>;
}

const META = new Set(['//', 'provider', 'depends_on', 'lifecycle', 'count', 'for_each', 'provisioner', 'connection', 'dynamic', 'alias']);
/** A reference to an attribute of a resource or data source. */
const ATTRIBUTE = /(?<![\w.-])(data\.)?([a-z]+_\w+)\.([\w-]+)\.(\w+)/g;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a version is before another; a version is three numbers. */
export function isBefore(version: string, other: string): boolean {
  const [a, b] = [version, other].map(text => text.split('.').map(Number)) as [number[], number[]];
  const index = a.findIndex((number, at) => number !== b[at]);
  return index !== -1 && a[index]! < b[index]!;
}

/**
 * Takes from a stack what the providers that can be had are too old for, and says what that is.
 *
 * Only what the required version knows is taken away: what no version knows stays, and Terraform refuses it.
 */
export function withoutNewer(stack: Stack, had: readonly Had[], schemas: ReadonlyMap<string, ProviderSchema>): Reduced {
  const { name, json } = stack;
  const older = new Map([...schemas].filter(([provider]) => had.some(one => one.name === provider && isBefore(one.had, one.version))));
  const wrong = new Set(partsOf(stack).filter(({ errors }) => errors.length > 0).map(({ address }) => address));
  const [newer, beyond] = [new Set<string>(), new Set<string>()];
  const blockOf = (data: boolean, type: string) => {
    const schema = older.get(providerNamed(type));
    return (data ? schema?.data_source_schemas : schema?.resource_schemas)?.[type]?.block;
  };
  const reduced = (value: unknown, block: SchemaBlock, path: string): unknown => {
    if (Array.isArray(value)) {
      return value.map(item => reduced(item, block, path));
    }
    return !isObject(value) ? value : Object.fromEntries(Object.entries(value).flatMap(([key, item]): [string, unknown][] => {
      const nested = block.block_types?.[key]?.block;
      const attribute = block.attributes?.[key];
      if (nested !== undefined) {
        return [[key, reduced(item, nested, `${path}.${key}`)]];
      }
      if (attribute?.optional === true || attribute?.required === true || META.has(key)) {
        return [[key, item]];
      }
      newer.add(`argument ${path}.${key}`);
      return [];
    }));
  };
  const body = (data: boolean, type: string, id: string, value: unknown): unknown => {
    const [address, block] = [AS_IS({ data, type, name: id }), blockOf(data, type)];
    if (!older.has(providerNamed(type)) || wrong.has(`${name}: ${address}`)) {
      return value;
    }
    if (block === undefined) {
      newer.add(`${data ? 'data source' : 'resource'} ${type}`);
      beyond.add(address);
      return value;
    }
    return reduced(value, block, `${data ? 'data.' : ''}${type}`);
  };
  const bodies = (data: boolean, types: Readonly<Record<string, object>> | undefined) => Object.fromEntries(Object.entries(types ?? {})
    .map(([type, all]) => [type, Object.fromEntries(Object.entries(all).map(([id, value]) => [id, body(data, type, id, value)]))]));
  const provider = Object.fromEntries(Object.entries(json.provider ?? {}).map(([type, value]) => {
    const schema = older.get(type);
    return [type, schema === undefined || wrong.has(`${name}: provider.${type}`) ? value : reduced(value, schema.provider.block, `provider.${type}`)];
  }));
  const [resource, data] = [bodies(false, json.resource), bodies(true, json.data)];
  for (const [, prefix, type, id, attribute] of JSON.stringify(json).matchAll(ATTRIBUTE)) {
    const isData = prefix !== undefined;
    const block = blockOf(isData, type!);
    const isDeclared = json[isData ? 'data' : 'resource']?.[type!]?.[id!] !== undefined;
    if (isDeclared && block !== undefined && block.attributes?.[attribute!] === undefined && block.block_types?.[attribute!] === undefined) {
      newer.add(`attribute ${prefix ?? ''}${type}.${attribute}`);
      beyond.add(AS_IS({ data: isData, type: type!, name: id! }));
    }
  }
  return {
    stack: { name, json: { ...json, ...json.provider && { provider }, ...json.resource && { resource }, ...json.data && { data } } },
    newer: [...newer].sort(),
    beyond,
  };
}

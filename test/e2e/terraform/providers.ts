import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from '../shadow';
import { init, Stopped, Terraform } from './run';

/** A provider as stacks require it. */
export interface Required {
  readonly name: string;
  readonly source: string;
  /** The version that its binding is generated from. */
  readonly version: string;
}

/** A provider that can be had. */
export interface Had extends Required {
  /** The version that can be had. */
  readonly had: string;
}

/** Which providers can be had, and of the others why not. */
export interface Availability {
  readonly had: readonly Had[];
  readonly missing: ReadonlyMap<string, string>;
}

/** The providers that stacks require, by name. */
export function requiredBy(stacks: readonly Stack[]): readonly Required[] {
  const all = new Map<string, Required>();
  for (const { name: stack, json } of stacks) {
    for (const [name, { source, version }] of Object.entries<any>(json.terraform?.required_providers ?? {})) {
      const before = all.get(name);
      if (before !== undefined && (before.source !== source || before.version !== version)) {
        throw new Error(`${stack} requires ${name} ${version} of ${source}, and another ${before.version} of ${before.source}.`);
      }
      all.set(name, { name, source, version });
    }
  }
  return [...all.values()].sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Asks Terraform for each provider: in the version that is required or the last before it, or else in any. */
export async function available(terraform: Terraform, folder: string, required: readonly Required[]): Promise<Availability> {
  const [had, missing] = [[] as Had[], new Map<string, string>()];
  for (const provider of required) {
    let [version, why]: [string | undefined, string] = [undefined, ''];
    for (const wanted of [`<= ${provider.version}`, undefined]) {
      const own = join(folder, provider.name, wanted === undefined ? 'any' : 'required');
      mkdirSync(own, { recursive: true });
      try {
        await install(terraform, own, new Map([[provider, wanted]]));
        version = Object.values(await selected(terraform, own)).join();
        break;
      } catch (error) {
        if (!(error instanceof Stopped) || error.terraform === undefined) {
          throw error;
        }
        why = error.terraform;
      }
    }
    if (version === undefined) {
      missing.set(provider.name, why);
    } else {
      had.push({ ...provider, had: version });
    }
  }
  return { had, missing };
}

/** Installs providers, each in the version that is said, or in any. */
export async function install(terraform: Terraform, folder: string, wanted: ReadonlyMap<Required, string | undefined>): Promise<void> {
  const providers = [...wanted].map(([{ name, source }, version]) => [name, { source, ...version !== undefined && { version } }]);
  writeFileSync(join(folder, 'main.tf.json'), JSON.stringify({ terraform: { required_providers: Object.fromEntries(providers) } }));
  await init(terraform, folder, [...wanted.keys()].map(({ name }) => name).join(', '));
}

/** The versions of the providers of a folder, by address. */
export async function selected(terraform: Terraform, folder: string): Promise<Readonly<Record<string, string>>> {
  return JSON.parse((await terraform(folder, 'version', '-json')).stdout).provider_selections;
}

/** A block as a provider publishes it. */
export interface SchemaBlock {
  readonly attributes?: Readonly<Record<string, { readonly optional?: boolean; readonly required?: boolean }>>;
  readonly block_types?: Readonly<Record<string, { readonly block: SchemaBlock }>>;
}

/** What a provider publishes of itself, as `terraform providers schema` says it. */
export interface ProviderSchema {
  readonly provider: { readonly block: SchemaBlock };
  readonly resource_schemas?: Readonly<Record<string, { readonly block: SchemaBlock }>>;
  readonly data_source_schemas?: Readonly<Record<string, { readonly block: SchemaBlock }>>;
}

/** The schemas of the providers of a folder, by their names there. */
export async function schemasOf(terraform: Terraform, folder: string, had: readonly Had[]): Promise<ReadonlyMap<string, ProviderSchema>> {
  const { status, stdout, stderr } = await terraform(folder, 'providers', 'schema', '-json');
  if (status !== 0) {
    throw new Stopped(`terraform providers schema fails:\n${stderr.trim()}`);
  }
  const schemas = Object.entries<ProviderSchema>(JSON.parse(stdout).provider_schemas);
  return new Map(had.map(({ name, source }) => {
    // `aws` is short for `hashicorp/aws`, which is short for its address in the registry.
    const [, schema] = schemas.find(([address]) => address.endsWith(`/${source.includes('/') ? source : `hashicorp/${source}`}`)) ?? [];
    if (schema === undefined) {
      throw new Error(`terraform providers schema says nothing of ${source}.`);
    }
    return [name, schema];
  }));
}

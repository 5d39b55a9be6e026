import type { World } from '../world';
import { policyDocument } from './policy-document';
import { withBlocksAsLists } from './schema';
import { AS_IS, expressionOf, Reference, Rename, renameAll, renameExpression } from './template';
import { DATA_SOURCES, Place, RESOURCES, Type } from './types';

/** A stack as it was synthesized: what stands in its `cdk.tf.json`. */
export interface Stack {
  readonly name: string;
  readonly json: any;
}

/** What a `terraform_data` of the shadow stands for. */
export interface Original {
  readonly address: string;
  readonly type: string;
  readonly data: boolean;
  /** As `AppliedResource.provider`. */
  readonly provider: string;
  readonly account: string;
}

/** A stack of which every resource is a `terraform_data`. */
export interface Shadow {
  readonly config: any;
  /** By name of the `terraform_data`. */
  readonly originals: ReadonlyMap<string, Original>;
  /** By address, the names of what its provider computes and nobody configured. */
  readonly computed: ReadonlyMap<string, readonly string[]>;
  /** Addresses with an import block. */
  readonly imports: readonly string[];
}

/** Names the resource that is new with what is computed, so that it is known no earlier. */
const NEW = '__new';

export const shadowName = ({ data, type, name }: Reference) => `${data ? 'data__' : ''}${type}__${name}`;
export const addressOf = AS_IS;
/** Of a resource's own name, that of the companion that is new whenever it is. */
export const companion = (name: string) => `${name}${NEW}`;

const KNOWN_BLOCKS = new Set(['//', 'terraform', 'provider', 'resource', 'data', 'output', 'variable', 'locals', 'import', 'moved', 'removed']);
const META = ['//', 'provider', 'depends_on', 'lifecycle', 'count', 'for_each', 'provisioner', 'connection', 'dynamic'];
const UNSUPPORTED_META = ['count', 'for_each', 'provisioner', 'connection', 'dynamic'];

export interface ShadowOptions {
  readonly stacks: readonly Stack[];
  readonly world: World;
  /** Where the state of another stack is, by its name. */
  readonly stateOf: (stack: string) => string;
  /** Whether it is applied more than once: each resource then has a companion of its own, and is replaced for what its provider replaces it for. */
  readonly lasting: boolean;
  /** What was read of resources that existed before, by stack and address: it says what their providers compute. */
  readonly adopted?: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** What is left to the real providers: it stays as it is written. @default - nothing */
  readonly real?: Real;
}

/** What of a stack is not shadowed. */
export interface Real {
  /** The providers, by their names in the stack, whose own blocks stay. */
  readonly providers: ReadonlySet<string>;
  /** Which of their resources and data sources stay. */
  readonly keeps: (reference: Reference) => boolean;
}

/** The provider of a type, by its name in a stack. */
export const providerNamed = (type: string) => type.split('_')[0]!;

/**
 * Writes a stack anew with Terraform's built-in resource only, so that Terraform resolves every expression in it and needs no provider; or with the real
 * providers of what is left to them.
 */
export function shadowOf(stack: Stack, { stacks, world, stateOf, lasting, adopted, real }: ShadowOptions): Shadow {
  const { json } = stack;
  const unsupported = Object.keys(json).find(block => !KNOWN_BLOCKS.has(block));
  if (unsupported !== undefined) {
    throw new Error(`Stack ${stack.name} has a block "${unsupported}", which is not known here.`);
  }
  const declared = new Set<string>();
  const each = (run: (reference: Reference, body: any) => void) => {
    for (const [data, types] of [[false, json.resource], [true, json.data]] as const) {
      for (const [type, resources] of Object.entries<Record<string, any>>(types ?? {})) {
        Object.entries(resources).forEach(([name, body]) => run({ data, type, name }, body));
      }
    }
  };
  each(reference => declared.add(shadowName(reference)));
  const resourceOf: Rename = reference => {
    const name = shadowName(reference);
    if (!declared.has(name)) {
      throw new Error(`Stack ${stack.name} refers to ${addressOf(reference)}, which is not in it.`);
    }
    return isReal(reference) ? addressOf(reference) : `terraform_data.${name}`;
  };
  const isReal = (reference: Reference) => real !== undefined && real.providers.has(providerNamed(reference.type)) && real.keeps(reference);
  const rename: Rename = reference => isReal(reference) ? resourceOf(reference) : `${resourceOf(reference)}.input`;

  const resources: Record<string, any> = {};
  const remote: Record<string, any> = {};
  const kept: Record<'resource' | 'data', Record<string, Record<string, any>>> = { resource: {}, data: {} };
  const originals = new Map<string, Original>();
  const computedBy = new Map<string, readonly string[]>();
  each((reference, body) => {
    const { data, type, name } = reference;
    if (data && type === 'terraform_remote_state') {
      remote[name] = { backend: 'local', config: { path: stateOf(readStack(name, body, stacks)) } };
      return;
    }
    const on = body.depends_on && { depends_on: body.depends_on.map((one: string) => renameExpression(one, resourceOf)) };
    if (isReal(reference)) {
      const { depends_on: _, lifecycle, ...rest } = body;
      (kept[data ? 'data' : 'resource'][type] ??= {})[name] = {
        ...renameAll(rest, rename, 'self'),
        ...on,
        ...lifecycle && { lifecycle: { ...renameAll(lifecycle, rename, 'self'), ...triggeredBy(lifecycle, resourceOf) } },
      };
      return;
    }
    const address = addressOf(reference);
    const known: Type | undefined = (data ? DATA_SOURCES : RESOURCES).get(type);
    const isDocument = data && type === 'aws_iam_policy_document';
    if (known === undefined && !isDocument) {
      throw new Error(`${stack.name}: there is no entry for ${data ? 'data source' : 'resource'} ${type} in test/e2e/shadow/types.ts (${address}).`);
    }
    const meta = UNSUPPORTED_META.find(key => body[key] !== undefined);
    if (meta !== undefined) {
      throw new Error(`${stack.name}: ${address} has ${meta}, which is not known here.`);
    }
    const own = Object.fromEntries(Object.entries(body).filter(([key, value]) => !META.includes(key) && value !== null));
    const args = renameAll(withBlocksAsLists(type, data, own), rename);
    const { provider, account, ...where } = providerOf(stack, type, body.provider, world, rename);
    const place: Place = { world, key: `${stack.name}/${address}`, account, partition: where.partition, region: args.region ?? where.region };
    originals.set(shadowName(reference), { address, type, data, provider, account });

    const shadow = shadowName(reference);
    const withDefaults = { ...args, ...known?.defaults?.(args, place) };
    const computed: Record<string, unknown> = isDocument ? { json: policyDocument(args), minified_json: policyDocument(args) } : {
      ...known?.computed?.(withDefaults, place), ...world.computed[data ? `data.${type}` : type]?.(withDefaults),
    };
    const read = adopted?.get(place.key) ?? {};
    Object.keys(computed).filter(key => key in read).forEach(key => {
      computed[key] = escaped(read[key]);
    });
    const meaning = {
      ...on,
      ...body.lifecycle && { lifecycle: lifecycleOf(body.lifecycle, rename, resourceOf) },
    };
    if (data) {
      resources[shadow] = { input: { ...withDefaults, ...computed }, ...meaning };
      return;
    }
    computedBy.set(address, Object.keys(computed).filter(key => !(key in withDefaults)));
    const triggers = lasting ? { triggers_replace: triggersTemplate(withDefaults, known!.replacedBy ?? [], address) } : {};
    const made = lasting ? companion(shadow) : NEW;
    const whenMade = (value: unknown) => `\${terraform_data.${made}.id == "" ? null : ${expressionOf(value)}}`;
    resources[made] = triggers;
    const later = Object.fromEntries(Object.entries(computed).map(([key, value]) => [key, whenMade(value)]));
    resources[shadow] = { input: { ...withDefaults, ...later }, ...triggers, ...meaning };
  });

  const types = {
    resource: { ...kept.resource, ...Object.keys(resources).length > 0 && { terraform_data: resources } },
    data: { ...kept.data, ...Object.keys(remote).length > 0 && { terraform_remote_state: remote } },
  };
  const required = entriesOf(json.terraform?.required_providers, real);
  const providers = entriesOf(json.provider, real);
  // Of what is moved or removed there may be a companion.
  const moving = (address: string) => isReal(referenceTo(address)) ? [address] : ['', NEW].map(end => `${movedName(address)}${end}`);
  return {
    originals,
    computed: computedBy,
    imports: listed(json.import).map(({ to }) => to as string),
    config: {
      ...required.length > 0 && { terraform: { required_providers: Object.fromEntries(required) } },
      ...providers.length > 0 && { provider: renameAll(Object.fromEntries(providers), rename) },
      ...Object.keys(types.resource).length > 0 && { resource: types.resource },
      ...Object.keys(types.data).length > 0 && { data: types.data },
      ...json.output && {
        output: Object.fromEntries(Object.entries<any>(json.output).map(([name, { depends_on: on, ...output }]) => [name, {
          ...renameAll(output, rename), ...on && { depends_on: on.map((one: string) => renameExpression(one, resourceOf)) },
        }])),
      },
      ...json.variable && { variable: json.variable },
      ...json.locals && { locals: renameAll(json.locals, rename) },
      // Real providers are told; of what is shadowed there is nothing to import.
      ...real !== undefined && json.import !== undefined && { import: json.import },
      ...json.moved && {
        moved: listed(json.moved).flatMap(({ from, to }) => moving(from).map((one, index) => ({ from: one, to: moving(to)[index] }))),
      },
      ...json.removed && { removed: listed(json.removed).flatMap(({ from, ...rest }) => moving(from).map(one => ({ from: one, ...rest }))) },
    },
  };
}

/** What a block of a stack says by provider, of those that are real. */
function entriesOf(block: Readonly<Record<string, unknown>> | undefined, real: Real | undefined): [string, unknown][] {
  return Object.entries(block ?? {}).filter(([name]) => real?.providers.has(name));
}

function listed(value: any): any[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value];
}

/** What a block that moves or removes names need not be there any more. */
function movedName(address: string): string {
  return renameExpression(address, reference => `terraform_data.${shadowName(reference)}`);
}

function referenceTo(address: string): Reference {
  const [type, name] = address.split('.') as [string, string];
  return { data: false, type, name };
}

/** A value as a template that is nothing but it. */
export function escaped(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, item) => typeof item === 'string' ? item.replace(/[$%](?=\{)/g, '$&$&') : item));
}

/** What makes Terraform replace the resource when it changes, as one text. */
function triggersTemplate(args: Readonly<Record<string, any>>, paths: readonly string[], address: string): string {
  const entries = paths.map(path => [path, valueAt(args, path, address)]);
  return `\${jsonencode(${expressionOf(Object.fromEntries(entries))})}`;
}

/** The value at a path in arguments or values; what is empty is as if it were left out. */
export function valueAt(of: unknown, path: string, address: string): unknown {
  let value: any = of;
  for (const step of path.split('.')) {
    if (typeof value === 'string') {
      throw new Error(`${address}: ${path} is in an expression, which is not known here.`);
    }
    value = value?.[step];
  }
  return isEmpty(value) ? null : value;
}

/** Whether a value is what a provider reads where nothing is said. */
export function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '' || value === false || value === 0
    || typeof value === 'object' && Object.values(value).every(isEmpty);
}

function lifecycleOf(lifecycle: any, rename: Rename, resourceOf: Rename): any {
  return {
    ...renameAll(lifecycle, rename),
    ...Array.isArray(lifecycle.ignore_changes) && { ignore_changes: lifecycle.ignore_changes.map((path: string) => `input.${path}`) },
    ...triggeredBy(lifecycle, resourceOf),
  };
}

function triggeredBy({ replace_triggered_by: triggers }: any, resourceOf: Rename): any {
  return triggers && { replace_triggered_by: triggers.map((on: string) => renameExpression(on, resourceOf)) };
}

/** Which stack's state is read: cdktf names the data source after it; what a user wrote must have that stack's backend. */
function readStack(name: string, body: any, stacks: readonly Stack[]): string {
  const { backend, config } = body;
  const stack = stacks.find(other => name === `cross-stack-reference-input-${other.name}`)
    ?? stacks.find(other => JSON.stringify(other.json.terraform?.backend?.[backend]) === JSON.stringify(config));
  if (stack === undefined) {
    throw new Error(`data.terraform_remote_state.${name} reads the state of none of these stacks: ${stacks.map(other => other.name).join(', ')}`);
  }
  return stack.name;
}

const CLOUDS: Readonly<Record<string, (config: any, world: World, key: string) => string>> = {
  // A provider that may be used with one account is never used with another.
  aws: (config, world, key) => config.allowed_account_ids?.length === 1 ? config.allowed_account_ids[0] : world.awsAccounts[key],
  google: (config, world) => config.project ?? world.googleProject,
  azurerm: (config, world) => config.subscription_id ?? world.azureSubscription,
  azuread: () => '',
  kubernetes: () => '',
  tls: () => '',
};

function providerOf(stack: Stack, type: string, named: string | undefined, world: World, rename: Rename) {
  const cloud = providerNamed(type);
  const key = named ?? cloud;
  const alias = key.split('.')[1];
  const configs = listed(stack.json.provider?.[cloud]);
  const config = renameAll(configs.find(one => one.alias === alias) ?? (alias === undefined ? {} : undefined), rename);
  const account = config && CLOUDS[cloud]?.(config, world, key);
  if (account === undefined) {
    throw new Error(`${stack.name}: whose ${type} of provider ${key} is, neither its provider nor the world says.`);
  }
  const region: string = config.region ?? world.awsRegion;
  return { provider: key, account, region, partition: partitionOf(region) };
}

/** China's and GovCloud's regions say so in their names. @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
function partitionOf(region: string): string {
  if (region.includes('${')) {
    throw new Error(`The partition of a region that only Terraform knows is not known here: ${region}`);
  }
  return region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

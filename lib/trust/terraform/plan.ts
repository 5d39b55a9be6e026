import { createHash } from 'node:crypto';
import { Note, TerraformResource, Where } from '../model';
import { Sensitive } from '../sensitive';
import { at, isKnown, isList, isMap, Unknown, Value, ValueMap } from '../value';
import { Attributes, computedAttribute, computedNames, ProviderConfig } from './computed';
import { clustersOf, Document, isSensitive, isSensitiveOutput, listOf, objectOf, own, Stack, stringOf } from './documents';
import { ExpressionError, Expression, parseExpression } from './parse';
import { stepSymbol, symbolOf } from './symbols';

/** Deepest nesting of modules and of attributes. */
const MAX_DEPTH = 100;
/** Longest way of references from one attribute to what it is. */
const MAX_REFERENCES = 30;

/**
 * What an argument can be, where the plan does not know it and its configuration names one thing: the attributes whose value it takes as it is.
 *
 * Plans name what an expression refers to, not what it does with it; those that are likely to be made into something else are not here.
 */
const SAME: ReadonlyMap<string, readonly string[]> = new Map([
  ['assume_role_policy', ['json', 'minified_json']], ['policy', ['json', 'minified_json']], ['policy_data', ['policy_data']],
  ['source_policy_documents', ['json', 'minified_json']], ['override_policy_documents', ['json', 'minified_json']],
  ['policy_arn', ['arn']], ['role_arn', ['arn']], ['target_role_arn', ['arn']], ['permissions_boundary', ['arn']],
  ['role', ['name', 'id']], ['identifiers', ['arn']],
  ['url', ['issuer', 'oidc_issuer_url']], ['issuer', ['issuer', 'oidc_issuer_url']], ['issuer_uri', ['issuer', 'oidc_issuer_url']],
  ['service_account_id', ['name', 'id']], ['member', ['member']],
  ['parent_id', ['id']], ['user_assigned_identity_id', ['id']], ['application_id', ['id']], ['principal_id', ['principal_id', 'object_id']],
  ['workload_identity_pool_id', ['workload_identity_pool_id']], ['cluster_name', ['name', 'id']], ['bucket', ['bucket', 'id', 'name']],
]);

/**
 * Attributes that providers mark by themselves, and of which nothing that is printed is made: credentials, whose words would be hidden wherever else they
 * are, as the `name` and `cluster` of every kubeconfig.
 */
const CREDENTIALS = new RegExp(`^(?:${[
  'kube_(?:admin_)?config(?:_raw)?', 'master_auth', 'private_key(?:_.*)?', 'access_token', 'client_secret', '.*password', '.*connection_string', '.*_access_key',
].join('|')})$`);

/** What a resource will be, with what its configuration says. */
class PlannedResource implements Attributes {
  public readonly symbol: Unknown;
  public readonly provider: ProviderConfig;
  private readonly memo = new Map<string, Value>();
  private readonly pending = new Set<string>();

  constructor(
    private readonly stack: PlanStack, public readonly where: Where, public readonly mode: 'managed' | 'data', public readonly type: string,
    public readonly module: string, public readonly key: string | number | undefined, private readonly given: ValueMap,
    private readonly config: unknown, provider: ProviderConfig,
  ) {
    this.symbol = symbolOf(`${stack.name}/${canonical(where.address)}`);
    this.provider = provider;
  }

  public argument(name: string): Value | undefined {
    const value = this.given.get(name);
    return value === null || value === undefined ? undefined : this.attribute(name);
  }

  /** What the plan itself says. */
  public read(name: string): Value | undefined {
    return this.given.get(name);
  }

  public attribute(name: string): Value {
    const before = this.memo.get(name);
    if (before !== undefined) {
      return before;
    }
    if (this.pending.has(name)) {
      return stepSymbol(this.symbol, name);
    }
    this.pending.add(name);
    const value = this.made(name);
    this.pending.delete(name);
    this.memo.set(name, value);
    return value;
  }

  private made(name: string): Value {
    const value = this.given.get(name);
    if (value !== undefined && value !== null && !(value instanceof Unknown)) {
      return isKnown(value) ? value : this.completed(value, name);
    }
    const written = value instanceof Unknown ? this.stack.reference(this, name, own(this.config, name)) : undefined;
    const expression = own(this.config, name);
    // A plan does not say what is made of the things that an expression names: in another plan it may be something else.
    return written ?? this.computed(name) ?? (value !== undefined && expression !== undefined ? symbolOf(`${stepSymbol(this.symbol, name).symbol}#${this.stack.digest}`) : value)
      ?? stepSymbol(this.symbol, name);
  }

  private computed(name: string): Value | undefined {
    return this.isRead() ? undefined : computedAttribute(this.mode, this.type, name, this);
  }

  /** Whether it was read already, so that nothing of it is left to be computed. */
  private isRead(): boolean {
    return this.mode === 'data' && [...this.given.values()].every(isKnown);
  }

  /** A value of which parts are unknown: those that are one reference take its value. */
  private completed(value: Value, name: string): Value {
    if (this.type === 'aws_iam_policy_document' && name === 'statement') {
      const written = listOf(own(this.config, name));
      return isList(value) ? value.map((statement, index) => isMap(statement) ? this.statement(statement, written[index]) : statement) : value;
    }
    const expression = own(this.config, name);
    if (isList(value) && value.length === 1 && value[0] instanceof Unknown) {
      const found = this.stack.reference(this, name, expression);
      return found === undefined ? value : isList(found) ? found : [found];
    }
    if (isList(value) && value.some(member => member instanceof Unknown)) {
      return this.stack.members(this, name, expression, value);
    }
    const blocks = listOf(expression);
    if (isList(value) && value.length === 1 && blocks.length === 1 && isMap(value[0])) {
      return [this.block(value[0], blocks[0])];
    }
    return value;
  }

  private block(block: ValueMap, config: unknown): ValueMap {
    return new Map([...block].map(([name, value]) => [
      name, value instanceof Unknown ? this.stack.reference(this, name, own(config, name)) ?? value : value,
    ]));
  }

  /** Principals are a set, and come in another order than in the configuration: they are known by their type. */
  private statement(statement: ValueMap, config: unknown): ValueMap {
    const result = new Map(statement);
    for (const name of ['principals', 'not_principals']) {
      const blocks = statement.get(name);
      if (!isList(blocks)) {
        continue;
      }
      result.set(name, blocks.map(block => {
        const type = at(block, 'type');
        const written = listOf(own(config, name)).filter(candidate => own(own(candidate, 'type'), 'constant_value') === type);
        const identifiers = at(block, 'identifiers');
        const expression = own(written[0], 'identifiers');
        const alone = blocks.filter(other => at(other, 'type') === type).length === 1 && written.length === 1;
        const isOne = isList(identifiers) && identifiers.length === 1 && identifiers[0] instanceof Unknown;
        if (!isMap(block) || !alone || !(identifiers instanceof Unknown || isList(identifiers))) {
          return block;
        }
        const found = isList(identifiers) && !isOne ? this.stack.members(this, 'identifiers', expression, identifiers)
          : this.stack.reference(this, 'identifiers', expression);
        return found === undefined ? block : new Map([...block, ['identifiers', isList(found) ? found : [found]] as const]);
      }));
    }
    return result;
  }

  public arguments(): ValueMap {
    return new Map([...this.given.keys()].map(name => [name, this.given.get(name) === null ? null : this.attribute(name)]));
  }

  public values(): ValueMap {
    const values = new Map<string, Value>([...this.arguments()].filter(([, value]) => value !== null));
    if (!this.isRead()) {
      for (const name of computedNames(this.mode, this.type)) {
        values.set(name, this.attribute(name));
      }
    }
    return values;
  }
}

/** The configuration of a module: its resources by address, its calls, its outputs. */
interface ModuleConfig {
  readonly resources: ReadonlyMap<string, unknown>;
  readonly calls: unknown;
  readonly outputs: unknown;
}

/** A plan or a state as `terraform show -json` prints it; see https://developer.hashicorp.com/terraform/internals/json-format. */
export class PlanStack implements Stack {
  public readonly name: string;
  public readonly notes: Note[] = [];
  public readonly backend = undefined;
  private readonly byAddress = new Map<string, PlannedResource>();
  private readonly byBlock = new Map<string, PlannedResource[]>();
  private readonly modules = new Map<string, ModuleConfig>();
  private readonly providers = new Map<string, ProviderConfig>();
  private readonly json: unknown;
  private planned?: string;
  /** The accounts that providers were found to lead to. */
  private readonly accounts = new Map<string, string>();

  constructor(private readonly document: Document, private readonly sensitive: Sensitive) {
    this.name = document.stack;
    this.json = document.json;
    const root = own(this.json, 'configuration');
    // What is left of a resource that was replaced goes by the same address.
    const current = listOf(own(this.json, 'resource_changes')).filter(change => own(change, 'deposed') === undefined);
    const changes = new Map(current.map(change => [stringOf(own(change, 'address')), change]));
    const planned = own(this.json, 'planned_values');
    this.takeSensitive();
    this.readModule(own(planned ?? own(this.json, 'values'), 'root_module'), '', changes, root, 0);
    if (planned !== undefined) {
      // What was read already is in no change: it stands in the state before.
      this.readModule(own(own(own(this.json, 'prior_state'), 'values'), 'root_module'), '', changes, root, 0, 'data');
    }
    this.noteIncomplete();
    for (const change of changes.values()) {
      const actions = listOf(own(own(change, 'change'), 'actions'));
      const address = stringOf(own(change, 'address'));
      if (actions.includes('forget') && address !== undefined) {
        this.notes.push({
          message: 'Terraform forgets it: it goes on to exist, and is not read', where: { address, stack: this.name, file: this.document.file },
        });
      }
      if (own(change, 'mode') === 'data' && actions.includes('read')) {
        this.readResource(change, changes, root);
      }
    }
    for (const identity of this.byAddress.values()) {
      const account = identity.mode === 'data' && identity.type === 'aws_caller_identity' ? identity.read('account_id') : undefined;
      if (typeof account === 'string') {
        this.accounts.set(identity.provider.name, account);
      }
    }
  }

  /** What is not to be printed: values that are marked, and those of variables. Outputs are printed where another stack has them. */
  private takeSensitive(): void {
    for (const change of [...listOf(own(this.json, 'resource_changes')), ...listOf(own(this.json, 'resource_drift'))].map(each => own(each, 'change'))) {
      this.sensitive.addMarked(own(change, 'before'), own(change, 'before_sensitive'), CREDENTIALS);
      this.sensitive.addMarked(own(change, 'after'), own(change, 'after_sensitive'), CREDENTIALS);
    }
    for (const values of [own(this.json, 'planned_values'), own(this.json, 'values'), own(own(this.json, 'prior_state'), 'values')]) {
      this.takeSensitiveValues(own(values, 'root_module'), 0);
    }
    const root = own(own(this.json, 'configuration'), 'root_module');
    this.takeSensitiveVariables(root, name => own(own(own(this.json, 'variables'), name), 'value'), 0);
  }

  private takeSensitiveValues(module: unknown, depth: number): void {
    for (const resource of listOf(own(module, 'resources'))) {
      this.sensitive.addMarked(own(resource, 'values'), own(resource, 'sensitive_values'), CREDENTIALS);
    }
    for (const child of depth > MAX_DEPTH ? [] : listOf(own(module, 'child_modules'))) {
      this.takeSensitiveValues(child, depth + 1);
    }
  }

  private takeSensitiveVariables(module: unknown, given: (name: string) => unknown, depth: number): void {
    for (const [name, variable] of Object.entries(objectOf(own(module, 'variables')) ?? {})) {
      if (isSensitive(variable)) {
        this.sensitive.add([given(name), own(variable, 'default')]);
      }
    }
    for (const call of depth > MAX_DEPTH ? [] : Object.values(objectOf(own(module, 'module_calls')) ?? {})) {
      this.takeSensitiveVariables(own(call, 'module'), name => own(own(own(call, 'expressions'), name), 'constant_value'), depth + 1);
    }
  }

  /** Plans say themselves where they do not say all. */
  private noteIncomplete(): void {
    const of = this.name === '' ? '' : ` of ${this.name}`;
    if (own(this.json, 'errored') === true) {
      this.notes.push({ message: `the plan${of} ended with an error: it does not have all that is written` });
    }
    if (own(this.json, 'complete') === false) {
      this.notes.push({ message: `the plan${of} is not complete: more changes follow once it is applied` });
    }
    for (const deferred of listOf(own(this.json, 'deferred_changes'))) {
      const address = stringOf(own(own(deferred, 'resource_change'), 'address'));
      this.notes.push({
        message: `changes${address === undefined ? of : ` of ${address}`} are deferred to a later plan`,
        ...(address === undefined ? {} : { where: { address, stack: this.name, file: this.document.file } }),
      });
    }
  }

  private readModule(module: unknown, path: string, changes: ReadonlyMap<string | undefined, unknown>, root: unknown, depth: number, only?: 'data'): void {
    if (depth > MAX_DEPTH) {
      this.notes.push({ message: `modules nested deeper than ${MAX_DEPTH} are not read`, where: { address: path, stack: this.name, file: this.document.file } });
      return;
    }
    for (const resource of listOf(own(module, 'resources'))) {
      if (only === undefined || own(resource, 'mode') === only) {
        this.readResource(resource, changes, root);
      }
    }
    for (const child of listOf(own(module, 'child_modules'))) {
      this.readModule(child, stringOf(own(child, 'address')) ?? path, changes, root, depth + 1, only);
    }
  }

  private readResource(resource: unknown, changes: ReadonlyMap<string | undefined, unknown>, root: unknown): void {
    const address = stringOf(own(resource, 'address'));
    const type = stringOf(own(resource, 'type'));
    const name = stringOf(own(resource, 'name'));
    if (address === undefined || type === undefined || name === undefined || this.byAddress.has(address)) {
      return;
    }
    const mode = own(resource, 'mode') === 'data' ? 'data' : 'managed';
    const index = own(resource, 'index');
    const key = typeof index === 'string' || typeof index === 'number' ? index : undefined;
    const block = `${mode === 'data' ? 'data.' : ''}${type}.${name}`;
    const module = moduleOf(address, block);
    const change = own(changes.get(address), 'change');
    const base = symbolOf(`${this.name}/${canonical(address)}`);
    const values = planValue(own(change, 'after') ?? own(resource, 'values'), own(change, 'after_unknown'), base, 0);
    const config = this.moduleConfig(module, root).resources.get(block);
    const made = new PlannedResource(
      this, { address, stack: this.name, file: this.document.file }, mode, type, module, key, isMap(values) ? values : new Map(), own(config, 'expressions'),
      this.provider(stringOf(own(config, 'provider_config_key')) ?? type.split('_')[0]!, root),
    );
    this.byAddress.set(address, made);
    const ofBlock = this.byBlock.get(join(module, block));
    if (ofBlock === undefined) {
      this.byBlock.set(join(module, block), [made]);
    } else {
      ofBlock.push(made);
    }
  }

  private provider(key: string, root: unknown): ProviderConfig {
    const before = this.providers.get(key);
    if (before !== undefined) {
      return before;
    }
    const config = own(own(root, 'provider_config'), key);
    const expressions = own(config, 'expressions');
    const made: ProviderConfig = {
      name: `${this.name}/${key}`,
      account: () => this.accounts.get(`${this.name}/${key}`),
      argument: name => {
        const expression = own(expressions, name);
        const constant = own(expression, 'constant_value');
        const blocks = listOf(expression);
        const value = constant ?? (blocks.length === 0 ? undefined
          : blocks.map(block => Object.fromEntries(Object.entries(objectOf(block) ?? {}).map(([inner, written]) => [inner, own(written, 'constant_value')]))));
        return value !== undefined ? planValue(value, undefined, symbolOf(`${this.name}/${key}.${name}`), 0) : this.endpoint(name, expression, config);
      },
    };
    this.providers.set(key, made);
    return made;
  }

  /** The endpoint of a cluster that the host of a provider refers to; what a template makes of it is not in a plan. */
  private endpoint(argument: string, expression: unknown, config: unknown): Value | undefined {
    const references = argument === 'host' ? referencesOf(expression) : undefined;
    return references === undefined ? undefined : this.follow(references, stringOf(own(config, 'module_address')) ?? '', undefined, ['endpoint', 'host'], 0);
  }

  private moduleConfig(path: string, root: unknown): ModuleConfig {
    const before = this.modules.get(path);
    if (before !== undefined) {
      return before;
    }
    let module = own(root, 'root_module');
    for (const name of moduleNames(path)) {
      module = own(own(own(module, 'module_calls'), name), 'module');
    }
    const made: ModuleConfig = {
      resources: new Map(listOf(own(module, 'resources')).map(resource => [stringOf(own(resource, 'address')) ?? '', resource])),
      calls: own(module, 'module_calls'),
      outputs: own(module, 'outputs'),
    };
    this.modules.set(path, made);
    return made;
  }

  /** What stands for the plan: texts of a configuration do not stand in it, and it differs from another one by its time alone where only they do. */
  public get digest(): string {
    return this.planned ??= createHash('sha256').update(JSON.stringify(this.json)).digest('hex').slice(0, 8);
  }

  /** The value of an argument that refers to one thing, where the two are the same; undefined where that is not certain. */
  public reference(of: PlannedResource, argument: string, expression: unknown): Value | undefined {
    const wanted = SAME.get(argument);
    const references = referencesOf(expression);
    return wanted === undefined || references === undefined ? undefined : this.follow(references, of.module, of.key, wanted, 0);
  }

  /**
   * A list of which the expression refers to as many things as members are unknown: each of these is one of them, in order.
   *
   * Of a text that is made of more than one thing nothing is said: a plan names the things, and not what is made of them.
   */
  public members(of: PlannedResource, argument: string, expression: unknown, list: readonly Value[]): readonly Value[] {
    const wanted = SAME.get(argument);
    const groups = grouped(referencesOf(expression) ?? []);
    if (wanted === undefined || groups.length !== list.filter(member => member instanceof Unknown).length) {
      return list;
    }
    let next = 0;
    const found = list.map(member => member instanceof Unknown ? this.follow(groups[next++]!, of.module, of.key, wanted, 0) : member);
    return found.every(member => member !== undefined && !isList(member)) ? found as readonly Value[] : list;
  }

  private follow(
    references: readonly string[], module: string, key: string | number | undefined, wanted: readonly string[], depth: number,
  ): Value | undefined {
    const target = depth > MAX_REFERENCES ? undefined : single(references);
    const steps = target === undefined ? undefined : stepsOf(target);
    if (target === undefined || steps === undefined) {
      return undefined;
    }
    const [root, name] = steps;
    const configuration = own(this.json, 'configuration');
    if (root === 'var' && typeof name === 'string') {
      const call = moduleCall(module);
      const expression = call === undefined ? undefined : own(own(own(this.moduleConfig(call.parent, configuration).calls, call.name), 'expressions'), name);
      const inner = steps.length > 2 ? undefined : referencesOf(expression);
      return call === undefined || inner === undefined ? undefined : this.follow(inner, call.parent, call.key, wanted, depth + 1);
    }
    if (root === 'module' && typeof name === 'string') {
      return this.ofModule(steps, module, key, references, wanted, depth);
    }
    return this.ofResource(steps, module, key, references, wanted);
  }

  private ofModule(
    steps: readonly (string | number)[], module: string, key: string | number | undefined, references: readonly string[], wanted: readonly string[],
    depth: number,
  ): Value | undefined {
    const call = `module.${String(steps[1])}`;
    const keyed = steps.length === 4;
    const index = keyed ? steps[2] : references.some(isRepetition) ? key : undefined;
    const name = steps.at(-1);
    const child = join(module, index === undefined ? call : `${call}[${JSON.stringify(index)}]`);
    if (typeof name !== 'string' || steps.length < 3 || steps.length > 4) {
      return undefined;
    }
    const inner = referencesOf(own(own(this.moduleConfig(child, own(this.json, 'configuration')).outputs, name), 'expression'));
    return inner === undefined ? undefined : this.follow(inner, child, undefined, wanted, depth + 1);
  }

  private ofResource(
    steps: readonly (string | number)[], module: string, key: string | number | undefined, references: readonly string[], wanted: readonly string[],
  ): Value | undefined {
    const named = steps[0] === 'data' ? 3 : 2;
    const candidates = this.byBlock.get(join(module, steps.slice(0, named).join('.'))) ?? [];
    const rest = steps.slice(named);
    const repeated = references.some(isRepetition);
    // `r[each.key].arn` is told as `r` and `each.key`: the one of the same key, by the attribute that is always meant.
    const index = candidates[0]?.key === undefined ? undefined : rest.length > 0 ? rest.shift() : repeated ? key : undefined;
    const found = candidates.find(candidate => candidate.key === index);
    const attribute = rest.length === 0 && repeated ? wanted[0] : rest.length === 1 ? rest[0] : rest.at(-1);
    if (found === undefined || typeof attribute !== 'string' || !wanted.includes(attribute)) {
      return undefined;
    }
    const [first, ...deeper] = rest.length === 0 ? [attribute] : rest;
    return at(found.attribute(String(first)), ...deeper);
  }

  public output(name: string): Value | undefined {
    const outputs = own(own(this.json, 'planned_values') ?? own(this.json, 'values'), 'outputs');
    const output = own(outputs, name);
    if (output === undefined) {
      return undefined;
    }
    const value = own(output, 'value');
    if (isSensitiveOutput(name, output)) {
      this.sensitive.add(value);
    }
    const unknown = own(own(own(this.json, 'output_changes'), name), 'after_unknown');
    if (value !== undefined && unknown !== true) {
      return planValue(value, unknown, symbolOf(`${this.name}/output.${name}`), 0);
    }
    const target = single(referencesOf(own(own(own(own(own(this.json, 'configuration'), 'root_module'), 'outputs'), name), 'expression')) ?? []);
    const attribute = target === undefined ? undefined : stepsOf(target)?.at(-1);
    const found = typeof attribute === 'string' ? this.follow([target!], '', undefined, [attribute], 0) : undefined;
    return found ?? symbolOf(`${this.name}/output.${name}`);
  }

  public clusters(): ReadonlyMap<string, ValueMap> {
    // A state does not say which configuration of a provider its resources have.
    const configured = own(own(this.json, 'configuration'), 'provider_config');
    return clustersOf([...this.providers].filter(([key]) => own(configured, key) !== undefined));
  }

  public resources(): readonly TerraformResource[] {
    return [...this.byAddress.values()].map(resource => (
      { where: resource.where, mode: resource.mode, type: resource.type, provider: resource.provider.name, values: resource.values() }
    ));
  }
}

/** A value of a plan, with what is unknown of it. */
function planValue(value: unknown, unknown: unknown, symbol: Unknown, depth: number): Value {
  if (unknown === true || depth > MAX_DEPTH) {
    return symbol;
  }
  if (Array.isArray(value) || (Array.isArray(unknown) && value === undefined)) {
    const [values, unknowns] = [listOf(value), listOf(unknown)];
    const length = Math.max(values.length, unknowns.length);
    return Array.from({ length }, (_, index) => planValue(values[index], unknowns[index], stepSymbol(symbol, index), depth + 1));
  }
  const [object, marks] = [objectOf(value), objectOf(unknown)];
  if (object !== undefined || (marks !== undefined && value === undefined)) {
    const keys = new Set([...Object.keys(object ?? {}), ...Object.keys(marks ?? {})]);
    return new Map([...keys].map(key => [key, planValue(own(object, key), own(marks, key), stepSymbol(symbol, key), depth + 1)]));
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function referencesOf(expression: unknown): readonly string[] | undefined {
  const references = own(expression, 'references');
  return Array.isArray(references) && references.every(reference => typeof reference === 'string') ? references : undefined;
}

function isRepetition(reference: string): boolean {
  return reference === 'each.key' || reference === 'count.index';
}

/** The one thing that an expression refers to; each is followed by what it is part of. */
function single(references: readonly string[]): string | undefined {
  const [first, ...rest] = references.filter(reference => !isRepetition(reference));
  return first !== undefined && rest.every(other => first.startsWith(other)) && !rest.includes(first) ? first : undefined;
}

/** The references of several things: each is followed by what it is part of. Those that are repeated are not told apart. */
function grouped(references: readonly string[]): readonly (readonly string[])[] {
  const groups: string[][] = [];
  for (const reference of references) {
    const group = groups.at(-1);
    if (group !== undefined && reference !== group[0] && group[0]!.startsWith(reference)) {
      group.push(reference);
    } else {
      groups.push([reference]);
    }
  }
  return references.some(isRepetition) ? [] : groups;
}

/** The steps of a reference; undefined where it is none. */
function stepsOf(reference: string): (string | number)[] | undefined {
  let expression: Expression;
  try {
    expression = parseExpression(reference);
  } catch (error) {
    if (error instanceof ExpressionError) {
      return undefined;
    }
    throw error;
  }
  const steps: (string | number)[] = [];
  while (expression.kind === 'index') {
    const key: Value | undefined = expression.key.kind === 'literal' ? expression.key.value : undefined;
    if (typeof key !== 'string' && typeof key !== 'number') {
      return undefined;
    }
    steps.unshift(key);
    expression = expression.object;
  }
  return expression.kind === 'variable' ? [expression.name, ...steps] : undefined;
}

/** An address with dots only. */
function canonical(address: string): string {
  const steps = stepsOf(address);
  if (steps === undefined) {
    return address;
  }
  const [first, ...rest] = steps;
  return stepSymbol(new Unknown(String(first)), ...rest).symbol;
}

function moduleOf(address: string, block: string): string {
  const end = address.lastIndexOf(block);
  return end <= 0 ? '' : address.slice(0, end - 1);
}

function join(module: string, block: string): string {
  return module === '' ? block : `${module}.${block}`;
}

function moduleNames(path: string): string[] {
  const steps = path === '' ? [] : stepsOf(path) ?? [];
  return steps.flatMap((step, index) => step === 'module' && typeof steps[index + 1] === 'string' && isCall(steps, index) ? [String(steps[index + 1])] : []);
}

/** Whether a step is the word `module`, not the name or key of one. */
function isCall(steps: readonly (string | number)[], index: number): boolean {
  let position = 0;
  while (position < index) {
    // A key is there where what comes after the name is no further call.
    position += steps[position + 2] === 'module' || position + 2 >= steps.length ? 2 : 3;
  }
  return position === index;
}

/** What calls a module: the module around it, its name, and its key. */
function moduleCall(path: string): { readonly parent: string; readonly name: string; readonly key: string | number | undefined } | undefined {
  const found = /^(?:(.*)\.)?module\.([^.[\]"]+)(?:\[(.*)\])?$/s.exec(path);
  if (found === null) {
    return undefined;
  }
  let key: unknown;
  try {
    key = found[3] === undefined ? undefined : JSON.parse(found[3]);
  } catch {
    return undefined;
  }
  return { parent: found[1] ?? '', name: found[2]!, key: typeof key === 'string' || typeof key === 'number' ? key : undefined };
}

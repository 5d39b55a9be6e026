import { Note, TerraformResource, Where } from '../model';
import { isList, isMap, isText, show, textOfKey, TextValue, toKey, Unknown, Value, ValueMap } from '../value';
import { Attributes, computedAttribute, computedNames, ProviderConfig } from './computed';
import { bodiesOf, clustersOf, Document, entriesOf, FindStack, isSensitive, isSensitiveOutput, objectOf, own, Stack, stringOf } from './documents';
import { bounded, Budget, evaluateExpression, evaluateJson, guarded, LimitError, Locals, Reference, Scope, step } from './evaluate';
import { EvaluationError, fail, toText } from './operations';
import { saidToBe } from './postcondition';
import { ResourceObject } from './resource';
import { callSymbol, stepSymbol, symbolOf } from './symbols';

/** Arguments that are Terraform's own; see https://developer.hashicorp.com/terraform/language/meta-arguments. */
const META: ReadonlySet<string> = new Set(['//', 'count', 'for_each', 'provider', 'depends_on', 'lifecycle', 'provisioner', 'connection', 'dynamic']);
/** What is at the root of a file; see https://developer.hashicorp.com/terraform/language/syntax/json#block-type-specific-exceptions. */
const ROOT: ReadonlySet<string> = new Set([
  '//', 'action', 'check', 'data', 'ephemeral', 'import', 'locals', 'module', 'moved', 'output', 'provider', 'removed', 'resource', 'terraform', 'variable',
]);
/** Longest name of what is not read that is said. */
const MAX_NAME = 100;
/** Most instances that count and for_each make of the resources of a stack; those of a resource that is beyond are an unknown number. */
const MAX_INSTANCES = 20_000;
/** Why a value stands for itself by its name only, while it is looked for. */
const PENDING = Symbol('is being evaluated');

type Mode = 'managed' | 'data';
type Steps = readonly (string | number | Unknown)[];
type Json = Readonly<Record<string, unknown>>;

/** A resource as it is written, before it is made into instances. */
interface Block {
  readonly address: string;
  readonly mode: Mode;
  readonly type: string;
  readonly name: string;
  readonly body: Json;
  readonly file: string;
}

/** What a resource is made into, where it says how many: by key, in order; one of an unknown key where it is not known which there are. */
interface Instances {
  readonly kind: 'list' | 'map';
  readonly known: boolean;
  readonly all: ReadonlyMap<string, Instance>;
}

/** Configuration in JSON: what cdktf synthesizes, or anyone's `*.tf.json`. */
export class ConfigStack implements Stack {
  public readonly notes: Note[] = [];
  private readonly blocks = new Map<string, Block>();
  private readonly expanded = new Map<string, Instance | Instances | typeof PENDING>();
  private readonly locals = new Map<string, unknown>();
  private readonly localValues = new Map<string, Value | typeof PENDING>();
  private readonly outputs = new Map<string, unknown>();
  private readonly sensitiveOutputs = new Set<string>();
  private readonly outputValues = new Map<string, Value | typeof PENDING>();
  private readonly providers = new Map<string, ProviderConfig>();
  private readonly providerBodies = new Map<string, Json>();
  /** How many instances count and for_each made. */
  private made = 0;
  private readonly scope: Scope;
  /** What is referred to and not there. */
  private readonly missing = new Set<string>();
  /** Instances that may be there or not. */
  private readonly hypotheticals = new Map<string, Instance>();
  public readonly backend: Stack['backend'];

  constructor(public readonly name: string, documents: readonly Document[], private readonly findStack: FindStack, public readonly budget: Budget) {
    this.scope = { name, note: message => this.notes.push({ message }), resolve: (root, steps) => this.resolve(root, steps) };
    let backend: Stack['backend'];
    for (const { file, json } of [...documents.filter(one => !isOverride(one.file)), ...documents.filter(one => isOverride(one.file))]) {
      const document = objectOf(json) ?? {};
      for (const key of Object.keys(document).filter(each => !ROOT.has(each))) {
        this.notes.push({
          message: `Terraform has no ${JSON.stringify(key.slice(0, MAX_NAME))} at the root of a file, and refuses it: it is not read`,
          where: { address: key.slice(0, MAX_NAME), stack: this.name, file },
        });
      }
      this.readBlocks(own(document, 'resource'), 'managed', file);
      this.readBlocks(own(document, 'data'), 'data', file);
      entriesOf(own(document, 'locals')).forEach(([key, value]) => this.locals.set(key, value));
      for (const [key, value] of entriesOf(own(document, 'output'))) {
        const said = own(bodiesOf(value)[0], 'value');
        this.outputs.set(key, said === undefined && isOverride(file) ? this.outputs.get(key) : said);
        if (isSensitiveOutput(key, bodiesOf(value)[0])) {
          this.sensitiveOutputs.add(key);
        }
      }
      for (const [, value] of entriesOf(own(document, 'variable'))) {
        bodiesOf(value).filter(isSensitive).forEach(body => this.budget.sensitive.add(own(body, 'default')));
      }
      for (const terraform of bodiesOf(own(document, 'terraform'))) {
        const [found] = entriesOf(own(terraform, 'backend'));
        if (found !== undefined && (backend === undefined || isOverride(file))) {
          backend = { type: found[0], config: bodiesOf(found[1])[0] };
        }
      }
      for (const [type, bodies] of entriesOf(own(document, 'provider'))) {
        bodiesOf(bodies).forEach(body => this.readProvider(type, body, file));
      }
      for (const [called] of entriesOf(own(document, 'module'))) {
        this.notes.push({
          message: `the resources of module.${called} are not read: pass a plan, as \`terraform show -json\` prints it`,
          where: { address: `module.${called}`, stack: this.name, file },
        });
      }
    }
    this.backend = backend;
    this.blocks.forEach(block => this.noteIgnored(block));
  }

  private readBlocks(json: unknown, mode: Mode, file: string): void {
    for (const [type, named] of entriesOf(json)) {
      for (const [name, bodies] of entriesOf(named)) {
        const address = `${mode === 'data' ? 'data.' : ''}${type}.${name}`;
        const [body = {}, ...others] = bodiesOf(bodies);
        const before = this.blocks.get(address);
        const override = before !== undefined && isOverride(file);
        if (others.length > 0 || (before !== undefined && !override)) {
          this.notes.push({ message: `${address} is written twice, which Terraform refuses`, where: { address, stack: this.name, file } });
        }
        this.blocks.set(address, override ? { ...before, body: overridden(before.body, body) } : { address, mode, type, name, body, file });
      }
    }
  }

  /** Terraform leaves what is ignored as it is, whatever is written; tags let nobody in, and webhooks are not read. */
  private noteIgnored({ address, mode, type, body, file }: Block): void {
    const ignored = bodiesOf(own(body, 'lifecycle')).map(lifecycle => own(lifecycle, 'ignore_changes')).flat() as unknown[];
    const names = new Set(ignored.flatMap(argument => stringOf(argument)?.split(/[.[]/, 1) ?? []));
    for (const name of mode === 'managed' && !type.includes('webhook_configuration') ? names : []) {
      if (name !== 'tags' && name !== 'tags_all') {
        this.notes.push({
          message: `ignore_changes has ${name}: what exists may differ from what is written`,
          where: { address, attribute: 'lifecycle', stack: this.name, file },
        });
      }
    }
  }

  private readProvider(type: string, given: Json, file: string): void {
    const alias = stringOf(own(given, 'alias'));
    const name = alias === undefined ? type : `${type}.${alias}`;
    const body = isOverride(file) ? overridden(this.providerBodies.get(name) ?? {}, given) : given;
    this.providerBodies.set(name, body);
    const values = new Map<string, Value | typeof PENDING>();
    this.providers.set(name, {
      name: `${this.name}/${name}`,
      argument: key => {
        const json = own(body, key);
        return json === undefined ? undefined : this.memo(values, key, `${name}.${key}`, () => evaluateJson(json, this.scope, this.budget));
      },
    });
  }

  /** The provider of a resource: the one that it names, or the default one of its type. */
  public providerOf(block: Pick<Block, 'type' | 'body'>): ProviderConfig {
    const written = stringOf(own(block.body, 'provider'))?.replace(/^\$\{(.*)\}$/, '$1');
    const type = block.type.split('_')[0]!;
    const name = written ?? type;
    const { name: stack } = this;
    return this.providers.get(name) ?? { name: `${stack}/${name}`, argument: () => undefined };
  }

  public resources(): readonly TerraformResource[] {
    const resources: TerraformResource[] = [];
    for (const block of this.blocks.values()) {
      const instances = this.instances(block);
      if (!(instances instanceof Instance) && !instances.known) {
        const argument = own(block.body, 'count') === undefined ? 'for_each' : 'count';
        this.notes.push({
          message: `${argument} is not known: it is read as if there were one`,
          where: { address: block.address, attribute: argument, stack: this.name, file: block.file },
        });
      }
      for (const instance of instances instanceof Instance ? [instances] : instances.all.values()) {
        resources.push({ where: instance.where, mode: block.mode, type: block.type, provider: instance.provider.name, values: instance.values() });
      }
    }
    return resources;
  }

  public clusters(): ReadonlyMap<string, ValueMap> {
    return clustersOf(this.providers);
  }

  public output(name: string): Value | undefined {
    const json = this.outputs.get(name);
    const value = json === undefined ? undefined : this.memo(this.outputValues, name, `output.${name}`, () => evaluateJson(json, this.scope, this.budget));
    if (this.sensitiveOutputs.has(name)) {
      this.budget.sensitive.add(value);
    }
    return value;
  }

  /** A value that is made once; while it is made, and where it takes too much, it stands for itself. */
  public memo(values: Map<string, Value | typeof PENDING>, key: string, name: string, make: () => Value, where?: Where): Value {
    const before = values.get(key);
    if (before === PENDING) {
      this.notes.push({ message: `${name} refers to itself, and is not known`, ...(where === undefined ? {} : { where }) });
      return symbolOf(`${this.name}/${name}`);
    }
    if (before !== undefined) {
      return before;
    }
    values.set(key, PENDING);
    let value: Value;
    try {
      value = guarded(this.budget, make);
    } catch (error) {
      if (!(error instanceof LimitError) && !(error instanceof EvaluationError)) {
        throw error;
      }
      this.notes.push({ message: `${name} is not known: ${error.message}`, ...(where === undefined ? {} : { where }) });
      value = symbolOf(`${this.name}/${name}`);
    }
    values.set(key, value);
    return value;
  }

  /** The value of a name in the stack, or in an instance of it. */
  public resolve(root: string, steps: Steps, instance?: Instance): Reference | undefined {
    const [first] = steps;
    switch (root) {
      case 'var': case 'path': case 'terraform':
        return { value: stepSymbol(new Unknown(`${this.name}/${root}`), ...plain(steps.slice(0, 1))), used: Math.min(steps.length, 1) };
      case 'module':
        return { ...this.elsewhere('module', steps, 1), doubtful: steps.length > 2 };
      case 'local': {
        const json = typeof first === 'string' ? this.locals.get(first) : undefined;
        return json === undefined ? this.elsewhere('local', steps, 1)
          : { value: this.memo(this.localValues, first as string, `local.${first as string}`, () => evaluateJson(json, this.scope, this.budget)), used: 1 };
      }
      case 'each': case 'count': case 'self':
        return instance?.own(root, steps);
      case 'data':
        return this.reference(`data.${String(first)}.${String(steps[1])}`, steps, 2);
      case 'resource':
        return this.reference(`${String(first)}.${String(steps[1])}`, steps, 2);
      default:
        return this.reference(`${root}.${String(first)}`, steps, 1);
    }
  }

  /** What is in another file, or in a module, is known by its name. */
  private elsewhere(root: string, steps: Steps, named: number): Reference {
    const name = [root, ...steps.slice(0, named).map(key => typeof key === 'object' ? '*' : key)].join('.');
    if (root !== 'module' && !this.missing.has(name)) {
      this.missing.add(name);
      this.notes.push({ message: `${name} is not in the input${this.name === '' ? '' : ` of ${this.name}`}` });
    }
    return { value: path(new Unknown(`${this.name}/${root}`), steps), used: steps.length, doubtful: true };
  }

  private reference(address: string, steps: Steps, used: number): Reference | undefined {
    const block = this.blocks.get(address);
    if (block === undefined) {
      return steps.length < used || (used === 1 && !/^[a-z0-9]+_/.test(address)) ? undefined : this.elsewhere(address.slice(0, address.indexOf('.')), steps, used);
    }
    const instances = this.instances(block);
    if (instances instanceof Instance) {
      return this.ofInstance(instances, steps, used, false);
    }
    const key = steps[used];
    if (key === undefined) {
      return { value: this.all(block, instances), used, doubtful: !instances.known };
    }
    const found = typeof key === 'object' ? instances.all.get(toKey(key)) : instances.all.get(toKey(String(key)));
    if (found !== undefined) {
      return this.ofInstance(found, steps, used + 1, !instances.known);
    }
    if (typeof key === 'object' || !instances.known || [...instances.all.keys()].some(candidate => typeof textOfKey(candidate) !== 'string')) {
      // Which of them it is, or whether there is one, is not known; where it is by name, it is like the others but for that.
      const value = typeof key === 'object' ? callSymbol('index', [symbolOf(`${this.name}/${address}`), key]) : undefined;
      return value !== undefined ? { value, used: used + 1, doubtful: true }
        : this.ofInstance(this.hypothetical(block, instances, key as string | number), steps, used + 1, true);
    }
    return undefined;
  }

  private ofInstance(instance: Instance, steps: Steps, used: number, doubtful: boolean): Reference {
    const name = steps[used];
    if (typeof name !== 'string') {
      return { value: instance.object(), used, doubtful };
    }
    const doubts = this.budget.doubts;
    let value = instance.attribute(name);
    this.budget.doubts = doubts;
    try {
      for (const key of steps.slice(used + 1)) {
        value = step(value, key, this.budget);
      }
      return { value, used: steps.length, doubtful: doubtful || this.budget.doubts > doubts };
    } catch (error) {
      if (!(error instanceof EvaluationError)) {
        throw error;
      }
      // What the provider adds to a block is not in the configuration.
      return { value: instance.inBlock(steps.slice(used)), used: steps.length, doubtful: true };
    }
  }

  private all(block: Block, instances: Instances): Value {
    if (!instances.known) {
      return symbolOf(`${this.name}/${block.address}`);
    }
    return instances.kind === 'list' ? [...instances.all.values()].map(instance => instance.object())
      : new Map([...instances.all].map(([key, instance]) => [key, instance.object()]));
  }

  private hypothetical(block: Block, { kind }: Instances, key: string | number): Instance {
    const address = `${block.address}[${typeof key === 'number' ? key : JSON.stringify(key)}]`;
    const before = this.hypotheticals.get(address);
    if (before !== undefined) {
      return before;
    }
    const made = new Instance(this, block, address, kind === 'list' ? { count: Number(key) }
      : { key, value: callSymbol('index', [symbolOf(`${this.name}/${block.address}.for_each`), String(key)]) });
    this.hypotheticals.set(address, made);
    return made;
  }

  private instances(block: Block): Instance | Instances {
    const before = this.expanded.get(block.address);
    if (before === PENDING) {
      // The number of something that refers to itself: one that is not known.
      return this.unknownInstances(block, own(block.body, 'count') === undefined ? 'map' : 'list');
    }
    if (before !== undefined) {
      return before;
    }
    this.expanded.set(block.address, PENDING);
    const instances = this.expand(block);
    this.expanded.set(block.address, instances);
    return instances;
  }

  private expand(block: Block): Instance | Instances {
    const [count, forEach] = [own(block.body, 'count'), own(block.body, 'for_each')];
    if (count !== undefined && count !== null) {
      return this.counted(block, this.memo(new Map(), 'count', `${block.address}.count`, () => evaluateJson(count, this.scope, this.budget)));
    }
    if (forEach === undefined || forEach === null) {
      return new Instance(this, block, block.address, {});
    }
    const value = this.memo(new Map(), 'for_each', `${block.address}.for_each`, () => evaluateJson(forEach, this.scope, this.budget));
    const pairs = isMap(value) && !(value instanceof ResourceObject) ? [...value].map(([key, inner]) => [textOfKey(key), inner] as const)
      : isList(value) && value.every(isText) ? value.map(key => [key, key] as const) : undefined;
    if (pairs === undefined || !this.makes(block, pairs.length)) {
      return this.unknownInstances(block, 'map');
    }
    return {
      kind: 'map', known: true,
      all: new Map(pairs.map(([key, inner]) => [
        toKey(key), new Instance(this, block, `${block.address}[${typeof key === 'string' ? JSON.stringify(key) : `"${show(key)}"`}]`, { key, value: inner }),
      ])),
    };
  }

  /** Whether so many more instances are not too many. */
  private makes(block: Block, number: number): boolean {
    if (this.made + number > MAX_INSTANCES) {
      this.notes.push({
        message: `there are more than ${MAX_INSTANCES} instances in the stack: those of ${block.address} are not told apart`,
        where: { address: block.address, stack: this.name, file: block.file },
      });
      return false;
    }
    this.made += number;
    return true;
  }

  private counted(block: Block, count: Value): Instances {
    const number = typeof count === 'string' ? Number(count) : count;
    if (typeof number === 'number' && number >= 0 && this.makes(block, number)) {
      const all = Array.from({ length: number }, (_, index) => [String(index), new Instance(this, block, `${block.address}[${index}]`, { count: index })] as const);
      return { kind: 'list', known: true, all: new Map(all) };
    }
    // The usual switch: there is one, or there is none.
    if (count instanceof Unknown && /^\?\(.*, (?:0, 1|1, 0)\)$/s.test(count.symbol)) {
      return { kind: 'list', known: false, all: new Map([['0', new Instance(this, block, `${block.address}[0]`, { count: 0 })]]) };
    }
    return this.unknownInstances(block, 'list');
  }

  private unknownInstances(block: Block, kind: 'list' | 'map'): Instances {
    const symbol = `${this.name}/${block.address}`;
    const instance = new Instance(this, block, block.address, kind === 'list' ? { count: new Unknown(`${symbol}.count.index`) }
      : { key: new Unknown(`${symbol}.each.key`), value: new Unknown(`${symbol}.each.value`) });
    return { kind, known: false, all: new Map([['\uFDD2', instance]]) };
  }

  /** The outputs of a remote state; undefined where its stack is not in the input. */
  public remoteState(block: Block, backend: Value | undefined, config: Value | undefined): Stack | undefined {
    return this.findStack({ name: block.name, backend, config });
  }
}

/** What tells an instance from the others of its resource. */
interface Repetition {
  readonly count?: number | Unknown;
  readonly key?: Value;
  readonly value?: Value;
}

/** One of what a resource is made into, and the scope in which it is itself. */
class Instance implements Attributes, Scope {
  public readonly symbol: Unknown;
  public readonly provider: ProviderConfig;
  public readonly where: Where;
  private readonly memo = new Map<string, Value | typeof PENDING>();
  private whole: ResourceObject | undefined;

  constructor(
    private readonly stack: ConfigStack, private readonly block: Block, public readonly address: string, private readonly repetition: Repetition,
  ) {
    const base = new Unknown(`${stack.name}/${block.address}`);
    const key = repetition.count ?? repetition.key;
    this.symbol = key === undefined ? base : typeof key === 'number' || typeof key === 'string' ? stepSymbol(base, key)
      : address === block.address ? stepSymbol(base, '*') : callSymbol('index', [base, key]);
    this.provider = stack.providerOf(block);
    const constructPath = stringOf(own(own(own(block.body, '//'), 'metadata'), 'path'));
    const { name } = stack;
    // Written out, as objects that are put together from others may each have a shape of their own, and there are many of these.
    this.where = constructPath === undefined ? { address, stack: name, file: block.file } : { address, constructPath, stack: name, file: block.file };
  }

  public get name(): string {
    return `${this.stack.name}/${this.address}`;
  }

  public note(message: string): void {
    this.stack.notes.push({ message, where: this.where });
  }

  public resolve(root: string, steps: Steps): Reference | undefined {
    return this.stack.resolve(root, steps, this);
  }

  public own(root: 'each' | 'count' | 'self', steps: Steps): Reference | undefined {
    const [first] = steps;
    const { count, key, value } = this.repetition;
    if (root === 'self') {
      return { value: this.object(), used: 0 };
    }
    const found = root === 'count' ? (first === 'index' ? count : undefined) : first === 'key' ? key : first === 'value' ? value : undefined;
    return found === undefined ? undefined : { value: found, used: 1 };
  }

  /** What the provider adds to a block that is written. */
  public inBlock(steps: Steps): Value {
    const [block, ...rest] = steps;
    // See https://registry.terraform.io/providers/hashicorp/kubernetes/latest/docs/resources/service_account_v1#namespace-1.
    return this.block.type.startsWith('kubernetes_') && block === 'metadata' && rest.at(-1) === 'namespace' ? 'default' : path(this.symbol, steps);
  }

  public object(): ResourceObject {
    this.whole ??= new ResourceObject(this.symbol, name => this.attribute(name));
    return this.whole;
  }

  public argument(name: string): Value | undefined {
    return this.isGiven(name) ? this.attribute(name) : undefined;
  }

  private isGiven(name: string): boolean {
    const json = own(this.block.body, name);
    return (json !== undefined && json !== null && !META.has(name)) || dynamicOf(this.block.body, name).length > 0;
  }

  public attribute(name: string): Value {
    const before = this.memo.get(name);
    if (before !== undefined && before !== PENDING) {
      return before;
    }
    return this.stack.memo(this.memo, name, `${this.symbol.symbol.slice(this.stack.name.length + 1)}.${name}`, () => this.made(name), { ...this.where, attribute: name });
  }

  private made(name: string): Value {
    const { mode, type, body } = this.block;
    if (this.isGiven(name)) {
      const value = this.blocks(own(body, name) ?? null, NO_LOCALS);
      const dynamic = dynamicOf(body, name);
      const given = dynamic.length === 0 ? value : withDynamic(value, this.dynamic(name, dynamic, NO_LOCALS));
      if (given !== null) {
        return given;
      }
    }
    if (mode === 'data' && type === 'terraform_remote_state' && name === 'outputs') {
      return this.outputs();
    }
    return computedAttribute(mode, type, name, this) ?? stepSymbol(this.symbol, name);
  }

  /** The outputs of another stack. */
  private outputs(): Value {
    const stack = this.stack.remoteState(this.block, this.argument('backend'), this.argument('config'));
    const unknown = stepSymbol(this.symbol, 'outputs');
    return new ResourceObject(unknown, name => stack?.output(name) ?? stepSymbol(unknown, name));
  }

  /** A block or argument, with its dynamic blocks made. */
  private blocks(json: unknown, locals: Locals): Value {
    if (Array.isArray(json)) {
      return guarded(this.stack.budget, () => this.stack.budget.pool.one(bounded(json.map(inner => this.blocks(inner, locals)))));
    }
    const body = objectOf(json);
    const dynamic = own(body, 'dynamic');
    if (body === undefined || !isDynamic(dynamic)) {
      return body === undefined || !Object.values(body).some(inner => typeof inner === 'object') ? evaluateJson(json, this, this.stack.budget, locals)
        : this.plain(body, locals);
    }
    const entries = new Map(this.plain(Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'dynamic')), locals));
    for (const [name, inner] of entriesOf(dynamic)) {
      entries.set(name, withDynamic(entries.get(name) ?? null, this.dynamic(name, inner, locals)));
    }
    return bounded(entries);
  }

  private plain(body: Json, locals: Locals): ValueMap {
    return guarded(this.stack.budget, () => {
      const entries = new Map<string, Value>();
      for (const [key, inner] of Object.entries(body)) {
        if (key !== '//') {
          entries.set(toKey(toText(evaluateJson(key, this, this.stack.budget, locals))), this.blocks(inner, locals));
        }
      }
      return this.stack.budget.pool.one(bounded(entries));
    });
  }

  /** The blocks that a dynamic block makes; unknown where it is not known how many. */
  private dynamic(block: string, json: unknown, locals: Locals): readonly Value[] {
    return bodiesOf(json).flatMap((body): readonly Value[] => {
      const collection = evaluateJson(own(body, 'for_each'), this, this.stack.budget, locals);
      const pairs = isList(collection) ? collection.map((value, index) => [isText(value) ? value : index, value] as const)
        : isMap(collection) ? [...collection].map(([key, value]) => [textOfKey(key), value] as const) : undefined;
      if (pairs === undefined) {
        return [callSymbol('dynamic', [stepSymbol(this.symbol, block), collection])];
      }
      const name = stringOf(own(body, 'iterator')) ?? block;
      const content = bodiesOf(own(body, 'content'))[0] ?? {};
      return pairs.map(([key, value]) => {
        this.stack.budget.spend(1);
        return this.blocks(content, new Map([...locals, [name, new Map<string, Value>([['key', key], ['value', value]])]]));
      });
    });
  }

  public assured(name: readonly string[]): TextValue | undefined {
    for (const postcondition of bodiesOf(own(this.block.body, 'lifecycle')).flatMap(lifecycle => bodiesOf(own(lifecycle, 'postcondition')))) {
      const expression = saidToBe(own(postcondition, 'condition'), name);
      const value = expression === undefined ? undefined : evaluateExpression(expression, this, this.stack.budget);
      if (isText(value) && value !== '') {
        return value;
      }
    }
    return undefined;
  }

  public arguments(): Map<string, Value> {
    const { body } = this.block;
    const values = new Map<string, Value>();
    for (const name of [...Object.keys(body), ...entriesOf(own(body, 'dynamic')).map(([dynamic]) => dynamic)]) {
      if (!values.has(name) && this.isGiven(name)) {
        values.set(name, this.attribute(name));
      }
    }
    return values;
  }

  /** All arguments, and all attributes that may follow from them. */
  public values(): ValueMap {
    const values = this.arguments();
    for (const name of computedNames(this.block.mode, this.block.type)) {
      values.set(name, this.attribute(name));
    }
    return values;
  }
}

const NO_LOCALS: Locals = new Map();

/** What is at the end of steps from something unknown. */
function path(of: Unknown, steps: Steps): Unknown {
  return steps.reduce<Unknown>((value, key) => typeof key === 'object' ? callSymbol('index', [value, key]) : stepSymbol(value, key), of);
}

/** Steps that are known, for a symbol. */
function plain(steps: Steps): (string | number)[] {
  return steps.map(key => typeof key === 'object' ? fail('it is named by something unknown') : key);
}

/** The dynamic blocks of a name, of one object or a list of them. */
function dynamicOf(body: Json, name: string): readonly Json[] {
  return entriesOf(own(body, 'dynamic')).flatMap(([key, bodies]) => key === name ? bodiesOf(bodies) : []);
}

/** Whether Terraform reads a file last, over the others; see https://developer.hashicorp.com/terraform/language/files/override. */
function isOverride(file: string): boolean {
  return /(?:^|[\\/_])override\.(?:tf|tofu)\.json$/.test(file);
}

/** A block with what overrides it: each argument in place of the one before, each block of a type in place of all of it, dynamic ones too. */
function overridden(before: Json, over: Json): Json {
  const dynamic = entriesOf(own(over, 'dynamic'));
  const replaced = new Set([...Object.keys(over), ...dynamic.map(([name]) => name)]);
  const kept = entriesOf(own(before, 'dynamic')).filter(([name]) => !replaced.has(name));
  const all = [...kept, ...dynamic].map(([name, body]) => Object.fromEntries([[name, body]]));
  const merged = [
    ...Object.entries(before).filter(([name]) => name === '//' || !replaced.has(name)),
    ...Object.entries(over).filter(([name]) => name !== '//' && name !== 'dynamic' && name !== 'lifecycle'),
  ].filter(([name]) => name !== 'dynamic' && name !== 'lifecycle');
  const lifecycle = [before, over].flatMap(body => bodiesOf(own(body, 'lifecycle')));
  return Object.fromEntries([
    ...merged, ...all.length > 0 ? [['dynamic', all] as const] : [],
    ...lifecycle.length > 0 ? [['lifecycle', Object.fromEntries(lifecycle.flatMap(one => Object.entries(one)))] as const] : [],
  ]);
}

function isDynamic(json: unknown): boolean {
  const entries = entriesOf(json);
  return entries.length > 0 && entries.every(([, body]) => bodiesOf(body).length > 0 && bodiesOf(body).every(inner => own(inner, 'for_each') !== undefined && own(inner, 'content') !== undefined));
}

function withDynamic(given: Value, made: readonly Value[]): Value {
  const before = given === null ? [] : isList(given) ? given : [given];
  const all = [...before, ...made];
  return all.length === 1 && all[0] instanceof Unknown ? all[0] : all;
}

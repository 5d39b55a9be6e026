import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Applied, AppliedResource } from '../model';
import { shadowApplyIn, Stack } from '../shadow';
import { addressOf, escaped, providerNamed, Real } from '../shadow/rewrite';
import { write } from '../shadow/run';
import { WORLD } from '../world';
import { Reduced, withoutNewer } from './newer';
import { Availability, available, Had, install, ProviderSchema, requiredBy, schemasOf } from './providers';
import { ASKS_NOBODY } from './renderings';
import { Diagnostic, line, Stopped, Terraform, validate } from './run';

/** The stacks of one app, in the order of their dependencies. */
export interface StacksOfApp { readonly title: string; readonly stacks: readonly Stack[] }

/** How many resources and data sources providers looked at, and of how many stacks they refuse something. */
interface Looked {
  readonly refused: number;
  readonly validated: number;
  readonly planned: number;
}

/** The sum of what was looked at. */
export interface Figures extends Looked { readonly stacks: number }

/** What came of one look at a stack. */
interface Look { readonly count: number; readonly errors: readonly string[] }

const NOTHING: Look = { count: 0, errors: [] };

/** Data sources that AWS's provider answers without asking AWS. */
const ANSWERED_OFFLINE: ReadonlySet<string> = new Set(['aws_iam_policy_document', 'aws_partition']);
/** What is added to the name of a resource of which every value is known. */
const KNOWN = '_known';

/**
 * Has the providers that can be had look at stacks, where all others are shadowed: they validate what is theirs, as it is written, and AWS's
 * plans it, asking nobody, twice: as it is written, and with every value known that the shadow apply knows.
 */
export class RealProviders {
  /**
   * Finds out which providers can be had of those that stacks require.
   * @throws Stopped where there is none, or one is missing that has to be there
   */
  public static async of(terraform: Terraform, folder: string, apps: readonly StacksOfApp[], all: boolean): Promise<RealProviders> {
    const required = requiredBy(apps.flatMap(({ stacks }) => stacks));
    const availability = await available(terraform, join(folder, 'providers'), required);
    const { had, missing } = availability;
    const absent = [...missing].map(([name, why]) => `${name}: ${why}`).join('\n');
    if (had.length === 0 || all && missing.size > 0) {
      throw new Stopped(`${had.length === 0 ? 'No provider' : 'Not every provider'} can be had. They come from a registry, or from a mirror that the file named by `
        + `TF_CLI_CONFIG_FILE configures.\n${absent}`);
    }
    const newest = had.find(provider => all && provider.had !== provider.version);
    if (newest !== undefined) {
      throw new Stopped(`The provider ${newest.name} can be had in version ${newest.had} only, and ${newest.version} is required.`);
    }
    const installed = join(folder, 'installed');
    mkdirSync(installed);
    await install(terraform, installed, new Map(had.map(provider => [provider, provider.had])));
    return new RealProviders(terraform, folder, installed, availability, await schemasOf(terraform, installed, had));
  }

  /** What the versions that can be had are too old for, with the stacks that have it. */
  public readonly newer = new Map<string, Set<string>>();
  private count = 0;

  private constructor(
    private readonly terraform: Terraform,
    private readonly folder: string,
    private readonly installed: string,
    private readonly availability: Availability,
    private readonly schemas: ReadonlyMap<string, ProviderSchema>,
  ) {}

  /** Which providers are asked, and which are shadowed, for people. */
  public get said(): string {
    const { had, missing } = this.availability;
    const asked = had.map(provider => `${provider.name} ${provider.had}${provider.had === provider.version ? '' : ` (${provider.version} is required)`}`);
    const why = (text: string) => text.replace(/\s+/g, ' ');
    return [
      `Asked: ${asked.join(', ')}.`,
      ...missing.size === 0 ? [] : [`Shadowed, as they cannot be had: ${[...missing.keys()].join(', ')}.`, ...[...missing].map(([name, text]) => `  ${name}: ${why(text)}`)],
    ].join('\n');
  }

  /** Looks at every stack of apps and prints what comes of it. */
  public async lookAt(apps: readonly StacksOfApp[], signal: AbortSignal): Promise<Figures> {
    const concerned = apps.filter(({ stacks }) => stacks.some(stack => this.concerns(stack)));
    const figures: Looked[] = [];
    let next = 0;
    const work = async () => {
      while (next < concerned.length) {
        signal.throwIfAborted();
        figures.push(...await this.lookAtApp(concerned[next++]!));
      }
    };
    // What still runs when one fails is waited for: it has its folders here.
    const ended = await Promise.allSettled(Array.from({ length: Math.min(availableParallelism(), 4) }, () => work().catch(error => {
      next = concerned.length;
      throw error;
    })));
    const failed = ended.find(one => one.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
    const sum = (name: keyof Looked) => figures.reduce((total, one) => total + one[name], 0);
    return { stacks: figures.length, refused: sum('refused'), validated: sum('validated'), planned: sum('planned') };
  }

  private concerns({ json }: Stack): boolean {
    return bodiesOf(json, new Set(this.schemas.keys())).length > 0;
  }

  private own(): string {
    this.count += 1;
    const own = join(this.folder, `${this.count}`);
    mkdirSync(own);
    return own;
  }

  private apply({ title, stacks }: StacksOfApp): { readonly applied: Applied; readonly states: string } {
    const states = this.own();
    try {
      return { applied: shadowApplyIn(states, stacks), states };
    } catch (error) {
      throw new Stopped(`${title} cannot be applied in the shadow: ${(error as Error).message}`);
    }
  }

  private async lookAtApp(app: StacksOfApp): Promise<Looked[]> {
    const { applied, states } = this.apply(app);
    const all: Looked[] = [];
    for (const stack of app.stacks.filter(one => this.concerns(one))) {
      all.push(await this.lookAtStack(app, stack, applied, states));
    }
    return all;
  }

  private async lookAtStack({ title, stacks }: StacksOfApp, stack: Stack, applied: Applied, states: string): Promise<Looked> {
    const where = stacks.length === 1 ? title : `${title}: ${stack.name}`;
    const reduced = withoutNewer(stack, this.availability.had, this.schemas);
    reduced.newer.forEach(what => this.newer.set(what, (this.newer.get(what) ?? new Set()).add(where)));
    const { count: validated, errors } = await this.validated(reduced, stacks);
    const { count: planned, errors: others } = this.schemas.has('aws') && errors.length === 0 ? await this.planned(reduced, stacks, applied, states) : NOTHING;
    const all = [...errors, ...others];
    const without = reduced.newer.length === 0 ? '' : `, but for ${reduced.newer.join(', ')}`;
    console.log(`${where}: ${all.length > 0 ? all.join('\n') : `${validated} valid${planned === 0 ? '' : `, ${planned} planned twice`}${without}`}`);
    return { refused: all.length > 0 ? 1 : 0, validated, planned };
  }

  /** What the providers that can be had say of what is theirs, as it is written. */
  private async validated({ stack, beyond }: Reduced, stacks: readonly Stack[]): Promise<Look> {
    const real: Real = { providers: new Set(this.schemas.keys()), keeps: reference => !beyond.has(addressOf(reference)) };
    const { folder, config } = this.writeIn(this.own(), stack, stacks, real);
    this.prepare(folder, config);
    return { count: bodiesOf(config, real.providers).length, errors: refusals(await validate(this.terraform, folder)) };
  }

  /** What AWS's provider plans: no data source that asks AWS, as nobody answers. */
  private async planned({ stack, beyond }: Reduced, stacks: readonly Stack[], applied: Applied, states: string): Promise<Look> {
    const real: Real = {
      providers: new Set(['aws']), keeps: reference => !beyond.has(addressOf(reference)) && (!reference.data || ANSWERED_OFFLINE.has(reference.type)),
    };
    const { folder, config } = this.writeIn(this.own(), stack, stacks, real, states);
    const aws = bodiesOf({ resource: config.resource }, real.providers);
    if (aws.length === 0) {
      return NOTHING;
    }
    const values = new Map(applied.resources.filter(one => one.stack === stack.name).map(one => [one.address, one.values]));
    for (const { type, name, body } of aws) {
      config.resource[type][`${name}${KNOWN}`] = knownBody(body, values.get(addressOf({ data: false, type, name }))!);
    }
    // Which role it assumes and whose account that is, AWS would say.
    const offline = ({ assume_role: _, allowed_account_ids: __, ...provider }: any) => ({ ...provider, ...ASKS_NOBODY });
    config.provider = { ...config.provider, aws: [config.provider?.aws ?? {}].flat().map(offline) };
    this.prepare(folder, config);
    const { stdout, stderr } = await this.terraform(folder, 'plan', '-json', '-input=false', '-lock=false', '-refresh=false');
    const lines = stdout.split('\n').filter(text => text.startsWith('{')).map(text => JSON.parse(text) as PlanLine);
    const errors = refusals(lines.flatMap(({ diagnostic }) => diagnostic ?? []));
    const isCreated = ({ action, resource }: Change) => action === 'create' && providerNamed(resource.resource_type) === 'aws';
    const missing = 2 * aws.length - lines.filter(({ type, change }) => type === 'planned_change' && isCreated(change!)).length;
    return { count: aws.length, errors: errors.length > 0 || missing === 0 ? errors : [`${missing} of ${2 * aws.length} resources are not planned. ${stderr.trim()}`.trim()] };
  }

  private writeIn(folder: string, stack: Stack, stacks: readonly Stack[], real: Real, states?: string) {
    return write(stack, { stacks, world: WORLD, lasting: false, real }, folder, states);
  }

  /** Puts what Terraform reads into a folder, and the providers that are installed. */
  private prepare(folder: string, { terraform: _, ...config }: any): void {
    const required = this.availability.had.map(({ name, source, had }: Had) => [name, { source, version: had }]);
    writeFileSync(join(folder, 'main.tf.json'), JSON.stringify({ ...config, terraform: { required_providers: Object.fromEntries(required) } }, undefined, 1));
    copyFileSync(join(this.installed, '.terraform.lock.hcl'), join(folder, '.terraform.lock.hcl'));
    symlinkSync(join(this.installed, '.terraform'), join(folder, '.terraform'));
  }
}

interface Change { readonly action: string; readonly resource: { readonly resource_type: string } }

/** What `terraform plan -json` prints in one line. */
interface PlanLine { readonly type: string; readonly diagnostic?: Diagnostic; readonly change?: Change }

const refusals = (diagnostics: readonly Diagnostic[]) => diagnostics.filter(({ severity }) => severity === 'error').map(line);

/** The resources and data sources of providers in a configuration. */
function bodiesOf(config: any, providers: ReadonlySet<string>): { readonly type: string; readonly name: string; readonly body: any }[] {
  const types = [config.resource, config.data].flatMap(block => Object.entries<Record<string, any>>(block ?? {}));
  return types.filter(([type]) => providers.has(providerNamed(type)))
    .flatMap(([type, bodies]) => Object.entries(bodies).map(([name, body]) => ({ type, name, body })));
}

/** A resource's own arguments, each as it is after the apply. */
function knownBody(body: any, values: AppliedResource['values']): unknown {
  const args = Object.entries(values).filter(([key]) => key in body);
  return { ...escaped(Object.fromEntries(args)) as object, ...body.provider !== undefined && { provider: body.provider } };
}

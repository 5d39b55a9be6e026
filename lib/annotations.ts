import { Annotations, Aspects, IAspect, TerraformDataSource, TerraformProvider, TerraformResource, TerraformStack } from 'cdktf';
import { IConstruct } from 'constructs';
import { RuleId, RULES } from './rules';

/** Warns of something that is allowed and risky. */
export function warn(construct: IConstruct, rule: RuleId, more?: string): void {
  Annotations.of(construct).addWarning(textWith(rule, more));
}

const WARNED = new WeakMap<IConstruct, Set<RuleId>>();

/** Warns of something that may be found more than once. */
export function warnOnce(construct: IConstruct, rule: RuleId, more?: string): void {
  const warned = WARNED.get(construct) ?? new Set();
  if (!warned.has(rule)) {
    WARNED.set(construct, warned.add(rule));
    warn(construct, rule, more);
  }
}

/** Says something that a reviewer should know. */
export function inform(construct: IConstruct, rule: RuleId, more?: string): void {
  Annotations.of(construct).addInfo(textWith(rule, more));
}

const INFORMED = new WeakMap<IConstruct, Set<string>>();

/** Says something about a thing that many constructs of a stack use, at the first of them: annotations cost as their square. */
export function informOnce(construct: IConstruct, rule: RuleId, thing: string, more?: string): void {
  const stack = TerraformStack.of(construct);
  let informed = INFORMED.get(stack);
  if (informed === undefined) {
    INFORMED.set(stack, informed = new Set());
  }
  const key = `${rule} ${thing}`;
  if (!informed.has(key)) {
    informed.add(key);
    inform(construct, rule, more);
  }
}

/** Warns of an identity that more may become than was named: by a wildcard, or because it was deployed without names of its own. */
export function warnOfTrusts(identity: IConstruct, trusts: readonly { readonly namespace?: string; readonly name?: string }[]): void {
  if (trusts.some(({ namespace, name }) => name === undefined && namespace !== undefined)) {
    warn(identity, 'unsafe-namespace');
  }
  if (trusts.some(({ namespace }) => namespace === undefined)) {
    warn(identity, 'unsafe-cluster');
  }
  if (trusts.some(({ namespace }) => namespace === 'default')) {
    warn(identity, 'default-namespace');
  }
  if (trusts.some(({ name }) => name === 'default')) {
    warn(identity, 'default-service-account');
  }
}

/** What looks at the providers of each stack. */
const WATCHING = new WeakMap<TerraformStack, ProviderWatch>();

/** Warns, when the stack is synthesized, where what a construct defines names no provider and the stack has none for it. */
export function watchProviders(construct: IConstruct): void {
  const stack = TerraformStack.of(construct);
  let watch = WATCHING.get(stack);
  if (watch === undefined) {
    WATCHING.set(stack, watch = new ProviderWatch(stack));
    // Validations come after annotations are collected; an Aspect comes before, once all is there.
    Aspects.of(stack).add(watch);
  }
  watch.constructs.add(construct);
}

/** Looks once at all constructs of a stack, when the stack itself is visited. */
class ProviderWatch implements IAspect {
  public readonly constructs = new Set<IConstruct>();
  private readonly warned = new Set<string>();

  constructor(private readonly stack: TerraformStack) {}

  public visit(node: IConstruct): void {
    if (node !== this.stack) {
      return;
    }
    const providers = this.stack.node.findAll().filter(TerraformProvider.isTerraformProvider);
    const known = new Set(providers.filter(({ alias }) => alias === undefined).map(nameOfProvider));
    for (const construct of this.constructs) {
      for (const element of construct.node.findAll()) {
        const name = lacking(element);
        if (name !== undefined && !known.has(name) && !this.warned.has(name)) {
          this.warned.add(name);
          const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Provider`;
          Annotations.of(construct).addWarning(`${text('missing-provider')} Define a ${type} without an alias in stack ${this.stack.node.id}, `
            + `or pass the one that is meant as \`${name}Provider\`.`);
        }
      }
    }
  }
}

/** The name of the provider that a resource takes without naming one. */
function lacking(node: IConstruct): string | undefined {
  const uses = TerraformResource.isTerraformResource(node) || TerraformDataSource.isTerraformDataSource(node);
  return uses && node.provider === undefined ? nameOfProvider(node) : undefined;
}

function nameOfProvider({ terraformGeneratorMetadata }: Pick<TerraformResource, 'terraformGeneratorMetadata'>): string | undefined {
  return terraformGeneratorMetadata?.providerName;
}

const textWith = (rule: RuleId, more: string | undefined): string => more === undefined ? text(rule) : `${text(rule)} ${more}`;

function text(rule: RuleId): string {
  return `${rule}: ${RULES[rule]}`;
}

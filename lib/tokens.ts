import { createHash } from 'node:crypto';
import { DefaultTokenResolver, Fn, IPostProcessor, IResolvable, IResolveContext, LazyBase, StringConcat, TerraformStack, Token, Tokenization } from 'cdktf';
import { Construct, IConstruct } from 'constructs';

/** Whether a value is, or contains, something that only Terraform knows. */
export function isToken(value: unknown): boolean {
  return Token.isUnresolved(value);
}

/**
 * Prints references with the stack they come from.
 *
 * Two resources of the same path in two stacks have the same Terraform address; without the stack they would compare equal.
 */
class OriginResolver extends DefaultTokenResolver {
  public resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor): unknown {
    const origin = originOf(token);
    // As its own stack has it: in others the text changes when references between stacks are prepared.
    return origin === undefined ? super.resolveToken(token, context, postProcessor)
      : `${origin.node.path}:${super.resolveToken(token, { ...context, scope: origin }, postProcessor)}`;
  }
}

/** The stack that a reference leads to. */
const originOf = (token: IResolvable): TerraformStack | undefined => (token as { originStack?: TerraformStack }).originStack;

/** Finds references that are printed in another stack as they are in their own, where they lead nowhere. */
class StrayResolver extends DefaultTokenResolver {
  public readonly stacks = new Set<TerraformStack>();

  public resolveToken(token: IResolvable, context: IResolveContext, postProcessor: IPostProcessor): unknown {
    const origin = originOf(token);
    const textIn = (scope: IConstruct): unknown => super.resolveToken(token, { ...context, scope }, postProcessor);
    const text = textIn(context.scope);
    if (origin !== undefined && origin !== TerraformStack.of(context.scope) && text === textIn(origin)) {
      this.stacks.add(origin);
    }
    return text;
  }
}

/** The other stacks whose values nothing has made cross to the stack of the scope; it is too late for it once Aspects are run. */
export function strayStacks(scope: IConstruct, value: unknown): ReadonlySet<TerraformStack> {
  const resolver = new StrayResolver(new StringConcat());
  Tokenization.resolve(value, { scope, resolver });
  return resolver.stacks;
}

const ORIGIN_RESOLVER = new OriginResolver(new StringConcat());

/**
 * The text that stands for a value: the value itself, or the expression behind a token.
 *
 * Reading an attribute twice gives two different token strings; their texts are equal.
 */
export function textOf(scope: IConstruct, value: string): string {
  return isToken(value) ? String(Tokenization.resolve(value, { scope, resolver: ORIGIN_RESOLVER })) : value;
}

/** Whether two values are the same text. */
export function sameText(scope: IConstruct, a: string, b: string): boolean {
  return a === b || ((isToken(a) || isToken(b)) && textOf(scope, a) === textOf(scope, b));
}

/** Whether two values, of which one at least is a token, are the same to Terraform. */
export function sameTokens(scope: IConstruct, a: unknown, b: unknown): boolean {
  const [first, second] = [a, b].map(value => JSON.stringify(Tokenization.resolve(value, { scope, resolver: ORIGIN_RESOLVER })));
  return first === second;
}

/** The part of a value that is known when the stack is synthesized. */
export function knownPart(value: string): string {
  // cdktf types the literals of a string as tokens; they are strings.
  return isToken(value) ? Tokenization.reverseString(value).literals.map(String).join('') : value;
}

/** A value with texts in place of the things that only Terraform knows, the last for all that follow, to look at what stands around them. */
export function withTokensAs(value: string, ...texts: readonly string[]): string {
  let index = 0;
  return value.replace(TOKENS, () => texts[Math.min(index++, texts.length - 1)]!);
}

/** An issuer without `https://`, as IAM writes it in ARNs and condition keys. */
export function withoutScheme(issuer: string): string {
  // A token does not contain its text: replacing in it would silently keep the scheme.
  return issuer.startsWith('https://') ? issuer.slice('https://'.length) : Fn.trimprefix(issuer, 'https://');
}

/** Whether a value is, or contains, text that is produced when the stack is synthesized, and so can't be looked at before. */
export function isLazy(value: string): boolean {
  return holdsLazy(value, new Set());
}

/** Looks into expressions too, whose arguments may be such text. */
function holdsLazy(value: unknown, seen: Set<unknown>): boolean {
  if (typeof value === 'string') {
    return isToken(value) && Tokenization.reverseString(value).tokens.some(token => holdsLazy(token, seen));
  }
  if (typeof value !== 'object' || value === null || seen.has(value) || Construct.isConstruct(value)) {
    return false;
  }
  seen.add(value);
  return value instanceof LazyBase || Object.entries(value).some(([key, part]) => key !== 'creationStack' && holdsLazy(part, seen));
}

/** Numbers that stand for what only Terraform knows, as cdktf writes them into text. */
const NUMBER_TOKEN = /-\d\.\d+e\+\d{3}/;

/** Whether a text holds a number that only Terraform knows, which nothing could tell from text. */
export function holdsNumberToken(value: string): boolean {
  return NUMBER_TOKEN.test(value);
}

/** The things in a value that only Terraform knows. */
const TOKENS = /\$\{TfToken\[[^\]]+\]\}/g;

/** A value cut at the things that only Terraform knows, which are parts of their own. */
export function splitTokens(value: string): string[] {
  return value.split(new RegExp(`(${TOKENS.source})`)).filter(part => part !== '');
}

/** How often a value holds something that only Terraform knows. */
export function countTokens(value: string): number {
  return value.match(TOKENS)?.length ?? 0;
}

/** Another resource in a construct id: its own id, with its stack where that is another. */
export function resourceId(scope: IConstruct, resource: { readonly friendlyUniqueId: string }): string {
  const stack = Construct.isConstruct(resource) ? TerraformStack.of(resource) : undefined;
  return stack === undefined || stack === TerraformStack.of(scope) ? resource.friendlyUniqueId : `${stack.node.id}_${resource.friendlyUniqueId}`;
}

/** A text in a construct id; a digest tells apart those that would read alike. */
export function plainId(text: string): string {
  const plain = text.replace(/[^A-Za-z0-9-]/g, '-');
  return plain === text ? text : `${plain}-${shortHash(text)}`;
}

/** A short digest for ids and names that must be stable and different. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** A construct id made of a value: the value where it is literal, a digest of its expression otherwise. */
export function idPart(scope: IConstruct, value: string): string {
  return isToken(value) ? shortHash(textOf(scope, value)) : value;
}

/** A text whose tokens are written as Terraform has them. */
export interface Written {
  readonly text: string;
  /** The stacks whose values it names, where its tokens say. */
  readonly stacks: readonly string[];
}

/** What cdktf keeps behind a token: a reference with its stack, or a call of a function. */
interface Behind {
  readonly identifier?: unknown;
  readonly originStack?: { readonly node?: { readonly id?: unknown } };
  readonly name?: unknown;
  readonly args?: unknown;
  readonly str?: unknown;
}

const TOKEN = /[$#]\{TfToken\[([^\]]*)\]\}/g;
/** How deep calls may be nested. */
const MAX_DEPTH = 32;

/** Writes the tokens of a text as references and calls; undefined where one of them is anything else. */
export function withoutTokens(given: string): Written | undefined {
  const stacks = new Set<string>();
  let known = true;
  const text = given.replace(TOKEN, (_, key: string) => {
    const expression = expressionOf(behind(key), stacks, 0);
    known &&= expression !== undefined;
    return `\${${expression ?? ''}}`;
  });
  return known ? { text, stacks: [...stacks] } : undefined;
}

/** All copies of cdktf and cdktn in a process share one map of tokens, so that it can be asked without importing either. */
function behind(key: string): unknown {
  const map = (globalThis as { readonly __cdktfTokenMap?: { lookupToken?(key: string): unknown } }).__cdktfTokenMap;
  try {
    return map?.lookupToken?.(key);
  } catch {
    // It throws for keys that it does not know.
    return undefined;
  }
}

/** The expression for a value; undefined where it cannot be told. */
function expressionOf(value: unknown, stacks: Set<string>, depth: number): string | undefined {
  if (depth > MAX_DEPTH || value === null || value === undefined) {
    return undefined;
  }
  switch (typeof value) {
    case 'string':
      return templateOf(value, stacks, depth);
    case 'boolean':
      return String(value);
    case 'number':
      // Larger and negative ones may stand for tokens.
      return Number.isSafeInteger(value) && value >= 0 ? String(value) : undefined;
    case 'object':
      return Array.isArray(value) ? listOf(value, stacks, depth) : tokenOf(value, stacks, depth);
    default:
      return undefined;
  }
}

function tokenOf({ identifier, originStack, name, args, str }: Behind, stacks: Set<string>, depth: number): string | undefined {
  if (typeof identifier === 'string' && !identifier.includes('TfToken[')) {
    const stack = originStack?.node?.id;
    if (typeof stack === 'string') {
      stacks.add(stack);
    }
    return identifier;
  }
  if (typeof str === 'string') {
    return JSON.stringify(str).replaceAll('${', '$${');
  }
  if (typeof name !== 'string' || !Array.isArray(args)) {
    return undefined;
  }
  const written = args.map(arg => expressionOf(arg, stacks, depth + 1));
  return written.includes(undefined) ? undefined : `${name}(${written.join(', ')})`;
}

/** A list of values, or one that a token stands for. */
function listOf(values: readonly unknown[], stacks: Set<string>, depth: number): string | undefined {
  const [only] = values;
  if (values.length === 1 && typeof only === 'string' && only.startsWith('#{TfToken[')) {
    return templateOf(only, stacks, depth);
  }
  const written = values.map(value => expressionOf(value, stacks, depth + 1));
  return written.includes(undefined) ? undefined : `[${written.join(', ')}]`;
}

function templateOf(value: string, stacks: Set<string>, depth: number): string | undefined {
  const parts = value.split(TOKEN).map((part, index) => index % 2 === 0 ? part : expressionOf(behind(part), stacks, depth + 1));
  if (parts.includes(undefined)) {
    return undefined;
  }
  return parts.length === 3 && parts[0] === '' && parts[2] === '' ? parts[1]
    : `"${parts.map((part, index) => index % 2 === 0 ? JSON.stringify(part).slice(1, -1).replaceAll('${', '$${') : `\${${part}}`).join('')}"`;
}

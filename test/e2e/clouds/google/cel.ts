import { celEnv, celMethod, CelScalar, isCelError, isCelList, parse, plan } from '@bufbuild/cel';
import type { CelInput, CelResult, CelValue } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';

/** What an expression came to. */
export type CelOutcome =
  | { readonly ok: true; readonly value: CelValue }
  | { readonly ok: false; readonly error: string };

/**
 * Google's own function: the part of a text that stands where the template has its one `{name}`; nothing where the text before it or after it is
 * not there.
 * @see https://docs.cloud.google.com/iam/docs/conditions-attribute-reference#extract
 */
export function extract(text: string, template: string): string {
  const [, before, after] = /^([^{}]*)\{[A-Za-z0-9_]+\}([^{}]*)$/.exec(template) ?? [];
  if (before === undefined || after === undefined) throw new Error(`The template ${JSON.stringify(template)} has not one name in braces.`);
  const found = text.indexOf(before);
  if (found < 0) return '';
  const start = found + before.length;
  const end = after === '' ? text.length : text.indexOf(after, start);
  return end < 0 ? '' : text.slice(start, end);
}

const ENV = celEnv({
  funcs: [...strings, celMethod('extract', CelScalar.STRING, [CelScalar.STRING], CelScalar.STRING, function (template) {
    return extract(this, template);
  })],
});

/** The functions that there are; Google refuses an expression with another when it is written, also where it would never be reached. */
const FUNCTIONS = new Set([
  ...strings.map(({ name }) => name), 'extract', 'contains', 'endsWith', 'startsWith', 'matches', 'size', 'bool', 'bytes', 'double', 'duration', 'dyn', 'int', 'string',
  'timestamp', 'type', 'uint', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear', 'getFullYear', 'getHours', 'getMilliseconds', 'getMinutes', 'getMonth',
  'getSeconds',
]);
/** Operators have names that nobody can write: `_&&_`, `!_`, `@in`. */
const OPERATOR = /^(?:[@!-]|_[^A-Za-z0-9_])/;

/** A CEL expression, read once: https://github.com/google/cel-spec/blob/master/doc/langdef.md. */
export class Expression {
  private readonly run: (variables?: Record<string, CelInput>) => CelResult;

  /** @throws Error for what is no expression, or names what is not there */
  public constructor(text: string, variables: readonly string[]) {
    const parsed = parse(text);
    checkNames(parsed.expr, new Set(variables));
    this.run = plan(ENV, parsed) as typeof this.run;
  }

  public evaluate(variables: Record<string, CelInput>): CelOutcome {
    try {
      const value = this.run(variables);
      return isCelError(value) ? { ok: false, error: value.message } : { ok: true, value };
    } catch (error) {
      return { ok: false, error: (error as Error).message };
    }
  }
}

/** Deeper than any claim; JSON of a token can be as deep as it is long. */
const MAX_DEPTH = 50;

/** JSON as CEL sees it: objects are maps, numbers are doubles. */
export function celOfJson(value: unknown, depth = 0): CelInput {
  if (depth > MAX_DEPTH) throw new RangeError(`JSON is more than ${MAX_DEPTH} deep.`);
  if (Array.isArray(value)) return value.map(item => celOfJson(item, depth + 1));
  if (typeof value === 'object' && value !== null) return new Map(Object.entries(value).map(([name, item]) => [name, celOfJson(item, depth + 1)]));
  return value as CelInput;
}

/** A list of strings, where a value of CEL is one. */
export function stringsOf(value: unknown): readonly string[] | undefined {
  if (!isCelList(value) && !Array.isArray(value)) return undefined;
  const items = [...value as Iterable<unknown>];
  return items.every(item => typeof item === 'string') ? items : undefined;
}

/** Walks the tree of the parser, whose messages are `{ exprKind: { case, value } }`. */
function checkNames(root: any, variables: ReadonlySet<string>): void {
  const open: { readonly expr: any; readonly known: ReadonlySet<string> }[] = [{ expr: root, known: variables }];
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { expr, known } = item;
    const { case: kind, value } = expr?.exprKind ?? {};
    const visit = (children: readonly unknown[], names = known) => {
      open.push(...children.filter(child => child !== undefined).map(child => ({ expr: child, known: names })));
    };
    switch (kind) {
      case undefined:
      case 'constExpr':
        break;
      case 'identExpr':
        if (!known.has(value.name)) throw new Error(`There is no ${JSON.stringify(value.name)}.`);
        break;
      case 'selectExpr':
        visit([value.operand]);
        break;
      case 'callExpr':
        if (!OPERATOR.test(value.function) && !FUNCTIONS.has(value.function)) throw new Error(`There is no function ${JSON.stringify(value.function)}.`);
        visit([value.target, ...value.args]);
        break;
      case 'listExpr':
        visit(value.elements);
        break;
      case 'structExpr':
        visit(value.entries.flatMap((entry: any) => [entry.keyKind.case === 'mapKey' ? entry.keyKind.value : undefined, entry.value]));
        break;
      case 'comprehensionExpr':
        visit([value.iterRange, value.accuInit]);
        visit([value.loopCondition, value.loopStep, value.result], new Set([...known, value.iterVar, value.iterVar2, value.accuVar]));
        break;
      default:
        throw new Error(`There is no expression of the kind ${JSON.stringify(kind)}.`);
    }
  }
}

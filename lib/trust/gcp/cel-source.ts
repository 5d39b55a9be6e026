import { parse } from '@bufbuild/cel';
import { partsOf, text, TextValue, Unknown } from '../value';

/** A parsed expression. */
export type Expr = ReturnType<typeof parse>['expr'];

/** What an expression is made of, or why that cannot be said. */
export type Source = { readonly ast: Expr } | { readonly problem: string };

/** Deepest nesting that is evaluated; chains of `||` are balanced by the parser. */
const MAX_DEPTH = 500;

/** What stands for an unknown part inside a string literal while the expression is parsed: characters of a private use area. */
const OPEN = '\uE000';
const CLOSE = '\uE001';
const PLACE = /\uE000([0-9]+)\uE001/;

/**
 * Parses CEL of which parts may be unknown, where they stand inside string literals.
 *
 * What Terraform fills in there is taken for text that does not end the literal: a quote in it would be a mistake of the configuration.
 */
export function parseSource(source: TextValue): Source {
  const placed = place(source);
  if (placed === undefined) {
    return { problem: 'a part of it outside of string literals is not known' };
  }
  let ast: Expr;
  try {
    ast = parse(placed).expr;
  } catch (error) {
    const [reason] = String(error instanceof Error ? error.message : error).split('\n');
    return { problem: `it is not CEL: ${reason!.slice(0, 200)}` };
  }
  return isDeeper(ast, MAX_DEPTH) ? { problem: `it is nested deeper than ${MAX_DEPTH}` } : { ast };
}

/** The text of a string literal, with the unknown parts that its placeholders stand for. */
export function literal(value: string, source: TextValue): TextValue {
  if (!value.includes(OPEN)) {
    return value;
  }
  const unknowns = unknownsOf(source);
  // Every second piece is the number of a placeholder.
  return text(...value.split(PLACE).map((piece, index) => index % 2 === 0 ? piece : unknowns[Number(piece)] ?? ''));
}

/** What an expression consists of, in order. */
export function childrenOf({ exprKind: { case: kind, value } }: Expr): readonly Expr[] {
  switch (kind) {
    case 'selectExpr':
      return present(value.operand);
    case 'callExpr':
      return [...present(value.target), ...value.args];
    case 'listExpr':
      return value.elements;
    case 'structExpr':
      return value.entries.flatMap(entry => [...entry.keyKind.case === 'mapKey' ? [entry.keyKind.value] : [], ...present(entry.value)]);
    case 'comprehensionExpr':
      return [value.iterRange, value.accuInit, value.loopCondition, value.loopStep, value.result].flatMap(present);
    default:
      return [];
  }
}

function present(expr: Expr | undefined): readonly Expr[] {
  return expr === undefined ? [] : [expr];
}

function isDeeper(ast: Expr, limit: number): boolean {
  let level: readonly Expr[] = [ast];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) {
      return true;
    }
    level = level.flatMap(childrenOf);
  }
  return false;
}

/** The unknown parts; a literal that `jsonencode` will write is the text that it writes. */
function unknownsOf(source: TextValue): readonly Unknown[] {
  return partsOf(source).filter(part => part instanceof Unknown).map(part => {
    const inner = encoded(part.symbol);
    return inner === undefined ? part : new Unknown(inner);
  });
}

function encoded(symbol: string): string | undefined {
  const opening = 'jsonencode(';
  return symbol.startsWith(opening) && symbol.endsWith(')') ? symbol.slice(opening.length, -1) : undefined;
}

/** The expression with placeholders; undefined where an unknown part may be anything of the language. */
function place(source: TextValue): string | undefined {
  if (typeof source === 'string') {
    return source.includes(OPEN) ? undefined : source;
  }
  const lexer = new Lexer();
  let index = 0;
  for (const part of partsOf(source)) {
    if (typeof part === 'string') {
      if (part.includes(OPEN) || part.includes(CLOSE)) {
        return undefined;
      }
      lexer.read(part);
      continue;
    }
    if (!lexer.fill(`${OPEN}${index++}${CLOSE}`, encoded(part.symbol) !== undefined)) {
      return undefined;
    }
  }
  return lexer.text;
}

/** Follows string literals and comments. */
class Lexer {
  public text = '';
  /** The quotes that end the literal; empty outside of literals. */
  private quote = '';
  private raw = false;
  private bytes = false;
  private comment = false;

  public read(part: string): void {
    for (let at = 0; at < part.length;) {
      const length = this.step(part, at);
      this.text += part.slice(at, at + length);
      at += length;
    }
  }

  /** Writes a placeholder, in quotes where a whole literal is unknown; false where no literal is. */
  public fill(placeholder: string, whole: boolean): boolean {
    if (this.comment) {
      return true;
    }
    if (this.quote === '') {
      this.text += whole ? `"${placeholder}"` : '';
      return whole;
    }
    if (this.bytes || whole || (!this.raw && /(?:^|[^\\])(?:\\\\)*\\$/.test(this.text.slice(-100)))) {
      return false;
    }
    this.text += placeholder;
    return true;
  }

  /** How many characters belong together here. */
  private step(part: string, at: number): number {
    const character = part[at]!;
    if (this.comment) {
      this.comment = character !== '\n';
      return 1;
    }
    if (this.quote !== '') {
      if (part.startsWith(this.quote, at)) {
        const length = this.quote.length;
        this.quote = '';
        return length;
      }
      return character === '\\' && !this.raw ? 2 : 1;
    }
    if (part.startsWith('//', at)) {
      this.comment = true;
      return 2;
    }
    if (character === '\'' || character === '"') {
      const prefix = /(?:^|[^A-Za-z0-9_])([rRbB]{0,2})$/.exec(this.text.slice(-3))?.[1] ?? '';
      this.raw = /r/i.test(prefix);
      this.bytes = /b/i.test(prefix);
      this.quote = part.startsWith(character.repeat(3), at) ? character.repeat(3) : character;
      return this.quote.length;
    }
    return 1;
  }
}

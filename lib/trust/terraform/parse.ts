import { Value } from '../value';

/** An expression of Terraform's language, as far as JSON configuration uses it. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'template'; readonly parts: readonly Expression[] }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'index'; readonly object: Expression; readonly key: Expression }
  /** `each` is what is taken of every member, which it knows as the variable `ITEM`. */
  | { readonly kind: 'splat'; readonly object: Expression; readonly each: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[]; readonly expand: boolean }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expression }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'conditional'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly kind: 'list'; readonly members: readonly Expression[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | ForExpression;

/** A `for` expression; one with `key` makes an object, one that is `text` joins texts. */
export interface ForExpression {
  readonly kind: 'for';
  readonly keyName?: string;
  readonly valueName: string;
  readonly collection: Expression;
  readonly key?: Expression;
  readonly value: Expression;
  readonly condition?: Expression;
  readonly grouping: boolean;
  readonly text: boolean;
}

/** The name of a splat's member, which no variable can have. */
export const ITEM = '*';

/** A text that is no template or expression, or one that is not read. */
export class ExpressionError extends Error {}

/** Deepest nesting that is read. */
const MAX_DEPTH = 500;
/** Most steps or operators in a row. */
const MAX_ROW = 150;
/** Longest template that is read; longer ones hold documents, which have no place in configuration. */
const MAX_LENGTH = 1_000_000;
const IDENTIFIER = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
const NUMBER = /[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const DIGITS = /[0-9]+/y;
const SPACE = /(?:[ \t\r\n]|#[^\n]*|\/\/[^\n]*)*/y;
/** What stands for itself in a template, and in one within quotes. */
const PLAIN = /[^$%]+/y;
const PLAIN_IN_QUOTES = /[^$%"\\]+/y;
const OPERATORS: readonly (readonly string[])[] = [['||'], ['&&'], ['==', '!='], ['<=', '>=', '<', '>'], ['+', '-'], ['*', '/', '%']];
const ESCAPES: ReadonlyMap<string, string> = new Map([['n', '\n'], ['r', '\r'], ['t', '\t'], ['"', '"'], ['\\', '\\']]);

/** Whether a string of JSON configuration is a template; all others stand for themselves. */
export function isTemplate(source: string): boolean {
  return source.includes('${') || source.includes('%{');
}

/** Reads a string of JSON configuration, which is a template in Terraform's language. */
export function parseTemplate(source: string): Expression {
  return new Parser(source).template();
}

/** Reads a bare expression, as Terraform writes it in references. */
export function parseExpression(source: string): Expression {
  return new Parser(source).whole();
}

/** What stands in a template besides texts and expressions. */
interface Directive {
  readonly word: string;
  readonly test?: Expression;
  readonly loop?: Pick<ForExpression, 'keyName' | 'valueName' | 'collection'>;
}

class Parser {
  private position = 0;
  private depth = 0;

  constructor(private readonly source: string) {
    if (source.length > MAX_LENGTH) {
      throw new ExpressionError(`longer than ${MAX_LENGTH} characters`);
    }
  }

  public template(): Expression {
    const { parts, end } = this.parts(undefined);
    return end === undefined ? joined(parts) : this.fail(`%{ ${end.word} } without its beginning`);
  }

  public whole(): Expression {
    const expression = this.expression();
    this.space();
    return this.position === this.source.length ? expression : this.fail('unexpected text after the expression');
  }

  private fail(reason: string): never {
    throw new ExpressionError(`${reason} at character ${this.position}`);
  }

  private nested<T>(read: () => T): T {
    if (++this.depth > MAX_DEPTH) {
      this.fail(`nested deeper than ${MAX_DEPTH}`);
    }
    const result = read();
    this.depth--;
    return result;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.source)?.[0];
    this.position += found?.length ?? 0;
    return found;
  }

  private space(): void {
    this.match(SPACE);
    while (this.source.startsWith('/*', this.position)) {
      const end = this.source.indexOf('*/', this.position + 2);
      this.position = end < 0 ? this.fail('a comment does not end') : end + 2;
      this.match(SPACE);
    }
  }

  private take(text: string): boolean {
    this.space();
    const found = this.source.startsWith(text, this.position);
    this.position += found ? text.length : 0;
    return found;
  }

  private want(text: string): void {
    if (!this.take(text)) {
      this.fail(`expected ${text}`);
    }
  }

  private identifier(): string | undefined {
    this.space();
    return this.match(IDENTIFIER);
  }

  private wantIdentifier(): string {
    return this.identifier() ?? this.fail('expected a name');
  }

  /** The parts of a template up to its end, its closing quote, or a directive that ends a part of it. */
  private parts(quote: '"' | undefined): { parts: Expression[]; end?: Directive } {
    return this.nested(() => {
      const parts: Expression[] = [];
      let literal = '';
      const flush = (trim: boolean) => {
        const kept = trim ? literal.trimEnd() : literal;
        if (kept !== '') {
          parts.push({ kind: 'literal', value: kept });
        }
        literal = '';
      };
      for (;;) {
        const rest = this.source.charAt(this.position);
        const two = this.source.substr(this.position, 2);
        if (rest === '' || rest === quote) {
          if (rest === '' && quote !== undefined) {
            this.fail('a text does not end');
          }
          this.position += rest.length;
          flush(false);
          return { parts };
        }
        if (two === '$$' || two === '%%') {
          if (this.source.charAt(this.position + 2) === '{') {
            literal += `${two[0]}{`;
            this.position += 3;
          } else {
            literal += two[0];
            this.position++;
          }
        } else if (two === '${' || two === '%{') {
          this.position += 2;
          flush(this.source.charAt(this.position) === '~');
          this.position += this.source.charAt(this.position) === '~' ? 1 : 0;
          if (two === '${') {
            parts.push(this.nested(() => this.expression()));
            this.closing();
          } else {
            const directive = this.directive();
            this.closing();
            if (directive.word === 'if') {
              parts.push(this.condition(directive, quote));
            } else if (directive.word === 'for') {
              parts.push(this.loop(directive, quote));
            } else {
              return { parts, end: directive };
            }
          }
        } else if (rest === '\\' && quote !== undefined) {
          literal += this.escape();
        } else {
          // Taken as a whole, as a text that is put together from single characters takes a node for each.
          literal += this.match(quote === undefined ? PLAIN : PLAIN_IN_QUOTES) ?? this.character();
        }
      }
    });
  }

  private character(): string {
    return this.source.charAt(this.position++);
  }

  /** The end of an interpolation or directive, and the white space after it, where it takes that. */
  private closing(): void {
    const trims = this.take('~');
    this.want('}');
    while (trims && /\s/.test(this.source.charAt(this.position))) {
      this.position++;
    }
  }

  private directive(): Directive {
    const word = this.wantIdentifier();
    switch (word) {
      case 'if':
        return { word, test: this.expression() };
      case 'for': {
        return { word, loop: this.loopHead() };
      }
      case 'else': case 'endif': case 'endfor':
        return { word };
      default:
        return this.fail(`there is no directive ${word.slice(0, 20)}`);
    }
  }

  private condition(directive: Directive, quote: '"' | undefined): Expression {
    const yes = this.parts(quote);
    const no = yes.end?.word === 'else' ? this.parts(quote) : { parts: [], end: yes.end };
    if (no.end?.word !== 'endif') {
      this.fail('an %{ if } does not end');
    }
    return { kind: 'conditional', test: directive.test!, yes: { kind: 'template', parts: yes.parts }, no: { kind: 'template', parts: no.parts } };
  }

  private loop(directive: Directive, quote: '"' | undefined): Expression {
    const { parts, end } = this.parts(quote);
    if (end?.word !== 'endfor') {
      this.fail('a %{ for } does not end');
    }
    return { kind: 'for', ...directive.loop!, value: { kind: 'template', parts }, grouping: false, text: true };
  }

  private loopHead(): Pick<ForExpression, 'keyName' | 'valueName' | 'collection'> {
    const first = this.wantIdentifier();
    const second = this.take(',') ? this.wantIdentifier() : undefined;
    if (this.identifier() !== 'in') {
      this.fail('expected in');
    }
    const collection = this.expression();
    return { keyName: second === undefined ? undefined : first, valueName: second ?? first, collection };
  }

  private escape(): string {
    const kind = this.source.charAt(this.position + 1);
    const length = kind === 'u' ? 4 : kind === 'U' ? 8 : 0;
    const digits = this.source.substr(this.position + 2, length);
    const code = parseInt(digits, 16);
    const character = length === 0 ? ESCAPES.get(kind)
      : digits.length === length && /^[0-9a-fA-F]+$/.test(digits) && code <= 0x10FFFF ? String.fromCodePoint(code) : undefined;
    if (character === undefined) {
      this.fail('an escape that Terraform does not have');
    }
    this.position += 2 + length;
    return character;
  }

  private expression(): Expression {
    return this.nested(() => {
      const test = this.binary(0);
      if (!this.take('?')) {
        return test;
      }
      const yes = this.expression();
      this.want(':');
      return { kind: 'conditional', test, yes, no: this.expression() };
    });
  }

  private binary(level: number): Expression {
    const operators = OPERATORS[level];
    if (operators === undefined) {
      return this.unary();
    }
    let left = this.binary(level + 1);
    for (let count = 0; ; count++) {
      const operator = operators.find(candidate => this.take(candidate));
      if (operator === undefined) {
        return left;
      }
      if (count === MAX_ROW) {
        this.fail(`more than ${MAX_ROW} operators in a row`);
      }
      left = { kind: 'binary', operator, left, right: this.binary(level + 1) };
    }
  }

  private unary(): Expression {
    return this.nested(() => {
      for (const operator of ['!', '-']) {
        if (this.take(operator)) {
          return { kind: 'unary', operator, operand: this.unary() };
        }
      }
      return this.steps(this.primary(), false);
    });
  }

  /** What is taken of a value: attributes, members, splats. */
  private steps(object: Expression, attributesOnly: boolean): Expression {
    let result = object;
    for (let count = 0; ; count++) {
      if (count > MAX_ROW) {
        this.fail(`more than ${MAX_ROW} steps in a row`);
      }
      this.space();
      const next = this.source.charAt(this.position);
      if (next === '.' && this.source.charAt(this.position + 1) !== '.') {
        this.position++;
        if (this.take('*')) {
          return this.steps({ kind: 'splat', object: result, each: this.nested(() => this.steps({ kind: 'variable', name: ITEM }, true)) }, attributesOnly);
        }
        const name = this.identifier();
        const key = name ?? Number(this.match(DIGITS) ?? this.fail('expected an attribute'));
        result = { kind: 'index', object: result, key: { kind: 'literal', value: key } };
      } else if (next === '[' && !attributesOnly) {
        this.position++;
        if (this.take('*')) {
          this.want(']');
          return { kind: 'splat', object: result, each: this.nested(() => this.steps({ kind: 'variable', name: ITEM }, false)) };
        }
        const key = this.expression();
        this.want(']');
        result = { kind: 'index', object: result, key };
      } else {
        return result;
      }
    }
  }

  private primary(): Expression {
    this.space();
    const next = this.source.charAt(this.position);
    if (next === '"') {
      this.position++;
      const { parts, end } = this.parts('"');
      return end === undefined ? joined(parts) : this.fail(`%{ ${end.word} } without its beginning`);
    }
    if (next === '(') {
      this.position++;
      const inner = this.expression();
      this.want(')');
      return inner;
    }
    if (next === '[') {
      return this.list();
    }
    if (next === '{') {
      return this.object();
    }
    const number = this.match(NUMBER);
    if (number !== undefined) {
      const value = Number(number);
      // JavaScript would round the numeric ids of Google's accounts.
      return { kind: 'literal', value: /^[0-9]+$/.test(number) && !Number.isSafeInteger(value) ? number : value };
    }
    return this.named(this.wantIdentifier());
  }

  private named(name: string): Expression {
    let full = name;
    while (this.source.startsWith('::', this.position)) {
      this.position += 2;
      full += `::${this.wantIdentifier()}`;
    }
    if (this.take('(')) {
      return this.call(full);
    }
    switch (full) {
      case 'true': return { kind: 'literal', value: true };
      case 'false': return { kind: 'literal', value: false };
      case 'null': return { kind: 'literal', value: null };
      default: return { kind: 'variable', name: full };
    }
  }

  private call(name: string): Expression {
    const args: Expression[] = [];
    let expand = false;
    while (!this.take(')')) {
      args.push(this.expression());
      expand = this.take('...');
      if (expand || !this.take(',')) {
        this.want(')');
        break;
      }
    }
    return { kind: 'call', name, args, expand };
  }

  /** Whether a `for` expression begins here; if so, it is after that word. */
  private takeFor(): boolean {
    this.space();
    const start = this.position;
    if (this.identifier() === 'for' && this.identifier() !== undefined) {
      this.position = start + 'for'.length;
      return true;
    }
    this.position = start;
    return false;
  }

  private list(): Expression {
    this.position++;
    if (this.takeFor()) {
      const head = this.loopHead();
      this.want(':');
      const value = this.expression();
      return { kind: 'for', ...head, value, condition: this.loopEnd(']'), grouping: false, text: false };
    }
    const members: Expression[] = [];
    while (!this.take(']')) {
      members.push(this.expression());
      if (!this.take(',')) {
        this.want(']');
        break;
      }
    }
    return { kind: 'list', members };
  }

  private object(): Expression {
    this.position++;
    if (this.takeFor()) {
      const head = this.loopHead();
      this.want(':');
      const key = this.expression();
      this.want('=>');
      const value = this.expression();
      const grouping = this.take('...');
      return { kind: 'for', ...head, key, value, condition: this.loopEnd('}'), grouping, text: false };
    }
    const entries: (readonly [Expression, Expression])[] = [];
    while (!this.take('}')) {
      this.space();
      const computed = this.source.charAt(this.position) === '(';
      const key = this.expression();
      if (!this.take('=') && !this.take(':')) {
        this.fail('expected =');
      }
      // A bare name is a key, not a variable.
      entries.push([key.kind === 'variable' && !computed ? { kind: 'literal', value: key.name } : key, this.expression()]);
      this.take(',');
    }
    return { kind: 'object', entries };
  }

  private loopEnd(bracket: string): Expression | undefined {
    this.space();
    const start = this.position;
    const condition = this.identifier() === 'if' ? this.expression() : undefined;
    this.position = condition === undefined ? start : this.position;
    this.want(bracket);
    return condition;
  }
}

/** A template with one expression and nothing else is that expression, not a text. */
function joined(parts: readonly Expression[]): Expression {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : parts.length === 0 ? { kind: 'literal', value: '' } : { kind: 'template', parts };
}

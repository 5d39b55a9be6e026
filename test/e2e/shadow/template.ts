/** How Terraform writes templates: `text ${expression} text`, and `%{…}` for directives. */

/** What a template consists of. */
type Part = { readonly literal: string } | { readonly expression: string };

/** What an expression refers to by a type and a name. */
export interface Reference {
  readonly data: boolean;
  readonly type: string;
  readonly name: string;
}

/** Says what stands for a reference to a resource or data source; what follows it, such as `.arn`, stays. */
export type Rename = (reference: Reference) => string;

/** What stands for `self` in a resource that is shadowed. */
const SELF = 'self.input';

const IDENTIFIER = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy;
/** Roots that mean the same in the shadow. */
const KEPT_ROOTS = new Set(['var', 'local', 'path', 'terraform']);
const UNSUPPORTED_ROOTS = new Set(['each', 'count', 'module']);

/** Walks over one expression, from after `${` to the brace that ends it, or to the end of the text. */
class Walker {
  private at: number;
  private out = '';
  private readonly bound = new Set<string>();

  constructor(private readonly text: string, from: number, private readonly rename: Rename, private readonly self: string) {
    this.at = from;
  }

  /** The expression with its references renamed, and where it ends. */
  public expression(whole: boolean): { readonly expression: string; readonly end: number } {
    let depth = 0;
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      if (char === '"') {
        this.quoted();
      } else if (char === '}' && depth === 0 && !whole) {
        return { expression: this.out, end: this.at };
      } else if (/[\p{ID_Start}_]/u.test(char)) {
        this.identifier();
      } else {
        const two = this.text.slice(this.at, this.at + 2);
        if (char === '#' || two === '//' || two === '/*' || two === '<<') {
          throw new Error(`A comment or heredoc in an expression is not known here: ${this.text}`);
        }
        depth += char === '{' ? 1 : char === '}' ? -1 : 0;
        this.copy(1);
      }
    }
    if (!whole) {
      throw new Error(`A template ends within an expression: ${this.text}`);
    }
    return { expression: this.out, end: this.at };
  }

  private copy(length: number): void {
    this.out += this.text.slice(this.at, this.at + length);
    this.at += length;
  }

  /** A string literal, which is itself a template. */
  private quoted(): void {
    this.copy(1);
    while (this.at < this.text.length) {
      const char = this.text[this.at]!;
      if (char === '\\') {
        this.copy(2);
      } else if (char === '"') {
        this.copy(1);
        return;
      } else if (opens(this.text, this.at) === 'escape') {
        this.copy(3);
      } else if (opens(this.text, this.at) === 'expression') {
        this.copy(2);
        const inner = new Walker(this.text, this.at, this.rename, this.self);
        this.bound.forEach(name => inner.bound.add(name));
        const { expression, end } = inner.expression(false);
        this.out += `${expression}}`;
        this.at = end + 1;
      } else {
        this.copy(1);
      }
    }
    throw new Error(`A template ends within a string: ${this.text}`);
  }

  private identifier(): void {
    const name = this.match(this.at)!;
    const previous = this.out.trimEnd().slice(-1);
    if (previous === '.' && !this.out.trimEnd().endsWith('...')) {
      this.copy(name.length);
    } else if (name === 'for') {
      this.forIntroduction();
    } else if (this.text[this.at + name.length] !== '.' || this.bound.has(name) || KEPT_ROOTS.has(name)) {
      this.copy(name.length);
    } else if (UNSUPPORTED_ROOTS.has(name)) {
      throw new Error(`${name} is not known here: ${this.text}`);
    } else if (name === 'self') {
      this.out += this.self;
      this.at += name.length;
    } else {
      this.reference(name);
    }
  }

  /** `for key, value in`: what it names is no reference in the rest of the expression. */
  private forIntroduction(): void {
    const [whole, first, second] = /^for\s+([\w-]+)\s*(?:,\s*([\w-]+)\s*)?(?=\sin\s|in\s)/.exec(this.text.slice(this.at)) ?? [];
    if (whole === undefined) {
      throw new Error(`A "for" that names nothing: ${this.text}`);
    }
    [first, second].forEach(name => name !== undefined && this.bound.add(name));
    this.copy(whole.length);
  }

  private reference(root: string): void {
    let at = this.at;
    const next = (): string => {
      const name = this.match(at);
      if (name === undefined) {
        throw new Error(`A reference that names nothing at ${at} of ${this.text}`);
      }
      at += name.length;
      return name;
    };
    const dot = () => {
      at += 1;
    };
    let type = next();
    dot();
    const data = root === 'data';
    if (data) {
      type = next();
      dot();
    }
    const name = next();
    if (data && type === 'terraform_remote_state') {
      this.copy(at - this.at);
      return;
    }
    this.out += this.rename({ data, type, name });
    this.at = at;
  }

  private match(at: number): string | undefined {
    IDENTIFIER.lastIndex = at;
    return IDENTIFIER.exec(this.text)?.[0];
  }
}

function opens(text: string, at: number): 'escape' | 'expression' | undefined {
  if (text.startsWith('$${', at) || text.startsWith('%%{', at)) {
    return 'escape';
  }
  if (text.startsWith('%{', at)) {
    throw new Error(`A directive of a template is not known here: ${text}`);
  }
  return text.startsWith('${', at) ? 'expression' : undefined;
}

function parts(text: string, rename: Rename, self = SELF): Part[] {
  const all: Part[] = [];
  let literal = '';
  const flush = () => {
    if (literal !== '') {
      all.push({ literal });
    }
    literal = '';
  };
  for (let at = 0; at < text.length;) {
    const opening = opens(text, at);
    if (opening === 'expression') {
      flush();
      const { expression, end } = new Walker(text, at + 2, rename, self).expression(false);
      all.push({ expression });
      at = end + 1;
    } else {
      const length = opening === 'escape' ? 3 : 1;
      literal += text.slice(at, at + length);
      at += length;
    }
  }
  flush();
  return all;
}

/** A template with its references renamed; text outside expressions, and strings in them, stay as they are. */
export function renameTemplate(text: string, rename: Rename, self = SELF): string {
  return parts(text, rename, self).map(part => 'literal' in part ? part.literal : `\${${part.expression}}`).join('');
}

/** A bare expression, as `depends_on` has it, with its reference renamed. */
export function renameExpression(text: string, rename: Rename): string {
  return new Walker(text, 0, rename, SELF).expression(true).expression;
}

/** The reference itself. */
export const AS_IS: Rename = ({ data, type, name }) => `${data ? 'data.' : ''}${type}.${name}`;

function quotedLiteral(literal: string): string {
  // What JSON escapes, HCL escapes alike; `$${` is the same in both.
  return JSON.stringify(literal).slice(1, -1).replace(/\u2028|\u2029/g, char => `\\u${char.charCodeAt(0).toString(16)}`);
}

/** A value of Terraform's JSON syntax, in which strings are templates, as an expression of its native syntax. */
export function expressionOf(value: unknown): string {
  if (typeof value === 'string') {
    const all = parts(value, AS_IS);
    const [only] = all;
    if (all.length === 1 && 'expression' in only!) {
      return `(${only.expression})`;
    }
    return `"${all.map(part => 'literal' in part ? quotedLiteral(part.literal) : `\${${part.expression}}`).join('')}"`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(expressionOf).join(', ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value).map(([key, item]) => `${expressionOf(key)} = ${expressionOf(item)}`).join(', ')}}`;
  }
  return JSON.stringify(value ?? null);
}

/** Every string in a value of Terraform's JSON syntax, keys too, with its references renamed, and `self` as in a resource that is shadowed, or as said. */
export function renameAll(value: unknown, rename: Rename, self = SELF): any {
  if (typeof value === 'string') {
    return renameTemplate(value, rename, self);
  }
  if (Array.isArray(value)) {
    return value.map(item => renameAll(item, rename, self));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [renameTemplate(key, rename, self), renameAll(item, rename, self)]));
  }
  return value;
}

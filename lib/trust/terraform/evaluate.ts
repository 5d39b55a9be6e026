import { Sensitive } from '../sensitive';
import { isList, isMap, keyOf, not, Text, textOfKey, toKey, Unknown, Value } from '../value';
import { callFunction } from './functions';
import { byCodePoint } from './json';
import { isSmall, joined } from './limits';
import { EvaluationError, fail, same, toText, verdictValue } from './operations';
import { Expression, ExpressionError, ForExpression, isTemplate, ITEM, parseTemplate } from './parse';
import { Pool } from './pool';
import { ResourceObject } from './resource';
import { callSymbol, stepSymbol, symbolOf, written } from './symbols';

/** What a name stands for. */
export interface Reference {
  readonly value: Value;
  /** How many of the steps after the name it took. */
  readonly used: number;
  /** Whether it may turn out that there is nothing there. */
  readonly doubtful?: boolean;
}

/** What the names in an expression stand for. */
export interface Scope {
  /** What tells this scope from others, in symbols. */
  readonly name: string;
  /** Takes down why an expression has no value. */
  note?(message: string): void;
  /** The value of a name followed by steps; undefined where there is nothing of that name. */
  resolve(name: string, steps: readonly (string | number | Unknown)[]): Reference | undefined;
}

/** How much may be done in all, so that a hostile file ends. */
export class Budget {
  public depth = 0;
  /** Counts what depends on the shape of an unknown value, so that `try` knows what might fail. */
  public doubts = 0;
  /** What the configuration says not to print. */
  public readonly sensitive = new Sensitive();
  /** What is written many times. */
  public readonly pool = new Pool();
  private unique = 0;

  constructor(private left = 10_000_000) {}

  /** Whether all was used up, so that things are unknown that could be known. */
  public get exhausted(): boolean {
    return this.left <= 0;
  }

  public spend(amount: number): void {
    this.left -= amount;
    if (this.left <= 0) {
      throw new LimitError('too much to evaluate');
    }
  }

  /** A number that is never given twice, for functions whose every call gives another value. */
  public next(): number {
    return ++this.unique;
  }
}

/** Where evaluation ends that would take too much; not for `try` to catch. */
export class LimitError extends Error {}

/** Deepest nesting of expressions, references included. */
const MAX_DEPTH = 400;
/** Functions that give another value at each call. */
const IMPURE: ReadonlySet<string> = new Set(['uuid', 'bcrypt', 'timestamp']);

/** The value of a piece of JSON configuration: its strings are templates. */
export function evaluateJson(json: unknown, scope: Scope, budget: Budget, locals: Locals = NO_LOCALS): Value {
  if (typeof json === 'string') {
    return isTemplate(json) ? evaluateTemplate(json, scope, budget, locals) : json;
  }
  if (Array.isArray(json)) {
    return guarded(budget, () => budget.pool.one(bounded(json.map(member => evaluateJson(member, scope, budget, locals)))));
  }
  if (typeof json === 'object' && json !== null) {
    return guarded(budget, () => budget.pool.one(bounded(new Map(Object.entries(json).filter(([key]) => key !== '//').map(([key, member]) => [
      isTemplate(key) ? keyText(evaluateTemplate(key, scope, budget, locals)) : key, evaluateJson(member, scope, budget, locals),
    ])))));
  }
  return json as Value;
}

/** Names that stand for values within an expression. */
export type Locals = ReadonlyMap<string, Value>;
const NO_LOCALS: Locals = new Map();

/** The value of a template; what has none is unknown. */
export function evaluateTemplate(source: string, scope: Scope, budget: Budget, locals: Locals = NO_LOCALS): Value {
  try {
    return new Evaluation(scope, budget).value(parseTemplate(source), locals);
  } catch (error) {
    if (error instanceof EvaluationError || error instanceof ExpressionError || error instanceof LimitError) {
      budget.doubts++;
      scope.note?.(`an expression is not known: ${error.message}`);
      return symbolOf(`invalid(${scope.name}, ${JSON.stringify(source)}${locals.size === 0 ? '' : `, ${written(locals)}`})`);
    }
    throw error;
  }
}

/** The value of an expression, for what is not a string of JSON; errors are the caller's. */
export function evaluateExpression(expression: Expression, scope: Scope, budget: Budget, locals: Locals = NO_LOCALS): Value {
  return new Evaluation(scope, budget).value(expression, locals);
}

/** Runs a nested evaluation, no deeper than the stack bears. */
export function guarded<T>(budget: Budget, run: () => T): T {
  budget.spend(1);
  if (budget.depth >= MAX_DEPTH) {
    throw new LimitError('nested too deep');
  }
  budget.depth++;
  try {
    return run();
  } finally {
    budget.depth--;
  }
}

/** What stands at a step of a value. Single blocks are found with and without an index, as cdktf writes both. */
export function step(value: Value, key: string | number | Unknown, budget: Budget): Value {
  if (value instanceof Unknown) {
    budget.doubts++;
    return typeof key === 'object' ? callSymbol('index', [value, key]) : stepSymbol(value, key);
  }
  if (typeof key === 'object') {
    budget.doubts++;
    return callSymbol('index', [value, key]);
  }
  if (isList(value)) {
    const index = typeof key === 'number' ? key : /^(?:0|[1-9][0-9]{0,8})$/.test(key) ? Number(key) : undefined;
    if (index !== undefined) {
      return value[index] ?? (index in value ? null : fail(`there is no member ${index}`));
    }
    const [only] = value;
    return value.length === 1 && (isMap(only) || only instanceof Unknown) ? step(only, key, budget) : fail(`there is no attribute ${key} of a list`);
  }
  if (value instanceof ResourceObject) {
    return value.attribute(String(key));
  }
  if (!isMap(value)) {
    return fail('it has no members');
  }
  const found = value.get(toKey(String(key)));
  if (found !== undefined) {
    return found;
  }
  if ([...value.keys()].some(candidate => typeof textOfKey(candidate) !== 'string')) {
    budget.doubts++;
    return callSymbol('index', [value, key]);
  }
  return key === 0 ? value : fail(`there is no attribute ${key}`);
}

/** A value that is small enough, or the end. */
export function bounded<T extends Value>(value: T): T {
  if (!isSmall(value)) {
    throw new LimitError('too large a value');
  }
  return value;
}

/** The key of an object for a value that stands where a key is wanted. */
function keyText(value: Value): string {
  return toKey(toText(value));
}

class Evaluation {
  constructor(private readonly scope: Scope, private readonly budget: Budget) {}

  public value(expression: Expression, locals: Locals): Value {
    return guarded(this.budget, () => this.plain(expression, locals));
  }

  private plain(expression: Expression, locals: Locals): Value {
    switch (expression.kind) {
      case 'literal': return expression.value;
      case 'template': return bounded(joined(expression.parts.map(part => toText(this.value(part, locals)))));
      case 'variable': case 'index': return this.reference(expression, locals);
      case 'splat': return this.splat(expression, locals);
      case 'call': return this.call(expression, locals);
      case 'unary': return this.unary(expression.operator, this.value(expression.operand, locals));
      case 'binary': return this.binary(expression, locals);
      case 'conditional': return this.conditional(expression, locals);
      case 'list': return bounded(expression.members.map(inner => this.value(inner, locals)));
      case 'object': return bounded(new Map(expression.entries.map(([key, inner]) => [keyText(this.value(key, locals)), this.value(inner, locals)])));
      case 'for': return this.loop(expression, locals);
    }
  }

  private reference(expression: Expression, locals: Locals): Value {
    const steps: (string | number | Unknown)[] = [];
    let base = expression;
    while (base.kind === 'index') {
      steps.unshift(this.key(this.value(base.key, locals)));
      base = base.object;
    }
    let value: Value | undefined;
    let used = 0;
    if (base.kind !== 'variable') {
      value = this.value(base, locals);
    } else if (locals.has(base.name)) {
      value = locals.get(base.name);
    } else {
      const { doubts } = this.budget;
      const found = this.scope.resolve(base.name, steps);
      // What fails in what is referred to fails there, not here.
      this.budget.doubts = doubts + (found?.doubtful ? 1 : 0);
      value = found?.value;
      used = found?.used ?? 0;
    }
    if (value === undefined) {
      return fail('it refers to nothing that is there');
    }
    for (const key of steps.slice(used)) {
      value = step(value, key, this.budget);
    }
    return value;
  }

  private key(value: Value): string | number | Unknown {
    if (typeof value === 'number' || typeof value === 'string' || value instanceof Unknown) {
      return value;
    }
    return value instanceof Text ? symbolOf(written(value)) : fail('it cannot be an index');
  }

  private splat({ object, each }: Extract<Expression, { kind: 'splat' }>, locals: Locals): Value {
    const value = this.value(object, locals);
    if (value instanceof Unknown) {
      this.budget.doubts++;
      // The members of a list that is not known: by their attribute, as two splats of one list are the same.
      return callSymbol('splat', [this.value(each, new Map([...locals, [ITEM, value]]))]);
    }
    const members = value === null ? [] : isList(value) ? value : [value];
    return bounded(members.map(inner => this.value(each, new Map([...locals, [ITEM, inner]]))));
  }

  private unary(operator: string, value: Value): Value {
    if (value instanceof Unknown) {
      return callSymbol(operator, [value]);
    }
    return operator === '!' ? !truth(value) : -number(value);
  }

  private binary({ operator, left, right }: Extract<Expression, { kind: 'binary' }>, locals: Locals): Value {
    const a = this.value(left, locals);
    if (operator === '&&' || operator === '||') {
      const decided = operator === '||';
      if (!(a instanceof Unknown) && truth(a) === decided) {
        return decided;
      }
      const b = this.value(right, locals);
      if (!(b instanceof Unknown) && truth(b) === decided) {
        return decided;
      }
      return a instanceof Unknown || b instanceof Unknown ? callSymbol(operator, [a, b]) : !decided;
    }
    const b = this.value(right, locals);
    if (operator === '==' || operator === '!=') {
      const verdict = same(a, b);
      return verdictValue(operator === '==' ? verdict : not(verdict), operator, a, b);
    }
    return a instanceof Unknown || b instanceof Unknown ? callSymbol(operator, [a, b]) : calculate(operator, number(a), number(b));
  }

  private conditional({ test, yes, no }: Extract<Expression, { kind: 'conditional' }>, locals: Locals): Value {
    const value = this.value(test, locals);
    if (!(value instanceof Unknown)) {
      return this.value(truth(value) ? yes : no, locals);
    }
    // Either may fail and not be wanted.
    const either = [yes, no].map(branch => {
      try {
        return this.value(branch, locals);
      } catch (error) {
        if (error instanceof EvaluationError) {
          return undefined;
        }
        throw error;
      }
    });
    const [a, b] = either;
    if (a !== undefined && b !== undefined && keyOf(a) === keyOf(b)) {
      return a;
    }
    this.budget.doubts++;
    return callSymbol('?', [value, a ?? null, b ?? null]);
  }

  private loop(loop: ForExpression, locals: Locals): Value {
    const collection = this.value(loop.collection, locals);
    if (collection instanceof Unknown) {
      this.budget.doubts++;
      return this.unknownLoop(loop, collection, locals);
    }
    const pairs: readonly (readonly [Value, Value])[] = isList(collection) ? collection.map((inner, index) => [index, inner])
      : isMap(collection) ? [...collection].sort(([a], [b]) => byCodePoint(a, b)).map(([key, inner]) => [textOfKey(key), inner])
        : fail('there is nothing to go through');
    const members: Value[] = [];
    const entries = new Map<string, Value>();
    for (const [key, inner] of pairs) {
      const names = namesOf(loop, key, inner, locals);
      const wanted = loop.condition === undefined ? true : this.value(loop.condition, names);
      if (wanted instanceof Unknown) {
        this.budget.doubts++;
        return this.unknownLoop(loop, collection, locals);
      }
      if (!truth(wanted)) {
        continue;
      }
      const result = this.value(loop.value, names);
      if (loop.key === undefined) {
        members.push(result);
      } else {
        const name = keyText(this.value(loop.key, names));
        const before = entries.get(name);
        entries.set(name, loop.grouping ? [...(isList(before) ? before : []), result] : result);
      }
    }
    return bounded(loop.text ? joined(members.map(toText)) : loop.key === undefined ? members : entries);
  }

  /** What a loop makes of what is not known, by what it does with a member. */
  private unknownLoop(loop: ForExpression, collection: Value, locals: Locals): Unknown {
    const item = callSymbol('each', [collection]);
    const names = namesOf(loop, stepSymbol(item, 'key'), item, locals);
    const pieces = [loop.key, loop.value, loop.condition].map(piece => piece === undefined ? null : this.value(piece, names));
    return callSymbol(loop.text ? 'for-text' : loop.grouping ? 'for-group' : 'for', pieces);
  }

  private call({ name, args, expand }: Extract<Expression, { kind: 'call' }>, locals: Locals): Value {
    if (name === 'try' || name === 'can') {
      return this.attempt(name, args, locals);
    }
    let values = args.map(argument => this.value(argument, locals));
    const last = values.at(-1);
    if (expand) {
      if (!isList(last)) {
        this.budget.doubts++;
        return callSymbol(`${name}...`, values);
      }
      values = [...values.slice(0, -1), ...last];
    }
    this.budget.spend(values.reduce<number>((sum, value) => sum + (isList(value) ? value.length : isMap(value) ? value.size : 1), 1));
    if (name === 'sensitive') {
      this.budget.sensitive.add(values);
    }
    if (IMPURE.has(name)) {
      return callSymbol(`${name}#${this.budget.next()}`, values);
    }
    const result = callFunction(name, values);
    if (result === undefined) {
      this.budget.doubts++;
      return callSymbol(name, values);
    }
    return bounded(result);
  }

  /** The first argument that has a value; unknown where that depends on something unknown. */
  private attempt(name: string, args: readonly Expression[], locals: Locals): Value {
    const tried: Value[] = [];
    for (const argument of args) {
      const doubts = this.budget.doubts;
      try {
        const value = this.value(argument, locals);
        if (this.budget.doubts === doubts && tried.length === 0) {
          return name === 'can' ? true : value;
        }
        tried.push(value);
        if (this.budget.doubts === doubts) {
          break;
        }
      } catch (error) {
        if (!(error instanceof EvaluationError)) {
          throw error;
        }
      }
    }
    if (tried.length === 0) {
      return name === 'can' ? false : fail('nothing that was tried has a value');
    }
    return callSymbol(name, tried);
  }
}

/** The names in a loop: those around it, and its own. */
function namesOf(loop: ForExpression, key: Value, value: Value, locals: Locals): Locals {
  return new Map([...locals, ...(loop.keyName === undefined ? [] : [[loop.keyName, key] as const]), [loop.valueName, value]]);
}

function truth(value: Value): boolean {
  return value === true || value === 'true' ? true : value === false || value === 'false' ? false : fail('it is neither true nor false');
}

function number(value: Value): number {
  const result = typeof value === 'number' ? value : typeof value === 'string' && /^-?[0-9.]+(?:[eE][+-]?[0-9]+)?$/.test(value) ? Number(value) : NaN;
  return Number.isFinite(result) ? result : fail('it is not a number');
}

function calculate(operator: string, a: number, b: number): Value {
  switch (operator) {
    case '+': return finite(a + b);
    case '-': return finite(a - b);
    case '*': return finite(a * b);
    case '/': return finite(a / b);
    case '%': return finite(a % b);
    case '<': return a < b;
    case '>': return a > b;
    case '<=': return a <= b;
    default: return a >= b;
  }
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : fail('there is no such number');
}

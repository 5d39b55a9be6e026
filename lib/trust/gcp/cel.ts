import { CelInput, celEnv, celMethod, CelScalar, isCelError, listType, parse, plan } from '@bufbuild/cel';
import {
  ANYTHING, EITHER, entriesOf, failure, fromTruth, itemsOf, keyOfOutcome, knownOutcome, listOutcome, mapOutcome, mayFail, Outcome,
  textIn, textOutcome, Truth, truthOf,
} from './cel-outcome';
import { childrenOf, Expr, literal, parseSource } from './cel-source';
import { contains, endsWith, extract, startsWith } from './texts';
import { equal, partsOf, text, TextValue, Unknown, Value, Verdict } from '../value';

/** How two things are compared. */
export type Relation = 'equals' | 'starts' | 'ends' | 'contains';

/** A claim or attribute of an expression, by its path, that is compared with a text. */
export interface Comparison {
  /** As in `["assertion", "sub"]`. */
  readonly path: readonly string[];
  readonly relation: Relation;
  readonly text: TextValue;
}

/** An expression that is one claim, with texts before and after it, or a piece of it. */
export interface Projection {
  readonly path: readonly string[];
  readonly before: TextValue;
  readonly after: TextValue;
  /** Whether what is between is all of the claim. */
  readonly whole: boolean;
}

/** What evaluation may cost; a condition of the greatest length that lists subjects costs a thousand. */
const MAX_STEPS = 100_000;

const { STRING } = CelScalar;

/**
 * Google's own functions beside those of the language.
 * @see https://cloud.google.com/iam/docs/conditions-attribute-reference
 * @see https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines
 */
const FUNCTIONS = [
  celMethod('extract', STRING, [STRING], STRING, function (template) {
    const result = extract(this, template);
    if (typeof result !== 'string') {
      throw new Error(`not a template of extract: ${template}`);
    }
    return result;
  }),
  celMethod('split', STRING, [STRING], listType(STRING), function (separator) {
    return this.split(separator);
  }),
];
const ENVIRONMENT = celEnv({ funcs: FUNCTIONS });

/** How a function that takes values alone is called, with `a` and `b` for target and argument. */
const CALLS: ReadonlyMap<string, string> = new Map([
  ['_==_ 2', 'a == b'], ['_!=_ 2', 'a != b'], ['_<_ 2', 'a < b'], ['_<=_ 2', 'a <= b'], ['_>_ 2', 'a > b'], ['_>=_ 2', 'a >= b'],
  ['_+_ 2', 'a + b'], ['_-_ 2', 'a - b'], ['_*_ 2', 'a * b'], ['_/_ 2', 'a / b'], ['_%_ 2', 'a % b'], ['-_ 1', '-a'], ['!_ 1', '!a'],
  ['@in 2', 'a in b'], ['_[_] 2', 'a[b]'],
  ...['size', 'int', 'uint', 'double', 'string', 'bool', 'bytes', 'dyn', 'type', 'duration', 'timestamp']
    .map(name => [`${name} 1`, `${name}(a)`] as const),
  ['matches 2', 'matches(a, b)'],
  ...['startsWith', 'endsWith', 'contains', 'matches', 'extract', 'split'].map(name => [`.${name} 2`, `a.${name}(b)`] as const),
  ...['size', 'getFullYear', 'getMonth', 'getDate', 'getDayOfMonth', 'getDayOfWeek', 'getDayOfYear', 'getHours', 'getMinutes', 'getSeconds', 'getMilliseconds']
    .flatMap(name => [[`.${name} 1`, `a.${name}()`], ...name === 'size' ? [] : [[`.${name} 2`, `a.${name}(b)`]]] as [string, string][]),
]);
const CONTROL = new Set(['_&&_', '_||_', '_?_:_', '@not_strictly_false']);
const PLANS = new Map<string, ReturnType<typeof plan>>();

/** An expression of the Common Expression Language, as Google evaluates mappings and conditions. */
export class Expression {
  /** Why nothing can be said of the expression, or of parts of it. */
  public readonly problem?: string;
  private readonly ast?: Expr;
  private readonly foreign = new Set<Expr>();
  /** For the library, which may evaluate all of it at once where its cost is bounded by its length. */
  private readonly plan?: ReturnType<typeof plan>;
  private readonly testsFields: boolean = false;

  /**
   * @param source The expression, of which parts may be unknown
   * @param limit Its greatest length
   * @param variables What it may refer to
   */
  constructor(public readonly source: TextValue, limit: number, variables: readonly string[]) {
    if (partsOf(source).reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 0), 0) > limit) {
      this.problem = `it is longer than ${limit} characters`;
      return;
    }
    const parsed = parseSource(source);
    if ('problem' in parsed) {
      this.problem = parsed.problem;
      return;
    }
    this.ast = parsed.ast;
    this.testsFields = all(parsed.ast).some(({ exprKind }) => exprKind.case === 'selectExpr' && exprKind.value.testOnly);
    const foreign = this.findForeign(parsed.ast, new Set(variables));
    if (foreign !== undefined) {
      this.problem = `Google does not document ${foreign}`;
    } else if (typeof source === 'string' && !hasLoop(parsed.ast)) {
      this.plan = plan(ENVIRONMENT, parsed.ast);
    }
  }

  /** What the expression turns out to be. */
  public evaluate(variables: ReadonlyMap<string, Outcome>): Outcome {
    if (this.ast === undefined) {
      return ANYTHING;
    }
    if (this.plan !== undefined) {
      const bindings = this.bindings(variables);
      if (bindings !== undefined) {
        return guarded(() => this.plan!(bindings));
      }
    }
    try {
      return new Evaluation(this.source, this.foreign).of(this.ast, variables);
    } catch {
      // Too many steps; nothing is concluded from what was seen so far.
      return ANYTHING;
    }
  }

  /** Whether the expression is true; an error refuses. */
  public holds(variables: ReadonlyMap<string, Outcome>): Verdict {
    const { yes, no, error } = truthOf(this.evaluate(variables));
    // What Google does not document it may refuse, and then nothing is admitted.
    return !yes ? 'no' : no || error || this.problem !== undefined ? 'unknown' : 'yes';
  }

  /** What claims and attributes are compared with, wherever that is in the expression. */
  public get comparisons(): readonly Comparison[] {
    return this.ast === undefined ? [] : all(this.ast).flatMap(expr => this.compare(expr));
  }

  /** The one claim that the expression is made of, where it is so simple. */
  public get projection(): Projection | undefined {
    return this.ast === undefined ? undefined : this.project(this.ast);
  }

  /** The texts of which one must be equal to a claim, or begin it, where that is all that the expression says. */
  public get alternatives(): readonly Comparison[] | undefined {
    const pending = this.ast === undefined ? [] : [this.ast];
    const result: Comparison[] = [];
    while (pending.length > 0) {
      const expr = pending.pop()!;
      const { case: kind, value } = expr.exprKind;
      if (kind === 'callExpr' && value.function === '_||_') {
        pending.push(...[...value.args].reverse());
        continue;
      }
      const found = this.compare(expr);
      if (found.length === 0 || (kind === 'callExpr' && value.function === '_!=_') || (kind === 'callExpr' && value.function === '@in' && found.length !== listLength(value.args[1]!))) {
        return undefined;
      }
      result.push(...found);
    }
    return result.length === 0 ? undefined : result;
  }

  /** Whether its comparisons say all that it looks at. */
  public get isPlain(): boolean {
    const pending = this.ast === undefined ? [] : [this.ast];
    for (let expr = pending.pop(); expr !== undefined; expr = pending.pop()) {
      const { case: kind, value } = expr.exprKind;
      if (kind === 'callExpr' && ['_&&_', '_||_', '!_'].includes(value.function)) {
        pending.push(...value.args);
        continue;
      }
      const found = this.compare(expr);
      const compared = found.length > 0 && (kind !== 'callExpr' || value.function !== '@in' || found.length === listLength(value.args[1]!));
      const tested = kind === 'selectExpr' && value.testOnly && pathOf(value.operand!) !== undefined;
      if (!compared && !tested && kind !== 'constExpr') {
        return false;
      }
    }
    return this.ast !== undefined && this.problem === undefined;
  }

  private compare(expr: Expr): readonly Comparison[] {
    const { case: kind, value } = expr.exprKind;
    if (kind !== 'callExpr') {
      return [];
    }
    const operands = value.target === undefined ? value.args : [value.target, ...value.args];
    const [left, right] = operands;
    if (left === undefined || right === undefined || operands.length !== 2) {
      return [];
    }
    const [leftPath, rightPath] = [pathOf(left), pathOf(right)];
    const [leftText, rightText] = [this.text(left), this.text(right)];
    const relation = RELATIONS.get(value.function);
    if (value.function === '_==_' || value.function === '_!=_' || relation !== undefined) {
      const found: Comparison[] = [];
      if (leftPath !== undefined && rightText !== undefined) {
        found.push({ path: leftPath, relation: relation ?? 'equals', text: rightText });
      } else if (relation === undefined && rightPath !== undefined && leftText !== undefined) {
        found.push({ path: rightPath, relation: 'equals', text: leftText });
      }
      return found;
    }
    if (value.function === '@in') {
      if (leftText !== undefined && rightPath !== undefined) {
        return [{ path: rightPath, relation: 'equals', text: leftText }];
      }
      const items = right.exprKind.case === 'listExpr' ? right.exprKind.value.elements : [];
      return leftPath === undefined ? [] : items.flatMap(item => {
        const member = this.text(item);
        return member === undefined ? [] : [{ path: leftPath, relation: 'equals' as const, text: member }];
      });
    }
    return [];
  }

  private project(expr: Expr, depth = 0): Projection | undefined {
    const path = pathOf(expr);
    if (path !== undefined) {
      return { path, before: '', after: '', whole: true };
    }
    const { case: kind, value } = expr.exprKind;
    if (kind !== 'callExpr' || depth > 50) {
      return undefined;
    }
    if (value.function === '_+_' && value.args.length === 2) {
      const [left, right] = [value.args[0]!, value.args[1]!];
      const [leftText, rightText] = [this.text(left), this.text(right)];
      const inner = rightText === undefined ? this.project(right, depth + 1) : this.project(left, depth + 1);
      if (inner === undefined || !inner.whole) {
        return undefined;
      }
      return rightText !== undefined
        ? { ...inner, after: text(inner.after, rightText) }
        : leftText !== undefined ? { ...inner, before: text(leftText, inner.before) } : undefined;
    }
    if (value.function === 'extract' && value.target !== undefined && value.args.length === 1) {
      const target = pathOf(value.target);
      const template = this.text(value.args[0]!);
      const pieces = typeof template === 'string' ? /^([^{}]*)\{[^{}]*\}([^{}]*)$/.exec(template) : null;
      return target === undefined || pieces === null ? undefined : { path: target, before: pieces[1]!, after: pieces[2]!, whole: false };
    }
    return undefined;
  }

  private text(expr: Expr): TextValue | undefined {
    const { case: kind, value } = expr.exprKind;
    return kind === 'constExpr' && value.constantKind.case === 'stringValue' ? literal(value.constantKind.value, this.source) : undefined;
  }

  /** Marks what Google does not document; returns the first of it. */
  private findForeign(ast: Expr, variables: ReadonlySet<string>): string | undefined {
    const loops = new Set(all(ast).flatMap(({ exprKind: { case: kind, value } }) => kind === 'comprehensionExpr' ? [value.iterVar, value.iterVar2, value.accuVar] : []));
    let first: string | undefined;
    for (const expr of all(ast)) {
      const { case: kind, value } = expr.exprKind;
      const name = kind === 'callExpr' && !CONTROL.has(value.function) && !CALLS.has(callKey(value)) ? `the function ${value.function}`
        : kind === 'identExpr' && !variables.has(value.name) && !loops.has(value.name) ? `the variable ${value.name}`
          : kind === 'structExpr' && value.messageName !== '' ? `the type ${value.messageName}` : undefined;
      if (name !== undefined) {
        this.foreign.add(expr);
        first ??= name;
      }
    }
    return first;
  }

  /** The variables for the library; undefined where one is not known, or holds a null, of which `has` says what Google does not. */
  private bindings(variables: ReadonlyMap<string, Outcome>): Record<string, CelInput> | undefined {
    const result: Record<string, CelInput> = Object.create(null) as Record<string, CelInput>;
    for (const [name, outcome] of variables) {
      if (outcome.kind !== 'known' || (this.testsFields && holdsNull(outcome))) {
        return undefined;
      }
      result[name] = outcome.value;
    }
    return result;
  }
}

const RELATIONS: ReadonlyMap<string, Relation> = new Map([['startsWith', 'starts'], ['endsWith', 'ends'], ['contains', 'contains']]);

function listLength({ exprKind: { case: kind, value } }: Expr): number {
  return kind === 'listExpr' ? value.elements.length : 1;
}

function all(ast: Expr): readonly Expr[] {
  const result = [ast];
  for (const expr of result) {
    result.push(...childrenOf(expr));
  }
  return result;
}

function holdsNull(outcome: Outcome): boolean {
  const pending = [outcome];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === 'known' && next.value === null) {
      return true;
    }
    pending.push(...itemsOf(next) ?? entriesOf(next)?.entries.values() ?? []);
  }
  return false;
}

function hasLoop(ast: Expr): boolean {
  return all(ast).some(({ exprKind }) => exprKind.case === 'comprehensionExpr');
}

function callKey(call: { readonly function: string; readonly target?: Expr; readonly args: readonly Expr[] }): string {
  return call.target === undefined ? `${call.function} ${call.args.length}` : `.${call.function} ${call.args.length + 1}`;
}

/** `assertion.a['b']` as a path; undefined for everything else. */
function pathOf(expr: Expr): readonly string[] | undefined {
  const path: string[] = [];
  for (let current = expr; ;) {
    const { case: kind, value } = current.exprKind;
    if (kind === 'identExpr') {
      return path.length === 0 ? undefined : [value.name, ...path.reverse()];
    }
    if (kind === 'selectExpr' && !value.testOnly && value.operand !== undefined) {
      path.push(value.field);
      current = value.operand;
      continue;
    }
    const key = kind === 'callExpr' && value.function === '_[_]' ? value.args[1]!.exprKind : undefined;
    if (kind !== 'callExpr' || key?.case !== 'constExpr' || key.value.constantKind.case !== 'stringValue') {
      return undefined;
    }
    path.push(key.value.constantKind.value);
    current = value.args[0]!;
  }
}

/** What the library says; its errors are those of the language. */
function guarded(run: () => unknown): Outcome {
  try {
    const result = run();
    return isCelError(result) ? failure(result.message.slice(0, 200)) : knownOutcome(result as CelInput);
  } catch (error) {
    return failure(error instanceof Error ? error.message.slice(0, 200) : 'error');
  }
}

/** A function of values that are known. */
function library(key: string, values: readonly CelInput[]): Outcome {
  let run = PLANS.get(key);
  if (run === undefined) {
    run = plan(ENVIRONMENT, parse(CALLS.get(key)!));
    PLANS.set(key, run);
  }
  const [a = null, b = null] = values;
  return guarded(() => run({ a, b }));
}

class OutOfSteps extends Error {}

/** Variables, the innermost last. */
type Scope = ReadonlyMap<string, Outcome>;

/** Evaluates an expression of which parts, or of whose variables parts, are unknown. */
class Evaluation {
  private steps = 0;

  constructor(private readonly source: TextValue, private readonly foreign: ReadonlySet<Expr>) {}

  public of(expr: Expr, scope: Scope): Outcome {
    this.spend(1);
    if (this.foreign.has(expr)) {
      return ANYTHING;
    }
    const { case: kind, value } = expr.exprKind;
    switch (kind) {
      case 'constExpr':
        return this.constant(value.constantKind);
      case 'identExpr':
        return scope.get(value.name) ?? failure(`no such variable: ${value.name}`);
      case 'selectExpr':
        return this.select(this.of(value.operand!, scope), value.field, value.testOnly);
      case 'callExpr':
        return this.call(value, scope);
      case 'listExpr':
        return listOutcome(value.elements.map(element => this.of(element, scope)));
      case 'structExpr':
        return this.map(value.entries.map(entry => [
          entry.keyKind.case === 'mapKey' ? this.of(entry.keyKind.value, scope) : ANYTHING, this.of(entry.value!, scope),
        ]));
      case 'comprehensionExpr':
        return this.loop(value, scope);
      default:
        return ANYTHING;
    }
  }

  private spend(steps: number): void {
    this.steps += steps;
    if (this.steps > MAX_STEPS) {
      throw new OutOfSteps();
    }
  }

  private constant(constant: Extract<Expr['exprKind'], { case: 'constExpr' }>['value']['constantKind']): Outcome {
    switch (constant.case) {
      case 'stringValue':
        return textOutcome(literal(constant.value, this.source));
      case 'boolValue':
      case 'int64Value':
      case 'doubleValue':
      case 'bytesValue':
        return knownOutcome(constant.value);
      case 'nullValue':
        return knownOutcome(null);
      default:
        return ANYTHING;
    }
  }

  private select(operand: Outcome, field: string, test: boolean): Outcome {
    if (operand.kind === 'error') {
      return operand;
    }
    const map = entriesOf(operand);
    if (map === undefined) {
      return operand.kind === 'value' || operand.kind === 'anything'
        ? test ? { ...EITHER, error: true } as Outcome : ANYTHING
        : failure(`field not found: ${field}`);
    }
    const entry = map.entries.get(field);
    if (!test) {
      return entry ?? (map.open ? ANYTHING : failure(`field not found: ${field}`));
    }
    if (entry === undefined) {
      return map.open ? EITHER : knownOutcome(false);
    }
    // Implementations differ on whether a field that is null is there.
    return entry.kind === 'value' || entry.kind === 'anything' || (entry.kind === 'known' && entry.value === null) ? EITHER : knownOutcome(true);
  }

  private call(call: Extract<Expr['exprKind'], { case: 'callExpr' }>['value'], scope: Scope): Outcome {
    const { function: name, args } = call;
    if (name === '_&&_' || name === '_||_') {
      return this.logic(name, args, scope);
    }
    if (name === '_?_:_') {
      return this.choose(truthOf(this.of(args[0]!, scope)), args[1]!, args[2]!, scope);
    }
    if (name === '@not_strictly_false') {
      const { yes, no, error } = truthOf(this.of(args[0]!, scope));
      return fromTruth({ yes: yes || error, no, error: false });
    }
    const operands = [...call.target === undefined ? [] : [call.target], ...args].map(operand => this.of(operand, scope));
    const failed = operands.find(operand => operand.kind === 'error');
    if (failed !== undefined) {
      return failed;
    }
    operands.forEach(operand => this.spend((itemsOf(operand)?.length ?? 0) / 10));
    return operands.every(operand => operand.kind === 'known')
      ? library(callKey(call), operands.map(operand => operand.kind === 'known' ? operand.value : null))
      : this.partly(name, operands);
  }

  /** A function of operands that are not all known, and none of them an error for certain. */
  private partly(name: string, operands: readonly Outcome[]): Outcome {
    const [a, b] = [operands[0]!, operands[1]];
    const [left, right] = [textIn(a), b === undefined ? undefined : textIn(b)];
    switch (name) {
      case '!_': {
        const { yes, no, error } = truthOf(a);
        return fromTruth({ yes: no, no: yes, error });
      }
      case '_==_':
        return same(a, b!);
      case '_!=_': {
        const { yes, no, error } = truthOf(same(a, b!));
        return fromTruth({ yes: no, no: yes, error });
      }
      case '@in':
        return isIn(a, b!);
      case '_[_]':
        return this.index(a, b!);
      case '_+_':
        if (left !== undefined && right !== undefined) {
          return textOutcome(text(left, right));
        }
        return this.joined(a, b!);
      case 'dyn':
        return a;
      case 'startsWith':
      case 'endsWith':
      case 'contains':
        return left === undefined || right === undefined
          ? { kind: 'truth', yes: true, no: true, error: true }
          : verdictOutcome({ startsWith, endsWith, contains }[name](left, right));
      case 'extract':
        return left !== undefined && typeof right === 'string' ? textOr(extract(left, right)) : ANYTHING;
      case 'matches': case '_<_': case '_<=_': case '_>_': case '_>=_':
        return { kind: 'truth', yes: true, no: true, error: true };
      default:
        return ANYTHING;
    }
  }

  private joined(a: Outcome, b: Outcome): Outcome {
    const [left, right] = [itemsOf(a), itemsOf(b)];
    if (left === undefined || right === undefined) {
      return ANYTHING;
    }
    this.spend(left.length + right.length);
    return listOutcome([...left, ...right]);
  }

  private index(of: Outcome, key: Outcome): Outcome {
    const map = entriesOf(of);
    if (map !== undefined && key.kind === 'known') {
      return map.entries.get(key.value) ?? (map.open || typeof key.value !== 'string' ? ANYTHING : failure(`no such key: ${key.value}`));
    }
    const items = itemsOf(of);
    if (items !== undefined && key.kind === 'known' && typeof key.value === 'bigint') {
      return items[Number(key.value)] ?? failure(`no such index: ${key.value}`);
    }
    return ANYTHING;
  }

  private map(entries: readonly (readonly [Outcome, Outcome])[]): Outcome {
    const failed = entries.flat().find(outcome => outcome.kind === 'error');
    if (failed !== undefined) {
      return failed;
    }
    const result = new Map<string, Outcome>();
    for (const [key, value] of entries) {
      if (key.kind !== 'known' || typeof key.value !== 'string' || mayFail(value) || result.has(key.value)) {
        return ANYTHING;
      }
      result.set(key.value, value);
    }
    return mapOutcome(result);
  }

  private logic(name: string, args: readonly Expr[], scope: Scope): Outcome {
    const and = name === '_&&_';
    let result: Truth = { yes: and, no: !and, error: false };
    for (const arg of args) {
      const next = truthOf(this.of(arg, scope));
      result = and ? conjunction(result, next) : inverse(conjunction(inverse(result), inverse(next)));
      if (!result.error && (and ? !result.yes : !result.no)) {
        break;
      }
    }
    return fromTruth(result);
  }

  private choose({ yes, no, error }: Truth, then: Expr, otherwise: Expr, scope: Scope): Outcome {
    const branches = [...yes ? [this.of(then, scope)] : [], ...no ? [this.of(otherwise, scope)] : [], ...error ? [failure('no boolean')] : []];
    return branches.slice(1).reduce((first, second) => either(first, second), branches[0]!);
  }

  /** A macro such as `exists`: the same steps as the language's, so that going on where it may have stopped changes nothing. */
  private loop(loop: Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value'], scope: Scope): Outcome {
    const range = this.of(loop.iterRange!, scope);
    const map = entriesOf(range);
    if (map?.open) {
      return ANYTHING;
    }
    const items = itemsOf(range) ?? (map === undefined ? undefined : [...map.entries.keys()].map(key => knownOutcome(key as CelInput)));
    if (items === undefined) {
      return range.kind === 'known' || range.kind === 'text' ? failure('nothing to go over') : range.kind === 'error' ? range : ANYTHING;
    }
    let result = this.of(loop.accuInit!, scope);
    const inner = new Map(scope);
    for (const item of items) {
      inner.set(loop.accuVar, result);
      const { yes, error } = truthOf(this.of(loop.loopCondition!, inner));
      if (!yes && !error) {
        break;
      }
      inner.set(loop.iterVar, item);
      result = this.of(loop.loopStep!, inner);
    }
    inner.set(loop.accuVar, result);
    return this.of(loop.result!, inner);
  }
}

function inverse({ yes, no, error }: Truth): Truth {
  return { yes: no, no: yes, error };
}

/** False wins over errors, and errors over true. */
function conjunction(a: Truth, b: Truth): Truth {
  return { yes: a.yes && b.yes, no: a.no || b.no, error: (a.error && (b.error || b.yes)) || (a.yes && b.error) };
}

function either(a: Outcome, b: Outcome): Outcome {
  const plain = (outcome: Outcome) => outcome.kind !== 'known' || typeof outcome.value !== 'object' || itemsOf(outcome) !== undefined;
  if (a.kind !== 'anything' && plain(a) && plain(b) && keyOfOutcome(a) === keyOfOutcome(b)) {
    return a;
  }
  const isTruth = (outcome: Outcome) => outcome.kind === 'truth' || outcome.kind === 'error' || (outcome.kind === 'known' && typeof outcome.value === 'boolean');
  if (!isTruth(a) || !isTruth(b)) {
    return ANYTHING;
  }
  const [left, right] = [truthOf(a), truthOf(b)];
  return fromTruth({ yes: left.yes || right.yes, no: left.no || right.no, error: left.error || right.error });
}

function textOr(value: TextValue | undefined): Outcome {
  return value === undefined ? ANYTHING : textOutcome(value);
}

function verdictOutcome(verdict: Verdict): Outcome {
  return verdict === 'unknown' ? EITHER : knownOutcome(verdict === 'yes');
}

/** Whether two values are equal, neither being an error for certain. */
export function same(a: Outcome, b: Outcome): Outcome {
  if (mayFail(a) || mayFail(b)) {
    return { kind: 'truth', yes: true, no: true, error: true };
  }
  if (a.kind === 'known' && b.kind === 'known') {
    return library('_==_ 2', [a.value, b.value]);
  }
  const [left, right] = [textIn(a), textIn(b)];
  if (left !== undefined && right !== undefined) {
    return verdictOutcome(equal(left, right));
  }
  if (a.kind === 'value' || b.kind === 'value') {
    return sameSymbol(a, b) || sameSymbol(b, a) ? knownOutcome(true) : EITHER;
  }
  const [items, others] = [itemsOf(a), itemsOf(b)];
  if (items !== undefined && others !== undefined) {
    const start: Truth = { yes: items.length === others.length, no: items.length !== others.length, error: false };
    return fromTruth(items.slice(0, others.length).reduce((result, item, index) => conjunction(result, truthOf(same(item, others[index]!))), start));
  }
  const maps = entriesOf(a) !== undefined && entriesOf(b) !== undefined;
  return maps || a.kind === 'truth' || b.kind === 'truth' ? EITHER : knownOutcome(false);
}

/** A claim that is unknown is the text that stands in the configuration under the same symbol. */
function sameSymbol(a: Outcome, b: Outcome): boolean {
  if (a.kind !== 'value') {
    return false;
  }
  return b.kind === 'value' ? a.symbol === b.symbol : b.kind === 'text' && b.text instanceof Unknown && b.text.symbol === a.symbol;
}

/** Whether a list or map holds a value. */
export function isIn(item: Outcome, of: Outcome): Outcome {
  const items = itemsOf(of);
  if (items !== undefined) {
    const nothing: Truth = { yes: true, no: false, error: false };
    return mayFail(item) ? { kind: 'truth', yes: true, no: true, error: true }
      : fromTruth(inverse(items.reduce<Truth>((result, other) => conjunction(result, inverse(truthOf(same(item, other)))), nothing)));
  }
  const map = entriesOf(of);
  if (map !== undefined && item.kind === 'known') {
    return map.entries.has(item.value) ? knownOutcome(true) : map.open ? EITHER : knownOutcome(false);
  }
  return { kind: 'truth', yes: true, no: true, error: true };
}

/** A value of JSON where an outcome is one. */
export function valueOf(outcome: Outcome): Value | undefined {
  const items = itemsOf(outcome);
  if (items !== undefined) {
    const values = items.map(valueOf);
    return values.some(value => value === undefined) ? undefined : values as Value[];
  }
  if (outcome.kind === 'known') {
    const { value } = outcome;
    return value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number' ? value : undefined;
  }
  return outcome.kind === 'text' ? outcome.text : undefined;
}

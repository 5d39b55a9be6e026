import { BlockList, isIP } from 'node:net';
import { parseJson } from '../jws';

/**
 * IAM's policy language, as far as trust policies and policies of roles use it:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html. A document that IAM would not take is refused when it is read.
 */

/** A document that IAM answers with MalformedPolicyDocument. */
export class PolicyError extends Error {
  constructor(message: string) {
    super(`MalformedPolicyDocument: ${message}`);
    this.name = 'PolicyError';
  }
}

/** Who asks. */
export type Caller =
  /** Somebody with a web identity: the ARN of the IAM provider that vouches, or `accounts.google.com`. */
  | { readonly kind: 'Federated'; readonly provider: string }
  | { readonly kind: 'Service'; readonly service: string }
  /** The session of a role. */
  | { readonly kind: 'AWS'; readonly account: string; readonly roleArn: string; readonly sessionArn: string };

/** The condition keys that a request has, by name in lower case: names do not depend on case. */
export type Context = ReadonlyMap<string, string | readonly string[]>;

export interface PolicyRequest {
  readonly action: string;
  /** What is asked for; a trust policy has no resources, as it stands at its own. */
  readonly resource?: string;
  /** Who asks; a policy of a role has no principals, as it stands at its own. */
  readonly caller?: Caller;
  readonly context: Context;
}

/** What a policy says: `denied` is stronger than any permission, `silent` is no permission. */
export type Decision =
  | { readonly effect: 'denied' | 'silent' }
  /** `direct`: a statement names the calling role or session itself, not its account or everybody. */
  | { readonly effect: 'allowed'; readonly direct: boolean };

export interface Policy {
  readonly kind: 'trust' | 'identity';
  readonly statements: readonly Statement[];
  /** `${…}` is a variable only in this version: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html */
  readonly variables: boolean;
}

interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly principals: readonly Principal[];
  readonly actions: Patterns;
  readonly resources: Patterns;
  readonly conditions: readonly Condition[];
}

export interface Principal {
  readonly type: 'AWS' | 'Federated' | 'Service' | 'everyone';
  readonly value: string;
}

interface Patterns {
  /** `NotAction`, `NotResource`. */
  readonly negated: boolean;
  readonly values: readonly string[];
}

interface Condition {
  readonly operator: Operator;
  readonly set: 'ForAllValues' | 'ForAnyValue' | undefined;
  readonly ifExists: boolean;
  /** In lower case. */
  readonly key: string;
  readonly values: readonly string[];
}

/** A value of a policy with its variables filled in: characters and the two wildcards. */
type Pattern = readonly (string | typeof ANY | typeof ONE)[];
const ANY = Symbol('*');
const ONE = Symbol('?');

interface Operator {
  readonly negated: boolean;
  readonly matches: (actual: string, expected: Pattern) => boolean;
  /** Whether a value is one that the operator can compare with. */
  readonly takes: (value: string) => boolean;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html; `Null` stands apart, `BinaryEquals` is refused. */
const OPERATORS = new Map<string, Operator>([
  ...pair('StringEquals', 'StringNotEquals', (actual, expected) => actual === text(expected)),
  ...pair('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase', (actual, expected) => actual.toLowerCase() === text(expected).toLowerCase()),
  ...pair('StringLike', 'StringNotLike', (actual, expected) => glob([...actual], expected)),
  // The document says of both pairs that they behave identically, wildcards included.
  ...pair('ArnEquals', 'ArnNotEquals', arnMatches, isArn),
  ...pair('ArnLike', 'ArnNotLike', arnMatches, isArn),
  ...pair('NumericEquals', 'NumericNotEquals', ordered(number, (actual, expected) => actual === expected), isNumber),
  ...one('NumericLessThan', ordered(number, (actual, expected) => actual < expected), isNumber),
  ...one('NumericLessThanEquals', ordered(number, (actual, expected) => actual <= expected), isNumber),
  ...one('NumericGreaterThan', ordered(number, (actual, expected) => actual > expected), isNumber),
  ...one('NumericGreaterThanEquals', ordered(number, (actual, expected) => actual >= expected), isNumber),
  ...pair('DateEquals', 'DateNotEquals', ordered(date, (actual, expected) => actual === expected), isDate),
  ...one('DateLessThan', ordered(date, (actual, expected) => actual < expected), isDate),
  ...one('DateLessThanEquals', ordered(date, (actual, expected) => actual <= expected), isDate),
  ...one('DateGreaterThan', ordered(date, (actual, expected) => actual > expected), isDate),
  ...one('DateGreaterThanEquals', ordered(date, (actual, expected) => actual >= expected), isDate),
  ...one('Bool', (actual, expected) => actual.toLowerCase() === text(expected).toLowerCase(), isBoolean),
  ...pair('IpAddress', 'NotIpAddress', (actual, expected) => inRange(actual, text(expected)), isRange),
  ...one('Null', () => false, isBoolean),
]);
const NULL = OPERATORS.get('Null')!;

function one(name: string, matches: Operator['matches'], takes: Operator['takes'] = () => true): [string, Operator][] {
  return [[name, { negated: false, matches, takes }]];
}

function pair(name: string, negation: string, matches: Operator['matches'], takes: Operator['takes'] = () => true): [string, Operator][] {
  return [[name, { negated: false, matches, takes }], [negation, { negated: true, matches, takes }]];
}

/** Reads a trust policy or a policy of a role; throws PolicyError where IAM would not take it. */
export function readPolicy(kind: Policy['kind'], document: string): Policy {
  let policy: unknown;
  try {
    policy = parseJson(document);
  } catch (error) {
    throw new PolicyError(`This policy contains invalid Json (${(error as Error).message})`);
  }
  if (!isObject(policy)) throw new PolicyError('Syntax errors in policy.');
  only(policy, ['Version', 'Id', 'Statement']);
  const { Version: version = '2008-10-17', Statement: statement } = policy;
  if (version !== '2012-10-17' && version !== '2008-10-17') throw new PolicyError('The policy must contain a valid version string');
  const statements = (Array.isArray(statement) ? statement as unknown[] : [statement]).map(each => readStatement(kind, each));
  if (statements.length === 0) throw new PolicyError('Syntax errors in policy.');
  const sids = statements.map(({ sid }) => sid).filter(sid => sid !== '');
  if (new Set(sids).size !== sids.length) throw new PolicyError('Statement IDs (SID) in a single policy must be unique.');
  return { kind, variables: version === '2012-10-17', statements };
}

function readStatement(kind: Policy['kind'], statement: unknown): Statement & { readonly sid: string } {
  if (!isObject(statement)) throw new PolicyError('Syntax errors in policy.');
  only(statement, ['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);
  const { Sid: sid = '', Effect: effect } = statement;
  if (typeof sid !== 'string' || !/^[A-Za-z0-9]*$/.test(sid)) throw new PolicyError(`Statement IDs (SID) must be alpha-numeric: ${JSON.stringify(sid)}`);
  if (effect !== 'Allow' && effect !== 'Deny') throw new PolicyError(`Invalid effect: ${JSON.stringify(effect)}`);
  const actions = readPatterns(statement, 'Action', 'NotAction');
  const conditions = readConditions(statement.Condition);

  if (kind === 'trust') {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html: the role is the resource.
    if ('Resource' in statement || 'NotResource' in statement) throw new PolicyError('Has prohibited field Resource');
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html: not in the trust policy of a role.
    if ('NotPrincipal' in statement) throw new PolicyError('Has prohibited field NotPrincipal');
    if (actions.negated || !actions.values.every(action => /^sts:/i.test(action))) throw new PolicyError('AssumeRole policy may only specify STS AssumeRole actions.');
    return { sid, effect, conditions, actions, principals: readPrincipals(statement.Principal), resources: { negated: false, values: ['*'] } };
  }
  if ('Principal' in statement || 'NotPrincipal' in statement) throw new PolicyError('Policy document should not specify a principal.');
  if (!actions.values.every(action => action === '*' || /^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action))) {
    throw new PolicyError('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  }
  const resources = readPatterns(statement, 'Resource', 'NotResource');
  if (!resources.values.every(resource => resource === '*' || resource.startsWith('arn:'))) throw new PolicyError('Resource must be in ARN format or "*".');
  return { sid, effect, conditions, actions, principals: [], resources };
}

function readPatterns(statement: Record<string, unknown>, name: string, negation: string): Patterns {
  if ((name in statement) === (negation in statement)) throw new PolicyError(`Policy statement must contain ${name.toLowerCase()}s.`);
  const negated = negation in statement;
  const values = strings(statement[negated ? negation : name]);
  if (values.length === 0) throw new PolicyError(`Policy statement must contain ${name.toLowerCase()}s.`);
  return { negated, values };
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
function readPrincipals(principal: unknown): Principal[] {
  if (principal === '*') return [{ type: 'everyone', value: '*' }];
  if (!isObject(principal) || Object.keys(principal).length === 0) throw new PolicyError('Missing required field Principal cannot be empty!');
  return Object.entries(principal).flatMap(([type, value]) => {
    const values = strings(value);
    if (values.length === 0) throw new PolicyError('Missing required field Principal cannot be empty!');
    return values.map((name): Principal => {
      if (type === 'AWS' && name === '*') return { type: 'everyone', value: '*' };
      if (type === 'AWS' && AWS_PRINCIPAL.test(name)) return { type, value: name };
      if (type === 'Federated' && (WEB_IDENTITIES.has(name) || FEDERATED_PRINCIPAL.test(name))) return { type, value: name };
      if (type === 'Service' && /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(name)) return { type, value: name };
      // A wildcard in part of a name is not taken: the names are not patterns.
      throw new PolicyError(`Invalid principal in policy: "${type.toUpperCase()}":"${name}"`);
    });
  });
}

/** An account, its root, a role or a user, and the session of a role. */
const AWS_PRINCIPAL = new RegExp(`^(?:${[
  /\d{12}/, /arn:[a-z0-9-]+:iam::\d{12}:(?:root|(?:role|user)\/[\w+=,.@/-]+)/, /arn:[a-z0-9-]+:sts::\d{12}:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+/,
].map(({ source }) => source).join('|')})$`);
const FEDERATED_PRINCIPAL = /^arn:[a-z0-9-]+:iam::\d{12}:(?:oidc|saml)-provider\/[^\s*?]+$/;
/** The providers that are built into AWS. */
const WEB_IDENTITIES = new Set(['accounts.google.com', 'cognito-identity.amazonaws.com', 'graph.facebook.com', 'www.amazon.com']);

function readConditions(conditions: unknown): Condition[] {
  if (conditions === undefined) return [];
  if (!isObject(conditions)) throw new PolicyError('Syntax errors in policy.');
  return Object.entries(conditions).flatMap(([name, keys]) => {
    const [, set, base = '', ifExists] = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(name) ?? [];
    const operator = OPERATORS.get(base);
    if (operator === undefined || (operator === NULL && (set ?? ifExists) !== undefined)) throw new PolicyError(`Invalid Condition type : ${name}.`);
    if (!isObject(keys)) throw new PolicyError('Syntax errors in policy.');
    return Object.entries(keys).map(([key, value]) => ({
      operator, set: set as Condition['set'], ifExists: ifExists !== undefined, key: key.toLowerCase(), values: strings(value, true),
    }));
  });
}

/**
 * Throws PolicyError where conditions are well formed and compare with nothing: a key of no service, no value, or a value that the operator cannot compare with.
 * IAM's documents have a form for each, and do not say what comes of others: they are refused.
 */
export function checkConditions({ statements }: Policy): void {
  for (const { operator, key, values } of statements.flatMap(({ conditions }) => conditions)) {
    if (!/^[^:\s]+:./.test(key)) throw new PolicyError('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
    const wrong = values.find(value => !value.includes('${') && !operator.takes(value));
    if (values.length === 0 || wrong !== undefined) throw new PolicyError(`Syntax errors in policy: ${JSON.stringify(wrong ?? values)} of ${JSON.stringify(key)}.`);
  }
}

/** The principals that a trust policy names. */
export function principalsOf({ statements }: Policy): readonly Principal[] {
  return statements.flatMap(({ principals }) => principals);
}

/**
 * What a policy says about a request: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
 * Where IAM's documents do not say whether a statement matches, it denies if it is a denial, and does not allow if it is a permission.
 */
export function evaluate(policy: Policy, request: PolicyRequest): Decision {
  const about = (statement: Statement) => applies(policy, statement, request);
  if (policy.statements.some(statement => statement.effect === 'Deny' && about(statement) !== false)) return { effect: 'denied' };
  const allowing = policy.statements.filter(statement => statement.effect === 'Allow' && about(statement) === true);
  if (allowing.length === 0) return { effect: 'silent' };
  const { caller } = request;
  const direct = caller?.kind === 'AWS' && allowing.some(({ principals }) => principals.some(({ type, value }) =>
    type === 'AWS' && (value === caller.roleArn || value === caller.sessionArn)));
  return { effect: 'allowed', direct };
}

/** Undefined where it cannot be said. */
function applies(policy: Policy, statement: Statement, { action, resource, caller, context }: PolicyRequest): boolean | undefined {
  if (policy.kind === 'trust' && !statement.principals.some(principal => named(principal, caller))) return false;
  // Actions do not depend on case: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
  const actions = statement.actions.values.some(value => glob([...action.toLowerCase()], wildcards(value.toLowerCase())));
  if (actions === statement.actions.negated) return false;
  const inResources = policy.kind === 'trust' ? true : any(statement.resources.values.map(value => {
    const pattern = filled(value, policy.variables, context);
    return pattern === undefined ? undefined : glob([...resource ?? ''], pattern);
  }));
  const resources = inResources === undefined ? undefined : inResources !== statement.resources.negated;
  return all([resources, ...statement.conditions.map(condition => holds(condition, policy.variables, context))]);
}

function named({ type, value }: Principal, caller: Caller | undefined): boolean {
  if (caller === undefined) return false;
  if (type === 'everyone') return true;
  if (type !== caller.kind) return false;
  if (caller.kind === 'Federated') return value === caller.provider;
  if (caller.kind === 'Service') return value === caller.service;
  return value === caller.account || new RegExp(`^arn:[a-z0-9-]+:iam::${caller.account}:root$`).test(value) || value === caller.roleArn || value === caller.sessionArn;
}

function holds({ operator, set, ifExists, key, values }: Condition, variables: boolean, context: Context): boolean | undefined {
  const actual = context.get(key);
  if (operator === NULL) return values.some(value => value.toLowerCase() === String(actual === undefined));
  if (actual === undefined && ifExists) return true;
  const patterns = values.map(value => filled(value, variables, context));
  const matches = (value: string) => {
    const hit = any(patterns.map(pattern => pattern === undefined ? undefined : operator.matches(value, pattern)));
    return hit === undefined ? undefined : hit !== operator.negated;
  };
  if (set !== undefined) {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html:
    // a missing key, and one that comes down to nothing, is true for all and false for any.
    const present = (actual === undefined ? [] : [actual].flat() as string[]).filter(value => value !== '');
    return set === 'ForAllValues' ? all(present.map(matches)) : any(present.map(matches));
  }
  // The important note of the operators' document: a missing key matches nothing, so that a negated operator is true.
  if (actual === undefined) return operator.negated;
  const [single, ...more] = [actual].flat() as string[];
  // Several values without ForAllValues or ForAnyValue: the documents do not say what comes of it.
  return single === undefined || more.length > 0 ? undefined : matches(single);
}

/** And: false wins over what cannot be said. */
function all(values: readonly (boolean | undefined)[]): boolean | undefined {
  return values.includes(false) ? false : values.includes(undefined) ? undefined : true;
}

/** Or: true wins over what cannot be said. */
function any(values: readonly (boolean | undefined)[]): boolean | undefined {
  return values.includes(true) ? true : values.includes(undefined) ? undefined : false;
}

function wildcards(value: string): Pattern {
  return [...value].map(character => character === '*' ? ANY : character === '?' ? ONE : character);
}

/**
 * A value with its variables filled in: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html.
 * What comes from the request is plain text, also where it has wildcards. Undefined where a variable has no single value.
 */
function filled(value: string, variables: boolean, context: Context): Pattern | undefined {
  if (!variables) return wildcards(value);
  const pattern: (Pattern[number])[] = [];
  // Text and variables by turns.
  const parts = value.split(/\$\{([^{}]*)\}/);
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 0) {
      pattern.push(...wildcards(part));
      continue;
    }
    const [, name, , fallback] = /^\s*([^\s,]+)\s*(,\s*'([^']*)'\s*)?$/.exec(part) ?? [];
    if (name === undefined) return undefined;
    const found = name === '*' || name === '?' || name === '$' ? name : context.get(name.toLowerCase()) ?? fallback;
    if (typeof found !== 'string') return undefined;
    pattern.push(...found);
  }
  return pattern;
}

/** A pattern as plain text, for operators that know no wildcards. */
function text(pattern: Pattern): string {
  return pattern.map(character => character === ANY ? '*' : character === ONE ? '?' : character).join('');
}

/** Whether a pattern matches as a whole; in time and memory that stay small whatever it is. */
function glob(actual: readonly string[], pattern: Pattern): boolean {
  let [at, next, star, resume] = [0, 0, -1, 0];
  while (at < actual.length) {
    if (next < pattern.length && (pattern[next] === ONE || pattern[next] === actual[at])) {
      at += 1;
      next += 1;
    } else if (next < pattern.length && pattern[next] === ANY) {
      star = next;
      resume = at;
      next += 1;
    } else if (star >= 0) {
      resume += 1;
      at = resume;
      next = star + 1;
    } else {
      return false;
    }
  }
  return pattern.slice(next).every(character => character === ANY);
}

/** Each of the six parts of an ARN is compared on its own. */
function arnMatches(actual: string, expected: Pattern): boolean {
  const parts = actual.split(':');
  const patterns: (Pattern[number])[][] = [[]];
  for (const character of expected) {
    if (character === ':' && patterns.length < 6) patterns.push([]);
    else patterns.at(-1)!.push(character);
  }
  if (parts.length < 6 || patterns.length !== 6) return false;
  const six = [...parts.slice(0, 5), parts.slice(5).join(':')];
  return six.every((part, index) => glob([...part], patterns[index]!));
}

function ordered(parse: (value: string) => number | undefined, compare: (actual: number, expected: number) => boolean): Operator['matches'] {
  return (actual, expected) => {
    const [left, right] = [parse(actual), parse(text(expected))];
    return left !== undefined && right !== undefined && compare(left, right);
  };
}

function number(value: string): number | undefined {
  return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(value) ? Number(value) : undefined;
}

function isNumber(value: string): boolean {
  return number(value) !== undefined;
}

function isDate(value: string): boolean {
  return date(value) !== undefined;
}

function isBoolean(value: string): boolean {
  return /^(?:true|false)$/i.test(value);
}

function isArn(value: string): boolean {
  return value.startsWith('arn:') && value.split(':').length >= 6;
}

/** ISO 8601 as the W3C's note has it, or seconds since 1970. */
function date(value: string): number | undefined {
  if (/^\d{1,11}$/.test(value) && value.length !== 4) return Number(value);
  const time = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?)?)?$/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : time / 1000;
}

function inRange(actual: string, expected: string): boolean {
  const range = rangeOf(expected);
  if (range === undefined || isIP(actual) !== range.version) return false;
  const family = range.version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(range.address, range.length, family);
  return list.check(actual, family);
}

function isRange(value: string): boolean {
  return rangeOf(value) !== undefined;
}

function rangeOf(range: string): { readonly address: string; readonly version: number; readonly length: number } | undefined {
  const [address = '', prefix] = range.split('/', 2);
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN;
  return version !== 0 && length <= bits ? { address, version, length } : undefined;
}

/** A text or a list of texts; where the grammar allows them, also numbers and booleans. */
function strings(value: unknown, scalars = false): string[] {
  return (Array.isArray(value) ? value as unknown[] : [value]).map(each => {
    if (typeof each === 'string') return each;
    if (scalars && (typeof each === 'number' || typeof each === 'boolean')) return String(each);
    throw new PolicyError('Syntax errors in policy.');
  });
}

function only(object: Record<string, unknown>, names: readonly string[]): void {
  const unknown = Object.keys(object).find(name => !names.includes(name));
  if (unknown !== undefined) throw new PolicyError(`Syntax errors in policy: ${JSON.stringify(unknown)}.`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

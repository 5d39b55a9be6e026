import { createHash } from 'node:crypto';
import { parseJson } from '../terraform/json';
import { isList, isMap, isText, keyOf, like, not, partsOf, show, some, Text, textOfKey, TextValue, Unknown, Value, ValueMap, Verdict } from '../value';

/** The kinds of principals of a trust policy. */
export type PrincipalType = 'AWS' | 'Service' | 'Federated' | 'CanonicalUser';

/** A principal of a statement; of unknown type where not even that is known. */
export interface Principal {
  readonly type: PrincipalType | 'unknown';
  readonly identifier: TextValue;
}

/** One key of a condition block. */
export interface Condition {
  /** As written, as in `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string;
  readonly key: TextValue;
  /** Any of which will do. */
  readonly values: readonly TextValue[];
  /** Whether the values are only in part understood. */
  readonly unreadable: boolean;
}

/** A statement of a policy. */
export interface Statement {
  readonly sid?: string;
  /** `unknown` where the policy does not say it in a way that IAM takes. */
  readonly effect: 'Allow' | 'Deny' | 'unknown';
  /** Whether those listed are meant, or all others. */
  readonly principals: { readonly negated: boolean; readonly list: readonly Principal[] };
  readonly actions: { readonly negated: boolean; readonly list: readonly TextValue[] };
  readonly resources: { readonly negated: boolean; readonly list: readonly TextValue[] };
  readonly conditions: readonly Condition[];
  /** What of it could not be read: then it is never known to apply. */
  readonly problems: readonly string[];
}

/** A policy as far as it can be read. */
export interface Policy {
  /** Whether `${…}` in its values are variables, as they are since version 2012-10-17. */
  readonly variables: boolean;
  readonly statements: readonly Statement[];
  /** What could not be read. */
  readonly problems: readonly string[];
  /** A digest of the document where not all of it was read: what was not may have changed. */
  readonly unread?: string;
}

/**
 * The longest policy that is read, white space counted; IAM takes 10,240 characters without it.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const MAX_LENGTH = 131072;
const ELEMENTS = new Set(['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition']);
const TYPES: ReadonlySet<string> = new Set<PrincipalType>(['AWS', 'Service', 'Federated', 'CanonicalUser']);

/**
 * Reads a policy, in each spelling that IAM takes; what it cannot read is a problem, and never allows anything.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(document: Value | undefined): Policy {
  const policy = readPolicy(document);
  const unread = policy.problems.length > 0
    || policy.statements.some(({ problems, conditions }) => problems.length > 0 || conditions.some(({ unreadable: is }) => is));
  return unread && document !== undefined ? { ...policy, unread: createHash('sha256').update(keyOf(document)).digest('base64') } : policy;
}

function readPolicy(document: Value | undefined): Policy {
  if (!isText(document)) {
    return isMap(document) ? policyOf(document) : unreadable('it is not a JSON text');
  }
  if (partsOf(document).reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 1), 0) > MAX_LENGTH) {
    return unreadable(`it is longer than ${MAX_LENGTH} characters, which IAM does not take`);
  }
  let value: Value;
  try {
    value = parseJson(document);
  } catch (error) {
    return unreadable((error as Error).message);
  }
  return isMap(value) ? policyOf(value) : unreadable(value instanceof Unknown ? 'it is known after apply' : 'it is not an object');
}

/** All of a policy that requests are compared with, in one text. */
export function policyKey({ variables, statements, problems, unread }: Policy): string {
  return JSON.stringify([variables, statements.map(statementKey), problems, unread]);
}

/** All of a statement that requests are compared with, in one text. */
export function statementKey(statement: Statement): string {
  return JSON.stringify({ ...statement, sid: undefined });
}

/** Whether a statement is about an action, whatever its effect. Names of actions have no case. */
export function actionVerdict({ actions }: Statement, action: string): Verdict {
  const listed = some(actions.list.map(pattern => like(action.toLowerCase(), lower(pattern))));
  return actions.negated ? not(listed) : listed;
}

/** A text in lower case as far as it is known. */
export function lower(value: TextValue): TextValue {
  return mapParts(value, part => part.toLowerCase());
}

/** A text with its known parts changed, none of them to nothing. */
export function mapParts(value: TextValue, change: (part: string) => string): TextValue {
  const parts = partsOf(value).map(part => typeof part === 'string' ? change(part) : part);
  return parts.length === 1 ? parts[0]! : new Text(parts);
}

function unreadable(problem: string): Policy {
  return { variables: false, statements: [], problems: [problem] };
}

function policyOf(policy: ValueMap): Policy {
  const problems: string[] = [];
  const version = policy.get('Version');
  for (const key of policy.keys()) {
    if (key !== 'Version' && key !== 'Id' && key !== 'Statement') {
      problems.push(`it has an element that IAM does not know: ${quote(key)}`);
    }
  }
  if (version !== undefined && version !== '2012-10-17' && version !== '2008-10-17') {
    problems.push('its Version is none that IAM knows');
  }
  const statement = policy.get('Statement');
  const list = isList(statement) ? statement : [statement];
  if (list.length === 0 || list.some(member => !isMap(member))) {
    problems.push(statement === undefined ? 'it has no Statement' : 'a Statement of it cannot be read');
  }
  return { variables: version === '2012-10-17', statements: list.filter(isMap).map(statementOf), problems };
}

function statementOf(block: ValueMap): Statement {
  const problems: string[] = [];
  for (const key of block.keys()) {
    if (!ELEMENTS.has(key)) {
      problems.push(`it has an element that IAM does not know: ${quote(key)}`);
    }
  }
  const effect = block.get('Effect');
  if (effect !== 'Allow' && effect !== 'Deny') {
    problems.push('its Effect is neither "Allow" nor "Deny"');
  }
  const sid = block.get('Sid');
  return {
    sid: typeof sid === 'string' ? sid : undefined,
    effect: effect === 'Allow' || effect === 'Deny' ? effect : 'unknown',
    principals: { negated: block.has('NotPrincipal'), list: principalsOf(block, problems) },
    actions: { negated: block.has('NotAction'), list: oneOf(block, 'Action', 'NotAction', problems) },
    resources: { negated: block.has('NotResource'), list: oneOf(block, 'Resource', 'NotResource', problems) },
    conditions: conditionsOf(block.get('Condition'), problems),
    problems,
  };
}

function principalsOf(block: ValueMap, problems: string[]): readonly Principal[] {
  if (block.has('Principal') && block.has('NotPrincipal')) {
    problems.push('it has both Principal and NotPrincipal');
  }
  const value = block.get('NotPrincipal') ?? block.get('Principal');
  if (value === undefined) {
    return [];
  }
  if (isText(value)) {
    if (typeof value === 'string' && value !== '*') {
      problems.push('its Principal is a text other than "*"');
    }
    // The wildcard alone is everyone, as that of AWS is.
    return [{ type: value === '*' ? 'AWS' : 'unknown', identifier: value }];
  }
  if (!isMap(value)) {
    problems.push('its Principal cannot be read');
    return [];
  }
  return [...value].flatMap(([type, identifiers]) => {
    if (!TYPES.has(type)) {
      problems.push(`it has a kind of Principal that IAM does not know: ${quote(type)}`);
    }
    return textsOf(identifiers, 'Principal', problems).map(identifier => ({ type: TYPES.has(type) ? type as PrincipalType : 'unknown', identifier }));
  });
}

function oneOf(block: ValueMap, element: string, negated: string, problems: string[]): readonly TextValue[] {
  if (block.has(element) && block.has(negated)) {
    problems.push(`it has both ${element} and ${negated}`);
  }
  const value = block.get(negated) ?? block.get(element);
  return value === undefined ? [] : textsOf(value, element, problems);
}

function conditionsOf(block: Value | undefined, problems: string[]): readonly Condition[] {
  if (block === undefined) {
    return [];
  }
  if (!isMap(block)) {
    if (!(block instanceof Unknown)) {
      problems.push('its Condition is no object');
    }
    return [{ operator: 'Condition', key: block instanceof Unknown ? block : '', values: [], unreadable: true }];
  }
  return [...block].flatMap(([name, keys]) => {
    const operator = show(textOfKey(name));
    if (!isMap(keys)) {
      if (!(keys instanceof Unknown)) {
        problems.push(`the keys of its ${quote(operator)} are no object`);
      }
      return [{ operator, key: keys instanceof Unknown ? keys : '', values: [], unreadable: true }];
    }
    return [...keys].map(([key, values]) => {
      const unreadableValues: string[] = [];
      const texts = textsOf(values, operator, unreadableValues);
      return { operator, key: textOfKey(key), values: texts, unreadable: unreadableValues.length > 0 };
    });
  });
}

/** A text or a list of them; IAM also takes numbers and booleans without quotes. */
function textsOf(value: Value, element: string, problems: string[]): readonly TextValue[] {
  const texts = (isList(value) ? value : [value]).map(member => {
    if (isText(member)) {
      return member;
    }
    if (typeof member === 'boolean' || typeof member === 'number') {
      return String(member);
    }
    problems.push(`a value of its ${element} cannot be read`);
    return undefined;
  });
  return texts.every(member => member !== undefined) ? texts : texts.filter(member => member !== undefined);
}

function quote(name: string): string {
  return JSON.stringify(show(textOfKey(name)).slice(0, 40));
}

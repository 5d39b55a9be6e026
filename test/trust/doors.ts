import { Atom, Door, Gate, Grant, Identity, Token, Where, Who } from '../../lib/trust/model';
import { at, every, fromJson, isList, isText, keyOf, like, not, show, some, TextValue, Value, Verdict } from '../../lib/trust/value';

/** A condition on claims, as a policy may have it. */
export type Condition =
  | { readonly claim: string; readonly any: readonly TextValue[]; readonly wildcards?: boolean; readonly ignoreCase?: boolean }
  | { readonly missing: string }
  | { readonly not: Condition }
  | { readonly all: readonly Condition[] }
  | { readonly some: readonly Condition[] };

export const where = (address: string, stack?: string): Where => ({ address, file: 'cdk.tf.json', ...stack !== undefined && { stack } });

export const equals = (claim: string, ...any: TextValue[]): Condition => ({ claim, any });
export const matches = (claim: string, ...any: TextValue[]): Condition => ({ claim, any, wildcards: true });

/** Whether a claim has a value; of a list, whether a member has it. */
function holds(condition: Condition, token: Token): Verdict {
  if ('not' in condition) {
    return not(holds(condition.not, token));
  }
  if ('all' in condition) {
    return every(condition.all.map(inner => holds(inner, token)));
  }
  if ('some' in condition) {
    return some(condition.some.map(inner => holds(inner, token)));
  }
  if ('missing' in condition) {
    return at(token, ...condition.missing.split('/')) === undefined ? 'yes' : 'no';
  }
  const value = at(token, ...condition.claim.split('/'));
  const values = isList(value) ? value : value === undefined ? [] : [value];
  const fold = (text: TextValue) => condition.ignoreCase && typeof text === 'string' ? text.toLowerCase() : text;
  return some(values.filter((member): member is TextValue => isText(member))
    .flatMap(member => condition.any.map(pattern => like(fold(member), fold(pattern), condition.wildcards ? '*?' : ''))));
}

function atomsOf(condition: Condition): readonly Atom[] {
  if ('not' in condition) {
    return atomsOf(condition.not);
  }
  if ('all' in condition || 'some' in condition) {
    return ('all' in condition ? condition.all : condition.some).flatMap(atomsOf);
  }
  return 'missing' in condition ? [] : condition.any.map(pattern => ({
    claim: condition.claim.split('/'), pattern, wildcards: condition.wildcards === true, ...condition.ignoreCase && { ignoreCase: true },
  }));
}

function print(condition: Condition): string {
  return JSON.stringify(condition, (_, value) => isText(value as Value) ? show(value as TextValue) : value);
}

function canonical(condition: Condition): string {
  return JSON.stringify(condition, (_, value) => isText(value as Value) ? keyOf(value as TextValue) : value);
}

export interface DoorOptions extends Partial<Pick<Door, 'through' | 'opaque' | 'who' | 'mechanism'>> {
  /** Whether it has no fingerprint. */
  readonly plain?: boolean;
}

/** A door with one gate for each condition; counts how often it is asked. */
export function door(conditions: readonly Condition[], options: DoorOptions = {}): Door & { asked: number } {
  const { plain, ...rest } = options;
  const wants = conditions.map(print);
  const result = {
    mechanism: 'aws-oidc' as const,
    where: where('aws_iam_role.Role'),
    who: [] as readonly Who[],
    atoms: conditions.flatMap(atomsOf),
    ...!plain && { fingerprint: conditions.map(canonical).join(' ') },
    ...rest,
    asked: 0,
    judge(token: Token): readonly Gate[] {
      result.asked++;
      return conditions.map((condition, index) => ({
        gate: 'aws-condition' as const, verdict: holds(condition, token), want: wants[index]!, have: 'a token', where: result.where, remedy: 'none',
      }));
    },
  };
  return result;
}

export const EKS = 'https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF';
export const account = (namespace: string, name: string) => `system:serviceaccount:${namespace}:${name}`;

/** The door of a role that trusts service accounts of a cluster. */
export function statement(subjects: readonly TextValue[], options: DoorOptions & {
  readonly issuer?: TextValue; readonly audiences?: readonly TextValue[] | 'any'; readonly like?: boolean;
} = {}): Door & { asked: number } {
  const { issuer = EKS, audiences = ['sts.amazonaws.com'], like: wildcards = false, ...rest } = options;
  return door([
    equals('iss', issuer),
    ...audiences === 'any' ? [] : [equals('aud', ...audiences)],
    { claim: 'sub', any: subjects, wildcards },
  ], {
    who: subjects.map(subject => ({
      issuer, subject, wildcards, ...audiences !== 'any' && { audiences }, conditions: [], where: where('aws_iam_role.Role'),
    })),
    ...rest,
  });
}

/** An identity; its name is made of its address unless it is said. */
export function role(address: string, doors: readonly Door[], options: Partial<Identity> & { readonly stack?: string } = {}): Identity {
  const { stack, ...rest } = options;
  return {
    cloud: 'aws', kind: 'role', name: `arn:aws:iam::111122223333:role/${address}`, where: where(`aws_iam_role.${address}`, stack), doors, grants: [],
    ...rest,
  };
}

/** A grant of statements. */
export function grant(permission: TextValue, statements: readonly unknown[] = [], on?: TextValue): Grant {
  return { permission, statements: statements.map(fromJson), ...on !== undefined && { on }, where: where('aws_iam_role_policy.Policy') };
}

/** The claims of a token without its times. */
export function claims(token: Token | undefined): unknown {
  return token === undefined ? undefined : Object.fromEntries([...token].filter(([name]) => !['iat', 'nbf', 'exp', 'kubernetes.io'].includes(name)));
}

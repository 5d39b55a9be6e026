import { knownPart } from '../tokens';

/** A condition of a trust policy. */
export interface TrustCondition {
  /**
   * How the key is compared with the values.
   * @default "StringEquals"
   */
  readonly test?: 'StringEquals' | 'StringLike' | 'ArnEquals';
  readonly key: string;
  readonly values: readonly string[];
}

/** Who may assume a role: an identity provider, a service of AWS, or another role. */
export interface TrustPrincipal {
  readonly type: 'Federated' | 'Service' | 'AWS';
  /** An ARN, or the host name of what is built into IAM. */
  readonly identifier: string;
}

/** One statement of a role's trust policy: who may do what, under which conditions. */
export interface TrustStatement {
  readonly principal: TrustPrincipal;
  readonly actions: readonly string[];
  readonly conditions: readonly TrustCondition[];
}

/** The statement that exchanges tokens of an identity provider, by the one action that IAM Access Analyzer takes in it. */
export function webIdentityStatement(federatedPrincipal: string, conditions: readonly TrustCondition[]): TrustStatement {
  return { principal: { type: 'Federated', identifier: federatedPrincipal }, actions: ['sts:AssumeRoleWithWebIdentity'], conditions };
}

/** The statements as `data.aws_iam_policy_document` takes them. */
export function toPolicyDocumentStatements(statements: readonly TrustStatement[]) {
  return statements.map(({ principal, actions, conditions }) => ({
    effect: 'Allow',
    actions: [...actions],
    principals: [{ type: principal.type, identifiers: [principal.identifier] }],
    condition: conditions.length === 0 ? undefined : conditions.map(({ test = 'StringEquals', key, values }) => ({ test, variable: key, values: [...values] })),
  }));
}

/**
 * The size of the policy as IAM counts it (without white space), as far as its values are known.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export function trustPolicySize(statements: readonly TrustStatement[]): number {
  const oneOrMany = (values: readonly string[]) => values.length === 1 ? knownPart(values[0]!) : values.map(knownPart);
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(({ principal, actions, conditions }) => ({
      Effect: 'Allow',
      Principal: { [principal.type]: knownPart(principal.identifier) },
      Action: oneOrMany(actions),
      Condition: conditions.length === 0 ? undefined : conditionBlock(conditions, oneOrMany),
    })),
  }).length;
}

function conditionBlock(
  conditions: readonly TrustCondition[], values: (values: readonly string[]) => unknown,
): Record<string, Record<string, unknown>> {
  const block: Record<string, Record<string, unknown>> = {};
  for (const { test = 'StringEquals', key, values: wanted } of conditions) {
    (block[test] ??= {})[knownPart(key)] = values(wanted);
  }
  return block;
}

/** What a statement holds besides its values, and the ARN of an account that is not known yet. */
const STATEMENT_FRAME = 300;

/** A figure that the size does not exceed, had without building the policy. */
export function trustPolicySizeBound(statements: readonly TrustStatement[]): number {
  return statements.reduce((sum, { principal, conditions }) => sum + STATEMENT_FRAME + principal.identifier.length
    // Twice, as the issuer in a key stands in the ARN too, and any character may be escaped.
    + conditions.reduce((all, { key, values }) => all + 2 * key.length + values.reduce((some, value) => some + 2 * value.length + 3, 0), 0), 0);
}

import { knownPart } from '../tokens';

/** A condition of a trust policy: a key must equal one of the values exactly. */
export interface TrustCondition {
  readonly key: string;
  readonly values: readonly string[];
}

/** One statement of a role's trust policy: whose tokens are accepted, under which exact conditions. */
export interface TrustStatement {
  /** The ARN of the OIDC provider, or the host name of one that is built into IAM. */
  readonly federatedPrincipal: string;
  readonly conditions: readonly TrustCondition[];
}

/** The one action of the exchange; a second one in the statement makes IAM Access Analyzer report an error. */
const ACTION = 'sts:AssumeRoleWithWebIdentity';

/** The statements as `data.aws_iam_policy_document` takes them. */
export function toPolicyDocumentStatements(statements: readonly TrustStatement[]) {
  return statements.map(statement => ({
    effect: 'Allow',
    actions: [ACTION],
    principals: [{ type: 'Federated', identifiers: [statement.federatedPrincipal] }],
    condition: statement.conditions.map(condition => ({ test: 'StringEquals', variable: condition.key, values: [...condition.values] })),
  }));
}

/**
 * The size of the policy as IAM counts it (without white space), as far as its values are known.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export function trustPolicySize(statements: readonly TrustStatement[]): number {
  const known = (values: readonly string[]) => values.length === 1 ? knownPart(values[0]!) : values.map(knownPart);
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(statement => ({
      Effect: 'Allow',
      Principal: { Federated: knownPart(statement.federatedPrincipal) },
      Action: ACTION,
      Condition: { StringEquals: Object.fromEntries(statement.conditions.map(({ key, values }) => [knownPart(key), known(values)])) },
    })),
  }).length;
}

/** What a statement holds besides its values, and the ARN of an account that is not known yet. */
const STATEMENT_FRAME = 250;

/** A figure that the size does not exceed, had without building the policy. */
export function trustPolicySizeBound(statements: readonly TrustStatement[]): number {
  return statements.reduce((sum, { federatedPrincipal, conditions }) => sum + STATEMENT_FRAME + federatedPrincipal.length
    // Twice, as the issuer in a key stands in the ARN too, and any character may be escaped.
    + conditions.reduce((all, { key, values }) => all + 2 * key.length + values.reduce((some, value) => some + 2 * value.length + 3, 0), 0), 0);
}

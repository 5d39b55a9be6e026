import { isLabelValue, isQualified } from './forms';

/** Collects what is wrong with one object. */
export class Findings {
  public readonly texts: string[] = [];

  /** Notes what is wrong where something does not hold. */
  public must(holds: boolean, what: string): void {
    if (!holds) {
      this.texts.push(what);
    }
  }

  /** Notes fields of which there is no rule here: what nobody thought of is not taken for right. */
  public mustKnow(path: string, value: object | undefined, ...known: readonly string[]): void {
    for (const field of Object.keys(value ?? {}).filter(key => !known.includes(key))) {
      this.texts.push(`${path}.${field} has no rule here`);
    }
  }

  /** Notes a value that is none of those that there are. */
  public mustBeOneOf(path: string, value: unknown, ...allowed: readonly string[]): void {
    this.must(value === undefined || allowed.includes(value as string), `${path} is ${String(value)}, and not ${allowed.join(' or ')}`);
  }

  /** Notes a number that is too small, or larger than can be. */
  public mustBeFrom(path: string, value: unknown, from: number, to: number = 2 ** 31 - 1): void {
    this.must(value === undefined || Number.isInteger(value) && (value as number) >= from && (value as number) <= to, `${path} is ${String(value)}, and not ${from} to ${to}`);
  }
}

/**
 * What selects objects by their labels.
 *
 * @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#resources-that-support-set-based-requirements
 */
export function checkSelector(findings: Findings, path: string, { matchLabels = {}, matchExpressions = [], ...others }: any): void {
  findings.mustKnow(path, others);
  checkLabels(findings, `${path}.matchLabels`, matchLabels);
  for (const { key, operator, values } of matchExpressions) {
    findings.must(isQualified(key), `${path} has a bad key ${key}`);
    findings.mustBeOneOf(`${path}.operator`, operator, 'In', 'NotIn', 'Exists', 'DoesNotExist');
    const needs = operator === 'In' || operator === 'NotIn';
    findings.must(needs === (values ?? []).length > 0, `${path} has ${needs ? 'no values' : 'values'} for ${operator} of ${key}`);
    findings.must((values ?? []).every(isLabelValue), `${path} has a bad value of ${key}`);
  }
}

/** Whether labels are selected; a selector of nothing selects all. */
export function selects({ matchLabels = {}, matchExpressions = [] }: any, labels: Readonly<Record<string, string>>): boolean {
  const has = (key: string) => Object.hasOwn(labels, key);
  const holds = ({ key, operator, values }: any): boolean => {
    switch (operator) {
      case 'Exists': return has(key);
      case 'DoesNotExist': return !has(key);
      case 'In': return has(key) && values.includes(labels[key]);
      case 'NotIn': return !has(key) || !values.includes(labels[key]);
      default: return false;
    }
  };
  return Object.entries(matchLabels).every(([key, value]) => has(key) && labels[key] === value) && matchExpressions.every(holds);
}

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
export function checkLabels(findings: Findings, path: string, labels: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of Object.entries(labels)) {
    findings.must(isQualified(key) && isLabelValue(value), `${path} has ${key}=${value}, which has a bad form`);
  }
}

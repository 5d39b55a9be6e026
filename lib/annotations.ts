import { Annotations, TerraformStack } from 'cdktf';
import { IConstruct } from 'constructs';
import { RuleId, RULES } from './rules';

/** Warns of something that is allowed and risky. */
export function warn(construct: IConstruct, rule: RuleId): void {
  Annotations.of(construct).addWarning(text(rule));
}

/** Says something that a reviewer should know. */
export function inform(construct: IConstruct, rule: RuleId): void {
  Annotations.of(construct).addInfo(text(rule));
}

const INFORMED = new WeakMap<IConstruct, Set<string>>();

/** Says something about a thing that many constructs of a stack use, at the first of them: annotations cost as their square. */
export function informOnce(construct: IConstruct, rule: RuleId, thing: string): void {
  const stack = TerraformStack.of(construct);
  let informed = INFORMED.get(stack);
  if (informed === undefined) {
    INFORMED.set(stack, informed = new Set());
  }
  const key = `${rule} ${thing}`;
  if (!informed.has(key)) {
    informed.add(key);
    inform(construct, rule);
  }
}

/** Warns of an identity that more may become than was named: by a wildcard, or because it was deployed without names of its own. */
export function warnOfTrusts(identity: IConstruct, trusts: readonly { readonly namespace?: string; readonly name?: string }[]): void {
  if (trusts.some(({ namespace, name }) => name === undefined && namespace !== undefined)) {
    warn(identity, 'unsafe-namespace');
  }
  if (trusts.some(({ namespace }) => namespace === undefined)) {
    warn(identity, 'unsafe-cluster');
  }
  if (trusts.some(({ namespace }) => namespace === 'default')) {
    warn(identity, 'default-namespace');
  }
  if (trusts.some(({ name }) => name === 'default')) {
    warn(identity, 'default-service-account');
  }
}

function text(rule: RuleId): string {
  return `${rule}: ${RULES[rule]}`;
}

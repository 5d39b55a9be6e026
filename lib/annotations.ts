import { Annotations } from 'cdktf';
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

function text(rule: RuleId): string {
  return `${rule}: ${RULES[rule]}`;
}

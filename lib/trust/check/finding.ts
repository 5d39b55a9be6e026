import { createHash } from 'node:crypto';
import { CheckRuleId, Level, ruleOf } from './rules';
import { Where } from '../model';

/** Something that a reviewer should look at. */
export interface Finding {
  /** The stable id of the rule; see docs/checks.md. */
  readonly rule: CheckRuleId;
  readonly level: Level;
  /** What is so, and who could do what by it. */
  readonly message: string;
  readonly where: Where;
  /** The line of the file, from 1, in which what it is about begins; undefined where that is not known. */
  readonly line?: number;
  /** What mends it. */
  readonly remedy: string;
  /** The same from run to run, wherever in the file it stands and however it is worded. */
  readonly fingerprint: string;
  /** Why it is accepted and until when, where it is. */
  readonly suppressed?: Suppressed;
}

/** Why a finding is accepted, and until when. */
export interface Suppressed {
  readonly reason: string;
  /** The last day on which it is, as in `2030-12-31`. */
  readonly expires: string;
}

/** What `check` found. */
export interface Findings {
  readonly version: 1;
  /** How many there are of each level that are not suppressed, and how many that are. */
  readonly counts: Readonly<Record<Level | 'suppressed', number>>;
  /** The gravest first; those that are suppressed last. */
  readonly findings: readonly Finding[];
}

/** A finding as a check makes it. */
export interface Draft {
  readonly where: Where;
  readonly message: string;
  /** As the rule says, where it is left out. */
  readonly level?: Level;
  /** As the rule says, where it is left out. */
  readonly remedy?: string;
  /** What tells it from other findings of the rule at the same place. */
  readonly key?: string;
}

/** Takes what checks find. */
export type Say = (rule: CheckRuleId, draft: Draft) => void;

const ORDER: readonly Level[] = ['error', 'warning', 'note'];

/** Collects what checks find; what is found twice counts once. */
export class Collector {
  private readonly drafts = new Map<string, Finding>();

  /** Takes a finding. */
  public readonly say: Say = (rule, { where, message, level, remedy, key = '' }) => {
    const fingerprint = createHash('sha256')
      .update(JSON.stringify([rule, where.stack ?? where.file, where.address, where.attribute ?? '', key])).digest('hex').slice(0, 32);
    if (!this.drafts.has(fingerprint)) {
      this.drafts.set(fingerprint, { rule, level: level ?? ruleOf(rule).level, message, where, remedy: remedy ?? ruleOf(rule).remedy, fingerprint });
    }
  };

  /** All that was found, as it came. */
  public all(): readonly Finding[] {
    return [...this.drafts.values()];
  }
}

/** Findings in order, with their counts. */
export function findingsOf(all: readonly Finding[]): Findings {
  const rank = ({ level, suppressed }: Finding) => suppressed === undefined ? ORDER.indexOf(level) : ORDER.length;
  const counts = { error: 0, warning: 0, note: 0, suppressed: 0 };
  all.forEach(({ level, suppressed }) => counts[suppressed === undefined ? level : 'suppressed']++);
  return { version: 1, counts, findings: [...all].sort((a, b) => rank(a) - rank(b)) };
}

/** Whether there are findings of a level or a graver one that are not suppressed. */
export function hasAtLeast({ counts }: Findings, level: Level): boolean {
  return ORDER.slice(0, ORDER.indexOf(level) + 1).some(one => counts[one] > 0);
}

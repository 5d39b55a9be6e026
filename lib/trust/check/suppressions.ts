import { Collector, Finding, Suppressed } from './finding';
import { CHECK_RULES } from './rules';
import { InputError } from '../input';
import { Where } from '../model';
import { like } from '../value';

/** A finding that is accepted, as the file says it. */
export interface Suppression {
  readonly rule: string;
  /** An address or construct path, in which `*` and `?` are wildcards; a stack and a slash may stand before an address. */
  readonly where: string;
  readonly reason: string;
  /** The last day on which it is accepted, as in `2030-12-31`, by UTC. */
  readonly expires: string;
}

/** The findings that are accepted. */
export interface Suppressions {
  readonly file: string;
  /** What is missing, and no text, is empty. */
  readonly entries: readonly Suppression[];
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const MAX_ENTRIES = 10_000;
const FIELDS = ['rule', 'where', 'reason', 'expires'] as const;
const HOW = 'write {"suppressions": [{"rule": "…", "where": "…", "reason": "…", "expires": "2030-12-31"}]}';

/**
 * Reads the findings that are accepted.
 * @throws InputError for what is not of that form
 */
export function parseSuppressions(contents: string, file: string): Suppressions {
  let json: unknown;
  try {
    json = JSON.parse(contents.replace(/^\uFEFF/, ''));
  } catch {
    throw new InputError(file, 'it is not JSON', HOW);
  }
  const list = typeof json === 'object' && json !== null && Object.hasOwn(json, 'suppressions') ? (json as { suppressions: unknown }).suppressions : json;
  if (!Array.isArray(list) || list.length > MAX_ENTRIES || list.some(entry => typeof entry !== 'object' || entry === null || Array.isArray(entry))) {
    throw new InputError(file, Array.isArray(list) && list.length > MAX_ENTRIES ? `it has more than ${MAX_ENTRIES} entries` : 'it is no list of suppressions', HOW);
  }
  const unknown = (list as object[]).flatMap(entry => Object.keys(entry)).find(name => !FIELDS.some(field => field === name));
  if (unknown !== undefined) {
    throw new InputError(file, `${JSON.stringify(unknown.slice(0, 80))} is no part of a suppression`, HOW);
  }
  const text = (entry: object, field: string) => {
    const value = Object.hasOwn(entry, field) ? (entry as Record<string, unknown>)[field] : undefined;
    return typeof value === 'string' ? value.trim() : '';
  };
  return { file, entries: (list as object[]).map(entry => ({ rule: text(entry, 'rule'), where: text(entry, 'where'), reason: text(entry, 'reason'), expires: text(entry, 'expires') })) };
}

/** Findings of which those that are accepted say so, and what is to be said of the suppressions themselves. */
export function applySuppressions(findings: readonly Finding[], { file, entries }: Suppressions, now: Date): readonly Finding[] {
  const collector = new Collector();
  const applied = entries.map((entry, index) => {
    const where: Where = { address: `suppressions[${index}]`, file };
    const problem = problemOf(entry);
    const expired = problem === undefined && now.getTime() >= Date.parse(entry.expires) + 86_400_000;
    if (problem !== undefined) {
      collector.say('suppression-invalid', { where, message: `the suppression of ${entry.rule || 'no rule'} at ${entry.where || 'no place'} ${problem}, and is not applied` });
    } else if (expired) {
      collector.say('suppression-expired', { where, message: `the suppression of ${entry.rule} at ${entry.where} was accepted until ${entry.expires}: ${entry.reason}` });
    }
    return { ...entry, place: where, live: problem === undefined && !expired, used: false };
  });
  const byRule = new Map<string, typeof applied>();
  for (const entry of applied.filter(({ live }) => live)) {
    const others = byRule.get(entry.rule);
    others === undefined ? byRule.set(entry.rule, [entry]) : others.push(entry);
  }
  const result = findings.map((finding): Finding => {
    const found = byRule.get(finding.rule)?.filter(({ where }) => matches(finding.where, where)) ?? [];
    found.forEach(entry => entry.used = true);
    const [first] = found;
    return first === undefined ? finding : { ...finding, suppressed: suppressedBy(first) };
  });
  for (const { live, used, rule, where, place } of applied) {
    if (live && !used) {
      collector.say('suppression-unused', { where: place, message: `nothing at ${where} is found by ${rule}` });
    }
  }
  return [...result, ...collector.all()];
}

function suppressedBy({ reason, expires }: Suppression): Suppressed {
  return { reason, expires };
}

function problemOf({ rule, where, reason, expires }: Suppression): string | undefined {
  if (!CHECK_RULES.has(rule) || rule.startsWith('suppression-')) {
    return rule === '' ? 'names no rule' : 'names a rule that there is not, or that cannot be suppressed';
  }
  if (where === '' || reason === '') {
    return where === '' ? 'names no place' : 'has no reason';
  }
  const time = DATE.test(expires) ? Date.parse(expires) : NaN;
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== expires ? 'has no date of expiry such as 2030-12-31' : undefined;
}

function matches({ address, constructPath, stack }: Where, pattern: string): boolean {
  return [address, constructPath, ...stack === undefined || stack === '' ? [] : [`${stack}/${address}`]]
    .some(name => name !== undefined && (name === pattern || (/[*?]/.test(pattern) && like(name, pattern) === 'yes')));
}

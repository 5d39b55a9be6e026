import { Finding, Findings } from './finding';
import { Level } from './rules';
import { TextOptions } from '../report/text';
import { count, cutEnd, figure, visible, whereText } from '../report/words';

const COLORS: Readonly<Record<Level, number>> = { error: 31, warning: 33, note: 2 };
const DETAIL = 1_000;

/** What was found, for a terminal. */
export function findingsToText(findings: Findings, { color = false }: TextOptions = {}): string {
  const paint = (text: string, sgr: number) => color ? `\u001b[${sgr}m${text}\u001b[0m` : text;
  const out = [paint(summaryOf(findings), 1)];
  for (const finding of findings.findings) {
    const { rule, level, message, remedy, suppressed } = finding;
    out.push(
      '',
      `${paint(suppressed === undefined ? level.toUpperCase() : 'SUPPRESSED', suppressed === undefined ? COLORS[level] : 2)}  ${rule}`,
      `  ${cutEnd(visible(message), DETAIL)}`,
      `  at ${placeText(finding)}`,
      `  ${suppressed === undefined ? `to mend it: ${cutEnd(visible(remedy), DETAIL)}` : suppressionText(finding)}`,
    );
  }
  return `${out.join('\n')}\n`;
}

/** Where something was found: the file with the line, as editors and terminals read it. */
export function placeText({ where, line }: Finding): string {
  return whereText(line === undefined ? where : { ...where, file: `${where.file}:${line}` });
}

/** What was found, in one sentence. */
export function summaryOf({ counts, findings }: Findings): string {
  if (findings.length === 0) {
    return 'Nothing was found.';
  }
  const levels = (['error', 'warning', 'note'] as const).filter(level => counts[level] > 0).map(level => count(counts[level], level));
  return `${[...levels, ...counts.suppressed > 0 ? [`${figure(counts.suppressed)} suppressed`] : []].join(', ')}.`;
}

/** Why a finding is accepted, and until when. */
export function suppressionText({ suppressed }: Finding): string {
  return suppressed === undefined ? '' : `accepted until ${suppressed.expires}: ${cutEnd(visible(suppressed.reason), DETAIL)}`;
}

import { Finding, Findings } from './finding';
import { helpUriOf, Level } from './rules';
import { placeText, summaryOf, suppressionText } from './text';
import { CHARACTERS, code, FRAME, length, plain, take } from '../report/github';
import { count, cutEnd, figure, visible } from '../report/words';

const SIGNS: Readonly<Record<Level, string>> = { error: '❌', warning: '⚠️', note: 'ℹ️' };
const DETAIL = 600;

/** What was found, as a comment on a pull request of GitHub. What has no room is counted. */
export function findingsToMarkdown(findings: Findings): string {
  const head = ['### Checks of trust', '', `**${summaryOf(findings)}**`, ''];
  const makers = findings.findings.map(finding => () => markdownOf(finding));
  const shown = take(makers, CHARACTERS - FRAME - length(head));
  const left = makers.length - shown.length;
  return [
    ...head, ...shown,
    ...left > 0 ? ['', `**${count(left, 'finding')} left out**: a comment takes ${figure(CHARACTERS)} characters, and the gravest come first.`] : [],
    '',
  ].join('\n');
}

function markdownOf(finding: Finding): string {
  const { rule, level, message, remedy, suppressed } = finding;
  const last = suppressed === undefined ? `To mend it: ${sentence(remedy)}` : sentence(suppressionText(finding));
  return [
    `- ${suppressed === undefined ? `${SIGNS[level]} ${level}` : '🔕 suppressed'} [\`${rule}\`](${helpUriOf(rule)}): ${sentence(message)}`,
    `  <br>at ${code(placeText(finding), DETAIL)}`,
    `  <br>${last}`,
  ].join('\n');
}

/** A sentence of names and words, of which nothing is structure. */
function sentence(value: string): string {
  return plain(cutEnd(visible(value), DETAIL));
}

import { CHARACTERS, code, FRAME, length, plain, take } from './github';
import { Json, Report, ReportRow } from './report';
import {
  audienceText, conditionOf, count, cutEnd, figure, filterText, grantText, issuerOfRow, kindOfIdentity, MECHANISMS, RISKS, summary,
  visible, warnings, whereText, whoOf,
} from './words';

/** How much of the room the table may take before the details begin, where not all of both fits. */
const TABLE = 0.7;
const DETAIL = 400;
const GRANTS = 4;
const DETAILED = 12;

/** The report for a comment on GitHub: a table, and the exact conditions folded below it. What has no room is counted. */
export function reportToMarkdown(report: Report): string {
  const head = [
    '### Who may become whom',
    '',
    `**${summary(report)}.**${report.counts.unknown > 0 ? ` ${count(report.counts.unknown, 'row')} with parts that only Terraform knows (\`\${…}\`).` : ''}`,
    '',
  ];
  const loud = warnings(report);
  if (loud !== undefined) {
    head.push(`⚠️ **${loud}**`, '');
  }
  const chosen = filterText(report);
  if (chosen !== undefined) {
    head.push(plain(cutEnd(chosen, 600)), '');
  }
  if (report.rows.length === 0) {
    head.push('Nobody may become anything here.', '');
    return head.join('\n');
  }
  const notes = notesOf(report);
  const room = CHARACTERS - FRAME - length(head) - length(notes);
  const lines = report.rows.map(row => () => rowLine(row, report));
  const details = report.rows.map((row, index) => () => detailOf(row, index, report));
  let table = take(lines, room);
  let folded = take(details, room - length(table));
  if (table.length < lines.length || folded.length < details.length) {
    table = take(lines, room * TABLE);
    folded = take(details.slice(0, table.length), room - length(table));
  }
  const left = report.rows.length - table.length;
  const without = table.length - folded.length;
  return [
    ...head,
    '| | Who | becomes | by | may |',
    '|---|---|---|---|---|',
    ...table,
    '',
    ...left > 0 ? [`**${count(left, 'row')} of ${figure(report.rows.length)} left out**: a comment takes ${figure(CHARACTERS)} characters, and the most important come first.`, ''] : [],
    ...folded.length > 0 ? [
      '<details>',
      '<summary>Exact conditions, grants and addresses</summary>',
      '',
      ...folded,
      '',
      ...without > 0 ? [`The details of ${count(without, 'row')} above are left out.`, ''] : [],
      '</details>',
      '',
    ] : without > 0 ? [`The details of ${count(without, 'row')} are left out.`, ''] : [],
    ...notes,
  ].join('\n');
}

function rowLine(row: ReportRow, report: Report): string {
  const identity = report.identities[row.identity]!;
  const through = row.through === null ? undefined : report.identities[row.through]!;
  const chained = row.subject === null && row.issuer === null ? through : undefined;
  const name = chained !== undefined ? `whoever becomes ${code(chained.name)}` : row.subject === null ? 'anyone' : code(whoOf(row, report));
  const who = row.risks.length > 0 ? `**${name}**` : name;
  const condition = conditionOf(row);
  const grants = identity.grants.slice(0, identity.grants.length > GRANTS ? GRANTS - 1 : GRANTS).map(grant => code(grantText(grant)));
  const more = identity.grants.length - grants.length;
  return `| ${[
    row.risks.length > 0 ? `⚠️ ${row.risks.map(risk => RISKS[risk]).join(', ')}` : '',
    `${who}<br>of ${row.issuer === null ? issuerOfRow(row) : code(issuerOfRow(row))}${condition === undefined ? '' : `<br>${code(condition)}`}`,
    `${kindOfIdentity(identity)}<br>${code(identity.name)}`,
    `${MECHANISMS[row.mechanism]}${through === undefined ? '' : `<br>through ${code(through.name)}`}${audienceCell(row)}`,
    [...grants, ...more > 0 ? [`${figure(more)} more`] : []].join('<br>') || '–',
  ].join(' | ')} |`;
}

function audienceCell(row: ReportRow): string {
  if (row.audiences === null) {
    return row.risks.includes('any-audience') ? '<br>**any audience**' : '';
  }
  return `<br>for ${row.audiences.length === 0 ? 'no audience' : code(audienceText(row))}`;
}

function detailOf(row: ReportRow, index: number, report: Report): string {
  const identity = report.identities[row.identity]!;
  const list = (name: string, values: readonly string[]) => values.length === 0 ? [] : [
    `  - ${name}: ${values.slice(0, DETAILED).map(value => code(value, DETAIL)).join(', ')}${values.length > DETAILED ? `, ${figure(values.length - DETAILED)} more` : ''}`,
  ];
  return [
    `- **${figure(index + 1)}.** ${code(whoOf(row, report))} → ${code(identity.name)}`,
    ...list('issuer', row.issuer === null ? [] : [row.issuer]),
    ...list(row.wildcards ? 'subject, with wildcards' : 'subject', row.subject === null ? [] : [row.subject]),
    ...list('audiences', row.audiences ?? []),
    ...list('conditions', row.conditions),
    ...list('grants', identity.grants.map(grant => grant.on === null ? grant.permission : `${grant.permission} on ${grant.on}`)),
    ...list('statements', identity.grants.flatMap(({ statements }) => statements.map((statement: Json) => JSON.stringify(statement)))),
    ...list('runs as it', row.workloads.flatMap(place => report.workloads[place]!.users.map(whereText))),
    ...list('said at', [whereText(row.where)]),
    ...list('identity at', [whereText(identity.where)]),
  ].join('\n');
}

function notesOf(report: Report): string[] {
  if (report.notes.length === 0) {
    return [];
  }
  const shown = report.notes.slice(0, DETAILED);
  return [
    '<details>',
    `<summary>${count(report.notes.length, 'note')}</summary>`,
    '',
    ...shown.map(({ message, where }) => `- ${plain(cutEnd(visible(message), DETAIL))}${where === undefined ? '' : ` (${code(whereText(where), DETAIL)})`}`),
    ...report.notes.length > shown.length ? [`- ${figure(report.notes.length - shown.length)} more`] : [],
    '',
    '</details>',
    '',
  ];
}

import { Model } from '../trust/read';
import { makeReport, Report, ReportRow } from '../trust/report/report';
import { grantText, kindOfIdentity, MECHANISMS, RISKS, tagsOf, visible, whoOf } from '../trust/report/words';

/** The width of the names of the lines. */
const LABEL = 9;

/**
 * Who becomes whom, one way in after the other with a line for each thing that is said, so that a diff shows that line alone. Nothing in it depends on
 * the order of the input, or on where it was written.
 */
export function tableOf(model: Model): string {
  const report = makeReport(model);
  const several = new Set(report.identities.map(({ where }) => where.stack)).size > 1;
  const rows = report.rows.map(row => rowOf(row, report, several)).sort(byCodeUnit);
  const notes = [...new Set(report.notes.map(({ message }) => `note: ${visible(message)}`))].sort(byCodeUnit);
  return [...rows.length === 0 ? ['nobody becomes anything'] : rows, ...notes].join('\n\n');
}

function rowOf(row: ReportRow, report: Report, several: boolean): string {
  const identity = report.identities[row.identity]!;
  const stack = several && identity.where.stack !== undefined ? ` in ${visible(identity.where.stack)}` : '';
  const lines: [string, string][] = [
    ['becomes', `${kindOfIdentity(identity)} ${visible(identity.name)}${stack}`],
    ['by', MECHANISMS[row.mechanism]],
    ...row.through === null ? [] : [['through', visible(report.identities[row.through]!.name)] as [string, string]],
    ...(row.audiences ?? []).map((audience): [string, string] => ['for', visible(audience)]),
    ...row.conditions.map((condition): [string, string] => ['if', visible(condition)]),
    ...tagsOf(row).map((risk): [string, string] => ['beware', RISKS[risk]]),
    ...identity.grants.map((grant): [string, string] => ['may', grantText(grant)]),
  ];
  const issuer = row.issuer === null ? '' : ` of ${visible(row.issuer)}`;
  return [`${whoOf(row, report)}${issuer}`, ...lines.map(([label, value]) => `  ${label.padEnd(LABEL)}${value}`)].join('\n');
}

/** The same order on every machine. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import { Report, ReportRow } from './report';
import {
  audienceText, count, cutMiddle, filterText, grantText, issuerOfRow, kindOfIdentity, MECHANISMS, RISKS, summary, tagsOf, visible, warnings,
  whereText, whoOf,
} from './words';

/** How a report is printed. */
export interface TextOptions {
  /**
   * The columns of the terminal.
   * @default 100
   */
  readonly width?: number;
  /**
   * Whether colours are used.
   * @default false
   */
  readonly color?: boolean;
}

const SGR = { plain: 0, bold: 1, dim: 2, warn: 33 } as const;
type Style = keyof typeof SGR;

/** A line of a cell, before it is broken. */
interface Line {
  readonly text: string;
  readonly style: Style;
}

const HEADS = ['WHO', 'BECOMES', 'BY', 'MAY'];
/** The shares of the width; names are longest where identities are. */
const SHARES = [0.28, 0.27, 0.22, 0.23];
const GAP = 2;
/** Below this, columns are too narrow to read, and the cells stand below each other. */
const NARROWEST = 72;
const GRANTS = 8;
/** How much of a name or a condition a cell has. */
const LONGEST = 400;

/** The report as a table for a terminal. */
export function reportToText(report: Report, { width = 100, color = false }: TextOptions = {}): string {
  const paint = (text: string, style: Style) => color && style !== 'plain' && text !== '' ? `\u001b[${SGR[style]}m${text}\u001b[0m` : text;
  const room = Math.max(24, Math.floor(width));
  const out: string[] = [];
  const say = (text: string, style: Style) => broken(text, room).forEach(line => out.push(paint(line, style)));
  say(`${summary(report)}.`, 'bold');
  const loud = warnings(report);
  if (loud !== undefined) {
    say(loud, 'warn');
  }
  const chosen = filterText(report);
  if (chosen !== undefined) {
    say(chosen, 'plain');
  }
  if (report.rows.length === 0) {
    say('Nobody may become anything here.', 'plain');
  } else if (room < NARROWEST) {
    for (const row of report.rows) {
      out.push('');
      cellsOf(row, report).forEach((cell, index) => cell.forEach(({ text, style }) => broken(cutMiddle(text, LONGEST), room - 2)
        .forEach(line => out.push(paint(`${index === 0 ? '' : '  '}${line}`, style)))));
    }
  } else {
    const widths = SHARES.map(share => Math.floor((room - GAP * (SHARES.length - 1)) * share));
    out.push('', paint(HEADS.map((head, index) => head.padEnd(index === HEADS.length - 1 ? 0 : widths[index]! + GAP)).join(''), 'bold'));
    for (const row of report.rows) {
      out.push('', ...tableRow(cellsOf(row, report), widths, paint));
    }
  }
  if (report.notes.length > 0) {
    out.push('', paint(count(report.notes.length, 'note'), 'bold'));
    for (const { message, where } of report.notes) {
      say(`- ${visible(message)}${where === undefined ? '' : ` (${whereText(where)})`}`, 'plain');
    }
  }
  return `${out.join('\n')}\n`;
}

function tableRow(cells: readonly (readonly Line[])[], widths: readonly number[], paint: (text: string, style: Style) => string): string[] {
  const columns = cells.map((cell, index) => cell.flatMap(
    ({ text, style }) => broken(cutMiddle(text, LONGEST), widths[index]!).map(line => ({ text: line, style }))));
  return Array.from({ length: Math.max(...columns.map(({ length }) => length)) }, (_, line) => columns.map((column, index) => {
    const { text, style } = column[line] ?? { text: '', style: 'plain' as const };
    return paint(text, style) + ' '.repeat(Math.max(0, widths[index]! + GAP - widthOf(text)));
  }).join('').trimEnd());
}

function cellsOf(row: ReportRow, report: Report): readonly (readonly Line[])[] {
  const identity = report.identities[row.identity]!;
  const grants = identity.grants.slice(0, identity.grants.length > GRANTS ? GRANTS - 1 : GRANTS);
  const more = identity.grants.length - grants.length;
  const risky = row.risks.length > 0;
  return [
    [
      { text: `${risky ? '! ' : ''}${whoOf(row, report)}`, style: risky ? 'warn' : 'bold' },
      ...tagsOf(row).map(risk => ({ text: `! ${RISKS[risk]}`, style: 'warn' as const })),
      { text: `of ${issuerOfRow(row)}`, style: 'dim' },
      ...row.conditions.map(condition => ({ text: `if ${visible(condition)}`, style: 'dim' as const })),
    ],
    [{ text: visible(identity.name), style: 'bold' }, { text: kindOfIdentity(identity), style: 'dim' }],
    [
      { text: MECHANISMS[row.mechanism], style: 'plain' },
      ...row.through === null ? [] : [{ text: `through ${visible(report.identities[row.through]!.name)}`, style: 'plain' as const }],
      ...row.audiences === null && !row.risks.includes('any-audience') ? [] : [
        { text: row.audiences === null ? 'any audience' : `for ${audienceText(row)}`, style: row.audiences === null ? 'warn' as const : 'dim' as const },
      ],
    ],
    identity.grants.length === 0 ? [{ text: '-', style: 'dim' }]
      : [...grants.map(grant => ({ text: grantText(grant), style: 'plain' as const })), ...more > 0 ? [{ text: `${more} more`, style: 'dim' as const }] : []],
  ];
}

/** A text in lines of a width: broken after a space or a sign of names where one is near, anywhere else. */
function broken(value: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const character of value) {
    const wide = cellsOfCharacter(character);
    if (used + wide > width && line !== '') {
      const at = character === ' ' ? line.length : breakOf(line);
      lines.push(line.slice(0, at).trimEnd());
      line = line.slice(at);
      used = widthOf(line);
    }
    if (character !== ' ' || line !== '' || lines.length === 0) {
      line += character;
      used += wide;
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

/** Where a full line is broken: after the last space or sign of its second half. */
function breakOf(line: string): number {
  for (const signs of [' ', '/:@,', '.-_']) {
    for (let at = line.length; at > line.length / 2; at--) {
      if (signs.includes(line[at - 1]!)) {
        return at;
      }
    }
  }
  return line.length;
}

function widthOf(value: string): number {
  let width = 0;
  for (const character of value) {
    width += cellsOfCharacter(character);
  }
  return width;
}

/** Letters of East Asia and pictures. */
const WIDE = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\uff01-\uff60]/u;

/** The columns that a terminal gives a character. */
function cellsOfCharacter(character: string): number {
  const code = character.codePointAt(0)!;
  return code < 0x300 ? 1 : /\p{M}/u.test(character) ? 0 : code >= 0x1100 && WIDE.test(character) ? 2 : 1;
}

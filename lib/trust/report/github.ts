import { cutMiddle, visible } from './words';

/** What GitHub takes in a comment. */
export const CHARACTERS = 65_536;
/** Kept for the sentences that count what is left out. */
export const FRAME = 1_200;

/** How long a name in a cell may be. */
const CELL = 140;

/** As many as fit, in order. */
export function take(makers: readonly (() => string)[], room: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const make of makers) {
    const line = make();
    used += line.length + 1;
    if (used > room) {
      break;
    }
    taken.push(line);
  }
  return taken;
}

/** The characters of lines with their ends. */
export function length(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 1, 0);
}

/** A name as code; what could end the code, the cell or the line stands as a character reference, which is never structure. */
export function code(value: string, longest = CELL): string {
  const seen = cutMiddle(visible(value), longest);
  // Between backticks nothing is read but backticks, and in a table's cell backslashes and pipes.
  return seen !== '' && !/[`|\\<>&]|^ | $/.test(seen) ? `\`${seen}\`` : `<code>${references(seen)}</code>`;
}

/** A text of which nothing is structure. */
export function plain(value: string): string {
  return references(value, /[^\p{L}\p{N} .,;“”…]/gu);
}

function references(value: string, special = /[^\p{L}\p{N} ]/gu): string {
  return value.replace(special, character => `&#${character.codePointAt(0)!};`);
}

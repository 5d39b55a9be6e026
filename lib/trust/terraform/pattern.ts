/** Longest pattern that is run; longer ones are not what people write. */
const MAX_LENGTH = 200;
/** The one kind of piece at a time: an anchor, a group's bracket, a class, an escape or a character, and how often. */
const PIECE = /\^|\$|\(|\)|(?:\[\^?(?:[\w.:/ -]|\\[-./])+\]|\\[./$^()[\]{}?*+|]|[^\\^$()[\]{}?*+|])([?*+])?/y;

/**
 * The same pattern in JavaScript, where it means the same as in Terraform and takes no more than quadratic time: characters and classes, one of
 * which may be repeated, and groups without repetition or alternatives. Undefined for all others.
 * @see https://github.com/google/re2/wiki/Syntax
 */
export function safePattern(pattern: string, flags: '' | 'g'): RegExp | undefined {
  let repeated = 0;
  let optional = 0;
  let open = 0;
  let position = 0;
  while (position < pattern.length) {
    PIECE.lastIndex = position;
    const found = PIECE.exec(pattern);
    if (found === null) {
      return undefined;
    }
    repeated += found[1] === '*' || found[1] === '+' ? 1 : 0;
    optional += found[1] === '?' ? 1 : 0;
    open += found[0] === '(' ? 1 : found[0] === ')' ? -1 : 0;
    if (open < 0) {
      return undefined;
    }
    position += found[0].length;
  }
  if (open !== 0 || repeated > 1 || optional > 3 || pattern.length > MAX_LENGTH) {
    return undefined;
  }
  try {
    return new RegExp(pattern, `${flags}u`);
  } catch {
    // A range that runs backwards.
    return undefined;
  }
}

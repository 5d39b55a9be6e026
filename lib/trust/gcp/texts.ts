import { keyOf, partsOf, text, TextValue, Unknown, Verdict } from '../value';

type Character = string | Unknown;

/** Whether a text begins with another. */
export function startsWith(value: TextValue, prefix: TextValue): Verdict {
  return begins(charactersOf(value), charactersOf(prefix));
}

/** Whether a text ends with another. */
export function endsWith(value: TextValue, suffix: TextValue): Verdict {
  return begins(charactersOf(value).reverse(), charactersOf(suffix).reverse());
}

/** Whether a text holds another. */
export function contains(value: TextValue, part: TextValue): Verdict {
  if (typeof part === 'string' && partsOf(value).some(piece => typeof piece === 'string' && piece.includes(part))) {
    return 'yes';
  }
  if (keyOf(value) === keyOf(part) || part === '') {
    return 'yes';
  }
  if (typeof value !== 'string') {
    return 'unknown';
  }
  return partsOf(part).some(piece => typeof piece === 'string' && !value.includes(piece)) ? 'no' : 'unknown';
}

/**
 * The piece of a text that stands where a template has its name in braces; empty where the template does not fit.
 *
 * Undefined where the template is none, or the piece cannot be said.
 * @see https://cloud.google.com/iam/docs/conditions-attribute-reference
 */
export function extract(value: TextValue, template: string): TextValue | undefined {
  const open = template.indexOf('{');
  const close = template.indexOf('}', open);
  if (open < 0 || close < 0 || template.includes('{', open + 1) || template.includes('}', close + 1)) {
    return undefined;
  }
  const rest = cut(value, template.slice(0, open), 'after');
  if (rest === undefined) {
    return typeof value === 'string' ? '' : undefined;
  }
  const suffix = template.slice(close + 1);
  const piece = suffix === '' ? rest : cut(rest, suffix, 'before');
  return piece ?? (typeof rest === 'string' ? '' : undefined);
}

/** What is before or after the first place of a delimiter, where the text is known up to there. */
function cut(value: TextValue, delimiter: string, side: 'before' | 'after'): TextValue | undefined {
  const [first, ...rest] = partsOf(value);
  if (delimiter === '') {
    return side === 'after' ? value : '';
  }
  const at = typeof first === 'string' ? first.indexOf(delimiter) : -1;
  if (typeof first !== 'string' || at < 0) {
    return undefined;
  }
  return side === 'before' ? first.slice(0, at) : text(first.slice(at + delimiter.length), ...rest);
}

/** What is before and after the first known place of a delimiter; unknown parts are taken to hold none. */
export function splitAt(value: TextValue, delimiter: string): readonly [TextValue, TextValue] | undefined {
  const parts = partsOf(value);
  for (const [index, part] of parts.entries()) {
    const at = typeof part === 'string' ? part.indexOf(delimiter) : -1;
    if (typeof part === 'string' && at >= 0) {
      return [text(...parts.slice(0, index), part.slice(0, at)), text(part.slice(at + delimiter.length), ...parts.slice(index + 1))];
    }
  }
  return undefined;
}

/** What follows a known beginning; undefined where the text has another. */
export function after(value: TextValue, prefix: string): TextValue | undefined {
  const [first, ...rest] = partsOf(value);
  return typeof first === 'string' && first.startsWith(prefix) ? text(first.slice(prefix.length), ...rest) : undefined;
}

/** The known length of a text in bytes. */
export function bytesOf(value: TextValue): number {
  return partsOf(value).reduce((sum, part) => sum + (typeof part === 'string' ? Buffer.byteLength(part) : 0), 0);
}

/** The rest of a text after another that begins it; undefined where that is not certain. */
export function without(value: TextValue, prefix: TextValue, suffix: TextValue): TextValue | undefined {
  let characters = charactersOf(value);
  for (const affix of [charactersOf(prefix), charactersOf(suffix).reverse()]) {
    if (affix.length > characters.length || affix.some((character, index) => !sameCharacter(character, characters[index]!))) {
      return undefined;
    }
    characters = characters.slice(affix.length).reverse();
  }
  return text(...characters);
}

function charactersOf(value: TextValue): Character[] {
  return partsOf(value).flatMap<Character>(part => typeof part === 'string' ? [...part] : [part]);
}

function sameCharacter(a: Character, b: Character): boolean {
  return a === b || (a instanceof Unknown && b instanceof Unknown && a.symbol === b.symbol);
}

function begins(value: readonly Character[], prefix: readonly Character[]): Verdict {
  let at = 0;
  while (at < prefix.length && at < value.length && sameCharacter(value[at]!, prefix[at]!)) {
    at++;
  }
  const [have, want] = [value[at], prefix[at]];
  if (want === undefined) {
    return 'yes';
  }
  const canFit = have !== undefined || prefix.slice(at).every(rest => rest instanceof Unknown);
  return have instanceof Unknown || (want instanceof Unknown && canFit) ? 'unknown' : 'no';
}

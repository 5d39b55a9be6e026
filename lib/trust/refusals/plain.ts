/** Largest piece of a text that is read; a message that is not in it is not found. */
const MAX_LENGTH = 4 * 1024 * 1024;
/** Longest entity of XML, as in `&quot;`. */
const MAX_ENTITY = 7;
/** Longest sequence of a terminal, as in `ESC[1;31m`. */
const MAX_SEQUENCE = 24;

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&quot;', '"'], ['&apos;', '\''], ['&#39;', '\''], ['&#x27;', '\''], ['&#34;', '"'], ['&lt;', '<'], ['&gt;', '>'], ['&amp;', '&'],
]);
/** Quotes that editors and chats make of plain ones. */
const QUOTES: ReadonlyMap<string, string> = new Map([['\u2018', '\''], ['\u2019', '\''], ['\u201C', '"'], ['\u201D', '"']]);
/** What stands before the lines of a message in logs of several containers and in Terraform's boxes. */
const MARGINS = new Set(['|', '\u2502', '\u2577', '\u2575']);

/**
 * A message as it is searched, without what logs, JSON, XML and terminals put around it: escapes of JSON at any depth, entities, colours, margins, line breaks and runs of white space.
 *
 * A token is left out, so that nothing of its signature is kept. One pass, so that the time grows with the length alone.
 */
export function plain(raw: string): string {
  const text = raw.length > MAX_LENGTH ? raw.slice(0, MAX_LENGTH) : raw;
  const out: string[] = [];
  let kept = 0;
  let place = 0;
  let spaced = true;
  let lineStart = true;
  const keep = (until: number) => {
    if (until > kept) {
      out.push(text.slice(kept, until));
      spaced = false;
      lineStart = false;
    }
  };
  const put = (piece: string, next: number) => {
    keep(place);
    if (piece === ' ' && !spaced) {
      out.push(' ');
      spaced = true;
    } else if (piece !== ' ' && piece !== '') {
      out.push(piece);
      spaced = false;
      lineStart = false;
    }
    place = kept = next;
  };
  while (place < text.length) {
    const character = text[place]!;
    const code = text.charCodeAt(place);
    if (character === '\\') {
      const end = runOf(text, place, '\\');
      const escaped = text[end] ?? '';
      const hex = escaped === 'u' ? text.slice(end + 1, end + 5) : '';
      if (/^[0-9a-fA-F]{4}$/.test(hex)) {
        put(shown(String.fromCharCode(parseInt(hex, 16))), end + 5);
      } else if (escaped === 'n' || escaped === 'r' || escaped === 't') {
        put(' ', end + 1);
        lineStart ||= escaped === 'n';
      } else {
        put(escaped === '"' || escaped === '\'' || escaped === '/' ? '' : '\\', end);
      }
    } else if (code === 0x1B && text[place + 1] === '[') {
      put('', endOfSequence(text, place + 2));
    } else if (character === '\n' || character === '\r') {
      put(' ', place + 1);
      lineStart = true;
    } else if (isBlank(code)) {
      put(' ', place + 1);
    } else if (lineStart && place === kept && MARGINS.has(character)) {
      put(' ', place + 1);
    } else if (character === '&') {
      const end = text.slice(place, place + MAX_ENTITY).indexOf(';') + 1;
      const entity = ENTITIES.get(text.slice(place, place + end));
      put(entity ?? '&', place + (entity === undefined ? 1 : end));
    } else if (QUOTES.has(character)) {
      put(QUOTES.get(character)!, place + 1);
    } else if (character === 'e' && text.startsWith('eyJ', place)) {
      const end = endOfToken(text, place);
      if (end.isToken) {
        put('\u2026', end.place);
      } else {
        place = end.place;
      }
    } else {
      place++;
    }
  }
  keep(place);
  return out.join('');
}

/** The same with the encoding of URLs taken off; undefined where there is none. */
export function decoded(text: string): string | undefined {
  if (!/%[0-9a-fA-F]{2}/.test(text)) {
    return undefined;
  }
  const bytes = text.replace(/\+/g, ' ').replace(/(?:%[0-9a-fA-F]{2})+/g, run => Buffer.from(run.replace(/%/g, ''), 'hex').toString('utf8'));
  return plain(bytes);
}

/** White space and characters that are not seen. */
function isBlank(code: number): boolean {
  return code <= 0x20 || (code >= 0x7F && code <= 0xA0) || (code >= 0x2000 && code <= 0x200F) || (code >= 0x2028 && code <= 0x202F)
    || code === 0xFEFF;
}

/** A character that an escape stands for, as it is kept. */
function shown(character: string): string {
  return character <= ' ' ? ' ' : QUOTES.get(character) ?? character;
}

function runOf(text: string, from: number, character: string): number {
  let end = from;
  while (text[end] === character) {
    end++;
  }
  return end;
}

function endOfSequence(text: string, from: number): number {
  for (let end = from; end < from + MAX_SEQUENCE && end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code >= 0x40 && code <= 0x7E) {
      return end + 1;
    }
  }
  return from;
}

/** Where a JSON Web Token ends, or else where the text that begins like one does. */
function endOfToken(text: string, from: number): { readonly place: number; readonly isToken: boolean } {
  const header = endOfBase64(text, from);
  if (text[header] !== '.') {
    return { place: header, isToken: false };
  }
  const payload = endOfBase64(text, header + 1);
  return payload === header + 1 ? { place: payload, isToken: false }
    : { place: text[payload] === '.' ? endOfBase64(text, payload + 1) : payload, isToken: true };
}

function endOfBase64(text: string, from: number): number {
  let end = from;
  while (end < text.length && isBase64(text.charCodeAt(end))) {
    end++;
  }
  return end;
}

function isBase64(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5A) || (code >= 0x61 && code <= 0x7A)
    || code === 0x2D || code === 0x5F || code === 0x3D;
}

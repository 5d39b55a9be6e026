/** What a message can tell; the place of any text that tells nothing is `*`. */
export type Capture =
  | 'iss' | 'sub' | 'aud' | 'exp' | 'nbf' | 'iat'
  | 'expectedIss' | 'expectedAud'
  | 'at'
  | 'role' | 'email' | 'client' | 'principal' | 'provider'
  | 'namespace' | 'serviceAccount'
  | 'action' | 'resource' | 'path'
  | '*';

/** What was read out of a message: numbers are times in seconds since 1970. */
export type Captures = ReadonlyMap<Capture, string | number>;

/** Where a template was found, and with what. */
export interface Match {
  readonly start: number;
  readonly end: number;
  readonly captures: Captures;
}

/** A message with places: `a{iss}b` in its pieces. */
export interface Template {
  readonly literals: readonly string[];
  readonly captures: readonly Capture[];
  /** The longest of the literals: a text without it has no match. */
  readonly longest: string;
}

/** Longest value of a place. */
const LONGEST = 1024;
/** How often one template is looked for in a text. */
const MAX_MATCHES = 100;
const PLACE = /\{([A-Za-z]+|\*)\}/;
const TIMES: ReadonlySet<Capture> = new Set(['at', 'exp', 'nbf', 'iat']);
const TIME = /(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,12})?(?:Z|[+-]\d\d:\d\d)?|\d{1,12})/y;
/** What ends a value that has nothing after it. */
const STOPS = new Set([...' "\'`<>,;()[]{}|\\']);
const QUOTES = new Set([...'"\'`']);
const OPENING = new Set([...QUOTES, '[', '(']);
const CLOSING_PUNCTUATION = new Set([...'.:!?']);

/** Takes a template apart: `{iss}` is a place with a name, `{*}` one for any text. */
export function template(source: string): Template {
  const pieces = source.split(PLACE);
  const literals = pieces.filter((_, index) => index % 2 === 0).map(piece => piece.replace(/\s+/g, ' '));
  return {
    literals, captures: pieces.filter((_, index) => index % 2 === 1) as Capture[],
    longest: literals.reduce((longest, literal) => literal.length > longest.length ? literal : longest),
  };
}

/** Where a template stands in a text, in order. */
export function matchesOf(wanted: Template, text: string): readonly Match[] {
  const found: Match[] = [];
  if (!text.includes(wanted.longest)) {
    return found;
  }
  // A place at the beginning is read backwards, from the words that follow it.
  const leading = wanted.literals[0] === '' ? 1 : 0;
  const first = wanted.literals[leading]!;
  for (let start = text.indexOf(first); start >= 0 && found.length < MAX_MATCHES;) {
    const match = matchAt(wanted, leading, text, start);
    if (match !== undefined) {
      found.push(match);
    }
    start = text.indexOf(first, Math.max(match?.end ?? 0, start + first.length));
  }
  return found;
}

/** The text of a template with its places filled; those of which nothing is known are named, as in `<issuer>`. */
export function fill(source: string, values: ReadonlyMap<string, string>, names: ReadonlyMap<string, string>): string {
  return source.split(PLACE).map((piece, index) => index % 2 === 0 ? piece : values.get(piece) ?? `<${names.get(piece) ?? piece}>`).join('');
}

function matchAt(wanted: Template, leading: number, text: string, start: number): Match | undefined {
  const captures = new Map<Capture, string | number>();
  let begin = start;
  if (leading === 1) {
    begin = startOfRun(text, start);
    add(captures, wanted.captures[0]!, text.slice(begin, start).trimEnd());
  } else if (isWord(text[start]) && isWord(text[start - 1])) {
    return undefined;
  }
  let place = start + wanted.literals[leading]!.length;
  for (let index = leading; index < wanted.captures.length; index++) {
    const name = wanted.captures[index]!;
    const next = wanted.literals[index + 1]!;
    if (next === '') {
      const end = TIMES.has(name) ? endOfTime(text, place) : endOfRun(text, place);
      if (end === place) {
        return undefined;
      }
      add(captures, name, text.slice(place, end));
      place = end;
      continue;
    }
    const opening = text[place - 1]!;
    const value = before(text.slice(place, place + LONGEST + next.length), next, name === '*' || TIMES.has(name) || OPENING.has(opening));
    if (value === undefined || (QUOTES.has(opening) && value.includes(opening))) {
      return undefined;
    }
    add(captures, name, value);
    place += value.length + next.length;
  }
  return isWord(text[place - 1]) && isWord(text[place]) && wanted.literals.at(-1) !== '' ? undefined : { start: begin, end: place, captures };
}

/** What stands before a text, where it is one word or may be several. */
function before(window: string, next: string, spaced: boolean): string | undefined {
  // Where a value has no spaces, what comes after the first one need not be searched.
  const space = spaced ? -1 : window.indexOf(' ');
  const length = (space < 0 ? window : window.slice(0, space + next.length)).indexOf(next);
  return length < 0 || (space >= 0 && length > space) ? undefined : window.slice(0, length);
}

/** Keeps a value, unless it was made unreadable on the way, as `***` is, or isn't of the kind that stands in this place. */
function add(captures: Map<Capture, string | number>, name: Capture, value: string): void {
  if (name === '*' || isMasked(value)) {
    return;
  }
  if (TIMES.has(name)) {
    const time = secondsOf(value);
    if (time !== undefined) {
      captures.set(name, time);
    }
    return;
  }
  if (fits(name, value)) {
    captures.set(name, value);
  }
}

function fits(name: Capture, value: string): boolean {
  switch (name) {
    case 'aud':
      return true;
    case 'iss':
      return value === 'null' || /[.:]/.test(value);
    case 'expectedIss':
      return /[.:]/.test(value);
    case 'expectedAud':
      return /[.:/]/.test(value);
    case 'role':
      return value.startsWith('arn:');
    case 'email':
      return value.includes('@');
    default:
      return value !== '';
  }
}

function isMasked(value: string): boolean {
  return value.includes('***') || value.includes('${') || value.includes('\u2026') || /^[<{]|[>}]$|^x{3,}$|redacted|^\.{2,}$/i.test(value);
}

/** A time in seconds since 1970, from such seconds or from a date. */
export function secondsOf(value: string): number | undefined {
  if (/^\d{1,12}$/.test(value)) {
    return Number(value);
  }
  const parts = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d{1,12})?(Z|[+-]\d\d:\d\d)?$/.exec(value);
  const time = parts === null ? NaN : Date.parse(`${parts[1]}T${parts[2]}${parts[3] ?? 'Z'}`);
  return Number.isNaN(time) ? undefined : time / 1000;
}

function endOfTime(text: string, from: number): number {
  TIME.lastIndex = from;
  return TIME.test(text) ? TIME.lastIndex : endOfRun(text, from);
}

function endOfRun(text: string, from: number): number {
  let end = from;
  while (end < text.length && end < from + LONGEST && !STOPS.has(text[end]!)) {
    end++;
  }
  while (end > from && CLOSING_PUNCTUATION.has(text[end - 1]!)) {
    end--;
  }
  return end;
}

function startOfRun(text: string, until: number): number {
  let start = until;
  while (start > 0 && text[start - 1] === ' ') {
    start--;
  }
  while (start > 0 && start > until - LONGEST && !STOPS.has(text[start - 1]!)) {
    start--;
  }
  return start;
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[A-Za-z0-9_]/.test(character);
}

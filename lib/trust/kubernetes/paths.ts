import { posix } from 'node:path';
import { keyOf, like, partsOf, text, TextValue, Unknown, Verdict } from '../value';

/** Most pieces of a text that are kept apart; what people write has a few. */
const MAX_PIECES = 10_000;

/** Joins texts, of which there may be more than anyone has written by hand. */
export function joined(pieces: readonly TextValue[]): TextValue {
  return pieces.length > MAX_PIECES ? new Unknown(`/${pieces.map(keyOf).join(' ')}`) : text(...pieces);
}

/** The drive of Windows containers, on which paths are that name none. */
const DRIVE = /^[Cc]:[\\/]/;

/** A path without `.`, `..`, doubled slashes and a slash at its end, as far as it is known; one of Windows is as if it were of Linux. */
export function normal(path: TextValue): TextValue {
  if (typeof path !== 'string') {
    return path;
  }
  const short = posix.normalize(DRIVE.test(path) ? path.slice(2).replaceAll('\\', '/') : path);
  return short.length > 1 && short.endsWith('/') ? short.slice(0, -1) : short;
}

/** A path below another. */
export function below(folder: TextValue, path: TextValue): TextValue {
  return path === '' ? folder : folder === '' || folder === '/' ? text(folder, path) : text(folder, '/', path);
}

/** What of a path is below a folder, empty for the folder itself; or whether it may be there. */
export function within(path: TextValue, folder: TextValue): { readonly rest: TextValue } | Exclude<Verdict, 'yes'> {
  if (keyOf(path) === keyOf(folder)) {
    return { rest: '' };
  }
  const rest = withoutPrefix(path, folder === '/' ? folder : text(folder, '/'));
  if (rest !== undefined) {
    return { rest };
  }
  if (typeof path === 'string' && typeof folder === 'string') {
    return 'no';
  }
  return like(path, folder, '') === 'no' && like(path, text(folder, '/*'), '*') === 'no' ? 'no' : 'unknown';
}

/** A text without what it begins with; undefined where it does not surely begin so. */
export function withoutPrefix(value: TextValue, prefix: TextValue): TextValue | undefined {
  const [have, want] = [partsOf(value), partsOf(prefix)];
  for (const [index, part] of want.entries()) {
    const other = have[index];
    if (typeof part === 'string' && typeof other === 'string' && index === want.length - 1) {
      return other.startsWith(part) ? joined([other.slice(part.length), ...have.slice(index + 1)]) : undefined;
    }
    if (other === undefined || keyOf(part) !== keyOf(other)) {
      return undefined;
    }
  }
  return joined(have.slice(want.length));
}

/** A text without what it ends with; undefined where it does not surely end so. */
export function withoutSuffix(value: TextValue, suffix: string): TextValue | undefined {
  const parts = partsOf(value);
  const last = parts.at(-1);
  return typeof last === 'string' && last.endsWith(suffix) ? joined([...parts.slice(0, -1), last.slice(0, last.length - suffix.length)]) : undefined;
}

import { InputError } from '../input';

/** The issuers that exist today. */
export interface LiveIssuers {
  /** What says so, for messages. */
  readonly file: string;
  readonly issuers: ReadonlySet<string>;
}

/** Longest list that is read. */
const MAX_ISSUERS = 100_000;

/**
 * Reads the issuers that exist today: a JSON list of URLs, or one on each line; empty lines and those that begin with # are left out.
 * @throws InputError for anything else
 */
export function parseLiveIssuers(contents: string, file: string): LiveIssuers {
  const trimmed = contents.replace(/^\uFEFF/, '').trim();
  const list = trimmed.startsWith('[') ? fromJson(trimmed, file) : trimmed.split(/\r?\n/).map(line => line.trim()).filter(line => line !== '' && !line.startsWith('#'));
  const wrong = list.find(issuer => typeof issuer !== 'string' || !/^https?:\/\/\S+$/.test(issuer));
  if (wrong !== undefined || list.length === 0 || list.length > MAX_ISSUERS) {
    const problem = wrong === undefined ? list.length === 0 ? 'it names no issuer' : `it names more than ${MAX_ISSUERS} issuers` : `${JSON.stringify(wrong)?.slice(0, 80)} is no URL`;
    throw new InputError(file, problem, 'write a JSON list of issuer URLs, or one on each line');
  }
  return { file, issuers: new Set(list as readonly string[]) };
}

function fromJson(contents: string, file: string): readonly unknown[] {
  try {
    return JSON.parse(contents) as unknown[];
  } catch {
    throw new InputError(file, 'it is not JSON', 'write a JSON list of issuer URLs, or one on each line');
  }
}

import { joined } from './paths';
import { keyOf, partsOf, TextValue, Unknown } from '../value';

/** The profiles of an AWS shared config file: settings by profile and name. */
export type Profiles = ReadonlyMap<string, ReadonlyMap<string, TextValue>>;

/** One step of a chain of roles. */
export interface Step {
  readonly profile: string;
  readonly roleArn: TextValue;
}

/** The roles that a profile leads to, in the order in which they are become, and the token that the first is become with. */
export interface Chain {
  readonly steps: readonly Step[];
  readonly tokenFile: TextValue | undefined;
  /** What is wrong with it, where it leads nowhere. */
  readonly problem?: string;
}

/**
 * Reads an AWS shared config file, of which values may be unknown.
 *
 * @returns undefined where an unknown part may change which lines there are
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export function readSharedConfig(content: TextValue): Profiles | undefined {
  const profiles = new Map<string, Map<string, TextValue>>();
  let current: Map<string, TextValue> | undefined;
  for (const line of linesOf(content)) {
    const [first] = partsOf(line);
    if (first instanceof Unknown) {
      return undefined;
    }
    const start = first!.trimStart();
    if (start.startsWith('[')) {
      const name = typeof line === 'string' ? sectionOf(start) : undefined;
      if (typeof line !== 'string') {
        return undefined;
      }
      current = name === undefined ? undefined : profiles.get(name) ?? new Map<string, TextValue>();
      if (name !== undefined && current !== undefined) {
        profiles.set(name, current);
      }
      continue;
    }
    const equals = first!.indexOf('=');
    // Indented lines are settings within a setting.
    if (equals <= 0 || start.startsWith('#') || start.startsWith(';') || start !== first) {
      continue;
    }
    const value = joined([first!.slice(equals + 1), ...partsOf(line).slice(1)]);
    current?.set(first!.slice(0, equals).trim().toLowerCase(), trimmed(value));
  }
  return profiles;
}

/** The roles that a profile becomes one after another. */
export function chainOf(profiles: Profiles, profile: string): Chain {
  const steps: Step[] = [];
  const seen = new Set<string>();
  let name = profile;
  for (;;) {
    const settings = profiles.get(name);
    if (settings === undefined || seen.has(name)) {
      return { steps, tokenFile: undefined, problem: settings === undefined ? `there is no profile ${name}` : `profile ${name} leads back to itself` };
    }
    seen.add(name);
    const [roleArn, tokenFile, source] = ['role_arn', 'web_identity_token_file', 'source_profile'].map(key => settings.get(key));
    if (roleArn !== undefined) {
      steps.unshift({ profile: name, roleArn });
    }
    if (tokenFile !== undefined && roleArn !== undefined) {
      return { steps, tokenFile };
    }
    if (roleArn === undefined || source === undefined) {
      return { steps, tokenFile: undefined, problem: `profile ${name} has no ${roleArn === undefined ? 'role_arn' : 'source_profile and no web_identity_token_file'}` };
    }
    if (typeof source !== 'string') {
      return { steps, tokenFile: new Unknown(`/the token of profile ${keyOf(source)}`) };
    }
    name = source;
  }
}

/** The lines of a text; an unknown part is taken to be within one line. */
function linesOf(content: TextValue): readonly TextValue[] {
  const lines: (string | Unknown)[][] = [[]];
  for (const part of partsOf(content)) {
    const [first, ...rest] = typeof part === 'string' ? part.split(/\r?\n/) : [part];
    lines.at(-1)!.push(first!);
    rest.forEach(line => lines.push([line]));
  }
  return lines.map(joined);
}

function sectionOf(line: string): string | undefined {
  const end = line.indexOf(']');
  const words = line.slice(1, end < 0 ? undefined : end).trim();
  const name = words.startsWith('profile ') || words.startsWith('profile\t') ? words.slice('profile '.length).trim() : words;
  const plain = name.length > 1 && (name.startsWith('"') || name.startsWith('\'')) ? name.slice(1, -1) : name;
  return words === 'default' || words !== name ? plain : undefined;
}

function trimmed(value: TextValue): TextValue {
  const parts = partsOf(value).map((part, index, all) => typeof part !== 'string' ? part
    : index === 0 && index === all.length - 1 ? part.trim() : index === 0 ? part.trimStart() : index === all.length - 1 ? part.trimEnd() : part);
  return joined(parts);
}

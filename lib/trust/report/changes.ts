import { CHARACTERS, code, FRAME, length, plain, take } from './github';
import { Json, plainOf, ReportIdentity } from './report';
import { TextOptions } from './text';
import { count, cutEnd, figure, kindOfIdentity, visible, jsonText, whereText } from './words';
import { IdentityDiff, isChanged, TrustChange, TrustDiff } from '../diff';
import { Grant, Identity, Token, Who } from '../model';
import { show, Value } from '../value';

/** What a change does to one identity, as plain data. */
export interface ChangedIdentity {
  readonly change: TrustChange;
  readonly identity: Omit<ReportIdentity, 'grants'>;
  /** The claims of a token that is accepted after and was not before; null where there is none, or it is not known. */
  readonly gained: Json;
  /** The claims of a token that was accepted before and is not after. */
  readonly lost: Json;
  /** Who is said to be let in after and was not before, and the other way round. */
  readonly addedWho: readonly string[];
  readonly removedWho: readonly string[];
  readonly addedGrants: readonly string[];
  readonly removedGrants: readonly string[];
  /** What else is to be known, such as what could not be decided. */
  readonly notes: readonly string[];
}

/** What a change does to who may become whom, as plain data: what `diff --format json` prints. */
export interface Changes {
  readonly version: 1;
  /** How many identities of each change there are; `grants` counts those that only may do something else. */
  readonly counts: Readonly<Record<TrustChange | 'grants', number>>;
  /** What is different, with what lets more in first. */
  readonly changes: readonly ChangedIdentity[];
}

/** What lets more in comes first. */
const ORDER: readonly TrustChange[] = ['widened', 'changed', 'new', 'unknown', 'narrowed', 'removed', 'same'];
const WORDS: Readonly<Record<TrustChange, string>> = {
  widened: 'widened', changed: 'widened and narrowed', new: 'new', unknown: 'not decided', narrowed: 'narrowed', removed: 'removed', same: 'grants changed',
};
const LOUD: ReadonlySet<TrustChange> = new Set(['widened', 'changed', 'new', 'unknown']);
/** How many lines of a kind are shown of one identity. */
const LINES = 12;
const DETAIL = 400;

/** What is different, as plain data. */
export function makeChanges({ identities }: TrustDiff): Changes {
  const counts: Record<TrustChange | 'grants', number> = { new: 0, removed: 0, widened: 0, narrowed: 0, changed: 0, same: 0, unknown: 0, grants: 0 };
  const different = identities.filter(isChanged);
  for (const diff of identities) {
    counts[diff.change === 'same' && isChanged(diff) ? 'grants' : diff.change]++;
  }
  const changes = different.map(changeOf).sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change));
  // What either side hides is hidden on both.
  const sensitive = new Set(identities.flatMap(({ before, after }) => [before, after].flatMap(identity => identity?.sensitive ?? [])));
  return [...sensitive].reduce<Changes>((hidden, each) => each.in(hidden), { version: 1, counts, changes });
}

/** The changes as a JSON document by `schema/diff-v1.schema.json`. */
export function changesToJson(changes: Changes): string {
  return jsonText(changes);
}

/** The changes as a comment on a pull request of GitHub. What has no room is counted. */
export function changesToMarkdown(changes: Changes): string {
  const head = ['### Who may become whom: what changes', '', `**${summary(changes)}**`, ''];
  if (changes.changes.length === 0) {
    return head.join('\n');
  }
  const room = CHARACTERS - FRAME - length(head);
  const shown = take(changes.changes.map(change => () => markdownOf(change)), room);
  const left = changes.changes.length - shown.length;
  return [
    ...head, ...shown,
    ...left > 0 ? [`**${count(left, 'identity', 'identities')} left out**: a comment takes ${figure(CHARACTERS)} characters, and what lets more in comes first.`, ''] : [],
  ].join('\n');
}

/** The changes for a terminal. */
export function changesToText(changes: Changes, { color = false }: TextOptions = {}): string {
  const paint = (text: string, sgr: number) => color ? `\u001b[${sgr}m${text}\u001b[0m` : text;
  const out = [paint(summary(changes), 1)];
  for (const change of changes.changes) {
    const { identity } = change;
    out.push('', `${paint(WORDS[change.change].toUpperCase(), LOUD.has(change.change) ? 33 : 1)}  ${visible(identity.name)} (${kindOfIdentity({ ...identity, grants: [] })})`);
    out.push(`  at ${whereText(identity.where)}`);
    for (const [name, lines] of sectionsOf(change)) {
      out.push(`  ${name}:`, ...shorten(lines).map(line => `    ${visible(line)}`));
    }
  }
  return `${out.join('\n')}\n`;
}

function summary({ counts, changes }: Changes): string {
  if (changes.length === 0) {
    return `Nothing changes: ${count(counts.same, 'identity', 'identities')} may be become by the same tokens as before.`;
  }
  const kinds = [...ORDER.filter(change => change !== 'same').map(change => [WORDS[change], counts[change]] as const), [WORDS.same, counts.grants] as const];
  return `${kinds.filter(([, figures]) => figures > 0).map(([word, figures]) => `${figure(figures)} ${word}`).join(', ')}; ${figure(counts.same)} as before.`;
}

function markdownOf(change: ChangedIdentity): string {
  const { identity } = change;
  return [
    `#### ${LOUD.has(change.change) ? '⚠️ ' : ''}${WORDS[change.change]}: ${code(identity.name)}`,
    '',
    `${kindOfIdentity({ ...identity, grants: [] })} at ${code(whereText(identity.where), DETAIL)}`,
    '',
    ...sectionsOf(change).flatMap(([name, lines]) => [`- ${name}:`, ...shorten(lines).map(line => `  - ${name === NOTES ? plain(cutEnd(visible(line), DETAIL)) : code(line, DETAIL)}`)]),
    '',
  ].join('\n');
}

const NOTES = 'to be known';

function sectionsOf(change: ChangedIdentity): readonly (readonly [string, readonly string[]])[] {
  const example = (claims: Json) => claims === null ? [] : [JSON.stringify(claims)];
  return ([
    ['accepted now and not before, for example', example(change.gained)],
    ['accepted before and not now, for example', example(change.lost)],
    ['said now', change.addedWho],
    ['not said any more', change.removedWho],
    ['may now', change.addedGrants],
    ['may not any more', change.removedGrants],
    [NOTES, change.notes],
  ] as const).filter(([, lines]) => lines.length > 0);
}

function shorten(lines: readonly string[]): readonly string[] {
  return lines.length <= LINES ? lines : [...lines.slice(0, LINES - 1), `${figure(lines.length - LINES + 1)} more`];
}

function changeOf({ change, before, after, gained, lost, addedRows, removedRows, grants, notes, doubt }: IdentityDiff): ChangedIdentity {
  return {
    change,
    identity: identityOf((after ?? before)!),
    gained: claimsOf(gained),
    lost: claimsOf(lost),
    addedWho: addedRows.map(whoText),
    removedWho: removedRows.map(whoText),
    addedGrants: [
      ...grants.added.map(grantText),
      ...grants.changed.flatMap(({ after: now, addedStatements }) => addedStatements.map(statement => statementText(now, statement))),
    ],
    removedGrants: [
      ...grants.removed.map(grantText),
      ...grants.changed.flatMap(({ before: old, removedStatements }) => removedStatements.map(statement => statementText(old, statement))),
    ],
    notes: [...notes, ...doubt === undefined ? [] : [doubt]],
  };
}

function identityOf({ cloud, kind, name, where }: Identity): Omit<ReportIdentity, 'grants'> {
  return { cloud, kind, name: show(name), where };
}

function whoText({ issuer, subject, audiences, conditions }: Who): string {
  return [
    `${subject === undefined ? 'anyone' : show(subject)} of ${issuer === undefined ? 'any issuer' : show(issuer)}`,
    `for ${audiences === undefined ? 'any audience' : audiences.map(show).join(' or ')}`,
    ...conditions.length === 0 ? [] : [`if ${conditions.join(' and ')}`],
  ].join(' ');
}

function grantText(grant: Grant): string {
  return `${show(grant.permission)}${grant.on === undefined ? '' : ` on ${show(grant.on)}`}`;
}

function statementText(grant: Grant, statement: Value): string {
  return `${grantText(grant)}: ${JSON.stringify(plainOf(statement))}`;
}

/** The claims of an example, without its times: they are any. */
function claimsOf(token: Token | undefined): Json {
  return token === undefined ? null : plainOf(new Map([...token].filter(([claim]) => !TIMES.has(claim))));
}

const TIMES: ReadonlySet<string> = new Set(['exp', 'iat', 'nbf']);

import { Mechanism } from '../model';
import { Json, Report, ReportGrant, ReportIdentity, ReportRow, ReportWhere, Risk } from './report';

/** The clouds for people. */
export const CLOUDS: Readonly<Record<ReportIdentity['cloud'], string>> = { aws: 'AWS', gcp: 'Google', azure: 'Azure' };

/** The kinds of identities for people. */
const KINDS: Readonly<Record<ReportIdentity['kind'], string>> = {
  'role': 'role',
  'service-account': 'service account',
  'principal': 'principal',
  'managed-identity': 'managed identity',
  'application': 'application',
};

/** The mechanisms for people. */
export const MECHANISMS: Readonly<Record<Mechanism, string>> = {
  'aws-oidc': 'OIDC provider',
  'aws-google': 'Google as issuer',
  'aws-pod-identity': 'EKS Pod Identity',
  'aws-role-chain': 'role chain',
  'gcp-federation': 'identity pool',
  'gcp-native': 'GKE\'s own pool',
  'azure-federation': 'federated credential',
};

/** The risks for people, the gravest first. */
export const RISKS: Readonly<Record<Risk, string>> = {
  'any-issuer': 'any issuer',
  'any-subject': 'anyone',
  'wildcard': 'wildcard',
  'any-audience': 'no audience',
};

/** What the risks mean, for a legend. */
export const RISK_MEANINGS: Readonly<Record<Risk, string>> = {
  'any-issuer': 'tokens of any issuer that is known there are taken',
  'any-subject': 'every subject of the issuer is taken, also one that is made tomorrow',
  'wildcard': 'every subject that matches the pattern is taken, also one that is made tomorrow',
  'any-audience': 'a token that was made for anyone else is taken too',
};

/** Matches what a reader would not see, or would see in another place: controls, formats such as bidirectional overrides, odd spaces. */
const UNSEEN = new RegExp([
  '[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}\\u00a0\\u034f\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u2000-\\u200a\\u202f\\u205f',
  '\\u3000\\u3164\\ufe00-\\ufe0f\\uffa0\\ufffe\\uffff\\u{e0100}-\\u{e01ef}]',
].join(''), 'gu');

/** How long the place of something may be. */
const PLACE = 1_000;

/** A text with everything that cannot be seen written as an escape, as in `\u202e`. */
export function visible(value: string): string {
  return value.replace(UNSEEN, character => {
    const code = character.codePointAt(0)!;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** Escapes the same characters in a JSON document, where JSON itself leaves them. */
export function visibleJson(document: string): string {
  return document.replace(UNSEEN, character => character === '\n' ? character
    : [...Array(character.length).keys()].map(index => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`).join(''));
}

/** Plain data as a JSON document that ends in a line break. */
export function jsonText(data: object): string {
  return `${visibleJson(JSON.stringify(data, undefined, 2))}\n`;
}

/** A text of at most so many characters, its end cut off. */
export function cutEnd(value: string, length: number): string {
  return value.length <= length ? value : `${whole(value.slice(0, length - 1))}…`;
}

/** A text of at most so many characters, cut in the middle: both ends of a name tell it apart. */
export function cutMiddle(value: string, length: number): string {
  if (value.length <= length) {
    return value;
  }
  const head = Math.ceil((length - 1) / 2);
  return `${whole(value.slice(0, head))}…${value.slice(value.length - (length - 1 - head)).replace(/^[\udc00-\udfff]/, '')}`;
}

/** Cuts no character in two. */
function whole(value: string): string {
  return value.replace(/[\ud800-\udbff]$/, '');
}

/** A number with its noun, as in `1 row` and `2 rows`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${figure(number)} ${number === 1 ? noun : plural}`;
}

/** A number for people, the same on every machine. */
export function figure(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Who is let in: a service account as `namespace/name`, any other subject as it is, and words where it is anyone. */
export function whoOf(row: ReportRow, report: Report): string {
  if (row.subject === null) {
    return row.issuer === null && row.through !== null ? `whoever becomes ${visible(report.identities[row.through]!.name)}` : 'anyone';
  }
  return visible(row.namespace === undefined ? row.subject : `${row.namespace}/${row.serviceAccount}`);
}

/** What the subject is. */
export function kindOfWho(row: ReportRow): string {
  if (row.subject === null) {
    return row.mechanism === 'aws-role-chain' ? 'another role' : conditionOf(row) ?? 'any subject';
  }
  if (row.risks.includes('any-subject')) {
    return 'every service account';
  }
  return row.risks.includes('wildcard') ? 'pattern' : row.namespace === undefined ? 'subject' : 'service account';
}

/** The condition that alone narrows a row without a subject. */
export function conditionOf({ subject, conditions }: ReportRow): string | undefined {
  const more = conditions.length > 1 ? ` and ${figure(conditions.length - 1)} more` : '';
  return subject === null && conditions.length > 0 ? `if ${visible(conditions[0]!)}${more}` : undefined;
}

/** The risks that the name of a row does not say by itself. */
export function tagsOf({ risks, subject }: ReportRow): readonly Risk[] {
  return subject === null ? risks.filter(risk => risk !== 'any-subject') : risks;
}

/** Whose tokens they are: the issuer without the scheme that all have. */
export function issuerOfRow(row: ReportRow): string {
  return row.issuer === null ? issuerWords(row.mechanism) : visible(row.issuer.startsWith('https://') ? row.issuer.slice(8) : row.issuer);
}

function issuerWords(mechanism: Mechanism): string {
  switch (mechanism) {
    case 'aws-pod-identity': return 'EKS clusters';
    case 'aws-role-chain': return 'AWS';
    case 'gcp-native': return 'GKE clusters';
    case 'aws-google': return 'accounts.google.com';
    default: return 'any issuer';
  }
}

/** What an identity is, as in `AWS role`. */
export function kindOfIdentity({ cloud, kind }: ReportIdentity): string {
  return `${CLOUDS[cloud]} ${KINDS[kind]}`;
}

/** The end of a name that tells it apart, with the account that it is in. */
export function shortName({ name, kind }: ReportIdentity): { readonly name: string; readonly home?: string } {
  const seen = visible(name);
  if (seen.startsWith('${')) {
    return { name: seen };
  }
  const arn = seen.startsWith('arn:') ? seen.split(':') : [];
  if (arn.length >= 6) {
    return { name: tail(arn.slice(5).join(':')), home: arn[4] };
  }
  const at = seen.indexOf('@');
  if (kind === 'service-account' && at > 0) {
    const home = seen.slice(at + 1);
    return { name: seen.slice(0, at), home: home.endsWith('.iam.gserviceaccount.com') ? home.slice(0, -'.iam.gserviceaccount.com'.length) : home };
  }
  return { name: kind === 'principal' ? principalName(seen) : seen };
}

function principalName(name: string): string {
  const start = ['/workloadIdentityPools/', '//iam.googleapis.com/'].find(one => name.includes(one));
  return start === undefined ? name : name.slice(name.indexOf(start) + start.length);
}

/** What a grant gives, short: the policy's or role's name. */
export function shortPermission({ permission }: ReportGrant): string {
  const seen = visible(permission);
  return seen.startsWith('arn:') ? tail(seen) : seen;
}

/** What a grant gives, with its resource, and the actions of a policy that the input has. */
export function grantText(grant: ReportGrant): string {
  const actions = [...new Set(grant.statements.flatMap(actionsOf))];
  const listed = actions.length > ACTIONS ? [...actions.slice(0, ACTIONS - 1), `${figure(actions.length - ACTIONS + 1)} more`] : actions;
  return [
    shortPermission(grant),
    ...grant.on === null ? [] : [`on ${visible(grant.on)}`],
    ...listed.length === 0 ? [] : [`(${listed.join(', ')})`],
  ].join(' ');
}

/** How many actions of a policy are listed. */
const ACTIONS = 4;

/** What a statement of a policy allows. */
function actionsOf(statement: Json): readonly string[] {
  if (typeof statement !== 'object' || statement === null || Array.isArray(statement)) {
    return [];
  }
  const { Effect: effect, Action: action } = statement as { readonly [key: string]: Json };
  const actions = Array.isArray(action) ? action : [action];
  return effect === 'Deny' ? [] : actions.flatMap(each => typeof each === 'string' ? [visible(each)] : []);
}

function tail(value: string): string {
  return value.slice(value.lastIndexOf('/') + 1) || value;
}

/** The audiences of a row, for people: Google's providers by their id. */
export function audienceText({ audiences }: ReportRow): string {
  return audiences === null ? 'any audience' : audiences.length === 0 ? 'no audience is taken' : [...new Set(audiences.map(shortAudience))].join(', ');
}

function shortAudience(audience: string): string {
  const seen = visible(audience);
  const start = seen.indexOf('//iam.googleapis.com/');
  const name = seen.slice(start + '//iam.googleapis.com/'.length);
  return start === -1 ? seen : `provider ${name.includes('/providers/') ? name.slice(name.indexOf('/providers/') + '/providers/'.length) : name}`;
}

/** Where something is said, in one line. */
export function whereText({ address, attribute, constructPath, stack, file }: ReportWhere): string {
  const place = `${address}${attribute === undefined ? '' : ` (${attribute})`}`;
  const from = [constructPath, (stack ?? '') === '' ? undefined : `stack ${stack}`, file].filter(part => part !== undefined);
  return cutMiddle(visible(`${place} · ${from.join(' · ')}`), PLACE);
}

/** The report in one sentence. */
export function summary({ counts }: Report): string {
  return `${count(counts.rows, 'way')} in: ${[
    count(counts.issuers, 'issuer'), count(counts.subjects, 'subject'), count(counts.identities, 'identity', 'identities'), count(counts.grants, 'grant'),
  ].join(', ')}`;
}

/** What to look at first, in one sentence; nothing where there is nothing. */
export function warnings({ counts }: Report): string | undefined {
  const parts = [
    counts.risks['any-issuer'] > 0 ? `${figure(counts.risks['any-issuer'])} from any issuer` : undefined,
    counts.risks['any-subject'] > 0 ? `${figure(counts.risks['any-subject'])} for anyone of an issuer` : undefined,
    counts.risks.wildcard > 0 ? `${figure(counts.risks.wildcard)} by a wildcard` : undefined,
    counts.risks['any-audience'] > 0 ? `${figure(counts.risks['any-audience'])} without an audience` : undefined,
  ].filter(part => part !== undefined);
  return parts.length === 0 ? undefined : `Look first: ${parts.join(', ')}.`;
}

/** How the rows were chosen; nothing where all are there. */
export function filterText({ filters }: Report): string | undefined {
  const words = { exact: 'is', glob: 'is like', substring: 'contains' };
  const chosen = filters.map(({ field, text, mode }) => `${field} ${words[mode]} “${visible(text)}”${field === 'identity' ? '' : ' (or is any)'}`);
  return chosen.length === 0 ? undefined : `Only rows whose ${chosen.join(' and ')}.`;
}

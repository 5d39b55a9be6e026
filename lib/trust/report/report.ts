import { issuerOfWorkload } from '../kubernetes/clusters';
import { push } from '../lists';
import { Grant, Identity, Mechanism, Note, Registration, Where, Who, WorkloadUse } from '../model';
import { Sensitive } from '../sensitive';
import { isKnown, isList, isMap, isText, keyOf, like, partsOf, show, text, TextValue, Value } from '../value';

/** Why a row should be looked at first. */
export type Risk = 'any-issuer' | 'any-subject' | 'wildcard' | 'any-audience';

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Where something is said, as in the model. */
export type ReportWhere = Where;

/** What an identity may do. */
export interface ReportGrant {
  readonly permission: string;
  /** The resource on which it is granted; null where the permission says it. */
  readonly on: string | null;
  readonly statements: readonly Json[];
  readonly where: ReportWhere;
}

/** What somebody becomes, with what it may do. */
export interface ReportIdentity {
  readonly cloud: Identity['cloud'];
  readonly kind: Identity['kind'];
  readonly name: string;
  readonly grants: readonly ReportGrant[];
  readonly where: ReportWhere;
}

/** What makes an issuer known to a cloud account. */
export interface ReportRegistration {
  readonly cloud: Registration['cloud'];
  readonly name: string;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly where: ReportWhere;
}

/** A Kubernetes ServiceAccount with what runs as it. */
export interface ReportWorkload {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly where: ReportWhere;
  readonly users: readonly ReportWhere[];
}

/** The fields of a row that may hang on what only Terraform knows. */
export type UnknownField = 'issuer' | 'subject' | 'audiences' | 'identity';

/** One way in: who becomes which identity. */
export interface ReportRow {
  /** Why to look at it, the gravest first; none where it lets in exactly what it names. */
  readonly risks: readonly Risk[];
  /** Null where any that the mechanism knows will do. */
  readonly issuer: string | null;
  /** The `sub` claim or a pattern of it; null where any will do. */
  readonly subject: string | null;
  /** Whether `*` and `?` of the subject are wildcards. */
  readonly wildcards: boolean;
  /** The parts of a subject of the form `system:serviceaccount:<namespace>:<name>`. */
  readonly namespace?: string;
  readonly serviceAccount?: string;
  /** The token must have one of them; null where any will do. */
  readonly audiences: readonly string[] | null;
  /** What else must hold, in the cloud's own words. */
  readonly conditions: readonly string[];
  readonly mechanism: Mechanism;
  /** What makes the issuer known: the place in `registrations`; null where there is none, or the input does not have it. */
  readonly registration: number | null;
  /** The identity that is become first: the place in `identities`; null where there is none. */
  readonly through: number | null;
  /** What is become: the place in `identities`. */
  readonly identity: number;
  /** What runs as the subject, by namespace and name: places in `workloads`. */
  readonly workloads: readonly number[];
  /** What hangs on values that only Terraform knows; they are written `${…}`. */
  readonly unknown: readonly UnknownField[];
  readonly where: ReportWhere;
}

/** How a text of a filter was read: as the whole text where one is equal, else as a glob where it has `*` or `?`, else as a part. */
export type FilterMode = 'exact' | 'glob' | 'substring';

/** A filter as it was used. */
export interface UsedFilter {
  readonly field: 'subject' | 'identity' | 'issuer';
  readonly text: string;
  readonly mode: FilterMode;
}

/** Figures of a report. */
export interface ReportCounts {
  readonly rows: number;
  readonly issuers: number;
  readonly subjects: number;
  /** The identities that somebody may become. */
  readonly identities: number;
  readonly grants: number;
  readonly workloads: number;
  /** The rows with each risk, and those with any. */
  readonly risks: Readonly<Record<Risk, number>>;
  readonly risky: number;
  /** The rows of which a part is unknown. */
  readonly unknown: number;
}

/** Who may become whom, as plain data: what `report --format json` prints, by `schema/report-v1.schema.json`. */
export interface Report {
  readonly version: 1;
  /** The files that are spoken of. */
  readonly sources: readonly string[];
  readonly filters: readonly UsedFilter[];
  readonly counts: ReportCounts;
  /** The riskiest first, then by issuer, subject and identity. */
  readonly rows: readonly ReportRow[];
  readonly identities: readonly ReportIdentity[];
  readonly registrations: readonly ReportRegistration[];
  readonly workloads: readonly ReportWorkload[];
  readonly notes: readonly Note[];
}

/** What a report is made of. */
export interface ReportModel {
  readonly registrations: readonly Registration[];
  readonly identities: readonly Identity[];
  readonly workloads: readonly WorkloadUse[];
  readonly notes: readonly Note[];
  /** What must not be printed. */
  readonly sensitive?: Sensitive;
}

/**
 * Which rows are wanted. A text that is equal to one of the values means exactly that one; otherwise it is a glob where it has `*` or `?`,
 * and a part of the value where it has none. Case counts. A row that takes any value is wanted by every filter, and one whose pattern
 * takes the text by that filter: both let in what is asked for.
 */
export interface ReportFilter {
  /** The `sub` claim, or `<namespace>/<service account>`. */
  readonly subject?: string;
  /** The name, or the address in Terraform. */
  readonly identity?: string;
  readonly issuer?: string;
}

/** The mechanisms whose tokens come from an issuer that must be named, for an audience that should be. */
const BY_TOKEN: ReadonlySet<Mechanism> = new Set(['aws-oidc', 'aws-google', 'gcp-federation', 'azure-federation']);

/** Orders rows: whoever lets in more comes first. */
const WEIGHT: Readonly<Record<Risk, number>> = { 'any-issuer': 8, 'any-subject': 4, 'wildcard': 2, 'any-audience': 1 };

/** Kubernetes' form of the subject of a service account. */
const SERVICE_ACCOUNT = 'system:serviceaccount:';

/** How deep a permission's statements are shown. */
const DEPTH = 24;

/** Makes the report of a model, the same for the same model whatever the order of its parts. */
export function makeReport(model: ReportModel, filter: ReportFilter = {}): Report {
  const identities = new Places<Identity, ReportIdentity>(keyOfIdentity, identityOf);
  const registrations = new Places<Registration, ReportRegistration>(({ cloud, name, where }) => key(cloud, keyOf(name), where), registrationOf);
  const workloads = new Places<WorkloadUse, ReportWorkload>(
    ({ namespace, serviceAccount, where }) => key(keyOf(namespace), keyOf(serviceAccount), where), workloadOf);
  model.registrations.forEach(registration => registrations.of(registration));
  const users = new Map<string, { readonly place: number; readonly issuer: TextValue | undefined }[]>();
  for (const workload of model.workloads) {
    const account = key(keyOf(workload.namespace), keyOf(workload.serviceAccount));
    push(users, account, { place: workloads.of(workload), issuer: issuerOfWorkload(workload) });
  }
  /** What runs as an account, where it is not known to be in another cluster. */
  const usersOf = (account: Pick<WorkloadUse, 'namespace' | 'serviceAccount'>, issuer: TextValue | undefined) =>
    (users.get(key(keyOf(account.namespace), keyOf(account.serviceAccount))) ?? [])
      .filter(user => user.issuer === undefined || issuer === undefined || like(user.issuer, issuer, '*') !== 'no').map(({ place }) => place);
  const all: ReportRow[] = [];
  for (const identity of model.identities) {
    const place = identities.of(identity);
    for (const { mechanism, registration, through, who } of identity.doors) {
      for (const one of who) {
        const account = one.subject === undefined ? undefined : accountOf(one.subject);
        all.push({
          risks: risksOf(one, mechanism),
          issuer: one.issuer === undefined ? null : show(one.issuer),
          subject: one.subject === undefined ? null : show(one.subject),
          wildcards: one.wildcards,
          ...account && { namespace: show(account.namespace), serviceAccount: show(account.serviceAccount) },
          audiences: one.audiences === undefined ? null : one.audiences.map(show),
          conditions: [...one.conditions],
          mechanism,
          registration: registration === undefined ? null : registrations.of(registration),
          through: through === undefined ? null : identities.of(through),
          identity: place,
          workloads: account && !hasWildcard(one) ? usersOf(account, one.issuer) : [],
          unknown: unknownOf(one, identity),
          where: whereOf(one.where),
        });
      }
    }
  }
  const { rows, filters } = select(all, identities.made, filter);
  const report = close({
    filters, rows, notes: model.notes.map(({ message, where }) => ({ message, ...where && { where: whereOf(where) } })),
    identities: identities.made, registrations: registrations.made, workloads: workloads.made,
  });
  return model.sensitive?.in(report) ?? report;
}

/** What was read of a list, each once, with its place in the report. */
class Places<From, To> {
  public readonly made: To[] = [];
  private readonly places = new Map<string, number>();

  constructor(private readonly nameOf: (from: From) => string, private readonly make: (from: From) => To) {}

  public of(from: From): number {
    const id = this.nameOf(from);
    let place = this.places.get(id);
    if (place === undefined) {
      place = this.made.push(this.make(from)) - 1;
      this.places.set(id, place);
    }
    return place;
  }
}

/** Orders everything, leaves out what no row of a filtered report speaks of, and counts. */
function close(parts: Pick<Report, 'filters' | 'rows' | 'identities' | 'registrations' | 'workloads' | 'notes'>): Report {
  const kept = parts.filters.length > 0;
  const used = {
    identities: new Set(parts.rows.flatMap(row => row.through === null ? [row.identity] : [row.identity, row.through])),
    registrations: new Set(parts.rows.flatMap(row => row.registration ?? [])),
    workloads: new Set(parts.rows.flatMap(row => row.workloads)),
  };
  const order = <T extends { readonly where: Where }>(list: readonly T[], among: ReadonlySet<number>, nameOf: (item: T) => readonly string[]) => {
    const places = list.map((_, place) => place).filter(place => !kept || among.has(place))
      .map(place => ({ place, name: [...nameOf(list[place]!), ...nameOfWhere(list[place]!.where)] }))
      .sort((a, b) => compare(a.name, b.name));
    return { list: places.map(({ place }) => list[place]!), to: new Map(places.map(({ place }, index) => [place, index])) };
  };
  const identities = order(parts.identities, used.identities, ({ cloud, kind, name }) => [cloud, kind, name]);
  const registrations = order(parts.registrations, used.registrations, ({ issuer, cloud, name }) => [issuer, cloud, name]);
  const workloads = order(parts.workloads, used.workloads, ({ namespace, serviceAccount }) => [namespace, serviceAccount]);
  const rows = parts.rows
    .map(row => ({
      ...row,
      registration: row.registration === null ? null : registrations.to.get(row.registration)!,
      through: row.through === null ? null : identities.to.get(row.through)!,
      identity: identities.to.get(row.identity)!,
      workloads: row.workloads.map(place => workloads.to.get(place)!).sort((a, b) => a - b),
    }))
    .map(row => ({ row, weight: weightOf(row), name: nameOfRow(row, identities.list) }))
    .sort((a, b) => b.weight - a.weight || compare(a.name, b.name))
    .map(({ row }) => row);
  const reached = new Set(rows.map(row => row.identity));
  const wheres = [rows, identities.list, registrations.list, workloads.list].flatMap(list => list.map(({ where }) => where.file));
  const risks = (risk: Risk) => rows.filter(row => row.risks.includes(risk)).length;
  return {
    version: 1,
    sources: [...new Set(wheres)].sort(),
    filters: parts.filters,
    counts: {
      rows: rows.length,
      issuers: new Set(rows.flatMap(row => row.issuer ?? [])).size,
      subjects: new Set(rows.map(row => key(row.issuer ?? '', row.subject ?? '', String(row.wildcards)))).size,
      identities: reached.size,
      grants: [...reached].reduce((sum, place) => sum + identities.list[place]!.grants.length, 0),
      workloads: new Set(rows.flatMap(row => row.workloads)).size,
      risks: {
        'any-issuer': risks('any-issuer'), 'any-subject': risks('any-subject'), 'wildcard': risks('wildcard'), 'any-audience': risks('any-audience'),
      },
      risky: rows.filter(row => row.risks.length > 0).length,
      unknown: rows.filter(row => row.unknown.length > 0).length,
    },
    rows,
    identities: identities.list,
    registrations: registrations.list,
    workloads: workloads.list,
    notes: parts.notes,
  };
}

function weightOf({ risks, conditions }: ReportRow): number {
  // A set that a condition narrows comes after one that nothing narrows.
  return risks.reduce((sum, risk) => sum + WEIGHT[risk], 0) - (risks.includes('any-subject') && conditions.length > 0 ? 0.5 : 0);
}

function nameOfRow(row: ReportRow, identities: readonly ReportIdentity[]): readonly string[] {
  const { cloud, kind, name } = identities[row.identity]!;
  return [
    row.issuer ?? '', row.subject ?? '', name, cloud, kind, row.mechanism, row.through === null ? '' : identities[row.through]!.name,
    ...nameOfWhere(row.where), (row.audiences ?? []).join(' '), row.conditions.join(' '),
  ];
}

function nameOfWhere({ file, stack = '', address, attribute = '' }: Where): readonly string[] {
  return [file, stack, address, attribute];
}

/** By code unit, so that the order is the same on every machine. */
function compare(a: readonly string[], b: readonly string[]): number {
  const place = a.findIndex((text_, index) => text_ !== b[index]);
  return place === -1 ? 0 : a[place]! < (b[place] ?? '') ? -1 : 1;
}

function key(...parts: readonly (string | Where)[]): string {
  return JSON.stringify(parts.map(part => typeof part === 'string' ? part : nameOfWhere(part)));
}

function keyOfIdentity({ cloud, kind, name, where }: Identity): string {
  return key(cloud, kind, keyOf(name), where);
}

function risksOf(who: Who, mechanism: Mechanism): readonly Risk[] {
  const risks: Risk[] = [];
  if (who.issuer === undefined && BY_TOKEN.has(mechanism)) {
    risks.push('any-issuer');
  }
  // Behind another role, whoever may become that one is let in, and its own rows say who.
  const chained = mechanism === 'aws-role-chain' && who.issuer === undefined;
  if (who.subject === undefined ? !chained : hasWildcard(who) && admitsAll(who.subject)) {
    risks.push('any-subject');
  } else if (hasWildcard(who)) {
    risks.push('wildcard');
  }
  if (who.audiences === undefined && BY_TOKEN.has(mechanism)) {
    risks.push('any-audience');
  }
  return risks;
}

function hasWildcard({ wildcards, subject }: Who): boolean {
  return wildcards && subject !== undefined && partsOf(subject).some(part => typeof part === 'string' && /[*?]/.test(part));
}

/** Whether a pattern takes every service account, or everything. */
function admitsAll(pattern: TextValue): boolean {
  if (typeof pattern !== 'string' || !pattern.endsWith('*')) {
    return false;
  }
  const head = beforeStars(pattern);
  return SERVICE_ACCOUNT.startsWith(head) || (head.endsWith('*:') && beforeStars(head.slice(0, -1)) === SERVICE_ACCOUNT);
}

function beforeStars(pattern: string): string {
  let end = pattern.length;
  while (pattern[end - 1] === '*') {
    end--;
  }
  return pattern.slice(0, end);
}

function unknownOf(who: Who, identity: Identity): readonly UnknownField[] {
  const fields: [UnknownField, readonly TextValue[]][] = [
    ['issuer', who.issuer === undefined ? [] : [who.issuer]],
    ['subject', who.subject === undefined ? [] : [who.subject]],
    ['audiences', who.audiences ?? []],
    ['identity', [identity.name]],
  ];
  return fields.filter(([, values]) => !values.every(isKnown)).map(([field]) => field);
}

/** The namespace and the name of a subject in Kubernetes' form; neither has a colon of its own. */
function accountOf(subject: TextValue): { namespace: TextValue; serviceAccount: TextValue } | undefined {
  const [first, ...others] = partsOf(subject);
  if (typeof first !== 'string' || !first.startsWith(SERVICE_ACCOUNT)) {
    return undefined;
  }
  const parts = [first.slice(SERVICE_ACCOUNT.length), ...others];
  const colons = parts.flatMap((part, index) => typeof part === 'string' ? Array<number>(part.split(':').length - 1).fill(index) : []);
  if (colons.length !== 1) {
    return undefined;
  }
  const index = colons[0]!;
  const [before, after] = (parts[index] as string).split(':') as [string, string];
  const namespace = text(...parts.slice(0, index), before);
  const serviceAccount = text(after, ...parts.slice(index + 1));
  return namespace === '' || serviceAccount === '' ? undefined : { namespace, serviceAccount };
}

function identityOf({ cloud, kind, name, grants, where }: Identity): ReportIdentity {
  const made = grants.map(grantOf).map(grant => ({ grant, name: [grant.permission, grant.on ?? '', ...nameOfWhere(grant.where)] }));
  return { cloud, kind, name: show(name), grants: made.sort((a, b) => compare(a.name, b.name)).map(({ grant }) => grant), where: whereOf(where) };
}

function grantOf({ permission, on, statements, where }: Grant): ReportGrant {
  return {
    permission: show(permission),
    on: on === undefined ? null : show(on),
    statements: statements.map(statement => plainOf(statement, DEPTH)),
    where: whereOf(where),
  };
}

function registrationOf({ cloud, name, issuer, audiences, where }: Registration): ReportRegistration {
  return { cloud, name: show(name), issuer: show(issuer), audiences: audiences.map(show), where: whereOf(where) };
}

function workloadOf({ namespace, serviceAccount, where, users }: WorkloadUse): ReportWorkload {
  return { namespace: show(namespace), serviceAccount: show(serviceAccount), where: whereOf(where), users: users.map(whereOf) };
}

function whereOf({ address, constructPath, attribute, stack, file }: Where): Where {
  return {
    address,
    ...constructPath !== undefined && { constructPath },
    ...attribute !== undefined && { attribute },
    ...stack !== undefined && { stack },
    file,
  };
}

/** A value as plain data; unknown parts are written `${…}`, and what lies deeper than `deepest` is left out. */
export function plainOf(value: Value, deepest = Infinity): Json {
  if (isText(value)) {
    return show(value);
  }
  if (deepest <= 0 && (isList(value) || isMap(value))) {
    return '…';
  }
  if (isList(value)) {
    return value.map(inner => plainOf(inner, deepest - 1));
  }
  // fromEntries defines, and does not assign: a key such as __proto__ is a key like any other.
  return isMap(value) ? Object.fromEntries([...value].map(([name, inner]) => [name, plainOf(inner, deepest - 1)])) : value;
}

function select(rows: readonly ReportRow[], identities: readonly ReportIdentity[], filter: ReportFilter) {
  const fields: readonly [UsedFilter['field'], string | undefined, (row: ReportRow) => readonly string[] | null][] = [
    ['subject', filter.subject, subjectsOf],
    ['identity', filter.identity, row => [identities[row.identity]!.name, identities[row.identity]!.where.address]],
    ['issuer', filter.issuer, row => row.issuer === null ? null : [row.issuer]],
  ];
  const filters: UsedFilter[] = [];
  let selected = rows;
  for (const [field, wanted, valuesOf] of fields) {
    if (wanted === undefined) {
      continue;
    }
    const mode = rows.some(row => valuesOf(row)?.includes(wanted)) ? 'exact' : /[*?]/.test(wanted) ? 'glob' : 'substring';
    const matches = matcherOf(wanted, mode);
    filters.push({ field, text: wanted, mode });
    selected = selected.filter(row => {
      const values = valuesOf(row);
      return values === null || values.some(matches) || (field === 'subject' && row.wildcards && subjectsOf(row)!.some(value => like(wanted, value) === 'yes'));
    });
  }
  return { rows: selected, filters };
}

function subjectsOf({ subject, namespace, serviceAccount }: ReportRow): readonly string[] | null {
  return subject === null ? null : namespace === undefined ? [subject] : [subject, `${namespace}/${serviceAccount}`];
}

function matcherOf(wanted: string, mode: FilterMode): (value: string) => boolean {
  switch (mode) {
    case 'exact': return value => value === wanted;
    case 'glob': return value => like(value, wanted) === 'yes';
    case 'substring': return value => value.includes(wanted);
  }
}

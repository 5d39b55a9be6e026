import { lower, projectName, sameProject } from './accounts';
import { textAt } from './bindings';
import { Member, readMember, Selector } from './members';
import { after, splitAt } from './texts';
import { Surroundings, Way, waysTo } from './ways';
import { Atom, Terraform, TerraformResource, Token, Where } from '../model';
import { blocksOf, equal, every, isList, isMap, isText, keyOf, like, not, some, text, TextValue, Value, Verdict } from '../value';

/** What lets its holder have tokens of a service account, or sign as it. */
export const TOKEN_PERMISSIONS = ['getAccessToken', 'getOpenIdToken', 'implicitDelegation', 'signBlob', 'signJwt'] as const;
/** Those that becoming an account takes: access tokens for Google's own interfaces, and ID tokens for others. */
const BECOMING: ReadonlySet<string> = new Set(['getAccessToken', 'getOpenIdToken']);

/** What a principal of a deny policy stands for. */
type Denied =
  | { readonly kind: 'all' }
  /** People, and what else no token of a workload is. */
  | { readonly kind: 'others' }
  | { readonly kind: 'account'; readonly email: TextValue }
  /** Service accounts that the principal does not name. */
  | { readonly kind: 'accounts' }
  | { readonly kind: 'pool' | 'native'; readonly member: Member & { readonly kind: 'pool' | 'native' }; readonly ways: readonly Way[] }
  | { readonly kind: 'unknown' };

interface Rule {
  readonly where: Where;
  /** What the policy is on, as in `projects/acme`; undefined where it is not known. */
  readonly place?: readonly [kind: 'projects' | 'folders' | 'organizations', id: TextValue];
  readonly principals: readonly Denied[];
  readonly exceptions: readonly Denied[];
  /** Whether it denies each of the permissions. */
  readonly permissions: ReadonlyMap<string, Verdict>;
  /** Whether its condition holds: those are about tags, which are not read. */
  readonly condition: Verdict;
}

/** What of a deny policy is about one member and one account. */
export interface Denial {
  /** What tells tokens apart to it. */
  readonly atoms: readonly Atom[];
  /** All that it compares; it is about nobody of the way where it is empty. */
  readonly fingerprint: string;
  /** The policies that are asked. */
  readonly policies: readonly Where[];
  /** Whether no rule stands in the way of a token that the way lets in. */
  undenied(token: Token): Verdict;
}

const NONE: Denial = { undenied: () => 'yes', atoms: [], fingerprint: '', policies: [] };

/**
 * The deny policies of the input, as far as they stand in the way of becoming service accounts.
 * @see https://cloud.google.com/iam/docs/deny-overview
 */
export class Denials {
  /** The policies of which something was asked that is not known. */
  public readonly unsure = new Map<string, Where>();
  private readonly rules: readonly Rule[];
  private readonly above: ReadonlyMap<string, readonly (readonly [string, TextValue])[]>;

  constructor(terraform: Terraform, surroundings: Surroundings) {
    this.rules = terraform.ofType('google_iam_deny_policy', 'managed').flatMap(policy => rulesOf(policy, surroundings))
      .filter(({ permissions }) => [...permissions.values()].some(verdict => verdict !== 'no'));
    this.above = this.rules.some(({ place }) => place !== undefined && place[0] !== 'projects') ? hierarchy(terraform) : new Map();
  }

  /** Whether nothing is denied to anybody that becoming an account takes. */
  public get isEmpty(): boolean {
    return this.rules.length === 0;
  }

  /** What stands between a member and an account of a project, by a way and for one who has these permissions on it. */
  public of(member: Member, way: Way | undefined, project: TextValue | undefined, permissions: readonly string[]): Denial {
    const about = this.rules.flatMap(rule => {
      const applies = every([this.isIn(project, rule.place), rule.condition]);
      const wanted = permissions.map(permission => rule.permissions.get(permission) ?? 'no');
      return applies === 'no' || wanted.every(verdict => verdict === 'no') || this.denies(rule, member, way, undefined) === 'no' ? [] : [{ rule, applies }];
    });
    if (about.length === 0) {
      return NONE;
    }
    for (const { rule, applies } of about) {
      const isUnsure = [...rule.principals, ...rule.exceptions].some(({ kind }) => kind === 'unknown' || kind === 'accounts');
      if (applies === 'unknown' || isUnsure || [...rule.permissions.values()].includes('unknown')) {
        this.unsure.set(keyOf([rule.where.stack ?? '', rule.where.address, rule.where.file]), rule.where);
      }
    }
    const undenied = (token: Token): Verdict => {
      const denied = permissions.map(permission => some(about.map(({ rule, applies }) =>
        every([applies, rule.permissions.get(permission) ?? 'no', this.denies(rule, member, way, token)]))));
      // Whoever may have tokens in another way still may become the account.
      return every(denied) === 'yes' ? 'no' : denied.every((verdict, index) => verdict === 'no' || !BECOMING.has(permissions[index]!)) ? 'yes' : 'unknown';
    };
    const all = about.flatMap(({ rule }) => [...rule.principals, ...rule.exceptions]);
    return {
      undenied,
      policies: [...new Set(about.map(({ rule }) => rule.where))],
      atoms: all.flatMap(denied => 'ways' in denied ? sameWay(denied.ways, way)?.atoms ?? [] : []),
      fingerprint: JSON.stringify(about.map(({ rule, applies }) => [
        applies, [...rule.permissions], rule.principals.map(keyOfDenied), rule.exceptions.map(keyOfDenied),
      ])),
    };
  }

  /** Whether a rule is about a token that comes as a member; without a token, whether it is about all of the member's, or none. */
  private denies({ principals, exceptions }: Rule, member: Member, way: Way | undefined, token: Token | undefined): Verdict {
    const among = (list: readonly Denied[]) => some(list.map(denied => isAmong(denied, member, way, token)));
    return every([among(principals), not(among(exceptions))]);
  }

  /** Whether a project is in what a policy is on. */
  private isIn(project: TextValue | undefined, place: Rule['place']): Verdict {
    if (place === undefined || project === undefined) {
      return 'unknown';
    }
    const [kind, id] = place;
    if (kind === 'projects') {
      return sameProject(projectName(id), project);
    }
    return some([...(this.above.get(keyOf(project)) ?? []).map(([other, name]) => other === kind ? equal(name, id) : 'no'), 'unknown']);
  }
}

function rulesOf(policy: TerraformResource, surroundings: Surroundings): readonly Rule[] {
  const { values, where } = policy;
  const place = placeOf(textAt(policy, 'parent'));
  const listed = (value: Value | undefined): readonly Value[] => isList(value) ? value : value === undefined || value === null ? [] : [value];
  return listed(values.get('rules')).flatMap(rule => listed(isMap(rule) ? rule.get('deny_rule') : rule)).map((rule): Rule => {
    const principals = (name: string): readonly Denied[] => {
      const names = isMap(rule) ? rule.get(name) : undefined;
      return isList(names) ? names.map(each => isText(each) ? readDenied(each, surroundings) : { kind: 'unknown' })
        : names === undefined || names === null ? [] : [{ kind: 'unknown' }];
    };
    const permits = (name: string, permission: string): Verdict => some(listed(isMap(rule) ? rule.get(name) : undefined)
      .map(each => isText(each) ? like(`iam.googleapis.com/serviceAccounts.${permission}`, each, '*') : 'unknown'));
    const denied = principals('denied_principals');
    const condition = isMap(rule) ? rule.get('denial_condition') : undefined;
    const expression = blocksOf(condition).map(block => block.get('expression')).find(isText);
    return {
      where, ...place !== undefined && { place },
      principals: denied.length === 0 ? [{ kind: 'unknown' }] : denied,
      exceptions: principals('exception_principals'),
      permissions: new Map(TOKEN_PERMISSIONS.map(permission => [
        permission, isMap(rule) ? every([permits('denied_permissions', permission), not(permits('exception_permissions', permission))]) : 'unknown',
      ])),
      condition: (isList(condition) ? condition.length === 0 : condition === undefined || condition === null) || expression === '' ? 'yes' : 'unknown',
    };
  });
}

/** What a policy is on: `cloudresourcemanager.googleapis.com/projects/acme`, with its slashes as `%2F`. */
function placeOf(parent: TextValue): Rule['place'] {
  const plain = typeof parent === 'string' ? parent.replace(/%2f/gi, '/').replace(/%3a/gi, ':') : parent;
  for (const kind of ['projects', 'folders', 'organizations'] as const) {
    for (const slash of ['/', '%2F', '%2f']) {
      const id = after(plain, `cloudresourcemanager.googleapis.com${slash}${kind}${slash}`);
      if (id !== undefined) {
        return [kind, id];
      }
    }
  }
  return undefined;
}

/** The folders and organizations that projects are in, as far as the input makes them. */
function hierarchy(terraform: Terraform): ReadonlyMap<string, readonly (readonly [string, TextValue])[]> {
  const folders = new Map<string, TextValue>();
  for (const folder of terraform.ofType('google_folder', 'managed')) {
    for (const name of ['name', 'id', 'folder_id']) {
      folders.set(keyOf(bareId(textAt(folder, name), 'folders/')), textAt(folder, 'parent'));
    }
  }
  const above = (folder: TextValue): readonly (readonly [string, TextValue])[] => {
    const found: [string, TextValue][] = [];
    for (let next: TextValue | undefined = folder; next !== undefined && found.length < MAX_FOLDERS;) {
      found.push(['folders', next]);
      const parent: TextValue | undefined = folders.get(keyOf(next));
      const organization = parent === undefined ? undefined : after(parent, 'organizations/');
      if (organization !== undefined) {
        found.push(['organizations', organization]);
      }
      next = parent === undefined || organization !== undefined ? undefined : bareId(parent, 'folders/');
    }
    return found;
  };
  return new Map(terraform.ofType('google_project', 'managed').map(project => {
    const [organization, folder] = ['org_id', 'folder_id'].map(name => project.values.get(name));
    return [keyOf(projectName(textAt(project, 'project_id'))), [
      ...isText(organization) && organization !== '' ? [['organizations', bareId(organization, 'organizations/')] as const] : [],
      ...isText(folder) && folder !== '' ? above(bareId(folder, 'folders/')) : [],
    ]] as const;
  }));
}

/** Folders are nested at most ten levels deep; see https://cloud.google.com/resource-manager/docs/limits. */
const MAX_FOLDERS = 20;

function bareId(name: TextValue, prefix: string): TextValue {
  return after(name, prefix) ?? name;
}

/** @see https://cloud.google.com/iam/docs/principal-identifiers#v2 */
function readDenied(name: TextValue, surroundings: Surroundings): Denied {
  if (name === 'principalSet://goog/public:all') {
    return { kind: 'all' };
  }
  const people = ['principal://goog/subject/', 'principal://iam.googleapis.com/locations/', 'principalSet://iam.googleapis.com/locations/'];
  if (people.some(prefix => after(name, prefix) !== undefined)) {
    return { kind: 'others' };
  }
  const [, account] = after(name, 'principal://iam.googleapis.com/projects/') === undefined ? [] : splitAt(name, '/serviceAccounts/') ?? [];
  if (account !== undefined) {
    return typeof account === 'string' && /^\d+$/.test(account) ? { kind: 'accounts' } : { kind: 'account', email: lower(account) };
  }
  if (after(name, 'principalSet://cloudresourcemanager.googleapis.com/') !== undefined) {
    return ['/type/ServiceAccount', '/type/ServiceAgent'].some(type => like(name, text('*', type), '*') === 'yes') ? { kind: 'accounts' } : { kind: 'unknown' };
  }
  const member = ['principal://iam.googleapis.com/', 'principalSet://iam.googleapis.com/'].some(prefix => after(name, prefix) !== undefined) ? readMember(name) : undefined;
  return member?.kind === 'pool' || member?.kind === 'native' ? { kind: member.kind, member, ways: waysTo(member, surroundings) } : { kind: 'unknown' };
}

/** Whether a token that comes as a member by a way is of those who are denied. */
function isAmong(denied: Denied, member: Member, way: Way | undefined, token: Token | undefined): Verdict {
  if (denied.kind === 'all') {
    return 'yes';
  }
  if (denied.kind === 'others') {
    return member.kind === 'unknown' || member.kind === 'anyone' ? 'unknown' : 'no';
  }
  if (denied.kind === 'unknown' || member.kind === 'unknown' || member.kind === 'anyone') {
    return 'unknown';
  }
  if (member.kind === 'account') {
    return denied.kind === 'account' ? equal(lower(member.email), denied.email) : denied.kind === 'accounts' ? 'unknown' : 'no';
  }
  return 'ways' in denied ? isOfPool(denied, member, way, token) : 'no';
}

function isOfPool(denied: Denied & { readonly kind: 'pool' | 'native' }, member: Member & { readonly kind: 'pool' | 'native' }, way: Way | undefined, token: Token | undefined): Verdict {
  const { member: other } = denied;
  if (other.kind === 'pool' ? member.kind === 'native' : member.kind === 'pool') {
    const pool = other.kind === 'pool' ? other.pool : member.kind === 'pool' ? member.pool : '';
    return typeof pool === 'string' ? 'no' : 'unknown';
  }
  const place = other.kind === 'pool' ? equal(other.pool, (member as typeof other).pool) : sameProject(other.project, (member as typeof other).project);
  // The older form of a member names no principal, so that it is not certain that a deny policy knows it by one.
  const exact = splitAt(member.name, '.svc.id.goog[') === undefined ? 'yes' : 'unknown';
  if (other.selector.kind === 'all') {
    return every([place, exact]);
  }
  const [a, b] = [keyOfSelector(other.selector), keyOfSelector(member.selector)];
  const said = a === b && other.selector.kind !== 'unknown' ? 'yes' : disjoint(other.selector, member.selector) ? 'no' : 'unknown';
  const found = said !== 'unknown' || token === undefined ? said
    : sameWay(denied.ways, way)?.judge(token, undefined, { address: '', file: '' }).find(({ gate }) => gate === 'gcp-member')?.verdict ?? 'unknown';
  return every([place, found, exact]);
}

/** The way of a principal that goes through what another goes through. */
function sameWay(ways: readonly Way[], way: Way | undefined): Way | undefined {
  return way === undefined ? undefined : ways.find(({ mechanism, registration }) => mechanism === way.mechanism && registration === way.registration
    && (mechanism === 'gcp-native' || registration !== undefined));
}

type AnySelector = (Member & { readonly kind: 'pool' | 'native' })['selector'];

/** Whether two selectors of one pool select nobody alike for certain: a principal has one subject. */
function disjoint(a: AnySelector, b: AnySelector): boolean {
  const subject = (selector: AnySelector): TextValue | undefined => selector.kind === 'subject' ? selector.value
    : selector.kind === 'account' ? text(selector.namespace, '/', selector.name) : undefined;
  const [one, other] = [subject(a), subject(b)];
  if (one !== undefined && other !== undefined) {
    return equal(one, other) === 'no';
  }
  const namespace = (selector: AnySelector) => selector.kind === 'account' || selector.kind === 'namespace' ? selector.namespace : undefined;
  const [home, elsewhere] = [namespace(a), namespace(b)];
  return home !== undefined && elsewhere !== undefined && equal(home, elsewhere) === 'no';
}

function keyOfSelector(selector: AnySelector | Selector): string {
  return keyOf(new Map(Object.entries(selector).map(([name, value]) => [name, value as Value])));
}

function keyOfDenied(denied: Denied): readonly string[] {
  return [denied.kind, 'member' in denied ? keyOf(denied.member.name) : 'email' in denied ? keyOf(denied.email) : ''];
}

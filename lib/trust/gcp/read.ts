import { createHash } from 'node:crypto';
import { Account, Accounts, OpenIdentity, projectName, sameProject } from './accounts';
import { Binding, readBindings, readCustomRoles, textAt } from './bindings';
import { Denial, Denials, TOKEN_PERMISSIONS } from './deny';
import { Member, readCrowd, readMember } from './members';
import { Providers } from './providers';
import { bindingHolds, Surroundings, Way, waysTo } from './ways';
import { Atom, CloudPart, Door, Gate, Mechanism, Note, Registration, Terraform, Token, Where, Who } from '../model';
import { at, blocksOf, every, isList, isText, keyOf, show, TextValue, Unknown, Value, Verdict } from '../value';

/** Roles that let their holder mint access tokens of a service account. */
const IMPERSONATION = new Set(['roles/iam.workloadIdentityUser', 'roles/iam.serviceAccountTokenCreator']);
/** A role for ID tokens alone: enough for those who take Google's tokens, and not for Google's own APIs. */
const ID_TOKENS = 'roles/iam.serviceAccountOpenIdTokenCreator';
const PERMISSION = 'iam.serviceAccounts.getAccessToken';

/** How many members that may reach every account of a project are looked at for accounts whose project is not known to be another. */
const MAX_BROAD = 50;
/** How many pairs of an account and a member that may reach all accounts of its project are told apart. */
const MAX_PAIRS = 100_000;
/** What lets its holder have tokens of a service account, or may, in another way than by minting an access token. */
const OTHER_PERMISSIONS: ReadonlySet<string> = new Set(TOKEN_PERMISSIONS.map(name => `iam.serviceAccounts.${name}`).filter(name => name !== PERMISSION));

/** Reads who may become whom in Google Cloud: service accounts, and members of pools that are granted roles themselves. */
export function readGcp(terraform: Terraform): CloudPart {
  return new Reader(terraform).read();
}

/** A binding with the member that it is for. */
interface Entry {
  readonly binding: Binding;
  readonly member: Member;
  /** Whether its role lets the member become service accounts. */
  readonly impersonates: Verdict;
  /** The permissions for tokens that its role has, or may have. */
  readonly permissions: readonly string[];
}

class Reader {
  private readonly notes: Note[] = [];
  private readonly surroundings: Surroundings;
  private readonly accounts: Accounts;
  private readonly entries: readonly Entry[];
  private readonly ways = new Map<string, readonly Way[]>();
  private readonly principals = new Map<string, OpenIdentity>();
  private readonly noted = new Set<Binding>();
  private readonly denials: Denials;

  constructor(terraform: Terraform) {
    this.surroundings = { providers: new Providers(terraform, this.notes), fleet: fleetIssuers(terraform) };
    this.denials = new Denials(terraform, this.surroundings);
    this.accounts = new Accounts(terraform);
    const roles = readCustomRoles(terraform);
    const members = new Map<string, Member | undefined>();
    this.entries = readBindings(terraform, this.notes).flatMap(binding => {
      const key = keyOf(binding.member);
      const member = members.has(key) ? members.get(key) : readMember(binding.member) ?? readCrowd(binding.member);
      members.set(key, member);
      const { role } = binding;
      return member === undefined ? [] : [{ binding, member, impersonates: impersonation(role, roles), permissions: tokenPermissions(role, roles) }];
    });
  }

  public read(): CloudPart {
    const broad: Entry[] = [];
    for (const entry of this.entries) {
      const { binding, impersonates } = entry;
      if (binding.kind === 'service-account') {
        const account = this.accounts.of(binding.on, binding.where);
        if (impersonates !== 'no') {
          this.open(account, entry, 'yes');
          continue;
        }
      } else if (binding.kind !== 'other' && impersonates !== 'no') {
        broad.push(entry);
      }
      this.grant(entry);
    }
    this.openBroadly(broad);
    for (const where of this.denials.unsure.values()) {
      this.notes.push({ message: 'whom the deny policy denies is not known in full: who may still become service accounts is not known either', where });
    }
    return {
      registrations: this.surroundings.providers.all.map(provider => provider.registration),
      identities: [...this.accounts.all.map(account => account.identity), ...this.principals.values()],
      notes: this.notes,
    };
  }

  /** Adds the doors of a member to an account. */
  private open(account: Account, entry: Entry, reaches: Verdict): void {
    const { binding, member, permissions } = entry;
    const verdict = every([account.enabled, entry.impersonates, reaches, bindingHolds(binding.condition)]);
    const { where } = binding;
    const creatorOf = (way?: Way) => new Creator(account, entry, verdict, this.denials.of(member, way, account.project, permissions));
    if (member.kind === 'account') {
      const source = this.accounts.of(member.email, where);
      if (source === account) {
        // It may already do as itself what the role says; what else the role permits is worth knowing.
        this.grant(entry);
      } else {
        const creator = creatorOf();
        account.identity.doors.push({
          mechanism: 'gcp-federation', where, through: source.identity,
          who: [{ wildcards: false, conditions: [`through ${show(member.email)}`, ...conditionsOf(binding)], where }],
          judge: token => [creator.gate(token)], atoms: [], fingerprint: JSON.stringify(['gcp-token-creator', ...creator.key]),
        });
      }
      return;
    }
    if (member.kind === 'anyone' || member.kind === 'unknown') {
      this.noteOpen(binding, member.kind === 'anyone' ? `${show(member.name)} may become the service account`
        : typeof member.name === 'string' ? `who is behind ${member.name} is not known` : 'a member is not known');
    }
    const shared = this.denials.isEmpty ? creatorOf() : undefined;
    for (const way of this.waysTo(member)) {
      account.identity.doors.push(new WayDoor(way, binding, shared ?? creatorOf(way)));
    }
  }

  /** Notes once what is to be known of a binding, be it on many accounts. */
  private noteOpen(binding: Binding, message: string): void {
    if (!this.noted.has(binding)) {
      this.noted.add(binding);
      this.notes.push({ message, where: binding.where });
    }
  }

  /** Adds the doors of members with such a role on a project, folder or organization to the accounts that are there. */
  private openBroadly(entries: readonly Entry[]): void {
    const byProject = new Map<string, Entry[]>();
    for (const entry of entries.filter(({ binding }) => binding.kind === 'project')) {
      const key = keyOf(projectName(entry.binding.on));
      const list = byProject.get(key) ?? [];
      list.push(entry);
      byProject.set(key, list);
    }
    for (const { binding, member } of entries) {
      if (member.kind === 'account') {
        this.accounts.of(member.email, binding.where);
      }
    }
    const few = entries.length <= MAX_BROAD;
    const accounts = this.accounts.all;
    const sizes = new Map<string, number>();
    for (const { project } of accounts) {
      const key = keyOf(project ?? null);
      sizes.set(key, (sizes.get(key) ?? 0) + 1);
    }
    const crowded = [...byProject].filter(([key, { length }]) => length * (sizes.get(key) ?? 0) > MAX_PAIRS);
    const crowds = new Map(crowded.map(([key, list]) => [key, crowd(list)]));
    const all = few || entries.length === 0 ? undefined : crowd(entries);
    const plain = entries.every(({ binding }) => binding.kind === 'project' && isId(projectName(binding.on)));
    if (!few || crowds.size > 0) {
      this.notes.push({ message: `${entries.length} members may become all service accounts of their projects; not all of them are told apart` });
    }
    for (const account of accounts) {
      const key = keyOf(account.project ?? null);
      const many = crowds.get(key);
      for (const entry of many !== undefined ? [many] : byProject.get(key) ?? []) {
        this.open(account, entry, 'yes');
      }
      if (all !== undefined && !(plain && account.project !== undefined && isId(account.project))) {
        this.open(account, all, 'unknown');
      }
      for (const entry of few ? entries : []) {
        const other = entry.binding.kind !== 'project' || account.project === undefined ? 'unknown'
          : sameProject(projectName(entry.binding.on), account.project);
        if (other === 'unknown') {
          this.open(account, entry, 'unknown');
        }
      }
    }
  }

  /** Notes what a member may do. */
  private grant({ binding, member }: Entry): void {
    const identity = member.kind === 'account' ? this.accounts.find(member.email)?.identity
      : member.kind === 'pool' || member.kind === 'native' ? this.principalOf(member, binding) : undefined;
    const conditions = conditionsOf(binding);
    identity?.grants.push({
      permission: binding.role, on: binding.on, where: binding.where,
      statements: conditions.length === 0 ? [] : [new Map<string, Value>([['condition', binding.condition!]])],
    });
  }

  private principalOf(member: Member, binding: Binding): OpenIdentity {
    const key = keyOf(member.name);
    let identity = this.principals.get(key);
    if (identity === undefined) {
      identity = { cloud: 'gcp', kind: 'principal', name: member.name, where: binding.where, doors: [], grants: [] };
      for (const way of this.waysTo(member)) {
        identity.doors.push(new WayDoor(way, binding));
      }
      this.principals.set(key, identity);
    }
    return identity;
  }

  private waysTo(member: Member): readonly Way[] {
    const key = keyOf(member.name);
    const ways = this.ways.get(key) ?? waysTo(member, this.surroundings);
    this.ways.set(key, ways);
    return ways;
  }
}

/** A way that a binding opens. There are many, and what is asked of few of them is made when it is asked for. */
class WayDoor implements Door {
  private rows: readonly Who[] | undefined;

  constructor(private readonly way: Way, private readonly binding: Binding, private readonly creator?: Creator) {}

  public get mechanism(): Mechanism {
    return this.way.mechanism;
  }

  public get where(): Where {
    return this.binding.where;
  }

  public get registration(): Registration | undefined {
    return this.way.registration;
  }

  public get who(): readonly Who[] {
    const conditions = this.creator === undefined ? [] : conditionsOf(this.binding);
    const rows = this.rows ?? this.way.who(this.where);
    return this.rows ??= conditions.length === 0 ? rows : rows.map(row => ({ ...row, conditions: [...row.conditions, ...conditions] }));
  }

  public get atoms(): readonly Atom[] {
    const more = this.creator?.denial.atoms ?? [];
    return more.length === 0 ? this.way.atoms : [...this.way.atoms, ...more];
  }

  public get opaque(): true | undefined {
    return this.way.opaque || undefined;
  }

  public get fingerprint(): string {
    return JSON.stringify([this.way.fingerprint, ...this.creator?.key ?? ['yes']]);
  }

  public judge(token: Token, now?: number): readonly Gate[] {
    return [...this.way.judge(token, now, this.where), ...this.creator === undefined ? [] : [this.creator.gate(token)]];
  }
}

function conditionsOf({ condition }: Binding): readonly string[] {
  return condition === undefined ? [] : [show(condition)];
}

/** What stands behind a member's way to an account: its role there, and that no deny policy is against it. */
class Creator {
  constructor(private readonly account: Account, private readonly entry: Entry, private readonly granted: Verdict, public readonly denial: Denial) {}

  /** All that it compares. */
  public get key(): readonly string[] {
    const { granted, denial: { fingerprint } } = this;
    return fingerprint === '' ? [granted] : [granted, fingerprint];
  }

  public gate(token: Token): Gate {
    const { account: { email, enabled: isEnabled }, entry: { binding, impersonates }, granted, denial } = this;
    const { role, on, kind, condition, where } = binding;
    const undenied = denial.undenied(token);
    const verdict = every([granted, undenied]);
    const policies = denial.policies.map(({ address }) => address).join(' and ');
    const have = [
      `${show(role)}${kind === 'service-account' ? '' : ` on the ${kind} ${show(on)}`}`,
      ...condition === undefined ? [] : [`where ${show(condition)}`],
      ...isEnabled === 'yes' ? [] : ['on an account that is or may be disabled'],
      ...undenied === 'yes' ? [] : [`and ${policies}, which ${undenied === 'no' ? 'denies' : 'may deny'} it`],
    ];
    return {
      gate: 'gcp-token-creator', verdict, where,
      want: `a role on ${show(email)} with ${PERMISSION}${undenied === 'yes' ? '' : ', and no deny policy against it'}`,
      have: have.join(', '),
      remedy: verdict === 'yes' ? '' : isEnabled === 'no' ? `enable the service account ${show(email)}` : granted === 'yes'
        ? `name the principal in exception_principals of ${policies}` : impersonates === 'yes'
          ? `grant the role on the service account ${show(email)} itself, without a condition`
          : `grant roles/iam.workloadIdentityUser to the member of ${where.address}`,
    };
  }
}

/**
 * Whether a role lets its holder mint access tokens of a service account; owners and editors may not.
 * @see https://cloud.google.com/iam/docs/service-account-permissions
 */
function impersonation(role: TextValue, custom: ReadonlyMap<string, Value | undefined>): Verdict {
  if (typeof role === 'string' && role.startsWith('roles/')) {
    return IMPERSONATION.has(role) ? 'yes' : role === ID_TOKENS || role.toLowerCase().endsWith('serviceagent') ? 'unknown' : 'no';
  }
  const key = keyOf(role);
  const permissions = custom.get(key);
  if (!custom.has(key) || !isList(permissions)) {
    return 'unknown';
  }
  return permissions.includes(PERMISSION) ? 'yes' : permissions.every(permission => typeof permission === 'string' && !OTHER_PERMISSIONS.has(permission)) ? 'no' : 'unknown';
}

/**
 * The permissions for tokens that a role has, all where it is not known which.
 * @see https://cloud.google.com/iam/docs/roles-permissions/iam
 */
function tokenPermissions(role: TextValue, custom: ReadonlyMap<string, Value | undefined>): readonly string[] {
  if (role === 'roles/iam.workloadIdentityUser') {
    return ['getAccessToken', 'getOpenIdToken'];
  }
  const permissions = custom.get(keyOf(role));
  return isList(permissions) && permissions.every(permission => typeof permission === 'string')
    ? TOKEN_PERMISSIONS.filter(name => permissions.includes(`iam.serviceAccounts.${name}`)) : TOKEN_PERMISSIONS;
}

/** Whether a project is named by an id that is known, and so certainly none of another id. */
function isId(project: TextValue): boolean {
  return typeof project === 'string' && !/^\d+$/.test(project);
}

/** An entry that stands for more members than are told apart. */
function crowd(entries: readonly Entry[]): Entry {
  const hash = createHash('sha256');
  for (const { binding: { role, member, condition, on } } of entries) {
    hash.update([role, member, condition ?? null, on].map(keyOf).join(' '));
  }
  return { binding: entries[0]!.binding, member: { kind: 'unknown', name: new Unknown(`members(${hash.digest('hex')})`) }, impersonates: 'unknown', permissions: TOKEN_PERMISSIONS };
}

/** The issuers of clusters that a fleet knows. */
function fleetIssuers(terraform: Terraform): readonly TextValue[] {
  return terraform.ofType('google_gke_hub_membership', 'managed').flatMap(membership => blocksOf(membership.values.get('authority')).flatMap(authority => {
    const issuer = at(authority, 'issuer');
    return isText(issuer) ? [issuer] : [textAt(membership, 'authority', 'issuer')];
  })).slice(0, 1000);
}

import { Account, Accounts, OpenIdentity } from './accounts';
import { Binding, readBindings, readCustomRoles, textAt } from './bindings';
import { Member, readMember } from './members';
import { Providers } from './providers';
import { bindingHolds, Surroundings, Way, waysTo } from './ways';
import { CloudPart, Door, Gate, Note, Terraform, TerraformResource, Who } from '../model';
import { at, blocksOf, equal, every, isList, isText, keyOf, show, TextValue, Value, Verdict } from '../value';

/** Roles that let their holder mint access tokens of a service account. */
const IMPERSONATION = new Set(['roles/iam.workloadIdentityUser', 'roles/iam.serviceAccountTokenCreator']);
/** A role for ID tokens alone: enough for those who take Google's tokens, and not for Google's own APIs. */
const ID_TOKENS = 'roles/iam.serviceAccountOpenIdTokenCreator';
const PERMISSION = 'iam.serviceAccounts.getAccessToken';

/** How many members that may reach every account of a project are looked at for accounts whose project is not known to be another. */
const MAX_BROAD = 50;

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
}

class Reader {
  private readonly notes: Note[] = [];
  private readonly surroundings: Surroundings;
  private readonly accounts: Accounts;
  private readonly entries: readonly Entry[];
  private readonly ways = new Map<string, readonly Way[]>();
  private readonly principals = new Map<string, OpenIdentity>();

  private readonly denyPolicies: readonly TerraformResource[];

  constructor(terraform: Terraform) {
    this.denyPolicies = terraform.ofType('google_iam_deny_policy', 'managed');
    this.surroundings = { providers: new Providers(terraform, this.notes), fleet: fleetIssuers(terraform) };
    this.accounts = new Accounts(terraform);
    const roles = readCustomRoles(terraform);
    const members = new Map<string, Member | undefined>();
    this.entries = readBindings(terraform, this.notes).flatMap(binding => {
      const key = keyOf(binding.member);
      const member = members.has(key) ? members.get(key) : readMember(binding.member);
      members.set(key, member);
      return member === undefined ? [] : [{ binding, member, impersonates: impersonation(binding.role, roles) }];
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
    for (const { where } of this.denyPolicies) {
      this.notes.push({ message: 'the deny policy is not looked at: what it denies is shown as if it were not there', where });
    }
    return {
      registrations: this.surroundings.providers.all.map(provider => provider.registration),
      identities: [...this.accounts.all.map(account => account.identity), ...this.principals.values()],
      notes: this.notes,
    };
  }

  /** Adds the doors of a member to an account. */
  private open(account: Account, entry: Entry, reaches: Verdict): void {
    const { binding, member } = entry;
    const verdict = every([account.enabled, entry.impersonates, reaches, bindingHolds(binding.condition)]);
    const { where } = binding;
    const gate = creatorGate(account, entry, verdict);
    if (member.kind === 'account') {
      const source = this.accounts.of(member.email, where);
      if (source === account) {
        // It may already do as itself what the role says; what else the role permits is worth knowing.
        this.grant(entry);
      } else {
        account.identity.doors.push({
          mechanism: 'gcp-federation', where, through: source.identity,
          who: [{ wildcards: false, conditions: [`through ${show(member.email)}`, ...conditionsOf(binding)], where }],
          judge: () => [gate], atoms: [], fingerprint: JSON.stringify(['gcp-token-creator', verdict]),
        });
      }
      return;
    }
    if (member.kind === 'anyone' || member.kind === 'unknown') {
      this.notes.push({ message: member.kind === 'anyone' ? `${show(member.name)} may become the service account` : 'a member is not known', where });
    }
    account.identity.doors.push(...this.waysTo(member).map(way => doorOf(way, binding, [gate], verdict)));
  }

  /** Adds the doors of members with such a role on a project, folder or organization to the accounts that are there. */
  private openBroadly(entries: readonly Entry[]): void {
    const byProject = new Map<string, Entry[]>();
    for (const entry of entries.filter(({ binding }) => binding.kind === 'project')) {
      const key = keyOf(entry.binding.on);
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
    if (!few) {
      this.notes.push({ message: `${entries.length} members may become all service accounts of their projects; only accounts whose project is certain are shown with them` });
    }
    for (const account of this.accounts.all) {
      const exact = account.project === undefined ? [] : byProject.get(keyOf(account.project)) ?? [];
      exact.forEach(entry => this.open(account, entry, 'yes'));
      for (const entry of few ? entries : []) {
        const other = entry.binding.kind !== 'project' || account.project === undefined ? 'unknown' : equal(entry.binding.on, account.project);
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
      identity.doors.push(...this.waysTo(member).map(way => doorOf(way, binding, [], 'yes')));
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

function doorOf(way: Way, binding: Binding, more: readonly Gate[], verdict: Verdict): Door {
  const { where } = binding;
  const conditions = more.length === 0 ? [] : conditionsOf(binding);
  let rows: readonly Who[] | undefined;
  return {
    mechanism: way.mechanism, where,
    ...way.registration !== undefined && { registration: way.registration },
    get who() {
      return rows ??= way.who(where).map(row => ({ ...row, conditions: [...row.conditions, ...conditions] }));
    },
    judge: (token, now) => [...way.judge(token, now, where), ...more],
    get atoms() {
      return way.atoms;
    },
    ...way.opaque && { opaque: true },
    get fingerprint() {
      return JSON.stringify([way.fingerprint, verdict]);
    },
  };
}

function conditionsOf({ condition }: Binding): readonly string[] {
  return condition === undefined ? [] : [show(condition)];
}

function creatorGate({ email, enabled }: Account, { binding, impersonates }: Entry, verdict: Verdict): Gate {
  const { role, on, kind, condition, where } = binding;
  const place = kind === 'service-account' ? '' : ` on the ${kind} ${show(on)}`;
  return {
    gate: 'gcp-token-creator', verdict, where,
    want: `a role on ${show(email)} with ${PERMISSION}`,
    have: `${show(role)}${place}${condition === undefined ? '' : `, where ${show(condition)}`}${enabled === 'yes' ? '' : ', on an account that is or may be disabled'}`,
    remedy: verdict === 'yes' ? '' : enabled === 'no' ? `enable the service account ${show(email)}` : impersonates === 'yes'
      ? `grant the role on the service account ${show(email)} itself, without a condition`
      : `grant roles/iam.workloadIdentityUser to the member of ${where.address}`,
  };
}

/**
 * Whether a role lets its holder mint access tokens of a service account; owners and editors may not.
 * @see https://cloud.google.com/iam/docs/service-account-permissions
 */
function impersonation(role: TextValue, custom: ReadonlyMap<string, Value | undefined>): Verdict {
  if (typeof role === 'string' && role.startsWith('roles/')) {
    return IMPERSONATION.has(role) ? 'yes' : role === ID_TOKENS ? 'unknown' : 'no';
  }
  const key = keyOf(role);
  const permissions = custom.get(key);
  if (!custom.has(key) || !isList(permissions)) {
    return 'unknown';
  }
  return permissions.includes(PERMISSION) ? 'yes' : permissions.every(permission => typeof permission === 'string') ? 'no' : 'unknown';
}

/** The issuers of clusters that a fleet knows. */
function fleetIssuers(terraform: Terraform): readonly TextValue[] {
  return terraform.ofType('google_gke_hub_membership', 'managed').flatMap(membership => blocksOf(membership.values.get('authority')).flatMap(authority => {
    const issuer = at(authority, 'issuer');
    return isText(issuer) ? [issuer] : [textAt(membership, 'authority', 'issuer')];
  })).slice(0, 1000);
}

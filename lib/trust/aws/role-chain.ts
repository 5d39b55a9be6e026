import { createHash } from 'node:crypto';
import { accountOf, accountOfRoot, arnParts, nameOfRole, sameAccount, sameArn } from './arn';
import { chainContext, podTags, SessionFacts } from './context';
import { Permissions, permissionOf } from './grants';
import { Association, podIdentityGates } from './pod-identity';
import { actionVerdict, Principal, Statement, statementKey } from './policy';
import { Role, Roles } from './roles';
import { sessionActions } from './session-claims';
import { principalVerdict as statementPrincipal, showCondition, trustGates } from './statements';
import { supposedBy, supposedGates } from './supposed-sessions';
import { once } from './who';
import { Atom, Door, Gate, Token, Who } from '../model';
import { equal, isMap, isText, keyOf, partsOf, show, text, TextValue, Unknown, Verdict } from '../value';

const ACTION = 'sts:AssumeRole';
/** Longest chain of roles that is followed; each step is a call to STS. */
const MAX_STEPS = 4;
/** Most roles that are looked at one by one because they may assume any role. */
const MAX_BROAD = 20;
/** Most ways into one role that are compared. */
const MAX_WAYS = 200;
/** Most steps from role to role that are looked at to judge one token at one door. */
const MAX_WORK = 20000;
/** Most steps of which the gates are kept. */
const MAX_KEPT = 50000;
/** Most chains of more than one role that are listed of one door. */
const MAX_ROWS = 20;
const EVERYONE: Principal = { type: 'AWS', identifier: '*' };
const NO_TAGS: ReadonlyMap<string, TextValue> = new Map();

/** A role that may become another one, and how EKS takes it there, where it does. */
interface Edge {
  readonly source: Role;
  readonly associations: Association[];
  /** Whether the trust policy may name the source, so that its sessions can ask themselves. */
  named: boolean;
}

/** A way by which a token becomes a role: the gates on it, and what the session brings along. */
interface Way {
  readonly gates: readonly Gate[];
  /** How many of the gates are those of the role before the last one. */
  readonly before: number;
  readonly tags: ReadonlyMap<string, TextValue>;
  /** Whether these are all tags, and there is no source identity. */
  readonly tagsKnown: boolean;
  /** Keys of what is unknown of other ways that may get as far. */
  readonly beside?: readonly string[];
}

/** What is looked up only once while ways to one role are followed. */
interface Search {
  readonly target: Role;
  readonly token: Token;
  readonly at: number | undefined;
  /** The ways into roles, for each number of steps that were taken. */
  readonly into: Map<Role, readonly Way[]>[];
  work: number;
}

/** Adds the doors that lead from role to role. */
export function addChainDoors(roles: Roles, permissions: Permissions, associations: readonly Association[]): void {
  const chains = new Chains(roles, permissions, associations);
  for (const role of roles.all) {
    chains.addDoors(role);
  }
}

class Chains {
  private readonly edges = new Map<Role, Map<Role, Edge>>();
  /** The doors that lead straight in, before those of chains are added. */
  private readonly direct = new Map<Role, readonly Door[]>();
  private readonly associationOf = new Map<Door, Association>();
  /** Roles by the resources on which they may assume roles. */
  private readonly assumers = new Map<string, Role[]>();
  private readonly broadAssumers = new Set<Role>();
  /** The last search: tokens are judged at one door after another. */
  private last: Search | undefined;
  /** The gates of steps by their target, their source and what the session brings along, which is no matter of the token. */
  private steps = new Map<Role, Map<Role, Map<string, readonly Gate[]>>>();
  private stepsKept = 0;
  private readonly tagging: boolean;
  private readonly asking = new Map<Role, string>();
  /** The roles that associations of EKS Pod Identity may be with. */
  private readonly forPods: ReadonlySet<Role>;

  constructor(private readonly roles: Roles, private readonly permissions: Permissions, associations: readonly Association[]) {
    const byWhere = new Map(associations.map(association => [association.where, association]));
    for (const role of roles.all) {
      const doors = [...role.identity.doors];
      this.direct.set(role, doors);
      for (const door of doors) {
        const association = byWhere.get(door.where);
        if (association !== undefined) {
          this.associationOf.set(door, association);
        }
      }
    }
    this.tagging = associations.length > 0;
    this.forPods = new Set(roles.all.filter(({ identity }) => identity.supposed !== undefined));
    this.indexAssumers();
    for (const role of roles.all) {
      this.findEdges(role);
    }
    for (const association of associations.filter(({ target }) => target !== undefined)) {
      for (const [target] of roles.ofArn(association.target!)) {
        for (const [source] of roles.ofArn(association.role)) {
          this.edge(target, source).associations.push(association);
        }
      }
    }
  }

  public addDoors(role: Role): void {
    for (const edge of this.edges.get(role)?.values() ?? []) {
      role.identity.doors.push(this.doorOf(role, edge));
    }
    const open = openPrincipals(role, this.roles);
    if (open.length > 0) {
      role.identity.doors.push(this.openDoorOf(role, open));
    }
    this.suppose(role);
  }

  /** Adds what others may do who may create associations with the role as their target. */
  private suppose(target: Role): void {
    const ofSources = [...this.edges.get(target)?.values() ?? []].filter(({ source }) => this.forPods.has(source)).map(({ source }) => supposedBy(
      [target, source], [this.askingKey(source), keyOf(source.arn)], (session, token) => {
        const tags = session.tagged === 'yes' ? podTags(session.tags, token) : NO_TAGS;
        const facts = this.facts(source, { tags, tagsKnown: true }, { tags, externalId: session.externalId });
        return [...supposedGates(source, session, token), ...this.stepGates(target, source, facts, undefined, tags.size > 0)];
      },
    ));
    const [first] = ofSources;
    if (first !== undefined) {
      const own = target.identity.supposed;
      target.identity.supposed = { ...own ?? first, doors: [...own?.doors ?? [], ...ofSources.flatMap(({ doors }) => doors)] };
    }
  }

  private indexAssumers(): void {
    for (const role of this.roles.all) {
      const resources = (this.permissions.policies.get(role) ?? []).flatMap(({ statements }) => statements)
        .filter(statement => statement.effect !== 'Deny' && actionVerdict(statement, ACTION) !== 'no')
        .flatMap(({ resources: { negated, list } }) => negated ? ['*'] : list);
      for (const resource of resources) {
        if (isBroad(resource)) {
          this.broadAssumers.add(role);
        } else {
          const key = keyOf(nameOfRole(resource) ?? resource);
          const others = this.assumers.get(key) ?? [];
          others.push(role);
          this.assumers.set(key, others);
        }
      }
    }
  }

  private edge(target: Role, source: Role): Edge {
    const edges = this.edges.get(target) ?? new Map<Role, Edge>();
    this.edges.set(target, edges);
    const edge = edges.get(source) ?? { source, associations: [], named: false };
    edges.set(source, edge);
    return edge;
  }

  private findEdges(target: Role): void {
    for (const { identifier } of awsPrincipals(target)) {
      const account = accountOfRoot(identifier);
      if (identifier === '*' || account !== undefined) {
        // The account leaves it to its own policies, so that only roles that may ask are of interest.
        const named = this.assumers.get(keyOf(nameOfRole(target.arn) ?? target.arn)) ?? [];
        const sources = new Set(this.broadAssumers.size > MAX_BROAD ? named : [...named, ...this.broadAssumers]);
        sources.delete(target);
        for (const source of sources) {
          if (account === undefined || source.account === undefined || equal(source.account, account) !== 'no') {
            this.edge(target, source).named = true;
          }
        }
        continue;
      }
      for (const [source] of this.roles.ofArn(roleOfSession(identifier))) {
        this.edge(target, source).named = true;
      }
    }
  }

  private doorOf(target: Role, edge: Edge): Door {
    const rows = once(() => this.rows(target, edge, new Set([target]), { left: MAX_ROWS }));
    const atoms = once(() => this.atoms(target, edge.source));
    return {
      mechanism: 'aws-role-chain',
      where: target.trustWhere,
      through: edge.source.identity,
      get who() {
        return rows();
      },
      judge: (token, at) => lastStep(this.waysBy(target, edge, this.search(target, token, at), 1)) ?? [noWay(target, edge.source, token)],
      get atoms() {
        return atoms();
      },
    };
  }

  private search(target: Role, token: Token, at: number | undefined): Search {
    const { last } = this;
    if (last === undefined || last.token !== token || last.at !== at || last.target !== target) {
      this.last = { target, token, at, into: [], work: 0 };
    }
    this.last!.work = 0;
    return this.last!;
  }

  /** The ways by which a token becomes a role through one other role, the given number of steps before the end. */
  private waysBy(target: Role, edge: Edge, search: Search, step: number, better: (way: Way) => boolean = () => true): readonly Way[] {
    const { source } = edge;
    const { token, at } = search;
    const byEks = edge.associations.map((association): Way => {
      const [, isRole] = this.roles.ofArn(association.role).find(([role]) => role === source)!;
      const tags = association.tagged === 'no' ? NO_TAGS : podTags(association.tags, token);
      const facts = this.facts(source, { tags, tagsKnown: association.tagged !== 'unknown' }, { tags, externalId: association.externalId });
      const entry = podIdentityGates(source, association, isRole, token, at);
      return {
        gates: [...entry, ...this.stepGates(target, source, facts, at, tags.size > 0)], before: entry.length,
        tags, tagsKnown: association.tagged !== 'unknown',
      };
    });
    // What comes by the last role or by this one has been there before.
    if (!edge.named || source === search.target || source === target || step > MAX_STEPS) {
      return byEks;
    }
    const bySession = this.waysInto(source, search, step).filter(better).map((way): Way => ({
      ...way, gates: [...way.gates, ...this.sessionGates(target, source, way, search)], before: way.gates.length,
    }));
    return [...byEks, ...bySession];
  }

  private sessionGates(target: Role, source: Role, way: Way, { at }: Search): readonly Gate[] {
    if (this.stepsKept > MAX_KEPT) {
      this.steps = new Map();
      this.stepsKept = 0;
    }
    const sources = this.steps.get(target) ?? new Map<Role, Map<string, readonly Gate[]>>();
    this.steps.set(target, sources);
    const ofTags = sources.get(source) ?? new Map<string, readonly Gate[]>();
    sources.set(source, ofTags);
    const key = `${at} ${tagsKey(way)}`;
    const known = ofTags.get(key);
    if (known !== undefined) {
      return known;
    }
    const step = this.stepGates(target, source, this.facts(source, way), at, false);
    // What else a session hands on may need more actions.
    const gates = way.tagsKnown ? step : step.map(gate => gate.gate === 'aws-action' && gate.verdict === 'yes' ? { ...gate, verdict: 'unknown' as const } : gate);
    ofTags.set(key, gates);
    this.stepsKept++;
    return gates;
  }

  /** The ways by which a token gets a session of a role: of those that bring along the same, the one that gets farthest. */
  private waysInto(role: Role, search: Search, step: number): readonly Way[] {
    const known = search.into[step] ??= new Map<Role, readonly Way[]>();
    const found = known.get(role);
    if (found !== undefined) {
      return found;
    }
    const ways = new Map<string, Way>();
    const keep = (way: Way) => {
      const key = rankOf(way.gates) === 0 ? '' : tagsKey(way);
      const other = ways.get(key);
      ways.set(key, other === undefined ? way : farther(other, way));
    };
    this.waysStraightInto(role, search).forEach(keep);
    // Without tags, one way that is open is as good as any other.
    const enough = () => !this.tagging && [...ways.values()].some(way => way.tagsKnown && way.tags.size === 0 && rankOf(way.gates) === 2);
    // One more step does not take a way farther that has ended before.
    const better = (way: Way) => {
      const other = ways.get('');
      return other === undefined || rankOf(way.gates) > 0 || passed(way) > passed(other);
    };
    let complete = true;
    for (const edge of this.edges.get(role)?.values() ?? []) {
      if (enough()) {
        break;
      }
      search.work++;
      complete = complete && search.work <= MAX_WORK;
      if (!complete) {
        break;
      }
      this.waysBy(role, edge, search, step + 1, better).forEach(keep);
    }
    const open = step > MAX_STEPS ? [] : openPrincipals(role, this.roles);
    if (open.length > 0 && !enough()) {
      // Nothing is known of what such a session brings along.
      keep({ gates: this.openGates(role, open, search, step), before: 0, tags: NO_TAGS, tagsKnown: false });
    }
    const best = [...ways.values()].sort((a, b) => rankOf(b.gates) - rankOf(a.gates));
    complete = complete && best.slice(MAX_WAYS).every(({ gates }) => rankOf(gates) === 0);
    const result = complete ? best.slice(0, MAX_WAYS) : [...best.slice(0, MAX_WAYS), tooMany(role)];
    known.set(role, result);
    return result;
  }

  private waysStraightInto(role: Role, { token, at }: Search): readonly Way[] {
    return (this.direct.get(role) ?? []).flatMap((door): readonly Way[] => {
      const association = this.associationOf.get(door);
      // Of an association with a target, pods get the target's session alone.
      if (association?.target !== undefined) {
        return [];
      }
      const tagged = association !== undefined && association.tagged !== 'no';
      return [{
        gates: door.judge(token, at),
        before: 0,
        tags: tagged ? podTags(association.tags, token) : NO_TAGS,
        tagsKnown: association === undefined ? door.mechanism !== 'aws-pod-identity' && sessionActions(token).length === 0 : association.tagged !== 'unknown',
      }];
    });
  }

  private facts(source: Role, { tags, tagsKnown }: Pick<Way, 'tags' | 'tagsKnown'>, byEks?: SessionFacts['byEks']): SessionFacts {
    const ofRole = source.values.get('tags_all') ?? source.values.get('tags');
    const own = isMap(ofRole) ? [...ofRole].flatMap(([key, value]) => isText(value) ? [[key.toLowerCase(), value] as const] : []) : [];
    return {
      roleArn: source.arn, account: accountOf(source.arn), byEks, inherited: tags,
      principalTags: new Map([...own, ...tags]), allTags: tagsKnown && isMap(source.values.get('tags_all')),
    };
  }

  /** The gates of one step, from a role to the next. */
  private stepGates(target: Role, source: Role, facts: SessionFacts, at: number | undefined, tagged: boolean): readonly Gate[] {
    const context = chainContext(facts, at);
    const principal = (candidate: Principal) => principalVerdict(candidate, source);
    const of = { policy: target.policy, where: target.trustWhere };
    const trust = (actions: readonly string[]) => trustGates(of, { principal, who: show(source.arn), actions, context });
    const gates = trust([ACTION, ...tagged ? ['sts:TagSession'] : []]);
    // A session that hands on tags is said to need the action for them too.
    const strict = tagged || facts.inherited.size === 0 ? gates : trust([ACTION, 'sts:TagSession']);
    return [
      this.permissionGate(target, source, facts, at),
      ...rankOf(strict) === rankOf(gates) ? gates : gates.map(gate => gate.gate === 'aws-action' ? { ...gate, verdict: 'unknown' as const } : gate),
    ];
  }

  /**
   * That the source's own policies let it ask, where the trust policy alone does not do.
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
   */
  private permissionGate(target: Role, source: Role, facts: SessionFacts, at: number | undefined): Gate {
    const { allowed, denied } = permissionOf(source, this.permissions, ACTION, target.arn, chainContext(facts, at));
    const same = sameAccount(source.arn, target.arn);
    const byName = target.policy.statements.some(statement => statement.effect === 'Allow' && !statement.principals.negated
      && statement.principals.list.some(({ type, identifier }) => type === 'AWS' && sameArn(identifier, source.arn) === 'yes'));
    const enough = byName && same === 'yes' ? 'yes' : byName && same === 'unknown' && allowed !== 'yes' ? 'unknown' : allowed;
    const verdict: Verdict = denied === 'yes' ? 'no' : denied === 'unknown' && enough !== 'no' ? 'unknown' : enough;
    return {
      gate: 'aws-role-chain', verdict, want: `${show(source.arn)} may ${ACTION} on ${show(target.arn)}`,
      have: denied === 'yes' ? 'its policies deny it'
        : allowed === 'yes' ? 'its policies allow it'
          : byName && same === 'yes' ? 'the trust policy, of the same account, names it'
            : allowed === 'no' ? 'none of its policies allows it' : 'not all of its policies are known',
      where: source.where,
      ...verdict === 'unknown' && { beside: this.askingKey(source) },
      remedy: verdict === 'yes' ? '' : `allow ${ACTION} on ${show(target.arn)} in a policy of ${source.where.address}`,
    };
  }

  /** All by which a role may or may not ask, in one text. */
  private askingKey(source: Role): string {
    let key = this.asking.get(source);
    if (key === undefined) {
      const policies = (this.permissions.policies.get(source) ?? [])
        .map(({ variables, unread, statements }) => [variables, unread, statements.filter(statement => actionVerdict(statement, ACTION) !== 'no').map(statementKey)]);
      key = JSON.stringify([policies.map(policy => JSON.stringify(policy)).sort(), source.values.get('permissions_boundary')]);
      this.asking.set(source, key);
    }
    return key;
  }

  /** Roles that may ask for others, for all that is known. */
  private mayAsk(): readonly Role[] {
    return [...this.permissions.incomplete, ...this.broadAssumers.size > MAX_BROAD ? this.broadAssumers : []];
  }

  private letsIn(role: Role, search: Search, step: number): boolean {
    return this.waysInto(role, search, step).some(({ gates }) => rankOf(gates) > 0);
  }

  private rows(target: Role, edge: Edge, visited: ReadonlySet<Role>, more: { left: number }): readonly Who[] {
    const { source } = edge;
    const conditions = [`through ${source.where.address}`, ...conditionsOf(target, source)];
    const taken = new Set(edge.associations);
    const doors = (this.direct.get(source) ?? []).filter(door => {
      const association = this.associationOf.get(door);
      return association === undefined || association.target === undefined ? edge.named : taken.has(association);
    });
    const onward = new Set([...visited, source]);
    const chained: Who[] = [];
    const next = !edge.named || visited.has(source) || visited.size > MAX_STEPS ? [] : this.edges.get(source)?.values() ?? [];
    for (const before of next) {
      if (onward.has(before.source)) {
        continue;
      }
      if (more.left === 0) {
        chained.push({ wildcards: false, conditions: ['through more chains of roles than are listed'], where: target.trustWhere });
        break;
      }
      more.left--;
      chained.push(...this.rows(source, before, onward, more));
    }
    return [...doors.flatMap(door => door.who), ...chained]
      .map(row => ({ ...row, conditions: [...row.conditions, ...conditions], where: target.trustWhere }));
  }

  private atoms(target: Role, source: Role): readonly Atom[] {
    const seen = new Set([target, source]);
    let last: readonly Role[] = [source];
    const all = [source];
    for (let step = 1; step <= MAX_STEPS && last.length > 0; step++) {
      const next = new Set(last.flatMap(role => [...this.edges.get(role)?.keys() ?? []].filter(other => !seen.has(other))));
      next.forEach(role => seen.add(role));
      last = [...next];
      all.push(...last);
    }
    return all.flatMap(role => (this.direct.get(role) ?? []).flatMap(door => door.atoms));
  }

  /** The door for principals that may turn out to be any role, or whose policies are not all in the input. */
  private openDoorOf(role: Role, open: readonly Principal[]): Door {
    const where = role.trustWhere;
    return {
      mechanism: 'aws-role-chain',
      where,
      who: open.map(({ identifier }) => ({ wildcards: false, conditions: [`whoever may ask as ${show(identifier)}`], where })),
      judge: (token, at) => this.openGates(role, open, this.search(role, token, at), 0),
      atoms: [],
    };
  }

  /** Whether any role lets the token in that principals may turn out to be, the given number of steps before the end. */
  private openGates(role: Role, open: readonly Principal[], search: Search, step: number): readonly Gate[] {
    const where = role.trustWhere;
    const anyone = open.filter(principal => isUncertain(principal, this.roles));
    const candidates = [...new Set([...anyone.length > 0 ? this.roles.all : [], ...anyone.length < open.length ? this.mayAsk() : []])]
      .filter(other => other !== role && other !== search.target && open.some(principal => principalVerdict(principal, other) !== 'no'));
    search.work += candidates.length;
    const may = candidates.length > MAX_WAYS || search.work > MAX_WORK || candidates.some(candidate => this.letsIn(candidate, search, step + 1)) ? 'unknown' : 'no';
    return [{
      gate: 'aws-role-chain', verdict: may, want: `a session of ${wanted(open)} that may ${ACTION} on ${show(role.arn)}`,
      have: may === 'no' ? 'no role of the input that could be it lets the token in' : 'a role of the input that could be it', where,
      remedy: may === 'no' ? `name the role in the trust policy of ${role.where.address}` : 'read the Terraform of the principals and of their policies together with this',
    }];
  }
}

function wanted(open: readonly Principal[]): string {
  return open.map(({ identifier }) => show(identifier)).join(' or ');
}

function noWay(target: Role, source: Role, token: Token): Gate {
  return {
    gate: 'aws-role-chain', verdict: 'no', want: `a session of ${show(source.arn)}`, have: show(token.get('sub')), where: target.trustWhere,
    remedy: `let the token become ${source.where.address}`,
  };
}

/** Stands for the way that is not followed because there are too many. */
function tooMany(role: Role): Way {
  return {
    gates: [{
      gate: 'aws-role-chain', verdict: 'unknown', want: `a session of ${show(role.arn)}`, have: 'more chains of roles than are followed', where: role.trustWhere,
      remedy: 'name fewer roles in the trust policies',
    }],
    before: 0, tags: NO_TAGS, tagsKnown: false,
  };
}

/** What a session brings along, as a key. */
function tagsKey({ tags, tagsKnown }: Pick<Way, 'tags' | 'tagsKnown'>): string {
  return `${tagsKnown}${keyOf(tags)}`;
}

/** The principals that may assume a role and may be of AWS; of those that are all but some, everyone. */
function awsPrincipals(role: Role): readonly Principal[] {
  return role.policy.statements
    .filter(mayAssume)
    .flatMap(({ principals: { negated, list } }) => negated ? [EVERYONE] : list.filter(({ type }) => type === 'AWS' || type === 'unknown'));
}

function mayAssume(statement: Statement): boolean {
  return statement.effect !== 'Deny' && actionVerdict(statement, ACTION) !== 'no';
}

/** Principals that do not say which role is meant. */
function openPrincipals(role: Role, roles: Roles): readonly Principal[] {
  const open = awsPrincipals(role).filter(principal => principal.identifier === '*' || accountOfRoot(principal.identifier) !== undefined
    || isUncertain(principal, roles));
  return [...new Map(open.map(principal => [keyOf(principal.identifier), principal])).values()];
}

/** Whether a principal may turn out to be any role. */
function isUncertain({ type, identifier }: Principal, roles: Roles): boolean {
  if (type === 'unknown') {
    return true;
  }
  if (identifier instanceof Unknown) {
    return !identifier.symbol.includes('aws_iam_user.');
  }
  const role = roleOfSession(identifier);
  const name = nameOfRole(role);
  // A role of the input has this very ARN, or may have it.
  return roles.ofArn(role).length === 0 && name !== undefined && partsOf(name).some(part => part instanceof Unknown);
}

/** The role of a session's ARN, `…:sts::<account>:assumed-role/<name>/<session>`; other ARNs as they are. */
function roleOfSession(arn: TextValue): TextValue {
  const parts = arnParts(arn);
  const prefix = 'assumed-role/';
  return parts !== undefined && parts[2] === 'sts' && typeof parts[5] === 'string' && parts[5].startsWith(prefix)
    ? text('arn:', parts[1], ':iam::', parts[4], ':role/', parts[5].slice(prefix.length).split('/', 1)[0]!) : arn;
}

/** Whether a principal of a trust policy is the session of a role. */
function principalVerdict({ type, identifier }: Principal, source: Role): Verdict {
  if (type === 'unknown') {
    return 'unknown';
  }
  if (type !== 'AWS' || identifier === '*') {
    return type === 'AWS' ? 'yes' : 'no';
  }
  const account = accountOfRoot(identifier);
  if (account !== undefined) {
    return source.account === undefined ? 'unknown' : equal(source.account, account);
  }
  const role = roleOfSession(identifier);
  const verdict = sameArn(role, source.arn);
  // A session has a name that the caller chooses.
  return role !== identifier && verdict === 'yes' ? 'unknown' : verdict;
}

/** Whether a resource of a policy may be more than one. */
function isBroad(resource: TextValue): boolean {
  return resource instanceof Unknown || partsOf(resource).some(part => typeof part === 'string' && /[*?$]/.test(part));
}

function conditionsOf(target: Role, source: Role): readonly string[] {
  return target.policy.statements
    .filter(statement => mayAssume(statement) && statementPrincipal(statement, { principal: candidate => principalVerdict(candidate, source) }) !== 'no')
    .flatMap(({ conditions }) => conditions.map(showCondition));
}

/** How good a way is: 2 where all gates are passed, 1 where that is not known. */
function rankOf(gates: readonly Gate[]): number {
  return gates.some(({ verdict }) => verdict === 'no') ? 0 : gates.some(({ verdict }) => verdict === 'unknown') ? 1 : 2;
}

/** How far a way gets. */
function passed({ gates }: Way): number {
  return rankOf(gates) * 1000 + gates.findIndex(({ verdict }) => verdict === 'no');
}

/** The last step of the way that gets farthest, and what does not let the token come so far: what does is said where it stands. */
function lastStep(ways: readonly Way[]): readonly Gate[] | undefined {
  if (ways.length === 0) {
    return undefined;
  }
  const { gates, before, beside = [] } = ways.reduce(farther);
  const shown = gates.filter(({ verdict }, index) => index >= before || verdict !== 'yes');
  return beside.length === 0 ? shown : shown.map((gate, index) => index === 0 ? { ...gate, beside: JSON.stringify([gate.beside, beside]) } : gate);
}

/** The way that gets farther; of two that are both unknown, it notes what the other one hangs on. */
function farther(one: Way, other: Way): Way {
  const [best, rest] = passed(other) > passed(one) ? [other, one] : [one, other];
  if (rankOf(best.gates) !== 1 || rankOf(rest.gates) !== 1) {
    return best;
  }
  const beside = new Set([...best.beside ?? [], ...rest.beside ?? [], doubtOf(rest)]);
  beside.delete(doubtOf(best));
  return { ...best, beside: [...beside].sort() };
}

/** A digest of what is unknown of a way. */
function doubtOf({ gates }: Way): string {
  const unknown = gates.filter(({ verdict }) => verdict === 'unknown').map(({ gate, want, beside }) => [gate, want, beside]);
  return createHash('sha256').update(JSON.stringify(unknown)).digest('base64');
}

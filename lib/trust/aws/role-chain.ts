import { accountOf, accountOfRoot, arnParts, nameOfRole, sameAccount, sameArn } from './arn';
import { chainContext, podTags, SessionFacts, TAGS_CLAIM } from './context';
import { Permissions, permissionOf } from './grants';
import { Association, podIdentityGates } from './pod-identity';
import { actionVerdict, Principal, Statement } from './policy';
import { Role, Roles } from './roles';
import { showCondition, trustGates } from './statements';
import { once } from './who';
import { Atom, Door, Gate, Token, Who } from '../model';
import { equal, isMap, isText, keyOf, partsOf, show, some, text, TextValue, Unknown, Verdict } from '../value';

const ACTION = 'sts:AssumeRole';
/** Longest chain of roles that is followed; each step is a call to STS. */
const MAX_STEPS = 4;
/** Most roles that are looked at one by one because they may assume any role. */
const MAX_BROAD = 20;
/** Most ways into one role that are compared. */
const MAX_WAYS = 200;
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
  readonly tagsKnown: boolean;
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
    const open = openPrincipals(role);
    if (open.length > 0) {
      role.identity.doors.push(this.openDoorOf(role, open));
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
    const rows = once(() => this.rows(target, edge, new Set([target])));
    const atoms = once(() => this.atoms(edge.source, new Set([target])));
    return {
      mechanism: 'aws-role-chain',
      where: target.trustWhere,
      through: edge.source.identity,
      get who() {
        return rows();
      },
      judge: (token, at) => lastStep(this.waysBy(target, edge, token, at, new Set([target]))) ?? [noWay(target, edge.source, token)],
      get atoms() {
        return atoms();
      },
    };
  }

  /** The ways by which a token becomes the target through one other role. */
  private waysBy(target: Role, edge: Edge, token: Token, at: number | undefined, visited: ReadonlySet<Role>): readonly Way[] {
    const { source } = edge;
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
    if (!edge.named || visited.has(source) || visited.size > MAX_STEPS) {
      return byEks;
    }
    const bySession = this.waysInto(source, token, at, visited).map((way): Way => ({
      gates: [...way.gates, ...this.stepGates(target, source, this.facts(source, way), at, false)], before: way.gates.length,
      tags: way.tags, tagsKnown: way.tagsKnown,
    }));
    return [...byEks, ...bySession];
  }

  /** The ways by which a token gets a session of a role. */
  private waysInto(role: Role, token: Token, at: number | undefined, visited: ReadonlySet<Role>): readonly Way[] {
    const direct = (this.direct.get(role) ?? []).flatMap((door): readonly Way[] => {
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
        tagsKnown: association === undefined ? door.mechanism !== 'aws-pod-identity' && !token.has(TAGS_CLAIM) : association.tagged !== 'unknown',
      }];
    });
    const onward = new Set([...visited, role]);
    const chained = [...this.edges.get(role)?.values() ?? []].flatMap(edge => this.waysBy(role, edge, token, at, onward));
    const ways = [...direct, ...chained];
    return ways.length <= MAX_WAYS ? ways : [...ways].sort((a, b) => rankOf(b.gates) - rankOf(a.gates)).slice(0, MAX_WAYS);
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
      remedy: verdict === 'yes' ? '' : `allow ${ACTION} on ${show(target.arn)} in a policy of ${source.where.address}`,
    };
  }

  /** Roles that may ask for others, for all that is known. */
  private mayAsk(): readonly Role[] {
    return [...this.permissions.incomplete, ...this.broadAssumers.size > MAX_BROAD ? this.broadAssumers : []];
  }

  private letsIn(role: Role, token: Token, at: number | undefined): Verdict {
    return (this.direct.get(role) ?? []).some(door => rankOf(door.judge(token, at)) > 0) ? 'unknown' : 'no';
  }

  private rows(target: Role, edge: Edge, visited: ReadonlySet<Role>): readonly Who[] {
    const { source } = edge;
    const conditions = [`through ${source.where.address}`, ...conditionsOf(target, source)];
    const taken = new Set(edge.associations);
    const doors = (this.direct.get(source) ?? []).filter(door => {
      const association = this.associationOf.get(door);
      return association === undefined || association.target === undefined ? edge.named : taken.has(association);
    });
    const onward = new Set([...visited, source]);
    const chained = !edge.named || visited.has(source) || visited.size > MAX_STEPS ? []
      : [...this.edges.get(source)?.values() ?? []].filter(({ source: next }) => !onward.has(next)).flatMap(next => this.rows(source, next, onward));
    return [...doors.flatMap(door => door.who), ...chained]
      .map(row => ({ ...row, conditions: [...row.conditions, ...conditions], where: target.trustWhere }));
  }

  private atoms(source: Role, visited: ReadonlySet<Role>): readonly Atom[] {
    const onward = new Set([...visited, source]);
    const next = visited.size > MAX_STEPS ? [] : [...this.edges.get(source)?.keys() ?? []].filter(other => !onward.has(other));
    const chained = next.flatMap(other => this.atoms(other, onward));
    return [...(this.direct.get(source) ?? []).flatMap(door => door.atoms), ...chained];
  }

  /** The door for principals that may turn out to be any role, or whose policies are not all in the input. */
  private openDoorOf(role: Role, open: readonly Principal[]): Door {
    const where = role.trustWhere;
    const want = open.map(({ identifier }) => show(identifier)).join(' or ');
    return {
      mechanism: 'aws-role-chain',
      where,
      who: open.map(({ identifier }) => ({ wildcards: false, conditions: [`whoever may ask as ${show(identifier)}`], where })),
      judge: (token, at) => {
        const anyone = open.some(({ identifier }) => identifier instanceof Unknown);
        const candidates = (anyone ? this.roles.all : this.mayAsk()).filter(other => other !== role);
        const may = candidates.length > MAX_WAYS ? 'unknown' : some(candidates.map(candidate => this.letsIn(candidate, token, at)));
        return [{
          gate: 'aws-role-chain', verdict: may, want: `a session of ${want} that may ${ACTION} on ${show(role.arn)}`,
          have: may === 'no' ? 'no role of the input that could be it lets the token in' : 'a role of the input that could be it', where,
          remedy: may === 'no' ? `name the role in the trust policy of ${role.where.address}` : 'read the Terraform of the principals and of their policies together with this',
        }];
      },
      atoms: [],
    };
  }
}

function noWay(target: Role, source: Role, token: Token): Gate {
  return {
    gate: 'aws-role-chain', verdict: 'no', want: `a session of ${show(source.arn)}`, have: show(token.get('sub')), where: target.trustWhere,
    remedy: `let the token become ${source.where.address}`,
  };
}

/** The principals of AWS that may assume a role. */
function awsPrincipals(role: Role): readonly Principal[] {
  return role.policy.statements
    .filter(statement => mayAssume(statement) && !statement.principals.negated)
    .flatMap(({ principals }) => principals.list.filter(({ type }) => type === 'AWS'));
}

function mayAssume(statement: Statement): boolean {
  return statement.effect !== 'Deny' && actionVerdict(statement, ACTION) !== 'no';
}

/** Principals that do not say which role is meant. */
function openPrincipals(role: Role): readonly Principal[] {
  const open = awsPrincipals(role).filter(({ identifier }) => identifier === '*' || accountOfRoot(identifier) !== undefined
    || (identifier instanceof Unknown && !identifier.symbol.includes('aws_iam_user.')));
  return [...new Map(open.map(principal => [keyOf(principal.identifier), principal])).values()];
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
    .filter(statement => mayAssume(statement) && statement.principals.list.some(principal => principalVerdict(principal, source) !== 'no'))
    .flatMap(({ conditions }) => conditions.map(showCondition));
}

/** How good a way is: 2 where all gates are passed, 1 where that is not known. */
function rankOf(gates: readonly Gate[]): number {
  return gates.some(({ verdict }) => verdict === 'no') ? 0 : gates.some(({ verdict }) => verdict === 'unknown') ? 1 : 2;
}

/** The last step of the way that gets farthest, and what does not let the token come so far: what does is said where it stands. */
function lastStep(ways: readonly Way[]): readonly Gate[] | undefined {
  if (ways.length === 0) {
    return undefined;
  }
  const passed = ({ gates }: Way) => rankOf(gates) * 1000 + gates.findIndex(({ verdict }) => verdict === 'no');
  const { gates, before } = ways.reduce((best, way) => passed(way) > passed(best) ? way : best);
  return gates.filter(({ verdict }, index) => index >= before || verdict !== 'yes');
}

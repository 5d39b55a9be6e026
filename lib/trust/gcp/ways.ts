import { Expression, isIn, Projection, Relation, same } from './cel';
import { ANYTHING, Outcome, textOutcome, truthOf } from './cel-outcome';
import { Member, NativeSelector, Selector } from './members';
import { Provider, Providers, variablesOf } from './providers';
import { startsWith, without } from './texts';
import { isMeantFor } from '../audience';
import { Atom, Door, Gate, Mechanism, Registration, Token, Where, Who } from '../model';
import { tokenTimeGate } from '../token-time';
import { at, equal, every, isText, keyOf, like, show, text, TextValue, Value, Verdict } from '../value';
import { lattice, tokenOf } from '../witness';

/** A way by which tokens become a member of IAM policies. */
export interface Way {
  readonly mechanism: Mechanism;
  readonly registration?: Registration;
  readonly atoms: readonly Atom[];
  readonly opaque: boolean;
  /** All that it compares. */
  readonly fingerprint: string;
  who(where: Where): readonly Who[];
  judge(token: Token, now: number | undefined, where: Where): readonly Gate[];
}

/**
 * Google wants `exp` and `iat`, and takes no token that was issued more than 24 hours ago. It said once that less than 48 hours may lie between them, and now
 * says of that only what is safer.
 * @see https://docs.cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
 */
const TIMES = {
  missing: { exp: 'no', iat: 'no' }, lifetime: { seconds: 48 * 3600 - 1, beyond: 'unknown' }, age: { seconds: 24 * 3600, beyond: 'no' },
} as const;

const GKE = 'https://container.googleapis.com/v1/projects/';
const SERVICE_ACCOUNT = 'system:serviceaccount:';
const MAX_ROWS = 200;

/** What of the input decides who a member is. */
export interface Surroundings {
  readonly providers: Providers;
  /** Issuers of clusters that are in a fleet, whose tokens lead to Google's own pool too. */
  readonly fleet: readonly TextValue[];
}

/** The ways to a member; none for accounts, which are behind other identities. */
export function waysTo(member: Member, surroundings: Surroundings): readonly Way[] {
  switch (member.kind) {
    case 'pool': {
      const providers = surroundings.providers.of(member.pool);
      return providers.length === 0 ? [unregistered(member.pool, member.selector, member.name)]
        : providers.map(provider => new FederatedWay(provider, member.pool, member.selector, member.name));
    }
    case 'native':
      return [native(member.project, member.selector, member.name, surroundings.fleet)];
    case 'anyone':
      return [anyone(member.name, member.authenticated ? 'unknown' : 'yes')];
    case 'unknown':
      return [anyone(member.name, 'unknown')];
    default:
      return [];
  }
}

function timeGates(token: Token, now: number | undefined, where: Where): readonly Gate[] {
  return now === undefined ? [] : [tokenTimeGate(token, now, where, TIMES)];
}

function gate(name: Gate['gate'], verdict: Verdict, want: string, have: string, where: Where, remedy: string): Gate {
  return { gate: name, verdict, want, have, where, remedy: verdict === 'yes' ? '' : remedy };
}

/** The way through a provider of the member's pool. Many members stand behind one: what each would repeat of it is made when it is asked for. */
class FederatedWay implements Way {
  public readonly mechanism = 'gcp-federation';

  constructor(
    private readonly provider: Provider, private readonly pool: TextValue, private readonly selector: Selector, private readonly name: TextValue,
  ) {}

  public get registration(): Registration {
    return this.provider.registration;
  }

  public get atoms(): readonly Atom[] {
    return [...selectorAtoms(this.provider, this.selector), ...sharedAtoms(this.provider)];
  }

  public get opaque(): boolean {
    return this.provider.isOpaque;
  }

  public get fingerprint(): string {
    const { enabled, registration, mapping, condition } = this.provider;
    return JSON.stringify([
      'gcp-federation', enabled, this.samePool, keyOf(registration.issuer), registration.audiences.map(keyOf),
      registration.keys ?? null,
      [...mapping ?? []].map(([attribute, { source }]) => [attribute, keyOf(source)]).sort(),
      condition === undefined ? null : keyOf(condition.source),
      selectorKey(this.selector),
    ]);
  }

  private get samePool(): Verdict {
    return equal(this.provider.pool, this.pool);
  }

  public who(where: Where): readonly Who[] {
    return federatedRows(this.provider, this.selector, this.name, where);
  }

  public judge(token: Token, now: number | undefined, where: Where): readonly Gate[] {
    return federatedGates(this.provider, this.selector, this.name, this.samePool, { token, now, where });
  }
}

/** What a token is judged for. */
interface Case {
  readonly token: Token;
  readonly now: number | undefined;
  readonly where: Where;
}

function federatedGates(provider: Provider, selector: Selector, name: TextValue, samePool: Verdict, { token, now, where }: Case): readonly Gate[] {
  const { registration, condition, mapping, enabled } = provider;
  const { where: place } = registration;
  const { address } = place;
  const judged = provider.judge(token);
  const issuer = `a token of ${show(registration.issuer)}${enabled === 'yes' ? '' : ', and provider and pool enabled'}`;
  const matches = every([samePool, selects(selector, judged.attributes, mapping)]);
  return [
    ...timeGates(token, now, place),
    {
      ...gate('gcp-provider', judged.issuer, issuer, `iss ${show(token.get('iss'))}`, { ...place, attribute: 'oidc' }, enabled === 'no'
        ? 'enable the provider and its pool'
        : `set oidc.issuer_uri of ${address} to the token's iss, to the letter, or give the issuer a pool of its own`),
      issuer: registration.issuer,
    },
    gate('gcp-audience', judged.audience, `audience ${registration.audiences.map(show).join(' or ')}`, `aud ${show(token.get('aud'))}`,
      { ...place, attribute: 'oidc' },
      `ask for a token with the audience ${show(registration.audiences[0])}, or add the token's to oidc.allowed_audiences of ${address}`),
    gate('gcp-mapping', judged.mapping, `claims for ${mappingText(mapping)}`, judged.trouble ?? judged.mapped, { ...place, attribute: 'attribute_mapping' },
      `change attribute_mapping of ${address} so that the token has all claims that it names`),
    gate('gcp-subject-length', judged.length, 'a google.subject of at most 127 bytes', judged.mapped, { ...place, attribute: 'attribute_mapping' },
      `shorten what google.subject is mapped from, in attribute_mapping of ${address}`),
    gate('gcp-condition', judged.condition, condition === undefined ? 'no condition' : show(condition.source),
      condition?.problem ?? comparedClaims(provider, token), { ...place, attribute: 'attribute_condition' },
      `let attribute_condition of ${address} admit the token`),
    gate('gcp-member', matches, show(name), `${judged.mapped} of pool ${show(provider.pool)}`, where, samePool === 'no'
      ? `name the pool ${show(provider.pool)} in ${where.address}` : `add a member for ${judged.mapped} beside ${where.address}`),
  ];
}

/** Most tokens that are tried, and most selectors that are compared with each. */
const [MAX_TRIED, MAX_SELECTORS] = [5_000, 1_000];
const NAMESPACE = /system:serviceaccount:([^:]+):/;
const SUBJECT = /^system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+$/;

/** Whom a provider admits who is none of the members nor of a namespace of theirs, for people; undefined where nobody was found. */
export function admittedBeside(provider: Provider, members: readonly Selector[]): string | undefined {
  const { where } = provider.registration;
  const way = new FederatedWay(provider, provider.pool, { kind: 'all' }, provider.pool);
  const door: Door = { mechanism: way.mechanism, where, who: [], atoms: way.atoms, judge: (token, now) => way.judge(token, now, where) };
  // Of a member of which no namespace can be told, it may be any.
  if (members.length > MAX_SELECTORS || !members.every(isOfKubernetes)) {
    return undefined;
  }
  const namespaces = new Set(members.flatMap(member => member.kind === 'subject' ? namespaceIn(member.value) ?? [] : []));
  const isBeside = (token: Token) => !namespaces.has(namespaceIn(token.get('sub'))!) && every(door.judge(token).map(({ verdict }) => verdict)) === 'yes'
    && members.every(member => selects(member, provider.judge(token).attributes, provider.mapping) === 'no');
  for (const token of lattice([door], { limit: MAX_TRIED }).tokens) {
    const found = serviceAccountsLike(token).find(isBeside);
    if (found !== undefined) {
      return found.get('sub') as string;
    }
  }
  return undefined;
}

/** Tokens of service accounts that are as near to a token as can be. */
function serviceAccountsLike(token: Token): readonly Token[] {
  const [sub, namespace] = [token.get('sub'), at(token, 'kubernetes.io', 'namespace')];
  if (typeof sub !== 'string') {
    return [];
  }
  const near = [`${SERVICE_ACCOUNT}any:any`, `${sub}any`, `${sub}:any`, `${sub}any:any`, `${sub}:any:any`, `${SERVICE_ACCOUNT}any${sub}`, `${SERVICE_ACCOUNT}any:any${sub}`];
  const subjects = SUBJECT.test(sub) ? [sub] : typeof namespace === 'string' ? [`${SERVICE_ACCOUNT}${namespace}:any`] : near.filter(subject => SUBJECT.test(subject));
  return subjects.map(subject => tokenOf([
    ...[...token].filter(([claim]) => claim !== 'kubernetes.io').map(([claim, value]) => [[claim], value] as const), [['sub'], subject],
  ]));
}

/** Whether a member is a Kubernetes service account, by the name of its subject. */
function isOfKubernetes(member: Selector): boolean {
  return member.kind === 'subject' && namespaceIn(member.value) !== undefined;
}

function namespaceIn(subject: Value | undefined): string | undefined {
  return typeof subject === 'string' ? NAMESPACE.exec(subject)?.[1] : undefined;
}

/** The claims that the condition compares, as the token has them. */
function comparedClaims(provider: Provider, token: Token): string {
  const claims = new Map([['sub', ['sub']]]);
  for (const { path } of provider.condition?.comparisons ?? []) {
    const claim = claimOf(provider, path)?.path.slice(1) ?? [];
    if (claim.length > 0) {
      claims.set(claim.join('.'), claim);
    }
  }
  return [...claims].map(([name, claim]) => `${name} ${show(at(token, ...claim))}`).join(', ');
}

function mappingText(mapping: Provider['mapping']): string {
  return mapping === undefined ? 'a mapping that is not known' : [...mapping].map(([attribute, { source }]) => `${attribute} = ${show(source)}`).join(', ');
}

function selectorKey(selector: Selector): readonly (string | null)[] {
  return [
    selector.kind, selector.kind === 'attribute' ? keyOf(selector.name) : null,
    selector.kind === 'subject' || selector.kind === 'group' || selector.kind === 'attribute' ? keyOf(selector.value) : null,
  ];
}

/** Whether the mapped attributes are those of the member. */
function selects(selector: Selector, attributes: ReadonlyMap<string, Outcome>, mapping: Provider['mapping']): Verdict {
  if (selector.kind === 'all') {
    return 'yes';
  }
  if (selector.kind === 'unknown' || mapping === undefined) {
    return 'unknown';
  }
  if (selector.kind === 'group') {
    const groups = attributes.get('google.groups');
    return groups === undefined ? 'no' : groups.kind === 'error' ? 'unknown' : verdictOf(isIn(textOutcome(selector.value), groups));
  }
  const attribute = selector.kind === 'subject' ? 'google.subject' : typeof selector.name === 'string' ? `attribute.${selector.name}` : undefined;
  const outcome = attribute === undefined ? ANYTHING : attributes.get(attribute);
  if (outcome === undefined) {
    return 'no';
  }
  return outcome.kind === 'error' ? 'unknown' : verdictOf(same(outcome, textOutcome(selector.value)));
}

function verdictOf(outcome: Outcome): Verdict {
  const { yes, no, error } = truthOf(outcome);
  return !yes ? 'no' : no || error ? 'unknown' : 'yes';
}

/** The claim of a token that an attribute is made of, where it is one. */
function claimOf(provider: Provider, path: readonly string[]): Projection | undefined {
  if (path[0] === 'assertion') {
    return { path, before: '', after: '', whole: true };
  }
  return path.length === 2 ? provider.mapping?.get(path.join('.'))?.projection : undefined;
}

function federatedRows(provider: Provider, selector: Selector, name: TextValue, where: Where): readonly Who[] {
  const { condition, registration } = provider;
  const { issuer, audiences } = registration;
  const row = (conditions: readonly string[], subject?: TextValue, wildcards = false): Who =>
    ({ issuer, subject, wildcards, audiences, conditions, where });
  const said = condition === undefined ? [] : [show(condition.source)];
  const projection = selector.kind === 'subject' ? claimOf(provider, ['google', 'subject']) : undefined;
  if (selector.kind === 'subject' && projection !== undefined && projection.whole && keyOf(projection.path) === keyOf(['assertion', 'sub'])) {
    const subject = without(selector.value, projection.before, projection.after);
    if (subject !== undefined) {
      return [row(admits(provider, subject) === 'yes' ? [] : said, subject)];
    }
  }
  const alternatives = selector.kind === 'all' ? condition?.alternatives?.map(comparison => {
    const claim = claimOf(provider, comparison.path);
    const bare = claim !== undefined && claim.whole && claim.before === '' && claim.after === '';
    return bare && keyOf(claim.path) === keyOf(['assertion', 'sub']) && (comparison.relation === 'equals' || comparison.relation === 'starts') ? comparison : undefined;
  }) : undefined;
  if (alternatives !== undefined && alternatives.length <= MAX_ROWS && alternatives.every(comparison => comparison !== undefined)) {
    return alternatives.map(comparison => comparison.relation === 'starts' ? row([], text(comparison.text, '*'), true) : row([], comparison.text));
  }
  return [row([selectionText(provider, selector, name), ...said])];
}

/** Whether the condition admits every token of a subject. */
function admits(provider: Provider, subject: TextValue): Verdict {
  if (provider.condition === undefined) {
    return 'yes';
  }
  const token: Outcome = { kind: 'map', entries: new Map([['sub', textOutcome(subject)]]), open: true };
  const attributes = new Map([...provider.mapping ?? []].map(([attribute, expression]) => [attribute, expression.evaluate(new Map([['assertion', token]]))]));
  return provider.condition.holds(variablesOf(token, attributes));
}

function selectionText(provider: Provider, selector: Selector, name: TextValue): string {
  switch (selector.kind) {
    case 'all':
      return `everyone in the pool ${show(provider.pool)}`;
    case 'subject':
    case 'group':
    case 'attribute': {
      const attribute = selector.kind === 'subject' ? 'google.subject' : selector.kind === 'group' ? 'google.groups' : `attribute.${show(selector.name)}`;
      const source = provider.mapping?.get(attribute)?.source;
      const value = `${selector.kind === 'group' ? 'holds' : 'is'} ${show(selector.value)}`;
      return `${attribute}${source === undefined ? ', which is not mapped,' : ` (${show(source)})`} ${value}`;
    }
    default:
      return show(name);
  }
}

/** The atoms that a comparison of a claim or attribute comes to. */
function atomsOf(provider: Provider, path: readonly string[], relation: Relation, value: TextValue): readonly Atom[] {
  const projection = claimOf(provider, path);
  if (projection === undefined || projection.path[0] !== 'assertion' || projection.path.length < 2) {
    return [];
  }
  const claim = projection.path.slice(1);
  if (relation !== 'equals') {
    return [{ claim, pattern: text(relation === 'starts' ? '' : '*', value, relation === 'ends' ? '' : '*'), wildcards: true }];
  }
  if (!projection.whole) {
    return [{ claim, pattern: text('*', projection.before, value, projection.after, '*'), wildcards: true }];
  }
  const inner = without(value, projection.before, projection.after);
  return inner === undefined ? [] : [{ claim, pattern: inner, wildcards: false }];
}

function selectorAtoms(provider: Provider, selector: Selector): readonly Atom[] {
  switch (selector.kind) {
    case 'subject':
      return atomsOf(provider, ['google', 'subject'], 'equals', selector.value);
    case 'group':
      return atomsOf(provider, ['google', 'groups'], 'equals', selector.value);
    case 'attribute':
      return typeof selector.name === 'string' ? atomsOf(provider, ['attribute', selector.name], 'equals', selector.value) : [];
    default:
      return [];
  }
}

const SHARED = new WeakMap<Provider, readonly Atom[]>();

/** The atoms of all members of a provider. */
function sharedAtoms(provider: Provider): readonly Atom[] {
  const { registration, condition, mapping } = provider;
  let atoms = SHARED.get(provider);
  if (atoms === undefined) {
    const expressions = [...condition === undefined ? [] : [condition], ...mapping?.values() ?? []];
    // A token without a mapped claim is refused, whatever it is mapped for.
    const mapped = [...mapping?.values() ?? []].map(({ projection }) => projection?.path.slice(1) ?? []).filter(claim => claim.length > 0);
    atoms = [
      { claim: ['iss'], pattern: registration.issuer, wildcards: false },
      ...registration.audiences.map(pattern => ({ claim: ['aud'], pattern, wildcards: false })),
      ...expressions.flatMap(({ comparisons }) => comparisons).flatMap(({ path, relation, text: value }) => atomsOf(provider, path, relation, value)),
      ...mapped.map(claim => ({ claim, pattern: '*', wildcards: true })),
    ];
    SHARED.set(provider, atoms);
  }
  return atoms;
}

/** The way through a pool of which the input has no provider. */
function unregistered(pool: TextValue, selector: Selector, name: TextValue): Way {
  const missing = 'its provider is not in the input';
  return {
    mechanism: 'gcp-federation',
    who: where => [{ wildcards: false, conditions: [`${show(name)}: ${missing}`], where }],
    judge: (token, now, where) => {
      const have = `iss ${show(token.get('iss'))}, sub ${show(token.get('sub'))}`;
      const remedy = `add the configuration that has the provider of the pool ${show(pool)}`;
      return [
        ...timeGates(token, now, where),
        gate('gcp-provider', 'unknown', `a provider of the pool ${show(pool)}; ${missing}`, have, where, remedy),
        ...(['gcp-audience', 'gcp-mapping', 'gcp-subject-length', 'gcp-condition'] as const)
          .map(missed => gate(missed, 'unknown', `what the provider wants; ${missing}`, have, where, remedy)),
        gate('gcp-member', selector.kind === 'all' ? 'yes' : 'unknown', `${show(name)}; how claims become it is not in the input`, have, where, remedy),
      ];
    },
    atoms: [],
    opaque: true,
    fingerprint: JSON.stringify(['gcp-federation', keyOf(pool), selectorKey(selector)]),
  };
}

/**
 * The way through Google's own pool of a project, which takes the tokens of all its GKE clusters.
 * @see https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity
 */
function native(project: TextValue, selector: NativeSelector, name: TextValue, fleet: readonly TextValue[]): Way {
  const audience = text(project, '.svc.id.goog');
  const issuer = selector.kind === 'cluster' ? selector.issuer : text(GKE, project, '/locations/*/clusters/*');
  const subject = selector.kind === 'account' ? text(SERVICE_ACCOUNT, selector.namespace, ':', selector.name)
    : selector.kind === 'namespace' ? text(SERVICE_ACCOUNT, selector.namespace, ':*') : text(SERVICE_ACCOUNT, '*');
  const wildcards = selector.kind !== 'account';
  const conditions = selector.kind === 'uid' ? [`the service account's uid is ${show(selector.uid)}`] : selector.kind === 'unknown' ? [show(name)] : [];
  return {
    mechanism: 'gcp-native',
    who: where => [{ issuer, subject, wildcards, audiences: [audience], conditions, where }],
    judge: (token, now, where) => {
      const [iss, sub, aud] = [token.get('iss'), token.get('sub'), token.get('aud')];
      const uid = at(token, 'kubernetes.io', 'serviceaccount', 'uid');
      const selected: Verdict = every([
        isText(sub) ? (wildcards ? subjectMatches(sub, selector) : equal(sub, subject)) : 'no',
        selector.kind === 'cluster' ? (isText(iss) ? equal(iss, selector.issuer) : 'no') : 'yes',
        selector.kind === 'uid' ? (isText(uid) ? equal(uid, selector.uid) : uid === undefined ? 'unknown' : 'no') : 'yes',
        selector.kind === 'unknown' ? 'unknown' : 'yes',
      ]);
      return [
        ...timeGates(token, now, where),
        gate('gcp-provider', isText(iss) ? gkeVerdict(iss, project, fleet) : 'no', `a token of a GKE cluster of the project ${show(project)}`, `iss ${show(iss)}`, where,
          `name the cluster's own project in ${where.address}, or federate its issuer through a pool of its own`),
        gate('gcp-audience', isMeantFor(aud, [audience]), `audience ${show(audience)}`, `aud ${show(aud)}`, where,
          'leave the token to the metadata server of GKE, which asks for this audience'),
        gate('gcp-member', selected, `${show(name)}: sub ${show(subject)}`, `sub ${show(sub)}`, where,
          `add a member for the service account beside ${where.address}, or run the pod as the one that it names`),
      ];
    },
    atoms: [
      { claim: ['iss'], pattern: issuer, wildcards: selector.kind !== 'cluster' },
      { claim: ['aud'], pattern: audience, wildcards: false },
      { claim: ['sub'], pattern: subject, wildcards },
      ...selector.kind === 'uid' ? [{ claim: ['kubernetes.io', 'serviceaccount', 'uid'], pattern: selector.uid, wildcards: false }] : [],
    ],
    opaque: selector.kind === 'unknown' || fleet.length > 0,
    fingerprint: JSON.stringify(['gcp-native', keyOf(issuer), keyOf(audience), keyOf(subject), selector.kind, ...conditions]),
  };
}

function subjectMatches(sub: TextValue, selector: NativeSelector): Verdict {
  return startsWith(sub, selector.kind === 'namespace' ? text(SERVICE_ACCOUNT, selector.namespace, ':') : SERVICE_ACCOUNT);
}

/** Whether an issuer is a GKE cluster of a project; one that is in a fleet may be known to the pool as well. */
function gkeVerdict(issuer: TextValue, project: TextValue, fleet: readonly TextValue[]): Verdict {
  const own = like(issuer, text(GKE, project, '/locations/*/clusters/*'), '*');
  const extra = typeof issuer === 'string' && issuer.slice(GKE.length).split('/').length !== 5;
  const verdict = own === 'no' || extra ? 'no' : own;
  return verdict === 'no' && fleet.some(other => equal(other, issuer) !== 'no') ? 'unknown' : verdict;
}

/** The way of a member that is everyone, or that is not known. */
function anyone(name: TextValue, verdict: Verdict): Way {
  return {
    mechanism: 'gcp-federation',
    who: where => [{ wildcards: false, conditions: [show(name)], where }],
    judge: (token, _, where) => [gate('gcp-member', verdict, show(name), `sub ${show(token.get('sub'))}`, where, `name the members of ${where.address} exactly`)],
    atoms: [],
    opaque: verdict === 'unknown',
    fingerprint: JSON.stringify(['gcp-anyone', keyOf(name)]),
  };
}

/** Whether the condition of a role's binding holds; what it says of the request and its resource is not known. */
export function bindingHolds(condition: TextValue | undefined): Verdict {
  if (condition === undefined) {
    return 'yes';
  }
  const names = ['request', 'resource'];
  return new Expression(condition, 12_000, names).holds(new Map(names.map(name => [name, ANYTHING])));
}

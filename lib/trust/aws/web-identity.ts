import { hostOfProvider, sameAccount, sameArn } from './arn';
import { federatedKey, GOOGLE, webIdentityContext } from './context';
import { actionVerdict, Policy, policyKey, Principal, Statement } from './policy';
import { Provider, Providers } from './providers';
import { Role } from './roles';
import { beyondLimits, rolesGates, sessionActions } from './session-claims';
import { agreedGates, Request, trustGates } from './statements';
import { audienceOf, audiencesOf, audienceVerdict, isTooLong, LIMITS, showAudience, subjectFits, timeGate } from './token';
import { conditionAtoms, distinctAtoms, exactAtoms, looksOtherwise, sessionAtoms, whoOf } from './who';
import { hostOf, issuerOf } from '../issuer';
import { Atom, Door, Gate, Mechanism, Registration, Token, Where, Who } from '../model';
import { equal, every, isText, keyOf, show, some, TextValue, Unknown, Verdict } from '../value';

const ACTION = 'sts:AssumeRoleWithWebIdentity';

/** The principal of a door: an identity provider that a trust policy names, or whoever a statement without a name lets in. */
interface Federated {
  /** As the policy has it; undefined where anyone is meant. */
  readonly identifier?: TextValue;
  /** What is in the input of it. */
  readonly provider?: Provider;
  /** The issuer without its scheme, where it can be told. */
  readonly host?: TextValue;
  /** Whether IAM knows the issuer by itself. */
  readonly builtIn: boolean;
}

/** The doors of a role for tokens of identity providers: one for each that its trust policy names. */
export function webIdentityDoors(role: Role, providers: Providers): readonly Door[] {
  const named = new Map<string, TextValue>();
  let anyone = false;
  for (const statement of role.policy.statements) {
    if (statement.effect === 'Deny') {
      continue;
    }
    for (const principal of statement.principals.negated ? [] : statement.principals.list) {
      if (isFederated(principal)) {
        named.set(keyOf(principal.identifier), principal.identifier);
      }
    }
    anyone ||= isForAnyone(statement) || statement.problems.length > 0;
  }
  const federated = [...named.values()].map(identifier => federatedOf(identifier, role, providers));
  if (anyone || role.policy.problems.length > 0) {
    federated.push({ builtIn: false });
  }
  return federated.map(principal => doorOf(role, principal, providers));
}

/** Whether a statement lets in whoever has a token, without a name for the provider. */
function isForAnyone(statement: Statement): boolean {
  const { negated, list } = statement.principals;
  return actionVerdict(statement, ACTION) !== 'no' && (negated || list.some(isEveryone));
}

function isEveryone({ type, identifier }: Principal): boolean {
  return identifier === '*' && (type === 'AWS' || type === 'Federated');
}

function isFederated({ type, identifier }: Principal): boolean {
  return (type === 'Federated' && identifier !== '*' && !(typeof identifier === 'string' && identifier.includes(':saml-provider/')))
    || (type === 'unknown' && identifier instanceof Unknown);
}

function federatedOf(identifier: TextValue, role: Role, providers: Providers): Federated {
  const arnHost = hostOfProvider(identifier);
  if (arnHost === undefined && typeof identifier === 'string' && !identifier.startsWith('arn:')) {
    return { identifier, host: identifier, builtIn: true };
  }
  const provider = providers.ofArn(identifier, role.arn);
  return { identifier, provider, host: provider === undefined ? arnHost : hostOf(provider.issuer), builtIn: false };
}

function doorOf(role: Role, federated: Federated, providers: Providers): Door {
  const { policy, trustWhere: where } = role;
  const { provider } = federated;
  const statements = policy.statements.filter(statement => statement.effect !== 'Deny' && isAbout(statement, federated));
  const host = federated.host ?? hostOfKeys(policy, statements);
  const issuer = host === undefined ? undefined : provider?.issuer ?? issuerOf(host);
  const who = whoOf(statements, { issuer, host, clientIds: provider?.clientIdsKnown === true ? provider.audiences : undefined, where });
  return new WebIdentityDoor(role, federated, providers, host, issuer, who);
}

/** A door for tokens of an identity provider. There are many, and what is asked of few of them is made when it is asked for. */
class WebIdentityDoor implements Door {
  private differences: readonly Atom[] | undefined;

  constructor(
    private readonly role: Role, private readonly federated: Federated, private readonly providers: Providers,
    private readonly host: TextValue | undefined, private readonly issuer: TextValue | undefined, public readonly who: readonly Who[],
  ) {}

  public get mechanism(): Mechanism {
    return this.host === GOOGLE ? 'aws-google' : 'aws-oidc';
  }

  public get where(): Where {
    return this.role.trustWhere;
  }

  public get registration(): Registration | undefined {
    return this.federated.provider;
  }

  public get opaque(): true | undefined {
    return looksOtherwise(this.role.policy) ? true : undefined;
  }

  public get atoms(): readonly Atom[] {
    const { issuer, host, federated: { builtIn, provider } } = this;
    this.differences ??= distinctAtoms([
      ...issuer === undefined ? [] : exactAtoms('iss', [issuer, ...host === GOOGLE ? [GOOGLE] : []]),
      ...builtIn ? [] : ['aud', 'azp'].flatMap(claim => exactAtoms(claim, provider?.audiences ?? [])),
      ...conditionAtoms(this.role.policy),
      ...sessionAtoms(this.role.policy, this.role.arn),
      { claim: ['sub'], pattern: `${'?'.repeat(LIMITS.subject[0])}*`, wildcards: true },
    ]);
    return this.differences;
  }

  public get fingerprint(): string | undefined {
    const { role, federated: { identifier, builtIn, provider } } = this;
    // Without a name in the policy, all providers of the account are compared.
    return identifier === undefined ? undefined : JSON.stringify([
      identifier, builtIn, this.host,
      provider && [provider.name, provider.issuer, provider.audiences, provider.clientIdsKnown],
      ownAccount(role, this.federated), policyKey(role.policy),
    ]);
  }

  public judge(token: Token, at?: number): readonly Gate[] {
    return judge(this.role, this.federated, this.providers, token, at);
  }
}

/** Whether a statement names the door's principal. */
function isAbout(statement: Statement, { identifier }: Federated): boolean {
  if (statement.problems.length > 0) {
    return true;
  }
  if (identifier === undefined) {
    return isForAnyone(statement);
  }
  const { negated, list } = statement.principals;
  return !negated && list.some(principal => isFederated(principal) && keyOf(principal.identifier) === keyOf(identifier));
}

/** The host that the conditions are about, where they are all about one: a provider whose ARN is not known is told by them. */
function hostOfKeys({ problems }: Policy, statements: readonly Statement[]): TextValue | undefined {
  const hosts = new Map(statements.flatMap(({ conditions }) => conditions).flatMap(({ key }) => {
    const host = federatedKey(key)?.host;
    return host === undefined ? [] : [[keyOf(host), host] as const];
  }));
  return problems.length === 0 && hosts.size === 1 ? [...hosts.values()][0] : undefined;
}

function judge(role: Role, federated: Federated, providers: Providers, token: Token, at: number | undefined): readonly Gate[] {
  const iss = token.get('iss');
  const issuer = isText(iss) ? iss : undefined;
  const actual = issuer === undefined ? undefined : providers.ofIssuer(issuer, role.arn);
  const registered = withSession(withSubject(registeredGate(role, federated, providers, token, actual), token), token);
  const hosts = issuer === undefined ? [] : [hostOf(issuer)];
  // Where the token is of this provider, what the policy calls it is the token's issuer; where it is not, another gate says so.
  if (federated.host !== undefined && hosts.some(host => equal(host, federated.host!) !== 'no')) {
    hosts.push(federated.host);
  }
  const who = showWho(federated, issuer, actual);
  const context = webIdentityContext({ token, hosts, role: role.arn }, at);
  const needed = sessionActions(token);
  const gates = (actions: readonly string[]) => {
    const request: Request = { principal: principal => principalVerdict(principal, role, federated, issuer, actual), who, actions, context };
    return trustGates({ policy: role.policy, where: role.trustWhere }, request, statement => isAbout(statement, federated));
  };
  // Where it is not known whether an action is needed, the policy must say the same with it and without it.
  const all = gates([ACTION, ...needed.map(({ action }) => action)]);
  const sure = needed.filter(({ needed: verdict }) => verdict === 'yes').map(({ action }) => action);
  return [
    ...at === undefined ? [] : [timeGate(token, at, role.trustWhere)],
    registered,
    clientIdGate(role, federated, token, actual),
    ...rolesGates(token, role.arn, role.trustWhere),
    ...sure.length === needed.length ? all : agreedGates(all, gates([ACTION, ...sure])),
  ];
}

/**
 * That IAM knows the token's issuer in the role's account.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
 */
function registeredGate(role: Role, federated: Federated, providers: Providers, token: Token, actual: Provider | undefined): Gate {
  const iss = token.get('iss');
  const { provider, builtIn, host } = federated;
  const where = provider?.where ?? role.trustWhere;
  const have = show(iss);
  const sub = token.get('sub');
  if (!isText(iss) || (token.has('sub') && !isText(sub))) {
    return {
      gate: 'aws-provider', verdict: 'no', want: 'a token whose iss and sub are texts', have: `iss ${have}, sub ${show(sub)}`, where,
      remedy: 'use a token of an OIDC issuer', fault: 'form',
    };
  }
  if (isTooLong(token)) {
    return {
      gate: 'aws-provider', verdict: 'no', want: `a token of at most ${LIMITS.token} characters`, have: 'claims that take more', where,
      remedy: 'leave claims out of the token', fault: 'size',
    };
  }
  if (builtIn) {
    return {
      gate: 'aws-provider', verdict: builtInVerdict(host!, iss), want: `a token of ${show(host)}, which is built into IAM`, have, where,
      remedy: builtInVerdict(host!, iss) === 'yes' ? '' : `use a token of ${show(host)}, or trust the provider of ${have}`,
    };
  }
  const wanted = provider?.issuer ?? (host === undefined ? undefined : issuerOf(host));
  const same = wanted === undefined ? 'unknown' : equal(wanted, iss);
  const own = ownAccount(role, federated);
  // A token of another provider that is registered gets past this gate, and fails at the next.
  const other = actual === undefined ? 'no' : every([equal(actual.issuer, iss), sameAccount(actual.name, role.arn)]);
  const others = other === 'no' ? anotherMayBe(federated, providers, iss) : other;
  const verdict = federated.identifier === undefined || same === 'no' ? others : every([same, own]);
  return {
    gate: 'aws-provider', verdict, want: wantedProvider(federated, wanted, own), have, where,
    remedy: verdict === 'yes' ? '' : providerRemedy(role, federated, have, same),
  };
}

/** The gate for a token whose subject may have no room in STS's answer: then nothing says that it gets past. */
function withSubject(gate: Gate, token: Token): Gate {
  const sub = token.get('sub');
  const [least, most] = LIMITS.subject;
  return gate.verdict !== 'yes' || subjectFits(sub) === 'yes' ? gate : {
    ...gate, verdict: 'unknown', want: `a sub of ${least} to ${most} characters`,
    have: sub === undefined ? 'no sub' : `${typeof sub === 'string' ? `${[...sub].length} characters` : 'more'}: ${show(sub)}`,
    remedy: `give namespace and service account names that make a sub of ${least} to ${most} characters: STS's answer has room for no other, and AWS does not say what becomes of it`,
    fault: 'form',
  };
}

/** The gate for a token that has STS do with the session what it does not document to take: nothing says that it gets past. */
function withSession(gate: Gate, token: Token): Gate {
  const beyond = gate.verdict === 'yes' ? beyondLimits(token) : undefined;
  return beyond === undefined ? gate : {
    ...gate, verdict: 'unknown', want: `in ${beyond.claim} ${beyond.want}`, have: beyond.have, fault: 'form',
    remedy: `let the issuer put into ${beyond.claim} only what AWS documents for it, as it does not say what becomes of anything else`,
  };
}

/** Whether the provider is in the role's account; unknown of one that the input does not have. */
function ownAccount(role: Role, { provider, identifier }: Federated): Verdict {
  return provider === undefined || identifier === undefined ? 'unknown'
    : every([sameAccount(provider.name, role.arn), accountVerdict(identifier, role)]);
}

/** Without a name in the policy, any provider of the account will do, also one that the input does not have. */
function anotherMayBe({ identifier }: Federated, providers: Providers, iss: TextValue): Verdict {
  return identifier === undefined || providers.mayBeUnknown(iss) ? 'unknown' : 'no';
}

function builtInVerdict(host: TextValue, iss: TextValue): Verdict {
  // Google's tokens have been issued with and without the scheme.
  return host === GOOGLE && iss === GOOGLE ? 'yes' : equal(issuerOf(host), iss);
}

function accountVerdict(identifier: TextValue, role: Role): Verdict {
  return identifier instanceof Unknown ? 'yes' : sameAccount(identifier, role.arn);
}

function wantedProvider({ identifier, provider }: Federated, wanted: TextValue | undefined, own: Verdict): string {
  const issuer = wanted === undefined ? 'an issuer that is registered' : `a token of ${show(wanted)}`;
  return identifier === undefined ? `${issuer} in the account of the role`
    : provider === undefined ? `${issuer}, registered in the account of the role as ${show(identifier)}, which the input does not have`
      : own === 'yes' ? issuer : `${issuer}, registered in the account of the role`;
}

function providerRemedy(role: Role, { provider, identifier }: Federated, iss: string, same: Verdict): string {
  if (provider === undefined || identifier === undefined) {
    return `register ${iss} by an aws_iam_openid_connect_provider in the account of ${role.where.address}, or read the Terraform that does`;
  }
  return same === 'no'
    ? `change url of ${provider.where.address} to "${iss}", or register that issuer by a provider of its own and trust it in ${role.where.address}`
    : `make sure that ${provider.where.address} is in the account of ${role.where.address}`;
}

function clientIdGate(role: Role, federated: Federated, token: Token, actual: Provider | undefined): Gate {
  const audience = audienceOf(token);
  // A token of another provider does not get in here, whatever that one's list is.
  const provider = federated.builtIn ? undefined : federated.identifier === undefined ? actual : federated.provider ?? actual;
  const where = provider === undefined ? role.trustWhere : { ...provider.where, attribute: 'client_id_list' };
  const have = showAudience(token);
  if (audience.values.length === 0) {
    return { gate: 'aws-client-id', verdict: 'no', want: 'a token with an audience', have, where, remedy: 'ask for a token with an audience' };
  }
  if (federated.builtIn) {
    return {
      gate: 'aws-client-id', verdict: audience.certain ? 'yes' : 'unknown', want: 'any one audience, as the provider is built into IAM', have, where,
      remedy: audience.certain ? '' : 'ask for a token with one audience',
    };
  }
  if (provider === undefined || !provider.clientIdsKnown) {
    return {
      gate: 'aws-client-id', verdict: 'unknown', want: 'a client id of the provider, whose list is not known', have, where,
      remedy: 'read the Terraform that registers the provider together with this',
    };
  }
  const verdict = audienceVerdict(audience, provider.audiences);
  // Which provider it is may not be known, and another one may have another list.
  const sure = sameAccount(provider.name, role.arn) === 'yes' || keyOf(provider.name) === keyOf(federated.identifier ?? '');
  if (verdict === 'yes' && sure && some(audiencesOf(token).flatMap(value => audience.values.map(party => equal(value, party)))) !== 'yes') {
    return {
      gate: 'aws-client-id', verdict: 'unknown', want: `the audience ${audience.values.map(show).join(' or ')} too, as AWS does not say what it makes of another beside azp`, have, where,
      remedy: 'ask for a token with one audience',
    };
  }
  return {
    gate: 'aws-client-id', verdict: sure ? verdict : 'unknown', want: provider.audiences.map(show).join(' or ') || 'no audience at all', have, where,
    remedy: verdict === 'yes' ? '' : audience.values.length === 1
      ? `ask for a token for ${provider.audiences.map(id => `"${show(id)}"`).join(' or ')}, or add "${show(audience.values[0])}" to client_id_list of ${provider.where.address}`
      : 'ask for a token with one audience',
  };
}

/** Whether a principal of a policy is the token's identity provider. */
function principalVerdict(
  { type, identifier }: Principal, role: Role, federated: Federated, issuer: TextValue | undefined, actual: Provider | undefined,
): Verdict {
  if (type === 'unknown') {
    return 'unknown';
  }
  if (isEveryone({ type, identifier })) {
    return 'yes';
  }
  if (type !== 'Federated') {
    return 'no';
  }
  if (issuer === undefined) {
    return federated.identifier === undefined ? 'unknown' : equal(identifier, federated.identifier);
  }
  const host = hostOfProvider(identifier);
  if (host === undefined && typeof identifier === 'string') {
    return identifier.startsWith('arn:') ? 'no' : builtInVerdict(identifier, issuer);
  }
  const named = host === undefined ? 'unknown' : equal(host, hostOf(issuer));
  // The issuer is registered in the role's account by another name, so that this one is of another account.
  if (actual !== undefined && named !== 'no' && sameArn(actual.name, identifier) === 'no') {
    return sameAccount(actual.name, role.arn) === 'yes' ? 'no' : 'unknown';
  }
  const provider = federated.identifier !== undefined && keyOf(identifier) === keyOf(federated.identifier) ? federated.provider : undefined;
  if (provider !== undefined) {
    return equal(provider.issuer, issuer);
  }
  return named;
}

function showWho({ identifier, builtIn }: Federated, issuer: TextValue | undefined, actual: Provider | undefined): string {
  if (builtIn && issuer !== undefined && builtInVerdict(identifier!, issuer) === 'yes') {
    return show(identifier);
  }
  return actual === undefined ? `the provider of ${show(issuer)}` : show(actual.name);
}

import { isKubernetesAudience } from './audiences';
import { Say } from './finding';
import { isCluster } from './issuers';
import { breadthOf, mayBeServiceAccount, sharedService } from './subjects';
import { hostOfProvider } from '../aws/arn';
import { parseOperator } from '../aws/conditions';
import { federatedKey, GOOGLE } from '../aws/context';
import { actionVerdict, Condition, lower, Statement } from '../aws/policy';
import { Provider, Providers } from '../aws/providers';
import { Role } from '../aws/roles';
import { named, showCondition } from '../aws/statements';
import { hostOf, issuerOf } from '../issuer';
import { Where } from '../model';
import { equal, keyOf, partsOf, show, TextValue, Unknown } from '../value';
import { hasWildcard } from '../witness';

const EXCHANGE = 'sts:AssumeRoleWithWebIdentity';
/** Claims that tell the customers of a shared issuer apart as well as sub does. */
const NARROW = new Set(['repository', 'repository_id', 'job_workflow_ref', 'email']);
/** Providers that are built into IAM, and call their audience otherwise. */
const APP_IDS = new Set(['graph.facebook.com', 'www.amazon.com']);

/** What a statement is about: the issuer of one of its principals. */
interface Subject {
  readonly role: Role;
  readonly statement: Statement;
  readonly where: Where;
  readonly host?: TextValue;
  readonly provider?: Provider;
  readonly builtIn: boolean;
  readonly say: Say;
}

/** A condition on a claim, with what its operator makes of it. */
interface On {
  readonly condition: Condition;
  readonly strength: 'strong' | 'for-all' | 'if-exists' | 'other';
  readonly wildcards: boolean;
  /** Whether it is known to be on the claim, and not on something that only Terraform knows. */
  readonly sure: boolean;
}

/** Looks at whom the trust policy of a role lets in, and says which OIDC providers it names. */
export function checkTrustPolicy(role: Role, providers: Providers, say: Say): readonly Provider[] {
  const used: Provider[] = [];
  const { policy, trustWhere: where } = role;
  for (const statement of policy.statements) {
    if (statement.effect !== 'Allow' || statement.problems.length > 0) {
      continue;
    }
    checkPrincipals(role, statement, say);
    const exchanges = actionVerdict(statement, EXCHANGE) !== 'no';
    for (const { type, identifier } of statement.principals.negated ? [] : statement.principals.list) {
      if (type !== 'Federated' || identifier === '*' || (typeof identifier === 'string' && identifier.includes(':saml-provider/'))) {
        continue;
      }
      const provider = providers.ofArn(identifier, role.arn);
      if (provider !== undefined) {
        used.push(provider);
      }
      if (!exchanges) {
        continue;
      }
      const builtIn = typeof identifier === 'string' && !identifier.startsWith('arn:');
      const host = builtIn ? identifier : provider === undefined ? hostOfProvider(identifier) : hostOf(provider.issuer);
      checkFederated({ role, statement, where, builtIn, say, ...host !== undefined && { host }, ...provider !== undefined && { provider } });
    }
  }
  return used;
}

function checkPrincipals({ trustWhere: where }: Role, statement: Statement, say: Say): void {
  const conditions = statement.conditions.map(showCondition).join(' and ');
  if (statement.principals.negated) {
    say('not-principal', { where, key: keyOfStatement(statement), message: `${named(statement)} is for everyone but those that it names${conditions === '' ? '' : `, if ${conditions}`}` });
    return;
  }
  const everyone = statement.principals.list.find(({ type, identifier }) => identifier === '*' && (type === 'AWS' || type === 'Federated'));
  if (everyone !== undefined) {
    const exchanges = actionVerdict(statement, EXCHANGE) !== 'no';
    say('any-principal', {
      where, key: keyOfStatement(statement), level: exchanges || conditions === '' ? 'error' : 'warning',
      message: `${named(statement)} is for every ${everyone.type === 'AWS' ? 'principal of AWS' : 'identity provider'}${conditions === '' ? ' without a condition: anyone can become the role' : `: whoever meets ${conditions} becomes the role`}`,
    });
  }
}

function checkFederated(subject: Subject): void {
  const { statement, where, host, say, builtIn } = subject;
  checkActions(subject);
  checkForeignKeys(subject);
  checkSets(subject);
  const google = host === GOOGLE;
  if (google || !builtIn) {
    checkSubject(subject);
  }
  if (google && !checkAudience(subject, 'oaud')) {
    say('google-id-token-without-oaud', {
      where, key: keyOfStatement(statement),
      message: 'the role takes every ID token of the Google service account, whatever audience it was made for: any service that gets one from it can become the role. aud, which IAM reads from azp, does not say for whom it was made',
      remedy: 'compare accounts.google.com:oaud with the audience that the workload asks for',
    });
  }
  if (!checkAudience(subject, typeof host === 'string' && APP_IDS.has(host) ? 'app_id' : 'aud')) {
    sayMissingAudience(subject);
  }
}

function checkActions({ statement, where, say }: Subject): void {
  const { negated, list } = statement.actions;
  const others = list.filter(action => typeof action !== 'string' || action.toLowerCase() !== EXCHANGE.toLowerCase());
  if (negated || others.length > 0) {
    say('second-action', {
      where, key: keyOfStatement(statement),
      message: `${named(statement)} allows ${negated ? `all actions but ${list.map(show).join(', ')}` : others.map(show).join(', ')} to whoever has a token, beside ${EXCHANGE}`,
    });
  }
}

/** Conditions on claims of an issuer whose tokens the statement does not take. */
function checkForeignKeys({ statement, where, host, say }: Subject): void {
  if (host === undefined) {
    return;
  }
  for (const condition of statement.conditions) {
    const key = federatedKey(condition.key);
    if (key === undefined || equal(lower(key.host), lower(host)) !== 'no') {
      continue;
    }
    const { ifExists, base, set } = parseOperator(condition.operator);
    const passes = ifExists || set === 'forallvalues' || base?.negated === true;
    say('condition-of-another-issuer', {
      where, key: `${keyOfStatement(statement)} ${keyOf(condition.key)}`,
      message: `${named(statement)} compares ${show(condition.key)}, and tokens of ${show(host)} have no such key: ${passes ? `${condition.operator} is met by every one of them` : 'none of them is taken'}`,
      remedy: `write ${show(host)}:${key.claim}`,
    });
  }
}

/** Operators that are true where the claim is missing, and that nothing else makes up for. */
function checkSets(subject: Subject): void {
  const { statement, where, say } = subject;
  for (const condition of statement.conditions) {
    const key = federatedKey(condition.key);
    if (key === undefined || !isOurs(condition, subject)) {
      continue;
    }
    const { strength } = on(condition);
    if ((strength !== 'for-all' && strength !== 'if-exists') || conditionsOn(subject, key.claim).some(other => other.strength === 'strong')) {
      continue;
    }
    const rule = strength === 'for-all' ? 'for-all-values' : 'if-exists';
    const pins = ['sub', 'aud', 'oaud'].includes(key.claim);
    say(rule, {
      where, key: `${keyOfStatement(statement)} ${keyOf(condition.key)}`, level: pins ? 'error' : 'warning',
      message: `${showCondition(condition)} is true for a token without ${key.claim}: it does not keep out whoever has one`,
      remedy: `use ${condition.operator.replace(/^ForAllValues:/i, '').replace(/IfExists$/i, '')}`,
    });
  }
}

function checkSubject(subject: Subject): void {
  const { statement, where, say } = subject;
  const issuer = issuerOfSubject(subject);
  const found = conditionsOn(subject, 'sub');
  const strong = found.filter(({ strength }) => strength === 'strong');
  if (strong.length === 0) {
    const excused = found.some(({ strength }) => strength === 'for-all' || strength === 'if-exists') || denies(subject, 'sub') || isNarrow(subject);
    if (!excused) {
      const negated = found.length > 0 ? `${found.map(({ condition }) => showCondition(condition)).join(' and ')} names none that is let in` : 'it has no condition on sub';
      const service = sharedService(issuer);
      say('missing-sub', {
        where, key: keyOfStatement(statement),
        message: `${named(statement)} admits every subject of ${issuer === undefined ? 'the issuer' : show(issuer)}, as ${negated}: ${
          service !== undefined ? `anyone with an account at ${service}` : isCluster(issuer) ? 'whoever may create a pod anywhere in the cluster' : 'whoever has any token of it'} becomes the role`,
      });
    }
    return;
  }
  // All conditions must hold, so that the narrowest says who is let in.
  const exact = strong.find(({ condition, wildcards }) => !wildcards || !condition.values.some(hasWildcard));
  for (const one of strong.filter(({ sure }) => sure)) {
    checkSpelling(subject, one, 'sub');
    if (exact === undefined) {
      for (const value of one.condition.values) {
        const breadth = breadthOf(value, issuer);
        if (breadth !== undefined && strong.length === 1) {
          say(breadth.rule, {
            where, key: `${keyOfStatement(statement)} ${keyOf(value)}`, ...breadth.level !== undefined && { level: breadth.level },
            message: `${showCondition({ ...one.condition, values: [value] })} admits ${breadth.whom}`,
          });
        }
      }
    }
    checkShape(subject, one, issuer);
  }
  if (exact === undefined && strong.length > 1) {
    say('wildcard-sub', { where, key: keyOfStatement(statement), message: `${named(statement)} admits every subject that matches ${strong.map(({ condition }) => showCondition(condition)).join(' and ')}` });
  }
}

/** Subjects that no cluster issues. */
function checkShape({ statement, where, say }: Subject, { condition, wildcards }: On, issuer: TextValue | undefined): void {
  if (!isCluster(issuer)) {
    return;
  }
  for (const value of condition.values) {
    if (!(wildcards && hasWildcard(value)) && !mayBeServiceAccount(value)) {
      say('not-a-kubernetes-subject', {
        where, key: `${keyOfStatement(statement)} ${keyOf(value)}`,
        message: `no token of ${show(issuer)} has the sub ${show(value)}: those of its service accounts are system:serviceaccount:<namespace>:<name>`,
      });
    }
  }
}

/** Looks at a claim that says for whom the token is; gives whether there is a condition on it. */
function checkAudience(subject: Subject, claim: string): boolean {
  const { statement, where, say } = subject;
  const found = conditionsOn(subject, claim);
  const strong = found.filter(({ strength }) => strength === 'strong');
  const exact = strong.some(({ condition, wildcards }) => !wildcards || !condition.values.some(hasWildcard));
  for (const one of strong.filter(({ sure }) => sure)) {
    checkSpelling(subject, one, claim);
    for (const value of one.condition.values) {
      if (one.wildcards && hasWildcard(value) && !exact) {
        say('wildcard-aud', {
          where, key: `${keyOfStatement(statement)} ${claim} ${keyOf(value)}`,
          message: `${showCondition({ ...one.condition, values: [value] })} takes tokens that were made for any audience that matches: whoever gets one of them from the workload can become the role`,
        });
      } else if (isKubernetesAudience(value, issuerOfSubject(subject))) {
        say('kubernetes-api-audience', {
          where, key: `${keyOfStatement(statement)} ${keyOf(value)}`,
          message: `${show(value)} is an audience of the tokens that pods get without asking: whoever sees one of those becomes the role`,
        });
      }
    }
  }
  return strong.length > 0 || found.some(({ strength }) => strength === 'for-all' || strength === 'if-exists') || denies(subject, claim);
}

function sayMissingAudience(subject: Subject): void {
  const { statement, where, say, provider, host } = subject;
  const google = host === GOOGLE;
  const ids = provider?.clientIdsKnown === true ? provider.audiences : undefined;
  const pinned = google && ['sub', 'oaud'].every(claim => conditionsOn(subject, claim).some(({ strength }) => strength === 'strong'));
  const taken = google ? 'of any client, as accounts.google.com:aud is not compared'
    : ids === undefined ? 'for whatever audience the provider takes, which is not in the input' : `for ${ids.length === 0 ? 'no audience' : ids.map(show).join(' or ')}, as the provider takes them`;
  say('missing-aud', {
    where, key: keyOfStatement(statement), level: pinned ? 'note' : ids?.length === 1 ? 'warning' : 'error',
    message: `${named(statement)} takes tokens ${taken}: ${pinned ? 'it says no more than sub does, and a reader has to know that' : ids?.length === 1 ? 'an audience that is added to the provider later is taken here as well' : 'a token that the workload gave to another service is taken here as well'}`,
  });
}

/** Wildcards where there are none, and operators for them without one. */
function checkSpelling({ statement, where, say }: Subject, { condition, wildcards }: On, claim: string): void {
  const key = `${keyOfStatement(statement)} ${claim}`;
  if (!wildcards) {
    for (const value of condition.values.filter(one => partsOf(one).some(part => typeof part === 'string' && part.replace(/\$\{[*?$]\}/g, '').includes('*')))) {
      say('literal-wildcard', {
        where, key: `${key} ${keyOf(value)}`,
        message: `${condition.operator} compares ${claim} with ${show(value)} to the letter, and no token has a * there: nobody is let in by it`,
      });
    }
  } else if (!condition.values.some(hasWildcard) && condition.values.every(value => typeof value === 'string') && /stringlike/i.test(condition.operator)) {
    say('string-like-without-wildcard', { where, key, message: `${showCondition(condition)} has no wildcard, and says what StringEquals says` });
  }
}

function issuerOfSubject({ provider, host }: Subject): TextValue | undefined {
  return provider?.issuer ?? (host === undefined ? undefined : issuerOf(host));
}

function conditionsOn(subject: Subject, claim: string): readonly On[] {
  return subject.statement.conditions.flatMap((condition): On[] => {
    const key = federatedKey(condition.key);
    // What is on a key that is not known may be on this claim.
    return key === undefined ? endsUnknown(condition.key) ? [{ condition, strength: 'strong', wildcards: false, sure: false }] : []
      : key.claim === claim && isOurs(condition, subject) ? [on(condition)] : [];
  });
}

function endsUnknown(key: TextValue): boolean {
  return partsOf(key).at(-1) instanceof Unknown;
}

/** Whether a condition may be on a claim of the tokens that the statement takes. */
function isOurs({ key }: Condition, { host }: Subject): boolean {
  const federated = federatedKey(key);
  return federated !== undefined && (host === undefined || equal(lower(federated.host), lower(host)) !== 'no');
}

function on(condition: Condition): On {
  const { set, ifExists, base, isNull } = parseOperator(condition.operator);
  const wildcards = base?.wildcards ?? false;
  if (condition.unreadable || (base === undefined && !isNull)) {
    // It may say anything, also what it should.
    return { condition, wildcards, sure: false, strength: 'strong' };
  }
  const positive = base !== undefined && !base.negated && base.variables;
  return { condition, wildcards, sure: true, strength: !positive ? 'other' : set === 'forallvalues' ? 'for-all' : ifExists ? 'if-exists' : 'strong' };
}

/** Whether a Deny statement keeps out all but certain values of a claim: without it, the request is denied. */
function denies(subject: Subject, claim: string): boolean {
  return subject.role.policy.statements.some(statement => statement.effect === 'Deny' && actionVerdict(statement, EXCHANGE) === 'yes' && statement.conditions.length === 1
    && statement.conditions.some(condition => {
      const { base, ifExists, set } = parseOperator(condition.operator);
      return federatedKey(condition.key)?.claim === claim && isOurs(condition, subject) && base?.negated === true && !ifExists && set === undefined;
    }));
}

/** Whether another claim tells customers apart. */
function isNarrow(subject: Subject): boolean {
  return [...NARROW].some(claim => conditionsOn(subject, claim).some(({ strength, wildcards, condition, sure }) => sure && strength === 'strong'
    && !(wildcards && condition.values.some(value => /^[*?]/.test(show(value))))));
}

function keyOfStatement({ sid, principals, conditions }: Statement): string {
  const compared = conditions.map(({ operator, key }) => `${operator} ${keyOf(key)}`);
  return sid ?? JSON.stringify([principals.list.map(({ identifier }) => keyOf(identifier)).sort(), compared.sort()]);
}

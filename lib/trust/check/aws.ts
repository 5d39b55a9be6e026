import { isKubernetesAudience } from './audiences';
import { checkTrustPolicy } from './aws-trust';
import { Say } from './finding';
import { IssuerPlace } from './issuers';
import { hostOfProvider, sameAccount } from '../aws/arn';
import { parseOperator } from '../aws/conditions';
import { federatedKey } from '../aws/context';
import { readAssociations, SERVICE as PODS } from '../aws/pod-identity';
import { actionVerdict, Condition, lower } from '../aws/policy';
import { Provider, Providers, readProviders } from '../aws/providers';
import { readRoles, Role, Roles } from '../aws/roles';
import { hostOf, issuerOf } from '../issuer';
import { Terraform } from '../model';
import { equal, isList, isText, keyOf, partsOf, show, TextValue, Unknown, Value } from '../value';

/** @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const [QUOTA, MOST] = [2048, 8192];
const NEAR = 0.8;
/** What names the service account of a session by EKS Pod Identity, and the keys that say it, the first of which is the one to compare. */
const POD_KEYS: readonly (readonly [what: string, key: string, ...others: string[]])[] = [
  ['cluster', 'aws:requesttag/eks-cluster-arn', 'aws:requesttag/eks-cluster-name', 'aws:sourcearn'],
  ['namespace', 'aws:requesttag/kubernetes-namespace'],
  ['service account', 'aws:requesttag/kubernetes-service-account'],
];

/** Looks at roles and OIDC providers of AWS; gives the places that name issuers. */
export function checkAws(terraform: Terraform, say: Say): readonly IssuerPlace[] {
  const { providers } = readProviders(terraform);
  const { roles } = readRoles(terraform);
  const used = new Map<string, Role[]>();
  const places: IssuerPlace[] = providers.all.map(({ issuer, where }) => ({ issuer, where: { ...where, attribute: 'url' } }));
  for (const role of roles.all) {
    for (const provider of checkTrustPolicy(role, providers, say)) {
      const users = used.get(keyOf(provider.name));
      users === undefined ? used.set(keyOf(provider.name), [role]) : users.push(role);
      checkAccount(role, provider, say);
    }
    places.push(...unregistered(role, providers));
    checkSize(role, say);
  }
  // A statement that cannot be read, or that is for everyone, may be for any provider.
  const readable = roles.all.every(({ policy }) => policy.problems.length === 0 && policy.statements.every(({ problems, effect, principals }) => (
    problems.length === 0 && (effect === 'Deny' || !(principals.negated || principals.list.some(({ identifier }) => identifier === '*' || identifier instanceof Unknown))))));
  for (const provider of providers.all) {
    checkProvider(provider, used.get(keyOf(provider.name)) ?? [], readable, say);
  }
  checkThumbprints(terraform, say);
  checkPods(terraform, roles, say);
  return places;
}

/** Issuers that a trust policy names, and that the input does not register. */
function unregistered({ policy, arn, trustWhere }: Role, providers: Providers): readonly IssuerPlace[] {
  return policy.statements.filter(({ effect }) => effect === 'Allow').flatMap(({ principals }) => principals.list).flatMap(({ type, identifier }): IssuerPlace[] => {
    const host = type === 'Federated' ? hostOfProvider(identifier) : undefined;
    return host === undefined || providers.ofArn(identifier, arn) !== undefined ? [] : [{ issuer: issuerOf(host), where: trustWhere }];
  });
}

function checkAccount(role: Role, { name, where }: Provider, say: Say): void {
  const same = sameAccount(name, role.arn);
  const near = where.stack === role.where.stack;
  if (same === 'no' || (same === 'unknown' && near && typeof name !== 'string')) {
    say('oidc-provider-of-another-alias', {
      where: role.trustWhere, key: keyOf(name), level: same === 'no' ? 'error' : 'warning',
      message: same === 'no' ? `the role trusts ${show(name)}, which is in another account: IAM takes no token by it`
        : `the role and ${where.address} are made by different provider configurations: if these lead to two accounts, IAM takes no token`,
    });
  }
}

function checkProvider(provider: Provider, users: readonly Role[], readable: boolean, say: Say): void {
  const { where, issuer, audiences, clientIdsKnown } = provider;
  const place = { ...where, attribute: 'client_id_list' };
  for (const audience of audiences) {
    if (isKubernetesAudience(audience, issuer)) {
      say('kubernetes-api-audience', { where: place, key: keyOf(audience), message: `${show(audience)} is an audience of the tokens that pods get without asking: roles that do not compare aud take them` });
    }
  }
  if (users.length === 0) {
    if (readable && !where.address.includes('data.')) {
      say('unused-provider', { where, message: `no role of the input trusts ${show(issuer)}, which is registered here` });
    }
    return;
  }
  const taken = clientIdsKnown && readable ? audiencesOf(provider, users) : undefined;
  for (const audience of taken === undefined || audiences.length < 2 ? [] : audiences) {
    if (taken !== undefined && taken.every(value => equal(value, audience) === 'no')) {
      say('unused-client-id', { where: place, key: keyOf(audience), message: `the provider takes tokens for ${show(audience)}, and no role of the input compares aud with it` });
    }
  }
}

/** The audiences that roles compare with; undefined where some role takes any. */
function audiencesOf({ issuer }: Provider, users: readonly Role[]): readonly TextValue[] | undefined {
  const host = lower(hostOf(issuer));
  const values: TextValue[] = [];
  for (const { policy } of users) {
    const conditions = policy.statements.filter(({ effect }) => effect === 'Allow').flatMap(statement => statement.conditions).filter(({ key }) => {
      const federated = federatedKey(key);
      return federated?.claim === 'aud' && equal(lower(federated.host), host) !== 'no';
    });
    if (conditions.length === 0 || conditions.some(({ operator }) => {
      const { base } = parseOperator(operator);
      return base === undefined || base.negated || base.wildcards;
    })) {
      return undefined;
    }
    values.push(...conditions.flatMap(condition => condition.values));
  }
  return values;
}

function checkThumbprints(terraform: Terraform, say: Say): void {
  for (const { values, where } of terraform.ofType('aws_iam_openid_connect_provider', 'managed')) {
    const thumbprints = values.get('thumbprint_list');
    if (isList(thumbprints) && thumbprints.length > 0) {
      say('pinned-thumbprint', {
        where: { ...where, attribute: 'thumbprint_list' }, message: `the provider has ${thumbprints.length === 1 ? 'a thumbprint, which goes' : `${thumbprints.length} thumbprints, which go`} stale when the issuer renews its certificates`,
      });
    }
  }
}

/** Trust in EKS Pod Identity that any association meets. */
function checkPods(terraform: Terraform, roles: Roles, say: Say): void {
  for (const { tagged, role, where, tags } of readAssociations(terraform).associations) {
    const open = roles.ofArn(role).some(([{ policy }]) => policy.statements.some(({ effect, conditions, principals }) => effect === 'Allow' && conditions.length === 0
      && principals.list.some(({ identifier }) => identifier === PODS)));
    if (tagged === 'no') {
      say('pod-identity-without-session-tags', {
        where: { ...where, attribute: 'disable_session_tags' },
        message: `sessions of ${show(tags.namespace)}/${show(tags.serviceAccount)} have no tags${open ? ', and the role lets in every association of the account' : ''}: its trust policy cannot say for which service account it is`,
      });
    }
  }
  for (const { policy, trustWhere: where } of roles.all) {
    // What is denied unless it is so is compared too.
    const denied = policy.statements.filter(statement => statement.effect === 'Deny' && statement.conditions.length === 1
      // A session without tags needs no more than this action.
      && actionVerdict(statement, 'sts:AssumeRole') === 'yes' && !statement.principals.negated
      && statement.principals.list.some(({ identifier }) => identifier === PODS || identifier === '*')).flatMap(({ conditions }) => conditions);
    for (const statement of policy.statements) {
      const pods = statement.effect === 'Allow' && !statement.principals.negated && statement.problems.length === 0
        && statement.principals.list.some(({ type, identifier }) => type === 'Service' && identifier === PODS) && actionVerdict(statement, 'sts:AssumeRole') !== 'no';
      if (!pods || statement.conditions.some(({ key }) => key instanceof Unknown)) {
        continue;
      }
      const narrowing = (keys: readonly string[]) => [
        ...statement.conditions.filter(condition => narrows(condition, keys, false)),
        ...denied.filter(condition => narrows(condition, keys, true)),
      ];
      const missing = POD_KEYS.filter(([, ...keys]) => narrowing(keys).length === 0);
      if (POD_KEYS.flatMap(([, ...keys]) => narrowing(keys)).every(({ operator }) => mayBeMissing(operator))) {
        say('pod-identity-any-association', { where, message: 'the role is for any association of Pod Identity: whoever may create one in the account, and pass the role, chooses the service account' });
      } else if (missing.length > 0) {
        say('pod-identity-any-association', {
          where, message: `the role does not compare ${missing.map(([, key]) => key.replace('aws:requesttag/', 'aws:RequestTag/')).join(' and ')}: whoever may create an association of Pod Identity in the account, and pass the role, chooses the ${missing.map(([what]) => what).join(' and the ')}`,
        });
      }
    }
  }
}

/** Whether a condition takes some values of these keys, or all but some, and not others. */
function narrows({ key, operator, values }: Condition, keys: readonly string[], negated: boolean): boolean {
  const { base, isNull } = parseOperator(operator);
  return keys.some(name => equal(lower(key), name) !== 'no') && !isNull && (base?.negated ?? false) === negated
    && !values.some(value => (base?.wildcards === true && isEverything(value)) || partsOf(value).some(part => typeof part === 'string' && part.includes('${aws:')));
}

/** Whether every text matches a pattern. */
function isEverything(pattern: TextValue): boolean {
  return typeof pattern === 'string' && /^[*?]+$/.test(pattern) && pattern.includes('*');
}

/** Whether a condition is met without its key, as where an association disables the session tags. */
function mayBeMissing(operator: string): boolean {
  const { ifExists, set } = parseOperator(operator);
  return ifExists || set === 'forallvalues';
}

function checkSize({ values, mode, trustWhere: where }: Role, say: Say): void {
  const document = values.get('assume_role_policy');
  const size = mode === 'managed' ? sizeOf(document) : undefined;
  if (size === undefined || size.characters <= QUOTA * NEAR) {
    return;
  }
  const { characters, known } = size;
  say('trust-policy-size', {
    where, level: characters > MOST ? 'error' : characters > QUOTA ? 'warning' : 'note',
    message: `the trust policy has ${known ? '' : 'at least '}${characters} characters, ${characters > MOST ? `and IAM takes no more than ${MOST}, whatever the quota`
      : characters > QUOTA ? `and IAM takes ${QUOTA} unless the quota is raised` : `of the ${QUOTA} that IAM takes: room for little more`}`,
  });
}

/** The characters of a policy as IAM counts them: without white space between its parts. */
function sizeOf(document: Value | undefined): { readonly characters: number; readonly known: boolean } | undefined {
  if (!isText(document) || document instanceof Unknown) {
    return undefined;
  }
  let [characters, quoted, escaped, known] = [0, false, false, true];
  for (const part of partsOf(document)) {
    if (part instanceof Unknown) {
      // An account has twelve digits, and most partitions three letters.
      const length = part.symbol.endsWith('account_id') ? 12 : part.symbol.endsWith('partition') ? 3 : undefined;
      characters += length ?? 0;
      known &&= length !== undefined;
      continue;
    }
    for (let index = 0; index < part.length; index++) {
      const character = part[index]!;
      characters += quoted || !/\s/.test(character) ? 1 : 0;
      quoted = character === '"' && !escaped ? !quoted : quoted;
      escaped = character === '\\' && !escaped;
    }
  }
  return { characters, known };
}

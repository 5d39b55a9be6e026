import { push } from '../lists';
import { isKubernetesAudience } from './audiences';
import { Say } from './finding';
import { isCluster, isOfClusterResource, IssuerPlace } from './issuers';
import { breadthOf, mayBeServiceAccount, sharedService } from './subjects';
import { Binding, readBindings } from '../gcp/bindings';
import { Projection } from '../gcp/cel';
import { Outcome, textOutcome } from '../gcp/cel-outcome';
import { Member, readMember, Selector } from '../gcp/members';
import { Provider, Providers, variablesOf } from '../gcp/providers';
import { bytesOf, startsWith, without } from '../gcp/texts';
import { admittedBeside } from '../gcp/ways';
import { Terraform, Where } from '../model';
import { at, blocksOf, equal, isList, isText, keyOf, partsOf, show, text, TextValue, Unknown } from '../value';

/** @see https://cloud.google.com/iam/quotas */
const [MAX_CONDITION, MAX_SUBJECT, NEAR] = [4096, 127, 0.8];
/** Audiences that other clouds and registries take. */
const FOREIGN = ['sts.amazonaws.com', 'api://AzureADTokenExchange', 'gtoken/sts/assume-role-with-web-identity'];
/** Roles by which tokens or keys of every service account are made, where they are granted on more than one. */
const CREATORS = new Set([
  'roles/iam.serviceAccountTokenCreator', 'roles/iam.serviceAccountOpenIdTokenCreator', 'roles/iam.serviceAccountKeyAdmin', 'roles/iam.workloadIdentityUser',
]);
const IMPERSONATION = new Set(['roles/iam.serviceAccountTokenCreator', 'roles/iam.workloadIdentityUser', 'roles/iam.serviceAccountOpenIdTokenCreator']);
const AUTHORITATIVE = /^google_(.+)_iam_(binding|policy)$/;
const WIDE = new Set(['project', 'folder', 'organization']);
/** Most providers of one pool that are compared with each other, and most subjects for which. */
const [MAX_PROVIDERS, MAX_SUBJECTS] = [20, 1_000];
/** Most places of one role that are remembered. */
const MAX_PLACES = 5;

/** A binding with its member, where tokens lead to that. */
interface Entry {
  readonly binding: Binding;
  readonly member: Member | undefined;
}

/** Looks at pools, their providers and their members; gives the places that name issuers. */
export function checkGcp(terraform: Terraform, say: Say): readonly IssuerPlace[] {
  const providers = new Providers(terraform, []);
  const members = new Map<string, Member | undefined>();
  const entries = readBindings(terraform, []).map((binding): Entry => {
    const key = keyOf(binding.member);
    const member = members.has(key) ? members.get(key) : readMember(binding.member);
    members.set(key, member);
    return { binding, member };
  });
  const membersOf = new Map<Provider, Selector[]>();
  const native = new Set<string>();
  for (const { binding, member } of entries) {
    if (member?.kind === 'pool') {
      const own = providers.of(member.pool);
      own.forEach(provider => push(membersOf, provider, member.selector));
      checkPoolMember(binding, member, own, say);
    } else if (member?.kind === 'native') {
      checkNativeMember(binding, member, native, say);
    } else if (member?.kind === 'anyone' && (binding.kind === 'service-account' || IMPERSONATION.has(show(binding.role)))) {
      say('public-member', { where: binding.where, key: keyOf(member.name), message: `${show(member.name)} has ${show(binding.role)} on ${show(binding.on)}: ${member.authenticated ? 'anyone with a Google account' : 'anyone at all'}` });
    }
    checkBroad(binding, member, say);
  }
  checkAuthoritative(terraform, entries, say);
  for (const provider of providers.all) {
    checkProvider(provider, membersOf.get(provider) ?? [], say);
    checkKeys(provider, say);
  }
  checkCollisions(providers.all, entries, say);
  checkPools(terraform, providers, say);
  return providers.all.map(({ registration: { issuer, where } }) => ({ issuer, where: { ...where, attribute: 'oidc' } }));
}

function checkPoolMember(binding: Binding, member: Member & { readonly kind: 'pool' }, providers: readonly Provider[], say: Say): void {
  const { selector, name } = member;
  const { where } = binding;
  const key = keyOf(name);
  const grant = `${show(binding.role)} on ${show(binding.on)}`;
  switch (selector.kind) {
    case 'all': {
      const open = providers.some(({ condition }) => condition === undefined);
      say('whole-pool-member', {
        where, key, level: open ? 'error' : 'warning',
        message: `${show(name)} has ${grant}: ${open ? 'a provider of the pool has no condition, so that every token of its issuer is in it' : providers.length === 0
          ? 'whoever its providers admit, which are not in the input' : `whoever ${providers.map(({ condition }) => show(condition?.source)).join(' or ')} admits`}`,
      });
      break;
    }
    case 'attribute':
      checkAttribute(binding, member, providers, grant, say);
      break;
    case 'group':
      say('group-member', { where, key, message: `everyone whose token names the group ${show(selector.value)} has ${grant}: the issuer decides who that is` });
      break;
    case 'subject':
      checkSubject(selector.value, providers, where, say);
      break;
    case 'unknown':
      break;
  }
}

function checkAttribute(binding: Binding, { selector, name }: Member & { readonly kind: 'pool' }, providers: readonly Provider[], grant: string, say: Say): void {
  if (selector.kind !== 'attribute') {
    return;
  }
  const attribute = `attribute.${show(selector.name)}`;
  const projections = providers.map(provider => provider.mapping?.get(attribute)?.projection);
  const isOf = (projection: Projection | undefined, ...claim: string[]) => projection?.whole === true && keyOf(projection.path) === keyOf(['assertion', ...claim]);
  const { where } = binding;
  const key = keyOf(name);
  if (projections.length > 0 && projections.every(projection => isOf(projection, 'sub'))) {
    return;
  }
  if (projections.length > 0 && projections.every(projection => isOf(projection, 'kubernetes.io', 'namespace'))) {
    say('unsafe-namespace', { where, key, message: `every service account of the namespace ${show(selector.value)} has ${grant}, also one that is made tomorrow` });
    return;
  }
  const source = providers.length === 1 ? providers[0]!.mapping?.get(attribute)?.source : undefined;
  say('attribute-member', {
    where, key, message: `everyone of the pool whose ${attribute}${source === undefined ? '' : ` (${show(source)})`} is ${show(selector.value)} has ${grant}, and not one subject`,
  });
}

function checkSubject(value: TextValue, providers: readonly Provider[], where: Where, say: Say): void {
  const key = keyOf(value);
  if (bytesOf(value) > MAX_SUBJECT) {
    say('subject-too-long', { where, key, message: `the subject ${show(value)} has ${bytesOf(value)} bytes, and Google takes ${MAX_SUBJECT}: no token becomes it` });
  }
  if (partsOf(value).some(part => typeof part === 'string' && part.includes('*'))) {
    say('literal-wildcard', { where, key, message: `members compare the subject ${show(value)} to the letter, and no token has a * there: nobody is let in by it` });
    return;
  }
  const [provider] = providers;
  const projection = providers.length === 1 ? provider!.mapping?.get('google.subject')?.projection : undefined;
  const inner = projection?.whole === true && keyOf(projection.path) === keyOf(['assertion', 'sub']) ? without(value, projection.before, projection.after) : undefined;
  if (inner !== undefined && isCluster(provider!.registration.issuer) && !mayBeServiceAccount(inner)) {
    say('not-a-kubernetes-subject', {
      where, key, message: `no token of ${show(provider!.registration.issuer)} has the sub ${show(inner)}: those of its service accounts are system:serviceaccount:<namespace>:<name>`,
    });
  }
}

function checkNativeMember(binding: Binding, { selector, name, project }: Member & { readonly kind: 'native' }, said: Set<string>, say: Say): void {
  const { where } = binding;
  const key = keyOf(name);
  const grant = `${show(binding.role)} on ${show(binding.on)}`;
  const stack = `${where.stack ?? where.file} ${keyOf(project)}`;
  if (!said.has(stack)) {
    said.add(stack);
    say('gke-shared-workload-pool', {
      where, key: keyOf(project), message: `the same namespace and service account name in any GKE cluster of the project ${show(project)} is the same identity, also in a cluster that is made tomorrow`,
    });
  }
  switch (selector.kind) {
    case 'namespace':
      say('unsafe-namespace', { where, key, message: `every service account of the namespace ${show(selector.namespace)} in every GKE cluster of the project ${show(project)} has ${grant}` });
      break;
    case 'cluster':
      say('unsafe-cluster', { where, key, message: `every service account of the cluster ${show(selector.issuer)} has ${grant}` });
      break;
    case 'all':
      say('whole-pool-member', { where, key, level: 'error', message: `every pod of every GKE cluster of the project ${show(project)} has ${grant}` });
      break;
    default:
      break;
  }
}

/** Roles that make tokens of every service account of a project. */
function checkBroad({ kind, role, on, where, member: name }: Binding, member: Member | undefined, say: Say): void {
  if (WIDE.has(kind) && member !== undefined && typeof role === 'string' && CREATORS.has(role)) {
    say('token-creator-on-project', {
      where, key: `${role} ${keyOf(name)}`, message: `${show(name)} has ${role} on the ${kind} ${show(on)}: it becomes every service account there, also those that are made tomorrow`,
      remedy: 'grant the role on the service account itself, by google_service_account_iam_member',
    });
  }
}

/** Bindings that remove the members of others. */
function checkAuthoritative(terraform: Terraform, entries: readonly Entry[], say: Say): void {
  const placeKey = ({ address, stack, file }: Where) => JSON.stringify([address, stack ?? file]);
  const byPlace = new Map<string, Entry[]>();
  const byRole = new Map<string, Set<string>>();
  for (const entry of entries) {
    push(byPlace, placeKey(entry.binding.where), entry);
    const key = roleKey(entry.binding);
    const places = byRole.get(key) ?? new Set<string>();
    byRole.set(key, places.size < MAX_PLACES ? places.add(entry.binding.where.address) : places);
  }
  for (const { type, mode, where } of terraform.resources) {
    const [, thing, form] = (mode === 'managed' ? AUTHORITATIVE.exec(type) : null) ?? [];
    if (thing === undefined) {
      continue;
    }
    const own = byPlace.get(placeKey(where)) ?? [];
    const federated = own.some(({ member }) => member !== undefined && member.kind !== 'account');
    if (!federated && thing !== 'service_account' && !(form === 'policy' && WIDE.has(thing))) {
      continue;
    }
    const others = [...new Set(own.flatMap(({ binding }) => [...byRole.get(roleKey(binding)) ?? []]))].filter(address => address !== where.address);
    const what = form === 'policy' ? 'all roles' : `the role ${show(own[0]?.binding.role)}`;
    say('authoritative-binding', {
      where, level: others.length > 0 || (form === 'policy' && WIDE.has(thing)) ? 'error' : 'warning',
      message: `${where.address} replaces all members of ${what}${own[0] === undefined ? '' : ` on ${show(own[0].binding.on)}`}${others.length === 0
        ? ': what others grant is removed at each apply' : `, also those of ${others.slice(0, 3).join(', ')}: they undo each other at each apply`}`,
      remedy: `use google_${thing}_iam_member, one for each member`,
    });
  }
}

function roleKey({ kind, on, role }: Binding): string {
  return JSON.stringify([kind, keyOf(on), keyOf(role)]);
}

function checkProvider(provider: Provider, members: readonly Selector[], say: Say): void {
  const { registration: { issuer, where }, condition, enabled } = provider;
  const service = sharedService(issuer);
  const place = { ...where, attribute: 'attribute_condition' };
  if (condition === undefined) {
    say('no-attribute-condition', {
      where: place, level: service === undefined ? 'warning' : 'error',
      message: `every token of ${show(issuer)} is in the pool${service === undefined ? ': that of each pod of the cluster' : `: that of each customer of ${service}`}`,
    });
  } else {
    checkCondition(provider, members, service, say);
  }
  checkAudiences(provider, say);
  if (members.length === 0 && enabled !== 'no') {
    say('unused-provider', { where, message: `no member of the input is of the pool of ${show(issuer)}` });
  }
}

function checkCondition(provider: Provider, members: readonly Selector[], service: string | undefined, say: Say): void {
  const { registration: { issuer, where }, condition, mapping } = provider;
  const place = { ...where, attribute: 'attribute_condition' };
  const size = partsOf(condition!.source).reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 0), 0);
  if (size > MAX_CONDITION * NEAR) {
    say('pool-condition-size', {
      where: place, level: size > MAX_CONDITION ? 'error' : 'note',
      message: `the condition has ${size} characters, ${size > MAX_CONDITION ? `and Google takes ${MAX_CONDITION}` : `of the ${MAX_CONDITION} that Google takes: room for little more`}`,
    });
  }
  const token: Outcome = { kind: 'map', entries: new Map([['iss', textOutcome(issuer)]]), open: true };
  const attributes = new Map([...mapping ?? []].map(([name, expression]) => [name, expression.evaluate(new Map([['assertion', token]]))]));
  const holds = condition!.holds(variablesOf(token, attributes));
  if (holds === 'yes') {
    say('condition-always-true', {
      where: place, level: service === undefined ? 'warning' : 'error', message: `${show(condition!.source)} is true for every token of ${show(issuer)}, as if there were no condition`,
    });
  } else if (holds === 'no') {
    say('condition-never-true', { where: place, message: `${show(condition!.source)} is true for no token of ${show(issuer)}: nobody is in the pool by it` });
  } else if (members.length > 0) {
    const beside = admittedBeside(provider, members);
    if (beside !== undefined) {
      say('condition-wider-than-members', {
        where: place, message: `${show(condition!.source)} admits others too, as ${beside}, of whom the input has no member: whoever may grant roles to principals of the pool lets them in`,
      });
    }
  }
  for (const { path, relation, text: value } of condition!.alternatives ?? []) {
    if (keyOf(path) === keyOf(['assertion', 'sub']) && relation === 'starts') {
      const breadth = service === undefined ? undefined : breadthOf(text(value, '*'), issuer);
      if (breadth?.rule === 'ci-anyone') {
        say('ci-anyone', { where: place, key: keyOf(value), message: `${show(condition!.source)} admits ${breadth.whom}` });
      }
    }
  }
}

function checkAudiences({ registration: { name, issuer, where }, resource }: Provider, say: Say): void {
  const place = { ...where, attribute: 'oidc' };
  const oidc = blocksOf(resource.values.get('oidc'))[0];
  const listed = at(oidc, 'allowed_audiences');
  const audiences = isList(listed) ? listed.filter((value): value is TextValue => typeof value === 'string' || (value !== null && typeof value === 'object' && !isList(value) && 'parts' in value)) : [];
  const own = [text('https://iam.googleapis.com/', name), text('//iam.googleapis.com/', name)];
  const foreign = audiences.filter(audience => own.every(value => equal(value, audience) === 'no'));
  if (audiences.length > 0 && foreign.length === audiences.length) {
    say('default-audience-absent', { where: place, message: `the provider takes ${audiences.map(show).join(' or ')}, and not the audience that names it` });
  }
  for (const audience of foreign) {
    if (isKubernetesAudience(audience, issuer)) {
      say('kubernetes-api-audience', { where: place, key: keyOf(audience), message: `${show(audience)} is an audience of the tokens that pods get without asking: whoever sees one of those is in the pool` });
    } else if (FOREIGN.includes(show(audience)) || audiences.length > 1) {
      say('extra-audience', { where: place, key: keyOf(audience), message: `the provider takes tokens that were made for ${show(audience)}: whoever gets one there can use it in Google Cloud` });
    }
  }
}

/** Keys that are uploaded in place of those that the issuer publishes. */
function checkKeys({ registration: { issuer, where, keys }, resource }: Provider, say: Say): void {
  const written = at(blocksOf(resource.values.get('oidc'))[0], 'jwks_json');
  if (!isText(written) || keys === undefined) {
    return;
  }
  const service = sharedService(issuer);
  const publishes = service !== undefined || isCluster(issuer) || isOfClusterResource(issuer);
  const unless = written instanceof Unknown ? `, unless ${show(written)} is null` : '';
  say('uploaded-keys', {
    // Other keys are another finding, so that a change of them is seen.
    where: { ...where, attribute: 'oidc' }, key: keys, level: publishes ? 'warning' : 'note',
    message: publishes
      ? `tokens of ${show(issuer)} are checked with uploaded keys, and not with those that ${service ?? 'the cluster'} publishes${unless}: whoever has the private half of one of them signs any subject, and tokens are refused once the issuer signs with another key`
      : `tokens of ${show(issuer)} are checked with uploaded keys${unless}: whoever has the private half of one of them signs any subject, so a change of the keys wants the same review as one of the condition`,
  });
}

/** Pools that no token leads to. */
function checkPools(terraform: Terraform, providers: Providers, say: Say): void {
  // Providers of other kinds of credentials are not read.
  const others = terraform.ofType('google_iam_workload_identity_pool_provider').length > providers.all.length;
  for (const { values, where } of others ? [] : terraform.ofType('google_iam_workload_identity_pool', 'managed')) {
    const name = values.get('name');
    if (isText(name) && providers.of(name).length === 0) {
      say('unused-provider', { where, message: `the pool ${show(name)} has no provider in the input, so that no token is in it` });
    }
  }
}

/** Providers of one pool that make the same subject of two issuers. */
function checkCollisions(all: readonly Provider[], entries: readonly Entry[], say: Say): void {
  const byPool = new Map<string, Provider[]>();
  all.filter(({ enabled }) => enabled !== 'no').forEach(provider => push(byPool, keyOf(provider.pool), provider));
  const subjects = new Map<string, TextValue[]>();
  for (const { member } of entries) {
    if (member?.kind === 'pool' && member.selector.kind === 'subject' && byPool.has(keyOf(member.pool))) {
      push(subjects, keyOf(member.pool), member.selector.value);
    }
  }
  for (const [pool, providers] of byPool) {
    for (const [index, second] of providers.slice(0, MAX_PROVIDERS).entries()) {
      const first = providers.slice(0, index).find(other => collide(other, second, subjects.get(pool)));
      if (first !== undefined) {
        say('colliding-subjects', {
          where: { ...second.registration.where, attribute: 'attribute_mapping' }, key: keyOf(first.registration.issuer),
          message: `tokens of ${show(first.registration.issuer)} and of ${show(second.registration.issuer)} become the same google.subject in the pool ${show(second.pool)}: the service account of the same name in the other cluster is the same identity`,
        });
      }
    }
  }
}

function collide(a: Provider, b: Provider, subjects: readonly TextValue[] | undefined): boolean {
  const [left, right] = [a, b].map(provider => provider.mapping?.get('google.subject'));
  if (left === undefined || right === undefined || equal(a.registration.issuer, b.registration.issuer) === 'yes') {
    return false;
  }
  const [one, two] = [left.projection, right.projection];
  const same = keyOf(left.source) === keyOf(right.source);
  if (one === undefined || two === undefined) {
    return same && !show(left.source).includes('assertion.iss');
  }
  const apart = startsWith(one.before, two.before) === 'no' && startsWith(two.before, one.before) === 'no';
  if (apart || keyOf(one.path) !== keyOf(two.path) || keyOf(one.path) === keyOf(['assertion', 'iss'])) {
    return false;
  }
  // Conditions may keep the two apart, as far as members are known.
  return subjects === undefined || subjects.slice(0, MAX_SUBJECTS).some(subject => [a, b].every((provider, index) => {
    const projection = [one, two][index]!;
    const inner = without(subject, projection.before, projection.after);
    if (inner === undefined) {
      return false;
    }
    const claim = projection.path.slice(1);
    const value = claim.reduceRight<Outcome>((outcome, name) => ({ kind: 'map', entries: new Map([[name, outcome]]), open: true }), textOutcome(inner));
    const attributes = new Map([...provider.mapping!].map(([name, expression]) => [name, expression.evaluate(new Map([['assertion', value]]))]));
    return provider.condition === undefined || provider.condition.holds(variablesOf(value, attributes)) !== 'no';
  }));
}

import { Catalog, catalogOf } from './catalog';
import { subjectOf } from '../aws/token';
import { issuerOfWorkload, issuersAmong } from '../kubernetes/clusters';
import { isThrough } from '../kubernetes/pod-identity';
import { Attempt, Door, Gate, Identity, Token, Where, WorkloadUse } from '../model';
import { ANY_POD, isForPods, PODS_AUDIENCE } from '../pods';
import { Model } from '../read';
import { distinct, isMap, isText, keyOf, partsOf, show, text, TextValue, Unknown, Value } from '../value';

/** A token that may have been presented, the identity that was to be become, and the workload whose wiring says so. */
export interface Candidate {
  readonly token: Token;
  readonly identity: Identity;
  readonly workload?: WorkloadUse;
  readonly attempt?: Attempt;
  /** What was become first: the Google service account whose ID token is presented. */
  readonly before?: Candidate;
  /** Whether the wiring names this identity, where that is not certain. */
  readonly naming?: Gate;
}

const GOOGLE = 'https://accounts.google.com';
const ANY_CLUSTER = '/locations/*/clusters/*';
/** Most issuers of other clusters that a workload whose issuer nothing says is tried with. */
const MAX_ISSUERS = 5;
/** Most service accounts and roles of EKS Pod Identity that are compared with each other where nothing says which belong together. */
const MAX_PAIRED = 50;

/** The claims of a Kubernetes token, as far as they are said. */
export function kubernetesToken({ issuer, namespace, serviceAccount, audience }: {
  readonly issuer?: TextValue; readonly namespace: TextValue; readonly serviceAccount: TextValue; readonly audience?: TextValue;
}): Token {
  return new Map<string, Value>([
    ...issuer === undefined ? [] : [['iss', issuer] as const],
    ['sub', subjectOf(namespace, serviceAccount)],
    ...audience === undefined ? [] : [['aud', [audience]] as const],
    ['kubernetes.io', new Map<string, Value>([
      ['namespace', namespace], ['serviceaccount', new Map<string, Value>([['name', serviceAccount]])],
      ...audience === PODS_AUDIENCE ? [['pod', ANY_POD] as const] : [],
    ])],
  ]);
}

/** The tokens that the workloads of a model present, as far as their wiring says. */
export function candidatesOf(model: Model, workloads: readonly WorkloadUse[] = model.workloads): readonly Candidate[] {
  const catalog = catalogOf(model);
  return workloads.flatMap(workload => workload.attempts.flatMap(attempt => triesOf(catalog, workload, attempt)));
}

/** What a workload presents by one of its tries, to each identity that it may mean, and as of each issuer that the identity knows. */
export function triesOf(catalog: Catalog, workload: WorkloadUse, attempt: Attempt): readonly Candidate[] {
  return meant(catalog, workload, attempt).flatMap(({ identity, naming }) => tokensOf(catalog, workload, attempt, identity)
    .map(token => ({ token, identity, workload, attempt, ...naming && { naming }, ...before(catalog, workload, attempt) })));
}

interface Meant {
  readonly identity: Identity;
  readonly naming?: Gate;
}

/** What a workload tries to become: by its name, or by the pool whose principal it is. */
function meant(catalog: Catalog, workload: WorkloadUse, attempt: Attempt): readonly Meant[] {
  const subject = subjectOf(workload.namespace, workload.serviceAccount);
  const { identity: name, registration } = attempt;
  if (name === undefined) {
    return catalog.principals(subject, registration).map(identity => ({ identity }));
  }
  const found = catalog.named(name, cloudOf(attempt), subject);
  return found.length === 0 ? [stray(catalog, workload, attempt, name)] : found.map(identity => ({
    identity, ...keyOf(identity.name) !== keyOf(name) && { naming: namingGate(workload, attempt, name, [identity]) },
  }));
}

/** The cloud that a try is made at. */
export function cloudOf({ mechanism }: Pick<Attempt, 'mechanism'>): Identity['cloud'] {
  return mechanism.startsWith('aws') ? 'aws' : mechanism.startsWith('gcp') ? 'gcp' : 'azure';
}

/** An identity that the wiring names, and that the input does not have. */
function stray(catalog: Catalog, workload: WorkloadUse, attempt: Attempt, name: TextValue): Meant {
  const cloud = cloudOf(attempt);
  const others = catalog.trusting(subjectOf(workload.namespace, workload.serviceAccount)).filter(({ cloud: own, kind }) => own === cloud && kind !== 'principal');
  return {
    identity: { cloud, kind: cloud === 'aws' ? 'role' : cloud === 'gcp' ? 'service-account' : 'managed-identity', name, where: attempt.where, doors: [], grants: [] },
    naming: namingGate(workload, attempt, name, others),
  };
}

/** Whether the wiring names an identity that the input does not have. */
export function isStray({ identity, attempt, naming }: Candidate): boolean {
  return naming !== undefined && identity.where === attempt?.where;
}

function namingGate(workload: WorkloadUse, attempt: Attempt, name: TextValue, identities: readonly Identity[]): Gate {
  const { namespace, serviceAccount } = workload;
  const account = `${show(namespace)}/${show(serviceAccount)}`;
  const { place, where, gate } = namedBy(workload, attempt);
  const found = identities.map(({ where: { address } }) => address).join(' or ');
  const read = `read the Terraform that has ${show(name)} together with this`;
  return {
    gate, verdict: 'unknown', want: found === '' ? 'an identity of the input' : `the name of ${found}, which trusts ${account}`, have: show(name), where,
    remedy: found === '' ? `${read}, or set ${place} of ${where.address} to an identity that trusts ${account}`
      : `set ${place} of ${where.address} to the name of ${found}, or ${read}`,
  };
}

/** What in the wiring of a workload names the identity of a try. */
export function namedBy(
  workload: WorkloadUse, { mechanism, where, association }: Attempt,
): { readonly place: string; readonly where: Where; readonly gate: Gate['gate'] } {
  if (association !== undefined) {
    const attribute = mechanism === 'aws-role-chain' ? 'target_role_arn' : 'role_arn';
    return { place: attribute, where: { ...association, attribute }, gate: 'aws-association' };
  }
  if (/(?:^|\.)env$/.test(where.attribute ?? '')) {
    return { place: VARIABLES.get(mechanism) ?? 'the name of the identity', where, gate: 'pod-environment' };
  }
  return { place: ANNOTATIONS.get(mechanism) ?? 'the annotation', where: { ...workload.where, attribute: 'metadata.annotations' }, gate: 'pod-service-account' };
}

const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['aws-oidc', 'AWS_ROLE_ARN'], ['aws-google', 'AWS_ROLE_ARN'], ['aws-role-chain', 'role_arn in the file of AWS_CONFIG_FILE'], ['azure-federation', 'AZURE_CLIENT_ID'],
  ['gcp-federation', 'service_account_impersonation_url in the credential configuration'],
]);
const ANNOTATIONS: ReadonlyMap<string, string> = new Map([
  ['aws-oidc', 'annotation eks.amazonaws.com/role-arn'], ['aws-google', 'annotation amazonaws.com/role-arn'],
  ['azure-federation', 'annotation azure.workload.identity/client-id'], ['gcp-native', 'annotation iam.gke.io/gcp-service-account'],
]);

/** The Google service account that pods become before they ask for its ID tokens. */
function before(catalog: Catalog, workload: WorkloadUse, { mechanism }: Attempt): Pick<Candidate, 'before'> {
  const native = mechanism === 'aws-google' ? workload.attempts.find(attempt => attempt.mechanism === 'gcp-native') : undefined;
  const first = native === undefined ? undefined : triesOf(catalog, workload, native)[0];
  return first === undefined ? {} : { before: first };
}

function tokensOf(catalog: Catalog, workload: WorkloadUse, attempt: Attempt, identity: Identity): readonly Token[] {
  const { namespace, serviceAccount } = workload;
  switch (attempt.mechanism) {
    case 'aws-google':
      return googleSubjects(catalog, workload, identity)
        .map(id => new Map<string, Value>([['iss', GOOGLE], ['sub', id], ['azp', id], ['aud', attempt.audience ?? new Unknown('token.aud')]]));
    case 'gcp-native':
      return nativeTokens(catalog, workload, identity);
    default: {
      // Google issues no tokens of Kubernetes.
      const issuers = issuersOf(doorsFor(catalog, { identity, attempt, token: new Map() }).filter(({ mechanism }) => mechanism !== 'aws-google'));
      const isKnown = issuerOfWorkload(workload) !== undefined;
      const all = isKnown || issuers.length > 0 ? issuersAmong(workload, issuers) : catalog.issuersBeside(workload.where, MAX_ISSUERS);
      return (all.length > 0 ? all : [new Unknown('token.iss')])
        .map(issuer => kubernetesToken({ issuer, namespace, serviceAccount, audience: attempt.audience ?? new Unknown('token.aud') }));
    }
  }
}

/** The doors that a token can come through: those of the provider that the wiring names, where it names one. */
export function doorsFor(catalog: Catalog, { identity: { doors }, attempt, token }: Candidate): readonly Door[] {
  const wanted = attempt?.registration;
  const isGoogle = token.get('iss') === GOOGLE;
  if (attempt?.association !== undefined) {
    return doors.filter(door => isThrough(door, attempt));
  }
  if (wanted === undefined && !isGoogle) {
    return doors;
  }
  // Who has Google's token need not have it made; and what stands behind another provider's pool is not behind this one.
  return doors.filter(door => !(isGoogle && door.mechanism === 'aws-google' && door.through !== undefined)
    && (wanted === undefined || door.through !== undefined || catalog.isBehind(door, wanted)));
}

function googleSubjects(catalog: Catalog, { attempts }: WorkloadUse, { doors }: Identity): readonly TextValue[] {
  const email = attempts.find(({ mechanism }) => mechanism === 'gcp-native')?.identity;
  if (email !== undefined) {
    return [catalog.uniqueId(email) ?? new Unknown(`unique id of ${keyOf(email)}`)];
  }
  const said = doors.filter(({ mechanism, through }) => mechanism === 'aws-google' && through === undefined).flatMap(({ who }) => who).flatMap(({ subject }) => subject ?? []);
  return said.length > 0 ? distinct(said) : [new Unknown('token.sub')];
}

/** What GKE's metadata server presents: a token of the cluster for the pool of its own project. */
function nativeTokens(catalog: Catalog, workload: WorkloadUse, identity: Identity): readonly Token[] {
  const { namespace, serviceAccount, where } = workload;
  const rows = identity.doors.filter(({ mechanism }) => mechanism === 'gcp-native').flatMap(({ who }) => who);
  const own = issuerOfWorkload(workload);
  const known = own === undefined ? catalog.gkeProject(where, identity) : { issuer: own, audience: poolOf(own) };
  const said = rows.flatMap(({ issuer, audiences }) => issuer === undefined ? [] : [{ issuer: ofSomeCluster(issuer), audience: audiences?.[0] }]);
  const pools = known !== undefined ? [known] : said;
  const found = pools.length > 0 ? pools : [{ issuer: new Unknown('token.iss'), audience: new Unknown('token.aud') }];
  return [...new Map(found.map(pool => [keyOf(pool.issuer), pool])).values()]
    .map(({ issuer, audience }) => kubernetesToken({ issuer, namespace, serviceAccount, audience: audience ?? new Unknown('token.aud') }));
}

/** The pool of the project of a cluster; undefined where it is none of GKE, or its project is not known. */
function poolOf(issuer: TextValue): TextValue | undefined {
  const project = typeof issuer === 'string' ? projectOf(issuer) : undefined;
  return project === undefined ? undefined : `${project}.svc.id.goog`;
}

/** An issuer of GKE of which only the project is said. */
export function ofSomeCluster(issuer: TextValue): TextValue {
  const parts = partsOf(issuer);
  const last = parts.at(-1);
  return typeof last === 'string' && last.endsWith(ANY_CLUSTER)
    ? text(...parts.slice(0, -1), last.slice(0, -ANY_CLUSTER.length), '/locations/', new Unknown('token.location'), '/clusters/', new Unknown('token.cluster')) : issuer;
}

function issuersOf(doors: readonly Door[]): readonly TextValue[] {
  return distinct(doors.flatMap(({ registration, who }) => [
    ...registration === undefined ? [] : [registration.issuer], ...who.flatMap(({ issuer }) => issuer === undefined ? [] : [ofSomeCluster(issuer)]),
  ]));
}

/**
 * A token with what is not said of it taken from what the identity knows and the workload presents: one for each issuer that the identity knows, and
 * with the audience that the wiring asks for.
 */
export function tokensFor(identity: Identity, token: Token, own?: Candidate): readonly Token[] {
  const wired = own?.token.get('iss');
  const ofWorkload = own?.workload === undefined ? undefined : issuerOfWorkload(own.workload);
  const isSaid = isText(wired) && (!(wired instanceof Unknown) || (ofWorkload !== undefined && keyOf(wired) === keyOf(ofWorkload)));
  const issuers = token.has('iss') ? [] : isSaid ? [wired] : issuersOf(identity.doors);
  const tries: readonly (readonly [string, Value][])[] = issuers.length === 0 ? [[]] : issuers.map(issuer => [['iss', issuer]]);
  return tries.map(known => {
    const full = new Map<string, Value>([...known, ...token]);
    if (!full.has('iss')) {
      full.set('iss', new Unknown('token.iss'));
    }
    if (!full.has('aud')) {
      full.set('aud', own?.token.get('aud') ?? nativeAudience(identity, full.get('iss')) ?? new Unknown('token.aud'));
      const claim = full.get('kubernetes.io');
      if (isForPods(full.get('aud')) && isMap(claim) && !claim.has('pod')) {
        full.set('kubernetes.io', new Map<string, Value>([...claim, ['pod', ANY_POD]]));
      }
    }
    return full;
  });
}

/** What GKE's metadata server or EKS's agent asks for, where nothing but it leads to the identity. */
function nativeAudience({ doors }: Identity, issuer: Value | undefined): TextValue | undefined {
  const direct = doors.filter(({ through }) => through === undefined);
  if (direct.length > 0 && direct.every(({ mechanism }) => mechanism === 'aws-pod-identity')) {
    return PODS_AUDIENCE;
  }
  const rows = direct.every(({ mechanism }) => mechanism === 'gcp-native') ? direct.flatMap(({ who }) => who) : [];
  const row = rows.find(each => each.issuer !== undefined && isText(issuer) && projectOf(each.issuer) === projectOf(issuer)) ?? rows[0];
  return row?.audiences?.[0];
}

/** The project of an issuer of GKE. */
function projectOf(issuer: TextValue): string | undefined {
  const shown = show(issuer);
  return /^https:\/\/container\.googleapis\.com\/v1\/projects\/([^/]{1,300})\/locations\//.exec(shown)?.[1];
}

/** What EKS Pod Identity would present to roles that no workload has an association with: for those that try nothing in AWS, and may miss one. */
export function withoutAssociation(catalog: Catalog): readonly Candidate[] {
  const { identities, workloads } = catalog.model;
  const associated = workloads.flatMap(({ attempts }) => attempts.filter(({ association }) => association !== undefined));
  const wanted = new Set(associated.flatMap(({ identity }) => identity === undefined ? [] : [keyOf(identity)]));
  const roles = identities.filter(({ name, doors }) => doors.some(({ mechanism }) => mechanism === 'aws-pod-identity') && !wanted.has(keyOf(name)))
    .slice(0, MAX_PAIRED);
  const alone = roles.length === 0 ? [] : workloads.filter(({ attempts }) => attempts.every(attempt => cloudOf(attempt) !== 'aws')).slice(0, MAX_PAIRED);
  return roles.flatMap(identity => {
    const [issuer] = distinct(identity.doors.flatMap(({ who }) => who).flatMap(row => row.issuer ?? []));
    return alone.map(workload => {
      const { namespace, serviceAccount } = workload;
      const iss = issuerOfWorkload(workload) ?? issuer ?? new Unknown('token.iss');
      return { identity, workload, token: kubernetesToken({ issuer: iss, namespace, serviceAccount, audience: PODS_AUDIENCE }) };
    });
  });
}

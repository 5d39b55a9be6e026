import { Candidate, doorsFor, isStray, namedBy } from './candidates';
import { Catalog } from './catalog';
import { decide, Decision } from '../judge';
import { issuerOfWorkload, otherClusterGate } from '../kubernetes/clusters';
import { Attempt, Door, Gate, Identity, Mechanism, Token } from '../model';
import { equal, every, isText, keyOf, show, some, TextValue, Unknown, Value, Verdict } from '../value';

/** A gate that is met on the way, and by whom. */
export interface Step {
  readonly gate: Gate;
  readonly mechanism?: Mechanism;
  /** What is to be become there. */
  readonly identity: Identity;
  /** Who asks for it, where that is another identity. */
  readonly principal?: TextValue;
}

/** What becomes of a candidate. */
export interface Tried {
  readonly candidate: Candidate;
  /** What the token becomes at the clouds' gates alone. */
  readonly verdict: Verdict;
  readonly mechanism?: Mechanism;
  /** All gates in the order in which they are met, those of the pod first. */
  readonly steps: readonly Step[];
}

const CREATORS = new Set(['roles/iam.serviceAccountOpenIdTokenCreator', 'roles/iam.serviceAccountTokenCreator']);

/** What becomes of a candidate, as far as its wiring leads it. */
export function tried(catalog: Catalog, candidate: Candidate, at: number | undefined): Tried {
  const { token, identity, attempt, naming } = candidate;
  const first = candidate.before === undefined ? [] : tried(catalog, candidate.before, undefined).steps;
  const pod = (attempt?.gates ?? []).map((gate): Step => ({ gate, mechanism: attempt!.mechanism, identity }));
  const named = naming === undefined ? [] : [{ gate: naming, mechanism: attempt?.mechanism, identity }];
  const doors = doorsFor(catalog, candidate);
  // An identity that the input does not have is not known to have no door.
  const isThere = !isStray(candidate);
  const target = doors.length === identity.doors.length ? identity : { ...identity, doors };
  const decision = doors.length > 0 ? decide(target, timed(token, at), at) : undefined;
  const cloud = decision !== undefined ? stepsOf(decision, identity)
    : isThere ? withoutDoor(catalog, candidate).map((gate): Step => ({ gate, mechanism: attempt?.mechanism, identity })) : [];
  const other = otherCluster(candidate, doors);
  const created = creation(candidate).map((gate): Step => ({ gate, mechanism: 'gcp-native', identity }));
  const elsewhere = other.map((gate): Step => ({ gate, mechanism: attempt?.mechanism, identity }));
  const steps = distinct([...pod, ...first, ...named, ...elsewhere, ...cloud, ...created]);
  const verdicts = [...naming === undefined ? [] : ['unknown' as const], ...other.map(({ verdict }) => verdict)];
  return {
    candidate, verdict: every([decision?.verdict ?? (isThere ? 'no' : 'unknown'), ...verdicts]),
    mechanism: decision?.door?.mechanism ?? attempt?.mechanism, steps,
  };
}

/** That the identity is for other clusters than the one that the token is of, where nothing but their names says so. */
function otherCluster({ token, identity, workload, attempt }: Candidate, doors: readonly Door[]): readonly Gate[] {
  const own = workload === undefined ? undefined : issuerOfWorkload(workload);
  const isOwn = own !== undefined && attempt !== undefined && attempt.mechanism !== 'aws-google' && keyOf(token.get('iss') ?? null) === keyOf(own);
  return isOwn ? [otherClusterGate(workload!, identity, doors) ?? []].flat() : [];
}

/** A token whose times nobody says may be as old as it likes. */
function timed(token: Token, at: number | undefined): Token {
  return at === undefined || token.has('exp') || token.has('iat') ? token
    : new Map<string, Value>([...token, ['exp', new Unknown('token.exp')], ['iat', new Unknown('token.iat')]]);
}

/** The gates of the way to an identity; what an identity before it already says is not said again. */
function stepsOf({ door, gates, through }: Decision, identity: Identity): readonly Step[] {
  const source = through === undefined ? undefined : door?.through;
  return [
    ...source === undefined ? [] : stepsOf(through!, source),
    ...gates.map((gate): Step => ({ gate, mechanism: door?.mechanism, identity, ...source !== undefined && { principal: source.name } })),
  ];
}

function distinct(steps: readonly Step[]): readonly Step[] {
  const seen = new Set<string>();
  return steps.filter(({ gate: { gate, verdict, where, want } }) => {
    const key = JSON.stringify([gate, verdict, where.file, where.address, want]);
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}

/** What is missing where an identity has no door that the try could come through. */
function withoutDoor(catalog: Catalog, candidate: Candidate): readonly Gate[] {
  const { identity: { cloud, where, kind, name }, attempt, token } = candidate;
  const sub = token.get('sub');
  const have = `sub ${show(sub)}`;
  if (attempt?.registration !== undefined) {
    return [...providerGates(catalog, attempt, attempt.registration, token), memberGate(catalog, candidate, attempt.registration)];
  }
  switch (cloud) {
    case 'aws':
      return [{
        gate: 'aws-principal', verdict: 'no', want: 'a statement that lets in a token or a role of the input', have, where,
        remedy: `let assume_role_policy of ${where.address} trust ${attempt?.mechanism === 'aws-role-chain' ? 'the role before it' : 'the provider of the token\'s issuer'}`,
      }];
    case 'gcp':
      return [{
        gate: 'gcp-member', verdict: 'no', want: `a member on ${show(name)} that lets in a token`, have, where,
        remedy: `grant roles/iam.workloadIdentityUser on ${where.address} to the principal of ${show(sub)}`,
      }];
    default:
      return [{
        gate: 'azure-issuer', verdict: 'no', want: `a federated credential of the ${kind === 'application' ? 'application' : 'managed identity'}, which has none in the input`, have, where,
        remedy: `add a federated credential for ${show(sub)} to ${where.address}`,
      }];
  }
}

/** That the identity has members, and none of the pool that the wiring goes by. */
function memberGate(catalog: Catalog, { identity: { doors, where, name }, token, attempt }: Candidate, registration: TextValue): Gate {
  const [door] = doors;
  const member = door === undefined ? undefined : catalog.memberAt(door.where);
  const provider = doors.find(({ registration: own }) => own !== undefined)?.registration;
  const place = door?.where ?? where;
  return {
    gate: 'gcp-member', verdict: 'no', want: `a member of the pool of ${show(registration)} on ${show(name)}`, where: place,
    have: member !== undefined ? show(member) : door === undefined ? 'no member of a pool' : 'members of other pools',
    remedy: `${provider === undefined ? '' : `let audience of the credential configuration and of the token in ${attempt!.where.address} name ${provider.where.address}, or `}`
      + `${door === undefined ? `grant roles/iam.workloadIdentityUser on ${place.address} to ${show(token.get('sub'))} in` : `name in ${place.address}`} the pool of ${show(registration)}`,
  };
}

/** The gates of a provider through which the identity has no door, as its registration or another identity's door says. */
function providerGates(catalog: Catalog, attempt: Attempt, name: TextValue, token: Token): readonly Gate[] {
  const door = catalog.doorOf(name);
  if (door !== undefined) {
    return door.judge(token).filter(({ gate }) => gate !== 'gcp-member' && gate !== 'gcp-token-creator');
  }
  const registration = catalog.registration(name);
  if (registration === undefined) {
    return [{
      gate: 'gcp-provider', verdict: 'unknown', want: `the provider ${show(name)}, which the input does not have`, have: `iss ${show(token.get('iss'))}`, where: attempt.where,
      remedy: `let audience of the credential configuration name a provider that the identity trusts, or read the Terraform that has ${show(name)} together with this`,
    }];
  }
  const { issuer, audiences, where } = registration;
  const [iss, aud] = [token.get('iss'), token.get('aud')];
  const has: readonly Value[] = Array.isArray(aud) ? aud : [aud ?? null];
  return [
    {
      ...gateOf('gcp-provider', isText(iss) ? equal(iss, issuer) : 'no', `a token of ${show(issuer)}`, `iss ${show(iss)}`, { ...where, attribute: 'oidc' },
        `set oidc.issuer_uri of ${where.address} to the token's iss, to the letter`),
      issuer,
    },
    gateOf('gcp-audience', some(has.filter(isText).flatMap(value => audiences.map(audience => equal(value, audience)))), `audience ${audiences.map(show).join(' or ')}`,
      `aud ${show(aud)}`, { ...where, attribute: 'oidc' }, `ask for a token with the audience ${show(audiences[0])}`),
  ];
}

/** Whether gtoken may make ID tokens of the account that the pods become: it asks as the account itself. */
function creation({ identity, attempt, workload }: Candidate): readonly Gate[] {
  const gtoken = attempt?.mechanism === 'gcp-native' && workload !== undefined ? workload.attempts.find(isGtoken) : undefined;
  if (gtoken === undefined) {
    return [];
  }
  const made = identity.grants.some(({ permission, on }) => typeof permission === 'string' && CREATORS.has(permission) && on !== undefined);
  const { address } = identity.where;
  return [gateOf('gcp-token-creator', made ? 'yes' : 'no', `roles/iam.serviceAccountOpenIdTokenCreator on ${show(identity.name)} for the account itself, as gtoken asks for ID tokens in its name`,
    made ? 'the role' : 'no such member', identity.where, `grant roles/iam.serviceAccountOpenIdTokenCreator on ${address} to the member serviceAccount:${show(identity.name)}`)];
}

/** Whether ID tokens come from gtoken, by its webhook; other ways ask the metadata server, and show the file that they write. */
function isGtoken({ mechanism, gates }: Attempt): boolean {
  return mechanism === 'aws-google' && !gates.some(({ gate }) => gate === 'pod-token');
}

function gateOf(gate: Gate['gate'], verdict: Verdict, want: string, have: string, where: Gate['where'], remedy: string): Gate {
  return { gate, verdict, want, have, where, remedy: verdict === 'yes' ? '' : remedy };
}

/** What else takes the token of a candidate, where its workload does not ask for it: perhaps what the wiring should name. */
function takers(catalog: Catalog, { token, identity, workload }: Candidate): readonly Identity[] {
  const sub = token.get('sub');
  if (workload === undefined || !isText(sub)) {
    return [];
  }
  const wired = new Set(workload.attempts.flatMap(({ identity: name }) => name === undefined ? [] : [keyOf(name)]));
  return catalog.trusting(sub).filter(other => other !== identity && other.cloud === identity.cloud && other.kind === identity.kind
    && !wired.has(keyOf(other.name)) && decide(other, token).verdict === 'yes');
}

/** Adds what the wiring should perhaps name in place of the identity. */
export function hinted(catalog: Catalog, candidate: Candidate, gate: Gate): Gate {
  const { workload, attempt, naming } = candidate;
  const others = workload === undefined || attempt === undefined || gate.gate.startsWith('pod-') || gate === naming ? [] : takers(catalog, candidate);
  if (others.length === 0) {
    return gate;
  }
  const { place, where } = namedBy(workload!, attempt!);
  return { ...gate, remedy: `set ${place} of ${where.address} to the name of ${others.map(other => other.where.address).join(' or ')}, which takes this token; or else ${gate.remedy}` };
}

/** The mechanisms at which a message can be about a candidate of a cloud. */
export function mechanismsOf(id: string): ReadonlySet<Mechanism> | undefined {
  return MECHANISMS.find(([prefix]) => id.startsWith(prefix))?.[1];
}

const BY_TOKEN = new Set<Mechanism>(['aws-oidc', 'aws-google']);
const AFTER_ROLE = new Set<Mechanism>(['aws-role-chain', 'aws-pod-identity']);
const BY_POOL = new Set<Mechanism>(['gcp-federation']);

/** By the beginning of the entry's id; what is not here can be about all. */
const MECHANISMS: readonly (readonly [string, ReadonlySet<Mechanism>])[] = [
  ...[
    'aws-no-provider', 'aws-wrong-audience', 'aws-no-key', 'aws-token-expired', 'aws-token-too-old', 'aws-token-size', 'aws-missing-claim', 'aws-roles-claim', 'aws-not-jwt',
    'aws-not-authorized', 'aws-web-identity', 'aws-invalid-identity-token', 'aws-idp',
  ].map(id => [id, BY_TOKEN] as const),
  ...['aws-pod-identity', 'aws-container'].map(id => [id, new Set<Mechanism>(['aws-pod-identity', 'aws-role-chain'])] as const),
  ...['aws-assume-role', 'aws-chained'].map(id => [id, AFTER_ROLE] as const),
  ['gke-', new Set<Mechanism>(['gcp-native'])],
  ...['gcp-issuer', 'gcp-audience', 'gcp-condition', 'gcp-stale', 'gcp-signature', 'gcp-unparsable', 'gcp-target', 'gcp-subject', 'gcp-mapping', 'gcp-exchange']
    .map(id => [id, BY_POOL] as const),
];


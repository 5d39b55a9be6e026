import { ATTACKS, Victim, victimOf } from './attacks';
import { AwsError } from './clouds/aws';
import { EntraError } from './clouds/azure';
import { forge, rsaKey } from './clouds/forgery';
import { GOOGLE_ISSUER, membersOf } from './clouds/google';
import { JwsError, verifyJws } from './clouds/jws';
import { TestCluster } from './cluster';
import { count, figure } from './figures';
import { Applied, IssuingCluster, ofType, RunningPod } from './model';
import { LoopbackInternet } from './network/internet';
import { CLUSTERS_OF, Stage } from './stage';
import { accepts, Document, Identity, readModel, readToken, Token } from '../../lib/trust';
import { LITERAL_AND_TOKENS } from '../clusters';
import { Mechanism, MECHANISMS } from '../mechanisms';
import { describeOnTerraform } from '../terraform';

const internet = new LoopbackInternet();
const stage = new Stage(internet);
afterAll(() => internet.close());

const SUBJECT = 'system:serviceaccount:reports:reader';
const GTOKEN = 'gtoken/sts/assume-role-with-web-identity';
const DAY = 86400;

type Claims = Readonly<Record<string, any>>;

/** A token as both see it. */
interface Case {
  readonly jwt: string;
  readonly claims: Claims;
  readonly token: Token;
}

/** Stands in for the key of Google's own tokens, so that it signs what it would not. */
const GOOGLE = rsaKey('google');

const TIMES: Readonly<Record<string, (now: number) => Claims>> = {
  'valid': now => ({ iat: now - 60, nbf: now - 60, exp: now + 3540 }),
  'over': now => ({ iat: now - 7200, nbf: now - 7200, exp: now - 3600 }),
  'not begun': now => ({ iat: now - 60, nbf: now + 60, exp: now + 3600 }),
  'without exp': now => ({ iat: now - 60, nbf: now - 60 }),
  'without iat': now => ({ nbf: now - 60, exp: now + 3540 }),
  'without nbf': now => ({ iat: now - 60, exp: now + 3540 }),
  'just over': now => ({ iat: now - 360, exp: now }),
  'over for almost five minutes': now => ({ iat: now - 360, exp: now - 299 }),
  'over for five minutes': now => ({ iat: now - 360, exp: now - 300 }),
  'almost over': now => ({ iat: now - 60, exp: now + 1 }),
  'issued later': now => ({ iat: now + 1, exp: now + 3540 }),
  'issued a day ago': now => ({ iat: now - DAY, exp: now + 1 }),
  'issued more than a day ago': now => ({ iat: now - DAY - 1, exp: now + 1 }),
  'for a day': now => ({ iat: now, exp: now + DAY }),
  'for more than a day': now => ({ iat: now - 60, exp: now + DAY }),
  'for two days': now => ({ iat: now, exp: now + 2 * DAY }),
  'exp as text': now => ({ iat: now - 60, exp: String(now + 3540) }),
  'iat as text': now => ({ iat: String(now - 60), exp: now + 3540 }),
  'nbf null': now => ({ iat: now - 60, nbf: null, exp: now + 3540 }),
};
/** The times with which everything else is combined. */
const FEW = ['valid', 'over', 'not begun', 'without exp'];

/** Claims by which an issuer has STS do something with the session, and that no cluster puts into its tokens. */
function* ofSession(): Generator<Claims> {
  const claim = 'https://aws.amazon.com';
  yield { [`${claim}/tags`]: { principal_tags: { Team: ['blue'] }, transitive_tag_keys: ['Team'] } };
  yield { [`${claim}/tags`]: {} };
  yield { [`${claim}/tags/principal_tags/Team`]: 'blue' };
  yield { [`${claim}/tags/transitive_tag_keys`]: ['Team'] };
  for (const source of ['reader', '', 7]) yield { [`${claim}/source_identity`]: source };
  for (const roles of ['arn:aws:iam::123456789012:role/Other', ['arn:aws:iam::123456789012:role/Other'], [], 7]) yield { [`${claim}/roles`]: roles };
}

/** Claims of a Kubernetes token around the right one: the nearest of each claim with each other, and times and audiences with each other. */
function* claimsAround({ claims, audience, now, other }: Victim, clusters: readonly TestCluster[]): Generator<Claims> {
  const at = (time: string) => TIMES[time]!(now);
  const of = (iss: unknown, namespace: string, name: string, aud: unknown, time: string, more: Claims = {}) => ({
    ...Object.fromEntries(Object.entries(claims).filter(([claim]) => !['exp', 'iat', 'nbf'].includes(claim))), iss, 'sub': `system:serviceaccount:${namespace}:${name}`, aud,
    'kubernetes.io': { ...claims['kubernetes.io'], namespace, serviceaccount: { ...claims['kubernetes.io'].serviceaccount, name } }, ...at(time), ...more,
  });
  const audiences = [[audience], audience, undefined, ['https://somebody.example.com'], [audience, 'x'], ['x', audience]];
  const more = [[], '', [''], 7, [audience, 7], [7, audience], [audience, audience], [[audience]], null, { 0: audience }, ['sts.amazonaws.com'], ['pods.eks.amazonaws.com'], ['api://AzureADTokenExchange'], [`${audience}/`]];
  for (const iss of [claims.iss, other.issuer, `${claims.iss}x`]) {
    for (const [namespace, name] of [['reports', 'reader'], ['reports', 'writer'], ['billing', 'reader']] as const) {
      for (const aud of audiences) {
        for (const time of FEW) yield of(iss, namespace, name, aud, time);
      }
    }
  }
  for (const aud of audiences) {
    for (const time of Object.keys(TIMES).slice(FEW.length)) yield of(claims.iss, 'reports', 'reader', aud, time);
    for (const azp of [audience, 'x', '', null, 7, [audience]]) yield of(claims.iss, 'reports', 'reader', aud, 'valid', { azp });
  }
  for (const aud of more) yield of(claims.iss, 'reports', 'reader', aud, 'valid');
  for (const said of ofSession()) yield of(claims.iss, 'reports', 'reader', [audience], 'valid', said);
  for (const { issuer } of clusters) {
    for (const namespace of ['reports', 'billing']) yield of(issuer, namespace, 'reader', [audience], 'valid');
  }
}

/** Claims of Google's own tokens around the right one. */
function* googleClaimsAround(uniqueId: string, now: number): Generator<Claims> {
  for (const iss of [GOOGLE_ISSUER, 'accounts.google.com', 'http://accounts.google.com', `${GOOGLE_ISSUER}/`]) {
    for (const sub of [uniqueId, '117000000000000000001', SUBJECT, undefined, [uniqueId], Number(uniqueId.slice(0, 15))]) {
      for (const azp of [uniqueId, undefined, '117000000000000000001', GTOKEN]) {
        for (const aud of [GTOKEN, [GTOKEN], 'sts.amazonaws.com', uniqueId, undefined, [GTOKEN, 'x'], [GTOKEN, uniqueId], []]) {
          for (const time of iss === GOOGLE_ISSUER && sub === uniqueId && azp === uniqueId ? Object.keys(TIMES) : ['valid']) yield { iss, sub, azp, aud, ...TIMES[time]!(now) };
        }
      }
    }
  }
}

/** Why lib/trust does not know what becomes of tokens that the stand-ins refuse. */
interface Difference {
  readonly why: string;
  readonly cloud: Mechanism['to'];
  readonly is: (claims: Claims) => boolean;
}

/** The attacks that are made of claims; the others are of form and signature, of which lib/trust says nothing. */
const ON_CLAIMS: ReadonlySet<string> = new Set(['time', 'subject', 'claim of Kubernetes', 'audience', 'issuer', 'another kind', 'nothing wrong']);

const cases = new Map<string, Promise<readonly Case[]>>();
const caseOf = (jwt: string, claims: Claims): Case => ({ jwt, claims, token: readToken('a token', jwt) });

/** The tokens for an audience of a cluster that their issuers signed: lib/trust says nothing of signatures. */
async function casesFor(own: TestCluster, other: TestCluster, audience: string): Promise<readonly Case[]> {
  const victim = victimOf(own, other, audience, stage.clock);
  const all = Object.values(stage.clusters);
  const signerOf = (issuer: unknown) => [own, ...all].find(cluster => cluster.issuer === issuer) ?? own;
  const made = [...claimsAround(victim, all)].map(claims => caseOf(forge(signerOf(claims.iss).key, claims), claims));
  for (const attack of ATTACKS.filter(({ kind }) => ON_CLAIMS.has(kind))) {
    const jwt = attack.token(victim);
    if (jwt === undefined) continue;
    try {
      const { claims } = await verifyJws(jwt, issuer => Promise.resolve(signerOf(issuer).keys));
      made.push(caseOf(jwt, claims));
    } catch (error) {
      if (!(error instanceof JwsError)) throw error;
    }
  }
  return made;
}

function casesOf(own: TestCluster, other: TestCluster, audience: string): Promise<readonly Case[]> {
  const id = JSON.stringify([own.issuer, other.issuer, audience]);
  const made = cases.get(id) ?? casesFor(own, other, audience);
  cases.set(id, made);
  return made;
}

/** What was applied as `terraform show -json` prints a state: https://developer.hashicorp.com/terraform/internals/json-format. */
function statesOf({ resources }: Applied): Document[] {
  return [...new Set(resources.map(({ stack }) => stack))].map(stack => ({
    file: `${stack}.json`, stack, json: {
      format_version: '1.0', terraform_version: '1.11.0', values: {
        root_module: {
          resources: resources.filter(resource => resource.stack === stack).map(({ address, type, data, values }) => ({
            address, mode: data ? 'data' : 'managed', type, name: address.replace(/^data\./, '').slice(type.length + 1), values,
          })),
        },
      },
    },
  }));
}

/** What is of interest in a token, with its times from now. */
function shown({ iss, sub, aud, azp, exp, iat, nbf }: Claims): string {
  const fromNow = (time: unknown) => typeof time === 'number' ? time - stage.now : time;
  return JSON.stringify({ iss, sub, aud, azp, exp: fromNow(exp), iat: fromNow(iat), nbf: fromNow(nbf) }).slice(0, 500);
}

// What the stand-ins say.

async function sessionsBy(jwt: string, roles: readonly string[]): Promise<ReadonlySet<string>> {
  const reached = new Map<string, Parameters<typeof stage.aws.sts.assumeRole>[0]>();
  for (const roleArn of roles) {
    const session = await stage.aws.assumeRoleWithWebIdentity({ roleArn, token: jwt, roleSessionName: 'test' });
    if (!(session instanceof AwsError)) reached.set(roleArn, session);
  }
  for (const [arn, session] of reached) {
    for (const roleArn of roles.filter(other => other !== arn && !reached.has(other))) {
      try {
        reached.set(roleArn, stage.aws.sts.assumeRole(session, { roleArn, roleSessionName: 'test' }));
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
      }
    }
  }
  return new Set(reached.keys());
}

async function sessionByAgent(jwt: string, cluster: TestCluster): Promise<ReadonlySet<string>> {
  const pod = { cluster, name: 'reader-1', namespace: 'reports', serviceAccount: 'reader', serviceAccountAnnotations: {}, containers: new Map() };
  const { status, body } = await internet.fetch({ url: 'http://169.254.170.23/v1/credentials', headers: { authorization: jwt }, pod });
  return new Set(status === 200 ? [JSON.parse(body).AccessKeyId] : []);
}

/** The pod that presents such a token to GKE's metadata server, where there can be one: GKE makes its tokens in this one form. */
function podOf({ iss, sub, aud }: Claims): RunningPod | undefined {
  const [, project] = typeof iss === 'string' ? /^https:\/\/container\.googleapis\.com\/v1\/projects\/([a-z0-9-]+)\/locations\/[a-z0-9-]+\/clusters\/[a-z0-9-]+$/.exec(iss) ?? [] : [];
  const [, namespace, serviceAccount] = typeof sub === 'string' ? /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/.exec(sub) ?? [] : [];
  const workloadPool = `${project}.svc.id.goog`;
  const named = project !== undefined && namespace !== undefined && serviceAccount !== undefined;
  if (!named || !Array.isArray(aud) || aud.length !== 1 || aud[0] !== workloadPool) return undefined;
  const cluster: IssuingCluster = { kind: 'gke', name: 'any', issuer: iss, workloadPool, keys: [], issue: () => '' };
  return { cluster, name: 'reader-1', namespace, serviceAccount, serviceAccountAnnotations: {}, containers: new Map() };
}

const isAt = ({ exp, iat, nbf }: Claims) =>
  [exp, iat, nbf].every(Number.isInteger) && Math.max(iat, nbf) <= stage.now && exp > stage.now && exp - iat <= DAY;

describeOnTerraform('the stand-ins and lib/trust', () => {
  /** Where they may differ, and why: the stand-ins refuse what no document says is taken, and lib/trust says that it is unknown. */
  const KNOWN: readonly Difference[] = [
    {
      why: 'AWS says nothing of several audiences, of others than text, nor of an azp beside another audience', cloud: 'AWS',
      is: ({ aud, azp }) => azp !== undefined || (Array.isArray(aud) && aud.length !== 1),
    },
    { why: 'AWS says nothing of iat, and has been seen to refuse what is older than a day', cloud: 'AWS', is: ({ iat }) => !(iat >= stage.now - DAY) },
    {
      why: 'AWS gives subjects at most 255 characters in its answer, and says nothing of those in tokens', cloud: 'AWS', is: ({ sub }) => sub.length > 255,
    },
    {
      why: 'AWS documents tags and source identities of a token in two forms, and nothing of others', cloud: 'AWS',
      is: claims => Object.entries(claims).some(([name, value]) => /^https:\/\/aws\.amazon\.com\/(?:tags|source_identity)/.test(name)
        && !(name.includes('/principal_tags/') ? typeof value === 'string' : name.endsWith('/tags') ? value.principal_tags : typeof value === 'string' && value !== '')),
    },
    {
      why: 'AWS has been seen to refuse a token that names other roles, and documents the condition key alone', cloud: 'AWS',
      is: claims => 'https://aws.amazon.com/roles' in claims,
    },
    {
      why: 'AWS does not say which names of a token EKS reads, nor what becomes of one without a pod', cloud: 'AWS',
      is: ({ aud, sub, 'kubernetes.io': names }) => [aud].flat()[0] === 'pods.eks.amazonaws.com'
        && !(names?.pod?.name && typeof names.namespace === 'string' && sub === `system:serviceaccount:${names.namespace}:${names.serviceaccount?.name}`),
    },
    {
      why: 'Google says nothing of an audience that is no text beside the right one', cloud: 'Google Cloud',
      is: ({ aud }) => Array.isArray(aud) && aud.some(value => typeof value !== 'string'),
    },
    { why: 'Google said once that tokens live for less than two days', cloud: 'Google Cloud', is: ({ exp, iat }) => exp - iat >= 2 * DAY },
    { why: 'Google does not say that an empty google.subject is refused', cloud: 'Google Cloud', is: ({ sub }) => sub === '' },
    { why: 'Entra ID says nothing of several audiences of the tokens of others', cloud: 'Azure', is: ({ aud }) => Array.isArray(aud) && aud.length > 1 },
    {
      why: 'Entra ID says nothing of a token without exp or iat, nor of one for more than 25 hours, which it has been seen to refuse', cloud: 'Azure',
      is: ({ exp, iat }) => !(exp - iat <= 25 * 3600),
    },
  ];
  const counts = { tokens: 0, in: 0, known: new Map<string, number>() };

  interface Trial {
    readonly identity: Identity;
    readonly enters: (tried: Case) => Promise<boolean>;
    readonly cases: readonly Case[];
  }

  async function trialsOf(mechanism: Mechanism, applied: Applied, identities: readonly Identity[]): Promise<Trial[]> {
    const { from, to, by } = mechanism;
    const [own, other] = CLUSTERS_OF[from].map(name => stage.clusters[name]) as [TestCluster, TestCluster];
    const at = (address: string) => applied.resources.find(resource => resource.address === address)!.values;
    const roles = ofType(applied, 'aws_iam_role').map(({ values }) => values.arn as string);
    const accounts = ofType(applied, 'google_service_account').map(({ values }) => values.email as string);
    const [provider] = ofType(applied, 'google_iam_workload_identity_pool_provider');
    const native = (tried: readonly Case[]) => tried.filter(({ claims }) => podOf(claims) !== undefined && isAt(claims));
    const asPod = ({ claims }: Case, credential: 'access token' | 'ID token', email?: string) => {
      const identity = stage.google.podIdentity(podOf(claims)!);
      const may = identity && (email === undefined || stage.google.impersonate({ identity, serviceAccount: email, credential }).ok);
      return may === true ? identity : undefined;
    };
    const trials: Trial[] = [];
    for (const identity of identities) {
      const values = at(identity.where.address);
      if (identity.kind === 'role' && accounts.length > 0) {
        const uniqueId = ofType(applied, 'google_service_account')[0]!.values.unique_id as string;
        const google = [...googleClaimsAround(uniqueId, stage.now)].map(claims => caseOf(forge(GOOGLE, claims), claims));
        trials.push({ identity, cases: google, enters: async ({ jwt }) => (await sessionsBy(jwt, roles)).has(values.arn) });
        trials.push({
          identity, cases: native(await casesOf(own, other, own.workloadPool!)), enters: async tried => asPod(tried, 'ID token', accounts[0]) !== undefined,
        });
      } else if (identity.kind === 'role' && by.startsWith('EKS Pod Identity')) {
        // With a target role, nobody sees the session of the first.
        const target = ofType(applied, 'aws_eks_pod_identity_association')[0]!.values.target_role_arn ?? roles[0];
        if (values.arn === target) {
          trials.push({ identity, cases: await casesOf(own, other, 'pods.eks.amazonaws.com'), enters: async ({ jwt }) => (await sessionByAgent(jwt, own)).size > 0 });
        }
      } else if (identity.kind === 'role' && identity.where.address === 'aws_iam_role.Target' && mechanism.externalId !== undefined) {
        // What a caller says besides its token, lib/trust does not know.
        continue;
      } else if (identity.kind === 'role') {
        trials.push({ identity, cases: await casesOf(own, other, 'sts.amazonaws.com'), enters: async ({ jwt }) => (await sessionsBy(jwt, roles)).has(values.arn) });
      } else if (to === 'Azure') {
        const enters = async ({ jwt }: Case) => {
          try {
            await stage.azure.exchange({ clientId: values.client_id, assertion: jwt });
            return true;
          } catch (error) {
            if (!(error instanceof EntraError)) throw error;
            return false;
          }
        };
        trials.push({ identity, cases: await casesOf(own, other, 'api://AzureADTokenExchange'), enters });
      } else if (provider !== undefined) {
        const name: string = provider.values.name;
        const enters = async ({ jwt }: Case) => {
          const exchanged = await stage.google.exchange({ audience: `//iam.googleapis.com/${name}`, token: jwt });
          return exchanged.ok && (identity.kind === 'principal' ? membersOf(exchanged.identity).has(identity.name as string)
            : stage.google.impersonate({ identity: exchanged.identity, serviceAccount: values.email }).ok);
        };
        trials.push({ identity, cases: await casesOf(own, other, `https://iam.googleapis.com/${name}`), enters });
      } else {
        const enters = async (tried: Case) => {
          const as = asPod(tried, 'access token', identity.kind === 'principal' ? undefined : values.email);
          return as !== undefined && (identity.kind !== 'principal' || membersOf(as).has(identity.name as string));
        };
        trials.push({ identity, cases: native(await casesOf(own, other, own.workloadPool!)), enters });
      }
    }
    return trials;
  }

  const [[, literal]] = LITERAL_AND_TOKENS as [typeof LITERAL_AND_TOKENS[number]];

  test.each(MECHANISMS)('agree on $from to $to: $by', async mechanism => {
    const applied = stage.apply(stage.synthesize(mechanism, literal));
    stage.enforce(applied);
    internet.serve('www.googleapis.com', () => ({ status: 200, body: JSON.stringify({ keys: [GOOGLE.jwk] }) }));
    const { identities } = readModel(statesOf(applied));
    const wrong: string[] = [];
    let entered = 0;
    for (const { identity, enters, cases: tried } of await trialsOf(mechanism, applied, identities)) {
      for (const one of tried) {
        const verdict = accepts(identity, one.token, stage.now);
        const does = await enters(one);
        const known = does ? undefined : KNOWN.find(({ cloud, is }) => cloud === mechanism.to && verdict === 'unknown' && is(one.claims));
        counts.tokens += 1;
        entered += does ? 1 : 0;
        if (known !== undefined) {
          counts.known.set(known.why, (counts.known.get(known.why) ?? 0) + 1);
        } else if (verdict !== (does ? 'yes' : 'no')) {
          wrong.push(`${identity.where.address}: ${does ? 'gets in' : 'is refused'}, lib/trust says ${verdict}: ${shown(one.claims)}`);
        }
      }
    }
    expect({ wrong: wrong.slice(0, 12), all: wrong.length }).toEqual({ wrong: [], all: 0 });
    expect(entered).toBeGreaterThan(0);
    counts.in += entered;
  }, 60_000);

  test('the figures', () => {
    expect(counts.tokens).toBeGreaterThan(10_000);
    expect([...counts.known.keys()].sort()).toEqual(KNOWN.map(({ why }) => why).sort());
    const unsaid = [...counts.known.values()].reduce((sum, number) => sum + number, 0);
    figure('differential', `${count(counts.tokens)} tokens: ${count(counts.in)} let in by both, ${count(counts.tokens - counts.in - unsaid)} refused by both, and ${count(unsaid)} of which the vendors say nothing, `
      + `which the stand-ins refuse and lib/trust does not know, for ${KNOWN.length} written reasons`);
  });
});

import { LITERAL_AND_TOKENS } from '../clusters';
import { Mechanism, MECHANISMS, scopeOf } from '../mechanisms';
import { describeOnTerraform } from '../terraform';
import { chainOf, detoursOf, goesOn } from './chains';
import { count, figure } from './figures';
import { Applied, ofType, Outcome, RunningPod } from './model';
import { Clients } from './network/clients';
import { LoopbackInternet } from './network/internet';
import { CLIENT_OF, CLUSTERS_OF, Stage } from './stage';
import { MALLORY, withMoreClients, withStrangers } from './strangers';
import { holdsToken, stolenBy, withForgeries, withOther } from './thieves';
import { cameOf, shallCome, TryName } from './tries';
import { WRITERS } from './writers';

const LITERAL = LITERAL_AND_TOKENS[0]![1];
const SOMEBODY = 'https://somebody.example.com';

const ELSEWHERE: Readonly<Record<Mechanism['to'], string>> = {
  'AWS': 'api://AzureADTokenExchange', 'Google Cloud': 'sts.amazonaws.com', 'Azure': 'sts.amazonaws.com',
};

/** Whom the cloud shall take a pod for. */
function identityOf({ to }: Mechanism, applied: Applied, { namespace, serviceAccount }: RunningPod): string {
  switch (to) {
    case 'AWS':
      return chainOf(applied).roleArns.at(-1)!;
    case 'Google Cloud': {
      const [account] = ofType(applied, 'google_service_account').filter(({ stack }) => stack !== 'strangers');
      const [pool] = ofType(applied, 'google_iam_workload_identity_pool');
      return account !== undefined ? account.values.member
        : pool !== undefined ? `principal://iam.googleapis.com/${pool.values.name}/subject/system:serviceaccount:${namespace}:${serviceAccount}`
          : `principal://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/acme-apps.svc.id.goog/subject/ns/${namespace}/sa/${serviceAccount}`;
    }
    case 'Azure': {
      const [identity] = [...ofType(applied, 'azurerm_user_assigned_identity'), ...ofType(applied, 'azuread_application')].filter(({ stack }) => stack !== 'strangers');
      return identity!.values.client_id;
    }
  }
}

/** Which refusal each attempt meets: the trust itself says no, and nothing that broke on the way. */
function refusalOf({ from, to, by }: Mechanism, who: string): string {
  const stolen = who.startsWith('another') && who !== 'another audience';
  const elsewhere = who.startsWith('another cluster');
  if (to === 'Azure') {
    return `Entra ID: ${elsewhere ? '401 AADSTS700211' : stolen ? '401 AADSTS700213' : who === 'an expired token' ? '401 AADSTS700024'
      : who === 'a token signed by another key' ? '400 AADSTS50027' : '401 AADSTS700212'}`;
  }
  if (to === 'AWS' && by.startsWith('EKS Pod Identity')) {
    // Everybody has an association: it is the trust of a role that refuses.
    return `the agent of EKS: 400 ${stolen ? 'AccessDeniedException' : who === 'an expired token' ? 'ExpiredTokenException' : 'InvalidTokenException'}`;
  }
  if (to === 'AWS') {
    return `AWS STS: ${who === 'an expired token' ? '400 ExpiredTokenException' : who === 'a token signed by another key' ? '400 InvalidIdentityToken' : '403 AccessDenied'}`;
  }
  if (from === 'GKE') {
    return by.startsWith('direct access') ? 'Cloud Storage: 403 forbidden' : 'GKE\'s metadata server: 403 iam.serviceAccounts.getAccessToken';
  }
  return `Google's STS: 400 ${stolen && !elsewhere ? 'unauthorized_client' : 'invalid_grant'}`;
}

const ALL_OF_S3 = ['lists its whole bucket', 'lists the rest of its bucket', 'reads the rest of its bucket', 'lists another bucket'] as const;

/** What the pod of a mechanism may do in each cloud that it comes to: what its identity was granted, which is reading, and nothing else. */
function permittedBy({ to, by, reads }: Mechanism): readonly (readonly [cloud: Mechanism['to'], may: readonly TryName[]])[] {
  const read = ['lists its reports', 'reads one of its reports'] as const;
  const listsBuckets = !by.startsWith('direct access') || by.endsWith('in another project');
  const google = ['Google Cloud', [...read, ...listsBuckets ? ['lists the buckets of its project'] as const : []]] as const;
  switch (to) {
    case 'AWS': return [['AWS', [...read, ...reads === 'every bucket' ? ALL_OF_S3 : []]], ...by.startsWith('ID tokens') ? [google] : []];
    case 'Google Cloud': return [google];
    case 'Azure': return [['Azure', ['lists its reports']]];
  }
}

interface Attempt {
  readonly who: string;
  readonly pod: RunningPod;
  readonly allowed: boolean;
}

/** The pod itself, and everybody who tries to be it. */
function attemptsAt(mechanism: Mechanism, stage: Stage, pod: RunningPod): Attempt[] {
  const { clusters, google } = stage;
  const [own, other] = CLUSTERS_OF[mechanism.from].map(name => clusters[name]) as [typeof clusters.eks, typeof clusters.eks];
  const { namespace, serviceAccount } = pod;
  const scope = scopeOf(mechanism);
  const itself = { cluster: own, namespace, serviceAccount };
  const stolen = (who: string, to: object, allowed = false) => ({ who, pod: stolenBy(pod, { ...itself, ...to }, google, MALLORY.email), allowed });
  const held = holdsToken(pod) ? [
    { who: 'another audience', pod: withOther(pod, { cluster: own, google, audience: SOMEBODY }), allowed: false },
    { who: 'a token for another cloud', pod: withOther(pod, { cluster: own, google, audience: ELSEWHERE[mechanism.to] }), allowed: false },
    { who: 'an expired token', pod: withOther(pod, { cluster: own, google, issuedAt: stage.now - 7200 }), allowed: false },
    { who: 'a token signed by another key', pod: withForgeries(pod), allowed: false },
  ] : [];
  // Google's own pool is one for all clusters of a project: only a whole cluster is told apart from its neighbours.
  const inGooglesPool = mechanism.to === 'Google Cloud' || mechanism.by.startsWith('ID tokens of a Google service account');
  const neighbour = own === clusters.gke ? [stolen('another cluster of the project', { cluster: clusters.gkeNeighbour }, inGooglesPool && scope !== 'cluster')] : [];
  return [
    { who: 'the service account', pod, allowed: true },
    stolen('another namespace', { namespace: 'billing' }, scope === 'cluster'),
    stolen('another account', { serviceAccount: 'writer' }, scope !== 'account'),
    stolen('another cluster', { cluster: other }),
    ...neighbour,
    ...held,
  ];
}

const refusedIn = (...tried: readonly Readonly<Record<string, string>>[]) => tried.flatMap(each => Object.values(each)).filter(came => came !== 'done').length;

describeOnTerraform('the vendors\' clients', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  const clients = new Clients(internet, { clock: stage.clock, processes: 2 });
  const counts = { stacks: 0, allowed: 0, refused: 0, further: 0, written: 0 };
  const start = performance.now();

  /** What a pod tries on its way through a chain of roles; no pod has a session of the first role of EKS Pod Identity, which goes on itself. */
  async function detours({ by, from, externalId }: Mechanism, applied: Applied, { namespace, serviceAccount }: RunningPod) {
    const cluster = stage.clusters[CLUSTERS_OF[from][0]];
    const { sts } = stage.aws;
    const byEks = by.startsWith('EKS Pod Identity');
    const tags = new Map([['eks-cluster-arn', cluster.arn ?? ''], ['kubernetes-namespace', namespace], ['kubernetes-service-account', serviceAccount]]);
    const chain = chainOf(applied, { externalId, ...byEks && externalId === undefined && { tags } });
    const first = { roleArn: chain.roleArns[0], roleSessionName: 'first' };
    if (chain.roleArns.length === 1) {
      return {};
    }
    const session = byEks ? sts.assumeRoleForService('pods.eks.amazonaws.com', { ...first, tags })
      : await sts.assumeRoleWithWebIdentity({ ...first, token: cluster.issue({ namespace, serviceAccount, audience: 'sts.amazonaws.com' }) });
    goesOn(stage.aws, session, chain);
    return detoursOf(stage.aws, session, chain);
  }

  afterAll(async () => {
    await clients.close();
    await internet.close();
  });

  describe.each(LITERAL_AND_TOKENS)('with %s', (_, known) => {
    test.each(MECHANISMS)('$from to $to: $by', async mechanism => {
      // On AWS every audience that is tried is registered: it is the trust of the role that compares it.
      const applied = withStrangers(withMoreClients(stage.apply(stage.synthesize(mechanism, known)), [SOMEBODY, ELSEWHERE[mechanism.to]]));
      stage.enforce(applied);
      const [client, action] = CLIENT_OF[mechanism.to];
      const itself = await stage.start(mechanism, applied);
      const attempts = attemptsAt(mechanism, stage, itself);
      const outcomes: Record<string, unknown> = Object.fromEntries(await Promise.all(attempts.map(async ({ who, pod }) => {
        const outcome: Outcome = await clients.run(pod, 'main', client, action);
        return [who, outcome.ok ? { as: outcome.as } : { refused: stage.refusalsOf(pod) }];
      })));
      expect(outcomes).toEqual(Object.fromEntries(attempts.map(({ who, pod, allowed }) =>
        [who, allowed ? { as: identityOf(mechanism, applied, pod) } : { refused: [refusalOf(mechanism, who)] }])));
      const further = await Promise.all(permittedBy(mechanism).map(async ([cloud, may]) => {
        const before = stage.stored(cloud);
        const shall = shallCome(cloud, may);
        expect(await cameOf(cloud, { stage, clients, pod: itself, account: mechanism.by.includes('in another account') ? '210987654321' : undefined })).toEqual(shall);
        expect(stage.stored(cloud)).toEqual(before);
        return shall;
      }));
      const strayed = mechanism.to === 'AWS' ? await detours(mechanism, applied, itself) : {};
      expect(Object.entries(strayed).filter(([, came]) => came !== 'AccessDenied')).toEqual([]);
      counts.stacks += 1;
      attempts.forEach(({ allowed }) => counts[allowed ? 'allowed' : 'refused'] += 1);
      counts.further += refusedIn(strayed, ...further);
    }, 60_000);
  });

  test.each(WRITERS)('$mechanism.from to $mechanism.to: $mechanism.by', async ({ mechanism, may, leaves: [place, objects] }) => {
    const applied = withStrangers(stage.apply(stage.synthesize(mechanism, LITERAL)));
    stage.enforce(applied);
    const before = stage.stored(mechanism.to);
    const shall = shallCome(mechanism.to, may);
    expect(await cameOf(mechanism.to, { stage, clients, pod: await stage.start(mechanism, applied) })).toEqual(shall);
    // All that was written is there, and nothing else.
    expect(stage.stored(mechanism.to)).toEqual({ ...before, [place]: objects });
    counts.written += Object.values(shall).length - refusedIn(shall);
    counts.further += refusedIn(shall);
  }, 60_000);

  test('the figures', () => figure('cells',
    `${count(counts.stacks)} stacks, ${count(counts.allowed)} calls that are allowed, ${count(counts.refused)} that are refused; ${count(counts.written)} things that ${WRITERS.length} more identities do by grants for writing; ${count(counts.further)} times that whoever is let in goes no further`,
    { time: `${Math.round((performance.now() - start) / 1000)} s` }));
});

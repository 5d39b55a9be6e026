import { LITERAL_AND_TOKENS } from '../clusters';
import { Mechanism, MECHANISMS, scopeOf } from '../mechanisms';
import { describeOnTerraform } from '../terraform';
import { count, figure } from './figures';
import { Applied, ofType, Outcome, RunningPod } from './model';
import { Clients } from './network/clients';
import { LoopbackInternet } from './network/internet';
import { CLIENT_OF, CLUSTERS_OF, Stage } from './stage';
import { holdsToken, stolenBy, withForgeries, withOther } from './thieves';

const ELSEWHERE: Readonly<Record<Mechanism['to'], string>> = {
  'AWS': 'api://AzureADTokenExchange', 'Google Cloud': 'sts.amazonaws.com', 'Azure': 'sts.amazonaws.com',
};

/** Whom the cloud shall take the pod for. */
function identityOf({ to }: Mechanism, applied: Applied): string {
  switch (to) {
    case 'AWS': {
      const roles = ofType(applied, 'aws_iam_role');
      return roles.find(({ address }) => address.startsWith('aws_iam_role.Target'))?.values.arn ?? roles[0]!.values.arn;
    }
    case 'Google Cloud': {
      const [account] = ofType(applied, 'google_service_account');
      const [pool] = ofType(applied, 'google_iam_workload_identity_pool');
      return account !== undefined ? account.values.member
        : pool !== undefined ? `principal://iam.googleapis.com/${pool.values.name}/subject/system:serviceaccount:reports:reader`
          : 'principal://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/acme-apps.svc.id.goog/subject/ns/reports/sa/reader';
    }
    case 'Azure': {
      const [identity] = [...ofType(applied, 'azurerm_user_assigned_identity'), ...ofType(applied, 'azuread_application')];
      return identity!.values.client_id;
    }
  }
}

/** Which refusal each attempt meets: the trust itself says no, and nothing that broke on the way. */
function refusalOf({ from, to, by }: Mechanism, who: string): string {
  const stolen = who.startsWith('another') && who !== 'another audience';
  const elsewhere = who.startsWith('another cluster');
  if (to === 'Azure') {
    return elsewhere ? 'AADSTS700211' : stolen ? 'AADSTS700213' : who === 'an expired token' ? 'AADSTS700024' : who === 'a token signed by another key' ? 'AADSTS50027' : 'AADSTS700212';
  }
  if (to === 'AWS') {
    // The agent gives nothing, and the SDK says what it makes of that.
    return by.startsWith('EKS Pod Identity') ? 'CredentialsProviderError'
      : who === 'an expired token' ? 'ExpiredTokenException'
        : who === 'a token signed by another key' ? 'InvalidIdentityTokenException'
          // Without an ID token the file is not there; with one for somebody else it is AWS's trust that compares.
          : by.startsWith('ID tokens') ? stolen ? 'Error' : 'AccessDenied'
            : stolen ? 'AccessDenied' : 'InvalidIdentityTokenException';
  }
  if (from === 'GKE') {
    return by.startsWith('direct access') ? 'forbidden' : 'Error';
  }
  return stolen && !elsewhere ? 'unauthorized_client' : 'invalid_grant';
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
  const stolen = (who: string, to: object, allowed = false) => ({ who, pod: stolenBy(pod, { ...itself, ...to }, google), allowed });
  const held = holdsToken(pod) ? [
    { who: 'another audience', pod: withOther(pod, { cluster: own, google, audience: 'https://somebody.example.com' }), allowed: false },
    { who: 'a token for another cloud', pod: withOther(pod, { cluster: own, google, audience: ELSEWHERE[mechanism.to] }), allowed: false },
    { who: 'an expired token', pod: withOther(pod, { cluster: own, google, issuedAt: stage.now - 7200 }), allowed: false },
    { who: 'a token signed by another key', pod: withForgeries(pod, own), allowed: false },
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

describeOnTerraform('the vendors\' clients', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  const clients = new Clients(internet, { clock: stage.clock, processes: 2 });
  const counts = { stacks: 0, allowed: 0, refused: 0 };
  const start = performance.now();

  afterAll(async () => {
    await clients.close();
    await internet.close();
  });

  describe.each(LITERAL_AND_TOKENS)('with %s', (_, known) => {
    test.each(MECHANISMS)('$from to $to: $by', async mechanism => {
      const applied = stage.apply(stage.synthesize(mechanism, known));
      stage.enforce(applied);
      const [client, action] = CLIENT_OF[mechanism.to];
      const attempts = attemptsAt(mechanism, stage, await stage.start(mechanism, applied));
      const outcomes: Record<string, Outcome> = Object.fromEntries(
        await Promise.all(attempts.map(async ({ who, pod }) => [who, await clients.run(pod, 'main', client, action)])),
      );
      const expected = attempts.map(({ who, allowed }) => [who, allowed ? { ok: true } : { ok: false, code: refusalOf(mechanism, who) }]);
      expect(outcomes).toMatchObject(Object.fromEntries(expected));
      expect(outcomes['the service account']).toMatchObject({ as: identityOf(mechanism, applied) });
      counts.stacks += 1;
      attempts.forEach(({ allowed }) => counts[allowed ? 'allowed' : 'refused'] += 1);
    }, 60_000);
  });

  test('the figures', () => figure('cells',
    `${count(counts.stacks)} stacks, ${count(counts.allowed)} calls that are allowed, ${count(counts.refused)} that are refused`,
    { time: `${Math.round((performance.now() - start) / 1000)} s` }));
});

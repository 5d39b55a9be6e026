import { createPublicKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { ACCOUNT, Attack, ATTACKS, NAMES, NAMESPACE, otherAudiences, Taker, Victim, victimOf as victimFrom } from './attacks';
import { AwsError } from './clouds/aws';
import { provider, resource, role } from './clouds/aws/fixture';
import { EntraError } from './clouds/azure';
import { GOOGLE_ISSUER } from './clouds/google';
import { TestCluster } from './cluster';
import { count, figure } from './figures';
import { AppliedResource, Applied, ofType, RunningPod } from './model';
import { LoopbackInternet } from './network/internet';
import { CLUSTERS_OF, ClusterName, Stage } from './stage';
import { LITERAL_AND_TOKENS, OIDC_ISSUER } from '../clusters';
import { Mechanism, MECHANISMS, scopeOf } from '../mechanisms';
import { describeOnTerraform } from '../terraform';

const internet = new LoopbackInternet();
const stage = new Stage(internet);
afterAll(() => internet.close());

/** What is tried where. */
interface Trial {
  readonly entrance: Entrance;
  readonly taker: Taker;
  readonly victim: Victim;
}

/** Whether a token gets in; what is neither an entry nor a refusal is thrown. */
type Entrance = (token: string) => Promise<boolean>;

const GTOKEN = 'gtoken/sts/assume-role-with-web-identity';
const POD = { name: 'reader-1', namespace: NAMESPACE, serviceAccount: ACCOUNT, serviceAccountAnnotations: {}, containers: new Map() };
const counts = { in: 0, out: new Map<string, number>() };

// Tokens are the same for every trust that wants the same audience of the same cluster: making them costs more than all that is tried with them.
const made = new Map<string, ReadonlyMap<Attack, string | undefined>>();

function tokensFor(id: string, victim: Victim): ReadonlyMap<Attack, string | undefined> {
  const tokens = made.get(id) ?? new Map(ATTACKS.map(attack => [attack, attack.token(victim)]));
  made.set(id, tokens);
  return tokens;
}

const victims = new Map<string, Victim>();

function victimOf(own: TestCluster, other: TestCluster, audience: string): Victim {
  const id = JSON.stringify([own.issuer, other.issuer, audience]);
  const victim = victims.get(id) ?? victimFrom(own, other, audience, stage.clock);
  victims.set(id, victim);
  return victim;
}

/** Tries everything, and says what gets in that must not, and what does not that must. */
async function surprises(entrance: Entrance, taker: Taker, victim: Victim): Promise<string[]> {
  const wrong: string[] = [];
  for (const [{ kind, name, taken }, token] of tokensFor(`${victim.claims.iss} ${victim.claims.sub} ${victim.audience} ${victim.other.issuer}`, victim)) {
    if (token === undefined) {
      continue;
    }
    const shall = taken(taker, victim);
    const does = await entrance(token);
    if (does !== shall) {
      wrong.push(`${kind}: ${name}: ${does ? 'gets in' : 'is refused'}`);
    }
    counted(kind, does);
  }
  return wrong;
}

function counted(kind: string, does: boolean): void {
  if (does) {
    counts.in += 1;
  } else {
    counts.out.set(kind, (counts.out.get(kind) ?? 0) + 1);
  }
}

async function entersAws(roleArn: string, token: string, targetArn?: string): Promise<boolean> {
  const session = await stage.aws.assumeRoleWithWebIdentity({ roleArn, token, roleSessionName: 'attack' });
  if (session instanceof AwsError) {
    return false;
  }
  if (targetArn !== undefined) {
    stage.aws.sts.assumeRole(session, { roleArn: targetArn, roleSessionName: 'attack' });
  }
  return true;
}

async function entersByAgent(pod: RunningPod, token: string): Promise<boolean> {
  const { status, body } = await internet.fetch({ url: 'http://169.254.170.23/v1/credentials', headers: { authorization: token }, pod });
  if (status === 200) {
    return JSON.parse(body).AccessKeyId !== undefined;
  }
  expect([400, 404]).toContain(status);
  return false;
}

async function entersGoogle(audience: string, token: string, serviceAccount?: string): Promise<boolean> {
  const exchanged = await stage.google.exchange({ audience, token });
  if (!exchanged.ok) {
    return false;
  }
  const impersonated = serviceAccount === undefined ? undefined : stage.google.impersonate({ identity: exchanged.identity, serviceAccount });
  if (impersonated?.ok === false) {
    return false;
  }
  return stage.google.permitsInBucket(impersonated?.identity ?? exchanged.identity, 'storage.objects.list', 'acme-reports');
}

async function entersAzure(clientId: string, assertion: string): Promise<boolean> {
  try {
    return (await stage.azure.exchange({ clientId, assertion })).principal.clientId === clientId;
  } catch (error) {
    if (error instanceof EntraError) {
      return false;
    }
    throw error;
  }
}

/** What a Google service account's ID token is, for whoever has no key of Google's. */
async function googleVictim(email: string, other: TestCluster): Promise<Victim> {
  const account = stage.google.accounts.find(email)!;
  const right = stage.google.idToken(account, GTOKEN, true);
  const [header, claims] = right.split('.').slice(0, 2).map(part => JSON.parse(Buffer.from(part, 'base64url').toString()));
  const { body } = await internet.fetch({ url: 'https://www.googleapis.com/oauth2/v3/certs' });
  const jwk = (JSON.parse(body) as { keys: JsonWebKey[] }).keys[0]!;
  expect(claims.iss).toBe(GOOGLE_ISSUER);
  return { right, header, claims, audience: GTOKEN, now: stage.now, publicKey: { publicKey: createPublicKey({ key: jwk, format: 'jwk' }), jwk: { ...jwk, kid: header.kid } }, other };
}

describe('the stand-ins by themselves', () => {
  const { oidc, otherOidc, eks, otherEks } = stage.clusters;
  const applied = (...resources: readonly AppliedResource[]): Applied => ({ resources, outputs: {} });
  const anyone = { Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity' };

  test('AWS takes what a registered issuer says, and nothing else', async () => {
    const arn = `arn:aws:iam::123456789012:oidc-provider/${OIDC_ISSUER.replace('https://', '')}`;
    stage.enforce(applied(provider(OIDC_ISSUER), role('wide', { ...anyone, Principal: { Federated: arn } })));
    const entrance: Entrance = token => entersAws('arn:aws:iam::123456789012:role/wide', token);
    expect(await surprises(entrance, { cloud: 'AWS', scope: 'everyone' }, victimOf(oidc, otherOidc, 'sts.amazonaws.com'))).toEqual([]);
  });

  test('AWS takes what Google signed, and nothing else', async () => {
    const account = resource('google_service_account', {
      email: 'reader@acme-apps.iam.gserviceaccount.com', unique_id: '113475438248934895348', name: 'projects/acme-apps/serviceAccounts/reader@acme-apps.iam.gserviceaccount.com', project: 'acme-apps',
    }, 'acme-apps');
    stage.enforce(applied(account, role('wide', { ...anyone, Principal: { Federated: 'accounts.google.com' } })));
    const entrance: Entrance = token => entersAws('arn:aws:iam::123456789012:role/wide', token);
    expect(await surprises(entrance, { cloud: 'AWS', scope: 'everyone' }, await googleVictim(account.values.email, stage.clusters.otherGke))).toEqual([]);
  });

  test('the agent of EKS takes what its cluster says, and nothing else', async () => {
    const association = resource('aws_eks_pod_identity_association', {
      cluster_name: 'apps', namespace: NAMESPACE, service_account: ACCOUNT, role_arn: 'arn:aws:iam::123456789012:role/wide', region: 'eu-west-1',
    });
    const trust = { Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:TagSession'], Principal: { Service: 'pods.eks.amazonaws.com' } };
    stage.enforce(applied(association, role('wide', trust)));
    const entrance: Entrance = token => entersByAgent({ ...POD, cluster: eks }, token);
    expect(await surprises(entrance, { cloud: 'EKS Pod Identity', scope: 'everyone' }, victimOf(eks, otherEks, 'pods.eks.amazonaws.com'))).toEqual([]);
  });

  test.each([['keys that are published', false], ['keys that are uploaded', true]])('Google takes what the issuer of a provider says, and nothing else: %s', async (_, uploaded) => {
    const pool = 'projects/123456789/locations/global/workloadIdentityPools/wide';
    const name = `${pool}/providers/wide`;
    stage.enforce(applied(
      resource('google_iam_workload_identity_pool', { name: pool }),
      resource('google_iam_workload_identity_pool_provider', {
        name, attribute_mapping: { 'google.subject': 'assertion.sub' }, oidc: [{ issuer_uri: OIDC_ISSUER, ...uploaded && { jwks_json: oidc.jwks } }],
      }),
      resource('google_storage_bucket_iam_member', { bucket: 'acme-reports', role: 'roles/storage.objectViewer', member: `principalSet://iam.googleapis.com/${pool}/*` }),
    ));
    const entrance: Entrance = token => entersGoogle(`//iam.googleapis.com/${name}`, token);
    expect(await surprises(entrance, { cloud: 'Google Cloud', scope: 'everyone' }, victimOf(oidc, otherOidc, `https://iam.googleapis.com/${name}`))).toEqual([]);
  });

  test('Azure takes what the issuer of a credential says of its subject, and nothing else', async () => {
    const clientId = '0a1b2c3d-0000-4000-8000-000000000001';
    stage.enforce(applied(
      resource('azurerm_user_assigned_identity', { name: 'wide', id: '/subscriptions/x/wide', client_id: clientId, principal_id: '0a1b2c3d-0000-4000-8000-000000000002' }),
      resource('azurerm_federated_identity_credential', {
        name: 'wide', parent_id: '/subscriptions/x/wide', issuer: OIDC_ISSUER, subject: `system:serviceaccount:${NAMESPACE}:${ACCOUNT}`, audience: ['api://AzureADTokenExchange'],
      }),
    ));
    const entrance: Entrance = token => entersAzure(clientId, token);
    expect(await surprises(entrance, { cloud: 'Azure', scope: 'everyone' }, victimOf(oidc, otherOidc, 'api://AzureADTokenExchange'))).toEqual([]);
  });

  test('every attack has a name of its own, and every kind is tried everywhere', () => {
    const names = ATTACKS.map(({ kind, name }) => `${kind}: ${name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    const kinds = (tokens: ReadonlyMap<Attack, string | undefined>) =>
      new Set([...tokens].filter(([, token]) => token !== undefined).map(([{ kind }]) => kind)).size;
    // Nobody has Google sign what it would not.
    expect([...made.values()].map(kinds).sort()).toEqual([10, 14, 14, 14, 14]);
  });
});

/** The registrations of issuers as they are where others use them for more audiences: a role must not count on them. */
function withMoreClients(applied: Applied): Applied {
  return {
    ...applied, resources: applied.resources.map(each => each.type !== 'aws_iam_openid_connect_provider' ? each
      : { ...each, values: { ...each.values, client_id_list: [...each.values.client_id_list, ...otherAudiences('sts.amazonaws.com')] } }),
  };
}

describeOnTerraform('through the synthesized trust', () => {
  /** The entrance of a mechanism, and what a token for it is. */
  async function entranceOf(mechanism: Mechanism, applied: Applied): Promise<Trial> {
    const { from, to, by } = mechanism;
    const [own, other] = CLUSTERS_OF[from].map(name => stage.clusters[name]) as [TestCluster, TestCluster];
    const scope = scopeOf(mechanism);
    switch (to) {
      case 'AWS': {
        const roles = ofType(applied, 'aws_iam_role');
        const target = roles.find(({ address }) => address.startsWith('aws_iam_role.Target'))?.values.arn;
        const first = roles.find(({ values: { arn } }) => arn !== target)!.values.arn;
        if (by.startsWith('EKS Pod Identity')) {
          return { entrance: token => entersByAgent({ ...POD, cluster: own }, token), taker: { cloud: 'EKS Pod Identity', scope }, victim: victimOf(own, other, 'pods.eks.amazonaws.com') };
        }
        const entrance: Entrance = token => entersAws(first, token, target);
        const account = ofType(applied, 'google_service_account')[0];
        return account === undefined ? { entrance, taker: { cloud: 'AWS', scope }, victim: victimOf(own, other, 'sts.amazonaws.com') }
          : { entrance, taker: { cloud: 'AWS', scope: 'everyone' }, victim: await googleVictim(account.values.email, other) };
      }
      case 'Google Cloud': {
        const serviceAccount = ofType(applied, 'google_service_account')[0]?.values.email;
        const [pool] = ofType(applied, 'google_iam_workload_identity_pool_provider');
        // Google's own pool is no provider: nothing that is presented there is taken.
        const name: string = pool?.values.name ?? `projects/123456789/locations/global/workloadIdentityPools/acme-apps.svc.id.goog/providers/${by.length % 2 === 0 ? 'apps' : 'acme-apps'}`;
        return {
          entrance: token => entersGoogle(`//iam.googleapis.com/${name}`, token, serviceAccount),
          taker: { cloud: 'Google Cloud', scope: pool === undefined ? 'nobody' : scope },
          victim: victimOf(own, other, pool === undefined ? 'acme-apps.svc.id.goog' : `https://iam.googleapis.com/${name}`),
        };
      }
      case 'Azure': {
        const clientId = [...ofType(applied, 'azurerm_user_assigned_identity'), ...ofType(applied, 'azuread_application')][0]!.values.client_id;
        return { entrance: token => entersAzure(clientId, token), taker: { cloud: 'Azure', scope }, victim: victimOf(own, other, 'api://AzureADTokenExchange') };
      }
    }
  }

  /** Where no token is presented, GKE says who a pod is: pods of names that are near, of this cluster and of others. */
  function surprisingPods({ to, trusts }: Mechanism, scope: Taker['scope'], applied: Applied): string[] {
    const account: string | undefined = ofType(applied, 'google_service_account')[0]?.values.email;
    const clusters: readonly (readonly [ClusterName, boolean])[] = [['gke', true], ['gkeNeighbour', scope !== 'cluster'], ['otherGke', false], ['gkePlain', false], ['eks', false]];
    const names = { 'the right one': [NAMESPACE, ACCOUNT] as const, ...NAMES };
    return clusters.flatMap(([cluster, known]) => Object.entries(names).flatMap(([name, [namespace, serviceAccount]]) => {
      const identity = stage.google.podIdentity({ ...POD, cluster: stage.clusters[cluster], namespace, serviceAccount });
      const impersonated = identity && account !== undefined ? stage.google.impersonate({ identity, serviceAccount: account, credential: to === 'AWS' ? 'ID token' : 'access token' }) : undefined;
      const as = account === undefined ? identity : impersonated?.ok === true ? impersonated.identity : undefined;
      const does = as !== undefined && (to === 'AWS' || stage.google.permitsInBucket(as, 'storage.objects.list', 'acme-reports'));
      const shall = known && (trusts === undefined ? namespace === NAMESPACE && serviceAccount === ACCOUNT : scope === 'cluster' || namespace === NAMESPACE);
      counted('pod', does);
      return does === shall ? [] : [`a pod of ${cluster}: ${name}: ${does ? 'gets in' : 'is refused'}`];
    }));
  }

  describe.each(LITERAL_AND_TOKENS)('with %s', (_, known) => {
    test.each(MECHANISMS)('$from to $to: $by', async mechanism => {
      const applied = withMoreClients(stage.apply(stage.synthesize(mechanism, known)));
      stage.enforce(applied);
      const { entrance, taker, victim } = await entranceOf(mechanism, applied);
      expect(await surprises(entrance, taker, victim)).toEqual([]);
      const native = mechanism.from === 'GKE' && (mechanism.to === 'Google Cloud' || ofType(applied, 'google_service_account').length > 0);
      expect(native ? surprisingPods(mechanism, scopeOf(mechanism), applied) : []).toEqual([]);
    }, 60_000);
  });

  test('the figures', () => {
    const out = [...counts.out].sort(([a], [b]) => a < b ? -1 : 1);
    const total = out.reduce((sum, [, number]) => sum + number, 0);
    figure('attacks', `${count(ATTACKS.length)} tokens, ${count(counts.in)} times let in as they should be and ${count(total)} times refused: ${out.map(([kind, number]) => `${kind} ${count(number)}`).join(', ')}`);
  });
});

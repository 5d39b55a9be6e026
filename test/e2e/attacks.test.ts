import { createPublicKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { TerraformStack } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, Cluster, GcpFederatedPrincipal, GcpFederatedServiceAccount,
  ServiceAccountSubject,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import { ACCOUNT, Attack, ATTACKS, NAMES, NAMESPACE, otherAudiences, Taker, Victim, victimOf as victimFrom } from './attacks';
import { Chain, chainOf, goesOn } from './chains';
import { AwsError } from './clouds/aws';
import { provider, resource, role } from './clouds/aws/fixture';
import { EntraError } from './clouds/azure';
import { GOOGLE_ISSUER, Identity } from './clouds/google';
import { TestCluster } from './cluster';
import { count, figure } from './figures';
import { AppliedResource, Applied, ofType, RunningPod } from './model';
import { LoopbackInternet } from './network/internet';
import { appStacks } from './shadow';
import { CLUSTERS_OF, ClusterName, Stage } from './stage';
import { withAssociations, withMoreClients } from './strangers';
import { Who } from './thieves';
import { LITERAL_AND_TOKENS, OIDC_ISSUER } from '../clusters';
import { Mechanism, MECHANISMS, scopeOf } from '../mechanisms';
import { stackIn } from '../synth';
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
const counts = { in: 0, out: new Map<string, number>(), nowhere: 0 };

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
    if (taker.scope === 'nobody') {
      counts.nowhere += 1;
    } else {
      counted(kind, does);
    }
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

async function entersAws(token: string, chain: Chain): Promise<boolean> {
  const session = await stage.aws.assumeRoleWithWebIdentity({ roleArn: chain.roleArns[0], token, roleSessionName: 'attack' });
  if (session instanceof AwsError) {
    return false;
  }
  goesOn(stage.aws, session, chain);
  return true;
}

const WIDE = { roleArns: ['arn:aws:iam::123456789012:role/wide'] } as const;

/** What the agent of EKS says: an answer with credentials, or its refusal without the number of the request. */
async function agentSays(pod: RunningPod, token: string): Promise<string> {
  const { status, body } = await internet.fetch({ url: 'http://169.254.170.23/v1/credentials', headers: { authorization: token }, pod });
  return `${status} ${status === 200 && JSON.parse(body).AccessKeyId !== undefined ? 'credentials' : body.replace(/^\[[^\]]*\]: /, '')}`;
}

/** How it refuses what is no token, a token that is not for it, one that is too old, whoever has no association, and whom the trust of the role does not let in. */
const AGENT_REFUSES = /^(?:400 (?:Service account token|\((?:InvalidToken|ExpiredToken|AccessDenied)Exception\))|404 \(ResourceNotFoundException\))/;

async function entersByAgent(pod: RunningPod, token: string): Promise<boolean> {
  const said = await agentSays(pod, token);
  if (said === '200 credentials') {
    return true;
  }
  expect(said).toMatch(AGENT_REFUSES);
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
    const entrance: Entrance = token => entersAws(token, WIDE);
    expect(await surprises(entrance, { cloud: 'AWS', scope: 'everyone' }, victimOf(oidc, otherOidc, 'sts.amazonaws.com'))).toEqual([]);
  });

  test('AWS takes what Google signed, and nothing else', async () => {
    const account = resource('google_service_account', {
      email: 'reader@acme-apps.iam.gserviceaccount.com', unique_id: '113475438248934895348', name: 'projects/acme-apps/serviceAccounts/reader@acme-apps.iam.gserviceaccount.com', project: 'acme-apps',
    }, 'acme-apps');
    stage.enforce(applied(account, role('wide', { ...anyone, Principal: { Federated: 'accounts.google.com' } })));
    const entrance: Entrance = token => entersAws(token, WIDE);
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

/** Names that Kubernetes takes, and so EKS in an association. */
const NEAR = Object.values(NAMES).filter(([namespace, serviceAccount]) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace)
  && /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/.test(serviceAccount) && `${namespace}/${serviceAccount}` !== `${NAMESPACE}/${ACCOUNT}`);

describeOnTerraform('through the synthesized trust', () => {
  /** The entrance of a mechanism, and what a token for it is. */
  async function entranceOf(mechanism: Mechanism, applied: Applied): Promise<Trial> {
    const { from, to, by } = mechanism;
    const [own, other] = CLUSTERS_OF[from].map(name => stage.clusters[name]) as [TestCluster, TestCluster];
    const scope = scopeOf(mechanism);
    switch (to) {
      case 'AWS': {
        if (by.startsWith('EKS Pod Identity')) {
          return { entrance: token => entersByAgent({ ...POD, cluster: own }, token), taker: { cloud: 'EKS Pod Identity', scope }, victim: victimOf(own, other, 'pods.eks.amazonaws.com') };
        }
        const chain = chainOf(applied, { externalId: mechanism.externalId });
        const entrance: Entrance = token => entersAws(token, chain);
        const account = ofType(applied, 'google_service_account')[0];
        return account === undefined ? { entrance, taker: { cloud: 'AWS', scope }, victim: victimOf(own, other, 'sts.amazonaws.com') }
          : { entrance, taker: { cloud: 'AWS', scope: 'everyone' }, victim: await googleVictim(account.values.email, other) };
      }
      case 'Google Cloud': {
        const serviceAccount = ofType(applied, 'google_service_account')[0]?.values.email;
        const [pool] = ofType(applied, 'google_iam_workload_identity_pool_provider');
        // Google's own pool is no provider: nothing that is presented there is taken.
        const name: string = pool?.values.name ?? `projects/123456789/locations/global/workloadIdentityPools/acme-apps.svc.id.goog/providers/${by.length % 2 === 0 ? 'apps' : 'acme-apps'}`;
        const nowhere: Entrance = async token => {
          const exchanged = await stage.google.exchange({ audience: `//iam.googleapis.com/${name}`, token });
          expect(exchanged).toMatchObject({ ok: false, error: 'invalid_target' });
          return false;
        };
        return {
          entrance: pool === undefined ? nowhere : token => entersGoogle(`//iam.googleapis.com/${name}`, token, serviceAccount),
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
      if (impersonated?.ok === false) {
        expect(impersonated).toMatchObject({ code: 403, status: 'PERMISSION_DENIED', permission: to === 'AWS' ? 'iam.serviceAccounts.getOpenIdToken' : 'iam.serviceAccounts.getAccessToken' });
      }
      const as = account === undefined ? identity : impersonated?.ok === true ? impersonated.identity : undefined;
      const does = as !== undefined && (to === 'AWS' || stage.google.permitsInBucket(as, 'storage.objects.list', 'acme-reports'));
      const shall = known && (trusts === undefined ? namespace === NAMESPACE && serviceAccount === ACCOUNT : scope === 'cluster' || namespace === NAMESPACE);
      counted('pod', does);
      return does === shall ? [] : [`a pod of ${cluster}: ${name}: ${does ? 'gets in' : 'is refused'}`];
    }));
  }

  describe.each(LITERAL_AND_TOKENS)('with %s', (_, known) => {
    test.each(MECHANISMS)('$from to $to: $by', async mechanism => {
      const registered = withMoreClients(stage.apply(stage.synthesize(mechanism, known)), otherAudiences('sts.amazonaws.com'));
      const applied = withAssociations(registered, NEAR.map(([namespace, serviceAccount]) => ({ cluster: 'apps', namespace, serviceAccount })));
      stage.enforce(applied);
      const { entrance, taker, victim } = await entranceOf(mechanism, applied);
      expect(await surprises(entrance, taker, victim)).toEqual([]);
      const native = mechanism.from === 'GKE' && (mechanism.to === 'Google Cloud' || ofType(applied, 'google_service_account').length > 0);
      expect(native ? surprisingPods(mechanism, scopeOf(mechanism), applied) : []).toEqual([]);
      for (const [namespace, serviceAccount] of mechanism.by.startsWith('EKS Pod Identity') ? NEAR : []) {
        const token = stage.clusters.eks.issue({ namespace, serviceAccount, audience: 'pods.eks.amazonaws.com', podName: 'reader-1' });
        const said = await agentSays({ ...POD, cluster: stage.clusters.eks, namespace, serviceAccount }, token);
        const refusal = expect.stringMatching(/^400 \(AccessDeniedException\)/) as string;
        expect({ namespace, serviceAccount, said }).toEqual({ namespace, serviceAccount, said: refusal });
      }
    }, 60_000);
  });

  test('the figures', () => {
    const out = [...counts.out].sort(([a], [b]) => a < b ? -1 : 1);
    const total = out.reduce((sum, [, number]) => sum + number, 0);
    figure('attacks', `${count(ATTACKS.length)} tokens, ${count(counts.in)} times let in as they should be and ${count(total)} times refused: ${out.map(([kind, number]) => `${kind} ${count(number)}`).join(', ')}`
      + `; and ${count(counts.nowhere)} times presented to Google's own pool, which takes none`);
  });
});

/** An identity that trusts service accounts of two clusters, and whether one of the clusters' service accounts becomes it. */
interface Shared {
  readonly clusters: readonly [ClusterName, ClusterName];
  readonly identity: (stack: TerraformStack, trusts: readonly ServiceAccountSubject[]) => void;
  readonly enters: (applied: Applied, who: Who) => Promise<boolean>;
}

describeOnTerraform('an identity that trusts service accounts of two clusters', () => {
  const EKS = ['eks', 'otherEks'] as const;
  const GKE = ['gke', 'otherGke'] as const;
  const issued = ({ cluster, namespace, serviceAccount }: Who, audience: string) => cluster.issue({ namespace, serviceAccount, audience, podName: 'reader-1' });
  const podOf = (who: Who): RunningPod => ({ ...POD, ...who });
  const readsBucket = (identity: Identity | undefined) => identity !== undefined && stage.google.permitsInBucket(identity, 'storage.objects.list', 'acme-reports');

  const byWebIdentity: Shared['enters'] = async (applied, who) => entersAws(issued(who, 'sts.amazonaws.com'), chainOf(applied));
  const byAgent: Shared['enters'] = (_, who) => entersByAgent(podOf(who), issued(who, 'pods.eks.amazonaws.com'));
  const byEntra: Shared['enters'] = (applied, who) => {
    const [identity] = [...ofType(applied, 'azurerm_user_assigned_identity'), ...ofType(applied, 'azuread_application')];
    return entersAzure(identity!.values.client_id, issued(who, 'api://AzureADTokenExchange'));
  };
  /** Through each of the pools, where there are any. */
  const byGoogle: Shared['enters'] = async (applied, who) => {
    const serviceAccount = ofType(applied, 'google_service_account')[0]?.values.email as string | undefined;
    const providers = ofType(applied, 'google_iam_workload_identity_pool_provider').map(({ values }) => values.name as string);
    const entered = await Promise.all(providers.map(name => entersGoogle(`//iam.googleapis.com/${name}`, issued(who, `https://iam.googleapis.com/${name}`), serviceAccount)));
    const itself = stage.google.podIdentity(podOf(who));
    const became = itself === undefined || serviceAccount === undefined ? undefined : stage.google.impersonate({ identity: itself, serviceAccount });
    return entered.includes(true) || readsBucket(serviceAccount === undefined ? itself : became?.ok === true ? became.identity : undefined);
  };
  const viaGoogle: Shared['enters'] = async (applied, who) => {
    const identity = stage.google.podIdentity(podOf(who))!;
    const became = stage.google.impersonate({ identity, serviceAccount: ofType(applied, 'google_service_account')[0]!.values.email, credential: 'ID token' });
    return became.ok && entersAws(stage.google.idToken(became.account, GTOKEN, true), chainOf(applied));
  };

  const podIdentity = (stack: TerraformStack, trusts: readonly ServiceAccountSubject[], disableSessionTags = false) => new AwsPodIdentityRole(stack, 'Role', { trusts, disableSessionTags });
  const account = (stack: TerraformStack, trusts: readonly ServiceAccountSubject[]) => {
    const reader = new GcpFederatedServiceAccount(stack, 'Account', { trusts, accountId: 'reports-reader' });
    reader.grantBucketRead('acme-reports');
    return reader;
  };
  const principal: Shared['identity'] = (stack, trusts) => void new GcpFederatedPrincipal(stack, 'Principal', { trusts }).grantBucketRead('acme-reports');

  const SHARED: Readonly<Record<string, Shared>> = {
    'AwsFederatedRole': { clusters: EKS, identity: (stack, trusts) => void new AwsFederatedRole(stack, 'Role', { trusts }), enters: byWebIdentity },
    'AwsPodIdentityRole': { clusters: EKS, identity: (stack, trusts) => void podIdentity(stack, trusts), enters: byAgent },
    'AwsChainedRole from an AwsFederatedRole': {
      clusters: EKS, identity: (stack, trusts) => void new AwsChainedRole(stack, 'Target', { source: new AwsFederatedRole(stack, 'Role', { trusts }) }), enters: byWebIdentity,
    },
    'AwsChainedRole from an AwsPodIdentityRole': { clusters: EKS, identity: (stack, trusts) => void new AwsChainedRole(stack, 'Target', { source: podIdentity(stack, trusts) }), enters: byAgent },
    'AwsChainedRole from an AwsPodIdentityRole without session tags': {
      clusters: EKS, identity: (stack, trusts) => void new AwsChainedRole(stack, 'Target', { source: podIdentity(stack, trusts, true) }), enters: byAgent,
    },
    'AwsRoleViaGoogle': { clusters: GKE, identity: (stack, trusts) => void new AwsRoleViaGoogle(stack, 'Via', { googleServiceAccount: account(stack, trusts) }), enters: viaGoogle },
    'GcpFederatedServiceAccount': { clusters: EKS, identity: (stack, trusts) => void account(stack, trusts), enters: byGoogle },
    'GcpFederatedServiceAccount by Google\'s own pools': { clusters: GKE, identity: (stack, trusts) => void account(stack, trusts), enters: byGoogle },
    'GcpFederatedServiceAccount by a pool of each kind': { clusters: ['gke', 'eks'], identity: (stack, trusts) => void account(stack, trusts), enters: byGoogle },
    'GcpFederatedPrincipal': { clusters: EKS, identity: principal, enters: byGoogle },
    'GcpFederatedPrincipal by Google\'s own pools': { clusters: GKE, identity: principal, enters: byGoogle },
    'AzureFederatedIdentity': {
      clusters: EKS,
      identity: (stack, trusts) => void new AzureFederatedIdentity(stack, 'Identity', { trusts, identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope' }),
      enters: byEntra,
    },
    'EntraFederatedApplication': { clusters: EKS, identity: (stack, trusts) => void new EntraFederatedApplication(stack, 'Application', { trusts, displayName: 'reports-reader' }), enters: byEntra },
  };

  const ALL = [0, 1].flatMap(cluster => ['reports', 'billing'].flatMap(namespace => ['reader', 'writer'].map(serviceAccount => ({ cluster, namespace, serviceAccount }))));
  const nameOf = ({ cluster, namespace, serviceAccount }: typeof ALL[number]) => `${namespace}/${serviceAccount} of ${'AB'[cluster]!}`;

  const constructOf = (name: ClusterName): Cluster => {
    const { kind, name: own, issuer, arn } = stage.clusters[name];
    const [, project, location] = /\/projects\/([^/]+)\/locations\/([^/]+)\//.exec(issuer) ?? [];
    return kind === 'eks' ? Cluster.eks({ name: own, issuer, arn }) : Cluster.gke({ project: project!, location: location!, name: own, id: `gke-${project!}` });
  };

  test.each(Object.keys(SHARED).flatMap(name => [
    [name, ['reports/reader of A', 'billing/writer of B']], [name, ['reports/reader of A', 'billing/writer of A', 'billing/reader of B']],
  ] as const))('%s lets in %j, and no other of their names in either cluster', async (name, trusted) => {
    const { clusters, identity, enters } = SHARED[name]!;
    const isTrusted = (each: typeof ALL[number]) => (trusted as readonly string[]).includes(nameOf(each));
    const whose = ALL.map(each => ({ each, who: { ...each, cluster: stage.clusters[clusters[each.cluster]!] } }));
    const stacks = appStacks(app => {
      const constructs = clusters.map(constructOf);
      identity(stackIn(app), ALL.filter(isTrusted).map(each => constructs[each.cluster]!.serviceAccount(each.namespace, each.serviceAccount)));
    });
    const strangers = whose.filter(({ each }) => !isTrusted(each)).map(({ who: { cluster, ...names } }) => ({ ...names, cluster: cluster.name }));
    const applied = withAssociations(stage.apply(stacks), strangers);
    stage.enforce(applied);
    const entered = await Promise.all(whose.map(async ({ each, who }) => await enters(applied, who) ? [nameOf(each)] : []));
    expect(entered.flat()).toEqual([...trusted]);
  }, 60_000);
});

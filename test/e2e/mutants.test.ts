import { isDeepStrictEqual } from 'node:util';
import { check } from '../../lib/trust';
import { diffTrust, isChanged } from '../../lib/trust/diff';
import { Model, readModel } from '../../lib/trust/read';
import { EKS_ISSUER } from '../clusters';
import { Mechanism } from '../mechanisms';
import { describeOnTerraform } from '../terraform';
import { Draft } from '../trust/mutants';
import { testWhere } from '../where';
import { AROUND, Site } from './around';
import { ApplyError } from './clouds/apply';
import { AwsError } from './clouds/aws';
import { EntraError } from './clouds/azure';
import { forge } from './clouds/forgery';
import { Identity } from './clouds/google';
import { idToken } from './clouds/google/id-tokens';
import { KubernetesError, StartedPod, TestCluster } from './cluster';
import { count, figure } from './figures';
import { Applied, AppliedResource, ClientName, ofType, Outcome, RunningPod } from './model';
import { Mutant, MUTANTS, Noticed, Setup, SETUPS, SetupName, stacksOf, ToolName, TOOLS } from './mutants';
import { cliMissing, installed, runCli } from './network/cli';
import { Action, Clients } from './network/clients';
import { LoopbackInternet } from './network/internet';
import { Stack } from './shadow';
import { CLIENT_OF, CLUSTERS_OF, Stage, START } from './stage';
import { MALLORY, MALLORYS_ROLES, withStrangers } from './strangers';
import { holdsToken, stolenBy, withOther, withTokens } from './thieves';
import { ALONE, attemptsOf } from './tries';
import { waitedFor } from './waited-for';

/** Where there is another cluster of the name of the right one. */
const ANOTHER_REGION = 'eu-central-1';
const ARN_OF_TWIN = `arn:aws:eks:${ANOTHER_REGION}:123456789012:cluster/apps`;
const ELSEWHERE = { 'AWS': 'api://AzureADTokenExchange', 'Google Cloud': 'sts.amazonaws.com', 'Azure': 'sts.amazonaws.com' } as const;

/** What others have, for whom more is there to be had: a cluster of the name of the right one, rights of a role and of an account, and an association. */
function withOthers(applied: Applied): Applied {
  const made = (type: string, id: string, account: string, values: object): AppliedResource => ({ stack: 'others', address: `${type}.${id}`, type, data: false, account, values });
  const listing = JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' } });
  const others = [
    made('aws_iam_role_policy', 'Payroll', '123456789012', { name: 'payroll', role: 'payroll', policy: listing }),
    made('google_storage_bucket_iam_member', 'Mallory', 'acme-apps', { bucket: 'acme-billing', role: 'roles/storage.objectViewer', member: `serviceAccount:${MALLORY.email}` }),
    made('aws_eks_cluster', 'Twin', '123456789012', { name: 'apps', arn: ARN_OF_TWIN }),
    ...ofType(applied, 'aws_eks_pod_identity_association').map(({ account, values }) => made('aws_eks_pod_identity_association', 'Twin', account, {
      ...values, cluster_name: 'apps', namespace: 'reports', service_account: 'reader', region: ANOTHER_REGION,
    })),
  ];
  const strange = withStrangers(applied);
  return { ...strange, resources: [...strange.resources, ...others] };
}

type Attempts = Readonly<Record<string, () => Promise<Outcome>>>;
type Entries = [who: string, attempt: () => Promise<Outcome>][];

const refused = (code: string, message: string): Outcome => ({ ok: false, code, message });

/** What clients mean by codes that they have for everything. */
const TELLING: readonly (readonly [RegExp, string])[] = [
  [/ENOENT: no such file or directory/, 'no such file'],
  [/Region is missing/, 'no region'],
  [/Could not load credentials from any providers|Could not load the default credentials|ManagedIdentityCredential: Network unreachable/, 'no credentials'],
  // What the SDK says after the agent of EKS Pod Identity has refused.
  [/169\.254\.170\.23 is not a valid container metadata service hostname/, 'nothing from the agent'],
  [/A Forbidden error was returned while attempting to retrieve an access token/, 'nothing from the metadata server'],
  [/AuthenticationRequiredError: network_error/, 'no such host'],
  [/does not contain a client_email field/, 'no key in the file'],
];
const VAGUE: ReadonlySet<string> = new Set(['Error', 'ENOENT', 'CredentialsProviderError', 'AggregateAuthenticationError']);

function reasonOf({ code, message }: Outcome & { readonly ok: false }): string {
  return VAGUE.has(code) ? TELLING.find(([text]) => text.test(message))?.[1] ?? `${code}: ${message}` : code;
}

/** What notices a mutant, by whoever it is; `undefined` where the outcome is as it was. With direct access everybody is themselves. */
function difference(before: Outcome, after: Outcome, identity: string, applied: Applied): string | undefined {
  if (!after.ok) {
    return before.ok ? reasonOf(after) : undefined;
  }
  if (before.ok) {
    return before.as === after.as ? undefined : `is ${ofType(applied, 'aws_iam_role').find(({ values }) => values.arn === after.as)?.address ?? after.as}`;
  }
  return ['', identity].includes(after.as) || identity.startsWith('principal://') ? 'gets in' : `gets in as ${after.as}`;
}

interface Baseline {
  readonly stacks: readonly Stack[];
  readonly applied: Applied;
  readonly pod: StartedPod;
  readonly outcomes: Readonly<Record<string, Outcome>>;
  /** Whom the clouds take the pod for. */
  readonly identity: string;
  readonly model: Model;
}

/** The pod with a credential file that names the provider `others` of the same pool. */
function throughAnotherProvider(pod: RunningPod): RunningPod {
  const changed = [...pod.containers].map(([name, { env, files }]) =>
    [name, { env, files: new Map([...files].map(([path, content]) => [path, content.replace(/("audience":"[^"]*\/providers\/)[^"]*/, '$1others')])) }] as const);
  return { ...pod, containers: new Map(changed) };
}

/** Whether something is done, and not refused as a cloud refuses. */
async function succeeds(refusal: new (...args: any[]) => Error, work: () => unknown): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof refusal) return false;
    throw error;
  }
}

/** Who or what notices, and what of it. */
const partsOf = (noticed: Noticed & string) => noticed.split(/: (.*)/s) as [by: string, what: string];
const isTool = (by: string): by is ToolName => Object.hasOwn(TOOLS, by);

const inClouds = ({ resources }: Applied) => resources.filter(({ type }) => !type.startsWith('kubernetes_'));
const modelOf = (stacks: readonly Stack[]) => readModel(stacks.map(({ name, json }) => ({ file: 'cdk.tf.json', stack: name, json })));

describeOnTerraform('who notices', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  const clients = new Clients(internet, { clock: stage.clock, processes: 2 });
  const { clusters } = stage;
  const twin = new TestCluster({ kind: 'eks', name: 'apps', issuer: EKS_ISSUER.replace('eu-west-1', ANOTHER_REGION).replace('7D1A', '0BED'), arn: ARN_OF_TWIN, clock: stage.clock });
  twin.publish(internet);

  afterAll(async () => {
    await clients.close();
    await internet.close();
  });

  const enforce = (stacks: readonly Stack[], { azure }: Setup): Applied => {
    const applied = withOthers(stage.apply(stacks));
    stage.enforce(applied, azure);
    return applied;
  };

  const start = ({ mechanism, tenantOfCluster: tenantId }: Setup, applied: Applied): Promise<StartedPod> => {
    const { kind, name, issuer } = clusters[CLUSTERS_OF[mechanism.from][0]];
    const { clock } = stage;
    return stage.start(mechanism, applied, tenantId === undefined ? {} : { cluster: new TestCluster({ kind, name, issuer, clock, tenantId }) });
  };

  /** The client by which it is seen whether a pod of a setup is let in. */
  const clientOf = (to: Mechanism['to'], { azure }: Setup): [ClientName, Action] => {
    const [client, action] = CLIENT_OF[to];
    return [client, { ...action, ...azure !== undefined && { blobs: azure.blobs } }];
  };

  /** The pod in each of its containers. */
  const ownAttempts = (setup: Setup, pod: RunningPod, own = setup.clients ?? [['main', setup.mechanism.to]]): Attempts => Object.fromEntries(own.map(([container, to]) => {
    const [client, action] = clientOf(to, setup);
    return [own.length === 1 ? 'the service account' : `${container} to ${to}`, () => clients.run(pod, container, client, action)];
  }));

  /** What the pod tries besides. */
  const furtherAttempts = ({ mechanism: { to }, tries = [] }: Setup, pod: StartedPod, identity: string): Attempts =>
    Object.fromEntries(Object.entries(attemptsOf(to, tries, { stage, clients, pod }, identity)).map(([name, attempt]) => [`the pod ${name}`, attempt]));

  /** What others try at what is around the pod. */
  const aroundAttempts = ({ around = [] }: Setup, site: Omit<Site, 'stage'>): Attempts => Object.fromEntries(around.map(name => [name, () => AROUND[name]({ stage, ...site })]));

  /**
   * Whether a cloud takes the token of a pod, without a client: where it refuses, a client has nothing to add. Undefined where the pod holds no token for
   * a cloud, or one for the agent of its node.
   */
  const admits = async (pod: RunningPod, to: Mechanism['to'], identity: string): Promise<boolean | undefined> => {
    const { env, files } = pod.containers.get('main')!;
    const named = to === 'AWS' ? files.get(env.AWS_WEB_IDENTITY_TOKEN_FILE ?? '') : undefined;
    const held = named ?? [...files].filter(([path]) => !path.startsWith('/var/run/secrets/kubernetes.io/')).map(([, content]) => content)
      .find(content => /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(content));
    if (held === undefined || env.AWS_CONTAINER_CREDENTIALS_FULL_URI !== undefined) {
      return undefined;
    }
    switch (to) {
      case 'AWS': {
        const [, first = identity] = /^role_arn = (.*)\nweb_identity_token_file/m.exec(files.get(env.AWS_CONFIG_FILE ?? '') ?? '') ?? [];
        return succeeds(AwsError, async () => {
          const session = await stage.aws.sts.assumeRoleWithWebIdentity({ roleArn: first, token: held, roleSessionName: 'attacker' });
          return first === identity || stage.aws.sts.assumeRole(session, { roleArn: identity, roleSessionName: 'attacker' });
        });
      }
      case 'Google Cloud': {
        const file = JSON.parse(files.get(env.GOOGLE_APPLICATION_CREDENTIALS!)!) as Readonly<Record<string, string>>;
        const exchanged = await stage.google.exchange({ audience: file.audience!, token: held });
        const serviceAccount = /\/serviceAccounts\/([^:]*):/.exec(file.service_account_impersonation_url ?? '')?.[1];
        const itself = exchanged.ok ? exchanged.identity : undefined;
        const became = itself === undefined || serviceAccount === undefined ? itself : asServiceAccount(itself, serviceAccount);
        return became !== undefined && stage.google.permitsInBucket(became, 'storage.objects.list', 'acme-reports');
      }
      case 'Azure':
        return succeeds(EntraError, () => stage.azure.exchange({ clientId: env.AZURE_CLIENT_ID!, assertion: held }));
    }
  };
  const asServiceAccount = (identity: Identity, serviceAccount: string): Identity | undefined => {
    const impersonated = stage.google.impersonate({ identity, serviceAccount });
    return impersonated.ok ? impersonated.identity : undefined;
  };

  /** Everybody else. They have what the pod has while nothing is changed: nobody is kept out by wiring that is broken. */
  const othersAttempts = (
    setup: Setup, { pod, identity, applied }: Pick<Baseline, 'pod' | 'identity' | 'applied'>, thorough = false,
  ): Attempts => {
    const { mechanism, clients: several, allowed = [] } = setup;
    if (several !== undefined) {
      return {};
    }
    const attempts = Object.entries(attackersAt(mechanism, pod)).map(([who, attacker]) => [who, async (): Promise<Outcome> => {
      const admitted = await admits(attacker, mechanism.to, identity);
      if (admitted === false && !thorough && !allowed.includes(who)) {
        return refused('refused', 'in process');
      }
      const outcome = await clients.run(attacker, 'main', ...clientOf(mechanism.to, setup));
      expect(admitted ?? outcome.ok).toBe(outcome.ok);
      return outcome;
    }] as const);
    const roles = ofType(applied, 'aws_iam_role').filter(({ stack, values }) => stack !== 'strangers' && values.arn !== identity).map(({ values }) => values.arn as string);
    return {
      ...Object.fromEntries(attempts),
      ...mechanism.to === 'AWS' && {
        'another role of the account': () => asRole(MALLORYS_ROLES[0], identity, roles),
        'a role of another account': () => asRole(MALLORYS_ROLES[1], identity, roles),
      },
      ...mechanism.to === 'Google Cloud' && { 'another account of Google': () => Promise.resolve(asAccount(identity)) },
    };
  };

  const attackersAt = (mechanism: Mechanism, pod: RunningPod): Readonly<Record<string, RunningPod>> => {
    const { google } = stage;
    const [own, other] = CLUSTERS_OF[mechanism.from].map(name => clusters[name]) as [typeof clusters.eks, typeof clusters.eks];
    const { namespace, serviceAccount } = pod;
    const stolen = (whose: object) => stolenBy(pod, { cluster: own, namespace, serviceAccount, ...whose }, google);
    const asked = (audience: string) => withOther(pod, { cluster: own, google, audience });
    const viaGoogle = mechanism.by.startsWith('ID tokens');
    const isFederated = holdsToken(pod) && !mechanism.by.startsWith('EKS Pod Identity');
    return {
      'another namespace': stolen({ namespace: 'billing' }),
      'another account': stolen({ serviceAccount: 'writer' }),
      'another cluster': stolen({ cluster: other }),
      ...mechanism.by.startsWith('EKS Pod Identity') && { 'another cluster of the same name': stolen({ cluster: twin }) },
      ...own === clusters.gke && { 'another cluster of the project': stolen({ cluster: clusters.gkeNeighbour }) },
      ...isFederated && { 'another audience': asked('https://somebody.example.com'), 'a token for another cloud': asked(ELSEWHERE[mechanism.to]) },
      ...isFederated && !viaGoogle && {
        'a token for the Kubernetes API': asked(own.apiAudience),
        'the keys of another cluster': withTokens(pod, ({ claims }) => forge(other.key, claims)),
      },
      ...isFederated && mechanism.to === 'Google Cloud' && { 'another cluster through another provider': throughAnotherProvider(stolen({ cluster: other })) },
      ...viaGoogle && { 'another account of Google': withTokens(pod, ({ claims }) => idToken(google.accounts.find(MALLORY.email)!, claims.aud, false, stage.clock)) },
    };
  };

  /** Somebody else's role, which says of itself whatever is asked, and goes to the last role at once or through another one. No client adds anything here. */
  const asRole = async (own: string, roleArn: string, through: readonly string[]): Promise<Outcome> => {
    const { sts } = stage.aws;
    const session = sts.assumeRoleForService('ec2.amazonaws.com', { roleArn: own, roleSessionName: 'mallory' });
    const tags = new Map([['eks-cluster-arn', clusters.eks.arn!], ['kubernetes-namespace', 'reports'], ['kubernetes-service-account', 'reader']]);
    const says = [{}, { tags }, { externalId: 'eu-west-1/123456789012/apps/reports/reader' }];
    const ways = [[roleArn], ...through.map(first => [first, roleArn])];
    const outcomes = ways.flatMap(way => says.map(said => ({ way, said }))).map(({ way, said }): Outcome => {
      try {
        const last = way.reduce((caller, arn) => sts.assumeRole(caller, { roleArn: arn, roleSessionName: 'mallory', ...said }), session);
        return { ok: true, as: last.roleArn, names: [] };
      } catch (error) {
        if (error instanceof AwsError) return refused(error.code, error.message);
        throw error;
      }
    });
    return outcomes.find(({ ok }) => ok) ?? outcomes[0]!;
  };

  /** Somebody else's account of Google, at the account or the bucket of the pod. */
  const asAccount = (identity: string): Outcome => {
    const { google } = stage;
    const mallory = { kind: 'service account' as const, email: MALLORY.email, projectNumber: '123456789' };
    const [kind, serviceAccount] = identity.split(':') as [string, string];
    const allowed = kind === 'serviceAccount' ? google.impersonate({ identity: mallory, serviceAccount }).ok : google.permitsInBucket(mallory, 'storage.objects.list', 'acme-reports');
    return allowed ? { ok: true, as: identity, names: [] } : refused('PERMISSION_DENIED', '');
  };

  const outcomesOf = async (attempts: Attempts): Promise<Readonly<Record<string, Outcome>>> => {
    const [alone, together] = [true, false].map(is => Object.entries(attempts).filter(([who]) => ALONE.has(who.replace('the pod ', '')) === is)) as [Entries, Entries];
    const outcomes = await Promise.all(together.map(async ([who, attempt]) => [who, await attempt()] as const));
    for (const [who, attempt] of alone) outcomes.push([who, await attempt()]);
    return Object.fromEntries(outcomes);
  };

  const baselines = new Map<SetupName, Promise<Baseline>>();
  const baselineOf = (name: SetupName): Promise<Baseline> => {
    const known = baselines.get(name) ?? makeBaseline(SETUPS[name]);
    baselines.set(name, known);
    return known;
  };

  /** What comes of everybody while nothing is changed: who should gets in, and nobody else. */
  const makeBaseline = async (setup: Setup): Promise<Baseline> => {
    const stacks = stacksOf(setup, stage);
    const applied = enforce(stacks, setup);
    const pod = await start(setup, applied);
    const own = await outcomesOf(ownAttempts(setup, pod));
    const [first] = Object.values(own);
    const identity = first?.ok === true ? first.as : '';
    const further = await outcomesOf({
      ...furtherAttempts(setup, pod, identity),
      ...othersAttempts(setup, { pod, identity, applied }, true),
      ...aroundAttempts(setup, { stacks, applied }),
    });
    const outcomes = { ...own, ...further };
    const allowed = Object.entries(outcomes).filter(([, { ok }]) => ok).map(([who]) => who);
    expect(allowed.sort()).toEqual([...Object.keys(own), ...setup.allowed ?? []].sort());
    return { stacks, applied, pod, outcomes, identity, model: modelOf(stacks) };
  };

  /** What a mutant changes for whom. */
  const noticedBy = async ([, name]: Mutant, stacks: readonly Stack[]): Promise<Readonly<Record<string, string>>> => {
    const setup = SETUPS[name] as Setup;
    const { applied: unchanged, pod, outcomes: before, identity } = await baselineOf(name);
    let applied: Applied;
    try {
      applied = enforce(stacks, setup);
    } catch (error) {
      if (!(error instanceof ApplyError)) throw error;
      return { 'the apply': error.code };
    }
    const ofPod = (started: StartedPod): Attempts => ({ ...ownAttempts(setup, started), ...furtherAttempts(setup, started, identity) });
    const own = await start(setup, applied).then(ofPod, (error: unknown): Attempts => {
      if (!(error instanceof KubernetesError)) throw error;
      return Object.fromEntries(Object.keys(ownAttempts(setup, pod)).map(who => [who, () => Promise.resolve(refused(error.reason, error.message))]));
    });
    // Where the clouds have what they had, others meet what they met: theirs is the wiring of the unchanged pod.
    const others = isDeepStrictEqual(inClouds(applied), inClouds(unchanged)) ? {} : othersAttempts(setup, { pod, identity, applied });
    const after = await outcomesOf({ ...own, ...others, ...aroundAttempts(setup, { stacks, applied }) });
    const found = Object.entries(after).map(([who, outcome]) => [who, difference(before[who]!, outcome, identity, applied)] as const);
    return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
  };

  /** What the tool says that it did not say before: rules of `check`, and identities that `diff` finds other. */
  const saidOf = (before: Model, after: Model): readonly string[] => {
    const found = (model: Model) => check(model).findings.map(({ rule, where }) => `${rule} ${where.address}`);
    const known = new Set(found(before));
    const labelOf = (address: string) => address.split('.').at(-1)!.split('_')[0]!;
    return [
      ...found(after).filter(finding => !known.has(finding)).map(finding => finding.split(' ')[0]!),
      ...diffTrust(before.identities, after.identities).identities.filter(isChanged).map(diff => `diff: ${labelOf((diff.after ?? diff.before)!.where.address)} ${diff.change}`),
    ];
  };

  test.each(MUTANTS.map(mutant => [mutant[1], mutant[0], mutant] as const))('%s: %s', async (name, _, mutant) => {
    const { stacks: [stack, ...others], model } = await baselineOf(name);
    expect(others).toEqual([]);
    const [, , mutate, noticed] = mutant;
    const draft = new Draft(stack!.json);
    mutate(draft, clusters);
    expect(JSON.stringify(draft.json)).not.toBe(JSON.stringify(stack!.json));
    const stacks = [{ ...stack!, json: draft.json }];
    const found = await noticedBy(mutant, stacks);
    if (typeof noticed === 'string') {
      expect(found).toEqual({});
      const [by, what] = partsOf(noticed);
      const said = saidOf(model, modelOf(stacks));
      const still = waitedFor(stacks[0]!, 'kubernetes_pod_v1.Pod');
      const lost = [...waitedFor(stack!, 'kubernetes_pod_v1.Pod')].filter(address => !address.startsWith('data.') && !still.has(address));
      const order = lost.map(address => address.replace(/_[0-9A-F]{8}$/, '')).sort().join(', ');
      const expected: Readonly<Record<string, object>> = { 'no client': { said: expect.arrayContaining([what]), order: expect.anything() }, 'the order': { said: [], order: what } };
      expect({ said, order }).toEqual(expected[by] ?? { said: [], order: '' });
      return;
    }
    expect(Object.keys(noticed)).not.toEqual([]);
    expect(found).toEqual(noticed);
  }, 60_000);

  for (const [name, setupName, mutate, noticed] of MUTANTS) {
    const [by, what] = typeof noticed === 'string' ? partsOf(noticed) : ['', ''];
    if (!isTool(by)) continue;
    const { cli, command, otherwise } = TOOLS[by];
    const tool = installed(cli).find(({ version }) => version === undefined || by.endsWith(` ${version.split('.')[0]}`));
    testWhere(cliMissing(cli) ?? (tool === undefined ? `${by} is not installed` : undefined), `${setupName}: ${name}, by ${by}`, async () => {
      const setup: Setup = SETUPS[setupName];
      const [stack] = stacksOf(setup, stage);
      const draft = new Draft(stack!.json);
      mutate(draft, clusters);
      const said: string[] = [];
      try {
        // The tools read the clock of the machine.
        stage.now = Math.floor(Date.now() / 1000);
        for (const json of [stack!.json, draft.json]) {
          const pod = await start(setup, enforce([{ ...stack!, json }], setup));
          said.push((await runCli(tool!, internet, pod, 'main', ['sh', '-c', `${command} 2>&1`])).stdout);
        }
      } finally {
        stage.now = START;
      }
      expect(said).toEqual([otherwise, what].map(text => expect.stringContaining(text)));
    }, 120_000);
  }

  test('no mutant is there twice', () => {
    const names = MUTANTS.map(([name, setup]) => `${setup}: ${name}`);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test('the figures', () => {
    const noticed = (is: (by: string) => boolean) => count(MUTANTS.filter(([, , , who]) => is(typeof who === 'string' ? partsOf(who)[0] : '')).length);
    figure('mutants', `${count(MUTANTS.length)}, of which clients, the cluster or Terraform notice ${noticed(by => by === '' || isTool(by))}, `
      + `the tool alone ${noticed(by => by === 'no client')}, the order of the apply ${noticed(by => by === 'the order')}; by ${noticed(by => by === 'nobody gains')} nobody gains, and ${noticed(by => by === 'nothing')} nothing notices`);
  });
});

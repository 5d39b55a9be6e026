import { Workload, WorkloadOptions } from 'cdktf-workload-federation';
import { CONTROL_AUDIENCE } from '../../lib/cloud-identity';
import { Clusters, LITERAL_AND_TOKENS } from '../clusters';
import { Mechanism, MECHANISMS, workloadOf } from '../mechanisms';
import { stackIn } from '../synth';
import { describeOnTerraform } from '../terraform';
import { startPod, WebhookName } from './cluster';
import { Applied, AppliedResource, ofType, RunningPod } from './model';
import { byCli, EKS_POD_IDENTITY, RunCommand } from './network/by-cli';
import { Clients } from './network/clients';
import { LoopbackInternet } from './network/internet';
import { appStacks } from './shadow';
import { CLUSTERS_OF, Stage } from './stage';
import { audiencesIn } from './thieves';
import { identitiesIn, letIn, Logins } from './three-clouds';

jest.setTimeout(120_000);

const wired = (from: Mechanism['from'], to: Mechanism['to'], by: string): Mechanism =>
  MECHANISMS.find(mechanism => mechanism.from === from && mechanism.to === to && mechanism.by === by)!;

const OTHER = 'a token for another audience is refused';
const SESSION = 'arn:aws:sts::\\d{12}:assumed-role/\\S+/\\S+';
const EMAIL = 'reports-reader@\\S+\\.iam\\.gserviceaccount\\.com';
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const IRSA = wired('any OIDC cluster', 'AWS', 'a projected token');
const WEBHOOK_OF_AKS = wired('AKS', 'Azure', 'AKS\'s webhook');
const POOL = wired('EKS', 'Google Cloud', 'a service account through a pool');

describeOnTerraform('a smoke test of a workload with three clouds', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  const clients = new Clients(internet, { clock: stage.clock });
  const logins = new Logins(clients);
  const [, [, clusters]] = LITERAL_AND_TOKENS as [unknown, [string, Clusters]];

  afterAll(async () => {
    await clients.close();
    await internet.close();
  });

  /** The container of each cloud, and which cloud lets it in. */
  const CONTAINERS = [['aws', 'AWS'], ['gcp', 'Google Cloud'], ['azure', 'Azure']] as const;

  test.each<[string, 'aks' | 'oidc', WorkloadOptions, readonly WebhookName[]]>([
    ['as the platform has it', 'aks', {}, ['azure']],
    ['explicitly, beside all webhooks', 'aks', { wiring: 'explicit' }, ['azure', 'eks', 'pfnet']],
    ['by webhooks', 'aks', { wiring: 'webhook' }, ['azure', 'eks', 'pfnet']],
    ['explicitly, with a ServiceAccount that exists already', 'oidc', { existingServiceAccount: true }, []],
  ])('lets each container into its own cloud and into no other, %s', async (_, source, options, webhooks) => {
    const applied = stage.apply(appStacks(app => {
      const stack = stackIn(app);
      const serviceAccount = clusters[source](stack).serviceAccount('reports', 'reader');
      new Workload(stack, 'Workload', { serviceAccount, identities: identitiesIn(stack, serviceAccount), ...options }).smokeTest();
    }));
    stage.enforce(applied);
    const existing = options.existingServiceAccount === true ? [{ kind: 'ServiceAccount', name: 'reader', namespace: 'reports' }] as const : [];
    const [job] = ofType(applied, 'kubernetes_job_v1');
    const pod = await startPod(applied, { cluster: stage.clusters[source], clock: stage.clock, internet, address: job!.address, webhooks, existing });
    const [{ values: provider }] = ofType(applied, 'google_iam_workload_identity_pool_provider') as [AppliedResource];
    const audiences = { 'AWS': 'sts.amazonaws.com', 'Google Cloud': `https://iam.googleapis.com/${provider.name}`, 'Azure': 'api://AzureADTokenExchange' };
    for (const [container, cloud] of CONTAINERS) {
      const said = Object.entries(await logins.of(pod, container)).filter(([, answer]) => Object.values(letIn(applied)).includes(answer));
      expect({ container, said, tokens: audiencesIn(pod, container) })
        .toEqual({ container, said: [[cloud, letIn(applied)[cloud]]], tokens: [audiences[cloud], CONTROL_AUDIENCE].sort() });
    }
  }, 60_000);
});

describeOnTerraform('a smoke test, by the vendors\' command line tools', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  // Whose an access token of an account is; Google says nothing of any other.
  internet.serve('oauth2.googleapis.com', ({ body }) => {
    const identity = stage.google.tokens.find(new URLSearchParams(body).get('access_token') ?? undefined)?.identity;
    return identity?.kind === undefined || identity.kind === 'federated' ? { status: 400, body: '{"error_description":"Invalid Value"}' }
      : { status: 200, body: JSON.stringify({ email: identity.email }) };
  });
  afterAll(() => internet.close());
  beforeEach(() => {
    stage.now = Math.floor(Date.now() / 1000);
  });

  /** Runs the container of the Job, with a home that can be written to. */
  async function run(runCommand: RunCommand, mechanism: Mechanism, change: (applied: Applied) => Applied = applied => applied) {
    const [, clusters] = LITERAL_AND_TOKENS[1]!;
    const applied = change(stage.apply(appStacks(app => void workloadOf(mechanism, clusters, stackIn(app)).smokeTest({ tries: 1 }))));
    stage.enforce(applied);
    const [job] = ofType(applied, 'kubernetes_job_v1');
    const cluster = stage.clusters[CLUSTERS_OF[mechanism.from][0]];
    const pod = await startPod(applied, { cluster, clock: stage.clock, internet, address: job!.address, webhooks: mechanism.webhooks });
    const [spec] = [job!.values.spec].flat();
    const [{ name, command }] = spec.template[0].spec[0].container;
    const { HOME: _, TMPDIR: __, ...env } = pod.containers.get(name)!.env;
    const containers = new Map([...pod.containers, [name, { ...pod.containers.get(name)!, env }]]);
    const { status, stdout, stderr } = await runCommand(internet, { ...pod, containers } as RunningPod, name, command);
    expect(stderr).toBe('');
    return { status, said: stdout.trimEnd() };
  }

  for (const [cli, mechanism, said] of [
    ['aws', wired('EKS', 'AWS', 'EKS\'s webhook (IRSA)'), `aws: OK: ${SESSION}; ${OTHER} \\(InvalidIdentityToken\\)`],
    ['aws', wired('EKS', 'AWS', 'EKS Pod Identity'), `aws: OK: ${SESSION}; ${OTHER} \\(by the agent of EKS\\)`],
    ['aws', wired('AKS', 'AWS', 'a chain of two roles in a config file'), `aws: OK: ${SESSION}; ${OTHER} \\(InvalidIdentityToken\\)`],
    ['aws', IRSA, `aws: OK: ${SESSION}; ${OTHER} \\(InvalidIdentityToken\\)`],
    ['aws', wired('any OIDC cluster', 'AWS', 'EKS\'s webhook, installed by its users'), `aws: OK: ${SESSION}; ${OTHER} \\(InvalidIdentityToken\\)`],
    ['gcloud', POOL, `gcp: OK: ${EMAIL}; ${OTHER} \\(invalid_grant\\)`],
    ['gcloud', wired('AKS', 'Google Cloud', 'direct access through a pool'), `gcp: OK: a principal of \\S+, whom Google does not name; ${OTHER} \\(invalid_grant\\)`],
    ['gcloud', wired('any OIDC cluster', 'Google Cloud', 'a service account through a pool, and the webhook of pfnet'),
      `gcp: OK: ${EMAIL}; ${OTHER} \\(invalid_grant\\)`],
    ['gcloud', wired('GKE', 'Google Cloud', 'a service account through Google\'s own pool'), `gcp: OK: ${EMAIL}; without a negative control: .*`],
    ['az', WEBHOOK_OF_AKS, `azure: OK: ${UUID} of tenant ${UUID}; ${OTHER} \\(AADSTS700212\\)`],
    ['az', wired('any OIDC cluster', 'Azure', 'a projected token and an application of Entra ID'), `azure: OK: ${UUID} of tenant ${UUID}; ${OTHER} \\(AADSTS700212\\)`],
  ] as const satisfies readonly (readonly [string, Mechanism, string])[]) {
    byCli(cli, `from ${mechanism.from} by ${mechanism.by} says who the pod is, and that another token is refused`, async runCommand => {
      expect(await run(runCommand, mechanism)).toEqual({ status: 0, said: expect.stringMatching(new RegExp(`^${said}$`)) as string });
    }, mechanism.by === 'EKS Pod Identity' ? EKS_POD_IDENTITY : undefined);
  }

  /** Applied resources of a type, with other values. */
  const changed = (type: string, change: (values: any) => object) => (applied: Applied): Applied => {
    const other = (resource: AppliedResource): AppliedResource =>
      resource.type !== type || resource.data ? resource : { ...resource, values: { ...resource.values, ...change(resource.values) } };
    return { ...applied, resources: applied.resources.map(other) };
  };
  const wide = (cloud: string) => ({ status: 1, said: `${cloud}: FAILED: the trust is too wide: it takes a token for another audience (${CONTROL_AUDIENCE})` });

  byCli('aws', 'a role that does not look at the audience is too wide', async runCommand => {
    const provider = changed('aws_iam_openid_connect_provider', ({ client_id_list }) => ({ client_id_list: [...client_id_list, CONTROL_AUDIENCE] }));
    const role = changed('aws_iam_role', ({ assume_role_policy: policy }) => {
      const document = JSON.parse(policy);
      for (const { Condition: conditions } of [document.Statement].flat()) {
        for (const condition of Object.values<any>(conditions ?? {})) {
          Object.keys(condition).filter(key => key.endsWith(':aud')).forEach(key => delete condition[key]);
        }
      }
      return { assume_role_policy: JSON.stringify(document) };
    });
    expect(await run(runCommand, IRSA, applied => role(provider(applied)))).toEqual(wide('aws'));
  });

  byCli('gcloud', 'a provider that takes the audience too is too wide', async runCommand => {
    const provider = changed('google_iam_workload_identity_pool_provider', ({ oidc, name }) => ({
      oidc: [oidc].flat().map(block => ({ ...block, allowed_audiences: [`https://iam.googleapis.com/${name}`, CONTROL_AUDIENCE] })),
    }));
    expect(await run(runCommand, POOL, provider)).toEqual(wide('gcp'));
  });

  const failed = (cloud: string, why: string) => ({ status: 1, said: expect.stringMatching(new RegExp(`^${cloud}: FAILED: ${why}`)) as string });

  byCli('aws', 'a role that does not trust the service account is said so', async runCommand => {
    const role = changed('aws_iam_role', ({ assume_role_policy: policy }) => ({ assume_role_policy: policy.replaceAll(':reader', ':writer') }));
    expect(await run(runCommand, IRSA, role)).toEqual(failed('aws', 'the AWS CLI says: .*AccessDenied'));
  });

  byCli('az', 'an identity that does not trust the service account is said so', async runCommand => {
    const credential = changed('azurerm_federated_identity_credential', ({ subject }) => ({ subject: subject.replace(':reader', ':writer') }));
    expect(await run(runCommand, WEBHOOK_OF_AKS, credential)).toEqual(failed('azure', 'the Azure CLI says: .*AADSTS700213'));
  });
});

import { CONTROL_AUDIENCE } from '../../lib/cloud-identity';
import { LITERAL_AND_TOKENS } from '../clusters';
import { Mechanism, MECHANISMS, workloadOf } from '../mechanisms';
import { stackIn } from '../synth';
import { describeOnTerraform } from '../terraform';
import { startPod, StartPodOptions } from './cluster';
import { Applied, AppliedResource, ofType, RunningPod } from './model';
import { byCli } from './network/by-cli';
import { runCli } from './network/cli';
import { LoopbackInternet } from './network/internet';
import { appStacks } from './shadow';
import { CLUSTERS_OF, Stage } from './stage';

jest.setTimeout(120_000);

const wired = (from: Mechanism['from'], to: Mechanism['to'], by: string): Mechanism =>
  MECHANISMS.find(mechanism => mechanism.from === from && mechanism.to === to && mechanism.by === by)!;

const OTHER = 'a token for another audience is refused';
const SESSION = 'arn:aws:sts::\\d{12}:assumed-role/\\S+/\\S+';
const EMAIL = 'reports-reader@\\S+\\.iam\\.gserviceaccount\\.com';
const IRSA = wired('any OIDC cluster', 'AWS', 'a projected token');
const POOL = wired('EKS', 'Google Cloud', 'a service account through a pool');

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
  async function run(mechanism: Mechanism, change: (applied: Applied) => Applied = applied => applied, webhooks?: StartPodOptions['webhooks']) {
    const [, clusters] = LITERAL_AND_TOKENS[1]!;
    const applied = change(stage.apply(appStacks(app => void workloadOf(mechanism, clusters, stackIn(app)).smokeTest({ tries: 1 }))));
    stage.enforce(applied);
    const [job] = ofType(applied, 'kubernetes_job_v1');
    const cluster = stage.clusters[CLUSTERS_OF[mechanism.from][0]];
    const pod = await startPod(applied, { cluster, clock: stage.clock, internet, address: job!.address, webhooks });
    const [spec] = [job!.values.spec].flat();
    const [{ name, command }] = spec.template[0].spec[0].container;
    const { HOME: _, TMPDIR: __, ...env } = pod.containers.get(name)!.env;
    const containers = new Map([...pod.containers, [name, { ...pod.containers.get(name)!, env }]]);
    const { status, stdout, stderr } = await runCli(internet, { ...pod, containers } as RunningPod, name, command);
    expect(stderr).toBe('');
    return { status, said: stdout.trimEnd() };
  }

  for (const [cli, mechanism, said, webhooks] of [
    ['aws', wired('EKS', 'AWS', 'EKS\'s webhook (IRSA)'), `aws: OK: ${SESSION}; ${OTHER} \\(InvalidIdentityToken\\)`],
    ['aws', wired('EKS', 'AWS', 'EKS Pod Identity'), `aws: OK: ${SESSION}; ${OTHER} \\(by the agent of EKS\\)`],
    ['aws', wired('AKS', 'AWS', 'a chain of two roles in a config file'), `aws: OK: ${SESSION}; ${OTHER} \\(InvalidIdentityToken\\)`],
    ['aws', IRSA, `aws: OK: ${SESSION}; ${OTHER} \\(InvalidIdentityToken\\)`],
    ['aws', { ...IRSA, by: 'EKS\'s webhook of its users', wiring: 'webhook' }, `aws: OK: ${SESSION}; ${OTHER} \\(InvalidIdentityToken\\)`, ['eks']],
    ['gcloud', POOL, `gcp: OK: ${EMAIL}; ${OTHER} \\(invalid_grant\\)`],
    ['gcloud', wired('AKS', 'Google Cloud', 'direct access through a pool'), `gcp: OK: a principal of \\S+, whom Google does not name; ${OTHER} \\(invalid_grant\\)`],
    ['gcloud', wired('GKE', 'Google Cloud', 'a service account through Google\'s own pool'), `gcp: OK: ${EMAIL}; without a negative control: .*`],
  ] as const satisfies readonly (readonly [string, Mechanism, string, StartPodOptions['webhooks']?])[]) {
    byCli(cli, `from ${mechanism.from} by ${mechanism.by} says who the pod is, and that another token is refused`, async () => {
      expect(await run(mechanism, undefined, webhooks)).toEqual({ status: 0, said: expect.stringMatching(new RegExp(`^${said}$`)) as string });
    });
  }

  /** Applied resources of a type, with other values. */
  const changed = (type: string, change: (values: any) => object) => (applied: Applied): Applied => {
    const other = (resource: AppliedResource): AppliedResource =>
      resource.type !== type || resource.data ? resource : { ...resource, values: { ...resource.values, ...change(resource.values) } };
    return { ...applied, resources: applied.resources.map(other) };
  };
  const wide = (cloud: string) => ({ status: 1, said: `${cloud}: FAILED: the trust is too wide: it takes a token for another audience (${CONTROL_AUDIENCE})` });

  byCli('aws', 'a role that does not look at the audience is too wide', async () => {
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
    expect(await run(IRSA, applied => role(provider(applied)))).toEqual(wide('aws'));
  });

  byCli('gcloud', 'a provider that takes the audience too is too wide', async () => {
    const provider = changed('google_iam_workload_identity_pool_provider', ({ oidc, name }) => ({
      oidc: [oidc].flat().map(block => ({ ...block, allowed_audiences: [`https://iam.googleapis.com/${name}`, CONTROL_AUDIENCE] })),
    }));
    expect(await run(POOL, provider)).toEqual(wide('gcp'));
  });

  byCli('aws', 'a role that does not trust the service account is said so', async () => {
    const role = changed('aws_iam_role', ({ assume_role_policy: policy }) => ({ assume_role_policy: policy.replaceAll(':reader', ':writer') }));
    expect(await run(IRSA, role)).toEqual({ status: 1, said: expect.stringMatching(/^aws: FAILED: the AWS CLI says: .*AccessDenied/) as string });
  });
});

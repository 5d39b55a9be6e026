import { LITERAL_AND_TOKENS } from '../clusters';
import { Mechanism, MECHANISMS } from '../mechanisms';
import { describeOnTerraform } from '../terraform';
import { startPod, TestCluster } from './cluster';
import { Applied, RunningContainer, RunningPod } from './model';
import { byCli } from './network/by-cli';
import { runCli } from './network/cli';
import { LoopbackInternet } from './network/internet';
import { exampleStacks, shadowApply } from './shadow';
import { CLUSTERS_OF, Stage } from './stage';
import { stolenBy } from './thieves';

jest.setTimeout(120_000);

describeOnTerraform('the vendors\' command line tools', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  afterAll(() => internet.close());

  /** The tools read the clock of the machine. */
  beforeEach(() => {
    stage.now = Math.floor(Date.now() / 1000);
  });

  const run = async (pod: RunningPod, container: string, command: string) => {
    const { status, stdout, stderr } = await runCli(internet, pod, container, command.split(' ') as [string, ...string[]]);
    return { succeeded: status === 0, stdout: stdout.trim(), stderr };
  };

  /** What a tool says where the trust refuses. */
  const refusalOf = (command: string, { env }: RunningContainer) => expect.stringContaining(command.startsWith('aws')
    ? 'AWS_CONTAINER_CREDENTIALS_FULL_URI' in env
      ? 'Error when retrieving credentials from container-role: Error retrieving metadata: Received non 200 response'
      : 'An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity'
    : 'GOOGLE_APPLICATION_CREDENTIALS' in env
      ? 'The given credential is rejected by the attribute condition.'
      : 'The request is rejected. Please check if the metadata server is concealed.') as string;

  /** The account itself lists what is there; another, with everything but its tokens, is refused. */
  const onlyFor = async (pod: RunningPod, container: string, cluster: TestCluster, command: string) => {
    const listed = command.startsWith('gcloud') ? `${command.split(' ').at(-1)}/` : '';
    expect(await run(pod, container, command)).toMatchObject({ succeeded: true, stdout: expect.stringContaining(listed) as string });
    const thief = stolenBy(pod, { cluster, namespace: pod.namespace, serviceAccount: 'another' }, stage.google);
    expect(await run(thief, container, command)).toEqual({ succeeded: false, stdout: '', stderr: refusalOf(command, pod.containers.get(container)!) });
  };

  describe('the article\'s own commands, in its own pods', () => {
    const clock = stage.clock;
    const clusters = {
      Eks: new TestCluster({
        kind: 'eks', name: 'oidc-exp-cluster', issuer: 'https://oidc.eks.eu-west-2.amazonaws.com/id/4E604436464FFCC52F8B96807F5BD5BC', clock,
      }),
      Gke: new TestCluster({
        kind: 'gke', name: 'oidc-exp-cluster', clock, workloadPool: 'oidc-exp-project.svc.id.goog',
        issuer: 'https://container.googleapis.com/v1/projects/oidc-exp-project/locations/europe-west2-a/clusters/oidc-exp-cluster',
      }),
    };
    let applied: Applied;

    beforeAll(() => {
      Object.values(clusters).forEach(cluster => cluster.publish(internet));
      applied = shadowApply(exampleStacks('article'));
    });

    const commands = { 'aws-cli': 'aws s3 ls s3://oidc-exp-s3-bucket', 'gcloud-cli': 'gcloud storage ls gs://oidc-exp-gcs-bucket' };

    for (const [on, cluster] of Object.entries(clusters)) {
      for (const [pod, command] of Object.entries(commands)) {
        byCli(command.split(' ')[0]!, `${command} on ${cluster.kind.toUpperCase()}, and not as another account`, async () => {
          stage.enforce(applied);
          const started = await startPod(applied, { cluster, clock, internet, address: `kubernetes_pod_v1.${on}-${pod}`, stack: 'article' });
          await onlyFor(started, pod, cluster, command);
        });
      }
    }
  });

  const wired = (from: Mechanism['from'], to: Mechanism['to'], by: string) =>
    MECHANISMS.find(mechanism => mechanism.from === from && mechanism.to === to && mechanism.by === by)!;
  const by = {
    'aws s3 ls': [
      wired('EKS', 'AWS', 'EKS\'s webhook (IRSA)'), wired('EKS', 'AWS', 'EKS Pod Identity'), wired('GKE', 'AWS', 'a projected token'),
      wired('AKS', 'AWS', 'a chain of two roles in a config file'), wired('any OIDC cluster', 'AWS', 'a projected token'),
    ],
    'gcloud storage ls gs://acme-reports': [
      wired('EKS', 'Google Cloud', 'a service account through a pool'), wired('GKE', 'Google Cloud', 'a service account through Google\'s own pool'),
      wired('AKS', 'Google Cloud', 'direct access through a pool'), wired('any OIDC cluster with uploaded keys', 'Google Cloud', 'a service account through a pool'),
    ],
  };
  const [, clusters] = LITERAL_AND_TOKENS[1]!;

  for (const [command, mechanisms] of Object.entries(by)) {
    for (const mechanism of mechanisms) {
      byCli(command.split(' ')[0]!, `${command} from ${mechanism.from} by ${mechanism.by}, and not as another account`, async () => {
        const applied = stage.apply(stage.synthesize(mechanism, clusters));
        stage.enforce(applied);
        const pod = await stage.start(mechanism, applied);
        await onlyFor(pod, 'main', stage.clusters[CLUSTERS_OF[mechanism.from][0]], command);
      });
    }
  }
});

import { LITERAL_AND_TOKENS } from '../clusters';
import { Mechanism, MECHANISMS } from '../mechanisms';
import { describeOnTerraform } from '../terraform';
import { startPod, TestCluster } from './cluster';
import { Applied, RunningContainer, RunningPod } from './model';
import { byCli, EKS_POD_IDENTITY, RunCommand } from './network/by-cli';
import { LoopbackInternet } from './network/internet';
import { exampleStacks, shadowApply } from './shadow';
import { CLUSTERS_OF, Stage } from './stage';
import { stolenBy } from './thieves';

jest.setTimeout(120_000);

/** How a tool lists what a pod may read. */
interface Listing {
  readonly cli: 'aws' | 'gcloud' | 'az';
  readonly name: string;
  readonly command: string;
  /** What stands in the list. */
  readonly listed: string;
}

const aws = (bucket?: string): Listing => {
  const command = ['aws s3 ls', bucket].join(' ').trim();
  return { cli: 'aws', name: command, command, listed: '' };
};

const gcloud = (bucket: string): Listing => {
  const command = `gcloud storage ls ${bucket}`;
  return { cli: 'gcloud', name: command, command, listed: `${bucket}/` };
};

/** A pod logs in first, as https://learn.microsoft.com/en-us/cli/azure/reference-index#az-login has it for federated tokens. */
const az = (how: string, token: string): Listing => ({
  cli: 'az',
  name: `az storage blob list, logged in by ${how},`,
  command: `az login --service-principal -u "$AZURE_CLIENT_ID" -t "$AZURE_TENANT_ID" --federated-token "${token}" --allow-no-subscriptions --output none`
    + ' && az storage blob list --account-name acmedata --container-name reports --auth-mode login --query \'[].name\' --output tsv',
  listed: 'report.txt',
});

describeOnTerraform('the vendors\' command line tools', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  afterAll(() => internet.close());

  /** The tools read the clock of the machine. */
  beforeEach(() => {
    stage.now = Math.floor(Date.now() / 1000);
  });

  const said = async (run: RunCommand, pod: RunningPod, container: string, command: string) => {
    const { status, stdout, stderr } = await run(internet, pod, container, ['sh', '-c', command]);
    return { succeeded: status === 0, stdout: stdout.trim(), stderr };
  };

  /** What a tool says where the trust refuses. */
  const refusalOf = (cli: string, { env }: RunningContainer, subject: string) => expect.stringContaining(
    cli === 'az' ? `AADSTS700213: No matching federated identity record found for presented assertion subject '${subject}'.`
      : cli === 'aws' ? 'AWS_CONTAINER_CREDENTIALS_FULL_URI' in env
        ? 'Error when retrieving credentials from container-role: Error retrieving metadata: Received non 200 response'
        : 'An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity'
        : 'GOOGLE_APPLICATION_CREDENTIALS' in env
          ? 'The given credential is rejected by the attribute condition.'
          : 'The request is rejected. Please check if the metadata server is concealed.') as string;

  /** The account itself lists what is there; another, with everything but its tokens, is refused. */
  const onlyFor = async (run: RunCommand, pod: RunningPod, container: string, cluster: TestCluster, { cli, command, listed }: Listing) => {
    expect(await said(run, pod, container, command)).toMatchObject({ succeeded: true, stdout: expect.stringContaining(listed) as string });
    const thief = stolenBy(pod, { cluster, namespace: pod.namespace, serviceAccount: 'another' }, stage.google);
    const refusal = refusalOf(cli, pod.containers.get(container)!, `system:serviceaccount:${pod.namespace}:another`);
    expect(await said(run, thief, container, command)).toEqual({ succeeded: false, stdout: '', stderr: refusal });
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

    const listings: Record<string, Listing> = { 'aws-cli': aws('s3://oidc-exp-s3-bucket'), 'gcloud-cli': gcloud('gs://oidc-exp-gcs-bucket') };

    for (const [on, cluster] of Object.entries(clusters)) {
      for (const [pod, listing] of Object.entries(listings)) {
        byCli(listing.cli, `${listing.name} on ${cluster.kind.toUpperCase()}, and not as another account`, async run => {
          stage.enforce(applied);
          const started = await startPod(applied, { cluster, clock, internet, address: `kubernetes_pod_v1.${on}-${pod}`, stack: 'article' });
          await onlyFor(run, started, pod, cluster, listing);
        });
      }
    }
  });

  const wired = (from: Mechanism['from'], to: Mechanism['to'], by: string) =>
    MECHANISMS.find(mechanism => mechanism.from === from && mechanism.to === to && mechanism.by === by)!;
  const by: readonly (readonly [Listing, readonly Mechanism[]])[] = [
    [aws(), [
      wired('EKS', 'AWS', 'EKS\'s webhook (IRSA)'), wired('EKS', 'AWS', 'EKS Pod Identity'), wired('GKE', 'AWS', 'a projected token'),
      wired('AKS', 'AWS', 'a chain of two roles in a config file'), wired('any OIDC cluster', 'AWS', 'a projected token'),
      wired('AKS', 'AWS', 'EKS\'s webhook, installed by its users'),
    ]],
    [gcloud('gs://acme-reports'), [
      wired('EKS', 'Google Cloud', 'a service account through a pool'), wired('GKE', 'Google Cloud', 'a service account through Google\'s own pool'),
      wired('AKS', 'Google Cloud', 'direct access through a pool'), wired('any OIDC cluster with uploaded keys', 'Google Cloud', 'a service account through a pool'),
      wired('any OIDC cluster', 'Google Cloud', 'a service account through a pool, and the webhook of pfnet'),
    ]],
    [az('the token', '$(cat "$AZURE_FEDERATED_TOKEN_FILE")'), [
      wired('EKS', 'Azure', 'a projected token, as no webhook of AKS is there'), wired('GKE', 'Azure', 'a projected token and an application of Entra ID'),
      wired('AKS', 'Azure', 'AKS\'s webhook'), wired('any OIDC cluster', 'Azure', 'a projected token'),
    ]],
    [az('the file of the token', '@$AZURE_FEDERATED_TOKEN_FILE'), [wired('EKS', 'Azure', 'Azure\'s webhook, installed by its users')]],
  ];
  const [, clusters] = LITERAL_AND_TOKENS[1]!;

  for (const [listing, mechanisms] of by) {
    for (const mechanism of mechanisms) {
      byCli(listing.cli, `${listing.name} from ${mechanism.from} by ${mechanism.by}, and not as another account`, async run => {
        const applied = stage.apply(stage.synthesize(mechanism, clusters));
        stage.enforce(applied);
        const pod = await stage.start(mechanism, applied);
        await onlyFor(run, pod, 'main', stage.clusters[CLUSTERS_OF[mechanism.from][0]], listing);
      }, mechanism.by === 'EKS Pod Identity' ? EKS_POD_IDENTITY : undefined);
    }
  }
});

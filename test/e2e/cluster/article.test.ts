import { describeOnTerraform } from '../../terraform';
import type { Applied } from '../model';
import { LoopbackInternet } from '../network/internet';
import { exampleStacks, shadowApply } from '../shadow';
import { SERVICE_ENV, startPod, StartPodOptions, TestCluster } from './index';

const NOW = 1_800_000_000;
const clock = () => NOW;
const EKS = new TestCluster({ kind: 'eks', name: 'oidc-exp-cluster', issuer: 'https://oidc.eks.eu-west-2.amazonaws.com/id/4E604436464FFCC52F8B96807F5BD5BC', clock });
const GKE = new TestCluster({
  kind: 'gke', name: 'oidc-exp-cluster', clock, workloadPool: 'oidc-exp-project.svc.id.goog',
  issuer: 'https://container.googleapis.com/v1/projects/oidc-exp-project/locations/europe-west2-a/clusters/oidc-exp-cluster',
});

/** The pod that a resource makes, whole; a token as its audience, subject and seconds. */
async function podOf(applied: Applied, cluster: TestCluster, options: Partial<StartPodOptions>) {
  const { refresh, disk, ...pod } = await startPod(applied, { cluster, clock, ...options });
  const containers = Object.fromEntries([...pod.containers].map(([name, { env, files }]) => [name, {
    env: Object.fromEntries(Object.entries(env).filter(([key]) => !Object.hasOwn(SERVICE_ENV, key))),
    files: Object.fromEntries([...files].map(([path, content]) => [path, shown(content)])),
  }]));
  return { ...pod, cluster: cluster.kind, containers };
}

function shown(content: string): unknown {
  if (content.startsWith('{')) return JSON.parse(content);
  if (!content.startsWith('ey')) return content;
  const { aud, sub, exp, iss } = JSON.parse(Buffer.from(content.split('.')[1]!, 'base64url').toString());
  return { iss, aud, sub, seconds: exp - NOW };
}

const MOUNT = '/var/run/secrets/workload-federation';
const NAME = 'oidc-exp-service-account';
const AWS = {
  AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/oidc_exp_federated_role', AWS_WEB_IDENTITY_TOKEN_FILE: `${MOUNT}/aws/token`,
  AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'eu-west-2', AWS_STS_REGIONAL_ENDPOINTS: 'regional',
};
const GOOGLE = {
  GOOGLE_APPLICATION_CREDENTIALS: `${MOUNT}/gcp/credential-configuration.json`, CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: `${MOUNT}/gcp/credential-configuration.json`,
  GOOGLE_CLOUD_PROJECT: 'oidc-exp-project', CLOUDSDK_CORE_PROJECT: 'oidc-exp-project',
};
const token = (cluster: TestCluster, namespace: string, audience: string) => ({
  iss: cluster.issuer, aud: [audience], sub: `system:serviceaccount:${namespace}:${NAME}`, seconds: 3600,
});
const googleFiles = (cluster: TestCluster, namespace: string, pool: string, account: string) => {
  const provider = `//iam.googleapis.com/projects/789123456/locations/global/workloadIdentityPools/${pool}/providers/${pool}`;
  return {
    [`${MOUNT}/gcp/token`]: token(cluster, namespace, `https:${provider}`),
    [`${MOUNT}/gcp/credential-configuration.json`]: {
      type: 'external_account',
      audience: provider,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: 'https://sts.googleapis.com/v1/token',
      credential_source: { file: `${MOUNT}/gcp/token`, format: { type: 'text' } },
      service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${account}@oidc-exp-project.iam.gserviceaccount.com:generateAccessToken`,
    },
  };
};

describeOnTerraform('the pods of the article', () => {
  let applied: Applied;
  beforeAll(() => {
    applied = shadowApply(exampleStacks('article'));
  }, 60_000);

  test.each(['aws-cli', 'gcloud-cli'])('on EKS: %s', async name => {
    expect(await podOf(applied, EKS, { address: `kubernetes_pod_v1.Eks-${name}`, stack: 'article' })).toEqual({
      cluster: 'eks', name, namespace: 'oidc-exp', serviceAccount: NAME, serviceAccountAnnotations: {},
      containers: {
        [name]: {
          env: { HOSTNAME: name, ...AWS, ...GOOGLE },
          files: { [`${MOUNT}/aws/token`]: token(EKS, 'oidc-exp', 'sts.amazonaws.com'), ...googleFiles(EKS, 'oidc-exp', 'eks-oidc-exp-cluster', NAME) },
        },
      },
    });
  });

  test.each(['aws-cli', 'gcloud-cli'])('on GKE: %s', async name => {
    expect(await podOf(applied, GKE, { address: `kubernetes_pod_v1.Gke-${name}`, stack: 'article' })).toEqual({
      cluster: 'gke', name, namespace: 'oidc-exp', serviceAccount: NAME,
      serviceAccountAnnotations: { 'iam.gke.io/gcp-service-account': `${NAME}@oidc-exp-project.iam.gserviceaccount.com` },
      containers: { [name]: { env: { HOSTNAME: name, ...AWS }, files: { [`${MOUNT}/aws/token`]: token(GKE, 'oidc-exp', 'sts.amazonaws.com') } } },
    });
  });

  test('on GKE as a plain issuer, in its appendix', async () => {
    expect(await podOf(applied, GKE, { address: 'kubernetes_pod_v1.Gke-gcloud-cli', stack: 'article-appendix' })).toEqual({
      cluster: 'gke', name: 'gcloud-cli', namespace: 'oidc-exp-appendix', serviceAccount: NAME, serviceAccountAnnotations: {},
      containers: { 'gcloud-cli': { env: { HOSTNAME: 'gcloud-cli', ...GOOGLE }, files: googleFiles(GKE, 'oidc-exp-appendix', 'gke-oidc-exp-cluster', 'oidc-exp-appendix') } },
    });
  });
});

describeOnTerraform('the pods of the example of gtoken', () => {
  let applied: Applied;
  beforeAll(() => {
    applied = shadowApply(exampleStacks('gtoken'));
  }, 60_000);

  const containersOf = async (address: string) => {
    const internet = new LoopbackInternet();
    internet.serve('metadata.google.internal', ({ path }) => ({ status: 200, body: path.endsWith('/token') ? '{"access_token":"a"}' : path.includes('/identity?') ? 'of metadata' : 'a@b' }));
    internet.serve('iamcredentials.googleapis.com', () => ({ status: 200, body: '{"token":"of gtoken"}' }));
    const { containers } = await podOf(applied, GKE, { address, internet });
    return Object.fromEntries(Object.entries(containers).map(([name, { env, files }]) => [name, [env.AWS_WEB_IDENTITY_TOKEN_FILE, files]]));
  };
  const FILE = '/var/run/secrets/aws/token/gtoken';

  test('get their token by the webhook that the same Terraform installs', async () => {
    expect(await containersOf('kubernetes_deployment_v1.Deployment')).toEqual({
      'generate-gcp-id-token': [undefined, { [FILE]: 'of gtoken' }], 'uploads': [FILE, { [FILE]: 'of gtoken' }], 'update-gcp-id-token': [undefined, { [FILE]: 'of gtoken' }],
    });
  });

  test('or by containers of their own, which the webhook leaves alone', async () => {
    expect(await containersOf('kubernetes_cron_job_v1.CronJob')).toEqual({
      'generate-gcp-id-token': [undefined, { [FILE]: 'of metadata' }], 'invoices': [FILE, { [FILE]: 'of metadata' }], 'update-gcp-id-token': [undefined, { [FILE]: 'of metadata' }],
    });
  });
});

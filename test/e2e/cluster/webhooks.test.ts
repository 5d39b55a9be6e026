import type { Applied, HttpRequest } from '../model';
import { applied, resource, serviceAccount, typedPod } from './applied';
import { SERVICE_ENV, startPod, StartPodOptions, testClusters, TestCluster } from './index';
import { LoopbackInternet } from '../network/internet';

const NOW = 1_800_000_000;
const { eks, gke, aks, oidc } = testClusters(() => NOW);
const ROLE = 'arn:aws:iam::123456789012:role/reader';

/** Everything that a pod's containers find, but what each pod of Kubernetes has; a token as its audience, subject and seconds. */
async function containersOf(cluster: TestCluster, from: Applied, options: Partial<StartPodOptions> = {}) {
  const pod = await startPod(from, { cluster, clock: () => NOW, address: 'kubernetes_pod_v1.Pod', ...options });
  return Object.fromEntries([...pod.containers].map(([name, { env, files }]) => [name, {
    env: Object.fromEntries(Object.entries(env).filter(([key]) => key !== 'HOSTNAME' && !Object.hasOwn(SERVICE_ENV, key))),
    files: Object.fromEntries([...files].map(([path, content]) => [path, shown(content)])),
  }]));
}

function shown(content: string): string {
  if (!content.startsWith('eyJhbGciOiJSUzI1NiIsImtpZCI')) return content;
  const { aud, exp, sub } = JSON.parse(Buffer.from(content.split('.')[1]!, 'base64url').toString());
  return `${aud.join()} ${sub} ${exp - NOW}`;
}

const SUB = 'system:serviceaccount:reports:reader';
const NOTHING = { env: {}, files: {} };
const container = (name: string, more: object = {}) => ({ name, image: 'reader:1', ...more });

describe('EKS\'s webhook', () => {
  const FILE = '/var/run/secrets/eks.amazonaws.com/serviceaccount/token';
  const REGION = { AWS_STS_REGIONAL_ENDPOINTS: 'regional', AWS_DEFAULT_REGION: 'eu-west-1', AWS_REGION: 'eu-west-1' };
  const IRSA = { env: { ...REGION, AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: FILE }, files: { [FILE]: `sts.amazonaws.com ${SUB} 86400` } };
  const annotated = (annotations: Record<string, string> = {}) => serviceAccount({ 'eks.amazonaws.com/role-arn': ROLE, ...annotations });

  test('gives every container the role of the annotation', async () => {
    expect(await containersOf(eks, applied(annotated(), typedPod({ init_container: [container('first')] })))).toEqual({ first: IRSA, main: IRSA });
  });

  test('takes audience, lifetime and endpoints from the account, and the lifetime first from the pod', async () => {
    const account = annotated({ 'eks.amazonaws.com/audience': 'other', 'eks.amazonaws.com/token-expiration': '3600', 'eks.amazonaws.com/sts-regional-endpoints': 'false' });
    const { AWS_STS_REGIONAL_ENDPOINTS: _, ...env } = IRSA.env;
    expect(await containersOf(eks, applied(account, typedPod()))).toEqual({ main: { env, files: { [FILE]: `other ${SUB} 3600` } } });
    const lifetime = async (seconds: string) => (await containersOf(eks, applied(account, typedPod({}, { annotations: { 'eks.amazonaws.com/token-expiration': seconds } })))).main!.files[FILE];
    expect([await lifetime('7200'), await lifetime('60'), await lifetime('an hour'), await lifetime('172800')]).toEqual([
      `other ${SUB} 7200`, `other ${SUB} 600`, `other ${SUB} 3600`, `other ${SUB} 86400`,
    ]);
  });

  test('leaves what a container sets, and the containers that are to be skipped', async () => {
    expect(await containersOf(eks, applied(annotated(), typedPod({
      container: [
        container('main', { env: [{ name: 'AWS_ROLE_ARN', value: 'own' }] }), container('region', { env: [{ name: 'AWS_REGION', value: 'us-east-1' }] }), container('skipped'), container('also'),
      ],
    }, { annotations: { 'eks.amazonaws.com/skip-containers': 'skipped,also' } })))).toEqual({
      main: { env: { AWS_ROLE_ARN: 'own', ...REGION }, files: IRSA.files },
      region: { env: { AWS_REGION: 'us-east-1', AWS_STS_REGIONAL_ENDPOINTS: 'regional', AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: FILE }, files: IRSA.files },
      skipped: NOTHING,
      also: NOTHING,
    });
  });

  test.each<[string, TestCluster, Applied, Partial<StartPodOptions>]>([
    ['without the annotation', eks, applied(serviceAccount(), typedPod()), {}],
    ['with the label that skips it', eks, applied(annotated(), typedPod({}, { labels: { 'eks.amazonaws.com/skip-pod-identity-webhook': 'true' } })), {}],
    ['of another kind of cluster', gke, applied(annotated(), typedPod()), {}],
    ['of a cluster without it', eks, applied(annotated(), typedPod()), { webhooks: [] }],
  ])('refuses pods %s', async (_, cluster, from, options) => {
    expect(await containersOf(cluster, from, options)).toEqual({ main: NOTHING });
  });

  test('runs elsewhere where it was installed, and knows no region there', async () => {
    expect(await containersOf(oidc, applied(annotated(), typedPod()), { webhooks: ['eks'] })).toEqual({
      main: { env: { AWS_STS_REGIONAL_ENDPOINTS: 'regional', AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: FILE }, files: IRSA.files },
    });
  });

  describe('and an association of EKS Pod Identity', () => {
    const POD_FILE = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token';
    const association = (values: object = {}, account = '123456789012') => resource('aws_eks_pod_identity_association.Reader',
      { cluster_name: 'apps', namespace: 'reports', service_account: 'reader', role_arn: ROLE, region: 'eu-west-1', ...values }, { account });
    const AGENT = {
      env: { ...REGION, AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://169.254.170.23/v1/credentials', AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: POD_FILE },
      files: { [POD_FILE]: `pods.eks.amazonaws.com ${SUB} 86400` },
    };

    test('point to the agent, also where the account has a role of its own', async () => {
      expect(await containersOf(eks, applied(serviceAccount(), association(), typedPod()))).toEqual({ main: AGENT });
      expect(await containersOf(eks, applied(annotated(), association(), typedPod()))).toEqual({ main: AGENT });
    });

    test.each<[string, ReturnType<typeof resource>]>([
      ['another service account', association({ service_account: 'writer' })],
      ['another namespace', association({ namespace: 'billing' })],
      ['another cluster', association({ cluster_name: 'other' })],
      ['a cluster of this name in another region', association({ region: 'us-east-1' })],
      ['a cluster of this name in another account', association({}, '210987654321')],
    ])('refuses that of %s', async (_, other) => {
      expect(await containersOf(eks, applied(serviceAccount(), other, typedPod()))).toEqual({ main: NOTHING });
    });
  });
});

describe('Azure\'s webhook', () => {
  const FILE = '/var/run/secrets/azure/wi/token/azure-identity-token';
  const account = (annotations: Record<string, string> = {}) => serviceAccount({ 'azure.workload.identity/client-id': 'client', 'azure.workload.identity/tenant-id': 'tenant', ...annotations });
  const labelled = (spec = {}, annotations = {}) => typedPod(spec, { labels: { 'azure.workload.identity/use': 'true' }, annotations });
  const ENV = { AZURE_CLIENT_ID: 'client', AZURE_TENANT_ID: 'tenant', AZURE_FEDERATED_TOKEN_FILE: FILE, AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/' };
  const FILES = { [FILE]: `api://AzureADTokenExchange ${SUB} 3600` };

  test('gives every container of a labelled pod the identity of the annotations', async () => {
    expect(await containersOf(aks, applied(account(), labelled({ init_container: [container('first')] })))).toEqual({ first: { env: ENV, files: FILES }, main: { env: ENV, files: FILES } });
  });

  test('takes the lifetime of the pod, then of the account', async () => {
    const ofAccount = account({ 'azure.workload.identity/service-account-token-expiration': '7200' });
    expect((await containersOf(aks, applied(ofAccount, labelled()))).main!.files).toEqual({ [FILE]: `api://AzureADTokenExchange ${SUB} 7200` });
    expect((await containersOf(aks, applied(ofAccount, labelled({}, { 'azure.workload.identity/service-account-token-expiration': '86400' })))).main!.files).toEqual({
      [FILE]: `api://AzureADTokenExchange ${SUB} 86400`,
    });
  });

  test('takes the cluster\'s tenant where the account names none, and no client where it names none', async () => {
    expect(await containersOf(aks, applied(serviceAccount(), labelled()))).toEqual({
      main: { env: { AZURE_TENANT_ID: '11111111-2222-3333-4444-555555555555', AZURE_FEDERATED_TOKEN_FILE: FILE, AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/' }, files: FILES },
    });
  });

  test('leaves what a container sets, and the containers that are to be skipped', async () => {
    const pod = labelled({ container: [container('main', { env: [{ name: 'AZURE_CLIENT_ID', value: 'own' }] }), container('skipped')] }, { 'azure.workload.identity/skip-containers': 'skipped; also' });
    expect(await containersOf(aks, applied(account(), pod))).toEqual({ main: { env: { ...ENV, AZURE_CLIENT_ID: 'own' }, files: FILES }, skipped: NOTHING });
  });

  test.each<[string, TestCluster, Applied, Partial<StartPodOptions>]>([
    ['without the label', aks, applied(account(), typedPod()), {}],
    ['with another value of the label', aks, applied(account(), typedPod({}, { labels: { 'azure.workload.identity/use': 'yes' } })), {}],
    ['with the label on the account only', aks, applied(serviceAccount({}, {
      metadata: [{ name: 'reader', namespace: 'reports', labels: { 'azure.workload.identity/use': 'true' } }],
    }), typedPod()), {}],
    ['of another kind of cluster', eks, applied(account(), labelled()), {}],
    ['of a cluster without it', aks, applied(account(), labelled()), { webhooks: [] }],
  ])('refuses pods %s', async (_, cluster, from, options) => {
    expect(await containersOf(cluster, from, options)).toEqual({ main: NOTHING });
  });

  test.each([
    ['3599', 'token expiration 3599 not valid. Expected value to be between 3600 and 86400'],
    ['86401', 'token expiration 86401 not valid. Expected value to be between 3600 and 86400'],
    ['1h', 'strconv.ParseInt: parsing "1h": invalid syntax'],
  ])('refuses pods with a lifetime of %s', async (seconds, message) => {
    await expect(containersOf(aks, applied(account({ 'azure.workload.identity/service-account-token-expiration': seconds }), labelled()))).rejects.toThrow(
      new Error(`Denied: admission webhook "mutation.azure-workload-identity.io" denied the request: ${message}`));
  });
});

describe('the webhook of pfnet for Google Cloud', () => {
  const TOKEN = '/var/run/secrets/sts.googleapis.com/serviceaccount/token';
  const DOCUMENT = '/var/run/secrets/gcloud/config/federation.json';
  const EMAIL = 'reader@acme-apps.iam.gserviceaccount.com';
  const POOL = 'projects/123456789/locations/global/workloadIdentityPools/apps/providers/apps';
  const own = (annotations: Record<string, string>) => Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`cloud.google.com/${name}`, value]));
  const account = (annotations: Record<string, string> = {}) => serviceAccount(own({ 'workload-identity-provider': POOL, 'service-account-email': EMAIL, 'injection-mode': 'direct', ...annotations }));
  const direct = (annotations: Record<string, string> = {}) =>
    serviceAccount(own({ 'workload-identity-provider': POOL, 'token-exchange-mode': 'direct-access', 'injection-mode': 'direct', ...annotations }));
  const document = (more: object = {}) => JSON.stringify({
    type: 'external_account',
    audience: `//iam.googleapis.com/${POOL}`,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    ...more,
    credential_source: { file: TOKEN, format: { type: 'text' } },
  });
  const IMPERSONATING = document({ service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${EMAIL}:generateAccessToken` });
  const ENV = { GOOGLE_APPLICATION_CREDENTIALS: DOCUMENT, CLOUDSDK_CORE_PROJECT: 'acme-apps' };
  const FILES = { [TOKEN]: `sts.googleapis.com ${SUB} 86400`, [DOCUMENT]: IMPERSONATING };
  const installed = (from: Applied, cluster = oidc) => containersOf(cluster, from, { webhooks: ['pfnet'] });

  test('gives every container the document and the token of the annotations', async () => {
    const found = await installed(applied(account(), typedPod({ init_container: [container('first')] })));
    expect(found).toEqual({ first: { env: ENV, files: FILES }, main: { env: ENV, files: FILES } });
  });

  test('writes the document without an account for direct access, and knows no project then', async () => {
    const files = { ...FILES, [DOCUMENT]: document() };
    expect(await installed(applied(direct(), typedPod()))).toEqual({ main: { env: { GOOGLE_APPLICATION_CREDENTIALS: DOCUMENT }, files } });
    expect(await installed(applied(direct({ 'service-account-email': EMAIL, 'project-id': 'acme-data' }), typedPod()))).toEqual({
      main: { env: { GOOGLE_APPLICATION_CREDENTIALS: DOCUMENT, CLOUDSDK_CORE_PROJECT: 'acme-data' }, files },
    });
  });

  test('takes audience, lifetime and project from the account, and the lifetime first from the pod, but none below an hour', async () => {
    const said = account({ 'audience': 'other', 'token-expiration': '7200', 'project-id': 'acme-data', 'injection-mode': 'Direct', 'token-exchange-mode': 'Service-Account' });
    expect(await installed(applied(said, typedPod()))).toEqual({
      main: { env: { ...ENV, CLOUDSDK_CORE_PROJECT: 'acme-data' }, files: { ...FILES, [TOKEN]: `other ${SUB} 7200` } },
    });
    const lifetime = async (seconds: string) => (await installed(applied(said, typedPod({}, { annotations: own({ 'token-expiration': seconds }) })))).main!.files[TOKEN];
    expect([await lifetime('3601'), await lifetime('600'), await lifetime('-1')]).toEqual([`other ${SUB} 3601`, `other ${SUB} 3600`, `other ${SUB} 3600`]);
  });

  test('wins over the credentials that a container sets, leaves its project, and leaves out the containers that are to be skipped', async () => {
    const env = [{ name: 'GOOGLE_APPLICATION_CREDENTIALS', value: 'own' }, { name: 'CLOUDSDK_CORE_PROJECT', value: 'own' }];
    const pod = typedPod({ container: [container('main', { env }), container('skipped'), container('also')] }, { annotations: own({ 'skip-containers': 'skipped, also' }) });
    expect(await installed(applied(account(), pod))).toEqual({ main: { env: { ...ENV, CLOUDSDK_CORE_PROJECT: 'own' }, files: FILES }, skipped: NOTHING, also: NOTHING });
  });

  test('and the others, all installed, leave each other\'s alone', async () => {
    const all = serviceAccount({
      ...account().values.metadata[0].annotations, 'eks.amazonaws.com/role-arn': ROLE, 'azure.workload.identity/client-id': 'client',
    });
    const found = await containersOf(eks, applied(all, typedPod({}, { labels: { 'azure.workload.identity/use': 'true' } })), { webhooks: ['eks', 'azure', 'pfnet'] });
    expect(Object.keys(found.main!.files).sort()).toEqual([
      '/var/run/secrets/azure/wi/token/azure-identity-token', '/var/run/secrets/eks.amazonaws.com/serviceaccount/token', DOCUMENT, TOKEN,
    ]);
    expect(found.main!.env).toMatchObject({ ...ENV, AWS_ROLE_ARN: ROLE, AZURE_CLIENT_ID: 'client' });
  });

  test.each<[string, Applied, TestCluster]>([
    ['without the annotations', applied(serviceAccount(), typedPod()), oidc],
    ['whose own annotations say what those of the account should', applied(serviceAccount(), typedPod({}, { annotations: account().values.metadata[0].annotations })), oidc],
  ])('refuses pods %s', async (_, from, cluster) => {
    expect(await installed(from, cluster)).toEqual({ main: NOTHING });
  });

  test.each([eks, gke, aks, oidc])('is no part of a platform ($kind)', async cluster => {
    expect(await containersOf(cluster, applied(account(), typedPod()))).toEqual({ main: NOTHING });
  });

  const DENIED = 'Denied: admission webhook "mpod.kb.io" denied the request: cloud.google.com/';
  const NO_NUMBER = 'must be positive integer string: strconv.ParseInt: parsing';
  test.each<[string, Applied, string]>([
    ['of an account without a provider', applied(serviceAccount(own({ 'service-account-email': EMAIL })), typedPod()),
      `${DENIED}workload-identity-provider, cloud.google.com/service-account-email must set at a time`],
    ['of a provider without an account', applied(serviceAccount(own({ 'workload-identity-provider': POOL })), typedPod()),
      `${DENIED}workload-identity-provider, cloud.google.com/service-account-email must set at a time`],
    ['of direct access without a provider', applied(serviceAccount(own({ 'token-exchange-mode': 'direct-access' })), typedPod()),
      `${DENIED}workload-identity-provider is required when cloud.google.com/token-exchange-mode is 'direct-access'`],
    ['of the name of a pool', applied(account({ 'workload-identity-provider': POOL.replace(/\/providers.*/, '') }), typedPod()),
      `${DENIED}workload-identity-provider must be form of projects/{ProjectNumber}/locations/{Location}/workloadIdentityPools/{PoolId}/providers/{ProviderId}`],
    ['of the resource name of a provider', applied(account({ 'workload-identity-provider': `//iam.googleapis.com/${POOL}` }), typedPod()),
      `${DENIED}workload-identity-provider must be form of projects/{ProjectNumber}/locations/{Location}/workloadIdentityPools/{PoolId}/providers/{ProviderId}`],
    ['of another injection mode', applied(account({ 'injection-mode': 'csi' }), typedPod()), `${DENIED}injection-mode mode must be 'direct', 'gcloud' or unset`],
    ['of another exchange mode', applied(account({ 'token-exchange-mode': 'direct' }), typedPod()),
      `${DENIED}token-exchange-mode mode must be 'service-account', 'direct-access' or unset`],
    ['of a lifetime that is no number', applied(account({ 'token-expiration': '1h' }), typedPod()), `${DENIED}token-expiration ${NO_NUMBER} "1h": invalid syntax`],
    ['that say a lifetime that is no number', applied(account(), typedPod({}, { annotations: own({ 'token-expiration': '' }) })), `${DENIED}token-expiration ${NO_NUMBER} "": invalid syntax`],
    ['of a user who is no number', applied(account({ 'gcloud-run-as-user': 'root' }), typedPod()), `${DENIED}gcloud-run-as-user ${NO_NUMBER} "root": invalid syntax`],
    ['whose document a container of gcloud should write', applied(account({ 'injection-mode': 'gcloud' }), typedPod()), 'Denied: the container gcloud-setup is not known to this cluster'],
    ['of no injection mode, which is that of gcloud', applied(serviceAccount(own({ 'workload-identity-provider': POOL, 'service-account-email': EMAIL })), typedPod()),
      'Denied: the container gcloud-setup is not known to this cluster'],
  ])('refuses pods %s', async (_, from, message) => {
    await expect(installed(from)).rejects.toThrow(new Error(message));
  });
});

/** What stands where GKE's metadata server and Google's credentials do; it answers with what was asked, and by whom. */
function google() {
  let made = 0;
  const asked: string[] = [];
  const internet = new LoopbackInternet();
  const note = ({ method, host, path, headers, body }: HttpRequest) => asked.push(`${method} ${host}${path} ${headers['metadata-flavor'] ?? headers.authorization} ${body}`);
  const pods = new Set<string | undefined>();
  const fetch = internet.fetch.bind(internet);
  internet.fetch = request => {
    pods.add(request.pod?.name);
    return fetch(request);
  };
  internet.serve('metadata.google.internal', request => {
    note(request);
    if (request.path.endsWith('/token')) return { status: 200, body: '{"access_token":"access","expires_in":3599,"token_type":"Bearer"}' };
    if (request.path.endsWith('/email')) return { status: 200, body: 'reader@acme-apps.iam.gserviceaccount.com' };
    return { status: 200, body: `of the metadata server ${made += 1}\n` };
  });
  internet.serve('iamcredentials.googleapis.com', request => {
    note(request);
    return { status: 200, body: JSON.stringify({ token: `of gtoken ${made += 1}` }) };
  });
  return { internet, asked, pods };
}

const FILE = '/var/run/secrets/aws/token/gtoken';
const BASE = 'metadata.google.internal/computeMetadata/v1/instance/service-accounts/default';
const OF_GTOKEN = [
  `GET ${BASE}/token Google `,
  `GET ${BASE}/email Google `,
  'POST iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/reader@acme-apps.iam.gserviceaccount.com:generateIdToken Bearer access '
  + '{"audience":"gtoken/sts/assume-role-with-web-identity","includeEmail":true}',
];

describe('gtoken\'s webhook', () => {
  const account = (annotations: Record<string, string> = {}) => serviceAccount({ 'amazonaws.com/role-arn': ROLE, ...annotations });
  const session = expect.stringMatching(/^gtoken-webhook-[a-y]{16}$/);
  const ENV = { AWS_WEB_IDENTITY_TOKEN_FILE: FILE, AWS_ROLE_ARN: ROLE, AWS_ROLE_SESSION_NAME: session };
  const webhook = (more: object = {}) => resource('kubernetes_mutating_webhook_configuration_v1.Gtoken', {
    metadata: [{ name: 'gtoken-webhook' }],
    webhook: [{
      name: 'gtoken-webhook.admission.gtoken', client_config: [{ service: [{ name: 'gtoken-webhook', namespace: 'gtoken', path: '/pods', port: 443 }], ca_bundle: 'authority.pem' }],
      rule: [{ operations: ['CREATE'], api_groups: [''], api_versions: ['v1'], resources: ['pods'] }],
      namespace_selector: [{ match_expressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['gtoken'] }, { key: 'admission.gtoken/ignore', operator: 'DoesNotExist' }] }],
      reinvocation_policy: 'Never', failure_policy: 'Fail', ...more,
    }],
  });
  const metadata = [{ name: 'gtoken-webhook', namespace: 'gtoken', labels: { app: 'gtoken-webhook' } }];
  const key = (name: string) => resource(`tls_private_key.${name}`, { algorithm: 'ECDSA', ecdsa_curve: 'P256', private_key_pem: `key of ${name}` });
  const mounted = { name: 'certificate', mount_path: '/certs' };
  /** What serves the webhook: its certificate, its pods, and what they may do. */
  const server = (...more: readonly ReturnType<typeof resource>[]) => [
    key('authority'), key('server'),
    resource('tls_self_signed_cert.Authority', {
      private_key_pem: 'key of authority', subject: [{ common_name: 'authority' }], is_ca_certificate: true, allowed_uses: ['cert_signing'], validity_period_hours: 2, cert_pem: 'authority.pem',
    }),
    resource('tls_cert_request.Request', { private_key_pem: 'key of server', subject: [{ common_name: 'server' }], dns_names: ['gtoken-webhook.gtoken.svc'], cert_request_pem: 'request' }),
    resource('tls_locally_signed_cert.Certificate', {
      cert_request_pem: 'request', ca_private_key_pem: 'key of authority', ca_cert_pem: 'authority.pem', allowed_uses: ['digital_signature', 'server_auth'], validity_period_hours: 1, cert_pem: 'certificate.pem',
    }),
    resource('kubernetes_secret_v1.Certificate', { metadata, data: { 'tls.crt': 'certificate.pem', 'tls.key': 'key of server' } }),
    resource('kubernetes_service_account_v1.Webhook', { metadata }),
    resource('kubernetes_cluster_role_v1.Webhook', { metadata: [{ name: 'gtoken' }], rule: [{ api_groups: [''], resources: ['serviceaccounts'], verbs: ['get'] }] }),
    resource('kubernetes_cluster_role_binding_v1.Webhook', {
      metadata: [{ name: 'gtoken' }], role_ref: [{ api_group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'gtoken' }],
      subject: [{ kind: 'ServiceAccount', name: 'gtoken-webhook', namespace: 'gtoken' }],
    }),
    resource('kubernetes_deployment_v1.Webhook', {
      metadata,
      spec: [{
        template: [{
          metadata: [{ labels: { app: 'gtoken-webhook' } }],
          spec: [{
            service_account_name: 'gtoken-webhook', volume: [{ name: 'certificate', secret: [{ secret_name: 'gtoken-webhook' }] }],
            container: [container('webhook', {
              image: 'doitintl/gtoken-webhook:1', args: ['server', '--tls-cert-file=/certs/tls.crt', '--tls-private-key-file=/certs/tls.key'], volume_mount: [mounted],
            })],
          }],
        }],
      }],
    }),
    resource('kubernetes_service_v1.Webhook', { metadata, spec: [{ selector: { app: 'gtoken-webhook' }, port: [{ port: 443, target_port: '8443' }] }] }),
    ...more,
  ];
  const installed = (more: object = {}) => [webhook(more), ...server()];

  test('brings the first token, and one container that keeps it fresh', async () => {
    const { internet, asked, pods } = google();
    const from = applied(...installed(), account(), typedPod({ init_container: [container('first')] }));
    expect(await containersOf(gke, from, { internet })).toEqual({
      'generate-gcp-id-token': { env: {}, files: { [FILE]: 'of gtoken 2' } },
      'first': { env: ENV, files: { [FILE]: 'of gtoken 2' } },
      'main': { env: ENV, files: { [FILE]: 'of gtoken 2' } },
      'update-gcp-id-token': { env: {}, files: { [FILE]: 'of gtoken 2' } },
    });
    expect(asked).toEqual([...OF_GTOKEN, ...OF_GTOKEN]);
    expect([...pods]).toEqual(['reader']);
  });

  test('refreshes the token when the pod is refreshed', async () => {
    const { internet } = google();
    const pod = await startPod(applied(account(), typedPod()), { cluster: gke, clock: () => NOW, internet, webhooks: ['gtoken'], address: 'kubernetes_pod_v1.Pod' });
    const token = () => pod.containers.get('main')!.files.get(FILE);
    const before = token();
    await pod.refresh();
    expect([before, token()]).toEqual(['of gtoken 2', 'of gtoken 3']);
  });

  test('leaves the second container out where the account says so, and wins over what a container sets', async () => {
    const { internet } = google();
    const from = applied(...installed(), account({ 'gtoken.doit-intl.com/tokenRefresh': 'false' }), typedPod({ container: [container('main', { env: [{ name: 'AWS_ROLE_ARN', value: 'own' }] })] }));
    expect(await containersOf(gke, from, { internet })).toEqual({
      'generate-gcp-id-token': { env: {}, files: { [FILE]: 'of gtoken 1' } }, 'main': { env: ENV, files: { [FILE]: 'of gtoken 1' } },
    });
  });

  test('gives the containers that it adds the default token too', async () => {
    const { internet } = google();
    const found = await containersOf(gke, applied(...installed(), account(), typedPod({ automount_service_account_token: true })), { internet });
    expect(Object.values(found).map(({ files }) => Object.keys(files).filter(path => path.endsWith('/token')))).toEqual(
      Array(3).fill(['/var/run/secrets/kubernetes.io/serviceaccount/token']));
  });

  const ignored = (labels: object) => resource('kubernetes_namespace_v1.Reports', { metadata: [{ name: 'reports', labels }] });
  test.each<[string, Applied]>([
    ['without the annotation', applied(...installed(), serviceAccount(), typedPod())],
    ['of a namespace that is to be ignored', applied(...installed(), ignored({ 'admission.gtoken/ignore': '' }), account(), typedPod())],
    ['of a namespace that is labelled so later', applied(...installed(), resource('kubernetes_labels.Reports', {
      api_version: 'v1', kind: 'Namespace', metadata: [{ name: 'reports' }], labels: { 'admission.gtoken/ignore': 'true' },
    }), account(), typedPod())],
    ['of a namespace that is excluded by name', applied(...installed({
      namespace_selector: [{ match_expressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', 'reports'] }] }],
    }), account(), typedPod())],
    ['where it asks for something else', applied(...installed({ rule: [{ operations: ['CREATE'], api_groups: ['apps'], api_versions: ['v1'], resources: ['deployments'] }] }), account(), typedPod())],
    ['of a cluster without it', applied(account(), typedPod())],
  ])('refuses pods %s', async (_, from) => {
    expect(await containersOf(gke, from)).toEqual({ main: NOTHING });
  });

  test('puts the token where its flags say', async () => {
    const { internet } = google();
    const from = changed('kubernetes_deployment_v1', text => text.replace('"server"', '"server","--volume-name=token","--volume-path=/token","--token-file=id"'));
    expect((await containersOf(gke, from, { internet })).main).toEqual({ env: { ...ENV, AWS_WEB_IDENTITY_TOKEN_FILE: '/token/id' }, files: { '/token/id': 'of gtoken 2' } });
  });

  /** What is installed, with one thing in the resource of a type that is not as it is. */
  const changed = (type: string, change: (text: string) => string): Applied => {
    const { resources, ...more } = applied(...installed(), account(), typedPod());
    const text = (one: object) => JSON.stringify(one);
    const all = resources.map(one => one.type === type ? JSON.parse(change(text(one))) : one);
    expect(text(all)).not.toBe(text(resources));
    return { ...more, resources: all };
  };
  const CALL = 'failed to call webhook: Post "https://gtoken-webhook.gtoken.svc:443/pods?timeout=10s": ';
  const REFUSED = 'failed to call webhook: Post "https://gtoken-webhook.gtoken.svc:443": dial tcp: connect: connection refused';
  const CONFIGURATION = 'kubernetes_mutating_webhook_configuration_v1';

  test.each<[string, string, (text: string) => string, string]>([
    ['a service that is not there', CONFIGURATION, text => text.replace('"name":"gtoken-webhook","namespace"', '"name":"other","namespace"'), 'failed to call webhook: service "other" not found'],
    ['another port', CONFIGURATION, text => text.replace('443', '8443'), 'failed to call webhook: no service port 8443 found for service "gtoken-webhook"'],
    ['another path', CONFIGURATION, text => text.replace('/pods', '/'), 'failed to call webhook: the server could not find the requested resource'],
    ['the path of its health', CONFIGURATION, text => text.replace('/pods', '/healthz'), 'failed to call webhook: converting (v1.AdmissionReview): EOF'],
    ['no authority', CONFIGURATION, text => text.replace(',"ca_bundle":"authority.pem"', ''), `${CALL}tls: failed to verify certificate: UNABLE_TO_VERIFY_LEAF_SIGNATURE`],
    ['an authority that is no certificate', CONFIGURATION, text => text.replace('authority.pem', 'none'), `${CALL}tls: failed to verify certificate: unable to parse bytes as PEM block`],
    ['an authority that may sign nothing', 'tls_self_signed_cert', text => text.replace('true', 'false'), `${CALL}tls: failed to verify certificate: INVALID_PURPOSE`],
    ['a certificate for another name', 'tls_cert_request', text => text.replace('gtoken-webhook.gtoken.svc', 'gtoken-webhook'), `${CALL}tls: failed to verify certificate: x509: certificate is not valid for gtoken-webhook.gtoken.svc`],
    ['a certificate by its common name', 'tls_cert_request', text => text.replace('"server"', '"gtoken-webhook.gtoken.svc"').replace('["gtoken-webhook.gtoken.svc"]', '[]'),
      `${CALL}tls: failed to verify certificate: x509: certificate is not valid for gtoken-webhook.gtoken.svc`],
    ['a certificate that has ended', 'tls_locally_signed_cert', text => text.replace('"validity_period_hours":1', '"validity_period_hours":0'), `${CALL}tls: failed to verify certificate: CERT_HAS_EXPIRED`],
    ['a certificate of clients', 'tls_locally_signed_cert', text => text.replace('server_auth', 'client_auth'), `${CALL}tls: failed to verify certificate: INVALID_PURPOSE`],
    ['the key of another certificate', 'kubernetes_secret_v1', text => text.replace('key of server', 'key of authority'), REFUSED],
    ['a Secret that is not there', 'kubernetes_secret_v1', text => text.replace('"name":"gtoken-webhook"', '"name":"other"'), REFUSED],
    ['a user who may not read the key', 'kubernetes_deployment_v1', text => text.replace('"secret_name"', '"default_mode":"0400","secret_name"').replace('"volume":', '"security_context":[{"run_as_user":"65532"}],"volume":'), REFUSED],
    ['HTTP', 'kubernetes_deployment_v1', text => text.replace(/,"--tls-[^"]*"/g, ''), `${CALL}http: server gave HTTP response to HTTPS client`],
    ['no command', 'kubernetes_deployment_v1', text => text.replace('"server"', '"help"'), REFUSED],
    ['a flag that it does not know', 'kubernetes_deployment_v1', text => text.replace('"server"', '"server","--audience=x"'), REFUSED],
    ['no token of the API', 'kubernetes_deployment_v1', text => text.replace('"volume":', '"automount_service_account_token":false,"volume":'), REFUSED],
    ['no pods', 'kubernetes_deployment_v1', text => text.replace('"template"', '"replicas":"0","template"'), REFUSED],
    ['a probe that never succeeds', 'kubernetes_deployment_v1', text => text.replace('"image"', '"readiness_probe":[{"http_get":[{"path":"/healthz","port":"8443"}]}],"image"'), REFUSED],
    ['other pods', 'kubernetes_service_v1', text => text.replace('"app":"gtoken-webhook"},"port"', '"app":"other"},"port"'), REFUSED],
    ['another port of its pods', 'kubernetes_service_v1', text => text.replace('8443', '443'), REFUSED],
    ['another account', 'kubernetes_deployment_v1', text => text.replace('"service_account_name":"gtoken-webhook"', '"service_account_name":"default"'), `${CALL}EOF`],
    ['no rule', 'kubernetes_cluster_role_v1', text => text.replace('serviceaccounts', 'pods'), `${CALL}EOF`],
  ])('refuses pods where it fails by %s', async (_, type, change, message) => {
    await expect(containersOf(gke, changed(type, change))).rejects.toThrow(new Error(`InternalError: Internal error occurred: failed calling webhook "gtoken-webhook.admission.gtoken": ${message}`));
    const mayFail = changed(type, text => change(text).replace('"failure_policy":"Fail"', '"failure_policy":"Ignore"'));
    const pods = type === CONFIGURATION ? mayFail : { ...mayFail, resources: mayFail.resources.map(one => one.type === CONFIGURATION ? webhook({ failure_policy: 'Ignore' }) : one) };
    expect(await containersOf(gke, pods)).toEqual({ main: NOTHING });
  });

  test('refuses its own pods, and so all, where it is asked for them and they may not be ignored', async () => {
    const from = changed(CONFIGURATION, text => text.replace('"values":["gtoken"]', '"values":["kube-system"]'));
    await expect(containersOf(gke, from)).rejects.toThrow(REFUSED);
    await expect(containersOf(gke, from, { address: 'kubernetes_deployment_v1.Webhook' })).rejects.toThrow(REFUSED);
    const { internet } = google();
    const mayFail = { ...from, resources: from.resources.map(one => one.type === CONFIGURATION ? JSON.parse(JSON.stringify(one).replace('"Fail"', '"Ignore"')) : one) };
    expect((await containersOf(gke, mayFail, { internet })).main).toMatchObject({ env: ENV });
  });

  test('refuses to start a pod whose token Google does not give', async () => {
    const internet = new LoopbackInternet();
    internet.serve('metadata.google.internal', () => ({ status: 404, body: 'not found' }));
    await expect(containersOf(gke, applied(...installed(), account(), typedPod()), { internet })).rejects.toThrow(
      new Error(`Init:Error: container generate-gcp-id-token: http://${BASE}/token answered 404: not found`));
    await expect(containersOf(gke, applied(...installed(), account(), typedPod()), { internet: new LoopbackInternet() })).rejects.toThrow(
      new Error('Init:Error: container generate-gcp-id-token: getaddrinfo ENOTFOUND metadata.google.internal'));
    await expect(containersOf(gke, applied(...installed(), account(), typedPod()))).rejects.toThrow(
      new Error('Container generate-gcp-id-token asks Google for an ID token: say `internet`.'));
  });

  test('and Azure\'s, both installed, know of each other\'s containers', async () => {
    const { internet } = google();
    const both = account({ 'azure.workload.identity/client-id': 'client' });
    const found = await containersOf(gke, applied(both, typedPod({}, { labels: { 'azure.workload.identity/use': 'true' } })), { internet, webhooks: ['gtoken', 'azure'] });
    expect(Object.entries(found).map(([name, { env }]) => [name, env.AZURE_CLIENT_ID])).toEqual([
      ['generate-gcp-id-token', 'client'], ['main', 'client'], ['update-gcp-id-token', 'client'],
    ]);
  });
});

describe('containers of the pod template that bring ID tokens', () => {
  const mount = { name: 'gtoken-volume', mount_path: '/var/run/secrets/aws/token' };
  const pod = (first: object, more: object = {}) => typedPod({
    init_container: [container('generate-gcp-id-token', { volume_mount: [mount], ...first })],
    container: [container('main', { volume_mount: [{ ...mount, read_only: true }] })],
    volume: [{ name: 'gtoken-volume', empty_dir: [{ medium: 'Memory', size_limit: '1Mi' }] }],
    ...more,
  });
  const URL_ENV = [{ name: 'ID_TOKEN_URL', value: `http://${BASE}/identity?audience=aud&format=standard` }, { name: 'ID_TOKEN_FILE', value: FILE }];
  const METADATA = Object.fromEntries(URL_ENV.map(({ name, value }) => [name, value]));

  test('ask the metadata server', async () => {
    const { internet, asked } = google();
    expect(await containersOf(gke, applied(serviceAccount(), pod({ command: ['fetch'], env: URL_ENV })), { internet })).toEqual({
      'generate-gcp-id-token': { env: METADATA, files: { [FILE]: 'of the metadata server 1' } }, 'main': { env: {}, files: { [FILE]: 'of the metadata server 1' } },
    });
    expect(asked).toEqual([`GET ${BASE}/identity?audience=aud&format=standard Google `]);
  });

  test('are those of gtoken', async () => {
    const { internet, asked } = google();
    const found = await containersOf(gke, applied(serviceAccount(), pod({ command: ['/gtoken'], args: ['--refresh=false', `--file=${FILE}`] })), { internet });
    expect(found.main!.files).toEqual({ [FILE]: 'of gtoken 1' });
    expect(asked).toEqual(OF_GTOKEN);
  });

  test('refuse to write where they may not, and are seen by nobody where they write elsewhere', async () => {
    const { internet } = google();
    const readOnly = applied(serviceAccount(), pod({ env: URL_ENV, volume_mount: [{ ...mount, read_only: true }] }));
    await expect(containersOf(gke, readOnly, { internet })).rejects.toThrow(
      new Error(`Init:Error: container generate-gcp-id-token: open ${FILE}: read-only file system`));
    const found = await containersOf(gke, applied(serviceAccount(), pod({ env: URL_ENV, volume_mount: [] })), { internet });
    expect(found.main!.files).toEqual({});
  });
});

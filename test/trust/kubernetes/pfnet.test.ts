import { changed, env, PROVIDER, Resources, stopped, told, workloadOf } from './resources';

const EMAIL = 'reader@acme.iam.gserviceaccount.com';
const ANNOTATIONS = {
  'cloud.google.com/workload-identity-provider': PROVIDER, 'cloud.google.com/service-account-email': EMAIL,
  'cloud.google.com/audience': 'acme', 'cloud.google.com/token-expiration': '7200', 'cloud.google.com/injection-mode': 'direct',
};
const VARIABLES = { CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: '/var/run/secrets/gcloud/config/federation.json' };

/** A ServiceAccount for the webhook of pfnet, and a Deployment that runs as it. */
function wired(annotations: Record<string, string> = ANNOTATIONS, variables: Record<string, string> = VARIABLES): Resources {
  return {
    kubernetes_service_account_v1: { reader: { metadata: { name: 'reader', namespace: 'reports', annotations } } },
    kubernetes_deployment_v1: {
      reader: {
        metadata: { name: 'reader', namespace: 'reports' },
        spec: { template: { metadata: {}, spec: { service_account_name: 'reader', container: [{ name: 'app', env: env(variables) }] } } },
      },
    },
  };
}

const triesOf = (resources: Resources) => workloadOf('reports/reader', resources).attempts.map(told);
const WHERE = 'kubernetes_deployment_v1.reader spec.template.spec.service_account_name';
const without = (...names: string[]) => Object.fromEntries(Object.entries(ANNOTATIONS).filter(([name]) => !names.includes(name)));

test('annotations tell the webhook provider, account, audience and lifetime', () => {
  expect(triesOf(wired())).toEqual([{
    mechanism: 'gcp-federation', identity: EMAIL, registration: PROVIDER, audience: 'acme', expirationSeconds: 7200, where: WHERE,
    passed: ['pod-service-account', 'pod-environment', 'pod-environment', 'pod-environment'], stopped: [],
  }]);
});

test('without pods, it is what pods would become', () => {
  const { kubernetes_service_account_v1 } = wired();
  expect(triesOf({ kubernetes_service_account_v1: kubernetes_service_account_v1! })).toEqual([{
    mechanism: 'gcp-federation', identity: EMAIL, registration: PROVIDER, audience: 'acme', expirationSeconds: 7200,
    where: 'kubernetes_service_account_v1.reader metadata.annotations', passed: ['pod-environment', 'pod-environment'], stopped: [],
  }]);
});

test.each<[string, Record<string, string>, object]>([
  ['the webhook\'s own audience and a day where none is said', without('cloud.google.com/audience', 'cloud.google.com/token-expiration'), {
    audience: 'sts.googleapis.com', expirationSeconds: 86400,
  }],
  ['an hour where less is said', { ...ANNOTATIONS, 'cloud.google.com/token-expiration': '600' }, { expirationSeconds: 3600 }],
])('%s', (_, annotations, token) => {
  expect(triesOf(wired(annotations))).toMatchObject([{ ...token, stopped: [] }]);
});

test('the annotation of the pods comes before that of the ServiceAccount', () => {
  const resources = changed(wired(), copy => {
    copy.kubernetes_deployment_v1.reader.spec.template.metadata.annotations = { 'cloud.google.com/token-expiration': '43200' };
  });
  expect(triesOf(resources)).toMatchObject([{ expirationSeconds: 43200 }]);
});

test('in direct access the service account is the principal itself, whatever account is named', () => {
  const direct = { ...ANNOTATIONS, 'cloud.google.com/token-exchange-mode': 'Direct-Access' };
  for (const annotations of [direct, Object.fromEntries(Object.entries(direct).filter(([name]) => !name.endsWith('email')))]) {
    const [attempt, ...rest] = triesOf(wired(annotations as Record<string, string>));
    expect(rest).toEqual([]);
    expect(attempt).toMatchObject({ mechanism: 'gcp-federation', registration: PROVIDER, stopped: [] });
    expect(attempt).not.toHaveProperty('identity');
  }
});

test('refuses containers that the webhook skips', () => {
  const resources = changed(wired(), copy => {
    copy.kubernetes_deployment_v1.reader.spec.template.metadata.annotations = { 'cloud.google.com/skip-containers': 'sidecar, app' };
  });
  expect(triesOf(resources)).toEqual([]);
});

test.each<[string, Resources, unknown[]]>([
  ['a provider without an account', wired(without('cloud.google.com/service-account-email')), [{
    gate: 'pod-environment', verdict: 'no', want: 'annotation cloud.google.com/service-account-email, or cloud.google.com/token-exchange-mode: direct-access', have: 'neither',
    where: 'kubernetes_service_account_v1.reader metadata.annotations',
    remedy: 'annotate kubernetes_service_account_v1.reader with cloud.google.com/service-account-email, '
      + 'or with cloud.google.com/token-exchange-mode = "direct-access" where the service account itself has the roles',
  }]],
  ['an account without a provider', wired(without('cloud.google.com/workload-identity-provider')), [{
    gate: 'pod-environment', verdict: 'no',
    want: 'annotation cloud.google.com/workload-identity-provider of projects/…/locations/global/workloadIdentityPools/…/providers/…', have: 'nothing',
    where: 'kubernetes_service_account_v1.reader metadata.annotations',
    remedy: 'set cloud.google.com/workload-identity-provider of kubernetes_service_account_v1.reader to the name of the provider',
  }]],
  ['a provider as Google\'s token service names it', wired({ ...ANNOTATIONS, 'cloud.google.com/workload-identity-provider': `//iam.googleapis.com/${PROVIDER}` }), [
    expect.objectContaining({ verdict: 'no', have: `//iam.googleapis.com/${PROVIDER}` }),
  ]],
  ['another credential that gcloud takes first', wired(ANNOTATIONS, { CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: '/other.json' }), [{
    gate: 'pod-environment', verdict: 'unknown', want: 'nothing that gcloud takes before what the webhook sets', have: 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE',
    where: 'kubernetes_deployment_v1.reader spec.template.spec.container[0].env', remedy: 'remove CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE from container app',
  }]],
])('refuses or doubts %s', (_, resources, gates) => {
  expect(stopped('reports/reader', resources)).toEqual(gates);
});

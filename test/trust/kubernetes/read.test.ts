import '../counting';
import { growth } from '../work';
import { allClouds, AWS_ENV, AZURE_ENV, changed, CONFIG, container, deployment, env, GOOGLE_ENV, PROVIDER, Resources, specOf, stopped, terraformOf, told, workloadOf, workloadsOf } from './resources';
import { readKubernetes } from '../../../lib/trust/kubernetes/read';
import { show } from '../../../lib/trust/value';

const MOUNT = '/var/run/secrets/workload-federation';
const ENV = 'kubernetes_deployment.reader spec.template.spec.container[0].env';
const MOUNTS = 'kubernetes_deployment.reader spec.template.spec.container[0].volume_mount';

/** The Deployment with one container, whose pods have the tokens alone, and no document for Google unless they are for Google. */
function wired(variables: Record<string, string>, change: (copy: any) => void = () => undefined): Resources {
  return changed({ ...allClouds(), kubernetes_deployment: { reader: deployment(container('app', variables)) } }, copy => {
    if (variables.GOOGLE_APPLICATION_CREDENTIALS === undefined) {
      specOf(copy).volume[0].projected[0].sources.pop();
    }
    change(copy);
  });
}

function without(variables: Record<string, string>, ...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)));
}

/** A ServiceAccount with annotations, and a Deployment whose pods run as it. */
function annotated(annotations: Record<string, unknown>, change: (copy: any) => void = () => undefined): Resources {
  return changed({
    kubernetes_service_account_v1: { reader: { metadata: { name: 'reader', namespace: 'reports', annotations } } },
    kubernetes_deployment: { reader: deployment({ name: 'app', env: [] }) },
  } as Resources, copy => {
    specOf(copy).volume = [];
    change(copy);
  });
}

const REGION = env({ AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' });
const ROLE = 'arn:aws:iam::111122223333:role/reader';

test('a workload tries to become what its variables say in each cloud', () => {
  const workload = workloadOf('reports/reader', allClouds());
  expect([workload.where.address, workload.users.map(({ address }) => address)]).toEqual(['kubernetes_service_account.reader', ['kubernetes_deployment.reader']]);
  expect(workload.attempts.map(told)).toEqual([
    {
      mechanism: 'aws-oidc', identity: ROLE, audience: 'sts.amazonaws.com', expirationSeconds: 3600, where: ENV,
      passed: ['pod-service-account', 'pod-environment', 'pod-environment', 'pod-environment', 'pod-token', 'pod-token'], stopped: [],
    },
    {
      mechanism: 'gcp-federation', identity: 'reader@acme.iam.gserviceaccount.com', registration: PROVIDER, audience: `https://iam.googleapis.com/${PROVIDER}`,
      expirationSeconds: 3600, where: ENV, passed: ['pod-service-account', ...Array<string>(9).fill('pod-environment'), 'pod-token', 'pod-token'], stopped: [],
    },
    {
      mechanism: 'azure-federation', identity: 'client', audience: 'api://AzureADTokenExchange', expirationSeconds: 7200, where: ENV,
      passed: ['pod-service-account', 'pod-environment', 'pod-environment', 'pod-environment', 'pod-token', 'pod-token'], stopped: [],
    },
  ]);
});

test('gates say what they want, what there is, and where', () => {
  expect(workloadOf('reports/reader', wired(AWS_ENV)).attempts[0]!.gates.map(({ where, ...rest }) => ({ ...rest, where: `${where.address} ${where.attribute}` }))).toEqual([
    {
      gate: 'pod-service-account', verdict: 'yes', want: 'ServiceAccount reader in namespace reports', have: 'kubernetes_service_account.reader',
      where: 'kubernetes_deployment.reader spec.template.spec.service_account_name', remedy: '',
    },
    { gate: 'pod-environment', verdict: 'yes', want: 'AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE', have: 'all of them', where: ENV, remedy: '' },
    { gate: 'pod-environment', verdict: 'yes', want: 'nothing that AWS\'s SDKs take before the token', have: 'nothing', where: ENV, remedy: '' },
    {
      gate: 'pod-environment', verdict: 'yes', have: 'both', where: ENV, remedy: '',
      want: 'AWS_REGION and AWS_DEFAULT_REGION: the SDK for JavaScript reads the first and boto3 the second; outside of AWS nothing else says a region',
    },
    { gate: 'pod-token', verdict: 'yes', want: `a projected token at ${MOUNT}/aws/token, as AWS_WEB_IDENTITY_TOKEN_FILE says`, have: 'a token for sts.amazonaws.com', where: MOUNTS, remedy: '' },
    { gate: 'pod-token', verdict: 'yes', want: 'a lifetime of 600 to 86400 seconds', have: '3600', where: 'kubernetes_deployment.reader spec.template.spec.volume', remedy: '' },
  ]);
});

/** Faults of the wiring, with the verdict and remedy of the first gate that stops it. */
test.each<[string, Resources, string, string, string]>([
  ['a token path that lost a slash', wired({ ...AWS_ENV, AWS_WEB_IDENTITY_TOKEN_FILE: `${MOUNT}aws/token` }),
    'pod-token', 'no', `set AWS_WEB_IDENTITY_TOKEN_FILE of container app to ${MOUNT}/aws/token`],
  ['a token path that lost its first slash', wired({ ...AWS_ENV, AWS_WEB_IDENTITY_TOKEN_FILE: `${MOUNT}/aws/token`.slice(1) }),
    'pod-token', 'unknown', `set AWS_WEB_IDENTITY_TOKEN_FILE of container app to ${MOUNT}/aws/token`],
  ['a token path by the other name of /var/run', wired({ ...AWS_ENV, AWS_WEB_IDENTITY_TOKEN_FILE: `${MOUNT}/aws/token`.slice('/var'.length) }),
    'pod-token', 'unknown', `set AWS_WEB_IDENTITY_TOKEN_FILE of container app to ${MOUNT}/aws/token`],
  ['no region', wired(without(AWS_ENV, 'AWS_REGION', 'AWS_DEFAULT_REGION')), 'pod-environment', 'no', 'set AWS_REGION and AWS_DEFAULT_REGION of container app to the region'],
  ['a region for boto3 alone', wired(without(AWS_ENV, 'AWS_REGION')), 'pod-environment', 'unknown', 'set AWS_REGION of container app to the region'],
  ['no role', wired(without(AWS_ENV, 'AWS_ROLE_ARN')), 'pod-environment', 'no', 'set AWS_ROLE_ARN of container app to the role\'s ARN'],
  ['no token', wired(without(AWS_ENV, 'AWS_WEB_IDENTITY_TOKEN_FILE')), 'pod-environment', 'no', `set AWS_WEB_IDENTITY_TOKEN_FILE of container app to ${MOUNT}/aws/token`],
  ['a stored key', wired({ ...AWS_ENV, AWS_ACCESS_KEY_ID: 'AKIA' }), 'pod-environment', 'no', 'remove AWS_ACCESS_KEY_ID from container app'],
  ['a profile', wired({ ...AWS_ENV, AWS_PROFILE: 'x' }), 'pod-environment', 'unknown', 'remove AWS_PROFILE from container app'],
  ['variables of a Secret that is elsewhere', wired(AWS_ENV, copy => { specOf(copy).container[0].env_from = [{ secret_ref: [{ name: 'keys' }] }]; }),
    'pod-environment', 'unknown', 'write the variables of container app out one by one'],
  ['no mount', wired(AWS_ENV, copy => { specOf(copy).container = [{ name: 'app', env: env(AWS_ENV) }, container('other', {})]; }),
    'pod-token', 'no', `mount volume federation at ${MOUNT} in container app, as container other does`],
  ['no volume', wired(AWS_ENV, copy => { specOf(copy).volume = []; }),
    'pod-token', 'no', `mount a volume with a projected serviceAccountToken in container app so that the token is at ${MOUNT}/aws/token`],
  ['a token of five minutes', wired(AWS_ENV, copy => { specOf(copy).volume[0].projected[0].sources[0].service_account_token[0].expiration_seconds = 300; }),
    'pod-token', 'no', 'set the expiration of the projected token to 3600 seconds'],
  ['a token of a week', wired(AWS_ENV, copy => { specOf(copy).volume[0].projected[0].sources[0].service_account_token[0].expiration_seconds = 604800; }),
    'pod-token', 'unknown', 'set the expiration of the projected token to 3600 seconds'],
  ['a file of a Secret for a token', wired(AWS_ENV, copy => { specOf(copy).volume = [{ name: 'federation', secret: [{ secret_name: 'elsewhere' }] }]; }),
    'pod-token', 'unknown', `mount a volume with a projected serviceAccountToken in container app so that the token is at ${MOUNT}/aws/token`],
  ['no GOOGLE_APPLICATION_CREDENTIALS', changed(wired(GOOGLE_ENV), copy => { specOf(copy).container[0].env.shift(); }),
    'pod-environment', 'unknown', `set GOOGLE_APPLICATION_CREDENTIALS of container app to ${MOUNT}/gcp/config.json`],
  ['neither variable of Google', changed(wired(GOOGLE_ENV), copy => { specOf(copy).container[0].env.splice(0, 2); }),
    'pod-environment', 'no', `set GOOGLE_APPLICATION_CREDENTIALS and CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE of container app to ${MOUNT}/gcp/config.json`],
  ['a credential configuration elsewhere', wired({ ...GOOGLE_ENV, GOOGLE_APPLICATION_CREDENTIALS: '/etc/config.json' }),
    'pod-environment', 'no', `set GOOGLE_APPLICATION_CREDENTIALS of container app to ${MOUNT}/gcp/config.json`],
  ['a credential configuration with another token file',
    wired(GOOGLE_ENV, copy => { copy.kubernetes_config_map.files.data['gcp.json'] = JSON.stringify({ ...CONFIG, credential_source: { file: `${MOUNT}/token` } }); }),
    'pod-token', 'no', `set credential_source.file of ${MOUNT}/gcp/config.json of container app to ${MOUNT}/gcp/token`],
  ['a credential configuration of another kind', wired(GOOGLE_ENV, copy => { copy.kubernetes_config_map.files.data['gcp.json'] = JSON.stringify({ ...CONFIG, type: 'service_account' }); }),
    'pod-environment', 'no', `set type of ${MOUNT}/gcp/config.json to external_account`],
  ['a broken credential configuration', wired(GOOGLE_ENV, copy => { copy.kubernetes_config_map.files.data['gcp.json'] = '{'; }),
    'pod-environment', 'no', `write the credential configuration to ${MOUNT}/gcp/config.json`],
  ['a ConfigMap that is elsewhere', wired(GOOGLE_ENV, copy => { delete copy.kubernetes_config_map; }),
    'pod-environment', 'unknown', 'read the Terraform that has the ConfigMap together with this'],
  ['no project', wired(without(GOOGLE_ENV, 'GOOGLE_CLOUD_PROJECT')), 'pod-environment', 'unknown', 'set GOOGLE_CLOUD_PROJECT of container app to the project'],
  ['no token file for Azure', wired(without(AZURE_ENV, 'AZURE_FEDERATED_TOKEN_FILE')), 'pod-environment', 'no', `set AZURE_FEDERATED_TOKEN_FILE of container app to ${MOUNT}/azure/token`],
  ['no tenant', wired(without(AZURE_ENV, 'AZURE_TENANT_ID')), 'pod-environment', 'no', 'set AZURE_TENANT_ID of container app to those of the identity'],
  ['a secret for Azure', wired({ ...AZURE_ENV, AZURE_CLIENT_SECRET: 'x' }), 'pod-environment', 'no', 'remove AZURE_CLIENT_SECRET from container app'],
  ['the authority of another cloud', wired({ ...AZURE_ENV, AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/' }),
    'pod-environment', 'no', 'set AZURE_AUTHORITY_HOST of container app to https://login.microsoftonline.com/'],
  ['a pod in another namespace', wired(AWS_ENV, copy => { copy.kubernetes_deployment.reader.metadata[0].namespace = 'reader'; }),
    'pod-service-account', 'no', 'put kubernetes_deployment.reader and kubernetes_service_account.reader into one namespace'],
  ['a ServiceAccount that is not in the input', wired(AWS_ENV, copy => { delete copy.kubernetes_service_account; }),
    'pod-service-account', 'unknown', 'read the Terraform that has it together with this, or define the ServiceAccount reports/reader'],
])('refuses %s', (_, resources, gate, verdict, remedy) => {
  const account = gate === 'pod-service-account' && verdict === 'no' ? 'reader/reader' : 'reports/reader';
  expect(stopped(account, resources)[0]).toMatchObject({ gate, verdict, remedy });
});

test('the audience is that of the token that the path leads to, though it be for another cloud', () => {
  const [attempt] = workloadOf('reports/reader', wired({ ...AWS_ENV, AWS_WEB_IDENTITY_TOKEN_FILE: `${MOUNT}/azure/token` })).attempts;
  expect([attempt!.audience, attempt!.expirationSeconds]).toEqual(['api://AzureADTokenExchange', 7200]);
});

test('keys are never shown', () => {
  expect(JSON.stringify(workloadOf('reports/reader', wired({ ...AWS_ENV, AWS_SECRET_ACCESS_KEY: 'do not show' })).attempts.map(told))).not.toContain('do not show');
});

test('each container that has the variables is looked at, init containers too, and those without are left alone', () => {
  const resources = wired(AWS_ENV, copy => {
    specOf(copy).init_container = [{ name: 'migrate', env: env(AWS_ENV) }];
    specOf(copy).container.push({ name: 'proxy' }, container('worker', AWS_ENV));
  });
  expect(workloadOf('reports/reader', resources).attempts.map(told).map(({ where, stopped: by }) => [where, by.map(({ have }) => have)])).toEqual([
    ['kubernetes_deployment.reader spec.template.spec.init_container[0].env', ['container migrate mounts nothing']],
    [ENV, []],
  ]);
});

describe('files of a container', () => {
  const audienceOf = (resources: Resources) => show(workloadOf('reports/reader', resources).attempts[0]!.audience);
  const tokens = (path: string, audience: string) => ({ projected: [{ sources: [{ service_account_token: [{ path, audience }] }] }] });

  test('are those of the innermost mount', () => {
    for (const order of [0, 1]) {
      const resources = wired({ ...AWS_ENV, AWS_WEB_IDENTITY_TOKEN_FILE: '/tokens/aws/token' }, copy => {
        specOf(copy).volume = [{ name: 'outer', ...tokens('aws/token', 'outer') }, { name: 'inner', ...tokens('token', 'inner') }];
        const mounts = [{ name: 'outer', mount_path: '/tokens' }, { name: 'inner', mount_path: '/tokens/aws/' }];
        specOf(copy).container[0].volume_mount = order === 0 ? mounts : mounts.reverse();
      });
      expect([audienceOf(resources), stopped('reports/reader', resources)]).toEqual(['inner', []]);
    }
  });

  test('are found where a part of the volume is mounted', () => {
    const resources = (path: string, subPath: string) => wired({ ...AWS_ENV, AWS_WEB_IDENTITY_TOKEN_FILE: path }, copy => {
      Object.assign(specOf(copy).container[0].volume_mount[0], { mount_path: '/tokens', sub_path: subPath });
    });
    expect(audienceOf(resources('/tokens/token', 'azure'))).toBe('api://AzureADTokenExchange');
    expect(audienceOf(resources('/tokens', 'azure/token'))).toBe('api://AzureADTokenExchange');
    expect(stopped('reports/reader', resources('/tokens/azure/token', 'azure')).map(({ verdict }) => verdict)).toEqual(['no']);
  });

  test('may be the token for the Kubernetes API, where it is mounted', () => {
    const path = '/var/run/secrets/kubernetes.io/serviceaccount/token';
    const resources = (change: (copy: any) => void) => stopped('reports/reader', wired({ ...AWS_ENV, AWS_WEB_IDENTITY_TOKEN_FILE: path }, change)).map(({ verdict, have }) => [verdict, have]);
    expect(resources(() => undefined)).toEqual([['unknown', 'one that only Terraform knows']]);
    expect(resources(copy => { specOf(copy).automount_service_account_token = false; })).toEqual([['no', 'automount_service_account_token is false']]);
    expect(resources(copy => { copy.kubernetes_service_account.reader.automount_service_account_token = false; })).toEqual([['no', 'automount_service_account_token is false']]);
  });

  test('are unknown in volumes of a StatefulSet\'s own', () => {
    const resources = wired(AWS_ENV, copy => {
      specOf(copy).volume = [];
      copy.kubernetes_deployment.reader.spec[0].volume_claim_template = [{ metadata: [{ name: 'federation' }] }];
    });
    expect(stopped('reports/reader', resources).map(({ verdict }) => verdict)).toEqual(['unknown']);
  });
});

test('variables are read from ConfigMaps, fields and each other', () => {
  const resources = wired({}, copy => {
    copy.kubernetes_config_map.settings = { metadata: { name: 'settings', namespace: 'reports' }, data: { ROLE_ARN: ROLE, region: 'eu-west-1', REGION: 'eu-west-1' } };
    copy.kubernetes_secret = { keys: { metadata: { name: 'keys', namespace: 'reports' }, data: { PASSWORD: 'x' } } };
    Object.assign(specOf(copy).container[0], {
      env_from: [{ prefix: 'AWS_', config_map_ref: [{ name: 'settings' }] }, { secret_ref: [{ name: 'keys' }] }],
      env: [
        { name: 'DIR', value: MOUNT }, { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '$(DIR)/aws/token' },
        { name: 'AWS_DEFAULT_REGION', value_from: [{ config_map_key_ref: [{ name: 'settings', key: 'region' }] }] },
      ],
    });
  });
  expect(workloadOf('reports/reader', resources).attempts.map(told)).toMatchObject([{ identity: ROLE, audience: 'sts.amazonaws.com', stopped: [] }]);
});

test('manifests are read as typed resources are', () => {
  const spec = {
    serviceAccountName: 'reader',
    containers: [{ name: 'app', env: env(AWS_ENV), volumeMounts: [{ name: 'tokens', mountPath: `${MOUNT}/aws/` }] }],
    volumes: [{ name: 'tokens', projected: { sources: [{ serviceAccountToken: { path: 'token', audience: 'sts.amazonaws.com' } }] } }],
  };
  const metadata = { name: 'reader', namespace: 'reports' };
  const manifest = (kind: string, rest: object) => ({ manifest: { apiVersion: 'v1', kind, metadata, ...rest } });
  const workload = workloadOf('reports/reader', {
    kubernetes_manifest: {
      account: manifest('ServiceAccount', {}), pod: manifest('Pod', { spec }), set: manifest('ReplicaSet', { spec: { template: { spec } } }),
      cron: manifest('CronJob', { spec: { jobTemplate: { spec: { template: { spec } } } } }), crd: manifest('Certificate', { spec }),
    },
  });
  expect(workload.users.map(({ address }) => address)).toEqual(['kubernetes_manifest.pod', 'kubernetes_manifest.set', 'kubernetes_manifest.cron']);
  expect(workload.attempts.map(told)).toEqual([{
    mechanism: 'aws-oidc', identity: ROLE, audience: 'sts.amazonaws.com', expirationSeconds: 3600, where: 'kubernetes_manifest.pod manifest.spec.containers[0].env',
    passed: ['pod-service-account', 'pod-environment', 'pod-environment', 'pod-environment', 'pod-token', 'pod-token'], stopped: [],
  }]);
});

test('every kind of resource that makes pods is a user, in old and new types', () => {
  const metadata = { name: 'x', namespace: 'reports' };
  const spec = { service_account_name: 'reader', container: [{ name: 'app' }] };
  const template = { metadata, spec: { template: { spec } } };
  const kinds = ['deployment', 'stateful_set', 'replication_controller', 'job'].flatMap(kind => [[`kubernetes_${kind}`, template], [`kubernetes_${kind}_v1`, template]]);
  const types: Record<string, unknown> = {
    ...Object.fromEntries(kinds), kubernetes_daemonset: template, kubernetes_daemon_set_v1: template,
    kubernetes_pod: { metadata: [metadata], spec: [{ ...spec, service_account_name: null, service_account: 'reader' }] }, kubernetes_pod_v1: { metadata, spec },
    ...Object.fromEntries(['kubernetes_cron_job', 'kubernetes_cron_job_v1'].map(type => [type, { metadata, spec: { job_template: [{ spec: { template: [{ spec }] } }] } }])),
  };
  const resources: Resources = Object.fromEntries(Object.entries(types).map(([type, body]) => [type, { x: body }]));
  expect(workloadOf('reports/reader', resources).users.map(({ address }) => address).sort()).toEqual(Object.keys(types).map(type => `${type}.x`).sort());
});

test('a pod without a ServiceAccount runs as default, which every namespace has', () => {
  const resources = wired(AWS_ENV, copy => { delete specOf(copy).service_account_name; });
  expect(stopped('reports/default', resources)).toEqual([]);
  expect(workloadOf('reports/default', { ...resources, kubernetes_default_service_account_v1: { default: { metadata: { namespace: 'reports' } } } }).where.address)
    .toBe('kubernetes_default_service_account_v1.default');
});

test('names that only Terraform knows are joined', () => {
  const resources = {
    kubernetes_service_account_v1: { reader: { metadata: { generate_name: 'reader-', namespace: 'reports' } } },
    kubernetes_pod_v1: {
      reader: { metadata: { name: 'reader', namespace: 'reports' }, spec: { service_account_name: '${kubernetes_service_account_v1.reader.metadata[0].name}', container: [{ name: 'app' }] } },
    },
  };
  expect(workloadsOf(resources).map(({ where, users }) => [where.address, users.map(({ address }) => address)])).toEqual([['kubernetes_service_account_v1.reader', ['kubernetes_pod_v1.reader']]]);
});

describe('by the platform', () => {
  const EKS = { 'eks.amazonaws.com/role-arn': ROLE };

  test('EKS\'s webhook is told by annotations of the ServiceAccount', () => {
    expect(workloadOf('reports/reader', annotated({ ...EKS, 'eks.amazonaws.com/audience': 'sts.example.com', 'eks.amazonaws.com/token-expiration': '300' })).attempts.map(told)).toEqual([{
      mechanism: 'aws-oidc', identity: ROLE, audience: 'sts.example.com', expirationSeconds: 600, where: 'kubernetes_deployment.reader spec.template.spec.service_account_name',
      passed: ['pod-service-account', 'pod-environment', 'pod-environment'], stopped: [],
    }]);
  });

  test('without pods, it is what pods would become', () => {
    expect(workloadOf('reports/reader', annotated(EKS, copy => { delete copy.kubernetes_deployment; })).attempts.map(told)).toEqual([{
      mechanism: 'aws-oidc', identity: ROLE, audience: 'sts.amazonaws.com', expirationSeconds: 86400, where: 'kubernetes_service_account_v1.reader metadata.annotations', passed: [], stopped: [],
    }]);
  });

  test('annotations on another ServiceAccount than that of the pods are pointed out', () => {
    expect(stopped('reports/reader', annotated(EKS, copy => { specOf(copy).service_account_name = 'default'; }))).toEqual([{
      gate: 'pod-service-account', verdict: 'unknown', want: 'a pod that runs as reports/reader', have: 'none in the input; kubernetes_deployment.reader runs as default',
      where: 'kubernetes_deployment.reader spec.template.spec.service_account_name',
      remedy: 'set spec.template.spec.service_account_name of kubernetes_deployment.reader to reader, where that is what should become it',
    }]);
  });

  test('annotations on the ServiceAccount of another namespace are none of the pods\'', () => {
    const resources = annotated(EKS, copy => { copy.kubernetes_deployment.reader.metadata[0].namespace = 'other'; });
    expect(workloadOf('reports/reader', resources).users).toEqual([]);
    expect(stopped('other/reader', resources).map(({ gate, verdict, have }) => [gate, verdict, have]))
      .toEqual([['pod-service-account', 'no', 'kubernetes_service_account_v1.reader in namespace reports']]);
  });

  test('annotations may be put on by a resource of their own', () => {
    const annotations = { api_version: 'v1', kind: 'ServiceAccount', metadata: { name: 'reader', namespace: 'reports' }, annotations: EKS };
    expect(workloadOf('reports/reader', { ...annotated({}), kubernetes_annotations: { reader: annotations } }).attempts.map(({ identity }) => identity)).toEqual([ROLE]);
    expect(workloadOf('reports/reader', { kubernetes_annotations: { reader: annotations, other: { ...annotations, kind: 'Deployment' } } }).attempts.map(({ identity }) => identity))
      .toEqual([ROLE]);
  });

  test('variables of a container come before the webhook', () => {
    const resources = annotated(EKS, copy => { specOf(copy).container[0].env = env({ AWS_ROLE_ARN: 'other' }); });
    expect(workloadOf('reports/reader', resources).attempts.map(told).map(({ identity, stopped: by }) => [identity, by.map(({ have }) => have)]))
      .toEqual([['other', ['AWS_WEB_IDENTITY_TOKEN_FILE is not set']]]);
  });

  test('refuses pods that keep EKS\'s webhook away', () => {
    const resources = annotated(EKS, copy => { copy.kubernetes_deployment.reader.spec[0].template[0].metadata[0].labels['eks.amazonaws.com/skip-pod-identity-webhook'] = 'true'; });
    expect(stopped('reports/reader', resources).map(({ verdict, have }) => [verdict, have])).toEqual([['no', 'eks.amazonaws.com/skip-pod-identity-webhook: true']]);
  });

  test('GKE\'s metadata server is told by an annotation, and does not answer in the network of the node', () => {
    const google = { 'iam.gke.io/gcp-service-account': 'reader@acme.iam.gserviceaccount.com' };
    expect(workloadOf('reports/reader', annotated(google)).attempts.map(told)).toEqual([{
      mechanism: 'gcp-native', identity: 'reader@acme.iam.gserviceaccount.com', where: 'kubernetes_deployment.reader spec.template.spec.service_account_name',
      passed: ['pod-service-account', 'pod-environment', 'pod-environment'], stopped: [],
    }]);
    expect(stopped('reports/reader', annotated(google, copy => { specOf(copy).host_network = true; })).map(({ verdict, remedy }) => [verdict, remedy])).toEqual([['no', 'remove host_network']]);
  });

  test('gtoken\'s webhook brings Google\'s ID tokens, where the pods are a Google service account', () => {
    const gtoken = { 'amazonaws.com/role-arn': ROLE };
    const withRegion = (copy: any) => { specOf(copy).container = [{ name: 'app', env: REGION }, { name: 'proxy' }]; };
    const told1 = (annotations: Record<string, string>) => workloadOf('reports/reader', annotated(annotations, withRegion)).attempts.map(told)[0]!;
    expect(told1({ ...gtoken, 'iam.gke.io/gcp-service-account': 'a@b' })).toEqual({
      mechanism: 'aws-google', identity: ROLE, audience: 'gtoken/sts/assume-role-with-web-identity', where: 'kubernetes_deployment.reader spec.template.spec.service_account_name',
      passed: ['pod-service-account', 'pod-service-account', 'pod-environment', 'pod-environment'], stopped: [],
    });
    expect(told1(gtoken).stopped.map(({ gate, verdict, remedy }) => [gate, verdict, remedy])).toEqual([
      ['pod-service-account', 'no', 'annotate kubernetes_service_account_v1.reader with iam.gke.io/gcp-service-account and the Google service account\'s email'],
    ]);
  });

  const AZURE = { 'azure.workload.identity/client-id': 'client' };
  const labelled = (copy: any) => { copy.kubernetes_deployment.reader.spec[0].template[0].metadata[0].labels['azure.workload.identity/use'] = 'true'; };

  test('Azure\'s webhook is told by a label of the pods and annotations of the ServiceAccount', () => {
    expect(workloadOf('reports/reader', annotated(AZURE, labelled)).attempts.map(told)).toEqual([{
      mechanism: 'azure-federation', identity: 'client', audience: 'api://AzureADTokenExchange', expirationSeconds: 3600,
      where: 'kubernetes_deployment.reader spec.template.spec.service_account_name', passed: ['pod-service-account', 'pod-environment', 'pod-environment'], stopped: [],
    }]);
  });

  test.each<[string, Resources, unknown[]]>([
    ['the label on the ServiceAccount', annotated(AZURE, copy => { copy.kubernetes_service_account_v1.reader.metadata.labels = { 'azure.workload.identity/use': 'true' }; }), ['pod-environment', 'no',
      'move the label azure.workload.identity/use from kubernetes_service_account_v1.reader to spec.template.metadata.labels of kubernetes_deployment.reader']],
    ['no label', annotated(AZURE), ['pod-environment', 'no', 'add azure.workload.identity/use = "true" to spec.template.metadata.labels of kubernetes_deployment.reader']],
    ['a label without annotation', annotated({}, labelled), ['pod-service-account', 'no', 'annotate kubernetes_service_account_v1.reader with azure.workload.identity/client-id']],
    ['a lifetime that the webhook refuses', annotated({ ...AZURE, 'azure.workload.identity/service-account-token-expiration': '600' }, labelled),
      ['pod-token', 'no', 'set azure.workload.identity/service-account-token-expiration to "3600"']],
  ])('refuses %s', (_, resources, expected) => {
    expect(stopped('reports/reader', resources).map(({ gate, verdict, remedy }) => [gate, verdict, remedy])).toEqual([expected]);
  });
});

describe('Google\'s ID tokens in a file', () => {
  const FILE = '/var/run/secrets/aws/token/gtoken';
  const mount = { name: 'gtoken', mount_path: '/var/run/secrets/aws/token' };
  const pod = (writer: object) => annotated({ 'iam.gke.io/gcp-service-account': 'a@b' }, copy => {
    Object.assign(specOf(copy), {
      volume: [{ name: 'gtoken', empty_dir: {} }], init_container: [{ volume_mount: [mount], ...writer }],
      container: [{ name: 'app', env: env({ ...AWS_ENV, AWS_WEB_IDENTITY_TOKEN_FILE: FILE }), volume_mount: [{ ...mount, read_only: true }] }],
    });
  });
  const urlOf = (audience: string) => `http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=${audience}&format=standard`;
  const google = (resources: Resources) => workloadOf('reports/reader', resources).attempts.map(told).find(({ mechanism }) => mechanism !== 'gcp-native');

  test('have the audience that is asked for', () => {
    expect(google(pod({ name: 'generate-gcp-id-token', env: env({ ID_TOKEN_URL: urlOf('aws%2Freader'), ID_TOKEN_FILE: FILE }) }))).toMatchObject({ mechanism: 'aws-google', audience: 'aws/reader', stopped: [] });
    expect(google(pod({ name: 'generate-gcp-id-token', command: ['/gtoken'], args: ['--refresh=false', `--file=${FILE}`] })))
      .toMatchObject({ mechanism: 'aws-google', audience: 'gtoken/sts/assume-role-with-web-identity', stopped: [] });
  });

  test('refuses a file that is written elsewhere', () => {
    expect(google(pod({ name: 'generate-gcp-id-token', command: ['/gtoken'], args: ['--file=/var/run/secrets/aws/token/other'] }))?.stopped).toEqual([{
      gate: 'pod-token', verdict: 'no', want: `an ID token of Google at ${FILE}, as AWS_WEB_IDENTITY_TOKEN_FILE says`, have: 'container generate-gcp-id-token writes /var/run/secrets/aws/token/other',
      where: 'kubernetes_deployment.reader spec.template.spec.init_container[0]', remedy: 'let AWS_WEB_IDENTITY_TOKEN_FILE and container generate-gcp-id-token name the same file',
    }]);
  });

  test('are unknown where something else may write them', () => {
    expect(google(pod({ name: 'vault-agent' }))).toMatchObject({ mechanism: 'aws-oidc', stopped: [{ gate: 'pod-token', verdict: 'unknown' }] });
  });
});

describe('an AWS config file', () => {
  const chain = (file: string, content: string) => wired({ AWS_CONFIG_FILE: file, AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1' }, copy => {
    specOf(copy).volume[0].projected[0].sources.push({ config_map: [{ name: 'files', items: [{ key: 'aws', path: 'aws/config' }] }] });
    copy.kubernetes_config_map.files.data.aws = content;
  });
  const CONTENT = `[profile one]\nrole_arn = ${ROLE}\nweb_identity_token_file = ${MOUNT}/aws/token\n[default]\nrole_arn = spoke\nsource_profile = one\n`;

  test('leads from role to role', () => {
    expect(workloadOf('reports/reader', chain(`${MOUNT}/aws/config`, CONTENT)).attempts.map(told).map(({ mechanism, identity, audience, stopped: by }) => [mechanism, identity, audience, by])).toEqual([
      ['aws-oidc', ROLE, 'sts.amazonaws.com', []], ['aws-role-chain', 'spoke', 'sts.amazonaws.com', []],
    ]);
  });

  test.each<[string, Resources, unknown[]]>([
    ['another path', chain('/etc/aws', CONTENT), ['pod-environment', 'no', `set AWS_CONFIG_FILE of container app to ${MOUNT}/aws/config`]],
    ['a profile that is not there', chain(`${MOUNT}/aws/config`, CONTENT.replace('[profile one]', '[profile two]')), ['pod-environment', 'no', `mend the profiles in ${MOUNT}/aws/config`]],
    ['another token file', chain(`${MOUNT}/aws/config`, CONTENT.replace('/aws/token', '/token')),
      ['pod-token', 'no', `set web_identity_token_file of ${MOUNT}/aws/config of container app to ${MOUNT}/aws/token`]],
  ])('refuses %s', (_, resources, expected) => {
    const [first] = stopped('reports/reader', resources);
    expect([first!.gate, first!.verdict, first!.remedy]).toEqual(expected);
  });
});

describe('several clusters', () => {
  const two = (eks: string, gke: string): Resources => ({
    kubernetes_service_account_v1: {
      eks: { provider: eks, metadata: { name: 'reader', namespace: 'reports' } }, gke: { provider: gke, metadata: { name: 'reader', namespace: 'reports' } },
    },
    kubernetes_deployment_v1: { gke: { provider: gke, ...deployment(container('app', AWS_ENV)) } },
  });

  test('are told apart by their providers', () => {
    expect(workloadsOf(two('kubernetes.eks', 'kubernetes.gke')).map(({ where, users }) => [where.address, users.map(({ address }) => address)])).toEqual([
      ['kubernetes_service_account_v1.eks', []], ['kubernetes_service_account_v1.gke', ['kubernetes_deployment_v1.gke']],
    ]);
  });

  test('that cannot be told apart are said to be unknown', () => {
    const stopping = workloadsOf(two('kubernetes', 'kubernetes')).map(({ users, attempts }) => [
      users.length, attempts.flatMap(attempt => told(attempt).stopped).map(({ gate, verdict, have }) => [gate, verdict, have]),
    ]);
    expect(stopping).toEqual(Array(2).fill([1, [
      ['pod-service-account', 'unknown', 'kubernetes_service_account_v1.eks, kubernetes_service_account_v1.gke, which may be of another cluster'],
    ]]));
  });

  test('of several stacks are not taken for one', () => {
    const account = { kubernetes_service_account: { reader: { metadata: { name: 'reader', namespace: 'reports' } } } };
    expect(stopped('reports/reader', account, wired(AWS_ENV, copy => { delete copy.kubernetes_service_account; })).map(({ verdict, have }) => [verdict, have]))
      .toEqual([['unknown', 'kubernetes_service_account.reader, which may be of another cluster']]);
  });
});

describe('what only Terraform knows', () => {
  const unknown = '${var.unknown}';

  test('stays a symbol', () => {
    const resources = wired({ ...AWS_ENV, AWS_ROLE_ARN: '${aws_iam_role.reader.arn}', AWS_REGION: unknown }, copy => { copy.aws_iam_role = { reader: { name: 'reader' } }; });
    expect(workloadOf('reports/reader', resources).attempts.map(told)).toMatchObject([{ identity: 'arn:${aws.partition}:iam::${aws.account_id}:role/reader', stopped: [] }]);
  });

  test('a mount and a variable of the same unknown folder are joined', () => {
    const resources = wired({ ...AWS_ENV, AWS_WEB_IDENTITY_TOKEN_FILE: `${unknown}/aws/token` }, copy => { specOf(copy).container[0].volume_mount[0].mount_path = unknown; });
    expect(workloadOf('reports/reader', resources).attempts.map(told)).toMatchObject([{ audience: 'sts.amazonaws.com', stopped: [] }]);
  });

  test.each<[string, Resources]>([
    ['path', wired({ ...AWS_ENV, AWS_WEB_IDENTITY_TOKEN_FILE: unknown })],
    ['mounts', wired(AWS_ENV, copy => { specOf(copy).container[0].volume_mount = unknown; })],
    ['volumes', wired(AWS_ENV, copy => { specOf(copy).volume = unknown; })],
    ['sources', wired(AWS_ENV, copy => { specOf(copy).volume[0].projected[0].sources = unknown; })],
    ['path of the token', wired(AWS_ENV, copy => { specOf(copy).volume[0].projected[0].sources[0].service_account_token[0].path = unknown; })],
    ['lifetime', wired(AWS_ENV, copy => { specOf(copy).volume[0].projected[0].sources[0].service_account_token[0].expiration_seconds = unknown; })],
  ])('an unknown %s is neither accepted nor refused', (_, resources) => {
    expect(stopped('reports/reader', resources).map(({ gate, verdict }) => [gate, verdict])).toEqual([['pod-token', 'unknown']]);
  });

  test.each<[string, (copy: any) => void]>([
    ['annotations', copy => { copy.kubernetes_service_account.reader.metadata.annotations = unknown; }],
    ['a specification', copy => { copy.kubernetes_deployment.reader.spec = unknown; }],
    ['labels', copy => { copy.kubernetes_deployment.reader.spec[0].template[0].metadata[0].labels = unknown; }],
    ['a ServiceAccount', copy => { specOf(copy).service_account_name = unknown; }],
    ['metadata', copy => { copy.kubernetes_deployment.reader.metadata = unknown; }],
    ['a manifest', copy => { copy.kubernetes_manifest = { x: { manifest: unknown } }; }],
  ])('unknown %s are no reason to stop', (_, change) => {
    expect(() => workloadsOf(changed(allClouds(), change))).not.toThrow();
  });

  test('is noted where it hides all there is to know', () => {
    const { notes } = readKubernetes(terraformOf({
      kubernetes_manifest: { x: { manifest: unknown } }, kubernetes_service_account: { y: { metadata: { name: 'y', annotations: unknown } } },
    }));
    expect(notes.map(({ message, where }) => [message, `${where!.address} ${where!.attribute}`])).toEqual([
      ['the manifest is not known, nor what it makes', 'kubernetes_manifest.x manifest'],
      ['annotations of the ServiceAccount are not known, nor what they let its pods become', 'kubernetes_service_account.y metadata.annotations'],
    ]);
  });
});

test('hostile and broken input is read without harm', () => {
  const odd = [null, 0, '', [], [null], [[]], {}, [{}], 'x', [{ name: null }], JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}')];
  for (const value of odd) {
    for (const key of ['container', 'init_container', 'volume', 'service_account_name', 'host_network']) {
      expect(() => workloadsOf(changed(allClouds(), copy => { specOf(copy)[key] = value; }))).not.toThrow();
    }
    for (const key of ['env', 'env_from', 'volume_mount', 'command', 'name']) {
      expect(() => workloadsOf(changed(allClouds(), copy => { specOf(copy).container[0][key] = value; }))).not.toThrow();
    }
    expect(() => workloadsOf(changed(allClouds(), copy => { copy.kubernetes_service_account.reader.metadata = value; }))).not.toThrow();
    expect(() => workloadsOf(changed(allClouds(), copy => { copy.kubernetes_config_map.files.data = value; }))).not.toThrow();
    expect(() => workloadsOf({ kubernetes_manifest: { x: { manifest: { kind: 'Pod', metadata: value, spec: value } }, y: { manifest: value } } })).not.toThrow();
  }
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  const names = workloadsOf({ kubernetes_service_account: { x: { metadata: { name: '__proto__', namespace: 'constructor' } } } });
  expect(names.map(({ namespace, serviceAccount }) => [show(namespace), show(serviceAccount)])).toEqual([['constructor', '__proto__']]);
});

test('ten thousand workloads are read by work that grows with them, also of one name', () => {
  const many = (name: (index: number) => string, count: number): Resources => {
    const indices = Array.from({ length: count }, (_, index) => index);
    return {
      kubernetes_service_account: Object.fromEntries(indices.map(index => [`a${index}`, { metadata: { name: name(index), namespace: 'reports', annotations: { 'eks.amazonaws.com/role-arn': `role-${index}` } } }])),
      kubernetes_pod: Object.fromEntries(indices.map(index => [`p${index}`, { metadata: { name: `p${index}`, namespace: 'reports' }, spec: { service_account_name: name(index), container: [{ name: 'app' }] } }])),
    };
  };
  for (const [name, workloads] of [[(index: number) => `reader-${index}`, 10_000], [() => 'reader', 10_001]] as const) {
    expect(readKubernetes(terraformOf(many(name, 10_000))).workloads).toHaveLength(workloads);
    expect(growth(readKubernetes, [terraformOf(many(name, 500)), terraformOf(many(name, 1000))])).toBeLessThan(2.2);
  }
}, 60_000);

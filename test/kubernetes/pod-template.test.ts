import { CronJobV1 } from '@cdktf/provider-kubernetes/lib/cron-job-v1';
import { DaemonSetV1 } from '@cdktf/provider-kubernetes/lib/daemon-set-v1';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { ReplicationControllerV1 } from '@cdktf/provider-kubernetes/lib/replication-controller-v1';
import { StatefulSetV1 } from '@cdktf/provider-kubernetes/lib/stateful-set-v1';
import { Fn, IResolvable, TerraformIterator, TerraformStack, TerraformVariable, Token } from 'cdktf';
import { AwsFederatedRole, Cluster, GcpFederatedServiceAccount, GoogleIdTokenSource, PodTemplate, WiredPodTemplate, Workload, WorkloadOptions } from 'cdktf-workload-federation';
import * as fc from 'fast-check';
import { both, brought, deepFreeze, EKS, ENV, GKE, MOUNT, onAks, OTHER, PROVIDER, ROLE_ARN, wire } from './known';
import { refusal } from '../refusal';
import { scratchStack, synthStack } from '../synth';

const RESERVED = [
  'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE',
  'GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', 'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE',
];

/** A template as large as users write them. */
const TEMPLATE: PodTemplate = deepFreeze({
  metadata: { labels: { app: 'reports' }, annotations: { 'prometheus.io/scrape': 'true' } },
  spec: {
    nodeSelector: { pool: 'batch' },
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 5,
    initContainer: [{ name: 'migrate', image: 'migrate:1', env: [{ name: 'STEP', value: 'one' }] }],
    container: [
      {
        name: 'app', image: 'app:1', command: ['serve'],
        env: [{ name: 'LEVEL', value: 'debug' }, { name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
        volumeMount: [{ name: 'cache', mountPath: '/cache' }],
      },
      { name: 'sidecar', image: 'sidecar:1' },
    ],
    volume: [{ name: 'cache', emptyDir: { medium: 'Memory' } }, { name: 'settings', configMap: { name: 'settings' } }],
  },
});

/** The same template with the wiring of both clouds, as Terraform reads it. */
const WIRED = {
  metadata: {
    labels: { app: 'reports' },
    annotations: {
      'prometheus.io/scrape': 'true',
      'checksum/workload-federation': '${sha256(jsonencode(kubernetes_config_map_v1.Workload_ConfigMap_CC976B48.data))}',
    },
    namespace: '${kubernetes_service_account_v1.Workload.metadata[0].namespace}',
  },
  spec: {
    node_selector: { pool: 'batch' },
    restart_policy: 'Always',
    termination_grace_period_seconds: 5,
    service_account_name: '${kubernetes_service_account_v1.Workload.metadata[0].name}',
    init_container: [{
      name: 'migrate', image: 'migrate:1',
      env: [{ name: 'STEP', value: 'one' }, ...ENV],
      volume_mount: [{ name: 'workload-federation', mount_path: MOUNT, read_only: true }],
    }],
    container: [
      {
        name: 'app', image: 'app:1', command: ['serve'],
        env: [{ name: 'LEVEL', value: 'debug' }, { name: 'NODE', value_from: { field_ref: { field_path: 'spec.nodeName' } } }, ...ENV],
        volume_mount: [{ name: 'cache', mount_path: '/cache' }, { name: 'workload-federation', mount_path: MOUNT, read_only: true }],
      },
      {
        name: 'sidecar', image: 'sidecar:1',
        env: ENV,
        volume_mount: [{ name: 'workload-federation', mount_path: MOUNT, read_only: true }],
      },
    ],
    volume: [
      { name: 'cache', empty_dir: { medium: 'Memory' } },
      { name: 'settings', config_map: { name: 'settings' } },
      {
        name: 'workload-federation',
        projected: [{
          sources: [
            { service_account_token: { path: 'aws/token', audience: 'sts.amazonaws.com', expiration_seconds: 3600 } },
            { service_account_token: { path: 'gcp/token', audience: `https://iam.googleapis.com/${PROVIDER}`, expiration_seconds: 3600 } },
            {
              config_map: [{
                name: '${kubernetes_config_map_v1.Workload_ConfigMap_CC976B48.metadata[0].name}',
                items: [{ key: 'gcp-credential-configuration.json', path: 'gcp/credential-configuration.json' }],
              }],
            },
          ],
        }],
      },
    ],
  },
};

/** Owners of pod templates, each with the wired template as it is: no casts, so that the compiler says whether it fits. */
const OWNERS: [string, string, (stack: TerraformStack, template: WiredPodTemplate, namespace: string) => void, (body: any) => any][] = [
  ['PodV1', 'kubernetes_pod_v1', (stack, template) => new PodV1(stack, 'Owner', template), body => body],
  [
    'DeploymentV1', 'kubernetes_deployment_v1',
    (stack, template, namespace) => new DeploymentV1(stack, 'Owner', {
      metadata: { name: 'reports', namespace }, spec: { selector: { matchLabels: { app: 'reports' } }, template },
    }),
    body => body.spec.template,
  ],
  [
    'StatefulSetV1', 'kubernetes_stateful_set_v1',
    (stack, template, namespace) => new StatefulSetV1(stack, 'Owner', {
      metadata: { name: 'reports', namespace }, spec: { serviceName: 'reports', selector: { matchLabels: { app: 'reports' } }, template },
    }),
    body => body.spec.template,
  ],
  [
    'DaemonSetV1', 'kubernetes_daemon_set_v1',
    (stack, template, namespace) => new DaemonSetV1(stack, 'Owner', {
      metadata: { name: 'reports', namespace }, spec: { selector: { matchLabels: { app: 'reports' } }, template },
    }),
    body => body.spec.template,
  ],
  [
    'JobV1', 'kubernetes_job_v1',
    (stack, template, namespace) => new JobV1(stack, 'Owner', { metadata: { name: 'reports', namespace }, spec: { template } }),
    body => body.spec.template,
  ],
  [
    'CronJobV1', 'kubernetes_cron_job_v1',
    (stack, template, namespace) => new CronJobV1(stack, 'Owner', {
      metadata: { name: 'reports', namespace }, spec: { schedule: '0 3 * * *', jobTemplate: { metadata: {}, spec: { template } } },
    }),
    body => body.spec.job_template.spec.template,
  ],
  [
    'ReplicationControllerV1', 'kubernetes_replication_controller_v1',
    (stack, template, namespace) => new ReplicationControllerV1(stack, 'Owner', {
      metadata: { name: 'reports', namespace }, spec: { selector: { app: 'reports' }, template },
    }),
    body => body.spec.template,
  ],
];

describe('the owners of pods', () => {
  test.each(OWNERS)('%s takes the wired template as it is', (_, type, create, templateOf) => {
    const stack = synthStack(scope => {
      const workload = both(scope);
      create(scope, workload.podTemplate(TEMPLATE), workload.namespace);
    });
    const body = stack.resource[type]!.Owner;
    // The template of a Job has no namespace in the provider's schema; the Job says it.
    const { namespace, ...metadata } = WIRED.metadata;
    expect(templateOf(body)).toEqual(type.includes('job') ? { ...WIRED, metadata } : WIRED);
    if (type !== 'kubernetes_pod_v1') {
      expect(body.metadata).toEqual({ name: 'reports', namespace });
    }
  });

  test('the template of a JobV1, whose spec is optional by its type, is wired without a cast', () => {
    const config: ConstructorParameters<typeof JobV1>[2] = {
      metadata: { name: 'reports' }, spec: { template: { metadata: {}, spec: { container: [{ name: 'app' }] } } },
    };
    expect(both(scratchStack()).podTemplate(config.spec.template).spec.container).toEqual([
      { name: 'app', env: ENV, volumeMount: [{ name: 'workload-federation', mountPath: MOUNT, readOnly: true }] },
    ]);
  });
});

describe('merging', () => {
  test('a template without metadata gets what the wiring adds', () => {
    const stack = synthStack(scope => new PodV1(scope, 'Pod', both(scope).podTemplate({ spec: { container: [{ name: 'app' }] } })));
    expect(stack.resource.kubernetes_pod_v1!.Pod.metadata).toEqual({
      namespace: WIRED.metadata.namespace,
      annotations: { 'checksum/workload-federation': WIRED.metadata.annotations['checksum/workload-federation'] },
    });
  });

  test.each([['EKS', EKS], ['GKE', GKE]])('a template is wired once where it comes wired already on %s', (_, cluster) => {
    const workload = both(scratchStack(), {}, cluster);
    const once = deepFreeze(workload.podTemplate(TEMPLATE));
    expect(workload.podTemplate(once)).toEqual(once);
    expect(workload.podTemplate(workload.podTemplate(once))).toEqual(once);
  });

  test('a template is wired once where the mount path is known to Terraform only', () => {
    const stack = scratchStack();
    const workload = both(stack, { mountPath: new TerraformVariable(stack, 'V', { type: 'string' }).stringValue });
    const once = deepFreeze(workload.podTemplate(TEMPLATE));
    expect(workload.podTemplate(once)).toEqual(once);
  });

  test('a template that has part of the wiring already gets the rest', () => {
    const { spec } = both(scratchStack()).podTemplate(deepFreeze({
      spec: {
        container: [{
          name: 'app',
          env: [ENV[5]!, { name: 'LEVEL', value: 'debug' }, ENV[0]!],
          volumeMount: [{ name: 'workload-federation', mountPath: `${MOUNT}/` }, { name: 'cache', mountPath: '/cache' }],
        }],
      },
    }));
    expect(spec.container).toEqual([{
      name: 'app',
      env: [ENV[5], { name: 'LEVEL', value: 'debug' }, ENV[0], ...ENV.filter((__, index) => index !== 5 && index !== 0)],
      volumeMount: [{ name: 'workload-federation', mountPath: `${MOUNT}/`, readOnly: true }, { name: 'cache', mountPath: '/cache' }],
    }]);
  });

  test('a variable that only Terraform knows to be ours is ours', () => {
    const stack = scratchStack();
    const region = new TerraformVariable(stack, 'V', { type: 'string' });
    const serviceAccount = OTHER.serviceAccount('reports', 'reader');
    const role = AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE_ARN, region: region.stringValue, trusts: [serviceAccount] });
    const workload = new Workload(stack, 'Workload', { serviceAccount, identities: [role] });
    const env = [{ name: 'AWS_REGION', value: region.stringValue }];
    const { container } = workload.podTemplate({ spec: { container: [{ name: 'app', env }] } }).spec as { container: { env: { name: string }[] }[] };
    expect(container[0]!.env.map(({ name }) => name)).toEqual([
      'AWS_REGION', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_DEFAULT_REGION', 'AWS_STS_REGIONAL_ENDPOINTS',
    ]);
  });

  test('other volumes may be mounted above the mount path and beside it', () => {
    const mounts = ['/', '/var/run', '/var/run/secrets', '/var/run/secrets/workload-federation-2', '/var/run/secrets/workload'];
    const { spec } = both(scratchStack()).podTemplate({
      spec: { container: [{ name: 'app', volumeMount: mounts.map(mountPath => ({ name: 'data', mountPath })) }], volume: [{ name: 'data', emptyDir: {} }] },
    });
    const [app] = spec.container as { volumeMount: { mountPath: string }[] }[];
    expect(app!.volumeMount.map(({ mountPath }) => mountPath)).toEqual([...mounts, MOUNT]);
  });

  test('where the platform wires everything, nothing but names is added, and what keeps the block of the metadata of Jobs', () => {
    const serviceAccount = GKE.serviceAccount('reports', 'reader');
    const stack = scratchStack();
    const account = new GcpFederatedServiceAccount(stack, 'Account', { email: 'reports@acme-apps.iam.gserviceaccount.com', trusts: [serviceAccount] });
    const native = new Workload(stack, 'Workload', { serviceAccount, identities: [account] });
    expect(native.podTemplate({ spec: { container: [{ name: 'app' }], initContainer: [], volume: [] } })).toEqual({
      metadata: { namespace: native.namespace, labels: {} },
      spec: { container: [{ name: 'app' }], initContainer: [], volume: [], serviceAccountName: native.serviceAccountName },
    });
  });

  test.each([[true], [false]])('automountServiceAccountToken %p of the template stays', automountServiceAccountToken => {
    const { spec } = both(scratchStack()).podTemplate({ spec: { automountServiceAccountToken, container: [{ name: 'app' }] } });
    expect(spec.automountServiceAccountToken).toBe(automountServiceAccountToken);
  });

  test('namespace and service account may be named, as long as they are those of the workload', () => {
    const workload = both(scratchStack());
    const unnamed = workload.podTemplate({ spec: { container: [{ name: 'app' }] } });
    expect(workload.podTemplate({
      metadata: { namespace: 'reports' }, spec: { serviceAccountName: 'reader', container: [{ name: 'app' }] },
    })).toEqual(unnamed);
    expect(workload.podTemplate({
      metadata: { namespace: workload.namespace }, spec: { serviceAccountName: workload.serviceAccountName, container: [{ name: 'app' }] },
    })).toEqual(unnamed);
  });

  test('annotations that only Terraform knows are merged by Terraform', () => {
    const stack = synthStack(scope => {
      const annotations = Token.asStringMap(new TerraformVariable(scope, 'V', { type: 'map(string)' }).value);
      new PodV1(scope, 'Pod', both(scope).podTemplate({ metadata: { annotations }, spec: { container: [{ name: 'app' }] } }));
    });
    expect(stack.resource.kubernetes_pod_v1!.Pod.metadata.annotations).toBe(
      '${merge(var.V, {"checksum/workload-federation" = sha256(jsonencode(kubernetes_config_map_v1.Workload_ConfigMap_CC976B48.data))})}');
  });

  test('annotations that only Terraform knows stay as they are where the wiring adds none', () => {
    const stack = synthStack(scope => {
      const annotations = Token.asStringMap(new TerraformVariable(scope, 'V', { type: 'map(string)' }).value);
      new PodV1(scope, 'Pod', both(scope, { immutableConfigMap: true }).podTemplate({ metadata: { annotations }, spec: { container: [{ name: 'app' }] } }));
    });
    expect(stack.resource.kubernetes_pod_v1!.Pod.metadata.annotations).toBe('${var.V}');
  });

  test('labels of the wiring are added to those of the pods, once', () => {
    const workload = onAks(scratchStack());
    const once = deepFreeze(workload.podTemplate({ metadata: { labels: { app: 'reports' } }, spec: { container: [{ name: 'app' }] } }));
    expect(once.metadata.labels).toEqual({ 'app': 'reports', 'azure.workload.identity/use': 'true' });
    expect(workload.podTemplate(once)).toEqual(once);
    expect(workload.podTemplate({ spec: { container: [{ name: 'app' }] } }).metadata.labels).toEqual({ 'azure.workload.identity/use': 'true' });
  });

  test('labels that only Terraform knows are merged by Terraform', () => {
    const stack = synthStack(scope => {
      const labels = Token.asStringMap(new TerraformVariable(scope, 'V', { type: 'map(string)' }).value);
      new PodV1(scope, 'Pod', onAks(scope).podTemplate({ metadata: { labels }, spec: { container: [{ name: 'app' }] } }));
    });
    expect(stack.resource.kubernetes_pod_v1!.Pod.metadata.labels).toBe('${merge(var.V, {"azure.workload.identity/use" = "true"})}');
  });

  test('a variable may have a value that only Terraform knows', () => {
    const stack = scratchStack();
    const env = [{ name: 'LEVEL', value: new TerraformVariable(stack, 'V', { type: 'string' }).stringValue }];
    const { container } = both(stack).podTemplate({ spec: { container: [{ name: 'app', env }] } }).spec;
    expect((container as { env: object[] }[])[0]!.env).toEqual([...env, ...ENV]);
  });
});

describe('what a template must leave to the workload', () => {
  const workload = (cluster?: Cluster, options?: WorkloadOptions) => both(scratchStack(), options, cluster);
  const app = { name: 'app' };

  test('refuses a template of another namespace', () => {
    expect(refusal(() => workload().podTemplate({ metadata: { namespace: 'billing' }, spec: { container: [app] } }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: metadata.namespace must be that of the workload or left out, got "billing"; '
        + 'leave it out: a pod runs in the namespace of its service account',
    });
  });

  test('refuses a template that asks for the token of the Kubernetes API, where the workload has no access', () => {
    expect(refusal(() => workload(OTHER, { kubernetesApiAccess: false }).podTemplate({
      spec: { automountServiceAccountToken: true, container: [app] },
    }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: spec.automountServiceAccountToken must be false or left out, got "true"; '
        + 'remove it, or leave `kubernetesApiAccess` out where the workload is defined',
    });
  });

  test('refuses a volume at a mount path that only Terraform knows', () => {
    const stack = scratchStack();
    const mountPath = new TerraformVariable(stack, 'path', { type: 'string' });
    const wired = both(stack, { mountPath: mountPath.stringValue });
    expect(refusal(() => wired.podTemplate({ spec: { container: [{ name: 'app', volumeMount: [{ name: 'other', mountPath: mountPath.stringValue }] }] } })).code)
      .toBe('ClashingWiring');
  });

  test('refuses a template of another service account', () => {
    expect(refusal(() => workload().podTemplate({ spec: { serviceAccountName: 'default', container: [app] } }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: spec.serviceAccountName must be that of the workload or left out, got "default"; '
        + 'leave it out: the workload sets it',
    });
  });

  test('refuses names other than those of a service account that exists', () => {
    const stack = scratchStack();
    const serviceAccount = OTHER.serviceAccount('reports', 'reader');
    const role = AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [serviceAccount] });
    const existing = new Workload(stack, 'Workload', { serviceAccount, identities: [role], existingServiceAccount: true });
    expect(refusal(() => existing.podTemplate({ metadata: { namespace: 'billing' }, spec: { container: [app] } })).message)
      .toBe('stack/Workload: metadata.namespace must be that of the workload or left out, got "billing"; leave it out: a pod runs in the namespace of its service account');
    expect(refusal(() => existing.podTemplate({ spec: { serviceAccountName: 'default', container: [app] } })).message)
      .toBe('stack/Workload: spec.serviceAccountName must be that of the workload or left out, got "default"; leave it out: the workload sets it');
    expect(() => existing.podTemplate({ metadata: { namespace: 'reports' }, spec: { serviceAccountName: 'reader', container: [app] } })).not.toThrow();
  });

  test('refuses a namespace that Terraform alone knows and the workload does not', () => {
    const stack = scratchStack();
    const namespace = new TerraformVariable(stack, 'V', { type: 'string' }).stringValue;
    expect(refusal(() => both(stack).podTemplate({ metadata: { namespace }, spec: { container: [app] } }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: metadata.namespace must be that of the workload or left out, got "another value that only Terraform knows"; '
        + 'leave it out: a pod runs in the namespace of its service account',
    });
  });

  test.each([
    ['no spec', {}], ['no list of containers', { spec: {} }], ['no container', { spec: { container: [] } }],
    ['init containers alone', { spec: { initContainer: [app] } }],
  ])('refuses a template with %s', (_, template: PodTemplate) => {
    expect(refusal(() => workload().podTemplate(template))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: spec.container must hold at least one container, got "[]"; pass the containers of the pod',
    });
  });

  test.each([
    ['of another kind', { emptyDir: {} }],
    ['with other tokens', { projected: [{ sources: [{ serviceAccountToken: { path: 'aws/token', audience: 'sts.amazonaws.com', expirationSeconds: 86400 } }] }] }],
    ['without a source', {}],
  ])('refuses a volume of our name %s', (_, volume) => {
    expect(refusal(() => workload().podTemplate({ spec: { container: [app], volume: [{ name: 'workload-federation', ...volume }] } }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: spec.volume must leave the name workload-federation to the workload, got "workload-federation"; rename the volume',
    });
  });

  test('takes a volume of our name where the platform brings the tokens', () => {
    const stack = scratchStack();
    const serviceAccount = EKS.serviceAccount('reports', 'reader');
    const role = AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE_ARN, trusts: [serviceAccount] });
    const volume = [{ name: 'workload-federation', emptyDir: {} }];
    expect(new Workload(stack, 'Workload', { serviceAccount, identities: [role] }).podTemplate({ spec: { container: [app], volume } }).spec.volume).toEqual(volume);
  });

  test.each([
    ['at the mount path', MOUNT], ['at the mount path with a slash at its end', `${MOUNT}/`], ['below the mount path', `${MOUNT}/aws`],
    ['far below the mount path', `${MOUNT}/aws/token/x`], ['at the mount path with two slashes', '/var/run/secrets//workload-federation'],
    ['at the mount path by a detour', '/var/run/../run/secrets/./workload-federation'],
  ])('refuses a volume %s', (_, mountPath) => {
    const volumeMount = [{ name: 'first', mountPath: '/first' }, { name: 'data', mountPath }];
    const expected = (place: string) => ({
      code: 'ClashingWiring',
      message: `stack/Workload: ${place}.volumeMount must leave ${MOUNT} to the workload, got "${mountPath}"; `
        + 'mount it elsewhere, or give the workload another `mountPath`',
    });
    expect(refusal(() => workload().podTemplate({ spec: { container: [app, { name: 'second', volumeMount }] } }))).toEqual(expected('spec.container[1]'));
    expect(refusal(() => workload().podTemplate({ spec: { container: [app], initContainer: [{ name: 'first', volumeMount }] } })))
      .toEqual(expected('spec.initContainer[0]'));
  });

  test('refuses part of our volume at the mount path', () => {
    const volumeMount = [{ name: 'workload-federation', mountPath: MOUNT, subPath: 'aws' }];
    expect(refusal(() => workload().podTemplate({ spec: { container: [{ name: 'app', volumeMount }] } }))).toEqual({
      code: 'ClashingWiring',
      message: `stack/Workload: spec.container[0].volumeMount must leave ${MOUNT} to the workload, got "${MOUNT}"; `
        + 'mount it elsewhere, or give the workload another `mountPath`',
    });
  });

  test('takes a mount path of its own in place of ours', () => {
    const volumeMount = [{ name: 'data', mountPath: MOUNT }];
    expect(() => workload(OTHER, { mountPath: '/run/elsewhere' }).podTemplate({ spec: { container: [{ name: 'app', volumeMount }] } })).not.toThrow();
  });

  test.each<[string, (value: string) => PodTemplate]>([
    ['spec.container[0].env', value => ({ spec: { container: [{ name: 'app', env: [{ name: 'AWS_ROLE_ARN', value }] }] } })],
    ['spec.container[0].volumeMount', value => ({ spec: { container: [{ name: 'app', volumeMount: [{ name: 'x', mountPath: `${MOUNT}/${value}` }] }] } })],
    ['metadata.labels["azure.workload.identity/use"]', value => ({ metadata: { labels: { 'azure.workload.identity/use': value } }, spec: { container: [app] } })],
  ])('refuses what only Terraform knows, without its name in cdktf, in %s', (prop, template) => {
    const { message } = refusal(() => {
      const stack = scratchStack();
      const { stringValue } = new TerraformVariable(stack, 'V', { type: 'string' });
      (prop.startsWith('metadata') ? onAks(stack) : both(stack)).podTemplate(template(stringValue));
    });
    expect(message).toContain(`stack/Workload: ${prop} must `);
    expect(message).toContain(', got "a value that only Terraform knows"; ');
  });

  test.each(ENV)('refuses another value of $name', ({ name }) => {
    expect(refusal(() => workload().podTemplate({ spec: { container: [app, { name: 'second', env: [{ name, value: 'other' }] }] } }))).toEqual({
      code: 'ClashingWiring',
      message: `stack/Workload: spec.container[1].env must leave ${name} to the workload, got "a value of its own"; remove it, or say it where the identity is defined`,
    });
    expect(refusal(() => workload().podTemplate({
      spec: { container: [app], initContainer: [{ name: 'first', env: [{ name, valueFrom: { configMapKeyRef: { name: 'x', key: 'y' } } }] }] },
    }))).toEqual({
      code: 'ClashingWiring',
      message: `stack/Workload: spec.initContainer[0].env must leave ${name} to the workload, got "a value from elsewhere"; `
        + 'remove it, or say it where the identity is defined',
    });
    expect(refusal(() => workload().podTemplate({ spec: { container: [{ name: 'app', env: [{ name }] }] } })).code).toBe('ClashingWiring');
  });

  test.each(ENV)('refuses a value of $name that only Terraform knows', ({ name }) => {
    const stack = scratchStack();
    const value = new TerraformVariable(stack, 'V', { type: 'string' }).stringValue;
    const { code, message } = refusal(() => both(stack).podTemplate({ spec: { container: [{ name: 'app', env: [{ name, value }] }] } }));
    expect(code).toBe('ClashingWiring');
    expect(message).toContain(`spec.container[0].env must leave ${name} to the workload`);
  });

  describe.each([
    ['by the webhook and a projected volume', EKS], ['by the metadata server and a projected volume', GKE], ['by a projected volume', OTHER],
  ])('wired %s', (_, cluster) => {
    const wired = new Map(((workload(cluster).podTemplate({ spec: { container: [app] } }).spec.container as { env?: typeof ENV }[])[0]!.env ?? [])
      .map(({ name, value }) => [name, value]));

    test.each(RESERVED)('refuses %s, which would win over the federated identity', name => {
      const env = [{ name: 'LEVEL', value: 'debug' }, { name, valueFrom: { secretKeyRef: { name: 'keys', key: 'key' } } }];
      const rest = wired.has(name)
        ? `leave ${name} to the workload, got "a value from elsewhere"; remove it, or say it where the identity is defined`
        : `not set ${name}, got "a value from elsewhere"; remove it: it would win over the federated identity`;
      expect(refusal(() => workload(cluster).podTemplate({ spec: { container: [app, { name: 'second', env }] } }))).toEqual({
        code: 'ClashingWiring', message: `stack/Workload: spec.container[1].env must ${rest}`,
      });
      expect(refusal(() => workload(cluster).podTemplate({ spec: { container: [app], initContainer: [{ name: 'first', env }] } }))).toEqual({
        code: 'ClashingWiring', message: `stack/Workload: spec.initContainer[0].env must ${rest}`,
      });
    });

    test('takes variables that have nothing to do with credentials', () => {
      const env = [{ name: 'AWS_MAX_ATTEMPTS', value: '5' }, { name: 'AWS_PAGER', value: '' }, { name: 'GOOGLE_CLOUD_QUOTA_PROJECT', value: 'acme-billing' }];
      expect(() => workload(cluster).podTemplate({ spec: { container: [{ name: 'app', env }] } })).not.toThrow();
    });
  });

  test('refuses a file with a stored key on GKE, where the metadata server brings the identity', () => {
    const stack = scratchStack();
    const serviceAccount = GKE.serviceAccount('reports', 'reader');
    const account = new GcpFederatedServiceAccount(stack, 'Account', { email: 'reports@acme-apps.iam.gserviceaccount.com', trusts: [serviceAccount] });
    const native = new Workload(stack, 'Workload', { serviceAccount, identities: [account] });
    const env = [{ name: 'GOOGLE_APPLICATION_CREDENTIALS', valueFrom: { secretKeyRef: { name: 'keys', key: 'file' } } }];
    expect(refusal(() => native.podTemplate({ spec: { container: [{ name: 'app', env }] } }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: spec.container[0].env must not set GOOGLE_APPLICATION_CREDENTIALS, got "a value from elsewhere"; '
        + 'remove it: it would win over the federated identity',
    });
    expect(() => native.podTemplate({ spec: { container: [{ name: 'app', env: [{ name: 'AWS_PROFILE', value: 'prod' }] }] } })).not.toThrow();
  });

  test.each(RESERVED.filter(name => !ENV.some(variable => variable.name === name)))('refuses %s without repeating its value', name => {
    const env = [{ name, value: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }];
    expect(refusal(() => workload().podTemplate({ spec: { container: [{ name: 'app', env }] } }))).toEqual({
      code: 'ClashingWiring',
      message: `stack/Workload: spec.container[0].env must not set ${name}, got "a value of its own"; remove it: it would win over the federated identity`,
    });
  });

  test.each([
    ['spec.container[1].env', (env: object[]) => ({ container: [app, { name: 'second', env }] })],
    ['spec.initContainer[0].env', (env: object[]) => ({ container: [app], initContainer: [{ name: 'first', env }] })],
  ] as [string, (env: object[]) => PodTemplate['spec']][])('refuses a variable of %s whose name only Terraform knows', (prop, spec) => {
    const stack = scratchStack();
    const { stringValue: name } = new TerraformVariable(stack, 'V', { type: 'string' });
    for (const unknown of [name, `AWS_${name}`]) {
      expect(refusal(() => onAks(scratchStack()).podTemplate({ spec: spec([{ name: 'LEVEL', value: 'debug' }, { name: unknown, value: '1' }]) }))).toEqual({
        code: 'UnresolvedValue',
        message: `stack/Workload: ${prop} must hold variables whose names are known when the stack is synthesized, got "a name that only Terraform knows"; `
          + 'write the name out: some would win over the federated identity',
      });
    }
  });

  test('refuses another value of a label of the wiring', () => {
    expect(refusal(() => onAks(scratchStack()).podTemplate({
      metadata: { labels: { 'azure.workload.identity/use': 'false' } }, spec: { container: [app] },
    }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: metadata.labels["azure.workload.identity/use"] must be left to the workload, got "false"; remove it',
    });
  });

  test('refuses another checksum of our ConfigMap', () => {
    expect(refusal(() => workload().podTemplate({
      metadata: { annotations: { 'checksum/workload-federation': '0' } }, spec: { container: [app] },
    }))).toEqual({
      code: 'ClashingWiring',
      message: 'stack/Workload: metadata.annotations["checksum/workload-federation"] must be left to the workload, got "0"; remove it',
    });
  });
});

describe('lists that only Terraform knows', () => {
  /** Ways to say a list that is unknown when the stack is synthesized. */
  const UNKNOWN: [string, (stack: TerraformStack) => IResolvable][] = [
    ['a token', stack => Token.asAny(new TerraformVariable(stack, 'V', {}).value)],
    ['a dynamic block', stack => TerraformIterator.fromList(new TerraformVariable(stack, 'V', {}).listValue).dynamic({ name: 'x' })],
    ['a function', stack => Fn.concat([[new TerraformVariable(stack, 'V', {}).value]])],
    ['a token of a list', stack => new TerraformVariable(stack, 'V', {}).listValue as unknown as IResolvable],
  ];

  const PLACES: [string, (list: IResolvable) => PodTemplate][] = [
    ['spec.container', container => ({ spec: { container } })],
    ['spec.initContainer', initContainer => ({ spec: { container: [{ name: 'app' }], initContainer } })],
    ['spec.volume', volume => ({ spec: { container: [{ name: 'app' }], volume } })],
    ['spec.container[1].env', env => ({ spec: { container: [{ name: 'app' }, { name: 'second', env }] } })],
    ['spec.container[0].volumeMount', volumeMount => ({ spec: { container: [{ name: 'app', volumeMount }] } })],
    ['spec.initContainer[0].env', env => ({ spec: { container: [{ name: 'app' }], initContainer: [{ name: 'first', env }] } })],
    ['spec.initContainer[0].volumeMount', volumeMount => ({ spec: { container: [{ name: 'app' }], initContainer: [{ name: 'first', volumeMount }] } })],
  ];

  test.each(UNKNOWN.flatMap(([kind, list]) => PLACES.map(([place, template]) => [kind, place, list, template] as const)))(
    'refuses %s for %s', (_, place, list, template) => {
      const stack = scratchStack();
      const workload = both(stack);
      expect(refusal(() => workload.podTemplate(template(list(stack))))).toEqual({
        code: 'UnresolvedValue',
        message: `stack/Workload: ${place} must be a list that is known when the stack is synthesized, got "a value that only Terraform knows"; `
          + 'write the list out, so that every entry can be wired',
      });
    });

  test.each(PLACES)('refuses an entry of %s that only Terraform knows', (place, template) => {
    const stack = scratchStack();
    const workload = both(stack);
    const entry = Token.asAny(new TerraformVariable(stack, 'V', {}).value);
    const { code, message } = refusal(() => workload.podTemplate(template([{ name: 'known', mountPath: '/known' }, entry] as unknown as IResolvable)));
    expect(code).toBe('UnresolvedValue');
    expect(message).toContain(`stack/Workload: ${place}`);
  });
});

describe('containers that bring the token', () => {
  const metadataServer = GoogleIdTokenSource.metadataServer({ image: 'curlimages/curl:8.10.1', command: ['id-token'] });
  const gtoken = GoogleIdTokenSource.gtoken({ image: 'doitintl/gtoken:1.0.0' });
  const COMPLETE = { runToCompletion: true };
  const FIRST = 'generate-gcp-id-token';
  const BESIDE = 'update-gcp-id-token';
  const FOLDER = '/var/run/secrets/aws/token';
  const READ_ONLY = { name: 'gtoken-volume', mountPath: FOLDER, readOnly: true };

  const viaGoogle = (source = metadataServer, stack = scratchStack()): Workload => brought(stack, {}, source);
  /** A template of one container, to which a test adds. */
  const template = (spec: PodTemplate['spec'] = {}): PodTemplate => deepFreeze({ spec: { container: [{ name: 'app' }], ...spec } });
  const { restartPolicy: _, ...REST } = TEMPLATE.spec!;
  const COMPLETING: PodTemplate = deepFreeze({ metadata: TEMPLATE.metadata, spec: REST });
  /** What is in a wired template, as plain objects. */
  const specOf = (workload: Workload, input: PodTemplate, options?: { runToCompletion: boolean }) => workload.podTemplate(input, options).spec as {
    container: any[]; initContainer?: any[]; volume: any[]; shareProcessNamespace?: boolean; restartPolicy?: string;
  };
  const clash = (rest: string) => ({ code: 'ClashingWiring', message: `stack/Workload: ${rest}` });

  describe.each([['without', undefined, TEMPLATE], ['with', COMPLETE, COMPLETING]])('%s runToCompletion', (__, options, input) => {
    test('come first among the init containers, and last among the others', () => {
      const { initContainer, container } = specOf(viaGoogle(), input, options);
      expect(initContainer!.map(({ name }) => name)).toEqual([FIRST, 'migrate']);
      expect(container.map(({ name }) => name)).toEqual(['app', 'sidecar', BESIDE]);
    });

    test('alone write to the volume: all others read it', () => {
      const { initContainer, container, volume } = specOf(viaGoogle(), input, options);
      const mounts = Object.fromEntries([...initContainer!, ...container].map(({ name, volumeMount }) => [name, volumeMount]));
      expect(mounts).toEqual({
        [FIRST]: [{ name: 'gtoken-volume', mountPath: FOLDER }],
        migrate: [READ_ONLY],
        app: [{ name: 'cache', mountPath: '/cache' }, READ_ONLY],
        sidecar: [READ_ONLY],
        [BESIDE]: [{ name: 'gtoken-volume', mountPath: FOLDER }],
      });
      expect(volume).toEqual([...TEMPLATE.spec!.volume as object[], { name: 'gtoken-volume', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }]);
    });

    test('get no variables of the SDKs, nor the template\'s', () => {
      const { initContainer, container } = specOf(viaGoogle(), input, options);
      for (const { env } of [initContainer![0], container.at(-1)]) {
        expect(env.map(({ name }: { name: string }) => name).filter((name: string) => !name.startsWith('ID_TOKEN_'))).toEqual([]);
      }
      expect(container[0].env.map(({ name }: { name: string }) => name)).toEqual([
        'LEVEL', 'NODE', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_STS_REGIONAL_ENDPOINTS',
      ]);
    });

    test.each([['the metadata server', metadataServer], ['gtoken', gtoken]])('are there once where the template comes wired already, with %s', (___, source) => {
      const workload = viaGoogle(source);
      const before = JSON.stringify(input);
      const once = deepFreeze(workload.podTemplate(input, options));
      expect(workload.podTemplate(once, options)).toEqual(once);
      expect(workload.podTemplate(deepFreeze(workload.podTemplate(once, options)), options)).toEqual(once);
      expect(JSON.stringify(input)).toBe(before);
    });

    test('are there once where their image is known to Terraform only', () => {
      const stack = scratchStack();
      const image = `${new TerraformVariable(stack, 'V', { type: 'string' }).stringValue}/curl:8.10.1`;
      const workload = viaGoogle(GoogleIdTokenSource.metadataServer({ image }), stack);
      const once = deepFreeze(workload.podTemplate(input, options));
      expect(workload.podTemplate(once, options)).toEqual(once);
    });

    test('refuse a pod of nothing but them', () => {
      const workload = viaGoogle();
      const { container } = specOf(workload, input, options);
      expect(refusal(() => workload.podTemplate({ spec: { container: [container.at(-1)] } }, options)))
        .toEqual(clash('spec.container must hold at least one container, got "[]"; pass the containers of the pod'));
    });

    test('refuse another container of one of their names, in whichever list', () => {
      const workload = viaGoogle();
      for (const name of [FIRST, BESIDE]) {
        const rest = `must leave the name ${name} to the workload, got "${name}"; rename the container`;
        expect(refusal(() => workload.podTemplate(template({ container: [{ name: 'app' }, { name }] }), options))).toEqual(clash(`spec.container ${rest}`));
        expect(refusal(() => workload.podTemplate(template({ initContainer: [{ name }] }), options))).toEqual(clash(`spec.initContainer ${rest}`));
      }
    });

    test('refuse one of theirs with another image', () => {
      const workload = viaGoogle();
      const { container } = specOf(workload, input, options);
      const changed = [container[0], { ...container.at(-1), image: 'other:1' }];
      expect(refusal(() => workload.podTemplate({ spec: { container: changed } }, options)))
        .toEqual(clash(`spec.container must leave the name ${BESIDE} to the workload, got "${BESIDE}"; rename the container`));
    });

    test('refuse another volume of their name', () => {
      for (const source of [{ emptyDir: {} }, { emptyDir: { medium: 'Memory' } }, { secret: { secretName: 'token' } }]) {
        expect(refusal(() => viaGoogle().podTemplate(template({ volume: [{ name: 'gtoken-volume', ...source }] }), options)))
          .toEqual(clash('spec.volume must leave the name gtoken-volume to the workload, got "gtoken-volume"; rename the volume'));
      }
    });

    test.each([
      ['another volume at their place', { name: 'data', mountPath: FOLDER }], ['another volume below it', { name: 'data', mountPath: `${FOLDER}/gtoken` }],
      ['part of their volume', { name: 'gtoken-volume', mountPath: FOLDER, subPath: 'x' }],
    ])('refuse %s', (___, mount) => {
      const rest = `.volumeMount must leave ${FOLDER} to the workload, got "${mount.mountPath}"; mount it elsewhere`;
      expect(refusal(() => viaGoogle().podTemplate(template({ container: [{ name: 'app' }, { name: 'two', volumeMount: [mount] }] }), options)))
        .toEqual(clash(`spec.container[1]${rest}`));
      expect(refusal(() => viaGoogle().podTemplate(template({ initContainer: [{ name: 'one', volumeMount: [mount] }] }), options)))
        .toEqual(clash(`spec.initContainer[0]${rest}`));
    });
  });

  test.each<[string, PodTemplate['spec']]>([
    ['neither', {}], ['what is set', { shareProcessNamespace: true, restartPolicy: 'Never' }],
  ])('a pod that runs to completion shares its processes and is not started again, where the template says %s', (__, spec) => {
    expect(specOf(viaGoogle(), template(spec), COMPLETE)).toMatchObject({ shareProcessNamespace: true, restartPolicy: 'Never' });
    const running = specOf(viaGoogle(), template(spec));
    expect([running.shareProcessNamespace, running.restartPolicy]).toEqual([spec!.shareProcessNamespace, spec!.restartPolicy]);
  });

  test.each(['Always', 'OnFailure'])('a pod that runs to completion refuses to be started again (%s)', restartPolicy => {
    expect(refusal(() => viaGoogle().podTemplate(template({ restartPolicy }), COMPLETE))).toEqual(clash(
      `spec.restartPolicy must be "Never" or left out where the pod runs to completion, got "${restartPolicy}"; `
      + 'remove it: the Job tries again with new pods (`backoffLimit`), whose tokens are kept fresh from the start',
    ));
    expect(specOf(viaGoogle(), template({ restartPolicy })).restartPolicy).toBe(restartPolicy);
    expect(specOf(viaGoogle(gtoken), template({ restartPolicy }), COMPLETE).restartPolicy).toBe(restartPolicy);
  });

  test('a pod that runs to completion refuses not to share its processes', () => {
    const refused = (got: string) => clash(
      `spec.shareProcessNamespace must be true or left out where the pod runs to completion, got "${got}"; `
      + 'remove it: the container that keeps the token fresh sees by it that the others have ended',
    );
    expect(refusal(() => viaGoogle().podTemplate(template({ shareProcessNamespace: false }), COMPLETE))).toEqual(refused('false'));
    const stack = scratchStack();
    const shareProcessNamespace = Token.asAny(new TerraformVariable(stack, 'V', { type: 'bool' }).value);
    expect(refusal(() => viaGoogle(metadataServer, stack).podTemplate(template({ shareProcessNamespace }), COMPLETE))).toEqual(refused('a value that only Terraform knows'));
    expect(specOf(viaGoogle(), template({ shareProcessNamespace: false })).shareProcessNamespace).toBe(false);
  });

  test('a pod that runs to completion refuses a restart policy that only Terraform knows', () => {
    const stack = scratchStack();
    const restartPolicy = new TerraformVariable(stack, 'V', { type: 'string' }).stringValue;
    expect(refusal(() => viaGoogle(metadataServer, stack).podTemplate(template({ restartPolicy }), COMPLETE))).toEqual(clash(
      'spec.restartPolicy must be "Never" or left out where the pod runs to completion, got "a value that only Terraform knows"; '
      + 'remove it: the Job tries again with new pods (`backoffLimit`), whose tokens are kept fresh from the start',
    ));
  });

  test('a pod that runs to completion is refused where the webhook would add what never ends', () => {
    expect(refusal(() => viaGoogle(GoogleIdTokenSource.webhook()).podTemplate(template(), COMPLETE))).toEqual(clash(
      'runToCompletion must be left out where something keeps the pods from completing, got "the webhook adds a container that never ends"; '
      + 'give the identity `idTokenSource: GoogleIdTokenSource.metadataServer(…)`, or `.webhook({ refresh: false })` where an hour is enough',
    ));
    expect(specOf(viaGoogle(GoogleIdTokenSource.webhook({ refresh: false })), template(), COMPLETE).container).toHaveLength(1);
    expect(specOf(viaGoogle(GoogleIdTokenSource.webhook()), template(), { runToCompletion: false }).container).toHaveLength(1);
  });

  test('gtoken brings the first token alone to a pod that runs to completion, and asks nothing of it', () => {
    const { container, initContainer, shareProcessNamespace, restartPolicy } = specOf(viaGoogle(gtoken), template(), COMPLETE);
    expect([initContainer!.map(({ name }) => name), container.map(({ name }) => name)]).toEqual([[FIRST], ['app']]);
    expect([shareProcessNamespace, restartPolicy]).toEqual([undefined, undefined]);
  });

  test('a pod without such containers runs to completion as it is', () => {
    const workload = both(scratchStack());
    expect(workload.podTemplate(TEMPLATE, COMPLETE)).toEqual(workload.podTemplate(TEMPLATE));
  });

  test('one template is not wired for a pod that runs on and for one that completes', () => {
    const refused = clash(`spec.container must leave the name ${BESIDE} to the workload, got "${BESIDE}"; rename the container`);
    for (const source of [metadataServer, gtoken]) {
      const workload = viaGoogle(source);
      expect(refusal(() => workload.podTemplate(deepFreeze(workload.podTemplate(template())), COMPLETE))).toEqual(refused);
    }
    const workload = viaGoogle();
    expect(refusal(() => workload.podTemplate(deepFreeze(workload.podTemplate(template(), COMPLETE))))).toEqual(refused);
  });

  test.each(OWNERS.filter(([name]) => ['JobV1', 'CronJobV1'].includes(name)))('%s takes a pod that runs to completion as it is', (__, type, create, templateOf) => {
    const stack = synthStack(scope => {
      const workload = viaGoogle(metadataServer, scope);
      create(scope, workload.podTemplate({ spec: { container: [{ name: 'app' }] } }, COMPLETE), workload.namespace);
    });
    expect(templateOf(stack.resource[type]!.Owner).spec).toMatchObject({
      share_process_namespace: true, restart_policy: 'Never', init_container: [{ name: FIRST }], container: [{ name: 'app' }, { name: BESIDE }],
    });
  });
});

describe('for every template', () => {
  const SEED = Number(process.env.FUZZ_SEED ?? 20240229);
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const record = fc.dictionary(word, word, { maxKeys: 3 });
  const variable = fc.oneof(
    fc.record({ name: word.map(name => `APP_${name.toUpperCase()}`), value: fc.string() }),
    fc.record({ name: word.map(name => `APP_${name.toUpperCase()}`), valueFrom: fc.record({ fieldRef: fc.record({ fieldPath: word }) }) }),
    fc.constantFrom(...ENV),
  );
  const mount = fc.oneof(
    fc.record({ name: word, mountPath: fc.array(word, { minLength: 1, maxLength: 3 }).map(parts => `/data/${parts.join('/')}`), subPath: word }, { requiredKeys: ['name', 'mountPath'] }),
    fc.constantFrom(
      { name: 'workload-federation', mountPath: MOUNT, readOnly: true },
      { name: 'workload-federation', mountPath: `${MOUNT}/` },
      { name: 'workload-federation', mountPath: '/elsewhere' },
    ),
  );
  const container = fc.record({
    name: word,
    image: word,
    args: fc.array(word, { maxLength: 2 }),
    env: fc.uniqueArray(variable, { selector: ({ name }) => name, maxLength: 5 }),
    volumeMount: fc.array(mount, { maxLength: 3 }),
  }, { requiredKeys: ['name'] });
  const volume = fc.record({ name: word.map(name => `v-${name}`), emptyDir: fc.record({ medium: word }, { requiredKeys: [] }) });
  const template: fc.Arbitrary<PodTemplate> = fc.record({
    metadata: fc.record({ name: word, labels: record, annotations: record }, { requiredKeys: [] }),
    spec: fc.record({
      container: fc.array(container, { minLength: 1, maxLength: 3 }),
      initContainer: fc.array(container, { maxLength: 2 }),
      volume: fc.uniqueArray(volume, { selector: ({ name }) => name, maxLength: 3 }),
      nodeSelector: record,
      hostNetwork: fc.boolean(),
      automountServiceAccountToken: fc.boolean(),
    }, { requiredKeys: ['container'] }),
  }, { requiredKeys: ['spec'] });

  /** Whether one list begins another. */
  const beginning = (list: readonly unknown[] | undefined, of: readonly unknown[]) => expect(of.slice(0, list?.length ?? 0)).toEqual(list ?? []);

  describe.each([['EKS', EKS], ['GKE', GKE], ['any other cluster', OTHER]])('on %s', (_, cluster) => {
    const workload = both(scratchStack(), {}, cluster);
    const added = (workload.podTemplate({ spec: { container: [{ name: 'app' }] } }).spec.container as { env: typeof ENV }[])[0]!.env;
    // What another kind of wiring sets may not be set here: only the variables of this one occur.
    const ours = new Set(added.map(({ name }) => name));
    const foreign = new Set(ENV.map(({ name }) => name).filter(name => !ours.has(name)));
    const fitting = template.map(({ metadata, spec }) => {
      const fit = (containers: any) => containers?.map((one: any) => one.env === undefined ? one : {
        ...one, env: one.env.filter(({ name }: { name: string }) => !foreign.has(name)),
      });
      const fitted = {
        ...spec,
        container: fit(spec!.container),
        ...(spec!.initContainer === undefined ? {} : { initContainer: fit(spec!.initContainer) }),
      };
      return deepFreeze<PodTemplate>(metadata === undefined ? { spec: fitted } : { metadata, spec: fitted });
    });
    const property = (check: (input: PodTemplate, output: any) => void) => fc.assert(fc.property(fitting, input => {
      check(input, workload.podTemplate(input));
    }), { seed: SEED, numRuns: 150 });

    test('wiring twice is wiring once', () => {
      property((__, output) => expect(workload.podTemplate(deepFreeze(output))).toEqual(output));
    });

    test('the input stays as it was', () => {
      fc.assert(fc.property(fitting, input => {
        const before = JSON.stringify(input);
        workload.podTemplate(input);
        expect(JSON.stringify(input)).toBe(before);
      }), { seed: SEED, numRuns: 150 });
    });

    test('nothing is lost and the order is kept', () => {
      property((input, output) => {
        expect(output.metadata).toMatchObject(input.metadata ?? {});
        for (const list of ['container', 'initContainer'] as const) {
          const before = (input.spec![list] ?? []) as any[];
          const after = (output.spec[list] ?? []) as any[];
          expect(after).toHaveLength(before.length);
          before.forEach((one, index) => {
            const { env, volumeMount, ...rest } = after[index];
            const { env: envBefore, volumeMount: volumeMountBefore, ...restBefore } = one;
            expect(rest).toEqual(restBefore);
            beginning(envBefore, env ?? []);
            beginning(volumeMountBefore?.map((given: any) => given.name === 'workload-federation' && given.mountPath.startsWith(MOUNT) ? { ...given, readOnly: true } : given), volumeMount ?? []);
          });
        }
        beginning(input.spec!.volume as unknown[] | undefined, output.spec.volume ?? []);
        const { container: c, initContainer: i, volume: v, serviceAccountName, automountServiceAccountToken, ...restOfSpec } = output.spec;
        const { container: ci, initContainer: ii, volume: vi, automountServiceAccountToken: automount, ...restOfInput } = input.spec!;
        expect(restOfSpec).toEqual(restOfInput);
        expect(automountServiceAccountToken).toBe(automount);
        expect(serviceAccountName).toBe(workload.serviceAccountName);
      });
    });

    test('every container has each variable once with our value, and our volume at its place', () => {
      property((__, output) => {
        const ourVolumes = output.spec.volume.filter(({ name }: { name: string }) => name === 'workload-federation');
        expect(ourVolumes).toHaveLength(1);
        for (const one of [...output.spec.container, ...output.spec.initContainer ?? []]) {
          for (const { name, value } of added) {
            expect(one.env.filter((other: { name: string }) => other.name === name)).toEqual([{ name, value }]);
          }
          const paths = one.volumeMount.filter(({ name }: { name: string }) => name === 'workload-federation')
            .map(({ mountPath }: { mountPath: string }) => mountPath.replace(/\/$/, ''));
          expect(paths).toContain(MOUNT);
        }
      });
    });
  });
});

describe('containers that shall have nothing', () => {
  const OURS = 'workload-federation/skip-containers';
  const variable = (stack: TerraformStack) => new TerraformVariable(stack, 'V', { type: 'string' });
  const two = [{ name: 'app' }, { name: 'proxy' }];

  test('get nothing of Google Cloud by the annotation of pfnet\'s webhook', () => {
    const { spec } = both(scratchStack()).podTemplate({
      metadata: { annotations: { 'cloud.google.com/skip-containers': 'proxy, first' } }, spec: { container: two, initContainer: [{ name: 'first' }] },
    });
    const names = (containers: unknown) => (containers as { env: { name: string }[] }[]).map(({ env }) => env.map(({ name }) => name));
    const [aws, all] = [ENV.slice(0, 5), ENV].map(list => list.map(({ name }) => name));
    expect([names(spec.container), names(spec.initContainer)]).toEqual([[all, aws], [aws]]);
  });

  const merged = (key: string) => (stack: TerraformStack) => Token.asStringMap(Fn.merge([{ [key]: 'proxy' }, variable(stack).value]));
  test.each<[string, (stack: TerraformStack) => PodTemplate, string, string]>([
    ['a container whose name only Terraform knows', stack => ({ metadata: { annotations: { [OURS]: 'app' } }, spec: { container: [{ name: 'app' }, { name: variable(stack).stringValue }] } }),
      'UnresolvedValue', `spec.container[1].name must be known when the stack is synthesized, as ${OURS} names containers, got "a name that only Terraform knows"; write the name out`],
    ['annotations of an expression that names them', stack => ({ metadata: { annotations: merged(OURS)(stack) }, spec: { container: two } }),
      'UnresolvedValue', `metadata.annotations["${OURS}"] must be known when the stack is synthesized, got "a value that only Terraform knows"; write the names of the containers out, so that the others can be wired`],
    ['labels of an expression that names AWS\'s', stack => ({ metadata: { labels: merged('eks.amazonaws.com/skip-pod-identity-webhook')(stack) }, spec: { container: two } }),
      'UnresolvedValue', 'metadata.labels must be known when the stack is synthesized, as eks.amazonaws.com/skip-pod-identity-webhook is among them, got "a value that only Terraform knows"; write the labels out as a map'],
    ['names that are no text', () => ({ metadata: { annotations: { [OURS]: ['proxy'] as never } }, spec: { container: two } }),
      'ClashingWiring', `metadata.annotations["${OURS}"] must be text with the names of containers, got ["proxy"]; write the names with "," between them`],
    ['a name that no container has', () => ({ metadata: { annotations: { [OURS]: 'app,prxy' } }, spec: { container: two } }),
      'ClashingWiring', `metadata.annotations["${OURS}"] must name containers of the pod, got "prxy"; there are app, proxy; write them with commas between them`],
    ['names with another separator', () => ({ metadata: { annotations: { [OURS]: 'app;proxy' } }, spec: { container: two } }),
      'ClashingWiring', `metadata.annotations["${OURS}"] must name containers of the pod, got "app;proxy"; there are app, proxy; write them with commas between them`],
  ])('refuses %s', (_, template, code, message) => {
    const stack = scratchStack();
    expect(refusal(() => both(stack).podTemplate(template(stack)))).toEqual({ code, message: `stack/Workload: ${message}` });
  });

  test('may be named to a webhook that finds more containers than there are here', () => {
    const template = { metadata: { annotations: { 'eks.amazonaws.com/skip-containers': 'istio-proxy' } }, spec: { container: [{ name: 'app' }] } };
    expect((both(scratchStack()).podTemplate(template).spec.container as { env: unknown }[])[0]!.env).toEqual(ENV);
  });
});

describe('what is there already', () => {
  const mount = { name: 'workload-federation', mountPath: MOUNT };
  const refused = (spec: object) => refusal(() => both(scratchStack()).podTemplate({ spec } as PodTemplate)).message;

  test('refuses a part of our volume by an expression, and one that could be written to', () => {
    expect(refused({ container: [{ name: 'app', volumeMount: [{ ...mount, subPathExpr: '$(X)' }] }] })).toMatch(/^stack\/Workload: spec.container\[0\].volumeMount must leave /);
    expect(refused({ container: [{ name: 'app', volumeMount: [{ ...mount, readOnly: false }] }] })).toBe(
      `stack/Workload: spec.container[0].volumeMount must mount ${MOUNT} read-only, got "readOnly: false"; leave \`readOnly\` out`);
  });

  test('refuses a second volume of our name', () => {
    const { volume } = both(scratchStack()).podTemplate({ spec: { container: [{ name: 'app' }] } }).spec as { volume: object[] };
    expect(refused({ container: [{ name: 'app' }], volume: [...volume, { name: 'workload-federation', emptyDir: {} }] })).toBe(
      'stack/Workload: spec.volume must leave the name workload-federation to the workload, got "workload-federation"; rename the volume');
  });

  test('refuses entries that are nothing, with their place', () => {
    expect(refused({ container: [{ name: 'app' }, null] })).toBe('stack/Workload: spec.container[1] must be an object, got "nothing"; remove it');
    expect(refused({ container: [{ name: 'app', env: [null] }] })).toBe('stack/Workload: spec.container[0].env[0] must be an object, got "nothing"; remove it');
  });

  test('null is what is left out', () => {
    const workload = both(scratchStack(), { kubernetesApiAccess: false });
    const spec = { automountServiceAccountToken: null, serviceAccountName: null, container: [{ name: 'app' }] } as never;
    expect(workload.podTemplate({ spec })).toEqual(workload.podTemplate({ spec: { container: [{ name: 'app' }] } }));
  });

  test('what is handed out is the user\'s to change', () => {
    const workload = both(scratchStack());
    const wired = () => workload.podTemplate({ spec: { container: [{ name: 'app' }] } });
    const [before, changed] = [wired(), wired()];
    const scribble = (value: object): void => Object.entries(value).forEach(([key, inner]) => {
      if (typeof inner === 'object' && inner !== null) {
        scribble(inner);
      } else {
        (value as Record<string, unknown>)[key] = 'HACK';
      }
    });
    scribble(changed.spec);
    expect(wired()).toEqual(before);
  });

  test('a container that was added to a wired template is wired by the Aspect', () => {
    const pod = synthStack(scope => {
      const { metadata, spec } = both(scope).podTemplate({ spec: { container: [{ name: 'app' }] } });
      (spec.container as object[]).push({ name: 'late' });
      new PodV1(scope, 'Pod', { metadata: { ...metadata, name: 'reports' }, spec });
      wire(scope);
    }).resource.kubernetes_pod_v1!.Pod;
    expect(pod.spec.container.map(({ env }: { env: unknown }) => env)).toEqual([ENV, ENV]);
  });
});

import { DataAwsIamPolicyDocument } from '@cdktf/provider-aws/lib/data-aws-iam-policy-document';
import { IamOpenidConnectProvider } from '@cdktf/provider-aws/lib/iam-openid-connect-provider';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TlsProvider } from '@cdktf/provider-tls/lib/provider';
import { Aspects, Fn, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import {
  AwsFederatedRole, AwsRoleViaGoogle, Cluster, ClusterOidcProvider, ClusterWorkloadIdentityPool, GcpFederatedServiceAccount, GoogleIdTokenSource,
  ICloudIdentity, PodOwnerKind, Workload, WorkloadOptions, WorkloadWiring,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { GtokenWebhook } from 'cdktf-workload-federation/gtoken';
import { SelfSignedWebhookCertificate } from 'cdktf-workload-federation/tls';
import { parse, parseAllDocuments } from 'yaml';
import { Clusters, LITERAL_AND_TOKENS } from '../clusters';
import { describeOnKubectl, kustomized, patched } from '../kubectl';
import { OWNERS } from '../kubernetes/pod-owners';
import { stackIn } from '../synth';
import { describeOnTerraform } from '../terraform';
import { Azure } from './clouds/azure';
import { startPod, WebhookName } from './cluster';
import { figure } from './figures';
import { ApiObject } from './kubernetes/api-objects';
import { Applied, AppliedResource, RunningPod } from './model';
import { Clients } from './network/clients';
import { LoopbackInternet } from './network/internet';
import { appStacks, shadowApply } from './shadow';
import { Stage } from './stage';
import { stolenBy, withTokens } from './thieves';
import { containerIn, identitiesIn, letIn, Logins, Said } from './three-clouds';
import { WORLD } from './world';

const [, [, TOKENS]] = LITERAL_AND_TOKENS as [unknown, [string, Clusters]];

/** What the clouds say of a token that is nobody's they trust, and what clients say in a container that has nothing. */
const NOT_TRUSTED: Said = { 'AWS': 'AccessDenied', 'Google Cloud': 'unauthorized_client', 'Azure': 'AADSTS700213' };
const NOTHING: Said = {
  'AWS': 'Region is missing', 'Google Cloud': 'Could not load the default credentials', 'Azure': 'ManagedIdentityCredential: Network unreachable',
};

/** What both suites count. */
const COUNTS = { allowed: 0, refused: 0 };

const LABELS = { app: 'reports' };
const PLACE = { namespace: 'reports', name: 'users' };
/** Pods of somebody who knows nothing of clouds, in the forms of Terraform and of the Kubernetes API. */
const TYPED_SPEC = {
  initContainer: [{ name: 'migrate', image: 'migrate:1' }],
  container: [{ name: 'main', image: 'reader:1', env: [{ name: 'LEVEL', value: 'debug' }], volumeMount: [{ name: 'cache', mountPath: '/cache' }] }, { name: 'proxy', image: 'proxy:1' }],
  volume: [{ name: 'cache', emptyDir: {} }],
};
const SPEC = {
  initContainers: [{ name: 'migrate', image: 'migrate:1' }],
  containers: [{ name: 'main', image: 'reader:1', env: [{ name: 'LEVEL', value: 'debug' }], volumeMounts: [{ name: 'cache', mountPath: '/cache' }] }, { name: 'proxy', image: 'proxy:1' }],
  volumes: [{ name: 'cache', emptyDir: {} }],
};

/** The objects around a pod template of the Kubernetes API. */
function owner(kind: PodOwnerKind, template: object = { metadata: { labels: LABELS }, spec: SPEC }): ApiObject {
  const selecting = { selector: { matchLabels: LABELS }, template };
  const running = { template: { ...template, spec: { restartPolicy: 'Never', ...SPEC } } };
  const [apiVersion, spec] = {
    Pod: ['v1', SPEC],
    Deployment: ['apps/v1', selecting],
    StatefulSet: ['apps/v1', { serviceName: 'reports', ...selecting }],
    DaemonSet: ['apps/v1', selecting],
    Job: ['batch/v1', running],
    CronJob: ['batch/v1', { schedule: '0 3 * * *', jobTemplate: { spec: running } }],
    ReplicationController: ['v1', { selector: LABELS, template }],
  }[kind] as [string, object];
  return { apiVersion, kind, metadata: { ...PLACE, ...kind === 'Pod' ? { labels: LABELS } : {} }, spec };
}

/** The namespace and the name of a service account. */
type Names = (stack: TerraformStack) => readonly [namespace: string, name: string];
const LITERAL_NAMES: Names = () => ['reports', 'reader'];

/** How the pods of a workload come by what they need: each has the three clouds, of which some bring it by a webhook. */
const WIRINGS: readonly (readonly [name: string, options: WorkloadOptions, webhooks: readonly WebhookName[]])[] = [
  ['as the platform has it', {}, ['azure']],
  ['explicitly, at another path, with a ConfigMap that is named after its content', { wiring: 'explicit', mountPath: '/var/run/secrets/acme', immutableConfigMap: true }, ['azure']],
  ['by webhooks', { wiring: 'webhook' }, ['azure', 'eks', 'pfnet']],
];

/** The same of files, where the names may be such as only Terraform knows. */
const WIRINGS_OF_FILES: readonly (readonly [...(typeof WIRINGS)[number], names: Names])[] = [
  ...WIRINGS.map(row => [...row, LITERAL_NAMES] as const),
  ['with a namespace and a name that only Terraform knows', {}, ['azure'], stack => {
    const [namespace, name] = ['namespace', 'name'].map(id => new TerraformVariable(stack, id, { type: 'string' }).stringValue) as [string, string];
    return [namespace, name];
  }],
];

/** The Deployment of the user, in stacks with the Aspect. */
const DEPLOYMENT = 'kubernetes_deployment_v1.kubernetes_deployment_v1-Deployment';

const address = ({ kind, metadata: { name } }: ApiObject) => `kubernetes_manifest.${kind}-${name}`;

/** What Terraform applied, and objects that were applied to the cluster by something else. */
function withObjects(applied: Applied, objects: readonly ApiObject[]): Applied {
  const resources = objects.map((object): AppliedResource => (
    { stack: 'cluster', address: address(object), type: 'kubernetes_manifest', data: false, account: '', values: { manifest: object } }));
  return { ...applied, resources: [...applied.resources, ...resources] };
}

describeOnTerraform('pods that are wired by other ways than podTemplate()', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  const clients = new Clients(internet, { clock: stage.clock });
  const logins = new Logins(clients, COUNTS);
  const { aks } = stage.clusters;

  afterAll(async () => {
    await clients.close();
    await internet.close();
  });

  /** Applies a workload of a cluster of which only Terraform knows the issuer, that may become somebody in every cloud. */
  function apply(options: WorkloadOptions, build: (workload: Workload, stack: TerraformStack) => void, names: Names = LITERAL_NAMES): Applied {
    const applied = shadowApply(appStacks(app => {
      const stack = stackIn(app);
      const serviceAccount = TOKENS.aks(stack).serviceAccount(...names(stack));
      build(new Workload(stack, 'Workload', { serviceAccount, identities: identitiesIn(stack, serviceAccount), ...options }), stack);
    }), { ...WORLD, variables: { ...WORLD.variables, namespace: 'reports', name: 'reader' } });
    stage.enforce(applied);
    return applied;
  }

  /** Every cloud lets in each of these containers of the pod, and none of somebody else with all that they have but the tokens. */
  async function expectLetIn(applied: Applied, pod: RunningPod, containers: readonly string[]): Promise<void> {
    const stranger = stolenBy(pod, { cluster: aks, namespace: 'reports', serviceAccount: 'writer' }, stage.google);
    for (const container of containers) {
      expect({ container, said: await logins.of(pod, container) }).toEqual({ container, said: letIn(applied) });
      expect({ container, said: await logins.of(stranger, container) }).toEqual({ container, said: NOT_TRUSTED });
    }
  }

  const start = (applied: Applied, where: string, webhooks: readonly WebhookName[] = ['azure']) => startPod(applied, { cluster: aks, clock: stage.clock, internet, address: where, webhooks });

  describe.each(WIRINGS)('the Aspect WorkloadWiring, %s', (_, options, webhooks) => {
    const owners = OWNERS.filter(([type]) => type.endsWith('_v1') || type === 'kubernetes_manifest');
    let applied: Applied;

    beforeAll(() => {
      applied = apply(options, (workload, stack) => {
        owners.forEach(([type, kind, form, create]) => {
          const name = `${form}-${kind.toLowerCase()}`;
          // In one form by reference, in the other by name.
          const [serviceAccountName, namespace] = form === 'typed' ? [workload.serviceAccountName, workload.namespace] : ['reader', 'reports'];
          const spec = { ...form === 'typed' ? TYPED_SPEC : SPEC, ...kind.endsWith('Job') && { restartPolicy: 'Never' } };
          create(stack, `${type}-${kind}`, { metadata: { labels: LABELS }, spec: { serviceAccountName, ...spec } }, { name, namespace });
        });
        Aspects.of(stack).add(new WorkloadWiring());
      });
    });

    test.each(owners.map(([type, kind]) => [`${type}.${type}-${kind}`]))('%s', async where => {
      await expectLetIn(applied, await start(applied, where, webhooks), ['main']);
    }, 60_000);

    test('its other containers too', async () => {
      await expectLetIn(applied, await start(applied, DEPLOYMENT, webhooks), ['proxy', 'migrate']);
    }, 60_000);
  });

  /** The objects of a workload that somebody else applies than Terraform. */
  const outputs = ({ outputs: { stack } }: Applied): any => stack;
  const documents = (text: string): ApiObject[] => parseAllDocuments(text).map(document => document.toJS());

  describeOnKubectl('manifests', () => {
    test.each(WIRINGS_OF_FILES)('and a patch by kubectl, %s', async (_, options, webhooks, names) => {
      const applied = apply({ ...options, manifestsOnly: true }, (workload, stack) => {
        const { patch, ...objects } = workload.manifests({ containers: ['main'], initContainers: ['migrate'] });
        new TerraformOutput(stack, 'Objects', { value: objects });
        new TerraformOutput(stack, 'Patch', { value: patch });
      }, names);
      expect(applied.resources.filter(({ type }) => type.startsWith('kubernetes_'))).toEqual([]);
      const { Objects: objects, Patch: patch } = outputs(applied);
      const deployment = patched(owner('Deployment'), { spec: { template: patch } });
      const all = withObjects(applied, [...Object.values<ApiObject>(objects), deployment]);
      await expectLetIn(applied, await start(all, address(deployment), webhooks), ['main', 'migrate']);
    }, 60_000);

    test.each(WIRINGS_OF_FILES)('in YAML, and kustomize with patches of each kind, %s', async (_, options, webhooks, names) => {
      const kinds: PodOwnerKind[] = ['Pod', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicationController'];
      const applied = apply({ ...options, manifestsOnly: true }, (workload, stack) => {
        new TerraformOutput(stack, 'Yaml', { value: workload.manifestsYaml() });
        new TerraformOutput(stack, 'Patches', { value: Object.fromEntries(kinds.map(kind => [kind, workload.manifests({ kind, containers: ['main'] }).patch])) });
      }, names);
      const { Yaml: yaml, Patches: patches } = outputs(applied);
      const kustomization = { patches: kinds.map(kind => ({ patch: JSON.stringify(patches[kind]), target: { kind } })) };
      const all = withObjects(applied, [...documents(yaml), ...kustomized({}, kinds.map(kind => owner(kind)), kustomization)]);
      for (const kind of kinds) {
        await expectLetIn(applied, await start(all, address(owner(kind)), webhooks), ['main']);
      }
    }, 60_000);

    test.each(WIRINGS_OF_FILES)('as a component of kustomize, %s', async (_, options, webhooks, names) => {
      const applied = apply({ ...options, manifestsOnly: true }, (workload, stack) => {
        new TerraformOutput(stack, 'Files', {
          value: workload.kustomizeFiles({ targets: (['Deployment', 'CronJob'] as const).map(kind => ({ kind, name: 'users', containers: ['main'], initContainers: ['migrate'] })) }),
        });
      }, names);
      const objects = kustomized(outputs(applied).Files, [owner('Deployment'), owner('CronJob')]);
      for (const kind of ['Deployment', 'CronJob'] as const) {
        await expectLetIn(applied, await start(withObjects(applied, objects), address(owner(kind)), webhooks), ['main', 'migrate']);
      }
    }, 60_000);

    test('and a patch by kubectl, which takes keys of old away', async () => {
      const applied = apply({ manifestsOnly: true }, (workload, stack) => {
        const { patch, ...objects } = workload.manifests({ containers: ['main'] });
        new TerraformOutput(stack, 'Objects', { value: objects });
        new TerraformOutput(stack, 'Patch', { value: patch });
      });
      const { Objects: objects, Patch: patch } = outputs(applied);
      const keys = [{ name: 'AWS_ACCESS_KEY_ID', value: 'AKIAIOSFODNN7EXAMPLE' }, { name: 'AWS_SECRET_ACCESS_KEY', value: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' }];
      const users = owner('Deployment', { metadata: { labels: LABELS }, spec: { containers: [{ name: 'main', image: 'reader:1', env: keys }] } });
      const all = withObjects(applied, [...Object.values<ApiObject>(objects), patched(users, { spec: { template: patch } })]);
      await expectLetIn(applied, await start(all, address(users)), ['main']);
    }, 60_000);

    test('as a component of kustomize, for a ServiceAccount that exists already', async () => {
      const applied = apply({ manifestsOnly: true, existingServiceAccount: true }, (workload, stack) => {
        new TerraformOutput(stack, 'Files', { value: workload.kustomizeFiles({ targets: [{ kind: 'Deployment', name: 'users', containers: ['main'] }] }) });
      });
      const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'reader', namespace: 'reports' } };
      const objects = kustomized(outputs(applied).Files, [account, owner('Deployment')]);
      await expectLetIn(applied, await start(withObjects(applied, objects), address(owner('Deployment'))), ['main']);
    }, 60_000);
  });

  test('a ServiceAccount that exists already, which Terraform annotates', async () => {
    const applied = apply({ existingServiceAccount: true }, (workload, stack) => {
      new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: TYPED_SPEC }));
    });
    const existing = [{ kind: 'ServiceAccount', name: 'reader', namespace: 'reports' }] as const;
    await expectLetIn(applied, await startPod(applied, { cluster: aks, clock: stage.clock, address: 'kubernetes_pod_v1.Pod', existing }), ['main']);
  }, 60_000);

  describe('the webhook that GtokenWebhook installs', () => {
    const { gke } = stage.clusters;
    /** A workload of GKE that becomes a role by ID tokens of Google, a Deployment of the user with the Aspect, and the webhook. */
    const applyGtoken = () => shadowApply(appStacks(app => {
      const stack = stackIn(app);
      const serviceAccount = TOKENS.gke(stack).serviceAccount('reports', 'reader');
      const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [serviceAccount], accountId: 'reports-reader' });
      const role = new AwsRoleViaGoogle(stack, 'Role', { googleServiceAccount, idTokenSource: GoogleIdTokenSource.webhook() });
      role.role.grantBucketRead('arn:aws:s3:::bucket-of-123456789012');
      const workload = new Workload(stack, 'Workload', { serviceAccount, identities: [role] });
      new TlsProvider(stack, 'Tls');
      new GtokenWebhook(stack, 'Gtoken', { image: 'gtoken-webhook:1', gtokenImage: 'gtoken:1', certificate: SelfSignedWebhookCertificate.with() });
      const [type, kind, , create] = OWNERS.find(([name]) => name === 'kubernetes_deployment_v1')!;
      create(stack, `${type}-${kind}`, { metadata: { labels: LABELS }, spec: { serviceAccountName: workload.serviceAccountName, ...TYPED_SPEC } }, PLACE);
      Aspects.of(stack).add(new WorkloadWiring());
    }));
    const list = async (applied: Applied, change: (pod: RunningPod) => RunningPod = pod => pod) => {
      stage.enforce(applied);
      const pod = await startPod(applied, { cluster: gke, clock: stage.clock, internet, address: DEPLOYMENT });
      return logins.said(await clients.run(change(pod), 'main', '@aws-sdk/client-s3', { bucket: 'bucket-of-123456789012' }));
    };

    test('brings tokens, and to nobody else one that the role trusts', async () => {
      const applied = applyGtoken();
      expect(await list(applied)).toMatch(/^arn:aws:iam::123456789012:role\/.*: hello\.txt$/);
      // Google gives whoever is not trusted by the account no token, and there is no file then.
      expect(await list(applied, pod => stolenBy(pod, { cluster: gke, namespace: 'reports', serviceAccount: 'writer' }, stage.google))).toBe('ENOENT: no such file');
    }, 60_000);

    test.each<[string, (webhook: any) => object]>([
      ['other operations', ({ rule: [rule] }) => ({ rule: [{ ...rule, operations: ['UPDATE'] }] })],
      ['other resources', ({ rule: [rule] }) => ({ rule: [{ ...rule, resources: ['deployments'] }] })],
      ['another group of the API', ({ rule: [rule] }) => ({ rule: [{ ...rule, api_groups: ['apps'] }] })],
      ['namespaces with a label', () => ({ namespace_selector: [{ match_expressions: [{ key: 'admission.gtoken/ignore', operator: 'Exists' }] }] })],
      ['another path', ({ client_config: [{ service: [service] }] }) => ({ client_config: [{ service: [{ ...service, path: '/mutate' }] }] })],
    ])('brings none where it is called for %s', async (_, change) => {
      const applied = applyGtoken();
      const changed = (webhooks: any[]) => webhooks.map(webhook => ({ ...webhook, ...change(webhook) }));
      const resources = applied.resources.map(resource => resource.type !== 'kubernetes_mutating_webhook_configuration_v1' ? resource
        : { ...resource, values: { ...resource.values, webhook: changed(resource.values.webhook) } });
      expect(resources).not.toEqual(applied.resources);
      expect(await list({ ...applied, resources })).toBe('Could not load credentials from any providers');
    }, 60_000);
  });

  /** What a chart makes of its values: the templates of `helm create`, with the values that most charts have besides. https://helm.sh/docs/chart_template_guide/getting_started/ */
  function rendered(values: any): ApiObject[] {
    const { podAnnotations, podLabels, podSecurityContext, nodeSelector, extraEnv, extraVolumeMounts, extraVolumes } = values;
    const { create, name, annotations, automount = true } = values.serviceAccount;
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: PLACE.namespace, annotations }, automountServiceAccountToken: automount };
    const container = { name: 'main', image: 'reader:1', env: [{ name: 'LEVEL', value: 'debug' }, ...extraEnv], volumeMounts: [{ name: 'cache', mountPath: '/cache' }, ...extraVolumeMounts] };
    const template = {
      metadata: { annotations: podAnnotations, labels: { ...LABELS, ...podLabels } },
      spec: {
        serviceAccountName: name, securityContext: podSecurityContext ?? {}, containers: [container], volumes: [{ name: 'cache', emptyDir: {} }, ...extraVolumes],
        ...nodeSelector && { nodeSelector },
      },
    };
    return [...create === true ? [account] : [], owner('Deployment', template)];
  }

  describe('values for a chart', () => {
    test.each(WIRINGS_OF_FILES)('that creates the ServiceAccount, beside the ConfigMap in YAML, %s', async (_, options, webhooks, names) => {
      const applied = apply({ ...options, manifestsOnly: true }, (workload, stack) => {
        new TerraformOutput(stack, 'Values', { value: workload.helmValuesYaml() });
        new TerraformOutput(stack, 'Yaml', { value: workload.manifestsYaml() });
      }, names);
      const { Values: values, Yaml: yaml } = outputs(applied);
      const objects = [...rendered(parse(values)), ...documents(yaml).filter(({ kind }) => kind === 'ConfigMap')];
      expect(objects.filter(({ kind }) => kind === 'ServiceAccount')).toHaveLength(1);
      await expectLetIn(applied, await start(withObjects(applied, objects), address(owner('Deployment')), webhooks), ['main']);
    }, 60_000);

    test.each(WIRINGS_OF_FILES)('that finds both there, as Terraform has applied them, %s', async (_, options, webhooks, names) => {
      const applied = apply(options, (workload, stack) => {
        new TerraformOutput(stack, 'Values', { value: workload.helmValues() });
      }, names);
      const objects = rendered(outputs(applied).Values);
      expect(objects.map(({ kind }) => kind)).toEqual(['Deployment']);
      await expectLetIn(applied, await start(withObjects(applied, objects), address(owner('Deployment')), webhooks), ['main']);
    }, 60_000);
  });

  describe('refuses', () => {
    /** A Deployment of the user, in a stack with the Aspect. */
    const deployed = (serviceAccountName: string | undefined, annotations: Record<string, string> = {}) => apply({ wiring: 'explicit' }, (_, stack) => {
      const [type, kind, , create] = OWNERS.find(([name]) => name === 'kubernetes_deployment_v1')!;
      create(stack, `${type}-${kind}`, { metadata: { labels: LABELS, annotations }, spec: { serviceAccountName, ...TYPED_SPEC } }, PLACE);
      Aspects.of(stack).add(new WorkloadWiring());
    });

    test('pods of another service account, which the Aspect leaves as they are', async () => {
      expect(await logins.of(await start(deployed(undefined), DEPLOYMENT))).toEqual(NOTHING);
    });

    test('containers that the Aspect skips', async () => {
      const applied = deployed('reader', { 'workload-federation/skip-containers': 'proxy' });
      const pod = await start(applied, DEPLOYMENT);
      expect(await logins.of(pod)).toEqual(letIn(applied));
      expect(await logins.of(pod, 'proxy')).toEqual(NOTHING);
    });

    describeOnKubectl('with kubectl', () => {
      test('a Deployment before it is patched, and containers that the patch does not name', async () => {
        const applied = apply({ wiring: 'explicit', manifestsOnly: true }, (workload, stack) => {
          const { patch, ...objects } = workload.manifests({ containers: ['main'] });
          new TerraformOutput(stack, 'Objects', { value: objects });
          new TerraformOutput(stack, 'Patch', { value: patch });
        });
        const { Objects: objects, Patch: patch } = outputs(applied);
        const deployment = owner('Deployment');
        const [before, after] = [deployment, patched(deployment, { spec: { template: patch } })]
          .map(object => withObjects(applied, [...Object.values<ApiObject>(objects), object]));
        expect(await logins.of(await start(before!, address(deployment)))).toEqual(NOTHING);
        const pod = await start(after!, address(deployment));
        expect(await logins.of(pod)).toEqual(letIn(applied));
        expect(await logins.of(pod, 'proxy')).toEqual(NOTHING);
        expect(await logins.of(pod, 'migrate')).toEqual(NOTHING);
      }, 60_000);
    });
  });
});

describeOnTerraform('identities that are not as they are by default', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  const clients = new Clients(internet, { clock: stage.clock });
  const logins = new Logins(clients, COUNTS);
  const { oidc } = stage.clusters;

  afterAll(async () => {
    await clients.close();
    await internet.close();
  });

  /** Applies a workload of the cluster of which only Terraform knows the issuer, with a pod. */
  function apply(
    identities: (stack: TerraformStack, cluster: Cluster) => readonly ICloudIdentity[], awsAccounts: Readonly<Record<string, string>> = {},
  ): Applied {
    const applied = shadowApply(appStacks(app => {
      const stack = stackIn(app);
      const cluster = TOKENS.oidc(stack);
      const workload = new Workload(stack, 'Workload', { serviceAccount: cluster.serviceAccount('reports', 'reader'), identities: identities(stack, cluster) });
      new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
    }), { ...WORLD, awsAccounts: { ...WORLD.awsAccounts, ...awsAccounts } });
    stage.enforce(applied);
    return applied;
  }

  const start = (applied: Applied) => startPod(applied, { cluster: oidc, clock: stage.clock, internet, address: 'kubernetes_pod_v1.Pod' });
  const stranger = (pod: RunningPod) => stolenBy(pod, { cluster: oidc, namespace: 'reports', serviceAccount: 'writer' }, stage.google);
  /** The pod with tokens of its own for other audiences. */
  const asking = (pod: RunningPod, audiences: Readonly<Record<string, string>>) => withTokens(pod, ({ claims }) =>
    oidc.issue({ namespace: pod.namespace, serviceAccount: pod.serviceAccount, audience: audiences[claims.aud[0]] ?? claims.aud }));

  test('audiences of one\'s own: each cloud takes its own, and neither that of another nor the usual one', async () => {
    const [aws, google, azure] = ['aws.acme.example', 'https://gcp.acme.example', 'api://azure.acme.example'] as const;
    const applied = apply((stack, cluster) => identitiesIn(stack, cluster.serviceAccount('reports', 'reader'), {
      aws: { oidcProviders: [new ClusterOidcProvider(stack, 'Registration', { cluster, audience: aws, clientIdList: ['sts.amazonaws.com', aws] })] },
      google: { pools: [new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster, allowedAudiences: [google] })] },
      azure: { audience: azure },
    }));
    const pod = await start(applied);
    expect(await logins.of(pod)).toEqual(letIn(applied));
    expect(await logins.of(stranger(pod))).toEqual(NOT_TRUSTED);
    const AUDIENCE = expect.stringMatching(/^The audience in ID Token \[.*\] does not match the expected audience\.$/) as string;
    const [{ values: { name } }] = applied.resources.filter(({ type }) => type === 'google_iam_workload_identity_pool_provider') as [AppliedResource];
    // AWS knows the usual audience as a client of the issuer, so that it is the role that does not trust it.
    const usual = { [aws]: 'sts.amazonaws.com', [google]: `https://iam.googleapis.com/${name}`, [azure]: 'api://AzureADTokenExchange' };
    expect(await logins.of(asking(pod, usual))).toEqual({ 'AWS': 'AccessDenied', 'Google Cloud': AUDIENCE, 'Azure': 'AADSTS700212' });
    expect(await logins.of(asking(pod, { [aws]: google, [google]: azure, [azure]: aws })))
      .toEqual({ 'AWS': 'InvalidIdentityTokenException', 'Google Cloud': AUDIENCE, 'Azure': 'AADSTS700212' });
  }, 60_000);

  test('identities that exist already, of which only Terraform knows the names', async () => {
    const applied = apply((stack, cluster) => {
      const subject = cluster.serviceAccount('reports', 'reader');
      const trusts = [subject];
      const registered = new IamOpenidConnectProvider(stack, 'Registered', { url: cluster.issuer, clientIdList: ['legacy.example.com'] });
      const host = Fn.trimprefix(cluster.issuer, 'https://');
      const trust = new DataAwsIamPolicyDocument(stack, 'LegacyTrust', {
        statement: [{
          actions: ['sts:AssumeRoleWithWebIdentity'],
          principals: [{ type: 'Federated', identifiers: [registered.arn] }],
          condition: [['aud', 'legacy.example.com'], ['sub', subject.subject]].map(([claim, value]) => ({ test: 'StringEquals', variable: `${host}:${claim}`, values: [value!] })),
        }],
      });
      const legacy = new IamRole(stack, 'Legacy', { name: 'legacy', assumeRolePolicy: trust.json });
      const role = AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: legacy.arn, trusts, audience: 'legacy.example.com' });
      role.grantBucketRead('arn:aws:s3:::bucket-of-123456789012');
      new ServiceAccount(stack, 'LegacyAccount', { accountId: 'legacy' });
      const account = new GcpFederatedServiceAccount(stack, 'Account', { email: 'legacy@acme-apps.iam.gserviceaccount.com', trusts });
      account.grantBucketRead('acme-reports');
      const identity = AzureFederatedIdentity.fromName(stack, 'Identity', { trusts, identityName: 'legacy', resourceGroupName: 'reports' });
      identity.grantContainerRead(containerIn(stack));
      return [role, account, identity];
    });
    const [{ values: { client_id: clientId } }] = applied.resources.filter(({ type }) => type === 'azurerm_user_assigned_identity') as [AppliedResource];
    const pod = await start(applied);
    expect(await logins.of(pod)).toEqual({
      'AWS': 'arn:aws:iam::123456789012:role/legacy: hello.txt', 'Google Cloud': 'serviceAccount:legacy@acme-apps.iam.gserviceaccount.com: report.txt', 'Azure': `${clientId}: report.txt`,
    });
    expect(await logins.of(stranger(pod))).toEqual(NOT_TRUSTED);
  }, 60_000);

  test('a role in China', async () => {
    const applied = apply((stack, cluster) => {
      const role = new AwsFederatedRole(stack, 'Role', {
        trusts: [cluster.serviceAccount('reports', 'reader')], roleName: 'reports-reader', awsProvider: new AwsProvider(stack, 'China', { alias: 'china', region: 'cn-north-1' }),
      });
      role.grantBucketRead('arn:aws-cn:s3:::bucket-of-210987654321');
      return [role];
    }, { 'aws.china': '210987654321' });
    const pod = await start(applied);
    const list = async (who: RunningPod) => logins.said(await clients.run(who, 'main', '@aws-sdk/client-s3', { bucket: 'bucket-of-210987654321' }));
    expect(await list(pod)).toBe('arn:aws-cn:iam::210987654321:role/reports-reader: hello.txt');
    expect(await list(stranger(pod))).toBe('AccessDenied');
  }, 60_000);

  // https://learn.microsoft.com/en-us/entra/identity-platform/authentication-national-cloud has the hosts of the directories.
  test.each([
    ['usgovernment', 'login.microsoftonline.us', 'blob.core.usgovcloudapi.net', 'api://AzureADTokenExchangeUSGov'],
    ['china', 'login.chinacloudapi.cn', 'blob.core.chinacloudapi.cn', 'api://AzureADTokenExchangeChina'],
  ] as const)('an identity in the cloud %s of Azure', async (azureCloud, directory, blobs, audience) => {
    const applied = apply((stack, cluster) => identitiesIn(stack, cluster.serviceAccount('reports', 'reader'), { azure: { azureCloud } }).slice(2));
    const { clock } = stage;
    const storage = { acmedata: { containers: { reports: ['report.txt'] } } };
    new Azure({ applied, internet, clock, world: WORLD, storage, hosts: { directory, blobs } }).serve();
    // The tenants of one cloud are none of another.
    new Azure({ applied: { resources: [], outputs: {} }, internet, clock, world: { azureTenant: '99999999-2222-3333-4444-555555555555' } }).serve();
    const list = async (who: RunningPod) => logins.said(await clients.script(who, 'main', `
      const { DefaultAzureCredential } = require('@azure/identity');
      const { ContainerClient } = require('@azure/storage-blob');
      const names = [];
      for await (const { name } of new ContainerClient('https://acmedata.${blobs}/reports', new DefaultAzureCredential()).listBlobsFlat()) names.push(name);
      return names;
    `));
    const [{ values: { client_id: clientId } }] = applied.resources.filter(({ type }) => type === 'azurerm_user_assigned_identity') as [AppliedResource];
    const pod = await start(applied);
    expect(await list(pod)).toBe(`${clientId}: report.txt`);
    expect(await list(stranger(pod))).toBe('AADSTS700213');
    expect(await list(asking(pod, { [audience]: 'api://AzureADTokenExchange' }))).toBe('AADSTS700212');
    const astray = new Map([...pod.containers].map(([name, { env, files }]) => [name, { env: { ...env, AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/' }, files }]));
    expect(await list({ ...pod, containers: astray })).toBe('AADSTS90002');
  }, 60_000);

  // The count is that of a run with kubectl.
  describeOnKubectl('the figures', () => {
    test('of this page', () => figure('manifests', logins.counted));
  });
});

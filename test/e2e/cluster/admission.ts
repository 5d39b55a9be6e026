import { Admission } from './admission-request';
import { mutateByAzure } from './azure-webhook';
import { mutateByEks } from './eks-webhook';
import { mutateByGtoken } from './gtoken-webhook';
import { mutateByPfnet } from './pfnet-webhook';
import { Container, Pod } from './pod';
import { KubernetesError } from './refusal';
import { DEFAULT_TOKEN_SECONDS, digest } from './test-cluster';
import { callWebhook } from './webhook-call';
import { ApiObject } from '../kubernetes/api-objects';

/** The webhooks that may stand in a cluster beside those that Terraform applied. */
export type WebhookName = 'eks' | 'azure' | 'pfnet' | 'gtoken';

interface Webhook {
  /** The name of its configuration: they are called in the order of these. */
  readonly name: string;
  readonly selects: (pod: Pod, namespaceLabels: Readonly<Record<string, string>>) => boolean;
  /** Whether it is asked again after another one has changed the pod. */
  readonly again: boolean;
  readonly mutate: (admission: Admission) => void | Promise<void>;
}

const DEFAULT_MOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Changes a pod as the admission of a cluster does before the pod is stored. */
export async function admit(admission: Admission, installed: readonly WebhookName[] | undefined): Promise<void> {
  const { pod, objects } = admission;
  admitServiceAccount(admission);
  const namespaceLabels = objects.namespaceLabels(pod.namespace);
  const called = webhooksOf(admission, installed).filter(webhook => webhook.selects(pod, namespaceLabels));
  const text = () => JSON.stringify([pod.initContainers, pod.containers, pod.volumes]);
  // What stood there when a webhook had been asked: one that sees another pod later is asked once more where its configuration says IfNeeded.
  const left = new Map<Webhook, string>();
  for (const webhook of called) {
    await webhook.mutate(admission);
    // The API server's own plugins run again after each change: containers that were added find the default token too.
    admitServiceAccount(admission);
    left.set(webhook, text());
  }
  for (const webhook of called.filter(({ again }) => again)) {
    if (left.get(webhook) !== text()) {
      await webhook.mutate(admission);
      admitServiceAccount(admission);
    }
  }
}

/**
 * The ServiceAccount plugin of the API server: the account is there, and its token in every container, unless the pod or the account says otherwise:
 * https://github.com/kubernetes/kubernetes/blob/master/plugin/pkg/admission/serviceaccount/admission.go.
 */
function admitServiceAccount({ pod, objects }: Admission): void {
  if (pod.serviceAccountName === '') pod.serviceAccountName = 'default';
  const account = objects.serviceAccount(pod.namespace, pod.serviceAccountName);
  if (account === undefined) {
    throw new KubernetesError('Forbidden',
      `pods "${pod.name}" is forbidden: error looking up service account ${pod.namespace}/${pod.serviceAccountName}: serviceaccount "${pod.serviceAccountName}" not found`);
  }
  if (!(pod.automount ?? account.automount ?? true)) return;
  const known = pod.volumes.find(({ name }) => name?.startsWith('kube-api-access-'));
  const name = known?.name ?? `kube-api-access-${digest(pod.namespace, pod.name).slice(0, 5)}`;
  let wanted = false;
  const mount = (container: Container) => {
    if (container.volumeMounts.some(({ mountPath }) => mountPath === DEFAULT_MOUNT)) return;
    container.volumeMounts = [...container.volumeMounts, { name, mountPath: DEFAULT_MOUNT, readOnly: true }];
    wanted = true;
  };
  [...pod.initContainers, ...pod.containers].forEach(mount);
  if (!wanted || known !== undefined) return;
  pod.volumes = [...pod.volumes, {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: DEFAULT_TOKEN_SECONDS, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  }];
}

/** The webhooks of a cluster: what its platform brings, what a test says is installed, and what Terraform applied. */
function webhooksOf({ cluster, objects }: Admission, installed: readonly WebhookName[] | undefined): Webhook[] {
  const names = new Set<WebhookName>(installed ?? (cluster.kind === 'eks' ? ['eks'] : cluster.kind === 'aks' ? ['azure'] : []));
  const webhooks: Webhook[] = [];
  if (names.has('eks')) {
    // The configuration that EKS installs: https://github.com/aws/amazon-eks-pod-identity-webhook/blob/master/deploy/mutatingwebhook.yaml.
    webhooks.push({
      name: 'pod-identity-webhook', again: true, mutate: mutateByEks, selects: pod => !Object.hasOwn(pod.labels, 'eks.amazonaws.com/skip-pod-identity-webhook'),
    });
  }
  if (names.has('azure')) {
    // https://github.com/Azure/azure-workload-identity/blob/main/manifest_staging/charts/workload-identity-webhook/templates: objectSelector.
    webhooks.push({
      name: 'azure-wi-webhook-mutating-webhook-configuration', again: true, mutate: mutateByAzure, selects: pod => pod.labels['azure.workload.identity/use'] === 'true',
    });
  }
  if (names.has('pfnet')) {
    // https://github.com/pfnet-research/gcp-workload-identity-federation-webhook/tree/main/charts has no selector; the name is that of the README's release.
    webhooks.push({ name: 'gcp-wif-webhook-mutating-webhook-configuration', again: false, mutate: mutateByPfnet, selects: () => true });
  }
  const applied = objects.webhooks.flatMap(configuration => (configuration.webhooks as any[] ?? [])
    .filter(asksForPods)
    .map((webhook): Webhook => ({
      name: configuration.metadata.name,
      again: webhook.reinvocationPolicy === 'IfNeeded',
      mutate: admission => callWebhook(admission, webhook),
      selects: (pod, labels) => matches(webhook.namespaceSelector, labels) && matches(webhook.objectSelector, pod.labels),
    })));
  webhooks.push(...applied);
  if (names.has('gtoken')) {
    // https://github.com/doitintl/gtoken/blob/master/deployment/mutatingwebhook.yaml has no selector.
    webhooks.push({ name: 'mutating-gtoken-webhook-cfg', again: false, mutate: admission => mutateByGtoken(admission), selects: () => true });
  }
  return webhooks.sort((a, b) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function asksForPods({ rules = [] }: any): boolean {
  const has = (values: readonly string[] | undefined, value: string) => values?.some(entry => entry === value || entry === '*') ?? false;
  return rules.some(({ operations, apiGroups, apiVersions, resources, scope = '*' }: any) => scope !== 'Cluster' && has(operations, 'CREATE') && has(apiGroups, '') && has(apiVersions, 'v1') && has(resources, 'pods'));
}

/** A label selector: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/label-selector/. */
function matches(selector: ApiObject['selector'], labels: Readonly<Record<string, string>>): boolean {
  const wanted = Object.entries((selector?.matchLabels ?? {}) as Record<string, string>);
  const expressions = (selector?.matchExpressions ?? []) as { key: string; operator: string; values?: string[] }[];
  return wanted.every(([key, value]) => labels[key] === value) && expressions.every(({ key, operator, values = [] }) => {
    const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
    switch (operator) {
      case 'In': return value !== undefined && values.includes(value);
      case 'NotIn': return value === undefined || !values.includes(value);
      case 'Exists': return value !== undefined;
      case 'DoesNotExist': return value === undefined;
      default: throw new KubernetesError('Invalid', `${operator} is not a valid label selector operator`);
    }
  });
}

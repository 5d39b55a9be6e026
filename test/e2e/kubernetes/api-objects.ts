import { AppliedResource } from '../model';

/** An object as the Kubernetes API takes it. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly [field: string]: any };
  readonly [field: string]: any;
}

/** What the typed resources of the Kubernetes provider become. */
const KINDS: Readonly<Record<string, readonly [apiVersion: string, kind: string]>> = {
  kubernetes_cluster_role_binding_v1: ['rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'],
  kubernetes_cluster_role_v1: ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  kubernetes_config_map_v1: ['v1', 'ConfigMap'],
  kubernetes_cron_job_v1: ['batch/v1', 'CronJob'],
  kubernetes_daemon_set_v1: ['apps/v1', 'DaemonSet'],
  kubernetes_deployment_v1: ['apps/v1', 'Deployment'],
  kubernetes_job_v1: ['batch/v1', 'Job'],
  kubernetes_mutating_webhook_configuration_v1: ['admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'],
  kubernetes_namespace_v1: ['v1', 'Namespace'],
  kubernetes_pod_disruption_budget_v1: ['policy/v1', 'PodDisruptionBudget'],
  kubernetes_pod_v1: ['v1', 'Pod'],
  kubernetes_replication_controller_v1: ['v1', 'ReplicationController'],
  kubernetes_secret_v1: ['v1', 'Secret'],
  kubernetes_service_account_v1: ['v1', 'ServiceAccount'],
  kubernetes_service_v1: ['v1', 'Service'],
  kubernetes_stateful_set_v1: ['apps/v1', 'StatefulSet'],
};

/** The provider names blocks that may stand many times in the singular. */
const PLURALS: Readonly<Record<string, string>> = {
  container: 'containers',
  env: 'env',
  env_from: 'envFrom',
  host_aliases: 'hostAliases',
  image_pull_secrets: 'imagePullSecrets',
  init_container: 'initContainers',
  items: 'items',
  match_expressions: 'matchExpressions',
  port: 'ports',
  rule: 'rules',
  sources: 'sources',
  subject: 'subjects',
  toleration: 'tolerations',
  topology_spread_constraint: 'topologySpreadConstraints',
  volume: 'volumes',
  volume_mount: 'volumeMounts',
  webhook: 'webhooks',
};

/** Maps of texts, whose keys are the user's. */
export const MAPS: ReadonlySet<string> = new Set(['annotations', 'binary_data', 'data', 'labels', 'limits', 'match_labels', 'node_selector', 'requests', 'string_data']);

/** Numbers that the provider takes as text. */
const NUMBERS = new Set(['fs_group', 'max_unavailable', 'min_available', 'port', 'replicas', 'run_as_group', 'run_as_user', 'target_port', 'ttl_seconds_after_finished']);

const camel = (key: string) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()).replace(/Ip\b/, 'IP');

/** Which of the ports is meant: those of a container are a list of blocks, that of a probe or of a webhook's service is a number. */
const isList = (key: string, value: unknown): value is readonly unknown[] => key in PLURALS && Array.isArray(value);

/** The selector of a Service or a ReplicationController is a map of labels, and that of others a block. */
const isMap = (key: string, value: any) => MAPS.has(key) || key === 'selector' && !Array.isArray(value) && !('match_labels' in value || 'match_expressions' in value);

function field(key: string, value: any): [string, any] {
  if (isMap(key, value)) {
    return [camel(key), Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]))];
  }
  if (isList(key, value)) {
    return [PLURALS[key]!, value.map(fields)];
  }
  if ((key === 'default_mode' || key === 'mode') && /^[0-7]+$/.test(value)) {
    return [camel(key), Number.parseInt(value, 8)];
  }
  // What is not a block is a list of texts.
  if (Array.isArray(value)) {
    return [camel(key), value.every(entry => typeof entry === 'object') ? fields(value[0]) : value];
  }
  if (NUMBERS.has(key) && /^\d+$/.test(String(value))) {
    return [camel(key), Number(value)];
  }
  return [camel(key), typeof value === 'object' ? fields(value) : value];
}

/** The service of a Kubernetes resource's fields; blocks of none are left out. */
function fields(block: any): any {
  const said = (value: unknown) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0);
  const entries = Object.entries(block ?? {}).filter(([, value]) => said(value));
  return Object.fromEntries(entries.map(([key, value]) => field(key, value)));
}

/** What the provider adds to objects of Kubernetes. */
const OF_TERRAFORM = new Set([
  'id', 'timeouts', 'wait_for_completion', 'wait_for_rollout', 'wait_for_load_balancer', 'wait_for_default_service_account', 'default_secret_name',
]);

/** The objects that Terraform sends to the Kubernetes API. */
export function apiObjects(resources: readonly AppliedResource[]): ApiObject[] {
  return resources.filter(({ type, data }) => type.startsWith('kubernetes_') && !data).map(({ type, address, values }) => {
    if (type === 'kubernetes_manifest') {
      return values.manifest;
    }
    if (type === 'kubernetes_annotations') {
      const { api_version: apiVersion, kind, metadata, annotations } = values;
      return { apiVersion, kind, metadata: { ...fields([metadata].flat()[0]), annotations } };
    }
    const [apiVersion, kind] = KINDS[type] ?? [];
    if (apiVersion === undefined) {
      throw new Error(`${address}: ${type} must have an entry in KINDS`);
    }
    const own = Object.fromEntries(Object.entries(values).filter(([key]) => !OF_TERRAFORM.has(key)));
    return { apiVersion, kind, ...fields(own) };
  });
}

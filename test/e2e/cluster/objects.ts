import { ApiObject, apiObjects, MAPS } from '../kubernetes/api-objects';
import type { Applied, AppliedResource } from '../model';
import { KubernetesError } from './refusal';

/** What stands in a cluster before Terraform applies anything. */
export interface ExistingObject {
  readonly kind: 'ServiceAccount' | 'ConfigMap' | 'Secret' | 'Namespace';
  readonly name: string;
  /** Left out for a Namespace. */
  readonly namespace?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Of a ConfigMap or Secret, as text. */
  readonly data?: Readonly<Record<string, string>>;
  readonly automountServiceAccountToken?: boolean;
}

export interface ServiceAccount {
  readonly annotations: Readonly<Record<string, string>>;
  readonly automount?: boolean;
}

/** Maps in which the provider takes any key. */
const ANY_KEY = new Set([...MAPS, 'manifest', 'volume_attributes']);

/** Annotations and labels that Terraform puts on what exists, by kind. */
const PATCHES = new Set(['kubernetes_annotations', 'kubernetes_labels', 'kubernetes_config_map_v1_data']);
/** What the unversioned types are called since there is a version in the name; `kubernetes_pod` is `kubernetes_pod_v1`. */
const versioned = (type: string) => /_v\d(?:_data)?$/.test(type) || type === 'kubernetes_manifest' || PATCHES.has(type) ? type : `${type.replace(/^kubernetes_(daemonset|default_service_account)$/,
  (_, kind: string) => kind === 'daemonset' ? 'kubernetes_daemon_set' : 'kubernetes_default_service_account')}_v1`;

/** `kubernetes_cluster_role_v1` makes a ClusterRole. */
const kindOf = (type: string) => versioned(type).replace(/^kubernetes_|_v\d$/g, '').replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** The keys of a ConfigMap or Secret: https://kubernetes.io/docs/concepts/configuration/configmap/#configmap-object. */
const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;

/** Refuses what the provider does not know: it has every block in snake_case, and fails on another argument. */
function checkArguments(address: string, value: unknown): void {
  if (Array.isArray(value)) {
    for (const entry of value) checkArguments(address, entry);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      if (/[A-Z]/.test(key)) throw new KubernetesError('Invalid', `${address}: An argument named "${key}" is not expected here.`);
      if (!ANY_KEY.has(key)) checkArguments(address, inner);
    }
  }
}

/** The object that a resource sends to the API server, with what the provider says where the configuration says nothing. */
export function objectOf(resource: AppliedResource): ApiObject {
  const type = versioned(resource.type);
  if (type === 'kubernetes_manifest') return resource.values.manifest as ApiObject;
  checkArguments(resource.address, resource.values);
  const plain = type === 'kubernetes_default_service_account_v1' ? 'kubernetes_service_account_v1' : type;
  const object = apiObjects([{ ...resource, type: plain }])[0]!;
  return type === 'kubernetes_default_service_account_v1' ? { ...object, metadata: { ...object.metadata, name: 'default' } } : object;
}

/** Whether a resource of Terraform is an object of a cluster that a pod can meet. */
const KINDS = new Set(['ServiceAccount', 'ConfigMap', 'Secret', 'Namespace', 'MutatingWebhookConfiguration']);
const TYPES = new Set([
  'kubernetes_service_account_v1', 'kubernetes_default_service_account_v1', 'kubernetes_config_map_v1', 'kubernetes_secret_v1', 'kubernetes_namespace_v1',
  'kubernetes_mutating_webhook_configuration_v1', 'kubernetes_manifest',
]);

/** The objects of one cluster: what exists, and what Terraform applied. */
export class ClusterObjects {
  private readonly serviceAccounts = new Map<string, { annotations: Record<string, string>; automount?: boolean }>();
  private readonly configMaps = new Map<string, Map<string, string>>();
  private readonly secrets = new Map<string, Map<string, string>>();
  private readonly namespaces = new Map<string, Record<string, string>>();
  /** MutatingWebhookConfigurations, by name. */
  public readonly webhooks: readonly ApiObject[];
  private readonly own: readonly AppliedResource[];

  public constructor(applied: Applied, existing: readonly ExistingObject[], belongs: (resource: AppliedResource) => boolean) {
    const webhooks: ApiObject[] = [];
    for (const object of existing) this.addExisting(object);
    const own = applied.resources.filter(resource => !resource.data && resource.type.startsWith('kubernetes_') && belongs(resource));
    this.own = own;
    for (const resource of own.filter(({ type }) => TYPES.has(versioned(type)))) {
      const object = objectOf(resource);
      if (KINDS.has(object.kind)) this.add(resource, object, webhooks);
    }
    for (const resource of own.filter(({ type }) => PATCHES.has(type))) this.patch(resource);
    this.webhooks = webhooks;
  }

  /** What was applied of a kind, whose objects no pod meets. */
  public all(kind: string): readonly ApiObject[] {
    return this.resources(kind).map(resource => objectOf(resource));
  }

  /** The resources that make the objects of a kind. */
  public resources(kind: string): readonly AppliedResource[] {
    return this.own.filter(({ type, values }) => (type === 'kubernetes_manifest' ? values.manifest.kind : kindOf(type)) === kind);
  }

  /** A ServiceAccount; each namespace has one named default. */
  public serviceAccount(namespace: string, name: string): ServiceAccount | undefined {
    return this.serviceAccounts.get(id(namespace, name)) ?? (name === 'default' ? { annotations: {} } : undefined);
  }

  /** What a ConfigMap holds; each namespace has one with the cluster's authority. */
  public configMap(namespace: string, name: string): ReadonlyMap<string, string> | undefined {
    return this.configMaps.get(id(namespace, name))
      ?? (name === 'kube-root-ca.crt' ? new Map([['ca.crt', '-----BEGIN CERTIFICATE-----\ntest\n-----END CERTIFICATE-----\n']]) : undefined);
  }

  public secret(namespace: string, name: string): ReadonlyMap<string, string> | undefined {
    return this.secrets.get(id(namespace, name));
  }

  /** The labels of a namespace, with the one that Kubernetes puts on each. */
  public namespaceLabels(namespace: string): Readonly<Record<string, string>> {
    return { ...this.namespaces.get(namespace), 'kubernetes.io/metadata.name': namespace };
  }

  private addExisting({ kind, name, namespace = 'default', annotations = {}, labels = {}, data = {}, automountServiceAccountToken }: ExistingObject): void {
    if (kind === 'ServiceAccount') this.serviceAccounts.set(id(namespace, name), { annotations: { ...annotations }, automount: automountServiceAccountToken });
    else if (kind === 'Namespace') this.namespaces.set(name, { ...labels });
    else (kind === 'ConfigMap' ? this.configMaps : this.secrets).set(id(namespace, name), new Map(Object.entries(data)));
  }

  private add({ address, type }: AppliedResource, object: ApiObject, webhooks: ApiObject[]): void {
    const { name, namespace = 'default', annotations, labels } = object.metadata;
    if (object.kind === 'MutatingWebhookConfiguration') {
      webhooks.push(object);
      return;
    }
    if (object.kind === 'Namespace') {
      this.namespaces.set(name, { ...texts(address, labels) });
      return;
    }
    const key = id(namespace, name);
    const adopts = versioned(type) === 'kubernetes_default_service_account_v1';
    const map: Map<string, unknown> = object.kind === 'ServiceAccount' ? this.serviceAccounts : object.kind === 'ConfigMap' ? this.configMaps : this.secrets;
    if (map.has(key) && !adopts) throw new KubernetesError('AlreadyExists', `${address}: ${object.kind} "${name}" in namespace "${namespace}" already exists; \`belongs\` says which resources are of this cluster`);
    if (object.kind === 'ServiceAccount') {
      this.serviceAccounts.set(key, { annotations: { ...texts(address, annotations) }, automount: object.automountServiceAccountToken });
      return;
    }
    // The provider encodes the texts of a Secret; a manifest holds them encoded.
    const encoded = object.kind === 'Secret' && versioned(type) === 'kubernetes_manifest';
    const plain = texts(address, object.data);
    const entries = [
      ...Object.entries(plain).map(([name_, value]): [string, string] => [name_, encoded ? decoded(value) : value]),
      ...Object.entries(texts(address, object.binaryData)).map(([name_, value]): [string, string] => [name_, decoded(value)]),
      ...Object.entries(texts(address, object.stringData)),
    ];
    for (const [name_] of entries) {
      if (!DATA_KEY.test(name_) || name_ === '.' || name_.startsWith('..')) {
        throw new KubernetesError('Invalid', `${address}: data[${name_}]: Invalid value: "${name_}": a valid config key must consist of alphanumeric characters, '-', '_' or '.'`);
      }
    }
    (object.kind === 'ConfigMap' ? this.configMaps : this.secrets).set(key, new Map(entries));
  }

  /** What Terraform adds to an object that exists, or was applied: the provider fails where there is none. */
  private patch({ address, type, values }: AppliedResource): void {
    const metadata = Array.isArray(values.metadata) ? values.metadata[0] : values.metadata;
    const { name, namespace = 'default' } = metadata;
    if (type === 'kubernetes_config_map_v1_data') {
      const map = this.configMaps.get(id(namespace, name));
      if (map === undefined) throw new KubernetesError('NotFound', `${address}: configmaps "${name}" not found`);
      for (const [key, value] of Object.entries(texts(address, values.data))) map.set(key, value);
    } else if (values.kind === 'ServiceAccount' && type === 'kubernetes_annotations') {
      const key = id(namespace, name);
      // A plan without the object fails, so that it is there.
      const account = this.serviceAccounts.get(key) ?? { annotations: {} };
      this.serviceAccounts.set(key, { ...account, annotations: { ...account.annotations, ...texts(address, values.annotations) } });
    } else if (values.kind === 'Namespace' && type === 'kubernetes_labels') {
      this.namespaces.set(name, { ...this.namespaces.get(name), ...texts(address, values.labels) });
    }
  }
}

const id = (namespace: string, name: string) => `${namespace}/${name}`;
const decoded = (value: string) => Buffer.from(value, 'base64').toString('utf8');

/** A map of texts; the API server takes no other. */
function texts(address: string, map: unknown): Record<string, string> {
  const entries = Object.entries((map ?? {}) as Record<string, unknown>).filter(([, value]) => value !== null && value !== undefined);
  const wrong = entries.find(([, value]) => typeof value !== 'string');
  if (wrong !== undefined) throw new KubernetesError('Invalid', `${address}: ${wrong[0]} must be a string`);
  return Object.fromEntries(entries) as Record<string, string>;
}

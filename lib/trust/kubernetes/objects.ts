import { blocksAt, field, Spelling, spelled, textAt, textIn } from './blocks';
import { SKIP, saidToSkip } from '../../skipping';
import { Note, Terraform, TerraformResource, Where } from '../model';
import { isMap, keyOf, TextValue, Unknown, Value, ValueMap } from '../value';
import { attributeAt } from '../where';

/** A ServiceAccount of the input. */
export interface Account {
  /** What tells its cluster from others: the provider, or else the stack. */
  readonly cluster: string;
  readonly namespace: TextValue;
  readonly name: TextValue;
  /** Annotations that are known to be there. */
  readonly annotations: ReadonlyMap<string, Value>;
  /** Whether there may be others. */
  readonly open: boolean;
  readonly labels: Value | undefined;
  readonly automount: Value | undefined;
  readonly where: Where;
  readonly annotationsWhere: Where;
}

/** A pod, or the template of pods of something that makes them. */
export interface PodObject {
  /** What tells its cluster from others: the provider, or else the stack. */
  readonly cluster: string;
  readonly where: Where;
  readonly spelling: Spelling;
  readonly namespace: TextValue;
  readonly serviceAccount: TextValue;
  readonly labels: Value | undefined;
  readonly annotations: Value | undefined;
  /** Whether nobody shall wire them, as the resource says or else the pods; undefined where neither is known to say anything but "false". */
  readonly skip: TextValue | undefined;
  /** The specification of the pod, and where it stands in the resource. */
  readonly spec: Value | undefined;
  readonly path: string;
  /** Volumes that each pod of a StatefulSet has of its own. */
  readonly claims: readonly ValueMap[];
}

/** A ConfigMap or Secret; of a Secret, the keys alone. */
export interface DataObject {
  /** What tells its cluster from others: the provider, or else the stack. */
  readonly cluster: string;
  readonly namespace: TextValue;
  readonly name: TextValue;
  readonly entries: ReadonlyMap<string, TextValue | undefined>;
  /** Whether there may be other keys. */
  readonly open: boolean;
  readonly where: Where;
  readonly dataWhere: Where;
}

/** The objects of Kubernetes that say how pods come by credentials. */
export interface Objects {
  readonly accounts: readonly Account[];
  readonly pods: readonly PodObject[];
  readonly configMaps: readonly DataObject[];
  readonly secrets: readonly DataObject[];
  readonly notes: readonly Note[];
}

/** Where the specification of pods stands, by kind; pods of themselves have no template. */
const TEMPLATES: ReadonlyMap<string, readonly string[]> = new Map([
  ['Pod', []],
  ...['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'ReplicationController', 'Job']
    .map((kind): [string, readonly string[]] => [kind, ['spec', 'template']]),
  ['CronJob', ['spec', 'jobTemplate', 'spec', 'template']],
]);

/** Typed resources by the kind that they make. */
const TYPES: readonly (readonly [string, readonly string[]])[] = [
  ['Pod', ['kubernetes_pod', 'kubernetes_pod_v1']],
  ['Deployment', ['kubernetes_deployment', 'kubernetes_deployment_v1']],
  ['StatefulSet', ['kubernetes_stateful_set', 'kubernetes_stateful_set_v1']],
  ['DaemonSet', ['kubernetes_daemonset', 'kubernetes_daemon_set_v1']],
  ['Job', ['kubernetes_job', 'kubernetes_job_v1']],
  ['CronJob', ['kubernetes_cron_job', 'kubernetes_cron_job_v1']],
  ['ReplicationController', ['kubernetes_replication_controller', 'kubernetes_replication_controller_v1']],
  ['ServiceAccount', [
    'kubernetes_service_account', 'kubernetes_service_account_v1', 'kubernetes_default_service_account', 'kubernetes_default_service_account_v1',
  ]],
  ['ConfigMap', ['kubernetes_config_map', 'kubernetes_config_map_v1']],
  ['Secret', ['kubernetes_secret', 'kubernetes_secret_v1']],
];

/** An object in either spelling. */
interface KubernetesObject {
  readonly kind: string;
  readonly cluster: string;
  /** The resource's type. */
  readonly type: string;
  readonly spelling: Spelling;
  readonly body: ValueMap;
  readonly where: Where;
  /** What comes before paths in the object. */
  readonly prefix: string;
  /** Whether its content is that of the resource, and not looked up. */
  readonly managed: boolean;
}

/** Reads the objects, whether in typed resources or as manifests. */
export function readObjects(terraform: Terraform): Objects {
  const notes: Note[] = [];
  const objects = [
    ...TYPES.flatMap(([kind, types]) => types.flatMap(type => terraform.ofType(type).map((resource): KubernetesObject => (
      { kind, cluster: clusterOf(resource), type, spelling: 'typed', body: resource.values, where: resource.where, prefix: '', managed: resource.mode === 'managed' }
    )))),
    ...terraform.ofType('kubernetes_manifest', 'managed').flatMap(resource => manifestOf(resource, notes)),
  ];
  const annotated = annotationsOf(terraform);
  const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount').map(object => accountOf(object, annotated));
  return {
    accounts: [...accounts, ...[...annotated.values()].filter(({ used }) => !used).map(accountOfAnnotations)],
    pods: objects.flatMap(podOf),
    configMaps: objects.filter(({ kind }) => kind === 'ConfigMap').map(object => dataOf(object, ['data'])),
    secrets: objects.filter(({ kind }) => kind === 'Secret').map(object => dataOf(object, ['data', 'stringData'])),
    notes,
  };
}

/** A key for names within a cluster. */
export function clusterKey(cluster: string, ...names: readonly TextValue[]): string {
  return JSON.stringify([cluster, keyOf(names)]);
}

function clusterOf({ provider, where }: TerraformResource): string {
  return provider ?? where.stack ?? where.file;
}

function manifestOf(resource: TerraformResource, notes: Note[]): readonly KubernetesObject[] {
  const { type, values, where } = resource;
  const body = values.get('manifest');
  const kind = isMap(body) ? body.get('kind') : undefined;
  if (!isMap(body) || typeof kind !== 'string') {
    notes.push({ message: 'the manifest is not known, nor what it makes', where: attributeAt(where, 'manifest') });
    return [];
  }
  return [{ kind, cluster: clusterOf(resource), type, spelling: 'manifest', body, where, prefix: 'manifest.', managed: true }];
}

function symbolOf(where: Where, ...path: readonly string[]): Unknown {
  return new Unknown([`${where.stack ?? ''}/${where.address}`, ...path].join('.'));
}

function nameOf({ body, spelling, where }: KubernetesObject): TextValue {
  return textAt(body, spelling, 'metadata', 'name') ?? symbolOf(where, 'metadata', '0', 'name');
}

function namespaceOf({ body, spelling }: Pick<KubernetesObject, 'body' | 'spelling'>): TextValue {
  return textAt(body, spelling, 'metadata', 'namespace') ?? 'default';
}

function accountOf(object: KubernetesObject, annotated: ReadonlyMap<string, Annotated>): Account {
  const { cluster, body, spelling, where, prefix, managed } = object;
  const namespace = namespaceOf(object);
  // The account that every namespace has is not named by the resource that manages it.
  const name = object.type.startsWith('kubernetes_default_service_account') ? 'default' : nameOf(object);
  const own = field(body, spelling, 'metadata', 'annotations');
  const more = annotated.get(clusterKey(cluster, namespace, name));
  if (more !== undefined) {
    more.used = true;
  }
  const merged = new Map<string, Value>(isMap(own) ? own : []);
  more?.entries.forEach((value, key) => merged.set(key, value));
  const annotationsWhere = attributeAt(where, `${prefix}metadata.annotations`);
  return {
    cluster, namespace, name, annotations: merged, open: own instanceof Unknown || more?.open === true || !managed, where,
    labels: field(body, spelling, 'metadata', 'labels'), automount: field(body, spelling, 'automountServiceAccountToken'),
    annotationsWhere: more === undefined ? annotationsWhere : attributeAt(more.where, 'annotations'),
  };
}

/** Annotations that are put on a ServiceAccount that is made elsewhere. */
interface Annotated {
  readonly cluster: string;
  readonly namespace: TextValue;
  readonly name: TextValue;
  readonly entries: Map<string, Value>;
  open: boolean;
  used: boolean;
  readonly where: Where;
}

function annotationsOf(terraform: Terraform): ReadonlyMap<string, Annotated> {
  const found = new Map<string, Annotated>();
  for (const resource of terraform.ofType('kubernetes_annotations', 'managed')) {
    const { values, where } = resource;
    const cluster = clusterOf(resource);
    const [name, annotations] = [textAt(values, 'typed', 'metadata', 'name'), values.get('annotations')];
    if (values.get('kind') !== 'ServiceAccount' || name === undefined) {
      continue;
    }
    const namespace = namespaceOf({ body: values, spelling: 'typed' });
    const key = clusterKey(cluster, namespace, name);
    const before = found.get(key) ?? { cluster, namespace, name, entries: new Map<string, Value>(), open: false, used: false, where };
    (isMap(annotations) ? annotations : new Map<string, Value>()).forEach((value, annotation) => before.entries.set(annotation, value));
    before.open ||= annotations instanceof Unknown;
    found.set(key, before);
  }
  return found;
}

function accountOfAnnotations({ cluster, namespace, name, entries, where }: Annotated): Account {
  return {
    cluster, namespace, name, annotations: entries, open: true, labels: undefined, automount: undefined, where, annotationsWhere: attributeAt(where, 'annotations'),
  };
}

function podOf(object: KubernetesObject): readonly PodObject[] {
  const template = TEMPLATES.get(object.kind);
  if (template === undefined || !object.managed) {
    return [];
  }
  const { cluster, body, spelling, where, prefix } = object;
  const found = field(body, spelling, ...template);
  const spec = field(found, spelling, 'spec');
  return [{
    cluster, where, spelling, namespace: namespaceOf(object), spec,
    serviceAccount: textAt(spec, spelling, 'serviceAccountName') ?? textAt(spec, spelling, 'serviceAccount') ?? 'default',
    labels: field(found, spelling, 'metadata', 'labels'), annotations: field(found, spelling, 'metadata', 'annotations'),
    skip: saidToSkip([body, found].map(one => skipIn(field(one, spelling, 'metadata', 'annotations')))),
    path: prefix + [...template, 'spec'].map(name => spelled(name, spelling)).join('.'),
    claims: blocksAt(body, spelling, 'spec', 'volumeClaimTemplates').blocks,
  }];
}

/** What annotations say of whether pods shall be wired: a map that is not known says nothing, as most hold nothing of the kind. */
const skipIn = (annotations: Value | undefined): TextValue | undefined => isMap(annotations) ? textIn(annotations.get(SKIP)) : undefined;

function dataOf(object: KubernetesObject, members: readonly string[]): DataObject {
  const { cluster, body, spelling, where, prefix, kind, managed } = object;
  const entries = new Map<string, TextValue | undefined>();
  let open = !managed;
  for (const member of [...members, 'binaryData']) {
    const data = field(body, spelling, member);
    open ||= data instanceof Unknown;
    for (const key of isMap(data) ? data.keys() : []) {
      entries.set(key, kind === 'Secret' || member === 'binaryData' ? undefined : textAt(data, 'manifest', key) ?? '');
    }
  }
  return { cluster, namespace: namespaceOf(object), name: nameOf(object), entries, open, where, dataWhere: attributeAt(where, `${prefix}data`) };
}

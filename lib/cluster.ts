import { Fn } from 'cdktf';
import { IConstruct } from 'constructs';
import { checkNamespace, checkObjectName, checkPattern, checkProject, Place } from './checks';
import { FederationError } from './errors';
import { isToken, sameText, textOf } from './tokens';

/** Who runs the cluster, and so which platform features a workload on it can use. */
export type ClusterKind = 'eks' | 'gke' | 'oidc';

/** A service account of a cluster: who asks for access. Made by `cluster.serviceAccount(namespace, name)`. */
export interface ServiceAccountSubject {
  /** The cluster that signs the service account's tokens. */
  readonly cluster: Cluster;
  /** The namespace of the service account. */
  readonly namespace: string;
  /** The name of the service account. */
  readonly name: string;
  /** The `sub` claim of its tokens, `system:serviceaccount:<namespace>:<name>`. */
  readonly subject: string;
}

/** Props of an EKS cluster that is known by name and issuer. */
export interface EksClusterProps {
  /** The cluster's name. */
  readonly name: string;
  /** The cluster's issuer, `https://oidc.eks.<region>.amazonaws.com/id/<id>`. */
  readonly issuer: string;
  /**
   * The id that shared registrations of this cluster are named after; must be literal and differ between clusters.
   * @default - `eks-<name>`
   */
  readonly id?: string;
}

/** Props of a GKE cluster that is known by project, location and name. */
export interface GkeClusterProps {
  /** The id (not the number) of the project the cluster is in. */
  readonly project: string;
  /** The region or zone of the cluster. */
  readonly location: string;
  /** The cluster's name. */
  readonly name: string;
  /**
   * Whether the cluster has Workload Identity Federation for GKE, Google's own pool `<project>.svc.id.goog`.
   * With `false` the cluster is a plain OIDC issuer to Google Cloud too.
   * @default true
   */
  readonly workloadIdentity?: boolean;
  /**
   * The id that shared registrations of this cluster are named after; must be literal and differ between clusters.
   * @default - `gke-<name>`
   */
  readonly id?: string;
}

/** Props of any other cluster whose issuer publishes its keys. */
export interface OidcClusterProps {
  /** The cluster's name. */
  readonly name: string;
  /** The issuer, exactly as it stands in the `iss` claim of the cluster's tokens. */
  readonly issuer: string;
  /**
   * The id that shared registrations of this cluster are named after; must be literal and differ between clusters.
   * @default - `oidc-<name>`
   */
  readonly id?: string;
}

/** What `Cluster.fromEksCluster` reads of an `aws_eks_cluster` resource or data source. */
export interface EksClusterResource {
  readonly node: { readonly path: string };
  readonly nameInput?: string;
  readonly identity: { get(index: number): { readonly oidc: { get(index: number): { readonly issuer: string } } } };
}

/** What `Cluster.fromGkeCluster` reads of a `google_container_cluster` resource or data source. */
export interface GkeClusterResource {
  readonly node: { readonly path: string };
  readonly nameInput?: string;
  readonly id: string;
}

/** Options of a cluster that comes from a resource. */
export interface ClusterFromResourceOptions {
  /**
   * The id that shared registrations of this cluster are named after; must be literal and differ between clusters.
   * @default - the kind and the name, where the resource's name is literal
   */
  readonly id?: string;
}

/** Options of a GKE cluster that comes from a resource. */
export interface GkeClusterFromResourceOptions extends ClusterFromResourceOptions {
  /**
   * Whether the cluster has Workload Identity Federation for GKE, Google's own pool `<project>.svc.id.goog`.
   * @default true
   */
  readonly workloadIdentity?: boolean;
}

interface ClusterFields {
  readonly kind: ClusterKind;
  readonly id: string;
  readonly issuer: string;
  readonly workloadPool?: string;
}

/** The subjects whose names were checked; nothing else is trusted. */
const SUBJECTS = new WeakSet<object>();
const FROM_RESOURCE = new WeakMap<object, Map<string, Cluster>>();
const CLUSTERS_OF_APP = new WeakMap<IConstruct, { readonly byId: Map<string, Cluster>; readonly byIssuer: Map<string, Cluster> }>();

/**
 * A Kubernetes cluster as an issuer of identity tokens.
 *
 * A plain value, no construct: it may be used in any number of stacks. Two clusters are the same when their `id` is;
 * the same id with another issuer is refused. The issuer is compared exactly by every cloud, to the last slash.
 */
export class Cluster {
  /**
   * Defines an EKS cluster by its name and issuer.
   * @throws FederationError for an issuer that is no https URL or ends in a slash, or a name EKS refuses
   * @see https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html
   */
  public static eks(props: EksClusterProps): Cluster {
    const where = 'Cluster.eks';
    checkPattern({ where, prop: 'name' }, props.name, /^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/,
      'be letters, digits, "-" and "_", at most 100 characters', 'write the name as EKS knows it', 'InvalidName');
    checkIssuer({ where, prop: 'issuer' }, props.issuer);
    if (!isToken(props.issuer) && props.issuer.endsWith('/')) {
      throw new FederationError({
        code: 'InvalidIssuer', where, prop: 'issuer', rule: 'not end in a slash', got: props.issuer,
        remedy: 'EKS writes its issuer without one, and the clouds compare it exactly',
      });
    }
    return new Cluster({ kind: 'eks', id: clusterId(where, 'eks', props.name, props.id), issuer: props.issuer });
  }

  /**
   * Defines a GKE cluster by its project, location and name, of which its issuer is made.
   * @throws FederationError for a project, location or name that Google Cloud refuses
   * @see https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity
   */
  public static gke(props: GkeClusterProps): Cluster {
    const where = 'Cluster.gke';
    checkProject({ where, prop: 'project' }, props.project);
    checkPattern({ where, prop: 'location' }, props.location, /^[a-z]+(?:-[a-z]+)+\d+(?:-(?:[a-z]|[a-z]{2}\d[a-z]))?$/,
      'be a region or a zone, such as europe-west1 or europe-west1-b', 'a zonal cluster has its zone here', 'InvalidName');
    checkPattern({ where, prop: 'name' }, props.name, /^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/,
      'be lower-case letters, digits and "-", at most 40 characters', 'write the name as GKE knows it', 'InvalidName');
    return new Cluster({
      kind: 'gke',
      id: clusterId(where, 'gke', props.name, props.id),
      issuer: `https://container.googleapis.com/v1/projects/${props.project}/locations/${props.location}/clusters/${props.name}`,
      workloadPool: props.workloadIdentity === false ? undefined : `${props.project}.svc.id.goog`,
    });
  }

  /**
   * Defines any other cluster by its issuer; the clouds must reach `<issuer>/.well-known/openid-configuration`.
   * @throws FederationError for an issuer that is no https URL
   * @see https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
   */
  public static oidc(props: OidcClusterProps): Cluster {
    const where = 'Cluster.oidc';
    checkPattern({ where, prop: 'name' }, props.name, /^[0-9A-Za-z][A-Za-z0-9_-]{0,94}$/,
      'be letters, digits, "-" and "_", at most 95 characters', 'shorten it; the name is only used here', 'InvalidName');
    checkIssuer({ where, prop: 'issuer' }, props.issuer);
    return new Cluster({ kind: 'oidc', id: clusterId(where, 'oidc', props.name, props.id), issuer: props.issuer });
  }

  /** Defines the EKS cluster of an `aws_eks_cluster` resource or data source; the same resource gives the same cluster. */
  public static fromEksCluster(resource: EksClusterResource, options: ClusterFromResourceOptions = {}): Cluster {
    const where = `Cluster.fromEksCluster(${resource.node.path})`;
    const id = clusterId(where, 'eks', resource.nameInput, options.id);
    return remembered(resource, id, () => new Cluster({ kind: 'eks', id, issuer: resource.identity.get(0).oidc.get(0).issuer }));
  }

  /** Defines the GKE cluster of a `google_container_cluster` resource or data source; the same resource gives the same cluster. */
  public static fromGkeCluster(resource: GkeClusterResource, options: GkeClusterFromResourceOptions = {}): Cluster {
    const where = `Cluster.fromGkeCluster(${resource.node.path})`;
    const id = clusterId(where, 'gke', resource.nameInput, options.id);
    const native = options.workloadIdentity !== false;
    return remembered(resource, `${id} ${native}`, () => {
      // `projects/<id>/locations/<location>/clusters/<name>`; self_link says zones for a zonal cluster, the issuer does not.
      const name = resource.id;
      return new Cluster({
        kind: 'gke',
        id,
        issuer: `https://container.googleapis.com/v1/${name}`,
        workloadPool: native ? `${Fn.element(Fn.split('/', name), 1)}.svc.id.goog` : undefined,
      });
    });
  }

  /** Who runs the cluster. */
  public readonly kind: ClusterKind;
  /** The literal id by which the cluster is told from others. */
  public readonly id: string;
  /** The `iss` claim of the cluster's tokens. */
  public readonly issuer: string;
  /** Google's own pool, on a GKE cluster that has Workload Identity Federation for GKE. */
  public readonly workloadPool?: string;

  private constructor(fields: ClusterFields) {
    this.kind = fields.kind;
    this.id = fields.id;
    this.issuer = fields.issuer;
    this.workloadPool = fields.workloadPool;
  }

  /**
   * Names a service account of this cluster, which need not exist yet.
   * @throws FederationError for names that Kubernetes refuses, wildcards among them
   */
  public serviceAccount(namespace: string, name: string): ServiceAccountSubject {
    const where = `Cluster ${this.id}`;
    checkNamespace({ where, prop: 'namespace' }, namespace);
    checkObjectName({ where, prop: 'serviceAccount' }, name);
    const subject = { cluster: this, namespace, name, subject: `system:serviceaccount:${namespace}:${name}` };
    SUBJECTS.add(subject);
    return subject;
  }
}

/**
 * Notes a cluster that an app uses.
 * @throws FederationError where the app uses the id for another issuer, or another id for the issuer
 */
export function noteCluster(scope: IConstruct, where: string, cluster: Cluster): void {
  const root = scope.node.root;
  let clusters = CLUSTERS_OF_APP.get(root);
  if (clusters === undefined) {
    CLUSTERS_OF_APP.set(root, clusters = { byId: new Map(), byIssuer: new Map() });
  }
  const known = clusters.byId.get(cluster.id);
  if (known === cluster) {
    return;
  }
  const issuer = textOf(scope, cluster.issuer);
  if (known !== undefined && textOf(scope, known.issuer) !== issuer) {
    throw new FederationError({
      code: 'DuplicateRegistration', where, prop: 'cluster',
      rule: `have an id of its own (another cluster of the app is "${cluster.id}", with the issuer ${JSON.stringify(textOf(scope, known.issuer))})`,
      got: issuer,
      remedy: 'pass `id` where the cluster is defined',
    });
  }
  const other = clusters.byIssuer.get(issuer);
  if (other !== undefined && other.id !== cluster.id) {
    throw new FederationError({
      code: 'DuplicateRegistration', where, prop: 'cluster', rule: `have one id (the app knows the issuer ${JSON.stringify(issuer)} as "${other.id}")`,
      got: cluster.id,
      remedy: 'define the cluster once, or with the same id: an issuer can be registered once per account',
    });
  }
  if (known === undefined) {
    clusters.byId.set(cluster.id, cluster);
    clusters.byIssuer.set(issuer, cluster);
  }
}

/** Whether two subjects are the same service account of the same cluster. */
export function sameSubject(scope: IConstruct, a: ServiceAccountSubject, b: ServiceAccountSubject): boolean {
  return a === b || (a.cluster.id === b.cluster.id && sameText(scope, a.subject, b.subject));
}

/** One service account by cluster and by what its names resolve to, for maps. */
export function subjectKey(scope: IConstruct, subject: ServiceAccountSubject): string {
  return `${subject.cluster.id} ${textOf(scope, subject.subject)}`;
}

/**
 * The service accounts without duplicates, in an order that does not depend on how they were listed.
 * @throws FederationError where there are none
 */
export function canonicalSubjects(scope: IConstruct, place: Place, subjects: readonly ServiceAccountSubject[]): ServiceAccountSubject[] {
  if (!Array.isArray(subjects) || subjects.length === 0) {
    throw new FederationError({
      code: 'EmptyTrust', ...place, rule: 'name at least one service account', got: '[]',
      remedy: 'pass cluster.serviceAccount(namespace, name); an identity that nobody can become is not created',
    });
  }
  for (const subject of subjects) {
    checkSubject(place, subject);
  }
  if (subjects.length === 1) {
    return [...subjects];
  }
  const byKey = new Map<string, ServiceAccountSubject>();
  for (const subject of subjects) {
    byKey.set(`${subjectKey(scope, subject)} ${subject.cluster.workloadPool === undefined}`, subject);
  }
  return [...byKey.keys()].sort().map(key => byKey.get(key)!);
}

/**
 * Refuses a service account that no cluster made: its names were not checked.
 */
export function checkSubject(place: Place, subject: ServiceAccountSubject): void {
  if (typeof subject !== 'object' || subject === null || !SUBJECTS.has(subject)) {
    throw new FederationError({
      code: 'InvalidIdentifier', ...place, rule: 'be made by cluster.serviceAccount(namespace, name)', got: describe(subject),
      remedy: 'ask the cluster for it; a plain object, a changed copy or one of another copy of this package is not accepted',
    });
  }
}

function describe(subject: unknown): unknown {
  return (subject as Partial<ServiceAccountSubject> | null | undefined)?.subject ?? subject;
}

function remembered(resource: object, key: string, create: () => Cluster): Cluster {
  let clusters = FROM_RESOURCE.get(resource);
  if (clusters === undefined) {
    FROM_RESOURCE.set(resource, clusters = new Map());
  }
  let cluster = clusters.get(key);
  if (cluster === undefined) {
    clusters.set(key, cluster = create());
  }
  return cluster;
}

function clusterId(where: string, kind: ClusterKind, name: string | undefined, id: string | undefined): string {
  if (id === undefined && (name === undefined || isToken(name))) {
    throw new FederationError({
      code: 'UnresolvedValue', where, prop: 'id', rule: 'be given where the name is known to Terraform only', got: id,
      remedy: 'pass a literal `id`: shared registrations are named after it',
    });
  }
  const value = id ?? `${kind}-${name}`;
  if (isToken(value)) {
    throw new FederationError({
      code: 'UnresolvedValue', where, prop: 'id', rule: 'be literal', got: 'a value that only Terraform knows',
      remedy: 'pass a literal `id`: shared registrations are named after it',
    });
  }
  checkPattern({ where, prop: 'id' }, value, /^[0-9A-Za-z][A-Za-z0-9_-]{0,104}$/,
    'be letters, digits, "-" and "_", at most 105 characters', 'choose a short id that will never change', 'InvalidName');
  return value;
}

/**
 * An https URL as the clouds compare it, byte by byte: what browsers normalise is left out (user names, queries, fragments, white space, "..").
 */
const ISSUER = new RegExp('^https://[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*'
  + '(?::(\\d{1,5}))?(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._~%@+=,:-]*)*$');

function checkIssuer(place: Place, issuer: string): void {
  const refuse = (rule: string, remedy: string): never => {
    throw new FederationError({ code: 'InvalidIssuer', ...place, rule, got: issuer, remedy });
  };
  if (typeof issuer !== 'string') {
    refuse('be a URL', 'write it as in the `iss` claim of the cluster\'s tokens');
  }
  if (isToken(issuer)) {
    return;
  }
  if (!issuer.startsWith('https://')) {
    refuse('start with "https://"', 'write it as in the `iss` claim of the cluster\'s tokens; no cloud takes an issuer without TLS');
  }
  const [, port] = ISSUER.exec(issuer) ?? refuse('be a URL of lower-case host and path, with no query, fragment, user name, wildcard or white space',
    'write it as in the `iss` claim of the cluster\'s tokens');
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) {
    refuse('have a port from 1 to 65535', 'write it as in the `iss` claim of the cluster\'s tokens');
  }
}

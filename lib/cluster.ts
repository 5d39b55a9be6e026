import { Fn, TerraformStack } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { checkIssuer, checkJwks, checkNamespace, checkObjectName, checkPattern, checkProject, Place } from './checks';
import { FederationError } from './errors';
import { isToken, sameText, textOf } from './tokens';

/** Who runs the cluster, and so which platform features a workload on it can use. */
export type ClusterKind = 'eks' | 'gke' | 'aks' | 'oidc';

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

/**
 * Every service account of a namespace or of a whole cluster, also those that do not exist yet.
 * Made by `cluster.unsafeEveryServiceAccountOfNamespace(namespace)` and `cluster.unsafeEveryServiceAccountOfCluster()`.
 */
export interface ServiceAccountSet {
  /** The cluster that signs the service accounts' tokens. */
  readonly cluster: Cluster;
  /** The namespace of the service accounts; none where the set is the whole cluster. */
  readonly namespace?: string;
  /** A set has no name. */
  readonly name?: undefined;
  /** What the `sub` claims of the tokens look like, `system:serviceaccount:<namespace>:*`. */
  readonly subject: string;
}

/** Whom an identity may trust: a service account, or a set of them. */
export type TrustedSubject = ServiceAccountSubject | ServiceAccountSet;

/** Props of an EKS cluster that is known by name and issuer. */
export interface EksClusterProps {
  /** The cluster's name. */
  readonly name: string;
  /** The cluster's issuer, `https://oidc.eks.<region>.amazonaws.com/id/<id>`. */
  readonly issuer: string;
  /**
   * The cluster's ARN, which trust policies for EKS Pod Identity name.
   * @default - looked up by the cluster's name where it is needed
   */
  readonly arn?: string;
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
   * The number of the project, by which members of Google's own pool name it.
   * @default - looked up by the project's id where it is needed
   */
  readonly projectNumber?: string;
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

/** Props of an AKS cluster that is known by name and issuer. */
export interface AksClusterProps {
  /** The cluster's name. */
  readonly name: string;
  /** The cluster's issuer with the slash at its end, `https://<region>.oic.prod-aks.azure.com/<tenant>/<id>/`. */
  readonly issuer: string;
  /**
   * Whether the cluster runs Azure's workload identity webhook; with `false` pods are wired explicitly.
   * @default true
   */
  readonly workloadIdentity?: boolean;
  /**
   * The id that shared registrations of this cluster are named after; must be literal and differ between clusters.
   * @default - `aks-<name>`
   */
  readonly id?: string;
}

/** Props of any other cluster. */
export interface OidcClusterProps {
  /** The cluster's name. */
  readonly name: string;
  /** The issuer, exactly as it stands in the `iss` claim of the cluster's tokens. */
  readonly issuer: string;
  /**
   * The issuer's public keys as a JSON Web Key Set, for an issuer that no cloud can reach: `kubectl get --raw /openid/v1/jwks` prints it.
   * Google Cloud takes uploaded keys; AWS and Azure fetch them from the issuer, and refuse such a cluster here.
   * @default - the clouds fetch the keys from the issuer
   */
  readonly jwks?: string;
  /**
   * The id that shared registrations of this cluster are named after; must be literal and differ between clusters.
   * @default - `oidc-<name>`
   */
  readonly id?: string;
}

/** What `Cluster.fromEksCluster` reads of an `aws_eks_cluster` resource or data source. */
export interface EksClusterResource {
  readonly node: { readonly path: string };
  readonly name: string;
  readonly nameInput?: string;
  readonly arn: string;
  readonly identity: { get(index: number): { readonly oidc: { get(index: number): { readonly issuer: string } } } };
}

/** What `Cluster.fromGkeCluster` reads of a `google_container_cluster` resource or data source. */
export interface GkeClusterResource {
  readonly node: { readonly path: string };
  readonly nameInput?: string;
  readonly projectInput?: string;
  readonly provider?: { readonly alias?: string };
  readonly id: string;
}

/** What `Cluster.fromAksCluster` reads of an `azurerm_kubernetes_cluster` resource or data source. */
export interface AksClusterResource {
  readonly node: { readonly path: string };
  readonly nameInput?: string;
  readonly oidcIssuerEnabledInput?: unknown;
  readonly workloadIdentityEnabledInput?: unknown;
  readonly oidcIssuerUrl: string;
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
  readonly name?: string;
  readonly arn?: string;
  readonly region?: string;
  readonly project?: string;
  readonly projectNumber?: string;
  readonly projectKey?: string;
  readonly workloadPool?: string;
  readonly jwks?: string;
  readonly azureWebhook?: boolean;
  readonly resource?: GkeClusterResource;
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
    if (props.arn !== undefined) {
      checkPattern({ where, prop: 'arn' }, props.arn, /^arn:aws[a-z-]*:eks:[a-z0-9-]+:\d{12}:cluster\/[0-9A-Za-z][A-Za-z0-9_-]{0,99}$/,
        'be an ARN like arn:aws:eks:eu-west-1:123456789012:cluster/apps', 'leave it out to have it looked up');
      checkArnOf(where, props.arn, props.name, regionOfIssuer(props.issuer));
    }
    if (!isToken(props.issuer) && props.issuer.endsWith('/')) {
      throw new FederationError({
        code: 'InvalidIssuer', where, prop: 'issuer', rule: 'not end in a slash', got: props.issuer,
        remedy: 'EKS writes its issuer without one, and the clouds compare it exactly',
      });
    }
    return new Cluster({ kind: 'eks', id: clusterId(where, 'eks', props.name, props.id), issuer: props.issuer, name: props.name, arn: props.arn, region: regionOfIssuer(props.issuer) });
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
    if (props.projectNumber !== undefined) {
      checkPattern({ where, prop: 'projectNumber' }, props.projectNumber, /^\d{1,19}$/, 'be the number of the project', 'leave it out to have it looked up');
    }
    return new Cluster({
      kind: 'gke',
      id: clusterId(where, 'gke', props.name, props.id),
      issuer: `https://container.googleapis.com/v1/projects/${props.project}/locations/${props.location}/clusters/${props.name}`,
      project: props.project,
      projectKey: props.project,
      projectNumber: props.projectNumber,
      workloadPool: props.workloadIdentity === false ? undefined : `${props.project}.svc.id.goog`,
    });
  }

  /**
   * Defines an AKS cluster by its name and issuer; the cluster must have its OIDC issuer enabled.
   * @throws FederationError for an issuer that is no https URL or does not end in a slash, or a name AKS refuses
   * @see https://learn.microsoft.com/azure/aks/use-oidc-issuer
   */
  public static aks(props: AksClusterProps): Cluster {
    const where = 'Cluster.aks';
    checkPattern({ where, prop: 'name' }, props.name, /^[0-9A-Za-z](?:[A-Za-z0-9_-]{0,61}[0-9A-Za-z])?$/,
      'be letters, digits, "-" and "_", at most 63 characters', 'write the name as AKS knows it', 'InvalidName');
    checkIssuer({ where, prop: 'issuer' }, props.issuer);
    if (!isToken(props.issuer) && !props.issuer.endsWith('/')) {
      throw new FederationError({
        code: 'InvalidIssuer', where, prop: 'issuer', rule: 'end in a slash', got: props.issuer,
        remedy: 'copy it from `az aks show --query oidcIssuerProfile.issuerUrl`: the slash is part of the issuer, and the clouds compare it exactly',
      });
    }
    const azureWebhook = props.workloadIdentity !== false;
    return new Cluster({ kind: 'aks', id: clusterId(where, 'aks', props.name, props.id), issuer: props.issuer, azureWebhook });
  }

  /**
   * Defines any other cluster by its issuer; the clouds must reach `<issuer>/.well-known/openid-configuration`, or have the keys by `jwks`.
   * @throws FederationError for an issuer that is no https URL, or keys that are not public
   * @see https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
   */
  public static oidc(props: OidcClusterProps): Cluster {
    const where = 'Cluster.oidc';
    checkPattern({ where, prop: 'name' }, props.name, /^[0-9A-Za-z][A-Za-z0-9_-]{0,94}$/,
      'be letters, digits, "-" and "_", at most 95 characters', 'shorten it; the name is only used here', 'InvalidName');
    checkIssuer({ where, prop: 'issuer' }, props.issuer);
    if (props.jwks === undefined && !isToken(props.issuer) && (!URL.canParse(props.issuer) || UNREACHABLE.test(new URL(props.issuer).hostname))) {
      throw new FederationError({
        code: 'InvalidIssuer', where, prop: 'issuer', rule: 'be one that the clouds can reach, or come with `jwks`', got: props.issuer,
        remedy: 'publish it (S3HostedIssuer and its like do), or pass the keys for Google Cloud: `kubectl get --raw /openid/v1/jwks` prints them',
      });
    }
    const jwks = props.jwks === undefined ? undefined : checkJwks({ where, prop: 'jwks' }, props.jwks);
    return new Cluster({ kind: 'oidc', id: clusterId(where, 'oidc', props.name, props.id), issuer: props.issuer, jwks });
  }

  /** Defines the EKS cluster of an `aws_eks_cluster` resource or data source; the same resource gives the same cluster. */
  public static fromEksCluster(resource: EksClusterResource, options: ClusterFromResourceOptions = {}): Cluster {
    const where = `Cluster.fromEksCluster(${resource.node.path})`;
    const id = clusterId(where, 'eks', resource.nameInput, options.id);
    return remembered(resource, id, () => new Cluster({
      kind: 'eks',
      id,
      issuer: resource.identity.get(0).oidc.get(0).issuer,
      name: resource.name,
      arn: resource.arn,
      region: Fn.element(Fn.split(':', resource.arn), 3) as string,
    }));
  }

  /** Defines the GKE cluster of a `google_container_cluster` resource or data source; the same resource gives the same cluster. */
  public static fromGkeCluster(resource: GkeClusterResource, options: GkeClusterFromResourceOptions = {}): Cluster {
    const where = `Cluster.fromGkeCluster(${resource.node.path})`;
    const id = clusterId(where, 'gke', resource.nameInput, options.id);
    const native = options.workloadIdentity !== false;
    return remembered(resource, `${id} ${native}`, () => {
      // `projects/<id>/locations/<location>/clusters/<name>`; self_link says zones for a zonal cluster, the issuer does not.
      const name = resource.id;
      const project = resource.projectInput ?? Fn.element(Fn.split('/', name), 1) as string;
      return new Cluster({
        kind: 'gke',
        id,
        issuer: `https://container.googleapis.com/v1/${name}`,
        project,
        projectKey: resource.projectInput ?? projectOfProvider(resource),
        workloadPool: native ? `${project}.svc.id.goog` : undefined,
        resource,
      });
    });
  }

  /**
   * Defines the AKS cluster of an `azurerm_kubernetes_cluster` resource or data source; the same resource gives the same cluster.
   * Pods on a resource that does not enable workload identity have no webhook, and are wired explicitly.
   * @throws FederationError for a resource that does not enable its OIDC issuer
   */
  public static fromAksCluster(resource: AksClusterResource, options: ClusterFromResourceOptions = {}): Cluster {
    const where = `Cluster.fromAksCluster(${resource.node.path})`;
    const id = clusterId(where, 'aks', resource.nameInput, options.id);
    // A data source has no such input: there the cluster says itself whether it has an issuer.
    const enabled = 'oidcIssuerEnabledInput' in resource ? resource.oidcIssuerEnabledInput : true;
    if (enabled !== true && !isToken(enabled)) {
      throw new FederationError({
        code: 'WrongCluster', where, prop: 'oidcIssuerEnabled', rule: 'be true', got: enabled ?? 'nothing',
        remedy: 'set it on the cluster: without it there is no issuer that a cloud could trust',
      });
    }
    const webhook = 'workloadIdentityEnabledInput' in resource ? resource.workloadIdentityEnabledInput : true;
    const azureWebhook = webhook === true || isToken(webhook);
    return remembered(resource, id, () => new Cluster({ kind: 'aks', id, issuer: resource.oidcIssuerUrl, azureWebhook }));
  }

  /** Who runs the cluster. */
  public readonly kind: ClusterKind;
  /** The literal id by which the cluster is told from others. */
  public readonly id: string;
  /** The `iss` claim of the cluster's tokens. */
  public readonly issuer: string;
  /** The name by which EKS knows the cluster. */
  public readonly name?: string;
  /** The ARN of an EKS cluster, where it is known. */
  public readonly arn?: string;
  /** The region of an EKS cluster, where it is known. */
  public readonly region?: string;
  /** The id of a GKE cluster's project. */
  public readonly project?: string;
  /**
   * What is the same for GKE clusters of one project, as far as it can be seen.
   * @internal
   */
  public readonly projectKey?: string;
  /** The number of a GKE cluster's project, where it is known. */
  public readonly projectNumber?: string;
  /** Google's own pool, on a GKE cluster that has Workload Identity Federation for GKE. */
  public readonly workloadPool?: string;
  /** Whether an AKS cluster runs Azure's workload identity webhook. */
  public readonly azureWebhook: boolean;
  /** The public keys of an issuer that the clouds can't reach. */
  public readonly jwks?: string;
  /**
   * The resource or data source that a GKE cluster comes from: with the first of a project, Google's own pool comes to be.
   * @internal
   */
  public readonly resource?: GkeClusterResource;

  private constructor(fields: ClusterFields) {
    this.kind = fields.kind;
    this.id = fields.id;
    this.issuer = fields.issuer;
    this.name = fields.name;
    this.arn = fields.arn;
    this.region = fields.region;
    this.project = fields.project;
    this.projectKey = fields.projectKey;
    this.projectNumber = fields.projectNumber;
    this.workloadPool = fields.workloadPool;
    this.jwks = fields.jwks;
    this.azureWebhook = fields.azureWebhook === true;
    this.resource = fields.resource;
    Object.freeze(this);
  }

  /**
   * Names a service account of this cluster, which need not exist yet.
   * @throws FederationError for names that Kubernetes refuses, wildcards among them
   */
  public serviceAccount(namespace: string, name: string): ServiceAccountSubject {
    const where = `Cluster ${this.id}`;
    checkNamespace({ where, prop: 'namespace' }, namespace);
    checkObjectName({ where, prop: 'serviceAccount' }, name);
    return checked({ cluster: this, namespace, name, subject: `system:serviceaccount:${namespace}:${name}` });
  }

  /**
   * Names every service account of a namespace, also those that do not exist yet: whoever may create a pod in the namespace can become
   * what trusts them. AWS and Google Cloud can; Azure has no such trust.
   * @throws FederationError for a namespace that Kubernetes refuses
   */
  public unsafeEveryServiceAccountOfNamespace(namespace: string): ServiceAccountSet {
    checkNamespace({ where: `Cluster ${this.id}`, prop: 'namespace' }, namespace);
    // A wildcard that only shows at apply would widen the pattern; Kubernetes' names hold none of what is taken out.
    const plain = isToken(namespace) ? Fn.replace(namespace, '/[^a-z0-9-]/', '') : namespace;
    return checked({ cluster: this, namespace, subject: `system:serviceaccount:${plain}:*` });
  }

  /**
   * Names every service account of the cluster, also those that do not exist yet: whoever may create a pod anywhere in the cluster can
   * become what trusts them. Only Google Cloud can.
   */
  public unsafeEveryServiceAccountOfCluster(): ServiceAccountSet {
    return checked({ cluster: this, subject: 'system:serviceaccount:*' });
  }
}

/** A subject whose names were checked, and which then stays as it is. */
function checked<T extends TrustedSubject>(subject: T): T {
  SUBJECTS.add(subject);
  return Object.freeze(subject);
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
  // Clusters that nobody can reach often have one issuer; they are told apart by their keys.
  const keys = textOf(scope, cluster.jwks ?? '');
  if (known !== undefined && textOf(scope, known.jwks ?? '') !== keys) {
    throw new FederationError({
      code: 'DuplicateRegistration', where, prop: 'cluster', rule: `have an id of its own (another cluster of the app is "${cluster.id}", with other keys)`,
      got: issuer, remedy: 'pass `id` where the cluster is defined',
    });
  }
  if (known !== undefined && textOf(scope, known.issuer) !== issuer) {
    throw new FederationError({
      code: 'DuplicateRegistration', where, prop: 'cluster',
      rule: `have an id of its own (another cluster of the app is "${cluster.id}", with the issuer ${JSON.stringify(textOf(scope, known.issuer))})`,
      got: issuer,
      remedy: 'pass `id` where the cluster is defined',
    });
  }
  if (known !== undefined && (['name', 'arn'] as const).some(field => known[field] !== undefined && cluster[field] !== undefined
    && textOf(scope, known[field]) !== textOf(scope, cluster[field]))) {
    throw new FederationError({
      code: 'DuplicateRegistration', where, prop: 'cluster', rule: `have an id of its own (another cluster of the app is "${cluster.id}", with another name or ARN)`,
      got: textOf(scope, cluster.name ?? ''), remedy: 'pass `id` where the cluster is defined',
    });
  }
  const issuerAndKeys = `${issuer} ${keys}`;
  const other = clusters.byIssuer.get(issuerAndKeys);
  if (other !== undefined && other.id !== cluster.id) {
    throw new FederationError({
      code: 'DuplicateRegistration', where, prop: 'cluster', rule: `have one id (the app knows the issuer ${JSON.stringify(issuer)} as "${other.id}")`,
      got: cluster.id,
      remedy: 'define the cluster once, or with the same id: an issuer can be registered once per account',
    });
  }
  if (known === undefined) {
    clusters.byId.set(cluster.id, cluster);
    clusters.byIssuer.set(issuerAndKeys, cluster);
  }
}

/** Whether a service account is the trusted one, or belongs to the trusted set. */
export function covers(scope: IConstruct, trusted: TrustedSubject, subject: ServiceAccountSubject): boolean {
  if (trusted === subject) {
    return true;
  }
  if (trusted.cluster.id !== subject.cluster.id) {
    return false;
  }
  return trusted.name !== undefined
    ? sameText(scope, trusted.subject, subject.subject)
    : trusted.namespace === undefined || sameText(scope, trusted.namespace, subject.namespace);
}

/** One service account or set by cluster and by what its names resolve to, for maps. */
export function subjectKey(scope: IConstruct, subject: TrustedSubject): string {
  return `${subject.cluster.id} ${textOf(scope, subject.subject)}`;
}

/**
 * The service accounts without duplicates, in an order that does not depend on how they were listed; their clusters are noted.
 * @throws FederationError where there are none, or two clusters have one id
 */
export function canonicalSubjects(scope: IConstruct, place: Place, subjects: readonly TrustedSubject[]): TrustedSubject[] {
  if (!Array.isArray(subjects) || subjects.length === 0) {
    throw new FederationError({
      code: 'EmptyTrust', ...place, rule: 'name at least one service account', got: '[]',
      remedy: 'pass cluster.serviceAccount(namespace, name); an identity that nobody can become is not created',
    });
  }
  for (const subject of subjects) {
    checkSubject(place, subject);
    // Before duplicates go: two clusters of one id would be taken for one.
    noteCluster(scope, place.where, subject.cluster);
  }
  if (subjects.length === 1) {
    return [...subjects];
  }
  const byKey = new Map<string, TrustedSubject>();
  for (const subject of subjects) {
    byKey.set(`${subjectKey(scope, subject)} ${subject.cluster.workloadPool === undefined}`, subject);
  }
  return [...byKey.keys()].sort().map(key => byKey.get(key)!);
}

/**
 * Refuses a service account that no cluster made: its names were not checked.
 */
export function checkSubject(place: Place, subject: TrustedSubject): void {
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

/** Clusters that leave their project to one provider are in one project, whose id only Terraform knows. */
function projectOfProvider(resource: GkeClusterResource): string {
  const stack = Construct.isConstruct(resource) ? TerraformStack.of(resource).node.path : resource.node.path;
  return ['of', stack, ...resource.provider?.alias === undefined ? [] : [resource.provider.alias]].join(' ');
}

/** Hosts that mean something inside of a cluster, a machine or a private network alone. */
const UNREACHABLE = new RegExp('^[^.]+$|\\.(?:svc|local|localhost|internal|home\\.arpa)$'
  + '|^(?:(?:0|10|127)\\.|100\\.(?:6[4-9]|[7-9]\\d|1[01]\\d|12[0-7])\\.|192\\.168\\.|169\\.254\\.|172\\.(?:1[6-9]|2\\d|3[01])\\.)[0-9.]+$');

/** The region that EKS writes into its issuers. */
function regionOfIssuer(issuer: string): string | undefined {
  return isToken(issuer) ? undefined : /^https:\/\/oidc\.eks\.([a-z0-9-]+)\./.exec(issuer)?.[1];
}

/** Refuses the ARN of another cluster, which trust policies for EKS Pod Identity would name. */
function checkArnOf(where: string, arn: string, name: string, region: string | undefined): void {
  if (isToken(arn)) {
    return;
  }
  const [, , , arnRegion, , resource] = arn.split(':');
  if ((!isToken(name) && resource !== `cluster/${name}`) || (region !== undefined && arnRegion !== region)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'arn', rule: `be that of the cluster (…:${region ?? '<region>'}:<account>:cluster/${name})`, got: arn,
      remedy: 'copy it from `aws eks describe-cluster`, or leave it out to have it looked up',
    });
  }
}

/** Refuses a cluster whose keys a cloud would have to fetch from an issuer that it can't reach. */
export function checkReachable(where: string, cluster: Cluster, cloud: string): void {
  if (cluster.jwks !== undefined) {
    throw new FederationError({
      code: 'WrongCluster', where, prop: 'cluster', rule: `have an issuer that ${cloud} can reach, as it fetches the keys from there`, got: `${cluster.id} with \`jwks\``,
      remedy: 'publish the issuer\'s documents (S3HostedIssuer and its like do), or use Google Cloud, which takes uploaded keys',
    });
  }
}

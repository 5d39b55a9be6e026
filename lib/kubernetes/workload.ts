import { Annotations } from '@cdktf/provider-kubernetes/lib/annotations';
import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { Fn, ITerraformDependable, TerraformProvider, TerraformStack } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import {
  configMapObject, ConfigMapObject, DIGEST, helmValues, HelmValues, HelmValuesOptions, KubernetesObject, kustomizeFiles, KustomizeOptions,
  ManifestsOptions, manifestsYaml, wiringAsSaid, WorkloadManifests, workloadManifests, WorkloadObjects,
} from './manifests';
import { Form, MANIFEST, TYPED } from './pod-form';
import { PodOrder } from './pod-order';
import {
  hiddenVariables, hidesSkips, MergeOptions, PodManifest, PodTemplate, PodTemplateOptions, PodWiring, WiredPodTemplate, wirePods,
} from './pod-template';
import { SmokeTest, smokeTestManifest, SmokeTestOptions, SmokeTestProps } from './smoke-test';
import { informOfVariables, noteWorkload } from './workload-wiring';
import { encodable, toYaml } from './yaml';
import { warnOnce, watchProviders } from '../annotations';
import { checkDependsOn, checkLimit, checkObjectName, checkPattern, checkRange, checkTokenPath, INITIAL_NAMESPACES, pathOf } from '../checks';
import { EnvironmentVariable, ICloudIdentity, PodBinding, Wiring, WIRINGS } from '../cloud-identity';
import { checkSubject, Cluster, noteCluster, ServiceAccountSubject, subjectKey, TrustedSubject } from '../cluster';
import { FederationError } from '../errors';
import { idPart, knownPart, textOf } from '../tokens';

/** How a workload's ServiceAccount and pods are wired, apart from who it is and what it may become. */
export interface WorkloadOptions {
  /**
   * Whether the ServiceAccount exists already, in the app or elsewhere: it is then annotated, where that is needed, and not created.
   * @default false
   */
  readonly existingServiceAccount?: boolean;
  /**
   * Whether this defines no resource of Kubernetes: the ServiceAccount and the ConfigMap are then applied by somebody else, such as Argo CD or Flux,
   * from what `manifests()` and its like say. No Kubernetes provider is needed, and `WorkloadWiring` finds no pods of the workload.
   * @default false
   */
  readonly manifestsOnly?: boolean;
  /**
   * Whether the namespace is created, once for all workloads of the stack that say so; it exists already otherwise. Kubernetes deletes all that is in
   * a namespace with it: let whoever owns it create one that others use too.
   * @default false
   */
  readonly createNamespace?: boolean;
  /**
   * Whether the pods get the token of the Kubernetes API too; `false` for those that never call it.
   * @default - as Kubernetes does, and the pod template says
   */
  readonly kubernetesApiAccess?: boolean;
  /**
   * How the pods come by their tokens: `platform` leaves it to EKS's webhook and GKE's metadata server where they run,
   * `explicit` projects tokens wherever the cloud takes them. Choose `explicit` for a bare PodV1 on EKS: Terraform would replace a pod
   * that the webhook has changed on every apply. The templates of Deployments and the like are not changed by it.
   * `webhook` annotates for the webhooks of EKS, Azure and pfnet (for Google Cloud), which somebody has installed in the cluster.
   * @default "platform"
   */
  readonly wiring?: Wiring;
  /**
   * The lifetime of projected tokens in seconds, 600 to 86400. The kubelet refreshes them at 80 % of it:
   * longer ones survive longer outages of the cluster's control plane, and leaked ones live longer.
   * @default 3600
   */
  readonly tokenExpirationSeconds?: number;
  /**
   * Where tokens and credential files appear in the containers.
   * @default "/var/run/secrets/workload-federation"
   */
  readonly mountPath?: string;
  /**
   * The name of the ConfigMap with the credential configuration, or its beginning where `immutableConfigMap` is set.
   * @default - the service account's name and "-workload-federation"
   */
  readonly configMapName?: string;
  /**
   * Whether the ConfigMap is immutable and named after its content, so that running pods keep theirs.
   * @default false
   */
  readonly immutableConfigMap?: boolean;
  /**
   * Labels of the created ServiceAccount and ConfigMap.
   * @default - none
   */
  readonly labels?: Record<string, string>;
  /**
   * What must exist before the ServiceAccount and the ConfigMap, such as their namespace, and before the pods of a ServiceAccount that exists already, but for
   * what runs as it itself.
   * @default - nothing
   */
  readonly dependsOn?: readonly ITerraformDependable[];
  /**
   * The Kubernetes provider that leads to the cluster.
   * @default - the stack's provider without an alias
   */
  readonly kubernetesProvider?: TerraformProvider;
}

/** Props of a workload. */
export interface WorkloadProps extends WorkloadOptions {
  /** The service account that the pods run as. */
  readonly serviceAccount: ServiceAccountSubject;
  /** What the pods may become, at most one identity of each cloud; each must trust the service account. */
  readonly identities: readonly ICloudIdentity[];
}

/** The workloads of each app: a ServiceAccount that two stacks defined or annotated would be what the later one says. */
const WORKLOADS = new WeakMap<IConstruct, Map<string, Workload>>();

const VOLUME = 'workload-federation';
const CHECKSUM = 'checksum/workload-federation';

/**
 * Defines the Kubernetes ServiceAccount of a workload, and how its pods find their cloud credentials.
 *
 * All clouds share one projected volume; `podTemplate()` adds it to pods, with the variables that SDKs and CLIs read.
 *
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#serviceaccount-token-volume-projection
 */
export class Workload extends Construct {
  /** The service account that the pods run as. */
  public readonly serviceAccount: ServiceAccountSubject;
  /** What the pods may become. */
  public readonly identities: readonly ICloudIdentity[];
  /** What each identity asks of the pods, in the order of `identities`. */
  public readonly bindings: readonly PodBinding[];
  /** The namespace, for the Deployment or other owner of the pod template; using it orders the owner after the ServiceAccount. */
  public readonly namespace: string;
  /** The name of the ServiceAccount; using it orders the user after the ServiceAccount. */
  public readonly serviceAccountName: string;
  /** The ServiceAccount's resource; none where it exists already. */
  public readonly resource?: ServiceAccountV1;
  /** The annotations added to a ServiceAccount that exists already, where there are any. */
  public readonly annotations?: Annotations;
  /** The ConfigMap with the credential configuration, where a cloud needs one. */
  public readonly configMap?: ConfigMapV1;
  /**
   * What must exist before pods start that run as the workload, as far as it is in this stack. `podTemplate()` and `WorkloadWiring` let pods wait for it; it
   * is for the `dependsOn` of what they do not see, such as a Helm release. It is for what is in the same stack alone, as Terraform refuses a `depends_on` on
   * anything of another; say `stack.addDependency()` between stacks.
   */
  public readonly dependsOn: readonly ITerraformDependable[];

  private readonly wiring: PodWiring;
  private readonly objects: WorkloadObjects;
  private readonly kubernetesProvider?: TerraformProvider;

  /**
   * @throws FederationError where an identity does not trust the service account, two identities want the same file, variable or annotation,
   * or the stack has a workload of this service account already
   */
  constructor(scope: Construct, id: string, props: WorkloadProps) {
    const where = pathOf(scope, id);
    const { serviceAccount, kubernetesProvider: provider, tokenExpirationSeconds = 3600 } = props;
    const mountPath = props.mountPath ?? '/var/run/secrets/workload-federation';
    checkWorkload(scope, where, props, mountPath, tokenExpirationSeconds);
    checkSubject({ where, prop: 'serviceAccount' }, serviceAccount);
    checkOne(where, serviceAccount);
    noteCluster(scope, where, serviceAccount.cluster);
    const key = subjectKey(scope, serviceAccount);
    const workloads = WORKLOADS.get(scope.node.root) ?? new Map<string, Workload>();
    if (workloads.has(key)) {
      throw new FederationError({
        code: 'DuplicateRegistration', where, prop: 'serviceAccount', rule: `have one workload in an app (${workloads.get(key)!.node.path} is it)`,
        got: serviceAccount.subject, remedy: 'pass all identities to that workload, and use its podTemplate() for every pod',
      });
    }
    const options = { mountPath, tokenExpirationSeconds, wiring: props.wiring ?? 'platform' };
    if (props.manifestsOnly !== true) {
      checkOneCluster(scope, where, serviceAccount.cluster, provider);
    }
    checkDependsOn(scope, where, props.dependsOn);
    if (props.createNamespace === true && props.existingServiceAccount === true) {
      throw new FederationError({
        code: 'ClashingWiring', where, prop: 'createNamespace', rule: 'be left out where the ServiceAccount exists already, and so its namespace', got: true, remedy: 'leave one of the two out',
      });
    }
    checkManifestsOnly(where, props);
    if (props.createNamespace === true) {
      checkCreatable(scope, where, serviceAccount);
    }
    const bindings: PodBinding[] = [];
    for (const identity of props.identities) {
      bindings.push(identity.bind(serviceAccount, options));
    }
    const merged = mergeBindings(scope, where, props.identities, bindings);
    checkMountPaths(where, mountPath, bindings);
    if (merged.files.size > 0 || props.configMapName !== undefined) {
      checkConfigMapName(where, props);
    }
    super(scope, id);
    if (props.manifestsOnly !== true) {
      clustersOfProviders(this).set(provider?.alias ?? '', serviceAccount.cluster.id);
    }
    WORKLOADS.set(this.node.root, workloads.set(key, this));

    this.serviceAccount = serviceAccount;
    this.identities = [...props.identities];
    this.bindings = bindings;
    this.kubernetesProvider = provider;
    const annotations = merged.annotations.size === 0 ? undefined : Object.fromEntries(merged.annotations);
    const { name } = serviceAccount;
    const namespace = props.createNamespace === true ? createdNamespace(this, serviceAccount, props) : serviceAccount.namespace;
    const automount = props.kubernetesApiAccess === false ? false : undefined;
    const stack = TerraformStack.of(this);
    const letIn = this.letIn();
    const here = [...new Set([...props.dependsOn ?? [], ...letIn.get(stack) ?? []])];
    const before = here.length === 0 ? undefined : here;
    if (props.manifestsOnly === true) {
      this.resource = undefined;
    } else if (props.existingServiceAccount !== true) {
      this.resource = new ServiceAccountV1(this, 'Default', {
        metadata: { name, namespace, annotations, labels: props.labels },
        automountServiceAccountToken: automount,
        dependsOn: before,
        provider,
      });
    } else if (annotations !== undefined) {
      this.annotations = new Annotations(this, 'Default', {
        apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace }, annotations, dependsOn: before, provider,
      });
    }
    const account = this.resource ?? this.annotations;
    const metadata = account?.metadata;
    this.namespace = metadata?.namespace ?? namespace;
    this.serviceAccountName = metadata?.name ?? name;
    const configMap = merged.files.size === 0 ? undefined : configMapObject({
      base: configMapBase(props), namespace, labels: props.labels, immutable: props.immutableConfigMap === true,
      data: Object.fromEntries([...merged.files].map(([path, content]) => [fileKey(path), content])),
    });
    if (configMap !== undefined && props.manifestsOnly !== true) {
      this.configMap = this.createConfigMap(props, configMap);
    }
    const checksum = (digest: (data: unknown) => string): Record<string, string> =>
      configMap === undefined || configMap.immutable ? {} : { [CHECKSUM]: digest(encodable(where, configMap.data)) };
    this.objects = {
      serviceAccount: { name, namespace: serviceAccount.namespace, labels: props.labels, annotations, automountServiceAccountToken: automount },
      configMap: configMap === undefined ? undefined : { ...configMap, namespace: serviceAccount.namespace },
      podAnnotations: () => checksum(data => Fn.sha256(Fn.jsonencode(data))),
      createsServiceAccount: props.existingServiceAccount !== true,
      hasResources: props.manifestsOnly !== true,
    };
    this.wiring = {
      namespace: { reference: this.namespace, said: serviceAccount.namespace },
      serviceAccountName: { reference: this.serviceAccountName, said: name },
      automountServiceAccountToken: automount,
      podAnnotations: checksum(data => Fn.sha256(Fn.jsonencode(this.configMap?.data ?? data))),
      podLabels: Object.fromEntries(merged.labels),
      parts: bindings.map(({ env, reservedEnv, helpers, podLabels, tokens, files, needsGroup = false }, index) => ({
        cloud: props.identities[index]!.cloud, env, reservedEnv, helpers, podLabels: Object.keys(podLabels), needsGroup,
        paths: [...tokens, ...files].map(({ path }) => path),
      })),
      volume: merged.tokens.size + merged.files.size === 0 ? undefined : {
        name: VOLUME,
        mountPath,
        content: {
          tokens: [...merged.tokens].map(([path, audience]) => ({ path, audience, expirationSeconds: tokenExpirationSeconds })),
          ...(configMap === undefined ? {} : {
            configMap: {
              name: this.configMap?.metadata.name ?? configMap.name,
              items: [...merged.files.keys()].map(path => ({ key: fileKey(path), path })),
            },
          }),
        },
        remedy: 'mount it elsewhere, or give the workload another `mountPath`',
      },
      keepsRunning: bindings.flatMap(({ keepsRunning }) => keepsRunning ?? []),
      metadataServer: serviceAccount.cluster.workloadPool !== undefined && options.wiring !== 'webhook'
        && props.identities.some(identity => [identity.cloud, ...identity.otherClouds ?? []].includes('gcp')),
    };
    const first = account === undefined ? here : [account];
    this.dependsOn = [...first, ...this.configMap === undefined ? [] : [this.configMap]];
    const order: PodOrder = {
      workload: this, before: first.length === 0 ? letIn : new Map([...letIn, [stack, first]]), createsAccount: this.resource !== undefined,
      reference: metadata && this.serviceAccountName,
    };
    noteWorkload(this.wiring, order, props.manifestsOnly === true ? undefined : {
      provider, cluster: serviceAccount.cluster.id, created: this.resource, inNamespace: namespace, annotations: this.annotations,
    });
    watchProviders(this);
  }

  /**
   * A pod template that runs as this workload: for PodV1, and the template of DeploymentV1, StatefulSetV1, DaemonSetV1, JobV1, CronJobV1
   * and ReplicationControllerV1.
   *
   * On EKS to AWS, on AKS to Azure and with webhooks, give the workload `wiring: 'explicit'` for a bare PodV1, which Terraform would replace on every apply.
   *
   * The input is merged with and never changed; applying it twice changes nothing. Give the owner of the template
   * `namespace: workload.namespace`, as some templates have no place for it. For a Job or CronJob whose workload has a container that keeps a token
   * fresh (see `GoogleIdTokenSource`), say `runToCompletion`: the Job would never complete otherwise.
   * @throws FederationError for a clash with a container, volume, mount, variable or name of the template, a template that asks for the token
   * of the Kubernetes API against `kubernetesApiAccess: false`, or a list that only Terraform knows
   */
  public podTemplate(template: PodTemplate, options?: PodTemplateOptions): WiredPodTemplate {
    return this.wired(TYPED, template as PodManifest, { ...options, namesNamespace: true }) as WiredPodTemplate;
  }

  /**
   * The same in the form of the Kubernetes API: for the template of a kind that Terraform has in a kubernetes_manifest alone, such as a ReplicaSet or a
   * Rollout, and for whatever else is written out in code.
   * @throws FederationError as `podTemplate()` does
   */
  public podManifest(template: PodManifest, options: PodTemplateOptions = {}): Required<PodManifest> {
    return this.wired(MANIFEST, template, options);
  }

  /**
   * The ServiceAccount and the ConfigMap as objects of the Kubernetes API, and a strategic merge patch that wires a pod template: for those who apply
   * them by something else than Terraform. Values that only Terraform knows are tokens.
   * @throws FederationError where containers need something and none is named
   */
  public manifests(options?: ManifestsOptions): WorkloadManifests {
    return workloadManifests(this, this.wiring, this.objects, options);
  }

  /** The ServiceAccount and the ConfigMap as one YAML text, for an output or a file: Terraform writes it, so that it has the values that only Terraform knows. */
  public manifestsYaml(): string {
    return manifestsYaml(this, this.objects);
  }

  /**
   * Files of a kustomize component, by name: the ServiceAccount, the ConfigMap, a patch for each of `targets` and the kustomization.yaml.
   * @throws FederationError where there is no target, or one that kustomize could not patch
   * @see https://kubectl.docs.kubernetes.io/guides/config_management/components/
   */
  public kustomizeFiles(options: KustomizeOptions): Record<string, string> {
    return kustomizeFiles(this, this.wiring, this.objects, options);
  }

  /**
   * Values for a Helm chart, by the names that most charts have.
   * @throws FederationError where the pods need containers beside their own
   */
  public helmValues(options?: HelmValuesOptions): HelmValues {
    return helmValues(this, this.wiring, this.objects, options);
  }

  /** The same as YAML, for an output or a file. */
  public helmValuesYaml(options?: HelmValuesOptions): string {
    return toYaml(this.node.path, this.helmValues(options));
  }

  /**
   * Defines a Job that runs as the workload and asks each cloud who it is, one container for each, with the command lines of the vendors. Whether it works is
   * `kubectl logs job/<name> --all-containers`: a line for each cloud. Each cloud must say the identity that is meant, and must refuse a token of the
   * same pod for another audience; the Job fails otherwise. No token is printed.
   * @throws FederationError where the workload has no resources in Terraform, or a container that keeps its pods from completing
   */
  public smokeTest(props: SmokeTestProps = {}): SmokeTest {
    if (!this.objects.hasResources) {
      throw new FederationError({
        code: 'ClashingWiring', where: this.node.path, prop: 'smokeTest', rule: 'be left out where no resource of Kubernetes is defined', got: true,
        remedy: 'apply what smokeTestManifest() says',
      });
    }
    return new SmokeTest(this, 'SmokeTest', this.tested(), { ...props, provider: this.kubernetesProvider });
  }

  /** The same Job as an object of the Kubernetes API, for those who apply it by something else than Terraform. */
  public smokeTestManifest(options?: SmokeTestOptions): KubernetesObject {
    return smokeTestManifest(this, this.tested(), wiringAsSaid(this.wiring, this.objects), options);
  }

  /** The same as YAML, for an output or a file. */
  public smokeTestYaml(options?: SmokeTestOptions): string {
    return toYaml(this.node.path, this.smokeTestManifest(options));
  }

  private wired(form: Form, template: PodManifest, options: MergeOptions): Required<PodManifest> {
    if (hidesSkips(template, this.wiring)) {
      warnOnce(this, 'unread-annotations');
    }
    informOfVariables(this, hiddenVariables(this, form, template, this.wiring));
    return wirePods(this, form, template, this.wiring, options);
  }

  private tested() {
    return { serviceAccount: this.serviceAccount, identities: this.identities, wiring: this.wiring };
  }

  /** What lets the service account in, by stack: depends_on cannot name what is in another. */
  private letIn(): Map<TerraformStack, ITerraformDependable[]> {
    const all = new Map<TerraformStack, ITerraformDependable[]>();
    for (const dependable of this.bindings.flatMap(({ dependsOn }) => dependsOn)) {
      if (Construct.isConstruct(dependable)) {
        const stack = TerraformStack.of(dependable);
        all.set(stack, [...all.get(stack) ?? [], dependable]);
      }
    }
    return all;
  }

  private createConfigMap(props: WorkloadProps, { name, namespace, labels, data, immutable }: ConfigMapObject): ConfigMapV1 {
    return new ConfigMapV1(this, 'ConfigMap', {
      metadata: { name, namespace, labels },
      data,
      immutable: immutable ? true : undefined,
      lifecycle: immutable ? { createBeforeDestroy: true } : undefined,
      dependsOn: props.dependsOn && [...props.dependsOn],
      provider: props.kubernetesProvider,
    });
  }
}

interface MergedBindings {
  readonly annotations: ReadonlyMap<string, string>;
  readonly labels: ReadonlyMap<string, string>;
  readonly env: readonly EnvironmentVariable[];
  /** Audience by path. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Content by path. */
  readonly files: ReadonlyMap<string, string>;
}

/** Joins what several clouds ask for; each file, variable and annotation can be asked for once. */
function mergeBindings(
  scope: IConstruct, where: string, identities: readonly ICloudIdentity[], bindings: readonly PodBinding[],
): MergedBindings {
  const owners = new Map<string, ICloudIdentity>();
  const claim = (what: string, name: string, identity: ICloudIdentity, remedy: string): void => {
    const owner = owners.get(`${what} ${name}`);
    if (owner !== undefined) {
      throw new FederationError({
        code: 'ClashingWiring', where, prop: 'identities', rule: `not ask for the same ${what} twice (${owner.node.path} and ${identity.node.path})`, got: name, remedy,
      });
    }
    owners.set(`${what} ${name}`, identity);
  };
  const annotations = new Map<string, string>();
  const labels = new Map<string, string>();
  const env: EnvironmentVariable[] = [];
  const tokens = new Map<string, string>();
  const files = new Map<string, string>();
  const paths: string[] = [];
  const claimPath = (relative: string, identity: ICloudIdentity): void => {
    checkTokenPath(identity.node.path, relative);
    const path = textOf(scope, relative);
    claim('path', path, identity, 'give one of them another `tokenPath`');
    const nested = paths.find(other => other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
    if (nested !== undefined) {
      throw new FederationError({
        code: 'ClashingWiring', where, prop: 'identities', rule: `not put a file where another needs a folder (${nested})`, got: path,
        remedy: 'give one of them another `tokenPath`',
      });
    }
    paths.push(path);
  };
  bindings.forEach((binding, index) => {
    const identity = identities[index]!;
    for (const cloud of [identity.cloud, ...identity.otherClouds ?? []]) {
      claim('cloud', cloud, identity, 'a workload has at most one identity of each cloud; use one identity, or two service accounts');
    }
    for (const [name, value] of Object.entries(binding.podLabels)) {
      claim('label', name, identity, 'a workload has at most one identity of each cloud; use one identity, or two service accounts');
      labels.set(name, value);
    }
    for (const [name, value] of Object.entries(binding.serviceAccountAnnotations)) {
      claim('annotation', name, identity, 'a workload has at most one identity of each cloud; use one identity, or two service accounts');
      annotations.set(name, value);
    }
    for (const variable of binding.env) {
      claim('variable', variable.name, identity, 'a workload has at most one identity of each cloud; use one identity, or two service accounts');
      env.push(variable);
    }
    for (const { volume, initContainers, sidecars } of binding.helpers) {
      for (const [what, value] of [['volume', volume.name], ['mount path', volume.mountPath], ...[...initContainers, ...sidecars].map(({ name }) => ['container', name])] as const) {
        claim(what!, value!, identity, 'a workload has at most one identity of each cloud; use one identity, or two service accounts');
      }
    }
    for (const { path, audience } of binding.tokens) {
      claimPath(path, identity);
      tokens.set(path, audience);
    }
    for (const { path, content } of binding.files) {
      claimPath(path, identity);
      claim('ConfigMap key', fileKey(path), identity, 'give one of the files another path');
      files.set(path, content);
    }
  });
  return { annotations, labels, env, tokens, files };
}

/** Refuses one volume inside of another: the projected one is read-only, and a mount below it could not be made. */
function checkMountPaths(where: string, mountPath: string, bindings: readonly PodBinding[]): void {
  const projects = bindings.some(({ tokens, files }) => tokens.length + files.length > 0);
  for (const { volume } of bindings.flatMap(({ helpers }) => helpers)) {
    if (projects && (`${volume.mountPath}/`.startsWith(`${mountPath}/`) || `${mountPath}/`.startsWith(`${volume.mountPath}/`))) {
      throw new FederationError({
        code: 'ClashingWiring', where, prop: 'mountPath', rule: `be apart from ${volume.mountPath}, where other tokens appear`, got: mountPath,
        remedy: 'leave it out for "/var/run/secrets/workload-federation"',
      });
    }
  }
}

/** The namespaces that each app creates, by cluster and name. */
const NAMESPACES = new WeakMap<IConstruct, Map<string, NamespaceV1>>();

function createdNamespaces(scope: IConstruct): Map<string, NamespaceV1> {
  const namespaces = NAMESPACES.get(scope.node.root) ?? new Map<string, NamespaceV1>();
  NAMESPACES.set(scope.node.root, namespaces);
  return namespaces;
}

const namespaceKey = (scope: IConstruct, { cluster, namespace }: ServiceAccountSubject) => `${cluster.id} ${textOf(scope, namespace)}`;

/** Refuses to create a namespace that is there already, or that another stack creates. */
function checkCreatable(scope: IConstruct, where: string, serviceAccount: ServiceAccountSubject): void {
  const { namespace } = serviceAccount;
  if (INITIAL_NAMESPACES.has(namespace)) {
    throw new FederationError({
      code: 'InvalidName', where, prop: 'createNamespace', rule: 'be left out for a namespace that every cluster begins with', got: namespace, remedy: 'leave it out',
    });
  }
  const known = createdNamespaces(scope).get(namespaceKey(scope, serviceAccount));
  if (known !== undefined && TerraformStack.of(known) !== TerraformStack.of(scope)) {
    throw new FederationError({
      code: 'DuplicateRegistration', where, prop: 'createNamespace', rule: `be said in one stack (${known.node.path} is the namespace)`, got: namespace,
      remedy: 'leave it out here, and deploy that stack first',
    });
  }
}

/** The name of the namespace, which is created at an address made of cluster and name, once. */
function createdNamespace(workload: Workload, serviceAccount: ServiceAccountSubject, props: WorkloadProps): string {
  const { cluster, namespace } = serviceAccount;
  const namespaces = createdNamespaces(workload);
  const key = namespaceKey(workload, serviceAccount);
  const created = namespaces.get(key) ?? new NamespaceV1(TerraformStack.of(workload), `Namespace-${cluster.id}_${idPart(workload, namespace)}`, {
    metadata: { name: namespace }, provider: props.kubernetesProvider,
  });
  namespaces.set(key, created);
  return created.metadata.name;
}

/** Which cluster each Kubernetes provider of a stack leads to, by alias. */
const CLUSTERS_OF_PROVIDERS = new WeakMap<TerraformStack, Map<string, string>>();

function clustersOfProviders(scope: IConstruct): Map<string, string> {
  const stack = TerraformStack.of(scope);
  const clusters = CLUSTERS_OF_PROVIDERS.get(stack) ?? new Map<string, string>();
  CLUSTERS_OF_PROVIDERS.set(stack, clusters);
  return clusters;
}

/** Refuses a second cluster behind one provider: its service accounts would be made in the first. */
function checkOneCluster(scope: IConstruct, where: string, cluster: Cluster, provider: TerraformProvider | undefined): void {
  const alias = provider?.alias ?? '';
  const known = clustersOfProviders(scope).get(alias);
  if (known !== undefined && known !== cluster.id) {
    throw new FederationError({
      code: 'WrongCluster', where, prop: 'kubernetesProvider', rule: `lead to cluster ${cluster.id}, where the stack uses it for cluster ${known}`,
      got: alias === '' ? 'the provider without an alias' : alias,
      remedy: 'give each cluster a KubernetesProvider with an alias of its own, and pass it as `kubernetesProvider`',
    });
  }
}

/** Refuses what is about resources of Kubernetes where there are none. */
function checkManifestsOnly(where: string, props: WorkloadProps): void {
  const ignored = (['createNamespace', 'dependsOn', 'kubernetesProvider'] as const).find(prop => props[prop] !== undefined && props[prop] !== false);
  if (props.manifestsOnly === true && ignored !== undefined) {
    throw new FederationError({
      code: 'ClashingWiring', where, prop: ignored, rule: 'be left out where no resource of Kubernetes is defined', got: ignored === 'createNamespace' ? true : 'a construct',
      remedy: ignored === 'createNamespace' ? 'create the namespace where the manifests are applied' : 'leave it out',
    });
  }
}

/** A pod runs as one service account; JavaScript may pass a set. */
function checkOne(where: string, serviceAccount: TrustedSubject): void {
  if (serviceAccount.name === undefined) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'serviceAccount', rule: 'be one service account, and not a set', got: serviceAccount.subject,
      remedy: 'pass cluster.serviceAccount(namespace, name)',
    });
  }
}

/** Keys of a ConfigMap hold no slash. */
function fileKey(path: string): string {
  return path.replaceAll('/', '-');
}

function configMapBase(props: WorkloadProps): string {
  return props.configMapName ?? `${props.serviceAccount.name}-workload-federation`;
}

function checkConfigMapName(where: string, props: WorkloadProps): void {
  const name = configMapBase(props);
  checkObjectName({ where, prop: 'configMapName' }, name);
  const length = knownPart(name).length + 1 + DIGEST;
  checkLimit({ where, prop: 'configMapName' }, props.immutableConfigMap === true ? length : 0, 253, 'be at most 253 characters with the digest of the content',
    `${length} characters`, 'pass a shorter `configMapName`');
}

function checkWorkload(scope: IConstruct, where: string, props: WorkloadProps, mountPath: string, tokenExpirationSeconds: number): void {
  if (!Array.isArray(props.identities) || props.identities.length === 0) {
    throw new FederationError({
      code: 'EmptyTrust', where, prop: 'identities', rule: 'hold at least one identity', got: '[]', remedy: 'pass the role or account that the workload becomes',
    });
  }
  for (const identity of props.identities) {
    if (typeof identity?.bind === 'function' && identity.node.root !== scope.node.root) {
      throw new FederationError({
        code: 'WrongCluster', where, prop: 'identities', rule: 'hold identities of this app', got: `${identity.node.path} of another`, remedy: 'bring it in by its ARN or name',
      });
    }
    if (typeof identity?.bind !== 'function') {
      throw new FederationError({
        code: 'InvalidIdentifier', where, prop: 'identities', rule: 'hold cloud identities', got: identity, remedy: 'pass the role or account that the workload becomes',
      });
    }
  }
  if (props.wiring !== undefined && !WIRINGS.includes(props.wiring)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'wiring', rule: `be one of ${WIRINGS.map(wiring => `"${wiring}"`).join(', ')}`, got: props.wiring, remedy: 'leave it out for "platform"',
    });
  }
  checkRange({ where, prop: 'tokenExpirationSeconds' }, tokenExpirationSeconds, 600, 86400, 'give it in seconds; 3600 is one hour');
  checkPattern({ where, prop: 'mountPath' }, mountPath, /^(?!(?:.*\/)?\.{1,2}(?:\/|$))(?:\/[A-Za-z0-9._-]+)+$/,
    'be an absolute path of letters, digits and "._-", without ".." or a slash at its end', 'write it like "/var/run/secrets/workload-federation"');
}

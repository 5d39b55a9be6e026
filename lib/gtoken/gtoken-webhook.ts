import { ComputeFirewall } from '@cdktf/provider-google/lib/compute-firewall';
import { ClusterRoleBindingV1 } from '@cdktf/provider-kubernetes/lib/cluster-role-binding-v1';
import { ClusterRoleV1 } from '@cdktf/provider-kubernetes/lib/cluster-role-v1';
import { DeploymentV1, DeploymentV1SpecTemplateSpec } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Labels } from '@cdktf/provider-kubernetes/lib/labels';
import { MutatingWebhookConfigurationV1 } from '@cdktf/provider-kubernetes/lib/mutating-webhook-configuration-v1';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodDisruptionBudgetV1 } from '@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { ServiceV1 } from '@cdktf/provider-kubernetes/lib/service-v1';
import { ITerraformDependable, TerraformProvider, TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { WebhookCertificate, WebhookCertificateFactory } from './webhook-certificate';
import { checkDependsOn, checkImage, checkNamespace, checkPattern, checkProject, checkRange, INITIAL_NAMESPACES, pathOf, Place } from '../checks';
import { FederationError } from '../errors';
import { isToken } from '../tokens';

/** The rule that lets a private GKE control plane reach the webhook: by itself, it reaches nodes at 443 and 10250 only. */
export interface ControlPlaneFirewall {
  /** The name or self link of the nodes' network. */
  readonly network: string;
  /** The range of the control plane, such as 172.16.0.0/28. */
  readonly controlPlaneCidr: string;
  /**
   * The network tags of the nodes; these or `nodeServiceAccounts` must be given.
   * @default - none
   */
  readonly nodeTags?: readonly string[];
  /**
   * The emails of the nodes' service accounts; these or `nodeTags` must be given.
   * @default - none
   */
  readonly nodeServiceAccounts?: readonly string[];
  /**
   * The name of the rule, once in a project: give one where several clusters share a project.
   * @default - the webhook's name and "-control-plane"
   */
  readonly ruleName?: string;
  /**
   * The project of the network.
   * @default - the project of the Google provider
   */
  readonly project?: string;
}

/** What the webhook's container asks for and may use, by resource. */
export interface GtokenWebhookResources {
  /**
   * What the scheduler sets aside.
   * @default - nothing
   */
  readonly requests?: Readonly<Record<string, string>>;
  /**
   * What is never passed.
   * @default - nothing
   */
  readonly limits?: Readonly<Record<string, string>>;
}

/** Props of the webhook. */
export interface GtokenWebhookProps {
  /** The image of gtoken-webhook, by digest or by a tag other than latest. */
  readonly image: string;
  /** The image of gtoken that is put into pods, by digest or by a tag other than latest. */
  readonly gtokenImage: string;
  /** Where the webhook's certificate comes from: `CertManagerCertificate.with()`, or `SelfSignedWebhookCertificate.with()`. */
  readonly certificate: WebhookCertificateFactory;
  /**
   * The name of everything that is defined in the cluster.
   * @default "gtoken-webhook"
   */
  readonly name?: string;
  /**
   * The namespace of the webhook; no pod in it gets a token.
   * @default "gtoken"
   */
  readonly namespace?: string;
  /**
   * Whether the namespace exists already: it is then labelled and not created.
   * @default false
   */
  readonly existingNamespace?: boolean;
  /**
   * How many pods serve the webhook.
   * @default 2
   */
  readonly replicas?: number;
  /**
   * What the container asks for and may use.
   * @default - requests 10m of CPU and 32Mi of memory, is limited to 128Mi of memory
   */
  readonly resources?: GtokenWebhookResources;
  /**
   * When the images are pulled, that of the webhook and that of gtoken: `IfNotPresent`, `Always` or `Never`.
   * @default "IfNotPresent"
   */
  readonly imagePullPolicy?: string;
  /**
   * How much is logged: `debug`, `info`, `warning`, `error`, `fatal` or `panic`.
   * @default "warning"
   */
  readonly logLevel?: string;
  /**
   * What becomes of pods while the webhook does not answer: `Ignore` starts them without a token, `Fail` starts none in the whole cluster but in
   * the namespaces that are left out.
   * @default "Ignore"
   */
  readonly failurePolicy?: string;
  /**
   * The seconds that the API server waits for an answer, 1 to 30.
   * @default 10
   */
  readonly timeoutSeconds?: number;
  /**
   * The versions of AdmissionReview that the server reads, of which the API server takes the first: images from before kubewebhook 2, such as those
   * of 2021, read `v1beta1` only.
   * @default - v1, v1beta1
   */
  readonly admissionReviewVersions?: readonly string[];
  /**
   * Namespaces that the webhook is never asked about, besides its own, kube-system, and those labelled admission.gtoken/ignore.
   * @default - none
   */
  readonly excludedNamespaces?: readonly string[];
  /**
   * The name of the volume that is put into pods.
   * @default - gtoken-volume, as the server has it
   */
  readonly volumeName?: string;
  /**
   * Where the volume appears in containers.
   * @default - /var/run/secrets/aws/token, as the server has it
   */
  readonly volumePath?: string;
  /**
   * The name of the token's file in the volume.
   * @default - gtoken, as the server has it
   */
  readonly tokenFile?: string;
  /**
   * Labels of everything that is defined in the cluster.
   * @default - app.kubernetes.io/name and app.kubernetes.io/instance
   */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * The firewall rule that a private GKE control plane needs.
   * @default - none
   */
  readonly controlPlaneFirewall?: ControlPlaneFirewall;
  /**
   * What must exist before the webhook, such as the nodes or cert-manager.
   * @default - nothing
   */
  readonly dependsOn?: readonly ITerraformDependable[];
  /**
   * The Kubernetes provider that leads to the cluster.
   * @default - the stack's provider without an alias
   */
  readonly kubernetesProvider?: TerraformProvider;
  /**
   * The Google provider of the firewall rule.
   * @default - the stack's provider without an alias
   */
  readonly googleProvider?: TerraformProvider;
}

const PORT = 8443;
const CERTIFICATES = '/etc/webhook/certs';
const IGNORE = 'admission.gtoken/ignore';
/** The image has no user of its own, and would run as root. */
const NOBODY = '65532';
const RESOURCES: GtokenWebhookResources = { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } };

/** The webhooks of each stack by the alias of their provider: a second one would put a second gtoken into every pod. */
const WEBHOOKS = new WeakMap<TerraformStack, Map<string, GtokenWebhook>>();

/**
 * Defines gtoken-webhook in a cluster: it puts gtoken, which fetches the ID token of a Google service account, into the pods of service accounts
 * that are annotated with `amazonaws.com/role-arn`.
 *
 * Upstream is no longer maintained; new work is better off with the cluster's own issuer, which needs no webhook. The containers that it adds have no
 * security context, so that namespaces which enforce the restricted Pod Security Standard refuse the pods.
 *
 * @see https://github.com/doitintl/gtoken
 */
export class GtokenWebhook extends Construct {
  /** The namespace; using it orders the user after it. */
  public readonly namespace: string;
  /** The MutatingWebhookConfiguration: pods that need a token must depend on it. */
  public readonly resource: MutatingWebhookConfigurationV1;
  /** The namespace's resource; none where it exists already. */
  public readonly namespaceResource?: NamespaceV1;
  /** The labels added to a namespace that exists already. */
  public readonly namespaceLabels?: Labels;
  /** The ServiceAccount that the webhook runs as. */
  public readonly serviceAccount: ServiceAccountV1;
  /** What the webhook may do: get service accounts. */
  public readonly clusterRole: ClusterRoleV1;
  /** What gives it that. */
  public readonly clusterRoleBinding: ClusterRoleBindingV1;
  /** The certificate. */
  public readonly certificate: WebhookCertificate;
  /** The Deployment. */
  public readonly deployment: DeploymentV1;
  /** The budget that keeps all but one of the pods; none for a single one. */
  public readonly podDisruptionBudget?: PodDisruptionBudgetV1;
  /** The Service that the API server calls. */
  public readonly service: ServiceV1;
  /** The firewall rule, where one was asked for. */
  public readonly firewall?: ComputeFirewall;

  /**
   * @throws FederationError for an image that is not pinned, a name or value that Kubernetes, Google Cloud or the server would refuse,
   * or a second webhook in a cluster
   */
  constructor(scope: Construct, id: string, props: GtokenWebhookProps) {
    const where = pathOf(scope, id);
    const { name = 'gtoken-webhook', replicas = 2, kubernetesProvider: provider } = props;
    checkWebhook(where, props, name, replicas);
    checkDependsOn(scope, where, props.dependsOn);
    const stack = TerraformStack.of(scope);
    const webhooks = WEBHOOKS.get(stack) ?? new Map<string, GtokenWebhook>();
    const alias = provider?.alias ?? '';
    const known = webhooks.get(alias);
    if (known !== undefined) {
      throw new FederationError({
        code: 'DuplicateRegistration', where, prop: 'kubernetesProvider', rule: `lead to a cluster without the webhook (${known.node.path} is it)`,
        got: alias === '' ? 'the provider without an alias' : alias, remedy: 'have one in a cluster, and give each cluster a KubernetesProvider with an alias',
      });
    }
    super(scope, id);
    WEBHOOKS.set(stack, webhooks.set(alias, this));

    const selector = { 'app.kubernetes.io/name': 'gtoken-webhook', 'app.kubernetes.io/instance': name };
    const labels = { ...props.labels, ...selector };
    const dependsOn = props.dependsOn && [...props.dependsOn];
    const said = props.namespace ?? 'gtoken';
    if (props.existingNamespace === true) {
      this.namespaceLabels = new Labels(this, 'NamespaceLabels', {
        apiVersion: 'v1', kind: 'Namespace', metadata: { name: said }, labels: { [IGNORE]: 'true' }, dependsOn, provider,
      });
    } else {
      this.namespaceResource = new NamespaceV1(this, 'Namespace', {
        metadata: { name: said, labels: { ...labels, [IGNORE]: 'true', 'pod-security.kubernetes.io/enforce': 'restricted' } }, dependsOn, provider,
      });
    }
    const namespace = (this.namespaceLabels ?? this.namespaceResource)!.metadata.name;
    this.namespace = namespace;
    const metadata = { name, namespace, labels };

    // Pods that run as it get no token of the API unless they ask, as the Deployment does.
    this.serviceAccount = new ServiceAccountV1(this, 'ServiceAccount', { metadata, automountServiceAccountToken: false, provider });
    const serviceAccountName = this.serviceAccount.metadata.name;
    this.clusterRole = new ClusterRoleV1(this, 'ClusterRole', {
      metadata: { name, labels }, rule: [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get'] }], dependsOn, provider,
    });
    this.clusterRoleBinding = new ClusterRoleBindingV1(this, 'ClusterRoleBinding', {
      metadata: { name, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: this.clusterRole.metadata.name },
      subject: [{ kind: 'ServiceAccount', name: serviceAccountName, namespace }],
      provider,
    });
    this.certificate = props.certificate(this, 'Certificate', { namespace, serviceName: name, labels, kubernetesProvider: provider });
    this.deployment = new DeploymentV1(this, 'Deployment', {
      metadata,
      spec: {
        replicas: String(replicas),
        selector: { matchLabels: selector },
        template: {
          metadata: { labels, annotations: { ...this.certificate.podAnnotations } },
          spec: this.podSpec(props, serviceAccountName, selector),
        },
      },
      // The server ends itself where it may not read a ServiceAccount.
      dependsOn: [this.clusterRoleBinding, ...this.certificate.dependsOn],
      provider,
    });
    if (isToken(replicas) || replicas > 1) {
      this.podDisruptionBudget = new PodDisruptionBudgetV1(this, 'PodDisruptionBudget', {
        metadata, spec: { maxUnavailable: '1', selector: { matchLabels: selector } }, provider,
      });
    }
    this.service = new ServiceV1(this, 'Service', {
      metadata, spec: { selector, port: [{ name: 'https', port: 443, targetPort: String(PORT) }] }, provider,
    });
    if (props.controlPlaneFirewall !== undefined) {
      this.firewall = this.createFirewall(name, props.controlPlaneFirewall, props.googleProvider);
    }
    this.resource = this.createConfiguration(props, name, labels);
  }

  private podSpec(props: GtokenWebhookProps, serviceAccountName: string, selector: Record<string, string>): DeploymentV1SpecTemplateSpec {
    const { imagePullPolicy = 'IfNotPresent', resources = RESOURCES, volumeName, volumePath, tokenFile } = props;
    const probe = { httpGet: { path: '/healthz', port: String(PORT), scheme: 'HTTPS' }, timeoutSeconds: 3 };
    const optional: [string, string | undefined][] = [['volume-name', volumeName], ['volume-path', volumePath], ['token-file', tokenFile]];
    return {
      serviceAccountName,
      automountServiceAccountToken: true,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true, runAsUser: NOBODY, runAsGroup: NOBODY, fsGroup: NOBODY, seccompProfile: { type: 'RuntimeDefault' },
      },
      topologySpreadConstraint: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(topologyKey => ({
        maxSkew: 1, topologyKey, whenUnsatisfiable: 'ScheduleAnyway', labelSelector: [{ matchLabels: selector }],
      })),
      container: [{
        name: 'gtoken-webhook',
        image: props.image,
        imagePullPolicy,
        args: [
          `--log-level=${props.logLevel ?? 'warning'}`,
          'server',
          `--tls-cert-file=${CERTIFICATES}/tls.crt`,
          `--tls-private-key-file=${CERTIFICATES}/tls.key`,
          `--image=${props.gtokenImage}`,
          `--pull-policy=${imagePullPolicy}`,
          ...optional.filter(([, value]) => value !== undefined).map(([flag, value]) => `--${flag}=${value}`),
        ],
        port: [{ name: 'https', containerPort: PORT }],
        resources: { requests: { ...resources.requests }, limits: { ...resources.limits } },
        securityContext: {
          runAsNonRoot: true,
          privileged: false,
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
        readinessProbe: { ...probe, periodSeconds: 5 },
        livenessProbe: { ...probe, periodSeconds: 10 },
        volumeMount: [{ name: 'certificate', mountPath: CERTIFICATES, readOnly: true }],
      }],
      // The group of the volume may read it, and nobody else.
      volume: [{ name: 'certificate', secret: { secretName: this.certificate.secretName, defaultMode: '0440' } }],
    };
  }

  private createFirewall(name: string, props: ControlPlaneFirewall, provider: TerraformProvider | undefined): ComputeFirewall {
    return new ComputeFirewall(this, 'Firewall', {
      name: props.ruleName ?? `${name}-control-plane`,
      description: `The control plane of GKE calls ${name}`,
      network: props.network,
      project: props.project,
      direction: 'INGRESS',
      sourceRanges: [props.controlPlaneCidr],
      allow: [{ protocol: 'tcp', ports: [String(PORT)] }],
      targetTags: hasAny(props.nodeTags) ? [...props.nodeTags!].sort() : undefined,
      targetServiceAccounts: hasAny(props.nodeServiceAccounts) ? [...props.nodeServiceAccounts!].sort() : undefined,
      provider,
    });
  }

  private createConfiguration(props: GtokenWebhookProps, name: string, labels: Record<string, string>): MutatingWebhookConfigurationV1 {
    const { caBundle, webhookAnnotations } = this.certificate;
    return new MutatingWebhookConfigurationV1(this, 'Default', {
      metadata: { name, labels, annotations: Object.keys(webhookAnnotations).length === 0 ? undefined : { ...webhookAnnotations } },
      webhook: [{
        name: 'gtoken.doit-intl.com',
        clientConfig: { service: { name: this.service.metadata.name, namespace: this.namespace, path: '/pods', port: 443 }, caBundle },
        rule: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: 'Namespaced' }],
        namespaceSelector: {
          matchExpressions: [
            { key: IGNORE, operator: 'DoesNotExist' },
            { key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['kube-system', this.namespace, ...(props.excludedNamespaces ?? [])] },
          ],
        },
        admissionReviewVersions: [...props.admissionReviewVersions ?? ['v1', 'v1beta1']],
        sideEffects: 'None',
        // Asked a second time about a pod, the server would add its containers a second time.
        reinvocationPolicy: 'Never',
        matchPolicy: 'Equivalent',
        failurePolicy: props.failurePolicy ?? 'Ignore',
        timeoutSeconds: props.timeoutSeconds ?? 10,
      }],
      lifecycle: caBundle === undefined ? { ignoreChanges: ['webhook[0].client_config[0].ca_bundle'] } : undefined,
      // The API server shall not ask before somebody can answer.
      dependsOn: [this.deployment, ...(this.firewall === undefined ? [] : [this.firewall])],
      provider: props.kubernetesProvider,
    });
  }
}

function hasAny(values: readonly string[] | undefined): boolean {
  return values !== undefined && values.length > 0;
}

function checkWebhook(where: string, props: GtokenWebhookProps, name: string, replicas: number): void {
  checkImage({ where, prop: 'image' }, props.image);
  checkImage({ where, prop: 'gtokenImage' }, props.gtokenImage);
  if (typeof props.certificate !== 'function') {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'certificate', rule: 'say where the certificate comes from', got: props.certificate,
      remedy: 'pass CertManagerCertificate.with(), or SelfSignedWebhookCertificate.with() of cdktf-workload-federation/tls',
    });
  }
  checkPattern({ where, prop: 'name' }, name, /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
    'be 1 to 63 lower-case letters, digits and "-", beginning with a letter', 'choose a name that Kubernetes takes for a Service', 'InvalidName');
  const namespace = props.namespace ?? 'gtoken';
  checkNamespace({ where, prop: 'namespace' }, namespace);
  if (INITIAL_NAMESPACES.has(namespace)) {
    throw new FederationError({
      code: 'InvalidName', where, prop: 'namespace', rule: 'be none that every cluster begins with', got: namespace, remedy: 'give the webhook a namespace of its own: no pod in it gets a token',
    });
  }
  (props.excludedNamespaces ?? []).forEach(excluded => checkNamespace({ where, prop: 'excludedNamespaces' }, excluded));
  checkRange({ where, prop: 'replicas' }, replicas, 1, 10, 'leave it out for 2');
  checkRange({ where, prop: 'timeoutSeconds' }, props.timeoutSeconds ?? 10, 1, 30, 'leave it out for 10');
  const choices: ['imagePullPolicy' | 'logLevel' | 'failurePolicy', RegExp, string, string][] = [
    ['imagePullPolicy', /^(?:IfNotPresent|Always|Never)$/, '"IfNotPresent", "Always" or "Never"', 'IfNotPresent'],
    ['logLevel', /^(?:debug|info|warning|error|fatal|panic)$/, '"debug", "info", "warning", "error", "fatal" or "panic"', 'warning'],
    ['failurePolicy', /^(?:Ignore|Fail)$/, '"Ignore" or "Fail"', 'Ignore'],
  ];
  for (const [prop, pattern, values, standard] of choices) {
    checkPattern({ where, prop }, props[prop] ?? standard, pattern, `be ${values}`, `leave it out for "${standard}"`);
  }
  const versions = props.admissionReviewVersions;
  if (versions?.length === 0) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'admissionReviewVersions', rule: 'hold a version', got: versions, remedy: 'leave it out for v1 and v1beta1',
    });
  }
  versions?.forEach(version => checkPattern({ where, prop: 'admissionReviewVersions' }, version, /^v1(?:beta1)?$/, 'be "v1" and "v1beta1", or one of them',
    'leave it out for both'));
  if (props.volumeName !== undefined) {
    checkPattern({ where, prop: 'volumeName' }, props.volumeName, /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/, 'be 1 to 63 lower-case letters, digits and "-"',
      'leave it out for "gtoken-volume"', 'InvalidName');
  }
  if (props.volumePath !== undefined) {
    checkPattern({ where, prop: 'volumePath' }, props.volumePath, /^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/,
      'be an absolute path of letters, digits and "._-", without ".." or a slash at its end', 'leave it out for "/var/run/secrets/aws/token"');
  }
  if (props.tokenFile !== undefined) {
    checkPattern({ where, prop: 'tokenFile' }, props.tokenFile, /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,255}$/, 'be the name of a file: letters, digits and "._-"', 'leave it out for "gtoken"');
  }
  if (props.controlPlaneFirewall !== undefined) {
    checkFirewall(where, props.controlPlaneFirewall, name);
  }
}

function checkFirewall(where: string, firewall: ControlPlaneFirewall, name: string): void {
  const at = (prop: keyof ControlPlaneFirewall): Place => ({ where, prop: `controlPlaneFirewall.${prop}` });
  checkPattern(at('network'), firewall.network, /^(?:(?:https:\/\/www\.googleapis\.com\/compute\/v1\/)?projects\/[a-z0-9.:-]+\/global\/networks\/)?[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
    'be the name or self link of a network', 'pass the network of the cluster\'s nodes');
  checkCidr(at('controlPlaneCidr'), firewall.controlPlaneCidr);
  const { nodeTags, nodeServiceAccounts, project } = firewall;
  if (hasAny(nodeTags) === hasAny(nodeServiceAccounts)) {
    throw new FederationError({
      code: 'InvalidIdentifier', ...at('nodeTags'), rule: 'be given, or `nodeServiceAccounts`, and not both', got: hasAny(nodeTags) ? 'both' : 'neither',
      remedy: 'name the nodes by one of the two: without, the rule would open every machine of the network',
    });
  }
  nodeTags?.forEach(tag => checkPattern(at('nodeTags'), tag, /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
    'be network tags: lower-case letters, digits and "-", beginning with a letter', 'copy them from a node', 'InvalidName'));
  nodeServiceAccounts?.forEach(email => checkPattern(at('nodeServiceAccounts'), email, /^[a-z0-9-]+@[a-z0-9.-]+\.gserviceaccount\.com$/,
    'be emails of service accounts', 'copy them from a node pool'));
  checkPattern(at('ruleName'), firewall.ruleName ?? `${name}-control-plane`, /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
    'be 1 to 63 lower-case letters, digits and "-", beginning with a letter', 'choose a name that Google Cloud takes', 'InvalidName');
  if (project !== undefined) {
    checkProject(at('project'), project);
  }
}

function checkCidr(place: Place, cidr: string): void {
  const rule = 'be an IPv4 range of at most 256 addresses that begins with its first, such as 172.16.0.0/28';
  const remedy = 'copy it from the cluster\'s privateClusterConfig.masterIpv4CidrBlock';
  checkPattern(place, cidr, /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\/(?:2[4-9]|3[0-2])$/, rule, remedy);
  const [, last, prefix] = /\.(\d+)\/(\d+)$/.exec(cidr) ?? [];
  if (!isToken(cidr) && Number(last) % 2 ** (32 - Number(prefix)) !== 0) {
    throw new FederationError({ code: 'InvalidIdentifier', ...place, rule, got: cidr, remedy });
  }
}

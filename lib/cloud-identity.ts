import { ITerraformDependable } from 'cdktf';
import { IConstruct } from 'constructs';
import { covers, ServiceAccountSubject, TrustedSubject } from './cluster';
import { FederationError } from './errors';

/**
 * How a pod comes by its tokens.
 *
 * - `platform`: by what the cluster's vendor runs, where it does (EKS's webhook, GKE's metadata server); projected tokens elsewhere.
 * - `explicit`: by tokens that the pod itself projects, wherever the cloud takes them.
 * - `webhook`: by the cloud's mutating webhook, which whoever runs the cluster has installed; an identity that no webhook brings is refused.
 */
export type Wiring = 'platform' | 'explicit' | 'webhook';

/** The ways in which a pod comes by its tokens. */
export const WIRINGS: readonly Wiring[] = ['platform', 'explicit', 'webhook'];

/** What a workload tells an identity when it is bound. */
export interface PodBindingOptions {
  /** The absolute path in the container under which tokens and credential files appear. */
  readonly mountPath: string;
  /** The lifetime of the projected tokens, in seconds. */
  readonly tokenExpirationSeconds: number;
  /** How the pod comes by its tokens. */
  readonly wiring: Wiring;
}

/** A service account token that the kubelet writes into the pod and refreshes. */
export interface ProjectedToken {
  /** The path of the token, relative to the workload's mount path. */
  readonly path: string;
  /** The `aud` claim of the token. */
  readonly audience: string;
}

/** A credential configuration file: where a client library finds its token, never a key. */
export interface CredentialFile {
  /** The path of the file, relative to the workload's mount path. */
  readonly path: string;
  /** The text of the file. */
  readonly content: string;
}

/** An environment variable with a plain value. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly value: string;
}

/** A container that brings credentials into a pod, beside those of the workload; it runs with no right that it does not need. */
export interface HelperContainer {
  readonly name: string;
  readonly image: string;
  /**
   * The entry point in place of the image's own.
   * @default - the image's
   */
  readonly command?: readonly string[];
  /**
   * The arguments of the entry point.
   * @default - the image's
   */
  readonly args?: readonly string[];
  readonly env: readonly EnvironmentVariable[];
  readonly resources: ContainerResources;
}

/** What a container asks for, and what it may use, by the name of the resource, as in `{ memory: '32Mi' }`. */
export interface ContainerResources {
  /**
   * What the container asks for.
   * @default - nothing
   */
  readonly requests?: Readonly<Record<string, string>>;
  /**
   * What the container may use.
   * @default - nothing
   */
  readonly limits?: Readonly<Record<string, string>>;
}

/** Containers that write credentials into a volume in memory, which every other container of the pod reads. */
export interface PodHelpers {
  readonly volume: { readonly name: string; readonly mountPath: string };
  /** Run one after the other before all other containers. */
  readonly initContainers: readonly HelperContainer[];
  /** Run beside the other containers. */
  readonly sidecars: readonly HelperContainer[];
  /** Stand in for the sidecars where the pod shall complete: they end when no other container uses the volume any more. */
  readonly completingSidecars: readonly HelperContainer[];
}

/** What an identity asks of the pods that run as one of its service accounts: plain data, the one seam between clouds and workloads. */
export interface PodBinding {
  /** Annotations of the Kubernetes ServiceAccount. */
  readonly serviceAccountAnnotations: Readonly<Record<string, string>>;
  /** Labels of the pods. */
  readonly podLabels: Readonly<Record<string, string>>;
  /** Environment variables of every container. */
  readonly env: readonly EnvironmentVariable[];
  /** Tokens to project. */
  readonly tokens: readonly ProjectedToken[];
  /** Files to mount. */
  readonly files: readonly CredentialFile[];
  /** Containers to run with the pods' own. */
  readonly helpers: readonly PodHelpers[];
  /**
   * What keeps the pods from completing, with what to do about it: something that is not in the pod template.
   * @default - nothing
   */
  readonly keepsRunning?: { readonly what: string; readonly remedy: string };
  /**
   * Whether the files that a webhook mounts can be read by root and the pod's group alone.
   * @default false
   */
  readonly needsGroup?: boolean;
  /** Variables that no container may set, as they would win over the federated identity. */
  readonly reservedEnv: readonly string[];
  /** What lets the service account in, and so must exist before its pods start; what is in another stack is that stack's to order. */
  readonly dependsOn: readonly ITerraformDependable[];
}

/**
 * How a container asks a cloud who it is, and whether the cloud takes a token that is for somebody else.
 *
 * The script is for `sh` of POSIX. It may call `tidy <file>`, which prints what a command said in one line and without tokens, and write to `$HOME`,
 * `$out` and `$err`. It must not print anything. It defines two functions:
 *
 * - `ask` puts who the pod is into `identity` and returns 0, or puts why it is not who it should be into `problem` and returns 1.
 * - `control` presents the token in `$PROBE_TOKEN_FILE`, which is for another audience. It returns 0 with the cloud's words in `refusal`, 1 where the cloud
 *   took it, 2 with `problem` where something else went wrong, and 3 with the reason in `missing` where there is no such control.
 */
export interface IdentityProbe {
  /** An image with the cloud's command line and `sh`, by a tag other than latest. */
  readonly image: string;
  /** The script. It holds no "${", "%{", "$$" or backslash, and none of the values that it is about: these come by `env`. */
  readonly script: string;
  /** What the script reads. */
  readonly env: readonly EnvironmentVariable[];
}

/** The audience of the tokens that every cloud must refuse in a smoke test: nobody takes tokens for a name that cannot exist. */
export const CONTROL_AUDIENCE = 'https://smoke-test.workload-federation.invalid';

/** A cloud identity that service accounts may become. */
export interface ICloudIdentity extends IConstruct {
  /** The cloud that knows the identity, "aws", "gcp", "azure" or a name of one's own; a workload has at most one identity of each. */
  readonly cloud: string;
  /**
   * Other clouds in which a pod becomes somebody by this identity, and so cannot have another.
   * @default - none
   */
  readonly otherClouds?: readonly string[];
  /** The service accounts that may become this identity. */
  readonly trusts: readonly TrustedSubject[];
  /**
   * Says how a pod that runs as `subject` is wired.
   * @throws FederationError where the identity does not trust `subject`
   */
  bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding;
  /**
   * Says how a pod that runs as `subject` asks the cloud who it is, for `Workload.smokeTest()`; without it the identity cannot be tested so.
   */
  probe?(subject: ServiceAccountSubject): IdentityProbe;
}

/** Refuses a service account that an identity does not trust. */
export function checkTrusted(
  identity: ICloudIdentity,
  subject: ServiceAccountSubject,
  accepts: (trusted: TrustedSubject) => boolean = () => true,
): void {
  if (!identity.trusts.some(trusted => covers(identity, trusted, subject) && accepts(trusted))) {
    throw new FederationError({
      code: 'NotTrusted', where: identity.node.path, prop: 'trusts', rule: `hold the service account that uses the identity, ${subject.subject} of cluster ${subject.cluster.id}`,
      got: identity.trusts.map(trusted => `${trusted.subject} of cluster ${trusted.cluster.id}`).join(', '),
      remedy: 'add it to `trusts` where the identity is defined, or give the workload another identity',
    });
  }
}

/** Refuses an identity that no webhook brings to pods. */
export function refuseWebhook(identity: IConstruct, what: string, remedy: string): never {
  throw new FederationError({
    code: 'ClashingWiring', where: identity.node.path, prop: 'wiring', rule: `be another one for ${what}, which no webhook brings`, got: 'webhook', remedy,
  });
}

/** What an identity asks for where it has nothing to ask. */
export const NO_WIRING: Omit<PodBinding, 'reservedEnv'> = {
  serviceAccountAnnotations: {}, podLabels: {}, env: [], tokens: [], files: [], helpers: [], dependsOn: [],
};

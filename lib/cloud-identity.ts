import { ITerraformDependable } from 'cdktf';
import { IConstruct } from 'constructs';
import { covers, ServiceAccountSubject, TrustedSubject } from './cluster';
import { FederationError } from './errors';

/**
 * How a pod comes by its tokens.
 *
 * - `platform`: by what the cluster's vendor runs, where it does (EKS's webhook, GKE's metadata server); projected tokens elsewhere.
 * - `explicit`: by tokens that the pod itself projects, wherever the cloud takes them.
 */
export type Wiring = 'platform' | 'explicit';

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
  /** Variables that no container may set, as they would win over the federated identity. */
  readonly reservedEnv: readonly string[];
  /** What lets the service account in, and so must exist before its pods start; what is in another stack is that stack's to order. */
  readonly dependsOn: readonly ITerraformDependable[];
}

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

/** What an identity asks for where it has nothing to ask. */
export const NO_WIRING: Omit<PodBinding, 'reservedEnv'> = {
  serviceAccountAnnotations: {}, podLabels: {}, env: [], tokens: [], files: [], dependsOn: [],
};

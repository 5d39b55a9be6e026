import type { JsonWebKey } from 'node:crypto';

/** What the parts of the proof hand to each other: what Terraform applied, what stands on the network, and what runs in a cluster. */

/** Seconds since 1970; every part of a proof reads the same clock. */
export type Clock = () => number;

/** A resource or data source as Terraform left it. */
export interface AppliedResource {
  /** The stack that it stands in. */
  readonly stack: string;
  /** As Terraform says it: `aws_iam_role.Reader` or `data.aws_region.AwsRegion`. */
  readonly address: string;
  readonly type: string;
  readonly data: boolean;
  /** Whose it is: the AWS account, the Google project or the Azure subscription of its provider; empty for others. */
  readonly account: string;
  /** The provider configuration that it is made by: `aws`, `aws.other`, `kubernetes.gke`. */
  readonly provider?: string;
  /** Arguments and computed attributes, all resolved; every block is a list, as in Terraform's own values. */
  readonly values: Readonly<Record<string, any>>;
}

/** What Terraform applied, all stacks together. */
export interface Applied {
  readonly resources: readonly AppliedResource[];
  /** Outputs by stack and name. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The resources of one type, without data sources. */
export function ofType(applied: Applied, type: string): readonly AppliedResource[] {
  return applied.resources.filter(resource => resource.type === type && !resource.data);
}

export interface HttpRequest {
  readonly method: string;
  /** In lower case, without a port. */
  readonly host: string;
  /** With its query. */
  readonly path: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The pod that asks, where it is known: link-local services answer by it. */
  readonly pod?: RunningPod;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The header in which a stand-in's answer to a call with credentials (Amazon S3, Cloud Storage, Blob) says whom it took the caller for: `Outcome.as`. */
export const CALLER_HEADER = 'x-caller';

/** Something that answers at a host. */
export type Service = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** The hosts that exist; a request to any other fails as a name that is not found. */
export interface Internet {
  /** Lets a service answer at a host, or at every host that the pattern matches as a whole. */
  serve(host: string | RegExp, service: Service): void;
  /** Asks a host, without a socket: what stands on the network itself asks so, or a container of a pod. Throws where the host does not exist. */
  fetch(request: {
    readonly url: string; readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string;
    /** The pod whose container asks. */
    readonly pod?: RunningPod;
  }): Promise<HttpResponse>;
}

/** A cluster that issues tokens. */
export interface IssuingCluster {
  readonly kind: 'eks' | 'gke' | 'aks' | 'oidc';
  /** The cluster's name at its cloud, and that of its resource. */
  readonly name: string;
  readonly issuer: string;
  /** The ARN of an EKS cluster. */
  readonly arn?: string;
  /** The project of a GKE cluster with Google's own pool: `<project>.svc.id.goog`. */
  readonly workloadPool?: string;
  readonly keys: readonly JsonWebKey[];
  /** A token as the API server issues it for a pod of the account. */
  issue(request: TokenRequest): string;
}

export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience: string | readonly string[];
  /** @default 3600 */
  readonly expirationSeconds?: number;
  /** When it is issued. @default now */
  readonly issuedAt?: number;
  readonly podName?: string;
}

/** A pod as the kubelet and the cluster's webhooks leave it. */
export interface RunningPod {
  readonly cluster: IssuingCluster;
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly serviceAccountAnnotations: Readonly<Record<string, string>>;
  /** Whether a cloud's own metadata server sees the node in the pod's place: no server of the cluster stands between. @default false */
  readonly onNodeNetwork?: boolean;
  /** By name, init containers too. */
  readonly containers: ReadonlyMap<string, RunningContainer>;
}

export interface RunningContainer {
  readonly env: Readonly<Record<string, string>>;
  /** Content by absolute path: the files of every volume that the container mounts, and may read. */
  readonly files: ReadonlyMap<string, string>;
  /** The paths of the files that are there, and that the container's user may not read. @default - none */
  readonly unreadable?: ReadonlySet<string>;
}

/** The vendors' clients that a container can run; each takes its default credential chain. */
export type ClientName = '@aws-sdk/client-s3' | '@google-cloud/storage' | '@azure/storage-blob';

/** What came of one call of a client. */
export type Outcome =
  /** The service answered; `as` is whom it took the caller for. */
  | { readonly ok: true; readonly as: string; readonly names: readonly string[] }
  | { readonly ok: false; readonly code: string; readonly message: string };

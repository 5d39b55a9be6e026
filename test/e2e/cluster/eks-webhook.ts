import { ofType } from '../model';
import { Admission } from './admission-request';
import { Container, EnvVar } from './pod';
import { KubernetesError } from './refusal';

const DOMAIN = 'eks.amazonaws.com';
/** What the webhook asks for where nobody says how long, and the least that it takes. */
const DEFAULT_SECONDS = 86400;
const LEAST_SECONDS = 600;

interface Patch {
  readonly volumeName: string;
  readonly mountPath: string;
  readonly tokenPath: string;
  readonly audience: string;
  readonly regionalSts: boolean;
  readonly expirationSeconds: number;
  /** The two variables by which an SDK finds the token; both are left to a container that sets one. */
  readonly env: readonly EnvVar[];
}

/**
 * EKS's pod identity webhook: IAM roles for service accounts by annotation, and EKS Pod Identity by association, which comes first:
 * https://github.com/aws/amazon-eks-pod-identity-webhook/blob/master/pkg/handler/handler.go,
 * https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html.
 */
export function mutateByEks(admission: Admission): void {
  const patch = patchOf(admission);
  if (patch === undefined) return;
  const { pod, cluster } = admission;
  const skipped = skippedContainers(pod.annotations[`${DOMAIN}/skip-containers`]);
  const mutate = (container: Container) => {
    if (skipped.has(container.name)) return;
    const names = new Set(container.env.map(({ name }) => name));
    const has = (...wanted: string[]) => wanted.some(name => names.has(name));
    container.env = [
      ...container.env,
      ...(patch.regionalSts && !has('AWS_STS_REGIONAL_ENDPOINTS') ? [{ name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' }] : []),
      ...(cluster.region !== undefined && !has('AWS_REGION', 'AWS_DEFAULT_REGION')
        ? [{ name: 'AWS_DEFAULT_REGION', value: cluster.region }, { name: 'AWS_REGION', value: cluster.region }] : []),
      ...(has(...patch.env.map(({ name }) => name)) ? [] : patch.env),
    ];
    if (!container.volumeMounts.some(({ name }) => name === patch.volumeName)) {
      container.volumeMounts = [...container.volumeMounts, { name: patch.volumeName, mountPath: patch.mountPath, readOnly: true }];
    }
  };
  [...pod.initContainers, ...pod.containers].forEach(mutate);
  if (pod.volumes.some(({ name }) => name === patch.volumeName)) return;
  const { audience, expirationSeconds, tokenPath: path } = patch;
  const sources = [{ serviceAccountToken: { audience, expirationSeconds, path } }];
  pod.volumes = [{ name: patch.volumeName, projected: { sources } }, ...pod.volumes];
}

function patchOf(admission: Admission): Patch | undefined {
  const { pod, annotations } = admission;
  const ofAccount = seconds(annotations[`${DOMAIN}/token-expiration`]) ?? DEFAULT_SECONDS;
  const expirationSeconds = seconds(pod.annotations[`${DOMAIN}/token-expiration`]) ?? ofAccount;
  const regionalSts = bool(annotations[`${DOMAIN}/sts-regional-endpoints`]) ?? true;
  if (associationOf(admission) !== undefined) {
    const mountPath = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount';
    return {
      volumeName: 'eks-pod-identity-token', mountPath, tokenPath: 'eks-pod-identity-token', audience: 'pods.eks.amazonaws.com', regionalSts, expirationSeconds,
      env: [
        { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: 'http://169.254.170.23/v1/credentials' },
        { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: `${mountPath}/eks-pod-identity-token` },
      ],
    };
  }
  const roleArn = annotations[`${DOMAIN}/role-arn`];
  if (!roleArn) return undefined;
  const mountPath = '/var/run/secrets/eks.amazonaws.com/serviceaccount';
  return {
    volumeName: 'aws-iam-token', mountPath, tokenPath: 'token', audience: annotations[`${DOMAIN}/audience`] ?? 'sts.amazonaws.com', regionalSts, expirationSeconds,
    env: [{ name: 'AWS_ROLE_ARN', value: roleArn }, { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${mountPath}/token` }],
  };
}

/** The association of EKS Pod Identity that a pod has: those of a cluster stand in its own account and region. */
function associationOf({ applied, cluster, pod }: Admission): Readonly<Record<string, any>> | undefined {
  const [, , , region, account] = cluster.arn?.split(':') ?? [];
  const found = ofType(applied, 'aws_eks_pod_identity_association').filter(resource =>
    cluster.kind === 'eks' && resource.values.cluster_name === cluster.name && (account === undefined || resource.account === account)
    && (region === undefined || !resource.values.region || resource.values.region === region)
    && resource.values.namespace === pod.namespace && resource.values.service_account === pod.serviceAccountName);
  if (found.length > 1) throw new KubernetesError('AlreadyExists', `${found[1]!.address}: Association already exists: ${pod.namespace}/${pod.serviceAccountName}`);
  return found[0]?.values;
}

/** Seconds as Go reads an integer, never less than the least; what is no integer counts as not said. */
function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^[+-]?\d{1,15}$/.test(text) ? Math.max(LEAST_SECONDS, Number(text)) : undefined;
}

/** A truth value as Go's strconv.ParseBool reads it. */
function bool(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined
    : ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text) ? true : ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : undefined;
}

/** The names in one line of CSV; a line that is none skips nobody. */
function skippedContainers(line: string | undefined): ReadonlySet<string> {
  const fields = (line ?? '').split(',');
  return new Set(fields.some(field => field.includes('"') || field.includes('\n')) ? [] : fields);
}

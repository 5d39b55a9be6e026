import { randomUUID } from 'node:crypto';
import type { Clock, HttpRequest, HttpResponse, IssuingCluster } from '../../model';
import { JwsError, verifyJws } from '../jws';
import { AwsError, iso } from './errors';
import type { Association, Iam } from './iam';
import type { Context } from './policy';
import type { Session, Sts } from './sts';

/** Where the agent listens on every node: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html */
export const POD_IDENTITY_HOST = '169.254.170.23';

const AUDIENCE = 'pods.eks.amazonaws.com';
const SERVICE = 'pods.eks.amazonaws.com';

/** The texts of https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html#API_auth_AssumeRoleForPodIdentity_Errors */
const INVALID_TOKEN = 'The specified Kubernetes service account token is invalid.';
const EXPIRED_TOKEN = 'The specified Kubernetes service account token is expired.';
const NOT_FOUND = 'The specified resource could not be found.';
/** As clients show it: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html is what it asks for. */
const NOT_ASSUMED = 'Unauthorized Exception! EKS does not have permissions to assume the associated role.';

export interface PodIdentityOptions {
  /** Whether EKS passes `aws:SourceArn` and `aws:SourceAccount` to STS, which is said in public and not documented. @default false */
  readonly sourceKeys?: boolean;
}

/** The EKS Pod Identity Agent and the EKS Auth API behind it, at the node of the pod that asks. */
export class PodIdentity {
  constructor(
    private readonly world: { readonly iam: () => Iam; readonly sts: Sts; readonly clock: Clock },
    private readonly options: PodIdentityOptions,
  ) {}

  /** The errors are plain text, as in https://github.com/aws/eks-pod-identity-agent/blob/main/pkg/errors/errors.go */
  async agent({ method, path, headers, pod }: HttpRequest): Promise<HttpResponse> {
    if (pod === undefined) throw new Error('The agent of a node answers pods only.');
    if (pod.cluster.kind !== 'eks' || path.split('?')[0] !== '/v1/credentials' || method !== 'GET') return text(404, '404 page not found');
    try {
      const session = await this.assumeRole(pod.cluster, headers.authorization ?? '');
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = session.credentials;
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, AccountId: session.roleArn.split(':')[4], Expiration: iso(expiration),
        }),
      };
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return text(error.status, error.code === '' ? error.message : `[${randomUUID()}]: (${error.code}): ${error.message}, fault: client`);
    }
  }

  /** A session for the pod that a token was projected for; throws what the agent says as AwsError. */
  async assumeRole(cluster: IssuingCluster, token: string): Promise<Session> {
    if (token === '') throw new AwsError(400, '', 'Service account token cannot be empty');
    const pod = await this.podOf(cluster, token);
    const [, partition, , region, account] = (cluster.arn ?? '').split(':');
    if (partition === undefined || region === undefined || account === undefined) throw new Error(`The cluster ${cluster.name} has no ARN.`);
    const association = this.world.iam().associations.find(each => each.account === account && (each.region ?? region) === region
      && each.clusterName === cluster.name && each.namespace === pod.namespace && each.serviceAccount === pod.serviceAccount);
    if (association === undefined) throw new AwsError(404, 'ResourceNotFoundException', NOT_FOUND);
    try {
      return this.chain(association, { ...pod, clusterArn: cluster.arn!, region, account });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      throw new AwsError(400, 'AccessDeniedException', NOT_ASSUMED);
    }
  }

  private chain(association: Association, pod: Pod & { readonly clusterArn: string; readonly region: string; readonly account: string }): Session {
    // https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html: these six, and all of them are transitive.
    const tags = new Map(association.disableSessionTags ? [] : [
      ['eks-cluster-arn', pod.clusterArn],
      ['eks-cluster-name', association.clusterName],
      ['kubernetes-namespace', pod.namespace],
      ['kubernetes-service-account', pod.serviceAccount],
      ['kubernetes-pod-name', pod.name],
      ['kubernetes-pod-uid', pod.uid],
    ] as const);
    const roleSessionName = `eks-${association.clusterName.slice(0, 10)}-${pod.name.slice(0, 10)}-${randomUUID()}`;
    const request = { roleSessionName, tags, region: pod.region };
    const transitiveTagKeys = [...tags.keys()];
    const serviceContext: Context = new Map(this.options.sourceKeys === true ? [['aws:sourcearn', pod.clusterArn], ['aws:sourceaccount', pod.account]] : []);
    const { roleArn, targetRoleArn } = association;
    if (targetRoleArn === undefined) {
      return this.world.sts.assumeRoleForService(SERVICE, { ...request, roleArn, serviceContext, transitiveTagKeys, durationSeconds: 21600 });
    }
    // The second call passes the tags again (its trust policy asks for aws:RequestTag), which it could not if they came along as transitive.
    const source = this.world.sts.assumeRoleForService(SERVICE, { ...request, roleArn, serviceContext });
    // https://docs.aws.amazon.com/eks/latest/APIReference/API_PodIdentityAssociation.html: externalId
    const externalId = [pod.region, pod.account, association.clusterName, pod.namespace, pod.serviceAccount].join('/');
    return this.world.sts.assumeRole(source, { ...request, roleArn: targetRoleArn, externalId, transitiveTagKeys });
  }

  /** Whom the cluster issued a token for; as strict as for any other token, and for a pod of this cluster only. */
  private async podOf(cluster: IssuingCluster, token: string): Promise<Pod> {
    const invalid = new AwsError(400, 'InvalidTokenException', INVALID_TOKEN);
    let claims: Readonly<Record<string, any>>;
    try {
      ({ claims } = await verifyJws(token, async issuer => {
        // EKS asks the cluster itself, so that a token of another issuer is nobody's.
        if (issuer !== cluster.issuer) throw invalid;
        return cluster.keys;
      }));
    } catch (error) {
      if (error instanceof JwsError && (error.kind === 'malformed' || error.kind === 'size')) {
        throw new AwsError(400, '', `Service account token cannot be parsed: ${error.message}`);
      }
      throw error instanceof JwsError ? invalid : error;
    }
    const now = this.world.clock();
    const { exp, iat, nbf = 0, aud, sub } = claims;
    if (![exp, iat, nbf].every(time => typeof time === 'number' && Number.isFinite(time))) throw invalid;
    if (now >= exp) throw new AwsError(400, 'ExpiredTokenException', EXPIRED_TOKEN);
    const [audience, ...others] = [aud].flat() as unknown[];
    if (iat > now || nbf > now || audience !== AUDIENCE || others.length > 0) throw invalid;
    const { namespace, serviceaccount, pod } = (claims['kubernetes.io'] ?? {}) as Readonly<Record<string, any>>;
    const values: unknown[] = [namespace, serviceaccount?.name, pod?.name, pod?.uid];
    if (!values.every(value => typeof value === 'string' && value !== '') || sub !== `system:serviceaccount:${namespace}:${serviceaccount.name}`) throw invalid;
    return { namespace, serviceAccount: serviceaccount.name, name: pod.name, uid: pod.uid };
  }
}

interface Pod {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly name: string;
  readonly uid: string;
}

function text(status: number, message: string): HttpResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }, body: `${message}\n` };
}

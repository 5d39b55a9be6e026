// What both arms share: the names of the article, and the buckets, namespaces and providers that its federations use.
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TerraformStack } from 'cdktf';

export const PROJECT = 'oidc-exp-project';
export const LOCATION = 'europe-west2-a';
export const CLUSTER = 'oidc-exp-cluster';
export const EKS_ISSUER = 'https://oidc.eks.eu-west-2.amazonaws.com/id/4E604436464FFCC52F8B96807F5BD5BC';
export const NAMESPACE = 'oidc-exp';
export const CONTAINER = { name: 'cli', image: 'amazon/aws-cli:2.31.0', command: ['/bin/bash', '-c', 'sleep 1800'] };

/** What differs between the federations. */
export interface Names {
  /** The Kubernetes service account, the role and the pods. */
  readonly app: string;
  /** Google wants at least six characters. */
  readonly accountId: string;
}

export function namesOf(index: number): Names {
  return { app: `app-${index}`, accountId: `account-${index}` };
}

/** A cluster's Kubernetes provider, and the namespace that the workloads wait for. */
export interface Kubernetes {
  readonly provider: KubernetesProvider;
  readonly namespace: NamespaceV1;
}

export interface Surroundings {
  readonly s3: S3Bucket;
  readonly gcs: StorageBucket;
  readonly onEks: Kubernetes;
  readonly onGke: Kubernetes;
}

export function surroundings(stack: TerraformStack): Surroundings {
  new AwsProvider(stack, 'Aws', { region: 'eu-west-2' });
  new GoogleProvider(stack, 'Google', { project: PROJECT });
  return {
    s3: new S3Bucket(stack, 'S3', { bucket: 'oidc-exp-s3-bucket' }),
    gcs: new StorageBucket(stack, 'Gcs', { name: 'oidc-exp-gcs-bucket', location: 'europe-west2', uniformBucketLevelAccess: true }),
    onEks: kubernetes(stack, 'Eks', 'aws'),
    onGke: kubernetes(stack, 'Gke', 'gke'),
  };
}

function kubernetes(stack: TerraformStack, id: string, configContext: string): Kubernetes {
  const provider = new KubernetesProvider(stack, `${id}Kubernetes`, { alias: id.toLowerCase(), configPath: '~/.kube/config', configContext });
  return { provider, namespace: new NamespaceV1(stack, `${id}Namespace`, { metadata: { name: NAMESPACE }, provider }) };
}

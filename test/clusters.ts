import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { ContainerCluster } from '@cdktf/provider-google/lib/container-cluster';
import { TerraformStack } from 'cdktf';
import { Cluster } from 'cdktf-workload-federation';

export const EKS_ISSUER = 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';
export const GKE_ISSUER = 'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps';

/** The same two clusters, known when the stack is synthesized or by Terraform only, and how Terraform writes their issuers. */
export interface Clusters {
  readonly eks: (stack: TerraformStack) => Cluster;
  readonly gke: (stack: TerraformStack) => Cluster;
  readonly gkePlain: (stack: TerraformStack) => Cluster;
  readonly eksIssuer: string;
  readonly eksIssuerWithoutScheme: string;
  readonly gkeIssuer: string;
  readonly gkeIssuerWithoutScheme: string;
  readonly workloadPool: string;
}

const LITERAL: Clusters = {
  eks: () => Cluster.eks({ name: 'apps', issuer: EKS_ISSUER }),
  gke: () => Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' }),
  gkePlain: () => Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps', workloadIdentity: false }),
  eksIssuer: EKS_ISSUER,
  eksIssuerWithoutScheme: 'oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204',
  gkeIssuer: GKE_ISSUER,
  gkeIssuerWithoutScheme: 'container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps',
  workloadPool: 'acme-apps.svc.id.goog',
};

/** One resource for each stack and kind, as an app has it. */
function only<T>(stack: TerraformStack, id: string, create: () => T): T {
  return (stack.node.tryFindChild(id) as T | undefined) ?? create();
}

const gkeResource = (stack: TerraformStack) =>
  only(stack, 'GkeCluster', () => new ContainerCluster(stack, 'GkeCluster', { name: 'apps', location: 'europe-west1' }));

const TOKENS: Clusters = {
  eks: stack => Cluster.fromEksCluster(only(stack, 'EksCluster', () => new DataAwsEksCluster(stack, 'EksCluster', { name: 'apps' }))),
  gke: stack => Cluster.fromGkeCluster(gkeResource(stack)),
  gkePlain: stack => Cluster.fromGkeCluster(gkeResource(stack), { workloadIdentity: false }),
  eksIssuer: '${data.aws_eks_cluster.EksCluster.identity[0].oidc[0].issuer}',
  eksIssuerWithoutScheme: '${trimprefix(data.aws_eks_cluster.EksCluster.identity[0].oidc[0].issuer, "https://")}',
  gkeIssuer: 'https://container.googleapis.com/v1/${google_container_cluster.GkeCluster.id}',
  gkeIssuerWithoutScheme: 'container.googleapis.com/v1/${google_container_cluster.GkeCluster.id}',
  workloadPool: '${element(split("/", google_container_cluster.GkeCluster.id), 1)}.svc.id.goog',
};

/** The rows of `describe.each`: every suite runs on both. */
export const LITERAL_AND_TOKENS: [string, Clusters][] = [
  ['an issuer known when the stack is synthesized', LITERAL],
  ['an issuer that only Terraform knows', TOKENS],
];

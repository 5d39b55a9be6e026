import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { DataAzurermKubernetesCluster } from '@cdktf/provider-azurerm/lib/data-azurerm-kubernetes-cluster';
import { ContainerCluster } from '@cdktf/provider-google/lib/container-cluster';
import { TerraformStack, TerraformVariable } from 'cdktf';
import { Cluster } from 'cdktf-workload-federation';

export const EKS_ISSUER = 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';
export const GKE_ISSUER = 'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps';
/** The slash at the end is part of the issuer. */
export const AKS_ISSUER = 'https://westeurope.oic.prod-aks.azure.com/0b1f6471-1bf0-4dda-aec3-cb9272f09590/3f6a1c52-9d0e-4a7b-8c15-2e4d6b8f0a91/';
export const OIDC_ISSUER = 'https://issuer.example.com/onprem';
export const PRIVATE_ISSUER = 'https://kubernetes.default.svc.cluster.local';
/** The public keys of the cluster that no cloud can reach. */
export const JWKS = '{"keys":[{"use":"sig","kty":"RSA","kid":"vV9qL0bq8Y1c","alg":"RS256","n":"u1SU1LfVLPHCozMxH2Mo4lgOEePzNm0t","e":"AQAB"}]}';

/** The same clusters of each kind, known when the stack is synthesized or by Terraform only, and how Terraform writes their issuers. */
export interface Clusters {
  readonly eks: (stack: TerraformStack) => Cluster;
  readonly gke: (stack: TerraformStack) => Cluster;
  readonly gkePlain: (stack: TerraformStack) => Cluster;
  readonly aks: (stack: TerraformStack) => Cluster;
  /** A cluster of nobody's platform, whose issuer the clouds can reach. */
  readonly oidc: (stack: TerraformStack) => Cluster;
  /** A cluster of nobody's platform, whose keys are uploaded. */
  readonly oidcWithKeys: (stack: TerraformStack) => Cluster;
  readonly eksIssuer: string;
  readonly eksIssuerWithoutScheme: string;
  readonly eksName: string;
  readonly eksArn: string;
  /** The region and the account in the ARN. */
  readonly eksRegionAndAccount: string;
  /** The data source that the ARN comes from, where the cluster does not know it. */
  readonly eksRegion: string;
  readonly eksArnSource: Record<string, unknown>;
  /** The project of the GKE cluster in the ids of members of Google's own pool. */
  readonly gkeProjectLabel: string;
  readonly gkeIssuer: string;
  readonly gkeIssuerWithoutScheme: string;
  readonly workloadPool: string;
  readonly gkeProjectNumber: string;
  /** The data source that the number comes from. */
  readonly gkeProjectSource: Record<string, unknown>;
  readonly aksIssuer: string;
  readonly aksIssuerWithoutScheme: string;
  readonly oidcIssuer: string;
  readonly oidcIssuerWithoutScheme: string;
  readonly privateIssuer: string;
  readonly jwks: string;
}

const LITERAL: Clusters = {
  eks: () => Cluster.eks({ name: 'apps', issuer: EKS_ISSUER }),
  gke: () => Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' }),
  gkePlain: () => Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps', workloadIdentity: false }),
  aks: () => Cluster.aks({ name: 'apps', issuer: AKS_ISSUER }),
  oidc: () => Cluster.oidc({ name: 'onprem', issuer: OIDC_ISSUER }),
  oidcWithKeys: () => Cluster.oidc({ name: 'vault', issuer: PRIVATE_ISSUER, jwks: JWKS }),
  eksIssuer: EKS_ISSUER,
  eksIssuerWithoutScheme: 'oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204',
  eksName: 'apps',
  eksArn: '${data.aws_eks_cluster.EksCluster-eks-apps.arn}',
  eksRegionAndAccount: '${element(split(":", data.aws_eks_cluster.EksCluster-eks-apps.arn), 3)}/${element(split(":", data.aws_eks_cluster.EksCluster-eks-apps.arn), 4)}',
  eksRegion: 'eu-west-1',
  eksArnSource: {
    'data.aws_eks_cluster.EksCluster-eks-apps': {
      name: 'apps',
      region: 'eu-west-1',
      lifecycle: {
        postcondition: [{
          condition: `\${(self.identity.0.oidc.0.issuer == "${EKS_ISSUER}")}`,
          error_message: 'The EKS cluster of this name has another issuer than cluster eks-apps: it is another cluster, or was created again.',
        }],
      },
    },
  },
  gkeProjectLabel: 'acme-apps',
  gkeIssuer: GKE_ISSUER,
  gkeIssuerWithoutScheme: 'container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps',
  workloadPool: 'acme-apps.svc.id.goog',
  gkeProjectNumber: '${data.google_project.GoogleProject-acme-apps.number}',
  gkeProjectSource: { 'data.google_project.GoogleProject-acme-apps': { project_id: 'acme-apps' } },
  aksIssuer: AKS_ISSUER,
  aksIssuerWithoutScheme: 'westeurope.oic.prod-aks.azure.com/0b1f6471-1bf0-4dda-aec3-cb9272f09590/3f6a1c52-9d0e-4a7b-8c15-2e4d6b8f0a91/',
  oidcIssuer: OIDC_ISSUER,
  oidcIssuerWithoutScheme: 'issuer.example.com/onprem',
  privateIssuer: PRIVATE_ISSUER,
  jwks: JWKS,
};

/** One resource for each stack and kind, as an app has it. */
function only<T>(stack: TerraformStack, id: string, create: () => T): T {
  return (stack.node.tryFindChild(id) as T | undefined) ?? create();
}

const gkeResource = (stack: TerraformStack) =>
  only(stack, 'GkeCluster', () => new ContainerCluster(stack, 'GkeCluster', { name: 'apps', location: 'europe-west1' }));

const variable = (stack: TerraformStack, id: string) => only(stack, id, () => new TerraformVariable(stack, id, { type: 'string' })).stringValue;

const TOKENS: Clusters = {
  eks: stack => Cluster.fromEksCluster(only(stack, 'EksCluster', () => new DataAwsEksCluster(stack, 'EksCluster', { name: 'apps' }))),
  gke: stack => Cluster.fromGkeCluster(gkeResource(stack)),
  gkePlain: stack => Cluster.fromGkeCluster(gkeResource(stack), { workloadIdentity: false }),
  aks: stack => Cluster.fromAksCluster(
    only(stack, 'AksCluster', () => new DataAzurermKubernetesCluster(stack, 'AksCluster', { name: 'apps', resourceGroupName: 'acme-apps' }))),
  oidc: stack => Cluster.oidc({ name: 'onprem', issuer: variable(stack, 'issuer') }),
  oidcWithKeys: stack => Cluster.oidc({ name: 'vault', issuer: variable(stack, 'private_issuer'), jwks: variable(stack, 'jwks') }),
  eksIssuer: '${data.aws_eks_cluster.EksCluster.identity[0].oidc[0].issuer}',
  eksIssuerWithoutScheme: '${trimprefix(data.aws_eks_cluster.EksCluster.identity[0].oidc[0].issuer, "https://")}',
  eksName: '${data.aws_eks_cluster.EksCluster.name}',
  eksArn: '${data.aws_eks_cluster.EksCluster.arn}',
  eksRegionAndAccount: '${element(split(":", data.aws_eks_cluster.EksCluster.arn), 3)}/${element(split(":", data.aws_eks_cluster.EksCluster.arn), 4)}',
  eksRegion: '${element(split(":", data.aws_eks_cluster.EksCluster.arn), 3)}',
  eksArnSource: {},
  gkeProjectLabel: 'of-stack-ffcf1b47',
  gkeIssuer: 'https://container.googleapis.com/v1/${google_container_cluster.GkeCluster.id}',
  gkeIssuerWithoutScheme: 'container.googleapis.com/v1/${google_container_cluster.GkeCluster.id}',
  workloadPool: '${element(split("/", google_container_cluster.GkeCluster.id), 1)}.svc.id.goog',
  gkeProjectNumber: '${data.google_project.GoogleProject-90cb532e.number}',
  gkeProjectSource: {
    'data.google_project.GoogleProject-90cb532e': { project_id: '${element(split("/", google_container_cluster.GkeCluster.id), 1)}' },
  },
  aksIssuer: '${data.azurerm_kubernetes_cluster.AksCluster.oidc_issuer_url}',
  aksIssuerWithoutScheme: '${trimprefix(data.azurerm_kubernetes_cluster.AksCluster.oidc_issuer_url, "https://")}',
  oidcIssuer: '${var.issuer}',
  oidcIssuerWithoutScheme: '${trimprefix(var.issuer, "https://")}',
  privateIssuer: '${var.private_issuer}',
  jwks: '${var.jwks}',
};

/** The rows of `describe.each`: every suite runs on both. */
export const LITERAL_AND_TOKENS: [string, Clusters][] = [
  ['an issuer known when the stack is synthesized', LITERAL],
  ['an issuer that only Terraform knows', TOKENS],
];

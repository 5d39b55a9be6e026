export * from './errors';
export * from './rules';
export { Cluster } from './cluster';
export type {
  ClusterFromResourceOptions, ClusterKind, EksClusterProps, EksClusterResource, GkeClusterFromResourceOptions, GkeClusterProps, GkeClusterResource,
  OidcClusterProps, ServiceAccountSubject,
} from './cluster';
export type {
  CredentialFile, EnvironmentVariable, ICloudIdentity, PodBinding, PodBindingOptions, ProjectedToken, Wiring,
} from './cloud-identity';
export * from './aws/aws-federated-role';
export * from './aws/cluster-oidc-provider';
export * from './gcp/cluster-workload-identity-pool';
export * from './gcp/gcp-federated-service-account';
export type { PodTemplate, WiredPodTemplate } from './kubernetes/pod-template';
export * from './kubernetes/workload';
export type { FederationProps } from './federations/federation';
export type { ToAwsFederationProps } from './federations/to-aws';
export type { ToGcpFederationProps } from './federations/to-gcp';
export * from './federations/eks-to-aws-federation';
export * from './federations/gke-to-aws-federation';
export * from './federations/gke-to-gcp-federation';
export * from './federations/eks-to-gcp-federation';

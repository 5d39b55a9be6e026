export * from './errors';
export * from './rules';
export { Cluster } from './cluster';
export type {
  AksClusterProps, AksClusterResource, ClusterFromResourceOptions, ClusterKind, EksClusterProps, EksClusterResource, GkeClusterFromResourceOptions,
  GkeClusterProps, GkeClusterResource, OidcClusterProps, ServiceAccountSet, ServiceAccountSubject, TrustedSubject,
} from './cluster';
export type {
  ContainerResources, CredentialFile, EnvironmentVariable, HelperContainer, ICloudIdentity, IdentityProbe, PodBinding, PodBindingOptions, PodHelpers,
  ProjectedToken, Wiring,
} from './cloud-identity';
export * from './aws/aws-chained-role';
export * from './aws/aws-federated-role';
export * from './aws/aws-pod-identity-role';
export type { AwsRoleOptions } from './aws/aws-role';
export * from './aws/cluster-oidc-provider';
export type { GoogleIdTokenSubject } from './aws/google-id-token';
export type { S3Bucket, S3GrantOptions } from './aws/role-permissions';
export * from './gcp/cluster-workload-identity-pool';
export * from './gcp/gcp-federated-principal';
export * from './gcp/gcp-federated-service-account';
export type { GcsBucket } from './gcp/member-grants';
export { AwsRoleViaGoogle, type AwsRoleViaGoogleProps } from './google-issuer/aws-role-via-google';
export {
  GoogleIdTokenSource, type GtokenSourceProps, GTOKEN_AUDIENCE, type GtokenWebhookSourceProps, type MetadataServerSourceProps,
} from './google-issuer/google-id-token-source';
export * from './issuer/gcs-hosted-issuer';
export type { HostedIssuerProps } from './issuer/hosted-issuer';
export { issuerDocuments, jsonWebKeySet } from './issuer/issuer-documents';
export type { IssuerDocuments, IssuerDocumentsProps, IssuerKeys } from './issuer/issuer-documents';
export * from './issuer/s3-hosted-issuer';
export type {
  HelmValues, HelmValuesOptions, KubernetesObject, KustomizeOptions, KustomizeTarget, ManifestsOptions, PatchOptions, WorkloadManifests,
} from './kubernetes/manifests';
export type { PodOwnerKind } from './kubernetes/pod-owner';
export type { PodManifest, PodTemplate, PodTemplateOptions, PodWiringOptions, WiredPodTemplate } from './kubernetes/pod-template';
export type { SmokeTest, SmokeTestOptions, SmokeTestProps } from './kubernetes/smoke-test';
export * from './kubernetes/workload';
export { WorkloadWiring, type WorkloadWiringProps } from './kubernetes/workload-wiring';
export type { FederationProps } from './federations/federation';
export type { ToAwsFederationProps } from './federations/to-aws';
export type { ToGcpFederationProps } from './federations/to-gcp';
export * from './federations/aks-to-aws-federation';
export * from './federations/aks-to-gcp-federation';
export * from './federations/eks-to-aws-federation';
export * from './federations/eks-to-gcp-federation';
export * from './federations/gke-to-aws-federation';
export * from './federations/gke-to-aws-via-google-federation';
export * from './federations/gke-to-gcp-federation';

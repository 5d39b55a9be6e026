export type { AzureCloud } from './azure-cloud';
export * from './azure-federated-identity';
export type { AzureProviderProps, AzureTrustProps } from './federated-credential';
export type { AzureResource, AzureRoleAssignment, AzureScope, AzureStorageContainer } from './role-assignments';
export type { ToAzureFederationProps } from '../federations/to-azure';
export * from '../federations/aks-to-azure-federation';
export * from '../federations/eks-to-azure-federation';
export * from '../federations/gke-to-azure-federation';
export * from '../issuer/azure-blob-hosted-issuer';

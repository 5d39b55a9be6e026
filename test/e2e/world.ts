import { AKS_ISSUER, EKS_ISSUER, JWKS, OIDC_ISSUER, PRIVATE_ISSUER } from '../clusters';

/** What is there before anything is applied: accounts, projects, a tenant, and the clusters that data sources find. */
export interface World {
  /** The AWS account of each provider configuration: `aws`, `aws.other`. */
  readonly awsAccounts: Readonly<Record<string, string>>;
  readonly awsRegion: string;
  /** The project of Google's provider where it says none, and the number of each project. */
  readonly googleProject: string;
  readonly projectNumbers: Readonly<Record<string, string>>;
  readonly azureTenant: string;
  readonly azureSubscription: string;
  /** Values of Terraform's variables. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Computed attributes of what exists, by type of resource or data source; from its arguments. */
  readonly computed: Readonly<Record<string, (values: Readonly<Record<string, any>>) => Readonly<Record<string, unknown>>>>;
}

const azureSubscription = '7d2f3f0e-0b6b-4a53-9a55-1f1d2c3b4a59';

/** The storage account of whoever holds the data that identities read. */
export const STORAGE_ACCOUNT = `/subscriptions/${azureSubscription}/resourceGroups/data/providers/Microsoft.Storage/storageAccounts/acmedata`;

/** The clusters of test/clusters.ts are those of this name; any other has an issuer of its own. */
const issuerOf = (issuer: Readonly<Record<string, unknown>>) => ({ name }: Readonly<Record<string, any>>) => name === 'apps' ? issuer : {};
const eks = issuerOf({ identity: [{ oidc: [{ issuer: EKS_ISSUER }] }] });
const aks = issuerOf({ oidc_issuer_url: AKS_ISSUER });

/** The world of test/clusters.ts and of the examples. */
export const WORLD: World = {
  awsAccounts: { 'aws': '123456789012', 'aws.other': '210987654321' },
  awsRegion: 'eu-west-1',
  googleProject: 'acme-apps',
  projectNumbers: {
    'acme-apps': '123456789', 'acme-identity': '234567891', 'acme-reports': '345678912', 'acme-platform': '456789123', 'acme-data': '567891234', 'acme-other': '678912345',
    'oidc-exp-project': '789123456', 'acme-fleet': '891234567', 'acme-search': '912345678',
  },
  azureTenant: '11111111-2222-3333-4444-555555555555',
  azureSubscription,
  variables: { issuer: OIDC_ISSUER, private_issuer: PRIVATE_ISSUER, jwks: JWKS },
  computed: {
    'aws_eks_cluster': eks, 'data.aws_eks_cluster': eks, 'azurerm_kubernetes_cluster': aks, 'data.azurerm_kubernetes_cluster': aks,
  },
};

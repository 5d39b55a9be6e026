/** A cloud of Azure: the global one, or one of a government or country. */
export type AzureCloud = 'public' | 'usgovernment' | 'china';

/** What Entra ID of each cloud takes tokens for, and where it exchanges them. */
const CLOUDS: Record<AzureCloud, { readonly audience: string; readonly authorityHost: string }> = {
  public: { audience: 'api://AzureADTokenExchange', authorityHost: 'https://login.microsoftonline.com/' },
  usgovernment: { audience: 'api://AzureADTokenExchangeUSGov', authorityHost: 'https://login.microsoftonline.us/' },
  china: { audience: 'api://AzureADTokenExchangeChina', authorityHost: 'https://login.chinacloudapi.cn/' },
};

/** The names of the clouds. */
export const AZURE_CLOUDS = Object.keys(CLOUDS) as AzureCloud[];

/**
 * The one audience that a federated credential of the cloud has.
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
 */
export function audienceOf(cloud: AzureCloud): string {
  return CLOUDS[cloud].audience;
}

/** The authority host of the cloud, as SDKs and the Azure CLI take it. */
export function authorityHostOf(cloud: AzureCloud): string {
  return CLOUDS[cloud].authorityHost;
}

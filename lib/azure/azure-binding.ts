import { ITerraformDependable } from 'cdktf';
import { audienceOf, authorityHostOf, AzureCloud } from './azure-cloud';
import { AzureTrustProps } from './federated-credential';
import { checkRange } from '../checks';
import { checkTrusted, ICloudIdentity, NO_WIRING, PodBinding, PodBindingOptions } from '../cloud-identity';
import { ServiceAccountSubject } from '../cluster';
import { FederationError } from '../errors';

/** What a pod needs to know of an identity of Entra ID. */
export interface AzureBinding extends Pick<AzureTrustProps, 'azureCloud' | 'audience' | 'tokenPath'> {
  readonly clientId: string;
  readonly tenantId: string;
  readonly dependsOn: readonly ITerraformDependable[];
}

/** Stored secrets and users that Azure's default credential chains would take before the projected token. */
const AZURE_RESERVED_ENV = [
  'AZURE_CLIENT_ID', 'AZURE_TENANT_ID', 'AZURE_FEDERATED_TOKEN_FILE', 'AZURE_AUTHORITY_HOST',
  'AZURE_CLIENT_SECRET', 'AZURE_CLIENT_CERTIFICATE_PATH', 'AZURE_USERNAME', 'AZURE_PASSWORD',
];

/** The bounds of the lifetime that the webhook takes. */
const WEBHOOK_EXPIRATION = { min: 3600, max: 86400 };

/**
 * Says how a pod becomes an identity of Entra ID: by Azure's webhook where AKS brings it or the cluster's users have installed it, by a projected token and
 * the variables of the SDKs elsewhere.
 *
 * The webhook asks for tokens of the global cloud's audience, which no annotation changes, and says its authority, so that every other is projected
 * explicitly.
 * @see https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html
 */
export function bindAzureIdentity(
  identity: ICloudIdentity, subject: ServiceAccountSubject, options: PodBindingOptions, binding: AzureBinding,
): PodBinding {
  checkTrusted(identity, subject);
  const { clientId, tenantId, azureCloud = 'public' as AzureCloud, tokenPath = 'azure/token', dependsOn } = binding;
  const audience = binding.audience ?? audienceOf(azureCloud);
  const isGlobal = azureCloud === 'public' && audience === audienceOf('public');
  if (options.wiring === 'webhook' && !isGlobal) {
    throw new FederationError({
      code: 'ClashingWiring', where: identity.node.path, prop: azureCloud === 'public' ? 'audience' : 'azureCloud',
      rule: `be left out where Azure's webhook brings the token: it asks for "${audienceOf('public')}"`, got: azureCloud === 'public' ? audience : azureCloud,
      remedy: 'give the workload `wiring: "explicit"`',
    });
  }
  if (isGlobal && (options.wiring === 'webhook' || (subject.cluster.azureWebhook && options.wiring === 'platform'))) {
    checkRange({ where: identity.node.path, prop: 'tokenExpirationSeconds' }, options.tokenExpirationSeconds, WEBHOOK_EXPIRATION.min, WEBHOOK_EXPIRATION.max,
      'Azure\'s webhook takes no other; give the workload `wiring: "explicit"` for shorter tokens');
    return {
      ...NO_WIRING,
      serviceAccountAnnotations: {
        'azure.workload.identity/client-id': clientId,
        'azure.workload.identity/tenant-id': tenantId,
        'azure.workload.identity/service-account-token-expiration': String(options.tokenExpirationSeconds),
      },
      podLabels: { 'azure.workload.identity/use': 'true' },
      reservedEnv: AZURE_RESERVED_ENV,
      dependsOn,
    };
  }
  return {
    ...NO_WIRING,
    env: [
      { name: 'AZURE_CLIENT_ID', value: clientId },
      { name: 'AZURE_TENANT_ID', value: tenantId },
      { name: 'AZURE_FEDERATED_TOKEN_FILE', value: `${options.mountPath}/${tokenPath}` },
      { name: 'AZURE_AUTHORITY_HOST', value: authorityHostOf(azureCloud) },
    ],
    tokens: [{ path: tokenPath, audience }],
    reservedEnv: AZURE_RESERVED_ENV,
    dependsOn,
  };
}

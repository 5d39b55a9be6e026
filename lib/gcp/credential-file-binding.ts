import { Fn, ITerraformDependable } from 'cdktf';
import { ClusterWorkloadIdentityPool } from './cluster-workload-identity-pool';
import { credentialConfig } from './credential-config';
import { checkRange } from '../checks';
import { EnvironmentVariable, NO_WIRING, PodBinding, PodBindingOptions } from '../cloud-identity';
import { FederationError } from '../errors';

/** What a pod needs to know of an identity outside of Google's own pool. */
export interface CredentialFileBinding {
  readonly pool: ClusterWorkloadIdentityPool;
  /** The project that the clients work in. */
  readonly project: string;
  readonly tokenPath?: string;
  readonly serviceAccountEmail?: string;
  readonly tokenLifetimeSeconds?: number;
  readonly dependsOn: readonly ITerraformDependable[];
}

/** Stored keys and files that Google's libraries and gcloud would take before the federated credential. */
export const GOOGLE_RESERVED_ENV = ['GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', 'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE'];

/** The project as Google's libraries and gcloud read it. */
export function projectEnv(project: string | undefined): EnvironmentVariable[] {
  return project === undefined ? [] : [{ name: 'GOOGLE_CLOUD_PROJECT', value: project }, { name: 'CLOUDSDK_CORE_PROJECT', value: project }];
}

/** What the webhook makes of shorter lifetimes, and what Kubernetes gives at most. */
const WEBHOOK_EXPIRATION = { min: 3600, max: 86400 };
/** Where the webhook puts the external_account document, whichever way it makes it. */
const WEBHOOK_FILE = '/var/run/secrets/gcloud/config/federation.json';

/**
 * Says how a pod finds its credentials by the webhook of pfnet, which writes the document and projects the token.
 *
 * It is told to write the document itself: otherwise it adds a container with gcloud, which writes the same one to the same place. It says the project of
 * the account to gcloud alone, and the document to the libraries alone. Its files have mode 0440, so that containers that are not root need an fsGroup.
 * @see https://github.com/pfnet-research/gcp-workload-identity-federation-webhook
 */
function bindWebhook(where: string, { tokenExpirationSeconds }: PodBindingOptions, binding: CredentialFileBinding): PodBinding {
  const { pool, project, serviceAccountEmail, tokenLifetimeSeconds, dependsOn } = binding;
  checkRange({ where, prop: 'tokenExpirationSeconds' }, tokenExpirationSeconds, WEBHOOK_EXPIRATION.min, WEBHOOK_EXPIRATION.max,
    'the webhook makes shorter ones an hour long; give the workload `wiring: "explicit"` for them');
  if (tokenLifetimeSeconds !== undefined) {
    throw new FederationError({
      code: 'ClashingWiring', where, prop: 'tokenLifetimeSeconds', rule: 'be left out where the webhook writes the credential configuration, which says none', got: tokenLifetimeSeconds,
      remedy: 'leave it out for one hour, or give the workload `wiring: "explicit"`',
    });
  }
  return {
    ...NO_WIRING,
    serviceAccountAnnotations: {
      'cloud.google.com/workload-identity-provider': pool.providerName,
      'cloud.google.com/audience': pool.audience,
      'cloud.google.com/token-expiration': String(tokenExpirationSeconds),
      'cloud.google.com/injection-mode': 'direct',
      ...(serviceAccountEmail === undefined
        ? { 'cloud.google.com/token-exchange-mode': 'direct-access' }
        : { 'cloud.google.com/service-account-email': serviceAccountEmail }),
    },
    env: [{ name: 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', value: WEBHOOK_FILE }, ...projectEnv(project)],
    needsGroup: true,
    reservedEnv: GOOGLE_RESERVED_ENV,
    dependsOn,
  };
}

/** Says how a pod finds its credentials by an external_account document and a token: both the pod's own, or those of the webhook of pfnet. */
export function bindCredentialFile(where: string, options: PodBindingOptions, binding: CredentialFileBinding): PodBinding {
  if (options.wiring === 'webhook') {
    return bindWebhook(where, options, binding);
  }
  const { mountPath } = options;
  const { pool, project, tokenPath = 'gcp/token', serviceAccountEmail, tokenLifetimeSeconds, dependsOn } = binding;
  const file = {
    path: 'gcp/credential-configuration.json',
    content: Fn.jsonencode(credentialConfig({
      audience: pool.resourceAudience, tokenFile: `${mountPath}/${tokenPath}`, serviceAccountEmail, tokenLifetimeSeconds,
    })),
  };
  const filePath = `${mountPath}/${file.path}`;
  return {
    ...NO_WIRING,
    env: [
      { name: 'GOOGLE_APPLICATION_CREDENTIALS', value: filePath },
      // gcloud does not read the libraries' variables, nor they its.
      { name: 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', value: filePath },
      ...projectEnv(project),
    ],
    tokens: [{ path: tokenPath, audience: pool.audience }],
    files: [file],
    reservedEnv: GOOGLE_RESERVED_ENV,
    dependsOn,
  };
}

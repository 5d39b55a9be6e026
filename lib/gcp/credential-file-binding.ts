import { Fn, ITerraformDependable } from 'cdktf';
import { ClusterWorkloadIdentityPool } from './cluster-workload-identity-pool';
import { credentialConfig } from './credential-config';
import { EnvironmentVariable, NO_WIRING, PodBinding, PodBindingOptions } from '../cloud-identity';

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

/** Says how a pod finds its credentials by an external_account document and a projected token. */
export function bindCredentialFile({ mountPath }: PodBindingOptions, binding: CredentialFileBinding): PodBinding {
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

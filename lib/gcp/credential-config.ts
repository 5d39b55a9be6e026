import { Fn } from 'cdktf';

/** What an external_account document is made of. */
export interface CredentialConfigProps {
  /** The provider as Google's token service names it, `//iam.googleapis.com/projects/<number>/…/providers/<provider>`. */
  readonly audience: string;
  /** The absolute path of the token in the container. */
  readonly tokenFile: string;
  /**
   * The service account to impersonate.
   * @default - none: the workload itself is the principal
   */
  readonly serviceAccountEmail?: string;
  /**
   * The lifetime of the access tokens in seconds.
   * @default 3600
   */
  readonly tokenLifetimeSeconds?: number;
}

/**
 * The external_account document by which Google's libraries and gcloud exchange a projected token; it holds no secret.
 *
 * @see https://google.aip.dev/auth/4117
 */
export function credentialConfig(props: CredentialConfigProps): Record<string, unknown> {
  return {
    type: 'external_account',
    audience: props.audience,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    credential_source: { file: props.tokenFile, format: { type: 'text' } },
    ...(props.serviceAccountEmail === undefined ? {} : {
      // Joined by Terraform: text around a token is not escaped alike in JSON and HCL.
      service_account_impersonation_url: Fn.join('', [
        'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/', props.serviceAccountEmail, ':generateAccessToken',
      ]),
    }),
    ...(props.tokenLifetimeSeconds === undefined ? {} : {
      service_account_impersonation: { token_lifetime_seconds: props.tokenLifetimeSeconds },
    }),
  };
}

import { checkTrusted, EnvironmentVariable, ICloudIdentity, NO_WIRING, PodBinding, PodBindingOptions } from '../cloud-identity';
import { ServiceAccountSubject } from '../cluster';

/** What a pod needs to know of a role. */
export interface AwsRoleBinding {
  readonly roleArn: string;
  readonly audience: string;
  readonly tokenPath: string;
  /** Asked for only where it is needed, as it may define a data source. */
  readonly region: () => string;
}

/** Stored keys, profiles and roles that the default credential chains of the AWS SDKs would take before the projected token. */
export const AWS_RESERVED_ENV = [
  'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE',
];

/** What EKS Pod Identity's agent sets itself. */
export const AWS_CONTAINER_ENV = [
  'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', 'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
];

/**
 * Says how a pod becomes a role: by EKS's webhook where the cluster has one or its users have installed it, by a projected token and the variables of
 * the SDKs elsewhere.
 *
 * The webhook leaves variables alone that are there. Outside of EKS it says a region only where it was started with one, which nobody here can know.
 * @see https://github.com/aws/amazon-eks-pod-identity-webhook
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
 */
export function bindAwsRole(identity: ICloudIdentity, subject: ServiceAccountSubject, options: PodBindingOptions, role: AwsRoleBinding): PodBinding {
  checkTrusted(identity, subject);
  const isEks = subject.cluster.kind === 'eks';
  if (options.wiring === 'webhook' || (isEks && options.wiring === 'platform')) {
    return {
      ...NO_WIRING,
      env: isEks ? [] : regionEnv(role.region()),
      serviceAccountAnnotations: {
        'eks.amazonaws.com/role-arn': role.roleArn,
        'eks.amazonaws.com/audience': role.audience,
        'eks.amazonaws.com/sts-regional-endpoints': 'true',
        'eks.amazonaws.com/token-expiration': String(options.tokenExpirationSeconds),
      },
      reservedEnv: AWS_RESERVED_ENV,
    };
  }
  return {
    ...NO_WIRING,
    env: [...webIdentityEnv(role.roleArn, `${options.mountPath}/${role.tokenPath}`), ...regionEnv(role.region())],
    tokens: [{ path: role.tokenPath, audience: role.audience }],
    reservedEnv: AWS_RESERVED_ENV,
  };
}

/** The variables by which SDKs become a role with the token in a file. */
export function webIdentityEnv(roleArn: string, tokenFile: string): EnvironmentVariable[] {
  return [{ name: 'AWS_ROLE_ARN', value: roleArn }, { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: tokenFile }];
}

/** The variables by which SDKs find STS and the services outside of AWS, where nothing else says a region. */
export function regionEnv(region: string): EnvironmentVariable[] {
  return [
    // The SDK for JavaScript reads the first and boto3 the second, and neither the other.
    { name: 'AWS_REGION', value: region },
    { name: 'AWS_DEFAULT_REGION', value: region },
    { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
  ];
}

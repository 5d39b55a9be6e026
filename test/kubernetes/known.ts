import { Cluster } from 'cdktf-workload-federation';

/** A role and a pool's provider of which everything is known when a stack is synthesized, and what pods have to become both. */
export const ROLE_ARN = 'arn:aws:iam::123456789012:role/reports';
export const PROVIDER = 'projects/123456789012/locations/global/workloadIdentityPools/onprem/providers/onprem';
export const MOUNT = '/var/run/secrets/workload-federation';
export const OTHER = Cluster.oidc({ name: 'onprem', issuer: 'https://issuer.example.com/onprem' });
export const EKS = Cluster.eks({ name: 'apps', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204' });
export const GKE = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });

export const ENV = [
  { name: 'AWS_ROLE_ARN', value: ROLE_ARN },
  { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${MOUNT}/aws/token` },
  { name: 'AWS_REGION', value: 'eu-west-1' },
  { name: 'AWS_DEFAULT_REGION', value: 'eu-west-1' },
  { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
  { name: 'GOOGLE_APPLICATION_CREDENTIALS', value: `${MOUNT}/gcp/credential-configuration.json` },
  { name: 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', value: `${MOUNT}/gcp/credential-configuration.json` },
  { name: 'GOOGLE_CLOUD_PROJECT', value: 'acme-apps' },
  { name: 'CLOUDSDK_CORE_PROJECT', value: 'acme-apps' },
];
export const MOUNTED = { name: 'workload-federation', mountPath: MOUNT, readOnly: true };

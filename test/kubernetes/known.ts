import { AnnotationMetadataEntryType, App, Aspects, TerraformStack } from 'cdktf';
import {
  AwsFederatedRole, AwsRoleViaGoogle, Cluster, ClusterWorkloadIdentityPool, GcpFederatedPrincipal, GcpFederatedServiceAccount, GoogleIdTokenSource,
  Workload, WorkloadOptions, WorkloadWiring, WorkloadWiringProps,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { IConstruct } from 'constructs';
import { AKS_ISSUER } from '../clusters';
import { inFolder, stackIn } from '../synth';

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

/** A workload with a role and a Google account, of which everything is known, on a cluster of any kind. */
export function both(stack: TerraformStack, options: WorkloadOptions = {}, cluster: Cluster = OTHER, roleArn = ROLE_ARN): Workload {
  const serviceAccount = cluster.serviceAccount('reports', 'reader');
  const trusts = [serviceAccount];
  const pools = cluster.workloadPool === undefined ? [ClusterWorkloadIdentityPool.fromProviderName(stack, 'Pool', { cluster, providerName: PROVIDER })] : [];
  return new Workload(stack, 'Workload', {
    serviceAccount,
    identities: [
      AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn, region: 'eu-west-1', trusts }),
      new GcpFederatedServiceAccount(stack, 'Account', { email: 'reports@acme-apps.iam.gserviceaccount.com', project: 'acme-apps', trusts, pools }),
    ],
    ...options,
  });
}

/** A workload with a role alone. */
export function aws(stack: TerraformStack, options: WorkloadOptions = {}, name = 'reader', id = 'Workload'): Workload {
  const serviceAccount = OTHER.serviceAccount('reports', name);
  const role = AwsFederatedRole.fromRoleArn(stack, `${id}Role`, { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [serviceAccount] });
  return new Workload(stack, id, { serviceAccount, identities: [role], ...options });
}

/** A workload that EKS's webhook wires. */
export function annotated(stack: TerraformStack, options: WorkloadOptions = {}): Workload {
  const serviceAccount = EKS.serviceAccount('reports', 'reader');
  const role = AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE_ARN, trusts: [serviceAccount] });
  return new Workload(stack, 'Workload', { serviceAccount, identities: [role], ...options });
}

/** A workload whose tokens are brought by containers, which run shell scripts. */
export function brought(
  stack: TerraformStack, options: WorkloadOptions = {}, idTokenSource = GoogleIdTokenSource.metadataServer({ image: 'curlimages/curl:8.10.1' }),
): Workload {
  const serviceAccount = GKE.serviceAccount('reports', 'reader');
  const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { accountId: 'reports-reader', trusts: [serviceAccount] });
  const role = new AwsRoleViaGoogle(stack, 'Role', { googleServiceAccount, idTokenSource, region: 'eu-west-1' });
  return new Workload(stack, 'Workload', { serviceAccount, identities: [role], ...options });
}

/** A workload on GKE that becomes a principal of Google's own pool: its pods need nothing but the name. */
export function native(stack: TerraformStack): Workload {
  const serviceAccount = GKE.serviceAccount('reports', 'reader');
  return new Workload(stack, 'Workload', { serviceAccount, identities: [new GcpFederatedPrincipal(stack, 'Principal', { trusts: [serviceAccount] })] });
}

/** A workload on AKS that becomes a managed identity: AKS's webhook looks for a label of the pods. */
export function onAks(stack: TerraformStack, options: WorkloadOptions = {}): Workload {
  const serviceAccount = Cluster.aks({ name: 'apps', issuer: AKS_ISSUER }).serviceAccount('reports', 'reader');
  const identity = new AzureFederatedIdentity(stack, 'Identity', {
    identityName: 'reports', resourceGroupName: 'reports', location: 'westeurope', trusts: [serviceAccount],
  });
  return new Workload(stack, 'Workload', { serviceAccount, identities: [identity], ...options });
}

/** Adds the Aspect to a scope. */
export const wire = (scope: IConstruct, props?: WorkloadWiringProps): void => Aspects.of(scope).add(new WorkloadWiring(props));

/** The rules of the warnings of a construct. */
export function warningsAt({ node }: IConstruct): string[] {
  return node.metadata.filter(({ type }) => type === AnnotationMetadataEntryType.WARN).map(({ data }) => String(data).split(':')[0]!);
}

/** The warnings of an app, by construct. */
export function warningsOf(build: (stack: TerraformStack, app: App) => void): [string, string][] {
  return inFolder(folder => {
    const app = new App({ outdir: folder });
    build(stackIn(app), app);
    app.synth();
    return app.node.findAll().flatMap(node => warningsAt(node).map((rule): [string, string] => [node.node.path, rule]));
  });
}

/** Freezes a value to its depths, so that a change of it throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

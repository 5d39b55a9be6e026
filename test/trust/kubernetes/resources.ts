import { readKubernetes } from '../../../lib/trust/kubernetes/read';
import { Attempt, Terraform, TerraformResource, WorkloadUse } from '../../../lib/trust/model';
import { readTerraform } from '../../../lib/trust/terraform/read';
import { show } from '../../../lib/trust/value';

/** Resources of a stack by type and name, as Terraform JSON has them. */
export type Resources = Record<string, Record<string, any>>;

/** Terraform of stacks; a resource's provider tells two clusters apart. */
export function terraformOf(...stacks: readonly Resources[]): Terraform {
  const read = readTerraform(stacks.map((resource, index) => ({ file: `${index}.tf.json`, stack: index === 0 ? 'apps' : `apps-${index}`, json: { resource } })));
  const resources = read.resources.map((made): TerraformResource => {
    const [type, name] = made.where.address.split('.');
    const provider = stacks[made.where.stack === 'apps' ? 0 : Number(made.where.stack!.slice('apps-'.length))]?.[type!]?.[name!]?.provider;
    return provider === undefined ? made : { ...made, provider: `${made.where.stack}/${provider}` };
  });
  const byType = new Map<string, TerraformResource[]>();
  for (const made of resources) {
    byType.set(made.type, [...byType.get(made.type) ?? [], made]);
  }
  return { ...read, resources, ofType: (type, mode) => (byType.get(type) ?? []).filter(made => mode === undefined || made.mode === mode) };
}

/** What is read of stacks. */
export function workloadsOf(...stacks: readonly Resources[]): readonly WorkloadUse[] {
  return readKubernetes(terraformOf(...stacks)).workloads;
}

/** The workload of a ServiceAccount. */
export function workloadOf(account: string, ...stacks: readonly Resources[]): WorkloadUse {
  const found = workloadsOf(...stacks).filter(({ namespace, serviceAccount }) => `${show(namespace)}/${show(serviceAccount)}` === account);
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** A try with its gates in lines: those that are passed by name, the others whole. */
export function told({ mechanism, identity, registration, audience, expirationSeconds, gates, where }: Attempt) {
  return {
    mechanism,
    ...identity === undefined ? {} : { identity: show(identity) },
    ...registration === undefined ? {} : { registration: show(registration) },
    ...audience === undefined ? {} : { audience: show(audience) },
    ...expirationSeconds === undefined ? {} : { expirationSeconds },
    where: `${where.address} ${where.attribute}`,
    passed: gates.filter(({ verdict }) => verdict === 'yes').map(({ gate }) => gate),
    stopped: gates.filter(({ verdict }) => verdict !== 'yes')
      .map(({ gate, verdict, want, have, where: at, remedy }) => ({ gate, verdict, want, have, where: `${at.address} ${at.attribute}`, remedy })),
  };
}

/** What stops the tries of a ServiceAccount. */
export function stopped(account: string, ...stacks: readonly Resources[]) {
  return workloadOf(account, ...stacks).attempts.flatMap(attempt => told(attempt).stopped);
}

/** Merges a change into a document. */
export function changed<T>(document: T, change: (copy: any) => void): T {
  const copy = JSON.parse(JSON.stringify(document)) as T;
  change(copy);
  return copy;
}

const MOUNT = '/var/run/secrets/workload-federation';

/** The variables of a container by name. */
export function env(variables: Record<string, string>) {
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}

export const AWS_ENV = {
  AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/reader', AWS_WEB_IDENTITY_TOKEN_FILE: `${MOUNT}/aws/token`, AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'eu-west-1',
};
export const GOOGLE_ENV = {
  GOOGLE_APPLICATION_CREDENTIALS: `${MOUNT}/gcp/config.json`, CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: `${MOUNT}/gcp/config.json`,
  GOOGLE_CLOUD_PROJECT: 'acme', CLOUDSDK_CORE_PROJECT: 'acme',
};
export const AZURE_ENV = {
  AZURE_CLIENT_ID: 'client', AZURE_TENANT_ID: 'tenant', AZURE_FEDERATED_TOKEN_FILE: `${MOUNT}/azure/token`, AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/',
};
export const PROVIDER = 'projects/123/locations/global/workloadIdentityPools/apps/providers/apps';
export const CONFIG = {
  type: 'external_account', audience: `//iam.googleapis.com/${PROVIDER}`, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'https://sts.googleapis.com/v1/token', credential_source: { file: `${MOUNT}/gcp/token`, format: { type: 'text' } },
  service_account_impersonation_url: 'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/reader@acme.iam.gserviceaccount.com:generateAccessToken',
};

/** A ServiceAccount, a ConfigMap and a Deployment with what each cloud asks for, in the old types. */
export function allClouds(): Resources {
  return {
    kubernetes_service_account: { reader: { metadata: { name: 'reader', namespace: 'reports' } } },
    kubernetes_config_map: { files: { metadata: { name: 'files', namespace: 'reports' }, data: { 'gcp.json': JSON.stringify(CONFIG) } } },
    kubernetes_deployment: { reader: deployment(container('app', { ...AWS_ENV, ...GOOGLE_ENV, ...AZURE_ENV })) },
  };
}

/** A container that mounts the volume. */
export function container(name: string, variables: Record<string, string>) {
  return { name, env: env(variables), volume_mount: [{ name: 'federation', mount_path: MOUNT, read_only: true }] };
}

/** A Deployment with these containers, and a volume with the tokens of all clouds. */
export function deployment(...containers: readonly unknown[]) {
  return {
    metadata: [{ name: 'reader', namespace: 'reports' }],
    spec: [{
      template: [{
        metadata: [{ labels: { app: 'reader' } }],
        spec: [{
          service_account_name: 'reader',
          container: containers,
          volume: [{
            name: 'federation',
            projected: [{
              sources: [
                { service_account_token: [{ path: 'aws/token', audience: 'sts.amazonaws.com', expiration_seconds: 3600 }] },
                { service_account_token: [{ path: 'gcp/token', audience: `https://iam.googleapis.com/${PROVIDER}` }] },
                { service_account_token: [{ path: 'azure/token', audience: 'api://AzureADTokenExchange', expiration_seconds: 7200 }] },
                { config_map: [{ name: 'files', items: [{ key: 'gcp.json', path: 'gcp/config.json' }] }] },
              ],
            }],
          }],
        }],
      }],
    }],
  };
}

/** The specification of the pods of a document made by `allClouds`. */
export function specOf(document: any): any {
  return document.kubernetes_deployment.reader.spec[0].template[0].spec[0];
}

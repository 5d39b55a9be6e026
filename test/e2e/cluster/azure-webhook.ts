import { createHash } from 'node:crypto';
import { Admission } from './admission-request';
import { Container } from './pod';
import { KubernetesError } from './refusal';

const DOMAIN = 'azure.workload.identity';
const PREFIX = 'azure-workload-identity-reserved-';
const MOUNT = '/var/run/secrets/azure/wi';
const TOKEN = 'token/azure-identity-token';
const BOUNDS = { min: 3600, max: 86400 };

/**
 * Azure's webhook: https://github.com/Azure/azure-workload-identity/blob/main/pkg/webhook/webhook.go,
 * https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html.
 */
export function mutateByAzure({ pod, cluster, annotations }: Admission): void {
  const expirationSeconds = secondsOf(pod.annotations[`${DOMAIN}/service-account-token-expiration`] || annotations[`${DOMAIN}/service-account-token-expiration`]);
  if (Object.hasOwn(pod.annotations, `${DOMAIN}/inject-proxy-sidecar`)) throw new KubernetesError('Denied', 'the proxy sidecar is not known to this cluster');
  // What a controller names is hashed as what it is before it has a name.
  const name = `${PREFIX}${sha256(pod.generated ? `${pod.name.slice(0, -5)} (prefix)` : pod.name).slice(0, 63 - PREFIX.length)}`;
  const skipped = new Set((pod.annotations[`${DOMAIN}/skip-containers`] ?? '').split(';').map(text => text.trim()).filter(text => text !== ''));
  const wanted = [
    { name: 'AZURE_CLIENT_ID', value: annotations[`${DOMAIN}/client-id`] ?? '' },
    { name: 'AZURE_TENANT_ID', value: annotations[`${DOMAIN}/tenant-id`] ?? cluster.tenantId ?? '' },
    { name: 'AZURE_FEDERATED_TOKEN_FILE', value: `${MOUNT}/${TOKEN}` },
    { name: 'AZURE_AUTHORITY_HOST', value: 'https://login.microsoftonline.com/' },
  ];
  const mutate = (container: Container) => {
    if (skipped.has(container.name)) return;
    const names = new Set(container.env.map(variable => variable.name));
    container.env = [...container.env, ...wanted.filter(variable => variable.value !== '' && !names.has(variable.name))];
    const mount = { name, mountPath: MOUNT, readOnly: true };
    container.volumeMounts = container.volumeMounts.some(present => present.name === name)
      ? container.volumeMounts.map(present => present.name === name ? mount : present) : [...container.volumeMounts, mount];
  };
  [...pod.initContainers, ...pod.containers].forEach(mutate);
  const volume = { name, projected: { sources: [{ serviceAccountToken: { path: TOKEN, expirationSeconds, audience: 'api://AzureADTokenExchange' } }] } };
  pod.volumes = pod.volumes.some(present => present.name === name)
    ? pod.volumes.map(present => present.name === name ? volume : present) : [...pod.volumes, volume];
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function secondsOf(text: string | undefined): number {
  const seconds = text === undefined || text === '' ? BOUNDS.min : /^[+-]?\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(seconds)) throw new KubernetesError('Denied', `admission webhook "mutation.azure-workload-identity.io" denied the request: strconv.ParseInt: parsing "${text}": invalid syntax`);
  if (seconds < BOUNDS.min || seconds > BOUNDS.max) {
    throw new KubernetesError('Denied',
      `admission webhook "mutation.azure-workload-identity.io" denied the request: token expiration ${seconds} not valid. Expected value to be between 3600 and 86400`);
  }
  return seconds;
}

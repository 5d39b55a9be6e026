import { Admission } from './admission-request';
import { Container, EnvVar, Volume, VolumeMount } from './pod';
import { KubernetesError } from './refusal';

const DOMAIN = 'cloud.google.com';
/** What the webhook asks for where nobody says how long, and the least that it takes. */
const DEFAULT_SECONDS = 86400;
const LEAST_SECONDS = 3600;
const DEFAULT_AUDIENCE = 'sts.googleapis.com';
/** The flag `--token-default-mode` where nobody sets it: https://github.com/pfnet-research/gcp-workload-identity-federation-webhook/blob/main/webhooks/constants.go. */
const MODE = 0o440;
const TOKEN = { volume: 'gcp-iam-token', path: '/var/run/secrets/sts.googleapis.com/serviceaccount', file: 'token' };
const CREDENTIALS = { volume: 'external-credential-config', path: '/var/run/secrets/gcloud/config', file: 'federation.json', annotation: `${DOMAIN}/external-credentials-json` };
/** Stricter than the webhook, which takes slashes in the names. */
const PROVIDER = /^projects\/[^/]+\/locations\/[^/]+\/workloadIdentityPools\/[^/]+\/providers\/[^/]+$/;

interface Config {
  readonly provider: string;
  /** Left out where the service account of the cluster has the rights itself. */
  readonly email?: string;
  readonly project?: string;
  readonly audience: string;
  readonly expirationSeconds: number;
}

/**
 * The webhook of pfnet for Google Cloud, in the mode in which it writes the credential configuration itself:
 * https://github.com/pfnet-research/gcp-workload-identity-federation-webhook#credential-injection-modes. In the other one a container of gcloud writes it, which
 * nothing here runs. The version is one that knows direct access.
 */
export function mutateByPfnet({ pod, annotations }: Admission): void {
  const config = configOf(annotations);
  if (config === undefined) return;
  const { provider, email, project, audience } = config;
  const expirationSeconds = Math.max(LEAST_SECONDS, secondsOf(pod.annotations, 'token-expiration') ?? config.expirationSeconds);
  pod.annotations = {
    ...pod.annotations,
    [`${DOMAIN}/workload-identity-provider`]: provider,
    ...(email !== undefined && { [`${DOMAIN}/service-account-email`]: email }),
    [`${DOMAIN}/audience`]: audience,
    [`${DOMAIN}/token-expiration`]: String(expirationSeconds),
    [CREDENTIALS.annotation]: credentialConfiguration(provider, email),
  };
  const volumes: readonly Volume[] = [
    { name: TOKEN.volume, projected: { defaultMode: MODE, sources: [{ serviceAccountToken: { audience, expirationSeconds, path: TOKEN.file } }] } },
    {
      name: CREDENTIALS.volume,
      downwardAPI: { defaultMode: MODE, items: [{ path: CREDENTIALS.file, fieldRef: { fieldPath: `metadata.annotations['${CREDENTIALS.annotation}']` } }] },
    },
  ];
  pod.volumes = volumes.reduce(addOrReplace, pod.volumes);
  const mounts: readonly VolumeMount[] = [TOKEN, CREDENTIALS].map(({ volume, path }) => ({ name: volume, mountPath: path, readOnly: true }));
  const skipped = new Set((pod.annotations[`${DOMAIN}/skip-containers`] ?? '').split(',').map(name => name.trim()));
  const mutate = (container: Container) => {
    if (skipped.has(container.name)) return;
    container.volumeMounts = mounts.reduce(addOrReplace, container.volumeMounts);
    container.env = addOrReplace<EnvVar>(container.env, { name: 'GOOGLE_APPLICATION_CREDENTIALS', value: `${CREDENTIALS.path}/${CREDENTIALS.file}` });
    if (project && !container.env.some(({ name }) => name === 'CLOUDSDK_CORE_PROJECT')) {
      container.env = [...container.env, { name: 'CLOUDSDK_CORE_PROJECT', value: project }];
    }
  };
  [...pod.initContainers, ...pod.containers].forEach(mutate);
}

/** What the ServiceAccount says; undefined where it says nothing of Google Cloud. */
function configOf(annotations: Readonly<Record<string, string>>): Config | undefined {
  const said = (name: string): string | undefined => annotations[`${DOMAIN}/${name}`];
  const [provider, email] = [said('workload-identity-provider'), said('service-account-email')];
  const expirationSeconds = secondsOf(annotations, 'token-expiration') ?? DEFAULT_SECONDS;
  secondsOf(annotations, 'gcloud-run-as-user');
  const injects = modeOf(annotations, 'injection-mode', ['direct', 'gcloud']) ?? 'gcloud';
  const direct = modeOf(annotations, 'token-exchange-mode', ['service-account', 'direct-access']) === 'direct-access';
  if (direct && provider === undefined) throw denied(`${DOMAIN}/workload-identity-provider is required when ${DOMAIN}/token-exchange-mode is 'direct-access'`);
  if (provider === undefined && email === undefined) return undefined;
  if (provider === undefined || (email === undefined && !direct)) {
    throw denied(`${DOMAIN}/workload-identity-provider, ${DOMAIN}/service-account-email must set at a time`);
  }
  if (!PROVIDER.test(provider)) {
    throw denied(`${DOMAIN}/workload-identity-provider must be form of projects/{ProjectNumber}/locations/{Location}/workloadIdentityPools/{PoolId}/providers/{ProviderId}`);
  }
  if (injects === 'gcloud') throw new KubernetesError('Denied', 'the container gcloud-setup is not known to this cluster');
  return {
    provider, expirationSeconds, audience: said('audience') ?? DEFAULT_AUDIENCE,
    ...(direct ? { project: said('project-id') } : { email, project: said('project-id') ?? /@(.*)\.iam\.gserviceaccount\.com/.exec(email!)?.[1] }),
  };
}

function credentialConfiguration(provider: string, email: string | undefined): string {
  return JSON.stringify({
    type: 'external_account',
    audience: `//iam.googleapis.com/${provider}`,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    ...(email && { service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${email}:generateAccessToken` }),
    credential_source: { file: `${TOKEN.path}/${TOKEN.file}`, format: { type: 'text' } },
  });
}

/** The list with an entry in the place of that of its name, or at the end. */
function addOrReplace<T extends { readonly name: string }>(list: readonly T[], wanted: T): T[] {
  return list.some(({ name }) => name === wanted.name) ? list.map(present => present.name === wanted.name ? wanted : present) : [...list, wanted];
}

/** An integer as Go reads one. */
function secondsOf(annotations: Readonly<Record<string, string>>, name: string): number | undefined {
  const text = annotations[`${DOMAIN}/${name}`];
  if (text === undefined) return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text)) throw denied(`${DOMAIN}/${name} must be positive integer string: strconv.ParseInt: parsing "${text}": invalid syntax`);
  return Number(text);
}

/** One of two modes in any case. */
function modeOf(annotations: Readonly<Record<string, string>>, name: string, modes: readonly [string, string]): string | undefined {
  const text = annotations[`${DOMAIN}/${name}`];
  const mode = text?.toLowerCase();
  if (mode !== undefined && !modes.includes(mode)) throw denied(`${DOMAIN}/${name} mode must be '${modes[0]}', '${modes[1]}' or unset`);
  return mode;
}

function denied(message: string): KubernetesError {
  return new KubernetesError('Denied', `admission webhook "mpod.kb.io" denied the request: ${message}`);
}

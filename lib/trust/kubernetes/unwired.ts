import { blocksAt } from './blocks';
import { Container, Pod } from './pods';
import { Use, workers } from './use';
import { Attempt, Identity } from '../model';
import { Unknown } from '../value';

type Cloud = Identity['cloud'];

/** What clients of a cloud read, beside what the platform brings: where one of these is or may be set, the pod has a wiring of some kind. */
const VARIABLES: readonly (readonly [Cloud, readonly string[]])[] = [
  ['aws', [
    'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_PROFILE', 'AWS_ACCESS_KEY_ID',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  ]],
  ['gcp', ['GOOGLE_APPLICATION_CREDENTIALS', 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', 'CLOUDSDK_AUTH_ACCESS_TOKEN_FILE', 'CLOUDSDK_CONFIG', 'GCE_METADATA_HOST']],
  ['azure', ['AZURE_FEDERATED_TOKEN_FILE', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET', 'AZURE_CONFIG_DIR', 'IDENTITY_ENDPOINT']],
];
/** The annotations by which a pod keeps containers from being wired, those of webhooks too. */
const SKIPS = ['workload-federation/skip-containers', 'eks.amazonaws.com/skip-containers', 'azure.workload.identity/skip-containers', 'cloud.google.com/skip-containers'];
const AZURE_LABEL = 'azure.workload.identity/use';

/**
 * The clouds of which clients in a pod find nothing, for certain: no annotation of its ServiceAccount and no association lets it try, no variable of a container
 * is for them, and it has no token of its own that its code might present.
 * @param attempts What the pod tries by whatever the input says
 */
export function unwiredFor({ pod, account, gates }: Use, attempts: readonly Attempt[]): readonly Cloud[] {
  const { spec, spelling, labels } = pod.object;
  const isRead = ['containers', 'initContainers', 'volumes'].every(name => blocksAt(spec, spelling, name).complete);
  const hasToken = pod.containers.some(container => pod.filesOf(container).some(({ source }) => source.kind === 'token'));
  if (account === undefined || account.open || !isRead || hasToken || gates.some(({ verdict }) => verdict !== 'yes')) {
    return [];
  }
  const wanted = containersOf(pod);
  if (wanted === undefined || wanted.length === 0) {
    return [];
  }
  const tried = new Set(attempts.map(({ mechanism }) => mechanism.slice(0, mechanism.indexOf('-'))));
  const isSet = (names: readonly string[]) => wanted.some(({ variables }) => names.some(name => variables.has(name) !== 'no'));
  return VARIABLES.filter(([cloud, names]) => !tried.has(cloud) && !isSet(names)
    && !(cloud === 'azure' && (labels instanceof Unknown || pod.metadata('labels', AZURE_LABEL) !== undefined))).map(([cloud]) => cloud);
}

/** The containers that shall have credentials as far as the pod says; undefined where it says it by what is not known. */
function containersOf(pod: Pod): readonly Container[] | undefined {
  const skipped = SKIPS.map(name => pod.metadata('annotations', name)).filter(value => value !== undefined);
  const names = new Set(skipped.flatMap(value => typeof value === 'string' ? value.split(/[,;]/).map(name => name.trim()) : []));
  return skipped.every(value => typeof value === 'string') ? workers(pod).filter(({ name }) => !(typeof name === 'string' && names.has(name))) : undefined;
}

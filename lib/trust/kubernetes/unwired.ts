import { blocksAt } from './blocks';
import { Container, Pod } from './pods';
import { Use, workers } from './use';
import { SKIPPED_BY_LABEL, SKIPPING } from '../../skipping';
import { Attempt, Identity } from '../model';
import { equal, isMap, TextValue, Unknown } from '../value';

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
/** The labels of pods by which a webhook comes or stays away, so that somebody has looked at who wires them. */
const LABELS: Readonly<Partial<Record<Cloud, string>>> = { aws: SKIPPED_BY_LABEL, azure: 'azure.workload.identity/use' };

/**
 * The clouds of which clients in a pod find nothing, for certain: no annotation of its ServiceAccount and no association lets it try, no variable of a container
 * is for them, no command names one, no volume may hold any, and it has no token of its own that its code might present. None of pods that say that nobody shall
 * wire them.
 * @param attempts What the pod tries by whatever the input says
 */
export function unwiredFor({ pod, account, gates }: Use, attempts: readonly Attempt[]): readonly Cloud[] {
  const { spec, spelling, labels, skip } = pod.object;
  const isRead = ['containers', 'initContainers', 'volumes'].every(name => blocksAt(spec, spelling, name).complete);
  const hasToken = pod.containers.some(container => pod.filesOf(container).some(({ source }) => source.kind === 'token'));
  // What is not known is perhaps said; another word than "true" says nothing.
  const isSkipped = skip !== undefined && equal(skip, 'true') !== 'no';
  if (isSkipped || account === undefined || account.open || !isRead || hasToken || gates.some(({ verdict }) => verdict !== 'yes')) {
    return [];
  }
  const tried = new Set(attempts.map(({ mechanism }) => mechanism.slice(0, mechanism.indexOf('-'))));
  return VARIABLES.filter(([cloud, names]) => {
    const label = LABELS[cloud];
    const isLabelled = label !== undefined && (labels instanceof Unknown || (isMap(labels) && labels.has(label)));
    const wanted = containersOf(pod, cloud);
    return !tried.has(cloud) && !isLabelled && wanted.length > 0 && wanted.every(container => lacks(pod, container, names));
  }).map(([cloud]) => cloud);
}

/** Whether nothing of a container can be for a client that reads these variables. */
function lacks(pod: Pod, container: Container, names: readonly string[]): boolean {
  // A flag is often spelled as the variable: --aws-role-arn.
  const isNamed = (word: TextValue) => typeof word !== 'string' || names.some(name => word.toUpperCase().replaceAll('-', '_').includes(name));
  return names.every(name => container.variables.has(name) === 'no') && !container.command.some(isNamed) && pod.mountsOnlyEmpty(container);
}

/** The containers that shall have credentials of a cloud as far as the pod says; none where it says it by what is not known. */
function containersOf(pod: Pod, cloud: Cloud): readonly Container[] {
  const skipped = SKIPPING.filter(one => one.cloud === undefined || one.cloud === cloud).map(({ annotation, separator }) => ({ separator, value: pod.metadata('annotations', annotation) }));
  const names = new Set(skipped.flatMap(({ separator, value }) => typeof value === 'string' ? value.split(separator).map(name => name.trim()) : []));
  return skipped.every(({ value }) => value === undefined || typeof value === 'string')
    ? workers(pod).filter(({ name }) => !(typeof name === 'string' && names.has(name))) : [];
}

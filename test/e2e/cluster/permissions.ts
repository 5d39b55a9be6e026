import { Container, Pod } from './pod';
import { KubernetesError } from './refusal';

/** A file of a volume as it lies on the node. */
export interface VolumeFile {
  readonly content: string;
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
}

/** Whom the processes of a container run as. */
export interface ContainerUser {
  readonly user: number;
  readonly groups: ReadonlySet<number>;
  /** Whether modes are no hindrance: root's, unless the container gives them up. */
  readonly readsAll: boolean;
}

const ROOT = 0;
/** What makes modes no hindrance: https://man7.org/linux/man-pages/man7/capabilities.7.html; the first is among those that runtimes leave to containers. */
const OVERRIDE = 'DAC_OVERRIDE';
const READ = 'DAC_READ_SEARCH';

/**
 * Whom a container runs as: what it says, then its pod, then its image.
 * https://kubernetes.io/docs/tasks/configure-pod-container/security-context/; the refusals are those of
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kuberuntime/security_context_others.go.
 */
export function userOf({ security: ofPod, name: pod }: Pod, { name, security }: Container, imageUser: number): ContainerUser {
  const runAsUser = security.runAsUser ?? ofPod.runAsUser;
  const user = runAsUser ?? imageUser;
  if ((security.runAsNonRoot ?? ofPod.runAsNonRoot) === true && user === ROOT) {
    throw new KubernetesError('CreateContainerConfigError', `container ${name}: ${runAsUser === undefined
      ? 'container has runAsNonRoot and image will run as root' : 'container\'s runAsUser breaks non-root policy'} (pod: "${pod}", container: ${name})`);
  }
  // Who is only said a user has root's group; an image brings its own.
  const group = security.runAsGroup ?? ofPod.runAsGroup ?? (runAsUser === undefined ? imageUser : ROOT);
  const names = (list: readonly string[] = []) => new Set(list.map(each => each.toUpperCase().replace(/^CAP_/, '')));
  const [dropped, added] = [names(security.capabilities?.drop), names(security.capabilities?.add)];
  const has = (list: ReadonlySet<string>, ...wanted: string[]) => wanted.some(each => list.has(each));
  const readsAll = security.privileged === true || has(added, 'ALL', OVERRIDE, READ) || !has(dropped, 'ALL', OVERRIDE);
  return {
    user,
    groups: new Set([group, ...ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup], ...ofPod.supplementalGroups ?? []]),
    readsAll: user === ROOT && readsAll,
  };
}

/** The digit of a mode that is the owner's, the group's or others', as a power of eight. */
const OWNER = 64;
const GROUP = 8;
const OTHERS = 1;
const READING = 4;
const reads = (mode: number, whose: number): boolean => Math.floor(mode / whose) % 8 >= READING;
const withReading = (mode: number, whose: number): number => reads(mode, whose) ? mode : mode + READING * whose;

/** Whether a user may read a file: the first of owner, group and others that the user is decides. */
export function mayRead({ user, groups, readsAll }: ContainerUser, { mode, owner, group }: VolumeFile): boolean {
  return readsAll || reads(mode, user === owner ? OWNER : groups.has(group) ? GROUP : OTHERS);
}

/** What a file of a volume without a mode has: https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume/. */
export const DEFAULT_MODE = 0o644;
/** A token that some users only shall read. */
const OWN_TOKEN_MODE = 0o600;

/**
 * A file as the kubelet writes it for root, and then gives it to the pod's group, which may read it whatever its mode:
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/volume_linux.go.
 */
export function fileOf({ security: { fsGroup } }: Pod, content: string, mode: number): VolumeFile {
  return fsGroup === undefined ? { content, mode, owner: ROOT, group: ROOT }
    : { content, mode: withReading(withReading(mode, OWNER), GROUP), owner: ROOT, group: fsGroup };
}

/**
 * A token's file: with a group for the pod, or one user that all its containers say, it is that one's alone, whatever mode the volume says.
 * https://github.com/kubernetes/enhancements/blob/master/keps/sig-storage/2451-service-account-token-volumes/README.md#file-permission.
 */
export function tokenFileOf(pod: Pod, content: string, mode: number): VolumeFile {
  const owner = singleUserOf(pod);
  return { ...fileOf(pod, content, owner === undefined && pod.security.fsGroup === undefined ? mode : OWN_TOKEN_MODE), owner: owner ?? ROOT };
}

/** The user that every container says, itself or by the pod; what images say counts for nothing. */
function singleUserOf({ security, initContainers, containers }: Pod): number | undefined {
  const [first, ...others] = [...initContainers, ...containers].map(container => container.security.runAsUser ?? security.runAsUser);
  return others.every(user => user === first) ? first : undefined;
}

import { spawnSync } from 'node:child_process';

let found: readonly string[] | undefined;

/** The options by which this machine gives a program mounts and a network of its own; undefined where it does not. */
export function namespaces(): readonly string[] | undefined {
  const probe = 'ip link set lo up && mount --make-rprivate / && mount -t tmpfs tmpfs "$(realpath /var/run)"';
  found ??= [['--mount', '--net'], ['--user', '--map-root-user', '--mount', '--net']]
    .find(options => spawnSync('unshare', [...options, 'sh', '-c', probe], { stdio: 'ignore' }).status === 0) ?? [];
  return found.length === 0 ? undefined : found;
}

/**
 * The words before a program and its arguments that leave it a network of the loopback interface alone, and none of the sockets that the machine's services
 * have in /var/run; undefined where this machine cannot. The program takes the place of these words: it is the process that is started.
 */
export function alone(): readonly string[] | undefined {
  const options = namespaces();
  const lines = ['ip link set lo up', 'mount --make-rprivate /', 'mount -t tmpfs -o mode=755 tmpfs "$(realpath /var/run)"', 'exec "$@"'];
  return options && ['unshare', ...options, 'sh', '-c', lines.join(' && '), 'sh'];
}

import { Admission } from './admission-request';
import { Container } from './pod';
import { digest } from './test-cluster';

const VOLUME = 'gtoken-volume';
const MOUNT = '/var/run/secrets/aws/token';
const FILE = `${MOUNT}/gtoken`;

/** gtoken's webhook: https://github.com/doitintl/gtoken/blob/master/cmd/gtoken-webhook/main.go. It looks at nothing that a container has already. */
export function mutateByGtoken({ pod, annotations }: Admission): void {
  const roleArn = annotations['amazonaws.com/role-arn'];
  if (roleArn === undefined) return;
  const all = [...pod.initContainers, ...pod.containers];
  all.forEach((container, index) => {
    container.volumeMounts = [...container.volumeMounts, { name: VOLUME, mountPath: MOUNT }];
    container.env = [
      ...container.env,
      { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: FILE },
      { name: 'AWS_ROLE_ARN', value: roleArn },
      { name: 'AWS_ROLE_SESSION_NAME', value: `gtoken-webhook-${letters(pod.namespace, pod.name, String(index))}` },
    ];
  });
  if (all.length === 0) return;
  const refresh = annotations['gtoken.doit-intl.com/tokenRefresh'];
  pod.initContainers = [gtoken('generate-gcp-id-token', false), ...pod.initContainers];
  if (refresh === undefined || refresh === 'true') pod.containers = [...pod.containers, gtoken('update-gcp-id-token', true)];
  pod.volumes = [...pod.volumes, { name: VOLUME, emptyDir: { medium: 'Memory' } }];
}

function gtoken(name: string, refresh: boolean): Container {
  return { name, command: ['/gtoken', `--file=${FILE}`, `--refresh=${refresh}`], args: [], env: [], envFrom: [], volumeMounts: [{ name: VOLUME, mountPath: MOUNT }], security: {} };
}

/** Sixteen letters, as the webhook draws them. */
function letters(...parts: string[]): string {
  return [...Buffer.from(digest(...parts), 'hex').subarray(0, 16)].map(byte => String.fromCharCode(97 + byte % 25)).join('');
}

import { Admission } from './admission-request';
import { Container } from './pod';
import { digest } from './test-cluster';

/** What the flags of gtoken's webhook say of the pods that it changes. */
export interface GtokenOptions {
  readonly volumeName: string;
  readonly volumePath: string;
  readonly tokenFile: string;
}

/** https://github.com/doitintl/gtoken/blob/master/cmd/gtoken-webhook/main.go */
export const GTOKEN_DEFAULTS: GtokenOptions = { volumeName: 'gtoken-volume', volumePath: '/var/run/secrets/aws/token', tokenFile: 'gtoken' };

/** gtoken's webhook: https://github.com/doitintl/gtoken/blob/master/cmd/gtoken-webhook/main.go. It looks at nothing that a container has already. */
export function mutateByGtoken({ pod, annotations }: Admission, { volumeName, volumePath, tokenFile } = GTOKEN_DEFAULTS): void {
  const roleArn = annotations['amazonaws.com/role-arn'];
  if (roleArn === undefined) return;
  const file = `${volumePath}/${tokenFile}`;
  const mount = { name: volumeName, mountPath: volumePath };
  const all = [...pod.initContainers, ...pod.containers];
  all.forEach((container, index) => {
    container.volumeMounts = [...container.volumeMounts, mount];
    container.env = [
      ...container.env,
      { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: file },
      { name: 'AWS_ROLE_ARN', value: roleArn },
      { name: 'AWS_ROLE_SESSION_NAME', value: `gtoken-webhook-${letters(pod.namespace, pod.name, String(index))}` },
    ];
  });
  if (all.length === 0) return;
  const gtoken = (name: string, refreshes: boolean): Container =>
    ({ name, command: ['/gtoken', `--file=${file}`, `--refresh=${refreshes}`], args: [], env: [], envFrom: [], volumeMounts: [mount], security: {} });
  const refresh = annotations['gtoken.doit-intl.com/tokenRefresh'];
  pod.initContainers = [gtoken('generate-gcp-id-token', false), ...pod.initContainers];
  if (refresh === undefined || refresh === 'true') pod.containers = [...pod.containers, gtoken('update-gcp-id-token', true)];
  pod.volumes = [...pod.volumes, { name: volumeName, emptyDir: { medium: 'Memory' } }];
}

/** Sixteen letters, as the webhook draws them. */
function letters(...parts: string[]): string {
  return [...Buffer.from(digest(...parts), 'hex').subarray(0, 16)].map(byte => String.fromCharCode(97 + byte % 25)).join('');
}

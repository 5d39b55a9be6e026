import type { StartedPod } from './cluster';
import type { Outcome, RunningPod } from './model';
import type { Clients } from './network/clients';
import type { Stage } from './stage';
import { MALLORY, payrollRole } from './strangers';

/** A pod that is let in, and what it works with. */
export interface Scene {
  readonly stage: Stage;
  readonly clients: Clients;
  readonly pod: StartedPod;
}

type Try = (scene: Scene) => Promise<Outcome>;

const PAYROLL = payrollRole('123456789012');

/** What a script does with the SDK of Amazon S3. */
const inS3 = (command: string): Try => ({ clients, pod }) => clients.script(pod, 'main', `
  const { S3Client, ListObjectsV2Command, GetObjectCommand } = require('@aws-sdk/client-s3');
  await new S3Client({}).send(${command});`);

/** What a script asks of STS as the container's default credentials, or as nobody. */
const ofSts = (command: string, credentials = 'require(\'@aws-sdk/credential-provider-node\').defaultProvider()'): Try => ({ clients, pod }) => clients.script(pod, 'main', `
  const { STSClient, AssumeRoleCommand, AssumeRoleWithWebIdentityCommand } = require('@aws-sdk/nested-clients/sts');
  const region = process.env.AWS_REGION;
  await new STSClient({ region, credentials: ${credentials} }).send(new ${command});`);

const inGoogle = (bucket: string): Try => ({ clients, pod }) => clients.run(pod, 'main', '@google-cloud/storage', { bucket });
const inBlob = (action: { readonly bucket?: string; readonly account?: string }): Try => ({ clients, pod }) => clients.run(pod, 'main', '@azure/storage-blob', action);

/** The pod with other content in its files. */
function withFiles<Pod extends RunningPod>(pod: Pod, change: (content: string) => string): Pod {
  const containers = [...pod.containers].map(([name, { env, files }]) =>
    [name, { env, files: new Map([...files].map(([path, content]) => [path, change(content)])) }] as const);
  return { ...pod, containers: new Map(containers) };
}

/** What a pod tries, beyond what shows that it is let in: whatever is its own, and what must not be. */
export const TRIES = {
  'lists its reports': inS3('new ListObjectsV2Command({ Bucket: \'data-of-123456789012\', Prefix: \'reports/\' })'),
  'reads one of its reports': inS3('new GetObjectCommand({ Bucket: \'data-of-123456789012\', Key: \'reports/today.txt\' })'),
  'lists the rest of its bucket': inS3('new ListObjectsV2Command({ Bucket: \'data-of-123456789012\' })'),
  'reads the rest of its bucket': inS3('new GetObjectCommand({ Bucket: \'data-of-123456789012\', Key: \'billing/today.txt\' })'),
  'lists another bucket': inS3('new ListObjectsV2Command({ Bucket: \'payroll-of-123456789012\', Prefix: \'reports/\' })'),
  'goes on to another role': ofSts(`AssumeRoleCommand({ RoleArn: '${PAYROLL}', RoleSessionName: 'reader' })`),
  'stays for twelve hours': ofSts(`AssumeRoleWithWebIdentityCommand({
    RoleArn: process.env.AWS_ROLE_ARN, RoleSessionName: 'reader', DurationSeconds: 43200,
    WebIdentityToken: require('node:fs').readFileSync(process.env.AWS_WEB_IDENTITY_TOKEN_FILE, 'utf8'),
  })`, '{ accessKeyId: \'none\', secretAccessKey: \'none\' }'),
  'goes from its first role to another one': ({ clients, pod }) =>
    clients.run(withFiles(pod, content => content.replace(/(\[default\]\nrole_arn = ).*/, `$1${PAYROLL}`)), 'main', '@aws-sdk/client-s3'),
  'says no external id': ({ clients, pod }) => clients.run(withFiles(pod, content => content.replace(/\nexternal_id = .*/, '')), 'main', '@aws-sdk/client-s3'),
  'lists another bucket of Google': inGoogle('acme-billing'),
  'becomes another account of Google': ({ clients, pod }) => {
    const annotations = { ...pod.serviceAccountAnnotations, 'iam.gke.io/gcp-service-account': MALLORY.email };
    const changed = withFiles(pod, content => content.replace(/(\/serviceAccounts\/)[^:/"]*(:generateAccessToken)/, `$1${MALLORY.email}$2`));
    return clients.run({ ...changed, serviceAccountAnnotations: annotations }, 'main', '@google-cloud/storage', { bucket: 'acme-billing' });
  },
  /** No client adds anything to the permission. */
  'signs in the name of its account': async ({ stage: { google }, pod }) => {
    const { env, files } = pod.containers.get('main')!;
    const text = files.get(env.GOOGLE_APPLICATION_CREDENTIALS!)!;
    const { audience, credential_source: { file } } = JSON.parse(text) as { audience: string; credential_source: { file: string } };
    const [, email] = /\/serviceAccounts\/([^:/"]*):/.exec(text)!;
    const exchanged = await google.exchange({ audience, token: files.get(file)! });
    return exchanged.ok && google.policies.permits(exchanged.identity, 'iam.serviceAccounts.signJwt', [`serviceAccounts/${email!}`, 'projects/acme-apps'])
      ? { ok: true, as: '', names: [] } : { ok: false, code: 'PERMISSION_DENIED', message: '' };
  },
  'lists another container': inBlob({ bucket: 'billing' }),
  'lists the containers of its account': inBlob({}),
  'lists a container of another account': inBlob({ bucket: 'reports', account: 'acmepayroll' }),
  'has a token for the Kubernetes API': ({ pod }) => Promise.resolve([...pod.containers.values()].some(({ files }) => files.has('/var/run/secrets/kubernetes.io/serviceaccount/token'))
    ? { ok: true, as: '', names: [] } : { ok: false, code: 'no such file', message: '' }),
  /** Two hours later, when whoever keeps tokens fresh has done so. */
  'is let in two hours later': async ({ stage, clients, pod }) => {
    stage.now += 7200;
    try {
      await pod.refresh();
      return await clients.run(pod, 'main', '@aws-sdk/client-s3');
    } finally {
      stage.now -= 7200;
    }
  },
} satisfies Record<string, Try>;

export type TryName = keyof typeof TRIES;

/** What moves the clock, which nobody else may see. */
export const ALONE: ReadonlySet<string> = new Set<TryName>(['is let in two hours later']);

/** What comes of it, as the pod's own identity where nothing says another. */
export async function tried(name: TryName, scene: Scene, identity: string): Promise<Outcome> {
  const outcome = await (TRIES[name] as Try)(scene);
  return outcome.ok && outcome.as === '' ? { ...outcome, as: identity } : outcome;
}

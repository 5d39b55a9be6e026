import type { Mechanism } from '../mechanisms';
import type { StartedPod } from './cluster';
import type { Outcome, RunningPod } from './model';
import type { Clients } from './network/clients';
import type { Stage } from './stage';
import { MALLORY, payrollRole } from './strangers';
import { WORLD } from './world';

type Cloud = Mechanism['to'];

/** A pod that is let in, and what it works with. */
export interface Scene {
  readonly stage: Stage;
  readonly clients: Clients;
  readonly pod: StartedPod;
  /** The account that its role of AWS is in. @default 123456789012 */
  readonly account?: string;
}

/** An expression of what a client does with the SDK of its cloud, or what else comes of a pod. */
type Try = string | ((scene: Scene) => Promise<Outcome>);

const DONE: Outcome = { ok: true, as: '', names: [] };
const refused = (code: string): Outcome => ({ ok: false, code, message: '' });
const [ACCOUNT, OTHER_ACCOUNT] = Object.values(WORLD.awsAccounts) as [string, string];

/** What each SDK is to the expressions, by an account of AWS, and the code of an error of it. */
const SDKS: Readonly<Record<Cloud, readonly [names: (account: string, other: string) => string, code: string]>> = {
  'AWS': [(account, other) => `
    const aws = require('@aws-sdk/client-s3');
    const { STSClient, AssumeRoleCommand } = require('@aws-sdk/nested-clients/sts');
    const client = new aws.S3Client({});
    const [data, payroll, foreign] = ['data-of-${account}', 'payroll-of-${account}', 'data-of-${other}'];
    const [role, foreignRole] = ['${payrollRole(account)}', '${payrollRole(other)}'];
    const s3 = (command, Bucket, input) => client.send(new aws[command + 'Command']({ Bucket, ...input }));
    const upload = async (end, Key) => {
      const { UploadId } = await s3('CreateMultipartUpload', data, { Key });
      const { ETag } = await s3('UploadPart', data, { Key, UploadId, PartNumber: 1, Body: 'in parts' });
      return s3(end, data, { Key, UploadId, ...end.startsWith('Complete') && { MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } } });
    };
    const assume = RoleArn => new STSClient({ region: client.config.region, credentials: client.config.credentials }).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'further' }));`,
  'error.name'],
  'Google Cloud': [() => `
    const { Storage } = require('@google-cloud/storage');
    const { Impersonated } = require('google-auth-library');
    const storage = new Storage();
    const list = bucket => storage.bucket(bucket).getFiles();
    const file = (bucket, name) => storage.bucket(bucket).file(name);
    const become = async targetPrincipal => new Impersonated({
      sourceClient: await storage.authClient.getClient(), targetPrincipal, targetScopes: ['https://www.googleapis.com/auth/cloud-platform'], delegates: [], lifetime: 3600,
    }).getAccessToken();`,
  'error.response?.data?.error?.status ?? error.errors?.[0]?.reason ?? error.code ?? error.message'],
  'Azure': [() => `
    const { DefaultAzureCredential, WorkloadIdentityCredential } = require('@azure/identity');
    const { BlobServiceClient } = require('@azure/storage-blob');
    const credential = new DefaultAzureCredential();
    const at = account => new BlobServiceClient('https://' + account + '.blob.core.windows.net', credential);
    const blobs = (account, container) => at(account).getContainerClient(container);
    const all = async list => { for await (const each of list) void each; };
    const write = (account, container, name, text) => blobs(account, container).getBlockBlobClient(name).upload(text, text.length);
    const remove = (container, name) => blobs('acmedata', container).deleteBlob(name);`,
  '/AADSTS\\d+/.exec(error.message)?.[0] ?? error.code ?? error.name'],
};

/** The pod with other content in its files. */
function withFiles<Pod extends RunningPod>(pod: Pod, change: (content: string) => string): Pod {
  const containers = [...pod.containers].map(([name, { env, files }]) =>
    [name, { env, files: new Map([...files].map(([path, content]) => [path, change(content)])) }] as const);
  return { ...pod, containers: new Map(containers) };
}

/** What a pod tries in a cloud, beyond what shows that it is let in: whatever is its own, and what must not be. In this order, of which deleting is the end. */
export const TRIES = {
  'AWS': {
    'lists its reports': 's3("ListObjectsV2", data, { Prefix: "reports/" })',
    'reads one of its reports': 's3("GetObject", data, { Key: "reports/today.txt" })',
    'lists its whole bucket': 's3("ListObjectsV2", data)',
    'lists the rest of its bucket': 's3("ListObjectsV2", data, { Prefix: "billing/" })',
    'reads the rest of its bucket': 's3("GetObject", data, { Key: "billing/today.txt" })',
    'lists another bucket': 's3("ListObjectsV2", payroll, { Prefix: "reports/" })',
    'lists a bucket of another account': 's3("ListObjectsV2", foreign, { Prefix: "reports/" })',
    'goes on to another role': 'assume(role)',
    'goes on to a role of another account': 'assume(foreignRole)',
    'writes a report': 's3("PutObject", data, { Key: "reports/written.txt", Body: "written" })',
    'writes a report in parts': 'upload("CompleteMultipartUpload", "reports/parts.txt")',
    'gives up a report in parts': 'upload("AbortMultipartUpload", "reports/none.txt")',
    'overwrites one of its reports': 's3("PutObject", data, { Key: "reports/today.txt", Body: "overwritten" })',
    'writes to the rest of its bucket': 's3("PutObject", data, { Key: "billing/written.txt", Body: "written" })',
    'writes to another bucket': 's3("PutObject", payroll, { Key: "reports/written.txt", Body: "written" })',
    'writes to a bucket of another account': 's3("PutObject", foreign, { Key: "reports/written.txt", Body: "written" })',
    'deletes one of its reports': 's3("DeleteObject", data, { Key: "reports/today.txt" })',
    'deletes from the rest of its bucket': 's3("DeleteObject", data, { Key: "billing/today.txt" })',
    'deletes from another bucket': 's3("DeleteObject", payroll, { Key: "reports/today.txt" })',
    'stays for twelve hours': ({ clients, pod }) => clients.script(pod, 'main', `
      const { STSClient, AssumeRoleWithWebIdentityCommand } = require('@aws-sdk/nested-clients/sts');
      await new STSClient({ region: process.env.AWS_REGION, credentials: { accessKeyId: 'none', secretAccessKey: 'none' } }).send(new AssumeRoleWithWebIdentityCommand({
        RoleArn: process.env.AWS_ROLE_ARN, RoleSessionName: 'reader', DurationSeconds: 43200,
        WebIdentityToken: require('node:fs').readFileSync(process.env.AWS_WEB_IDENTITY_TOKEN_FILE, 'utf8'),
      }));`),
    'goes from its first role to another one': ({ clients, pod }) =>
      clients.run(withFiles(pod, content => content.replace(/(\[default\]\nrole_arn = ).*/, `$1${payrollRole(ACCOUNT)}`)), 'main', '@aws-sdk/client-s3'),
    'says no external id': ({ clients, pod }) => clients.run(withFiles(pod, content => content.replace(/\nexternal_id = .*/, '')), 'main', '@aws-sdk/client-s3'),
    'has a token for the Kubernetes API': ({ pod }) => Promise.resolve(
      [...pod.containers.values()].some(({ files }) => files.has('/var/run/secrets/kubernetes.io/serviceaccount/token')) ? DONE : refused('no such file')),
    /** Whoever has that disk knows the pod's variables, and of its files those. */
    'leaves its token on the disk of its node': ({ clients, pod }) => clients.run(withFiles(pod, content => pod.disk.has(content) ? content : ''), 'main', '@aws-sdk/client-s3'),
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
  },
  'Google Cloud': {
    'lists its reports': 'list("acme-reports")',
    'reads one of its reports': 'file("acme-reports", "report.txt").download()',
    'lists another bucket': 'list("acme-billing")',
    'reads from another bucket': 'file("acme-billing", "report.txt").download()',
    'lists the buckets of its project': 'storage.getBuckets()',
    'lists the buckets of another project': 'storage.getBuckets({ project: "acme-other" })',
    'goes on to another account of Google': `become('${MALLORY.email}')`,
    'writes a report': 'file("acme-reports", "written.txt").save("written")',
    'writes a report in one request': 'file("acme-reports", "at-once.txt").save("at once", { resumable: false })',
    'overwrites one of its reports': 'file("acme-reports", "report.txt").save("overwritten")',
    'writes to another bucket': 'file("acme-billing", "written.txt").save("written")',
    'deletes one of its reports': 'file("acme-reports", "report.txt").delete()',
    'deletes from another bucket': 'file("acme-billing", "report.txt").delete()',
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
        ? DONE : refused('PERMISSION_DENIED');
    },
  },
  'Azure': {
    'lists its reports': 'all(blobs("acmedata", "reports").listBlobsFlat())',
    'lists another container': 'all(blobs("acmedata", "billing").listBlobsFlat())',
    'lists the containers of its account': 'all(at("acmedata").listContainers())',
    'lists a container of another account': 'all(blobs("acmepayroll", "reports").listBlobsFlat())',
    'goes on to another identity': `new WorkloadIdentityCredential({ clientId: '${MALLORY.clientId}' }).getToken('https://storage.azure.com/.default')`,
    'writes a report': 'write("acmedata", "reports", "written.txt", "written")',
    'overwrites one of its reports': 'write("acmedata", "reports", "report.txt", "overwritten")',
    'writes to another container': 'write("acmedata", "billing", "written.txt", "written")',
    'writes to a container of another account': 'write("acmepayroll", "reports", "written.txt", "written")',
    'deletes one of its reports': 'remove("reports", "report.txt")',
    'deletes from another container': 'remove("billing", "bill.txt")',
    /** While nobody brings it another token. */
    'is let in after the API server was away for two hours': async ({ stage, clients, pod }) => {
      const cluster = Object.values(stage.clusters).find(each => each === pod.cluster)!;
      cluster.downSince = stage.now;
      stage.now += 7200;
      try {
        return await clients.run(pod, 'main', '@azure/storage-blob', { bucket: 'reports' });
      } finally {
        stage.now -= 7200;
        delete cluster.downSince;
      }
    },
  },
} satisfies Readonly<Record<Cloud, Readonly<Record<string, Try>>>>;

export type TryName = { [Where in Cloud]: keyof typeof TRIES[Where] }[Cloud];

/** What moves the clock, which nobody else may see. */
export const ALONE: ReadonlySet<string> = new Set<TryName>(['is let in two hours later', 'is let in after the API server was away for two hours']);

const triesIn = (cloud: Cloud): Readonly<Record<string, Try>> => TRIES[cloud];

/** With which code each refusal comes. */
const REFUSALS: Readonly<Record<Cloud, { readonly usual: string } & Readonly<Record<string, string>>>> = {
  'AWS': { usual: 'AccessDenied' },
  'Google Cloud': { 'usual': 'forbidden', 'reads one of its reports': '403', 'reads from another bucket': '403', 'goes on to another account of Google': 'PERMISSION_DENIED' },
  'Azure': { 'usual': 'AuthorizationPermissionMismatch', 'goes on to another identity': 'AADSTS700213' },
};

/** What comes of all that an SDK can try, where a pod may do so much: `done`, or the code of the refusal. */
export function shallCome(cloud: Cloud, may: readonly TryName[]): Readonly<Record<string, string>> {
  const { usual, ...others } = REFUSALS[cloud];
  const all = Object.entries(triesIn(cloud)).filter(([, work]) => typeof work === 'string');
  return Object.fromEntries(all.map(([name]) => [name, may.some(one => one === name) ? 'done' : others[name] ?? usual]));
}

/** What came of all that an SDK can try, in the same words. */
export async function cameOf(cloud: Cloud, scene: Scene): Promise<Readonly<Record<string, string>>> {
  const outcomes = await bySdk(cloud, Object.keys(shallCome(cloud, [])), scene);
  return Object.fromEntries(Object.entries(outcomes).map(([name, outcome]) => [name, outcome.ok ? 'done' : outcome.code]));
}

type Attempts = Readonly<Record<string, () => Promise<Outcome>>>;

/** What a pod tries, each when it is called; what its SDK can try is tried by one client at once. Done is what is done as the pod's own identity, where nothing says another. */
export function attemptsOf(cloud: Cloud, names: readonly TryName[], scene: Scene, identity: string): Attempts {
  const tries = triesIn(cloud);
  let together: ReturnType<typeof bySdk> | undefined;
  const attempt = async (name: TryName): Promise<Outcome> => {
    const work = tries[name];
    if (work === undefined) throw new Error(`nobody ${name} in ${cloud}`);
    const outcome = typeof work === 'function' ? await work(scene) : (await (together ??= bySdk(cloud, names.filter(each => typeof tries[each] === 'string'), scene)))[name]!;
    return outcome.ok && outcome.as === '' ? { ...outcome, as: identity } : outcome;
  };
  return Object.fromEntries(names.map(name => [name, () => attempt(name)]));
}

async function bySdk(cloud: Cloud, names: readonly string[], { clients, pod, account = ACCOUNT }: Scene): Promise<Readonly<Record<string, Outcome>>> {
  const [sdk, code] = SDKS[cloud];
  const works = Object.entries(triesIn(cloud)).filter(([name]) => names.includes(name)).map(([name, work]) => `${JSON.stringify(name)}: async () => ${String(work)}`);
  const outcome = await clients.script(pod, 'main', `${sdk(account, account === ACCOUNT ? OTHER_ACCOUNT : ACCOUNT)}
    const said = [];
    for (const [name, work] of Object.entries({ ${works.join(', ')} })) {
      said.push(JSON.stringify([name, await work().then(() => (${JSON.stringify(DONE)}), error => ({ ok: false, code: String(${code}), message: error.message }))]));
    }
    return said;`);
  const said = outcome.ok ? outcome.names.map(each => JSON.parse(each) as [string, Outcome]) : names.map(name => [name, outcome] as const);
  return Object.fromEntries<Outcome>(said);
}

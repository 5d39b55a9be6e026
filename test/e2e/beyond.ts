import { Mechanism } from '../mechanisms';
import { Aws, AwsError } from './clouds/aws';
import { Applied, ofType, RunningPod } from './model';
import { Clients } from './network/clients';
import { MALLORY, payrollRole } from './strangers';

/** What comes of each thing that a pod tries: `done`, or the code of the refusal. */
type Tried = Readonly<Record<string, string>>;

const DONE = 'done';

/** The clients of a cloud, and what is tried with them: the body of a function that says of each what came of it. */
const scriptOf = (clients: string, codeOf: string, tries: Readonly<Record<string, string>>) => `${clients}
  const said = [];
  for (const [what, work] of Object.entries({ ${Object.entries(tries).map(([what, work]) => `${JSON.stringify(what)}: async () => { ${work} }`).join(', ')} })) {
    said.push(what + ': ' + await work().then(() => '${DONE}', error => String(${codeOf})));
  }
  return said;`;

const awsScript = (account: string, other: string) => scriptOf(`
  const { S3Client, ListObjectsV2Command, GetObjectCommand } = require('@aws-sdk/client-s3');
  const { STSClient, AssumeRoleCommand } = require('@aws-sdk/nested-clients/sts');
  const s3 = new S3Client({});
  const list = (Bucket, Prefix) => s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
  const read = (Bucket, Key) => s3.send(new GetObjectCommand({ Bucket, Key })).then(({ Body }) => Body.transformToString());
  const assume = RoleArn => new STSClient({ region: s3.config.region, credentials: s3.config.credentials }).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'further' }));`,
'error.name', {
  'its reports': `await list('data-of-${account}', 'reports/')`,
  'one of them': `await read('data-of-${account}', 'reports/today.txt')`,
  'all of the bucket': `await list('data-of-${account}')`,
  'other objects of the bucket': `await list('data-of-${account}', 'billing/')`,
  'one of these': `await read('data-of-${account}', 'billing/today.txt')`,
  'another bucket': `await list('payroll-of-${account}', 'reports/')`,
  'a bucket of another account': `await list('data-of-${other}', 'reports/')`,
  'another role': `await assume('${payrollRole(account)}')`,
  'a role of another account': `await assume('${payrollRole(other)}')`,
});

const GOOGLE = scriptOf(`
  const { Storage } = require('@google-cloud/storage');
  const { Impersonated } = require('google-auth-library');
  const storage = new Storage();
  const read = (bucket, name) => storage.bucket(bucket).file(name).download();
  const become = async targetPrincipal => new Impersonated({
    sourceClient: await storage.authClient.getClient(), targetPrincipal, targetScopes: ['https://www.googleapis.com/auth/cloud-platform'], delegates: [], lifetime: 3600,
  }).getAccessToken();`,
'error.response?.data?.error?.status ?? error.errors?.[0]?.reason ?? error.code ?? error.message', {
  'its reports': 'await storage.bucket(\'acme-reports\').getFiles()',
  'one of them': 'await read(\'acme-reports\', \'report.txt\')',
  'another bucket': 'await storage.bucket(\'acme-billing\').getFiles()',
  'an object of it': 'await read(\'acme-billing\', \'report.txt\')',
  'which buckets its project has': 'await storage.getBuckets()',
  'which buckets another project has': 'await storage.getBuckets({ project: \'acme-other\' })',
  'another service account': `await become('${MALLORY.email}')`,
});

const AZURE = scriptOf(`
  const { DefaultAzureCredential, WorkloadIdentityCredential } = require('@azure/identity');
  const { BlobServiceClient } = require('@azure/storage-blob');
  const credential = new DefaultAzureCredential();
  const at = account => new BlobServiceClient('https://' + account + '.blob.core.windows.net', credential);
  const all = async list => { for await (const each of list) void each; };`,
'/AADSTS\\d+/.exec(error.message)?.[0] ?? error.code ?? error.name', {
  'its reports': 'await all(at(\'acmedata\').getContainerClient(\'reports\').listBlobsFlat())',
  'another container': 'await all(at(\'acmedata\').getContainerClient(\'billing\').listBlobsFlat())',
  'which containers the account has': 'await all(at(\'acmedata\').listContainers())',
  'a container of another account': 'await all(at(\'acmepayroll\').getContainerClient(\'reports\').listBlobsFlat())',
  'another identity': `await new WorkloadIdentityCredential({ clientId: '${MALLORY.clientId}' }).getToken('https://storage.azure.com/.default')`,
});

/** What a pod that is let into its cloud does there, and tries besides. */
export async function triedBy(pod: RunningPod, script: string, clients: Clients): Promise<Tried> {
  const outcome = await clients.script(pod, 'main', script);
  if (!outcome.ok) {
    throw new Error(`${outcome.code}: ${outcome.message}`);
  }
  return Object.fromEntries(outcome.names.map(said => said.split(': ') as [string, string]));
}

/** What the pods of a mechanism try, and what shall come of it: what its identity was granted, and nothing else. */
export function triesOf({ to, by, reads }: Mechanism): readonly { readonly script: string; readonly shall: Tried }[] {
  const listsBuckets = !by.startsWith('direct access') || by.endsWith('in another project');
  const google = {
    script: GOOGLE,
    shall: {
      'its reports': DONE, 'one of them': DONE, 'another bucket': 'forbidden', 'an object of it': '403', 'which buckets its project has': listsBuckets ? DONE : 'forbidden',
      'which buckets another project has': 'forbidden', 'another service account': 'PERMISSION_DENIED',
    },
  };
  switch (to) {
    case 'AWS': {
      const accounts = ['123456789012', '210987654321'] as const;
      const [account, other] = by.includes('in another account') ? [accounts[1], accounts[0]] : accounts;
      const more = reads === 'every bucket' ? DONE : 'AccessDenied';
      const aws = {
        script: awsScript(account, other),
        shall: {
          'its reports': DONE, 'one of them': DONE, 'all of the bucket': more, 'other objects of the bucket': more, 'one of these': more, 'another bucket': more,
          'a bucket of another account': 'AccessDenied', 'another role': 'AccessDenied', 'a role of another account': 'AccessDenied',
        },
      };
      return by.startsWith('ID tokens') ? [aws, google] : [aws];
    }
    case 'Google Cloud':
      return [google];
    case 'Azure':
      return [{
        script: AZURE,
        shall: {
          'its reports': DONE, 'another container': 'AuthorizationPermissionMismatch', 'which containers the account has': 'AuthorizationPermissionMismatch',
          'a container of another account': 'AuthorizationPermissionMismatch', 'another identity': 'AADSTS700213',
        },
      }];
  }
}

/** The roles of AWS that a workload goes through, in their order, and what it says to the last one. */
export interface Chain {
  readonly roleArns: readonly [first: string, ...others: string[]];
  readonly externalId?: string;
  /** Session tags, by which EKS goes on. */
  readonly tags?: ReadonlyMap<string, string>;
}

const PLACES = ['Role', 'Middle', 'Target'];

/** The chain of a mechanism; of one role where it has no other. */
export function chainOf(applied: Applied, said: Pick<Chain, 'externalId' | 'tags'> = {}): Chain {
  const roles = ofType(applied, 'aws_iam_role').filter(({ stack }) => stack !== 'strangers')
    .map(({ address, values }) => ({ place: PLACES.indexOf(address.replace(/^aws_iam_role\.(?:Via_)?/, '')), arn: values.arn as string })).sort((a, b) => a.place - b.place);
  const [first, ...others] = roles.map(({ arn }) => arn);
  return { roleArns: [first!, ...others], ...said };
}

type Session = Parameters<Aws['sts']['assumeRole']>[0];
type Request = Parameters<Aws['sts']['assumeRole']>[1];

/** Goes from the first role of a chain to the last one, without a client. */
export function goesOn({ sts }: Aws, session: Session, { roleArns: [, ...others], externalId, tags }: Chain): void {
  let caller = session;
  others.forEach((roleArn, index) => {
    caller = sts.assumeRole(caller, { roleArn, roleSessionName: 'chain', tags, ...index === others.length - 1 && { externalId } });
  });
}

/** What whoever has a session of the first role of a chain tries on the way: to go elsewhere, to leave out a role, or to say something else to the last one. */
export function detoursOf({ sts }: Aws, session: Session, { roleArns, externalId, tags }: Chain): Tried {
  const request = { roleArn: roleArns.at(-1)!, roleSessionName: 'detour', externalId, tags };
  const tries: Readonly<Record<string, Request>> = {
    elsewhere: { ...request, roleArn: payrollRole(roleArns[0].split(':')[4]!) },
    ...roleArns.length > 2 && { 'at once to the last': request },
    ...externalId !== undefined && { 'without the external id': { ...request, externalId: undefined }, 'with another external id': { ...request, externalId: `${externalId}0` } },
    ...tags !== undefined && { 'without tags': { ...request, tags: undefined } },
    ...Object.fromEntries([...tags ?? []].map(([key, value]) => [`with another ${key}`, { ...request, tags: new Map([...tags!, [key, `${value}0`]]) }])),
  };
  return Object.fromEntries(Object.entries(tries).map(([what, asked]) => {
    try {
      sts.assumeRole(session, asked);
      return [what, DONE];
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return [what, error.code];
    }
  }));
}

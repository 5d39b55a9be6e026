import { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { TerraformStack } from 'cdktf';
import {
  AwsFederatedRole, AwsFederatedRoleProps, GcpFederatedServiceAccount, GcpFederatedServiceAccountProps, ICloudIdentity, ServiceAccountSubject,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity, AzureFederatedIdentityProps } from 'cdktf-workload-federation/azure';
import { count } from './figures';
import { Applied, ClientName, ofType, Outcome, RunningPod } from './model';
import { Action, Clients } from './network/clients';

/** The clouds, and by which client and action a pod shows that it is let in. */
const LOGINS = {
  'AWS': ['@aws-sdk/client-s3', { bucket: 'bucket-of-123456789012' }],
  'Google Cloud': ['@google-cloud/storage', { bucket: 'acme-reports' }],
  'Azure': ['@azure/storage-blob', { bucket: 'reports' }],
} as const satisfies Record<string, readonly [ClientName, Action]>;

export type Cloud = keyof typeof LOGINS;
/** What each cloud says. */
export type Said = Readonly<Record<Cloud, string>>;

/** What somebody chooses of the identities. */
export interface Choices {
  readonly aws?: Partial<AwsFederatedRoleProps>;
  readonly google?: Partial<GcpFederatedServiceAccountProps>;
  readonly azure?: Partial<AzureFederatedIdentityProps>;
}

/** An identity of a service account in each cloud, which may read one bucket, or a container of Azure. */
export function identitiesIn(stack: TerraformStack, subject: ServiceAccountSubject, { aws, google, azure }: Choices = {}): readonly ICloudIdentity[] {
  const trusts = [subject];
  const role = new AwsFederatedRole(stack, 'Role', { trusts, ...aws });
  role.grantBucketRead('arn:aws:s3:::bucket-of-123456789012');
  const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts, accountId: 'reports-reader', ...google });
  account.grantBucketRead('acme-reports');
  const identity = new AzureFederatedIdentity(stack, 'Identity', { trusts, identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope', ...azure });
  identity.grantContainerRead(containerIn(stack));
  return [role, account, identity];
}

/** The container of Azure with the reports. */
export function containerIn(stack: TerraformStack): StorageContainer {
  const storage = new StorageAccount(stack, 'Data', {
    name: 'acmedata', resourceGroupName: 'reports', location: 'westeurope', accountTier: 'Standard', accountReplicationType: 'ZRS',
  });
  return new StorageContainer(stack, 'Reports', { name: 'reports', storageAccountId: storage.id });
}

/** Where a pod is let into every cloud, what these say: whom they take it for, and what it sees. */
export function letIn(applied: Applied): Said {
  const only = (type: string, key: string): string => {
    const [found, ...others] = ofType(applied, type).map(({ values }) => values[key]);
    expect({ type, found, others }).toEqual({ type, found: expect.any(String) as string, others: [] });
    return found;
  };
  return {
    'AWS': `${only('aws_iam_role', 'arn')}: hello.txt`,
    'Google Cloud': `${only('google_service_account', 'member')}: report.txt`,
    'Azure': `${only('azurerm_user_assigned_identity', 'client_id')}: report.txt`,
  };
}

/** Asks the clouds as containers do, and counts what they answer. */
export class Logins {
  /** @param counts what several suites count together */
  public constructor(private readonly clients: Clients, private readonly counts = { allowed: 0, refused: 0 }) {}

  /** What each cloud says to a container of a pod, all asked at once. */
  public async of(pod: RunningPod, container = 'main'): Promise<Said> {
    const said = Object.entries(LOGINS).map(async ([cloud, [client, action]]) => {
      const outcome = await this.clients.run(pod, container, client, action);
      return [cloud, this.said(outcome)];
    });
    return Object.fromEntries(await Promise.all(said)) as Said;
  }

  /** Whom a cloud takes the caller for and what is there, or the refusal. */
  public said(outcome: Outcome): string {
    this.counts[outcome.ok ? 'allowed' : 'refused'] += 1;
    return outcome.ok ? `${outcome.as}: ${outcome.names.join(', ')}` : reasonOf(outcome);
  }

  /** How many there were. */
  public get counted(): string {
    return `${count(this.counts.allowed)} calls that are allowed, ${count(this.counts.refused)} that are refused`;
  }
}

/** What clients mean by codes that they have for everything. */
const TELLING = [
  'Region is missing', 'Could not load credentials from any providers', 'Could not load the default credentials', 'ENOENT: no such file',
  'ManagedIdentityCredential: Network unreachable',
];
const VAGUE: ReadonlySet<string> = new Set(['Error', 'CredentialsProviderError', 'AggregateAuthenticationError']);

/** What is told apart behind one code of Google's, or in the message alone. */
function reasonOf({ code, message }: Outcome & { readonly ok: false }): string {
  if (code === 'invalid_grant') return message.replace(/^.*invalid_grant: /s, '');
  return /AADSTS\d+/.exec(message)?.[0] ?? (VAGUE.has(code) ? TELLING.find(text => message.includes(text)) ?? `${code}: ${message}` : code);
}

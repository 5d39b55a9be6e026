import { AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, GcpFederatedPrincipal, GcpFederatedServiceAccount, ICloudIdentity } from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import { Mechanism, mechanismOf } from '../mechanisms';
import type { TryName } from './tries';
import { STORAGE_ACCOUNT } from './world';

type Grant = 'grantBucketRead' | 'grantBucketPut' | 'grantBucketCreate' | 'grantBucketWrite' | 'grantContainerWrite';
type Identity = ICloudIdentity & Partial<Readonly<Record<Grant, (place: string, options?: { readonly prefix: string }) => unknown>>>;

const LISTS_BUCKETS = { policyStatements: [{ effect: 'Allow', actions: ['s3:ListAllMyBuckets'], resources: ['*'] }] };
const account: Mechanism['identity'] = (stack, subject) => new GcpFederatedServiceAccount(stack, 'Account', { trusts: [subject], accountId: 'reports-writer' });
const principal: Mechanism['identity'] = (stack, subject) => new GcpFederatedPrincipal(stack, 'Principal', { trusts: [subject] });

/** An identity of each kind, the mechanism by which it is reached, and what makes it. It may do nothing with objects yet. */
const IDENTITIES = {
  'a role': [mechanismOf('any OIDC cluster', 'AWS', 'a projected token'), (stack, subject) => new AwsFederatedRole(stack, 'Role', { trusts: [subject], ...LISTS_BUCKETS })],
  'a role of EKS Pod Identity': [mechanismOf('EKS', 'AWS', 'EKS Pod Identity'), (stack, subject) => new AwsPodIdentityRole(stack, 'Role', { trusts: [subject], ...LISTS_BUCKETS })],
  'the last role of a chain': [
    mechanismOf('any OIDC cluster', 'AWS', 'a chain of two roles in a config file'),
    (stack, subject) => new AwsChainedRole(stack, 'Target', { source: new AwsFederatedRole(stack, 'Role', { trusts: [subject] }), ...LISTS_BUCKETS }),
  ],
  'a service account': [mechanismOf('any OIDC cluster', 'Google Cloud', 'a service account through a pool'), account],
  'a service account on GKE': [mechanismOf('GKE', 'Google Cloud', 'a service account through Google\'s own pool'), account],
  'a principal': [mechanismOf('EKS', 'Google Cloud', 'direct access through a pool'), principal],
  'a principal on GKE': [mechanismOf('GKE', 'Google Cloud', 'direct access through Google\'s own pool'), principal],
  'a managed identity': [mechanismOf('EKS', 'Azure', 'a projected token'), (stack, subject) =>
    new AzureFederatedIdentity(stack, 'Identity', { trusts: [subject], identityName: 'reports-writer', resourceGroupName: 'reports', location: 'westeurope' })],
  'an application': [
    mechanismOf('AKS', 'Azure', 'AKS\'s webhook and an application of Entra ID'),
    (stack, subject) => new EntraFederatedApplication(stack, 'Application', { trusts: [subject], displayName: 'reports-writer' }),
  ],
} satisfies Record<string, readonly [by: Mechanism, make: Mechanism['identity']]>;

type IdentityName = keyof typeof IDENTITIES;

/** Where reports are. */
const PLACES: Readonly<Record<Mechanism['to'], readonly [place: string, options?: { readonly prefix: string }]>> = {
  'AWS': ['arn:aws:s3:::data-of-123456789012', { prefix: 'reports/' }],
  'Google Cloud': ['acme-reports'],
  'Azure': [`${STORAGE_ACCOUNT}/blobServices/default/containers/reports`],
};

/** The mechanism of an identity that is granted something where reports are. */
export function granted(identity: IdentityName, ...grants: readonly Grant[]): Mechanism {
  const [by, make] = IDENTITIES[identity];
  return {
    ...by,
    by: `${by.by}, with ${grants.join(' and ')}`,
    identity: (...given) => {
      const made: Identity = make(...given);
      grants.forEach(grant => made[grant]!(...PLACES[by.to]));
      return made;
    },
  };
}

const READS = ['lists its reports', 'reads one of its reports'] as const;
const PUTS = ['writes a report', 'writes a report in parts', 'gives up a report in parts', 'overwrites one of its reports'] as const;
const CREATES = ['writes a report', 'writes a report in one request'] as const;
const CHANGES = ['overwrites one of its reports', 'deletes one of its reports'] as const;

/** What a pod may do by each grant where reports are. */
export const PERMITTED = {
  'AWS': { grantBucketPut: PUTS, grantBucketWrite: [...PUTS, 'deletes one of its reports'] },
  'Google Cloud': { grantBucketRead: READS, grantBucketCreate: CREATES, grantBucketWrite: [...READS, ...CREATES, ...CHANGES] },
  'Azure': { grantContainerWrite: ['lists its reports', 'writes a report', ...CHANGES] },
} satisfies Readonly<Record<Mechanism['to'], Partial<Readonly<Record<Grant, readonly TryName[]>>>>>;

/** Whoever may write by one grant, and where and what is there when they have tried everything. */
export interface Writer {
  readonly mechanism: Mechanism;
  readonly may: readonly TryName[];
  readonly leaves: readonly [place: string, objects: Readonly<Record<string, string>>];
}

function writersOf(identities: readonly IdentityName[], grant: Grant, ...leaves: Writer['leaves']): Writer[] {
  return identities.map(identity => {
    const mechanism = granted(identity, grant);
    const permitted: Partial<Readonly<Record<Grant, readonly TryName[]>>> = PERMITTED[mechanism.to];
    return { mechanism, may: permitted[grant]!, leaves };
  });
}

const ROLES = ['a role', 'a role of EKS Pod Identity', 'the last role of a chain'] as const;
const OF_GOOGLE = ['a service account', 'a service account on GKE', 'a principal', 'a principal on GKE'] as const;
const PUT = { 'billing/today.txt': 'What was billed today.', 'reports/written.txt': 'written', 'reports/parts.txt': 'in parts' };
const CREATED = { 'written.txt': 'written', 'at-once.txt': 'at once' };

export const WRITERS: readonly Writer[] = [
  ...writersOf(ROLES, 'grantBucketPut', 'data-of-123456789012', { ...PUT, 'reports/today.txt': 'overwritten' }),
  ...writersOf(ROLES, 'grantBucketWrite', 'data-of-123456789012', PUT),
  ...writersOf(OF_GOOGLE, 'grantBucketCreate', 'acme-reports', { ...CREATED, 'report.txt': 'What is in acme-reports.' }),
  ...writersOf(OF_GOOGLE, 'grantBucketWrite', 'acme-reports', CREATED),
  ...writersOf(['a managed identity', 'an application'], 'grantContainerWrite', 'acmedata/reports', { 'written.txt': 'written' }),
];

import { Applied, AppliedResource, ofType } from './model';
import { WORLD } from './world';

/** A role and an account of Google that somebody else has in the same account and project, and an identity of Azure in the same subscription. */
export const MALLORY = {
  role: 'arn:aws:iam::123456789012:role/mallory', email: 'mallory@acme-apps.iam.gserviceaccount.com', uniqueId: '104857600000000000042', clientId: '0a1b2c3d-0000-4000-8000-00000000002a',
};

const ACCOUNTS = Object.values(WORLD.awsAccounts);

/** Mallory's role in each account. */
export const MALLORYS_ROLES = ACCOUNTS.map(account => MALLORY.role.replace('123456789012', account)) as unknown as readonly [own: string, other: string];

/** The role of each account that trusts everybody in it whom it lets assume roles. */
export const payrollRole = (account: string) => `arn:aws:iam::${account}:role/payroll`;

/**
 * What others have in the same accounts and projects: roles that may do anything with STS, and roles that everybody may assume who is allowed to; an account of
 * Google and an identity of Azure; and associations with a role that is not theirs.
 */
export function withStrangers(applied: Applied): Applied {
  const policy = (statement: object) => JSON.stringify({ Version: '2012-10-17', Statement: { Effect: 'Allow', ...statement } });
  const roles = ACCOUNTS.flatMap(account => [
    made('aws_iam_role', `Mallory-${account}`, account, {
      name: 'mallory', arn: MALLORY.role.replace('123456789012', account), assume_role_policy: policy({ Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } }),
    }),
    made('aws_iam_role_policy', `Mallory-${account}`, account, { name: 'mallory', role: 'mallory', policy: policy({ Action: 'sts:*', Resource: '*' }) }),
    made('aws_iam_role', `Payroll-${account}`, account, {
      name: 'payroll', arn: payrollRole(account), assume_role_policy: policy({ Action: ['sts:AssumeRole', 'sts:TagSession'], Principal: { AWS: ACCOUNTS.map(each => `arn:aws:iam::${each}:root`) } }),
    }),
  ]);
  const google = made('google_service_account', 'Mallory', 'acme-apps', {
    email: MALLORY.email, unique_id: MALLORY.uniqueId, project: 'acme-apps', member: `serviceAccount:${MALLORY.email}`,
  });
  // Without a policy the stand-in does not know that a bucket is there.
  const bucket = made('google_storage_bucket_iam_member', 'Owner', 'acme-apps', { bucket: 'acme-reports', role: 'roles/storage.admin', member: 'serviceAccount:owner@acme-apps.iam.gserviceaccount.com' });
  return withAssociations({ ...applied, resources: [...applied.resources, ...roles, google, bucket, ...malloryInAzure(applied)] }, [
    { cluster: 'apps', namespace: 'billing', serviceAccount: 'reader' },
    { cluster: 'apps', namespace: 'reports', serviceAccount: 'writer' },
    { cluster: 'others', namespace: 'reports', serviceAccount: 'reader' },
  ]);
}

const made = (type: string, id: string, account: string, values: object): AppliedResource => ({ stack: 'strangers', address: `${type}.${id}`, type, data: false, account, values });

/** Whose an association is. */
interface Associated {
  /** The name of an EKS cluster. */
  readonly cluster: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** Associations of EKS Pod Identity by which others come as far as the trust policy of a role that is not theirs. */
export function withAssociations(applied: Applied, whose: readonly Associated[]): Applied {
  const [own] = ofType(applied, 'aws_eks_pod_identity_association');
  const associations = own === undefined ? [] : whose.map(({ cluster, namespace, serviceAccount }) => made('aws_eks_pod_identity_association', `${cluster}/${namespace}/${serviceAccount}`, own.account, {
    ...own.values, cluster_name: cluster, namespace, service_account: serviceAccount,
  }));
  return { ...applied, resources: [...applied.resources, ...associations] };
}

/** Mallory's identity, which trusts the issuers that others of the subscription trust. */
function malloryInAzure(applied: Applied): readonly AppliedResource[] {
  const id = `/subscriptions/${WORLD.azureSubscription}/resourceGroups/mallory/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mallory`;
  const credentials = [...ofType(applied, 'azurerm_federated_identity_credential'), ...ofType(applied, 'azuread_application_federated_identity_credential')];
  return [
    made('azurerm_user_assigned_identity', 'Mallory', WORLD.azureSubscription, {
      id, name: 'mallory', resource_group_name: 'mallory', client_id: MALLORY.clientId, principal_id: '0a1b2c3d-0000-4000-8000-00000000002b', tenant_id: WORLD.azureTenant,
    }),
    ...[...new Set(credentials.map(({ values }) => values.issuer as string))].map((issuer, index) => made('azurerm_federated_identity_credential', `Mallory-${index}`, WORLD.azureSubscription, {
      name: `mallory-${index}`, resource_group_name: 'mallory', parent_id: id, issuer, subject: 'system:serviceaccount:mallory:mallory', audience: ['api://AzureADTokenExchange'],
    })),
  ];
}

/** The registrations of issuers as they are where others use them for more audiences: a role must not count on them. */
export function withMoreClients(applied: Applied, audiences: readonly string[]): Applied {
  return {
    ...applied, resources: applied.resources.map(each => each.type !== 'aws_iam_openid_connect_provider' || each.data ? each
      : { ...each, values: { ...each.values, client_id_list: [...each.values.client_id_list, ...audiences] } }),
  };
}

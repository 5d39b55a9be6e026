import { AllowPolicies } from './allow-policies';
import type { Identity, ServiceAccountIdentity } from './identities';
import type { Projects } from './projects';
import { ServiceAccount, ServiceAccounts } from './service-accounts';

export type Credential = 'access token' | 'ID token';

/** What a caller has to be allowed: https://docs.cloud.google.com/iam/docs/service-account-permissions#token-creator-role. */
const PERMISSIONS: Record<Credential, string> = {
  'access token': 'iam.serviceAccounts.getAccessToken',
  'ID token': 'iam.serviceAccounts.getOpenIdToken',
};

export type Impersonation =
  | { readonly ok: true; readonly account: ServiceAccount; readonly identity: ServiceAccountIdentity }
  | { readonly ok: false; readonly code: number; readonly status: string; readonly message: string; readonly permission?: string };

/** Whether an identity may have credentials of a service account, by the policies of the account and of its project. */
export function impersonate(
  { identity, serviceAccount, credential }: { readonly identity: Identity; readonly serviceAccount: string; readonly credential: Credential },
  { accounts, policies, projects }: { readonly accounts: ServiceAccounts; readonly policies: AllowPolicies; readonly projects: Projects },
): Impersonation {
  const account = accounts.find(serviceAccount);
  if (account === undefined) {
    return { ok: false, code: 404, status: 'NOT_FOUND', message: `Not found; Gaia id not found for email ${serviceAccount}` };
  }
  const permission = PERMISSIONS[credential];
  const resources = [`serviceAccounts/${account.email}`, `serviceAccounts/${account.uniqueId}`, `projects/${account.project}`] as const;
  if (!policies.permits(identity, permission, resources)) {
    return { ok: false, code: 403, status: 'PERMISSION_DENIED', message: `Permission '${permission}' denied on resource (or it may not exist).`, permission };
  }
  // [?] https://docs.cloud.google.com/iam/docs/service-accounts-disable-enable says only that such an account cannot authenticate.
  if (account.disabled) return { ok: false, code: 400, status: 'FAILED_PRECONDITION', message: 'Precondition check failed.' };
  const projectNumber = projects.numberOf(account.project);
  return { ok: true, account, identity: { kind: 'service account', email: account.email, ...(projectNumber === undefined ? {} : { projectNumber }) } };
}

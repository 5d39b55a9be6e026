import type { Applied, AppliedResource } from '../../model';
import { ofType } from '../../model';

/** Who trusts which tokens of others. */
export interface FederatedCredential {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
}

/** A managed identity or an application of the directory. */
export interface Principal {
  readonly address: string;
  readonly clientId: string;
  readonly tenantId: string;
  /** The object id that roles are assigned to; an application without a service principal has none. */
  readonly principalId?: string;
  readonly credentials: readonly FederatedCredential[];
}

/** At most so many credentials for each: https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation-considerations. */
const MOST = 20;
const LONGEST = 600;

/** The identities that Terraform applied or found, with their federated credentials. */
export function principalsOf(applied: Applied, tenant: string): ReadonlyMap<string, Principal> {
  const principals = new Map<string, Principal>();
  // A data source may find again what a resource made: both are one, with the same credentials.
  const add = (principal: Principal) => principals.set(principal.clientId.toLowerCase(), principal);
  const claimed = new Set<AppliedResource>();
  const credentialsOf = (type: string, names: (resource: AppliedResource) => boolean, audienceOf: (values: AppliedResource['values']) => unknown) => {
    const own = ofType(applied, type).filter(names);
    own.forEach(resource => claimed.add(resource));
    return checked(own, own.map(resource => credentialOf(resource, audienceOf(resource.values))));
  };
  for (const { address, type, values } of applied.resources) {
    if (type === 'azurerm_user_assigned_identity') {
      add({
        address,
        clientId: values.client_id,
        tenantId: values.tenant_id ?? tenant,
        principalId: values.principal_id,
        // Ids of Azure's resource manager are compared in any case.
        credentials: credentialsOf('azurerm_federated_identity_credential', credential => sameId(credential.values.parent_id ?? credential.values.user_assigned_identity_id, values.id),
          of => of.audience),
      });
    } else if (type === 'azuread_application' || type === 'azuread_application_registration') {
      const service = applied.resources.find(resource => resource.type === 'azuread_service_principal' && sameId(resource.values.client_id, values.client_id));
      add({
        address,
        clientId: values.client_id,
        tenantId: service?.values.application_tenant_id ?? tenant,
        principalId: service?.values.object_id,
        credentials: credentialsOf('azuread_application_federated_identity_credential',
          credential => sameId(credential.values.application_id, values.id) || sameId(credential.values.application_id, `/applications/${values.object_id}`), of => of.audiences),
      });
    }
  }
  // A credential of nobody is a reference that went astray, or an identity that neither Terraform nor a data source knows.
  for (const type of ['azurerm_federated_identity_credential', 'azuread_application_federated_identity_credential']) {
    const lost = ofType(applied, type).find(resource => !claimed.has(resource));
    if (lost !== undefined) throw new Error(`${lost.address}: the identity of this federated credential was not found.`);
  }
  return principals;
}

function sameId(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && typeof b === 'string' && a.toLowerCase() === b.toLowerCase();
}

function credentialOf({ address, values }: AppliedResource, audiences: unknown): FederatedCredential {
  const { issuer, subject } = values;
  const list: unknown = typeof audiences === 'string' ? [audiences] : audiences;
  const [audience, ...more] = Array.isArray(list) ? list as unknown[] : [];
  if (more.length > 0 || [issuer, subject, audience].some(text => typeof text !== 'string' || text === '' || text.length > LONGEST)) {
    throw new Error(`${address}: a federated credential has one issuer, one subject and one audience of at most ${LONGEST} characters.`);
  }
  if (!/^https:\/\//.test(issuer)) throw new Error(`${address}: the issuer of a federated credential is an https URL.`);
  return { issuer, subject, audience: audience as string };
}

function checked(resources: readonly AppliedResource[], credentials: readonly FederatedCredential[]): readonly FederatedCredential[] {
  if (credentials.length > MOST) throw new Error(`${resources[0]!.address}: an identity has at most ${MOST} federated credentials, not ${credentials.length}.`);
  const pairs = new Set<string>();
  credentials.forEach(({ issuer, subject }, index) => {
    const pair = JSON.stringify([issuer, subject]);
    if (pairs.has(pair)) throw new Error(`${resources[index]!.address}: issuer and subject of a federated credential are unique for an identity.`);
    pairs.add(pair);
  });
  return credentials;
}

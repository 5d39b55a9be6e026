import type { Applied, AppliedResource } from '../../model';

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

/** The identities that Terraform applied or found, with their federated credentials. */
export function principalsOf(applied: Applied, tenant: string): ReadonlyMap<string, Principal> {
  const principals = new Map<string, Principal>();
  for (const identity of applied.resources) {
    const { address, type, values } = identity;
    const principal = type === 'azurerm_user_assigned_identity' ? { tenantId: values.tenant_id, principalId: values.principal_id }
      : type === 'azuread_application' || type === 'azuread_application_registration' ? servicePrincipalOf(applied, identity) : undefined;
    if (principal === undefined) continue;
    const credentials = applied.resources.filter(resource => !resource.data && isOf(resource, identity)).map(credentialOf);
    // A data source may find again what a resource made: both are one, with the same credentials.
    const { client_id: clientId } = values;
    principals.set(clientId.toLowerCase(), { ...principal, address, clientId, tenantId: principal.tenantId ?? tenant, credentials });
  }
  return principals;
}

function servicePrincipalOf(applied: Applied, { values }: AppliedResource): { readonly tenantId?: string; readonly principalId?: string } {
  const service = applied.resources.find(resource => resource.type === 'azuread_service_principal' && sameId(resource.values.client_id, values.client_id));
  return { tenantId: service?.values.application_tenant_id, principalId: service?.values.object_id };
}

/** Whether a federated credential is that of an identity. */
export function isOf({ type, values }: AppliedResource, identity: AppliedResource): boolean {
  if (type === 'azurerm_federated_identity_credential') {
    return identity.type === 'azurerm_user_assigned_identity' && sameId(values.parent_id ?? values.user_assigned_identity_id, identity.values.id);
  }
  const { id, object_id: objectId } = identity.values;
  return type === 'azuread_application_federated_identity_credential' && /^azuread_application(?:_registration)?$/.test(identity.type)
    && (sameId(values.application_id, id) || sameId(values.application_id, `/applications/${objectId}`));
}

/** Ids of Azure's resource manager are compared in any case. */
function sameId(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && typeof b === 'string' && a.toLowerCase() === b.toLowerCase();
}

function credentialOf({ values: { issuer, subject, audience, audiences } }: AppliedResource): FederatedCredential {
  return { issuer, subject, audience: [audience ?? audiences].flat()[0] };
}

import type { Applied, AppliedResource } from '../../model';
import { ofType } from '../../model';
import { ApplyError, told } from '../apply';
import { isOf } from './directory';

/** What Azure and its directory are asked for, and what they have. */
export interface Applying {
  readonly applied: Applied;
  readonly tenant: string;
  /** Object ids of principals that Terraform did not make. */
  readonly existing: readonly string[];
}

/**
 * What Azure refuses when Terraform tells it. Throws ApplyError with the code and message of Azure, as far as these are published.
 * @see https://learn.microsoft.com/en-us/entra/workload-id/workload-identity-federation-considerations
 * @see https://learn.microsoft.com/en-us/graph/api/resources/federatedidentitycredential
 */
export function checkApplied(applying: Applying): void {
  for (const resource of told(applying.applied, undefined)) CHECKS.get(resource.type)?.(resource, applying);
}

const CHECKS: ReadonlyMap<string, (resource: AppliedResource, applying: Applying) => void> = new Map([
  ['azurerm_user_assigned_identity', checkIdentity],
  ['azurerm_federated_identity_credential', checkCredential],
  ['azuread_application_federated_identity_credential', checkCredential],
  ['azuread_service_principal', checkServicePrincipal],
  ['azurerm_role_assignment', checkAssignment],
]);

/** The name: https://learn.microsoft.com/en-us/azure/azure-resource-manager/management/resource-name-rules#microsoftmanagedidentity */
function checkIdentity(resource: AppliedResource, { applied }: Applying): void {
  const { values } = resource;
  if (!/^[a-z0-9][a-z0-9_-]{2,127}$/i.test(String(values.name))) refuse(resource, 'InvalidResourceName', `The resource name '${String(values.name)}' is invalid.`);
  if (others(applied, resource).some(each => same(each.values.id, values.id))) exists(resource, values.id);
}

/** At most so many credentials for each identity, and so many characters in each value. */
const MOST = 20;
const LONGEST = 600;

function checkCredential(resource: AppliedResource, { applied }: Applying): void {
  const { values } = resource;
  const managed = resource.type === 'azurerm_federated_identity_credential';
  const invalid = (message: string) => refuse(resource, managed ? 'BadRequest' : 'InvalidFederatedIdentityCredentialValue', message);
  const parent = applied.resources.find(each => isOf(resource, each));
  if (parent === undefined) {
    const id = String(managed ? values.parent_id ?? values.user_assigned_identity_id : values.application_id);
    if (managed) refuse(resource, 'ParentResourceNotFound', `Failed to perform 'write' on the resource, because the parent resource '${id}' could not be found.`);
    refuse(resource, 'Request_ResourceNotFound', `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`);
  }
  const name = String(managed ? values.name : values.display_name);
  // "3-120 characters, which must be alphanumeric, dash or underscore characters; the first symbol is alphanumeric only"; what is said of others is not published.
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_-]{2,119}$/.test(name)) invalid(`The name '${name}' of the federated identity credential is invalid.`);

  const { issuer, subject } = values;
  const said: unknown = managed ? values.audience : values.audiences;
  const audiences: readonly unknown[] = typeof said === 'string' ? [said] : Array.isArray(said) ? said : [];
  // https://github.com/zioproto/istio-aks-example/issues/6
  if ([issuer, subject, ...audiences].some(text => typeof text !== 'string' || text === '') || audiences.length === 0) {
    invalid('The request format was unexpected. Federated Identity Credential must specify \'issuer\', \'subject\' and \'audience\'.');
  }
  // "This field can only accept a single value and has a limit of 600 characters."
  if (audiences.length > 1) invalid('The federated identity credential accepts a single audience.');
  const long = Object.entries({ issuer, subject, audience: audiences[0] }).find(([, text]) => text.length > LONGEST);
  if (long !== undefined) invalid(`The ${long[0]} of the federated identity credential has a limit of ${LONGEST} characters.`);
  if (!/^https:\/\/[!-~]+$/.test(issuer) || !URL.canParse(issuer)) invalid(`The issuer '${issuer}' of the federated identity credential is no https URL.`);

  const siblings = applied.resources.filter(each => each.type === resource.type && !each.data && isOf(each, parent));
  const more = siblings.filter(each => each !== resource);
  if (more.some(each => same(managed ? each.values.name : each.values.display_name, name))) exists(resource, name);
  if (more.some(each => each.values.issuer === issuer && each.values.subject === subject)) {
    // https://github.com/Azure/azure-workload-identity/issues/434 has the second.
    invalid(managed ? 'Issuer and subject combination already exists for this Managed Identity.'
      : `The combination of issuer and subject must be unique for the application. Issuer ${issuer} and Subject: ${subject} already exist.`);
  }
  if (siblings.length > MOST) invalid(`A maximum of ${MOST} federated identity credentials can be added per ${managed ? 'user-assigned managed identity' : 'application'}.`);
}

/** https://learn.microsoft.com/en-us/graph/api/serviceprincipal-post-serviceprincipals */
function checkServicePrincipal(resource: AppliedResource, { applied }: Applying): void {
  const clientId = resource.values.client_id;
  if (!applied.resources.some(({ type, values }) => /^azuread_application(?:_registration)?$/.test(type) && same(values.client_id, clientId))) {
    refuse(resource, 'Request_BadRequest', `The appId '${String(clientId)}' of the service principal does not reference a valid application object.`);
  }
}

const GUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const NAME = '[^/?#\\s]+';
/** https://learn.microsoft.com/en-us/azure/role-based-access-control/scope-overview#scope-format */
const SCOPES = [
  '/', `/providers/Microsoft\\.Management/managementGroups/${NAME}`,
  `/subscriptions/${GUID}(?:/resourceGroups/${NAME}(?:/providers/[a-z0-9]+\\.[a-z0-9.]+(?:/${NAME}/${NAME})+)?)?`,
].map(form => new RegExp(`^${form}$`, 'i'));

/**
 * Built-in roles that are spoken of here, by name in lower case, of hundreds: https://learn.microsoft.com/en-us/azure/role-based-access-control/built-in-roles.
 * What they let their principals do is decided where it is asked for.
 */
export const ROLES: ReadonlyMap<string, string> = new Map([
  ['owner', '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'],
  ['contributor', 'b24988ac-6180-42a0-ab88-20f7382dd24c'],
  ['reader', 'acdd72a7-3385-48ef-bd42-f606fba81ae7'],
  ['user access administrator', '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9'],
  ['storage account contributor', '17d1049b-9a84-46fb-8f53-869881c3d3ab'],
  ['storage blob data reader', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'],
  ['storage blob data contributor', 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'],
  ['storage blob data owner', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'],
  ['storage queue data reader', '19e7f393-937e-4f77-808e-94535e297925'],
  ['key vault secrets user', '4633458b-17de-408a-b874-0445c86b69e6'],
]);

/** https://learn.microsoft.com/en-us/azure/role-based-access-control/troubleshooting */
function checkAssignment(resource: AppliedResource, { applied, tenant, existing }: Applying): void {
  const { values } = resource;
  const scope = String(values.scope);
  if (!SCOPES.some(form => form.test(scope))) refuse(resource, 'InvalidScope', `The scope '${scope}' is invalid.`);

  const role = roleOf(resource, applied);
  const principal = String(values.principal_id);
  const made = applied.resources.map(({ type, values: found }) => type === 'azurerm_user_assigned_identity' ? found.principal_id
    : /^azuread_(?:service_principal|group)$/.test(type) ? found.object_id : undefined);
  const there = [...existing, ...made].some(id => same(id, principal));
  if (!there) {
    refuse(resource, 'PrincipalNotFound', `Principal ${principal.replaceAll('-', '')} does not exist in the directory ${tenant}. Check that you have the correct principal ID. If you are creating `
      + 'this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as '
      + 'ServicePrincipal, User, or Group. See https://aka.ms/docs-principaltype');
  }
  const beside = others(applied, resource).filter(each => same(each.values.scope, scope) && same(each.values.principal_id, principal));
  if (beside.some(each => roleOf(each, applied) === role)) refuse(resource, 'RoleAssignmentExists', 'The role assignment already exists.');
}

/** The id of the role that is assigned: Azure's provider looks a name up, and Azure itself an id. */
function roleOf(resource: AppliedResource, applied: Applied): string {
  const { role_definition_name: name, role_definition_id: id } = resource.values;
  const own = ofType(applied, 'azurerm_role_definition').map(({ values }) => [String(values.name).toLowerCase(), String(values.role_definition_id).toLowerCase()] as const);
  const roles = new Map([...ROLES, ...own]);
  if (typeof name === 'string' && name !== '') {
    const found = roles.get(name.toLowerCase());
    return found ?? refuse(resource, 'RoleDefinitionNotFound', `could not find role '${name}'`);
  }
  const [, found] = new RegExp(`^(?:/.*)?/providers/Microsoft\\.Authorization/roleDefinitions/(${GUID})$`, 'i').exec(String(id)) ?? [];
  if (found === undefined) return refuse(resource, 'InvalidRoleDefinitionId', `The role definition ID '${String(id)}' is not valid.`);
  const known = found.toLowerCase();
  return [...roles.values()].includes(known) ? known : refuse(resource, 'RoleDefinitionDoesNotExist', `The specified role definition with ID '${known.replaceAll('-', '')}' does not exist.`);
}

function exists(resource: AppliedResource, id: unknown): never {
  return refuse(resource, 'Conflict', `A resource with the ID "${String(id)}" already exists - to be managed via Terraform this resource needs to be imported into the State.`);
}

function refuse({ address }: AppliedResource, code: string, message: string): never {
  throw new ApplyError(address, code, message);
}

/** The other resources of a type. */
function others(applied: Applied, resource: AppliedResource): readonly AppliedResource[] {
  return ofType(applied, resource.type).filter(each => each !== resource);
}

/** Ids and names of Azure are compared in any case. */
function same(a: unknown, b: unknown): boolean {
  return typeof a === 'string' && typeof b === 'string' && a.toLowerCase() === b.toLowerCase();
}

import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { TerraformProvider } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { warn } from '../annotations';
import { checkPattern } from '../checks';
import { FederationError } from '../errors';
import { idPart, resourceId, shortHash, textOf } from '../tokens';

/** A resource of Azure. */
export interface AzureResource {
  readonly id: string;
  readonly friendlyUniqueId: string;
}

/** What a role is assigned on: a resource, or the id of a resource, resource group or subscription. */
export type AzureScope = AzureResource | string;

/** A storage container: its resource, or its resource manager id. */
export type AzureStorageContainer = AzureResource & {
  readonly resourceManagerId: string;
  readonly storageAccountIdInput?: string;
} | string;

/** A role on a scope. */
export interface AzureRoleAssignment {
  /** The name of the role, such as "Key Vault Secrets User". */
  readonly roleDefinitionName: string;
  /** What it is assigned on. */
  readonly scope: AzureScope;
}

/** Roles that reach over everything in their scope, or give others; Azure takes their names in any case. */
const BROAD_ROLES = new Set(['owner', 'contributor', 'user access administrator', 'role based access control administrator']);

const SCOPE = /^(?:\/subscriptions\/[0-9a-f-]{36}|\/providers\/Microsoft\.Management\/managementGroups\/[^/\s]+)(?:\/[^/\s]+)*$/i;
const CONTAINER = new RegExp('^/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft\\.Storage/storageAccounts/[a-z0-9]{3,24}'
  + '/blobServices/default/containers/[a-z0-9$-]{3,63}$', 'i');

/** Refuses what is no role, or no scope. */
export function checkAssignment(where: string, { roleDefinitionName, scope }: AzureRoleAssignment): void {
  checkPattern({ where, prop: 'roleDefinitionName' }, roleDefinitionName, /^[^\s/](?:[^/]{0,510}[^\s/])?$/,
    'be the name of a role, such as "Storage Blob Data Reader"', 'pass the name, and not the id');
  checkPattern({ where, prop: 'scope' }, idOf(scope), SCOPE, 'be a resource or its id, /subscriptions/<id>/…', 'copy it from `az resource show --query id`');
}

/** The role assignments of an identity. */
export class RoleAssignments {
  /** What each assignment's construct id stands for. */
  private readonly assigned = new Map<string, string>();

  /** @param scope the identity's construct, under which the assignments stand */
  constructor(private readonly scope: Construct, private readonly principalId: string, private readonly provider: TerraformProvider | undefined) {}

  /**
   * Assigns a role; one that was assigned before is assigned.
   * @throws FederationError for what is no role or scope
   */
  public assign({ roleDefinitionName, scope }: AzureRoleAssignment): RoleAssignment {
    const where = this.scope.node.path;
    checkAssignment(where, { roleDefinitionName, scope });
    const scopeId = idOf(scope);
    const id = `Assignment_${typeof scope === 'string' ? idOfText(this.scope, scope) : resourceId(this.scope, scope)}_${roleId(this.scope, roleDefinitionName)}`;
    const meaning = `${textOf(this.scope, scopeId)} ${textOf(this.scope, roleDefinitionName)}`.toLowerCase();
    const known = this.assigned.get(id);
    if (known !== undefined && known !== meaning) {
      throw new FederationError({
        code: 'DuplicateRegistration', where, prop: 'scope', rule: 'be told from the other scopes by construct id', got: id, remedy: 'rename one of the constructs',
      });
    }
    if (known !== undefined) {
      return this.scope.node.findChild(id) as RoleAssignment;
    }
    this.assigned.set(id, meaning);
    if (BROAD_ROLES.has(roleDefinitionName.toLowerCase())) {
      warn(this.scope, 'azure-broad-role');
    }
    return new RoleAssignment(this.scope, id, {
      scope: scopeId,
      roleDefinitionName,
      principalId: this.principalId,
      // Said, so that the assignment need not wait until the directory knows the principal everywhere.
      principalType: 'ServicePrincipal',
      provider: this.provider,
    });
  }

  /**
   * Assigns a role on a storage container.
   * @throws FederationError for what is no container
   */
  public assignOnContainer(container: AzureStorageContainer, roleDefinitionName: string): RoleAssignment {
    checkPattern({ where: this.scope.node.path, prop: 'container' }, idOf(container), CONTAINER,
      'be a storage container or its resource manager id, …/blobServices/default/containers/<name>', 'pass the StorageContainer, and not its URL');
    return this.assign({ scope: container, roleDefinitionName });
  }
}

/** The id of a resource; a storage container that names its account, and not the account's id, has a URL for one. */
function idOf(scope: AzureScope | AzureStorageContainer): string {
  if (typeof scope === 'string') {
    return scope;
  }
  return 'resourceManagerId' in scope && scope.storageAccountIdInput === undefined ? scope.resourceManagerId : scope.id;
}

/** The last part of an id, and a digest of the whole; Azure takes ids in any case. */
function idOfText(scope: IConstruct, id: string): string {
  const text = idPart(scope, id);
  return text === id ? `${id.replace(/^.*\//, '').replace(/[^A-Za-z0-9-]/g, '_').toLowerCase()}_${shortHash(id.toLowerCase())}` : text;
}

/** A role in a construct id; a digest tells apart those that would read alike. */
function roleId(scope: IConstruct, role: string): string {
  const text = idPart(scope, role);
  return /^[A-Za-z0-9]+(?: [A-Za-z0-9]+)*$/.test(text) ? text.replaceAll(' ', '_') : `${text.replace(/[^A-Za-z0-9]/g, '_')}_${shortHash(text)}`;
}

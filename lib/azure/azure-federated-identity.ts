import { DataAzurermUserAssignedIdentity } from '@cdktf/provider-azurerm/lib/data-azurerm-user-assigned-identity';
import { FederatedIdentityCredential } from '@cdktf/provider-azurerm/lib/federated-identity-credential';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity';
import { TerraformStack } from 'cdktf';
import { Construct } from 'constructs';
import { AzureIdentity } from './azure-identity';
import { AzureProviderProps, AzureTrustProps, federatedCredentials, noteCredentials } from './federated-credential';
import { AzureRoleAssignment, checkAssignment, RoleAssignments } from './role-assignments';
import { warnOfTrusts, watchProviders } from '../annotations';
import { checkPattern, checkResourceGroup, pathOf } from '../checks';
import { ServiceAccountSubject } from '../cluster';
import { textOf } from '../tokens';

/** What names a managed identity, and what it may do. */
export interface AzureIdentityOptions {
  /** The name of the managed identity: 3 to 128 letters, digits, "-" and "_". */
  readonly identityName: string;
  /** The resource group of the managed identity. */
  readonly resourceGroupName: string;
  /**
   * Roles that the identity has.
   * @default - none
   */
  readonly roleAssignments?: readonly AzureRoleAssignment[];
}

/** Props of a managed identity that exists already. */
export interface AzureFederatedIdentityFromNameProps extends AzureTrustProps, AzureProviderProps, AzureIdentityOptions {}

/** Props of a managed identity that is created. */
export interface AzureFederatedIdentityProps extends AzureFederatedIdentityFromNameProps {
  /** The region of the managed identity. */
  readonly location: string;
  /**
   * Tags of the managed identity.
   * @default - none
   */
  readonly tags?: Record<string, string>;
}

/**
 * Defines a user-assigned managed identity that Kubernetes service accounts of any number of clusters may become, and nobody else by this construct.
 *
 * Each service account has a federated credential, of which an identity takes 20; Entra ID compares issuer, subject and audience exactly.
 * azurerm writes the credentials of an identity one after another, as Entra ID wants it, but only within one apply:
 * keep them in one stack. A new credential takes minutes until it is known everywhere (AADSTS70021 until then).
 *
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
 */
export class AzureFederatedIdentity extends AzureIdentity {
  /**
   * Brings in a managed identity by its name; its credentials and role assignments are created, and it is left as it is otherwise.
   * @throws FederationError for names Azure refuses, an empty trust, or more than 20 service accounts
   */
  public static fromName(scope: Construct, id: string, props: AzureFederatedIdentityFromNameProps): AzureFederatedIdentity {
    return new AzureFederatedIdentity(scope, id, props, 'existing');
  }

  /** The service accounts that may become the identity. */
  public readonly trusts: readonly ServiceAccountSubject[];
  /** The client id by which workloads ask for the identity. */
  public readonly clientId: string;
  /** The tenant of the identity. */
  public readonly tenantId: string;
  /** The object id by which roles are assigned to the identity. */
  public readonly principalId: string;
  /** The identity's resource; none where it is brought in. */
  public readonly resource?: UserAssignedIdentity;
  /** The federated credentials, in the order of `trusts`. */
  public readonly credentials: readonly FederatedIdentityCredential[];

  protected readonly props: AzureFederatedIdentityFromNameProps;
  protected readonly roles: RoleAssignments;

  /**
   * Creates the managed identity.
   * @throws FederationError for names Azure refuses, an empty trust, or more than 20 service accounts
   */
  constructor(scope: Construct, id: string, props: AzureFederatedIdentityProps);
  /** @internal */
  constructor(scope: Construct, id: string, props: AzureFederatedIdentityFromNameProps, source: 'existing');
  constructor(scope: Construct, id: string, props: AzureFederatedIdentityFromNameProps & Partial<AzureFederatedIdentityProps>, source?: 'existing') {
    const where = pathOf(scope, id);
    checkIdentity(where, props, source);
    // Azure takes names in any case; the subscription is the provider's, which another stack may have for another.
    const key = `${TerraformStack.of(scope).node.path} ${props.azurermProvider?.alias ?? ''} ${textOf(scope, props.resourceGroupName)}/${textOf(scope, props.identityName)}`.toLowerCase();
    const credentials = federatedCredentials(scope, where, props, key);
    props.roleAssignments?.forEach(assignment => checkAssignment(where, assignment));
    super(scope, id);

    this.trusts = credentials.map(({ subject }) => subject);
    this.props = props;
    const { identityName: name, resourceGroupName, azurermProvider: provider } = props;
    const identity = source === 'existing'
      ? new DataAzurermUserAssignedIdentity(this, 'Default', { name, resourceGroupName, provider })
      : this.resource = new UserAssignedIdentity(this, 'Default', { name, resourceGroupName, location: props.location!, tags: props.tags, provider });
    this.clientId = identity.clientId;
    this.tenantId = identity.tenantId;
    this.principalId = identity.principalId;
    const parentId = identity.id;
    this.credentials = credentials.map(credential => new FederatedIdentityCredential(this, `Credential_${credential.id}`, {
      name: credential.name,
      resourceGroupName,
      parentId,
      issuer: credential.issuer,
      subject: credential.subject.subject,
      audience: [credential.audience],
      provider,
    }));
    this.roles = new RoleAssignments(this, this.principalId, provider);
    props.roleAssignments?.forEach(assignment => this.roles.assign(assignment));
    noteCredentials(this, key, credentials);
    warnOfTrusts(this, this.trusts);
    watchProviders(this);
  }
}

function checkIdentity(where: string, props: Partial<AzureFederatedIdentityProps>, source: 'existing' | undefined): void {
  checkPattern({ where, prop: 'identityName' }, props.identityName!, /^[A-Za-z0-9][A-Za-z0-9_-]{2,127}$/,
    'be 3 to 128 letters, digits, "-" and "_", starting with a letter or digit', 'choose a name that Azure takes', 'InvalidName');
  checkResourceGroup(where, props.resourceGroupName!);
  if (source === undefined) {
    checkPattern({ where, prop: 'location' }, props.location!, /^[A-Za-z0-9 ]{2,60}$/, 'be a region, such as westeurope', 'copy it from `az account list-locations`', 'InvalidName');
  }
}

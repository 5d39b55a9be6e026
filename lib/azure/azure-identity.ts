import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { bindAzureIdentity } from './azure-binding';
import { azureProbe } from './azure-probe';
import { AzureTrustProps } from './federated-credential';
import { AzureScope, AzureStorageContainer, RoleAssignments } from './role-assignments';
import { ICloudIdentity, IdentityProbe, PodBinding, PodBindingOptions } from '../cloud-identity';
import { covers, ServiceAccountSubject } from '../cluster';

/** An identity of Entra ID with federated credentials, of whichever kind: how pods become it, and what it is granted. */
export abstract class AzureIdentity extends Construct implements ICloudIdentity {
  public readonly cloud = 'azure';
  /** The service accounts that may become the identity. */
  public abstract readonly trusts: readonly ServiceAccountSubject[];
  /** The client id by which workloads ask for the identity. */
  public abstract readonly clientId: string;
  /** The tenant of the identity. */
  public abstract readonly tenantId: string;
  /** The object id by which roles are assigned to the identity. */
  public abstract readonly principalId: string;
  /** The federated credentials, in the order of `trusts`. */
  public abstract readonly credentials: readonly ITerraformDependable[];

  protected abstract readonly props: AzureTrustProps;
  protected abstract readonly roles: RoleAssignments;

  /** Says how a pod that runs as `subject` becomes the identity. */
  public bind(subject: ServiceAccountSubject, options: PodBindingOptions): PodBinding {
    const { azureCloud, audience, tokenPath } = this.props;
    return bindAzureIdentity(this, subject, options, {
      clientId: this.clientId,
      tenantId: this.tenantId,
      azureCloud,
      audience,
      tokenPath,
      dependsOn: this.credentials.filter((_, index) => covers(this, this.trusts[index]!, subject)),
    });
  }

  /** Says how a pod asks Azure who it is. */
  public probe(): IdentityProbe {
    return azureProbe({ clientId: this.clientId, tenantId: this.tenantId, azureCloud: this.props.azureCloud });
  }

  /**
   * Assigns a role on a resource, resource group or subscription.
   * @throws FederationError for what is no role or scope
   */
  public grantRole(scope: AzureScope, roleDefinitionName: string): RoleAssignment {
    return this.roles.assign({ scope, roleDefinitionName });
  }

  /**
   * Grants listing and reading the blobs of the container: `Storage Blob Data Reader`.
   * @throws FederationError for what is no container
   */
  public grantContainerRead(container: AzureStorageContainer): RoleAssignment {
    return this.roles.assignOnContainer(container, 'Storage Blob Data Reader');
  }

  /**
   * Grants reading, creating, overwriting and deleting the blobs of the container: `Storage Blob Data Contributor`.
   * @throws FederationError for what is no container
   */
  public grantContainerWrite(container: AzureStorageContainer): RoleAssignment {
    return this.roles.assignOnContainer(container, 'Storage Blob Data Contributor');
  }
}

import { Application } from '@cdktf/provider-azuread/lib/application';
import { ApplicationFederatedIdentityCredential } from '@cdktf/provider-azuread/lib/application-federated-identity-credential';
import { DataAzureadApplication } from '@cdktf/provider-azuread/lib/data-azuread-application';
import { DataAzureadServicePrincipal } from '@cdktf/provider-azuread/lib/data-azuread-service-principal';
import { ServicePrincipal } from '@cdktf/provider-azuread/lib/service-principal';
import { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { warnOfTrusts, watchProviders } from '../annotations';
import { AzureIdentity } from '../azure/azure-identity';
import { AzureProviderProps, AzureTrustProps, federatedCredentials, noteCredentials } from '../azure/federated-credential';
import { AzureRoleAssignment, checkAssignment, RoleAssignments } from '../azure/role-assignments';
import { checkPattern, pathOf } from '../checks';
import { ServiceAccountSubject } from '../cluster';
import { textOf } from '../tokens';

/** What every way to an EntraFederatedApplication needs. */
export interface EntraApplicationOptions extends AzureTrustProps, AzureProviderProps {
  /**
   * Roles that the application's service principal has in Azure.
   * @default - none
   */
  readonly roleAssignments?: readonly AzureRoleAssignment[];
  /**
   * The azuread provider that leads to the tenant.
   * @default - the stack's provider without an alias
   */
  readonly azureadProvider?: TerraformProvider;
}

/** Props of an application registration that is created. */
export interface EntraFederatedApplicationProps extends EntraApplicationOptions {
  /** The display name of the application and its service principal, at most 120 characters. */
  readonly displayName: string;
  /**
   * The object ids of the application's owners, who may change whom it trusts.
   * @default - whoever deploys it
   */
  readonly owners?: readonly string[];
}

/** Props of an application registration that exists already. */
export interface EntraFederatedApplicationFromClientIdProps extends EntraApplicationOptions {
  /** The client id (application id) of the registration, which must have a service principal in the tenant. */
  readonly clientId: string;
}

/**
 * Defines an application registration of Entra ID, with its service principal, that Kubernetes service accounts of any number of clusters may become.
 *
 * For what a managed identity cannot do, such as a tenant without a subscription; `AzureFederatedIdentity` is the simpler one.
 * It has no password and no certificate: each service account has a federated credential, of which an application takes 20.
 *
 * @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
 */
export class EntraFederatedApplication extends AzureIdentity {
  /**
   * Brings in an application registration by its client id; its credentials and role assignments are created, and it is left as it is otherwise.
   * @throws FederationError for a client id that is none, an empty trust, or more than 20 service accounts
   */
  public static fromClientId(scope: Construct, id: string, props: EntraFederatedApplicationFromClientIdProps): EntraFederatedApplication {
    return new EntraFederatedApplication(scope, id, props, props.clientId);
  }

  /** The service accounts that may become the application. */
  public readonly trusts: readonly ServiceAccountSubject[];
  /** The client id by which workloads ask for the application. */
  public readonly clientId: string;
  /** The tenant of the application. */
  public readonly tenantId: string;
  /** The object id of the service principal, by which roles are assigned to it. */
  public readonly principalId: string;
  /** The application's resource; none where it is brought in. */
  public readonly resource?: Application;
  /** The service principal's resource; none where it is brought in. */
  public readonly servicePrincipal?: ServicePrincipal;
  /** The federated credentials, in the order of `trusts`. */
  public readonly credentials: readonly ApplicationFederatedIdentityCredential[];

  protected readonly props: EntraApplicationOptions;
  protected readonly roles: RoleAssignments;

  /**
   * Creates the application registration and its service principal.
   * @throws FederationError for a name Entra ID refuses, an empty trust, or more than 20 service accounts
   */
  constructor(scope: Construct, id: string, props: EntraFederatedApplicationProps);
  /** @internal */
  constructor(scope: Construct, id: string, props: EntraApplicationOptions, existingClientId: string);
  constructor(scope: Construct, id: string, props: EntraApplicationOptions & Partial<EntraFederatedApplicationProps>, existingClientId?: string) {
    const where = pathOf(scope, id);
    checkApplication(where, props, existingClientId);
    // A created application is one of its own, whatever it is called.
    const key = existingClientId === undefined ? where : textOf(scope, existingClientId).toLowerCase();
    const credentials = federatedCredentials(scope, where, props, key);
    props.roleAssignments?.forEach(assignment => checkAssignment(where, assignment));
    super(scope, id);

    this.trusts = credentials.map(({ subject }) => subject);
    this.props = props;
    const provider = props.azureadProvider;
    const owners = props.owners && [...props.owners];
    const application = existingClientId === undefined
      ? this.resource = new Application(this, 'Default', { displayName: props.displayName!, owners, provider })
      : new DataAzureadApplication(this, 'Default', { clientId: existingClientId, provider });
    this.clientId = application.clientId;
    const principal = existingClientId === undefined
      ? this.servicePrincipal = new ServicePrincipal(this, 'ServicePrincipal', { clientId: this.clientId, owners, provider })
      : new DataAzureadServicePrincipal(this, 'ServicePrincipal', { clientId: existingClientId, provider });
    this.tenantId = principal.applicationTenantId;
    this.principalId = principal.objectId;
    const applicationId = application.id;
    this.credentials = credentials.map(credential => new ApplicationFederatedIdentityCredential(this, `Credential_${credential.id}`, {
      applicationId,
      displayName: credential.name,
      issuer: credential.issuer,
      subject: credential.subject.subject,
      audiences: [credential.audience],
      provider,
    }));
    this.roles = new RoleAssignments(this, this.principalId, props.azurermProvider);
    props.roleAssignments?.forEach(assignment => this.roles.assign(assignment));
    noteCredentials(this, key, credentials);
    warnOfTrusts(this, this.trusts);
    watchProviders(this);
  }
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function checkApplication(where: string, props: Partial<EntraFederatedApplicationProps>, existingClientId: string | undefined): void {
  if (existingClientId !== undefined) {
    checkPattern({ where, prop: 'clientId' }, existingClientId, GUID,
      'be a client id, such as 00000000-0000-0000-0000-000000000000', 'copy the application (client) id of the registration');
    return;
  }
  for (const owner of props.owners ?? []) {
    checkPattern({ where, prop: 'owners' }, owner, GUID, 'hold object ids, such as 00000000-0000-0000-0000-000000000000', 'pass the object id of a user or service principal');
  }
  checkPattern({ where, prop: 'displayName' }, props.displayName!, /^\S(?:.{0,118}\S)?$/su, 'be 1 to 120 characters', 'shorten it', 'InvalidName');
}

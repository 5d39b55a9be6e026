import { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageBlob } from '@cdktf/provider-azurerm/lib/storage-blob';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { ITerraformDependable, TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { checkHost, HostedIssuerProps, PUBLISHED } from './hosted-issuer';
import { DISCOVERY_PATH, documentsOf, IssuerDocuments, JWKS_PATH } from './issuer-documents';
import { AzureCloud } from '../azure/azure-cloud';
import { checkPattern, checkResourceGroup, pathOf } from '../checks';
import { FederationError } from '../errors';

/** Props of an issuer whose documents are published to Blob Storage. */
export interface AzureBlobHostedIssuerProps extends HostedIssuerProps {
  /** The name of the storage account, which is created: 3 to 24 lower-case letters and digits. It is part of the issuer. */
  readonly storageAccountName: string;
  /** The resource group of the storage account. */
  readonly resourceGroupName: string;
  /** The region of the storage account. */
  readonly location: string;
  /**
   * The name of the container, which is created: 3 to 63 lower-case letters, digits and "-". It is part of the issuer.
   * @default "oidc"
   */
  readonly containerName?: string;
  /**
   * How the storage account is replicated.
   * @default "ZRS"
   */
  readonly replicationType?: 'LRS' | 'ZRS' | 'GRS' | 'RAGRS' | 'GZRS' | 'RAGZRS';
  /**
   * The cloud of the storage account.
   * @default "public"
   */
  readonly azureCloud?: AzureCloud;
  /**
   * Whether the storage account has keys, by which whoever holds one could publish keys of his own. Without them, the azurerm provider needs
   * `storageUseAzuread`, and whoever deploys the role "Storage Blob Data Contributor".
   * @default false
   */
  readonly sharedAccessKeyEnabled?: boolean;
  /**
   * Tags of the storage account.
   * @default - none
   */
  readonly tags?: Record<string, string>;
  /**
   * The azurerm provider that leads to the subscription.
   * @default - the stack's provider without an alias
   */
  readonly azurermProvider?: TerraformProvider;
}

const BLOB_HOSTS: Record<AzureCloud, string> = {
  public: 'blob.core.windows.net', usgovernment: 'blob.core.usgovcloudapi.net', china: 'blob.core.chinacloudapi.cn',
};

/**
 * Publishes the documents of a cluster's issuer to Blob Storage, from where every cloud can fetch them.
 *
 * The container lets anybody read its blobs and nobody list them; the storage account holds nothing else, and takes TLS 1.2 and newer.
 * Where a policy forbids accounts with public containers, it must except this one.
 *
 * @see https://learn.microsoft.com/azure/storage/blobs/anonymous-read-access-configure
 */
export class AzureBlobHostedIssuer extends Construct {
  /** The issuer, for kube-apiserver's `--service-account-issuer` and `Cluster.oidc`. */
  public readonly issuer: string;
  /** What is published. */
  public readonly documents: IssuerDocuments;
  /** What must exist before a cloud can fetch the documents, for the `dependsOn` of a ClusterOidcProvider. */
  public readonly published: readonly ITerraformDependable[];
  /** The storage account. */
  public readonly storageAccount: StorageAccount;

  /**
   * @throws FederationError for a name that is not literal or that Azure refuses, or what is no public key
   */
  constructor(scope: Construct, id: string, props: AzureBlobHostedIssuerProps) {
    const where = pathOf(scope, id);
    const { storageAccountName, containerName = 'oidc', azureCloud = 'public', azurermProvider: provider } = props;
    checkHost({ where, prop: 'storageAccountName' }, storageAccountName, /^[a-z0-9]{3,24}$/, 'be 3 to 24 lower-case letters and digits', 'choose a name that Azure takes');
    checkHost({ where, prop: 'containerName' }, containerName, /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, 'be 3 to 63 lower-case letters, digits and single "-"',
      'leave it out for "oidc"');
    checkResourceGroup(where, props.resourceGroupName);
    checkPattern({ where, prop: 'location' }, props.location, /^[A-Za-z0-9 ]{2,60}$/, 'be a region, such as westeurope', 'copy it from `az account list-locations`', 'InvalidName');
    const host = BLOB_HOSTS[azureCloud];
    if (host === undefined) {
      throw new FederationError({
        code: 'InvalidIdentifier', where, prop: 'azureCloud', rule: `be one of ${Object.keys(BLOB_HOSTS).join(', ')}`, got: azureCloud, remedy: 'leave it out for "public"',
      });
    }
    const issuer = `https://${storageAccountName}.${host}/${containerName}`;
    const documents = documentsOf(where, { issuer, publicKeys: props.publicKeys, jwks: props.jwks });
    super(scope, id);

    this.issuer = issuer;
    this.documents = documents;
    const lifecycle = props.preventDestroy === false ? undefined : { preventDestroy: true };
    this.storageAccount = new StorageAccount(this, 'Default', {
      name: storageAccountName,
      resourceGroupName: props.resourceGroupName,
      location: props.location,
      accountTier: 'Standard',
      accountReplicationType: props.replicationType ?? 'ZRS',
      minTlsVersion: 'TLS1_2',
      allowNestedItemsToBePublic: true,
      sharedAccessKeyEnabled: props.sharedAccessKeyEnabled ?? false,
      tags: props.tags,
      lifecycle,
      provider,
    });
    const container = new StorageContainer(this, 'Container', {
      name: containerName, storageAccountId: this.storageAccount.id, containerAccessType: 'blob', lifecycle, provider,
    });
    const target = { storageAccountName: this.storageAccount.name, storageContainerName: container.name, type: 'Block' };
    this.published = [
      new StorageBlob(this, 'Discovery', { ...target, name: DISCOVERY_PATH, sourceContent: documents.discoveryDocument, ...PUBLISHED, provider }),
      new StorageBlob(this, 'Jwks', { ...target, name: JWKS_PATH, sourceContent: documents.jwks, ...PUBLISHED, provider }),
    ];
  }
}

import { checkApplied } from './apply';
import { Blob, StorageContent } from './blob';
import { AccessToken, Entra, TokenExchange } from './entra';
import { ResourceManager } from './resource-manager';
import type { Applied, Clock, Internet } from '../../model';
import type { World } from '../../world';

export { EntraError } from './entra-error';
export type { AccessToken, TokenExchange } from './entra';
export type { StorageContent } from './blob';
export type { FederatedCredential, Principal } from './directory';

/** What stands in Azure. */
export interface AzureProps {
  readonly applied: Applied;
  readonly world: Pick<World, 'azureTenant'>;
  /** By which the documents of issuers are asked for. */
  readonly internet: Internet;
  readonly clock: Clock;
  /** @default - no account holds anything */
  readonly storage?: StorageContent;
  /** Object ids of principals that Terraform did not make. @default - none */
  readonly existing?: readonly string[];
  /** Where the cloud's directory answers, and the domain of its storage accounts. @default - those of the global cloud */
  readonly hosts?: { readonly directory: string; readonly blobs: string };
}

const GLOBAL = { directory: 'login.microsoftonline.com', blobs: 'blob.core.windows.net' };

/** A stand-in of Azure: Microsoft's token endpoint, Blob Storage and the list of subscriptions, that trust what Terraform applied and nothing else. */
export class Azure {
  private readonly entra: Entra;
  private readonly blob: Blob;
  private readonly resourceManager: ResourceManager;
  private readonly internet: Internet;
  private readonly blobs: string;

  /** Throws ApplyError where Azure does not take what is applied. */
  public constructor({ applied, world, internet, clock, storage = {}, existing = [], hosts: { directory, blobs } = GLOBAL }: AzureProps) {
    checkApplied({ applied, tenant: world.azureTenant, existing });
    this.internet = internet;
    this.blobs = blobs;
    this.entra = new Entra(applied, world.azureTenant, internet, clock, directory);
    this.blob = new Blob(applied, this.entra, world.azureTenant, clock, storage);
    this.resourceManager = new ResourceManager(this.entra, world.azureTenant);
  }

  /** Lets clients find the hosts of Azure. */
  public serve(): void {
    this.internet.serve(this.entra.host, this.entra.answer);
    this.internet.serve(new RegExp(`[a-z0-9]{3,24}\\.${this.blobs.replaceAll('.', '\\.')}`), this.blob.answer);
    this.internet.serve(ResourceManager.HOST, this.resourceManager.answer);
  }

  /** The blobs of a container, by name; undefined where it is not there. */
  public blobsIn(account: string, container: string): ReadonlyMap<string, string> | undefined {
    return this.blob.blobsIn(account, container);
  }

  /**
   * Gives a token of the directory for one of a cluster, without a connection.
   * @throws EntraError where the directory refuses
   */
  public exchange(request: TokenExchange): Promise<AccessToken> {
    return this.entra.exchange(request);
  }
}

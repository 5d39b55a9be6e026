import { Blob, StorageContent } from './blob';
import { AccessToken, Entra, TokenExchange } from './entra';
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
}

/** A stand-in of Azure: Microsoft's token endpoint and Blob Storage, that trust what Terraform applied and nothing else. */
export class Azure {
  private readonly entra: Entra;
  private readonly blob: Blob;
  private readonly internet: Internet;

  public constructor({ applied, world, internet, clock, storage = {} }: AzureProps) {
    this.internet = internet;
    this.entra = new Entra(applied, world.azureTenant, internet, clock);
    this.blob = new Blob(applied, this.entra, world.azureTenant, clock, storage);
  }

  /** Lets clients find the hosts of Azure. */
  public serve(): void {
    this.internet.serve(this.entra.host, this.entra.answer);
    this.internet.serve(/[a-z0-9]{3,24}\.blob\.core\.windows\.net/, this.blob.answer);
  }

  /**
   * Gives a token of the directory for one of a cluster, without a connection.
   * @throws EntraError where the directory refuses
   */
  public exchange(request: TokenExchange): Promise<AccessToken> {
    return this.entra.exchange(request);
  }
}

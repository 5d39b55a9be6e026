import { AccessTokens } from './access-tokens';
import { AllowPolicies } from './allow-policies';
import { checkApplied } from './apply';
import { Buckets } from './buckets';
import { cloudStorage } from './cloud-storage';
import type { ExistingGoogle } from './existing';
import { iamCredentials } from './iam-credentials';
import { idToken, servePublicKeys } from './id-tokens';
import { FederatedIdentity, Identity } from './identities';
import { Credential, impersonate, Impersonation } from './impersonation';
import { metadataServer, podIdentity } from './metadata-server';
import { Projects } from './projects';
import { Provider, providersOf } from './providers';
import { resourceManager } from './resource-manager';
import { securityTokenService } from './security-token-service';
import { ServiceAccount, ServiceAccounts } from './service-accounts';
import { Exchange, exchangeToken } from './token-exchange';
import type { Applied, Clock, Internet, RunningPod } from '../../model';
import type { World } from '../../world';

export type { ExistingGoogle } from './existing';
export { GOOGLE_ISSUER } from './id-tokens';
export { membersOf, principalOf } from './identities';
export type { FederatedIdentity, Identity, ServiceAccountIdentity } from './identities';
export type { Credential, Impersonation } from './impersonation';
export type { Exchange, ExchangedToken, ExchangeRefusal } from './token-exchange';

export interface GoogleProps {
  readonly applied: Applied;
  readonly internet: Internet;
  readonly clock: Clock;
  readonly world: Pick<World, 'googleProject' | 'projectNumbers'>;
  /** @default - nothing but what was applied */
  readonly existing?: ExistingGoogle;
}

/**
 * Google Cloud, as far as a workload sees it: the Security Token Service, IAM's credentials, Cloud Storage, GKE's metadata server, and the keys of
 * Google's ID tokens. It enforces what was applied and nothing else, by Google's documents.
 */
export class Google {
  public readonly tokens: AccessTokens;
  public readonly projects: Projects;
  public readonly policies: AllowPolicies;
  public readonly accounts: ServiceAccounts;
  public readonly buckets: Buckets;
  private readonly providers: ReadonlyMap<string, Provider>;

  /** Throws ApplyError where Google does not take what is applied. */
  public constructor(private readonly props: GoogleProps) {
    const { applied, internet, clock, world, existing = {} } = props;
    this.tokens = new AccessTokens(clock);
    this.projects = new Projects(world);
    this.policies = new AllowPolicies(applied, this.projects);
    this.accounts = new ServiceAccounts(applied, existing, this.projects);
    this.buckets = new Buckets(applied, existing, this.policies, this.projects);
    checkApplied({ applied, existing, projects: this.projects, accounts: this.accounts });
    this.providers = providersOf(applied);

    internet.serve('sts.googleapis.com', securityTokenService(request => this.exchange(request), this.tokens));
    internet.serve('iamcredentials.googleapis.com', iamCredentials(this));
    internet.serve('storage.googleapis.com', cloudStorage(this));
    internet.serve('cloudresourcemanager.googleapis.com', resourceManager(this));
    servePublicKeys(internet);
    const metadata = metadataServer(this);
    ['metadata.google.internal', '169.254.169.254'].forEach(host => internet.serve(host, metadata));
  }

  /** What becomes of a token from outside at a provider, named as `//iam.googleapis.com/projects/<number>/…/providers/<provider>`. */
  public exchange({ audience, token }: { readonly audience: string; readonly token: string }): Promise<Exchange> {
    const { internet, clock } = this.props;
    return exchangeToken({ audience, token }, { providers: this.providers, internet, clock });
  }

  /** Whether an identity gets credentials of a service account, named by its email or unique id. */
  public impersonate({ identity, serviceAccount, credential = 'access token' }: {
    readonly identity: Identity; readonly serviceAccount: string; readonly credential?: Credential;
  }): Impersonation {
    return impersonate({ identity, serviceAccount, credential }, this);
  }

  /** The principal in Google's own pool that a pod is; none where its cluster has no such pool. */
  public podIdentity(pod: RunningPod): FederatedIdentity | undefined {
    return podIdentity(pod, this.projects);
  }

  /** An ID token of a service account, signed by Google. */
  public idToken(account: ServiceAccount, audience: string, includeEmail: boolean): string {
    return idToken(account, audience, includeEmail, this.props.clock);
  }

  /** Whether an identity has a permission in a bucket, such as `storage.objects.list`. */
  public permitsInBucket(identity: Identity, permission: string, bucket: string): boolean {
    const found = this.buckets.find(bucket);
    return found !== undefined && this.buckets.permits(identity, permission, found);
  }
}

import { DataAwsIamOpenidConnectProvider } from '@cdktf/provider-aws/lib/data-aws-iam-openid-connect-provider';
import { IamOpenidConnectProvider } from '@cdktf/provider-aws/lib/iam-openid-connect-provider';
import { ITerraformDependable, TerraformProvider, TerraformStack } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { inform, warn, watchProviders } from '../annotations';
import { checkAudience, checkDependsOn, checkNotKubernetesAudience, checkPattern, pathOf } from '../checks';
import { checkReachable, Cluster, noteCluster } from '../cluster';
import { FederationError } from '../errors';
import { RegistrationRegistry } from '../registry';
import { isToken, withoutScheme } from '../tokens';

/** What every way to a ClusterOidcProvider needs. */
export interface ClusterOidcProviderOptions {
  /** The cluster whose tokens the account shall know. */
  readonly cluster: Cluster;
  /**
   * The audience of the tokens, which must be among the provider's client ids.
   * @default "sts.amazonaws.com"
   */
  readonly audience?: string;
  /**
   * The AWS provider that leads to the account.
   * @default - the stack's provider without an alias
   */
  readonly awsProvider?: TerraformProvider;
}

/** Props of an OIDC provider that is created. */
export interface ClusterOidcProviderProps extends ClusterOidcProviderOptions {
  /**
   * The client ids (audiences) that the provider accepts, at most 100; `audience` must be one of them.
   * @default - `audience` alone
   */
  readonly clientIdList?: readonly string[];
  /**
   * Tags of the provider.
   * @default - none
   */
  readonly tags?: Record<string, string>;
  /**
   * What must exist before IAM is told of the issuer, such as the documents of a hosted one (`issuer.published`).
   * @default - nothing
   */
  readonly dependsOn?: readonly ITerraformDependable[];
}

/** Props of an OIDC provider that is brought in by its ARN. */
export interface ClusterOidcProviderFromArnProps extends ClusterOidcProviderOptions {
  /** The ARN, `arn:<partition>:iam::<account>:oidc-provider/<issuer without https://>`. */
  readonly arn: string;
}

const REGISTRY = new RegistrationRegistry<ClusterOidcProvider>('ClusterOidcProvider', 'oidcProviders');

/** Ways to an OIDC provider other than creating it. */
type Source = { readonly arn: string } | 'lookup' | 'implicit';

/**
 * Registers a cluster as an OIDC provider in one AWS account.
 *
 * There can be one per issuer and account: roles find the one of their stack, and one of another stack is passed to them.
 * No thumbprint is set: IAM checks the issuer's certificate against its own trusted authorities.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
 */
export class ClusterOidcProvider extends Construct {
  /** The registration of a cluster in the scope's stack, created at an address made of the cluster's id where there is none. */
  public static of(scope: IConstruct, cluster: Cluster, options: { readonly awsProvider?: TerraformProvider } = {}): ClusterOidcProvider {
    const provider = options.awsProvider;
    return REGISTRY.findOrCreate(
      scope,
      { cluster, provider },
      stack => new ClusterOidcProvider(stack, `ClusterOidcProvider-${cluster.id}`, { cluster, awsProvider: provider }, 'implicit'),
      registration => warn(registration, 'registered-in-two-stacks'),
    );
  }

  /** Brings in a registration by its ARN; nothing is created. */
  public static fromArn(scope: Construct, id: string, props: ClusterOidcProviderFromArnProps): ClusterOidcProvider {
    return new ClusterOidcProvider(scope, id, props, { arn: props.arn });
  }

  /** Looks up a registration by the cluster's issuer; nothing is created. */
  public static fromLookup(scope: Construct, id: string, props: ClusterOidcProviderOptions): ClusterOidcProvider {
    return new ClusterOidcProvider(scope, id, props, 'lookup');
  }

  /** The registered cluster. */
  public readonly cluster: Cluster;
  /** The ARN of the provider, the federated principal of trust policies. */
  public readonly arn: string;
  /** The audience of the tokens that roles accept. */
  public readonly audience: string;
  /** The AWS provider that leads to the account; none for the one without an alias. */
  public readonly awsProvider?: TerraformProvider;
  /** The provider's resource; none where it is brought in. */
  public readonly resource?: IamOpenidConnectProvider;

  /**
   * Creates the registration.
   * @throws FederationError for an issuer that IAM refuses, client ids without the audience, or a second registration in the stack
   */
  constructor(scope: Construct, id: string, props: ClusterOidcProviderProps);
  /** @internal */
  constructor(scope: Construct, id: string, props: ClusterOidcProviderProps, source: Source);
  constructor(scope: Construct, id: string, props: ClusterOidcProviderProps, source?: Source) {
    const { cluster, audience = 'sts.amazonaws.com', awsProvider } = props;
    const where = pathOf(scope, id);
    const key = { cluster, provider: awsProvider };
    const stack = TerraformStack.of(scope);
    const clientIdList = props.clientIdList ?? [audience];
    checkReachable(where, cluster, 'IAM');
    checkIssuerForAws(where, cluster.issuer);
    checkClientIds(where, clientIdList, audience);
    for (const clientId of [...clientIdList, audience]) {
      checkNotKubernetesAudience(scope, { where, prop: clientId === audience ? 'audience' : 'clientIdList' }, clientId, cluster.issuer);
    }
    if (typeof source === 'object') {
      checkArn(where, source.arn, cluster);
    }
    checkDependsOn(scope, where, props.dependsOn);
    REGISTRY.checkFree(where, stack, key);
    noteCluster(scope, where, cluster);
    super(scope, id);

    this.cluster = cluster;
    this.awsProvider = awsProvider;
    this.audience = audience;
    if (typeof source === 'object') {
      this.arn = source.arn;
    } else if (source === 'lookup') {
      this.arn = new DataAwsIamOpenidConnectProvider(this, 'Default', { url: cluster.issuer, provider: awsProvider }).arn;
    } else {
      this.resource = new IamOpenidConnectProvider(this, 'Default', {
        url: cluster.issuer,
        clientIdList: [...clientIdList],
        tags: props.tags,
        dependsOn: props.dependsOn && [...props.dependsOn],
        provider: awsProvider,
      });
      this.arn = this.resource.arn;
      if (cluster.kind === 'gke') {
        inform(this, 'gke-issuer-outlives-cluster');
      }
    }
    watchProviders(this);
    REGISTRY.add(stack, key, this, source === 'implicit');
  }
}

/** The limits of CreateOpenIDConnectProvider. */
const MAX_URL = 255;
const MAX_CLIENT_IDS = 100;

function checkIssuerForAws(where: string, issuer: string): void {
  if (isToken(issuer)) {
    return;
  }
  if (issuer.length > MAX_URL) {
    throw new FederationError({
      code: 'InvalidIssuer', where, prop: 'cluster.issuer', rule: `be at most ${MAX_URL} characters long for IAM`, got: `${issuer.length} characters`,
      remedy: 'give the cluster a shorter issuer (--service-account-issuer)',
    });
  }
  if (/^https:\/\/[^/]*:/.test(issuer)) {
    throw new FederationError({
      code: 'InvalidIssuer', where, prop: 'cluster.issuer', rule: 'have no port for IAM', got: issuer,
      remedy: 'publish the issuer on port 443; Terraform would replace the provider on every apply',
    });
  }
}

function checkClientIds(where: string, clientIdList: readonly string[], audience: string): void {
  const place = { where, prop: 'clientIdList' };
  for (const clientId of [...clientIdList, audience]) {
    checkAudience(place, clientId);
  }
  if (clientIdList.length > MAX_CLIENT_IDS) {
    throw new FederationError({
      code: 'LimitExceeded', ...place, rule: `hold at most ${MAX_CLIENT_IDS} client ids`, got: clientIdList.length, remedy: 'remove those that nobody uses',
    });
  }
  if (!clientIdList.includes(audience)) {
    throw new FederationError({
      code: 'InvalidIdentifier', ...place, rule: `hold the audience ${JSON.stringify(audience)}`, got: clientIdList.join(', '),
      remedy: 'add it: IAM refuses tokens whose audience is not among the client ids',
    });
  }
}

function checkArn(where: string, arn: string, cluster: Cluster): void {
  checkPattern({ where, prop: 'arn' }, arn, /^arn:aws[a-z-]*:iam::\d{12}:oidc-provider\/[^\s*?]+$/,
    'be an ARN like arn:aws:iam::123456789012:oidc-provider/<issuer without https://>', 'copy it from the IAM console or use fromLookup');
  // What ends in text ends in the issuer, whatever only Terraform knows stands before it.
  const literalEnd = !isToken(arn) || /:oidc-provider\/[^}]*$/.test(arn);
  if (literalEnd && !isToken(cluster.issuer) && !arn.endsWith(`:oidc-provider/${withoutScheme(cluster.issuer)}`)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'arn', rule: `be that of the cluster's issuer (…:oidc-provider/${withoutScheme(cluster.issuer)})`, got: arn,
      remedy: 'check which cluster the provider was made for; a re-created EKS cluster has another issuer',
    });
  }
}

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { TerraformStack } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, Cluster, ClusterOidcProvider, ClusterWorkloadIdentityPool,
  GcpFederatedPrincipal, GcpFederatedServiceAccount, GcsHostedIssuer, S3HostedIssuer, TrustedSubject,
} from 'cdktf-workload-federation';
import { AzureBlobHostedIssuer, AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import { Case, keyOfCase } from './lattice';
import { Identity, Terraform } from '../../lib/trust/model';
import { isText, partsOf, text, TextValue, Unknown, Value } from '../../lib/trust/value';
import { AKS_ISSUER, Clusters, EKS_ISSUER, GKE_ISSUER, JWKS, OIDC_ISSUER } from '../clusters';

/** Whom something was made for, as its props say. */
export type Trusted =
  | { readonly kind: 'account'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'cluster' };

/** A way that was granted: by which cloud's rules, from which issuer, for whom and with which audiences. */
export interface Grant {
  readonly rules: 'aws' | 'aws-pod' | 'gcp' | 'gcp-native' | 'gcp-elsewhere' | 'azure' | 'google-id-token';
  /** None where the input does not have the cluster that is named. */
  readonly issuers: readonly TextValue[];
  /** Other clusters that share the names of service accounts with this one. */
  readonly siblings?: RegExp;
  readonly trusted: Trusted;
  readonly audiences: readonly TextValue[];
  /** For Google's ID tokens: the unique id of the account. */
  readonly uniqueId?: TextValue;
  /** Whether the pool maps the claim of Kubernetes, so that it refuses tokens without it. */
  readonly maps?: boolean;
  /** Why it is not known whether a token is accepted that is granted, where it is not. */
  readonly doubt?: string;
}

/** A stack with one identity, whom it was made for, and who is nearly that. */
export interface World {
  readonly name: string;
  readonly construct: string;
  readonly build: (stack: TerraformStack, clusters: Clusters) => void;
  readonly identity: readonly [kind: Identity['kind'], address: RegExp];
  readonly grants: (known: Known) => readonly Grant[];
  readonly azps?: (known: Known) => readonly TextValue[];
}

/** What a test knows of a stack apart from what it says on trust: the issuers of its clusters, and names that only Terraform knows. */
export interface Known {
  readonly clusters: Clusters;
  readonly issuers: Readonly<Record<Source, TextValue>>;
  readonly terraform: Terraform;
}

const SOURCES = ['eks', 'gke', 'gkePlain', 'aks', 'oidc', 'oidcWithKeys'] as const;
/** The kinds of clusters. */
export type Source = typeof SOURCES[number];

const PROJECT_NUMBER = 'the number of the project, which only Terraform knows';
const UNIQUE_ID = 'a unique id that only Terraform knows, compared with another text';
const SEVERAL = 'several audiences, of which AWS does not say which one counts';

/** The issuers of clusters as their tokens have them: known, or the same symbol that the stack has. */
export function issuersOf(clusters: Clusters): Known['issuers'] {
  // The id of a GKE cluster is made of its project, which is the provider's, its location and its name.
  const value = (template: string) => text(...template.replace('${google_container_cluster.GkeCluster.id}', 'projects/acme-apps/locations/europe-west1/clusters/apps')
    .split(/(\$\{[^}]*\})/).map(piece => piece.startsWith('${') ? new Unknown(`stack/${piece.slice(2, -1).replace(/\[(\d+)\]/g, '.$1')}`) : piece));
  return {
    eks: value(clusters.eksIssuer), gke: value(clusters.gkeIssuer), gkePlain: value(clusters.gkeIssuer), aks: value(clusters.aksIssuer),
    oidc: value(clusters.oidcIssuer), oidcWithKeys: value(clusters.privateIssuer),
  };
}

/** The attribute of the only resource of a type. */
function attributeOf({ terraform }: Known, type: string, name: string): TextValue {
  const [resource, ...more] = terraform.ofType(type, 'managed');
  const value = resource?.values.get(name);
  if (more.length > 0 || !isText(value)) {
    throw new Error(`${more.length + 1} of ${type}, ${name} ${String(value)}`);
  }
  return value;
}

function isSame(a: unknown, b: unknown): boolean {
  return keyOfCase(a) === keyOfCase(b);
}

function isLiteral(value: TextValue): boolean {
  return partsOf(value).every(part => typeof part === 'string');
}

/** What is expected of a token: whether it was granted, or why that cannot be known from what was read. */
export type Expected = { readonly verdict: 'yes' | 'no' } | { readonly verdict: 'unknown'; readonly reason: string };

const NO: Expected = { verdict: 'no' };
const YES: Expected = { verdict: 'yes' };

/** Whether a token was granted; of several ways any will do. */
export function expected(grants: readonly Grant[], token: Case): Expected {
  const all = grants.map(grant => expectedOf(grant, token));
  return all.find(({ verdict }) => verdict === 'yes') ?? all.find(({ verdict }) => verdict === 'unknown') ?? NO;
}

function expectedOf(grant: Grant, token: Case): Expected {
  if (grant.rules === 'gcp-elsewhere') {
    return times(grant, token).verdict === 'no' ? NO : { verdict: 'unknown', reason: grant.doubt! };
  }
  const parts = [times(grant, token), subject(grant, token), issuer(grant, token), audience(grant, token)];
  if (parts.some(({ verdict }) => verdict === 'no')) {
    return NO;
  }
  return parts.find(({ verdict }) => verdict === 'unknown') ?? (grant.doubt === undefined ? YES : { verdict: 'unknown', reason: grant.doubt });
}

/** The clouds' own rules on time: Google wants both ends and a beginning of today, AWS an end, and five minutes more; Entra ID does not say. */
function times({ rules }: Grant, { times: name }: Case): Expected {
  const google = rules.startsWith('gcp');
  const pods = rules === 'aws-pod';
  const unsaid = (what: string): Expected => ({ verdict: 'unknown', reason: `the cloud does not say what it makes of a token ${what}` });
  switch (name) {
    case 'valid': case 'without nbf': case 'long': return YES;
    // AWS takes tokens for five minutes after their end.
    case 'just over': return google || rules === 'azure' || pods ? NO : YES;
    case 'without iat': return google ? NO : unsaid('without iat');
    case 'far too long': return google || rules === 'azure' ? unsaid('that lives for two days') : YES;
    case 'old': return google ? NO : rules === 'azure' || pods ? YES : unsaid('of more than a day ago');
    case 'without exp': return rules === 'azure' ? unsaid('without exp') : NO;
    default: return NO;
  }
}

function subject({ rules, trusted, uniqueId, maps }: Grant, { subject: sub, kubernetes }: Case): Expected {
  if (rules === 'google-id-token') {
    return isSame(sub, uniqueId) ? YES : isText(sub) ? { verdict: 'unknown', reason: UNIQUE_ID } : NO;
  }
  if (sub instanceof Unknown) {
    return { verdict: 'unknown', reason: UNIQUE_ID };
  }
  if (typeof sub !== 'string') {
    return NO;
  }
  // Google takes no subject of more than 127 bytes.
  if (rules === 'gcp' && (Buffer.byteLength(sub) > 127 || (maps === true && !kubernetes))) {
    return NO;
  }
  switch (trusted.kind) {
    case 'account':
      return sub !== `system:serviceaccount:${trusted.namespace}:${trusted.name}` ? NO
        : rules === 'aws-pod' && !kubernetes ? { verdict: 'unknown', reason: 'a token that says no pod, and AWS does not say what EKS makes of it' } : YES;
    case 'namespace': return sub.startsWith(`system:serviceaccount:${trusted.namespace}:`) ? YES : NO;
    case 'cluster': return sub.startsWith('system:serviceaccount:') ? YES : NO;
  }
}

function issuer({ issuers, siblings }: Grant, { issuer: { value: iss, derivedFrom } }: Case): Expected {
  if (!isText(iss)) {
    return NO;
  }
  if (issuers.length === 0) {
    return { verdict: 'unknown', reason: 'a cluster that is named, and is not in the input' };
  }
  if (issuers.some(own => isSame(own, iss)) || (typeof iss === 'string' && siblings?.test(iss) === true)) {
    return YES;
  }
  const open = issuers.some(own => !isSame(own, derivedFrom) && mayBeSame(own, iss)) || (siblings !== undefined && !isLiteral(iss));
  return open ? { verdict: 'unknown', reason: 'an issuer that only Terraform knows, compared with another one' } : NO;
}

function audience({ rules, audiences, uniqueId }: Grant, { audience: aud, azp }: Case): Expected {
  const list: readonly unknown[] = Array.isArray(aud) ? aud : aud === undefined ? [] : [aud];
  const is = (value: unknown) => audiences.some(own => isSame(own, value));
  const readable = list.every(isAnyText);
  const one: Expected = !list.some(is) ? NO : list.length === 1 ? YES : { verdict: 'unknown', reason: SEVERAL };
  switch (rules) {
    case 'aws':
      if (azp === undefined) {
        return readable ? one : NO;
      }
      // AWS looks at azp where there is one, and does not say what it makes of a token without a proper aud beside it.
      return !isText(azp) ? { verdict: 'unknown', reason: 'azp that is no text' } : !is(azp) ? NO
        : list.some(value => isSame(azp, value)) && readable ? YES : { verdict: 'unknown', reason: 'azp without that party in aud' };
    case 'aws-pod':
      return readable ? one : NO;
    case 'google-id-token':
      return !readable || one.verdict === 'no' ? NO : isSame(azp, uniqueId) ? one : { verdict: 'unknown', reason: UNIQUE_ID };
    default:
      return list.some(is) ? (!readable ? { verdict: 'unknown', reason: 'an audience that is no text beside the right one' }
        : rules === 'azure' && list.length > 1 ? { verdict: 'unknown', reason: 'several audiences, of which Entra ID does not say anything' } : YES)
        : list.some(value => isAnyText(value) && audiences.some(own => mayBeSame(own, value))) ? { verdict: 'unknown', reason: PROJECT_NUMBER } : NO;
  }
}

function isAnyText(value: unknown): value is TextValue {
  return isText(value as Value);
}

/** Whether texts that are not the same may turn out to be, as far as their beginnings and ends tell. */
function mayBeSame(a: TextValue, b: TextValue): boolean {
  if (isLiteral(a) && isLiteral(b)) {
    return false;
  }
  const ends = (place: number, agree: (one: string, other: string) => boolean) => {
    const [one, other] = [partsOf(a).at(place), partsOf(b).at(place)];
    return typeof one !== 'string' || typeof other !== 'string' || (!isLiteral(b) && agree(one, other)) || (!isLiteral(a) && agree(other, one));
  };
  return ends(0, (one, other) => one.startsWith(other)) && ends(-1, (one, other) => one.endsWith(other));
}

const NAMES: Readonly<Record<Source, string>> = {
  eks: 'EKS', gke: 'GKE', gkePlain: 'GKE as a plain issuer', aks: 'AKS', oidc: 'any OIDC cluster', oidcWithKeys: 'any OIDC cluster with uploaded keys',
};

const READER: Trusted = { kind: 'account', namespace: 'reports', name: 'reader' };
const WRITER: Trusted = { kind: 'account', namespace: 'billing', name: 'writer' };
const NAMESPACE: Trusted = { kind: 'namespace', namespace: 'reports' };
const CLUSTER: Trusted = { kind: 'cluster' };

function subjectOf(cluster: Cluster, trusted: Trusted): any {
  return trusted.kind === 'account' ? cluster.serviceAccount(trusted.namespace, trusted.name)
    : trusted.kind === 'namespace' ? cluster.unsafeEveryServiceAccountOfNamespace(trusted.namespace) : cluster.unsafeEveryServiceAccountOfCluster();
}

const AWS_AUDIENCE = ['sts.amazonaws.com'];
const AZURE_AUDIENCE = ['api://AzureADTokenExchange'];
const PODS_AUDIENCE = ['pods.eks.amazonaws.com'];

/** The two ways in which Google takes the name of a provider as audience. */
const providerAudience = (known: Known) => {
  const name = attributeOf(known, 'google_iam_workload_identity_pool_provider', 'name');
  return [text('https://iam.googleapis.com/', name), text('//iam.googleapis.com/', name)];
};

/** Google's own pool takes the service accounts of all clusters of the project for the same, which is why there is only one name for them. Only Google issues under that address. */
const SIBLINGS = /^https:\/\/container\.googleapis\.com\/v1\/projects\/acme-apps\/locations\/[^/]*\/clusters\/[^/]*$/;
const SIBLING = 'https://container.googleapis.com/v1/projects/acme-apps/locations/us-central1-a/clusters/other';

const ROLE = ['role', /^aws_iam_role\.Role$/] as const;
const TARGET = ['role', /^aws_iam_role\.Target$/] as const;
const VIA = ['role', /^aws_iam_role\.Via_Role/] as const;
const ACCOUNT = ['service-account', /^google_service_account\.Account/] as const;
const PRINCIPAL = ['principal', /./] as const;
const MANAGED = ['managed-identity', /^azurerm_user_assigned_identity\.Identity/] as const;
const APPLICATION = ['application', /^azuread_application\.Application/] as const;

/** What trusts one cluster, in all the ways that it can. */
function each(
  construct: string, sources: readonly Source[], trusts: readonly (readonly [string, readonly Trusted[]])[],
  make: (stack: TerraformStack, subjects: any[], clusters: Clusters) => void, identity: World['identity'],
  grant: (known: Known, source: Source, trusted: Trusted) => Omit<Grant, 'trusted'>,
): World[] {
  return sources.flatMap(source => trusts.map(([who, list]): World => ({
    name: `${NAMES[source]} to ${construct}, ${who}`, construct, identity,
    build: (stack, clusters) => {
      const cluster = clusters[source](stack);
      make(stack, list.map(trusted => subjectOf(cluster, trusted)), clusters);
    },
    grants: known => list.map(trusted => ({ ...grant(known, source, trusted), trusted, maps: list.some(({ kind }) => kind === 'namespace') })),
  })));
}

const ONE = ['one service account', [READER]] as const;
const TWO = ['two service accounts', [READER, WRITER]] as const;
const ALL_OF_NAMESPACE = ['a whole namespace', [NAMESPACE]] as const;
const MIXED = ['a whole namespace and a service account', [NAMESPACE, WRITER]] as const;
const ALL_OF_CLUSTER = ['a whole cluster', [CLUSTER]] as const;

const aws = (known: Known, source: Source) => ({ rules: 'aws' as const, issuers: [known.issuers[source]], audiences: AWS_AUDIENCE });
const pods = (known: Known, doubt?: string) => ({
  // EKS knows its clusters by name: where the stack looks the cluster up, the issuer is its own, or what the lookup's postcondition says.
  rules: 'aws-pod' as const, issuers: known.terraform.ofType('aws_eks_cluster', 'data').map(() => known.issuers.eks), audiences: PODS_AUDIENCE, doubt,
});
const azure = (known: Known, source: Source) => ({ rules: 'azure' as const, issuers: [known.issuers[source]], audiences: AZURE_AUDIENCE });
const gcp = (known: Known, source: Source) => ({ rules: 'gcp' as const, issuers: [known.issuers[source]], audiences: providerAudience(known) });
const native = (known: Known, _: Source, trusted: Trusted) => ({
  rules: 'gcp-native' as const, issuers: [known.issuers.gke], audiences: ['acme-apps.svc.id.goog'], ...trusted.kind !== 'cluster' && { siblings: SIBLINGS },
});

const role = (stack: TerraformStack, trusts: TrustedSubject[]) => new AwsFederatedRole(stack, 'Role', { trusts });
const podRole = (stack: TerraformStack, trusts: any[]) => new AwsPodIdentityRole(stack, 'Role', { trusts });
const account = (stack: TerraformStack, trusts: TrustedSubject[]) => new GcpFederatedServiceAccount(stack, 'Account', { trusts, accountId: 'reports-reader' });
const principal = (stack: TerraformStack, trusts: TrustedSubject[]) => new GcpFederatedPrincipal(stack, 'Principal', { trusts, project: 'acme-data' }).grantBucketRead('acme-reports');
const managed = (stack: TerraformStack, trusts: any[]) => new AzureFederatedIdentity(stack, 'Identity', {
  trusts, identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope',
});
const application = (stack: TerraformStack, trusts: any[]) => new EntraFederatedApplication(stack, 'Application', { trusts, displayName: 'reports-reader' });
const viaGoogle = (stack: TerraformStack, trusts: any[]) => new AwsRoleViaGoogle(stack, 'Via', { googleServiceAccount: account(stack, trusts) });

const BY_ARN = 'a provider brought in by its ARN alone: what it is registered with is not in the input';
const AKS_PROVIDER_ARN = `arn:aws:iam::123456789012:oidc-provider/${AKS_ISSUER.slice('https://'.length)}`;
const PROVIDER_NAME = 'projects/123456789012/locations/global/workloadIdentityPools/apps-pool/providers/apps-provider';
const CHAIN_ID = 'an external id, which whoever asks brings';

/** Everything by which a service account can become an identity. */
export const WORLDS: readonly World[] = [
  ...each('AwsFederatedRole', ['eks', 'gke', 'gkePlain', 'aks', 'oidc'], [TWO, MIXED], role, ROLE, aws),
  ...each('AwsFederatedRole', ['eks', 'aks'], [ONE, ALL_OF_NAMESPACE], role, ROLE, aws),
  ...each('AwsChainedRole', ['eks', 'gke', 'gkePlain', 'aks', 'oidc'], [TWO],
    (stack, trusts) => new AwsChainedRole(stack, 'Target', { source: role(stack, trusts) }), TARGET, aws),
  ...each('AwsPodIdentityRole', ['eks'], [ONE, TWO], podRole, ROLE, known => pods(known)),
  ...each('GcpFederatedServiceAccount', ['eks', 'gkePlain', 'aks', 'oidc', 'oidcWithKeys'], [TWO, ALL_OF_NAMESPACE, MIXED, ALL_OF_CLUSTER], account, ACCOUNT, gcp),
  ...each('GcpFederatedServiceAccount', ['gke'], [ONE, TWO, ALL_OF_NAMESPACE, MIXED, ALL_OF_CLUSTER], account, ACCOUNT, native),
  ...each('GcpFederatedPrincipal', ['eks', 'gkePlain', 'aks', 'oidc', 'oidcWithKeys'], [ONE, ALL_OF_NAMESPACE, ALL_OF_CLUSTER], principal, PRINCIPAL, gcp),
  ...each('GcpFederatedPrincipal', ['gke'], [ONE, ALL_OF_NAMESPACE, ALL_OF_CLUSTER], principal, PRINCIPAL, native),
  ...each('AzureFederatedIdentity', ['eks', 'gke', 'gkePlain', 'aks', 'oidc'], [TWO], managed, MANAGED, azure),
  ...each('EntraFederatedApplication', ['eks', 'gke', 'gkePlain', 'aks', 'oidc'], [TWO], application, APPLICATION, azure),
  ...each('AwsRoleViaGoogle', ['gke'], [TWO], viaGoogle, VIA, native),
  {
    name: 'ID tokens of a Google service account to AwsRoleViaGoogle', construct: 'AwsRoleViaGoogle', identity: VIA,
    build: (stack, clusters) => viaGoogle(stack, [subjectOf(clusters.gke(stack), READER)]),
    grants: known => [{ ...native(known, 'gke', READER), trusted: READER }, {
      rules: 'google-id-token', issuers: ['https://accounts.google.com', 'accounts.google.com'], trusted: READER,
      uniqueId: attributeOf(known, 'google_service_account', 'unique_id'), audiences: ['gtoken/sts/assume-role-with-web-identity'],
    }],
    azps: known => [attributeOf(known, 'google_service_account', 'unique_id')],
  },
  {
    name: 'two clusters to AwsFederatedRole', construct: 'AwsFederatedRole', identity: ROLE,
    build: (stack, clusters) => role(stack, [subjectOf(clusters.eks(stack), READER), subjectOf(clusters.gke(stack), WRITER)]),
    grants: known => [{ ...aws(known, 'eks'), trusted: READER }, { ...aws(known, 'gke'), trusted: WRITER }],
  },
  {
    name: 'two clusters to GcpFederatedServiceAccount', construct: 'GcpFederatedServiceAccount', identity: ACCOUNT,
    build: (stack, clusters) => account(stack, [subjectOf(clusters.eks(stack), READER), subjectOf(clusters.gke(stack), WRITER)]),
    grants: known => [{ ...gcp(known, 'eks'), trusted: READER }, { ...native(known, 'gke', WRITER), trusted: WRITER }],
  },
  {
    name: 'two clusters to AzureFederatedIdentity', construct: 'AzureFederatedIdentity', identity: MANAGED,
    build: (stack, clusters) => managed(stack, [subjectOf(clusters.aks(stack), READER), subjectOf(clusters.gke(stack), WRITER)]),
    grants: known => [{ ...azure(known, 'aks'), trusted: READER }, { ...azure(known, 'gke'), trusted: WRITER }],
  },
  {
    name: 'EKS to AwsFederatedRole with an audience of one\'s own among several', construct: 'AwsFederatedRole', identity: ROLE,
    build: (stack, clusters) => {
      const cluster = clusters.eks(stack);
      new ClusterOidcProvider(stack, 'Registration', { cluster, audience: 'acme', clientIdList: ['acme', 'sts.amazonaws.com'] });
      role(stack, [subjectOf(cluster, READER)]);
    },
    grants: known => [{ ...aws(known, 'eks'), audiences: ['acme'], trusted: READER }],
  },
  {
    name: 'EKS to AwsFederatedRole by a provider that is looked up', construct: 'AwsFederatedRole', identity: ROLE,
    build: (stack, clusters) => {
      const cluster = clusters.eks(stack);
      new AwsFederatedRole(stack, 'Role', { trusts: [subjectOf(cluster, READER)], oidcProviders: [ClusterOidcProvider.fromLookup(stack, 'Existing', { cluster })] });
    },
    grants: known => [{ ...aws(known, 'eks'), trusted: READER, doubt: 'the client ids of a provider that is looked up' }],
  },
  {
    name: 'AKS to AwsFederatedRole by a provider brought in by its ARN', construct: 'AwsFederatedRole', identity: ROLE,
    build: (stack, clusters) => {
      const cluster = clusters.aks(stack);
      ClusterOidcProvider.fromArn(stack, 'Registration', { cluster, arn: AKS_PROVIDER_ARN });
      role(stack, [subjectOf(cluster, READER)]);
    },
    // The ARN says the issuer, whatever the cluster's is.
    grants: known => [{ ...aws(known, 'aks'), issuers: [AKS_ISSUER], trusted: READER, doubt: BY_ARN }],
  },
  ...([false, true] as const).map((disableSessionTags): World => ({
    name: `EKS to AwsPodIdentityRole with a target${disableSessionTags ? ', without session tags' : ' in another account'}`, construct: 'AwsChainedRole', identity: TARGET,
    build: (stack, clusters) => {
      const source = new AwsPodIdentityRole(stack, 'Role', { trusts: [subjectOf(clusters.eks(stack), READER), subjectOf(clusters.eks(stack), WRITER)], disableSessionTags });
      new AwsChainedRole(stack, 'Target', { source, ...disableSessionTags ? {} : { awsProvider: new AwsProvider(stack, 'Other', { alias: 'other' }) } });
    },
    grants: known => [READER, WRITER].map(trusted => ({ ...pods(known), trusted })),
  })),
  {
    name: 'EKS to AwsPodIdentityRole without session tags', construct: 'AwsPodIdentityRole', identity: ROLE,
    build: (stack, clusters) => new AwsPodIdentityRole(stack, 'Role', { trusts: [subjectOf(clusters.eks(stack), READER)], disableSessionTags: true }),
    grants: known => [{ ...pods(known), trusted: READER }],
  },
  {
    name: 'EKS to AwsPodIdentityRole of the cluster\'s account alone', construct: 'AwsPodIdentityRole', identity: ROLE,
    build: (stack, clusters) => new AwsPodIdentityRole(stack, 'Role', { trusts: [subjectOf(clusters.eks(stack), READER)], sourceConditions: true }),
    grants: known => [{ ...pods(known, 'whether EKS sends aws:SourceArn, on which AWS\'s own documents disagree'), trusted: READER }],
  },
  {
    name: 'EKS to AwsChainedRole with an external id', construct: 'AwsChainedRole', identity: TARGET,
    build: (stack, clusters) => new AwsChainedRole(stack, 'Target', { source: role(stack, [subjectOf(clusters.eks(stack), READER)]), externalId: 'acme-42' }),
    grants: known => [{ ...aws(known, 'eks'), trusted: READER, doubt: CHAIN_ID }],
  },
  {
    name: 'EKS to AwsChainedRole by two steps', construct: 'AwsChainedRole', identity: TARGET,
    build: (stack, clusters) => {
      const middle = new AwsChainedRole(stack, 'Middle', { source: role(stack, [subjectOf(clusters.eks(stack), READER)]) });
      new AwsChainedRole(stack, 'Target', { source: middle });
    },
    grants: known => [{ ...aws(known, 'eks'), trusted: READER }],
  },
  ...(['subjects', 'namespaces', 'cluster'] as const).map((admits): World => ({
    name: `EKS to GcpFederatedServiceAccount by a pool that admits ${admits}, with an audience of its own`, construct: 'GcpFederatedServiceAccount', identity: ACCOUNT,
    build: (stack, clusters) => {
      const cluster = clusters.eks(stack);
      new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster, admits, allowedAudiences: ['acme', 'acme-2'] });
      account(stack, [READER, WRITER].map(trusted => subjectOf(cluster, trusted)));
    },
    grants: known => [READER, WRITER].map(trusted => ({ ...gcp(known, 'eks'), audiences: ['acme', 'acme-2'], trusted, maps: admits === 'namespaces' })),
  })),
  {
    name: 'EKS to GcpFederatedServiceAccount by a provider brought in by its name', construct: 'GcpFederatedServiceAccount', identity: ACCOUNT,
    build: (stack, clusters) => {
      const cluster = clusters.eks(stack);
      ClusterWorkloadIdentityPool.fromProviderName(stack, 'Existing', { cluster, providerName: PROVIDER_NAME });
      account(stack, [subjectOf(cluster, READER)]);
    },
    grants: known => [{ ...gcpByName(known), trusted: READER }],
  },
  ...([['usgovernment', 'api://AzureADTokenExchangeUSGov'], ['china', 'api://AzureADTokenExchangeChina']] as const).map(([azureCloud, own]): World => ({
    name: `AKS to AzureFederatedIdentity of ${azureCloud}`, construct: 'AzureFederatedIdentity', identity: MANAGED,
    build: (stack, clusters) => new AzureFederatedIdentity(stack, 'Identity', {
      trusts: [subjectOf(clusters.aks(stack), READER)], identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope', azureCloud,
    }),
    grants: known => [{ ...azure(known, 'aks'), audiences: [own], trusted: READER }],
  })),
  {
    name: 'AKS to AzureFederatedIdentity that exists', construct: 'AzureFederatedIdentity', identity: ['managed-identity', /./],
    build: (stack, clusters) => AzureFederatedIdentity.fromName(stack, 'Identity', {
      trusts: [subjectOf(clusters.aks(stack), READER)], identityName: 'reports-reader', resourceGroupName: 'reports',
    }),
    grants: known => [{ ...azure(known, 'aks'), trusted: READER }],
  },
  ...hosted('S3HostedIssuer', 'https://acme-issuer.s3.eu-west-1.amazonaws.com', stack => new S3HostedIssuer(stack, 'Issuer', { bucketName: 'acme-issuer', region: 'eu-west-1', jwks: JWKS })),
  ...hosted('GcsHostedIssuer', 'https://storage.googleapis.com/acme-issuer', stack => new GcsHostedIssuer(stack, 'Issuer', { bucketName: 'acme-issuer', location: 'EU', jwks: JWKS })),
  ...hosted('AzureBlobHostedIssuer', 'https://acmeissuer.blob.core.windows.net/oidc', stack => new AzureBlobHostedIssuer(stack, 'Issuer', {
    storageAccountName: 'acmeissuer', resourceGroupName: 'acme', location: 'westeurope', jwks: JWKS, containerName: 'oidc',
  })),
];

/** A pool of which the input has no provider: even what it makes of a subject is in doubt. */
function gcpByName(known: Known): Omit<Grant, 'trusted'> {
  return { rules: 'gcp-elsewhere', issuers: [known.issuers.eks], audiences: [], doubt: BY_ARN };
}

/** A cluster whose issuer's documents are published by a construct, to every cloud. */
function hosted(construct: string, url: string, publish: (stack: TerraformStack) => { readonly issuer: string }): World[] {
  const cluster = (stack: TerraformStack) => Cluster.oidc({ name: 'apps', issuer: publish(stack).issuer });
  return ([
    ['AwsFederatedRole', role, ROLE, 'aws', () => AWS_AUDIENCE],
    ['GcpFederatedServiceAccount', account, ACCOUNT, 'gcp', providerAudience],
    ['AzureFederatedIdentity', managed, MANAGED, 'azure', () => AZURE_AUDIENCE],
  ] as const).map(([to, make, identity, rules, audiences]): World => ({
    name: `${construct} to ${to}`, construct, identity,
    build: stack => void make(stack, [subjectOf(cluster(stack), READER)]),
    grants: known => [{ rules, issuers: [url], audiences: audiences(known), trusted: READER }],
  }));
}

/** Issuers that are none of the trusted ones: of other clusters, clouds and services. */
export const OTHER_ISSUERS: readonly TextValue[] = [
  EKS_ISSUER, GKE_ISSUER, AKS_ISSUER, OIDC_ISSUER, SIBLING, 'https://oidc.eks.eu-west-1.amazonaws.com/id/00000000000000000000000000000000',
  'https://oidc.eks.us-east-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204',
  'https://container.googleapis.com/v1/projects/acme-data/locations/europe-west1/clusters/apps', 'https://container.googleapis.com/v1/projects/acme-apps/zones/europe-west1-b/clusters/apps',
  'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps/x', 'https://container.googleapis.com/v1/projects/acme-apps-2/locations/europe-west1/clusters/apps',
  AKS_ISSUER.replace('3f6a1c52', '3f6a1c53'), 'https://token.actions.githubusercontent.com', 'https://accounts.google.com', 'https://kubernetes.default.svc',
  new Unknown('stack/data.aws_eks_cluster.Other.identity.0.oidc.0.issuer'), new Unknown('stack/var.other_issuer'),
];

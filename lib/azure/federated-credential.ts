import { TerraformProvider } from 'cdktf';
import { IConstruct } from 'constructs';
import { AZURE_CLOUDS, audienceOf, AzureCloud } from './azure-cloud';
import { checkAudience, checkLimit, checkNotKubernetesAudience, checkTokenPath } from '../checks';
import { canonicalSubjects, checkReachable, ServiceAccountSubject, subjectKey } from '../cluster';
import { FederationError } from '../errors';
import { idPart, isToken, knownPart, shortHash } from '../tokens';

/** What an identity of Entra ID trusts, and how workloads find it. */
export interface AzureTrustProps {
  /**
   * The service accounts that may become the identity, at most 20, each by a federated credential of its own; order and duplicates have no meaning.
   */
  readonly trusts: readonly ServiceAccountSubject[];
  /**
   * The cloud of the identity's tenant.
   * @default "public"
   */
  readonly azureCloud?: AzureCloud;
  /**
   * The audience of the tokens, at most 600 characters.
   * @default - that of the cloud, such as `api://AzureADTokenExchange`
   */
  readonly audience?: string;
  /**
   * Where the token appears, relative to the workload's mount path.
   * @default "azure/token"
   */
  readonly tokenPath?: string;
}

/** A federated credential before it is a resource. */
export interface FederatedCredential {
  /** What ends the resource's construct id. */
  readonly id: string;
  readonly name: string;
  readonly subject: ServiceAccountSubject;
  readonly issuer: string;
  readonly audience: string;
}

/** @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations */
const MAX_CREDENTIALS = 20;
const MAX_NAME = 120;
const MAX_CLAIM = 600;

/**
 * The credentials of an identity, one for each service account that it trusts; together with those that the app gives it elsewhere.
 * @param identity what names the identity in the app
 * @throws FederationError for more than 20, a claim over 600 characters, or a trust that Entra ID has no way to say
 */
export function federatedCredentials(scope: IConstruct, where: string, props: AzureTrustProps, identity: string): FederatedCredential[] {
  if (props.azureCloud !== undefined && !AZURE_CLOUDS.includes(props.azureCloud)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'azureCloud', rule: `be one of ${AZURE_CLOUDS.join(', ')}`, got: props.azureCloud, remedy: 'leave it out for "public"',
    });
  }
  if (props.tokenPath !== undefined) {
    checkTokenPath(where, props.tokenPath);
  }
  const audience = props.audience ?? audienceOf(props.azureCloud ?? 'public');
  const place = { where, prop: 'trusts' };
  // Clusters that are told apart elsewhere by how they are used are one issuer here.
  const byKey = new Map<string, ServiceAccountSubject>();
  for (const subject of canonicalSubjects(scope, place, props.trusts)) {
    if (subject.name === undefined) {
      throw new FederationError({
        code: 'InvalidIdentifier', ...place, rule: 'name service accounts: Entra ID compares subjects exactly and has no wildcards', got: subject.subject,
        remedy: 'list the service accounts, over several identities where they are more than 20',
      });
    }
    byKey.set(subjectKey(scope, subject), subject);
  }
  const subjects = [...byKey.values()];
  const others = credentialsOf(scope, identity);
  for (const subject of subjects) {
    const other = others.get(subjectKey(scope, subject));
    if (other !== undefined) {
      throw new FederationError({
        code: 'DuplicateRegistration', ...place, rule: `hold service accounts that the identity does not trust by another construct (${other} does)`, got: subject.subject,
        remedy: 'define the identity once in an app, with all that it trusts',
      });
    }
  }
  checkLimit(place, others.size + subjects.length, MAX_CREDENTIALS, `hold at most ${MAX_CREDENTIALS} service accounts, as an identity has that many federated credentials`,
    `${others.size + subjects.length} service accounts`, 'split them over several identities');
  if (props.audience !== undefined) {
    checkAudience({ where, prop: 'audience' }, audience, MAX_CLAIM);
  }
  return subjects.map(subject => {
    const { cluster } = subject;
    checkReachable(where, cluster, 'Entra ID');
    checkNotKubernetesAudience(scope, { where, prop: 'audience' }, audience, cluster.issuer);
    for (const [claim, value] of [['issuer', cluster.issuer], ['subject', subject.subject]] as const) {
      checkLimit(place, knownPart(value).length, MAX_CLAIM, `have an ${claim === 'issuer' ? 'issuer' : 'account'} of at most ${MAX_CLAIM} characters`,
        `${knownPart(value).length} characters`, 'shorten it');
    }
    return {
      id: `${cluster.id}_${idPart(scope, subject.namespace)}_${idPart(scope, subject.name)}`, name: credentialName(scope, subject), subject, issuer: cluster.issuer, audience,
    };
  });
}

/** The credentials that an app gives each identity, by service account, and the construct that does. */
const CREDENTIALS = new WeakMap<IConstruct, Map<string, Map<string, string>>>();

function credentialsOf(scope: IConstruct, identity: string): Map<string, string> {
  const { root } = scope.node;
  const identities = CREDENTIALS.get(root) ?? new Map<string, Map<string, string>>();
  CREDENTIALS.set(root, identities);
  const credentials = identities.get(identity) ?? new Map<string, string>();
  identities.set(identity, credentials);
  return credentials;
}

/** Notes the credentials of an identity that was not refused. */
export function noteCredentials(construct: IConstruct, identity: string, credentials: readonly FederatedCredential[]): void {
  const known = credentialsOf(construct, identity);
  credentials.forEach(({ subject }) => known.set(subjectKey(construct, subject), construct.node.path));
}

/**
 * A name that differs where cluster, namespace or name do, in any case: namespaces and names hold no "_", and a digest marks what had to be changed, or
 * looks as if it had been.
 */
function credentialName(scope: IConstruct, { cluster, namespace, name }: ServiceAccountSubject): string {
  const plain = `${cluster.id}_${idPart(scope, namespace)}_${idPart(scope, name)}`;
  const text = plain.replaceAll('.', '-').toLowerCase();
  const changed = isToken(namespace) || isToken(name) || text !== plain || text.length > MAX_NAME || /-[0-9a-f]{8}$/.test(text);
  return changed ? `${text.slice(0, MAX_NAME - 9)}-${shortHash(plain)}` : text;
}

/** Which provider a resource of an identity is given, for identities of both kinds. */
export interface AzureProviderProps {
  /**
   * The azurerm provider that leads to the subscription.
   * @default - the stack's provider without an alias
   */
  readonly azurermProvider?: TerraformProvider;
}

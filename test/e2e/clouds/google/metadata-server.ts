import { AccessTokens, CLOUD_PLATFORM } from './access-tokens';
import { decodedPart, pathOf } from './http';
import type { FederatedIdentity, Identity, ServiceAccountIdentity } from './identities';
import type { Credential, Impersonation } from './impersonation';
import type { Projects } from './projects';
import type { ServiceAccount } from './service-accounts';
import type { HttpRequest, HttpResponse, RunningPod, Service } from '../../model';

/** What the server needs of Google. */
export interface Attesting {
  readonly tokens: AccessTokens;
  readonly projects: Projects;
  impersonate(request: { readonly identity: Identity; readonly serviceAccount: string; readonly credential: Credential }): Impersonation;
  idToken(account: ServiceAccount, audience: string, includeEmail: boolean): string;
}

const BASE = '/computeMetadata/v1/';
const SCOPES = [CLOUD_PLATFORM, 'https://www.googleapis.com/auth/userinfo.email'];
const LIFETIME = 3600;
const DOCUMENTATION = 'https://cloud.google.com/kubernetes-engine/docs/how-to/workload-identity';

/** A pod's principal in Google's own pool: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/workload-identity#identity_pools. */
export function podIdentity({ cluster, namespace, serviceAccount, onNodeNetwork }: RunningPod, projects: Projects): FederatedIdentity | undefined {
  const { workloadPool, issuer } = cluster;
  const number = projectNumberOf(cluster, projects);
  if (workloadPool === undefined || number === undefined || onNodeNetwork === true) return undefined;
  return {
    kind: 'federated', pool: `projects/${number}/locations/global/workloadIdentityPools/${workloadPool}`, subject: `ns/${namespace}/sa/${serviceAccount}`,
    groups: [], attributes: new Map(), kubernetes: { workloadPool, namespace, serviceAccount, cluster: issuer },
  };
}

/** The number of the project whose pool is the cluster's. */
function projectNumberOf({ kind, workloadPool }: RunningPod['cluster'], projects: Projects): string | undefined {
  const project = kind === 'gke' ? /^(.+)\.svc\.id\.goog$/.exec(workloadPool ?? '')?.[1] : undefined;
  return project === undefined ? undefined : projects.numberOf(project);
}

/**
 * The account of a node that says none: https://docs.cloud.google.com/compute/docs/access/service-accounts#default_service_account. It answers pods of the host's
 * network, and those on nodes without the server: https://docs.cloud.google.com/kubernetes-engine/docs/how-to/workload-identity.
 */
function nodeAccount({ cluster }: RunningPod, projects: Projects): ServiceAccount | undefined {
  const number = projectNumberOf(cluster, projects);
  return number === undefined ? undefined : {
    email: `${number}-compute@developer.gserviceaccount.com`, uniqueId: `1${number.padStart(20, '0')}`, project: projects.idOf(number), disabled: false,
  };
}

/**
 * GKE's metadata server: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/workload-identity#metadata_server.
 *
 * Where it does not answer a pod, Compute Engine's own does, as the node. Of a cluster without a pool what that would give away is not modelled.
 */
export function metadataServer(google: Attesting): Service {
  return (request): HttpResponse => {
    const { pod } = request;
    const identity = pod && podIdentity(pod, google.projects);
    const node = pod?.onNodeNetwork === true ? nodeAccount(pod, google.projects) : undefined;
    if (pod === undefined || (identity ?? node) === undefined) return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found\n' };
    const server = identity === undefined ? new NodeServer(google, pod, node!) : new PodServer(google, pod, identity);
    const { status, headers, body } = server.answer(request);
    return { status, headers: { 'server': identity === undefined ? 'Metadata Server for VM' : 'GKE Metadata Server', 'metadata-flavor': 'Google', ...headers }, body };
  };
}

type Directory = { readonly [name: string]: Value };
type Value = string | number | readonly string[] | Directory;

abstract class MetadataServer {
  public constructor(protected readonly google: Attesting, protected readonly pod: RunningPod, private readonly email: string) {}

  /** Whose access tokens it gives, or why none. */
  protected abstract identityOf(): Identity | HttpResponse;
  protected abstract idTokenFor(audience: string): HttpResponse;

  public answer(request: HttpRequest): HttpResponse {
    const { path, query } = pathOf(request);
    // https://docs.cloud.google.com/compute/docs/metadata/querying-metadata#parts-of-a-request
    if (request.headers['metadata-flavor'] !== 'Google') return text(403, 'Missing required header "Metadata-Flavor": "Google"\n');
    if (request.headers['x-forwarded-for'] !== undefined) return text(403, 'This metadata endpoint is concealed.\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') return text(405, 'Method Not Allowed\n');
    if (path === '/' || path === '/computeMetadata' || path === '/computeMetadata/') return text(200, path === '/' ? 'computeMetadata/\n' : 'v1/\n');
    if (`${path}/` !== BASE && !path.startsWith(BASE)) return text(404, 'Not Found\n');
    const key = path.slice(BASE.length);
    const [, account, kind] = /^instance\/service-accounts\/([^/]+)\/(token|identity)$/.exec(key) ?? [];
    if (account !== undefined && this.isAccount(account)) return kind === 'token' ? this.token(query) : this.idToken(query);
    return this.value(key, query.get('recursive')?.toLowerCase() === 'true');
  }

  private isAccount(name: string): boolean {
    return name === 'default' || decodedPart(name) === this.email;
  }

  private token(query: URLSearchParams): HttpResponse {
    const scopes = query.get('scopes')?.split(',') ?? SCOPES;
    const identity = this.identityOf();
    if ('status' in identity) return identity;
    const { text: token } = this.google.tokens.issue(identity, scopes, LIFETIME);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ access_token: token, expires_in: LIFETIME - 1, token_type: 'Bearer' }) };
  }

  private idToken(query: URLSearchParams): HttpResponse {
    const audience = query.get('audience') ?? '';
    return audience === '' ? text(400, 'non-empty audience parameter required\n') : this.idTokenFor(audience);
  }

  /** A value, the list of a directory, or all that is below it as JSON. */
  private value(key: string, recursive: boolean): HttpResponse {
    let value: Value | undefined = this.tree();
    for (const part of key.split('/').filter(name => name !== '')) {
      const name = decodedPart(part);
      value = name !== undefined && isDirectory(value) && Object.hasOwn(value, name) ? value[name] : undefined;
    }
    if (value === undefined) return text(404, 'Not Found\n');
    if (recursive) return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(camelCased(value)) };
    if (isDirectory(value)) return text(200, Object.entries(value).map(([name, item]) => `${name}${isDirectory(item) ? '/' : ''}\n`).join(''));
    return text(200, typeof value === 'object' ? value.map(item => `${item}\n`).join('') : String(value));
  }

  private tree(): Directory {
    const { cluster } = this.pod;
    const project = cluster.workloadPool!.slice(0, -'.svc.id.goog'.length);
    const account = { aliases: ['default'], email: this.email, scopes: SCOPES };
    const location = /\/locations\/([^/]+)\//.exec(cluster.issuer)?.[1];
    return {
      instance: {
        'attributes': { 'cluster-name': cluster.name, ...(location === undefined ? {} : { 'cluster-location': location }) },
        'service-accounts': { default: account, [this.email]: account },
      },
      project: { 'project-id': project, 'numeric-project-id': Number(this.google.projects.numberOf(project)) },
      universe: { 'universe-domain': 'googleapis.com' },
    };
  }
}

class PodServer extends MetadataServer {
  /** The account of the pod's ServiceAccount, by its annotation. */
  private readonly annotated: string | undefined;

  public constructor(google: Attesting, pod: RunningPod, private readonly identity: FederatedIdentity) {
    const annotation = pod.serviceAccountAnnotations['iam.gke.io/gcp-service-account'];
    // An account without the annotation is shown as the pool.
    super(google, pod, annotation || pod.cluster.workloadPool!);
    this.annotated = annotation === '' ? undefined : annotation;
  }

  /** The federated token itself, or one of the account that the pod is annotated with, if the account trusts the pod. */
  protected identityOf(): Identity | HttpResponse {
    const { identity, annotated } = this;
    if (annotated === undefined) return identity;
    const impersonated = this.google.impersonate({ identity, serviceAccount: annotated, credential: 'access token' });
    return impersonated.ok ? impersonated.identity : refusal('access token', impersonated);
  }

  /** An ID token of the annotated account: a pod without one has none. */
  protected idTokenFor(audience: string): HttpResponse {
    if (this.annotated === undefined) {
      return text(404, `Your Kubernetes service account (${this.pod.namespace}/${this.pod.serviceAccount}) is not annotated with a target Google service account, `
        + 'which is a requirement for retrieving Identity Tokens using Workload Identity.\n'
        + 'Please add the iam.gke.io/gcp-service-account=[GSA_NAME]@[PROJECT_ID] annotation to your Kubernetes service account.\n'
        + `Refer to ${DOCUMENTATION}\n`);
    }
    const impersonated = this.google.impersonate({ identity: this.identity, serviceAccount: this.annotated, credential: 'ID token' });
    return impersonated.ok ? text(200, this.google.idToken(impersonated.account, audience, true)) : refusal('identity token', impersonated);
  }
}

/** Compute Engine's server, which knows nothing of pods. */
class NodeServer extends MetadataServer {
  public constructor(google: Attesting, pod: RunningPod, private readonly account: ServiceAccount) {
    super(google, pod, account.email);
  }

  protected identityOf(): ServiceAccountIdentity {
    const { email, project } = this.account;
    return { kind: 'service account', email, projectNumber: this.google.projects.numberOf(project) };
  }

  protected idTokenFor(audience: string): HttpResponse {
    return text(200, this.google.idToken(this.account, audience, true));
  }
}

function isDirectory(value: Value | undefined): value is Directory {
  return typeof value === 'object' && !Array.isArray(value);
}

/** Keys as they are in JSON: https://docs.cloud.google.com/compute/docs/metadata/querying-metadata#aggcontents. */
function camelCased(value: Value): unknown {
  if (!isDirectory(value)) return value;
  // The names of accounts stay as they are.
  const key = (name: string) => /[@.]/.test(name) ? name : name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [key(name), camelCased(item)]));
}

function refusal(what: string, { code, message }: Extract<Impersonation, { ok: false }>): HttpResponse {
  if (code !== 403) return text(code, `Unable to generate ${what}; IAM returned ${code} ${code === 404 ? 'Not Found' : 'Bad Request'}: ${message}\n`);
  return text(403, `Unable to generate ${what}; IAM returned 403 Forbidden: ${message}\n`
    + 'This error could be caused by a missing IAM policy binding on the target IAM service account.\n'
    + `For more information, refer to the Workload Identity documentation:\n\t${DOCUMENTATION}#authenticating_to\n\n`);
}

function text(status: number, body: string): HttpResponse {
  return { status, headers: { 'content-type': 'application/text' }, body };
}

import { AccessTokens, CLOUD_PLATFORM } from './access-tokens';
import { decodedPart, pathOf } from './http';
import type { FederatedIdentity, Identity } from './identities';
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
export function podIdentity({ cluster, namespace, serviceAccount }: RunningPod, projects: Projects): FederatedIdentity | undefined {
  const { workloadPool, issuer } = cluster;
  const project = cluster.kind === 'gke' ? /^(.+)\.svc\.id\.goog$/.exec(workloadPool ?? '')?.[1] : undefined;
  const number = project === undefined ? undefined : projects.numberOf(project);
  if (workloadPool === undefined || number === undefined) return undefined;
  return {
    kind: 'federated', pool: `projects/${number}/locations/global/workloadIdentityPools/${workloadPool}`, subject: `ns/${namespace}/sa/${serviceAccount}`,
    groups: [], attributes: new Map(), kubernetes: { workloadPool, namespace, serviceAccount, cluster: issuer },
  };
}

/**
 * GKE's metadata server: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/workload-identity#metadata_server.
 *
 * Where a cluster has no pool nothing answers that a pod could use: what a node's own server would give away is not modelled.
 */
export function metadataServer(google: Attesting): Service {
  return (request): HttpResponse => {
    const identity = request.pod === undefined ? undefined : podIdentity(request.pod, google.projects);
    if (request.pod === undefined || identity === undefined) return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found\n' };
    const server = new PodServer(google, request.pod, identity);
    const { status, headers, body } = server.answer(request);
    return { status, headers: { 'server': 'GKE Metadata Server', 'metadata-flavor': 'Google', ...headers }, body };
  };
}

type Directory = { readonly [name: string]: Value };
type Value = string | number | readonly string[] | Directory;

class PodServer {
  /** The account of the pod's ServiceAccount, by its annotation. */
  private readonly annotated: string | undefined;
  private readonly email: string;

  public constructor(private readonly google: Attesting, private readonly pod: RunningPod, private readonly identity: FederatedIdentity) {
    const annotation = pod.serviceAccountAnnotations['iam.gke.io/gcp-service-account'];
    this.annotated = annotation === '' ? undefined : annotation;
    // An account without the annotation is shown as the pool.
    this.email = this.annotated ?? pod.cluster.workloadPool!;
  }

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

  /** The federated token itself, or one of the account that the pod is annotated with, if the account trusts the pod. */
  private token(query: URLSearchParams): HttpResponse {
    const scopes = query.get('scopes')?.split(',') ?? SCOPES;
    let identity: Identity = this.identity;
    if (this.annotated !== undefined) {
      const impersonated = this.google.impersonate({ identity, serviceAccount: this.annotated, credential: 'access token' });
      if (!impersonated.ok) return refusal('access token', impersonated);
      identity = impersonated.identity;
    }
    const { text: token } = this.google.tokens.issue(identity, scopes, LIFETIME);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ access_token: token, expires_in: LIFETIME - 1, token_type: 'Bearer' }) };
  }

  /** An ID token of the annotated account: a pod without one has none. */
  private idToken(query: URLSearchParams): HttpResponse {
    const audience = query.get('audience') ?? '';
    if (audience === '') return text(400, 'non-empty audience parameter required\n');
    if (this.annotated === undefined) {
      return text(404, `Your Kubernetes service account (${this.pod.namespace}/${this.pod.serviceAccount}) is not annotated with a target Google service account, `
        + 'which is a requirement for retrieving Identity Tokens using Workload Identity.\n'
        + 'Please add the iam.gke.io/gcp-service-account=[GSA_NAME]@[PROJECT_ID] annotation to your Kubernetes service account.\n'
        + `Refer to ${DOCUMENTATION}\n`);
    }
    const impersonated = this.google.impersonate({ identity: this.identity, serviceAccount: this.annotated, credential: 'ID token' });
    return impersonated.ok ? text(200, this.google.idToken(impersonated.account, audience, true)) : refusal('identity token', impersonated);
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

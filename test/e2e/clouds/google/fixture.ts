import type { Applied, AppliedResource, HttpRequest, HttpResponse, Internet, RunningPod, Service } from '../../model';
import { forge, rsaKey, TestKey } from '../forgery';
import { ExistingGoogle, Google } from './index';

/** The time at which everything in these tests happens. */
export const NOW = 1_800_000_000;
export const WORLD = { googleProject: 'acme-apps', projectNumbers: { 'acme-apps': '123456789', 'acme-data': '987654321' } };
export const ISSUER = 'https://issuer.example.com/onprem';
export const POOL = 'projects/123456789/locations/global/workloadIdentityPools/oidc-onprem';
export const PROVIDER = `${POOL}/providers/oidc-onprem`;
export const AUDIENCE = `//iam.googleapis.com/${PROVIDER}`;
export const SUBJECT = 'system:serviceaccount:reports:reader';
export const PRINCIPAL = `principal://iam.googleapis.com/${POOL}/subject/${SUBJECT}`;
export const EMAIL = 'reader@acme-apps.iam.gserviceaccount.com';
export const UNIQUE_ID = '113475438248934895348';
export const KEY = rsaKey('key-1');

type Values = Readonly<Record<string, any>>;

export function resource(type: string, values: Values, account = 'acme-apps'): AppliedResource {
  return { stack: 'apps', address: `${type}.${values.id ?? 'Main'}`, type, data: false, account, values };
}

export function appliedOf(...resources: readonly AppliedResource[]): Applied {
  return { resources, outputs: {} };
}

/** A pool with one provider of the cluster's issuer, which admits the subject alone. */
export function pool(values: Values = {}, oidc: Values = {}): AppliedResource[] {
  return [
    resource('google_iam_workload_identity_pool', { name: POOL, disabled: null }),
    resource('google_iam_workload_identity_pool_provider', {
      name: PROVIDER, attribute_mapping: { 'google.subject': 'assertion.sub' }, attribute_condition: `assertion.sub in ['${SUBJECT}']`, disabled: null,
      oidc: [{ issuer_uri: ISSUER, allowed_audiences: null, jwks_json: null, ...oidc }], ...values,
    }),
  ];
}

export function serviceAccount(values: Values = {}): AppliedResource {
  return resource('google_service_account', {
    account_id: 'reader', project: 'acme-apps', email: EMAIL, unique_id: UNIQUE_ID, name: `projects/acme-apps/serviceAccounts/${EMAIL}`, disabled: null, ...values,
  });
}

export function accountMember(member: string, role = 'roles/iam.workloadIdentityUser'): AppliedResource {
  return resource('google_service_account_iam_member', { service_account_id: `projects/acme-apps/serviceAccounts/${EMAIL}`, role, member, condition: [] });
}

export function bucketMember(member: string, role = 'roles/storage.objectViewer'): AppliedResource {
  return resource('google_storage_bucket_iam_member', { bucket: 'b/acme-reports', role, member, condition: [] });
}

export function projectMember(member: string, role: string): AppliedResource {
  return resource('google_project_iam_member', { project: 'acme-apps', role, member, condition: [] });
}

/** What is there beside what tests apply. */
const EXISTING: ExistingGoogle = {
  serviceAccounts: ['existing@acme-apps.iam.gserviceaccount.com'], workloadPools: ['acme-apps.svc.id.goog', 'acme-data.svc.id.goog'], people: ['user:alex@example.com'],
};

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly pod?: RunningPod;
}

/** What clients of Google's ask for. */
const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';

/** A network in memory, on which the cluster's issuer stands. */
export class TestInternet implements Internet {
  private readonly services: { readonly host: string | RegExp; readonly service: Service }[] = [];

  public serve(host: string | RegExp, service: Service): void {
    this.services.push({ host, service });
  }

  public async fetch(
    { url, method = 'GET', headers = {}, body = '', pod }: Ask & { readonly url: string },
  ): Promise<HttpResponse> {
    const { hostname, pathname, search } = new URL(url);
    const found = this.services.find(({ host }) => typeof host === 'string' ? host === hostname : new RegExp(`^(?:${host.source})$`).test(hostname));
    if (found === undefined) throw new Error(`getaddrinfo ENOTFOUND ${hostname}`);
    const request: HttpRequest = { method, host: hostname, path: `${pathname}${search}`, headers, body, ...(pod === undefined ? {} : { pod }) };
    return found.service(request);
  }
}

/** Google with what is applied, and a cluster whose tokens it can verify. */
export class TestGoogle {
  public readonly internet = new TestInternet();
  public readonly google: Google;
  public now = NOW;

  public constructor(...resources: readonly AppliedResource[]) {
    this.internet.serve('issuer.example.com', ({ path }) => {
      const documents: Record<string, unknown> = {
        '/onprem/.well-known/openid-configuration': { issuer: ISSUER, jwks_uri: `${ISSUER}/openid/v1/jwks` },
        '/onprem/openid/v1/jwks': { keys: [KEY.jwk] },
      };
      return documents[path] === undefined ? { status: 404, body: '' } : { status: 200, body: JSON.stringify(documents[path]) };
    });
    const made = resources.some(({ type, values }) => type === 'google_storage_bucket' && values.name === 'acme-reports');
    const existing: ExistingGoogle = { ...EXISTING, buckets: { 'acme-plain': { project: 'acme-data' }, ...made ? {} : { 'acme-reports': { uniform: true } } } };
    this.google = new Google({ applied: appliedOf(...resources), internet: this.internet, clock: () => this.now, world: WORLD, existing });
  }

  /** What a service answers: the status, and the body as JSON where it is that. */
  public async ask(url: string, request: Ask = {}) {
    const { status, body, headers } = await this.internet.fetch({ url, ...request });
    return { status, headers: headers ?? {}, body: headers?.['content-type']?.startsWith('application/json') ? JSON.parse(body) : body };
  }

  /** The Security Token Service's answer to a client of Google's. */
  public async exchange(token: string, change: Readonly<Record<string, string>> = {}) {
    const body = new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', audience: AUDIENCE, scope: CLOUD_PLATFORM,
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token', subject_token: token, subject_token_type: 'urn:ietf:params:oauth:token-type:jwt', ...change,
    }).toString();
    return this.ask('https://sts.googleapis.com/v1/token', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
  }

  /** An access token for the subject itself. */
  public async federated(claims: Values = {}): Promise<string> {
    return (await this.exchange(tokenOf(claims))).body.access_token;
  }

  public async impersonate(accessToken: string | undefined, body: unknown = { scope: [CLOUD_PLATFORM] }, method = 'generateAccessToken', name = EMAIL) {
    return this.ask(`https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${name}:${method}`, {
      method: 'POST', headers: accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }, body: JSON.stringify(body),
    });
  }

  public async storage(path: string, accessToken?: string) {
    return this.ask(`https://storage.googleapis.com${path}`, { headers: accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` } });
  }
}

/** The claims of a token as the cluster issues it; a claim that is undefined is left out. */
export function claimsOf(change: Values = {}): Values {
  return {
    'aud': [AUDIENCE], 'exp': NOW + 3600, 'iat': NOW, 'iss': ISSUER, 'nbf': NOW, 'sub': SUBJECT,
    'kubernetes.io': { namespace: 'reports', pod: { name: 'reader', uid: 'a1' }, serviceaccount: { name: 'reader', uid: 'b2' } }, ...change,
  };
}

export function tokenOf(change: Values = {}, key: TestKey = KEY): string {
  return forge(key, claimsOf(change));
}

const GKE = {
  kind: 'gke', name: 'apps', issuer: 'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps',
  workloadPool: 'acme-apps.svc.id.goog', keys: [], issue: () => '',
} as const;

/** A pod of the GKE cluster with Google's own pool. */
export function podOf({ annotation, cluster = {} }: { readonly annotation?: string; readonly cluster?: Values } = {}): RunningPod {
  return {
    cluster: { ...GKE, ...cluster }, name: 'reader', namespace: 'reports', serviceAccount: 'reader',
    serviceAccountAnnotations: annotation === undefined ? {} : { 'iam.gke.io/gcp-service-account': annotation }, containers: new Map(),
  };
}

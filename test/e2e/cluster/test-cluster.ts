import { createHash, createPublicKey, generateKeyPairSync, KeyObject } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { forge, TestKey } from '../clouds/forgery';
import type { Clock, HttpResponse, Internet, IssuingCluster, TokenRequest } from '../model';

/** What a test says of a cluster. */
export interface TestClusterProps {
  readonly kind: IssuingCluster['kind'];
  readonly name: string;
  readonly issuer: string;
  readonly clock: Clock;
  /** The ARN of an EKS cluster: where the cluster is, and in whose account. */
  readonly arn?: string;
  /** `<project>.svc.id.goog` of a GKE cluster with Google's own pool. */
  readonly workloadPool?: string;
  /** What Azure's webhook takes where a ServiceAccount says no tenant: that of an AKS cluster, or of whoever installed it elsewhere. */
  readonly tenantId?: string;
  /** How often it has been made again under this name and issuer: with other keys. @default 0 */
  readonly incarnation?: number;
}

interface SigningKey extends TestKey {
  readonly kid: string;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/: "may not specify a duration less than 10 minutes". */
const SHORTEST = 600;
/** EKS issues no token for longer: https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html. */
const LONGEST_OF_EKS = 86400;
/** What a kubelet asks for where a pod takes the default token: https://github.com/kubernetes/kubernetes/blob/master/pkg/serviceaccount/claims.go. */
export const DEFAULT_TOKEN_SECONDS = 3607;
const DAY = 86400;

/** A key for each cluster and generation: making one costs more than a thousand signatures. */
const KEYS = new Map<string, SigningKey>();
/** The clusters that are published at one host of a network: GKE's issuers all stand at container.googleapis.com. */
const PUBLISHED = new WeakMap<Internet, Map<string, TestCluster[]>>();

/**
 * A cluster that issues tokens as a Kubernetes API server does, and serves the documents by which anybody can verify them:
 * https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#serviceaccount-issuer-discovery.
 */
export class TestCluster implements IssuingCluster {
  public readonly kind: IssuingCluster['kind'];
  public readonly name: string;
  public readonly issuer: string;
  public readonly arn?: string;
  public readonly workloadPool?: string;
  public readonly tenantId?: string;
  /** Since when its API server answers nobody: tokens stay as they are. */
  public downSince?: number;
  private readonly clock: Clock;
  private readonly incarnation: number;
  private generation = 0;
  private published: readonly SigningKey[];

  public constructor(props: TestClusterProps) {
    this.kind = props.kind;
    this.name = props.name;
    this.issuer = props.issuer;
    this.arn = props.arn;
    this.workloadPool = props.workloadPool;
    this.tenantId = props.tenantId;
    this.clock = props.clock;
    this.incarnation = props.incarnation ?? 0;
    this.published = [this.keyOf(0)];
  }

  /** The public keys as the key set has them, the signing one first. */
  public get keys(): readonly JsonWebKey[] {
    return this.published.map(({ jwk }) => jwk);
  }

  /** The key set as text: what is uploaded where no cloud can reach the cluster. */
  public get jwks(): string {
    return JSON.stringify({ keys: this.keys });
  }

  /** The public key that signs at present, as PEM. */
  public get publicKeyPem(): string {
    return this.current.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  }

  /** The key that signs at present: for attacks that know it. */
  public get key(): TestKey {
    return this.current;
  }

  /** The id of the key that signs at present. */
  public get kid(): string {
    return this.current.kid;
  }

  /** The AWS region of an EKS cluster. */
  public get region(): string | undefined {
    return this.kind === 'eks' ? this.arn?.split(':')[3] ?? /^https:\/\/oidc\.eks\.([a-z0-9-]+)\.amazonaws\./.exec(this.issuer)?.[1] : undefined;
  }

  /** The audience of a token that is asked for without one: that of the API server. */
  public get apiAudience(): string {
    // EKS names its API so (https://docs.aws.amazon.com/eks/latest/userguide/service-accounts.html); elsewhere it is the issuer, the default of --api-audiences.
    return this.kind === 'eks' ? 'https://kubernetes.default.svc' : this.issuer;
  }

  /** The URL of the key set, as each platform has it in its discovery document. */
  public get jwksUri(): string {
    const base = this.issuer.replace(/\/$/, '');
    return this.kind === 'eks' ? `${base}/keys` : this.kind === 'gke' ? `${base}/jwks` : `${base}/openid/v1/jwks`;
  }

  /** Signs with a new key from now on. The old one stays in the key set until it is retired. */
  public rotate(): void {
    this.generation += 1;
    this.published = [this.keyOf(this.generation), ...this.published];
  }

  /** Takes every key but the signing one out of the key set. */
  public retireOldKeys(): void {
    this.published = [this.current];
  }

  public issue(request: TokenRequest): string {
    return forge(this.key, this.claims(request), this.header());
  }

  /** The header of the tokens that the cluster issues at present. */
  public header(): Record<string, unknown> {
    return { alg: 'RS256', kid: this.kid };
  }

  /**
   * The claims of a token as the API server makes them: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens.
   * @throws Error for a lifetime that the API server refuses
   */
  public claims(request: TokenRequest): Record<string, unknown> {
    const { namespace, serviceAccount, audience, expirationSeconds = 3600, issuedAt = this.clock(), podName } = request;
    if (!Number.isInteger(expirationSeconds) || expirationSeconds < SHORTEST) {
      throw new Error(`TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: ${expirationSeconds}: may not specify a duration less than 10 minutes`);
    }
    const aud = typeof audience === 'string' ? [audience || this.apiAudience] : audience.length === 0 ? [this.apiAudience] : [...audience];
    // The API server lets a default token live on for clients that never read it again, and says from when on its use is late; 90 days on EKS:
    // https://docs.aws.amazon.com/eks/latest/userguide/service-accounts.html.
    const extended = expirationSeconds === DEFAULT_TOKEN_SECONDS && aud.length === 1 && aud[0] === this.apiAudience;
    const lives = extended ? (this.kind === 'eks' ? 90 * DAY : 365 * DAY) : this.kind === 'eks' ? Math.min(expirationSeconds, LONGEST_OF_EKS) : expirationSeconds;
    const node = `node-${digest(this.issuer, namespace, podName ?? '').slice(0, 8)}`;
    return {
      aud,
      'exp': issuedAt + lives,
      'iat': issuedAt,
      'iss': this.issuer,
      'jti': uid(this.issuer, 'token', namespace, serviceAccount, podName ?? '', aud.join('\n'), String(issuedAt), String(lives)),
      'kubernetes.io': {
        namespace,
        ...(podName === undefined ? {} : {
          node: { name: node, uid: uid(this.issuer, 'node', node) },
          pod: { name: podName, uid: this.uidOf('pod', namespace, podName) },
        }),
        serviceaccount: { name: serviceAccount, uid: this.uidOf('serviceaccount', namespace, serviceAccount) },
        ...(extended ? { warnafter: issuedAt + expirationSeconds } : {}),
      },
      'nbf': issuedAt,
      'sub': `system:serviceaccount:${namespace}:${serviceAccount}`,
    };
  }

  /** The id of an object of the cluster. */
  public uidOf(kind: string, namespace: string, name: string): string {
    return uid(this.issuer, kind, namespace, name);
  }

  /** The discovery document: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata. */
  public get discoveryDocument(): Readonly<Record<string, unknown>> {
    return {
      issuer: this.issuer,
      jwks_uri: this.jwksUri,
      ...(this.kind === 'eks' ? { authorization_endpoint: 'urn:kubernetes:programmatic_authorization', claims_supported: ['sub', 'iss'] } : {}),
      ...(this.kind === 'gke' ? { claims_supported: ['iss', 'sub', 'kubernetes.io'], grant_types: ['urn:kubernetes:grant_type:programmatic_authorization'] } : {}),
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    };
  }

  /** Lets everybody ask for the discovery document and the keys at the issuer's URLs, in the place of an earlier cluster of this issuer. */
  public publish(internet: Internet): void {
    const { host } = new URL(this.issuer);
    const hosts = PUBLISHED.get(internet) ?? new Map<string, TestCluster[]>();
    PUBLISHED.set(internet, hosts);
    const clusters = hosts.get(host);
    if (clusters !== undefined) {
      const earlier = clusters.findIndex(({ issuer }) => issuer === this.issuer);
      clusters.splice(earlier < 0 ? clusters.length : earlier, 1, this);
      return;
    }
    const here: TestCluster[] = [this];
    hosts.set(host, here);
    internet.serve(host, request => here.map(cluster => cluster.answer(request.method, request.path)).find(answer => answer !== undefined)
      ?? { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' });
  }

  private answer(method: string, path: string): HttpResponse | undefined {
    // OpenID Connect Discovery 1.0, section 4: a slash at the end of the issuer is left out before the well-known path.
    const document = new URL(`${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`).pathname;
    const body = path === document ? JSON.stringify(this.discoveryDocument) : path === new URL(this.jwksUri).pathname ? this.jwks : undefined;
    if (body === undefined) return undefined;
    return method === 'GET' ? { status: 200, headers: { 'content-type': path === document ? 'application/json' : 'application/jwk-set+json' }, body } : { status: 405, body: '' };
  }

  private get current(): SigningKey {
    return this.published[0]!;
  }

  private keyOf(generation: number): SigningKey {
    const id = JSON.stringify([this.kind, this.name, this.issuer, this.incarnation, generation]);
    const known = KEYS.get(id);
    if (known !== undefined) return known;
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const kid = kidOf(publicKey);
    const { kty, n, e } = publicKey.export({ format: 'jwk' });
    const made = { kid, privateKey, publicKey, jwk: { use: 'sig', kty, kid, alg: 'RS256', n, e } };
    KEYS.set(id, made);
    return made;
  }
}

/** The id that Kubernetes gives a signing key: SHA-256 of the public key's DER, in base64url: https://github.com/kubernetes/kubernetes/blob/master/pkg/serviceaccount/jwt.go. */
export function kidOf(publicKey: KeyObject): string {
  const key = publicKey.type === 'private' ? createPublicKey(publicKey) : publicKey;
  return createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('base64url');
}

/** The name of an object of a cluster made shorter: the same for the same parts. */
export function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** An id in the form of a random UUID, the same for the same parts. */
export function uid(...parts: readonly string[]): string {
  const hex = digest(...parts);
  const variant = (8 + parseInt(hex[16]!, 16) % 4).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

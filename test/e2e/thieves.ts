import { forge, rsaKey } from './clouds/forgery';
import { Google } from './clouds/google';
import { GOOGLE_ISSUER, idToken } from './clouds/google/id-tokens';
import { TestCluster } from './cluster';
import { RunningPod } from './model';

/** Whom a pod runs as. */
export interface Who {
  readonly cluster: TestCluster;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** A token in a file of a pod, as it is. */
interface Held {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, any>>;
}

const decoded = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());

function heldIn(content: string): Held | undefined {
  const parts = content.trim().split('.');
  const isToken = parts.length === 3 && parts.every(part => /^[A-Za-z0-9_-]+$/.test(part));
  return isToken ? { header: decoded(parts[0]!), claims: decoded(parts[1]!) } : undefined;
}

/** The pod with other tokens in the places of its own; a file whose token cannot be had is not there. */
export function withTokens<Pod extends RunningPod>(pod: Pod, replace: (held: Held) => string | undefined): Pod {
  const containers = [...pod.containers].map(([name, { env, files }]) => {
    const other = [...files].map(([path, content]): [string, string | undefined] => {
      const held = heldIn(content);
      return [path, held === undefined ? content : replace(held)];
    });
    return [name, { env, files: new Map(other.filter((entry): entry is [string, string] => entry[1] !== undefined)) }] as const;
  });
  return { ...pod, containers: new Map(containers) };
}

/** The audiences of the tokens that a container holds for clouds, in the order of their texts. */
export function audiencesIn(pod: RunningPod, container: string): readonly string[] {
  const files = [...pod.containers.get(container)!.files].filter(([path]) => !path.startsWith(OF_THE_API));
  return files.flatMap(([, content]) => heldIn(content)?.claims.aud ?? []).sort();
}

/** The token for the cluster's own API, which no cloud is asked with. */
const OF_THE_API = '/var/run/secrets/kubernetes.io/serviceaccount/';

/** Whether a pod holds a token for a cloud: those that a metadata server knows have none. */
export function holdsToken(pod: RunningPod): boolean {
  const files = [...pod.containers.values()].flatMap(container => [...container.files]);
  return files.some(([path, content]) => !path.startsWith(OF_THE_API) && heldIn(content) !== undefined);
}

/**
 * A pod of somebody else with everything that this one has, its variables, files and annotations: but the tokens are its own. Where it is not let into the
 * account of Google, it has no ID token, or one of an account that is its own.
 */
export function stolenBy(pod: RunningPod, who: Who, google: Google, own?: string): RunningPod {
  const thief = { ...pod, ...who };
  return withTokens(thief, ({ claims }) => claims.iss === GOOGLE_ISSUER
    ? idTokenOf(thief, claims.aud, google) ?? (own === undefined ? undefined : google.idToken(google.accounts.find(own)!, claims.aud, false))
    : who.cluster.issue({ ...who, audience: claims.aud, podName: pod.name }));
}

/** What the metadata server gives a pod, where the account of its annotation lets it in. */
function idTokenOf(pod: RunningPod, audience: string, google: Google): string | undefined {
  const identity = google.podIdentity(pod);
  const email = pod.serviceAccountAnnotations['iam.gke.io/gcp-service-account'];
  const account = email === undefined ? undefined : google.accounts.find(email);
  const allowed = identity !== undefined && account !== undefined && google.impersonate({ identity, serviceAccount: account.email, credential: 'ID token' }).ok;
  return allowed ? google.idToken(account, audience, false) : undefined;
}

/** The pod with tokens of its own service account that were asked for in another way. */
export function withOther(pod: RunningPod, { cluster, google, audience, issuedAt }: {
  readonly cluster: TestCluster; readonly google: Google; readonly audience?: string; readonly issuedAt?: number;
}): RunningPod {
  const { namespace, serviceAccount } = pod;
  return withTokens(pod, ({ claims }) => claims.iss === GOOGLE_ISSUER
    ? idToken(google.accounts.find(claims.sub)!, audience ?? claims.aud, false, () => issuedAt ?? claims.iat)
    : cluster.issue({ namespace, serviceAccount, audience: audience ?? claims.aud, podName: pod.name, issuedAt }));
}

/** The pod with the same claims, signed with a key that no issuer has published, and said to be signed with the issuer's. */
export function withForgeries(pod: RunningPod): RunningPod {
  return withTokens(pod, ({ header, claims }) => forge(KEY_OF_AN_ATTACKER, claims, header));
}

const KEY_OF_AN_ATTACKER = rsaKey('attacker');

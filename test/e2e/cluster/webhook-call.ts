import { Duplex } from 'node:stream';
import { connect, createSecureContext, SecureContext, TLSSocket } from 'node:tls';
import { Admission } from './admission-request';
import { Account, AccessRequest, forbidden, isAllowed } from './authorizer';
import { GTOKEN_DEFAULTS, mutateByGtoken } from './gtoken-webhook';
import { objectOf } from './objects';
import { KubernetesError } from './refusal';
import type { RunningPod } from '../model';

/** Why the API server gets no answer of a webhook. */
class CallFailure extends Error {}

/** The server of gtoken's webhook, as it listens. */
interface Server {
  readonly port: number;
  /** Undefined where it speaks HTTP. */
  readonly tls?: SecureContext;
  readonly account: Account;
  readonly answer: (path: string, admission: Admission) => void;
}

/**
 * Asks a webhook that stands in a configuration: by its Service, at a pod that is ready, over TLS, as the name of the Service, by the authority of the configuration.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/
 */
export async function callWebhook(admission: Admission, { name, clientConfig: { service, url, caBundle }, failurePolicy = 'Fail', timeoutSeconds = 10 }: any): Promise<void> {
  if (service === undefined) throw new Error(`${name}: a webhook at ${url} is not known here`);
  const { path = '/', port = 443 } = service;
  const host = `${service.name}.${service.namespace}.svc`;
  try {
    const server = await serverOf(admission, service.name, service.namespace, port);
    const call = `Post "https://${host}:${port}${path}?timeout=${timeoutSeconds}s"`;
    const fail = (message: string) => new CallFailure(`failed to call webhook: ${call}: ${message}`);
    if (server.tls === undefined) throw fail('http: server gave HTTP response to HTTPS client');
    const refused = await handshake(server.tls, host, caBundle);
    if (refused !== undefined) throw fail(`tls: failed to verify certificate: ${refused}`);
    try {
      server.answer(path, admission);
    } catch (error) {
      // The server ends itself where the API server refuses it what it asks for.
      throw error instanceof KubernetesError && error.reason === 'Forbidden' ? fail('EOF') : error;
    }
  } catch (error) {
    if (!(error instanceof CallFailure)) throw error;
    if (failurePolicy !== 'Ignore') throw new KubernetesError('InternalError', `Internal error occurred: failed calling webhook "${name}": ${error.message}`);
  }
}

async function serverOf(admission: Admission, name: string, namespace: string, port: number): Promise<Server> {
  const { objects } = admission;
  const service = objects.all('Service').find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  if (service === undefined) throw new CallFailure(`failed to call webhook: service "${name}" not found`);
  const target = (service.spec.ports as any[] ?? []).find(each => each.port === port);
  if (target === undefined) throw new CallFailure(`failed to call webhook: no service port ${port} found for service "${name}"`);
  const selector = Object.entries<string>(service.spec.selector ?? {});
  for (const resource of objects.resources('Deployment')) {
    const { metadata, spec: { replicas = 1, template } } = objectOf(resource);
    const labels = template.metadata?.labels ?? {};
    const isMeant = selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
    if (metadata.namespace !== namespace || replicas === 0 || !isMeant) continue;
    const started = await admission.serving(resource)?.catch((error: unknown) => {
      if (!(error instanceof KubernetesError)) throw error;
    });
    const [container] = template.spec.containers;
    const server = started === undefined ? undefined : listening(started, container);
    const wanted = target.targetPort ?? port;
    const number = typeof wanted === 'string' ? container.ports?.find((each: any) => each.name === wanted)?.containerPort : wanted;
    if (server !== undefined && server.port === number && isReady(server, container)) return server;
  }
  throw new CallFailure(`failed to call webhook: Post "https://${name}.${namespace}.svc:${port}": dial tcp: connect: connection refused`);
}

/**
 * What a container of gtoken's webhook serves; nothing where the program ends itself: https://github.com/doitintl/gtoken/blob/master/cmd/gtoken-webhook/main.go.
 */
function listening(pod: RunningPod, { name, image, command, args = [] }: any): Server | undefined {
  if (command !== undefined || !/(?:^|\/)gtoken-webhook[:@]/.test(image)) throw new Error(`what ${image} does as a webhook is not known here`);
  const { files } = pod.containers.get(name)!;
  const at = args.indexOf('server');
  const flags = new Map((args.slice(at + 1) as string[]).map(word => (/^--?([a-z-]+)=(.*)$/s.exec(word)?.slice(1) ?? [word, '']) as [string, string]));
  const known = new Set(['listen-address', 'tls-cert-file', 'tls-private-key-file', 'image', 'pull-policy', 'volume-name', 'volume-path', 'token-file']);
  // Its client of the API needs a token.
  if (at < 0 || ![...flags.keys()].every(flag => known.has(flag)) || !files.has('/var/run/secrets/kubernetes.io/serviceaccount/token')) return undefined;
  const [cert, key] = ['tls-cert-file', 'tls-private-key-file'].map(flag => flags.get(flag)) as [string | undefined, string | undefined];
  const account = { namespace: pod.namespace, name: pod.serviceAccount };
  const options = {
    volumeName: flags.get('volume-name') ?? GTOKEN_DEFAULTS.volumeName, volumePath: flags.get('volume-path') ?? GTOKEN_DEFAULTS.volumePath, tokenFile: flags.get('token-file') ?? GTOKEN_DEFAULTS.tokenFile,
  };
  const answer = (path: string, admission: Admission) => {
    if (path === '/healthz') throw new CallFailure('failed to call webhook: converting (v1.AdmissionReview): EOF');
    if (path !== '/pods') throw new CallFailure('failed to call webhook: the server could not find the requested resource');
    const { objects, pod: { namespace, serviceAccountName } } = admission;
    const request: AccessRequest = { verb: 'get', resource: 'serviceaccounts', namespace, name: serviceAccountName };
    if (!isAllowed(objects, account, request)) throw forbidden(account, request);
    mutateByGtoken(admission, options);
  };
  const port = Number((flags.get('listen-address') ?? ':8443').split(':').at(-1));
  if (!cert && !key) return { port, account, answer };
  const [certificate, privateKey] = [cert, key].map(path => files.get(path ?? ''));
  if (certificate === undefined || privateKey === undefined) return undefined;
  try {
    return { port, account, answer, tls: createSecureContext({ cert: certificate, key: privateKey }) };
  } catch {
    // As where the key is that of another certificate.
    return undefined;
  }
}

/** Who verifies no certificate: https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#http-probes. */
function isReady({ port, tls }: Server, { ports = [], readinessProbe, livenessProbe }: any): boolean {
  return [readinessProbe, livenessProbe].every(probe => {
    const get = probe?.httpGet;
    if (get === undefined) return true;
    const number = Number(ports.find((each: any) => each.name === get.port)?.containerPort ?? get.port);
    return number === port && ['/healthz', '/metrics'].includes(get.path ?? '/') && (get.scheme ?? 'HTTP') === (tls === undefined ? 'HTTP' : 'HTTPS');
  });
}

/** What a client finds wrong with the certificate of a server; nothing where it trusts it. Without an authority it is the system's that are asked. */
async function handshake(secureContext: SecureContext, servername: string, ca: string | undefined): Promise<string | undefined> {
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) return 'unable to parse bytes as PEM block';
  const [near, far] = wire();
  const server = new TLSSocket(far, { isServer: true, secureContext });
  server.on('error', () => undefined);
  const client = connect({
    socket: near, servername, ca,
    // Unlike Node.js, Go asks no common name: https://pkg.go.dev/crypto/x509#Certificate.VerifyHostname.
    checkServerIdentity: (host, { subjectaltname: names = '' }) => names.split(', ').includes(`DNS:${host}`) ? undefined : new Error(`x509: certificate is not valid for ${host}`),
  });
  try {
    return await new Promise(resolve => {
      client.once('secureConnect', () => resolve(undefined));
      client.once('error', ({ message, code }: NodeJS.ErrnoException) => resolve(code ?? message));
    });
  } finally {
    client.destroy();
    server.destroy();
  }
}

/** Two ends of a connection. */
function wire(): readonly [Duplex, Duplex] {
  const ends = [0, 1].map(own => new Duplex({
    read: () => undefined,
    write: (chunk, _encoding, done) => {
      ends[1 - own]!.push(chunk);
      done();
    },
  })) as [Duplex, Duplex];
  return ends;
}

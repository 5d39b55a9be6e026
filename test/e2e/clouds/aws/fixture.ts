import type { AppliedResource, HttpRequest, HttpResponse, Internet, IssuingCluster, RunningPod, Service } from '../../model';
import { forge, rsaKey } from '../forgery';
import type { TestKey } from '../forgery';
import { Aws } from './index';
import type { AwsOptions } from './index';

export const ACCOUNT = '123456789012';
export const OTHER_ACCOUNT = '210987654321';
export const NOW = 1_800_000_000;
export const EKS = 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';
/** The slash at the end is part of the issuer. */
export const AKS = 'https://westeurope.oic.prod-aks.azure.com/0b1f6471-1bf0-4dda-aec3-cb9272f09590/3f6a1c52-9d0e-4a7b-8c15-2e4d6b8f0a91/';
export const GOOGLE = 'https://accounts.google.com';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/reader`;
export const SUB = 'system:serviceaccount:reports:reader';

const KEYS = new Map<string, TestKey>();

/** The key of an issuer, made once. */
export function keyOf(issuer: string): TestKey {
  const key = KEYS.get(issuer) ?? rsaKey(`kid-of-${issuer}`);
  KEYS.set(issuer, key);
  return key;
}

/** A token as the issuer's API server projects it, with some claims otherwise; undefined leaves one out. */
export function token(issuer: string, claims: Readonly<Record<string, unknown>> = {}, header?: unknown, key = keyOf(issuer)): string {
  const usual = { iss: issuer, sub: SUB, aud: ['sts.amazonaws.com'], iat: NOW - 10, nbf: NOW - 10, exp: NOW + 3590 };
  return forge(key, { ...usual, ...claims }, header);
}

/** Hosts in memory. */
export class MemoryInternet implements Internet {
  private readonly services: { readonly host: string | RegExp; readonly service: Service }[] = [];

  serve(host: string | RegExp, service: Service): void {
    this.services.unshift({ host, service });
  }

  /** Everything about a request, as it comes from a socket. */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const found = this.services.find(({ host }) => typeof host === 'string' ? host === request.host : new RegExp(`^(?:${host.source})$`).test(request.host));
    if (found === undefined) throw new Error(`getaddrinfo ENOTFOUND ${request.host}`);
    return found.service(request);
  }

  async fetch({ url, method = 'GET', headers = {}, body = '' }: Parameters<Internet['fetch']>[0]): Promise<HttpResponse> {
    const { hostname, pathname, search } = new URL(url);
    return this.send({ method, host: hostname, path: `${pathname}${search}`, headers: { ...headers, host: hostname }, body });
  }

  /** Lets an issuer publish its document and its key. */
  publish(issuer: string): void {
    const { hostname, pathname } = new URL(issuer);
    const base = pathname.replace(/\/$/, '');
    this.serve(hostname, ({ path }) => {
      if (path === `${base}/.well-known/openid-configuration`) return { status: 200, body: JSON.stringify({ issuer, jwks_uri: `https://${hostname}${base}/keys` }) };
      return path === `${base}/keys` ? { status: 200, body: JSON.stringify({ keys: [keyOf(issuer).jwk] }) } : { status: 404, body: '' };
    });
  }
}

type Values = Readonly<Record<string, unknown>>;

/** A resource of a test. */
export function resource(type: string, values: Values, account = ACCOUNT): AppliedResource {
  return { stack: 'test', address: `${type}.${String(values.name ?? values.url ?? 'it').replace(/\W/g, '-')}`, type, data: false, account, values };
}

export function provider(issuer: string, account = ACCOUNT, clientIds: readonly string[] = ['sts.amazonaws.com']): AppliedResource {
  return resource('aws_iam_openid_connect_provider', { url: issuer, client_id_list: clientIds }, account);
}

export function role(name: string, statements: object | readonly object[], values: Values = {}, account = ACCOUNT): AppliedResource {
  const path = (values.path as string | undefined) ?? '/';
  return resource('aws_iam_role', {
    name, path, arn: `arn:aws:iam::${account}:role${path}${name}`, assume_role_policy: policy(statements), max_session_duration: 3600, ...values,
  }, account);
}

export function policy(statements: object | readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** The statement that trusts one service account of an issuer. */
export function trusts(issuer: string, account = ACCOUNT, { sub = SUB, aud = 'sts.amazonaws.com' } = {}): object {
  const name = issuer.replace('https://', '');
  return {
    Effect: 'Allow',
    Action: 'sts:AssumeRoleWithWebIdentity',
    Principal: { Federated: `arn:aws:iam::${account}:oidc-provider/${name}` },
    Condition: { StringEquals: { [`${name}:aud`]: aud, [`${name}:sub`]: sub } },
  };
}

export const READ_S3 = { policy_arn: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess' };

/** What is there beside what tests apply. */
const EXISTING = [
  ACCOUNT, OTHER_ACCOUNT,
  ...[`eu-west-1:${ACCOUNT}:cluster/apps`, `eu-west-1:${ACCOUNT}:cluster/apps2`, `us-east-1:${ACCOUNT}:cluster/apps`, `eu-west-1:${OTHER_ACCOUNT}:cluster/apps`].map(name => `arn:aws:eks:${name}`),
];

interface Standing {
  readonly aws: Aws;
  readonly internet: MemoryInternet;
}

/** AWS with these resources, on a network where the issuers are. */
export function aws(resources: readonly AppliedResource[], options: Partial<AwsOptions> = {}): Standing {
  const internet = new MemoryInternet();
  for (const issuer of [EKS, AKS]) internet.publish(issuer);
  internet.serve('www.googleapis.com', ({ path }) => path === '/oauth2/v3/certs'
    ? { status: 200, body: JSON.stringify({ keys: [keyOf(GOOGLE).jwk] }) }
    : { status: 404, body: '' });
  return { internet, aws: new Aws({ applied: { resources, outputs: {} }, internet, clock: () => NOW, existing: EXISTING, ...options }) };
}

/** An EKS cluster whose tokens are made by tests, and a pod in it. */
export function eksPod(name = 'apps', issuer = EKS): RunningPod {
  const cluster: IssuingCluster = {
    kind: 'eks', name, issuer, arn: `arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/${name}`, keys: [keyOf(issuer).jwk], issue: () => { throw new Error('Not here.'); },
  };
  return { cluster, name: 'reader-1', namespace: 'reports', serviceAccount: 'reader', serviceAccountAnnotations: {}, containers: new Map() };
}

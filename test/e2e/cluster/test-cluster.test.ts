import { createHash, createPublicKey } from 'node:crypto';
import { TestCluster, testClusters } from './index';
import { AKS_ISSUER, EKS_ISSUER, GKE_ISSUER, OIDC_ISSUER } from '../../clusters';
import { discoverKeys } from '../clouds/discovery';
import { verifyJws } from '../clouds/jws';
import { LoopbackInternet } from '../network/internet';

const NOW = 1_800_000_000;
const clock = () => NOW;
const parts = (token: string) => token.split('.').slice(0, 2).map(part => JSON.parse(Buffer.from(part, 'base64url').toString()) as any);

function published() {
  const clusters = testClusters(clock);
  const internet = new LoopbackInternet();
  for (const cluster of [clusters.eks, clusters.gke, clusters.aks, clusters.oidc]) cluster.publish(internet);
  return { ...clusters, internet };
}

const { eks, gke, aks, oidc, oidcWithKeys, internet } = published();
const get = async (url: string) => {
  const { status, headers, body } = await internet.fetch({ url });
  return { status, type: headers?.['content-type'], body: body.startsWith('{') ? JSON.parse(body) as unknown : body };
};

describe('tokens', () => {
  test('are those that the API server projects into a pod', () => {
    const [header, claims] = parts(oidc.issue({ namespace: 'reports', serviceAccount: 'reader', audience: 'sts.amazonaws.com', podName: 'reader-0' }));
    expect(header).toEqual({ alg: 'RS256', kid: oidc.keys[0]!.kid });
    expect(claims).toEqual({
      'aud': ['sts.amazonaws.com'],
      'exp': NOW + 3600,
      'iat': NOW,
      'iss': OIDC_ISSUER,
      'jti': expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      'kubernetes.io': {
        namespace: 'reports',
        node: { name: expect.stringMatching(/^node-[0-9a-f]{8}$/), uid: expect.any(String) },
        pod: { name: 'reader-0', uid: oidc.uidOf('pod', 'reports', 'reader-0') },
        serviceaccount: { name: 'reader', uid: oidc.uidOf('serviceaccount', 'reports', 'reader') },
      },
      'nbf': NOW,
      'sub': 'system:serviceaccount:reports:reader',
    });
  });

  test('without a pod name none', () => {
    const claims = oidc.claims({ namespace: 'reports', serviceAccount: 'reader', audience: ['a', 'b'], expirationSeconds: 600, issuedAt: 7 });
    expect(claims).toEqual(expect.objectContaining({ aud: ['a', 'b'], exp: 607, iat: 7, nbf: 7 }));
    expect(Object.keys(claims['kubernetes.io'] as object)).toEqual(['namespace', 'serviceaccount']);
  });

  test('for the API server itself live longer than was asked for, and say from when that is late', () => {
    const claims = (cluster: TestCluster) => {
      const { aud, exp, 'kubernetes.io': { warnafter } } = cluster.claims({ namespace: 'a', serviceAccount: 'b', audience: '', expirationSeconds: 3607 }) as any;
      return { aud, days: (exp - NOW) / 86400, warnafter };
    };
    expect(claims(eks)).toEqual({ aud: ['https://kubernetes.default.svc'], days: 90, warnafter: NOW + 3607 });
    expect(claims(gke)).toEqual({ aud: [GKE_ISSUER], days: 365, warnafter: NOW + 3607 });
    expect(gke.claims({ namespace: 'a', serviceAccount: 'b', audience: 'other', expirationSeconds: 3607 }).exp).toBe(NOW + 3607);
  });

  test('live a day at most on EKS', () => {
    const lifetime = (cluster: TestCluster) => Number(cluster.claims({ namespace: 'a', serviceAccount: 'b', audience: 'c', expirationSeconds: 172800 }).exp) - NOW;
    expect([lifetime(eks), lifetime(oidc)]).toEqual([86400, 172800]);
  });

  test.each([599, 0, -1, 600.5, NaN])('refuses a lifetime of %p seconds', expirationSeconds => {
    expect(() => oidc.issue({ namespace: 'a', serviceAccount: 'b', audience: 'c', expirationSeconds })).toThrow(new Error(
      `TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: ${expirationSeconds}: may not specify a duration less than 10 minutes`));
  });
});

describe('the documents of an issuer', () => {
  const ofAll = { response_types_supported: ['id_token'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] };
  test.each([
    ['EKS', eks, EKS_ISSUER, `${EKS_ISSUER}/keys`, { authorization_endpoint: 'urn:kubernetes:programmatic_authorization', claims_supported: ['sub', 'iss'] }],
    ['GKE', gke, GKE_ISSUER, `${GKE_ISSUER}/jwks`, {
      claims_supported: ['iss', 'sub', 'kubernetes.io'], grant_types: ['urn:kubernetes:grant_type:programmatic_authorization'],
    }],
    ['AKS, whose issuer ends in a slash', aks, AKS_ISSUER.slice(0, -1), `${AKS_ISSUER}openid/v1/jwks`, {}],
    ['any cluster', oidc, OIDC_ISSUER, `${OIDC_ISSUER}/openid/v1/jwks`, {}],
  ])('of %s stand at its URLs', async (_, cluster, base, jwksUri, more) => {
    expect(await get(`${base}/.well-known/openid-configuration`)).toEqual({
      status: 200, type: 'application/json', body: { issuer: cluster.issuer, jwks_uri: jwksUri, ...more, ...ofAll },
    });
    expect(await get(jwksUri)).toEqual({ status: 200, type: 'application/jwk-set+json', body: { keys: [{ use: 'sig', kty: 'RSA', kid: cluster.kid, alg: 'RS256', n: expect.any(String), e: 'AQAB' }] } });
  });

  test('verify its tokens', async () => {
    for (const cluster of [eks, gke, aks, oidc]) {
      const token = cluster.issue({ namespace: 'reports', serviceAccount: 'reader', audience: 'x' });
      const { claims } = await verifyJws(token, issuer => discoverKeys(internet, issuer));
      expect(claims).toEqual(cluster.claims({ namespace: 'reports', serviceAccount: 'reader', audience: 'x' }));
    }
  });

  test('refuses: nothing else is there, and nothing of a cluster that the clouds cannot reach', async () => {
    expect(await get(`${GKE_ISSUER}/keys`)).toEqual({ status: 404, type: 'text/plain', body: '404 page not found\n' });
    expect((await internet.fetch({ url: `${GKE_ISSUER}/jwks`, method: 'POST' })).status).toBe(405);
    await expect(get(`${oidcWithKeys.issuer}/.well-known/openid-configuration`)).rejects.toThrow('getaddrinfo ENOTFOUND kubernetes.default.svc.cluster.local');
  });

  test('of several clusters stand at one host', async () => {
    const other = new TestCluster({ kind: 'gke', name: 'other', issuer: GKE_ISSUER.replace(/apps$/, 'other'), clock });
    other.publish(internet);
    const kids = await Promise.all([gke, other].map(async cluster => (await discoverKeys(internet, cluster.issuer)).map(({ kid }) => kid)));
    expect(kids).toEqual([[gke.kid], [other.kid]]);
    expect(gke.kid).not.toBe(other.kid);
  });
});

test('a cluster that was made again answers at the same URLs with other keys', async () => {
  const issuer = 'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/again';
  const [first, second] = [0, 1].map(incarnation => new TestCluster({ kind: 'gke', name: 'again', issuer, clock, incarnation })) as [TestCluster, TestCluster];
  first.publish(internet);
  expect((await discoverKeys(internet, issuer)).map(({ kid }) => kid)).toEqual([first.kid]);
  second.publish(internet);
  expect((await discoverKeys(internet, issuer)).map(({ kid }) => kid)).toEqual([second.kid]);
  expect(first.kid).not.toBe(second.kid);
  expect((await discoverKeys(internet, GKE_ISSUER)).map(({ kid }) => kid)).toEqual([gke.kid]);
});

describe('keys', () => {
  test('are named by the digest of their DER, and made once for each cluster', () => {
    const key = createPublicKey({ format: 'jwk', key: oidc.keys[0]! });
    expect(oidc.kid).toBe(createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('base64url'));
    expect(testClusters(clock).oidc.keys).toEqual(oidc.keys);
    expect(new Set([eks, gke, aks, oidc, oidcWithKeys].map(({ kid }) => kid)).size).toBe(5);
    expect(JSON.parse(oidcWithKeys.jwks)).toEqual({ keys: oidcWithKeys.keys });
    expect(oidc.jwks).not.toMatch(/"(?:d|p|q)":/);
  });

  test('are rotated: the old one is published until it is retired', async () => {
    const cluster = new TestCluster({ kind: 'oidc', name: 'rotating', issuer: 'https://rotating.example.com', clock });
    cluster.publish(internet);
    const request = { namespace: 'a', serviceAccount: 'b', audience: 'c' };
    const keysFor = (issuer: string) => discoverKeys(internet, issuer);
    const verified = (token: string) => verifyJws(token, keysFor).then(({ header }) => header.kid, (error: Error) => error.message);
    const [before, old] = [cluster.issue(request), cluster.kid];
    cluster.rotate();
    const after = cluster.issue(request);
    expect(cluster.kid).not.toBe(old);
    expect([await verified(before), await verified(after)]).toEqual([old, cluster.kid]);
    cluster.retireOldKeys();
    expect([await verified(before), await verified(after)]).toEqual([`The issuer has no key "${old}".`, cluster.kid]);
  });
});

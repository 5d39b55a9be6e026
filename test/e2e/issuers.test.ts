import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TerraformStack, TerraformVariable } from 'cdktf';
import { Cluster, ClusterOidcProvider, GcsHostedIssuer, IssuerKeys, S3HostedIssuer, Workload } from 'cdktf-workload-federation';
import { AzureBlobHostedIssuer } from 'cdktf-workload-federation/azure';
import { stackIn } from '../synth';
import { describeOnTerraform } from '../terraform';
import { ecKey, forge, SIGNINGS } from './clouds/forgery';
import { startPod, TestCluster } from './cluster';
import { kidOf } from './cluster/test-cluster';
import { count, figure } from './figures';
import { Applied, AppliedResource, RunningPod } from './model';
import { Clients } from './network/clients';
import { LoopbackInternet } from './network/internet';
import { PublicBuckets } from './public-buckets';
import { appStacks, ShadowState, shadowApply, Stack } from './shadow';
import { Stage } from './stage';
import { stolenBy, withTokens } from './thieves';
import { identitiesIn, letIn, Logins, Said } from './three-clouds';
import { WORLD } from './world';

/** Where an issuer is hosted, and what is there: the construct, its issuer, and how the objects are called and hold their content. */
interface Host {
  readonly issuer: string;
  readonly create: (stack: TerraformStack, keys: IssuerKeys) => S3HostedIssuer | GcsHostedIssuer | AzureBlobHostedIssuer;
  readonly object: string;
  readonly content: 'content' | 'source_content';
  readonly name: 'key' | 'name';
  /** Ways to make the documents nobody's to read. */
  readonly hidden: Readonly<Record<string, (resource: AppliedResource) => object | 'gone' | undefined>>;
}

const ofKind = (type: string, change: (values: any) => object | 'gone') => (resource: AppliedResource) => resource.type === type ? change(resource.values) : undefined;

const HOSTS = {
  'Amazon S3': {
    issuer: 'https://acme-oidc.s3.eu-west-1.amazonaws.com',
    create: (stack, keys) => new S3HostedIssuer(stack, 'Issuer', { bucketName: 'acme-oidc', region: 'eu-west-1', ...keys }),
    object: 'aws_s3_object', content: 'content', name: 'key',
    hidden: {
      'there is no policy': ofKind('aws_s3_bucket_policy', () => 'gone'),
      'the policy is for an account': ofKind('aws_s3_bucket_policy', ({ policy }) => ({ policy: policy.replace('"*"', '{"AWS":"123456789012"}') })),
      'the policy is for another object': ofKind('aws_s3_bucket_policy', ({ policy }) => ({ policy: policy.replaceAll('/openid/', '/other/') })),
      'nobody has switched Block Public Access off': ofKind('aws_s3_bucket_public_access_block', () => 'gone'),
      'public policies are blocked': ofKind('aws_s3_bucket_public_access_block', () => ({ block_public_policy: true })),
      'public buckets are restricted': ofKind('aws_s3_bucket_public_access_block', () => ({ restrict_public_buckets: true })),
      'the bucket is in another region': ofKind('aws_s3_bucket', () => ({ region: 'eu-central-1' })),
    },
  },
  'Cloud Storage': {
    issuer: 'https://storage.googleapis.com/acme-oidc',
    create: (stack, keys) => new GcsHostedIssuer(stack, 'Issuer', { bucketName: 'acme-oidc', location: 'EU', ...keys }),
    object: 'google_storage_bucket_object', content: 'content', name: 'name',
    hidden: {
      'nobody is a reader': resource => resource.type === 'google_storage_bucket_iam_member' && resource.values.member === 'allUsers' ? 'gone' : undefined,
      'everybody who is signed in is a reader': resource => resource.type === 'google_storage_bucket_iam_member' && resource.values.member === 'allUsers'
        ? { member: 'allAuthenticatedUsers' } : undefined,
      'public access is prevented': ofKind('google_storage_bucket', () => ({ public_access_prevention: 'enforced' })),
    },
  },
  'Blob Storage': {
    issuer: 'https://acmeoidc.blob.core.windows.net/oidc',
    create: (stack, keys) => new AzureBlobHostedIssuer(stack, 'Issuer', { storageAccountName: 'acmeoidc', resourceGroupName: 'acme', location: 'westeurope', ...keys }),
    object: 'azurerm_storage_blob', content: 'source_content', name: 'name',
    hidden: {
      'the container is private': ofKind('azurerm_storage_container', () => ({ container_access_type: 'private' })),
      'the account lets no container be public': ofKind('azurerm_storage_account', () => ({ allow_nested_items_to_be_public: false })),
    },
  },
} satisfies Record<string, Host>;

type HostName = keyof typeof HOSTS;
const HOST_NAMES = Object.keys(HOSTS) as HostName[];

/** The hosts of clouds that are a country's or a government's. */
const ELSEWHERE: readonly (readonly [name: string, host: Pick<Host, 'issuer' | 'create'>, blobs: string | undefined])[] = [
  ['Amazon S3 in China', {
    issuer: 'https://acme-oidc.s3.cn-north-1.amazonaws.com.cn',
    create: (stack, keys) => new S3HostedIssuer(stack, 'Issuer', {
      bucketName: 'acme-oidc', region: 'cn-north-1', awsProvider: new AwsProvider(stack, 'China', { alias: 'other', region: 'cn-north-1' }), ...keys,
    }),
  }, undefined],
  ...([['usgovernment', 'blob.core.usgovcloudapi.net'], ['china', 'blob.core.chinacloudapi.cn']] as const).map(([azureCloud, blobs]) => [`Blob Storage in ${azureCloud}`, {
    issuer: `https://acmeoidc.${blobs}/oidc`,
    create: (stack: TerraformStack, keys: IssuerKeys) => new AzureBlobHostedIssuer(stack, 'Issuer', {
      storageAccountName: 'acmeoidc', resourceGroupName: 'acme', location: 'somewhere', azureCloud, ...keys,
    }),
  }, blobs] as const),
];

const DISCOVERY = '.well-known/openid-configuration';
const JWKS = 'openid/v1/jwks';

/** What the clouds say where the documents cannot be had, where they are no documents of the issuer, where no key of theirs fits, and where the key did not sign. */
const CONNECTING = 'Error connecting to the given credential\'s issuer.';
const UNREACHABLE: Said = { 'AWS': 'IDPCommunicationErrorException', 'Google Cloud': CONNECTING, 'Azure': 'AADSTS501661' };
const NO_DOCUMENT: Said = { 'AWS': 'InvalidIdentityTokenException', 'Google Cloud': CONNECTING, 'Azure': 'AADSTS501661' };
const NO_KEY: Said = { 'AWS': 'InvalidIdentityTokenException', 'Google Cloud': CONNECTING, 'Azure': 'AADSTS7000272' };
const NOT_SIGNED: Said = { 'AWS': 'InvalidIdentityTokenException', 'Google Cloud': 'Unable to verify the ID Token signature.', 'Azure': 'AADSTS50027' };
/** What they say of a token of the issuer that is nobody's they trust. */
const NOT_TRUSTED: Said = { 'AWS': 'AccessDenied', 'Google Cloud': 'unauthorized_client', 'Azure': 'AADSTS700213' };

describeOnTerraform('an issuer whose documents are in a bucket', () => {
  const internet = new LoopbackInternet();
  const stage = new Stage(internet);
  const buckets = new PublicBuckets(internet);
  const clients = new Clients(internet, { clock: stage.clock });
  const logins = new Logins(clients);
  const counts = { stacks: 0, changed: 0 };

  afterAll(async () => {
    await clients.close();
    await internet.close();
  });

  /** The cluster of an issuer before its key is rotated, and after: both sign, and neither publishes anything itself. */
  function clustersOf({ issuer }: Pick<Host, 'issuer'>): { readonly cluster: TestCluster; readonly rotated: TestCluster } {
    const [cluster, rotated] = [1, 2].map(() => new TestCluster({ kind: 'oidc', name: 'onprem', issuer, clock: stage.clock })) as [TestCluster, TestCluster];
    rotated.rotate();
    return { cluster, rotated };
  }

  const enforce = (applied: Applied, blobs?: string): void => {
    stage.enforce(applied);
    buckets.publish(applied, stage.google, blobs);
  };

  /** An issuer with these keys, and a workload that may become somebody in every cloud. */
  function stacksOf(host: Pick<Host, 'issuer' | 'create'>, keys: (stack: TerraformStack) => IssuerKeys): Stack[] {
    return appStacks(app => {
      const stack = stackIn(app);
      const hosted = host.create(stack, keys(stack));
      expect(hosted.issuer).toBe(host.issuer);
      const cluster = Cluster.oidc({ name: 'onprem', issuer: hosted.issuer });
      const serviceAccount = cluster.serviceAccount('reports', 'reader');
      const registration = new ClusterOidcProvider(stack, 'Registration', { cluster, dependsOn: hosted.published });
      const workload = new Workload(stack, 'Workload', { serviceAccount, identities: identitiesIn(stack, serviceAccount, { aws: { oidcProviders: [registration] } }) });
      new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
    });
  }

  /** Applies it, and lets the clouds enforce what it is then. */
  function apply(
    host: Pick<Host, 'issuer' | 'create'>, keys: (stack: TerraformStack) => IssuerKeys,
    { variables, blobs }: { readonly variables?: Readonly<Record<string, unknown>>; readonly blobs?: string } = {},
  ): Applied {
    const applied = shadowApply(stacksOf(host, keys), { ...WORLD, variables: { ...WORLD.variables, ...variables } });
    enforce(applied, blobs);
    counts.stacks += 1;
    return applied;
  }

  const start = (applied: Applied, cluster: TestCluster) => startPod(applied, { cluster, clock: stage.clock, internet, address: 'kubernetes_pod_v1.Pod' });
  const stranger = (pod: RunningPod, cluster: TestCluster) => stolenBy(pod, { cluster, namespace: 'reports', serviceAccount: 'writer' }, stage.google);

  describe.each(HOST_NAMES)('%s', name => {
    const host: Host = HOSTS[name];
    const { cluster, rotated } = clustersOf(host);

    test.each<[string, (stack: TerraformStack) => IssuerKeys]>([
      ['as PEM', () => ({ publicKeys: [cluster.publicKeyPem] })],
      ['as a key set', () => ({ jwks: cluster.jwks })],
      ['as a key set that only Terraform knows', stack => ({ jwks: new TerraformVariable(stack, 'jwks', { type: 'string' }).stringValue })],
    ])('of keys that are given %s, every cloud lets in the pod, and nobody else', async (_, keys) => {
      const applied = apply(host, keys, { variables: { jwks: cluster.jwks } });
      const pod = await start(applied, cluster);
      expect(await logins.of(pod)).toEqual(letIn(applied));
      expect(await logins.of(stranger(pod, cluster))).toEqual(NOT_TRUSTED);
    }, 60_000);

    test('everybody reads the two documents, and nobody lists the bucket', async () => {
      apply(host, () => ({ publicKeys: [cluster.publicKeyPem] }));
      const ask = (path: string) => internet.fetch({ url: `${host.issuer}/${path}` });
      const headers = { 'content-type': 'application/json', 'cache-control': 'public, max-age=300' };
      const served = await Promise.all([DISCOVERY, JWKS].map(ask));
      expect(served.map(({ body, ...rest }) => ({ ...rest, body: JSON.parse(body) }))).toEqual([
        {
          status: 200, headers, body: {
            issuer: host.issuer, jwks_uri: `${host.issuer}/${JWKS}`, response_types_supported: ['id_token'], subject_types_supported: ['public'],
            id_token_signing_alg_values_supported: ['RS256'],
          },
        },
        { status: 200, headers, body: { keys: cluster.keys } },
      ]);
      expect((await ask('')).status).toBe(name === 'Blob Storage' ? 404 : 403);
    });

    test('AWS is told of the issuer when everybody reads its documents', async () => {
      const state = new ShadowState();
      try {
        const { steps } = state.apply(stacksOf(host, () => ({ publicKeys: [cluster.publicKeyPem] })));
        const told = steps.find(({ address }) => address === 'aws_iam_openid_connect_provider.Registration')!;
        stage.enforce(told.applied);
        buckets.publish(told.applied, stage.google);
        const served = await Promise.all([DISCOVERY, JWKS].map(path => internet.fetch({ url: `${host.issuer}/${path}` })));
        expect(served.map(({ status }) => status)).toEqual([200, 200]);
        // S3 takes no public policy while Block Public Access is on: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html.
        const order = steps.map(({ address }) => address.split('.')[0]!).filter(type => type.startsWith('aws_s3_bucket_p'));
        expect(order).toEqual(name === 'Amazon S3' ? ['aws_s3_bucket_public_access_block', 'aws_s3_bucket_policy'] : []);
      } finally {
        state.close();
      }
    }, 60_000);

    test('tokens of the old key and of the new one are taken while both are published, and of a dropped one never', async () => {
      const [old, next] = [cluster.publicKeyPem, rotated.publicKeyPem];
      const said: Record<string, readonly [old: Said, next: Said]> = {};
      let everywhere: Said | undefined;
      for (const [step, publicKeys] of [['the old key', [old]], ['both', [next, old]], ['both in one text', [`${old}${next}`]], ['the new key', [next]]] as const) {
        const applied = apply(host, () => ({ publicKeys }));
        everywhere = letIn(applied);
        const pods = await Promise.all([cluster, rotated].map(signing => start(applied, signing)));
        said[step] = await Promise.all(pods.map(pod => logins.of(pod))) as unknown as readonly [Said, Said];
      }
      expect(said).toEqual({
        'the old key': [everywhere, NO_KEY], 'both': [everywhere, everywhere], 'both in one text': [everywhere, everywhere], 'the new key': [NO_KEY, everywhere],
      });
    }, 60_000);

    // https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-other-providers says "RS256 or ES256"; the others name RS256 alone.
    test('a second key of another type does no harm, and is taken by Google alone', async () => {
      const key = ecKey('elliptic');
      const applied = apply(host, () => ({ publicKeys: [cluster.publicKeyPem, key.publicKey.export({ type: 'spki', format: 'pem' }) as string] }));
      const pod = await start(applied, cluster);
      expect(await logins.of(pod)).toEqual(letIn(applied));
      const elliptic = withTokens(pod, ({ claims }) => forge(key, claims, { alg: 'ES256', kid: kidOf(key.publicKey) }, SIGNINGS.ES256));
      expect(await logins.of(elliptic)).toEqual({ ...letIn(applied), AWS: 'InvalidIdentityTokenException', Azure: 'AADSTS5002738' });
    }, 60_000);

    describe('refuses', () => {
      let applied: Applied;

      beforeAll(() => {
        applied = apply(host, () => ({ publicKeys: [cluster.publicKeyPem] }));
      });

      /** What was applied, with some of it changed or gone. */
      const changed = (change: (resource: AppliedResource) => object | 'gone' | undefined): Applied => {
        const others = applied.resources.map(resource => {
          const values = change(resource);
          return values === 'gone' ? undefined : values === undefined ? resource : { ...resource, values: { ...resource.values, ...values } };
        });
        const resources = others.filter(resource => resource !== undefined);
        expect(resources).not.toEqual(applied.resources);
        return { ...applied, resources };
      };
      const inDocument = (path: string, edit: (text: string) => string) => ({ type, values }: AppliedResource) =>
        type === host.object && values[host.name] === path ? { [host.content]: edit(values[host.content]) } : undefined;
      const inJson = (path: string, edit: (document: any) => object) => inDocument(path, text => JSON.stringify(edit(JSON.parse(text))));
      const inKey = (edit: (key: any) => object) => inJson(JWKS, ({ keys }) => ({ keys: keys.map(edit) }));
      const elsewhere = (path: string, other: string) => ({ type, values }: AppliedResource) =>
        type === host.object && values[host.name] === path ? { [host.name]: other } : undefined;
      const mallory = stage.clusters.otherOidc;

      test.each<[string, (resource: AppliedResource) => object | 'gone' | undefined, Said]>([
        ['keys at another path of the bucket than where they are', inJson(DISCOVERY, document => ({ ...document, jwks_uri: `${host.issuer}/openid/v1/keys` })), UNREACHABLE],
        ['keys of somebody else', inJson(DISCOVERY, document => ({ ...document, jwks_uri: mallory.jwksUri })), NO_KEY],
        ['keys at an address without TLS', inJson(DISCOVERY, document => ({ ...document, jwks_uri: document.jwks_uri.replace('https:', 'http:') })), NO_DOCUMENT],
        ['a document without the address of the keys', inJson(DISCOVERY, ({ jwks_uri: _, ...document }) => document), NO_DOCUMENT],
        ['an issuer with a slash at its end', inJson(DISCOVERY, document => ({ ...document, issuer: `${document.issuer}/` })), NO_DOCUMENT],
        ['another issuer', inJson(DISCOVERY, document => ({ ...document, issuer: mallory.issuer })), NO_DOCUMENT],
        ['a page in the place of the document', inDocument(DISCOVERY, () => '<html></html>'), NO_DOCUMENT],
        ['an empty document', inDocument(DISCOVERY, () => ''), NO_DOCUMENT],
        ['a document at another path', elsewhere(DISCOVERY, 'openid-configuration'), UNREACHABLE],
        ['a key set at another path', elsewhere(JWKS, 'jwks'), UNREACHABLE],
        ['an empty key set', inJson(JWKS, () => ({ keys: [] })), NO_KEY],
        ['a key in the place of the key set', inJson(JWKS, ({ keys }) => keys[0]), NO_DOCUMENT],
        ['a key without its id', inKey(({ kid: _, ...key }) => key), NO_KEY],
        ['a key with another id', inKey(key => ({ ...key, kid: mallory.kid })), NO_KEY],
        ['a key for another algorithm', inKey(key => ({ ...key, alg: 'RS512' })), NO_KEY],
        ['a key for encryption', inKey(key => ({ ...key, use: 'enc' })), NO_KEY],
        ['the key of somebody else under the id of ours', inKey(key => ({ ...key, n: mallory.keys[0]!.n })), NOT_SIGNED],
        ...Object.entries(host.hidden).map(([why, hide]) => [`documents that are not public, as ${why}`, hide, UNREACHABLE] as [string, typeof hide, Said]),
      ])('%s', async (_, change, expected) => {
        const pod = await start(applied, cluster);
        enforce(changed(change));
        counts.changed += 1;
        expect(await logins.of(pod)).toEqual(expected);
      }, 60_000);
    });
  });

  test.each(ELSEWHERE)('%s: every cloud lets in the pod, and nobody else', async (_, host, blobs) => {
    const { cluster } = clustersOf(host);
    const applied = apply(host, () => ({ publicKeys: [cluster.publicKeyPem] }), { blobs });
    const pod = await start(applied, cluster);
    expect(await logins.of(pod)).toEqual(letIn(applied));
    expect(await logins.of(stranger(pod, cluster))).toEqual(NOT_TRUSTED);
  }, 60_000);

  test('the figures', () => figure('issuers', `${counts.stacks} stacks, ${count(counts.changed)} ways to break what is published; ${logins.counted}`));
});

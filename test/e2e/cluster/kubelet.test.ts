import type { Applied, AppliedResource } from '../model';
import { applied, resource, serviceAccount, typedPod } from './applied';
import { KubernetesError, SERVICE_ENV, startPod, StartPodOptions, TestCluster, testClusters } from './index';
import { expand } from './kubelet';
import { LoopbackInternet } from '../network/internet';

const NOW = 1_800_000_000;
const CLUSTER = new TestCluster({ kind: 'oidc', name: 'onprem', issuer: 'https://issuer.example.com', clock: () => NOW });
const POD = 'kubernetes_pod_v1.Pod';
const API = '/var/run/secrets/kubernetes.io/serviceaccount';

const start = (from: Applied, options: Partial<StartPodOptions> = {}) => startPod(from, {
  cluster: CLUSTER, clock: () => NOW, ...(options.template === undefined ? { address: POD } : {}), ...options,
});
const claimsOf = (token: string | undefined) => JSON.parse(Buffer.from(token!.split('.')[1]!, 'base64url').toString()) as Record<string, any>;
const token = (audience: string, path: string, more: object = {}) => ({ service_account_token: [{ audience, path, ...more }] });
const projected = (...sources: object[]) => ({ name: 'volume', projected: [{ sources }] });
const mounting = (mount: object, ...more: object[]) => [{ name: 'main', image: 'reader:1', volume_mount: [{ name: 'volume', mount_path: '/data', ...mount }, ...more] }];
const configMap = (data: object, name = 'settings') => resource(`kubernetes_config_map_v1.${name}`, { metadata: [{ name, namespace: 'reports' }], data });
const mainOf = async (from: Applied, options?: Partial<StartPodOptions>) => (await start(from, options)).containers.get('main')!;
const ownEnv = (env: Readonly<Record<string, string>>) => Object.fromEntries(Object.entries(env).filter(([name]) => name !== 'HOSTNAME' && !Object.hasOwn(SERVICE_ENV, name)));
/** What is mounted, a token as its audience and seconds left. */
const shown = (files: ReadonlyMap<string, string>, now = NOW) => Object.fromEntries([...files].map(([path, content]) => {
  if (!content.startsWith('ey')) return [path, content];
  const { aud, exp } = claimsOf(content);
  return [path, `${aud.join()} ${exp - now}`];
}));

describe('a pod', () => {
  test('has what its resource says, and what every pod of Kubernetes has', async () => {
    const pod = await start(applied(
      serviceAccount({ 'example.com/note': 'x' }),
      configMap({ 'config.json': '{}', 'unused': '' }),
      typedPod({
        automount_service_account_token: null,
        container: [{
          name: 'main', image: 'reader:1', env: [{ name: 'CONFIG', value: '/etc/reader/config.json' }],
          volume_mount: [{ name: 'volume', mount_path: '/etc/reader/', read_only: true }],
        }],
        volume: [projected(token('sts.amazonaws.com', 'aws/token', { expiration_seconds: 600 }), { config_map: [{ name: 'settings', items: [{ key: 'config.json', path: 'config.json' }] }] })],
      }),
    ));
    const containers = Object.fromEntries([...pod.containers].map(([name, { env, files }]) => [name, { env, files: shown(files) }]));
    expect({ ...pod, refresh: undefined, containers }).toEqual({
      cluster: CLUSTER,
      name: 'reader',
      namespace: 'reports',
      serviceAccount: 'reader',
      serviceAccountAnnotations: { 'example.com/note': 'x' },
      disk: new Set(),
      containers: {
        main: {
          env: { HOSTNAME: 'reader', ...SERVICE_ENV, CONFIG: '/etc/reader/config.json' },
          files: {
            '/etc/reader/aws/token': 'sts.amazonaws.com 600',
            '/etc/reader/config.json': '{}',
            [`${API}/token`]: `https://issuer.example.com ${365 * 86400}`,
            [`${API}/ca.crt`]: '-----BEGIN CERTIFICATE-----\ntest\n-----END CERTIFICATE-----\n',
            [`${API}/namespace`]: 'reports',
          },
        },
      },
    });
    const { sub, 'kubernetes.io': kubernetes } = claimsOf(pod.containers.get('main')!.files.get('/etc/reader/aws/token'));
    expect([sub, kubernetes.pod.name]).toEqual(['system:serviceaccount:reports:reader', 'reader']);
  });

  test.each([
    ['the provider says yes where the pod says nothing', true, applied(serviceAccount({}, { automount_service_account_token: false }), typedPod({ automount_service_account_token: null }))],
    ['the pod says no', false, applied(serviceAccount(), typedPod({ automount_service_account_token: false }))],
    ['the manifest of the pod says nothing, and the account no', false, applied(serviceAccount({}, { automount_service_account_token: false }), resource('kubernetes_manifest.Pod', {
      manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'reader', namespace: 'reports' }, spec: { serviceAccountName: 'reader', containers: [{ name: 'main' }] } },
    }))],
    ['neither says anything', true, applied(resource('kubernetes_manifest.Pod', {
      manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'reader', namespace: 'reports' }, spec: { containers: [{ name: 'main' }] } },
    }))],
  ])('finds the default token or not: %s', async (_, mounted, from) => {
    const { files } = await mainOf(from, { address: from.resources.at(-1)!.address });
    expect(files.has(`${API}/token`)).toBe(mounted);
  });

  const template = [{ metadata: [{ labels: { app: 'x' }, namespace: 'elsewhere' }], spec: [{ service_account_name: 'reader', container: [{ name: 'main', image: 'reader:1' }] }] }];
  test.each([
    ['kubernetes_deployment_v1', { spec: [{ template }] }, /^work-[0-9a-z]{10}-[0-9a-z]{5}$/],
    ['kubernetes_deployment', { spec: [{ template }] }, /^work-[0-9a-z]{10}-[0-9a-z]{5}$/],
    ['kubernetes_stateful_set_v1', { spec: [{ template }] }, /^work-0$/],
    ['kubernetes_daemon_set_v1', { spec: [{ template }] }, /^work-[0-9a-z]{5}$/],
    ['kubernetes_daemonset', { spec: [{ template }] }, /^work-[0-9a-z]{5}$/],
    ['kubernetes_job_v1', { spec: [{ template }] }, /^work-[0-9a-z]{5}$/],
    ['kubernetes_cron_job_v1', { spec: [{ job_template: [{ spec: [{ template }] }] }] }, /^work-29000000-[0-9a-z]{5}$/],
    ['kubernetes_replication_controller_v1', { spec: [{ template }] }, /^work-[0-9a-z]{5}$/],
  ])('is made by a %s, beside it', async (type, values, name) => {
    const from = applied(serviceAccount(), resource(`${type}.Owner`, { metadata: [{ name: 'work', namespace: 'reports' }], ...values }));
    const pod = await start(from, { address: `${type}.Owner` });
    expect([pod.namespace, pod.serviceAccount, pod.containers.get('main')!.env.HOSTNAME]).toEqual(['reports', 'reader', pod.name]);
    expect(pod.name).toMatch(name);
  });

  test('is made by a manifest, and found in the cluster that is meant', async () => {
    const manifest = {
      apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'work', namespace: 'reports' },
      spec: { template: { spec: { serviceAccountName: 'reader', automountServiceAccountToken: false, containers: [{ name: 'main' }] } } },
    };
    const account = (provider: string, note: string) => ({ ...serviceAccount({ note }), provider });
    const from = applied(account('kubernetes.blue', 'blue'), account('kubernetes.green', 'green'), resource('kubernetes_manifest.Work', { manifest }, { provider: 'kubernetes.green' }));
    expect((await start(from, { address: 'kubernetes_manifest.Work' })).serviceAccountAnnotations).toEqual({ note: 'green' });
    expect((await start(from, { address: 'kubernetes_manifest.Work', belongs: ({ provider, type }) => provider === 'kubernetes.blue' || type === 'kubernetes_manifest' }))
      .serviceAccountAnnotations).toEqual({ note: 'blue' });
  });

  test('may be one that no resource makes, in a cluster where things exist', async () => {
    const pod = await start(applied(
      resource('kubernetes_annotations.Reader', { api_version: 'v1', kind: 'ServiceAccount', metadata: [{ name: 'reader', namespace: 'reports' }], annotations: { b: '2' } }),
    ), {
      namespace: 'reports',
      existing: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'reports', annotations: { a: '1' }, automountServiceAccountToken: false }],
      template: { spec: { serviceAccountName: 'reader', containers: [{ name: 'main' }] } },
    });
    expect([pod.name, pod.namespace, pod.serviceAccountAnnotations, [...pod.containers.get('main')!.files.keys()]]).toEqual(['pod', 'reports', { a: '1', b: '2' }, []]);
  });

  test('leaves on the disk of its node what is no memory', async () => {
    const internet = new LoopbackInternet();
    internet.serve('metadata.google.internal', () => ({ status: 200, body: 'of Google' }));
    const writer = [{ name: 'writer', image: 'writer:1', env: [{ name: 'ID_TOKEN_URL', value: 'http://metadata.google.internal/' }, { name: 'ID_TOKEN_FILE', value: '/data/token' }] }];
    const disk = async (volume: object, more: object = {}) => [...(await start(applied(
      serviceAccount(), configMap({ KEY: 'of the map' }), resource('kubernetes_secret_v1.Secret', { metadata: [{ name: 'secret', namespace: 'reports' }], data: { pass: 'word' } }),
      typedPod({ container: mounting({}), volume: [{ name: 'volume', ...volume }], ...more }),
    ), { internet })).disk];
    const written = { container: [{ ...writer[0], volume_mount: [{ name: 'volume', mount_path: '/data' }] }] };
    expect(await disk({ empty_dir: [{}] }, written)).toEqual(['of Google']);
    expect(await disk({ empty_dir: [{ medium: 'Memory' }] }, written)).toEqual([]);
    expect(await disk({ config_map: [{ name: 'settings' }] })).toEqual(['of the map']);
    expect(await disk({ secret: [{ secret_name: 'secret' }] })).toEqual([]);
    expect(await disk({ projected: [{ sources: [{ config_map: [{ name: 'settings' }] }, token('aws', 'token')] }] })).toEqual([]);
  });

  test('keeps its tokens while the API server is away', async () => {
    let now = NOW;
    const cluster = new TestCluster({ kind: 'oidc', name: 'onprem', issuer: 'https://issuer.example.com', clock: () => now });
    const pod = await start(applied(serviceAccount(), typedPod({ container: mounting({}), volume: [projected(token('aws', 'token', { expiration_seconds: 3600 }))] })), { cluster, clock: () => now });
    const left = () => claimsOf(pod.containers.get('main')!.files.get('/data/token')).exp - now;
    now += 3000;
    expect(left()).toBe(3600 - 120);
    cluster.downSince = now;
    now += 3000;
    expect(left()).toBe(600 - 120);
    cluster.downSince = undefined;
    expect(left()).toBe(3600 - 240);
  });

  test('reads what Terraform adds to a ConfigMap that exists', async () => {
    const { env } = await mainOf(applied(
      serviceAccount(),
      resource('kubernetes_config_map_v1_data.More', { metadata: [{ name: 'there', namespace: 'reports' }], data: { B: '2' } }),
      typedPod({ container: [{ name: 'main', image: 'reader:1', env_from: [{ config_map_ref: [{ name: 'there' }] }] }] }),
    ), { existing: [{ kind: 'ConfigMap', name: 'there', namespace: 'reports', data: { A: '1' } }] });
    expect(ownEnv(env)).toEqual({ A: '1', B: '2' });
  });
});

describe('variables', () => {
  const env = async (...variables: object[]) => ownEnv((await mainOf(applied(
    serviceAccount(), configMap({ KEY: 'of the map', DIR: '/map' }), resource('kubernetes_secret_v1.Secret', { metadata: [{ name: 'secret', namespace: 'reports' }], data: { pass: 'word' } }),
    typedPod({ container: [{ name: 'main', image: 'reader:1', env_from: [{ config_map_ref: [{ name: 'settings' }] }, { prefix: 'S_', secret_ref: [{ name: 'secret' }] }], env: variables }] }),
  ))).env);

  test('name earlier ones, and those of ConfigMaps; the last of one name counts', async () => {
    expect(await env(
      { name: 'LATE', value: '$(AFTER)' }, { name: 'AFTER', value: '$(DIR)/x' }, { name: 'TOKEN', value: '$(AFTER)/token' }, { name: 'PRICE', value: '$$(DIR) $5 $(' },
      { name: 'KEY', value: 'own' }, { name: 'API', value: '$(KUBERNETES_SERVICE_HOST)' }, { name: 'TWICE', value: '1' }, { name: 'TWICE', value: '$(TWICE)2' }, { name: 'EMPTY' },
    )).toEqual({
      KEY: 'own', DIR: '/map', S_pass: 'word', LATE: '$(AFTER)', AFTER: '/map/x', TOKEN: '/map/x/token', PRICE: '$(DIR) $5 $(', API: '10.96.0.1', TWICE: '12', EMPTY: '',
    });
  });

  test('come from ConfigMaps, Secrets and the pod itself', async () => {
    expect(await env(
      { name: 'A', value_from: [{ config_map_key_ref: [{ name: 'settings', key: 'KEY' }] }] },
      { name: 'B', value_from: [{ secret_key_ref: [{ name: 'secret', key: 'pass' }] }] },
      { name: 'C', value_from: [{ field_ref: [{ field_path: 'spec.serviceAccountName' }] }] },
      { name: 'D', value_from: [{ config_map_key_ref: [{ name: 'settings', key: 'NONE', optional: true }] }] },
      { name: 'E', value_from: [{ config_map_key_ref: [{ name: 'none', key: 'NONE', optional: true }] }] },
    )).toEqual({ KEY: 'of the map', DIR: '/map', S_pass: 'word', A: 'of the map', B: 'word', C: 'reader' });
  });

  test('are expanded as Kubernetes does', () => {
    const known = { A: '1', B: '$(A)' };
    expect(['$(A)', '$(B)', '$$(A)', '$$$(A)', '$(C)', '$(A', '$A', '$', '$$', ''].map(text => expand(text, known))).toEqual(
      ['1', '$(A)', '$(A)', '$1', '$(C)', '$(A', '$A', '$', '$', '']);
  });
});

describe('volumes', () => {
  const files = async (spec: object, ...more: readonly AppliedResource[]) => shown((await mainOf(applied(
    serviceAccount(), configMap({ one: '1', two: '2' }), typedPod(spec as Record<string, unknown>), ...more))).files);

  test('of every kind that a pod can fill', async () => {
    expect(await files({
      container: mounting({}),
      volume: [projected(
        token('a', 'token'), token('b', 'tokens/b', { expiration_seconds: 7200 }),
        { config_map: [{ name: 'settings', items: [{ key: 'two', path: 'deep/two' }] }] },
        { secret: [{ name: 'secret' }] },
        { downward_api: [{ items: [{ path: 'name', field_ref: [{ field_path: 'metadata.name' }] }, { path: 'labels', field_ref: [{ field_path: 'metadata.labels' }] }] }] },
        { config_map: [{ name: 'none', optional: true }] },
      )],
    }, resource('kubernetes_secret_v1.Secret', { metadata: [{ name: 'secret', namespace: 'reports' }], data: { s: 'x' }, binary_data: { b: 'eQ==' } }))).toEqual({
      '/data/token': 'a 3600', '/data/tokens/b': 'b 7200', '/data/deep/two': '2', '/data/s': 'x', '/data/b': 'y', '/data/name': 'reader', '/data/labels': '',
    });
  });

  test('of a manifest, whose Secret is encoded', async () => {
    const manifest = {
      apiVersion: 'v1', kind: 'Pod', metadata: { name: 'reader', namespace: 'reports', labels: { app: 'x' } },
      spec: {
        serviceAccountName: 'reader', automountServiceAccountToken: false,
        containers: [{ name: 'main', volumeMounts: [{ name: 'secret', mountPath: '/s' }, { name: 'map', mountPath: '/m' }, { name: 'down', mountPath: '/d' }] }],
        volumes: [
          { name: 'secret', secret: { secretName: 'secret', items: [{ key: 'k', path: 'key' }] } }, { name: 'map', configMap: { name: 'settings' } },
          { name: 'down', downwardAPI: { items: [{ path: 'app', fieldRef: { fieldPath: "metadata.labels['app']" } }] } },
        ],
      },
    };
    const secret = resource('kubernetes_manifest.Secret', { manifest: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret', namespace: 'reports' }, data: { k: 'eA==' } } });
    const { files: found } = await mainOf(applied(serviceAccount(), configMap({ one: '1' }), secret, resource('kubernetes_manifest.Pod', { manifest })), { address: 'kubernetes_manifest.Pod' });
    expect(shown(found)).toEqual({ '/s/key': 'x', '/m/one': '1', '/d/app': 'x' });
  });

  test('are mounted as a whole, by a part, and one in another', async () => {
    const volume = [projected(token('a', 'dir/token'), { config_map: [{ name: 'settings' }] }), { name: 'empty', empty_dir: [{}] }];
    expect(await files({ container: mounting({ sub_path: 'one', mount_path: '/etc/one' }), volume })).toEqual({ '/etc/one': '1' });
    expect(await files({ container: mounting({ sub_path: 'dir' }), volume })).toEqual({ '/data/token': 'a 3600' });
    expect(await files({ container: mounting({}, { name: 'empty', mount_path: '/data/dir' }), volume })).toEqual({ '/data/one': '1', '/data/two': '2' });
    expect(await files({ container: [{ ...mounting({ sub_path_expr: '$(PART)' })[0], env: [{ name: 'PART', value: 'dir' }] }], volume })).toEqual({ '/data/token': 'a 3600' });
    expect(await files({ container: mounting({ sub_path: 'none' }), volume })).toEqual({});
  });

  test('hold the tokens that the kubelet has put there at the clock\'s time; by a part, the first for ever', async () => {
    let now = NOW;
    const pod = await start(applied(serviceAccount(), typedPod({
      container: [...mounting({}), { ...mounting({ sub_path: 'token', mount_path: '/token' })[0], name: 'part' }], volume: [projected(token('a', 'token'), token('b', 'long', { expiration_seconds: 172800 }))],
    })), { clock: () => now });
    const main = pod.containers.get('main')!;
    const issued = (file: string) => claimsOf(main.files.get(file)).iat - NOW;
    const first = main.files.get('/data/token');
    const seen = [0, 2879, 2880, 5759, 5760, 86399, 86400].map(later => {
      now = NOW + later;
      return [later, issued('/data/token'), issued('/data/long')];
    });
    expect(seen).toEqual([[0, 0, 0], [2879, 0, 0], [2880, 2880, 0], [5759, 2880, 0], [5760, 5760, 0], [86399, 83520, 0], [86400, 86400, 86400]]);
    expect(pod.containers.get('part')!.files.get('/token')).toBe(first);
  });
});

describe('who may read the files', () => {
  const LISTED = { config_map: [{ name: 'settings', items: [{ key: 'one', path: 'listed', mode: '0400' }, { key: 'two', path: 'open', mode: '0444' }] }] };
  const SECRET = resource('kubernetes_secret_v1.Secret', { metadata: [{ name: 'secret', namespace: 'reports' }], data: { s: 'x' } });
  const DOWN = { downward_api: [{ items: [{ path: 'name', field_ref: [{ field_path: 'metadata.name' }] }] }] };
  const ALL = ['listed', 'name', 'one', 's', 'token'];
  /** The files that each container cannot read, of a volume with all kinds of files and a mode. */
  async function locked(defaultMode: string | undefined, security: object, ...containers: readonly object[]) {
    const mount = [{ name: 'volume', mount_path: '/data' }];
    const pod = await start(applied(serviceAccount(), configMap({ one: '1', two: '2' }), SECRET, typedPod({
      security_context: [security],
      container: (containers.length === 0 ? [{}] : containers).map((own, index) => ({ name: `c${index}`, image: 'reader:1', volume_mount: mount, security_context: [own] })),
      volume: [{
        name: 'volume',
        projected: [{
          ...(defaultMode === undefined ? {} : { default_mode: defaultMode }),
          sources: [token('a', 'token'), { config_map: [{ name: 'settings', items: [{ key: 'one', path: 'one' }] }] }, LISTED, { secret: [{ name: 'secret' }] }, DOWN],
        }],
      }],
    })), { imageUser: 65532 });
    return [...pod.containers.values()].map(({ files, unreadable }) => {
      const hidden = [...unreadable!].map(path => path.replace('/data/', '')).sort();
      expect([...files.keys(), ...unreadable!].map(path => path.replace('/data/', '')).sort()).toEqual([...ALL, 'open'].sort());
      return hidden;
    });
  }

  const ROOT = { run_as_user: '0' };
  const POWERLESS = { ...ROOT, capabilities: [{ drop: ['ALL'] }] };
  const [USER, OTHER] = [{ run_as_user: '1000', run_as_group: '1000' }, { run_as_user: '2000', run_as_group: '2000' }];
  test.each<[string, string | undefined, object, readonly object[], readonly (readonly string[])[]]>([
    ['everybody, unless an item says less', undefined, {}, [], [['listed']]],
    ['root alone by a mode of its own', '0400', {}, [], [ALL]],
    ['root, whatever the mode', '0000', ROOT, [], [[]]],
    ['root as their owner, where it has given up its powers', '0400', {}, [POWERLESS], [[]]],
    ['root not as one of the group or others, where it has given up its powers', '0044', {}, [POWERLESS], [['name', 'one', 's']]],
    ['root where it gave up powers that say nothing of files', '0000', {}, [{ ...ROOT, capabilities: [{ drop: ['NET_RAW'] }] }], [[]]],
    ['root where it took them again', '0000', ROOT, [{ capabilities: [{ drop: ['ALL'], add: ['CAP_DAC_OVERRIDE'] }] }], [[]]],
    ['the one user that all containers say, as the owner of the token', '0400', {}, [USER, USER], Array(2).fill(['listed', 'name', 'one', 's'])],
    ['that user, said by the pod', '0400', USER, [], [['listed', 'name', 'one', 's']]],
    ['nobody else, where containers say two users', '0400', {}, [USER, OTHER], [ALL, ALL]],
    ['nor where one says none', '0400', {}, [USER, {}], [ALL, ALL]],
    ['the group of root, which a user without a group has', '0440', { run_as_user: '1000' }, [], [['listed']]],
    ['not a user with another group', '0440', {}, [USER, OTHER], [ALL, ALL]],
    ['a user with more groups', '0440', { supplemental_groups: [0] }, [USER, OTHER], [['listed'], ['listed']]],
    ['the pod\'s group, whatever the mode', '0000', { fs_group: '65532' }, [USER, OTHER, {}], [[], [], []]],
    ['the pod\'s group, and others by the mode no more than before', '0404', { fs_group: '65532' }, [], [[]]],
  ])('%s', async (_, mode, security, containers, expected) => {
    expect(await locked(mode, security, ...containers)).toEqual(expected);
  });

  test('is by the volumes of one kind the same', async () => {
    const pod = await start(applied(serviceAccount(), configMap({ one: '1' }), SECRET, typedPod({
      container: [{
        name: 'main', image: 'reader:1', volume_mount: ['map', 'secret', 'down', 'empty'].map(name => ({ name, mount_path: `/${name}` })),
      }],
      volume: [
        { name: 'map', config_map: [{ name: 'settings', default_mode: '0440' }] }, { name: 'secret', secret: [{ secret_name: 'secret', default_mode: '0440' }] },
        { name: 'down', downward_api: [{ default_mode: '0440', ...DOWN.downward_api[0] }] }, { name: 'empty', empty_dir: [{}] },
      ],
    })), { imageUser: 65532 });
    expect([...pod.containers.get('main')!.unreadable!].sort()).toEqual(['/down/name', '/map/one', '/secret/s']);
  });

  test.each([
    ['its own user', { run_as_user: '0' }, { run_as_non_root: true }, 65532, 'container\'s runAsUser breaks non-root policy'],
    ['its image', {}, { run_as_non_root: true }, 0, 'container has runAsNonRoot and image will run as root'],
    ['its image, by its pod', { run_as_non_root: true }, {}, 0, 'container has runAsNonRoot and image will run as root'],
  ])('refuses a container that shall not be root, and is by %s', async (_, ofPod, own, imageUser, message) => {
    const from = applied(serviceAccount(), typedPod({ security_context: [ofPod], container: [{ name: 'main', image: 'reader:1', security_context: [own] }] }));
    await expect(start(from, { imageUser })).rejects.toThrow(
      new Error(`CreateContainerConfigError: container main: ${message} (pod: "reader", container: main)`));
  });
});

describe('the node', () => {
  const SERVER = 'iam.gke.io/gke-metadata-server-enabled';
  const gke = testClusters(() => NOW).gke;
  const where = async (spec: object, nodes?: StartPodOptions['nodes'], cluster = gke) =>
    (await start(applied(serviceAccount(), typedPod(spec as Record<string, unknown>)), { cluster, nodes })).onNodeNetwork ?? false;

  test('has GKE\'s metadata server where its label says so, which answers pods with a network of their own', async () => {
    expect([
      await where({}), await where({}, [{}]), await where({}, [{ [SERVER]: 'false' }]), await where({}, [{ [SERVER]: 'true' }]), await where({ host_network: true }),
    ]).toEqual([false, true, true, false, true]);
  });

  test('is the first that the pod selects', async () => {
    const nodes: StartPodOptions['nodes'] = [{}, { [SERVER]: 'false' }, { [SERVER]: 'true' }];
    expect([
      await where({}, nodes), await where({ node_selector: { [SERVER]: 'false' } }, nodes), await where({ node_selector: { [SERVER]: 'true' } }, nodes),
      await where({ node_selector: { 'kubernetes.io/os': 'linux' } }, nodes),
    ]).toEqual([true, true, false, true]);
    await expect(where({ node_selector: { [SERVER]: 'true' } }, nodes.slice(0, 2))).rejects.toThrow(
      new Error('FailedScheduling: 0/2 nodes are available: 2 node(s) didn\'t match Pod\'s node affinity/selector.'));
  });

  test('of another cluster has no such server', async () => {
    expect([await where({}, undefined, CLUSTER), await where({ host_network: true }, undefined, CLUSTER)]).toEqual([false, true]);
  });
});

describe('refuses', () => {
  const main = { name: 'main', image: 'reader:1' };
  const refused = async (from: Applied, options?: Partial<StartPodOptions>) => start(from, options).then(() => 'started', (error: Error) => {
    expect(error).toBeInstanceOf(KubernetesError);
    return error.message;
  });
  const invalid = (field: string, message: string) => `Invalid: Pod "reader" is invalid: ${field}: ${message}`;
  const mounts = 'spec.containers[0].volumeMounts';
  const sources = 'spec.volumes[0].projected.sources';

  test.each<[string, object, string]>([
    ['a ConfigMap that is missing', { container: mounting({}), volume: [{ name: 'volume', config_map: [{ name: 'none' }] }] }, 'FailedMount: configmap "none" not found'],
    ['a Secret that is missing', { container: mounting({}), volume: [projected({ secret: [{ name: 'none' }] })] }, 'FailedMount: secret "none" not found'],
    ['a key that is missing', { container: mounting({}), volume: [projected({ config_map: [{ name: 'settings', items: [{ key: 'none', path: 'x' }] }] })] },
      'FailedMount: configmap references non-existent config key: none'],
    ['a variable of a ConfigMap that is missing', { container: [{ ...main, env: [{ name: 'A', value_from: [{ config_map_key_ref: [{ name: 'none', key: 'k' }] }] }] }] },
      'CreateContainerConfigError: container main: configmap "none" not found'],
    ['a variable of a key that is missing', { container: [{ ...main, env: [{ name: 'A', value_from: [{ config_map_key_ref: [{ name: 'settings', key: 'k' }] }] }] }] },
      'CreateContainerConfigError: container main: couldn\'t find key k in ConfigMap reports/settings'],
    ['variables of a ConfigMap that is missing', { container: [{ ...main, env_from: [{ config_map_ref: [{ name: 'none' }] }] }] },
      'CreateContainerConfigError: container main: configmap "none" not found'],
    ['a token for less than ten minutes', { volume: [projected(token('a', 't', { expiration_seconds: 599 }))] },
      invalid(`${sources}[0].serviceAccountToken.expirationSeconds`, 'Invalid value: 599: may not specify a duration less than 10 minutes')],
    ['a token for longer than 2^32 seconds', { volume: [projected(token('a', 't', { expiration_seconds: 2 ** 32 + 1 }))] },
      invalid(`${sources}[0].serviceAccountToken.expirationSeconds`, 'Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds')],
    ['a token without a path', { volume: [projected(token('a', ''))] }, invalid(`${sources}[0].serviceAccountToken.path`, 'Required value')],
    ['a path out of the volume', { volume: [projected(token('a', 'x/../../t'))] }, invalid(`${sources}[0].serviceAccountToken.path`, 'Invalid value: "x/../../t": must not contain \'..\'')],
    ['a path of the kubelet\'s own', { volume: [projected(token('a', '..data'))] }, invalid(`${sources}[0].serviceAccountToken.path`, 'Invalid value: "..data": must not start with \'..\'')],
    ['an absolute path', { volume: [projected(token('a', '/t'))] }, invalid(`${sources}[0].serviceAccountToken.path`, 'Invalid value: "/t": must be a relative path')],
    ['a path twice', { volume: [projected(token('a', 't'), token('b', 't'))] }, invalid(`${sources}[1].serviceAccountToken.path`, 'Invalid value: "t": conflicting duplicate paths')],
    ['a file that is a directory too', { volume: [projected(token('a', 't'), token('b', 't/u'))] }, 'FailedMount: MountVolume.SetUp failed for volume "volume": t/u: not a directory'],
    ['two kinds in one source', { volume: [projected({ ...token('a', 't'), config_map: [{ name: 'settings' }] })] },
      invalid(`${sources}[0]`, 'Forbidden: may not specify more than 1 volume type per source')],
    ['an empty source', { volume: [projected({})] }, invalid(`${sources}[0]`, 'Required value: must specify a source')],
    ['a volume twice', { volume: [projected(), projected()] }, invalid('spec.volumes[1].name', 'Duplicate value: "volume"')],
    ['a volume of no kind', { volume: [{ name: 'volume' }] }, invalid('spec.volumes[0]', 'Required value: must specify a volume type')],
    ['a volume of two kinds', { volume: [{ name: 'volume', empty_dir: [{}], config_map: [{ name: 'settings' }] }] }, invalid('spec.volumes[0]', 'Forbidden: may not specify more than 1 volume type')],
    ['a mode that is none', { volume: [{ name: 'volume', projected: [{ default_mode: '1777', sources: [token('a', 't')] }] }] },
      invalid('spec.volumes[0].projected.defaultMode', 'Invalid value: 1023: must be a number between 0 and 0777 (octal), both inclusive')],
    ['a mode of a file that is none', { volume: [{ name: 'volume', config_map: [{ name: 'settings', items: [{ key: 'one', path: 'one', mode: '7777' }] }] }] },
      invalid('spec.volumes[0]: the mode of one', 'Invalid value: 4095: must be a number between 0 and 0777 (octal), both inclusive')],
    ['a volume by no name of a label', { volume: [{ name: 'Volume', empty_dir: [{}] }] }, invalid('spec.volumes[0].name', 'Invalid value: "Volume": a lowercase RFC 1123 label is expected')],
    ['a mounted volume whose files nobody knows', { container: mounting({}), volume: [{ name: 'volume', host_path: [{ path: '/' }] }] },
      'FailedMount: Unable to attach or mount volumes: volume is a hostPath, which this cluster does not have'],
    ['a mount of no volume', { container: mounting({}) }, invalid(`${mounts}[0].name`, 'Not found: "volume"')],
    ['two mounts at one path', { container: mounting({}, { name: 'other', mount_path: '/data' }), volume: [{ name: 'volume', empty_dir: [{}] }, { name: 'other', empty_dir: [{}] }] },
      invalid(`${mounts}[1].mountPath`, 'Invalid value: "/data": must be unique')],
    ['two mounts at one directory', { container: mounting({}, { name: 'volume', mount_path: '/data/' }), volume: [{ name: 'volume', empty_dir: [{}] }] }, invalid(mounts, 'two mounts are one directory')],
    ['a mount without a path', { container: mounting({ mount_path: '' }), volume: [{ name: 'volume', empty_dir: [{}] }] }, invalid(`${mounts}[0].mountPath`, 'Required value')],
    ['a mount path with a colon', { container: mounting({ mount_path: '/a:b' }), volume: [{ name: 'volume', empty_dir: [{}] }] },
      invalid(`${mounts}[0].mountPath`, 'Invalid value: "/a:b": must not contain \':\'')],
    ['a part out of the volume', { container: mounting({ sub_path: '../x' }), volume: [{ name: 'volume', empty_dir: [{}] }] },
      invalid(`${mounts}[0].subPath`, 'Invalid value: "../x": must not contain \'..\'')],
    ['a part by a variable that is not set', { container: mounting({ sub_path_expr: '$(X)' }), volume: [{ name: 'volume', empty_dir: [{}] }] },
      'CreateContainerConfigError: container main: missing value for $(X)'],
    ['a variable with a value and a source', { container: [{ ...main, env: [{ name: 'A', value: 'x', value_from: [{ field_ref: [{ field_path: 'metadata.name' }] }] }] }] },
      invalid('spec.containers[0].env[0].valueFrom', 'Invalid value: "": may not be specified when `value` is not empty')],
    ['a variable by no name', { container: [{ ...main, env: [{ name: 'A=B', value: 'x' }] }] },
      invalid('spec.containers[0].env[0].name', 'Invalid value: "A=B": a valid environment variable name is expected')],
    ['a field that is none', { container: [{ ...main, env: [{ name: 'A', value_from: [{ field_ref: [{ field_path: 'spec.image' }] }] }] }] },
      'Invalid: Pod "reader" is invalid: fieldPath: "spec.image" is no field that this cluster has here'],
    ['two containers of one name', { container: [main], init_container: [main] }, invalid('spec.initContainers[0].name', 'Duplicate value: "main"')],
    ['no container', { container: [] }, invalid('spec.containers', 'Required value')],
    ['a service account that is not there', { service_account_name: 'writer' },
      'Forbidden: pods "reader" is forbidden: error looking up service account reports/writer: serviceaccount "writer" not found'],
    ['what the provider does not know', { volume: [{ name: 'volume', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
      'Invalid: kubernetes_pod_v1.Pod: An argument named "serviceAccountToken" is not expected here.'],
  ])('%s', async (_, spec, message) => {
    expect(await refused(applied(serviceAccount(), configMap({ one: '1' }), typedPod(spec as Record<string, unknown>)))).toBe(message);
  });

  test('a variable, a volume or a mount twice where it is applied by the server', async () => {
    const from = (env: object[]) => applied(serviceAccount(), resource('kubernetes_manifest.Pod', {
      manifest: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'reader', namespace: 'reports' }, spec: { serviceAccountName: 'reader', containers: [{ name: 'main', env }] } },
    }));
    expect(await refused(from([{ name: 'A', value: '1' }, { name: 'A', value: '2' }]), { address: 'kubernetes_manifest.Pod' })).toBe(
      invalid('spec.containers[0].env', 'duplicate entries for key [name="A"]'));
  });

  test('objects of one name in one cluster', async () => {
    expect(await refused(applied(serviceAccount(), { ...serviceAccount(), address: 'kubernetes_service_account_v1.Other' }, typedPod()))).toBe(
      'AlreadyExists: kubernetes_service_account_v1.Other: ServiceAccount "reader" in namespace "reports" already exists; `belongs` says which resources are of this cluster');
  });

  test('a key of a ConfigMap that Kubernetes does not take, and a value that is no text', async () => {
    expect(await refused(applied(serviceAccount(), configMap({ 'a/b': '' }), typedPod()))).toBe(
      'Invalid: kubernetes_config_map_v1.settings: data[a/b]: Invalid value: "a/b": a valid config key must consist of alphanumeric characters, \'-\', \'_\' or \'.\'');
    const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'reports' }, data: { a: 1 } };
    expect(await refused(applied(serviceAccount(), resource('kubernetes_manifest.Settings', { manifest }), typedPod()))).toBe('Invalid: kubernetes_manifest.Settings: a must be a string');
  });

  test('what is there twice, or not at all', async () => {
    await expect(start(applied(typedPod(), { ...typedPod(), stack: 'other' }))).rejects.toThrow(new Error('More than one resource kubernetes_pod_v1.Pod was applied.'));
    await expect(start(applied(typedPod()), { stack: 'other' })).rejects.toThrow(new Error('No resource kubernetes_pod_v1.Pod in stack other was applied.'));
    expect(await refused(applied(resource('kubernetes_config_map_v1_data.More', { metadata: [{ name: 'none', namespace: 'reports' }], data: {} }), serviceAccount(), typedPod()))).toBe(
      'NotFound: kubernetes_config_map_v1_data.More: configmaps "none" not found');
  });
});

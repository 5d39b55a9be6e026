import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { DefaultTokenResolver, StringConcat, TerraformStack, TerraformVariable, Token, Tokenization } from 'cdktf';
import {
  AwsRoleViaGoogle, Cluster, GcpFederatedServiceAccount, GkeToAwsViaGoogleFederation, GoogleIdTokenSource, MetadataServerSourceProps,
} from 'cdktf-workload-federation';
import { REFRESHING_COMMAND, STARTING_COMMAND, WATCHING_COMMAND } from '../../lib/google-issuer/metadata-server-command';
import { LITERAL_AND_TOKENS } from '../clusters';
import { googleStatement } from '../google-statement';
import { refusal } from '../refusal';
import { readableAddresses, scratchStack, synthStack } from '../synth';

const IMAGE = `curlimages/curl:8.10.1@sha256:${'0'.repeat(64)}`;
const GTOKEN = `doitintl/gtoken@sha256:${'1'.repeat(64)}`;
const OWN = ['/usr/local/bin/id-token', '--quiet'];
const FOLDER = '/var/run/secrets/aws/token';
const FILE = '/var/run/secrets/aws/token/gtoken';
const OPTIONS = { mountPath: '/m', tokenExpirationSeconds: 3600, wiring: 'platform' } as const;
const ENDPOINT = 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity';
const URL = `${ENDPOINT}?audience=gtoken%2Fsts%2Fassume-role-with-web-identity&format=standard`;
const text = (stack: TerraformStack, id: string) => new TerraformVariable(stack, id, { type: 'string' }).stringValue;
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });

/** What every helper of a source may do, and where it writes. */
const SECURITY = {
  run_as_user: '65532', run_as_group: '65532', run_as_non_root: true, allow_privilege_escalation: false, read_only_root_filesystem: true,
  capabilities: { drop: ['ALL'] }, seccomp_profile: { type: 'RuntimeDefault' },
};
const MOUNT = [{ name: 'gtoken-volume', mount_path: FOLDER }];
const gtokenContainer = (name: string, refresh: boolean, image = GTOKEN) => ({
  name, image, command: ['/gtoken'], args: [`--refresh=${refresh}`, `--file=${FILE}`],
  resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '64Mi' } }, security_context: SECURITY, volume_mount: MOUNT,
});
const commandContainer = (name: string, command: readonly string[], more: object[] = [], { image = IMAGE, resources = {} as object } = {}) => ({
  name, image, command, env: [{ name: 'ID_TOKEN_URL', value: URL }, { name: 'ID_TOKEN_FILE', value: FILE }, ...more],
  resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' }, ...resources }, security_context: SECURITY, volume_mount: MOUNT,
});
const REFRESH_240 = { name: 'ID_TOKEN_REFRESH_SECONDS', value: '240' };
const COMPLETE = { name: 'ID_TOKEN_RUN_TO_COMPLETION', value: 'true' };

const REGION = [
  { name: 'AWS_REGION', value: '${data.aws_region.AwsRegion.region}' },
  { name: 'AWS_DEFAULT_REGION', value: '${data.aws_region.AwsRegion.region}' },
  { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
];
const ENV = [{ name: 'AWS_ROLE_ARN', value: '${aws_iam_role.F_Identity_Role.arn}' }, { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: FILE }, ...REGION];
const READ_ONLY = [{ name: 'gtoken-volume', mount_path: FOLDER, read_only: true }];
const VOLUME = [{ name: 'gtoken-volume', empty_dir: { medium: 'Memory', size_limit: '1Mi' } }];

/** A helper as a binding says it: where it writes and what it may do is the pod template's to add. */
const askedFor = ({ security_context: _security, volume_mount: _mount, ...container }: any) => ({ env: [], ...container });

interface Row {
  readonly create: (stack: TerraformStack) => GoogleIdTokenSource;
  readonly tokenCreator: boolean;
  /** Annotations of the ServiceAccount beside those of GKE. */
  readonly annotations: Record<string, string>;
  /** The containers that are added, as Terraform creates them; none where the webhook adds its own. */
  readonly helpers?: { readonly first: object; readonly beside: object; readonly completing: readonly object[] };
  /** What refuses a pod that runs to completion. */
  readonly keepsRunning?: object;
}

const ANNOTATED = { 'amazonaws.com/role-arn': '${aws_iam_role.F_Identity_Role.arn}' };

const SOURCES: [string, Row][] = [
  ['the webhook', {
    create: () => GoogleIdTokenSource.webhook(),
    tokenCreator: true,
    annotations: ANNOTATED,
    keepsRunning: {
      what: 'the webhook adds a container that never ends',
      remedy: 'give the identity `idTokenSource: GoogleIdTokenSource.metadataServer(…)`, or `.webhook({ refresh: false })` where an hour is enough',
    },
  }],
  ['the webhook without its refreshing container', {
    create: () => GoogleIdTokenSource.webhook({ refresh: false }),
    tokenCreator: true,
    annotations: { ...ANNOTATED, 'gtoken.doit-intl.com/tokenRefresh': 'false' },
  }],
  ['containers of gtoken', {
    create: () => GoogleIdTokenSource.gtoken({ image: GTOKEN }),
    tokenCreator: true,
    annotations: {},
    helpers: { first: gtokenContainer('generate-gcp-id-token', false), beside: gtokenContainer('update-gcp-id-token', true), completing: [] },
  }],
  ['containers of gtoken of a registry that only Terraform knows, with resources', {
    create: stack => GoogleIdTokenSource.gtoken({ image: `${text(stack, 'registry')}/gtoken:1.0.0`, resources: { limits: { memory: '128Mi' } } }),
    tokenCreator: true,
    annotations: {},
    helpers: {
      first: { ...gtokenContainer('generate-gcp-id-token', false, '${var.registry}/gtoken:1.0.0'), resources: { limits: { memory: '128Mi' } } },
      beside: { ...gtokenContainer('update-gcp-id-token', true, '${var.registry}/gtoken:1.0.0'), resources: { limits: { memory: '128Mi' } } },
      completing: [],
    },
  }],
  ['a command on the metadata server', {
    create: () => GoogleIdTokenSource.metadataServer({ image: IMAGE }),
    tokenCreator: false,
    annotations: {},
    helpers: {
      first: commandContainer('generate-gcp-id-token', STARTING_COMMAND),
      beside: commandContainer('update-gcp-id-token', REFRESHING_COMMAND, [REFRESH_240]),
      completing: [commandContainer('update-gcp-id-token', WATCHING_COMMAND, [REFRESH_240, COMPLETE])],
    },
  }],
  ['a command of one\'s own, with its interval, resources and an image that only Terraform knows', {
    create: stack => GoogleIdTokenSource.metadataServer({
      image: text(stack, 'image'), command: OWN, refreshSeconds: 600, resources: { requests: { cpu: '1m' }, limits: { memory: '8Mi', cpu: '1' } },
    }),
    tokenCreator: false,
    annotations: {},
    helpers: (() => {
      const own = (name: string, ...more: object[]) => commandContainer(name, OWN, more, {
        image: '${var.image}', resources: { requests: { cpu: '1m' }, limits: { memory: '8Mi', cpu: '1' } },
      });
      const refresh = { name: 'ID_TOKEN_REFRESH_SECONDS', value: '600' };
      return { first: own('generate-gcp-id-token'), beside: own('update-gcp-id-token', refresh), completing: [own('update-gcp-id-token', refresh, COMPLETE)] };
    })(),
  }],
];

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  describe.each(SOURCES)('%s', (__, { create, tokenCreator, annotations, helpers, keepsRunning }) => {
    /** The federation with a pod, and what the identity asks of it. */
    function synth(options?: { runToCompletion: boolean }) {
      let asked: any;
      const stack = synthStack(scope => {
        const federation = new GkeToAwsViaGoogleFederation(scope, 'F', {
          cluster: clusters.gke(scope), namespace: 'reports', serviceAccountName: 'reader', accountId: 'reports-reader', idTokenSource: create(scope),
        });
        const { dependsOn, ...binding } = federation.identity.bind(federation.workload.serviceAccount, OPTIONS);
        asked = {
          ...Tokenization.resolve(binding, { scope, resolver: new DefaultTokenResolver(new StringConcat()) }),
          dependsOn: dependsOn.map(dependable => (dependable as unknown as { node: { path: string } }).node.path.replace(/^.*\//, '')),
        };
        new PodV1(scope, 'Pod', federation.podTemplate({
          metadata: { name: 'reader' },
          spec: { container: [{ name: 'main', image: 'reader:1' }], initContainer: [{ name: 'migrate', image: 'migrate:1' }] },
        }, options));
      });
      const { 'google_container_cluster.GkeCluster': ___, ...all } = readableAddresses(stack);
      return { all, asked: JSON.parse(JSON.stringify(asked).replace(/_[0-9A-F]{8}(?![0-9A-Za-z])/g, '')) };
    }

    test('the binding says it all', () => {
      expect(synth().asked).toEqual({
        serviceAccountAnnotations: { 'iam.gke.io/gcp-service-account': '${google_service_account.F_GoogleServiceAccount.email}', ...annotations },
        podLabels: {},
        env: helpers === undefined ? REGION : ENV,
        tokens: [],
        files: [],
        helpers: helpers === undefined ? [] : [{
          volume: { name: 'gtoken-volume', mountPath: FOLDER },
          initContainers: [askedFor(helpers.first)],
          sidecars: [askedFor(helpers.beside)],
          completingSidecars: helpers.completing.map(askedFor),
        }],
        ...keepsRunning === undefined ? {} : { keepsRunning },
        reservedEnv: expect.arrayContaining(['GOOGLE_APPLICATION_CREDENTIALS', 'AWS_ACCESS_KEY_ID', 'AWS_ROLE_ARN', 'AWS_WEB_IDENTITY_TOKEN_FILE', 'AWS_PROFILE']),
        dependsOn: [`Native_${clusters.gkeProjectLabel}_reports_reader`, ...tokenCreator ? ['TokenCreator'] : []],
      });
    });

    const native = `google_service_account_iam_member.F_GoogleServiceAccount_Native_${clusters.gkeProjectLabel}_reports_reader`;
    const uniqueId = '${google_service_account.F_GoogleServiceAccount.unique_id}';
    const shared = {
      'google_service_account.F_GoogleServiceAccount': { account_id: 'reports-reader' },
      [native]: {
        service_account_id: '${google_service_account.F_GoogleServiceAccount.name}', role: 'roles/iam.workloadIdentityUser',
        member: `serviceAccount:${clusters.workloadPool}[reports/reader]`,
      },
      ...tokenCreator ? {
        'google_service_account_iam_member.F_Identity_TokenCreator': {
          service_account_id: '${google_service_account.F_GoogleServiceAccount.name}', role: 'roles/iam.serviceAccountOpenIdTokenCreator',
          member: '${google_service_account.F_GoogleServiceAccount.member}',
        },
      } : {},
      'aws_iam_role.F_Identity_Role': { assume_role_policy: '${data.aws_iam_policy_document.F_Identity_Role_Trust.json}' },
      'data.aws_iam_policy_document.F_Identity_Role_Trust': { statement: [googleStatement(uniqueId)] },
      'data.aws_region.AwsRegion': {},
      'kubernetes_service_account_v1.F_Workload': {
        metadata: {
          name: 'reader',
          namespace: 'reports',
          annotations: { 'iam.gke.io/gcp-service-account': '${google_service_account.F_GoogleServiceAccount.email}', ...annotations },
        },
        depends_on: [native, ...tokenCreator ? ['google_service_account_iam_member.F_Identity_TokenCreator'] : []],
      },
    };
    const pod = (spec: object) => ({
      'kubernetes_pod_v1.Pod': {
        metadata: { name: 'reader', namespace: '${kubernetes_service_account_v1.F_Workload.metadata[0].namespace}' },
        spec: { service_account_name: '${kubernetes_service_account_v1.F_Workload.metadata[0].name}', ...spec },
      },
    });
    const wired = (first: readonly object[], beside: readonly object[]) => {
      const own = helpers === undefined ? { env: REGION } : { env: ENV, volume_mount: READ_ONLY };
      return {
        init_container: [...first, { name: 'migrate', image: 'migrate:1', ...own }],
        container: [{ name: 'main', image: 'reader:1', ...own }, ...beside],
        ...helpers === undefined ? {} : { volume: VOLUME },
      };
    };

    test('a federation and its pod are made of this', () => {
      expect(synth().all).toEqual({ ...shared, ...pod(helpers === undefined ? wired([], []) : wired([helpers.first], [helpers.beside])) });
    });

    if (keepsRunning === undefined) {
      test('a federation and its pod that runs to completion are made of this', () => {
        const watch = (helpers?.completing ?? []).length > 0 ? { share_process_namespace: true, restart_policy: 'Never' } : {};
        expect(synth({ runToCompletion: true }).all).toEqual({
          ...shared, ...pod({ ...watch, ...helpers === undefined ? wired([], []) : wired([helpers.first], helpers.completing) }),
        });
      });
    } else {
      test('refuses a pod that runs to completion', () => {
        expect(refusal(() => synth({ runToCompletion: true }))).toEqual({
          code: 'ClashingWiring',
          message: 'stack/F/Workload: runToCompletion must be left out where something keeps the pods from completing, got "the webhook adds a container that never ends"; '
            + 'give the identity `idTokenSource: GoogleIdTokenSource.metadataServer(…)`, or `.webhook({ refresh: false })` where an hour is enough',
        });
        expect(Object.keys(synth({ runToCompletion: false }).all)).toContain('kubernetes_pod_v1.Pod');
      });
    }
  });
});

describe('the URL on the metadata server', () => {
  const urlOf = (audience: (stack: TerraformStack) => string | undefined) => {
    const { init_container: [first], container } = synthStack(scope => {
      const federation = new GkeToAwsViaGoogleFederation(scope, 'F', {
        cluster: gke, namespace: 'reports', serviceAccountName: 'reader', accountId: 'reports-reader', audience: audience(scope),
        idTokenSource: GoogleIdTokenSource.metadataServer({ image: IMAGE }),
      });
      new PodV1(scope, 'Pod', federation.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main' }] } }));
    }).resource.kubernetes_pod_v1!.Pod.spec;
    expect(container[1].env[0]).toEqual(first.env[0]);
    return first.env[0];
  };

  test.each<[string, (stack: TerraformStack) => string | undefined, string]>([
    ['gtoken\'s, where none is given', () => undefined, 'gtoken%2Fsts%2Fassume-role-with-web-identity'],
    ['one of one\'s own', () => 'https://sts.example.com/reports', 'https%3A%2F%2Fsts.example.com%2Freports'],
    ['one with what means something in a URL, a shell or Kubernetes', () => 'a&format=full#$(HOME)"`é', 'a%26format%3Dfull%23%24(HOME)%22%60%C3%A9'],
    ['one that only Terraform knows', stack => text(stack, 'audience'), '${urlencode(var.audience)}'],
    ['one of which Terraform knows a part', stack => `https://${text(stack, 'domain')}/reports`, '${urlencode("https://${var.domain}/reports")}'],
  ])('holds the audience, percent-encoded: %s', (_, audience, encoded) => {
    expect(urlOf(audience)).toEqual({ name: 'ID_TOKEN_URL', value: `${ENDPOINT}?audience=${encoded}&format=standard` });
  });
});

test('the region of the prop is that of the pods, and none is looked up', () => {
  const all = readableAddresses(synthStack(scope => {
    const federation = new GkeToAwsViaGoogleFederation(scope, 'F', {
      cluster: gke, namespace: 'reports', serviceAccountName: 'reader', accountId: 'reports-reader', region: 'us-east-1',
    });
    new PodV1(scope, 'Pod', federation.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main' }] } }));
  }));
  expect(all['kubernetes_pod_v1.Pod'].spec.container).toEqual([{
    name: 'main',
    env: [
      { name: 'AWS_REGION', value: 'us-east-1' }, { name: 'AWS_DEFAULT_REGION', value: 'us-east-1' }, { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
    ],
  }]);
  expect(Object.keys(all).filter(address => address.startsWith('data.aws_region'))).toEqual([]);
});

test('one source serves any number of roles, each with its own audience', () => {
  const stack = scratchStack();
  const idTokenSource = GoogleIdTokenSource.metadataServer({ image: IMAGE });
  const urls = ['one', 'two'].map(audience => {
    const reader = gke.serviceAccount('reports', audience);
    const googleServiceAccount = new GcpFederatedServiceAccount(stack, `${audience}-account`, { trusts: [reader], accountId: `reports-${audience}` });
    const identity = new AwsRoleViaGoogle(stack, audience, { googleServiceAccount, audience, idTokenSource });
    expect(identity.idTokenSource).toBe(idTokenSource);
    return identity.bind(reader, OPTIONS).helpers[0]!.initContainers[0]!.env[0]!.value;
  });
  expect(urls).toEqual([`${ENDPOINT}?audience=one&format=standard`, `${ENDPOINT}?audience=two&format=standard`]);
});

describe('refuses', () => {
  const metadataServer = (props: Partial<MetadataServerSourceProps>) => GoogleIdTokenSource.metadataServer({ image: IMAGE, ...props });

  test.each([
    ['without a tag', 'curlimages/curl'], ['of the tag latest', 'curlimages/curl:latest'], ['of a registry with a port and no tag', 'registry.example.com:5000/curl'],
    ['with half of a digest', 'curlimages/curl@sha256:00'], ['that Terraform would evaluate', 'curlimages/curl:${x}'], ['without a name', ''],
  ])('an image %s', (_, image) => {
    const said = (where: string) => ({
      code: 'InvalidIdentifier',
      message: `${where}: image must be an image with a sha256 digest, or a tag other than latest, got ${JSON.stringify(image)}; pin what runs in the cluster, best by its digest`,
    });
    expect(refusal(() => metadataServer({ image }))).toEqual(said('GoogleIdTokenSource.metadataServer'));
    expect(refusal(() => GoogleIdTokenSource.gtoken({ image }))).toEqual(said('GoogleIdTokenSource.gtoken'));
    expect(metadataServer({ image: 'registry.example.com:5000/curl:8.10.1' }).createsTokens).toBe(false);
    expect(GoogleIdTokenSource.gtoken({ image: 'doitintl/gtoken:1.0.0' }).createsTokens).toBe(true);
  });

  test('an image behind a registry that only Terraform knows, whose tag is written here and is none', () => {
    const registry = text(scratchStack(), 'registry');
    for (const [image, got] of [[`${registry}/curl`, '…/curl'], [`${registry}/curl:latest`, '…/curl:latest']] as const) {
      expect(refusal(() => metadataServer({ image }))).toEqual({
        code: 'InvalidIdentifier',
        message: `GoogleIdTokenSource.metadataServer: image must be an image with a sha256 digest, or a tag other than latest, got "${got}"; pin what runs in the cluster, best by its digest`,
      });
    }
    expect(metadataServer({ image: `${registry}/curl:8.10.1` }).fixedAudience).toBe(false);
  });

  test.each([59, 3001, 0, -1, 60.5, NaN, Infinity])('an interval of %p seconds', refreshSeconds => {
    expect(refusal(() => metadataServer({ refreshSeconds }))).toEqual({
      code: 'OutOfRange',
      message: `GoogleIdTokenSource.metadataServer: refreshSeconds must be a whole number from 60 to 3000, got ${refreshSeconds}; give it in seconds; a token lives one hour`,
    });
  });

  test.each([60, 3000])('no interval of %p seconds', refreshSeconds => {
    expect(metadataServer({ refreshSeconds }).createsTokens).toBe(false);
  });

  test('an empty command, and one that only Terraform knows', () => {
    const stack = scratchStack();
    const message = 'GoogleIdTokenSource.metadataServer: command must be a list of at least one word, got';
    expect(refusal(() => metadataServer({ command: [] }))).toEqual({ code: 'UnresolvedValue', message: `${message} []; leave it out for the command of this library` });
    const { code, message: said } = refusal(() => metadataServer({ command: Token.asList(new TerraformVariable(stack, 'command', { type: 'list(string)' }).value) }));
    expect(code).toBe('UnresolvedValue');
    expect(said.startsWith(message)).toBe(true);
    expect(metadataServer({ command: ['fetch'] }).createsTokens).toBe(false);
  });

  test('an audience that gtoken does not ask for, known or not to be asked for', () => {
    const where = () => {
      const stack = scratchStack();
      return { stack, googleServiceAccount: new GcpFederatedServiceAccount(stack, 'Account', { trusts: [gke.serviceAccount('reports', 'reader')], accountId: 'reports-reader' }) };
    };
    const { webhook } = GoogleIdTokenSource;
    for (const idTokenSource of [undefined, webhook(), webhook({ refresh: false }), GoogleIdTokenSource.gtoken({ image: GTOKEN })]) {
      const { stack, ...props } = where();
      expect(refusal(() => new AwsRoleViaGoogle(stack, 'ViaGoogle', { ...props, idTokenSource, audience: 'reports' }))).toEqual({
        code: 'ClashingWiring',
        message: 'stack/ViaGoogle: audience must be left out where gtoken brings the tokens: it asks for "gtoken/sts/assume-role-with-web-identity", got "reports"; '
          + 'give `idTokenSource: GoogleIdTokenSource.metadataServer(…)`, which asks for any',
      });
      expect(stack.node.tryFindChild('ViaGoogle')).toBeUndefined();
      expect(new AwsRoleViaGoogle(stack, 'Known', { ...props, idTokenSource, audience: 'gtoken/sts/assume-role-with-web-identity' }).cloud).toBe('aws');
      expect(new AwsRoleViaGoogle(stack, 'Unknown', { ...props, idTokenSource, audience: text(stack, 'audience') }).cloud).toBe('aws');
    }
    const { stack, ...props } = where();
    expect(new AwsRoleViaGoogle(stack, 'ViaGoogle', { ...props, idTokenSource: metadataServer({}), audience: 'reports' }).cloud).toBe('aws');
  });
});

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { TerraformStack } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, Cluster, ClusterWorkloadIdentityPool, GcpFederatedPrincipal,
  GcpFederatedServiceAccount, GoogleIdTokenSource, ICloudIdentity, ServiceAccountSubject, Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EKS_ISSUER } from '../clusters';
import { scratchStack } from '../synth';

type IdentityOf = (stack: TerraformStack, subject: ServiceAccountSubject) => ICloudIdentity;

const EKS = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
const GKE = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const OIDC = Cluster.oidc({ name: 'onprem', issuer: 'https://issuer.example.com/onprem' });

const ROLE = 'arn:aws:iam::123456789012:role/teams/reports';
const SESSION = 'arn:aws:sts::123456789012:assumed-role/reports/session';
const EMAIL = 'reports@acme-apps.iam.gserviceaccount.com';
const CLIENT = '11111111-2222-3333-4444-555555555555';
const TENANT = '99999999-2222-3333-4444-555555555555';
const JWT = `eyJhbGciOiJSUzI1NiJ9.${'c3ViamVjdA'.repeat(8)}.${'c2lnbmF0dXJl'.repeat(8)}`;
const ACCESS = `ya29.${'Zm9vYmFy'.repeat(12)}`;
const SESSION_TOKEN = 'IQoJb3JpZ2luX2VjE/J+/////////'.repeat(8);
const AUDIENCE = '//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/apps/providers/apps';
const credentialFile = (audience: string) => `{"audience":"${audience}","credential_source":{"file":"TOKEN_FILE","format":{"type":"text"}},"token_url":"https://sts.googleapis.com/v1/token","type":"external_account"}`;
const CREDENTIAL_FILE = credentialFile(AUDIENCE);
const KEY = 'wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY'.repeat(3);

/** What a command answers with. */
interface Answer {
  readonly out?: string;
  readonly err?: string;
  readonly code?: number;
  /** What curl says of the answer. */
  readonly http?: number;
  /** How often it fails before. */
  readonly fails?: number;
}
type Answers = Record<string, Answer>;

/** A command that looks up what to answer with, by what it is asked. */
const ANSWER = `
echo "$key $*" >> "$FAKE/log"
if [ -s "$FAKE/$key.fails" ]; then
  left=$(cat "$FAKE/$key.fails")
  if [ "$left" -gt 0 ]; then echo $((left - 1)) > "$FAKE/$key.fails"; echo 'not yet known' >&2; exit 1; fi
fi
if [ ! -e "$FAKE/$key.code" ]; then echo "nobody expects $key $*" >&2; exit 99; fi
cat "$FAKE/$key.err" >&2
if [ -n "$file" ]; then cat "$FAKE/$key.out" > "$file"; if [ -n "$http" ]; then cat "$FAKE/$key.http"; fi; else cat "$FAKE/$key.out"; fi
exit "$(cat "$FAKE/$key.code")"
`;
const FAKES: Record<string, string> = {
  aws: `
key=who
case "$*" in *assume-role-with-web-identity*) key=assume ;; esac
if [ "$AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" = "$PROBE_TOKEN_FILE" ]; then key=agent; fi`,
  gcloud: 'key=access',
  curl: `
key=unknown
for argument; do
  if [ "$last" = -o ]; then file=$argument; fi
  last=$argument
  case "$argument" in
    */service-accounts/default/email) key=email ;;
    */service-accounts/default/identity*) key=identity ;;
    https://oauth2.googleapis.com/tokeninfo) key=tokeninfo ;;
    https://sts.googleapis.com/v1/token) key=sts; if [ "$subject" != "$PROBE_TOKEN_FILE" ]; then key=exchange; fi ;;
    '%{http_code}') http=yes ;;
    access_token@*) cat "$(echo "$argument" | cut -d @ -f 2)" > "$FAKE/access_token" ;;
    subject_token@*) subject=$(echo "$argument" | cut -d @ -f 2); cat "$subject" >> "$FAKE/subject_token"; echo >> "$FAKE/subject_token" ;;
  esac
done`,
  az: `
case "$*" in
  'cloud set'*) key=cloud ;;
  'account show'*) key=show ;;
  login*) case "$AZURE_CONFIG_DIR" in */control) key=control ;; *) key=login ;; esac ;;
esac
for argument; do
  case "$argument" in @*) cat "\${argument#@}" >> "$FAKE/federated_token"; echo >> "$FAKE/federated_token" ;; esac
done`,
  sleep: 'echo "$1" >> "$FAKE/pauses"; exit 0',
};

const folders: string[] = [];
afterAll(() => folders.forEach(folder => rmSync(folder, { recursive: true })));

/** Runs the container of a smoke test in a shell, with commands that answer as they are told. */
function run(source: Cluster, identityOf: IdentityOf, answers: Answers, options: {
  env?: Record<string, string>; token?: string; tries?: number; shell?: string[];
  /** The credential file, where the pod has one of Google. */
  credentials?: string;
} = {}) {
  const stack = scratchStack();
  const serviceAccount = source.serviceAccount('reports', 'reader');
  const workload = new Workload(stack, 'Workload', { serviceAccount, identities: [identityOf(stack, serviceAccount)] });
  const { spec } = (workload.smokeTestManifest({ tries: options.tries ?? 2 }) as any).spec.template;
  const [container] = spec.containers;
  const folder = mkdtempSync(join(tmpdir(), 'workload-federation-smoke-'));
  folders.push(folder);
  const [home, bin, fake] = ['home', 'bin', 'fake'].map(name => join(folder, name)) as [string, string, string];
  [home, bin, fake].forEach(each => mkdirSync(each));
  for (const [name, script] of Object.entries(FAKES)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n${ANSWER}`);
    chmodSync(join(bin, name), 0o755);
  }
  for (const [key, { out = '', err = '', code = 0, http = 200, fails }] of Object.entries(answers)) {
    Object.entries({ out, err, code: String(code), http: String(http), fails: fails === undefined ? '' : String(fails) }).forEach(([kind, text]) => writeFileSync(join(fake, `${key}.${kind}`), text));
  }
  const [own, control] = [join(folder, 'token'), join(folder, 'control')];
  writeFileSync(own, JWT);
  writeFileSync(control, options.token ?? `${JWT}.control`);
  const credentials = join(folder, 'credentials.json');
  writeFileSync(credentials, (options.credentials ?? CREDENTIAL_FILE).replace('TOKEN_FILE', own));
  const said = Object.fromEntries(container.env.map(({ name, value }: any) => [name, value]));
  const env: Record<string, string> = {
    ...said, HOME: home, TMPDIR: home, PATH: [bin, process.env.PATH].join(delimiter), FAKE: fake, PROBE_TOKEN_FILE: control,
    ...said.AZURE_FEDERATED_TOKEN_FILE === undefined ? {} : { AZURE_FEDERATED_TOKEN_FILE: own },
    ...said.CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE === undefined ? {}
      : { CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: credentials, PROBE_AUDIENCE: AUDIENCE },
    ...options.env,
  };
  const [, ...words] = container.command as string[];
  const [shell, ...before] = options.shell ?? ['sh'];
  const { stdout, stderr, status } = spawnSync(shell!, [...before, ...words], { env, encoding: 'utf8', timeout: 20000 });
  const read = (name: string) => { try { return readFileSync(join(fake, name), 'utf8'); } catch { return undefined; } };
  for (const secret of [JWT, ACCESS, KEY, SESSION_TOKEN, 'IQoJb3JpZ2lu', 'c3ViamVjdA', 'Zm9vYmFy', 'wJalrXUtnFEMI']) {
    expect(stdout + stderr).not.toContain(secret);
  }
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toHaveLength(2);
  return { said: stdout.trimEnd(), status, log: read('log') ?? '', pauses: read('pauses')?.trim().split('\n') ?? [], read };
}

const roleOf = (stack: TerraformStack, subject: ServiceAccountSubject) => AwsFederatedRole.fromRoleArn(stack, 'Role', { roleArn: ROLE, region: 'eu-west-1', trusts: [subject] });
const poolOf = (stack: TerraformStack, { cluster }: ServiceAccountSubject) => ClusterWorkloadIdentityPool.fromProviderName(stack, 'Pool', {
  cluster, providerName: 'projects/123456789012/locations/global/workloadIdentityPools/apps/providers/apps',
});
const accountOf = (stack: TerraformStack, subject: ServiceAccountSubject) => new GcpFederatedServiceAccount(stack, 'Account', {
  email: EMAIL, trusts: [subject], project: 'acme-apps', pools: subject.cluster.workloadPool === undefined ? [poolOf(stack, subject)] : undefined,
});
const ACCOUNT = { PROBE_ACCOUNT: EMAIL, PROBE_UNIQUE_ID: '1234567890' };
const azureOf = (stack: TerraformStack, subject: ServiceAccountSubject) => new AzureFederatedIdentity(stack, 'Identity', {
  identityName: 'reports', resourceGroupName: 'reports', location: 'westeurope', trusts: [subject],
});
const AZURE = { AZURE_CLIENT_ID: CLIENT, AZURE_TENANT_ID: TENANT, PROBE_CLIENT_ID: CLIENT, PROBE_TENANT_ID: TENANT };

const REFUSED = { err: 'An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Incorrect token audience', code: 254 };
const CREDENTIALS = { out: JSON.stringify({ Credentials: { SecretAccessKey: KEY, SessionToken: KEY } }) };
const GRANT = { out: '{"error":"invalid_grant","error_description":"The audience in ID Token does not match the expected audience."}', http: 400 };
const STS_ACCEPTED = { out: `{"access_token":"${ACCESS}","issued_token_type":"urn:ietf:params:oauth:token-type:access_token"}` };
const EXCHANGED = STS_ACCEPTED;
const WHO = { out: `${SESSION}\n` };
const TOKEN = { out: `${ACCESS}\n` };
const INFO = { out: `{\n  "azp": "1234567890",\n  "aud": "1234567890",\n  "email": "${EMAIL}",\n  "expires_in": "3599"\n}\n` };
const NOBODY = { out: '{\n  "error_description": "Invalid Value"\n}\n', http: 400 };
const SHOW = { out: `${CLIENT}\n` };
const NO_RECORD = { err: 'ERROR: AADSTS700212: No matching federated identity record found for presented assertion audience', code: 1 };

describe.each([['sh', ['sh']], ['bash as sh', ['bash', '--posix']]])('in %s', (_, shell) => {
  test('AWS says the role, and refuses the other token', () => {
    const { said, status, log } = run(OIDC, roleOf, { who: WHO, assume: REFUSED }, { shell });
    expect({ said, status }).toEqual({ said: `aws: OK: ${SESSION}; a token for another audience is refused (InvalidIdentityToken)`, status: 0 });
    expect(log.trim().split('\n')).toEqual([
      'who sts get-caller-identity --query Arn --output text',
      expect.stringMatching(new RegExp(`^assume sts assume-role-with-web-identity --role-arn ${ROLE} --role-session-name smoke-test --duration-seconds 900 --web-identity-token file://.*/control$`)),
    ]);
  });

  test('Google Cloud says the account, and refuses the other token', () => {
    const { said, status, read } = run(OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: INFO, sts: GRANT }, { shell, env: ACCOUNT });
    expect({ said, status }).toEqual({ said: `gcp: OK: ${EMAIL}; a token for another audience is refused (invalid_grant)`, status: 0 });
    expect([read('access_token'), read('subject_token')]).toEqual([ACCESS, `${JWT}\n${JWT}.control\n`]);
    expect(read('log')).not.toContain(ACCESS);
    expect(read('log')).not.toContain(JWT);
  });

  test('Azure says the client, and refuses the other token', () => {
    const { said, status, log, read } = run(OIDC, azureOf, { login: {}, show: SHOW, control: NO_RECORD }, { shell, env: AZURE });
    expect({ said, status }).toEqual({ said: `azure: OK: ${CLIENT} of tenant ${TENANT}; a token for another audience is refused (AADSTS700212)`, status: 0 });
    const login = (file: string): RegExp =>
      new RegExp(` login --service-principal --username ${CLIENT} --tenant ${TENANT} --federated-token @/\\S+/${file} --allow-no-subscriptions --output none$`);
    expect(log.trim().split('\n')).toEqual([
      expect.stringMatching(login('token')), 'show account show --query user.name --output tsv', expect.stringMatching(login('control')),
    ]);
    expect(read('federated_token')).toBe(`${JWT}\n${JWT}.control\n`);
  });
});

const chainOf = (stack: TerraformStack, subject: ServiceAccountSubject) => AwsChainedRole.fromRoleArn(stack, 'Target', {
  roleArn: 'arn:aws:iam::444455556666:role/archive', source: roleOf(stack, subject),
});
const podRoleOf = (stack: TerraformStack, subject: ServiceAccountSubject) => AwsPodIdentityRole.fromRoleArn(stack, 'PodRole', { roleArn: ROLE, trusts: [subject] });
const viaGoogleOf = (stack: TerraformStack, subject: ServiceAccountSubject) => new AwsRoleViaGoogle(stack, 'Via', {
  googleServiceAccount: accountOf(stack, subject), idTokenSource: GoogleIdTokenSource.metadataServer({ image: 'curlimages/curl:8.10.1' }),
});
const principalOf = (stack: TerraformStack, subject: ServiceAccountSubject) => new GcpFederatedPrincipal(stack, 'Principal', {
  trusts: [subject], project: 'acme-apps', pools: subject.cluster.workloadPool === undefined ? [poolOf(stack, subject)] : undefined,
});
const AGENT_REFUSED = { err: 'Error when retrieving credentials from container-role: Error retrieving metadata: Received non 200 response 400 from container metadata: [0a]: (InvalidTokenException): The specified Kubernetes service account token is invalid., fault: client', code: 255 };
const VIA = { PROBE_ROLE_ARN: ROLE, PROBE_FIRST_ROLE_ARN: ROLE };

test.each<[string, Cluster, IdentityOf, Answers, Record<string, string>, string]>([
  ['a chain of roles, whose first takes the token', OIDC, chainOf, { who: { out: 'arn:aws:sts::444455556666:assumed-role/archive/x' }, assume: REFUSED }, {},
    'aws: OK: arn:aws:sts::444455556666:assumed-role/archive/x; a token for another audience is refused (InvalidIdentityToken)'],
  ['a role with the longest name', OIDC, roleOf, { who: { out: `arn:aws-us-gov:sts::123456789012:assumed-role/${'r'.repeat(64)}/${'s'.repeat(64)}` }, assume: REFUSED },
    { PROBE_ROLE_ARN: `arn:aws-us-gov:iam::123456789012:role/${'r'.repeat(64)}` },
    `aws: OK: arn:aws-us-gov:sts::123456789012:assumed-role/${'r'.repeat(64)}/${'s'.repeat(64)}; a token for another audience is refused (InvalidIdentityToken)`],
  ['EKS Pod Identity, whose agent takes the token', EKS, podRoleOf, { who: WHO, agent: AGENT_REFUSED }, {},
    `aws: OK: ${SESSION}; a token for another audience is refused (by the agent of EKS)`],
  ['a trust policy that refuses where the provider does not', OIDC, roleOf, { who: WHO, assume: { err: 'An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity', code: 254 } }, {},
    `aws: OK: ${SESSION}; a token for another audience is refused (AccessDenied)`],
])('asks AWS by %s', (_, cluster, identityOf, answers, env, said) => {
  expect(run(cluster, identityOf, answers, { env })).toMatchObject({ said, status: 0 });
});

test('asks AWS by Google\'s ID tokens, of which the metadata server makes another', () => {
  const { said, status, log } = run(GKE, viaGoogleOf, { who: WHO, identity: { out: JWT }, assume: REFUSED }, { env: VIA });
  expect({ said, status }).toEqual({ said: `aws: OK: ${SESSION}; a token for another audience is refused (InvalidIdentityToken)`, status: 0 });
  expect(log).toContain('?audience=https%3A%2F%2Fsmoke-test.workload-federation.invalid&format=standard');
  expect(log).toMatch(/--web-identity-token file:\/\/.*\/google$/m);
});

test.each<[string, Cluster, IdentityOf, Answers, Record<string, string>, string]>([
  ['an account that tokeninfo names by its id alone', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: { out: '{"azp":"1234567890"}' }, sts: GRANT }, ACCOUNT,
    `gcp: OK: ${EMAIL}; a token for another audience is refused (invalid_grant)`],
  ['a principal, whom Google does not name', OIDC, principalOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: NOBODY, sts: GRANT }, {},
    'gcp: OK: a principal of projects/123456789012/locations/global/workloadIdentityPools/apps, whom Google does not name; a token for another audience is refused (invalid_grant)'],
  ['the metadata server, which takes no token', GKE, accountOf, { access: TOKEN, email: { out: EMAIL } }, ACCOUNT,
    `gcp: OK: ${EMAIL}; without a negative control: the metadata server takes no token`],
  ['the metadata server for a principal', GKE, principalOf, { access: TOKEN, email: { out: 'acme-apps.svc.id.goog' } }, {},
    'gcp: OK: acme-apps.svc.id.goog; without a negative control: the metadata server takes no token'],
])('asks Google Cloud by %s', (_, cluster, identityOf, answers, env, said) => {
  expect(run(cluster, identityOf, answers, { env })).toMatchObject({ said, status: 0 });
});

test('another cloud of Azure is chosen before each login', () => {
  const { status, log } = run(OIDC, azureOf, { cloud: {}, login: {}, show: SHOW, control: NO_RECORD }, { env: { ...AZURE, PROBE_AZURE_CLOUD: 'AzureChinaCloud' } });
  expect(status).toBe(0);
  expect(log.split('\n').map(line => line.split(' ')[0]).filter(key => key !== '')).toEqual(['cloud', 'login', 'show', 'cloud', 'control']);
});

const WIDE = 'FAILED: the trust is too wide: it takes a token for another audience (https://smoke-test.workload-federation.invalid)';

describe('fails where the negative control is accepted:', () => {
  test.each<[string, Cluster, IdentityOf, Answers, Record<string, string>, string]>([
    ['by STS', OIDC, roleOf, { who: WHO, assume: CREDENTIALS }, {}, 'aws'],
    ['by the first role of a chain', OIDC, chainOf, { who: { out: 'arn:aws:sts::444455556666:assumed-role/archive/x' }, assume: CREDENTIALS }, {}, 'aws'],
    ['by EKS\'s agent', EKS, podRoleOf, { who: WHO, agent: WHO }, {}, 'aws'],
    ['by STS for Google\'s ID tokens', GKE, viaGoogleOf, { who: WHO, identity: { out: JWT }, assume: CREDENTIALS }, VIA, 'aws'],
    ['by Google', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: INFO, sts: STS_ACCEPTED }, ACCOUNT, 'gcp'],
    ['by Google for a principal', OIDC, principalOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: NOBODY, sts: STS_ACCEPTED }, {}, 'gcp'],
    ['by Entra ID', OIDC, azureOf, { login: {}, show: SHOW, control: {} }, AZURE, 'azure'],
  ])('%s', (_, cluster, identityOf, answers, env, cloud) => {
    expect(run(cluster, identityOf, answers, { env })).toMatchObject({ said: `${cloud}: ${WIDE}`, status: 1 });
  });
});

describe('fails where the negative control says nothing:', () => {
  const unknown = 'but whether a token for another audience is refused is not known:';
  test.each<[string, Cluster, IdentityOf, Answers, object, string]>([
    ['STS cannot be reached', OIDC, roleOf, { who: WHO, assume: { err: 'Could not connect to the endpoint URL', code: 255 } }, {},
      `aws: FAILED: it is ${SESSION}, ${unknown} Could not connect to the endpoint URL`],
    ['no token is there', OIDC, roleOf, { who: WHO, assume: REFUSED }, { token: '' }, `aws: FAILED: it is ${SESSION}, ${unknown} there is no token for another audience`],
    ['STS refuses for another reason', OIDC, roleOf, { who: WHO, assume: { err: 'An error occurred (InvalidIdentityToken): No OpenIDConnect provider found in your account', code: 254 } }, {},
      `aws: FAILED: it is ${SESSION}, ${unknown} An error occurred (InvalidIdentityToken): No OpenIDConnect provider found in your account`],
    ['STS denies something else', OIDC, roleOf, { who: WHO, assume: { err: 'An error occurred (AccessDenied) when calling: Not authorized to perform sts:TagSession', code: 254 } }, {},
      `aws: FAILED: it is ${SESSION}, ${unknown} An error occurred (AccessDenied) when calling: Not authorized to perform sts:TagSession`],
    ['EKS\'s agent refuses for another reason', EKS, podRoleOf, { who: WHO, agent: { err: 'Received non 200 response 400 from container metadata: (ExpiredTokenException)', code: 255 } }, {},
      `aws: FAILED: it is ${SESSION}, ${unknown} Received non 200 response 400 from container metadata: (ExpiredTokenException)`],
    ['EKS\'s agent has too much to do', EKS, podRoleOf, { who: WHO, agent: { err: 'Received non 200 response 429 from container metadata', code: 255 } }, {},
      `aws: FAILED: it is ${SESSION}, ${unknown} Received non 200 response 429 from container metadata`],
    ['Google refuses for another reason', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: INFO, sts: { out: '{"error":"invalid_grant","error_description":"ID Token is stale"}', http: 400 } }, { env: ACCOUNT },
      `gcp: FAILED: it is ${EMAIL}, ${unknown} Google says 400: {"error":"invalid_grant","error_description":"ID Token is stale"}`],
    ['Google speaks of the audience of the request', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: INFO, sts: { out: '{"error":"invalid_request","error_description":"The audience is wrong"}', http: 400 } },
      { env: ACCOUNT }, `gcp: FAILED: it is ${EMAIL}, ${unknown} Google says 400: {"error":"invalid_request","error_description":"The audience is wrong"}`],
    ...['AADSTS7002124', 'AADSTS700211', 'AADSTS700213', 'AADSTS7002138', 'AADSTS70021', 'XAADSTS700212'].map((code): [string, Cluster, IdentityOf, Answers, object, string] =>
      [`Entra ID refuses with ${code}`, OIDC, azureOf, { login: {}, show: SHOW, control: { err: `ERROR: ${code}: No matching federated identity record found`, code: 1 } }, { env: AZURE },
        `azure: FAILED: it is ${CLIENT} of tenant ${TENANT}, ${unknown} ERROR: ${code}: No matching federated identity record found`]),
    ['EKS\'s agent is broken', EKS, podRoleOf, { who: WHO, agent: { err: 'Received non 200 response 500 from container metadata', code: 255 } }, {},
      `aws: FAILED: it is ${SESSION}, ${unknown} Received non 200 response 500 from container metadata`],
    ['the metadata server makes no other token', GKE, viaGoogleOf, { who: WHO, identity: { err: 'curl: (22) 404', code: 22 } }, { env: VIA },
      `aws: FAILED: it is ${SESSION}, ${unknown} no ID token for another audience from the metadata server: curl: (22) 404`],
    ['Google is out of order', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: INFO, sts: { out: '{"error":{"code":503,"message":"unavailable"}}', http: 503 } }, { env: ACCOUNT },
      `gcp: FAILED: it is ${EMAIL}, ${unknown} Google says 503: {"error":{"code":503,"message":"unavailable"}}`],
    ['Google has no token to look at', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: INFO, sts: GRANT }, { env: ACCOUNT, token: '' },
      `gcp: FAILED: it is ${EMAIL}, ${unknown} there is no token for another audience`],
    ['Entra ID refuses for another reason', OIDC, azureOf, { login: {}, show: SHOW, control: { err: 'ERROR: AADSTS50049: Unknown or invalid instance.', code: 1 } }, { env: AZURE },
      `azure: FAILED: it is ${CLIENT} of tenant ${TENANT}, ${unknown} ERROR: AADSTS50049: Unknown or invalid instance.`],
    ['Azure has no token to look at', OIDC, azureOf, { login: {}, show: SHOW }, { env: AZURE, token: '' },
      `azure: FAILED: it is ${CLIENT} of tenant ${TENANT}, ${unknown} there is no token for another audience`],
  ])('%s', (_, cluster, identityOf, answers, options, said) => {
    expect(run(cluster, identityOf, answers, options)).toMatchObject({ said, status: 1 });
  });
});

describe('fails where the pod is not who it should be:', () => {
  test.each<[string, Cluster, IdentityOf, Answers, Record<string, string>, string]>([
    ['it is the node', EKS, roleOf, { who: { out: 'arn:aws:sts::123456789012:assumed-role/node/i-0abc' } }, {},
      `aws: FAILED: it is arn:aws:sts::123456789012:assumed-role/node/i-0abc, and not ${ROLE}`],
    ['it is a role of the same name in another account', EKS, roleOf, { who: { out: 'arn:aws:sts::999999999999:assumed-role/reports/x' } }, {},
      `aws: FAILED: it is arn:aws:sts::999999999999:assumed-role/reports/x, and not ${ROLE}`],
    ['the role\'s name is a pattern that would match', EKS, roleOf, { who: { out: 'arn:aws:sts::123456789012:assumed-role/reports/x' } },
      { PROBE_ROLE_ARN: 'arn:aws:iam::123456789012:role/r*' },
      'aws: FAILED: it is arn:aws:sts::123456789012:assumed-role/reports/x, and not arn:aws:iam::123456789012:role/r*'],
    ['it is the node\'s account', GKE, accountOf, { access: TOKEN, email: { out: '1234-compute@developer.gserviceaccount.com' } }, ACCOUNT,
      `gcp: FAILED: it is 1234-compute@developer.gserviceaccount.com, and not ${EMAIL}`],
    ['tokeninfo names another account', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: { out: '{"azp":"1234567890","email":"other@acme-apps.iam.gserviceaccount.com"}' } }, ACCOUNT,
      `gcp: FAILED: it is other@acme-apps.iam.gserviceaccount.com 1234567890, and not ${EMAIL}`],
    ['gcloud took the node\'s account for the principal', OIDC, principalOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: INFO }, {},
      `gcp: FAILED: it is ${EMAIL} 1234567890, and not projects/123456789012/locations/global/workloadIdentityPools/apps`],
    ['Google cannot be asked', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: { err: 'curl: (6) Could not resolve host', code: 6 } }, ACCOUNT,
      'gcp: FAILED: Google cannot be asked: curl: (6) Could not resolve host'],
    ['the metadata server does not answer', GKE, principalOf, { access: TOKEN, email: { err: 'curl: (22) 403', code: 22 } }, {},
      'gcp: FAILED: the metadata server says: curl: (22) 403'],
    ['tokeninfo names nobody', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: { out: '{"error":"invalid_token"}', http: 400 } }, ACCOUNT, 'gcp: FAILED: Google does not say whose the access token is, but 400: {"error":"invalid_token"}'],
    ['tokeninfo knows no account', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: NOBODY }, ACCOUNT, 'gcp: FAILED: Google does not say whose the access token is, but 400: { "error_description": "Invalid Value" }'],
    ['tokeninfo says of a principal that the token is invalid', OIDC, principalOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: { out: '{"error":"invalid_token"}', http: 400 } }, {},
      'gcp: FAILED: Google does not say whose the access token is, but 400: {"error":"invalid_token"}'],
    ['tokeninfo says of a principal that it is out of order', OIDC, principalOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: { out: '<html>Service Unavailable</html>', http: 503 } }, {},
      'gcp: FAILED: Google does not say whose the access token is, but 503: <html>Service Unavailable</html>'],
    ['tokeninfo says nothing of a principal', OIDC, principalOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: { out: '' } }, {}, 'gcp: FAILED: Google does not say whose the access token is, but 200:'],
    ['tokeninfo names somebody and refuses', OIDC, accountOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: { ...INFO, http: 500 } }, ACCOUNT,
      `gcp: FAILED: Google does not say whose the access token is, but 500: { "azp": "1234567890", "aud": "1234567890", "email": "${EMAIL}", "expires_in": "3599" }`],
    ['the provider does not take the token', OIDC, principalOf, { access: TOKEN, exchange: { out: '{"error":"invalid_target"}', http: 400 } }, {},
      'gcp: FAILED: the provider does not take the token of the pod: Google says 400: {"error":"invalid_target"}'],
    ['the provider answers with no token', OIDC, principalOf, { access: TOKEN, exchange: { out: '{}' } }, {}, 'gcp: FAILED: the provider does not take the token of the pod: Google says 200: {}'],
    ['the provider cannot be reached', OIDC, principalOf, { access: TOKEN, exchange: { err: 'curl: (6) Could not resolve host', code: 6 } }, {},
      'gcp: FAILED: Google cannot be asked: curl: (6) Could not resolve host'],
    ['the webhook brought no credential file', OIDC, principalOf, { access: TOKEN }, { CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: '' },
      'gcp: FAILED: there is no credential file where CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE says'],
    ['the variables are of another client', OIDC, azureOf, {}, { ...AZURE, AZURE_CLIENT_ID: 'other' },
      `azure: FAILED: AZURE_CLIENT_ID and AZURE_TENANT_ID say other of tenant ${TENANT}, and not ${CLIENT} of tenant ${TENANT}`],
    ['the account is another client', OIDC, azureOf, { login: {}, show: { out: 'someone' } }, AZURE, `azure: FAILED: it is someone, and not ${CLIENT}`],
    ['the webhook brought no token', OIDC, azureOf, {}, { ...AZURE, AZURE_FEDERATED_TOKEN_FILE: '/nowhere' }, 'azure: FAILED: there is no token where AZURE_FEDERATED_TOKEN_FILE says'],
  ])('%s', (_, cluster, identityOf, answers, env, said) => {
    expect(run(cluster, identityOf, answers, { env })).toMatchObject({ said, status: 1 });
  });
});

test.each([
  ['another pool', credentialFile(AUDIENCE.replace('Pools/apps', 'Pools/other')), AUDIENCE.replace('Pools/apps', 'Pools/other')],
  ['another provider, and the meant one where it says nothing', `${credentialFile(`${AUDIENCE}2`).slice(0, -1)},"note":"${AUDIENCE}"}`, `${AUDIENCE}2`],
  ['no provider', `{"type":"audience","note":"${AUDIENCE}"}`, ''],
])('fails where the credential file names %s', (_, credentials, provider) => {
  for (const identityOf of [principalOf, accountOf]) {
    expect(run(OIDC, identityOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: NOBODY, sts: GRANT }, { credentials })).toMatchObject({
      said: `gcp: FAILED: the credential file names the provider ${provider}, and not ${AUDIENCE}`, status: 1,
    });
  }
});

const withMember = (member: object) => JSON.stringify({ ...JSON.parse(CREDENTIAL_FILE), ...member });

test.each([
  ['sends the token elsewhere', withMember({ token_url: 'https://sts.example.com/v1/token' }), 'sends the token to https://sts.example.com/v1/token, and not to Google'],
  ['says not where the token goes', withMember({ token_url: undefined }), 'sends the token to , and not to Google'],
  ['sends the token elsewhere, as the last of two that it says', CREDENTIAL_FILE.replace('{', '{"token_url":"https://sts.googleapis.com/v1/token",')
    .replace(/"token_url":"[^"]+","type"/, '\n"token_url":\n"https://sts.example.com/v1/token","type"'),
  'may be read in two ways: it says a name more than once, or has a backslash'],
  ['says a name in another way', withMember({ note: 'backslash' }).replace('note', 'token\\u005furl'), 'may be read in two ways: it says a name more than once, or has a backslash'],
  ['asks somebody for the account on the next line', withMember({ service_account_impersonation_url: 'https://example.com/' }).replace('_impersonation_url":', '_impersonation_url":\n'),
    'asks  for an account, and not Google'],
  ['asks somebody else for the account', withMember({ service_account_impersonation_url: 'https://iamcredentials.googleapis.com.example.com/' }),
    'asks https://iamcredentials.googleapis.com.example.com/ for an account, and not Google'],
])('fails before gcloud is run where the credential file %s', (_, credentials, said) => {
  const { status, log, ...result } = run(OIDC, accountOf, {}, { credentials, env: ACCOUNT });
  expect({ status, log, said: result.said }).toEqual({ status: 1, log: '', said: `gcp: FAILED: the credential file ${said}` });
});

test('fails where the credential file names no token', () => {
  const credentials = withMember({ credential_source: {} });
  expect(run(OIDC, principalOf, { access: TOKEN }, { credentials })).toMatchObject({ said: 'gcp: FAILED: there is no token where the credential file says', status: 1 });
});

test('the token of the credential file is the one that is exchanged for a principal', () => {
  const credentials = JSON.stringify(JSON.parse(CREDENTIAL_FILE), null, 2);
  const { read } = run(OIDC, principalOf, { access: TOKEN, exchange: EXCHANGED, tokeninfo: NOBODY, sts: GRANT }, { credentials });
  expect(read('subject_token')).toBe(`${JWT}\n${JWT}.control\n`);
});

test('a session token is printed nowhere, whatever its characters', () => {
  for (const token of [SESSION_TOKEN, `${'A'.repeat(79)}/`, `${'+/'.repeat(40)}`]) {
    expect(run(OIDC, roleOf, { who: { err: `before ${token} after`, code: 1 } }).said).toBe('aws: FAILED: the AWS CLI says: before (cut) after');
  }
});

test('what commands say is printed in one line, without what looks like a token, a key or a control character', () => {
  const err = `first\n\tsecond ${JWT} \u001b[31m${ACCESS} é ${KEY}\u0007 last ${'x y '.repeat(300)}`;
  expect(run(OIDC, roleOf, { who: { err, code: 1 } }).said)
    .toMatch(/^aws: FAILED: the AWS CLI says: first second \(token\) \[31m\(token\) {2}\(cut\) last (?:[xy] ?)+$/);
  expect(run(OIDC, accountOf, { access: { err, code: 1 } }).said).toMatch(/^gcp: FAILED: gcloud says: first second \(token\)/);
  expect(run(OIDC, azureOf, { login: { err, code: 1 } }, { env: AZURE }).said).toMatch(/^azure: FAILED: the Azure CLI says: first second \(token\)/);
});

test('each cloud is asked again until it knows what is new, and no longer than was said', () => {
  expect(run(OIDC, roleOf, { who: { ...WHO, fails: 3 }, assume: REFUSED }, { tries: 4 })).toMatchObject({ status: 0, pauses: ['10', '10', '10'] });
  expect(run(OIDC, roleOf, { who: { ...WHO, fails: 3 }, assume: REFUSED }, { tries: 3 })).toMatchObject({
    status: 1, pauses: ['10', '10'], said: 'aws: FAILED: the AWS CLI says: not yet known',
  });
});

test('refuses to go on where it cannot write', () => {
  const { said, status } = run(OIDC, roleOf, { who: WHO, assume: REFUSED }, { env: { HOME: '/dev/null' } });
  expect({ said, status }).toEqual({ said: 'aws: FAILED: cannot write to /dev/null', status: 1 });
});

test('values are never taken for commands', () => {
  const evil = '$(touch pwned); `touch pwned` "\'; touch pwned #';
  const { said, status } = run(OIDC, azureOf, {}, { env: { ...AZURE, AZURE_CLIENT_ID: evil, PROBE_CLIENT_ID: 'client' } });
  expect({ said, status }).toEqual({ said: `azure: FAILED: AZURE_CLIENT_ID and AZURE_TENANT_ID say ${evil} of tenant ${TENANT}, and not client of tenant ${TENANT}`, status: 1 });
});

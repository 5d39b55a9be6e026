import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..');
const PEERS = ['cdktf', 'constructs', '@cdktf/provider-aws', '@cdktf/provider-google', '@cdktf/provider-kubernetes'];
/** The optional peers: what needs Azure's resources, what Entra ID's too, and what a certificate of Terraform's. */
const AZURERM = '@cdktf/provider-azurerm';
const AZUREAD = '@cdktf/provider-azuread';
const TLS = '@cdktf/provider-tls';

/** A program that uses the package as its README says. */
const PROGRAM = `
import { App, TerraformStack } from 'cdktf';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { Cluster, FederationError, GkeToAwsFederation, type ICloudIdentity } from 'cdktf-workload-federation';
import { AksToAzureFederation, type AzureRoleAssignment } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import { SelfSignedWebhookCertificate } from 'cdktf-workload-federation/tls';
import { trustOf } from 'cdktf-workload-federation/testing';
import { readModel } from 'cdktf-workload-federation/trust';

const stack = new TerraformStack(new App(), 'stack');
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const reports = new GkeToAwsFederation(stack, 'Reports', { cluster: gke, namespace: 'reports', serviceAccountName: 'reports' });
const aks = Cluster.aks({ name: 'apps', issuer: 'https://westeurope.oic.prod-aks.azure.com/tenant/cluster/' });
const roleAssignments: AzureRoleAssignment[] = [];
const billing = new AksToAzureFederation(stack, 'Billing', {
  cluster: aks, namespace: 'billing', serviceAccountName: 'billing', identityName: 'billing', resourceGroupName: 'apps', location: 'westeurope', roleAssignments,
});
const application = new EntraFederatedApplication(stack, 'Application', { displayName: 'Reports', trusts: [gke.serviceAccount('reports', 'reports')] });
const certificate = SelfSignedWebhookCertificate.with();
const identities: ICloudIdentity[] = [reports.role, billing.identity, application];
new PodV1(stack, 'Pod', reports.podTemplate({ metadata: { name: 'reports' }, spec: { container: [{ name: 'aws' }] } }));
export const trusted = [trustOf, readModel].length;
export const code: FederationError['code'] | undefined = identities.length === 0 ? 'EmptyTrust' : undefined;
`;

const run = (command: string, args: string[], cwd: string) => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

let folder: string;
let packed: string[];
let tarball: string;
/** What a user of AWS and Google Cloud has, what one of Azure has too, and what one of Entra ID has beside. */
let core: string;
let withAzure: string;
let withEntra: string;
let withTls: string;
/** What reads Terraform, in a project without cdktf. */
let reader: string;

/** A project with the packed package and these of its peers. */
function installed(name: string, peers: readonly string[]): string {
  const project = join(folder, name);
  const modules = join(project, 'node_modules');
  const unpacked = join(modules, 'cdktf-workload-federation');
  mkdirSync(unpacked, { recursive: true });
  run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components', '1'], folder);
  for (const peer of peers) {
    mkdirSync(dirname(join(modules, peer)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', peer), join(modules, peer));
  }
  return project;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'workload-federation-package-'));
  const [{ filename, files }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], ROOT).replace(/^[^[]*/, ''));
  packed = files.map(({ path }: { path: string }) => path);
  tarball = join(folder, filename);
  core = installed('core', PEERS);
  withAzure = installed('azure', [...PEERS, AZURERM]);
  withEntra = installed('entra', [...PEERS, AZURERM, AZUREAD]);
  withTls = installed('tls', [...PEERS, AZURERM, AZUREAD, TLS]);
  reader = installed('reader', ['@bufbuild/cel', 'commander']);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

test('what is packed is compiled code, types and documents, and neither sources nor tests', () => {
  expect(packed.filter(path => !/^build\/.*(?:\.js|\.d\.ts)$/.test(path)).sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json', ...['check', 'diff', 'explain', 'report'].map(command => `schema/${command}-v1.schema.json`)]);
  expect(packed).toContain('build/index.js');
  expect(packed).toContain('build/index.d.ts');
  expect(packed.filter(path => path.endsWith('/index.js'))).toEqual(['build/azure/index.js', 'build/entra/index.js', 'build/gtoken/index.js', 'build/index.js', 'build/testing/index.js', 'build/tls/index.js', 'build/trust/index.js']);
  expect(packed.filter(path => /(?:^|\/)(?:test|examples|bench)\/|\.test\./.test(path))).toEqual([]);
});

test.each([
  ['node10', 'commonjs'],
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['bundler', 'esnext'],
])('types resolve under %s resolution', (moduleResolution, module) => {
  const file = join(withTls, `${moduleResolution}.ts`);
  writeFileSync(file, PROGRAM);
  const config = join(withTls, `${moduleResolution}.json`);
  writeFileSync(config, JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, skipLibCheck: true, target: 'es2022', preserveSymlinks: true, types: [], module, moduleResolution },
    files: [file],
  }));
  expect(() => execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', config], { stdio: 'pipe' })).not.toThrow();
}, 60_000);

/** The files that a program loads in a project. */
function loadedBy(program: string, project: string): string[] {
  const script = `${program}; console.log(JSON.stringify(Object.keys(require.cache)))`;
  const output = execFileSync(process.execPath, ['--preserve-symlinks', '-e', script], { cwd: project, encoding: 'utf8', stdio: 'pipe' });
  return JSON.parse(output) as string[];
}

/** The resources of providers that an entry loads. */
function resourcesBehind(entry: string, project: string): string[] {
  const providers = loadedBy(`require('${entry}')`, project).filter(path => /@cdktf\/provider-/.test(path))
    .map(path => path.replace(/^.*@cdktf\//, '').replace(/\/index-structs\/.*/, '/index.js'));
  return [...new Set(providers)];
}

test.each([
  ['the main entry', 'cdktf-workload-federation', () => core, /^provider-(?:aws|google|kubernetes)\/lib\/[a-z0-9-]+\/index\.js$/, 28],
  ['the entry of gtoken', 'cdktf-workload-federation/gtoken', () => core, /^provider-(?:google|kubernetes)\/lib\/[a-z0-9-]+\/index\.js$/, 12],
  ['the entry of Azure', 'cdktf-workload-federation/azure', () => withAzure, /^provider-(?:azurerm|kubernetes)\/lib\/[a-z0-9-]+\/index\.js$/, 11],
  ['the entry of Entra ID', 'cdktf-workload-federation/entra', () => withEntra, /^provider-azure(?:ad|rm)\/lib\/[a-z0-9-]+\/index\.js$/, 6],
  ['the entry of TLS', 'cdktf-workload-federation/tls', () => withTls, /^provider-(?:kubernetes|tls)\/lib\/[a-z0-9-]+\/index\.js$/, 5],
])('%s loads where its peers are, with one file of each provider resource and no barrel', (_, entry, project, resource, most) => {
  const resources = resourcesBehind(entry, project());
  expect(resources.filter(path => !resource.test(path))).toEqual([]);
  expect(resources.length).toBeGreaterThan(0);
  expect(resources.length).toBeLessThanOrEqual(most);
});

test.each([
  ['cdktf-workload-federation/azure', () => core, '@cdktf/provider-azurerm/'],
  ['cdktf-workload-federation/entra', () => withAzure, '@cdktf/provider-azuread/'],
  ['cdktf-workload-federation/tls', () => core, '@cdktf/provider-tls/'],
])('the entry %s names the peer that it misses', (entry, project, peer) => {
  expect(() => loadedBy(`require('${entry}')`, project())).toThrow(`Cannot find module '${peer}`);
});

test('what an entry needs beside the main one is an optional peer, and the others are not', () => {
  const { peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync(join(core, 'node_modules', 'cdktf-workload-federation', 'package.json'), 'utf8'));
  expect(Object.keys(peerDependencies).sort()).toEqual([...PEERS, AZURERM, AZUREAD, TLS].sort());
  expect(peerDependenciesMeta).toEqual({ [AZURERM]: { optional: true }, [AZUREAD]: { optional: true }, [TLS]: { optional: true } });
});

test('deep imports are closed: only what is exported can be relied on', () => {
  for (const path of ['build/registry', 'azure/azure-binding', 'issuer']) {
    expect(() => loadedBy(`require('cdktf-workload-federation/${path}')`, core)).toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
  }
});

test('no file that users get says where or with what it was built', () => {
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  expect(lock).not.toMatch(/"resolved"/);
  expect(readdirSync(join(core, 'node_modules', 'cdktf-workload-federation'))).not.toContain('.npmrc');
});

test('the command and what it is made of run without cdktf and without a provider', () => {
  writeFileSync(join(reader, 'main.tf.json'), JSON.stringify({
    resource: { azurerm_federated_identity_credential: { Reader: { parent_id: 'id', issuer: 'https://oidc.example/', subject: 'system:serviceaccount:reports:reader', audience: ['api://AzureADTokenExchange'] } } },
  }));
  const command = join('node_modules', 'cdktf-workload-federation', 'build', 'cli', 'main.js');
  const printed = run(process.execPath, [command, 'report', 'main.tf.json', '--format', 'json'], reader);
  expect(JSON.parse(printed)).toMatchObject({ version: 1, rows: [{ issuer: 'https://oidc.example/', subject: 'system:serviceaccount:reports:reader' }] });
  const program = "const { readModel, readInputs } = require('cdktf-workload-federation/trust'); console.log(readModel(readInputs(['main.tf.json'])).identities.length)";
  expect(run(process.execPath, ['-e', program], reader)).toBe('1\n');
  expect(() => run(process.execPath, ['-e', "require('cdktf-workload-federation')"], reader)).toThrow();
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..');
const PEERS = ['cdktf', 'constructs', '@cdktf/provider-aws', '@cdktf/provider-google', '@cdktf/provider-kubernetes'];

/** A program that uses the package as its README says. */
const PROGRAM = `
import { App, TerraformStack } from 'cdktf';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { Cluster, FederationError, GkeToAwsFederation, type ICloudIdentity } from 'cdktf-workload-federation';

const stack = new TerraformStack(new App(), 'stack');
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const reports = new GkeToAwsFederation(stack, 'Reports', { cluster: gke, namespace: 'reports', serviceAccountName: 'reports' });
const identity: ICloudIdentity = reports.role;
new PodV1(stack, 'Pod', reports.podTemplate({ metadata: { name: 'reports' }, spec: { container: [{ name: 'aws' }] } }));
export const code: FederationError['code'] | undefined = identity === undefined ? 'EmptyTrust' : undefined;
`;

let folder: string;
let packed: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'workload-federation-package-'));
  const run = (command: string, args: string[], cwd: string) => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [{ filename, files }] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', folder], ROOT).replace(/^[^[]*/, ''));
  packed = files.map(({ path }: { path: string }) => path);
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, 'cdktf-workload-federation'), { recursive: true });
  run('tar', ['-xzf', join(folder, filename), '-C', join(modules, 'cdktf-workload-federation'), '--strip-components', '1'], folder);
  for (const peer of PEERS) {
    mkdirSync(dirname(join(modules, peer)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', peer), join(modules, peer));
  }
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true }));

test('what is packed is compiled code, types and documents, and neither sources nor tests', () => {
  expect(packed.filter(path => !/^build\/.*(?:\.js|\.d\.ts)$/.test(path)).sort()).toEqual(
    ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']);
  expect(packed).toContain('build/index.js');
  expect(packed).toContain('build/index.d.ts');
  expect(packed.filter(path => /test|example|bench/.test(path))).toEqual([]);
});

test.each([
  ['node10', 'commonjs'],
  ['node16', 'node16'],
  ['nodenext', 'nodenext'],
  ['bundler', 'esnext'],
])('types resolve under %s resolution', (moduleResolution, module) => {
  const file = join(folder, `${moduleResolution}.ts`);
  writeFileSync(file, PROGRAM);
  const config = join(folder, `${moduleResolution}.json`);
  writeFileSync(config, JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, skipLibCheck: true, target: 'es2022', preserveSymlinks: true, types: [], module, moduleResolution },
    files: [file],
  }));
  expect(() => execFileSync(process.execPath, [require.resolve('typescript/bin/tsc'), '-p', config], { stdio: 'pipe' })).not.toThrow();
}, 60_000);

/** The packages and provider files that a program loads. */
function loadedBy(program: string): string[] {
  const script = `${program}; console.log(JSON.stringify(Object.keys(require.cache)))`;
  const output = execFileSync(process.execPath, ['--preserve-symlinks', '-e', script], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  return JSON.parse(output) as string[];
}

test('the main entry loads, with one file of each provider resource and no barrel', () => {
  const loaded = loadedBy("require('cdktf-workload-federation')");
  const providers = loaded.filter(path => /@cdktf\/provider-/.test(path)).map(path => path.replace(/^.*@cdktf\//, '').replace(/\/index-structs\/.*/, '/index.js'));
  expect([...new Set(providers)].filter(path => !/^provider-(?:aws|google|kubernetes)\/lib\/[a-z0-9-]+\/index\.js$/.test(path))).toEqual([]);
  expect(new Set(providers).size).toBeLessThan(25);
});

test('deep imports are closed: only what is exported can be relied on', () => {
  expect(() => loadedBy("require('cdktf-workload-federation/build/registry')")).toThrow('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

test('no file that users get says where or with what it was built', () => {
  const lock = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  expect(lock).not.toMatch(/"resolved"/);
  expect(readdirSync(join(folder, 'node_modules', 'cdktf-workload-federation'))).not.toContain('.npmrc');
});

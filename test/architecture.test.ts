import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = join(__dirname, '..');
const LIB = join(ROOT, 'lib');

/** Which rooms a room may use besides itself; files at the top and doors are rooms of their own. See docs/architecture.md. */
const MAY_USE: Record<string, readonly string[]> = {
  'errors': [],
  'rules': [],
  'skipping': [],
  'tokens': [],
  'checks': ['errors', 'tokens'],
  'annotations': ['rules'],
  'cluster': ['checks', 'errors', 'tokens'],
  'registry': ['cluster', 'errors'],
  'cloud-identity': ['cluster', 'errors'],
  'aws': ['annotations', 'checks', 'cloud-identity', 'cluster', 'errors', 'registry', 'tokens'],
  'gcp': ['annotations', 'checks', 'cloud-identity', 'cluster', 'errors', 'registry', 'tokens'],
  'azure': ['annotations', 'checks', 'cloud-identity', 'cluster', 'errors', 'registry', 'tokens'],
  'entra': ['annotations', 'azure', 'checks', 'cloud-identity', 'cluster', 'errors', 'registry', 'tokens'],
  'issuer': ['azure', 'checks', 'errors', 'tokens'],
  'kubernetes': ['annotations', 'checks', 'cloud-identity', 'cluster', 'errors', 'skipping', 'tokens'],
  'google-issuer': ['annotations', 'aws', 'checks', 'cloud-identity', 'cluster', 'errors', 'gcp', 'tokens'],
  'gtoken': ['checks', 'errors', 'tokens'],
  'tls': ['checks', 'gtoken'],
  'trust': ['errors', 'rules', 'skipping'],
  'cli': ['trust'],
  'testing': ['trust'],
  'federations': ['aws', 'azure', 'checks', 'cluster', 'errors', 'gcp', 'google-issuer', 'kubernetes'],
  'index': ['aws', 'cloud-identity', 'cluster', 'errors', 'federations', 'gcp', 'google-issuer', 'issuer', 'kubernetes', 'rules'],
  'azure/index': ['azure', 'federations', 'issuer'],
  'entra/index': ['entra'],
  'gtoken/index': ['gtoken'],
  'tls/index': ['tls'],
  'testing/index': ['testing'],
  'trust/index': ['trust'],
};

/** The packages that a room may import. */
const PACKAGES: Record<string, readonly RegExp[]> = {
  'errors': [],
  'rules': [],
  'skipping': [],
  'tokens': [/^node:crypto$/, /^cdktf$/, /^constructs$/],
  'checks': [/^cdktf$/, /^constructs$/],
  'aws': [/^cdktf$/, /^constructs$/, /^@cdktf\/provider-aws\/lib\/[a-z0-9-]+$/],
  'gcp': [/^cdktf$/, /^constructs$/, /^@cdktf\/provider-google\/lib\/[a-z0-9-]+$/],
  'azure': [/^cdktf$/, /^constructs$/, /^@cdktf\/provider-azurerm\/lib\/[a-z0-9-]+$/],
  'entra': [/^cdktf$/, /^constructs$/, /^@cdktf\/provider-(?:azuread|azurerm)\/lib\/[a-z0-9-]+$/],
  'issuer': [/^node:crypto$/, /^cdktf$/, /^constructs$/, /^@cdktf\/provider-(?:aws|azurerm|google)\/lib\/[a-z0-9-]+$/],
  'google-issuer': [/^cdktf$/, /^constructs$/, /^@cdktf\/provider-google\/lib\/[a-z0-9-]+$/],
  'gtoken': [/^cdktf$/, /^constructs$/, /^@cdktf\/provider-(?:google|kubernetes)\/lib\/[a-z0-9-]+$/],
  'tls': [/^cdktf$/, /^constructs$/, /^@cdktf\/provider-(?:kubernetes|tls)\/lib\/[a-z0-9-]+$/],
  'trust': [/^node:(?:crypto|fs|net|path)$/, /^@bufbuild\/cel$/],
  'cli': [/^node:(?:fs|path)$/, /^commander$/],
  'testing': [],
  'kubernetes': [/^node:path$/, /^cdktf$/, /^constructs$/, /^@cdktf\/provider-kubernetes\/lib\/[a-z0-9-]+$/],
};
const ELSEWHERE = [/^cdktf$/, /^constructs$/];

function files(folder: string): string[] {
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const roomOf = (file: string) => {
  const path = relative(LIB, file).replace(/\.ts$/, '');
  return /^[a-z]+\/index$/.test(path) ? path : path.split('/')[0]!;
};

/** What a file imports or re-exports, types as well: a declaration file that names a missing package does not compile. */
function specifiersOf(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/^(?:import|export)\b[^;']*?\bfrom '([^']+)';|^import '([^']+)';|(?:import|require)\('([^']+)'\)/gm)]
    .map(([, statement, bare, call]) => statement ?? bare ?? call!);
}

/** The file behind a relative specifier; a folder is its door. */
function targetOf(file: string, specifier: string): string {
  const path = resolve(dirname(file), specifier);
  return existsSync(`${path}.ts`) ? `${path}.ts` : join(path, 'index.ts');
}

const imports = files(LIB).flatMap(path => specifiersOf(path).map(specifier => ({ file: relative(LIB, path), room: roomOf(path), specifier })));

test('there are imports to look at, and every room is known', () => {
  expect(imports.length).toBeGreaterThan(50);
  expect([...new Set(files(LIB).map(roomOf))].sort()).toEqual(Object.keys(MAY_USE).sort());
});

test('rooms use only the rooms that they may', () => {
  const wrong = imports.filter(({ specifier }) => specifier.startsWith('.')).filter(({ file, room, specifier }) => {
    const target = roomOf(targetOf(join(LIB, file), specifier));
    return target !== room && !MAY_USE[room]!.includes(target);
  });
  expect(wrong).toEqual([]);
});

test('rooms use only the packages that they may, one resource at a time', () => {
  const wrong = imports.filter(({ specifier }) => !specifier.startsWith('.'))
    .filter(({ room, specifier }) => !(PACKAGES[room] ?? ELSEWHERE).some(pattern => pattern.test(specifier)));
  expect(wrong).toEqual([]);
});

test('the issuers use the names of Azure\'s clouds, and nothing else of Azure', () => {
  const used = imports.filter(({ room, file, specifier }) => room === 'issuer' && roomOf(targetOf(join(LIB, file), specifier)) === 'azure');
  expect(used).toEqual([{ file: 'issuer/azure-blob-hosted-issuer.ts', room: 'issuer', specifier: '../azure/azure-cloud' }]);
});

/** The file of the repository behind a specifier, be it relative or the name of this package. */
function ownTargetOf(file: string, specifier: string): string | undefined {
  const door = /^cdktf-workload-federation(?:\/([a-z]+))?$/.exec(specifier);
  return door !== null ? join(LIB, door[1] ?? '', 'index.ts') : specifier.startsWith('.') ? targetOf(file, specifier) : undefined;
}

test('no file imports itself by way of others', () => {
  const all = ['lib', 'test', 'examples', 'bench'].flatMap(folder => files(join(ROOT, folder))).filter(file => file.endsWith('.ts'));
  const known = new Set(all);
  const importsOf = new Map(all.map(file =>
    [file, specifiersOf(file).map(specifier => ownTargetOf(file, specifier)).filter((target): target is string => known.has(target ?? ''))] as const));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) {
      cycles.push([...way.slice(way.indexOf(file)), file].map(step => relative(ROOT, step)).join(' -> '));
    } else if (!done.has(file)) {
      importsOf.get(file)!.forEach(target => visit(target, [...way, file]));
      done.add(file);
    }
  };
  all.forEach(file => visit(file, []));
  expect([...importsOf.values()].flat().length).toBeGreaterThan(all.length);
  expect(cycles).toEqual([]);
});

/** The packages that a door leads to, by way of whatever files. */
function packagesBehind(door: string): string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) {
      return;
    }
    seen.add(file);
    for (const specifier of specifiersOf(file)) {
      if (specifier.startsWith('.')) {
        visit(targetOf(file, specifier));
      } else {
        packages.add(specifier.replace(/^(@[^/]+\/[^/]+|[^/@]+).*$/, '$1'));
      }
    }
  };
  visit(join(LIB, door));
  return [...packages].sort();
}

test('each door leads to the packages that its users have', () => {
  const core = ['cdktf', 'constructs', 'node:crypto'];
  const clouds = ['@cdktf/provider-aws', '@cdktf/provider-google', '@cdktf/provider-kubernetes'];
  expect(packagesBehind('index.ts')).toEqual([...clouds, ...core, 'node:path']);
  expect(packagesBehind('azure/index.ts')).toEqual(['@cdktf/provider-azurerm', '@cdktf/provider-kubernetes', ...core, 'node:path']);
  expect(packagesBehind('entra/index.ts')).toEqual(['@cdktf/provider-azuread', '@cdktf/provider-azurerm', ...core]);
  expect(packagesBehind('gtoken/index.ts')).toEqual(['@cdktf/provider-google', '@cdktf/provider-kubernetes', ...core]);
  expect(packagesBehind('tls/index.ts')).toEqual(['@cdktf/provider-kubernetes', '@cdktf/provider-tls', ...core]);
  const trust = ['@bufbuild/cel', 'node:crypto', 'node:fs', 'node:net', 'node:path'];
  expect(packagesBehind('trust/index.ts')).toEqual(trust);
  expect(packagesBehind('testing/index.ts')).toEqual(trust);
  expect(packagesBehind('cli/main.ts')).toEqual([...trust, 'commander'].sort());
});

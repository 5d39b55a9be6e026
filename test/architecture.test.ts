import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const LIB = join(__dirname, '..', 'lib');

/** Which rooms a room may use besides itself; files at the top are rooms of their own. See docs/architecture.md. */
const MAY_USE: Record<string, readonly string[]> = {
  'errors': [],
  'rules': [],
  'tokens': [],
  'checks': ['errors', 'tokens'],
  'annotations': ['rules'],
  'cluster': ['checks', 'errors', 'tokens'],
  'registry': ['cluster', 'errors'],
  'cloud-identity': ['cluster', 'errors'],
  'aws': ['annotations', 'checks', 'cloud-identity', 'cluster', 'errors', 'registry', 'tokens'],
  'gcp': ['annotations', 'checks', 'cloud-identity', 'cluster', 'errors', 'registry', 'tokens'],
  'kubernetes': ['checks', 'cloud-identity', 'cluster', 'errors', 'tokens'],
  'federations': ['aws', 'checks', 'cluster', 'errors', 'gcp', 'kubernetes'],
  'index': ['aws', 'cloud-identity', 'cluster', 'errors', 'federations', 'gcp', 'kubernetes', 'rules'],
};

/** The packages that a room may import. */
const PACKAGES: Record<string, readonly RegExp[]> = {
  errors: [],
  rules: [],
  tokens: [/^node:crypto$/, /^cdktf$/, /^constructs$/],
  checks: [],
  aws: [/^cdktf$/, /^constructs$/, /^@cdktf\/provider-aws\/lib\/[a-z0-9-]+$/],
  gcp: [/^cdktf$/, /^constructs$/, /^@cdktf\/provider-google\/lib\/[a-z0-9-]+$/],
  kubernetes: [/^node:path$/, /^cdktf$/, /^constructs$/, /^@cdktf\/provider-kubernetes\/lib\/[a-z0-9-]+$/],
};
const ELSEWHERE = [/^cdktf$/, /^constructs$/];

function files(folder: string): string[] {
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

const roomOf = (file: string) => relative(LIB, file).split('/')[0]!.replace(/\.ts$/, '');

const imports = files(LIB).flatMap(file => {
  const source = readFileSync(file, 'utf8');
  return [...source.matchAll(/(?:from|import\(|require\() ?'([^']+)'/g)]
    .map(([, specifier]) => ({ file: relative(LIB, file), room: roomOf(file), specifier: specifier! }));
});

test('there are imports to look at, and every room is known', () => {
  expect(imports.length).toBeGreaterThan(50);
  expect([...new Set(files(LIB).map(roomOf))].sort()).toEqual(Object.keys(MAY_USE).sort());
});

test('rooms use only the rooms that they may', () => {
  const wrong = imports.filter(({ specifier }) => specifier.startsWith('.')).filter(({ file, room, specifier }) => {
    const target = roomOf(resolve(dirname(join(LIB, file)), specifier));
    return target !== room && !MAY_USE[room]!.includes(target);
  });
  expect(wrong).toEqual([]);
});

test('rooms use only the packages that they may, one resource at a time', () => {
  const wrong = imports.filter(({ specifier }) => !specifier.startsWith('.'))
    .filter(({ room, specifier }) => !(PACKAGES[room] ?? ELSEWHERE).some(pattern => pattern.test(specifier)));
  expect(wrong).toEqual([]);
});

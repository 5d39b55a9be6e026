import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const E2E = join(__dirname, '..');
const PACKAGES = [/^node:[a-z/]+$/, /^@bufbuild\/cel(?:-spec)?(?:\/[a-z/]+)?$/, /^@bufbuild\/protobuf$/, /^@peculiar\/x509$/];
/** What tests may use besides: the clients whose answers are looked at. */
const TEST_PACKAGES = [...PACKAGES, /^@aws-sdk\//, /^@google-cloud\//, /^google-auth-library$/, /^@azure\//, /^fast-check$/];

const files = (readdirSync(__dirname, { recursive: true }) as string[]).filter(name => name.endsWith('.ts')).sort();

/** Every specifier of an import, an export, `import()` or `require()`, types as well. */
function specifiersOf(file: string): string[] {
  return [...readFileSync(join(__dirname, file), 'utf8')
    .matchAll(/^(?:import|export)\b[^;']*?\bfrom '([^']+)';|^import '([^']+)';|\b(?:import|require(?:Actual|Mock)?)\(\s*['"`]([^'"`]+)['"`]/gm)]
    .map(([, from, bare, call]) => from ?? bare ?? call!);
}

/** The file of a relative specifier, from test/e2e. */
function targetOf(file: string, specifier: string): string {
  const path = resolve(dirname(join(__dirname, file)), specifier);
  return relative(E2E, existsSync(`${path}.ts`) ? `${path}.ts` : join(path, 'index.ts')).split(sep).join('/');
}

test('there are stand-ins to look at', () => {
  expect(files).toEqual(expect.arrayContaining(['aws/index.ts', 'discovery.ts', 'jws.ts']));
  expect(specifiersOf('discovery.ts')).toEqual(['node:crypto', '../model', './jws']);
});

test('the stand-ins of the clouds use their own room, what is beside it and the seam, and nothing of what they judge', () => {
  const wrong = files.filter(file => !file.endsWith('.test.ts')).flatMap(file => specifiersOf(file).map(specifier => ({ file, specifier }))).filter(({ file, specifier }) => {
    if (!specifier.startsWith('.')) return !PACKAGES.some(pattern => pattern.test(specifier));
    const target = targetOf(file, specifier);
    const room = file.includes('/') ? `clouds/${file.split('/')[0]}/` : 'clouds/';
    return target !== 'model.ts' && target !== 'world.ts' && !target.startsWith(room) && !/^clouds\/[^/]+$/.test(target);
  });
  expect(wrong).toEqual([]);
});

test('their tests use nothing of the library either', () => {
  const wrong = files.filter(file => file.endsWith('.test.ts')).flatMap(file => specifiersOf(file).map(specifier => ({ file, specifier }))).filter(({ file, specifier }) =>
    specifier.startsWith('.') ? targetOf(file, specifier).startsWith('..') : !TEST_PACKAGES.some(pattern => pattern.test(specifier)));
  expect(wrong).toEqual([]);
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES } from './synth';

const ROOT = join(__dirname, '..');
const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8');
const tasks = JSON.parse(read('.projen', 'tasks.json').replace(/\/\/ ~~.*/g, '')).tasks;
const steps = (task: string): string[] => tasks[task].steps.map((step: any) => step.spawn ?? step.exec ?? step.execArgs.join(' '));

test('one line passes the tests: in the README, in continuous integration, and in the build', () => {
  expect(read('README.md')).toContain('\nnpm ci && npm test\n');
  expect(read('.ci', 'run')).toMatch(/^npm ci && npm test$/m);
  expect(JSON.parse(read('package.json')).scripts.test).toBe('projen test');
  expect(read('.github', 'workflows', 'build.yml')).toMatch(/run: npm ci\n.*\n +run: npx projen build\n/);
  expect(read('.github', 'workflows', 'release.yml')).toMatch(/run: npx projen release\n/);
  expect(steps('build')).toContain('test');
  expect(steps('release')).toContain('build');
});

test('the test line checks types and style, runs every test with both CDKs, and synthesizes every example', () => {
  const examples = readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name).sort();
  expect(examples).toContain('article');
  expect(steps('test')).toEqual([
    'tsc --noEmit -p tsconfig.dev.json', 'eslint', 'jest --ci', 'test:cdktn', ...examples.map(name => `tsx --tsconfig tsconfig.dev.json examples/run.ts ${name}`),
  ]);
  expect(JSON.stringify(tasks.eslint.steps)).not.toContain('--fix');
});

test('the CLI of CDK for Terraform works from the root on the article\'s example', () => {
  expect(JSON.parse(read('cdktf.json'))).toMatchObject({
    language: 'typescript', app: 'npx tsx --tsconfig tsconfig.dev.json examples/article/main.ts', output: 'cdktf.out/article', sendCrashReports: 'false',
  });
});

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InputError, readInputs } from '../../lib/trust/input';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'input-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Writes files, and says where a path is. */
function files(contents: Record<string, unknown>): (path?: string) => string {
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return (path = '') => join(root, path);
}

const manifest = (paths: Record<string, string>) => ({
  stacks: Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, { name, synthesizedStackPath: path }])),
});

test('a cdktf.out folder has the stacks of its manifest', () => {
  const path = files({ 'out/manifest.json': manifest({ 'my-stack': 'stacks/x/cdk.tf.json' }), 'out/stacks/x/cdk.tf.json': { locals: { a: 1 } }, 'out/stacks/old/cdk.tf.json': { locals: { a: 2 } } });
  expect(readInputs([path('out')])).toEqual([{ file: path('out/stacks/x/cdk.tf.json'), stack: 'my-stack', json: { locals: { a: 1 } } }]);
});

test('a cdktf.out folder without a manifest has all its stacks', () => {
  const path = files({ 'out/stacks/b/cdk.tf.json': { locals: { a: 1 } }, 'out/stacks/a/cdk.tf.json': { locals: { a: 2 } }, 'out/stacks/c/readme': '' });
  expect(readInputs([path('out')]).map(({ stack, json }) => [stack, json])).toEqual([['a', { locals: { a: 2 } }], ['b', { locals: { a: 1 } }]]);
});

test('the files of a folder are one stack', () => {
  const path = files({ 'b/x.tf.json': { locals: { a: 1 } }, 'b/y.tf.json': { locals: { a: 2 } }, 'b/z.json': { locals: { a: 3 } } });
  expect(readInputs([path('b')]).map(({ stack, json }) => [stack, json])).toEqual([['', { locals: { a: 1 } }], ['', { locals: { a: 2 } }]]);
});

test('a sole file has no name, several are called as they are', () => {
  const path = files({ 'a/plan.json': { locals: { a: 1 } }, 'b/plan.json': { locals: { a: 2 } }, 'c/main.tf.json': { locals: { a: 3 } }, 'out/stacks/s/cdk.tf.json': { locals: { a: 4 } } });
  expect(readInputs([path('a/plan.json')])).toEqual([{ file: path('a/plan.json'), stack: '', json: { locals: { a: 1 } } }]);
  expect(readInputs([path('out/stacks/s/cdk.tf.json')]).map(({ stack }) => stack)).toEqual(['s']);
  expect(readInputs([path('a/plan.json'), path('c'), path('out/stacks/s')]).map(({ stack }) => stack)).toEqual(['plan', 'c', 's']);
  expect(readInputs([path('a/plan.json'), path('b/plan.json'), path('c/main.tf.json')]).map(({ stack }) => stack)).toEqual([path('a/plan.json'), path('b/plan.json'), 'main']);
});

test('standard input and byte order marks are read', () => {
  expect(readInputs(['-'], () => '\uFEFF{"locals":{"a":1}}')).toEqual([{ file: '-', stack: '', json: { locals: { a: 1 } } }]);
});

test('keys that objects have of their own are kept', () => {
  expect(Object.keys(readInputs(['-'], () => '{"__proto__":{"a":1},"locals":{}}')[0]!.json as object)).toEqual(['__proto__', 'locals']);
});

const SHOW = 'run `terraform show -json` on the plan or state, and pass what it prints';
const WANTED = 'pass a cdktf.out folder, a folder with *.tf.json, one such file, or what `terraform show -json` prints';
test.each<[string, Record<string, unknown>, string, string]>([
  ['what is not there', {}, 'nothing', `there is no such file or folder; ${WANTED}`],
  ['what is not JSON', { 'a.json': '{"a":' }, 'a.json', `it is not JSON; ${WANTED}`],
  ['an empty file', { 'a.json': ' ' }, 'a.json', `it is empty; ${WANTED}`],
  ['a list', { 'a.json': [] }, 'a.json', `it is not an object of JSON; ${WANTED}`],
  ['what is too deep', { 'a.json': `${'{"a":'.repeat(300)}1${'}'.repeat(300)}` }, 'a.json', 'it is nested deeper than 200; pass what Terraform or cdktf wrote, as it is'],
  ['a very deep file', { 'a.json': `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}` }, 'a.json', 'it is nested deeper than 200; pass what Terraform or cdktf wrote, as it is'],
  ['a raw state', { 'terraform.tfstate': { version: 4, lineage: 'x', serial: 1 } }, 'terraform.tfstate', 'it is Terraform\'s raw state; run `terraform show -json` where it is the state, and pass what it prints'],
  ['HCL', { 'main.tf': 'resource "a" "b" {}' }, 'main.tf', `it is configuration in HCL, which is not read; ${SHOW}`],
  ['a folder of HCL', { 'm/main.tf': '' }, 'm', `the folder has configuration in HCL, which is not read; ${SHOW}`],
  ['a log', { 'a.json': '{"@level":"info"}\n{"@level":"info"}' }, 'a.json', `it is the log that \`terraform plan -json\` prints; write the plan with -out; ${SHOW}`],
  ['a folder of other things', { 'm/x.txt': '' }, 'm', `the folder has neither manifest.json, nor stacks, nor *.tf.json; ${WANTED}`],
  ['a manifest without stacks', { 'out/manifest.json': {} }, 'out', `it names no stacks; ${WANTED}`],
  ['a manifest without a path', { 'out/manifest.json': { stacks: { a: {} } } }, 'out', 'the stack "a" has no synthesizedStackPath; synthesize again'],
  ['a manifest of a stack that is gone', { 'out/manifest.json': manifest({ a: 'stacks/a' }) }, 'out', 'there is no such file; synthesize again'],
  ['a manifest that leads out', { 'out/manifest.json': manifest({ a: '../secret.json' }), 'secret.json': {} }, 'out', 'it is outside of the folder; pass the file itself'],
  ['an empty state', { 'a.json': { format_version: '1.0', terraform_version: '1.11.4' } }, 'a.json', `it holds no state or plan values; the state may be empty, or elsewhere: ${SHOW}`],
  ['a state of other values', { 'a.json': { format_version: '1.0', values: null, resource: { a: {} } } }, 'a.json', `it holds no state or plan values; the state may be empty, or elsewhere: ${SHOW}`],
  ['an empty object', { 'a.json': {} }, 'a.json', `it holds no Terraform; ${WANTED}`],
  ['a package', { 'package.json': { name: 'a', module: 'a.js', output: [] } }, 'package.json', `it holds no Terraform; ${WANTED}`],
  ['blocks of another case', { 'a.json': { Resource: {} } }, 'a.json', `it holds no Terraform; ${WANTED}`],
  ['values without a format', { 'a.json': { values: {} } }, 'a.json', `it holds no Terraform; ${WANTED}`],
  ['a stack without Terraform', { 'out/stacks/a/cdk.tf.json': {} }, 'out', `it holds no Terraform; ${WANTED}`],
  ['HCL beside JSON', { 'm/a.tf.json': { locals: {} }, 'm/b.tofu': '' }, 'm', `the folder has configuration in HCL, which is not read, beside JSON; ${SHOW}`],
  ['HCL beside a stack', { 'out/manifest.json': manifest({ a: 'stacks/a/cdk.tf.json' }), 'out/stacks/a/cdk.tf.json': { locals: {} }, 'out/stacks/a/b.tf': '' }, 'out', `stacks/a: the folder has configuration in HCL, which is not read, beside JSON; ${SHOW}`],
  ['a stack in HCL', { 'out/manifest.json': manifest({ a: 'stacks/a/cdk.tf' }), 'out/stacks/a/cdk.tf': '' }, 'out', `cdk.tf: it is configuration in HCL, which is not read; ${SHOW}`],
  ['a file for each tool', { 'm/a.tf.json': { locals: {} }, 'm/a.tofu.json': { locals: {} } }, 'm', `a.tofu.json: OpenTofu reads it in place of the .tf.json of that name, and Terraform does not; ${SHOW}`],
  ['a folder named as a file', { 'm/a.tf.json/x': '' }, 'm', 'a.tf.json: it is not a file; pass a file or a folder, or `-` for standard input'],
  ['a key twice', { 'a.json': '{"resource":{"a":{}},"res\\u006furce" : {}}' }, 'a.json', 'the key "resource" is written twice in one object; write it once'],
  ['an argument twice', { 'a.json': '{"resource":[{"a":[{"b":[{"c":"\\"\\\\","d":{},"c":2}]}]}]}' }, 'a.json', 'the key "c" is written twice in one object; write it once'],
])('refuses %s', (_, contents, path, message) => {
  const input = files(contents)(path);
  expect(() => readInputs([input])).toThrow(InputError);
  expect(() => readInputs([input])).toThrow(new RegExp(`${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`));
});

test.each<[string, unknown]>([
  ['a stack of a provider', { provider: { aws: [{}] } }], ['a state', { format_version: '1.0', values: {} }], ['a plan', { format_version: '1.2', planned_values: {} }],
  ['the same key in several objects', { locals: { a: 'a', b: { a: '"' }, c: [{ a: 1 }, { a: 1 }] } }],
])('%s is read', (_, json) => {
  const path = files({ 'a.json': json })('a.json');
  expect(readInputs([path])).toEqual([{ file: path, stack: '', json }]);
});

test('all configuration of a folder of a stack is of the stack, and hidden files are of none', () => {
  const contents = { 'out/stacks/a/cdk.tf.json': { locals: { a: 1 } }, 'out/stacks/a/extra.tf.json': { locals: { a: 2 } }, 'out/stacks/a/more.tofu.json': { locals: { a: 3 } }, 'out/stacks/a/.x.tf.json': 'x' };
  const stack = ['cdk.tf.json', 'extra.tf.json', 'more.tofu.json'].map((name, index) => ({ file: join(root, 'out/stacks/a', name), stack: 'a', json: { locals: { a: index + 1 } } }));
  expect(readInputs([files(contents)('out')])).toEqual(stack);
  expect(readInputs([files({ 'out/manifest.json': manifest({ a: 'stacks/a/cdk.tf.json' }) })('out')])).toEqual(stack);
  const path = files({ 'out/main.tf.json': { locals: { a: 4 } } });
  expect(readInputs([path('out')])).toEqual([...stack, { file: path('out/main.tf.json'), stack: 'out', json: { locals: { a: 4 } } }]);
});

test('refuses what of a folder cannot be read', () => {
  const path = files({ 'out/stacks/a/cdk.tf.json': { locals: {} } });
  symlinkSync(path('gone'), path('out/stacks/b'));
  expect(() => readInputs([path('out')])).toThrow(`${path('out/stacks/b')}: there is no such file or folder; ${WANTED}`);
  symlinkSync(path('loop'), path('loop'));
  expect(() => readInputs([path('loop')])).toThrow(`${path('loop')}: it cannot be read (ELOOP); check that you may read it`);
});

test('refuses a device', () => {
  expect(() => readInputs(['/dev/null'])).toThrow('/dev/null: it is not a file; pass a file or a folder, or `-` for standard input');
});

test('refuses a binary plan', () => {
  const path = files({ tfplan: 'PK\u0003\u0004...' })('tfplan');
  expect(() => readInputs([path])).toThrow(`${path}: it is a plan in Terraform's own binary format; run \`terraform show -json ${path}\`, and pass what it prints`);
});

test('refuses an empty folder', () => {
  mkdirSync(join(root, 'empty'));
  expect(() => readInputs([join(root, 'empty')])).toThrow(`${join(root, 'empty')}: the folder is empty; ${WANTED}`);
});

test('refuses what is too large', () => {
  const path = files({ 'a.json': '{}' })('a.json');
  truncateSync(path, 600 * 1024 * 1024);
  expect(() => readInputs([path])).toThrow(`${path}: it has 629145600 bytes, more than 536870912; pass the stacks one by one`);
});

test('refuses a link that leads out of the folder', () => {
  const path = files({ 'secret.json': { locals: { a: 1 } }, 'm/b.tf.json': {} });
  symlinkSync(path('secret.json'), path('m/a.tf.json'));
  expect(() => readInputs([path('m')])).toThrow(`${path('m/a.tf.json')}: it is outside of the folder; pass the file itself`);
});

test('a message has nothing that moves the cursor', () => {
  expect(new InputError('a\u001b[31m\n', 'b', 'c').message).toBe('a\\u001b[31m\\n: b; c');
});

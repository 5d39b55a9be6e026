import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as main from 'cdktf-workload-federation';
import * as azure from 'cdktf-workload-federation/azure';
import * as entra from 'cdktf-workload-federation/entra';
import * as gtoken from 'cdktf-workload-federation/gtoken';
import * as tls from 'cdktf-workload-federation/tls';
import { EXAMPLES, runExample } from './synth';
import { run } from '../lib/cli/program';

const ROOT = join(__dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const DOCS = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.md')).map(name => join('docs', name));

/** The fenced blocks of a language. */
const blocks = (text: string, language: string): string[] => [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, block]) => block!);

/** A text without indentation, as examples stand deeper than in the README. */
const flat = (text: string): string => text.split('\n').map(line => line.trim()).filter(line => line !== '').join('\n');

const EXAMPLE_CODE = readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory())
  .map(entry => flat(readFileSync(join(EXAMPLES, entry.name, 'main.ts'), 'utf8')));

const WORKLOADS = readFileSync(join(ROOT, 'docs', 'workloads.md'), 'utf8');

test.each([README, WORKLOADS].flatMap(text => blocks(text, 'ts')))('the code of the README, and of the page on workloads, is cut from an example: %s', block => {
  expect(EXAMPLE_CODE.filter(code => code.includes(flat(block)))).not.toEqual([]);
});

test('the README and the page on mechanisms name what there is to import, and leave out no class', () => {
  const doors = { ...main, ...azure, ...entra, ...gtoken, ...tls };
  const tables = [README, readFileSync(join(ROOT, 'docs', 'mechanisms.md'), 'utf8')].join('\n').split('\n').filter(line => line.startsWith('|')).join('\n');
  const named = new Set([...tables.matchAll(/`((?:[A-Z][a-z0-9]+)+)`/g)].map(([, name]) => name!));
  expect([...named].filter(name => !(name in doors))).toEqual([]);
  const classes = Object.entries(doors).filter(([name, value]) => typeof value === 'function' && /^[A-Z]/.test(name)).map(([name]) => name);
  expect(classes.filter(name => !named.has(name)).sort()).toEqual(['Cluster', 'FederationError']);
});

test('each cell of the README\'s matrix names a class and its mechanism', () => {
  const rows = README.split('\n').filter(line => /^\| \*\*/.test(line)).map(line => line.split('|').slice(1, -1).map(cell => cell.trim()));
  expect(rows.map(([source]) => source)).toEqual(['**EKS**', '**GKE**', '**AKS**', '**any other OIDC cluster**']);
  for (const [, ...cells] of rows) {
    expect(cells).toHaveLength(3);
    cells.forEach(cell => expect(cell).toMatch(/^`\w+`(?: \+ `Workload`)?: \w/));
  }
});

test('what the README says the example prints is what it prints', () => {
  const output = execFileSync(process.execPath, [require.resolve('tsx/cli'), '--tsconfig', 'tsconfig.dev.json', 'examples/run.ts', 'article'], {
    cwd: ROOT, encoding: 'utf8',
  });
  const [block] = blocks(README, 'text');
  expect(output).toContain(block);
  expect(output.match(/^(?:EKS|GKE) to (?:AWS|Google Cloud) \(stack [a-z-]+\)$/gm)).toEqual([
    'EKS to AWS (stack article)', 'EKS to Google Cloud (stack article)', 'GKE to AWS (stack article)', 'GKE to Google Cloud (stack article)',
    'GKE to Google Cloud (stack article-appendix)',
  ]);
  expect(output).toMatch(/\n {2}npx cdktf-cli@0\.21 deploy article article-appendix\n/);
}, 30_000);

/** The commands of the README with what they print. */
const COMMANDS = blocks(README, 'text').map(block => /^\$ npx workload-federation (.*)\n([^]*)$/.exec(block)).flatMap(match => match === null ? [] : [[match[1]!, match[2]!] as const]);

test('the README shows a report, an explanation and a difference', () => {
  expect(COMMANDS.map(([line]) => line.split(' ')[0])).toEqual(['report', 'explain', 'diff']);
});

test.each(COMMANDS)('what the README says that `%s` prints is what it prints', async (line, printed) => {
  const [cwd, folder] = [process.cwd(), mkdtempSync(join(tmpdir(), 'workload-federation-readme-'))];
  let out = '';
  try {
    process.chdir(folder);
    mkdirSync('cdktf.out');
    runExample('all-clouds', join('cdktf.out', 'all-clouds'));
    for (const [outdir, steps] of [['before', '0'], [join('cdktf.out', 'migration'), '1']] as const) {
      process.env.MIGRATION_STEP = steps;
      runExample('migration', outdir);
    }
    await run(line.split(' '), {
      version: '0.0.0', showsProgress: false, color: false, readStandardInput: () => '', readFile: () => '', writeFile: () => undefined,
      print: text => void (out += text), warn: text => void (out += text), now: () => 0,
    });
  } finally {
    delete process.env.MIGRATION_STEP;
    process.chdir(cwd);
    rmSync(folder, { recursive: true });
  }
  expect(out).toBe(printed);
});

test.each(['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...DOCS])('the links of %s lead somewhere', file => {
  const text = readFileSync(join(ROOT, file), 'utf8');
  for (const [, target] of text.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)) {
    expect(() => readdirOrFile(join(ROOT, file, '..', target!))).not.toThrow();
  }
});

test('every rule and every error code is documented', () => {
  const text = readFileSync(join(ROOT, 'docs', 'errors-and-rules.md'), 'utf8');
  const source = readFileSync(join(ROOT, 'lib', 'errors.ts'), 'utf8');
  const codes = [...source.matchAll(/^ {2}\| '(\w+)'/gm)].map(([, code]) => code!);
  expect(codes.length).toBeGreaterThan(5);
  const rows = [...text.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, id]) => id!);
  expect(rows.sort()).toEqual([...codes, ...Object.keys(main.RULES)].sort());
});

function readdirOrFile(path: string): void {
  try {
    readdirSync(path);
  } catch {
    readFileSync(path);
  }
}

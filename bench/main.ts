// Compares the article's federation made with the constructs against the same resources written by hand.
import { strictEqual } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { exponent, median, Pairs, Sample, summary, table } from './statistics';

const COUNTS = [10, 1000, 4000];
const ARMS = ['with-constructs', 'by-hand'] as const;
const PACKAGE = 'cdktf-workload-federation';
const MEASURES: Record<keyof Sample, string> = {
  cpu: 'CPU time, ms', construct: 'of it constructing, ms', rss: 'peak RSS, MiB', heap: 'heap after GC, MiB',
};

type Arm = typeof ARMS[number];

function samplesFor(count: number): number {
  const samples = Number(process.env.BENCH_SAMPLES ?? (count > 1000 ? 3 : 7));
  if (!Number.isInteger(samples) || samples < 1) {
    throw new Error(`BENCH_SAMPLES must be a whole number of at least 1, got "${process.env.BENCH_SAMPLES}"`);
  }
  return samples;
}

function run(script: string, args: readonly string[]): Sample {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', join(__dirname, script), ...args], { encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`${script} ${args.join(' ')} ended with ${status}:\n${stderr}`);
  }
  return JSON.parse(stdout) as Sample;
}

function inTemporaryFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'workload-federation-bench-'));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function synth(arm: Arm, count: number): Sample {
  return inTemporaryFolder(folder => run('synth-sample.js', [arm, String(count), folder]));
}

function synthesized(arm: Arm, count: number): string {
  return inTemporaryFolder(folder => {
    run('synth-sample.js', [arm, String(count), folder]);
    return readFileSync(join(folder, 'stacks', 'bench', 'cdk.tf.json'), 'utf8');
  });
}

/** What the package's entry loads of other packages. */
function modulesOfEntry(): string[] {
  const load = createRequire(__filename);
  const ours = dirname(load.resolve(PACKAGE)) + sep;
  load(PACKAGE);
  return Object.values(load.cache)
    .filter(module => module!.filename.startsWith(ours))
    .flatMap(module => module!.children.map(({ filename }) => filename))
    .filter(filename => !filename.startsWith(ours))
    .map(filename => filename.slice(filename.lastIndexOf(join(sep, 'node_modules', sep)) + join(sep, 'node_modules', sep).length));
}

/** The arms in turns, each first every other time, so that a disturbance falls on both. */
function pairs(samples: number, sample: (arm: Arm) => Sample): Pairs {
  const taken = new Map<Arm, Sample[]>(ARMS.map(arm => [arm, []]));
  for (let round = 0; round < samples; round++) {
    for (const arm of round % 2 === 0 ? ARMS : [...ARMS].reverse()) {
      taken.get(arm)!.push(sample(arm));
    }
  }
  return { ours: taken.get('with-constructs')!, byHand: taken.get('by-hand')! };
}

function rowsOf(label: string, { ours, byHand }: Pairs, measures: readonly (keyof Sample)[]): string[][] {
  return measures.map(measure => {
    const a = ours.map(sample => sample[measure]);
    const b = byHand.map(sample => sample[measure]);
    const digits = Math.max(...a, ...b) < 100 ? 1 : 0;
    return [
      label, MEASURES[measure], String(a.length), summary(a, digits), summary(b, digits),
      (median(a) / median(b)).toFixed(2), summary(a.map((value, index) => value / b[index]!), 2),
    ];
  });
}

function growth(label: string, arm: keyof Pairs, measured: ReadonlyMap<number, Pairs>): string[] {
  const costs = COUNTS.map(count => ({ count, cost: median(measured.get(count)![arm].map(({ cpu }) => cpu)) }));
  return [label, ...costs.slice(1).map((cost, index) => exponent(costs[index]!, cost).toFixed(2))];
}

strictEqual(synthesized('with-constructs', 10), synthesized('by-hand', 10), 'the arms must synthesize the same Terraform');
console.log('Both arms synthesize the same cdk.tf.json, byte by byte, for 10 federations.\n');

const modules = modulesOfEntry();
const importing = (arm: Arm) => run('import-sample.js', arm === 'by-hand' ? modules : [PACKAGE]);
// The first reads files from the disk that the others find in memory.
ARMS.forEach(importing);
const imports = pairs(samplesFor(0), importing);
const measured = new Map<number, Pairs>();
for (const count of COUNTS) {
  measured.set(count, pairs(samplesFor(count), arm => synth(arm, count)));
}

console.log(table(
  ['what', 'measure', 'samples', 'constructs: median [min..max]', 'by hand: median [min..max]', 'ratio of medians', 'ratio per pair'],
  [
    ...rowsOf('import of the entry', imports, ['cpu', 'rss', 'heap']),
    ...COUNTS.flatMap(count => rowsOf(`${count} federations`, measured.get(count)!, ['cpu', 'construct', 'rss', 'heap'])),
  ],
));
console.log(`
CPU time is user and system time of all threads, for construct and app.synth() without imports. Peak RSS is of the whole process, before
the collection after which the heap is read. Every sample is a process of its own. By hand, the entry's import is that of the
${modules.length} modules of cdktf and the providers that it loads.
`);
console.log(table(
  ['growth exponent of CPU time (1 is linear)', ...COUNTS.slice(1).map((count, index) => `${COUNTS[index]} to ${count}`)],
  [growth('constructs', 'ours', measured), growth('by hand', 'byHand', measured)],
));
console.log(`
Of thousands of federations in one stack, cdktf's resolver and not the arm decides: it copies its options by object spread at every value,
and V8 leaves the fast path of that copy in one arm or the other. Compare the arms by the time of constructing there.`);

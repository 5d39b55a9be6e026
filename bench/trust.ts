// Compares reading who may become whom, and what a change does to it, with synthesizing the same app: npm run bench -- trust
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exponent, median, Sample, summary, table } from './statistics';

/** Each federation of the benchmark's app has a role and a Google service account. */
const IDENTITIES = [10, 1000, 10_000];
const SAMPLES = Number(process.env.BENCH_SAMPLES ?? 3);

function run(script: string, args: readonly string[]): Sample {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', join(__dirname, script), ...args], { encoding: 'utf8' });
  if (status !== 0) {
    throw new Error(`${script} ${args.join(' ')} ended with ${status}:\n${stderr}`);
  }
  return JSON.parse(stdout) as Sample;
}

/** Lets one account more into every hundredth role. */
function change(folder: string): void {
  const file = join(folder, 'stacks', 'bench', 'cdk.tf.json');
  const stack = JSON.parse(readFileSync(file, 'utf8'));
  const statements = Object.values<any>(stack.data.aws_iam_policy_document).map(({ statement }) => statement[0]);
  statements.filter(({ condition }) => condition !== undefined).filter((_, index) => index % 100 === 0).forEach(({ condition }) => condition[1].values.push('system:serviceaccount:reports:another'));
  writeFileSync(file, JSON.stringify(stack));
}

const measured = new Map<number, Record<'synth' | 'report' | 'diff', Sample[]>>();
for (const count of IDENTITIES) {
  const samples: Record<'synth' | 'report' | 'diff', Sample[]> = { synth: [], report: [], diff: [] };
  for (let index = 0; index < SAMPLES; index++) {
    const folder = mkdtempSync(join(tmpdir(), 'workload-federation-bench-'));
    try {
      const [before, after] = [join(folder, 'before'), join(folder, 'after')];
      samples.synth.push(run('synth-sample.js', ['with-constructs', String(count / 2), before]));
      cpSync(before, after, { recursive: true });
      change(after);
      samples.report.push(run('trust-sample.js', ['report', before]));
      samples.diff.push(run('trust-sample.js', ['diff', before, after]));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  measured.set(count, samples);
}

const cpu = (samples: readonly Sample[]) => samples.map(sample => sample.cpu);
console.log(table(
  ['identities', 'what', 'CPU time, ms', 'of it reading, ms', 'peak RSS, MiB', 'ratio to synth'],
  IDENTITIES.flatMap(count => (['synth', 'report', 'diff'] as const).map(what => {
    const samples = measured.get(count)![what];
    return [
      String(count), what, summary(cpu(samples), 0), what === 'synth' ? '' : summary(samples.map(({ construct }) => construct), 0),
      summary(samples.map(({ rss }) => rss), 0), (median(cpu(samples)) / median(cpu(measured.get(count)!.synth))).toFixed(2),
    ];
  })),
));
console.log('\nreport writes the HTML page; diff compares with a copy in which every hundredth role lets one account more in.\n');
console.log(table(
  ['growth exponent of CPU time (1 is linear)', ...IDENTITIES.slice(1).map((count, index) => `${IDENTITIES[index]} to ${count}`)],
  (['synth', 'report', 'diff'] as const).map(what => {
    const costs = IDENTITIES.map(count => ({ count, cost: median(cpu(measured.get(count)![what])) }));
    return [what, ...costs.slice(1).map((cost, index) => exponent(costs[index]!, cost).toFixed(2))];
  }),
));

// One sample in a process of its own: constructs and synthesizes, and prints what that cost. Usage: node --expose-gc synth-sample.js <arm> <count> <outdir>
import { createRequire } from 'node:module';
import { App, TerraformStack } from 'cdktf';
import { millisecondsSince, Sample } from './statistics';

const [arm, count, outdir] = process.argv.slice(2);
// Only the arm that is measured is loaded, as the library would weigh on the memory of the other.
const { federations } = createRequire(__filename)(`./${arm}`) as { federations(stack: TerraformStack, count: number): void };

const before = process.cpuUsage();
const app = new App({ outdir });
federations(new TerraformStack(app, 'bench'), Number(count));
const construct = millisecondsSince(before);
app.synth();
const cpu = millisecondsSince(before);
const rss = process.resourceUsage().maxRSS / 1024;
gc!();
const heap = process.memoryUsage().heapUsed / 2 ** 20;
const sample: Sample = { cpu, construct, rss, heap };
console.log(JSON.stringify(sample));
// Used after the heap is read, so that the collector cannot have taken the tree.
process.exitCode = app.node.children.length === 1 ? 0 : 1;

// One sample in a process of its own: loads the modules that are named, and prints what that cost.
import { createRequire } from 'node:module';
import { millisecondsSince, Sample } from './statistics';

const load = createRequire(__filename);
const before = process.cpuUsage();
for (const name of process.argv.slice(2)) {
  load(name);
}
const cpu = millisecondsSince(before);
const rss = process.resourceUsage().maxRSS / 1024;
gc!();
const sample: Sample = { cpu, construct: 0, rss, heap: process.memoryUsage().heapUsed / 2 ** 20 };
console.log(JSON.stringify(sample));

// One sample in a process of its own: reads Terraform and reports on it or compares it. Usage: node --expose-gc trust-sample.js report|diff <folder>...
import * as trust from 'cdktf-workload-federation/trust';
import { millisecondsSince, Sample } from './statistics';

const [what, ...folders] = process.argv.slice(2);

const before = process.cpuUsage();
const read = (folder: string) => trust.readModel(trust.readInputs([folder]));
const models = what === 'report' ? folders.map(read) : [];
// Like the command, it keeps of what is compared the identities only.
const identities = what === 'diff' ? folders.map(folder => read(folder).identities) : [];
const construct = millisecondsSince(before);
const text = what === 'report'
  ? trust.reportToHtml(trust.makeReport(models[0]!))
  : trust.changesToMarkdown(trust.makeChanges(trust.diffTrust(identities[0]!, identities[1]!)));
const cpu = millisecondsSince(before);
const rss = process.resourceUsage().maxRSS / 1024;
gc!();
const heap = process.memoryUsage().heapUsed / 2 ** 20;
const sample: Sample = { cpu, construct, rss, heap };
console.log(JSON.stringify(sample));
// Used after the heap is read, so that the collector cannot have taken them.
process.exitCode = text.length > 0 && models.length + identities.length > 0 ? 0 : 1;

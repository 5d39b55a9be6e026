import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, findingsToMarkdown, findingsToSarif, findingsToText, readModel } from '../../../lib/trust';
import { linesOf } from '../../../lib/trust/check/lines';
import { example } from '../explain/world';

const WIDE = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole' }] });
const role = (name: string) => ({ name, assume_role_policy: WIDE });
const pretty = (json: unknown) => JSON.stringify(json, undefined, 2);

/** The lines of some addresses, and those of them as an editor shows them. */
function lines(text: string, ...addresses: readonly string[]) {
  const found = linesOf(text, addresses);
  return addresses.map(address => {
    const line = found.get(address);
    return line === undefined ? 'none' : text.split('\n')[line - 1]!.trim();
  });
}

describe('lines of configuration', () => {
  const stack = {
    'terraform': { backend: { local: { path: 'x' } } },
    '//': { resource: { aws_iam_role: { Reader: 'not this one' } } },
    'output': { resource: { value: { aws_iam_role: { Reader: 'nor this' } } } },
    'module': { Net: { source: './net' } },
    'data': { aws_iam_role: { Reader: { name: 'reader' } } },
    'resource': {
      aws_iam_role: { Reader: role('reader'), Many: { ...role('many-${count.index}'), count: 2 }, Listed: [role('listed')] },
      aws_s3_bucket: [{ Reader: { resource: { aws_iam_role: { Deep: {} } } } }, { 'Quoted "é"\\': {} }],
    },
  };

  test('are those of the names', () => {
    expect(lines(pretty(stack), 'aws_iam_role.Reader', 'data.aws_iam_role.Reader', 'module.Net', 'aws_iam_role.Listed', 'aws_s3_bucket.Reader', 'aws_s3_bucket.Quoted "é"\\')).toEqual([
      '"Reader": {', '"Reader": {', '"Net": {', '"Listed": [', '"Reader": {', '"Quoted \\"é\\"\\\\": {}',
    ]);
    const [own, looked] = ['aws_iam_role.Reader', 'data.aws_iam_role.Reader'].map(address => linesOf(pretty(stack), [address]).get(address)!);
    expect(pretty(stack).split('\n').slice(own! - 2, own).map(line => line.trim())).toEqual(['"aws_iam_role": {', '"Reader": {']);
    expect(pretty(stack).split('\n')[looked! - 3]!.trim()).toBe('"data": {');
  });

  test('are the same for all instances of a resource', () => {
    expect(lines(pretty(stack), 'aws_iam_role.Many[0]', 'aws_iam_role.Many["x"]', 'aws_iam_role.Many')).toEqual(['"Many": {', '"Many": {', '"Many": {']);
  });

  test('are none for what is not there, or only deeper', () => {
    expect(lines(pretty(stack), 'aws_iam_role.Deep', 'aws_iam_role.Gone', 'aws_iam_role', 'constructor.prototype', '')).toEqual(['none', 'none', 'none', 'none', 'none']);
  });

  test('are one where all is in one line, whatever ends it', () => {
    expect([...linesOf(JSON.stringify(stack), ['aws_iam_role.Reader'])]).toEqual([['aws_iam_role.Reader', 1]]);
    expect([...linesOf(`\uFEFF${pretty(stack).replaceAll('\n', '\r\n')}`, ['module.Net'])]).toEqual([...linesOf(pretty(stack), ['module.Net'])]);
  });

  test('refuses nothing: a file that is another one by now has no lines', () => {
    for (const text of ['', '{', '{"resource', '{"resource": {"aws_iam_role": {"Rea', '{"resource":{"a":{"\\q":1}}}', '}}]]{"a"', '"', '{"resource_changes":[{"address":', '\\"\\']) {
      expect([...linesOf(text, ['aws_iam_role.Reader', 'a.q'])]).toEqual([]);
    }
  });

  test('of every resource of an example are right', () => {
    for (const stackJson of Object.values(example('directions'))) {
      const text = pretty(stackJson);
      const addresses = ['resource', 'data'].flatMap(kind => Object.entries<Record<string, unknown>>(stackJson[kind] ?? {})
        .flatMap(([type, named]) => Object.keys(named).map(name => `${kind === 'data' ? 'data.' : ''}${type}.${name}`)));
      expect(lines(text, ...addresses)).toEqual(addresses.map(address => expect.stringMatching(`^"${address.split('.').at(-1)!}": \\{`)));
    }
  });
});

describe('lines of plans and states', () => {
  test('are those of what is planned, or else of what was there, or else of the changes', () => {
    const text = readFileSync(join(__dirname, '..', 'fixtures', 'plan.json'), 'utf8');
    const plan = pretty(JSON.parse(text));
    const { terraform } = readModel([{ file: 'plan.json', stack: '', json: JSON.parse(text) as unknown }]);
    const addresses = terraform.resources.map(({ where: { address } }) => address);
    expect(addresses.length).toBeGreaterThan(5);
    expect(lines(plan, ...addresses)).toEqual(addresses.map(address => `"address": ${JSON.stringify(address)},`));
    const found = linesOf(plan, addresses);
    const top = (line: number) => plan.split('\n').slice(0, line).reverse().find(one => /^ {2}"/.test(one))!.trim();
    expect([...new Set([...found.values()].map(top))].sort()).toEqual(['"planned_values": {', '"prior_state": {', '"resource_changes": ['].filter(one => [...found.values()].map(top).includes(one)));
    expect([...linesOf(text.replaceAll('\n', ''), addresses).values()].every(line => line === 1)).toBe(true);
  });

  test('are those of the resource, and not of what has its address in it', () => {
    const state = {
      format_version: '1.0',
      terraform_version: '1.9.0',
      prior_state: { values: { root_module: { resources: [{ address: 'module.a.aws_iam_role.Reader' }, { address: 'data.aws_iam_role.Old' }] } } },
      configuration: { root_module: { resources: [{ address: 'aws_iam_role.Written' }] } },
      resource_changes: [{ address: 'aws_iam_role.Changed', change: { after: { address: 'aws_iam_role.Inner' } } }],
      values: {
        root_module: {
          resources: [{ values: { address: 'aws_iam_role.Inner', resources: [{ address: 'aws_iam_role.Inner' }] }, address: 'aws_iam_role.Top["a\\"b"]' }],
          child_modules: [{ address: 'module.a', resources: [{ address: 'module.a.aws_iam_role.Reader' }], child_modules: [{ resources: [{ address: 'module.a.module.b.aws_iam_role.X' }] }] }],
        },
      },
    };
    const text = pretty(state);
    const found = linesOf(text, ['module.a.aws_iam_role.Reader', 'aws_iam_role.Written', 'aws_iam_role.Inner', 'aws_iam_role.Top["a\\"b"]', 'module.a.module.b.aws_iam_role.X', 'aws_iam_role.Changed', 'data.aws_iam_role.Old']);
    expect([...found.keys()].sort()).toEqual(['aws_iam_role.Changed', 'aws_iam_role.Top["a\\"b"]', 'data.aws_iam_role.Old', 'module.a.aws_iam_role.Reader', 'module.a.module.b.aws_iam_role.X']);
    expect(found.get('module.a.aws_iam_role.Reader')).toBe(text.slice(0, text.lastIndexOf('module.a.aws_iam_role.Reader')).split('\n').length);
  });
});

describe('findings', () => {
  const text = pretty({ resource: { aws_iam_role: { First: role('first'), Second: role('second') } } });
  const model = readModel([{ file: 'a/cdk.tf.json', stack: 'a', json: JSON.parse(text) as unknown }]);
  const found = check(model, { textOf: file => file === 'a/cdk.tf.json' ? text : undefined });

  test('name their lines in every format', () => {
    expect(found.findings.map(({ line, where }) => [where.address, line])).toEqual([['aws_iam_role.First', 4], ['aws_iam_role.Second', 8]]);
    expect(findingsToText(found)).toContain('  at aws_iam_role.Second (assume_role_policy) · stack a · a/cdk.tf.json:8\n');
    expect(findingsToMarkdown(found)).toContain('a/cdk.tf.json:8');
    const { runs: [{ results }] } = JSON.parse(findingsToSarif(found));
    expect(results.map((result: any) => result.locations[0].physicalLocation.region)).toEqual([{ startLine: 4 }, { startLine: 8 }]);
  });

  test('are the same without lines, where nobody asks or the file is gone', () => {
    const without = check(model);
    expect(without.findings.map(finding => 'line' in finding)).toEqual([false, false]);
    expect(check(model, { textOf: () => undefined })).toEqual(without);
    expect(found.findings.map(({ fingerprint }) => fingerprint)).toEqual(without.findings.map(({ fingerprint }) => fingerprint));
  });
});

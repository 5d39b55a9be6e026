import { join } from 'node:path';
import { CASES } from './cases';
import { conditions, document, found, Json, modelOf, policyOf, statement, terraform } from './foreign';
import { SARIF } from './sarif-schema';
import { readModel, check, CHECK_RULES, Finding, Findings, findingsToJson, findingsToMarkdown, findingsToSarif, findingsToText, parseSuppressions } from '../../../lib/trust';
import { EVIL } from '../report/models';
import { violations } from '../report/schema';

const WIDE = conditions({ StringEquals: { aud: 'sts.amazonaws.com' }, StringLike: { sub: 'system:serviceaccount:reports:*' } });
const ROLES = terraform(
  { 'aws_iam_role.Reader': { '//': { metadata: { path: 'app/Reader/Role' } }, 'name': 'reader', 'assume_role_policy': policyOf(WIDE) } },
  { 'aws_iam_role.Open': { name: 'open', assume_role_policy: policyOf({ ...statement(), Principal: '*', Sid: 'Open' }) } },
);
const suppressions = parseSuppressions(JSON.stringify([{ rule: 'unsafe-namespace', where: 'aws_iam_role.Reader', reason: 'one team', expires: '2030-12-31' }]), 'accepted.json');
const FINDINGS = check(modelOf(ROLES), { suppressions, now: new Date('2026-01-01') });
const NOTHING: Findings = { version: 1, counts: { error: 0, warning: 0, note: 0, suppressed: 0 }, findings: [] };
const sarifOf = (findings: Findings, root = '/repo') => JSON.parse(findingsToSarif(findings, { root, version: '1.2.3' }));
const results = (findings: Findings, root?: string): any[] => sarifOf(findings, root).runs[0].results;

/** Findings at places that would break a terminal, a page or a document. */
function hostile(): Findings {
  const where = { address: EVIL, constructPath: EVIL, attribute: EVIL, stack: EVIL, file: EVIL };
  const finding: Finding = { rule: 'wildcard-sub', level: 'warning', message: EVIL, remedy: EVIL, where, fingerprint: 'f' };
  return { version: 1, counts: { error: 0, warning: 1, note: 0, suppressed: 1 }, findings: [finding, { ...finding, suppressed: { reason: EVIL, expires: '2030-12-31' } }] };
}

/** A model whose names are such. */
function hostileModel() {
  const literal = (value: string) => value.replace(/[$%](?=\{)/g, '$&$&');
  const policy = policyOf(conditions({ StringLike: { sub: `system:serviceaccount:${EVIL.replaceAll(':', '')}:*` } }));
  const json = terraform({ 'aws_iam_role.Reader': { '//': { metadata: { path: EVIL } }, 'name': literal(EVIL), 'assume_role_policy': literal(policy) } });
  return readModel([document(json as Json, EVIL)]);
}

const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u2028\u202e\u2066]/;

test('as text', () => {
  expect(findingsToText(FINDINGS)).toBe(`1 error, 1 suppressed.

ERROR  any-principal
  statement "Open" is for every principal of AWS: whoever meets StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:aud sts.amazonaws.com and StringEquals oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:reader becomes the role
  at aws_iam_role.Open (assume_role_policy) · stack apps · apps/cdk.tf.json
  to mend it: Name the one OIDC provider, role or service that is meant.

SUPPRESSED  unsafe-namespace
  StringLike oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204:sub system:serviceaccount:reports:* admits every service account of the namespace reports
  at aws_iam_role.Reader (assume_role_policy) · app/Reader/Role · stack apps · apps/cdk.tf.json
  accepted until 2030-12-31: one team
`);
  expect(findingsToText(NOTHING)).toBe('Nothing was found.\n');
  expect(findingsToText(FINDINGS, { color: true })).toContain('\u001b[31mERROR\u001b[0m  any-principal');
});

test('as Markdown', () => {
  const markdown = findingsToMarkdown(FINDINGS);
  expect(markdown.split('\n').slice(0, 5)).toEqual(['### Checks of trust', '', '**1 error, 1 suppressed.**', '',
    expect.stringMatching(/^- ❌ error \[`any-principal`\]\(https:[\w./-]+\/docs\/checks\.md#any-principal\): statement &#34;Open&#34; is for /)]);
  expect(markdown).toContain('- 🔕 suppressed [`unsafe-namespace`]');
  expect(markdown).toContain('  <br>accepted until 2030&#45;12&#45;31&#58; one team');
  expect(findingsToMarkdown(NOTHING)).toBe('### Checks of trust\n\n**Nothing was found.**\n\n');
});

test('a comment has no more characters than GitHub takes, and says what is left out', () => {
  const [finding] = FINDINGS.findings;
  const many: Findings = { ...FINDINGS, counts: { ...FINDINGS.counts, error: 3000 }, findings: Array.from({ length: 3000 }, () => ({ ...finding!, message: `${EVIL}${finding!.message}` })) };
  const markdown = findingsToMarkdown(many);
  expect(markdown.length).toBeLessThanOrEqual(65_536);
  expect(markdown).toMatch(/\*\*[\d,]+ findings left out\*\*: a comment takes 65,536 characters, and the gravest come first\./);
});

test('as JSON', () => {
  expect(JSON.parse(findingsToJson(FINDINGS))).toEqual(JSON.parse(JSON.stringify(FINDINGS)));
  expect(FINDINGS).toMatchObject({ version: 1, counts: { error: 1, warning: 0, note: 0, suppressed: 1 } });
});

describe('as SARIF', () => {
  test('findings have their rule, file, address, construct path and a fingerprint', () => {
    expect(results(FINDINGS)).toEqual([
      {
        ruleId: 'any-principal', ruleIndex: [...CHECK_RULES.keys()].indexOf('any-principal'), level: 'error', kind: 'fail',
        message: { text: expect.stringMatching(/^statement "Open" is for every principal .* becomes the role\. To mend it: Name the one .*$/) },
        locations: [{
          physicalLocation: { artifactLocation: { uri: 'apps/cdk.tf.json', uriBaseId: '%SRCROOT%' }, region: { startLine: 1 } },
          logicalLocations: [{ name: 'aws_iam_role.Open.assume_role_policy', kind: 'resource', fullyQualifiedName: 'apps/aws_iam_role.Open.assume_role_policy' }],
        }],
        partialFingerprints: { 'trustFinding/v1': FINDINGS.findings[0]!.fingerprint },
      },
      {
        ruleId: 'unsafe-namespace', ruleIndex: [...CHECK_RULES.keys()].indexOf('unsafe-namespace'), level: 'warning', kind: 'fail', message: expect.anything(),
        locations: [{
          physicalLocation: { artifactLocation: { uri: 'apps/cdk.tf.json', uriBaseId: '%SRCROOT%' }, region: { startLine: 1 } },
          logicalLocations: [
            { name: 'aws_iam_role.Reader.assume_role_policy', kind: 'resource', fullyQualifiedName: 'apps/aws_iam_role.Reader.assume_role_policy' },
            { name: 'Role', kind: 'object', fullyQualifiedName: 'app/Reader/Role' },
          ],
        }],
        partialFingerprints: { 'trustFinding/v1': expect.stringMatching(/^[0-9a-f]{32}$/) },
        suppressions: [{ kind: 'external', status: 'accepted', justification: 'one team (until 2030-12-31)' }],
      },
    ]);
  });

  test.each([
    ['findings', FINDINGS], ['nothing', NOTHING], ['hostile names', hostile()], ['every rule', check(modelOf(...CASES.flatMap(({ bad }) => bad as Json | readonly Json[])))],
    ['more than a run takes', { ...FINDINGS, findings: Array.from({ length: 25_001 }, () => FINDINGS.findings[0]!) }],
  ])('the document is what the schema says: %s', (_, findings) => {
    const sarif = sarifOf(findings);
    expect(violations(SARIF, sarif)).toEqual([]);
    const [{ tool: { driver }, results: all }] = sarif.runs;
    expect(all.every(({ ruleId, ruleIndex }: any) => driver.rules[ruleIndex].id === ruleId)).toBe(true);
    expect(all.length).toBe(Math.min(findings.findings.length, 25_000));
    const uris = all.flatMap(({ locations }: any) => locations.map((one: any) => one.physicalLocation.artifactLocation.uri as string));
    expect(uris.filter((uri: string) => !/^(?:file:\/\/)?[\w.~!*'()%/-]+$/.test(uri))).toEqual([]);
  });

  test('what has no room is said', () => {
    const sarif = sarifOf({ ...FINDINGS, findings: Array.from({ length: 25_010 }, () => FINDINGS.findings[0]!) });
    expect(sarif.runs[0].invocations).toEqual([{
      executionSuccessful: true, toolExecutionNotifications: [{ level: 'warning', message: { text: '10 findings are left out: a run takes 25,000, and the gravest come first.' } }],
    }]);
  });

  test('each rule says where it is explained', () => {
    const { driver } = sarifOf(NOTHING).runs[0].tool;
    expect(driver).toMatchObject({ name: 'workload-federation', semanticVersion: '1.2.3' });
    expect(driver.rules.map(({ id, helpUri }: any) => [id, helpUri.split('#')])).toEqual([...CHECK_RULES.keys()]
      .map(id => [id, ['https://github.com/cdktf-workload-federation/cdktf-workload-federation/blob/main/docs/checks.md', id]]));
    expect(driver.rules.find(({ id }: any) => id === 'missing-sub')).toEqual({
      id: 'missing-sub', name: 'MissingSub', shortDescription: { text: 'No condition on sub.' }, fullDescription: { text: CHECK_RULES.get('missing-sub')!.means },
      help: { text: expect.stringContaining('Who could do what: Whoever gets any token'), markdown: expect.stringContaining('**To mend it:** Compare the sub claim') },
      helpUri: expect.anything(), defaultConfiguration: { level: 'error' }, properties: { 'tags': ['security', 'workload-identity'], 'precision': 'high', 'security-severity': '8.0' },
    });
  });

  test.each([
    ['below the root', 'cdktf.out/my stack/cdk.tf.json', { uri: 'cdktf.out/my%20stack/cdk.tf.json', uriBaseId: '%SRCROOT%' }],
    ['by its whole path', '/repo/a#b.json', { uri: 'a%23b.json', uriBaseId: '%SRCROOT%' }], ['outside', '/elsewhere/x y.json', { uri: 'file:///elsewhere/x%20y.json' }],
    ['above', '../x.json', { uri: 'file:///x.json' }], ['standard input', '-', { uri: 'standard-input' }], ['half a character', 'a\ud800.json', { uri: 'a%EF%BF%BD.json', uriBaseId: '%SRCROOT%' }],
  ])('a file is named from the root: %s', (_, file, location) => {
    const [finding] = FINDINGS.findings;
    const [result] = results({ ...FINDINGS, findings: [{ ...finding!, where: { ...finding!.where, file } }] });
    expect(result.locations[0].physicalLocation.artifactLocation).toEqual(location);
  });

  test('brackets and braces are no links and no places', () => {
    const [finding] = FINDINGS.findings;
    const [{ message }] = results({ ...FINDINGS, findings: [{ ...finding!, message: 'see [x](http://y) {0} \\', remedy: 'Do.' }] });
    expect(message.text).toBe('see \\[x\\](http://y) {{0}} \\\\. To mend it: Do.');
  });
});

describe('hostile names', () => {
  const model = check(hostileModel());
  test('are found', () => {
    expect(model.findings.map(({ rule }) => rule)).toEqual(['missing-aud', 'unsafe-namespace']);
  });

  test.each([['findings', hostile()], ['a model', model]])('are escaped in every format: %s', (_, findings) => {
    const [text, markdown, json, sarif] = [findingsToText(findings), findingsToMarkdown(findings), findingsToJson(findings), findingsToSarif(findings, { root: join('/', 'repo') })];
    for (const output of [text, markdown, json, sarif]) {
      expect(output).not.toMatch(CONTROL);
    }
    expect(markdown.replace(/<br>|<\/?code>/g, '')).not.toMatch(/<[a-z/!]|\]\((?!https:\/\/github\.com\/cdktf-workload-federation)|@acme/);
    // No name begins a line of its own.
    expect(markdown.split('\n').filter(line => line !== '' && !/^(?:###? |\*\*|- |  <br>)/.test(line))).toEqual([]);
    expect(text.split('\n').slice(1).filter(line => line !== '' && !/^(?:ERROR|WARNING|NOTE|SUPPRESSED|  )/.test(line))).toEqual([]);
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(findings)));
    expect(violations(SARIF, JSON.parse(sarif))).toEqual([]);
  });
});

test('no finding of any case has an empty message', () => {
  expect(CASES.flatMap(({ bad }) => found(bad)).filter(([, , where, message]) => where === '' || message.length < 20)).toEqual([]);
});

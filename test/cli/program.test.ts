import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../lib/cli/program';

const TRUST = (subjects: readonly string[]) => JSON.stringify({
  Version: '2012-10-17',
  Statement: [{
    Effect: 'Allow',
    Principal: { Federated: 'arn:aws:iam::111122223333:oidc-provider/oidc.example' },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { 'oidc.example:aud': 'sts.amazonaws.com', 'oidc.example:sub': subjects } },
  }],
});
const stack = (...subjects: string[]) => JSON.stringify({
  provider: { aws: [{ region: 'eu-west-1', allowed_account_ids: ['111122223333'] }] },
  resource: {
    aws_iam_openid_connect_provider: { Cluster: { url: 'https://oidc.example', client_id_list: ['sts.amazonaws.com'] } },
    aws_iam_role: { Reader: { name: 'reader', assume_role_policy: TRUST(subjects) } },
  },
});
const READER = 'system:serviceaccount:reports:reader';
const WRITER = 'system:serviceaccount:reports:writer';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'workload-federation-cli-'));
  writeFileSync(join(folder, 'before.tf.json'), stack(READER));
  writeFileSync(join(folder, 'after.tf.json'), stack(READER, WRITER));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the command in the folder, and gives what it printed. */
async function command(argv: readonly string[], { stdin = '', progress = false, slow = false } = {}) {
  let [out, err, time] = ['', '', 0];
  const place = (word: string) => /^[\w-]+\.[\w.]+$/.test(word) && !word.includes('amazonaws') ? join(folder, word) : word;
  const code = await run(argv.map(place), {
    version: '1.2.3', showsProgress: progress, color: false, width: 120,
    readStandardInput: () => stdin,
    readFile: path => readFileSync(path, 'utf8'),
    writeFile: (path, text) => writeFileSync(path, text),
    print: text => void (out += text),
    warn: text => void (err += text),
    now: () => slow ? (time += 600) : 0,
  });
  return { code, out: out.replaceAll(folder, 'FOLDER'), err: err.replaceAll(folder, 'FOLDER') };
}

const TOKEN = (claims: object) => ['e30', Buffer.from(JSON.stringify(claims)).toString('base64url'), 'c2lnbmF0dXJlLXRoYXQtaXMtbmV2ZXItcHJpbnRlZA'].join('.');
const CLAIMS = { iss: 'https://oidc.example', sub: READER, aud: ['sts.amazonaws.com'], iat: 1_700_000_000, exp: 1_700_003_600 };

test('report prints who may become whom', async () => {
  expect(await command(['report', 'before.tf.json'])).toEqual({
    code: 0, err: '',
    out: [
      '1 way in: 1 issuer, 1 subject, 1 identity, 0 grants.',
      '',
      'WHO                              BECOMES                         BY                         MAY',
      '',
      'reports/reader                   arn:aws:iam::111122223333:      OIDC provider              -',
      'of oidc.example                  role/reader                     for sts.amazonaws.com',
      '                                 AWS role',
      '',
    ].join('\n'),
  });
});

test.each([
  ['markdown', /^### Who may become whom\n/], ['json', /^\{\n {2}"version": 1,\n/], ['mermaid', /^flowchart LR\n/m], ['svg', /^<svg /], ['html', /^<!doctype html>/i], ['text', /^1 way in/],
])('report has the format %s', async (format, beginning) => {
  const { code, out } = await command(['report', 'before.tf.json', '--format', format]);
  expect(code).toBe(0);
  expect(out).toMatch(beginning);
  expect(out.endsWith('\n')).toBe(true);
});

test.each([
  ['report.html', /^<!doctype html>/i], ['report.md', /^### /], ['report.svg', /^<svg /], ['report.json', /^\{/], ['report.mmd', /flowchart/], ['report.other', /^1 way in/],
])('the ending of %s says its format, and nothing is printed', async (file, beginning) => {
  expect(await command(['report', 'before.tf.json', '--output', file])).toEqual({ code: 0, out: '', err: '' });
  expect(readFileSync(join(folder, file), 'utf8')).toMatch(beginning);
});

test('report reads standard input, several files, and filters', async () => {
  expect((await command(['report', '-', '--format', 'text'], { stdin: stack(WRITER) })).out).toContain('reports/writer');
  const { out } = await command(['report', 'after.tf.json', '--subject', WRITER]);
  expect(out).toContain('reports/writer');
  expect(out).not.toContain('reports/reader');
});

test('diff prints who is let in more, with a token, and fails where that is asked for', async () => {
  const { code, out, err } = await command(['diff', 'before.tf.json', 'after.tf.json', '--fail-on', 'new,widened']);
  expect({ code, err }).toEqual({ code: 1, err: '' });
  expect(out).toContain('1 widened; 0 as before.\n');
  expect(out).toContain('WIDENED  arn:aws:iam::111122223333:role/reader (AWS role)\n');
  expect(out).toContain(`"sub":"${WRITER}"`);
  expect((await command(['diff', 'before.tf.json', 'after.tf.json'])).code).toBe(0);
  expect((await command(['diff', 'after.tf.json', 'before.tf.json', '--fail-on', 'new,widened'])).code).toBe(0);
  expect(await command(['diff', 'before.tf.json', 'before.tf.json', '--fail-on', 'new,widened,narrowed,removed,changed,grants,unknown'])).toEqual({
    code: 0, err: '', out: 'Nothing changes: 1 identity may be become by the same tokens as before.\n',
  });
});

test('explain says of claims that they are accepted or where they are refused, by its exit code too', async () => {
  const ask = (...more: string[]) => command(['explain', 'before.tf.json', '--issuer', 'https://oidc.example', '--namespace', 'reports', ...more]);
  expect(await ask('--service-account', 'reader', '--audience', 'sts.amazonaws.com')).toMatchObject({ code: 0, out: expect.stringMatching(/^Accepted: /) });
  const refused = await ask('--service-account', 'writer', '--audience', 'sts.amazonaws.com');
  expect(refused).toMatchObject({ code: 1, out: expect.stringMatching(/^Refused: /) });
  expect(refused.out).toContain('Not authorized to perform sts:AssumeRoleWithWebIdentity');
});

test('explain reads a token, compares its time, and never prints its signature', async () => {
  const ask = (at: string, claims: object = CLAIMS) => command(['explain', 'before.tf.json', '--token', '-', '--at', at], { stdin: `${TOKEN(claims)}\n` });
  expect(await ask('1700000100')).toMatchObject({ code: 0 });
  const late = await ask('2026-01-31T02:00:00Z');
  expect(late).toMatchObject({ code: 1, err: '' });
  expect(late.out).toContain('token-time');
  for (const format of ['text', 'markdown', 'json']) {
    const { out } = await command(['explain', 'before.tf.json', '--token', '-', '--at', '1700000100', '--format', format], { stdin: TOKEN({ ...CLAIMS, sub: WRITER }) });
    expect(out).toContain(WRITER);
    expect(out).not.toMatch(/c2lnbmF0dXJl|signature-that/);
  }
});

test('explain works backwards from a message, and says that it does not know one', async () => {
  const { code, out } = await command(['explain', 'before.tf.json', '--error',
    'An error occurred (InvalidIdentityToken) when calling the AssumeRoleWithWebIdentity operation: Incorrect token audience']);
  expect([1, 2]).toContain(code);
  expect(out).toContain('aws-client-id');
  expect(await command(['explain', 'before.tf.json', '--error', 'the sky is blue'])).toEqual({
    code: 3, out: '', err: 'explain: the message is not known; pass more of it, or the claims of the token by --namespace and --service-account\n',
  });
});

test.each<[string, string[], string | RegExp]>([
  ['a file that is not there', ['report', 'none.tf.json'], /^FOLDER\/none\.tf\.json: /],
  ['a format that does not exist', ['report', 'before.tf.json', '--format', 'pdf'], /^error: option '-f, --format <format>' argument 'pdf' is invalid/],
  ['a kind of change that does not exist', ['diff', 'before.tf.json', 'after.tf.json', '--fail-on', 'wider'], /Choose from new, widened, changed, narrowed, removed, grants, unknown\./],
  ['a time that is none', ['explain', 'before.tf.json', '--token', '-', '--at', 'soon'], /Write it like 2026-01-31T02:00:00Z, or in seconds since 1970\./],
  ['a question that is none', ['explain', 'before.tf.json'], 'explain: it is not clear what is asked; pass one of --token, --error, --event, or --namespace with --service-account (and --issuer, --audience)\n'],
  ['two questions', ['explain', 'before.tf.json', '--token', '-', '--error', 'x'], /^explain: it is not clear what is asked; /],
  ['a folder for its output that is not there', ['report', 'before.tf.json', '--output', '/nowhere/report.html'], '/nowhere/report.html: it cannot be written (ENOENT); pass the path of a file in a folder that exists\n'],
  ['no command', ['reports'], /^error: unknown command 'reports'/],
])('refuses %s with exit code 3', async (_, argv, message) => {
  const { code, out, err } = await command(argv, { stdin: 'x' });
  expect({ code, out }).toEqual({ code: 3, out: '' });
  expect(err).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
});

test('check prints findings, and fails from a level on', async () => {
  writeFileSync(join(folder, 'wide.tf.json'), stack('system:serviceaccount:*:*').replaceAll('StringEquals', 'StringLike'));
  const { code, out } = await command(['check', 'wide.tf.json']);
  expect(code).toBe(1);
  expect(out).toContain('unsafe-cluster');
  expect((await command(['check', 'wide.tf.json', '--fail-on', 'never'])).code).toBe(0);
  const { runs } = JSON.parse((await command(['check', 'wide.tf.json', '--format', 'sarif'])).out);
  expect(runs[0].results.map(({ ruleId }: { ruleId: string }) => ruleId)).toContain('unsafe-cluster');
});

test('check names the lines of files and of standard input, and not those of what is one line or gone', async () => {
  const wide = JSON.parse(stack('system:serviceaccount:*:*').replaceAll('StringEquals', 'StringLike')) as object;
  const pretty = JSON.stringify(wide, undefined, 2);
  const line = pretty.split('\n').findIndex(text => text.includes('"Reader": {')) + 1;
  const linesOf = (out: string) => JSON.parse(out).findings.filter(({ where }: any) => where.address === 'aws_iam_role.Reader').map((finding: any) => finding.line);
  writeFileSync(join(folder, 'wide.tf.json'), pretty);
  const { out } = await command(['check', 'wide.tf.json']);
  expect(out).toContain(`FOLDER/wide.tf.json:${line}\n`);
  expect(new Set(linesOf((await command(['check', 'wide.tf.json', '--format', 'json'])).out))).toEqual(new Set([line]));
  expect(new Set(linesOf((await command(['check', '-', '--format', 'json'], { stdin: pretty })).out))).toEqual(new Set([line]));
  expect(new Set(linesOf((await command(['check', '-', '--format', 'json'], { stdin: JSON.stringify(wide) })).out))).toEqual(new Set([1]));
  const { runs } = JSON.parse((await command(['check', 'wide.tf.json', '--format', 'sarif'])).out);
  expect(runs[0].results[0].locations[0].physicalLocation.region).toEqual({ startLine: line });
});

test('check takes what is accepted, and what exists, from files', async () => {
  writeFileSync(join(folder, 'live.txt'), 'https://other.example\n');
  expect((await command(['check', 'before.tf.json', '--live-issuers', 'live.txt'])).out).toContain('dead-issuer');
  writeFileSync(join(folder, 'accepted.json'), JSON.stringify([{ rule: 'dead-issuer', where: '*', reason: 'moved next week', expires: '2999-12-31' }]));
  const { runs } = JSON.parse((await command(['check', 'before.tf.json', '--live-issuers', 'live.txt', '--suppressions', 'accepted.json', '--format', 'sarif'])).out);
  expect(runs[0].results.filter(({ ruleId }: { ruleId: string }) => ruleId === 'dead-issuer').map(({ suppressions }: { suppressions: unknown[] }) => suppressions.length)).toContain(1);
  expect(await command(['check', 'before.tf.json', '--suppressions', 'none.json'])).toEqual({
    code: 3, out: '', err: 'FOLDER/none.json: there is no such file; pass the path of a file, or "-" for standard input\n',
  });
});

test.each(['report', 'diff', 'explain', 'check'])('%s has a help with examples', async name => {
  const { code, out } = await command([name, '--help']);
  expect(code).toBe(0);
  expect(out).toContain(`Usage: workload-federation ${name} [options] `);
  expect(out).toContain(`\nExamples:\n  $ workload-federation ${name} `);
});

test('the version is that of the package', async () => {
  expect(await command(['--version'])).toEqual({ code: 0, out: '1.2.3\n', err: '' });
});

test('a terminal is told what is being done where it takes longer than a second', async () => {
  expect((await command(['report', 'before.tf.json'], { progress: true })).err).toBe('');
  expect((await command(['report', 'before.tf.json'], { progress: true, slow: true })).err).toContain(' …\n');
  expect((await command(['report', 'before.tf.json'], { slow: true })).err).toBe('');
});

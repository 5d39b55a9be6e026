import '../counting';
import { createHash } from 'node:crypto';
import { growth } from '../work';
import { EVIL, FLEET, HOSTILE, many } from './models';
import { makeReport, reportToHtml } from '../../../lib/trust';

const hash = (content: string) => `sha256-${createHash('sha256').update(content).digest('base64')}`;
const between = (page: string, tag: string) => [...page.matchAll(new RegExp(`<${tag}>([^]*?)</${tag}>`, 'g'))].map(([, content]) => content!);

test.each([['a fleet', FLEET], ['hostile names', HOSTILE]])('the page allows its own script and style by their hashes, and nothing else: %s', (_, model) => {
  const page = reportToHtml(makeReport(model));
  const [scripts, styles] = [between(page, 'script'), between(page, 'style')];
  expect([scripts.length, styles.length]).toEqual([1, 1]);
  expect(page).toContain('<meta http-equiv="Content-Security-Policy" content="'
    + `default-src 'none'; style-src '${hash(styles[0]!)}'; script-src '${hash(scripts[0]!)}'; base-uri 'none'; form-action 'none'">`);
  const tags = page.slice(page.indexOf('<body>'), page.indexOf('<script>')).match(/<[a-z][^>]*>/g)!;
  expect(tags.filter(tag => / (?:style|src|href|on[a-z]+)=/.test(tag))).toEqual([]);
});

test('names are text, and what cannot be seen in them is', () => {
  const page = reportToHtml(makeReport(HOSTILE));
  const body = page.slice(page.indexOf('<body>'), page.indexOf('<script>'));
  expect(body).not.toContain('<img');
  expect(body.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(body).toContain('&#60;script&#62;alert(1)&#60;/script&#62;');
  expect(body).toContain('\\u202egnp.exe');
  expect(body).not.toContain(EVIL);
});

test('the page says what to look at first, in words', () => {
  const page = reportToHtml(makeReport(FLEET));
  expect([...page.matchAll(/<li><b>([^<]*)<\/b>/g)].map(([, words]) => words)).toEqual(['2 × anyone', '2 × wildcard', '1 × no audience']);
  expect([...page.matchAll(/data-group="([^"]*)" data-is="([^"]*)" aria-pressed="false">[^<]*<i>(\d+)/g)].map(([, group, is, number]) => `${group}: ${is} ${number}`)).toEqual([
    'Look first: any-subject 2', 'Look first: wildcard 2', 'Look first: any-audience 1', 'Look first: unknown 5',
    'Cloud: aws 7', 'Cloud: gcp 4', 'Cloud: azure 2',
    'By: aws-oidc 5', 'By: aws-pod-identity 1', 'By: aws-role-chain 1', 'By: gcp-federation 3', 'By: gcp-native 1', 'By: azure-federation 2',
  ]);
});

test('an open row has the exact words', () => {
  const page = reportToHtml(makeReport(FLEET, { subject: 'jobs/nightly', identity: 'principal://*' }));
  const [exact] = [...page.matchAll(/<dl class="exact">(.*?)<\/dl>/g)].map(([, words]) => words);
  expect(exact).toBe([
    '<dt>Issuer</dt><dd><code>${aws_eks_cluster.apps.identity[0].oidc[0].issuer}</code></dd>',
    '<dt>Subject</dt><dd><code>system:serviceaccount:jobs:nightly</code></dd>',
    '<dt>Audience</dt><dd><code>https://iam.googleapis.com/${google_iam_workload_identity_pool_provider.Provider.name}</code></dd>',
    '<dt>Identity</dt><dd><code>principal://iam.googleapis.com/${google_iam_workload_identity_pool.Pool.name}/subject/system:serviceaccount:jobs:nightly</code>',
    '<br><span class="soft">google_storage_bucket_iam_member.Nightly · cdk.tf.json</span></dd>',
    '<dt>Grants</dt><dd><code>roles/storage.objectCreator</code> <span class="soft">on</span> <code>acme-nightly</code>',
    '<br><span class="soft">aws_iam_role_policy.Policy · cdk.tf.json</span></dd>',
    '<dt>Said at</dt><dd>google_storage_bucket_iam_member.Nightly · cdk.tf.json</dd>',
  ].join(''));
});

test('a page where all is exact says so, and one of nothing too', () => {
  expect(reportToHtml(makeReport(FLEET, { subject: 'billing/worker', identity: 'aws_iam_role.Hub' }))).toContain('<p class="calm">Every row names its issuer, its subject and its audience.</p>');
  expect(reportToHtml(makeReport(FLEET, { identity: 'none' }))).toContain('<p class="none" id="none">Nobody may become anything here.</p>');
});

test('the page grows with its rows and not with what they share', () => {
  const one = HOSTILE.identities[0]!;
  const wide = { ...one, grants: Array.from({ length: 1_000 }, () => one.grants[0]!), doors: Array.from({ length: 500 }, () => one.doors[0]!) };
  expect(reportToHtml(makeReport({ ...HOSTILE, identities: [wide] })).length).toBeLessThan(1_000 * 80_000);
  expect(reportToHtml(makeReport(many(10_000))).match(/class="row/g)).toHaveLength(10_001);
  expect(growth(reportToHtml, [makeReport(many(500)), makeReport(many(1000))])).toBeLessThan(2.1);
});

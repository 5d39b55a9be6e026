import { account, at, door, FLEET, grant, HOSTILE, many, who } from './models';
import { makeReport, reportToMarkdown } from '../../../lib/trust';

const LIMIT = 65_536;

test('the comment is a table that says what to look at first, with the exact words folded below', () => {
  const report = makeReport({
    registrations: [], workloads: [], notes: [{ message: 'One note.', where: at('module.x') }],
    identities: [
      {
        cloud: 'aws', kind: 'role', name: 'arn:aws:iam::111122223333:role/reader', where: at('aws_iam_role.R', { constructPath: 'app/R' }),
        doors: [door('aws-oidc', [who('https://oidc.example', account('reports', 'reader'), { audiences: ['sts.amazonaws.com'] }), who('https://oidc.example', undefined)])],
        grants: [grant('arn:aws:iam::aws:policy/ReadOnlyAccess'), grant('roles/a', 'b', { statements: [new Map([['Action', 's3:GetObject']])] })],
      },
    ],
  });
  expect(reportToMarkdown(report)).toBe(`### Who may become whom

**2 ways in: 1 issuer, 2 subjects, 1 identity, 2 grants.**

⚠️ **Look first: 1 for anyone of an issuer, 1 without an audience.**

| | Who | becomes | by | may |
|---|---|---|---|---|
| ⚠️ anyone, no audience | **anyone**<br>of \`oidc.example\` | AWS role<br>\`arn:aws:iam::111122223333:role/reader\` | OIDC provider<br>**any audience** | \`ReadOnlyAccess\`<br>\`roles/a on b (s3:GetObject)\` |
|  | \`reports/reader\`<br>of \`oidc.example\` | AWS role<br>\`arn:aws:iam::111122223333:role/reader\` | OIDC provider<br>for \`sts.amazonaws.com\` | \`ReadOnlyAccess\`<br>\`roles/a on b (s3:GetObject)\` |

<details>
<summary>Exact conditions, grants and addresses</summary>

- **1.** \`anyone\` → \`arn:aws:iam::111122223333:role/reader\`
  - issuer: \`https://oidc.example\`
  - grants: \`arn:aws:iam::aws:policy/ReadOnlyAccess\`, \`roles/a on b\`
  - statements: \`{"Action":"s3:GetObject"}\`
  - said at: \`aws_iam_role.Role · cdk.tf.json\`
  - identity at: \`aws_iam_role.R · app/R · cdk.tf.json\`
- **2.** \`reports/reader\` → \`arn:aws:iam::111122223333:role/reader\`
  - issuer: \`https://oidc.example\`
  - subject: \`system:serviceaccount:reports:reader\`
  - audiences: \`sts.amazonaws.com\`
  - grants: \`arn:aws:iam::aws:policy/ReadOnlyAccess\`, \`roles/a on b\`
  - statements: \`{"Action":"s3:GetObject"}\`
  - said at: \`aws_iam_role.Role · cdk.tf.json\`
  - identity at: \`aws_iam_role.R · app/R · cdk.tf.json\`

</details>

<details>
<summary>1 note</summary>

- One note. (\`module.x · cdk.tf.json\`)

</details>
`);
});

test('a report of nothing says so', () => {
  expect(reportToMarkdown(makeReport({ registrations: [], identities: [], workloads: [], notes: [] }, { subject: 'x' })))
    .toBe('### Who may become whom\n\n**0 ways in: 0 issuers, 0 subjects, 0 identities, 0 grants.**\n\nOnly rows whose subject contains “x” &#40;or is any&#41;.\n\nNobody may become anything here.\n');
});

test('a comment has room on GitHub: it ends at a row, the riskiest are there, and it counts what is left out', () => {
  const markdown = reportToMarkdown(makeReport(many(10_000)));
  expect(markdown.length).toBeLessThanOrEqual(LIMIT);
  expect(markdown.length).toBeGreaterThan(LIMIT * 0.9);
  const rows = markdown.split('\n').filter(line => /^\| (?:⚠️[^|]*)? \|/.test(line));
  expect(rows.every(line => line.endsWith(' |'))).toBe(true);
  expect(rows.filter(line => line.includes('⚠️'))).toHaveLength(100);
  const shown = rows.length;
  expect(/\*\*([\d,]+ rows of 10,000 left out)/.exec(markdown)?.[1]).toBe(`${(10_000 - shown).toLocaleString('en')} rows of 10,000 left out`);
  const detailed = markdown.match(/^- \*\*/gm)!.length;
  expect(/The details of (\d+) rows above are left out\./.exec(markdown)?.[1]).toBe(String(shown - detailed));
});

test('a comment has room whatever the names are', () => {
  const long = '|'.repeat(100_000);
  const identity = { ...HOSTILE.identities[0]!, name: long, grants: Array.from({ length: 500 }, (_, index) => grant(`${long}${index}`, long)) };
  const markdown = reportToMarkdown(makeReport({ ...HOSTILE, identities: Array(200).fill(identity), notes: Array(5_000).fill({ message: long }) }, { identity: '|' }));
  expect(markdown.length).toBeLessThanOrEqual(LIMIT);
  expect(markdown.includes('5,000 notes')).toBe(true);
});

test('names are text: none ends its cell, its code or its line, none is a tag, a mention or a link', () => {
  const markdown = reportToMarkdown(makeReport(HOSTILE));
  const table = markdown.split('\n').filter(line => line.startsWith('|'));
  expect(table.map(line => line.split('|').length)).toEqual(Array(6).fill(7));
  expect([...new Set(markdown.match(/<[^>]*>/g))].sort()).toEqual(['</code>', '</details>', '</summary>', '<br>', '<code>', '<details>', '<summary>']);
  expect(markdown).not.toMatch(/@acme|\/\/x|\]\(|[\p{Cf}\p{Zl}]/u);
  expect(markdown.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect(markdown.match(/&#92;u202e|&#92;u2028/g)!.length).toBeGreaterThan(4);
});

test.each(['a|b', 'a\\|b', 'a`b', '`', 'a\\', '<b>', '&lt;', ' a', 'a\nb'])('a name with one sign of Markdown stays in its cell: %j', name => {
  const identities = [{ ...FLEET.identities[0]!, name, doors: [door('aws-oidc', [who(name, name)])], grants: [grant(name, name)] }];
  const [row] = reportToMarkdown(makeReport({ ...FLEET, identities, notes: [] })).split('\n').filter(line => line.startsWith('| ⚠️'));
  expect(row!.split('|').length).toBe(7);
  expect(row!.replace(/<\/?code>|<br>/g, '')).not.toMatch(/[`<>\\]|&(?!#\d+;)/);
});

test('the fleet\'s rows are all there', () => {
  expect(reportToMarkdown(makeReport(FLEET)).split('\n').filter(line => line.startsWith('|'))).toHaveLength(15);
});

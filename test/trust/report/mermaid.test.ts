import { account, door, FLEET, grant, HOSTILE, many, who } from './models';
import { makeReport, reportToMermaid } from '../../../lib/trust';

test('the diagram leads from issuers by subjects and identities to grants', () => {
  expect(reportToMermaid(makeReport({
    registrations: [], workloads: [], notes: [],
    identities: [{
      cloud: 'gcp', kind: 'service-account', name: 'reports@acme.iam.gserviceaccount.com', where: { address: 'a', file: 'f' },
      doors: [door('gcp-federation', [who('https://oidc.example', account('reports', '*'), { wildcards: true })])],
      grants: [grant('roles/storage.objectViewer', 'bucket')],
    }],
  }))).toBe([
    'flowchart LR',
    '  n0("reports<br/>Google service account · acme")',
    '  n1["roles/storage#46;objectViewer<br/>on bucket"]',
    '  n2[["oidc#46;example<br/>issuer"]]',
    '  n3(["reports/#42;<br/>pattern"])',
    '  n0 --> n1',
    '  n2 --> n3',
    '  n3 -->|"no audience"| n0',
    '  classDef warn fill:#fdf0e6,stroke:#b3420a,stroke-width:2px,color:#7a2d06',
    '  class n3 warn',
    '  linkStyle 2 stroke:#b3420a,stroke-width:2px',
    '',
  ].join('\n'));
});

test('a role behind another hangs on that one', () => {
  const lines = reportToMermaid(makeReport(FLEET)).split('\n');
  const id = (title: string) => /^ {2}(n\d+)/.exec(lines.find(line => line.includes(title))!)![1];
  expect(lines).toContain(`  ${id('aws#95;iam#95;role#46;Hub#46;arn')} --> ${id('"spoke<br/>')}`);
});

test.each([[10_000, 1], [120, 400]])('a diagram of %s identities with %s subjects each is within what GitHub draws, and says what it leaves out', (identities, subjects) => {
  const model = many(identities);
  const doors = Array.from({ length: subjects }, (_, index) => door('aws-oidc', [who('https://i.example', `s${index}`)]));
  const wide = { ...model, identities: model.identities.map(one => ({ ...one, doors })) };
  for (const one of [model, wide]) {
    const diagram = reportToMermaid(makeReport(one));
    const edges = diagram.match(/-->/g)!.length;
    expect(edges).toBeLessThanOrEqual(500);
    expect(diagram.length).toBeLessThanOrEqual(50_000);
    expect(edges > 400 || diagram.length > 40_000 || identities * subjects < 500).toBe(true);
  }
  expect(reportToMermaid(makeReport(many(10_000))).split('\n')[1])
    .toMatch(/^ {2}left\["The \d+ most important of 10,000 ways in, and 9,\d{3} more have no room here"\]$/);
});

test('names are text: every line has one of the few forms that the diagram is made of', () => {
  const words = '[A-Za-z0-9 /,;#…·\\u00c0-\\uffff]*';
  const label = `"${words}(?:<br/>${words})?"`;
  const node = `n\\d+(?:\\[\\[${label}\\]\\]|\\(\\[${label}\\]\\)|\\[${label}\\]|\\(${label}\\))`;
  const style = 'classDef warn [a-z0-9:#,-]+|class [n\\d,]+ warn|linkStyle [\\d,]+ [a-z0-9:#,-]+';
  const form = new RegExp(`^(?:flowchart LR|  (?:${node}|n\\d+ -->(?:\\|${label}\\|)? n\\d+|${style})|)$`);
  expect(reportToMermaid(makeReport(HOSTILE)).split('\n').filter(line => !form.test(line))).toEqual([]);
});

test.each([...'"\'`[](){}<>|;#&:%*_-~=.\\@!$^?+'])('a name with one sign of Mermaid is a label like others: %s', sign => {
  const name = `a${sign}b`;
  const identities = [{ ...FLEET.identities[0]!, name, doors: [door('aws-oidc', [who(name, name, { audiences: [] })])], grants: [grant(name, name)] }];
  const code = `a#${sign.charCodeAt(0)};b`;
  expect(reportToMermaid(makeReport({ ...FLEET, identities })).split('\n').slice(1, 5)).toEqual([
    `  n0("${code}<br/>AWS role")`, `  n1["${code}<br/>on ${code}"]`, `  n2[["${code}<br/>issuer"]]`, `  n3(["${code}<br/>subject"])`,
  ]);
});

test('a report of nothing is a diagram that says so', () => {
  expect(reportToMermaid(makeReport({ registrations: [], identities: [], workloads: [], notes: [] })).split('\n')[1]).toBe('  none["Nobody may become anything here"]');
});

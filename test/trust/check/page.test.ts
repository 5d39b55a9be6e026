import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CASES } from './cases';
import { modelOf } from './foreign';
import { check, CHECK_RULES, parseLiveIssuers, parseSuppressions } from '../../../lib/trust';

const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'checks.md'), 'utf8');
const plain = (markdown: string) => markdown.replace(/\\([<>*_|])/g, '$1');

test('the page lists each rule with its level', () => {
  const rows = [...page.matchAll(/^\| \[`([a-z0-9-]+)`\]\(#([a-z0-9-]+)\) \| (\w+) \| (.+) \|$/gm)].map(([, ...cells]) => cells);
  expect(rows).toEqual([...CHECK_RULES].map(([id, { level, title }]) => [id, id, level, title]));
});

test('the page explains each rule in the words of the findings', () => {
  const sections = page.split(/^### /m).slice(1).map(section => plain(section.trim()));
  expect(sections).toEqual([...CHECK_RULES].map(([id, { level, title, means, who, remedy }]) => (
    `${id}\n\n${level}: ${title}. ${means}\n\n**Who could do what:** ${who}\n\n**To mend it:** ${remedy}`)));
});

test('the suppressions and issuers of the page are read', () => {
  const [, json] = /```json\n([\s\S]*?)```/.exec(page)!;
  const suppressions = parseSuppressions(json!, 'page');
  expect(suppressions.entries).toHaveLength(1);
  const { findings } = check(modelOf(CASES[0]!.good as object), { suppressions, now: new Date('2026-01-01'), liveIssuers: parseLiveIssuers('https://issuer.acme.example', 'page') });
  expect(findings.map(({ rule }) => rule)).toEqual(['dead-issuer', 'suppression-unused']);
});

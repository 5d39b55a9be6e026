import { createHash } from 'node:crypto';
import { Mechanism } from '../model';
import { PAGE_SCRIPT, PAGE_STYLE } from './page';
import { Report, ReportGrant, ReportIdentity, ReportRow, ReportWhere, Risk } from './report';
import { drawSvg, xml } from './svg';
import {
  audienceText, CLOUDS, conditionOf, count, cutEnd, cutMiddle, figure, filterText, issuerOfRow, kindOfIdentity, kindOfWho, MECHANISMS,
  RISK_MEANINGS, RISKS, shortName, shortPermission, tagsOf, visible, whereText, whoOf,
} from './words';

/** Rows that the browser lays out together, when they come near the window. */
const CHUNK = 50;
/** What a row shows of its identity's grants, closed and open, and of each grant's statements; the JSON report has all. */
const GRANTS = 3;
const OPEN_GRANTS = 20;
const STATEMENTS = 4;
const STATEMENT = 1_500;
/** Rows up to which the picture is open when the page is. */
const PICTURE = 24;
const LISTED = 200;
const BRIEF = 160;
/** No name is longer; a condition may be, at Google up to 4,096. */
const EXACT = 5_000;

/** The report as one page that needs nothing else: picture, table, search and filters. Only its own script runs, and it reaches nothing. */
export function reportToHtml(report: Report): string {
  const { counts } = report;
  const policy = `default-src 'none'; style-src '${hashOf(PAGE_STYLE)}'; script-src '${hashOf(PAGE_SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  const all = count(counts.rows, 'row');
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<title>Who may become whom</title>',
    `<style>${PAGE_STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    '<header>',
    '<p class="kicker">Trust report</p>',
    '<h1>Who may become whom</h1>',
    `<p class="lead">${sourcesOf(report)}</p>`,
    ...paragraph(filterText(report)),
    '<dl class="figures">',
    ...figures([
      ['Ways in', counts.rows], ['Issuers', counts.issuers], ['Subjects', counts.subjects], ['Identities', counts.identities], ['Grants', counts.grants],
    ]),
    '</dl>',
    ...lookFirst(report),
    '</header>',
    ...report.rows.length === 0 ? [] : [
      '<section>',
      `<details class="panel"${report.rows.length <= PICTURE ? ' open' : ''}>`,
      '<summary><h2>Picture</h2><span>issuers, subjects, identities, grants</span></summary>',
      '<div class="picture" role="region" aria-label="Picture" tabindex="0">',
      drawSvg(report, false),
      '</div>',
      '</details>',
      '</section>',
    ],
    '<section aria-labelledby="ways">',
    '<h2 id="ways">Ways in</h2>',
    '<div class="tools">',
    '<input type="search" id="search" autocomplete="off" spellcheck="false" aria-label="Search all rows" placeholder="Search names, conditions, grants, addresses  ( / )">',
    ...chipsOf(report),
    `<p class="shown" id="shown" role="status" data-all="${all}">${all}</p>`,
    '<button type="button" id="open" aria-pressed="false">Open all</button>',
    '</div>',
    '<div class="rows">',
    '<div class="head" aria-hidden="true"><span>Who</span><span>becomes</span><span>by</span><span>may</span></div>',
    '<div role="list" aria-labelledby="ways">',
    ...chunksOf(report),
    '</div>',
    `<p class="none" id="none"${report.rows.length === 0 ? '>Nobody may become anything here.' : ' hidden>No row is like that.'}</p>`,
    '</div>',
    '</section>',
    ...listed('Registered issuers', report.registrations.map(({ cloud, name, issuer, audiences, where }) =>
      `${code(issuer)} <span class="soft">in ${CLOUDS[cloud]} as</span> ${code(name)}${audiences.length === 0 ? '' : ` <span class="soft">for</span> ${audiences.map(code).join(', ')}`}<br><span class="soft">${xml(whereText(where))}</span>`)),
    ...listed('Notes', report.notes.map(({ message, where }) =>
      `${xml(visible(message))}${where === undefined ? '' : `<br><span class="soft">${xml(whereText(where))}</span>`}`)),
    '</main>',
    `<script>${PAGE_SCRIPT}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function hashOf(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}

function sourcesOf({ sources }: Report): string {
  const shown = sources.slice(0, 4).map(source => code(source));
  return sources.length === 0 ? 'Nothing was read.' : `From ${shown.join(', ')}${sources.length > shown.length ? ` and ${figure(sources.length - shown.length)} more` : ''}`;
}

function paragraph(words: string | undefined): string[] {
  return words === undefined ? [] : [`<p class="lead">${xml(words)}</p>`];
}

function figures(named: readonly (readonly [string, number])[]): string[] {
  return named.map(([name, number]) => `<div><dt>${name}</dt><dd>${figure(number)}</dd></div>`);
}

function lookFirst({ counts, rows }: Report): string[] {
  if (rows.length === 0) {
    return [];
  }
  const found = (Object.keys(RISKS) as Risk[]).filter(risk => counts.risks[risk] > 0);
  return found.length === 0
    ? ['<p class="calm">Every row names its issuer, its subject and its audience.</p>']
    : ['<ul class="look">', ...found.map(risk => `<li><b>${figure(counts.risks[risk])} × ${RISKS[risk]}</b> ${RISK_MEANINGS[risk]}</li>`), '</ul>'];
}

function chipsOf(report: Report): string[] {
  const found = new Map<string, number>();
  for (const row of report.rows) {
    marksOf(row, report).forEach(mark => found.set(mark, (found.get(mark) ?? 0) + 1));
  }
  const group = (name: string, words: Readonly<Record<string, string>>, kind = '') => {
    const present = Object.entries(words).filter(([mark]) => found.has(mark));
    return present.length === 0 ? [] : [
      `<div class="group" role="group" aria-label="${name}"><b>${name}</b>`,
      ...present.map(([mark, word]) =>
        `<button type="button"${mark === 'unknown' ? '' : kind} data-group="${name}" data-is="${mark}" aria-pressed="false">${xml(word)}<i>${figure(found.get(mark)!)}</i></button>`),
      '</div>',
    ];
  };
  return [
    ...group('Look first', { ...RISKS, unknown: 'partly unknown' }, ' class="warn"'),
    ...group('Cloud', CLOUDS),
    ...group('By', MECHANISMS),
  ];
}

/** What a row is filtered by. */
function marksOf(row: ReportRow, report: Report): readonly (Risk | Mechanism | ReportIdentity['cloud'] | 'unknown')[] {
  return [report.identities[row.identity]!.cloud, row.mechanism, ...row.risks, ...row.unknown.length > 0 ? ['unknown' as const] : []];
}

function* chunksOf(report: Report): Generator<string, void, undefined> {
  for (let from = 0; from < report.rows.length; from += CHUNK) {
    yield '<div class="chunk" role="presentation">';
    for (const row of report.rows.slice(from, from + CHUNK)) {
      yield rowOf(row, report);
    }
    yield '</div>';
  }
}

function rowOf(row: ReportRow, report: Report): string {
  const identity = report.identities[row.identity]!;
  const { name, home } = shortName(identity);
  const through = row.through === null ? undefined : report.identities[row.through]!;
  const condition = conditionOf(row);
  const kind = row.subject === null || row.namespace !== undefined ? '' : `${kindOfWho(row)} `;
  return `<div class="row${row.risks.length > 0 ? ' risky' : ''}" role="listitem" data-is="${marksOf(row, report).join(' ')}"><details><summary>`
    + `<span class="who"><span><span class="name">${brief(whoOf(row, report))}</span>${tagsOf(row).map(risk => ` <em class="tag">${RISKS[risk]}</em>`).join('')}</span>`
    + `<small>${kind}of&#160;${brief(issuerOfRow(row))}</small>${condition === undefined ? '' : `<small>${brief(condition)}</small>`}</span>`
    + `<span class="becomes"><span class="sr">becomes</span><span class="name">${brief(name)}</span><small>${kindOfIdentity(identity)}${home ? ` · ${brief(home)}` : ''}</small></span>`
    + `<span class="by"><span class="sr">by</span><span>${MECHANISMS[row.mechanism]}</span>`
    + `${through === undefined ? '' : `<small>through ${brief(shortName(through).name)}</small>`}${audienceOf(row)}</span>`
    + `<span class="may"><span class="sr">may</span>${grantsOf(identity)}</span>`
    + `</summary>${exactOf(row, report)}</details></div>`;
}

function audienceOf(row: ReportRow): string {
  return row.audiences === null
    ? row.risks.includes('any-audience') ? '<small class="loud">any audience</small>' : ''
    : `<small>${row.audiences.length === 0 ? '' : 'for '}${brief(audienceText(row))}</small>`;
}

function grantsOf({ grants }: ReportIdentity): string {
  const shown = grants.slice(0, grants.length > GRANTS ? GRANTS - 1 : GRANTS);
  return grants.length === 0 ? '<small>nothing that is said here</small>' : shown.map(grant =>
    `<span><span class="id">${brief(shortPermission(grant))}</span>${grant.on === null ? '' : ` <small>on ${brief(visible(grant.on))}</small>`}</span>`).join('')
    + (grants.length > shown.length ? `<small>and ${figure(grants.length - shown.length)} more</small>` : '');
}

function exactOf(row: ReportRow, report: Report): string {
  const identity = report.identities[row.identity]!;
  const registration = row.registration === null ? undefined : report.registrations[row.registration]!;
  const through = row.through === null ? undefined : report.identities[row.through]!;
  const users = row.workloads.flatMap(place => [report.workloads[place]!.where, ...report.workloads[place]!.users]);
  const said = (name: string, ...values: readonly string[]) => values.length === 0 ? '' : `<dt>${name}</dt><dd>${
    values.length === 1 ? values[0]! : `<ul>${values.map(value => `<li>${value}</li>`).join('')}</ul>`}</dd>`;
  return `<dl class="exact">${[
    said('Issuer', row.issuer === null ? 'any that this way knows' : code(row.issuer)),
    said('Subject', row.subject === null ? 'any' : `${code(row.subject)}${row.wildcards ? ' <span class="soft">with wildcards</span>' : ''}`),
    said('Audience', ...row.audiences === null ? ['any'] : row.audiences.map(code)),
    said('Conditions', ...row.conditions.map(code)),
    said('Identity', `${code(identity.name)}${at(identity.where)}`),
    said('Through', ...through === undefined ? [] : [`${code(through.name)}${at(through.where)}`]),
    said('Registered', ...registration === undefined ? [] : [`${code(registration.name)}${at(registration.where)}`]),
    said('Grants', ...identity.grants.slice(0, OPEN_GRANTS).map(grantOf),
      ...identity.grants.length > OPEN_GRANTS ? [`${figure(identity.grants.length - OPEN_GRANTS)} more`] : []),
    said('Runs as it', ...users.slice(0, LISTED).map(where => xml(whereText(where)))),
    said('Said at', xml(whereText(row.where))),
  ].join('')}</dl>`;
}

function grantOf(grant: ReportGrant): string {
  const statements = grant.statements.slice(0, STATEMENTS).map(statement => cutEnd(visibleLines(JSON.stringify(statement, undefined, 2)), STATEMENT));
  const more = grant.statements.length - statements.length;
  return `${code(grant.permission)}${grant.on === null ? '' : ` <span class="soft">on</span> ${code(grant.on)}`}${at(grant.where)}`
    + `${statements.length === 0 ? '' : `<pre>${xml(statements.join('\n'))}${more > 0 ? `\n${figure(more)} more` : ''}</pre>`}`;
}

/** A document of several lines, each made visible; JSON itself has no line ends within texts. */
function visibleLines(document: string): string {
  return document.split('\n').map(visible).join('\n');
}

function at(where: ReportWhere): string {
  return `<br><span class="soft">${xml(whereText(where))}</span>`;
}

/** A name in a closed row; the open one has all of it. */
function brief(value: string): string {
  return xml(cutMiddle(value, BRIEF));
}

function code(value: string): string {
  return `<code>${xml(cutMiddle(visible(value), EXACT))}</code>`;
}

function listed(name: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [
    '<section>',
    `<details class="panel"><summary><h2>${name}</h2><span>${figure(items.length)}</span></summary>`,
    '<ul class="list">',
    ...items.slice(0, LISTED).map(item => `<li>${item}</li>`),
    ...items.length > LISTED ? [`<li>${figure(items.length - LISTED)} more</li>`] : [],
    '</ul>',
    '</details>',
    '</section>',
  ];
}

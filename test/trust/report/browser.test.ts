import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Browser, findBrowser } from './browser';
import { FLEET, HOSTILE, many } from './models';
import { makeReport, reportToHtml, reportToSvg } from '../../../lib/trust';
import { describeWhere } from '../../where';

const path = findBrowser();

describeWhere(path === undefined ? 'no Chromium in PATH, and none named by CHROME_PATH' : undefined, 'in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'report-page-'));
  const browser = new Browser(path!);
  const write = (name: string, content: string): string => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return pathToFileURL(file).href;
  };
  /** The names of the rows that are shown. */
  const shown = () => browser.value<string[]>('[...document.querySelectorAll(".row")].filter(row => row.checkVisibility()).map(row => row.querySelector(".becomes .name").textContent)');
  /** What sticks out of the page, or of its box, to the right. */
  const overflow = () => browser.value<string[]>(`[
    ...document.documentElement.scrollWidth > innerWidth ? ['page ' + document.documentElement.scrollWidth] : [],
    ...[...document.querySelectorAll('main *')].filter(one => !one.closest('.picture') && one.getBoundingClientRect().right > innerWidth + 0.5).map(one => one.outerHTML.slice(0, 80)),
  ]`);

  beforeAll(async () => browser.start(), 60_000);
  beforeEach(() => browser.complaints.splice(0));
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(['light', 'dark'] as const)('the page fits a desk and a telephone, in %s, with every row open', async scheme => {
    await browser.scheme(scheme);
    for (const model of [FLEET, HOSTILE]) {
      for (const width of [1280, 390]) {
        await browser.size(width);
        await browser.open(write('fit.html', reportToHtml(makeReport(model))));
        expect(await overflow()).toEqual([]);
        await browser.value('document.getElementById("open").click()');
        expect(await browser.value('document.querySelectorAll(".row details:not([open])").length')).toBe(0);
        expect(await overflow()).toEqual([]);
      }
    }
    expect(browser.complaints).toEqual([]);
  }, 60_000);

  test('names are text: a hostile one makes no element, runs nothing and closes nothing', async () => {
    await browser.size(1280);
    await browser.open(write('hostile.html', reportToHtml(makeReport(HOSTILE))));
    expect(await browser.value('document.querySelectorAll("script, img, iframe, object, a, link").length')).toBe(1);
    expect(await browser.value('document.querySelectorAll(".row").length')).toBe(4);
    expect(await browser.value('document.title')).toBe('Who may become whom');
    expect(browser.complaints).toEqual([]);
  }, 60_000);

  test('the policy of the page refuses what is not its own', async () => {
    const evil = reportToHtml(makeReport(FLEET)).replace('</main>', '<script>document.title = "taken"</script><p style="color:red">x</p><img src="x.png"></main>');
    await browser.open(write('refused.html', evil));
    expect(await browser.value('document.title')).toBe('Who may become whom');
    expect(browser.complaints.filter(complaint => complaint.includes('Content Security Policy')).length).toBeGreaterThanOrEqual(3);
  }, 60_000);

  test('the search and the filters leave the rows that are meant, and say how many', async () => {
    await browser.open(write('search.html', reportToHtml(makeReport(FLEET))));
    expect(await shown()).toHaveLength(13);
    await browser.press('/');
    await browser.write('BIGQUERY native');
    await browser.value('new Promise(done => setTimeout(done, 50))');
    expect(await shown()).toEqual([]);
    expect(await browser.value('[document.getElementById("shown").textContent, document.getElementById("none").checkVisibility()]')).toEqual(['0 of 13 rows', true]);
    await browser.press('Escape');
    await browser.write('bigquery');
    await browser.value('new Promise(done => setTimeout(done, 50))');
    expect(await shown()).toEqual(['reports', 'reports']);
    await browser.press('Escape');
    await browser.value('document.querySelector("button[data-is=wildcard]").click()');
    expect(await shown()).toEqual(['deploy', 'jobs']);
    await browser.value('document.querySelector("button[data-is=any-audience]").click()');
    expect(await shown()).toEqual(['deploy', 'jobs']);
    await browser.value('document.querySelector("button[data-is=azure]").click()');
    expect(await shown()).toEqual([]);
    await browser.value('document.querySelectorAll("button[aria-pressed=true]").forEach(button => button.click())');
    expect(await browser.value('document.getElementById("shown").textContent')).toBe('13 rows');
    expect(browser.complaints).toEqual([]);
  }, 60_000);

  test('rows open and are walked by the keyboard', async () => {
    await browser.open(write('keys.html', reportToHtml(makeReport(FLEET))));
    await browser.value('document.querySelector(".row summary").focus()');
    await browser.press('ArrowDown');
    await browser.press('Enter');
    expect(await browser.value('[...document.querySelectorAll(".row details")].map(one => one.open).indexOf(true)')).toBe(1);
    await browser.press('ArrowUp');
    expect(await browser.value('[...document.querySelectorAll(".row summary")].indexOf(document.activeElement)')).toBe(0);
    expect(await browser.value('[...document.querySelectorAll("button, input, summary")].filter(one => one.tabIndex < 0).length')).toBe(0);
  }, 60_000);

  test('text stands out from what is behind it, in light and dark', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      await browser.scheme(scheme);
      await browser.open(write('contrast.html', reportToHtml(makeReport(FLEET))));
      expect(await browser.value(CONTRAST)).toEqual([]);
    }
  }, 60_000);

  test('no text of the picture leaves its box, and no box another', async () => {
    await browser.size(1600);
    for (const model of [FLEET, HOSTILE, many(300)]) {
      await browser.open(write('picture.svg', reportToSvg(makeReport(model))));
      expect(await browser.value(OUTSIDE)).toEqual([]);
    }
    expect(browser.complaints).toEqual([]);
  }, 60_000);

  test('a page of 10,000 rows opens and is searched', async () => {
    await browser.size(1280);
    await browser.open(write('many.html', reportToHtml(makeReport(many(10_000)))));
    await browser.value('document.getElementById("search").focus()');
    await browser.write('team-4711');
    await browser.value('new Promise(done => { const look = () => document.getElementById("shown").textContent.includes("of") ? done() : setTimeout(look, 10); look(); })');
    expect(await shown()).toEqual(['team-4711']);
  }, 90_000);
});

/** The texts that have less contrast than WCAG's 4.5 to what is behind them. */
const CONTRAST = `(() => {
  const parse = color => color.match(/[\\d.]+/g).map(Number);
  const light = color => parse(color).slice(0, 3).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = one => { for (let at = one; at; at = at.parentElement) { const color = getComputedStyle(at).backgroundColor; if (parse(color)[3] !== 0) { return color; } } return 'rgb(255,255,255)'; };
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  const weak = new Set();
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() === '' || one.closest('svg') || !one.checkVisibility()) { continue; }
    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) { weak.add(one.className + ' ' + one.textContent.slice(0, 30)); }
  }
  return [...weak];
})()`;

/** The texts of the picture that leave their box, and the boxes that lie on another. */
const OUTSIDE = `(() => {
  const groups = [...document.querySelectorAll('g')].map(group => ({ box: group.querySelector('rect').getBoundingClientRect(), texts: [...group.querySelectorAll('text')], pill: group.classList.contains('l') }));
  const out = groups.flatMap(({ box, texts }) => texts.filter(text => { const place = text.getBoundingClientRect(); return place.left < box.left || place.right > box.right; }).map(text => text.textContent));
  const boxes = groups.filter(({ pill }) => !pill).map(({ box }) => box);
  const on = boxes.filter((a, i) => boxes.some((b, j) => i < j && a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)).length;
  return [...out, ...on > 0 ? [on + ' boxes lie on others'] : []];
})()`;

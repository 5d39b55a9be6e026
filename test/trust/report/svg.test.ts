import { FLEET, HOSTILE, many } from './models';
import { makeReport, reportToSvg } from '../../../lib/trust';

/** The elements of a document that is well formed; an error where it is not. */
function elementsOf(document: string): { readonly name: string; readonly attributes: ReadonlyMap<string, string> }[] {
  const open: string[] = [];
  const elements: { name: string; attributes: Map<string, string> }[] = [];
  const piece = /<(\/?)([a-z]+)((?: [a-zA-Z:-]+="[^"<]*")*)(\/?)>|[^<]+/g;
  const rest = document.replace(piece, (all, close: string, name: string, attributes: string, empty: string) => {
    if (name === undefined) {
      if (/&(?!#\d+;)/.test(all)) {
        throw new Error(`a bare ampersand: ${all}`);
      }
    } else if (close === '/') {
      if (open.pop() !== name) {
        throw new Error(`</${name}> closes another`);
      }
    } else {
      elements.push({ name, attributes: new Map([...attributes.matchAll(/ ([a-zA-Z:-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!])) });
      if (empty === '') {
        open.push(name);
      }
    }
    return '';
  });
  if (rest !== '' || open.length > 0) {
    throw new Error(`left: ${rest.slice(0, 80)} ${open.join()}`);
  }
  return elements;
}

test.each([['a fleet', FLEET], ['hostile names', HOSTILE], ['nothing', { registrations: [], identities: [], workloads: [], notes: [] }], ['many', many(10_000)]])(
  'the picture is a well-formed document that reaches nothing and runs nothing: %s', (_, model) => {
    const svg = reportToSvg(makeReport(model));
    const elements = elementsOf(svg);
    expect([...new Set(elements.map(({ name }) => name))].filter(name => !['svg', 'title', 'desc', 'style', 'rect', 'text', 'path', 'g'].includes(name))).toEqual([]);
    expect(elements.flatMap(({ attributes }) => [...attributes.keys()]).filter(name => /^on|href|^style$/.test(name))).toEqual([]);
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/url\(|@import|@font-face/);
    expect(svg.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(elements[0]!.attributes.get('role')).toBe('img');
    expect(elements[0]!.attributes.get('aria-labelledby')).toBe('wf-title wf-about');
  });

test('the picture says in words what it shows', () => {
  expect(reportToSvg(makeReport(FLEET))).toContain([
    '<title id="wf-title">Who may become whom</title>',
    '<desc id="wf-about">13 ways in: 5 issuers, 11 subjects, 10 identities, 11 grants. Look first: 2 for anyone of an issuer, 2 by a wildcard, 1 without an audience.</desc>',
  ].join('\n'));
});

test('each box has its full name and address as a tooltip, and what should be looked at first is marked', () => {
  const svg = reportToSvg(makeReport(FLEET));
  expect(svg).toContain('<title>arn:aws:iam::111122223333:role/legacy\naws_iam_role.legacy · cdk.tf.json</title>');
  expect([...svg.matchAll(/<g class="w">[^]*?<text class="t"[^>]*>([^<]*)</g)].map(([, title]) => title)).toEqual(['anyone', 'anyone', 'repo:acme/shop:*', 'jobs/*']);
  expect([...svg.matchAll(/<g class="l">[^]*?<text[^>]*>([^<]*)</g)].map(([, words]) => words)).toEqual(['no audience']);
});

test('a picture of many shows the most important and says so', () => {
  const svg = reportToSvg(makeReport(many(10_000)));
  expect(svg).toContain('>The 80 most important of 10,000 ways in; 9,920 more are not drawn.</text>');
  expect([...svg.matchAll(/<g class="w">[^]*?<text class="t"[^>]*>([^<]*)</g)].map(([, title]) => title)).toEqual(['anyone', 'anyone']);
  expect(svg.length).toBeLessThan(200_000);
});

import { Column, GraphEdge, GraphNode, stepsOf } from './graph';
import { Report } from './report';
import { count, cutMiddle, figure, summary, warnings } from './words';

/** The rows, boxes and arrows that a picture shows at most: more cannot be read. */
const ROWS = 80;
const BOXES = 260;
const ARROWS = 400;
const CHAIN = 8;
const SHIFT = 230;
const TOOLTIP = 2_000;

const WIDTHS: Readonly<Record<Column, number>> = { issuer: 236, subject: 224, identity: 256, grant: 252 };
const TITLES: Readonly<Record<Column, string>> = { issuer: 'Issuer', subject: 'Who', identity: 'Becomes', grant: 'May' };
const COLUMNS = Object.keys(WIDTHS) as Column[];
const MARGIN = 28;
const HEAD = 104;
/** Between columns, and before identities where arrows have words. */
const GAP_X = 76;
const WORDS_X = 106;
const GAP_Y = 12;
const GROUP_GAP_Y = 26;
const BOX = 46;
const INSET = 14;
const TITLE_SIZE = 12.5;
const CAPTION_SIZE = 11;

/** The style of the picture; in a page it stands in the page's own style. */
export const SVG_STYLE = `.wf{--paper:#fff;--ink:#17202b;--soft:#5c6876;--line:#d9dee4;--box:#f7f8fa;--one:#1d5a8c;--two:#4a7a68;--warn:#a83a05;--warnbox:#fdf1e8}
@media (prefers-color-scheme:dark){.wf{--paper:#12171e;--ink:#e6eaf0;--soft:#9aa6b4;--line:#313b47;--box:#1a212a;--one:#7db4e4;--two:#86bda6;--warn:#ffa366;--warnbox:#33210f}}
@media print{.wf{--paper:#fff;--ink:#17202b;--soft:#5c6876;--line:#d9dee4;--box:#f7f8fa;--one:#1d5a8c;--two:#4a7a68;--warn:#a83a05;--warnbox:#fdf1e8}}
.wf text{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--ink)}
.wf .p{fill:var(--paper)}.wf .h{font-size:20px;font-weight:600;letter-spacing:-.2px}.wf .s{font-size:12.5px;fill:var(--soft)}.wf .k{font-size:11px;font-weight:600;letter-spacing:.7px;fill:var(--soft)}
.wf .t{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;font-size:${TITLE_SIZE}px}.wf .c{font-size:${CAPTION_SIZE}px;fill:var(--soft)}
.wf rect.b{fill:var(--box);stroke:var(--line)}.wf .a{fill:var(--soft)}.wf .a1{fill:var(--one)}.wf .a2{fill:var(--two)}
.wf .w rect.b{fill:var(--warnbox);stroke:var(--warn)}.wf .w .a,.wf .w .a1{fill:var(--warn)}.wf .w .t{fill:var(--warn);font-weight:600}.wf .w .c{fill:var(--warn)}
.wf path{fill:none;stroke:var(--soft);stroke-opacity:.45;stroke-width:1.25}.wf path.e1{stroke:var(--one);stroke-opacity:.6}.wf path.e2{stroke:var(--two);stroke-opacity:.5}.wf path.ew{stroke:var(--warn);stroke-opacity:.95;stroke-width:1.75}
.wf .l rect{fill:var(--warnbox);stroke:var(--warn)}.wf .l text,.wf .ws{font-size:11px;font-weight:600;fill:var(--warn)}.wf .ws{font-size:12.5px}`;

interface Placed {
  readonly node: GraphNode;
  readonly x: number;
  readonly width: number;
  readonly y: number;
}

/** The report as a picture that stands alone: issuers, subjects, identities and grants in columns, light or dark as the reader's system is. */
export function reportToSvg(report: Report): string {
  return drawSvg(report, true);
}

/** The picture with its own heading and style, or without for a page that has them. */
export function drawSvg(report: Report, alone: boolean): string {
  const { nodes, edges, rows } = chosen(report);
  const columns = COLUMNS.filter(column => nodes.some(node => node.column === column));
  const top = alone ? HEAD + 34 : 40;
  const x = new Map<Column, number>();
  columns.reduce((from, column) => {
    const start = from + (column === 'identity' && edges.some(({ label }) => label !== undefined) ? WORDS_X - GAP_X : 0);
    x.set(column, start);
    return start + WIDTHS[column] + GAP_X;
  }, MARGIN);
  const placed = place(nodes, edges, x, top);
  const left = report.rows.length - rows;
  const last = columns.at(-1);
  const width = last === undefined ? 640 : x.get(last)! + WIDTHS[last] + MARGIN;
  const bottom = Math.max(top, ...[...placed.values()].map(({ y }) => y + BOX));
  const height = Math.ceil(bottom + MARGIN + (left > 0 ? 26 : 0));
  const loud = warnings(report);
  const more = left > 0 ? `The ${figure(rows)} most important of ${count(report.rows.length, 'way')} in; ${figure(left)} more are not drawn.` : undefined;
  const about = [`${summary(report)}.`, loud, more].filter(part => part !== undefined).join(' ');
  const [x0, y0, w, h] = alone ? [0, 0, width, height] : [MARGIN - 2, 14, width - MARGIN * 2 + 4, height - 14];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="wf" width="${w}" height="${h}" viewBox="${x0} ${y0} ${w} ${h}" role="img" aria-labelledby="wf-title wf-about">`,
    '<title id="wf-title">Who may become whom</title>',
    `<desc id="wf-about">${xml(about)}</desc>`,
    ...alone ? [
      `<style>${SVG_STYLE}</style>`,
      `<rect class="p" width="${width}" height="${height}"/>`,
      `<text class="h" x="${MARGIN}" y="44">Who may become whom</text>`,
      `<text class="s" x="${MARGIN}" y="66">${xml(summary(report))}</text>`,
      ...loud === undefined ? [] : [`<text class="ws" x="${MARGIN}" y="86">${xml(loud)}</text>`],
    ] : [],
    ...columns.map(column => `<text class="k" x="${x.get(column)!}" y="${top - 14}">${TITLES[column].toUpperCase()}</text>`),
    ...columns.length === 0 ? [`<text class="s" x="${MARGIN}" y="${top}">Nobody may become anything here.</text>`] : [],
    ...edges.filter(({ warn }) => !warn).map(edge => curve(edge, placed)),
    ...edges.filter(({ warn }) => warn).map(edge => curve(edge, placed)),
    ...[...placed.values()].map(box),
    ...edges.filter(({ label }) => label !== undefined).map(edge => pill(edge, placed)),
    ...more === undefined ? [] : [`<text class="ws" x="${MARGIN}" y="${height - MARGIN + 6}">${xml(more)}</text>`],
    '</svg>',
    '',
  ].join('\n');
}

/** The rows that there is room for, the most important first. */
function chosen(report: Report): { nodes: GraphNode[]; edges: GraphEdge[]; rows: number } {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  let rows = 0;
  for (const step of stepsOf(report)) {
    if (rows === ROWS || nodes.length + step.nodes.length > BOXES || edges.length + step.edges.length > ARROWS) {
      break;
    }
    nodes.push(...step.nodes);
    edges.push(...step.edges);
    rows++;
  }
  return { nodes, edges, rows };
}

/** Column by column, each box as near to what leads to it as those above it allow; issuers beside their subjects. */
function place(nodes: readonly GraphNode[], edges: readonly GraphEdge[], x: ReadonlyMap<Column, number>, top: number): Map<number, Placed> {
  const placed = new Map<number, Placed>();
  const into = new Map<number, number[]>();
  const outOf = new Map<number, number[]>();
  for (const { from, to } of edges) {
    (into.get(to) ?? into.set(to, []).get(to)!).push(from);
    (outOf.get(from) ?? outOf.set(from, []).get(from)!).push(to);
  }
  const parent = (id: number): number => into.get(id)?.[0] ?? -1;
  const middle = (ids: readonly number[] = []): number | undefined => {
    const ys = ids.flatMap(id => placed.get(id)?.y ?? []);
    return ys.length === 0 ? undefined : ys.reduce((sum, y) => sum + y, 0) / ys.length;
  };
  const stack = (wanted: readonly { readonly node: GraphNode; readonly y: number }[], column: Column): void => {
    let free = top;
    let last: number | undefined;
    for (const { node, y } of wanted) {
      free += last !== undefined && column === 'subject' && parent(node.id) !== last ? GROUP_GAP_Y - GAP_Y : 0;
      last = parent(node.id);
      const at = Math.max(free, Math.round(y));
      placed.set(node.id, { node, x: x.get(column)!, width: WIDTHS[column], y: at });
      free = at + BOX + GAP_Y;
    }
  };
  for (const column of [...x.keys()].filter(one => one !== 'issuer')) {
    const here = nodes.filter(node => node.column === column);
    const from = new Map(here.map(node => [node.id, middle(into.get(node.id))]));
    // Behind another identity, as deep as people build them, is below it.
    for (let depth = 0; depth < CHAIN; depth++) {
      here.filter(({ id }) => from.get(id) === undefined).forEach(({ id }) => {
        const before = from.get(into.get(id)?.find(one => from.get(one) !== undefined) ?? -1);
        from.set(id, before === undefined ? undefined : before + 1);
      });
    }
    const wanted = here.map((node, index) => ({ node, index, y: from.get(node.id) ?? (column === 'subject' ? -1 : Number.MAX_SAFE_INTEGER) }));
    if (column === 'subject') {
      // The subjects of an issuer stand together, the issuer with the riskiest row first.
      const order = new Map<number, number>();
      here.forEach(node => order.set(parent(node.id), order.get(parent(node.id)) ?? order.size));
      wanted.sort((a, b) => order.get(parent(a.node.id))! - order.get(parent(b.node.id))! || a.index - b.index);
    } else {
      wanted.sort((a, b) => a.y - b.y || a.index - b.index);
    }
    stack(wanted.map(({ node, y }) => ({ node, y: y < Number.MAX_SAFE_INTEGER ? y : 0 })), column);
  }
  // A subject of many identities moves towards their middle, as far as the next one lets it and it is still seen with the first of them.
  let end = Number.MAX_SAFE_INTEGER;
  const subjects = nodes.flatMap(node => node.column === 'subject' ? placed.get(node.id)! : []).sort((a, b) => b.y - a.y);
  for (const [index, subject] of subjects.entries()) {
    const y = Math.max(subject.y, Math.round(Math.min(middle(outOf.get(subject.node.id)) ?? top, end, subject.y + SHIFT)));
    placed.set(subject.node.id, { ...subject, y });
    const before = subjects[index + 1];
    end = y - BOX - (before !== undefined && parent(before.node.id) === parent(subject.node.id) ? GAP_Y : GROUP_GAP_Y);
  }
  stack(nodes.filter(node => node.column === 'issuer').map(node => ({ node, y: middle(outOf.get(node.id)) ?? top })).sort((a, b) => a.y - b.y), 'issuer');
  return placed;
}

function curve({ from, to, warn }: GraphEdge, placed: ReadonlyMap<number, Placed>): string {
  const a = placed.get(from)!;
  const b = placed.get(to)!;
  const kind = warn ? ' class="ew"' : b.node.column === 'grant' ? ' class="e2"' : a.node.column === 'issuer' ? '' : ' class="e1"';
  const [x1, y1, y2] = [a.x + a.width, a.y + BOX / 2, b.y + BOX / 2];
  if (b.x === a.x) {
    const out = x1 + Math.min(26 + Math.round(Math.abs(y2 - y1) / 8), GAP_X - 10);
    return `<path class="e1" d="M${x1} ${y1}C${out} ${y1} ${out} ${y2} ${x1 + 2} ${y2}M${x1 + 9} ${y2 - 5}L${x1 + 2} ${y2}L${x1 + 9} ${y2 + 5}"/>`;
  }
  const reach = Math.round((b.x - x1) * 0.55);
  return `<path${kind} d="M${x1} ${y1}C${x1 + reach} ${y1} ${b.x - reach} ${y2} ${b.x} ${y2}"/>`;
}

function box({ node, x, y, width }: Placed): string {
  const room = width - INSET * 2;
  const accent = node.column === 'grant' ? 'a2' : node.column === 'issuer' ? 'a' : 'a1';
  return `<g${node.warn ? ' class="w"' : ''}><title>${xml(cutMiddle(node.full, TOOLTIP))}</title><rect class="b" x="${x}" y="${y}" width="${width}" height="${BOX}" rx="5"/>`
    + `<rect class="${accent}" x="${x}" y="${y + 9}" width="3" height="${BOX - 18}" rx="1.5"/>`
    + `<text class="t" x="${x + INSET}" y="${y + 20}">${xml(fit(node.title, room / TITLE_SIZE, MONO))}</text>`
    + `<text class="c" x="${x + INSET}" y="${y + 36}">${xml(fit(node.caption, room / CAPTION_SIZE, SANS))}</text></g>`;
}

function pill({ to, label }: GraphEdge, placed: ReadonlyMap<number, Placed>): string {
  const { x, y } = placed.get(to)!;
  const width = Math.ceil([...label!].reduce((sum, character) => sum + SANS(character), 0) * CAPTION_SIZE) + 12;
  return `<g class="l"><rect x="${x - width - 6}" y="${y + BOX / 2 - 9}" width="${width}" height="18" rx="9"/>`
    + `<text x="${x - 6 - width / 2}" y="${y + BOX / 2 + 4}" text-anchor="middle">${xml(label!)}</text></g>`;
}

/** The advance of a character as a part of the font size. */
type Advance = (character: string) => number;

/** At least that of every monospaced font of the list; East Asian letters and pictures take two. */
const MONO: Advance = character => character.codePointAt(0)! < 0x1100 ? 0.615 : 1.23;

/** At least that of the widest other font of the list. */
const SANS: Advance = character => ' !\'()*,-./:;I[]fijlrt|·'.includes(character) ? 0.44
  : /[%@MWmw…]/.test(character) ? 1.02 : /[A-Z&+<=>~$#{}]/.test(character) ? 0.82 : character.codePointAt(0)! < 0x1100 ? 0.66 : 1.23;

/** A text cut in its middle so that it fits whatever font is there. */
function fit(value: string, room: number, advance: Advance): string {
  const characters = [...value];
  let free = characters.reduce((rest, character) => rest - advance(character), room);
  if (free >= 0) {
    return value;
  }
  let [head, tail] = [0, characters.length];
  free = room - advance('…');
  while (head < tail) {
    const next = head <= characters.length - tail ? head : tail - 1;
    free -= advance(characters[next]!);
    if (free < 0) {
      break;
    }
    [head, tail] = next === head ? [head + 1, tail] : [head, tail - 1];
  }
  return `${characters.slice(0, head).join('')}…${characters.slice(tail).join('')}`;
}

/** A text in XML or HTML, in an attribute or between tags. */
export function xml(value: string): string {
  return value.replace(/[&<>"'`]/g, character => `&#${character.charCodeAt(0)};`);
}

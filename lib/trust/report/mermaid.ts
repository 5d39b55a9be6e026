import { GraphEdge, GraphNode, GraphStep, stepsOf } from './graph';
import { Report } from './report';
import { count, cutMiddle, figure } from './words';

/**
 * What GitHub draws at most; more is an error instead of a picture.
 * @see https://mermaid.js.org/config/schema-docs/config.html
 */
const EDGES = 500;
const CHARACTERS = 50_000;

/** Kept for what stands around the rows. */
const FRAME = 1_500;
const LABEL = 60;

/** The report as a flowchart: issuers, subjects, identities, grants. What has no room is counted in the diagram. */
export function reportToMermaid(report: Report): string {
  const lines: string[] = [];
  const warned: string[] = [];
  const thick: number[] = [];
  let edges = 0;
  let size = 0;
  let rows = 0;
  for (const step of stepsOf(report)) {
    const added = linesOf(step);
    const cost = added.reduce((sum, line) => sum + line.length + 1, 0) + step.nodes.length * 12 + step.edges.length * 5;
    if (edges + step.edges.length > EDGES || size + cost > CHARACTERS - FRAME) {
      break;
    }
    lines.push(...added);
    warned.push(...step.nodes.filter(({ warn }) => warn).map(({ id }) => `n${id}`));
    step.edges.forEach(({ warn }, index) => warn && thick.push(edges + index));
    edges += step.edges.length;
    size += cost;
    rows++;
  }
  const left = report.rows.length - rows;
  return [
    'flowchart LR',
    ...left > 0 ? [`  left["${label(`The ${figure(rows)} most important of ${count(report.rows.length, 'way')} in, and ${figure(left)} more have no room here`, 2 * LABEL)}"]`] : [],
    ...report.rows.length === 0 ? [`  none["${label('Nobody may become anything here')}"]`] : [],
    ...lines,
    '  classDef warn fill:#fdf0e6,stroke:#b3420a,stroke-width:2px,color:#7a2d06',
    ...left > 0 ? ['  class left warn'] : [],
    ...warned.length > 0 ? [`  class ${warned.join(',')} warn`] : [],
    ...thick.length > 0 ? [`  linkStyle ${thick.join(',')} stroke:#b3420a,stroke-width:2px`] : [],
    '',
  ].join('\n');
}

function linesOf({ nodes, edges }: GraphStep): string[] {
  return [...nodes.map(nodeLine), ...edges.map(edgeLine)];
}

function nodeLine({ id, column, title, caption }: GraphNode): string {
  const [open, close] = column === 'issuer' ? ['[["', '"]]'] : column === 'subject' ? ['(["', '"])'] : column === 'grant' ? ['["', '"]'] : ['("', '")'];
  return `  n${id}${open}${label(title)}<br/>${label(caption)}${close}`;
}

function edgeLine({ from, to, label: words }: GraphEdge): string {
  return words === undefined ? `  n${from} --> n${to}` : `  n${from} -->|"${label(words)}"| n${to}`;
}

/**
 * A text as Mermaid's entity codes wherever a character could mean something to Mermaid, Markdown or HTML.
 * @see https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
 */
function label(words: string, longest = LABEL): string {
  return cutMiddle(words, longest).replace(/[^A-Za-z0-9 /,…·\u00c0-\uffff]/gu, character => `#${character.codePointAt(0)!};`);
}

import { Answer, AnswerGate, Explanation, Outcome } from './explain';
import { code, plain } from '../report/github';
import { Json, ReportWhere } from '../report/report';
import { TextOptions } from '../report/text';
import { count, cutEnd, kindOfIdentity, MECHANISMS, visible, jsonText, whereText } from '../report/words';

const WORDS: Readonly<Record<Outcome, string>> = { accepted: 'Accepted', refused: 'Refused', unknown: 'Not known' };
const MARKS = { yes: '✓', no: '✗', unknown: '?' } as const;
const CLAIM = 200;
const PLACE = 1_000;
const NOTES = 5;
const CLAIMS = 50;

/** The explanation as a JSON document by `schema/explain-v1.schema.json`. */
export function explanationToJson(explanation: Explanation): string {
  return jsonText(explanation);
}

/** The explanation for a terminal: for each answer whose it is, then the gates in order, with all that is said of the one that decides. */
export function explanationToText(explanation: Explanation, { color = false }: TextOptions = {}): string {
  const paint = (text: string, sgr: number) => color ? `\u001b[${sgr}m${text}\u001b[0m` : text;
  const out: string[] = [];
  for (const { means, remedy } of explanation.refusals) {
    out.push(`The message means: ${visible(means)}`, `What to do in general: ${visible(remedy)}`, '');
  }
  if (explanation.answers.length === 0) {
    out.push(`${paint(WORDS[explanation.outcome], 1)}: ${nobody(explanation)}`);
  }
  explanation.answers.forEach((answer, index) => {
    const { identity, presentedBy, claims } = answer;
    out.push(
      ...index === 0 ? [] : [''],
      paint(headline(answer), answer.outcome === 'accepted' ? 32 : 33),
      `  ${kindOfIdentity({ ...identity, grants: [] })} at ${whereText(identity.where)}`,
      ...presentedBy === null ? [] : [`  presented by ${besides(presentedBy, identity.where)}`],
      ...claimLines(claims, identity.cloud === 'gcp' ? [] : ['kubernetes.io']).map((line, place) => `${place === 0 ? '  token  ' : '         '}${line}`),
      '',
      ...gateLines(answer, paint),
      ...notesOf(answer),
    );
  });
  if (explanation.more > 0) {
    out.push('', `${count(explanation.more, 'more answer')}; --to names an identity.`);
  }
  return `${out.join('\n')}\n`;
}

/** What else is to be known, one a line. */
function notesOf({ notes = [], identity }: Answer): readonly string[] {
  const more = notes.length > NOTES ? [`  ${count(notes.length - NOTES, 'more note')}`] : [];
  return [
    ...notes.slice(0, NOTES).map(({ message, where }) => `  note: ${visible(message)}${where === undefined ? '' : `, at ${besides(where, identity.where)}`}`), ...more,
  ];
}

/** The gates: those that are passed one after the other in one line, the others with what they want and have. */
function gateLines({ gates, first, says, identity }: Answer, paint: (text: string, sgr: number) => string): readonly string[] {
  const lines: string[] = [];
  let passed: string[] = [];
  const flush = () => {
    if (passed.length > 0) {
      lines.push(paint(`  ${MARKS.yes} ${counted(passed)}`, 32));
      passed = [];
    }
  };
  const told = gates.findIndex(gate => isFirst(gate, first));
  // What refuses is said, be it that it is none of the gates of the way.
  const all = first === null || told >= 0 ? gates : [...gates, first];
  all.forEach((gate, index) => {
    const decides = first !== null && index === (told < 0 ? all.length - 1 : told);
    const shown = decides ? first : gate;
    if (shown.verdict === 'yes') {
      passed.push(shown.gate);
      return;
    }
    flush();
    const mark = `${MARKS[shown.verdict]} ${shown.gate}`;
    if (!decides) {
      lines.push(`  ${mark}: wants ${cutEnd(visible(shown.want), CLAIM)}, has ${cutEnd(visible(shown.have), CLAIM)}`);
      return;
    }
    lines.push(
      paint(`  ${mark}, at ${besides(shown.where, identity.where)}`, 31),
      `      wants   ${visible(shown.want)}`,
      `      has     ${visible(shown.have)}`,
      ...says === null ? [] : [`      says    ${visible(says)}`],
      ...shown.remedy === '' ? [] : [`      remedy  ${visible(shown.remedy)}`],
    );
  });
  flush();
  return lines;
}

/** Whether a gate is the one that decides, which is shown as unknown where a message speaks against what passes here. */
function isFirst(gate: AnswerGate, first: AnswerGate | null): boolean {
  return first !== null && gate.gate === first.gate && gate.want === first.want && gate.have === first.have
    && gate.where.address === first.where.address;
}

function counted(names: readonly string[]): string {
  const figures = new Map<string, number>();
  names.forEach(name => figures.set(name, (figures.get(name) ?? 0) + 1));
  return [...figures].map(([name, figure]) => figure === 1 ? name : `${name} (${figure})`).join(', ');
}

/** Where something is, without what the place of the identity already says. */
function besides(where: ReportWhere, identity: ReportWhere): string {
  const { address, attribute, constructPath } = where;
  if (where.file !== identity.file) {
    return whereText(where);
  }
  const path = address === identity.address || constructPath === undefined ? '' : ` · ${constructPath}`;
  return cutEnd(visible(`${address}${attribute === undefined ? '' : ` (${attribute})`}${path}`), PLACE);
}

/** The explanation for an issue or a chat that reads Markdown. */
export function explanationToMarkdown(explanation: Explanation): string {
  const out = explanation.refusals.flatMap(({ means, remedy }) => [`> ${plain(visible(means))} ${plain(visible(remedy))}`, '']);
  if (explanation.answers.length === 0) {
    out.push(`**${WORDS[explanation.outcome]}**: ${nobody(explanation)}`, '');
  }
  for (const answer of explanation.answers) {
    out.push(
      `#### ${plain(headline(answer))}`, '',
      `${kindOfIdentity({ ...answer.identity, grants: [] })} ${code(answer.identity.name)} at ${code(whereText(answer.identity.where))}`, '',
      ...answer.presentedBy === null ? [] : [`presented by ${code(besides(answer.presentedBy, answer.identity.where))}`, ''],
      `token ${code(claimLines(answer.claims).join(', '), 2 * CLAIM)}`, '',
      '| | gate | wants | has | at |', '|---|---|---|---|---|',
      ...answer.gates.map(gate => `| ${MARKS[(isFirst(gate, answer.first) ? answer.first! : gate).verdict]} | ${gate.gate} | ${code(gate.want)} | ${code(gate.have)} | ${code(besides(gate.where, answer.identity.where))} |`),
      '',
      ...sayings(answer, answer.first),
      ...notesOf(answer).flatMap(note => [plain(note.trim()), '']),
    );
  }
  return out.join('\n');
}

function nobody({ refusals }: Explanation): string {
  return refusals.length > 0 ? 'nothing of what was read can be behind the message by itself.'
    : 'nothing that was read fits; read the Terraform of both the cloud and the cluster.';
}

function sayings({ says }: Answer, first: AnswerGate | null): readonly string[] {
  return [
    ...says === null ? [] : [`The cloud says: ${code(says, 2 * CLAIM)}`, ''],
    ...first === null || first.remedy === '' ? [] : [`**Remedy**: ${plain(visible(first.remedy))}`, ''],
  ];
}

function headline({ outcome, first, identity, mechanism }: Answer): string {
  const way = mechanism === null ? '' : ` by ${MECHANISMS[mechanism]}`;
  const gate = first === null ? '' : `, at the gate ${first.gate}`;
  return `${WORDS[outcome]}: ${visible(identity.name)}${way}${gate}`;
}

/** The claims, one a line; those are left out that say nothing which the subject does not. */
function claimLines(claims: Json, without: readonly string[] = []): readonly string[] {
  if (typeof claims !== 'object' || claims === null) {
    return [String(claims)];
  }
  const all = Object.entries(claims).filter(([claim]) => !without.includes(claim));
  const shown = all.length > CLAIMS ? all.slice(0, CLAIMS - 1) : all;
  const lines = shown.map(([claim, value]) => `${cutEnd(visible(claim), CLAIM)} ${cutEnd(visible(typeof value === 'string' ? value : JSON.stringify(value)), CLAIM)}`);
  return shown.length === all.length ? lines : [...lines, count(all.length - shown.length, 'more claim')];
}

import { decide, Decision } from '../trust/judge';
import { Gate, Identity, Token, Where } from '../trust/model';
import { MECHANISMS, visible, whereText } from '../trust/report/words';
import { isList, isMap, isText, show, Value } from '../trust/value';

const MARKS = { yes: '✓', no: '✗', unknown: '?' } as const;
/** What a service account's name and namespace repeat, and times that nobody asked about. */
const SILENT = new Set(['kubernetes.io', 'iat', 'nbf', 'exp']);

/** What becomes of a token at an identity, for the message of a test that fails: the gate that counts first, and all there are. */
export function messageOf(identity: Identity, token: Token, at: number | undefined): string {
  const decision = decide(identity, token, at);
  const gates = gatesOf(decision);
  const first = gates.find(({ verdict }) => verdict === 'no') ?? gates.find(({ verdict }) => verdict === 'unknown');
  const lines: [string, string][] = [
    ['identity', `${show(identity.name)} at ${placeOf(identity.where)}`],
    ['token', [...token].filter(([claim]) => !SILENT.has(claim)).map(([claim, value]) => `${claim} ${claimText(value)}`).join(', ')],
    ...decision.door === undefined ? [['way in', 'none']] as [string, string][] : [
      ['way in', `${MECHANISMS[decision.door.mechanism]}, at ${placeOf(decision.door.where)}`] as [string, string],
    ],
    ...first === undefined ? [] : gateLines(first),
    ...gates.length === 0 ? [] : [['gates', gates.map(({ gate, verdict }) => `${MARKS[verdict]} ${gate}`).join('  ')] as [string, string]],
  ];
  return lines.map(([label, text]) => `  ${label.padEnd(10)}${visible(identity.sensitive?.text(text) ?? text)}`).join('\n');
}

function gateLines({ gate, want, have, where, remedy }: Gate): [string, string][] {
  return [
    ['gate', `${gate}, at ${placeOf(where)}`], ['wants', want], ['has', have],
    ...remedy === '' ? [] : [['remedy', remedy] as [string, string]],
  ];
}

/** The gates of the identities before, and then the identity's own. */
function gatesOf({ gates, through }: Decision): readonly Gate[] {
  return [...through === undefined ? [] : gatesOf(through), ...gates];
}

/** Where something is said; a sole stack need not have a name. */
function placeOf({ stack, ...where }: Where): string {
  return whereText(stack ? { ...where, stack } : where);
}

function claimText(value: Value): string {
  if (isList(value) && value.length === 1) {
    return claimText(value[0]!);
  }
  return isText(value) || isList(value) || isMap(value) ? show(value) : String(value);
}

import { audiencesFor, Claims } from './subject';
import { admits } from '../trust/judge';
import { Atom, Door, Identity, Token } from '../trust/model';
import { Model } from '../trust/read';
import { separate } from '../trust/search';
import { every, isList, isText, like, some, TextValue, Value, Verdict } from '../trust/value';
import { hasWildcard } from '../trust/witness';

/** What is found out about who else becomes an identity. */
export interface Strangers {
  /** A token that becomes the identity, or may, and was not expected to. */
  readonly token?: Token;
  /** Whether it gets in for certain. */
  readonly certain: boolean;
  /** Whether all tokens were looked at. */
  readonly exact: boolean;
}

/** Who is expected to become an identity, with all audiences that the tokens may have. */
interface Expected {
  readonly issuers: readonly TextValue[];
  readonly subject: TextValue;
  readonly audiences: readonly TextValue[];
}

export const GOOGLE = 'https://accounts.google.com';
/** Google's tokens have been issued with and without the scheme. */
const GOOGLE_ISSUERS: readonly TextValue[] = [GOOGLE, 'accounts.google.com'];

/** Looks for tokens that an identity accepts although they are of none of those who were expected, by the doors' conditions and not by their text. */
export function strangersOf(identity: Identity, claims: readonly Claims[], model: Model): Strangers {
  const expected = claims.map(each => ({
    issuers: each.issuer === GOOGLE ? GOOGLE_ISSUERS : [each.issuer], subject: each.subject, audiences: audiencesFor(each, identity, model),
  }));
  const atoms = expected.flatMap(({ issuers, subject, audiences }) => [
    ...issuers.map(issuer => atomOf('iss', issuer)), atomOf('sub', subject), ...audiences.map(audience => atomOf('aud', audience)),
  ]);
  const { gained, maybeGained, exact } = separate({
    before: identity.doors.map(door => forExpected(door, expected)),
    after: identity.doors,
    // It lets nobody in, and says what tells those who are expected apart.
    shared: [{ mechanism: 'aws-oidc', where: identity.where, who: [], atoms, judge: () => [gateOf('no', identity)] }],
  });
  const token = gained ?? maybeGained;
  // That it is only unknown whether it is one of those who are expected does not make it one of them.
  const certain = token !== undefined && admits(identity.doors, token) === 'yes';
  return { ...token && { token }, certain, exact };
}

/** A door that lets in those of its tokens that are expected. */
function forExpected(door: Door, expected: readonly Expected[]): Door {
  return judgedBy(door, (token, at) => {
    const gates = door.judge(token, at);
    const verdict = some(expected.map(each => isExpected(token, each)));
    if (verdict !== 'unknown') {
      return [...gates, gateOf(verdict, door)];
    }
    const itself = judgedBy(door, () => gates);
    const asIf = (other: Token) => admits([judgedBy(door, () => door.judge(other, at))], other, at);
    // Whether unknown values are the same is no reason to expect a token. Where the door does not know it either, it is no news.
    const same = admits([itself], token, at) !== 'yes'
      && expected.some(each => isExpected(token, each) === 'unknown' && (isOdd(token) || supposed(token, each).some(other => asIf(other) === 'yes')));
    return [...gates, gateOf(same ? 'yes' : 'no', door)];
  });
}

/** A door in all but how it judges. What it says of itself may be worked out when it is asked for, so that it is not copied. */
function judgedBy(door: Door, judge: Door['judge']): Door {
  return Object.create(door, { judge: { value: judge } }) as Door;
}

/** A token as it is where it is of those who are expected. */
function supposed(token: Token, { issuers, subject, audiences }: Expected): readonly Token[] {
  return issuers.flatMap(issuer => audiences.map(audience => new Map([...token, ['iss', issuer], ['sub', subject], ['aud', [audience]]])));
}

/** Whether no issuer gives its tokens such a shape: what becomes of them is nobody's expectation. */
function isOdd(token: Token): boolean {
  return ['iss', 'sub', 'azp'].some(claim => token.has(claim) && !isText(token.get(claim))) || token.get('azp') === ''
    || (!token.has('azp') && matches(token.get('iss'), GOOGLE_ISSUERS) === 'yes');
}

function isExpected(token: Token, { issuers, subject, audiences }: Expected): Verdict {
  const [iss, sub, azp] = ['iss', 'sub', 'azp'].map(claim => token.get(claim));
  const verdict = every([matches(iss, issuers), matches(sub, [subject]), some([matches(token.get('aud'), audiences), matches(azp, audiences)])]);
  return verdict === 'no' && isOdd(token) ? 'unknown' : verdict;
}

function matches(value: Value | undefined, patterns: readonly TextValue[]): Verdict {
  const texts = isText(value) ? [value] : isList(value) ? value.filter(isText) : [];
  return some(texts.flatMap(each => patterns.map(pattern => like(each, pattern, '*'))));
}

function atomOf(claim: string, pattern: TextValue): Atom {
  return { claim: [claim], pattern, wildcards: hasWildcard(pattern) };
}

function gateOf(verdict: Verdict, { where }: Pick<Door, 'where'>) {
  return { gate: 'aws-condition' as const, verdict, want: '', have: '', where, remedy: '' };
}

import { equal, isList, isText, some, TextValue, Value, Verdict } from './value';

/** Whether a token with this `aud` claim is meant for one of some parties; unknown where the claim has what is no text beside that one. */
export function isMeantFor(aud: Value | undefined, parties: readonly TextValue[]): Verdict {
  const list: readonly Value[] = isList(aud) ? aud : aud === undefined ? [] : [aud];
  const verdict = some(list.filter(isText).flatMap(value => parties.map(party => equal(value, party))));
  // RFC 7519 wants texts alone, and no cloud says what it makes of a list that has other things too.
  return verdict === 'yes' && !list.every(isText) ? 'unknown' : verdict;
}

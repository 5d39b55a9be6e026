import { isMeantFor } from '../../lib/trust/audience';
import { Unknown } from '../../lib/trust/value';

test.each([
  ['the text itself', 'a', 'yes'], ['a list with it', ['b', 'a'], 'yes'], ['another text', 'b', 'no'], ['another case', 'A', 'no'], ['a list of others', ['b', 'c'], 'no'],
  ['an empty list', [], 'no'], ['nothing', undefined, 'no'], ['null', null, 'no'], ['a number', 7, 'no'], ['a list in a list', [['a']], 'no'],
  ['an unknown one', new Unknown('u'), 'unknown'], ['a list with what is no text', [7, 'a'], 'unknown'], ['a list of others with what is no text', [7, 'b'], 'no'],
] as const)('a token is meant for a party by %s or is not', (_, aud, verdict) => {
  expect(isMeantFor(aud, ['a', 'x'])).toBe(verdict);
});

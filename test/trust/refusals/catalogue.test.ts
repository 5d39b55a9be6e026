import { Said, SAMPLES } from './samples';
import { CATALOGUE, readRefusal } from '../../../lib/trust/refusals/catalogue';
import { template } from '../../../lib/trust/refusals/template';

describe('the catalogue', () => {
  test('has stable ids, sources, and a sentence on what it means and what to do', () => {
    expect(new Set(CATALOGUE.map(({ id }) => id)).size).toBe(CATALOGUE.length);
    for (const { id, says, means, remedy, sources, marks } of CATALOGUE) {
      expect([id, id]).toEqual([expect.stringMatching(/^[a-z]+(?:-[a-z]+)+$/), expect.not.stringMatching(/--/)]);
      expect([id, means]).toEqual([id, expect.stringMatching(/^[A-Z].*\.$/)]);
      expect([id, remedy]).toEqual([id, expect.stringMatching(/^[A-Z].*\.$/)]);
      expect([id, sources]).toEqual([id, expect.arrayContaining([expect.stringMatching(/^https:\/\//)])]);
      expect([id, says.length > 0]).toEqual([id, true]);
      // Short beginnings are found everywhere, and would cost time in a large text.
      expect([id, marks.map(template).filter(({ literals }) => literals.find(literal => literal !== '')!.length < 5)]).toEqual([id, []]);
    }
  });

  test('has samples of every message', () => {
    expect(Object.keys(SAMPLES).sort()).toEqual(CATALOGUE.filter(({ marks }) => marks.length > 0).map(({ id }) => id).sort());
    expect(Object.entries(SAMPLES).filter(([, samples]) => samples.length < 2)).toEqual([]);
  });
});

describe.each(Object.entries(SAMPLES))('%s', (id, samples) => {
  test.each(samples.map(([raw, said]): [string, Said] => [raw, said ?? {}]))('is read from %j', (raw, said) => {
    const { claims = {}, expected = {}, ...rest } = said;
    expect(readRefusal(raw)).toEqual([{
      entry: CATALOGUE.find(entry => entry.id === id), claims: new Map(Object.entries(claims)), expected: new Map(Object.entries(expected)), ...rest,
    }]);
  });
});

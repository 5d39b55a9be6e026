import * as fc from 'fast-check';
import { account, claims, Condition, door, EKS, equals, statement } from './doors';
import { admits } from '../../lib/trust/judge';
import { Door, Token } from '../../lib/trust/model';
import { separate } from '../../lib/trust/search';
import { Unknown } from '../../lib/trust/value';
import { lattice, tokenOf } from '../../lib/trust/witness';

const SEED = Number(process.env.FUZZ_SEED ?? 20240229);

/** All tokens of texts over a small alphabet, of lists of them, and with claims missing. */
function allTokens(): Token[] {
  const texts = ['', 'a', 'b', 'c', 'aa', 'ab', 'ba', 'bb', 'ac', 'ca', 'aab', 'aba', 'baa', 'abb', 'bab', 'acb', 'ccc', 'cab', 'abc', 'acc', 'bca',
    'bcc', 'aac', 'caa', 'cba', 'cbb', 'bbc', 'bac', 'bcb', 'cca', 'ccb', 'cbc', 'bc', 'cb', 'cc', 'bba', 'bbb', 'aaa', 'aca', 'aacb', 'abca', 'bcba', 'abcb', 'accb', 'bcca'];
  const subjects = [...texts, undefined];
  const audiences = [...texts.slice(0, 20).map(text => [text]), ...texts.slice(0, 12).map((text, index) => [text, texts[index + 4]!]), 'a', 'b', 'c', undefined];
  return subjects.flatMap(sub => audiences.map(aud => tokenOf([[['iss'], 'a'], [['sub'], sub], [['aud'], aud]])));
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 3 });
const condition: fc.Arbitrary<Condition> = fc.letrec<{ condition: Condition; leaf: Condition }>(tie => ({
  leaf: fc.record({ claim: fc.constantFrom('sub', 'sub', 'aud'), any: fc.array(word, { minLength: 1, maxLength: 2 }), wildcards: fc.boolean() }),
  condition: fc.oneof(
    { weight: 4, arbitrary: tie('leaf') },
    { weight: 1, arbitrary: fc.record({ missing: fc.constantFrom('sub', 'aud') }) },
    { weight: 1, arbitrary: tie('leaf').map(leaf => ({ not: leaf })) },
    { weight: 1, arbitrary: fc.tuple(tie('leaf'), tie('leaf')).map(all => ({ all })) },
    { weight: 1, arbitrary: fc.tuple(tie('leaf'), tie('leaf')).map(some => ({ some })) },
  ),
})).condition;
const doors: fc.Arbitrary<Door[]> = fc.array(
  fc.array(condition, { minLength: 1, maxLength: 3 }).map(conditions => door(conditions)), { maxLength: 2 },
);

describe('the search for tokens that tell doors apart', () => {
  test('finds what trying all tokens finds, and what it finds is so', () => {
    const tokens = allTokens();
    fc.assert(fc.property(doors, doors, (before, after) => {
      const found = separate({ before, after });
      expect(found).toMatchObject({ exact: true });
      expect(found.maybeGained ?? found.maybeLost).toBeUndefined();
      const gained = tokens.find(token => admits(after, token) === 'yes' && admits(before, token) === 'no');
      const lost = tokens.find(token => admits(before, token) === 'yes' && admits(after, token) === 'no');
      expect({ gained: gained === undefined || found.gained !== undefined, lost: lost === undefined || found.lost !== undefined })
        .toEqual({ gained: true, lost: true });
      expect(found.gained === undefined || (admits(after, found.gained) === 'yes' && admits(before, found.gained) === 'no')).toBe(true);
      expect(found.lost === undefined || (admits(before, found.lost) === 'yes' && admits(after, found.lost) === 'no')).toBe(true);
    }), { seed: SEED, numRuns: 150 });
  });

  test('finds what the whole lattice finds', () => {
    fc.assert(fc.property(doors, doors, (before, after) => {
      const found = separate({ before, after });
      const seen = { gained: false, lost: false };
      for (const token of lattice([...before, ...after]).tokens) {
        const [was, is] = [admits(before, token), admits(after, token)];
        seen.gained ||= was === 'no' && is === 'yes';
        seen.lost ||= was === 'yes' && is === 'no';
      }
      expect({ gained: found.gained !== undefined, lost: found.lost !== undefined }).toEqual(seen);
    }), { seed: SEED, numRuns: 25 });
  });

  test('leaves out what other doors accept anyway', () => {
    const [one, two] = [statement([account('a', 'b')]), statement([account('a', 'c')])];
    expect(separate({ before: [], after: [statement([account('a', 'b')])], shared: [one, two] })).toEqual({ exact: true });
  });

  test('is unsure of what other doors may accept anyway', () => {
    const somewhere = statement([account('a', 'b')], { issuer: new Unknown('apps/a') });
    const found = separate({ before: [], after: [statement([account('a', 'b')])], shared: [somewhere] });
    expect({ gained: found.gained, maybe: claims(found.maybeGained) })
      .toEqual({ gained: undefined, maybe: { iss: EKS, sub: account('a', 'b'), aud: ['sts.amazonaws.com'] } });
  });

  test('takes two unknown sides for the same only where they want the same', () => {
    const vague = (want: string): Door => {
      const inner = door([equals('sub', 'a')]);
      return { ...inner, judge: token => inner.judge(token).map(gate => ({ ...gate, verdict: 'unknown', want })) };
    };
    expect(separate({ before: [vague('one')], after: [vague('one')] })).toEqual({ exact: true });
    const found = separate({ before: [vague('one')], after: [vague('another')] });
    expect([claims(found.maybeGained), claims(found.maybeLost)]).toEqual([1, 2].map(() => ({ iss: 'https://any.example', sub: 'a', aud: ['any'] })));
  });

  test('prefers an example that reads like a real token', () => {
    const found = separate({ before: [], after: [door([{ claim: 'iss', any: [EKS] }, { claim: 'sub', any: ['system:serviceaccount:a:*'], wildcards: true }])] });
    expect(claims(found.gained)).toEqual({ iss: EKS, sub: 'system:serviceaccount:a:any', aud: ['any'] });
  });

  test('says so where a door looks at claims in other ways, and where it gives up', () => {
    expect(separate({ before: [door([], { opaque: true })], after: [door([])] })).toEqual({ exact: false });
    const [before, after] = [[statement([account('a', 'b')])], [statement([account('a', 'b')], { plain: true })]];
    expect(separate({ before, after }, 10)).toEqual({ exact: false });
    expect(separate({ before, after })).toEqual({ exact: true });
  });

  test('a role for two clusters, thirty accounts each and two audiences needs some thousand looks', () => {
    const subjects = Array.from({ length: 30 }, (_, index) => account(`ns-${index}`, `app-${index}`));
    const audiences = ['sts.amazonaws.com', 'another'];
    const both = (extra: readonly string[] = []) => [
      statement([...subjects, ...extra], { audiences }),
      statement(subjects.map(subject => `${subject}-gke`), { audiences, issuer: 'https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/apps' }),
    ];
    const [before, after] = [both(), both()];
    expect(separate({ before, after })).toEqual({ exact: true });
    expect(before[0]!.asked).toBeLessThan(5000);
    const wider = both([account('ns-31', 'app')]);
    expect(claims(separate({ before, after: wider }).gained)).toEqual({ iss: EKS, sub: account('ns-31', 'app'), aud: ['sts.amazonaws.com'] });
  });
});

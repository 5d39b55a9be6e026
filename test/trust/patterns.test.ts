import './counting';
import * as fc from 'fast-check';
import { growth } from './work';
import { Pattern, representatives } from '../../lib/trust/patterns';
import { like, Text, text, TextValue, Unknown } from '../../lib/trust/value';

const SEED = Number(process.env.FUZZ_SEED ?? 20240229);
const exact = (...patterns: TextValue[]): Pattern[] => patterns.map(pattern => ({ pattern, wildcards: false }));
const globs = (...patterns: TextValue[]): Pattern[] => patterns.map(pattern => ({ pattern, wildcards: true }));

function matched(patterns: readonly Pattern[], value: TextValue): string {
  return patterns.map(({ pattern, wildcards, ignoreCase }) => {
    const fold = (part: TextValue) => ignoreCase && typeof part === 'string' ? part.toLowerCase() : part;
    return like(fold(value), fold(pattern), wildcards ? '*?' : '') === 'yes' ? '1' : '0';
  }).join('');
}

/** All texts of an alphabet up to a length. */
function texts(alphabet: string, length: number): string[] {
  let longest = [''];
  const all = [''];
  for (let size = 1; size <= length; size++) {
    longest = longest.flatMap(word => [...alphabet].map(character => word + character));
    all.push(...longest);
  }
  return all;
}

describe('the cells of patterns', () => {
  test('without patterns all texts are one', () => {
    expect(representatives([])).toEqual({ values: [''], exact: true });
  });

  test('an exact value is one, and all others are one', () => {
    expect(representatives(exact('a', 'b', 'a'))).toEqual({ values: ['a', 'b', ''], exact: true });
  });

  test('the others are represented by the shortest text that is none of the values', () => {
    expect(representatives(exact('', 'x'))).toEqual({ values: ['', 'x', 'y'], exact: true });
  });

  test('a wildcard counts only where the pattern says so', () => {
    expect(representatives(exact('a*'))).toEqual({ values: ['a*', ''], exact: true });
    expect(representatives(globs('a*'))).toEqual({ values: ['', 'a'], exact: true });
  });

  test('a glob, a value that it matches and one that it does not', () => {
    expect(representatives([...globs('ns:*'), ...exact('ns:a', 'other')])).toEqual({ values: ['ns:a', 'other', '', 'ns:'], exact: true });
  });

  test('a glob of which all shorter texts are values is represented by the next one', () => {
    expect(representatives([...globs('a*'), ...exact('a', 'ax')])).toEqual({ values: ['a', 'ax', '', 'ay'], exact: true });
  });

  test('a glob that a value says completely has no further cell', () => {
    expect(representatives([...globs('?'), ...exact('a')])).toEqual({ values: ['a', '', 'x'], exact: true });
    expect(representatives([...globs('a'), ...exact('a')])).toEqual({ values: ['a', ''], exact: true });
  });

  test('globs that overlap have all combinations that there are', () => {
    expect(representatives(globs('a*', 'ab*', '*b'))).toEqual({ values: ['', 'a', 'b', 'ab', 'axb', 'abx'], exact: true });
  });

  test('a pattern that ignores case is one cell, beside a value of one spelling', () => {
    expect(representatives([{ pattern: 'Ab', wildcards: false, ignoreCase: true }])).toEqual({ values: ['', 'Ab'], exact: true });
    expect(representatives([...exact('Ab'), { pattern: 'AB', wildcards: false, ignoreCase: true }]))
      .toEqual({ values: ['Ab', '', 'AB'], exact: true });
  });

  test('characters beyond the first plane count as one', () => {
    expect(representatives([...globs('?'), ...exact('😀')])).toEqual({ values: ['😀', '', 'x'], exact: true });
  });

  test('an unknown value represents itself', () => {
    const issuer = new Unknown('apps/aws_eks_cluster.Cluster.identity[0].oidc[0].issuer');
    expect(representatives(exact(issuer, 'https://a'))).toEqual({ values: [issuer, 'https://a', ''], exact: true });
  });

  test('a pattern that is unknown in part is filled with the shortest known text', () => {
    const namespace = new Unknown('apps/kubernetes_namespace.N.metadata[0].name');
    expect(representatives(globs(text('ns:', namespace, ':*'), 'ns:*')))
      .toEqual({ values: ['', 'ns:', new Text(['ns:', namespace, ':'])], exact: true });
  });

  test('a wildcard for one character is not an unknown text, which may be longer', () => {
    const unknown = new Unknown('apps/a');
    expect(representatives([...globs('?'), ...exact(unknown)])).toEqual({ values: [unknown, '', 'x'], exact: true });
  });

  test('every combination that some short text has is there, and none twice', () => {
    const pattern = fc.record({
      pattern: fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', 'A'), maxLength: 4 }), wildcards: fc.boolean(), ignoreCase: fc.boolean(),
    });
    const all = texts('abAx', 5);
    fc.assert(fc.property(fc.array(pattern, { maxLength: 5 }), patterns => {
      const result = representatives(patterns);
      const cells = result.values.map(value => matched(patterns, value));
      expect(result.exact).toBe(true);
      expect(new Set(cells).size).toBe(cells.length);
      expect([...new Set(all.map(word => matched(patterns, word)))].filter(cell => !cells.includes(cell))).toEqual([]);
      for (const value of result.values) {
        const shortest = all.find(word => matched(patterns, word) === matched(patterns, value));
        expect((value as string).length).toBe(shortest?.length ?? (value as string).length);
      }
    }), { seed: SEED, numRuns: 300 });
  });

  test('says so where there are too many combinations', () => {
    const result = representatives(globs(`*a${'?'.repeat(30)}`));
    expect(result.exact).toBe(false);
  });

  test('says so where the values themselves are many, and keeps them', () => {
    const many = exact(...Array.from({ length: 6000 }, (_, index) => `system:serviceaccount:ns-${index}:app`));
    const result = representatives(many);
    expect(result.values.length).toBe(6001);
    expect(result.exact).toBe(true);
  });

  test('hundreds of values and tens of globs take work that grows with either', () => {
    const patterns = (values: number, namespaces: number) => [
      ...exact(...Array.from({ length: values }, (_, index) => `system:serviceaccount:ns-${index % 60}:app-${index}`), '', 'system:serviceaccount:ns-1:'),
      ...globs(...Array.from({ length: namespaces }, (_, index) => `system:serviceaccount:ns-${index}:*`), '*:reader', '*prod*'),
    ];
    const result = representatives(patterns(500, 60));
    expect(result.exact).toBe(true);
    expect(result.values.length).toBeGreaterThan(600);
    expect(growth(representatives, [patterns(250, 60), patterns(500, 60)])).toBeLessThan(2.1);
    expect(growth(representatives, [patterns(500, 30), patterns(500, 60)])).toBeLessThan(2.1);
  });
});

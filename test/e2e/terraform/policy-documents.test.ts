import { DOCUMENTS, REFUSED } from './documents';
import { rendered } from './policy-documents';
import { isKnownToShadow, meaning, ordered, READ_OTHERWISE, renderedByReader, renderedByShadow } from './renderings';
import { describeOnTerraform } from '../../terraform';

const { documents } = rendered();

type Texts = ReadonlyMap<string, string | undefined>;

/** Of a table of texts those that are known, and of the provider's the same, both as something sees them. */
function compared(texts: Texts, view: (text: string) => string): { readonly ours: object; readonly theirs: object; readonly known: number } {
  const known = [...texts].flatMap(([name, text]) => text === undefined ? [] : [[name, text, documents[name]!] as const]);
  return {
    ours: Object.fromEntries(known.map(([name, text]) => [name, view(text)])),
    theirs: Object.fromEntries(known.map(([name, , text]) => [name, view(text)])),
    known: known.length,
  };
}

test('what the provider rendered is there for every document of the table', () => {
  expect(Object.keys(documents)).toEqual([...DOCUMENTS.keys()]);
});

describeOnTerraform('the shadow apply', () => {
  test('renders policy documents as the AWS provider does, or says that it does not know how', () => {
    const { ours, theirs, known } = compared(renderedByShadow(DOCUMENTS), ordered);
    expect(ours).toEqual(theirs);
    expect(known).toBeGreaterThan(20);
  });
});

test('lib/trust reads policy documents as the AWS provider renders them, or says that it does not know how', () => {
  const { ours, theirs, known } = compared(new Map([...renderedByReader(DOCUMENTS)].filter(([name]) => !READ_OTHERWISE.has(name))), meaning);
  expect(ours).toEqual(theirs);
  expect(known).toBeGreaterThan(25);
});

test('what lib/trust reads otherwise is known, and is still so', () => {
  const read = renderedByReader(DOCUMENTS);
  expect([...READ_OTHERWISE].filter(name => read.get(name) === undefined || meaning(read.get(name)!) === meaning(documents[name]!))).toEqual([]);
});

test.each([...REFUSED])('the shadow apply refuses what the provider refuses: %s', (_, args) => {
  expect(isKnownToShadow(args)).toBe(false);
});

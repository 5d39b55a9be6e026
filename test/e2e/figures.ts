import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(__dirname, '..', '..', 'docs', 'proof.md');

/** Sets what stands between a mark and its end; `undefined` where the page has no such mark. */
function replaced(page: string, mark: string, text: string): string | undefined {
  const [before, rest, ...more] = page.split(`<!-- ${mark} -->`);
  const end = rest?.indexOf('<!-- / -->') ?? -1;
  return more.length > 0 || end < 0 ? undefined : `${before}<!-- ${mark} -->${text}${rest!.slice(end)}`;
}

/**
 * Prints a figure, and holds docs/proof.md to what this run counted: `npm run proof` writes it, every other run compares it.
 * What a run measures, and no two runs alike, is written and not compared.
 */
export function figure(name: string, counted: string, measured: Readonly<Record<string, string>> = {}): void {
  process.stdout.write(`${name}: ${[counted, ...Object.entries(measured).map(([what, value]) => `${what} ${value}`)].join('; ')}\n`);
  const page = readFileSync(PAGE, 'utf8');
  const counting = replaced(page, name, counted);
  expect({ name, marked: counting !== undefined }).toEqual({ name, marked: true });
  if (process.env.PROOF_WRITE === undefined) {
    expect(page).toEqual(counting);
    return;
  }
  const written = Object.entries(measured).reduce((text, [mark, value]) => {
    const next = replaced(text, `${name}: ${mark}`, value);
    expect({ mark, marked: next !== undefined }).toEqual({ mark, marked: true });
    return next!;
  }, counting!);
  writeFileSync(PAGE, written);
}

/** A count as people write it. */
export const count = (value: number) => value.toLocaleString('en-US');

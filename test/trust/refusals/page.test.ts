import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { refusalsPage } from './page';

test('docs/refusals.md says what the catalogue says', () => {
  expect(readFileSync(join(__dirname, '..', '..', '..', 'docs', 'refusals.md'), 'utf8')).toBe(refusalsPage());
});

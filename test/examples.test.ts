import { readdirSync } from 'node:fs';
import { EXAMPLES, synthExample } from './synth';

const names = readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name);

test.each(names)('example %s', name => {
  expect(synthExample(name)).toMatchSnapshot();
});

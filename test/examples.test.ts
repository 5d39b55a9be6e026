import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EXAMPLES, synthExample } from './synth';

const names = readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name);

test.each(names)('example %s', name => {
  expect(synthExample(name)).toMatchSnapshot();
});

test('what runs an example ends quietly where nobody reads what it says', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'example-'));
  try {
    const options = ['--tsconfig', join(EXAMPLES, '..', 'tsconfig.dev.json'), join(EXAMPLES, 'run.ts'), 'gtoken'];
    const child = spawn(process.execPath, [require.resolve('tsx/cli'), ...options], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', text => { stderr += text; });
    const status = await new Promise(resolve => child.on('close', resolve));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

#!/usr/bin/env node
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './program';

process.stdout.on('error', error => {
  // Whoever reads the output may stop early, as `head` does.
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') {
    throw error;
  }
});

void run(process.argv.slice(2), {
  readStandardInput: () => readFileSync(0, 'utf8'),
  readFile: path => readFileSync(path, 'utf8'),
  writeFile: (path, text) => writeFileSync(path, text),
  print: text => process.stdout.write(text),
  warn: text => process.stderr.write(text),
  version: (JSON.parse(readFileSync(join(__dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }).version,
  showsProgress: process.stderr.isTTY === true,
  color: process.stdout.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb',
  width: process.stdout.columns,
  now: () => Date.now(),
}).then(code => {
  process.exitCode = code;
}, (error: unknown) => {
  // 1 would say that a token is refused.
  process.exitCode = 3;
  process.stderr.write(`workload-federation failed, which is a mistake of ours: please report what was read with this.\n${error instanceof Error ? error.stack : String(error)}\n`);
});

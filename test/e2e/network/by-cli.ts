import { cliMissing } from './cli';

/** A test by a command line tool, or its name and why it is skipped. */
export function byCli(cli: string, name: string, body: () => Promise<void>): void {
  const missing = cliMissing(cli);
  (missing === undefined ? test : test.skip)(missing === undefined ? name : `${name} (${missing})`, body);
}

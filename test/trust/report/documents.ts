import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { violations } from './schema';
import { check, explainToken, explanationToJson, findingsToJson, kubernetesToken, makeReport, reportToJson } from '../../../lib/trust';
import { Model } from '../../../lib/trust/read';

/** The commands whose JSON has a schema. */
export const COMMANDS = ['report', 'explain', 'diff', 'check'] as const;

/** The schema of what a command prints as JSON. */
export function schemaOf(command: typeof COMMANDS[number]): Record<string, any> {
  return JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'schema', `${command}-v1.schema.json`), 'utf8'));
}

const SCHEMAS = Object.fromEntries(COMMANDS.map(command => [command, schemaOf(command)]));

/** What of a command's JSON is not as its schema says. */
export function wrongIn(command: typeof COMMANDS[number], document: string): string[] {
  return violations(SCHEMAS[command]!, JSON.parse(document)).map(wrong => `${command} ${wrong}`);
}

/** What of the JSON that is printed of a model alone is not as the schemas say. */
export function wrongOf(model: Model): string[] {
  const explanation = explainToken(model, kubernetesToken({ namespace: 'reports', serviceAccount: 'reader' }), { answers: 20 });
  return [
    ...wrongIn('report', reportToJson(makeReport(model))), ...wrongIn('check', findingsToJson(check(model))), ...wrongIn('explain', explanationToJson(explanation)),
  ];
}

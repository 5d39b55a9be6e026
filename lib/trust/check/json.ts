import { Findings } from './finding';
import { visibleJson } from '../report/words';

/** What was found, as a JSON document. */
export function findingsToJson(findings: Findings): string {
  return `${visibleJson(JSON.stringify(findings, undefined, 2))}\n`;
}

import { Findings } from './finding';
import { jsonText } from '../report/words';

/** What was found, as a JSON document. */
export function findingsToJson(findings: Findings): string {
  return jsonText(findings);
}

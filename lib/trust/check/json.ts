import { Findings } from './finding';
import { jsonText } from '../report/words';

/** What was found, as a JSON document by `schema/check-v1.schema.json`. */
export function findingsToJson(findings: Findings): string {
  return jsonText(findings);
}

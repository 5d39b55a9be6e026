import { Report } from './report';
import { jsonText } from './words';

/** The report as a JSON document by `schema/report-v1.schema.json`. */
export function reportToJson(report: Report): string {
  return jsonText(report);
}

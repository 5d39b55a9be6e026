import { Report } from './report';
import { visibleJson } from './words';

/** The report as a JSON document by `schema/report-v1.schema.json`. */
export function reportToJson(report: Report): string {
  return `${visibleJson(JSON.stringify(report, undefined, 2))}\n`;
}

import { schemaOf } from './documents';
import { FLEET, HOSTILE, many } from './models';
import { violations } from './schema';
import { makeReport, Report, reportToJson } from '../../../lib/trust';

const SCHEMA = schemaOf('report');
const NOTHING = { registrations: [], identities: [], workloads: [], notes: [] };

test.each([['a fleet', FLEET], ['hostile names', HOSTILE], ['nothing', NOTHING], ['many', many(200)]])('the document is what the schema says: %s', (_, model) => {
  expect(violations(SCHEMA, JSON.parse(reportToJson(makeReport(model))))).toEqual([]);
});

test('a filtered document is what the schema says', () => {
  expect(violations(SCHEMA, JSON.parse(reportToJson(makeReport(FLEET, { subject: 'reader', identity: '*', issuer: 'x' }))))).toEqual([]);
});

test('refuses by the schema what a report never has', () => {
  const report = JSON.parse(reportToJson(makeReport(FLEET)));
  expect(violations(SCHEMA, { ...report, version: 2, more: 1 })).toEqual(['$.more is not known', '$.version: 2']);
  const { issuer, ...row } = report.rows[0];
  expect(violations(SCHEMA, { ...report, rows: [{ ...row, risks: ['x'], identity: -1, audiences: [null], wildcards: 'no' }] })).toEqual([
    '$.rows[0].issuer is missing', '$.rows[0].risks[0]: "x"', '$.rows[0].wildcards: string', '$.rows[0].audiences[0]: null', '$.rows[0].identity: -1',
  ]);
});

test('the document says the same as the report, and holds nothing that cannot be seen', () => {
  for (const model of [FLEET, HOSTILE]) {
    const report: Report = makeReport(model);
    const document = reportToJson(report);
    expect(JSON.parse(document)).toEqual(report);
    expect(document.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
});

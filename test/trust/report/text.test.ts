import { FLEET, HOSTILE } from './models';
import { makeReport, reportToText } from '../../../lib/trust';

const one = makeReport(FLEET, { subject: 'repo:*', identity: '*role/deploy' });

test('the report is a table for a terminal', () => {
  expect(reportToText(one)).toBe(`1 way in: 1 issuer, 1 subject, 1 identity, 1 grant.
Look first: 1 by a wildcard, 1 without an audience.
Only rows whose subject is like “repo:*” (or is any) and identity is like “*role/deploy”.

WHO                         BECOMES                    BY                    MAY

! repo:acme/shop:*          arn:aws:iam::              OIDC provider         AdministratorAccess
! wildcard                  111122223333:role/deploy   any audience
! no audience               AWS role
of token.actions.
githubusercontent.com

2 notes
- A module is not read, as its source is not here. (module.network · cdk.tf.json)
- No state was given.
`);
});

test('in a narrow terminal the cells stand below each other', () => {
  expect(reportToText(one, { width: 40 }).split('\n').slice(5, 18)).toEqual([
    '(or is any) and identity is like', '“*role/deploy”.', '', '! repo:acme/shop:*', '! wildcard', '! no audience', 'of token.actions.githubusercontent.com',
    '  arn:aws:iam::111122223333:role/deploy', '  AWS role', '  OIDC provider', '  any audience', '  AdministratorAccess', '',
  ]);
});

test.each([24, 40, 72, 80, 100, 160, 240])('no line is wider than %s columns', width => {
  for (const model of [FLEET, HOSTILE]) {
    expect(reportToText(makeReport(model), { width }).split('\n').filter(line => [...line].length > width)).toEqual([]);
  }
});

test('wide letters take the two columns that a terminal gives them', () => {
  const identities = [{ ...FLEET.identities[0]!, name: '東京'.repeat(20) }];
  const line = reportToText(makeReport({ ...FLEET, identities })).split('\n').find(text => text.includes('東'))!;
  expect(line.indexOf('東')).toBe(28);
  expect(line.match(/[東京]+/)![0]).toHaveLength(12);
});

test('colours are there on request alone, and only those of the report', () => {
  expect(reportToText(makeReport(HOSTILE)).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  const painted = reportToText(makeReport(HOSTILE), { color: true });
  expect(new Set(painted.match(/\u001b\[[^m]*m/g))).toEqual(new Set(['\u001b[0m', '\u001b[1m', '\u001b[2m', '\u001b[33m']));
  expect(painted.replace(/\u001b\[\d+m/g, '')).toBe(reportToText(makeReport(HOSTILE)));
});

import { CATALOGUE, readRefusal } from '../../../lib/trust/refusals/catalogue';
import { readEvent } from '../../../lib/trust/refusals/events';
import { plain } from '../../../lib/trust/refusals/plain';
import { template } from '../../../lib/trust/refusals/template';
import { growthInTime, STEEP } from '../work';

const MEGABYTE = 1024 * 1024;
const filled = (piece: string, length = MEGABYTE) => piece.repeat(Math.ceil(length / piece.length));
/** By how much the time grows from an eighth of a text to all of it. */
const growth = (make: (length: number) => string) => growthInTime(readRefusal, [make(MEGABYTE / 64), make(MEGABYTE / 8)]);

describe('texts that mean nothing', () => {
  test.each([
    '', 'Access Denied', 'AccessDenied', 'The security token included in the request is invalid', 'An error occurred (AccessDenied) when calling the',
    'No OpenIDConnect provider', 'No provider found in your account', 'An incorrect token audience was provided', 'audience mismatch: expected sts.amazonaws.com, got vault',
    'jwt audience invalid. expected: api', 'IDX10214: Audience validation failed.', 'Token expired', 'JWT has expired', 'current date/time MUST be before the expiration date/time listed',
    'AADSTS7002111', 'AADSTS50020: User account does not exist in tenant', 'AADSTS7002139', 'XAADSTS700213', '700213', 'AADSTS',
    'ID token is stale', 'The audience in ID token must match the client id', 'The issuer in ID tokens is always the instance URL', 'Permission denied (publickey).',
    'Permission iam.serviceAccounts.getAccessToken is in roles/iam.workloadIdentityUser', 'ENOENT: no such file or directory, open \'/app/config.json\'',
    'ENOENT: no such file or directory, open \'/var/run/secrets/kubernetes.io/serviceaccount/ca.crt\'', 'Error: Service Account Token cannot be empty.',
    'serviceaccounts "reader" not found', 'configmap "reports" not found', 'failed calling webhook "validate.kyverno.svc-fail"', 'logger.debug("no association found for event")',
    'Identity not found in the directory', 'sts.amazonaws.com', 'The region is missing in the form', 'User: alice is authorized to perform: s3:GetObject', 'Error: Region',
    'This request is not authorized', 'does not have storage access', 'role "reader" does not have the permission', 'Could not load the default config', 'WebIdentityError',
    'InvalidIdentityTokens', 'MyExpiredTokenException2', 'the target service is invalid', 'stale to sign in',
  ])('matches nothing in %j', raw => {
    expect(readRefusal(raw)).toEqual([]);
  });
});

describe('texts that are made to be slow', () => {
  test.each([
    ' ', '"', '\'', '\\', '\\\\"', '\\n', '\n| ', '&', '&quot', 'e', 'eyJ', 'eyJhbGciOiJub25lIn0.', 'eyJhbGciOiJub25lIn0.eyJ9.x ', '%41', '%', '+', '\u001b[', '\u001b[31m', 'aud: aud: ',
    '\u2019', 'sts..', 'AADSTS', 'AADSTS700213: ', 'User: ', 'a', '\u0000', 'Timestamp: ', 'arn:aws:iam::111122223333:role/', '{', '[', '\\u0022',
  ])('takes time as its length for a text of %j', piece => {
    expect(growth(length => filled(piece, length))).toBeLessThan(STEEP);
  }, 120_000);

  test('grows with the length alone for any message that is cut before its end', () => {
    const slow = CATALOGUE.flatMap(({ marks }) => marks.map(template)).map(({ literals }) => {
      const cut = literals.length < 2 ? literals[0]!.slice(0, -1) : literals.slice(0, -1).join('x');
      return [cut, growth(length => filled(`${cut} `, length) + literals.join(' '))] as const;
    }).filter(([, grown]) => grown >= STEEP);
    expect(slow).toEqual([]);
  }, 120_000);

  test('takes time as its length for a megabyte of all messages, and says of each only so much', () => {
    const all = CATALOGUE.map(({ says }, index) => says.replace(/\{[a-zA-Z*]+\}/g, `https://x${index}.example`)).join('\n');
    expect(readRefusal(filled(`${all}\n`)).length).toBeLessThan(20_000);
    expect(growth(length => filled(`${all}\n`, length))).toBeLessThan(STEEP);
  }, 120_000);

  test('reads a message behind a megabyte of noise', () => {
    expect(readRefusal(`${filled('aud: aud: ')} Incorrect token audience`).map(({ entry }) => entry.id)).toEqual(['aws-wrong-audience']);
  });

  test('reads records in any nesting without end', () => {
    let nested: unknown = { eventSource: 'sts.amazonaws.com', eventName: 'AssumeRole', errorCode: 'AccessDenied' };
    for (let depth = 0; depth < 10_000; depth++) {
      nested = [nested];
    }
    expect(readEvent(nested)).toEqual([]);
  });
});

describe('tokens in messages', () => {
  test('are left out, whole and cut', () => {
    const token = 'eyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6YTpiIn0.c2lnbmF0dXJl';
    expect(plain(`token ${token} was sent`)).toBe('token \u2026 was sent');
    expect(plain(`token ${token.slice(0, 60)} was cut`)).toBe('token \u2026 was cut');
    expect(plain('eyJ alone stays')).toBe('eyJ alone stays');
    expect(JSON.stringify(readRefusal(`No OpenIDConnect provider found in your account for ${token}`))).not.toContain('eyJ');
  });
});

describe('several messages', () => {
  test('stand in the order of the text, each once, and what only wraps them is left out', () => {
    const raw = [
      'WebIdentityErr: failed to retrieve credentials caused by: InvalidIdentityToken: Incorrect token audience',
      'retry 2: InvalidIdentityToken: Incorrect token audience',
      'AADSTS700213: No matching federated identity record found for presented assertion subject \'a\'. Timestamp: 2025-10-13 14:54:34Z',
      'AADSTS700213: No matching federated identity record found for presented assertion subject \'b\'.',
      'The given credential is rejected by the attribute condition.',
    ].join('\n');
    expect(readRefusal(raw).map(({ entry, claims, at }) => [entry.id, claims.get('sub'), at])).toEqual([
      ['aws-wrong-audience', undefined, undefined], ['azure-subject', 'a', 1760367274], ['azure-subject', 'b', undefined], ['gcp-condition', undefined, undefined],
    ]);
  });

  test('do not lend each other what stands beside them', () => {
    const raw = 'serviceAccounts/a@acme.iam.gserviceaccount.com:generateAccessToken: Gaia id not found for email; Permission \'iam.serviceAccounts.getAccessToken\' denied';
    expect(readRefusal(raw).map(({ entry, identity }) => [entry.id, identity])).toEqual([
      ['gcp-account-missing', 'a@acme.iam.gserviceaccount.com'], ['gcp-get-access-token', undefined],
    ]);
  });
});

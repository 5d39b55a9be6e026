import { readToken } from '../../../lib/trust/explain/token';
import { InputError } from '../../../lib/trust/input';
import { fromJson } from '../../../lib/trust/value';

const CLAIMS = { iss: 'https://issuer.example', sub: 'system:serviceaccount:reports:reader', aud: ['sts.amazonaws.com'], exp: 1769824807 };
const SIGNATURE = 'c2lnbmF0dXJlLXRoYXQtaXMtc2VjcmV0';
const encoded = (json: string) => Buffer.from(json).toString('base64url');
const jwt = (json: string) => `${encoded('{"alg":"RS256"}')}.${encoded(json)}.${SIGNATURE}`;

test.each([
  ['a token', jwt(JSON.stringify(CLAIMS))],
  ['a token as HTTP has it, with line breaks around it', `\n  Bearer ${jwt(JSON.stringify(CLAIMS))}\r\n`],
  ['its claims as JSON', JSON.stringify(CLAIMS, undefined, 2)],
])('reads the claims of %s, and nothing else', (_, text) => {
  expect(readToken('token', text)).toEqual(fromJson(CLAIMS));
});

test('keys of prototypes are claims like others', () => {
  expect(readToken('token', '{"__proto__":{"sub":"x"},"constructor":"y"}')).toEqual(new Map<string, unknown>([['__proto__', new Map([['sub', 'x']])], ['constructor', 'y']]));
});

describe('refuses, without a word of the token', () => {
  const broken = [
    ['two parts', `${encoded('{}')}.${encoded('{"sub":"secret-subject"}')}`],
    ['a payload that is no JSON', jwt('secret-subject')],
    ['a payload that is cut off', jwt('{"sub":"secret-subject"')],
    ['a payload that is a list', jwt('["secret-subject"]')],
    ['five parts, as an encrypted token has', `${jwt('{"sub":"secret-subject"}')}.a.b`],
    ['deep nesting', jwt(`${'['.repeat(100_000)}"secret-subject"`)],
    ['an opaque token', 'ya29.secret-subject'],
    ['nothing', ''],
    ['too much', `{"sub":"secret-subject${'x'.repeat(1_000_001)}"}`],
  ] as const;
  test.each(broken)('%s', (_, text) => {
    let message = '';
    try {
      readToken('token.jwt', text);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      message = `${(error as Error).message} ${String((error as Error).cause ?? '')}`;
    }
    expect(message).toMatch(/^token\.jwt: it holds .*pass (a|its)/);
    expect(message).not.toContain('secret-subject');
    expect(message).not.toContain(SIGNATURE);
  });
});

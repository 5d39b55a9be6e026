import { InputError } from '../input';
import { Token } from '../model';
import { JsonError, parseJson } from '../terraform/json';
import { isMap, Value } from '../value';

/** The longest token that is read. */
const MAX_TOKEN = 1_000_000;
const WANTED = 'pass a token (three parts with dots between them), or its claims as a JSON object';
const JWT = /^[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*$/;

/**
 * The claims of a token, written as a JWT or as JSON. Its signature is neither verified nor kept.
 * @throws InputError where it is neither
 * @see https://www.rfc-editor.org/rfc/rfc7519
 */
export function readToken(file: string, text: string): Token {
  const trimmed = text.trim();
  if (trimmed.length > MAX_TOKEN) {
    throw new InputError(file, `it holds ${trimmed.length} characters`, `pass a token, which has at most ${MAX_TOKEN}`);
  }
  // A header may hold the token as HTTP does, and a file of the metadata server a line break.
  const payload = JWT.exec(trimmed.replace(/^bearer /i, ''))?.[1];
  const claims = parsed(file, payload === undefined ? trimmed : Buffer.from(payload, 'base64url').toString('utf8'));
  if (!isMap(claims)) {
    throw new InputError(file, 'it holds no claims', WANTED);
  }
  return claims;
}

function parsed(file: string, json: string): Value {
  try {
    return parseJson(json);
  } catch (error) {
    if (error instanceof JsonError) {
      // What the parser found may be a part of the token.
      throw new InputError(file, 'it holds no token', WANTED);
    }
    throw error;
  }
}

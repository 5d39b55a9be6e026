import { Fn } from 'cdktf';
import { FederationError } from '../errors';
import { isToken, splitTokens } from '../tokens';

/** What cdktf writes into an expression as it is: no quote, backslash, control character but the line break, and nothing that begins an interpolation. */
const PLAIN = /^(?:[^"\\$%\u0000-\u0009\u000b-\u001f\u007f]|[$%](?!\{|$))*$/;

/** A value as YAML, which Terraform writes: right for literals and for what only Terraform knows. */
export function toYaml(where: string, value: unknown): string {
  return Fn.yamlencode(encodable(where, value));
}

/** Several YAML documents in one text. */
export function yamlDocuments(where: string, values: readonly unknown[]): string {
  return Fn.join('---\n', values.map(value => toYaml(where, value)));
}

/** A value as an argument of Terraform's functions, where cdktf leaves undefined entries in, and quotes and backslashes as they are. */
export function encodable(where: string, value: unknown): unknown {
  if (typeof value === 'string') {
    return encodableText(value);
  }
  if (typeof value !== 'object' || value === null || isToken(value)) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map(entry => encodable(where, entry));
  }
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined).map(([key, entry]) => {
    if (!PLAIN.test(key)) {
      throw new FederationError({
        code: 'InvalidName', where, prop: 'labels', rule: 'have keys without quotes, backslashes, "$" and "%"', got: key, remedy: 'write keys as Kubernetes takes them',
      });
    }
    return [key, encodable(where, entry)];
  }));
}

function encodableText(text: string): string {
  const parts = splitTokens(text);
  const encoded = parts.map(part => isToken(part) || PLAIN.test(part) ? part : Fn.base64decode(Buffer.from(part).toString('base64')));
  return encoded.length <= 1 ? encoded[0] ?? text : Fn.join('', encoded);
}

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from '../../model';

/** Signature Version 4 in a header: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export interface Signature {
  readonly accessKeyId: string;
  /** `YYYYMMDD`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const SCOPE = /([A-Z0-9]{16,128})\/(\d{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/aws4_request/;
const HEADER = new RegExp(`^AWS4-HMAC-SHA256 Credential=${SCOPE.source}, ?SignedHeaders=([a-z0-9;-]{1,2048}), ?Signature=([0-9a-f]{64})$`);

/** The signature that a request carries; undefined where it carries none that can be read. */
export function signatureOf({ headers }: HttpRequest): Signature | undefined {
  const match = HEADER.exec(headers.authorization ?? '');
  if (match === null) return undefined;
  const [, accessKeyId, day, region, service, names, signature] = match as unknown as string[];
  return { accessKeyId: accessKeyId!, day: day!, region: region!, service: service!, signedHeaders: names!.split(';'), signature: signature! };
}

/** When a request says it was made, in seconds since 1970. */
export function timeOf({ headers }: HttpRequest): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(headers['x-amz-date'] ?? '');
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time / 1000;
}

/**
 * Whether the holder of the secret signed this request, and signed what matters: host and time, the session token, and for Amazon S3 the hash of the body
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
 */
export function isSigned(request: HttpRequest, { day, region, service, signedHeaders, signature }: Signature, secret: string): boolean {
  const { headers, body } = request;
  const date = headers['x-amz-date'] ?? '';
  const required = ['host', 'x-amz-date', ...'x-amz-security-token' in headers ? ['x-amz-security-token'] : [], ...service === 's3' ? ['x-amz-content-sha256'] : []];
  if (!date.startsWith(day) || !required.every(name => signedHeaders.includes(name))) return false;
  if (headers.host !== undefined && headers.host.toLowerCase().replace(/:\d+$/, '') !== request.host) return false;
  const bodyHash = sha256(body);
  const claimed = headers['x-amz-content-sha256'];
  if (claimed !== undefined && claimed !== bodyHash && !(service === 's3' && claimed === 'UNSIGNED-PAYLOAD')) return false;

  const [path = '', query = ''] = request.path.split(/\?(.*)/s, 2);
  const canonical = [
    request.method,
    path,
    canonicalQuery(query),
    ...signedHeaders.map(name => `${name}:${(name === 'host' ? headers.host ?? request.host : headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signedHeaders.join(';'),
    claimed ?? bodyHash,
  ].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>((previous, text) => hmac(previous, text), `AWS4${secret}`);
  const own = hmac(key, ['AWS4-HMAC-SHA256', date, `${day}/${region}/${service}/aws4_request`, sha256(canonical)].join('\n'));
  return timingSafeEqual(own, Buffer.from(signature, 'hex'));
}

function canonicalQuery(query: string): string {
  const encode = (text: string) => encodeURIComponent(decodeURIComponent(text)).replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  try {
    return query.split('&').filter(part => part !== '').map(part => {
      const [name = '', value = ''] = part.split(/=(.*)/s, 2);
      return [encode(name), encode(value)] as const;
    }).sort(([a, x], [b, y]) => a < b ? -1 : a > b ? 1 : x < y ? -1 : 1).map(pair => pair.join('=')).join('&');
  } catch {
    return '\n';
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

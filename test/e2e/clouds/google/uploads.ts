import { createHash, randomUUID } from 'node:crypto';
import { parseJson } from '../jws';

/** What is to be stored, as a client says it. */
export interface Upload {
  readonly name: string;
  readonly content: string;
}

/** What an upload is refused for, before anything is stored. */
export class UploadError extends Error {
  public constructor(message: string, public readonly code = 400, public readonly reason = 'invalid') {
    super(message);
  }
}

/** What this stand-in reads of an object's metadata; all else (holds, retention, ACLs, …) wants permissions of its own. */
const METADATA: ReadonlySet<string> = new Set(['name', 'contentType', 'crc32c', 'md5Hash']);

type Metadata = Readonly<Record<string, string>>;

/** Uploads that are begun and not complete: https://docs.cloud.google.com/storage/docs/resumable-uploads. Only who began one goes on with it. */
export class ResumableUploads {
  private readonly begun = new Map<string, { readonly bucket: string; readonly caller: string; readonly metadata: Metadata }>();

  /** The id of an upload, and the name of its object. */
  public begin(bucket: string, caller: string, named: string | null, body: string): { readonly id: string; readonly name: string } {
    const metadata = metadataOf(named, body);
    const id = randomUUID();
    this.begun.set(id, { bucket, caller, metadata });
    return { id, name: metadata.name! };
  }

  /** The whole content comes at once: parts of it are not modelled. */
  public complete(id: string, bucket: string, caller: string, range: string | undefined, content: string): Upload {
    const upload = this.begun.get(id);
    if (upload?.bucket !== bucket || upload.caller !== caller) throw new UploadError('Not Found', 404, 'notFound');
    const size = Buffer.byteLength(content);
    if (range !== undefined && range !== 'bytes 0-*/*' && range !== `bytes 0-*/${size}` && range !== `bytes 0-${size - 1}/${size}`) throw new UploadError('Failed to parse Content-Range header.');
    this.begun.delete(id);
    return verified(upload.metadata, content);
  }
}

/** Metadata and content in one body: https://docs.cloud.google.com/storage/docs/uploading-objects#uploading-an-object */
export function multipart(named: string | null, type: string, body: string): Upload {
  const boundary = /^multipart\/related; *boundary=("?)([\w'()+,./:=?-]{1,70})\1$/i.exec(type)?.[2];
  const parts = boundary === undefined ? [] : `\r\n${body}`.split(`\r\n--${boundary}`);
  if (parts.length !== 4 || parts[0] !== '' || !/^--\s*$/.test(parts[3]!)) throw new UploadError('Malformed multipart body.');
  const [metadata, content] = parts.slice(1, 3).map(part => part.slice(part.indexOf('\r\n\r\n') + 4)) as [string, string];
  return verified(metadataOf(named, metadata), content);
}

function metadataOf(named: string | null, body: string): Metadata {
  let said: unknown;
  try {
    said = body === '' ? {} : parseJson(body);
  } catch {
    throw new UploadError('Parse Error', 400, 'parseError');
  }
  if (typeof said !== 'object' || said === null || Object.entries(said).some(([key, value]) => !METADATA.has(key) || typeof value !== 'string')) throw new UploadError('Invalid argument.');
  const metadata = { ...named === null ? {} : { name: named }, ...said } as Metadata;
  if ((metadata.name ?? '') === '' || (named !== null && metadata.name !== named)) throw new UploadError('Required', 400, 'required');
  return metadata;
}

/** https://docs.cloud.google.com/storage/docs/data-validation */
function verified({ name, crc32c: crc, md5Hash: md5 }: Metadata, content: string): Upload {
  const own = hashesOf(content);
  if (crc !== undefined && crc !== own.crc32c) throw new UploadError(`Provided CRC32C "${crc}" doesn't match calculated CRC32C "${own.crc32c}".`);
  if (md5 !== undefined && md5 !== own.md5Hash) throw new UploadError(`Provided MD5 hash "${md5}" doesn't match calculated MD5 hash "${own.md5Hash}".`);
  return { name: name!, content };
}

/** The hashes by which clients see that what arrived is what they sent. */
export function hashesOf(content: string): { readonly crc32c: string; readonly md5Hash: string } {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32c(Buffer.from(content)));
  return { crc32c: sum.toString('base64'), md5Hash: createHash('md5').update(content).digest('base64') };
}

/* eslint-disable no-bitwise -- it is made of bits */
/** The sum of RFC 3720, appendix B.4. */
function crc32c(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ ((sum & 1) === 1 ? 0x82f63b78 : 0);
  }
  return (sum ^ 0xffffffff) >>> 0;
}

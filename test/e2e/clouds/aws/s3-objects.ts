import { createHash, randomUUID } from 'node:crypto';
import { AwsError } from './errors';

/** The smallest part of an upload but for its last one: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const SMALLEST_PART = 5 * 1024 * 1024;

/** The ETag of a content: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html */
export function etagOf(content: string): string {
  return `"${createHash('md5').update(content).digest('hex')}"`;
}

interface Upload {
  readonly key: string;
  /** The role that began it. */
  readonly initiator: string;
  readonly parts: Map<number, string>;
}

/** What a bucket holds: its objects, the last one of each key, and what is uploaded in parts and not complete. */
export class S3Objects {
  private readonly uploads = new Map<string, Upload>();

  constructor(private readonly objects: Map<string, string>) {}

  /** Content by key. */
  get all(): ReadonlyMap<string, string> {
    return this.objects;
  }

  put(key: string, content: string): void {
    this.objects.set(key, content);
  }

  delete(key: string): void {
    this.objects.delete(key);
  }

  /** Begins an upload, and says its id. */
  begin(key: string, initiator: string): string {
    const id = randomUUID();
    this.uploads.set(id, { key, initiator, parts: new Map() });
    return id;
  }

  /** Only who began an upload goes on with it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions */
  part(id: string, key: string, initiator: string, number: number, content: string): void {
    if (!(Number.isInteger(number) && number >= 1 && number <= 10_000)) {
      throw new AwsError(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
    }
    this.upload(id, key, initiator).parts.set(number, content);
  }

  /** Makes an object of the parts that are named, and says its ETag: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
  complete(id: string, key: string, initiator: string, named: readonly { readonly number: number; readonly etag: string }[]): string {
    const { parts } = this.upload(id, key, initiator);
    if (named.length === 0) {
      throw new AwsError(400, 'MalformedXML', 'The XML you provided was not well-formed or did not validate against our published schema');
    }
    if (named.some(({ number }, index) => index > 0 && number <= named[index - 1]!.number)) {
      throw new AwsError(400, 'InvalidPartOrder', 'The list of parts was not in ascending order. Parts must be ordered by part number.');
    }
    const contents = named.map(({ number, etag }) => {
      const content = parts.get(number);
      if (content === undefined || etagOf(content) !== etag) {
        throw new AwsError(400, 'InvalidPart', 'One or more of the specified parts could not be found. '
          + 'The part may not have been uploaded, or the specified entity tag may not match the part\'s entity tag.');
      }
      return content;
    });
    if (contents.slice(0, -1).some(content => Buffer.byteLength(content) < SMALLEST_PART)) {
      throw new AwsError(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size');
    }
    this.uploads.delete(id);
    this.put(key, contents.join(''));
    const digests = contents.map(content => createHash('md5').update(content).digest());
    return `"${createHash('md5').update(Buffer.concat(digests)).digest('hex')}-${contents.length}"`;
  }

  abort(id: string, key: string, initiator: string): void {
    this.upload(id, key, initiator);
    this.uploads.delete(id);
  }

  private upload(id: string, key: string, initiator: string): Upload {
    const upload = this.uploads.get(id);
    if (upload?.key !== key) {
      throw new AwsError(404, 'NoSuchUpload', 'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.');
    }
    if (upload.initiator !== initiator) throw new AwsError(403, 'AccessDenied', 'Access Denied');
    return upload;
  }
}

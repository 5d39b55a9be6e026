import type { Google } from './clouds/google';
import { cloudStorage } from './clouds/google/cloud-storage';
import { Applied, AppliedResource, HttpRequest, HttpResponse, Internet, ofType } from './model';

/** What stands at an address for everybody, and how it is served. */
interface Published {
  readonly content: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Answer = Published | { readonly refusal: HttpResponse };

const xml = (status: number, code: string, message: string): { readonly refusal: HttpResponse } => ({
  refusal: { status, headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>` },
});

const published = ({ values }: AppliedResource, content: unknown): Published => ({
  content: String(content ?? ''),
  headers: {
    'content-type': String(values.content_type ?? 'application/octet-stream'), ...values.cache_control && { 'cache-control': String(values.cache_control) },
  },
});

/**
 * Buckets and containers of objects as Terraform left them, for those who come without credentials, at the real hosts of each. Whoever may not read an object
 * does not learn whether it is there. What the documents do not say is public is not.
 */
export class PublicBuckets {
  private applied: Applied = { resources: [], outputs: {} };

  public constructor(private readonly internet: Internet) {}

  /**
   * Serves what was applied, and nothing of what was before; after the clouds, whose hosts these are.
   * @param blobs the domain of Blob Storage in the cloud of the accounts, which no resource says
   */
  public publish(applied: Applied, google: Google, blobs = 'blob.core.windows.net'): void {
    this.applied = applied;
    for (const { values: { bucket, region } } of ofType(applied, 'aws_s3_bucket')) {
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html: every region has hosts of its own, and those of China another domain.
      const domain = String(region).startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
      this.internet.serve(`${bucket}.s3.${region}.${domain}`, request => answered(request, path => this.ofS3(bucket, region, path)));
    }
    // The accounts that Terraform has put nothing into are others' data, which nobody reads without credentials.
    for (const account of new Set(ofType(applied, 'azurerm_storage_blob').map(({ values }) => String(values.storage_account_name)))) {
      this.internet.serve(`${account}.${blobs}`, request => answered(request, path => this.ofBlob(account, path)));
    }
    // Cloud Storage has one host for all buckets, at which its API is too: https://docs.cloud.google.com/storage/docs/request-endpoints.
    const api = cloudStorage(google);
    this.internet.serve('storage.googleapis.com', request => {
      const [bucket = '', path = ''] = request.path.slice(1).split(/\/(.*)/s, 2);
      const made = ofType(this.applied, 'google_storage_bucket').find(({ values }) => values.name === bucket);
      return made === undefined ? api(request) : answered({ ...request, path: `/${path}` }, name => this.ofCloudStorage(made, google, name));
    });
  }

  /**
   * A public bucket policy counts where Block Public Access lets it, all four of whose settings are on where nobody has set them:
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html. There are no ACLs unless the bucket has another owner setting.
   */
  private ofS3(bucket: string, region: string, key: string): Answer {
    const denied = xml(403, 'AccessDenied', 'Access Denied');
    const one = ofType(this.applied, 'aws_s3_bucket').find(({ values }) => values.bucket === bucket && values.region === region);
    if (one === undefined) return xml(404, 'NoSuchBucket', 'The specified bucket does not exist');
    const here = (type: string) => ofType(this.applied, type).filter(({ values }) => values.bucket === bucket && values.region === region);
    const [access, ...accesses] = here('aws_s3_bucket_public_access_block');
    const [policy, ...policies] = here('aws_s3_bucket_policy');
    if (access === undefined || accesses.length + policies.length > 0) return denied;
    if (access.values.block_public_policy !== false || access.values.restrict_public_buckets !== false) return denied;
    const arn = key === '' ? one.values.arn : `${one.values.arn}/${key}`;
    if (!permitsEverybody(policy?.values.policy, key === '' ? 's3:ListBucket' : 's3:GetObject', arn)) return denied;
    const objects = here('aws_s3_object');
    if (key === '') return listing(objects.map(({ values }) => values.key));
    const [object] = objects.filter(({ values }) => values.key === key);
    // Who may not list does not learn that there is none: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html.
    return object === undefined ? denied : published(object, object.values.content);
  }

  /** https://docs.cloud.google.com/storage/docs/public-access-prevention: where it is enforced, no policy makes anything public. */
  private ofCloudStorage({ values: { name: bucket, public_access_prevention: prevention } }: AppliedResource, google: Google, name: string): Answer {
    const found = google.buckets.find(bucket)!;
    const permission = name === '' ? 'storage.objects.list' : 'storage.objects.get';
    if (prevention === 'enforced' || !google.buckets.permits(undefined, permission, found)) return xml(403, 'AccessDenied', 'Access denied.');
    const objects = ofType(this.applied, 'google_storage_bucket_object').filter(({ values }) => values.bucket === bucket);
    if (name === '') return listing(objects.map(({ values }) => values.name));
    const [object] = objects.filter(({ values }) => values.name === name);
    return object === undefined ? xml(404, 'NoSuchKey', 'The specified key does not exist.') : published(object, object.values.content);
  }

  /**
   * Both the account and the container must let everybody in, and a container of access `blob` does not list:
   * https://learn.microsoft.com/en-us/azure/storage/blobs/anonymous-read-access-configure.
   */
  private ofBlob(account: string, path: string): Answer {
    const [container = '', name = ''] = path.split(/\/(.*)/s, 2);
    const [made] = ofType(this.applied, 'azurerm_storage_account').filter(({ values }) => values.name === account);
    if (made === undefined) return xml(404, 'ResourceNotFound', 'The specified resource does not exist.');
    if (made.values.allow_nested_items_to_be_public === false) return xml(409, 'PublicAccessNotPermitted', 'Public access is not permitted on this storage account.');
    const [holder] = ofType(this.applied, 'azurerm_storage_container').filter(({ values }) => values.name === container && values.storage_account_id === made.values.id);
    const access = holder?.values.container_access_type;
    if (!(name === '' ? ['container'] : ['container', 'blob']).includes(access)) return xml(404, 'ResourceNotFound', 'The specified resource does not exist.');
    const blobs = ofType(this.applied, 'azurerm_storage_blob').filter(({ values }) => values.storage_account_name === account && values.storage_container_name === container);
    if (name === '') return listing(blobs.map(({ values }) => values.name));
    const [blob] = blobs.filter(({ values }) => values.name === name);
    return blob === undefined ? xml(404, 'BlobNotFound', 'The specified blob does not exist.') : published(blob, blob.values.source_content);
  }
}

const listing = (names: readonly string[]): Published => ({ content: names.join('\n'), headers: { 'content-type': 'application/xml' } });

function answered({ method, path, headers }: HttpRequest, find: (path: string) => Answer): HttpResponse {
  if (method !== 'GET' && method !== 'HEAD') return xml(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.').refusal;
  if (headers.authorization !== undefined) throw new Error(`Somebody asks for ${path} with credentials, which is not known here.`);
  const answer = find(decodeURIComponent(path.split('?')[0]!.slice(1)));
  return 'refusal' in answer ? answer.refusal : { status: 200, headers: answer.headers, body: answer.content };
}

/** Whether a bucket policy lets everybody do something: exactly, without conditions, and with nothing denied. What is written in any other way counts for nothing. */
function permitsEverybody(policy: string | undefined, action: string, arn: string): boolean {
  const statements: any[] = policy === undefined ? [] : [JSON.parse(policy).Statement].flat();
  const names = (value: unknown, wanted: string) => [value].flat().includes(wanted);
  return statements.every(({ Effect: effect }) => effect === 'Allow') && statements.some(statement => statement.Condition === undefined
    && (statement.Principal === '*' || names(statement.Principal?.AWS, '*')) && names(statement.Action, action) && names(statement.Resource, arn));
}

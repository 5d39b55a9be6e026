import { checkApplied } from './apply';
import { AwsError } from './errors';
import { Iam } from './iam';
import { POD_IDENTITY_HOST, PodIdentity } from './pod-identity';
import type { PodIdentityOptions } from './pod-identity';
import { S3_HOSTS, s3Service } from './s3';
import type { Buckets } from './s3';
import { S3Objects } from './s3-objects';
import { Sts } from './sts';
import type { WebIdentityRequest, WebIdentitySession } from './sts';
import { stsService } from './sts-http';
import { ofType } from '../../model';
import type { Applied, Clock, Internet } from '../../model';

export { AwsError } from './errors';
export type { Buckets } from './s3';
export type { Credentials, Session, WebIdentityRequest, WebIdentitySession } from './sts';

export interface AwsOptions {
  readonly applied: Applied;
  readonly internet: Internet;
  readonly clock: Clock;
  /** What is in Amazon S3 besides the buckets that Terraform made. @default a bucket `bucket-of-<account>` with one object in each account */
  readonly buckets?: Buckets;
  /** Where every request comes from. @default '203.0.113.10' */
  readonly sourceIp?: string;
  readonly podIdentity?: PodIdentityOptions;
  /** What AWS lets the accounts' trust policies have, in characters without white space. @default 2048 */
  readonly trustPolicyQuota?: number;
  /** How many managed policies AWS lets a role have. @default 10 */
  readonly managedPolicyQuota?: number;
  /** What accounts have that Terraform did not make: numbers of accounts, and ARNs of roles, users, providers, policies and EKS clusters. */
  readonly existing?: readonly string[];
}

/**
 * AWS on a network of tests: STS, Amazon S3 and the agent of EKS Pod Identity, in all accounts and regions.
 * Whom they let in comes from what Terraform applied and nothing else. Where AWS's documents do not say that something is taken, it is refused.
 */
export class Aws {
  /** STS without HTTP; it throws its refusals. */
  readonly sts: Sts;
  private applied: Applied;
  private iam: Iam;
  private readonly objects = new Map<string, S3Objects>();

  /** Throws ApplyError where AWS does not take what is applied. */
  constructor(private readonly options: AwsOptions) {
    const { applied, internet, clock, sourceIp = '203.0.113.10', podIdentity = {} } = options;
    checkApplied(options);
    this.applied = applied;
    this.iam = new Iam(applied);
    const iam = () => this.iam;
    this.sts = new Sts({ iam, clock, internet, sourceIp });
    const agent = new PodIdentity({ iam, sts: this.sts, clock }, podIdentity);
    internet.serve('sts.amazonaws.com', async request => stsService(this.sts, request));
    internet.serve(/sts\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?/, async request => stsService(this.sts, request));
    const s3 = {
      sts: this.sts, buckets: (account: string) => Object.keys(this.bucketsOf(account)),
      objects: (bucket: string) => this.held(bucket), owner: (bucket: string) => this.ownerOf(bucket),
    };
    internet.serve(S3_HOSTS, request => s3Service(s3, request));
    internet.serve(POD_IDENTITY_HOST, async request => agent.agent(request));
  }

  /** Terraform applies something else, or is refused with an ApplyError; sessions that were started stay, as they do at AWS, and have what their roles have now. */
  apply(applied: Applied): void {
    checkApplied({ ...this.options, applied, before: this.applied });
    this.iam = new Iam(applied);
    this.applied = applied;
  }

  /** STS's AssumeRoleWithWebIdentity without a socket: the session or the refusal, which has the status, code and message of the answer. */
  async assumeRoleWithWebIdentity(request: WebIdentityRequest): Promise<WebIdentitySession | AwsError> {
    try {
      return await this.sts.assumeRoleWithWebIdentity(request);
    } catch (error) {
      if (error instanceof AwsError) return error;
      throw error;
    }
  }

  /** The objects of a bucket, by key. */
  objectsIn(bucket: string): ReadonlyMap<string, string> {
    return this.held(bucket).all;
  }

  private held(bucket: string): S3Objects {
    const owner = this.ownerOf(bucket);
    const objects = this.objects.get(bucket) ?? new S3Objects(new Map(owner === undefined ? [] : Object.entries(this.bucketsOf(owner)[bucket]!)));
    this.objects.set(bucket, objects);
    return objects;
  }

  private bucketsOf(account: string): NonNullable<Buckets[string]> {
    const { buckets } = this.options;
    const own = buckets === undefined ? { [`bucket-of-${account}`]: { 'hello.txt': `hello from ${account}` } } : buckets[account] ?? {};
    const applied = ofType(this.applied, 'aws_s3_bucket').filter(resource => resource.account === account).map(({ values }) => [String(values.bucket), {}]);
    return { ...Object.fromEntries(applied), ...own };
  }

  private ownerOf(bucket: string): string | undefined {
    const accounts = [...Object.keys(this.options.buckets ?? {}), ...this.applied.resources.map(({ account }) => account), bucket.replace(/^bucket-of-/, '')];
    return accounts.find(account => /^\d{12}$/.test(account) && Object.hasOwn(this.bucketsOf(account), bucket));
  }
}

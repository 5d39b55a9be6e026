import { DataAwsIamPolicyDocument } from '@cdktf/provider-aws/lib/data-aws-iam-policy-document';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block';
import { S3Object } from '@cdktf/provider-aws/lib/s3-object';
import { ITerraformDependable, TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { checkHost, HostedIssuerProps, PUBLISHED } from './hosted-issuer';
import { DISCOVERY_PATH, documentsOf, IssuerDocuments, JWKS_PATH } from './issuer-documents';
import { pathOf, Place } from '../checks';
import { FederationError } from '../errors';

/** Props of an issuer whose documents are published to S3. */
export interface S3HostedIssuerProps extends HostedIssuerProps {
  /** The name of the bucket, which is created: 3 to 63 lower-case letters, digits and "-". It is part of the issuer. */
  readonly bucketName: string;
  /** The region of the bucket. It is part of the issuer. */
  readonly region: string;
  /**
   * Tags of the bucket.
   * @default - none
   */
  readonly tags?: Record<string, string>;
  /**
   * The AWS provider that leads to the bucket's account and region.
   * @default - the stack's provider without an alias
   */
  readonly awsProvider?: TerraformProvider;
}

/**
 * Publishes the documents of a cluster's issuer to a bucket of S3, from where every cloud can fetch them.
 *
 * The bucket has no ACLs; its policy lets anybody read the two documents, and nothing else. Where the account blocks public policies, it
 * must allow them for this bucket.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
export class S3HostedIssuer extends Construct {
  /** The issuer, for kube-apiserver's `--service-account-issuer` and `Cluster.oidc`. */
  public readonly issuer: string;
  /** What is published. */
  public readonly documents: IssuerDocuments;
  /** What must exist before a cloud can fetch the documents, for the `dependsOn` of a ClusterOidcProvider. */
  public readonly published: readonly ITerraformDependable[];
  /** The bucket. */
  public readonly bucket: S3Bucket;

  /**
   * @throws FederationError for a name or region that is not literal or that S3 refuses, or what is no public key
   */
  constructor(scope: Construct, id: string, props: S3HostedIssuerProps) {
    const where = pathOf(scope, id);
    const { bucketName, region, awsProvider: provider } = props;
    checkHost({ where, prop: 'bucketName' }, bucketName, /^(?!xn--|.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/,
      'be 3 to 63 lower-case letters, digits and "-"', 'choose a name without dots, which S3\'s certificate does not cover');
    checkHost({ where, prop: 'region' }, region, /^[a-z]{2,}(?:-[a-z]+)+-\d+$/, 'be a region\'s code like eu-west-1', 'write its code');
    const issuer = `https://${bucketName}.s3.${region}.${domainOf({ where, prop: 'region' }, region)}`;
    const documents = documentsOf(where, { issuer, publicKeys: props.publicKeys, jwks: props.jwks });
    super(scope, id);

    this.issuer = issuer;
    this.documents = documents;
    this.bucket = new S3Bucket(this, 'Default', {
      bucket: bucketName, tags: props.tags, region, lifecycle: props.preventDestroy === false ? undefined : { preventDestroy: true }, provider,
    });
    const bucket = this.bucket.bucket;
    const access = new S3BucketPublicAccessBlock(this, 'PublicAccess', {
      bucket, region, blockPublicAcls: true, ignorePublicAcls: true, blockPublicPolicy: false, restrictPublicBuckets: false, provider,
    });
    const bucketArn = this.bucket.arn;
    const readers = new DataAwsIamPolicyDocument(this, 'Readers', {
      statement: [{
        effect: 'Allow',
        principals: [{ type: '*', identifiers: ['*'] }],
        actions: ['s3:GetObject'],
        resources: [`${bucketArn}/${DISCOVERY_PATH}`, `${bucketArn}/${JWKS_PATH}`],
      }],
      provider,
    });
    this.published = [
      new S3BucketPolicy(this, 'Policy', { bucket, region, policy: readers.json, dependsOn: [access], provider }),
      new S3Object(this, 'Discovery', { bucket, region, key: DISCOVERY_PATH, content: documents.discoveryDocument, ...PUBLISHED, provider }),
      new S3Object(this, 'Jwks', { bucket, region, key: JWKS_PATH, content: documents.jwks, ...PUBLISHED, provider }),
    ];
  }
}

/** The domain of a partition; those that are cut off from the internet are none that another cloud could fetch from. */
function domainOf(place: Place, region: string): string {
  if (/^(?:us|eu)-iso/.test(region)) {
    throw new FederationError({
      code: 'InvalidIssuer', ...place, rule: 'be one that the clouds can reach', got: region, remedy: 'publish the documents elsewhere, or upload the keys to Google Cloud',
    });
  }
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : region.startsWith('eusc-') ? 'amazonaws.eu' : 'amazonaws.com';
}

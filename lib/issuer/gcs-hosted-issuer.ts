import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object';
import { ITerraformDependable, TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { checkHost, HostedIssuerProps, PUBLISHED } from './hosted-issuer';
import { DISCOVERY_PATH, documentsOf, IssuerDocuments, JWKS_PATH } from './issuer-documents';
import { checkPattern, checkProject, pathOf } from '../checks';

/** Props of an issuer whose documents are published to Cloud Storage. */
export interface GcsHostedIssuerProps extends HostedIssuerProps {
  /** The name of the bucket, which is created and holds nothing else: 3 to 63 lower-case letters, digits, "-" and "_". It is part of the issuer. */
  readonly bucketName: string;
  /** The location of the bucket, such as europe-west1 or EU. */
  readonly location: string;
  /**
   * The project of the bucket.
   * @default - the project of the Google provider
   */
  readonly project?: string;
  /**
   * The Google provider that leads to the bucket's project.
   * @default - the stack's provider without an alias
   */
  readonly googleProvider?: TerraformProvider;
}

/**
 * Publishes the documents of a cluster's issuer to a bucket of Cloud Storage, from where every cloud can fetch them.
 *
 * The bucket has uniform access and no ACLs; everybody may read its objects and nobody may list them. Where an organisation policy prevents
 * public access, it must except this bucket's project.
 *
 * @see https://cloud.google.com/storage/docs/access-control/making-data-public
 */
export class GcsHostedIssuer extends Construct {
  /** The issuer, for kube-apiserver's `--service-account-issuer` and `Cluster.oidc`. */
  public readonly issuer: string;
  /** What is published. */
  public readonly documents: IssuerDocuments;
  /** What must exist before a cloud can fetch the documents, for the `dependsOn` of a ClusterOidcProvider. */
  public readonly published: readonly ITerraformDependable[];
  /** The bucket. */
  public readonly bucket: StorageBucket;

  /**
   * @throws FederationError for a name that is not literal or that Cloud Storage refuses, or what is no public key
   */
  constructor(scope: Construct, id: string, props: GcsHostedIssuerProps) {
    const where = pathOf(scope, id);
    const { bucketName, location, project, googleProvider: provider } = props;
    checkHost({ where, prop: 'bucketName' }, bucketName, /^(?!goog)(?!.*google)[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$/,
      'be 3 to 63 lower-case letters, digits, "-" and "_", without "google"', 'choose a name that Cloud Storage takes');
    checkPattern({ where, prop: 'location' }, location, /^[A-Za-z0-9-]{2,40}$/, 'be a location of Cloud Storage, such as europe-west1', 'write it as in `gcloud storage buckets create`',
      'InvalidName');
    if (project !== undefined) {
      checkProject({ where, prop: 'project' }, project);
    }
    const issuer = `https://storage.googleapis.com/${bucketName}`;
    const documents = documentsOf(where, { issuer, publicKeys: props.publicKeys, jwks: props.jwks });
    super(scope, id);

    this.issuer = issuer;
    this.documents = documents;
    this.bucket = new StorageBucket(this, 'Default', {
      name: bucketName,
      location,
      project,
      uniformBucketLevelAccess: true,
      publicAccessPrevention: 'inherited',
      lifecycle: props.preventDestroy === false ? undefined : { preventDestroy: true },
      provider,
    });
    const bucket = this.bucket.name;
    // Reads objects by name; roles/storage.objectViewer would list them too.
    const readers = new StorageBucketIamMember(this, 'Readers', { bucket, role: 'roles/storage.legacyObjectReader', member: 'allUsers', provider });
    this.published = [
      readers,
      new StorageBucketObject(this, 'Discovery', { bucket, name: DISCOVERY_PATH, content: documents.discoveryDocument, ...PUBLISHED, provider }),
      new StorageBucketObject(this, 'Jwks', { bucket, name: JWKS_PATH, content: documents.jwks, ...PUBLISHED, provider }),
    ];
  }
}

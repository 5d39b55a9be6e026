import { AllowPolicies, bucketName } from './allow-policies';
import type { ExistingGoogle } from './existing';
import type { Identity } from './identities';
import type { Projects } from './projects';
import { Applied, ofType } from '../../model';

export interface Bucket {
  readonly name: string;
  /** The id of its project. */
  readonly project: string;
  readonly location: string;
  /** Whether principals of pools can be given anything in it. */
  readonly uniform: boolean;
  /** Content by name, as long as these clouds stand. */
  readonly objects: Map<string, string>;
}

/** The buckets that are applied, and those that exist already. */
export class Buckets {
  private readonly buckets = new Map<string, Bucket>();

  public constructor(applied: Applied, { buckets = {} }: ExistingGoogle, private readonly policies: AllowPolicies, projects: Projects) {
    const objects = new Map<string, Map<string, string>>();
    for (const { values } of ofType(applied, 'google_storage_bucket_object')) {
      const name = bucketName(values.bucket);
      objects.set(name, (objects.get(name) ?? new Map<string, string>()).set(values.name, values.content ?? ''));
    }
    const add = (bucket: Omit<Bucket, 'objects'>) =>
      this.buckets.set(bucket.name, { ...bucket, objects: objects.get(bucket.name) ?? new Map([['report.txt', `What is in ${bucket.name}.`]]) });
    for (const { values, account } of ofType(applied, 'google_storage_bucket')) {
      add({
        name: values.name, project: projects.idOf(values.project ?? account), location: String(values.location ?? 'US').toUpperCase(),
        uniform: values.uniform_bucket_level_access === true,
      });
    }
    for (const [name, { project = projects.own, uniform = false }] of Object.entries(buckets)) add({ name, project, location: 'US', uniform });
  }

  public find(name: string): Bucket | undefined {
    return this.buckets.get(name);
  }

  public of(project: string): readonly Bucket[] {
    return [...this.buckets.values()].filter(bucket => bucket.project === project).sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /**
   * Whether an identity has a permission in a bucket, by the bucket's policy or its project's.
   * "Cloud Storage: […] uniform bucket-level access" is a must for federated identities:
   * https://docs.cloud.google.com/iam/docs/federated-identity-supported-services#list.
   */
  public permits(identity: Identity | undefined, permission: string, { name, project, uniform }: Bucket): boolean {
    return (uniform || identity?.kind !== 'federated') && this.policies.permits(identity, permission, [`buckets/${name}`, `projects/${project}`]);
  }
}

/** What projects have that Terraform did not make. */
export interface ExistingGoogle {
  /** Buckets by name; of each is known what is said. */
  readonly buckets?: Readonly<Record<string, ExistingBucket>>;
  /** Emails of service accounts. */
  readonly serviceAccounts?: readonly string[];
  /** `<project>.svc.id.goog` of projects in which a GKE cluster has Google's own pool. */
  readonly workloadPools?: readonly string[];
  /** People, groups and domains as members name them: `user:alex@example.com`. */
  readonly people?: readonly string[];
}

export interface ExistingBucket {
  /** @default - that of the provider */
  readonly project?: string;
  /** Whether the bucket has uniform access. @default false */
  readonly uniform?: boolean;
}

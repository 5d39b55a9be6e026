/**
 * The rules for what is risky and allowed: each stable id stands in the annotation that a construct makes.
 */
export const RULES = {
  'default-namespace':
    'Everything that is deployed without a namespace lands in "default"; give the workload a namespace of its own.',
  'default-service-account':
    'Every pod without a serviceAccountName runs as "default" and would get the identity; name a service account of its own.',
  'gke-issuer-outlives-cluster':
    'A GKE cluster that is created again under the same name has the same issuer: whoever may create clusters in that project and location can inherit this trust.',
  'gke-shared-workload-pool':
    'Google\'s own pool is one per project: the same namespace and service account name in any other GKE cluster of the project is the same identity.',
  'google-basic-role':
    'Basic roles such as roles/editor reach far beyond what a workload needs; grant a predefined role on the resource.',
  'registered-in-two-stacks':
    'An issuer can be registered once per account; if both stacks go to the same account, register the cluster in one and pass it to the other.',
} as const;

/** The stable id of a rule. */
export type RuleId = keyof typeof RULES;

/**
 * The rules for what is risky and allowed: each stable id stands in the annotation that a construct makes.
 */
export const RULES = {
  'azure-broad-role':
    'Roles such as Owner and Contributor reach far beyond what a workload needs; assign a data role on the resource.',
  'contested-annotations':
    'A workload annotates this ServiceAccount by a resource of its own, and Terraform takes annotations away that this one does not have: on every other apply; leave existingServiceAccount out and this resource too, or add "metadata[0].annotations" to its lifecycle.ignoreChanges.',
  'default-namespace':
    'Everything that is deployed without a namespace lands in "default"; give the workload a namespace of its own.',
  'default-service-account':
    'Every pod without a serviceAccountName runs as "default" and would get the identity; name a service account of its own.',
  'gke-issuer-outlives-cluster':
    'A GKE cluster that is created again under the same name has the same issuer: whoever may create clusters in that project and location can inherit this trust.',
  'gke-shared-workload-pool':
    'Google\'s own pool is one per project: the same namespace and service account name in any other GKE cluster of the project is the same identity.',
  'google-as-identity-provider':
    'A role that trusts the cluster\'s own issuer needs no Google service account, no webhook and no token that Google makes; choose it for new work.',
  'google-basic-role':
    'Basic roles such as roles/editor reach far beyond what a workload needs; grant a predefined role on the resource.',
  'google-iam-admin-role':
    'Whoever may change IAM policies or service accounts of a project can give itself every other role there.',
  'missing-fs-group':
    'The files that the webhook for Google Cloud mounts can be read by root and the group of the pod alone, and containers of these pods run as somebody else, whose clients may find no credentials; name a group by `fsGroup`, in the securityContext of the pods or as an option of their wiring.',
  'missing-provider':
    'A resource that names no provider takes the one without an alias, which the stack does not have: the environment of whoever applies would say where it goes.',
  'oidc-provider-of-another-alias':
    'IAM takes tokens by an OIDC provider of the role\'s own account alone: both provider aliases must lead to that account.',
  'pod-identity-without-session-tags':
    'Without session tags the trust policy cannot name the service account: every Pod Identity association of the account can use the role.',
  'registered-in-two-stacks':
    'An issuer can be registered once per account; if both stacks go to the same account, register the cluster in one and pass it to the other.',
  'stacks-without-order':
    'cdktf deploys stacks at the same time where none depends on the other, so that pods may start before what lets them in is there; pods that are admitted before their association of EKS Pod Identity never get it.',
  'unread-annotations':
    'Annotations or labels of these pods that only Terraform knows may keep containers from being wired, and are taken to keep none: all get the credentials; write their keys out.',
  'unread-pods':
    'Whether these pods run as a service account that may become a cloud identity cannot be read when the stack is synthesized, so that WorkloadWiring leaves them as they are; write out the manifest, its kind, namespace and serviceAccountName, or refer to the names by the workload.',
  'unsafe-cluster':
    'Every service account of the cluster is trusted, also one that is created tomorrow: whoever may create a pod anywhere in the cluster can become the identity.',
  'unsafe-namespace':
    'Every service account of the namespace is trusted, also one that is created tomorrow: whoever may create a pod in the namespace can become the identity.',
  'unwired-workload':
    'These pods run as a service account that may become a cloud identity, and lack what their clients need for it, or have it and run as another; use podTemplate() of the workload, or its podManifest() for kinds without a resource in Terraform, or add the Aspect WorkloadWiring.',
  'variables-from-elsewhere':
    'Containers that get a federated identity take variables from Secrets or ConfigMaps by envFrom, where nobody can see here what is in them; keys of old are often there, and win over the token.',
  'workload-of-another-stack':
    'These pods name a service account as the workload of another stack does, and nobody knows whether both are in one cluster, so that WorkloadWiring leaves them as they are; use podTemplate() of that workload, or refer to its serviceAccountName.',
} as const;

/** The stable id of a rule. */
export type RuleId = keyof typeof RULES;

import { lower } from './aws/policy';
import { Note, Terraform, TerraformResource } from './model';
import { isText, like, some, Value, Verdict } from './value';

/** What may make or change trust and is not read. */
interface Unread {
  /** The types, of which `*` is any text. */
  readonly types: readonly string[];
  readonly message: string;
  /** Whether a resource of the type is one of them; where it is left out, all are. */
  holds?(resource: TerraformResource): Verdict;
}

const NESTED = 'what it makes is not read: it may make or change roles, identities and whom they trust';
const CHART = 'the Kubernetes objects that it makes are not read: service accounts and pods among them may be wired to become identities';

/** Kinds of Google's IAM that are read elsewhere, or let nobody become anything. */
const GOOGLE = [
  'google_*_iam_member', 'google_*_iam_binding', 'google_*_iam_policy', 'google_*_iam_custom_role', 'google_*_iam_audit_config', 'google_iam_deny_policy',
  'google_iam_workload_identity_pool', 'google_iam_workload_identity_pool_provider', 'google_iam_workforce_pool*', 'google_iam_oauth_client*',
];

const ALL: readonly Unread[] = [
  {
    types: ['aws_cloudcontrolapi_resource'], message: NESTED,
    holds: ({ values }) => isOneOf(values.get('type_name'), ['aws::iam::*', 'aws::eks::podidentityassociation', 'aws::cloudformation::*', 'aws::rolesanywhere::*']),
  },
  { types: ['aws_cloudformation_stack', 'aws_cloudformation_stack_set', 'aws_cloudformation_stack_set_instance', 'awscc_cloudformation_stack*'], message: NESTED },
  { types: ['awscc_iam_*policy'], message: 'it is not read, and may let roles do more than is said of them' },
  {
    types: ['msgraph_resource', 'msgraph_update_resource', 'msgraph_resource_action'], message: 'it is not read, and may make or change federated credentials',
    holds: ({ values }) => isOneOf(values.get('url') ?? values.get('resource_url'), ['*federatedidentitycredentials*']),
  },
  { types: ['google_deployment_manager_deployment', 'google_config_deployment', 'google_infra_manager_deployment'], message: NESTED },
  { types: ['google_privileged_access_manager_entitlement'], message: 'the roles that it gives on request are not read' },
  {
    types: ['google_*_iam_*', 'google_iam_*'], message: 'it is a kind of IAM that is not read, and may change who may become whom',
    holds: ({ type }) => GOOGLE.some(known => like(type, known, '*') === 'yes') ? 'no' : 'yes',
  },
  { types: ['kubectl_manifest', 'kubectl_server_version_manifest', 'kustomization_resource', 'k8s_manifest'], message: CHART },
  { types: ['helm_release', 'helmfile_release*', 'argocd_application', 'flux_bootstrap_*'], message: CHART },
];

/** Notes on what is not read and may make or change trust. */
export function noteUnread(terraform: Terraform): readonly Note[] {
  const notes: Note[] = [];
  const byType = new Map<string, Unread | undefined>();
  for (const resource of terraform.resources) {
    const { mode, type, where } = resource;
    if (mode !== 'managed') {
      continue;
    }
    if (!byType.has(type)) {
      byType.set(type, ALL.find(({ types }) => types.some(pattern => like(type, pattern, '*') === 'yes')));
    }
    const unread = byType.get(type);
    if (unread !== undefined && unread.holds?.(resource) !== 'no') {
      notes.push({ message: unread.message, where });
    }
  }
  return notes;
}

/** Whether a text in any case is like one of these; what is not there may be anything. */
function isOneOf(value: Value | undefined, patterns: readonly string[]): Verdict {
  return isText(value) ? some(patterns.map(pattern => like(lower(value), pattern, '*'))) : 'unknown';
}

import { createHash } from 'node:crypto';
import type { World } from '../world';
import { expressionOf } from './template';

type Values = Readonly<Record<string, any>>;

/** Where a resource stands. */
export interface Place {
  readonly world: World;
  /** As Terraform says it, with the stack before it: what ids are made from that a cloud would draw. */
  readonly key: string;
  /** The AWS account, Google project or Azure subscription of its provider. */
  readonly account: string;
  /** The region of AWS's provider, or of the resource where it says one. */
  readonly region: string;
  /** The partition of AWS's provider. */
  readonly partition: string;
}

/** What a provider knows of a type. */
export interface Type {
  /** Arguments that may be left out, as they are then; known as soon as the arguments are. */
  readonly defaults?: (args: Values, place: Place) => Values;
  /** What is known when it is made. */
  readonly computed?: (args: Values, place: Place) => Values;
  /** Arguments that cannot be changed: dots lead into blocks. */
  readonly replacedBy?: readonly string[];
  /** What the provider reads, and leaves as it is where it is not configured. */
  readonly kept?: readonly string[];
}

const hash = (place: Place, salt = '') => createHash('sha256').update(`${place.key} ${salt}`).digest('hex');
/** A GUID as clouds draw them. */
const guid = (place: Place, salt = '') => hash(place, salt).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5');
/** Digits as Google draws them for an account. */
const digits = (place: Place, salt = '') => `1${BigInt(`0x${hash(place, salt)}`).toString().slice(0, 20)}`;
/** An id as IAM draws them. */
const iamId = (place: Place, prefix: string) => `${prefix}${hash(place).toUpperCase().slice(0, 17)}`;
const withoutScheme = (url: string) => `\${trimprefix(${expressionOf(url)}, "https://")}`;

const arn = (place: Place, service: string, rest: string, regional = false) =>
  `arn:${place.partition}:${service}:${regional ? place.region : ''}:${place.account}:${rest}`;

/** A project may be an expression, so Terraform looks its number up. */
const projectNumber = ({ world }: Place, project: string) => `\${${expressionOf(world.projectNumbers)}[${expressionOf(project)}]}`;
const project = (args: Values, place: Place) => ({ project: args.project ?? place.account });

const roleName = (args: Values, place: Place) => args.name ?? `${args.name_prefix ?? 'terraform-'}${hash(place).slice(0, 26)}`;

const azureId = (place: Place, group: string, rest: string) => `/subscriptions/${place.account}/resourceGroups/${group}/providers/${rest}`;

/** What the API server adds to the metadata of everything. */
const METADATA_KEPT = ['metadata.generation', 'metadata.resource_version', 'metadata.uid'];

/** What is named in a namespace. */
const namespaced: Type = {
  defaults: ({ metadata: [metadata] }) => ({ metadata: [{ namespace: 'default', ...metadata }] }),
  computed: ({ metadata: [metadata] }) => ({ id: `${metadata.namespace ?? 'default'}/${metadata.name}` }),
  replacedBy: ['metadata.0.name', 'metadata.0.namespace'],
  kept: METADATA_KEPT,
};
const clusterWide: Type = {
  computed: ({ metadata: [metadata] }) => ({ id: metadata.name }),
  replacedBy: ['metadata.0.name'],
  kept: METADATA_KEPT,
};

const eksCluster = (args: Values, place: Place) => ({
  id: args.name,
  arn: arn(place, 'eks', `cluster/${args.name}`, true),
  identity: [{ oidc: [{ issuer: `https://oidc.eks.${place.region}.amazonaws.com/id/${hash(place).slice(0, 32).toUpperCase()}` }] }],
});
const aksCluster = (args: Values, place: Place) => ({
  id: azureId(place, args.resource_group_name, `Microsoft.ContainerService/managedClusters/${args.name}`),
  oidc_issuer_url: `https://${args.location ?? 'westeurope'}.oic.prod-aks.azure.com/${place.world.azureTenant}/${guid(place)}/`,
});
const gkeCluster = (args: Values, place: Place) => ({
  id: `projects/${args.project ?? place.account}/locations/${args.location}/clusters/${args.name}`,
  endpoint: '203.0.113.10',
  master_auth: [{ cluster_ca_certificate: Buffer.from(hash(place)).toString('base64') }],
});

const managedIdentity = (args: Values, place: Place) => ({
  id: azureId(place, args.resource_group_name, `Microsoft.ManagedIdentity/userAssignedIdentities/${args.name}`),
  client_id: guid(place, 'client'),
  principal_id: guid(place, 'principal'),
  tenant_id: place.world.azureTenant,
});

const poolName = (args: Values, place: Place) =>
  `projects/${projectNumber(place, args.project ?? place.account)}/locations/global/workloadIdentityPools/${args.workload_identity_pool_id}`;
const poolId = (args: Values, place: Place) => `projects/${args.project ?? place.account}/locations/global/workloadIdentityPools/${args.workload_identity_pool_id}`;
const poolProvider = (args: Values, place: Place) => ({
  id: `${poolId(args, place)}/providers/${args.workload_identity_pool_provider_id}`,
  name: `${poolName(args, place)}/providers/${args.workload_identity_pool_provider_id}`,
  state: 'ACTIVE',
});

/** The id of what lets a member have a role on something. */
const member = (on: string, ...fixed: string[]): Type => ({
  computed: args => ({ id: `${args[on]}/${args.role}/${args.member}`, etag: 'BwYxQ1Zy9oA=' }),
  replacedBy: [on, 'role', 'member', 'condition', ...fixed],
});

/** An existing service account is named by its email, its name or its id; each may be an expression, so Terraform tells which it is. */
const serviceAccountOf = (args: Values, place: Place) => {
  const [id, own] = [args.account_id, args.project ?? place.account].map(expressionOf) as [string, string];
  const part = (pattern: string, of: string) => `regex(${expressionOf(pattern)}, ${of})[0]`;
  const ofId = `strcontains(${id}, "@") ? ${id} : "\${${id}}@\${${own}}.iam.gserviceaccount.com"`;
  const email = `try(${part('^projects/[^/]+/serviceAccounts/(.+)$', id)}, ${ofId})`;
  // A "-" stands for whichever project the account is of.
  const home = `try(${part('^projects/([^/-][^/]*)/serviceAccounts/', id)}, ${part('@([^.]+)\\.iam\\.gserviceaccount\\.com$', email)}, ${expressionOf(place.account)})`;
  return serviceAccount(`\${${email}}`, `\${${home}}`, place);
};
const serviceAccount = (email: string, home: string, place: Place) => ({
  id: `projects/${home}/serviceAccounts/${email}`,
  name: `projects/${home}/serviceAccounts/${email}`,
  email,
  member: `serviceAccount:${email}`,
  unique_id: digits(place),
});

const applicationId = (place: Place) => guid(place, 'object');

/** PEM, only in its form. */
const pem = (label: string, place: Place) => `-----BEGIN ${label}-----\n${Buffer.from(hash(place, label)).toString('base64')}\n-----END ${label}-----\n`;

/**
 * Resources, from the providers' documents.
 *
 * @see https://registry.terraform.io/providers/hashicorp/aws/6.25.0/docs
 * @see https://registry.terraform.io/providers/hashicorp/google/6.50.0/docs
 * @see https://registry.terraform.io/providers/hashicorp/azurerm/4.55.0/docs
 * @see https://registry.terraform.io/providers/hashicorp/azuread/3.7.0/docs
 * @see https://registry.terraform.io/providers/hashicorp/kubernetes/2.38.0/docs
 * @see https://registry.terraform.io/providers/hashicorp/tls/4.1.0/docs
 */
export const RESOURCES: ReadonlyMap<string, Type> = new Map<string, Type>(Object.entries({
  aws_eks_cluster: { computed: eksCluster, replacedBy: ['name'] },
  aws_eks_pod_identity_association: {
    computed: (args, place) => {
      const id = `a-${hash(place).slice(0, 17)}`;
      return {
        id,
        association_id: id,
        association_arn: `arn:${place.partition}:eks:${place.region}:${place.account}:podidentityassociation/${args.cluster_name}/${id}`,
        external_id: `${place.region}/${place.account}/${args.cluster_name}/${args.namespace}/${args.service_account}`,
      };
    },
    replacedBy: ['cluster_name', 'namespace', 'service_account', 'region'],
  },
  aws_iam_openid_connect_provider: {
    computed: (args, place) => {
      const own = arn(place, 'iam', `oidc-provider/${withoutScheme(args.url)}`);
      return { id: own, arn: own };
    },
    replacedBy: ['url'],
    kept: ['thumbprint_list', 'tags_all'],
  },
  aws_iam_policy: {
    defaults: args => ({ path: args.path ?? '/' }),
    computed: (args, place) => ({ id: arn(place, 'iam', `policy${args.path ?? '/'}${args.name}`), arn: arn(place, 'iam', `policy${args.path ?? '/'}${args.name}`) }),
    replacedBy: ['name', 'path', 'description'],
  },
  aws_iam_role: {
    defaults: args => ({ path: args.path ?? '/', max_session_duration: args.max_session_duration ?? 3600, force_detach_policies: args.force_detach_policies ?? false }),
    // The provider draws a name where none is given, when the role is made.
    computed: (args, place) => ({
      id: roleName(args, place),
      name: roleName(args, place),
      arn: arn(place, 'iam', `role${args.path ?? '/'}${roleName(args, place)}`),
      unique_id: iamId(place, 'AROA'),
    }),
    replacedBy: ['name', 'name_prefix', 'path'],
    kept: ['create_date', 'inline_policy', 'managed_policy_arns', 'name_prefix', 'tags_all'],
  },
  aws_iam_role_policy: { computed: args => ({ id: `${args.role}:${args.name}` }), replacedBy: ['name', 'name_prefix', 'role'] },
  aws_iam_role_policy_attachment: { computed: args => ({ id: `${args.role}/${args.policy_arn}` }), replacedBy: ['role', 'policy_arn'] },
  aws_s3_bucket: {
    computed: (args, place) => ({
      id: args.bucket,
      arn: `arn:${place.partition}:s3:::${args.bucket}`,
      bucket_domain_name: `${args.bucket}.s3.amazonaws.com`,
      bucket_regional_domain_name: `${args.bucket}.s3.${place.region}.amazonaws.com`,
    }),
    replacedBy: ['bucket', 'bucket_prefix', 'region'],
  },
  aws_s3_bucket_policy: { computed: args => ({ id: args.bucket }), replacedBy: ['bucket', 'region'] },
  aws_s3_bucket_public_access_block: { computed: args => ({ id: args.bucket }), replacedBy: ['bucket', 'region'] },
  aws_s3_object: {
    computed: (args, place) => ({ id: args.key, arn: `arn:${place.partition}:s3:::${args.bucket}/${args.key}` }),
    replacedBy: ['bucket', 'key', 'region'],
  },

  azuread_application: {
    computed: (_args, place) => ({
      id: `/applications/${applicationId(place)}`, object_id: applicationId(place), client_id: guid(place, 'client'), publisher_domain: 'acme.onmicrosoft.com',
    }),
    replacedBy: [],
  },
  azuread_application_federated_identity_credential: {
    computed: (args, place) => ({ id: `${args.application_id}/federatedIdentityCredential/${guid(place)}`, credential_id: guid(place) }),
    replacedBy: ['application_id', 'display_name'],
  },
  azuread_service_principal: {
    computed: (_args, place) => ({ id: `/servicePrincipals/${guid(place)}`, object_id: guid(place), application_tenant_id: place.world.azureTenant }),
    replacedBy: ['client_id', 'use_existing'],
  },

  azurerm_federated_identity_credential: {
    computed: args => ({ id: `${args.parent_id}/federatedIdentityCredentials/${args.name}` }),
    replacedBy: ['name', 'resource_group_name', 'parent_id'],
  },
  azurerm_key_vault: {
    computed: (args, place) => ({
      id: azureId(place, args.resource_group_name, `Microsoft.KeyVault/vaults/${args.name}`), vault_uri: `https://${args.name}.vault.azure.net/`,
    }),
    replacedBy: ['name', 'resource_group_name', 'location'],
  },
  azurerm_kubernetes_cluster: { computed: aksCluster, replacedBy: ['name', 'resource_group_name', 'location'] },
  azurerm_resource_group: {
    computed: (args, place) => ({ id: `/subscriptions/${place.account}/resourceGroups/${args.name}` }), replacedBy: ['name', 'location'],
  },
  azurerm_role_assignment: {
    computed: (args, place) => ({
      id: `${args.scope}/providers/Microsoft.Authorization/roleAssignments/${guid(place)}`,
      name: args.name ?? guid(place),
      role_definition_id: args.role_definition_id ?? `/subscriptions/${place.account}/providers/Microsoft.Authorization/roleDefinitions/${guid(place, 'role')}`,
    }),
    replacedBy: ['name', 'scope', 'role_definition_name', 'role_definition_id', 'principal_id', 'principal_type', 'condition', 'condition_version', 'description'],
  },
  azurerm_storage_account: {
    computed: (args, place) => ({
      id: azureId(place, args.resource_group_name, `Microsoft.Storage/storageAccounts/${args.name}`),
      primary_blob_endpoint: `https://${args.name}.blob.core.windows.net/`,
      primary_blob_host: `${args.name}.blob.core.windows.net`,
      primary_web_endpoint: `https://${args.name}.z6.web.core.windows.net/`,
      primary_web_host: `${args.name}.z6.web.core.windows.net`,
    }),
    replacedBy: ['name', 'resource_group_name', 'location', 'account_kind'],
  },
  azurerm_storage_blob: {
    computed: args => ({
      id: `https://${args.storage_account_name}.blob.core.windows.net/${args.storage_container_name}/${args.name}`,
      url: `https://${args.storage_account_name}.blob.core.windows.net/${args.storage_container_name}/${args.name}`,
    }),
    replacedBy: ['name', 'storage_account_name', 'storage_container_name', 'type', 'source_content'],
  },
  azurerm_storage_container: {
    // By the account's id, the id is that of Azure's resource manager; by its name, that of the blob service.
    computed: (args, place) => {
      const account = args.storage_account_id ?? azureId(place, 'acme', `Microsoft.Storage/storageAccounts/${args.storage_account_name}`);
      const id = `${account}/blobServices/default/containers/${args.name}`;
      return { id: args.storage_account_id === undefined ? `https://${args.storage_account_name}.blob.core.windows.net/${args.name}` : id, resource_manager_id: id };
    },
    replacedBy: ['name', 'storage_account_id', 'storage_account_name'],
  },
  azurerm_user_assigned_identity: { computed: managedIdentity, replacedBy: ['name', 'resource_group_name', 'location'] },

  google_compute_firewall: {
    defaults: project,
    computed: (args, place) => ({ id: `projects/${args.project ?? place.account}/global/firewalls/${args.name}` }),
    replacedBy: ['name', 'network', 'project', 'direction'],
  },
  google_container_cluster: { defaults: project, computed: gkeCluster, replacedBy: ['name', 'location', 'project'] },
  google_iam_workload_identity_pool: {
    defaults: project,
    computed: (args, place) => ({ id: poolId(args, place), name: poolName(args, place), state: 'ACTIVE' }),
    replacedBy: ['workload_identity_pool_id', 'project'],
  },
  google_iam_workload_identity_pool_provider: {
    defaults: project, computed: poolProvider, replacedBy: ['workload_identity_pool_id', 'workload_identity_pool_provider_id', 'project'],
  },
  google_project_iam_member: member('project'),
  google_pubsub_topic_iam_member: member('topic', 'project'),
  google_service_account: {
    defaults: project,
    computed: (args, place) => {
      const home = args.project ?? place.account;
      return serviceAccount(`${args.account_id}@${home}.iam.gserviceaccount.com`, home, place);
    },
    replacedBy: ['account_id', 'project'],
  },
  google_service_account_iam_binding: {
    computed: args => ({ id: `${args.service_account_id}/${args.role}`, etag: 'BwYxQ1Zy9oA=' }),
    replacedBy: ['service_account_id', 'role', 'condition'],
  },
  google_service_account_iam_member: member('service_account_id'),
  google_storage_bucket: {
    defaults: project,
    computed: args => ({ id: args.name, self_link: `https://www.googleapis.com/storage/v1/b/${args.name}`, url: `gs://${args.name}` }),
    replacedBy: ['name', 'location', 'project'],
  },
  google_storage_bucket_iam_member: member('bucket'),
  google_storage_bucket_object: {
    computed: args => ({
      id: `${args.bucket}-${args.name}`, self_link: `https://www.googleapis.com/storage/v1/b/${args.bucket}/o/${args.name}`, output_name: args.name,
    }),
    // The content is written anew in place: https://github.com/hashicorp/terraform-provider-google/issues/10488
    replacedBy: ['bucket', 'name', 'cache_control', 'content_type'],
  },

  kubernetes_annotations: { computed: annotated, replacedBy: ['api_version', 'kind', 'metadata.0.name', 'metadata.0.namespace'] },
  kubernetes_cluster_role_binding_v1: { ...clusterWide, replacedBy: ['metadata.0.name', 'role_ref'] },
  kubernetes_cluster_role_v1: clusterWide,
  kubernetes_config_map_v1: { ...namespaced, replacedBy: ['metadata.0.name', 'metadata.0.namespace', 'immutable'] },
  kubernetes_cron_job_v1: namespaced,
  kubernetes_daemon_set_v1: { ...namespaced, replacedBy: ['metadata.0.name', 'metadata.0.namespace', 'spec.0.selector'] },
  kubernetes_deployment_v1: { ...namespaced, replacedBy: ['metadata.0.name', 'metadata.0.namespace', 'spec.0.selector'] },
  kubernetes_job_v1: { ...namespaced, replacedBy: ['metadata.0.name', 'metadata.0.namespace', 'spec.0.template'] },
  kubernetes_labels: { computed: annotated, replacedBy: ['api_version', 'kind', 'metadata.0.name', 'metadata.0.namespace'] },
  kubernetes_manifest: { computed: ({ manifest }) => ({ object: manifest }), replacedBy: ['manifest.kind', 'manifest.apiVersion', 'manifest.metadata.name', 'manifest.metadata.namespace'] },
  kubernetes_mutating_webhook_configuration_v1: clusterWide,
  kubernetes_namespace_v1: clusterWide,
  kubernetes_pod_disruption_budget_v1: namespaced,
  kubernetes_pod_v1: { ...namespaced, replacedBy: ['metadata.0.name', 'metadata.0.namespace', 'spec'] },
  kubernetes_replication_controller_v1: namespaced,
  kubernetes_secret_v1: namespaced,
  kubernetes_service_account_v1: {
    ...namespaced,
    defaults: (args, place) => ({
      ...namespaced.defaults!(args, place), automount_service_account_token: args.automount_service_account_token ?? true,
    }),
    kept: [...METADATA_KEPT, 'default_secret_name'],
  },
  kubernetes_service_v1: namespaced,
  kubernetes_stateful_set_v1: { ...namespaced, replacedBy: ['metadata.0.name', 'metadata.0.namespace', 'spec.0.selector', 'spec.0.service_name'] },

  tls_cert_request: { computed: (_args, place) => ({ id: hash(place), cert_request_pem: pem('CERTIFICATE REQUEST', place) }), replacedBy: ['private_key_pem', 'subject', 'dns_names'] },
  tls_locally_signed_cert: {
    computed: (_args, place) => ({ id: digits(place), cert_pem: pem('CERTIFICATE', place) }),
    replacedBy: ['cert_request_pem', 'ca_private_key_pem', 'ca_cert_pem', 'validity_period_hours', 'allowed_uses'],
  },
  tls_private_key: {
    computed: (_args, place) => ({ id: hash(place), private_key_pem: pem('EC PRIVATE KEY', place), public_key_pem: pem('PUBLIC KEY', place) }),
    replacedBy: ['algorithm', 'ecdsa_curve', 'rsa_bits'],
  },
  tls_self_signed_cert: {
    computed: (_args, place) => ({ id: digits(place), cert_pem: pem('CERTIFICATE', place) }),
    replacedBy: ['private_key_pem', 'subject', 'validity_period_hours', 'allowed_uses', 'is_ca_certificate'],
  },
} satisfies Record<string, Type>));

function annotated({ api_version: version, kind, metadata: [metadata] }: Values): Values {
  return { id: `apiVersion=${version},kind=${kind},${metadata.namespace === undefined ? '' : `namespace=${metadata.namespace},`}name=${metadata.name}` };
}

/** Data sources: what they say is known as soon as their arguments are. */
export const DATA_SOURCES: ReadonlyMap<string, Required<Pick<Type, 'computed'>>> = new Map(Object.entries({
  aws_caller_identity: {
    computed: (_args, place) => ({ account_id: place.account, arn: arn(place, 'iam', 'user/terraform'), user_id: iamId(place, 'AIDA'), id: place.account }),
  },
  aws_eks_cluster: { computed: eksCluster },
  aws_iam_openid_connect_provider: {
    computed: (args, place) => {
      const own = args.arn ?? arn(place, 'iam', `oidc-provider/${withoutScheme(args.url)}`);
      return { id: own, arn: own };
    },
  },
  aws_partition: { computed: (_args, place) => ({ partition: place.partition, dns_suffix: 'amazonaws.com', id: place.partition }) },
  aws_region: { computed: (_args, place) => ({ region: place.region, name: place.region, id: place.region }) },
  aws_s3_bucket: { computed: (args, place) => ({ id: args.bucket, arn: `arn:${place.partition}:s3:::${args.bucket}` }) },

  azuread_application: {
    computed: (_args, place) => ({ id: `/applications/${applicationId(place)}`, object_id: applicationId(place), client_id: guid(place, 'client') }),
  },
  azuread_client_config: { computed: (_args, place) => ({ tenant_id: place.world.azureTenant, client_id: guid(place, 'client'), object_id: guid(place) }) },
  azuread_service_principal: {
    computed: (args, place) => ({ id: `/servicePrincipals/${guid(place)}`, object_id: args.object_id ?? guid(place), client_id: args.client_id ?? guid(place, 'client') }),
  },
  azurerm_client_config: {
    computed: (_args, place) => ({
      tenant_id: place.world.azureTenant, subscription_id: place.account, client_id: guid(place, 'client'), object_id: guid(place),
    }),
  },
  azurerm_kubernetes_cluster: { computed: aksCluster },
  azurerm_storage_container: {
    computed: (args, place) => {
      const account = args.storage_account_id ?? azureId(place, 'acme', `Microsoft.Storage/storageAccounts/${args.storage_account_name}`);
      return { id: `${account}/blobServices/default/containers/${args.name}`, resource_manager_id: `${account}/blobServices/default/containers/${args.name}` };
    },
  },
  azurerm_subscription: { computed: (_args, place) => ({ id: `/subscriptions/${place.account}`, subscription_id: place.account, tenant_id: place.world.azureTenant }) },
  azurerm_user_assigned_identity: { computed: managedIdentity },

  google_client_config: { computed: (_args, place) => ({ project: place.account, id: `projects/"${place.account}"`, access_token: hash(place) }) },
  google_container_cluster: { computed: gkeCluster },
  google_iam_workload_identity_pool_provider: { computed: poolProvider },
  google_project: {
    computed: (args, place) => ({
      id: `projects/${args.project_id ?? place.account}`, project_id: args.project_id ?? place.account, number: projectNumber(place, args.project_id ?? place.account),
    }),
  },
  google_service_account: { computed: serviceAccountOf },
  google_storage_bucket: { computed: args => ({ id: args.name, url: `gs://${args.name}` }) },

  // The one that is read: a Certificate, after cert-manager has issued it for the first time.
  kubernetes_resource: {
    computed: ({ metadata: [metadata], ...args }) => ({
      object: { apiVersion: args.api_version, kind: args.kind, metadata, status: { revision: 1 } },
    }),
  },
} satisfies Record<string, Type>));

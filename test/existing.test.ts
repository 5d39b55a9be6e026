import { DataAwsS3Bucket } from '@cdktf/provider-aws/lib/data-aws-s3-bucket';
import { DataAzurermStorageContainer } from '@cdktf/provider-azurerm/lib/data-azurerm-storage-container';
import { DataGoogleStorageBucket } from '@cdktf/provider-google/lib/data-google-storage-bucket';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TerraformStack, TerraformVariable } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, ClusterOidcProvider, ClusterWorkloadIdentityPool, GcpFederatedPrincipal,
  GcpFederatedServiceAccount, ICloudIdentity, ServiceAccountSubject, Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import { LITERAL_AND_TOKENS } from './clusters';
import { readableAddresses, synthStack } from './synth';

/** The types of the resources that a stack makes. */
const made = (all: Record<string, any>) => [...new Set(Object.keys(all).filter(address => !address.startsWith('data.')).map(address => address.split('.')[0]))].sort();
const without = (all: Record<string, any>, pattern: RegExp) => Object.fromEntries(Object.entries(all).filter(([address]) => !pattern.test(address)));

/** A pod with what the identity asks of it. */
function wire(scope: TerraformStack, serviceAccount: ServiceAccountSubject, identity: ICloudIdentity, existingServiceAccount = false): void {
  const workload = new Workload(scope, 'Workload', { serviceAccount, identities: [identity], existingServiceAccount });
  new PodV1(scope, 'Pod', workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'app' }] } }));
}

const envOf = (all: Record<string, any>) => Object.fromEntries(all['kubernetes_pod_v1.Pod'].spec.container[0].env.map(({ name, value }: any) => [name, value]));
const ROLE = 'arn:aws:iam::123456789012:role/workloads/reader';
const PROVIDER = 'projects/123456789012/locations/global/workloadIdentityPools/apps-pool/providers/apps-provider';

/** The clusters' own resources. */
const CLUSTERS = /^(data\.)?(aws_eks_cluster|google_container_cluster|azurerm_kubernetes_cluster)\.[A-Z]\w+Cluster$/;

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  const eksReader = (scope: TerraformStack) => clusters.eks(scope).serviceAccount('reports', 'reader');
  const gkeReader = (scope: TerraformStack) => clusters.gkePlain(scope).serviceAccount('reports', 'reader');
  /** The clusters' own resources are no part of the question. */
  const synth = (build: (scope: TerraformStack) => void) => without(readableAddresses(synthStack(build)), CLUSTERS);

  describe('a service account that exists', () => {
    test('is annotated for EKS\'s webhook, and its pods wait for that', () => {
      const all = synth(scope => wire(scope, eksReader(scope), AwsFederatedRole.fromRoleArn(scope, 'Role', { trusts: [eksReader(scope)], roleArn: ROLE }), true));
      expect(all).toEqual({
        'kubernetes_annotations.Workload': {
          api_version: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'reader', namespace: 'reports' },
          annotations: {
            'eks.amazonaws.com/role-arn': ROLE,
            'eks.amazonaws.com/audience': 'sts.amazonaws.com',
            'eks.amazonaws.com/sts-regional-endpoints': 'true',
            'eks.amazonaws.com/token-expiration': '3600',
          },
        },
        'kubernetes_pod_v1.Pod': {
          metadata: { namespace: '${kubernetes_annotations.Workload.metadata[0].namespace}', labels: {} },
          spec: { container: [{ name: 'app' }], service_account_name: '${kubernetes_annotations.Workload.metadata[0].name}' },
        },
      });
    });

    test('is left as it is where its pods are wired alone', () => {
      const all = synth(scope => wire(scope, gkeReader(scope), AwsFederatedRole.fromRoleArn(scope, 'Role', { trusts: [gkeReader(scope)], roleArn: ROLE, region: 'eu-west-1' }), true));
      expect(Object.keys(all)).toEqual(['kubernetes_pod_v1.Pod']);
      expect(all['kubernetes_pod_v1.Pod'].spec.service_account_name).toBe('reader');
      expect(all['kubernetes_pod_v1.Pod'].metadata).toEqual({ namespace: 'reports', labels: {} });
      expect(envOf(all)).toMatchObject({ AWS_ROLE_ARN: ROLE, AWS_REGION: 'eu-west-1' });
    });
  });

  test('a namespace that exists is named, and made only where that is said', () => {
    const names = (createNamespace?: boolean) => {
      const all = synth(scope => {
        const role = AwsFederatedRole.fromRoleArn(scope, 'Role', { trusts: [eksReader(scope)], roleArn: ROLE });
        new Workload(scope, 'Workload', { serviceAccount: eksReader(scope), identities: [role], createNamespace });
      });
      return [made(all), all['kubernetes_service_account_v1.Workload'].metadata.namespace];
    };
    expect(names()).toEqual([['kubernetes_service_account_v1'], 'reports']);
    expect(names(false)).toEqual([['kubernetes_service_account_v1'], 'reports']);
    expect(names(true)).toEqual([['kubernetes_namespace_v1', 'kubernetes_service_account_v1'], '${kubernetes_namespace_v1.Namespace-eks-apps_reports.metadata[0].name}']);
  });

  describe('a role that exists', () => {
    test('is what the pod becomes, and has nothing made for it but what it is granted', () => {
      const all = synth(scope => {
        const role = AwsFederatedRole.fromRoleArn(scope, 'Role', { trusts: [gkeReader(scope)], roleArn: ROLE, region: 'eu-west-1', audience: 'acme', policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] });
        role.grantBucketRead('arn:aws:s3:::acme-reports');
        wire(scope, gkeReader(scope), role);
      });
      expect(made(all)).toEqual(['aws_iam_role_policy', 'aws_iam_role_policy_attachment', 'kubernetes_pod_v1', 'kubernetes_service_account_v1']);
      expect(all['aws_iam_role_policy.Role_InlinePolicy'].role).toBe('reader');
      expect(Object.values(without(all, /^(?!aws_iam_role_policy_attachment)/))).toEqual([{ role: 'reader', policy_arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }]);
      expect(envOf(all).AWS_ROLE_ARN).toBe(ROLE);
      expect(all['kubernetes_pod_v1.Pod'].spec.volume[0].projected[0].sources[0].service_account_token.audience).toBe('acme');
    });

    test('for EKS Pod Identity is associated', () => {
      const all = synth(scope => wire(scope, eksReader(scope), AwsPodIdentityRole.fromRoleArn(scope, 'Role', { trusts: [eksReader(scope)], roleArn: ROLE })));
      const association = 'aws_eks_pod_identity_association.Role_Association_eks-apps_reports_reader';
      expect(made(all)).toEqual(['aws_eks_pod_identity_association', 'kubernetes_pod_v1', 'kubernetes_service_account_v1']);
      expect(all[association]).toEqual({ region: clusters.eksRegion, cluster_name: clusters.eksName, namespace: 'reports', service_account: 'reader', role_arn: ROLE });
      expect(all['kubernetes_service_account_v1.Workload'].depends_on).toEqual([association]);
    });

    test('at the end of a chain, at its beginning, or both, is what the config file names', () => {
      const roles = (existingSource: boolean, existingTarget: boolean) => {
        const all = synth(scope => {
          const props = { trusts: [gkeReader(scope)], region: 'eu-west-1' };
          const source = existingSource
            ? AwsFederatedRole.fromRoleArn(scope, 'Source', { ...props, roleArn: 'arn:aws:iam::111111111111:role/source' }) : new AwsFederatedRole(scope, 'Source', props);
          wire(scope, gkeReader(scope), existingTarget ? AwsChainedRole.fromRoleArn(scope, 'Target', { source, roleArn: ROLE }) : new AwsChainedRole(scope, 'Target', { source }));
        });
        const config = all['kubernetes_config_map_v1.Workload_ConfigMap'].data['aws-config'];
        const named = [...config.matchAll(/"role_arn = (?:", )?([^"\])]+)/g)].map(([, arn]) => arn);
        return [Object.keys(all).filter(address => address.startsWith('aws_iam_role.')).sort(), named];
      };
      const own = (name: string) => `aws_iam_role.${name}.arn`;
      expect(roles(false, false)).toEqual([['aws_iam_role.Source', 'aws_iam_role.Target'], [own('Source'), own('Target')]]);
      expect(roles(false, true)).toEqual([['aws_iam_role.Source'], [own('Source'), ROLE]]);
      expect(roles(true, false)).toEqual([['aws_iam_role.Target'], ['arn:aws:iam::111111111111:role/source', own('Target')]]);
      expect(roles(true, true)).toEqual([[], ['arn:aws:iam::111111111111:role/source', ROLE]]);
    });

    test('may be known to Terraform only', () => {
      const all = synth(scope => {
        const roleArn = new TerraformVariable(scope, 'role', { type: 'string' }).stringValue;
        const source = AwsFederatedRole.fromRoleArn(scope, 'Role', { trusts: [eksReader(scope)], roleArn });
        source.grantBucketRead('arn:aws:s3:::acme-reports');
        wire(scope, eksReader(scope), source);
      });
      expect(made(all)).toEqual(['aws_iam_role_policy', 'kubernetes_pod_v1', 'kubernetes_service_account_v1']);
      expect(all['aws_iam_role_policy.Role_InlinePolicy'].role).toBe('${element(reverse(split("/", var.role)), 0)}');
      expect(all['kubernetes_service_account_v1.Workload'].metadata.annotations['eks.amazonaws.com/role-arn']).toBe('${var.role}');
    });
  });

  test.each([
    ['by its ARN', (scope: TerraformStack) => ClusterOidcProvider.fromArn(scope, 'Existing', {
      cluster: clusters.eks(scope), arn: `arn:aws:iam::123456789012:oidc-provider/${'oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204'}`,
    }), 'arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204'],
    ['that is looked up', (scope: TerraformStack) => ClusterOidcProvider.fromLookup(scope, 'Existing', { cluster: clusters.eks(scope) }),
      '${data.aws_iam_openid_connect_provider.Existing.arn}'],
  ])('an OIDC provider %s is whom roles trust, found or passed', (way, bring, arn) => {
    for (const pass of [true, false]) {
      const all = synth(scope => {
        const existing = bring(scope);
        new AwsFederatedRole(scope, 'Role', { trusts: [eksReader(scope)], oidcProviders: pass ? [existing] : undefined });
      });
      expect(made(all)).toEqual(['aws_iam_role']);
      expect(all['data.aws_iam_policy_document.Role_Trust'].statement[0].principals).toEqual([{ type: 'Federated', identifiers: [arn] }]);
      expect(all['data.aws_iam_openid_connect_provider.Existing']).toEqual(way === 'by its ARN' ? undefined : { url: clusters.eksIssuer });
    }
  });

  test.each([
    ['by the provider\'s name', (scope: TerraformStack) => ClusterWorkloadIdentityPool.fromProviderName(scope, 'Existing', { cluster: clusters.eks(scope), providerName: PROVIDER }),
      'projects/123456789012/locations/global/workloadIdentityPools/apps-pool', PROVIDER],
    ['that are looked up', (scope: TerraformStack) => ClusterWorkloadIdentityPool.fromLookup(scope, 'Existing', {
      cluster: clusters.eks(scope), poolId: 'apps-pool', providerId: 'apps-provider', project: 'acme-platform',
    }), '${element(split("/providers/", data.google_iam_workload_identity_pool_provider.Existing.name), 0)}', '${data.google_iam_workload_identity_pool_provider.Existing.name}'],
  ])('a pool and its provider %s are whose subjects become accounts and principals', (way, bring, pool, provider) => {
    const member = `principal://iam.googleapis.com/${pool}/subject/system:serviceaccount:reports:reader`;
    const all = synth(scope => {
      bring(scope);
      const account = new GcpFederatedServiceAccount(scope, 'Account', { trusts: [eksReader(scope)], accountId: 'reports-reader' });
      new GcpFederatedPrincipal(scope, 'Principal', { trusts: [eksReader(scope)], project: 'acme-data', projectRoles: ['roles/bigquery.jobUser'] });
      wire(scope, eksReader(scope), account);
    });
    expect(made(all).filter(type => /pool/.test(type!))).toEqual([]);
    expect(all['google_service_account_iam_member.Account_Federated_eks-apps_reports_reader'].member).toBe(member);
    expect(all['google_project_iam_member.Principal_Project_bigquery_jobUser_Federated_eks-apps_reports_reader'].member).toBe(member);
    expect(all['kubernetes_pod_v1.Pod'].spec.volume[0].projected[0].sources[0].service_account_token.audience).toBe(`https://iam.googleapis.com/${provider}`);
    expect(all['data.google_iam_workload_identity_pool_provider.Existing']).toEqual(way === 'by the provider\'s name' ? undefined : {
      workload_identity_pool_id: 'apps-pool', workload_identity_pool_provider_id: 'apps-provider', project: 'acme-platform',
    });
  });

  test('a Google service account that exists is looked up, let in and granted', () => {
    const all = synth(scope => {
      const account = new GcpFederatedServiceAccount(scope, 'Account', { trusts: [eksReader(scope)], email: 'reader@acme-apps.iam.gserviceaccount.com' });
      account.grantBucketRead('acme-reports');
      wire(scope, eksReader(scope), account);
    });
    expect(all['data.google_service_account.Account']).toEqual({ account_id: 'reader@acme-apps.iam.gserviceaccount.com' });
    expect(made(all)).toEqual([
      'google_iam_workload_identity_pool', 'google_iam_workload_identity_pool_provider', 'google_service_account_iam_member', 'google_storage_bucket_iam_member',
      'kubernetes_config_map_v1', 'kubernetes_pod_v1', 'kubernetes_service_account_v1',
    ]);
    expect(all['google_service_account_iam_member.Account_Federated_eks-apps_reports_reader'].service_account_id).toBe('${data.google_service_account.Account.name}');
    expect(all['kubernetes_config_map_v1.Workload_ConfigMap'].data['gcp-credential-configuration.json']).toContain('data.google_service_account.Account.email');
  });

  test('a managed identity that exists is looked up, trusted by credentials and given roles', () => {
    const all = synth(scope => {
      const identity = AzureFederatedIdentity.fromName(scope, 'Identity', {
        trusts: [eksReader(scope)], identityName: 'reports-reader', resourceGroupName: 'acme', roleAssignments: [{ roleDefinitionName: 'Reader', scope: '/subscriptions/11111111-1111-1111-1111-111111111111' }],
      });
      expect(identity.resource).toBeUndefined();
      wire(scope, eksReader(scope), identity);
    });
    expect(all['data.azurerm_user_assigned_identity.Identity']).toEqual({ name: 'reports-reader', resource_group_name: 'acme' });
    expect(made(all)).toEqual(['azurerm_federated_identity_credential', 'azurerm_role_assignment', 'kubernetes_pod_v1', 'kubernetes_service_account_v1']);
    expect(all['azurerm_federated_identity_credential.Identity_Credential_eks-apps_reports_reader']).toEqual({
      name: 'eks-apps_reports_reader',
      resource_group_name: 'acme',
      parent_id: '${data.azurerm_user_assigned_identity.Identity.id}',
      issuer: clusters.eksIssuer,
      subject: 'system:serviceaccount:reports:reader',
      audience: ['api://AzureADTokenExchange'],
    });
    expect(Object.values(without(all, /^(?!azurerm_role_assignment)/))).toEqual([{
      scope: '/subscriptions/11111111-1111-1111-1111-111111111111',
      role_definition_name: 'Reader',
      principal_id: '${data.azurerm_user_assigned_identity.Identity.principal_id}',
      principal_type: 'ServicePrincipal',
    }]);
    expect(envOf(all)).toMatchObject({
      AZURE_CLIENT_ID: '${data.azurerm_user_assigned_identity.Identity.client_id}', AZURE_TENANT_ID: '${data.azurerm_user_assigned_identity.Identity.tenant_id}',
    });
  });

  test('an application that exists is looked up, trusted by credentials and given roles', () => {
    const clientId = '22222222-2222-2222-2222-222222222222';
    const all = synth(scope => {
      const application = EntraFederatedApplication.fromClientId(scope, 'App', {
        trusts: [eksReader(scope)], clientId, roleAssignments: [{ roleDefinitionName: 'Reader', scope: '/subscriptions/11111111-1111-1111-1111-111111111111' }],
      });
      expect([application.resource, application.servicePrincipal]).toEqual([undefined, undefined]);
      wire(scope, eksReader(scope), application);
    });
    expect(all['data.azuread_application.App']).toEqual({ client_id: clientId });
    expect(all['data.azuread_service_principal.App_ServicePrincipal']).toEqual({ client_id: clientId });
    expect(made(all)).toEqual(['azuread_application_federated_identity_credential', 'azurerm_role_assignment', 'kubernetes_pod_v1', 'kubernetes_service_account_v1']);
    expect(all['azuread_application_federated_identity_credential.App_Credential_eks-apps_reports_reader']).toEqual({
      application_id: '${data.azuread_application.App.id}',
      display_name: 'eks-apps_reports_reader',
      issuer: clusters.eksIssuer,
      subject: 'system:serviceaccount:reports:reader',
      audiences: ['api://AzureADTokenExchange'],
    });
    expect(Object.values(without(all, /^(?!azurerm_role_assignment)/)).map(({ principal_id: id }: any) => id)).toEqual(['${data.azuread_service_principal.App_ServicePrincipal.object_id}']);
    expect(envOf(all).AZURE_CLIENT_ID).toBe('${data.azuread_application.App.client_id}');
  });

  test('buckets and containers that exist are granted on, by name, by id or as data sources', () => {
    const id = '/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/acme/providers/Microsoft.Storage/storageAccounts/acmereports/blobServices/default/containers/reports';
    const all = synth(scope => {
      const trusts = [eksReader(scope)];
      const role = new AwsFederatedRole(scope, 'Role', { trusts });
      role.grantBucketRead('arn:aws:s3:::acme-reports');
      role.grantBucketRead(new DataAwsS3Bucket(scope, 'S3', { bucket: 'acme-archive' }));
      for (const identity of [new GcpFederatedServiceAccount(scope, 'Account', { trusts, accountId: 'reports-reader' }), new GcpFederatedPrincipal(scope, 'Principal', { trusts, project: 'acme-data' })]) {
        identity.grantBucketRead('acme-reports');
        identity.grantBucketRead(new DataGoogleStorageBucket(scope, `Gcs-${identity.node.id}`, { name: 'acme-archive' }));
      }
      const azure = new AzureFederatedIdentity(scope, 'Identity', { trusts, identityName: 'reports-reader', resourceGroupName: 'acme', location: 'westeurope' });
      azure.grantContainerRead(id);
      azure.grantContainerRead(new DataAzurermStorageContainer(scope, 'Blob', { name: 'archive', storageAccountName: 'acmearchive' }));
    });
    expect(made(all).filter(type => /^(aws_s3_bucket|google_storage_bucket|azurerm_storage_\w+)$/.test(type!))).toEqual([]);
    expect(all['data.aws_iam_policy_document.Role_Permissions'].statement.map(({ resources }: any) => resources)).toEqual([
      ['arn:aws:s3:::acme-reports'], ['arn:aws:s3:::acme-reports/*'], ['${data.aws_s3_bucket.S3.arn}'], ['${data.aws_s3_bucket.S3.arn}/*'],
    ]);
    const granted = (type: string, prop: string) => Object.entries(all).filter(([address]) => address.startsWith(`${type}.`)).map(([, body]) => body[prop]).sort();
    expect(granted('google_storage_bucket_iam_member', 'bucket')).toEqual([
      '${data.google_storage_bucket.Gcs-Account.name}', '${data.google_storage_bucket.Gcs-Principal.name}', 'acme-reports', 'acme-reports',
    ]);
    expect(granted('azurerm_role_assignment', 'scope')).toEqual(['${data.azurerm_storage_container.Blob.resource_manager_id}', id]);
  });
});

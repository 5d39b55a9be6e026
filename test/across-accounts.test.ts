import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { DataAzurermKubernetesCluster } from '@cdktf/provider-azurerm/lib/data-azurerm-kubernetes-cluster';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { App, TerraformStack } from 'cdktf';
import {
  AwsFederatedRole, Cluster, ClusterOidcProvider, ClusterWorkloadIdentityPool, GcpFederatedPrincipal, GcpFederatedServiceAccount, Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EKS_ISSUER, LITERAL_AND_TOKENS } from './clusters';
import { refusal } from './refusal';
import { inFolder, readableAddresses, scratchStack, stackIn, synthApp, synthStack } from './synth';

const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });

describe('on AWS', () => {
  test('the registration and the role of a cluster in another account are made in the role\'s account, and nothing in the cluster\'s', () => {
    const stack = synthStack(scope => {
      const accountA = new AwsProvider(scope, 'A', { alias: 'a', region: 'eu-west-1' });
      const accountB = new AwsProvider(scope, 'B', { alias: 'b', region: 'us-east-1' });
      const cluster = Cluster.fromEksCluster(new DataAwsEksCluster(scope, 'EksCluster', { name: 'apps', provider: accountA }));
      const subject = cluster.serviceAccount('reports', 'reader');
      const role = new AwsFederatedRole(scope, 'Role', { trusts: [subject], awsProvider: accountB, policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] });
      role.grantBucketRead('arn:aws:s3:::acme-reports');
      const workload = new Workload(scope, 'Workload', { serviceAccount: subject, identities: [role], wiring: 'explicit' });
      new PodV1(scope, 'Pod', workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'aws' }] } }));
    });
    const all = readableAddresses(stack);
    const issuer = '${trimprefix(data.aws_eks_cluster.EksCluster.identity[0].oidc[0].issuer, "https://")}';
    expect(all['aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps']).toEqual({
      url: '${data.aws_eks_cluster.EksCluster.identity[0].oidc[0].issuer}', client_id_list: ['sts.amazonaws.com'], provider: 'aws.b',
    });
    expect(all['data.aws_iam_policy_document.Role_Trust']).toEqual({
      statement: [{
        effect: 'Allow',
        actions: ['sts:AssumeRoleWithWebIdentity'],
        principals: [{ type: 'Federated', identifiers: ['${aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps.arn}'] }],
        condition: [
          { test: 'StringEquals', variable: `${issuer}:aud`, values: ['sts.amazonaws.com'] },
          { test: 'StringEquals', variable: `${issuer}:sub`, values: ['system:serviceaccount:reports:reader'] },
        ],
      }],
      provider: 'aws.b',
    });
    expect(all['data.aws_region.AwsRegion-b']).toEqual({ provider: 'aws.b' });
    const providers = Object.entries(all).filter(([address]) => /^(data\.)?aws_/.test(address)).map(([address, { provider }]) => [address.replace(/-.*$/, ''), provider]);
    expect(providers.sort()).toEqual([
      ['aws_iam_openid_connect_provider.ClusterOidcProvider', 'aws.b'],
      ['aws_iam_role.Role', 'aws.b'],
      ['aws_iam_role_policy.Role_InlinePolicy', 'aws.b'],
      ['aws_iam_role_policy_attachment.Role_Policy', 'aws.b'],
      ['data.aws_eks_cluster.EksCluster', 'aws.a'],
      ['data.aws_iam_policy_document.Role_Permissions', 'aws.b'],
      ['data.aws_iam_policy_document.Role_Trust', 'aws.b'],
      ['data.aws_region.AwsRegion', 'aws.b'],
    ]);
  });

  test('each account of a stack has a registration of its own, which is defined for the second', () => {
    const stack = synthStack(scope => {
      const other = new AwsProvider(scope, 'B', { alias: 'b', region: 'eu-west-1' });
      const trusts = [eks.serviceAccount('reports', 'reader')];
      new AwsFederatedRole(scope, 'Here', { trusts });
      new ClusterOidcProvider(scope, 'There-Registration', { cluster: eks, awsProvider: other });
      new AwsFederatedRole(scope, 'There', { trusts, awsProvider: other });
    });
    const all = readableAddresses(stack);
    expect([all['aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps'].provider, all['aws_iam_openid_connect_provider.There-Registration'].provider])
      .toEqual([undefined, 'aws.b']);
    const principalOf = (role: string) => all[`data.aws_iam_policy_document.${role}_Trust`].statement[0].principals[0].identifiers;
    expect(principalOf('Here')).toEqual(['${aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps.arn}']);
    expect(principalOf('There')).toEqual(['${aws_iam_openid_connect_provider.There-Registration.arn}']);
  });

  test('refuses to guess whether a second alias of a stack leads to another account', () => {
    const stack = scratchStack();
    const other = new AwsProvider(stack, 'B', { alias: 'b', region: 'eu-west-1' });
    const trusts = [eks.serviceAccount('reports', 'reader')];
    const here = new AwsFederatedRole(stack, 'Here', { trusts });
    expect(refusal(() => new AwsFederatedRole(stack, 'There', { trusts, awsProvider: other }))).toEqual({
      code: 'DuplicateRegistration',
      message: 'stack/There: oidcProviders must be given where the stack registers cluster eks-apps with another provider alias (stack/ClusterOidcProvider-eks-apps), '
        + 'got "b"; define a ClusterOidcProvider for this alias, unless both aliases lead to one account; then pass the one that exists',
    });
    // The other way that the message shows.
    const passed = new AwsFederatedRole(stack, 'SameAccount', { trusts, awsProvider: other, oidcProviders: here.oidcProviders });
    expect(passed.oidcProviders).toEqual(here.oidcProviders);
  });

  test('a registration that a platform\'s stack made is passed to the stacks of applications, which make none', () => {
    const stacks = synthApp(app => {
      const registration = new ClusterOidcProvider(stackIn(app, 'platform'), 'Registration', { cluster: eks });
      for (const id of ['one', 'two']) {
        new AwsFederatedRole(stackIn(app, id), 'Role', { trusts: [eks.serviceAccount(id, 'reader')], oidcProviders: [registration] });
      }
    });
    for (const id of ['one', 'two']) {
      expect(stacks[id]!.resource.aws_iam_openid_connect_provider).toBeUndefined();
      expect(readableAddresses(stacks[id]!)['data.aws_iam_policy_document.Role_Trust'].statement[0].principals[0].identifiers).toEqual([
        '${data.terraform_remote_state.cross-stack-reference-input-platform.outputs.cross-stack-output-aws_iam_openid_connect_providerRegistrationarn}',
      ]);
    }
  });
});

describe.each(LITERAL_AND_TOKENS)('on Google Cloud, with %s', (_, clusters) => {
  test('the pool, the account and the bucket are in a project each', () => {
    const stack = synthStack(scope => {
      const [x, y, z] = ['x', 'y', 'z'].map(alias => new GoogleProvider(scope, `Google-${alias}`, { alias, project: `acme-${alias}` }));
      const cluster = clusters.eks(scope);
      const pool = new ClusterWorkloadIdentityPool(scope, 'Pool', { cluster, googleProvider: x });
      const trusts = [cluster.serviceAccount('reports', 'reader')];
      const account = new GcpFederatedServiceAccount(scope, 'Account', { trusts, accountId: 'reports-reader', googleProvider: y, pools: [pool], projectRoles: ['roles/bigquery.jobUser'] });
      const bucket = new StorageBucket(scope, 'Bucket', { name: 'acme-reports', location: 'EU', provider: z });
      account.grantBucketRead(bucket);
      const principal = new GcpFederatedPrincipal(scope, 'Principal', { trusts, googleProvider: z, pools: [pool], project: 'acme-z' });
      principal.grantBucketWrite(bucket);
      principal.grantBucketCreate('acme-backups');
      principal.grantProjectRole('roles/bigquery.jobUser');
    });
    const subject = 'iam.googleapis.com/${google_iam_workload_identity_pool.Pool.name}/subject/system:serviceaccount:reports:reader';
    const condition = "assertion.sub in ['system:serviceaccount:reports:reader']";
    const google = Object.entries(readableAddresses(stack)).filter(([address]) => /^(data\.)?google_/.test(address) && !address.includes('GkeCluster'));
    expect(Object.fromEntries(google)).toEqual({
      'google_iam_workload_identity_pool.Pool': { workload_identity_pool_id: 'eks-apps', lifecycle: { prevent_destroy: true }, provider: 'google.x' },
      'google_iam_workload_identity_pool_provider.Pool_Provider': {
        workload_identity_pool_id: '${google_iam_workload_identity_pool.Pool.workload_identity_pool_id}',
        workload_identity_pool_provider_id: 'eks-apps',
        attribute_mapping: { 'google.subject': 'assertion.sub' },
        attribute_condition: condition,
        oidc: { issuer_uri: clusters.eksIssuer },
        lifecycle: { prevent_destroy: true },
        provider: 'google.x',
      },
      'google_service_account.Account': { account_id: 'reports-reader', provider: 'google.y' },
      'google_service_account_iam_member.Account_Federated_eks-apps_reports_reader': {
        service_account_id: '${google_service_account.Account.name}', role: 'roles/iam.workloadIdentityUser', member: `principal://${subject}`, provider: 'google.y',
      },
      'google_project_iam_member.Account_Project_bigquery_jobUser': {
        project: '${google_service_account.Account.project}', role: 'roles/bigquery.jobUser', member: '${google_service_account.Account.member}', provider: 'google.y',
      },
      'google_storage_bucket.Bucket': { name: 'acme-reports', location: 'EU', provider: 'google.z' },
      'google_storage_bucket_iam_member.Account_Bucket_Bucket_storage_objectViewer': {
        bucket: '${google_storage_bucket.Bucket.name}', role: 'roles/storage.objectViewer', member: '${google_service_account.Account.member}', provider: 'google.y',
      },
      'google_storage_bucket_iam_member.Principal_Bucket_acme-backups_storage_objectCreator_Federated_eks-apps_reports_reader': {
        bucket: 'acme-backups', role: 'roles/storage.objectCreator', member: `principal://${subject}`, provider: 'google.z',
      },
      'google_storage_bucket_iam_member.Principal_Bucket_Bucket_storage_objectUser_Federated_eks-apps_reports_reader': {
        bucket: '${google_storage_bucket.Bucket.name}', role: 'roles/storage.objectUser', member: `principal://${subject}`, provider: 'google.z',
      },
      'google_project_iam_member.Principal_Project_bigquery_jobUser_Federated_eks-apps_reports_reader': {
        project: 'acme-z', role: 'roles/bigquery.jobUser', member: `principal://${subject}`, provider: 'google.z',
      },
    });
  });

  test('refuses to guess whether a second alias of a stack leads to another project', () => {
    const stack = scratchStack();
    const other = new GoogleProvider(stack, 'Other', { alias: 'other', project: 'acme-other' });
    const trusts = [clusters.eks(stack).serviceAccount('reports', 'reader')];
    new GcpFederatedPrincipal(stack, 'Here', { trusts });
    for (const build of [
      () => new GcpFederatedPrincipal(stack, 'There', { trusts, googleProvider: other }),
      () => new GcpFederatedServiceAccount(stack, 'There', { trusts, accountId: 'reports-reader', googleProvider: other }),
    ]) {
      expect(refusal(build)).toEqual({
        code: 'DuplicateRegistration',
        message: 'stack/There: pools must be given where the stack registers cluster eks-apps with another provider alias (stack/ClusterWorkloadIdentityPool-eks-apps), '
          + 'got "other"; define a ClusterWorkloadIdentityPool for this alias, unless both aliases lead to one account; then pass the one that exists',
      });
      stack.node.tryRemoveChild('There');
    }
  });
});

describe('a platform\'s pool that admits namespaces', () => {
  type Applications = (one: TerraformStack, two: TerraformStack, pool: ClusterWorkloadIdentityPool) => void;

  /** The file of the platform's stack, byte by byte. */
  const platformWith = (applications: Applications, admits: 'namespaces' | 'cluster' = 'namespaces') => inFolder(folder => {
    const outdir = join(folder, 'out');
    mkdirSync(outdir);
    const app = new App({ outdir });
    const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', {
      cluster: eks, admits, namespaces: admits === 'namespaces' ? ['reports', 'billing'] : undefined,
    });
    applications(stackIn(app, 'one'), stackIn(app, 'two'), pool);
    app.synth();
    return readFileSync(join(outdir, 'stacks', 'platform', 'cdk.tf.json'), 'utf8');
  });
  const reader = (stack: TerraformStack, pool: ClusterWorkloadIdentityPool, namespace: string, name = 'reader') => {
    const subject = eks.serviceAccount(namespace, name);
    const id = `${namespace}-${name}`;
    const account = new GcpFederatedServiceAccount(stack, `Account-${id}`, { trusts: [subject], accountId: id, pools: [pool] });
    new Workload(stack, `Workload-${id}`, { serviceAccount: subject, identities: [account] });
  };
  const first: Applications = (one, two, pool) => {
    reader(one, pool, 'reports');
    reader(two, pool, 'billing');
  };

  test.each(['namespaces', 'cluster'] as const)('is written as before, byte by byte, whatever applications add (admits: %p)', admits => {
    const before = platformWith(first, admits);
    expect(Object.values(JSON.parse(before).resource.google_iam_workload_identity_pool_provider)).toMatchObject([{
      attribute_mapping: { 'google.subject': 'assertion.sub' },
      attribute_condition: admits === 'cluster'
        ? "assertion.sub.startsWith('system:serviceaccount:')"
        : "assertion['kubernetes.io']['namespace'] in ['billing', 'reports']",
    }]);
    expect(platformWith((one, two, pool) => {
      first(one, two, pool);
      reader(one, pool, 'reports', 'writer');
      reader(two, pool, 'billing', 'auditor');
      reader(two, pool, 'reports', 'auditor');
      new GcpFederatedPrincipal(two, 'Principal', { trusts: [eks.serviceAccount('billing', 'direct')], pools: [pool], project: 'acme-data', projectRoles: ['roles/bigquery.jobUser'] });
    }, admits)).toBe(before);
  });

  test('differs where it admits subjects, which is why a platform does not choose that', () => {
    const platform = (names: string[]) => synthApp(app => {
      const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', { cluster: eks });
      const one = stackIn(app, 'one');
      names.forEach(name => reader(one, pool, 'reports', name));
    }).platform;
    expect(platform(['reader', 'writer'])).not.toEqual(platform(['reader']));
  });

  test('is used by both applications, each member of which names a service account exactly', () => {
    const stacks = synthApp(app => {
      const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', { cluster: eks, admits: 'namespaces', namespaces: ['reports', 'billing'] });
      first(stackIn(app, 'one'), stackIn(app, 'two'), pool);
    });
    const input = '${data.terraform_remote_state.cross-stack-reference-input-platform.outputs.cross-stack-output-google_iam_workload_identity_poolPoolname}';
    for (const [id, namespace] of [['one', 'reports'], ['two', 'billing']] as const) {
      expect(stacks[id]!.resource.google_iam_workload_identity_pool).toBeUndefined();
      expect(Object.values(stacks[id]!.resource.google_service_account_iam_member!)).toEqual([{
        service_account_id: `\${google_service_account.Account-${namespace}-reader.name}`,
        role: 'roles/iam.workloadIdentityUser',
        member: `principal://iam.googleapis.com/${input}/subject/system:serviceaccount:${namespace}:reader`,
      }]);
    }
  });

  test('refuses a namespace that it does not admit, where the application asks for it', () => {
    synthApp(app => {
      const pool = new ClusterWorkloadIdentityPool(stackIn(app, 'platform'), 'Pool', { cluster: eks, admits: 'namespaces', namespaces: ['reports', 'billing'] });
      const props = { trusts: [eks.serviceAccount('shop', 'reader')], accountId: 'shop-reader', pools: [pool] };
      expect(refusal(() => new GcpFederatedServiceAccount(stackIn(app, 'one'), 'Account', props))).toEqual({
        code: 'NotTrusted',
        message: 'one/Account: trusts must be in a namespace that the pool platform/Pool admits (reports, billing), got "shop"; '
          + 'have the owner of the pool add the namespace to `namespaces`',
      });
    });
  });

  test('is brought into another app by its provider\'s name, and nothing of it is made or changed there', () => {
    const providerName = 'projects/123456789012/locations/global/workloadIdentityPools/eks-apps/providers/eks-apps';
    const stack = synthStack(scope => {
      const pool = ClusterWorkloadIdentityPool.fromProviderName(scope, 'Pool', { cluster: eks, providerName });
      const subject = eks.serviceAccount('reports', 'reader');
      const account = new GcpFederatedServiceAccount(scope, 'Account', { trusts: [subject], accountId: 'reports-reader', pools: [pool] });
      const workload = new Workload(scope, 'Workload', { serviceAccount: subject, identities: [account] });
      new PodV1(scope, 'Pod', workload.podTemplate({ metadata: {}, spec: { container: [{ name: 'gcloud' }] } }));
    });
    const all = readableAddresses(stack);
    expect(Object.keys(all).filter(address => address.includes('workload_identity_pool'))).toEqual([]);
    expect(all['google_service_account_iam_member.Account_Federated_eks-apps_reports_reader'].member).toBe(
      'principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/eks-apps/subject/system:serviceaccount:reports:reader');
    expect(all['kubernetes_pod_v1.Pod'].spec.volume[0].projected[0].sources[0].service_account_token.audience).toBe(`https://iam.googleapis.com/${providerName}`);
    expect(all['kubernetes_config_map_v1.Workload_ConfigMap'].data['gcp-credential-configuration.json']).toContain(`["//iam.googleapis.com/", "${providerName}"]`);
  });
});

describe('on Azure', () => {
  const SUBSCRIPTION = '/subscriptions/00000000-0000-0000-0000-000000000003';

  test('the cluster, the identity and what it may read are in a subscription each', () => {
    const stack = synthStack(scope => {
      const [x, y, z] = ['x', 'y', 'z'].map(alias => new AzurermProvider(scope, `Azurerm-${alias}`, { alias, features: [{}] }));
      const cluster = Cluster.fromAksCluster(new DataAzurermKubernetesCluster(scope, 'AksCluster', { name: 'apps', resourceGroupName: 'acme-x', provider: x }));
      const container = new StorageContainer(scope, 'Container', {
        name: 'reports', storageAccountId: `${SUBSCRIPTION}/resourceGroups/acme-z/providers/Microsoft.Storage/storageAccounts/acmereports`, provider: z,
      });
      const identity = new AzureFederatedIdentity(scope, 'Identity', {
        trusts: [cluster.serviceAccount('reports', 'reader')], identityName: 'reports-reader', resourceGroupName: 'acme-y', location: 'westeurope', azurermProvider: y,
      });
      identity.grantContainerRead(container);
      identity.grantRole(SUBSCRIPTION, 'Reader');
    });
    const all = readableAddresses(stack);
    const provided = Object.entries(all).map(([address, { provider }]) => [address.replace(/\.Identity_Assignment.*$/, ''), provider]).sort();
    expect(provided).toEqual([
      ['azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_reader', 'azurerm.y'],
      ['azurerm_role_assignment', 'azurerm.y'],
      ['azurerm_role_assignment', 'azurerm.y'],
      ['azurerm_storage_container.Container', 'azurerm.z'],
      ['azurerm_user_assigned_identity.Identity', 'azurerm.y'],
      ['data.azurerm_kubernetes_cluster.AksCluster', 'azurerm.x'],
    ]);
    expect(all['azurerm_federated_identity_credential.Identity_Credential_aks-apps_reports_reader']).toEqual({
      name: 'aks-apps_reports_reader',
      resource_group_name: 'acme-y',
      parent_id: '${azurerm_user_assigned_identity.Identity.id}',
      issuer: '${data.azurerm_kubernetes_cluster.AksCluster.oidc_issuer_url}',
      subject: 'system:serviceaccount:reports:reader',
      audience: ['api://AzureADTokenExchange'],
      provider: 'azurerm.y',
    });
    const assignments = Object.entries(all).filter(([address]) => address.startsWith('azurerm_role_assignment.')).map(([, body]) => [body.role_definition_name, body.scope]);
    expect(assignments.sort()).toEqual([['Reader', SUBSCRIPTION], ['Storage Blob Data Reader', '${azurerm_storage_container.Container.id}']]);
  });

  test('identities of several subscriptions trust one service account, each with its own provider', () => {
    const stack = synthStack(scope => {
      const cluster = Cluster.fromAksCluster(new DataAzurermKubernetesCluster(scope, 'AksCluster', { name: 'apps', resourceGroupName: 'acme-x' }));
      for (const alias of ['y', 'z']) {
        const azurermProvider = new AzurermProvider(scope, `Azurerm-${alias}`, { alias, features: [{}] });
        const trusts = [cluster.serviceAccount('reports', 'reader')];
        new AzureFederatedIdentity(scope, `Identity-${alias}`, { trusts, identityName: 'reports-reader', resourceGroupName: 'acme', location: 'westeurope', azurermProvider });
      }
    });
    const credentials = Object.values(stack.resource.azurerm_federated_identity_credential!);
    expect(credentials.map(({ parent_id: parent, provider }) => [parent, provider])).toEqual([
      ['${azurerm_user_assigned_identity.Identity-y.id}', 'azurerm.y'], ['${azurerm_user_assigned_identity.Identity-z.id}', 'azurerm.z'],
    ]);
  });
});

import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TerraformStack, TerraformVariable } from 'cdktf';
import {
  AksToAwsFederation, AksToGcpFederation, AwsFederatedRole, Cluster, EksToAwsFederation, EksToGcpFederation, GcpFederatedServiceAccount,
  GkeToAwsFederation, GkeToGcpFederation,
} from 'cdktf-workload-federation';
import { AKS_ISSUER, EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { refusal } from '../refusal';
import { scratchStack, StackJson, synthStack } from '../synth';

const WHO = { namespace: 'reports', serviceAccountName: 'reader' };

/** Everything that a direction adds to a stack with a pod that runs as it. */
function synthDirection(create: (stack: TerraformStack) => { podTemplate: EksToAwsFederation['podTemplate'] }): StackJson {
  const { data, resource } = synthStack(stack => {
    const federation = create(stack);
    new PodV1(stack, 'Pod', federation.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
  });
  const { aws_eks_cluster: _eks, azurerm_kubernetes_cluster: _aks, ...ownData } = data;
  const { google_container_cluster: _gke, ...ownResources } = resource;
  return { data: ownData, resource: ownResources };
}

const trustPolicy = (issuer: string, provider: string) => ({
  F_Role_Trust_FE801DC4: {
    statement: [{
      effect: 'Allow',
      actions: ['sts:AssumeRoleWithWebIdentity'],
      principals: [{ type: 'Federated', identifiers: [`\${aws_iam_openid_connect_provider.${provider}.arn}`] }],
      condition: [
        { test: 'StringEquals', variable: `${issuer}:aud`, values: ['sts.amazonaws.com'] },
        { test: 'StringEquals', variable: `${issuer}:sub`, values: ['system:serviceaccount:reports:reader'] },
      ],
    }],
  },
});

const serviceAccount = (annotations?: Record<string, string>, letIn?: string) => ({
  F_Workload_E22E6061: {
    metadata: { name: 'reader', namespace: 'reports', ...(annotations && { annotations }) },
    ...(letIn && { depends_on: [letIn] }),
  },
});

const pod = (annotations?: Record<string, string>, env?: { name: string; value: string }[], sources?: object[]) => ({
  Pod: {
    metadata: {
      name: 'reader',
      namespace: '${kubernetes_service_account_v1.F_Workload_E22E6061.metadata[0].namespace}',
      ...(annotations && { annotations }),
    },
    spec: {
      service_account_name: '${kubernetes_service_account_v1.F_Workload_E22E6061.metadata[0].name}',
      container: [{
        name: 'main',
        image: 'reader:1',
        ...(env && { env }),
        ...(sources && { volume_mount: [{ name: 'workload-federation', mount_path: '/var/run/secrets/workload-federation', read_only: true }] }),
      }],
      ...(sources && { volume: [{ name: 'workload-federation', projected: [{ sources }] }] }),
    },
  },
});

/** What an AWS SDK needs where no webhook brings it. */
const AWS_WIRING = pod(undefined, [
  { name: 'AWS_ROLE_ARN', value: '${aws_iam_role.F_Role_A4ED59C1.arn}' },
  { name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: '/var/run/secrets/workload-federation/aws/token' },
  { name: 'AWS_REGION', value: '${data.aws_region.AwsRegion.region}' },
  { name: 'AWS_DEFAULT_REGION', value: '${data.aws_region.AwsRegion.region}' },
  { name: 'AWS_STS_REGIONAL_ENDPOINTS', value: 'regional' },
], [{ service_account_token: { audience: 'sts.amazonaws.com', expiration_seconds: 3600, path: 'aws/token' } }]);

/** What Google's libraries and gcloud need outside of Google's own pool, and the pool of the cluster. */
const googleWiring = (cluster: string, hash: string, issuer: string, member: string) => {
  const pool = `google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-${cluster}`;
  const provider = `google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-${cluster}_Provider_${hash}`;
  return {
    google_iam_workload_identity_pool: {
      [`ClusterWorkloadIdentityPool-${cluster}`]: { workload_identity_pool_id: cluster, lifecycle: { prevent_destroy: true } },
    },
    google_iam_workload_identity_pool_provider: {
      [`ClusterWorkloadIdentityPool-${cluster}_Provider_${hash}`]: {
        workload_identity_pool_id: `\${${pool}.workload_identity_pool_id}`,
        workload_identity_pool_provider_id: cluster,
        attribute_mapping: { 'google.subject': 'assertion.sub' },
        attribute_condition: "assertion.sub in ['system:serviceaccount:reports:reader']",
        oidc: { issuer_uri: issuer },
        lifecycle: { prevent_destroy: true },
      },
    },
    google_service_account: { F_GoogleServiceAccount_C59572E3: { account_id: 'reports-reader' } },
    google_service_account_iam_member: {
      [member]: {
        service_account_id: '${google_service_account.F_GoogleServiceAccount_C59572E3.name}',
        role: 'roles/iam.workloadIdentityUser',
        member: `principal://iam.googleapis.com/\${${pool}.name}/subject/system:serviceaccount:reports:reader`,
      },
    },
    kubernetes_config_map_v1: {
      F_Workload_ConfigMap_2037BFA1: {
        metadata: { name: 'reader-workload-federation', namespace: 'reports' },
        data: {
          'gcp-credential-configuration.json': '${jsonencode({"type" = "external_account", '
            + `"audience" = join("", ["//iam.googleapis.com/", ${provider}.name]), `
            + '"subject_token_type" = "urn:ietf:params:oauth:token-type:jwt", '
            + '"token_url" = "https://sts.googleapis.com/v1/token", '
            + '"credential_source" = {"file" = "/var/run/secrets/workload-federation/gcp/token", "format" = {"type" = "text"}}, '
            + '"service_account_impersonation_url" = join("", ["https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/", '
            + 'google_service_account.F_GoogleServiceAccount_C59572E3.email, ":generateAccessToken"])})}',
        },
      },
    },
    kubernetes_service_account_v1: serviceAccount(undefined, `google_service_account_iam_member.${member}`),
    kubernetes_pod_v1: pod(
      { 'checksum/workload-federation': '${sha256(jsonencode(kubernetes_config_map_v1.F_Workload_ConfigMap_2037BFA1.data))}' },
      [
        { name: 'GOOGLE_APPLICATION_CREDENTIALS', value: '/var/run/secrets/workload-federation/gcp/credential-configuration.json' },
        { name: 'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE', value: '/var/run/secrets/workload-federation/gcp/credential-configuration.json' },
        { name: 'GOOGLE_CLOUD_PROJECT', value: '${google_service_account.F_GoogleServiceAccount_C59572E3.project}' },
        { name: 'CLOUDSDK_CORE_PROJECT', value: '${google_service_account.F_GoogleServiceAccount_C59572E3.project}' },
      ],
      [
        { service_account_token: { audience: `https://iam.googleapis.com/\${${provider}.name}`, expiration_seconds: 3600, path: 'gcp/token' } },
        {
          config_map: [{
            name: '${kubernetes_config_map_v1.F_Workload_ConfigMap_2037BFA1.metadata[0].name}',
            items: [{ key: 'gcp-credential-configuration.json', path: 'gcp/credential-configuration.json' }],
          }],
        },
      ],
    ),
  };
};

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  const oidcProvider = (cluster: string, issuer: string) => ({
    [`ClusterOidcProvider-${cluster}`]: { url: issuer, client_id_list: ['sts.amazonaws.com'] },
  });
  const role = {
    F_Role_A4ED59C1: { name: 'reports-reader', assume_role_policy: '${data.aws_iam_policy_document.F_Role_Trust_FE801DC4.json}' },
  };

  test('EKS to AWS: the role trusts one service account, and EKS\'s webhook wires the pod', () => {
    expect(synthDirection(stack => new EksToAwsFederation(stack, 'F', { cluster: clusters.eks(stack), ...WHO, roleName: 'reports-reader' }))).toEqual({
      data: { aws_iam_policy_document: trustPolicy(clusters.eksIssuerWithoutScheme, 'ClusterOidcProvider-eks-apps') },
      resource: {
        aws_iam_openid_connect_provider: oidcProvider('eks-apps', clusters.eksIssuer),
        aws_iam_role: role,
        kubernetes_service_account_v1: serviceAccount({
          'eks.amazonaws.com/role-arn': '${aws_iam_role.F_Role_A4ED59C1.arn}',
          'eks.amazonaws.com/audience': 'sts.amazonaws.com',
          'eks.amazonaws.com/sts-regional-endpoints': 'true',
          'eks.amazonaws.com/token-expiration': '3600',
        }),
        kubernetes_pod_v1: pod(),
      },
    });
  });

  test('EKS to AWS on request: the same role, and the pod projects its own token', () => {
    expect(synthDirection(stack => new EksToAwsFederation(stack, 'F', {
      cluster: clusters.eks(stack), ...WHO, roleName: 'reports-reader', wiring: 'explicit',
    }))).toEqual({
      data: { aws_iam_policy_document: trustPolicy(clusters.eksIssuerWithoutScheme, 'ClusterOidcProvider-eks-apps'), aws_region: { AwsRegion: {} } },
      resource: {
        aws_iam_openid_connect_provider: oidcProvider('eks-apps', clusters.eksIssuer),
        aws_iam_role: role,
        kubernetes_service_account_v1: serviceAccount(),
        kubernetes_pod_v1: AWS_WIRING,
      },
    });
  });

  test('GKE to AWS: the role trusts one service account by aud and sub, and the pod projects its token', () => {
    expect(synthDirection(stack => new GkeToAwsFederation(stack, 'F', { cluster: clusters.gke(stack), ...WHO, roleName: 'reports-reader' }))).toEqual({
      data: { aws_iam_policy_document: trustPolicy(clusters.gkeIssuerWithoutScheme, 'ClusterOidcProvider-gke-apps'), aws_region: { AwsRegion: {} } },
      resource: {
        aws_iam_openid_connect_provider: oidcProvider('gke-apps', clusters.gkeIssuer),
        aws_iam_role: role,
        kubernetes_service_account_v1: serviceAccount(),
        kubernetes_pod_v1: AWS_WIRING,
      },
    });
  });

  test('GKE to Google Cloud: Google\'s own pool is trusted, and the metadata server wires the pod', () => {
    // Named after the project: a second cluster of it has the same member.
    const member = clusters.gkeProjectLabel === 'acme-apps'
      ? 'F_GoogleServiceAccount_Native_acme-apps_reports_reader_61B4EF70'
      : 'F_GoogleServiceAccount_Native_of-stack-ffcf1b47_reports_reader_6E698BC1';
    expect(synthDirection(stack => new GkeToGcpFederation(stack, 'F', { cluster: clusters.gke(stack), ...WHO, accountId: 'reports-reader' }))).toEqual({
      data: {},
      resource: {
        google_service_account: { F_GoogleServiceAccount_C59572E3: { account_id: 'reports-reader' } },
        google_service_account_iam_member: {
          [member]: {
            service_account_id: '${google_service_account.F_GoogleServiceAccount_C59572E3.name}',
            role: 'roles/iam.workloadIdentityUser',
            member: `serviceAccount:${clusters.workloadPool}[reports/reader]`,
          },
        },
        kubernetes_service_account_v1: serviceAccount({
          'iam.gke.io/gcp-service-account': '${google_service_account.F_GoogleServiceAccount_C59572E3.email}',
        }, `google_service_account_iam_member.${member}`),
        kubernetes_pod_v1: pod(),
      },
    });
  });

  test('GKE as a plain issuer to Google Cloud: a pool of its own, and the pod projects its token', () => {
    expect(synthDirection(stack => new GkeToGcpFederation(stack, 'F', { cluster: clusters.gkePlain(stack), ...WHO, accountId: 'reports-reader' }))).toEqual({
      data: {},
      resource: googleWiring('gke-apps', '4232BA66', clusters.gkeIssuer, 'F_GoogleServiceAccount_Federated_gke-apps_reports_reader_E5414B5C'),
    });
  });

  test('EKS to Google Cloud: a pool of its own, and the pod projects its token', () => {
    expect(synthDirection(stack => new EksToGcpFederation(stack, 'F', { cluster: clusters.eks(stack), ...WHO, accountId: 'reports-reader' }))).toEqual({
      data: {},
      resource: googleWiring('eks-apps', 'C7864907', clusters.eksIssuer, 'F_GoogleServiceAccount_Federated_eks-apps_reports_reader_13FC0213'),
    });
  });

  test('AKS to AWS: the role trusts one service account of the issuer with its slash, and the pod projects its token', () => {
    expect(synthDirection(stack => new AksToAwsFederation(stack, 'F', { cluster: clusters.aks(stack), ...WHO, roleName: 'reports-reader' }))).toEqual({
      data: { aws_iam_policy_document: trustPolicy(clusters.aksIssuerWithoutScheme, 'ClusterOidcProvider-aks-apps'), aws_region: { AwsRegion: {} } },
      resource: {
        aws_iam_openid_connect_provider: oidcProvider('aks-apps', clusters.aksIssuer),
        aws_iam_role: role,
        kubernetes_service_account_v1: serviceAccount(),
        kubernetes_pod_v1: AWS_WIRING,
      },
    });
  });

  test('AKS to Google Cloud: a pool of its own, and the pod projects its token', () => {
    expect(synthDirection(stack => new AksToGcpFederation(stack, 'F', { cluster: clusters.aks(stack), ...WHO, accountId: 'reports-reader' }))).toEqual({
      data: {},
      resource: googleWiring('aks-apps', '40D7F16D', clusters.aksIssuer, 'F_GoogleServiceAccount_Federated_aks-apps_reports_reader_C3B01A03'),
    });
  });

  test('a direction takes an existing role in place of its own', () => {
    const stack = synthStack(scope => {
      const cluster = clusters.gke(scope);
      const existing = new AwsFederatedRole(scope, 'Existing', { trusts: [cluster.serviceAccount('reports', 'reader')] });
      const federation = new GkeToAwsFederation(scope, 'F', { cluster, ...WHO, role: existing });
      expect(federation.role).toBe(existing);
      expect(federation.oidcProvider).toBe(existing.oidcProviders[0]);
    });
    expect(Object.keys(stack.resource.aws_iam_role!)).toEqual(['Existing']);
  });

  test('a direction takes an existing Google service account in place of its own', () => {
    const stack = synthStack(scope => {
      const cluster = clusters.eks(scope);
      const existing = new GcpFederatedServiceAccount(scope, 'Existing', {
        trusts: [cluster.serviceAccount('reports', 'reader')], accountId: 'reports-reader',
      });
      const federation = new EksToGcpFederation(scope, 'F', { cluster, ...WHO, googleServiceAccount: existing });
      expect(federation.googleServiceAccount).toBe(existing);
      expect(federation.pool).toBe(existing.pools[0]);
    });
    expect(Object.keys(stack.resource.google_service_account!)).toEqual(['Existing']);
  });
});

test('a role that is managed elsewhere needs nothing in AWS', () => {
  const stack = synthDirection(scope => {
    const cluster = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
    const role = AwsFederatedRole.fromRoleArn(scope, 'Role', {
      roleArn: 'arn:aws:iam::123456789012:role/reports/reader', trusts: [cluster.serviceAccount('reports', 'reader')], region: 'eu-west-1',
    });
    return new GkeToAwsFederation(scope, 'F', { cluster, ...WHO, role });
  });
  expect(stack.data).toEqual({});
  expect(Object.keys(stack.resource)).toEqual(['kubernetes_pod_v1', 'kubernetes_service_account_v1']);
  expect(stack.resource.kubernetes_pod_v1!.Pod.spec.container[0].env).toContainEqual(
    { name: 'AWS_ROLE_ARN', value: 'arn:aws:iam::123456789012:role/reports/reader' });
});

test('names that only Terraform knows reach trust policy, ServiceAccount and pod', () => {
  const stack = synthDirection(scope => {
    const namespace = new TerraformVariable(scope, 'namespace', { type: 'string' });
    const name = new TerraformVariable(scope, 'name', { type: 'string' });
    const cluster = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
    return new GkeToAwsFederation(scope, 'F', { cluster, namespace: namespace.stringValue, serviceAccountName: name.stringValue });
  });
  expect(stack.data.aws_iam_policy_document!.F_Role_Trust_FE801DC4.statement[0].condition[1].values).toEqual([
    'system:serviceaccount:${var.namespace}:${var.name}',
  ]);
  expect(stack.resource.kubernetes_service_account_v1!.F_Workload_E22E6061.metadata).toEqual({ name: '${var.name}', namespace: '${var.namespace}' });
});

describe('refuses', () => {
  const eks = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
  const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
  const aks = Cluster.aks({ name: 'apps', issuer: AKS_ISSUER });
  const k3s = Cluster.oidc({ name: 'k3s', issuer: 'https://issuer.example.com/k3s' });

  test.each([
    [EksToAwsFederation, 'eks', [gke, aks, k3s], 'use GkeToAwsFederation or AksToAwsFederation, or AwsFederatedRole and Workload for any other cluster'],
    [GkeToAwsFederation, 'gke', [eks, aks, k3s], 'use EksToAwsFederation or AksToAwsFederation, or AwsFederatedRole and Workload for any other cluster'],
    [AksToAwsFederation, 'aks', [eks, gke, k3s], 'use EksToAwsFederation or GkeToAwsFederation, or AwsFederatedRole and Workload for any other cluster'],
    [GkeToGcpFederation, 'gke', [eks, aks, k3s], 'use EksToGcpFederation or AksToGcpFederation, or GcpFederatedServiceAccount and Workload for any other cluster'],
    [EksToGcpFederation, 'eks', [gke, aks, k3s], 'use GkeToGcpFederation or AksToGcpFederation, or GcpFederatedServiceAccount and Workload for any other cluster'],
    [AksToGcpFederation, 'aks', [eks, gke, k3s], 'use EksToGcpFederation or GkeToGcpFederation, or GcpFederatedServiceAccount and Workload for any other cluster'],
  ] as const)('a cluster of another kind in %p', (Federation, kind, others, remedy) => {
    for (const cluster of others) {
      expect(refusal(() => new Federation(scratchStack(), 'F', { cluster, ...WHO }))).toEqual({
        code: 'WrongCluster',
        message: `stack/F: cluster must be a cluster of kind "${kind}", got "${cluster.id} of kind \\"${cluster.kind}\\""; ${remedy}`,
      });
    }
  });

  test('an existing role that does not trust the workload\'s service account', () => {
    const stack = scratchStack();
    const role = new AwsFederatedRole(stack, 'Role', { trusts: [gke.serviceAccount('reports', 'writer')] });
    expect(() => new GkeToAwsFederation(stack, 'F', { cluster: gke, ...WHO, role })).toThrow(
      'stack/Role: trusts must hold the service account that uses the identity, system:serviceaccount:reports:reader of cluster gke-apps, '
      + 'got "system:serviceaccount:reports:writer of cluster gke-apps"; '
      + 'add it to `trusts` where the identity is defined, or give the workload another identity');
  });

  test('an account that trusts the cluster through the other of Google\'s two ways', () => {
    const stack = scratchStack();
    const plain = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps', workloadIdentity: false });
    const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', {
      trusts: [plain.serviceAccount('reports', 'reader')], accountId: 'reports-reader',
    });
    expect(() => new GkeToGcpFederation(stack, 'F', { cluster: gke, ...WHO, googleServiceAccount })).toThrow(
      'stack/Account: trusts must hold the service account that uses the identity');
  });

  test('props that would be ignored beside an existing identity', () => {
    const stack = scratchStack();
    const role = new AwsFederatedRole(stack, 'Role', { trusts: [gke.serviceAccount('reports', 'reader')] });
    expect(() => new GkeToAwsFederation(stack, 'F', { cluster: gke, ...WHO, role, policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] })).toThrow(
      'stack/F: policyArns must be left out where `role` is given, got ["arn:aws:iam::aws:policy/ReadOnlyAccess"]; say it where the role is defined');
  });

  test('a provider beside an existing identity, which has its own, and leaves nothing in the tree', () => {
    const stack = scratchStack();
    const trusts = [eks, gke].map(cluster => cluster.serviceAccount('reports', 'reader'));
    const role = new AwsFederatedRole(stack, 'Role', { trusts });
    const googleServiceAccount = new GcpFederatedServiceAccount(stack, 'Account', { trusts, accountId: 'reports-reader' });
    const awsProvider = new AwsProvider(stack, 'OtherAws', { alias: 'other' });
    const googleProvider = new GoogleProvider(stack, 'OtherGoogle', { alias: 'other' });
    for (const [Federation, cluster] of [[EksToAwsFederation, eks], [GkeToAwsFederation, gke]] as const) {
      expect(refusal(() => new Federation(stack, 'F', { cluster, ...WHO, role, awsProvider }))).toEqual({
        code: 'ClashingWiring',
        message: 'stack/F: awsProvider must be left out where `role` is given, got "stack/OtherAws"; say it where the role is defined',
      });
    }
    for (const [Federation, cluster] of [[EksToGcpFederation, eks], [GkeToGcpFederation, gke]] as const) {
      expect(refusal(() => new Federation(stack, 'F', { cluster, ...WHO, googleServiceAccount, googleProvider }))).toEqual({
        code: 'ClashingWiring',
        message: 'stack/F: googleProvider must be left out where `googleServiceAccount` is given, got "stack/OtherGoogle"; '
          + 'say it where the googleServiceAccount is defined',
      });
    }
    expect(stack.node.tryFindChild('F')).toBeUndefined();
  });
});

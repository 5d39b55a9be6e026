import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TerraformStack } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, Cluster, GcpFederatedPrincipal, GcpFederatedServiceAccount, ICloudIdentity,
  ServiceAccountSubject, Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import { changes, readableAddresses, StackJson, synthStack } from './synth';

type Color = 'blue' | 'green';
const BOTH: readonly Color[] = ['blue', 'green'];
const SUBJECT = 'system:serviceaccount:reports:reader';
const BYSTANDER = 'system:serviceaccount:billing:other';

interface Fleet {
  readonly cluster: (stack: TerraformStack, color: Color) => Cluster;
  readonly issuer: (color: Color) => string;
  readonly issuerWithoutScheme: (color: Color) => string;
  readonly arn: (color: Color) => string;
  readonly clusterName: (color: Color) => string;
  /** The lookup of the cluster's ARN, which goes with the last role that needs it. */
  readonly lookups: (color: Color) => string[];
}

const host = (color: Color) => `oidc.eks.eu-west-1.amazonaws.com/id/${color === 'blue' ? '0B' : '0C'}`;
const FLEETS: [string, Fleet][] = [
  ['clusters known when the stack is synthesized', {
    cluster: (_, color) => Cluster.eks({ name: color, issuer: `https://${host(color)}` }),
    issuer: color => `https://${host(color)}`,
    issuerWithoutScheme: host,
    arn: color => `\${data.aws_eks_cluster.EksCluster-eks-${color}.arn}`,
    clusterName: color => color,
    lookups: color => [`data.aws_eks_cluster.EksCluster-eks-${color}`],
  }],
  ['clusters that only Terraform knows', {
    cluster: (stack, color) => Cluster.fromEksCluster(
      (stack.node.tryFindChild(color) as DataAwsEksCluster | undefined) ?? new DataAwsEksCluster(stack, color, { name: color })),
    issuer: color => `\${data.aws_eks_cluster.${color}.identity[0].oidc[0].issuer}`,
    issuerWithoutScheme: color => `\${trimprefix(data.aws_eks_cluster.${color}.identity[0].oidc[0].issuer, "https://")}`,
    arn: color => `\${data.aws_eks_cluster.${color}.arn}`,
    clusterName: color => `\${data.aws_eks_cluster.${color}.name}`,
    lookups: () => [],
  }],
];

const IDENTITIES = {
  AwsFederatedRole: (stack: TerraformStack, id: string, trusts: ServiceAccountSubject[]) => {
    const role = new AwsFederatedRole(stack, id, { trusts, policyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'] });
    role.grantBucketRead('arn:aws:s3:::acme-reports');
    return role;
  },
  AwsPodIdentityRole: (stack: TerraformStack, id: string, trusts: ServiceAccountSubject[]) => new AwsPodIdentityRole(stack, id, { trusts }),
  AwsChainedRole: (stack: TerraformStack, id: string, trusts: ServiceAccountSubject[]) => new AwsChainedRole(stack, `${id}-Target`, {
    source: new AwsFederatedRole(stack, id, { trusts, region: 'eu-west-1' }),
  }),
  GcpFederatedServiceAccount: (stack: TerraformStack, id: string, trusts: ServiceAccountSubject[]) => {
    const account = new GcpFederatedServiceAccount(stack, id, { trusts, accountId: `account-${id.toLowerCase()}`, projectRoles: ['roles/bigquery.jobUser'] });
    account.grantBucketRead('acme-reports');
    return account;
  },
  GcpFederatedPrincipal: (stack: TerraformStack, id: string, trusts: ServiceAccountSubject[]) => {
    const principal = new GcpFederatedPrincipal(stack, id, { trusts, project: 'acme-data', projectRoles: ['roles/bigquery.jobUser'] });
    principal.grantBucketRead('acme-reports');
    return principal;
  },
  AzureFederatedIdentity: (stack: TerraformStack, id: string, trusts: ServiceAccountSubject[]) => new AzureFederatedIdentity(stack, id, {
    trusts, identityName: id, resourceGroupName: 'acme', location: 'westeurope',
    roleAssignments: [{ roleDefinitionName: 'Reader', scope: '/subscriptions/00000000-0000-0000-0000-000000000001' }],
  }),
  EntraFederatedApplication: (stack: TerraformStack, id: string, trusts: ServiceAccountSubject[]) => new EntraFederatedApplication(stack, id, {
    trusts, displayName: id, roleAssignments: [{ roleDefinitionName: 'Reader', scope: '/subscriptions/00000000-0000-0000-0000-000000000001' }],
  }),
};
type Kind = keyof typeof IDENTITIES;
const KINDS = Object.keys(IDENTITIES) as Kind[];

/** The addresses that a change adds, removes and alters. */
const change = (before: StackJson, after: StackJson) => changes(readableAddresses(before), readableAddresses(after));

describe.each(FLEETS)('with %s', (_, fleet) => {
  /** An identity for the clusters of some colors with a workload on each, and perhaps another one that stays with both. */
  const synth = (kind: Kind, colors: readonly Color[], bystander: boolean) => synthStack(stack => {
    const subjects = (of: readonly Color[], namespace: string, name: string) => (
      of.map(color => fleet.cluster(stack, color).serviceAccount(namespace, name)));
    subjects(BOTH, 'reports', 'reader');
    const providers = Object.fromEntries(BOTH.map(color => [color, new KubernetesProvider(stack, `K8s-${color}`, { alias: color })]));
    const build = IDENTITIES[kind] as (scope: TerraformStack, id: string, trusts: ServiceAccountSubject[]) => ICloudIdentity;
    if (bystander) {
      build(stack, 'Stays', subjects(BOTH, 'billing', 'other'));
    }
    const identity = build(stack, 'Reader', subjects(colors, 'reports', 'reader'));
    subjects(colors, 'reports', 'reader').forEach((serviceAccount, index) => {
      const color = colors[index]!;
      new Workload(stack, `Workload-${color}`, { serviceAccount, identities: [identity], kubernetesProvider: providers[color] });
    });
  });

  const trustOf = (stack: StackJson, id: string) => readableAddresses(stack)[`data.aws_iam_policy_document.${id}_Trust`].statement;

  test('roles trust the old and the new cluster at once, in a statement each', () => {
    expect(trustOf(synth('AwsFederatedRole', BOTH, false), 'Reader')).toEqual(BOTH.map(color => ({
      effect: 'Allow',
      actions: ['sts:AssumeRoleWithWebIdentity'],
      principals: [{ type: 'Federated', identifiers: [`\${aws_iam_openid_connect_provider.ClusterOidcProvider-eks-${color}.arn}`] }],
      condition: [
        { test: 'StringEquals', variable: `${fleet.issuerWithoutScheme(color)}:aud`, values: ['sts.amazonaws.com'] },
        { test: 'StringEquals', variable: `${fleet.issuerWithoutScheme(color)}:sub`, values: [SUBJECT] },
      ],
    })));
    const stack = synth('AwsPodIdentityRole', BOTH, false);
    expect(trustOf(stack, 'Reader')).toEqual(BOTH.map(color => ({
      effect: 'Allow',
      actions: ['sts:AssumeRole', 'sts:TagSession'],
      principals: [{ type: 'Service', identifiers: ['pods.eks.amazonaws.com'] }],
      condition: [
        { test: 'StringEquals', variable: 'aws:RequestTag/eks-cluster-arn', values: [fleet.arn(color)] },
        { test: 'StringEquals', variable: 'aws:RequestTag/kubernetes-namespace', values: ['reports'] },
        { test: 'StringEquals', variable: 'aws:RequestTag/kubernetes-service-account', values: ['reader'] },
      ],
    })));
    expect(Object.values(stack.resource.aws_eks_pod_identity_association!).map(body => body.cluster_name)).toEqual(BOTH.map(fleet.clusterName));
  });

  test('identities of Google Cloud trust the old and the new cluster at once, by the pool of each', () => {
    const member = (color: Color) => `principal://iam.googleapis.com/\${google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-${color}.name}/subject/${SUBJECT}`;
    const account = synth('GcpFederatedServiceAccount', BOTH, false);
    expect(Object.values(account.resource.google_service_account_iam_member!).map(body => body.member)).toEqual(BOTH.map(member));
    const principal = synth('GcpFederatedPrincipal', BOTH, false);
    expect(Object.values(principal.resource.google_project_iam_member!).map(body => body.member)).toEqual(BOTH.map(member));
    for (const stack of [account, principal]) {
      const providers = Object.values(stack.resource.google_iam_workload_identity_pool_provider!);
      expect(providers.map(body => body.oidc.issuer_uri)).toEqual(BOTH.map(fleet.issuer));
    }
  });

  test('identities of Entra ID trust the old and the new cluster at once, by a credential each', () => {
    const credential = (color: Color) => ({ issuer: fleet.issuer(color), subject: SUBJECT });
    expect(Object.values(synth('AzureFederatedIdentity', BOTH, false).resource.azurerm_federated_identity_credential!)).toMatchObject(BOTH.map(credential));
    expect(Object.values(synth('EntraFederatedApplication', BOTH, false).resource.azuread_application_federated_identity_credential!)).toMatchObject(BOTH.map(credential));
  });

  /** What goes with a cluster, and what else is written otherwise then. */
  const goes: Record<Kind, (color: Color) => { own: string[]; registration: string[]; changed: string[]; changedForOthers: string[] }> = {
    AwsFederatedRole: color => ({
      own: [],
      registration: [`aws_iam_openid_connect_provider.ClusterOidcProvider-eks-${color}`],
      changed: ['data.aws_iam_policy_document.Reader_Trust'],
      changedForOthers: [],
    }),
    AwsPodIdentityRole: color => ({
      own: [`aws_eks_pod_identity_association.Reader_Association_eks-${color}_reports_reader`],
      registration: fleet.lookups(color),
      changed: ['data.aws_iam_policy_document.Reader_Trust'],
      changedForOthers: [],
    }),
    AwsChainedRole: color => ({
      own: [`kubernetes_config_map_v1.Workload-${color}_ConfigMap`],
      registration: [`aws_iam_openid_connect_provider.ClusterOidcProvider-eks-${color}`],
      changed: ['data.aws_iam_policy_document.Reader_Trust'],
      changedForOthers: [],
    }),
    GcpFederatedServiceAccount: color => ({
      own: [`google_service_account_iam_member.Reader_Federated_eks-${color}_reports_reader`, `kubernetes_config_map_v1.Workload-${color}_ConfigMap`],
      registration: [
        `google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-${color}`,
        `google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-eks-${color}_Provider`,
      ],
      changed: [],
      changedForOthers: [`google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-eks-${color}_Provider`],
    }),
    GcpFederatedPrincipal: color => ({
      own: [
        `google_project_iam_member.Reader_Project_bigquery_jobUser_Federated_eks-${color}_reports_reader`,
        `google_storage_bucket_iam_member.Reader_Bucket_acme-reports_storage_objectViewer_Federated_eks-${color}_reports_reader`,
        `kubernetes_config_map_v1.Workload-${color}_ConfigMap`,
      ],
      registration: [
        `google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-${color}`,
        `google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-eks-${color}_Provider`,
      ],
      changed: [],
      changedForOthers: [`google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-eks-${color}_Provider`],
    }),
    AzureFederatedIdentity: color => ({
      own: [`azurerm_federated_identity_credential.Reader_Credential_eks-${color}_reports_reader`],
      registration: [],
      changed: [],
      changedForOthers: [],
    }),
    EntraFederatedApplication: color => ({
      own: [`azuread_application_federated_identity_credential.Reader_Credential_eks-${color}_reports_reader`],
      registration: [],
      changed: [],
      changedForOthers: [],
    }),
  };

  describe.each(KINDS)('%s', kind => {
    test.each(BOTH)('drops the %s cluster with what is about it, and nothing else', color => {
      const stays = BOTH.filter(other => other !== color);
      const { own, registration, changed } = goes[kind](color);
      const [before, after] = [synth(kind, BOTH, false), synth(kind, stays, false)];
      expect(change(before, after)).toEqual({ added: [], removed: [...own, ...registration, `kubernetes_service_account_v1.Workload-${color}`].sort(), changed });
      // Taking a cluster in is the same the other way round.
      expect(change(after, before)).toMatchObject({ added: change(before, after).removed, removed: [] });
    });

    test.each(BOTH)('drops the %s cluster from one of two, and changes the other\'s nothing but the pool\'s condition', color => {
      const stays = BOTH.filter(other => other !== color);
      const { own, changed, changedForOthers } = goes[kind](color);
      const [before, after] = [synth(kind, BOTH, true), synth(kind, stays, true)];
      expect(change(before, after)).toEqual({
        added: [], removed: [...own, `kubernetes_service_account_v1.Workload-${color}`].sort(), changed: [...changed, ...changedForOthers].sort(),
      });
      for (const address of changedForOthers) {
        const [was, is] = [before, after].map(stack => readableAddresses(stack)[address]);
        expect(was.attribute_condition).toBe(`assertion.sub in ['${BYSTANDER}', '${SUBJECT}']`);
        expect(is).toEqual({ ...was, attribute_condition: `assertion.sub in ['${BYSTANDER}']` });
      }
      for (const address of changed) {
        const [was, is] = [before, after].map(stack => readableAddresses(stack)[address].statement);
        expect(was).toHaveLength(2);
        expect(is).toEqual([was[BOTH.indexOf(stays[0]!)]]);
      }
    });
  });
});

test('Google\'s own pools of two projects are members of their own', () => {
  const cluster = (color: Color) => Cluster.gke({ project: `acme-${color}`, location: 'europe-west1', name: color, projectNumber: color === 'blue' ? '111' : '222' });
  const synth = (kind: Kind, colors: readonly Color[]) => synthStack(stack => {
    IDENTITIES[kind](stack, 'Reader', colors.map(color => cluster(color).serviceAccount('reports', 'reader')));
  });
  for (const color of BOTH) {
    const stays = BOTH.filter(other => other !== color);
    expect(change(synth('GcpFederatedServiceAccount', BOTH), synth('GcpFederatedServiceAccount', stays))).toEqual({
      added: [], removed: [`google_service_account_iam_member.Reader_Native_acme-${color}_reports_reader`], changed: [],
    });
    expect(change(synth('GcpFederatedPrincipal', BOTH), synth('GcpFederatedPrincipal', stays))).toEqual({
      added: [],
      removed: [
        `google_project_iam_member.Reader_Project_bigquery_jobUser_Native_acme-${color}_reports_reader`,
        `google_storage_bucket_iam_member.Reader_Bucket_acme-reports_storage_objectViewer_Native_acme-${color}_reports_reader`,
      ],
      changed: [],
    });
  }
});

test('the same service account of two clusters of one project is one member, which stays until both are gone', () => {
  const cluster = (color: Color) => Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: color, projectNumber: '111' });
  const synth = (kind: Kind, colors: readonly Color[]) => synthStack(stack => {
    IDENTITIES[kind](stack, 'Reader', colors.map(color => cluster(color).serviceAccount('reports', 'reader')));
  });
  for (const kind of ['GcpFederatedServiceAccount', 'GcpFederatedPrincipal'] as const) {
    const members = (stack: StackJson) => Object.values(readableAddresses(stack)).filter(({ role }) => role !== undefined).map(({ role, member }) => `${role} ${member}`);
    expect(members(synth(kind, BOTH))).toHaveLength(2 + Number(kind === 'GcpFederatedServiceAccount'));
    expect(new Set(members(synth(kind, BOTH))).size).toBe(members(synth(kind, BOTH)).length);
    for (const color of BOTH) {
      expect(change(synth(kind, BOTH), synth(kind, [color]))).toEqual({ added: [], removed: [], changed: [] });
    }
  }
});

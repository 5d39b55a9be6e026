import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TerraformStack } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, Cluster, ClusterOidcProvider, ClusterWorkloadIdentityPool,
  GcpFederatedPrincipal, GcpFederatedServiceAccount, GcsHostedIssuer, GoogleIdTokenSource, ICloudIdentity, S3HostedIssuer, ServiceAccountSubject,
  Workload, WorkloadOptions,
} from 'cdktf-workload-federation';
import { AzureBlobHostedIssuer, AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import { Clusters, EKS_ISSUER, LITERAL_AND_TOKENS } from '../clusters';
import { EXAMPLES, stackIn } from '../synth';
import { describeOnTerraform } from '../terraform';
import { Applied, ofType } from './model';
import { appStacks, Change, exampleStacks, ShadowState, Stack, Step } from './shadow';
import { waitedFor } from './waited-for';
import { World, WORLD } from './world';

/** A state that is removed after the test. */
function state(world = WORLD): ShadowState {
  const made = new ShadowState(world);
  states.push(made);
  return made;
}
const states: ShadowState[] = [];
afterEach(() => states.splice(0).forEach(made => made.close()));

const synth = (build: (stack: TerraformStack) => void): Stack[] => appStacks(app => build(stackIn(app)));

/** What is made when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Without the digests that cdktf ends ids with; test/no-surprise.test.ts holds the addresses as they are. */
const readable = (address: string) => address.replace(/_[0-9A-F]{8}(?![0-9A-Za-z])/g, '');

/** Addresses by what a plan does to them. */
function said(changes: readonly Change[]): Partial<Record<Change['action'], string[]>> {
  const actions = [...new Set(changes.map(({ action }) => action))];
  const of = (action: Change['action']) => changes.filter(change => change.action === action).map(({ address }) => readable(address)).sort();
  return Object.fromEntries(actions.map(action => [action, of(action)]));
}

/** What changes, without what Terraform reads again as it depends on what changes. */
function changed(changes: readonly Change[]) {
  const { read: _read, ...others } = said(changes);
  return others;
}

const READER = 'system:serviceaccount:reports:reader';
const HOST = EKS_ISSUER.replace('https://', '');
const PROVIDER_ARN = `arn:aws:iam::123456789012:oidc-provider/${HOST}`;

/** A document as Terraform and AWS's provider compare it: keys in their order. */
const trustOf = (sub: string) => JSON.stringify({
  Statement: [{
    Action: 'sts:AssumeRoleWithWebIdentity', Condition: { StringEquals: { [`${HOST}:aud`]: 'sts.amazonaws.com', [`${HOST}:sub`]: sub } }, Effect: 'Allow',
    Principal: { Federated: PROVIDER_ARN },
  }],
  Version: '2012-10-17',
});
const POD_IDENTITY_TRUST = JSON.stringify({
  Statement: [{
    Action: ['sts:TagSession', 'sts:AssumeRole'],
    Condition: {
      StringEquals: {
        'aws:RequestTag/eks-cluster-arn': 'arn:aws:eks:eu-west-1:123456789012:cluster/apps',
        'aws:RequestTag/kubernetes-namespace': 'reports',
        'aws:RequestTag/kubernetes-service-account': 'exporter',
      },
    },
    Effect: 'Allow',
    Principal: { Service: 'pods.eks.amazonaws.com' },
  }],
  Version: '2012-10-17',
});

describeOnTerraform('adopting what exists', () => {
  const IDENTITY = `/subscriptions/${WORLD.azureSubscription}/resourceGroups/reports/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reports-reader`;
  const APPLICATION = '/applications/3b0c1f52-74a9-4f0e-9f0d-0d6f1d1c2b3a';
  const EMAIL = 'reports-reader@acme-apps.iam.gserviceaccount.com';
  const ACCOUNT = `projects/acme-apps/serviceAccounts/${EMAIL}`;
  const POOL = 'projects/acme-apps/locations/global/workloadIdentityPools/platform';
  const POOL_NAME = 'projects/123456789/locations/global/workloadIdentityPools/platform';

  /** The constructs of docs/existing.md with what the existing objects have, and with the import blocks that it names. */
  const adopting = once(() => synth(stack => {
    const cluster = Cluster.eks({ name: 'apps', issuer: EKS_ISSUER });
    const [reader, exporter] = [cluster.serviceAccount('reports', 'reader'), cluster.serviceAccount('reports', 'exporter')];
    const trusts = [reader];
    new ClusterOidcProvider(stack, 'Oidc', { cluster, clientIdList: ['sts.amazonaws.com'], tags: { team: 'platform' } }).resource!.importFrom(PROVIDER_ARN);
    const role = new AwsFederatedRole(stack, 'Role', {
      trusts, roleName: 'reader', path: '/teams/', description: 'Reads reports', maxSessionDuration: 7200, tags: { team: 'reports' },
    });
    role.resource!.importFrom('reader');
    const pool = new ClusterWorkloadIdentityPool(stack, 'Pool', {
      cluster, poolId: 'platform', providerId: 'apps', displayName: 'Platform', description: 'The clusters of the platform',
    });
    pool.resource!.importFrom(POOL);
    pool.providerResource!.importFrom(`${POOL}/providers/apps`);
    const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts, accountId: 'reports-reader', displayName: 'Reader', description: 'Reads' });
    account.resource!.importFrom(ACCOUNT);
    const identity = new AzureFederatedIdentity(stack, 'Identity', {
      trusts, identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope', tags: { team: 'reports' },
    });
    identity.resource!.importFrom(IDENTITY);
    identity.credentials[0]!.importFrom(`${IDENTITY}/federatedIdentityCredentials/eks-apps_reports_reader`);
    new EntraFederatedApplication(stack, 'Application', { trusts, displayName: 'reports-reader' }).resource!.importFrom(APPLICATION);
    const podRole = new AwsPodIdentityRole(stack, 'PodRole', { trusts: [exporter], roleName: 'exporter' });
    podRole.resource!.importFrom('exporter');
    podRole.associations[0]!.importFrom('apps,a-0123456789abcdef0');
    new Workload(stack, 'Reader', { serviceAccount: reader, identities: [role, account, identity] }).resource!.importFrom('reports/reader');
  }));

  /** What the clouds and the cluster have, as the providers read it: also what nobody configured. */
  const EXISTING: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    'aws_iam_openid_connect_provider.Oidc': {
      id: PROVIDER_ARN, arn: PROVIDER_ARN, url: EKS_ISSUER, client_id_list: ['sts.amazonaws.com'],
      thumbprint_list: ['9e99a48a9960b14926bb7f3b02e22da2b0ab7280'], tags: { team: 'platform' }, tags_all: { team: 'platform' },
    },
    'aws_iam_role.Role': {
      id: 'reader', name: 'reader', name_prefix: '', arn: 'arn:aws:iam::123456789012:role/teams/reader', path: '/teams/', description: 'Reads reports',
      assume_role_policy: trustOf(READER), max_session_duration: 7200, force_detach_policies: false, permissions_boundary: '',
      unique_id: 'AROA3XFRBF23ABCDEFGHI', create_date: '2024-05-01T10:00:00Z', managed_policy_arns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
      inline_policy: [], tags: { team: 'reports' }, tags_all: { team: 'reports' },
    },
    'google_iam_workload_identity_pool.Pool': {
      id: POOL, name: POOL_NAME, project: 'acme-apps', workload_identity_pool_id: 'platform', display_name: 'Platform',
      description: 'The clusters of the platform', disabled: false, state: 'ACTIVE',
    },
    'google_iam_workload_identity_pool_provider.Pool_Provider': {
      id: `${POOL}/providers/apps`, name: `${POOL_NAME}/providers/apps`, project: 'acme-apps', workload_identity_pool_id: 'platform',
      workload_identity_pool_provider_id: 'apps', display_name: 'Platform', description: 'The clusters of the platform', disabled: false, state: 'ACTIVE',
      attribute_mapping: { 'google.subject': 'assertion.sub' }, attribute_condition: `assertion.sub in ['${READER}']`,
      oidc: [{ issuer_uri: EKS_ISSUER, allowed_audiences: [], jwks_json: '' }], aws: [], saml: [], x509: [],
    },
    'google_service_account.Account': {
      id: ACCOUNT, name: ACCOUNT, email: EMAIL, member: `serviceAccount:${EMAIL}`, unique_id: '112233445566778899001', account_id: 'reports-reader',
      project: 'acme-apps', display_name: 'Reader', description: 'Reads', disabled: false,
    },
    'azurerm_user_assigned_identity.Identity': {
      id: IDENTITY, name: 'reports-reader', resource_group_name: 'reports', location: 'westeurope', tags: { team: 'reports' },
      client_id: '5a3c1f52-74a9-4f0e-9f0d-0d6f1d1c2b3a', principal_id: '6a3c1f52-74a9-4f0e-9f0d-0d6f1d1c2b3a', tenant_id: WORLD.azureTenant,
    },
    'azurerm_federated_identity_credential.Identity_Credential_eks-apps_reports_reader': {
      id: `${IDENTITY}/federatedIdentityCredentials/eks-apps_reports_reader`, name: 'eks-apps_reports_reader', resource_group_name: 'reports',
      parent_id: IDENTITY, issuer: EKS_ISSUER, subject: READER, audience: ['api://AzureADTokenExchange'],
    },
    'azuread_application.Application': {
      id: APPLICATION, object_id: '3b0c1f52-74a9-4f0e-9f0d-0d6f1d1c2b3a', client_id: '7a3c1f52-74a9-4f0e-9f0d-0d6f1d1c2b3a', display_name: 'reports-reader',
      publisher_domain: 'acme.example', owners: [],
    },
    'aws_iam_role.PodRole': {
      id: 'exporter', name: 'exporter', arn: 'arn:aws:iam::123456789012:role/exporter', path: '/', description: '', max_session_duration: 3600,
      assume_role_policy: POD_IDENTITY_TRUST, force_detach_policies: false, unique_id: 'AROA3XFRBF23ABCDEFGHJ', tags: {}, tags_all: {},
    },
    'aws_eks_pod_identity_association.PodRole_Association_eks-apps_reports_exporter': {
      id: 'a-0123456789abcdef0', association_id: 'a-0123456789abcdef0', cluster_name: 'apps', namespace: 'reports', service_account: 'exporter',
      region: 'eu-west-1', role_arn: 'arn:aws:iam::123456789012:role/exporter', target_role_arn: '', disable_session_tags: false, tags: {}, tags_all: {},
    },
    'kubernetes_service_account_v1.Reader': {
      id: 'reports/reader', automount_service_account_token: true, default_secret_name: '', image_pull_secret: [], secret: [],
      metadata: [{
        name: 'reader', namespace: 'reports', generate_name: '', generation: 0, resource_version: '4711', uid: '8a3c1f52-74a9-4f0e-9f0d-0d6f1d1c2b3a',
        labels: {},
        annotations: {
          'eks.amazonaws.com/role-arn': 'arn:aws:iam::123456789012:role/teams/reader',
          'eks.amazonaws.com/audience': 'sts.amazonaws.com',
          'eks.amazonaws.com/sts-regional-endpoints': 'true',
          'eks.amazonaws.com/token-expiration': '3600',
        },
      }],
    },
  };

  /** A plan of the app where everything exists that it imports, but with these differences. */
  function planned(differences: Readonly<Record<string, object>> = {}) {
    const made = state();
    const stacks = adopting();
    for (const { to } of stacks[0]!.json.import) {
      const address = readable(to);
      expect(EXISTING).toHaveProperty([address]);
      made.adopt('stack', to, { ...EXISTING[address], ...differences[address] });
    }
    expect(stacks[0]!.json.import).toHaveLength(Object.keys(EXISTING).length);
    return said(made.plan(stacks));
  }

  /** What was never there, and what is not imported as nobody need: it is what lets the service account in, and adding it again changes nothing. */
  const MADE = {
    create: [
      'azuread_application_federated_identity_credential.Application_Credential_eks-apps_reports_reader',
      'azuread_service_principal.Application_ServicePrincipal',
      'google_service_account_iam_member.Account_Federated_eks-apps_reports_reader',
      'kubernetes_config_map_v1.Reader_ConfigMap',
    ],
  };

  test('changes nothing of it', () => {
    expect(planned()).toEqual(MADE);
  });

  test.each<[string, string, object]>([
    ['the trust of a role, which becomes ours', 'aws_iam_role.Role', { assume_role_policy: trustOf('system:serviceaccount:reports:*') }],
    ['a description that we do not give', 'aws_iam_role.PodRole', { description: 'Exports' }],
    ['tags that we do not give', 'aws_iam_role.Role', { tags: { team: 'reports', owner: 'finance' } }],
    ['another audience', 'aws_iam_openid_connect_provider.Oidc', { client_id_list: ['sts.amazonaws.com', 'other'] }],
    ['a condition of its own', 'google_iam_workload_identity_pool_provider.Pool_Provider', { attribute_condition: 'true' }],
    ['another name to show', 'google_service_account.Account', { display_name: 'Someone' }],
    ['annotations of others', 'kubernetes_service_account_v1.Reader', {
      metadata: [{ name: 'reader', namespace: 'reports', annotations: { ...(EXISTING['kubernetes_service_account_v1.Reader'] as any).metadata[0].annotations, 'a.example/b': 'c' } }],
    }],
  ])('shows %s as a change of that alone', (_, address, difference) => {
    expect(planned({ [address]: difference })).toEqual({ ...MADE, update: [address] });
  });

  test.each<[string, string, object]>([
    ['a path', 'aws_iam_role.Role', { path: '/other/' }],
    ['an issuer', 'aws_iam_openid_connect_provider.Oidc', { url: 'https://issuer.example.com' }],
    ['a location', 'azurerm_user_assigned_identity.Identity', { location: 'northeurope' }],
    ['a namespace', 'aws_eks_pod_identity_association.PodRole_Association_eks-apps_reports_exporter', { namespace: 'billing' }],
  ])('shows that %s which is not what we say would replace it', (_, address, difference) => {
    expect(planned({ [address]: difference }).replace).toContain(address);
  });

  test('a pool that another plan would replace is refused', () => {
    expect(() => planned({ 'google_iam_workload_identity_pool.Pool': { workload_identity_pool_id: 'other' } })).toThrow('Instance cannot be destroyed');
  });

  test('what does not exist is not imported', () => {
    expect(() => state().plan(adopting())).toThrow('aws_iam_openid_connect_provider.Oidc is to be imported, and does not exist.');
  });
});

type Color = 'blue' | 'green';
const BOTH: readonly Color[] = ['blue', 'green'];
const hostOf = (color: string) => `oidc.eks.eu-west-1.amazonaws.com/id/${color === 'blue' ? '0B' : '0C'}`;
const COLORS: World = {
  ...WORLD, computed: { 'data.aws_eks_cluster': ({ name }) => ({ identity: [{ oidc: [{ issuer: `https://${hostOf(name)}` }] }] }) },
};

/** The ways in which the service account of an EKS cluster is let in by what is there at a moment. */
function waysIn(applied: Applied, color: Color): string[] {
  const issuer = `https://${hostOf(color)}`;
  const values = (type: string) => ofType(applied, type).map(resource => resource.values);
  /** The roles with a statement of these conditions. */
  const roles = (conditions: Readonly<Record<string, string>> | undefined, principal: Readonly<Record<string, string>>) => values('aws_iam_role').map(role => ({
    arn: role.arn as string,
    trusts: JSON.parse(role.assume_role_policy).Statement.some(({ Principal, Condition }: any) =>
      isDeepStrictEqual(Principal, principal) && isDeepStrictEqual(Condition, conditions && { StringEquals: conditions })),
  })).filter(({ trusts }) => trusts).map(({ arn }) => arn);

  const web = values('aws_iam_openid_connect_provider').filter(({ url }) => url === issuer).flatMap(({ arn }) =>
    roles({ [`${hostOf(color)}:aud`]: 'sts.amazonaws.com', [`${hostOf(color)}:sub`]: READER }, { Federated: arn }));
  const tags = {
    'aws:RequestTag/eks-cluster-arn': `arn:aws:eks:eu-west-1:123456789012:cluster/${color}`,
    'aws:RequestTag/kubernetes-namespace': 'reports',
    'aws:RequestTag/kubernetes-service-account': 'reader',
  };
  const tagged = roles(tags, { Service: 'pods.eks.amazonaws.com' });
  const associated = ofType(applied, 'aws_eks_pod_identity_association').filter(({ values: association }) =>
    association.cluster_name === color && association.namespace === 'reports' && association.service_account === 'reader' && tagged.includes(association.role_arn));
  /** The roles that a role may go on to, and that let it. */
  const beyond = (arn: string, conditions?: Readonly<Record<string, string>>) => roles(conditions, { AWS: arn }).filter(next => values('aws_iam_role_policy').some(({ role, policy }) =>
    arn.endsWith(`/${role}`) && JSON.parse(policy).Statement.some(({ Action, Resource }: any) => [Action].flat().includes('sts:AssumeRole') && Resource === next)));
  const chained = [
    ...web.flatMap(arn => beyond(arn)),
    ...associated.flatMap(({ values: association }) => beyond(association.role_arn, tags).filter(arn => arn === association.target_role_arn)),
  ];

  const admitting = values('google_iam_workload_identity_pool_provider')
    .filter(provider => provider.oidc[0].issuer_uri === issuer && provider.attribute_condition === `assertion.sub in ['${READER}']`);
  const principals = values('google_iam_workload_identity_pool')
    .filter(({ workload_identity_pool_id: id }) => admitting.some(({ workload_identity_pool_id: of }) => of === id))
    .map(({ name }) => `principal://iam.googleapis.com/${name}/subject/${READER}`);
  const members = ['google_service_account_iam_member', 'google_storage_bucket_iam_member', 'google_project_iam_member']
    .flatMap(type => ofType(applied, type)).filter(resource => principals.includes(resource.values.member));

  const credentials = ['azurerm_federated_identity_credential', 'azuread_application_federated_identity_credential']
    .flatMap(type => ofType(applied, type)).filter(resource => resource.values.issuer === issuer && resource.values.subject === READER);
  return [...web, ...chained, ...[...associated, ...members, ...credentials].map(resource => `${resource.type} ${resource.values.role ?? ''}`.trim())].sort();
}

describeOnTerraform('from a blue cluster to a green one', () => {
  interface Kind {
    readonly identity: (stack: TerraformStack, trusts: ServiceAccountSubject[]) => ICloudIdentity;
    /** What a cluster brings with it, and takes away. */
    readonly own: (color: Color) => string[];
    /** What is written otherwise when a cluster comes or goes. */
    readonly changed: string[];
    readonly ways: string[];
  }
  const poolOf = (color: Color) => ['', '_provider'].map(end => `google_iam_workload_identity_pool${end}.ClusterWorkloadIdentityPool-eks-${color}${end && '_Provider'}`);
  const configMapOf = (color: Color) => `kubernetes_config_map_v1.Workload-${color}_ConfigMap`;
  const KINDS: Record<string, Kind> = {
    'AwsFederatedRole': {
      identity: (stack, trusts) => new AwsFederatedRole(stack, 'Reader', { trusts, roleName: 'reader' }),
      own: color => [`aws_iam_openid_connect_provider.ClusterOidcProvider-eks-${color}`],
      changed: ['aws_iam_role.Reader'],
      ways: ['arn:aws:iam::123456789012:role/reader'],
    },
    'AwsPodIdentityRole': {
      identity: (stack, trusts) => new AwsPodIdentityRole(stack, 'Reader', { trusts, roleName: 'reader' }),
      own: color => [`aws_eks_pod_identity_association.Reader_Association_eks-${color}_reports_reader`],
      changed: ['aws_iam_role.Reader'],
      ways: ['aws_eks_pod_identity_association'],
    },
    'AwsChainedRole after an AwsFederatedRole': {
      identity: (stack, trusts) => new AwsChainedRole(stack, 'Target', { source: new AwsFederatedRole(stack, 'Reader', { trusts, roleName: 'reader' }), roleName: 'target' }),
      own: color => [`aws_iam_openid_connect_provider.ClusterOidcProvider-eks-${color}`, configMapOf(color)],
      changed: ['aws_iam_role.Reader'],
      ways: ['arn:aws:iam::123456789012:role/reader', 'arn:aws:iam::123456789012:role/target'],
    },
    'AwsChainedRole after an AwsPodIdentityRole': {
      identity: (stack, trusts) => new AwsChainedRole(stack, 'Target', { source: new AwsPodIdentityRole(stack, 'Reader', { trusts, roleName: 'reader' }), roleName: 'target' }),
      own: color => [`aws_eks_pod_identity_association.Reader_Association_eks-${color}_reports_reader`],
      changed: ['aws_iam_role.Reader', 'aws_iam_role.Target'],
      ways: ['arn:aws:iam::123456789012:role/target', 'aws_eks_pod_identity_association'],
    },
    'GcpFederatedServiceAccount': {
      identity: (stack, trusts) => new GcpFederatedServiceAccount(stack, 'Reader', { trusts, accountId: 'reports-reader' }),
      own: color => [...poolOf(color), `google_service_account_iam_member.Reader_Federated_eks-${color}_reports_reader`, configMapOf(color)],
      changed: [],
      ways: ['google_service_account_iam_member roles/iam.workloadIdentityUser'],
    },
    'GcpFederatedPrincipal': {
      identity: (stack, trusts) => {
        const principal = new GcpFederatedPrincipal(stack, 'Reader', { trusts, project: 'acme-data', projectRoles: ['roles/bigquery.jobUser'] });
        principal.grantBucketRead('acme-reports');
        return principal;
      },
      own: color => [
        ...poolOf(color), `google_project_iam_member.Reader_Project_bigquery_jobUser_Federated_eks-${color}_reports_reader`,
        `google_storage_bucket_iam_member.Reader_Bucket_acme-reports_storage_objectViewer_Federated_eks-${color}_reports_reader`, configMapOf(color),
      ],
      changed: [],
      ways: ['google_project_iam_member roles/bigquery.jobUser', 'google_storage_bucket_iam_member roles/storage.objectViewer'],
    },
    'AzureFederatedIdentity': {
      identity: (stack, trusts) => new AzureFederatedIdentity(stack, 'Reader', {
        trusts, identityName: 'reports-reader', resourceGroupName: 'acme', location: 'westeurope',
      }),
      own: color => [`azurerm_federated_identity_credential.Reader_Credential_eks-${color}_reports_reader`],
      changed: [],
      ways: ['azurerm_federated_identity_credential'],
    },
    'EntraFederatedApplication': {
      identity: (stack, trusts) => new EntraFederatedApplication(stack, 'Reader', { trusts, displayName: 'reports-reader' }),
      own: color => [`azuread_application_federated_identity_credential.Reader_Credential_eks-${color}_reports_reader`],
      changed: [],
      ways: ['azuread_application_federated_identity_credential'],
    },
  };

  /** One identity for the service account of these clusters, with a workload and a pod on each. */
  const app = ({ identity }: Kind, colors: readonly Color[], options: WorkloadOptions = {}) => synth(stack => {
    const trusts = colors.map(name => Cluster.eks({ name, issuer: `https://${hostOf(name)}` }).serviceAccount('reports', 'reader'));
    const reader = identity(stack, trusts);
    trusts.forEach((serviceAccount, index) => {
      const color = colors[index]!;
      const kubernetesProvider = new KubernetesProvider(stack, `K8s-${color}`, { alias: color });
      const workload = new Workload(stack, `Workload-${color}`, { serviceAccount, identities: [reader], kubernetesProvider, ...options });
      new PodV1(stack, `Pod-${color}`, {
        ...workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }), provider: kubernetesProvider,
      });
    });
  });
  const cluster = (color: Color) => [`kubernetes_pod_v1.Pod-${color}`, `kubernetes_service_account_v1.Workload-${color}`];
  const always = (steps: readonly Step[], color: Color) => [...new Set(steps.map(({ applied }) => waysIn(applied, color).join()))];

  test.each(Object.entries(KINDS))('%s lets the old cluster in until the new one is in, and changes nothing else', (_, kind) => {
    const [made, both, green] = [state(COLORS), app(kind, BOTH), app(kind, ['green'])];
    made.begin(app(kind, ['blue']));
    expect(BOTH.map(color => waysIn(made.applied, color))).toEqual([kind.ways, []]);

    const updated = kind.changed.length > 0 ? { update: kind.changed } : {};
    const coming = made.apply(both);
    expect(changed(coming.changes)).toEqual({ create: [...kind.own('green'), ...cluster('green')].sort(), ...updated });
    expect(always(coming.steps, 'blue')).toEqual([kind.ways.join()]);
    expect(waysIn(made.applied, 'green')).toEqual(kind.ways);
    expect(made.plan(both)).toEqual([]);

    const going = made.apply(green);
    expect(changed(going.changes)).toEqual({ delete: [...kind.own('blue'), ...cluster('blue')].sort(), ...updated });
    expect(always(going.steps, 'green')).toEqual([kind.ways.join()]);
    expect(BOTH.map(color => waysIn(made.applied, color))).toEqual([[], kind.ways]);
    expect(made.plan(green)).toEqual([]);
  });

  // What a principal may do is granted as late as anything that is granted: a client that is refused tries again.
  test.each(Object.entries(KINDS).filter(([name]) => name !== 'GcpFederatedPrincipal').flatMap(([name, kind]) => [
    [name, 'the ServiceAccount of the workload', false, kind], [name, 'one that exists already', true, kind],
  ] as const))('%s lets a pod of %s in before the pod is there, in whatever order Terraform goes', (_, __, existingServiceAccount, kind) => {
    const [made, stacks] = [state(COLORS), app(kind, BOTH, { existingServiceAccount })];
    made.begin(stacks);
    const ways = BOTH.map(color => {
      const before = waitedFor(stacks[0]!, `kubernetes_pod_v1.Pod-${color}`);
      return waysIn({ ...made.applied, resources: made.applied.resources.filter(({ address }) => before.has(address)) }, color);
    });
    expect(ways).toEqual([kind.ways, kind.ways]);
  });

  test('a role that is made to trust the new cluster in place of the old one, in one step, has a moment without either', () => {
    const made = state(COLORS);
    made.begin(app(KINDS.AwsFederatedRole!, ['blue']));
    const { steps } = made.apply(app(KINDS.AwsFederatedRole!, ['green']));
    // Terraform destroys what is no longer declared before it changes what referred to it: hence the step with both.
    expect(always(steps, 'blue').length + always(steps, 'green').length).toBeGreaterThan(2);
  });
});

describeOnTerraform('a stack that grows', () => {
  /** Service accounts of clusters, each with a federation of its own; declared in this order. */
  const NAMES = ['a', 'b', 'c'] as const;
  describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
    const app = (names: readonly string[], trusted: readonly ('eks' | 'gke')[] = ['eks'], accounts: readonly string[] = ['reader']) => synth(stack => {
      clusters.eks(stack);
      clusters.gke(stack);
      const trusts = trusted.flatMap(cluster => accounts.map(account => clusters[cluster](stack).serviceAccount('reports', account)));
      new AwsFederatedRole(stack, 'Shared', { trusts });
      new GcpFederatedServiceAccount(stack, 'SharedAccount', { trusts, accountId: 'reports-shared' });
      names.forEach(name => {
        const serviceAccount = clusters.eks(stack).serviceAccount('reports', name);
        const role = new AwsFederatedRole(stack, `Role-${name}`, { trusts: [serviceAccount] });
        role.grantBucketRead(`arn:aws:s3:::acme-${name}`);
        const account = new GcpFederatedServiceAccount(stack, `Account-${name}`, { trusts: [serviceAccount], accountId: `reports-${name}` });
        new Workload(stack, `Workload-${name}`, { serviceAccount, identities: [role, account] });
      });
    });
    const POOL_PROVIDER = 'google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-eks-apps_Provider';
    const federation = (name: string) => [
      `aws_iam_role.Role-${name}`, `aws_iam_role_policy.Role-${name}_InlinePolicy`, `google_service_account.Account-${name}`,
      `google_service_account_iam_member.Account-${name}_Federated_eks-apps_reports_${name}`, `kubernetes_config_map_v1.Workload-${name}_ConfigMap`,
      `kubernetes_service_account_v1.Workload-${name}`,
    ];

    /** What becomes of the first app when it becomes the second, by what is planned and what is done. */
    function change(from: Stack[], to: Stack[]) {
      const made = state();
      made.begin(from);
      const { changes, steps } = made.apply(to);
      const planned = changed(changes);
      const done = steps.map(({ action, address }) => `${action} ${readable(address)}`).sort();
      expect(done).toEqual(Object.entries(planned).flatMap(([action, all]) => all.map(address => `${action} ${address}`)).sort());
      expect(made.plan(to)).toEqual([]);
      return planned;
    }

    test('a federation more is its own resources, and a name in the pool\'s condition', () => {
      expect(change(app(['a', 'b']), app(['a', 'b', 'c']))).toEqual({ create: federation('c'), update: [POOL_PROVIDER] });
    });

    test('the federation that is declared first goes with its own resources, and a name in the pool\'s condition', () => {
      expect(change(app(NAMES), app(['b', 'c']))).toEqual({ delete: federation('a'), update: [POOL_PROVIDER] });
    });

    test('the order in which federations are declared has no meaning', () => {
      expect(change(app(NAMES), app([...NAMES].reverse()))).toEqual({});
    });

    test('a service account more of one identity is a member, a name in the trust and a name in the condition', () => {
      expect(change(app([]), app([], ['eks'], ['earlier', 'reader']))).toEqual({
        create: ['google_service_account_iam_member.SharedAccount_Federated_eks-apps_reports_earlier'], update: ['aws_iam_role.Shared', POOL_PROVIDER],
      });
    });

    test('a cluster more of one identity is its registration, a member and a statement', () => {
      expect(change(app([]), app([], ['eks', 'gke']))).toEqual({
        create: [
          'aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps',
          `google_service_account_iam_member.SharedAccount_Native_${clusters.gkeProjectLabel}_reports_reader`,
        ],
        update: ['aws_iam_role.Shared'],
      });
    });

    test('the cluster that was there first goes with its registrations and members', () => {
      expect(change(app([], ['eks', 'gke']), app([], ['gke']))).toEqual({
        delete: [
          'aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps', 'google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-apps',
          POOL_PROVIDER, 'google_service_account_iam_member.SharedAccount_Federated_eks-apps_reports_reader',
        ],
        update: ['aws_iam_role.Shared'],
      });
    });

    test('an immutable ConfigMap is there before a pod asks for it, and goes after the last one did', () => {
      const workload = (tokenLifetimeSeconds: number) => synth(stack => {
        const serviceAccount = clusters.eks(stack).serviceAccount('reports', 'reader');
        const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [serviceAccount], accountId: 'reports-reader', tokenLifetimeSeconds });
        const template = new Workload(stack, 'Workload', { serviceAccount, identities: [account], immutableConfigMap: true })
          .podTemplate({ metadata: { labels: { app: 'reader' } }, spec: { container: [{ name: 'main', image: 'reader:1' }] } });
        new DeploymentV1(stack, 'Deployment', { metadata: { name: 'reader' }, spec: { selector: { matchLabels: { app: 'reader' } }, template } });
      });
      const made = state();
      made.begin(workload(3600));
      const { changes, steps } = made.apply(workload(1800));
      expect(changed(changes)).toEqual({ replace: ['kubernetes_config_map_v1.Workload_ConfigMap'], update: ['kubernetes_deployment_v1.Deployment'] });
      expect(steps.map(({ action, address }) => `${action} ${readable(address)}`)).toEqual([
        'create kubernetes_config_map_v1.Workload_ConfigMap', 'update kubernetes_deployment_v1.Deployment', 'delete kubernetes_config_map_v1.Workload_ConfigMap',
      ]);
      const wanted = (applied: Applied) => ofType(applied, 'kubernetes_deployment_v1')[0]!.values.spec[0].template[0].spec[0].volume[0].projected[0].sources
        .flatMap((source: any) => source.config_map ?? []).map(({ name }: any) => name);
      const there = (applied: Applied) => ofType(applied, 'kubernetes_config_map_v1').map(({ values }) => values.metadata[0].name);
      steps.forEach(({ applied }) => expect(there(applied)).toEqual(expect.arrayContaining(wanted(applied))));
    });

    test('an identity more of a workload is its own resources, and how the workload is wired', () => {
      const workload = (clouds: number) => synth(stack => {
        const serviceAccount = clusters.eks(stack).serviceAccount('reports', 'reader');
        const role = new AwsFederatedRole(stack, 'Role', { trusts: [serviceAccount] });
        const identities = [role, ...clouds > 1 ? [new AzureFederatedIdentity(stack, 'Identity', {
          trusts: [serviceAccount], identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope',
        })] : []];
        const { metadata, spec } = new Workload(stack, 'Workload', { serviceAccount, identities })
          .podTemplate({ metadata: { labels: { app: 'reader' } }, spec: { container: [{ name: 'main', image: 'reader:1' }] } });
        new DeploymentV1(stack, 'Deployment', { metadata: { name: 'reader' }, spec: { selector: { matchLabels: { app: 'reader' } }, template: { metadata, spec } } });
      });
      expect(change(workload(1), workload(2))).toEqual({
        create: ['azurerm_federated_identity_credential.Identity_Credential_eks-apps_reports_reader', 'azurerm_user_assigned_identity.Identity'],
        update: ['kubernetes_deployment_v1.Deployment'],
      });
    });
  });
});

describeOnTerraform('every kind of identity', () => {
  interface Kind {
    readonly cluster: 'eks' | 'gke';
    readonly identity: (stack: TerraformStack, trusts: ServiceAccountSubject[]) => ICloudIdentity;
    /** What a service account brings with it, and takes away. */
    readonly own: (account: string, clusters: Clusters) => string[];
    /** What is written otherwise when a service account comes or goes. */
    readonly changed: string[];
    /** What else an identity of the service account `reader` is made of, with the registration of its cluster. */
    readonly made: string[];
    /** What of a workload and its pods is there for this identity alone, and what is written otherwise for it. */
    readonly wiring: { readonly created: string[]; readonly updated: string[] };
  }
  const POOL = 'google_iam_workload_identity_pool.ClusterWorkloadIdentityPool-eks-apps';
  const POOL_PROVIDER = 'google_iam_workload_identity_pool_provider.ClusterWorkloadIdentityPool-eks-apps_Provider';
  const OIDC_PROVIDER = 'aws_iam_openid_connect_provider.ClusterOidcProvider-eks-apps';
  const [ACCOUNT, CONFIG_MAP, DEPLOYMENT] = ['kubernetes_service_account_v1.Workload', 'kubernetes_config_map_v1.Workload_ConfigMap', 'kubernetes_deployment_v1.Deployment'];
  const association = (account: string) => [`aws_eks_pod_identity_association.Reader_Association_eks-apps_reports_${account}`];
  const azure = { identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope' };
  const KINDS: Record<string, Kind> = {
    'AwsFederatedRole': {
      cluster: 'eks',
      identity: (stack, trusts) => new AwsFederatedRole(stack, 'Reader', { trusts }),
      own: () => [],
      changed: ['aws_iam_role.Reader'],
      made: [OIDC_PROVIDER, 'aws_iam_role.Reader'],
      wiring: { created: [], updated: [ACCOUNT] },
    },
    'AwsPodIdentityRole': {
      cluster: 'eks',
      identity: (stack, trusts) => new AwsPodIdentityRole(stack, 'Reader', { trusts }),
      own: association,
      changed: ['aws_iam_role.Reader'],
      made: ['aws_iam_role.Reader'],
      wiring: { created: [], updated: [] },
    },
    'AwsChainedRole after an AwsFederatedRole': {
      cluster: 'eks',
      identity: (stack, trusts) => new AwsChainedRole(stack, 'Target', { source: new AwsFederatedRole(stack, 'Reader', { trusts }) }),
      own: () => [],
      changed: ['aws_iam_role.Reader'],
      made: [OIDC_PROVIDER, 'aws_iam_role.Reader', 'aws_iam_role.Target', 'aws_iam_role_policy.Reader_InlinePolicy'],
      wiring: { created: [CONFIG_MAP], updated: [DEPLOYMENT] },
    },
    'AwsChainedRole after an AwsPodIdentityRole': {
      cluster: 'eks',
      identity: (stack, trusts) => new AwsChainedRole(stack, 'Target', { source: new AwsPodIdentityRole(stack, 'Reader', { trusts }) }),
      own: association,
      changed: ['aws_iam_role.Reader', 'aws_iam_role.Target'],
      made: ['aws_iam_role.Reader', 'aws_iam_role.Target', 'aws_iam_role_policy.Reader_InlinePolicy'],
      wiring: { created: [], updated: [] },
    },
    'AwsRoleViaGoogle': {
      cluster: 'gke',
      identity: (stack, trusts) => new AwsRoleViaGoogle(stack, 'Via', {
        googleServiceAccount: new GcpFederatedServiceAccount(stack, 'Reader', { trusts, accountId: 'reports-reader' }), idTokenSource: GoogleIdTokenSource.metadataServer({ image: 'gtoken:1.0' }),
      }),
      own: (account, { gkeProjectLabel }) => [`google_service_account_iam_member.Reader_Native_${gkeProjectLabel}_reports_${account}`],
      changed: [],
      made: ['aws_iam_role.Via_Role', 'google_service_account.Reader'],
      wiring: { created: [], updated: [DEPLOYMENT, ACCOUNT] },
    },
    'GcpFederatedServiceAccount': {
      cluster: 'eks',
      identity: (stack, trusts) => new GcpFederatedServiceAccount(stack, 'Reader', { trusts, accountId: 'reports-reader' }),
      own: account => [`google_service_account_iam_member.Reader_Federated_eks-apps_reports_${account}`],
      changed: [POOL_PROVIDER],
      made: [POOL, POOL_PROVIDER, 'google_service_account.Reader'],
      wiring: { created: [CONFIG_MAP], updated: [DEPLOYMENT] },
    },
    'GcpFederatedServiceAccount in Google\'s own pool': {
      cluster: 'gke',
      identity: (stack, trusts) => new GcpFederatedServiceAccount(stack, 'Reader', { trusts, accountId: 'reports-reader' }),
      own: (account, { gkeProjectLabel }) => [`google_service_account_iam_member.Reader_Native_${gkeProjectLabel}_reports_${account}`],
      changed: [],
      made: ['google_service_account.Reader'],
      wiring: { created: [], updated: [ACCOUNT] },
    },
    'GcpFederatedPrincipal': {
      cluster: 'eks',
      identity: (stack, trusts) => {
        const principal = new GcpFederatedPrincipal(stack, 'Reader', { trusts });
        principal.grantBucketRead('acme-reports');
        return principal;
      },
      own: account => [`google_storage_bucket_iam_member.Reader_Bucket_acme-reports_storage_objectViewer_Federated_eks-apps_reports_${account}`],
      changed: [POOL_PROVIDER],
      made: [POOL, POOL_PROVIDER],
      wiring: { created: [CONFIG_MAP], updated: [DEPLOYMENT] },
    },
    'AzureFederatedIdentity': {
      cluster: 'eks',
      identity: (stack, trusts) => new AzureFederatedIdentity(stack, 'Reader', { trusts, ...azure }),
      own: account => [`azurerm_federated_identity_credential.Reader_Credential_eks-apps_reports_${account}`],
      changed: [],
      made: ['azurerm_user_assigned_identity.Reader'],
      wiring: { created: [], updated: [DEPLOYMENT] },
    },
    'EntraFederatedApplication': {
      cluster: 'eks',
      identity: (stack, trusts) => new EntraFederatedApplication(stack, 'Reader', { trusts, displayName: 'reports-reader' }),
      own: account => [`azuread_application_federated_identity_credential.Reader_Credential_eks-apps_reports_${account}`],
      changed: [],
      made: ['azuread_application.Reader', 'azuread_service_principal.Reader_ServicePrincipal'],
      wiring: { created: [], updated: [DEPLOYMENT] },
    },
  };
  const updates = (addresses: readonly string[]) => addresses.length > 0 ? { update: [...addresses].sort() } : {};

  describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
    const app = ({ cluster, identity }: Kind, accounts: readonly string[]) =>
      synth(stack => identity(stack, accounts.map(account => clusters[cluster](stack).serviceAccount('reports', account))));

    // The first that is declared is neither the first nor the last by name.
    test.each(Object.entries(KINDS))('%s: a service account comes, and the one that was declared first goes, with what is its own', (_name, kind) => {
      const made = state();
      made.begin(app(kind, ['reader', 'auditor']));
      const [more, fewer] = [app(kind, ['reader', 'auditor', 'writer']), app(kind, ['auditor', 'writer'])];
      const created = kind.own('writer', clusters);
      expect(changed(made.apply(more).changes)).toEqual({ ...created.length > 0 && { create: created }, ...updates(kind.changed) });
      const deleted = kind.own('reader', clusters);
      expect(changed(made.apply(fewer).changes)).toEqual({ ...deleted.length > 0 && { delete: deleted }, ...updates(kind.changed) });
      expect(made.plan(fewer)).toEqual([]);
    });
  });

  const [[, literal]] = LITERAL_AND_TOKENS as [[string, Clusters]];

  // A second identity of another cloud, which stays.
  test.each(Object.entries(KINDS))('%s: an identity of a workload goes, and comes again, with its own and how the workload is wired', (name, kind) => {
    const app = (identities: 1 | 2) => synth(stack => {
      const serviceAccount = literal[kind.cluster](stack).serviceAccount('reports', 'reader');
      const others: ICloudIdentity = /^(?:Azure|Entra)/.test(name) ? new AwsFederatedRole(stack, 'Other', { trusts: [serviceAccount] })
        : new AzureFederatedIdentity(stack, 'Other', { trusts: [serviceAccount], ...azure });
      const all = identities === 1 ? [others] : [kind.identity(stack, [serviceAccount]), others];
      const { metadata, spec } = new Workload(stack, 'Workload', { serviceAccount, identities: all })
        .podTemplate({ metadata: { labels: { app: 'reader' } }, spec: { container: [{ name: 'main', image: 'reader:1' }] } });
      new DeploymentV1(stack, 'Deployment', { metadata: { name: 'reader' }, spec: { selector: { matchLabels: { app: 'reader' } }, template: { metadata, spec } } });
    });
    const made = state();
    const [one, two] = [app(1), app(2)];
    made.begin(two);
    const own = [...kind.made, ...kind.own('reader', literal), ...kind.wiring.created].sort();
    expect(changed(made.apply(one).changes)).toEqual({ delete: own, ...updates(kind.wiring.updated) });
    expect(changed(made.apply(two).changes)).toEqual({ create: own, ...updates(kind.wiring.updated) });
    expect(made.plan(two)).toEqual([]);
  });

  test('what the files of a workload say rolls its pods', () => {
    const app = (tokenLifetimeSeconds: number) => synth(stack => {
      const serviceAccount = literal.eks(stack).serviceAccount('reports', 'reader');
      const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [serviceAccount], accountId: 'reports-reader', tokenLifetimeSeconds });
      const { metadata, spec } = new Workload(stack, 'Workload', { serviceAccount, identities: [account] })
        .podTemplate({ metadata: { labels: { app: 'reader' } }, spec: { container: [{ name: 'main', image: 'reader:1' }] } });
      new DeploymentV1(stack, 'Deployment', { metadata: { name: 'reader' }, spec: { selector: { matchLabels: { app: 'reader' } }, template: { metadata, spec } } });
    });
    const made = state();
    made.begin(app(3600));
    expect(changed(made.plan(app(1800)))).toEqual({ update: [CONFIG_MAP, DEPLOYMENT] });
  });
});

describeOnTerraform('the documents of an issuer whose keys are rotated', () => {
  const [OLD, NEW] = ['current', 'next'].map(name => readFileSync(join(EXAMPLES, 'self-hosted', 'keys', `${name}.pub`), 'utf8')) as [string, string];
  const HOSTS = {
    s3: (stack: TerraformStack, publicKeys: string[]) => new S3HostedIssuer(stack, 'Issuer', { bucketName: 'acme-oidc', region: 'eu-west-1', publicKeys }),
    gcs: (stack: TerraformStack, publicKeys: string[]) => new GcsHostedIssuer(stack, 'Issuer', { bucketName: 'acme-oidc', location: 'EU', publicKeys }),
    blob: (stack: TerraformStack, publicKeys: string[]) => new AzureBlobHostedIssuer(stack, 'Issuer', {
      storageAccountName: 'acmeoidc', resourceGroupName: 'acme', location: 'westeurope', publicKeys,
    }),
  };
  const app = (host: keyof typeof HOSTS, publicKeys: string[]) => synth(stack => HOSTS[host](stack, publicKeys));
  const published = (applied: Applied) => applied.resources.map(({ values }) => values.content ?? values.source_content)
    .filter(content => content?.startsWith('{"keys"')).map(content => JSON.parse(content).keys.length);

  test.each([['s3', 'aws_s3_object.Issuer_Jwks'], ['gcs', 'google_storage_bucket_object.Issuer_Jwks']] as const)('are written anew in place on %s', (host, address) => {
    const made = state();
    made.begin(app(host, [OLD]));
    const { changes, steps } = made.apply(app(host, [OLD, NEW]));
    expect(said(changes)).toEqual({ update: [address] });
    expect(steps.map(({ applied }) => published(applied))).toEqual([[2]]);
    expect(said(made.plan(app(host, [NEW])))).toEqual({ update: [address] });
  });

  // The provider replaces a blob for its content, and refuses to create one that is there.
  // https://registry.terraform.io/providers/hashicorp/azurerm/4.55.0/docs/resources/storage_blob
  test('are away for a moment on Azure', () => {
    const made = state();
    made.begin(app('blob', [OLD]));
    const { changes, steps } = made.apply(app('blob', [OLD, NEW]));
    expect(said(changes)).toEqual({ replace: ['azurerm_storage_blob.Issuer_Jwks'] });
    expect(steps.map(({ applied }) => published(applied))).toEqual([[], [2]]);
  });
});

const EXAMPLE_NAMES = readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name);

describeOnTerraform('from cdktf to cdktn', () => {
  /** What an example synthesizes when every module that asks for cdktf gets cdktn. */
  function exampleOnCdktn(name: string): Stack[] {
    jest.doMock('cdktf', () => jest.requireActual('cdktn'));
    try {
      return exampleStacks(name);
    } finally {
      jest.dontMock('cdktf');
    }
  }

  test.each(EXAMPLE_NAMES)('example %s: there is nothing to change', name => {
    const [before, after] = [exampleStacks(name), exampleOnCdktn(name)];
    expect(versions(after)).toEqual([cdktn]);
    const made = state();
    made.begin(before);
    expect(made.plan(after)).toEqual([]);
  });

  const { version: cdktn } = jest.requireActual<{ readonly version: string }>('cdktn/package.json');
  const versions = (stacks: readonly Stack[]) => [...new Set(stacks.map(({ json }) => json['//'].metadata.version))];
});

describeOnTerraform('the migration from Google\'s issuer to the cluster\'s own', () => {
  type Done = 0 | 1 | 2 | 3;
  const after = (done: Done): Stack[] => {
    process.env.MIGRATION_STEP = String(done);
    try {
      return exampleStacks('migration');
    } finally {
      delete process.env.MIGRATION_STEP;
    }
  };
  const GKE_HOST = 'container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps';

  /** By which way each workload's pods go to AWS as they are wired, and whether it is open. */
  function open(applied: Applied): Record<string, readonly [string, boolean]> {
    const [role] = ofType(applied, 'aws_iam_role');
    const statements: any[] = JSON.parse(role!.values.assume_role_policy).Statement;
    const values = (type: string) => ofType(applied, type).map(resource => resource.values);
    return Object.fromEntries(values('kubernetes_deployment_v1').map(({ metadata: [{ name }], spec: [{ template: [{ spec: [{ container }] }] }] }) => {
      if (container[0].env?.some((variable: any) => variable.name === 'AWS_ROLE_ARN')) {
        return [name, ['cluster', values('aws_iam_openid_connect_provider').some(({ arn }) => statements.some(({ Principal: principal, Condition: condition }) =>
          principal.Federated === arn && condition.StringEquals[`${GKE_HOST}:sub`].includes(`system:serviceaccount:reports:${name}`)))]];
      }
      return [name, ['Google', values('google_service_account').some(account =>
        statements.some(({ Principal: principal, Condition: { StringEquals: claims } }) => principal.Federated === 'accounts.google.com'
          && claims['accounts.google.com:sub'] === account.unique_id && claims['accounts.google.com:aud'] === account.unique_id)
        && values('google_service_account_iam_member').some(({ service_account_id: on, member, role: may }) =>
          on === account.name && may === 'roles/iam.workloadIdentityUser' && member === `serviceAccount:acme-apps.svc.id.goog[reports/${name}]`))]];
    }));
  }

  test('each step changes what it says and nothing else, and every workload\'s way is open after every single change', () => {
    const made = state();
    made.begin(after(0));
    expect(open(made.applied)).toEqual({ uploads: ['Google', true], archive: ['Google', true] });
    const expected = [
      {
        changes: {
          create: ['aws_iam_openid_connect_provider.ClusterOidcProvider-gke-apps'],
          update: ['aws_iam_role.Role', 'kubernetes_deployment_v1.uploads-deployment', 'kubernetes_service_account_v1.Uploads'],
        },
        ways: { uploads: ['cluster', true], archive: ['Google', true] },
      },
      {
        changes: { update: ['kubernetes_deployment_v1.archive-deployment', 'kubernetes_service_account_v1.Archive'] },
        ways: { uploads: ['cluster', true], archive: ['cluster', true] },
      },
      {
        changes: {
          update: ['aws_iam_role.Role'],
          delete: [
            'google_service_account.Account', 'google_service_account_iam_member.Account_Native_acme-apps_reports_archive',
            'google_service_account_iam_member.Account_Native_acme-apps_reports_uploads', 'google_service_account_iam_member.ViaGoogle_TokenCreator',
          ],
        },
        ways: { uploads: ['cluster', true], archive: ['cluster', true] },
      },
    ];
    expected.forEach(({ changes, ways }, index) => {
      const done = made.apply(after(index + 1 as Done));
      expect(changed(done.changes)).toEqual(changes);
      expect(done.steps.flatMap(({ applied }) => Object.values(open(applied))).filter(([, isOpen]) => !isOpen)).toEqual([]);
      expect(open(made.applied)).toEqual(ways);
      expect(made.plan(after(index + 1 as Done))).toEqual([]);
    });
  });

  test('taken back, step by step, it is as it was', () => {
    const made = state();
    made.begin(after(0));
    const before = made.applied;
    made.begin(after(1));
    made.begin(after(0));
    expect(made.applied).toEqual(before);
  });
});

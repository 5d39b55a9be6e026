import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { App } from 'cdktf';
import { AwsFederatedRole, Cluster } from 'cdktf-workload-federation';
import { CONFIG, env, PROVIDER } from './resources';
import { check, explainRefusals, explainToken, kubernetesToken, makeReport, readModel, readRefusal } from '../../../lib/trust';
import { issuersAmong } from '../../../lib/trust/kubernetes/clusters';
import { Model } from '../../../lib/trust/read';
import { show, text, TextValue, Unknown } from '../../../lib/trust/value';
import { stackIn } from '../../synth';
import { modelOf, synthesized } from '../explain/world';

type Json = Record<string, any>;

const [APPS, OTHER] = ['APPS', 'OTHER'].map(id => `https://oidc.eks.eu-west-1.amazonaws.com/id/${id}`) as [string, string];
const GKE = 'https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/apps';
const AKS = 'https://westeurope.oic.prod-aks.azure.com/tenant/apps/';
const ACCOUNT = '111122223333';

const policy = (issuer: string, sub = 'system:serviceaccount:reports:reader') => JSON.stringify({
  Version: '2012-10-17',
  Statement: [{
    Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/${issuer.slice(8)}` },
    Condition: { StringEquals: { [`${issuer.slice(8)}:aud`]: 'sts.amazonaws.com', [`${issuer.slice(8)}:sub`]: sub } },
  }],
});
const eks = (name: string, issuer?: string): Json => ({ name, ...issuer !== undefined && { identity: [{ oidc: [{ issuer }] }] } });
const account = (role: string | undefined, more: Json = {}) => ({
  metadata: { name: 'reader', namespace: 'reports', ...role !== undefined && { annotations: { 'eks.amazonaws.com/role-arn': role } } }, ...more,
});
const pod = (more: Json = {}) => ({
  metadata: { name: 'reader', namespace: 'reports' }, spec: { service_account_name: 'reader', container: [{ name: 'main' }] }, ...more,
});

/** A stack with two clusters, a role for the service account of each, and a workload that is annotated with one of them. */
function stack(kubernetes: Json | readonly Json[] | undefined, role = '${aws_iam_role.Apps.arn}', resource: Json = {}): Json {
  return {
    provider: { aws: [{ region: 'eu-west-1', allowed_account_ids: [ACCOUNT] }], google: [{ project: 'acme' }], ...kubernetes !== undefined && { kubernetes } },
    data: { aws_eks_cluster: { Found: eks('found', APPS) }, aws_eks_cluster_auth: { Found: { name: 'found' } } },
    resource: {
      aws_eks_cluster: { Apps: eks('apps', APPS), Other: eks('other', OTHER) },
      google_container_cluster: { Gke: { name: 'apps', location: 'europe-west1' } },
      azurerm_kubernetes_cluster: { Aks: { name: 'apps', oidc_issuer_url: AKS } },
      aws_iam_openid_connect_provider: { Apps: { url: APPS, client_id_list: ['sts.amazonaws.com'] }, Other: { url: OTHER, client_id_list: ['sts.amazonaws.com'] } },
      aws_iam_role: { Apps: { name: 'apps', assume_role_policy: policy(APPS) }, Other: { name: 'other', assume_role_policy: policy(OTHER) } },
      kubernetes_service_account_v1: { Reader: account(role) },
      kubernetes_pod_v1: { Reader: pod() },
      ...resource,
    },
  };
}

const read = (json: Json): Model => readModel([{ file: 'cdk.tf.json', stack: 'apps', json }]);
const issuers = (json: Json) => read(json).workloads.map(({ issuers: said }) => said?.map(({ issuer, where }) => `${show(issuer)} by ${where.address}`));
const TOKEN = kubernetesToken({ namespace: 'reports', serviceAccount: 'reader' });
const explained = (model: Model, to: string) => {
  const { outcome, answers: [first] } = explainToken(model, TOKEN, { to });
  const { gate, where, remedy } = first?.first ?? {};
  return { outcome, gate, at: where?.address, remedy, iss: (first?.claims as Json | undefined)?.iss };
};
const findings = (model: Model) => check(model).findings.filter(({ rule }) => /wiring|two-issuers/.test(rule))
  .map(({ level, rule, where, message }) => [level, rule, where.address, message]);
const exec = (...args: readonly string[]) => ({ host: 'https://elsewhere.example', exec: [{ api_version: 'client.authentication.k8s.io/v1beta1', command: 'aws', args }] });

describe('the cluster of a provider is known', () => {
  test.each<[string, Json, string]>([
    ['by the endpoint of a cluster of EKS', { host: '${aws_eks_cluster.Apps.endpoint}' }, `${APPS} by aws_eks_cluster.Apps`],
    ['by that of one that is looked up', { host: '${data.aws_eks_cluster.Found.endpoint}' }, `${APPS} by data.aws_eks_cluster.Found`],
    ['by its certificate', { host: '${var.host}', cluster_ca_certificate: '${base64decode(aws_eks_cluster.Apps.certificate_authority[0].data)}' }, `${APPS} by aws_eks_cluster.Apps`],
    ['by the name that the command is told', exec('eks', 'get-token', '--cluster-name', '${aws_eks_cluster.Apps.name}'), `${APPS} by aws_eks_cluster.Apps`],
    ['by a literal name', exec('--region', 'eu-west-1', 'eks', 'get-token', '--cluster-name', 'other', '--output', 'json'), `${OTHER} by aws_eks_cluster.Other`],
    ['by a token that is looked up', { token: '${data.aws_eks_cluster_auth.Found.token}' }, `${APPS} by data.aws_eks_cluster.Found`],
    ['by the context that is named after the cluster', { config_path: '~/.kube/config', config_context: '${aws_eks_cluster.Apps.arn}' }, `${APPS} by aws_eks_cluster.Apps`],
    ['by the same as a text', { config_context: `arn:aws:eks:eu-west-1:${ACCOUNT}:cluster/other` }, `${OTHER} by aws_eks_cluster.Other`],
    ['by the endpoint of a cluster of GKE', { host: 'https://${google_container_cluster.Gke.endpoint}' }, `${GKE} by google_container_cluster.Gke`],
    ['by the certificate of one', { cluster_ca_certificate: '${base64decode(google_container_cluster.Gke.master_auth.0.cluster_ca_certificate)}' }, `${GKE} by google_container_cluster.Gke`],
    ['by the context that gcloud makes', { config_context: 'gke_acme_europe-west1_apps' }, `${GKE} by google_container_cluster.Gke`],
    ['by the host of a cluster of AKS', { host: '${azurerm_kubernetes_cluster.Aks.kube_config.0.host}' }, `${AKS} by azurerm_kubernetes_cluster.Aks`],
    ['by that of its administrators', { host: '${azurerm_kubernetes_cluster.Aks.kube_admin_config[0].host}' }, `${AKS} by azurerm_kubernetes_cluster.Aks`],
  ])('%s', (_, kubernetes, issuer) => expect(issuers(stack([kubernetes]))).toEqual([[issuer]]));

  test('by an issuer that only Terraform knows', () => {
    const json = stack([{ host: '${aws_eks_cluster.Apps.endpoint}' }], undefined, { aws_eks_cluster: { Apps: eks('apps') } });
    expect(issuers(json)).toEqual([['${aws_eks_cluster.Apps.identity.0.oidc.0.issuer} by aws_eks_cluster.Apps']]);
  });

  test('of the workloads of each alias, by the provider that they name', () => {
    const resource = {
      kubernetes_service_account_v1: { Reader: account(undefined, { provider: 'kubernetes.other' }), First: { metadata: { name: 'first' } } }, kubernetes_pod_v1: {},
    };
    expect(issuers(stack([{ host: '${aws_eks_cluster.Apps.endpoint}' }, { alias: 'other', host: '${aws_eks_cluster.Other.endpoint}' }], undefined, resource)))
      .toEqual([[`${OTHER} by aws_eks_cluster.Other`], [`${APPS} by aws_eks_cluster.Apps`]]);
  });

  test('in a plan, by the endpoint that it refers to', () => {
    const row = (type: string, name: string, values: Json, mode = 'managed') => ({ address: `${mode === 'data' ? 'data.' : ''}${type}.${name}`, mode, type, name, values });
    const config = (address: string, key: string) => ({ address, provider_config_key: key, expressions: {} });
    const plan = (references: readonly string[], provider = 'kubernetes') => ({
      format_version: '1.2', terraform_version: '1.9.0',
      planned_values: { root_module: { resources: [row('aws_eks_cluster', 'Apps', { ...eks('apps', APPS), endpoint: 'https://apps.example' }), row('kubernetes_service_account_v1', 'Reader', { metadata: [{ name: 'reader' }] })] } },
      configuration: {
        provider_config: { aws: { name: 'aws' }, [provider]: { name: 'kubernetes', expressions: { host: { references } } } },
        root_module: { resources: [config('aws_eks_cluster.Apps', 'aws'), config('kubernetes_service_account_v1.Reader', provider)] },
      },
    });
    expect(issuers(plan(['aws_eks_cluster.Apps.endpoint', 'aws_eks_cluster.Apps']))).toEqual([[`${APPS} by aws_eks_cluster.Apps`]]);
    expect(issuers(plan(['aws_eks_cluster.Apps.endpoint', 'aws_eks_cluster.Apps'], 'kubernetes.apps'))).toEqual([[`${APPS} by aws_eks_cluster.Apps`]]);
    expect(issuers(plan(['var.host']))).toEqual([undefined]);
    expect(issuers(plan(['aws_eks_cluster.Apps.endpoint', 'aws_eks_cluster.Apps', 'var.host']))).toEqual([undefined]);
  });
});

describe('the cluster of a provider is not known', () => {
  test.each<[string, Json | undefined]>([
    ['where the provider is not configured', undefined], ['where it is told a literal host', { host: 'https://10.0.0.1' }], ['by a context of any name', { config_context: 'apps' }],
    ['by another attribute', { host: '${aws_eks_cluster.Apps.name}' }], ['by one of two', { host: '${var.first ? aws_eks_cluster.Apps.endpoint : aws_eks_cluster.Other.endpoint}' }],
    ['by a cluster that the input does not have', { host: '${aws_eks_cluster.Gone.endpoint}' }], ['by the name of one', exec('eks', 'get-token', '--cluster-name', 'gone')],
    ['by a command without a name', exec('eks', 'get-token', '--cluster-name')], ['by a token that is written out', { token: 'found' }], ['by nothing', {}],
  ])('%s', (_, kubernetes) => {
    expect(issuers(stack(kubernetes === undefined ? undefined : [kubernetes]))).toEqual([undefined]);
  });

  test('by a name that two clusters have', () => {
    const clusters = { aws_eks_cluster: { Apps: eks('apps', APPS), Other: eks('apps', OTHER) } };
    expect(issuers(stack([exec('--cluster-name', 'apps')], undefined, clusters))).toEqual([undefined]);
  });

  test('of another provider than Kubernetes\' own', () => {
    const json = stack(undefined);
    json.provider.kubectl = [{ host: '${aws_eks_cluster.Apps.endpoint}' }];
    expect(issuers(json)).toEqual([undefined]);
  });
});

describe('an annotation with a role of another cluster', () => {
  const model = read(stack([{ host: '${aws_eks_cluster.Apps.endpoint}' }], '${aws_iam_role.Other.arn}'));

  test('is refused, at the gate and with the remedy of the role', () => {
    expect(explained(model, 'aws_iam_role.Other')).toEqual({
      outcome: 'refused', gate: 'aws-principal', at: 'aws_iam_role.Other', iss: APPS, remedy: expect.stringContaining('set annotation eks.amazonaws.com/role-arn of kubernetes_service_account_v1.Reader to the name of aws_iam_role.Apps'),
    });
  });

  test('is the first answer to what AWS said', () => {
    const said = readRefusal('An error occurred (AccessDenied) when calling the AssumeRoleWithWebIdentity operation: Not authorized to perform sts:AssumeRoleWithWebIdentity');
    const { outcome, answers: [first] } = explainRefusals(model, said);
    expect({ outcome, gate: first?.first?.gate, at: first?.first?.where.address, by: first?.presentedBy?.address }).toEqual({
      outcome: 'refused', gate: 'aws-principal', at: 'aws_iam_role.Other', by: 'kubernetes_pod_v1.Reader',
    });
  });

  test('is found by check', () => {
    expect(findings(model)).toEqual([['error', 'wiring-not-trusted', 'kubernetes_pod_v1.Reader', expect.stringContaining(`the pods of reports/reader present a token for sts.amazonaws.com to arn:aws:iam::${ACCOUNT}:role/other, which never takes it`)]]);
  });

  test('is as before where the cluster is not known, and right where it is the role\'s', () => {
    for (const json of [stack([{ host: '${var.host}' }], '${aws_iam_role.Other.arn}'), stack([{ host: '${aws_eks_cluster.Other.endpoint}' }], '${aws_iam_role.Other.arn}')]) {
      expect(explained(read(json), 'aws_iam_role.Other')).toMatchObject({ outcome: 'accepted', iss: OTHER });
      expect(findings(read(json))).toEqual([]);
    }
  });

  test('is not said of a cluster whose issuer may be the same', () => {
    const unknown = read(stack([{ host: '${aws_eks_cluster.Apps.endpoint}' }], '${aws_iam_role.Other.arn}', { aws_eks_cluster: { Apps: eks('apps') } }));
    expect(findings(unknown)).toEqual([]);
  });

  test('leaves the workload out of what the other cluster\'s may become', () => {
    const { rows } = makeReport(model);
    expect(rows.map(({ issuer, workloads }) => [issuer, workloads])).toEqual([[APPS, [0]], [OTHER, []]]);
  });

  test('is another workload where a token of the other cluster is asked about', () => {
    const { outcome, answers: [first] } = explainToken(model, kubernetesToken({ namespace: 'reports', serviceAccount: 'reader', issuer: OTHER, audience: 'sts.amazonaws.com' }));
    expect({ outcome, by: first?.presentedBy, at: first?.identity.where.address }).toEqual({ outcome: 'accepted', by: null, at: 'aws_iam_role.Other' });
  });

  test('is refused in what cdktf synthesizes, with clusters that are looked up', () => {
    const build = (wrong: boolean) => synthesized((app: App) => {
      const scope = stackIn(app, 'apps');
      const found = ['apps', 'other'].map(name => new DataAwsEksCluster(scope, name, { name }));
      const [apps, other] = [APPS, OTHER].map((issuer, index) => Cluster.eks({ id: `c${index}`, name: `c${index}`, issuer })) as [Cluster, Cluster];
      const roles = [apps, other].map((cluster, index) => new AwsFederatedRole(scope, `Role${index}`, { trusts: [cluster.serviceAccount('reports', 'reader')], roleName: `role${index}` }));
      const provider = new KubernetesProvider(scope, 'Apps', { alias: 'apps', host: found[0]!.endpoint, token: 'x' });
      new ServiceAccountV1(scope, 'Reader', {
        provider, metadata: { name: 'reader', namespace: 'reports', annotations: { 'eks.amazonaws.com/role-arn': roles[wrong ? 1 : 0]!.roleArn } },
      });
      new PodV1(scope, 'Pod', { provider, metadata: { name: 'reader', namespace: 'reports' }, spec: { serviceAccountName: 'reader', container: [{ name: 'main', image: 'x:1' }] } });
    });
    const stacks = build(true);
    stacks.apps.data.aws_eks_cluster.apps.identity = [{ oidc: [{ issuer: APPS }] }];
    expect(explained(modelOf(stacks), 'aws_iam_role.Role1')).toMatchObject({ outcome: 'refused', gate: 'aws-principal', iss: APPS });
    const right = build(false);
    right.apps.data.aws_eks_cluster.apps.identity = [{ oidc: [{ issuer: APPS }] }];
    expect(explained(modelOf(right), 'aws_iam_role.Role0')).toMatchObject({ outcome: 'accepted', iss: APPS });
  });
});

describe('annotations of the other clouds', () => {
  test('of Azure are compared with the issuer too', () => {
    const identity = (issuer: string) => stack([{ host: '${azurerm_kubernetes_cluster.Aks.kube_config[0].host}' }], undefined, {
      azurerm_user_assigned_identity: { Reader: { name: 'reader', resource_group_name: 'rg', location: 'westeurope' } },
      azurerm_federated_identity_credential: {
        Reader: { name: 'r', parent_id: '${azurerm_user_assigned_identity.Reader.id}', issuer, subject: 'system:serviceaccount:reports:reader', audience: ['api://AzureADTokenExchange'] },
      },
      kubernetes_service_account_v1: { Reader: { metadata: { name: 'reader', namespace: 'reports', annotations: { 'azure.workload.identity/client-id': '${azurerm_user_assigned_identity.Reader.client_id}' } } } },
      kubernetes_pod_v1: { Reader: pod({ metadata: { name: 'reader', namespace: 'reports', labels: { 'azure.workload.identity/use': 'true' } } }) },
    });
    expect(explained(read(identity(AKS)), 'azurerm_user_assigned_identity')).toMatchObject({ outcome: 'accepted', iss: AKS });
    expect(explained(read(identity('https://westeurope.oic.prod-aks.azure.com/tenant/other/')), 'azurerm_user_assigned_identity')).toMatchObject({ outcome: 'refused', gate: 'azure-issuer', iss: AKS });
  });

  test('of GKE are tried with the pool of the cluster\'s project', () => {
    const native = (host: string, project: string) => stack([{ host }], undefined, {
      google_service_account: { Reader: { account_id: 'reader' } },
      google_service_account_iam_member: {
        Reader: { service_account_id: '${google_service_account.Reader.name}', role: 'roles/iam.workloadIdentityUser', member: `serviceAccount:${project}.svc.id.goog[reports/reader]` },
      },
      kubernetes_service_account_v1: { Reader: { metadata: { name: 'reader', namespace: 'reports', annotations: { 'iam.gke.io/gcp-service-account': '${google_service_account.Reader.email}' } } } },
    });
    const gke = 'https://${google_container_cluster.Gke.endpoint}';
    expect(explained(read(native(gke, 'acme')), 'google_service_account.Reader')).toMatchObject({ outcome: 'accepted', iss: GKE });
    expect(explained(read(native(gke, 'other')), 'google_service_account.Reader')).toMatchObject({ outcome: 'refused', iss: GKE });
    expect(explained(read(native('${aws_eks_cluster.Apps.endpoint}', 'acme')), 'google_service_account.Reader')).toMatchObject({ outcome: 'refused', iss: APPS });
  });
});

describe('wiring that names the issuer', () => {
  /** Workloads with a credential configuration for a provider of a pool, each of an issuer. */
  const wired = (kubernetes: Json, pools: Record<string, string>, role = '${aws_iam_role.Apps.arn}') => stack([kubernetes], role, {
    google_iam_workload_identity_pool_provider: Object.fromEntries(Object.entries(pools).map(([id, issuer]) => [id, {
      workload_identity_pool_id: id, workload_identity_pool_provider_id: id, name: PROVIDER.replaceAll('apps', id), attribute_mapping: { 'google.subject': 'assertion.sub' }, oidc: [{ issuer_uri: issuer }],
    }])),
    kubernetes_config_map_v1: Object.fromEntries(Object.keys(pools).map(id => [id, {
      metadata: { name: id, namespace: 'reports' },
      data: { 'gcp.json': JSON.stringify({ ...CONFIG, audience: CONFIG.audience.replaceAll('apps', id), credential_source: { file: '/tokens/token' } }) },
    }])),
    kubernetes_pod_v1: {
      Reader: pod(),
      ...Object.fromEntries(Object.keys(pools).map(id => [id, {
        metadata: { name: id, namespace: 'reports' },
        spec: {
          service_account_name: 'writer',
          container: [{ name: 'main', env: env({ GOOGLE_APPLICATION_CREDENTIALS: '/gcp/gcp.json', CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE: '/gcp/gcp.json' }), volume_mount: [{ name: 'gcp', mount_path: '/gcp' }, { name: 'token', mount_path: '/tokens' }] }],
          volume: [{ name: 'gcp', config_map: { name: id } }, { name: 'token', projected: [{ sources: [{ service_account_token: [{ path: 'token', audience: `https:${CONFIG.audience.replaceAll('apps', id)}` }] }] }] }],
        },
      }])),
    },
  });

  test('says it for all workloads of its provider', () => {
    const model = read(wired({ config_path: '~/.kube/config' }, { one: APPS }, '${aws_iam_role.Other.arn}'));
    expect(model.workloads.map(({ issuers: said }) => said?.map(({ issuer, where }) => `${show(issuer)} by ${where.address}`))).toEqual([[`${APPS} by kubernetes_pod_v1.one`], [`${APPS} by kubernetes_pod_v1.one`]]);
    expect(explained(model, 'aws_iam_role.Other')).toMatchObject({ outcome: 'refused', gate: 'aws-principal', iss: APPS });
    expect(findings(model).filter(([, , at]) => at === 'kubernetes_pod_v1.Reader')).toEqual([['error', 'wiring-not-trusted', 'kubernetes_pod_v1.Reader', expect.anything()]]);
  });

  test('says it by what Terraform calls it too', () => {
    const json = wired({ config_path: '~/.kube/config' }, { one: '${aws_eks_cluster.Apps.identity[0].oidc[0].issuer}', two: '${aws_eks_cluster.Other.identity[0].oidc[0].issuer}' });
    json.resource.aws_eks_cluster = { Apps: eks('apps'), Other: eks('other') };
    expect(findings(read(json)).map(([, rule, at]) => [rule, at])).toContainEqual(['cluster-of-two-issuers', 'kubernetes_pod_v1.two']);
  });

  test('that contradicts itself is a finding, and says nothing of who is right', () => {
    const model = read(wired({ config_path: '~/.kube/config' }, { one: APPS, two: OTHER }));
    expect(findings(model).filter(([, rule]) => rule === 'cluster-of-two-issuers')).toEqual([[
      'error', 'cluster-of-two-issuers', 'kubernetes_pod_v1.two',
      `workloads of one cluster are wired for tokens of ${APPS}, as kubernetes_pod_v1.one says, and of ${OTHER}, as kubernetes_pod_v1.two says: no cluster issues both`,
    ]]);
    expect(explained(model, 'aws_iam_role.Apps')).toMatchObject({ outcome: 'accepted' });
  });

  test('says less than the provider, whose cluster it must be', () => {
    const model = read(wired({ host: '${aws_eks_cluster.Apps.endpoint}' }, { one: OTHER }));
    expect(new Set(model.workloads.map(({ issuers: said }) => said?.map(({ issuer }) => issuer).join()))).toEqual(new Set([APPS]));
    expect(findings(model).filter(([, rule]) => rule === 'cluster-of-two-issuers')).toEqual([]);
  });

  test('says nothing where the input does not have the provider, as a state has none', () => {
    expect(issuers({ ...wired({}, { one: APPS }), provider: { google: [{ project: 'acme' }] } })).toEqual([undefined, undefined]);
  });

  test('of a provider that contradicts itself is a finding as well', () => {
    const json = stack([{ ...exec('eks', 'get-token', '--cluster-name', 'other'), host: '${aws_eks_cluster.Apps.endpoint}' }]);
    expect(issuers(json)).toEqual([[`${APPS} by aws_eks_cluster.Apps`, `${OTHER} by aws_eks_cluster.Other`]]);
    expect(findings(read(json)).map(([, rule]) => rule)).toEqual(['cluster-of-two-issuers']);
    const unknown = { ...json, resource: { ...json.resource, aws_eks_cluster: { Apps: eks('apps'), Other: eks('other') } } };
    expect(findings(read(unknown)).map(([, rule]) => rule)).toEqual(['cluster-of-two-issuers']);
  });
});

describe('clusters of one stack whose issuers only Terraform knows', () => {
  const issuer = (name: string) => `\${aws_eks_cluster.${name}.identity[0].oidc[0].issuer}`;
  const host = (name: string) => `\${replace(aws_eks_cluster.${name}.identity[0].oidc[0].issuer, "https://", "")}`;
  const trust = (name: string) => ({
    statement: [{
      actions: ['sts:AssumeRoleWithWebIdentity'], principals: [{ type: 'Federated', identifiers: [`\${aws_iam_openid_connect_provider.${name}.arn}`] }],
      condition: [
        { test: 'StringEquals', variable: `${host(name)}:aud`, values: ['sts.amazonaws.com'] },
        { test: 'StringEquals', variable: `${host(name)}:sub`, values: ['system:serviceaccount:reports:reader'] },
      ],
    }],
  });
  const tokens = (leadsTo: string, clusters: Json = { Apps: eks('apps'), Other: eks('other') }) => {
    const json = stack([{ host: `\${aws_eks_cluster.${leadsTo}.endpoint}` }], '${aws_iam_role.Other.arn}', {
      aws_eks_cluster: clusters,
      aws_iam_openid_connect_provider: Object.fromEntries(['Apps', 'Other'].map(name => [name, { url: issuer(name), client_id_list: ['sts.amazonaws.com'] }])),
      aws_iam_role: Object.fromEntries(['Apps', 'Other'].map(name => [name, { name: name.toLowerCase(), assume_role_policy: `\${data.aws_iam_policy_document.${name}.json}` }])),
    });
    json.data.aws_iam_policy_document = { Apps: trust('Apps'), Other: trust('Other') };
    return json;
  };
  const own = '${aws_eks_cluster.Apps.identity.0.oidc.0.issuer}';

  test('are not the same: an annotation with a role of the other one is refused and found', () => {
    const model = read(tokens('Apps'));
    expect(explained(model, 'aws_iam_role.Other')).toEqual({
      outcome: 'refused', gate: 'aws-principal', at: 'aws_iam_role.Other', iss: own, remedy: expect.stringContaining(`let aws_iam_role.Other trust ${own}, which aws_eks_cluster.Apps says`),
    });
    expect(findings(model)).toEqual([['error', 'wiring-not-trusted', 'kubernetes_pod_v1.Reader', expect.stringContaining('a token of ${aws_eks_cluster.Other.identity.0.oidc.0.issuer}')]]);
  });

  test('let in what is theirs', () => {
    const model = read(tokens('Other'));
    expect(explained(model, 'aws_iam_role.Other')).toMatchObject({ outcome: 'accepted' });
    expect(findings(model)).toEqual([]);
  });

  /** The same with the other cluster looked up by its name. */
  const lookedUp = (name: string) => {
    const json = tokens('Apps');
    json.resource.aws_eks_cluster = { Apps: eks('apps') };
    json.data.aws_eks_cluster = { Other: { name } };
    return read(JSON.parse(JSON.stringify(json).replaceAll('aws_eks_cluster.Other.', 'data.aws_eks_cluster.Other.')) as Json);
  };

  test('are not the same as one that is looked up by another name', () => {
    expect(explained(lookedUp('other'), 'aws_iam_role.Other')).toMatchObject({ outcome: 'refused', gate: 'aws-principal', iss: own });
    expect(findings(lookedUp('other'))).toHaveLength(1);
  });

  test.each(['apps', '${var.cluster}'])('may be the same as one that is looked up by the name %s', name => {
    expect(findings(lookedUp(name))).toEqual([]);
    expect(explained(lookedUp(name), 'aws_iam_role.Other').outcome).not.toBe('refused');
  });

  test('may be the same where two plans or configurations have them', () => {
    const [first, second] = [tokens('Apps', { Apps: eks('apps') }), { resource: { aws_eks_cluster: { Other: eks('apps') } } }];
    const model = readModel([{ file: 'a.tf.json', stack: 'apps', json: first }, { file: 'b.tf.json', stack: 'apps', json: second }]);
    expect(findings(model)).toEqual([]);
  });
});

test('of issuers, those are left that may be the known one', () => {
  const unknown = new Unknown('apps/var.issuer');
  const among = (issuer: TextValue, others: readonly TextValue[], isOther = () => false) =>
    issuersAmong({ issuers: [{ issuer, where: { address: 'a', file: 'f' }, isOther }] }, others);
  expect(issuersAmong({}, [APPS, OTHER])).toEqual([APPS, OTHER]);
  expect(among(APPS, [OTHER, APPS, unknown])).toEqual([APPS]);
  expect(among(APPS, [OTHER, unknown])).toEqual([unknown]);
  expect(among(APPS, [OTHER])).toEqual([APPS]);
  expect(among(APPS, [])).toEqual([APPS]);
  expect(among(unknown, [OTHER, unknown])).toEqual([unknown]);
  expect(among(APPS, [unknown], () => true)).toEqual([APPS]);
  expect(among(GKE, [text('https://container.googleapis.com/v1/projects/acme/locations/*/clusters/*')])).toEqual([GKE]);
});

import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TerraformStack } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, GcpFederatedPrincipal, GcpFederatedServiceAccount, Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import { Clusters } from '../clusters';
import { StackJson } from '../synth';

/**
 * A stack with an identity of each kind, and two workloads, whose JSON is changed one place at a time.
 * @param withChains whether identities are there that are behind others: they take longest to compare
 */
export function everything(stack: TerraformStack, clusters: Clusters, withChains: boolean): void {
  const [eks, gke, aks, oidc] = [clusters.eks(stack), clusters.gke(stack), clusters.aks(stack), clusters.oidc(stack)];
  const [reader, writer] = [eks.serviceAccount('reports', 'reader'), eks.serviceAccount('billing', 'writer')];
  const role = new AwsFederatedRole(stack, 'Role', { trusts: [reader, writer], roleName: 'role', policyArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'] });
  role.grantBucketRead('arn:aws:s3:::acme-reports');
  new AwsFederatedRole(stack, 'Shop', { trusts: [oidc.unsafeEveryServiceAccountOfNamespace('shop')], roleName: 'shop' });
  new AwsPodIdentityRole(stack, 'Pods', { trusts: [eks.serviceAccount('jobs', 'runner')], roleName: 'pods' });
  const account = new GcpFederatedServiceAccount(stack, 'Account', { trusts: [reader, writer], accountId: 'reports-reader' });
  if (withChains) {
    const source = new AwsFederatedRole(stack, 'Source', { trusts: [aks.serviceAccount('reports', 'reader')], roleName: 'source' });
    new AwsChainedRole(stack, 'Target', { source, roleName: 'target' });
    const native = new GcpFederatedServiceAccount(stack, 'Native', { trusts: [gke.serviceAccount('reports', 'reader')], accountId: 'native-reader' });
    new AwsRoleViaGoogle(stack, 'Via', { googleServiceAccount: native, roleName: 'via' });
  }
  new GcpFederatedPrincipal(stack, 'Principal', { trusts: [oidc.serviceAccount('shop', 'cart')] }).grantBucketRead('acme-reports');
  const identity = new AzureFederatedIdentity(stack, 'Identity', {
    trusts: [reader], identityName: 'reports-reader', resourceGroupName: 'reports', location: 'westeurope',
    roleAssignments: [{ roleDefinitionName: 'Storage Blob Data Reader', scope: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/reports' }],
  });
  new EntraFederatedApplication(stack, 'Application', { trusts: [aks.serviceAccount('billing', 'writer')], displayName: 'writer' });
  const webhook = new AzureFederatedIdentity(stack, 'Webhook', {
    trusts: [aks.serviceAccount('reports', 'reader')], identityName: 'webhook', resourceGroupName: 'reports', location: 'westeurope',
  });
  const workload = new Workload(stack, 'Workload', { serviceAccount: reader, identities: [role, account, identity], wiring: 'explicit' });
  new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
  const kubernetesProvider = new KubernetesProvider(stack, 'Aks', { alias: 'aks', configPath: '~/.kube/aks' });
  const second = new Workload(stack, 'Second', { serviceAccount: aks.serviceAccount('reports', 'reader'), identities: [webhook], kubernetesProvider });
  new PodV1(stack, 'SecondPod', {
    ...second.podTemplate({ metadata: { name: 'second' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }), provider: kubernetesProvider,
  });
}

/** The JSON of a stack that a change may write to. */
export class Draft {
  public readonly json: any;

  constructor(stack: StackJson) {
    this.json = JSON.parse(JSON.stringify(stack));
  }

  /** The body of the only resource whose address begins so, without the digest that cdktf ends ids with. */
  public of(address: string): any {
    const [prefix, type, name] = address.startsWith('data.') ? ['data', ...address.split('.').slice(1)] : ['resource', ...address.split('.')];
    const bodies = Object.entries<any>(this.json[prefix!][type!] ?? {}).filter(([id]) => id.replace(/_[0-9A-F]{8}$/, '') === name);
    if (bodies.length !== 1) {
      throw new Error(`${bodies.length} of ${address} among ${Object.keys(this.json[prefix!][type!] ?? {}).join(' ')}`);
    }
    return bodies[0]![1];
  }

  /** The reference to an attribute. */
  public ref(address: string, attribute: string): string {
    const [prefix, type, name] = address.startsWith('data.') ? ['data', ...address.split('.').slice(1)] : ['resource', ...address.split('.')];
    const id = Object.keys(this.json[prefix!][type!]).find(key => key.replace(/_[0-9A-F]{8}$/, '') === name)!;
    return `\${${prefix === 'data' ? 'data.' : ''}${type}.${id}.${attribute}}`;
  }

  /** Adds a resource. */
  public add(type: string, name: string, body: unknown): void {
    this.json.resource[type] = { ...this.json.resource[type], [name]: body };
  }

  /** The statement of a role's trust policy. */
  public trust(role: string, index = 0): any {
    return this.of(`data.aws_iam_policy_document.${role}_Trust`).statement[index];
  }

  /** The condition of a trust policy on a claim. */
  public condition(role: string, claim: string): any {
    return this.trust(role).condition.find(({ variable }: any) => variable.endsWith(claim));
  }
}

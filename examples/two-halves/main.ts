// Two halves: what stands in the clouds is one stack, the cluster among it, and what stands in the cluster is another. A provider of Kubernetes needs a
// cluster that exists when its stack is planned.
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { ContainerCluster } from '@cdktf/provider-google/lib/container-cluster';
import { DataGoogleClientConfig } from '@cdktf/provider-google/lib/data-google-client-config';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, Fn, GcsBackend, TerraformStack } from 'cdktf';
import { AwsFederatedRole, Cluster, GcpFederatedServiceAccount, ServiceAccountSubject, Workload } from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { Construct } from 'constructs';

/** The cloud half: the cluster, and whom its workloads may become. Nothing here asks the cluster for anything. */
class Cloud extends TerraformStack {
  public readonly cluster: ContainerCluster;
  public readonly collector: ServiceAccountSubject;
  public readonly role: AwsFederatedRole;
  public readonly account: GcpFederatedServiceAccount;
  public readonly identity: AzureFederatedIdentity;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    // The other half reads the outputs of this one from its state.
    new GcsBackend(this, { bucket: 'acme-terraform-state', prefix: id });
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new AzurermProvider(this, 'Azurerm', { features: [{}], subscriptionId: '7d2f3f0e-0b6b-4a53-9a55-1f1d2c3b4a59' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });

    this.cluster = new ContainerCluster(this, 'Apps', {
      project: 'acme-apps', location: 'europe-west1', name: 'apps', enableAutopilot: true, deletionProtection: false,
    });
    // By Google's own pool, the same namespace and name in any other GKE cluster of the project is the same identity: `workloadIdentity: false` takes a
    // pool of this cluster alone.
    this.collector = Cluster.fromGkeCluster(this.cluster).serviceAccount('reports', 'collector');
    const trusts = [this.collector];

    this.role = new AwsFederatedRole(this, 'Role', { trusts });
    this.role.grantBucketRead('arn:aws:s3:::acme-sales');
    this.account = new GcpFederatedServiceAccount(this, 'Account', { trusts, accountId: 'reports-collector' });
    this.account.grantBucketWrite('acme-reports');
    this.identity = new AzureFederatedIdentity(this, 'Identity', {
      trusts, identityName: 'reports-collector', resourceGroupName: 'reports', location: 'westeurope',
    });
  }
}

/** The Kubernetes half: the workload, and its pods. What it knows of the other half are references, which cross as outputs. */
class InCluster extends TerraformStack {
  constructor(scope: Construct, id: string, { cluster, collector, role, account, identity }: Cloud) {
    super(scope, id);
    new GcsBackend(this, { bucket: 'acme-terraform-state', prefix: id });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    const { accessToken } = new DataGoogleClientConfig(this, 'Client');
    new KubernetesProvider(this, 'Kubernetes', {
      host: Fn.join('', ['https://', cluster.endpoint]),
      clusterCaCertificate: Fn.base64decode(cluster.masterAuth.clusterCaCertificate),
      token: accessToken,
    });

    const workload = new Workload(this, 'Collector', {
      serviceAccount: collector, identities: [role, account, identity], createNamespace: true, kubernetesApiAccess: false,
    });
    new DeploymentV1(this, 'Deployment', {
      metadata: { name: 'collector', namespace: workload.namespace },
      spec: {
        selector: { matchLabels: { app: 'collector' } },
        template: workload.podTemplate({
          metadata: { labels: { app: 'collector' } }, spec: { container: [{ name: 'collector', image: 'registry.acme.example/collector:1.0.0' }] },
        }),
      },
    });
    // Does it work? kubectl logs --namespace reports job/collector-smoke-test --all-containers
    workload.smokeTest();
  }
}

export const app = new App();
new InCluster(app, 'two-halves-cluster', new Cloud(app, 'two-halves-cloud'));
app.synth();

// The nine named directions, one workload each: copy the one you need.
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';
import {
  AksToAwsFederation, AksToGcpFederation, Cluster, ClusterWorkloadIdentityPool, EksToAwsFederation, EksToGcpFederation, GkeToAwsFederation,
  GkeToGcpFederation, Workload,
} from 'cdktf-workload-federation';
import { AksToAzureFederation, EksToAzureFederation, GkeToAzureFederation } from 'cdktf-workload-federation/azure';
import { Construct } from 'constructs';

const eks = Cluster.eks({ name: 'apps', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204' });
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });
const aks = Cluster.aks({
  name: 'apps',
  issuer: 'https://westeurope.oic.prod-aks.azure.com/5b0f5c4e-8a6e-4b0e-9d0a-3f6f6f0a7a11/0c1d6a52-7e0f-4f57-8a3b-9f2f1c7f4d20/',
});

// Where the managed identities are, and the storage container that they read.
const subscriptionId = '7d2f3f0e-0b6b-4a53-9a55-1f1d2c3b4a59';
const azure = { resourceGroupName: 'reports', location: 'westeurope' };
const container = `/subscriptions/${subscriptionId}/resourceGroups/reports/providers/Microsoft.Storage/storageAccounts/acmereports/blobServices/default/containers/reports`;

class OnEks extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new AzurermProvider(this, 'Azurerm', { features: [{}], subscriptionId });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'eks-apps' });
    const common = { cluster: eks, namespace: 'reports', createNamespace: true, kubernetesApiAccess: false };

    const archive = new EksToAwsFederation(this, 'Archive', { ...common, serviceAccountName: 'archive' });
    archive.role.grantBucketRead('arn:aws:s3:::acme-archive');
    run(this, 'ArchiveDeployment', 'archive', archive);

    // Only because examples are destroyed again: a deleted pool's id stays blocked for 30 days, so pools refuse to be destroyed.
    new ClusterWorkloadIdentityPool(this, 'Pool', { cluster: eks, preventDestroy: false });
    const uploads = new EksToGcpFederation(this, 'Uploads', { ...common, serviceAccountName: 'uploads', accountId: 'reports-uploads' });
    uploads.googleServiceAccount.grantBucketCreate('acme-reports');
    new JobV1(this, 'UploadsJob', {
      metadata: { name: 'uploads', namespace: uploads.workload.namespace },
      spec: {
        template: uploads.podTemplate({
          spec: { restartPolicy: 'Never', container: [{ name: 'uploads', image: 'registry.acme.example/uploads:1.4.2' }] },
        }),
      },
    });

    const ledger = new EksToAzureFederation(this, 'Ledger', { ...common, ...azure, serviceAccountName: 'ledger', identityName: 'reports-ledger' });
    ledger.identity.grantContainerRead(container);
    run(this, 'LedgerDeployment', 'ledger', ledger);
  }
}

class OnGke extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new AzurermProvider(this, 'Azurerm', { features: [{}], subscriptionId });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'gke-apps' });
    const common = { cluster: gke, namespace: 'reports', createNamespace: true, kubernetesApiAccess: false };

    const replica = new GkeToAwsFederation(this, 'Replica', { ...common, serviceAccountName: 'replica' });
    replica.role.grantBucketRead('arn:aws:s3:::acme-archive', { prefix: 'reports/' });
    new PodV1(this, 'ReplicaPod', replica.podTemplate({
      metadata: { name: 'replica' },
      spec: { container: [{ name: 'aws', image: 'amazon/aws-cli:2.31.0', args: ['s3', 'ls', 's3://acme-archive/reports/'] }] },
    }));

    const dashboard = new GkeToGcpFederation(this, 'Dashboard', {
      ...common, serviceAccountName: 'dashboard', accountId: 'reports-dashboard', projectRoles: ['roles/bigquery.jobUser'],
    });
    new PodV1(this, 'DashboardPod', dashboard.podTemplate({
      metadata: { name: 'dashboard' }, spec: { container: [{ name: 'dashboard', image: 'registry.acme.example/dashboard:2.0.1' }] },
    }));

    const mirror = new GkeToAzureFederation(this, 'Mirror', { ...common, ...azure, serviceAccountName: 'mirror', identityName: 'reports-mirror' });
    mirror.identity.grantContainerWrite(container);
    run(this, 'MirrorDeployment', 'mirror', mirror);
  }
}

class OnAks extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new AzurermProvider(this, 'Azurerm', { features: [{}], subscriptionId });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'aks-apps' });
    const common = { cluster: aks, namespace: 'reports', createNamespace: true, kubernetesApiAccess: false };

    const backup = new AksToAwsFederation(this, 'Backup', { ...common, serviceAccountName: 'backup' });
    backup.role.grantBucketPut('arn:aws:s3:::acme-archive', { prefix: 'backups/' });
    run(this, 'BackupDeployment', 'backup', backup);

    new ClusterWorkloadIdentityPool(this, 'Pool', { cluster: aks, preventDestroy: false });
    const search = new AksToGcpFederation(this, 'Search', { ...common, serviceAccountName: 'search', accountId: 'reports-search' });
    search.googleServiceAccount.grantBucketRead('acme-reports');
    run(this, 'SearchDeployment', 'search', search);

    const mailer = new AksToAzureFederation(this, 'Mailer', { ...common, ...azure, serviceAccountName: 'mailer', identityName: 'reports-mailer' });
    mailer.identity.grantContainerRead(container);
    run(this, 'MailerDeployment', 'mailer', mailer);
  }
}

/** A Deployment of one container that runs as the workload of a direction. */
function run(stack: TerraformStack, id: string, name: string, { workload }: { readonly workload: Workload }): void {
  new DeploymentV1(stack, id, {
    metadata: { name, namespace: workload.namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      template: workload.podTemplate({
        metadata: { labels: { app: name } }, spec: { container: [{ name, image: `registry.acme.example/${name}:3.1.0` }] },
      }),
    },
  });
}

export const app = new App();
new OnEks(app, 'directions-eks');
new OnGke(app, 'directions-gke');
new OnAks(app, 'directions-aks');
app.synth();

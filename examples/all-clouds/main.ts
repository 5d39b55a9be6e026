// One service account on AKS that reads from a bucket of each cloud: one pod, three identities, no stored key.
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';
import { AwsFederatedRole, Cluster, ClusterWorkloadIdentityPool, GcpFederatedPrincipal, Workload } from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { Construct } from 'constructs';

const aks = Cluster.aks({
  name: 'apps',
  issuer: 'https://westeurope.oic.prod-aks.azure.com/5b0f5c4e-8a6e-4b0e-9d0a-3f6f6f0a7a11/0c1d6a52-7e0f-4f57-8a3b-9f2f1c7f4d20/',
});

class AllClouds extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    // The storage account takes no keys, and so neither does the provider use them.
    new AzurermProvider(this, 'Azurerm', { features: [{}], subscriptionId: '7d2f3f0e-0b6b-4a53-9a55-1f1d2c3b4a59', storageUseAzuread: true });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'aks-apps' });

    const group = new ResourceGroup(this, 'Group', { name: 'reports', location: 'westeurope' });
    const s3 = new S3Bucket(this, 'S3', { bucket: 'acme-reports-s3' });
    const gcs = new StorageBucket(this, 'Gcs', { name: 'acme-reports-gcs', location: 'europe-west1', uniformBucketLevelAccess: true });
    const account = new StorageAccount(this, 'StorageAccount', {
      name: 'acmereports', resourceGroupName: group.name, location: group.location, accountTier: 'Standard', accountReplicationType: 'ZRS',
      allowNestedItemsToBePublic: false, sharedAccessKeyEnabled: false,
    });
    const blobs = new StorageContainer(this, 'Blobs', { name: 'reports', storageAccountId: account.id });

    const serviceAccount = aks.serviceAccount('reports', 'collector');
    const trusts = [serviceAccount];
    const role = new AwsFederatedRole(this, 'Role', { trusts });
    role.grantBucketRead(s3);
    // Only because examples are destroyed again: a deleted pool's id stays blocked for 30 days, so pools refuse to be destroyed.
    new ClusterWorkloadIdentityPool(this, 'Pool', { cluster: aks, preventDestroy: false });
    const principal = new GcpFederatedPrincipal(this, 'Principal', { trusts });
    principal.grantBucketRead(gcs);
    const identity = new AzureFederatedIdentity(this, 'Identity', {
      trusts, identityName: 'reports-collector', resourceGroupName: group.name, location: group.location,
    });
    identity.grantContainerRead(blobs);

    const collector = new Workload(this, 'Collector', {
      serviceAccount, identities: [role, principal, identity], createNamespace: true, kubernetesApiAccess: false,
    });
    new DeploymentV1(this, 'Deployment', {
      metadata: { name: 'collector', namespace: collector.namespace },
      spec: {
        selector: { matchLabels: { app: 'collector' } },
        template: collector.podTemplate({
          metadata: { labels: { app: 'collector' } }, spec: { container: [{ name: 'collector', image: 'registry.acme.example/collector:2.3.0' }] },
        }),
      },
    });
  }
}

export const app = new App();
new AllClouds(app, 'all-clouds');
app.synth();

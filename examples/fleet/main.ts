// A fleet read from fleet.yaml: several clusters, many service accounts on each of them, one stack per cluster.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';
import {
  AksClusterProps, AwsFederatedRole, Cluster, ClusterWorkloadIdentityPool, EksClusterProps, GcpFederatedPrincipal, GkeClusterProps, ICloudIdentity,
  Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { Construct } from 'constructs';
import { parse } from 'yaml';

/** The buckets and containers of a service account, by kind. */
interface Buckets {
  readonly s3?: string;
  readonly gcs?: string;
  readonly blob?: string;
}

interface Fleet {
  readonly clusters: readonly (({ kind: 'eks' } & EksClusterProps) | ({ kind: 'gke' } & GkeClusterProps) | ({ kind: 'aks' } & AksClusterProps))[];
  readonly serviceAccounts: readonly { readonly namespace: string; readonly name: string; readonly reads?: Buckets; readonly writes?: Buckets }[];
}

const SUBSCRIPTION = '7d2f3f0e-0b6b-4a53-9a55-1f1d2c3b4a59';
const CONTAINERS = `/subscriptions/${SUBSCRIPTION}/resourceGroups/fleet/providers/Microsoft.Storage/storageAccounts/acmefleet/blobServices/default/containers`;

function clusterOf(entry: Fleet['clusters'][number]): Cluster {
  switch (entry.kind) {
    case 'eks': return Cluster.eks(entry);
    case 'gke': return Cluster.gke(entry);
    case 'aks': return Cluster.aks(entry);
  }
}

class FleetCluster extends TerraformStack {
  constructor(scope: Construct, cluster: Cluster, { serviceAccounts }: Fleet) {
    super(scope, `fleet-${cluster.id}`);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-fleet' });
    new AzurermProvider(this, 'Azurerm', { features: [{}], subscriptionId: SUBSCRIPTION });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: cluster.id });
    if (cluster.workloadPool === undefined) {
      // Only because examples are destroyed again: a deleted pool's id stays blocked for 30 days, so pools refuse to be destroyed.
      new ClusterWorkloadIdentityPool(this, 'Pool', { cluster, admits: 'namespaces', preventDestroy: false });
    }

    for (const { namespace, name, reads = {}, writes = {} } of serviceAccounts) {
      const serviceAccount = cluster.serviceAccount(namespace, name);
      const trusts = [serviceAccount];
      const scopeOf = new Construct(this, `${namespace}-${name}`);
      const identities: ICloudIdentity[] = [];
      if (reads.s3 ?? writes.s3) {
        const role = new AwsFederatedRole(scopeOf, 'Role', { trusts, path: `/fleet/${cluster.id}/` });
        reads.s3 && role.grantBucketRead(`arn:aws:s3:::${reads.s3}`, { prefix: `${namespace}/` });
        writes.s3 && role.grantBucketWrite(`arn:aws:s3:::${writes.s3}`, { prefix: `${namespace}/` });
        identities.push(role);
      }
      if (reads.gcs ?? writes.gcs) {
        // No Google service account in between: a project has 100 of them.
        const principal = new GcpFederatedPrincipal(scopeOf, 'Principal', { trusts, project: 'acme-fleet' });
        reads.gcs && principal.grantBucketRead(reads.gcs);
        writes.gcs && principal.grantBucketWrite(writes.gcs);
        identities.push(principal);
      }
      if (reads.blob ?? writes.blob) {
        const identity = new AzureFederatedIdentity(scopeOf, 'Identity', {
          trusts, identityName: `${cluster.id}-${namespace}-${name}`, resourceGroupName: 'fleet', location: 'westeurope',
        });
        reads.blob && identity.grantContainerRead(`${CONTAINERS}/${reads.blob}`);
        writes.blob && identity.grantContainerWrite(`${CONTAINERS}/${writes.blob}`);
        identities.push(identity);
      }
      new Workload(scopeOf, 'Workload', { serviceAccount, identities, createNamespace: true, kubernetesApiAccess: false });
    }
  }
}

/** Defines the stacks of a fleet, one for each cluster. */
export function defineFleet(scope: Construct, yaml: string): void {
  const fleet = parse(yaml) as Fleet;
  for (const entry of fleet.clusters) {
    new FleetCluster(scope, clusterOf(entry), fleet);
  }
}

export const app = new App();
defineFleet(app, readFileSync(join(__dirname, 'fleet.yaml'), 'utf8'));
app.synth();

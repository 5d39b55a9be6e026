// The four named directions, one workload each: copy the one you need.
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';
import {
  Cluster, ClusterWorkloadIdentityPool, EksToAwsFederation, EksToGcpFederation, GkeToAwsFederation, GkeToGcpFederation,
} from 'cdktf-workload-federation';
import { Construct } from 'constructs';

const eks = Cluster.eks({ name: 'apps', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204' });
const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });

class OnEks extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'eks-apps' });
    const reports = new NamespaceV1(this, 'Reports', { metadata: { name: 'reports' } });
    const common = { cluster: eks, namespace: 'reports', kubernetesApiAccess: false, dependsOn: [reports] };

    const archive = new EksToAwsFederation(this, 'Archive', {
      ...common, serviceAccountName: 'archive', policyArns: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'],
    });
    new DeploymentV1(this, 'ArchiveDeployment', {
      metadata: { name: 'archive', namespace: archive.workload.namespace },
      spec: {
        selector: { matchLabels: { app: 'archive' } },
        template: archive.podTemplate({
          metadata: { labels: { app: 'archive' } }, spec: { container: [{ name: 'archive', image: 'registry.acme.example/archive:3.1.0' }] },
        }),
      },
    });

    // Only because examples are destroyed again: a deleted pool's id stays blocked for 30 days, so pools refuse to be destroyed.
    new ClusterWorkloadIdentityPool(this, 'Pool', { cluster: eks, preventDestroy: false });
    const uploads = new EksToGcpFederation(this, 'Uploads', { ...common, serviceAccountName: 'uploads', accountId: 'reports-uploads' });
    uploads.googleServiceAccount.grantBucketWrite('acme-reports');
    new JobV1(this, 'UploadsJob', {
      metadata: { name: 'uploads', namespace: uploads.workload.namespace },
      spec: {
        template: uploads.podTemplate({
          spec: { restartPolicy: 'Never', container: [{ name: 'uploads', image: 'registry.acme.example/uploads:1.4.2' }] },
        }),
      },
    });
  }
}

class OnGke extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'gke-apps' });
    const reports = new NamespaceV1(this, 'Reports', { metadata: { name: 'reports' } });
    const common = { cluster: gke, namespace: 'reports', kubernetesApiAccess: false, dependsOn: [reports] };

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
  }
}

export const app = new App();
new OnEks(app, 'directions-eks');
new OnGke(app, 'directions-gke');
app.synth();

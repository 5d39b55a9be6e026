// Workloads that are there already: some in Terraform, one in a kustomization and one in a Helm chart.
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { CronJobV1 } from '@cdktf/provider-kubernetes/lib/cron-job-v1';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, Aspects, TerraformOutput, TerraformStack } from 'cdktf';
import { AwsFederatedRole, Cluster, ClusterWorkloadIdentityPool, GcpFederatedPrincipal, Workload, WorkloadWiring } from 'cdktf-workload-federation';
import { Construct } from 'constructs';

const cluster = Cluster.oidc({ name: 'onprem', issuer: 'https://issuer.acme.example/onprem' });

class ExistingWorkloads extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'onprem' });
    // Only because examples are destroyed again: a deleted pool's id stays blocked for 30 days, so pools refuse to be destroyed.
    new ClusterWorkloadIdentityPool(this, 'Pool', { cluster, preventDestroy: false });

    const reports = cluster.serviceAccount('reports', 'reports');
    const [argo, helm] = ['archive', 'dashboard'].map(name => cluster.serviceAccount('reports', name)) as [typeof reports, typeof reports];
    const role = new AwsFederatedRole(this, 'Role', { trusts: [reports, argo, helm] });
    role.grantBucketRead(new S3Bucket(this, 'S3', { bucket: 'acme-reports-s3' }));
    // Each trusts those alone whose workload has it below: the dashboard needs nothing of Google Cloud.
    const principal = new GcpFederatedPrincipal(this, 'Principal', { trusts: [reports, argo] });
    principal.grantBucketRead(new StorageBucket(this, 'Gcs', { name: 'acme-reports-gcs', location: 'europe-west1', uniformBucketLevelAccess: true }));

    // In Terraform: the Deployments and the CronJob stay as they are, and so does their ServiceAccount.
    new Workload(this, 'Reports', { serviceAccount: reports, identities: [role, principal], existingServiceAccount: true, kubernetesApiAccess: false });
    for (const name of ['api', 'worker']) {
      new DeploymentV1(this, name, {
        metadata: { name, namespace: 'reports' },
        spec: {
          selector: { matchLabels: { app: name } },
          template: {
            metadata: { labels: { app: name }, annotations: { 'workload-federation/skip-containers': 'proxy' } },
            spec: {
              serviceAccountName: 'reports',
              container: [{ name, image: `registry.acme.example/${name}:1.4.0` }, { name: 'proxy', image: 'registry.acme.example/proxy:2.0.1' }],
            },
          },
        },
      });
    }
    new CronJobV1(this, 'nightly', {
      metadata: { name: 'nightly', namespace: 'reports' },
      spec: {
        schedule: '0 3 * * *',
        jobTemplate: {
          metadata: {},
          spec: {
            template: {
              metadata: {},
              spec: { serviceAccountName: 'reports', restartPolicy: 'Never', container: [{ name: 'nightly', image: 'registry.acme.example/nightly:1.4.0' }] },
            },
          },
        },
      },
    });
    Aspects.of(this).add(new WorkloadWiring());

    // In a repository that Argo CD applies by kustomize: the files of a component.
    const archive = new Workload(this, 'Archive', { serviceAccount: argo, identities: [role, principal], manifestsOnly: true });
    const files = archive.kustomizeFiles({ targets: [{ kind: 'StatefulSet', name: 'archive', containers: ['archive'] }] });
    new TerraformOutput(this, 'KustomizeFiles', { value: files });
    new TerraformOutput(this, 'Manifests', { value: archive.manifestsYaml() });

    // In a Helm chart: its values.
    const dashboard = new Workload(this, 'Dashboard', { serviceAccount: helm, identities: [role], manifestsOnly: true });
    new TerraformOutput(this, 'HelmValues', { value: dashboard.helmValuesYaml() });
  }
}

export const app = new App();
new ExistingWorkloads(app, 'existing-workloads');
app.synth();

// The article's way from GKE to AWS, with Google and not the cluster as the identity provider: for clusters that may not be registered in AWS.
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { CronJobV1 } from '@cdktf/provider-kubernetes/lib/cron-job-v1';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';
import { Cluster, GkeToAwsViaGoogleFederation, GoogleIdTokenSource } from 'cdktf-workload-federation';
import { CertManagerCertificate, GtokenWebhook } from 'cdktf-workload-federation/gtoken';
import { Construct } from 'constructs';

const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });

/** What the platform team owns: the webhook, once in the cluster. */
class Webhook extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'gke-apps' });
    new GtokenWebhook(this, 'Gtoken', {
      // Built from source and pinned by digest: upstream's own images have not changed since 2022.
      image: 'europe-docker.pkg.dev/acme-apps/tools/gtoken-webhook@sha256:4e1d243bd22c66e76c2ba9eddc1f91394e57f9f83b6f3a3b0e4f1d8f6f0c6f1a',
      gtokenImage: 'europe-docker.pkg.dev/acme-apps/tools/gtoken@sha256:9b2c5d0c1d7f3f6a4c8e2b1a0f9e8d7c6b5a4938271605142332415061728394',
      certificate: CertManagerCertificate.with(),
      controlPlaneFirewall: { network: 'apps', controlPlaneCidr: '172.16.0.0/28', nodeTags: ['gke-apps-1a2b3c4d-node'] },
    });
  }
}

/** What the reports team owns: a workload that uploads to S3, which the webhook gives its tokens. */
class Reports extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'gke-apps' });

    const uploads = new GkeToAwsViaGoogleFederation(this, 'Uploads', {
      cluster: gke, namespace: 'reports', serviceAccountName: 'uploads', accountId: 'reports-uploads', createNamespace: true, kubernetesApiAccess: false,
    });
    uploads.role.grantBucketPut('arn:aws:s3:::acme-archive', { prefix: 'reports/' });
    new DeploymentV1(this, 'Deployment', {
      metadata: { name: 'uploads', namespace: uploads.workload.namespace },
      spec: {
        selector: { matchLabels: { app: 'uploads' } },
        template: uploads.podTemplate({
          metadata: { labels: { app: 'uploads' } }, spec: { container: [{ name: 'uploads', image: 'registry.acme.example/uploads:1.4.2' }] },
        }),
      },
    });
  }
}

/** What the billing team owns: a job that needs neither the webhook nor gtoken, as its own pods ask GKE's metadata server. */
class Billing extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'gke-apps' });

    const invoices = new GkeToAwsViaGoogleFederation(this, 'Invoices', {
      cluster: gke, namespace: 'billing', serviceAccountName: 'invoices', accountId: 'billing-invoices', createNamespace: true, kubernetesApiAccess: false,
      idTokenSource: GoogleIdTokenSource.metadataServer({ image: 'docker.io/curlimages/curl:8.11.1' }),
    });
    invoices.role.grantBucketRead('arn:aws:s3:::acme-invoices');
    new CronJobV1(this, 'CronJob', {
      metadata: { name: 'invoices', namespace: invoices.workload.namespace },
      spec: {
        schedule: '0 3 * * *',
        jobTemplate: {
          metadata: {},
          spec: {
            template: invoices.podTemplate({
              spec: { container: [{ name: 'invoices', image: 'registry.acme.example/invoices:3.1.0' }] },
            }, { runToCompletion: true }),
          },
        },
      },
    });
  }
}

export const app = new App();
new Webhook(app, 'gtoken-webhook');
new Reports(app, 'gtoken-reports');
new Billing(app, 'gtoken-billing');
app.synth();

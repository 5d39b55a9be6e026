// Two clusters, two buckets, four directions: pods on EKS and on GKE read from S3 and from Cloud Storage, with no stored key.
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3Object } from '@cdktf/provider-aws/lib/s3-object';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { StorageBucket } from '@cdktf/provider-google/lib/storage-bucket';
import { StorageBucketObject } from '@cdktf/provider-google/lib/storage-bucket-object';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';
import {
  AwsFederatedRole, Cluster, ClusterWorkloadIdentityPool, GcpFederatedServiceAccount, ICloudIdentity, ServiceAccountSubject, Workload,
} from 'cdktf-workload-federation';
import { Construct } from 'constructs';

// Yours to fill in: the two clusters, the project, and the contexts of your kubeconfig.
const project = 'oidc-exp-project';
const location = 'europe-west2-a';
const eks = Cluster.eks({
  name: 'oidc-exp-cluster',
  issuer: 'https://oidc.eks.eu-west-2.amazonaws.com/id/4E604436464FFCC52F8B96807F5BD5BC',
});
const gke = Cluster.gke({ project, location, name: 'oidc-exp-cluster' });
const gkeAsPlainIssuer = Cluster.gke({ project, location, name: 'oidc-exp-cluster', workloadIdentity: false });
const kubeContexts = { eks: 'aws', gke: 'gke' };

const namespace = 'oidc-exp';
const name = 'oidc-exp-service-account';
const AWS_CLI = { name: 'aws-cli', image: 'amazon/aws-cli:2.31.0' };
const GCLOUD_CLI = { name: 'gcloud-cli', image: 'gcr.io/google.com/cloudsdktool/google-cloud-cli:540.0.0-alpine' };

class Article extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-2' });
    new GoogleProvider(this, 'Google', { project });
    const s3 = new S3Bucket(this, 'S3', { bucket: 'oidc-exp-s3-bucket' });
    new S3Object(this, 'S3Object', { bucket: s3.bucket, key: 'test.txt', content: 'Hello, from S3!' });
    const gcs = new StorageBucket(this, 'Gcs', { name: 'oidc-exp-gcs-bucket', location: 'europe-west2', uniformBucketLevelAccess: true });
    new StorageBucketObject(this, 'GcsObject', { bucket: gcs.name, name: 'test.txt', content: 'Hello, from GCS!' });

    // Who: the service account of this name, on either cluster. What: one IAM role and one Google service account.
    const trusts = [eks.serviceAccount(namespace, name), gke.serviceAccount(namespace, name)];
    const role = new AwsFederatedRole(this, 'Role', { trusts, roleName: 'oidc_exp_federated_role' });
    role.grantBucketRead(s3);
    // Only because examples are destroyed again: a deleted pool's id stays blocked for 30 days, so pools refuse to be destroyed.
    new ClusterWorkloadIdentityPool(this, 'Pool', { cluster: eks, preventDestroy: false });
    const account = new GcpFederatedServiceAccount(this, 'Account', { trusts, accountId: name, displayName: 'OIDC Exp Service Account' });
    account.grantBucketRead(gcs);

    // Where: a workload on each cluster.
    runOn(this, 'Eks', trusts[0]!, kubeContexts.eks, [role, account], [AWS_CLI, GCLOUD_CLI]);
    runOn(this, 'Gke', trusts[1]!, kubeContexts.gke, [role, account], [AWS_CLI, GCLOUD_CLI]);
  }
}

/** The article's appendix: GKE as a plain issuer, so that its pods are wired as those on EKS. */
class Appendix extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new GoogleProvider(this, 'Google', { project });
    new ClusterWorkloadIdentityPool(this, 'Pool', { cluster: gkeAsPlainIssuer, preventDestroy: false });
    const serviceAccount = gkeAsPlainIssuer.serviceAccount('oidc-exp-appendix', name);
    const account = new GcpFederatedServiceAccount(this, 'Account', {
      trusts: [serviceAccount], accountId: 'oidc-exp-appendix',
    });
    account.grantBucketRead('oidc-exp-gcs-bucket');
    runOn(this, 'Gke', serviceAccount, kubeContexts.gke, [account], [GCLOUD_CLI]);
  }
}

/** The article's pods on a cluster: they wait, so that `kubectl exec` can run `aws s3 ls` and `gcloud storage ls` in them. */
function runOn(
  stack: TerraformStack, id: string, serviceAccount: ServiceAccountSubject, configContext: string, identities: ICloudIdentity[],
  clis: typeof AWS_CLI[],
) {
  const kubernetesProvider = new KubernetesProvider(stack, `${id}Kubernetes`, { alias: id.toLowerCase(), configPath: '~/.kube/config', configContext });
  const ns = new NamespaceV1(stack, `${id}Namespace`, { metadata: { name: serviceAccount.namespace }, provider: kubernetesProvider });
  // Explicit, as these are bare pods: one that EKS's webhook changes would be replaced on every apply. Deployments need not care.
  const workload = new Workload(stack, `${id}Workload`, {
    serviceAccount, identities, kubernetesApiAccess: false, wiring: 'explicit', dependsOn: [ns], kubernetesProvider,
  });
  for (const cli of clis) {
    const pod = workload.podTemplate({ metadata: { name: cli.name }, spec: { container: [{ ...cli, command: ['/bin/bash', '-c', 'sleep 1800'] }] } });
    new PodV1(stack, `${id}-${cli.name}`, { ...pod, provider: kubernetesProvider });
  }
}

export const app = new App();
new Article(app, 'article');
new Appendix(app, 'article-appendix');
app.synth();

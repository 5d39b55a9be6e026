// Across accounts and projects: a platform team's pool that nobody else edits, roles in other accounts, and chains of them.
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, GcsBackend, TerraformStack } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, Cluster, ClusterOidcProvider, ClusterWorkloadIdentityPool, GcpFederatedServiceAccount,
  Workload,
} from 'cdktf-workload-federation';
import { Construct } from 'constructs';

const eks = Cluster.eks({
  name: 'apps',
  issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204',
  arn: 'arn:aws:eks:eu-west-1:111122223333:cluster/apps',
});

/** What the platform team owns: the cluster's pool, in a project of its own, and which namespaces it admits. */
class Platform extends TerraformStack {
  public readonly pool: ClusterWorkloadIdentityPool;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    new GcsBackend(this, { bucket: 'acme-terraform-state', prefix: id });
    new GoogleProvider(this, 'Google', { project: 'acme-identity' });
    this.pool = new ClusterWorkloadIdentityPool(this, 'Pool', {
      cluster: eks, admits: 'namespaces', namespaces: ['billing', 'reports'], preventDestroy: false,
    });
  }
}

/** What the reports team owns: a Google service account in its project, and roles in two accounts. */
class Reports extends TerraformStack {
  constructor(scope: Construct, id: string, { pool }: Platform) {
    super(scope, id);
    const assumeRole = [{ roleArn: 'arn:aws:iam::444455556666:role/deploy' }];
    new AwsProvider(this, 'Aws', { region: 'eu-west-1', allowedAccountIds: ['111122223333'] });
    const archive = new AwsProvider(this, 'ArchiveAws', { alias: 'archive', region: 'eu-west-1', allowedAccountIds: ['444455556666'], assumeRole });
    new GoogleProvider(this, 'Google', { project: 'acme-reports' });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'eks-apps' });

    const common = { createNamespace: true, kubernetesApiAccess: false };

    // The role is in another account than the cluster, and so is the registration of the cluster that it trusts.
    const reader = eks.serviceAccount('reports', 'reader');
    const role = new AwsFederatedRole(this, 'ReaderRole', { trusts: [reader], awsProvider: archive });
    role.grantBucketRead('arn:aws:s3:::acme-archive', { prefix: 'reports/' });
    // The pool is in the platform's project, the account in the reports team's, and the bucket in a third.
    const account = new GcpFederatedServiceAccount(this, 'ReaderAccount', { trusts: [reader], accountId: 'reports-reader', pools: [pool] });
    account.grantBucketRead('acme-warehouse-exports');
    const readerWorkload = new Workload(this, 'Reader', { serviceAccount: reader, identities: [role, account], ...common });
    run(this, 'ReaderDeployment', 'reader', readerWorkload);

    // A chain: the workload becomes the first role, and by it the second, which is in another account. The cluster is registered in this
    // account too, and said so: two providers could lead to one account, where an issuer can be registered once.
    const auditor = eks.serviceAccount('reports', 'auditor');
    new ClusterOidcProvider(this, 'HubOidcProvider', { cluster: eks });
    const hub = new AwsFederatedRole(this, 'Hub', { trusts: [auditor] });
    const spoke = new AwsChainedRole(this, 'Spoke', { source: hub, awsProvider: archive });
    spoke.grantBucketRead('arn:aws:s3:::acme-archive', { prefix: 'audit/' });
    run(this, 'AuditorDeployment', 'auditor', new Workload(this, 'Auditor', { serviceAccount: auditor, identities: [spoke], ...common }));

    // EKS Pod Identity: no annotation, no token; EKS itself goes on to the role in the other account.
    const exporter = eks.serviceAccount('reports', 'exporter');
    const podRole = new AwsPodIdentityRole(this, 'PodRole', { trusts: [exporter] });
    const target = new AwsChainedRole(this, 'Target', { source: podRole, awsProvider: archive });
    target.grantBucketWrite('arn:aws:s3:::acme-archive', { prefix: 'exports/' });
    run(this, 'ExporterDeployment', 'exporter', new Workload(this, 'Exporter', { serviceAccount: exporter, identities: [target], ...common }));
  }
}

function run(stack: TerraformStack, id: string, name: string, workload: Workload): void {
  new DeploymentV1(stack, id, {
    metadata: { name, namespace: workload.namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      template: workload.podTemplate({
        metadata: { labels: { app: name } }, spec: { container: [{ name, image: `registry.acme.example/${name}:1.0.0` }] },
      }),
    },
  });
}

export const app = new App();
new Reports(app, 'accounts-reports', new Platform(app, 'accounts-platform'));
app.synth();

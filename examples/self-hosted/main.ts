// Clusters that no cloud runs: one whose issuer is published to a bucket, and one that nobody can reach from outside.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';
import {
  AwsFederatedRole, Cluster, ClusterOidcProvider, ClusterWorkloadIdentityPool, GcpFederatedPrincipal, jsonWebKeySet, S3HostedIssuer, Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { Construct } from 'constructs';

/** A public half of a key pair that kube-apiserver signs with; the private half never leaves the control plane. */
const publicKey = (name: string) => readFileSync(join(__dirname, 'keys', `${name}.pub`), 'utf8');

/** A cluster on machines of one's own (kubeadm, k3s, kind, kops) whose issuer is a bucket. */
class Edge extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new AzurermProvider(this, 'Azurerm', { features: [{}], subscriptionId: '7d2f3f0e-0b6b-4a53-9a55-1f1d2c3b4a59' });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'edge' });

    // Both keys while they are rotated: first published, then signed with, then the old one is dropped.
    const publicKeys = [publicKey('current'), publicKey('next')];
    // It may be destroyed only because examples are: without the documents, every cloud refuses the cluster.
    const issuer = new S3HostedIssuer(this, 'Issuer', { bucketName: 'acme-edge-oidc', region: 'eu-west-1', publicKeys, preventDestroy: false });
    const edge = Cluster.oidc({ name: 'edge', issuer: issuer.issuer });

    const serviceAccount = edge.serviceAccount('sensors', 'uploader');
    const trusts = [serviceAccount];
    // IAM asks the issuer's host when it is told of it.
    new ClusterOidcProvider(this, 'OidcProvider', { cluster: edge, dependsOn: issuer.published });
    const role = new AwsFederatedRole(this, 'Role', { trusts });
    role.grantBucketPut('arn:aws:s3:::acme-sensors', { prefix: 'edge/' });
    new ClusterWorkloadIdentityPool(this, 'Pool', { cluster: edge, preventDestroy: false });
    const principal = new GcpFederatedPrincipal(this, 'Principal', { trusts });
    principal.grantBucketCreate('acme-sensors');
    const identity = new AzureFederatedIdentity(this, 'Identity', {
      trusts, identityName: 'sensors-uploader', resourceGroupName: 'sensors', location: 'westeurope',
    });

    const uploader = new Workload(this, 'Uploader', {
      serviceAccount, identities: [role, principal, identity], createNamespace: true, kubernetesApiAccess: false,
    });
    new JobV1(this, 'Job', {
      metadata: { name: 'uploader', namespace: uploader.namespace },
      spec: {
        template: uploader.podTemplate({
          spec: { restartPolicy: 'Never', container: [{ name: 'uploader', image: 'registry.acme.example/uploader:1.4.2' }] },
        }),
      },
    });
  }
}

/** A cluster behind a firewall: its keys are uploaded to Google Cloud, which need not reach its issuer. */
class Isolated extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'isolated' });

    const isolated = Cluster.oidc({
      name: 'isolated', issuer: 'https://kubernetes.default.svc.cluster.local', jwks: jsonWebKeySet([publicKey('current')]),
    });
    new ClusterWorkloadIdentityPool(this, 'Pool', { cluster: isolated, preventDestroy: false });
    const serviceAccount = isolated.serviceAccount('backup', 'nightly');
    const principal = new GcpFederatedPrincipal(this, 'Principal', { trusts: [serviceAccount] });
    principal.grantBucketCreate('acme-backups');
    new Workload(this, 'Backup', { serviceAccount, identities: [principal], createNamespace: true, kubernetesApiAccess: false });
  }
}

export const app = new App();
new Edge(app, 'self-hosted-edge');
new Isolated(app, 'self-hosted-isolated');
app.synth();

// From Google's issuer to the cluster's own, in three steps: MIGRATION_STEP says how many of them are done.
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';
import { AwsFederatedRole, AwsRoleViaGoogle, Cluster, GcpFederatedServiceAccount, GTOKEN_AUDIENCE, Workload } from 'cdktf-workload-federation';
import { Construct } from 'constructs';

/**
 * 0. The role accepts Google's ID tokens, and gtoken brings them to both workloads.
 * 1. The role accepts the cluster's tokens too, and the first workload moves. Workloads move one by one; none is without access at any time.
 * 2. The last workload moves.
 * 3. Google's way is dropped, and the webhook may go: nobody uses it any more.
 */
export type StepsDone = 0 | 1 | 2 | 3;

const gke = Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' });

class Migration extends TerraformStack {
  constructor(scope: Construct, id: string, done: StepsDone) {
    super(scope, id);
    new AwsProvider(this, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(this, 'Google', { project: 'acme-apps' });
    new KubernetesProvider(this, 'Kubernetes', { configPath: '~/.kube/config', configContext: 'gke-apps' });

    const [uploads, archive] = [gke.serviceAccount('reports', 'uploads'), gke.serviceAccount('reports', 'archive')];
    const account = done === 3 ? undefined : new GcpFederatedServiceAccount(this, 'Account', { trusts: [uploads, archive], accountId: 'reports-aws' });
    const role = new AwsFederatedRole(this, 'Role', {
      trusts: done === 0 ? [] : [uploads, archive],
      googleServiceAccounts: account && [{ uniqueId: account.uniqueId, audience: GTOKEN_AUDIENCE }],
    });
    role.grantBucketWrite('arn:aws:s3:::acme-archive', { prefix: 'reports/' });
    const viaGoogle = account && new AwsRoleViaGoogle(this, 'ViaGoogle', { googleServiceAccount: account, role });

    const common = { createNamespace: true, kubernetesApiAccess: false };
    const first = new Workload(this, 'Uploads', { serviceAccount: uploads, identities: [done < 1 ? viaGoogle! : role], ...common });
    const last = new Workload(this, 'Archive', { serviceAccount: archive, identities: [done < 2 ? viaGoogle! : role], ...common });
    for (const [name, workload] of Object.entries({ uploads: first, archive: last })) {
      new DeploymentV1(this, `${name}-deployment`, {
        metadata: { name, namespace: workload.namespace },
        spec: {
          selector: { matchLabels: { app: name } },
          template: workload.podTemplate({
            metadata: { labels: { app: name } }, spec: { container: [{ name, image: `registry.acme.example/${name}:2.0.0` }] },
          }),
        },
      });
    }
  }
}

/** Defines the stack as it is when so many steps are done. */
export function defineMigration(scope: Construct, done: StepsDone): void {
  new Migration(scope, 'migration', done);
}

export const app = new App();
defineMigration(app, Number(process.env.MIGRATION_STEP ?? 1) as StepsDone);
app.synth();

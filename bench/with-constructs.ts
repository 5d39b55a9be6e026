// The article's federation with the constructs of this package.
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { TerraformStack } from 'cdktf';
import {
  AwsFederatedRole, Cluster, ClusterWorkloadIdentityPool, GcpFederatedServiceAccount, ICloudIdentity, ServiceAccountSubject, Workload,
} from 'cdktf-workload-federation';
import { Construct } from 'constructs';
import { CLUSTER, CONTAINER, EKS_ISSUER, Kubernetes, LOCATION, Names, namesOf, NAMESPACE, PROJECT, Surroundings, surroundings } from './article';

export function federations(stack: TerraformStack, count: number): void {
  const shared = surroundings(stack);
  const eks = Cluster.eks({ name: CLUSTER, issuer: EKS_ISSUER });
  const gke = Cluster.gke({ project: PROJECT, location: LOCATION, name: CLUSTER });
  // A condition that lists the service accounts would be over Google's limit after some eighty.
  new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: eks, admits: 'cluster' });
  for (let index = 0; index < count; index++) {
    new Federation(stack, `Federation-${index}`, namesOf(index), eks, gke, shared);
  }
}

class Federation extends Construct {
  constructor(scope: Construct, id: string, { app, accountId }: Names, eks: Cluster, gke: Cluster, shared: Surroundings) {
    super(scope, id);
    const onEks = eks.serviceAccount(NAMESPACE, app);
    const onGke = gke.serviceAccount(NAMESPACE, app);
    const trusts = [onEks, onGke];
    const role = new AwsFederatedRole(this, 'Role', { trusts, roleName: app });
    role.grantBucketRead(shared.s3);
    const account = new GcpFederatedServiceAccount(this, 'Account', { trusts, accountId });
    account.grantBucketRead(shared.gcs);
    const identities = [role, account];
    this.run('Eks', onEks, identities, shared.onEks);
    this.run('Gke', onGke, identities, shared.onGke);
  }

  private run(id: string, serviceAccount: ServiceAccountSubject, identities: ICloudIdentity[], { provider, namespace }: Kubernetes): void {
    const workload = new Workload(this, `${id}Workload`, {
      serviceAccount, identities, kubernetesApiAccess: false, dependsOn: [namespace], kubernetesProvider: provider,
    });
    const pod = workload.podTemplate({ metadata: { name: serviceAccount.name }, spec: { container: [CONTAINER] } });
    new PodV1(this, `${id}Pod`, { ...pod, provider });
  }
}

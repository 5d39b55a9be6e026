import { AKS_ISSUER, EKS_ISSUER, GKE_ISSUER, OIDC_ISSUER, PRIVATE_ISSUER } from '../../clusters';
import type { Clock } from '../model';
import { WORLD } from '../world';
import { TestCluster } from './test-cluster';

/** A tenant that has none of the identities. */
export const OTHER_TENANT = '99999999-2222-3333-4444-555555555555';

/** The clusters of test/clusters.ts as they run. */
export interface TestClusters {
  readonly eks: TestCluster;
  readonly gke: TestCluster;
  readonly aks: TestCluster;
  readonly oidc: TestCluster;
  /** The cluster whose keys are uploaded: its issuer is never published. */
  readonly oidcWithKeys: TestCluster;
}

export function testClusters(clock: Clock): TestClusters {
  return {
    eks: new TestCluster({ kind: 'eks', name: 'apps', issuer: EKS_ISSUER, clock, arn: `arn:aws:eks:${WORLD.awsRegion}:${WORLD.awsAccounts.aws}:cluster/apps`, tenantId: OTHER_TENANT }),
    gke: new TestCluster({ kind: 'gke', name: 'apps', issuer: GKE_ISSUER, clock, workloadPool: `${WORLD.googleProject}.svc.id.goog` }),
    aks: new TestCluster({ kind: 'aks', name: 'apps', issuer: AKS_ISSUER, clock, tenantId: WORLD.azureTenant }),
    oidc: new TestCluster({ kind: 'oidc', name: 'onprem', issuer: OIDC_ISSUER, clock }),
    oidcWithKeys: new TestCluster({ kind: 'oidc', name: 'vault', issuer: PRIVATE_ISSUER, clock }),
  };
}

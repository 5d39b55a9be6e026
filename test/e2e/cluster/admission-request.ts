import { ClusterObjects } from './objects';
import { Pod } from './pod';
import { TestCluster } from './test-cluster';
import type { Applied } from '../model';

/** What a mutating webhook knows of a pod. */
export interface Admission {
  readonly pod: Pod;
  readonly cluster: TestCluster;
  readonly objects: ClusterObjects;
  readonly annotations: Readonly<Record<string, string>>;
  readonly applied: Applied;
}

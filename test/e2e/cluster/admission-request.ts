import { ClusterObjects } from './objects';
import { Pod } from './pod';
import { TestCluster } from './test-cluster';
import type { Applied, AppliedResource, RunningPod } from '../model';

/** What a mutating webhook knows of a pod. */
export interface Admission {
  readonly pod: Pod;
  readonly cluster: TestCluster;
  readonly objects: ClusterObjects;
  readonly annotations: Readonly<Record<string, string>>;
  readonly applied: Applied;
  /** The pod of a resource, which serves a webhook; undefined while this one is a pod of that resource, or belongs to one that is being started for it. */
  readonly serving: (resource: AppliedResource) => Promise<RunningPod> | undefined;
}

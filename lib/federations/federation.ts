import { Construct } from 'constructs';
import { Cluster, ClusterKind, ServiceAccountSubject } from '../cluster';
import { FederationError } from '../errors';
import { WorkloadOptions } from '../kubernetes/workload';

/** What every named direction takes: who, and where. */
export interface FederationProps extends WorkloadOptions {
  /** The cluster that the workload runs on. */
  readonly cluster: Cluster;
  /** The namespace of the workload. */
  readonly namespace: string;
  /** The name of the workload's service account. */
  readonly serviceAccountName: string;
}

/** The service account of a direction, on a cluster of the kind that its name says. */
export function sourceOf(where: string, kind: ClusterKind, props: FederationProps, remedy: string): ServiceAccountSubject {
  if (props.cluster.kind !== kind) {
    throw new FederationError({
      code: 'WrongCluster', where, prop: 'cluster', rule: `be a cluster of kind "${kind}"`, got: `${props.cluster.id} of kind "${props.cluster.kind}"`,
      remedy,
    });
  }
  return props.cluster.serviceAccount(props.namespace, props.serviceAccountName);
}

/** Refuses props that would be ignored, as an identity is given in place of the one they describe. */
export function refuseIgnored<P extends object>(where: string, props: P, names: readonly (keyof P & string)[], given: string): void {
  const ignored = names.find(name => props[name] !== undefined);
  if (ignored !== undefined) {
    throw new FederationError({
      code: 'ClashingWiring', where, prop: ignored, rule: `be left out where \`${given}\` is given`, got: described(props[ignored]),
      remedy: `say it where the ${given} is defined`,
    });
  }
}

function described(value: unknown): unknown {
  return Construct.isConstruct(value) ? value.node.path : value;
}

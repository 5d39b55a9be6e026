import { dependable, ITerraformDependable, TerraformStack } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { PodOwner } from './pod-owner';
import { warnOnce } from '../annotations';
import { sameText } from '../tokens';

/** What must be there before pods start that run as a workload. */
export interface PodOrder {
  readonly workload: IConstruct;
  /** What each stack has of it. */
  readonly before: ReadonlyMap<TerraformStack, readonly ITerraformDependable[]>;
  /** Whether the workload creates the ServiceAccount: Kubernetes admits no pods before. */
  readonly createsAccount: boolean;
  /** The service account's name where it is a reference to what waits for the rest, so that pods with it wait too. */
  readonly reference?: string;
}

/**
 * Lets a resource wait for what must be there before its pods start, as far as it is in its stack; nothing else does where the ServiceAccount exists already.
 * @param runsAsWorkload Whether a construct runs pods of the workload itself: they would wait for each other
 */
export function orderPods(
  { resource, serviceAccountName }: PodOwner, { before, reference }: PodOrder, runsAsWorkload: (node: IConstruct) => boolean,
): void {
  if (reference !== undefined && sameText(resource, serviceAccountName, reference)) {
    return;
  }
  const present = resource.dependsOn ?? [];
  const all = [...present];
  for (const wanted of before.get(TerraformStack.of(resource)) ?? []) {
    const name = dependable(wanted);
    if (!(Construct.isConstruct(wanted) && runsAsWorkload(wanted)) && !all.some(other => sameText(resource, other, name))) {
      all.push(name);
    }
  }
  if (all.length > present.length) {
    resource.dependsOn = all;
  }
}

/**
 * Warns where the stack of a workload, or of its pods, may be deployed before the stacks that have what must be there first.
 *
 * The dependencies are not added here: a later reference that leads the other way would be refused by cdktf, and it cannot deploy those of stacks within
 * constructs.
 * @see https://github.com/hashicorp/terraform-cdk/issues/2976
 */
export function warnOfStacks(construct: IConstruct, { workload, before, createsAccount }: PodOrder): void {
  const [stack, own] = [TerraformStack.of(construct), TerraformStack.of(workload)];
  const earlier = earlierThan(stack);
  // What the stack of the workload does not come after itself is said at the workload.
  const isHeldBack = stack !== own && (createsAccount || earlier.has(own));
  const missing = isHeldBack ? [] : [...before.keys()].filter(other => other !== stack && !earlier.has(other));
  if (missing.length > 0) {
    warnOnce(construct, 'stacks-without-order', missing.map(other => earlierThan(other).has(stack)
      ? `Stack ${other.node.path} comes after stack ${stack.node.path}: define this in a stack that comes after it.`
      : `Stack ${stack.node.path} does not come after stack ${other.node.path}: say \`${stack.node.id}.addDependency(${other.node.id})\`.`).join(' '));
  }
}

/** The stacks that cdktf deploys before a stack; references between stacks are among them once they are prepared. */
function earlierThan({ dependencies }: TerraformStack): ReadonlySet<TerraformStack> {
  const earlier = new Set(dependencies);
  for (const one of earlier) {
    one.dependencies.forEach(other => earlier.add(other));
  }
  return earlier;
}

import { textIn } from './blocks';
import { outcome } from './gates';
import { Account } from './objects';
import { Container, Pod } from './pods';
import { Attempt, Gate, Where } from '../model';
import { show, TextValue, Unknown } from '../value';

/** A pod that runs as a ServiceAccount. */
export interface Use {
  readonly pod: Pod;
  /** The ServiceAccount, where the input has it. */
  readonly account: Account | undefined;
  /** Whether the pod can run as it. */
  readonly gates: readonly Gate[];
}

/** Containers that only bring Google's ID tokens to the others. */
const HELPERS = new Set(['generate-gcp-id-token', 'update-gcp-id-token']);

/** The containers of a pod that may become something. */
export function workers({ containers }: Pod): readonly Container[] {
  return containers.filter(({ name }) => typeof name !== 'string' || !HELPERS.has(name));
}

/** An annotation of a ServiceAccount. */
export function annotation(account: Account | undefined, name: string): TextValue | undefined {
  return textIn(account?.annotations.get(name));
}

/** A number of seconds that is written as text. */
export function secondsOf(value: TextValue | undefined): number | undefined {
  return typeof value === 'string' && /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;
}

/**
 * The tries that count where the platform wires every container alike: those that get farthest. That a side container could not do the same
 * is no fault of anyone's.
 */
export function best<T extends Pick<Attempt, 'gates'>>(attempts: readonly T[]): readonly T[] {
  for (const verdict of ['yes', 'unknown'] as const) {
    const found = attempts.filter(attempt => outcome(attempt) === verdict);
    if (found.length > 0) {
      return found;
    }
  }
  return attempts;
}

/** Where a pod says as what it runs. */
export function accountWhere(pod: Pod): Where {
  return pod.at('serviceAccountName');
}

/** Something that only the code of a container, or nobody, says. */
export function unsaid(container: Container, name: string): Unknown {
  return new Unknown(`${container.where.stack ?? ''}/${name} in container ${show(container.name)} of ${container.where.address}`);
}

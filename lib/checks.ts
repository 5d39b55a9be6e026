import { FederationError, FederationErrorCode } from './errors';
import { isToken } from './tokens';

/** Where a value stands, for the message of a refusal. */
export interface Place {
  readonly where: string;
  readonly prop: string;
}

/** The path that a construct will have, for checks that run before it is created. */
export function pathOf(scope: { readonly node: { readonly path: string } }, id: string): string {
  return scope.node.path === '' ? id : `${scope.node.path}/${id}`;
}

/** What Terraform would evaluate in a literal; a value that it shall compute is passed as a token instead. */
const TEMPLATE = /[$%]\{/;

/** Refuses a literal that does not match, or that Terraform would not take literally; what only Terraform knows passes. */
export function checkPattern(
  place: Place, value: string, pattern: RegExp, rule: string, remedy: string, code: FederationErrorCode = 'InvalidIdentifier',
): void {
  if (typeof value !== 'string' || (!isToken(value) && !pattern.test(value))) {
    throw new FederationError({ code, ...place, rule, got: value, remedy });
  }
  if (!isToken(value) && TEMPLATE.test(value)) {
    throw new FederationError({
      code, ...place, rule: 'hold no "${" or "%{", which Terraform evaluates', got: value, remedy: 'pass the attribute of the resource or variable itself',
    });
  }
}

/** Refuses a number that is not a whole one between two bounds; what only Terraform knows passes. */
export function checkRange(place: Place, value: number, min: number, max: number, remedy: string): void {
  if (typeof value !== 'number' || (!isToken(value) && (!Number.isInteger(value) || value < min || value > max))) {
    throw new FederationError({ code: 'OutOfRange', ...place, rule: `be a whole number from ${min} to ${max}`, got: value, remedy });
  }
}

/** Refuses a computed size over a limit. */
export function checkLimit(place: Place, size: number, limit: number, rule: string, got: string, remedy: string): void {
  if (size > limit) {
    throw new FederationError({ code: 'LimitExceeded', ...place, rule, got, remedy });
  }
}

/** Refuses what Kubernetes does not take for a namespace. */
export function checkNamespace(place: Place, value: string): void {
  checkPattern(place, value, /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
    'be a DNS label (lower-case letters, digits and "-", 1 to 63 characters)',
    'write the namespace as Kubernetes knows it; wildcards are not accepted, list the service accounts instead', 'InvalidName');
}

/** Refuses what Kubernetes does not take for the name of a service account or a ConfigMap; it bounds the whole, and not the labels. */
export function checkObjectName(place: Place, value: string): void {
  checkPattern(place, value, /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
    'be a DNS subdomain (labels of lower-case letters, digits and "-" joined by ".", 1 to 253 characters)',
    'write the name as Kubernetes knows it; wildcards are not accepted, list the names instead', 'InvalidName');
}

/** Refuses an audience that the automounted tokens of pods have: whatever gets to see one of them could become the identity. */
export function checkNotKubernetesAudience(place: Place, audience: string, issuer: string): void {
  if (!isToken(audience) && (audience === issuer || /^https:\/\/kubernetes\.default(?:\.svc)?(?:[.:/]|$)/.test(audience))) {
    throw new FederationError({
      code: 'InvalidIdentifier', ...place, rule: 'not be an audience of the Kubernetes API, which tokens have that pods get without asking', got: audience,
      remedy: 'leave it out for the cloud\'s own audience',
    });
  }
}

/** Refuses what is no id of a Google Cloud project. */
export function checkProject(place: Place, value: string): void {
  checkPattern(place, value, /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
    'be a project id (6 to 30 lower-case letters, digits and "-", starting with a letter)', 'pass the project\'s id, not its number or name', 'InvalidName');
}

/** Refuses what is no path below the workload's mount path. */
export function checkTokenPath(where: string, path: string): void {
  checkPattern({ where, prop: 'tokenPath' }, path, /^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/,
    'be a relative path of letters, digits and "._-", without ".."', 'write it like "aws/token"');
}

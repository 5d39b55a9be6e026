/**
 * The reasons for which input is refused; each error carries one as its `code`.
 *
 * - `ClashingWiring`: the wiring meets a volume, mount, variable, label or name that is already there.
 * - `DuplicateRegistration`: something that may exist once (a registration, a workload, a cluster id) is said twice.
 * - `EmptyTrust`: an identity that nobody could become, or a workload without an identity.
 * - `InvalidIdentifier`: an ARN, email, role, bucket or resource name that the cloud would refuse.
 * - `InvalidIssuer`: an issuer URL that a cloud would refuse or never match.
 * - `InvalidName`: a name that Kubernetes, Terraform or the cluster's vendor would refuse.
 * - `LimitExceeded`: a computed size is over the cloud's limit.
 * - `NotTrusted`: an identity does not trust the service account that shall use it.
 * - `OutOfRange`: a number outside of what the cloud or Kubernetes accepts.
 * - `UnresolvedValue`: a value is known to Terraform only, where it must be known when the stack is synthesized.
 * - `WrongCluster`: a cluster of another kind, or without a registration that the direction needs.
 */
export type FederationErrorCode =
  | 'ClashingWiring'
  | 'DuplicateRegistration'
  | 'EmptyTrust'
  | 'InvalidIdentifier'
  | 'InvalidIssuer'
  | 'InvalidName'
  | 'LimitExceeded'
  | 'NotTrusted'
  | 'OutOfRange'
  | 'UnresolvedValue'
  | 'WrongCluster';

/** What a refusal says. */
export interface FederationErrorDetails {
  readonly code: FederationErrorCode;
  /** The construct path, or the factory that was called. */
  readonly where: string;
  /** The prop that holds the value. */
  readonly prop: string;
  /** The rule that the value breaks, read after "must". */
  readonly rule: string;
  /** The value, or the computed figure. */
  readonly got: unknown;
  /** What to do about it. */
  readonly remedy: string;
}

/** Longest value that is quoted in a message. */
const QUOTED_LENGTH = 200;

/**
 * A refusal of bad input, thrown by constructors and factories before anything is synthesized.
 *
 * The message reads `<where>: <prop> must <rule>, got <value>; <remedy>`.
 */
export class FederationError extends Error {
  /** The reason, from a closed list, for code that handles errors. */
  public readonly code: FederationErrorCode;
  /** The construct path, or the factory that was called. */
  public readonly where: string;
  /** The prop that holds the value. */
  public readonly prop: string;

  constructor(details: FederationErrorDetails) {
    super(`${details.where}: ${details.prop} must ${details.rule}, got ${quote(details.got)}; ${details.remedy}`);
    this.name = 'FederationError';
    this.code = details.code;
    this.where = details.where;
    this.prop = details.prop;
  }
}

function quote(value: unknown): string {
  const text = typeof value === 'object' || typeof value === 'string' ? json(value) : String(value);
  return text.length > QUOTED_LENGTH ? `${text.slice(0, QUOTED_LENGTH)}… (${text.length} characters)` : text;
}

function json(value: object | string | null): string {
  try {
    return JSON.stringify(value) ?? typeof value;
  } catch {
    return Object.prototype.toString.call(value);
  }
}

export type { IdentityLike, NamedIdentity } from './identity';
export { trustMatchers, trustSerializer } from './matchers';
export type { MatcherResult, TrustMatchers } from './matchers';
export type { IssuedBy, Named, Subject } from './subject';
export type { Synthesized } from './synthesized';
export { ExpectationError } from './texts';
export { trustOf } from './trust';
export type { Admission, AdmitOptions, Finding, Trust } from './trust';

import { IdentityLike } from './identity';
import { Subject } from './subject';
import { Synthesized } from './synthesized';
import { Admission, AdmitOptions, Finding, Trust, trustOf } from './trust';

/** What a matcher of jest or vitest returns. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/** The matchers about trust, as expectations have them. */
export interface TrustMatchers<R> {
  /**
   * Expects that a subject's token is accepted: as the identity that is named, or else as any. With `not`, that it is refused. What cannot be known
   * fails either.
   */
  toAdmit(subject: Subject, options?: AdmitOptions): R;
  /** Expects that those who are listed, and nobody else by any token, become the identities: the one that is named for all, or else all there are. */
  toAdmitExactly(admissions: readonly Admission[], options?: { readonly as?: IdentityLike }): R;
}

declare global {
  // The place where jest's types and vitest's both look for matchers.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars
    interface Matchers<R, T = {}> extends TrustMatchers<R> {}
  }
}

/** What jest and vitest hand to matchers. */
interface Context {
  readonly isNot?: boolean;
}

/** The matchers about trust: `expect.extend(trustMatchers)`, with jest and with vitest. */
export const trustMatchers = {
  toAdmit(this: unknown, synthesized: Synthesized | Trust, subject: Subject, options?: AdmitOptions): MatcherResult {
    return resultOf(this, 'toAdmit', trustOf(synthesized).admits(subject, options));
  },
  toAdmitExactly(this: unknown, synthesized: Synthesized | Trust, admissions: readonly Admission[], options?: AdmitOptions): MatcherResult {
    return resultOf(this, 'toAdmitExactly', trustOf(synthesized).admitsExactly(admissions, options));
  },
};

/** What is unknown is as little a yes as a no. */
function resultOf(context: unknown, name: string, { verdict, message }: Finding): MatcherResult {
  const isNot = (context as Context | undefined)?.isNot === true;
  return {
    pass: isNot ? verdict !== 'no' : verdict === 'yes',
    message: () => `expect(synthesized).${isNot ? 'not.' : ''}${name}(…)\n\n${message}`,
  };
}

/** Prints trust in snapshots: `expect.addSnapshotSerializer(trustSerializer)`. */
export const trustSerializer = {
  test: (value: unknown): boolean => value instanceof Trust,
  serialize: (value: Trust): string => value.toTable(),
};

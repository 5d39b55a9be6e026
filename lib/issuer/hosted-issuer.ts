import { IssuerKeys } from './issuer-documents';
import { checkPattern, Place } from '../checks';
import { FederationError } from '../errors';
import { isToken } from '../tokens';

/** What every hosted issuer takes. */
export interface HostedIssuerProps extends IssuerKeys {
  /**
   * Whether Terraform refuses to destroy what holds the documents: without them, every cloud refuses every token of the cluster.
   * @default true
   */
  readonly preventDestroy?: boolean;
}

/** How the documents are served; the clouds keep them for a while, and a new key must not wait for a day. */
export const PUBLISHED = { contentType: 'application/json', cacheControl: 'public, max-age=300' } as const;

/** Refuses a part of an issuer that is not literal, as kube-apiserver has it in its flags before Terraform runs. */
export function checkHost(place: Place, value: string, pattern: RegExp, rule: string, remedy: string): void {
  checkPattern(place, value, pattern, rule, remedy, 'InvalidName');
  if (isToken(value)) {
    throw new FederationError({
      code: 'UnresolvedValue', ...place, rule: 'be literal', got: 'a value that only Terraform knows', remedy: 'write it out: it is part of the issuer, which kube-apiserver has in its flags',
    });
  }
}

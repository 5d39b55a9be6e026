import { randomBytes } from 'node:crypto';
import type { Identity } from './identities';
import type { Clock } from '../../model';

export const CLOUD_PLATFORM = 'https://www.googleapis.com/auth/cloud-platform';

export interface AccessToken {
  readonly text: string;
  readonly identity: Identity;
  readonly scopes: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** The access tokens that Google issued: texts in which nobody else can read anything. */
export class AccessTokens {
  private readonly issued = new Map<string, AccessToken>();

  public constructor(private readonly clock: Clock) {}

  public issue(identity: Identity, scopes: readonly string[], seconds: number): AccessToken {
    const now = this.clock();
    const kind = identity.kind === 'federated' ? 'd' : 'c';
    const token = { text: `ya29.${kind}.${randomBytes(48).toString('base64url')}`, identity, scopes, issuedAt: now, expiresAt: now + seconds };
    this.issued.set(token.text, token);
    return token;
  }

  /** The token of this text, until it expires. */
  public find(text: string | undefined): AccessToken | undefined {
    const token = text === undefined ? undefined : this.issued.get(text);
    return token !== undefined && this.clock() < token.expiresAt ? token : undefined;
  }
}

/** Whether a token is for one of these scopes. */
export function hasScope({ scopes }: AccessToken, ...wanted: readonly string[]): boolean {
  return scopes.some(scope => wanted.includes(scope));
}

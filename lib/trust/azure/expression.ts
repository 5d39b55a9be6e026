import { Token } from '../model';
import { at, every, isText, like, partsOf, text, TextValue, Verdict } from '../value';

/** What a flexible credential says of a claim. */
export interface ClaimPattern {
  readonly claim: string;
  readonly pattern: TextValue;
  /** Whether `*` and `?` of the pattern are wildcards. */
  readonly wildcards: boolean;
}

/** What a flexible credential says of claims; all must hold. */
export interface Matcher {
  readonly source: TextValue;
  /** Undefined where the expression is not understood. */
  readonly claims: readonly ClaimPattern[] | undefined;
}

const MAX_CLAIMS = 50;

/**
 * Reads `claims['sub'] matches '…' and claims['…'] eq '…'`.
 * @see https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials
 */
export function readExpression(source: TextValue): Matcher {
  const claims: ClaimPattern[] = [];
  for (let rest: TextValue | undefined = source; ;) {
    const [claim, compared] = cut(after(rest, 'claims[\''), '\'] ') ?? [];
    const matches = after(compared, 'matches \'');
    const [pattern, end] = cut(matches ?? after(compared, 'eq \''), '\'') ?? [];
    if (typeof claim !== 'string' || pattern === undefined || end === undefined || claims.length === MAX_CLAIMS) {
      return { source, claims: undefined };
    }
    claims.push({ claim, pattern, wildcards: matches !== undefined });
    if (end === '') {
      return { source, claims };
    }
    rest = after(end, ' and ');
  }
}

/** Whether the claims of a token match. */
export function matchesClaims({ claims }: Matcher, token: Token): Verdict {
  if (claims === undefined) {
    return 'unknown';
  }
  return every(claims.map(({ claim, pattern, wildcards }) => {
    const value = at(token, claim);
    return isText(value) ? like(value, pattern, wildcards ? '*?' : '') : 'no';
  }));
}

function after(value: TextValue | undefined, prefix: string): TextValue | undefined {
  const [first, ...rest] = value === undefined ? [] : partsOf(value);
  return typeof first === 'string' && first.startsWith(prefix) ? text(first.slice(prefix.length), ...rest) : undefined;
}

/** What is before and after the first known place of a delimiter. */
function cut(value: TextValue | undefined, delimiter: string): readonly [TextValue, TextValue] | undefined {
  const parts = value === undefined ? [] : partsOf(value);
  for (const [index, part] of parts.entries()) {
    const place = typeof part === 'string' ? part.indexOf(delimiter) : -1;
    if (typeof part === 'string' && place >= 0) {
      return [text(...parts.slice(0, index), part.slice(0, place)), text(part.slice(place + delimiter.length), ...parts.slice(index + 1))];
    }
  }
  return undefined;
}

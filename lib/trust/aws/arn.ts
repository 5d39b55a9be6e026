import { equal, partsOf, text, TextValue, Unknown, Verdict } from '../value';

/** The parts of an ARN: "arn", partition, service, region, account, and what is after. */
export type ArnParts = readonly [TextValue, TextValue, TextValue, TextValue, TextValue, TextValue];

/** Colons before the last part, which may have its own. */
const COLONS = 5;

/** An ARN taken apart at its known colons; undefined where it has too few of them. An unknown part is taken to have none. */
export function arnParts(arn: TextValue): ArnParts | undefined {
  const parts: (string | Unknown)[][] = [[]];
  for (const piece of partsOf(arn)) {
    if (piece instanceof Unknown) {
      parts.at(-1)!.push(piece);
      continue;
    }
    let start = 0;
    for (let colon = piece.indexOf(':'); colon >= 0 && parts.length <= COLONS; colon = piece.indexOf(':', start)) {
      parts.at(-1)!.push(piece.slice(start, colon));
      parts.push([]);
      start = colon + 1;
    }
    parts.at(-1)!.push(piece.slice(start));
  }
  return parts.length <= COLONS ? undefined : parts.map(pieces => text(...pieces)) as unknown as ArnParts;
}

/** The account of an ARN, where it can be told. */
export function accountOf(arn: TextValue): TextValue | undefined {
  return arnParts(arn)?.[4];
}

/** Whether two ARNs lead to one account; unknown where one is not known well enough to tell. */
export function sameAccount(a: TextValue, b: TextValue): Verdict {
  const [left, right] = [accountOf(a), accountOf(b)];
  return left === undefined || right === undefined ? 'unknown' : equal(left, right);
}

/** Whether two ARNs name the same thing. The partition follows from the account, so that two of one account never differ in it. */
export function sameArn(a: TextValue, b: TextValue): Verdict {
  const [left, right] = [arnParts(a), arnParts(b)];
  if (left === undefined || right === undefined) {
    return equal(a, b);
  }
  let verdict: Verdict = 'yes';
  for (const index of [2, 3, 4, 5] as const) {
    const part = equal(left[index], right[index]);
    if (part === 'no') {
      return 'no';
    }
    verdict = part === 'unknown' ? 'unknown' : verdict;
  }
  return verdict === 'yes' && equal(left[1], right[1]) === 'no' ? 'no' : verdict;
}

/** The host of an OIDC provider's ARN, as in `…:oidc-provider/<host>`. */
export function hostOfProvider(arn: TextValue): TextValue | undefined {
  return after(arnParts(arn)?.[5], 'oidc-provider/');
}

/** The name of a role's ARN, without its path. */
export function nameOfRole(arn: TextValue): TextValue | undefined {
  const name = after(arnParts(arn)?.[5], 'role/');
  const [last, ...before] = name === undefined ? [] : [...partsOf(name)].reverse();
  if (name === undefined || last instanceof Unknown) {
    return before.length === 0 ? name : last;
  }
  const slash = last!.lastIndexOf('/');
  return slash < 0 ? name : last!.slice(slash + 1);
}

/** Whether an ARN is that of an account as a whole, or just the account's number. */
export function accountOfRoot(principal: TextValue): TextValue | undefined {
  if (typeof principal === 'string' && /^\d{12}$/.test(principal)) {
    return principal;
  }
  const parts = arnParts(principal);
  return parts?.[5] === 'root' && parts[2] === 'iam' ? parts[4] : undefined;
}

function after(resource: TextValue | undefined, prefix: string): TextValue | undefined {
  if (resource === undefined) {
    return undefined;
  }
  const [first, ...rest] = partsOf(resource);
  return typeof first === 'string' && first.startsWith(prefix) ? text(first.slice(prefix.length), ...rest) : undefined;
}

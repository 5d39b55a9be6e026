import { Gate, Token, Where } from './model';
import { every, known, show, Unknown, Value, Verdict } from './value';

/** What a cloud wants of a token's times. */
export interface TimeRules {
  /** What a missing `exp` or `iat` means. */
  readonly missing: { readonly exp: Verdict; readonly iat: Verdict };
  /** The longest lifetime in seconds; any where it is left out. */
  readonly longest?: number;
  /** What a lifetime that is longer means. */
  readonly tooLong?: Verdict;
}

/** Whether a token is valid at a time in seconds since 1970. */
export function tokenTimeGate(token: Token, now: number, where: Where, rules: TimeRules): Gate {
  const [exp, nbf, iat] = ['exp', 'nbf', 'iat'].map(claim => token.get(claim));
  const lives = typeof exp === 'number' && typeof iat === 'number' ? exp - iat : undefined;
  const long = lives !== undefined && rules.longest !== undefined && lives > rules.longest;
  const verdict = every([
    compared(exp, rules.missing.exp, time => now < time),
    compared(nbf, 'yes', time => time <= now),
    compared(iat, rules.missing.iat, time => time <= now),
    long ? rules.tooLong ?? 'no' : 'yes',
  ]);
  return {
    gate: 'token-time', verdict,
    want: `a token that is valid at ${timeText(now)}${rules.longest === undefined ? '' : `, for at most ${rules.longest / 3600} hours`}`,
    have: `exp ${timeText(exp)}, nbf ${timeText(nbf)}, iat ${timeText(iat)}`,
    where,
    remedy: verdict === 'yes' ? '' : long ? 'ask for a token that lives shorter' : 'get a new token, and compare the clock of who made it',
  };
}

function compared(claim: Value | undefined, missing: Verdict, holds: (time: number) => boolean): Verdict {
  return claim === undefined ? missing : claim instanceof Unknown ? 'unknown' : known(typeof claim === 'number' && holds(claim));
}

function timeText(claim: Value | undefined): string {
  if (typeof claim !== 'number') {
    return show(claim);
  }
  const time = new Date(claim * 1000);
  return Number.isNaN(time.getTime()) ? String(claim) : time.toISOString();
}

import { Gate, Token, Where } from './model';
import { every, known, show, Unknown, Value, Verdict } from './value';

/** What a cloud wants of a token's times. */
export interface TimeRules {
  /** What a missing `exp` or `iat` means. */
  readonly missing: { readonly exp: Verdict; readonly iat: Verdict };
  /**
   * How many seconds after its end a token is still taken, for clocks that differ.
   * @default 0
   */
  readonly grace?: number;
  /** How long a token may live from `iat` to `exp`; for ever where it is left out. */
  readonly lifetime?: Limit;
  /** How long ago a token may be issued, whatever its end; any time where it is left out. */
  readonly age?: Limit;
}

/** A most, and what more means. */
interface Limit {
  readonly seconds: number;
  readonly beyond: Verdict;
}

/** Whether a token is valid at a time in seconds since 1970. */
export function tokenTimeGate(token: Token, now: number, where: Where, rules: TimeRules): Gate {
  const [exp, nbf, iat] = ['exp', 'nbf', 'iat'].map(claim => token.get(claim));
  const { lifetime, age, grace = 0 } = rules;
  const long = limited(typeof exp === 'number' && typeof iat === 'number' ? exp - iat : undefined, lifetime);
  const old = limited(typeof iat === 'number' ? now - iat : undefined, age);
  const verdict = every([
    compared(exp, rules.missing.exp, time => now < time + grace),
    compared(nbf, 'yes', time => time <= now),
    compared(iat, rules.missing.iat, time => time <= now),
    long, old,
  ]);
  const limits = [
    ...grace === 0 ? [] : [`or ended at most ${grace / 60} minutes before`],
    ...lifetime === undefined ? [] : [`for at most ${Math.round(lifetime.seconds / 3600)} hours`], ...age === undefined ? [] : [`issued at most ${Math.round(age.seconds / 3600)} hours before`],
  ];
  return {
    gate: 'token-time', verdict,
    want: [`a token that is valid at ${timeText(now)}`, ...limits].join(', '),
    have: `exp ${timeText(exp)}, nbf ${timeText(nbf)}, iat ${timeText(iat)}`,
    where,
    remedy: verdict === 'yes' ? '' : long !== 'yes' ? 'ask for a token that lives shorter' : 'get a new token, and compare the clock of who made it',
  };
}

function limited(seconds: number | undefined, limit: Limit | undefined): Verdict {
  return seconds === undefined || limit === undefined || seconds <= limit.seconds ? 'yes' : limit.beyond;
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

import { counted } from './counting';

const LIB = /\/lib\/(?:trust|cli|testing)\//;

/**
 * How often the functions and blocks of lib/ are run, as V8 counts them: the same on every machine and in every run, so that tests say how work grows
 * and not how long it takes. What is native, such as a regular expression, counts as one.
 */
export function workOf(run: () => void): number {
  counted();
  run();
  const ranges = counted().filter(({ url }) => LIB.test(url)).flatMap(({ functions }) => functions).flatMap(one => one.ranges);
  return ranges.reduce((sum, { count }) => sum + count, 0);
}

/** By how much the work grows from one input to another. */
export function growth<T>(run: (input: T) => unknown, [small, large]: readonly [T, T]): number {
  // What is made once and kept is no work of either.
  run(small);
  return workOf(() => run(large)) / workOf(() => run(small));
}

/** More than eight times the time of an eighth, and far less than the square of it. */
export const STEEP = 24;
const TRIES = 5;
/** Less than what is quadratic takes for the smallest inputs here, in microseconds; measured times of less say nothing. */
const LEAST = 5000;

/**
 * By how much the processor's time grows, for what is native and not counted, such as regular expressions. The least of several tries counts, as others
 * are at work on the machine; no more are made than are needed to say that it is not steep.
 */
export function growthInTime<T>(run: (input: T) => unknown, [small, large]: readonly [T, T]): number {
  const least: [number, number] = [Infinity, Infinity];
  const timed = (index: 0 | 1, input: T) => {
    const before = process.cpuUsage();
    run(input);
    const { user, system } = process.cpuUsage(before);
    least[index] = Math.min(least[index], user + system);
  };
  let found = Infinity;
  for (let tries = 0; tries < TRIES && !(found < STEEP); tries++) {
    timed(0, small);
    timed(1, large);
    found = least[1] / Math.max(least[0], LEAST);
  }
  return found;
}

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

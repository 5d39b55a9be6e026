/** What one process used. */
export interface Sample {
  /** User and system time of all threads, in milliseconds. */
  readonly cpu: number;
  /** The part of it before app.synth(). */
  readonly construct: number;
  /** The most memory the process ever had, in MiB. */
  readonly rss: number;
  /** The heap after a full collection, in MiB. */
  readonly heap: number;
}

/** The samples of both arms, taken in turns: those of one index ran one after the other. */
export interface Pairs {
  readonly ours: readonly Sample[];
  readonly byHand: readonly Sample[];
}

export function millisecondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e3;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.ceil(sorted.length / 2) - 1]! + sorted[Math.floor(sorted.length / 2)]!) / 2;
}

/** The median, and the range in brackets. */
export function summary(values: readonly number[], digits: number): string {
  const [mid, min, max] = [median(values), Math.min(...values), Math.max(...values)].map(value => value.toFixed(digits));
  return `${mid} [${min}..${max}]`;
}

/** How the cost grows with the count: 1 is linear, 2 quadratic. */
export function exponent(from: { count: number; cost: number }, to: { count: number; cost: number }): number {
  return Math.log(to.cost / from.cost) / Math.log(to.count / from.count);
}

/** A table in Markdown, its columns aligned. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]!.length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(header), line(widths.map(width => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

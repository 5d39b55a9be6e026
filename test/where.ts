/** A test; skipped, by a name that says what is missing here, where something is. */
export const testWhere = (missing: string | undefined, name: string, check: jest.ProvidesCallback, timeout?: number) =>
  missing === undefined ? test(name, check, timeout) : test.skip(`${name} (${missing})`, check);

/** A suite; skipped in the same way, and then none of its hooks run. */
export const describeWhere = (missing: string | undefined, name: string, suite: () => void) =>
  missing === undefined ? describe(name, suite) : describe.skip(`${name} (${missing})`, suite);

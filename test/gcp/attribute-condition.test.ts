import { run } from '@bufbuild/cel';
import { attributeCondition, attributeConditionLength } from '../../lib/gcp/attribute-condition';

const NOBODY = { subjects: [], namespaces: [], cluster: false };
const subjectsCondition = (subjects: string[]) => attributeCondition({ ...NOBODY, subjects });
const namespacesCondition = (namespaces: string[]) => attributeCondition({ ...NOBODY, namespaces });
const CLUSTER_CONDITION = attributeCondition({ ...NOBODY, cluster: true });

/** Whether a condition admits a token with these claims; an evaluation error admits nobody. */
function admits(condition: string, namespace: string, name: string, overrides: Record<string, unknown> = {}): boolean {
  const assertion = {
    'sub': `system:serviceaccount:${namespace}:${name}`,
    'kubernetes.io': { namespace, serviceaccount: { name } },
    ...overrides,
  };
  return run(condition, { assertion } as never) === true;
}

const NAMESPACES = ['reports', 'report', 'reports-eu', 'Reports', 'default', ''];
const NAMES = ['reader', 'reade', 'reader2', 'reader:x', 'Reader', 'default', ''];
const LATTICE = NAMESPACES.flatMap(namespace => NAMES.map(name => [namespace, name] as const));

test('the condition on subjects admits exactly these', () => {
  const condition = subjectsCondition(['system:serviceaccount:reports:reader', 'system:serviceaccount:default:reader2']);
  expect(LATTICE.filter(([namespace, name]) => admits(condition, namespace, name))).toEqual([['reports', 'reader'], ['default', 'reader2']]);
});

test('the condition on namespaces admits every service account of these, and none of another', () => {
  const condition = namespacesCondition(['reports']);
  expect(LATTICE.filter(([namespace, name]) => admits(condition, namespace, name))).toEqual(NAMES.map(name => ['reports', name]));
});

test('the condition on the cluster admits service accounts, and nothing else that its issuer may sign', () => {
  expect(LATTICE.every(([namespace, name]) => admits(CLUSTER_CONDITION, namespace, name))).toBe(true);
  for (const sub of ['system:node:n1', 'system:serviceaccount', 'admin', '', ['system:serviceaccount:a:b'], null]) {
    expect(admits(CLUSTER_CONDITION, 'reports', 'reader', { sub })).toBe(false);
  }
});

test('a condition on nobody admits nobody', () => {
  for (const byNamespace of [false, true]) {
    expect(LATTICE.some(([namespace, name]) => admits(attributeCondition(NOBODY, byNamespace), namespace, name))).toBe(false);
  }
});

test('the condition on subjects and namespaces admits these and those, and nobody else', () => {
  const condition = attributeCondition({ subjects: ['system:serviceaccount:default:reader2'], namespaces: ['reports'], cluster: false });
  expect(LATTICE.filter(([namespace, name]) => admits(condition, namespace, name))).toEqual([...NAMES.map(name => ['reports', name]), ['default', 'reader2']]);
});

test.each([[0, 0], [1, 0], [0, 1], [2, 1], [1, 3], [4, 4]])('the length of a condition on %d subjects and %d namespaces is known before', (some, others) => {
  const subjects = Array.from({ length: some }, (_, index) => `subject-${index}`);
  const namespaces = Array.from({ length: others }, (_, index) => `ns-${index}`);
  const list = (values: string[]) => ({ count: values.length, characters: values.join('').length });
  const condition = attributeCondition({ subjects, namespaces, cluster: false });
  expect(attributeConditionLength(list(subjects), list(namespaces))).toBe(some + others === 0 ? 0 : condition.length);
});

test('a missing or list-valued claim is admitted by no condition', () => {
  for (const sub of [undefined, null, ['system:serviceaccount:reports:reader'], { a: 1 }, 1]) {
    expect(admits(subjectsCondition(['system:serviceaccount:reports:reader']), 'reports', 'reader', { sub })).toBe(false);
  }
  for (const claim of [undefined, {}, { namespace: ['reports'] }, 'reports']) {
    expect(admits(namespacesCondition(['reports']), 'reports', 'reader', { 'kubernetes.io': claim })).toBe(false);
  }
});

test('what Terraform quotes cannot leave its quotes', () => {
  // jsonencode writes what JSON.stringify does, with <, > and & as \u003c, \u003e and \u0026.
  const hostile = 'x\'] || true || assertion.sub in [\'" ] || true || \\ <>&';
  const quoted = JSON.stringify(hostile).replace(/[<>&]/g, character => `\\u00${character.charCodeAt(0).toString(16)}`);
  const condition = `assertion.sub in [${quoted}]`;
  expect(admits(condition, 'reports', 'reader')).toBe(false);
  expect(admits(condition, 'reports', 'reader', { sub: hostile })).toBe(true);
});

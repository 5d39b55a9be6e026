import { Fn } from 'cdktf';
import { NAMESPACE_CLAIM } from './principals';
import { isToken } from '../tokens';

/** A CEL list of strings. */
function celList(values: readonly string[]): string {
  return `[${values.map(celString).join(', ')}]`;
}

/** Literals here hold no quote or backslash (Kubernetes' names have none); what only Terraform knows is quoted by Terraform. */
function celString(value: string): string {
  return isToken(value) ? Fn.jsonencode(value) : `'${value}'`;
}

/** Whom a pool admits. */
export interface Admitted {
  readonly subjects: readonly string[];
  readonly namespaces: readonly string[];
  /** Whether every service account of the cluster is admitted. */
  readonly cluster: boolean;
}

/**
 * The condition that admits these subjects, every service account of these namespaces, or the whole cluster, and nothing else that its issuer may sign.
 *
 * A pool that nobody uses yet admits nobody: an empty CEL list holds nothing.
 */
export function attributeCondition({ subjects, namespaces, cluster }: Admitted, byNamespace = false): string {
  if (cluster) {
    return "assertion.sub.startsWith('system:serviceaccount:')";
  }
  const bySubject = `assertion.sub in ${celList(subjects)}`;
  const inNamespace = `${NAMESPACE_CLAIM} in ${celList(namespaces)}`;
  if (subjects.length === 0) {
    return byNamespace || namespaces.length > 0 ? inNamespace : bySubject;
  }
  return namespaces.length === 0 ? bySubject : `${bySubject} || ${inNamespace}`;
}

/** The length of the condition, as far as its values are known, from how many they are and how long together. */
export function attributeConditionLength(...[subjects, namespaces]: readonly [List, List]): number {
  const list = ({ count, characters }: List, frame: number) => count === 0 ? 0 : frame + characters + count * "''".length + (count - 1) * ', '.length;
  const both = subjects.count > 0 && namespaces.count > 0 ? ' || '.length : 0;
  return list(subjects, attributeCondition(NOBODY).length) + both + list(namespaces, attributeCondition(NOBODY, true).length);
}

const NOBODY: Admitted = { subjects: [], namespaces: [], cluster: false };

interface List {
  readonly count: number;
  readonly characters: number;
}

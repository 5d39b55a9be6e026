import { Fn } from 'cdktf';
import { isToken } from '../tokens';

/** A CEL list of strings. */
export function celList(values: readonly string[]): string {
  return `[${values.map(celString).join(', ')}]`;
}

/** Literals here hold no quote or backslash (Kubernetes' names have none); what only Terraform knows is quoted by Terraform. */
function celString(value: string): string {
  return isToken(value) ? Fn.jsonencode(value) : `'${value}'`;
}

/** The condition that admits exactly these subjects. */
export function subjectsCondition(subjects: readonly string[]): string {
  return `assertion.sub in ${celList(subjects)}`;
}

/** The condition that admits the service accounts of these namespaces. */
export function namespacesCondition(namespaces: readonly string[]): string {
  return `assertion['kubernetes.io']['namespace'] in ${celList(namespaces)}`;
}

/** The condition that admits every service account of the cluster, and nothing else that its issuer may sign. */
export const CLUSTER_CONDITION = "assertion.sub.startsWith('system:serviceaccount:')";

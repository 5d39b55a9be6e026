import { ClusterObjects } from './objects';
import { KubernetesError } from './refusal';
import { ApiObject } from '../kubernetes/api-objects';

/** A ServiceAccount as somebody who asks the API server. */
export interface Account {
  readonly namespace: string;
  readonly name: string;
}

/** What is asked of the API server. */
export interface AccessRequest {
  readonly verb: string;
  /** A resource, or one of its subresources: `pods/exec`. */
  readonly resource: string;
  /** @default - the core group */
  readonly apiGroup?: string;
  /** @default - the whole cluster */
  readonly namespace?: string;
  /** @default - none, as of a list */
  readonly name?: string;
}

const GROUP = 'rbac.authorization.k8s.io';
const userOf = ({ namespace, name }: Account) => `system:serviceaccount:${namespace}:${name}`;

/**
 * Whether the API server does what a ServiceAccount asks for. Nothing denies: what no rule grants is refused.
 * https://kubernetes.io/docs/reference/access-authn-authz/rbac/
 */
export function isAllowed(objects: ClusterObjects, account: Account, request: AccessRequest): boolean {
  const bindings = [
    ...objects.all('ClusterRoleBinding'),
    // Also that of a ClusterRole is for the namespace of the binding.
    ...objects.all('RoleBinding').filter(({ metadata }) => request.namespace !== undefined && (metadata.namespace ?? 'default') === request.namespace),
  ];
  return bindings.filter(({ subjects = [] }) => subjects.some((subject: any) => isMeant(subject, account)))
    .some(binding => rulesOf(objects, binding).some(rule => grants(rule, request)));
}

/** What the API server answers where it does not: https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go. */
export function forbidden(account: Account, { verb, resource, apiGroup = '', namespace, name }: AccessRequest): KubernetesError {
  const what = `${resource}${apiGroup === '' ? '' : `.${apiGroup}`}${name === undefined ? '' : ` "${name}"`}`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return new KubernetesError('Forbidden', `${what} is forbidden: User "${userOf(account)}" cannot ${verb} resource "${resource}" in API group "${apiGroup}" ${where}`);
}

/** The groups of every ServiceAccount: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects. */
function isMeant({ kind, name, namespace, apiGroup }: any, account: Account): boolean {
  switch (kind) {
    case 'ServiceAccount': return name === account.name && namespace === account.namespace;
    case 'User': return apiGroup === GROUP && name === userOf(account);
    case 'Group': return apiGroup === GROUP && ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`, 'system:authenticated'].includes(name);
    default: throw new KubernetesError('Invalid', `subjects: Unsupported value: "${kind}": supported values: "ServiceAccount", "User", "Group"`);
  }
}

const EVERYTHING = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };

/** The rules of the role that a binding names; of one that is not there, none. */
function rulesOf(objects: ClusterObjects, { roleRef: { kind, name }, metadata }: ApiObject): readonly any[] {
  const role = objects.all(kind).find(object => object.metadata.name === name && (kind === 'ClusterRole' || object.metadata.namespace === metadata.namespace));
  if (role === undefined && name === 'cluster-admin') return [EVERYTHING];
  if (role?.aggregationRule !== undefined || role === undefined && /^(?:admin|edit|view|system:.*)$/.test(name)) throw new Error(`what ${kind} ${name} grants is not known here`);
  return role?.rules ?? [];
}

function grants({ verbs = [], apiGroups = [], resources = [], resourceNames = [] }: any, { verb, resource, apiGroup = '', name }: AccessRequest): boolean {
  const has = (values: readonly string[], ...wanted: string[]) => ['*', ...wanted].some(value => values.includes(value));
  const [, subresource] = resource.split('/');
  return has(verbs, verb) && has(apiGroups, apiGroup) && has(resources, resource, ...subresource === undefined ? [] : [`*/${subresource}`])
    && (resourceNames.length === 0 || name !== undefined && resourceNames.includes(name));
}

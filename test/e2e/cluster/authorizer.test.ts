import { applied, resource } from './applied';
import { AccessRequest, forbidden, isAllowed } from './authorizer';
import { ClusterObjects } from './objects';
import type { AppliedResource } from '../model';

const WEBHOOK = { namespace: 'gtoken', name: 'webhook' };
const OTHER = { namespace: 'gtoken', name: 'other' };
const READ: AccessRequest = { verb: 'get', resource: 'serviceaccounts', namespace: 'reports', name: 'reader' };

const role = (rule: object, name = 'reader') => resource(`kubernetes_cluster_role_v1.${name}`, { metadata: [{ name }], rule: [{ api_groups: [''], resources: ['serviceaccounts'], verbs: ['get'], ...rule }] });
const ACCOUNT = { kind: 'ServiceAccount', name: 'webhook', namespace: 'gtoken' };
const binding = (subject: object, roleName = 'reader') => resource('kubernetes_cluster_role_binding_v1.Binding', {
  metadata: [{ name: 'binding' }], role_ref: [{ api_group: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: roleName }], subject: [subject],
});
/** As Kubernetes has it: the provider's own resources have no more. */
const namespaced = (kind: string, namespace: string, more: object) =>
  resource(`kubernetes_manifest.${kind}`, { manifest: { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: { name: kind.toLowerCase(), namespace }, ...more } });
const objects = (...resources: readonly AppliedResource[]) => new ClusterObjects(applied(...resources), [], () => true);

test.each<[string, readonly AppliedResource[], AccessRequest]>([
  ['a rule of a role that is bound', [role({}), binding(ACCOUNT)], READ],
  ['any group, resource and verb', [role({ api_groups: ['*'], resources: ['*'], verbs: ['*'] }), binding(ACCOUNT)], { verb: 'create', apiGroup: 'apps', resource: 'deployments', namespace: 'reports' }],
  ['the name that a rule has', [role({ resource_names: ['reader'] }), binding(ACCOUNT)], READ],
  ['a subresource', [role({ resources: ['serviceaccounts/token'], verbs: ['create'] }), binding(ACCOUNT)], { verb: 'create', resource: 'serviceaccounts/token', namespace: 'reports', name: 'reader' }],
  ['a subresource of anything', [role({ resources: ['*/exec'] }), binding(ACCOUNT)], { ...READ, resource: 'pods/exec' }],
  ['the user that an account is', [role({}), binding({ api_group: 'rbac.authorization.k8s.io', kind: 'User', name: 'system:serviceaccount:gtoken:webhook' })], READ],
  ['the accounts of a namespace', [role({}), binding({ api_group: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:serviceaccounts:gtoken' })], READ],
  ['whoever administers the cluster', [binding(ACCOUNT, 'cluster-admin')], { verb: 'list', resource: 'secrets' }],
  ['a role of a namespace', [
    namespaced('Role', 'reports', { rules: [{ apiGroups: [''], resources: ['serviceaccounts'], verbs: ['get'] }] }), namespaced('RoleBinding', 'reports', { roleRef: { kind: 'Role', name: 'role' }, subjects: [ACCOUNT] }),
  ], READ],
  ['a role of the cluster that is bound in a namespace', [role({}), namespaced('RoleBinding', 'reports', { roleRef: { kind: 'ClusterRole', name: 'reader' }, subjects: [ACCOUNT] })], READ],
])('%s is allowed', (_, resources, request) => {
  expect(isAllowed(objects(...resources), WEBHOOK, request)).toBe(true);
});

describe('refuses', () => {
  test.each<[string, readonly AppliedResource[], AccessRequest]>([
    ['what nothing grants', [], READ],
    ['a role that is not bound', [role({})], READ],
    ['a binding of a role that is not there', [binding(ACCOUNT)], READ],
    ['another verb', [role({}), binding(ACCOUNT)], { ...READ, verb: 'list' }],
    ['another resource', [role({}), binding(ACCOUNT)], { ...READ, resource: 'secrets' }],
    ['a subresource of what is granted', [role({ verbs: ['*'] }), binding(ACCOUNT)], { ...READ, resource: 'serviceaccounts/token', verb: 'create' }],
    ['another group', [role({ api_groups: ['apps'] }), binding(ACCOUNT)], READ],
    ['another name than a rule has, and a list of all', [role({ resource_names: ['other'], verbs: ['get', 'list'] }), binding(ACCOUNT)], READ],
    ['somebody else', [role({}), binding({ ...ACCOUNT, name: 'other' })], READ],
    ['the account of the name in another namespace', [role({}), binding({ ...ACCOUNT, namespace: 'reports' })], READ],
    ['another namespace than that of the binding', [role({}), namespaced('RoleBinding', 'gtoken', { roleRef: { kind: 'ClusterRole', name: 'reader' }, subjects: [ACCOUNT] })], READ],
    ['what a binding of a namespace would grant in all', [role({ verbs: ['list'] }), namespaced('RoleBinding', 'reports', { roleRef: { kind: 'ClusterRole', name: 'reader' }, subjects: [ACCOUNT] })], {
      verb: 'list', resource: 'serviceaccounts',
    }],
  ])('%s', (_, resources, request) => {
    expect(isAllowed(objects(...resources), WEBHOOK, request)).toBe(false);
  });

  test('in the words of the API server', () => {
    expect(isAllowed(objects(role({}), binding(ACCOUNT)), OTHER, READ)).toBe(false);
    expect(forbidden(OTHER, READ).message).toBe(
      'Forbidden: serviceaccounts "reader" is forbidden: User "system:serviceaccount:gtoken:other" cannot get resource "serviceaccounts" in API group "" in the namespace "reports"');
    expect(forbidden(OTHER, { verb: 'list', apiGroup: 'apps', resource: 'deployments' }).message).toBe(
      'Forbidden: deployments.apps is forbidden: User "system:serviceaccount:gtoken:other" cannot list resource "deployments" in API group "apps" at the cluster scope');
  });

  test('to guess what roles of Kubernetes grant that are not known here', () => {
    expect(() => isAllowed(objects(binding(ACCOUNT, 'view')), WEBHOOK, READ)).toThrow('what ClusterRole view grants is not known here');
  });
});

import { startPod } from './cluster';
import { AccessRequest, isAllowed } from './cluster/authorizer';
import { ClusterObjects } from './cluster/objects';
import { KubernetesError } from './cluster/refusal';
import type { Applied, Outcome } from './model';
import { Change, ShadowState, Stack } from './shadow';
import type { Stage } from './stage';

/** What was synthesized and applied, where it is tried by others than its pod and strangers to it. */
export interface Site {
  readonly stage: Stage;
  readonly stacks: readonly Stack[];
  readonly applied: Applied;
}

type Try = (site: Site) => Promise<Outcome>;

const DONE: Outcome = { ok: true, as: '', names: [] };
const refused = (code: string, message = ''): Outcome => ({ ok: false, code, message });

/** What a ServiceAccount asks the API server of the cluster for. */
const asks = (name: string, request: AccessRequest, namespace = 'gtoken'): Try => ({ applied }) =>
  Promise.resolve(isAllowed(new ClusterObjects(applied, [], () => true), { namespace, name }, request) ? DONE : refused('Forbidden'));
const webhook = (verb: string, resource: string, more: Partial<AccessRequest> = {}) => asks('gtoken-webhook', { verb, resource, namespace: 'reports', name: 'reader', ...more });
const RBAC = 'rbac.authorization.k8s.io';

/** A pod that nobody wires, in another namespace. */
const otherPod = (change: (applied: Applied) => Applied): Try => async ({ stage, applied }) => {
  const template = { metadata: { name: 'other', namespace: 'billing' }, spec: { containers: [{ name: 'main', image: 'other:1' }] } };
  try {
    await startPod(change(applied), { cluster: stage.clusters.gke, clock: stage.clock, internet: stage.internet, template, webhooks: [] });
    return DONE;
  } catch (error) {
    if (error instanceof KubernetesError) return refused(error.reason, error.message);
    throw error;
  }
};

/** What Terraform plans when the stacks that are applied are then changed. */
const plans = (change: (json: any) => void, expected: (changes: readonly Change[]) => Outcome): Try => ({ stacks }) => {
  const state = new ShadowState();
  try {
    state.begin(stacks);
    const later: Stack[] = JSON.parse(JSON.stringify(stacks));
    later.forEach(({ json }) => change(json));
    return Promise.resolve(expected(state.plan(later)));
  } catch (error) {
    // https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#prevent_destroy
    if (/Instance cannot be destroyed/.test(String(error))) return Promise.resolve(refused('Instance cannot be destroyed'));
    throw error;
  } finally {
    state.close();
  }
};
const replaces = (type: string) => (changes: readonly Change[]) => changes.some(({ address, action }) => action === 'replace' && address.startsWith(`${type}.`)) ? DONE : refused('not replaced');
const POOL = 'google_iam_workload_identity_pool';
const [PROVIDER, CONFIG_MAP, DEPLOYMENT] = [`${POOL}_provider`, 'kubernetes_config_map_v1', 'kubernetes_deployment_v1'];
const only = (resources: Readonly<Record<string, any>>) => Object.values(resources)[0];

/** What is tried besides by nobody's pod; what lets no token through is an outcome as well. */
export const AROUND = {
  'the webhook reads a secret': webhook('get', 'secrets'),
  'the webhook lists secrets': webhook('list', 'secrets', { name: undefined }),
  'the webhook reads a ConfigMap': webhook('get', 'configmaps'),
  'the webhook lists service accounts': webhook('list', 'serviceaccounts', { name: undefined }),
  'the webhook changes a service account': webhook('patch', 'serviceaccounts'),
  'the webhook makes tokens of a service account': webhook('create', 'serviceaccounts/token'),
  'the webhook acts as a service account': webhook('impersonate', 'serviceaccounts'),
  'the webhook starts a pod': webhook('create', 'pods', { name: undefined }),
  'the webhook runs something in a pod': webhook('create', 'pods/exec'),
  'the webhook gives itself a role': webhook('create', 'clusterrolebindings', { apiGroup: RBAC, namespace: undefined, name: undefined }),
  'the webhook changes its role': webhook('patch', 'clusterroles', { apiGroup: RBAC, namespace: undefined, name: 'gtoken-webhook' }),
  'the webhook changes webhooks': webhook('patch', 'mutatingwebhookconfigurations', { apiGroup: 'admissionregistration.k8s.io', namespace: undefined, name: 'gtoken-webhook' }),
  'another account of its namespace reads a service account': asks('default', { verb: 'get', resource: 'serviceaccounts', namespace: 'reports', name: 'reader' }),
  'another account reads a service account': asks('writer', { verb: 'get', resource: 'serviceaccounts', namespace: 'reports', name: 'reader' }, 'reports'),
  'a pod that nobody wires starts': otherPod(applied => applied),
  'a pod that nobody wires starts while the webhook is away': otherPod(applied => ({ ...applied, resources: applied.resources.filter(({ type }) => type !== DEPLOYMENT) })),
  'whoever renames the provider': plans(json => { only(json.resource[PROVIDER]).workload_identity_pool_provider_id = 'another'; }, replaces(PROVIDER)),
  // What is no longer declared goes, whatever its life cycle was.
  'whoever leaves nothing but the pool, and renames it': plans(json => {
    json.resource = { [POOL]: json.resource[POOL] };
    only(json.resource[POOL]).workload_identity_pool_id = 'another';
    delete json.data;
    delete json.output;
  }, replaces(POOL)),
  'pods start again when their file changes': plans(json => {
    const { data } = only(json.resource[CONFIG_MAP]);
    Object.keys(data).forEach(key => { data[key] = data[key].replace('"type"', '"universe_domain" = "googleapis.com", "type"'); });
  }, changes => {
    const changed = (type: string) => changes.some(({ address, action }) => action === 'update' && address.startsWith(`${type}.`));
    if (!changed(CONFIG_MAP)) throw new Error('the file is as it was');
    return changed(DEPLOYMENT) ? DONE : refused('they go on');
  }),
} satisfies Record<string, Try>;

export type AroundName = keyof typeof AROUND;

import { CronJob } from '@cdktf/provider-kubernetes/lib/cron-job';
import { CronJobV1 } from '@cdktf/provider-kubernetes/lib/cron-job-v1';
import { DaemonSetV1 } from '@cdktf/provider-kubernetes/lib/daemon-set-v1';
import { Daemonset } from '@cdktf/provider-kubernetes/lib/daemonset';
import { Deployment } from '@cdktf/provider-kubernetes/lib/deployment';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Job } from '@cdktf/provider-kubernetes/lib/job';
import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { Pod } from '@cdktf/provider-kubernetes/lib/pod';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { ReplicationController } from '@cdktf/provider-kubernetes/lib/replication-controller';
import { ReplicationControllerV1 } from '@cdktf/provider-kubernetes/lib/replication-controller-v1';
import { StatefulSet } from '@cdktf/provider-kubernetes/lib/stateful-set';
import { StatefulSetV1 } from '@cdktf/provider-kubernetes/lib/stateful-set-v1';
import { PodOwnerKind } from 'cdktf-workload-federation';
import { Construct } from 'constructs';
import { apiObjects } from '../e2e/kubernetes/api-objects';
import { StackJson } from '../synth';

type Template = { readonly metadata?: any; readonly spec: any };
type Owner = (template: Template) => any;

const selecting: Owner = template => ({ selector: { matchLabels: { app: 'reports' } }, template });

/** The specification of each kind around a pod template, in typed form, and where the template is. */
const SPECS: Record<PodOwnerKind, readonly [apiVersion: string, spec: Owner, template: (object: any) => any]> = {
  Pod: ['v1', ({ spec }) => spec, object => object],
  Deployment: ['apps/v1', selecting, ({ spec }) => spec.template],
  StatefulSet: ['apps/v1', template => ({ serviceName: 'reports', ...selecting(template) }), ({ spec }) => spec.template],
  DaemonSet: ['apps/v1', selecting, ({ spec }) => spec.template],
  Job: ['batch/v1', template => ({ template }), ({ spec }) => spec.template],
  CronJob: ['batch/v1', template => ({ schedule: '0 3 * * *', jobTemplate: { metadata: {}, spec: { template } } }), ({ spec }) => spec.jobTemplate.spec.template],
  ReplicationController: ['v1', template => ({ selector: { app: 'reports' }, template }), ({ spec }) => spec.template],
};

/** Defines a resource that runs pods. */
export type CreateOwner = (scope: Construct, id: string, template: Template, metadata: any, more?: object) => void;

type ResourceClass = new (scope: Construct, id: string, config: any) => unknown;

const typed = (kind: PodOwnerKind, Class: ResourceClass): CreateOwner => (scope, id, { metadata: labels, spec }, metadata, more) => {
  new Class(scope, id, { metadata: kind === 'Pod' ? { ...labels, ...metadata } : metadata, spec: SPECS[kind][1]({ metadata: labels ?? {}, spec }), ...more });
};

const manifest = (kind: PodOwnerKind): CreateOwner => (scope, id, { metadata: labels, spec }, metadata, more) => {
  new Manifest(scope, id, {
    manifest: {
      apiVersion: SPECS[kind][0], kind, metadata: kind === 'Pod' ? { ...labels, ...metadata } : metadata,
      spec: SPECS[kind][1]({ ...labels === undefined ? {} : { metadata: labels }, spec }),
    },
    ...more,
  });
};

/** Every kind that runs pods, by the type of the resource in Terraform. */
export const OWNERS: readonly (readonly [type: string, kind: PodOwnerKind, form: 'typed' | 'manifest', create: CreateOwner])[] = [
  ...([
    ['kubernetes_pod', 'Pod', Pod], ['kubernetes_pod_v1', 'Pod', PodV1],
    ['kubernetes_deployment', 'Deployment', Deployment], ['kubernetes_deployment_v1', 'Deployment', DeploymentV1],
    ['kubernetes_stateful_set', 'StatefulSet', StatefulSet], ['kubernetes_stateful_set_v1', 'StatefulSet', StatefulSetV1],
    ['kubernetes_daemonset', 'DaemonSet', Daemonset], ['kubernetes_daemon_set_v1', 'DaemonSet', DaemonSetV1],
    ['kubernetes_job', 'Job', Job], ['kubernetes_job_v1', 'Job', JobV1],
    ['kubernetes_cron_job', 'CronJob', CronJob], ['kubernetes_cron_job_v1', 'CronJob', CronJobV1],
    ['kubernetes_replication_controller', 'ReplicationController', ReplicationController],
    ['kubernetes_replication_controller_v1', 'ReplicationController', ReplicationControllerV1],
  ] as const).map(([type, kind, Class]) => [type, kind, 'typed', typed(kind, Class)] as const),
  ...(Object.keys(SPECS) as PodOwnerKind[]).map(kind => ['kubernetes_manifest', kind, 'manifest', manifest(kind)] as const),
];

/** The types that the conversion to API objects knows, for those that it does not. */
const VERSIONED: Record<string, string> = { kubernetes_daemonset: 'kubernetes_daemon_set_v1' };

/** The pod or pod template that a resource sends to the Kubernetes API. */
export function sentTemplate(stack: StackJson, type: string, kind: PodOwnerKind, id: string): any {
  const known = type === 'kubernetes_manifest' || type.endsWith('_v1') ? type : VERSIONED[type] ?? `${type}_v1`;
  const [object] = apiObjects([{ stack: 'stack', address: `${type}.${id}`, type: known, data: false, account: '', values: stack.resource[type]![id] }]);
  return SPECS[kind][2](object);
}

import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { TerraformStack, TerraformVariable } from 'cdktf';
import { PodTemplate, Workload, WorkloadOptions } from 'cdktf-workload-federation';
import { aws, both, warningsOf } from './known';

const METADATA = { name: 'reports', namespace: 'reports' };
const TEMPLATE: PodTemplate = { spec: { container: [{ name: 'app', image: 'app:1' }] } };
const variable = (stack: TerraformStack) => new TerraformVariable(stack, 'V', { type: 'string' }).stringValue;

interface Place { readonly metadata?: object; readonly spec?: object; readonly more?: object }
type Change = (workload: Workload, stack: TerraformStack, other: Workload) => Place;

const UNWIRED = [['stack/Pod', 'unwired-workload']];

describe('pods that podTemplate() has wired', () => {
  const warned = (change: Change, options: WorkloadOptions = {}) => warningsOf(stack => {
    const [workload, other] = [both(stack, options), aws(stack, {}, 'writer', 'Other')];
    const { spec } = workload.podTemplate(TEMPLATE);
    const place = change(workload, stack, other);
    new PodV1(stack, 'Pod', { metadata: { ...METADATA, ...place.metadata }, spec: { ...spec, ...place.spec }, ...place.more });
  });

  const MISPLACED: [string, Change][] = [
    ['with another provider', (_, stack) => ({ more: { provider: new KubernetesProvider(stack, 'K2', { alias: 'k2' }) } })],
    ['in another namespace', () => ({ metadata: { namespace: 'elsewhere' } })],
    ['without a namespace', () => ({ metadata: { namespace: undefined } })],
    ['without a service account', () => ({ spec: { serviceAccountName: undefined } })],
    ['with a service account of nobody\'s', () => ({ spec: { serviceAccountName: 'nobody' } })],
    ['with the name of another workload, in the namespace of the first by a reference', ({ namespace }) => ({ metadata: { namespace }, spec: { serviceAccountName: 'writer' } })],
    ['with a reference to another workload', (_, __, { serviceAccountName }) => ({ spec: { serviceAccountName } })],
  ];

  test.each(MISPLACED)('are warned of %s', (_, change) => {
    expect(warned(change)).toEqual(UNWIRED);
    expect(warned(change, { existingServiceAccount: true })).toEqual(UNWIRED);
  });

  test.each<[string, Change]>([
    ['as they are', () => ({})],
    ['with names as they are said', () => ({ spec: { serviceAccountName: 'reader' } })],
    ['with references', ({ namespace, serviceAccountName }) => ({ metadata: { namespace }, spec: { serviceAccountName } })],
    ['with the namespace of another workload, which is the same', (_, __, { namespace }) => ({ metadata: { namespace } })],
    ['in a namespace that only Terraform knows', (_, stack) => ({ metadata: { namespace: variable(stack) } })],
    ['with a service account that only Terraform knows', (_, stack) => ({ spec: { serviceAccountName: variable(stack) } })],
  ])('are nobody\'s business %s', (_, change) => {
    expect([warned(change), warned(change, { existingServiceAccount: true }), warned(change, { manifestsOnly: true })]).toEqual([[], [], []]);
  });
});

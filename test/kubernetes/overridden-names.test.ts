import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { TerraformResource, TerraformStack, TerraformVariable } from 'cdktf';
import { aws, warningsOf, wire } from './known';
import { OWNERS, sentTemplate } from './pod-owners';
import { refusal } from '../refusal';
import { synthStack } from '../synth';

const METADATA = { name: 'reports', namespace: 'reports' };
const variable = (stack: TerraformStack) => new TerraformVariable(stack, 'V', { type: 'string' }).stringValue;

describe.each(OWNERS)('a provider that an override gives %s (%s, %s)', (type, kind, form, create) => {
  const build = (provider: (stack: TerraformStack) => unknown, byStack = false, workload = '') => (stack: TerraformStack) => {
    const other = new KubernetesProvider(stack, 'Other', { alias: 'b' });
    aws(stack, workload === 'b' ? { kubernetesProvider: other } : {});
    create(stack, 'Owner', { spec: { serviceAccountName: 'reader', [form === 'typed' ? 'container' : 'containers']: [{ name: 'app' }] } }, METADATA);
    const owner = stack.node.findChild('Owner') as TerraformResource;
    if (byStack) {
      stack.addOverride(`resource.${type}.${owner.friendlyUniqueId}.provider`, provider(stack));
    } else {
      owner.addOverride('provider', provider(stack));
    }
    wire(stack);
  };
  const variables = (...given: Parameters<typeof build>) => sentTemplate(synthStack(build(...given)), type, kind, 'Owner').spec.containers[0].env?.length;

  test('is that of the pods', () => {
    const [b, own] = [() => 'kubernetes.b', () => 'kubernetes'];
    expect([variables(b), variables(b, true), variables(own), variables(b, false, 'b'), variables(own, true, 'b')]).toEqual([undefined, undefined, 5, 5, undefined]);
    expect([warningsOf(build(b)), warningsOf(build(own)), warningsOf(build(b, true, 'b'))]).toEqual([[], [], []]);
  });

  test.each<[string, (stack: TerraformStack) => unknown]>([['that only Terraform knows', variable], ['of another name', () => 'k8s.b'], ['that is nothing', () => null]])('%s is warned of', (_, provider) => {
    expect(variables(provider)).toBeUndefined();
    expect([false, true].map(byStack => warningsOf(build(provider, byStack)))).toEqual([[['stack/Owner', 'unread-pods']], [['stack/Owner', 'unread-pods']]]);
  });
});

test('refuses pods that refer to a workload with a provider of another cluster by an override', () => {
  expect(refusal(() => synthStack(stack => {
    const { serviceAccountName } = aws(stack);
    new PodV1(stack, 'Pod', { metadata: METADATA, spec: { serviceAccountName, container: [{ name: 'app' }] } }).addOverride('provider', 'kubernetes.b');
    wire(stack);
  }))).toEqual({
    code: 'WrongCluster',
    message: 'stack/Pod: provider must be that of the workload whose service account the pods name, got "b"; '
      + 'name the service account of a workload in the cluster of the pods, or pass the provider of the workload',
  });
});

describe('names that overrides give what pods refer to', () => {
  const build = (name: (stack: TerraformStack) => unknown, of: 'Account' | 'Namespace', byStack = false) => (stack: TerraformStack) => {
    aws(stack, { existingServiceAccount: true });
    const own = {
      Account: new ServiceAccountV1(stack, 'Account', { metadata: { name: 'reader', namespace: 'reports' } }),
      Namespace: new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } }),
    };
    if (byStack) {
      stack.addOverride(`resource.${own[of].terraformResourceType}.${of}.metadata.name`, name(stack));
    } else {
      own[of].addOverride('metadata.name', name(stack));
    }
    new PodV1(stack, 'Pod', {
      metadata: { name: 'reports', namespace: of === 'Namespace' ? own.Namespace.metadata.name : 'reports' },
      spec: { serviceAccountName: of === 'Account' ? own.Account.metadata.name : 'reader', container: [{ name: 'app' }] },
    });
    wire(stack);
  };
  const spec = (...given: Parameters<typeof build>) => synthStack(build(...given)).resource.kubernetes_pod_v1!.Pod.spec;

  test.each([['Account', false], ['Account', true], ['Namespace', false], ['Namespace', true]] as const)('are those of the %s; by the stack: %p', (of, byStack) => {
    const same = of === 'Account' ? 'reader' : 'reports';
    expect(spec(() => 'other', of, byStack)).toEqual({
      service_account_name: of === 'Account' ? '${kubernetes_service_account_v1.Account.metadata[0].name}' : 'reader', container: [{ name: 'app' }],
    });
    expect(warningsOf(build(() => 'other', of, byStack))).toEqual([]);
    expect(spec(() => same, of, byStack).container[0].env).toHaveLength(5);
  });

  test.each(['Account', 'Namespace'] as const)('are warned of where only Terraform knows that of the %s', of => {
    expect(spec(variable, of).container).toEqual([{ name: 'app' }]);
    expect(warningsOf(build(variable, of))).toEqual([['stack/Pod', 'unread-pods']]);
  });
});

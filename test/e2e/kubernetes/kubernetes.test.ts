import { readdirSync } from 'node:fs';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { LITERAL_AND_TOKENS } from '../../clusters';
import { MECHANISMS, workloadOf } from '../../mechanisms';
import { EXAMPLES, stackIn } from '../../synth';
import { describeOnTerraform } from '../../terraform';
import { count, figure } from '../figures';
import { ofType } from '../model';
import { appStacks, exampleStacks, shadowApply } from '../shadow';
import { ApiObject, apiObjects } from './api-objects';
import { kubernetesErrors } from './schema';

/** A pod as good as any. */
const pod = (spec: object, metadata: object = {}): ApiObject => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name: 'reader', namespace: 'reports', ...metadata }, spec: { containers: [{ name: 'main', image: 'reader:1' }], ...spec },
});

const containers = (container: object) => ({ containers: [{ name: 'main', image: 'reader:1', ...container }] });

describe('what Kubernetes would refuse is seen', () => {
  const projected = (...sources: object[]) => ({ volumes: [{ name: 'tokens', projected: { sources } }] });

  test.each<[string, ApiObject, string[]]>([
    ['an object that is as it should be', pod({}), []],
    ['a field that there is not', pod({ serviceAcountName: 'reader' }), ['Pod reports/reader: Object literal may only specify known properties, and \'"serviceAcountName"\' does not exist in type \'IPodSpec\'.']],
    ['a field of Terraform\'s', pod(containers({ volume_mount: [] })), ['Pod reports/reader: Object literal may only specify known properties, and \'"volume_mount"\' does not exist in type \'IContainer\'.']],
    ['a field that is missing', pod({ containers: [{ image: 'reader:1' }] }), [
      'Pod reports/reader: data/spec/containers/0 must have required property name',
      'Pod reports/reader: Property \'"name"\' is missing in type \'{ image: string; }\' but required in type \'IContainer\'.',
    ]],
    ['a text for a number', pod({ securityContext: { fsGroup: '65532' } }), [
      'Pod reports/reader: data/spec/securityContext/fsGroup must be integer',
      'Pod reports/reader: Type \'string\' is not assignable to type \'number\'.',
    ]],
    ['a list for an object', pod({ volumes: [{ name: 'tokens', projected: [{ sources: [] }] }] }), [
      'Pod reports/reader: data/spec/volumes/0/projected must be object',
      'Pod reports/reader: Type \'{ sources: never[]; }[]\' has no properties in common with type \'IProjectedVolumeSource\'.',
    ]],
    ['a token that lives too short', pod(projected({ serviceAccountToken: { path: 'token', expirationSeconds: 599 } })), ['Pod reports/reader: volume tokens has a token that lives less than 600 s']],
    ['a path twice', pod(projected({ serviceAccountToken: { path: 'token' } }, { configMap: { name: 'a', items: [{ key: 'a', path: 'token' }] } })), ['Pod reports/reader: volume tokens has the path token twice']],
    ['a path that leaves the volume', pod(projected({ serviceAccountToken: { path: '../token' } })), ['Pod reports/reader: volume tokens has the path ../token']],
    ['a mount of no volume', pod(containers({ volumeMounts: [{ name: 'tokens', mountPath: '/tokens' }] })), ['Pod reports/reader: container main mounts the volume tokens, which is not there']],
    ['a label that is too long', pod({}, { labels: { app: 'a'.repeat(64) } }), [`Pod reports/reader: label app=${'a'.repeat(64)} has a bad form`]],
    ['an annotation with two slashes', pod({}, { annotations: { 'a/b/c': '' } }), ['Pod reports/reader: annotation a/b/c has a bad name']],
    ['a namespace with a dot', pod({}, { namespace: 'a.b' }), ['Pod a.b/reader: metadata.namespace a.b is no DNS label']],
    ['a name in capitals', pod({}, { name: 'Reader' }), ['Pod reports/Reader: metadata.name Reader is no DNS subdomain']],
  ])('%s', (_, object, errors) => expect(kubernetesErrors([object])).toEqual(errors));
});

describeOnTerraform('every object that is synthesized is one that Kubernetes takes', () => {
  let checked: ApiObject[];

  beforeAll(() => {
    const examples = readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(({ name }) => exampleStacks(name));
    // Once Terraform has applied them, they are those of the literals.
    const [, [, clusters]] = LITERAL_AND_TOKENS as [unknown, typeof LITERAL_AND_TOKENS[number]];
    const mechanisms = MECHANISMS.map(mechanism => appStacks(app => {
      const stack = stackIn(app);
      const workload = workloadOf(mechanism, clusters, stack);
      new PodV1(stack, 'Pod', workload.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }));
    }));
    const applied = [...examples, ...mechanisms].map(stacks => shadowApply(stacks));
    checked = applied.flatMap(({ resources }) => apiObjects(resources));
    expect(checked.filter(({ kind }) => kind === 'ServiceAccount')).toHaveLength(applied.flatMap(all => ofType(all, 'kubernetes_service_account_v1')).length);
  }, 60_000);

  test('schemas, unknown fields, names and limits', () => {
    expect(kubernetesErrors(checked)).toEqual([]);
    figure('kubernetes', `${count(checked.length)} objects of ${new Set(checked.map(({ kind }) => kind)).size} kinds`);
  });
});

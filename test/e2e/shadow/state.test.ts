import { IamOpenidConnectProvider } from '@cdktf/provider-aws/lib/iam-openid-connect-provider';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { ConfigMapV1 } from '@cdktf/provider-kubernetes/lib/config-map-v1';
import { TerraformOutput, TerraformStack } from 'cdktf';
import { appStacks, ShadowState, Stack } from './index';
import { stackIn } from '../../synth';
import { describeOnTerraform } from '../../terraform';

let state: ShadowState;
beforeEach(() => {
  state = new ShadowState();
});
afterEach(() => state.close());

const synth = (build: (stack: TerraformStack) => void): Stack[] => appStacks(app => build(stackIn(app)));
const role = (stack: TerraformStack, more: object = {}) => new IamRole(stack, 'Role', { name: 'reader', assumeRolePolicy: '{}', ...more });

/** A provider, a role that names it, and an output of the role. */
const chain = (url: string, more: object = {}) => synth(stack => {
  const provider = new IamOpenidConnectProvider(stack, 'Provider', { url, clientIdList: ['sts.amazonaws.com'], ...more });
  role(stack, { description: provider.arn });
});

describeOnTerraform('a state', () => {
  test('is empty, then what was applied, and then there is nothing to change', () => {
    const stacks = chain('https://a.example.com');
    expect(state.applied).toEqual({ resources: [], outputs: {} });
    expect(state.plan(stacks)).toEqual([
      { stack: 'stack', address: 'aws_iam_openid_connect_provider.Provider', action: 'create' }, { stack: 'stack', address: 'aws_iam_role.Role', action: 'create' },
    ]);
    const { steps } = state.apply(stacks);
    expect(steps.map(({ address, action, applied }) => [action, address, applied.resources.length])).toEqual([
      ['create', 'aws_iam_openid_connect_provider.Provider', 1], ['create', 'aws_iam_role.Role', 2],
    ]);
    expect(steps.at(-1)!.applied.resources).toEqual(state.applied.resources);
    expect(state.plan(stacks)).toEqual([]);
  });

  test('changes in place what a provider can change', () => {
    state.begin(chain('https://a.example.com'));
    const { changes, steps } = state.apply(chain('https://a.example.com', { clientIdList: ['other'] }));
    expect(changes).toEqual([{ stack: 'stack', address: 'aws_iam_openid_connect_provider.Provider', action: 'update' }]);
    expect(steps.map(({ action, applied }) => [action, applied.resources[0]!.values.client_id_list])).toEqual([['update', ['other']]]);
  });

  test('replaces what a provider replaces; what is computed is not known until then, and whoever asked for it changes', () => {
    state.begin(chain('https://a.example.com'));
    const { changes, steps } = state.apply(chain('https://b.example.com'));
    expect(changes).toEqual([
      { stack: 'stack', address: 'aws_iam_openid_connect_provider.Provider', action: 'replace', createFirst: false },
      { stack: 'stack', address: 'aws_iam_role.Role', action: 'update' },
    ]);
    expect(steps.map(({ action, address, applied }) => [action, address, applied.resources.length])).toEqual([
      ['delete', 'aws_iam_openid_connect_provider.Provider', 1], ['create', 'aws_iam_openid_connect_provider.Provider', 2], ['update', 'aws_iam_role.Role', 2],
    ]);
    expect(state.applied.resources.find(({ type }) => type === 'aws_iam_role')!.values.description).toBe('arn:aws:iam::123456789012:oidc-provider/b.example.com');
  });

  test('has both for a while where the new one is created first', () => {
    const configMap = (name: string) => synth(stack => {
      new ConfigMapV1(stack, 'ConfigMap', { metadata: { name, namespace: 'a' }, data: { x: 'y' }, lifecycle: { createBeforeDestroy: true } });
    });
    state.begin(configMap('one'));
    const { changes, steps } = state.apply(configMap('two'));
    expect(changes).toEqual([{ stack: 'stack', address: 'kubernetes_config_map_v1.ConfigMap', action: 'replace', createFirst: true }]);
    expect(steps.map(({ action, applied }) => [action, ...applied.resources.map(({ values }) => values.metadata[0].name)])).toEqual([
      ['create', 'one', 'two'], ['delete', 'two'],
    ]);
  });

  test('is not destroyed where that is prevented, and not changed where that is ignored', () => {
    const kept = (name: string) => synth(stack => role(stack, { name, lifecycle: { preventDestroy: true } }));
    state.begin(kept('reader'));
    expect(() => state.plan(kept('writer'))).toThrow('Instance cannot be destroyed');
    const ignoring = (description: string) => synth(stack => role(stack, { description, lifecycle: { ignoreChanges: ['description'] } }));
    state.begin(ignoring('one'));
    expect(state.plan(ignoring('two'))).toEqual([]);
  });

  test('moves what is said to have moved', () => {
    const named = (id: string, from?: string) => {
      const stacks = synth(stack => new IamRole(stack, id, { name: 'reader', assumeRolePolicy: '{}' }));
      return from === undefined ? stacks : stacks.map(({ name, json }) => ({ name, json: { ...json, moved: [{ from: `aws_iam_role.${from}`, to: `aws_iam_role.${id}` }] } }));
    };
    state.begin(named('Old'));
    expect(state.plan(named('New')).map(({ action }) => action)).toEqual(['create', 'delete']);
    expect(state.plan(named('New', 'Old'))).toEqual([]);
  });

  test('of one stack is read by another', () => {
    const app = (name: string) => appStacks(all => {
      const [first, second] = [stackIn(all, 'first'), stackIn(all, 'second')];
      const made = new IamRole(first, 'Role', { name, assumeRolePolicy: '{}' });
      new TerraformOutput(second, 'arn', { value: made.arn, staticId: true });
    });
    state.begin(app('reader'));
    expect(state.applied.outputs.second).toEqual({ arn: 'arn:aws:iam::123456789012:role/reader' });
    state.begin(app('writer'));
    expect(state.applied.outputs.second).toEqual({ arn: 'arn:aws:iam::123456789012:role/writer' });
  });

  test('takes in what exists: what the provider computes is what was read', () => {
    const values = {
      id: 'arn:x', arn: 'arn:aws:iam::123456789012:oidc-provider/a.example.com', url: 'https://a.example.com', client_id_list: ['sts.amazonaws.com'], tags: {},
    };
    state.adopt('stack', 'aws_iam_openid_connect_provider.Provider', { ...values, arn: 'arn:${of}:another<&>' });
    expect(state.plan(chain('https://a.example.com'))).toEqual([{ stack: 'stack', address: 'aws_iam_role.Role', action: 'create' }]);
    state.apply(chain('https://a.example.com'));
    expect(state.applied.resources.map(({ values: { description, arn } }) => description ?? arn)).toEqual(['arn:${of}:another<&>', 'arn:${of}:another<&>']);
    expect(() => state.adopt('stack', 'aws_iam_openid_connect_provider.Provider', values)).toThrow('is in the state already');
    expect(() => state.adopt('stack', 'aws_iam_user.User', {})).toThrow('aws_iam_user.User is not known here');
  });
});

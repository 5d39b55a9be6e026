import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diffTrust } from '../../../lib/trust/diff';
import { readModel } from '../../../lib/trust/read';
import { parseJson } from '../../../lib/trust/terraform/json';
import { readTerraform } from '../../../lib/trust/terraform/read';
import { at, fromJson, isText, text, toKey, Unknown, Value } from '../../../lib/trust/value';

/** What a real `terraform show -json` printed of a plan, less what is not read. */
const PLAN: unknown = JSON.parse(readFileSync(join(__dirname, '..', 'fixtures', 'plan.json'), 'utf8'));

const read = (json: unknown) => readTerraform([{ file: 'plan.json', stack: '', json }]);
const values = (json: unknown, address: string) => read(json).resources.find(resource => resource.where.address === address)?.values;
const host = new Unknown('host(/aws_eks_cluster.x.identity.0.oidc.0.issuer)');
const providerArn = text('arn:aws:iam::111122223333:oidc-provider/', host);

/** A policy of a role, read. */
function policy(json: unknown, address: string, attribute = 'assume_role_policy'): Value {
  const written = values(json, address)?.get(attribute);
  return isText(written) ? parseJson(written) : `no text: ${String(written)}`;
}

function document(...statement: [string, Value][]): Value {
  return new Map<string, Value>([
    ['Version', '2012-10-17'],
    ['Statement', [new Map<string, Value>([
      ['Effect', 'Allow'], ['Action', 'sts:AssumeRoleWithWebIdentity'], ['Principal', new Map([['Federated', providerArn]])], ...statement,
    ])]],
  ]);
}

describe('a plan', () => {
  test('has what will be, by its address, and not what will be gone', () => {
    expect(read(PLAN).resources.map(resource => `${resource.mode} ${resource.where.address}`).sort()).toEqual([
      'data data.aws_caller_identity.me', 'data data.aws_iam_policy_document.trust["a"]', 'data module.irsa["one"].data.aws_iam_policy_document.trust',
      'managed aws_eks_cluster.x', 'managed aws_iam_openid_connect_provider.o', 'managed aws_iam_policy.k', 'managed aws_iam_role.archive',
      'managed aws_iam_role.r["a"]', 'managed aws_iam_role_policy_attachment.t', 'managed module.irsa["one"].aws_iam_role.this[0]',
    ]);
    expect(read(PLAN).notes).toEqual([]);
    expect(read(PLAN).ofType('aws_iam_role')[0]!.where).toEqual({ address: 'aws_iam_role.archive', stack: '', file: 'plan.json' });
  });

  test('gives what follows from what is known', () => {
    expect(values(PLAN, 'aws_iam_openid_connect_provider.o')).toEqual(new Map<string, Value>([
      ['client_id_list', ['sts.amazonaws.com']], ['url', new Unknown('/aws_eks_cluster.x.identity.0.oidc.0.issuer')], ['arn', providerArn], ['id', providerArn],
    ]));
    expect(values(PLAN, 'aws_iam_role.r["a"]')!.get('arn')).toBe('arn:aws:iam::111122223333:role/team-a');
    expect(values(PLAN, 'aws_iam_role.archive')!.get('arn')).toEqual(
      text('arn:aws:iam::', new Unknown('/aws.archive.account_id'), ':role/', new Unknown('/aws_iam_role.archive.name')));
    expect(values(PLAN, 'aws_iam_role_policy_attachment.t')!.get('policy_arn')).toBe('arn:aws:iam::111122223333:policy/k');
  });

  test('joins a policy document that is read later to the role that waits for it', () => {
    expect(policy(PLAN, 'aws_iam_role.r["a"]')).toEqual(document(['Condition', new Map([['StringEquals', new Map<string, Value>([
      [toKey(new Unknown('/data.aws_iam_policy_document.trust.a.statement.0.condition.0.variable')), 'sts.amazonaws.com'],
      ['oidc.example.com:sub', 'system:serviceaccount:reports:sa-a'],
    ])]])]));
  });

  test('joins it in a module, and follows its variables out of it', () => {
    expect(policy(PLAN, 'module.irsa["one"].aws_iam_role.this[0]')).toEqual(document(
      ['Sid', 'x'], ['Condition', fromJson({ StringEquals: { 'oidc.example.com:sub': 'system:serviceaccount:x:one' } })],
    ));
  });

  test('does not guess what an expression does with what it refers to', () => {
    expect(values(PLAN, 'aws_iam_role.archive')!.get('assume_role_policy')).toEqual({ symbol: expect.stringMatching(/^\/aws_iam_role\.archive\.assume_role_policy#[0-9a-f]{8}$/) });
  });

  test('says an output of which it knows the source', () => {
    const remote = { data: { terraform_remote_state: { other: { backend: 'x' } } } };
    expect(readTerraform([{ file: 'plan.json', stack: 'a', json: PLAN }, {
      file: 'b', stack: 'b', json: {
        data: { terraform_remote_state: { 'cross-stack-reference-input-a': remote.data.terraform_remote_state.other } },
        resource: { x_y: { z: { arn: '${data.terraform_remote_state.cross-stack-reference-input-a.outputs.role}', mod: '${data.terraform_remote_state.cross-stack-reference-input-a.outputs.mods}' } } },
      },
    }]).ofType('x_y')[0]!.values).toEqual(new Map([['arn', 'arn:aws:iam::111122223333:role/team-a'], ['mod', 'arn:aws:iam::111122223333:role/one']]));
  });
});

test('a state has its modules and its values', () => {
  const state = {
    format_version: '1.0', terraform_version: '1.11.4', values: {
      outputs: { a: { value: 'b' } },
      root_module: {
        resources: [{ address: 'aws_iam_role.r', mode: 'managed', type: 'aws_iam_role', name: 'r', values: { name: 'r', arn: 'arn:aws:iam::1:role/x/r', description: null } }],
        child_modules: [{
          address: 'module.m["a.b"]', resources: [{ address: 'module.m["a.b"].aws_iam_role.r[0]', mode: 'managed', type: 'aws_iam_role', name: 'r', index: 0, values: { name: 's', arn: 'arn', id: 's' } }],
        }],
      },
    },
  };
  expect(read(state).resources.map(({ where, values: all }) => [where.address, Object.fromEntries(all)])).toEqual([
    ['aws_iam_role.r', { name: 'r', arn: 'arn:aws:iam::1:role/x/r', id: 'r' }], ['module.m["a.b"].aws_iam_role.r[0]', { name: 's', arn: 'arn', id: 's' }],
  ]);
});

test.each<[string, unknown]>([
  ['nothing', { format_version: '1.2', planned_values: {} }], ['lists for objects', { format_version: '1.2', planned_values: [], resource_changes: {}, configuration: [] }],
  ['texts', { format_version: '1.2', planned_values: 'x', resource_changes: ['x', null, 1], prior_state: 'x', configuration: 'x' }],
  ['keys of objects', { format_version: '1.2', planned_values: { root_module: { resources: [{ address: '__proto__.x' }, { address: 'a.b', type: 'constructor', name: 'b', values: JSON.parse('{"__proto__": 1}') }] } } }],
])('a broken plan with %s is read as far as it goes', (_, json) => {
  expect(read(json).resources.length).toBeLessThan(2);
});

test('a plan that does not have all is noted', () => {
  const { notes } = read({
    format_version: '1.2', planned_values: {}, errored: true, complete: false, deferred_changes: [{ reason: 'x', resource_change: { address: 'a.b' } }, null],
    resource_changes: [{ address: 'a.c', change: { actions: ['forget'] } }, { address: 'a.d', change: { actions: ['delete'] } }],
  });
  expect(notes.map(({ message, where }) => [message, where?.address])).toEqual([
    [expect.stringMatching(/^the plan( of \S+)? ended with an error: it does not have all that is written$/), undefined],
    [expect.stringMatching(/^the plan( of \S+)? is not complete: more changes follow once it is applied$/), undefined],
    ['changes of a.b are deferred to a later plan', 'a.b'], [expect.stringMatching(/^changes( of \S+)? are deferred to a later plan$/), undefined],
    ['Terraform forgets it: it goes on to exist, and is not read', 'a.c'],
  ]);
});

test('references in a circle end', () => {
  const ref = (name: string) => ({ address: `aws_iam_role_policy_attachment.${name}`, mode: 'managed', type: 'aws_iam_role_policy_attachment', name });
  const circle = {
    format_version: '1.2', planned_values: { root_module: { resources: ['a', 'b'].map(ref) } },
    resource_changes: ['a', 'b'].map(name => ({ ...ref(name), change: { actions: ['create'], after: {}, after_unknown: { role: true, name: true } } })),
    configuration: {
      root_module: {
        resources: [['a', 'b'], ['b', 'a']].map(([name, other]) => ({
          ...ref(name!), expressions: { role: { references: [`aws_iam_role_policy_attachment.${other!}.name`, `aws_iam_role_policy_attachment.${other!}`] } },
        })),
      },
    },
  };
  expect(read(circle).resources.map(resource => resource.values.get('role'))).toEqual([
    new Unknown('/aws_iam_role_policy_attachment.b.name'), new Unknown('/aws_iam_role_policy_attachment.a.name'),
  ]);
});

test('an argument that refers to two things is not one of them', () => {
  const role = { address: 'aws_iam_role.r', mode: 'managed', type: 'aws_iam_role', name: 'r' };
  const documents = ['a', 'b'].map(name => ({
    address: `data.aws_iam_policy_document.${name}`, mode: 'data', type: 'aws_iam_policy_document', name,
    change: { actions: ['read'], after: { statement: [] }, after_unknown: { json: true } },
  }));
  const policyOf = (...names: string[]) => {
    const references = names.flatMap(name => [`data.aws_iam_policy_document.${name}.json`, `data.aws_iam_policy_document.${name}`]);
    return values({
      format_version: '1.2', planned_values: { root_module: { resources: [role] } },
      resource_changes: [{ ...role, change: { actions: ['create'], after: {}, after_unknown: { assume_role_policy: true } } }, ...documents],
      configuration: { root_module: { resources: [{ ...role, expressions: { assume_role_policy: { references } } }] } },
    }, 'aws_iam_role.r')?.get('assume_role_policy');
  };
  expect([policyOf('a'), policyOf('a', 'b'), policyOf('a', 'a')]).toEqual([
    '{"Version":"2012-10-17"}', ...[1, 2].map(() => ({ symbol: expect.stringMatching(/^\/aws_iam_role\.r\.assume_role_policy#[0-9a-f]{8}$/) })),
  ]);
});

test('of two plans, it is unknown whether they make the same of what only an apply knows', () => {
  const role = { address: 'aws_iam_role.r', mode: 'managed', type: 'aws_iam_role', name: 'r' };
  const planAt = (timestamp: string, more: object) => readModel([{
    file: 'plan.json', stack: '', json: {
      format_version: '1.2', timestamp, planned_values: { root_module: { resources: [{ ...role, values: { name: 'r', ...more } }] } },
      resource_changes: [{ ...role, change: { actions: ['create'], after: { name: 'r', ...more }, after_unknown: { assume_role_policy: !('assume_role_policy' in more) } } }],
      configuration: { root_module: { resources: [{ ...role, expressions: { assume_role_policy: { references: ['aws_iam_openid_connect_provider.p.arn', 'aws_iam_openid_connect_provider.p'] } } }] } },
    },
  }]).identities;
  const changeOf = (...plans: ReturnType<typeof planAt>[]) => diffTrust(plans[0]!, plans[1]!).identities.map(({ change }) => change);
  const [then, now] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
  expect([changeOf(planAt(then, {}), planAt(now, {})), changeOf(planAt(now, {}), planAt(now, {}))]).toEqual([['unknown'], ['same']]);
  const known = { assume_role_policy: '{"Version":"2012-10-17","Statement":[]}' };
  expect(changeOf(planAt(then, known), planAt(now, known))).toEqual(['same']);
});

describe('a list in a plan', () => {
  const deferred = { address: 'data.aws_iam_policy_document.d', mode: 'data', type: 'aws_iam_policy_document', name: 'd' };
  const provider = (name: string) => ({ address: `aws_iam_openid_connect_provider.${name}`, mode: 'managed', type: 'aws_iam_openid_connect_provider', name });
  const arns = (...names: string[]) => names.flatMap(name => [`aws_iam_openid_connect_provider.${name}.arn`, `aws_iam_openid_connect_provider.${name}`]);
  const identifiers = (after: readonly unknown[], unknown: readonly boolean[], references: readonly string[]) => {
    const plan = {
      format_version: '1.2', planned_values: { root_module: { resources: ['a', 'b'].map(provider) } },
      resource_changes: [
        ...['a', 'b'].map(name => ({ ...provider(name), change: { actions: ['create'], after: { url: `https://${name}` }, after_unknown: { arn: true } } })),
        {
          ...deferred,
          change: {
            actions: ['read'], after: { statement: [{ principals: [{ type: 'Federated', identifiers: after }] }] },
            after_unknown: { json: true, statement: [{ principals: [{ identifiers: unknown }] }] },
          },
        },
      ],
      configuration: {
        root_module: { resources: [{ ...deferred, expressions: { statement: [{ principals: [{ type: { constant_value: 'Federated' }, identifiers: { references } }] }] } }] },
      },
    };
    return at(values(plan, deferred.address), 'statement', 0, 'principals', 0, 'identifiers');
  };
  const arn = (name: string) => text('arn:', new Unknown('/aws.partition'), ':iam::', new Unknown('/aws.account_id'), `:oidc-provider/${name}`);
  const unknown = (index: number) => new Unknown(`/data.aws_iam_policy_document.d.statement.0.principals.0.identifiers.${index}`);

  test.each<[string, readonly unknown[], readonly boolean[], readonly string[], readonly Value[]]>([
    ['that refers to as many things as members are unknown has these', [null, null], [true, true], arns('a', 'b'), [arn('a'), arn('b')]],
    ['of which a member is known has what the other refers to', ['x', null], [false, true], arns('a'), ['x', arn('a')]],
    ['that refers to fewer things has none of them', [null, null], [true, true], arns('a'), [unknown(0), unknown(1)]],
    ['that refers to more things has none of them', ['x', null], [false, true], arns('a', 'b'), ['x', unknown(1)]],
    ['that refers to another attribute has nothing of it', [null, null], [true, true], ['aws_iam_openid_connect_provider.a.url', 'aws_iam_openid_connect_provider.a', ...arns('b')], [unknown(0), unknown(1)]],
    ['that is repeated has none of them', [null, null], [true, true], [...arns('a'), 'each.key'], [unknown(0), unknown(1)]],
    ['that refers to nothing that is there stays unknown', [null, null], [true, true], arns('x', 'y'), [unknown(0), unknown(1)]],
  ])('%s', (_, after, marks, references, expected) => {
    expect(identifiers(after, marks, references)).toEqual(expected);
  });
});

import '../counting';
import { readdirSync } from 'node:fs';
import { readInputs } from '../../../lib/trust/input';
import { parseJson } from '../../../lib/trust/terraform/json';
import { Document, readTerraform } from '../../../lib/trust/terraform/read';
import { fromJson, isText, show, text, Text, toKey, Unknown, Value } from '../../../lib/trust/value';
import { EXAMPLES, inFolder, runExample } from '../../synth';
import { growth } from '../work';

const config = (json: unknown, stack = 's'): Document => ({ file: `${stack}.tf.json`, stack, json });
const read = (json: unknown) => readTerraform([config(json)]);
const attribute = (json: unknown, address: string, name: string) =>
  read(json).resources.find(resource => resource.where.address === address)?.values.get(name);
const unknown = (symbol: string) => new Unknown(`s/${symbol}`);

test('a resource has its arguments, what follows from them, and where it is', () => {
  const terraform = read({
    resource: { aws_iam_role: { r: { '//': { metadata: { path: 'app/Role' } }, 'name': 'reader', 'path': '/team/', 'depends_on': ['x'], 'lifecycle': {}, 'count': null, 'provider': 'aws' } } },
    provider: { aws: [{ region: 'eu-west-1' }, { alias: 'gov', region: 'us-gov-west-1' }] },
  });
  expect(terraform.resources).toEqual([{
    where: { address: 'aws_iam_role.r', constructPath: 'app/Role', stack: 's', file: 's.tf.json' }, mode: 'managed', type: 'aws_iam_role',
    provider: 's/aws',
    values: new Map<string, Value>([
      ['name', 'reader'], ['path', '/team/'], ['arn', text('arn:aws:iam::', unknown('aws.account_id'), ':role/team/reader')], ['id', 'reader'],
    ]),
  }]);
  expect([terraform.ofType('aws_iam_role'), terraform.ofType('aws_iam_role', 'data'), terraform.ofType('constructor'), terraform.notes])
    .toEqual([terraform.resources, [], [], []]);
});

describe('computed attributes', () => {
  const stack = {
    provider: {
      aws: [{ region: 'cn-north-1' }, { alias: 'a', region: 'eu-west-1', allowed_account_ids: ['111122223333'] }, { alias: 'b', assume_role: [{ role_arn: 'arn:aws-us-gov:iam::444455556666:role/x' }] }],
      google: [{ project: 'acme' }], azurerm: [{ subscription_id: 'sub', features: {} }],
    },
    data: {
      aws_iam_openid_connect_provider: { d: { arn: 'arn:aws:iam::1:oidc-provider/issuer.example' }, e: { url: 'https://issuer.example', provider: 'aws.a' } },
      aws_caller_identity: { me: {}, a: { provider: 'aws.a' } }, aws_partition: { me: {} }, aws_region: { me: {} }, google_project: { p: {}, q: { project_id: 'other' } },
    },
    resource: {
      aws_iam_openid_connect_provider: {
        a: { provider: 'aws.a', url: 'https://issuer.example/x/' }, b: { provider: '${aws.b}', url: '${aws_eks_cluster.c.identity[0].oidc[0].issuer}' },
      },
      aws_eks_cluster: { c: { name: 'apps', provider: 'aws.a' } }, aws_s3_bucket: { b: { bucket: 'data' } }, aws_iam_policy: { p: { name: 'p', provider: 'aws.a' } },
      google_service_account: { g: { account_id: 'reader' }, h: { account_id: 'reader', project: 'example.com:old' } },
      google_iam_workload_identity_pool: { p: { workload_identity_pool_id: 'pool' } },
      google_iam_workload_identity_pool_provider: { p: { workload_identity_pool_id: '${google_iam_workload_identity_pool.p.workload_identity_pool_id}', workload_identity_pool_provider_id: 'eks' } },
      google_container_cluster: { c: { name: 'apps', location: 'europe-west1' } }, google_storage_bucket: { b: { name: 'b' } },
      azurerm_user_assigned_identity: { i: { name: 'id', resource_group_name: 'rg' } }, azuread_application: { a: { display_name: 'a' } },
    },
  };
  const number = new Unknown('project_number("acme")');
  test.each<[string, string, Value | undefined]>([
    ['data.aws_caller_identity.me', 'account_id', unknown('aws.account_id')], ['data.aws_caller_identity.a', 'account_id', '111122223333'],
    ['data.aws_partition.me', 'partition', 'aws-cn'], ['data.aws_region.me', 'region', 'cn-north-1'], ['data.google_project.p', 'number', number],
    ['data.google_project.q', 'number', new Unknown('project_number("other")')], ['aws_iam_openid_connect_provider.a', 'arn', 'arn:aws:iam::111122223333:oidc-provider/issuer.example/x/'],
    ['aws_iam_openid_connect_provider.b', 'arn', text('arn:aws-us-gov:iam::444455556666:oidc-provider/', new Unknown('host(s/aws_eks_cluster.c.identity.0.oidc.0.issuer)'))],
    ['data.aws_iam_openid_connect_provider.d', 'url', 'issuer.example'], ['data.aws_iam_openid_connect_provider.d', 'arn', 'arn:aws:iam::1:oidc-provider/issuer.example'],
    ['data.aws_iam_openid_connect_provider.e', 'arn', 'arn:aws:iam::111122223333:oidc-provider/issuer.example'],
    ['aws_eks_cluster.c', 'arn', 'arn:aws:eks:eu-west-1:111122223333:cluster/apps'], ['aws_s3_bucket.b', 'arn', 'arn:aws-cn:s3:::data'],
    ['aws_iam_policy.p', 'arn', 'arn:aws:iam::111122223333:policy/p'], ['google_service_account.g', 'email', 'reader@acme.iam.gserviceaccount.com'],
    ['google_service_account.g', 'name', 'projects/acme/serviceAccounts/reader@acme.iam.gserviceaccount.com'],
    ['google_service_account.g', 'member', 'serviceAccount:reader@acme.iam.gserviceaccount.com'], ['google_service_account.g', 'unique_id', new Unknown('s/google_service_account.g.unique_id')],
    ['google_service_account.h', 'email', 'reader@old.example.com.iam.gserviceaccount.com'],
    ['google_iam_workload_identity_pool.p', 'name', text('projects/', number, '/locations/global/workloadIdentityPools/pool')],
    ['google_iam_workload_identity_pool_provider.p', 'name', text('projects/', number, '/locations/global/workloadIdentityPools/pool/providers/eks')],
    ['google_container_cluster.c', 'id', 'projects/acme/locations/europe-west1/clusters/apps'], ['google_storage_bucket.b', 'id', 'b'],
    ['azurerm_user_assigned_identity.i', 'id', '/subscriptions/sub/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id'],
    ['azuread_application.a', 'client_id', undefined],
  ])('%s %s', (address, name, value) => {
    expect(attribute(stack, address, name)).toEqual(value);
  });
});

describe('references', () => {
  const value = (expression: unknown, rest: object = {}) => attribute({ ...rest, resource: { ...(rest as { resource?: object }).resource, x_y: { it: { v: expression } } } }, 'x_y.it', 'v');
  const kubernetes = { resource: { kubernetes_service_account_v1: { a: { metadata: { name: 'n' } }, b: { metadata: [{ name: 'n', namespace: 'ns' }] } } } };
  test.each<[string, Value | undefined]>([
    ['${kubernetes_service_account_v1.a.metadata[0].name}', 'n'], ['${kubernetes_service_account_v1.a.metadata.0.name}', 'n'], ['${kubernetes_service_account_v1.b.metadata[0].namespace}', 'ns'],
    ['${kubernetes_service_account_v1.a.metadata[0].namespace}', 'default'], ['${kubernetes_service_account_v1.a.metadata[0].uid}', unknown('kubernetes_service_account_v1.a.metadata.0.uid')],
    ['${kubernetes_service_account_v1.a.id}', unknown('kubernetes_service_account_v1.a.id')],
  ])('to a block: %s', (expression, wanted) => {
    expect(value(expression, kubernetes)).toEqual(wanted);
  });

  test.each<[string, Value | undefined]>([
    ['${var.x}', unknown('var.x')], ['${var.x.a[0]}', unknown('var.x.a.0')], ['${local.a}-${local.b.c}', text('1-', unknown('var.x'))], ['${path.module}', unknown('path.module')],
    ['${terraform.workspace}', unknown('terraform.workspace')], ['${module.m.out}', unknown('module.m.out')], ['${module.m[0].out}', unknown('module.m.0.out')],
    ['${local.missing}', unknown('local.missing')], ['${aws_iam_role.elsewhere.arn}', unknown('aws_iam_role.elsewhere.arn')], ['${local.circle}', new Unknown('s/local.circle')],
  ])('to a name: %s', (expression, wanted) => {
    expect(value(expression, { locals: { a: 1, b: { c: '${var.x}' }, circle: '${local.circle2}', circle2: '${local.circle}' }, variable: { x: { default: 'd' } } })).toEqual(wanted);
  });

  test('to what is not there are noted once', () => {
    expect(read({ resource: { x_y: { a: { v: '${local.z}${local.z}', w: '${local.z}', q: '${1 +}' } } } }).notes).toEqual([
      { message: 'local.z is not in the input of s' },
      { message: 'an expression is not known: expected a name at character 5', where: { address: 'x_y.a', stack: 's', file: 's.tf.json' } },
    ]);
  });

  test('in a circle are noted', () => {
    expect(read({ resource: { x_y: { a: { v: '${x_y.b.v}' }, b: { v: '${x_y.a.v}' } } } }).notes).toEqual([
      { message: 'x_y.a.v refers to itself, and is not known', where: { address: 'x_y.a', stack: 's', file: 's.tf.json', attribute: 'v' } },
    ]);
  });
});

describe('instances', () => {
  const instances = (body: object, rest: object = {}) => read({ ...rest, resource: { x_y: { r: body, use: { a: '${x_y.r["a"].v}', zero: '${x_y.r[0].v}', all: '${x_y.r[*].v}' } } } });
  const known = (body: object, rest: object = {}) => instances(body, rest).resources.filter(resource => resource.where.address !== 'x_y.use').map(resource => [resource.where.address, resource.values.get('v')]);
  const use = (body: object, name: string, rest: object = {}) => instances(body, rest).resources.at(-1)!.values.get(name);

  test('by count', () => {
    expect([known({ count: 2, v: 'n${count.index}' }), known({ count: '${length(local.l)}', v: '1' }, { locals: { l: [] } })]).toEqual([[['x_y.r[0]', 'n0'], ['x_y.r[1]', 'n1']], []]);
    expect([use({ count: 2, v: 'n${count.index}' }, 'zero'), use({ count: 2, v: 'n${count.index}' }, 'all')]).toEqual(['n0', ['n0', 'n1']]);
  });

  test('by a count that is not known', () => {
    const body = { count: '${var.n}', v: 'n${count.index}' };
    expect([known(body), use(body, 'zero')]).toEqual([[['x_y.r', text('n', unknown('x_y.r.count.index'))]], 'n0']);
    expect(known({ count: '${var.create ? 1 : 0}', v: 'n${count.index}' })).toEqual([['x_y.r[0]', 'n0']]);
    expect(instances(body).notes).toContainEqual({ message: 'count is not known: it is read as if there were one', where: { address: 'x_y.r', attribute: 'count', stack: 's', file: 's.tf.json' } });
  });

  test('by for_each', () => {
    const body = { for_each: { a: 'x', __proto__x: 'y' }, v: '${each.key}=${each.value}' };
    expect([known(body), use(body, 'a')]).toEqual([[['x_y.r["a"]', 'a=x'], ['x_y.r["__proto__x"]', '__proto__x=y']], 'a=x']);
    expect(known({ for_each: '${toset(["b", "a"])}', v: '${each.key}=${each.value}' })).toEqual([['x_y.r["a"]', 'a=a'], ['x_y.r["b"]', 'b=b']]);
  });

  test('by a for_each that is not known', () => {
    const body = { for_each: '${var.m}', v: '${each.key}=${each.value}' };
    expect([known(body), use(body, 'a')]).toEqual([
      [['x_y.r', text(unknown('x_y.r.each.key'), '=', unknown('x_y.r.each.value'))]], text('a=', new Unknown('index(s/x_y.r.for_each, "a")')),
    ]);
  });

  test('no more than there is room for', () => {
    expect(known({ count: 1e9, v: 'x' })).toEqual([['x_y.r', 'x']]);
    const { resources, notes } = read({ resource: { x_y: { a: { count: 15_000 }, b: { for_each: Array.from({ length: 6000 }, (_, i) => `k${i}`) }, c: { count: 5_000 } } } });
    expect([resources.length, resources.filter(({ where }) => where.address === 'x_y.b').length]).toEqual([20_001, 1]);
    expect(notes).toEqual([
      { message: 'there are more than 20000 instances in the stack: those of x_y.b are not told apart', where: { address: 'x_y.b', stack: 's', file: 's.tf.json' } },
      { message: 'for_each is not known: it is read as if there were one', where: { address: 'x_y.b', attribute: 'for_each', stack: 's', file: 's.tf.json' } },
    ]);
  });
});

test('dynamic blocks are made where their number is known', () => {
  const document = (body: object) => attribute({ locals: { l: ['a', 'b'] }, data: { aws_iam_policy_document: { d: body } } }, 'data.aws_iam_policy_document.d', 'statement');
  const content = { sid: '${statement.value}', resources: ['${statement.key}'] };
  expect(document({ statement: [{ sid: 'z' }], dynamic: { statement: { for_each: '${local.l}', content } } })).toEqual(fromJson([
    { sid: 'z' }, { sid: 'a', resources: ['a'] }, { sid: 'b', resources: ['b'] },
  ]));
  expect(document({ dynamic: { statement: { for_each: '${var.l}', content } } })).toEqual(new Unknown('dynamic(s/data.aws_iam_policy_document.d.statement, s/var.l)'));
  expect(document({ statement: { sid: 'z', dynamic: { condition: [{ for_each: { k: 'v' }, iterator: 'it', content: { test: '${it.key}', values: ['${it.value}'] } }] } } }))
    .toEqual(fromJson({ sid: 'z', condition: [{ test: 'k', values: ['v'] }] }));
  expect(document({ dynamic: [{ statement: { for_each: '${local.l}', content } }, { statement: [{ for_each: ['c'], content }], other: { for_each: [], content } }] })).toEqual(fromJson([
    { sid: 'a', resources: ['a'] }, { sid: 'b', resources: ['b'] }, { sid: 'c', resources: ['c'] },
  ]));
  expect(read({ resource: { x_y: { r: { dynamic: [{ inline_policy: { for_each: ['a'], content: { name: '${inline_policy.value}' } } }] } } } }).resources[0]!.values)
    .toEqual(new Map([['inline_policy', fromJson([{ name: 'a' }])]]));
});

describe('several files', () => {
  const files = (contents: Record<string, unknown>) => readTerraform(Object.entries(contents).map(([file, json]) => ({ file, stack: 's', json })));
  const x = (r: object) => ({ resource: { x_y: { r } } });

  test('that override are read last, and argument by argument', () => {
    const dynamic = (name: string, value: string) => ({ [name]: { for_each: [value], content: { v: `\${${name}.value}` } } });
    const { resources, notes } = files({
      'a_override.tf.json': {
        ...x({ '//': { metadata: { path: 'other' } }, 'b': '2', 'block': [{ z: 1 }], 'dynamic': [dynamic('made', 'new'), dynamic('plain', 'p')], 'lifecycle': { prevent_destroy: true } }),
        locals: { l: 'new' }, provider: { aws: { allowed_account_ids: ['111122223333'] } }, output: { o: { sensitive: true } },
      },
      'm.tf.json': {
        ...x({
          '//': { metadata: { path: 'app' } }, 'a': '1', 'b': '1', 'block': [{ y: 1 }, { y: 2 }], 'plain': [{ v: 'old' }], 'l': '${local.l}', 'account': '${data.aws_caller_identity.me.account_id}',
          'dynamic': { ...dynamic('made', 'old'), ...dynamic('kept', 'k'), ...dynamic('block', 'old') }, 'lifecycle': { ignore_changes: ['a'] },
        }),
        data: { aws_caller_identity: { me: {} } }, locals: { l: 'old' }, provider: { aws: { region: 'eu-west-1' } }, output: { o: { value: 'v' } },
      },
    });
    expect(resources[0]).toEqual({
      where: { address: 'x_y.r', constructPath: 'app', stack: 's', file: 'm.tf.json' }, mode: 'managed', type: 'x_y', provider: 's/x',
      values: new Map(Object.entries({
        a: '1', l: 'new', account: '111122223333', b: '2', block: fromJson([{ z: 1 }]), kept: fromJson([{ v: 'k' }]), made: fromJson([{ v: 'new' }]), plain: fromJson([{ v: 'p' }]),
      })),
    });
    expect(notes).toEqual([{ message: 'ignore_changes has a: what exists may differ from what is written', where: { address: 'x_y.r', attribute: 'lifecycle', stack: 's', file: 'm.tf.json' } }]);
  });

  test('that have the same twice are noted', () => {
    const where = (file: string) => ({ address: 'x_y.r', stack: 's', file });
    expect(files({ 'a.tf.json': x({ a: 1 }), 'b.tf.json': x({ a: 2 }) }).notes).toEqual([{ message: 'x_y.r is written twice, which Terraform refuses', where: where('b.tf.json') }]);
    expect(read({ resource: { x_y: { r: [{ a: 1 }, { a: 2 }] } } }).notes).toEqual([{ message: 'x_y.r is written twice, which Terraform refuses', where: where('s.tf.json') }]);
  });
});

test('modules and ignored changes are noted', () => {
  const lifecycle = (ignored: unknown) => ({ lifecycle: [{ ignore_changes: ignored }] });
  const ignored = (address: string, name: string) => (
    { message: `ignore_changes has ${name}: what exists may differ from what is written`, where: { address, attribute: 'lifecycle', stack: 's', file: 's.tf.json' } }
  );
  const { notes } = read({
    module: { m: { source: './m' } },
    resource: { x_y: { a: lifecycle('all'), b: lifecycle(['tags', 'policy', 'policy[0].x', 'tags_all["a"]', 1]), c: lifecycle([]) }, kubernetes_mutating_webhook_configuration_v1: { d: lifecycle('all') } },
  });
  expect(notes).toEqual([
    { message: 'the resources of module.m are not read: pass a plan, as `terraform show -json` prints it', where: { address: 'module.m', stack: 's', file: 's.tf.json' } },
    ignored('x_y.a', 'all'), ignored('x_y.b', 'policy'),
  ]);
});

describe('stacks together', () => {
  const other = { output: { out: { value: '${x_y.z.v}' } }, resource: { x_y: { z: { v: 'known' } } } };
  const reader = (name: string, remote: object) => ({ data: { terraform_remote_state: { [name]: remote } }, resource: { x_y: { a: { v: `\${data.terraform_remote_state.${name}.outputs.out}` } } } });
  const value = (...documents: Document[]) => readTerraform(documents).ofType('x_y').at(-1)!.values.get('v');

  test('are known by the name that cdktf gives them', () => {
    expect(value(config(other, 'b'), config(reader('cross-stack-reference-input-b', { backend: 'local' }), 'a'))).toBe('known');
  });

  test('are known by an equal backend', () => {
    const backend = (key: string) => ({ ...other, terraform: { backend: { s3: { bucket: 'b', key, encrypt: true } } } });
    const state = { backend: 's3', config: { bucket: 'b', key: 'k', region: 'eu-west-1' } };
    expect(value(config(backend('k'), 'b'), config(reader('r', state), 'a'))).toBe('known');
    expect(value(config(backend('l'), 'b'), config(reader('r', state), 'a'))).toEqual(new Unknown('a/data.terraform_remote_state.r.outputs.out'));
    expect(value(config(backend('k'), 'b'), config(backend('k'), 'c'), config(reader('r', state), 'a'))).toEqual(new Unknown('a/data.terraform_remote_state.r.outputs.out'));
  });

  test('that are not in the input are unknown', () => {
    expect(value(config(reader('cross-stack-reference-input-b', { backend: 'local' }), 'a'))).toEqual(new Unknown('a/data.terraform_remote_state.cross-stack-reference-input-b.outputs.out'));
  });

  test('may refer to each other in a circle', () => {
    const circle = (own: string, to: string) => config({
      data: { terraform_remote_state: { [`cross-stack-reference-input-${to}`]: { backend: 'local' } } },
      output: { out: { value: `\${data.terraform_remote_state.cross-stack-reference-input-${to}.outputs.out}` } }, resource: { x_y: { a: { v: `\${data.terraform_remote_state.cross-stack-reference-input-${to}.outputs.out}` } } },
    }, own);
    expect(readTerraform([circle('a', 'b'), circle('b', 'a')]).ofType('x_y').every(resource => resource.values.get('v') instanceof Unknown)).toBe(true);
  });
});

test('configuration that was HCL is read the same', () => {
  expect(read({
    locals: [{ a: 'b' }], resource: { aws_iam_role: { r: [{ name: '${local.a}', assume_role_policy: '${jsonencode({\n  Statement = [{\n    Action = "a"\n    Principal = { Federated = aws_eks_cluster.c.arn }\n  }]\n})}' }] } },
  }).ofType('aws_iam_role')[0]!.values.get('assume_role_policy')).toEqual(
    text('{"Statement":[{"Action":"a","Principal":{"Federated":', new Unknown('jsonencode(s/aws_eks_cluster.c.arn)'), '}}]}'));
});

test('a key of which a part is unknown is kept', () => {
  const policy = attribute({
    resource: { aws_eks_cluster: { c: { name: 'c' } }, aws_iam_role: { r: { assume_role_policy: '${jsonencode({ "${replace(aws_eks_cluster.c.identity[0].oidc[0].issuer, "https://", "")}:sub" = "x" })}' } } },
  }, 'aws_iam_role.r', 'assume_role_policy');
  expect(isText(policy) && parseJson(policy)).toEqual(new Map([[toKey(text(new Unknown('host(s/aws_eks_cluster.c.identity.0.oidc.0.issuer)'), ':sub')), 'x']]));
});

describe('a hostile file ends', () => {
  const chain = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`l${index}`, index === 0 ? 'x' : `\${local.l${index - 1}}`]));
  const bomb = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`l${index}`, index === 0 ? 'x' : [`\${local.l${index - 1}}`, `\${local.l${index - 1}}`]]));
  const deep = Array.from({ length: 5000 }).reduce<unknown>(inner => ({ a: inner }), 'x');
  test.each<[string, unknown]>([
    ['a chain of locals', { locals: chain, resource: { x_y: { a: { v: '${local.l9999}' } } } }], ['a bomb of locals', { locals: bomb, resource: { x_y: { a: { v: '${jsonencode(local.l59)}' } } } }],
    ['a deep argument', { resource: { x_y: { a: { v: deep } } } }], ['no objects', { resource: [1, null, 'x', [[]]], data: 'x', locals: 1, output: [], provider: null, terraform: 'x' }],
    ['keys of objects', JSON.parse('{"resource": {"__proto__": {"__proto__": {"__proto__": 1}}, "constructor": {"x": {"toString": "${constructor.x.y}"}}}}')],
  ])('%s', (_, json) => {
    expect(read(json).resources.length).toBeLessThan(3);
  });
});

test('twice the identities are read with twice the work', () => {
  const many = (count: number, make: (index: number) => unknown) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`r${index}`, make(index)]));
  const all = (count: number) => read({
    resource: { aws_iam_role: many(count, index => ({ name: `r${index}`, assume_role_policy: `\${data.aws_iam_policy_document.r${index}.json}` })) },
    data: { aws_iam_policy_document: many(count, index => ({ statement: [{ actions: ['a'], condition: [{ test: 'StringEquals', variable: 'k:sub', values: [`v${index}`] }] }] })) },
  });
  expect(all(1000).resources.length).toBe(2000);
  expect(growth(all, [500, 1000])).toBeLessThan(2.2);
});

const names = readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name);
test.each(names)('the example %s is read as a whole', name => {
  const { resources, notes } = inFolder(folder => {
    runExample(name, folder);
    return readTerraform(readInputs([folder]));
  });
  const policies = resources.flatMap(resource => ['assume_role_policy', 'policy', 'json'].flatMap(key => resource.values.get(key) ?? []));
  const parsed = policies.map(policy => isText(policy) && !(policy instanceof Unknown) ? parseJson(policy) : policy);
  const texts = resources.flatMap(resource => [...resource.values.values()]).filter((value): value is Text => value instanceof Text).map(show);
  expect(notes).toEqual([]);
  expect(parsed.filter(policy => !(policy instanceof Map))).toEqual([]);
  expect(texts.filter(value => /invalid\(|remote_state/.test(value))).toEqual([]);
});

import './counting';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { growth, workOf } from './work';
import { run } from '../../lib/cli/program';
import { trustOf } from '../../lib/testing';
import { diffTrust } from '../../lib/trust/diff';
import { readModel } from '../../lib/trust/read';
import { changesToJson, makeChanges } from '../../lib/trust/report/changes';
import { Sensitive } from '../../lib/trust/sensitive';
import { show, Text, Unknown } from '../../lib/trust/value';

const HOST = 'oidc.hidden-host.example';
const SUB = 'system:serviceaccount:hidden-team:hidden-runner';
/** Every text of the state below that is marked, and each part of it that names something. */
const SECRETS = [
  'hidden-host', 'hidden-team', 'hidden-runner', '444455556666', 'hidden-role', 'hidden-audience', 'hidden-pool', '777788889999', 'hidden-attribute', 'hidden-bucket',
  'hidden-robot', 'hidden-project', 'hidden-native', 'hidden-branch', 'hidden-tenant',
];
const POLICY = (sub: string) => JSON.stringify({
  Version: '2012-10-17',
  Statement: [{
    Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: `arn:aws:iam::444455556666:oidc-provider/${HOST}` },
    Condition: { StringEquals: { [`${HOST}:aud`]: 'hidden-audience', [`${HOST}:sub`]: sub } },
  }],
});
const POOL = 'projects/777788889999/locations/global/workloadIdentityPools/hidden-pool';

/** A resource of a state, all of whose arguments are marked but those that are named. */
const resource = (address: string, values: Record<string, unknown>, ...shown: string[]) => {
  const [type, name] = address.split('.');
  return {
    address, mode: 'managed', type, name, values,
    sensitive_values: Object.fromEntries(Object.keys(values).filter(key => !shown.includes(key)).map(key => [key, true])),
  };
};
const state = (sub: string, marked = true) => ({
  format_version: '1.0', terraform_version: '1.9.0',
  values: {
    root_module: {
      resources: [
        resource('aws_iam_openid_connect_provider.o', {
          arn: `arn:aws:iam::444455556666:oidc-provider/${HOST}`, url: HOST, client_id_list: ['hidden-audience'],
        }),
        resource('aws_iam_role.r', {
          arn: 'arn:aws:iam::444455556666:role/hidden-role', name: 'hidden-role', assume_role_policy: POLICY(sub),
          inline_policy: [{ name: 'p', policy: '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::hidden-bucket/*"}}' }],
          permissions_boundary: 'arn:aws:iam::444455556666:policy/hidden-role',
        }),
        resource('google_iam_workload_identity_pool_provider.p', {
          name: `${POOL}/providers/p`, workload_identity_pool_id: 'hidden-pool', project: '777788889999', oidc: [{ issuer_uri: `https://${HOST}`, allowed_audiences: ['hidden-audience'] }],
          attribute_mapping: { 'google.subject': 'assertion.sub', 'attribute.team': '"hidden-attribute"' }, attribute_condition: `assertion.sub == "${SUB}"`,
        }),
        resource('google_service_account.a', { email: 'hidden-robot@hidden-project.iam.gserviceaccount.com', account_id: 'hidden-robot', unique_id: '1' }, 'unique_id'),
        resource('google_service_account_iam_member.m', {
          service_account_id: 'projects/hidden-project/serviceAccounts/hidden-robot@hidden-project.iam.gserviceaccount.com', role: 'roles/iam.workloadIdentityUser',
          member: `principal://iam.googleapis.com/${POOL}/subject/${sub}`,
        }, 'role'),
        resource('google_service_account_iam_member.n', {
          service_account_id: 'hidden-robot@hidden-project.iam.gserviceaccount.com', role: 'roles/iam.workloadIdentityUser',
          member: 'serviceAccount:hidden-project.svc.id.goog[hidden-native/hidden-runner]',
        }),
        resource('google_storage_bucket_iam_member.b', { bucket: 'hidden-bucket', role: 'roles/storage.admin', member: `principalSet://iam.googleapis.com/${POOL}/*` }),
        resource('azurerm_federated_identity_credential.c', {
          parent_id: '/subscriptions/hidden-tenant/x', issuer: `https://${HOST}/`, subject: 'repo:acme/app:ref:refs/heads/hidden-branch', audience: ['hidden-audience'],
        }),
        resource('kubernetes_service_account_v1.s', {
          metadata: [{ namespace: 'hidden-team', name: 'hidden-runner', annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::444455556666:role/hidden-role' } }],
        }),
      ].map(each => ({ ...each, sensitive_values: marked ? each.sensitive_values : {} })),
    },
  },
});

/** What a command prints, of the state as it was and as it is. */
async function printed(argv: readonly string[], marked = true) {
  let [out, err] = ['', ''];
  const files = new Map(Object.entries({ 'before.json': state('system:serviceaccount:hidden-team:hidden-other', marked), 'after.json': state(SUB, marked) }));
  const folder = mkdtempSync(join(tmpdir(), 'workload-federation-sensitive-'));
  try {
    files.forEach((json, name) => writeFileSync(join(folder, name), JSON.stringify(json)));
    const code = await run(argv.map(word => files.has(word) ? join(folder, word) : word), {
      version: '1.2.3', showsProgress: false, color: false, width: 400, readStandardInput: () => '', readFile: () => '', writeFile: () => undefined,
      print: text => void (out += text), warn: text => void (err += text), now: () => 0,
    });
    return { code, out: out.replaceAll(folder, 'FOLDER'), err };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const EXPLAIN = ['explain', 'after.json', '--namespace', 'hidden-team', '--service-account', 'hidden-runner'];
const COMMANDS: readonly (readonly string[])[] = [
  ...['text', 'markdown', 'json', 'mermaid', 'svg', 'html'].map(format => ['report', 'after.json', '--format', format]),
  ...['text', 'markdown', 'json'].map(format => ['diff', 'before.json', 'after.json', '--format', format]),
  ...['text', 'markdown', 'json', 'sarif'].map(format => ['check', 'after.json', '--format', format]),
  ...['text', 'markdown', 'json'].flatMap(format => [
    [...EXPLAIN, '--format', format],
    [...EXPLAIN, '--issuer', `https://${HOST}`, '--audience', 'hidden-audience', '--format', format],
    [...EXPLAIN, '--issuer', `https://${HOST}`, '--audience', 'another', '--to', 'aws_iam_role.r', '--format', format],
    ['explain', 'before.json', '--namespace', 'another', '--service-account', 'one', '--format', format],
    ['explain', 'before.json', '--error', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', '--format', format],
  ]),
];

describe('what a state marks as sensitive', () => {
  test.each(COMMANDS.map(argv => [argv.join(' '), argv] as const))('is in nothing that is printed: %s', async (_, argv) => {
    const { code, out, err } = await printed(argv);
    expect(SECRETS.filter(secret => `${out}${err}`.toLowerCase().includes(secret))).toEqual([]);
    expect(out).toMatch(/sensitive/);
    expect(code).toBe((await printed(argv, false)).code);
  });

  test('is what trust is judged by', async () => {
    const argv = [...EXPLAIN, '--issuer', `https://${HOST}`, '--audience', 'hidden-audience', '--to', 'aws_iam_role.r'];
    expect((await printed(argv)).out).toBe([
      'Accepted: arn:aws:iam::(sensitive):role/(sensitive) by OIDC provider',
      '  AWS role at aws_iam_role.r · FOLDER/after.json',
      '  presented by kubernetes_service_account_v1.s (metadata.annotations)',
      '  token  iss https://(sensitive)',
      '         sub system:serviceaccount:(sensitive)',
      '         aud ["(sensitive)"]',
      '',
      '  ✓ aws-provider, aws-client-id, aws-principal, aws-action, aws-condition (2)',
      '  note: what this role may do is limited by the permissions boundary arn:aws:iam::(sensitive):policy/(sensitive), at aws_iam_role.r (permissions_boundary)',
      '',
    ].join('\n'));
  });

  test('is hidden of both sides of a diff where one of them marks it', () => {
    const model = (marked: boolean) => readModel([{ file: 's.json', stack: '', json: state(marked ? SUB : `${SUB}-2`, marked) }]);
    for (const [before, after] of [[true, false], [false, true]] as const) {
      const changes = changesToJson(makeChanges(diffTrust(model(before).identities, model(after).identities)));
      expect(SECRETS.filter(secret => changes.includes(secret))).toEqual([]);
      expect(changes).toContain('"change": "changed"');
    }
  });
});

describe('a plan', () => {
  const plan = (parts: object) => readModel([{ file: 'plan.json', stack: '', json: { format_version: '1.2', terraform_version: '1.9.0', ...parts } }]).sensitive;
  const hidden = (parts: object, text: string) => plan(parts)?.text(text) ?? text;

  test.each([
    ['a value before', { planned_values: {}, resource_changes: [{ change: { before: { a: [{ b: 'topmost' }] }, before_sensitive: { a: [{ b: true }] } } }] }],
    ['a value after', { planned_values: {}, resource_changes: [{ change: { after: { a: { topmost: 1 } }, after_sensitive: { a: true } } }] }],
    ['all values', { planned_values: {}, resource_changes: [{ change: { after: { a: { topmost: 1 } }, after_sensitive: true } }] }],
    ['a value that drifted', { planned_values: {}, resource_drift: [{ change: { after: { a: 'x topmost' }, after_sensitive: { a: true } } }] }],
    ['a variable', { planned_values: {}, variables: { v: { value: 'topmost' } }, configuration: { root_module: { variables: { v: { sensitive: true } } } } }],
    ['a default', { planned_values: {}, configuration: { root_module: { variables: { v: { ephemeral: true, default: 'topmost' } } } } }],
    ['a variable of a module', {
      planned_values: {},
      configuration: { root_module: { module_calls: { m: { expressions: { v: { constant_value: 'topmost' } }, module: { variables: { v: { sensitive: true } } } } } } },
    }],
    ['a value of a module', {
      planned_values: { root_module: { child_modules: [{ resources: [{ values: { a: 'topmost' }, sensitive_values: { a: true } }] }] } },
    }],
  ])('hides %s', (_, parts) => {
    expect(hidden(parts, 'the topmost one')).toBe('the (sensitive) one');
  });

  test.each([
    ['that are not marked', { planned_values: {}, resource_changes: [{ change: { after: { a: 'topmost' }, after_sensitive: {} } }] }],
    ['whose mark says no', { planned_values: {}, resource_changes: [{ change: { after: { a: 'topmost' }, after_sensitive: { a: false } } }] }],
    ['that are a credential of a cluster', { planned_values: {}, resource_changes: [{ change: { after: { kube_config_raw: 'a: topmost' }, after_sensitive: { kube_config_raw: true } } }] }],
    ['of outputs that nobody has', { planned_values: { outputs: { o: { sensitive: true, value: 'topmost' } } } }],
    ['of which another part is marked', { planned_values: {}, resource_changes: [{ change: { after: { a: 'topmost' }, after_sensitive: { constructor: true, b: true } } }] }],
  ])('shows values %s', (_, parts) => {
    expect(hidden(parts, 'the topmost one')).toBe('the topmost one');
  });
});

describe('an output that another stack has', () => {
  const other = (name: string) => ({
    file: 'b.tf.json', stack: 'b',
    json: {
      data: { terraform_remote_state: { 'cross-stack-reference-input-a': { backend: 'local' } } },
      resource: { aws_iam_role: { r: { name: `\${data.terraform_remote_state.cross-stack-reference-input-a.outputs.${name}}` } } },
    },
  });
  const shown = (json: object, name: string) => {
    const { identities: [role], sensitive } = readModel([{ file: 'a.json', stack: 'a', json }, other(name)]);
    const arn = show(role!.name);
    return sensitive?.text(arn) ?? arn;
  };
  const applied = (sensitive: boolean, name: string) => ({ format_version: '1.0', values: { outputs: { [name]: { sensitive, value: 'topmost' } } } });
  const written = (sensitive: boolean, name: string) => ({ locals: { l: 'topmost' }, output: { [name]: { sensitive, value: '${local.l}' } } });
  const [HIDES, SHOWS] = ['arn:${aws.partition}:iam::${aws.account_id}:role/(sensitive)', 'arn:${aws.partition}:iam::${aws.account_id}:role/topmost'];

  test.each([['a state', applied], ['configuration', written]] as const)('is hidden where %s marks it, but for those that cdktf marks', (_, stack) => {
    expect([shown(stack(true, 'o'), 'o'), shown(stack(false, 'o'), 'o'), shown(stack(true, 'cross-stack-output-o'), 'cross-stack-output-o')]).toEqual([HIDES, SHOWS, SHOWS]);
  });
});

describe('configuration', () => {
  const config = (json: object) => readModel([{ file: 's.tf.json', stack: 's', json }]);

  test.each([
    ['what sensitive() is given', { resource: { aws_iam_role: { r: { name: 'r', description: '${sensitive("topmost")}' } } } }],
    ['the known parts of it', { resource: { aws_iam_role: { r: { name: 'r', description: '${sensitive("topmost ${var.x}")}' } } } }],
    ['a default', { variable: { v: { sensitive: true, default: { name: ['topmost'] } } } }],
    ['a default of what is not kept', { variable: { v: { ephemeral: 'true', default: 'topmost' } } }],
  ])('hides %s', (_, json) => {
    expect(config(json).sensitive?.text('a topmost, again topmost.')).toBe('a (sensitive), again (sensitive).');
  });

  test('hides it in tables and messages of tests', () => {
    const policy = POLICY(SUB).replaceAll('"', '\\"').replaceAll(HOST, 'oidc.example');
    const trust = trustOf(JSON.stringify({ resource: { aws_iam_role: { r: { name: 'r', assume_role_policy: `\${sensitive("${policy}")}` } } } }));
    const { verdict, message } = trust.admits({ issuer: 'https://oidc.example', subject: 'someone' });
    expect(verdict).toBe('no');
    expect(SECRETS.filter(secret => `${trust.toTable()}${message}`.includes(secret))).toEqual([]);
  });
});

describe('texts that are sensitive', () => {
  const hidden = (value: unknown, text: string) => {
    const sensitive = new Sensitive();
    sensitive.add(value);
    return sensitive.text(text);
  };

  test.each<[unknown, string, string]>([
    ['secret-name', 'SECRET-NAME, not-secret-names.', '(sensitive), (sensitive).'],
    ['arn:aws:iam::111122223333:role/team/reader', 'role/team/reader of 111122223333', 'role/(sensitive) of (sensitive)'],
    ['system:serviceaccount:a:b', 'a/b is a:b', '(sensitive) is (sensitive)'],
    ['sts.amazonaws.com', 'aud sts.amazonaws.com', 'aud (sensitive)'],
    ['repo:acme/abc*', 'sub repo:acme/abcany of a serviceaccount', 'sub (sensitive) of a serviceaccount'], ['ser', 'user-ser serviceaccount', '(sensitive) serviceaccount'],
    ['{"Statement":[{"Sid":"top"}]}', 'Statement top, step', 'Statement (sensitive), step'],
    ['{"a":"{\\"b\\":\\"nested-deep\\"}"}', 'nested-deep', '(sensitive)'],
    [{ label: { 'secret-key': 123456 } }, 'secret-key=123456', '(sensitive)'],
    ['robot@some-project.iam.gserviceaccount.com', 'projects/some-project', 'projects/(sensitive)'],
    [new Text(['first-part', new Unknown('x')]), 'first-part of x', '(sensitive) of x'],
    [new Unknown('symbol'), 'symbol', 'symbol'],
    [true, 'true', 'true'], ['', 'a', 'a'], ['.', 'a.b', 'a.b'], [null, 'null', 'null'],
    ['x', `x ${'y'.repeat(600)}`, '(sensitive) (sensitive)'],
  ])('%j hides of %j all but %j', (value, text, rest) => {
    expect(hidden(value, text)).toBe(rest);
  });

  test('leave places and kinds of what is printed as they are', () => {
    const sensitive = new Sensitive();
    sensitive.add(['role', 'aws', 'kinder', 'place-of-it']);
    expect(sensitive.in({
      cloud: 'aws', kind: 'role', name: 'kinder', where: { address: 'place-of-it', file: 'kinder' }, claims: { kind: 'kinder', kinder: [1] }, also: [null, true, 3],
    })).toEqual({
      cloud: 'aws', kind: 'role', name: '(sensitive)', where: { address: 'place-of-it', file: 'kinder' }, claims: { 'kind': '(sensitive)', '(sensitive)': [1] }, also: [null, true, 3],
    });
  });

  test('are hidden by work that grows with what is printed, and not with how many they are', () => {
    // Those that are added later are as long as those before, and others.
    const hiding = (count: number) => {
      const sensitive = new Sensitive();
      sensitive.add(Array.from({ length: count }, (_, index) => `name-${'x'.repeat(index % 300)}-${10_000 + index}`));
      return sensitive;
    };
    const long = (count: number) => Array.from({ length: count }, (_, index) => `${'y'.repeat(500)}${index}`).join(' ');
    expect(growth(text => hiding(3_000).text(text), [long(20), long(40)])).toBeLessThan(2.1);
    const [few, many] = [3_000, 12_000].map(hiding).map(sensitive => workOf(() => sensitive.text(long(20)))) as [number, number];
    expect(many / few).toBeLessThan(1.1);
  });
});

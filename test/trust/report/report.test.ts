import '../counting';
import { text, Unknown, Value, makeReport, Report, ReportModel } from 'cdktf-workload-federation/trust';
import { growth } from '../work';
import { account, at, door, FLEET, grant, HOSTILE, many, who } from './models';

const fleet = makeReport(FLEET);
const role = (name: string, ...doors: ReturnType<typeof door>[]): ReportModel['identities'][number] =>
  ({ cloud: 'aws', kind: 'role', name, where: at(`aws_iam_role.${name}`), doors, grants: [] });
const model = (...identities: ReportModel['identities']): ReportModel => ({ registrations: [], identities, workloads: [], notes: [] });
/** The rows as short texts: risks, subject, issuer, identity. */
const lines = ({ rows, identities }: Report) =>
  rows.map(({ risks, subject, issuer, identity }) => [risks.join('+') || 'exact', subject ?? 'anyone', issuer ?? '-', identities[identity]!.name].join(' | '));
const AKS = 'https://westeurope.oic.prod-aks.azure.com/0a1b2c3d-0000-4000-8000-000000000001/0a1b2c3d-0000-4000-8000-000000000002/';
const GKE = 'https://container.googleapis.com/v1/projects/acme-apps/locations/europe-west1/clusters/apps';
const EKS = 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';

test('a role from one cluster is one row with its identity, grants and workloads', () => {
  expect(makeReport({
    registrations: [], notes: [{ message: 'Read.' }],
    identities: [{
      cloud: 'aws', kind: 'role', name: text('arn:aws:iam::', new Unknown('app/data.aws_caller_identity.me.account_id'), ':role/reader'),
      where: at('aws_iam_role.Reader', { constructPath: 'app/Reader/Role', stack: 'app' }),
      doors: [door('aws-oidc', [who(GKE, account('reports', 'reader'), { audiences: ['sts.amazonaws.com'], conditions: ['x'], where: at('aws_iam_role.Reader', { attribute: 'assume_role_policy' }) })])],
      grants: [grant('z', new Unknown('app/aws_s3_bucket.b.arn')), grant('a', undefined, { statements: [new Map<string, Value>([['Action', ['s3:*']], ['Resource', new Unknown('app/aws_s3_bucket.b.arn')]])] })],
    }],
    workloads: [{ namespace: 'reports', serviceAccount: 'reader', where: at('kubernetes_service_account_v1.A'), users: [at('kubernetes_pod_v1.P')], attempts: [] }],
  })).toEqual({
    version: 1,
    sources: ['cdk.tf.json'],
    filters: [],
    counts: {
      rows: 1, issuers: 1, subjects: 1, identities: 1, grants: 2, workloads: 1, risky: 0, unknown: 1,
      risks: { 'any-issuer': 0, 'any-subject': 0, 'wildcard': 0, 'any-audience': 0 },
    },
    rows: [{
      risks: [], issuer: GKE, subject: 'system:serviceaccount:reports:reader', wildcards: false, namespace: 'reports', serviceAccount: 'reader',
      audiences: ['sts.amazonaws.com'], conditions: ['x'], mechanism: 'aws-oidc', registration: null, through: null, identity: 0, workloads: [0],
      unknown: ['identity'], where: { address: 'aws_iam_role.Reader', attribute: 'assume_role_policy', file: 'cdk.tf.json' },
    }],
    identities: [{
      cloud: 'aws', kind: 'role', name: 'arn:aws:iam::${data.aws_caller_identity.me.account_id}:role/reader',
      where: { address: 'aws_iam_role.Reader', constructPath: 'app/Reader/Role', stack: 'app', file: 'cdk.tf.json' },
      grants: [
        { permission: 'a', on: null, statements: [{ Action: ['s3:*'], Resource: '${aws_s3_bucket.b.arn}' }], where: at('aws_iam_role_policy.Policy') },
        { permission: 'z', on: '${aws_s3_bucket.b.arn}', statements: [], where: at('aws_iam_role_policy.Policy') },
      ],
    }],
    registrations: [],
    workloads: [{ namespace: 'reports', serviceAccount: 'reader', where: at('kubernetes_service_account_v1.A'), users: [at('kubernetes_pod_v1.P')] }],
    notes: [{ message: 'Read.' }],
  });
});

test('rows that let in more come first, then they are in the order of issuer, subject and identity', () => {
  expect(lines(fleet)).toEqual([
    `any-subject | anyone | ${EKS} | arn:aws:iam::111122223333:role/legacy`,
    `any-subject | anyone | ${EKS} | principalSet://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/eks-apps/attribute.namespace/billing`,
    'wildcard+any-audience | repo:acme/shop:* | https://token.actions.githubusercontent.com | arn:aws:iam::111122223333:role/deploy',
    `wildcard | system:serviceaccount:jobs:* | ${GKE} | arn:aws:iam::111122223333:role/jobs`,
    'exact | anyone | - | arn:aws:iam::444455556666:role/spoke',
    'exact | system:serviceaccount:billing:worker | - | ${aws_iam_role.Hub.arn}',
    'exact | system:serviceaccount:reports:reader | - | reports@acme-data.iam.gserviceaccount.com',
    'exact | system:serviceaccount:jobs:nightly | ${aws_eks_cluster.apps.identity[0].oidc[0].issuer} | principal://iam.googleapis.com/${google_iam_workload_identity_pool.Pool.name}/subject/system:serviceaccount:jobs:nightly',
    'exact | system:serviceaccount:reports:reader | ${aws_eks_cluster.apps.identity[0].oidc[0].issuer} | arn:aws:iam::111122223333:role/reports-reader',
    `exact | system:serviceaccount:reports:reader | ${GKE} | \${azurerm_user_assigned_identity.Reports.client_id}`,
    `exact | system:serviceaccount:reports:reader | ${GKE} | arn:aws:iam::111122223333:role/reports-reader`,
    `exact | system:serviceaccount:reports:reader | ${EKS} | reports@acme-data.iam.gserviceaccount.com`,
    `exact | system:serviceaccount:reports:reader | ${AKS} | \${azurerm_user_assigned_identity.Reports.client_id}`,
  ]);
});

test('the figures count what the rows speak of', () => {
  expect(fleet.counts).toEqual({
    rows: 13, issuers: 5, subjects: 11, identities: 10, grants: 11, workloads: 1, risky: 4, unknown: 5,
    risks: { 'any-issuer': 0, 'any-subject': 2, 'wildcard': 2, 'any-audience': 1 },
  });
  expect(fleet.identities.map(({ name }) => name)).toContain('nobody');
});

test('places lead to what they mean after everything is ordered', () => {
  const chained = fleet.rows.find(({ mechanism }) => mechanism === 'aws-role-chain')!;
  expect([fleet.identities[chained.identity]!.name, fleet.identities[chained.through!]!.name]).toEqual(['arn:aws:iam::444455556666:role/spoke', '${aws_iam_role.Hub.arn}']);
  const registered = fleet.rows.filter(({ registration }) => registration !== null);
  expect(registered.map(({ registration, issuer }) => fleet.registrations[registration!]!.issuer === issuer)).toEqual([true, true]);
  expect(new Set(fleet.rows.filter(({ namespace }) => namespace === 'reports').map(({ workloads }) => fleet.workloads[workloads[0]!]!.where.address)))
    .toEqual(new Set(['kubernetes_service_account_v1.Reader']));
});

test('the order of the input changes nothing', () => {
  const turned = {
    registrations: FLEET.registrations, notes: FLEET.notes, workloads: [...FLEET.workloads].reverse(),
    identities: [...FLEET.identities].reverse()
      .map(identity => ({ ...identity, doors: [...identity.doors].reverse(), grants: [...identity.grants].reverse() })),
  };
  expect(makeReport(turned)).toEqual(fleet);
});

test.each<[string, Value | undefined, boolean, string[]]>([
  ['no subject', undefined, false, ['any-subject']],
  ['a lone star', '*', true, ['any-subject']],
  ['every service account', 'system:serviceaccount:*', true, ['any-subject']],
  ['every namespace and name', 'system:serviceaccount:*:*', true, ['any-subject']],
  ['all that begins like a service account', 'system:*', true, ['any-subject']],
  ['a namespace', 'system:serviceaccount:reports:*', true, ['wildcard']],
  ['a name in every namespace', 'system:serviceaccount:*:reader', true, ['wildcard']],
  ['a question mark', 'system:serviceaccount:reports:reade?', true, ['wildcard']],
  ['a pattern without a wildcard', 'system:serviceaccount:reports:reader', true, []],
  ['a star that is only a star', 'system:serviceaccount:reports:*', false, []],
  ['a star beside what is unknown', text('system:serviceaccount:', new Unknown('a/var.ns'), ':*'), true, ['wildcard']],
  ['something unknown', new Unknown('a/var.sub'), true, []],
])('the risk of a subject follows from whom it takes: %s', (_, subject, wildcards, risks) => {
  expect(makeReport(model(role('a', door('aws-oidc', [who(GKE, subject as string, { wildcards, audiences: ['x'] })])))).rows[0]!.risks).toEqual(risks);
});

test('an issuer or an audience that is not asked for is a risk where tokens are exchanged, and none where there is nothing to ask', () => {
  const risks = (mechanism: Parameters<typeof door>[0]) => makeReport(model(role('a', door(mechanism, [who(undefined, 's')])))).rows[0]!.risks;
  expect(risks('aws-oidc')).toEqual(['any-issuer', 'any-audience']);
  expect(risks('gcp-federation')).toEqual(['any-issuer', 'any-audience']);
  expect(risks('azure-federation')).toEqual(['any-issuer', 'any-audience']);
  expect(risks('aws-pod-identity')).toEqual([]);
  expect(risks('gcp-native')).toEqual([]);
  expect(makeReport(model(role('a', door('aws-pod-identity', [who(undefined, undefined)])))).rows[0]!.risks).toEqual(['any-subject']);
});

test.each<[string, ReturnType<typeof account>, [string, string] | undefined]>([
  ['literal', account('a', 'b'), ['a', 'b']],
  ['an unknown namespace', account(new Unknown('s/var.ns'), 'b'), ['${var.ns}', 'b']],
  ['unknown parts', account(text('a-', new Unknown('s/var.ns')), text(new Unknown('s/var.n'), '-b')), ['a-${var.ns}', '${var.n}-b']],
  ['a colon too many', 'system:serviceaccount:a:b:c', undefined],
  ['no name', 'system:serviceaccount:a:', undefined],
  ['one unknown for both', text('system:serviceaccount:', new Unknown('s/var.both')), undefined],
  ['another form', 'repo:acme/shop:ref:refs/heads/main', undefined],
])('the subject of a service account is split into namespace and name: %s', (_, subject, parts) => {
  const row = makeReport(model(role('a', door('aws-oidc', [who(GKE, subject)])))).rows[0]!;
  expect('namespace' in row ? [row.namespace, row.serviceAccount] : undefined).toEqual(parts);
});

test('what runs as a subject is found by unknown names too, where they are the same', () => {
  const ns = new Unknown('s/kubernetes_namespace_v1.n.metadata[0].name');
  const report = makeReport({
    ...model(role('a', door('aws-oidc', [who(GKE, account(ns, 'b')), who(GKE, account(new Unknown('s/var.other'), 'b'))]))),
    workloads: [{ namespace: ns, serviceAccount: 'b', where: at('kubernetes_service_account_v1.b'), users: [], attempts: [] }],
  });
  expect(report.rows.map(({ namespace, workloads }) => [namespace, workloads])).toEqual([['${kubernetes_namespace_v1.n.metadata[0].name}', [0]], ['${var.other}', []]]);
});

describe('filters', () => {
  const subjects = (subject: string) => {
    const report = makeReport(FLEET, { subject });
    return [report.filters[0]!.mode, ...new Set(report.rows.map(row => row.subject ?? 'anyone'))];
  };

  test('a text that is equal to a subject means that one alone, and those that take it', () => {
    expect(subjects('reports/reader')).toEqual(['exact', 'anyone', 'system:serviceaccount:reports:reader']);
    expect(subjects('system:serviceaccount:reports:reader')).toEqual(['exact', 'anyone', 'system:serviceaccount:reports:reader']);
    expect(subjects('system:serviceaccount:jobs:*')).toEqual(['exact', 'anyone', 'system:serviceaccount:jobs:*']);
  });

  test('a text with wildcards is a glob over the whole, any other a part, and case counts', () => {
    expect(subjects('*:worker')).toEqual(['glob', 'anyone', 'system:serviceaccount:billing:worker']);
    expect(subjects('nightly')).toEqual(['substring', 'anyone', 'system:serviceaccount:jobs:nightly']);
    expect(subjects('Nightly')).toEqual(['substring', 'anyone']);
    expect(subjects('system:serviceaccount:jobs:tomorrow')).toEqual(['substring', 'anyone', 'system:serviceaccount:jobs:*']);
  });

  test('identities are found by name and by address, issuers by URL; filters narrow each other, and what nobody speaks of is left out', () => {
    const report = makeReport(FLEET, { identity: 'aws_iam_role.Reader_Role', issuer: 'https://container.*' });
    expect(report.filters).toEqual([{ field: 'identity', text: 'aws_iam_role.Reader_Role', mode: 'exact' }, { field: 'issuer', text: 'https://container.*', mode: 'glob' }]);
    expect(lines(report)).toEqual([`exact | system:serviceaccount:reports:reader | ${GKE} | arn:aws:iam::111122223333:role/reports-reader`]);
    expect([report.identities.length, report.registrations.length, report.workloads.length]).toEqual([1, 1, 1]);
    expect(report.rows[0]).toMatchObject({ identity: 0, registration: 0, workloads: [0] });
  });

  test('a filter that nothing fits leaves nothing', () => {
    const report = makeReport(FLEET, { identity: 'constructor' });
    expect([report.rows, report.identities, report.counts.rows]).toEqual([[], [], 0]);
  });
});

test('statements are plain data, keys of prototypes among them, and end at a depth', () => {
  let deep: Value = 'end';
  for (let depth = 0; depth < 50_000; depth++) {
    deep = [deep];
  }
  const report = makeReport(model({ ...role('a', door('aws-oidc', [who(GKE, 's')])), grants: [grant('p', undefined, { statements: [new Map([['__proto__', 'x']]), deep] })] }));
  const [first, second] = report.identities[0]!.grants[0]!.statements;
  expect(Object.entries(first as object)).toEqual([['__proto__', 'x']]);
  expect(JSON.stringify(second)).toBe(`${'['.repeat(24)}"…"${']'.repeat(24)}`);
});

test('hostile names are data like others', () => {
  expect(makeReport(HOSTILE).counts).toMatchObject({ rows: 4, identities: 2, grants: 2 });
});

test('the work grows with the rows and not with their square', () => {
  expect(makeReport(many(10_000)).rows).toHaveLength(10_000);
  expect(growth(makeReport, [many(500), many(1000)])).toBeLessThan(2.1);
});

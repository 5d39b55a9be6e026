import { COMMANDS, schemaOf, wrongIn, wrongOf } from './documents';
import { EVIL, FLEET, HOSTILE } from './models';
import { violations } from './schema';
import {
  changesToJson, check, diffTrust, explainRefusals, explainToken, Explanation, explanationToJson, Findings, findingsToJson, kubernetesToken,
  makeChanges, parseSuppressions, readRefusal,
} from '../../../lib/trust';
import { Model } from '../../../lib/trust/read';
import { example, modelOf } from '../explain/world';

const EXAMPLES = ['accounts', 'all-clouds', 'article', 'directions', 'fleet', 'gtoken', 'migration', 'self-hosted'];
const NOTHING = modelOf({});
const WHERE = { address: 'aws_iam_role.Reader', file: 'cdk.tf.json' };
const GATE = { gate: 'aws-condition', verdict: 'no', want: 'a', have: 'b', where: WHERE, remedy: 'c' } as const;
const EXPLANATION: Explanation = {
  version: 1, outcome: 'refused', refusals: [{ id: 'a', means: 'b', remedy: 'c' }], more: 0,
  answers: [{
    outcome: 'refused', identity: { cloud: 'aws', kind: 'role', name: 'arn', where: WHERE }, mechanism: null, claims: {}, presentedBy: WHERE, gates: [GATE], first: GATE, says: 'no',
  }],
};
const FINDINGS: Findings = {
  version: 1, counts: { error: 1, warning: 0, note: 0, suppressed: 0 },
  findings: [{ rule: 'missing-sub', level: 'error', message: 'a', where: WHERE, remedy: 'b', fingerprint: 'c', suppressed: { reason: 'd', expires: '2030-12-31' } }],
};

const diffOf = (before: Model, after: Model) => wrongIn('diff', changesToJson(makeChanges(diffTrust(before.identities, after.identities))));

describe('what the commands print as JSON is what the schemas say', () => {
  test.each(EXAMPLES)('of the example %s', name => {
    const model = modelOf(example(name));
    const explained = model.workloads.slice(0, 20)
      .map(({ namespace, serviceAccount }) => explainToken(model, kubernetesToken({ namespace, serviceAccount })));
    const refusals = ['Not authorized to perform sts:AssumeRoleWithWebIdentity', 'AADSTS700213: No matching federated identity record found']
      .flatMap(message => readRefusal(message));
    expect(model.workloads.length).toBeGreaterThan(0);
    expect([
      ...wrongOf(model), ...[...explained, explainRefusals(model, refusals, { answers: 20 })].flatMap(each => wrongIn('explain', explanationToJson(each))),
      ...diffOf(NOTHING, model), ...diffOf(model, NOTHING), ...diffOf(model, model),
    ]).toEqual([]);
    expect(explained.flatMap(({ answers }) => answers).length).toBeGreaterThan(0);
  });

  test.each([['a fleet', FLEET], ['hostile names', HOSTILE]])('of %s', (_, { identities }) => {
    const changes = diffTrust([], identities);
    expect(wrongIn('diff', changesToJson(makeChanges(changes)))).toEqual([]);
    expect(makeChanges(changes).changes.length).toBeGreaterThan(0);
  });

  test('of findings that are accepted, of those that are not, and of none', () => {
    const model = modelOf(example('directions'));
    const [first] = check(model).findings;
    const suppressions = parseSuppressions(JSON.stringify([{ rule: first!.rule, where: '*', reason: EVIL, expires: '2030-12-31' }]), 'accepted.json');
    const accepted = check(model, { suppressions, now: new Date('2026-01-01') });
    expect(accepted.counts.suppressed).toBeGreaterThan(0);
    expect([accepted, check(NOTHING), FINDINGS].flatMap(findings => wrongIn('check', findingsToJson(findings)))).toEqual([]);
  });

  test('of an explanation without answers', () => {
    expect(wrongIn('explain', explanationToJson(explainToken(NOTHING, kubernetesToken({ namespace: 'a', serviceAccount: 'b' }))))).toEqual([]);
  });
});

describe('refuses by the schema', () => {
  const wrong = (command: typeof COMMANDS[number], document: unknown) => violations(schemaOf(command), document);

  test('what explain never prints', () => {
    expect(wrong('explain', EXPLANATION)).toEqual([]);
    const [answer] = EXPLANATION.answers;
    const { says, ...without } = answer!;
    expect(wrong('explain', { ...EXPLANATION, version: 2, more: -1, token: 'x', answers: [{ ...without, first: { ...GATE, gate: 'x', signature: says }, presentedBy: 'pod' }] })).toEqual([
      '$.token is not known', '$.version: 2', '$.more: -1', '$.answers[0].says is missing', '$.answers[0].presentedBy: string', '$.answers[0].first.signature is not known',
      '$.answers[0].first.gate: "x"',
    ]);
  });

  test('what diff never prints', () => {
    const changes = JSON.parse(changesToJson(makeChanges(diffTrust([], FLEET.identities))));
    expect(wrong('diff', { ...changes, counts: { ...changes.counts, new: 0.5 }, changes: [{ ...changes.changes[0], change: 'wider', gained: [] }] })).toEqual([
      '$.counts.new: number', '$.changes[0].change: "wider"', '$.changes[0].gained: array',
    ]);
  });

  test('what check never prints', () => {
    const [finding] = FINDINGS.findings;
    expect(wrong('check', { ...FINDINGS, findings: [{ ...finding, level: 'fatal', line: 0, suppressed: { reason: 'x' } }] })).toEqual([
      '$.findings[0].level: "fatal"', '$.findings[0].suppressed.expires is missing', '$.findings[0].line: 0',
    ]);
  });
});

test('each schema says by its name and its version what it is of', () => {
  expect(COMMANDS.map(command => {
    const { $id, description, properties: { version } } = schemaOf(command);
    return [$id, description.split('.')[0], version];
  })).toEqual(COMMANDS.map(command => [`${command}-v1.schema.json`, `What \`workload-federation ${command} --format json\` prints`, { const: 1 }]));
});

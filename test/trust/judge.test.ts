import { account, door, EKS, equals, role, statement } from './doors';
import { accepts, admits, decide } from '../../lib/trust/judge';
import { Token } from '../../lib/trust/model';
import { readModel } from '../../lib/trust/read';
import { Unknown, Value } from '../../lib/trust/value';

const token = (claims: Record<string, Value>): Token => new Map(Object.entries(claims));
const GOOD = token({ iss: EKS, sub: account('reports', 'reader'), aud: ['sts.amazonaws.com'] });
const reader = statement([account('reports', 'reader')]);
const writer = statement([account('reports', 'writer')]);

describe('whether a token becomes an identity', () => {
  test('an identity without a door is become by nobody', () => {
    expect(accepts(role('Role', []), GOOD)).toBe('no');
    expect(decide(role('Role', []), GOOD)).toEqual({ verdict: 'no', gates: [] });
  });

  test('one door is enough', () => {
    expect(accepts(role('Role', [writer, reader]), GOOD)).toBe('yes');
    expect(accepts(role('Role', [writer]), GOOD)).toBe('no');
  });

  test('a door that is unknown leaves it unknown, unless another one is open', () => {
    const somewhere = statement([account('reports', 'reader')], { issuer: new Unknown('apps/aws_eks_cluster.Cluster.issuer') });
    expect(accepts(role('Role', [somewhere, writer]), GOOD)).toBe('unknown');
    expect(accepts(role('Role', [somewhere, reader]), GOOD)).toBe('yes');
  });

  test('a door behind another identity is open to those who become that one', () => {
    const first = role('First', [reader]);
    const second = role('Second', [door([], { through: first })]);
    const third = role('Third', [door([], { through: second })]);
    expect(accepts(third, GOOD)).toBe('yes');
    expect(accepts(third, token({ iss: EKS, sub: account('reports', 'writer'), aud: ['sts.amazonaws.com'] }))).toBe('no');
    expect(accepts(role('Closed', [door([equals('sub', 'another')], { through: second })]), GOOD)).toBe('no');
  });

  test('identities that trust each other in a circle are reached from outside only', () => {
    const doors = [door([]), door([])].map(open => open as { through?: unknown } & typeof open);
    const [a, b] = [role('A', [doors[0]!]), role('B', [doors[1]!])];
    doors[0]!.through = b;
    doors[1]!.through = a;
    expect(accepts(a, GOOD)).toBe('no');
    expect(decide(a, GOOD).verdict).toBe('no');
    const [c, d] = [role('C', [doors[0]!, reader]), role('D', [doors[1]!])];
    doors[0]!.through = d;
    doors[1]!.through = c;
    expect(accepts(d, GOOD)).toBe('yes');
  });

  test('a thousand identities one behind the other are followed', () => {
    let last = role('First', [reader]);
    for (let index = 0; index < 1000; index++) {
      last = role(`Role${index}`, [door([], { through: last })]);
    }
    expect(admits(last.doors, GOOD)).toBe('yes');
  });
});

describe('the decision', () => {
  test('shows the door that lets the token in', () => {
    const decision = decide(role('Role', [writer, reader]), GOOD);
    expect({ verdict: decision.verdict, door: decision.door, gates: decision.gates.map(gate => gate.verdict), failing: decision.failing })
      .toEqual({ verdict: 'yes', door: reader, gates: ['yes', 'yes', 'yes'], failing: undefined });
  });

  test('shows the door in which a refused token gets farthest, and the gate that refuses it', () => {
    const elsewhere = statement([account('reports', 'reader')], { issuer: 'https://elsewhere' });
    const audience = statement([account('reports', 'reader')], { audiences: ['another'] });
    const decision = decide(role('Role', [elsewhere, audience, writer]), GOOD);
    expect(decision.door).toBe(writer);
    expect(decision.failing).toBe(decision.gates[2]);
  });

  test('of doors that refuse at the same gate, shows the one with fewer refusals', () => {
    const both = statement([account('reports', 'writer')], { issuer: 'https://elsewhere' });
    const issuer = statement([account('reports', 'reader')], { issuer: 'https://elsewhere' });
    expect(decide(role('Role', [both, issuer]), GOOD).door).toBe(issuer);
  });

  test('shows a door that is unknown rather than one that refuses', () => {
    const unknown = statement([account('reports', 'reader')], { issuer: new Unknown('apps/a') });
    const decision = decide(role('Role', [writer, unknown]), GOOD);
    expect(decision.door).toBe(unknown);
    expect(decision.failing).toBe(decision.gates[0]);
    expect(decision.failing?.want).toBe('{"claim":"iss","any":["${a}"]}');
  });

  test('shows what becomes of the token at the identity before', () => {
    const first = role('First', [writer]);
    const decision = decide(role('Second', [door([], { through: first })]), GOOD);
    expect(decision.verdict).toBe('no');
    expect(decision.failing).toBeUndefined();
    expect(decision.through).toEqual(decide(first, GOOD));
  });

  test('shows the door at which it is refused rather than one behind an identity that it gets less far to', () => {
    const elsewhere = statement([account('reports', 'reader')], { issuer: 'https://elsewhere' });
    const behind = { ...reader, through: role('First', [elsewhere]) };
    expect(decide(role('Second', [behind, writer]), GOOD).door).toBe(writer);
    expect(decide(role('Second', [writer, behind]), GOOD).door).toBe(writer);
  });

  test('shows the door behind an identity that it gets farther to', () => {
    const elsewhere = statement([account('reports', 'reader')], { issuer: 'https://elsewhere' });
    const first = role('First', [elsewhere, writer]);
    const behind = door([], { through: first });
    const decision = decide(role('Third', [elsewhere, door([], { through: role('Second', [behind]) })]), GOOD);
    expect([decision.failing, decision.through?.through]).toEqual([undefined, decide(first, GOOD)]);
  });

  test('ends where identities that refuse trust each other in a circle', () => {
    const doors = [door([]), door([])].map(open => open as { through?: unknown } & typeof open);
    const [a, b] = [role('A', [doors[0]!]), role('B', [doors[1]!, writer])];
    doors[0]!.through = b;
    doors[1]!.through = a;
    expect(decide(b, GOOD).door).toBe(writer);
  });
});

test('a token of Google that a role refuses is shown at the role\'s own door, and not at the account that it does not become', () => {
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{
      Effect: 'Allow', Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: 'accounts.google.com' },
      Condition: { StringEquals: { 'accounts.google.com:sub': '${google_service_account.a.unique_id}', 'accounts.google.com:oaud': 'mine' } },
    }],
  });
  const { identities } = readModel([{
    file: 's.tf.json', stack: 's', json: {
      resource: {
        aws_iam_role: { r: { name: 'r', assume_role_policy: policy } },
        google_service_account: { a: { account_id: 'a', project: 'acme' } },
        google_service_account_iam_member: {
          m: { service_account_id: '${google_service_account.a.name}', role: 'roles/iam.workloadIdentityUser', member: 'serviceAccount:acme.svc.id.goog[n/s]' },
        },
      },
    },
  }]);
  const google = token({ iss: 'https://accounts.google.com', sub: new Unknown('s/google_service_account.a.unique_id'), azp: '1', aud: 'another' });
  const decision = decide(identities.find(({ cloud }) => cloud === 'aws')!, google);
  expect([decision.verdict, decision.door?.through, decision.failing?.want]).toEqual(['no', undefined, 'StringEquals accounts.google.com:oaud mine']);
});

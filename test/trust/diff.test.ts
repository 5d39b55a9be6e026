import './counting';
import { account, claims, Condition, door, EKS, equals, grant, matches, role, statement } from './doors';
import { growth } from './work';
import { diffTrust, IdentityDiff, isChanged, TrustChange } from '../../lib/trust/diff';
import { Door, Identity } from '../../lib/trust/model';
import { Text, Unknown } from '../../lib/trust/value';

const reader = account('reports', 'reader');
const writer = account('reports', 'writer');
const GKE = 'https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/apps';
const ISSUER = new Unknown('apps/aws_eks_cluster.Cluster.identity[0].oidc[0].issuer');

/** What a change of one role's doors does. */
function change(before: readonly Door[], after: readonly Door[]): IdentityDiff {
  const { identities } = diffTrust([role('Role', before)], [role('Role', after)]);
  expect(identities.length).toBe(1);
  return identities[0]!;
}

/** The same with the examples, without what stays as it is. */
function short({ change: result, gained, lost, doubt, notes }: IdentityDiff) {
  return {
    change: result, ...gained && { gained: claims(gained) }, ...lost && { lost: claims(lost) }, ...doubt !== undefined && { doubt },
    ...notes.length > 0 && { notes },
  };
}

const token = (sub: string, aud = 'sts.amazonaws.com', iss = EKS) => ({ iss, sub, aud: [aud] });

describe('what a change does to the trust of a role', () => {
  test('nothing', () => {
    expect(short(change([statement([reader])], [statement([reader])]))).toEqual({ change: 'same' });
  });

  test('a dropped audience widens it by tokens for another audience', () => {
    expect(short(change([statement([reader])], [statement([reader], { audiences: 'any' })])))
      .toEqual({ change: 'widened', gained: token(reader, 'any') });
  });

  test('a dropped subject widens it by another subject', () => {
    expect(short(change([statement([reader])], [door([equals('iss', EKS), equals('aud', 'sts.amazonaws.com')])])))
      .toEqual({ change: 'widened', gained: token(account('any', 'any')) });
  });

  test('a value that is added widens it, one that is taken narrows it, and the rows say which', () => {
    const wider = change([statement([reader])], [statement([reader, writer])]);
    expect(short(wider)).toEqual({ change: 'widened', gained: token(writer) });
    expect({ added: wider.addedRows.map(row => row.subject), removed: wider.removedRows }).toEqual({ added: [writer], removed: [] });
    const narrower = change([statement([reader, writer])], [statement([reader])]);
    expect(short(narrower)).toEqual({ change: 'narrowed', lost: token(writer) });
    expect({ added: narrower.addedRows, removed: narrower.removedRows.map(row => row.subject) }).toEqual({ added: [], removed: [writer] });
  });

  test('a pattern that becomes one of its values narrows it', () => {
    expect(short(change([statement(['system:serviceaccount:reports:*'], { like: true })], [statement([reader])])))
      .toEqual({ change: 'narrowed', lost: token('system:serviceaccount:reports:any') });
  });

  test('one value for another changes it', () => {
    expect(short(change([statement([reader])], [statement([writer])]))).toEqual({ change: 'changed', gained: token(writer), lost: token(reader) });
  });

  test('a value more and an audience less changes it', () => {
    expect(short(change([statement([reader], { audiences: ['sts.amazonaws.com', 'another'] })], [statement([reader, writer])])))
      .toEqual({ change: 'changed', gained: token(writer), lost: token(reader, 'another') });
  });

  test('the order of values is nothing, and so is saying one twice', () => {
    expect(short(change([statement([reader, writer])], [statement([writer, reader, writer])]))).toEqual({ change: 'same' });
  });

  test('a comparison by pattern without a wildcard is one by value', () => {
    const result = change([statement([reader])], [statement([reader], { like: true })]);
    expect(short(result)).toEqual({ change: 'same' });
    expect([...result.addedRows, ...result.removedRows]).toEqual([]);
  });

  test('a wildcard that is not one any more narrows it to the text with the star', () => {
    expect(short(change([statement(['system:serviceaccount:a:*'], { like: true })], [statement(['system:serviceaccount:a:*'])])))
      .toEqual({ change: 'narrowed', lost: token('system:serviceaccount:a:any') });
  });

  test('patterns that say the same are the same', () => {
    const sub = (...patterns: string[]) => [door([matches('sub', ...patterns)])];
    expect(change(sub('a*', 'ab*'), sub('a*')).change).toBe('same');
    expect(change(sub('*'), sub('', '?*')).change).toBe('same');
    expect(change(sub('a**b'), sub('a*b')).change).toBe('same');
    expect(change(sub('a*b*'), sub('a*b')).change).toBe('narrowed');
    expect(change(sub('a?'), sub('a*')).change).toBe('widened');
  });

  test('one statement of two values is two statements of one', () => {
    expect(short(change([statement([reader, writer])], [statement([reader]), statement([writer])]))).toEqual({ change: 'same' });
    const plain = (...subjects: string[]) => statement(subjects, { plain: true });
    expect(short(change([plain(reader, writer)], [plain(reader), plain(writer)]))).toEqual({ change: 'same' });
  });

  test('two conditions on two claims are not the same as their values crossed', () => {
    const crossed = (...pairs: [string, string][]) => pairs.map(([sub, aud]) => statement([sub], { audiences: [aud] }));
    expect(short(change(crossed([reader, 'a'], [writer, 'b']), [statement([reader, writer], { audiences: ['a', 'b'] })])))
      .toEqual({ change: 'widened', gained: token(reader, 'b') });
  });

  test('a condition that is turned round changes it', () => {
    const other: Condition = { not: equals('sub', reader) };
    expect(short(change([statement([reader])], [door([equals('iss', EKS), equals('aud', 'sts.amazonaws.com'), other])])))
      .toEqual({ change: 'changed', gained: token(account('any', 'any')), lost: token(reader) });
  });

  test('a condition that a missing claim passes widens it by a token without the claim', () => {
    const ifExists: Condition = { some: [{ missing: 'sub' }, equals('sub', reader)] };
    expect(short(change([statement([reader])], [door([equals('iss', EKS), equals('aud', 'sts.amazonaws.com'), ifExists])])))
      .toEqual({ change: 'widened', gained: { iss: EKS, aud: ['sts.amazonaws.com'] } });
  });

  test('case that does not count any more widens it', () => {
    const anyCase: Condition = { claim: 'sub', any: ['A'], ignoreCase: true };
    expect(short(change([statement(['A'])], [door([equals('iss', EKS), equals('aud', 'sts.amazonaws.com'), anyCase])])))
      .toEqual({ change: 'widened', gained: token('a') });
  });

  test('claims below others are looked at', () => {
    expect(claims(change([door([equals('kubernetes.io/namespace', 'a')])], [door([])]).gained)).toBeDefined();
    expect(change([door([equals('kubernetes.io/namespace', 'a'), equals('sub', account('a', 'b'))])], [door([equals('sub', account('a', 'b'))])])
      .gained?.get('kubernetes.io')).toEqual(new Map<string, unknown>([['namespace', 'any'], ['serviceaccount', new Map([['name', 'b']])]]));
  });

  test('a door that closes for all narrows it', () => {
    expect(short(change([statement([reader])], []))).toEqual({ change: 'narrowed', lost: token(reader) });
  });
});

describe('what is unknown', () => {
  test('an issuer that is the same unknown one is the same', () => {
    expect(short(change([statement([reader, writer], { issuer: ISSUER })], [statement([writer, reader], { issuer: ISSUER, plain: true })])))
      .toEqual({ change: 'same' });
  });

  test('a subject that is added for an unknown issuer is known to widen', () => {
    expect(short(change([statement([reader], { issuer: ISSUER })], [statement([reader, writer], { issuer: ISSUER })])))
      .toEqual({ change: 'widened', gained: { iss: ISSUER, sub: writer, aud: ['sts.amazonaws.com'] } });
    expect(short(change([statement([reader, writer], { issuer: ISSUER })], [statement([reader], { issuer: ISSUER })])))
      .toEqual({ change: 'narrowed', lost: { iss: ISSUER, sub: writer, aud: ['sts.amazonaws.com'] } });
  });

  test('a namespace that is unknown is the same as itself, and its pattern wider', () => {
    const namespace = new Unknown('apps/kubernetes_namespace.N.metadata[0].name');
    const name = (end: string) => new Text(['system:serviceaccount:', namespace, end]);
    expect(short(change([statement([name(':a')])], [statement([name(':a')], { plain: true })]))).toEqual({ change: 'same' });
    expect(short(change([statement([name(':a')])], [statement([name(':*')], { like: true })])))
      .toEqual({ change: 'widened', gained: { iss: EKS, sub: name(':any'), aud: ['sts.amazonaws.com'] } });
  });

  test('a known issuer that becomes an unknown one cannot be decided, and it says why', () => {
    const result = change([statement([reader])], [statement([reader], { issuer: ISSUER })]);
    expect(result.change).toBe('unknown');
    expect(result.doubt).toContain('aws-condition: {"claim":"iss","any":["${aws_eks_cluster.Cluster.identity[0].oidc[0].issuer}"]}');
    expect({ gained: result.gained, lost: result.lost }).toEqual({ gained: undefined, lost: undefined });
  });

  test('two unknown issuers that read the same in two stacks are not the same', () => {
    const other = new Unknown('other/aws_eks_cluster.Cluster.identity[0].oidc[0].issuer');
    expect(change([statement([reader], { issuer: ISSUER })], [statement([reader], { issuer: other })]).change).toBe('unknown');
  });

  test('what no vendor says of tokens with two audiences is not of the change making', () => {
    const vague = (...subjects: string[]): Door => {
      const inner = statement(subjects, { plain: true });
      return {
        ...inner,
        judge: candidate => {
          const audiences = candidate.get('aud');
          const gates = inner.judge(candidate);
          return Array.isArray(audiences) && audiences.length > 1
            ? gates.map(gate => gate.verdict === 'no' ? gate : { ...gate, verdict: 'unknown', want: subjects.join() }) : gates;
        },
      };
    };
    expect(short(change([vague(reader, writer)], [vague(reader)]))).toEqual({ change: 'narrowed', lost: token(writer) });
  });

  test('a change that no atom shows is not called the same', () => {
    const result = change([door([equals('sub', 'a')], { opaque: true })], [door([equals('sub', 'a'), matches('sub', '*')], { opaque: true })]);
    expect(short(result)).toEqual({
      change: 'unknown',
      doubt: 'not all tokens could be tried: there are too many combinations of claims, or a condition looks at claims in a way that cannot be followed',
    });
    expect(change([door([equals('sub', 'a')], { opaque: true })], [door([equals('sub', 'a')], { opaque: true })]).change).toBe('same');
  });
});

describe('identities behind others', () => {
  const behind = (first: Identity) => role('Second', [door([], { through: first, mechanism: 'aws-role-chain' })]);

  test('a role that is reached through a widened one is widened', () => {
    const before = role('First', [statement([reader])]);
    const after = role('First', [statement([reader, writer])]);
    expect(diffTrust([before, behind(before)], [after, behind(after)]).identities.map(short)).toEqual([
      { change: 'widened', gained: token(writer) },
      { change: 'widened', gained: token(writer), notes: ['reached through arn:aws:iam::111122223333:role/First'] },
    ]);
  });

  test('a role that is reached through the same one is the same', () => {
    const [before, after] = [role('First', [statement([reader])]), role('First', [statement([reader])])];
    expect(diffTrust([behind(before)], [behind(after)]).identities.map(short)).toEqual([{ change: 'same' }]);
  });

  test('roles that trust each other in a circle are compared by what they accept', () => {
    const circle = (subjects: readonly string[]) => {
      const [to, from] = [door([], { mechanism: 'aws-role-chain' }), door([], { mechanism: 'aws-role-chain' })] as { through?: Identity }[];
      const first = role('First', [statement(subjects), to as Door]);
      const second = role('Second', [from as Door]);
      to!.through = second;
      from!.through = first;
      return [first, second];
    };
    expect(diffTrust(circle([reader]), circle([reader])).identities.map(({ change: result }) => result)).toEqual(['same', 'same']);
    expect(diffTrust(circle([reader]), circle([reader, writer])).identities.map(({ change: result }) => result)).toEqual(['widened', 'widened']);
  });
});

describe('which identity is which', () => {
  const changes = (before: readonly Identity[], after: readonly Identity[]) => diffTrust(before, after).identities
    .map(diff => [diff.after?.where.address ?? diff.before?.where.address, diff.change, ...diff.notes]);
  const doors = [statement([reader])];

  test('new and removed ones', () => {
    expect(changes([role('A', doors)], [role('B', [statement([writer])])])).toEqual([['aws_iam_role.B', 'new'], ['aws_iam_role.A', 'removed']]);
    const [added, removed] = diffTrust([role('A', doors, { grants: [grant('a')] })], [role('B', [statement([writer])], { grants: [grant('b')] })]).identities;
    expect(short(added!)).toEqual({ change: 'new', gained: token(writer) });
    expect(short(removed!)).toEqual({ change: 'removed', lost: token(reader) });
    expect(added!.addedRows.map(row => row.subject)).toEqual([writer]);
    expect({ added: added!.grants.added.length, removed: removed!.grants.removed.length }).toEqual({ added: 1, removed: 1 });
  });

  test('a renamed resource with the same trust and grants is no change', () => {
    const grants = [grant('read', [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }])];
    const own = (name: string) => role(name, doors, { name: new Unknown(`apps/aws_iam_role.${name}.arn`), grants, stack: 'apps' });
    const { identities } = diffTrust([own('A')], [own('B')]);
    expect(identities.map(short)).toEqual([{ change: 'same', notes: ['moved from apps/aws_iam_role.A to apps/aws_iam_role.B'] }]);
    expect(identities.some(isChanged)).toBe(false);
  });

  test('a renamed resource is found without fingerprints, in other words too', () => {
    const own = (name: string, subjects: string[]) => role(name, [statement(subjects, { plain: true })], { name: new Unknown(`apps/aws_iam_role.${name}.arn`) });
    expect(changes([own('A', [reader, writer])], [own('B', [writer, reader])]))
      .toEqual([['aws_iam_role.B', 'same', 'moved from aws_iam_role.A to aws_iam_role.B']]);
    const strict = role('A', [door([equals('sub', 'a')], { plain: true })], { name: new Unknown('apps/aws_iam_role.A.arn') });
    const loose = role('B', [door([{ not: equals('sub', 'a') }], { plain: true })], { name: new Unknown('apps/aws_iam_role.B.arn') });
    expect(changes([strict], [loose])).toEqual([['aws_iam_role.B', 'new'], ['aws_iam_role.A', 'removed']]);
  });

  test('a role of the same name at another address is moved, and compared', () => {
    const name = 'arn:aws:iam::111122223333:role/reports';
    expect(changes([role('A', doors, { name })], [role('B', [statement([reader, writer])], { name })]))
      .toEqual([['aws_iam_role.B', 'widened', 'moved from aws_iam_role.A to aws_iam_role.B']]);
  });

  test('a role of another name at the same address is compared', () => {
    expect(changes([role('A', doors, { name: 'arn:aws:iam::111122223333:role/old' })], [role('A', doors)]))
      .toEqual([['aws_iam_role.A', 'same', 'named arn:aws:iam::111122223333:role/old before']]);
  });

  test('two roles that swap their names are told apart by name', () => {
    const pair = (a: string, b: string) => [role('A', doors, { name: a }), role('B', [statement([writer])], { name: b })];
    expect(changes(pair('x', 'y'), pair('y', 'x'))).toEqual([
      ['aws_iam_role.A', 'changed', 'moved from aws_iam_role.B to aws_iam_role.A'],
      ['aws_iam_role.B', 'changed', 'moved from aws_iam_role.A to aws_iam_role.B'],
    ]);
  });

  test('a principal is its name, not its place', () => {
    const principal = (name: string) => role('Member', doors, { kind: 'principal', cloud: 'gcp', name });
    expect(changes([principal('principal://a')], [principal('principal://b')]))
      .toEqual([['aws_iam_role.Member', 'new'], ['aws_iam_role.Member', 'removed']]);
  });

  test('the same address in two stacks is two', () => {
    const own = (stack: string, sub: string) => role('Role', [statement([sub])], { stack, name: new Unknown(`${stack}/aws_iam_role.Role.arn`) });
    expect(changes([own('a', reader), own('b', writer)], [own('b', writer), own('a', reader)]))
      .toEqual([['aws_iam_role.Role', 'same'], ['aws_iam_role.Role', 'same']]);
  });
});

describe('changed grants', () => {
  const grants = (before: Identity['grants'], after: Identity['grants']) => diffTrust([role('Role', [], { grants: before })], [role('Role', [], { grants: after })]);

  test('order, labels, case of actions and lists of one are nothing', () => {
    const result = grants(
      [grant('p', [{ Sid: 'a', Effect: 'Allow', Action: ['s3:GetObject', 's3:ListBucket'], Resource: 'arn:aws:s3:::b' }, { Effect: 'Deny', Action: '*', Resource: 'x' }])],
      [grant('p', [{ Resource: ['x'], Effect: 'Deny', Action: ['*'] }, { Effect: 'Allow', Action: ['s3:ListBucket', 's3:getobject'], Resource: ['arn:aws:s3:::b'] }])],
    );
    expect(result.identities.map(isChanged)).toEqual([false]);
  });

  test('a policy of another name that says the same is nothing', () => {
    const statements = [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }];
    expect(grants([grant('a', statements)], [grant('b', statements)]).identities.map(isChanged)).toEqual([false]);
  });

  test('added, removed and changed ones', () => {
    const [old, now] = [grant('p', [{ Action: 'a' }, { Action: 'b' }]), grant('p', [{ Action: 'b' }, { Action: 'c' }])];
    const [admin, viewer] = [grant('roles/owner', [], 'projects/acme'), grant('roles/viewer', [], 'projects/acme')];
    const [diff] = grants([old, viewer], [now, admin]).identities;
    expect(diff!.grants).toEqual({
      added: [admin],
      removed: [viewer],
      changed: [{ before: old, after: now, addedStatements: [new Map([['Action', 'c']])], removedStatements: [new Map([['Action', 'a']])] }],
    });
    expect({ change: diff!.change, changed: isChanged(diff!) }).toEqual({ change: 'same', changed: true });
  });

  test('the same permission on another resource is another grant', () => {
    const [diff] = grants([grant('roles/viewer', [], 'projects/a')], [grant('roles/viewer', [], 'projects/b')]).identities;
    expect([diff!.grants.added.map(({ on }) => on), diff!.grants.removed.map(({ on }) => on)]).toEqual([['projects/b'], ['projects/a']]);
  });
});

describe('size', () => {
  const fleet = (count: number, plain: boolean, widened: number) => Array.from({ length: count }, (_, index) => role(`Role${index}`, [
    statement([account(`ns-${index}`, 'app'), ...index < widened ? [writer] : []], { plain }),
    statement([account(`ns-${index}`, 'app')], { plain, issuer: GKE }),
  ]));
  const counts = (before: Identity[], after: Identity[]) => {
    const result = new Map<TrustChange, number>();
    for (const { change: kind } of diffTrust(before, after).identities) {
      result.set(kind, (result.get(kind) ?? 0) + 1);
    }
    return Object.fromEntries(result);
  };

  const grown = (plain: boolean, [small, large]: readonly [number, number], widened: number) => {
    const fleets = (size: number) => ({ before: fleet(size, plain, 0), after: fleet(size, plain, widened) });
    return growth(({ before, after }) => diffTrust(before, after), [fleets(small), fleets(large)]);
  };

  test('of ten thousand roles a hundred change, and those that stay cost next to nothing', () => {
    expect(counts(fleet(10_000, false, 0), fleet(10_000, false, 100))).toEqual({ widened: 100, same: 9_900 });
    expect(grown(false, [500, 1000], 0)).toBeLessThan(2.1);
    expect(grown(false, [500, 1000], 5)).toBeLessThan(1.5);
  });

  test('without fingerprints the work grows with the number of roles', () => {
    expect(counts(fleet(100, true, 0), fleet(100, true, 10))).toEqual({ widened: 10, same: 90 });
    expect(grown(true, [20, 40], 2)).toBeLessThan(2.5);
  });
});

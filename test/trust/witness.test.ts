import { account, door, EKS, equals, matches, role, statement } from './doors';
import { admits } from '../../lib/trust/judge';
import { Identity, Token } from '../../lib/trust/model';
import { Unknown } from '../../lib/trust/value';
import { axesOf, lattice, tokenOf } from '../../lib/trust/witness';

const plain = (token: Token): unknown => JSON.parse(JSON.stringify(token, (_, value) => value instanceof Map ? Object.fromEntries(value) : value));

describe('the claims that doors look at', () => {
  test('are those that every token has, then the others', () => {
    const axes = axesOf([door([matches('kubernetes.io/namespace', 'a*'), equals('sub', 'system:serviceaccount:a:b'), equals('run', '7')])]);
    expect(axes.map(({ claim, texts, numbers, exact }) => ({ claim, texts, numbers, exact }))).toEqual([
      { claim: ['iss'], texts: ['x'], numbers: [], exact: true },
      { claim: ['sub'], texts: ['system:serviceaccount:a:b', 'x'], numbers: [], exact: true },
      { claim: ['aud'], texts: ['x'], numbers: [], exact: true },
      { claim: ['kubernetes.io', 'namespace'], texts: ['x', 'a'], numbers: [], exact: true },
      { claim: ['run'], texts: ['7', 'x'], numbers: [7], exact: true },
    ]);
  });

  test('include those of the doors of identities before', () => {
    const first = role('First', [door([equals('repository', 'acme/app')])]);
    expect(axesOf([door([], { through: first })]).map(axis => axis.claim)).toEqual([['iss'], ['sub'], ['aud'], ['repository']]);
  });

  test('identities in a circle end', () => {
    const open = door([equals('sub', 'a')]) as { through?: Identity } & ReturnType<typeof door>;
    open.through = role('Role', [open]);
    expect(axesOf([open]).map(axis => axis.claim)).toEqual([['iss'], ['sub'], ['aud']]);
  });
});

describe('a token', () => {
  test('names namespace and account where its subject does', () => {
    expect(plain(tokenOf([[['iss'], EKS], [['sub'], account('reports', 'reader')], [['aud'], ['sts.amazonaws.com']]]))).toEqual({
      'iss': EKS,
      'sub': 'system:serviceaccount:reports:reader',
      'aud': ['sts.amazonaws.com'],
      'iat': 1_700_000_000,
      'nbf': 1_700_000_000,
      'exp': 1_700_003_600,
      'kubernetes.io': { namespace: 'reports', serviceaccount: { name: 'reader' } },
    });
  });

  test('has what claims say, be it inconsistent, and lacks what they leave out', () => {
    expect(plain(tokenOf([
      [['sub'], account('reports', 'reader')], [['exp'], undefined], [['kubernetes.io', 'namespace'], 'another'], [['aud'], undefined],
    ]))).toEqual({
      'sub': 'system:serviceaccount:reports:reader',
      'iat': 1_700_000_000,
      'nbf': 1_700_000_000,
      'kubernetes.io': { namespace: 'another', serviceaccount: { name: 'reader' } },
    });
  });

  test('of another kind of subject names none', () => {
    expect(plain(tokenOf([[['sub'], 'repo:acme/app:ref:refs/heads/main']]))).toEqual({
      sub: 'repo:acme/app:ref:refs/heads/main', iat: 1_700_000_000, nbf: 1_700_000_000, exp: 1_700_003_600,
    });
  });

  test('keeps a key that objects have by nature as any other', () => {
    expect(tokenOf([[['__proto__', 'sub'], 'a']]).get('__proto__')).toEqual(new Map([['sub', 'a']]));
  });
});

describe('the lattice', () => {
  const doors = [statement([account('reports', 'reader'), account('reports', 'writer')])];

  test('has every combination once, those shaped as usual first', () => {
    const { size, exact, tokens } = lattice(doors);
    const all = [...tokens];
    expect({ exact, size }).toEqual({ exact: true, size: all.length });
    expect(new Set(all.map(token => JSON.stringify(plain(token)))).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(1000);
    expect(plain(all[0]!)).toEqual(plain(tokenOf([[['iss'], EKS], [['sub'], account('reports', 'reader')], [['aud'], ['sts.amazonaws.com']]])));
  });

  test('accepts exactly what the door says', () => {
    const accepted = [...lattice(doors).tokens].filter(token => admits(doors, token) === 'yes').map(token => ['iss', 'sub', 'aud'].map(claim => token.get(claim)));
    const isGood = (value: unknown, ...good: string[]) => (Array.isArray(value) ? value : [value]).some(member => good.includes(member as string));
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.filter(([iss, sub, aud]) => !(isGood(iss, EKS) && isGood(sub, account('reports', 'reader'), account('reports', 'writer'))
      && isGood(aud, 'sts.amazonaws.com')))).toEqual([]);
  });

  test('stops at a limit and says so', () => {
    const { size, exact, tokens } = lattice(doors, { limit: 10 });
    expect({ size, exact, count: [...tokens].length }).toEqual({ size: 10, exact: false, count: 10 });
  });

  test('is not exact for a door that looks at claims in other ways', () => {
    expect(lattice([door([], { opaque: true })]).exact).toBe(false);
    expect(lattice([door([], { through: role('Role', [door([], { opaque: true })]) })]).exact).toBe(false);
  });

  test('has near misses on request', () => {
    const issuers = new Set([...lattice([statement([new Unknown('apps/a')], { issuer: 'https://a/' })], { nearMisses: true }).tokens]
      .map(token => token.get('iss')).filter(value => typeof value === 'string'));
    expect([...issuers]).toEqual(['https://a/', 'x', 'https://a/x', 'https://a//', 'xhttps://a/', 'https://a', 'HTTPS://A/', ' https://a/', '']);
  });
});

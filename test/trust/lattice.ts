import { Token } from '../../lib/trust/model';
import { text, TextValue, Unknown, Value } from '../../lib/trust/value';

/** When the tokens here are judged. */
export const NOW = 1_700_000_000;
const HOUR = 3600;

/** The times of a token, as claims. */
interface Times {
  readonly name: 'valid' | 'over' | 'just over' | 'over for five minutes' | 'not begun' | 'without exp' | 'without nbf' | 'without iat' | 'long' | 'far too long' | 'old' | 'exp is a text';
  readonly claims: Readonly<Record<string, Value>>;
}

const VALID = { iat: NOW - 60, nbf: NOW - 60, exp: NOW - 60 + HOUR };

const TIMES: readonly Times[] = [
  { name: 'valid', claims: VALID },
  { name: 'over', claims: { iat: NOW - 2 * HOUR, nbf: NOW - 2 * HOUR, exp: NOW - HOUR } },
  { name: 'not begun', claims: { iat: NOW - 60, nbf: NOW + 60, exp: NOW + HOUR } },
  { name: 'just over', claims: { ...VALID, exp: NOW } },
  { name: 'over for five minutes', claims: { iat: NOW - HOUR, nbf: NOW - HOUR, exp: NOW - 300 } },
  { name: 'without exp', claims: { iat: VALID.iat, nbf: VALID.nbf } },
  { name: 'without nbf', claims: { iat: VALID.iat, exp: VALID.exp } },
  { name: 'without iat', claims: { nbf: VALID.nbf, exp: VALID.exp } },
  { name: 'long', claims: { ...VALID, exp: VALID.iat + 25 * HOUR } },
  { name: 'far too long', claims: { ...VALID, exp: VALID.iat + 48 * HOUR } },
  { name: 'old', claims: { iat: NOW - 24 * HOUR - 1, nbf: NOW - 24 * HOUR - 1, exp: NOW + 60 } },
  { name: 'exp is a text', claims: { ...VALID, exp: String(VALID.exp) } },
];

/** A value of a claim, and how the lattice came to it. */
interface Choice {
  readonly value: Value | undefined;
  /** The issuer that something was added to: it is another text than that, whatever that is. */
  readonly derivedFrom?: TextValue;
}

/** A token that is tried, with all that the expectation needs to know of it. */
export interface Case {
  readonly token: Token;
  readonly issuer: Choice;
  readonly subject: Value | undefined;
  readonly audience: Value | undefined;
  readonly azp: Value | undefined;
  readonly times: Times['name'];
  /** Whether the token says its namespace and account in a claim of their own, as those of Kubernetes do. */
  readonly kubernetes: boolean;
}

/** What a lattice is made around. */
export interface Seeds {
  /** The issuers that are trusted, and others that are near. */
  readonly issuers: readonly TextValue[];
  readonly otherIssuers: readonly TextValue[];
  /** Namespaces and names that are trusted; those of other clusters too, so that they are tried with the wrong one. */
  readonly accounts: readonly (readonly [namespace: string, name: string])[];
  /** More subjects; those of tokens that are of no Kubernetes. */
  readonly otherSubjects?: readonly TextValue[];
  readonly audiences: readonly TextValue[];
  readonly otherAudiences: readonly TextValue[];
  readonly azps?: readonly TextValue[];
}

/** Audiences of the clouds and of clusters themselves: every token has one of another cloud somewhere. */
const AUDIENCES = [
  'sts.amazonaws.com', 'pods.eks.amazonaws.com', 'api://AzureADTokenExchange', 'api://AzureADTokenExchangeUSGov', 'acme-apps.svc.id.goog',
  'gtoken/sts/assume-role-with-web-identity', 'https://kubernetes.default.svc', '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/p',
];

const LOOK_ALIKES: readonly (readonly [string, string])[] = [['a', '\u0430'], ['e', '\u0435'], ['o', '\u043E'], ['s', '\u0455']];

/** A text in which one letter is another that looks the same. */
function lookAlike(value: string): string {
  const [letter, other] = LOOK_ALIKES.find(([from]) => value.includes(from)) ?? ['', '\u200B'];
  return letter === '' ? value + other : value.replace(letter, other);
}

function unique<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map(item => [key(item), item])).values()];
}

/** A value as a key; a text and a list of it differ. */
export function keyOfCase(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => inner instanceof Unknown ? { symbol: inner.symbol } : inner instanceof Map ? [...inner] : inner) ?? 'undefined';
}

function issuerChoices({ issuers, otherIssuers }: Seeds): Choice[] {
  const near = issuers.flatMap((issuer): Choice[] => {
    const grown: Choice[] = [text(issuer, '/'), text(issuer, 'x'), text(issuer, '/../x'), text(issuer, '?'), text(issuer, '#'), text(' ', issuer), text(issuer, ' ')]
      .map(value => ({ value, derivedFrom: issuer }));
    if (typeof issuer !== 'string') {
      return grown;
    }
    const bare = issuer.replace(/^https:\/\//, '');
    const host = bare.split('/')[0]!;
    return [
      ...grown, ...[
        issuer.slice(0, -1), issuer.replace(/\/$/, ''), issuer.replace('https:', 'http:'), issuer.replace('https:', 'HTTPS:'), bare, issuer.toUpperCase(),
        issuer.replace(host, host.toUpperCase()), issuer.replace(host, `${host}:443`), issuer.replace(host, `${host}.`), issuer.replace(host, `x${host}`),
        issuer.replace(host, `${host}@evil.example`), `https://evil.example/${bare}`, `https://evil.example/?${issuer}`, lookAlike(issuer), `${issuer}\n`, `${issuer}\0`,
        issuer.slice(0, -3) + '*', issuer.slice(0, -1) + '?', issuer.slice(0, 12),
      ].map(value => ({ value })),
    ];
  });
  const all: Choice[] = [
    ...issuers.map(value => ({ value })), ...otherIssuers.map(value => ({ value })), { value: undefined }, { value: '' }, { value: '*' }, ...near,
    ...issuers.map(value => ({ value: [value] })), { value: [...issuers, 'https://evil.example'] }, { value: 7 }, { value: null }, { value: 'https://*' }, { value: 'https://' },
  ];
  return unique(all, choice => keyOfCase(choice.value));
}

const of = (namespace: string, name: string) => `system:serviceaccount:${namespace}:${name}`;

function subjects({ accounts, otherSubjects = [] }: Seeds): (Value | undefined)[] {
  const near = accounts.flatMap(([namespace, name]) => {
    const sub = of(namespace, name);
    return [
      of(name, namespace), of(namespace, `${name}x`), of(`${namespace}x`, name), of(namespace, 'default'), of('default', name), of('kube-system', name),
      of(namespace, name.slice(0, -1)), of(namespace.slice(0, -1), name), of(`x${namespace}`, name), of(namespace, `x${name}`), of(namespace.toUpperCase(), name),
      of(namespace, name.toUpperCase()), of(lookAlike(namespace), name), of(namespace, lookAlike(name)), of(`${namespace}-eu`, name), of('*', name), of('?', name), of('', name),
      `${sub}/`, `${sub}:x`, `${sub} `, ` ${sub}`, `${sub}\n`, `${sub}\0`, of(namespace, name.repeat(25)), `x${sub}`, sub.toUpperCase(), `System${sub.slice('system'.length)}`, sub.replace('serviceaccount', 'serviceaccounts'),
      `system:serviceaccount:${namespace}`, `system:serviceaccount:${namespace}/${name}`, `ns/${namespace}/sa/${name}`, `${namespace}:${name}`, `${namespace}/${name}`, name,
    ];
  });
  return unique<Value | undefined>([
    ...accounts.map(([namespace, name]) => of(namespace, name)), ...otherSubjects, ...near.slice(0, 12), undefined, ...near.slice(12),
    '', '*', 'system:serviceaccount:*', 'system:serviceaccount:*:*', 'system:serviceaccount:', 'system:node:n1',
    'repo:acme/apps:ref:refs/heads/main', 'allUsers',
    ...accounts.slice(0, 1).flatMap(([namespace, name]): Value[] => [[of(namespace, name)], [of(namespace, name), 'x']]), [], 7, true, null,
  ], keyOfCase);
}

function audiences({ audiences: right, otherAudiences }: Seeds): (Value | undefined)[] {
  const [first = ''] = right;
  const known = right.filter((audience): audience is string => typeof audience === 'string');
  const near = known.flatMap(audience => [
    `${audience}/`, `${audience}x`, `x${audience}`, audience.slice(0, -1), audience.toUpperCase(), audience[0]!.toUpperCase() + audience.slice(1), lookAlike(audience), `${audience} `,
    `https://${audience}`, audience.replace(/^https?:/, ''), audience.replace(/[^.:/]+/, '*'),
  ]).filter(audience => !known.includes(audience));
  const others = AUDIENCES.filter(audience => !right.includes(audience));
  return unique<Value | undefined>([
    ...right.map(audience => [audience]), first, [others[0]!], undefined, [first, others[0]!], [others[1]!, first],
    ...others.slice(1).map(audience => [audience]),
    ...otherAudiences.map(audience => [audience]), ...near.map(audience => [audience]), ...right.slice(0, 1).map(audience => text(audience, 'x')),
    [], '', '*', ['*'], [first, first], [others[0]!, others[1]!], 7, [7, first], null, [[first]],
  ], keyOfCase);
}

function caseOf(issuer: Choice, subject: Value | undefined, audience: Value | undefined, times: Times, azp?: Value, kubernetes = true): Case {
  const token = new Map<string, Value>(Object.entries(times.claims));
  for (const [claim, value] of [['iss', issuer.value], ['sub', subject], ['aud', audience], ['azp', azp]] as const) {
    if (value !== undefined) {
      token.set(claim, value);
    }
  }
  const [, namespace, name] = typeof subject === 'string' ? /^system:serviceaccount:([^:]*):(.*)$/s.exec(subject) ?? [] : [];
  const claimed = kubernetes && namespace !== undefined && name !== undefined;
  if (claimed) {
    token.set('kubernetes.io', new Map<string, Value>([
      ['namespace', namespace], ['serviceaccount', new Map([['name', name]])], ['pod', new Map([['name', 'reader-1'], ['uid', '5e1f3a52']])],
    ]));
  }
  return { token, issuer, subject, audience, azp, times: times.name, kubernetes: claimed };
}

/** Tokens around what is trusted: the nearest of each claim with each other, all of two claims together, and each claim by itself. */
export function tokensAround(seeds: Seeds): readonly Case[] {
  const [allIssuers, allSubjects, allAudiences] = [issuerChoices(seeds), subjects(seeds), audiences(seeds)];
  const [valid] = TIMES;
  const [issuer, subject, audience] = [allIssuers[0]!, allSubjects[0], allAudiences[0]];
  const cases: Case[] = [];
  const add = (...args: Parameters<typeof caseOf>) => cases.push(caseOf(...args));
  const near = { issuers: seeds.issuers.length + 5, subjects: seeds.accounts.length + 6, audiences: seeds.audiences.length + 4 };
  for (const iss of allIssuers.slice(0, near.issuers)) {
    for (const sub of allSubjects.slice(0, near.subjects)) {
      for (const aud of allAudiences.slice(0, near.audiences)) {
        TIMES.slice(0, 2).forEach(times => add(iss, sub, aud, times));
      }
    }
  }
  for (const iss of allIssuers) {
    allSubjects.slice(0, near.subjects).forEach(sub => add(iss, sub, audience, valid!));
  }
  for (const iss of seeds.issuers) {
    allSubjects.forEach(sub => allAudiences.slice(0, near.audiences).forEach(aud => add({ value: iss }, sub, aud, valid!)));
    for (const [namespace, name] of seeds.accounts) {
      allAudiences.forEach(aud => add({ value: iss }, of(namespace, name), aud, valid!));
      TIMES.forEach(times => allAudiences.slice(0, near.audiences).forEach(aud => add({ value: iss }, of(namespace, name), aud, times)));
      seeds.audiences.forEach(aud => add({ value: iss }, of(namespace, name), [aud], valid!, undefined, false));
      for (const azp of [...seeds.azps ?? [], ...seeds.audiences, 'x', 7, '*']) {
        allAudiences.slice(0, near.audiences).forEach(aud => add({ value: iss }, of(namespace, name), aud, valid!, azp));
      }
    }
    for (const sub of seeds.otherSubjects ?? []) {
      for (const azp of [undefined, ...seeds.azps ?? [], 'x']) {
        TIMES.forEach(times => allAudiences.slice(0, near.audiences).forEach(aud => add({ value: iss }, sub, aud, times, azp)));
      }
    }
  }
  add(issuer, subject, audience, valid!);
  return unique(cases, ({ token }) => keyOfCase(token));
}

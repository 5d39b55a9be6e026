import { ecKey, forge, part, rsaKey, Signing, SIGNINGS, TestKey } from './clouds/forgery';
import { TestCluster } from './cluster';

/** The trust that is tried: whose it is, and whom of the cluster it lets in. */
export interface Taker {
  readonly cloud: 'AWS' | 'EKS Pod Identity' | 'Google Cloud' | 'Azure';
  /** Everyone: whoever the issuer says; nobody: where no token of a cluster is taken at all. */
  readonly scope: 'everyone' | 'cluster' | 'namespace' | 'account' | 'nobody';
}

type Claims = Readonly<Record<string, any>>;

/** What an attacker has: a token that gets in, all that is public, and a cluster of their own. */
export interface Victim {
  readonly right: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Claims;
  readonly audience: string;
  readonly now: number;
  readonly publicKey: Pick<TestKey, 'publicKey' | 'jwk'>;
  /** The key of the issuer, where it may sign what it should not: a cluster is in the hands of whoever runs it. */
  readonly signer?: TestKey;
  /** The key of a cluster of this name that was made again. */
  readonly earlier?: TestKey;
  readonly cluster?: TestCluster;
  /** Another cluster that the cloud may know. */
  readonly other: TestCluster;
}

/** A token that is tried. */
export interface Attack {
  readonly kind: string;
  readonly name: string;
  /** The token; undefined where the attacker lacks what it takes. */
  readonly token: (victim: Victim) => string | undefined;
  /** Whether it shall get in. */
  readonly taken: (taker: Taker, victim: Victim) => boolean;
}

export const NAMESPACE = 'reports';
export const ACCOUNT = 'reader';
const SUBJECT = `system:serviceaccount:${NAMESPACE}:${ACCOUNT}`;
const DAY = 86400;

const ATTACKER = rsaKey('attacker');
const CURVE = ecKey('attacker');

const nobody = () => false;
const everyone = ({ scope }: Taker) => scope !== 'nobody';
const only = (...clouds: Taker['cloud'][]) => ({ cloud, scope }: Taker) => scope !== 'nobody' && clouds.includes(cloud);
const all = (kind: string, tokens: Readonly<Record<string, Attack['token']>>, taken: Attack['taken'] = nobody): Attack[] =>
  Object.entries(tokens).map(([name, token]) => ({ kind, name, token, taken }));

/** What an attacker signs with a key of their own. */
const forged = (header: object | string, signing?: Signing): Attack['token'] => ({ claims }) => forge(ATTACKER, claims, header, signing);
/** The same, in which the header begins as that of the issuer. */
const posing = (header: object, signing?: Signing): Attack['token'] => victim => forge(ATTACKER, victim.claims, { ...victim.header, ...header }, signing);
/** What the issuer itself signs. */
const signed = (header: (victim: Victim) => unknown, claims: (victim: Victim) => unknown = victim => victim.claims, signing?: Signing): Attack['token'] =>
  victim => victim.signer && forge(victim.signer, claims(victim), header(victim), signing);
const claiming = (change: (claims: Claims, victim: Victim) => unknown) => signed(({ header }) => header, victim => change(victim.claims, victim));
const without = (claims: Claims, ...names: string[]) => Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));
const json = (claims: Claims, name: string) => `${JSON.stringify(name)}:${JSON.stringify(claims[name])}`;

/** A signature of nothing but what everybody knows. */
const keyed = (alg: string, signing: Signing): Attack['token'] => ({ publicKey, header, claims }) =>
  forge({ privateKey: ATTACKER.privateKey, ...publicKey }, claims, { ...header, alg }, signing);
const unsigned = (header: object): Attack['token'] => ({ header: own, claims }) => `${part({ ...own, ...header })}.${part(claims)}.`;
const carried = (header: object): Attack['token'] => ({ header: own, right }) => `${part({ ...own, ...header })}.${right.split('.').slice(1).join('.')}`;

const ALGORITHM = all('algorithm', {
  ...Object.fromEntries(['none', 'None', 'NONE', 'nOnE', '', 'none ', 'null'].flatMap(alg => [
    [`"${alg}" without a signature`, unsigned({ alg })], [`"${alg}" with the signature of another token`, carried({ alg })],
    [`"${alg}" with the attacker's signature`, posing({ alg })],
  ])),
  'none, and no key': forged({ alg: 'none', typ: 'JWT' }),
  'none is missing': unsigned({ alg: undefined }),
  ...Object.fromEntries(Object.entries({ missing: undefined, null: null, number: 256, list: ['RS256'], object: { RS256: true }, true: true, lower: 'rs256', padded: 'RS256 ', nul: 'RS256\0' })
    .flatMap(([name, alg]) => [[`${name}, signed by the attacker`, posing({ alg })], [`${name}, signed by the issuer`, signed(({ header }) => ({ ...header, alg }))]])),
  'HMAC with the public key as PEM': keyed('HS256', SIGNINGS.HMAC_OF_PEM),
  'HMAC with the public key as DER': keyed('HS256', SIGNINGS.HMAC_OF_DER),
  'HMAC with the modulus': keyed('HS256', SIGNINGS.HMAC_OF_MODULUS),
  'HMAC with no key': keyed('HS256', SIGNINGS.HMAC_OF_NOTHING),
  'HMAC-384 by its name': keyed('HS384', SIGNINGS.HMAC_OF_PEM),
  'HMAC-512 by its name': keyed('HS512', SIGNINGS.HMAC_OF_PEM),
  'HMAC that says RS256': keyed('RS256', SIGNINGS.HMAC_OF_PEM),
  'HMAC that says ES256': keyed('ES256', SIGNINGS.HMAC_OF_PEM),
  'RS512 by the issuer': signed(({ header }) => ({ ...header, alg: 'RS512' }), undefined, SIGNINGS.RS512),
  'PS256 by the issuer': signed(({ header }) => ({ ...header, alg: 'PS256' }), undefined, SIGNINGS.PS256),
  'RS512 that says RS256': signed(({ header }) => header, undefined, SIGNINGS.RS512),
  'PS256 that says RS256': signed(({ header }) => header, undefined, SIGNINGS.PS256),
  'RS256 that says RS512': signed(({ header }) => ({ ...header, alg: 'RS512' })),
  'RS256 that says PS256': signed(({ header }) => ({ ...header, alg: 'PS256' })),
  'RS256 that says ES256': signed(({ header }) => ({ ...header, alg: 'ES256' })),
  'RS1': posing({ alg: 'RS1' }),
  'EdDSA': posing({ alg: 'EdDSA' }),
  'ES256 by the attacker': ({ header, claims }) => forge(CURVE, claims, { ...header, alg: 'ES256' }, SIGNINGS.ES256),
  'ES256 by the attacker, as DER': ({ header, claims }) => forge(CURVE, claims, { ...header, alg: 'ES256' }, SIGNINGS.ES256_DER),
  'ES256 of nothing but zeros': ({ header, claims }) => forge(CURVE, claims, { ...header, alg: 'ES256' }, () => Buffer.alloc(64)),
});

const KIDS: Readonly<Record<string, unknown>> = {
  'missing': undefined, 'unknown': 'nobody', 'empty': '', 'null': null, 'a number': 0, 'true': true, 'an empty list': [], 'an object': {},
  'a path': '../../../../../../dev/null', 'a file': '/etc/passwd', 'a URL': 'https://evil.example/keys.json', 'a query': "' OR 1=1 --", 'a prototype': '__proto__',
  'a constructor': 'constructor', 'a wildcard': '*', 'the number of a place': '0', 'the attacker\'s own': 'attacker',
};
const kidOf = ({ header }: Victim) => String(header.kid);
type Kids = Readonly<Record<string, (victim: Victim) => unknown>>;
const KIDS_OF_NOBODY: Kids = Object.fromEntries(Object.entries(KIDS).map(([name, kid]) => [name, () => kid]));
const KIDS_NEAR: Kids = {
  'in a list': victim => [kidOf(victim)], 'in a list of two': victim => [kidOf(victim), 'attacker'], 'in another case': victim => swapped(kidOf(victim)),
  'with a space': victim => `${kidOf(victim)} `, 'with a NUL': victim => `${kidOf(victim)}\0`, 'without its end': victim => kidOf(victim).slice(0, -1), 'with more': victim => `${kidOf(victim)}x`,
  'that of another cluster': ({ other }) => other.kid,
};
const kidded = (kid: (victim: Victim) => unknown): readonly [byAttacker: Attack['token'], byIssuer: Attack['token']] => [
  victim => forge(ATTACKER, victim.claims, { ...victim.header, kid: kid(victim) }), signed(victim => ({ ...victim.header, kid: kid(victim) })),
];
const twice = (first: (victim: Victim) => unknown, second: (victim: Victim) => unknown) => (victim: Victim) => `{"alg":"RS256","kid":${JSON.stringify(first(victim))},"kid":${JSON.stringify(second(victim))}}`;

const KEY = all('key', {
  'the attacker\'s, by the name of the issuer\'s': posing({}),
  ...Object.fromEntries(Object.entries({ ...KIDS_OF_NOBODY, ...KIDS_NEAR }).flatMap(([name, kid]) => {
    const [byAttacker, byIssuer] = kidded(kid);
    return [[`kid ${name}, signed by the attacker`, byAttacker], [`kid ${name}, signed by the issuer`, byIssuer]];
  })),
  'kid twice, the right one first': signed(twice(kidOf, () => 'attacker')),
  'kid twice, the right one last': signed(twice(() => 'attacker', kidOf)),
  'kid twice, the right one first, signed by the attacker': victim => forge(ATTACKER, victim.claims, twice(kidOf, () => 'attacker')(victim)),
  'kid twice, the same': signed(twice(kidOf, kidOf)),
  'that of another cluster, by its own name': ({ other, claims }) => forge(other.key, claims),
  'that of another cluster, by the name of the issuer\'s': ({ other, claims, header }) => forge(other.key, claims, header),
  'that of the cluster before it was made again, by its own name': ({ earlier, claims }) => earlier && forge(earlier, claims),
  'that of the cluster before it was made again, by the name of the new one': ({ earlier, claims, header }) => earlier && forge(earlier, claims, header),
});

const SELF = { ...ATTACKER.jwk, kid: undefined };
const CERTIFICATE = ATTACKER.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const INVITATIONS: Readonly<Record<string, object>> = {
  'jku': { jku: 'https://evil.example/keys' }, 'jku at the issuer': { jku: 'https://issuer.example.com/onprem/../evil/keys' }, 'jku as data': { jku: `data:application/json,${JSON.stringify({ keys: [ATTACKER.jwk] })}` },
  'x5u': { x5u: 'https://evil.example/certificate.pem' }, 'jwk': { jwk: SELF }, 'jwk with the kid': { jwk: ATTACKER.jwk }, 'jwk as text': { jwk: JSON.stringify(SELF) }, 'x5c': { x5c: [CERTIFICATE] },
  'x5t': { 'x5t': 'AAAA', 'x5t#S256': 'AAAA' }, 'all of them': { jku: 'https://evil.example/keys', x5u: 'https://evil.example/certificate.pem', jwk: SELF, x5c: [CERTIFICATE] },
};

const HEADER = all('header', {
  ...Object.fromEntries(Object.entries(INVITATIONS).flatMap(([name, header]) => [
    [`${name}, by the name of the issuer's key`, posing(header)], [`${name}, by the name of the attacker's`, posing({ ...header, kid: 'attacker' })], [`${name}, without a name`, posing({ ...header, kid: undefined })],
  ])),
  ...Object.fromEntries(Object.entries({
    'an extension': { crit: ['exp'] }, 'an unknown extension': { 'crit': ['https://evil.example'], 'https://evil.example': true }, 'an empty list of extensions': { crit: [] }, 'no list of extensions': { crit: 'exp' },
    'a payload that is not encoded': { crit: ['b64'], b64: false }, 'b64 alone': { b64: false },
  }).map(([name, header]) => [name, signed(victim => ({ ...victim.header, ...header }))])),
});

const timed = (change: (now: number) => Claims) => claiming((claims, { now }) => ({ ...claims, ...change(now) }));
const NO_TIMES: Readonly<Record<string, (now: number) => unknown>> = {
  'null': () => null, 'a text': now => String(now + 60), 'a text of no number': () => 'tomorrow', 'a list': now => [now + 60], 'an object': () => ({}), 'true': () => true, 'empty': () => '',
};
const noTimes = (claim: string, at: (now: number) => number) =>
  Object.fromEntries(Object.entries(NO_TIMES).map(([name, value]) => [`${claim} ${name}`, timed(now => ({ [claim]: typeof value(now) === 'string' && /^\d/.test(value(now) as string) ? String(at(now)) : value(now) }))]));
const lifetime = (from: number, to: number) => timed(now => ({ iat: now + from, nbf: now + from, exp: now + to }));

const TIME = [
  ...all('time', {
    'exp missing': claiming(claims => without(claims, 'exp')), 'iat missing': claiming(claims => without(claims, 'iat')),
    'no time at all': claiming(claims => without(claims, 'exp', 'iat', 'nbf')),
    ...noTimes('exp', now => now + 60), ...noTimes('nbf', now => now - 60), ...noTimes('iat', now => now - 60),
    'exp negative': timed(() => ({ exp: -1 })), 'exp 0': timed(() => ({ exp: 0 })),
    'exp five minutes ago': timed(now => ({ exp: now - 300 })),
    'exp without end': claiming((claims, { now }) => `{${json(claims, 'iss')},${json(claims, 'sub')},${json(claims, 'aud')},"iat":${now},"exp":1e999}`),
    'exp in milliseconds of the past': timed(now => ({ exp: now / 1000 })),
    'exp an hour ago': lifetime(-2 * 3600, -3600),
    'nbf now + 1': timed(now => ({ nbf: now + 1 })), 'nbf tomorrow': timed(now => ({ nbf: now + DAY, exp: now + DAY + 60 })), 'nbf without end': claiming(claims => JSON.stringify(claims).replace(/"nbf":\d+/, '"nbf":1e999')),
    'iat now + 1': timed(now => ({ iat: now + 1 })), 'iat tomorrow': timed(now => ({ iat: now + DAY, exp: now + DAY + 60 })), 'all in milliseconds': timed(now => ({ iat: now * 1000, nbf: now * 1000, exp: now * 1000 + 60 })),
  }),
  // AWS documents five minutes for clocks that differ: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
  ...all('time', {
    'exp now - 1': timed(now => ({ exp: now - 1 })), 'exp now': timed(now => ({ exp: now })), 'exp a moment before now': timed(now => ({ exp: now - 0.001 })), 'exp almost five minutes ago': timed(now => ({ exp: now - 299 })),
  }, only('AWS')),
  // Each cloud has its own rule of what is too long ago or too long, or none.
  ...all('time', { 'iat a day and a second ago': lifetime(-DAY - 1, 60) }, only('Azure', 'EKS Pod Identity')),
  ...all('time', { 'for a day, an hour and a second': lifetime(0, 25 * 3600 + 1), 'for almost two days': lifetime(0, 2 * DAY - 1) }, only('AWS', 'Google Cloud', 'EKS Pod Identity')),
  ...all('time', { 'for two days': lifetime(0, 2 * DAY), 'for ten years': lifetime(0, 3650 * DAY) }, only('AWS', 'EKS Pod Identity')),
];

/** What is to be said of a subject that is text, and of the namespace in the claim of Kubernetes: the rule of each trust in one line. */
function knows({ cloud, scope }: Taker, claims: Claims): boolean {
  const { sub, 'kubernetes.io': kubernetes } = claims;
  const namespace: unknown = kubernetes?.namespace;
  const account: unknown = kubernetes?.serviceaccount?.name;
  if (scope === 'nobody' || typeof sub !== 'string' || sub === '') return false;
  if (cloud === 'EKS Pod Identity') return sub === SUBJECT && namespace === NAMESPACE && account === ACCOUNT;
  if (cloud === 'AWS' && (sub.length < 6 || sub.length > 255)) return false;
  if (cloud === 'Google Cloud' && Buffer.byteLength(sub) > 127) return false;
  switch (scope) {
    case 'everyone': return cloud !== 'Azure' || sub === SUBJECT;
    case 'cluster': return sub.startsWith('system:serviceaccount:');
    case 'namespace': return cloud === 'Google Cloud' ? namespace === NAMESPACE : sub.startsWith(`system:serviceaccount:${NAMESPACE}:`);
    case 'account': return sub === SUBJECT;
  }
}

type Change = (claims: Claims) => Claims;

/** Claims that the issuer signs, and that are taken as the trust says. */
const stated = (kind: string, changes: Readonly<Record<string, Change>>): Attack[] => Object.entries(changes).map(([name, change]) => ({
  kind, name, token: claiming(change), taken: (taker, { claims }) => knows(taker, change(claims)),
}));

const subject = (namespace: string, account: string) => `system:serviceaccount:${namespace}:${account}`;
/** Somebody of another name, as the API server would say it. */
const named = (namespace: string, name: string) => (claims: Claims) => ({
  ...claims, 'sub': subject(namespace, name), 'kubernetes.io': { ...claims['kubernetes.io'], namespace, serviceaccount: { ...claims['kubernetes.io']?.serviceaccount, name } },
});
const text = (sub: string) => (claims: Claims) => ({ ...claims, sub });

/** Names of service accounts that are near those of the right one; the API server has few of them. */
export const NAMES: Readonly<Record<string, readonly [namespace: string, account: string]>> = {
  'another account': [NAMESPACE, 'writer'], 'another namespace': ['billing', ACCOUNT], 'default': ['default', 'default'], 'kube-system': ['kube-system', ACCOUNT], 'the names swapped': [ACCOUNT, NAMESPACE],
  'a namespace with a prefix': [`x-${NAMESPACE}`, ACCOUNT], 'a namespace with a suffix': [`${NAMESPACE}-eu`, ACCOUNT], 'a namespace that is a prefix': ['report', ACCOUNT], 'a namespace that is a suffix': ['eports', ACCOUNT],
  'an account with a prefix': [NAMESPACE, `x-${ACCOUNT}`], 'an account with a suffix': [NAMESPACE, `${ACCOUNT}-eu`], 'an account that is a prefix': [NAMESPACE, 'reade'], 'an account that is a suffix': [NAMESPACE, 'eader'],
  'an account with more after a dot': [NAMESPACE, `${ACCOUNT}.x`], 'the namespace in capitals': ['REPORTS', ACCOUNT], 'the account in capitals': [NAMESPACE, 'READER'], 'a capital in the namespace': ['Reports', ACCOUNT],
  'a capital in the account': [NAMESPACE, 'Reader'], 'one more part': [NAMESPACE, `${ACCOUNT}:x`], 'a namespace with the delimiter': [`${NAMESPACE}:x`, ACCOUNT], 'the delimiter before the namespace': [`:${NAMESPACE}`, ACCOUNT],
  'the account in the namespace': [`${NAMESPACE}:${ACCOUNT}`, 'x'], 'no namespace': ['', ACCOUNT], 'no account': [NAMESPACE, ''], 'neither': ['', ''], 'a wildcard for the account': [NAMESPACE, '*'], 'a wildcard for the namespace': ['*', ACCOUNT],
  'a wildcard for both': ['*', '*'], 'a wildcard for a letter': [NAMESPACE, '?eader'], 'a wildcard for a letter of the namespace': ['report?', ACCOUNT], 'a path up': [`x/../${NAMESPACE}`, ACCOUNT],
  'a Cyrillic letter in the namespace': ['r\u0435ports', ACCOUNT], 'a Cyrillic letter in the account': [NAMESPACE, 'r\u0435ader'], 'a wide letter in the namespace': ['\uFF52eports', ACCOUNT], 'a wide letter in the account': [NAMESPACE, '\uFF52eader'],
  'a letter with its accent apart': [NAMESPACE, 're\u0301ader'], 'a letter with its accent': [NAMESPACE, 'r\u00E9ader'], 'a long s': ['report\u017F', ACCOUNT], 'a mathematical letter': [NAMESPACE, '\u{1D42B}eader'],
  'a space of no width in the namespace': ['rep\u200Borts', ACCOUNT], 'a space of no width after the account': [NAMESPACE, `${ACCOUNT}\u200B`], 'a joiner of no width': [NAMESPACE, 'read\u200Der'], 'a soft hyphen': [NAMESPACE, 'read\u00ADer'],
  'a byte order mark': [NAMESPACE, `\uFEFF${ACCOUNT}`], 'writing from right to left': [NAMESPACE, `\u202E${ACCOUNT}`], 'a tag character': [NAMESPACE, `${ACCOUNT}\u{E0061}`], 'a variation selector': [NAMESPACE, `${ACCOUNT}\uFE0F`],
};

const SUBJECTS: Readonly<Record<string, string>> = {
  'blank': '        ', 'with a NUL at its end': `${SUBJECT}\0`, 'with a NUL and more': `${SUBJECT}\0x`, 'with a NUL before it': `\0${SUBJECT}`, 'with a space after it': `${SUBJECT} `, 'with a space before it': ` ${SUBJECT}`,
  'with a line break after it': `${SUBJECT}\n`, 'with a line break and more': `${SUBJECT}\nx`, 'on the second line': `x\n${SUBJECT}`, 'with a tab': `${SUBJECT}\t`, 'with a slash after it': `${SUBJECT}/`, 'with a colon after it': `${SUBJECT}:`,
  'in capitals': SUBJECT.toUpperCase(), 'with one capital': SUBJECT.replace('s', 'S'), 'with text before it': `x${SUBJECT}`, 'without its end': SUBJECT.slice(0, -1), 'without its beginning': SUBJECT.slice(1), 'twice': SUBJECT.repeat(2),
  'in a list as text': `["${SUBJECT}"]`, 'among others as text': `${SUBJECT},system:serviceaccount:a:b`, 'all as a wildcard': '*', 'all service accounts as a wildcard': 'system:serviceaccount:*', 'any letters': '?'.repeat(SUBJECT.length),
  'a regular expression': 'system:serviceaccount:reports:.*', 'a variable of AWS': '${sub}', 'the wildcard of AWS as a variable': 'system:serviceaccount:reports:${*}', 'an end of a text of CEL': 'x\'] || true || \'x\' in [\'',
  'an end of a text of JSON': `x","sub":"${SUBJECT}`, 'encoded as in a URL': encodeURIComponent(SUBJECT), 'a form of its name in Google\'s own pool': 'ns/reports/sa/reader', 'names alone': 'reports:reader', 'a node': 'system:node:reader',
  'a group': 'system:serviceaccounts:reports', 'one account of the accounts': 'system:serviceaccounts:reports:reader', 'an admin': 'system:admin', 'with a Cyrillic letter before the names': SUBJECT.replace('y', '\u0443'),
  'with a wide colon': SUBJECT.replace(/:/g, '\uFF1A'), 'with a ratio': SUBJECT.replace(/:/g, '\u2236'), 'short': 'short', 'of 127 bytes': subject(NAMESPACE, 'r'.repeat(97)), 'of 128 bytes': subject(NAMESPACE, 'r'.repeat(98)),
  'of 256 characters': subject(NAMESPACE, 'r'.repeat(226)), 'of 5,000 characters': subject(NAMESPACE, 'r'.repeat(4970)),
};

const NO_SUBJECTS: Readonly<Record<string, unknown>> = {
  'missing': undefined, 'null': null, 'a number': 7, 'true': true, 'an object': { sub: SUBJECT }, 'an object of its letters': { ...[SUBJECT] }, 'empty': '', 'an empty list': [], 'a list of it': [SUBJECT], 'a list of it and another': [SUBJECT, 'x'],
  'a list of another and it': ['x', SUBJECT], 'a list of lists': [[SUBJECT]],
};

const SUBJECT_ATTACKS = [
  ...stated('subject', Object.fromEntries(Object.entries(NAMES).map(([name, [namespace, account]]) => [name, named(namespace, account)]))),
  ...stated('subject', Object.fromEntries(Object.entries(SUBJECTS).map(([name, sub]) => [name, text(sub)]))),
  ...all('subject', Object.fromEntries(Object.entries(NO_SUBJECTS).map(([name, sub]) => [name, claiming(claims => ({ ...claims, sub }))]))),
  ...stated('claim of Kubernetes', {
    'missing': claims => without(claims, 'kubernetes.io'),
    'of another namespace': claims => ({ ...claims, 'kubernetes.io': { ...claims['kubernetes.io'], namespace: 'billing' } }),
    'of another account': claims => ({ ...claims, 'kubernetes.io': { ...claims['kubernetes.io'], serviceaccount: { name: 'writer' } } }),
    'of the right namespace, with the subject of another': text(subject('billing', ACCOUNT)),
    'of the right account, with the subject of another': text(subject(NAMESPACE, 'writer')),
    'of the right names, with no subject of Kubernetes': text('system:admin'),
    'null': claims => ({ ...claims, 'kubernetes.io': null }),
    'a text': claims => ({ ...claims, 'kubernetes.io': JSON.stringify(claims['kubernetes.io']) }),
    'a list': claims => ({ ...claims, 'kubernetes.io': [claims['kubernetes.io']] }),
    'a namespace in a list': claims => ({ ...claims, 'kubernetes.io': { ...claims['kubernetes.io'], namespace: [NAMESPACE] } }),
    'a namespace in an object': claims => ({ ...claims, 'kubernetes.io': { ...claims['kubernetes.io'], namespace: { name: NAMESPACE } } }),
    'a namespace in capitals': claims => ({ ...claims, 'kubernetes.io': { ...claims['kubernetes.io'], namespace: 'REPORTS' } }),
    'a namespace with a space': claims => ({ ...claims, 'kubernetes.io': { ...claims['kubernetes.io'], namespace: `${NAMESPACE} ` } }),
    'claims of old tokens': claims => ({ ...without(claims, 'kubernetes.io'), 'kubernetes.io/serviceaccount/namespace': NAMESPACE, 'kubernetes.io/serviceaccount/service-account.name': ACCOUNT }),
    'of old tokens for another': claims => ({ ...named('billing', 'writer')(claims), 'kubernetes.io/serviceaccount/namespace': NAMESPACE, 'kubernetes.io/serviceaccount/service-account.name': ACCOUNT }),
    'with dots in its name': claims => ({ ...without(named('billing', 'writer')(claims), 'kubernetes.io'), 'kubernetes.io.namespace': NAMESPACE }),
  }),
];

const heard = (aud: (right: string) => unknown): Attack['token'] => claiming((claims, { audience }) => ({ ...claims, aud: aud(audience) }));
const AUDIENCES: Readonly<Record<string, (right: string) => unknown>> = {
  'missing': () => undefined, 'null': () => null, 'a number': () => 7, 'true': () => true, 'an object': right => ({ 0: right }), 'an object by its name': right => ({ [right]: true }), 'an empty list': () => [], 'empty': () => '',
  'an empty text in a list': () => [''], 'null in a list': () => [null], 'a list of lists': right => [[right]], 'one in a list that is a number': right => [right, 7], 'one in a list after a number': right => [7, right], 'one in a list that is null': right => [right, null],
  'in capitals': right => [right.toUpperCase()], 'with a capital': right => [swapped(right.slice(0, 1)) + right.slice(1)], 'with a slash after it': right => [`${right}/`], 'with text before it': right => [`x${right}`], 'with text after it': right => [`${right}x`],
  'without its end': right => [right.slice(0, -1)], 'with a space': right => [`${right} `], 'with a line break': right => [`${right}\n`], 'with a NUL': right => [`${right}\0`], 'two in one text': right => `${right} https://other.example`,
  'two in one text, with a comma': right => `${right},https://other.example`, 'a list as text': right => JSON.stringify([right]), 'a wildcard': () => ['*'], 'a wildcard at its end': right => [`${right.slice(0, -2)}*`],
  'with a Cyrillic letter': right => [right.replace('a', '\u0430')], 'with a space of no width': right => [`${right}\u200B`], 'with another scheme': right => [right.replace(/^(?:\w+:)?(?:\/\/)?/, 'http://')], 'with a scheme before it': right => [`https://${right}`],
  'with a host before it': right => [`https://evil.example/${right}`], 'another': () => ['https://somebody.example.com'],
};
const CLOUDS = { 'AWS': 'sts.amazonaws.com', 'EKS Pod Identity': 'pods.eks.amazonaws.com', 'Azure': 'api://AzureADTokenExchange', 'Azure in China': 'api://AzureADTokenExchangeChina', 'Google\'s own pool': 'acme-apps.svc.id.goog' };

const AUDIENCE = [
  ...all('audience', {
    ...Object.fromEntries(Object.entries(AUDIENCES).map(([name, aud]) => [name, heard(aud)])),
    'of another provider of the pool': heard(right => [right.replace(/providers\/.*$/, 'providers/other')].map(other => other === right ? `${other}/providers/other` : other)),
    'of a provider of another project': heard(right => [right.replace(/projects\/\d+/, 'projects/999999999')].map(other => other === right ? `projects/999999999/${other}` : other)),
    'another, with the right authorized party': claiming((claims, { audience }) => ({ ...claims, aud: ['https://unknown.example.com'], azp: audience })),
  }),
  ...Object.entries(CLOUDS).map(([name, aud]): Attack => ({
    kind: 'audience', name: `that of ${name}`, token: heard(() => [aud]), taken: (taker, { audience }) => everyone(taker) && audience === aud,
  })),
  // Google takes a token that one of whose audiences is the provider's; nothing says that the others do.
  ...all('audience', {
    'the first of two': heard(right => [right, 'https://other.example']), 'the last of two': heard(right => ['https://other.example', right]), 'twice': heard(right => [right, right]),
    'one of a hundred': heard(right => [...Array.from({ length: 99 }, (_, index) => `https://${index}.example`), right]),
  }, only('Google Cloud')),
  // AWS alone looks at the party that a token is authorized for, and takes it for the audience.
  ...all('audience', { 'the right one, with another authorized party': claiming(claims => ({ ...claims, azp: 'https://somebody.example.com' })) }, only('Google Cloud', 'Azure', 'EKS Pod Identity')),
];

/** Issuers that nobody has registered, from one that somebody has. */
const ISSUERS: Readonly<Record<string, (right: string, host: string) => unknown>> = {
  'missing': () => undefined, 'null': () => null, 'a number': () => 7, 'empty': () => '', 'in a list': right => [right], 'in a list of two': right => [right, 'https://evil.example'], 'an object': right => ({ iss: right }), 'in capitals': right => right.toUpperCase(),
  'with its host in capitals': (right, host) => right.replace(host, host.toUpperCase()), 'with its path in another case': (right, host) => `https://${host}${swapped(right.slice(`https://${host}`.length))}x`,
  'with or without a slash at its end': right => right.endsWith('/') ? right.slice(0, -1) : `${right}/`, 'with two slashes at its end': right => `${right}//`, 'with its usual port': (right, host) => right.replace(host, `${host}:443`),
  'with another port': (right, host) => right.replace(host, `${host}:8443`), 'with an empty port': (right, host) => right.replace(host, `${host}:`), 'with a user': right => right.replace('https://', 'https://user@'), 'with a user that is the host': (right, host) => right.replace(host, `${host}@evil.example`),
  'with a query': right => `${right}?x=1`, 'with an empty query': right => `${right}?`, 'with a fragment': right => `${right}#x`, 'with an empty fragment': right => `${right}#`, 'by http': right => right.replace('https:', 'http:'), 'without a scheme': right => right.replace('https://', ''),
  'with its scheme in capitals': right => right.replace('https', 'HTTPS'), 'with three slashes': right => right.replace('https://', 'https:///'), 'with one slash': right => right.replace('https://', 'https:/'), 'with backslashes': right => right.replace(/\//g, '\\'),
  'with a suffix of its host': (right, host) => right.replace(host, `${host}.evil.example`), 'with a prefix of its host': (right, host) => right.replace(host, `evil${host}`), 'below another host': (right, host) => right.replace(host, `evil.example/${host}`),
  'as a query of another host': right => `https://evil.example/?${right}`, 'as a fragment of another host': right => `https://evil.example/#${right}`, 'with a dot after its host': (right, host) => right.replace(host, `${host}.`), 'below its host': (right, host) => right.replace(host, `sub.${host}`),
  'with a dot in its path': (right, host) => right.replace(host, `${host}/.`), 'with two dots in its path': (right, host) => right.replace(host, `${host}/x/..`), 'with encoded dots in its path': (right, host) => right.replace(host, `${host}/x/%2e%2e`),
  'with an encoded slash': right => right.replace(/\/([^/]*)$/, '%2F$1'), 'with an encoded letter': right => right.replace(/e(?=[^e]*$)/, '%65'), 'with two slashes in its path': (right, host) => right.replace(host, `${host}/`), 'with more of a path': right => `${right}/x`.replace('//x', '/x'),
  'without its end': right => right.replace(/[^/]\/?$/, ''), 'its host alone': (_, host) => `https://${host}`, 'another path of its host': (_, host) => `https://${host}/another`, 'with a space': right => `${right} `, 'with a space before it': right => ` ${right}`, 'with a line break': right => `${right}\n`,
  'with a NUL': right => `${right}\0`, 'with a Cyrillic letter': right => right.replace(/e(?!\/)/, '\u0435'), 'with a wide dot': right => right.replace('.', '\uFF0E'), 'with a space of no width': right => `${right}\u200B`, 'with a wildcard': right => `${right.slice(0, -2)}*`, 'a wildcard': () => '*',
  'as the document of it': right => `${right}/.well-known/openid-configuration`, 'the API server itself': () => 'https://kubernetes.default.svc', 'an old token': () => 'kubernetes/serviceaccount', 'Google': () => 'https://accounts.google.com',
};

const ISSUER = all('issuer', Object.fromEntries(Object.entries(ISSUERS).flatMap(([name, iss]): [string, Attack['token']][] => {
  const change = ({ claims }: Victim) => ({ ...claims, iss: iss(claims.iss, new URL(claims.iss).hostname) });
  // Where the change makes no difference there is no attack.
  const changed = (victim: Victim) => change(victim).iss !== victim.claims.iss;
  return [
    [`${name}, signed by the issuer`, victim => victim.signer && changed(victim) ? forge(victim.signer, change(victim), victim.header) : undefined],
    [`${name}, signed by the attacker`, victim => changed(victim) ? forge(ATTACKER, change(victim), victim.header) : undefined],
  ];
})));

const OTHER_ISSUER = all('issuer', {
  'that of another cluster, signed by the issuer': claiming((claims, { other }) => ({ ...claims, iss: other.issuer })),
  'that of another cluster, signed by the attacker': ({ claims, header, other }) => forge(ATTACKER, { ...claims, iss: other.issuer }, { ...header, kid: other.kid }),
  'that of another cluster, signed by it': ({ claims, other }) => forge(other.key, { ...claims, iss: other.issuer }),
});

/** Two claims of one name, of which readers believe the first or the last. */
const doubled = (name: string, value: unknown, spelled = JSON.stringify(name)) => {
  const both = (claims: Claims) => [`${spelled}:${JSON.stringify(value)}`, ...Object.keys(without(claims, name)).map(other => json(claims, other))];
  return {
    [`${name} ${spelled}, the right one first`]: claiming(claims => `{${json(claims, name)},${both(claims).join(',')}}`),
    [`${name} ${spelled}, the right one last`]: claiming(claims => `{${both(claims).join(',')},${json(claims, name)}}`),
  };
};
const DUPLICATES = all('duplicate', {
  ...doubled('sub', 'system:serviceaccount:billing:writer'), ...doubled('sub', 'system:serviceaccount:billing:writer', '"s\\u0075b"'), ...doubled('iss', 'https://evil.example'), ...doubled('iss', 'https://evil.example', '"\\u0069ss"'),
  ...doubled('aud', ['https://somebody.example.com']), ...doubled('exp', 4_000_000_000), ...doubled('exp', 1), ...doubled('iat', 1), ...doubled('kubernetes.io', { namespace: 'billing' }), ...doubled('kubernetes.io', null, '"kubernetes\\u002eio"'),
  'sub twice, the same': claiming(claims => `{${json(claims, 'sub')},${JSON.stringify(claims).slice(1)}`),
  'the namespace within the claim of Kubernetes': claiming(claims => JSON.stringify(claims).replace('"namespace":', '"namespace":"billing","namespace":')),
  'the namespace within the claim of Kubernetes, escaped': claiming(claims => JSON.stringify(claims).replace('"namespace":', '"n\\u0061mespace":"billing","namespace":')),
  'alg, none first': victim => forge(ATTACKER, victim.claims, `{"alg":"none",${JSON.stringify(victim.header).slice(1)}`),
  'alg, none last': victim => forge(ATTACKER, victim.claims, `${JSON.stringify(victim.header).slice(0, -1)},"alg":"none"}`),
  'alg, none last, signed by the issuer': signed(({ header }) => `${JSON.stringify(header).slice(0, -1)},"alg":"none"}`),
  'alg, escaped, signed by the issuer': signed(({ header }) => `${JSON.stringify(header).slice(0, -1)},"\\u0061lg":"none"}`),
  'claims of a prototype': claiming(claims => `{"__proto__":${JSON.stringify(claims)},"x":1}`),
});

const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const SIZE = [
  ...all('size', {
    'claims of 30,000 characters': claiming(claims => ({ ...claims, padding: 'x'.repeat(30_000) })),
    'a header of 30,000 characters': signed(({ header }) => ({ ...header, padding: 'x'.repeat(30_000) })),
    'a header of 30,000 characters, signed by the attacker': posing({ padding: 'x'.repeat(30_000) }),
    'two million characters': claiming(claims => ({ ...claims, padding: 'x'.repeat(2_000_000) })),
    'a subject of two million characters': claiming(claims => ({ ...claims, sub: SUBJECT + 'x'.repeat(2_000_000) })),
    'a million audiences': claiming((claims, { audience }) => ({ ...claims, aud: [audience, ...Array.from({ length: 200_000 }, String)] })),
    'lists of lists, 100,000 deep': claiming(claims => `${JSON.stringify(claims).slice(0, -1)},"x":${nested(100_000)}}`),
    'a header of lists of lists': signed(({ header }) => `${JSON.stringify(header).slice(0, -1)},"x":${nested(100_000)}}`),
    'a million dots': () => '.'.repeat(1_000_000),
    'a million letters': () => 'a'.repeat(1_000_000),
  }),
  // What of it no mapping looks at, AWS and Azure have no rule on; Google reads all of it.
  ...all('size', { 'lists of lists, 2,000 deep': claiming(claims => `${JSON.stringify(claims).slice(0, -1)},"x":${nested(2_000)}}`) }, only('AWS', 'Azure', 'EKS Pod Identity')),
];

const parts = ({ right }: Victim) => right.split('.') as [string, string, string];
const around = (before: string, after: string): Attack['token'] => ({ right }) => `${before}${right}${after}`;
/** The right token with a part that is written otherwise, where it can be. */
const written = (change: (text: string) => string): Attack['token'] => ({ right }) => {
  const changed = change(right);
  return changed === right ? undefined : changed;
};
const WHITE = { 'a space': ' ', 'a line break': '\n', 'a carriage return': '\r\n', 'a tab': '\t', 'a NUL': '\0', 'a byte order mark': '\uFEFF', 'a space of no width': '\u200B', 'a quote': '"', 'an equals sign': '=', 'a dot': '.', 'a comma': ',' };

const ENCODING = all('encoding', {
  ...Object.fromEntries(Object.entries(WHITE).flatMap(([name, white]) => [[`${name} before it`, around(white, '')], [`${name} after it`, around('', white)]])),
  ...Object.fromEntries([0, 1, 2].flatMap(place => [['padding', '='], ['a space', ' '], ['a line break', '\n']].map(([name, more]) => [
    `${name} after part ${place + 1}`, (victim: Victim) => parts(victim).map((item, index) => index === place ? item + more : item).join('.'),
  ]))),
  'as in a header': around('Bearer ', ''),
  'encoded as in a URL': written(token => token.replace(/\./g, '%2E')),
  'the standard alphabet': written(token => token.replace(/-/g, '+').replace(/_/g, '/')),
  'the standard alphabet with padding': written(token => token.split('.').map(item => Buffer.from(item, 'base64url').toString('base64')).join('.')),
  // The last letter of a signature of 256 bytes has four bits that mean nothing.
  'other bits that mean nothing': written(token => token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + 1)),
  'in capitals': written(token => token.toUpperCase()),
  'the same part again': victim => `${victim.right}.${parts(victim)[2]}`,
  'five parts, as an encrypted token': victim => `${part({ alg: 'dir', enc: 'A128GCM' })}..${parts(victim)[1]}.${parts(victim)[2]}.AAAA`,
  'encrypted for the issuer by its public key': victim => `${part({ alg: 'RSA-OAEP', enc: 'A256GCM', kid: victim.header.kid, cty: 'JWT' })}.AAAA.AAAA.${part(victim.right)}.AAAA`,
  'a token in a token': victim => forge(ATTACKER, JSON.stringify(victim.right), { ...victim.header, cty: 'JWT' }),
  'a token in a token, signed by the issuer': signed(({ header }) => ({ ...header, cty: 'JWT' }), ({ right }) => JSON.stringify(right)),
  'two parts': victim => parts(victim).slice(0, 2).join('.'), 'one part': victim => parts(victim)[1], 'empty': () => '', 'dots': () => '..', 'no header': victim => `.${parts(victim).slice(1).join('.')}`,
  'no claims': victim => `${parts(victim)[0]}..${parts(victim)[2]}`, 'no signature': victim => `${parts(victim).slice(0, 2).join('.')}.`, 'twice': ({ right }) => `${right}${right}`, 'twice, with a comma': ({ right }) => `${right},${right}`,
  'flattened JSON': victim => JSON.stringify({ protected: parts(victim)[0], payload: parts(victim)[1], signature: parts(victim)[2] }),
  'general JSON': victim => JSON.stringify({ payload: parts(victim)[1], signatures: [{ protected: parts(victim)[0], signature: parts(victim)[2] }] }),
  'its claims as text': ({ claims }) => JSON.stringify(claims), 'a list of tokens': ({ right }) => JSON.stringify([right]),
  'a byte order mark before the claims': claiming(claims => `\uFEFF${JSON.stringify(claims)}`), 'a byte order mark before the header': signed(({ header }) => `\uFEFF${JSON.stringify(header)}`), 'more after the claims': claiming(claims => `${JSON.stringify(claims)}{}`),
  'a comment in the claims': claiming(claims => `/* x */${JSON.stringify(claims)}`), 'single quotes': claiming(claims => JSON.stringify(claims).replace(/"/g, "'")), 'a comma too many': claiming(claims => `${JSON.stringify(claims).slice(0, -1)},}`),
  'claims in a list': claiming(claims => [claims]), 'claims in a text': claiming(claims => JSON.stringify(JSON.stringify(claims))), 'claims that are null': claiming(() => 'null'), 'claims that are a number': claiming(() => '7'), 'no claims at all': claiming(() => '{}'),
  'a header in a list': signed(({ header }) => [header]), 'a header that is null': signed(() => 'null'), 'an empty header': signed(() => '{}'), 'half of a character': claiming(claims => `{"x":"\\ud800",${JSON.stringify(claims).slice(1)}`),
  'a number that is none': claiming(claims => `{"x":NaN,${JSON.stringify(claims).slice(1)}`),
});

/** Signatures that are not those of what stands before them. */
const SIGNATURE = all('signature', {
  'of the same header and other claims': victim => `${parts(victim)[0]}.${part({ ...victim.claims, jti: 'x' })}.${parts(victim)[2]}`,
  'of another subject': ({ signer, ...victim }) => signer && `${parts(victim).slice(0, 2).join('.')}.${forge(signer, named('billing', 'writer')(victim.claims), victim.header).split('.')[2]}`,
  'of another header': victim => `${part({ ...victim.header, typ: 'JWT', x: 1 })}.${parts(victim).slice(1).join('.')}`,
  'of a later end': victim => `${parts(victim)[0]}.${part({ ...victim.claims, exp: victim.claims.exp + 1 })}.${parts(victim)[2]}`,
  'with a byte turned': victim => changedSignature(victim, bytes => Buffer.concat([bytes.subarray(0, 100), Buffer.of(255 - bytes[100]!), bytes.subarray(101)])), 'without its end': victim => changedSignature(victim, bytes => bytes.subarray(0, -1)), 'with one more byte': victim => changedSignature(victim, bytes => Buffer.concat([bytes, Buffer.of(0)])),
  'with a zero before it': victim => changedSignature(victim, bytes => Buffer.concat([Buffer.of(0), bytes])), 'zeros': victim => changedSignature(victim, bytes => Buffer.alloc(bytes.length)), 'one': victim => changedSignature(victim, bytes => Buffer.concat([Buffer.alloc(bytes.length - 1), Buffer.of(1)])),
  'a single zero': victim => changedSignature(victim, () => Buffer.of(0)), 'reversed': victim => changedSignature(victim, bytes => Buffer.from(bytes).reverse()), 'twice': victim => changedSignature(victim, bytes => Buffer.concat([bytes, bytes])),
  'of the claims without the header': ({ signer, header, claims }) => signer && `${part(header)}.${part(claims)}.${SIGNINGS.RS256(part(claims), signer).toString('base64url')}`,
  'of what is not encoded': ({ signer, header, claims }) => signer && `${part(header)}.${part(claims)}.${SIGNINGS.RS256(`${JSON.stringify(header)}.${JSON.stringify(claims)}`, signer).toString('base64url')}`,
});

function changedSignature(victim: Victim, change: (bytes: Buffer) => Buffer): string {
  const [header, claims, signature] = parts(victim);
  return `${header}.${claims}.${change(Buffer.from(signature, 'base64url')).toString('base64url')}`;
}

function swapped(value: string): string {
  return value.replace(/[a-z]/gi, letter => letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase());
}

/** Real tokens of others, or for others. */
const OTHERS = [...stated('another kind', { 'of a node': claims => ({ ...without(claims, 'kubernetes.io'), sub: 'system:node:node-1' }) }), ...all('another kind', {
  'for the API of the cluster': ({ cluster }) => cluster?.issue({ namespace: NAMESPACE, serviceAccount: ACCOUNT, audience: cluster.apiAudience, podName: 'reader-1' }),
  'for the API of the cluster, as every pod has it': ({ cluster }) => cluster?.issue({ namespace: NAMESPACE, serviceAccount: ACCOUNT, audience: [], expirationSeconds: 3607, podName: 'reader-1' }),
  'an old token of a secret': claiming(({ sub }) => ({
    'iss': 'kubernetes/serviceaccount', sub, 'kubernetes.io/serviceaccount/namespace': NAMESPACE, 'kubernetes.io/serviceaccount/service-account.name': ACCOUNT, 'kubernetes.io/serviceaccount/secret.name': 'reader-token',
  })),
  'of the same account of another cluster': ({ other, audience }) => other.issue({ namespace: NAMESPACE, serviceAccount: ACCOUNT, audience, podName: 'reader-1' }),
  'an access token of Google': () => `ya29.c.${'b0Aaekm1K'.repeat(20)}`, 'a session token of AWS': () => `IQoJb3JpZ2luX2VjE${'A'.repeat(300)}==`, 'a SAML assertion': () => Buffer.from('<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>').toString('base64'),
  'a key of a user': () => 'AKIAIOSFODNN7EXAMPLE', 'a PEM': ({ publicKey }) => publicKey.publicKey.export({ format: 'pem', type: 'spki' }) as string,
})];

/** Tokens that have to get in: a verifier that refuses everything proves nothing. */
const RIGHT = all('nothing wrong', {
  'as it is': ({ right }) => right,
  'its audience as text': heard(right => right), 'its audience in a list': heard(right => [right]), 'with a type': signed(({ header }) => ({ typ: 'JWT', ...header })), 'its key named first': signed(({ header: { kid, ...header } }) => ({ kid, ...header })),
  'with white space': claiming(claims => JSON.stringify(claims, undefined, 2)), 'with escapes': claiming(claims => JSON.stringify(claims).replace('"sub"', '"s\\u0075b"').replace('system:serviceaccount', 'system\\u003aservice\\u0061ccount')),
  'with slashes escaped': claiming(claims => JSON.stringify(claims).replace(/\//g, '\\/')), 'its claims in another order': claiming(claims => Object.fromEntries(Object.entries(claims).reverse())), 'with more claims': claiming(claims => ({ ...claims, name: 'r\u00E9ader \u{1F511}', nested: { list: [1, 'x', null, true] } })),
  'without nbf': claiming(claims => without(claims, 'nbf')), 'without an id': claiming(claims => without(claims, 'jti')), 'exp now + 1': timed(now => ({ exp: now + 1 })), 'nbf now': timed(now => ({ nbf: now })), 'iat now': timed(now => ({ iat: now })),
  'times with a fraction': timed(now => ({ iat: now - 0.5, nbf: now - 0.5, exp: now + 0.5 })), 'iat a day ago': lifetime(-DAY, 60), 'for a day and an hour': lifetime(0, 25 * 3600),
}, everyone);

/** Audiences that tokens are asked for in attacks instead of the right one: where all of them are clients of the issuer, the trust alone tells them apart. */
export function otherAudiences(right: string): readonly string[] {
  const near = Object.values(AUDIENCES).flatMap(make => make(right)).filter((aud): aud is string => typeof aud === 'string' && aud !== '');
  return [...new Set([...near, ...Object.values(CLOUDS), 'https://other.example'])].filter(aud => aud !== right);
}

/** What an attacker has of a cluster's service account. */
export function victimOf(own: TestCluster, other: TestCluster, audience: string, clock: () => number): Victim {
  const now = clock();
  const header = own.header();
  const claims = own.claims({ namespace: NAMESPACE, serviceAccount: ACCOUNT, audience, issuedAt: now - 60, podName: 'reader-1' });
  const { key } = own;
  const earlier = new TestCluster({ kind: own.kind, name: own.name, issuer: own.issuer, clock, incarnation: 1 }).key;
  return { right: forge(key, claims, header), header, claims, audience, now, publicKey: key, signer: key, earlier, cluster: own, other };
}

/** Every attack, and what is none. */
export const ATTACKS: readonly Attack[] = [
  ...ALGORITHM, ...KEY, ...HEADER, ...SIGNATURE, ...ENCODING, ...DUPLICATES, ...SIZE, ...TIME, ...SUBJECT_ATTACKS, ...AUDIENCE, ...ISSUER,
  ...OTHER_ISSUER, ...OTHERS, ...RIGHT,
];

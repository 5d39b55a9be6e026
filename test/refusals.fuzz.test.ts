import {
  AwsFederatedRole, Cluster, ClusterOidcProvider, ClusterWorkloadIdentityPool, FederationError, FederationErrorCode, GcpFederatedServiceAccount,
  Workload,
} from 'cdktf-workload-federation';
import * as fc from 'fast-check';
import { scratchStack } from './synth';

/*
 * Values are bad by the way they are made: a good one with one character too many, too long, or with a part missing. Nothing here asks
 * the library what is good. Vary the run with FUZZ_SEED.
 */
const SEED = Number(process.env.FUZZ_SEED ?? 20240229);
const BAD_RUNS = 40;
const GOOD_RUNS = 30;

/** How a value is made bad, where the refusal differs from the others of its target. */
interface Way {
  readonly values: fc.Arbitrary<unknown>;
  readonly code?: FederationErrorCode;
  readonly prop?: string;
  /** The text that stands for the value in the message. */
  readonly got?: (value: any) => string;
}

/** One prop or argument, what makes it bad, and what it takes. */
interface Target {
  readonly what: string;
  readonly prop: string;
  readonly code: FederationErrorCode;
  readonly where: RegExp;
  readonly run: (value: any) => unknown;
  readonly bad: Record<string, fc.Arbitrary<unknown> | Way>;
  readonly good: fc.Arbitrary<unknown>;
}

// What good values are made of.

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const chars = (alphabet: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });

/** Text of an alphabet, with alphabets of its own for its ends. */
function text(first: string, middle: string, last: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  const long = fc.tuple(chars(first, 1, 1), chars(middle, Math.max(0, minLength - 2), maxLength - 2), chars(last, 1, 1)).map(parts => parts.join(''));
  return minLength > 1 ? long : fc.oneof({ weight: 1, arbitrary: chars(first, 1, 1) }, { weight: 4, arbitrary: long });
}

const ALNUM = LOWER + DIGITS;
const label = (maxLength = 63, minLength = 1) => text(ALNUM, `${ALNUM}-`, ALNUM, minLength, maxLength);
const subdomain = fc.array(label(40), { minLength: 1, maxLength: 5 }).map(labels => labels.join('.'));
const digits = (length: number) => chars(DIGITS, length, length);

// What makes them bad.

/** Nothing that the library takes holds one of these; look-alikes and invisible characters among them. */
const NEVER = [
  ' ', '\t', '\n', '\r', '\0', '*', '?', '"', '\\', '<', '>', '|', '^', '`', '\u007f', '\u00a0', '\u00ad', '\u200b', '\u202e', '\u2028', '\ufeff',
  '\u0430', '\u0435', '\u043e', '\u0131', '\u017f', '\u212a', '\u2215', '\uff0f', '\uff0e', '\u3002', '\u2010', '\u2212', '\uff10', '\uff41', '\u00e9', '😀',
];

/** A good value with one character that it must not hold, anywhere. */
function inserted(good: fc.Arbitrary<string>, forbidden: readonly string[] = NEVER): fc.Arbitrary<string> {
  return fc.tuple(good, fc.constantFrom(...forbidden), fc.nat()).map(([value, character, position]) => {
    const at = position % (value.length + 1);
    return value.slice(0, at) + character + value.slice(at);
  });
}

const before = (prefix: string | readonly string[], good: fc.Arbitrary<string>) =>
  fc.tuple(fc.constantFrom(...[prefix].flat()), good).map(([part, value]) => part + value);
const after = (good: fc.Arbitrary<string>, suffix: string | readonly string[]) =>
  fc.tuple(good, fc.constantFrom(...[suffix].flat())).map(([value, part]) => value + part);
const tooLong = (alphabet: string, max: number) => fc.oneof(chars(alphabet, max + 1, max + 1), chars(alphabet, max + 1, max + 60));
const empty = fc.constant('');

/** What reaches a constructor where no compiler looks. */
const otherTypes = fc.oneof(
  fc.constantFrom<unknown>(true, false, 0, 42, {}, ['reports'], { toString: () => 'reports' }, () => 'reports'), fc.integer(),
  fc.array(chars(LOWER, 1, 9), { minLength: 1 }),
);

/** Numbers that are not whole ones between two bounds. */
const outside = (min: number, max: number): Record<string, fc.Arbitrary<unknown>> => ({
  'below its range': fc.oneof(fc.constantFrom(min - 1, 0, -min), fc.integer({ min: -1_000_000, max: min - 1 })),
  'above its range': fc.oneof(fc.constant(max + 1), fc.integer({ min: max + 1, max: 100_000_000 })),
  'with a fraction': fc.double({ min, max, noNaN: true, noInteger: true }),
  'that is no number': fc.oneof(fc.constantFrom<unknown>(NaN, Infinity, -Infinity, true, {}, '', '3600', String(min), [min]), fc.string()),
});

// Stacks to try it in; each try has a construct id of its own.

const stack = scratchStack();
let ids = 0;
const id = () => `Try${ids++}`;

const PLAIN = Cluster.oidc({ name: 'plain', issuer: 'https://issuer.example.com' });
const subject = () => PLAIN.serviceAccount('reports', `reader-${ids++}`);
const trusts = [PLAIN.serviceAccount('reports', 'reader')];

const POOL = ClusterWorkloadIdentityPool.fromProviderName(stack, 'Pool', {
  cluster: PLAIN, providerName: 'projects/123456789012/locations/global/workloadIdentityPools/plain/providers/plain',
});
const ROLE_ARN = 'arn:aws:iam::123456789012:role/reports';
const role = (props: object) => new AwsFederatedRole(stack, id(), { trusts, ...props });
const account = (props: object) => new GcpFederatedServiceAccount(stack, id(), { trusts, pools: [POOL], accountId: 'reports', ...props });
const workload = (roleProps: object, props: object) => {
  const serviceAccount = subject();
  const identity = AwsFederatedRole.fromRoleArn(stack, id(), { roleArn: ROLE_ARN, region: 'eu-west-1', trusts: [serviceAccount], ...roleProps });
  return new Workload(stack, id(), { serviceAccount, identities: [identity], ...props });
};
/** A cluster that no other try has registered. */
const anotherCluster = () => {
  const name = id();
  return Cluster.oidc({ name, issuer: `https://issuer.example.com/${name}` });
};
/** A pool of a cluster that no other try has registered, in a stack where no other cluster has a pool of its id. */
const pool = (props: object) => new ClusterWorkloadIdentityPool(scratchStack(), id(), {
  cluster: anotherCluster(), ...props,
});

const TRY = /^stack\/Try\d+$/;
const EKS_ISSUER = fc.tuple(fc.constantFrom('eu-west-1', 'us-east-2', 'ap-southeast-1'), chars(`${DIGITS}ABCDEF`, 32, 32))
  .map(([region, key]) => `https://oidc.eks.${region}.amazonaws.com/id/${key}`);
const AKS_ISSUER = fc.tuple(fc.constantFrom('westeurope', 'eastus2', 'uksouth'), fc.uuid(), fc.uuid())
  .map(([region, tenant, key]) => `https://${region}.oic.prod-aks.azure.com/${tenant}/${key}/`);
/** The last label of a host that the clouds can reach: none is a number, nor one of those that mean something inside alone. */
const INSIDE = ['svc', 'local', 'localhost', 'internal', 'home.arpa'];
const topLabel = text(LOWER, `${ALNUM}-`, ALNUM, 2, 20).filter(name => !INSIDE.includes(name) && name !== 'arpa');
const host = fc.tuple(fc.array(label(20), { minLength: 1, maxLength: 3 }), topLabel).map(([labels, top]) => [...labels, top])
  .filter(labels => !labels.some(part => part.startsWith('xn--'))).map(labels => labels.join('.'));
const segments = fc.array(chars(`${ALNUM + UPPER}_-~`, 1, 12), { maxLength: 4 }).map(parts => parts.map(part => `/${part}`).join(''));
const issuer = fc.tuple(host, segments).map(parts => `https://${parts.join('')}`);

const byte = fc.integer({ min: 0, max: 255 });
const privateAddress = fc.tuple(
  fc.oneof(
    fc.tuple(fc.constantFrom(10, 127), byte), fc.constantFrom([192, 168], [169, 254]), fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 })),
  ), byte, byte,
).map(([first, third, fourth]) => [...first, third, fourth].join('.'));

/** What no issuer is, whatever the cluster. */
const badIssuers: Record<string, fc.Arbitrary<unknown>> = {
  'without TLS': fc.tuple(fc.constantFrom('http://', 'HTTPS://', 'https:/', 'https:', 'ftp://', '//', '', ' https://', 'oidc+https://'), issuer)
    .map(([scheme, value]) => scheme + value.slice('https://'.length)),
  'with a query': fc.tuple(issuer, fc.oneof(empty, fc.webQueryParameters())).map(([value, query]) => `${value}?${query}`),
  'with a fragment': fc.tuple(issuer, fc.oneof(empty, fc.webFragments())).map(([value, fragment]) => `${value}#${fragment}`),
  'with a user name': fc.tuple(fc.constantFrom('user', 'user:secret', 'a.example.com', ':', ''), issuer)
    .map(([user, value]) => `https://${user}@${value.slice('https://'.length)}`),
  'with white space, a wildcard or a look-alike': inserted(issuer),
  'with a host in upper case': fc.tuple(text(UPPER, UPPER, UPPER, 1, 10), issuer).map(([name, value]) => `https://${name}.${value.slice('https://'.length)}`),
  'without a host': segments.map(path => `https://${path}`),
  'whose host begins or ends with what no host does': fc.tuple(fc.constantFrom(['.', ''], ['-', ''], ['', '-'], ['a..', ''], ['_', '']), host, segments)
    .map(([[first, last], name, path]) => `https://${first}${name}${last}${path}`),
  'whose host has a label that begins with "-"': fc.tuple(label(10), host, segments).map(([first, rest, path]) => `https://${first}.-${rest}${path}`),
  'with a step up or in place': fc.tuple(host, segments, fc.constantFrom('/..', '/.', '/../', '/./'), segments)
    .map(([name, path, step, rest]) => `https://${name}${path}${step}${step.endsWith('/') ? rest.slice(1) : rest}`),
  'with a port that is no number': fc.tuple(host, fc.oneof(empty, chars(LOWER, 1, 5), digits(6), fc.constantFrom('-1', '+443', '443:443')), segments)
    .map(([name, port, path]) => `https://${name}:${port}${path}`),
  'with a port that there is not': fc.tuple(host, fc.oneof(fc.constantFrom(0, 65536), fc.integer({ min: 65536, max: 99999 })), segments)
    .map(([name, port, path]) => `https://${name}:${port}${path}`),
  'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
};

const clusterId = text(ALNUM + UPPER, `${ALNUM + UPPER}_-`, `${ALNUM + UPPER}_-`, 1, 105);
const project = text(LOWER, `${ALNUM}-`, ALNUM, 6, 30);
const region = fc.tuple(fc.constantFrom('europe', 'us', 'northamerica', 'me'), fc.constantFrom('west', 'central', 'northeast'), fc.integer({ min: 1, max: 12 }))
  .map(([continent, direction, number]) => `${continent}-${direction}${number}`);
const location = fc.tuple(region, fc.constantFrom('', '-a', '-b', '-f')).map(parts => parts.join(''));
const gke = { project: 'acme-apps', location: 'europe-west1', name: 'apps' };
const gkeName = text(LOWER, `${ALNUM}-`, ALNUM, 1, 40);

const eksName = text(ALNUM + UPPER, `${ALNUM + UPPER}_-`, `${ALNUM + UPPER}_-`, 1, 100);
const eksArnOf = (code: fc.Arbitrary<string>, name: fc.Arbitrary<string>) => fc.tuple(fc.constantFrom('aws', 'aws-cn', 'aws-us-gov'), code, digits(12), name)
  .map(([part, where, number, last]) => `arn:${part}:eks:${where}:${number}:cluster/${last}`);
const eksRegion = fc.constantFrom('eu-west-1', 'us-gov-east-1', 'cn-north-1');
const eksArn = eksArnOf(eksRegion, fc.constant('apps'));

const KEY_SET = '{"keys":[{"kty":"RSA","kid":"k","n":"u1SU1LfV","e":"AQAB"}]}';
const base64url = chars(`${ALNUM + UPPER}_-`, 20, 60);
/** So short that it can't hold what must not be said. */
const kid = chars(ALNUM, 1, 12);
const publicKey = fc.oneof(
  fc.record({ kty: fc.constant('RSA'), kid, use: fc.constant('sig'), alg: fc.constantFrom('RS256', 'RS512'), n: base64url, e: fc.constant('AQAB') }),
  fc.record({ kty: fc.constant('EC'), kid, crv: fc.constantFrom('P-256', 'P-384'), x: base64url, y: base64url }),
);
const publicKeys = fc.array(publicKey, { minLength: 1, maxLength: 3 });
/** Values that may hold a key, of which no message says anything. */
const unsaid = (values: fc.Arbitrary<unknown>): Way => ({ values, got: () => '' });

const ROLE_NAME = `${ALNUM + UPPER}_+=,.@-`;
const roleName = chars(ROLE_NAME, 1, 64);
const rolePath = fc.array(chars(`${ALNUM + UPPER}_-.`, 1, 20), { maxLength: 3 }).map(parts => `/${parts.map(part => `${part}/`).join('')}`);
const partition = fc.constantFrom('aws', 'aws-cn', 'aws-us-gov', 'aws-eusc', 'aws-iso-b');
const arn = (kind: 'role' | 'policy', name: fc.Arbitrary<string>) => fc.tuple(partition, digits(12), rolePath, name)
  .map(([part, number, path, last]) => `arn:${part}:iam::${number}:${kind}${path}${last}`);
/** What no ARN of a role or policy is. */
const badArns = (kind: 'role' | 'policy', other: string): Record<string, fc.Arbitrary<unknown>> => {
  const good = arn(kind, chars(ROLE_NAME, 1, 64));
  const replaced = (from: string | RegExp, to: string) => good.map(value => value.replace(from, to));
  return {
    'with a forbidden character': inserted(good),
    'without a part': fc.oneof(...['arn:', ':iam:', /\d{12}/, `${kind}/`, /:[^:]*$/].map(part => replaced(part, ''))),
    'of another thing': fc.oneof(replaced(`:${kind}/`, `:${other}/`), replaced(':iam:', ':sts:'), replaced('arn:aws', 'arn:gcp'), replaced('arn:aws', 'arn:')),
    'with a region or an account that is none': fc.oneof(replaced(':iam::', ':iam:eu-west-1:'), replaced(/\d{12}/, '12345678901'), replaced(/\d{12}/, '1234567890123')),
    'with something around it': fc.oneof(before(['"', 'arn:', ' '], good), after(good, ['\n', ' ', '*', '/*', ':*'])),
    'that ends before the name': after(good, '/'),
    'of another type': fc.oneof(otherTypes, fc.constant(null)),
  };
};

const poolId = text(`${ALNUM}-`, `${ALNUM}-`, `${ALNUM}-`, 4, 32).map(value => value.startsWith('gcp-') ? `x${value.slice(1)}` : value);
/** What no id of a pool or provider is. */
const badPoolIds: Record<string, fc.Arbitrary<unknown>> = {
  'with a forbidden character': inserted(poolId, [...NEVER, ...UPPER, '_', '.', '/', ':', '@']),
  'too short': chars(ALNUM, 0, 3),
  'too long': tooLong(`${ALNUM}-`, 32),
  'that Google keeps for itself': chars(`${ALNUM}-`, 0, 28).map(rest => `gcp-${rest}`),
  'of another type': fc.oneof(otherTypes, fc.constant(null)),
};
const providerName = fc.tuple(chars('123456789', 6, 12), poolId, poolId)
  .map(([number, first, second]) => `projects/${number}/locations/global/workloadIdentityPools/${first}/providers/${second}`);

const accountId = text(LOWER, `${ALNUM}-`, ALNUM, 6, 30);
const email = fc.oneof(
  fc.tuple(accountId, project).map(([name, owner]) => `${name}@${owner}.iam.gserviceaccount.com`),
  fc.tuple(accountId, project).map(([name, owner]) => `${name}@${owner}.example.com.iam.gserviceaccount.com`),
  digits(12).map(number => `${number}-compute@developer.gserviceaccount.com`),
  project.map(owner => `${owner}@appspot.gserviceaccount.com`),
);
const roleId = chars(`${ALNUM + UPPER}_`, 3, 30);
const gcpRole = fc.oneof(
  fc.tuple(fc.constantFrom('storage', 'bigquery', 'pubsub', 'iam'), roleId).map(([service, name]) => `roles/${service}.x${name}`),
  fc.tuple(project, roleId).map(([owner, name]) => `projects/${owner}/roles/${name}`),
  fc.tuple(digits(12), roleId).map(([organisation, name]) => `organizations/${organisation}/roles/${name}`),
);
/** What no role of Google Cloud is. */
const badGcpRoles: Record<string, fc.Arbitrary<unknown>> = {
  'with a forbidden character': inserted(gcpRole, [...NEVER, '@', '$', '{', '}', '(', ',', ';']),
  'without its beginning or name': fc.oneof(roleId, fc.constantFrom('', 'roles', 'roles/', 'projects/acme/roles/', 'projects//roles/reader', 'organizations/roles/reader'),
    roleId.map(name => `role/${name}`), roleId.map(name => `/roles/${name}`), roleId.map(name => `Roles/${name}`), roleId.map(name => `folders/1/roles/${name}`)),
  'of another type': fc.oneof(otherTypes, fc.constant(null)),
};

const s3Bucket = text(ALNUM, `${ALNUM}-`, ALNUM, 3, 63);
const s3Arn = fc.tuple(partition, s3Bucket).map(([part, name]) => `arn:${part}:s3:::${name}`);
const gcsBucket = fc.oneof(text(ALNUM, `${ALNUM}-_`, ALNUM, 3, 63), fc.array(label(50), { minLength: 2, maxLength: 4 }).map(labels => labels.join('.')))
  .filter(name => name.length >= 3);
const prefix = fc.array(chars(`${ALNUM + UPPER}_-=.`, 1, 10), { maxLength: 4 }).map(parts => parts.map(part => `${part}/`).join(''));

const FILE = `${ALNUM + UPPER}_-`;
const file = chars(FILE, 1, 12);
const relative = fc.array(file, { minLength: 1, maxLength: 4 }).map(parts => parts.join('/'));
const absolute = relative.map(path => `/${path}`);
const step = fc.constantFrom('.', '..');
const PATH_NEVER = [...NEVER, ':', ';', ',', '@', '$', '{', '}', '%', '~', '&', '(', ')', '\'', '+', '='];

const TARGETS: Target[] = [
  {
    what: 'a namespace', prop: 'namespace', code: 'InvalidName', where: /^Cluster oidc-plain$/, good: label(),
    run: value => PLAIN.serviceAccount(value, 'reader'),
    bad: {
      'with a forbidden character': inserted(label(), [...NEVER, ...UPPER, '_', '.', '/', ':', '@', '+', ',', ';', '$', '{', '}', '(', ')', '[', ']', '!', '\'']),
      'that begins or ends with "-"': fc.oneof(before('-', label(62)), after(label(62), '-')),
      'too long': tooLong(ALNUM, 63),
      'that is empty': empty,
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'the name of a service account', prop: 'serviceAccount', code: 'InvalidName', where: /^Cluster oidc-plain$/, good: subdomain,
    run: value => PLAIN.serviceAccount('reports', value),
    bad: {
      'with a forbidden character': inserted(subdomain, [...NEVER, ...UPPER, '_', '/', ':', '@', '+', ',', ';', '$', '{', '}', '(', ')', '[', ']', '!', '\'']),
      'with a label that begins or ends with what no label does': fc.oneof(
        before(['-', '.', '.-'], subdomain), after(subdomain, ['-', '.', '-.']), fc.tuple(label(20), fc.constantFrom('..', '-.', '.-'), label(20)).map(parts => parts.join('')),
      ),
      'too long': fc.array(label(40, 40), { minLength: 7, maxLength: 9 }).map(labels => labels.join('.')),
      'that is empty': empty,
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'the name of a service account with long labels', prop: 'serviceAccount', code: 'InvalidName', where: /^Cluster oidc-plain$/,
    run: value => PLAIN.serviceAccount('reports', value),
    // Kubernetes bounds the whole of a DNS subdomain, and no label of it.
    good: fc.oneof(label(253, 64), fc.tuple(label(120, 64), label(120, 64)).map(labels => labels.join('.'))),
    bad: { 'that is too long': tooLong(ALNUM, 253) },
  },
  {
    what: 'the issuer of any cluster', prop: 'issuer', code: 'InvalidIssuer', where: /^Cluster\.oidc$/,
    run: value => Cluster.oidc({ name: 'onprem', issuer: value }),
    good: fc.tuple(host, fc.constantFrom('', ':443', ':8443', ':1', ':65535'), segments, fc.constantFrom('', '/')).map(parts => `https://${parts.join('')}`),
    bad: {
      ...badIssuers,
      'whose host is no name and no address': fc.tuple(
        fc.oneof(
          fc.tuple(host, digits(3)).map(labels => labels.join('.')), fc.array(byte, { minLength: 5, maxLength: 6 }).map(bytes => bytes.join('.')),
          fc.constantFrom('256.1.1.1', '1.2.3.999', 'acme.0x1', 'xn--a.example'),
        ), segments,
      ).map(parts => `https://${parts.join('')}`),
      'that means something inside alone': fc.tuple(
        fc.oneof(
          fc.constantFrom('localhost', 'kubernetes', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'),
          topLabel, fc.tuple(host, fc.constantFrom(...INSIDE)).map(labels => labels.join('.')), privateAddress,
        ),
        fc.constantFrom('', ':443', ':6443'), segments, fc.constantFrom('', '/'),
      ).map(parts => `https://${parts.join('')}`),
    },
  },
  {
    what: 'the issuer of an EKS cluster', prop: 'issuer', code: 'InvalidIssuer', where: /^Cluster\.eks$/, good: EKS_ISSUER,
    run: value => Cluster.eks({ name: 'apps', issuer: value }),
    bad: { ...badIssuers, 'with a slash at its end': after(EKS_ISSUER, ['/', '//']) },
  },
  {
    what: 'the issuer of an AKS cluster', prop: 'issuer', code: 'InvalidIssuer', where: /^Cluster\.aks$/, good: AKS_ISSUER,
    run: value => Cluster.aks({ name: 'apps', issuer: value }),
    bad: { ...badIssuers, 'without a slash at its end': fc.oneof(AKS_ISSUER.map(value => value.slice(0, -1)), EKS_ISSUER, after(AKS_ISSUER, ['x', '/x'])) },
  },
  {
    what: 'the name of an AKS cluster', prop: 'name', code: 'InvalidName', where: /^Cluster\.aks$/,
    run: value => Cluster.aks({ name: value, issuer: 'https://issuer.example.com/' }),
    good: text(ALNUM + UPPER, `${ALNUM + UPPER}_-`, ALNUM + UPPER, 1, 63),
    bad: {
      'with a forbidden character': inserted(label(50), [...NEVER, '.', '/', ':', '@', '+', ',', '$', '{']),
      'that begins or ends with what no name does': fc.oneof(before(['-', '_'], label(50)), after(label(50), ['-', '_'])),
      'too long': tooLong(ALNUM, 63),
      'that is empty': empty,
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'the issuer of a cluster with its keys', prop: 'issuer', code: 'InvalidIssuer', where: /^Cluster\.oidc$/,
    run: value => Cluster.oidc({ name: 'vault', issuer: value, jwks: KEY_SET }),
    good: fc.oneof(issuer, fc.tuple(fc.oneof(fc.constantFrom('localhost', 'kubernetes.default.svc.cluster.local'), topLabel, privateAddress), segments)
      .map(parts => `https://${parts.join('')}`)),
    bad: badIssuers,
  },
  {
    what: 'the keys of a cluster', prop: 'jwks', code: 'InvalidIdentifier', where: /^Cluster\.oidc$/,
    run: value => Cluster.oidc({ name: 'vault', issuer: 'https://issuer.example.com', jwks: value }),
    good: publicKeys.map(keys => JSON.stringify({ keys })),
    bad: {
      'with a private half': unsaid(fc.tuple(publicKeys, fc.constantFrom('d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth'), base64url, fc.nat())
        .map(([keys, field, secret, position]) => {
          const at = position % keys.length;
          return JSON.stringify({ keys: keys.map((key, index) => index === at ? { ...key, [field]: secret } : key) });
        })),
      'with a field that Google does not take': unsaid(fc.tuple(publicKeys, fc.constantFrom('x5c', 'x5t', 'x5u', 'key_ops', 'ext', 'KTY'))
        .map(([[key, ...keys], field]) => JSON.stringify({ keys: [...keys, { ...key, [field]: 'x' }] }))),
      'without a kid': unsaid(publicKeys.map(([key, ...keys]) => JSON.stringify({ keys: [...keys, { ...key, kid: undefined }] }))),
      'without what a key of its type has': unsaid(fc.tuple(publicKeys, fc.nat()).map(([[key, ...keys], position]) => {
        const required = key!.kty === 'RSA' ? ['n', 'e'] : ['crv', 'x', 'y'];
        return JSON.stringify({ keys: [...keys, { ...key, [required[position % required.length]!]: position % 2 === 0 ? undefined : '' }] });
      })),
      'with a field that is no text': unsaid(fc.tuple(publicKeys, fc.constantFrom('kid', 'n', 'x', 'use', 'alg'),
        fc.oneof(fc.constantFrom<unknown>(null, true, 1, {}, []), base64url.map(secret => [secret]), base64url.map(secret => ({ d: secret }))))
        .map(([[key, ...keys], field, value]) => JSON.stringify({ keys: [{ ...key, [field]: value }, ...keys] }))),
      'with what Terraform evaluates': unsaid(fc.tuple(publicKeys, fc.constantFrom('kid', 'use', 'alg'), fc.constantFrom('${x}', '%{x}', 'k${', '%{'))
        .map(([[key, ...keys], field, value]) => JSON.stringify({ keys: [{ ...key, [field]: value }, ...keys] }))),
      'of another type of key': unsaid(fc.tuple(publicKeys, fc.constantFrom('oct', 'OKP', 'rsa', '', undefined))
        .map(([[key, ...keys], kty]) => JSON.stringify({ keys: [{ ...key, kty }, ...keys] }))),
      'that are none': unsaid(fc.oneof(fc.constantFrom('{}', '[]', '{"keys":[]}', '{"keys":{}}', '{"keys":[1]}', '{"keys":[null]}', '{"keys":[[]]}', 'null', '1', '""'),
        publicKeys.map(keys => JSON.stringify(keys)), publicKeys.map(([key]) => JSON.stringify(key)))),
      'that are no JSON': unsaid(fc.oneof(empty, publicKeys.map(keys => JSON.stringify({ keys }).slice(0, -1)), base64url,
        base64url.map(key => `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`))),
      'of another type': unsaid(fc.oneof(otherTypes, fc.constant(null))),
    },
  },
  {
    what: 'the ARN of an EKS cluster', prop: 'arn', code: 'InvalidIdentifier', where: /^Cluster\.eks$/, good: eksArn,
    run: value => Cluster.eks({ name: 'apps', issuer: 'https://issuer.example.com', arn: value }),
    bad: {
      'with a forbidden character': inserted(eksArn, [...NEVER, '@', '+', '$', '{']),
      'without a part': fc.oneof(...['arn:', ':eks:', /\d{12}/, 'cluster/', /\/.*$/].map(part => eksArn.map(value => value.replace(part, '')))),
      'of another thing': fc.oneof(eksArn.map(value => value.replace(':cluster/', ':nodegroup/')), eksArn.map(value => value.replace(':eks:', ':iam:')),
        eksArn.map(value => value.replace(/^arn:aws[a-z-]*/, 'arn:gcp'))),
      'without a region or with an account that is none': fc.oneof(eksArn.map(value => value.replace(/:eks:[^:]*:/, ':eks::')),
        eksArn.map(value => value.replace(/\d{12}/, '12345678901')), eksArn.map(value => value.replace(/\d{12}/, '1234567890123'))),
      'with something around it': fc.oneof(before(['"', 'arn:', ' '], eksArn), after(eksArn, ['\n', ' ', '*', '/*', '/apps'])),
      'whose name is too long': tooLong(ALNUM, 100).map(name => `arn:aws:eks:eu-west-1:123456789012:cluster/${name}`),
      'of another cluster': fc.oneof(eksArnOf(eksRegion, eksName.filter(name => name !== 'apps')), after(eksArn, [...ALNUM, '-', '_']),
        eksArnOf(eksRegion, fc.constantFrom('app', 'Apps', 'APPS', 'pps', 'my-apps'))),
      'of another type': fc.oneof(otherTypes, fc.constant(null)),
    },
  },
  {
    what: 'the ARN of an EKS cluster whose issuer says its region', prop: 'arn', code: 'InvalidIdentifier', where: /^Cluster\.eks$/,
    good: eksArnOf(fc.constant('eu-west-1'), fc.constant('apps')),
    run: value => Cluster.eks({ name: 'apps', issuer: 'https://oidc.eks.eu-west-1.amazonaws.com/id/0A', arn: value }),
    bad: { 'in another region': eksArnOf(fc.constantFrom('eu-west-2', 'eu-west-11', 'eu-west', 'us-gov-east-1', 'cn-north-1', 'x-eu-west-1'), fc.constant('apps')) },
  },
  {
    what: 'the name in the ARN of an EKS cluster', prop: 'arn', code: 'InvalidIdentifier', where: /^Cluster\.eks$/, good: eksName, bad: {},
    run: value => Cluster.eks({ name: value, issuer: 'https://issuer.example.com', arn: `arn:aws:eks:eu-west-1:123456789012:cluster/${value}` }),
  },
  {
    what: 'the number of a project', prop: 'projectNumber', code: 'InvalidIdentifier', where: /^Cluster\.gke$/, good: chars(DIGITS, 1, 19),
    run: value => Cluster.gke({ ...gke, projectNumber: value }),
    bad: {
      'with a character that is no digit': inserted(chars(DIGITS, 1, 18), [...NEVER, ...LOWER, '.', '-', '+', '/', ',', '\u0661', '\u0967']),
      'that is an id': project,
      'that is empty': empty,
      'too long': tooLong(DIGITS, 19),
      'of another type': fc.oneof(otherTypes, fc.constant(null)),
    },
  },
  {
    what: 'an issuer registered with AWS', prop: 'cluster.issuer', code: 'InvalidIssuer', where: TRY, good: issuer,
    run: value => new ClusterOidcProvider(scratchStack(), id(), { cluster: Cluster.oidc({ name: id(), issuer: value }) }),
    bad: {
      'with a port': fc.tuple(host, fc.integer({ min: 1, max: 65535 }), segments).map(([name, port, path]) => `https://${name}:${port}${path}`),
      'too long': { values: fc.tuple(host, chars(ALNUM, 255, 300)).map(([name, path]) => `https://${name}/${path}`), got: value => `"${value.length} characters"` },
    },
  },
  {
    what: 'the name of an EKS cluster', prop: 'name', code: 'InvalidName', where: /^Cluster\.eks$/,
    run: value => Cluster.eks({ name: value, issuer: 'https://issuer.example.com' }),
    good: eksName,
    bad: {
      'with a forbidden character': inserted(label(50), [...NEVER, '.', '/', ':', '@', '+', ',', '$', '{']),
      'that begins with what no name does': before(['-', '_'], label(50)),
      'too long': tooLong(ALNUM, 100),
      'that is empty': empty,
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'the name of any cluster', prop: 'name', code: 'InvalidName', where: /^Cluster\.oidc$/,
    run: value => Cluster.oidc({ name: value, issuer: 'https://issuer.example.com' }),
    good: text(ALNUM + UPPER, `${ALNUM + UPPER}_-`, `${ALNUM + UPPER}_-`, 1, 95),
    bad: {
      'with a forbidden character': inserted(label(50), [...NEVER, '.', '/', ':', '@', '+', ',', '$', '{']),
      'that begins with what no name does': before(['-', '_'], label(50)),
      'too long': tooLong(ALNUM, 95),
      'that is empty': empty,
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'the id of a cluster', prop: 'id', code: 'InvalidName', where: /^Cluster\.(?:aks|eks|gke|oidc)$/, good: clusterId,
    run: value => [
      () => Cluster.gke({ ...gke, id: value }), () => Cluster.aks({ name: 'apps', issuer: 'https://issuer.example.com/', id: value }),
      () => Cluster.eks({ name: 'apps', issuer: 'https://issuer.example.com', id: value }),
      () => Cluster.oidc({ name: 'apps', issuer: 'https://issuer.example.com', id: value }),
    ][ids++ % 4]!(),
    bad: {
      'with a forbidden character': inserted(clusterId, [...NEVER, '.', '/', ':', '@', '+', ',', '$', '{']),
      'that begins with what no id does': before(['-', '_'], label(50)),
      'too long': tooLong(ALNUM, 105),
      'that is empty': empty,
      'of another type': otherTypes,
    },
  },
  {
    what: 'the project of a GKE cluster', prop: 'project', code: 'InvalidName', where: /^Cluster\.gke$/,
    run: value => Cluster.gke({ ...gke, project: value }),
    good: fc.oneof(project, project.map(name => `example.com:${name}`)),
    bad: {
      'with a forbidden character': inserted(project, [...NEVER, ...UPPER, '_', '.', '/', '@', '+', '$', '{']),
      'that begins with what no id does': fc.oneof(before([...DIGITS, '-', ':'], project.map(name => name.slice(0, 29))), digits(12)),
      'that ends with "-"': project.map(name => `${name.slice(0, 29)}-`),
      'too short': chars(LOWER, 0, 5),
      'too long': tooLong(LOWER, 30),
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'the location of a GKE cluster', prop: 'location', code: 'InvalidName', where: /^Cluster\.gke$/, good: location,
    run: value => Cluster.gke({ ...gke, location: value }),
    bad: {
      'with a forbidden character': inserted(location, [...NEVER, ...UPPER, '_', '.', '/', ':', '@', '+', ',', '$', '{']),
      'without a part': fc.oneof(region.map(value => value.replace(/\d+$/, '')), region.map(value => value.replace('-', '')), region.map(value => value.replace(/^[a-z]+/, '')), empty),
      'with something around it': fc.oneof(before(['-', 'locations/', 'regions/', 'zones/', '1'], location), after(location, ['-', '-1', '/', '/clusters/apps', '-a-b'])),
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'the name of a GKE cluster', prop: 'name', code: 'InvalidName', where: /^Cluster\.gke$/, good: gkeName,
    run: value => Cluster.gke({ ...gke, name: value }),
    bad: {
      'with a forbidden character': inserted(gkeName, [...NEVER, ...UPPER, '_', '.', '/', ':', '@', '+', ',', '$', '{']),
      'that begins or ends with what no name does': fc.oneof(before([...DIGITS, '-'], gkeName.map(name => name.slice(0, 39))), gkeName.map(name => `${name.slice(0, 39)}-`)),
      'too long': tooLong(LOWER, 40),
      'that is empty': empty,
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'the name of a role', prop: 'roleName', code: 'InvalidName', where: TRY, good: roleName,
    run: value => role({ roleName: value }),
    bad: {
      'with a forbidden character': inserted(chars(ROLE_NAME, 1, 40), [...NEVER, '/', ':', ';', '!', '#', '$', '%', '&', '(', ')', '{', '~']),
      'too long': tooLong(ROLE_NAME, 64),
      'that is empty': empty,
      'of another type': fc.oneof(otherTypes, fc.constant(null)),
    },
  },
  {
    what: 'the beginning of a role\'s name', prop: 'roleNamePrefix', code: 'InvalidName', where: TRY, good: chars(ROLE_NAME, 1, 38),
    run: value => role({ roleNamePrefix: value }),
    bad: {
      'with a forbidden character': inserted(chars(ROLE_NAME, 1, 30), [...NEVER, '/', ':', ';', '!', '#', '$', '%', '&', '(', ')', '{', '~']),
      'too long': tooLong(ROLE_NAME, 38),
      'that is empty': empty,
    },
  },
  {
    what: 'the path of a role', prop: 'path', code: 'InvalidName', where: TRY,
    run: value => role({ path: value }),
    good: fc.oneof(rolePath, chars(`${ALNUM + UPPER}!#%&'()+,-.:;=@[]_~`, 1, 510).map(path => `/${path}/`)),
    bad: {
      'with white space or a look-alike': inserted(rolePath, NEVER.filter(character => !/^[!-~]$/.test(character))),
      'without a slash at each end': fc.oneof(empty, file, file.map(path => `/${path}`), file.map(path => `${path}/`)),
      'too long': tooLong(FILE, 510).map(path => `/${path}/`),
      'with nothing between its slashes': fc.constant('//'),
      'of another type': fc.oneof(otherTypes, fc.constant(null)),
    },
  },
  {
    what: 'the description of a role', prop: 'description', code: 'InvalidName', where: TRY,
    run: value => role({ description: value }),
    good: chars(`${ALNUM + UPPER} .,:;!\u00e9\u00fc\u00df\n\t`, 0, 1000),
    bad: {
      'with a character that IAM refuses': inserted(chars(`${LOWER} `, 0, 100), ['\0', '\u0007', '\u001b', '\u007f', '\u0080', '\u00a0', '\u0430', '\u20ac', '\u2028', '\u4e2d', '😀']),
      'too long': tooLong(LOWER, 1000),
      'of another type': fc.oneof(otherTypes, fc.constant(null)),
    },
  },
  {
    what: 'the boundary of a role', prop: 'permissionsBoundary', code: 'InvalidIdentifier', where: TRY, good: arn('policy', roleName),
    run: value => role({ permissionsBoundary: value }),
    bad: badArns('policy', 'role'),
  },
  {
    what: 'the ARN of a policy', prop: 'policyArns', code: 'InvalidIdentifier', where: TRY,
    run: value => role({ policyArns: [value] }),
    good: fc.oneof(arn('policy', roleName), roleName.map(name => `arn:aws:iam::aws:policy/${name}`), roleName.map(name => `arn:aws:iam::aws:policy/service-role/${name}`)),
    bad: { ...badArns('policy', 'role'), 'whose name is too long': tooLong(ALNUM, 128).map(name => `arn:aws:iam::123456789012:policy/${name}`) },
  },
  {
    what: 'a list of policies', prop: 'policyArns', code: 'LimitExceeded', where: TRY,
    run: value => role({ policyArns: value.map((name: string) => `arn:aws:iam::aws:policy/${name}`) }),
    good: fc.uniqueArray(roleName, { maxLength: 25 }),
    bad: { 'too long': { values: fc.uniqueArray(roleName, { minLength: 26, maxLength: 40 }), got: value => `"${value.length}"` } },
  },
  {
    what: 'the ARN of a role', prop: 'roleArn', code: 'InvalidIdentifier', where: TRY, good: arn('role', roleName),
    run: value => AwsFederatedRole.fromRoleArn(stack, id(), { trusts, roleArn: value }),
    bad: {
      ...badArns('role', 'user'),
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
      'whose name is too long': tooLong(ALNUM, 64).map(name => `arn:aws:iam::123456789012:role/${name}`),
    },
  },
  {
    what: 'the longest session of a role', prop: 'maxSessionDuration', code: 'OutOfRange', where: TRY, good: fc.oneof(fc.constantFrom(3600, 43200), fc.integer({ min: 3600, max: 43200 })),
    run: value => role({ maxSessionDuration: value }),
    bad: outside(3600, 43200),
  },
  {
    what: 'the quota of trust policies', prop: 'trustPolicyQuota', code: 'OutOfRange', where: TRY, good: fc.oneof(fc.constantFrom(2048, 8192), fc.integer({ min: 2048, max: 8192 })),
    run: value => role({ trustPolicyQuota: value }),
    bad: outside(2048, 8192),
  },
  {
    what: 'the bucket of a grant on S3', prop: 'bucket', code: 'InvalidIdentifier', where: TRY, good: s3Arn,
    run: value => AwsFederatedRole.fromRoleArn(stack, id(), { trusts, roleArn: ROLE_ARN })[(['grantBucketRead', 'grantBucketPut', 'grantBucketWrite'] as const)[ids % 3]!](value),
    bad: {
      'with a wildcard or another forbidden character': inserted(s3Arn, [...NEVER, ...UPPER, '_', '/', '@', '+', '$']),
      'with objects': after(s3Arn, ['/', '/*', '*', '/reports/*', '/reports']),
      'that is a name or another ARN': fc.oneof(s3Bucket, s3Bucket.map(name => `s3://${name}`), s3Bucket.map(name => `arn:aws:s3:eu-west-1:123456789012:accesspoint/${name}`), empty),
      'whose name begins or ends with what none does': fc.tuple(s3Bucket, fc.constantFrom(['-', ''], ['.', ''], ['', '-'], ['', '.']))
        .map(([name, [first, last]]) => `arn:aws:s3:::${first}${name.slice(0, 60)}${last}`),
      'whose name has two dots in a row': fc.tuple(label(20), label(20)).map(([first, last]) => `arn:aws:s3:::${first}..${last}`),
      'too short or too long': fc.oneof(chars(ALNUM, 0, 2), tooLong(ALNUM, 63)).map(name => `arn:aws:s3:::${name}`),
    },
  },
  {
    what: 'the prefix of a grant on S3', prop: 'prefix', code: 'InvalidIdentifier', where: TRY, good: prefix,
    run: value => AwsFederatedRole.fromRoleArn(stack, id(), { trusts, roleArn: ROLE_ARN })[ids % 2 === 0 ? 'grantBucketRead' : 'grantBucketPut']('arn:aws:s3:::reports', { prefix: value }),
    bad: {
      'with a wildcard': inserted(prefix, ['*', '?', '**']),
      'with a slash at its beginning': before('/', prefix),
      'of another type': otherTypes,
    },
  },
  {
    what: 'the id of a pool', prop: 'poolId', code: 'InvalidName', where: TRY, good: poolId, run: value => pool({ poolId: value }), bad: badPoolIds,
  },
  {
    what: 'the id of a provider', prop: 'providerId', code: 'InvalidName', where: TRY, good: poolId, run: value => pool({ providerId: value }), bad: badPoolIds,
  },
  {
    what: 'the id of a pool that is looked up', prop: 'poolId', code: 'InvalidName', where: TRY, good: poolId, bad: badPoolIds,
    run: value => ClusterWorkloadIdentityPool.fromLookup(scratchStack(), id(), {
      cluster: anotherCluster(), poolId: value, providerId: 'plain',
    }),
  },
  {
    what: 'the name of a provider', prop: 'providerName', code: 'InvalidIdentifier', where: TRY, good: providerName,
    run: value => ClusterWorkloadIdentityPool.fromProviderName(scratchStack(), id(), {
      cluster: anotherCluster(), providerName: value,
    }),
    bad: {
      'with a forbidden character': inserted(providerName, [...NEVER, '_', '.', ':', '@']),
      'without a part': fc.oneof(...[/^projects\//, /\d+/, '/locations/global', /\/workloadIdentityPools/, /\/providers\/.*$/, /\/providers/].map(part =>
        providerName.map(name => name.replace(part, '')))),
      'with the id of a project': fc.tuple(providerName, project).map(([name, owner]) => name.replace(/\d+/, owner)),
      'in another place': providerName.map(name => name.replace('global', 'europe-west1')),
      'with something around it': fc.oneof(before(['//iam.googleapis.com/', 'https://iam.googleapis.com/', '/'], providerName), after(providerName, ['/', '/keys/1', '\n'])),
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'the display name of a pool', prop: 'displayName', code: 'InvalidName', where: TRY, good: chars(`${LOWER} `, 1, 32),
    run: value => pool({ displayName: value }),
    bad: { 'too long': tooLong(LOWER, 32), 'of another type': fc.oneof(otherTypes, fc.constant(null)) },
  },
  {
    what: 'an audience of a pool', prop: 'allowedAudiences', code: 'InvalidIdentifier', where: TRY, good: chars(`${ALNUM}:/.-`, 1, 256),
    run: value => pool({ allowedAudiences: [value] }),
    bad: {
      'with white space': inserted(chars(`${ALNUM}:/.-`, 1, 50), [' ', '\t', '\n', '\u00a0', '\u2028', '\ufeff']),
      'that is empty': empty,
      'too long': tooLong(ALNUM, 256),
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'a client id of a provider', prop: 'clientIdList', code: 'InvalidIdentifier', where: TRY, good: chars(`${ALNUM}:/.-`, 1, 255),
    run: value => new ClusterOidcProvider(stack, id(), {
      cluster: anotherCluster(), clientIdList: ['sts.amazonaws.com', value],
    }),
    bad: {
      'with white space or a wildcard': inserted(chars(`${ALNUM}:/.-`, 1, 50), [' ', '\t', '\n', '\u00a0', '*', '?']),
      'that is empty': empty,
      'too long': tooLong(ALNUM, 255),
      'of another type': fc.oneof(otherTypes, fc.constantFrom(null, undefined)),
    },
  },
  {
    what: 'the id of a Google account', prop: 'accountId', code: 'InvalidName', where: TRY, good: accountId,
    run: value => account({ accountId: value }),
    bad: {
      'with a forbidden character': inserted(accountId, [...NEVER, ...UPPER, '_', '.', '/', ':', '@', '+', '$', '{']),
      'that begins or ends with what no id does': fc.oneof(before([...DIGITS, '-'], accountId.map(name => name.slice(0, 29))), accountId.map(name => `${name.slice(0, 29)}-`)),
      'too short': chars(LOWER, 0, 5),
      'too long': tooLong(LOWER, 30),
      'of another type': fc.oneof(otherTypes, fc.constant(null)),
    },
  },
  {
    what: 'the email of a Google account', prop: 'email', code: 'InvalidIdentifier', where: TRY, good: email,
    run: value => account({ accountId: undefined, email: value }),
    bad: {
      'with a forbidden character': inserted(email, [...NEVER, ...UPPER, '_', '/', ':', '@', '+', '$', '{', '[']),
      'without a part': fc.oneof(email.map(value => value.replace('@', '')), email.map(value => value.replace(/^[^@]*/, '')), email.map(value => value.replace(/@.*$/, '')),
        email.map(value => value.replace(/@.*$/, '@')), email.map(value => value.replace('.gserviceaccount.com', '')), empty),
      'of a person or a group': fc.tuple(accountId, fc.constantFrom('gmail.com', 'example.com', 'googlegroups.com', 'gserviceaccount.com.example.com', 'xgserviceaccount.com'))
        .map(parts => parts.join('@')),
      'with something around it': fc.oneof(before(['serviceAccount:', 'user:', '<', ' '], email), after(email, ['>', ' ', '\n', '.', '/', '?uid=1'])),
      'with an empty label': fc.oneof(email.map(value => value.replace('@', '@.')), email.map(value => value.replace('.gserviceaccount', '..gserviceaccount'))),
      'of another type': fc.oneof(otherTypes, fc.constant(null)),
    },
  },
  {
    what: 'a role of a project', prop: 'role', code: 'InvalidIdentifier', where: TRY, good: gcpRole, bad: badGcpRoles,
    run: value => account({ projectRoles: [value] }),
  },
  {
    what: 'a role on a bucket', prop: 'role', code: 'InvalidIdentifier', where: TRY, good: gcpRole, bad: badGcpRoles,
    run: value => account({}).grantBucketRole('reports', value),
  },
  {
    what: 'a bucket of Cloud Storage', prop: 'bucket', code: 'InvalidIdentifier', where: TRY, good: gcsBucket,
    run: value => account({})[(['grantBucketRead', 'grantBucketCreate', 'grantBucketWrite'] as const)[ids % 3]!](value),
    bad: {
      'with a wildcard or another forbidden character': inserted(gcsBucket, [...NEVER, ...UPPER, '/', ':', '@', '+', '$', '{', '[']),
      'with something around it': fc.oneof(before(['gs://', '//storage.googleapis.com/', '-', '_', '.'], label(50, 3)), after(label(50, 3), ['/', '/*', '-', '_', '.'])),
      'too short': chars(ALNUM, 0, 2),
      'too long': tooLong(ALNUM, 222),
      'with a part that is too long': fc.oneof(chars(ALNUM, 64, 100), fc.tuple(label(20), chars(ALNUM, 64, 100)).map(parts => parts.join('.'))),
      'with two dots in a row': fc.tuple(label(20), label(20)).map(parts => parts.join('..')),
    },
  },
  {
    what: 'the lifetime of access tokens', prop: 'tokenLifetimeSeconds', code: 'OutOfRange', where: TRY, good: fc.oneof(fc.constantFrom(600, 43200), fc.integer({ min: 600, max: 43200 })),
    run: value => account({ tokenLifetimeSeconds: value }),
    bad: outside(600, 43200),
  },
  {
    what: 'the lifetime of projected tokens', prop: 'tokenExpirationSeconds', code: 'OutOfRange', where: TRY, good: fc.oneof(fc.constantFrom(600, 86400), fc.integer({ min: 600, max: 86400 })),
    run: value => workload({}, { tokenExpirationSeconds: value }),
    bad: outside(600, 86400),
  },
  {
    what: 'a mount path', prop: 'mountPath', code: 'InvalidIdentifier', where: TRY, good: absolute,
    run: value => workload({}, { mountPath: value }),
    bad: {
      'with a forbidden character': inserted(absolute, PATH_NEVER),
      'that is relative': relative,
      'with a step up or in place': fc.tuple(fc.oneof(empty, absolute), step, fc.oneof(empty, absolute)).map(([first, up, last]) => `${first}/${up}${last}`),
      'with a slash too many': fc.oneof(after(absolute, '/'), before('/', absolute), fc.tuple(absolute, absolute).map(parts => parts.join('/')), fc.constant('/')),
      'that is empty': empty,
      'of another type': otherTypes,
    },
  },
  {
    what: 'a token path', prop: 'tokenPath', code: 'InvalidIdentifier', where: TRY, good: relative,
    run: value => workload({ tokenPath: value }, {}),
    bad: {
      'with a forbidden character': inserted(relative, PATH_NEVER),
      'that is absolute': absolute,
      'with a step up or in place': fc.tuple(fc.oneof(empty, after(relative, '/')), step, fc.oneof(empty, absolute)).map(parts => parts.join('')),
      'with a slash too many': fc.oneof(after(relative, '/'), fc.tuple(relative, relative).map(parts => parts.join('//')), fc.constant('/')),
      'that is empty': empty,
      'of another type': otherTypes,
    },
  },
  {
    what: 'the name of a ConfigMap', prop: 'configMapName', code: 'InvalidName', where: TRY, good: subdomain,
    run: value => workload({}, { configMapName: value }),
    bad: {
      'with a forbidden character': inserted(subdomain, [...NEVER, ...UPPER, '_', '/', ':', '@', '+', '$', '{']),
      'that begins or ends with what no name does': fc.oneof(before(['-', '.'], subdomain), after(subdomain, ['-', '.'])),
      'that is empty': empty,
      'of another type': otherTypes,
    },
  },
  {
    what: 'a list of trusted service accounts', prop: 'trusts', code: 'EmptyTrust', where: TRY, good: fc.constant(trusts),
    run: value => ids % 2 === 0 ? role({ trusts: value }) : account({ trusts: value }),
    bad: { 'that names none': { values: fc.constantFrom<unknown>([], undefined, null, {}, '', 'reports/reader', true), got: () => '"[]"' } },
  },
];

const CODES: readonly FederationErrorCode[] = [
  'ClashingWiring', 'DuplicateRegistration', 'EmptyTrust', 'InvalidIdentifier', 'InvalidIssuer', 'InvalidName', 'LimitExceeded', 'NotTrusted', 'OutOfRange',
  'UnresolvedValue', 'WrongCluster',
];

/** The value as a message quotes it; lists and objects in whatever way. */
function quoted(value: unknown): string {
  if (typeof value === 'object' || typeof value === 'function') {
    return value === null ? 'null' : '';
  }
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return shown.length > 200 ? `${shown.slice(0, 200)}… (${shown.length} characters)` : shown;
}

/** What came of a bad value. */
function refused(target: Target, value: unknown): FederationError {
  let result: unknown;
  try {
    result = target.run(value);
  } catch (error) {
    expect(error).toBeInstanceOf(FederationError);
    return error as FederationError;
  }
  throw new Error(`accepted ${fc.stringify(value)}, and gave ${String(result)}`);
}

/** The bad values that were tried, each once. */
const tried = new Set<string>();

const WAYS = TARGETS.flatMap(target => Object.entries(target.bad).map(([how, way]) => {
  const { values, ...rest }: Way = way instanceof fc.Arbitrary ? { values: way } : way;
  return { name: `${target.what} ${how}`, target, values, prop: target.prop, code: target.code, got: quoted, ...rest };
}));

test.each(WAYS)('refuses $name', ({ name, target, values, prop, code, got }) => {
  expect(CODES).toContain(code);
  fc.assert(fc.property(values, value => {
    tried.add(`${name} ${typeof value} ${fc.stringify(value)}`);
    const error = refused(target, value);
    const form = /^(.+?): (\S+) must (.+), got (.+); (.+)$/su.exec(error.message);
    expect(form).not.toBeNull();
    expect(error).toMatchObject({ name: 'FederationError', code, prop, where: expect.stringMatching(target.where) });
    expect(error.message.startsWith(`${error.where}: ${prop} must `)).toBe(true);
    const shown = got(value);
    expect(error.message).toContain(shown === '' ? ', got ' : `, got ${shown}; `);
    if (prop === 'jwks' && typeof value === 'string') {
      for (const [secret] of value.matchAll(/[A-Za-z0-9_-]{20,}/g)) {
        expect(error.message).not.toContain(secret);
      }
    }
  }), { seed: SEED, numRuns: BAD_RUNS });
});

test.each(TARGETS)('accepts $what where it is good', ({ run, good }) => {
  fc.assert(fc.property(good, value => {
    run(value);
  }), { seed: SEED, numRuns: GOOD_RUNS });
});

test('the keys of a cluster are those that were given, and nothing that stood beside or before them', () => {
  fc.assert(fc.property(publicKeys, publicKeys, base64url, fc.constantFrom('d', 'keys ', 'KEYS', 'oth', 'x5c'), (keys, others, secret, field) => {
    const whole = JSON.stringify({ keys });
    const secrets = JSON.stringify({ keys: others.map(key => ({ ...key, d: secret })) });
    for (const jwks of [whole, JSON.stringify({ keys }, undefined, 2), JSON.stringify({ [field]: secret, keys, [`${field}2`]: { d: secret } }), `${secrets.slice(0, -1)},${whole.slice(1)}`]) {
      expect(Cluster.oidc({ name: 'vault', issuer: 'https://issuer.example.com', jwks }).jwks).toBe(whole);
    }
  }), { seed: SEED, numRuns: GOOD_RUNS });
});

test.each([
  ['an empty list', []], ['a list of nothing', ['']], ['an object without a text', Object.create(null)], ['a symbol', Symbol('reports')],
])('refuses %s in place of a text, and says what it got', (_, value) => {
  for (const target of TARGETS.filter(({ what }) => ['a namespace', 'the issuer of any cluster', 'the name of a role', 'a mount path'].includes(what))) {
    expect(refused(target, value).message).toMatch(/^(.+?): (\S+) must (.+), got (.+); (.+)$/su);
  }
});

test.each([[null], [undefined], ['reports/reader'], [{}], [{ namespace: 'reports', name: 'reader' }]])('refuses %p among the trusted service accounts', value => {
  const among = [...trusts, value] as typeof trusts;
  expect(() => role({ trusts: among })).toThrow(FederationError);
  expect(() => account({ trusts: among })).toThrow(FederationError);
  expect(() => role({ trusts: [value] })).toThrow(FederationError);
});

test('at least 2,000 different bad values were tried', () => {
  process.stdout.write(`${tried.size} different bad values were tried in ${WAYS.length} ways (seed ${SEED})\n`);
  expect(tried.size).toBeGreaterThanOrEqual(2000);
});

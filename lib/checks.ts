import { ITerraformDependable, TerraformStack } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { FederationError, FederationErrorCode } from './errors';
import { countTokens, holdsNumberToken, isLazy, isToken, knownPart, textOf, withTokensAs } from './tokens';

/** Where a value stands, for the message of a refusal. */
export interface Place {
  readonly where: string;
  readonly prop: string;
}

/**
 * The path that a construct will have, for checks that run before it is created.
 * @throws FederationError for an id of which cdktf would leave characters out, so that two resources could get one address without a word
 */
export function pathOf(scope: { readonly node: { readonly path: string } }, id: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(id)) {
    throw new FederationError({
      code: 'InvalidName', where: scope.node.path, prop: 'id', rule: 'be letters, digits, "-" and "_"', got: id,
      remedy: 'cdktf leaves the others out of addresses, where two constructs could then become one',
    });
  }
  return scope.node.path === '' ? id : `${scope.node.path}/${id}`;
}

/** What Terraform would evaluate in a literal; a value that it shall compute is passed as a token instead. */
const TEMPLATE = /[$%]\{/;

/** What would end the quotes that Terraform puts a literal in, next to a value that only it knows. */
const UNQUOTED = /["\\\u0000-\u001f]/;

/**
 * Refuses a literal that does not match, or that Terraform would not take literally; what only Terraform knows passes.
 *
 * Of a value with both, the literal part must keep to characters that mean nothing to Terraform. A Lazy is refused: what it will hold can't be seen.
 */
export function checkPattern(
  place: Place, value: string, pattern: RegExp, rule: string, remedy: string, code: FederationErrorCode = 'InvalidIdentifier',
): void {
  const token = isToken(value);
  if (typeof value !== 'string' || (!token && !pattern.test(value))) {
    throw new FederationError({ code, ...place, rule, got: value, remedy });
  }
  if (token && isLazy(value)) {
    throw new FederationError({
      code: 'UnresolvedValue', ...place, rule: 'be a literal or a value of Terraform', got: 'a Lazy', remedy: 'pass what it would produce: it is checked here',
    });
  }
  if (holdsNumberToken(value)) {
    throw new FederationError({
      code: 'UnresolvedValue', ...place, rule: 'hold no number that only Terraform knows', got: 'a number', remedy: 'pass a text: Terraform turns a number into one by Fn.tostring',
    });
  }
  const known = knownPart(value);
  if (TEMPLATE.test(known) || (token && UNQUOTED.test(known))) {
    throw new FederationError({
      code, ...place, rule: token ? 'hold no quote, backslash, line break, "${" or "%{" beside what only Terraform knows' : 'hold no "${" or "%{", which Terraform evaluates',
      got: known, remedy: 'pass the attribute of the resource or variable itself',
    });
  }
  if (token && known !== '' && !couldMatch(value, pattern)) {
    throw new FederationError({ code, ...place, rule, got: withTokensAs(value, '…'), remedy });
  }
}

/** What attributes and variables of Terraform look like. */
const SAMPLES = [
  'xxx', 'x', '', '1', 'eu-west-1', 'aws', '123456789012', '123456789012345678901', 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa', 'role/x', 'https://x.example', 'x.example',
  'eu-west-1:123456789012', 'arn:aws:iam::123456789012', 'arn:aws:iam::123456789012:role/x', 'arn:aws:s3:::xxx', '/subscriptions/aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa',
  'projects/1/locations/global/workloadIdentityPools/xxxx', 'xxxxxx@xxxxxx.iam.gserviceaccount.com',
];

/** Whether text around what only Terraform knows could be part of a good value, whatever Terraform then says. */
function couldMatch(value: string, pattern: RegExp): boolean {
  const count = Math.min(countTokens(value), 3);
  const tryWith = (texts: readonly string[]): boolean => texts.length === count
    ? pattern.test(withTokensAs(value, ...texts))
    : SAMPLES.some(sample => tryWith([...texts, sample]));
  return tryWith([]);
}

/** Refuses a number that is not a whole one between two bounds; what only Terraform knows passes. */
export function checkRange(place: Place, value: number, min: number, max: number, remedy: string): void {
  if (typeof value !== 'number' || (!isToken(value) && (!Number.isInteger(value) || value < min || value > max))) {
    throw new FederationError({ code: 'OutOfRange', ...place, rule: `be a whole number from ${min} to ${max}`, got: value, remedy });
  }
}

/** Refuses a computed size over a limit. */
export function checkLimit(place: Place, size: number, limit: number, rule: string, got: string, remedy: string): void {
  if (size > limit) {
    throw new FederationError({ code: 'LimitExceeded', ...place, rule, got, remedy });
  }
}

/** Refuses what Kubernetes does not take for a namespace. */
export function checkNamespace(place: Place, value: string): void {
  checkPattern(place, value, /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
    'be a DNS label (lower-case letters, digits and "-", 1 to 63 characters)',
    'write the namespace as Kubernetes knows it; wildcards are not accepted, list the service accounts instead', 'InvalidName');
}

/** Refuses what Kubernetes does not take for the name of a service account or a ConfigMap; it bounds the whole, and not the labels. */
export function checkObjectName(place: Place, value: string): void {
  checkPattern(place, value, /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/,
    'be a DNS subdomain (labels of lower-case letters, digits and "-" joined by ".", 1 to 253 characters)',
    'write the name as Kubernetes knows it; wildcards are not accepted, list the names instead', 'InvalidName');
}

/** The names of the API server inside of a cluster, of whatever domain. */
const KUBERNETES_AUDIENCE = /^(?:k3s|rke2|(?:https:\/\/)?(?:kubernetes(?:\.default(?:\.svc(?:\..*)?)?)?|[^/]+\.azmk8s\.io)(?::\d+)?(?:\/.*)?)$/;

/** Refuses an audience that the automounted tokens of pods have: whatever gets to see one of them could become the identity. */
export function checkNotKubernetesAudience(scope: IConstruct, place: Place, audience: string, issuer: string): void {
  if (textOf(scope, audience) === textOf(scope, issuer) || ['', '.x'].some(text => KUBERNETES_AUDIENCE.test(withTokensAs(audience, text)))) {
    throw new FederationError({
      code: 'InvalidIdentifier', ...place, rule: 'not be an audience of the Kubernetes API, which tokens have that pods get without asking', got: audience,
      remedy: 'leave it out for the cloud\'s own audience',
    });
  }
}

/** Refuses what is no audience of a token; IAM would evaluate "&{". */
export function checkAudience(place: Place, audience: string, max = 255): void {
  checkPattern(place, audience, new RegExp(`^(?!.*&\\{)[^\\s*?\\p{Cs}]{1,${max}}$`, 'u'), `be 1 to ${max} characters without white space, wildcards or "&{"`,
    'leave it out for the cloud\'s own audience');
}

/** An image with a tag other than latest, a digest, or both. */
const PINNED = new RegExp('^[a-z0-9][a-z0-9._-]*(?::\\d{1,5}(?=/))?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*'
  + '(?::(?!latest$)[A-Za-z0-9_][A-Za-z0-9._-]{0,127}|(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?@sha256:[0-9a-f]{64})$');

/** Refuses an image of which another version may run tomorrow. */
export function checkImage(place: Place, image: string): void {
  const [rule, remedy] = ['be an image with a sha256 digest, or a tag other than latest', 'pin what runs in the cluster, best by its digest'] as const;
  checkPattern(place, image, PINNED, rule, remedy);
  // Behind a registry that only Terraform knows, the tag may be written here.
  const shape = withTokensAs(image, '…');
  if (isToken(image) && /(?::latest|\/[^:@/…]+)$/.test(shape)) {
    throw new FederationError({ code: 'InvalidIdentifier', ...place, rule, got: shape, remedy });
  }
}

/** Refuses what is no id of a Google Cloud project. */
export function checkProject(place: Place, value: string): void {
  checkPattern(place, value, /^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/,
    'be a project id (6 to 30 lower-case letters, digits and "-", starting with a letter)', 'pass the project\'s id, not its number or name', 'InvalidName');
}

/** What every cluster begins with. */
export const INITIAL_NAMESPACES: ReadonlySet<string> = new Set(['default', 'kube-node-lease', 'kube-public', 'kube-system']);

/** Refuses what is no name of a resource group of Azure. */
export function checkResourceGroup(where: string, value: string): void {
  checkPattern({ where, prop: 'resourceGroupName' }, value, /^(?!.*\.$)[\p{L}\p{N}_().-]{1,90}$/u,
    'be 1 to 90 letters, digits and "_-.()", not ending in "."', 'pass the name of the resource group, and not its id', 'InvalidName');
}

/** Refuses what Terraform could not wait for. */
export function checkDependsOn(scope: IConstruct, where: string, dependsOn: readonly ITerraformDependable[] | undefined): void {
  const stack = TerraformStack.of(scope);
  const foreign = dependsOn?.find(dependable => Construct.isConstruct(dependable) && TerraformStack.of(dependable) !== stack);
  if (Construct.isConstruct(foreign)) {
    throw new FederationError({
      code: 'UnresolvedValue', where, prop: 'dependsOn', rule: 'hold what is in the same stack', got: foreign.node.path, remedy: 'leave it out, and say `stack.addDependency()` where the stacks are defined',
    });
  }
}

/** Refuses what is no path below the workload's mount path. */
export function checkTokenPath(where: string, path: string): void {
  checkPattern({ where, prop: 'tokenPath' }, path, /^(?!\/)(?!(?:.*\/)?\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/[A-Za-z0-9._-]+)*$/,
    'be a relative path of letters, digits and "._-", without ".."', 'write it like "aws/token"');
}

/**
 * An https URL as the clouds compare it, byte by byte: what browsers normalise is left out (user names, queries, fragments, white space, "..").
 */
const ISSUER = new RegExp('^https://[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*'
  + '(?::(\\d{1,5}))?(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._~%@+=,:-]*)*$');

/** Refuses what is no issuer: a token's `iss` must equal it, so it is taken as it is written. */
export function checkIssuer(place: Place, issuer: string): void {
  const refuse = (rule: string, remedy: string): never => {
    throw new FederationError({ code: 'InvalidIssuer', ...place, rule, got: issuer, remedy });
  };
  if (typeof issuer !== 'string') {
    refuse('be a URL', 'write it as in the `iss` claim of the cluster\'s tokens');
  }
  if (isToken(issuer) || holdsNumberToken(issuer)) {
    checkPattern(place, issuer, /./, 'be a URL', 'pass the attribute of the cluster itself', 'InvalidIssuer');
    // What begins with text says its scheme there; a token has its own.
    const shape = withTokensAs(issuer, 'x');
    if (!ISSUER.test(issuer.startsWith('${') ? `https://${shape}` : shape)) {
      refuse('be an https URL also where it is joined to what only Terraform knows', 'pass the attribute of the cluster itself');
    }
    return;
  }
  if (!issuer.startsWith('https://')) {
    refuse('start with "https://"', 'write it as in the `iss` claim of the cluster\'s tokens; no cloud takes an issuer without TLS');
  }
  const [, port] = ISSUER.exec(issuer) ?? refuse('be a URL of lower-case host and path, with no query, fragment, user name, wildcard or white space',
    'write it as in the `iss` claim of the cluster\'s tokens');
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65535)) {
    refuse('have a port from 1 to 65535', 'write it as in the `iss` claim of the cluster\'s tokens');
  }
}

/** What Google takes of a JSON Web Key; anything else could be the private half. */
const PUBLIC_KEY_FIELDS = new Set(['kty', 'alg', 'use', 'kid', 'n', 'e', 'x', 'y', 'crv']);

/** The algorithms that the clouds verify; a key need not say its own. */
const ALGORITHMS: ReadonlySet<string | undefined> = new Set([undefined, 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512']);

/** What a key of each type must have. */
const KEY_FIELDS: ReadonlyMap<unknown, readonly string[]> = new Map([['RSA', ['kid', 'n', 'e']], ['EC', ['kid', 'crv', 'x', 'y']]]);

/**
 * Refuses what is no JSON Web Key Set of public keys, and gives the set with nothing but its keys.
 *
 * No value is repeated in a message, as it may be the private half.
 */
export function checkJwks(place: Place, jwks: string): string {
  const refuse = (rule: string, got: string): never => {
    throw new FederationError({
      code: 'InvalidIdentifier', ...place, rule, got, remedy: 'pass what `kubectl get --raw /openid/v1/jwks` prints, or `jsonWebKeySet(…)` of the public keys',
    });
  };
  if (typeof jwks !== 'string') {
    return refuse('be a JSON Web Key Set', typeof jwks);
  }
  if (isToken(jwks)) {
    if (isLazy(jwks) || knownPart(jwks) !== '') {
      refuse('be known altogether, or to Terraform altogether', 'a mixture');
    }
    return jwks;
  }
  const keys = parsedKeys(jwks) ?? refuse('be a JSON Web Key Set', 'text that is none');
  if (keys.length === 0) {
    refuse('hold at least one key', 'none');
  }
  for (const key of keys) {
    if (typeof key !== 'object' || key === null) {
      return refuse('hold JSON Web Keys', typeof key);
    }
    if (!Object.keys(key).every(field => PUBLIC_KEY_FIELDS.has(field))) {
      refuse('hold public keys alone (kty, alg, use, kid, n, e, x, y, crv)', 'a key with other fields');
    }
    const fields = key as Record<string, unknown>;
    const required = KEY_FIELDS.get(fields.kty) ?? refuse('hold RSA or EC keys', 'a key of another type');
    if (![...required, ...Object.keys(fields)].every(field => typeof fields[field] === 'string' && fields[field] !== '')) {
      refuse(`hold keys whose fields are text, of type ${fields.kty} with ${required.join(', ')}`, 'a key without');
    }
  }
  if (keys.some(key => !['sig', undefined].includes((key as { use?: string }).use) || !ALGORITHMS.has((key as { alg?: string }).alg))) {
    refuse('hold keys for signatures (`use` "sig", `alg` RS256 to RS512 or ES256 to ES512)', 'a key for something else');
  }
  const set = JSON.stringify({ keys });
  return TEMPLATE.test(set) ? refuse('hold no "${" or "%{", which Terraform evaluates', 'a key with one') : set;
}

function parsedKeys(jwks: string): unknown[] | undefined {
  try {
    const { keys } = JSON.parse(jwks) as { keys?: unknown };
    return Array.isArray(keys) ? keys : undefined;
  } catch {
    return undefined;
  }
}

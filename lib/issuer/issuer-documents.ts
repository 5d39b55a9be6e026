import { createHash, createPublicKey, JsonWebKey, KeyObject } from 'node:crypto';
import { checkIssuer, checkJwks, Place } from '../checks';
import { FederationError } from '../errors';
import { isToken } from '../tokens';

/** The keys of an issuer, as PEM or as a key set. */
export interface IssuerKeys {
  /**
   * The public keys in PEM, as kube-apiserver has them by `--service-account-key-file`; each text may hold several.
   * While keys are rotated, the old and the new one: the clouds must know a key before the first token is signed with it.
   * @default - none; `jwks` then holds the keys
   */
  readonly publicKeys?: readonly string[];
  /**
   * The public keys as a JSON Web Key Set, as `kubectl get --raw /openid/v1/jwks` prints it; may be known to Terraform only.
   * @default - made from `publicKeys`
   */
  readonly jwks?: string;
}

/** Props of the documents that an issuer publishes. */
export interface IssuerDocumentsProps extends IssuerKeys {
  /** The issuer, exactly as kube-apiserver has it by `--service-account-issuer`. */
  readonly issuer: string;
}

/** The two documents by which anybody can verify the tokens of an issuer. */
export interface IssuerDocuments {
  /** The discovery document, to be published at `<issuer>/.well-known/openid-configuration`. */
  readonly discoveryDocument: string;
  /** The key set, to be published at `jwksUri`. */
  readonly jwks: string;
  /** The address of the key set, for kube-apiserver's `--service-account-jwks-uri`. */
  readonly jwksUri: string;
}

/** Where the documents stand below the issuer; the second as kube-apiserver itself has it. */
export const DISCOVERY_PATH = '.well-known/openid-configuration';
export const JWKS_PATH = 'openid/v1/jwks';

/** The signature algorithms of Kubernetes by the curve of the key. */
const ALGORITHMS: Readonly<Record<string, string>> = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512' };
const MIN_MODULUS = 2048;

/**
 * The documents that an issuer publishes for its cluster, for a web server of your own; `S3HostedIssuer` and its like publish them to a bucket.
 *
 * @throws FederationError for an issuer that is no https URL, or what is no public key
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#service-account-issuer-discovery
 */
export function issuerDocuments(props: IssuerDocumentsProps): IssuerDocuments {
  const where = 'issuerDocuments';
  checkIssuer({ where, prop: 'issuer' }, props.issuer);
  if (isToken(props.issuer)) {
    throw new FederationError({
      code: 'UnresolvedValue', where, prop: 'issuer', rule: 'be literal', got: 'a value that only Terraform knows',
      remedy: 'write it out: kube-apiserver has it in its flags before Terraform runs',
    });
  }
  return documentsOf(where, props);
}

/** The documents of an issuer that is known to be one. */
export function documentsOf(where: string, { issuer, ...keys }: IssuerDocumentsProps): IssuerDocuments {
  const jwks = keySetOf(where, keys);
  const jwksUri = `${issuer.replace(/\/$/, '')}/${JWKS_PATH}`;
  return {
    discoveryDocument: JSON.stringify({
      issuer,
      jwks_uri: jwksUri,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: algorithmsOf(jwks),
    }),
    jwks,
    jwksUri,
  };
}

/** The keys of an issuer as a key set, in whichever of the two forms they were given. */
function keySetOf(where: string, { publicKeys, jwks }: IssuerKeys): string {
  if ((publicKeys === undefined) === (jwks === undefined)) {
    throw new FederationError({
      code: 'InvalidIdentifier', where, prop: 'publicKeys', rule: 'be given, or `jwks`, and not both', got: jwks === undefined ? 'neither' : 'both', remedy: 'choose one of the two',
    });
  }
  if (jwks !== undefined) {
    return checkJwks({ where, prop: 'jwks' }, jwks);
  }
  return keySet({ where, prop: 'publicKeys' }, publicKeys!);
}

/**
 * The JSON Web Key Set of public keys in PEM, with the key ids that Kubernetes gives them.
 *
 * @throws FederationError for what is no public RSA or EC key, an RSA key below 2048 bits, or no key at all
 * @see https://www.rfc-editor.org/rfc/rfc7517
 */
export function jsonWebKeySet(publicKeys: readonly string[]): string {
  return keySet({ where: 'jsonWebKeySet', prop: 'publicKeys' }, publicKeys);
}

function keySet(place: Place, publicKeys: readonly string[]): string {
  const keys = new Map(publicKeys.flatMap(text => pemBlocks(place, text)).map(pem => {
    const key = jsonWebKey(place, pem);
    return [key.kid, key];
  }));
  if (keys.size === 0) {
    throw refusal(place, 'hold at least one key', 'none');
  }
  return JSON.stringify({ keys: [...keys.values()] });
}

function pemBlocks(place: Place, text: string): string[] {
  if (isToken(text)) {
    throw new FederationError({
      code: 'UnresolvedValue', ...place, rule: 'be known when the stack is synthesized', got: 'a value that only Terraform knows',
      remedy: 'read the PEM file, or pass the key set as `jwks`: Terraform has no function that takes a key apart',
    });
  }
  if (typeof text === 'string' && /PRIVATE KEY/.test(text)) {
    throw refusal(place, 'be public keys alone', 'a private key');
  }
  const blocks = typeof text === 'string' ? text.match(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g) : null;
  if (blocks === null || blocks.length !== text.match(/-----BEGIN /g)?.length) {
    throw refusal(place, 'be public keys in PEM', typeof text === 'string' ? 'text that is no PEM, or cut off' : typeof text);
  }
  return blocks;
}

function jsonWebKey(place: Place, pem: string) {
  const key = parse(place, pem);
  const { kty, n, e, crv, x, y } = exported(key);
  const alg = kty === 'RSA' ? 'RS256' : ALGORITHMS[crv ?? ''];
  if (alg === undefined) {
    throw refusal(place, 'be RSA keys, or EC keys of P-256, P-384 or P-521', `a key of type ${key.asymmetricKeyType}`);
  }
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined && bits < MIN_MODULUS) {
    throw refusal(place, `have at least ${MIN_MODULUS} bits`, `${bits} bits`);
  }
  return { use: 'sig', kty, kid: keyId(key), alg, ...(kty === 'RSA' ? { n, e } : { crv, x, y }) };
}

/** The id that kube-apiserver writes into the header of each token: the digest of the key's SubjectPublicKeyInfo. */
function keyId(key: KeyObject): string {
  return createHash('sha256').update(key.export({ format: 'der', type: 'spki' })).digest('base64url');
}

function parse(place: Place, pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch {
    throw refusal(place, 'be public keys in PEM', 'a block that is no key');
  }
}

/** Of a type or curve that JSON Web Keys do not know, nothing. */
function exported(key: KeyObject): JsonWebKey {
  try {
    return key.export({ format: 'jwk' });
  } catch {
    return {};
  }
}

/** The key itself is not repeated in a message: it may be the wrong half. */
function refusal(place: Place, rule: string, got: string): FederationError {
  return new FederationError({
    code: 'InvalidIdentifier', ...place, rule, got, remedy: 'pass the public half, as `openssl pkey -in sa.key -pubout` prints it',
  });
}

function algorithmsOf(jwks: string): string[] {
  if (isToken(jwks)) {
    return ['RS256'];
  }
  const { keys } = JSON.parse(jwks) as { keys: { alg?: string; crv?: string }[] };
  return [...new Set(keys.map(({ alg, crv }) => alg ?? ALGORITHMS[crv ?? ''] ?? 'RS256'))].sort();
}

import { createPublicKey } from 'node:crypto';
import type { JsonWebKey } from 'node:crypto';
import { checkId, checkTexts, others, refuse } from './apply';
import { Expression } from './cel';
import { Applied, AppliedResource, ofType } from '../../model';
import { readKeys } from '../discovery';
import { parseJson } from '../jws';

/** A provider of a workload identity pool, as Google's API keeps it. */
export interface Provider {
  /** `projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>`. */
  readonly name: string;
  readonly pool: string;
  /** Whether it or its pool is switched off. */
  readonly disabled: boolean;
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** The keys that were uploaded; without them those that the issuer publishes. */
  readonly keys?: readonly JsonWebKey[];
  /** By attribute: `google.subject`, `google.groups`, `attribute.<name>`. */
  readonly mapping: ReadonlyMap<string, Expression>;
  readonly condition?: Expression;
}

const NAME = /^(projects\/[0-9]+\/locations\/global\/workloadIdentityPools\/[^/]+)\/providers\/([^/]+)$/;

/**
 * The providers that are applied. Throws ApplyError for one that Google does not take.
 * The limits: https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers
 */
export function providersOf(applied: Applied): ReadonlyMap<string, Provider> {
  const pools = applied.resources.filter(({ type }) => type === 'google_iam_workload_identity_pool');
  return new Map(ofType(applied, 'google_iam_workload_identity_pool_provider').map(resource => {
    const provider = readProvider(resource, pools);
    if (others(applied, resource).some(each => each.values.name === provider.name)) refuse(resource, 'ALREADY_EXISTS', 'Requested entity already exists');
    return [provider.name, provider];
  }));
}

function readProvider(resource: AppliedResource, pools: readonly AppliedResource[]): Provider {
  const { values } = resource;
  const check = (fine: boolean, message: string) => { if (!fine) refuse(resource, 'INVALID_ARGUMENT', message); };
  const [, pool, id] = NAME.exec(String(values.name)) ?? [];
  check(pool !== undefined, `Invalid resource name: ${String(values.name)}`);
  checkId(resource, id!);
  const own = pools.find(each => each.values.name === pool);
  if (own === undefined) refuse(resource, 'NOT_FOUND', 'Requested entity was not found.');
  checkTexts(resource, { display_name: 32, description: 256 });
  const oidc = values.oidc?.[0];
  // Of the other kinds nothing is known here.
  if (oidc === undefined || oidc === null) throw new Error(`${resource.address}: the stand-in of Google knows no provider but those of OpenID Connect.`);
  const issuer: unknown = oidc.issuer_uri;
  check(typeof issuer === 'string' && issuer.startsWith('https://'), 'Invalid OIDC issuer URI. The scheme must be https.');
  // Section 2 of https://openid.net/specs/openid-connect-discovery-1_0.html: an issuer has no query and no fragment.
  check(URL.canParse(issuer as string) && /^https:\/\/[!-~]+$/.test(issuer as string) && !/[?#]/.test(issuer as string), 'Invalid OIDC issuer URI.');
  const allowed: readonly string[] = oidc.allowed_audiences ?? [];
  check(allowed.length <= 10, 'A maximum of 10 audiences may be configured.');
  check(allowed.every(audience => audience.length >= 1 && audience.length <= 256), 'Each audience may be at most 256 characters.');

  const entries = Object.entries<string>(values.attribute_mapping ?? {});
  check(entries.some(([attribute]) => attribute === 'google.subject'), 'The attribute mapping must map google.subject.');
  check(entries.filter(([attribute]) => attribute.startsWith('attribute.')).length <= 50, 'A maximum of 50 custom attributes can be defined.');
  const expressionOf = (what: string, text: string, variables: readonly string[]) => {
    try {
      return new Expression(text, variables);
    } catch (error) {
      return refuse(resource, 'INVALID_ARGUMENT', `The ${what} is no expression of CEL: ${(error as Error).message}`);
    }
  };
  const mapping = new Map(entries.map(([attribute, expression]) => {
    if (!['google.subject', 'google.groups'].includes(attribute)) {
      check(/^attribute\.[^.]+$/.test(attribute), `Invalid mapped attribute key: ${attribute}. Custom mapped attributes must be in format 'attribute.{custom_attribute}'`);
      check(/^attribute\.[a-z0-9_]{1,100}$/.test(attribute), `Invalid mapped attribute key: ${attribute}. The maximum length of a custom attribute is 100 characters of [a-z0-9_].`);
    }
    check(expression.length <= 2048, `The maximum length of an attribute mapping expression is 2048 characters: ${attribute}.`);
    return [attribute, expressionOf(`mapping of ${attribute}`, expression, ['assertion'])] as const;
  }));
  const condition: string = values.attribute_condition ?? '';
  check(condition.length <= 4096, 'The maximum length of the attribute condition expression is 4096 characters.');
  const jwks: string = oidc.jwks_json ?? '';
  return {
    name: values.name,
    pool: pool!,
    disabled: values.disabled === true || own.values.disabled === true,
    issuer: issuer as string,
    // "If this list is empty, the OIDC token audience must be equal to the full canonical resource name […], with or without the HTTPS prefix."
    audiences: allowed.length > 0 ? allowed : [`//iam.googleapis.com/${values.name}`, `https://iam.googleapis.com/${values.name}`],
    ...(jwks === '' ? {} : { keys: uploadedKeys(resource, jwks) }),
    mapping,
    ...(condition === '' ? {} : { condition: expressionOf('attribute condition', condition, ['assertion', 'google', 'attribute']) }),
  };
}

/** "RSA and EC asymmetric keys are supported. The JWK must use following format and include only the following fields." */
const FIELDS: ReadonlySet<string> = new Set(['kty', 'alg', 'use', 'kid', 'n', 'e', 'x', 'y', 'crv']);

function uploadedKeys(resource: AppliedResource, jwks: string): readonly JsonWebKey[] {
  const invalid = (why: string) => refuse(resource, 'INVALID_ARGUMENT', `The JWKs of the provider are not valid: ${why}`);
  let keys: readonly JsonWebKey[];
  try {
    keys = readKeys(parseJson(jwks) as Record<string, unknown>, 'jwks_json');
  } catch (error) {
    return invalid((error as Error).message);
  }
  if (keys.length === 0) invalid('There is no key.');
  for (const key of keys) {
    const strange = Object.keys(key).find(field => !FIELDS.has(field));
    if (strange !== undefined) invalid(`${strange} is no field of a key.`);
    if (key.kty !== 'RSA' && key.kty !== 'EC') invalid(`${String(key.kty)} is no type of key that is supported.`);
    if (key.use !== 'sig' || typeof key.kid !== 'string' || key.kid === '' || typeof key.alg !== 'string') invalid('A key has kid, alg and the use sig.');
    try {
      createPublicKey({ key, format: 'jwk' });
    } catch {
      invalid(`The key ${String(key.kid)} cannot be read.`);
    }
  }
  return keys;
}

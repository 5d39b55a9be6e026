import type { JsonWebKey } from 'node:crypto';
import { Applied, AppliedResource, ofType } from '../../model';
import { readKeys } from '../discovery';
import { parseJson } from '../jws';
import { Expression } from './cel';

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

const NAME = /^(projects\/[0-9]+\/locations\/global\/workloadIdentityPools\/([0-9a-z-]{4,32}))\/providers\/([0-9a-z-]{4,32})$/;
const ATTRIBUTE = /^(?:google\.subject|google\.groups|attribute\.[a-z0-9_]{1,100})$/;

/**
 * The providers that are applied, and what Google would have refused about each of the others.
 * The limits: https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers
 */
export function providersOf(applied: Applied): { readonly providers: ReadonlyMap<string, Provider>; readonly refused: ReadonlyMap<string, string> } {
  const disabledPools = new Set(ofType(applied, 'google_iam_workload_identity_pool').filter(({ values }) => values.disabled === true).map(({ values }) => values.name));
  const providers = new Map<string, Provider>();
  const refused = new Map<string, string>();
  for (const resource of ofType(applied, 'google_iam_workload_identity_pool_provider')) {
    try {
      const provider = readProvider(resource, disabledPools);
      if (providers.has(provider.name)) throw new Error('There is one of this name already.');
      providers.set(provider.name, provider);
    } catch (error) {
      refused.set(resource.address, (error as Error).message);
    }
  }
  return { providers, refused };
}

function readProvider({ values }: AppliedResource, disabledPools: ReadonlySet<unknown>): Provider {
  const [, pool, poolId, id] = NAME.exec(String(values.name)) ?? [];
  check(pool !== undefined && !poolId!.startsWith('gcp-') && !id!.startsWith('gcp-'), `The name ${values.name} is none of a provider.`);
  const oidc = values.oidc?.[0];
  check(oidc !== undefined && oidc !== null, 'It is none of OpenID Connect.');
  check(typeof oidc.issuer_uri === 'string' && oidc.issuer_uri.startsWith('https://'), 'Invalid OIDC issuer URI. The scheme must be https.');
  const allowed: readonly string[] = oidc.allowed_audiences ?? [];
  check(allowed.length <= 10 && allowed.every(audience => audience.length <= 256), 'It has more than 10 audiences, or one of more than 256 characters.');

  const entries = Object.entries<string>(values.attribute_mapping ?? {});
  check(entries.some(([attribute]) => attribute === 'google.subject'), 'It maps no google.subject.');
  check(entries.filter(([attribute]) => attribute.startsWith('attribute.')).length <= 50, 'It maps more than 50 attributes.');
  const mapping = new Map(entries.map(([attribute, expression]) => {
    check(ATTRIBUTE.test(attribute), `There is no attribute ${attribute}.`);
    check(expression.length <= 2048, `The expression of ${attribute} has more than 2048 characters.`);
    return [attribute, new Expression(expression, ['assertion'])] as const;
  }));
  const condition: string = values.attribute_condition ?? '';
  check(condition.length <= 4096, 'The condition has more than 4096 characters.');
  const jwks: string = oidc.jwks_json ?? '';
  return {
    name: values.name,
    pool: pool!,
    disabled: values.disabled === true || disabledPools.has(pool),
    issuer: oidc.issuer_uri,
    // "If this list is empty, the OIDC token audience must be equal to the full canonical resource name […], with or without the HTTPS prefix."
    audiences: allowed.length > 0 ? allowed : [`//iam.googleapis.com/${values.name}`, `https://iam.googleapis.com/${values.name}`],
    ...(jwks === '' ? {} : { keys: readKeys(parseJson(jwks) as Record<string, unknown>, 'jwks_json') }),
    mapping,
    ...(condition === '' ? {} : { condition: new Expression(condition, ['assertion', 'google', 'attribute']) }),
  };
}

function check(fine: boolean, message: string): asserts fine {
  if (!fine) throw new Error(message);
}

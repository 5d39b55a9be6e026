import { textIn } from './blocks';
import { withoutPrefix, withoutSuffix } from './paths';
import { JsonError, parseJson } from '../terraform/json';
import { at, equal, isMap, keyOf, known, like, partsOf, show, TextValue, Unknown, Value, Verdict } from '../value';

/** What a field must be, and what it is. */
export interface Finding {
  readonly field: string;
  readonly verdict: Verdict;
  readonly want: string;
  readonly have: string;
}

/** A credential configuration of Google: whom a workload becomes, by which token. */
export interface CredentialConfig {
  /** The name of the provider in the pool. */
  readonly registration: TextValue;
  /** The service account that is impersonated; undefined for none. */
  readonly identity: TextValue | undefined;
  /** Where the token is; undefined where it comes from elsewhere than a file. */
  readonly file: TextValue | undefined;
  /** What Google's libraries look at before they ask for anything. */
  readonly findings: readonly Finding[];
}

const PREFIX = '//iam.googleapis.com/';
const TOKEN_TYPES = ['urn:ietf:params:oauth:token-type:jwt', 'urn:ietf:params:oauth:token-type:id_token'];
const TOKEN_URL = 'https://sts.googleapis.com/v1/token';
const IMPERSONATION = 'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/';
const ACTION = ':generateAccessToken';

/**
 * Reads a credential configuration, of which parts may be unknown; undefined for anything that does not look like one.
 * @see https://google.aip.dev/auth/4117
 */
export function readCredentialConfig(content: TextValue): CredentialConfig | undefined {
  if (!partsOf(content).some(part => typeof part === 'string' && (part.includes('external_account') || part.includes('credential_source')))) {
    return undefined;
  }
  let document: Value;
  try {
    document = parseJson(content);
  } catch (error) {
    if (error instanceof JsonError) {
      return undefined;
    }
    throw error;
  }
  if (!isMap(document) || (document.get('type') !== 'external_account' && document.get('credential_source') === undefined)) {
    return undefined;
  }
  const get = (...path: readonly string[]) => at(document, ...path) ?? undefined;
  const audience = textIn(get('audience'));
  const impersonation = textIn(get('service_account_impersonation_url'));
  const file = textIn(get('credential_source', 'file'));
  const format = textIn(get('credential_source', 'format', 'type'));
  const registration = audience === undefined ? undefined : withoutPrefix(audience, PREFIX);
  return {
    registration: registration ?? (audience === undefined ? undefined : withoutPrefix(audience, `https:${PREFIX}`)) ?? unknown('the provider in', content),
    identity: impersonation === undefined ? undefined : emailOf(impersonation) ?? unknown('the service account in', content),
    file,
    findings: [
      oneOf('type', get('type'), ['external_account']),
      {
        field: 'audience', want: `${PREFIX}projects/…/locations/global/workloadIdentityPools/…/providers/…`, have: show(audience),
        verdict: registration !== undefined ? isProvider(registration) : audience === undefined || typeof partsOf(audience)[0] === 'string' ? 'no' : 'unknown',
      },
      oneOf('subject_token_type', get('subject_token_type'), TOKEN_TYPES),
      tokenUrl(get('token_url'), get('universe_domain')),
      ...format === undefined ? [] : [oneOf('credential_source.format.type', format, ['text'])],
      ...impersonation === undefined ? [] : [{
        field: 'service_account_impersonation_url', want: `${IMPERSONATION}<email>${ACTION}`, have: show(impersonation),
        verdict: emailOf(impersonation) !== undefined ? 'yes' as const : impersonation instanceof Unknown ? 'unknown' as const : 'no' as const,
      }],
    ],
  };
}

function unknown(what: string, content: TextValue): Unknown {
  return new Unknown(`/${what} ${keyOf(content)}`);
}

function emailOf(url: TextValue): TextValue | undefined {
  const rest = withoutPrefix(url, IMPERSONATION);
  return rest === undefined ? undefined : withoutSuffix(rest, ACTION);
}

/** Whether a text is the name of a provider in a pool. */
export function isProvider(name: TextValue): Verdict {
  if (typeof name !== 'string') {
    return like(name, 'projects/*/locations/global/workloadIdentityPools/*/providers/*', '*');
  }
  return known(/^projects\/[^/]+\/locations\/global\/workloadIdentityPools\/[^/]+\/providers\/[^/]+$/.test(name));
}

function oneOf(field: string, value: Value | undefined, wanted: readonly string[]): Finding {
  const have = textIn(value);
  const verdicts = have === undefined ? [] : wanted.map(want => equal(have, want));
  return { field, want: wanted.join(' or '), have: show(have), verdict: verdicts.includes('yes') ? 'yes' : verdicts.includes('unknown') ? 'unknown' : 'no' };
}

/** Other clouds of Google have a token service of their own. */
function tokenUrl(value: Value | undefined, universe: Value | undefined): Finding {
  const finding = oneOf('token_url', value, [TOKEN_URL, 'https://sts.mtls.googleapis.com/v1/token']);
  return { ...finding, want: TOKEN_URL, verdict: finding.verdict === 'no' && textIn(universe) !== undefined ? 'unknown' : finding.verdict };
}

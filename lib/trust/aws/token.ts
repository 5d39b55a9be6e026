import { Gate, Token, Where } from '../model';
import { tokenTimeGate } from '../token-time';
import { equal, isList, isText, like, show, some, text, TextValue, Unknown, Value, Verdict } from '../value';

/** The parties for which a token is meant, as STS sees them. */
export interface Audience {
  /** The candidates: one, where it is known which of them counts. */
  readonly values: readonly TextValue[];
  /** Whether it is known that STS takes the token, as far as audiences go. */
  readonly certain: boolean;
}

/**
 * What STS compares with the client ids and calls `aud`: `azp` where the token has one.
 *
 * What it does with several audiences and no `azp` is not documented, so that each of them may be the one.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 */
export function audienceOf(token: Token): Audience {
  const azp = token.get('azp');
  const audiences = audiencesOf(token);
  if (azp === '' || azp === null) {
    // It may count for what it is, or for nothing.
    return { values: [...audiences, ''], certain: false };
  }
  if (azp !== undefined) {
    return isText(azp) ? { values: [azp], certain: audiences.length > 0 } : { values: [new Unknown('azp')], certain: false };
  }
  return { values: audiences, certain: audiences.length === 1 };
}

/** The members of the claim `aud`: a text, or a list of them. */
export function audiencesOf(token: Token): readonly TextValue[] {
  const aud = token.get('aud');
  const list: readonly Value[] = isList(aud) ? aud : aud === undefined ? [] : [aud];
  return list.every(isText) ? list : [];
}

/** Whether a token is meant for one of some parties; unknown where several of its audiences could count. */
export function audienceVerdict({ values, certain }: Audience, wanted: readonly TextValue[]): Verdict {
  const verdict = some(values.flatMap(value => wanted.map(want => equal(value, want))));
  return verdict === 'yes' && !certain ? 'unknown' : verdict;
}

/** The audiences of a token for people. */
export function showAudience(token: Token): string {
  const azp = token.get('azp');
  return azp === undefined ? show(token.get('aud')) : `azp ${show(azp)}, aud ${show(token.get('aud'))}`;
}

/**
 * Whether a token is valid at a time, in seconds since 1970; STS takes none without an end. What it makes of `iat` is not documented, and it has been seen to
 * refuse tokens that were issued more than a day ago.
 * @see https://github.com/mozilla-iam/mozilla-aws-cli/issues/146
 */
export function timeGate(token: Token, now: number, where: Where): Gate {
  return tokenTimeGate(token, now, where, { missing: { exp: 'no', iat: 'unknown' }, age: { seconds: 24 * 3600, beyond: 'unknown' } });
}

/** The same of a token that EKS Pod Identity takes: the cluster itself says whether it is valid. */
export function podTimeGate(token: Token, now: number, where: Where): Gate {
  return tokenTimeGate(token, now, where, { missing: { exp: 'no', iat: 'unknown' } });
}

/** The beginning of the `sub` of every Kubernetes service account. */
const SERVICE_ACCOUNT = 'system:serviceaccount:';

/** The `sub` of a Kubernetes service account. */
export function subjectOf(namespace: TextValue, name: TextValue): TextValue {
  return text(SERVICE_ACCOUNT, namespace, ':', name);
}

/** Namespace and name of the Kubernetes service account that a token is of; undefined for a token of anything else. */
export function serviceAccountOf(token: Token): readonly [TextValue, TextValue] | undefined {
  const sub = token.get('sub');
  if (typeof sub === 'string') {
    const [namespace, name, ...more] = sub.startsWith(SERVICE_ACCOUNT) ? sub.slice(SERVICE_ACCOUNT.length).split(':') : [];
    return namespace !== undefined && name !== undefined && more.length === 0 ? [namespace, name] : undefined;
  }
  return isText(sub) && like(sub, `${SERVICE_ACCOUNT}*`) !== 'no' ? [new Unknown('sub.namespace'), new Unknown('sub.name')] : undefined;
}

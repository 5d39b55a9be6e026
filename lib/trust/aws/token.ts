import { Gate, Token, Where } from '../model';
import { tokenTimeGate } from '../token-time';
import { at, equal, isList, isMap, isText, like, partsOf, show, some, text, TextValue, Unknown, Value, Verdict } from '../value';

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
 * Whether a token is valid at a time, in seconds since 1970; STS takes none without an end, and takes one for five minutes after it. What it makes of `iat` is
 * not documented, and it has been seen to refuse tokens that were issued more than a day ago.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc.html
 * @see https://github.com/mozilla-iam/mozilla-aws-cli/issues/146
 */
export function timeGate(token: Token, now: number, where: Where): Gate {
  return tokenTimeGate(token, now, where, { missing: { exp: 'no', iat: 'unknown' }, grace: 300, age: { seconds: 24 * 3600, beyond: 'unknown' } });
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

/**
 * What STS takes, in characters: a parameter that is longer is refused. The subject is given back in its answer, which has room for no other; whether one that does
 * not fit is refused is not documented.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
 */
export const LIMITS = { token: 20_000, subject: [6, 255] } as const;

/** Whether the claims alone take more characters than a token may have: they stand in it in base64. */
export function isTooLong(token: Token): boolean {
  const most = LIMITS.token / 4 * 3;
  const rest: Value[] = [token];
  let least = 0;
  while (rest.length > 0 && least <= most) {
    const value = rest.pop()!;
    if (isList(value)) {
      least += value.length + 1;
      rest.push(...value.slice(0, most));
    } else if (isMap(value)) {
      for (const [key, inner] of value) {
        least += key.length + '"":,'.length;
        rest.push(inner);
      }
    } else {
      least += isText(value) ? partsOf(value).reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 0), 0) : 1;
    }
  }
  return least > most;
}

/** Whether a subject fits into STS's answer; unknown where nothing says what becomes of it. What of it is not known may be as long as it must. */
export function subjectFits(sub: Value | undefined): Verdict {
  const [least, most] = LIMITS.subject;
  const texts = isText(sub) ? partsOf(sub) : [];
  const length = texts.reduce((sum, part) => sum + (typeof part === 'string' ? [...part].length : 0), 0);
  return length > most || (length < least && typeof sub === 'string') || sub === undefined ? 'unknown' : 'yes';
}

/**
 * Whether the claim of Kubernetes in a token says what `sub` says, and which pod it is for; unknown where it does not, as EKS Pod Identity takes the token of a pod
 * and does not say which of the two it reads.
 * @see https://docs.aws.amazon.com/eks/latest/APIReference/API_auth_AssumeRoleForPodIdentity.html
 */
export function podClaimVerdict(token: Token): Verdict {
  const [namespace, name, pod, uid] = [['namespace'], ['serviceaccount', 'name'], ['pod', 'name'], ['pod', 'uid']].map(path => at(token, 'kubernetes.io', ...path));
  const sub = token.get('sub');
  const isSaid = [namespace, name, pod, uid].every(value => isText(value) && value !== '');
  return isSaid && isText(sub) && equal(subjectOf(namespace as TextValue, name as TextValue), sub) === 'yes' ? 'yes' : 'unknown';
}

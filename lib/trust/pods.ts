import { isList, Unknown, Value, ValueMap } from './value';

/** The audience of the tokens that EKS Pod Identity presents. */
export const PODS_AUDIENCE = 'pods.eks.amazonaws.com';

/** Whether a token is what EKS Pod Identity presents, by its claim `aud`. */
export function isForPods(aud: Value | undefined): boolean {
  return aud === PODS_AUDIENCE || (isList(aud) && aud.includes(PODS_AUDIENCE));
}

/** What a token says of its pod where it does not matter which: EKS Pod Identity takes the token of some pod. */
export const ANY_POD: ValueMap = new Map(['name', 'uid'].map(field => [field, new Unknown(`kubernetes.io.pod.${field}`)]));

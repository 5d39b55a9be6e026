import { ANYTHING, KeyState, MISSING, perhaps, RequestContext, single } from './conditions';
import { lower } from './policy';
import { sessionKey } from './session-claims';
import { audienceOf, audiencesOf } from './token';
import { Token } from '../model';
import { equal, isList, isText, partsOf, some, text, TextValue, Unknown, Value } from '../value';

/** A condition key of an identity provider, taken apart: the provider, and what of its token is meant. */
export interface FederatedKey {
  readonly host: TextValue;
  /** In lower case, as keys have no case. */
  readonly claim: string;
}

/** Google as it is built into IAM. */
export const GOOGLE = 'accounts.google.com';
const COGNITO = 'cognito-identity.amazonaws.com';
const GITHUB = 'token.actions.githubusercontent.com';

/**
 * The claims of GitHub's tokens that are condition keys.
 * @see https://aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims/
 */
const GITHUB_CLAIMS = new Set([
  'actor', 'actor_id', 'job_workflow_ref', 'repository', 'repository_id', 'workflow', 'ref', 'environment', 'enterprise_id',
]);
/** Providers of whose tokens more claims are keys, by names that are not all known here. */
const MORE_CLAIMS = [GOOGLE, GITHUB, 'oidc.circleci.com', 'oraclecloud.com'];
/** Claims that AWS lists for every provider, without saying that each provider's are taken. */
const PERHAPS = new Set(['amr', 'azp']);

/** A key that names an identity provider; undefined for those of AWS and its services. */
export function federatedKey(key: TextValue): FederatedKey | undefined {
  const parts = partsOf(key);
  const last = parts.at(-1)!;
  const colon = typeof last === 'string' ? last.lastIndexOf(':') : -1;
  if (typeof last !== 'string' || colon < 0) {
    return undefined;
  }
  const [first] = parts;
  // The prefixes of AWS have no dot, and hosts have one.
  if (typeof first === 'string' && !first.split(':', 1)[0]!.includes('.') && first.includes(':')) {
    return undefined;
  }
  return { host: text(...parts.slice(0, -1), last.slice(0, colon)), claim: last.slice(colon + 1).toLowerCase() };
}

/** A request that exchanges a token. */
export interface Exchange {
  readonly token: Token;
  /** How the token's issuer is called: what is found under one of them is the token's. */
  readonly hosts: readonly TextValue[];
  /** The ARN of the role that is asked for. */
  readonly role: TextValue;
}

/**
 * The keys of a request that exchanges a token.
 *
 * A key of the provider is there for those claims that AWS documents, and other claims never become keys.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 */
export function webIdentityContext({ token, hosts, role }: Exchange, at: number | undefined): RequestContext {
  const lowerHosts = hosts.map(lower);
  return key => {
    const federated = federatedKey(key);
    if (federated === undefined) {
      return globalKey(token, key, role, at);
    }
    const ours = some(lowerHosts.map(host => equal(lower(federated.host), host)));
    if (ours === 'no') {
      return MISSING;
    }
    const state = claimState(token, lowerHosts, federated.claim);
    return ours === 'yes' || state.length === 0 ? state : [...state, undefined];
  };
}

function claimState(token: Token, hosts: readonly TextValue[], claim: string): KeyState {
  const is = (host: string) => hosts.includes(host);
  switch (claim) {
    case 'sub': case 'email': return textState(token.get(claim));
    case 'aud': return audienceOf(token).values.length === 0 ? MISSING : audienceOf(token).values.map(value => [value]);
    case 'oaud': return audienceState(token, is(GOOGLE));
    case 'amr': return is(COGNITO) ? textState(token.get(claim)) : orMissing(textState(token.get(claim)));
  }
  if (is(GITHUB) && GITHUB_CLAIMS.has(claim)) {
    return textState(token.get(claim));
  }
  const more = hosts.some(host => typeof host === 'string' ? MORE_CLAIMS.some(name => host.includes(name)) : true);
  return is(GITHUB) || PERHAPS.has(claim) ? orMissing(textState(token.get(claim))) : more ? ANYTHING : MISSING;
}

/** Google's `aud` claim, which IAM calls `oaud`; it is not documented whether other providers have the key. */
function audienceState(token: Token, certain: boolean): KeyState {
  const audiences = audiencesOf(token);
  const state: KeyState = audiences.length === 0 ? MISSING : audiences.map(value => [value]);
  return certain ? state : orMissing(state);
}

function orMissing(state: KeyState): KeyState {
  return state.length === 0 || state.includes(undefined) ? state : [...state, undefined];
}

function textState(value: Value | undefined): KeyState {
  if (value === undefined || value === null) {
    return MISSING;
  }
  if (isText(value)) {
    return single(value);
  }
  return isList(value) && value.every(isText) ? [value] : typeof value === 'number' || typeof value === 'boolean' ? single(String(value)) : ANYTHING;
}

/** The keys that every request has, or that STS makes of it. */
function globalKey(token: Token, key: TextValue, role: TextValue, at: number | undefined): KeyState {
  const name = lower(key);
  if (typeof name !== 'string') {
    return ANYTHING;
  }
  if (name === 'aws:currenttime' || name === 'aws:epochtime') {
    return timeState(name, at);
  }
  // A request that exchanges a token has no place for an external id.
  return sessionKey(token, name, role) ?? (name === 'sts:externalid' ? MISSING : ANYTHING);
}

/** The time of a request, where it is given. */
export function timeState(name: string, at: number | undefined): KeyState {
  if (at === undefined || Number.isNaN(new Date(at * 1000).getTime())) {
    return ANYTHING;
  }
  return single(name === 'aws:epochtime' ? String(Math.floor(at)) : new Date(at * 1000).toISOString());
}

/** What a session by EKS Pod Identity is tagged with. */
export interface PodTags {
  readonly clusterArn: TextValue;
  readonly clusterName: TextValue;
  readonly namespace: TextValue;
  readonly serviceAccount: TextValue;
}

/**
 * The tags that EKS Pod Identity gives its sessions, by their keys.
 * @see https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
 */
export function podTags(tags: PodTags, token: Token): ReadonlyMap<string, TextValue> {
  const kubernetes = token.get('kubernetes.io');
  const pod = kubernetes instanceof Map ? kubernetes.get('pod') as Value | undefined : undefined;
  const ofPod = (field: string) => {
    const value = pod instanceof Map ? pod.get(field) as Value | undefined : undefined;
    return isText(value) ? value : new Unknown(`kubernetes.io.pod.${field}`);
  };
  return new Map<string, TextValue>([
    ['eks-cluster-arn', tags.clusterArn],
    ['eks-cluster-name', tags.clusterName],
    ['kubernetes-namespace', tags.namespace],
    ['kubernetes-service-account', tags.serviceAccount],
    ['kubernetes-pod-name', ofPod('name')],
    ['kubernetes-pod-uid', ofPod('uid')],
  ]);
}

/** The keys of the request by which EKS assumes a role for a pod. */
export function podIdentityContext(
  tags: ReadonlyMap<string, TextValue>, source: { readonly account?: TextValue; readonly arn: TextValue }, at: number | undefined,
): RequestContext {
  return key => {
    const name = lower(key);
    if (typeof name !== 'string') {
      return ANYTHING;
    }
    const tag = name.startsWith('aws:requesttag/') ? tags.get(name.slice('aws:requesttag/'.length)) : undefined;
    switch (name) {
      case 'aws:tagkeys': case 'sts:transitivetagkeys': return tags.size === 0 ? MISSING : [[...tags.keys()]];
      case 'aws:currenttime': case 'aws:epochtime': return timeState(name, at);
      // Published policies disagree on whether EKS sends these.
      case 'aws:sourceaccount': return source.account === undefined ? ANYTHING : perhaps(source.account);
      case 'aws:sourcearn': return perhaps(source.arn);
      case 'aws:principalisawsservice': return single('true');
      case 'sts:externalid': return MISSING;
    }
    return name.startsWith('aws:requesttag/') ? (tag === undefined ? MISSING : single(tag)) : federatedKey(key) === undefined ? ANYTHING : MISSING;
  };
}

/** What a role's session brings to its request for another role. */
export interface SessionFacts {
  readonly roleArn: TextValue;
  readonly account?: TextValue;
  /** Tags of the role, and of its session, by their keys in lower case. */
  readonly principalTags: ReadonlyMap<string, TextValue>;
  /** Whether there are no other tags. */
  readonly allTags: boolean;
  /** Tags that the session hands on, and that nobody can set otherwise. */
  readonly inherited: ReadonlyMap<string, TextValue>;
  /** What EKS asks for, where it assumes the role itself: then nobody can choose anything. */
  readonly byEks?: { readonly tags: ReadonlyMap<string, TextValue>; readonly externalId?: TextValue };
}

/** The keys of the request by which the session of a role assumes another role. */
export function chainContext(facts: SessionFacts, at: number | undefined): RequestContext {
  return key => {
    const name = lower(key);
    if (typeof name !== 'string') {
      return ANYTHING;
    }
    if (name.startsWith('aws:requesttag/')) {
      return requestTag(facts, name.slice('aws:requesttag/'.length));
    }
    if (name.startsWith('aws:principaltag/')) {
      const tag = facts.principalTags.get(name.slice('aws:principaltag/'.length));
      return tag !== undefined ? single(tag) : facts.allTags ? MISSING : ANYTHING;
    }
    switch (name) {
      case 'aws:principalarn': return single(facts.roleArn);
      case 'aws:principalaccount': return facts.account === undefined ? ANYTHING : single(facts.account);
      case 'aws:principaltype': return single('AssumedRole');
      case 'aws:currenttime': case 'aws:epochtime': return timeState(name, at);
      case 'sts:externalid': return facts.byEks === undefined ? ANYTHING : facts.byEks.externalId === undefined ? MISSING : single(facts.byEks.externalId);
      case 'aws:tagkeys': return facts.byEks === undefined ? ANYTHING : facts.byEks.tags.size === 0 ? MISSING : [[...facts.byEks.tags.keys()]];
    }
    return ANYTHING;
  };
}

function requestTag({ byEks, inherited }: SessionFacts, tag: string): KeyState {
  if (byEks !== undefined) {
    const value = byEks.tags.get(tag);
    return value === undefined ? MISSING : single(value);
  }
  // What is handed on cannot be set again; whether the request has it then is not documented.
  const value = inherited.get(tag);
  return value === undefined ? ANYTHING : perhaps(value);
}

import { ExpectationError, Texts } from './texts';
import { before } from '../trust/judge';
import { issuerOfWorkload } from '../trust/kubernetes/clusters';
import { Attempt, Door, Identity } from '../trust/model';
import { PODS_AUDIENCE } from '../trust/pods';
import { Model } from '../trust/read';
import { distinct, equal, like, show, text, TextValue } from '../trust/value';

/** The issuer of a subject's tokens: a cluster as our constructs have it, or anything else with an issuer, or the issuer itself. */
export type IssuedBy =
  | { readonly cluster: { readonly issuer: string }; readonly issuer?: undefined }
  | { readonly issuer: string; readonly cluster?: undefined };

/** Whose tokens they are: a Kubernetes service account, a value of `cluster.serviceAccount(…)`, or the `sub` claim of any other issuer's tokens. */
export type Named =
  | { readonly namespace: string; readonly serviceAccount: string; readonly name?: undefined; readonly subject?: undefined }
  | { readonly namespace: string; readonly name: string; readonly serviceAccount?: undefined; readonly subject?: string }
  | { readonly subject: string; readonly namespace?: undefined; readonly serviceAccount?: undefined; readonly name?: undefined };

/** Who asks to become an identity. Texts may be literal, tokens of cdktf, or expressions as they stand in the synthesized stack. */
export type Subject = IssuedBy & Named & {
  /**
   * The audience of the token.
   * @default - what the wiring of the service account's workload presents where it is in what was synthesized; otherwise what clients of the mechanism
   * ask for by default
   */
  readonly audience?: string;
  /**
   * The time at which the token is presented.
   * @default - times are not looked at
   */
  readonly at?: Date;
};

/** A subject, read. */
export interface Claims {
  readonly issuer: TextValue;
  readonly subject: TextValue;
  /** Undefined where it is not a service account of Kubernetes. */
  readonly account?: { readonly namespace: TextValue; readonly serviceAccount: TextValue };
  readonly audience?: TextValue;
  /** The time in seconds since 1970. */
  readonly at?: number;
}

const AUDIENCES = new Map<Door['mechanism'], string>([
  ['aws-oidc', 'sts.amazonaws.com'], ['aws-pod-identity', PODS_AUDIENCE], ['azure-federation', 'api://AzureADTokenExchange'],
]);

/** Reads whose token is meant. */
export function claimsOf(subject: Subject, texts: Texts): Claims {
  const { cluster, namespace, serviceAccount = subject.name, audience, at } = subject;
  const issuer = given('issuer', subject.issuer ?? cluster?.issuer, 'pass a cluster or an issuer', texts);
  const rest = {
    ...audience !== undefined && { audience: given('audience', audience, '', texts) },
    ...at !== undefined && { at: secondsOf(at) },
  };
  if (namespace === undefined && serviceAccount === undefined) {
    return { issuer, subject: given('subject', subject.subject, 'pass a namespace and a serviceAccount, or a subject', texts), ...rest };
  }
  const account = {
    namespace: given('namespace', namespace, 'pass the namespace of the service account', texts),
    serviceAccount: given('serviceAccount', serviceAccount, 'pass the name of the service account', texts),
  };
  return { issuer, subject: text('system:serviceaccount:', account.namespace, ':', account.serviceAccount), account, ...rest };
}

function given(what: string, value: string | undefined, remedy: string, texts: Texts): TextValue {
  if (typeof value !== 'string' || value === '') {
    throw new ExpectationError(`the subject has no ${what}`, remedy);
  }
  return texts.read(what, value);
}

function secondsOf(at: Date): number {
  const seconds = Math.floor(at.getTime() / 1000);
  if (Number.isNaN(seconds)) {
    throw new ExpectationError('at is no date', 'pass a Date, as in new Date("2026-01-31T02:00:00Z")');
  }
  return seconds;
}

/** A subject for people. */
export function showClaims({ issuer, subject, account, audience }: Claims): string {
  const who = account === undefined ? show(subject) : `${show(account.namespace)}/${show(account.serviceAccount)}`;
  return `${who} of ${show(issuer)}${audience === undefined ? '' : `, for ${show(audience)}`}`;
}

/** The audiences that a subject's tokens for an identity have: the one that is said, or those that its wiring presents, or the mechanism's own. */
export function audiencesFor(claims: Claims, identity: Identity, model: Model): readonly TextValue[] {
  if (claims.audience !== undefined) {
    return [claims.audience];
  }
  const identities = [...before(identity)];
  const presented = identities.flatMap(each => wiredAudiences(claims, each, model));
  const found = presented.length > 0 ? presented : identities.flatMap(({ doors }) => {
    const own = doors.filter(door => door.mechanism !== 'aws-role-chain' && door.mechanism !== 'aws-google');
    const near = own.filter(door => issuersOf(door).some(issuer => like(claims.issuer, issuer, '*') !== 'no'));
    return (near.length > 0 ? near : own).flatMap(defaultAudiences);
  });
  return distinct(found);
}

/** The audiences of the tokens that the wiring of a service account's workload presents to an identity. */
function wiredAudiences({ account, issuer }: Claims, identity: Identity, { workloads }: Model): readonly TextValue[] {
  const own = account === undefined ? [] : workloads.filter(workload =>
    equal(workload.namespace, account.namespace) === 'yes' && equal(workload.serviceAccount, account.serviceAccount) === 'yes'
    && like(issuerOfWorkload(workload) ?? issuer, issuer, '*') !== 'no');
  return own.flatMap(({ attempts }) => attempts).filter(attempt => names(attempt, identity)).flatMap(({ audience }) => audience ?? []);
}

/** Whether a try to become something is about an identity, by its name or by the pool of which it is a member. */
function names({ mechanism, identity: name, registration }: Attempt, identity: Identity): boolean {
  if (name !== undefined) {
    return mechanism !== 'aws-google' && equal(name, identity.name) === 'yes';
  }
  return identity.kind === 'principal' && registration !== undefined
    && identity.doors.some(door => door.registration !== undefined && equal(door.registration.name, registration) === 'yes');
}

function issuersOf({ registration, who }: Door): readonly TextValue[] {
  return [...registration === undefined ? [] : [registration.issuer], ...who.flatMap(({ issuer }) => issuer ?? [])];
}

/** What clients ask for where nobody says otherwise. */
function defaultAudiences({ mechanism, registration, who }: Door): readonly TextValue[] {
  switch (mechanism) {
    case 'gcp-federation':
      // Both are what Google takes where a provider says nothing of audiences; clients ask for either.
      return registration === undefined ? [] : ['https:', ''].map(scheme => text(scheme, '//iam.googleapis.com/', registration.name));
    case 'gcp-native':
      return who.flatMap(({ audiences }) => audiences ?? []);
    default:
      return [AUDIENCES.get(mechanism) ?? []].flat();
  }
}

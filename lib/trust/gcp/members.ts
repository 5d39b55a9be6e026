import { after, splitAt } from './texts';
import { partsOf, text, TextValue, Unknown } from '../value';

/** Which identities of a pool a member stands for. */
export type Selector =
  | { readonly kind: 'subject'; readonly value: TextValue }
  | { readonly kind: 'group'; readonly value: TextValue }
  | { readonly kind: 'attribute'; readonly name: TextValue; readonly value: TextValue }
  | { readonly kind: 'all' }
  | { readonly kind: 'unknown' };

/** Which pods of a project's GKE clusters a member stands for. */
export type NativeSelector =
  | { readonly kind: 'account'; readonly namespace: TextValue; readonly name: TextValue }
  | { readonly kind: 'namespace'; readonly namespace: TextValue }
  | { readonly kind: 'cluster'; readonly issuer: TextValue }
  | { readonly kind: 'uid'; readonly uid: TextValue }
  | { readonly kind: 'all' }
  | { readonly kind: 'unknown' };

/** A member of an IAM policy that tokens lead to. */
export type Member =
  | { readonly kind: 'pool'; readonly name: TextValue; readonly pool: TextValue; readonly selector: Selector }
  | { readonly kind: 'native'; readonly name: TextValue; readonly project: TextValue; readonly selector: NativeSelector }
  | { readonly kind: 'account'; readonly name: TextValue; readonly email: TextValue }
  | { readonly kind: 'anyone'; readonly name: TextValue; readonly authenticated: boolean }
  | { readonly kind: 'unknown'; readonly name: TextValue };

const NATIVE_DOMAIN = '.svc.id.goog';

/**
 * Members that service accounts may be among, which the input does not list: groups, and all accounts of a project, folder or organization.
 * @see https://cloud.google.com/iam/docs/principal-identifiers
 */
const OPAQUE = ['group:', 'principalSet://cloudresourcemanager.googleapis.com/'];

/**
 * Reads a member; undefined for people, groups of them and whatever else no token of a workload leads to.
 * @see https://cloud.google.com/iam/docs/principal-identifiers
 */
export function readMember(name: TextValue): Member | undefined {
  if (name === 'allUsers' || name === 'allAuthenticatedUsers') {
    return { kind: 'anyone', name, authenticated: name === 'allAuthenticatedUsers' };
  }
  const [first] = partsOf(name);
  if (first instanceof Unknown) {
    return { kind: 'unknown', name };
  }
  const account = after(name, 'serviceAccount:');
  if (account !== undefined) {
    return bracketed(name, account) ?? { kind: 'account', name, email: account };
  }
  const principal = after(name, 'principal://iam.googleapis.com/');
  const rest = principal ?? after(name, 'principalSet://iam.googleapis.com/');
  return rest === undefined ? undefined : principalOf(name, rest, principal !== undefined);
}

/** Reads a member behind which service accounts may be that the member does not name; undefined for all others. */
export function readCrowd(name: TextValue): Member | undefined {
  return OPAQUE.some(prefix => after(name, prefix) !== undefined) ? { kind: 'unknown', name } : undefined;
}

/** `PROJECT.svc.id.goog[NAMESPACE/NAME]`, the older form of a member of Google's own pool. */
function bracketed(name: TextValue, account: TextValue): Member | undefined {
  const [project, inner] = splitAt(account, `${NATIVE_DOMAIN}[`) ?? [];
  const [names, end] = inner === undefined ? [] : splitAt(inner, ']') ?? [];
  const [namespace, serviceAccount] = names === undefined ? [] : splitAt(names, '/') ?? [];
  if (project === undefined || inner === undefined) {
    return undefined;
  }
  const selector: NativeSelector = namespace === undefined || serviceAccount === undefined || end !== ''
    ? { kind: 'unknown' } : { kind: 'account', namespace, name: serviceAccount };
  return { kind: 'native', name, project, selector };
}

function principalOf(name: TextValue, rest: TextValue, single: boolean): Member | undefined {
  const cut = cutPool(rest, single ? ['/subject/', '/kubernetes.serviceaccount.uid/']
    : ['/attribute.', '/group/', '/namespace/', '/kubernetes.cluster/', '/kubernetes.serviceaccount.uid/', '/*']);
  const pool = cut?.pool ?? rest;
  const [place, id] = splitAt(pool, '/workloadIdentityPools/') ?? [];
  if (place === undefined && !(partsOf(pool)[0] instanceof Unknown)) {
    // Pools of people, and what is no pool.
    return undefined;
  }
  const project = id === undefined ? undefined : before(id, NATIVE_DOMAIN);
  return project === undefined
    ? { kind: 'pool', name, pool, selector: selectorOf(cut?.selector, cut?.value) }
    : { kind: 'native', name, project, selector: nativeSelectorOf(cut?.selector, cut?.value) };
}

interface Cut {
  readonly pool: TextValue;
  readonly selector: string;
  readonly value: TextValue;
}

/** The pool and what follows it; a pool's name holds none of what selects. */
function cutPool(rest: TextValue, selectors: readonly string[]): Cut | undefined {
  for (const selector of selectors) {
    const pieces = splitAt(rest, selector);
    if (pieces !== undefined) {
      return { pool: pieces[0], selector, value: pieces[1] };
    }
  }
  return undefined;
}

function selectorOf(selector: string | undefined, value: TextValue | undefined): Selector {
  if (selector === undefined || value === undefined) {
    return { kind: 'unknown' };
  }
  switch (selector) {
    case '/subject/':
      return { kind: 'subject', value };
    case '/group/':
      return { kind: 'group', value };
    case '/*':
      return value === '' ? { kind: 'all' } : { kind: 'unknown' };
    case '/attribute.': {
      const [attribute, wanted] = splitAt(value, '/') ?? [];
      return attribute === undefined || wanted === undefined ? { kind: 'unknown' } : { kind: 'attribute', name: attribute, value: wanted };
    }
    default:
      return { kind: 'unknown' };
  }
}

/** @see https://cloud.google.com/kubernetes-engine/docs/concepts/workload-identity#principal-id-examples */
function nativeSelectorOf(selector: string | undefined, value: TextValue | undefined): NativeSelector {
  if (selector === undefined || value === undefined) {
    return { kind: 'unknown' };
  }
  switch (selector) {
    case '/subject/': {
      const names = after(value, 'ns/');
      const [namespace, name] = names === undefined ? [] : splitAt(names, '/sa/') ?? [];
      return namespace === undefined || name === undefined ? { kind: 'unknown' } : { kind: 'account', namespace, name };
    }
    case '/namespace/':
      return { kind: 'namespace', namespace: value };
    case '/kubernetes.cluster/':
      return { kind: 'cluster', issuer: value };
    case '/kubernetes.serviceaccount.uid/':
      return { kind: 'uid', uid: value };
    case '/*':
      return value === '' ? { kind: 'all' } : { kind: 'unknown' };
    default:
      return { kind: 'unknown' };
  }
}

/** What is before a known end; undefined where the text has another. */
function before(value: TextValue, suffix: string): TextValue | undefined {
  const parts = partsOf(value);
  const last = parts.at(-1);
  return typeof last === 'string' && last.endsWith(suffix) ? text(...parts.slice(0, -1), last.slice(0, -suffix.length)) : undefined;
}

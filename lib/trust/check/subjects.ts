import { CheckRuleId, Level } from './rules';
import { startsWith } from '../gcp/texts';
import { like, partsOf, show, TextValue } from '../value';

/** Whom a pattern of subjects lets in, and the rule that is about it. */
export interface Breadth {
  readonly rule: CheckRuleId;
  readonly level?: Level;
  /** For people, read after "admits". */
  readonly whom: string;
}

const PREFIX = 'system:serviceaccount:';
/** Stands for an unknown part, and for a name that nobody would have thought of. */
const [UNKNOWN, ANY, OTHER] = ['\uFDD3', '\uFDD4', '\uFDD5'] as const;

/** Issuers that many customers share, by their hosts. */
const SHARED: ReadonlyMap<string, string> = new Map([
  ['token.actions.githubusercontent.com', 'GitHub'], ['gitlab.com', 'GitLab'], ['app.terraform.io', 'HCP Terraform'], ['agent.buildkite.com', 'Buildkite'],
  ['accounts.google.com', 'Google'],
]);

/** Subjects of shared issuers: what comes before the name of the customer. */
const OWNERS = ['repo:', 'project_path:', 'organization:', 'group_path:', 'workspace:', 'org/'];

/** The service that many customers share an issuer of; undefined for an issuer of one's own. */
export function sharedService(issuer: TextValue | undefined): string | undefined {
  const host = typeof issuer === 'string' ? issuer.replace(/^https?:\/\//, '').split('/', 1)[0]! : undefined;
  return host === undefined ? undefined : SHARED.get(host);
}

/** Whom a pattern lets in, of which `*` and `?` are wildcards; undefined where it is one subject. */
export function breadthOf(pattern: TextValue, issuer: TextValue | undefined): Breadth | undefined {
  const plain = partsOf(pattern).map(part => typeof part === 'string' ? part : UNKNOWN).join('');
  if (!/[*?]/.test(plain)) {
    return undefined;
  }
  const service = sharedService(issuer) ?? (plain.startsWith('repo:') ? 'GitHub' : undefined);
  const shown = show(pattern);
  if (like(ANY, plain) === 'yes') {
    return service === undefined
      ? { rule: 'unsafe-cluster', level: 'error', whom: `every subject of ${issuer === undefined ? 'the issuer' : show(issuer)}` }
      : { rule: 'ci-anyone', whom: `everyone who has a token of ${service}` };
  }
  if (service !== undefined && !plain.startsWith(PREFIX)) {
    return ofService(plain, shown, service);
  }
  return like(`${PREFIX}${ANY}:${OTHER}`, plain) === 'yes'
    ? { rule: 'unsafe-cluster', whom: `every service account of every namespace of ${issuer === undefined ? 'the cluster' : show(issuer)}` }
    : plain.startsWith(PREFIX) ? ofCluster(plain.slice(PREFIX.length), shown.slice(PREFIX.length), shown) : { rule: 'wildcard-sub', whom: `every subject that matches ${shown}` };
}

function ofCluster(plain: string, names: string, shown: string): Breadth {
  const colon = plain.indexOf(':');
  if (colon < 0) {
    return { rule: 'wildcard-sub', whom: `every service account of every namespace whose name ${matches(names)}` };
  }
  const [namespace, name] = [plain.slice(0, colon), plain.slice(colon + 1)];
  // Unknown parts are shown as they stand in Terraform, and may have colons of their own.
  const end = plain.includes(UNKNOWN) ? -1 : names.indexOf(':');
  const [ns, account] = end < 0 ? [undefined, undefined] : [names.slice(0, end), names.slice(end + 1)];
  if (!/[*?]/.test(namespace)) {
    return /^\*+$/.test(name)
      ? { rule: 'unsafe-namespace', whom: `every service account of the namespace ${ns ?? `of ${shown}`}` }
      : { rule: 'wildcard-sub', whom: ns === undefined ? `every service account that matches ${shown}` : `every service account of the namespace ${ns} whose name ${matches(account!)}` };
  }
  if (ns === undefined) {
    return { rule: 'wildcard-sub', whom: `every service account that matches ${shown}` };
  }
  const where = /^\*+$/.test(namespace) ? 'of every namespace' : `of every namespace whose name ${matches(ns)}`;
  return /[*?]/.test(name)
    ? { rule: 'wildcard-sub', whom: `every service account ${where}${/^\*+$/.test(name) ? '' : ` whose own name ${matches(account!)}`}` }
    : { rule: 'wildcard-sub', whom: `the service account ${account!} ${where}, also of one that is made tomorrow` };
}

function ofService(plain: string, shown: string, service: string): Breadth {
  const owner = OWNERS.find(prefix => plain.startsWith(prefix));
  const rest = owner === undefined ? plain : plain.slice(owner.length);
  const end = rest.search(/[/:]/);
  const customer = end < 0 ? rest : rest.slice(0, end);
  if (/[*?]/.test(customer)) {
    const begin = customer.slice(0, customer.search(/[*?]/));
    return {
      rule: 'ci-anyone', whom: begin === ''
        ? `everyone who has a token of ${service} that matches ${shown}`
        : `every customer of ${service} whose name begins with ${show(begin)}, also one that is made for the purpose`,
    };
  }
  const [repository, filter] = owner === 'repo:' ? [rest.split(':', 1)[0]!, rest.slice(rest.split(':', 1)[0]!.length + 1)] : [];
  if (repository !== undefined && repository.includes(UNKNOWN)) {
    return { rule: 'wildcard-sub', whom: `every job of ${service} that matches ${shown}` };
  }
  if (repository !== undefined && /[*?]/.test(repository)) {
    return { rule: 'wildcard-sub', whom: `every job of every repository of ${customer} that matches ${repository}, also of one that is made tomorrow` };
  }
  return {
    rule: 'wildcard-sub', whom: repository === undefined ? `every job of ${service} that matches ${shown}`
      : filter === '*' ? `every job of ${repository}: of any branch, tag, environment and pull request` : `every job of ${repository} whose subject ends with what matches ${filter}`,
  };
}

function matches(pattern: string): string {
  return /^[^*?]+\*+$/.test(pattern) ? `begins with ${pattern.replace(/\*+$/, '')}` : `matches ${pattern}`;
}

/** What the name of a service account says of a subject; undefined for one that is none, or of which that is not known. */
export function serviceAccountOf(subject: TextValue): { readonly namespace: string; readonly name: string } | undefined {
  const plain = partsOf(subject).map(part => typeof part === 'string' ? part : UNKNOWN).join('');
  const [namespace, name, ...more] = plain.startsWith(PREFIX) ? plain.slice(PREFIX.length).split(':') : [];
  return namespace === undefined || name === undefined || more.length > 0 ? undefined : { namespace, name };
}

/** Whether a subject may be that of a Kubernetes service account. */
export function mayBeServiceAccount(subject: TextValue): boolean {
  if (startsWith(subject, PREFIX) === 'no') {
    return false;
  }
  if (typeof subject !== 'string') {
    return true;
  }
  const [namespace, name, ...more] = subject.slice(PREFIX.length).split(':');
  return namespace !== '' && name !== undefined && name !== '' && more.length === 0;
}

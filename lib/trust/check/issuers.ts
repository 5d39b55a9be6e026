import { Say } from './finding';
import { LiveIssuers } from './live-issuers';
import { sharedService } from './subjects';
import { sameAccount } from '../aws/arn';
import { startsWith } from '../gcp/texts';
import { Registration, Terraform, Where } from '../model';
import { at, isText, keyOf, show, text, TextValue, Unknown } from '../value';

/** A place that names an issuer. */
export interface IssuerPlace {
  readonly issuer: TextValue;
  readonly where: Where;
  /** Whether the issuer itself is there, as the attribute of a cluster, so that it is right. */
  readonly own?: boolean;
}

const GKE = 'https://container.googleapis.com/v1/projects/';
const AKS = /^https?:\/\/(?:[a-z0-9-]+\.oic|oidc)\.prod-aks\.azure\.com(?::\d+)?\/[^\s]*$/i;
const MANAGED = [
  'oidc\\.eks\\.[a-z0-9-]+\\.amazonaws\\.com(?:\\.cn)?/id/', 'container\\.googleapis\\.com/v1/projects/', '(?:[a-z0-9-]+\\.oic|oidc)\\.prod-aks\\.azure\\.com/',
];
const CLUSTER = new RegExp(`^https://(?:${MANAGED.join('|')})`, 'i');

/** Whether an issuer is that of a managed Kubernetes cluster, by its form. */
export function isCluster(issuer: TextValue | undefined): boolean {
  return typeof issuer === 'string' ? CLUSTER.test(issuer) : issuer !== undefined && startsWith(issuer, GKE) === 'yes';
}

const ATTRIBUTES = ['aws_eks_cluster\\.[^/()]*\\.identity\\.0\\.oidc\\.0\\.issuer', 'azurerm_kubernetes_cluster\\.[^/()]*\\.oidc_issuer_url'];
const ATTRIBUTE = new RegExp(`(?:^|/)(?:data\\.)?(?:${ATTRIBUTES.join('|')})$`);

/** Whether an issuer is the attribute of a managed Kubernetes cluster, whatever its value. */
export function isOfClusterResource(issuer: TextValue): boolean {
  return issuer instanceof Unknown && ATTRIBUTE.test(issuer.symbol);
}

/** The clusters of the input with their issuers, as far as they are known. */
export function clusterPlaces(terraform: Terraform): readonly IssuerPlace[] {
  const named = (type: string, ...path: readonly (string | number)[]) => terraform.ofType(type).flatMap(({ values, where }): IssuerPlace[] => {
    const issuer = at(values, ...path);
    return isText(issuer) ? [{ issuer, where, own: true }] : [];
  });
  return [
    ...named('aws_eks_cluster', 'identity', 0, 'oidc', 0, 'issuer'),
    ...named('azurerm_kubernetes_cluster', 'oidc_issuer_url'),
    ...terraform.ofType('google_container_cluster').flatMap(({ values, where }): IssuerPlace[] => {
      const id = values.get('id');
      return isText(id) ? [{ issuer: text('https://container.googleapis.com/v1/', id), where, own: true }] : [];
    }),
  ];
}

/** Looks at how issuers are written. */
export function checkIssuers(places: readonly IssuerPlace[], live: LiveIssuers | undefined, say: Say): void {
  const outlived = new Set<string>();
  for (const { issuer, where, own } of places) {
    if (own === true) {
      continue;
    }
    const stack = `${where.stack ?? where.file} ${keyOf(issuer)}`;
    if (startsWith(issuer, GKE) === 'yes' && !outlived.has(stack)) {
      outlived.add(stack);
      say('gke-issuer-outlives-cluster', {
        where, key: keyOf(issuer), message: `the issuer ${show(issuer)} is named after its cluster: whoever may create a cluster of that name, once this one is gone, inherits what trusts it`,
      });
    }
    if (typeof issuer === 'string') {
      checkForm(issuer, where, say);
    }
  }
  checkNearMisses(places, live, say);
  if (live !== undefined) {
    checkLive(places, live, say);
  }
}

function checkForm(issuer: string, where: Where, say: Say): void {
  if (/^http:\/\//i.test(issuer)) {
    say('http-issuer', { where, key: issuer, message: `the issuer ${show(issuer)} is not served by TLS: no cloud takes its keys, or whoever is on the way can put theirs in place of them` });
  }
  if (AKS.test(issuer) && !issuer.endsWith('/')) {
    say('aks-issuer-without-slash', {
      where, key: issuer, message: `the tokens of the cluster have ${show(issuer)}/ as iss, and ${show(issuer)} is not the same: none of them is taken`, remedy: `write ${show(issuer)}/`,
    });
  }
}

interface Spelling {
  readonly issuer: string;
  readonly port: string | undefined;
  readonly places: IssuerPlace[];
  own: boolean;
}

/** Issuers that are the same but for what people leave out. */
function checkNearMisses(places: readonly IssuerPlace[], live: LiveIssuers | undefined, say: Say): void {
  const groups = new Map<string, Map<string, Spelling>>();
  const spellingOf = (issuer: string) => {
    const { plain, port } = plainOf(issuer);
    const group = groups.get(plain) ?? new Map<string, Spelling>();
    groups.set(plain, group);
    const spelling = group.get(issuer) ?? { issuer, port, places: [], own: false };
    group.set(issuer, spelling);
    return spelling;
  };
  for (const place of places) {
    if (typeof place.issuer === 'string' && sharedService(place.issuer) === undefined) {
      const spelling = spellingOf(place.issuer);
      spelling.places.push(place);
      spelling.own ||= place.own === true;
    }
  }
  for (const issuer of live?.issuers ?? []) {
    spellingOf(issuer).own = true;
  }
  for (const group of groups.values()) {
    if (group.size < 2) {
      continue;
    }
    const spellings = [...group.values()];
    // What the cluster itself says is right; else what most places say.
    const right = spellings.find(({ own }) => own) ?? [...spellings].sort((a, b) => b.places.length - a.places.length)[0]!;
    for (const { issuer, port, places: wrong, own } of spellings) {
      const twoPorts = port !== undefined && right.port !== undefined && port !== right.port;
      if (issuer === right.issuer || own || twoPorts) {
        continue;
      }
      for (const { where } of wrong) {
        const source = right.places[0]?.where.address;
        say('issuer-near-miss', {
          where, key: issuer,
          message: `${show(issuer)} differs from ${show(right.issuer)}${source === undefined ? '' : ` of ${source}`} in ${difference(issuer, right.issuer)} alone: tokens of the one are never taken for the other`,
          remedy: `write ${show(right.issuer)}, if that is the iss of the tokens`,
        });
      }
    }
  }
}

function plainOf(issuer: string): { readonly plain: string; readonly port: string | undefined } {
  const bare = issuer.toLowerCase().replace(/^https?:\/\//, '');
  let end = bare.length;
  while (end > 0 && bare[end - 1] === '/') {
    end--;
  }
  const slash = bare.indexOf('/');
  const host = slash < 0 ? bare.slice(0, end) : bare.slice(0, slash);
  const colon = host.lastIndexOf(':');
  const port = colon >= 0 && /^\d{1,5}$/.test(host.slice(colon + 1)) ? host.slice(colon + 1) : undefined;
  return { plain: (port === undefined ? host : host.slice(0, colon)) + (slash < 0 ? '' : bare.slice(slash, end)), port };
}

function difference(a: string, b: string): string {
  const parts = [
    ...a.toLowerCase().startsWith('http://') !== b.toLowerCase().startsWith('http://') ? ['the scheme'] : [],
    ...a.endsWith('/') !== b.endsWith('/') ? ['a slash at the end'] : [],
    ...plainOf(a).port !== plainOf(b).port ? ['a port'] : [],
  ];
  return parts.length === 0 ? a.toLowerCase() === b.toLowerCase() ? 'case' : 'slashes at the end' : parts.join(' and ');
}

function checkLive(places: readonly IssuerPlace[], live: LiveIssuers, say: Say): void {
  for (const { issuer, where, own } of places) {
    if (own !== true && typeof issuer === 'string' && sharedService(issuer) === undefined && !live.issuers.has(issuer)) {
      say('dead-issuer', {
        where, key: issuer,
        message: `${show(issuer)} is not among the ${live.issuers.size} issuers that exist by ${live.file}: the workloads of the cluster that took its place, if one did, are refused, and this trust is left over`,
      });
    }
  }
}

/** Issuers that are registered more than once in an account. */
export function checkRegistrations(registrations: readonly Registration[], terraform: Terraform, say: Say): void {
  const byIssuer = new Map<string, Registration[]>();
  for (const registration of registrations.filter(({ cloud, where }) => cloud === 'aws' && !where.address.includes('data.'))) {
    const key = keyOf(registration.issuer);
    const others = byIssuer.get(key);
    if (others === undefined) {
      byIssuer.set(key, [registration]);
    } else if (others.length < MAX_SAME) {
      checkTwice(others, registration, say);
      others.push(registration);
    }
  }
  const pools = new Map<string, Where>();
  for (const { values, where } of terraform.ofType('google_iam_workload_identity_pool', 'managed')) {
    const name = values.get('name');
    const first = isText(name) ? pools.get(keyOf(name)) : undefined;
    if (isText(name) && first !== undefined) {
      say('registered-in-two-stacks', { where, level: 'error', message: `the pool ${show(name)} is made by ${placeOf(first)} too: the second of them fails` });
    } else if (isText(name)) {
      pools.set(keyOf(name), where);
    }
  }
}

/** Most registrations of one issuer that are compared with each other. */
const MAX_SAME = 20;

function checkTwice(others: readonly Registration[], { issuer, name, where }: Registration, say: Say): void {
  for (const other of others) {
    const same = sameAccount(other.name, name);
    if (same === 'yes' || (same === 'unknown' && other.where.stack !== where.stack)) {
      say('registered-in-two-stacks', {
        where, level: same === 'yes' ? 'error' : 'warning', key: keyOf(issuer),
        message: `${show(issuer)} is registered by ${placeOf(other.where)} too${same === 'yes' ? ', in the same account: the second of them fails' : '; if both go to one account, the second of them fails'}`,
      });
      return;
    }
  }
}

function placeOf({ address, stack }: Where): string {
  return stack === undefined || stack === '' ? address : `${address} of ${stack}`;
}

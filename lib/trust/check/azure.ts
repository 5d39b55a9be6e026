import { isKubernetesAudience } from './audiences';
import { Say } from './finding';
import { isCluster, IssuerPlace } from './issuers';
import { breadthOf, mayBeServiceAccount } from './subjects';
import { Credential, readCredentials } from '../azure/credentials';
import { Terraform, Where } from '../model';
import { keyOf, partsOf, show, text } from '../value';

/** @see https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations */
const MAX_CREDENTIALS = 20;
/** What the clouds of Azure recommend. */
const AUDIENCES = new Set(['api://AzureADTokenExchange', 'api://AzureADTokenExchangeUSGov', 'api://AzureADTokenExchangeChina']);

/** Looks at federated credentials; gives the places that name issuers. */
export function checkAzure(terraform: Terraform, say: Say): readonly IssuerPlace[] {
  const credentials = readCredentials(terraform, []);
  const byParent = new Map<string, Where[]>();
  for (const credential of credentials) {
    checkCredential(credential, say);
    // Azure takes its ids in any case.
    const parent = keyOf(text(...partsOf(credential.parent).map(part => typeof part === 'string' ? part.toLowerCase() : part)));
    const others = byParent.get(parent);
    others === undefined ? byParent.set(parent, [credential.where]) : others.push(credential.where);
  }
  for (const places of byParent.values()) {
    if (places.length > MAX_CREDENTIALS) {
      say('too-many-credentials', {
        where: places[MAX_CREDENTIALS]!, message: `it is the ${MAX_CREDENTIALS + 1}st of ${places.length} federated credentials of its identity, and Azure takes ${MAX_CREDENTIALS}`,
      });
    }
  }
  return credentials.map(({ issuer, where }) => ({ issuer, where: { ...where, attribute: 'issuer' } }));
}

function checkCredential({ issuer, subject, matcher, audiences, where }: Credential, say: Say): void {
  for (const audience of audiences) {
    const place = { ...where, attribute: 'audience' };
    if (isKubernetesAudience(audience, issuer)) {
      say('kubernetes-api-audience', { where: place, key: keyOf(audience), message: `${show(audience)} is an audience of the tokens that pods get without asking: whoever sees one of those becomes the identity` });
    } else if (typeof audience === 'string' && !AUDIENCES.has(audience)) {
      say('azure-audience', { where: place, key: audience, message: `the credential takes tokens for ${show(audience)}, which neither Azure's webhook nor its libraries ask for: whoever gets such a token elsewhere can become the identity` });
    }
  }
  const place = { ...where, attribute: matcher === undefined ? 'subject' : 'claims_matching_expression' };
  if (subject !== undefined) {
    if (partsOf(subject).some(part => typeof part === 'string' && part.includes('*'))) {
      say('literal-wildcard', { where: place, message: `Entra ID compares the subject ${show(subject)} to the letter, and no token has a * there: nobody is let in by it` });
    } else if (isCluster(issuer) && !mayBeServiceAccount(subject)) {
      say('not-a-kubernetes-subject', {
        where: place, message: `no token of ${show(issuer)} has the sub ${show(subject)}: those of its service accounts are system:serviceaccount:<namespace>:<name>`,
      });
    }
  }
  const claims = matcher?.claims;
  if (claims === undefined) {
    return;
  }
  if (!claims.some(({ claim }) => ['sub', 'job_workflow_ref', 'repository'].includes(claim))) {
    say('missing-sub', { where: place, message: `${show(matcher?.source)} does not look at sub: every subject of ${show(issuer)} that has the other claims becomes the identity` });
  }
  const exact = claims.some(({ claim, pattern, wildcards }) => claim === 'sub' && (!wildcards || breadthOf(pattern, issuer) === undefined));
  for (const { claim, pattern, wildcards } of exact ? [] : claims) {
    const breadth = wildcards && claim === 'sub' ? breadthOf(pattern, issuer) : undefined;
    if (breadth !== undefined) {
      say(breadth.rule, { where: place, key: keyOf(pattern), ...breadth.level !== undefined && { level: breadth.level }, message: `${show(matcher?.source)} admits ${breadth.whom}` });
    }
  }
}

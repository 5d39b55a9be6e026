import { Document, readModel, check, CheckOptions } from '../../../lib/trust';

export const ACCOUNT = '111122223333';
export const EKS = 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';
export const GKE = 'https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/apps';
export const AKS = 'https://westeurope.oic.prod-aks.azure.com/5b0f5c4e-8a6e-4b0e-9d0a-3f6f6f0a7a11/0c1d6a52-7e0f-4f57-8a3b-9f2f1c7f4d20/';
export const OWN = 'https://issuer.acme.example';
export const GITHUB = 'https://token.actions.githubusercontent.com';
export const READER = 'system:serviceaccount:reports:reader';
export const POOL = 'projects/123456789012/locations/global/workloadIdentityPools/apps';
export const EMAIL = 'reader@acme.iam.gserviceaccount.com';

export type Json = Readonly<Record<string, any>>;

export const hostOf = (issuer: string) => issuer.slice('https://'.length);
export const arnOf = (issuer: string, account = ACCOUNT) => `arn:aws:iam::${account}:oidc-provider/${hostOf(issuer)}`;

/** Blocks of resources put together, as `{ "aws_iam_role.Reader": {…} }`; those that begin with `data.` are looked up. */
export function terraform(...parts: readonly Json[]): Json {
  const resource: Record<string, Record<string, unknown>> = {};
  const data: Record<string, Record<string, unknown>> = {};
  for (const [address, body] of parts.flatMap(part => Object.entries(part))) {
    const [name, type, mode] = [...address.split('.')].reverse() as [string, string, string?];
    ((mode === 'data' ? data : resource)[type] ??= {})[name] = body;
  }
  return {
    provider: { aws: [{ region: 'eu-west-1', allowed_account_ids: [ACCOUNT] }], google: [{ project: 'acme' }], azurerm: [{ features: {} }] }, resource, data,
  };
}

/** The statement of someone who knows how. */
export function statement(issuer = EKS, more: Json = {}): Json {
  return {
    Effect: 'Allow', Principal: { Federated: arnOf(issuer) }, Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${hostOf(issuer)}:aud`]: 'sts.amazonaws.com', [`${hostOf(issuer)}:sub`]: issuer === GITHUB ? 'repo:acme/shop:ref:refs/heads/main' : READER } }, ...more,
  };
}

export function conditions(operators: Json, issuer = EKS): Json {
  return statement(issuer, {
    Condition: Object.fromEntries(Object.entries(operators).map(([operator, claims]) => [
      operator, Object.fromEntries(Object.entries(claims as Json).map(([claim, value]) => [claim.includes(':') ? claim : `${hostOf(issuer)}:${claim}`, value])),
    ])),
  });
}

export const policyOf = (...statements: readonly Json[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });
export const role = (...statements: readonly Json[]): Json => ({ 'aws_iam_role.Reader': { name: 'reader', assume_role_policy: policyOf(...statements) } });
export const provider = (issuer = EKS, more: Json = {}): Json => ({ 'aws_iam_openid_connect_provider.Apps': { url: issuer, client_id_list: ['sts.amazonaws.com'], ...more } });
export const aws = (...statements: readonly Json[]): Json => terraform(provider(), role(...statements));
/** A role for GitHub's tokens. */
export const ci = (sub: string | readonly string[], operator = 'StringLike') =>
  terraform(provider(GITHUB), role(conditions(operator === 'StringEquals' ? { StringEquals: { aud: 'sts.amazonaws.com', sub } } : { StringEquals: { aud: 'sts.amazonaws.com' }, [operator]: { sub } }, GITHUB)));

/** A pool of an issuer; its id is also its provider's. */
export function pool(issuer = EKS, more: Json = {}, id = 'apps', name = 'Pool'): Json {
  const { oidc = {}, ...rest } = more;
  return {
    [`google_iam_workload_identity_pool_provider.${name}`]: {
      workload_identity_pool_id: id, workload_identity_pool_provider_id: name.toLowerCase(), name: `${POOL}/providers/${name.toLowerCase()}`,
      attribute_mapping: { 'google.subject': 'assertion.sub' }, attribute_condition: `assertion.sub == '${READER}'`, oidc: [{ issuer_uri: issuer, ...oidc }], ...rest,
    },
  };
}

export const subject = (sub = READER) => `principal://iam.googleapis.com/${POOL}/subject/${sub}`;
export const set = (selector: string) => `principalSet://iam.googleapis.com/${POOL}/${selector}`;
export const impersonation = (member: string): Json => ({
  'google_service_account.Reader': { account_id: 'reader' },
  'google_service_account_iam_member.Trust': { service_account_id: `projects/acme/serviceAccounts/${EMAIL}`, role: 'roles/iam.workloadIdentityUser', member },
});
export const gcp = (more: Json = {}, member = subject(), issuer = EKS) => terraform(pool(issuer, more), impersonation(member));

export function azure(more: Json = {}, issuer = AKS): Json {
  return terraform({
    'azurerm_user_assigned_identity.Reader': { name: 'reader', resource_group_name: 'rg', location: 'westeurope' },
    'azurerm_federated_identity_credential.Aks': {
      name: 'aks', resource_group_name: 'rg', parent_id: '${azurerm_user_assigned_identity.Reader.id}', issuer, subject: READER, audience: ['api://AzureADTokenExchange'], ...more,
    },
  });
}

export const document = (json: Json, stack = 'apps'): Document => ({ file: `${stack}/cdk.tf.json`, stack, json });

export function modelOf(...stacks: readonly Json[]) {
  return readModel(stacks.map((json, index) => document(json, index === 0 ? 'apps' : `apps-${index + 1}`)));
}

/** What is found, short: the level, the rule, where, and the message. */
export function found(stacks: Json | readonly Json[], options: CheckOptions = {}): readonly (readonly [string, string, string, string])[] {
  const { findings } = check(modelOf(...Array.isArray(stacks) ? stacks : [stacks as Json]), options);
  return findings.map(({ level, rule, where: { address, attribute }, message }) => [level, rule, attribute === undefined ? address : `${address} ${attribute}`, message]);
}

import { createHash } from 'node:crypto';
import { PolicyError, readPolicy } from './policy';
import type { Policy } from './policy';
import type { Applied, AppliedResource } from '../../model';
import { ofType } from '../../model';

/** A role and what its sessions may do. */
export interface Role {
  readonly arn: string;
  readonly partition: string;
  readonly account: string;
  readonly name: string;
  /** `AROA…`, a part of the id of its sessions. */
  readonly id: string;
  readonly trust: Policy;
  /** In seconds. */
  readonly maxSession: number;
  /** Inline and attached. */
  readonly policies: readonly Policy[];
  readonly boundary: Policy | undefined;
  /** They are tags of its sessions too. */
  readonly tags: ReadonlyMap<string, string>;
}

/** An OIDC provider of an account. */
export interface OidcProvider {
  readonly arn: string;
  /** The issuer without its scheme, as the ARN and condition keys have it. */
  readonly name: string;
  readonly clientIds: readonly string[];
}

/** An association of EKS Pod Identity. */
export interface Association {
  readonly account: string;
  readonly region: string | undefined;
  readonly clusterName: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly roleArn: string;
  readonly targetRoleArn: string | undefined;
  readonly disableSessionTags: boolean;
}

/** What AWS's own policies allow: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonS3ReadOnlyAccess.html; others allow nothing here. */
const MANAGED = new Map<string, Policy>(Object.entries({
  AmazonS3ReadOnlyAccess: ['s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*'],
  AmazonS3FullAccess: ['s3:*', 's3-object-lambda:*'],
  AdministratorAccess: ['*'],
}).map(([name, actions]) => [name, readPolicy('identity', JSON.stringify({
  Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
}))]));

/** IAM and EKS as Terraform left them, in all accounts. Throws where Terraform could not have applied it. */
export class Iam {
  readonly associations: readonly Association[];
  private readonly roles = new Map<string, Role>();
  /** By account and issuer. */
  private readonly providers = new Map<string, OidcProvider>();

  /** @param trustPolicyQuota the characters that a trust policy may have, white space aside */
  constructor(private readonly applied: Applied, private readonly trustPolicyQuota = 2048) {
    for (const resource of ofType(applied, 'aws_iam_openid_connect_provider')) this.addProvider(resource);
    const managed = new Map(ofType(applied, 'aws_iam_policy').map(resource => [iamArn(resource, 'policy'), read(resource, 'identity', resource.values.policy)]));
    for (const resource of ofType(applied, 'aws_iam_role')) this.addRole(resource, managed);
    this.associations = ofType(applied, 'aws_eks_pod_identity_association').map(({ account, values }) => ({
      account,
      region: optional(values.region),
      clusterName: String(values.cluster_name),
      namespace: String(values.namespace),
      serviceAccount: String(values.service_account),
      roleArn: String(values.role_arn),
      targetRoleArn: optional(values.target_role_arn),
      disableSessionTags: values.disable_session_tags === true,
    }));
  }

  role(arn: string): Role | undefined {
    return this.roles.get(arn);
  }

  /** The provider of an issuer in an account; the comparison is exact, as an issuer is (a slash at its end is part of it). */
  provider(account: string, issuer: string): OidcProvider | undefined {
    return this.providers.get(`${account} ${issuer}`);
  }

  private addProvider({ address, account, values }: AppliedResource): void {
    const url = String(values.url);
    const name = url.replace(/^https:\/\//, '');
    // https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html: https, no query, and no port either
    // (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html).
    if (!/^[a-z0-9.-]+(?:\/[!-~]*)?$/i.test(name) || /[?#]/.test(name) || url.length > 255) throw refused(address, `ValidationError: Invalid Open ID Connect Provider URL: ${url}`);
    const key = `${account} https://${name}`;
    if (this.providers.has(key)) throw refused(address, `EntityAlreadyExists: Provider with url ${url} already exists.`);
    this.providers.set(key, {
      arn: `arn:${partitionOf(values.arn)}:iam::${account}:oidc-provider/${name}`,
      name,
      clientIds: list(values.client_id_list).map(String),
    });
  }

  private addRole(resource: AppliedResource, managed: ReadonlyMap<string, Policy>): void {
    const { address, account, values } = resource;
    const arn = iamArn(resource, 'role');
    const name = String(values.name);
    const ofRole = (type: string) => ofType(this.applied, type).filter(each => each.account === account && each.values.role === name);
    const attached = [
      ...ofRole('aws_iam_role_policy_attachment').map(each => each.values.policy_arn),
      ...ofType(this.applied, 'aws_iam_policy_attachment').filter(each => each.account === account && list(each.values.roles).includes(name)).map(each => each.values.policy_arn),
      ...list(values.managed_policy_arns),
    ].map(String);
    const maxSession = Number(values.max_session_duration ?? 3600);
    if (!(maxSession >= 3600 && maxSession <= 43200)) throw refused(address, 'ValidationError: MaxSessionDuration is from 3600 to 43200.');
    if ([...this.roles.values()].some(role => role.account === account && role.name === name)) {
      throw refused(address, `EntityAlreadyExists: Role with name ${name} already exists.`);
    }
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: 2048 unless AWS raised it, up to 8192.
    if (String(values.assume_role_policy).replace(/\s/g, '').length > this.trustPolicyQuota) {
      throw refused(address, `LimitExceeded: Cannot exceed quota for ACLSizePerRole: ${this.trustPolicyQuota}`);
    }
    const boundary = optional(values.permissions_boundary);
    this.roles.set(arn, {
      arn,
      partition: partitionOf(arn),
      account,
      name,
      id: `AROA${createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase()}`,
      trust: read(resource, 'trust', values.assume_role_policy),
      maxSession,
      policies: [
        ...ofRole('aws_iam_role_policy').map(each => read(each, 'identity', each.values.policy)),
        ...list(values.inline_policy).filter(inline => optional(inline.policy) !== undefined).map(inline => read(resource, 'identity', inline.policy)),
        ...attached.flatMap(policyArn => managedPolicy(policyArn, managed) ?? []),
      ],
      boundary: boundary === undefined ? undefined : managedPolicy(boundary, managed) ?? NOTHING,
      tags: new Map(Object.entries((values.tags_all ?? values.tags ?? {}) as Record<string, unknown>).map(([key, value]) => [key, String(value)])),
    });
  }
}

const NOTHING = readPolicy('identity', '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}');

function managedPolicy(arn: string, own: ReadonlyMap<string, Policy>): Policy | undefined {
  const [, name = ''] = /^arn:[a-z0-9-]+:iam::aws:policy\/([\w+=,.@-]+)$/.exec(arn) ?? [];
  return own.get(arn) ?? MANAGED.get(name);
}

/** The ARN as IAM makes it from account, path and name; that of the values must be the same. */
function iamArn({ address, account, values }: AppliedResource, kind: 'role' | 'policy'): string {
  const { path, name, arn } = values;
  if (typeof name !== 'string' || !/^[\w+=,.@-]{1,128}$/.test(name) || (kind === 'role' && name.length > 64)) throw refused(address, `ValidationError: The specified value for ${kind}Name is invalid.`);
  const own = `arn:${partitionOf(arn)}:iam::${account}:${kind}${optional(path) ?? '/'}${name}`;
  if (optional(arn) !== undefined && arn !== own) throw refused(address, `The ARN is ${own}, not ${String(arn)}.`);
  return own;
}

function read({ address }: AppliedResource, kind: Policy['kind'], document: unknown): Policy {
  try {
    return readPolicy(kind, String(document));
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw refused(address, error.message);
  }
}

function refused(address: string, message: string): Error {
  return new Error(`${address} cannot be applied: ${message}`);
}

function partitionOf(arn: unknown): string {
  return typeof arn === 'string' && arn.startsWith('arn:') ? arn.split(':')[1]! : 'aws';
}

/** Terraform writes an argument that is left out as null or as an empty text. */
function optional(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function list(value: unknown): any[] {
  return Array.isArray(value) ? value : [];
}

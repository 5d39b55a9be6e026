import { createHash } from 'node:crypto';
import { readPolicy } from './policy';
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

const SILENT: Policy = { kind: 'identity', statements: [], variables: true };

/**
 * What AWS's own policies allow: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonS3ReadOnlyAccess.html; of those that are about
 * other services only the names are known, and they allow nothing here. Others are not known to be there.
 */
export const MANAGED: ReadonlyMap<string, Policy> = new Map(Object.entries({
  AmazonS3ReadOnlyAccess: ['s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*'],
  AmazonS3FullAccess: ['s3:*', 's3-object-lambda:*'],
  AdministratorAccess: ['*'],
  AmazonDynamoDBReadOnlyAccess: [],
  AmazonSQSReadOnlyAccess: [],
  IAMReadOnlyAccess: [],
  ReadOnlyAccess: [],
  SecurityAudit: [],
  ViewOnlyAccess: [],
}).map(([name, actions]) => [name, actions.length === 0 ? SILENT : readPolicy('identity', JSON.stringify({
  Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }],
}))]));

/** IAM and EKS as Terraform left them, in all accounts; what they take at all is checked before. */
export class Iam {
  readonly associations: readonly Association[];
  private readonly roles = new Map<string, Role>();
  /** By account and issuer. */
  private readonly providers = new Map<string, OidcProvider>();

  constructor(private readonly applied: Applied) {
    for (const resource of ofType(applied, 'aws_iam_openid_connect_provider')) this.addProvider(resource);
    const managed = new Map(ofType(applied, 'aws_iam_policy').map(resource => [arnOfPolicy(resource), readPolicy('identity', String(resource.values.policy))]));
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

  private addProvider(resource: AppliedResource): void {
    const { account, values } = resource;
    const name = issuerOf(resource);
    this.providers.set(`${account} https://${name}`, {
      arn: `arn:${partitionOf(values.arn)}:iam::${account}:oidc-provider/${name}`,
      name,
      clientIds: list(values.client_id_list).map(String),
    });
  }

  private addRole(resource: AppliedResource, managed: ReadonlyMap<string, Policy>): void {
    const { account, values } = resource;
    const arn = arnOfRole(resource);
    const name = String(values.name);
    const ofRole = (type: string) => ofType(this.applied, type).filter(each => each.account === account && each.values.role === name);
    const attached = [
      ...ofRole('aws_iam_role_policy_attachment').map(each => each.values.policy_arn),
      ...ofType(this.applied, 'aws_iam_policy_attachment').filter(each => each.account === account && list(each.values.roles).includes(name)).map(each => each.values.policy_arn),
      ...list(values.managed_policy_arns),
    ].map(String);
    const read = (document: unknown) => readPolicy('identity', String(document));
    const boundary = optional(values.permissions_boundary);
    this.roles.set(arn, {
      arn,
      partition: partitionOf(arn),
      account,
      name,
      id: `AROA${createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase()}`,
      trust: readPolicy('trust', String(values.assume_role_policy)),
      maxSession: Number(values.max_session_duration ?? 3600),
      policies: [
        ...ofRole('aws_iam_role_policy').map(each => read(each.values.policy)),
        ...list(values.inline_policy).filter(inline => optional(inline.policy) !== undefined).map(inline => read(inline.policy)),
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

/** The ARN as IAM makes it from account, path and name. */
export function arnOfRole(role: AppliedResource): string {
  return arnOf(role, 'role');
}

export function arnOfPolicy(policy: AppliedResource): string {
  return arnOf(policy, 'policy');
}

function arnOf({ account, values: { path, name, arn } }: AppliedResource, kind: 'role' | 'policy'): string {
  return `arn:${partitionOf(arn)}:iam::${account}:${kind}${optional(path) ?? '/'}${String(name)}`;
}

/** The issuer of a provider without its scheme, as ARNs and condition keys have it. */
export function issuerOf({ values }: AppliedResource): string {
  return String(values.url).replace(/^https:\/\//, '');
}

export function partitionOf(arn: unknown): string {
  return typeof arn === 'string' && arn.startsWith('arn:') ? arn.split(':')[1]! : 'aws';
}

/** Terraform writes an argument that is left out as null or as an empty text. */
export function optional(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function list(value: unknown): any[] {
  return Array.isArray(value) ? value : [];
}

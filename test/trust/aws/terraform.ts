import {
  CloudPart, Door, every, fromJson, Gate, Identity, Terraform, TerraformResource, text, TextValue, Token, Unknown, Value, Verdict,
} from 'cdktf-workload-federation/trust';
import { readAws } from '../../../lib/trust/aws/read';
import { encodeJson } from '../../../lib/trust/terraform/json';

export const PARTITION = new Unknown('apps/aws.partition');
export const ACCOUNT = new Unknown('apps/aws.account_id');
export const EKS = 'https://oidc.eks.eu-west-1.amazonaws.com/id/7D1A0C4A3F0B4E0E8C52E3A6F9B1D204';
export const EKS_HOST = EKS.slice('https://'.length);
export const AKS = 'https://westeurope.oic.prod-aks.azure.com/5b0f5c4e/0c1d6a52/';
export const READER = 'system:serviceaccount:reports:reader';

/** What may stand in a test for an attribute: plain JSON with values of unknown parts in it. */
export type Plain = Value | undefined | readonly Plain[] | { readonly [key: string]: Plain };

/** A value of plain objects and lists. */
export function value(plain: Plain): Value {
  if (Array.isArray(plain)) {
    return plain.map(value);
  }
  if (plain !== null && typeof plain === 'object' && Object.getPrototypeOf(plain) === Object.prototype) {
    return new Map(Object.entries(plain).filter(([, member]) => member !== undefined).map(([key, member]) => [key, value(member as Plain)]));
  }
  return plain as Value;
}

export function iamArn(path: TextValue, account: TextValue = ACCOUNT, partition: TextValue = PARTITION): TextValue {
  return text('arn:', partition, ':iam::', account, ':', path);
}

/** A resource, at an address such as `aws_iam_role.Reader` or `data.aws_eks_cluster.Apps`. */
export function resource(address: string, values: { readonly [key: string]: Plain }, stack = 'apps'): TerraformResource {
  const parts = address.split('.');
  const mode = parts[0] === 'data' ? 'data' : 'managed';
  return {
    where: { address, file: `${stack}/cdk.tf.json`, stack }, mode, type: parts.at(-2)!, values: value(values) as Map<string, Value>,
  };
}

export function terraform(...resources: readonly TerraformResource[]): Terraform {
  return {
    resources, notes: [],
    ofType: (type, mode) => resources.filter(candidate => candidate.type === type && (mode === undefined || candidate.mode === mode)),
  };
}

/** A trust policy as Terraform has it: a JSON text, of which parts may be unknown. */
export function policy(...statements: readonly Plain[]): TextValue {
  return encodeJson(value({ Version: '2012-10-17', Statement: statements }));
}

export function role(name: string, trust: Plain, more: { readonly [key: string]: Plain } = {}, account: TextValue = ACCOUNT): TerraformResource {
  return resource(`aws_iam_role.${name}`, { name, arn: iamArn(`role/${name}`, account), assume_role_policy: trust, ...more });
}

export function provider(name: string, url: TextValue, clientIds: Plain = ['sts.amazonaws.com'], account: TextValue = ACCOUNT): TerraformResource {
  const host = typeof url === 'string' ? url.replace('https://', '') : new Unknown(`host(${(url as Unknown).symbol})`);
  return resource(`aws_iam_openid_connect_provider.${name}`, { url, client_id_list: clientIds, arn: iamArn(text('oidc-provider/', host), account) });
}

/** The statement that our constructs emit for service accounts of an EKS cluster. */
export function eksStatement(subjects: Plain = READER, more: { readonly [key: string]: Plain } = {}): { readonly [key: string]: Plain } {
  return {
    Effect: 'Allow',
    Principal: { Federated: iamArn(`oidc-provider/${EKS_HOST}`) },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: { StringEquals: { [`${EKS_HOST}:aud`]: 'sts.amazonaws.com', [`${EKS_HOST}:sub`]: subjects } },
    ...more,
  };
}

export function token(claims: { readonly [claim: string]: Plain } = {}): Token {
  return value({ iss: EKS, sub: READER, aud: ['sts.amazonaws.com'], iat: 0, exp: 2000, ...claims }) as Token;
}

export function read(...resources: readonly TerraformResource[]): CloudPart {
  return readAws(terraform(...resources));
}

/** The role of a part by the end of its address. */
export function identity(part: CloudPart, name: string): Identity {
  return part.identities.find(({ where }) => where.address === `aws_iam_role.${name}`)!;
}

export function verdict(gates: readonly Gate[]): Verdict {
  return every(gates.map(gate => gate.verdict));
}

/** Whether any door of a role lets a token in. */
export function admits({ doors }: { readonly doors: readonly Door[] }, claims: Token, at?: number): Verdict {
  const verdicts = doors.map(door => verdict(door.judge(claims, at)));
  return verdicts.includes('yes') ? 'yes' : verdicts.includes('unknown') ? 'unknown' : 'no';
}

/** Gates by name and verdict. */
export function outline(gates: readonly Gate[]): readonly string[] {
  return gates.map(gate => `${gate.gate} ${gate.verdict}`);
}

export { fromJson, Unknown, text };

import { Terraform, TerraformResource } from '../../../lib/trust/model';
import { Text, text, TextValue, Unknown, Value } from '../../../lib/trust/value';

/** Values of a test: plain objects, with unknown parts among them. */
export type Plain = null | boolean | number | TextValue | readonly Plain[] | { readonly [key: string]: Plain };

/** A plain value as one of Terraform. */
export function valueOf(plain: Plain): Value {
  if (Array.isArray(plain)) {
    return plain.map(valueOf);
  }
  if (typeof plain === 'object' && plain !== null && !(plain instanceof Text) && !(plain instanceof Unknown)) {
    return new Map(Object.entries(plain).map(([key, value]) => [key, valueOf(value as Plain)]));
  }
  return plain as Value;
}

/** A resource by its address, `data.` before those that are looked up. */
export function resource(address: string, values: { readonly [key: string]: Plain }): TerraformResource {
  const data = address.startsWith('data.');
  return {
    where: { address, stack: 'apps', file: 'cdk.tf.json' }, mode: data ? 'data' : 'managed',
    type: address.split('.')[data ? 1 : 0]!, values: valueOf(values) as ReadonlyMap<string, Value>,
  };
}

/** What the resources are together. */
export function terraformOf(...resources: readonly TerraformResource[]): Terraform {
  const byType = new Map<string, TerraformResource[]>();
  resources.forEach(one => byType.set(one.type, [...byType.get(one.type) ?? [], one]));
  return { resources, notes: [], ofType: (type, mode) => (byType.get(type) ?? []).filter(one => mode === undefined || one.mode === mode) };
}

/** The project's number, which only the cloud knows. */
export const NUMBER = new Unknown('project_number("acme")');

/** The name of a pool. */
export function poolName(id: string, number: TextValue = NUMBER): TextValue {
  return text('projects/', number, '/locations/global/workloadIdentityPools/', id);
}

/** A pool with an OIDC provider of the same id. */
export function pool(
  id: string, issuer: TextValue, more: { readonly [key: string]: Plain } = {}, number: TextValue = NUMBER,
): readonly TerraformResource[] {
  const { disabled = false, oidc = {}, provider = id, ...values } = more;
  return [
    resource(`google_iam_workload_identity_pool.${id}`, { workload_identity_pool_id: id, name: poolName(id, number), disabled }),
    resource(`google_iam_workload_identity_pool_provider.${provider as string}`, {
      name: text(poolName(id, number), '/providers/', provider as string), attribute_mapping: { 'google.subject': 'assertion.sub' },
      oidc: [{ issuer_uri: issuer, ...oidc as { readonly [key: string]: Plain } }], ...values,
    }),
  ];
}

/** A token; what is undefined is missing. */
export function token(claims: { readonly [key: string]: Plain | undefined }): ReadonlyMap<string, Value> {
  return new Map(Object.entries(claims).flatMap(([claim, value]) => value === undefined ? [] : [[claim, valueOf(value)] as const]));
}

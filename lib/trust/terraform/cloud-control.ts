import { TerraformResource } from '../model';
import { isList, isMap, Value, ValueMap } from '../value';

/** A resource of the provider awscc by the names that the provider aws gives to the same. */
interface Twin {
  readonly type: string;
  /** Arguments and attributes of another name. */
  readonly names: Readonly<Record<string, string>>;
}

/** @see https://registry.terraform.io/providers/hashicorp/awscc/latest/docs/resources/iam_role */
const TWINS: ReadonlyMap<string, Twin> = new Map<string, Twin>([
  ['awscc_iam_role', { type: 'aws_iam_role', names: { role_name: 'name', assume_role_policy_document: 'assume_role_policy', policies: 'inline_policy' } }],
  ['awscc_iam_oidc_provider', { type: 'aws_iam_openid_connect_provider', names: {} }],
  ['awscc_eks_pod_identity_association', { type: 'aws_eks_pod_identity_association', names: {} }],
]);
const OF_POLICY: Readonly<Record<string, string>> = { policy_name: 'name', policy_document: 'policy' };

/** A resource as all readers look for it: those of Cloud Control, whose provider is made from AWS's own schema, as their twins. */
export function asTwin(resource: TerraformResource): TerraformResource {
  const twin = TWINS.get(resource.type);
  if (twin === undefined) {
    return resource;
  }
  const values = renamed(resource.values, twin.names);
  const policies = values.get('inline_policy');
  return {
    ...resource, type: twin.type,
    values: isList(policies) ? new Map([...values, ['inline_policy', policies.map(policy => isMap(policy) ? renamed(policy, OF_POLICY) : policy)]]) : values,
  };
}

function renamed(values: ValueMap, names: Readonly<Record<string, string>>): ValueMap {
  return new Map<string, Value>([...values].map(([name, value]) => [Object.hasOwn(names, name) ? names[name]! : name, value]));
}

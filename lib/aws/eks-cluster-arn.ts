import { DataAwsEksCluster } from '@cdktf/provider-aws/lib/data-aws-eks-cluster';
import { Op, propertyAccess, TerraformProvider, TerraformSelf, TerraformStack } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { Cluster } from '../cluster';
import { isToken } from '../tokens';

const ARNS = new WeakMap<TerraformStack, Map<string, string>>();

/** The ARN of an EKS cluster; where it is not known, it is looked up by the cluster's name, once per stack and alias, and its issuer compared. */
export function eksClusterArn(scope: IConstruct, cluster: Cluster, provider?: TerraformProvider): string {
  if (cluster.arn !== undefined) {
    return cluster.arn;
  }
  const stack = TerraformStack.of(scope);
  let arns = ARNS.get(stack);
  if (arns === undefined) {
    ARNS.set(stack, arns = new Map());
  }
  const alias = provider?.alias;
  const key = `${alias ?? ''} ${cluster.id}`;
  let arn = arns.get(key);
  if (arn === undefined) {
    // A level of its own for an alias: joined to the id, the two could be read as another cluster's.
    const [parent, id] = alias === undefined ? [stack, `EksCluster-${cluster.id}`] : [child(stack, `EksClusterBy-${alias}`), cluster.id];
    const data = new DataAwsEksCluster(parent, id, {
      name: cluster.name!,
      region: cluster.region,
      lifecycle: {
        postcondition: [{
          condition: Op.eq(propertyAccess(TerraformSelf.getAny('identity'), [0, 'oidc', 0, 'issuer']), cluster.issuer),
          errorMessage: `The EKS cluster of this name has another issuer than cluster ${cluster.id}: it is another cluster, or was created again.`,
        }],
      },
      provider,
    });
    arns.set(key, arn = data.arn);
  }
  return arn;
}

/** An ARN of the length that a cluster's will have, for the size of a policy before it is known. */
export function eksClusterArnForSize({ arn, name, region = 'ap-southeast-1' }: Cluster): string {
  return arn !== undefined && !isToken(arn) ? arn : `arn:aws:eks:${region}:123456789012:cluster/${isToken(name) ? '' : name}`;
}

function child(scope: Construct, id: string): Construct {
  return scope.node.tryFindChild(id) as Construct | undefined ?? new Construct(scope, id);
}

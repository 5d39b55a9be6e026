import { DataAwsRegion } from '@cdktf/provider-aws/lib/data-aws-region';
import { TerraformProvider, TerraformStack } from 'cdktf';
import { IConstruct } from 'constructs';

const REGIONS = new WeakMap<TerraformStack, Map<string, string>>();

/** The region of an AWS provider, asked for once per stack and alias. */
export function regionOf(scope: IConstruct, provider?: TerraformProvider): string {
  const stack = TerraformStack.of(scope);
  let regions = REGIONS.get(stack);
  if (regions === undefined) {
    REGIONS.set(stack, regions = new Map());
  }
  const id = provider?.alias === undefined ? 'AwsRegion' : `AwsRegion-${provider.alias}`;
  let region = regions.get(id);
  if (region === undefined) {
    regions.set(id, region = new DataAwsRegion(stack, id, { provider }).region);
  }
  return region;
}

// What an app asks of the quotas that the clouds begin with, as far as they count things that are made here.
import { TerraformResource } from 'cdktf';
import { IConstruct } from 'constructs';

interface Quota {
  readonly type: string;
  readonly noun: string;
  readonly limit: number;
  /** What the quota is counted in. */
  readonly per: string;
}

/**
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 * @see https://cloud.google.com/iam/quotas
 */
const QUOTAS: readonly Quota[] = [
  { type: 'aws_iam_role', noun: 'IAM roles', limit: 1000, per: 'account' },
  { type: 'aws_iam_openid_connect_provider', noun: 'OIDC providers', limit: 100, per: 'account' },
  { type: 'google_service_account', noun: 'Google service accounts', limit: 100, per: 'project' },
];

/** A line for each quota that the app uses: all of it, as if there were one account and one project. */
export function quotas(app: IConstruct): string[] {
  const resources = app.node.findAll().filter((node): node is TerraformResource => TerraformResource.isTerraformResource(node));
  return QUOTAS.flatMap(({ type, noun, limit, per }) => {
    const used = resources.filter(({ terraformResourceType }) => terraformResourceType === type).length;
    const line = `Quota: ${used} of the default ${limit} ${noun} per ${per}`;
    return used === 0 ? [] : [used > limit ? `${line}; have it raised, or split the app over several` : line];
  });
}

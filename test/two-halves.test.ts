import { synthExample } from './synth';

/** Every reference to another stack in a text of Terraform, by stack and output. */
function crossing(text: string): [string, string][] {
  const references = text.matchAll(/terraform_remote_state\.cross-stack-reference-input-([\w-]+)\.outputs\.([\w-]+)/g);
  return [...references].map(([, stack, output]) => [stack!, output!]);
}

describe('the two halves of a workload', () => {
  const { 'two-halves-cloud': cloud, 'two-halves-cluster': cluster } = synthExample('two-halves');

  test('know each other by references alone, all of which lead somewhere', () => {
    const references = crossing(JSON.stringify(cluster));
    expect(new Set(references.map(([stack]) => stack))).toEqual(new Set(['two-halves-cloud']));
    const outputs = Object.fromEntries(Object.entries<{ value: string }>(cloud!.output).map(([name, { value }]) => [name, value]));
    expect([...new Set(references.map(([, output]) => outputs[output]))].sort()).toEqual([
      '${aws_iam_role.Role.arn}',
      '${azurerm_user_assigned_identity.Identity.client_id}',
      '${azurerm_user_assigned_identity.Identity.tenant_id}',
      '${data.aws_region.AwsRegion.region}',
      '${google_container_cluster.Apps.endpoint}',
      '${google_container_cluster.Apps.master_auth[0].cluster_ca_certificate}',
      '${google_service_account.Account.email}',
      '${google_service_account.Account.unique_id}',
    ]);
    expect(crossing(JSON.stringify(cloud))).toEqual([]);
  });

  test('keep Kubernetes out of the one and the clouds out of the other', () => {
    const types = ({ resource }: { resource: object }) => [...new Set(Object.keys(resource).map(type => type.split('_')[0]))].sort();
    expect([types(cloud!), types(cluster!)]).toEqual([['aws', 'azurerm', 'google'], ['kubernetes']]);
    expect([Object.keys(cloud!.provider).sort(), Object.keys(cluster!.provider).sort()]).toEqual([['aws', 'azurerm', 'google'], ['google', 'kubernetes']]);
  });
});

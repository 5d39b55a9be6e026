import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack, TerraformVariable } from 'cdktf';
import {
  AwsFederatedRole, Cluster, ClusterOidcProvider, ClusterWorkloadIdentityPool, GcpFederatedServiceAccount, GkeToAwsViaGoogleFederation,
  GoogleIdTokenSource, Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { JWKS, LITERAL_AND_TOKENS } from './clusters';
import { EXAMPLES, inFolder, runExample, stackIn, synthExample } from './synth';
import { blocks, synthHcl } from './synth-hcl';
import { REFRESHING_COMMAND, STARTING_COMMAND, WATCHING_COMMAND } from '../lib/google-issuer/metadata-server-command';

test.each(readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory()).map(entry => entry.name))(
  'the example %s says the same as HCL and as JSON', async name => {
    const hcl = await synthHcl(folder => runExample(name, folder));
    const json = synthExample(name);
    expect(Object.keys(hcl)).toEqual(Object.keys(json));
    for (const [stack, body] of Object.entries(json)) {
      expect(blocks(hcl[stack])).toEqual(blocks(body));
    }
  });

describe.each(LITERAL_AND_TOKENS)('with %s', (_, clusters) => {
  function everything(stack: TerraformStack): void {
    const text = new TerraformVariable(stack, 'text', { type: 'string' }).stringValue;
    const trusts = [
      clusters.eks(stack).serviceAccount('reports', 'reader'), clusters.gkePlain(stack).serviceAccount('reports', 'reader'),
      clusters.gke(stack).serviceAccount('reports', 'reader'), clusters.eks(stack).serviceAccount(text, text),
      Cluster.oidc({ name: 'k3s', issuer: text }).serviceAccount('reports', 'reader'),
    ];
    const sets = ['billing', text].map(namespace => clusters.eks(stack).unsafeEveryServiceAccountOfNamespace(namespace));
    const withKeys = clusters.oidcWithKeys(stack);
    new ClusterWorkloadIdentityPool(stack, 'Pool', { cluster: withKeys, attributeCondition: text });
    const role = new AwsFederatedRole(stack, 'Role', { trusts: [...trusts, ...sets] });
    role.grantBucketRead(text, { prefix: text });
    role.grantBucketPut(text, { prefix: text });
    AwsFederatedRole.fromRoleArn(stack, 'Existing', { roleArn: text, trusts }).grantBucketWrite(text);
    // A domain of what only Terraform knows, keys that are written anew, and what must be published first.
    const onprem = Cluster.oidc({ name: 'onprem', issuer: `https://${text}/onprem` });
    new ClusterOidcProvider(stack, 'Onprem', { cluster: onprem, dependsOn: [role.resource!] });
    const vault = Cluster.oidc({ name: 'vault2', issuer: 'https://vault.acme.example', jwks: `${JWKS.slice(0, -1)},"d":"\\"x"}` });
    new ClusterWorkloadIdentityPool(stack, 'Vault', { cluster: vault, admits: 'cluster', attributeMapping: { 'attribute.team': "assertion.team == '' ? 'a\"b' : 'c'" } });
    const account = new GcpFederatedServiceAccount(stack, 'Account', {
      trusts: [...trusts, ...sets, withKeys.serviceAccount('reports', 'reader'), vault.unsafeEveryServiceAccountOfNamespace('reports')], accountId: 'reports-reader', tokenLifetimeSeconds: 600,
    });
    const kubernetesProvider = new KubernetesProvider(stack, 'EksKubernetes', { alias: 'eks', configPath: '~/.kube/config', configContext: 'eks' });
    new Workload(stack, 'Workload', { serviceAccount: trusts[1]!, identities: [role, account], immutableConfigMap: true, createNamespace: true });
    new Workload(stack, 'Other', { serviceAccount: trusts[3]!, identities: [role, account], wiring: 'explicit', kubernetesProvider });
  }

  test('every construct says the same as HCL and as JSON', async () => {
    const build = (folder: string) => {
      const app = new App({ outdir: folder });
      everything(stackIn(app));
      app.synth();
    };
    const hcl = await synthHcl(build);
    const json = inFolder(folder => {
      build(folder);
      return JSON.parse(readFileSync(join(folder, 'stacks', 'stack', 'cdk.tf.json'), 'utf8'), (key, value) => key === '//' ? undefined : value);
    });
    expect(blocks(hcl.stack)).toEqual(blocks(json));
  });
});

test.each([
  ['keeps its token fresh', false, REFRESHING_COMMAND], ['runs to completion', true, WATCHING_COMMAND],
])('the scripts of a pod that %s, and what it asks for, are read back from HCL as they were written', async (_, runToCompletion, beside) => {
  const { stack } = await synthHcl(folder => {
    const app = new App({ outdir: folder });
    const scope = stackIn(app);
    const audience = new TerraformVariable(scope, 'audience', { type: 'string' }).stringValue;
    for (const [id, more] of [['Known', {}], ['Unknown', { audience: `https://${audience}/reports` }]] as const) {
      const federation = new GkeToAwsViaGoogleFederation(scope, id, {
        cluster: Cluster.gke({ project: 'acme-apps', location: 'europe-west1', name: 'apps' }), namespace: 'reports', serviceAccountName: id.toLowerCase(),
        accountId: `reports-${id.toLowerCase()}`, idTokenSource: GoogleIdTokenSource.metadataServer({ image: 'curlimages/curl:8.10.1' }), ...more,
      });
      new PodV1(scope, `${id}Pod`, federation.podTemplate({ metadata: { name: 'reader' }, spec: { container: [{ name: 'main', image: 'reader:1' }] } }, { runToCompletion }));
    }
    app.synth();
  });
  for (const [pod, audience] of [['KnownPod', 'gtoken%2Fsts%2Fassume-role-with-web-identity'], ['UnknownPod', '${urlencode("https://${var.audience}/reports")}']]) {
    const [{ init_container: [first], container: [, second] }] = stack.resource.kubernetes_pod_v1[pod!][0].spec;
    // HCL writes text of several lines as a here-document, which ends with a line break; a shell makes nothing of it.
    expect([first.command, second.command]).toEqual([STARTING_COMMAND, beside].map(([shell, option, script]) => [shell, option, `${script}\n`]));
    for (const { env: [{ name, value }] } of [first, second]) {
      expect([name, value.replace(/\s+/g, '')]).toEqual([
        'ID_TOKEN_URL', `http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience=${audience}&format=standard`,
      ]);
    }
  }
});

test('the scripts of a smoke test, and what they read, are read back from HCL as they were written', async () => {
  let scripts: Record<string, string> = {};
  const build = (folder: string): void => {
    const app = new App({ outdir: folder });
    const scope = stackIn(app);
    const serviceAccount = Cluster.oidc({ name: 'onprem', issuer: new TerraformVariable(scope, 'issuer', { type: 'string' }).stringValue }).serviceAccount('reports', 'reader');
    const workload = new Workload(scope, 'Workload', {
      serviceAccount,
      identities: [
        new AwsFederatedRole(scope, 'Role', { trusts: [serviceAccount] }),
        new GcpFederatedServiceAccount(scope, 'Account', { accountId: 'reports-reader', trusts: [serviceAccount] }),
        new AzureFederatedIdentity(scope, 'Identity', { identityName: 'reports', resourceGroupName: 'reports', location: 'westeurope', trusts: [serviceAccount] }),
      ],
    });
    const { spec } = workload.smokeTestManifest() as any;
    scripts = Object.fromEntries(spec.template.spec.containers.map(({ name, command }: any) => [name, command[2]]));
    workload.smokeTest();
    app.synth();
  };
  const { stack } = await synthHcl(build);
  const json = inFolder(folder => {
    build(folder);
    return JSON.parse(readFileSync(join(folder, 'stacks', 'stack', 'cdk.tf.json'), 'utf8'), (key, value) => key === '//' ? undefined : value);
  });
  expect(blocks(stack)).toEqual(blocks(json));
  const jobs = Object.values<any>(stack.resource.kubernetes_job_v1);
  expect(jobs).toHaveLength(1);
  const [{ container: containers }] = jobs[0]![0].spec[0].template[0].spec;
  expect(Object.fromEntries(containers.map(({ name, command }: any) => [name, command[2]])))
    .toEqual(Object.fromEntries(Object.entries(scripts).map(([name, script]) => [name, `${script}\n`])));
  expect(Object.keys(scripts)).toEqual(['aws', 'gcp', 'azure']);
});

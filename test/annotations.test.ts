import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { GoogleProvider } from '@cdktf/provider-google/lib/provider';
import { KubernetesProvider } from '@cdktf/provider-kubernetes/lib/provider';
import { App, TerraformStack } from 'cdktf';
import { AwsChainedRole, AwsFederatedRole, Cluster, GcpFederatedServiceAccount, RULES, Workload } from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { inFolder } from './synth';

const cluster = Cluster.oidc({ name: 'onprem', issuer: 'https://issuer.example.com/onprem' });
const reader = cluster.serviceAccount('reports', 'reader');

/** What a synthesis says of stacks that are built so, by path and message. */
function warnings(build: (app: App) => void, { skipValidation = false, times = 1 } = {}): [string, string][] {
  return inFolder(folder => {
    const app = new App({ outdir: folder, skipValidation });
    build(app);
    for (let time = 0; time < times; time++) {
      app.synth();
    }
    return Object.values(app.manifest.stacks).flatMap(stack => stack.annotations)
      .filter(({ message }) => message.startsWith('missing-provider')).map(({ constructPath, message }) => [constructPath, message]);
  });
}

const missing = (type: string, prop: string, stack = 'stack') =>
  `missing-provider: ${RULES['missing-provider']} Define a ${type} without an alias in stack ${stack}, or pass the one that is meant as \`${prop}\`.`;

/** Everything, with whatever providers. */
function everything(stack: TerraformStack, { aws, google, azurerm, kubernetes }: Record<string, any> = {}): void {
  const trusts = [reader];
  const role = new AwsFederatedRole(stack, 'Role', { trusts, awsProvider: aws });
  const account = new GcpFederatedServiceAccount(stack, 'Account', { accountId: 'reports-reader', trusts, googleProvider: google });
  const identity = new AzureFederatedIdentity(stack, 'Identity', { identityName: 'reports', resourceGroupName: 'reports', location: 'westeurope', trusts, azurermProvider: azurerm });
  new Workload(stack, 'Workload', { serviceAccount: reader, identities: [role, account, identity], kubernetesProvider: kubernetes });
}

function aliases(stack: TerraformStack) {
  return {
    aws: new AwsProvider(stack, 'Aws', { region: 'eu-west-1', alias: 'other' }),
    google: new GoogleProvider(stack, 'Google', { project: 'acme-apps', alias: 'other' }),
    azurerm: new AzurermProvider(stack, 'Azurerm', { features: [{}], alias: 'other' }),
    kubernetes: new KubernetesProvider(stack, 'Kubernetes', { configPath: '~/.kube/config', alias: 'other' }),
  };
}

const ALL = [
  ['stack/ClusterOidcProvider-oidc-onprem', missing('AwsProvider', 'awsProvider')],
  ['stack/ClusterWorkloadIdentityPool-oidc-onprem', missing('GoogleProvider', 'googleProvider')],
  ['stack/Identity', missing('AzurermProvider', 'azurermProvider')],
  ['stack/Workload', missing('KubernetesProvider', 'kubernetesProvider')],
];

test('a stack whose providers all have an alias is told which one is missing, each once', () => {
  const build = (app: App) => {
    const stack = new TerraformStack(app, 'stack');
    aliases(stack);
    everything(stack);
  };
  expect(warnings(build).sort()).toEqual(ALL);
  expect(warnings(build, { times: 2 }).sort()).toEqual(ALL);
});

test('a stack without any provider is told so too, where validations are skipped; cdktf fails otherwise', () => {
  const build = (app: App) => everything(new TerraformStack(app, 'stack'));
  expect(warnings(build, { skipValidation: true }).sort()).toEqual(ALL);
  expect(() => warnings(build)).toThrow('Found resources without a matching provider construct');
});

test('a stack that passes its providers, and one that defines them last, are told nothing', () => {
  expect(warnings(app => {
    const stack = new TerraformStack(app, 'stack');
    everything(stack, aliases(stack));
  })).toEqual([]);
  expect(warnings(app => {
    const stack = new TerraformStack(app, 'stack');
    everything(stack);
    new AwsProvider(stack, 'Aws', { region: 'eu-west-1' });
    new GoogleProvider(stack, 'Google', { project: 'acme-apps' });
    new AzurermProvider(stack, 'Azurerm', { features: [{}] });
    new KubernetesProvider(stack, 'Kubernetes', { configPath: '~/.kube/config' });
  })).toEqual([]);
});

test('the stack of the workload needs a provider of Kubernetes, and that of the identity one of the cloud', () => {
  expect(warnings(app => {
    const cloud = new TerraformStack(app, 'cloud');
    new AwsProvider(cloud, 'Aws', { region: 'eu-west-1' });
    const apps = new TerraformStack(app, 'apps');
    new KubernetesProvider(apps, 'Kubernetes', { configPath: '~/.kube/config', alias: 'other' });
    new Workload(apps, 'Workload', { serviceAccount: reader, identities: [new AwsFederatedRole(cloud, 'Role', { trusts: [reader] })] });
  })).toEqual([['apps/Workload', missing('KubernetesProvider', 'kubernetesProvider', 'apps')]]);
});

test('a role in another account is no reason for a provider without an alias, and what is not of this library is not looked at', () => {
  expect(warnings(app => {
    const stack = new TerraformStack(app, 'stack');
    const aws = new AwsProvider(stack, 'Aws', { region: 'eu-west-1', alias: 'other' });
    const role = new AwsFederatedRole(stack, 'Role', { trusts: [reader], awsProvider: aws });
    new AwsChainedRole(stack, 'Target', { source: role, awsProvider: aws });
    new S3Bucket(stack, 'Bucket', {});
  })).toEqual([]);
  expect(warnings(app => {
    const stack = new TerraformStack(app, 'stack');
    const aws = new AwsProvider(stack, 'Aws', { region: 'eu-west-1', alias: 'other' });
    new AwsChainedRole(stack, 'Target', { source: new AwsFederatedRole(stack, 'Role', { trusts: [reader], awsProvider: aws }) });
  })).toEqual([['stack/Target', missing('AwsProvider', 'awsProvider')]]);
});

test('a stack is looked through once, however many constructs it has', () => {
  let visits = 0;
  const count = (size: number) => inFolder(folder => {
    const app = new App({ outdir: folder });
    const stack = new TerraformStack(app, 'stack');
    new AwsProvider(stack, 'Aws', { region: 'eu-west-1' });
    for (let index = 0; index < size; index++) {
      const role = new AwsFederatedRole(stack, `Role${index}`, { trusts: [cluster.serviceAccount('reports', `reader-${index}`)] });
      const { findAll } = role.node;
      role.node.findAll = (...order) => {
        visits++;
        return findAll.apply(role.node, order);
      };
    }
    visits = 0;
    app.synth();
    return visits;
  });
  expect(count(4) * 2).toBe(count(8));
});

// Synthesizes an example into cdktf.out/<name> and says who may become what by it: npm run example -- [name]
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AnnotationMetadataEntryType, App, DefaultTokenResolver, StringConcat, TerraformElement, TerraformStack, Tokenization } from 'cdktf';
import {
  AwsChainedRole, AwsFederatedRole, AwsPodIdentityRole, AwsRoleViaGoogle, GcpFederatedPrincipal, GcpFederatedServiceAccount, ICloudIdentity,
  PodBinding, ServiceAccountSubject, Workload,
} from 'cdktf-workload-federation';
import { AzureFederatedIdentity } from 'cdktf-workload-federation/azure';
import { EntraFederatedApplication } from 'cdktf-workload-federation/entra';
import { makeReport, readInputs, readModel, reportToText } from 'cdktf-workload-federation/trust';
import { IConstruct } from 'constructs';
import { quotas } from './quotas';

/** The clouds as people call them. */
const CLOUDS: Record<string, string> = { aws: 'AWS', gcp: 'Google Cloud', azure: 'Azure' };

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads the output may stop early, as `head` does.
  if (error.code !== 'EPIPE') {
    throw error;
  }
});

const names = readdirSync(__dirname).filter(entry => existsSync(join(__dirname, entry, 'main.ts'))).sort();
const name = process.argv[2] ?? 'article';
if (!names.includes(name)) {
  console.error(`There is no example "${name}". There are: ${names.join(', ')}.`);
  process.exit(2);
}

const outdir = join('cdktf.out', name);
process.env.CDKTF_OUTDIR = outdir;
// What an earlier run left in another format would be deployed, and read, beside this.
rmSync(outdir, { recursive: true, force: true });
mkdirSync(outdir, { recursive: true });
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { app } = require(`./${name}/main`) as { app: App };
const workloads = app.node.findAll().filter((node): node is Workload => node instanceof Workload);

for (const workload of workloads) {
  workload.identities.forEach((identity, index) => describe(workload, identity, workload.bindings[index]!));
}
notes();
quotas(app).forEach(quota => console.log(quota));
console.log('');
const stacks = app.node.children.filter(TerraformStack.isStack).map(stack => stack.node.id);
console.log(`Synthesized ${stacks.join(', ')} into ${outdir}: no account, provider or network was needed.`);
console.log('To deploy it, put your own names into the example, log in to the clouds and clusters, and run:');
console.log(`  npx cdktf-cli@0.21 deploy ${stacks.join(' ')}${name === 'article' ? '' : ` --app "npx tsx --tsconfig tsconfig.dev.json examples/${name}/main.ts" --output ${outdir}`}`);
console.log('');
console.log('Who may become whom, as `npx workload-federation report` reads it from what was synthesized:');
console.log('');
console.log(reportToText(makeReport(readModel(readInputs([outdir]))), { width: 120 }).trimEnd());

function describe(workload: Workload, identity: ICloudIdentity, binding: PodBinding): void {
  const { cluster, subject } = workload.serviceAccount;
  const places = [...new Set([identity, workload].map(construct => TerraformStack.of(construct).node.id))];
  console.log(`${cluster.kind.toUpperCase()} to ${CLOUDS[identity.cloud]} (${places.length === 1 ? 'stack' : 'stacks'} ${places.join(' and ')})`);
  line('who', `${subject} of ${text(workload, cluster.issuer)}`);
  line('becomes', becomes(identity));
  line('known by', knownBy(identity, workload.serviceAccount));
  line('wired by', wiringOf(binding));
  line('resources', [...addressesOf(identity).filter(about(workload)), ...addressesOf(workload)].join('\n             '));
  console.log('');
}

function line(label: string, value: string): void {
  console.log(`  ${label.padEnd(9)}  ${value}`);
}

/** What makes the cluster known to the cloud. */
function knownBy(identity: ICloudIdentity, subject: ServiceAccountSubject): string {
  const { cluster } = subject;
  const of = (registrations: readonly (IConstruct & { cluster: { id: string } })[]) =>
    registrations.filter(registration => registration.cluster.id === cluster.id).flatMap(addressesOf).join(', ');
  if (identity instanceof AwsChainedRole) {
    return `${knownBy(identity.source, subject)}, by way of ${becomes(identity.source)}`;
  }
  if (identity instanceof AwsFederatedRole) {
    return of(identity.oidcProviders);
  }
  if (identity instanceof AwsRoleViaGoogle) {
    return `Google's own pool, ${text(identity, cluster.workloadPool!)}, and accounts.google.com, by way of ${becomes(identity.googleServiceAccount)}`;
  }
  if (identity instanceof AwsPodIdentityRole) {
    return 'EKS itself (EKS Pod Identity)';
  }
  if (identity instanceof GcpFederatedServiceAccount || identity instanceof GcpFederatedPrincipal) {
    return of(identity.pools) || `Google's own pool, ${text(identity, cluster.workloadPool!)}`;
  }
  return 'the federated credential alone';
}

function wiringOf(binding: PodBinding): string {
  const [helpers] = binding.helpers;
  if (helpers !== undefined) {
    return `a token at ${helpers.volume.mountPath}, which the containers ${[...helpers.initContainers, ...helpers.sidecars].map(container => container.name).join(' and ')} bring`;
  }
  const annotations = Object.keys(binding.serviceAccountAnnotations);
  if (annotations.length > 0) {
    return `the platform, by the annotation ${annotations[0]} of the ServiceAccount`;
  }
  return binding.tokens.length === 0
    ? 'the platform, without a word in the cluster'
    : `a projected token at ${binding.tokens.map(token => token.path).join(', ')}, and ${binding.env.map(variable => variable.name).join(', ')}`;
}

/** Members are named after who they let in; those of other clusters belong to other directions. */
function about(workload: Workload): (address: string) => boolean {
  const { cluster } = workload.serviceAccount;
  const ways = [cluster.workloadPool === undefined ? `Federated_${cluster.id}` : `Native_${cluster.project}`, `Credential_${cluster.id}`, `Association_${cluster.id}`];
  return address => !/_(?:Federated|Native|Credential|Association)_/.test(address) || ways.some(way => address.includes(`_${way}_`));
}

function becomes(identity: ICloudIdentity): string {
  if (identity instanceof AwsFederatedRole || identity instanceof AwsPodIdentityRole || identity instanceof AwsChainedRole) {
    return `the IAM role ${identity.resource === undefined ? identity.roleArn : addressOf(identity.resource)}`;
  }
  if (identity instanceof AwsRoleViaGoogle) {
    return becomes(identity.role);
  }
  if (identity instanceof GcpFederatedServiceAccount) {
    return `the Google service account ${identity.resource === undefined ? text(identity, identity.email) : addressOf(identity.resource)}`;
  }
  if (identity instanceof GcpFederatedPrincipal) {
    return 'a principal of its own, without a service account';
  }
  if (identity instanceof AzureFederatedIdentity) {
    return `the managed identity ${identity.resource === undefined ? identity.node.path : addressOf(identity.resource)}`;
  }
  if (identity instanceof EntraFederatedApplication) {
    return `the application ${identity.resource === undefined ? identity.node.path : addressOf(identity.resource)}`;
  }
  return identity.node.path;
}

function addressesOf(construct: IConstruct): string[] {
  return construct.node.findAll().filter(TerraformElement.isTerraformElement).map(addressOf);
}

function addressOf(element: TerraformElement): string {
  return text(element, element.fqn).replace(/^\$\{(.*)\}$/, '$1');
}

function text(scope: IConstruct, value: string): string {
  return String(Tokenization.resolve(value, { scope, resolver: new DefaultTokenResolver(new StringConcat()) }));
}

function notes(): void {
  for (const node of app.node.findAll()) {
    for (const entry of node.node.metadata) {
      if (entry.type === AnnotationMetadataEntryType.WARN || entry.type === AnnotationMetadataEntryType.INFO) {
        console.log(`${entry.type === AnnotationMetadataEntryType.WARN ? 'Warning' : 'Note'} at ${node.node.path}: ${entry.data}`);
      }
    }
  }
  console.log('');
}

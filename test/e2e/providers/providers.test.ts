import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CronJobV1 } from '@cdktf/provider-kubernetes/lib/cron-job-v1';
import { DaemonSetV1 } from '@cdktf/provider-kubernetes/lib/daemon-set-v1';
import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { ReplicationControllerV1 } from '@cdktf/provider-kubernetes/lib/replication-controller-v1';
import { StatefulSetV1 } from '@cdktf/provider-kubernetes/lib/stateful-set-v1';
import { TlsProvider } from '@cdktf/provider-tls/lib/provider';
import { TerraformStack } from 'cdktf';
import { GcsHostedIssuer, Workload } from 'cdktf-workload-federation';
import { AzureBlobHostedIssuer } from 'cdktf-workload-federation/azure';
import { GtokenWebhook } from 'cdktf-workload-federation/gtoken';
import { SelfSignedWebhookCertificate } from 'cdktf-workload-federation/tls';
import { LITERAL_AND_TOKENS } from '../../clusters';
import { MECHANISMS, workloadOf } from '../../mechanisms';
import { EXAMPLES, stackIn } from '../../synth';
import { count, figure } from '../figures';
import { appStacks, exampleStacks, Stack } from '../shadow';
import { partsOf, versionOf } from './schema';

/** Every stack of an example, at each of its steps. */
function stacksOf(name: string): Stack[] {
  const steps = name === 'migration' ? ['0', '1', '2', '3'] : [undefined];
  return steps.flatMap(step => {
    if (step === undefined) {
      return exampleStacks(name);
    }
    process.env.MIGRATION_STEP = step;
    try {
      return exampleStacks(name);
    } finally {
      delete process.env.MIGRATION_STEP;
    }
  });
}

jest.setTimeout(120_000);

const templateOf = (workload: Workload) => workload.podTemplate({ spec: { container: [{ name: 'main', image: 'reader:1' }] } });

function pod(stack: TerraformStack, workload: Workload): void {
  new PodV1(stack, 'Pod', templateOf(workload));
}

/** Every kind of owner of pods, of which the template says nothing but its containers. */
function owners(stack: TerraformStack, workload: Workload): void {
  pod(stack, workload);
  const [template, metadata, selector] = [templateOf(workload), { name: 'reader' }, { matchLabels: { app: 'reader' } }];
  new DeploymentV1(stack, 'Deployment', { metadata, spec: { selector, template } });
  new StatefulSetV1(stack, 'StatefulSet', { metadata, spec: { selector, serviceName: 'reader', template } });
  new DaemonSetV1(stack, 'DaemonSet', { metadata, spec: { selector, template } });
  new ReplicationControllerV1(stack, 'ReplicationController', { metadata, spec: { selector: { app: 'reader' }, template } });
  new JobV1(stack, 'Job', { metadata, spec: { template } });
  new CronJobV1(stack, 'CronJob', { metadata, spec: { schedule: '0 3 * * *', jobTemplate: { metadata: {}, spec: { template } } } });
}

/** What neither an example nor a mechanism makes. */
function others(): Stack[] {
  const publicKeys = [readFileSync(join(EXAMPLES, 'self-hosted', 'keys', 'current.pub'), 'utf8')];
  return appStacks(app => {
    const stack = stackIn(app);
    new TlsProvider(stack, 'Tls');
    new GtokenWebhook(stack, 'Gtoken', { image: 'gtoken-webhook:1', gtokenImage: 'gtoken:1', certificate: SelfSignedWebhookCertificate.with() });
    new GcsHostedIssuer(stack, 'Gcs', { bucketName: 'acme-oidc', location: 'EU', publicKeys });
    new AzureBlobHostedIssuer(stack, 'Blob', { storageAccountName: 'acmeoidc', resourceGroupName: 'acme', location: 'westeurope', publicKeys });
  });
}

test('every argument of every example and mechanism is one that its provider publishes, and none is missing', () => {
  const examples = readdirSync(EXAMPLES, { withFileTypes: true }).filter(entry => entry.isDirectory()).flatMap(({ name }) => stacksOf(name));
  const mechanisms = MECHANISMS.flatMap(row => LITERAL_AND_TOKENS.flatMap(([, clusters], index) => appStacks(app => {
    const stack = stackIn(app);
    const workload = workloadOf(row, clusters, stack);
    // The owners are the same with both.
    (index === 0 ? owners : pod)(stack, workload);
  })));
  const parts = [...examples, ...mechanisms, ...others()].flatMap(partsOf);
  expect(parts.flatMap(({ errors }) => errors)).toEqual([]);
  const providers = [...new Set(parts.map(({ type }) => type.split('_')[0]!))].sort();
  const types = new Set(parts.filter(({ kind }) => kind !== 'provider').map(({ kind, type }) => `${kind} ${type}`));
  figure('providers', `${count(parts.length)} resources, data sources and providers of ${types.size} types, by ${providers.map(name => `${name} ${versionOf(name)}`).join(', ')}`);
});

describe('what a provider would refuse is seen', () => {
  const errorsOf = (json: object) => partsOf({ name: 'stack', json }).flatMap(({ errors }) => errors);
  const member = { bucket: 'b', role: 'r', member: 'm' };
  const podOf = (spec: object) => ({ kubernetes_pod_v1: { P: { metadata: { name: 'p' }, spec } } });

  test.each<[string, object, string[]]>([
    ['what is as it should be', { google_storage_bucket_iam_member: { M: { ...member, condition: { title: 't', expression: 'true' } } } }, []],
    ['a single block in a list', { google_storage_bucket_iam_member: { M: { ...member, condition: [{ title: 't', expression: 'true' }] } } }, []],
    ['values that Terraform converts or knows only', {
      google_storage_bucket: { B: { name: 1, location: '${var.x}', force_destroy: 'true', labels: '${var.labels}', soft_delete_policy: { retention_duration_seconds: '600' } } },
    }, []],
    ['what every resource may have', { google_storage_bucket_iam_member: { M: { ...member, 'provider': 'google.a', 'depends_on': ['a.b'], 'lifecycle': {}, '//': {} } } }, []],
    ['an argument that there is not', { google_storage_bucket_iam_member: { M: { ...member, members: ['m'] } } },
      ['stack: google_storage_bucket_iam_member.M.members is no argument']],
    ['an attribute that is only computed', { aws_iam_role: { R: { assume_role_policy: '{}', arn: 'a' } } }, ['stack: aws_iam_role.R.arn is no argument']],
    ['an argument that is missing', { google_storage_bucket_iam_member: { M: { ...member, role: null } } },
      ['stack: google_storage_bucket_iam_member.M.role is missing']],
    ['an argument of a block', { google_storage_bucket_iam_member: { M: { ...member, condition: { title: 't', expr: 'true' } } } },
      ['stack: google_storage_bucket_iam_member.M.condition.expression is missing', 'stack: google_storage_bucket_iam_member.M.condition.expr is no argument']],
    ['a block that may be there once', { google_storage_bucket_iam_member: { M: { ...member, condition: [1, 2].map(title => ({ title, expression: 'true' })) } } },
      ['stack: google_storage_bucket_iam_member.M.condition is there 2 times, and may be once']],
    ['values of another form', {
      google_storage_bucket: { B: { name: ['b'], location: 'EU', force_destroy: 1, labels: ['a'], soft_delete_policy: { retention_duration_seconds: 'long' } } },
      azuread_application_federated_identity_credential: { C: { application_id: 'a', audiences: 'b', display_name: 'c', issuer: 'd', subject: 'e' } },
    }, [
      'stack: google_storage_bucket.B.name is no text',
      'stack: google_storage_bucket.B.force_destroy is no truth',
      'stack: google_storage_bucket.B.labels is no map',
      'stack: google_storage_bucket.B.soft_delete_policy.retention_duration_seconds is no number',
      'stack: azuread_application_federated_identity_credential.C.audiences is no list',
    ]],
    ['what is deep in a pod', podOf({ container: [{ name: 'c', env: [{ name: 'a' }, { nme: 'b' }], volumeMount: [] }, { image: 'i' }] }), [
      'stack: kubernetes_pod_v1.P.spec.container[0].env[1].name is missing',
      'stack: kubernetes_pod_v1.P.spec.container[0].env[1].nme is no argument',
      'stack: kubernetes_pod_v1.P.spec.container[0].volumeMount is no argument',
      'stack: kubernetes_pod_v1.P.spec.container[1].name is missing',
    ]],
    ['blocks that are no blocks', podOf({ container: 'c', dynamic: {} }), [
      'stack: kubernetes_pod_v1.P.spec.container[0] is no block', 'stack: kubernetes_pod_v1.P.spec.dynamic is no argument',
    ]],
  ])('%s', (_, resource, errors) => {
    expect(errorsOf({ resource })).toEqual(errors);
  });

  test('in providers and data sources too', () => {
    expect(errorsOf({
      provider: { azurerm: [{ features: [{}], subscription: 's' }], aws: [{ region: 'eu-west-1', alias: 'a' }] },
      data: { aws_region: { R: {} }, google_project: { P: { project: 'p' } }, terraform_remote_state: { S: { anything: 1 } } },
    })).toEqual([
      'stack: provider.azurerm.subscription is no argument', 'stack: data.google_project.P.project is no argument',
    ]);
  });

  test('a type that its provider does not have', () => {
    expect(() => errorsOf({ resource: { google_storage_buckets: { B: {} } } })).toThrow(/provider-google\/lib\/storage-buckets$/);
  });
});

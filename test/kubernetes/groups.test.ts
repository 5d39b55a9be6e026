import { DeploymentV1 } from '@cdktf/provider-kubernetes/lib/deployment-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { TerraformStack, TerraformVariable, Token } from 'cdktf';
import { ClusterWorkloadIdentityPool, GcpFederatedServiceAccount, PodWiringOptions, Workload, WorkloadOptions } from 'cdktf-workload-federation';
import { aws, both, OTHER, PROVIDER, warningsOf, wire } from './known';

const SELECTOR = { matchLabels: { app: 'reports' } };
const METADATA = { name: 'reports', namespace: 'reports' };
type Container = Record<string, unknown>;
const APP = { name: 'app', image: 'app:1' };

/** A workload whose pods get what they need by the webhook of pfnet. */
function pfnet(stack: TerraformStack, options: WorkloadOptions = {}): Workload {
  const serviceAccount = OTHER.serviceAccount('reports', 'reader');
  const trusts = [serviceAccount];
  const pools = [ClusterWorkloadIdentityPool.fromProviderName(stack, 'Pool', { cluster: OTHER, providerName: PROVIDER })];
  const account = new GcpFederatedServiceAccount(stack, 'Account', { email: 'reports@acme-apps.iam.gserviceaccount.com', project: 'acme-apps', trusts, pools });
  return new Workload(stack, 'Workload', { serviceAccount, identities: [account], wiring: 'webhook', ...options });
}

interface Pods {
  readonly security?: unknown;
  readonly containers?: Container[];
  readonly initContainers?: Container[];
  readonly annotations?: Record<string, string>;
  readonly more?: object;
}
type PodsOf = (stack: TerraformStack) => Pods;

const typed = ({ security, containers = [APP], initContainers, annotations, more }: Pods): any =>
  ({ metadata: { labels: { app: 'reports' }, annotations }, spec: { securityContext: security, container: containers, initContainer: initContainers, ...more } });
const manifest = ({ security, containers = [APP], initContainers, annotations, more }: Pods): any =>
  ({ metadata: { labels: { app: 'reports' }, annotations }, spec: { securityContext: security, containers, initContainers, ...more } });
const deployment = (template: { spec: object }) => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: METADATA, spec: { selector: SELECTOR, template: { ...template, spec: { serviceAccountName: 'reader', ...template.spec } } },
});

/** The ways by which the library sees pods. */
const WAYS: [string, (stack: TerraformStack, workload: Workload, pods: Pods, options: PodWiringOptions) => void][] = [
  ['podTemplate()', (stack, workload, pods, options) => {
    new DeploymentV1(stack, 'Pods', { metadata: METADATA, spec: { selector: SELECTOR, template: workload.podTemplate(typed(pods), options) } });
  }],
  ['podManifest()', (stack, workload, pods, options) => {
    new Manifest(stack, 'Pods', { manifest: { ...deployment(workload.podManifest(manifest(pods), options)), kind: 'ReplicaSet' } });
  }],
  ['the Aspect, of a typed resource', (stack, _, pods, options) => {
    const { metadata, spec } = typed(pods);
    new DeploymentV1(stack, 'Pods', { metadata: METADATA, spec: { selector: SELECTOR, template: { metadata, spec: { serviceAccountName: 'reader', ...spec } } } });
    wire(stack, options);
  }],
  ['the Aspect, of a manifest', (stack, _, pods, options) => {
    new Manifest(stack, 'Pods', { manifest: deployment(manifest(pods)) });
    wire(stack, options);
  }],
];

describe.each(WAYS)('pods with the webhook of pfnet, seen by %s', (_, see) => {
  const warned = (podsOf: PodsOf, options: PodWiringOptions = {}, workloadOf = pfnet) =>
    warningsOf(stack => see(stack, workloadOf(stack), podsOf(stack), options));
  const number = (stack: TerraformStack) => new TerraformVariable(stack, 'N', { type: 'number' }).numberValue;

  test.each<[string, PodsOf]>([
    ['as another user', () => ({ security: { runAsUser: '1000' } })],
    ['as another user and group', () => ({ security: { runAsUser: 1000, runAsGroup: 1000, supplementalGroups: [2000] } })],
    ['as nobody may be root', () => ({ security: { runAsNonRoot: true } })],
    ['as a user whom only Terraform knows, and who is not root', stack => ({ security: { runAsNonRoot: true, runAsUser: number(stack) } })],
    ['with one container that does', () => ({ containers: [APP, { name: 'other', image: 'app:1', securityContext: { runAsUser: '1000' } }] })],
    ['with an init container that does', () => ({ initContainers: [{ name: 'init', image: 'app:1', securityContext: { runAsNonRoot: true } }] })],
    ['with a container that leaves the pod\'s to it', () => ({ security: { runAsUser: '1000' }, containers: [{ ...APP, securityContext: { readOnlyRootFilesystem: true, runAsUser: undefined } }] })],
    ['with a container that is left out, beside another', () => ({
      annotations: { 'cloud.google.com/skip-containers': 'app' }, containers: [APP, { name: 'other', image: 'app:1' }], security: { runAsNonRoot: true },
    })],
  ])('are warned of where they run %s', (__, podsOf) => {
    expect(warned(podsOf)).toEqual([['stack/Pods', 'missing-fs-group']]);
  });

  test.each<[string, PodsOf]>([
    ['nobody says as whom they run', () => ({})],
    ['they run as root', () => ({ security: { runAsUser: '0' } })],
    ['they have a group', () => ({ security: { runAsUser: '1000', fsGroup: '1000' } })],
    ['they have a group that only Terraform knows', stack => ({ security: { runAsUser: '1000', fsGroup: number(stack) } })],
    ['they are in root\'s group', () => ({ security: { runAsUser: '1000', runAsGroup: '0' } })],
    ['they are in root\'s group besides', () => ({ security: { runAsUser: '1000', runAsGroup: '1000', supplementalGroups: [0] } })],
    ['their group is one that only Terraform knows', stack => ({ security: { runAsUser: '1000', runAsGroup: number(stack) } })],
    ['their other groups are such', stack => ({ security: { runAsUser: '1000', supplementalGroups: Token.asNumberList(new TerraformVariable(stack, 'L', {}).value) } })],
    ['their user is one whom only Terraform knows', stack => ({ security: { runAsUser: number(stack) } })],
    ['the only container that does is left out', () => ({
      annotations: { 'cloud.google.com/skip-containers': 'other' }, containers: [APP, { name: 'other', image: 'app:1', securityContext: { runAsUser: '1000' } }],
    })],
    ['the container runs as root, and the others of the pod would not', () => ({ security: { runAsUser: '1000' }, containers: [{ ...APP, securityContext: { runAsUser: '0' } }] })],
    ['the container says it by what only Terraform knows', stack => ({
      security: { runAsUser: '1000' }, containers: [{ ...APP, securityContext: Token.asAny(new TerraformVariable(stack, 'O', {}).value) }],
    })],
    ['they run on Windows', () => ({ security: { runAsNonRoot: true }, more: { nodeSelector: { 'kubernetes.io/os': 'windows' } } })],
  ])('are not where %s', (__, podsOf) => {
    expect(warned(podsOf)).toEqual([]);
  });

  test('are not where an option names the group', () => {
    expect(warned(() => ({ security: { runAsUser: '1000' } }), { fsGroup: 65532 })).toEqual([]);
    expect(warned(() => ({ security: { runAsNonRoot: true } }), { os: 'windows' })).toEqual([]);
  });

  test.each<[string, (stack: TerraformStack) => Workload]>([
    ['projected tokens', both], ['a role\'s webhook', stack => aws(stack, { wiring: 'webhook' })], ['the tokens of pfnet\'s workload, projected', stack => pfnet(stack, { wiring: 'explicit' })],
  ])('are not with %s, whose files have the mode that Kubernetes gives them', (__, workloadOf) => {
    expect(warned(() => ({ security: { runAsUser: '1000' } }), {}, workloadOf)).toEqual([]);
  });
});

// The classes of typed resources leave such a value out.
test.each(WAYS.filter(([way]) => way === 'podManifest()' || way === 'the Aspect, of a manifest'))('pods are not warned of where only Terraform knows whether they have a group, seen by %s', (_, see) => {
  expect(warningsOf(stack => see(stack, pfnet(stack), {
    security: Token.asAny(new TerraformVariable(stack, 'O', {}).value), containers: [{ ...APP, securityContext: { runAsUser: '1000' } }],
  }, {}))).toEqual([]);
});

test('pods that nobody wires are not looked at, and those that podTemplate() has wired keep the group that it was given', () => {
  const pods = { security: { runAsUser: '1000' } };
  expect(warningsOf(stack => {
    pfnet(stack);
    new Manifest(stack, 'Pods', { manifest: deployment(manifest(pods)) });
  })).toEqual([['stack/Pods', 'unwired-workload']]);
  expect(warningsOf(stack => {
    const template = pfnet(stack).podTemplate(typed(pods), { fsGroup: 65532 });
    new DeploymentV1(stack, 'Pods', { metadata: METADATA, spec: { selector: SELECTOR, template } });
    wire(stack);
  })).toEqual([]);
});

describe('pods are warned of as they are printed', () => {
  const finished = (pods: Pods, finish: (template: any) => any) => warningsOf(stack => {
    const template = pfnet(stack).podTemplate(typed(pods));
    new DeploymentV1(stack, 'Pods', { metadata: METADATA, spec: { selector: SELECTOR, template: finish(template) } });
  });
  const secured = (securityContext: object) => (template: any) => ({ ...template, spec: { ...template.spec, securityContext } });

  test('and not where they get a group after podTemplate()', () => {
    expect(finished({ security: { runAsUser: '1000' } }, secured({ runAsUser: '1000', fsGroup: '1000' }))).toEqual([]);
  });

  test.each<[string, Pods, (template: any) => any]>([
    ['they get a user after it', {}, secured({ runAsUser: '1000' })],
    ['the template was copied', { security: { runAsUser: '1000' } }, template => JSON.parse(JSON.stringify(template))],
  ])('where %s', (_, pods, finish) => {
    expect(finished(pods, finish)).toEqual([['stack/Pods', 'missing-fs-group']]);
  });

  test('with their overrides', () => {
    expect(warningsOf(stack => {
      const template = pfnet(stack).podTemplate(typed({}));
      new DeploymentV1(stack, 'Pods', { metadata: METADATA, spec: { selector: SELECTOR, template } }).addOverride('spec.template.spec.security_context', { run_as_user: '1000' });
    })).toEqual([['stack/Pods', 'missing-fs-group']]);
  });

  test('and not where they cannot be read, which is refused where they are wired and nobody\'s business where they are not', () => {
    expect(warningsOf(stack => {
      pfnet(stack);
      const annotations = { 'cloud.google.com/skip-containers': new TerraformVariable(stack, 'V', { type: 'string' }).stringValue };
      new Manifest(stack, 'Pods', { manifest: deployment(manifest({ annotations, security: { runAsUser: 1000 } })) });
    })).toEqual([]);
  });

  test('and where a template is in no resource, nobody says anything', () => {
    expect(warningsOf(stack => void pfnet(stack).podTemplate(typed({ security: { runAsUser: '1000' } })))).toEqual([]);
  });
});

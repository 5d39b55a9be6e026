import type { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { Fn, TerraformProvider } from 'cdktf';
import { Construct, IConstruct } from 'constructs';
import { KubernetesObject } from './manifests';
import { Fields, Form, MANIFEST, TYPED } from './pod-form';
import { PodManifest, PodWiring, wirePods } from './pod-template';
import { checkImage, checkLimit, checkObjectName, checkRange } from '../checks';
import { ContainerResources, CONTROL_AUDIENCE, EnvironmentVariable, ICloudIdentity } from '../cloud-identity';
import { ServiceAccountSubject } from '../cluster';
import { FederationError } from '../errors';
import { SKIPPING } from '../skipping';
import { isToken, knownPart } from '../tokens';

/** How a workload's identities are tested. */
export interface SmokeTestOptions {
  /**
   * The name of the Job, at most 63 characters.
   * @default - the service account's name and "-smoke-test"
   */
  readonly name?: string;
  /**
   * Images of the command lines by the cloud of the identity ("aws", "gcp", "azure"), by digest or by a tag other than latest: those of a registry of your own.
   * @default - those of the vendors, by tag
   */
  readonly images?: Readonly<Record<string, string>>;
  /**
   * What each container asks for, and what it may use.
   * @default - 50m of CPU and 256Mi of memory, at most 512Mi
   */
  readonly resources?: ContainerResources;
  /**
   * How often each cloud is asked, every ten seconds, until it says who the pod is: what is new takes some minutes until every cloud knows it. 1 to 60.
   * @default 18
   */
  readonly tries?: number;
  /**
   * The seconds after which Kubernetes deletes the finished Job; Terraform makes it again the next time it is applied, and so asks again. 60 to 604800.
   * @default 3600
   */
  readonly ttlSecondsAfterFinished?: number;
  /**
   * The group that owns the tokens, and may read them.
   * @default 65532
   */
  readonly fsGroup?: number;
  /**
   * Labels that the nodes must have, besides Linux.
   * @default - none
   */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /**
   * Labels of the Job and its pod.
   * @default - none
   */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Props of a workload's smoke test. */
export interface SmokeTestProps extends SmokeTestOptions {
  /**
   * Whether the apply waits for the Job, and fails with it.
   * @default false
   */
  readonly waitForCompletion?: boolean;
}

/** What a Job needs as a resource of Terraform. */
interface SmokeTestResourceProps extends SmokeTestProps {
  readonly provider?: TerraformProvider;
}

/** What is tested. */
export interface SmokeTested {
  readonly serviceAccount: ServiceAccountSubject;
  readonly identities: readonly ICloudIdentity[];
  readonly wiring: PodWiring;
}

const CONTROL = { name: 'smoke-test-control', mountPath: '/var/run/secrets/workload-federation-smoke-test' };
const HOME = '/home/smoke-test';
const USER = 65532;
const PAUSE_SECONDS = 10;
const RESOURCES: ContainerResources = { requests: { cpu: '50m', memory: '256Mi' }, limits: { memory: '512Mi' } };

/*
 * The scripts hold no "${" and "%{", which Terraform would evaluate, no "$$", which Kubernetes would shorten, and no backslash, which HCL would. What
 * commands say is printed in one line, without what looks like a token or a key; names that were asked for may be long paths, and are no base64 with slashes.
 */

const START = `
umask 077
out="$HOME/out"
err="$HOME/err"
say() {
  printf '%s' "$PROBE_CLOUD: $1"
  echo
}
fail() {
  say "FAILED: $1"
  exit 1
}
line() {
  LC_ALL=C tr -s '[:space:]' ' ' < "$1" | LC_ALL=C tr -cd '[:print:]' | LC_ALL=C sed -E -e 's|eyJ[A-Za-z0-9_+/=.-]+|(token)|g; s|ya29[.][A-Za-z0-9_+/=.-]+|(token)|g' -e "$2" -e 's/^ //; s/ $//' | cut -c 1-400
}
tidy() {
  line "$1" 's|[A-Za-z0-9_+/=-]{80,}|(cut)|g'
}
named() {
  line "$1" 's|[A-Za-z0-9_+=-]{80,}|(cut)|g'
}
if ! ( : > "$out"; ) 2> /dev/null; then fail "cannot write to $HOME"; fi`;

const RUN = `
tries=1
until ask; do
  if [ "$tries" -ge "$PROBE_TRIES" ]; then fail "$problem"; fi
  tries=$((tries + 1))
  sleep "$PROBE_PAUSE"
done
control
case "$?" in
  0) say "OK: $identity; a token for another audience is refused ($refusal)" ;;
  1) fail "the trust is too wide: it takes a token for another audience ($PROBE_CONTROL_AUDIENCE)" ;;
  3) say "OK: $identity; without a negative control: $missing" ;;
  *) fail "it is $identity, but whether a token for another audience is refused is not known: $problem" ;;
esac`;

/**
 * Defines a Job that runs as a workload and asks each cloud who it is, one container for each; see `Workload.smokeTest()`.
 */
export class SmokeTest extends Construct {
  /** The Job. */
  public readonly resource: JobV1;
  /** The name of the Job, for `kubectl logs job/<name> --all-containers`. */
  public readonly jobName: string;

  /** @internal */
  constructor(
    scope: Construct, id: string, tested: SmokeTested,
    { waitForCompletion = false, provider, ...options }: SmokeTestResourceProps,
  ) {
    const where = scope.node.path;
    const { name, deadline, ...job } = jobOf(scope, TYPED, tested, tested.wiring, options);
    if (scope.node.tryFindChild(id) !== undefined) {
      throw new FederationError({
        code: 'DuplicateRegistration', where, prop: 'smokeTest', rule: 'be asked for once', got: `${where}/${id}`, remedy: 'use the one that is there',
      });
    }
    super(scope, id);
    this.jobName = name;
    // The class is large, and few stacks have a smoke test.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { JobV1: Job } = require('@cdktf/provider-kubernetes/lib/job-v1') as typeof import('@cdktf/provider-kubernetes/lib/job-v1');
    this.resource = new Job(this, 'Default', {
      metadata: { name, namespace: tested.wiring.namespace.reference, labels: options.labels && { ...options.labels } },
      spec: {
        backoffLimit: 0,
        activeDeadlineSeconds: deadline,
        ttlSecondsAfterFinished: String(job.ttlSecondsAfterFinished),
        template: job.template,
      },
      waitForCompletion,
      timeouts: waitForCompletion ? { create: `${deadline + 60}s`, update: `${deadline + 60}s` } : undefined,
      provider,
    });
  }
}

/** The Job as an object of the Kubernetes API. */
export function smokeTestManifest(scope: IConstruct, tested: SmokeTested, wiring: PodWiring, options: SmokeTestOptions = {}): KubernetesObject {
  const { name, deadline, template, ttlSecondsAfterFinished } = jobOf(scope, MANIFEST, tested, wiring, options);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: wiring.namespace.said, ...(options.labels === undefined ? {} : { labels: { ...options.labels } }) },
    spec: { backoffLimit: 0, activeDeadlineSeconds: deadline, ttlSecondsAfterFinished, template },
  };
}

/** What a Job is made of, in either form. */
function jobOf(scope: IConstruct, form: Form, { serviceAccount, identities }: SmokeTested, wiring: PodWiring, options: SmokeTestOptions) {
  const where = scope.node.path;
  const { tries = 18, ttlSecondsAfterFinished = 3600, fsGroup = USER, images = {}, resources, labels, nodeSelector } = options;
  checkRange({ where, prop: 'tries' }, tries, 1, 60, 'leave it out for 18, three minutes');
  checkRange({ where, prop: 'ttlSecondsAfterFinished' }, ttlSecondsAfterFinished, 60, 604800, 'leave it out for 3600, one hour');
  const name = nameOf(where, serviceAccount, options.name);
  checkImages(where, identities, images);
  const containers = identities.map(identity => containerOf(form, identity, serviceAccount, {
    resources, tries, image: Object.hasOwn(images, identity.cloud) ? images[identity.cloud] : undefined,
  }));
  // Whoever makes an image gets the tokens for the cloud that it asks, and for no other.
  const byCloud = identities.length > 1;
  const { metadata, spec } = wirePods(scope, form, {
    // The provider wants metadata of the pods, and an empty block is left out.
    metadata: { labels: { 'app.kubernetes.io/component': 'smoke-test', ...labels }, ...(byCloud ? { annotations: skipped(identities) } : {}) },
    spec: {
      [form.containers]: containers,
      [form.volumes]: [
        form.volume({ ...CONTROL, content: { tokens: [{ path: 'token', audience: CONTROL_AUDIENCE, expirationSeconds: 600 }] }, remedy: '' }),
        ...identities.map(({ cloud }) => ({ name: homeOf(cloud), emptyDir: { medium: 'Memory', sizeLimit: '64Mi' } })),
      ],
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      nodeSelector: { ...nodeSelector, 'kubernetes.io/os': 'linux' },
      securityContext: {
        runAsNonRoot: true, runAsUser: form.number(USER), runAsGroup: form.number(USER), fsGroup: form.number(fsGroup), seccompProfile: { type: 'RuntimeDefault' },
      },
    },
  }, wiring, { runToCompletion: true, byCloud, namesNamespace: form === TYPED });
  // The images are pulled, the clouds asked, and their command lines are slow.
  return { name, ttlSecondsAfterFinished, deadline: 600 + tries * (PAUSE_SECONDS + 30), template: { metadata, spec } as Required<PodManifest> };
}

function containerOf(
  form: Form, identity: ICloudIdentity, subject: ServiceAccountSubject,
  { image, resources = RESOURCES, tries }: Pick<SmokeTestOptions, 'resources'> & { readonly image?: string; readonly tries: number },
): Fields {
  const probe = identity.probe!(subject);
  const env: readonly EnvironmentVariable[] = [
    { name: 'HOME', value: HOME },
    { name: 'TMPDIR', value: HOME },
    { name: 'PROBE_CLOUD', value: identity.cloud },
    { name: 'PROBE_TRIES', value: String(tries) },
    { name: 'PROBE_PAUSE', value: String(PAUSE_SECONDS) },
    { name: 'PROBE_TOKEN_FILE', value: `${CONTROL.mountPath}/token` },
    { name: 'PROBE_CONTROL_AUDIENCE', value: CONTROL_AUDIENCE },
    ...probe.env,
  ];
  return {
    name: identity.cloud,
    image: image ?? probe.image,
    command: ['sh', '-c', [START, probe.script, RUN].join('\n').trim()],
    env,
    resources: {
      ...(resources.requests === undefined ? {} : { requests: { ...resources.requests } }),
      ...(resources.limits === undefined ? {} : { limits: { ...resources.limits } }),
    },
    securityContext: {
      runAsNonRoot: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] },
    },
    [form.mounts]: [
      { name: homeOf(identity.cloud), mountPath: HOME },
      { ...CONTROL, readOnly: true },
    ],
  };
}

/** What keeps the webhook of each cloud from the containers of the others. */
function skipped(identities: readonly ICloudIdentity[]): Readonly<Record<string, string>> {
  const clouds = identities.map(({ cloud }) => cloud);
  return Object.fromEntries(SKIPPING.filter(({ cloud }) => cloud !== undefined && clouds.includes(cloud))
    .map(({ annotation, cloud, separator }) => [annotation, clouds.filter(other => other !== cloud).join(separator)]));
}

const homeOf = (cloud: string) => `smoke-test-home-${cloud}`;

function nameOf(where: string, { name: account }: ServiceAccountSubject, given: string | undefined): string {
  const name = given ?? (isToken(account) ? Fn.join('-', [account, 'smoke-test']) : `${account}-smoke-test`);
  checkObjectName({ where, prop: 'name' }, name);
  const { length } = knownPart(name);
  checkLimit({ where, prop: 'name' }, length, 63, 'be at most 63 characters, as the pod has it as a label', `${length} characters`, 'pass a shorter `name`');
  return name;
}

/** Refuses images for nobody, identities that cannot be asked, and clouds that are no name of a container. */
function checkImages(where: string, identities: readonly ICloudIdentity[], images: Readonly<Record<string, string>>): void {
  for (const identity of identities) {
    if (typeof identity.probe !== 'function') {
      throw new FederationError({
        code: 'InvalidIdentifier', where, prop: 'identities', rule: 'know how to ask their clouds who the pod is', got: identity.node.path,
        remedy: 'give the identity the method `probe`, or test it with a Job of your own',
      });
    }
    if (!/^[a-z0-9](?:[-a-z0-9]{0,40}[a-z0-9])?$/.test(identity.cloud)) {
      throw new FederationError({
        code: 'InvalidName', where, prop: 'identities', rule: 'name their cloud by lower-case letters, digits and "-"', got: identity.cloud, remedy: 'rename the cloud: a container is named after it',
      });
    }
  }
  for (const [cloud, image] of Object.entries(images)) {
    if (!identities.some(identity => identity.cloud === cloud)) {
      throw new FederationError({
        code: 'InvalidIdentifier', where, prop: 'images', rule: `name clouds of the workload (${identities.map(identity => identity.cloud).join(', ')})`, got: cloud, remedy: 'leave it out',
      });
    }
    checkImage({ where, prop: 'images' }, image);
  }
}

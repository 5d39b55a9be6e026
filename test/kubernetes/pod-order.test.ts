import { JobV1 } from '@cdktf/provider-kubernetes/lib/job-v1';
import { Manifest } from '@cdktf/provider-kubernetes/lib/manifest';
import { NamespaceV1 } from '@cdktf/provider-kubernetes/lib/namespace-v1';
import { PodV1 } from '@cdktf/provider-kubernetes/lib/pod-v1';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { AnnotationMetadataEntryType, App, ITerraformDependable, TerraformOutput, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { AwsFederatedRole, AwsPodIdentityRole, GcpFederatedServiceAccount, PodManifest, PodTemplate, RULES, Workload, WorkloadOptions } from 'cdktf-workload-federation';
import { annotated, aws, EKS, OTHER, ROLE_ARN, wire } from './known';
import { OWNERS } from './pod-owners';
import { inFolder, readableAddresses, scratchStack, stackIn, synthApp, synthStack } from '../synth';

const MEMBER = 'google_service_account_iam_member.Account_Federated_oidc-onprem_reports_reader';
const POD = { metadata: { name: 'reports' }, spec: { container: [{ name: 'app', image: 'app:1' }] } } satisfies PodTemplate;
const METADATA = { name: 'reports', namespace: 'reports' };

/** A workload that becomes a Google service account, which a member lets in that nothing of the pods refers to. */
function google(stack: TerraformStack, options: WorkloadOptions = {}, identitiesIn = stack): Workload {
  const serviceAccount = OTHER.serviceAccount('reports', 'reader');
  const account = new GcpFederatedServiceAccount(identitiesIn, 'Account', { accountId: 'reports', trusts: [serviceAccount] });
  return new Workload(stack, 'Workload', { serviceAccount, identities: [account], ...options });
}
const existing = (stack: TerraformStack, options: WorkloadOptions = {}) => google(stack, { existingServiceAccount: true, ...options });

/** A workload of EKS Pod Identity: its pods hold nothing that refers to anything. */
function podIdentity(stack: TerraformStack, options: WorkloadOptions = {}, identitiesIn = stack): Workload {
  const serviceAccount = EKS.serviceAccount('reports', 'reader');
  return new Workload(stack, 'Workload', { serviceAccount, identities: [new AwsPodIdentityRole(identitiesIn, 'Role', { trusts: [serviceAccount] })], ...options });
}
const ASSOCIATION = 'aws_eks_pod_identity_association.Role_Association_eks-apps_reports_reader';

const all = (build: (stack: TerraformStack) => void) => readableAddresses(synthStack(build));
const dependsOn = (build: (stack: TerraformStack) => void, address = 'kubernetes_pod_v1.Pod') => all(build)[address].depends_on;
const podOf = (workload: Workload, config: { dependsOn?: ITerraformDependable[] } = {}) => new PodV1(TerraformStack.of(workload), 'Pod', { ...workload.podTemplate(POD), ...config });

describe('pods of a ServiceAccount that exists already', () => {
  test.each(OWNERS)('wait for what lets it in, wired by the template of a %s of kind %s', (type, _, form, create) => {
    expect(dependsOn(stack => {
      const workload = existing(stack);
      const template = form === 'typed' ? workload.podTemplate(POD) : workload.podManifest({ spec: { containers: POD.spec.container } });
      create(stack, 'Pods', { spec: template.spec }, METADATA);
    }, `${type}.Pods`)).toEqual([MEMBER]);
  });

  test.each(OWNERS)('wait for what lets it in, where the Aspect finds a %s of kind %s', (type, _, form, create) => {
    expect(dependsOn(stack => {
      existing(stack);
      const [lists, spec] = [form === 'typed' ? 'container' : 'containers', { serviceAccountName: 'reader' }];
      create(stack, 'Pods', { spec: { ...spec, [lists]: POD.spec.container } }, METADATA);
      wire(stack);
    }, `${type}.Pods`)).toEqual([MEMBER]);
  });

  test.each<[string, (template: PodManifest) => object]>([
    ['a ReplicaSet', template => ({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: METADATA, spec: { selector: {}, template } })],
    ['another kind with Jobs', template => ({ apiVersion: 'acme.example/v1', kind: 'Nightly', metadata: METADATA, spec: { jobTemplate: { spec: { template } } } })],
  ])('wait for it as those of %s', (_, manifest) => {
    expect(dependsOn(stack => {
      new Manifest(stack, 'Pods', { manifest: manifest(existing(stack).podManifest({ spec: { containers: POD.spec.container } })) });
    }, 'kubernetes_manifest.Pods')).toEqual([MEMBER]);
  });

  test.each([['before the workload', true], ['after it', false]])('wait for it with the Aspect that comes %s, and say so once', (_, first) => {
    expect(dependsOn(stack => {
      if (first) {
        wire(stack);
      }
      existing(stack);
      new PodV1(stack, 'Pod', { metadata: METADATA, spec: { serviceAccountName: 'reader', ...POD.spec } });
      if (!first) {
        wire(stack);
        wire(stack);
      }
    })).toEqual([MEMBER]);
  });

  test('wait for what the workload waits for too, and for what they say, each once', () => {
    expect(dependsOn(stack => {
      const namespace = new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } });
      const other = new NamespaceV1(stack, 'Other', { metadata: { name: 'other' } });
      podOf(existing(stack, { dependsOn: [namespace] }), { dependsOn: [other, namespace] });
    })).toEqual(['kubernetes_namespace_v1.Other', 'kubernetes_namespace_v1.Namespace', MEMBER]);
  });

  test('wait for the association of EKS Pod Identity, though nothing in them is of it', () => {
    expect(dependsOn(stack => podOf(podIdentity(stack, { existingServiceAccount: true })))).toEqual([ASSOCIATION]);
  });

  test('go on waiting for the ServiceAccount where they refer to it', () => {
    const { depends_on, spec } = all(stack => {
      const own = new ServiceAccountV1(stack, 'Own', { metadata: { name: 'reader', namespace: 'reports' } });
      podIdentity(stack, { existingServiceAccount: true });
      new PodV1(stack, 'Pod', { metadata: METADATA, spec: { ...POD.spec, serviceAccountName: own.metadata.name } });
      wire(stack);
    })['kubernetes_pod_v1.Pod'];
    expect([depends_on, spec.service_account_name]).toEqual([[ASSOCIATION], '${kubernetes_service_account_v1.Own.metadata[0].name}']);
  });

  test('wait for its annotations by its name, which wait for the rest', () => {
    expect(dependsOn(stack => podOf(annotated(stack, { existingServiceAccount: true })))).toBeUndefined();
  });

  test('that nobody wires are as they were', () => {
    expect(dependsOn(stack => {
      existing(stack);
      new PodV1(stack, 'Pod', { metadata: METADATA, spec: { serviceAccountName: 'reader', ...POD.spec } });
    })).toBeUndefined();
  });

  test('wait for it where nothing of Kubernetes is Terraform\'s but they', () => {
    expect(dependsOn(stack => podOf(google(stack, { manifestsOnly: true })))).toEqual([MEMBER]);
  });
});

describe('pods of a ServiceAccount that the workload creates', () => {
  test('wait for it by its name, and it waits for the rest', () => {
    const { 'kubernetes_pod_v1.Pod': pod, 'kubernetes_service_account_v1.Workload': account } = all(stack => podOf(google(stack)));
    expect([pod.depends_on, pod.spec.service_account_name, account.depends_on])
      .toEqual([undefined, '${kubernetes_service_account_v1.Workload.metadata[0].name}', [MEMBER]]);
  });

  test('wait for it where they write its name out', () => {
    expect(dependsOn(stack => {
      const { spec } = google(stack).podTemplate(POD);
      new PodV1(stack, 'Pod', { metadata: METADATA, spec: { ...spec, serviceAccountName: 'reader' } });
    })).toEqual(['kubernetes_service_account_v1.Workload']);
    expect(dependsOn(stack => {
      new Manifest(stack, 'Job', { manifest: google(stack).smokeTestManifest() });
    }, 'kubernetes_manifest.Job')).toEqual(['kubernetes_service_account_v1.Workload']);
  });
});

describe('what a workload says that pods wait for', () => {
  const said = (workload: Workload) => workload.dependsOn;

  test('is its ServiceAccount and its ConfigMap', () => {
    const workload = google(scratchStack());
    expect(said(workload)).toEqual([workload.resource, workload.configMap]);
  });

  test('is the annotations of a ServiceAccount that exists already', () => {
    const workload = annotated(scratchStack(), { existingServiceAccount: true });
    expect(said(workload)).toEqual([workload.annotations]);
  });

  test('is what lets the service account in, where there is nothing of these', () => {
    const workload = podIdentity(scratchStack(), { existingServiceAccount: true });
    expect(said(workload)).toEqual((workload.identities[0] as AwsPodIdentityRole).associations);
    expect(said(podIdentity(scratchStack(), { manifestsOnly: true }))).toHaveLength(1);
  });
});

describe('pods that were copied from a template', () => {
  const [BOUND, COPIES] = [[['Google Cloud, with a volume', existing, MEMBER], ['EKS Pod Identity, without one', podIdentity, ASSOCIATION]] as const, [
    ['by JSON', (template: any) => JSON.parse(JSON.stringify(template))],
    ['in their containers', ({ spec: { container, ...spec }, ...template }: any) => ({
      ...template, spec: { ...spec, container: container.map((one: object) => ({ ...one, imagePullPolicy: 'Always' })) },
    })],
  ] as const];

  test.each(BOUND.flatMap(([what, define, before]) => COPIES.map(([how, copy]) => [how, what, define, before, copy] as const)))(
    'wait, copied %s, for what lets them in at %s', (_, __, define, before, copy) => {
      expect(dependsOn(stack => {
        new PodV1(stack, 'Pod', copy(define(stack, { existingServiceAccount: true }).podTemplate(POD)));
      })).toEqual([before]);
    });

  /** Of a kind that no Aspect wires. */
  function copied(stack: TerraformStack): Manifest {
    const template = podIdentity(stack, { existingServiceAccount: true }).podManifest({ spec: { containers: POD.spec.container } });
    const spec = { selector: {}, template: JSON.parse(JSON.stringify(template)) };
    return new Manifest(stack, 'Pods', { manifest: { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: METADATA, spec } });
  }

  test('wait for what lets them in where they are in a manifest, but where an Aspect is kept from them', () => {
    expect(dependsOn(stack => {
      copied(stack);
      wire(stack);
    }, 'kubernetes_manifest.Pods')).toEqual([ASSOCIATION]);
    expect(dependsOn(stack => wire(copied(stack), { skip: true }), 'kubernetes_manifest.Pods')).toBeUndefined();
  });

  test.each<[string, (stack: TerraformStack) => void]>([
    ['say that they shall have nothing', stack => {
      podIdentity(stack, { existingServiceAccount: true });
      new PodV1(stack, 'Pod', { metadata: { ...METADATA, annotations: { 'workload-federation/skip': 'true' } }, spec: { ...POD.spec, serviceAccountName: 'reader' } });
    }],
    ['an Aspect keeps from wiring', stack => {
      podIdentity(stack, { existingServiceAccount: true });
      wire(new PodV1(stack, 'Pod', { metadata: METADATA, spec: { ...POD.spec, serviceAccountName: 'reader' } }), { skip: true });
    }],
    ['run as another', stack => {
      podIdentity(stack, { existingServiceAccount: true });
      new PodV1(stack, 'Pod', { metadata: METADATA, spec: { ...POD.spec, serviceAccountName: 'writer' } });
    }],
  ])('wait for nothing where they %s', (_, build) => {
    expect(dependsOn(build)).toBeUndefined();
  });
});

describe('what a workload waits for', () => {
  const job = (stack: TerraformStack, id: string) => new JobV1(stack, id, {
    metadata: { ...METADATA, name: id.toLowerCase() }, spec: { template: { metadata: {}, spec: { serviceAccountName: 'reader', ...POD.spec } } },
  });

  test.each([['an Aspect wires', google, MEMBER, true], ['nobody has to wire', podIdentity, ASSOCIATION, false]] as const)(
    'may be pods of the workload, which %s: they do not wait for each other, nor other pods for them', (_, define, before, wires) => {
      const resources = all(stack => {
        const namespace = new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } });
        podOf(define(stack, { existingServiceAccount: true, dependsOn: [namespace, job(stack, 'A'), job(stack, 'B')] }));
        if (wires) {
          wire(stack);
        }
      });
      for (const address of ['kubernetes_job_v1.A', 'kubernetes_job_v1.B', 'kubernetes_pod_v1.Pod']) {
        expect(resources[address].depends_on).toEqual(['kubernetes_namespace_v1.Namespace', before]);
      }
    });

  test('is waited for once where it is said twice', () => {
    const twice = (options: WorkloadOptions) => all(stack => {
      const namespace = new NamespaceV1(stack, 'Namespace', { metadata: { name: 'reports' } });
      podOf(google(stack, { dependsOn: [namespace, namespace], ...options }));
    });
    const wanted = ['kubernetes_namespace_v1.Namespace', MEMBER];
    expect(twice({})['kubernetes_service_account_v1.Workload'].depends_on).toEqual(wanted);
    expect(twice({ existingServiceAccount: true })['kubernetes_pod_v1.Pod'].depends_on).toEqual(wanted);
  });
});

describe.each([[['cloud', 'pods', 'workload']], [['workload', 'pods', 'cloud']]])('across stacks in the order %p', order => {
  type Stacks = Record<'cloud' | 'pods' | 'workload', TerraformStack>;
  type Way = (stacks: Stacks) => void;
  const inPods = (pods: TerraformStack, workload: Workload, more: object = {}) => new PodV1(pods, 'Pod', { ...workload.podTemplate(POD), ...more });

  /** The warnings about the order of stacks in the manifest, which the command line prints, by construct, and the dependencies of all stacks. */
  function synthesized(build: Way, finish: Way = () => undefined) {
    return inFolder(folder => {
      const app = new App({ outdir: folder });
      const stacks = Object.fromEntries(order.map(id => [id, stackIn(app, id)])) as Stacks;
      build(stacks);
      finish(stacks);
      app.synth();
      const manifests = Object.values(app.manifest.stacks);
      const rule = 'stacks-without-order: ';
      const warnings = manifests.flatMap(({ annotations }) => annotations).filter(({ message }) => message.startsWith(rule));
      expect(warnings.every(({ level, message }) => level === AnnotationMetadataEntryType.WARN && message.startsWith(`${rule}${RULES['stacks-without-order']} `))).toBe(true);
      return {
        warnings: warnings.map(({ constructPath, message }) => [constructPath, message.slice(rule.length + RULES['stacks-without-order'].length + 1)]),
        dependencies: Object.fromEntries(manifests.map(({ name, dependencies }) => [name, dependencies])),
      };
    });
  }
  const missing = (stack: string, other: string) => `Stack ${stack} does not come after stack ${other}: say \`${stack}.addDependency(${other})\`.`;
  const NONE = { cloud: [], pods: [], workload: [] };

  test.each<[string, WorkloadOptions]>([
    ['of a ServiceAccount that it creates', {}], ['of one that exists already', { existingServiceAccount: true }], ['that others apply', { manifestsOnly: true }],
  ])('a workload %s is warned of once where its stack does not come after that of what lets it in, and nothing is added', (_, options) => {
    const one: Way = ({ cloud, workload }) => {
      podIdentity(workload, options, cloud).podTemplate(POD);
      wire(workload);
    };
    expect(synthesized(one)).toEqual({ warnings: [['workload/Workload', missing('workload', 'cloud')]], dependencies: NONE });
    expect(synthesized(one, ({ cloud, workload }) => workload.addDependency(cloud))).toEqual({ warnings: [], dependencies: { ...NONE, workload: ['cloud'] } });
    expect(synthesized(one, ({ cloud, pods, workload }) => {
      workload.addDependency(pods);
      pods.addDependency(cloud);
    }).warnings).toEqual([]);
  });

  test('a reference between the stacks is an order', () => {
    expect(synthesized(({ cloud, workload }) => {
      podOf(podIdentity(workload, {}, cloud));
      new TerraformOutput(workload, 'Region', { value: new TerraformVariable(cloud, 'V', { type: 'string' }).stringValue });
    })).toEqual({ warnings: [], dependencies: { ...NONE, workload: ['cloud'] } });
  });

  test.each<[string, (workload: TerraformStack, cloud: TerraformStack) => void]>([
    ['is of another cloud, by its name', (workload, cloud) => {
      const serviceAccount = EKS.serviceAccount('reports', 'reader');
      const role = AwsFederatedRole.fromRoleArn(cloud, 'Role', { roleArn: ROLE_ARN, trusts: [serviceAccount] });
      new Workload(workload, 'Workload', { serviceAccount, identities: [role] });
    }],
    ['is of the same stack', workload => void podIdentity(workload)],
  ])('a workload is not warned of where what lets it in %s', (_, define) => {
    expect(synthesized(({ cloud, workload }) => define(workload, cloud)).warnings).toEqual([]);
  });

  test('a workload that has to come first is told that its stack cannot come after the other', () => {
    expect(synthesized(({ cloud, workload }) => {
      podIdentity(workload, {}, cloud);
      cloud.addDependency(workload);
    }).warnings).toEqual([['workload/Workload', 'Stack cloud comes after stack workload: define this in a stack that comes after it.']]);
  });

  test('pods are warned of once where their stack comes neither after that of the workload nor of what lets it in', () => {
    const some = (identitiesIn: 'cloud' | 'workload'): Way => ({ pods, workload, ...stacks }) => {
      const one = podIdentity(workload, { existingServiceAccount: true }, { workload, ...stacks }[identitiesIn]);
      inPods(pods, one);
      new PodV1(pods, 'Other', one.podTemplate(POD));
    };
    expect(synthesized(some('workload'))).toEqual({ warnings: [['pods/Pod', missing('pods', 'workload')]], dependencies: NONE });
    expect(synthesized(some('workload'), ({ pods, workload }) => pods.addDependency(workload)).warnings).toEqual([]);
    expect(Object.fromEntries(synthesized(some('cloud')).warnings)).toEqual({ 'workload/Workload': missing('workload', 'cloud'), 'pods/Pod': missing('pods', 'cloud') });
    expect(synthesized(some('cloud'), ({ cloud, pods }) => pods.addDependency(cloud)).warnings).toEqual([['workload/Workload', missing('workload', 'cloud')]]);
    expect(synthesized(some('cloud'), ({ pods, workload }) => pods.addDependency(workload)).warnings).toEqual([['workload/Workload', missing('workload', 'cloud')]]);
    expect(synthesized(some('cloud'), ({ cloud, pods, workload }) => {
      pods.addDependency(workload);
      workload.addDependency(cloud);
    }).warnings).toEqual([]);
  });

  test('pods that others apply the ServiceAccount of are warned of too', () => {
    expect(synthesized(({ pods, workload }) => void inPods(pods, podIdentity(workload, { manifestsOnly: true }))).warnings).toEqual([['pods/Pod', missing('pods', 'workload')]]);
  });

  test('pods in the stack of what lets them in wait for it there', () => {
    const { cloud } = synthApp(app => {
      const stacks = Object.fromEntries(order.map(id => [id, stackIn(app, id)])) as Stacks;
      inPods(stacks.cloud, podIdentity(stacks.workload, { existingServiceAccount: true }, stacks.cloud));
    });
    expect(readableAddresses(cloud!)['kubernetes_pod_v1.Pod'].depends_on).toEqual([ASSOCIATION]);
  });

  test.each<[string, Way]>([
    ['refer to the ServiceAccount', ({ pods, workload }) => void inPods(pods, podIdentity(workload))],
    ['name the ServiceAccount that the workload creates, as none is admitted before', ({ pods, workload }) => {
      const template = podIdentity(workload).podTemplate(POD);
      new PodV1(pods, 'Pod', { ...template, spec: { ...template.spec, serviceAccountName: 'reader' } });
    }],
    ['have an identity that creates nothing', ({ pods, workload }) => void inPods(pods, aws(workload, { existingServiceAccount: true }))],
  ])('pods are not warned of where they %s', (_, define) => {
    expect(synthesized(define).warnings).toEqual([]);
  });

  test('stacks may be synthesized one by one, whatever refers to what', () => {
    for (const ids of [order, [...order].reverse()]) {
      inFolder(folder => {
        const app = new App({ outdir: folder });
        const { cloud, pods, workload } = Object.fromEntries(order.map(id => [id, stackIn(app, id)])) as Stacks;
        inPods(pods, podIdentity(workload, { existingServiceAccount: true }, cloud));
        new TerraformOutput(cloud, 'Name', { value: new TerraformVariable(workload, 'V', { type: 'string' }).stringValue });
        for (const id of ids) {
          const stack = app.node.findChild(id) as TerraformStack;
          stack.prepareStack();
          expect(() => Testing.synth(stack, true)).not.toThrow();
        }
        expect([cloud, pods, workload].map(({ dependencies }) => dependencies.map(({ node }) => node.id))).toEqual([['workload'], [], []]);
      });
    }
  });
});

import { ITerraformDependable, TerraformProvider, TerraformStack, Token } from 'cdktf';
import { IConstruct } from 'constructs';
import { Fields, Form, MANIFEST, TYPED } from './pod-form';
import { PodManifest } from './pod-template';
import { FederationError } from '../errors';
import { SKIP, saidToSkip } from '../skipping';
import { isToken } from '../tokens';

/** The kinds of the Kubernetes API that run pods. */
export type PodOwnerKind = 'Pod' | 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job' | 'CronJob' | 'ReplicationController';

/** What is known of a kind. */
interface Kind {
  readonly apiVersion: string;
  /** Where the pod template is in `spec`; the pod itself where it is none. */
  readonly path: readonly string[];
  readonly runsToCompletion: boolean;
  /** The types of Terraform's resources. */
  readonly types: readonly string[];
}

const kind = (apiVersion: string, types: readonly string[], path: readonly string[] = ['template'], runsToCompletion = false): Kind =>
  ({ apiVersion, path, runsToCompletion, types: types.map(type => `kubernetes_${type}`) });

/** The kinds that run pods. */
export const POD_OWNERS: Readonly<Record<PodOwnerKind, Kind>> = {
  Pod: kind('v1', ['pod', 'pod_v1'], []),
  Deployment: kind('apps/v1', ['deployment', 'deployment_v1']),
  StatefulSet: kind('apps/v1', ['stateful_set', 'stateful_set_v1']),
  DaemonSet: kind('apps/v1', ['daemonset', 'daemon_set_v1']),
  Job: kind('batch/v1', ['job', 'job_v1'], ['template'], true),
  CronJob: kind('batch/v1', ['cron_job', 'cron_job_v1'], ['jobTemplate', 'spec', 'template'], true),
  ReplicationController: kind('v1', ['replication_controller', 'replication_controller_v1']),
};

/** Where other kinds have their pod templates in `spec`, such as a ReplicaSet and those of many operators. */
const OTHER_PATHS = [['template'], ['jobTemplate', 'spec', 'template']];

const BY_TYPE = new Map(Object.values(POD_OWNERS).flatMap(owner => owner.types.map(type => [type, owner] as const)));

/** A resource that runs pods, or may run some. */
interface Pods {
  readonly resource: IConstruct & { dependsOn?: string[] };
  /** What the resource or its pods say of whether they shall have nothing. */
  readonly skip?: unknown;
}

/** A resource that defines a ServiceAccount of Kubernetes. */
export interface AccountResource {
  readonly resource: IConstruct & ITerraformDependable;
  /** The alias of the resource's provider. */
  readonly provider: string;
  readonly namespace: string;
  readonly serviceAccountName: string;
  /** Whether Terraform takes annotations away that the resource does not have itself. */
  readonly ownsAnnotations: boolean;
}

/** Pods that cannot be read when the stack is synthesized, or of which it cannot be read as whom they run. */
export interface HiddenPods extends Pods {
  readonly template?: undefined;
  /** The alias of the resource's provider, where it can be read. */
  readonly provider?: string;
  /** The namespace, where it can be read. */
  readonly namespace?: string;
  /** The service account, where it can be read. */
  readonly serviceAccountName?: string;
}

/** A resource that runs pods as a service account. */
export interface PodOwner extends Pods {
  /** The alias of the resource's provider. */
  readonly provider: string;
  readonly form: Form;
  /** The pods as they will be printed. */
  readonly template: PodManifest;
  /** The pods as the resource's props have them, without its overrides. */
  readonly own: PodManifest;
  /** Whether the resource has overrides, which are printed in place of, or beside, its props. */
  readonly isOverridden: boolean;
  readonly runsToCompletion: boolean;
  readonly namespace: string;
  readonly serviceAccountName: string;
  /** Puts another template in the place of the one that is there; none for kinds of which it is not known what else they ask of pods. */
  readonly replace?: (template: Required<PodManifest>) => void;
}

/** What overrides are written into, in Terraform's names. */
interface Overridden extends IConstruct, ITerraformDependable {
  dependsOn?: string[];
  readonly provider?: TerraformProvider;
  readonly lifecycle?: { readonly ignoreChanges?: unknown };
  readonly friendlyUniqueId: string;
  readonly terraformResourceType: string;
  readonly rawOverrides?: Fields;
}

/** A typed resource: known by its type in Terraform, as importing the classes is dear. */
interface TypedResource extends Overridden {
  readonly specInput?: unknown;
  readonly metadataInput?: unknown;
  putSpec(spec: unknown): void;
  putMetadata(metadata: unknown): void;
}

interface ManifestResource extends Overridden {
  readonly manifestInput?: unknown;
  manifest: unknown;
}

/** The pods of a construct; undefined for what runs none. */
export function podsOf(node: IConstruct): PodOwner | HiddenPods | undefined {
  const { terraformResourceType: type } = node as Partial<Overridden>;
  if (type === undefined) {
    return undefined;
  }
  if (type === 'kubernetes_manifest') {
    return ofManifest(node as ManifestResource);
  }
  const owner = BY_TYPE.get(type);
  return owner === undefined ? undefined : ofTyped(node as TypedResource, owner);
}

/** The types of ServiceAccounts in Terraform, apart from a kubernetes_manifest. */
const ACCOUNTS: ReadonlySet<string> = new Set(['kubernetes_service_account', 'kubernetes_service_account_v1']);

/** The ServiceAccount that a construct defines; undefined for what is none, or has no name or provider that can be read. */
export function accountOf(node: IConstruct): AccountResource | undefined {
  const { terraformResourceType: type } = node as Partial<Overridden>;
  const isTyped = type !== undefined && ACCOUNTS.has(type);
  if (!isTyped && type !== 'kubernetes_manifest') {
    return undefined;
  }
  const resource = node as TypedResource & ManifestResource;
  const overrides = overridesOf(resource);
  const all = printed(isTyped ? { metadata: resource.metadataInput } : { manifest: resource.manifestInput }, overrides) as Fields;
  const object = isTyped ? all : all.manifest;
  if (!isFields(object) || !isFields(object.metadata) || (!isTyped && (object.apiVersion !== 'v1' || object.kind !== 'ServiceAccount'))) {
    return undefined;
  }
  const [provider, namespace, { name }] = [providerOf(resource), namespaceIn(object.metadata), object.metadata];
  return provider === undefined || namespace === undefined || typeof name !== 'string' ? undefined : {
    resource, provider, namespace, serviceAccountName: name,
    ownsAnnotations: isTyped && !ignoresAnnotations(resource, overrides),
  };
}

/** The types of the resources whose names others refer to. */
const NAMED = /^kubernetes_(?:namespace(?:_v1)?|service_account(?:_v1)?|annotations)$/;

/** A resource with a name of Kubernetes', as references to it are written and as it is printed. */
export interface NamedResource {
  readonly references: { readonly name: string; readonly namespace?: string };
  readonly name?: string;
  /** The namespace that it says, where it says one. */
  readonly namespace?: string;
}

/** The names of a construct that others refer to; undefined for what has none. */
export function namedOf(node: IConstruct): NamedResource | undefined {
  const resource = node as TypedResource & { readonly metadata?: NamedResource['references'] };
  if (resource.terraformResourceType === undefined || resource.metadata === undefined || !NAMED.test(resource.terraformResourceType)) {
    return undefined;
  }
  const { metadata } = printed({ metadata: resource.metadataInput }, overridesOf(resource)) as Fields;
  const text = (value: unknown): string | undefined => typeof value === 'string' ? value : undefined;
  return isFields(metadata) ? { references: resource.metadata, name: text(metadata.name), namespace: text(metadata.namespace) } : undefined;
}

/** Whether changes of the annotations of a resource, or of some of them, are none to Terraform. */
function ignoresAnnotations({ lifecycle }: Overridden, overrides: readonly Fields[]): boolean {
  const said = [lifecycle?.ignoreChanges, ...overrides.map(override => at(override, ['lifecycle', 'ignore_changes']))];
  return said.some(ignored => ignored === 'all' || (Array.isArray(ignored) && ignored.some(attribute => /^(?:all$|metadata\b)/.test(String(attribute)))));
}

function ofTyped(resource: TypedResource, owner: Kind): PodOwner | HiddenPods | undefined {
  const own = { metadata: resource.metadataInput, spec: resource.specInput };
  const overrides = overridesOf(resource).map((all): Fields => Object.fromEntries(
    ['metadata', 'spec'].filter(key => Object.hasOwn(all, key)).map(key => [key, inCamelCase(all[key])])));
  return ownerOf(resource, TYPED, owner, own, overrides.filter(override => Object.keys(override).length > 0), object => {
    resource.putSpec(object.spec);
    if (owner.path.length === 0) {
      resource.putMetadata(object.metadata);
    }
  });
}

function ofManifest(resource: ManifestResource): PodOwner | HiddenPods | undefined {
  const own = resource.manifestInput;
  const all = overridesOf(resource);
  const { manifest } = printed({ manifest: own }, all) as ManifestResource;
  const overrides = all.flatMap(({ manifest: override }) => override === undefined ? [] : [override as Fields]);
  if (!isFields(manifest)) {
    return isToken(manifest) ? hiddenIn(resource) : undefined;
  }
  const { apiVersion, kind: name, metadata } = manifest;
  const namespace = namespaceIn(metadata);
  const owner = typeof name === 'string' && Object.hasOwn(POD_OWNERS, name) ? POD_OWNERS[name as PodOwnerKind] : undefined;
  const mayBe = Object.values(POD_OWNERS).some(one => (isToken(name) || one === owner) && (isToken(apiVersion) || one.apiVersion === apiVersion));
  if (!mayBe) {
    const path = OTHER_PATHS.find(keys => isFields(at(manifest, ['spec', ...keys, 'spec'])));
    const pods = path === undefined ? undefined : ownerOf(resource, MANIFEST, { path, runsToCompletion: false }, own, overrides);
    return pods?.template?.spec?.containers === undefined ? undefined : pods;
  }
  if (owner === undefined || isToken(apiVersion)) {
    return { ...hiddenIn(resource), namespace };
  }
  return ownerOf(resource, MANIFEST, owner, own, overrides, object => {
    resource.manifest = object;
  });
}

/**
 * @param own an object with `metadata` and `spec`
 * @param overrides what is printed in place of parts of it, or beside them
 */
function ownerOf(
  resource: Overridden, form: Form, owner: Pick<Kind, 'path' | 'runsToCompletion'>, own: unknown, overrides: readonly Fields[], put?: (object: Fields) => void,
): PodOwner | HiddenPods | undefined {
  const path = owner.path.length === 0 ? [] : ['spec', ...owner.path];
  const object = printed(own, overrides);
  const [namespace, template] = [namespaceIn((object as Fields).metadata), at(object, path)];
  const spec = at(template, ['spec']);
  if (spec === undefined) {
    return undefined;
  }
  const serviceAccountName = isFields(spec) ? nameOf(spec.serviceAccountName, spec.serviceAccount) : undefined;
  const skips = [object, template].map(said => at(said, ['metadata', 'annotations'])).map(said => isFields(said) ? said[SKIP] ?? undefined : undefined);
  const skip = saidToSkip(skips);
  const hidden = hiddenIn(resource);
  const { provider } = hidden;
  if (!isFields(template) || !isFields(spec) || serviceAccountName === undefined || namespace === undefined || provider === undefined) {
    return { ...hidden, namespace, serviceAccountName, skip };
  }
  return {
    ...hidden, provider, form, serviceAccountName, skip, namespace, template: template as PodManifest,
    own: (overrides.length === 0 ? template : at(own, path) ?? {}) as PodManifest,
    isOverridden: overrides.length > 0,
    runsToCompletion: owner.runsToCompletion,
    replace: put && (wired => put(withAt(own as Fields, path, { ...at(own, path) as Fields, ...wired }))),
  };
}

const hiddenIn = (resource: Overridden) => ({ resource, provider: providerOf(resource), template: undefined });

/** The alias of the provider that a resource is printed with, which is no text for the one without; undefined where it cannot be read. */
function providerOf(resource: Overridden): string | undefined {
  const override = overridesOf(resource).filter(overrides => Object.hasOwn(overrides, 'provider')).at(-1);
  if (override === undefined) {
    return resource.provider?.alias ?? '';
  }
  const { provider = 'kubernetes' } = override;
  const [, alias] = (typeof provider === 'string' ? /^kubernetes(?:\.([A-Za-z_][\w-]*))?$/.exec(provider) : null) ?? [];
  return provider === 'kubernetes' ? '' : alias;
}

/** Whether pods say that they shall have nothing; a map of annotations that only Terraform knows says nothing. */
export const isSkipped = (pods: PodOwner | HiddenPods | undefined): boolean => pods?.skip === 'true';

/** Refuses what nobody could read. */
export function checkSkip({ resource, skip }: PodOwner | HiddenPods): void {
  if (skip !== undefined && skip !== 'true') {
    throw new FederationError({
      code: isToken(skip) ? 'UnresolvedValue' : 'ClashingWiring', where: resource.node.path, prop: `metadata.annotations["${SKIP}"]`, rule: 'be "true" or "false"',
      got: isToken(skip) ? 'a value that only Terraform knows' : skip, remedy: 'write "true", in quotes, to keep WorkloadWiring from the pods, or leave it out',
    });
  }
}

/** The name of a namespace or service account, which is `default` where none is said; undefined for what cannot be read. */
function nameOf(...values: readonly unknown[]): string | undefined {
  // The API takes no text for what is left out.
  const said = values.find(value => value !== undefined && value !== null && value !== '') ?? 'default';
  return typeof said === 'string' ? said : isToken(said) ? Token.asString(said) : undefined;
}

function namespaceIn(metadata: unknown): string | undefined {
  return metadata === undefined || metadata === null ? nameOf() : isFields(metadata) ? nameOf(metadata.namespace) : undefined;
}

/** What is at a path: undefined for nothing, and the first thing that cannot be read for what is in it. */
function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce((found, key) => isFields(found) ? found[key] ?? undefined : found, value ?? undefined);
}

/** The object with another value at a path. */
function withAt(object: Fields, [key, ...rest]: readonly string[], value: Fields): Fields {
  return key === undefined ? value : { ...object, [key]: withAt(object[key] as Fields, rest, value) };
}

/** What overrides say of a resource, those of its stack last. */
function overridesOf(resource: Overridden): readonly Fields[] {
  const stack = TerraformStack.of(resource) as unknown as { readonly rawOverrides?: { readonly resource?: Record<string, Record<string, Fields>> } };
  return [resource.rawOverrides, stack.rawOverrides?.resource?.[resource.terraformResourceType]?.[resource.friendlyUniqueId]]
    .filter((overrides): overrides is Fields => overrides !== undefined && Object.keys(overrides).length > 0);
}

/** A value as cdktf prints it with overrides: it joins lists, and takes out what is undefined. */
function printed(value: unknown, overrides: readonly Fields[]): unknown {
  return overrides.reduce((own, override) => isToken(own) ? own : overridden(own, override), value);
}

function overridden(value: unknown, override: Fields): unknown {
  // Overrides name the entries of a list by their numbers.
  const merged = (Array.isArray(value) ? [...value as unknown[]] : isFields(value) ? { ...value } : {}) as Record<string, unknown>;
  for (const [key, other] of Object.entries(override)) {
    const own = merged[key];
    if (isFields(other)) {
      merged[key] = isToken(own) ? own : overridden(own, other);
    } else if (Array.isArray(other) && Array.isArray(own)) {
      merged[key] = [...own, ...other];
    } else if (other === undefined) {
      delete merged[key];
    } else {
      merged[key] = other;
    }
  }
  return merged;
}

/** The fields whose keys are the user's. */
const MAPS = new Set(['labels', 'annotations', 'matchLabels', 'nodeSelector', 'limits', 'requests']);

/** A value in the names of cdktf's classes. */
function inCamelCase(value: unknown): unknown {
  if (Array.isArray(value) && !isToken(value)) {
    return value.map(inCamelCase);
  }
  return !isFields(value) ? value : Object.fromEntries(Object.entries(value).map(([key, inner]) => {
    const name = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return [name, MAPS.has(name) ? inner : inCamelCase(inner)];
  }));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isToken(value);
}

import { TerraformProvider, Token } from 'cdktf';
import { IConstruct } from 'constructs';
import { Fields, Form, MANIFEST, TYPED } from './pod-form';
import { PodManifest } from './pod-template';
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

const BY_TYPE = new Map(Object.values(POD_OWNERS).flatMap(owner => owner.types.map(type => [type, owner] as const)));

/** A resource that runs pods as a service account. */
export interface PodOwner {
  readonly resource: IConstruct;
  readonly form: Form;
  readonly template: PodManifest;
  /** Whether only Terraform knows the metadata of the template, which the template here lacks then. */
  readonly hidesMetadata: boolean;
  readonly runsToCompletion: boolean;
  readonly namespace: string;
  readonly serviceAccountName: string;
  /** The alias of the resource's provider. */
  readonly provider: string;
  /** Puts another template in the place of the one that is there. */
  readonly replace: (template: Required<PodManifest>) => void;
}

/** A typed resource: known by its type in Terraform, as importing the classes is dear. */
interface TypedResource extends IConstruct {
  readonly specInput?: unknown;
  readonly metadataInput?: unknown;
  readonly provider?: TerraformProvider;
  putSpec(spec: unknown): void;
  putMetadata(metadata: unknown): void;
}

interface ManifestResource extends IConstruct {
  readonly manifestInput?: unknown;
  readonly provider?: TerraformProvider;
  manifest: unknown;
}

/** The pods that a construct runs as a service account that is named; undefined for everything else, and for what only Terraform knows. */
export function podOwner(node: IConstruct): PodOwner | undefined {
  const { terraformResourceType: type } = node as { terraformResourceType?: string };
  if (type === undefined) {
    return undefined;
  }
  return type === 'kubernetes_manifest' ? ofManifest(node as ManifestResource) : ofTyped(node as TypedResource, BY_TYPE.get(type));
}

function ofTyped(resource: TypedResource, owner: Kind | undefined): PodOwner | undefined {
  const [spec, metadata] = owner === undefined ? [] : [fieldsOf(resource.specInput), resource.metadataInput];
  return owner === undefined || spec === undefined ? undefined : ownerOf(resource, TYPED, owner, { metadata, spec }, object => {
    resource.putSpec(object.spec);
    if (owner.path.length === 0) {
      resource.putMetadata(object.metadata);
    }
  });
}

function ofManifest(resource: ManifestResource): PodOwner | undefined {
  const manifest = fieldsOf(resource.manifestInput);
  const { apiVersion, kind: name } = manifest ?? {};
  const owner = typeof name === 'string' && Object.hasOwn(POD_OWNERS, name) ? POD_OWNERS[name as PodOwnerKind] : undefined;
  if (manifest === undefined || owner === undefined || apiVersion !== owner.apiVersion) {
    return undefined;
  }
  return ownerOf(resource, MANIFEST, owner, manifest, object => {
    resource.manifest = object;
  });
}

/** @param object an object with `metadata` and `spec` */
function ownerOf(
  resource: IConstruct & { readonly provider?: TerraformProvider }, form: Form, owner: Kind, object: Fields, put: (object: Fields) => void,
): PodOwner | undefined {
  const path = owner.path.length === 0 ? [] : ['spec', ...owner.path];
  const template = path.reduce<Fields | undefined>((found, key) => fieldsOf(found?.[key]), object);
  const spec = fieldsOf(template?.spec);
  const metadata = fieldsOf(object.metadata);
  const serviceAccountName = nameOf(spec?.serviceAccountName ?? spec?.serviceAccount);
  const namespace = nameOf(metadata?.namespace);
  if (template === undefined || spec === undefined || serviceAccountName === undefined || namespace === undefined) {
    return undefined;
  }
  return {
    resource, form, serviceAccountName, namespace,
    template: { metadata: fieldsOf(template.metadata), spec },
    hidesMetadata: isToken(template.metadata),
    runsToCompletion: owner.runsToCompletion,
    provider: resource.provider?.alias ?? '',
    replace: wired => put(withAt(object, path, { ...template, ...wired })),
  };
}

/** The name of a namespace or service account, which is `default` where none is said; undefined for what is no name. */
function nameOf(value: unknown): string | undefined {
  if (value === undefined || value === null) {
    return 'default';
  }
  return typeof value === 'string' ? value : isToken(value) ? Token.asString(value) : undefined;
}

/** The object with another value at a path. */
function withAt(object: Fields, [key, ...rest]: readonly string[], value: Fields): Fields {
  return key === undefined ? value : { ...object, [key]: withAt(object[key] as Fields, rest, value) };
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isToken(value) ? value as Fields : undefined;
}

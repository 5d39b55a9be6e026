import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as ts from 'typescript';
import { ApiObject } from './api-objects';

/** Where the published schemas of a kind are. */
const home = ({ apiVersion, kind }: ApiObject) => `kubernetes-models/${apiVersion}/${kind}`;

const load = createRequire(__filename);

/** What the published OpenAPI schema of Kubernetes says against an object: types, required fields, forms. */
function formErrors(object: ApiObject): string[] {
  const Model = load(home(object))[object.kind];
  try {
    new Model(object).validate();
    return [];
  } catch (error) {
    return (error as Error).message.split(', ');
  }
}

/**
 * Fields that Kubernetes does not have. The schemas allow them, as the API server only drops them; the types made from the same schemas do
 * not, where an object is written out.
 */
function unknownFields(objects: readonly ApiObject[]): string[] {
  const file = join(__dirname, 'objects.ts');
  const source = objects.map((object, index) =>
    `import type { I${object.kind} as T${index} } from '${home(object)}';\nexport const o${index}: T${index} = ${JSON.stringify(object)};`).join('\n');
  const options: ts.CompilerOptions = {
    noEmit: true, strict: true, skipLibCheck: true, types: [], moduleResolution: ts.ModuleResolutionKind.Node10, target: ts.ScriptTarget.ES2022,
  };
  const host = ts.createCompilerHost(options);
  const own: ts.CompilerHost = {
    ...host,
    fileExists: name => name === file || host.fileExists(name),
    readFile: name => name === file ? source : host.readFile(name),
    getSourceFile: (name, version) => name === file ? ts.createSourceFile(name, source, version, true) : host.getSourceFile(name, version),
  };
  const program = ts.createProgram([file], options, own);
  return ts.getPreEmitDiagnostics(program).map(({ messageText, start, file: where }) => {
    // Two lines for each object.
    const object = objects[Math.floor(where!.getLineAndCharacterOfPosition(start!).line / 2)]!;
    return `${nameOf(object)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}

const nameOf = ({ kind, metadata }: ApiObject) => `${kind} ${metadata?.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata?.name}`;

const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const ENV_NAME = /^[-._a-zA-Z][-._a-zA-Z0-9]*$/;
const qualified = (key: string) => {
  const [name, prefix, ...more] = key.split('/').reverse() as [string, string?];
  return more.length === 0 && name !== '' && LABEL_VALUE.test(name) && (prefix === undefined || SUBDOMAIN.test(prefix));
};

/** The pod templates of an object, and the object where it is a pod. */
function templates(object: ApiObject): any[] {
  return [object.kind === 'Pod' ? object : undefined, object.spec?.template, object.spec?.jobTemplate?.spec?.template].filter(template => template?.spec);
}

const repeated = (values: readonly unknown[]) => values.filter((value, index) => values.indexOf(value) !== index);

/**
 * What the API server refuses beyond its schema: names, sizes and what must be there once.
 *
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/
 * https://kubernetes.io/docs/concepts/configuration/configmap/
 * https://kubernetes.io/docs/concepts/storage/projected-volumes/
 */
function nameErrors(object: ApiObject): string[] {
  const errors: string[] = [];
  const must = (holds: boolean, what: string) => {
    if (!holds) {
      errors.push(what);
    }
  };
  const { metadata } = object;
  must(SUBDOMAIN.test(metadata.name), `metadata.name ${metadata.name} is no DNS subdomain`);
  must(metadata.namespace === undefined || LABEL.test(metadata.namespace), `metadata.namespace ${metadata.namespace} is no DNS label`);
  must(object.kind !== 'Namespace' || LABEL.test(metadata.name), `metadata.name ${metadata.name} is no DNS label`);
  for (const { labels = {}, annotations = {} } of new Set([metadata, ...templates(object).map(({ metadata: own }) => own ?? {})])) {
    for (const [key, value] of Object.entries<string>(labels)) {
      must(qualified(key) && LABEL_VALUE.test(value), `label ${key}=${value} has a bad form`);
    }
    Object.keys(annotations).forEach(key => must(qualified(key.toLowerCase()), `annotation ${key} has a bad name`));
    must(Buffer.byteLength(Object.entries(annotations).flat().join('')) <= 256 * 1024, 'annotations are longer than 256 KiB');
  }
  if (object.kind === 'ConfigMap') {
    must(Object.keys(object.data ?? {}).every(key => /^[-._a-zA-Z0-9]{1,253}$/.test(key)), 'data has a bad key');
    must(Buffer.byteLength(Object.values(object.data ?? {}).join('')) <= 1024 * 1024, 'data is longer than 1 MiB');
  }
  for (const { spec } of templates(object)) {
    const volumes: any[] = spec.volumes ?? [];
    repeated(volumes.map(({ name }) => name)).forEach(name => errors.push(`volume ${name} is there twice`));
    volumes.forEach(({ name }) => must(LABEL.test(name), `volume ${name} is no DNS label`));
    for (const { name, projected } of volumes.filter(volume => Array.isArray(volume.projected?.sources))) {
      const sources: any[] = projected.sources;
      const files = sources.flatMap(({ serviceAccountToken, configMap }) => [serviceAccountToken, ...configMap?.items ?? []].filter(Boolean));
      const paths = files.map(({ path }) => path);
      repeated(paths).forEach(path => errors.push(`volume ${name} has the path ${path} twice`));
      paths.forEach((path: string) => must(!path.startsWith('/') && !path.split('/').includes('..'), `volume ${name} has the path ${path}`));
      const seconds = sources.map(({ serviceAccountToken: token }) => token?.expirationSeconds ?? 3600);
      must(seconds.every(value => value >= 600), `volume ${name} has a token that lives less than 600 s`);
    }
    const containers: any[] = [...spec.initContainers ?? [], ...spec.containers];
    repeated(containers.map(({ name }) => name)).forEach(name => errors.push(`container ${name} is there twice`));
    for (const { name, env = [], volumeMounts = [] } of containers) {
      must(LABEL.test(name), `container ${name} is no DNS label`);
      env.forEach((variable: any) => must(ENV_NAME.test(variable.name), `container ${name} has the variable ${variable.name}`));
      repeated(env.map((variable: any) => variable.name)).forEach(variable => errors.push(`container ${name} has the variable ${variable} twice`));
      repeated(volumeMounts.map(({ mountPath }: any) => mountPath)).forEach(path => errors.push(`container ${name} mounts ${path} twice`));
      volumeMounts.forEach((mount: any) => must(volumes.some(volume => volume.name === mount.name), `container ${name} mounts the volume ${mount.name}, which is not there`));
    }
  }
  return errors;
}

/** Everything that Kubernetes has against objects. */
export function kubernetesErrors(objects: readonly ApiObject[]): string[] {
  const known = objects.filter(object => /^(?:v1|[a-z]+\/v\d+|[a-z.]+\.k8s\.io\/v\d+)$/.test(object.apiVersion));
  return [
    ...known.flatMap(object => formErrors(object).map(error => `${nameOf(object)}: ${error}`)),
    ...objects.flatMap(object => nameErrors(object).map(error => `${nameOf(object)}: ${error}`)),
    ...unknownFields(known),
  ];
}

import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as ts from 'typescript';
import { ApiObject } from './api-objects';
import { changeErrors, isOfKubernetes, KINDS_OF_KUBERNETES, ruleErrors } from './kinds';

/** Where the published schemas of a kind are. */
const home = ({ apiVersion, kind }: Pick<ApiObject, 'apiVersion' | 'kind'>) => `kubernetes-models/${apiVersion}/${kind}`;

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

/** Types made from the same schemas, which have every field that Kubernetes has: the schemas themselves allow any, as the API server only drops what it does not know. */
class Types {
  private readonly checker: ts.TypeChecker;
  private readonly kinds: ReadonlyMap<string, ts.Type>;

  constructor() {
    const file = join(__dirname, 'objects.ts');
    const source = KINDS_OF_KUBERNETES.map(object => `import type { I${object.kind} as Of${object.kind} } from '${home(object)}';\nexport type T${object.kind} = Of${object.kind};`).join('\n');
    const options: ts.CompilerOptions = {
      noEmit: true, strict: true, skipLibCheck: true, types: [], lib: ['lib.es5.d.ts'], moduleResolution: ts.ModuleResolutionKind.Node10, target: ts.ScriptTarget.ES2022,
    };
    const host = ts.createCompilerHost(options);
    const own: ts.CompilerHost = {
      ...host,
      fileExists: name => name === file || host.fileExists(name),
      readFile: name => name === file ? source : host.readFile(name),
      getSourceFile: (name, version) => name === file ? ts.createSourceFile(name, source, version, true) : host.getSourceFile(name, version),
    };
    const program = ts.createProgram([file], options, own);
    this.checker = program.getTypeChecker();
    const declared = program.getSourceFile(file)!.statements.filter(ts.isTypeAliasDeclaration);
    this.kinds = new Map(KINDS_OF_KUBERNETES.map(({ kind }, index) => [kind, this.checker.getTypeAtLocation(declared[index]!.name)]));
  }

  /** Fields of an object that its kind does not have. */
  public unknownFields(object: ApiObject): string[] {
    return this.unknownIn('', object, this.kinds.get(object.kind)!).map(path => `${path} is no field`);
  }

  private unknownIn(path: string, value: unknown, declared: ts.Type): string[] {
    const type = this.checker.getNonNullableType(declared);
    if (Array.isArray(value)) {
      const item = this.checker.getIndexTypeOfType(type, ts.IndexKind.Number);
      return item === undefined ? [] : value.flatMap((entry, index) => this.unknownIn(`${path}.${index}`, entry, item));
    }
    if (typeof value !== 'object' || value === null) {
      return [];
    }
    return Object.entries(value).flatMap(([key, entry]) => {
      const at = path === '' ? key : `${path}.${key}`;
      const property = type.getProperty(key);
      const inner = property === undefined ? this.checker.getIndexTypeOfType(type, ts.IndexKind.String) : this.checker.getTypeOfSymbol(property);
      return inner === undefined ? [at] : this.unknownIn(at, entry, inner);
    });
  }
}

const nameOf = ({ kind, metadata }: ApiObject) => `${kind} ${metadata?.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata?.name}`;

/** An object without what is null, which the API server takes for left out. */
const withoutNulls = (value: any): any => Array.isArray(value) ? value.map(withoutNulls) : typeof value !== 'object' || value === null ? value
  : Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null).map(([key, inner]) => [key, withoutNulls(inner)]));

let types: Types | undefined;

/** Everything that Kubernetes has against objects; the rules are asked of what has the right form. */
export function kubernetesErrors(objects: readonly ApiObject[]): string[] {
  const all = types ??= new Types();
  return objects.flatMap(object => {
    const wrong = isOfKubernetes(object) ? [...formErrors(object), ...all.unknownFields(object)] : [];
    return (wrong.length > 0 ? wrong : ruleErrors(withoutNulls(object))).map(error => `${nameOf(object)}: ${error}`);
  });
}

/** What Kubernetes has against objects that take the place of those of the same names. */
export function kubernetesChangeErrors(old: readonly ApiObject[], now: readonly ApiObject[]): string[] {
  const before = new Map(old.map(object => [nameOf(object), object]));
  return now.flatMap(object => {
    const known = before.get(nameOf(object));
    return known === undefined ? [] : changeErrors(known, object).map(error => `${nameOf(object)}: ${error}`);
  });
}

import { Note, Terraform, TerraformResource, Where } from '../model';
import { JsonError, parseJson } from '../terraform/json';
import { at, blocksOf, isList, isMap, isText, keyOf, text, TextValue, Unknown, Value, ValueMap } from '../value';
import { attributeAt } from '../where';

/** A role that a member has on something. */
export interface Binding {
  readonly role: TextValue;
  readonly member: TextValue;
  /** When it counts, as an expression; undefined where always. */
  readonly condition?: TextValue;
  /** What it is on. */
  readonly on: TextValue;
  readonly kind: 'service-account' | 'project' | 'folder' | 'organization' | 'other';
  readonly where: Where;
}

const TYPE = /^google_(.+)_iam_(member|binding|policy)$/;
const KINDS: ReadonlyMap<string, Binding['kind']> = new Map([
  ['service_account', 'service-account'], ['project', 'project'], ['folder', 'folder'], ['organization', 'organization'],
]);
/** Arguments that do not name what the role is on, beside those of a place, which do where nothing else does. */
const OTHER_ARGUMENTS = new Set(['member', 'members', 'role', 'condition', 'policy_data', 'id', 'etag', 'deletion_policy', 'provider', 'depends_on', 'lifecycle']);
const PLACES = new Set(['project', 'location', 'region', 'zone']);

/** Reads all bindings of roles to members, whatever they are on. */
export function readBindings(terraform: Terraform, notes: Note[]): readonly Binding[] {
  const documents = readDocuments(terraform);
  return terraform.resources.flatMap(resource => {
    const [, thing, form] = (resource.mode === 'managed' ? TYPE.exec(resource.type) : null) ?? [];
    if (thing === undefined) {
      return [];
    }
    const { where, values } = resource;
    const common = { on: targetOf(resource, thing), kind: KINDS.get(thing) ?? 'other' as const };
    if (form === 'policy') {
      const place = attributeAt(where, 'policy_data');
      const { bindings, problem } = policyOf(values.get('policy_data'), documents, `${symbolAt(where)}.policy_data`);
      if (problem !== undefined) {
        notes.push({ message: problem, where: place });
      }
      return bindingsOf(bindings, { ...common, where: place }, notes);
    }
    return bindingsOf([values], { ...common, where: attributeAt(where, form === 'member' ? 'member' : 'members') }, notes);
  });
}

type Common = Pick<Binding, 'on' | 'kind' | 'where'>;

function bindingsOf(blocks: readonly ValueMap[], common: Common, notes: Note[]): readonly Binding[] {
  return blocks.flatMap(block => {
    const role = block.get('role');
    const said = block.get('member') ?? block.get('members');
    const members: readonly Value[] = isList(said) ? said : said === undefined ? [] : [said];
    const condition = conditionOf(block.get('condition'));
    const readable = members.filter(isText);
    if (!isText(role) || readable.length < members.length) {
      notes.push({ message: 'a role or member of it cannot be read', where: common.where });
    }
    return isText(role) ? readable.map(member => ({ ...common, role, member, ...condition !== undefined && { condition } })) : [];
  });
}

function conditionOf(condition: Value | undefined): TextValue | undefined {
  if (condition instanceof Unknown) {
    return condition;
  }
  const expression = blocksOf(condition)[0]?.get('expression');
  return isText(expression) && expression !== '' ? expression : undefined;
}

/** The bindings of a policy; one of an unknown role and member stands for those that are not known. */
function policyBindings(value: Value | undefined, symbol: string): readonly ValueMap[] {
  if (isText(value)) {
    const { symbol: own } = value instanceof Unknown ? value : new Unknown(symbol);
    return [new Map([['role', new Unknown(`${own}.role`)], ['member', new Unknown(`${own}.member`)]])];
  }
  return isList(value) ? value.flatMap((binding, index) => isMap(binding) ? [binding] : isText(binding) ? policyBindings(binding, `${symbol}.${index}`) : [])
    : blocksOf(value);
}

const PLAIN_STEP = /^[\p{ID_Start}_0-9][\p{ID_Continue}-]*$/u;

/** What stands for an instance: `a.b[0]` and `a.b["c"]` are `a.b.0` and `a.b.c`. */
function symbolAt({ address, stack }: Where): string {
  const steps = address.replace(/\[(?:(\d+)|"((?:[^"\\]|\\.)*)")\]/g, (_, index: string | undefined, quoted: string | undefined) => {
    const step = index ?? quoted ?? '';
    return `.${PLAIN_STEP.test(step) ? step : `"${step}"`}`;
  });
  return `${stack ?? ''}/${steps}`;
}

/** The documents of `data.google_iam_policy`, by what refers to them. */
function readDocuments(terraform: Terraform): ReadonlyMap<string, readonly ValueMap[]> {
  const documents = new Map<string, readonly ValueMap[]>();
  for (const { values, where } of terraform.ofType('google_iam_policy', 'data')) {
    const blocks = policyBindings(values.get('binding'), `${symbolAt(where)}.binding`);
    const data = values.get('policy_data');
    if (data instanceof Unknown) {
      documents.set(data.symbol, blocks);
    }
    documents.set(`${symbolAt(where)}.policy_data`, blocks);
  }
  return documents;
}

const UNKNOWN_POLICY = 'the policy is not known; it replaces all other members';

function policyOf(
  data: Value | undefined, documents: ReadonlyMap<string, readonly ValueMap[]>, symbol: string,
): { readonly bindings: readonly ValueMap[]; readonly problem?: string } {
  const own = new Unknown(data instanceof Unknown ? data.symbol : typeof data === 'string' || !isText(data) ? symbol : keyOf(data));
  const unknown = { bindings: policyBindings(own, symbol), problem: UNKNOWN_POLICY };
  const unlessUnknown = (bindings: readonly ValueMap[]) => ({
    bindings, ...bindings.some(binding => binding.get('role') instanceof Unknown) && { problem: 'some of the policy is not known' },
  });
  if (data instanceof Unknown) {
    const bindings = documents.get(data.symbol);
    return bindings === undefined ? unknown : unlessUnknown(bindings);
  }
  if (!isText(data)) {
    return { ...unknown, problem: 'the policy cannot be read' };
  }
  try {
    const document = parseJson(data);
    return isMap(document) ? unlessUnknown(policyBindings(document.get('bindings'), own.symbol)) : unknown;
  } catch (error) {
    return { bindings: typeof data === 'string' ? [] : unknown.bindings, problem: error instanceof JsonError ? `the policy is ${error.message}` : 'the policy cannot be read' };
  }
}

/** What the role is on, by the arguments that name it. */
function targetOf({ values, where }: TerraformResource, thing: string): TextValue {
  const named = [...values].filter(([name, value]) => !OTHER_ARGUMENTS.has(name) && isText(value)) as [string, TextValue][];
  const own = named.filter(([name]) => !PLACES.has(name) || name === thing).sort(([a], [b]) => a < b ? -1 : 1);
  const chosen = own.length > 0 ? own : named.filter(([name]) => name === 'project');
  return chosen.length === 0
    ? new Unknown(`${where.stack ?? ''}/${where.address}.${thing}`)
    : text(...chosen.flatMap(([, value], index) => index === 0 ? [value] : ['/', value]));
}

/** What custom roles permit, by their names. */
export function readCustomRoles(terraform: Terraform): ReadonlyMap<string, Value | undefined> {
  const roles = new Map<string, Value | undefined>();
  for (const type of ['google_project_iam_custom_role', 'google_organization_iam_custom_role']) {
    for (const { values } of terraform.ofType(type, 'managed')) {
      const permissions = values.get('permissions');
      const [project, organization, id] = ['project', 'org_id', 'role_id'].map(name => values.get(name));
      const names = [values.get('name'), values.get('id')];
      if (isText(id)) {
        names.push(isText(project) ? text('projects/', project, '/roles/', id) : isText(organization) ? text('organizations/', organization, '/roles/', id) : undefined);
      }
      names.filter(isText).forEach(name => roles.set(keyOf(name), permissions));
    }
  }
  return roles;
}

/** The text at a path of a resource, or what stands for it. */
export function textAt({ values, where }: TerraformResource, ...path: readonly string[]): TextValue {
  const value = at(values, ...path);
  return isText(value) ? value : new Unknown(`${where.stack ?? ''}/${where.address}.${path.join('.')}`);
}

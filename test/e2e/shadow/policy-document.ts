import { expressionOf } from './template';

type Block = Readonly<Record<string, any>>;

/** What the constructs never write, so that nobody has to trust how it would be merged here. */
const UNKNOWN_HERE = ['source_json', 'override_json', 'source_policy_documents', 'override_policy_documents'];

/**
 * The JSON that the AWS provider renders of `aws_iam_policy_document`, as a template over its arguments: a list of one value becomes the value, sets are
 * sorted backwards, and `&{` becomes `${`. It is the same document, without the provider's white space, and with its keys in order.
 *
 * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
 */
export function policyDocument(args: Block): string {
  const unknown = UNKNOWN_HERE.find(name => args[name] !== undefined);
  if (unknown !== undefined) {
    throw new Error(`aws_iam_policy_document with ${unknown} is not known here.`);
  }
  const version = oneOf('version', args.version ?? '2012-10-17', /^20(?:08-10|12-10)-17$/);
  if (version === '2008-10-17' && JSON.stringify(args).includes('&{')) {
    throw new Error('A policy document of version 2008-10-17 has a variable, which the provider refuses.');
  }
  const statements = listed(args.statement);
  const ids = statements.map(({ sid }) => sid).filter(Boolean);
  if (new Set(ids).size < ids.length) {
    throw new Error('Two statements of a policy document have the same id, which the provider refuses.');
  }
  return `\${jsonencode(${object([
    ['Version', expressionOf(version)],
    ['Id', args.policy_id && expressionOf(oneOf('policy_id', args.policy_id, /^(?!.*[$%]\{)/s))],
    ['Statement', statements.length > 0 && `[${statements.map(statement).join(', ')}]`],
  ])})}`;
}

function statement(block: Block): string {
  return object([
    ['Sid', block.sid && expressionOf(oneOf('sid', block.sid, /^[a-zA-Z0-9]*$/))],
    ['Effect', expressionOf(oneOf('effect', block.effect ?? 'Allow', /^(?:Allow|Deny)$/))],
    ['Action', set(block.actions)],
    ['NotAction', set(block.not_actions)],
    ['Resource', set(block.resources, withVariables)],
    ['NotResource', set(block.not_resources, withVariables)],
    ['Principal', principals(block.principals)],
    ['NotPrincipal', principals(block.not_principals)],
    ['Condition', conditions(block.condition)],
  ]);
}

/** An argument that has a form; one that Terraform knows only has none. */
function oneOf(name: string, value: string, form: RegExp): string {
  if (!form.test(value)) {
    throw new Error(`A policy document with ${name} ${JSON.stringify(value)} is not known here.`);
  }
  return value;
}

/** An object of what is there, here and when Terraform knows it; as JSON that Terraform writes sorts keys, their order says nothing. */
function object(entries: readonly (readonly [string, string | false | undefined])[]): string {
  const all = `{${entries.filter(([, value]) => value).map(([key, value]) => `${expressionOf(key)} = ${value}`).join(', ')}}`;
  return `{for key, value in ${all} : key => value if value != null}`;
}

function listed(value: unknown): Block[] {
  if (value !== undefined && !Array.isArray(value)) {
    throw new Error(`Blocks that Terraform counts are not known here: ${JSON.stringify(value)}`);
  }
  return value ?? [];
}

const withVariables = (value: string) => `replace(${value}, "&{", "$\${")`;

/** The members of a set, sorted backwards as they are written: what variables become changes neither their order nor how many they are. */
const sorted = (value: unknown) => `reverse(sort(distinct([for item in ${expressionOf(value)} : tostring(item)])))`;

/** A value of which Terraform sees the type only when it knows it, as the branches of its conditions must be of one type: JSON is. */
const chosen = (list: string, ...branches: string[]) => `jsondecode([for all in [${list}] : ${branches.join(' : ')}][0])`;

const ONE_OR_MANY = ['length(all) == 1 ? jsonencode(all[0])', 'jsonencode(all)'];

/** A set of texts: of none nothing is written, one stands alone. */
function set(value: unknown, convert: (item: string) => string = item => item): string | undefined {
  return value === undefined ? undefined : chosen(`[for item in ${sorted(value)} : ${convert('item')}]`, 'length(all) == 0 ? "null"', ...ONE_OR_MANY);
}

function principals(value: unknown): string | undefined {
  const blocks = listed(value);
  if (blocks.length === 0) {
    return undefined;
  }
  const types = blocks.map(({ type }) => type as string);
  if (new Set(types).size < types.length || types.some(type => type.includes('${'))) {
    throw new Error('Two blocks of principals of one type, or a type that Terraform knows only, are not known here.');
  }
  // These alone are sorted again when variables are what they become, and written when there are none.
  const identifiers = (of: unknown) => `reverse(sort([for item in ${sorted(of)} : ${withVariables('item')}]))`;
  const all = object(blocks.map(block => [block.type, chosen(identifiers(block.identifiers), ...ONE_OR_MANY)]));
  return types.length === 1 && types[0] === '*' ? chosen(identifiers(blocks[0]!.identifiers), 'join(",", all) == "*" ? jsonencode("*")', `jsonencode(${all})`) : all;
}

/** By operator, then by key; the values keep their order. */
function conditions(value: unknown): string | undefined {
  const tests = new Map<string, [string, string][]>();
  for (const { test, variable, values } of listed(value)) {
    const keys = tests.get(test) ?? [];
    if (test.includes('${') || keys.some(([key]) => key === variable) || !Array.isArray(values)) {
      throw new Error('Two conditions on one key, or an operator or list that Terraform knows only, are not known here.');
    }
    keys.push([variable, values.length === 1 ? withVariables(expressionOf(values[0])) : `[${values.map(item => withVariables(expressionOf(item))).join(', ')}]`]);
    tests.set(test, keys);
  }
  return tests.size === 0 ? undefined : object([...tests].map(([test, keys]) => [test, object(keys)]));
}

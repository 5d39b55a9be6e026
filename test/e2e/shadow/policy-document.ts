import { expressionOf } from './template';

type Block = Readonly<Record<string, any>>;

/** What the constructs never write, so that nobody has to trust how it would be merged here. */
const UNKNOWN_HERE = ['source_json', 'override_json', 'source_policy_documents', 'override_policy_documents'];

/**
 * The JSON that the AWS provider renders of `aws_iam_policy_document`, as a template over its arguments: a list of one value becomes the value, sets are
 * sorted backwards, and `&{` becomes `${`. It is the same document, without the provider's white space.
 *
 * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
 */
export function policyDocument(args: Block): string {
  const unknown = UNKNOWN_HERE.find(name => args[name] !== undefined);
  if (unknown !== undefined) {
    throw new Error(`aws_iam_policy_document with ${unknown} is not known here.`);
  }
  const ids = listed(args.statement).map(({ sid }) => sid).filter(sid => sid !== undefined);
  if (new Set(ids).size < ids.length) {
    throw new Error('Two statements of a policy document have the same id, which the provider refuses.');
  }
  return `\${jsonencode(${object([
    ['Version', expressionOf(args.version ?? '2012-10-17')],
    ['Id', args.policy_id && expressionOf(args.policy_id)],
    ['Statement', args.statement && `[${listed(args.statement).map(statement).join(', ')}]`],
  ])})}`;
}

function statement(block: Block): string {
  return object([
    ['Sid', block.sid && expressionOf(block.sid)],
    ['Effect', expressionOf(block.effect ?? 'Allow')],
    ['Action', set(block.actions)],
    ['NotAction', set(block.not_actions)],
    ['Resource', set(block.resources, true)],
    ['NotResource', set(block.not_resources, true)],
    ['Principal', principals(block.principals)],
    ['NotPrincipal', principals(block.not_principals)],
    ['Condition', conditions(block.condition)],
  ]);
}

/** An object of what is there; as JSON that Terraform writes sorts keys, their order says nothing. */
function object(entries: readonly (readonly [string, string | undefined])[]): string {
  return `{${entries.filter(([, value]) => value).map(([key, value]) => `${expressionOf(key)} = ${value}`).join(', ')}}`;
}

function listed(value: unknown): Block[] {
  if (value !== undefined && !Array.isArray(value)) {
    throw new Error(`Blocks that Terraform counts are not known here: ${JSON.stringify(value)}`);
  }
  return value ?? [];
}

const withVariables = (value: string) => `replace(${value}, "&{", "$\${")`;

/** A set of strings: one stands alone, more are sorted backwards. */
function set(value: unknown, variables = false): string | undefined {
  if (value === undefined || Array.isArray(value) && value.length === 0) {
    return undefined;
  }
  const convert = (item: string) => variables ? withVariables(item) : item;
  if (Array.isArray(value) && value.length === 1) {
    return convert(expressionOf(value[0]));
  }
  const all = `sort(distinct([for item in ${expressionOf(value)} : ${convert('item')}]))`;
  // The branches of a condition must be of one type: JSON is.
  return `jsondecode(length(${all}) == 1 ? jsonencode(${all}[0]) : jsonencode(reverse(${all})))`;
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
  const [first] = blocks;
  return blocks.length === 1 && first!.type === '*' && JSON.stringify(first!.identifiers) === '["*"]'
    ? '"*"'
    : object(blocks.map(({ type, identifiers }) => [type, set(identifiers, true)]));
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

import { isList, isMap, isText, keyOf, partsOf, text, TextValue, toKey, Unknown, Value, ValueMap } from '../value';
import { byCodePoint, encodeJson, JsonError, parseJson } from './json';
import { stepSymbol } from './symbols';

/**
 * The JSON that `data.aws_iam_policy_document` makes of its arguments, as a text; unknown where its sources are.
 *
 * Statements that may be there or not, or that an unknown document may override, are unknown members of the list of statements.
 * @param unknown What is not known of the document, for the parts that are not
 * @see https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
 */
export function policyDocument(values: ValueMap, unknown: Unknown): TextValue {
  const document = new Merged();
  for (const source of documentsOf(values, 'source_json', 'source_policy_documents', unknown)) {
    document.merge(source);
  }
  const id = values.get('policy_id');
  document.merge({
    id: isText(id) && id !== '' ? id : undefined,
    version: present(values.get('version')) ?? '2012-10-17',
    statements: statementsOf(values.get('statement'), unknown),
  });
  for (const override of documentsOf(values, 'override_json', 'override_policy_documents', unknown)) {
    document.merge(override);
  }
  return encodeJson(document.value());
}

/** What of a document is merged. */
interface Part {
  readonly id?: Value;
  readonly version?: Value;
  /** Statements; an unknown one stands for any number of them. */
  readonly statements: readonly Value[];
}

/** Documents put together: a statement takes the place of an earlier one with the same `Sid`. */
class Merged {
  private id: Value | undefined;
  private version: Value | undefined;
  private statements: Value[] = [];
  private readonly places = new Map<string, number>();

  public merge({ id, version, statements }: Part): void {
    this.id = id ?? this.id;
    this.version = newest(this.version, version);
    for (const statement of statements) {
      const sid = isMap(statement) ? present(statement.get('Sid')) : undefined;
      if (!isMap(statement) || (sid !== undefined && typeof sid !== 'string')) {
        this.doubt(statement);
      }
      const key = typeof sid === 'string' ? sid : undefined;
      const place = key === undefined ? undefined : this.places.get(key);
      if (place === undefined) {
        if (key !== undefined) {
          this.places.set(key, this.statements.length);
        }
        this.statements.push(statement);
      } else {
        this.statements[place] = statement;
      }
    }
  }

  /** Whatever has a `Sid` may be overridden by what is not known. */
  private doubt(cause: Value): void {
    for (const place of this.places.values()) {
      this.statements[place] = new Unknown(`override(${keyOf(this.statements[place]!)}, ${keyOf(cause)})`);
    }
    this.places.clear();
  }

  public value(): ValueMap {
    return new Map<string, Value>([
      ...(this.version === undefined ? [] : [['Version', this.version] as const]),
      ...(this.id === undefined ? [] : [['Id', this.id] as const]),
      ...(this.statements.length === 0 ? [] : [['Statement', this.statements] as const]),
    ]);
  }
}

/** Of two versions the newer one, wherever it stands; not known where one is not. */
function newest(a: Value | undefined, b: Value | undefined): Value | undefined {
  return a === undefined || b === undefined ? a ?? b : typeof a !== 'string' ? a : typeof b !== 'string' || b > a ? b : a;
}

/** An argument that is given; Terraform writes null or an empty text for those that are not. */
function present(value: Value | undefined): Value | undefined {
  return value === null || value === '' ? undefined : value;
}

function documentsOf(values: ValueMap, single: string, several: string, unknown: Unknown): Part[] {
  const one = present(values.get(single));
  const list = present(values.get(several));
  const all = [...(one === undefined ? [] : [one]), ...(isList(list) ? list : list === undefined ? [] : [list])];
  return all.filter(source => source !== null && source !== '').map(source => partOf(source, unknown));
}

function partOf(source: Value, unknown: Unknown): Part {
  if (!isText(source)) {
    return { statements: [stepSymbol(unknown, 'source')] };
  }
  let document: Value;
  try {
    document = parseJson(source);
  } catch (error) {
    if (error instanceof JsonError) {
      return { statements: [stepSymbol(unknown, 'source')] };
    }
    throw error;
  }
  if (!isMap(document)) {
    return { statements: [document instanceof Unknown ? stepSymbol(document, 'Statement') : stepSymbol(unknown, 'source')] };
  }
  const own = named(document, DOCUMENT_FIELDS);
  const statement = own.get('Statement');
  return {
    id: present(own.get('Id')),
    version: present(own.get('Version')),
    statements: (isList(statement) ? statement : statement === undefined || statement === null ? [] : [statement]).map(decoded),
  };
}

const DOCUMENT_FIELDS = ['Version', 'Id', 'Statement'];
const STATEMENT_FIELDS = ['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Principal', 'NotPrincipal', 'Condition'];

/** An object with the names of its fields as IAM writes them: the provider takes them in either case. */
function named(object: ValueMap, fields: readonly string[]): ValueMap {
  return new Map([...object].map(([key, value]) => [fields.find(field => field.toLowerCase() === key.toLowerCase()) ?? key, value]));
}

/** A statement of a source as the provider takes it: whatever text is the principal stands for anyone, and conditions on numbers, objects and null are lost. */
function decoded(statement: Value): Value {
  if (!isMap(statement)) {
    return statement;
  }
  const fields = new Map(named(statement, STATEMENT_FIELDS));
  for (const name of ['Principal', 'NotPrincipal']) {
    const principal = fields.get(name);
    if (isText(principal) && !(principal instanceof Unknown)) {
      fields.set(name, '*');
    }
  }
  const tests = fields.get('Condition');
  if (isMap(tests)) {
    const taken = [...tests].map(([test, keys]): [string, Value] =>
      [test, isMap(keys) ? new Map([...keys].filter(([, value]) => typeof value !== 'number' && value !== null && !isMap(value))) : keys]);
    const left = taken.filter(([, keys]) => keys !== null && (!isMap(keys) || keys.size > 0));
    if (left.length === 0) {
      fields.delete('Condition');
    } else {
      fields.set('Condition', new Map(left));
    }
  } else if (tests === null) {
    fields.delete('Condition');
  }
  return fields;
}

function statementsOf(blocks: Value | undefined, unknown: Unknown): Value[] {
  if (blocks instanceof Unknown) {
    return [blocks];
  }
  const list = isList(blocks) ? blocks : isMap(blocks) ? [blocks] : [];
  return list.map((block, index) => isMap(block) ? written(block, stepSymbol(unknown, 'statement', index))
    : block instanceof Unknown ? block : stepSymbol(unknown, 'statement', index));
}

function written(block: ValueMap, unknown: Unknown): Value {
  const entries: [string, Value | undefined][] = [
    ['Sid', present(block.get('sid'))],
    ['Effect', present(block.get('effect')) ?? 'Allow'],
    ['Action', oneOrMany(block.get('actions'), false)],
    ['NotAction', oneOrMany(block.get('not_actions'), false)],
    ['Resource', oneOrMany(block.get('resources'), true)],
    ['NotResource', oneOrMany(block.get('not_resources'), true)],
    ['Principal', principals(block.get('principals'), stepSymbol(unknown, 'principals'))],
    ['NotPrincipal', principals(block.get('not_principals'), stepSymbol(unknown, 'not_principals'))],
    ['Condition', conditions(block.get('condition'), stepSymbol(unknown, 'condition'))],
  ];
  return new Map(entries.filter((entry): entry is [string, Value] => entry[1] !== undefined));
}

/** A list as the provider writes it: one member without a list, several sorted backwards and without doubles, none left out. */
function oneOrMany(value: Value | undefined, variables: boolean): Value | undefined {
  if (value === undefined || value === null) {
    return undefined;
  }
  if (!isList(value)) {
    return isText(value) && !(value instanceof Unknown) && variables ? withVariables(value) : value;
  }
  const members = value.map(member => variables && isText(member) ? withVariables(member) : member);
  const sorted = members.every((member): member is string => typeof member === 'string') ? [...new Set(members)].sort(byCodePoint).reverse() : members;
  return sorted.length === 0 ? undefined : sorted.length === 1 ? sorted[0]! : sorted;
}

/** `&{…}` is how a variable of IAM is written where `${…}` is Terraform's. */
function withVariables(value: TextValue): TextValue {
  return text(...partsOf(value).map(part => typeof part === 'string' ? part.replaceAll('&{', '${') : part));
}

function blockList(value: Value | undefined): readonly Value[] | Unknown {
  return value instanceof Unknown ? value : isList(value) ? value : isMap(value) ? [value] : [];
}

function principals(value: Value | undefined, unknown: Unknown): Value | undefined {
  const blocks = blockList(value);
  if (blocks instanceof Unknown) {
    return blocks;
  }
  if (blocks.length === 0) {
    return undefined;
  }
  const byType = new Map<string, Value[]>();
  for (const block of blocks) {
    const type = isMap(block) ? block.get('type') : undefined;
    const identifiers = isMap(block) ? oneOrMany(block.get('identifiers'), true) : undefined;
    if (!isText(type) || identifiers === undefined) {
      return block instanceof Unknown ? block : unknown;
    }
    const key = toKey(type);
    byType.set(key, [...(byType.get(key) ?? []), ...(isList(identifiers) ? identifiers : [identifiers])]);
  }
  const anyone = byType.get('*');
  if (byType.size === 1 && anyone?.length === 1 && anyone[0] === '*') {
    return '*';
  }
  return new Map([...byType].map(([type, identifiers]) => [type, identifiers.length === 1 ? identifiers[0]! : identifiers]));
}

function conditions(value: Value | undefined, unknown: Unknown): Value | undefined {
  const blocks = blockList(value);
  if (blocks instanceof Unknown) {
    return blocks;
  }
  const tests = new Map<string, Map<string, Value[]>>();
  for (const [index, block] of blocks.entries()) {
    const test = isMap(block) ? block.get('test') : undefined;
    const variable = isMap(block) ? block.get('variable') : undefined;
    const values = isMap(block) ? block.get('values') : undefined;
    if (!isText(test) || !isText(variable)) {
      // A condition of which nothing is known makes all unknown but those that are; it is one more that must hold.
      const key = toKey(block instanceof Unknown ? block : stepSymbol(unknown, index));
      tests.set(key, new Map([[key, [stepSymbol(unknown, index, 'values')]]]));
      continue;
    }
    const ofTest = tests.get(toKey(test)) ?? new Map<string, Value[]>();
    tests.set(toKey(test), ofTest);
    const wanted = (isList(values) ? values : values === undefined ? [] : [values]).map(member => isText(member) ? withVariables(member) : member);
    ofTest.set(toKey(variable), [...(ofTest.get(toKey(variable)) ?? []), ...wanted]);
  }
  return tests.size === 0 ? undefined : new Map([...tests].map(([test, variables]) => [
    test, new Map([...variables].map(([variable, wanted]) => [variable, wanted.length === 1 ? wanted[0]! : wanted])),
  ]));
}

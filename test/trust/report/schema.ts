/** The part of JSON Schema that the report's schema uses; any other keyword is an error. */
interface Schema {
  readonly [keyword: string]: any;
}

const ANNOTATIONS = ['$schema', '$id', 'title', 'description', 'definitions'];

/** The keywords that say something of objects, and nothing of anything else. */
const OF_OBJECTS = ['required', 'properties', 'additionalProperties'];

/** What of a value is not as the schema says, by path. */
export function violations(schema: Schema, value: unknown, root: Schema = schema, path = '$'): string[] {
  const read = ([keyword]: [string, unknown]) => !ANNOTATIONS.includes(keyword) && (typeOf(value) === 'object' || !OF_OBJECTS.includes(keyword));
  const wrong = Object.entries(schema).filter(read).flatMap(([keyword, want]): string[] => {
    switch (keyword) {
      case '$ref': return violations(want.slice(2).split('/').reduce((at: Schema, step: string) => at[step], root), value, root, path);
      case 'const': return value === want ? [] : [`${path}: ${JSON.stringify(value)}`];
      case 'enum': return want.includes(value) ? [] : [`${path}: ${JSON.stringify(value)}`];
      case 'type': return [want].flat().includes(typeOf(value)) ? [] : [`${path}: ${typeOf(value)}`];
      case 'minimum': return typeof value !== 'number' || value >= want ? [] : [`${path}: ${value}`];
      case 'items': return Array.isArray(value) ? value.flatMap((item, index) => violations(want, item, root, `${path}[${index}]`)) : [];
      case 'required': return want.filter((name: string) => !Object.hasOwn(value as object, name)).map((name: string) => `${path}.${name} is missing`);
      case 'properties': return Object.entries(value as object).flatMap(([name, inner]) => Object.hasOwn(want, name) ? violations(want[name], inner, root, `${path}.${name}`) : []);
      case 'additionalProperties': return Object.keys(value as object).filter(name => !Object.hasOwn(schema.properties, name)).map(name => `${path}.${name} is not known`);
      default: throw new Error(`${keyword} is not read`);
    }
  });
  return wrong;
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
}

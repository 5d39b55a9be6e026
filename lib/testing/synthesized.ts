import { InputError, readInputs } from '../trust/input';
import { Document } from '../trust/terraform/read';

/**
 * What was synthesized: what `Testing.synth(stack)` returns, the path of a `cdktf.out` folder or of a file of Terraform JSON, such a document parsed,
 * or several of these, which are read together.
 */
export type Synthesized = string | object | readonly (string | object)[];

/** How a document that has no file is called in messages. */
const UNNAMED = 'cdk.tf.json';
const WANTED = 'pass what Testing.synth(stack) returns, or the path of a cdktf.out folder';

/** The documents of what was synthesized. Stacks that do not say their names are called by their places. */
export function documentsOf(synthesized: Synthesized): readonly Document[] {
  const given: readonly unknown[] = Array.isArray(synthesized) ? synthesized : [synthesized];
  const paths = given.filter((one): one is string => typeof one === 'string' && !isJson(one));
  const others = given.flatMap((one, index) => typeof one === 'string' && !isJson(one) ? [] : [documentOf(one, given.length === 1 ? '' : String(index + 1))]);
  const documents = [...paths.length === 0 ? [] : readInputs(paths), ...others];
  if (documents.length === 0) {
    throw new InputError(UNNAMED, 'nothing was passed', WANTED);
  }
  return documents;
}

function isJson(text: string): boolean {
  return text.trimStart().startsWith('{');
}

function documentOf(given: unknown, place: string): Document {
  const json: unknown = typeof given === 'string' ? parsed(given) : given;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new InputError(UNNAMED, `it is ${json === null ? 'null' : `a ${typeof json}`}`, WANTED);
  }
  if ('node' in json) {
    throw new InputError(UNNAMED, 'it is a construct, and not yet synthesized', WANTED);
  }
  return { file: UNNAMED, stack: stackNameOf(json) ?? place, json };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(UNNAMED, 'it is not JSON', WANTED);
  }
}

/** The name that cdktf writes into a stack. */
function stackNameOf(json: object): string | undefined {
  let value: unknown = json;
  for (const key of ['//', 'metadata', 'stackName']) {
    value = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return typeof value === 'string' ? value : undefined;
}

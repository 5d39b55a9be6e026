import { withoutTokens } from './tokens';
import { Document, readTerraform } from '../trust/terraform/read';
import { isText, keyOf, TextValue } from '../trust/value';

/** An expectation that cannot be looked at as it is written: the message says what is wrong with it, and what to write. */
export class ExpectationError extends Error {
  constructor(problem: string, remedy: string) {
    super(`${problem}; ${remedy}`);
    this.name = 'ExpectationError';
  }
}

/** The resource by which a text is evaluated among the others of a stack. */
const QUESTION = 'workload_federation_question';

/** Reads texts of expectations as Terraform would, in the stacks that were synthesized: tokens of cdktf, and expressions such as `${var.issuer}`. */
export class Texts {
  private readonly known = new Map<string, TextValue>();
  private notes?: ReadonlySet<string>;

  constructor(private readonly documents: readonly Document[]) {}

  /** @param what What the text is, for messages */
  public read(what: string, given: string): TextValue {
    const written = withoutTokens(given);
    if (written === undefined) {
      throw new ExpectationError(
        `${what} is ${given}, a token of cdktf whose expression cannot be told`,
        'write it as it stands in the synthesized stack, as in "${data.aws_eks_cluster.Apps.identity[0].oidc[0].issuer}"',
      );
    }
    const { text, stacks } = written;
    if (!text.includes('${') && !text.includes('%{')) {
      return text;
    }
    const key = JSON.stringify([text, stacks]);
    const found = this.known.get(key) ?? this.evaluate(what, text, stacks);
    this.known.set(key, found);
    return found;
  }

  private evaluate(what: string, text: string, stacks: readonly string[]): TextValue {
    const all = [...new Set(this.documents.map(({ stack }) => stack))];
    const named = all.filter(stack => stacks.includes(stack));
    const values = (named.length > 0 ? named : all).flatMap(stack => this.evaluateIn(stack, text));
    const [value, ...others] = new Map(values.map(each => [keyOf(each), each])).values();
    if (value === undefined) {
      throw new ExpectationError(`${what} is ${text}, which is not in what was synthesized`, 'pass the stack that has it too, or write the value itself');
    }
    if (others.length > 0) {
      throw new ExpectationError(`${what} is ${text}, which several stacks have`, 'pass the folder that app.synth() wrote, or write the value itself');
    }
    return value;
  }

  /** What a text is in a stack; nothing where the stack does not have what it names. */
  private evaluateIn(stack: string, text: string): readonly TextValue[] {
    const question: Document = { file: QUESTION, stack, json: { resource: { [QUESTION]: { it: { text } } } } };
    const before = this.notes ??= new Set(readTerraform(this.documents).notes.map(({ message }) => message));
    const terraform = readTerraform([...this.documents, question]);
    const value = terraform.ofType(QUESTION)[0]?.values.get('text');
    const trouble = terraform.notes.some(({ message, where }) => where?.file === QUESTION || !before.has(message));
    return isText(value) && !trouble && this.declares(stack, text) ? [value] : [];
  }

  /** A variable of which the input has no declaration reads as an unknown one. */
  private declares(stack: string, text: string): boolean {
    const declared = new Set(this.documents.filter(document => document.stack === stack).flatMap(({ json }) => namesIn(json, 'variable')));
    return [...text.matchAll(/\bvar\.([A-Za-z0-9_-]+)/g)].every(([, name]) => declared.has(name!));
  }
}

function namesIn(json: unknown, block: string): readonly string[] {
  const found: unknown = typeof json === 'object' && json !== null && Object.hasOwn(json, block) ? (json as Record<string, unknown>)[block] : undefined;
  return typeof found === 'object' && found !== null ? Object.keys(found) : [];
}

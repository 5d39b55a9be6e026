import { joined } from './paths';
import { equal, partsOf, some, TextValue, Unknown, Verdict } from '../value';

/** A variable as a container is given it. */
export interface Variable {
  readonly name: TextValue;
  readonly value: TextValue;
}

/** Longest value that references to other variables may make. */
const MAX_LENGTH = 65536;

/** The variables of a container, as far as the pod's specification says them: what an image sets is not looked at. */
export class Variables {
  private readonly known = new Map<string, TextValue>();
  private readonly unnamed: Variable[] = [];

  /**
   * @param variables In the order in which they are set; later ones win, and may refer to earlier ones as `$(NAME)`
   * @param open Whether there may be others
   * @param owner What tells the container from all others
   */
  constructor(variables: Iterable<Variable>, private readonly open: boolean, private readonly owner: string) {
    for (const { name, value } of variables) {
      if (typeof name === 'string') {
        this.known.set(name, this.expanded(value, name));
      } else {
        this.unnamed.push({ name, value });
      }
    }
  }

  /** The value of a variable; undefined where it is not set, or to nothing, or not known to be. */
  public get(name: string): TextValue | undefined {
    const value = this.known.get(name);
    return value === '' ? undefined : value;
  }

  /** Whether a variable is set to something. */
  public has(name: string): Verdict {
    if (this.known.has(name)) {
      return this.get(name) === undefined ? 'no' : 'yes';
    }
    return this.open || some(this.unnamed.map(variable => equal(variable.name, name))) !== 'no' ? 'unknown' : 'no';
  }

  /**
   * A value with its references to variables that are set before it.
   * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#environment-variables
   */
  private expanded(value: TextValue, name: string): TextValue {
    const pieces: TextValue[] = [];
    let length = 0;
    for (const part of partsOf(value)) {
      for (const piece of typeof part === 'string' ? this.pieces(part) : [part]) {
        pieces.push(piece);
        length += partsOf(piece).reduce((sum, inner) => sum + (typeof inner === 'string' ? inner.length : 1), 0);
        if (length > Math.max(MAX_LENGTH, part instanceof Unknown ? 0 : part.length)) {
          return new Unknown(`${this.owner}.env.${name}`);
        }
      }
    }
    return joined(pieces);
  }

  private* pieces(part: string): Iterable<TextValue> {
    let from = 0;
    let search = 0;
    for (;;) {
      const dollar = part.indexOf('$', search);
      const next = dollar < 0 ? undefined : part[dollar + 1];
      const end = next === '(' ? part.indexOf(')', dollar) : -1;
      if (dollar < 0 || (next === '(' && end < 0)) {
        return yield part.slice(from);
      }
      if (next === '$') {
        yield part.slice(from, dollar + 1);
        from = search = dollar + 2;
      } else if (next === '(') {
        const name = part.slice(dollar + 2, end);
        const value = this.known.get(name) ?? (this.has(name) === 'no' ? undefined : new Unknown(`${this.owner}.env.${name}`));
        yield part.slice(from, value === undefined ? end + 1 : dollar);
        yield value ?? '';
        from = search = end + 1;
      } else {
        search = dollar + 1;
      }
    }
  }
}

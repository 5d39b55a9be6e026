import { Expression, ExpressionError, parseTemplate } from './parse';

/**
 * What a condition says that an attribute of its own resource is: the other side of `self.… == …`, alone or joined to others by `&&`.
 * @see https://developer.hashicorp.com/terraform/language/expressions/custom-conditions#preconditions-and-postconditions
 */
export function saidToBe(condition: unknown, path: readonly string[]): Expression | undefined {
  const left: Expression[] = [];
  try {
    left.push(...typeof condition === 'string' ? [parseTemplate(condition)] : []);
  } catch (error) {
    if (!(error instanceof ExpressionError)) {
      throw error;
    }
  }
  const wanted = JSON.stringify(['self', ...path]);
  for (let expression = left.pop(); expression !== undefined; expression = left.pop()) {
    if (expression.kind !== 'binary') {
      continue;
    }
    if (expression.operator === '&&') {
      left.push(expression.right, expression.left);
    } else if (expression.operator === '==') {
      const names = [expression.left, expression.right].map(nameOf);
      if (names.includes(wanted)) {
        return names[0] === wanted ? expression.right : expression.left;
      }
    }
  }
  return undefined;
}

/** The steps of a reference in one text, the same for `a[0].b` and `a.0.b`; undefined for anything else. */
function nameOf(expression: Expression): string | undefined {
  const steps: string[] = [];
  let base = expression;
  while (base.kind === 'index') {
    if (base.key.kind !== 'literal') {
      return undefined;
    }
    steps.push(String(base.key.value));
    base = base.object;
  }
  return base.kind === 'variable' ? JSON.stringify([base.name, ...steps.reverse()]) : undefined;
}

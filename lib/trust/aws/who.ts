import { parseOperator } from './conditions';
import { federatedKey, GOOGLE } from './context';
import { Operator, OPERATORS } from './operators';
import { actionVerdict, Condition, lower, Policy, Statement } from './policy';
import { claimOfSessionKey, isOfTagNames, rolesClaimOfKey, SOURCE_IDENTITY, tagClaim } from './session-claims';
import { showCondition } from './statements';
import { Atom, Where, Who } from '../model';
import { equal, keyOf, partsOf, TextValue } from '../value';
import { hasWildcard } from '../witness';

/** The operators that list the values that are taken. */
const PLAIN = operators('stringequals', 'stringlike', 'arnequals', 'arnlike');

/** The operators to which upper and lower case are the same. */
const IGNORE_CASE = operators('stringequalsignorecase', 'stringnotequalsignorecase');

/** The operators of which atoms say all: they compare texts, and nothing that texts are read as. */
const OF_TEXTS = operators('stringequals', 'stringnotequals', 'stringequalsignorecase', 'stringnotequalsignorecase', 'stringlike', 'stringnotlike');

/** The operators that compare the parts of an ARN: without wildcards that is to compare texts. */
const OF_ARNS = operators('arnequals', 'arnnotequals', 'arnlike', 'arnnotlike');

/** Claims that a condition key may be made of. */
const CLAIMS_OF: ReadonlyMap<string, readonly string[]> = new Map([['aud', ['azp', 'aud']], ['oaud', ['aud']]]);

/** Whom statements let in by tokens of an issuer: a row for each subject. */
export function whoOf(
  statements: readonly Statement[],
  { issuer, host, clientIds, where }: {
    readonly issuer?: TextValue; readonly host?: TextValue; readonly clientIds?: readonly TextValue[]; readonly where: Where;
  },
): readonly Who[] {
  return statements.flatMap((statement): readonly Who[] => {
    const google = host === GOOGLE;
    const subject = statement.conditions.find(condition => isPlain(condition, 'sub', host));
    const audience = statement.conditions.find(condition => isPlain(condition, google ? 'oaud' : 'aud', host) && !wildcardsOf(condition));
    const audiences = audience?.values ?? clientIds;
    const conditions = [
      ...statement.conditions.filter(condition => condition !== subject && condition !== audience).map(showCondition),
      ...statement.principals.negated ? ['NotPrincipal'] : [],
      ...statement.problems,
    ];
    const row = (value: TextValue | undefined, wildcards: boolean): Who => ({ issuer, audiences, conditions, where, subject: value, wildcards });
    return subject === undefined ? [row(undefined, false)] : subject.values.map(value => row(value, wildcardsOf(subject)));
  });
}

/** What tells tokens apart by the conditions of a policy. */
export function conditionAtoms({ statements, variables }: Policy): readonly Atom[] {
  const atoms = new Map<string, Atom>();
  for (const condition of statements.flatMap(statement => statement.conditions)) {
    const key = federatedKey(condition.key);
    for (const claim of key === undefined ? [] : CLAIMS_OF.get(key.claim) ?? [key.claim]) {
      for (const value of condition.values) {
        addAtom(atoms, atomOf(claim, condition, value, variables));
      }
    }
  }
  return [...atoms.values()];
}

/** What tells tokens apart by what they have STS do with the session. */
export function sessionAtoms({ statements, variables }: Policy, role: TextValue): readonly Atom[] {
  const atoms = new Map<string, Atom>();
  const exact = (claim: string, pattern: TextValue) => addAtom(atoms, { claim: [claim], pattern, wildcards: false });
  for (const statement of statements.filter(isForTokens)) {
    if (actionVerdict(statement, 'sts:TagSession') !== 'no') {
      exact(tagClaim('any'), 'any');
    }
    if (actionVerdict(statement, 'sts:SetSourceIdentity') !== 'no') {
      exact(SOURCE_IDENTITY, 'any');
    }
    for (const condition of statement.conditions) {
      const name = nameOf(condition);
      const [claim, roles] = [claimOfSessionKey(name), rolesClaimOfKey(name)];
      if (roles !== undefined) {
        exact(roles, role);
      }
      for (const value of claim === undefined ? [] : condition.values) {
        addAtom(atoms, atomOf(claim!, condition, value, variables));
      }
    }
  }
  return [...atoms.values()];
}

/** Whether a policy looks at claims in ways that atoms do not show: as numbers or dates, with variables, or at the names of tags. */
export function looksOtherwise({ statements, variables }: Policy): boolean {
  return statements.some(statement => statement.conditions.some(condition => {
    const name = nameOf(condition);
    const isOfClaim = federatedKey(condition.key) !== undefined || (isForTokens(statement) && claimOfSessionKey(name) !== undefined);
    return (isForTokens(statement) && isOfTagNames(name)) || (isOfClaim && comparesOtherwise(condition, variables));
  }));
}

/** Whether a condition compares in a way that atoms of its values do not show. */
export function comparesOtherwise({ operator, values }: Condition, variables: boolean): boolean {
  const { base, isNull } = parseOperator(operator);
  const isOfTexts = OF_TEXTS.has(base) || (OF_ARNS.has(base) && !values.some(value => hasWildcard(value)));
  return !isNull && (!isOfTexts || (variables && values.some(value => holdsVariable(value))));
}


/** Whether a statement may be about tokens of identity providers: those of services alone are not. */
function isForTokens({ principals: { negated, list } }: Statement): boolean {
  return negated || list.some(({ type }) => type !== 'Service');
}

/** The key of a condition in lower case, where all of it is known. */
function nameOf({ key }: Condition): string {
  const name = lower(key);
  return typeof name === 'string' ? name : '';
}

/** Whether a value holds a variable of IAM's, such as `${aws:PrincipalTag/team}`, as far as it is known. */
function holdsVariable(value: TextValue): boolean {
  return partsOf(value).some(part => typeof part === 'string' && part.includes('${'));
}

/** What tells tokens apart by one value of a condition on a claim. */
export function atomOf(claim: string, condition: Condition, pattern: TextValue, variables: boolean): Atom {
  const wildcards = wildcardsOf(condition) && !(variables && holdsVariable(pattern));
  const ignoreCase = IGNORE_CASE.has(parseOperator(condition.operator).base);
  return { claim: [claim], pattern, wildcards, ...ignoreCase && { ignoreCase } };
}

/** Atoms of a claim that is compared with values as they are. */
export function exactAtoms(claim: string, values: readonly TextValue[]): readonly Atom[] {
  return values.map(pattern => ({ claim: [claim], pattern, wildcards: false }));
}

/** Atoms without those that are there twice. */
export function distinctAtoms(atoms: readonly Atom[]): readonly Atom[] {
  const distinct = new Map<string, Atom>();
  atoms.forEach(atom => addAtom(distinct, atom));
  return [...distinct.values()];
}

/** A value that is worked out when it is first asked for. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function addAtom(atoms: Map<string, Atom>, atom: Atom): void {
  atoms.set(`${atom.claim.join(' ')} ${atom.wildcards} ${atom.ignoreCase === true} ${keyOf(atom.pattern)}`, atom);
}

/** Whether a condition says which values of a claim are taken, and that there must be one. */
function isPlain(condition: Condition, claim: string, host: TextValue | undefined): boolean {
  const key = federatedKey(condition.key);
  const { set, ifExists, base } = parseOperator(condition.operator);
  return key?.claim === claim && (host === undefined || equal(lower(key.host), lower(host)) !== 'no')
    && set !== 'forallvalues' && !ifExists && !condition.unreadable && base !== undefined && PLAIN.has(base);
}

function operators(...names: readonly string[]): ReadonlySet<Operator | undefined> {
  return new Set(names.map(name => OPERATORS.get(name)));
}

function wildcardsOf(condition: Condition): boolean {
  return parseOperator(condition.operator).base?.wildcards ?? false;
}

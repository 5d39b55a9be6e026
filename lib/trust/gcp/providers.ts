import { push } from '../lists';
import { textAt } from './bindings';
import { Expression } from './cel';
import { ANYTHING, entriesOf, itemsOf, mapOutcome, Outcome, outcomeOf, textIn, textOutcome } from './cel-outcome';
import { bytesOf, splitAt } from './texts';
import { isMeantFor } from '../audience';
import { Note, Registration, Terraform, TerraformResource, Token } from '../model';
import { JsonError, parseJson } from '../terraform/json';
import {
  at, blocksOf, equal, every, isList, isMap, isText, keyOf, known, not, show, text, TextValue, Unknown, Value, Verdict,
} from '../value';

/** @see https://cloud.google.com/iam/quotas */
const MAX_CONDITION = 4096;
const MAX_MAPPING = 2048;
const MAX_SUBJECT = 127;
const MAX_MAPPED = 8192;

/** What the provider of a pool makes of a token. */
export interface Judged {
  readonly issuer: Verdict;
  readonly audience: Verdict;
  readonly mapping: Verdict;
  /** What the mapping made, for people. */
  readonly mapped: string;
  /** Why it refuses or is unknown. */
  readonly trouble?: string;
  readonly length: Verdict;
  readonly condition: Verdict;
  /** The mapped attributes, as in `google.subject`. */
  readonly attributes: ReadonlyMap<string, Outcome>;
}

/** An OIDC provider of a workload identity pool. */
export class Provider {
  public readonly registration: Registration;
  /** The pool's name. */
  public readonly pool: TextValue;
  /** How claims become attributes, `google.subject` first; undefined where that is not known. */
  public readonly mapping?: ReadonlyMap<string, Expression>;
  /** Which tokens are taken; undefined where all are. */
  public readonly condition?: Expression;
  /** Whether provider and pool are enabled. */
  public readonly enabled: Verdict;
  /** Whether its expressions look at claims in ways that comparisons do not show. */
  public readonly isOpaque: boolean;
  private last?: { readonly token: Token; readonly judged: Judged };

  constructor(public readonly resource: TerraformResource, poolEnabled: (pool: TextValue) => Verdict, notes: Note[]) {
    const { values, where } = resource;
    const name = textAt(resource, 'name');
    this.pool = splitAt(name, '/providers/')?.[0] ?? new Unknown(`${where.stack ?? ''}/${where.address}.name.pool`);
    this.enabled = every([enabled(values.get('disabled')), poolEnabled(this.pool)]);
    const oidc = blocksOf(values.get('oidc'))[0] ?? values.get('oidc');
    const issuer = at(oidc, 'issuer_uri');
    const audiences = at(oidc, 'allowed_audiences');
    const keys = at(oidc, 'jwks_json');
    this.registration = {
      cloud: 'gcp', name,
      issuer: isText(issuer) ? issuer : new Unknown(`${where.stack ?? ''}/${where.address}.oidc.0.issuer_uri`),
      audiences: audiencesOf(audiences, name),
      ...isText(keys) && keys !== '' && { keys: canonicalKeys(keys) },
      where,
    };
    const mapping = values.get('attribute_mapping');
    if (isMap(mapping)) {
      const order = [...mapping].sort(([a], [b]) => Number(b === 'google.subject') - Number(a === 'google.subject'));
      this.mapping = new Map(order.map(([attribute, expression]) => {
        const source = isText(expression) ? expression : new Unknown(`${where.stack ?? ''}/${where.address}.attribute_mapping.${attribute}`);
        return [attribute, new Expression(source, MAX_MAPPING, ['assertion'])];
      }));
    }
    const condition = values.get('attribute_condition');
    if (condition !== undefined && condition !== null && condition !== '') {
      const source = isText(condition) ? condition : new Unknown(`${where.stack ?? ''}/${where.address}.attribute_condition`);
      this.condition = new Expression(source, MAX_CONDITION, ['assertion', 'google', 'attribute']);
    }
    this.isOpaque = this.condition?.isPlain === false || [...this.mapping?.values() ?? []].some(({ projection }) => projection?.whole !== true);
    this.note(notes);
  }

  /** What the provider makes of a token; asked again for the same one, as many members stand behind one provider. */
  public judge(token: Token): Judged {
    if (this.last?.token !== token) {
      this.last = { token, judged: this.look(token) };
    }
    return this.last.judged;
  }

  private look(token: Token): Judged {
    const iss = token.get('iss');
    const assertion = assertionOf(token);
    const { attributes, mapping, trouble } = this.map(assertion);
    const subject = attributes.get('google.subject');
    const value = subject === undefined ? undefined : textIn(subject);
    return {
      issuer: every([isText(iss) ? equal(iss, this.registration.issuer) : 'no', this.enabled]),
      audience: this.audience(token.get('aud')),
      mapping,
      mapped: value === undefined ? 'no google.subject' : `google.subject ${show(value)}`,
      ...trouble !== undefined && { trouble },
      length: value === undefined ? 'unknown' : bytesOf(value) > MAX_SUBJECT ? 'no' : typeof value === 'string' ? 'yes' : 'unknown',
      condition: this.condition === undefined ? 'yes' : this.condition.holds(variablesOf(assertion, attributes)),
      attributes,
    };
  }

  private audience(aud: Value | undefined): Verdict {
    return isMeantFor(aud, this.registration.audiences);
  }

  private map(assertion: Outcome): { readonly attributes: ReadonlyMap<string, Outcome>; readonly mapping: Verdict; readonly trouble?: string } {
    if (this.mapping === undefined) {
      return { attributes: new Map([['google.subject', ANYTHING]]), mapping: 'unknown', trouble: 'the mapping is not known' };
    }
    const variables = new Map([['assertion', assertion]]);
    const attributes = new Map<string, Outcome>();
    const verdicts: Verdict[] = this.mapping.has('google.subject') ? [] : ['no'];
    let trouble = verdicts.length === 0 ? undefined : 'google.subject is not mapped';
    let size = 0;
    for (const [attribute, expression] of this.mapping) {
      const outcome = expression.evaluate(variables);
      const verdict = mappedVerdict(attribute, outcome);
      const sure = verdict === 'yes' && expression.problem !== undefined ? 'unknown' : verdict;
      if (sure !== 'yes') {
        const reason = expression.problem ?? (outcome.kind === 'error' ? outcome.reason : 'not known to be a text');
        trouble ??= `${attribute} = ${show(expression.source)}: ${reason}`;
      }
      verdicts.push(sure);
      attributes.set(attribute, outcome);
      size += bytesOf(textIn(outcome) ?? '');
    }
    return { attributes, mapping: every([...verdicts, known(size <= MAX_MAPPED)]), ...trouble !== undefined && { trouble } };
  }

  private note(notes: Note[]): void {
    const { where } = this.resource;
    const say = (message: string, attribute: string) => notes.push({ message, where: { ...where, attribute } });
    if (this.mapping === undefined) {
      say('the attribute mapping is not known', 'attribute_mapping');
    }
    for (const [attribute, { problem }] of this.mapping ?? []) {
      if (problem !== undefined) {
        say(`the mapping of ${attribute} is not evaluated: ${problem}`, 'attribute_mapping');
      }
    }
    if (this.condition?.problem !== undefined) {
      say(`the attribute condition is not evaluated: ${this.condition.problem}`, 'attribute_condition');
    }
  }
}

/** What a condition may refer to. */
export function variablesOf(assertion: Outcome, attributes: ReadonlyMap<string, Outcome>): ReadonlyMap<string, Outcome> {
  const part = (prefix: string) => mapOutcome(new Map([...attributes].filter(([name]) => name.startsWith(prefix))
    .map(([name, outcome]) => [name.slice(prefix.length), outcome])));
  return new Map([['assertion', assertion], ['google', part('google.')], ['attribute', part('attribute.')]]);
}

/** The claims of a token for an expression: `iss` and `sub` are texts in every token of OpenID Connect. */
export function assertionOf(token: Token): Outcome {
  return mapOutcome(new Map([...token].map(([claim, value]) => [
    claim, (claim === 'iss' || claim === 'sub') && value instanceof Unknown ? textOutcome(value) : outcomeOf(value),
  ])));
}

/** Whether an attribute is mapped; Google says that `google.subject` "must be of type STRING", and nothing sure of the others. */
function mappedVerdict(attribute: string, outcome: Outcome): Verdict {
  if (outcome.kind === 'error') {
    return 'no';
  }
  const value = textIn(outcome);
  if (attribute === 'google.groups') {
    return itemsOf(outcome)?.every(item => textIn(item) !== undefined) ? 'yes' : 'unknown';
  }
  if (value !== undefined) {
    return value === '' ? 'unknown' : 'yes';
  }
  const other = outcome.kind === 'known' || outcome.kind === 'truth' || itemsOf(outcome) !== undefined || entriesOf(outcome) !== undefined;
  return attribute === 'google.subject' && other ? 'no' : 'unknown';
}

/** The audiences of the list, or those that stand for the provider where there is none. */
function audiencesOf(audiences: Value | undefined, name: TextValue): readonly TextValue[] {
  if (isList(audiences) && audiences.length > 0) {
    return audiences.filter(isText);
  }
  return audiences instanceof Unknown ? [audiences] : [text('https://iam.googleapis.com/', name), text('//iam.googleapis.com/', name)];
}

/** A set of keys in one text, for which neither its order nor its white space counts. */
function canonicalKeys(json: TextValue): string {
  try {
    const document = parseJson(json);
    const keys = at(document, 'keys');
    return isList(keys) ? JSON.stringify(keys.map(keyOf).sort()) : keyOf(document);
  } catch (error) {
    if (error instanceof JsonError) {
      return keyOf(json);
    }
    throw error;
  }
}

/** Whether something is enabled that has such an argument. */
export function enabled(disabled: Value | undefined): Verdict {
  return disabled instanceof Unknown ? 'unknown' : not(known(disabled === true || disabled === 'true'));
}

/** The providers of the input, by their pools. */
export class Providers {
  public readonly all: readonly Provider[];
  private readonly byPool = new Map<string, Provider[]>();
  private readonly byPoolId = new Map<string, Provider[]>();

  constructor(terraform: Terraform, notes: Note[]) {
    const pools = new Map<string, Verdict>();
    for (const pool of terraform.ofType('google_iam_workload_identity_pool')) {
      pools.set(keyOf(textAt(pool, 'name')), enabled(pool.values.get('disabled')));
    }
    const names = new Set<string>();
    this.all = (['managed', 'data'] as const).flatMap(mode => terraform.ofType('google_iam_workload_identity_pool_provider', mode)).flatMap(resource => {
      const key = keyOf(textAt(resource, 'name'));
      if (names.has(key) || !isOidc(resource, notes)) {
        return [];
      }
      names.add(key);
      return [new Provider(resource, pool => pools.get(keyOf(pool)) ?? 'yes', notes)];
    });
    for (const provider of this.all) {
      push(this.byPool, keyOf(provider.pool), provider);
      push(this.byPoolId, idOf(provider.pool), provider);
    }
  }

  /** The providers of a pool; of pools that may be this one, where none certainly is. */
  public of(pool: TextValue): readonly Provider[] {
    const exact = this.byPool.get(keyOf(pool));
    const others = this.byPoolId.get(idOf(pool)) ?? [];
    return exact ?? (others.length > MAX_CANDIDATES ? [] : others.filter(provider => equal(provider.pool, pool) !== 'no'));
  }
}

/** How many pools of one id are looked at for a member whose project is not known; of more it is said that they are not known. */
const MAX_CANDIDATES = 20;

function idOf(pool: TextValue): string {
  return keyOf(splitAt(pool, '/workloadIdentityPools/')?.[1] ?? pool);
}

function isOidc({ mode, values, where }: TerraformResource, notes: Note[]): boolean {
  const oidc = values.get('oidc');
  if (oidc instanceof Unknown || blocksOf(oidc).length > 0) {
    return true;
  }
  const other = ['aws', 'saml', 'x509'].find(kind => blocksOf(values.get(kind)).length > 0);
  const message = other !== undefined || mode === 'managed' ? `the provider takes ${other ?? 'other'} credentials, and no tokens of OpenID Connect`
    : 'the provider is looked up, and what it trusts is not known';
  notes.push({ message, where });
  return false;
}

import { GOOGLE, strangersOf } from './exact';
import { Identities, IdentityLike, nameOf } from './identity';
import { messageOf } from './message';
import { audiencesFor, Claims, claimsOf, showClaims, Subject } from './subject';
import { documentsOf, Synthesized } from './synthesized';
import { tableOf } from './table';
import { ExpectationError, Texts } from './texts';
import { kubernetesToken } from '../trust/explain/candidates';
import { accepts, decide } from '../trust/judge';
import { Identity, Token } from '../trust/model';
import { Model, readModel } from '../trust/read';
import { partsOf, text, TextValue, Verdict } from '../trust/value';

/** What is asked about a subject. */
export interface AdmitOptions {
  /**
   * What it is to become.
   * @default - anything at all
   */
  readonly as?: IdentityLike;
}

/** Somebody who may become an identity. In issuers and subjects, `*` stands for any text: for sets of service accounts, and of clusters. */
export type Admission = Subject & {
  /** What it becomes; every one of a list is told, or the list as a whole. */
  readonly as?: IdentityLike;
};

/** What came out, and why, for people. */
export interface Finding {
  /** `unknown` where it depends on what only Terraform, or nobody here, knows. */
  readonly verdict: Verdict;
  readonly message: string;
}

const HEADS: Readonly<Record<Verdict, string>> = { yes: 'is accepted', no: 'is refused', unknown: 'may be accepted or not, which is not known,' };

/** Who may become whom in what was synthesized. */
export class Trust {
  /** What was read. */
  public readonly model: Model;
  private readonly texts: Texts;
  private readonly identities: Identities;

  /** Reads what was synthesized. */
  constructor(synthesized: Synthesized) {
    const documents = documentsOf(synthesized);
    this.model = readModel(documents);
    this.texts = new Texts(documents);
    this.identities = new Identities(this.model.identities, this.texts);
  }

  /** Whether a subject becomes an identity, or anything. */
  public admits(subject: Subject, { as }: AdmitOptions = {}): Finding {
    const claims = claimsOf(subject, this.texts);
    const wanted = as === undefined ? this.model.identities : this.identities.find(as);
    const tries = wanted.flatMap(identity => this.tokensOf(claims, identity).map(token => tryOf(identity, token, claims.at)));
    const best = tries.reduce<Try | undefined>((closest, other) => closest === undefined || isCloser(other, closest) ? other : closest, undefined);
    const verdict = best?.verdict ?? 'no';
    const head = `${showClaims(claims)} ${HEADS[verdict]}${as === undefined ? '' : ` as ${nameOf(as)}`}`;
    return { verdict, message: best === undefined ? `${head}: there is no identity` : `${head}\n\n${messageOf(best.identity, best.token, claims.at)}` };
  }

  /** Whether those who are listed become what is said of them, and no other token becomes any identity, or any of those that `as` names. */
  public admitsExactly(admissions: readonly Admission[], { as: common }: AdmitOptions = {}): Finding {
    const all = common === undefined ? this.model.identities : this.identities.find(common);
    const expected = new Map<Identity, Claims[]>(all.map(identity => [identity, []]));
    const problems: Finding[] = [];
    for (const admission of admissions) {
      const as = admission.as ?? common;
      if (as === undefined) {
        throw new ExpectationError('an admission does not say what is become', 'pass `as`, of each or of all');
      }
      const claims = claimsOf(admission, this.texts);
      const witness = { ...claims, issuer: anyFor(claims.issuer), subject: anyFor(claims.subject) };
      const identities = this.identities.find(as);
      const found = this.bestOf(witness, identities);
      if (found.verdict !== 'yes') {
        problems.push({ verdict: found.verdict, message: `${showClaims(claims)} ${HEADS[found.verdict]} as ${nameOf(as)}\n\n${messageOf(found.identity, found.token, claims.at)}` });
      }
      for (const identity of identities) {
        const list = expected.get(identity);
        if (list === undefined) {
          throw new ExpectationError(`${nameOf(as)} is not what all are to become, ${nameOf(common!)}`, 'leave out `as` of the one or the other');
        }
        list.push(claims);
      }
    }
    for (const [identity, claims] of expected) {
      problems.push(...this.strangers(identity, claims));
    }
    if (problems.length === 0) {
      return { verdict: 'yes', message: `exactly those who are listed become ${common === undefined ? 'anything' : nameOf(common)}:\n\n${this.toTable()}` };
    }
    const verdict = problems.some(problem => problem.verdict === 'no') ? 'no' : 'unknown';
    return { verdict, message: problems.map(({ message }) => message).join('\n\n') };
  }

  /** Who becomes whom, for people: the same text for the same trust. */
  public toTable(): string {
    return tableOf(this.model);
  }

  private strangers(identity: Identity, claims: readonly Claims[]): readonly Finding[] {
    const { token, certain, exact } = strangersOf(identity, claims, this.model);
    if (token !== undefined) {
      const [verdict, accepted] = certain ? ['no', 'is accepted'] as const : ['unknown', 'may be accepted or not, which is not known,'] as const;
      const message = `somebody who is not listed ${accepted} as ${identity.where.address}\n\n${messageOf(identity, token, undefined)}`;
      return [{ verdict, message }];
    }
    return exact ? [] : [{
      verdict: 'unknown',
      message: `whether anyone else is accepted as ${identity.where.address} is not known: there are too many combinations of claims, or a condition looks at claims in a way that cannot be followed`,
    }];
  }

  private bestOf(claims: Claims, identities: readonly Identity[]): Try {
    return identities.flatMap(identity => this.tokensOf(claims, identity).map(token => tryOf(identity, token, claims.at)))
      .reduce((closest, other) => isCloser(other, closest) ? other : closest);
  }

  /** The tokens of a subject for an identity, one for each audience that it may be for. */
  private tokensOf(claims: Claims, identity: Identity): readonly Token[] {
    const audiences = audiencesFor(claims, identity, this.model);
    return (audiences.length === 0 ? [undefined] : audiences).map(audience => tokenOf(claims, audience));
  }
}

/** A token that was tried at an identity. */
interface Try {
  readonly identity: Identity;
  readonly token: Token;
  readonly verdict: Verdict;
  /** How many gates it passes before the first that it does not. */
  readonly passed: number;
}

function tryOf(identity: Identity, token: Token, at: number | undefined): Try {
  const { gates, failing } = decide(identity, token, at);
  return { identity, token, verdict: accepts(identity, token, at), passed: failing === undefined ? gates.length : gates.indexOf(failing) };
}

function isCloser(one: Try, other: Try): boolean {
  const order: readonly Verdict[] = ['no', 'unknown', 'yes'];
  const [a, b] = [order.indexOf(one.verdict), order.indexOf(other.verdict)];
  return a === b ? one.passed > other.passed : a > b;
}

/**
 * A token of a subject; one of Kubernetes names the service account, and one of Google the account that it was made for, as theirs do. It is valid at
 * the time that is asked about.
 */
function tokenOf({ issuer, subject, account, at }: Claims, audience: TextValue | undefined): Token {
  const token = account === undefined
    ? new Map([
      ['iss', issuer], ['sub', subject], ...issuer === GOOGLE ? [['azp', subject] as const] : [], ...audience === undefined ? [] : [['aud', audience] as const],
    ])
    : kubernetesToken({ issuer, ...account, audience });
  return at === undefined ? token : new Map([...token, ['iat', at], ['nbf', at], ['exp', at + 3600]]);
}

/** A text with something in the place of what stands for any text. */
function anyFor(pattern: TextValue): TextValue {
  return text(...partsOf(pattern).map(part => typeof part === 'string' ? part.replaceAll('*', 'any') : part));
}

/** Who may become whom in what was synthesized: for snapshots, and for expectations without matchers. */
export function trustOf(synthesized: Synthesized | Trust): Trust {
  if (synthesized instanceof Trust) {
    return synthesized;
  }
  return new Trust(synthesized);
}

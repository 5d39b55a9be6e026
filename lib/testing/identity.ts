import { ExpectationError, Texts } from './texts';
import { Identity } from '../trust/model';
import { equal, show, TextValue } from '../trust/value';

/**
 * What is become: a construct of this package (a role, a Google service account or principal, an Azure identity, or a federation to one), or a text: an
 * ARN, an email, a client id or a principal, the name of a role or account, an address in Terraform or a construct path.
 */
export type IdentityLike = string | NamedIdentity;

/** What of a construct says which identity it is. */
export type NamedIdentity =
  | { readonly roleArn: string }
  | { readonly clientId: string }
  | { readonly email: string }
  | { readonly members: readonly string[] }
  | { readonly role: { readonly roleArn: string } }
  | { readonly googleServiceAccount: { readonly email: string } }
  | { readonly identity: { readonly clientId: string } }
  | { readonly node: { readonly path: string } };

/** All that there may be; the first that is there counts. */
interface Names {
  readonly roleArn?: string;
  readonly clientId?: string;
  readonly email?: string;
  readonly role?: { readonly roleArn: string };
  readonly identity?: { readonly clientId?: string };
  readonly googleServiceAccount?: { readonly email: string };
  readonly members?: unknown;
  readonly node?: { readonly path: string };
}

/** Most identities that a message lists. */
const SHOWN = 10;

/** Finds identities by what tests call them. */
export class Identities {
  constructor(private readonly all: readonly Identity[], private readonly texts: Texts) {}

  /** The identities that are meant: one, or the members that a principal is. */
  public find(as: IdentityLike): readonly Identity[] {
    const found = typeof as === 'string' ? this.byText(as) : this.byConstruct(as);
    const label = nameOf(as);
    if (found.length === 0) {
      throw new ExpectationError(`${label} is no identity of what was synthesized`, `there is ${this.list(this.all)}`);
    }
    if (found.length > 1 && found.some(({ kind }) => kind !== 'principal')) {
      throw new ExpectationError(`${label} is more than one identity`, `name one of ${this.list(found)}`);
    }
    return found;
  }

  private byConstruct(as: NamedIdentity): readonly Identity[] {
    const found = this.byNames(namesOf(as).map(name => this.texts.read('the identity', name)));
    const { node }: Names = as;
    return found.length > 0 || node === undefined ? found : this.byPath(node.path);
  }

  private byText(as: string): readonly Identity[] {
    const exact = as.includes('${') ? this.byNames([this.texts.read('the identity', as)]) : this.all.filter(identity => textsOf(identity).includes(as));
    return exact.length > 0 ? exact : this.byPath(as);
  }

  private byNames(names: readonly TextValue[]): readonly Identity[] {
    return this.all.filter(identity => names.some(name => equal(identity.name, name) === 'yes'));
  }

  private byPath(path: string): readonly Identity[] {
    return this.all.filter(({ where: { constructPath } }) => constructPath === path || constructPath?.startsWith(`${path}/`));
  }

  private list(identities: readonly Identity[]): string {
    const names = identities.map(identity => textsOf(identity)[1]!);
    const more = names.length - SHOWN;
    return names.length === 0 ? 'none' : `${names.slice(0, SHOWN).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }
}

/** What an identity is called in messages. */
export function nameOf(as: IdentityLike): string {
  if (typeof as === 'string') {
    return as;
  }
  const { node }: Names = as;
  return node?.path ?? namesOf(as)[0] ?? 'the identity';
}

function namesOf(as: NamedIdentity): readonly string[] {
  const { roleArn, clientId, email, members, role, googleServiceAccount, identity }: Names = as;
  const name = roleArn ?? clientId ?? email ?? role?.roleArn ?? identity?.clientId ?? googleServiceAccount?.email;
  return name !== undefined ? [name] : Array.isArray(members) ? members.filter(member => typeof member === 'string') : [];
}

/** All exact texts by which an identity is found, its name and its address first. */
function textsOf({ name, kind, where: { address, stack, constructPath } }: Identity): readonly string[] {
  const shown = show(name);
  const short = kind === 'role' ? shown.split('/').at(-1) : kind === 'service-account' ? shown.split('@')[0] : undefined;
  return [shown, address, ...stack ? [`${stack}/${address}`] : [], ...short === undefined ? [] : [short], ...constructPath === undefined ? [] : [constructPath]];
}

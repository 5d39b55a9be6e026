import { ANYTHING, KeyState, MISSING, single } from './conditions';
import { Gate, Token, Where } from '../model';
import { equal, isList, isMap, isText, show, some, TextValue, Value, Verdict } from '../value';

/** The claim of a token that carries session tags; also the beginning of those that carry one each. */
const TAGS = 'https://aws.amazon.com/tags';
const TAG = `${TAGS}/principal_tags/`;
const TRANSITIVE = `${TAGS}/transitive_tag_keys`;
/** The claim of a token that carries the source identity. */
export const SOURCE_IDENTITY = 'https://aws.amazon.com/source_identity';
/** The claim of a token that names the roles which it is for. */
const ROLES = 'https://aws.amazon.com/roles';

/** The key that says whether the token names the role. */
const AUTHORIZED = 'sts:roleauthorizedbyidp';
const REQUEST_TAG = 'aws:requesttag/';

/** An action that a token needs besides the exchange itself, and whether it does: unknown where it is written as AWS does not document it. */
export interface NeededAction {
  readonly action: string;
  readonly needed: Verdict;
}

/**
 * What a token has STS do with the session, for which the trust policy must allow an action of its own.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
 */
export function sessionActions(token: Token): readonly NeededAction[] {
  const source = token.get(SOURCE_IDENTITY);
  const actions: readonly NeededAction[] = [
    { action: 'sts:TagSession', needed: tagged(token) },
    { action: 'sts:SetSourceIdentity', needed: source === undefined ? 'no' : certain(isText(source) && source !== '') },
  ];
  return actions.filter(({ needed }) => needed !== 'no');
}

/** Whether a token has tags for its session, in one of the two ways that AWS documents. */
function tagged(token: Token): Verdict {
  const verdicts = [...token].filter(([claim]) => claim === TAGS || claim === TRANSITIVE || claim.startsWith(TAG)).map(([claim, value]) => {
    if (claim !== TAGS) {
      return certain(claim !== TRANSITIVE && isText(value));
    }
    const tags = isMap(value) ? value.get('principal_tags') : undefined;
    return certain(isMap(tags) && tags.size > 0);
  });
  return some(verdicts);
}

function certain(holds: boolean): Verdict {
  return holds ? 'yes' : 'unknown';
}

/** The state of a key that STS makes of such a claim; undefined of any other key. */
export function sessionKey(token: Token, name: string, role: TextValue): KeyState | undefined {
  if (name === AUTHORIZED) {
    return authorized(token, role);
  }
  if (name === 'sts:sourceidentity') {
    const value = token.get(SOURCE_IDENTITY);
    return value === undefined ? MISSING : isText(value) && value !== '' ? single(value) : ANYTHING;
  }
  const isTag = name.startsWith(REQUEST_TAG);
  if (!isTag && !isOfTagNames(name)) {
    return undefined;
  }
  if (tagged(token) !== 'yes' || token.has(TAGS)) {
    return tagged(token) === 'no' ? MISSING : ANYTHING;
  }
  return isTag ? tagState(token, name.slice(REQUEST_TAG.length)) : name === 'aws:tagkeys' ? [[...tagsOf(token).keys()]] : token.has(TRANSITIVE) ? ANYTHING : MISSING;
}

/** The tags that have a claim each. */
function tagsOf(token: Token): ReadonlyMap<string, Value> {
  return new Map([...token].filter(([claim]) => claim.startsWith(TAG)).map(([claim, value]) => [claim.slice(TAG.length), value]));
}

function tagState(token: Token, name: string): KeyState {
  const found = [...tagsOf(token)].filter(([tag]) => tag.toLowerCase() === name).map(([, value]) => value);
  return found.length === 0 ? MISSING : found.length === 1 && isText(found[0]) ? single(found[0]) : ANYTHING;
}

/** Whether the key is there for a token that names no role is not documented, nor whether it is there for one that names others. */
function authorized(token: Token, role: TextValue): KeyState {
  const verdict = names(token, role);
  return verdict === 'yes' ? single('true') : verdict === 'no' ? [['false'], undefined] : [['true'], ['false'], undefined];
}

/** Whether the token names the role; no where it names none, and unknown where it names others in a way that is not documented. */
function names(token: Token, role: TextValue): Verdict {
  const value = token.get(ROLES);
  const roles = isText(value) ? [value] : isList(value) && value.every(isText) ? value : [];
  const verdict = some(roles.map(each => equal(each, role)));
  return value === undefined || verdict !== 'no' ? verdict : 'unknown';
}

/**
 * That a token which names roles names this one; without such a claim there is no gate. AWS documents the key alone, and has been seen to refuse the others.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_sts.html
 */
export function rolesGates(token: Token, role: TextValue, where: Where): readonly Gate[] {
  if (!token.has(ROLES)) {
    return [];
  }
  const verdict = names(token, role);
  return [{
    gate: 'aws-condition', verdict, want: `${show(role)} in the claim ${ROLES}, where the token has it, as AWS has been seen to refuse others`,
    have: show(token.get(ROLES)), where, remedy: verdict === 'yes' ? '' : `let the issuer put ${show(role)} into the claim ${ROLES}, or leave it out`,
  }];
}

/** The claim that carries a tag. */
export function tagClaim(tag: string): string {
  return TAG + tag;
}

/** The claim that a key is made of, by its name in lower case; undefined of keys that are made of no text, or of no claim that says something to STS. */
export function claimOfSessionKey(name: string): string | undefined {
  return name === 'sts:sourceidentity' ? SOURCE_IDENTITY : name.startsWith(REQUEST_TAG) ? tagClaim(name.slice(REQUEST_TAG.length)) : undefined;
}

/** The claim that names the roles which a token is for, where that is what a key asks; undefined of other keys. */
export function rolesClaimOfKey(name: string): string | undefined {
  return name === AUTHORIZED ? ROLES : undefined;
}

/** Whether a key is made of the names of tags. */
export function isOfTagNames(name: string): boolean {
  return name === 'aws:tagkeys' || name === 'sts:transitivetagkeys';
}

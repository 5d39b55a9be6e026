import { ANYTHING, KeyState, MISSING, single } from './conditions';
import { Gate, Token, Where } from '../model';
import { equal, isList, isMap, isText, partsOf, show, some, textOfKey, TextValue, Value, Verdict } from '../value';

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

/** What STS takes for a text: its characters, how many there are, and whether AWS's own beginning is left to it. */
interface Form {
  readonly characters: RegExp;
  readonly least: number;
  readonly most: number;
  readonly reserved: boolean;
}

const OF_TAGS = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const TAG_NAME: Form = { characters: OF_TAGS, least: 1, most: 128, reserved: true };
const TAG_VALUE: Form = { characters: OF_TAGS, least: 0, most: 256, reserved: false };
const SOURCE: Form = { characters: /^[\w+=,.@-]*$/, least: 2, most: 64, reserved: true };
const MOST_TAGS = 50;
/** What names of tags and source identities begin with that are AWS's own. */
const RESERVED = 'aws:';

/** A claim that is beyond what AWS documents. */
export interface Beyond {
  readonly claim: string;
  readonly want: string;
  readonly have: string;
}

/**
 * The first of the claims about the session that are beyond what AWS documents; undefined where there is none. What of a text is not known is taken to fit.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_Tag.html
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
 */
export function beyondLimits(token: Token): Beyond | undefined {
  const source = token.get(SOURCE_IDENTITY);
  if (source !== undefined && !fits(source, SOURCE)) {
    return { claim: SOURCE_IDENTITY, want: `2 to 64 letters, digits or _+=,.@-, not ${RESERVED} at the beginning`, have: show(source) };
  }
  const tags = token.get(TAGS);
  const nested = isMap(tags) ? tags.get('principal_tags') : tags;
  if (nested !== undefined && !isMap(nested)) {
    return { claim: TAGS, want: 'an object with the object principal_tags', have: show(tags) };
  }
  const inside = [...nested ?? []].map(([key, value]) => ({ key, value: isList(value) && value.length === 1 ? value[0] : undefined, have: value }));
  const all = [...inside, ...[...tagsOf(token)].map(([key, value]) => ({ key, value, have: value }))];
  const wrong = all.find(({ key, value }) => value === undefined || !fits(textOfKey(key), TAG_NAME) || !fits(value, TAG_VALUE));
  if (wrong !== undefined) {
    return {
      claim: TAGS, want: `tags of 1 to 128 and a value each of at most 256 letters, digits, spaces or _.:/=+-@, none named ${RESERVED}…`,
      have: `${show(textOfKey(wrong.key))}: ${show(wrong.have)}`,
    };
  }
  const different = new Set(all.map(({ key }) => key.toLowerCase()));
  return different.size < all.length || all.length > MOST_TAGS
    ? { claim: TAGS, want: `at most ${MOST_TAGS} tags, whose names differ in more than case`, have: `${all.length} tags of ${different.size} names` } : undefined;
}

/** Whether a text fits as far as it is known. */
function fits(value: Value, { characters, least, most, reserved }: Form): boolean {
  if (!isText(value)) {
    return false;
  }
  const parts = partsOf(value);
  const known = parts.filter(part => typeof part === 'string');
  const length = known.reduce((sum, part) => sum + [...part].length, 0);
  const [first] = parts;
  const isReserved = reserved && typeof first === 'string' && first.toLowerCase().startsWith(RESERVED);
  return !isReserved && length <= most && (length >= least || known.length < parts.length) && known.every(part => characters.test(part));
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
    gate: 'aws-condition', verdict, want: `${show(role)} in ${ROLES}`, have: show(token.get(ROLES)), where,
    ...verdict === 'yes' ? { remedy: '' } : {
      remedy: `let the issuer put ${show(role)} into the claim ${ROLES}, or leave it out: AWS has been seen to refuse tokens that name others`, fault: 'roles',
    },
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

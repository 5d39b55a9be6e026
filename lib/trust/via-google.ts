import { Door, Gate, Identity, Terraform, Token } from './model';
import { every, isText, keyOf, TextValue } from './value';

const ISSUER = 'https://accounts.google.com';

/**
 * What stands before a door for Google's ID tokens: a door for each Google service account that it takes, as whoever may become the account may have
 * tokens made.
 *
 * `roles/iam.workloadIdentityUser`, by which accounts are become, holds the permission to make ID tokens for any audience.
 * @see https://cloud.google.com/iam/docs/service-account-permissions#workload-identity-user
 */
export function doorsViaGoogle(terraform: Terraform, accounts: readonly Identity[]): (door: Door) => readonly Door[] {
  const byUniqueId = accountsByUniqueId(terraform, accounts);
  return door => door.mechanism === 'aws-google' ? doorsVia(door, byUniqueId) : [];
}

/** How many accounts are looked at for a role that does not name any. */
const MAX_OPEN = 200;

/** A Google service account, and the number by which its tokens name it. */
interface Account {
  readonly uniqueId: TextValue;
  readonly identity: Identity;
}

function accountsByUniqueId(terraform: Terraform, accounts: readonly Identity[]): ReadonlyMap<string, Account> {
  const byEmail = new Map(accounts.filter(({ kind }) => kind === 'service-account').map(account => [keyOf(account.name), account]));
  const byUniqueId = new Map<string, Account>();
  for (const { values } of terraform.ofType('google_service_account')) {
    const [uniqueId, email] = [values.get('unique_id'), values.get('email')];
    const account = isText(email) ? byEmail.get(keyOf(email)) : undefined;
    if (isText(uniqueId) && account !== undefined) {
      byUniqueId.set(keyOf(uniqueId), { uniqueId, identity: account });
    }
  }
  return byUniqueId;
}

function doorsVia(door: Door, byUniqueId: ReadonlyMap<string, Account>): readonly Door[] {
  const named = new Map<string, Account>();
  for (const { subject } of door.who) {
    const account = subject === undefined ? undefined : byUniqueId.get(keyOf(subject));
    if (account !== undefined) {
      named.set(keyOf(account.uniqueId), account);
    }
  }
  // A row that does not name one account is for any that its conditions let in.
  const open = door.who.filter(({ subject, wildcards }) => subject === undefined || wildcards);
  for (const [key, account] of open.length === 0 ? [] : byUniqueId) {
    if (named.size >= MAX_OPEN) {
      break;
    }
    named.set(key, account);
  }
  return [...named].map(([key, { uniqueId, identity }]): Door => {
    const who = door.who.filter(({ subject, wildcards }) => subject === undefined || wildcards || keyOf(subject) === key);
    const audiences = who.flatMap(row => row.audiences ?? ['any']);
    const gates = () => bestOf(audiences.map(audience => door.judge(idToken(uniqueId, audience))));
    return {
      mechanism: 'aws-google', where: door.where, through: identity, who: identity.doors.flatMap(({ who: before }) => before), judge: gates, atoms: [],
    };
  });
}

/** What Google's ID token of an account holds, apart from the time: it is made when it is asked for. */
function idToken(uniqueId: TextValue, audience: TextValue): Token {
  return new Map([['iss', ISSUER], ['sub', uniqueId], ['azp', uniqueId], ['aud', audience]]);
}

/** The gates of the audience that gets farthest; whoever asks for a token names it. */
function bestOf(tries: readonly (readonly Gate[])[]): readonly Gate[] {
  const passed = (gates: readonly Gate[]) => gates.findIndex(({ verdict }) => verdict !== 'yes');
  return tries.find(gates => every(gates.map(({ verdict }) => verdict)) === 'yes')
    ?? [...tries].sort((a, b) => passed(b) - passed(a))[0] ?? [];
}

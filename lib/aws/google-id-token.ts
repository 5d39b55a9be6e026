import { IConstruct } from 'constructs';
import { TrustStatement, webIdentityStatement } from './trust-policy';
import { checkAudience, checkPattern } from '../checks';
import { knownPart, textOf } from '../tokens';

/** A Google service account, as its ID tokens name it to IAM. */
export interface GoogleIdTokenSubject {
  /** The account's unique id, a number; of an account that is created, only Terraform knows it. */
  readonly uniqueId: string;
  /** The audience that the ID tokens are asked for. */
  readonly audience: string;
}

/** The issuer of Google's ID tokens, which is built into IAM: no OIDC provider is registered for it. */
const ISSUER = 'accounts.google.com';

/** The accounts without duplicates, in an order that does not depend on how they were listed. */
export function canonicalGoogleSubjects(scope: IConstruct, where: string, subjects: readonly GoogleIdTokenSubject[] = []): GoogleIdTokenSubject[] {
  subjects.forEach(subject => checkGoogleIdTokenSubject(where, subject));
  const byKey = new Map(subjects.map(subject => [`${textOf(scope, subject.uniqueId)} ${textOf(scope, subject.audience)}`, subject]));
  return [...byKey.keys()].sort().map(key => byKey.get(key)!);
}

function checkGoogleIdTokenSubject(where: string, { uniqueId, audience }: GoogleIdTokenSubject): void {
  checkPattern({ where, prop: 'googleServiceAccounts' }, uniqueId, /^\d{15,30}$/, 'hold unique ids of Google service accounts, which are numbers',
    'pass the `uniqueId` of the ServiceAccount, and not its email');
  checkAudience({ where, prop: 'googleServiceAccounts' }, audience);
}

/**
 * The statement that lets an account in by ID tokens that were asked for one audience.
 *
 * IAM calls `azp`, the account that asked for the token, `aud`, and the audience `oaud`. With `sub` alone, a token that the account got for
 * whatever service could be used by that service.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
 */
export function googleStatement({ uniqueId, audience }: GoogleIdTokenSubject): TrustStatement {
  return webIdentityStatement(ISSUER, [
    { key: `${ISSUER}:aud`, values: [uniqueId] },
    { key: `${ISSUER}:oaud`, values: [audience] },
    { key: `${ISSUER}:sub`, values: [uniqueId] },
  ]);
}

/** The length that a unique id will have, for the size of a policy before it is known. */
export function googleStatementForSize(subject: GoogleIdTokenSubject): TrustStatement {
  return googleStatement({ ...subject, uniqueId: knownPart(subject.uniqueId).padEnd(21, '0') });
}
